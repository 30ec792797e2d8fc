/* env.c - the static context of a rule set: names, namespaces, declarations, and their compilation
 * once all are known, so that bodies may refer to each other in any order. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#include <stdlib.h>

struct xp_env *xp_env_new(void)
{
    struct arena *a = arena_new(XP_ENV_BYTES);
    struct xp_env *env = a ? arena_alloc(a, sizeof(*env)) : NULL;

    if (!env) {
        arena_free(a);
        return NULL;
    }
    env->a = a;
    env->n_names = 1; /* 0 = no name */
    if (!(env->names = arena_alloc(a, 256 * sizeof(*env->names))) ||
        !(env->uris = arena_alloc(a, 16 * sizeof(*env->uris)))) {
        arena_free(a);
        return NULL;
    }
    env->cap_names = 256;
    env->cap_uris = 16;
    env->uris[env->n_uris++] = STR("");
    return env;
}

bool xp_env_full(const struct xp_env *env)
{
    return arena_full(env->a);
}

void xp_env_free(struct xp_env *env)
{
    if (env)
        arena_free(env->a);
}

struct str xenv_dup(struct xp_env *env, struct str s)
{
    return (struct str){arena_strndup(env->a, s.p, s.n), s.n};
}

/* ---- names ---- */
uint32_t xenv_uri(struct xp_env *env, struct str uri)
{
    struct str *v;

    for (uint32_t i = 0; i < env->n_uris; i++)
        if (str_eq(env->uris[i], uri))
            return i;
    if (env->n_uris == env->cap_uris) {
        if (!(v = arena_alloc(env->a, env->cap_uris * 2 * sizeof(*v))))
            return UINT32_MAX;
        memcpy(v, env->uris, env->n_uris * sizeof(*v));
        env->uris = v;
        env->cap_uris *= 2;
    }
    env->uris[env->n_uris] = xenv_dup(env, uri);
    return env->uris[env->n_uris].p ? env->n_uris++ : UINT32_MAX;
}

static bool rehash(struct xp_env *env)
{
    struct xhash h = {.cap = env->name_hash.cap ? env->name_hash.cap * 2 : 512};

    if (!(h.v = arena_alloc(env->a, h.cap * sizeof(*h.v))))
        return false;
    for (uint32_t i = 1; i < env->n_names; i++) {
        uint32_t at = env->names[i].hash & (h.cap - 1);
        while (h.v[at])
            at = (at + 1) & (h.cap - 1);
        h.v[at] = i + 1;
    }
    env->name_hash = h;
    return true;
}

uint32_t xenv_name_find(const struct xp_env *env, struct str uri, struct str local, uint32_t hash)
{
    const struct xhash *h = &env->name_hash;

    if (!h->cap)
        return 0;
    for (uint32_t at = hash & (h->cap - 1); h->v[at]; at = (at + 1) & (h->cap - 1)) {
        const struct xname *n = &env->names[h->v[at] - 1];
        if (n->hash == hash && str_eq(n->local, local) && str_eq(n->uri, uri))
            return h->v[at] - 1;
    }
    return 0;
}

uint32_t xenv_name(struct xp_env *env, struct str uri, struct str local)
{
    uint32_t hash = tree_name_hash(uri, local), at, uri_id = xenv_uri(env, uri);
    uint32_t found = xenv_name_find(env, uri, local, hash);
    struct xname *v;

    if (found)
        return found;
    if (uri_id == UINT32_MAX || (env->n_names * 2 >= env->name_hash.cap && !rehash(env)))
        return 0;
    if (env->n_names == env->cap_names) {
        if (!(v = arena_alloc(env->a, env->cap_names * 2 * sizeof(*v))))
            return 0;
        memcpy(v, env->names, env->n_names * sizeof(*v));
        env->names = v;
        env->cap_names *= 2;
    }
    v = &env->names[env->n_names];
    *v = (struct xname){env->uris[uri_id], xenv_dup(env, local), hash, uri_id};
    if (!v->local.p)
        return 0;
    at = hash & (env->name_hash.cap - 1);
    while (env->name_hash.v[at])
        at = (at + 1) & (env->name_hash.cap - 1);
    env->name_hash.v[at] = env->n_names + 1;
    return env->n_names++;
}

/* Declarations are looked up one after the other. */
#define DECLARED_MAX 4096u

static int one_more(struct xp_env *env, struct err *e)
{
    if (++env->n_declared > DECLARED_MAX)
        return err_set(e, ERR_INPUT, "xpath.limit.expression", "",
            "more than %u namespaces, variables, functions and keys", DECLARED_MAX);
    return 0;
}

/* ---- namespaces ---- */
static const struct {
    const char *prefix, *uri;
} predeclared[] = {{"xs", XP_XS}, {"xml", "http://www.w3.org/XML/1998/namespace"}};

