/* names_priv.h - nodes of one name by the document's index of names: below large elements it
 * replaces the walk, and so it does for the few nodes of a rare name wherever they stand. */
#ifndef UBL_XPATH_NAMES_PRIV_H
#define UBL_XPATH_NAMES_PRIV_H

#include "ubl/xpath/xpath_priv.h"

struct xspan { /* nodes of one name in document order */
    const uint32_t *v;
    uint32_t n;
};

/* Those numbered from … to - 1. */
struct xspan xspan_named(struct xp_ctx *c, uint32_t name, uint32_t from, uint32_t to);
/* The same where that is better than a walk from … to; may hold others before and behind. */
bool xspan_of(struct xspan *out, struct xp_ctx *c, uint32_t name, uint32_t from, uint32_t to);

/* The children of an element or document node that have a name, one after the other. */
struct xbelow {
    const struct tree_node *nd;
    const uint32_t *v; /* candidates v[at … end); NULL = at and end are nodes: walk */
    uint32_t at, end, parent, name, kinds;
};

/* name: the document's number; kinds: 1 << enum tree_kind, of children. */
void xbelow_children(
    struct xbelow *b, struct xp_ctx *c, uint32_t parent, uint32_t name, uint32_t kinds);

/* TREE_NONE: no more. */
static inline uint32_t xbelow_next(struct xbelow *b)
{
    while (b->at < b->end) {
        uint32_t node = b->v ? b->v[b->at] : b->at;
        const struct tree_node *x = &b->nd[node];
        b->at = b->v ? b->at + 1 : x->end;
        if (x->name == b->name && x->parent == b->parent && b->kinds >> x->kind & 1)
            return node;
    }
    return TREE_NONE;
}

#endif
