/* numeral.c - integers in the forms that pictures ask for: decimal digits of any script with
 * grouping, Roman numerals, English words (F&O 3.1 §4.6.1); letters and signs: numeral_letters.c.
 * As Saxon: what is no form at all stands for digits, as many as its characters. */
#include "ubl/xpath/xpath_priv.h"

/* The digit 0 of each script that has decimal digits (category Nd), in order. */
static const uint32_t zeros[] = {0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66,
    0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946,
    0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0,
    0xAA50, 0xABF0, 0xFF10, 0x104A0};

uint32_t xnumeral_zero(uint32_t cp)
{
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        if (cp >= zeros[i] && cp <= zeros[i] + 9u)
            return zeros[i];
    return 0;
}

static bool is_letter(uint32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
}

/* ---- pictures ---- */

/* #, digits of one script, separators between: read from right to left, so that separators are
 * counted from the units. */
static int parse_digits(struct xnumeral *out, const uint32_t *cp, size_t n)
{
    bool separated = true, optional = false;
    int digits = 0;

    for (size_t i = n; i-- > 0;) {
        uint32_t zero = xnumeral_zero(cp[i]);
        if (!zero && cp[i] != '#') {
            if (separated || i == 0 || is_letter(cp[i]) || ucs_is_name(cp[i], true) ||
                out->n == XNUMERAL_GROUPS)
                return -1;
            out->group[out->n].at = digits;
            out->group[out->n++].separator = cp[i];
            separated = true;
            continue;
        }
        if (zero && (optional || (out->first && out->first != zero)))
            return -1;
        optional = optional || !zero;
        if (zero) {
            out->first = zero;
            out->min++;
        }
        digits++;
        separated = false;
    }
    out->suffix = n && (cp[n - 1] == '0' || cp[n - 1] == '1');
    if (out->n && out->group[0].at * ((int)out->n + 1) >= digits)
        out->every = out->group[0].at;
    for (uint32_t i = 0; i < out->n; i++)
        if (out->group[i].at != ((int)i + 1) * out->every ||
            out->group[i].separator != out->group[0].separator)
            out->every = 0;
    return out->min ? 0 : -1;
}

int xnumeral_parse(struct xnumeral *out, struct str token)
{
    const char *p = token.p, *end = token.p + token.n;
    uint32_t cp[XNUMERAL_PICTURE];
    size_t n = 0;
    bool digit = false;

    *out = (struct xnumeral){.form = XNUMERAL_DIGITS};
    while (p < end) {
        if (n == XNUMERAL_PICTURE)
            return -1;
        cp[n] = ucs_next(&p, end);
        digit = digit || xnumeral_zero(cp[n]);
        n++;
    }
    if (digit)
        return parse_digits(out, cp, n);
    if (n == 0)
        return -1;
    out->first = cp[0];
    if (xnumeral_is_sign(cp[0]))
        out->form = XNUMERAL_SIGNS;
    else if (cp[0] == 0x4E00)
        out->form = XNUMERAL_JAPANESE;
    else if (cp[0] == 'w' || cp[0] == 'W')
        out->form = n > 1 ? XNUMERAL_TITLE : cp[0] == 'w' ? XNUMERAL_LOWER : XNUMERAL_UPPER;
    else if (cp[0] == 'i' || cp[0] == 'I')
        out->form = XNUMERAL_ROMAN;
    else if (xnumeral_is_letter(cp[0]))
        out->form = XNUMERAL_LETTERS;
    else
        *out =
            (struct xnumeral){.form = XNUMERAL_DIGITS, .first = '0', .min = (int)n, .suffix = true};
    return 0;
}

/* ---- digits ---- */

static uint32_t separator(const struct xnumeral *p, size_t right)
{
    if (p->every)
        return right % (size_t)p->every == 0 ? p->group[0].separator : 0;
    for (uint32_t i = 0; i < p->n; i++)
        if ((size_t)p->group[i].at == right)
            return p->group[i].separator;
    return 0;
}

