#include "tests/support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/fsx.h"

#define SAMPLES 4096

double bench_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double bench_cpu_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

double bench_median(void (*fn)(void *), void *arg, double seconds)
{
    static double t[SAMPLES];
    double end;
    size_t n = 0;

    for (int i = 0; i < 3; i++)
        fn(arg);
    end = bench_ms() + seconds * 1e3;
    do {
        double began = bench_ms();
        fn(arg);
        t[n++ % SAMPLES] = bench_ms() - began;
    } while (bench_ms() < end);
    n = n < SAMPLES ? n : SAMPLES;
    qsort(t, n, sizeof(*t), by_value);
    return t[n / 2];
}

double bench_peak_mb(const char *const argv[])
{
    union { /* execv does not change them */
        const char *const *in;
        char *const *out;
    } args = {argv};
    struct rusage u;
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execv(argv[0], args.out);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0)
        return -1;
    return (double)u.ru_maxrss / 1024;
}

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

int bench_invoice(struct buf *out, unsigned lines, struct err *e)
{
    struct buf base;
    int rc;

    buf_init(&base, 1 << 20);
    buf_init(out, 1 << 28);
    rc = fsx_read_file(&base, "tests/golden/validate/invoice-good.xml", e);
    if (!rc && lines)
        many_lines(out, buf_view(&base), lines);
    else if (!rc)
        buf_str(out, buf_view(&base));
    buf_free(&base);
    return rc ? rc : buf_check(out, e);
}
