/* names.c - see names_priv.h. */
#include "ubl/xpath/names_priv.h"

#define WALK_MAX 64u /* subtrees up to this size are walked, larger ones looked up */
#define FEW 6u       /* nodes of a name that are looked at one by one, wherever they stand */

/* First of v[0 … n) that is not below node. Callers mostly go through the document in order, so the
 * search starts where the last one for this name ended and doubles its stride. */
static uint32_t lower(const uint32_t *v, uint32_t n, uint32_t node, uint32_t hint)
{
    uint32_t lo = 0, hi = n, stride = 1;

    if (hint > n)
        hint = n;
    if (hint < n && v[hint] < node) {
        for (lo = hint + 1; lo + stride < n && v[lo + stride] < node; stride *= 2)
            lo += stride;
        hi = lo + stride < n ? lo + stride + 1 : n;
    } else {
        for (hi = hint; hi >= stride && v[hi - stride] >= node; stride *= 2)
            hi -= stride;
        lo = hi >= stride ? hi - stride : 0;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (v[mid] < node)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct xspan xspan_named(struct xp_ctx *c, uint32_t number, uint32_t from, uint32_t to)
{
    const struct tree_name *name = &c->t->names[number];
    const uint32_t *v = c->t->by_name + name->first;
    uint32_t *hint = &c->hints[number];
    uint32_t a = lower(v, name->count, from, *hint), b = a;

    *hint = a;
    if (a < name->count && v[a] < to)
        b = to >= c->t->n ? name->count : a + lower(v + a, name->count - a, to, 0);
    return (struct xspan){v + a, b - a};
}

bool xspan_of(struct xspan *out, struct xp_ctx *c, uint32_t number, uint32_t from, uint32_t to)
{
    const struct tree_name *name = &c->t->names[number];

    if (name->count > FEW && to - from < WALK_MAX)
        return false;
    *out = name->count <= FEW ? (struct xspan){c->t->by_name + name->first, name->count}
                              : xspan_named(c, number, from, to);
    return true;
}

void xbelow_children(
    struct xbelow *b, struct xp_ctx *c, uint32_t parent, uint32_t name, uint32_t kinds)
{
    const struct tree_node *x = &c->nd[parent];
    struct xspan sp;

    *b = (struct xbelow){.nd = c->nd,
        .at = parent + 1 + x->nattr,
        .end = x->end,
        .parent = parent,
        .name = name,
        .kinds = kinds & ~(1u << TREE_ATTRIBUTE)};
    if (!xspan_of(&sp, c, name, parent + 1, x->end) ||
        (sp.n > FEW && sp.n > (x->end - parent) / 8)) /* the walk is over fewer */
        return;
    b->v = sp.v;
    b->at = 0;
    b->end = sp.n;
}
