/* Expressions in each place of a raw schema, with Saxon 13.1's recorded answers
 * (tests/xpath/places.tsv): what it refuses while compiling, also where nothing is evaluated; what
 * stops; how much is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/schematron/schematron.h"

enum { SIZE = 16 << 20, FIELDS = 4, PLACES = 32 };

struct table {
    struct buf text;
    const char *schema, *name[PLACES], *place[PLACES];
    size_t n;
};

static struct xp_ctx *ctx;
static struct tree *doc;

static void read_file(struct buf *b, const char *name)
{
    char path[512];
    struct err e = ERR_INIT;

    (void)snprintf(path, sizeof(path), "tests/xpath/%s", name);
    buf_init(b, SIZE);
    assert_int_equal(fsx_read_file(b, path, &e), 0);
}

/* The fields of the next line that is no comment; 0 at the end. */
static size_t next(char **at, char *field[FIELDS])
{
    while (**at) {
        char *line = *at, *eol = strchr(line, '\n');
        size_t n = 0;
        *at = eol ? eol + 1 : line + strlen(line);
        if (eol)
            *eol = '\0';
        for (char *p = line; p && *line != '#' && n < FIELDS; n++) {
            char *tab = strchr(p, '\t');
            field[n] = p;
            if (tab)
                *tab++ = '\0';
            p = tab;
        }
        if (n)
            return n;
    }
    return 0;
}

/* Put into a template in place of its %s. */
static void fill(struct buf *b, const char *template, const char *what)
{
    const char *hole = strstr(template, "%s");

    assert_non_null(hole);
    buf_add(b, template, (size_t)(hole - template));
    buf_puts(b, what);
    buf_puts(b, hole + 2);
}

static const char *place_of(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->name[i], name) == 0)
            return t->place[i];
    fail_msg("no place %s", name);
    return "";
}

static void answer(char out[64], const struct table *t, const char *expr, const char *place)
{
    const struct sch_options none = {0};
    struct buf quoted, body, source;
    struct arena *a = arena_new(1 << 26);
    struct sch_result r = {0};
    struct err e = ERR_INIT;
    struct sch *s = NULL;

    buf_init(&quoted, SIZE);
    buf_init(&body, SIZE);
    buf_init(&source, SIZE);
    buf_xml(&quoted, str_z(expr));
    fill(&body, place_of(t, place), quoted.p ? quoted.p : "");
    fill(&source, t->schema, body.p);
    if (sch_load_bytes(&s, buf_view(&source), "x.sch", "x", &none, &e))
        (void)snprintf(out, 64, "REFUSED %s", e.code);
    else if (sch_run(&r, s, ctx, doc, NULL, NULL, a, &e))
        (void)snprintf(out, 64, "BROKEN %s", e.code);
    else if (r.stopped)
        (void)snprintf(out, 64, "ERROR %s", r.error.code);
    else
        (void)snprintf(out, 64, "OK %u", r.n);
    sch_free(s);
    arena_free(a);
    buf_free(&quoted);
    buf_free(&body);
    buf_free(&source);
}

static void each_place_gives_saxons_answer(void **state)
{
    struct table t = {.n = 0};
    struct buf ctx_xml;
    struct err e = ERR_INIT;
    char *at, *f[FIELDS];
    size_t n, cases = 0, bad = 0;

    (void)state;
    read_file(&ctx_xml, "ctx.xml");
    read_file(&t.text, "places.tsv");
    assert_int_equal(tree_parse(&doc, buf_view(&ctx_xml), NULL, NULL, NULL, &e), 0);
    assert_int_equal(xp_ctx_new(&ctx, NULL, &e), 0);
    for (at = t.text.p; (n = next(&at, f)) > 0;) {
        char got[64], want[64];
        if (strcmp(f[0], "schema") == 0) {
            t.schema = f[1];
        } else if (strcmp(f[0], "place") == 0) {
            assert_true(t.n < PLACES);
            t.name[t.n] = f[1];
            t.place[t.n++] = f[2];
        } else {
            assert_int_equal(n, FIELDS);
            (void)snprintf(want, sizeof(want), "%s %s", f[2], f[3]);
            answer(got, &t, f[0], f[1]);
            cases++;
            if (strcmp(got, want) == 0)
                continue;
            bad++;
            print_message("%s: %s: Saxon %s, ours %s\n", f[1], f[0], want, got);
        }
    }
    print_message("%zu answers, %zu differ\n", cases, bad);
    assert_int_equal(bad, 0);
    assert_true(cases > 2000);
    xp_ctx_free(ctx);
    tree_free(doc);
    buf_free(&ctx_xml);
    buf_free(&t.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_place_gives_saxons_answer)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
