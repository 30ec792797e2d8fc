/* datetime.h - the three durations: months, and seconds as a decimal of up to 38 digits.
 *
 * Products and quotients may pass through more digits; they are made in an arena of their own and
 * rounded back. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ubl/atomic/datetime.h"
#include "ubl/atomic/dbl.h"
#include "ubl/atomic/dbl_priv.h"

#define DAY 86400

static const struct dec unit[] = {{86400, 0, 0, 0, DEC_FROM_INTEGER},
    {3600, 0, 0, 0, DEC_FROM_INTEGER}, {60, 0, 0, 0, DEC_FROM_INTEGER}};

/* ---- text to value */

struct field {
    char letter;
    bool time; /* stands after T */
};
static const struct field fields[] = {{'Y', 0}, {'M', 0}, {'D', 0}, {'H', 1}, {'M', 1}, {'S', 1}};
enum { F_YEAR, F_MONTH, F_DAY, F_HOUR, F_MINUTE, F_SECOND, F_COUNT };

/* The digits before each letter, in the order of fields; empty where there is none. */
static bool split(struct str s, bool *neg, struct str part[F_COUNT])
{
    const char *p = s.p, *end = s.p + s.n;
    bool time = false, any = false;
    int next = 0;

    *neg = p < end && *p == '-';
    p += *neg;
    if (p == end || *p++ != 'P')
        return false;
    while (p < end) {
        const char *first = p;
        bool point = false;

        if (*p == 'T' && !time) {
            time = true;
            any = false; /* something must follow */
            p++;
            continue;
        }
        for (; p < end && ((*p >= '0' && *p <= '9') || (*p == '.' && !point && p > first)); p++)
            point = point || *p == '.';
        if (p == first || p == end || p[-1] == '.')
            return false;
        while (next < F_COUNT && (fields[next].letter != *p || fields[next].time != time))
            next++;
        if (next == F_COUNT || (point && next != F_SECOND))
            return false;
        part[next++] = (struct str){first, (size_t)(p++ - first)};
        any = true;
    }
    return any;
}

static enum xerr months_of(const struct str part[F_COUNT], bool neg, int32_t *out)
{
    struct dec years = DEC_ZERO, months = DEC_ZERO;
    int64_t total;

    if (part[F_YEAR].n && dec_parse_int(NULL, part[F_YEAR], &years))
        return XERR_FODT0002;
    if (part[F_MONTH].n && dec_parse_int(NULL, part[F_MONTH], &months))
        return XERR_FODT0002;
    if (dec_mul(NULL, years, dec_from_i64(12), &years) || dec_add(NULL, years, months, &months))
        return XERR_FODT0002;
    if (!dec_to_i64(months, &total) || total > INT32_MAX)
        return XERR_FODT0002;
    *out = (int32_t)(neg ? -total : total);
    return XERR_NONE;
}

static enum xerr seconds_of(const struct str part[F_COUNT], bool neg, struct dec *out)
{
    struct dec sum = DEC_ZERO, x;

    for (int i = F_DAY; i <= F_SECOND; i++) {
        if (!part[i].n)
            continue;
        if (dec_parse(NULL, part[i], &x))
            return XERR_FODT0002;
        if (i != F_SECOND && dec_mul(NULL, x, unit[i - F_DAY], &x))
            return XERR_FODT0002;
        if (dec_add(NULL, sum, x, &sum))
            return XERR_FODT0002;
    }
    *out = sum;
    return neg && dec_neg(NULL, sum, out) ? XERR_FODT0002 : XERR_NONE;
}

enum xerr dur_parse(enum dur_kind kind, struct str s, struct dur *out)
{
    struct str part[F_COUNT] = {{0}};
    bool neg;
    enum xerr r;

    if (!split(str_trim(s), &neg, part))
        return XERR_FORG0001;
    if (kind == DUR_YEARMONTH &&
        (part[F_DAY].n || part[F_HOUR].n || part[F_MINUTE].n || part[F_SECOND].n))
        return XERR_FORG0001;
    if (kind == DUR_DAYTIME && (part[F_YEAR].n || part[F_MONTH].n))
        return XERR_FORG0001;
    r = months_of(part, neg, &out->months);
    return r ? r : seconds_of(part, neg, &out->sec);
}

/* ---- parts */

/* sec / unit, toward zero, and what remains. sec is small, so both are. */
static struct dec divide(struct dec sec, struct dec by, struct dec *rest)
{
    struct dec q = DEC_ZERO;

    if (dec_idiv(NULL, sec, by, &q) || dec_mod(NULL, sec, by, rest)) {
        *rest = DEC_ZERO; /* never: the operands have at most 38 digits, and 38 decimal places */
        q = DEC_ZERO;
    }
    return q;
}

