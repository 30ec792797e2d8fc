/* share.c - what is computed once: parts that are the same for the whole document (OP_CACHED), and
 * conditions on a node that several rules ask of it (OP_MEMO). Equal parts are one. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

/* ---- equal expressions ---- */
bool xtest_equal(const struct xtest *a, const struct xtest *b)
{
    return a->kinds == b->kinds && a->how == b->how && a->name == b->name &&
           str_eq(a->local, b->local);
}

static bool same_seq(struct xp_seq a, struct xp_seq b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (a.v[i].type != b.v[i].type || a.v[i].node != b.v[i].node)
            return false;
        if (xis_stringy(&a.v[i]) ? !str_eq(a.v[i].s, b.v[i].s)
                                 : memcmp(&a.v[i].dec, &b.v[i].dec, sizeof(a.v[i].dec)) != 0)
            return false;
    }
    return true;
}

static bool same_stype(const struct stype *a, const struct stype *b)
{
    return a->empty == b->empty && a->occ == b->occ && a->any == b->any && a->atomic == b->atomic &&
           a->prim == b->prim && a->derived == b->derived && a->any_atomic == b->any_atomic &&
           xtest_equal(&a->test, &b->test);
}

static bool same_own(const struct xn *a, const struct xn *b)
{
    switch ((enum xop)a->op) {
    case OP_CONST:
        return same_seq(a->seq, b->seq);
    case OP_STEP:
    case OP_SEENBEFORE:
    case OP_INDEXED:
        return xtest_equal(&a->test, &b->test);
    case OP_CALL:
        return a->fn == b->fn;
    case OP_UCALL:
        return a->ufn == b->ufn;
    case OP_INSTANCE:
    case OP_TREAT:
    case OP_CAST:
    case OP_CASTABLE:
    case OP_CONVERT:
        return same_stype(a->st, b->st);
    case OP_INSET:
        return same_seq(a->set->seq, b->set->seq);
    case OP_TOKENSET:
        return str_eq(a->set->hay, b->set->hay);
    case OP_BIND:
        return a->st == b->st;
    default:
        return true;
    }
}

/* The expression itself, not how its value is kept or found. */
static const struct xn *plain(const struct xn *n)
{
    while (n->op == OP_CACHED || n->op == OP_MEMO || n->op == OP_CHAIN)
        n = n->k[0];
    return n;
}

bool xn_equal(const struct xn *a, const struct xn *b)
{
    a = plain(a);
    b = plain(b);
    if (a->op != b->op || a->sub != b->sub || a->nk != b->nk || !same_own(a, b))
        return false;
    if (a->slot != b->slot && a->op != OP_CONST)
        return false;
    for (uint32_t i = 0; i < a->nk; i++)
        if (!xn_equal(a->k[i], b->k[i]))
            return false;
    return true;
}

int xwrap(struct xn *n, enum xop op, struct xparse *p)
{
    struct xn *copy = arena_alloc(p->env->a, sizeof(*copy)), **k;

    if (!copy || !(k = arena_alloc(p->env->a, sizeof(struct xn *))))
        return err_nomem(p->e);
    *copy = *n;
    *k = copy;
    n->op = (uint8_t)op;
    n->k = k;
    n->nk = 1;
    return 0;
}

/* ---- for the document ---- */
static bool worth_caching(const struct xn *n)
{
    switch ((enum xop)n->op) {
    case OP_CONST:
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
    case OP_DOT:
    case OP_ROOT:
    case OP_CACHED:
    case OP_MEMO:
    case OP_RANGE: /* cheap to make, dear to keep */
        return false;
    case OP_CALL:
        return n->nk > 0;
    case OP_BIND:
    case OP_VALUE_OF:
    case OP_DOCNODE:
    case OP_EACH:
        return false;
    default:
        return true;
    }
}

static int cache_slot(struct xp_env *env, struct xn *n, struct xparse *p, uint32_t *slot)
{
    struct xn **v;

    for (uint32_t i = 0; i < env->n_caches; i++)
        if (xn_equal(env->cached[i], n)) {
            *slot = i;
            return 0;
        }
    v = arena_grow(env->a, env->cached, env->n_caches, &env->cap_cached, sizeof(*v));
    if (!v)
        return err_nomem(p->e);
    env->cached = v;
    env->cached[env->n_caches] = n;
    *slot = env->n_caches++;
    return 0;
}

/* Top down: the largest invariant parts. Not inside predicates over atomic values, where "/" has no
 * document to start from (XPTY0020), and not in functions, where it has no context (XPDY0002). */
