/* step.c - axis steps over the tree, with their predicates applied on the way. A name that the
 * document does not use ends a step at once. */
#include "ubl/xpath/names_priv.h"

#define STREAM_PREDS 8 /* more predicates than this are applied to materialized lists */
#define AXIS_DONE 2    /* no further node of this axis can pass */

struct step {
    struct xp_ctx *c;
    const struct xn *n;
    struct xsink *out;
    const struct tree *t;
    const struct tree_node *nd;
    uint32_t want; /* document's name number, 0 = test by xnode_matches */
    uint32_t kinds;
    int64_t count[STREAM_PREDS];
    struct xnodes *collect; /* slow path: no predicates yet */
};

bool xnode_matches(const struct xp_ctx *c, const struct xtest *t, uint32_t node)
{
    const struct tree_node *x = &c->nd[node];
    const struct tree_name *name = &c->t->names[x->name];

    if (!(t->kinds >> x->kind & 1))
        return false;
    switch ((enum xname_test)t->how) {
    case NT_ANY:
        return true;
    case NT_NAME:
        return x->name && x->name == c->name_map[t->name];
    case NT_URI:
        return x->name && x->kind != TREE_PI && name->uri_id == c->uri_map[t->name];
    case NT_LOCAL:
        return x->name && str_eq(name->local, t->local);
    }
    return false;
}

static int emit(struct step *s, uint32_t node)
{
    struct xp_item it = xnode(node);
    bool yes, final = false;
    int r;

    if (__builtin_expect(++s->c->ops > s->c->lim.operations, 0))
        return xlimit(s->c, "xpath.limit.operations", "too many operations");
    if (s->collect)
        return s->collect->s.put(&s->collect->s, s->c, &it);
    for (uint32_t i = 0; i < s->n->nk; i++) {
        const struct xn *p = s->n->k[i];
        int64_t pos = ++s->count[i];
        if (p->flags & NF_POSCONST) {
            if (pos > (int64_t)p->slot)
                return AXIS_DONE;
            if (pos < (int64_t)p->slot)
                return 0;
            final = true;
            continue;
        }
        if (xpredicate(s->c, p, &it, pos, 0, &yes) < 0)
            return -1;
        if (!yes)
            return 0;
    }
    r = s->out->put(s->out, s->c, &it);
    return r ? r : final ? AXIS_DONE : 0;
}

static inline bool fits(const struct step *s, uint32_t node)
{
    const struct tree_node *x = &s->nd[node];

    if (s->want)
        return x->name == s->want && (s->kinds >> x->kind & 1);
    return xnode_matches(s->c, &s->n->test, node);
}

/* ---- axes ---- */
static int children(struct step *s, uint32_t n)
{
    const struct tree_node *x = &s->nd[n];
    struct xbelow b;
    int r = 0;

    if (x->kind > TREE_ELEMENT)
        return 0;
    if (s->want) {
        xbelow_children(&b, s->c, n, s->want, s->kinds);
        for (uint32_t i; r == 0 && (i = xbelow_next(&b)) != TREE_NONE;)
            r = emit(s, i);
        return r;
    }
    for (uint32_t i = n + 1 + x->nattr; i < x->end && r == 0; i = s->nd[i].end)
        if (fits(s, i))
            r = emit(s, i);
    return r;
}

static int attributes(struct step *s, uint32_t n)
{
    int r = 0;

    for (uint32_t i = 1; i <= s->nd[n].nattr && r == 0; i++)
        if (fits(s, n + i))
            r = emit(s, n + i);
    return r;
}

