#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/support/vectors.h"
#include "ubl/atomic/regex.h"

/* In place; returns the new length. */
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

static const struct vec_op *find(const char *name, const struct vec_op *ops, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

static void explain(const struct vec *v, const struct vec_op *op, const char *where, int no)
{
    print_error("%s:%d: %s", where, no, op->name);
    for (int i = 0; i < op->args; i++)
        print_error(" '%.*s'", STR_FMT(v->arg[i]));
    print_error(": expected '%.*s', got '%.*s'\n", STR_FMT(v->want), STR_FMT(buf_view(&v->out)));
}

static bool run_line(struct vec *v, const struct vec_op *op, char *line, const char *where, int no)
{
    enum xerr r;

    for (int i = 0; i < op->args; i++) {
        char *arg = strsep(&line, "\t");

        assert_non_null(arg);
        v->arg[i] = (struct str){arg, unescape(arg)};
    }
    assert_non_null(line);
    v->want = (struct str){line, unescape(line)};
    buf_clear(&v->out);
    v->kind = op->kind;
    r = op->fn(v);
    if (r) {
        buf_clear(&v->out);
        buf_putc(&v->out, '!');
        buf_puts(&v->out, xerr_name(r));
    }
    if (str_eq(buf_view(&v->out), v->want))
        return true;
    explain(v, op, where, no);
    return false;
}

void vectors_stream(FILE *f, const char *where, const struct vec_op *ops, size_t n, int least)
{
    struct vec v = {.a = arena_new(64 << 20), .run = regex_run_new()};
    int no = 0, done = 0, bad = 0;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    assert_non_null(v.a);
    assert_non_null(v.run);
    buf_init(&v.out, 1 << 24);
    while ((len = getline(&line, &cap, f)) > 0) {
        struct arena_mark m = arena_mark(v.a);
        char *rest = line, *name;
        const struct vec_op *op;

        no++;
        line[len - 1] = 0;
        if (*line == 0 || *line == '#')
            continue;
        name = strsep(&rest, "\t");
        op = find(name, ops, n);
        if (!op)
            print_error("%s:%d: unknown operation %s\n", where, no, name);
        bad += !op || !run_line(&v, op, rest, where, no);
        done++;
        arena_rewind(v.a, m);
    }
    free(line);
    buf_free(&v.out);
    regex_run_free(v.run);
    arena_free(v.a);
    assert_int_equal(bad, 0);
    assert_true(done >= least);
}

void vectors_file(const char *path, const struct vec_op *ops, size_t n, int least)
{
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    vectors_stream(f, path, ops, n, least);
    fclose(f);
}
