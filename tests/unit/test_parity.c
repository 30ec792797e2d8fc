/* Our verdicts against Saxon's, on the corpus of ../shared/corpus: every document × every rule set,
 * the same findings (id, flag, role, kind, location, text) in the same order, the same dynamic
 * errors. tests/parity/expected-failures.tsv names what is allowed to differ: it may only shrink,
 * an entry that no longer differs fails the test too. Without the corpus the tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/schematron/schematron.h"

#define LINE_MAX_LEN (1 << 20)
#define THREADS 2
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EVERY 25 /* a sample: the whole corpus runs in the release build */
#else
#define EVERY 1
#endif

struct row { /* one run of a rule set over a document, as Saxon saw it */
    char *file, *status, *code;
    char **fired; /* tab-separated: kind id flag role location text, in SVRL order */
    size_t n;
};

struct ruleset {
    char *name;
    struct row *rows;
    size_t n;
};

struct corpus {
    char dir[4096];
    struct ruleset *sets;
    size_t n;
    char **expected; /* "ruleset<TAB>file" */
    bool *met;
    size_t n_expected;
    char **warm; /* "ruleset<TAB>file<TAB>code" */
    size_t n_warm;
};

static struct corpus corpus;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t runs, differences;

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

static char **push(char ***v, size_t *n, char *s)
{
    if ((*n & (*n - 1)) == 0)
        *v = need(realloc(*v, (*n ? *n * 2 : 1) * sizeof(**v)));
    (*v)[(*n)++] = s;
    return &(*v)[*n - 1];
}

/* ---- reading the recorded verdicts ---- */

static gzFile open_gz(const char *folder, const char *name)
{
    char path[5000];

    (void)snprintf(path, sizeof(path), "%s/verdicts/dev/%s%s.tsv.gz", corpus.dir, folder, name);
    return gzopen(path, "rb");
}

static size_t split(char *line, char **f, size_t max)
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *p = line; p && n < max; n++) {
        f[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    return n;
}

static struct ruleset *set_of(const char *name)
{
    if (corpus.n && strcmp(corpus.sets[corpus.n - 1].name, name) == 0)
        return &corpus.sets[corpus.n - 1];
    for (size_t i = 0; i < corpus.n; i++)
        if (strcmp(corpus.sets[i].name, name) == 0)
            return &corpus.sets[i];
    corpus.sets = need(realloc(corpus.sets, (corpus.n + 1) * sizeof(*corpus.sets)));
    corpus.sets[corpus.n] = (struct ruleset){.name = need(strdup(name))};
    return &corpus.sets[corpus.n++];
}

static void read_summary(void)
{
    static char line[LINE_MAX_LEN];
    gzFile f = open_gz("", "summary");
    char *c[8];

    if (!f)
        return;
    (void)gzgets(f, line, sizeof(line));
    while (gzgets(f, line, sizeof(line))) {
        struct ruleset *s;
        size_t k = split(line, c, 8);
        if (k < 8)
            continue;
        s = set_of(c[0]);
        c[7][strcspn(c[7], " ")] = '\0';
        s->rows = need(realloc(s->rows, (s->n + 1) * sizeof(*s->rows)));
        s->rows[s->n++] = (struct row){
            .file = need(strdup(c[1])), .status = need(strdup(c[2])), .code = need(strdup(c[7]))};
    }
    (void)gzclose(f);
}

static int by_file(const void *x, const void *y)
{
    return strcmp(((const struct row *)x)->file, ((const struct row *)y)->file);
}

static void read_fired(struct ruleset *s)
{
    static char line[LINE_MAX_LEN];
    char name[512];
    gzFile f;
    char *c[8];

    (void)snprintf(name, sizeof(name), "%s", s->name);
    for (char *p = name; *p; p++)
        if (*p == '/')
            *p = '_';
    qsort(s->rows, s->n, sizeof(*s->rows), by_file);
    if (!(f = open_gz("fired/", name)))
        return;
    (void)gzgets(f, line, sizeof(line));
    while (gzgets(f, line, sizeof(line))) {
        struct row key, *r;
        char *text;
        size_t seq;
        if (split(line, c, 8) < 8)
            continue;
        key.file = c[0];
        r = bsearch(&key, s->rows, s->n, sizeof(key), by_file);
        seq = strtoul(c[6], NULL, 10);
        if (!r || seq == 0)
            continue;
        if (asprintf(&text, "%s\t%s\t%s\t%s\t%s\t%s", c[1], c[2], c[3], c[4], c[5], c[7]) < 0)
            abort();
        while (r->n < seq)
            (void)push(&r->fired, &r->n, NULL);
        r->fired[seq - 1] = text;
    }
    (void)gzclose(f);
}

static void read_list(const char *path, char ***v, size_t *n)
{
    FILE *f = fopen(path, "r");
    char line[2048];

    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#')
            (void)push(v, n, need(strdup(line)));
    }
    if (f)
        (void)fclose(f);
}

