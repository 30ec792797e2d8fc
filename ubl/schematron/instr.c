/* XSLT inside rule sets: functions, keys and variables, with the instructions their bodies may use.
 * The instructions are handed to the XPath engine, which compiles them; here they are only read.
 * White-space-only text is no instruction except in xsl:text (XSLT 2.0 §4.2). */
#include "ubl/schematron/plan_priv.h"

struct builder {
    struct sch_load *l;
    struct xp_instr *first, *last;
};

static struct xp_instr *add(struct builder *b, enum xp_instr_kind kind)
{
    struct xp_instr *i = arena_alloc(b->l->tmp, sizeof(*i));

    if (!i) {
        (void)err_nomem(b->l->e);
        return NULL;
    }
    i->kind = kind;
    if (b->last)
        b->last->next = i;
    else
        b->first = i;
    b->last = i;
    return i;
}

static int add_text(struct builder *b, struct str s, bool keep_space)
{
    struct xp_instr *i;

    if (!keep_space && sch_is_space(s))
        return 0;
    if (!(i = add(b, XP_TEXT)))
        return -1;
    i->text = s;
    return 0;
}

static int add_select(struct builder *b, struct at x, enum xp_instr_kind kind)
{
    struct xp_instr *i = add(b, kind);
    struct str sep;

    if (!i)
        return -1;
    if (kind == XP_VALUE_OF) {
        if (SCH_ONLY(b->l, x, A_SELECT, A_SEPARATOR))
            return -1;
        if (sch_attr(x, A_SEPARATOR, &sep))
            i->text = sep.n ? sep : (struct str){"", 0};
    } else if (SCH_ONLY(b->l, x, A_SELECT)) {
        return -1;
    }
    if (sch_no_children(b->l, x))
        return -1;
    return sch_attr_need(b->l, x, A_SELECT, &i->select);
}

static int add_when(struct builder *b, struct at x, enum xp_instr_kind kind, unsigned depth)
{
    struct xp_instr *i = add(b, kind);

    if (!i)
        return -1;
    if (kind == XP_WHEN ? SCH_ATTRS(b->l, x, A_TEST) || sch_attr_need(b->l, x, A_TEST, &i->select)
                        : SCH_ATTRS(b->l, x, T_NONE))
        return -1;
    return sch_instr_list(
        b->l, x, (struct at){x.f, tree_first_child(x.f->tree, x.n)}, depth + 1, &i->body);
}

static int add_choose(struct builder *b, struct at x, unsigned depth)
{
    struct xp_instr *i = add(b, XP_CHOOSE);
    struct builder in = {.l = b->l};
    bool over = false;

    if (!i || SCH_ONLY(b->l, x, T_NONE))
        return -1;
    for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c)) {
        enum tok t = sch_tok(c);
        if (over || (t != T_XSL_WHEN && t != T_XSL_OTHERWISE))
            return sch_refuse(
                b->l, c, "%.*s is not expected in xsl:choose", STR_FMT(tree_local(c.f->tree, c.n)));
        over = t == T_XSL_OTHERWISE;
        if (add_when(&in, c, over ? XP_OTHERWISE : XP_WHEN, depth))
            return -1;
    }
    i->body = in.first;
    return 0;
}

static int add_if(struct builder *b, struct at x, unsigned depth)
{
    struct xp_instr *i = add(b, XP_CHOOSE);
    struct builder in = {.l = b->l};

    if (!i || add_when(&in, x, XP_WHEN, depth))
        return -1;
    i->body = in.first;
    return 0;
}

static int add_for_each(struct builder *b, struct at x, unsigned depth)
{
    struct xp_instr *i = add(b, XP_FOR_EACH);

    if (!i || SCH_ATTRS(b->l, x, A_SELECT) || sch_attr_need(b->l, x, A_SELECT, &i->select))
        return -1;
    return sch_instr_list(
        b->l, x, (struct at){x.f, tree_first_child(x.f->tree, x.n)}, depth + 1, &i->body);
}

