#include "ap/daemon/bell.h"

#include <errno.h>

#include "ap/base/clock.h"

void bell_init(struct bell *b)
{
    pthread_condattr_t attr;

    *b = (struct bell){.rings = 0};
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&b->cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

void bell_done(struct bell *b)
{
    (void)pthread_cond_destroy(&b->cond);
    (void)pthread_mutex_destroy(&b->lock);
}

static void wake(struct bell *b, bool close)
{
    (void)pthread_mutex_lock(&b->lock);
    b->rings++;
    b->closed |= close;
    (void)pthread_cond_broadcast(&b->cond);
    (void)pthread_mutex_unlock(&b->lock);
}

void bell_ring(struct bell *b)
{
    wake(b, false);
}

void bell_close(struct bell *b)
{
    wake(b, true);
}

bool bell_closed(struct bell *b)
{
    bool v;

    (void)pthread_mutex_lock(&b->lock);
    v = b->closed;
    (void)pthread_mutex_unlock(&b->lock);
    return v;
}

unsigned bell_rings(struct bell *b)
{
    unsigned n;

    (void)pthread_mutex_lock(&b->lock);
    n = b->rings;
    (void)pthread_mutex_unlock(&b->lock);
    return n;
}

void bell_rest(struct bell *b, unsigned seen, int64_t ms)
{
    struct timespec until = clock_until(ms * CLOCK_MS);

    (void)pthread_mutex_lock(&b->lock);
    while (!b->closed && b->rings == seen)
        if (pthread_cond_timedwait(&b->cond, &b->lock, &until) == ETIMEDOUT)
            break;
    (void)pthread_mutex_unlock(&b->lock);
}
