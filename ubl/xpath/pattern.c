/* pattern.c - match patterns: read from right to left, and the index of a Schematron pattern's
 * rules by node name. XSLT 2.0 §5.5; also parenthesized alternatives with predicates (XSLT 3.0). */
#include "ubl/xpath/xpath_priv.h"

#include <stdlib.h>

#define ALTS_MAX 4096u

struct build {
    struct xparse *p;
    uint32_t n;
};

static struct xpat *bad(struct build *b, const struct xn *n, const char *what)
{
    (void)xp_static_error(b->p->e, "XTSE0340", b->p->expr, n->pos, "not a match pattern: %s", what);
    return NULL;
}

static struct xpat *new_pat(struct build *b, struct xn *step)
{
    struct xpat *x;

    if (++b->n > ALTS_MAX)
        return bad(b, step, "too many alternatives");
    if (!(x = arena_alloc(b->p->env->a, sizeof(*x)))) {
        (void)err_nomem(b->p->e);
        return NULL;
    }
    x->step = step;
    return x;
}

/* Analyse the predicates of one step, leaving the step itself a plain axis test. */
static int analyse_step(struct build *b, struct xn *step, struct xpat *x)
{
    for (uint32_t i = 0; i < step->nk; i++)
        if (xstatic(&step->k[i], b->p) < 0)
            return -1;
    xtypes(step, b->p);
    for (uint32_t i = 0; i < step->nk; i++) {
        x->posed = x->posed || !(step->k[i]->flags & NF_BOOLPRED) ||
                   (step->k[i]->deps & (DEP_POS | DEP_LAST));
        if (xcache(&step->k[i], b->p, false) < 0)
            return -1;
    }
    return 0;
}

static struct xpat *build(struct build *b, struct xn *n);

static struct xpat *build_step(struct build *b, struct xn *n)
{
    struct xpat *x;

    if (n->sub != AX_CHILD && n->sub != AX_ATTRIBUTE)
        return bad(b, n, "only the child and attribute axes are allowed");
    if (n->sub == AX_CHILD && n->test.kinds == 0x3F) /* node(): what can be a child */
        n->test.kinds &= (uint8_t) ~(1 << TREE_DOCUMENT | 1 << TREE_ATTRIBUTE);
    if (!(x = new_pat(b, n)))
        return NULL;
    return analyse_step(b, n, x) < 0 ? NULL : x;
}

static struct xpat *build_union(struct build *b, struct xn *n)
{
    struct xpat *first = NULL, **tail = &first;

    for (uint32_t i = 0; i < n->nk; i++) {
        if (!(*tail = build(b, n->k[i])))
            return NULL;
        while (*tail)
            tail = &(*tail)->next;
    }
    return first;
}

static struct xpat *build_filter(struct build *b, struct xn *n)
{
    struct xpat *alts = build(b, n->k[0]);

    if (!alts)
        return NULL;
    for (uint32_t i = 1; i < n->nk; i++)
        if (xstatic(&n->k[i], b->p) < 0)
            return NULL;
    n->types = T_NODE;
    for (uint32_t i = 1; i < n->nk; i++) {
        if ((n->k[i]->types & T_NUM) || (n->k[i]->deps & (DEP_POS | DEP_LAST)))
            return bad(b, n->k[i], "positions after a parenthesis");
        n->k[i]->flags |= NF_BOOLPRED;
        if (xcache(&n->k[i], b->p, false) < 0)
            return NULL;
    }
    for (struct xpat *x = alts; x; x = x->next) {
        if (x->n_extra)
            return bad(b, n, "predicates after nested parentheses");
        x->extra = n->k + 1;
        x->n_extra = n->nk - 1;
    }
    return alts;
}

static bool is_deep(const struct xn *n)
{
    return n->op == OP_STEP && n->sub == AX_DESCENDANT_OR_SELF && n->nk == 0 &&
           n->test.kinds == 0x3F;
}

/* l/r and l//r: every right alternative after every left one. */
static struct xpat *build_path(struct build *b, struct xn *n)
{
    struct xn *l = n->k[0];
    bool deep = false;
    struct xpat *left, *right, *out = NULL, **tail = &out;

    if (l->op == OP_PATH && is_deep(l->k[1])) {
        deep = true;
        l = l->k[0];
    }
    if (!(left = build(b, l)) || !(right = build(b, n->k[1])))
        return NULL;
    for (struct xpat *x = left; x; x = x->next)
        for (struct xpat *y = right; y; y = y->next) {
            struct xpat *z = new_pat(b, y->step), *end;
            if (!z)
                return NULL;
            *z = *y;
            z->next = NULL;
            for (end = z; end->prev;) {
                struct xpat *copy = new_pat(b, end->prev->step);
                if (!copy)
                    return NULL;
                *copy = *end->prev;
                end = end->prev = copy;
            }
            end->prev = deep && x->step->op == OP_ROOT ? NULL : x; /* //y: anywhere */
            end->deep = deep && end->prev;
            *tail = z;
            tail = &z->next;
        }
    return out;
}