static int cache(struct xn **n, struct xparse *p, bool atomic_focus)
{
    struct xn *x = *n, *c;

    if (x->op == OP_CACHED)
        return 0;
    if (!atomic_focus && !p->no_focus && worth_caching(x) && xn_invariant(x->deps, x->locals)) {
        if (!(c = xparse_node(p, OP_CACHED, 1)) || cache_slot(p->env, x, p, &c->slot) < 0)
            return -1;
        c->k[0] = x;
        c->pos = x->pos;
        c->flags = x->flags; /* as a predicate */
        xtypes(c, p);
        *n = c;
        return 0;
    }
    for (uint32_t i = 0; i < x->nk; i++) {
        bool inner = atomic_focus;
        if (i > 0 && (x->op == OP_PATH || x->op == OP_FILTER))
            inner = !(x->k[0]->types & T_NODE);
        if (cache(&x->k[i], p, inner) < 0)
            return -1;
    }
    return 0;
}

/* ---- for a node ---- */
static uint32_t hash(const struct xn *n)
{
    uint32_t h;

    n = plain(n);
    h = n->op * 31u + n->sub * 7u + n->nk;
    if (n->op == OP_STEP)
        h ^= n->test.name * 0x85EBCA6Bu;
    else if (n->op == OP_CONST && n->seq.n && xis_stringy(n->seq.v))
        h ^= (uint32_t)n->seq.v->s.n * 0xC2B2AE35u;
    for (uint32_t i = 0; i < n->nk; i++)
        h = (h ^ hash(n->k[i])) * 0x9E3779B1u;
    return h ^ h >> 15;
}

/* More than a look at an attribute or child. */
static bool is_dear(const struct xn *n)
{
    if (n->op == OP_PATH || n->op == OP_CALL || n->op == OP_CHAIN)
        return true;
    for (uint32_t i = 0; i < n->nk; i++)
        if (is_dear(n->k[i]))
            return true;
    return false;
}

static bool worth_memo(const struct xn *n)
{
    return n->types == T_BOOL && n->card == CARD_1 && !n->locals && (n->deps & DEP_FOCUS) &&
           !(n->deps & (DEP_POS | DEP_LAST | DEP_RULE)) && is_dear(n);
}

static int make_memo(struct xn *n, uint32_t slot, struct xparse *p)
{
    if (xwrap(n, OP_MEMO, p) < 0)
        return -1;
    n->slot = slot;
    return 0;
}

static int add_shared(struct xp_env *env, struct xn *n, uint32_t h, struct xparse *p)
{
    struct xshared *v =
        arena_grow(env->a, env->shared, env->n_shared, &env->cap_shared, sizeof(*v));

    if (!v)
        return err_nomem(p->e);
    env->shared = v;
    v[env->n_shared++] = (struct xshared){.hash = h, .n = n};
    return 0;
}

/* A condition seen for the first time is noted, at the second time both are made one. */
static int note_condition(struct xn *n, struct xparse *p)
{
    struct xp_env *env = p->env;
    uint32_t h;

    if (n->op == OP_AND) {
        for (uint32_t i = 0; i < n->nk; i++)
            if (note_condition(n->k[i], p) < 0)
                return -1;
        return 0;
    }
    if (n->op == OP_MEMO || !worth_memo(n))
        return 0;
    h = hash(n);
    for (uint32_t i = 0; i < env->n_shared; i++) {
        struct xshared *s = &env->shared[i];
        if (s->n == n)
            return 0;
        if (s->hash != h || !xn_equal(s->n, n))
            continue;
        if (s->n->op != OP_MEMO && make_memo(s->n, env->n_memos++, p) < 0)
            return -1;
        return make_memo(n, s->n->slot, p);
    }
    return add_shared(env, n, h, p);
}

/* Conditions are the predicates of steps and filters, and what they need at once. */
static int note_conditions(struct xn *n, struct xparse *p)
{
    uint32_t first = n->op == OP_STEP ? 0 : n->op == OP_FILTER ? 1 : n->nk;

    for (uint32_t i = 0; i < n->nk; i++)
        if (note_conditions(n->k[i], p) < 0)
            return -1;
    for (uint32_t i = first; i < n->nk; i++)
        if (note_condition(n->k[i], p) < 0)
            return -1;
    return 0;
}

int xshare(struct xn **n, struct xparse *p)
{
    if (note_conditions(*n, p) < 0 || cache(n, p, false) < 0)
        return -1;
    return xchains(*n, p);
}

int xshare_condition(struct xn **n, struct xparse *p)
{
    return note_condition(*n, p) < 0 ? -1 : xshare(n, p);
}
