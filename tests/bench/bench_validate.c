/* How long a full verdict takes: parse, schema, CEN, Peppol. A typical invoice, 1,000 and 10,000
 * lines; warm, cold (a new process), two threads, peak memory; beside libxml2's DOM + schema
 * validation alone, the floor for whoever builds a DOM. The documents stay in build/bench for
 * bench_validate_peers.sh. */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/tree/tree.h"
#include "ubl/validate.h"

#define SAMPLES 4096

static const struct size {
    const char *name;
    unsigned lines;
    double seconds; /* measured for each figure */
} sizes[] = {
    {"typical (2 lines)", 0, 1.0}, {"1,000 lines", 1000, 2.0}, {"10,000 lines", 10000, 5.0}};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static struct rules *rules;
static struct err e;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_validate: %s: %s %s\n", what, e.code, e.msg);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

/* Median milliseconds of fn(arg), after three runs that warm up. */
static double measure(void (*fn)(void *), void *arg, double seconds)
{
    static double t[SAMPLES];
    double end;
    size_t n = 0;

    for (int i = 0; i < 3; i++)
        fn(arg);
    end = now_ms() + seconds * 1e3;
    do {
        double began = now_ms();
        fn(arg);
        t[n++ % SAMPLES] = now_ms() - began;
    } while (now_ms() < end);
    n = n < SAMPLES ? n : SAMPLES;
    qsort(t, n, sizeof(*t), by_value);
    return t[n / 2];
}

/* ---- documents ---- */

/* `s` with every `from` as `to`. */
static void put(struct buf *out, struct str s, const char *from, const char *to)
{
    for (;;) {
        size_t i = str_find(s, str_z(from));
        buf_add(out, s.p, i);
        if (i == s.n)
            return;
        buf_puts(out, to);
        s = str_sub(s, i + strlen(from), s.n);
    }
}

/* Our golden invoice with `lines` lines of 25.00 instead of its two. */
static void many_lines(struct buf *out, struct str base, unsigned lines)
{
    size_t first = str_find(base, STR("  <cac:InvoiceLine>")),
           close = str_find(base, STR("</Invoice>"));
    struct str head = str_sub(base, 0, first), line = str_sub(base, first, close - first);
    struct buf a, b;
    char amount[32];

    line = str_sub(
        line, 0, str_find(line, STR("</cac:InvoiceLine>")) + strlen("</cac:InvoiceLine>\n"));
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    (void)snprintf(amount, sizeof(amount), ">%u.00<", lines * 25);
    put(&a, head, ">325.00<", amount);
    (void)snprintf(amount, sizeof(amount), ">%u.%02u<", lines * 525 / 100, lines * 525 % 100);
    put(&b, buf_view(&a), ">68.25<", amount);
    (void)snprintf(amount, sizeof(amount), ">%u.%02u<", lines * 3025 / 100, lines * 3025 % 100);
    put(out, buf_view(&b), ">393.25<", amount);
    for (unsigned i = 1; i <= lines; i++) {
        (void)snprintf(amount, sizeof(amount), "<cbc:ID>%u</cbc:ID>", i);
        buf_clear(&a);
        buf_clear(&b);
        put(&a, line, "<cbc:ID>1</cbc:ID>", amount);
        put(&b, buf_view(&a), ">250.00<", ">25.00<");
        put(out, buf_view(&b), ">10<", ">1<");
    }
    buf_puts(out, "</Invoice>\n");
    buf_free(&a);
    buf_free(&b);
}

static void make_document(struct buf *out, const struct size *s)
{
    struct buf base;

    buf_init(&base, 1 << 20);
    buf_init(out, 1 << 28);
    if (fsx_read_file(&base, "tests/golden/validate/invoice-good.xml", &e))
        die("document");
    if (s->lines)
        many_lines(out, buf_view(&base), s->lines);
    else
        buf_str(out, buf_view(&base));
    buf_free(&base);
}

