/* parse_path.c - paths, steps, predicates, primary expressions, function calls, sequence types.
 * XPath 2.0 §3.1, §3.2, §2.5.3. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

static bool sym_at(const struct xtok *t, int sym)
{
    return t->type == TK_SYM && t->sym == sym;
}

int xparse_qname(struct xparse *p, const struct xtok *t, bool element, struct str *uri)
{
    struct str prefix = t->has_prefix || t->type == TK_WILD_NS ? t->prefix : STR("");

    if (t->has_uri) {
        *uri = t->prefix;
        return 0;
    }
    if (!prefix.n && !element) {
        *uri = STR("");
        return 0;
    }
    if (xenv_prefix(p->env, prefix, uri))
        return 0;
    if (!prefix.n) {
        *uri = STR("");
        return 0;
    }
    (void)xparse_fail(p, "XPST0081", "prefix '%.*s' is not bound", STR_FMT(prefix));
    return -1;
}

int xparse_split_qname(
    struct xparse *p, struct str text, bool element, struct str *uri, struct str *local)
{
    struct xtok *t;

    if (xlex(&t, p->env->a, text, p->e) < 0)
        return -1;
    if (t->type != TK_NAME || t[1].type != TK_END)
        return xp_static_error(p->e, "XPST0003", text, 0, "not a name");
    p->expr = text;
    p->t = t;
    *local = t->text;
    return xparse_qname(p, t, element, uri);
}

/* ---- node tests ---- */
bool xparse_at_kind(const struct xparse *p)
{
    static const char *const kinds[] = {"node", "text", "comment", "processing-instruction",
        "element", "attribute", "document-node", "schema-element", "schema-attribute"};

    if (p->t->type != TK_NAME || p->t->has_prefix || !sym_at(p->t + 1, '('))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_eqz(p->t->text, kinds[i]))
            return true;
    return false;
}

static int set_name(struct xparse *p, struct xtest *out, struct str uri, struct str local)
{
    out->how = NT_NAME;
    out->name = xenv_name(p->env, uri, local);
    return out->name ? 0 : err_nomem(p->e);
}

static int name_test(struct xtest *out, struct xparse *p, bool element)
{
    const struct xtok *t = p->t;
    struct str uri;

    if (sym_at(t, '*')) {
        out->how = NT_ANY;
    } else if (t->type == TK_WILD_LOCAL) {
        out->how = NT_LOCAL;
        out->local = t->text;
    } else if (t->type == TK_WILD_NS) {
        if (xparse_qname(p, t, element, &uri) < 0)
            return -1;
        out->how = NT_URI;
        if ((out->name = xenv_uri(p->env, uri)) == UINT32_MAX)
            return err_nomem(p->e);
    } else if (t->type == TK_NAME) {
        if (xparse_qname(p, t, element, &uri) < 0 || set_name(p, out, uri, t->text) < 0)
            return -1;
    } else {
        (void)xparse_fail(p, "XPST0003", "expected a step");
        return -1;
    }
    p->t++;
    return 0;
}

/* element(name?, type?) and attribute(...): only types every node has are accepted */
static int kind_args(struct xtest *out, struct xparse *p, bool element)
{
    if (sym_at(p->t, ')'))
        return 0;
    if (name_test(out, p, element) < 0)
        return -1;
    if (xparse_sym(p, ',')) {
        struct str uri;
        if (p->t->type != TK_NAME || xparse_qname(p, p->t, true, &uri) < 0)
            return xparse_fail(p, "XPST0003", "expected a type name") ? 0 : -1;
        if (!str_eqz(uri, XP_XS) ||
            !(str_eqz(p->t->text, "untyped") || str_eqz(p->t->text, "anyType") ||
                str_eqz(p->t->text, "untypedAtomic") || str_eqz(p->t->text, "anyAtomicType")))
            return xparse_fail(p, "XPST0008", "no schema is imported") ? 0 : -1;
        p->t++;
        (void)xparse_sym(p, '?');
    }
    return 0;
}