static int descendants(struct step *s, uint32_t n, bool self, bool attrs)
{
    uint32_t end = s->nd[n].end, kinds = attrs ? s->kinds : s->kinds & ~(1u << TREE_ATTRIBUTE);
    struct xspan sp;
    int r = 0;

    if (self && fits(s, n))
        r = emit(s, n);
    if (r || s->nd[n].kind > TREE_ELEMENT)
        return r;
    if (s->want && xspan_of(&sp, s->c, s->want, n + 1, end)) {
        for (uint32_t i = 0; i < sp.n && sp.v[i] < end && r == 0; i++)
            if (sp.v[i] > n && kinds >> s->nd[sp.v[i]].kind & 1)
                r = emit(s, sp.v[i]);
        return r;
    }
    for (uint32_t i = n + 1; i < end && r == 0; i++)
        if (kinds >> s->nd[i].kind & 1 && fits(s, i))
            r = emit(s, i);
    return r;
}

static int ancestors(struct step *s, uint32_t n, bool self)
{
    int r = 0;

    for (uint32_t i = self ? n : s->nd[n].parent; i != TREE_NONE && r == 0; i = s->nd[i].parent)
        if (fits(s, i))
            r = emit(s, i);
    return r;
}

static int following_siblings(struct step *s, uint32_t n)
{
    int r = 0;

    for (uint32_t i = tree_next_sibling(s->t, n); i != TREE_NONE && r == 0;
         i = tree_next_sibling(s->t, i))
        if (fits(s, i))
            r = emit(s, i);
    return r;
}

static int preceding_siblings(struct step *s, uint32_t n)
{
    struct xnodes l;
    uint32_t parent = s->nd[n].parent;
    int r = 0;

    if (parent == TREE_NONE || s->nd[n].kind == TREE_ATTRIBUTE)
        return 0;
    xnodes_init(&l);
    for (uint32_t i = parent + 1 + s->nd[parent].nattr; i < n && r == 0; i = s->nd[i].end)
        if (fits(s, i)) {
            struct xp_item it = xnode(i);
            r = l.s.put(&l.s, s->c, &it);
        }
    for (size_t i = l.n; i > 0 && r == 0; i--)
        r = emit(s, l.v[i - 1]);
    return r;
}

static int following(struct step *s, uint32_t n)
{
    uint32_t from = s->nd[n].end;
    int r = 0;

    if (s->want) {
        struct xspan sp = xspan_named(s->c, s->want, from, s->t->n);
        for (uint32_t i = 0; i < sp.n && r == 0; i++)
            if (s->nd[sp.v[i]].kind != TREE_ATTRIBUTE && (s->kinds >> s->nd[sp.v[i]].kind & 1))
                r = emit(s, sp.v[i]);
        return r;
    }
    for (uint32_t i = from; i < s->t->n && r == 0; i++)
        if (s->nd[i].kind != TREE_ATTRIBUTE && fits(s, i))
            r = emit(s, i);
    return r;
}

static int preceding(struct step *s, uint32_t n)
{
    int r = 0;

    if (s->nd[n].kind == TREE_ATTRIBUTE)
        n = s->nd[n].parent;
    if (s->want) {
        struct xspan sp = xspan_named(s->c, s->want, 0, n);
        for (uint32_t i = sp.n; i > 0 && r == 0; i--) {
            const struct tree_node *x = &s->nd[sp.v[i - 1]];
            if (x->end <= n && x->kind != TREE_ATTRIBUTE && (s->kinds >> x->kind & 1))
                r = emit(s, sp.v[i - 1]);
        }
        return r;
    }
    for (uint32_t i = n; i > 1 && r == 0; i--)
        if (s->nd[i - 1].kind != TREE_ATTRIBUTE && s->nd[i - 1].end <= n && fits(s, i - 1))
            r = emit(s, i - 1);
    return r;
}

