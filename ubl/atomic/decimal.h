/* decimal.h - xs:decimal and xs:integer of any size, exactly, by value.
 *
 * A value is coefficient × 10^-scale, scale >= 0, without trailing zeros after the point, so equal
 * values have equal members. Coefficients of up to 38 digits are inside the struct and never
 * allocate; larger ones are GMP limbs in the arena given (and die with it). `a` may be NULL where
 * the caller knows that results stay within 38 digits: what does not fit is then XERR_NOMEM. At
 * most DEC_DIGITS_MAX digits (XERR_LIMIT beyond). xs:integer is the same type with scale 0; the
 * caller keeps the type name. Pure functions, any thread. (GMP ends the process when malloc fails
 * inside an operation on big values; the digit limit keeps such requests to a few megabytes.) */
#ifndef UBL_ATOMIC_DECIMAL_H
#define UBL_ATOMIC_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/xerr.h"

#define DEC_DIGITS_MAX 1000000
#define DEC_TEXT_MAX 44 /* sign, point, 39 digits, NUL: enough whenever !dec_is_big(d) */

/* How the value was made; decides the scale of a later division, because Saxon keeps "300" as an
 * integer (scale 0), "300.0" as 3E2 (scale -2), and takes an xs:double as it is. Set by the
 * functions below, no part of the value. */
enum dec_origin { DEC_FROM_DECIMAL, DEC_FROM_INTEGER, DEC_FROM_DOUBLE };

struct dec {
    uint64_t lo; /* low half of a two's complement 128-bit coefficient; or address of the limbs */
    int64_t hi;  /* high half; or signed count of limbs, as in GMP */
    int32_t scale;
    uint16_t big;    /* 1: limbs. Only when |coefficient| >= 2^127 or scale > 38 */
    uint16_t origin; /* enum dec_origin; no part of the value */
};

#define DEC_ZERO ((struct dec){0, 0, 0, 0, DEC_FROM_INTEGER})

static inline struct dec dec_from_i64(int64_t v)
{
    return (struct dec){(uint64_t)v, v < 0 ? -1 : 0, 0, 0, DEC_FROM_INTEGER};
}
static inline bool dec_is_big(struct dec d)
{
    return d.big != 0;
}
static inline bool dec_is_zero(struct dec d)
{
    return d.lo == 0 && d.hi == 0;
}
static inline bool dec_is_integral(struct dec d)
{
    return d.scale == 0;
}
static inline int dec_sign(struct dec d) /* -1, 0, 1 */
{
    return d.hi < 0 ? -1 : !dec_is_zero(d);
}
/* False when not integral or out of range. */
bool dec_to_i64(struct dec d, int64_t *out);
/* unscaled × 10^-scale, 0 <= scale <= 18 */
struct dec dec_make(int64_t unscaled, int scale);

/* XSD lexical forms, white space around them allowed. XERR_FORG0001 when it is not one. */
enum xerr dec_parse(struct arena *a, struct str s, struct dec *out) MUST_CHECK;     /* xs:decimal */
enum xerr dec_parse_int(struct arena *a, struct str s, struct dec *out) MUST_CHECK; /* xs:integer */
bool dec_castable(struct str s); /* "castable as xs:decimal" without computing the value */
bool dec_castable_int(struct str s);

/* XPath string form: no exponent, no trailing zeros, "0.5", "-12". dec_print for small values only
 * (dec_is_big is false); returns the length. dec_append appends any value. dec_text: NUL-terminated
 * text in the arena. */
size_t dec_print(struct dec d, char out[DEC_TEXT_MAX]);
void dec_append(struct buf *b, struct dec d);
enum xerr dec_text(struct arena *a, struct dec d, struct str *out) MUST_CHECK;
/* With exactly `places` digits after the point ("12.50"), for money; small values with scale <=
 * places <= 18. */
size_t dec_print_fixed(struct dec d, int places, char out[DEC_TEXT_MAX + 20]);

int dec_cmp(struct dec x, struct dec y); /* -1, 0, 1 */
bool dec_eq(struct dec x, struct dec y);
uint64_t dec_hash(struct dec d); /* equal values have equal hashes */

enum xerr dec_add(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
enum xerr dec_sub(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
enum xerr dec_mul(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
/* As Saxon: scale max(18, scale(x) - scale(y) + 18), half down. XERR_FOAR0001 by zero (also the
 * next two). */
enum xerr dec_div(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
enum xerr dec_idiv(
    struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK; /* toward zero */
enum xerr dec_mod(
    struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK; /* sign of x */

enum xerr dec_neg(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;
enum xerr dec_abs(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;
enum xerr dec_floor(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;
enum xerr dec_ceiling(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;
enum xerr dec_trunc(
    struct arena *a, struct dec x, struct dec *out) MUST_CHECK; /* cast to xs:integer */

enum dec_rounding {
    DEC_HALF_CEILING, /* fn:round: half toward positive infinity */
    DEC_HALF_EVEN,    /* fn:round-half-to-even */
    DEC_HALF_UP,      /* money: half away from zero */
    DEC_HALF_DOWN,
    DEC_DOWN,
    DEC_FLOOR,
    DEC_CEILING
};
/* To `precision` digits after the point; negative rounds left of the point (-1: to tens). Any
 * int32. */
enum xerr dec_round(struct arena *a, struct dec x, int32_t precision, enum dec_rounding how,
    struct dec *out) MUST_CHECK;
/* x / y rounded to `places` digits, 0..18; for money (Saxon's div is dec_div). */
enum xerr dec_div_round(struct arena *a, struct dec x, struct dec y, int places,
    enum dec_rounding how, struct dec *out) MUST_CHECK;

/* Nearest double/float, ties to even; INF when out of range. */
double dec_to_double(struct dec d);
float dec_to_float(struct dec d);
/* The exact value. XERR_FOCA0002 for NaN and INF. A float goes through (double). */
enum xerr dec_from_double(struct arena *a, double v, struct dec *out) MUST_CHECK;
enum xerr dec_from_double_trunc(
    struct arena *a, double v, struct dec *out) MUST_CHECK; /* cast to xs:integer */

/* Copy into another arena, so that the value outlives the first. */
enum xerr dec_copy(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;

#endif
