/* The raw form: a Schematron schema with queryBinding xslt2, read as the ISO skeleton would compile
 * it (lets at schema and pattern level become globals). Rich and linking attributes that only serve
 * documentation are allowed and not kept. */
#include "ubl/schematron/raw_priv.h"

static const struct str none = {"", 0};

static int refuse_element(struct sch_load *l, struct at x, const char *where)
{
    return sch_refuse(l, x, "{%.*s}%.*s is not expected %s", STR_FMT(tree_uri(x.f->tree, x.n)),
        STR_FMT(tree_local(x.f->tree, x.n)), where);
}

/* ---- texts ---- */

struct place { /* where a message stands: what its expressions may refer to */
    struct raw *r;
    const struct xp_scope *scope;
    const struct raw_param *params;
};

static int add_value(struct place *p, struct at x, struct str select, struct sch_text *out)
{
    select = raw_expand(p->r, select, p->params);
    return select.p ? sch_value_add(p->r->l, out, p->scope, x, select, STR(" ")) : -1;
}

static int add_name(struct place *p, struct at x, struct sch_text *out)
{
    struct sch_load *l = p->r->l;
    struct str path = raw_expand(p->r, sch_attr_or(x, A_PATH, STR(".")), p->params);
    char *call = path.p ? arena_printf(l->tmp, "name(%.*s)", STR_FMT(path)) : NULL;

    if (!call)
        return err_nomem(l->e);
    return SCH_ATTRS(l, x, A_PATH) || sch_no_children(l, x) ||
                   sch_value_add(l, out, p->scope, x, str_z(call), STR(" "))
               ? -1
               : 0;
}

static int read_text(struct place *p, struct at x, struct sch_text *out, unsigned depth);

static int read_inline(struct place *p, struct at x, struct sch_text *out, unsigned depth)
{
    struct sch_load *l = p->r->l;
    struct str select;

    switch (sch_tok(x)) {
    case T_VALUE_OF:
    case T_XSL_VALUE_OF:
        if (SCH_ONLY(l, x, A_SELECT) || sch_no_children(l, x) ||
            sch_attr_need(l, x, A_SELECT, &select))
            return -1;
        return add_value(p, x, select, out);
    case T_NAME:
        return add_name(p, x, out);
    case T_EMPH:
    case T_DIR:
    case T_SPAN:
        return SCH_ATTRS(l, x, A_CLASS, A_VALUE) ? -1 : read_text(p, x, out, depth + 1);
    default:
        return refuse_element(l, x, "in a message");
    }
}

static int read_text(struct place *p, struct at x, struct sch_text *out, unsigned depth)
{
    const struct tree *t = x.f->tree;
    uint32_t run = 0;
    bool gap = false;

    if (depth > SCH_NEST_MAX)
        return sch_refuse(p->r->l, x, "nested too deeply");
    for (struct at c = {x.f, tree_first_child(t, x.n)}; c.n != TREE_NONE;
         c.n = tree_next_sibling(t, c.n)) {
        int rc = 0;
        if (tree_kind_of(t, c.n) == TREE_TEXT && !sch_is_gap(c, &run, &gap)) {
            struct str s = raw_expand(p->r, tree_string(t, c.n), p->params);
            rc = s.p ? sch_text_add(p->r->l, out, s) : -1;
        } else if (tree_kind_of(t, c.n) == TREE_ELEMENT) {
            rc = read_inline(p, c, out, depth);
        }
        if (rc)
            return -1;
    }
    return 0;
}

/* ---- rules ---- */

static int read_diagnostics(struct place *p, struct at x, struct sch_check *c)
{
    struct sch_load *l = p->r->l;
    struct str ids = sch_attr_or(x, A_DIAGNOSTICS, none);

    for (ids = str_trim(ids); ids.n; ids = str_trim(ids)) {
        size_t n = 0;
        struct at d;
        struct sch_diag *diag;
        while (n < ids.n && ids.p[n] != ' ' && ids.p[n] != '\t' && ids.p[n] != '\n')
            n++;
        if (raw_diagnostic(p->r, str_sub(ids, 0, n), &d))
            return -1;
        if (d.n == TREE_NONE)
            return sch_refuse(l, x, "there is no diagnostic %.*s", (int)n, ids.p);
        if (SCH_ATTRS(l, d, A_ID, A_ROLE, A_SEE, A_ICON, A_FPI) ||
            !(diag = sch_diag_add(l, c, str_sub(ids, 0, n))) || read_text(p, d, &diag->text, 0))
            return -1;
        ids = str_sub(ids, n, ids.n);
    }
    return 0;
}