static void keep_document(const struct buf *b, size_t i, char *path, size_t n)
{
    FILE *f;

    (void)mkdir("build/bench", 0777);
    (void)snprintf(path, n, "build/bench/invoice-%u.xml", sizes[i].lines);
    if (!(f = fopen(path, "we")) || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        die(path);
}

/* ---- what is measured ---- */

struct subject {
    struct buf doc;
    xmlSchema *schema;
    struct ubl_worker *w;
    const struct xsd *xsd;
    const struct sch *sch[2];
    struct xp_ctx *ctx;
    struct tree *t;
    const char *path;
    size_t which;
};

static void floor_dom(void *p)
{
    struct subject *s = p;
    xmlDoc *d =
        xmlReadMemory(s->doc.p, (int)s->doc.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    xmlSchemaValidCtxt *v = xmlSchemaNewValidCtxt(s->schema);

    if (!d || xmlSchemaValidateDoc(v, d) != 0)
        die("libxml2");
    xmlSchemaFreeValidCtxt(v);
    xmlFreeDoc(d);
}

static void full(void *p)
{
    struct subject *s = p;
    struct arena *a = arena_new((size_t)2 << 30);
    const struct ubl_options o = {.at = 1795348800, .rules = "peppol-bis3@2026.5"};
    struct ubl_report r;

    if (ubl_validate(&r, rules, s->w, buf_view(&s->doc), &o, a, &e) || r.verdict != UBL_VALID)
        die("not valid");
    arena_free(a);
}

static void parse(void *p)
{
    struct subject *s = p;

    tree_free(s->t);
    if (tree_parse(&s->t, buf_view(&s->doc), NULL, NULL, NULL, &e))
        die("parse");
}

static void schema(void *p)
{
    struct subject *s = p;
    struct arena *a = arena_new((size_t)1 << 30);
    struct xsd_report r;

    if (xsd_validate(&r, s->xsd, s->t, tree_root_element(s->t), a, &e) || r.n)
        die("schema");
    arena_free(a);
}

static void schematron(void *p)
{
    struct subject *s = p;
    struct arena *a = arena_new((size_t)1 << 30);
    struct sch_result r;

    if (sch_run(&r, s->sch[s->which], s->ctx, s->t, NULL, NULL, a, &e) || r.stopped)
        die("rules");
    arena_free(a);
}

static void cold(void *p)
{
    struct subject *s = p;
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execl("build/release/aviso", "aviso", "validate", "-q", s->path, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("cold process");
}

/* Peak memory of one verdict in a process of its own, in MB. */
static double peak_mb(struct subject *s)
{
    struct rusage u;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execl("build/release/aviso", "aviso", "validate", "-q", s->path, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0)
        die("memory");
    return (double)u.ru_maxrss / 1024;
}

/* ---- two threads ---- */

struct lane {
    struct subject s;
    double until;
    size_t n;
};

static void *drive(void *p)
{
    struct lane *l = p;

    do {
        full(&l->s);
        l->n++;
    } while (now_ms() < l->until);
    return NULL;
}

/* Documents a second with n threads. */
static double throughput(const struct subject *s, size_t n, double seconds)
{
    struct lane lanes[2];
    pthread_t t[2];
    double began = now_ms(), total = 0;

    for (size_t i = 0; i < n; i++) {
        lanes[i] = (struct lane){.s = *s, .until = began + seconds * 1e3};
        if (ubl_worker_new(&lanes[i].s.w, &e) || pthread_create(&t[i], NULL, drive, &lanes[i]) != 0)
            die("thread");
    }
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(t[i], NULL);
        ubl_worker_free(lanes[i].s.w);
        total += (double)lanes[i].n;
    }
    return total / (now_ms() - began) * 1e3;
}

static void one_size(struct subject *s, size_t i)
{
    const struct size *z = &sizes[i];
    double dom, warm, parts[4], one, two;
    char path[64];

    make_document(&s->doc, z);
    keep_document(&s->doc, i, path, sizeof(path));
    s->path = path;
    dom = measure(floor_dom, s, z->seconds);
    warm = measure(full, s, z->seconds);
    parts[0] = measure(parse, s, z->seconds / 4);
    parts[1] = measure(schema, s, z->seconds / 4);
    for (s->which = 0; s->which < 2; s->which++)
        parts[2 + s->which] = measure(schematron, s, z->seconds / 4);
    one = throughput(s, 1, z->seconds);
    two = throughput(s, 2, z->seconds);
    (void)printf("%s, %zu bytes\n", z->name, s->doc.n);
    (void)printf("  libxml2 DOM + XSD, schema loaded (floor)  %10.3f ms\n", dom);
    (void)printf(
        "  aviso, warm: full verdict                 %10.3f ms   %.2f x floor\n", warm, warm / dom);
    (void)printf("    parse %.3f  schema %.3f  CEN %.3f  Peppol %.3f\n", parts[0], parts[1],
        parts[2], parts[3]);
    (void)printf("  aviso, cold process                       %10.3f ms\n",
        measure(cold, s, 2 * z->seconds));
    (void)printf("  aviso, 1 thread %.1f/s, 2 threads %.1f/s: %.2f x\n", one, two, two / one);
    (void)printf("  aviso, peak memory of a process           %10.1f MB\n", peak_mb(s));
    (void)fflush(stdout);
    buf_free(&s->doc);
}

int main(void)
{
    static const char *const layers[] = {"rules/openpeppol/2026.5/CEN-EN16931-UBL.xslt",
        "rules/openpeppol/2026.5/PEPPOL-EN16931-UBL.xslt"};
    struct subject s = {0};
    char path[4200];
    xmlSchemaParserCtxt *c;
    double began;

    xmlInitParser();
    if (rules_open(&rules, NULL, &e) || ubl_worker_new(&s.w, &e) || xp_ctx_new(&s.ctx, NULL, &e))
        die("start");
    began = now_ms();
    if (rules_schema(&s.xsd, rules, "xsd/ubl-2.1/Invoice.xsd", &e))
        die("schema");
    (void)printf("loading: schema %.1f ms", now_ms() - began);
    for (size_t i = 0; i < 2; i++) {
        began = now_ms();
        if (rules_schematron(&s.sch[i], rules, layers[i], &e))
            die("rules");
        (void)printf(", %s %.1f ms", sch_info(s.sch[i]).name, now_ms() - began);
    }
    (void)printf("\n");
    (void)snprintf(path, sizeof(path), "%s/xsd/ubl-2.1/Invoice.xsd", rules_data(rules));
    if (!(c = xmlSchemaNewParserCtxt(path)) || !(s.schema = xmlSchemaParse(c)))
        die(path);
    for (size_t i = 0; i < SIZES; i++)
        one_size(&s, i);
    xmlSchemaFreeParserCtxt(c);
    xmlSchemaFree(s.schema);
    tree_free(s.t);
    xp_ctx_free(s.ctx);
    ubl_worker_free(s.w);
    rules_free(rules);
    return 0;
}