static int add_element(struct builder *b, struct at x, unsigned depth)
{
    struct xp_instr *i;

    switch (sch_tok(x)) {
    case T_XSL_SEQUENCE:
        return add_select(b, x, XP_SEQUENCE);
    case T_XSL_VALUE_OF:
        return add_select(b, x, XP_VALUE_OF);
    case T_XSL_TEXT:
        if (sch_child(x).n != TREE_NONE || x.f->tree->nodes[x.n].nattr)
            return sch_refuse(b->l, x, "xsl:text with more than text");
        return add_text(b, sch_text_of(x), true);
    case T_XSL_VARIABLE:
        return (i = add(b, XP_VARIABLE)) ? sch_variable(b->l, x, depth + 1, i) : -1;
    case T_XSL_CHOOSE:
        return add_choose(b, x, depth);
    case T_XSL_IF:
        return add_if(b, x, depth);
    case T_XSL_FOR_EACH:
        return add_for_each(b, x, depth);
    default:
        return sch_refuse(b->l, x, "instruction {%.*s}%.*s is not supported",
            STR_FMT(tree_uri(x.f->tree, x.n)), STR_FMT(tree_local(x.f->tree, x.n)));
    }
}

int sch_instr_list(struct sch_load *l, struct at parent, struct at first, unsigned depth,
    const struct xp_instr **out)
{
    struct builder b = {.l = l};
    const struct tree *t = parent.f->tree;

    if (depth > SCH_NEST_MAX)
        return sch_refuse(l, parent, "instructions nested too deeply");
    for (struct at x = first; x.n != TREE_NONE; x.n = tree_next_sibling(t, x.n)) {
        int rc = 0;
        if (tree_kind_of(t, x.n) == TREE_TEXT)
            rc = add_text(&b, tree_string(t, x.n), false);
        else if (tree_kind_of(t, x.n) == TREE_ELEMENT)
            rc = add_element(&b, x, depth);
        if (rc)
            return -1;
    }
    *out = b.first;
    return 0;
}

/* xsl:variable or a global xsl:param: select, or a body. */
int sch_variable(struct sch_load *l, struct at x, unsigned depth, struct xp_instr *out)
{
    struct at first = {x.f, tree_first_child(x.f->tree, x.n)};

    out->kind = XP_VARIABLE;
    out->as = sch_attr_or(x, A_AS, (struct str){"", 0});
    if (sch_attr_need(l, x, A_NAME, &out->name))
        return -1;
    if (sch_attr(x, A_SELECT, &out->select))
        return SCH_ONLY(l, x, A_NAME, A_AS, A_SELECT) ? -1 : sch_no_children(l, x);
    if (SCH_ATTRS(l, x, A_NAME, A_AS))
        return -1;
    return sch_instr_list(l, x, first, depth, &out->body);
}

/* The leading xsl:params of a function; *body becomes the node after the last of them. */
static int read_params(
    struct sch_load *l, struct at x, struct xp_param **v, size_t *n, struct at *body)
{
    size_t cap = 0;

    for (struct at p = sch_child(x); p.n != TREE_NONE && sch_tok(p) == T_XSL_PARAM; p = sch_next(p))
        cap++;
    if (!(*v = arena_alloc(l->tmp, (cap + 1) * sizeof(**v))))
        return err_nomem(l->e);
    *body = (struct at){x.f, tree_first_child(x.f->tree, x.n)};
    *n = 0;
    for (struct at c = sch_child(x); *n < cap; c = sch_next(c), ++*n) {
        struct xp_param *p = &(*v)[*n];
        if (SCH_ONLY(l, c, A_NAME, A_AS) || sch_no_children(l, c) ||
            sch_attr_need(l, c, A_NAME, &p->name))
            return -1;
        p->as = sch_attr_or(c, A_AS, (struct str){"", 0});
        body->n = tree_next_sibling(x.f->tree, c.n);
    }
    return 0;
}

int sch_function(struct sch_load *l, struct at x)
{
    struct at body;
    struct str name;
    struct xp_param *params = NULL;
    size_t n = 0;
    const struct xp_instr *list = NULL;

    if (SCH_ATTRS(l, x, A_NAME, A_AS) || sch_attr_need(l, x, A_NAME, &name) ||
        read_params(l, x, &params, &n, &body))
        return -1;
    if (sch_instr_list(l, x, body, 0, &list))
        return -1;
    l->s->info.functions++;
    if (xp_declare_function(
            l->s->env, name, sch_attr_or(x, A_AS, (struct str){"", 0}), params, n, list, l->e))
        return sch_at(l, x);
    return 0;
}

int sch_key(struct sch_load *l, struct at x)
{
    struct str name, match, use;

    if (SCH_ONLY(l, x, A_NAME, A_MATCH, A_USE) || sch_no_children(l, x) ||
        sch_attr_need(l, x, A_NAME, &name) || sch_attr_need(l, x, A_MATCH, &match) ||
        sch_attr_need(l, x, A_USE, &use))
        return -1;
    l->s->info.keys++;
    return xp_declare_key(l->s->env, name, match, use, l->e) ? sch_at(l, x) : 0;
}
