#include "ap/out/out_flow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/rnd.h"
#include "ap/store/store_circuit.h"

#define BUCKETS 1024u
#define WINDOW 10
#define KEPT_MS 5000 /* urgent mail that was turned away asks again well before */

struct dest {
    struct dest *next;
    char key[FLOW_KEY];
    unsigned busy, window, cap, faults;
    unsigned opens; /* in a row; 0: the circuit is closed */
    int64_t open_until, open_since, used;
    int64_t kept_until; /* the next place is for urgent mail */
};

struct out_flow {
    struct out_flow_cfg cfg;
    pthread_mutex_t lock;
    struct dest *bucket[BUCKETS];
    size_t n;
};

struct out_flow *out_flow_new(const struct out_flow_cfg *c)
{
    struct out_flow *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    (void)pthread_mutex_init(&f->lock, NULL);
    out_flow_follow(f, c);
    return f;
}

void out_flow_follow(struct out_flow *f, const struct out_flow_cfg *c)
{
    (void)pthread_mutex_lock(&f->lock);
    f->cfg = *c;
    if (!f->cfg.window)
        f->cfg.window = WINDOW;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct dest *d = f->bucket[i]; d; d = d->next)
            if (d->window > f->cfg.window)
                d->window = f->cfg.window;
    (void)pthread_mutex_unlock(&f->lock);
}

void out_flow_free(struct out_flow *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct dest *d = f->bucket[i], *next; d; d = next) {
            next = d->next;
            free(d);
        }
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

const char *out_flow_key(const char *dest)
{
    return *dest == OUT_LANE_URGENT || *dest == OUT_LANE_BULK ? dest + 1 : dest;
}

bool out_flow_urgent(const char *dest)
{
    return *dest == OUT_LANE_URGENT;
}

/* ---- the table, under the lock ---- */

static struct dest **place(struct out_flow *f, const char *key)
{
    uint32_t h = 2166136261u;
    struct dest **d;

    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    for (d = &f->bucket[h % BUCKETS]; *d && strcmp((*d)->key, key) != 0; d = &(*d)->next)
        ;
    return d;
}

/* Full: the one that was quiet for longest is forgotten. */
static void make_room(struct out_flow *f)
{
    struct dest **oldest = NULL, *gone;

    for (size_t i = 0; i < BUCKETS; i++)
        for (struct dest **d = &f->bucket[i]; *d; d = &(*d)->next)
            if (!(*d)->busy && (!oldest || (*d)->used < (*oldest)->used))
                oldest = d;
    if (!oldest)
        return;
    gone = *oldest;
    *oldest = gone->next;
    free(gone);
    f->n--;
}

static struct dest *known(struct out_flow *f, const char *key, int64_t now)
{
    struct dest **at = place(f, key), *d = *at;

    if (!d) {
        if (f->n >= FLOW_MAX)
            make_room(f);
        if (f->n >= FLOW_MAX || !(d = calloc(1, sizeof(*d))))
            return NULL;
        (void)snprintf(d->key, sizeof(d->key), "%s", key);
        d->window = FLOW_START < f->cfg.window ? FLOW_START : f->cfg.window;
        at = place(f, key); /* making room may have moved it */
        *at = d;
        f->n++;
    }
    d->used = now;
    return d;
}

/* ---- the rules ---- */

static unsigned limit_of(const struct dest *d)
{
    unsigned n = d->opens ? 1 : d->window;

    return d->cap && d->cap < n ? d->cap : n;
}

bool out_flow_enter(struct out_flow *f, const char *key, bool urgent, int64_t now, int64_t *again)
{
    bool in = false;
    struct dest *d;

    *again = 0;
    (void)pthread_mutex_lock(&f->lock);
    d = known(f, key, now);
    if (d && d->open_until > now)
        *again = d->open_until - now;
    else if (d && d->busy < limit_of(d))
        in = urgent || d->kept_until <= now;
    if (in)
        d->busy++;
    if (d && urgent)
        d->kept_until = in ? 0 : now + *again + KEPT_MS;
    (void)pthread_mutex_unlock(&f->lock);
    return in;
}

static void answered(struct dest *d, unsigned max)
{
    d->faults = 0;
    if (d->opens) {
        d->opens = 0;
        d->open_until = d->open_since = 0;
        d->window = 1;
    } else if (d->window < max) {
        d->window++;
    }
}

static void open_circuit(
    struct dest *d, const struct out_flow_cfg *c, int64_t now, int64_t retry_after)
{
    int64_t ms = c->open_first > 0 ? c->open_first : 1000;

    for (unsigned i = 0; i < d->opens && ms < c->open_max; i++)
        ms *= 2;
    if (ms > c->open_max)
        ms = c->open_max;
    ms = ms - ms / 4 + (int64_t)rnd_below((uint64_t)ms / 2 + 1);
    if (retry_after > ms)
        ms = retry_after;
    if (!d->opens++)
        d->open_since = now;
    d->open_until = now + ms;
}

static void failed(struct dest *d, const struct out_flow_cfg *c, int64_t now, int64_t retry_after)
{
    if (retry_after > c->after_max)
        retry_after = c->after_max;
    d->window = d->window > 1 ? d->window / 2 : 1;
    d->faults++;
    /* those that were on their way when it opened say nothing new */
    if (d->open_until > now)
        return;
    if (d->opens || d->faults >= FLOW_FAULTS || retry_after > 0)
        open_circuit(d, c, now, retry_after);
}

