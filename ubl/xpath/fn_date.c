/* fn_date.c - dates, times, durations: components, timezones, the clock. F&O 10, 16.3-16.5. */
#include "ubl/xpath/xpath_priv.h"

/* Optional argument converted to a type (a string literal is not, as nowhere in XPath). */
int xev_typed(struct xp_ctx *c, const struct xn *n, enum xp_type t, struct xp_item *out)
{
    struct stype want = {.atomic = 1, .prim = (uint8_t)t, .occ = CARD_OPT};

    return xev_converted(c, n, xconvert_item, &want, out);
}

/* The name tells component and type: "year-from-date". */
static const struct part {
    const char *name;
    enum xp_type of;
    char what;
} parts[] = {{"year-from-dateTime", XP_DATETIME, 'Y'}, {"month-from-dateTime", XP_DATETIME, 'M'},
    {"day-from-dateTime", XP_DATETIME, 'D'}, {"hours-from-dateTime", XP_DATETIME, 'h'},
    {"minutes-from-dateTime", XP_DATETIME, 'm'}, {"seconds-from-dateTime", XP_DATETIME, 's'},
    {"timezone-from-dateTime", XP_DATETIME, 'z'}, {"year-from-date", XP_DATE, 'Y'},
    {"month-from-date", XP_DATE, 'M'}, {"day-from-date", XP_DATE, 'D'},
    {"timezone-from-date", XP_DATE, 'z'}, {"hours-from-time", XP_TIME, 'h'},
    {"minutes-from-time", XP_TIME, 'm'}, {"seconds-from-time", XP_TIME, 's'},
    {"timezone-from-time", XP_TIME, 'z'}, {"years-from-duration", XP_DURATION, 'Y'},
    {"months-from-duration", XP_DURATION, 'M'}, {"days-from-duration", XP_DURATION, 'D'},
    {"hours-from-duration", XP_DURATION, 'h'}, {"minutes-from-duration", XP_DURATION, 'm'},
    {"seconds-from-duration", XP_DURATION, 's'}};

static int of_duration(struct dur d, char what, struct xp_item *out)
{
    if (what == 's') {
        *out = (struct xp_item){.type = XP_DECIMAL, .dec = dur_seconds(d)};
        return 1;
    }
    if (what == 'D') {
        *out = (struct xp_item){.type = XP_INTEGER, .dec = dur_days(d)};
        return 1;
    }
    *out = xint(what == 'Y'   ? dur_years(d)
                : what == 'M' ? dur_months(d)
                : what == 'h' ? dur_hours(d)
                              : dur_minutes(d));
    return 1;
}

static int of_date(const struct dt *v, char what, struct xp_item *out)
{
    if (what == 's') {
        *out = (struct xp_item){.type = XP_DECIMAL, .dec = dt_seconds(v)};
        return 1;
    }
    if (what == 'z') {
        if (v->tz == DT_NO_TZ)
            return 0;
        *out = (struct xp_item){.type = XP_DAYTIMEDURATION, .dur = dt_timezone(v)};
        return 1;
    }
    *out = xint(what == 'Y'   ? (int64_t)v->year
                : what == 'M' ? (int64_t)v->month
                : what == 'D' ? (int64_t)v->day
                : what == 'h' ? (int64_t)v->hour
                              : (int64_t)v->min);
    return 1;
}

static int f_component(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    const struct part *p = parts;
    struct xp_item it;
    int r;

    while (strcmp(p->name, n->fn->name) != 0)
        p++;
    if ((r = xev_typed(c, n->k[0], p->of, &it)) <= 0)
        return r;
    return p->of == XP_DURATION ? of_duration(it.dur, p->what, out) : of_date(&it.dt, p->what, out);
}

static struct xp_item local_zone(const struct xp_ctx *c)
{
    struct xp_item it = xint(0);

    it.type = XP_DAYTIMEDURATION;
    it.dur = (struct dur){.sec = dec_from_i64((int64_t)c->now.tz * 60)};
    return it;
}

static int adjust(struct xp_ctx *c, const struct xn *n, enum xp_type t, struct xp_item *out)
{
    struct xp_item it, zone = local_zone(c);
    bool none = false;
    enum xerr e;
    int r, any = xev_typed(c, n->k[0], t, &it);

    if (any >= 0 && n->nk > 1) {
        if ((r = xev_typed(c, n->k[1], XP_DAYTIMEDURATION, &zone)) < 0)
            return -1;
        none = r == 0;
    }
    if (any <= 0)
        return any;
    *out = it;
    if ((e = dt_adjust(&it.dt, none ? NULL : &zone.dur, &out->dt)) != XERR_NONE)
        return xfail_x(c, e, n->fn->name);
    return 1;
}

static int f_adjust_datetime(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return adjust(c, n, XP_DATETIME, out);
}

