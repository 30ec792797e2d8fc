/* fn_node.c - functions on nodes, names and the focus; current() and key() of XSLT. F&O 2, 11, 14,
 * 16.1-16.2; XSLT 2.0 §16.3, §16.6. */
#include "ubl/xpath/xpath_priv.h"

#include <stdio.h>

/* The node argument or context node: 1, 0 empty, -1. */
static int node_arg(struct xp_ctx *c, const struct xn *n, uint32_t i, struct xp_item *out)
{
    int r = 1;

    if (i < n->nk)
        r = xev_one(c, n->k[i], out);
    else if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    else
        *out = c->f->item;
    if (r > 0 && !xis_node(out))
        return xfail(c, "XPTY0004", "%s where a node is required", xtype_name(out->type));
    return r;
}

static uint32_t name_of(const struct xp_ctx *c, const struct xp_item *it)
{
    return it->type == XP_NODE ? c->nd[it->node].name : 0;
}

static int f_name(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    struct str local, prefix;
    char *p;
    int r = node_arg(c, n, 0, &it);

    if (r < 0)
        return -1;
    *out = xstring(STR(""));
    if (r == 0 || !name_of(c, &it))
        return 1;
    local = tree_local(c->t, it.node);
    prefix = tree_prefix(c->t, it.node);
    if (prefix.n) {
        if (!(p = arena_alloc(c->a, prefix.n + local.n + 2)))
            return xnomem(c);
        memcpy(p, prefix.p, prefix.n);
        p[prefix.n] = ':';
        memcpy(p + prefix.n + 1, local.p, local.n);
        local = (struct str){p, prefix.n + 1 + local.n};
    }
    *out = xstring(local);
    return 1;
}

static int f_local_name(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r < 0)
        return -1;
    *out = xstring(r ? c->t->names[name_of(c, &it)].local : STR(""));
    return 1;
}

static int f_namespace_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r < 0)
        return -1;
    *out = (struct xp_item){.type = XP_ANYURI, .s = r ? c->t->names[name_of(c, &it)].uri : STR("")};
    return 1;
}

static int make_qname(
    struct xp_ctx *c, struct str prefix, struct str uri, struct str local, struct xp_item *out)
{
    struct xp_qname *q = arena_alloc(c->a, sizeof(*q));

    if (!q)
        return xnomem(c);
    *q = (struct xp_qname){prefix, uri, local};
    *out = (struct xp_item){.type = XP_QNAME, .qname = q};
    return 1;
}

static int f_node_name(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r <= 0 || !name_of(c, &it))
        return r < 0 ? -1 : 0;
    return make_qname(
        c, tree_prefix(c->t, it.node), tree_uri(c->t, it.node), tree_local(c->t, it.node), out);
}

static int f_root(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r > 0)
        *out = it.type == XP_NODE ? xnode(0) : it;
    return r;
}

/* No document here can be had again through doc(), so none has a document URI (F&O 2.6). */
static int f_base_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r <= 0 || it.type != XP_NODE || !c->t->uri.n)
        return r < 0 ? -1 : 0;
    *out = (struct xp_item){.type = XP_ANYURI, .s = c->t->uri};
    return 1;
}

static int f_document_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r <= 0 || it.type != XP_NODE || c->nd[it.node].kind != TREE_DOCUMENT || !c->t->uri.n)
        return r < 0 ? -1 : 0;
    *out = (struct xp_item){.type = XP_ANYURI, .s = c->t->uri};
    return 1;
}

static int f_nilled(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r <= 0 || it.type != XP_NODE || c->nd[it.node].kind != TREE_ELEMENT)
        return r < 0 ? -1 : 0;
    *out = xbool(false); /* without a schema nothing is nilled */
    return 1;
}

static int t_has_children(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_item it;
    int r = node_arg(c, n, 0, &it);

    if (r < 0)
        return -1;
    *out = r && (it.type == XP_NODE ? c->nd[it.node].kind <= TREE_ELEMENT &&
                                          tree_first_child(c->t, it.node) != TREE_NONE
                                    : it.type == XP_DOC_NODE && it.s.n);
    return 0;
}

