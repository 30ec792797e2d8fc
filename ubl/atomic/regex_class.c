/* regex_class.c - character classes and character escapes, from XSD's notation to PCRE2's.
 *
 * PCRE2 has no class subtraction and, when caseless, lets \p{Lu} match small letters. So a class is
 * written as [items]                                    the plain case
 *   (?:[items]|(?-i:[exact]))                  caseless, with case-sensitive properties among the
 * items
 *   (?:(?!minus)class)                         subtraction
 * All characters are written as \x{...}: nothing in a class can be taken for PCRE2's own syntax. */
#include "ubl/atomic/regex_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include "ubl/atomic/ucs.h"

/* XML 1.0, fifth edition: NameStartChar and NameChar with ':' (\i and \c), and what is left over.
 */
#define NAME_START                                                                                 \
    "\\x{3A}\\x{41}-\\x{5A}\\x{5F}\\x{61}-\\x{7A}\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{2FF}"   \
    "\\x{370}-\\x{37D}\\x{37F}-\\x{1FFF}\\x{200C}\\x{200D}\\x{2070}-\\x{218F}\\x{2C00}-\\x{2FEF}"  \
    "\\x{3001}-\\x{D7FF}\\x{F900}-\\x{FDCF}\\x{FDF0}-\\x{FFFD}\\x{10000}-\\x{EFFFF}"
#define NAME_MORE "\\x{2D}\\x{2E}\\x{30}-\\x{39}\\x{B7}\\x{300}-\\x{36F}\\x{203F}\\x{2040}"
#define NOT_NAME                                                                                   \
    "\\x{0}-\\x{2C}\\x{2F}\\x{3B}-\\x{40}\\x{5B}-\\x{5E}\\x{60}\\x{7B}-\\x{B6}\\x{B8}-\\x{BF}\\x{" \
    "D7}"                                                                                          \
    "\\x{F7}\\x{37E}\\x{2000}-\\x{200B}\\x{200E}-\\x{203E}\\x{2041}-\\x{206F}\\x{2190}-\\x{2BFF}"  \
    "\\x{2FF0}-\\x{3000}\\x{E000}-\\x{F8FF}\\x{FDD0}-\\x{FDEF}\\x{FFFE}\\x{FFFF}\\x{F0000}-\\x{"   \
    "10FFFF}"
#define NOT_NAME_START                                                                             \
    NOT_NAME "\\x{2D}\\x{2E}\\x{30}-\\x{39}\\x{B7}\\x{300}-\\x{36F}\\x{203F}\\x{2040}"

/* What stands for an escape inside PCRE2's brackets. */
static const struct {
    char letter;
    const char *items;
} multi[] = {
    {'s', "\\x{9}\\x{A}\\x{D}\\x{20}"},
    {'S', "\\x{0}-\\x{8}\\x{B}\\x{C}\\x{E}-\\x{1F}\\x{21}-\\x{10FFFF}"},
    {'d', "\\p{Nd}"},
    {'D', "\\P{Nd}"},
    {'w', "\\p{L}\\p{M}\\p{N}\\p{S}"},
    {'W', "\\p{P}\\p{Z}\\p{C}"},
    {'i', NAME_START},
    {'I', NOT_NAME_START},
    {'c', NAME_START NAME_MORE},
    {'C', NOT_NAME},
};

struct set {
    struct buf items, exact; /* exact: must be matched with regard to case */
    bool any;                /* something was named, be it empty */
};

static void set_init(struct set *s)
{
    buf_init(&s->items, 8 * REGEX_PATTERN_MAX);
    buf_init(&s->exact, 8 * REGEX_PATTERN_MAX);
    s->any = false;
}

/* Else the class would be an empty one, and the expression another. */
static bool whole(struct regex_parser *x, const struct set *s, const struct buf *minus)
{
    return (buf_ok(&s->items) && buf_ok(&s->exact) && (!minus || buf_ok(minus))) ||
           regex_fail(x, XERR_NOMEM, "a character class is too large");
}

