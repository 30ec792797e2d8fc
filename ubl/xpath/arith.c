/* arith.c - + - * div idiv mod on numbers, dates and durations. XPath 2.0 §3.4, F&O 6.2, 10.6-10.8.
 * Untyped operands become xs:double; decimals divide as Saxon does (ubl/atomic/decimal.h). */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>

static int bad(struct xp_ctx *c, enum xarith op, const struct xp_item *x, const struct xp_item *y)
{
    static const char *const names[] = {"+", "-", "*", "div", "idiv", "mod"};

    return xfail(c, "XPTY0004", "%s %s %s is not defined", xtype_name(x->type), names[op],
        xtype_name(y->type));
}

static int decimals(struct xp_ctx *c, enum xarith op, const struct xp_item *x,
    const struct xp_item *y, struct xp_item *out)
{
    bool ints = x->type == XP_INTEGER && y->type == XP_INTEGER;
    enum xerr r = XERR_NONE;
    struct dec d;

    switch (op) {
    case AR_ADD:
        r = dec_add(c->a, x->dec, y->dec, &d);
        break;
    case AR_SUB:
        r = dec_sub(c->a, x->dec, y->dec, &d);
        break;
    case AR_MUL:
        r = dec_mul(c->a, x->dec, y->dec, &d);
        break;
    case AR_DIV:
        r = dec_div(c->a, x->dec, y->dec, &d);
        ints = false;
        break;
    case AR_IDIV:
        r = dec_idiv(c->a, x->dec, y->dec, &d);
        ints = true;
        break;
    case AR_MOD:
        r = dec_mod(c->a, x->dec, y->dec, &d);
        break;
    }
    if (r)
        return xfail_x(c, r, "arithmetic");
    *out = (struct xp_item){.type = ints ? XP_INTEGER : XP_DECIMAL, .dec = d};
    return 0;
}

static int doubles(struct xp_ctx *c, enum xarith op, double x, double y, struct xp_item *out)
{
    struct dec d;
    enum xerr r;

    switch (op) {
    case AR_ADD:
        *out = xdouble(x + y);
        return 0;
    case AR_SUB:
        *out = xdouble(x - y);
        return 0;
    case AR_MUL:
        *out = xdouble(x * y);
        return 0;
    case AR_DIV:
        *out = xdouble(x / y);
        return 0;
    case AR_MOD:
        *out = xdouble(dbl_mod(x, y));
        return 0;
    case AR_IDIV:
        if ((r = dbl_idiv(c->a, x, y, &d)) != XERR_NONE)
            return xfail_x(c, r, "idiv");
        *out = (struct xp_item){.type = XP_INTEGER, .dec = d};
        return 0;
    }
    return 0;
}

static int numbers(struct xp_ctx *c, enum xarith op, const struct xp_item *x,
    const struct xp_item *y, struct xp_item *out)
{
    float fx, fy;

    if (x->type <= XP_DECIMAL && y->type <= XP_DECIMAL)
        return decimals(c, op, x, y, out);
    if (x->type == XP_DOUBLE || y->type == XP_DOUBLE)
        return doubles(c, op, xnum_double(x), xnum_double(y), out);
    fx = x->type == XP_FLOAT ? x->f : dec_to_float(x->dec);
    fy = y->type == XP_FLOAT ? y->f : dec_to_float(y->dec);
    if (op == AR_IDIV)
        return doubles(c, op, (double)fx, (double)fy, out);
    *out = (struct xp_item){.type = XP_FLOAT,
        .f = op == AR_ADD   ? fx + fy
             : op == AR_SUB ? fx - fy
             : op == AR_MUL ? fx * fy
             : op == AR_DIV ? fx / fy
                            : fmodf(fx, fy)};
    return 0;
}

/* ---- dates and durations ---- */
static bool is_dt(const struct xp_item *it)
{
    return it->type == XP_DATE || it->type == XP_TIME || it->type == XP_DATETIME;
}

static bool is_dur(const struct xp_item *it)
{
    return it->type == XP_YEARMONTHDURATION || it->type == XP_DAYTIMEDURATION;
}

static enum dur_kind dur_kind(const struct xp_item *it)
{
    return it->type == XP_DAYTIMEDURATION ? DUR_DAYTIME : DUR_YEARMONTH;
}

static int date_plus(
    struct xp_ctx *c, const struct xp_item *x, struct dur d, enum xp_type kind, struct xp_item *out)
{
    struct xp_item r = {.type = x->type};
    enum xerr e = kind == XP_DAYTIMEDURATION ? dt_add_daytime(&x->dt, d, &r.dt)
                                             : dt_add_yearmonth(&x->dt, d, &r.dt);

