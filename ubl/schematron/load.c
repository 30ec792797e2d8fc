/* Reading a rule set: the source becomes a tree, names become tokens, and the loader of its form
 * (load_xslt.c, load_sch.c) takes over. Here are the helpers both use to look at the source; each
 * of them answers with FILE:LINE in the message when something is not as it must be. */
#include "ubl/schematron/plan_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/base/buf.h"
#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/hash.h"

#define PLAN_MAX ((size_t)256 << 20)

static const char uri_xsl[] = "http://www.w3.org/1999/XSL/Transform";
static const char uri_svrl[] = "http://purl.oclc.org/dsdl/svrl";
static const char uri_sch[] = "http://purl.oclc.org/dsdl/schematron";
static const char uri_xml[] = "http://www.w3.org/XML/1998/namespace";
static const char uri_xs[] = "http://www.w3.org/2001/XMLSchema";

static const struct {
    const char *uri, *local;
    enum tok tok;
} tokens[] = {
    {uri_xsl, "stylesheet", T_XSL_STYLESHEET},
    {uri_xsl, "transform", T_XSL_TRANSFORM},
    {uri_xsl, "param", T_XSL_PARAM},
    {uri_xsl, "variable", T_XSL_VARIABLE},
    {uri_xsl, "output", T_XSL_OUTPUT},
    {uri_xsl, "function", T_XSL_FUNCTION},
    {uri_xsl, "key", T_XSL_KEY},
    {uri_xsl, "template", T_XSL_TEMPLATE},
    {uri_xsl, "apply-templates", T_XSL_APPLY_TEMPLATES},
    {uri_xsl, "choose", T_XSL_CHOOSE},
    {uri_xsl, "when", T_XSL_WHEN},
    {uri_xsl, "otherwise", T_XSL_OTHERWISE},
    {uri_xsl, "if", T_XSL_IF},
    {uri_xsl, "for-each", T_XSL_FOR_EACH},
    {uri_xsl, "attribute", T_XSL_ATTRIBUTE},
    {uri_xsl, "text", T_XSL_TEXT},
    {uri_xsl, "value-of", T_XSL_VALUE_OF},
    {uri_xsl, "sequence", T_XSL_SEQUENCE},
    {uri_xsl, "comment", T_XSL_COMMENT},
    {uri_svrl, "schematron-output", T_SVRL_OUTPUT},
    {uri_svrl, "text", T_SVRL_TEXT},
    {uri_svrl, "ns-prefix-in-attribute-values", T_SVRL_NS},
    {uri_svrl, "active-pattern", T_SVRL_PATTERN},
    {uri_svrl, "fired-rule", T_SVRL_RULE},
    {uri_svrl, "failed-assert", T_SVRL_FAILED},
    {uri_svrl, "successful-report", T_SVRL_REPORT},
    {uri_svrl, "diagnostic-reference", T_SVRL_DIAG},
    {uri_sch, "schema", T_SCHEMA},
    {uri_sch, "title", T_TITLE},
    {uri_sch, "ns", T_NS},
    {uri_sch, "p", T_P},
    {uri_sch, "let", T_LET},
    {uri_sch, "phase", T_PHASE},
    {uri_sch, "active", T_ACTIVE},
    {uri_sch, "pattern", T_PATTERN},
    {uri_sch, "rule", T_RULE},
    {uri_sch, "assert", T_ASSERT},
    {uri_sch, "report", T_REPORT},
    {uri_sch, "value-of", T_VALUE_OF},
    {uri_sch, "name", T_NAME},
    {uri_sch, "emph", T_EMPH},
    {uri_sch, "dir", T_DIR},
    {uri_sch, "span", T_SPAN},
    {uri_sch, "diagnostics", T_DIAGNOSTICS},
    {uri_sch, "diagnostic", T_DIAGNOSTIC},
    {uri_sch, "include", T_INCLUDE},
    {uri_sch, "extends", T_EXTENDS},
    {uri_sch, "param", T_PARAM},
    {"", "abstract", A_ABSTRACT},
    {"", "as", A_AS},
    {"", "class", A_CLASS},
    {"", "context", A_CONTEXT},
    {"", "defaultPhase", A_DEFAULT_PHASE},
    {"", "diagnostic", A_DIAGNOSTIC},
    {"", "diagnostics", A_DIAGNOSTICS},
    {"", "flag", A_FLAG},
    {"", "fpi", A_FPI},
    {"", "href", A_HREF},
    {"", "icon", A_ICON},
    {"", "id", A_ID},
    {"", "is-a", A_IS_A},
    {"", "match", A_MATCH},
    {"", "mode", A_MODE},
    {"", "name", A_NAME},
    {"", "path", A_PATH},
    {"", "pattern", A_PATTERN},
    {"", "prefix", A_PREFIX},
    {"", "priority", A_PRIORITY},
    {"", "queryBinding", A_QUERY_BINDING},
    {"", "role", A_ROLE},
    {"", "rule", A_RULE},
    {"", "schemaVersion", A_SCHEMA_VERSION},
    {"", "see", A_SEE},
    {"", "select", A_SELECT},
    {"", "separator", A_SEPARATOR},
    {"", "test", A_TEST},
    {"", "title", A_TITLE},
    {"", "uri", A_URI},
    {"", "use", A_USE},
    {"", "value", A_VALUE},
    {"", "version", A_VERSION},
};

