/* index.c - what is built once per document, when first asked for: keys, values of a name. */
#include "ubl/xpath/xpath_priv.h"

#include <stdlib.h>

static uint32_t hash(struct str s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h ^ h >> 15;
}

static uint32_t capacity(uint32_t n)
{
    uint32_t cap = 16;

    while (cap < n * 2)
        cap *= 2;
    return cap;
}

/* ---- preceding::x = value ---- */
struct xvalue_index {
    uint32_t cap;
    uint32_t *first, *last; /* by hash slot: entry + 1 of the first and last equal value */
    uint32_t *next;         /* entry + 1 of the next equal value, document order */
};

static int value_index(struct xp_ctx *c, uint32_t name, struct xvalue_index **out)
{
    const struct tree_name *tn = &c->t->names[name];
    const uint32_t *v = c->t->by_name + tn->first;
    struct xvalue_index *x;

    if (!c->values && !(c->values = arena_alloc(c->doc, c->t->n_names * sizeof(*c->values))))
        return xnomem(c);
    c->forced++;
    if ((*out = c->values[name]))
        return 0;
    if (!(x = arena_alloc(c->doc, sizeof(*x))))
        return xnomem(c);
    x->cap = capacity(tn->count);
    x->first = arena_alloc(c->doc, x->cap * sizeof(*x->first));
    x->last = arena_alloc(c->doc, x->cap * sizeof(*x->last));
    x->next = arena_alloc(c->doc, (tn->count + 1) * sizeof(*x->next));
    if (!x->first || !x->last || !x->next)
        return xnomem(c);
    for (uint32_t i = 0; i < tn->count; i++) {
        struct str s = tree_string(c->t, v[i]);
        uint32_t at = hash(s) & (x->cap - 1);
        if (c->nd[v[i]].kind != TREE_ELEMENT)
            continue;
        while (x->first[at] && !str_eq(tree_string(c->t, v[x->first[at] - 1]), s))
            at = (at + 1) & (x->cap - 1);
        if (x->first[at])
            x->next[x->last[at] - 1] = i + 1;
        else
            x->first[at] = i + 1;
        x->last[at] = i + 1;
    }
    *out = c->values[name] = x;
    return 0;
}

int xvalue_before(
    struct xp_ctx *c, uint32_t name, struct str s, uint32_t from, bool following, bool *out)
{
    const uint32_t *v = c->t->by_name + c->t->names[name].first;
    struct xvalue_index *x;
    uint32_t at;

    *out = false;
    if (c->nd[from].kind == TREE_ATTRIBUTE && !following)
        from = c->nd[from].parent;
    if (value_index(c, name, &x) < 0)
        return -1;
    at = hash(s) & (x->cap - 1);
    while (x->first[at] && !str_eq(tree_string(c->t, v[x->first[at] - 1]), s))
        at = (at + 1) & (x->cap - 1);
    if (!x->first[at])
        return 0;
    if (following) {
        *out = v[x->last[at] - 1] >= c->nd[from].end;
        return 0;
    }
    /* ancestors are not in preceding::, and there are at most as many as the tree is deep */
    for (uint32_t i = x->first[at]; i && v[i - 1] < from && !*out; i = x->next[i - 1])
        *out = c->nd[v[i - 1]].end <= from;
    return 0;
}

/* ---- keys ---- */
struct xkey_entry {
    struct xp_item value;
    uint32_t node, next; /* entry + 1 with the same hash slot */
};
struct xkey_index {
    struct xkey_entry *v;
    uint32_t n, cap, slots;
    uint32_t *head, *tail;
    bool busy, built, bad;
};

static int key_add(
    struct xp_ctx *c, struct xkey_index *x, const struct xp_item *value, uint32_t node)
{
    if (x->n == x->cap) {
        uint32_t cap = x->cap ? x->cap * 2 : 64;
        struct xkey_entry *v = arena_alloc(c->doc, cap * sizeof(*v));
        if (!v)
            return xnomem(c);
        if (x->n)
            memcpy(v, x->v, x->n * sizeof(*v));
        x->v = v;
        x->cap = cap;
    }
    x->v[x->n++] = (struct xkey_entry){.value = *value, .node = node};
    return 0;
}

