/* dbl.h - the string form of xs:double and xs:float.
 *
 * Digits come from the fixed-up free-format algorithm of Steele and White (1990), because Saxon's
 * do: its strict comparisons make 1e23 0.9999999999999999E23, and it does not see the narrower gap
 * below a power of two, which makes 2^64 1.844674407370955E19. Verdicts may contain such text. R/S
 * is what is left of the value, M half the distance to the neighbouring doubles, all scaled alike;
 * digits come off R/S until what is left is below M. */
#include <gmp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/atomic/dbl.h"
#include "ubl/atomic/dbl_priv.h"

/* ---- non-negative integers of up to 20 limbs: 10 × 2^1078 is the largest that occurs -------- */

#define LIMBS 20

struct nat {
    mp_limb_t d[LIMBS];
};

static void nat_bit(struct nat *x, uint64_t m, int shift)
{
    memset(x, 0, sizeof(*x));
    x->d[shift / 64] = m << (shift % 64);
    if (shift % 64)
        x->d[shift / 64 + 1] = m >> (64 - shift % 64);
}

static void nat_mul(struct nat *x, mp_limb_t by)
{
    mpn_mul_1(x->d, x->d, LIMBS, by);
}

static int nat_cmp(const struct nat *x, const struct nat *y)
{
    return mpn_cmp(x->d, y->d, LIMBS);
}

static struct nat nat_add(const struct nat *x, const struct nat *y)
{
    struct nat z;

    mpn_add_n(z.d, x->d, y->d, LIMBS);
    return z;
}

static void nat_sub(struct nat *x, const struct nat *y)
{
    mpn_sub_n(x->d, x->d, y->d, LIMBS);
}

/* ---- digits --------------------------------------------------------------------------------- */

struct digits {
    char d[24];
    int n;
    int exp; /* of the first digit: d[0].d[1]d[2]... × 10^exp */
};

/* The value is f × 2^e. R = f × 2^e × 10^k, S, M as above. */
struct state {
    struct nat r, s, m;
};

/* R >= (S + 9) / 10 and then 2R + M < 2S: at most one leading zero may remain, as in Saxon. Returns
 * k. */
static int fix_up(struct state *x)
{
    int k = 0;

    for (;;) {
        struct nat r10 = x->r;

        nat_mul(&r10, 10);
        if (nat_cmp(&r10, &x->s) >= 0)
            break;
        k--;
        x->r = r10;
        nat_mul(&x->m, 10);
    }
    for (;;) {
        struct nat left = nat_add(&x->r, &x->r), right = nat_add(&x->s, &x->s);

        left = nat_add(&left, &x->m);
        if (nat_cmp(&left, &right) < 0)
            return k;
        nat_mul(&x->s, 10);
        k++;
    }
}

static int next_digit(struct state *x)
{
    int u = 0;

    nat_mul(&x->r, 10);
    nat_mul(&x->m, 10);
    while (nat_cmp(&x->r, &x->s) >= 0) {
        nat_sub(&x->r, &x->s);
        u++;
    }
    return u;
}

static void make_digits(uint64_t f, int e, struct digits *out)
{
    struct state x;
    bool low, high;

    nat_bit(&x.r, f, e > 0 ? e : 0);
    nat_bit(&x.m, 1, e > 0 ? e : 0);
    nat_bit(&x.s, 1, e > 0 ? 0 : -e);
    out->exp = fix_up(&x) - 1;
    out->n = 0;
    do {
        int u = next_digit(&x);
        struct nat r2 = nat_add(&x.r, &x.r), s2 = nat_add(&x.s, &x.s), r2m = nat_add(&r2, &x.m);

        low = nat_cmp(&r2, &x.m) < 0;
        high = nat_cmp(&r2m, &s2) > 0;
        if (high && (!low || nat_cmp(&r2, &x.s) > 0))
            u++;
        out->d[out->n++] = (char)('0' + u);
    } while (!low && !high && out->n < (int)sizeof(out->d));
}

