/* path.c - paths, filters, document order, union, intersect, except. XPath 2.0 §3.2, §3.3.2,
 * §3.3.3.
 */
#include "ubl/xpath/xpath_priv.h"

struct path_sink {
    struct xsink s;
    const struct xn *rhs;
    struct xsink *out;
    int64_t pos, last;
    bool map;
};

static int path_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct path_sink *p = (struct path_sink *)s;
    struct xfocus f, *was = c->f;
    int r;

    if (it->type == XP_NODE) {
        f.item.type = XP_NODE;
        f.item.node = it->node;
    } else if (xis_node(it) || p->map) {
        f.item = *it;
    } else {
        return xfail(c, "XPTY0019", "the left side of / is %s, not a node", xtype_name(it->type));
    }
    f.none = false;
    f.pos = ++p->pos;
    f.last = p->last;
    c->f = &f;
    r = p->rhs->op == OP_STEP ? xev_step(c, p->rhs, p->out) : xev(c, p->rhs, p->out);
    c->f = was;
    return r;
}

int xev_path(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct path_sink p = {.s.put = path_put, .rhs = n->k[1], .out = s, .map = n->sub == 1};
    const struct xn *step = n->k[1];
    struct xp_seq seq;
    int r = 0;

    /* the last name of the path is not in the document: no need to go there */
    if (step->op == OP_STEP && step->test.how == NT_NAME && !c->name_map[step->test.name] &&
        (n->k[0]->flags & NF_SAFE) && !(n->k[0]->types & ~T_NODE))
        return 0;
    if (!(n->k[1]->deps & DEP_LAST))
        return xev(c, n->k[0], &p.s);
    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    p.last = (int64_t)seq.n;
    for (size_t i = 0; i < seq.n && r == 0; i++)
        r = path_put(&p.s, c, &seq.v[i]);
    return r;
}

/* ---- E[p] ---- */
#define STREAM_PREDS 8
struct filter_sink {
    struct xsink s;
    const struct xn *n;
    struct xsink *out;
    int64_t count[STREAM_PREDS];
    bool done;
};

static int filter_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct filter_sink *f = (struct filter_sink *)s;
    bool yes;
    int r;

    if (xtick(c) < 0)
        return -1;
    for (uint32_t i = 1; i < f->n->nk; i++) {
        const struct xn *p = f->n->k[i];
        int64_t pos = ++f->count[i - 1];
        if (p->flags & NF_POSCONST) {
            f->done = f->done || pos >= (int64_t)p->slot;
            if (pos != (int64_t)p->slot)
                return f->done;
            continue;
        }
        if (xpredicate(c, p, it, pos, 0, &yes) < 0)
            return -1;
        if (!yes)
            return f->done;
    }
    r = f->out->put(f->out, c, it);
    if (r > 0)
        f->done = false; /* it is the consumer who stops */
    return r ? r : f->done;
}

static int slow_filter(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xlist l;
    int r = 0;

    xlist_init(&l);
    if (xev(c, n->k[0], &l.s) < 0 || xfilter_list(c, n, 1, l.v, &l.n) < 0)
        return -1;
    for (size_t i = 0; i < l.n && r == 0; i++)
        r = s->put(s, c, &l.v[i]);
    return r;
}

struct nth_sink {
    struct xsink s;
    struct xsink *out;
    int64_t left;
    int result; /* of the consumer */
};

static int nth_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct nth_sink *k = (struct nth_sink *)s;

    if (--k->left > 0)
        return xtick(c);
    k->result = k->out->put(k->out, c, it);
    return k->result < 0 ? -1 : 1;
}