static struct xpat *build(struct build *b, struct xn *n)
{
    switch ((enum xop)n->op) {
    case OP_ROOT:
        return new_pat(b, n);
    case OP_STEP:
        return build_step(b, n);
    case OP_UNION:
        return build_union(b, n);
    case OP_FILTER:
        return build_filter(b, n);
    case OP_PATH:
        return build_path(b, n);
    default:
        return bad(b, n, "neither a step nor a path of steps");
    }
}

static void classify(struct xpat *x)
{
    x->plain = x->shape = true;
    for (const struct xpat *y = x; y; y = y->prev) {
        if (y->deep)
            x->shape = false;
        if ((y->step->op == OP_STEP && y->step->nk) || y->n_extra)
            x->plain = false;
    }
    x->plain = x->plain && x->shape;
}

int xp_pattern_compile(
    struct xp_pattern **out, struct xp_env *env, struct str pattern, struct err *e)
{
    struct xp_pattern *x = arena_alloc(env->a, sizeof(*x));
    struct xparse p;
    struct build b = {.p = &p};
    struct xn *n;

    if (env->sealed)
        return err_set(e, ERR_BUG, "xpath.order", "", "compiled after xp_env_seal");
    if (!x)
        return err_nomem(e);
    if (xp_declare_done(env, e) < 0)
        return -1;
    xparse_init(&p, env, NULL, e);
    if (xparse_pattern(&n, &p, pattern) < 0 || !(x->alts = build(&b, n)))
        return -1;
    for (struct xpat *alt = x->alts; alt; alt = alt->next)
        classify(alt);
    x->frame = p.max_slots;
    x->text = p.expr;
    *out = x;
    return 0;
}

/* ---- matching ---- */
struct find_sink {
    struct xsink s;
    uint32_t node;
    bool found;
};

static int find_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct find_sink *f = (struct find_sink *)s;

    (void)c;
    f->found = it->type == XP_NODE && it->node == f->node;
    return f->found || it->node > f->node;
}

static int posed(struct xp_ctx *c, const struct xpat *x, uint32_t node, bool *out)
{
    struct find_sink s = {.s.put = find_put, .node = node};
    struct xfocus f = {.item = xnode(c->nd[node].parent), .pos = 1, .last = 1}, *was = c->f;
    int r;

    *out = false;
    if (c->nd[node].parent == TREE_NONE)
        return 0;
    c->f = &f;
    r = xev_step(c, x->step, &s.s);
    c->f = was;
    *out = s.found;
    return r < 0 ? -1 : 0;
}

static int predicates(struct xp_ctx *c, struct xn *const *v, uint32_t n, uint32_t node, bool *out)
{
    struct xp_item it = xnode(node);

    for (uint32_t i = 0; i < n && *out; i++)
        if (xpredicate(c, v[i], &it, 1, 1, out) < 0)
            return -1;
    return 0;
}

static int match(struct xp_ctx *c, const struct xpat *x, uint32_t node, unsigned depth, bool *out)
{
    uint32_t up;

    *out = false;
    if (x->step->op == OP_ROOT) {
        *out = node == 0;
        return 0;
    }
    if (!xnode_matches(c, &x->step->test, node))
        return 0;
    if ((c->nd[node].kind == TREE_ATTRIBUTE) != (x->step->sub == AX_ATTRIBUTE))
        return 0;
    up = c->nd[node].parent;
    if (x->prev) { /* the cheap test first: what is above */
        bool above = false;
        for (; up != TREE_NONE && !above; up = x->deep ? c->nd[up].parent : TREE_NONE)
            if (xtick(c) < 0 || match(c, x->prev, up, depth + 1, &above) < 0)
                return -1;
        if (!above)
            return 0;
    }
    *out = true;
    if (x->posed) {
        if (posed(c, x, node, out) < 0)
            return -1;
    } else if (predicates(c, x->step->k, x->step->nk, node, out) < 0) {
        return -1;
    }
    return predicates(c, x->extra, x->n_extra, node, out);
}

/* A dynamic error means no match, except those that would come again and again. */
static bool recoverable(const struct err *e)
{
    return strncmp(e->code, "xpath.", 6) != 0 && strncmp(e->code, "memory.", 7) != 0 &&
           strcmp(e->code, "XTDE0640") != 0;
}

