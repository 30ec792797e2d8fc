/* The compiled form: a stylesheet of the ISO Schematron skeleton for XSLT 2 (iso_svrl_for_xslt2).
 *
 * Its rules stand in `match="…" mode="M#"` templates, one mode a pattern, with falling priorities;
 * the template for "/" lists the patterns in their order. Schema- and pattern-level lets are global
 * parameters and variables. Whatever is not of that shape is refused: this is no XSLT processor,
 * and a template it did not understand could be a rule it did not check. */
#include "ubl/schematron/plan_priv.h"

#include <math.h>
#include <stdlib.h>

static const struct str none = {"", 0};

static int refuse_element(struct sch_load *l, struct at x, const char *where)
{
    return sch_refuse(l, x, "{%.*s}%.*s is not expected %s", STR_FMT(tree_uri(x.f->tree, x.n)),
        STR_FMT(tree_local(x.f->tree, x.n)), where);
}

/* ---- message texts ---- */

static int read_text(
    struct sch_load *l, struct at x, const struct xp_scope *scope, struct sch_text *out)
{
    const struct tree *t = x.f->tree;
    uint32_t run = 0;
    bool gap = false;

    for (struct at c = {x.f, tree_first_child(t, x.n)}; c.n != TREE_NONE;
         c.n = tree_next_sibling(t, c.n)) {
        struct str s = tree_string(t, c.n);
        if (tree_kind_of(t, c.n) == TREE_TEXT) {
            if (!sch_is_gap(c, &run, &gap) && sch_text_add(l, out, s))
                return -1;
            continue;
        }
        if (tree_kind_of(t, c.n) != TREE_ELEMENT)
            continue;
        if (sch_tok(c) == T_XSL_TEXT) {
            if (SCH_ATTRS(l, c, T_NONE) || sch_child(c).n != TREE_NONE)
                return refuse_element(l, c, "with more than text");
            if (sch_text_add(l, out, s))
                return -1;
            continue;
        }
        if (sch_tok(c) != T_XSL_VALUE_OF)
            return refuse_element(l, c, "in a message");
        if (SCH_ONLY(l, c, A_SELECT, A_SEPARATOR) || sch_no_children(l, c) ||
            sch_attr_need(l, c, A_SELECT, &s) ||
            sch_value_add(l, out, scope, c, s, sch_attr_or(c, A_SEPARATOR, STR(" "))))
            return -1;
    }
    return 0;
}

/* <xsl:attribute name="…">constant</xsl:attribute> */
static int constant_attribute(struct sch_load *l, struct at x, struct str *name, struct str *value)
{
    if (SCH_ATTRS(l, x, A_NAME) || sch_attr_need(l, x, A_NAME, name))
        return -1;
    if (sch_child(x).n != TREE_NONE)
        return refuse_element(l, sch_child(x), "in an attribute's value");
    *value = sch_text_of(x);
    return 0;
}

/* ---- rules ---- */

/* <xsl:attribute name="location"><xsl:apply-templates mode="schematron-select-full-path"…/> */
static int read_location(struct sch_load *l, struct at x)
{
    struct at c = sch_child(x);
    struct str v;

    if (SCH_ONLY(l, x, A_NAME))
        return -1;
    if (c.n == TREE_NONE || sch_tok(c) != T_XSL_APPLY_TEMPLATES || sch_next(c).n != TREE_NONE ||
        !str_eqz(sch_attr_or(c, A_SELECT, none), ".") || !sch_attr(c, A_MODE, &v) ||
        !str_eqz(v, "schematron-select-full-path"))
        return sch_refuse(l, x, "location is not given by schematron-select-full-path");
    return 0;
}

static int read_property(struct sch_load *l, struct at x, struct sch_check *c)
{
    struct str name, value;

    if (str_eqz(sch_attr_or(x, A_NAME, none), "location"))
        return read_location(l, x);
    if (constant_attribute(l, x, &name, &value))
        return -1;
    if (str_eqz(name, "id"))
        c->id = sch_keep_collapsed(l, value);
    else if (str_eqz(name, "flag"))
        c->flag = sch_keep_collapsed(l, value);
    else if (str_eqz(name, "role"))
        c->role = sch_keep_collapsed(l, value);
    else if (!str_eqz(name, "xml:lang") && !str_eqz(name, "xml:space"))
        return sch_refuse(l, x, "attribute %.*s of a finding is not known", STR_FMT(name));
    return 0;
}

