#include "ap/daemon/prefetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/daemon/bell.h"
#include "ap/pki/pki_own.h"
#include "ap/pki/revocation.h"

#define ROUND_MS 60000
#define SHORT_MS 5000 /* where lists live for minutes only (trust.revocation_refresh) */

struct prefetch {
    struct node *node;
    struct bell end;
    pthread_t thread;
};

/* Our own chain is the one that every peer asks for: revoked, we must stop before they tell us. It
 * also fetches the lists of our partners' authority before the first message needs them. */
static void look_at_own(struct node *n)
{
    struct setup *s = node_setup(n);

    for (size_t i = 0; i < s->nkeys; i++) {
        struct err e = ERR_INIT;
        if (pki_own_look(n->pki, s->keys[i], clock_now(), &e))
            log_err(e.class == ERR_PEER ? LOG_ERROR : LOG_WARN, "own-certificate", &e, NULL);
    }
    setup_unref(s);
}

static int64_t pause_of(struct node *n)
{
    struct setup *s = node_setup(n);
    int64_t ms = s->cfg->revocation_refresh < ROUND_MS ? SHORT_MS : ROUND_MS;

    setup_unref(s);
    return ms;
}

static void *prefetch_main(void *arg)
{
    struct prefetch *p = arg;

    while (!bell_closed(&p->end)) {
        unsigned seen = bell_rings(&p->end);
        look_at_own(p->node);
        revocation_refresh(p->node->revocation, clock_now());
        bell_rest(&p->end, seen, pause_of(p->node));
    }
    return NULL;
}

int prefetch_start(struct prefetch **out, struct node *n, struct err *e)
{
    struct prefetch *p;

    *out = NULL;
    if (!(p = calloc(1, sizeof(*p))))
        return err_nomem(e);
    p->node = n;
    bell_init(&p->end);
    if (pthread_create(&p->thread, NULL, prefetch_main, p)) {
        bell_done(&p->end);
        free(p);
        return err_nomem(e);
    }
    (void)pthread_setname_np(p->thread, "prefetch");
    *out = p;
    return 0;
}

void prefetch_close(struct prefetch *p)
{
    if (p)
        bell_close(&p->end);
}

void prefetch_ring(struct prefetch *p)
{
    bell_ring(&p->end);
}

bool prefetch_join(struct prefetch *p, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    if (!p)
        return true;
    if (pthread_timedjoin_np(p->thread, NULL, &until))
        return false;
    bell_done(&p->end);
    free(p);
    return true;
}
