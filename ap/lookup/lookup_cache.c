#include "ap/lookup/lookup_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 512u

struct entry {
    struct entry *next; /* of the bucket */
    struct entry *older, *newer;
    struct lookup_kept k;
};

struct lookup_cache {
    pthread_mutex_t lock;
    struct entry *bucket[BUCKETS];
    struct entry *newest, *oldest;
    unsigned n;
    unsigned long changes;
};

struct lookup_cache *lookup_cache_new(void)
{
    struct lookup_cache *c = calloc(1, sizeof(*c));

    if (c)
        (void)pthread_mutex_init(&c->lock, NULL);
    return c;
}

static struct entry **place(struct lookup_cache *c, const uint8_t key[HASH_LEN])
{
    struct entry **e = &c->bucket[(key[0] << 8 | key[1]) % BUCKETS];

    while (*e && memcmp((*e)->k.key, key, HASH_LEN) != 0)
        e = &(*e)->next;
    return e;
}

static void forget(struct lookup_cache *c, struct entry *e)
{
    *place(c, e->k.key) = e->next;
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    c->n--;
    c->changes++;
    cert_unref(e->k.ep.cert);
    free(e);
}

void lookup_cache_free(struct lookup_cache *c)
{
    if (!c)
        return;
    while (c->oldest)
        forget(c, c->oldest);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Participants fold case, document types and processes do not. */
static int key_of(uint8_t key[HASH_LEN], struct participant *p, const struct lookup_query *q)
{
    struct buf b;
    int rc;

    participant_canonical(p, q->participant);
    buf_init(&b, 4096);
    buf_printf(&b, "%s\n", p->value);
    doctype_text(&b, q->doctype);
    buf_putc(&b, '\n');
    process_text(&b, q->process);
    rc = buf_ok(&b) ? hash_of(key, b.p, b.n, NULL) : -1;
    buf_free(&b);
    return rc;
}

bool lookup_cache_get(struct endpoint *out, struct lookup_cache *c, const struct lookup_query *q,
    int64_t now, int64_t max_age_ms)
{
    struct participant p;
    uint8_t key[HASH_LEN];
    struct entry *e;
    bool hit;

    if (key_of(key, &p, q))
        return false;
    (void)pthread_mutex_lock(&c->lock);
    e = *place(c, key);
    hit = e && now - e->k.ep.fetched <= max_age_ms && now >= e->k.ep.fetched;
    if (hit) {
        *out = e->k.ep;
        out->cert = cert_ref(e->k.ep.cert);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return hit;
}

static void add(struct lookup_cache *c, struct entry *e)
{
    struct entry **at;

    if ((at = place(c, e->k.key)) && *at)
        forget(c, *at);
    if (c->n == LOOKUP_CACHE_MAX)
        forget(c, c->oldest);
    at = place(c, e->k.key);
    e->next = *at;
    *at = e;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
    c->n++;
    c->changes++;
}

void lookup_cache_put(
    struct lookup_cache *c, const struct lookup_query *q, const struct endpoint *ep)
{
    struct entry *e = calloc(1, sizeof(*e));

    if (!e || key_of(e->k.key, &e->k.p, q)) {
        free(e);
        return;
    }
    e->k.ep = *ep;
    e->k.ep.nsteps = 0;
    memset(e->k.ep.steps, 0, sizeof(e->k.ep.steps));
    e->k.ep.cert = cert_ref(ep->cert);
    (void)pthread_mutex_lock(&c->lock);
    add(c, e);
    (void)pthread_mutex_unlock(&c->lock);
}

unsigned long lookup_cache_each(struct lookup_cache *c, unsigned long seen,
    void (*fn)(void *ctx, const struct lookup_kept *k), void *ctx)
{
    unsigned long changes;

    (void)pthread_mutex_lock(&c->lock);
    changes = c->changes;
    for (const struct entry *e = c->oldest; fn && changes != seen && e; e = e->newer)
        fn(ctx, &e->k);
    (void)pthread_mutex_unlock(&c->lock);
    return changes;
}

void lookup_cache_restore(struct lookup_cache *c, const struct lookup_kept *k)
{
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return;
    e->k = *k;
    (void)cert_ref(k->ep.cert);
    (void)pthread_mutex_lock(&c->lock);
    add(c, e);
    (void)pthread_mutex_unlock(&c->lock);
}

void lookup_cache_drop(struct lookup_cache *c, const struct participant *p)
{
    (void)pthread_mutex_lock(&c->lock);
    for (struct entry *e = c->newest, *older; e; e = older) {
        older = e->older;
        if (!p || participant_same(&e->k.p, p))
            forget(c, e);
    }
    (void)pthread_mutex_unlock(&c->lock);
}
