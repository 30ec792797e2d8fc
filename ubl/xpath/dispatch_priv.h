/* dispatch_priv.h - the rules of Schematron patterns, made ready (rules.c) to be found for the
 * nodes of a document (dispatch.c).
 *
 * The names in a match pattern, from the left to the node, are a word; a node has these names when
 * the path of names from the document to it ends with the word. The words of all patterns of an
 * environment make one automaton.
 *
 * What is left are predicates. They are asked one by one, `A and B` as two, since in a pattern an
 * error means "no match" whatever else is true (XSLT 5.5.4): first what is the same for the whole
 * document, then what only depends on the node's name, then the rest. */
#ifndef UBL_XPATH_DISPATCH_PRIV_H
#define UBL_XPATH_DISPATCH_PRIV_H

#include "ubl/xpath/pattern_priv.h"
#include "ubl/xpath/words_priv.h"

#define XDISPATCH_ROOT UINT32_MAX /* the document node in a word */

struct xask {
    const struct xn *test;
    uint32_t up;    /* its context node: so many above the node */
    uint32_t named; /* 1 + number of a test that only depends on the name; 0 = it does not */
};

struct xalt { /* of a match pattern */
    const struct xpat *pat;
    const struct xask *checks;
    uint32_t n_checks;
    uint32_t dispatch, which, frame;
    uint8_t kinds; /* of the node */
    bool whole;    /* the word has all the names */
    bool flat;     /* besides names there is nothing but checks */
};

struct xgroup { /* what a state has for one dispatch */
    uint32_t dispatch, n;
    const uint32_t *v; /* numbers of alternatives */
};

struct xdispatches { /* of an environment */
    struct xalt *alts;
    uint32_t n_alts, cap_alts, n_dispatches, n_named;
    struct xwords *words;
    struct xgroup *groups;
    uint32_t *first_group; /* by state, and one more */
};

struct xp_dispatch {
    uint32_t id;
    const uint32_t *loose; /* alternatives without a word, for any node */
    uint32_t n_loose;
};

#endif
