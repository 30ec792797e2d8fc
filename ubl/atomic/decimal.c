/* decimal.h with 128-bit coefficients; what overflows them goes to decimal_big.c.
 *
 * Every function first tries the small form and falls through to the big one, so that the two never
 * disagree about which form a result has: small if and only if it fits (dec_finish and decbig's
 * store decide it). */
#include "ubl/atomic/decimal.h"

#include <math.h>

#include "ubl/atomic/decimal_priv.h"

#define E4(x) ((x)*10000)
#define P10_16 E4(E4(E4(E4((i128)1))))
#define P10_32 E4(E4(E4(E4(P10_16))))
#define FOUR(x) (x), (x)*10, (x)*100, (x)*1000

const i128 dec_pow10[DEC_SMALL_DIGITS + 1] = {FOUR((i128)1), FOUR(E4((i128)1)),
    FOUR(E4(E4((i128)1))), FOUR(E4(E4(E4((i128)1)))), FOUR(P10_16), FOUR(E4(P10_16)),
    FOUR(E4(E4(P10_16))), FOUR(E4(E4(E4(P10_16)))), FOUR(P10_32), E4(P10_32), E4(P10_32) * 10,
    E4(P10_32) * 100};

/* -2^127 is left out so that every small coefficient can be negated. */
static bool fits(i128 v)
{
    return v != (i128)((u128)1 << 127);
}

static i128 mag(i128 v)
{
    return v < 0 ? -v : v;
}

/* Trailing zeros off, many at once where there are many: a quotient mostly has 18 digits of them.
 */
static i128 strip(i128 v, int32_t *scale)
{
    if (v == 0)
        *scale = 0;
    for (int32_t k = 16; k && *scale; k /= 2) {
        int64_t by = (int64_t)dec_pow10[k], low = ((int64_t)1 << k) - 1;
        while (*scale >= k && !((int64_t)v & low) && v % by == 0) {
            v /= by;
            *scale -= k;
        }
    }
    return v;
}

static enum xerr dec_finish(
    struct arena *a, i128 v, int32_t scale, unsigned origin, struct dec *out)
{
    v = strip(v, &scale);
    if (scale > DEC_SMALL_DIGITS)
        return decbig_of_i128(a, v, scale, origin, out);
    *out = dec_of_i128(v, scale, origin);
    return XERR_NONE;
}

struct dec dec_make(int64_t unscaled, int scale)
{
    int32_t s = scale;
    i128 v = strip(unscaled, &s);

    return dec_of_i128(v, s, DEC_FROM_DECIMAL);
}

bool dec_to_i64(struct dec d, int64_t *out)
{
    if (d.big || d.scale != 0 || (i128)(int64_t)d.lo != dec_i128(d))
        return false;
    *out = (int64_t)d.lo;
    return true;
}

/* ---- text ----------------------------------------------------------------------------------- */

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Saxon's xs:decimal("300") is an integer inside, up to this many characters with a minus sign. */
#define SAXON_INTEGER_TEXT 15

struct lexical {
    const char *digits; /* from the first digit that counts ... */
    size_t n;           /* ... over n characters, one of which may be the point */
    size_t counted;     /* digits among them */
    size_t scale;
    bool neg;
    bool integer; /* Saxon keeps it as an integer */
};

/*= XSD-2 3.2.3.1 "a finite-length sequence of decimal digits separated by a period" */
static bool scan(struct str s, bool integer, struct lexical *x)
{
    const char *p = s.p, *end = s.p + s.n, *dot = NULL, *first = NULL;

    while (p < end && space(*p))
        p++;
    while (end > p && space(end[-1]))
        end--;
    if (p < end && *p == '+')
        first = ++p;
    *x = (struct lexical){.integer = integer || end - p <= SAXON_INTEGER_TEXT};
    if (p < end && *p == '-' && p != first)
        x->neg = *p++ == '-';
    first = p;
    for (; p < end; p++) {
        if (*p == '.' && !dot && !integer)
            dot = p;
        else if (!digit(*p))
            return false;
    }
    if (end - first - (dot ? 1 : 0) <= 0)
        return false;
    x->integer = x->integer && !dot;
    if (dot)
        while (end[-1] == '0')
            end--;
    while (first < end && (*first == '0' || first == dot))
        first++;
    x->digits = first;
    x->n = (size_t)(end - first);
    x->scale = dot && end > dot ? (size_t)(end - dot - 1) : 0;
    x->counted = x->n - (dot && first <= dot && dot < end ? 1 : 0);
    return true;
}