    if (e)
        return xfail_x(c, e, "date arithmetic");
    *out = r;
    return 0;
}

static int date_arith(struct xp_ctx *c, enum xarith op, const struct xp_item *x,
    const struct xp_item *y, struct xp_item *out)
{
    struct xp_item r = {.type = XP_DAYTIMEDURATION};
    struct dur d;
    enum xerr e;

    if (op == AR_SUB && x->type == y->type) {
        if ((e = dt_sub(&x->dt, &y->dt, c->now.tz, &r.dur)) != XERR_NONE)
            return xfail_x(c, e, "date arithmetic");
        *out = r;
        return 0;
    }
    if (op == AR_ADD && is_dur(x))
        return date_arith(c, op, y, x, out);
    if ((op != AR_ADD && op != AR_SUB) || !is_dur(y) ||
        (x->type == XP_TIME && y->type == XP_YEARMONTHDURATION))
        return bad(c, op, x, y);
    d = y->dur;
    if (op == AR_SUB && (e = dur_neg(y->dur, &d)) != XERR_NONE)
        return xfail_x(c, e, "date arithmetic");
    return date_plus(c, x, d, y->type, out);
}

static enum xerr scale_dur(
    enum xarith op, const struct xp_item *x, const struct xp_item *by, struct dur *out)
{
    bool mul = op == AR_MUL;

    if (by->type == XP_INTEGER || by->type == XP_DECIMAL)
        return (mul ? dur_mul_dec : dur_div_dec)(dur_kind(x), x->dur, by->dec, out);
    return (mul ? dur_mul : dur_div)(dur_kind(x), x->dur, xnum_double(by), out);
}

static int dur_scaled(struct xp_ctx *c, enum xarith op, const struct xp_item *x,
    const struct xp_item *by, struct xp_item *out)
{
    struct xp_item r = {.type = x->type};
    enum xerr e = scale_dur(op, x, by, &r.dur);

    if (e)
        return xfail_x(c, e, "duration arithmetic");
    *out = r;
    return 0;
}

static int dur_arith(struct xp_ctx *c, enum xarith op, const struct xp_item *x,
    const struct xp_item *y, struct xp_item *out)
{
    struct xp_item r = {.type = x->type};
    enum xerr e;

    if (op == AR_MUL && xis_num(x))
        return dur_scaled(c, op, y, x, out);
    if ((op == AR_MUL || op == AR_DIV) && is_dur(x) && xis_num(y))
        return dur_scaled(c, op, x, y, out);
    if (x->type != y->type)
        return bad(c, op, x, y);
    if (op == AR_DIV) {
        r.type = XP_DECIMAL;
        e = dur_div_dur(c->a, dur_kind(x), x->dur, y->dur, &r.dec);
    } else if (op == AR_ADD || op == AR_SUB) {
        e = op == AR_ADD ? dur_add(x->dur, y->dur, &r.dur) : dur_sub(x->dur, y->dur, &r.dur);
    } else {
        return bad(c, op, x, y);
    }
    if (e)
        return xfail_x(c, e, "duration arithmetic");
    *out = r;
    return 0;
}

int xarith(struct xp_ctx *c, enum xarith op, const struct xp_item *x, const struct xp_item *y,
    struct xp_item *out)
{
    if (xis_num(x) && xis_num(y))
        return numbers(c, op, x, y, out);
    if (is_dt(x) || is_dt(y))
        return (is_dt(x) || is_dur(x)) && (is_dt(y) || is_dur(y)) ? date_arith(c, op, x, y, out)
                                                                  : bad(c, op, x, y);
    if (is_dur(x) || is_dur(y))
        return dur_arith(c, op, x, y, out);
    return bad(c, op, x, y);
}

static int operand(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = xev_atom(c, n, &it);

    if (r <= 0)
        return r;
    if (it.type != XP_UNTYPED) {
        *out = it;
        return 1;
    }
    r = xcast(c, &it, XP_DOUBLE, XD_NONE, out);
    return r ? xcast_fail(c, r, &it, "xs:double") : 1;
}

int xev_arith(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item x, y;
    int r;

    if ((r = operand(c, n->k[0], &x)) <= 0 || (r = operand(c, n->k[1], &y)) <= 0)
        return r;
    return xarith(c, (enum xarith)n->sub, &x, &y, out) < 0 ? -1 : 1;
}