/* E[number that does not depend on the item]: asked once, and of a variable taken directly. */
static int nth(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct nth_sink k = {.s.put = nth_put, .out = s};
    const struct xn *base = n->k[0];
    struct xp_item at;
    struct xp_seq seq;
    int r = xev_one(c, n->k[1], &at);

    if (r <= 0)
        return r;
    if (at.type == XP_INTEGER || at.type == XP_DECIMAL ? !dec_to_i64(at.dec, &k.left)
                                                       : !xnum_integral(&at, &k.left))
        return 0;
    if (k.left < 1)
        return 0;
    if (base->op >= OP_LOCAL && base->op <= OP_GLOBAL) {
        if (xev_var_of(c, base, &seq) < 0)
            return -1;
        return (uint64_t)k.left <= seq.n ? s->put(s, c, &seq.v[k.left - 1]) : 0;
    }
    return xev(c, base, &k.s) < 0 ? -1 : k.result;
}

int xev_filter(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct filter_sink f = {.s.put = filter_put, .n = n, .out = s};
    const struct xn *p = n->k[1];
    int r;

    if (n->nk == 2 && (p->flags & NF_NUMPRED) && !(p->types & ~T_NUM) && !(p->card & CARD_N) &&
        !(p->deps & DEP_FOCUS))
        return nth(c, n, s);

    if ((n->flags & NF_NODES) || n->nk > STREAM_PREDS)
        return slow_filter(c, n, s);
    r = xev(c, n->k[0], &f.s);
    return r == 1 && f.done ? 0 : r;
}

/* ---- document order ---- */
int xev_sort(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xnodes l;
    int r = 0;

    xnodes_init(&l);
    if (xev(c, n->k[0], &l.s) < 0)
        return -1;
    if (l.n && l.other.n && !xis_node(&l.other.v[0]))
        return xfail(c, "XPTY0018", "a path gives both nodes and atomic values");
    for (size_t i = 0; i < l.other.n && r == 0; i++)
        r = s->put(s, c, &l.other.v[i]);
    if (r)
        return r;
    xnodes_sort(&l);
    return xnodes_emit(c, &l, s);
}

/* ---- sets ---- */
static int collect(struct xp_ctx *c, const struct xn *n, struct xnodes *l)
{
    if (xev(c, n, &l->s) < 0)
        return -1;
    if (l->other.n && !xis_node(&l->other.v[0]))
        return xfail(c, "XPTY0004", "an operand of union, intersect or except is not a node");
    return 0;
}

struct check_sink {
    struct xsink s;
    struct xsink *out;
};

static int check_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct check_sink *k = (struct check_sink *)s;

    if (!xis_node(it))
        return xfail(c, "XPTY0004", "an operand of union, intersect or except is not a node");
    return k->out->put(k->out, c, it);
}

static int union_stream(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct check_sink k = {.s.put = check_put, .out = s};
    int r = 0;

    for (uint32_t i = 0; i < n->nk && r == 0; i++)
        r = xev(c, n->k[i], &k.s);
    return r;
}

static int union_sorted(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xnodes l;
    int r = 0;

    xnodes_init(&l);
    for (uint32_t i = 0; i < n->nk; i++)
        if (collect(c, n->k[i], &l) < 0)
            return -1;
    xnodes_sort(&l);
    r = xnodes_emit(c, &l, s);
    for (size_t i = 0; i < l.other.n && r == 0; i++)
        r = s->put(s, c, &l.other.v[i]);
    return r;
}

int xev_setop(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xnodes a, b;
    size_t j = 0, kept = 0;
    bool both = n->op == OP_INTERSECT;

    if (n->op == OP_UNION)
        return n->flags & NF_UNORDERED ? union_stream(c, n, s) : union_sorted(c, n, s);
    xnodes_init(&a);
    xnodes_init(&b);
    if (collect(c, n->k[0], &a) < 0 || collect(c, n->k[1], &b) < 0)
        return -1;
    xnodes_sort(&a);
    xnodes_sort(&b);
    for (size_t i = 0; i < a.n; i++) {
        while (j < b.n && b.v[j] < a.v[i])
            j++;
        if ((j < b.n && b.v[j] == a.v[i]) == both)
            a.v[kept++] = a.v[i];
    }
    a.n = kept;
    return xnodes_emit(c, &a, s);
}
