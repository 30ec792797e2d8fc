/* regex_parse.c - from XPath's regular expressions to PCRE2's: branches, pieces, groups,
 * quantifiers, anchors.
 *
 * Recursive descent that writes as it reads. What is no XPath expression is refused here, so PCRE2
 * sees only what this file writes; all literals but ASCII letters and digits go out as \x{...}. */
#include "ubl/atomic/regex_priv.h"

#include <stdio.h>

#include "ubl/atomic/ucs.h"

static bool more(const struct regex_parser *x)
{
    return x->p < x->end;
}

static bool digit(const struct regex_parser *x)
{
    return more(x) && *x->p >= '0' && *x->p <= '9';
}

/* ---- quantifiers
 * -------------------------------------------------------------------------------------------- */

static bool take_number(struct regex_parser *x, uint64_t *n)
{
    if (!digit(x))
        return regex_fail(x, XERR_FORX0002, "a number is expected in {}");
    for (*n = 0; digit(x); x->p++) {
        *n = *n * 10 + (uint64_t)(*x->p - '0');
        if (*n > INT32_MAX)
            return regex_fail(x, XERR_FORX0002, "the number in {} is too large");
    }
    return true;
}

/* p stands behind '{'. */
static bool take_bounds(struct regex_parser *x)
{
    uint64_t min, max;
    bool open = false;

    if (!take_number(x, &min))
        return false;
    max = min;
    if (more(x) && *x->p == ',') {
        x->p++;
        open = more(x) && *x->p == '}';
        if (!open && !take_number(x, &max))
            return false;
    }
    if (!more(x) || *x->p++ != '}')
        return regex_fail(x, XERR_FORX0002, "{ is not closed");
    if (max < min)
        return regex_fail(x, XERR_FORX0002, "{n,m} is the wrong way round");
    if (max > REGEX_REPEAT_MAX)
        return regex_fail(x, XERR_LIMIT, "a repeat count is over %d", REGEX_REPEAT_MAX);
    if (open)
        buf_printf(x->out, "{%d,}", (int)min);
    else
        buf_printf(x->out, "{%d,%d}", (int)min, (int)max);
    return true;
}

static bool at_quantifier(const struct regex_parser *x)
{
    return more(x) && (*x->p == '?' || *x->p == '*' || *x->p == '+' || *x->p == '{');
}

static bool take_quantifier(struct regex_parser *x)
{
    if (!at_quantifier(x))
        return true;
    if (*x->p == '{') {
        x->p++;
        if (!take_bounds(x))
            return false;
    } else {
        buf_putc(x->out, *x->p++);
    }
    if (more(x) && *x->p == '?')
        buf_putc(x->out, *x->p++);
    return !at_quantifier(x) || regex_fail(x, XERR_FORX0002, "a quantifier follows a quantifier");
}

/* ---- atoms
 * --------------------------------------------------------------------------------------------------
 */

static bool take_branches(struct regex_parser *x);

/* p stands behind '('. */
static bool take_group(struct regex_parser *x)
{
    bool capture = true;
    int number = 0;

    if (++x->depth > REGEX_DEPTH_MAX)
        return regex_fail(x, XERR_LIMIT, "groups are nested too deeply");
    if (more(x) && *x->p == '?') {
        if (x->end - x->p < 2 || x->p[1] != ':')
            return regex_fail(x, XERR_FORX0002, "(? must be (?:");
        x->p += 2;
        capture = false;
    }
    if (capture) {
        number = ++x->groups;
        if (number > REGEX_GROUPS_MAX)
            return regex_fail(x, XERR_LIMIT, "more than %d groups", REGEX_GROUPS_MAX);
    }
    buf_puts(x->out, capture ? "(" : "(?:");
    if (!take_branches(x))
        return false;
    if (!more(x) || *x->p++ != ')')
        return regex_fail(x, XERR_FORX0002, "( is not closed");
    buf_putc(x->out, ')');
    if (capture)
        x->closed[number] = true;
    x->depth--;
    return true;
}

/*= XPATH-FN 7.6.1 "the back-reference \NN matches ... if N is followed by another digit M ... and
 * there are NM capturing subexpressions" */
static bool take_back_reference(struct regex_parser *x)
{
    int n = 0;

    do
        n = n * 10 + (*x->p++ - '0');
    while (digit(x) && n > 0 && n * 10 + (*x->p - '0') <= x->groups);
    if (n == 0 || n > x->groups || !x->closed[n])
        return regex_fail(x, XERR_FORX0002, "\\%d stands where no group %d is complete", n, n);
    buf_printf(x->out, "\\g{%d}", n);
    return true;
}