static int read_check(struct place *p, struct at x, struct sch_rule *rule)
{
    struct sch_load *l = p->r->l;
    struct sch_check *c;
    struct str test;

    if (SCH_ATTRS(l, x, A_ID, A_TEST, A_FLAG, A_ROLE, A_DIAGNOSTICS, A_SEE, A_ICON, A_FPI) ||
        sch_attr_need(l, x, A_TEST, &test))
        return -1;
    test = raw_expand(p->r, test, p->params);
    if (!test.p ||
        !(c = sch_check_add(l, rule, x, sch_tok(x) == T_ASSERT ? SCH_ASSERT : SCH_REPORT, test)))
        return -1;
    c->id = sch_keep_collapsed(l, sch_attr_or(x, A_ID, none));
    c->flag = sch_keep_collapsed(l, sch_attr_or(x, A_FLAG, none));
    c->role = sch_keep_collapsed(l, sch_attr_or(x, A_ROLE, none));
    return read_text(p, x, &c->text, 0) || read_diagnostics(p, x, c) ? -1 : 0;
}

/* A let: value, or text inside. */
static int let_of(struct place *p, struct at x, struct xp_instr *var, struct xp_instr *text)
{
    struct sch_load *l = p->r->l;
    struct str value;

    *var = (struct xp_instr){.kind = XP_VARIABLE, .as = sch_attr_or(x, A_AS, none)};
    *text = (struct xp_instr){.kind = XP_TEXT, .text = sch_text_of(x)};
    if (SCH_ATTRS(l, x, A_NAME, A_VALUE, A_AS) || sch_attr_need(l, x, A_NAME, &var->name))
        return -1;
    if (sch_child(x).n != TREE_NONE)
        return refuse_element(l, sch_child(x), "in a let");
    if (!sch_attr(x, A_VALUE, &value)) {
        var->body = text;
        return 0;
    }
    var->select = raw_expand(p->r, value, p->params);
    return var->select.p ? 0 : -1;
}

static int read_rule_items(
    struct place *p, struct at pattern, struct at x, struct sch_rule *rule, unsigned depth);

static int read_extends(
    struct place *p, struct at pattern, struct at x, struct sch_rule *rule, unsigned depth)
{
    struct sch_load *l = p->r->l;
    struct at base = x;
    struct str id;

    if (SCH_ONLY(l, x, A_RULE) || sch_attr_need(l, x, A_RULE, &id) ||
        raw_abstract_rule(p->r, pattern, id, &base))
        return -1;
    if (base.n == TREE_NONE)
        return sch_refuse(l, x, "there is no abstract rule %.*s", STR_FMT(id));
    return read_rule_items(p, pattern, base, rule, depth + 1);
}

static int read_rule_items(
    struct place *p, struct at pattern, struct at x, struct sch_rule *rule, unsigned depth)
{
    struct sch_load *l = p->r->l;
    struct xp_instr var, text;
    struct raw_list in;

    if (depth > SCH_NEST_MAX)
        return sch_refuse(
            l, x, "rules extend each other in a circle, or deeper than %d", SCH_NEST_MAX);
    if (raw_children(p->r, x, &in)) /* stray text: pint-sg 1.4.0 has some, the skeleton drops it */
        return -1;
    for (size_t i = 0; i < in.n; i++) {
        int rc = 0;
        switch (sch_tok(in.v[i])) {
        case T_LET:
            rc = let_of(p, in.v[i], &var, &text);
            if (!rc && xp_scope_let(rule->scope, &var, l->e))
                rc = sch_at(l, in.v[i]);
            break;
        case T_ASSERT:
        case T_REPORT:
            rc = read_check(p, in.v[i], rule);
            break;
        case T_EXTENDS:
            rc = read_extends(p, pattern, in.v[i], rule, depth);
            break;
        case T_P:
        case T_TITLE:
            break;
        default:
            rc = refuse_element(l, in.v[i], "in a rule");
        }
        if (rc)
            return -1;
    }
    return 0;
}

static int read_rule(struct raw *r, struct at pattern, struct at x, struct sch_pattern *out,
    const struct raw_param *params)
{
    struct sch_load *l = r->l;
    struct place p = {r, NULL, params};
    struct sch_rule *rule;
    struct str context;

    if (SCH_ATTRS(l, x, A_CONTEXT, A_ID, A_ABSTRACT, A_ROLE, A_FLAG, A_SEE, A_ICON, A_FPI))
        return -1;
    if (str_eqz(sch_attr_or(x, A_ABSTRACT, none), "true"))
        return 0;
    if (sch_attr_need(l, x, A_CONTEXT, &context))
        return -1;
    context = raw_expand(r, context, params);
    if (!context.p || !(rule = sch_rule_add(l, out, x, context)))
        return -1;
    rule->id = sch_keep(l, sch_attr_or(x, A_ID, none));
    rule->role = sch_keep(l, sch_attr_or(x, A_ROLE, none));
    p.scope = rule->scope;
    return read_rule_items(&p, pattern, x, rule, 0);
}