static int64_t as_int(struct dec d)
{
    int64_t v = 0;

    return dec_to_i64(d, &v) ? v : 0;
}

int64_t dur_years(struct dur d)
{
    return d.months / 12;
}

int64_t dur_months(struct dur d)
{
    return d.months % 12;
}

struct dec dur_days(struct dur d)
{
    struct dec rest;

    return divide(d.sec, unit[0], &rest);
}

int64_t dur_hours(struct dur d)
{
    struct dec rest;

    (void)divide(d.sec, unit[0], &rest);
    return as_int(divide(rest, unit[1], &rest));
}

int64_t dur_minutes(struct dur d)
{
    struct dec rest;

    (void)divide(d.sec, unit[1], &rest);
    return as_int(divide(rest, unit[2], &rest));
}

struct dec dur_seconds(struct dur d)
{
    struct dec rest;

    (void)divide(d.sec, unit[2], &rest);
    return rest;
}

/* ---- value to text */

static size_t print_months(int64_t months, char *out)
{
    size_t n = 0;

    if (months / 12)
        n += (size_t)snprintf(out, 16, "%lldY", (long long)(months / 12));
    if (months % 12)
        n += (size_t)snprintf(out + n, 8, "%lldM", (long long)(months % 12));
    return n;
}

static size_t print_seconds(struct dec sec, char *out)
{
    struct dec rest, days = divide(sec, unit[0], &rest);
    struct dec hours = divide(rest, unit[1], &rest), minutes = divide(rest, unit[2], &rest);
    size_t n = 0;

    if (!dec_is_zero(days)) {
        n += dec_print(days, out);
        out[n++] = 'D';
    }
    if (dec_is_zero(hours) && dec_is_zero(minutes) && dec_is_zero(rest))
        return n;
    out[n++] = 'T';
    if (!dec_is_zero(hours))
        n += (size_t)snprintf(out + n, 8, "%dH", (int)as_int(hours));
    if (!dec_is_zero(minutes))
        n += (size_t)snprintf(out + n, 8, "%dM", (int)as_int(minutes));
    if (!dec_is_zero(rest)) {
        n += dec_print(rest, out + n);
        out[n++] = 'S';
    }
    return n;
}

size_t dur_print(enum dur_kind kind, struct dur d, char out[DUR_TEXT_MAX])
{
    int64_t months = d.months;
    struct dec sec = d.sec;
    size_t n = 0;

    if (months < 0 || dec_sign(sec) < 0) {
        out[n++] = '-';
        months = -months;
        if (dec_abs(NULL, sec, &sec))
            sec = DEC_ZERO; /* never: a small value */
    }
    out[n++] = 'P';
    if (kind != DUR_DAYTIME)
        n += print_months(months, out + n);
    if (kind != DUR_YEARMONTH)
        n += print_seconds(sec, out + n);
    if (out[n - 1] == 'P')
        n += (size_t)snprintf(out + n, 8, kind == DUR_YEARMONTH ? "0M" : "T0S");
    out[n] = 0;
    return n;
}

/* ---- casts and comparison */

struct dur dur_cast(struct dur d, enum dur_kind to)
{
    if (to == DUR_YEARMONTH)
        d.sec = DEC_ZERO;
    if (to == DUR_DAYTIME)
        d.months = 0;
    return d;
}

bool dur_eq(struct dur x, struct dur y)
{
    return x.months == y.months && dec_eq(x.sec, y.sec);
}

int dur_cmp(struct dur x, struct dur y)
{
    if (x.months != y.months)
        return x.months < y.months ? -1 : 1;
    return dec_cmp(x.sec, y.sec);
}

uint64_t dur_hash(struct dur d)
{
    return dec_hash(d.sec) ^ (uint64_t)d.months * 0x9e3779b97f4a7c15u;
}

/* ---- arithmetic */

static enum xerr set_months(int64_t months, struct dur *out)
{
    if (months > INT32_MAX || months < INT32_MIN)
        return XERR_FODT0002;
    *out = (struct dur){DEC_ZERO, (int32_t)months};
    return XERR_NONE;
}

enum xerr dur_neg(struct dur d, struct dur *out)
{
    struct dec sec;
    enum xerr r = set_months(-(int64_t)d.months, out);

    if (r || dec_neg(NULL, d.sec, &sec))
        return XERR_FODT0002;
    out->sec = sec;
    return XERR_NONE;
}

enum xerr dur_add(struct dur x, struct dur y, struct dur *out)
{
    struct dec sec;
    enum xerr r = set_months((int64_t)x.months + y.months, out);

