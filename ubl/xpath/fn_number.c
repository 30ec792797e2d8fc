/* fn_number.c - functions on numbers and aggregates. F&O 6.4, 15.4; round#2 as XPath 3.1. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>

static int f_number(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = 1;

    if (n->nk)
        r = xev_atom(c, n->k[0], &it);
    else if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    else
        xatomize(c, &c->f->item, &it);
    if (r < 0)
        return -1;
    if (r == 0 || xcast(c, &it, XP_DOUBLE, XD_NONE, out) != 0)
        *out = xdouble((double)NAN);
    return 1;
}

static int to_numeric(struct xp_ctx *c, const struct stype *to, const struct xp_item *in,
    struct xp_item *out, const char *what)
{
    struct xp_item it;
    int r;

    (void)to;
    xatomize(c, in, &it);
    if (it.type == XP_UNTYPED) {
        r = xcast(c, &it, XP_DOUBLE, XD_NONE, out);
        return r ? xcast_fail(c, r, &it, "xs:double") : 0;
    }
    if (!xis_num(&it))
        return xfail(c, "XPTY0004", "%s is %s, not a number", what, xtype_name(it.type));
    *out = it;
    out->node = 0;
    return 0;
}

int xev_numeric(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return xev_converted(c, n, to_numeric, NULL, out);
}

struct rounding {
    enum xerr (*dec)(struct arena *, struct dec, struct dec *);
    double (*dbl)(double);
    float (*flt)(float);
};

static int rounded(
    struct xp_ctx *c, const struct xn *n, const struct rounding *how, struct xp_item *out)
{
    struct xp_item it;
    enum xerr e;
    int r = xev_numeric(c, n->k[0], &it);

    if (r <= 0)
        return r;
    *out = it;
    if (it.type == XP_DOUBLE)
        out->d = how->dbl(it.d);
    else if (it.type == XP_FLOAT)
        out->f = how->flt(it.f);
    else if ((e = how->dec(c->a, it.dec, &out->dec)) != XERR_NONE)
        return xfail_x(c, e, "rounding");
    return 1;
}

static int f_abs(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return rounded(c, n, &(struct rounding){dec_abs, fabs, fabsf}, out);
}

static int f_floor(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return rounded(c, n, &(struct rounding){dec_floor, floor, floorf}, out);
}

static int f_ceiling(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return rounded(c, n, &(struct rounding){dec_ceiling, ceil, ceilf}, out);
}

static int precision(struct xp_ctx *c, const struct xn *n, int32_t *out)
{
    int64_t p = 0;

    if (n->nk > 1) {
        int r = xev_int(c, n->k[1], &p);
        if (r < 0)
            return -1;
        if (r == 0)
            return xfail(c, "XPTY0004", "an empty sequence where an integer is required");
    }
    *out = p > INT32_MAX ? INT32_MAX : p < -INT32_MAX ? -INT32_MAX : (int32_t)p;
    return 0;
}

static int round_to(struct xp_ctx *c, const struct xn *n, bool even, struct xp_item *out)
{
    struct xp_item it;
    int32_t p = 0;
    enum xerr e;
    int r = xev_numeric(c, n->k[0], &it);

    if (r <= 0)
        return r;
    if (precision(c, n, &p) < 0)
        return -1;
    *out = it;
    if (it.type == XP_DOUBLE)
        out->d = even ? dbl_round_half_even(it.d, p) : p ? dbl_round_to(it.d, p) : dbl_round(it.d);
    else if (it.type == XP_FLOAT)
        out->f = even ? flt_round_half_even(it.f, p) : p ? flt_round_to(it.f, p) : flt_round(it.f);
    else if ((e = dec_round(c->a, it.dec, p, even ? DEC_HALF_EVEN : DEC_HALF_CEILING, &out->dec)) !=
             XERR_NONE)
        return xfail_x(c, e, "rounding");
    return 1;
}

static int f_round(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return round_to(c, n, false, out);
}

static int f_round_even(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return round_to(c, n, true, out);
}

/* ---- aggregates ---- */
enum agg { AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX };
struct agg_sink {
    struct xsink s;
    enum agg how;
    int64_t n;
    struct xp_item acc;
};

static int add_item(struct xp_ctx *c, struct agg_sink *g, const struct xp_item *it)
{
    struct xp_item sum;
    bool duration = it->type == XP_YEARMONTHDURATION || it->type == XP_DAYTIMEDURATION;

    if (g->how == AGG_SUM && g->n && !xis_num(&g->acc) && it->type != g->acc.type &&
        (duration || it->type == XP_DURATION)) /* Saxon just adds */
        return xfail(c, "XPTY0004", "durations of two types in a sum");
    if (!(duration || xis_num(it)) || (g->n && xis_num(&g->acc) != xis_num(it)) ||
        (g->n && !xis_num(it) && g->acc.type != it->type))
        return xfail(c, "FORG0006", "%s in a sum", xtype_name(it->type));
    if (g->n++ == 0) {
        g->acc = *it;
        g->acc.node = 0;
        return 0;
    }
    if (xarith(c, AR_ADD, &g->acc, it, &sum) < 0)
        return -1;
    g->acc = sum;
    return 0;
}