bool xenv_prefix(const struct xp_env *env, struct str prefix, struct str *uri)
{
    for (const struct xns *n = env->ns; n; n = n->next)
        if (str_eq(n->prefix, prefix)) {
            *uri = n->uri;
            return true;
        }
    for (size_t i = 0; i < sizeof(predeclared) / sizeof(predeclared[0]); i++)
        if (str_eqz(prefix, predeclared[i].prefix)) {
            *uri = str_z(predeclared[i].uri);
            return true;
        }
    return false;
}

int xp_env_ns(struct xp_env *env, struct str prefix, struct str uri, struct err *e)
{
    struct xns *n = arena_alloc(env->a, sizeof(*n));

    if (!n)
        return err_nomem(e);
    if (one_more(env, e) < 0)
        return -1;
    *n = (struct xns){xenv_dup(env, prefix), xenv_dup(env, uri), env->ns};
    if (!n->prefix.p || !n->uri.p)
        return err_nomem(e);
    env->ns = n;
    return 0;
}

/* ---- declarations ---- */
#define INSTR_DEPTH 60u

static int copy_str(struct xp_env *env, struct str in, struct str *out, struct err *e)
{
    *out = in;
    if (!in.p)
        return 0;
    *out = xenv_dup(env, in);
    return out->p ? 0 : err_nomem(e);
}

static int copy_instr(struct xp_env *env, const struct xp_instr *in, unsigned depth,
    const struct xp_instr **out, struct err *e)
{
    struct xp_instr *first = NULL, **tail = &first;

    if (depth > INSTR_DEPTH)
        return err_set(e, ERR_INPUT, "xpath.limit.depth", "", "instructions nested too deeply");
    for (; in; in = in->next) {
        struct xp_instr *i = arena_alloc(env->a, sizeof(*i));
        if (!i)
            return err_nomem(e);
        *i = *in;
        i->next = NULL;
        if (copy_str(env, in->name, &i->name, e) < 0 || copy_str(env, in->as, &i->as, e) < 0 ||
            copy_str(env, in->select, &i->select, e) < 0 ||
            copy_str(env, in->text, &i->text, e) < 0 ||
            copy_instr(env, in->body, depth + 1, &i->body, e) < 0)
            return -1;
        *tail = i;
        tail = (struct xp_instr **)(uintptr_t)&i->next;
    }
    *out = first;
    return 0;
}

static int not_done(const struct xp_env *env, struct err *e)
{
    if (env->done)
        return err_set(e, ERR_BUG, "xpath.order", "", "declared after xp_declare_done");
    return 0;
}

static int qname(
    struct xp_env *env, struct str name, struct str *uri, struct str *local, struct err *e)
{
    struct xparse p;
    struct str copy = xenv_dup(env, str_trim(name));

    if (!copy.p)
        return err_nomem(e);
    xparse_init(&p, env, NULL, e);
    return xparse_split_qname(&p, copy, false, uri, local);
}

int xp_declare_global(struct xp_env *env, const struct xp_instr *value, struct err *e)
{
    struct xglobal *g = arena_alloc(env->a, sizeof(*g));
    struct xp_instr one = *value;

    one.next = NULL;
    if (!g)
        return err_nomem(e);
    if (not_done(env, e) < 0 || one_more(env, e) < 0 || copy_instr(env, &one, 0, &g->decl, e) < 0 ||
        qname(env, value->name, &g->name.uri, &g->name.local, e) < 0)
        return -1;
    g->slot = env->n_globals++;
    g->next = env->globals;
    env->globals = g;
    return 0;
}

static int parse_as(struct xp_env *env, struct str as, struct stype **out, struct err *e)
{
    struct xparse p;

    *out = NULL;
    if (!as.p || !str_trim(as).n)
        return 0;
    if (!(*out = arena_alloc(env->a, sizeof(**out))))
        return err_nomem(e);
    xparse_init(&p, env, NULL, e);
    return xparse_type(*out, &p, as);
}

int xp_declare_function(struct xp_env *env, struct str name, struct str as,
    const struct xp_param *params, size_t n, const struct xp_instr *body, struct err *e)
{
    struct ufn *u = arena_alloc(env->a, sizeof(*u));

    if (!u || n > 60)
        return u ? err_set(e, ERR_INPUT, "xpath.limit.expression", "", "too many parameters")
                 : err_nomem(e);
    if (not_done(env, e) < 0 || one_more(env, e) < 0 || qname(env, name, &u->uri, &u->local, e) < 0)
        return -1;
    if (!u->uri.n)
        return err_set(e, ERR_INPUT, "XTSE0740", "XSLT 2.0 10.3",
            "function %.*s is in no namespace", STR_FMT(name));
    for (const struct ufn *o = env->ufns; o; o = o->next)
        if (o->np == n && str_eq(o->local, u->local) && str_eq(o->uri, u->uri))
            return err_set(e, ERR_INPUT, "XTSE0770", "XSLT 2.0 10.3",
                "function %.*s is declared twice", STR_FMT(name));
    u->np = (uint32_t)n;
    if (n && (!(u->params = arena_alloc(env->a, n * sizeof(*u->params))) ||
                 !(u->param_types = arena_alloc(env->a, n * sizeof(struct stype *)))))
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (copy_str(env, params[i].name, &u->params[i].name, e) < 0 ||
            parse_as(env, params[i].as, &u->param_types[i], e) < 0)
            return -1;
    if (parse_as(env, as, &u->type, e) < 0 || copy_instr(env, body, 0, &u->decl, e) < 0)
        return -1;
    u->next = env->ufns;
    env->ufns = u;
    return 0;
}

