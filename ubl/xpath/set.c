/* set.c - the strings of a code list by hash. Built once, then read-only. */
#include "ubl/xpath/xpath_priv.h"

static uint32_t hash(struct str s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h ^ h >> 15;
}

static uint32_t find(const struct xset *s, struct str v)
{
    uint32_t i = hash(v) & (s->cap - 1);

    while (s->v[i].p && !str_eq(s->v[i], v))
        i = (i + 1) & (s->cap - 1);
    return i;
}

static bool grow(struct xset *s, struct arena *a)
{
    struct xset old = *s;

    s->cap = old.cap ? old.cap * 2 : 16;
    if (!(s->v = arena_alloc(a, s->cap * sizeof(*s->v))))
        return false;
    for (uint32_t i = 0; i < old.cap; i++)
        if (old.v[i].p)
            s->v[find(s, old.v[i])] = old.v[i];
    return true;
}

bool xset_add(struct xset *s, struct arena *a, struct str v)
{
    uint32_t i;

    if (s->n * 2 >= s->cap && !grow(s, a))
        return false;
    i = find(s, v);
    if (!s->v[i].p) {
        s->v[i] = v.p ? v : STR("");
        s->n++;
    }
    return true;
}

struct xset *xset_new(struct arena *a, struct xp_seq seq)
{
    struct xset *s = arena_alloc(a, sizeof(*s));

    if (!s || !grow(s, a))
        return NULL;
    s->seq = seq;
    for (size_t i = 0; i < seq.n; i++)
        if (!xset_add(s, a, seq.v[i].s))
            return NULL;
    return s;
}

bool xset_has(const struct xset *s, struct str v)
{
    return s->v[find(s, v)].p != NULL;
}