static bool is_nan(const struct xp_item *it)
{
    return (it->type == XP_DOUBLE && isnan(it->d)) || (it->type == XP_FLOAT && isnan(it->f));
}

/* Numbers are compared in their common type, which the result has. */
static void widen(struct xp_item *x, const struct xp_item *like)
{
    if (!xis_num(x) || !xis_num(like))
        return;
    if (like->type == XP_DOUBLE && x->type != XP_DOUBLE)
        *x = xdouble(xnum_double(x));
    else if (like->type == XP_FLOAT && x->type < XP_DOUBLE)
        *x = (struct xp_item){.type = XP_FLOAT, .f = dec_to_float(x->dec)};
}

static int extreme_item(struct xp_ctx *c, struct agg_sink *g, const struct xp_item *it)
{
    struct xp_item x = *it;
    bool better;

    x.node = 0;
    if (x.type >= XP_GYEAR && x.type <= XP_DURATION)
        return xfail(c, "FORG0006", "%s has no order", xtype_name(x.type));
    if (x.type >= XP_QNAME)
        return xfail(c, "FORG0006", "%s has no order", xtype_name(x.type));
    if (g->n++ == 0) {
        g->acc = x;
        return 0;
    }
    widen(&x, &g->acc);
    widen(&g->acc, &x);
    if (is_nan(&g->acc))
        return 0;
    if (is_nan(&x)) {
        g->acc = x;
        return 0;
    }
    if (!(xis_num(&x) && xis_num(&g->acc)) && !(xis_stringy(&x) && xis_stringy(&g->acc)) &&
        x.type != g->acc.type)
        return xfail(c, "FORG0006", "values of different types have no extreme");
    if (xcompare(c, g->how == AGG_MIN ? CMP_LT : CMP_GT, &x, &g->acc, &better) < 0)
        return -1;
    if (better)
        g->acc = x;
    return 0;
}

static int agg_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *in)
{
    struct agg_sink *g = (struct agg_sink *)s;
    struct xp_item it, d;
    int r;

    xatomize(c, in, &it);
    if (it.type == XP_UNTYPED) {
        if ((r = xcast(c, &it, XP_DOUBLE, XD_NONE, &d)) != 0)
            return xcast_fail(c, r, &it, "xs:double");
        it = d;
    }
    return g->how <= AGG_AVG ? add_item(c, g, &it) : extreme_item(c, g, &it);
}

static int aggregate(struct xp_ctx *c, const struct xn *n, enum agg how, struct agg_sink *g)
{
    *g = (struct agg_sink){.s.put = agg_put, .how = how};
    return xev(c, n->k[0], &g->s) < 0 ? -1 : 0;
}

static int f_sum(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct agg_sink g;

    if (aggregate(c, n, AGG_SUM, &g) < 0)
        return -1;
    if (g.n == 0 && n->nk > 1)
        return xev_atom(c, n->k[1], out);
    *out = g.n ? g.acc : xint(0);
    return 1;
}

static int f_avg(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct agg_sink g;
    struct xp_item count;

    if (aggregate(c, n, AGG_AVG, &g) < 0)
        return -1;
    if (g.n == 0)
        return 0;
    count = xint(g.n);
    return xarith(c, AR_DIV, &g.acc, &count, out) < 0 ? -1 : 1;
}

static int extreme(struct xp_ctx *c, const struct xn *n, enum agg how, struct xp_item *out)
{
    struct agg_sink g;

    if (aggregate(c, n, how, &g) < 0 || xcollation(c, n, 1) < 0)
        return -1;
    *out = g.acc;
    return g.n > 0;
}

static int f_min(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return extreme(c, n, AGG_MIN, out);
}

static int f_max(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return extreme(c, n, AGG_MAX, out);
}

#define T_DUR (T(XP_YEARMONTHDURATION) | T(XP_DAYTIMEDURATION))

const struct xfn xfn_number[] = {
    {"number", 0, 1, CARD_1, T(XP_DOUBLE), 0, true, f_number, NULL, NULL},
    {"abs", 1, 1, CARD_OPT, T_NUM, 0, false, f_abs, NULL, NULL},
    {"floor", 1, 1, CARD_OPT, T_NUM, 0, false, f_floor, NULL, NULL},
    {"ceiling", 1, 1, CARD_OPT, T_NUM, 0, false, f_ceiling, NULL, NULL},
    {"round", 1, 2, CARD_OPT, T_NUM, 0, false, f_round, NULL, NULL},
    {"round-half-to-even", 1, 2, CARD_OPT, T_NUM, 0, false, f_round_even, NULL, NULL},
    {"sum", 1, 2, CARD_OPT, T_NUM | T_DUR, 0, false, f_sum, NULL, NULL},
    {"avg", 1, 1, CARD_OPT, T_NUM | T_DUR, 0, false, f_avg, NULL, NULL},
    {"min", 1, 2, CARD_OPT, T_ATOMIC, 0, false, f_min, NULL, NULL},
    {"max", 1, 2, CARD_OPT, T_ATOMIC, 0, false, f_max, NULL, NULL},
    {0},
};
