/* store_lines.h - every line of docs/STATES.md as a script, and the children that run it.
 *
 * A line is a short script: words that bring a fresh spool into the line's `from`, and one word
 * that makes the step. Three kinds of child processes share a context: one prepares, one acts with
 * a fault armed, one opens the spool again, recovers, and looks. Judged each time:
 *   - what was told as done is done; what was told as failed did not happen (unknown: either);
 *   - the state is the line's `from` or `to`, as a restart sees it (SENDING is UNKNOWN);
 *   - store_check finds nothing; doing the step again afterwards ends in `to`, once. */
#ifndef TESTS_SUPPORT_STORE_LINES_H
#define TESTS_SUPPORT_STORE_LINES_H

#include "ap/store/store.h"

struct line {
    bool inbound;
    int from, to;
    const char *by, *prepare, *act;
};
extern const struct line store_lines[];
extern const size_t store_lines_n;
const char *line_name(const struct line *l); /* "ACCEPTED_to_SENDING_by_attempt_begin" */

struct shared { /* between the children of one line */
    char dir[64];
    int64_t row, now, attempt, first; /* attempts: the last begun, the first begun */
    struct out_claim claim;
    struct in_claim in_claim;
    unsigned message;
    int rc; /* of the act: 1 not run to its end */
    enum err_class class;
    char code[48];
    int state; /* found */
    unsigned long findings, documents;
};
extern struct shared *sh;

bool lines_init(void); /* once: the shared context */
/* Run fn(l) in a child, after arm(arm_arg): exit status, or 128 + signal. */
int in_child(void (*fn)(const struct line *), const struct line *l, void (*arm)(const void *),
    const void *arm_arg);
void child_prepare(const struct line *l);
void child_act(const struct line *l);
void child_look(const struct line *l);
void child_redo(const struct line *l);

void line_fresh(void); /* a new folder */
/* Nothing to prepare: the act makes the spool as well, so that its points are on the way too. */
void line_prepare(const struct line *l);
void line_judge(const struct line *l, const char *fault); /* asserts */
void line_redo(const struct line *l, const char *fault);  /* where it can be done again */

#endif
