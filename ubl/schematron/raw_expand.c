/* What the ISO pipeline does before it compiles a schema: include, abstract patterns, abstract
 * rules. Nothing is rewritten here: includes are followed while reading, parameters are put in as
 * each attribute is read. */
#include "ubl/schematron/raw_priv.h"

#include "ap/base/buf.h"
#include "ap/base/fsx.h"

#define EXPANDED_MAX ((size_t)1 << 20) /* one attribute after all replacements */
#define CHILDREN_MAX 131072u

struct growing {
    struct raw *r;
    struct raw_list *out;
    size_t cap;
};

static int push(struct growing *g, struct at x)
{
    struct raw_list *o = g->out;

    if (o->n == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 16;
        struct at *v;
        if (cap > CHILDREN_MAX)
            return err_set(g->r->l->e, ERR_INPUT, "rules.limit", "",
                "%s: more than %u elements in one", x.f->path, CHILDREN_MAX);
        if (!(v = arena_alloc(g->r->l->tmp, cap * sizeof(*v))))
            return err_nomem(g->r->l->e);
        if (o->n)
            memcpy(v, o->v, o->n * sizeof(*v));
        o->v = v;
        g->cap = cap;
    }
    o->v[o->n++] = x;
    return 0;
}

/* href relative to the including file; absolute paths stay. */
static char *resolve(struct sch_load *l, const char *base, struct str href)
{
    const char *slash = strrchr(base, '/');

    if (href.n && href.p[0] == '/')
        return arena_dup(l->tmp, href);
    return arena_printf(
        l->tmp, "%.*s%.*s", slash ? (int)(slash - base + 1) : 0, base, STR_FMT(href));
}

static struct sch_file *file_of(struct sch_load *l, struct at x, struct str href)
{
    char *path = resolve(l, x.f->path, href);
    struct sch_file *f = NULL;
    struct buf b;

    if (!path) {
        (void)err_nomem(l->e);
        return NULL;
    }
    for (size_t i = 0; i < l->n_files; i++)
        if (strcmp(l->files[i]->path, path) == 0)
            return l->files[i];
    buf_init(&b, SCH_SOURCE_MAX);
    if (fsx_read_file(&b, path, l->e) == 0)
        f = sch_file_add(l, buf_view(&b), path);
    buf_free(&b);
    if (!f)
        (void)sch_at(l, x);
    return f;
}

static struct at by_id(struct sch_file *f, struct str id)
{
    for (uint32_t i = 0; i < f->tree->n; i++) {
        struct at x = {f, i};
        if (tree_kind_of(f->tree, i) == TREE_ELEMENT && str_eq(sch_attr_or(x, A_ID, STR("")), id))
            return x;
    }
    return (struct at){f, TREE_NONE};
}

static int included(struct raw *r, struct at x, struct at *out)
{
    struct sch_load *l = r->l;
    struct str href, file, id = STR("");
    size_t hash;

    if (SCH_ONLY(l, x, A_HREF) || sch_attr_need(l, x, A_HREF, &href))
        return -1;
    hash = str_find(href, STR("#"));
    file = str_sub(href, 0, hash);
    if (hash < href.n)
        id = str_sub(href, hash + 1, href.n);
    if (str_find(file, STR("://")) < file.n)
        return sch_refuse(l, x, "only files are included, not %.*s", STR_FMT(href));
    out->f = file.n ? file_of(l, x, file) : x.f;
    if (!out->f)
        return -1;
    *out = id.n ? by_id(out->f, id) : (struct at){out->f, tree_root_element(out->f->tree)};
    if (out->n == TREE_NONE)
        return sch_refuse(l, x, "nothing has the id %.*s", STR_FMT(id));
    if (sch_tok(*out) == T_SCHEMA)
        return sch_refuse(l, x, "a whole schema cannot be included");
    return 0;
}

static int collect(struct growing *g, struct at x, unsigned depth)
{
    if (depth > SCH_NEST_MAX)
        return sch_refuse(g->r->l, x, "includes nested too deeply");
    for (struct at c = sch_child(x); c.n != TREE_NONE; c = sch_next(c)) {
        struct at in = c;
        for (unsigned hops = 0; sch_tok(in) == T_INCLUDE; hops++)
            if (hops > SCH_NEST_MAX || included(g->r, in, &in))
                return hops > SCH_NEST_MAX ? sch_refuse(g->r->l, c, "includes go in a circle") : -1;
        if (push(g, in))
            return -1;
    }
    return 0;
}

int raw_children(struct raw *r, struct at x, struct raw_list *out)
{
    struct growing g = {r, out, 0};

    *out = (struct raw_list){NULL, 0};
    return collect(&g, x, 0);
}