/* The names alone, from the node up: cheap, and mostly decides. */
static bool fits(const struct xp_ctx *c, const struct xpat *x, uint32_t node)
{
    for (;; node = c->nd[node].parent, x = x->prev) {
        const struct xtest *t = &x->step->test;
        if (node == TREE_NONE)
            return false;
        if (x->step->op == OP_ROOT)
            return node == 0;
        if (t->how == NT_NAME) {
            const struct tree_node *k = &c->nd[node];
            if (k->name != c->name_map[t->name] || !k->name || !(t->kinds >> k->kind & 1))
                return false;
        } else if (!xnode_matches(c, t, node) ||
                   (c->nd[node].kind == TREE_ATTRIBUTE) != (x->step->sub == AX_ATTRIBUTE)) {
            return false;
        }
        if (!x->prev)
            return true;
    }
}

static int test_with_predicates(bool *out, struct xp_ctx *c, const struct xp_pattern *p,
    const struct xpat *from, uint32_t node);

int xpattern_test(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node)
{
    *out = false;
    for (const struct xpat *x = p->alts; x; x = x->next) {
        if (x->shape && !fits(c, x, node))
            continue;
        if (x->plain) {
            *out = true;
            return 0;
        }
        return test_with_predicates(out, c, p, x, node);
    }
    return 0;
}

static int test_with_predicates(
    bool *out, struct xp_ctx *c, const struct xp_pattern *p, const struct xpat *from, uint32_t node)
{
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1}, *was = c->f, *cur = c->cur;
    struct arena_mark m = arena_mark(c->a);
    struct xslot *frame = c->frame;
    uint32_t forced = c->forced;
    struct err *e = c->e, *local = &c->pattern_err;
    int r = 0;

    c->e = local;
    c->f = c->cur = &f;
    *out = false;
    if (p->frame && !(c->frame = arena_alloc(c->a, p->frame * sizeof(*c->frame))))
        r = xnomem(c);
    for (const struct xpat *x = from; x && r == 0 && !*out; x = x->next) {
        if (x->shape && !fits(c, x, node))
            continue;
        r = match(c, x, node, 0, out);
        if (r < 0 && recoverable(local)) {
            r = 0;
            *out = false;
        }
    }
    c->frame = frame;
    c->f = was;
    c->cur = cur;
    c->e = e;
    if (forced == c->forced)
        arena_rewind(c->a, m);
    if (r < 0 && e && e != local)
        *e = *local;
    return r;
}

/* ---- dispatch ---- */
/* The tree's index of names has elements and attributes only. */
static bool by_name(const struct xpat *x)
{
    return x->step->test.how == NT_NAME && !(x->step->test.kinds >> TREE_PI & 1);
}

static bool may_match(const struct xp_pattern *p, uint32_t name, bool root)
{
    for (const struct xpat *x = p->alts; x; x = x->next) {
        if (x->step->op == OP_ROOT) {
            if (root)
                return true;
            continue;
        }
        if (root) {
            if (x->step->test.kinds >> TREE_DOCUMENT & 1)
                return true;
            continue;
        }
        if (!by_name(x) || x->step->test.name == name)
            return true;
    }
    return false;
}

static uint32_t *list_for(struct xp_env *env, struct xp_pattern *const *v, uint32_t n,
    uint32_t name, bool root, struct err *e)
{
    uint32_t *list = arena_alloc(env->a, (n + 1) * sizeof(*list)), at = 0;

    if (!list) {
        (void)err_nomem(e);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        if (may_match(v[i], name, root))
            list[at++] = i;
    list[at] = UINT32_MAX;
    return list;
}

static uint32_t collect_names(const struct xp_pattern *const *v, uint32_t n, uint32_t *names)
{
    uint32_t k = 0;

    for (uint32_t i = 0; i < n; i++)
        for (const struct xpat *x = v[i]->alts; x; x = x->next) {
            uint32_t j = 0, name = x->step->test.name;
            if (x->step->op == OP_ROOT || !by_name(x))
                continue;
            while (j < k && names[j] != name)
                j++;
            if (j == k)
                names[k++] = name;
        }
    return k;
}

int xp_dispatch_new(struct xp_dispatch **out, struct xp_env *env,
    struct xp_pattern *const *patterns, size_t n, struct err *e)
{
    struct xp_dispatch *d = arena_alloc(env->a, sizeof(*d));
    struct xp_pattern **copy = arena_alloc(env->a, (n + 1) * sizeof(struct xp_pattern *));
    uint32_t total = 0, *names;
    const uint32_t **lists;

    if (env->sealed)
        return err_set(e, ERR_BUG, "xpath.order", "", "made after xp_env_seal");
    if (!d || !copy || n > 100000)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        copy[i] = patterns[i];
        for (const struct xpat *x = patterns[i]->alts; x; x = x->next)
            total++;
    }
    names = arena_alloc(env->a, (total + 1) * sizeof(*names));
    if (!names)
        return err_nomem(e);
    d->patterns = copy;
    d->n = (uint32_t)n;
    d->names = names;
    d->n_names = collect_names((const struct xp_pattern *const *)copy, d->n, names);
    if (!(lists = arena_alloc(env->a, (d->n_names + 1) * sizeof(uint32_t *))))
        return err_nomem(e);
    for (uint32_t i = 0; i < d->n_names; i++)
        if (!(lists[i] = list_for(env, copy, d->n, names[i], false, e)))
            return -1;
    d->lists = lists;
    if (!(d->other = list_for(env, copy, d->n, 0, false, e)) ||
        !(d->root = list_for(env, copy, d->n, 0, true, e)))
        return -1;
    d->id = env->n_dispatches++;
    *out = d;
    return 0;
}

