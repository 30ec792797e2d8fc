/* vectors.h - runs files of test vectors for ubl/atomic: one operation a line,
 *   name <TAB> argument <TAB> ... <TAB> text of the result or !ERROR-CODE
 * with \t \n \r \\ for those characters. Empty lines and lines beginning with # count for nothing.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stdio.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/str.h"
#include "ubl/atomic/xerr.h"

#define VECTOR_ARGS 5

struct regex_run;

struct vec {
    struct arena *a;
    struct regex_run *run;
    struct str arg[VECTOR_ARGS];
    struct str want; /* as the line says; for operations that compare by themselves */
    int kind;        /* of the operation, where one function serves several types */
    struct buf out;  /* the result goes here */
};

struct vec_op {
    const char *name;
    int args;
    enum xerr (*fn)(struct vec *v);
    int kind;
};

/* Fail the running cmocka test unless there are at least `least` lines and all are as expected. */
void vectors_file(const char *path, const struct vec_op *ops, size_t n, int least);
void vectors_stream(FILE *f, const char *name, const struct vec_op *ops, size_t n, int least);

/* main() of a vector test: with arguments, runs those files of one's own instead of the tests. */
#define VECTORS_MAIN(ops)                                                                          \
    if (argc > 1) {                                                                                \
        for (int i = 1; i < argc; i++)                                                             \
            vectors_file(argv[i], ops, sizeof(ops) / sizeof(ops[0]), 1);                           \
        return 0;                                                                                  \
    }

#endif
