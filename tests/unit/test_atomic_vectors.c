/* The vectors of tests/golden/atomic/: one operation a line, with what Saxon 13.1 answered when
 * tests/golden/atomic/generate.py wrote them. op <TAB> arguments <TAB> text of the result or
 * !ERROR-CODE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/atomic/datetime.h"
#include "ubl/atomic/dbl.h"
#include "ubl/atomic/decimal.h"

#define ARGS 5

struct vec {
    struct arena *a;
    struct str arg[ARGS];
    struct buf out;
};

/* ---- decimal
 * ---------------------------------------------------------------------------------------------- */

typedef enum xerr (*dec_binary)(struct arena *, struct dec, struct dec, struct dec *);
typedef enum xerr (*dec_unary)(struct arena *, struct dec, struct dec *);

static enum xerr dec2(struct vec *v, dec_binary fn)
{
    struct dec x, y, z;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    r = r ? r : dec_parse(v->a, v->arg[1], &y);
    r = r ? r : fn(v->a, x, y, &z);
    if (!r)
        dec_append(&v->out, z);
    return r;
}

static enum xerr dec1(struct vec *v, dec_unary fn)
{
    struct dec x, z;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    r = r ? r : fn(v->a, x, &z);
    if (!r)
        dec_append(&v->out, z);
    return r;
}

static enum xerr put_double(struct vec *v, double d)
{
    char text[DBL_TEXT_MAX];

    buf_add(&v->out, text, dbl_print(d, text));
    return XERR_NONE;
}

static enum xerr put_float(struct vec *v, float d)
{
    char text[DBL_TEXT_MAX];

    buf_add(&v->out, text, flt_print(d, text));
    return XERR_NONE;
}

static int32_t int_arg(struct vec *v, int i)
{
    char text[32];

    snprintf(text, sizeof(text), "%.*s", STR_FMT(v->arg[i]));
    return (int32_t)strtol(text, NULL, 10);
}

static enum xerr op_dec_add(struct vec *v)
{
    return dec2(v, dec_add);
}
static enum xerr op_dec_sub(struct vec *v)
{
    return dec2(v, dec_sub);
}
static enum xerr op_dec_mul(struct vec *v)
{
    return dec2(v, dec_mul);
}
static enum xerr op_dec_div(struct vec *v)
{
    return dec2(v, dec_div);
}
static enum xerr op_dec_idiv(struct vec *v)
{
    return dec2(v, dec_idiv);
}
static enum xerr op_dec_mod(struct vec *v)
{
    return dec2(v, dec_mod);
}
static enum xerr op_dec_neg(struct vec *v)
{
    return dec1(v, dec_neg);
}
static enum xerr op_dec_abs(struct vec *v)
{
    return dec1(v, dec_abs);
}
static enum xerr op_dec_floor(struct vec *v)
{
    return dec1(v, dec_floor);
}
static enum xerr op_dec_ceiling(struct vec *v)
{
    return dec1(v, dec_ceiling);
}
static enum xerr op_dec_trunc(struct vec *v)
{
    return dec1(v, dec_trunc);
}
static enum xerr op_dec_parse(struct vec *v)
{
    struct dec x;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    assert_int_equal(dec_castable(v->arg[0]), !r);
    if (!r)
        dec_append(&v->out, x);
    return r;
}
static enum xerr op_int_parse(struct vec *v)
{
    struct dec x;
    enum xerr r = dec_parse_int(v->a, v->arg[0], &x);

