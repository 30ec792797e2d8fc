/* fn_id.c - id(), element-with-id(), idref(): F&O 14.5. Documents here have no DTD and no schema
 * types, so the only IDs are the attributes xml:id, and nothing is an IDREF. */
#include "ubl/xpath/xpath_priv.h"

static bool is_xml_id(const struct tree *t, uint32_t attribute)
{
    return str_eqz(tree_local(t, attribute), "id") &&
           str_eqz(tree_uri(t, attribute), "http://www.w3.org/XML/1998/namespace");
}

/* The first element with that xml:id, or TREE_NONE. */
static int find(struct xp_ctx *c, struct str id, uint32_t *out)
{
    *out = TREE_NONE;
    for (uint32_t e = 0; e < c->nd[0].end; e++) {
        if (xtick(c) < 0)
            return -1;
        if (c->nd[e].kind != TREE_ATTRIBUTE || !is_xml_id(c->t, e) ||
            !str_eq(ucs_trim(tree_string(c->t, e)), id))
            continue;
        *out = c->nd[e].parent;
        return 0;
    }
    return 0;
}

static int find_words(struct xp_ctx *c, struct str s, struct xnodes *l)
{
    for (struct str w; (w = xword_next(&s)).n;) {
        struct xp_item it = xnode(TREE_NONE);
        if (xis_ncname(w) && find(c, w, &it.node) < 0)
            return -1;
        if (it.node != TREE_NONE && l->s.put(&l->s, c, &it) < 0)
            return -1;
    }
    return 0;
}

/* The node argument only says which document. */
static int check_node(struct xp_ctx *c, const struct xn *n)
{
    struct xp_item it = c->f->item;
    int r = 1;

    if (n->nk > 1)
        r = xev_one(c, n->k[1], &it);
    else if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (r <= 0)
        return r < 0 ? -1 : xfail(c, "XPTY0004", "an empty sequence where a node is required");
    return xis_node(&it) ? 0
                         : xfail(c, "XPTY0004", "%s where a node is required", xtype_name(it.type));
}

static int strings(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    if (xev_seq(c, n->k[0], out) < 0 || check_node(c, n) < 0)
        return -1;
    for (size_t i = 0; i < out->n; i++)
        if (!xis_node(&out->v[i]) && !xis_stringy(&out->v[i]))
            return xfail(
                c, "XPTY0004", "%s where xs:string is required", xtype_name(out->v[i].type));
    return 0;
}

int xfn_id(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xnodes l;

    if (strings(c, n, &seq) < 0)
        return -1;
    xnodes_init(&l);
    for (size_t i = 0; i < seq.n; i++) {
        struct str text = xitem_text(c, &seq.v[i]);
        if (!text.p)
            return xnomem(c);
        if (find_words(c, text, &l) < 0)
            return -1;
    }
    xnodes_sort(&l);
    return xnodes_emit(c, &l, s);
}

int xfn_idref(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;

    (void)s;
    return strings(c, n, &seq);
}