int xparse_kind(struct xtest *out, struct xparse *p)
{
    struct str k = p->t->text;

    *out = (struct xtest){.how = NT_ANY};
    p->t += 2;
    if (str_eqz(k, "node")) {
        out->kinds = 0x3F;
    } else if (str_eqz(k, "text")) {
        out->kinds = 1 << TREE_TEXT;
    } else if (str_eqz(k, "comment")) {
        out->kinds = 1 << TREE_COMMENT;
    } else if (str_eqz(k, "processing-instruction")) {
        out->kinds = 1 << TREE_PI;
        if (p->t->type == TK_NAME || p->t->type == TK_STRING) {
            out->how = NT_LOCAL;
            out->local = p->t++->text;
        }
    } else if (str_eqz(k, "element") || str_eqz(k, "attribute")) {
        bool el = k.p[0] == 'e';
        out->kinds = el ? 1 << TREE_ELEMENT : 1 << TREE_ATTRIBUTE;
        if (kind_args(out, p, el) < 0)
            return -1;
    } else if (str_eqz(k, "document-node")) {
        out->kinds = 1 << TREE_DOCUMENT;
        if (xparse_at_kind(p)) {
            struct xtest inner;
            if (xparse_kind(&inner, p) < 0)
                return -1;
        }
    } else {
        return xparse_fail(p, "XPST0008", "no schema is imported") ? 0 : -1;
    }
    return xparse_need(p, ')');
}

/* ---- sequence types ---- */
static int item_type(struct stype *out, struct xparse *p, bool single)
{
    struct str uri;

    if (!single && xparse_at_kind(p)) {
        out->prim = XP_NODE;
        return xparse_kind(&out->test, p);
    }
    if (p->t->type != TK_NAME || xparse_qname(p, p->t, true, &uri) < 0)
        return xparse_fail(p, "XPST0003", "expected a type") ? 0 : -1;
    if (str_eqz(uri, XP_XS) && str_eqz(p->t->text, "anyAtomicType")) {
        if (single)
            return xparse_fail(p, "XPST0080", "cannot cast to xs:anyAtomicType") ? 0 : -1;
        out->atomic = out->any_atomic = 1;
    } else {
        enum xp_type t = XP_STRING;
        enum xderived d = XD_NONE;
        if (!str_eqz(uri, XP_XS) || !xtype_by_name(p->t->text, &t, &d))
            return xparse_fail(p, single ? "XQST0052" : "XPST0051", "unknown type %.*s",
                       STR_FMT(p->t->text))
                       ? 0
                       : -1;
        out->atomic = 1;
        out->prim = (uint8_t)t;
        out->derived = (uint8_t)d;
    }
    p->t++;
    return 0;
}

int xparse_seqtype(struct stype *out, struct xparse *p, bool single)
{
    *out = (struct stype){.occ = CARD_1};
    if (p->t->type != TK_END && sym_at(p->t + 1, '(') && !p->t->has_prefix) {
        if (xparse_word(p, "empty-sequence") && !single) {
            out->empty = 1;
            out->occ = CARD_0;
            p->t += 2;
            return xparse_need(p, ')');
        }
        if (xparse_word(p, "item") && !single) {
            out->any = 1;
            p->t += 2;
            if (xparse_need(p, ')') < 0)
                return -1;
            goto occurrence;
        }
    }
    if (item_type(out, p, single) < 0)
        return -1;
occurrence:
    if (xparse_sym(p, '?'))
        out->occ = CARD_OPT;
    else if (!single && xparse_sym(p, '*'))
        out->occ = CARD_ANY;
    else if (!single && xparse_sym(p, '+'))
        out->occ = CARD_MANY1;
    return 0;
}

/* ---- steps ---- */
static const struct {
    const char *name;
    uint8_t axis;
} axes[] = {{"child", AX_CHILD}, {"descendant", AX_DESCENDANT}, {"attribute", AX_ATTRIBUTE},
    {"self", AX_SELF}, {"descendant-or-self", AX_DESCENDANT_OR_SELF},
    {"following-sibling", AX_FOLLOWING_SIBLING}, {"following", AX_FOLLOWING}, {"parent", AX_PARENT},
    {"ancestor", AX_ANCESTOR}, {"preceding-sibling", AX_PRECEDING_SIBLING},
    {"preceding", AX_PRECEDING}, {"ancestor-or-self", AX_ANCESTOR_OR_SELF},
    {"namespace", AX_NAMESPACE}};

