/* datetime.h - xs:dateTime, xs:date, xs:time, xs:g* and the three durations, by value.
 *
 * Proleptic Gregorian calendar with a year 0 (XSD 1.1), years -2147483647..2147483647. Fractions of
 * a second are exact to 18 digits (further ones are cut off), of a duration to 38 digits in all. A
 * value without timezone has tz == DT_NO_TZ; comparison and subtraction take the implicit timezone
 * in minutes. Pure functions, no
 * allocation, any thread; `out` may be one of the operands. */
#ifndef UBL_ATOMIC_DATETIME_H
#define UBL_ATOMIC_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/decimal.h"
#include "ubl/atomic/xerr.h"

#define DT_NO_TZ INT16_MIN
#define DT_TEXT_MAX 64
#define DUR_TEXT_MAX 128

enum dt_kind {
    DT_DATETIME,
    DT_DATE,
    DT_TIME,
    DT_GYEAR,
    DT_GYEARMONTH,
    DT_GMONTH,
    DT_GMONTHDAY,
    DT_GDAY
};

/* Parts that a kind lacks: year 1972, month 1, day 1, time 0. */
struct dt {
    uint64_t atto; /* fraction of a second in 10^-18: 0..999,999,999,999,999,999 */
    int32_t year;
    /* Minutes east of UTC, or DT_NO_TZ; -840..840, as in Saxon up to 14:59 but for a dateTime. */
    int16_t tz;
    uint8_t month, day, hour, min, sec;
    uint8_t kind; /* enum dt_kind */
};

enum dur_kind { DUR_DURATION, DUR_YEARMONTH, DUR_DAYTIME };

/* Both parts have one sign. sec is small (never dec_is_big). */
struct dur {
    struct dec sec;
    int32_t months;
};

/* Lexical form with white space around; calendar and timezone checked. XERR_FORG0001 when invalid,
 * XERR_FODT0001 when the year is out of range. 24:00:00 becomes 00:00:00 (of the next day). */
enum xerr dt_parse(enum dt_kind kind, struct str s, struct dt *out) MUST_CHECK;
size_t dt_print(const struct dt *v, char out[DT_TEXT_MAX]); /* Saxon's string(); NUL-terminated */

/* Same kind on both sides: -1, 0, 1 on the time line. For xs:g* only equality has a meaning in
 * XPath. */
int dt_cmp(const struct dt *x, const struct dt *y, int implicit_tz);
uint64_t dt_hash(const struct dt *v, int implicit_tz); /* of values equal under dt_cmp: equal */

/* xs:dateTime, xs:date to any other kind it has the parts of; same kind: copy. XERR_FORG0001 = no
 * such cast, which is a static type error (XPTY0004) for the caller to tell beforehand with
 * dt_castable_kind. */
bool dt_castable_kind(enum dt_kind from, enum dt_kind to);
enum xerr dt_cast(const struct dt *v, enum dt_kind to, struct dt *out) MUST_CHECK;
/* fn:dateTime($date, $time). XERR_FORG0008 when both have timezones and they differ. */
enum xerr dt_combine(const struct dt *date, const struct dt *time, struct dt *out) MUST_CHECK;
/* fn:current-dateTime: an instant shown in timezone tz (minutes). */
enum xerr dt_from_unix(int64_t sec, long nano, int tz, struct dt *out) MUST_CHECK;
/* Seconds since 1970-01-01T00:00:00Z of a dateTime or date (its start). */
int64_t dt_to_unix(const struct dt *v, int implicit_tz);

/* dateTime, date, time + dayTimeDuration; dateTime, date + yearMonthDuration. Subtract with
 * dur_neg. XERR_FODT0001. */
enum xerr dt_add_daytime(const struct dt *v, struct dur d, struct dt *out) MUST_CHECK;
enum xerr dt_add_yearmonth(const struct dt *v, struct dur d, struct dt *out) MUST_CHECK;
/* x - y as dayTimeDuration, same kind (dateTime, date, time). XERR_FODT0001/0002 on overflow. */
enum xerr dt_sub(
    const struct dt *x, const struct dt *y, int implicit_tz, struct dur *out) MUST_CHECK;

/* fn:adjust-*-to-timezone. tz = NULL removes the timezone. XERR_FODT0003 unless whole minutes
 * within ±14:00. */
enum xerr dt_adjust(const struct dt *v, const struct dur *tz, struct dt *out) MUST_CHECK;
struct dur dt_timezone(const struct dt *v); /* fn:timezone-from-*; only when v->tz != DT_NO_TZ */
struct dec dt_seconds(const struct dt *v);  /* fn:seconds-from-*: whole and fraction */

/* XERR_FORG0001, XERR_FODT0002 on overflow. dur_print: canonical form, NUL-terminated. */
enum xerr dur_parse(enum dur_kind kind, struct str s, struct dur *out) MUST_CHECK;
size_t dur_print(enum dur_kind kind, struct dur d, char out[DUR_TEXT_MAX]);
struct dur dur_cast(struct dur d, enum dur_kind to); /* drops the parts the kind has not */
bool dur_eq(struct dur x, struct dur y); /* any two kinds: months and seconds both equal */
int dur_cmp(struct dur x, struct dur y); /* two yearMonth or two dayTime: -1, 0, 1 */
uint64_t dur_hash(struct dur d);

enum xerr dur_neg(struct dur d, struct dur *out) MUST_CHECK;
enum xerr dur_add(struct dur x, struct dur y, struct dur *out) MUST_CHECK; /* same kind */
enum xerr dur_sub(struct dur x, struct dur y, struct dur *out) MUST_CHECK;
/* Times and divided by a number: double or decimal (Saxon keeps a decimal exact). XERR_FOCA0005 for
 * a factor NaN, XERR_FODT0002 on overflow, XERR_FOAR0001 when dividing by 0 (or, as Saxon, by NaN).
 */
enum xerr dur_mul(enum dur_kind kind, struct dur d, double by, struct dur *out) MUST_CHECK;
enum xerr dur_div(enum dur_kind kind, struct dur d, double by, struct dur *out) MUST_CHECK;
enum xerr dur_mul_dec(enum dur_kind kind, struct dur d, struct dec by, struct dur *out) MUST_CHECK;
enum xerr dur_div_dec(enum dur_kind kind, struct dur d, struct dec by, struct dur *out) MUST_CHECK;
/* Two durations of the same kind: the decimal quotient. XERR_FOAR0001 by a zero duration. */
enum xerr dur_div_dur(
    struct arena *a, enum dur_kind kind, struct dur x, struct dur y, struct dec *out) MUST_CHECK;

/* fn:years-from-duration ... fn:seconds-from-duration, signed. */
int64_t dur_years(struct dur d);
int64_t dur_months(struct dur d);
struct dec dur_days(struct dur d);
int64_t dur_hours(struct dur d);
int64_t dur_minutes(struct dur d);
struct dec dur_seconds(struct dur d);

#endif
