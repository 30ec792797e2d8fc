/* list.c - growing lists in the context's arena, document order, and the errors of evaluation. */
#include "ubl/xpath/xpath_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- errors ---- */
int xfail(struct xp_ctx *c, const char *code, const char *fmt, ...)
{
    char what[300];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return err_set(c->e, ERR_INPUT, code, "XPath 2.0", "%s", what);
}

int xlimit(struct xp_ctx *c, const char *code, const char *what)
{
    return err_set(c->e, ERR_INPUT, code, "", "%s", what);
}

int xnomem(struct xp_ctx *c)
{
    if (c->a && arena_full(c->a))
        return xlimit(
            c, "xpath.limit.memory", "intermediate results need more memory than allowed");
    return err_nomem(c->e);
}

int xfail_x(struct xp_ctx *c, enum xerr x, const char *what)
{
    if (x == XERR_NOMEM)
        return xnomem(c);
    return xfail(
        c, x == XERR_LIMIT ? "xpath.limit.value" : xerr_name(x), "%s: %s", what, xerr_text(x));
}

/* ---- items ---- */
static int list_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    return xlist_add((struct xlist *)s, c, it);
}

void xlist_init(struct xlist *l)
{
    *l = (struct xlist){.s.put = list_put};
}

int xlist_add(struct xlist *l, struct xp_ctx *c, const struct xp_item *it)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct xp_item *v;
        if (l->n >= c->lim.items)
            return xlimit(c, "xpath.limit.items", "a sequence of more items than allowed");
        if (!(v = arena_alloc(c->a, cap * sizeof(*v))))
            return xnomem(c);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = cap;
    }
    if (it->type == XP_NODE) {
        l->v[l->n].type = XP_NODE;
        l->v[l->n++].node = it->node;
    } else {
        l->v[l->n++] = *it;
    }
    return 0;
}

/* ---- nodes ---- */
static int nodes_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct xnodes *l = (struct xnodes *)s;

    if (it->type != XP_NODE)
        return xlist_add(&l->other, c, it);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        uint32_t *v;
        if (l->n >= c->lim.items)
            return xlimit(c, "xpath.limit.items", "a sequence of more items than allowed");
        if (!(v = arena_alloc(c->a, cap * sizeof(*v))))
            return xnomem(c);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = it->node;
    return 0;
}

void xnodes_init(struct xnodes *l)
{
    *l = (struct xnodes){.s.put = nodes_put};
    xlist_init(&l->other);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

void xnodes_sort(struct xnodes *l)
{
    bool up = true, down = true;
    size_t n = 0;

    for (size_t i = 1; i < l->n && (up || down); i++) {
        up = up && l->v[i - 1] < l->v[i];
        down = down && l->v[i - 1] > l->v[i];
    }
    if (up)
        return;
    if (down) {
        for (size_t i = 0; i < l->n / 2; i++) {
            uint32_t t = l->v[i];
            l->v[i] = l->v[l->n - 1 - i];
            l->v[l->n - 1 - i] = t;
        }
        return;
    }
    qsort(l->v, l->n, sizeof(*l->v), by_number);
    for (size_t i = 0; i < l->n; i++)
        if (n == 0 || l->v[n - 1] != l->v[i])
            l->v[n++] = l->v[i];
    l->n = n;
}

int xnodes_emit(struct xp_ctx *c, const struct xnodes *l, struct xsink *s)
{
    int r = 0;

    for (size_t i = 0; i < l->n && r == 0; i++) {
        struct xp_item it = xnode(l->v[i]);
        r = s->put(s, c, &it);
    }
    return r;
}