int sch_at(struct sch_load *l, struct at x)
{
    const unsigned line = x.f->tree->nodes[x.n].line;

    if (!l->e->where[0])
        (void)err_where(l->e, "%s:%u", x.f->path, line);
    return err_wrap(l->e, "%s:%u: ", x.f->path, line);
}

int sch_refuse(struct sch_load *l, struct at x, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)err_set(l->e, ERR_INPUT, "rules.construct", "ISO 19757-3", "%s", text);
    return sch_at(l, x);
}

enum tok sch_tok(struct at x)
{
    return (enum tok)x.f->tok[x.f->tree->nodes[x.n].name];
}

static struct at element_from(struct at x)
{
    while (x.n != TREE_NONE && tree_kind_of(x.f->tree, x.n) != TREE_ELEMENT)
        x.n = tree_next_sibling(x.f->tree, x.n);
    return x;
}

struct at sch_child(struct at x)
{
    return element_from((struct at){x.f, tree_first_child(x.f->tree, x.n)});
}

struct at sch_next(struct at x)
{
    return element_from((struct at){x.f, tree_next_sibling(x.f->tree, x.n)});
}

bool sch_attr(struct at x, enum tok name, struct str *out)
{
    const struct tree *t = x.f->tree;

    for (uint32_t i = x.n + 1; i <= x.n + t->nodes[x.n].nattr; i++) {
        if (x.f->tok[t->nodes[i].name] != name)
            continue;
        *out = tree_string(t, i);
        return true;
    }
    return false;
}

struct str sch_attr_or(struct at x, enum tok name, struct str other)
{
    struct str v;

    return sch_attr(x, name, &v) ? v : other;
}

static const char *tok_name(enum tok t)
{
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        if (tokens[i].tok == t)
            return tokens[i].local;
    return "?";
}

int sch_attr_need(struct sch_load *l, struct at x, enum tok name, struct str *out)
{
    if (sch_attr(x, name, out))
        return 0;
    return sch_refuse(l, x, "%.*s has no %s", STR_FMT(tree_local(x.f->tree, x.n)), tok_name(name));
}

int sch_no_text(struct sch_load *l, struct at x)
{
    const struct tree *t = x.f->tree;

    for (uint32_t c = tree_first_child(t, x.n); c != TREE_NONE; c = tree_next_sibling(t, c))
        if (tree_kind_of(t, c) == TREE_TEXT && !sch_is_space(tree_string(t, c)))
            return sch_refuse(l, x, "text directly inside %.*s", STR_FMT(tree_local(t, x.n)));
    return 0;
}

int sch_attrs(struct sch_load *l, struct at x, const enum tok *names)
{
    const struct tree *t = x.f->tree;

    for (uint32_t i = x.n + 1; i <= x.n + t->nodes[x.n].nattr; i++) {
        const enum tok *k = names;
        while (*k != T_NONE && x.f->tok[t->nodes[i].name] != *k)
            k++;
        if (*k == T_NONE && !str_eqz(tree_uri(t, i), uri_xml))
            return sch_refuse(l, x, "attribute %.*s of %.*s is not known here",
                STR_FMT(tree_local(t, i)), STR_FMT(tree_local(t, x.n)));
    }
    return 0;
}

int sch_no_children(struct sch_load *l, struct at x)
{
    struct at c = sch_child(x);

    if (c.n != TREE_NONE)
        return sch_refuse(l, c, "%.*s inside %.*s", STR_FMT(tree_local(c.f->tree, c.n)),
            STR_FMT(tree_local(x.f->tree, x.n)));
    return sch_no_text(l, x);
}

struct str sch_text_of(struct at x)
{
    return tree_string(x.f->tree, x.n);
}

bool sch_is_space(struct str s)
{
    return str_trim(s).n == 0;
}