    if (r || dec_add(NULL, x.sec, y.sec, &sec))
        return XERR_FODT0002;
    out->sec = sec;
    return XERR_NONE;
}

enum xerr dur_sub(struct dur x, struct dur y, struct dur *out)
{
    struct dur neg;
    enum xerr r = dur_neg(y, &neg);

    return r ? r : dur_add(x, neg, out);
}

/* sec × by into out, by way of an arena. What needs more than 38 decimal places is cut to 20, as
 * many as Saxon's division keeps. */
static enum xerr mul_seconds(struct arena *a, struct dec sec, struct dec by, struct dur *out)
{
    struct dec p;

    if (dec_mul(a, sec, by, &p))
        return XERR_FODT0002;
    if (dec_is_big(p) && dec_round(a, p, 20, DEC_HALF_EVEN, &p))
        return XERR_FODT0002;
    if (dec_is_big(p))
        return XERR_FODT0002;
    *out = (struct dur){p, 0};
    return XERR_NONE;
}

/* months × or / a number: to the nearest, half up. */
static enum xerr round_months(double months, struct dur *out)
{
    if (isnan(months) || fabs(months) > 0x1p32)
        return XERR_FODT0002;
    if (months > INT32_MAX || months < INT32_MIN)
        return XERR_FODT0002;
    return set_months((int64_t)dbl_round(months), out);
}

/* A double as Java's BigDecimal.valueOf has it: by its shortest digits. */
static enum xerr shortest_decimal(struct arena *a, double v, struct dec *out)
{
    char text[400];
    int64_t digits;
    int exp;
    struct dec power;
    enum xerr r;

    dbl_shortest(v, &digits, &exp);
    *out = dec_from_i64(digits);
    if (exp == 0)
        return XERR_NONE;
    snprintf(text, sizeof(text), exp > 0 ? "1%0*d" : "0.%0*d", abs(exp), exp < 0);
    r = dec_parse(a, str_z(text), &power);
    return r ? r : dec_mul(a, *out, power, out);
}

enum xerr dur_mul(enum dur_kind kind, struct dur d, double by, struct dur *out)
{
    struct arena *a;
    struct dec x;
    enum xerr r;

    if (isnan(by))
        return XERR_FOCA0005;
    if (isinf(by))
        return XERR_FODT0002;
    if (kind == DUR_YEARMONTH)
        return round_months(d.months * by, out);
    a = arena_new(1 << 20);
    if (!a)
        return XERR_NOMEM;
    r = shortest_decimal(a, by, &x);
    r = r ? r : mul_seconds(a, d.sec, x, out);
    arena_free(a);
    return r;
}

/* NaN as divisor: FOCA0005 in the specification, FOAR0001 in Saxon. */
enum xerr dur_div(enum dur_kind kind, struct dur d, double by, struct dur *out)
{
    if (by == 0 || isnan(by))
        return XERR_FOAR0001;
    if (kind == DUR_YEARMONTH)
        return round_months(d.months / by, out);
    return dur_mul(kind, d, 1 / by, out);
}

enum xerr dur_mul_dec(enum dur_kind kind, struct dur d, struct dec by, struct dur *out)
{
    struct arena *a;
    enum xerr r;

    if (kind == DUR_YEARMONTH)
        return round_months(d.months * dec_to_double(by), out);
    a = arena_new(16 << 20);
    if (!a)
        return XERR_NOMEM;
    r = mul_seconds(a, d.sec, by, out);
    arena_free(a);
    return r;
}

/* Saxon multiplies by the reciprocal, which it rounds to 20 places. */
enum xerr dur_div_dec(enum dur_kind kind, struct dur d, struct dec by, struct dur *out)
{
    struct arena *a;
    struct dec x;
    enum xerr r;

    if (dec_is_zero(by))
        return XERR_FOAR0001;
    if (kind == DUR_YEARMONTH)
        return round_months(d.months / dec_to_double(by), out);
    a = arena_new(16 << 20);
    if (!a)
        return XERR_NOMEM;
    r = dec_div_round(a, dec_from_i64(1), by, 20, DEC_HALF_EVEN, &x);
    r = r ? r : mul_seconds(a, d.sec, x, out);
    arena_free(a);
    return r;
}

enum xerr dur_div_dur(
    struct arena *a, enum dur_kind kind, struct dur x, struct dur y, struct dec *out)
{
    if (kind == DUR_YEARMONTH)
        return dec_div_round(
            a, dec_from_i64(x.months), dec_from_i64(y.months), 20, DEC_HALF_EVEN, out);
    return dec_div_round(a, x.sec, y.sec, 20, DEC_HALF_EVEN, out);
}
