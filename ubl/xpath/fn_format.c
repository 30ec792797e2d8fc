/* fn_format.c - format-number() with the default decimal format, by the rules of XPath 3.1 (F&O 3.1
 * §4.7), which Saxon follows for XSLT 2.0 too.
 *
 * One or two sub-pictures of # 0-9 , . e % and ‰ between a prefix and a suffix; a named decimal
 * format is FODF1280. Limits: pictures of 1,000 bytes, 16 separators a side, 10^1000. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_GROUPS = 16, MAX_PICTURE = 1000, MAX_SIZE = 1000 };

/* Where grouping separators stand: counted in digits away from the decimal point. */
struct groups {
    int at[MAX_GROUPS], n;
    int every; /* regular: repeated to the left; 0 = only those */
};

struct picture {
    struct str prefix, suffix;
    int min_whole, min_part, max_part, min_exp;
    int lead;  /* digits before the point of a mantissa */
    int shift; /* 2 for %, 3 for per mille */
    struct groups whole, part;
};

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool active(char ch)
{
    return ch == '#' || ch == ',' || ch == '.' || is_digit(ch);
}

static bool add_group(struct groups *g, int at)
{
    if (g->n == MAX_GROUPS)
        return false;
    g->at[g->n++] = at;
    return true;
}

/* Digits of one side of the point. The whole part is read from right to left, so that both begin at
 * the point, with the digits that must be there; the separators between. */
static bool side(struct str s, bool backwards, int *min, int *max, struct groups *g)
{
    char before = ',';

    *min = *max = 0;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[backwards ? s.n - 1 - i : i];
        if (ch == ',') {
            if (before == ',' || !add_group(g, *max))
                return false;
        } else if (is_digit(ch)) {
            if (*min != *max)
                return false;
            ++*min, ++*max;
        } else if (ch == '#') {
            ++*max;
        } else {
            return false;
        }
        before = ch;
    }
    return true;
}

/*= XPATH-FN31 4.7.4 "the grouping is regular if ... the positions of the separators form a sequence
 * N, 2N, 3N, ... including every integer value that is less than the number of digits" */
static int regular(const struct groups *g, int digits)
{
    int every = g->n ? g->at[0] : 0;

    for (int i = 0; i < g->n; i++)
        if (g->at[i] != (i + 1) * every)
            return 0;
    return every && (g->n + 1) * every < digits ? 0 : every;
}

static bool mantissa(struct str s, bool exponent, struct picture *p)
{
    size_t point = str_find(s, STR("."));
    struct str whole = str_sub(s, 0, point), part = str_sub(s, point + (point < s.n), s.n);
    int digits;

    if (!side(whole, true, &p->min_whole, &digits, &p->whole) ||
        !side(part, false, &p->min_part, &p->max_part, &p->part) || digits + p->max_part == 0)
        return false;
    p->whole.every = regular(&p->whole, digits);
    p->lead = p->min_whole;
    if (p->min_whole == 0 && p->max_part == 0) {
        if (exponent)
            p->min_part = p->max_part = 1;
        else
            p->min_whole = 1;
    }
    if (exponent && p->min_whole == 0 && digits)
        p->min_whole = 1;
    if (p->min_whole == 0 && p->min_part == 0)
        p->min_part = 1;
    return true;
}

static int count(struct str s, struct str what)
{
    int n = 0;

    for (size_t i = 0; (i += str_find(str_sub(s, i, s.n), what)) < s.n; i += what.n)
        n++;
    return n;
}

static bool parse(struct str s, struct picture *p)
{
    size_t a = 0, b = s.n, e;
    struct str body, exponent = STR("");
    int percent = count(s, STR("%")), mille = count(s, STR("\xE2\x80\xB0"));

    *p = (struct picture){0};
    while (a < s.n && !active(s.p[a]))
        a++;
    while (b > a && !active(s.p[b - 1]))
        b--;
    p->prefix = str_sub(s, 0, a);
    p->suffix = str_sub(s, b, s.n);
    p->shift = percent ? 2 : mille ? 3 : 0;
    body = str_sub(s, a, b - a);
    if ((e = str_find(body, STR("e"))) < body.n) {
        exponent = str_sub(body, e + 1, body.n);
        p->min_exp = (int)exponent.n;
        body = str_sub(body, 0, e);
    }
    for (size_t i = 0; i < exponent.n; i++)
        if (!is_digit(exponent.p[i]))
            return false;
    return percent + mille <= (p->min_exp ? 0 : 1) && mantissa(body, p->min_exp > 0, p);
}

/* Is there a separator to the left of the digit with `right` digits between it and the point? */
static bool separated(const struct groups *g, size_t right)
{
    if (g->every)
        return right % (size_t)g->every == 0;
    for (int i = 0; i < g->n; i++)
        if ((size_t)g->at[i] == right)
            return true;
    return false;
}

static void put_whole(struct buf *b, struct str whole, const struct picture *p)
{
    size_t pad = whole.n < (size_t)p->min_whole ? (size_t)p->min_whole - whole.n : 0;

    for (size_t i = 0, n = pad + whole.n; i < n; i++) {
        if (i && separated(&p->whole, n - i))
            buf_putc(b, ',');
        buf_putc(b, i < pad ? '0' : whole.p[i - pad]);
    }
}

static void put_part(struct buf *b, struct str part, const struct picture *p)
{
    size_t n = part.n > (size_t)p->min_part ? part.n : (size_t)p->min_part;

    if (n)
        buf_putc(b, '.');
    for (size_t i = 0; i < n; i++) {
        if (i && separated(&p->part, i))
            buf_putc(b, ',');
        buf_putc(b, i < part.n ? part.p[i] : '0');
    }
}