static void read_expected(void)
{
    read_list("tests/parity/expected-failures.tsv", &corpus.expected, &corpus.n_expected);
    read_list("tests/parity/warm-saxon.tsv", &corpus.warm, &corpus.n_warm);
    corpus.met = need(calloc(corpus.n_expected + 1, sizeof(bool)));
}

static bool is_expected(const char *set, const char *file)
{
    char key[1024];

    (void)snprintf(key, sizeof(key), "%s\t%s", set, file);
    for (size_t i = 0; i < corpus.n_expected; i++)
        if (strcmp(corpus.expected[i], key) == 0)
            return corpus.met[i] = true;
    return false;
}

static bool is_fresh_saxons(const char *set, const char *file, const char *code)
{
    char key[1024];

    (void)snprintf(key, sizeof(key), "%s\t%s\t%s", set, file, code);
    for (size_t i = 0; i < corpus.n_warm; i++)
        if (strcmp(corpus.warm[i], key) == 0)
            return true;
    return false;
}

/* ---- where a rule set's source is ---- */

/* From rulesets.tsv (name, package, path inside) and the data folder's manifest (path … source). */
static bool compiled_path(const char *name, char *out, size_t n)
{
    const char *data = getenv("AVISO_DATA") ? getenv("AVISO_DATA") : "build/data";
    char path[4200], line[4096], inside[1024] = "", *c[6];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/rulesets.tsv", corpus.dir);
    if (!(f = fopen(path, "r")))
        return false;
    while (fgets(line, sizeof(line), f))
        if (split(line, c, 3) == 3 && strcmp(c[0], name) == 0)
            (void)snprintf(inside, sizeof(inside), "!%s", c[2]);
    (void)fclose(f);
    (void)snprintf(path, sizeof(path), "%s/manifest.tsv", data);
    out[0] = '\0';
    if (!(f = fopen(path, "r")))
        return false;
    while (inside[0] && fgets(line, sizeof(line), f)) {
        char *at;
        if (split(line, c, 5) == 5 && (at = strchr(c[4], '!')) && strcmp(at, inside) == 0)
            (void)snprintf(out, n, "%s/%s", data, c[0]);
    }
    (void)fclose(f);
    return out[0] != '\0';
}

static bool raw_path(const char *name, char *out, size_t n)
{
    static const char *const places[] = {"phive-rule-source/openpeppol/", "phive-rule-source/", ""};
    enum { PLACES = sizeof(places) / sizeof(places[0]) };
    static const struct {
        const char *from, *to;
    } moved[] = {{"2025Q2/", "openpeppol-2025-Q2/"},
        {"cen-1.3.16/EN16931-CII-validation", "cen-1.3.16/cii/EN16931-CII-validation"},
        {"cen-1.3.16/EN16931-UBL-validation-preprocessed",
            "cen-1.3.16/ubl/preprocessed/EN16931-UBL-validation-preprocessed"},
        {"cen-1.3.16/EN16931-UBL-validation", "cen-1.3.16/ubl/EN16931-UBL-validation"}};
    char inner[512] = "", *dot;

    name += strlen("sch-");
    for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]) && !inner[0]; i++)
        if (strncmp(name, moved[i].from, strlen(moved[i].from)) == 0)
            (void)snprintf(inner, sizeof(inner), "%s%s", moved[i].to, name + strlen(moved[i].from));
    if (!inner[0])
        (void)snprintf(inner, sizeof(inner), "%s", name);
    if ((dot = strrchr(inner, '.')))
        *dot = '\0';
    for (size_t i = 0; i < 2 * PLACES; i++) {
        if (i == PLACES && (dot = strchr(inner, '_')))
            *dot = ' '; /* "Peppol-Slovak Republic-TDD" */
        (void)snprintf(out, n, "%s/sch/%s%s.sch", corpus.dir, places[i % PLACES], inner);
        if (access(out, R_OK) == 0)
            return true;
    }
    return false;
}

