/* predicate.c - one predicate for one item, and predicates over a whole list. XPath 2.0 §3.2.2. */
#include "ubl/xpath/xpath_priv.h"

static int pred_value(struct xp_ctx *c, const struct xn *p, int64_t pos, bool *out)
{
    struct xp_seq seq;

    if (xev_seq(c, p, &seq) < 0)
        return -1;
    *out = false;
    if (seq.n == 0)
        return 0;
    if (xis_node(&seq.v[0])) {
        *out = true;
        return 0;
    }
    if (seq.n > 1)
        return xfail(c, "FORG0006", "no effective boolean value: a sequence of several values");
    if (xis_num(&seq.v[0])) {
        *out = xnum_is(&seq.v[0], pos);
        return 0;
    }
    return xebv(c, &seq.v[0], out);
}

/* One predicate for one item at a position. */
int xpredicate(struct xp_ctx *c, const struct xn *p, const struct xp_item *it, int64_t pos,
    int64_t last, bool *out)
{
    struct xfocus f, *was = c->f;
    struct arena_mark m;
    bool light = p->flags & NF_LIGHT;
    uint32_t forced = c->forced;
    int r;

    if (p->flags & NF_POSCONST) {
        *out = p->slot && pos == (int64_t)p->slot;
        return 0;
    }
    if (it->type == XP_NODE) {
        f.item.type = XP_NODE;
        f.item.node = it->node;
    } else {
        f.item = *it;
    }
    f.none = false;
    f.pos = pos;
    f.last = last;
    c->f = &f;
    if (!light)
        m = arena_mark(c->a);
    r = p->flags & NF_BOOLPRED ? xev_bool(c, p, out) : pred_value(c, p, pos, out);
    if (!light && forced == c->forced)
        arena_rewind(c->a, m);
    c->f = was;
    return r;
}

/* Predicates over a whole list, one after the other: for last() and long chains. */
int xfilter_list(
    struct xp_ctx *c, const struct xn *n, uint32_t first, struct xp_item *v, size_t *count)
{
    for (uint32_t k = first; k < n->nk; k++) {
        size_t kept = 0, all = *count;
        for (size_t i = 0; i < all; i++) {
            bool yes;
            if (xtick(c) < 0 ||
                xpredicate(c, n->k[k], &v[i], (int64_t)i + 1, (int64_t)all, &yes) < 0)
                return -1;
            if (yes)
                v[kept++] = v[i];
        }
        *count = kept;
    }
    return 0;
}