static void set_free(struct set *s)
{
    buf_free(&s->items);
    buf_free(&s->exact);
}

/* ---- characters that differ in case but not for PCRE2, or the other way round
 * ------------------------------ */

/* Saxon takes i, I, U+0130 and U+0131 as one, the last two but for each other. PCRE2 has only i and
 * I. */
static bool is_i(uint32_t cp)
{
    return cp == 'i' || cp == 'I' || cp == 0x130 || cp == 0x131;
}

/* What a range also matches because of them. */
static const char *other_i(uint32_t a, uint32_t b)
{
    if ((a <= 'i' && 'i' <= b) || (a <= 'I' && 'I' <= b))
        return "\\x{130}\\x{131}";
    return (a <= 0x130 && 0x130 <= b) || (a <= 0x131 && 0x131 <= b) ? "iI" : "";
}

/* ß and its capital differ for Saxon. */
static bool is_sharp_s(uint32_t cp)
{
    return cp == 0xDF || cp == 0x1E9E;
}

static void add_range(const struct regex_parser *x, struct set *s, uint32_t a, uint32_t b)
{
    bool caseless = x->flags & RX_CASELESS;

    s->any = true;
    buf_printf(caseless && a == b && is_sharp_s(a) ? &s->exact : &s->items,
        a == b ? "\\x{%X}" : "\\x{%X}-\\x{%X}", a, b);
    if (caseless)
        buf_puts(&s->items, other_i(a, b));
}

/* ---- escapes
 * ------------------------------------------------------------------------------------------------
 */

static const char *multi_items(char letter)
{
    for (size_t i = 0; i < sizeof(multi) / sizeof(multi[0]); i++)
        if (multi[i].letter == letter)
            return multi[i].items;
    return NULL;
}

/* \n and friends: the character, or -1. */
static int single_escape(char c)
{
    if (c == 'n')
        return '\n';
    if (c == 'r')
        return '\r';
    if (c == 't')
        return '\t';
    return c && strchr("\\|.?*+(){}-[]^$", c) ? c : -1;
}

static bool is_category(struct str s)
{
    static const char *const names[] = {"L", "ultmo", "M", "nce", "N", "dlo", "P", "cdseifo", "Z",
        "slp", "S", "mcko", "C", "cfosn"};

    if (s.n < 1 || s.n > 2)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i += 2)
        if (s.p[0] == *names[i])
            return s.n == 1 || (s.p[1] && strchr(names[i + 1], s.p[1]));
    return false;
}

