/* fn_seq.c - functions on sequences and booleans. F&O 3, 9, 14, 15; head and tail of XPath 3.1. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>
#include <stdio.h>

/* ---- booleans ---- */
static int t_exists(struct xp_ctx *c, const struct xn *n, bool *out)
{
    return xev_exists(c, n->k[0], out);
}

static int t_empty(struct xp_ctx *c, const struct xn *n, bool *out)
{
    bool any;

    if (xev_exists(c, n->k[0], &any) < 0)
        return -1;
    *out = !any;
    return 0;
}

static int t_not(struct xp_ctx *c, const struct xn *n, bool *out)
{
    bool yes;

    if (xev_bool(c, n->k[0], &yes) < 0)
        return -1;
    *out = !yes;
    return 0;
}

static int t_boolean(struct xp_ctx *c, const struct xn *n, bool *out)
{
    return xev_bool(c, n->k[0], out);
}

static int t_true(struct xp_ctx *c, const struct xn *n, bool *out)
{
    (void)c, (void)n;
    *out = true;
    return 0;
}

static int t_false(struct xp_ctx *c, const struct xn *n, bool *out)
{
    (void)c, (void)n;
    *out = false;
    return 0;
}

/* ---- counting ---- */
struct count_sink {
    struct xsink s;
    int64_t n;
};

static int count_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    (void)c, (void)it;
    ((struct count_sink *)s)->n++;
    return 0;
}

static int f_count(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct count_sink k = {.s.put = count_put};

    if (xev(c, n->k[0], &k.s) < 0)
        return -1;
    *out = xint(k.n);
    return 1;
}

/* ---- equality without errors ---- */
static bool comparable(const struct xp_item *x, const struct xp_item *y)
{
    bool dx = x->type >= XP_DURATION && x->type <= XP_DAYTIMEDURATION;
    bool dy = y->type >= XP_DURATION && y->type <= XP_DAYTIMEDURATION;

    return x->type == y->type || (xis_num(x) && xis_num(y)) || (xis_stringy(x) && xis_stringy(y)) ||
           (dx && dy);
}

static bool is_nan(const struct xp_item *it)
{
    return (it->type == XP_DOUBLE && isnan(it->d)) || (it->type == XP_FLOAT && isnan(it->f));
}

static int equal(
    struct xp_ctx *c, const struct xp_item *x, const struct xp_item *y, bool nan_eq, bool *out)
{
    *out = false;
    if (!comparable(x, y))
        return 0;
    if (nan_eq && is_nan(x) && is_nan(y)) {
        *out = true;
        return 0;
    }
    return xcompare(c, CMP_EQ, x, y, out);
}

static uint64_t hash_item(struct xp_ctx *c, const struct xp_item *it)
{
    uint64_t h = 1469598103934665603ull;
    double d;

    if (xis_stringy(it)) {
        for (size_t i = 0; i < it->s.n; i++)
            h = (h ^ (unsigned char)it->s.p[i]) * 1099511628211ull;
    } else if (xis_num(it)) {
        d = (double)(float)xnum_double(it); /* equal in any common type: equal as float */
        if (d == 0 || isnan(d))
            d = 0;
        memcpy(&h, &d, sizeof(h));
        h *= 0x9E3779B97F4A7C15ull;
    } else if (it->type >= XP_DATE && it->type <= XP_GDAY) {
        h = dt_hash(&it->dt, c->now.tz);
    } else if (it->type == XP_BOOLEAN) {
        h = it->b;
    }
    return h ^ h >> 32;
}

struct distinct {
    struct xsink s;
    struct xsink *out;
    struct xlist seen;
    uint32_t *slot;
    size_t cap;
};

static int distinct_grow(struct xp_ctx *c, struct distinct *d)
{
    size_t cap = d->cap ? d->cap * 2 : 32;
    uint32_t *v = arena_alloc(c->a, cap * sizeof(*v));

    if (!v)
        return xnomem(c);
    for (size_t i = 0; i < d->seen.n; i++) {
        size_t at = hash_item(c, &d->seen.v[i]) & (cap - 1);
        while (v[at])
            at = (at + 1) & (cap - 1);
        v[at] = (uint32_t)i + 1;
    }
    d->slot = v;
    d->cap = cap;
    return 0;
}

