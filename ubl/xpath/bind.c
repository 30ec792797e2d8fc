/* bind.c - variables, lazily; for, some, every, let, xsl:for-each; values kept for the document. */
#include "ubl/xpath/xpath_priv.h"

/* ---- variables ---- */
static int force(struct xp_ctx *c, struct xslot *v)
{
    struct xslot *frame = c->frame;
    struct xfocus *f = c->f, *cur = c->cur;
    int r;

    if (v->state == LV_BUSY)
        return xfail(c, "XTDE0640", "a variable depends on itself");
    v->state = LV_BUSY;
    c->frame = v->frame;
    c->f = v->focus;
    c->cur = v->cur;
    r = xev_seq(c, v->thunk, &v->seq);
    c->frame = frame;
    c->f = f;
    c->cur = cur;
    c->forced++;
    v->state = (uint8_t)(r < 0 ? LV_THUNK : LV_VALUE);
    return r;
}

int xev_var(struct xp_ctx *c, struct xslot *v, struct xp_seq *out)
{
    if (v->state != LV_VALUE && force(c, v) < 0)
        return -1;
    *out = v->seq;
    return 0;
}

/* Where the thunk of a let or global must be evaluated: its own focus and memory. */
static int force_outer(struct xp_ctx *c, struct xslot *v, struct arena *a, uint32_t node)
{
    struct arena *was = c->a;
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1};
    int r;

    v->focus = v->cur = &f;
    c->a = a;
    r = force(c, v);
    c->a = was;
    v->focus = v->cur = NULL;
    return r;
}

static int frame_alloc(struct xp_ctx *c, uint32_t n, struct xslot **out)
{
    *out = NULL;
    if (n && !(*out = arena_alloc(c->a, n * sizeof(**out))))
        return xnomem(c);
    return 0;
}

static int outer_var(struct xp_ctx *c, struct xslot *v, bool global, uint32_t frame)
{
    struct arena *a = global ? c->doc : c->rule, *was = c->a;
    int r;

    if (v->state == LV_VALUE)
        return 0;
    if (!a)
        return xfail(c, "XPDY0002", "the variable has no value here");
    if (v->state == LV_THUNK) {
        c->a = a;
        r = frame_alloc(c, frame, &v->frame);
        c->a = was;
        if (r < 0)
            return -1;
    }
    return force_outer(c, v, a, global ? 0 : c->top.item.node);
}

int xev_var_of(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    struct xslot *v;
    uint32_t frame;

    if (n->op == OP_LOCAL)
        return xev_var(c, &c->frame[n->slot], out);
    if (n->op == OP_GLOBAL) {
        if (!c->globals)
            return xfail(c, "XPDY0002", "the variable has no value here");
        v = &c->globals[n->slot];
        frame = c->env->global_list[n->slot]->frame;
    } else {
        if (!c->lets)
            return xfail(c, "XPDY0002", "the variable has no value here");
        v = &c->lets[n->slot];
        frame = c->env->let_list[n->slot]->frame;
        if (v->stamp != c->stamp) {
            *v = (struct xslot){
                .state = LV_THUNK, .thunk = c->env->let_list[n->slot]->value, .stamp = c->stamp};
        }
    }
    if (outer_var(c, v, n->op == OP_GLOBAL, frame) < 0)
        return -1;
    *out = v->seq;
    return 0;
}

/* ---- binding expressions ----
 * A sink is called with the focus of whoever produces the item, so those that evaluate something
 * keep their own. */
struct bind_sink {
    struct xsink s;
    const struct xn *n;
    struct xsink *out;
    struct xfocus *f;
    bool result;
};

static void bind_item(struct xp_ctx *c, uint32_t slot, const struct xp_item *it)
{
    struct xslot *v = &c->frame[slot];

    v->state = LV_VALUE;
    v->one = *it;
    v->seq = (struct xp_seq){&v->one, 1};
}

static int for_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct bind_sink *b = (struct bind_sink *)s;
    struct xfocus *f = c->f;
    int r;

    bind_item(c, b->n->slot, it);
    c->f = b->f;
    r = xev(c, b->n->k[1], b->out);
    c->f = f;
    return r;
}

int xev_for(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct bind_sink b = {.s.put = for_put, .n = n, .out = s, .f = c->f};

    return xev(c, n->k[0], &b.s);
}

