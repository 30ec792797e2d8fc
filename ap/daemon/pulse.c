#include "ap/daemon/pulse.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/canary/canary.h"
#include "ap/daemon/bell.h"
#include "ap/daemon/notify.h"

#define TURN_MS 1000
#define BEAT_MS 15000 /* deadline of one heartbeat */

struct pulse {
    struct node *node;
    struct setup *setup;
    struct bell bell;
    pthread_t thread;
    struct canary canary;
    struct canary_cfg cfg;
    void (*sent)(void *ctx);
    void *ctx;
    int64_t beat_due; /* clock_mono() */
    bool sick;        /* told already */
};

void pulse_canary_cfg(struct canary_cfg *out, const struct config *c)
{
    *out = (struct canary_cfg){.ping = c->canary_ping,
        .from = c->canary_from,
        .to = c->canary_to,
        .every = c->canary_every,
        .silence = c->canary_silence};
    if (!out->silence)
        out->silence = 3 * out->every;
}

static void canary(struct pulse *p)
{
    struct err e = ERR_INIT;
    bool sent = false;

    /* read anew each time: `aviso canary run` sends one as well */
    if (canary_load(&p->canary, p->node->store, &e) ||
        (*p->cfg.to ? canary_turn(&p->canary, &p->setup->out, &p->cfg, clock_now(), &sent, &e)
                    : canary_look(&p->canary, p->node->store, clock_now(), &e)) < 0)
        log_err(LOG_ERROR, "canary.failed", &e, NULL);
    else if (sent)
        p->sent(p->ctx);
}

/* What would make an operator get up: not a late document (its alarm tells that), but a service
 * that cannot do its work. */
static bool is_well(struct pulse *p, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct setup *s = p->setup;
    struct buf sig;
    int rc;

    if (store_is_broken(s->out.store) || store_free_bytes(s->out.store) < s->out.policy.min_free) {
        (void)err_set(e, ERR_RETRY, "heartbeat.withheld", "", "the store is broken or space short");
        return false;
    }
    if (*p->cfg.to && p->canary.silent) {
        (void)err_set(e, ERR_RETRY, "heartbeat.withheld", "", "the canary is silent");
        return false;
    }
    buf_init(&sig, 4096);
    rc = hash_of(digest, "pulse", 5, e) || key_sign_sha256(s->out.key, &sig, digest, e);
    buf_free(&sig);
    return !rc;
}

static int beat(struct pulse *p, struct err *e)
{
    const struct http_request rq = {
        .url = p->setup->cfg->heartbeat_url, .deadline_ms = BEAT_MS, .hop = "monitor"};
    struct http_answer a;
    int rc;

    if (!is_well(p, e))
        return -1;
    rc = http_get(&a, p->node->http, &rq, e);
    if (!rc && (a.status < 200 || a.status > 299))
        rc = err_set(
            e, ERR_RETRY, "heartbeat.refused", "", "the monitor answered HTTP %d", a.status);
    http_answer_free(&a);
    return rc;
}

static void heartbeat(struct pulse *p)
{
    const struct config *c = p->setup->cfg;
    struct err e = ERR_INIT;
    int rc;

    if (!*c->heartbeat_url || clock_mono() < p->beat_due)
        return;
    p->beat_due = clock_mono() + c->heartbeat_every;
    rc = beat(p, &e);
    if (rc && !p->sick)
        log_err(LOG_ERROR, "heartbeat.missed", &e, NULL);
    else if (!rc && p->sick)
        log_event(LOG_INFO, "heartbeat.again", NULL);
    p->sick = rc != 0;
}

static void *pulse_main(void *arg)
{
    struct pulse *p = arg;

    while (!bell_closed(&p->bell) && !store_is_broken(p->node->store)) {
        unsigned seen = bell_rings(&p->bell);
        canary(p); /* reads the store: a watchdog that hears us knows that it can be read */
        notify_alive();
        heartbeat(p);
        bell_rest(&p->bell, seen, TURN_MS);
    }
    return NULL;
}

static void pulse_free(struct pulse *p)
{
    bell_done(&p->bell);
    setup_unref(p->setup);
    free(p);
}

int pulse_start(
    struct pulse **out, struct node *n, void (*sent)(void *ctx), void *ctx, struct err *e)
{
    struct pulse *p;

    *out = NULL;
    if (!(p = calloc(1, sizeof(*p))))
        return err_nomem(e);
    *p = (struct pulse){.node = n, .setup = node_setup(n), .sent = sent, .ctx = ctx};
    pulse_canary_cfg(&p->cfg, p->setup->cfg);
    bell_init(&p->bell);
    if (pthread_create(&p->thread, NULL, pulse_main, p)) {
        pulse_free(p);
        return err_nomem(e);
    }
    (void)pthread_setname_np(p->thread, "pulse");
    *out = p;
    return 0;
}

void pulse_close(struct pulse *p)
{
    if (p)
        bell_close(&p->bell);
}

bool pulse_join(struct pulse *p, int64_t until)
{
    const struct timespec at = {until / 1000, (until % 1000) * 1000000};

    if (!p)
        return true;
    if (pthread_timedjoin_np(p->thread, NULL, &at))
        return false;
    pulse_free(p);
    return true;
}
