/* dispatch.c - which rule of a Schematron pattern a node has: the first whose match pattern fits.
 *
 * The names in a match pattern, from the left to the node, are a word; a node has these names when
 * the path of names from the document to it ends with the word. The words of all patterns of an
 * environment make one automaton, and one walk over a document finds which nodes each dispatch must
 * look at, and with which alternatives.
 *
 * What is left are predicates. They are checked one by one, `A and B` as two, since in a pattern an
 * error means "no match" whatever else is true (XSLT 5.5.4): first what is the same for the whole
 * document, then what only depends on the node's name, which is asked once for each name. */
#include "ubl/xpath/pattern_priv.h"
#include "ubl/xpath/words_priv.h"

#define WORD_MAX                                                                                   \
    16u /* names of a pattern in its word; a longer one is looked at from the node up */
#define ROOT UINT32_MAX
#define NAME_DEPTH_MAX 32u

struct check {
    const struct xn *test;
    uint32_t up;    /* its context node: so many above the node */
    uint32_t named; /* 1 + number of a test that only depends on the name; 0 = it does not */
};

struct alt { /* of a match pattern */
    const struct xpat *pat;
    const struct check *checks;
    uint32_t n_checks;
    uint32_t dispatch, which, frame;
    uint8_t kinds; /* of the node */
    bool whole;    /* the word has all the names */
    bool flat;     /* besides names there is nothing but checks */
};

struct group { /* what a state has for one dispatch */
    uint32_t dispatch, n;
    const uint32_t *v; /* numbers of alternatives */
};

struct xdispatches { /* of an environment */
    struct alt *alts;
    uint32_t n_alts, cap_alts, n_dispatches, n_named;
    struct xwords *words;
    struct group *groups;
    uint32_t *first_group; /* by state, and one more */
};

struct xp_dispatch {
    uint32_t id;
    const uint32_t *loose; /* alternatives without a word, for any node */
    uint32_t n_loose;
};

struct hit {
    uint32_t node, group;
};

struct xwalk { /* of one document */
    const struct hit *hits;
    uint32_t *first;    /* by dispatch, and one more: its hits, in document order */
    uint32_t *at;       /* by dispatch: where the last question ended */
    uint32_t **answers; /* by test and name: 0 = not asked, else prefix * 4 + 2 + answer */
};

/* ---- compiling ---- */
static bool of_name(const struct xn *n, unsigned depth)
{
    bool dot = n->nk == 0 || (n->nk == 1 && n->k[0]->op == OP_DOT);

    if (depth > NAME_DEPTH_MAX)
        return false;
    switch ((enum xop)n->op) {
    case OP_CONST:
        return true;
    case OP_CALL:
        if (xfn_is(n, "name") || xfn_is(n, "local-name") || xfn_is(n, "namespace-uri"))
            return dot;
        if (n->fn->deps || (n->fn->focus0 && (int)n->nk == n->fn->min))
            return false;
        break;
    case OP_OR:
    case OP_AND:
    case OP_GCMP:
    case OP_VCMP:
    case OP_INSET:
    case OP_TOKENSET:
        break;
    default:
        return false;
    }
    for (uint32_t i = 0; i < n->nk; i++)
        if (!of_name(n->k[i], depth + 1))
            return false;
    return true;
}

enum { OF_DOCUMENT, OF_NAME, OF_NODE, ORDERS };

static int order_of(const struct xn *test)
{
    return xn_invariant(test->deps, test->locals) ? OF_DOCUMENT
           : of_name(test, 0)                     ? OF_NAME
                                                  : OF_NODE;
}

struct checks { /* being put down: those of one order at a time; v NULL = only counted */
    struct check *v;
    uint32_t n, named;
    int order;
};

static void put_test(struct checks *k, const struct xn *test, uint32_t up)
{
    if (test->op == OP_AND) {
        for (uint32_t i = 0; i < test->nk; i++)
            put_test(k, test->k[i], up);
        return;
    }
    if (order_of(test) != k->order)
        return;
    if (k->v)
        k->v[k->n] = (struct check){test, up, k->order == OF_NAME ? ++k->named : 0};
    k->n++;
}

