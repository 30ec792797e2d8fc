/* decimal.h for what does not fit 128 bits: GMP integers whose limbs live in the caller's arena.
 *
 * Operands are viewed in place, temporaries are GMP's own, the result is copied to the arena.
 * Before a power of ten or a product is made its size is checked against DEC_BITS_MAX, so that time
 * and memory stay within those of numbers of DEC_DIGITS_MAX digits. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ubl/atomic/dbl_priv.h"
#include "ubl/atomic/decimal_priv.h"

_Static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0, "a limb is 64 bits");

/* A read-only GMP integer over a coefficient: no allocation. */
struct view {
    mp_limb_t limb[2];
    mpz_t z;
};

static mpz_srcptr coef(struct dec d, struct view *v)
{
    if (d.big) {
        const mp_limb_t *p = (const mp_limb_t *)(uintptr_t)d.lo;

        return mpz_roinit_n(v->z, p, d.hi);
    }
    i128 c = dec_i128(d);
    u128 m = (u128)(c < 0 ? -c : c);

    v->limb[0] = (mp_limb_t)m;
    v->limb[1] = (mp_limb_t)(m >> 64);
    return mpz_roinit_n(v->z, v->limb, c < 0 ? -2 : 2);
}

static void set_i128(mpz_t z, i128 v)
{
    struct view w;

    mpz_set(z, coef(dec_of_i128(v, 0, 0), &w));
}

/* Upper bound of the bits of 10^n. */
static uint64_t bits10(int64_t n)
{
    return (uint64_t)n * 33220 / 10000 + 1;
}

static bool over_limit(mpz_srcptr z, int64_t extra_digits)
{
    return extra_digits > DEC_DIGITS_MAX ||
           mpz_sizeinbase(z, 2) + bits10(extra_digits) > DEC_BITS_MAX + 4;
}

/* z × 10^n, n >= 0. */
static enum xerr scale_up(mpz_t z, int64_t n)
{
    mpz_t p;

    if (n == 0 || mpz_sgn(z) == 0)
        return XERR_NONE;
    if (over_limit(z, n))
        return XERR_LIMIT;
    mpz_init(p);
    mpz_ui_pow_ui(p, 10, (unsigned long)n);
    mpz_mul(z, z, p);
    mpz_clear(p);
    return XERR_NONE;
}

/* Take trailing decimal zeros off z, at most `max`, by halving powers; returns how many. */
static int64_t strip(mpz_t z, int64_t max)
{
    int64_t twos = mpz_sgn(z) ? (int64_t)mpz_scan1(z, 0) : 0, step = 1, n = 0;
    mpz_t p, q, r;

    if (twos < max)
        max = twos; /* no more tens than twos */
    while (step * 2 <= max)
        step *= 2;
    mpz_inits(p, q, r, NULL);
    for (; step > 0 && max > 0; step /= 2) {
        if (step > max - n)
            continue;
        mpz_ui_pow_ui(p, 10, (unsigned long)step);
        mpz_tdiv_qr(q, r, z, p);
        if (mpz_sgn(r) != 0)
            continue;
        mpz_swap(z, q);
        n += step;
    }
    mpz_clears(p, q, r, NULL);
    return n;
}

static bool small(mpz_srcptr z, int64_t scale)
{
    return scale <= DEC_SMALL_DIGITS && mpz_sizeinbase(z, 2) <= 127;
}

static enum xerr keep(
    struct arena *a, mpz_srcptr z, int32_t scale, unsigned origin, struct dec *out)
{
    size_t n = mpz_size(z);
    mp_limb_t *p = a ? arena_alloc(a, n * sizeof(*p)) : NULL;

    if (!p)
        return XERR_NOMEM;
    memcpy(p, mpz_limbs_read(z), n * sizeof(*p));
    *out = (struct dec){(uint64_t)(uintptr_t)p, mpz_sgn(z) < 0 ? -(int64_t)n : (int64_t)n, scale, 1,
        (uint16_t)origin};
    return XERR_NONE;
}