static uint32_t key_hash(const struct xp_item *it)
{
    return xis_stringy(it) ? hash(it->s) : 7;
}

static int key_values(struct xp_ctx *c, const struct xkey *k, struct xkey_index *x, uint32_t node)
{
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1}, *was = c->f, *cur = c->cur;
    struct xslot *frame = c->frame;
    struct xp_item it;
    struct xp_seq seq;
    int r = 0;

    c->f = c->cur = &f;
    if (k->frame && !(c->frame = arena_alloc(c->a, k->frame * sizeof(*c->frame))))
        r = xnomem(c);
    if (r == 0)
        r = xev_seq(c, k->body, &seq);
    c->f = was;
    c->frame = frame;
    c->cur = cur;
    for (size_t i = 0; r == 0 && i < seq.n; i++) {
        xatomize(c, &seq.v[i], &it);
        r = key_add(c, x, &it, node);
    }
    return r;
}

static int key_link(struct xp_ctx *c, struct xkey_index *x)
{
    x->slots = capacity(x->n);
    x->head = arena_alloc(c->doc, x->slots * sizeof(*x->head));
    x->tail = arena_alloc(c->doc, x->slots * sizeof(*x->tail));
    if (!x->head || !x->tail)
        return xnomem(c);
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t at = key_hash(&x->v[i].value) & (x->slots - 1);
        if (x->head[at])
            x->v[x->tail[at] - 1].next = i + 1;
        else
            x->head[at] = i + 1;
        x->tail[at] = i + 1;
    }
    return 0;
}

static int key_fill(struct xp_ctx *c, struct xkey_index *x, struct str uri, struct str local)
{
    for (uint32_t node = 0; node < c->t->n; node++)
        for (const struct xkey *k = c->env->keys; k; k = k->next) {
            bool yes;
            if (!str_eq(k->local, local) || !str_eq(k->uri, uri) ||
                c->nd[node].kind > TREE_ATTRIBUTE)
                continue;
            if (xtick(c) < 0 || xpattern_test(&yes, c, k->pattern, node) < 0)
                return -1;
            if (yes && key_values(c, k, x, node) < 0)
                return -1;
        }
    return key_link(c, x);
}

static int key_index(
    struct xp_ctx *c, const struct xkey *k, struct str uri, struct str local, struct xkey_index **o)
{
    struct arena *was = c->a;
    struct xkey_index *x = c->keys[k->slot];
    int r;

    if (x && x->busy)
        return xfail(c, "XTDE0640", "a key depends on itself");
    if ((*o = x))
        return 0;
    if (!(x = arena_alloc(c->doc, sizeof(*x))))
        return xnomem(c);
    c->keys[k->slot] = x;
    c->forced++;
    x->busy = true;
    c->a = c->doc;
    r = key_fill(c, x, uri, local);
    c->a = was;
    x->busy = false;
    if (r < 0)
        c->keys[k->slot] = NULL;
    *o = x;
    return r;
}

static int key_look(
    struct xp_ctx *c, const struct xkey_index *x, const struct xp_item *want, struct xnodes *out)
{
    for (uint32_t i = x->head[key_hash(want) & (x->slots - 1)]; i; i = x->v[i - 1].next) {
        const struct xkey_entry *e = &x->v[i - 1];
        bool same = false;
        struct xp_item it = xnode(e->node);
        if (xis_stringy(want) != xis_stringy(&e->value) ||
            (!xis_stringy(want) && want->type != e->value.type &&
                !(xis_num(want) && xis_num(&e->value))))
            continue;
        if (xcompare(c, CMP_EQ, want, &e->value, &same) < 0)
            return -1;
        if (same && out->s.put(&out->s, c, &it) < 0)
            return -1;
    }
    return 0;
}

int xkey_each(
    struct xp_ctx *c, struct str uri, struct str local, const struct xn *values, struct xsink *s)
{
    const struct xkey *k = c->env->keys;
    struct xkey_index *x;
    struct xp_seq seq;
    struct xp_item it;
    struct xnodes found;

