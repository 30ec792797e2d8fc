/* bench.h - what benches share: a median, and invoices of any number of lines. One thread. */
#ifndef TESTS_SUPPORT_BENCH_H
#define TESTS_SUPPORT_BENCH_H

#include "ap/base/buf.h"
#include "ap/base/err.h"

struct bench_size {
    const char *name;
    unsigned lines; /* 0: the golden invoice as it is */
    double seconds; /* measured for each figure */
};

double bench_ms(void);     /* monotonic milliseconds */
double bench_cpu_ms(void); /* CPU time of this process */
/* Median milliseconds of fn(arg), after three runs that warm up. */
double bench_median(void (*fn)(void *), void *arg, double seconds);
/* Peak resident memory, in MB, of a process that must succeed; -1 when it did not. */
double bench_peak_mb(const char *const argv[]);

/* A valid invoice of this many lines. `out` is initialised here and the caller's to free. */
int bench_invoice(struct buf *out, unsigned lines, struct err *e) MUST_CHECK;

#endif