/* ---- running and comparing ---- */

struct share {
    const struct ruleset *set;
    const struct sch *sch;
    size_t next;
    size_t shown;
};

static void tell(struct share *sh, const struct row *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(struct share *sh, const struct row *r, const char *fmt, ...)
{
    va_list ap;

    (void)pthread_mutex_lock(&lock);
    if (!is_expected(sh->set->name, r->file)) {
        differences++;
        if (sh->shown++ < 12 || getenv("PARITY_ALL")) {
            (void)fprintf(stderr, "%s\t%s\t", sh->set->name, r->file);
            va_start(ap, fmt);
            (void)vfprintf(stderr, fmt, ap);
            va_end(ap);
            (void)fputc('\n', stderr);
        }
    }
    (void)pthread_mutex_unlock(&lock);
}

static void compare(struct share *sh, const struct row *r, const struct sch_result *res)
{
    struct buf b;

    if (strcmp(r->status, "OK") != 0) {
        if (!res->stopped)
            tell(sh, r, "Saxon stops with %s, we with %u findings", r->code, res->n);
        else if (strcmp(res->error.code, r->code) != 0 &&
                 !is_fresh_saxons(sh->set->name, r->file, res->error.code))
            tell(sh, r, "Saxon stops with %s, we with %s: %s (%s)", r->code, res->error.code,
                res->error.msg, res->error.where);
        return;
    }
    if (res->stopped) {
        tell(sh, r, "we stop with %s: %s (%s)", res->error.code, res->error.msg, res->error.where);
        return;
    }
    buf_init(&b, 1 << 24);
    for (size_t i = 0; i < r->n || i < res->n; i++) {
        const struct sch_finding *f = i < res->n ? &res->findings[i] : NULL;
        const char *want = i < r->n && r->fired[i] ? r->fired[i] : "(nothing)";
        buf_clear(&b);
        if (f) {
            buf_puts(&b, f->kind == SCH_ASSERT ? "FA\t" : "SR\t");
            buf_str(&b, f->id);
            buf_putc(&b, '\t');
            buf_str(&b, f->flag);
            buf_putc(&b, '\t');
            buf_str(&b, f->role);
            buf_putc(&b, '\t');
            buf_str(&b, f->location);
            buf_putc(&b, '\t');
            buf_str(&b, f->text);
        } else {
            buf_puts(&b, "(nothing)");
        }
        if (!str_eqz(buf_view(&b), want)) {
            tell(sh, r, "finding %zu\n  want %s\n  got  %s", i + 1, want, b.p);
            break;
        }
    }
    buf_free(&b);
}

static void run_row(struct share *sh, struct xp_ctx *ctx, const struct row *r)
{
    /* The rule that reads the clock was recorded on this day. */
    const struct xp_now now = {.sec = 1795348800 /* 2026-11-22T12:00:00Z */};
    struct arena *a = need(arena_new((size_t)1 << 30));
    struct sch_result res;
    struct err e = ERR_INIT;
    struct tree *t = NULL;
    char path[5000];
    struct buf b;

    buf_init(&b, (size_t)1 << 28);
    (void)snprintf(path, sizeof(path), "%s/dev/%s", corpus.dir, r->file);
    if (fsx_read_file(&b, path, &e) || tree_parse(&t, buf_view(&b), path, NULL, NULL, &e) ||
        sch_run(&res, sh->sch, ctx, t, &now, NULL, a, &e))
        tell(sh, r, "%s: %s", e.code, e.msg);
    else
        compare(sh, r, &res);
    tree_free(t);
    buf_free(&b);
    arena_free(a);
}

static void *work(void *p)
{
    struct share *sh = p;
    struct xp_ctx *ctx = NULL;
    struct err e = ERR_INIT;

    if (xp_ctx_new(&ctx, NULL, &e))
        abort();
    for (;;) {
        size_t i;
        (void)pthread_mutex_lock(&lock);
        i = sh->next;
        sh->next += EVERY;
        runs += i < sh->set->n;
        (void)pthread_mutex_unlock(&lock);
        if (i >= sh->set->n)
            break;
        run_row(sh, ctx, &sh->set->rows[i]);
    }
    xp_ctx_free(ctx);
    return NULL;
}

static void run_set(struct ruleset *s, const char *path)
{
    struct share sh = {.set = s};
    struct sch *sch;
    struct err e = ERR_INIT;
    pthread_t t[THREADS];

    if (sch_load(&sch, path, s->name, NULL, &e)) {
        (void)fprintf(stderr, "%s: %s: %s\n", s->name, e.code, e.msg);
        differences++;
        return;
    }
    read_fired(s);
    sh.sch = sch;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, work, &sh), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    sch_free(sch);
}