bool sch_is_gap(struct at text, uint32_t *run, bool *gap)
{
    const struct tree *t = text.f->tree;

    if (text.n < *run) /* the answer for its whole run is known */
        return *gap;
    *gap = true;
    for (uint32_t c = text.n; c != TREE_NONE && tree_kind_of(t, c) != TREE_ELEMENT;
         c = tree_next_sibling(t, c)) {
        if (tree_kind_of(t, c) == TREE_TEXT)
            *gap = *gap && sch_is_space(tree_string(t, c));
        *run = c + 1;
    }
    return *gap;
}

struct str sch_keep(struct sch_load *l, struct str s)
{
    char *p = s.n ? arena_dup(l->a, s) : NULL;

    return (struct str){p ? p : "", p ? s.n : 0};
}

struct str sch_keep_collapsed(struct sch_load *l, struct str s)
{
    return sch_collapse(s, l->a);
}

int sch_ns_add(struct sch_load *l, struct str prefix, struct str uri)
{
    struct sch *s = l->s;

    if (s->n_ns == s->cap_ns) {
        size_t cap = s->cap_ns ? s->cap_ns * 2 : 16;
        struct sch_ns *v = arena_alloc(l->a, cap * sizeof(*v));
        if (!v)
            return err_nomem(l->e);
        if (s->n_ns)
            memcpy(v, s->ns, s->n_ns * sizeof(*v));
        s->ns = v;
        s->cap_ns = cap;
    }
    s->ns[s->n_ns++] = (struct sch_ns){sch_keep(l, prefix), sch_keep(l, uri)};
    return 0;
}

static void file_free(void *p)
{
    tree_free(((struct sch_file *)p)->tree);
}

static int file_tokens(struct sch_load *l, struct sch_file *f)
{
    if (!(f->tok = arena_alloc(l->tmp, f->tree->n_names)))
        return err_nomem(l->e);
    _Static_assert(T_COUNT <= UINT8_MAX, "tokens fit a byte");
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        uint32_t n = tree_name_find(f->tree, str_z(tokens[i].uri), str_z(tokens[i].local));
        if (n)
            f->tok[n] = (uint8_t)tokens[i].tok;
    }
    return 0;
}

static bool declared(const struct sch *s, struct str prefix)
{
    for (size_t i = 0; i < s->n_ns; i++)
        if (str_eq(s->ns[i].prefix, prefix))
            return true;
    return false;
}

/* The stylesheet's prefixes are the static context of its expressions. One prefix, one namespace:
 * rebinding inside the file would need a context per element, and no rule set does it. */
static int file_namespaces(struct sch_load *l, struct sch_file *f)
{
    const struct tree *t = f->tree;
    uint32_t *bound = arena_alloc(l->tmp, t->n_prefixes * sizeof(*bound));

    if (!bound)
        return err_nomem(l->e);
    for (uint32_t i = 0; i < t->n_nsdecls; i++) {
        const struct tree_nsdecl *d = &t->nsdecls[i];
        if (d->prefix == 0 || bound[d->prefix] == d->uri_id + 1 ||
            declared(l->s, t->prefixes[d->prefix]))
            continue;
        if (bound[d->prefix])
            return sch_refuse(l, (struct at){f, d->node}, "prefix %.*s is bound to two namespaces",
                STR_FMT(t->prefixes[d->prefix]));
        bound[d->prefix] = d->uri_id + 1;
        if (xp_env_ns(l->s->env, t->prefixes[d->prefix], t->uris[d->uri_id], l->e))
            return sch_at(l, (struct at){f, d->node});
    }
    return 0;
}

struct sch_file *sch_file_add(struct sch_load *l, struct str bytes, const char *path)
{
    struct sch_file *f;
    struct tree_limits lim = tree_limits_default;

    if (l->n_files == SCH_FILES_MAX) {
        (void)err_set(
            l->e, ERR_INPUT, "rules.limit", "", "%s: more than %d files", path, SCH_FILES_MAX);
        return NULL;
    }
    if (!(f = arena_alloc(l->tmp, sizeof(*f))) || !(f->path = arena_dup(l->a, str_z(path)))) {
        (void)err_nomem(l->e);
        return NULL;
    }
    lim.bytes = SCH_SOURCE_MAX;
    if (tree_parse(&f->tree, bytes, path, &lim, NULL, l->e)) {
        (void)err_wrap(l->e, "%s: ", path);
        return NULL;
    }
    if (arena_defer(l->tmp, file_free, f)) {
        (void)err_nomem(l->e);
        return NULL;
    }
    if (file_tokens(l, f) || file_namespaces(l, f))
        return NULL;
    return l->files[l->n_files++] = f;
}

