/* arena.h - one message, one arena: everything it allocates dies with it.
 *
 * Owned and used by one thread at a time. Not a general allocator: nothing is freed singly, but
 * arena_mark/arena_rewind give back what was allocated since (evaluator scratch). */
#ifndef AP_BASE_ARENA_H
#define AP_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "ap/base/str.h"

struct arena;

struct arena *arena_new(size_t limit); /* bytes; NULL only when out of memory */
void arena_free(struct arena *a);      /* runs deferred frees, newest first; NULL is fine */

/* Zeroed, aligned for any type. NULL once the limit is passed or memory is out. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strndup(struct arena *a, const char *s, size_t n); /* NUL-terminated copy */
char *arena_dup(struct arena *a, struct str s);                /* the same for a slice */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more element behind the n of a vector in the arena: v itself, or when n == *cap its
 * copy in a vector of twice the room. NULL when there is no memory; v stays. */
void *arena_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t size);

/* Tie a foreign object (xmlDoc, X509, CURL) to the arena's life. -1: fn was already called. */
int arena_defer(struct arena *a, void (*fn)(void *), void *obj);

/* Bytes in use; and giving back everything allocated or deferred since the mark. */
struct arena_mark {
    void *block;
    size_t used;
    void *defer;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);
size_t arena_used(const struct arena *a);
/* An allocation was refused since arena_new: so what a reader then says of its input may be our own
 * trouble. Stays true after a rewind. */
bool arena_exhausted(const struct arena *a);
/* ... and the last one for the limit, not for want of memory. */
bool arena_full(const struct arena *a);

#endif