static void replace(struct buf *b, struct str s, struct str name, struct str value)
{
    for (;;) {
        size_t i = str_find(s, name);
        buf_add(b, s.p, i);
        if (i == s.n)
            return;
        buf_str(b, value);
        s = str_sub(s, i + name.n, s.n);
    }
}

struct str raw_expand(struct raw *r, struct str s, const struct raw_param *params)
{
    struct buf b;
    char *p;

    buf_init(&b, EXPANDED_MAX);
    for (; params; params = params->next) {
        if (str_find(s, params->name) == s.n)
            continue;
        buf_clear(&b);
        replace(&b, s, params->name, params->value);
        p = buf_ok(&b) ? arena_dup(r->l->tmp, buf_view(&b)) : NULL;
        s = (struct str){p, p ? b.n : 0};
        if (!p)
            break;
    }
    if (!s.p && b.full)
        (void)err_set(r->l->e, ERR_INPUT, "rules.limit", "",
            "%s: more than %zu bytes after the parameters are put in", r->l->files[0]->path,
            EXPANDED_MAX);
    else if (!s.p)
        (void)err_nomem(r->l->e);
    buf_free(&b);
    return s;
}

int raw_params(struct raw *r, struct at pattern, const struct raw_param **out)
{
    struct raw_param **end = (struct raw_param **)(void *)out;
    struct sch_load *l = r->l;

    *out = NULL;
    for (struct at c = sch_child(pattern); c.n != TREE_NONE; c = sch_next(c)) {
        struct raw_param *p;
        struct str name, value;
        if (sch_tok(c) == T_TITLE || sch_tok(c) == T_P)
            continue;
        if (sch_tok(c) != T_PARAM)
            return sch_refuse(l, c, "%.*s in an is-a pattern", STR_FMT(tree_local(c.f->tree, c.n)));
        if (SCH_ONLY(l, c, A_NAME, A_VALUE) || sch_attr_need(l, c, A_NAME, &name) ||
            sch_attr_need(l, c, A_VALUE, &value))
            return -1;
        if (!(p = arena_alloc(l->tmp, sizeof(*p))) ||
            !(p->name.p = arena_printf(l->tmp, "$%.*s", STR_FMT(name))))
            return err_nomem(l->e);
        p->name.n = name.n + 1;
        p->value = value;
        *end = p;
        end = (struct raw_param **)(void *)&p->next;
    }
    return 0;
}

struct at raw_abstract_pattern(struct raw *r, struct str id)
{
    for (size_t i = 0; i < r->top.n; i++) {
        struct at x = r->top.v[i];
        if (sch_tok(x) == T_PATTERN && str_eqz(sch_attr_or(x, A_ABSTRACT, STR("")), "true") &&
            str_eq(sch_attr_or(x, A_ID, STR("")), id))
            return x;
    }
    return (struct at){r->l->files[0], TREE_NONE};
}

static int rule_in(struct raw *r, struct at pattern, struct str id, struct at *out)
{
    struct raw_list in;

    if (raw_children(r, pattern, &in))
        return -1;
    for (size_t i = 0; i < in.n; i++)
        if (sch_tok(in.v[i]) == T_RULE && str_eq(sch_attr_or(in.v[i], A_ID, STR("")), id) &&
            str_eqz(sch_attr_or(in.v[i], A_ABSTRACT, STR("")), "true"))
            *out = in.v[i];
    return 0;
}

/* Of the same pattern first, then of any (as the skeleton allows). */
int raw_abstract_rule(struct raw *r, struct at pattern, struct str id, struct at *out)
{
    out->n = TREE_NONE;
    if (rule_in(r, pattern, id, out))
        return -1;
    for (size_t i = 0; i < r->top.n && out->n == TREE_NONE; i++)
        if (sch_tok(r->top.v[i]) == T_PATTERN && rule_in(r, r->top.v[i], id, out))
            return -1;
    return 0;
}

int raw_diagnostic(struct raw *r, struct str id, struct at *out)
{
    struct raw_list in;

    out->n = TREE_NONE;
    for (size_t i = 0; i < r->top.n; i++) {
        if (sch_tok(r->top.v[i]) != T_DIAGNOSTICS)
            continue;
        if (raw_children(r, r->top.v[i], &in))
            return -1;
        for (size_t k = 0; k < in.n && out->n == TREE_NONE; k++)
            if (sch_tok(in.v[k]) == T_DIAGNOSTIC && str_eq(sch_attr_or(in.v[k], A_ID, STR("")), id))
                *out = in.v[k];
    }
    return 0;
}
