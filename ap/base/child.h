/* child.h - run another program to its end: no shell, a deadline, its output bounded.
 *
 * The child gets the descriptor given as standard input, a process group of its own (killed whole
 * when the deadline passes), default signals, no ambient capability, and only the environment
 * given. Any thread. */
#ifndef AP_BASE_CHILD_H
#define AP_BASE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/err.h"

#define CHILD_OUTPUT 1000 /* bytes of its output that are kept; the rest is read and forgotten */

struct child_cfg {
    const char *const *argv; /* NULL-terminated; argv[0] is a path */
    const char *const *env;  /* NULL-terminated NAME=value; NULL: none */
    int input;               /* standard input, read from where it stands; -1: /dev/null */
    int64_t deadline_ms;
};
struct child_end {
    int exit;   /* status 0..255, -1 when a signal ended it */
    int signal; /* that signal, or 0 */
    bool late;  /* we killed it when the deadline passed */
    int64_t ms;
    char output[CHILD_OUTPUT]; /* first bytes of standard output and error, as one line of text */
};

/* 0 when it ran, however it ended. -1: io.exec: it could not be started. */
int child_run(struct child_end *out, const struct child_cfg *c, struct err *e) MUST_CHECK;

#endif