/* The value z × 10^-scale in its one form. Changes z. */
static enum xerr store(struct arena *a, mpz_t z, int64_t scale, unsigned origin, struct dec *out)
{
    if (scale > 0)
        scale -= strip(z, scale);
    if (mpz_sgn(z) == 0)
        scale = 0;
    if (small(z, scale)) {
        u128 m = mpz_size(z) > 1 ? (u128)mpz_getlimbn(z, 1) << 64 : 0;

        m |= mpz_size(z) > 0 ? mpz_getlimbn(z, 0) : 0;
        *out = dec_of_i128(mpz_sgn(z) < 0 ? -(i128)m : (i128)m, (int32_t)scale, origin);
        return XERR_NONE;
    }
    if (scale > DEC_DIGITS_MAX || mpz_sizeinbase(z, 2) > DEC_BITS_MAX)
        return XERR_LIMIT;
    return keep(a, z, (int32_t)scale, origin, out);
}

/* ---- text ----------------------------------------------------------------------------------- */

enum xerr decbig_parse(struct arena *a, const char *digits, size_t n, int32_t scale, bool neg,
    unsigned origin, struct dec *out)
{
    char *text = malloc(n + 1);
    enum xerr r = XERR_NOMEM;
    size_t k = 0;
    mpz_t z;

    if (!text)
        return XERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (digits[i] != '.')
            text[k++] = digits[i];
    text[k] = 0;
    mpz_init(z);
    if (mpz_set_str(z, text, 10) == 0) {
        if (neg)
            mpz_neg(z, z);
        r = store(a, z, scale, origin, out);
    }
    mpz_clear(z);
    free(text);
    return r;
}

enum xerr decbig_of_i128(struct arena *a, i128 v, int32_t scale, unsigned origin, struct dec *out)
{
    enum xerr r;
    mpz_t z;

    mpz_init(z);
    set_i128(z, v);
    r = store(a, z, scale, origin, out);
    mpz_clear(z);
    return r;
}

/* The digits of |coefficient|, NUL-terminated, to be freed; NULL when out of memory. */
static char *digits_of(struct dec d)
{
    struct view v;
    mpz_srcptr z = coef(d, &v);
    char *text = malloc(mpz_sizeinbase(z, 10) + 2);

    if (text)
        mpz_get_str(text, 10, z);
    if (text && *text == '-')
        memmove(text, text + 1, strlen(text));
    return text;
}

static void append_zeros(struct buf *b, size_t n)
{
    char *p = buf_grow(b, n);

    if (p)
        memset(p, '0', n);
}

void decbig_append(struct buf *b, struct dec d)
{
    char *text = digits_of(d);
    size_t n = text ? strlen(text) : 0, scale = (size_t)d.scale;

    if (!text) {
        buf_free(b);
        b->bad = true;
        return;
    }
    if (d.hi < 0)
        buf_putc(b, '-');
    if (n <= scale) {
        buf_puts(b, "0.");
        append_zeros(b, scale - n);
        buf_add(b, text, n);
    } else {
        buf_add(b, text, n - scale);
        if (scale)
            buf_putc(b, '.');
        buf_add(b, text + n - scale, scale);
    }
    free(text);
}

/* ---- comparison ----------------------------------------------------------------------------- */

/* Sign of |x| - |y| when the lengths alone decide it, else 0. */
static int cmp_length(mpz_srcptr x, int32_t sx, mpz_srcptr y, int32_t sy)
{
    int64_t dx = (int64_t)mpz_sizeinbase(x, 10) - sx, dy = (int64_t)mpz_sizeinbase(y, 10) - sy;

    /* sizeinbase may be one too large */
    return dx > dy + 1 ? 1 : dy > dx + 1 ? -1 : 0;
}

int decbig_cmp(struct dec x, struct dec y)
{
    struct view vx, vy;
    mpz_srcptr zx = coef(x, &vx), zy = coef(y, &vy);
    int sign = mpz_sgn(zx), c;
    mpz_t t, p;

    if (sign != mpz_sgn(zy))
        return (sign > mpz_sgn(zy)) - (sign < mpz_sgn(zy));
    c = cmp_length(zx, x.scale, zy, y.scale);
    if (c)
        return c * sign;
    if (x.scale == y.scale) {
        c = mpz_cmp(zx, zy);
        return (c > 0) - (c < 0);
    }
    /* Almost as long, so the scales differ by no more than the digits one of them has: no limit
     * needed. */
    mpz_inits(t, p, NULL);
    mpz_ui_pow_ui(p, 10, (unsigned long)labs((long)x.scale - y.scale));
    mpz_mul(t, x.scale < y.scale ? zx : zy, p);
    c = x.scale < y.scale ? mpz_cmp(t, zy) : mpz_cmp(zx, t);
    mpz_clears(t, p, NULL);
    return (c > 0) - (c < 0);
}