static int axis_at(const struct xparse *p)
{
    if (p->t->type != TK_NAME || p->t->has_prefix || !sym_at(p->t + 1, SYM2(':', ':')))
        return -1;
    for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++)
        if (str_eqz(p->t->text, axes[i].name))
            return axes[i].axis;
    return -1;
}

/* Predicates become kids 1… (filter) or all kids (step). */
static struct xn *predicates(struct xparse *p, struct xn *base, bool step)
{
    struct xn *v[64];
    uint32_t n = 0, at = step ? 0 : 1;
    struct xn *out = base;

    while (base && sym_at(p->t, '[')) {
        p->t++;
        if (n == 64)
            return xparse_fail(p, "xpath.limit.expression", "too many predicates");
        if (!(v[n++] = xparse_comma(p)) || xparse_need(p, ']') < 0)
            return NULL;
    }
    if (!n || !base)
        return base;
    if (!step) {
        if (!(out = xparse_node(p, OP_FILTER, n + 1)))
            return NULL;
        out->k[0] = base;
        out->pos = base->pos;
    } else if (!(out->k = arena_alloc(p->env->a, n * sizeof(*out->k)))) {
        (void)err_nomem(p->e);
        return NULL;
    }
    out->nk = n + at;
    memcpy(out->k + at, v, n * sizeof(*v));
    return out;
}

static struct xn *axis_step(struct xparse *p)
{
    struct xn *n = xparse_node(p, OP_STEP, 0);
    bool named = false;
    int axis;

    if (!n)
        return NULL;
    n->sub = AX_CHILD;
    if (xparse_sym(p, SYM2('.', '.'))) {
        n->sub = AX_PARENT;
        n->test = (struct xtest){.kinds = 0x3F};
        return predicates(p, n, true);
    }
    if (xparse_sym(p, '@')) {
        n->sub = AX_ATTRIBUTE;
    } else if ((axis = axis_at(p)) >= 0) {
        if (axis == AX_NAMESPACE)
            return xparse_fail(p, "XPST0010", "the namespace axis is not supported");
        n->sub = (uint8_t)axis;
        named = true;
        p->t += 2;
    } else if (sym_at(p->t + (p->t->type != TK_END), SYM2(':', ':'))) {
        return xparse_fail(p, "XPST0003", "unknown axis");
    }
    if (xparse_at_kind(p)) {
        if (xparse_kind(&n->test, p) < 0)
            return NULL;
        /* attribute(x) and attribute() alone stand on the attribute axis */
        if (n->test.kinds == 1 << TREE_ATTRIBUTE && !named)
            n->sub = AX_ATTRIBUTE;
    } else {
        if (name_test(&n->test, p, n->sub != AX_ATTRIBUTE) < 0)
            return NULL;
        n->test.kinds = n->sub == AX_ATTRIBUTE ? 1 << TREE_ATTRIBUTE : 1 << TREE_ELEMENT;
    }
    return predicates(p, n, true);
}

struct xn *xparse_var(struct xparse *p)
{
    struct str uri, local;
    struct xn *n;

    if (p->t->type != TK_NAME)
        return xparse_fail(p, "XPST0003", "expected a variable name");
    if (xparse_qname(p, p->t, false, &uri) < 0 || !(n = xparse_node(p, OP_LOCAL, 0)))
        return NULL;
    local = p->t->text;
    for (const struct xlocal *v = p->locals; v; v = v->prev)
        if (str_eq(v->local, local) && str_eq(v->uri, uri)) {
            n->slot = v->slot;
            p->t++;
            return n;
        }
    for (const struct xlet *v = p->scope ? p->scope->last : NULL; v; v = v->prev)
        if (str_eq(v->local, local) && str_eq(v->uri, uri)) {
            n->op = OP_LET;
            n->slot = v->slot;
            p->t++;
            return n;
        }
    for (const struct xglobal *v = p->env->globals; v; v = v->next)
        if (str_eq(v->name.local, local) && str_eq(v->name.uri, uri)) {
            n->op = OP_GLOBAL;
            n->slot = v->slot;
            p->t++;
            return n;
        }
    return xparse_fail(p, "XPST0008", "variable $%.*s is not declared", STR_FMT(local));
}

