/* lookup_cache.h - good answers, kept for a while: which endpoint serves a triplet.
 *
 * Bounded (LOOKUP_CACHE_MAX entries, oldest out first); an entry stays after its time has passed
 * until it is pushed out, so that a later last-known-good can ask for it with a greater age.
 * Failures are never kept. Any thread. */
#ifndef AP_LOOKUP_LOOKUP_CACHE_H
#define AP_LOOKUP_LOOKUP_CACHE_H

#include "ap/lookup/lookup.h"

#define LOOKUP_CACHE_MAX 1024

struct lookup_cache;

struct lookup_cache *lookup_cache_new(void);
void lookup_cache_free(struct lookup_cache *c); /* NULL is fine */
/* True with *out filled (own reference to the certificate, no steps) when an entry is not older
 * than max_age_ms at `now`. */
bool lookup_cache_get(struct endpoint *out, struct lookup_cache *c, const struct lookup_query *q,
    int64_t now, int64_t max_age_ms);
/* Keep, replacing what is there; quietly nothing when memory is out. */
void lookup_cache_put(
    struct lookup_cache *c, const struct lookup_query *q, const struct endpoint *ep);

struct lookup_kept { /* one entry, as it is written to disk */
    uint8_t key[HASH_LEN];
    struct participant p; /* canonical */
    struct endpoint ep;   /* without steps */
};
/* All entries, oldest first, unless the cache has changed just `seen` times; the number of its
 * changes. fn NULL: only that number. fn must not call the cache. */
unsigned long lookup_cache_each(struct lookup_cache *c, unsigned long seen,
    void (*fn)(void *ctx, const struct lookup_kept *k), void *ctx);
/* Put back; the certificate is referenced. */
void lookup_cache_restore(struct lookup_cache *c, const struct lookup_kept *k);
void lookup_cache_drop(struct lookup_cache *c, const struct participant *p); /* NULL: all */

#endif