static int distinct_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *in)
{
    struct distinct *d = (struct distinct *)s;
    struct xp_item it;
    size_t at;
    bool same;

    if (xtick(c) < 0)
        return -1;
    xatomize(c, in, &it);
    if (d->seen.n * 2 >= d->cap && distinct_grow(c, d) < 0)
        return -1;
    for (at = hash_item(c, &it) & (d->cap - 1); d->slot[at]; at = (at + 1) & (d->cap - 1)) {
        if (equal(c, &it, &d->seen.v[d->slot[at] - 1], true, &same) < 0)
            return -1;
        if (same)
            return 0;
    }
    d->slot[at] = (uint32_t)d->seen.n + 1;
    if (xlist_add(&d->seen, c, &it) < 0)
        return -1;
    return d->out->put(d->out, c, &it);
}

static int e_distinct(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct distinct d = {.s.put = distinct_put, .out = s};

    if (xcollation(c, n, 1) < 0)
        return -1;
    xlist_init(&d.seen);
    return xev(c, n->k[0], &d.s);
}

static int need_one_atom(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    int r = xev_atom(c, n, out);

    return r ? r : xfail(c, "XPTY0004", "an empty sequence where a value is required");
}

static int e_index_of(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xp_item want, it;
    bool same;
    int r = 0;

    if (xev_seq(c, n->k[0], &seq) < 0 || need_one_atom(c, n->k[1], &want) < 0 ||
        xcollation(c, n, 2) < 0)
        return -1;
    for (size_t i = 0; i < seq.n && r == 0; i++) {
        xatomize(c, &seq.v[i], &it);
        if (xtick(c) < 0 || equal(c, &it, &want, false, &same) < 0)
            return -1;
        it = xint((int64_t)i + 1);
        if (same)
            r = s->put(s, c, &it);
    }
    return r;
}

/* ---- rearranging ---- */
static int put_range(struct xp_ctx *c, struct xp_seq seq, size_t from, size_t to, struct xsink *s)
{
    int r = 0;

    for (size_t i = from; i < to && i < seq.n && r == 0; i++)
        r = s->put(s, c, &seq.v[i]);
    return r;
}

static int need_int(struct xp_ctx *c, const struct xn *n, int64_t *out)
{
    int r = xev_int(c, n, out);

    return r ? r : xfail(c, "XPTY0004", "an empty sequence where an integer is required");
}

static int e_insert_before(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    int64_t at;
    size_t i;
    int r;

    if (xev_seq(c, n->k[0], &seq) < 0 || need_int(c, n->k[1], &at) < 0)
        return -1;
    i = at < 1 ? 0 : (uint64_t)at > seq.n ? seq.n : (size_t)at - 1;
    if ((r = put_range(c, seq, 0, i, s)) || (r = xev(c, n->k[2], s)))
        return r;
    return put_range(c, seq, i, seq.n, s);
}

static int e_remove(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    int64_t at;
    int r;

    if (xev_seq(c, n->k[0], &seq) < 0 || need_int(c, n->k[1], &at) < 0)
        return -1;
    if (at < 1 || (uint64_t)at > seq.n)
        return put_range(c, seq, 0, seq.n, s);
    r = put_range(c, seq, 0, (size_t)at - 1, s);
    return r ? r : put_range(c, seq, (size_t)at, seq.n, s);
}

static int e_reverse(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    int r = 0;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    for (size_t i = seq.n; i > 0 && r == 0; i--)
        r = s->put(s, c, &seq.v[i - 1]);
    return r;
}

static int e_subsequence(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    double from, len = INFINITY, end;
    struct xp_seq seq;
    int r;

    if (xev_seq(c, n->k[0], &seq) < 0 || (r = xev_dbl(c, n->k[1], &from)) < 0 ||
        (r && n->nk > 2 && (r = xev_dbl(c, n->k[2], &len)) < 0))
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a number is required");
    from = dbl_round(from);
    end = n->nk > 2 ? from + dbl_round(len) : INFINITY;
    r = 0;
    for (size_t i = 0; i < seq.n && r == 0; i++)
        if ((double)i + 1 >= from && (double)i + 1 < end)
            r = s->put(s, c, &seq.v[i]);
    return r;
}