    while (k && !(str_eq(k->local, local) && str_eq(k->uri, uri)))
        k = k->next;
    if (!k)
        return xfail(c, "XTDE1260", "there is no key %.*s", STR_FMT(local));
    if (!c->keys)
        return xfail(c, "XTDE1270", "key() without a document");
    if (xev_seq(c, values, &seq) < 0 || key_index(c, k, uri, local, &x) < 0)
        return -1;
    xnodes_init(&found);
    for (size_t i = 0; i < seq.n; i++) {
        xatomize(c, &seq.v[i], &it);
        if (key_look(c, x, &it, &found) < 0)
            return -1;
    }
    xnodes_sort(&found);
    return xnodes_emit(c, &found, s);
}

/* ---- //name[E = 'constant'] ----
 * The first question is answered by walking, the second builds the index. When some node's E fails
 * or is not a string, walking stays the way: it may stop before that node. */
#define INDEX_MIN 32u /* fewer nodes are walked always */

static int indexed_node(struct xp_ctx *c, const struct xn *e, struct xkey_index *x, uint32_t node)
{
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1}, *was = c->f;
    struct xp_seq seq;
    struct xp_item it;
    int r;

    c->f = &f;
    r = xev_seq(c, e, &seq);
    c->f = was;
    for (size_t i = 0; r == 0 && i < seq.n; i++) {
        xatomize(c, &seq.v[i], &it);
        x->bad = x->bad || !xis_stringy(&it);
        r = key_add(c, x, &it, node);
    }
    return r;
}

static int indexed_build(
    struct xp_ctx *c, const struct xn *n, const struct tree_name *name, struct xkey_index *x)
{
    const uint32_t *v = c->t->by_name + name->first;
    struct arena *was = c->a;
    struct err *e = c->e;
    int r = 0;

    c->a = c->doc;
    c->e = &c->pattern_err;
    for (uint32_t i = 0; i < name->count && r == 0 && !x->bad; i++)
        if (c->nd[v[i]].kind == TREE_ELEMENT)
            r = indexed_node(c, n->k[0], x, v[i]);
    if (r == 0)
        r = key_link(c, x);
    c->a = was;
    c->e = e;
    c->forced++;
    x->built = true;
    x->bad = x->bad || r < 0;
    if (r == 0 || (strncmp(c->pattern_err.code, "xpath.", 6) != 0 &&
                      strncmp(c->pattern_err.code, "memory.", 7) != 0))
        return 0;
    if (e)
        *e = c->pattern_err;
    return -1;
}

static int indexed_emit(
    struct xp_ctx *c, const struct xn *n, const struct xkey_index *x, struct xsink *s)
{
    struct xnodes found;
    int r = 0;

    xnodes_init(&found);
    if (key_look(c, x, &n->k[2]->seq.v[0], &found) < 0)
        return -1;
    xnodes_sort(&found);
    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct xp_item it = xnode(found.v[i]);
        bool yes = true;
        if (xtick(c) < 0)
            return -1;
        for (uint32_t k = 3; k < n->nk && yes; k++)
            if (xpredicate(c, n->k[k], &it, 1, 0, &yes) < 0)
                return -1;
        if (yes)
            r = s->put(s, c, &it);
    }
    return r;
}

int xev_indexed(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    uint32_t want = c->name_map ? c->name_map[n->test.name] : 0;
    struct xkey_index *x;

    if (c->f->none || c->f->item.type != XP_NODE || !want || c->t->names[want].count < INDEX_MIN)
        return xev(c, n->k[1], s);
    if (!(x = c->indexes[n->slot])) {
        if (!(x = arena_alloc(c->doc, sizeof(*x))))
            return xnomem(c);
        c->indexes[n->slot] = x;
        c->forced++;
        return xev(c, n->k[1], s);
    }
    if (!x->built && !x->busy) {
        int r;
        x->busy = true;
        r = indexed_build(c, n, &c->t->names[want], x);
        x->busy = false;
        if (r < 0)
            return -1;
    }
    return x->bad || x->busy ? xev(c, n->k[1], s) : indexed_emit(c, n, x, s);
}
