/* Blocks of at least 64 KiB, bump allocation. A rewind keeps the newest block for reuse, so that an
 * evaluator that marks and rewinds for each expression does not go to malloc each time. */
#include "ap/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536u

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

struct defer {
    struct defer *next;
    void (*fn)(void *);
    void *obj;
};

struct arena {
    struct block *blocks, *spare;
    struct defer *defers;
    size_t total, limit, used;
    bool exhausted; /* an allocation was refused */
    bool starved;   /* the last one, for want of memory */
};

struct arena *arena_new(size_t limit)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (a)
        a->limit = limit;
    return a;
}

static void block_free(struct block *b)
{
    if (b)
        UNPOISON(b->data, b->size);
    free(b);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct defer *d = a->defers; d; d = d->next)
        d->fn(d->obj);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    block_free(a->spare);
    free(a);
}

static struct block *block_get(struct arena *a, size_t n)
{
    size_t size = n > BLOCK ? n : BLOCK;
    struct block *b = a->spare;

    if (b && b->size >= n) {
        a->spare = NULL;
        a->total += b->size;
        return b;
    }
    if (size > a->limit - a->total)
        size = n; /* near the limit take just what is asked for */
    a->starved = false;
    if (size > a->limit - a->total)
        return NULL;
    if (!(b = malloc(sizeof(*b) + size))) {
        a->starved = true;
        return NULL;
    }
    b->size = size;
    a->total += size;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    struct block *b = a->blocks;
    void *p;

    if (n > a->limit) {
        a->starved = false;
        a->exhausted = true;
        return NULL;
    }
    n = (n + align - 1) / align * align;
    if (!b || b->size - b->used < n) {
        if (!(b = block_get(a, n))) {
            a->exhausted = true;
            return NULL;
        }
        b->used = 0;
        b->next = a->blocks;
        a->blocks = b;
        POISON(b->data, b->size);
    }
    p = b->data + b->used;
    b->used += n;
    a->used += n;
    UNPOISON(p, n);
    return memset(p, 0, n);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

    if (p && n)
        memcpy(p, s, n);
    return p;
}

char *arena_dup(struct arena *a, struct str s)
{
    return arena_strndup(a, s.p, s.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !(p = arena_alloc(a, (size_t)n + 1)))
        return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void *arena_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t size)
{
    uint32_t more = *cap ? *cap * 2 : 16;
    void *p;

    if (n < *cap)
        return v;
    if (more < n || !(p = arena_alloc(a, more * size)))
        return NULL;
    if (n)
        memcpy(p, v, n * size);
    *cap = more;
    return p;
}

int arena_defer(struct arena *a, void (*fn)(void *), void *obj)
{
    struct defer *d = arena_alloc(a, sizeof(*d));

    if (!d) {
        fn(obj);
        return -1;
    }
    *d = (struct defer){a->defers, fn, obj};
    a->defers = d;
    return 0;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->blocks, a->blocks ? a->blocks->used : 0, a->defers};
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
    for (; a->defers != m.defer; a->defers = a->defers->next)
        a->defers->fn(a->defers->obj);
    while (a->blocks && a->blocks != m.block) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        a->total -= b->size;
        a->used -= b->used;
        if (!a->spare && b->size == BLOCK)
            a->spare = b;
        else
            block_free(b);
    }
    if (a->blocks) {
        size_t back = a->blocks->used - m.used;
        a->blocks->used = m.used;
        a->used -= back;
        POISON(a->blocks->data + m.used, back);
    }
}

bool arena_exhausted(const struct arena *a)
{
    return a->exhausted;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

bool arena_full(const struct arena *a)
{
    return a->exhausted && !a->starved;
}
