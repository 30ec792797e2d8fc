/* decimal_priv.h - what decimal.c (128-bit coefficients) and decimal_big.c (GMP) tell each other.
 */
#ifndef UBL_ATOMIC_DECIMAL_PRIV_H
#define UBL_ATOMIC_DECIMAL_PRIV_H

#include <gmp.h>

#include "ubl/atomic/decimal.h"

#define DEC_SMALL_DIGITS 38  /* 10^38 < 2^127; also the largest scale of a small value */
#define DEC_BITS_MAX 3321929 /* of DEC_DIGITS_MAX digits */

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

extern const i128 dec_pow10[DEC_SMALL_DIGITS + 1];

static inline i128 dec_i128(struct dec d)
{
    return (i128)((u128)(uint64_t)d.hi << 64 | d.lo);
}
static inline struct dec dec_of_i128(i128 v, int32_t scale, unsigned origin)
{
    return (struct dec){(uint64_t)v, (int64_t)(v >> 64), scale, 0, (uint16_t)origin};
}
static inline uint16_t dec_origin2(struct dec x, struct dec y)
{
    bool integers = x.origin == DEC_FROM_INTEGER && y.origin == DEC_FROM_INTEGER;
    return integers ? DEC_FROM_INTEGER : DEC_FROM_DECIMAL;
}
/* Does |rest / by| beyond the truncated quotient ask for one more unit away from zero? twice = sign
 * of 2|rest| - |by|, odd = quotient is odd, neg = result is negative; rest is not 0. */
bool dec_rounds_away(enum dec_rounding how, int twice, bool odd, bool neg);
/* Scale that Java's BigDecimal would have: negative for a stripped decimal such as 3E2. */
int32_t dec_java_scale(struct dec d);

/* The same operations on values of any size. */
enum xerr decbig_parse(struct arena *a, const char *digits, size_t n, int32_t scale, bool neg,
    unsigned origin, struct dec *out) MUST_CHECK; /* digits may hold one '.', which is skipped */
/* coefficient / 10^scale from a small coefficient whose scale is over 38 */
enum xerr decbig_of_i128(
    struct arena *a, i128 v, int32_t scale, unsigned origin, struct dec *out) MUST_CHECK;
void decbig_append(struct buf *b, struct dec d);
int decbig_cmp(struct dec x, struct dec y);
enum xerr decbig_add(
    struct arena *a, struct dec x, struct dec y, bool minus, struct dec *out) MUST_CHECK;
enum xerr decbig_mul(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
/* x / y to `scale` digits. */
enum xerr decbig_div(struct arena *a, struct dec x, struct dec y, int32_t scale,
    enum dec_rounding how, unsigned origin, struct dec *out) MUST_CHECK;
enum xerr decbig_mod(struct arena *a, struct dec x, struct dec y, struct dec *out) MUST_CHECK;
enum xerr decbig_neg(struct arena *a, struct dec x, struct dec *out) MUST_CHECK;
enum xerr decbig_round(struct arena *a, struct dec x, int32_t precision, enum dec_rounding how,
    struct dec *out) MUST_CHECK;
/* m × 2^exp, m odd or 0 */
enum xerr decbig_from_binary(struct arena *a, int64_t m, int exp, struct dec *out) MUST_CHECK;
double decbig_to_double(struct dec d);
float decbig_to_float(struct dec d);
int32_t decbig_trailing_zeros(struct dec d);
uint64_t decbig_hash(struct dec d);

#endif
