/* fn_format.c - format-number() with the default decimal format. XSLT 2.0 §16.4.
 *
 * One or two sub-pictures of # 0 , . % and ‰ between a prefix and a suffix; a named decimal format
 * is FODF1280. Limits: pictures of 1,000 bytes, 1,000 digits of a result. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>

struct picture {
    struct str prefix, body, suffix;
    int min_whole, min_part, max_part, group, scale; /* scale: 0, 2 for %, 3 for ‰ */
    bool part_group;
};

static bool active(char ch)
{
    return ch == '#' || ch == '0' || ch == ',' || ch == '.';
}

static int scale_of(struct str s)
{
    return str_find(s, STR("%")) < s.n ? 2 : str_find(s, STR("\xE2\x80\xB0")) < s.n ? 3 : 0;
}

/* Counts digits and checks their order: # before 0 on the left of the point, after it on the right.
 */
static bool digits(struct picture *p)
{
    bool part = false, whole_zero = false, part_hash = false, any = false;
    int since = -1;

    for (size_t i = 0; i < p->body.n; i++) {
        char ch = p->body.p[i];
        if (ch == '.') {
            if (part)
                return false;
            part = true;
            p->group = since > 0 ? since : 0;
        } else if (ch == ',') {
            if (part || since == 0)
                return false;
            since = 0;
        } else if (part) {
            if (ch == '0' && part_hash)
                return false;
            part_hash = part_hash || ch == '#';
            p->min_part += ch == '0';
            p->max_part++;
            any = true;
        } else {
            if (ch == '#' && whole_zero)
                return false;
            whole_zero = whole_zero || ch == '0';
            p->min_whole += ch == '0';
            since += since >= 0;
            any = true;
        }
    }
    if (!part)
        p->group = since > 0 ? since : 0;
    return any && since != 0;
}

static bool parse(struct str s, struct picture *p)
{
    size_t a = 0, b = s.n;

    *p = (struct picture){0};
    while (a < s.n && !active(s.p[a]))
        a++;
    while (b > a && !active(s.p[b - 1]))
        b--;
    p->prefix = str_sub(s, 0, a);
    p->body = str_sub(s, a, b - a);
    p->suffix = str_sub(s, b, s.n);
    for (size_t i = 0; i < p->body.n; i++)
        if (!active(p->body.p[i]))
            return false;
    p->scale = scale_of(p->prefix) + scale_of(p->suffix);
    return p->scale <= 3 && digits(p);
}

static void put_whole(struct buf *b, struct str whole, int group)
{
    for (size_t i = 0; i < whole.n; i++) {
        if (group && i && (whole.n - i) % (size_t)group == 0)
            buf_putc(b, ',');
        buf_putc(b, whole.p[i]);
    }
}

static int number_text(
    struct xp_ctx *c, const struct xp_item *v, const struct picture *p, struct buf *b)
{
    struct xp_item d = *v;
    struct str text, whole, part = STR("");
    struct buf w;
    size_t dot;
    enum xerr r = XERR_NONE;

    for (int i = 0; i < p->scale && !r; i++)
        r = dec_mul(c->a, d.dec, dec_from_i64(10), &d.dec);
    if (!r)
        r = dec_round(c->a, d.dec, p->max_part, DEC_HALF_EVEN, &d.dec);
    if (!r)
        r = dec_text(c->a, d.dec, &text);
    if (r)
        return xfail_x(c, r, "format-number");
    dot = str_find(text, STR("."));
    whole = str_sub(text, 0, dot);
    if (dot < text.n)
        part = str_sub(text, dot + 1, text.n);
    if (str_eqz(whole, "0") && (p->min_whole == 0 && (part.n || p->min_part)))
        whole = STR("");
    buf_init(&w, 4096 + whole.n);
    for (size_t i = whole.n; (int)i < p->min_whole; i++)
        buf_putc(&w, '0');
    buf_str(&w, whole);
    put_whole(b, buf_view(&w), p->group);
    buf_free(&w);
    if (part.n || p->min_part) {
        buf_putc(b, '.');
        buf_str(b, part);
        for (size_t i = part.n; (int)i < p->min_part; i++)
            buf_putc(b, '0');
    }
    return 0;
}

/* The value as a decimal and its sign; false for NaN and INF. */
static int as_decimal(struct xp_ctx *c, struct xp_item *v, bool *negative, bool *finite)
{
    char t[DBL_TEXT_MAX];
    struct dec d;
    enum xerr r;

    if (v->type == XP_DOUBLE || v->type == XP_FLOAT) {
        double x = xnum_double(v);
        *negative = signbit(x) != 0;
        *finite = isfinite(x);
        if (!*finite)
            return 0;
        x = fabs(x);
        (void)dbl_print(x, t);
        r = strchr(t, 'E') ? dec_from_double(c->a, x, &d) : dec_parse(c->a, str_z(t), &d);
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

static int argument(struct xp_ctx *c, const struct xn *n, struct xp_item *v)
{
    struct xp_item it;
    int r = xev_atom(c, n, &it);

    if (r < 0)
        return -1;
    if (r == 0)
        it = xdouble((double)NAN);
    if (it.type == XP_UNTYPED) {
        r = xcast(c, &it, XP_DOUBLE, XD_NONE, v);
        return r ? xcast_fail(c, r, &it, "xs:double") : 0;
    }
    if (!xis_num(&it))
        return xfail(c, "XPTY0004", "%s where a number is required", xtype_name(it.type));
    *v = it;
    return 0;
}

static int formatted(struct xp_ctx *c, struct xp_item *v, struct str picture, struct buf *b)
{
    struct picture p, neg;
    size_t semi = str_find(picture, STR(";"));
    bool negative = false, finite = true, two = semi < picture.n;

    if (picture.n > 1000 || !parse(str_sub(picture, 0, semi), &p) ||
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
    else if (number_text(c, v, &p, b) < 0)
        return -1;
    buf_str(b, p.suffix);
    return 0;
}

int xfn_format_number(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item v;
    struct str picture;
    struct buf b;
    char *p;
    int r;

    if (argument(c, n->k[0], &v) < 0 || (r = xev_str(c, n->k[1], &picture)) < 0)
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a picture is required");
    if (n->nk > 2)
        return xfail(c, "FODF1280", "named decimal formats are not supported");
    buf_init(&b, c->lim.string_bytes);
    if (formatted(c, &v, picture, &b) < 0) {
        buf_free(&b);
        return -1;
    }
    if (!buf_ok(&b))
        return xlimit(c, "string", "a string of more bytes than allowed");
    p = arena_strndup(c->a, b.p ? b.p : "", b.n);
    *out = xstring((struct str){p, b.n});
    buf_free(&b);
    return p ? 1 : xnomem(c);
}
