/* ctx.c - contexts: bound to a document, asked for values.
 *
 * Three arenas: `doc` holds what is valid for the document (globals, cached values, indexes),
 * `rule` the lets of the focus, `scratch` what one evaluation needs. */
#include "ubl/xpath/xpath_priv.h"

#include <pthread.h>
#include <stdlib.h>

#define STACK_MARGIN (48u << 10)

const struct xp_limits xp_limits_default = {.operations = 2000000000,
    .memory = 1u << 30,
    .items = 20000000,
    .string_bytes = 64u << 20,
    .depth = 1000};

/* Where this thread's stack ends, with room left for one more level of library calls. Asked once a
 * thread. Unknown: 128 KiB from here. */
const char *xstack_low(void)
{
    static _Thread_local const char *low;
    pthread_attr_t a;
    void *p;
    size_t n;

    if (low)
        return low;
    low = (const char *)__builtin_frame_address(0) - (128u << 10);
    if (pthread_getattr_np(pthread_self(), &a) == 0) {
        if (pthread_attr_getstack(&a, &p, &n) == 0)
            low = (const char *)p + (n > 4 * STACK_MARGIN ? STACK_MARGIN : n / 4);
        (void)pthread_attr_destroy(&a);
    }
    return low;
}

int xp_ctx_new(struct xp_ctx **out, const struct xp_limits *l, struct err *e)
{
    struct xp_ctx *c = calloc(1, sizeof(*c));

    *out = NULL;
    if (!c)
        return err_nomem(e);
    c->lim = l ? *l : xp_limits_default;
    c->scratch = arena_new(c->lim.memory);
    c->rule = arena_new(c->lim.memory);
    c->doc = arena_new(c->lim.memory);
    if (!c->scratch || !c->rule || !c->doc) {
        xp_ctx_free(c);
        return err_nomem(e);
    }
    c->scratch0 = arena_mark(c->scratch);
    c->rule0 = arena_mark(c->rule);
    c->doc0 = arena_mark(c->doc);
    *out = c;
    return 0;
}

void xp_ctx_free(struct xp_ctx *c)
{
    if (!c)
        return;
    xregex_free(c);
    arena_free(c->scratch);
    arena_free(c->rule);
    arena_free(c->doc);
    free(c->name_map);
    free(c->uri_map);
    free(c->lets);
    free(c->globals);
    free(c->caches);
    free(c->keys);
    free(c->indexes);
    free(c->memos);
    free(c);
}

static int room(void *at, uint32_t *cap, uint32_t n, size_t size, struct err *e)
{
    void **p = at, *v;

    if (n <= *cap && *p)
        return 0;
    if (!(v = calloc(n + 1, size)))
        return err_nomem(e);
    free(*p);
    *p = v;
    *cap = n + 1;
    return 0;
}

static void map_names(struct xp_ctx *c)
{
    const struct tree *t = c->t;

    memset(c->name_map, 0, c->env->n_names * sizeof(*c->name_map));
    for (uint32_t i = 1; i < t->n_names; i++) {
        const struct tree_name *n = &t->names[i];
        uint32_t id = xenv_name_find(c->env, n->uri, n->local, n->hash);
        if (id)
            c->name_map[id] = i;
        c->env_names[i] = id;
    }
    for (uint32_t i = 0; i < c->env->n_uris; i++) {
        c->uri_map[i] = TREE_NONE;
        for (uint32_t j = 0; j < t->n_uris; j++)
            if (str_eq(c->env->uris[i], t->uris[j]))
                c->uri_map[i] = j;
    }
}