static int axis(struct step *s, uint32_t n)
{
    switch ((enum xaxis)s->n->sub) {
    case AX_CHILD:
        return children(s, n);
    case AX_ATTRIBUTE:
        return attributes(s, n);
    case AX_SELF:
        return fits(s, n) ? emit(s, n) : 0;
    case AX_PARENT:
        return s->nd[n].parent != TREE_NONE && fits(s, s->nd[n].parent) ? emit(s, s->nd[n].parent)
                                                                        : 0;
    case AX_DESCENDANT:
        return descendants(s, n, false, false);
    case AX_DESCENDANT_OR_SELF:
        return descendants(s, n, true, false);
    case AX_DESCENDANT_ATTRIBUTE:
        return descendants(s, n, false, true);
    case AX_ANCESTOR:
        return ancestors(s, n, false);
    case AX_ANCESTOR_OR_SELF:
        return ancestors(s, n, true);
    case AX_FOLLOWING_SIBLING:
        return following_siblings(s, n);
    case AX_PRECEDING_SIBLING:
        return preceding_siblings(s, n);
    case AX_FOLLOWING:
        return following(s, n);
    case AX_PRECEDING:
        return preceding(s, n);
    case AX_NAMESPACE:
        break;
    }
    return 0;
}

static int slow_step(struct step *s, uint32_t node)
{
    struct xnodes l;
    struct xp_item *v;
    int r;

    xnodes_init(&l);
    s->collect = &l;
    r = axis(s, node);
    s->collect = NULL;
    if (r < 0)
        return -1;
    if (!(v = arena_alloc(s->c->a, (l.n + 1) * sizeof(*v))))
        return xnomem(s->c);
    for (size_t i = 0; i < l.n; i++)
        v[i] = xnode(l.v[i]);
    if (xfilter_list(s->c, s->n, 0, v, &l.n) < 0)
        return -1;
    r = 0;
    for (size_t i = 0; i < l.n && r == 0; i++)
        r = s->out->put(s->out, s->c, &v[i]);
    return r;
}

/* Steps from the two kinds of constructed nodes: only themselves and one text child. */
static int temp_step(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_item it = c->f->item;
    bool doc = it.type == XP_DOC_NODE, self, child;
    uint8_t bit = doc ? 1 << TREE_DOCUMENT : 1 << TREE_TEXT;
    bool yes = true;
    int r = 0;

    self = n->sub == AX_SELF || n->sub == AX_DESCENDANT_OR_SELF || n->sub == AX_ANCESTOR_OR_SELF;
    child = doc && it.s.n &&
            (n->sub == AX_CHILD || n->sub == AX_DESCENDANT || n->sub == AX_DESCENDANT_OR_SELF);
    if (n->test.how != NT_ANY)
        return 0;
    for (int i = 0; i < 2 && r == 0; i++) {
        if (i == 0 ? !self || !(n->test.kinds & bit) : !child || !(n->test.kinds & 1 << TREE_TEXT))
            continue;
        if (i == 1)
            it.type = XP_TEXT_NODE;
        for (uint32_t k = 0; k < n->nk && yes; k++)
            if (xpredicate(c, n->k[k], &it, 1, 1, &yes) < 0)
                return -1;
        if (yes)
            r = s->put(s, c, &it);
    }
    return r;
}

int xev_step(struct xp_ctx *c, const struct xn *n, struct xsink *out)
{
    const struct xfocus *f = c->f;
    struct step s;
    int r;

    if (f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (f->item.type != XP_NODE) {
        if (xis_node(&f->item))
            return temp_step(c, n, out);
        return xfail(
            c, "XPTY0020", "a step from %s, which is not a node", xtype_name(f->item.type));
    }
    s.want = 0;
    if (n->test.how == NT_NAME && !(s.want = c->name_map[n->test.name]))
        return 0; /* the document does not use this name */
    s.c = c;
    s.n = n;
    s.out = out;
    s.t = c->t;
    s.nd = c->nd;
    s.kinds = n->test.kinds;
    s.collect = NULL;
    if (!n->nk)
        return axis(&s, f->item.node);
    if ((n->flags & NF_NODES) || n->nk > STREAM_PREDS) {
        r = slow_step(&s, f->item.node);
    } else {
        memset(s.count, 0, n->nk * sizeof(s.count[0]));
        r = axis(&s, f->item.node);
    }
    return r == AXIS_DONE ? 0 : r;
}