static int f_generate_id(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    char *p;
    int r = node_arg(c, n, 0, &it);

    if (r < 0)
        return -1;
    p = r ? arena_printf(c->a, "d%u", it.type == XP_NODE ? it.node : UINT32_MAX) : NULL;
    if (r && !p)
        return xnomem(c);
    *out = xstring(str_z(p));
    return 1;
}

static bool lang_matches(struct str have, struct str want)
{
    struct str head = str_sub(have, 0, want.n);

    return str_ieq(head, want) && (have.n == want.n || have.p[want.n] == '-');
}

static int t_lang(struct xp_ctx *c, const struct xn *n, bool *out)
{
    static const char xml[] = "http://www.w3.org/XML/1998/namespace";
    struct xp_item it;
    struct str want;
    int r;

    *out = false;
    if (xev_str(c, n->k[0], &want) < 0 || (r = node_arg(c, n, 1, &it)) < 0)
        return -1;
    if (!r || it.type != XP_NODE)
        return 0;
    for (uint32_t e = it.node; e != TREE_NONE; e = c->nd[e].parent)
        for (uint32_t a = e + 1; a <= e + c->nd[e].nattr; a++)
            if (str_eqz(tree_local(c->t, a), "lang") && str_eqz(tree_uri(c->t, a), xml)) {
                *out = lang_matches(tree_string(c->t, a), want);
                return 0;
            }
    return 0;
}

/* ---- innermost, outermost (XPath 3.1) ---- */
static int nested(struct xp_ctx *c, const struct xn *n, bool outer, struct xsink *s)
{
    struct xnodes l;
    size_t kept = 0;

    xnodes_init(&l);
    if (xev(c, n->k[0], &l.s) < 0)
        return -1;
    if (l.other.n)
        return xfail(c, "XPTY0004", "%s where nodes are required", xtype_name(l.other.v->type));
    xnodes_sort(&l);
    for (size_t i = 0; i < l.n; i++) {
        uint32_t last = kept ? l.v[kept - 1] : 0;
        bool inside = kept && l.v[i] < c->nd[last].end;
        if (!inside)
            l.v[kept++] = l.v[i];
        else if (!outer)
            l.v[kept - 1] = l.v[i];
    }
    l.n = kept;
    return xnodes_emit(c, &l, s);
}

static int e_innermost(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return nested(c, n, false, s);
}

static int e_outermost(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    return nested(c, n, true, s);
}

/* ---- focus ---- */
static int f_position(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (c->f->pos == 0)
        xfocus_place(c);
    *out = xint(c->f->pos);
    return 1;
}

static int f_last(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (c->f->pos == 0)
        xfocus_place(c);
    *out = xint(c->f->last);
    return 1;
}

static int f_current(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)n;
    if (!c->cur || c->cur->none)
        return xfail(c, "XTDE1360", "there is no current item");
    *out = c->cur->item;
    return 1;
}

static int e_key(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct str name, uri = STR(""), local;
    const char *colon;
    struct xp_item top;
    int r = xev_str(c, n->k[0], &name);

    if (r < 0)
        return -1;
    local = name = str_trim(name);
    colon = name.n ? memchr(name.p, ':', name.n) : NULL;
    if (colon) {
        struct str prefix = {name.p, (size_t)(colon - name.p)};
        local = str_sub(name, prefix.n + 1, name.n);
        if (!xenv_prefix(c->env, prefix, &uri))
            return xfail(c, "XTDE1260", "key name %.*s: prefix is not bound", STR_FMT(name));
    }
    if (n->nk > 2) { /* the subtree to look in: only that of a document is told apart */
        if ((r = node_arg(c, n, 2, &top)) <= 0)
            return r < 0 ? -1 : xfail(c, "XPTY0004", "key() within an empty sequence");
        if (top.type != XP_NODE || top.node != 0)
            return xfail(c, "XTDE1270", "key() within a subtree is not supported");
    }
    return xkey_each(c, uri, local, n->k[1], s);
}