static struct xn *literal(struct xparse *p)
{
    struct xn *n = xparse_node(p, OP_CONST, 0);
    struct xp_item *it = arena_alloc(p->env->a, sizeof(*it));
    enum xerr r = XERR_NONE;

    if (!n || !it) {
        (void)err_nomem(p->e);
        return NULL;
    }
    if (p->t->type == TK_STRING) {
        *it = xstring(p->t->text);
    } else if (p->t->type == TK_INTEGER) {
        it->type = XP_INTEGER;
        r = dec_parse_int(p->env->a, p->t->text, &it->dec);
    } else if (p->t->type == TK_DECIMAL) {
        it->type = XP_DECIMAL;
        r = dec_parse(p->env->a, p->t->text, &it->dec);
    } else {
        it->type = XP_DOUBLE;
        r = dbl_parse(p->t->text, &it->d);
    }
    if (r)
        return xparse_fail(p, "XPST0003", "bad number");
    n->seq = (struct xp_seq){it, 1};
    p->t++;
    return n;
}

struct xn *xparse_primary(struct xparse *p)
{
    struct xn *n;

    if (p->t->type == TK_STRING || p->t->type == TK_INTEGER || p->t->type == TK_DECIMAL ||
        p->t->type == TK_DOUBLE)
        return literal(p);
    if (xparse_sym(p, '$'))
        return xparse_var(p);
    if (xparse_sym(p, '(')) {
        if (xparse_sym(p, ')'))
            return xparse_node(p, OP_CONST, 0);
        if (!(n = xparse_comma(p)) || xparse_need(p, ')') < 0)
            return NULL;
        return n;
    }
    if (xparse_sym(p, '.'))
        return xparse_node(p, OP_DOT, 0);
    return xparse_call(p, NULL);
}

static bool at_primary(const struct xparse *p)
{
    if (p->t->type == TK_SYM)
        return p->t->sym == '$' || p->t->sym == '(' || p->t->sym == '.';
    if (p->t->type == TK_NAME)
        return sym_at(p->t + 1, '(') && !xparse_at_kind(p);
    return p->t->type == TK_STRING || p->t->type == TK_INTEGER || p->t->type == TK_DECIMAL ||
           p->t->type == TK_DOUBLE;
}

static struct xn *step(struct xparse *p)
{
    struct xn *n;

    if (!at_primary(p))
        return axis_step(p);
    n = xparse_primary(p);
    return n && sym_at(p->t, '[') ? predicates(p, n, false) : n;
}

static bool at_step(const struct xparse *p)
{
    if (p->t->type == TK_SYM)
        return p->t->sym == '@' || p->t->sym == '*' || p->t->sym == SYM2('.', '.') || at_primary(p);
    return p->t->type != TK_END;
}

static struct xn *join(struct xparse *p, struct xn *l, struct xn *r)
{
    struct xn *n = l && r ? xparse_node(p, OP_PATH, 2) : NULL;

    if (!n)
        return NULL;
    n->k[0] = l;
    n->k[1] = r;
    n->pos = r->pos;
    return n;
}

static struct xn *descend(struct xparse *p)
{
    struct xn *n = xparse_node(p, OP_STEP, 0);

    if (n) {
        n->sub = AX_DESCENDANT_OR_SELF;
        n->test = (struct xtest){.kinds = 0x3F};
    }
    return n;
}

struct xn *xparse_path(struct xparse *p)
{
    struct xn *n = NULL;
    bool deep = false;

    if (xparse_sym(p, '/')) {
        if (!(n = xparse_node(p, OP_ROOT, 0)))
            return NULL;
        if (!at_step(p))
            return n;
        n = join(p, n, step(p));
    } else if (xparse_sym(p, SYM2('/', '/'))) {
        if (!(n = join(p, xparse_node(p, OP_ROOT, 0), descend(p))))
            return NULL;
        n = join(p, n, step(p));
    } else {
        n = step(p);
    }
    while (n) {
        if (xparse_sym(p, '/'))
            deep = false;
        else if (xparse_sym(p, SYM2('/', '/')))
            deep = true;
        else
            break;
        if (deep && !(n = join(p, n, descend(p))))
            return NULL;
        n = join(p, n, step(p));
    }
    return n;
}

