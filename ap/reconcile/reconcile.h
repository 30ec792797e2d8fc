/* reconcile.h - what became of each invoice that somebody expects to have been sent.
 *
 * A list of invoice numbers (csv.h) against the journal: each number gets exactly one class. Only
 * reads; any thread, one struct at a time. */
#ifndef AP_RECONCILE_RECONCILE_H
#define AP_RECONCILE_RECONCILE_H

#include "ap/base/csv.h"
#include "ap/store/store.h"

#define RECONCILE_MAX 2000000 /* lines of a list */

struct reconcile_item { /* one number (of one supplier, when the list says whose) */
    struct str number, supplier;
    int line;        /* where it is listed first */
    unsigned listed; /* how often */
};
struct reconcile_list {
    struct reconcile_item *items; /* in the order of the list, each number once */
    size_t n;
    size_t duplicates;                    /* lines that say again what was listed */
    size_t passed;                        /* lines that hold something, but no number */
    const struct reconcile_item **sorted; /* by number */
};

/* `column`: name of a heading, or number of a column from 1, or NULL: the column whose heading says
 * invoice number, or the only one. A column headed supplier or sender is read too: a participant
 * identifier. A heading alone expects nothing. ERR_INPUT: csv.*; reconcile.column: no such column,
 * no number in it, or no telling which; reconcile.empty: not even a heading. */
int reconcile_read(struct reconcile_list *out, struct str bytes, const char *column,
    struct arena *a, struct err *e) MUST_CHECK;
bool reconcile_lists(const struct reconcile_list *l, const char *number);

enum reconcile_class {
    RECONCILE_REACHED,   /* at the level asked for */
    RECONCILE_WAITING,   /* accepted, on its way, not late */
    RECONCILE_LATE,      /* past its deadline and not at the level */
    RECONCILE_UNKNOWN,   /* may have arrived: no valid answer */
    RECONCILE_EXPIRED,   /* given up, nothing arrived */
    RECONCILE_REFUSED,   /* by the receiver, or before it */
    RECONCILE_CANCELLED, /* by a person of ours */
    RECONCILE_REJECTED,  /* refused by us when it was handed in */
    RECONCILE_NEVER,     /* never handed to us */
    RECONCILE_CLASSES
};
const char *reconcile_class_word(enum reconcile_class c); /* "reached" "late" "never-handed-in" */

struct reconcile_cfg {
    struct store *store;
    const char *tenant; /* or NULL */
    int64_t since;      /* only documents handed in from then on; 0: all */
    int level;          /* enum proof_level, or -1: what each document requires */
    int64_t now;
};
struct reconcile_found {
    enum reconcile_class class;
    struct out_row doc; /* the document that decides; not for NEVER */
    size_t documents;   /* with this number */
    size_t reached;     /* of them at the level: 2 or more means sent twice */
};
/* One number. Of several documents of one supplier the best counts (a corrected one was sent
 * again), of several suppliers the worst. */
int reconcile_find(struct reconcile_found *out, const struct reconcile_cfg *c,
    const struct reconcile_item *item, struct arena *a, struct err *e) MUST_CHECK;

#endif