static int read_finding(struct sch_load *l, struct at x, struct sch_rule *r, struct sch_check *c)
{
    struct sch_diag *d;

    if (SCH_ONLY(l, x, A_TEST))
        return -1;
    c->shown_test = sch_keep_collapsed(l, sch_attr_or(x, A_TEST, none));
    for (struct at k = sch_child(x); k.n != TREE_NONE; k = sch_next(k)) {
        switch (sch_tok(k)) {
        case T_XSL_ATTRIBUTE:
            if (read_property(l, k, c))
                return -1;
            break;
        case T_SVRL_TEXT:
            if (read_text(l, k, r->scope, &c->text))
                return -1;
            break;
        case T_SVRL_DIAG:
            if (!(d = sch_diag_add(l, c, sch_attr_or(k, A_DIAGNOSTIC, none))) ||
                read_text(l, k, r->scope, &d->text))
                return -1;
            break;
        default:
            return refuse_element(l, k, "in a finding");
        }
    }
    return 0;
}

/* choose/when[empty]/otherwise/failed-assert */
static int read_assert(struct sch_load *l, struct at x, struct sch_rule *r)
{
    struct at when = sch_child(x), other, found;
    struct sch_check *c;
    struct str test;

    if (SCH_ONLY(l, x, T_NONE))
        return -1;
    if (when.n == TREE_NONE || sch_tok(when) != T_XSL_WHEN)
        return sch_refuse(l, x, "an assertion does not begin with xsl:when");
    if (SCH_ONLY(l, when, A_TEST) || sch_no_children(l, when) ||
        sch_attr_need(l, when, A_TEST, &test))
        return -1;
    other = sch_next(when);
    if (other.n == TREE_NONE || sch_tok(other) != T_XSL_OTHERWISE || sch_next(other).n != TREE_NONE)
        return sch_refuse(l, x, "an assertion has no single xsl:otherwise");
    found = sch_child(other);
    if (SCH_ONLY(l, other, T_NONE))
        return -1;
    if (found.n == TREE_NONE || sch_tok(found) != T_SVRL_FAILED || sch_next(found).n != TREE_NONE)
        return sch_refuse(l, other, "xsl:otherwise is not one svrl:failed-assert");
    if (!(c = sch_check_add(l, r, when, SCH_ASSERT, test)))
        return -1;
    return read_finding(l, found, r, c);
}

static int read_report(struct sch_load *l, struct at x, struct sch_rule *r)
{
    struct at found = sch_child(x);
    struct sch_check *c;
    struct str test;

    if (SCH_ONLY(l, x, A_TEST) || sch_attr_need(l, x, A_TEST, &test))
        return -1;
    if (found.n == TREE_NONE || sch_tok(found) != T_SVRL_REPORT || sch_next(found).n != TREE_NONE)
        return sch_refuse(l, x, "xsl:if is not one svrl:successful-report");
    if (!(c = sch_check_add(l, r, x, SCH_REPORT, test)))
        return -1;
    return read_finding(l, found, r, c);
}

static int read_fired(struct sch_load *l, struct at x, struct sch_rule *r)
{
    if (SCH_ONLY(l, x, A_CONTEXT, A_ID, A_ROLE, A_FLAG) || sch_no_children(l, x))
        return -1;
    r->context = sch_keep_collapsed(l, sch_attr_or(x, A_CONTEXT, none));
    r->id = sch_keep(l, sch_attr_or(x, A_ID, none));
    r->role = sch_keep(l, sch_attr_or(x, A_ROLE, none));
    return 0;
}

struct visit { /* the traversal, which must be the same in every template */
    bool known;
    uint8_t kinds;
};

static bool visited(struct str select, uint8_t *kinds)
{
    *kinds = 1 << TREE_ELEMENT;
    if (str_sub(select, 0, 3).n == 3 && memcmp(select.p, "@*|", 3) == 0) {
        *kinds |= 1 << TREE_ATTRIBUTE;
        select = str_sub(select, 3, select.n);
    }
    if (str_eqz(select, "*"))
        return true;
    *kinds |= 1 << TREE_COMMENT | 1 << TREE_PI;
    return str_eqz(select, "*|comment()|processing-instruction()");
}