    assert_int_equal(dec_castable_int(v->arg[0]), !r);
    if (!r)
        dec_append(&v->out, x);
    return r;
}
static enum xerr dec_rounded(struct vec *v, enum dec_rounding how)
{
    struct dec x;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    r = r ? r : dec_round(v->a, x, int_arg(v, 1), how, &x);
    if (!r)
        dec_append(&v->out, x);
    return r;
}
static enum xerr op_dec_round(struct vec *v)
{
    return dec_rounded(v, DEC_HALF_CEILING);
}
static enum xerr op_dec_round_even(struct vec *v)
{
    return dec_rounded(v, DEC_HALF_EVEN);
}
static enum xerr op_dec_cmp(struct vec *v)
{
    struct dec x, y;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    r = r ? r : dec_parse(v->a, v->arg[1], &y);
    if (!r) {
        int c = dec_cmp(x, y);

        assert_int_equal(dec_cmp(y, x), -c);
        assert_int_equal(dec_eq(x, y), c == 0);
        if (c == 0)
            assert_int_equal(dec_hash(x), dec_hash(y));
        buf_puts(&v->out, c < 0 ? "-1" : c > 0 ? "1" : "0");
    }
    return r;
}
static enum xerr op_dec_double(struct vec *v)
{
    struct dec x;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    return r ? r : put_double(v, dec_to_double(x));
}
static enum xerr op_dec_float(struct vec *v)
{
    struct dec x;
    enum xerr r = dec_parse(v->a, v->arg[0], &x);

    return r ? r : put_float(v, dec_to_float(x));
}
static enum xerr op_double_dec(struct vec *v)
{
    double d;
    struct dec x;
    enum xerr r = dbl_parse(v->arg[0], &d);

    r = r ? r : dec_from_double(v->a, d, &x);
    if (!r)
        dec_append(&v->out, x);
    return r;
}
static enum xerr op_double_int(struct vec *v)
{
    double d;
    struct dec x;
    enum xerr r = dbl_parse(v->arg[0], &d);

    r = r ? r : dec_from_double_trunc(v->a, d, &x);
    if (!r)
        dec_append(&v->out, x);
    return r;
}

/* ---- double and float
 * ------------------------------------------------------------------------------------- */

static enum xerr op_double(struct vec *v)
{
    double d;
    enum xerr r = dbl_parse(v->arg[0], &d);

    return r ? r : put_double(v, d);
}
static enum xerr op_float(struct vec *v)
{
    float d;
    enum xerr r = flt_parse(v->arg[0], &d);

    return r ? r : put_float(v, d);
}
static enum xerr op_double_round(struct vec *v)
{
    double d;
    enum xerr r = dbl_parse(v->arg[0], &d);

    return r ? r : put_double(v, dbl_round(d));
}
static enum xerr op_double_round2(struct vec *v)
{
    double d;
    enum xerr r = dbl_parse(v->arg[0], &d);

    return r ? r : put_double(v, dbl_round_to(d, int_arg(v, 1)));
}
static enum xerr op_double_even(struct vec *v)
{
    double d;
    enum xerr r = dbl_parse(v->arg[0], &d);

    return r ? r : put_double(v, dbl_round_half_even(d, int_arg(v, 1)));
}
static enum xerr op_float_round2(struct vec *v)
{
    float d;
    enum xerr r = flt_parse(v->arg[0], &d);

    return r ? r : put_float(v, flt_round_to(d, int_arg(v, 1)));
}
static enum xerr op_float_even(struct vec *v)
{
    float d;
    enum xerr r = flt_parse(v->arg[0], &d);

    return r ? r : put_float(v, flt_round_half_even(d, int_arg(v, 1)));
}
static enum xerr op_double_mod(struct vec *v)
{
    double x, y;
    enum xerr r = dbl_parse(v->arg[0], &x);

    r = r ? r : dbl_parse(v->arg[1], &y);
    return r ? r : put_double(v, dbl_mod(x, y));
}
static enum xerr op_double_idiv(struct vec *v)
{
    double x, y;
    struct dec d;
    enum xerr r = dbl_parse(v->arg[0], &x);

    r = r ? r : dbl_parse(v->arg[1], &y);
    r = r ? r : dbl_idiv(v->a, x, y, &d);
    if (!r)
        dec_append(&v->out, d);
    return r;
}

/* ---- the runner
 * ------------------------------------------------------------------------------------------- */