/* What a dispatch knows of one document: the list of each name (list + 1, 0 = the one of all other
 * names), and the nodes to look at at all, as bits; NULL = every node, because of a wildcard. */
struct xtable {
    uint32_t *list;
    uint64_t *nodes;
};

static void mark_nodes(struct xp_ctx *c, const struct xp_dispatch *d, struct xtable *t)
{
    if (d->root[0] != UINT32_MAX)
        t->nodes[0] |= 1;
    for (uint32_t i = 0; i < d->n_names; i++) {
        const struct tree_name *name = &c->t->names[c->name_map[d->names[i]]];
        const uint32_t *v = c->t->by_name + name->first;
        for (uint32_t k = 0; c->name_map[d->names[i]] && k < name->count; k++)
            t->nodes[v[k] / 64] |= 1ull << (v[k] % 64);
    }
}

static int table_of(struct xp_ctx *c, const struct xp_dispatch *d, struct xtable **out)
{
    struct xtable *t = c->tables[d->id];

    if ((*out = t))
        return 0;
    if (!(t = arena_alloc(c->doc, sizeof(*t))) ||
        !(t->list = arena_alloc(c->doc, c->t->n_names * sizeof(*t->list))))
        return xnomem(c);
    for (uint32_t i = 0; i < d->n_names; i++)
        if (c->name_map[d->names[i]])
            t->list[c->name_map[d->names[i]]] = i + 1;
    if (d->other[0] == UINT32_MAX) {
        if (!(t->nodes = arena_alloc(c->doc, (c->t->n / 64 + 1) * sizeof(*t->nodes))))
            return xnomem(c);
        mark_nodes(c, d, t);
    }
    *out = c->tables[d->id] = t;
    c->forced++;
    return 0;
}

/* The next candidate at or after i, or the number of nodes. */
static uint32_t next_node(const struct xp_ctx *c, const struct xtable *t, uint32_t i)
{
    uint64_t word;

    if (!t->nodes || i >= c->t->n)
        return i;
    word = t->nodes[i / 64] >> (i % 64);
    if (word)
        return i + (uint32_t)__builtin_ctzll(word);
    for (uint32_t w = i / 64 + 1; w <= (c->t->n - 1) / 64; w++)
        if (t->nodes[w])
            return w * 64 + (uint32_t)__builtin_ctzll(t->nodes[w]);
    return c->t->n;
}

static int first_match(struct xp_ctx *c, const struct xp_dispatch *d, const struct xtable *t,
    uint32_t node, size_t *which, bool *out)
{
    uint32_t name = c->nd[node].name;
    const uint32_t *l = c->nd[node].kind == TREE_DOCUMENT ? d->root
                        : t->list[name]                   ? d->lists[t->list[name] - 1]
                                                          : d->other;

    for (*out = false; *l != UINT32_MAX; l++) {
        if (xpattern_test(out, c, d->patterns[*l], node) < 0)
            return -1;
        if (*out) {
            *which = *l;
            return 0;
        }
    }
    return 0;
}

int xp_dispatch_next(struct xp_ctx *c, const struct xp_dispatch *d, struct xp_visit visit,
    uint32_t *node, size_t *which, struct err *e)
{
    struct xtable *t = NULL;

    visit.top |= 1 << TREE_DOCUMENT; /* its own parent */

    c->e = e;
    c->stack_low = xstack_low();
    if (table_of(c, d, &t) < 0)
        return -1;
    for (uint32_t i = next_node(c, t, *node); i < c->t->n; i = next_node(c, t, i + 1)) {
        bool yes;
        uint8_t kinds = c->nd[i].parent == 0 || i == 0 ? visit.top : visit.kinds;
        if (!(kinds >> c->nd[i].kind & 1))
            continue;
        if (first_match(c, d, t, i, which, &yes) < 0)
            return -1;
        if (yes) {
            *node = i;
            return 0;
        }
    }
    *node = TREE_NONE;
    return 0;
}

int xp_match(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node, struct err *e)
{
    c->e = e;
    c->stack_low = xstack_low();
    return xpattern_test(out, c, p, node);
}