/* ---- QNames ---- */
static int qname_arg(struct xp_ctx *c, const struct xn *n, const struct xp_qname **out)
{
    struct xp_item it;
    int r = xev_atom(c, n, &it);

    if (r <= 0)
        return r;
    if (it.type != XP_QNAME)
        return xfail(c, it.type == XP_UNTYPED ? "XPTY0117" : "XPTY0004",
            "%s where xs:QName is required", xtype_name(it.type));
    *out = it.qname;
    return 1;
}

static int f_qname(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str uri, name, prefix = STR("");
    const char *colon;

    if (xev_str(c, n->k[0], &uri) < 0 || xev_str(c, n->k[1], &name) < 0)
        return -1;
    if ((colon = name.n ? memchr(name.p, ':', name.n) : NULL)) {
        prefix = (struct str){name.p, (size_t)(colon - name.p)};
        name = str_sub(name, prefix.n + 1, name.n);
    }
    if (!xis_ncname(name) || (colon && (!xis_ncname(prefix) || !uri.n)))
        return xfail(c, "FOCA0002", "not a qualified name");
    return make_qname(c, prefix, uri, name, out);
}

static int f_local_name_from(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    const struct xp_qname *q = NULL;
    int r = qname_arg(c, n->k[0], &q);

    if (r > 0)
        *out = xstring(q->local);
    return r;
}

static int f_prefix_from(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    const struct xp_qname *q = NULL;
    int r = qname_arg(c, n->k[0], &q);

    if (r <= 0 || !q->prefix.n)
        return r < 0 ? -1 : 0;
    *out = xstring(q->prefix);
    return 1;
}

static int f_namespace_uri_from(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    const struct xp_qname *q = NULL;
    int r = qname_arg(c, n->k[0], &q);

    if (r > 0)
        *out = (struct xp_item){.type = XP_ANYURI, .s = q->uri};
    return r;
}

static int element_arg(struct xp_ctx *c, const struct xn *n, uint32_t *out)
{
    struct xp_item it;
    int r = xev_one(c, n, &it);

    *out = 0;
    if (r < 0)
        return -1;
    if (r == 0 || it.type != XP_NODE || c->nd[it.node].kind != TREE_ELEMENT)
        return xfail(c, "XPTY0004", "an element is required");
    *out = it.node;
    return 0;
}

static int f_namespace_uri_for_prefix(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str prefix, uri;
    uint32_t el;

    if (xev_str(c, n->k[0], &prefix) < 0 || element_arg(c, n->k[1], &el) < 0)
        return -1;
    if (!tree_ns_lookup(c->t, el, prefix, &uri))
        return 0;
    *out = (struct xp_item){.type = XP_ANYURI, .s = uri};
    return 1;
}

static int f_resolve_qname(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str name, prefix = STR(""), uri;
    const char *colon;
    uint32_t el;
    int r = xev_str(c, n->k[0], &name);

    if (r <= 0)
        return r;
    if (element_arg(c, n->k[1], &el) < 0)
        return -1;
    name = str_trim(name);
    if ((colon = name.n ? memchr(name.p, ':', name.n) : NULL)) {
        prefix = (struct str){name.p, (size_t)(colon - name.p)};
        name = str_sub(name, prefix.n + 1, name.n);
    }
    if (!xis_ncname(name) || (colon && !xis_ncname(prefix)))
        return xfail(c, "FOCA0002", "not a qualified name");
    if (!tree_ns_lookup(c->t, el, prefix, &uri) && colon)
        return xfail(c, "FONS0004", "prefix %.*s is not in scope", STR_FMT(prefix));
    return make_qname(c, prefix, uri, name, out);
}

static int e_in_scope_prefixes(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_item it = xstring(STR("xml"));
    struct str uri;
    uint32_t el;
    int r;

    if (element_arg(c, n->k[0], &el) < 0)
        return -1;
    r = s->put(s, c, &it);
    for (uint32_t i = 0; i < c->t->n_prefixes && r == 0; i++) {
        it.s = c->t->prefixes[i];
        if (!str_eqz(it.s, "xml") && tree_ns_lookup(c->t, el, it.s, &uri))
            r = s->put(s, c, &it);
    }
    return r;
}

static int f_default_collation(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)c, (void)n;
    *out = xstring(STR("http://www.w3.org/2005/xpath-functions/collation/codepoint"));
    return 1;
}

