/* typed.c - instance of, castable, cast, treat, conversion; text and temporary trees that XSLT
 * makes. XPath 2.0 §3.10; XSLT 2.0 §5.7. */
#include "ubl/xpath/xpath_priv.h"

int xev_instance(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct arena_mark m = arena_mark(c->a);
    uint32_t forced = c->forced;
    struct xp_seq seq;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    *out = seq.n == 0   ? (n->st->occ & CARD_0) != 0
           : seq.n == 1 ? (n->st->occ & CARD_1) != 0
                        : (n->st->occ & CARD_N) != 0;
    for (size_t i = 0; i < seq.n && *out; i++)
        *out = xitem_matches(c, n->st, &seq.v[i]);
    if (forced == c->forced)
        arena_rewind(c->a, m);
    return 0;
}

int xev_castable(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_seq seq;
    struct xp_item it, cast;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (seq.n != 1) {
        *out = seq.n == 0 && (n->st->occ & CARD_0);
        return 0;
    }
    xatomize(c, &seq.v[0], &it);
    if (it.type <= XP_STRING && !n->st->derived &&
        (n->st->prim == XP_DECIMAL || n->st->prim == XP_INTEGER))
        *out = n->st->prim == XP_DECIMAL ? dec_castable(it.s) : dec_castable_int(it.s);
    else
        *out = xcast(c, &it, n->st->prim, n->st->derived, &cast) == 0;
    return 0;
}

int xev_cast(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = xev_atom(c, n->k[0], &it);

    if (r < 0)
        return -1;
    if (r == 0) {
        if (n->st->occ & CARD_0)
            return 0;
        return xfail(
            c, "XPTY0004", "an empty sequence cannot be cast to %s", xtype_name(n->st->prim));
    }
    r = xcast(c, &it, n->st->prim, n->st->derived, out);
    if (r == 0)
        return 1;
    return xcast_fail(c, r, &it, xtype_name(n->st->prim));
}

static int wrong_count(struct xp_ctx *c, const struct xn *n, size_t count)
{
    return xfail(c, n->op == OP_TREAT ? "XPDY0050" : "XPTY0004", "%s where the type allows %s",
        count ? "several items" : "nothing", n->st->occ & CARD_N ? "one or more" : "one item");
}

static bool count_allowed(const struct xn *n, size_t count)
{
    return n->st->occ & (count == 0 ? CARD_0 : count == 1 ? CARD_1 : CARD_N);
}

static int treat(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    int r = 0;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (!count_allowed(n, seq.n))
        return wrong_count(c, n, seq.n);
    for (size_t i = 0; i < seq.n && r == 0; i++) {
        if (!xitem_matches(c, n->st, &seq.v[i]))
            return xfail(c, "XPDY0050", "an item is not of the type it is treated as");
        r = s->put(s, c, &seq.v[i]);
    }
    return r;
}

int xev_convert(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xp_item it, first;
    int r = 0;

    if (n->op == OP_TREAT)
        return treat(c, n, s);
    if (!(n->st->occ & CARD_N)) {
        if ((r = xev_converted(c, n->k[0], xconvert_item, n->st, &first)) < 0)
            return -1;
        if (!count_allowed(n, (size_t)r))
            return wrong_count(c, n, (size_t)r);
        return r ? s->put(s, c, &first) : 0;
    }
    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (!count_allowed(n, seq.n))
        return wrong_count(c, n, seq.n);
    for (size_t i = 0; i < seq.n && r == 0; i++) {
        if (xconvert_item(c, n->st, &seq.v[i], &it, "value") < 0)
            return -1;
        r = s->put(s, c, &it);
    }
    return r;
}

/* ---- constructed text ---- */
static bool is_text(const struct xp_ctx *c, const struct xp_item *it)
{
    return it->type == XP_TEXT_NODE ||
           (it->type == XP_NODE && tree_kind_of(c->t, it->node) == TREE_TEXT);
}

/*= XSLT 5.7.2 "Adjacent text nodes ... are merged ... concatenated, with the separator between" */
int xjoin(struct xp_ctx *c, struct xp_seq seq, struct str sep, bool tree, struct str *out)
{
    const struct xp_item *before = NULL;
    struct buf b;
    char *p;

    buf_init(&b, c->lim.string_bytes);
    for (size_t i = 0; i < seq.n; i++) {
        const struct xp_item *it = &seq.v[i];
        struct str t = xitem_text(c, it);
        if (!t.p) {
            buf_free(&b);
            return xnomem(c);
        }
        if (is_text(c, it) && t.n == 0)
            continue;
        /* in a tree only adjacent atomic values are kept apart: 5.7.1 */
        if (before &&
            (tree ? !xis_node(before) && !xis_node(it) : !is_text(c, before) || !is_text(c, it)))
            buf_str(&b, sep);
        buf_str(&b, t);
        before = it;
    }
    if (!buf_ok(&b)) {
        buf_free(&b);
        return xlimit(c, "xpath.limit.string", "a text of more bytes than allowed");
    }
    p = arena_strndup(c->a, b.p ? b.p : "", b.n);
    *out = (struct str){p, b.n};
    buf_free(&b);
    return p ? 0 : xnomem(c);
}

static int joined(struct xp_ctx *c, const struct xn *n, struct str *out)
{
    struct xp_seq seq;
    struct str sep = STR(" ");

    if (xev_seq(c, n->k[0], &seq) < 0 || (n->nk > 1 && xev_str(c, n->k[1], &sep) < 0))
        return -1;
    return xjoin(c, seq, sep, n->op == OP_DOCNODE, out);
}

int xev_constructed(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s;

    if (joined(c, n, &s) < 0)
        return -1;
    *out = (struct xp_item){.type = n->op == OP_DOCNODE ? XP_DOC_NODE : XP_TEXT_NODE, .s = s};
    return 1;
}
