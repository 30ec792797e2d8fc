/* cast.c - casting between atomic types, and their string forms. F&O 17.
 *
 * Failure is a number, not a struct err, because "castable as" asks thousands of times. */
#include "ubl/xpath/xpath_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- to string ---- */
static struct str keep(struct xp_ctx *c, const char *p, size_t n)
{
    return (struct str){arena_strndup(c->a, p, n), n};
}

static struct str hex_text(struct xp_ctx *c, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    char *p = arena_alloc(c->a, s.n * 2 + 1);

    for (size_t i = 0; p && i < s.n; i++) {
        p[2 * i] = digits[(unsigned char)s.p[i] >> 4];
        p[2 * i + 1] = digits[(unsigned char)s.p[i] & 15];
    }
    return (struct str){p, s.n * 2};
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct str b64_text(struct xp_ctx *c, struct str s)
{
    size_t n = (s.n + 2) / 3 * 4;
    char *p = arena_alloc(c->a, n + 1);

    for (size_t i = 0, o = 0; p && i < s.n; i += 3, o += 4) {
        unsigned v = (unsigned)(unsigned char)s.p[i] << 16;
        if (i + 1 < s.n)
            v |= (unsigned)(unsigned char)s.p[i + 1] << 8;
        if (i + 2 < s.n)
            v |= (unsigned char)s.p[i + 2];
        p[o] = b64[v >> 18];
        p[o + 1] = b64[v >> 12 & 63];
        p[o + 2] = i + 1 < s.n ? b64[v >> 6 & 63] : '=';
        p[o + 3] = i + 2 < s.n ? b64[v & 63] : '=';
    }
    return (struct str){p, n};
}

static struct str qname_text(struct xp_ctx *c, const struct xp_qname *q)
{
    char *p;

    if (!q->prefix.n)
        return q->local;
    p = arena_printf(c->a, "%.*s:%.*s", STR_FMT(q->prefix), STR_FMT(q->local));
    return (struct str){p, q->prefix.n + 1 + q->local.n};
}

struct str xitem_text(struct xp_ctx *c, const struct xp_item *it)
{
    char b[128];
    struct str s;

    switch (it->type) {
    case XP_NODE:
    case XP_TEXT_NODE:
    case XP_DOC_NODE:
        return xnode_string(c, it);
    case XP_UNTYPED:
    case XP_STRING:
    case XP_ANYURI:
        return it->s;
    case XP_BOOLEAN:
        return it->b ? STR("true") : STR("false");
    case XP_INTEGER:
    case XP_DECIMAL:
        return dec_text(c->a, it->dec, &s) ? (struct str){NULL, 0} : s;
    case XP_DOUBLE:
        return keep(c, b, dbl_print(it->d, b));
    case XP_FLOAT:
        return keep(c, b, flt_print(it->f, b));
    case XP_DATE:
    case XP_TIME:
    case XP_DATETIME:
    case XP_GYEAR:
    case XP_GYEARMONTH:
    case XP_GMONTH:
    case XP_GMONTHDAY:
    case XP_GDAY:
        return keep(c, b, dt_print(&it->dt, b));
    case XP_DURATION:
        return keep(c, b, dur_print(DUR_DURATION, it->dur, b));
    case XP_YEARMONTHDURATION:
        return keep(c, b, dur_print(DUR_YEARMONTH, it->dur, b));
    case XP_DAYTIMEDURATION:
        return keep(c, b, dur_print(DUR_DAYTIME, it->dur, b));
    case XP_QNAME:
        return qname_text(c, it->qname);
    case XP_HEXBINARY:
        return hex_text(c, it->s);
    case XP_BASE64BINARY:
        return b64_text(c, it->s);
    }
    return (struct str){NULL, 0};
}

/* ---- from string ---- */
static int hex_value(unsigned char ch)
{
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
                                    : -1;
}

static int parse_hex(struct xp_ctx *c, struct str s, struct str *out)
{
    char *p = arena_alloc(c->a, s.n / 2 + 1);

    if (!p)
        return XERR_NOMEM;
    if (s.n % 2)
        return XERR_FORG0001;
    for (size_t i = 0; i < s.n; i += 2) {
        int hi = hex_value((unsigned char)s.p[i]), lo = hex_value((unsigned char)s.p[i + 1]);
        if (hi < 0 || lo < 0)
            return XERR_FORG0001;
        p[i / 2] = (char)(hi << 4 | lo);
    }
    *out = (struct str){p, s.n / 2};
    return 0;
}

static int parse_b64(struct xp_ctx *c, struct str s, struct str *out)
{
    char *p = arena_alloc(c->a, s.n / 4 * 3 + 3);
    unsigned v = 0, have = 0, pad = 0;
    size_t n = 0;

    if (!p)
        return XERR_NOMEM;
    for (size_t i = 0; i < s.n; i++) {
        const char *at;
        if (s.p[i] == ' ')
            continue;
        if (s.p[i] == '=') {
            pad++;
            continue;
        }
        if (pad || !s.p[i] || !(at = strchr(b64, s.p[i])))
            return XERR_FORG0001;
        v = v << 6 | (unsigned)(at - b64);
        if (++have == 4) {
            p[n++] = (char)(v >> 16);
            p[n++] = (char)(v >> 8);
            p[n++] = (char)v;
            v = have = 0;
        }
    }
    if (have == 1 || (have && have + pad != 4) || (!have && pad))
        return XERR_FORG0001;
    if (have == 2 && (v & 15) == 0)
        p[n++] = (char)(v >> 4);
    else if (have == 3 && (v & 3) == 0) {
        p[n++] = (char)(v >> 10);
        p[n++] = (char)(v >> 2);
    } else if (have) {
        return XERR_FORG0001;
    }
    *out = (struct str){p, n};
    return 0;
}

static int parse_boolean(struct str s, bool *out)
{
    s = str_trim(s);
    *out = str_eqz(s, "true") || str_eqz(s, "1");
    return *out || str_eqz(s, "false") || str_eqz(s, "0") ? 0 : XERR_FORG0001;
}

static int collapse(struct xp_ctx *c, struct str s, struct str *out)
{
    return ucs_normalize_space(c->a, s, out);
}

static enum dt_kind dt_kind_of(enum xp_type t)
{
    static const enum dt_kind kinds[] = {
        DT_DATE, DT_TIME, DT_DATETIME, DT_GYEAR, DT_GYEARMONTH, DT_GMONTH, DT_GMONTHDAY, DT_GDAY};

    return kinds[t - XP_DATE];
}

static enum dur_kind dur_kind_of(enum xp_type t)
{
    return t == XP_DURATION            ? DUR_DURATION
           : t == XP_YEARMONTHDURATION ? DUR_YEARMONTH
                                       : DUR_DAYTIME;
}

static int from_string(struct xp_ctx *c, struct str s, enum xp_type to, struct xp_item *out)
{
    struct str t;
    int r;

    switch (to) {
    case XP_UNTYPED:
    case XP_STRING:
        out->s = s;
        return 0;
    case XP_ANYURI:
        return collapse(c, s, &out->s);
    case XP_BOOLEAN:
        return parse_boolean(s, &out->b);
    case XP_INTEGER:
        return dec_parse_int(c->a, s, &out->dec);
    case XP_DECIMAL:
        return dec_parse(c->a, s, &out->dec);
    case XP_DOUBLE:
        return dbl_parse(s, &out->d);
    case XP_FLOAT:
        return flt_parse(s, &out->f);
    case XP_DURATION:
    case XP_YEARMONTHDURATION:
    case XP_DAYTIMEDURATION:
        return dur_parse(dur_kind_of(to), s, &out->dur);
    case XP_HEXBINARY:
        return parse_hex(c, str_trim(s), &out->s);
    case XP_BASE64BINARY:
        r = collapse(c, s, &t);
        return r ? r : parse_b64(c, t, &out->s);
    case XP_QNAME:
    case XP_NODE:
    case XP_TEXT_NODE:
    case XP_DOC_NODE:
        return XCAST_TYPE;
    default:
        return dt_parse(dt_kind_of(to), s, &out->dt);
    }
}

static int to_qname(struct xp_ctx *c, struct str s, struct xp_item *out)
{
    struct xp_qname *q = arena_alloc(c->a, sizeof(*q));
    const char *colon;

    if (!q)
        return XERR_NOMEM;
    s = str_trim(s);
    colon = s.n ? memchr(s.p, ':', s.n) : NULL;
    q->local = s;
    q->prefix = q->uri = STR("");
    if (colon) {
        q->prefix = (struct str){s.p, (size_t)(colon - s.p)};
        q->local = str_sub(s, q->prefix.n + 1, s.n);
    }
    if (!xis_ncname(q->local) || (colon && !xis_ncname(q->prefix)))
        return XERR_FORG0001;
    if (!xenv_prefix(c->env, q->prefix, &q->uri)) {
        q->uri = STR("");
        if (colon)
            return XCAST_NS;
    }
    out->qname = q;
    return 0;
}

/* ---- between numbers ---- */
static int from_number(
    struct xp_ctx *c, const struct xp_item *in, enum xp_type to, struct xp_item *out)
{
    bool dec = in->type <= XP_DECIMAL;
    double d = dec ? 0 : xnum_double(in);

    switch (to) {
    case XP_BOOLEAN:
        out->b = dec ? !dec_is_zero(in->dec) : d < 0 || d > 0;
        return 0;
    case XP_INTEGER:
        return dec ? (int)dec_trunc(c->a, in->dec, &out->dec)
                   : (int)dec_from_double_trunc(c->a, d, &out->dec);
    case XP_DECIMAL:
        if (dec) {
            out->dec = in->dec;
            return 0;
        }
        return dec_from_double(c->a, d, &out->dec);
    case XP_DOUBLE:
        out->d = xnum_double(in);
        return 0;
    case XP_FLOAT:
        out->f = in->type == XP_FLOAT ? in->f : dec ? dec_to_float(in->dec) : (float)d;
        return 0;
    default:
        return XCAST_TYPE;
    }
}

static int from_boolean(bool b, enum xp_type to, struct xp_item *out)
{
    switch (to) {
    case XP_INTEGER:
    case XP_DECIMAL:
        out->dec = dec_from_i64(b);
        return 0;
    case XP_DOUBLE:
        out->d = b;
        return 0;
    case XP_FLOAT:
        out->f = b;
        return 0;
    default:
        return XCAST_TYPE;
    }
}

static int to_prim(struct xp_ctx *c, const struct xp_item *in, enum xp_type to, struct xp_item *out)
{
    if (in->type == to) {
        *out = *in;
        out->node = 0;
        return 0;
    }
    if (in->type == XP_UNTYPED || in->type == XP_STRING)
        return to == XP_QNAME ? to_qname(c, in->s, out) : from_string(c, in->s, to, out);
    if (to == XP_STRING || to == XP_UNTYPED) {
        out->s = xitem_text(c, in);
        return out->s.p ? 0 : XERR_NOMEM;
    }
    if (xis_num(in))
        return from_number(c, in, to, out);
    if (in->type == XP_BOOLEAN)
        return from_boolean(in->b, to, out);
    if (in->type >= XP_DATE && in->type <= XP_GDAY && to >= XP_DATE && to <= XP_GDAY)
        return dt_castable_kind(dt_kind_of(in->type), dt_kind_of(to))
                   ? (int)dt_cast(&in->dt, dt_kind_of(to), &out->dt)
                   : XCAST_TYPE;
    if (in->type >= XP_DURATION && in->type <= XP_DAYTIMEDURATION && to >= XP_DURATION &&
        to <= XP_DAYTIMEDURATION) {
        out->dur = dur_cast(in->dur, dur_kind_of(to));
        return 0;
    }
    if ((in->type == XP_HEXBINARY && to == XP_BASE64BINARY) ||
        (in->type == XP_BASE64BINARY && to == XP_HEXBINARY)) {
        out->s = in->s;
        return 0;
    }
    return XCAST_TYPE;
}

/* ---- derived types ---- */
static int in_range(const char *lo, const char *hi, struct dec v)
{
    struct dec d;

    if (lo && (dec_parse_int(NULL, str_z(lo), &d) || dec_cmp(v, d) < 0))
        return XERR_FORG0001;
    if (hi && (dec_parse_int(NULL, str_z(hi), &d) || dec_cmp(v, d) > 0))
        return XERR_FORG0001;
    return 0;
}

static int check_integer(enum xderived d, struct dec v)
{
    static const struct {
        const char *lo, *hi;
    } r[XD_STR_FIRST] = {[XD_NON_POSITIVE] = {NULL, "0"},
        [XD_NEGATIVE] = {NULL, "-1"},
        [XD_LONG] = {"-9223372036854775808", "9223372036854775807"},
        [XD_INT] = {"-2147483648", "2147483647"},
        [XD_SHORT] = {"-32768", "32767"},
        [XD_BYTE] = {"-128", "127"},
        [XD_NON_NEGATIVE] = {"0", NULL},
        [XD_UNSIGNED_LONG] = {"0", "18446744073709551615"},
        [XD_UNSIGNED_INT] = {"0", "4294967295"},
        [XD_UNSIGNED_SHORT] = {"0", "65535"},
        [XD_UNSIGNED_BYTE] = {"0", "255"},
        [XD_POSITIVE] = {"1", NULL}};

    return in_range(r[d].lo, r[d].hi, v);
}

bool xis_ncname(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        bool start = p == s.p;
        if (!ucs_is_name(ucs_next(&p, end), start))
            return false;
    }
    return s.n > 0;
}

