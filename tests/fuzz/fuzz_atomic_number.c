/* Target: dec_parse and its arithmetic against a second path, dbl_parse, dbl_print. Input: two
 * numbers with a newline between. What must hold for all: the text reads back as the value, sums
 * and differences undo each other, q×y + r = x, a value that fits 128 bits is the same when GMP
 * computes it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "ubl/atomic/dbl.h"
#include "ubl/atomic/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void reads_back(struct arena *a, struct dec x)
{
    struct str text;
    struct dec y;

    must(dec_text(a, x, &text) == XERR_NONE);
    must(dec_parse(a, text, &y) == XERR_NONE);
    must(dec_eq(x, y) && dec_cmp(x, y) == 0 && dec_hash(x) == dec_hash(y));
    must(dec_castable(text));
    must(dec_castable_int(text) == dec_is_integral(x));
}

static void sums(struct arena *a, struct dec x, struct dec y)
{
    struct dec s, d, p, far, back;

    if (dec_add(a, x, y, &s) || dec_sub(a, s, y, &d) || dec_mul(a, x, y, &p))
        return; /* a limit */
    must(dec_eq(d, x));
    reads_back(a, p);
    must(dec_sign(p) == dec_sign(x) * dec_sign(y));
    /* The same by way of numbers beyond 128 bits. */
    if (dec_parse(a, STR("1000000000000000000000000000000000000000000"), &far) ||
        dec_add(a, x, far, &back))
        return;
    if (dec_add(a, back, y, &back) || dec_sub(a, back, far, &back))
        return;
    must(dec_eq(back, s));
    if (!dec_mul(a, x, far, &back) && !dec_mul(a, back, y, &back) && !dec_idiv(a, far, far, &s) &&
        !dec_mul(a, p, far, &p))
        must(dec_eq(back, p));
}

static void quotients(struct arena *a, struct dec x, struct dec y)
{
    struct dec q, r, back;

    if (dec_is_zero(y)) {
        must(dec_div(a, x, y, &q) == XERR_FOAR0001);
        return;
    }
    if (!dec_idiv(a, x, y, &q) && !dec_mod(a, x, y, &r) && !dec_mul(a, q, y, &back) &&
        !dec_add(a, back, r, &back)) {
        must(dec_eq(back, x) && dec_is_integral(q));
        must(dec_is_zero(r) || dec_sign(r) == dec_sign(x));
    }
    if (!dec_div(a, x, y, &q))
        reads_back(a, q);
}

static void roundings(struct arena *a, struct dec x, int32_t precision)
{
    struct dec lo, hi, r;

    if (dec_floor(a, x, &lo) || dec_ceiling(a, x, &hi))
        return;
    must(dec_cmp(lo, x) <= 0 && dec_cmp(x, hi) <= 0);
    for (int how = DEC_HALF_CEILING; how <= DEC_CEILING; how++) {
        if (dec_round(a, x, 0, (enum dec_rounding)how, &r) == XERR_NONE)
            must(dec_eq(r, lo) || dec_eq(r, hi));
        if (dec_round(a, x, precision, (enum dec_rounding)how, &r) == XERR_NONE)
            reads_back(a, r);
    }
}

static void doubles(struct arena *a, struct str s)
{
    char text[DBL_TEXT_MAX];
    struct dec exact;
    double d, back;
    float f;

    if (dbl_parse(s, &d)) {
        must(flt_parse(s, &f) == XERR_FORG0001);
        return;
    }
    must(flt_parse(s, &f) == XERR_NONE);
    must(dbl_print(d, text) < DBL_TEXT_MAX);
    must(dbl_parse(str_z(text), &back) == XERR_NONE);
    /* The neighbour only at powers of two: see dbl_print.c */
    must(isnan(d) ? isnan(back) : d == back || nextafter(d, back) == back);
    must(flt_print(f, text) < DBL_TEXT_MAX);
    if (dec_from_double(a, d, &exact) == XERR_NONE)
        must(dec_to_double(exact) == d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(16 << 20);
    struct str s = {(const char *)data, size}, first, second;
    size_t cut = str_find(s, STR("\n"));
    struct dec x, y;

    if (!a)
        return 0;
    first = str_sub(s, 0, cut);
    second = cut < size ? str_sub(s, cut + 1, size) : STR("7");
    doubles(a, first);
    if (dec_parse(a, first, &x) == XERR_NONE && dec_parse(a, second, &y) == XERR_NONE) {
        reads_back(a, x);
        sums(a, x, y);
        quotients(a, x, y);
        roundings(a, x, (int32_t)(size % 90) - 45);
        must(dec_cmp(x, y) == -dec_cmp(y, x));
    }
    arena_free(a);
    return 0;
}