static int read_visit(struct sch_load *l, struct at x, struct str mode, struct visit *v)
{
    struct str select = sch_attr_or(x, A_SELECT, none);
    uint8_t kinds;

    if (SCH_ONLY(l, x, A_MODE, A_SELECT) || sch_no_children(l, x))
        return -1;
    if (!str_eq(sch_attr_or(x, A_MODE, none), mode))
        return sch_refuse(l, x, "a template goes on in another mode");
    if (!visited(select, &kinds))
        return sch_refuse(l, x, "traversal %.*s is not known", STR_FMT(select));
    if (v->known && v->kinds != kinds)
        return sch_refuse(l, x, "templates differ in their traversal");
    *v = (struct visit){true, kinds};
    return 0;
}

static int read_let(struct sch_load *l, struct at x, struct sch_rule *r)
{
    struct xp_instr var = {0};

    if (sch_variable(l, x, 0, &var))
        return -1;
    return xp_scope_let(r->scope, &var, l->e) ? sch_at(l, x) : 0;
}

static int read_rule_body(
    struct sch_load *l, struct at x, struct sch_rule *r, struct str mode, struct visit *v)
{
    bool fired = false, gone_on = false;

    for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c)) {
        int rc;
        if (gone_on)
            return refuse_element(l, c, "after a rule's apply-templates");
        switch (sch_tok(c)) {
        case T_SVRL_RULE:
            rc = fired ? refuse_element(l, c, "twice in a rule") : read_fired(l, c, r);
            fired = true;
            break;
        case T_XSL_VARIABLE:
            rc = read_let(l, c, r);
            break;
        case T_XSL_CHOOSE:
            rc = read_assert(l, c, r);
            break;
        case T_XSL_IF:
            rc = read_report(l, c, r);
            break;
        case T_XSL_APPLY_TEMPLATES:
            rc = read_visit(l, c, mode, v);
            gone_on = true;
            break;
        default:
            rc = refuse_element(l, c, "in a rule");
        }
        if (rc)
            return -1;
    }
    if (!fired || !gone_on)
        return sch_refuse(l, x, "a rule without %s", fired ? "apply-templates" : "svrl:fired-rule");
    return 0;
}

static struct sch_pattern *pattern_of(struct sch_load *l, struct str mode)
{
    for (struct sch_pattern *p = l->s->first; p; p = p->next)
        if (str_eq(p->mode, mode))
            return p;
    return NULL;
}

static int priority_of(struct sch_load *l, struct at x, double *out)
{
    struct str s = sch_attr_or(x, A_PRIORITY, none);
    char text[32], *end;

    if (s.n == 0 || s.n >= sizeof(text))
        return sch_refuse(l, x, "a template without a priority");
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    if (*end || !isfinite(*out))
        return sch_refuse(l, x, "priority %s is no number", text);
    return 0;
}

/* text() -1 and @*|node() -2: strip characters, and go on below what no rule matches. */
static int read_fallback(struct sch_load *l, struct at x, struct str match, struct str mode,
    double priority, struct visit *v)
{
    struct at c = sch_child(x);

    if (str_eqz(match, "text()") && priority == -1 && c.n == TREE_NONE)
        return sch_no_text(l, x);
    if (!str_eqz(match, "@*|node()") || priority != -2 || c.n == TREE_NONE ||
        sch_next(c).n != TREE_NONE || sch_tok(c) != T_XSL_APPLY_TEMPLATES)
        return sch_refuse(l, x, "a template of mode %.*s that is no rule", STR_FMT(mode));
    return read_visit(l, c, mode, v) || sch_no_text(l, x) ? -1 : 0;
}

static int read_rule(struct sch_load *l, struct at x, struct visit *v)
{
    struct str mode, match = none;
    struct sch_pattern *p;
    struct sch_rule *before, *r;
    double priority = 0;

    if (SCH_ONLY(l, x, A_MATCH, A_MODE, A_PRIORITY) || sch_attr_need(l, x, A_MODE, &mode) ||
        sch_attr_need(l, x, A_MATCH, &match) || priority_of(l, x, &priority))
        return -1;
    if (!(p = pattern_of(l, mode)))
        return sch_refuse(l, x, "mode %.*s belongs to no pattern", STR_FMT(mode));
    if (priority < 0)
        return read_fallback(l, x, match, mode, priority, v);
    before = p->last;
    if (before && before->priority <= priority)
        return sch_refuse(l, x, "rules are not in falling order of priority");
    if (!(r = sch_rule_add(l, p, x, match)))
        return -1;
    r->priority = priority;
    return read_rule_body(l, x, r, mode, v);
}