static bool is_nmtoken(struct str s, bool name)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        bool start = name && p == s.p;
        uint32_t cp = ucs_next(&p, end);
        if (cp != ':' && !ucs_is_name(cp, start))
            return false;
    }
    return s.n > 0;
}

static bool is_language(struct str s)
{
    size_t run = 0;
    bool first = true;

    for (size_t i = 0; i <= s.n; i++) {
        unsigned char ch = i < s.n ? (unsigned char)s.p[i] : '-';
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        if (ch == '-') {
            if (run == 0 || run > 8)
                return false;
            run = 0;
            first = false;
        } else if (letter || (!first && ch >= '0' && ch <= '9')) {
            run++;
        } else {
            return false;
        }
    }
    return true;
}

static int derive_string(struct xp_ctx *c, enum xderived d, struct xp_item *it)
{
    if (d == XD_NORMALIZED) {
        char *p = arena_strndup(c->a, it->s.p, it->s.n);
        if (!p)
            return XERR_NOMEM;
        for (size_t i = 0; i < it->s.n; i++)
            if (p[i] == '\t' || p[i] == '\n' || p[i] == '\r')
                p[i] = ' ';
        it->s.p = p;
        return 0;
    }
    if (collapse(c, it->s, &it->s))
        return XERR_NOMEM;
    switch (d) {
    case XD_TOKEN:
        return 0;
    case XD_LANGUAGE:
        return is_language(it->s) ? 0 : XERR_FORG0001;
    case XD_NMTOKEN:
        return is_nmtoken(it->s, false) ? 0 : XERR_FORG0001;
    case XD_NAME:
        return is_nmtoken(it->s, true) ? 0 : XERR_FORG0001;
    default:
        return xis_ncname(it->s) ? 0 : XERR_FORG0001;
    }
}

int xcast(struct xp_ctx *c, const struct xp_item *in, enum xp_type to, enum xderived d,
    struct xp_item *out)
{
    struct xp_item it = {.type = to};
    int r = to_prim(c, in, to, &it);

    it.type = to;
    if (r == 0 && d)
        r = to == XP_INTEGER ? check_integer(d, it.dec) : derive_string(c, d, &it);
    if (r)
        return r;
    it.node = d;
    *out = it;
    return 0;
}

int xcast_fail(struct xp_ctx *c, int r, const struct xp_item *in, const char *to)
{
    struct str s = STR("");

    if (r == XCAST_TYPE)
        return xfail(c, "XPTY0004", "%s cannot be cast to %s", xtype_name(in->type), to);
    if (r == XERR_NOMEM)
        return xnomem(c);
    if (r == XERR_LIMIT)
        return xlimit(c, "xpath.limit.value", "a number of more digits than allowed");
    if (xis_stringy(in))
        s = str_sub(in->s, 0, 80);
    return xfail(c, r == XCAST_NS ? "FONS0004" : xerr_name((enum xerr)r),
        "cannot convert %s \"%.*s\" to %s", xtype_name(in->type), STR_FMT(s), to);
}