/* From the left to the node: what is above mostly decides at less cost. */
static void put_checks(struct checks *k, const struct xpat *x, uint32_t up)
{
    if (x->prev)
        put_checks(k, x->prev, up + 1);
    for (uint32_t i = 0; x->step->op == OP_STEP && i < x->step->nk; i++)
        put_test(k, x->step->k[i], up);
    for (uint32_t i = 0; i < x->n_extra; i++)
        put_test(k, x->extra[i], up);
}

static bool make_checks(struct xp_env *env, struct alt *a)
{
    struct checks k = {.named = env->dispatches->n_named};

    for (k.order = 0; k.order < ORDERS; k.order++)
        put_checks(&k, a->pat, 0);
    if (!(k.v = arena_alloc(env->a, (k.n + 1) * sizeof(*k.v))))
        return false;
    k.n = 0;
    for (k.order = 0; k.order < ORDERS; k.order++)
        put_checks(&k, a->pat, 0);
    a->checks = k.v;
    a->n_checks = k.n;
    env->dispatches->n_named = k.named;
    return true;
}

static bool is_flat(const struct xpat *x)
{
    if (!x->shape)
        return false;
    for (; x; x = x->prev)
        if (x->posed)
            return false;
    return true;
}

/* The names from the node up, as far as they can be read from a path of names; at least those of
 * the node or nothing. */
static uint32_t names_of(const struct xpat *x, uint32_t word[WORD_MAX], bool *whole)
{
    uint32_t n = 0;

    for (*whole = false; n < WORD_MAX; x = x->prev) {
        const struct xtest *t = &x->step->test;
        bool attribute = n == 0 && x->step->sub == AX_ATTRIBUTE;
        if (x->step->op == OP_ROOT) {
            word[n++] = ROOT;
            *whole = true;
            break;
        }
        if (t->how != NT_NAME || t->kinds != 1 << (attribute ? TREE_ATTRIBUTE : TREE_ELEMENT))
            break;
        word[n++] = t->name;
        *whole = !x->prev;
        if (!x->prev || x->deep)
            break;
    }
    return n;
}

static bool add_word(struct xdispatches *all, struct alt *a, uint32_t number, uint32_t *n)
{
    uint32_t word[WORD_MAX];

    *n = names_of(a->pat, word, &a->whole);
    for (uint32_t i = 0; i < *n / 2; i++) {
        uint32_t t = word[i];
        word[i] = word[*n - 1 - i];
        word[*n - 1 - i] = t;
    }
    return *n == 0 || xwords_add(all->words, word, *n, number);
}

static bool add_alt(struct xp_env *env, struct xp_dispatch *d, uint32_t *loose, struct alt alt)
{
    struct xdispatches *all = env->dispatches;
    uint32_t number = all->n_alts, names;
    struct alt *v = arena_grow(env->a, all->alts, number, &all->cap_alts, sizeof(*v)), *a;

    if (!v)
        return false;
    all->alts = v;
    a = &v[all->n_alts++];
    *a = alt;
    a->kinds = alt.pat->step->op == OP_ROOT ? 1 << TREE_DOCUMENT : alt.pat->step->test.kinds;
    a->flat = is_flat(alt.pat);
    if ((a->flat && !make_checks(env, a)) || !add_word(all, a, number, &names))
        return false;
    if (names == 0)
        loose[d->n_loose++] = number;
    return true;
}

static bool environment_ready(struct xp_env *env)
{
    struct xdispatches *all = env->dispatches;

    if (all)
        return true;
    if (!(all = arena_alloc(env->a, sizeof(*all))) || !(all->words = xwords_new(env->a)))
        return false;
    env->dispatches = all;
    return true;
}

int xp_dispatch_new(struct xp_dispatch **out, struct xp_env *env,
    struct xp_pattern *const *patterns, size_t n, struct err *e)
{
    struct xp_dispatch *d = arena_alloc(env->a, sizeof(*d));
    size_t total = 0;
    uint32_t *loose;

