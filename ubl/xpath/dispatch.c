/* dispatch.c - which rule of a Schematron pattern a node has: the first whose match pattern fits.
 *
 * One walk over a document through the automaton of names finds which nodes each dispatch must look
 * at, and with which alternatives of match patterns. What depends on a node's name only is asked
 * once for each name. */
#include "ubl/xpath/dispatch_priv.h"

struct hit {
    uint32_t node, group;
};

struct xwalk { /* of one document */
    const struct hit *hits;
    uint32_t *first;    /* by dispatch, and one more: its hits, in document order */
    uint32_t *at;       /* by dispatch: where the last question ended */
    uint32_t **answers; /* by test and name: 0 = not asked, else prefix * 4 + 2 + answer */
};

/* ---- one document ---- */
static uint32_t state_of(const struct xp_ctx *c, const uint32_t *state, uint32_t node)
{
    const struct tree_node *x = &c->nd[node];
    uint32_t name;

    if (node == 0)
        return xwords_step(c->env->dispatches->words, 0, XDISPATCH_ROOT);
    if ((x->kind != TREE_ELEMENT && x->kind != TREE_ATTRIBUTE) || !(name = c->env_names[x->name]))
        return 0;
    return xwords_step(c->env->dispatches->words, state[x->parent], name);
}

/* The hits of every dispatch: counted, then put down. */
static int find_hits(struct xp_ctx *c, struct xwalk *w, uint32_t *state)
{
    const struct xdispatches *all = c->env->dispatches;
    uint32_t n = c->t->n, total = 0;
    struct hit *hits;

    for (uint32_t i = 0; i < n; i++) {
        state[i] = state_of(c, state, i);
        for (uint32_t g = all->first_group[state[i]]; g < all->first_group[state[i] + 1]; g++)
            w->first[all->groups[g].dispatch + 1]++;
    }
    for (uint32_t i = 0; i < all->n_dispatches; i++) {
        w->at[i] = total;
        total += w->first[i + 1];
        w->first[i + 1] = total;
    }
    if (!(hits = arena_alloc(c->doc, (total + 1) * sizeof(*hits))))
        return xnomem(c);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t g = all->first_group[state[i]]; g < all->first_group[state[i] + 1]; g++)
            hits[w->at[all->groups[g].dispatch]++] = (struct hit){i, g};
    memcpy(w->at, w->first, all->n_dispatches * sizeof(*w->at));
    w->hits = hits;
    return 0;
}

static int walk(struct xp_ctx *c)
{
    const struct xdispatches *all = c->env->dispatches;
    struct xwalk *w = arena_alloc(c->doc, sizeof(*w));
    struct arena_mark m = arena_mark(c->scratch);
    uint32_t *state = arena_alloc(c->scratch, c->t->n * sizeof(*state));
    int r = -1;

    if (w) {
        w->first = arena_alloc(c->doc, (all->n_dispatches + 1) * sizeof(*w->first));
        w->at = arena_alloc(c->doc, (all->n_dispatches + 1) * sizeof(*w->at));
        w->answers = arena_alloc(c->doc, (all->n_named + 1) * sizeof(*w->answers));
    }
    if (!w || !w->first || !w->at || !w->answers || !state)
        (void)xnomem(c);
    else
        r = find_hits(c, w, state);
    arena_rewind(c->scratch, m);
    c->walk = r < 0 ? NULL : w;
    return r;
}

/* ---- one node ---- */
static int ask(struct xp_ctx *c, const struct xn *test, uint32_t node, bool *out)
{
    struct xfocus f, *was = c->f;
    int r;

    if (was->item.node == node)
        return xev_bool(c, test, out);
    f.item = xnode(node);
    f.none = false;
    f.pos = f.last = 1;
    c->f = &f;
    r = xev_bool(c, test, out);
    c->f = was;
    return r;
}

static int ask_name(struct xp_ctx *c, const struct xask *k, uint32_t node, bool *out)
{
    const struct tree_node *x = &c->nd[node];
    uint32_t **answers = &c->walk->answers[k->named - 1], key = (uint32_t)x->prefix << 2 | 2;

    if (!*answers && !(*answers = arena_alloc(c->doc, c->t->n_names * sizeof(**answers))))
        return xnomem(c);
    if (((*answers)[x->name] & ~1u) == key) {
        *out = (*answers)[x->name] & 1;
        return 0;
    }
    if (ask(c, k->test, node, out) < 0) {
        if (!xpat_recoverable(c->e))
            return -1;
        *out = false;
    }
    (*answers)[x->name] = key | *out;
    return 0;
}

