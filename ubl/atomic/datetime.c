/* datetime.h - dates and times. The three durations are in duration.c.
 *
 * Arithmetic goes over a count of seconds since 1970-01-01T00:00:00 in the value's own timezone
 * (local) or in UTC. Year 2147483647 gives 6.8e16 seconds, so int64_t holds every sum here once a
 * duration is checked to fit. */
#include "ubl/atomic/datetime.h"

#include <stdio.h>

#define DAY 86400
#define ATTO 1000000000000000000u /* 10^18 */
#define NANO_ATTO 1000000000u     /* 10^-9 s in 10^-18 s */
#define TZ_MAX (14 * 60)

/* What a kind has. */
enum { YEAR = 1, MONTH = 2, MDAY = 4, TIME = 8 };

static unsigned parts(unsigned kind)
{
    static const unsigned char has[] = {
        [DT_DATETIME] = YEAR | MONTH | MDAY | TIME,
        [DT_DATE] = YEAR | MONTH | MDAY,
        [DT_TIME] = TIME,
        [DT_GYEAR] = YEAR,
        [DT_GYEARMONTH] = YEAR | MONTH,
        [DT_GMONTH] = MONTH,
        [DT_GMONTHDAY] = MONTH | MDAY,
        [DT_GDAY] = MDAY,
    };

    return kind < sizeof(has) ? has[kind] : 0;
}

static struct dt blank(enum dt_kind kind)
{
    return (struct dt){.year = 1972, .month = 1, .day = 1, .tz = DT_NO_TZ, .kind = (uint8_t)kind};
}

/* ---- calendar */