/* PCRE2 repeats no bare assertion; Saxon refuses to do it "zero times, reluctantly". */
static bool take_anchor(struct regex_parser *x, char c)
{
    if (!at_quantifier(x)) {
        buf_putc(x->out, c);
        return true;
    }
    if (x->end - x->p >= 2 && x->p[1] == '?' && (*x->p == '*' || *x->p == '?'))
        return regex_fail(x, XERR_FORX0002, "%c cannot be followed by %c?", c, *x->p);
    buf_printf(x->out, "(?:%c)", c);
    return take_quantifier(x);
}

static bool take_atom(struct regex_parser *x)
{
    unsigned char c = (unsigned char)*x->p;

    if (c >= 0x80) {
        regex_literal(x, ucs_next(&x->p, x->end));
        return true;
    }
    x->p++;
    switch (c) {
    case '(':
        return take_group(x);
    case '[':
        return regex_class(x);
    case '.':
        buf_puts(x->out, x->flags & RX_DOTALL ? "." : "[^\\n\\r]");
        return true;
    case '^':
    case '$':
        return take_anchor(x, (char)c);
    case '\\':
        return digit(x) ? take_back_reference(x) : regex_escape(x);
    case '?':
    case '*':
    case '+':
    case '{':
        return regex_fail(x, XERR_FORX0002, "%c has nothing to repeat", c);
    case '}':
    case ']':
        return regex_fail(x, XERR_FORX0002, "%c must be escaped", c);
    default:
        regex_literal(x, c);
        return true;
    }
}

static bool take_branches(struct regex_parser *x)
{
    while (more(x) && *x->p != ')') {
        if (*x->p == '|') {
            buf_putc(x->out, *x->p++);
            continue;
        }
        if (!take_atom(x) || !take_quantifier(x))
            return false;
    }
    return true;
}

/* ---- the whole
 * ---------------------------------------------------------------------------------------------- */

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Flag x: white space outside classes is nothing, wherever it stands. */
static void squeeze(struct str pattern, struct buf *out)
{
    int depth = 0;

    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];

        if (depth == 0 && space(c))
            continue;
        if (c == '\\' && i + 1 < pattern.n && (depth > 0 || !space(pattern.p[i + 1]))) {
            buf_putc(out, c);
            c = pattern.p[++i];
        } else if (c == '[') {
            depth++;
        } else if (c == ']' && depth > 0) {
            depth--;
        }
        buf_putc(out, c);
    }
}

/* Is it "x", "\x" or "\s", perhaps with +, of one byte? */
static void look_single(struct str p, unsigned flags, struct regex_single *out)
{
    unsigned char c;

    *out = (struct regex_single){0};
    if (flags & (RX_CASELESS | RX_LITERAL | RX_SPACED))
        return;
    if (p.n > 1 && p.p[p.n - 1] == '+' && !(p.n == 2 && p.p[0] == '\\')) {
        out->many = true;
        p.n--;
    }
    if (p.n == 1 && !strchr(".?*+(){}[]|^$\\", p.p[0]) && (unsigned char)p.p[0] < 0x80)
        c = (unsigned char)p.p[0];
    else if (p.n == 2 && p.p[0] == '\\' && p.p[1] && strchr(".?*+(){}[]|^$\\-", p.p[1]))
        c = (unsigned char)p.p[1];
    else if (str_eqz(p, "\\s"))
        c = ' ';
    else
        return;
    out->is = true;
    out->set[c / 8] |= (uint8_t)(1u << c % 8);
    if (p.n == 2 && p.p[1] == 's')
        for (const char *s = "\t\n\r"; *s; s++)
            out->set[*s / 8] |= (uint8_t)(1u << *s % 8);
}

static void parse(struct regex_parser *x, struct str pattern)
{
    x->start = x->p = pattern.p;
    x->end = pattern.p + pattern.n;
    if (x->flags & RX_LITERAL) {
        while (more(x))
            regex_literal(x, ucs_next(&x->p, x->end));
        return;
    }
    if (take_branches(x) && more(x)) {
        x->p++;
        (void)regex_fail(x, XERR_FORX0002, ") has no (");
    }
}

enum xerr regex_translate(struct str pattern, unsigned flags, struct buf *out, int *groups,
    struct regex_single *single, struct err *why)
{
    struct regex_parser x = {.flags = flags, .out = out, .why = why};
    struct buf squeezed;

    if (pattern.n > REGEX_PATTERN_MAX) {
        (void)err_set(why, ERR_INPUT, "regex.limit", "", "regular expression of %zu bytes: over %d",
            pattern.n, REGEX_PATTERN_MAX);
        return XERR_LIMIT;
    }
    look_single(pattern, flags, single);
    buf_init(&squeezed, REGEX_PATTERN_MAX + 1);
    if (flags & RX_SPACED && !(flags & RX_LITERAL)) {
        squeeze(pattern, &squeezed);
        pattern = buf_view(&squeezed);
    }
    parse(&x, pattern);
    *groups = x.groups;
    if (!x.error && (!buf_ok(out) || !buf_ok(&squeezed)))
        x.error = XERR_NOMEM;
    buf_free(&squeezed);
    return x.error;
}