/* ---- the template for "/": the order of the patterns ---- */

static int read_active(struct sch_load *l, struct at x, struct str *id, struct str *name)
{
    struct str n, v;

    if (SCH_ONLY(l, x, T_NONE))
        return -1;
    for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c)) {
        if (sch_tok(c) == T_XSL_APPLY_TEMPLATES && c.f->tree->nodes[c.n].nattr == 0 &&
            sch_next(c).n == TREE_NONE)
            return sch_no_children(l, c); /* default mode: no template there says anything */
        if (sch_tok(c) == T_SVRL_TEXT) {
            if (read_text(l, c, NULL, &l->s->header))
                return -1;
            continue;
        }
        if (sch_tok(c) != T_XSL_ATTRIBUTE)
            return refuse_element(l, c, "in svrl:active-pattern");
        n = sch_attr_or(c, A_NAME, none);
        if (str_eqz(n, "document") || str_eqz(n, "documents"))
            continue;
        if (constant_attribute(l, c, &n, &v))
            return -1;
        if (str_eqz(n, "id"))
            *id = v;
        else if (str_eqz(n, "name"))
            *name = v;
        else
            return sch_refuse(l, c, "attribute %.*s of a pattern", STR_FMT(n));
    }
    return sch_refuse(l, x, "svrl:active-pattern without apply-templates");
}

static int read_pattern(struct sch_load *l, struct at x, struct str id, struct str name)
{
    struct sch_pattern *p;
    struct str mode;

    if (SCH_ONLY(l, x, A_MODE, A_SELECT) || sch_no_children(l, x) ||
        sch_attr_need(l, x, A_MODE, &mode))
        return -1;
    if (!str_eqz(sch_attr_or(x, A_SELECT, none), "/") || pattern_of(l, mode))
        return sch_refuse(l, x, "a pattern that does not start at the document, once");
    if (!(p = sch_pattern_add(l, id, name)))
        return -1;
    p->mode = sch_keep(l, mode);
    return 0;
}

static int read_header_item(
    struct sch_load *l, struct at c, bool *open, struct str *id, struct str *name)
{
    switch (sch_tok(c)) {
    case T_XSL_COMMENT:
        return 0;
    case T_SVRL_TEXT:
        return read_text(l, c, NULL, &l->s->header);
    case T_SVRL_NS:
        return SCH_ONLY(l, c, A_PREFIX, A_URI) ||
                       sch_ns_add(l, sch_attr_or(c, A_PREFIX, none), sch_attr_or(c, A_URI, none))
                   ? -1
                   : 0;
    case T_SVRL_PATTERN:
        *id = *name = none;
        if (*open)
            break;
        *open = true;
        return read_active(l, c, id, name);
    case T_XSL_APPLY_TEMPLATES:
        if (!*open)
            break;
        *open = false;
        return read_pattern(l, c, *id, *name);
    default:
        break;
    }
    return refuse_element(l, c, "in svrl:schematron-output");
}

static int read_header(struct sch_load *l, struct at x)
{
    struct at out = sch_child(x);
    struct str id = none, name = none;
    bool open = false;

    if (out.n == TREE_NONE || sch_tok(out) != T_SVRL_OUTPUT || sch_next(out).n != TREE_NONE)
        return sch_refuse(l, x, "the template for / is not one svrl:schematron-output");
    if (SCH_ONLY(l, out, A_TITLE, A_SCHEMA_VERSION))
        return -1;
    l->s->info.title = sch_keep_collapsed(l, sch_attr_or(out, A_TITLE, none)).p;
    for (struct at c = sch_child(out); c.n != TREE_NONE; c = sch_next(c))
        if (read_header_item(l, c, &open, &id, &name))
            return -1;
    if (open)
        return sch_refuse(l, out, "svrl:active-pattern without its apply-templates");
    return 0;
}

/* ---- the top level ---- */

/* The four parameters that the skeleton declares for its callers, and the document's URI. */
static bool is_plumbing(struct at x)
{
    static const char *const names[] = {
        "archiveDirParameter", "archiveNameParameter", "fileNameParameter", "fileDirParameter"};
    struct str name = sch_attr_or(x, A_NAME, none);
    struct at c = sch_child(x);

    if (sch_tok(x) == T_XSL_PARAM && x.f->tree->nodes[x.n].nattr == 1 && c.n == TREE_NONE)
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (str_eqz(name, names[i]))
                return true;
    return sch_tok(x) == T_XSL_VARIABLE && str_eqz(name, "document-uri") && c.n != TREE_NONE &&
           sch_tok(c) == T_XSL_VALUE_OF &&
           str_eqz(sch_attr_or(c, A_SELECT, none), "document-uri(/)") && sch_next(c).n == TREE_NONE;
}