/* The prefixes that every stylesheet of the skeleton declares. */
static int skeleton_namespaces(struct sch_load *l)
{
    static const char *const all[][2] = {{"xs", uri_xs}, {"xsd", uri_xs}, {"xsl", uri_xsl},
        {"iso", uri_sch}, {"schold", "http://www.ascc.net/xml/schematron"},
        {"xhtml", "http://www.w3.org/1999/xhtml"}, {"saxon", "http://saxon.sf.net/"}};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (xp_env_ns(l->s->env, str_z(all[i][0]), str_z(all[i][1]), l->e))
            return -1;
    return 0;
}

static int load_form(struct sch_load *l, struct str bytes, const char *path)
{
    struct at root;

    if (skeleton_namespaces(l))
        return -1;
    if (!(root.f = sch_file_add(l, bytes, path)))
        return -1;
    root.n = tree_root_element(root.f->tree);
    switch (sch_tok(root)) {
    case T_XSL_STYLESHEET:
    case T_XSL_TRANSFORM:
        l->s->info.compiled = true;
        return sch_load_xslt(l, root);
    case T_SCHEMA:
        return sch_load_sch(l, root);
    default:
        return sch_refuse(l, root, "neither a stylesheet nor a Schematron schema: {%.*s}%.*s",
            STR_FMT(tree_uri(root.f->tree, root.n)), STR_FMT(tree_local(root.f->tree, root.n)));
    }
}

/* Not memory was short: the rule set is too large. */
static bool full(const struct sch_load *l)
{
    return (l->tmp && arena_full(l->tmp)) || (l->a && arena_full(l->a)) ||
           (l->s && l->s->env && xp_env_full(l->s->env));
}

int sch_load_bytes(struct sch **out, struct str bytes, const char *path, const char *name,
    const struct sch_options *opt, struct err *e)
{
    struct sch_load l = {.opt = opt, .e = e};
    int rc = -1;

    *out = NULL;
    if (!(l.s = calloc(1, sizeof(*l.s))) || !(l.s->arena = arena_new(PLAN_MAX)) ||
        !(l.s->env = xp_env_new()) || !(l.tmp = arena_new(PLAN_MAX))) {
        (void)err_nomem(e);
        goto done;
    }
    l.a = l.s->arena;
    if (!(l.s->info.name = arena_dup(l.a, str_z(name))) ||
        !(l.s->info.path = arena_dup(l.a, str_z(path)))) {
        (void)err_nomem(e);
        goto done;
    }
    l.s->info.title = l.s->info.sha256 = "";
    if (load_form(&l, bytes, path) || sch_plan_finish(&l))
        goto done;
    *out = l.s;
    l.s = NULL;
    rc = 0;
done:
    if (rc && e && strcmp(e->code, "memory.exhausted") == 0 && full(&l))
        (void)err_set(e, ERR_INPUT, "rules.limit", "", "%s: needs more than %zu MiB when loaded",
            path, PLAN_MAX >> 20);
    arena_free(l.tmp);
    sch_free(l.s);
    return rc;
}

static int note_hash(struct sch *s, struct str bytes, struct err *e)
{
    uint8_t sum[HASH_LEN];
    char *hex = arena_alloc(s->arena, HASH_HEX);

    if (!hex)
        return err_nomem(e);
    if (hash_of(sum, bytes.p, bytes.n, e))
        return -1;
    enc_hex(hex, sum, HASH_LEN);
    s->info.sha256 = hex;
    return 0;
}

int sch_load(struct sch **out, const char *path, const char *name, const struct sch_options *opt,
    struct err *e)
{
    struct buf b;
    int rc;

    *out = NULL;
    buf_init(&b, SCH_SOURCE_MAX);
    rc = fsx_read_file(&b, path, e);
    if (!rc)
        rc = sch_load_bytes(out, buf_view(&b), path, name, opt, e);
    if (!rc && (rc = note_hash(*out, buf_view(&b), e))) {
        sch_free(*out);
        *out = NULL;
    }
    buf_free(&b);
    return rc;
}

void sch_free(struct sch *s)
{
    if (!s)
        return;
    xp_env_free(s->env);
    arena_free(s->arena);
    free(s);
}

struct sch_info sch_info(const struct sch *s)
{
    return s->info;
}

const struct sch_ns *sch_namespaces(const struct sch *s, size_t *n)
{
    *n = s->n_ns;
    return s->ns;
}