/* The same in 64 bits, for 0.01 < v < 10^6 with 53-bit fractions: S < 2^60, R < S, M < S. */
static void make_digits_64(uint64_t f, int e, struct digits *out)
{
    uint64_t r = f, s = (uint64_t)1 << -e, m = 1;
    bool low, high;
    int k = 0;

    for (; r * 10 < s; k--) {
        r *= 10;
        m *= 10;
    }
    for (; 2 * r + m >= 2 * s; k++)
        s *= 10;
    out->exp = k - 1;
    out->n = 0;
    do {
        uint64_t u = r * 10 / s;

        r = r * 10 % s;
        m *= 10;
        low = 2 * r < m;
        high = 2 * r + m > 2 * s;
        if (high && (!low || 2 * r > s))
            u++;
        out->d[out->n++] = (char)('0' + u);
    } while (!low && !high && out->n < (int)sizeof(out->d));
}

/* ---- layout --------------------------------------------------------------------------------- */

static size_t layout_exponent(const struct digits *x, char *out)
{
    size_t n = 0;

    out[n++] = x->d[0];
    out[n++] = '.';
    if (x->n == 1)
        out[n++] = '0';
    memcpy(out + n, x->d + 1, (size_t)x->n - 1);
    n += (size_t)x->n - 1;
    return n + (size_t)snprintf(out + n, 8, "E%d", x->exp);
}

/* 1e-6 <= v < 1e6 */
static size_t layout_decimal(const struct digits *x, char *out)
{
    size_t n = 0;
    int i = 0;

    if (x->exp < 0)
        out[n++] = '0';
    for (; i <= x->exp; i++)
        out[n++] = i < x->n ? x->d[i] : '0';
    if (i < x->n)
        out[n++] = '.';
    for (int z = -1; z > x->exp; z--)
        out[n++] = '0';
    for (; i < x->n; i++)
        out[n++] = x->d[i];
    out[n] = 0;
    return n;
}

static size_t literal(char *out, const char *text)
{
    size_t n = strlen(text);

    memcpy(out, text, n + 1);
    return n;
}

/* least: 1e-6 as the type has it */
static size_t print(double v, uint64_t f, int e, double least, char out[DBL_TEXT_MAX])
{
    struct digits x;
    size_t n = 0;

    if (isnan(v))
        return literal(out, "NaN");
    if (isinf(v))
        return literal(out, v < 0 ? "-INF" : "INF");
    if (signbit(v))
        out[n++] = '-';
    v = fabs(v);
    if (v == 0)
        return n + literal(out + n, "0");
    if (v < 1e6 && v == (double)(uint32_t)v)
        return n + (size_t)snprintf(out + n, 8, "%u", (unsigned)v);
    if (v > 0.01 && v < 1e6 && e < 0)
        make_digits_64(f, e, &x);
    else
        make_digits(f, e, &x);
    return n + (v < 1e6 && v >= least ? layout_decimal(&x, out + n) : layout_exponent(&x, out + n));
}

/* Below the normal range Saxon leaves it to Java: shortest, but two digits at least. */
static size_t print_subnormal(double v, bool single, char out[DBL_TEXT_MAX])
{
    int n = 0, exp;

    if (!single && fabs(v) == 0x1p-1073) /* Java's own slip */
        return literal(out, v < 0 ? "-1.0E-323" : "1.0E-323");
    for (int digits = 1; digits < 17; digits++) {
        n = dbl_format(v, digits, out, DBL_TEXT_MAX);
        if (single ? flt_from_text(out) == (float)v : dbl_from_text(out) == v)
            break;
    }
    while (out[n - 1] != 'e')
        n--;
    exp = (int)strtol(out + n, NULL, 10);
    return (size_t)(n - 1 + snprintf(out + n - 1, 8, "E%d", exp));
}

size_t dbl_print(double v, char out[DBL_TEXT_MAX])
{
    uint64_t bits, f;
    int e;

    memcpy(&bits, &v, sizeof(bits));
    f = bits & (((uint64_t)1 << 52) - 1);
    e = (int)(bits >> 52 & 0x7ff);
    if (e == 0 && f != 0)
        return print_subnormal(v, false, out);
    return print(v, f | (uint64_t)1 << 52, e - 1075, 1e-6, out);
}

size_t flt_print(float v, char out[DBL_TEXT_MAX])
{
    uint32_t bits, f;
    int e;

    memcpy(&bits, &v, sizeof(bits));
    f = bits & (((uint32_t)1 << 23) - 1);
    e = (int)(bits >> 23 & 0xff);
    if (e == 0 && f != 0)
        return print_subnormal((double)v, true, out);
    return print((double)v, f | (uint32_t)1 << 23, e - 150, (double)1e-6F, out);
}