    if (env->sealed)
        return err_set(e, ERR_BUG, "xpath.order", "", "made after xp_env_seal");
    for (size_t i = 0; i < n; i++)
        for (const struct xpat *x = patterns[i]->alts; x; x = x->next)
            total++;
    loose = arena_alloc(env->a, (total + 1) * sizeof(*loose));
    if (!d || !loose || n > 100000 || !environment_ready(env))
        return err_nomem(e);
    d->id = env->dispatches->n_dispatches++;
    d->loose = loose;
    for (size_t i = 0; i < n; i++)
        for (const struct xpat *x = patterns[i]->alts; x; x = x->next) {
            struct alt a = {
                .pat = x, .dispatch = d->id, .which = (uint32_t)i, .frame = patterns[i]->frame};
            if (!add_alt(env, d, loose, a))
                return err_nomem(e);
        }
    *out = d;
    return 0;
}

/* Cuts a state's alternatives into groups of one dispatch; v NULL = only counted. */
static uint32_t cut(const struct xdispatches *all, uint32_t state, struct group *v)
{
    uint32_t n, groups = 0, dispatch = UINT32_MAX;
    const uint32_t *values = xwords_values(all->words, state, &n);

    for (uint32_t i = 0; i < n; i++) {
        if (all->alts[values[i]].dispatch != dispatch) {
            dispatch = all->alts[values[i]].dispatch;
            if (v)
                v[groups] = (struct group){.dispatch = dispatch, .v = values + i};
            groups++;
        }
        if (v)
            v[groups - 1].n++;
    }
    return groups;
}

int xdispatch_done(struct xp_env *env, struct err *e)
{
    struct xdispatches *all = env->dispatches;
    uint32_t states, total = 0;

    if (!all)
        return 0;
    if (!xwords_done(all->words))
        return err_nomem(e);
    states = xwords_states(all->words);
    if (!(all->first_group = arena_alloc(env->a, (states + 1) * sizeof(*all->first_group))))
        return err_nomem(e);
    for (uint32_t i = 0; i < states; i++) {
        all->first_group[i] = total;
        total += cut(all, i, NULL);
    }
    all->first_group[states] = total;
    if (!(all->groups = arena_alloc(env->a, (total + 1) * sizeof(*all->groups))))
        return err_nomem(e);
    for (uint32_t i = 0; i < states; i++)
        (void)cut(all, i, all->groups + all->first_group[i]);
    return 0;
}

/* ---- one document ---- */
static uint32_t state_of(const struct xp_ctx *c, const uint32_t *state, uint32_t node)
{
    const struct tree_node *x = &c->nd[node];
    uint32_t name;

    if (node == 0)
        return xwords_step(c->env->dispatches->words, 0, ROOT);
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

static int ask_name(struct xp_ctx *c, const struct check *k, uint32_t node, bool *out)
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

static int run_checks(struct xp_ctx *c, const struct alt *a, uint32_t node, bool *out)
{
    *out = true;
    for (uint32_t i = 0; i < a->n_checks && *out; i++) {
        const struct check *k = &a->checks[i];
        uint32_t at = node;
        for (uint32_t up = k->up; up; up--)
            at = c->nd[at].parent;
        if ((k->named ? ask_name(c, k, at, out) : ask(c, k->test, at, out)) < 0)
            return -1;
    }
    return 0;
}

static bool names_fit(const struct xp_ctx *c, const struct alt *a, uint32_t node)
{
    if (!(a->kinds >> c->nd[node].kind & 1))
        return false;
    return a->whole || !a->pat->shape || xpat_fits(c, a->pat, node);
}

static int try(struct xp_ctx *c, const struct alt *a, uint32_t node, bool *out)
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
static int first_match(struct xp_ctx *c, const struct xp_dispatch *d, const struct group *g,
    uint32_t node, size_t *which, bool *out)
{
    const struct alt *alts = c->env->dispatches->alts;
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1};
    uint32_t i = 0, k = 0, n = g ? g->n : 0;

    c->f = c->cur = &f;
    for (*out = false; !*out && (i < n || k < d->n_loose);) {
        bool named = i < n && (k == d->n_loose || g->v[i] < d->loose[k]);
        const struct alt *a = &alts[named ? g->v[i++] : d->loose[k++]];
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
    const struct group *groups = c->env->dispatches->groups;
    const struct hit *hits = c->walk->hits;
    uint32_t at = seek(c->walk, d, *node), end = c->walk->first[d->id + 1], n = c->t->n;

    for (uint32_t i = *node; i < n; i++) {
        const struct group *g = NULL;
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