int xp_declare_key(
    struct xp_env *env, struct str name, struct str match, struct str use, struct err *e)
{
    struct xkey *k = arena_alloc(env->a, sizeof(*k)), **tail = &env->keys;

    if (!k)
        return err_nomem(e);
    if (not_done(env, e) < 0 || one_more(env, e) < 0 ||
        qname(env, name, &k->uri, &k->local, e) < 0 || copy_str(env, match, &k->match, e) < 0 ||
        copy_str(env, use, &k->use, e) < 0)
        return -1;
    k->slot = env->n_keys++;
    while (*tail)
        tail = &(*tail)->next;
    *tail = k;
    return 0;
}

/* ---- compilation of what was declared ---- */
static int in_declaration(struct err *e, const char *what, struct str name)
{
    return err_wrap(e, "%s %.*s: ", what, STR_FMT(name));
}

static int compile_globals(struct xp_env *env, struct err *e)
{
    env->global_list = arena_alloc(env->a, (env->n_globals + 1) * sizeof(struct xglobal *));
    if (!env->global_list)
        return err_nomem(e);
    for (struct xglobal *g = env->globals; g; g = g->next) {
        struct xparse p;
        env->global_list[g->slot] = g;
        xparse_init(&p, env, NULL, e);
        p.eager = true;
        if (xcompile_value(&g->value, &p, g->decl) < 0)
            return in_declaration(e, "variable", g->name.local);
        g->frame = p.max_slots;
    }
    return 0;
}

static int compile_function(struct xp_env *env, struct ufn *u, struct err *e)
{
    struct xparse p;
    struct str uri, local;

    xparse_init(&p, env, NULL, e);
    p.no_focus = true;
    for (uint32_t i = 0; i < u->np; i++)
        if (qname(env, u->params[i].name, &uri, &local, e) < 0 || !xparse_bind(&p, uri, local))
            return -1;
    if (xcompile_body(&u->body, &p, u->decl) < 0)
        return -1;
    if (u->type && xcompile_convert(&u->body, &p, u->type) < 0)
        return -1;
    u->frame = p.max_slots;
    return 0;
}

static int compile_keys(struct xp_env *env, struct err *e)
{
    for (struct xkey *k = env->keys; k; k = k->next) {
        struct xparse p;
        xparse_init(&p, env, NULL, e);
        if (xp_pattern_compile(&k->pattern, env, k->match, e) < 0 ||
            xcompile_expr(&k->body, &p, k->use) < 0)
            return in_declaration(e, "key", k->local);
        k->frame = p.max_slots;
    }
    return 0;
}

int xp_declare_done(struct xp_env *env, struct err *e)
{
    if (env->done)
        return 0;
    env->done = true;
    if (compile_globals(env, e) < 0)
        return -1;
    for (struct ufn *u = env->ufns; u; u = u->next)
        if (compile_function(env, u, e) < 0)
            return in_declaration(e, "function", u->local);
    return compile_keys(env, e);
}

int xp_env_seal(struct xp_env *env, struct err *e)
{
    if (xp_declare_done(env, e) < 0 || xdispatch_done(env, e) < 0)
        return -1;
    env->sealed = true;
    return 0;
}

bool xp_env_has_function(const struct xp_env *env, struct str name, size_t arity)
{
    const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
    struct str uri = STR(""), local = name;
    bool known;
    enum xp_type t;
    enum xderived d;

    if (colon) {
        struct str prefix = {name.p, (size_t)(colon - name.p)};
        local = str_sub(name, prefix.n + 1, name.n);
        if (!xenv_prefix(env, prefix, &uri))
            return false;
    }
    if (str_eqz(uri, XP_XS))
        return arity == 1 && xtype_by_name(local, &t, &d);
    if (!uri.n || str_eqz(uri, XP_FN))
        return xfn_find(local, arity, &known) != NULL;
    for (const struct ufn *u = env->ufns; u; u = u->next)
        if (u->np == arity && str_eq(u->local, local) && str_eq(u->uri, uri))
            return true;
    return false;
}