uint64_t decbig_hash(struct dec d)
{
    const mp_limb_t *p = (const mp_limb_t *)(uintptr_t)d.lo;
    uint64_t h = (uint64_t)d.hi;

    for (int64_t i = 0; i < llabs(d.hi); i++)
        h = (h ^ p[i]) * 0x9e3779b97f4a7c15u;
    return h;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

/* Copies of both coefficients at the larger scale. */
static enum xerr align(struct dec x, struct dec y, mpz_t zx, mpz_t zy, int32_t *scale)
{
    struct view vx, vy;
    enum xerr r;

    *scale = x.scale > y.scale ? x.scale : y.scale;
    mpz_set(zx, coef(x, &vx));
    mpz_set(zy, coef(y, &vy));
    r = scale_up(zx, *scale - x.scale);
    return r ? r : scale_up(zy, *scale - y.scale);
}

enum xerr decbig_add(struct arena *a, struct dec x, struct dec y, bool minus, struct dec *out)
{
    int32_t scale;
    enum xerr r;
    mpz_t zx, zy;

    mpz_inits(zx, zy, NULL);
    r = align(x, y, zx, zy, &scale);
    if (!r) {
        if (minus)
            mpz_sub(zx, zx, zy);
        else
            mpz_add(zx, zx, zy);
        r = store(a, zx, scale, dec_origin2(x, y), out);
    }
    mpz_clears(zx, zy, NULL);
    return r;
}

enum xerr decbig_mul(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    struct view vx, vy;
    mpz_srcptr zx = coef(x, &vx), zy = coef(y, &vy);
    enum xerr r;
    mpz_t z;

    /* Trailing zeros may take a product back under the limit, but not below half of it. */
    if (mpz_sizeinbase(zx, 2) + mpz_sizeinbase(zy, 2) > 2 * (uint64_t)DEC_BITS_MAX)
        return XERR_LIMIT;
    mpz_init(z);
    mpz_mul(z, zx, zy);
    r = store(a, z, (int64_t)x.scale + y.scale, dec_origin2(x, y), out);
    mpz_clear(z);
    return r;
}

/* q = x / y, rounded. Changes nothing but q. */
static void divide(mpz_t q, mpz_srcptr x, mpz_srcptr y, enum dec_rounding how)
{
    bool neg = (mpz_sgn(x) < 0) != (mpz_sgn(y) < 0);
    mpz_t r;

    mpz_init(r);
    mpz_tdiv_qr(q, r, x, y);
    if (mpz_sgn(r) != 0) {
        mpz_mul_2exp(r, r, 1);
        if (dec_rounds_away(how, mpz_cmpabs(r, y), mpz_odd_p(q), neg)) {
            if (neg)
                mpz_sub_ui(q, q, 1);
            else
                mpz_add_ui(q, q, 1);
        }
    }
    mpz_clear(r);
}

enum xerr decbig_div(struct arena *a, struct dec x, struct dec y, int32_t scale,
    enum dec_rounding how, unsigned origin, struct dec *out)
{
    struct view vx, vy;
    int64_t e = (int64_t)scale - x.scale + y.scale;
    enum xerr r;
    mpz_t zx, zy, q;

    mpz_inits(zx, zy, q, NULL);
    mpz_set(zx, coef(x, &vx));
    mpz_set(zy, coef(y, &vy));
    r = e >= 0 ? scale_up(zx, e) : scale_up(zy, -e);
    if (!r) {
        divide(q, zx, zy, how);
        r = store(a, q, scale, origin, out);
    }
    mpz_clears(zx, zy, q, NULL);
    return r;
}

enum xerr decbig_mod(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    int32_t scale;
    enum xerr r;
    mpz_t zx, zy;

    mpz_inits(zx, zy, NULL);
    r = align(x, y, zx, zy, &scale);
    if (!r) {
        mpz_tdiv_r(zx, zx, zy);
        r = store(a, zx, scale, dec_origin2(x, y), out);
    }
    mpz_clears(zx, zy, NULL);
    return r;
}

enum xerr decbig_neg(struct arena *a, struct dec x, struct dec *out)
{
    struct view v;
    enum xerr r;
    mpz_t z;

    mpz_init(z);
    mpz_neg(z, coef(x, &v));
    r = store(a, z, x.scale, x.origin, out);
    mpz_clear(z);
    return r;
}

enum xerr dec_copy(struct arena *a, struct dec x, struct dec *out)
{
    struct view v;

    *out = x;
    return x.big ? keep(a, coef(x, &v), x.scale, x.origin, out) : XERR_NONE;
}

/* The quotient by 10^drop when 10^drop is over twice the coefficient: -1, 0 or 1. */
static int tiny_quotient(int sign, enum dec_rounding how)
{
    return dec_rounds_away(how, -1, false, sign < 0) ? sign : 0;
}

enum xerr decbig_round(
    struct arena *a, struct dec x, int32_t precision, enum dec_rounding how, struct dec *out)
{
    struct view v;
    mpz_srcptr zx = coef(x, &v);
    int64_t drop = (int64_t)x.scale - precision;
    enum xerr r = XERR_NONE;
    mpz_t q, p;

    mpz_inits(q, p, NULL);
    if (drop > (int64_t)mpz_sizeinbase(zx, 10) + 1) {
        mpz_set_si(q, tiny_quotient(mpz_sgn(zx), how));
    } else {
        mpz_ui_pow_ui(p, 10, (unsigned long)drop);
        divide(q, zx, p, how);
    }
    if (precision < 0)
        r = scale_up(q, -(int64_t)precision);
    if (!r)
        r = store(a, q, precision < 0 ? 0 : precision, x.origin, out);
    mpz_clears(q, p, NULL);
    return r;
}

int32_t decbig_trailing_zeros(struct dec d)
{
    struct view v;
    int64_t n;
    mpz_t z;

    mpz_init(z);
    mpz_set(z, coef(d, &v));
    n = strip(z, INT32_MAX);
    mpz_clear(z);
    return (int32_t)n;
}

/* ---- binary floating point ------------------------------------------------------------------ */

enum xerr decbig_from_binary(struct arena *a, int64_t m, int exp, struct dec *out)
{
    enum xerr r;
    mpz_t z;

    mpz_init(z);
    if (exp >= 0) {
        mpz_set_si(z, m);
        mpz_mul_2exp(z, z, (mp_bitcnt_t)exp);
    } else {
        /* m / 2^k = m × 5^k / 10^k */
        mpz_ui_pow_ui(z, 5, (unsigned long)-exp);
        mpz_mul_si(z, z, m);
    }
    r = store(a, z, exp >= 0 ? 0 : -exp, DEC_FROM_DOUBLE, out);
    mpz_clear(z);
    return r;
}

/* "DDDe-5" for the correctly rounding reader of doubles. 800 digits and a sticky one decide any
 * double. */
#define ENOUGH 800
static void exponent_form(struct dec d, char out[ENOUGH + 32])
{
    char *text = digits_of(d);
    size_t n = text ? strlen(text) : 0, kept = n < ENOUGH ? n : ENOUGH, at = 0;
    int64_t e = -(int64_t)d.scale;

    if (dec_sign(d) < 0)
        out[at++] = '-';
    if (kept)
        memcpy(out + at, text, kept);
    at += kept;
    if (n > kept) {
        out[at++] = strspn(text + kept, "0") == n - kept ? '0' : '1';
        e += (int64_t)(n - kept) - 1;
    }
    snprintf(out + at, 24, "e%lld", (long long)e);
    free(text);
}

double decbig_to_double(struct dec d)
{
    char text[ENOUGH + 32];

    exponent_form(d, text);
    return dbl_from_text(text);
}

float decbig_to_float(struct dec d)
{
    char text[ENOUGH + 32];

    exponent_form(d, text);
    return flt_from_text(text);
}