/* ---- patterns ---- */

static bool is_active(struct raw *r, struct at pattern)
{
    struct str id = sch_attr_or(pattern, A_ID, none);

    if (str_eqz(sch_attr_or(pattern, A_ABSTRACT, none), "true"))
        return false;
    if (str_eqz(r->phase, "#ALL"))
        return true;
    for (size_t i = 0; i < r->top.n; i++) {
        struct at x = r->top.v[i];
        if (sch_tok(x) != T_PHASE || !str_eq(sch_attr_or(x, A_ID, none), r->phase))
            continue;
        for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c))
            if (sch_tok(c) == T_ACTIVE && str_eq(sch_attr_or(c, A_PATTERN, none), id))
                return true;
    }
    return false;
}

/* The pattern whose rules count, and the parameters for them: itself, or the abstract one. */
static int instance_of(struct raw *r, struct at x, struct at *body, const struct raw_param **params)
{
    struct str is_a;

    *body = x;
    *params = NULL;
    if (!sch_attr(x, A_IS_A, &is_a))
        return 0;
    *body = raw_abstract_pattern(r, is_a);
    if (body->n == TREE_NONE)
        return sch_refuse(r->l, x, "there is no abstract pattern %.*s", STR_FMT(is_a));
    return raw_params(r, x, params);
}

static int read_pattern(struct raw *r, struct at x)
{
    struct sch_load *l = r->l;
    struct str id = sch_attr_or(x, A_ID, none), name = id;
    const struct raw_param *params;
    struct raw_list in;
    struct sch_pattern *p;
    struct at body;

    if (instance_of(r, x, &body, &params) || raw_children(r, body, &in) || sch_no_text(l, body))
        return -1;
    for (size_t i = 0; i < in.n; i++)
        if (sch_tok(in.v[i]) == T_TITLE)
            name = sch_text_of(in.v[i]);
    if (!(p = sch_pattern_add(l, id, name)))
        return -1;
    for (size_t i = 0; i < in.n; i++) {
        enum tok t = sch_tok(in.v[i]);
        if (t == T_TITLE || t == T_P || t == T_LET)
            continue;
        if (t != T_RULE)
            return refuse_element(l, in.v[i], "in a pattern");
        if (read_rule(r, body, in.v[i], p, params))
            return -1;
    }
    return 0;
}

static bool contains(struct str s, const char *part)
{
    return str_find(s, str_z(part)) < s.n;
}

/* The skeleton chooses the traversal by characters in the contexts of all rules, active or not:
 * with an @ it visits attributes; without a parenthesis comments and processing instructions (they
 * can match nothing then, but position() counts them). */
static int choose_visit(struct raw *r)
{
    uint8_t attributes = 0, others = 1 << TREE_COMMENT | 1 << TREE_PI;
    const struct raw_param *params;
    struct raw_list in;
    struct at body;

    for (size_t i = 0; i < r->top.n; i++) {
        struct at x = r->top.v[i];
        if (sch_tok(x) != T_PATTERN || str_eqz(sch_attr_or(x, A_ABSTRACT, none), "true"))
            continue;
        if (instance_of(r, x, &body, &params) || raw_children(r, body, &in))
            return -1;
        for (size_t k = 0; k < in.n; k++) {
            struct str c = sch_attr_or(in.v[k], A_CONTEXT, none);
            if (sch_tok(in.v[k]) != T_RULE || !(c = raw_expand(r, c, params)).p)
                continue;
            if (contains(c, "@") || contains(c, "attribute"))
                attributes = 1 << TREE_ATTRIBUTE;
            if (contains(c, "("))
                others = 0;
        }
    }
    r->l->s->visit = (uint8_t)(1 << TREE_ELEMENT | attributes | others);
    return 0;
}

/* ---- declarations ---- */

static int declare_let(struct raw *r, struct at x, const struct raw_param *params)
{
    struct place p = {r, NULL, params};
    struct xp_instr var, text;

    if (let_of(&p, x, &var, &text))
        return -1;
    return xp_declare_global(r->l->s->env, &var, r->l->e) ? sch_at(r->l, x) : 0;
}

static int declare_in_pattern(struct raw *r, struct at x)
{
    const struct raw_param *params;
    struct raw_list in;
    struct at body;

    if (SCH_ATTRS(r->l, x, A_ID, A_ABSTRACT, A_IS_A, A_SEE, A_ICON, A_FPI, A_NAME))
        return -1;
    if (!is_active(r, x))
        return 0;
    if (instance_of(r, x, &body, &params) || raw_children(r, body, &in))
        return -1;
    for (size_t i = 0; i < in.n; i++)
        if (sch_tok(in.v[i]) == T_LET && declare_let(r, in.v[i], params))
            return -1;
    return 0;
}

