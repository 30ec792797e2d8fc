/* rules.c - dispatches are made: words of names, and the questions that are left. */
#include "ubl/xpath/dispatch_priv.h"
#include "ubl/xpath/parse_priv.h"

#define WORD_MAX                                                                                   \
    16u /* names of a pattern in its word; a longer one is looked at from the node up */
#define NAME_DEPTH_MAX 32u

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
    struct xask *v;
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
        k->v[k->n] = (struct xask){test, up, k->order == OF_NAME ? ++k->named : 0};
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

static bool make_checks(struct xp_env *env, struct xalt *a)
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
            word[n++] = XDISPATCH_ROOT;
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

static bool add_word(struct xdispatches *all, struct xalt *a, uint32_t number, uint32_t *n)
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

static bool add_alt(struct xp_env *env, struct xp_dispatch *d, uint32_t *loose, struct xalt alt)
{
    struct xdispatches *all = env->dispatches;
    uint32_t number = all->n_alts, names;
    struct xalt *v = arena_grow(env->a, all->alts, number, &all->cap_alts, sizeof(*v)), *a;

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
            struct xalt a = {
                .pat = x, .dispatch = d->id, .which = (uint32_t)i, .frame = patterns[i]->frame};
            if (!add_alt(env, d, loose, a))
                return err_nomem(e);
        }
    *out = d;
    return 0;
}

/* Cuts a state's alternatives into groups of one dispatch; v NULL = only counted. */
static uint32_t cut(const struct xdispatches *all, uint32_t state, struct xgroup *v)
{
    uint32_t n, groups = 0, dispatch = UINT32_MAX;
    const uint32_t *values = xwords_values(all->words, state, &n);

    for (uint32_t i = 0; i < n; i++) {
        if (all->alts[values[i]].dispatch != dispatch) {
            dispatch = all->alts[values[i]].dispatch;
            if (v)
                v[groups] = (struct xgroup){.dispatch = dispatch, .v = values + i};
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