/* v * 10^by */
static enum xerr shifted(struct arena *a, struct dec v, int by, struct dec *out)
{
    char t[MAX_SIZE + 8];
    struct dec factor;
    enum xerr r;
    int n = 0;

    *out = v;
    if (by == 0)
        return XERR_NONE;
    if (by > MAX_SIZE || by < -MAX_SIZE)
        return XERR_FOAR0002;
    if (by < 0) {
        t[n++] = '0';
        t[n++] = '.';
        while (n < 1 - by)
            t[n++] = '0';
    }
    t[n++] = '1';
    while (by > 0 && n <= by)
        t[n++] = '0';
    if ((r = dec_parse(a, (struct str){t, (size_t)n}, &factor)) != XERR_NONE)
        return r;
    return dec_mul(a, v, factor, out);
}

/* The power of ten of the first digit that is not 0; of 0, none. */
static int magnitude(struct str text)
{
    size_t dot = str_find(text, STR(".")), i = 0;

    while (i < text.n && (text.p[i] == '0' || text.p[i] == '.'))
        i++;
    if (i == text.n)
        return 0;
    return i < dot ? (int)(dot - i) : -(int)(i - dot - 1);
}

static int number_text(struct xp_ctx *c, struct dec d, const struct picture *p, struct buf *b)
{
    struct str text = STR("0"), whole, part = STR("");
    enum xerr r = shifted(c->a, d, p->shift, &d);
    size_t dot;
    int exponent = 0;

    if (!r && p->min_exp && !dec_is_zero(d)) {
        if ((r = dec_text(c->a, d, &text)) == XERR_NONE) {
            exponent = magnitude(text) - p->lead;
            r = shifted(c->a, d, -exponent, &d);
        }
    }
    if (!r)
        r = dec_round(c->a, d, p->max_part, DEC_HALF_EVEN, &d);
    if (!r)
        r = dec_text(c->a, d, &text);
    if (r)
        return xfail_x(c, r, "format-number");
    dot = str_find(text, STR("."));
    whole = str_sub(text, 0, dot);
    if (dot < text.n)
        part = str_sub(text, dot + 1, text.n);
    put_whole(b, str_eqz(whole, "0") ? STR("") : whole, p);
    put_part(b, part, p);
    if (p->min_exp)
        buf_printf(b, "e%s%0*d", exponent < 0 ? "-" : "", p->min_exp, abs(exponent));
    return 0;
}

/* The digits that are shown, not the exact value. x is finite. */
enum xerr xdec_shown(struct arena *a, double x, struct dec *out)
{
    char t[DBL_TEXT_MAX], *e;
    enum xerr r;

    (void)dbl_print(x, t);
    if ((e = strchr(t, 'E')))
        *e = 0;
    r = dec_parse(a, str_z(t), out);
    return r || !e ? r : shifted(a, *out, (int)strtol(e + 1, NULL, 10), out);
}

/* The value as a decimal and its sign; false for NaN and INF. */
static int as_decimal(struct xp_ctx *c, struct xp_item *v, bool *negative, bool *finite)
{
    struct dec d;
    enum xerr r;

    if (v->type == XP_DOUBLE || v->type == XP_FLOAT) {
        double x = xnum_double(v);
        *negative = signbit(x) != 0;
        *finite = isfinite(x);
        if (!*finite)
            return 0;
        r = xdec_shown(c->a, fabs(x), &d);
    } else {
        *negative = dec_sign(v->dec) < 0;
        *finite = true;
        r = dec_abs(c->a, v->dec, &d);
    }
    if (r)
        return xfail_x(c, r, "format-number");
    v->dec = d;
    return 0;
}

static int formatted(struct xp_ctx *c, struct xp_item *v, struct str picture, struct buf *b)
{
    struct picture p, neg;
    size_t semi = str_find(picture, STR(";"));
    bool negative = false, finite = true, two = semi < picture.n;

    if (picture.n > MAX_PICTURE || !parse(str_sub(picture, 0, semi), &p) ||
        (two && !parse(str_sub(picture, semi + 1, picture.n), &neg)))
        return xfail(c, "FODF1310", "bad picture %.*s", STR_FMT(str_sub(picture, 0, 80)));
    if (as_decimal(c, v, &negative, &finite) < 0)
        return -1;
    if (!finite && isnan(xnum_double(v))) {
        buf_puts(b, "NaN");
        return 0;
    }
    if (negative && two)
        p = neg;
    else if (negative)
        buf_putc(b, '-');
    buf_str(b, p.prefix);
    if (!finite)
        buf_puts(b, "Infinity");
    else if (number_text(c, v->dec, &p, b) < 0)
        return -1;
    buf_str(b, p.suffix);
    return 0;
}

int xfn_format_number(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item v;
    struct str picture, name;
    struct buf b;
    int r;

    if ((r = xev_numeric(c, n->k[0], &v)) < 0)
        return -1;
    if (r == 0)
        v = xdouble((double)NAN);
    if ((r = xev_str(c, n->k[1], &picture)) < 0)
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a picture is required");
    if (n->nk > 2 && (r = xev_str(c, n->k[2], &name)) < 0)
        return -1;
    if (n->nk > 2 && r > 0)
        return xfail(c, "FODF1280", "named decimal formats are not supported");
    buf_init(&b, c->lim.string_bytes);
    if (formatted(c, &v, picture, &b) < 0) {
        buf_free(&b);
        return -1;
    }
    return xgive_buf(c, &b, out);
}
