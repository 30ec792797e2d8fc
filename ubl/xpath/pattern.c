/* pattern.c - match patterns, read from right to left. XSLT 2.0 §5.5; also parenthesized
 * alternatives with predicates (XSLT 3.0). */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/pattern_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define ALTS_MAX 4096u
#define STEPS_MAX 500u /* of one path */

struct build {
    struct xparse *p;
    uint32_t n, deep;
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

/* Saxon takes a predicate of a pattern for a position when its type is a number, the first one of
 * several; else for a boolean, also where it turns out to be a number. */
static bool several_numbers(const struct xn *k)
{
    return (k->types & T_NUM) && !(k->types & (k->types - 1)) && (k->card & CARD_N);
}

static bool either(const struct xn *k)
{
    while (k->op == OP_FILTER)
        k = k->k[0];
    return (k->op == OP_IF || k->op == OP_COMMA) && (k->types & T_NUM) && (k->types & ~T_NUM);
}

/* E becomes (E)[1]. */
static int first_of(struct xn **k, struct xparse *p)
{
    struct xn *one = xparse_node(p, OP_CONST, 0), *filter = xparse_node(p, OP_FILTER, 2);
    struct xp_item *it = arena_alloc(p->env->a, sizeof(*it));

    if (!one || !filter || !it)
        return it ? -1 : err_nomem(p->e);
    *it = xint(1);
    one->seq = (struct xp_seq){it, 1};
    filter->k[0] = *k;
    filter->k[1] = one;
    filter->pos = (*k)->pos;
    *k = filter;
    return xstatic(k, p);
}

/* Analyse the predicates of one step, leaving the step itself a plain axis test. */
static int analyse_step(struct build *b, struct xn *step, struct xpat *x)
{
    for (uint32_t i = 0; i < step->nk; i++)
        if (xstatic(&step->k[i], b->p) < 0 || xcheck_constant(step->k[i], b->p) < 0 ||
            (several_numbers(step->k[i]) && first_of(&step->k[i], b->p) < 0))
            return -1;
    xtypes(step, b->p);
    for (uint32_t i = 0; i < step->nk; i++) {
        if (either(step->k[i]))
            step->k[i]->flags = (uint8_t)((step->k[i]->flags & ~NF_NUMPRED) | NF_BOOLPRED);
        x->posed = x->posed || !(step->k[i]->flags & NF_BOOLPRED) ||
                   (step->k[i]->deps & (DEP_POS | DEP_LAST));
        if (xshare_condition(&step->k[i], b->p) < 0)
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
        if (xshare_condition(&n->k[i], b->p) < 0)
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
    struct xpat *x;

    if (++b->deep > STEPS_MAX)
        return bad(b, n, "too many steps");
    switch ((enum xop)n->op) {
    case OP_ROOT:
        x = new_pat(b, n);
        break;
    case OP_STEP:
        x = build_step(b, n);
        break;
    case OP_UNION:
        x = build_union(b, n);
        break;
    case OP_FILTER:
        x = build_filter(b, n);
        break;
    case OP_PATH:
        x = build_path(b, n);
        break;
    default:
        return bad(b, n, "neither a step nor a path of steps");
    }
    b->deep--;
    return x;
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
    p.eager = true;
    if (xparse_pattern(&n, &p, pattern) < 0) {
        if (strcmp(e->code, "XPST0003") == 0) /* XSLT 2.0 §5.5.2: no pattern */
            (void)snprintf(e->code, sizeof(e->code), "XTSE0340");
        return -1;
    }
    if (!(x->alts = build(&b, n)))
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

int xpat_match(struct xp_ctx *c, const struct xpat *x, uint32_t node, bool *out)
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
            if (xtick(c) < 0 || xpat_match(c, x->prev, up, &above) < 0)
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

bool xpat_recoverable(const struct err *e)
{
    return strncmp(e->code, "xpath.", 6) != 0 && strncmp(e->code, "memory.", 7) != 0 &&
           strcmp(e->code, "XTDE0640") != 0;
}

bool xpat_fits(const struct xp_ctx *c, const struct xpat *x, uint32_t node)
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
        if (x->shape && !xpat_fits(c, x, node))
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
        if (x->shape && !xpat_fits(c, x, node))
            continue;
        r = xpat_match(c, x, node, out);
        if (r < 0 && xpat_recoverable(local)) {
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

int xp_match(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node, struct err *e)
{
    c->e = e;
    c->stack_low = xstack_low();
    return xpattern_test(out, c, p, node);
}