static void put_cp(struct buf *b, uint32_t cp)
{
    char t[4];

    buf_add(b, t, ucs_put(cp, t));
}

static void put_digits(struct buf *b, const struct xnumeral *p, struct str digits)
{
    size_t pad = digits.n < (size_t)p->min ? (size_t)p->min - digits.n : 0, n = pad + digits.n;

    for (size_t i = 0; i < n; i++) {
        uint32_t sep = i ? separator(p, n - i) : 0;
        if (sep)
            put_cp(b, sep);
        put_cp(b, p->first + (i < pad ? 0 : (uint32_t)(digits.p[i - pad] - '0')));
    }
}

static const char *ordinal_suffix(uint64_t v)
{
    if (v / 10 % 10 == 1)
        return "th";
    return v % 10 == 1 ? "st" : v % 10 == 2 ? "nd" : v % 10 == 3 ? "rd" : "th";
}

/* ---- Roman numerals ---- */

static void put_roman(struct buf *b, uint64_t v, bool upper)
{
    static const struct {
        unsigned value;
        const char *lower, *upper;
    } parts[] = {{1000, "m", "M"}, {900, "cm", "CM"}, {500, "d", "D"}, {400, "cd", "CD"},
        {100, "c", "C"}, {90, "xc", "XC"}, {50, "l", "L"}, {40, "xl", "XL"}, {10, "x", "X"},
        {9, "ix", "IX"}, {5, "v", "V"}, {4, "iv", "IV"}, {1, "i", "I"}};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (; v >= parts[i].value; v -= parts[i].value)
            buf_puts(b, upper ? parts[i].upper : parts[i].lower);
}

/* ---- words ---- */