static int declare_ns(struct raw *r, struct at x)
{
    struct sch_load *l = r->l;
    struct str prefix, uri;

    if (SCH_ONLY(l, x, A_PREFIX, A_URI) || sch_no_children(l, x) ||
        sch_attr_need(l, x, A_PREFIX, &prefix) || sch_attr_need(l, x, A_URI, &uri))
        return -1;
    for (size_t i = 0; i < l->s->n_ns; i++)
        if (str_eq(l->s->ns[i].prefix, prefix) && !str_eq(l->s->ns[i].uri, uri))
            return sch_refuse(l, x, "prefix %.*s is bound to two namespaces", STR_FMT(prefix));
    if (xp_env_ns(l->s->env, prefix, uri, l->e))
        return sch_at(l, x);
    return sch_ns_add(l, prefix, uri);
}

static int declare_phase(struct raw *r, struct at x)
{
    bool chosen = str_eq(sch_attr_or(x, A_ID, none), r->phase);

    if (SCH_ONLY(r->l, x, A_ID, A_SEE, A_ICON, A_FPI))
        return -1;
    for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c)) {
        enum tok t = sch_tok(c);
        if (t == T_LET ? chosen && declare_let(r, c, NULL) : t != T_ACTIVE && t != T_P)
            return t == T_LET ? -1 : refuse_element(r->l, c, "in a phase");
    }
    return 0;
}

static int declare(struct raw *r, struct at x)
{
    switch (sch_tok(x)) {
    case T_NS:
    case T_P:
    case T_DIAGNOSTICS:
        return 0;
    case T_TITLE:
        r->l->s->info.title = sch_keep_collapsed(r->l, sch_text_of(x)).p;
        return 0;
    case T_LET:
        return declare_let(r, x, NULL);
    case T_PHASE:
        return declare_phase(r, x);
    case T_PATTERN:
        return declare_in_pattern(r, x);
    case T_XSL_FUNCTION:
        return sch_function(r->l, x);
    case T_XSL_KEY:
        return sch_key(r->l, x);
    default:
        return refuse_element(r->l, x, "in a schema");
    }
}

static int check_binding(struct sch_load *l, struct at root)
{
    static const char *const known[] = {"xslt2", "xpath2", "xslt3", "xpath3"};
    struct str b = sch_attr_or(root, A_QUERY_BINDING, none);

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_ieq(b, str_z(known[i])))
            return 0;
    return sch_refuse(l, root, "queryBinding is \"%.*s\": only xslt2 is supported", STR_FMT(b));
}

static int choose_phase(struct raw *r, struct at root)
{
    const struct sch_options *o = r->l->opt;

    r->phase = sch_attr_or(root, A_DEFAULT_PHASE, STR("#ALL"));
    if (o && o->phase && strcmp(o->phase, "#DEFAULT") != 0)
        r->phase = str_z(o->phase);
    if (str_eqz(r->phase, "#ALL"))
        return 0;
    for (size_t i = 0; i < r->top.n; i++)
        if (sch_tok(r->top.v[i]) == T_PHASE &&
            str_eq(sch_attr_or(r->top.v[i], A_ID, none), r->phase))
            return 0;
    return sch_refuse(r->l, root, "there is no phase %.*s", STR_FMT(r->phase));
}

/* Namespaces first: everything after them is compiled with them. */
static int declare_all(struct raw *r, struct at root)
{
    for (size_t i = 0; i < r->top.n; i++)
        if (sch_tok(r->top.v[i]) == T_NS && declare_ns(r, r->top.v[i]))
            return -1;
    for (size_t i = 0; i < r->top.n; i++)
        if (declare(r, r->top.v[i]))
            return -1;
    return xp_declare_done(r->l->s->env, r->l->e) ? sch_at(r->l, root) : 0;
}

int sch_load_sch(struct sch_load *l, struct at root)
{
    struct raw r = {.l = l};
    struct place header = {&r, NULL, NULL};

    if (SCH_ONLY(l, root, A_ID, A_QUERY_BINDING, A_SCHEMA_VERSION, A_DEFAULT_PHASE, A_SEE, A_ICON,
            A_FPI, A_VERSION) ||
        check_binding(l, root) || raw_children(&r, root, &r.top) || choose_phase(&r, root) ||
        choose_visit(&r) || declare_all(&r, root))
        return -1;
    for (size_t i = 0; i < r.top.n; i++) {
        struct at x = r.top.v[i];
        if (sch_tok(x) == T_P && read_text(&header, x, &l->s->header, 0))
            return -1;
        if (sch_tok(x) == T_PATTERN && is_active(&r, x) && read_pattern(&r, x))
            return -1;
    }
    return 0;
}