static const struct op {
    const char *name;
    int args;
    enum xerr (*fn)(struct vec *v);
} ops[] = {
    {"dec.add", 2, op_dec_add},
    {"dec.sub", 2, op_dec_sub},
    {"dec.mul", 2, op_dec_mul},
    {"dec.div", 2, op_dec_div},
    {"dec.idiv", 2, op_dec_idiv},
    {"dec.mod", 2, op_dec_mod},
    {"dec.neg", 1, op_dec_neg},
    {"dec.abs", 1, op_dec_abs},
    {"dec.floor", 1, op_dec_floor},
    {"dec.ceiling", 1, op_dec_ceiling},
    {"dec.trunc", 1, op_dec_trunc},
    {"dec.parse", 1, op_dec_parse},
    {"dec.round", 2, op_dec_round},
    {"dec.round-even", 2, op_dec_round_even},
    {"dec.cmp", 2, op_dec_cmp},
    {"dec.double", 1, op_dec_double},
    {"dec.float", 1, op_dec_float},
    {"int.parse", 1, op_int_parse},
    {"double.decimal", 1, op_double_dec},
    {"double.integer", 1, op_double_int},
    {"double", 1, op_double},
    {"float", 1, op_float},
    {"double.round", 1, op_double_round},
    {"double.round2", 2, op_double_round2},
    {"double.round-even", 2, op_double_even},
    {"float.round2", 2, op_float_round2},
    {"float.round-even", 2, op_float_even},
    {"double.mod", 2, op_double_mod},
    {"double.idiv", 2, op_double_idiv},
};

/* \t \n \r \\ in place; returns the new length. */
static size_t unescape(char *s)
{
    char *w = s;

    for (const char *p = s; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *w++ = (char)(*p == 'n' ? '\n' : *p == 't' ? '\t' : *p == 'r' ? '\r' : *p);
        } else {
            *w++ = *p;
        }
    }
    *w = 0;
    return (size_t)(w - s);
}

static const struct op *op_find(const char *name)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

/* Returns 1 when the line's result is as expected. */
static int run_line(struct vec *v, char *line, const char *where, int no)
{
    char *name = strsep(&line, "\t");
    const struct op *op = op_find(name);
    struct str want;
    enum xerr r;

    if (!op) {
        print_error("%s:%d: unknown operation %s\n", where, no, name);
        return 0;
    }
    for (int i = 0; i < op->args; i++) {
        char *arg = strsep(&line, "\t");

        assert_non_null(arg);
        v->arg[i] = (struct str){arg, unescape(arg)};
    }
    assert_non_null(line);
    want = (struct str){line, unescape(line)};
    buf_clear(&v->out);
    r = op->fn(v);
    if (r) {
        buf_clear(&v->out);
        buf_putc(&v->out, '!');
        buf_puts(&v->out, xerr_name(r));
    }
    if (str_eq(buf_view(&v->out), want))
        return 1;
    print_error("%s:%d: %s", where, no, name);
    for (int i = 0; i < op->args; i++)
        print_error(" '%.*s'", STR_FMT(v->arg[i]));
    print_error(": expected '%.*s', got '%.*s'\n", STR_FMT(want), STR_FMT(buf_view(&v->out)));
    return 0;
}

static void run_file(const char *path)
{
    struct vec v = {.a = arena_new(64 << 20)};
    int no = 0, bad = 0;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    assert_non_null(v.a);
    buf_init(&v.out, 1 << 24);
    while ((n = getline(&line, &cap, f)) > 0) {
        struct arena_mark m = arena_mark(v.a);

        no++;
        line[n - 1] = 0;
        if (*line && *line != '#')
            bad += !run_line(&v, line, path, no);
        arena_rewind(v.a, m);
    }
    fclose(f);
    free(line);
    buf_free(&v.out);
    arena_free(v.a);
    assert_true(no > 50);
    assert_int_equal(bad, 0);
}

#define VECTORS(name)                                                                              \
    static void name##_answers_as_saxon(void **state)                                              \
    {                                                                                              \
        (void)state;                                                                               \
        run_file("tests/golden/atomic/" #name ".tsv");                                             \
    }
VECTORS(decimal)
VECTORS(double)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_answers_as_saxon),
        cmocka_unit_test(double_answers_as_saxon),
    };

    if (argc > 1) { /* a file of one's own: generate.py --try uses it */
        run_file(argv[1]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
