/* dbl.h - reading, rounding and dividing. The text form is in dbl_print.c. */
#include "ubl/atomic/dbl.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "ubl/atomic/dbl_priv.h"

/* ---- reading -------------------------------------------------------------------------------- */

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void c_locale_make(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double dbl_from_text(const char *z)
{
    pthread_once(&c_locale_once, c_locale_make);
    return c_locale ? strtod_l(z, NULL, c_locale) : strtod(z, NULL);
}

float flt_from_text(const char *z)
{
    pthread_once(&c_locale_once, c_locale_make);
    return c_locale ? strtof_l(z, NULL, c_locale) : strtof(z, NULL);
}

int dbl_format(double v, int digits, char *out, size_t size)
{
    locale_t old;
    int n;

    pthread_once(&c_locale_once, c_locale_make);
    old = uselocale(c_locale);
    n = snprintf(out, size, "%.*e", digits, v);
    uselocale(old);
    return n;
}

void dbl_shortest(double v, int64_t *digits, int *exp)
{
    char text[DBL_TEXT_MAX];
    int n = 0;

    do
        dbl_format(v, n, text, sizeof(text)); /* -d.ddde-5 */
    while (dbl_from_text(text) != v && ++n < 17);
    *digits = 0;
    for (const char *p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            *digits = *digits * 10 + (*p - '0');
    if (signbit(v))
        *digits = -*digits;
    *exp = (int)strtol(strchr(text, 'e') + 1, NULL, 10) - n;
}

/* 800 digits and a sticky one after them decide the nearest double of any longer text. */
#define ENOUGH 800

struct number {
    char digits[ENOUGH + 2]; /* without leading zeros */
    size_t n;
    int64_t exp; /* of the last digit */
    bool neg;
};

static void take_digit(struct number *x, char c, bool fraction)
{
    if (x->n == 0 && c == '0') {
        x->exp -= fraction;
        return;
    }
    if (x->n < ENOUGH) {
        x->digits[x->n++] = c;
        x->exp -= fraction;
        return;
    }
    if (x->n == ENOUGH) {
        x->digits[x->n++] = '0';
        x->exp -= fraction;
        goto sticky;
    }
    x->exp += !fraction;
sticky:
    if (c != '0')
        x->digits[ENOUGH] = '1';
}

/* Digits at *p, with a point among them or not; false when there is none. */
static bool take_mantissa(const char **p, const char *end, struct number *x)
{
    bool any = false, fraction = false;

    for (; *p < end; ++*p) {
        if (**p == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (**p < '0' || **p > '9')
            break;
        any = true;
        take_digit(x, **p, fraction);
    }
    return any;
}

static bool take_exponent(const char **p, const char *end, struct number *x)
{
    const int64_t huge = 1000000000000;
    bool neg = false, any = false;
    int64_t e = 0;

    if (*p == end)
        return true;
    if (**p != 'e' && **p != 'E')
        return false;
    ++*p;
    if (*p < end && (**p == '+' || **p == '-'))
        neg = *(*p)++ == '-';
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
        any = true;
        if (e < huge)
            e = e * 10 + (**p - '0');
    }
    x->exp += neg ? -e : e;
    return any;
}

/* INF, NaN as *special; else the digits. False when s is no xs:double. */
static bool scan(struct str s, struct number *x, double *special)
{
    const char *p, *end;

    s = str_trim(s);
    x->n = 0;
    x->exp = 0;
    *special = 0;
    if (str_eqz(s, "NaN"))
        *special = NAN;
    if (str_eqz(s, "INF") || str_eqz(s, "+INF"))
        *special = INFINITY;
    if (str_eqz(s, "-INF"))
        *special = -INFINITY;
    if (*special != 0)
        return true;
    p = s.p;
    end = s.p + s.n;
    x->neg = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    return take_mantissa(&p, end, x) && take_exponent(&p, end, x) && p == end;
}

static void number_text(const struct number *x, char out[ENOUGH + 32])
{
    int64_t e = x->exp > 99999 ? 99999 : x->exp < -99999 ? -99999 : x->exp;

    snprintf(out, ENOUGH + 32, "%s%.*se%d", x->neg ? "-" : "", (int)x->n, x->digits, (int)e);
}

/* Numbers of up to 15 digits and small exponents, as all amounts are: one exact operation. */
static bool fast(const struct number *x, double *out)
{
    static const double exact10[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t m = 0;

    if (x->n == 0) {
        *out = x->neg ? -0.0 : 0.0;
        return true;
    }
    if (x->n > 15 || x->exp < -22 || x->exp > 22)
        return false;
    for (size_t i = 0; i < x->n; i++)
        m = m * 10 + (x->digits[i] - '0');
    *out = x->exp < 0 ? (double)m / exact10[-x->exp] : (double)m * exact10[x->exp];
    if (x->neg)
        *out = -*out;
    return true;
}

enum xerr dbl_parse(struct str s, double *out)
{
    char text[ENOUGH + 32];
    struct number x;

    if (!scan(s, &x, out))
        return XERR_FORG0001;
    if (*out != 0 || fast(&x, out))
        return XERR_NONE;
    number_text(&x, text);
    *out = dbl_from_text(text);
    return XERR_NONE;
}

enum xerr flt_parse(struct str s, float *out)
{
    char text[ENOUGH + 32];
    struct number x;
    double d;

    if (!scan(s, &x, &d))
        return XERR_FORG0001;
    if (d != 0 || x.n == 0) {
        *out = d != 0 ? (float)d : x.neg ? -0.0F : 0.0F;
        return XERR_NONE;
    }
    number_text(&x, text);
    *out = flt_from_text(text);
    return XERR_NONE;
}

/* ---- rounding ------------------------------------------------------------------------------- */

double dbl_round(double v)
{
    double down = floor(v);

    if (!(fabs(v) < 0x1p52))
        return v;
    if (v - down >= 0.5)
        down += 1;
    return copysign(down, v);
}

float flt_round(float v)
{
    return (float)dbl_round(v);
}

/* Rounds the exact value, as Saxon does, and goes back to the nearest double. */
static double round_exact(double v, int32_t precision, enum dec_rounding how)
{
    struct arena *a;
    struct dec d;
    double r = v;

    if (isnan(v) || isinf(v) || v == 0 || precision > 1074)
        return v;
    if (precision < -309)
        return copysign(0, v);
    a = arena_new(1 << 20);
    if (a && !dec_from_double(a, v, &d) && !dec_round(a, d, precision, how, &d))
        r = copysign(dec_to_double(d), v);
    arena_free(a);
    return r;
}

double dbl_round_to(double v, int32_t precision)
{
    return precision == 0 ? dbl_round(v) : round_exact(v, precision, DEC_HALF_CEILING);
}

double dbl_round_half_even(double v, int32_t precision)
{
    double r;

    if (precision != 0)
        return round_exact(v, precision, DEC_HALF_EVEN);
    r = dbl_round(v);
    if (fabs(v) < 0x1p52 && fabs(v - trunc(v)) == 0.5)
        r = 2 * dbl_round(v / 2);
    return copysign(r, v);
}

float flt_round_to(float v, int32_t precision)
{
    return (float)dbl_round_to(v, precision);
}

float flt_round_half_even(float v, int32_t precision)
{
    return (float)dbl_round_half_even(v, precision);
}

/* ---- division ------------------------------------------------------------------------------- */

double dbl_mod(double x, double y)
{
    return fmod(x, y);
}

enum xerr dbl_idiv(struct arena *a, double x, double y, struct dec *out)
{
    if (y == 0)
        return XERR_FOAR0001;
    if (isnan(x) || isnan(y) || isinf(x))
        return XERR_FOAR0002;
    return dec_from_double_trunc(a, x / y, out);
}