static const char *const small[] = {"zero", "one", "two", "three", "four", "five", "six", "seven",
    "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

static void put_words(struct buf *b, uint64_t v)
{
    static const struct {
        uint64_t value;
        const char *name;
    } units[] = {
        {1000000000, " billion"}, {1000000, " million"}, {1000, " thousand"}, {100, " hundred"}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        uint64_t rest = v % units[i].value;
        if (v < units[i].value)
            continue;
        put_words(b, v / units[i].value); /* at most three deep: 18 billion billions */
        buf_puts(b, units[i].name);
        if (!rest)
            return;
        buf_puts(b, rest < 100 ? " and " : " ");
        v = rest;
    }
    if (v < 20) {
        buf_puts(b, small[v]);
        return;
    }
    buf_puts(b, tens[v / 10]);
    if (v % 10)
        buf_printf(b, "-%s", small[v % 10]);
}

/* "twenty-one" -> "twenty-first": the last word changes. */
static void make_ordinal(struct buf *b, size_t start)
{
    static const char *const odd[][2] = {{"one", "first"}, {"two", "second"}, {"three", "third"},
        {"five", "fifth"}, {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};
    size_t last = b->n;

    while (last > start && b->p[last - 1] != ' ' && b->p[last - 1] != '-')
        last--;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        if (str_eqz((struct str){b->p + last, b->n - last}, odd[i][0])) {
            b->n = last;
            buf_puts(b, odd[i][1]);
            return;
        }
    if (b->n > start && b->p[b->n - 1] == 'y') {
        b->n--;
        buf_puts(b, "ieth");
    } else {
        buf_puts(b, "th");
    }
}

static void with_case(struct buf *b, size_t start, enum xnumeral_form form)
{
    bool begins = true;

    for (size_t i = start; i < b->n && form != XNUMERAL_LOWER; i++) {
        char ch = b->p[i];
        bool and = str_has_prefix((struct str){b->p + i, b->n - i}, STR("and "));
        if (ch >= 'a' && (form == XNUMERAL_UPPER || (begins && !and)))
            b->p[i] = (char)(ch - 'a' + 'A');
        begins = ch == ' ' || ch == '-';
    }
}

static bool takes_suffix(const struct xnumeral *p)
{
    return p->form == XNUMERAL_LETTERS ? !xnumeral_is_named(p->first)
                                       : p->form == XNUMERAL_DIGITS && p->suffix;
}

void xnumeral_put(struct buf *b, const struct xnumeral *p, struct str digits, bool ordinal)
{
    const struct xnumeral plain = {.form = XNUMERAL_DIGITS, .first = '0', .min = 1};
    enum xnumeral_form form = p->form;
    unsigned long long v = 0;
    bool fits = str_to_u64(digits, UINT64_MAX, &v);
    size_t start = b->n;

    if (form == XNUMERAL_ROMAN && fits && v > 0 && v < 10000) {
        put_roman(b, v, p->first == 'I');
    } else if (form == XNUMERAL_LETTERS && fits && v > 0) {
        xnumeral_put_letters(b, v, p->first);
    } else if ((form == XNUMERAL_SIGNS && fits && xnumeral_put_sign(b, v, p->first)) ||
               (form == XNUMERAL_JAPANESE && fits && xnumeral_put_japanese(b, v))) {
        return;
    } else if (fits &&
               (form == XNUMERAL_LOWER || form == XNUMERAL_UPPER || form == XNUMERAL_TITLE)) {
        put_words(b, v);
        if (!buf_ok(b))
            return;
        if (ordinal)
            make_ordinal(b, start);
        with_case(b, start, form);
    } else {
        put_digits(b, form == XNUMERAL_DIGITS ? p : &plain, digits);
        if (ordinal && fits && takes_suffix(p))
            buf_puts(b, ordinal_suffix(v % 100));
    }
}

/* ---- format-integer ---- */

/* [co] and perhaps text in parentheses, then perhaps a or t */
static bool is_modifier(struct str s, bool *ordinal, bool *alphabetic)
{
    char last = s.n ? s.p[s.n - 1] : 0;

    *ordinal = s.n && *s.p == 'o';
    *alphabetic = last == 'a';
    if (last == 'a' || last == 't')
        s.n--;
    if (s.n == 0)
        return true;
    if (*s.p != 'o' && *s.p != 'c')
        return false;
    s = str_sub(s, 1, s.n);
    return s.n == 0 || (s.n > 1 && *s.p == '(' && s.p[s.n - 1] == ')');
}

/* "1;o", "w;o(-er)", "i;a": what follows the last semicolon is a modifier. */
static bool split_modifier(struct str *token, bool *ordinal, bool *alphabetic)
{
    size_t at = token->n;
    bool good;

    *ordinal = *alphabetic = false;
    while (at > 0 && token->p[at - 1] != ';')
        at--;
    if (at == 0)
        return token->n > 0;
    good = is_modifier(str_sub(*token, at, token->n), ordinal, alphabetic);
    token->n = at - 1;
    return good && token->n > 0;
}

int xfn_format_integer(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    static const struct stype want = {.atomic = 1, .prim = XP_INTEGER, .occ = CARD_OPT};
    struct xnumeral picture;
    struct str token, digits;
    struct xp_item v;
    struct buf b;
    bool ordinal, alphabetic;
    int r;

    if ((r = xev_converted(c, n->k[0], xconvert_item, &want, &v)) < 0)
        return -1;
    *out = xstring(STR(""));
    if (r == 0)
        return 1;
    if ((r = xev_str(c, n->k[1], &token)) < 0)
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a picture is required");
    if (!split_modifier(&token, &ordinal, &alphabetic) || xnumeral_parse(&picture, token) < 0)
        return xfail(c, "FODF1310", "bad picture %.*s", STR_FMT(str_sub(token, 0, 80)));
    if (alphabetic && picture.form == XNUMERAL_ROMAN)
        picture.form = XNUMERAL_LETTERS;
    if (dec_text(c->a, v.dec, &digits) != XERR_NONE)
        return xnomem(c);
    buf_init(&b, c->lim.string_bytes);
    if (digits.n && *digits.p == '-') {
        buf_putc(&b, '-');
        digits = str_sub(digits, 1, digits.n);
    }
    xnumeral_put(&b, &picture, digits, ordinal);
    return xgive_buf(c, &b, out);
}
