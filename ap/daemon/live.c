#include "ap/daemon/live.h"

#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/daemon/judge.h"

#define GRACE_MS 2000  /* for an old route to end, before it is left to itself */
#define PULSE_MS 60000 /* a canary or heartbeat in hand */

static const char *const live_sections[] = {/* smp: only commands use it */
    "deliver", "canary", "heartbeat", "validate", "log", "smp", NULL};

static const struct config *config_of(const struct live *l)
{
    return l->cfg ? l->cfg : l->node->cfg;
}

int live_start(struct live *l, struct node *n, void (*sent)(void *ctx), void *ctx, struct err *e)
{
    pthread_rwlockattr_t attr;

    *l = (struct live){.node = n, .now = {.routes = &n->routes}, .sent = sent, .ctx = ctx};
    (void)pthread_rwlockattr_init(&attr); /* a reload is not to wait for a quiet moment */
    (void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&l->lock, &attr);
    (void)pthread_rwlockattr_destroy(&attr);
    return lanes_start(&l->now.lanes, &n->in, e) || pulse_start(&l->pulse, n, n->cfg, sent, ctx, e)
               ? -1
               : 0;
}

void live_enter(struct live *l)
{
    (void)pthread_rwlock_rdlock(&l->lock);
}

void live_leave(struct live *l)
{
    (void)pthread_rwlock_unlock(&l->lock);
}

void live_ring(struct live *l)
{
    live_enter(l);
    lanes_ring(l->now.lanes);
    live_leave(l);
}

/* ---- old sets ---- */

static bool end_set(struct live *l, struct live_set *s, int64_t until)
{
    if (!s->routes)
        return true;
    if (!lanes_join(s->lanes, until))
        return false;
    if (s->routes != &l->node->routes) {
        deliver_close(s->routes);
        free(s->routes);
    }
    *s = (struct live_set){NULL, NULL};
    return true;
}

static struct live_set *free_place(struct live *l)
{
    for (size_t i = 0; i < LIVE_OLD; i++)
        if (end_set(l, &l->old[i], clock_now()))
            return &l->old[i];
    return NULL;
}

/* ---- the exchange ---- */

/* Everything that can fail, before anything changes. */
static int prepare(struct live_set *out, struct live *l, const struct config *c, struct err *e)
{
    struct in_env env = l->node->in;

    if (config_check(c, e))
        return -1;
    if (!(out->routes = calloc(1, sizeof(*out->routes))))
        return err_nomem(e);
    if (node_routes(out->routes, c, e))
        return -1;
    env.routes = out->routes;
    return lanes_start(&out->lanes, &env, e);
}

static void swap(struct live *l, const struct live_set *fresh, struct config *c)
{
    struct node *n = l->node;

    (void)pthread_rwlock_wrlock(&l->lock);
    l->now = *fresh;
    n->in.routes = fresh->routes;
    n->in.route = node_default_route(c);
    judge_on_send(n, c->validate);
    (void)pthread_rwlock_unlock(&l->lock);
    log_setup((enum log_level)c->log_level, c->log_json);
}

static int restart_pulse(struct live *l, const struct config *c, struct err *e)
{
    pulse_close(l->pulse);
    if (!pulse_join(l->pulse, clock_now() + PULSE_MS))
        return err_set(e, ERR_RETRY, "reload.busy", "", "the canary or heartbeat does not end");
    l->pulse = NULL;
    return pulse_start(&l->pulse, l->node, c, l->sent, l->ctx, e);
}

int live_reload(struct live *l, struct config *fresh, struct buf *restart, struct err *e)
{
    struct live_set next = {NULL, NULL}, *place = free_place(l);

    if (!place)
        return err_set(e, ERR_RETRY, "reload.busy", "",
            "%d sets of routes still have something in hand", LIVE_OLD);
    if (prepare(&next, l, fresh, e)) {
        lanes_close(next.lanes);
        (void)end_set(l, &next, clock_now() + GRACE_MS);
        return -1;
    }
    config_changes(restart, config_of(l), fresh, live_sections);
    *place = l->now;
    lanes_close(place->lanes);
    swap(l, &next, fresh);
    (void)end_set(l, place, clock_now() + GRACE_MS);
    if (restart_pulse(l, fresh, e))
        log_err(LOG_ERROR, "reload.pulse", e, NULL);
    config_free(l->cfg);
    l->cfg = fresh;
    return 0;
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
    if (!pulse_join(l->pulse, until) || !end_set(l, &l->now, until))
        return false;
    for (size_t i = 0; i < LIVE_OLD; i++)
        if (!end_set(l, &l->old[i], until))
            return false;
    config_free(l->cfg);
    (void)pthread_rwlock_destroy(&l->lock);
    memset(l, 0, sizeof(*l));
    return true;
}