static enum xerr from_lexical(struct arena *a, const struct lexical *x, struct dec *out)
{
    unsigned origin = x->integer ? DEC_FROM_INTEGER : DEC_FROM_DECIMAL;
    u128 v = 0;
    uint64_t low = 0;
    size_t i = 0;

    if (x->counted > DEC_DIGITS_MAX || x->scale > DEC_DIGITS_MAX)
        return XERR_LIMIT;
    if (x->counted > DEC_SMALL_DIGITS || (x->scale > DEC_SMALL_DIGITS && x->counted))
        return decbig_parse(a, x->digits, x->n, (int32_t)x->scale, x->neg, origin, out);
    for (; i < x->n && i < 18; i++)
        low = x->digits[i] == '.' ? low : low * 10 + (unsigned)(x->digits[i] - '0');
    for (v = low; i < x->n; i++)
        v = x->digits[i] == '.' ? v : v * 10 + (unsigned)(x->digits[i] - '0');
    *out = dec_of_i128(x->neg ? -(i128)v : (i128)v, x->counted ? (int32_t)x->scale : 0, origin);
    return XERR_NONE;
}

enum xerr dec_parse(struct arena *a, struct str s, struct dec *out)
{
    struct lexical x;

    return scan(s, false, &x) ? from_lexical(a, &x, out) : XERR_FORG0001;
}

enum xerr dec_parse_int(struct arena *a, struct str s, struct dec *out)
{
    struct lexical x;

    return scan(s, true, &x) ? from_lexical(a, &x, out) : XERR_FORG0001;
}

bool dec_castable(struct str s)
{
    struct lexical x;

    return scan(s, false, &x);
}

bool dec_castable_int(struct str s)
{
    struct lexical x;

    return scan(s, true, &x);
}

/* Digits of v, ending at `end`; returns where they begin. */
static char *digits_before(u128 v, char *end)
{
    const uint64_t chunk = 10000000000000000000u; /* 10^19: one 128-bit division for 19 digits */

    while (v > UINT64_MAX) {
        uint64_t low = (uint64_t)(v % chunk);

        v /= chunk;
        for (int i = 0; i < 19; i++, low /= 10)
            *--end = (char)('0' + low % 10);
    }
    for (uint64_t w = (uint64_t)v; w; w /= 10)
        *--end = (char)('0' + w % 10);
    return end;
}

static size_t print_scaled(i128 v, int scale, char *out)
{
    char tmp[64], *end = tmp + sizeof(tmp), *p = digits_before((u128)mag(v), end);
    size_t n = 0;

    while (end - p <= scale)
        *--p = '0';
    if (v < 0)
        out[n++] = '-';
    for (; p < end; p++) {
        if (end - p == scale)
            out[n++] = '.';
        out[n++] = *p;
    }
    out[n] = 0;
    return n;
}

size_t dec_print(struct dec d, char out[DEC_TEXT_MAX])
{
    return print_scaled(dec_i128(d), d.scale, out);
}

size_t dec_print_fixed(struct dec d, int places, char out[DEC_TEXT_MAX + 20])
{
    i128 v = dec_i128(d);
    size_t n;
    int more = places - d.scale;

    if (more <= 0)
        return print_scaled(v, d.scale, out);
    n = print_scaled(v, d.scale, out);
    if (d.scale == 0)
        out[n++] = '.';
    while (more-- > 0)
        out[n++] = '0';
    out[n] = 0;
    return n;
}

void dec_append(struct buf *b, struct dec d)
{
    char text[DEC_TEXT_MAX];

    if (d.big)
        decbig_append(b, d);
    else
        buf_add(b, text, dec_print(d, text));
}

