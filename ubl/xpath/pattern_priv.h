/* pattern_priv.h - compiled match patterns, and what dispatch.c makes of them. */
#ifndef UBL_XPATH_PATTERN_PRIV_H
#define UBL_XPATH_PATTERN_PRIV_H

#include "ubl/xpath/xpath_priv.h"

struct xpat {          /* one step; the last of an alternative first */
    struct xn *step;   /* OP_STEP, or OP_ROOT: the document node */
    struct xn **extra; /* predicates of (A|B)[p] */
    uint32_t n_extra;
    bool deep;         /* reached by // from prev */
    bool posed;        /* a predicate asks for positions: evaluate the step from the parent */
    bool plain;        /* no predicates from here to the left, and no // */
    bool shape;        /* no // from here to the left: names can be checked first */
    struct xpat *prev; /* step to the left, NULL = none */
    struct xpat *next; /* next alternative (last steps only) */
};
struct xp_pattern {
    struct xpat *alts;
    uint32_t frame;
    struct str text;
};

/* Of an alternative with a shape: the names alone, from the node up. */
bool xpat_fits(const struct xp_ctx *c, const struct xpat *x, uint32_t node);
/* One alternative with its predicates; the focus is the node. */
int xpat_match(struct xp_ctx *c, const struct xpat *x, uint32_t node, bool *out);
/* A dynamic error means no match, except those that would come again and again. */
bool xpat_recoverable(const struct err *e);

#endif