/* A condition whose scratch memory is not needed afterwards. */
static int scratch_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct arena_mark m = arena_mark(c->a);
    uint32_t forced = c->forced;
    int r = xev_bool(c, n, out);

    if (forced == c->forced)
        arena_rewind(c->a, m);
    return r;
}

static int quant_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct bind_sink *b = (struct bind_sink *)s;
    bool some = b->n->op == OP_SOME, yes;
    struct xfocus *f = c->f;
    int r;

    bind_item(c, b->n->slot, it);
    c->f = b->f;
    r = scratch_bool(c, b->n->k[1], &yes);
    c->f = f;
    if (r < 0)
        return -1;
    if (yes != some)
        return 0;
    b->result = some;
    return 1;
}

int xev_quantified(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct bind_sink b = {.s.put = quant_put, .n = n, .f = c->f, .result = n->op == OP_EVERY};

    if (xev(c, n->k[0], &b.s) < 0)
        return -1;
    *out = b.result;
    return 0;
}

int xev_bind(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    c->frame[n->slot] = (struct xslot){
        .state = LV_THUNK, .thunk = n->k[0], .frame = c->frame, .focus = c->f, .cur = c->cur};
    return xev(c, n->k[1], s);
}

struct each_sink {
    struct xsink s;
    const struct xn *body;
    struct xsink *out;
    int64_t pos, last;
};

/* xsl:for-each changes the focus and current(): its results go on after both are back. */
static int each_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct each_sink *e = (struct each_sink *)s;
    struct xfocus f = {.item = *it, .pos = ++e->pos, .last = e->last}, *was = c->f, *cur = c->cur;
    struct xp_seq seq;
    int r;

    c->f = c->cur = &f;
    r = xev_seq(c, e->body, &seq);
    c->f = was;
    c->cur = cur;
    return r < 0 ? -1 : xput_seq(c, seq, e->out);
}

int xev_each(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct each_sink e = {.s.put = each_put, .body = n->k[1], .out = s};
    struct xp_seq seq;

    if (!(n->k[1]->deps & DEP_LAST))
        return xev(c, n->k[0], &e.s);
    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    e.last = (int64_t)seq.n;
    return xput_seq(c, seq, &e.s);
}

/* ---- cached ---- */
static struct xcached *cache_of(struct xp_ctx *c, const struct xn *n)
{
    struct xcached *v = c->caches ? &c->caches[n->slot] : NULL;

    if (v && v->stamp != c->doc_stamp)
        *v = (struct xcached){.stamp = c->doc_stamp};
    return v;
}

int xev_cached(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    struct xcached *v = cache_of(c, n);
    struct arena *was = c->a;
    int r;

    if (!v)
        return xev_seq(c, n->k[0], out);
    if (v->state & 1) {
        *out = v->seq;
        return 0;
    }
    c->a = c->doc;
    r = xev_seq(c, n->k[0], out);
    c->a = was;
    c->forced++;
    if (r < 0)
        return -1;
    v->seq = *out;
    v->state |= 1;
    return 0;
}

int xev_cached_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xcached *v = cache_of(c, n);

    if (!v)
        return xev_bool(c, n->k[0], out);
    if (!(v->state & 2)) {
        if (xev_bool(c, n->k[0], &v->b) < 0)
            return -1;
        v->state |= 2;
    }
    *out = v->b;
    return 0;
}

/* ---- remembered for a node ----
 * The last few nodes of each condition: rules ask for the same nodes in turn. */
#define MEMO_NODES 32u

int xev_memo(struct xp_ctx *c, const struct xn *n, bool *out)
{
    uint32_t node = c->f->item.node, **memo, *at;

    if (c->f->none || c->f->item.type != XP_NODE || !c->memos)
        return xev_bool(c, n->k[0], out);
    memo = &c->memos[n->slot];
    if (!*memo) {
        if (!(*memo = arena_alloc(c->doc, MEMO_NODES * sizeof(**memo))))
            return xnomem(c);
        c->forced++;
    }
    at = &(*memo)[node * 0x9E3779B1u >> 27];
    if (*at >> 1 == node + 1) {
        *out = *at & 1;
        return 0;
    }
    if (xev_bool(c, n->k[0], out) < 0)
        return -1;
    *at = (node + 1) << 1 | *out;
    return 0;
}