enum xerr dec_text(struct arena *a, struct dec d, struct str *out)
{
    char text[DEC_TEXT_MAX];
    struct buf b;

    if (!d.big) {
        size_t n = dec_print(d, text);

        *out = (struct str){arena_strndup(a, text, n), n};
        return out->p ? XERR_NONE : XERR_NOMEM;
    }
    buf_init(&b, 2 * DEC_DIGITS_MAX + 8);
    decbig_append(&b, d);
    *out = (struct str){buf_ok(&b) ? arena_dup(a, buf_view(&b)) : NULL, b.n};
    buf_free(&b);
    return out->p ? XERR_NONE : XERR_NOMEM;
}

/* ---- comparison ----------------------------------------------------------------------------- */

int dec_cmp(struct dec x, struct dec y)
{
    i128 vx = dec_i128(x), vy = dec_i128(y);
    int32_t d = x.scale - y.scale;

    if (x.big || y.big)
        return decbig_cmp(x, y);
    /* An overflow here means: larger in magnitude than any small coefficient. */
    if (d < 0 && __builtin_mul_overflow(vx, dec_pow10[-d], &vx))
        return dec_sign(x);
    if (d > 0 && __builtin_mul_overflow(vy, dec_pow10[d], &vy))
        return -dec_sign(y);
    return (vx > vy) - (vx < vy);
}

bool dec_eq(struct dec x, struct dec y)
{
    if (x.big || y.big)
        return x.big == y.big && x.scale == y.scale && decbig_cmp(x, y) == 0;
    return x.lo == y.lo && x.hi == y.hi && x.scale == y.scale;
}