static const struct regex_block *find_block(struct str name)
{
    size_t lo = 0, hi = regex_blocks_count;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = strncmp(regex_blocks[mid].name, name.p, name.n);

        if (c == 0)
            c = regex_blocks[mid].name[name.n] != 0;
        if (c == 0)
            return &regex_blocks[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* A range of code points without the surrogates, which PCRE2 does not take as ends and no text has.
 */
static void add_code_points(struct set *s, uint32_t a, uint32_t b)
{
    s->any = true;
    if (a > b || (a >= 0xD800 && b <= 0xDFFF))
        return;
    buf_printf(&s->items, "\\x{%X}-\\x{%X}", a >= 0xD800 && a <= 0xDFFF ? 0xE000 : a,
        b >= 0xD800 && b <= 0xDFFF ? 0xD7FF : b);
}

static bool add_block(struct regex_parser *x, struct set *s, struct str name, bool neg)
{
    const struct regex_block *b = find_block(name);

    if (!b)
        return regex_fail(x, XERR_FORX0002, "no Unicode block is named %.*s", STR_FMT(name));
    if (!neg) {
        add_code_points(s, b->first, b->last);
        return true;
    }
    if (b->first > 0)
        add_code_points(s, 0, b->first - 1);
    add_code_points(s, b->last + 1, 0x10FFFF);
    return true;
}

/* p stands behind \p or \P. Spaces within the braces are nothing, as in Saxon. */
static bool add_property(struct regex_parser *x, struct set *s, bool neg)
{
    char text[64];
    struct str name = {text, 0};
    bool cased;

    if (x->p == x->end || *x->p++ != '{')
        return regex_fail(x, XERR_FORX0002, "\\p needs a name in braces");
    for (; x->p < x->end && *x->p != '}' && name.n < sizeof(text) - 1; x->p++)
        if (!strchr(" \t\n\r", *x->p) || *x->p == 0)
            text[name.n++] = *x->p;
    text[name.n] = 0;
    if (x->p == x->end || *x->p++ != '}')
        return regex_fail(x, XERR_FORX0002, "\\p{%s is not closed or not known", text);
    if (str_has_prefix(name, STR("Is")))
        return add_block(x, s, str_sub(name, 2, name.n), neg);
    if (!is_category(name))
        return regex_fail(x, XERR_FORX0002, "no Unicode category is named %s", text);
    cased = x->flags & RX_CASELESS && name.n == 2 && name.p[0] == 'L' && strchr("ult", name.p[1]);
    buf_printf(cased ? &s->exact : &s->items, "\\%c{%s}", neg ? 'P' : 'p', text);
    s->any = true;
    return true;
}

/* p stands behind a backslash. *cp = the character, or -1 when a whole set was added. */
static bool take_escape(struct regex_parser *x, struct set *s, int64_t *cp)
{
    const char *items;
    char c;

    if (x->p == x->end)
        return regex_fail(x, XERR_FORX0002, "a backslash ends the expression");
    c = *x->p++;
    *cp = single_escape(c);
    if (*cp >= 0)
        return true;
    if (c == 'p' || c == 'P')
        return add_property(x, s, c == 'P');
    items = c ? multi_items(c) : NULL;
    if (!items)
        return regex_fail(x, XERR_FORX0002, "\\%c is no escape of XPath regular expressions",
            c >= 0x20 && c < 0x7F ? c : '?');
    buf_puts(&s->items, items);
    s->any = true;
    return true;
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------
 */

static void put_alternatives(struct buf *b, const struct set *s)
{
    if (s->items.n)
        buf_printf(b, "[%.*s]", (int)s->items.n, s->items.p);
    if (s->items.n && s->exact.n)
        buf_putc(b, '|');
    if (s->exact.n)
        buf_printf(b, "(?-i:[%.*s])", (int)s->exact.n, s->exact.p);
    if (!s->items.n && !s->exact.n)
        buf_puts(b, "(?!)");
}

static void put_set(struct buf *b, const struct set *s, bool neg, struct str minus)
{
    bool plain = s->items.n && !s->exact.n;

    if (minus.n)
        buf_printf(b, "(?:(?!%.*s)", STR_FMT(minus));
    if (plain) {
        buf_printf(b, neg ? "[^%.*s]" : "[%.*s]", (int)s->items.n, s->items.p);
    } else {
        buf_puts(b, neg ? "(?:(?!" : "(?:");
        put_alternatives(b, s);
        buf_puts(b, neg ? ")(?s:.))" : ")");
    }
    if (minus.n)
        buf_putc(b, ')');
}

void regex_literal(struct regex_parser *x, uint32_t cp)
{
    bool caseless = x->flags & RX_CASELESS;

    if (caseless && is_i(cp))
        buf_printf(x->out, "[\\x{%X}%s]", cp, other_i(cp, cp));
    else if (caseless && is_sharp_s(cp))
        buf_printf(x->out, "(?-i:\\x{%X})", cp);
    else if (cp < 0x80 && ((cp | 0x20) - 'a' < 26 || cp - '0' < 10))
        buf_putc(x->out, (char)cp);
    else
        buf_printf(x->out, "\\x{%X}", cp);
}

bool regex_escape(struct regex_parser *x)
{
    struct set s;
    int64_t cp;
    bool ok;

    set_init(&s);
    ok = take_escape(x, &s, &cp);
    if (ok && cp >= 0)
        regex_literal(x, (uint32_t)cp);
    else if (ok && (ok = whole(x, &s, NULL)))
        put_set(x->out, &s, false, STR(""));
    set_free(&s);
    return ok;
}

/* ---- reading a class
 * ---------------------------------------------------------------------------------------- */

static bool at(const struct regex_parser *x, size_t ahead, char c)
{
    return (size_t)(x->end - x->p) > ahead && x->p[ahead] == c;
}

/* One character or escape. *cp = -1 when it was a set. */
static bool take_item(struct regex_parser *x, struct set *s, int64_t *cp)
{
    if (x->p == x->end)
        return regex_fail(x, XERR_FORX0002, "a character class is not closed");
    if (*x->p == '[')
        return regex_fail(x, XERR_FORX0002, "[ in a character class must be escaped");
    if (*x->p == '\\') {
        x->p++;
        return take_escape(x, s, cp);
    }
    *cp = ucs_next(&x->p, x->end);
    return true;
}

/* p stands behind the first end of a range, at its '-'. */
static bool take_range(struct regex_parser *x, struct set *s, uint32_t from)
{
    int64_t to;

    x->p++;
    if (at(x, 0, '-'))
        return regex_fail(x, XERR_FORX0002, "a range cannot end with an unescaped -");
    if (!take_item(x, s, &to))
        return false;
    if (to < 0)
        return regex_fail(x, XERR_FORX0002, "a range cannot end with a set of characters");
    if (to < from)
        return regex_fail(x, XERR_FORX0002, "a range is the wrong way round");
    add_range(x, s, from, (uint32_t)to);
    return true;
}

/* An item or a range. */
static bool take_part(struct regex_parser *x, struct set *s)
{
    bool hyphen = at(x, 0, '-');
    int64_t cp;

    if (hyphen && at(x, 1, '-') && !at(x, 2, '['))
        return regex_fail(x, XERR_FORX0002, "- in a character class must be escaped here");
    if (!take_item(x, s, &cp))
        return false;
    if (cp < 0)
        return true;
    if (!hyphen && at(x, 0, '-') && !at(x, 1, ']') && !at(x, 1, '[') &&
        !(at(x, 1, '-') && at(x, 2, '[')))
        return take_range(x, s, (uint32_t)cp);
    add_range(x, s, (uint32_t)cp, (uint32_t)cp);
    return true;
}

static bool take_class(struct regex_parser *x, struct buf *out);

/* The class behind "-[", which ends the one it is taken from. */
static bool take_minus(struct regex_parser *x, struct buf *minus)
{
    x->p += 2;
    if (!take_class(x, minus))
        return false;
    return at(x, 0, ']') || regex_fail(x, XERR_FORX0002, "] must follow a subtracted class");
}

static bool take_class(struct regex_parser *x, struct buf *out)
{
    struct set s;
    struct buf minus;
    bool neg = at(x, 0, '^'), ok = true;

    if (++x->depth > REGEX_DEPTH_MAX)
        return regex_fail(x, XERR_LIMIT, "character classes are nested too deeply");
    set_init(&s);
    buf_init(&minus, 16 * REGEX_PATTERN_MAX);
    x->p += neg;
    do {
        if (s.any && at(x, 0, '-') && at(x, 1, '['))
            ok = take_minus(x, &minus);
        else
            ok = !at(x, 0, ']') ? take_part(x, &s)
                                : regex_fail(x, XERR_FORX0002, "a character class is empty");
    } while (ok && !at(x, 0, ']'));
    x->p++;
    ok = ok && whole(x, &s, &minus);
    if (ok)
        put_set(out, &s, neg, buf_view(&minus));
    set_free(&s);
    buf_free(&minus);
    x->depth--;
    return ok;
}

bool regex_class(struct regex_parser *x)
{
    return take_class(x, x->out);
}

bool regex_fail(struct regex_parser *x, enum xerr error, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    if (x->error)
        return false;
    x->error = error;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)err_set(x->why, ERR_INPUT, error == XERR_LIMIT ? "regex.limit" : "regex.syntax",
        "XPATH-FN 7.6.1", "character %zu of the regular expression: %s",
        ucs_length((struct str){x->start, (size_t)(x->p - x->start)}), text);
    return false;
}