int xp_bind(struct xp_ctx *c, const struct xp_env *env, const struct tree *t,
    const struct xp_now *now, struct err *e)
{
    if (!env->sealed)
        return err_set(e, ERR_BUG, "xpath.order", "", "bound to an environment not sealed");
    c->env = NULL;
    if (room(&c->name_map, &c->cap_names, env->n_names, sizeof(*c->name_map), e) < 0 ||
        room(&c->uri_map, &c->cap_uris, env->n_uris, sizeof(*c->uri_map), e) < 0 ||
        room(&c->lets, &c->cap_lets, env->n_lets, sizeof(*c->lets), e) < 0 ||
        room(&c->globals, &c->cap_globals, env->n_globals, sizeof(*c->globals), e) < 0 ||
        room(&c->caches, &c->cap_caches, env->n_caches, sizeof(*c->caches), e) < 0 ||
        room(&c->keys, &c->cap_keys, env->n_keys, sizeof(*c->keys), e) < 0 ||
        room(&c->memos, &c->cap_memos, env->n_memos, sizeof(*c->memos), e) < 0 ||
        room(&c->indexes, &c->cap_indexes, env->n_indexes, sizeof(*c->indexes), e) < 0)
        return -1;
    arena_rewind(c->scratch, c->scratch0);
    arena_rewind(c->rule, c->rule0);
    arena_rewind(c->doc, c->doc0);
    c->env = env;
    c->t = t;
    c->nd = t->nodes;
    c->now = now ? *now : (struct xp_now){0};
    c->ops = 0;
    c->values = NULL;
    c->walk = NULL;
    c->doc_stamp++;
    memset(c->keys, 0, env->n_keys * sizeof(*c->keys));
    memset(c->memos, 0, env->n_memos * sizeof(*c->memos));
    memset(c->indexes, 0, env->n_indexes * sizeof(*c->indexes));
    for (uint32_t i = 0; i < env->n_globals; i++)
        c->globals[i] = (struct xslot){.state = LV_THUNK, .thunk = env->global_list[i]->value};
    c->hints = arena_alloc(c->doc, t->n_names * sizeof(*c->hints));
    c->env_names = arena_alloc(c->doc, t->n_names * sizeof(*c->env_names));
    if (!c->hints || !c->env_names)
        return err_nomem(e);
    map_names(c);
    xp_focus(c, NULL, 0);
    return 0;
}

void xp_focus(struct xp_ctx *c, const struct xp_scope *scope, uint32_t node)
{
    (void)scope; /* lets are told apart by the stamp */
    c->stamp++;
    arena_rewind(c->scratch, c->scratch0);
    arena_rewind(c->rule, c->rule0);
    c->a = c->scratch;
    c->top = (struct xfocus){.item = xnode(node), .pos = 1, .last = 1};
    c->f = c->cur = &c->top;
    c->frame = NULL;
    c->calls = 0;
}

void xp_focus_visited(
    struct xp_ctx *c, const struct xp_scope *scope, uint32_t node, struct xp_visit visit)
{
    xp_focus(c, scope, node);
    if (node == 0)
        return;
    c->visit = visit;
    c->top.pos = c->top.last = 0;
}

void xfocus_place(struct xp_ctx *c)
{
    uint32_t node = c->f->item.node, parent = c->nd[node].parent, i = parent + 1;
    uint8_t kinds = parent == 0 ? c->visit.top : c->visit.kinds;

    for (; i < c->nd[parent].end && c->nd[i].kind == TREE_ATTRIBUTE; i++) {
        c->f->last += kinds >> TREE_ATTRIBUTE & 1;
        if (i == node)
            c->f->pos = c->f->last;
    }
    for (i = tree_first_child(c->t, parent); i != TREE_NONE; i = tree_next_sibling(c->t, i)) {
        c->f->last += kinds >> c->nd[i].kind & 1;
        if (i == node)
            c->f->pos = c->f->last;
    }
}

static int enter(struct xp_ctx *c, const struct xp *x, struct err *e)
{
    c->e = e;
    c->stack_low = xstack_low();
    c->a = c->scratch;
    c->f = c->cur = &c->top;
    c->calls = 0;
    c->frame = NULL;
    if (x->frame && !(c->frame = arena_alloc(c->a, x->frame * sizeof(*c->frame))))
        return xnomem(c);
    return 0;
}

int xp_test(bool *out, struct xp_ctx *c, const struct xp *x, struct err *e)
{
    struct arena_mark m;
    int r;

    if (x->absent && !c->name_map[x->absent]) {
        *out = x->absent_value;
        return 0;
    }
    m = arena_mark(c->scratch);
    if ((r = enter(c, x, e)) == 0)
        r = xev_bool(c, x->root, out);
    arena_rewind(c->scratch, m);
    return r;
}

int xp_eval(struct xp_seq *out, struct xp_ctx *c, const struct xp *x, struct err *e)
{
    *out = (struct xp_seq){NULL, 0};
    if (enter(c, x, e) < 0)
        return -1;
    return xev_seq(c, x->root, out);
}

int xp_string(
    struct str *out, struct xp_ctx *c, const struct xp *x, struct str separator, struct err *e)
{
    struct xp_seq seq;

    *out = STR("");
    if (xp_eval(&seq, c, x, e) < 0)
        return -1;
    if (seq.n == 0)
        return 0;
    if (seq.n == 1)
        return xp_item_string(out, c, &seq.v[0], e);
    return xjoin(c, seq, separator, false, out);
}

int xp_item_string(struct str *out, struct xp_ctx *c, const struct xp_item *it, struct err *e)
{
    c->e = e;
    *out = xitem_text(c, it);
    return out->p ? 0 : xnomem(c);
}

uint64_t xp_operations(const struct xp_ctx *c)
{
    return c->ops;
}