static int f_default_language(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    (void)c, (void)n;
    *out = xstring(STR("en"));
    return 1;
}

const struct xfn xfn_node[] = {
    {"name", 0, 1, CARD_1, T_STR, 0, true, f_name, NULL, NULL},
    {"local-name", 0, 1, CARD_1, T_STR, 0, true, f_local_name, NULL, NULL},
    {"namespace-uri", 0, 1, CARD_1, T(XP_ANYURI), 0, true, f_namespace_uri, NULL, NULL},
    {"node-name", 0, 1, CARD_OPT, T(XP_QNAME), 0, true, f_node_name, NULL, NULL},
    {"root", 0, 1, CARD_OPT, T_NODE, 0, true, f_root, NULL, NULL},
    {"document-uri", 0, 1, CARD_OPT, T(XP_ANYURI), 0, true, f_document_uri, NULL, NULL},
    {"base-uri", 0, 1, CARD_OPT, T(XP_ANYURI), 0, true, f_base_uri, NULL, NULL},
    {"nilled", 0, 1, CARD_OPT, T_BOOL, 0, true, f_nilled, NULL, NULL},
    {"innermost", 1, 1, CARD_ANY, T_NODE, 0, false, NULL, e_innermost, NULL},
    {"outermost", 1, 1, CARD_ANY, T_NODE, 0, false, NULL, e_outermost, NULL},
    {"has-children", 0, 1, CARD_1, T_BOOL, 0, true, NULL, NULL, t_has_children},
    {"generate-id", 0, 1, CARD_1, T_STR, 0, true, f_generate_id, NULL, NULL},
    {"lang", 1, 2, CARD_1, T_BOOL, 0, true, NULL, NULL, t_lang},
    {"position", 0, 0, CARD_1, T_INT, DEP_FOCUS | DEP_POS, true, f_position, NULL, NULL},
    {"last", 0, 0, CARD_1, T_INT, DEP_FOCUS | DEP_LAST, true, f_last, NULL, NULL},
    {"current", 0, 0, CARD_1, T_ANY, DEP_RULE, false, f_current, NULL, NULL},
    {"key", 2, 3, CARD_ANY, T_NODE, DEP_DOC, false, NULL, e_key, NULL},
    {"id", 1, 2, CARD_ANY, T_NODE, DEP_DOC, true, NULL, xfn_id, NULL},
    {"element-with-id", 1, 2, CARD_ANY, T_NODE, DEP_DOC, true, NULL, xfn_id, NULL},
    {"idref", 1, 2, CARD_ANY, T_NODE, DEP_DOC, true, NULL, xfn_idref, NULL},
    {"resolve-uri", 1, 2, CARD_OPT, T(XP_ANYURI), 0, false, xfn_resolve_uri, NULL, NULL},
    {"default-language", 0, 0, CARD_1, T_STR, 0, false, f_default_language, NULL, NULL},
    {"QName", 2, 2, CARD_1, T(XP_QNAME), 0, false, f_qname, NULL, NULL},
    {"local-name-from-QName", 1, 1, CARD_OPT, T_STR, 0, false, f_local_name_from, NULL, NULL},
    {"prefix-from-QName", 1, 1, CARD_OPT, T_STR, 0, false, f_prefix_from, NULL, NULL},
    {"namespace-uri-from-QName", 1, 1, CARD_OPT, T(XP_ANYURI), 0, false, f_namespace_uri_from, NULL,
        NULL},
    {"namespace-uri-for-prefix", 2, 2, CARD_OPT, T(XP_ANYURI), DEP_DOC, false,
        f_namespace_uri_for_prefix, NULL, NULL},
    {"resolve-QName", 2, 2, CARD_OPT, T(XP_QNAME), DEP_DOC, false, f_resolve_qname, NULL, NULL},
    {"in-scope-prefixes", 1, 1, CARD_ANY, T_STR, DEP_DOC, false, NULL, e_in_scope_prefixes, NULL},
    {"default-collation", 0, 0, CARD_1, T_STR, 0, false, f_default_collation, NULL, NULL},
    {0},
};