bool out_flow_leave(
    struct out_flow *f, const char *key, int64_t now, enum out_flow_news news, int64_t retry_after)
{
    unsigned opens;
    struct dest *d;

    (void)pthread_mutex_lock(&f->lock);
    d = *place(f, key);
    if (d && d->busy)
        d->busy--;
    opens = d ? d->opens : 0;
    if (d && news == FLOW_ANSWER)
        answered(d, f->cfg.window);
    else if (d && news == FLOW_FAULT)
        failed(d, &f->cfg, now, retry_after);
    opens ^= d ? d->opens : 0;
    (void)pthread_mutex_unlock(&f->lock);
    return opens != 0;
}

void out_flow_cap(struct out_flow *f, const char *key, unsigned n)
{
    struct dest *d;

    (void)pthread_mutex_lock(&f->lock);
    d = *place(f, key);
    if (!d && n)
        d = known(f, key, 0);
    if (d)
        d->cap = n;
    (void)pthread_mutex_unlock(&f->lock);
}

void out_flow_reset(struct out_flow *f, const char *key)
{
    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct dest *d = f->bucket[i]; d; d = d->next)
            if (!key || strcmp(d->key, key) == 0) {
                d->open_until = d->open_since = 0;
                d->opens = d->faults = 0;
            }
    (void)pthread_mutex_unlock(&f->lock);
}

static void state_of(struct out_flow_state *s, const struct dest *d, int64_t now)
{
    *s = (struct out_flow_state){
        .busy = d->busy, .window = limit_of(d), .faults = d->faults, .opens = d->opens};
    memcpy(s->key, d->key, sizeof(s->key));
    s->open_for = d->open_until > now ? d->open_until - now : 0;
    s->open_since = d->opens ? now - d->open_since : 0;
}

void out_flow_get(struct out_flow_state *out, struct out_flow *f, const char *key, int64_t now)
{
    struct dest stranger = {.window = 0};
    const struct dest *d;

    (void)snprintf(stranger.key, sizeof(stranger.key), "%s", key);
    (void)pthread_mutex_lock(&f->lock);
    stranger.window = f->cfg.window;
    d = *place(f, key);
    state_of(out, d ? d : &stranger, now);
    (void)pthread_mutex_unlock(&f->lock);
}

void out_flow_list(
    struct out_flow_state *out, size_t max, size_t *n, struct out_flow *f, int64_t now)
{
    *n = 0;
    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct dest *d = f->bucket[i]; d; d = d->next) {
            if (!d->busy && !d->opens && !d->faults)
                continue;
            if (*n < max)
                state_of(&out[*n], d, now);
            ++*n;
        }
    (void)pthread_mutex_unlock(&f->lock);
}

/* ---- over a restart ---- */

/* The instants are wall time: of a clock that was set back meanwhile they ask no longer wait. */
static void restore(struct out_flow *f, const struct store_circuit *c, int64_t wall, int64_t now)
{
    struct dest *d = known(f, c->name, now);
    int64_t left = c->until - wall, age = wall - c->since;
    int64_t max = f->cfg.open_max > f->cfg.after_max ? f->cfg.open_max : f->cfg.after_max;

    if (!d)
        return;
    d->opens = c->opens;
    d->window = 1;
    d->open_since = now - (age > 0 ? age : 0);
    d->open_until = now + (left < 0 ? 0 : left > max ? max : left);
}

int out_flow_restore(struct out_flow *f, struct store *s, int64_t wall, int64_t now, struct err *e)
{
    struct store_circuit *c = calloc(FLOW_MAX, sizeof(*c));
    size_t n = 0;
    int rc = c ? store_circuits(c, FLOW_MAX, &n, s, e) : err_nomem(e);

    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; !rc && i < n && i < FLOW_MAX; i++)
        restore(f, &c[i], wall, now);
    (void)pthread_mutex_unlock(&f->lock);
    free(c);
    return rc;
}

/* ---- claiming ---- */

static unsigned may(void *ctx, const char *dest, int64_t *again)
{
    struct out_flow_gate *g = ctx;
    const char *key = out_flow_key(dest);
    int64_t span = 0;

    *again = 0;
    if (g->n == FLOW_ASKED)
        return 0;
    if (!out_flow_enter(g->f, key, out_flow_urgent(dest), g->steady, &span)) {
        *again = span ? g->wall + span : 0;
        return 0;
    }
    (void)snprintf(g->taken[g->n++], FLOW_KEY, "%s", key);
    return 1;
}

struct out_gate out_flow_gate(struct out_flow_gate *g)
{
    return (struct out_gate){may, g};
}

void out_flow_unclaimed(struct out_flow_gate *g, const struct out_claim *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < g->n; k++)
            if (strcmp(g->taken[k], out_flow_key(c[i].dest)) == 0) {
                memmove(g->taken[k], g->taken[--g->n], FLOW_KEY);
                break;
            }
    while (g->n)
        (void)out_flow_leave(g->f, g->taken[--g->n], g->steady, FLOW_NOTHING, -1);
}
