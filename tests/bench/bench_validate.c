/* How long a full verdict takes: parse, schema, CEN, Peppol. A typical invoice, 1,000 and 10,000
 * lines; warm, cold (a new process), two threads, peak memory; beside libxml2's DOM + schema
 * validation alone, the floor for whoever builds a DOM. The documents stay in build/bench for
 * bench_validate_peers.sh. As bench_validate PART LINES ROUNDS it only does one of the parts, warm:
 * bench_validate_count.sh counts its instructions. */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "tests/support/bench.h"
#include "ubl/tree/tree.h"
#include "ubl/validate.h"

static const struct bench_size sizes[] = {
    {"typical (2 lines)", 0, 1.0}, {"1,000 lines", 1000, 2.0}, {"10,000 lines", 10000, 5.0}};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static struct rules *rules;
static struct err e;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_validate: %s: %s %s\n", what, e.code, e.msg);
    exit(1);
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
static double peak_mb(const struct subject *s)
{
    double mb = bench_peak_mb(
        (const char *const[]){"build/release/aviso", "validate", "-q", s->path, NULL});

    if (mb < 0)
        die("memory");
    return mb;
}

/* ---- two threads ---- */

struct lane {
    struct subject s;
    double began, until, rate; /* documents a second, until its own last one was done */
    size_t n;
};

static void *drive(void *p)
{
    struct lane *l = p;

    do {
        full(&l->s);
        l->n++;
    } while (bench_ms() < l->until);
    l->rate = (double)l->n / (bench_ms() - l->began) * 1e3;
    return NULL;
}

/* Documents a second with n threads, and the CPU time of one: where that grows, threads are in each
 * other's way; where it does not, a second core was busy with something else. */
static double throughput(const struct subject *s, size_t n, double seconds, double *cpu)
{
    struct lane lanes[2];
    pthread_t t[2];
    double began = bench_ms(), cpu_began = bench_cpu_ms(), total = 0, rate = 0;

    for (size_t i = 0; i < n; i++) {
        lanes[i] = (struct lane){.s = *s, .began = began, .until = began + seconds * 1e3};
        if (ubl_worker_new(&lanes[i].s.w, &e) || pthread_create(&t[i], NULL, drive, &lanes[i]) != 0)
            die("thread");
    }
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(t[i], NULL);
        ubl_worker_free(lanes[i].s.w);
        total += (double)lanes[i].n;
        rate += lanes[i].rate;
    }
    *cpu = (bench_cpu_ms() - cpu_began) / total;
    return rate;
}

/* For the script that measures the peers: lines, warm and cold ms, peak MB. */
static void keep_figures(size_t i, double warm, double cold_ms, double peak)
{
    FILE *f = fopen("build/bench/aviso.tsv", i ? "ae" : "we");

    if (!f || fprintf(f, "%u\t%.3f\t%.3f\t%.1f\n", sizes[i].lines, warm, cold_ms, peak) < 0 ||
        fclose(f) != 0)
        die("build/bench/aviso.tsv");
}

static void one_size(struct subject *s, size_t i)
{
    const struct bench_size *z = &sizes[i];
    double dom, warm, parts[4], one, two, cold_ms, peak, cpu[2];
    char path[64];

    if (bench_invoice(&s->doc, z->lines, &e))
        die("document");
    keep_document(&s->doc, i, path, sizeof(path));
    s->path = path;
    dom = bench_median(floor_dom, s, z->seconds);
    warm = bench_median(full, s, z->seconds);
    parts[0] = bench_median(parse, s, z->seconds / 4);
    parts[1] = bench_median(schema, s, z->seconds / 4);
    for (s->which = 0; s->which < 2; s->which++)
        parts[2 + s->which] = bench_median(schematron, s, z->seconds / 4);
    one = throughput(s, 1, z->seconds, &cpu[0]);
    two = throughput(s, 2, z->seconds, &cpu[1]);
    cold_ms = bench_median(cold, s, 2 * z->seconds);
    peak = peak_mb(s);
    keep_figures(i, warm, cold_ms, peak);
    (void)printf("%s, %zu bytes\n", z->name, s->doc.n);
    (void)printf("  libxml2 DOM + XSD, schema loaded (floor)  %10.3f ms\n", dom);
    (void)printf(
        "  aviso, warm: full verdict                 %10.3f ms   %.2f x floor\n", warm, warm / dom);
    (void)printf("    parse %.3f  schema %.3f  CEN %.3f  Peppol %.3f\n", parts[0], parts[1],
        parts[2], parts[3]);
    (void)printf("  aviso, cold process                       %10.3f ms\n", cold_ms);
    (void)printf("  aviso, 1 thread %.1f/s, 2 threads %.1f/s: %.2f x\n", one, two, two / one);
    (void)printf("    CPU per document %.3f ms with 1 thread, %.3f with 2: %.2f x\n", cpu[0],
        cpu[1], cpu[1] / cpu[0]);
    (void)printf("  aviso, peak memory of a process           %10.1f MB\n", peak);
    (void)fflush(stdout);
    buf_free(&s->doc);
}

/* ---- one part, for an instruction counter that is switched on in bench_counted ---- */

static const struct part {
    const char *name;
    void (*fn)(void *);
    size_t which;
} counted[] = {{"floor", floor_dom, 0}, {"full", full, 0}, {"parse", parse, 0},
    {"schema", schema, 0}, {"cen", schematron, 0}, {"peppol", schematron, 1}};

__attribute__((noinline)) void bench_counted(void (*fn)(void *), void *arg, unsigned rounds);
void bench_counted(void (*fn)(void *), void *arg, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        fn(arg);
}

static void count(struct subject *s, char **argv)
{
    unsigned lines = (unsigned)strtoul(argv[2], NULL, 10);
    const struct part *p = counted;

    for (; strcmp(p->name, argv[1]) != 0; p++)
        if (p + 1 == counted + sizeof(counted) / sizeof(counted[0]))
            die(argv[1]);
    if (bench_invoice(&s->doc, lines, &e))
        die("document");
    parse(s);
    s->which = p->which;
    p->fn(s);
    p->fn(s);
    bench_counted(p->fn, s, (unsigned)strtoul(argv[3], NULL, 10));
    buf_free(&s->doc);
}

int main(int argc, char **argv)
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
    began = bench_ms();
    if (rules_schema(&s.xsd, rules, "xsd/ubl-2.1/Invoice.xsd", &e))
        die("schema");
    (void)printf("loading: schema %.1f ms", bench_ms() - began);
    for (size_t i = 0; i < 2; i++) {
        began = bench_ms();
        if (rules_schematron(&s.sch[i], rules, layers[i], &e))
            die("rules");
        (void)printf(", %s %.1f ms", sch_info(s.sch[i]).name, bench_ms() - began);
    }
    (void)printf("\n");
    (void)snprintf(path, sizeof(path), "%s/xsd/ubl-2.1/Invoice.xsd", rules_data(rules));
    if (!(c = xmlSchemaNewParserCtxt(path)) || !(s.schema = xmlSchemaParse(c)))
        die(path);
    if (argc == 4)
        count(&s, argv);
    for (size_t i = 0; i < SIZES && argc != 4; i++)
        one_size(&s, i);
    xmlSchemaFreeParserCtxt(c);
    xmlSchemaFree(s.schema);
    tree_free(s.t);
    xp_ctx_free(s.ctx);
    ubl_worker_free(s.w);
    rules_free(rules);
    return 0;
}