static int f_adjust_date(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return adjust(c, n, XP_DATE, out);
}

static int f_adjust_time(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return adjust(c, n, XP_TIME, out);
}

static int f_datetime(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item d, t;
    enum xerr e;
    int r, any = xev_typed(c, n->k[0], XP_DATE, &d);

    if (any < 0 || (r = xev_typed(c, n->k[1], XP_TIME, &t)) < 0)
        return -1;
    if (!any || !r)
        return 0;
    *out = (struct xp_item){.type = XP_DATETIME};
    if ((e = dt_combine(&d.dt, &t.dt, &out->dt)) != XERR_NONE)
        return xfail_x(c, e, "dateTime");
    return 1;
}

static int now_as(struct xp_ctx *c, enum xp_type t, enum dt_kind k, struct xp_item *out)
{
    struct dt v;
    enum xerr e = dt_from_unix(c->now.sec, c->now.nano, c->now.tz, &v);

    *out = (struct xp_item){.type = t};
    if (!e)
        e = dt_cast(&v, k, &out->dt);
    return e ? xfail_x(c, e, "the clock") : 1;
}

static int f_current_datetime(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    return now_as(c, XP_DATETIME, DT_DATETIME, out);
}

static int f_current_date(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    return now_as(c, XP_DATE, DT_DATE, out);
}

static int f_current_time(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    return now_as(c, XP_TIME, DT_TIME, out);
}

static int f_implicit_timezone(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    *out = local_zone(c);
    return 1;
}

#define PART(name, types)                                                                          \
    {                                                                                              \
        name, 1, 1, CARD_OPT, types, 0, false, f_component, NULL, NULL                             \
    }

const struct xfn xfn_date[] = {
    PART("year-from-dateTime", T_INT),
    PART("month-from-dateTime", T_INT),
    PART("day-from-dateTime", T_INT),
    PART("hours-from-dateTime", T_INT),
    PART("minutes-from-dateTime", T_INT),
    PART("seconds-from-dateTime", T(XP_DECIMAL)),
    PART("timezone-from-dateTime", T(XP_DAYTIMEDURATION)),
    PART("year-from-date", T_INT),
    PART("month-from-date", T_INT),
    PART("day-from-date", T_INT),
    PART("timezone-from-date", T(XP_DAYTIMEDURATION)),
    PART("hours-from-time", T_INT),
    PART("minutes-from-time", T_INT),
    PART("seconds-from-time", T(XP_DECIMAL)),
    PART("timezone-from-time", T(XP_DAYTIMEDURATION)),
    PART("years-from-duration", T_INT),
    PART("months-from-duration", T_INT),
    PART("days-from-duration", T_INT),
    PART("hours-from-duration", T_INT),
    PART("minutes-from-duration", T_INT),
    PART("seconds-from-duration", T(XP_DECIMAL)),
    {"adjust-dateTime-to-timezone", 1, 2, CARD_OPT, T(XP_DATETIME), DEP_DOC, false,
        f_adjust_datetime, NULL, NULL},
    {"adjust-date-to-timezone", 1, 2, CARD_OPT, T(XP_DATE), DEP_DOC, false, f_adjust_date, NULL,
        NULL},
    {"adjust-time-to-timezone", 1, 2, CARD_OPT, T(XP_TIME), DEP_DOC, false, f_adjust_time, NULL,
        NULL},
    {"dateTime", 2, 2, CARD_OPT, T(XP_DATETIME), 0, false, f_datetime, NULL, NULL},
    {"current-dateTime", 0, 0, CARD_1, T(XP_DATETIME), DEP_DOC, false, f_current_datetime, NULL,
        NULL},
    {"current-date", 0, 0, CARD_1, T(XP_DATE), DEP_DOC, false, f_current_date, NULL, NULL},
    {"current-time", 0, 0, CARD_1, T(XP_TIME), DEP_DOC, false, f_current_time, NULL, NULL},
    {"implicit-timezone", 0, 0, CARD_1, T(XP_DAYTIMEDURATION), DEP_DOC, false, f_implicit_timezone,
        NULL, NULL},
    {"format-date", 2, 2, CARD_OPT, T_STR, 0, false, xfn_format_date, NULL, NULL},
    {"format-date", 5, 5, CARD_OPT, T_STR, 0, false, xfn_format_date, NULL, NULL},
    {"format-dateTime", 2, 2, CARD_OPT, T_STR, 0, false, xfn_format_datetime, NULL, NULL},
    {"format-dateTime", 5, 5, CARD_OPT, T_STR, 0, false, xfn_format_datetime, NULL, NULL},
    {"format-time", 2, 2, CARD_OPT, T_STR, 0, false, xfn_format_time, NULL, NULL},
    {"format-time", 5, 5, CARD_OPT, T_STR, 0, false, xfn_format_time, NULL, NULL},
    {0},
};
