#include "ap/daemon/senders.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"

#define IDLE_MS 1000 /* longest sleep: a missed wake-up costs a second, never a document */

struct senders {
    struct node *node;
    unsigned max;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t news;
    unsigned rings, n, idle;
    bool closed;
    pthread_t thread[SENDERS_MAX];
};

static void *sender_main(void *arg);

/* Under the lock. One that cannot be started now is started later: those there are go on. */
static int add_one(struct senders *s)
{
    if (pthread_create(&s->thread[s->n], NULL, sender_main, s))
        return -1;
    (void)pthread_setname_np(s->thread[s->n], "sender");
    s->n++;
    return 0;
}

void senders_ring(struct senders *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->rings++;
    if (s->idle)
        (void)pthread_cond_signal(&s->news);
    else if (s->n < s->max && !s->closed)
        (void)add_one(s);
    (void)pthread_mutex_unlock(&s->lock);
}

static bool look(struct senders *s, unsigned *rings)
{
    bool go;

    (void)pthread_mutex_lock(&s->lock);
    *rings = s->rings;
    go = !s->closed;
    (void)pthread_mutex_unlock(&s->lock);
    return go && !store_is_broken(s->node->store);
}

static void rest(struct senders *s, unsigned seen, int64_t ms)
{
    struct timespec until = clock_until(ms * CLOCK_MS);

    (void)pthread_mutex_lock(&s->lock);
    s->idle++;
    while (!s->closed && s->rings == seen)
        if (pthread_cond_timedwait(&s->news, &s->lock, &until) == ETIMEDOUT)
            break;
    s->idle--;
    (void)pthread_mutex_unlock(&s->lock);
}

/* Asked after a claim at `asked` got nothing. What was due then stands in a queue without a free
 * place: whoever leaves one rings. */
static int64_t until_due(struct senders *s, int64_t asked)
{
    struct err e = ERR_INIT;
    int64_t due = 0;

    if (store_out_next_due(&due, s->node->store, &e) || !due || due <= asked ||
        due - asked > IDLE_MS)
        return IDLE_MS;
    return due - asked;
}

/* Works on what is due until nothing is, or the setup is another one by now: each attempt brings
 * the next claim with its last commit. True when there was any. */
static bool work_all(struct senders *s, const struct setup *terms, int64_t now, unsigned *rings)
{
    const struct out_env *env = &terms->out;
    struct err e = ERR_INIT;
    struct out_claim c, next;

    if (out_claim(&c, env, now, &e))
        log_err(LOG_ERROR, "sender.claim", &e, NULL);
    if (!c.row)
        return false;
    do {
        next.row = 0;
        senders_ring(s); /* there may be more */
        if (out_work(env, &c, node_setup_is(s->node, terms) ? &next : NULL, &e))
            log_err(LOG_ERROR, "sender.work", &e, "id", c.id, NULL);
        c = next;
    } while (c.row && look(s, rings));
    if (c.row && out_unclaim(env, &c, &e))
        log_err(LOG_ERROR, "sender.work", &e, "id", c.id, NULL);
    return true;
}

static void *sender_main(void *arg)
{
    struct senders *s = arg;
    unsigned rings;

    while (look(s, &rings)) {
        int64_t now = clock_now();
        struct setup *terms = node_setup(s->node);
        bool worked = work_all(s, terms, now, &rings);
        setup_unref(terms);
        if (!worked)
            rest(s, rings, until_due(s, now));
    }
    return NULL;
}

int senders_start(struct senders **out, struct node *n, unsigned max, struct err *e)
{
    struct senders *s;
    pthread_condattr_t attr;
    int rc;

    if (max < 1 || max > SENDERS_MAX)
        return err_set(
            e, ERR_CONFIG, "config.value", "", "limits.senders must be 1 to %d", SENDERS_MAX);
    if (!(s = calloc(1, sizeof(*s))))
        return err_nomem(e);
    s->node = n;
    s->max = max;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->news, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_lock(&s->lock);
    rc = add_one(s);
    (void)pthread_mutex_unlock(&s->lock);
    if (!rc) {
        *out = s;
        return 0;
    }
    senders_free(s);
    return err_nomem(e);
}

void senders_close(struct senders *s)
{
    if (!s)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->closed = true;
    (void)pthread_cond_broadcast(&s->news);
    (void)pthread_mutex_unlock(&s->lock);
}

bool senders_join(struct senders *s, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    for (unsigned i = 0; s && i < s->n; i++)
        if (pthread_timedjoin_np(s->thread[i], NULL, &until))
            return false;
    return true;
}

void senders_free(struct senders *s)
{
    if (!s)
        return;
    (void)pthread_cond_destroy(&s->news);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
