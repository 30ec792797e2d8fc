#include "ap/daemon/live.h"

#include <string.h>

#include "ap/alarm/alarm.h"
#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/log.h"
#include "ap/daemon/judge.h"

#define GRACE_MS 2000  /* for an old route to end, before it is left to itself */
#define PULSE_MS 60000 /* a canary or heartbeat in hand */

int live_start(struct live *l, struct node *n, void (*sent)(void *ctx), void *ctx, struct err *e)
{
    *l = (struct live){.node = n, .sent = sent, .ctx = ctx};
    (void)pthread_mutex_init(&l->lock, NULL);
    l->now.setup = setup_ref(n->setup);
    return lanes_start(&l->now.lanes, &n->setup->in, e) || pulse_start(&l->pulse, n, sent, ctx, e)
               ? -1
               : 0;
}

void live_ring(struct live *l)
{
    (void)pthread_mutex_lock(&l->lock);
    lanes_ring(l->now.lanes);
    (void)pthread_mutex_unlock(&l->lock);
}

/* ---- old sets ---- */

static bool end_set(struct live_set *s, int64_t until)
{
    if (!s->setup)
        return true;
    if (!lanes_join(s->lanes, until))
        return false;
    setup_unref(s->setup);
    *s = (struct live_set){NULL, NULL};
    return true;
}

static struct live_set *free_place(struct live *l)
{
    for (size_t i = 0; i < LIVE_OLD; i++)
        if (end_set(&l->old[i], clock_now()))
            return &l->old[i];
    return NULL;
}

/* ---- the exchange ---- */

/* What `fresh` says, or with NULL the configuration in force. */
static struct setup *draft(const struct setup *now, struct config *fresh)
{
    struct config *owned = fresh ? fresh : now->owned ? config_ref(now->owned) : NULL;
    struct setup *s = setup_new(fresh ? fresh : now->cfg, owned);

    if (!s)
        config_free(owned);
    return s;
}

static int open_all(struct live_next *x, struct node *n, const struct setup *now, struct err *e)
{
    struct setup *s = x->setup;

    if (setup_keys(s, n->launcher, now, e) || node_trust(&x->pki, n, s, e) || setup_routes(s, e) ||
        alarm_check(s->cfg, e))
        return -1;
    setup_fill(s, n, now);
    judge_follow(s);
    return lanes_start(&x->lanes, &s->in, e);
}

int live_prepare(struct live_next *out, struct live *l, struct config *fresh, struct err *e)
{
    struct setup *now = node_setup(l->node);
    int rc;

    *out = (struct live_next){.place = free_place(l)};
    out->setup = draft(now, fresh);
    if (!out->setup)
        rc = err_nomem(e);
    else if (!out->place)
        rc = err_set(e, ERR_RETRY, "reload.busy", "",
            "%d sets of routes still have something in hand", LIVE_OLD);
    else
        rc = open_all(out, l->node, now, e);
    (void)FAULT("reload.prepared");
    setup_unref(now);
    if (rc)
        live_drop(out);
    return rc;
}

void live_drop(struct live_next *next)
{
    struct live_set set = {next->setup, next->lanes};

    lanes_close(set.lanes);
    if (!end_set(&set, clock_now() + GRACE_MS) && next->place)
        *next->place = set;
    pki_close(next->pki);
}

static void restart_pulse(struct live *l)
{
    struct err e = ERR_INIT;

    pulse_close(l->pulse);
    if (!pulse_join(l->pulse, clock_now() + PULSE_MS))
        (void)err_set(&e, ERR_RETRY, "reload.busy", "", "the canary or heartbeat does not end");
    l->pulse = NULL;
    if (e.class || pulse_start(&l->pulse, l->node, l->sent, l->ctx, &e))
        log_err(LOG_ERROR, "reload.pulse", &e, NULL);
}

void live_take(struct live *l, struct live_next *next)
{
    const struct config *c = next->setup->cfg;
    struct live_set *gone = next->place;

    (void)pthread_mutex_lock(&l->lock);
    *gone = l->now;
    l->now = (struct live_set){setup_ref(next->setup), next->lanes};
    (void)pthread_mutex_unlock(&l->lock);
    lanes_close(gone->lanes);
    pki_take(l->node->pki, next->pki);
    node_follow(l->node, c);
    node_exchange(l->node, next->setup);
    (void)FAULT("reload.taken");
    log_setup((enum log_level)c->log_level, c->log_json);
    (void)end_set(gone, clock_now() + GRACE_MS);
    restart_pulse(l);
}

void live_close(struct live *l)
{
    lanes_close(l->now.lanes);
    pulse_close(l->pulse);
}

bool live_join(struct live *l, int64_t until)
{
    if (!l->node)
        return true;
    if (!pulse_join(l->pulse, until) || !end_set(&l->now, until))
        return false;
    for (size_t i = 0; i < LIVE_OLD; i++)
        if (!end_set(&l->old[i], until))
            return false;
    (void)pthread_mutex_destroy(&l->lock);
    memset(l, 0, sizeof(*l));
    return true;
}
