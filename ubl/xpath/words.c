/* words.c - words_priv.h by a trie whose states know the next shorter one.
 *
 * A state is the longest beginning of a word that the text just read ends with; its `fail` is the
 * longest shorter one. State 0 is "none". */
#include "ubl/xpath/words_priv.h"

#include "ap/base/arena.h"

#define WORD_STATES_MAX 1000000u

struct state {
    uint32_t symbol, parent, depth;
    uint32_t fail;
    uint32_t own, own_last; /* entries + 1 of the words that end here, a list */
    uint32_t first, n;      /* of `values`: these and those of shorter states */
};
struct entry {
    uint32_t value, next; /* entry + 1 */
};
struct edge {
    uint32_t from, symbol, to; /* to 0 = free */
};

struct xwords {
    struct arena *a;
    struct state *states;
    uint32_t n_states, cap_states;
    struct entry *entries;
    uint32_t n_entries, cap_entries;
    struct edge *edges; /* open addressing by from and symbol */
    uint32_t cap_edges;
    uint32_t *values;
    uint32_t deepest;
};

static struct edge *edge(const struct xwords *w, uint32_t from, uint32_t symbol)
{
    uint32_t mask = w->cap_edges - 1, i = (from * 0x9E3779B1u ^ symbol * 0x85EBCA6Bu) >> 7 & mask;

    while (w->edges[i].to && (w->edges[i].symbol != symbol || w->edges[i].from != from))
        i = (i + 1) & mask;
    return &w->edges[i];
}

static bool edges_grow(struct xwords *w)
{
    w->cap_edges = w->cap_edges ? w->cap_edges * 2 : 128;
    if (!(w->edges = arena_alloc(w->a, w->cap_edges * sizeof(*w->edges))))
        return false;
    for (uint32_t i = 1; i < w->n_states; i++) {
        const struct state *s = &w->states[i];
        *edge(w, s->parent, s->symbol) = (struct edge){s->parent, s->symbol, i};
    }
    return true;
}

struct xwords *xwords_new(struct arena *a)
{
    struct xwords *w = arena_alloc(a, sizeof(*w));

    if (!w)
        return NULL;
    w->a = a;
    if (!(w->states = arena_grow(a, NULL, 0, &w->cap_states, sizeof(*w->states))) || !edges_grow(w))
        return NULL;
    w->n_states = 1;
    return w;
}

static bool child(struct xwords *w, uint32_t parent, uint32_t symbol, uint32_t *out)
{
    struct edge *at = edge(w, parent, symbol);
    uint32_t depth = w->states[parent].depth + 1;
    struct state *v;

    if ((*out = at->to))
        return true;
    if (w->n_states == WORD_STATES_MAX ||
        !(v = arena_grow(w->a, w->states, w->n_states, &w->cap_states, sizeof(*v))))
        return false;
    w->states = v;
    v[w->n_states] = (struct state){.symbol = symbol, .parent = parent, .depth = depth};
    *out = w->n_states++;
    *at = (struct edge){parent, symbol, *out};
    if (depth > w->deepest)
        w->deepest = depth;
    return w->n_states * 2 < w->cap_edges || edges_grow(w);
}

bool xwords_add(struct xwords *w, const uint32_t *word, uint32_t n, uint32_t value)
{
    uint32_t state = 0;
    struct entry *v;
    struct state *s;

    for (uint32_t i = 0; i < n; i++)
        if (!child(w, state, word[i], &state))
            return false;
    if (!(v = arena_grow(w->a, w->entries, w->n_entries, &w->cap_entries, sizeof(*v))))
        return false;
    w->entries = v;
    v[w->n_entries++] = (struct entry){.value = value};
    s = &w->states[state];
    if (s->own)
        v[s->own_last - 1].next = w->n_entries;
    else
        s->own = w->n_entries;
    s->own_last = w->n_entries;
    return true;
}

uint32_t xwords_step(const struct xwords *w, uint32_t state, uint32_t symbol)
{
    for (;; state = w->states[state].fail) {
        uint32_t to = edge(w, state, symbol)->to;
        if (to || state == 0)
            return to;
    }
}

/* The state's own words and those of the shorter state, which is complete, in ascending order. */
static uint32_t merge(const struct xwords *w, const struct state *s, uint32_t *out)
{
    const struct state *f = &w->states[s->fail];
    uint32_t n = 0, i = 0, own = s->own;

    while (own || i < f->n) {
        bool mine = own && (i == f->n || w->entries[own - 1].value < w->values[f->first + i]);
        out[n++] = mine ? w->entries[own - 1].value : w->values[f->first + i];
        if (mine)
            own = w->entries[own - 1].next;
        else
            i++;
    }
    return n;
}

static uint32_t own_count(const struct xwords *w, const struct state *s)
{
    uint32_t n = 0;

    for (uint32_t e = s->own; e; e = w->entries[e - 1].next)
        n++;
    return n;
}

/* Calls fn for every state but 0, shorter ones first. */
static void by_depth(struct xwords *w, void (*fn)(struct xwords *, uint32_t))
{
    for (uint32_t depth = 1; depth <= w->deepest; depth++)
        for (uint32_t i = 1; i < w->n_states; i++)
            if (w->states[i].depth == depth)
                fn(w, i);
}

static void link_and_count(struct xwords *w, uint32_t i)
{
    struct state *s = &w->states[i];

    s->fail = s->parent ? xwords_step(w, w->states[s->parent].fail, s->symbol) : 0;
    s->n = own_count(w, s) + w->states[s->fail].n;
}

static void fill(struct xwords *w, uint32_t i)
{
    (void)merge(w, &w->states[i], w->values + w->states[i].first);
}

bool xwords_done(struct xwords *w)
{
    uint64_t total = 0;

    by_depth(w, link_and_count);
    for (uint32_t i = 1; i < w->n_states; i++) {
        w->states[i].first = (uint32_t)total;
        total += w->states[i].n;
    }
    if (total > UINT32_MAX / 8 || !(w->values = arena_alloc(w->a, (total + 1) * sizeof(uint32_t))))
        return false;
    by_depth(w, fill);
    return true;
}

uint32_t xwords_states(const struct xwords *w)
{
    return w->n_states;
}

const uint32_t *xwords_values(const struct xwords *w, uint32_t state, uint32_t *n)
{
    *n = w->states[state].n;
    return w->values + w->states[state].first;
}
