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

int xev_convert(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xp_item it;
    const char *code = n->op == OP_TREAT ? "XPDY0050" : "XPTY0004";
    int r = 0;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (!(n->st->occ & (seq.n == 0 ? CARD_0 : seq.n == 1 ? CARD_1 : CARD_N)))
        return xfail(c, code, "%s where the type allows %s", seq.n ? "several items" : "nothing",
            n->st->occ & CARD_N ? "one or more" : "one item");
    for (size_t i = 0; i < seq.n && r == 0; i++) {
        if (n->op == OP_TREAT) {
            if (!xitem_matches(c, n->st, &seq.v[i]))
                return xfail(c, code, "an item is not of the type it is treated as");
            it = seq.v[i];
        } else if (xconvert_item(c, n->st, &seq.v[i], &it, "value") < 0) {
            return -1;
        }
        r = s->put(s, c, &it);
    }
    return r;
}

/* ---- constructed text ---- */
static int joined(struct xp_ctx *c, const struct xn *n, struct str *out)
{
    struct xp_seq seq;
    struct str sep = STR(" ");
    struct buf b;
    char *p;

    buf_init(&b, c->lim.string_bytes);
    if (xev_seq(c, n->k[0], &seq) < 0 || (n->nk > 1 && xev_str(c, n->k[1], &sep) < 0))
        return -1;
    for (size_t i = 0; i < seq.n; i++) {
        struct str t = xitem_text(c, &seq.v[i]);
        if (!t.p) {
            buf_free(&b);
            return xnomem(c);
        }
        /* in a tree only adjacent atomic values are kept apart: XSLT 2.0 5.7.1 */
        if (i && (n->op == OP_VALUE_OF || (!xis_node(&seq.v[i - 1]) && !xis_node(&seq.v[i]))))
            buf_str(&b, sep);
        buf_str(&b, t);
    }
    if (!buf_ok(&b))
        return xlimit(c, "string", "a text of more bytes than allowed");
    p = arena_strndup(c->a, b.p ? b.p : "", b.n);
    *out = (struct str){p, b.n};
    buf_free(&b);
    return p ? 0 : xnomem(c);
}

int xev_constructed(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s;

    if (joined(c, n, &s) < 0)
        return -1;
    *out = (struct xp_item){.type = n->op == OP_DOCNODE ? XP_DOC_NODE : XP_TEXT_NODE, .s = s};
    return 1;
}
