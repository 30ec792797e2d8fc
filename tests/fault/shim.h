/* shim.h - the control block of the preloaded shim (shim.c): a file, mapped by the test and by the
 * program under test, so that faults are switched while it runs. tests/support/shim.py writes it.
 *
 * AVISO_SHIM names the file, AVISO_SHIM_DIR the folder whose files are meant. Only the first
 * process is: what it forks or starts is left alone. Little-endian, in this order. */
#ifndef TESTS_FAULT_SHIM_H
#define TESTS_FAULT_SHIM_H

#include <stdatomic.h>
#include <stdint.h>

enum shim_op {
    SHIM_WRITE = 1, /* write, pwrite */
    SHIM_FSYNC = 2, /* fsync, fdatasync */
    SHIM_RENAME = 4,
    SHIM_LINK = 8,
    SHIM_OPEN = 16,
    SHIM_CLOSE = 32,
    SHIM_TRUNCATE = 64,
    SHIM_UNLINK = 128,
    SHIM_MALLOC = 256, /* malloc, calloc, realloc, called by the program or by any library */
    SHIM_ACCEPT = 512  /* accept, accept4: of any socket */
};
#define SHIM_OPS 10

/* In place of an errno. */
#define SHIM_SHORT (-1) /* half of the bytes are written */
#define SHIM_SLOW (-2)  /* nothing fails, after delay_ms */

/* A call of `ops` counts one in `seen`; it fails when it is the `at`-th (with `lasting`: or a later
 * one), and else by chance, `rate` times in 100,000. */
struct shim {
    _Atomic uint32_t ops, at, lasting, rate, seed;
    _Atomic int32_t error;
    _Atomic uint32_t delay_ms;
    _Atomic uint32_t own;     /* SHIM_MALLOC: only what the program's own code asks for */
    _Atomic uint32_t payload; /* not the journal's files */
    _Atomic uint32_t lazy;    /* an fsync that does not fail is not done either: power stays on */
    /* what the shim tells */
    _Atomic uint32_t seen, failed;
    _Atomic uint32_t last;    /* the op that failed last */
    _Atomic uint32_t again;   /* fsyncs of a journal file whose fsync had failed in this process */
    _Atomic uint32_t journal; /* fsyncs of the journal that failed */
    _Atomic uint32_t each[SHIM_OPS]; /* of `seen`, in the order of enum shim_op */
};

#endif