uint64_t dec_hash(struct dec d)
{
    uint64_t h = d.big ? decbig_hash(d) : d.lo ^ ((uint64_t)d.hi * 0x9e3779b97f4a7c15u);

    h = (h ^ (uint64_t)d.scale) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

/* Both coefficients at the larger scale. False when one does not fit. */
static bool align(struct dec x, struct dec y, i128 *vx, i128 *vy, int32_t *scale)
{
    int32_t d = x.scale - y.scale;

    *vx = dec_i128(x);
    *vy = dec_i128(y);
    *scale = d > 0 ? x.scale : y.scale;
    if (d < 0)
        return !__builtin_mul_overflow(*vx, dec_pow10[-d], vx);
    return d == 0 || !__builtin_mul_overflow(*vy, dec_pow10[d], vy);
}

static enum xerr add(struct arena *a, struct dec x, struct dec y, bool minus, struct dec *out)
{
    i128 vx, vy;
    int32_t scale;

    if (x.big || y.big || !align(x, y, &vx, &vy, &scale))
        return decbig_add(a, x, y, minus, out);
    if (minus ? __builtin_sub_overflow(vx, vy, &vx) : __builtin_add_overflow(vx, vy, &vx))
        return decbig_add(a, x, y, minus, out);
    if (!fits(vx))
        return decbig_add(a, x, y, minus, out);
    return dec_finish(a, vx, scale, dec_origin2(x, y), out);
}

enum xerr dec_add(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    return add(a, x, y, false, out);
}

enum xerr dec_sub(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    return add(a, x, y, true, out);
}

enum xerr dec_mul(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    i128 v;

    if (x.big || y.big || __builtin_mul_overflow(dec_i128(x), dec_i128(y), &v) || !fits(v))
        return decbig_mul(a, x, y, out);
    return dec_finish(a, v, x.scale + y.scale, dec_origin2(x, y), out);
}

bool dec_rounds_away(enum dec_rounding how, int twice, bool odd, bool neg)
{
    switch (how) {
    case DEC_HALF_CEILING:
        return twice > 0 || (twice == 0 && !neg);
    case DEC_HALF_EVEN:
        return twice > 0 || (twice == 0 && odd);
    case DEC_HALF_UP:
        return twice >= 0;
    case DEC_HALF_DOWN:
        return twice > 0;
    case DEC_DOWN:
        return false;
    case DEC_FLOOR:
        return neg;
    case DEC_CEILING:
        return !neg;
    }
    return false;
}

static i128 divide(i128 x, i128 y, enum dec_rounding how)
{
    i128 q = x / y, r = x % y, half = mag(y) - mag(r); /* 2r ? y without overflow: r ? y - r */
    bool neg = (x < 0) != (y < 0);

    if (r == 0)
        return q;
    if (dec_rounds_away(how, (mag(r) > half) - (mag(r) < half), q & 1, neg))
        q += neg ? -1 : 1;
    return q;
}

static int32_t small_trailing_zeros(i128 v)
{
    int32_t n = 0;

    for (; v != 0 && v % 10 == 0; v /= 10)
        n++;
    return n;
}

int32_t dec_java_scale(struct dec d)
{
    if (d.scale != 0 || d.origin != DEC_FROM_DECIMAL)
        return d.scale;
    return -(d.big ? decbig_trailing_zeros(d) : small_trailing_zeros(dec_i128(d)));
}

/* x / y = vx × 10^(scale - sx + sy) / vy, to `scale` digits. */
static enum xerr div_to(struct arena *a, struct dec x, struct dec y, int32_t scale,
    enum dec_rounding how, unsigned origin, struct dec *out)
{
    i128 vx = dec_i128(x), vy = dec_i128(y);
    int32_t e = scale - x.scale + y.scale;

    if (dec_is_zero(y))
        return XERR_FOAR0001;
    if (x.big || y.big || e > DEC_SMALL_DIGITS || e < -DEC_SMALL_DIGITS)
        return decbig_div(a, x, y, scale, how, origin, out);
    if (e >= 0 ? __builtin_mul_overflow(vx, dec_pow10[e], &vx)
               : __builtin_mul_overflow(vy, dec_pow10[-e], &vy))
        return decbig_div(a, x, y, scale, how, origin, out);
    if (!fits(vx) || !fits(vy))
        return decbig_div(a, x, y, scale, how, origin, out);
    return dec_finish(a, divide(vx, vy, how), scale, origin, out);
}

/* Saxon keeps an exact quotient of two 64-bit integers as an integer. */
static bool integer_quotient(struct dec x, struct dec y, struct dec *out)
{
    int64_t vx, vy;

    if (!dec_to_i64(x, &vx) || !dec_to_i64(y, &vy) || vy == 0 || (i128)vx % vy != 0)
        return false;
    *out = dec_of_i128((i128)vx / vy, 0, DEC_FROM_INTEGER);
    return true;
}

static bool is_31_bits(struct dec d)
{
    return !d.big && d.hi == 0 && d.lo <= INT32_MAX;
}

/* As Saxon: two integers are stripped of trailing zeros like decimals, unless both have at most 31
 * bits. */
enum xerr dec_div(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    int32_t scale;

    if (x.origin == DEC_FROM_INTEGER && y.origin == DEC_FROM_INTEGER) {
        if (integer_quotient(x, y, out))
            return XERR_NONE;
        if (!is_31_bits(x) || !is_31_bits(y))
            x.origin = y.origin = DEC_FROM_DECIMAL;
    }
    scale = dec_java_scale(x) - dec_java_scale(y) + 18;
    return div_to(a, x, y, scale > 18 ? scale : 18, DEC_HALF_DOWN, DEC_FROM_DECIMAL, out);
}

enum xerr dec_div_round(
    struct arena *a, struct dec x, struct dec y, int places, enum dec_rounding how, struct dec *out)
{
    return div_to(a, x, y, places, how, DEC_FROM_DECIMAL, out);
}

enum xerr dec_idiv(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    return div_to(a, x, y, 0, DEC_DOWN, DEC_FROM_INTEGER, out);
}

enum xerr dec_mod(struct arena *a, struct dec x, struct dec y, struct dec *out)
{
    i128 vx, vy;
    int32_t scale;

    if (dec_is_zero(y))
        return XERR_FOAR0001;
    if (x.big || y.big || !align(x, y, &vx, &vy, &scale) || !fits(vx) || !fits(vy))
        return decbig_mod(a, x, y, out);
    return dec_finish(a, vx % vy, scale, dec_origin2(x, y), out);
}

/* Saxon strips the result of arithmetic, whatever the operand came from, but an integer stays one.
 */
static struct dec stripped(struct dec x)
{
    if (x.origin == DEC_FROM_DOUBLE)
        x.origin = DEC_FROM_DECIMAL;
    return x;
}

enum xerr dec_neg(struct arena *a, struct dec x, struct dec *out)
{
    x = stripped(x);
    if (x.big)
        return decbig_neg(a, x, out);
    *out = dec_of_i128(-dec_i128(x), x.scale, x.origin);
    return XERR_NONE;
}

enum xerr dec_abs(struct arena *a, struct dec x, struct dec *out)
{
    *out = x;
    return dec_sign(x) < 0 ? dec_neg(a, x, out) : XERR_NONE;
}

enum xerr dec_round(
    struct arena *a, struct dec x, int32_t precision, enum dec_rounding how, struct dec *out)
{
    int64_t drop = (int64_t)x.scale - precision;
    i128 q;

    *out = x;
    if (drop <= 0 || dec_is_zero(x))
        return XERR_NONE;
    if (x.big || drop > DEC_SMALL_DIGITS)
        return decbig_round(a, x, precision, how, out);
    x = stripped(x);
    q = divide(dec_i128(x), dec_pow10[drop], how);
    if (precision >= 0)
        return dec_finish(a, q, precision, x.origin, out);
    if (q != 0 && precision < -DEC_SMALL_DIGITS)
        return decbig_round(a, x, precision, how, out);
    if (q != 0 && (__builtin_mul_overflow(q, dec_pow10[-precision], &q) || !fits(q)))
        return decbig_round(a, x, precision, how, out);
    return dec_finish(a, q, 0, x.origin, out);
}

enum xerr dec_floor(struct arena *a, struct dec x, struct dec *out)
{
    return dec_round(a, stripped(x), 0, DEC_FLOOR, out);
}

enum xerr dec_ceiling(struct arena *a, struct dec x, struct dec *out)
{
    return dec_round(a, stripped(x), 0, DEC_CEILING, out);
}

enum xerr dec_trunc(struct arena *a, struct dec x, struct dec *out)
{
    enum xerr r = dec_round(a, x, 0, DEC_DOWN, out);

    out->origin = DEC_FROM_INTEGER;
    return r;
}

/* ---- binary floating point ------------------------------------------------------------------ */

static const double exact10[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
    1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

double dec_to_double(struct dec d)
{
    const int64_t exact = (int64_t)1 << 53;
    i128 v = dec_i128(d);

    if (d.big)
        return decbig_to_double(d);
    /* Both parts are exact doubles, so the one rounding of the division is the right one. */
    if (v <= exact && v >= -exact && d.scale < (int32_t)(sizeof(exact10) / sizeof(exact10[0])))
        return (double)(int64_t)v / exact10[d.scale];
    return decbig_to_double(d);
}

float dec_to_float(struct dec d)
{
    const int32_t exact = 1 << 24;
    i128 v = dec_i128(d);

    if (!d.big && v <= exact && v >= -exact && d.scale <= 10)
        return (float)(int32_t)v / (float)exact10[d.scale];
    return decbig_to_float(d);
}

enum xerr dec_from_double(struct arena *a, double v, struct dec *out)
{
    int exp;
    double f;
    int64_t m;

    if (isnan(v) || isinf(v))
        return XERR_FOCA0002;
    f = frexp(v, &exp); /* 0.5 <= |f| < 1 */
    m = (int64_t)ldexp(f, 53);
    exp -= 53;
    if (m == 0) {
        *out = dec_of_i128(0, 0, DEC_FROM_DOUBLE);
        return XERR_NONE;
    }
    for (; !(m & 1); m >>= 1)
        exp++;
    if (exp >= 0 && exp <= 64) {
        *out = dec_of_i128((i128)m * ((i128)1 << exp), 0, DEC_FROM_DOUBLE);
        return XERR_NONE;
    }
    return decbig_from_binary(a, m, exp, out);
}

enum xerr dec_from_double_trunc(struct arena *a, double v, struct dec *out)
{
    enum xerr r = dec_from_double(a, trunc(v), out);

    if (!r)
        out->origin = DEC_FROM_INTEGER;
    return r;
}