static int64_t floor_div(int64_t x, int64_t y)
{
    return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its
 * year. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* False when the year does not fit. */
static bool civil_from_days(int64_t days, struct dt *out)
{
    int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    int64_t year = y + era * 400 + (m >= 10);

    if (year > INT32_MAX || year < -INT32_MAX)
        return false;
    out->year = (int32_t)year;
    out->month = (uint8_t)(m < 10 ? m + 3 : m - 9);
    out->day = (uint8_t)(of_year - (153 * m + 2) / 5 + 1);
    return true;
}

static int64_t local_seconds(const struct dt *v)
{
    return days_from_civil(v->year, v->month, v->day) * DAY + v->hour * 3600 + v->min * 60 + v->sec;
}

static int64_t utc_seconds(const struct dt *v, int implicit_tz)
{
    return local_seconds(v) - 60 * (v->tz == DT_NO_TZ ? implicit_tz : v->tz);
}

/* The value's date and time from a local count of seconds; what the kind has not is left as blank()
 * makes it. */
static enum xerr set_local(int64_t seconds, struct dt *out)
{
    int64_t days = floor_div(seconds, DAY), rest = seconds - days * DAY;
    unsigned has = parts(out->kind);

    if (has & YEAR && !civil_from_days(days, out))
        return XERR_FODT0001;
    if (has & TIME) {
        out->hour = (uint8_t)(rest / 3600);
        out->min = (uint8_t)(rest / 60 % 60);
        out->sec = (uint8_t)(rest % 60);
    }
    return XERR_NONE;
}

/* ---- text to value */

struct cursor {
    const char *p, *end;
};

static bool is_digit(const struct cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static bool take(struct cursor *c, char wanted)
{
    if (c->p == c->end || *c->p != wanted)
        return false;
    c->p++;
    return true;
}

/* Exactly two digits, from..to. */
static bool two(struct cursor *c, int from, int to, uint8_t *out)
{
    int n;

    if (c->end - c->p < 2 || !is_digit(c))
        return false;
    n = (*c->p++ - '0') * 10;
    if (!is_digit(c))
        return false;
    n += *c->p++ - '0';
    *out = (uint8_t)n;
    return n >= from && n <= to;
}

/*= XSD-2 3.2.7.1 "at least four digits ... if more than four digits, leading zeros are prohibited"
 */
static enum xerr take_year(struct cursor *c, int32_t *out)
{
    bool neg = take(c, '-'), huge = false;
    const char *first = c->p;
    int64_t year = 0;

    for (; is_digit(c); c->p++) {
        year = year * 10 + (*c->p - '0');
        if (year > INT32_MAX) {
            huge = true;
            year = 0;
        }
    }
    if (c->p - first < 4 || (c->p - first > 4 && *first == '0'))
        return XERR_FORG0001;
    *out = (int32_t)(neg ? -year : year);
    return huge ? XERR_FODT0001 : XERR_NONE;
}

static bool take_fraction(struct cursor *c, uint64_t *atto)
{
    uint64_t unit = ATTO / 10;

    if (!take(c, '.'))
        return true;
    if (!is_digit(c))
        return false;
    for (; is_digit(c); c->p++, unit /= 10)
        *atto += unit * (uint64_t)(*c->p - '0');
    return true;
}

/* hh:mm:ss.fff; *midnight is set for 24:00:00. */
static bool take_time(struct cursor *c, struct dt *v, bool *midnight)
{
    if (!two(c, 0, 24, &v->hour) || !take(c, ':') || !two(c, 0, 59, &v->min) || !take(c, ':') ||
        !two(c, 0, 59, &v->sec) || !take_fraction(c, &v->atto))
        return false;
    *midnight = v->hour == 24;
    if (!*midnight)
        return true;
    v->hour = 0;
    return v->min == 0 && v->sec == 0 && v->atto == 0;
}

/* "", "Z", "+hh:mm". Saxon takes minutes beyond ±14:00, except in xs:dateTime. */
static bool take_timezone(struct cursor *c, struct dt *v)
{
    uint8_t hour, min;
    bool neg;

    if (c->p == c->end)
        return true;
    if (take(c, 'Z')) {
        v->tz = 0;
        return true;
    }
    neg = *c->p == '-';
    if (!take(c, '-') && !take(c, '+'))
        return false;
    if (!two(c, 0, 14, &hour) || !take(c, ':') || !two(c, 0, 59, &min))
        return false;
    v->tz = (int16_t)(neg ? -(hour * 60 + min) : hour * 60 + min);
    return true;
}

/* The date part in the way each kind writes it: 2020-01-02, 2020-01, 2020, --01-02, --01, ---02. */
static enum xerr take_date(struct cursor *c, unsigned has, struct dt *v)
{
    enum xerr r = XERR_NONE;

    if (has & YEAR)
        r = take_year(c, &v->year);
    else if (!take(c, '-') || !take(c, '-'))
        return XERR_FORG0001;
    if (r)
        return r;
    if (has & MONTH && ((has & YEAR && !take(c, '-')) || !two(c, 1, 12, &v->month)))
        return XERR_FORG0001;
    if (has & MDAY && (!take(c, '-') || !two(c, 1, 31, &v->day)))
        return XERR_FORG0001;
    /* Year 1972 was a leap year and January has 31 days: the longest when a part is unknown. */
    return v->day <= month_days(v->year, v->month) ? XERR_NONE : XERR_FORG0001;
}

enum xerr dt_parse(enum dt_kind kind, struct str s, struct dt *out)
{
    struct str t = str_trim(s);
    struct cursor c = {t.p, t.p + t.n};
    unsigned has = parts(kind);
    bool midnight = false;
    enum xerr r = XERR_NONE;

    *out = blank(kind);
    if (has != TIME)
        r = take_date(&c, has, out);
    if (r)
        return r;
    if (kind == DT_DATETIME && !take(&c, 'T'))
        return XERR_FORG0001;
    if (has & TIME && !take_time(&c, out, &midnight))
        return XERR_FORG0001;
    if (!take_timezone(&c, out) || c.p != c.end)
        return XERR_FORG0001;
    if (kind != DT_DATETIME)
        return XERR_NONE;
    if (out->tz != DT_NO_TZ && (out->tz > TZ_MAX || out->tz < -TZ_MAX))
        return XERR_FORG0001;
    return midnight ? set_local(local_seconds(out) + DAY, out) : XERR_NONE;
}

/* ---- value to text */

static size_t print_date(const struct dt *v, unsigned has, char *out)
{
    size_t n = 0;

    if (has & YEAR)
        n += (size_t)snprintf(out, 16, "%s%04lld", v->year < 0 ? "-" : "",
            v->year < 0 ? -(long long)v->year : (long long)v->year);
    else
        n += (size_t)snprintf(out, 4, "--");
    if (has & MONTH)
        n += (size_t)snprintf(out + n, 8, has & YEAR ? "-%02u" : "%02u", v->month);
    if (has & MDAY)
        n += (size_t)snprintf(out + n, 8, "-%02u", v->day);
    return n;
}

static size_t print_time(const struct dt *v, char *out)
{
    size_t n = (size_t)snprintf(out, 16, "%02u:%02u:%02u", v->hour, v->min, v->sec);

    if (v->atto < NANO_ATTO)
        return n;
    n += (size_t)snprintf(out + n, 16, ".%09u", (unsigned)(v->atto / NANO_ATTO));
    while (out[n - 1] == '0')
        n--;
    return n;
}

size_t dt_print(const struct dt *v, char out[DT_TEXT_MAX])
{
    unsigned has = parts(v->kind);
    size_t n = 0;

    if (has != TIME)
        n = print_date(v, has, out);
    if (v->kind == DT_DATETIME)
        out[n++] = 'T';
    if (has & TIME)
        n += print_time(v, out + n);
    if (v->tz == 0)
        out[n++] = 'Z';
    else if (v->tz != DT_NO_TZ)
        n += (size_t)snprintf(out + n, 16, "%c%02d:%02d", v->tz < 0 ? '-' : '+',
            (v->tz < 0 ? -v->tz : v->tz) / 60, (v->tz < 0 ? -v->tz : v->tz) % 60);
    out[n] = 0;
    return n;
}

/* ---- comparison */

int dt_cmp(const struct dt *x, const struct dt *y, int implicit_tz)
{
    int64_t sx = utc_seconds(x, implicit_tz), sy = utc_seconds(y, implicit_tz);

    if (sx != sy)
        return sx < sy ? -1 : 1;
    return (x->atto > y->atto) - (x->atto < y->atto);
}

uint64_t dt_hash(const struct dt *v, int implicit_tz)
{
    uint64_t h = (uint64_t)utc_seconds(v, implicit_tz) * 0x9e3779b97f4a7c15u ^ v->atto;

    h *= 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

/* ---- casts */

bool dt_castable_kind(enum dt_kind from, enum dt_kind to)
{
    if (from == to || from == DT_DATETIME)
        return true;
    return from == DT_DATE && to != DT_TIME;
}

enum xerr dt_cast(const struct dt *v, enum dt_kind to, struct dt *out)
{
    struct dt r = blank(to);
    unsigned has = parts(to) & parts(v->kind);

    if (!dt_castable_kind(v->kind, to))
        return XERR_FORG0001;
    r.tz = v->tz;
    r.year = has & YEAR ? v->year : r.year;
    r.month = has & MONTH ? v->month : r.month;
    r.day = has & MDAY ? v->day : r.day;
    if (has & TIME) {
        r.hour = v->hour;
        r.min = v->min;
        r.sec = v->sec;
        r.atto = v->atto;
    }
    *out = r;
    return XERR_NONE;
}

enum xerr dt_combine(const struct dt *date, const struct dt *time, struct dt *out)
{
    struct dt r = *time;

    r.kind = DT_DATETIME;
    r.tz = date->tz == DT_NO_TZ ? time->tz : date->tz;
    if (time->tz != DT_NO_TZ && time->tz != r.tz)
        return XERR_FORG0008;
    r.year = date->year;
    r.month = date->month;
    r.day = date->day;
    *out = r;
    return XERR_NONE;
}

enum xerr dt_from_unix(int64_t sec, long nano, int tz, struct dt *out)
{
    int64_t local;

    if (tz < -TZ_MAX || tz > TZ_MAX)
        return XERR_FODT0003;
    if (nano < 0 || nano > 999999999 || __builtin_add_overflow(sec, (int64_t)tz * 60, &local))
        return XERR_FODT0001;
    *out = blank(DT_DATETIME);
    out->tz = (int16_t)tz;
    out->atto = (uint64_t)nano * NANO_ATTO;
    return set_local(local, out);
}

int64_t dt_to_unix(const struct dt *v, int implicit_tz)
{
    return utc_seconds(v, implicit_tz);
}

/* ---- arithmetic */

/* Seconds as a whole number, rounded down, and the fraction over it. False when they are too many.
 */
static bool split(struct dec sec, int64_t *whole, uint64_t *atto)
{
    struct dec down, rest, scaled;
    int64_t fraction;

    if (dec_floor(NULL, sec, &down) || dec_sub(NULL, sec, down, &rest))
        return false;
    if (dec_round(NULL, rest, 18, DEC_DOWN, &rest) ||
        dec_mul(NULL, rest, dec_from_i64(ATTO), &scaled))
        return false;
    if (!dec_to_i64(down, whole) || !dec_to_i64(scaled, &fraction))
        return false;
    *atto = (uint64_t)fraction;
    return true;
}

/* Saxon adds in nanoseconds: what is below them is lost, downwards. */
enum xerr dt_add_daytime(const struct dt *v, struct dur d, struct dt *out)
{
    int64_t whole, local;
    uint64_t atto;

    if (!split(d.sec, &whole, &atto))
        return XERR_FODT0001;
    atto += v->atto;
    whole += (int64_t)(atto / ATTO);
    if (__builtin_add_overflow(local_seconds(v), whole, &local))
        return XERR_FODT0001;
    *out = *v;
    if (parts(v->kind) & TIME)
        out->atto = atto % ATTO / NANO_ATTO * NANO_ATTO;
    return set_local(local, out);
}

/*= XSD-2 E.2 "the day is pinned to the last day of the month" */
enum xerr dt_add_yearmonth(const struct dt *v, struct dur d, struct dt *out)
{
    int64_t months = (int64_t)v->year * 12 + v->month - 1 + d.months, year = floor_div(months, 12);
    uint8_t last;

    if (year > INT32_MAX || year < -INT32_MAX)
        return XERR_FODT0001;
    *out = *v;
    out->year = (int32_t)year;
    out->month = (uint8_t)(months - year * 12 + 1);
    last = (uint8_t)month_days(year, out->month);
    out->day = out->day > last ? last : out->day;
    return XERR_NONE;
}

enum xerr dt_sub(const struct dt *x, const struct dt *y, int implicit_tz, struct dur *out)
{
    struct dec whole = dec_from_i64(utc_seconds(x, implicit_tz) - utc_seconds(y, implicit_tz));
    struct dec fraction = dec_make((int64_t)x->atto - (int64_t)y->atto, 18);

    out->months = 0;
    return dec_add(NULL, whole, fraction, &out->sec) ? XERR_FODT0002 : XERR_NONE;
}

enum xerr dt_adjust(const struct dt *v, const struct dur *tz, struct dt *out)
{
    int64_t sec, utc = utc_seconds(v, 0);
    bool shift = v->tz != DT_NO_TZ;

    *out = *v;
    out->tz = DT_NO_TZ;
    if (!tz)
        return XERR_NONE;
    if (tz->months != 0 || !dec_to_i64(tz->sec, &sec) || sec % 60 != 0 || sec > TZ_MAX * 60 ||
        sec < -TZ_MAX * 60)
        return XERR_FODT0003;
    out->tz = (int16_t)(sec / 60);
    return shift ? set_local(utc + sec, out) : XERR_NONE;
}

struct dur dt_timezone(const struct dt *v)
{
    return (struct dur){dec_from_i64(v->tz == DT_NO_TZ ? 0 : v->tz * 60), 0};
}

struct dec dt_seconds(const struct dt *v)
{
    struct dec sum;

    if (dec_add(NULL, dec_from_i64(v->sec), dec_make((int64_t)v->atto, 18), &sum))
        return dec_from_i64(v->sec); /* never: 20 digits at most */
    return sum;
}