static int e_same(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return xev(c, n->k[0], s);
}

static int e_tail(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    return put_range(c, seq, 1, seq.n, s);
}

struct head_sink {
    struct xsink s;
    struct xp_item *out;
    bool any;
};

static int head_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct head_sink *h = (struct head_sink *)s;

    (void)c;
    *h->out = *it;
    h->any = true;
    return 1;
}

static int f_head(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct head_sink h = {.s.put = head_put, .out = out};

    return xev(c, n->k[0], &h.s) < 0 ? -1 : h.any;
}

static int checked(
    struct xp_ctx *c, const struct xn *n, struct xsink *s, size_t min, size_t max, const char *code)
{
    struct xp_seq seq;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (seq.n < min || seq.n > max)
        return xfail(c, code, "%s of a sequence of %zu items", n->fn->name, seq.n);
    return put_range(c, seq, 0, seq.n, s);
}

static int e_zero_or_one(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return checked(c, n, s, 0, 1, "FORG0003");
}

static int e_one_or_more(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return checked(c, n, s, 1, SIZE_MAX, "FORG0004");
}

static int e_exactly_one(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return checked(c, n, s, 1, 1, "FORG0005");
}

static int data_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct distinct *d = (struct distinct *)s;
    struct xp_item a;

    xatomize(c, it, &a);
    return d->out->put(d->out, c, &a);
}

static int e_data(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct distinct d = {.s.put = data_put, .out = s};

    if (n->nk)
        return xev(c, n->k[0], &d.s);
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    return data_put(&d.s, c, &c->f->item);
}

/* ---- deep-equal ---- */
static bool same_name(const struct tree *t, uint32_t a, uint32_t b)
{
    return t->nodes[a].name == t->nodes[b].name;
}

static bool same_attributes(const struct tree *t, uint32_t a, uint32_t b)
{
    if (t->nodes[a].nattr != t->nodes[b].nattr)
        return false;
    for (uint32_t i = a + 1; i <= a + t->nodes[a].nattr; i++) {
        bool found = false;
        for (uint32_t j = b + 1; j <= b + t->nodes[b].nattr && !found; j++)
            found = same_name(t, i, j) && str_eq(tree_string(t, i), tree_string(t, j));
        if (!found)
            return false;
    }
    return true;
}

/* Comments and processing instructions among the children do not count. */
static uint32_t next_child(const struct tree *t, uint32_t i, uint32_t end)
{
    while (i < end && (t->nodes[i].kind == TREE_COMMENT || t->nodes[i].kind == TREE_PI))
        i = t->nodes[i].end;
    return i;
}

static int nodes_equal(struct xp_ctx *c, uint32_t a, uint32_t b, bool *out)
{
    const struct tree *t = c->t;
    const struct tree_node *x = &t->nodes[a], *y = &t->nodes[b];
    uint32_t i, j;

    if (xtick(c) < 0)
        return -1;
    *out = x->kind == y->kind && x->name == y->name;
    if (!*out)
        return 0;
    if (x->kind != TREE_ELEMENT && x->kind != TREE_DOCUMENT) {
        *out = str_eq(tree_string(t, a), tree_string(t, b));
        return 0;
    }
    if (!(*out = same_attributes(t, a, b)))
        return 0;
    i = next_child(t, a + 1 + x->nattr, x->end);
    j = next_child(t, b + 1 + y->nattr, y->end);
    while (i < x->end && j < y->end) {
        if (nodes_equal(c, i, j, out) < 0)
            return -1;
        if (!*out)
            return 0;
        i = next_child(t, t->nodes[i].end, x->end);
        j = next_child(t, t->nodes[j].end, y->end);
    }
    *out = i >= x->end && j >= y->end;
    return 0;
}