/* ---- calls ---- */
/* v[0…*n) are there already. */
static int arguments(struct xparse *p, struct xn **v, uint32_t max, uint32_t *n)
{
    if (xparse_sym(p, ')'))
        return 0;
    do {
        if (*n == max) {
            (void)xparse_fail(p, "xpath.limit.expression", "too many arguments");
            return -1;
        }
        if (!(v[(*n)++] = xparse_single(p)))
            return -1;
    } while (xparse_sym(p, ','));
    return xparse_need(p, ')');
}

static struct ufn *user_function(struct xp_env *env, struct str uri, struct str local, uint32_t n)
{
    for (struct ufn *u = env->ufns; u; u = u->next)
        if (u->np == n && str_eq(u->local, local) && str_eq(u->uri, uri))
            return u;
    return NULL;
}

/* xs:type(value) is a cast with an optional result */
static struct xn *constructor(struct xparse *p, struct xn *n, struct str local)
{
    enum xp_type t = XP_STRING;
    enum xderived d = XD_NONE;

    if (n->nk != 1 || !xtype_by_name(local, &t, &d))
        return xparse_fail(
            p, "XPST0017", "unknown function xs:%.*s with %u arguments", STR_FMT(local), n->nk);
    n->op = OP_CAST;
    if (!(n->st = arena_alloc(p->env->a, sizeof(*n->st)))) {
        (void)err_nomem(p->e);
        return NULL;
    }
    *n->st =
        (struct stype){.atomic = 1, .prim = (uint8_t)t, .derived = (uint8_t)d, .occ = CARD_OPT};
    return n;
}

static struct xn *typed_arguments(struct xparse *p, struct xn *n)
{
    for (uint32_t i = 0; i < n->nk; i++) {
        struct xn *k;
        if (!n->ufn->param_types[i])
            continue;
        if (!(k = xparse_node(p, OP_CONVERT, 1)))
            return NULL;
        k->k[0] = n->k[i];
        k->st = n->ufn->param_types[i];
        n->k[i] = k;
    }
    return n;
}

/* Rules see the document and nothing else: what a rule says must not change with other files. */
static bool reads_elsewhere(struct str local)
{
    static const char *const names[] = {"doc", "doc-available", "document", "collection",
        "uri-collection", "unparsed-text", "unparsed-text-lines", "unparsed-text-available",
        "json-doc", "environment-variable", "available-environment-variables"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eqz(local, names[i]))
            return true;
    return false;
}

static struct xn *resolve(struct xparse *p, struct xn *n, struct str uri, struct str local)
{
    bool known = false;

    if (uri.n && str_eqz(uri, XP_XS))
        return constructor(p, n, local);
    if (!uri.n || str_eqz(uri, XP_FN)) {
        if ((n->fn = xfn_find(local, n->nk, &known)))
            return n;
    } else if ((n->ufn = user_function(p->env, uri, local, n->nk))) {
        n->op = OP_UCALL;
        return typed_arguments(p, n);
    }
    if ((!uri.n || str_eqz(uri, XP_FN)) && reads_elsewhere(local))
        return xparse_fail(p, "XPST0017",
            "%.*s() is not there: a rule sees its document and nothing else", STR_FMT(local));
    return xparse_fail(p, "XPST0017",
        known ? "function %.*s does not take %u arguments"
              : "unknown function %.*s with %u arguments",
        STR_FMT(local), n->nk);
}

struct xn *xparse_call(struct xparse *p, struct xn *first)
{
    struct xn *v[256] = {first}, *n = xparse_node(p, OP_CALL, 0);
    const struct xtok *name = p->t;
    struct str uri;

    if (name->type != TK_NAME || !sym_at(name + 1, '('))
        return xparse_fail(p, "XPST0003", "expected an expression");
    if (!n || xparse_qname(p, name, false, &uri) < 0)
        return NULL;
    p->t += 2;
    n->nk = first != NULL;
    if (arguments(p, v, 256, &n->nk) < 0)
        return NULL;
    if (n->nk && !(n->k = arena_alloc(p->env->a, n->nk * sizeof(*n->k)))) {
        (void)err_nomem(p->e);
        return NULL;
    }
    if (n->nk)
        memcpy(n->k, v, n->nk * sizeof(*v));
    return resolve(p, n, uri, name->text);
}