static int read_global(struct sch_load *l, struct at x)
{
    struct xp_instr var = {0};

    if (is_plumbing(x))
        return 0;
    if (sch_variable(l, x, 0, &var))
        return -1;
    return xp_declare_global(l->s->env, &var, l->e) ? sch_at(l, x) : 0;
}

static bool is_rule_template(struct at x)
{
    struct str mode;

    return sch_tok(x) == T_XSL_TEMPLATE && sch_attr(x, A_MODE, &mode) && mode.n > 1 &&
           mode.p[0] == 'M' && mode.p[1] >= '0' && mode.p[1] <= '9';
}

static int read_template(struct sch_load *l, struct at x)
{
    if (is_rule_template(x))
        return 0; /* in the second pass, when all declarations are known */
    switch (sch_boiler(x, &l->boiler)) {
    case BOILER_YES:
        return 0;
    case BOILER_CHANGED:
        return sch_refuse(l, x, "the skeleton's template for %.*s, mode %.*s, was changed",
            STR_FMT(sch_attr_or(x, A_MATCH, none)), STR_FMT(sch_attr_or(x, A_MODE, none)));
    case BOILER_NO:
        break;
    }
    return sch_refuse(l, x, "a template that is neither a rule nor the skeleton's");
}

static int read_declaration(struct sch_load *l, struct at x)
{
    switch (sch_tok(x)) {
    case T_XSL_PARAM:
    case T_XSL_VARIABLE:
        return read_global(l, x);
    case T_XSL_OUTPUT:
        return sch_no_children(l, x);
    case T_XSL_FUNCTION:
        return sch_function(l, x);
    case T_XSL_KEY:
        return sch_key(l, x);
    case T_SVRL_TEXT: /* the skeleton leaves the schema's title here; XSLT ignores it */
        return sch_child(x).n == TREE_NONE ? 0 : refuse_element(l, sch_child(x), "in svrl:text");
    case T_XSL_TEMPLATE:
        return read_template(l, x);
    default:
        return refuse_element(l, x, "at the top of a stylesheet");
    }
}

/* Title and order of patterns come first, then declarations may be read in any order; the header's
 * own expressions need the declarations, so it is read after them. */
static int read_first_pass(struct sch_load *l, struct at root)
{
    struct at header = {root.f, TREE_NONE};

    for (struct at c = sch_child(root); c.n != TREE_NONE; c = sch_next(c)) {
        struct str mode;
        if (sch_tok(c) == T_XSL_TEMPLATE && !sch_attr(c, A_MODE, &mode) &&
            str_eqz(sch_attr_or(c, A_MATCH, none), "/")) {
            if (header.n != TREE_NONE)
                return sch_refuse(l, c, "a second template for /");
            header = c;
            continue;
        }
        if (read_declaration(l, c))
            return -1;
    }
    if (xp_declare_done(l->s->env, l->e))
        return sch_at(l, root);
    if (!sch_boiler_complete(l->boiler))
        return sch_refuse(l, root, "the skeleton's templates for locations are missing");
    if (header.n == TREE_NONE)
        return sch_refuse(l, root, "no template for /: not a compiled Schematron schema");
    return SCH_ONLY(l, header, A_MATCH) ? -1 : read_header(l, header);
}

int sch_load_xslt(struct sch_load *l, struct at root)
{
    struct str version;
    struct visit v = {0};

    if (SCH_ONLY(l, root, A_VERSION) || sch_attr_need(l, root, A_VERSION, &version))
        return -1;
    if (!str_eqz(version, "2.0") && !str_eqz(version, "3.0"))
        return sch_refuse(l, root, "stylesheet version %.*s", STR_FMT(version));
    if (read_first_pass(l, root))
        return -1;
    for (struct at c = sch_child(root); c.n != TREE_NONE; c = sch_next(c))
        if (is_rule_template(c) && read_rule(l, c, &v))
            return -1;
    l->s->visit = v.kinds;
    return 0;
}