static bool has_suffix(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

/* SchXslt's compilations of the same sources agree with the ISO skeleton's in ids and flags (CENSUS
 * §1); their locations are spelt in another way, so one form is enough. */
static bool wanted(const char *name, const char *prefix)
{
    const char *only = getenv("PARITY_ONLY");

    if (only && !strstr(name, only))
        return false;
    return strncmp(name, prefix, strlen(prefix)) == 0 &&
           (strcmp(prefix, "sch-") != 0 || has_suffix(name, ".iso"));
}

static void run_kind(const char *prefix, bool (*find)(const char *, char *, size_t))
{
    char path[5000];
    size_t sets = 0, began = runs;

    if (corpus.n == 0) {
        print_message("[ SKIPPED ] corpus: ../shared/corpus is not there\n");
        skip();
    }
    differences = 0;
    for (size_t i = 0; i < corpus.n; i++) {
        struct ruleset *s = &corpus.sets[i];
        if (!wanted(s->name, prefix))
            continue;
        if (!find(s->name, path, sizeof(path))) {
            (void)fprintf(stderr, "%s: its source is not here\n", s->name);
            differences++;
            continue;
        }
        run_set(s, path);
        sets++;
    }
    print_message("%zu rule sets, %zu runs, %zu differences\n", sets, runs - began, differences);
    assert_int_equal(differences, 0);
}

static void compiled_rule_sets_give_saxons_verdicts(void **state)
{
    (void)state;
    run_kind("xslt-", compiled_path);
}

static void raw_rule_sets_give_saxons_verdicts(void **state)
{
    (void)state;
    run_kind("sch-", raw_path);
}

static void expected_failures_still_fail(void **state)
{
    size_t stale = 0;

    (void)state;
    if (corpus.n == 0 || EVERY > 1 || getenv("PARITY_ONLY")) {
        print_message("[ SKIPPED ] expected failures: only with the whole corpus\n");
        skip();
    }
    for (size_t i = 0; i < corpus.n_expected; i++) {
        print_message("expected to differ: %s\n", corpus.expected[i]);
        if (!corpus.met[i]) {
            (void)fprintf(stderr, "no longer differs, remove it: %s\n", corpus.expected[i]);
            stale++;
        }
    }
    print_message("%zu expected failures\n", corpus.n_expected);
    assert_int_equal(stale, 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(compiled_rule_sets_give_saxons_verdicts),
        cmocka_unit_test(raw_rule_sets_give_saxons_verdicts),
        cmocka_unit_test(expected_failures_still_fail),
    };
    const char *shared = getenv("AVISO_SHARED");

    (void)snprintf(corpus.dir, sizeof(corpus.dir), "%s/corpus", shared ? shared : "../shared");
    read_summary();
    read_expected();
    return cmocka_run_group_tests(t, NULL, NULL);
}