static int t_deep_equal(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_seq a, b;

    if (xev_seq(c, n->k[0], &a) < 0 || xev_seq(c, n->k[1], &b) < 0)
        return -1;
    if (n->nk > 2 && n->k[2]->card != CARD_0 && xcollation(c, n, 2) < 0) /* (): the default */
        return -1;
    *out = a.n == b.n;
    for (size_t i = 0; i < a.n && *out; i++) {
        const struct xp_item *x = &a.v[i], *y = &b.v[i];
        if (xis_node(x) != xis_node(y)) {
            *out = false;
        } else if (x->type == XP_NODE && y->type == XP_NODE) {
            if (nodes_equal(c, x->node, y->node, out) < 0)
                return -1;
        } else if (xis_node(x)) {
            *out = x->type == y->type && str_eq(x->s, y->s);
        } else if (equal(c, x, y, true, out) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- errors ---- */
static int e_error(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct str text = STR("error() was called");
    struct xp_item code;
    char name[48];
    int r = 0;

    (void)s;
    if (n->nk > 0 && (r = xev_one(c, n->k[0], &code)) < 0)
        return -1;
    if (n->nk > 1 && xev_str(c, n->k[1], &text) < 0)
        return -1;
    if (r > 0 && code.type != XP_QNAME)
        return xfail(c, "XPTY0004", "the code of an error is not an xs:QName");
    (void)snprintf(name, sizeof(name), "%.*s", r > 0 ? (int)code.qname->local.n : 8,
        r > 0 ? code.qname->local.p : "FOER0000");
    return xfail(c, name, "%.*s", STR_FMT(str_sub(text, 0, 200)));
}

const struct xfn xfn_seq[] = {
    {"exists", 1, 1, CARD_1, T_BOOL, 0, false, NULL, NULL, t_exists},
    {"empty", 1, 1, CARD_1, T_BOOL, 0, false, NULL, NULL, t_empty},
    {"not", 1, 1, CARD_1, T_BOOL, 0, false, NULL, NULL, t_not},
    {"boolean", 1, 1, CARD_1, T_BOOL, 0, false, NULL, NULL, t_boolean},
    {"true", 0, 0, CARD_1, T_BOOL, 0, false, NULL, NULL, t_true},
    {"false", 0, 0, CARD_1, T_BOOL, 0, false, NULL, NULL, t_false},
    {"count", 1, 1, CARD_1, T_INT, 0, false, f_count, NULL, NULL},
    {"distinct-values", 1, 2, CARD_ANY, T_ATOMIC, 0, false, NULL, e_distinct, NULL},
    {"index-of", 2, 3, CARD_ANY, T_INT, 0, false, NULL, e_index_of, NULL},
    {"insert-before", 3, 3, CARD_ANY, T_ANY, 0, false, NULL, e_insert_before, NULL},
    {"remove", 2, 2, CARD_ANY, T_ANY, 0, false, NULL, e_remove, NULL},
    {"reverse", 1, 1, CARD_ANY, T_ANY, 0, false, NULL, e_reverse, NULL},
    {"subsequence", 2, 3, CARD_ANY, T_ANY, 0, false, NULL, e_subsequence, NULL},
    {"unordered", 1, 1, CARD_ANY, T_ANY, 0, false, NULL, e_same, NULL},
    {"trace", 1, 2, CARD_ANY, T_ANY, 0, false, NULL, e_same, NULL},
    {"head", 1, 1, CARD_OPT, T_ANY, 0, false, f_head, NULL, NULL},
    {"tail", 1, 1, CARD_ANY, T_ANY, 0, false, NULL, e_tail, NULL},
    {"zero-or-one", 1, 1, CARD_OPT, T_ANY, 0, false, NULL, e_zero_or_one, NULL},
    {"one-or-more", 1, 1, CARD_MANY1, T_ANY, 0, false, NULL, e_one_or_more, NULL},
    {"exactly-one", 1, 1, CARD_1, T_ANY, 0, false, NULL, e_exactly_one, NULL},
    {"data", 0, 1, CARD_ANY, T_ATOMIC, 0, true, NULL, e_data, NULL},
    {"deep-equal", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_deep_equal},
    {"error", 0, 3, CARD_ANY, T_ANY, 0, false, NULL, e_error, NULL},
    {0},
};