static int run_checks(struct xp_ctx *c, const struct xalt *a, uint32_t node, bool *out)
{
    *out = true;
    for (uint32_t i = 0; i < a->n_checks && *out; i++) {
        const struct xask *k = &a->checks[i];
        uint32_t at = node;
        for (uint32_t up = k->up; up; up--)
            at = c->nd[at].parent;
        if ((k->named ? ask_name(c, k, at, out) : ask(c, k->test, at, out)) < 0)
            return -1;
    }
    return 0;
}

static bool names_fit(const struct xp_ctx *c, const struct xalt *a, uint32_t node)
{
    if (!(a->kinds >> c->nd[node].kind & 1))
        return false;
    return a->whole || !a->pat->shape || xpat_fits(c, a->pat, node);
}

static int try(struct xp_ctx *c, const struct xalt *a, uint32_t node, bool *out)
{
    struct arena_mark m;
    uint32_t forced = c->forced;
    int r = 0;

    *out = false;
    if (!names_fit(c, a, node))
        return 0;
    m = arena_mark(c->a);
    if (a->frame && !(c->frame = arena_alloc(c->a, a->frame * sizeof(*c->frame))))
        r = xnomem(c);
    else
        r = a->flat ? run_checks(c, a, node, out) : xpat_match(c, a->pat, node, out);
    if (r < 0 && xpat_recoverable(c->e)) {
        r = 0;
        *out = false;
    }
    c->frame = NULL;
    if (forced == c->forced)
        arena_rewind(c->a, m);
    return r;
}

/* Those with the node's names and those for any node are two ascending lists. */
static int first_match(struct xp_ctx *c, const struct xp_dispatch *d, const struct xgroup *g,
    uint32_t node, size_t *which, bool *out)
{
    const struct xalt *alts = c->env->dispatches->alts;
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1};
    uint32_t i = 0, k = 0, n = g ? g->n : 0;

    c->f = c->cur = &f;
    for (*out = false; !*out && (i < n || k < d->n_loose);) {
        bool named = i < n && (k == d->n_loose || g->v[i] < d->loose[k]);
        const struct xalt *a = &alts[named ? g->v[i++] : d->loose[k++]];
        if (try(c, a, node, out) < 0)
            return -1;
        *which = a->which;
    }
    return 0;
}

/* The first hit at or after the node; mostly the next after the last one. */
static uint32_t seek(const struct xwalk *w, const struct xp_dispatch *d, uint32_t node)
{
    uint32_t at = w->at[d->id], first = w->first[d->id], end = w->first[d->id + 1];

    if (at > first && w->hits[at - 1].node >= node)
        at = first;
    while (at < end && w->hits[at].node < node)
        at++;
    return at;
}

static int next(struct xp_ctx *c, const struct xp_dispatch *d, struct xp_visit visit,
    uint32_t *node, size_t *which)
{
    const struct xgroup *groups = c->env->dispatches->groups;
    const struct hit *hits = c->walk->hits;
    uint32_t at = seek(c->walk, d, *node), end = c->walk->first[d->id + 1], n = c->t->n;

    for (uint32_t i = *node; i < n; i++) {
        const struct xgroup *g = NULL;
        bool yes;
        if (!d->n_loose && (i = at < end ? hits[at].node : n) == n)
            break;
        if (at < end && hits[at].node == i)
            g = &groups[hits[at++].group];
        if (!((visit.kinds | visit.top) >> c->nd[i].kind & 1) ||
            !((c->nd[i].parent == 0 || i == 0 ? visit.top : visit.kinds) >> c->nd[i].kind & 1))
            continue;
        if (first_match(c, d, g, i, which, &yes) < 0)
            return -1;
        if (yes) {
            c->walk->at[d->id] = at;
            *node = i;
            return 0;
        }
    }
    *node = TREE_NONE;
    return 0;
}

int xp_dispatch_next(struct xp_ctx *c, const struct xp_dispatch *d, struct xp_visit visit,
    uint32_t *node, size_t *which, struct err *e)
{
    int r = 0;

    visit.top |= 1 << TREE_DOCUMENT; /* its own parent */
    c->e = &c->pattern_err;
    c->stack_low = xstack_low();
    if (!c->walk)
        r = walk(c);
    if (r == 0)
        r = next(c, d, visit, node, which);
    c->f = c->cur = &c->top;
    if (r < 0 && e)
        *e = c->pattern_err;
    return r;
}
