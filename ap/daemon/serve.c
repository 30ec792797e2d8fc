/* Threads: HTTP connections (http_server), senders, one that validates what came in, hand-over
 * (lanes), one for the clock (sweeps, leases), one that tells alarms, one that fetches revocation
 * lists, one that compares our SMP entries, one for commands (control),
 * and this one, which waits for signals. Every thread sleeps in the store's clock or on its bell; a
 * full pool is answered with 503, never queued without end. */
#include "ap/daemon/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/control/control.h"
#include "ap/daemon/alarms.h"
#include "ap/daemon/bell.h"
#include "ap/daemon/crashes.h"
#include "ap/daemon/entries.h"
#include "ap/daemon/gate.h"
#include "ap/daemon/judge.h"
#include "ap/daemon/live.h"
#include "ap/daemon/node.h"
#include "ap/daemon/notify.h"
#include "ap/daemon/prefetch.h"
#include "ap/daemon/senders.h"
#include "ap/daemon/steady.h"
#include "ap/store/store_alarm.h"
#include "ap/store/store_queue.h"

#define KEEP_MS 300000 /* between two savings of what the SMPs answered */
#define TRIAL_MS 30000 /* for one suspect, see in_trial: they delay the start */
#define IDLE_MS 1000   /* longest sleep: a missed wake-up costs a second, never a document */

struct serve {
    struct node node;
    struct gate gate;
    struct control_server *control;
    struct live live;
    struct prefetch *prefetch;
    struct entries *entries;
    struct bell in, end;       /* a message in is nothing to a sender: each wakes only its own */
    pthread_mutex_t reloading; /* one reload at a time */
    const struct serve_hooks *hooks;
    struct senders *senders;
    struct out_flow *flow;
    struct alarms *alarms;
    struct steady steady; /* of the clock's thread */
    pthread_t judge, clock;
    bool has_judge, has_clock;
};

/* ---- waking and waiting ---- */

static void ring_out(void *ctx)
{
    struct serve *s = ctx;

    senders_ring(s->senders);
}

static void ring_in(void *ctx)
{
    struct serve *s = ctx;

    bell_ring(&s->in);
}

static bool stopping(struct serve *s)
{
    return bell_closed(&s->end);
}

/* ---- the workers ---- */

/* Asked after a claim got nothing. What is overdue for the hand-over all the same waits for a
 * person (route inbox), not for us: polling for it would never end. */
static int64_t until_due(struct serve *s)
{
    struct err e = ERR_INIT;
    int64_t due = 0, now = clock_now();

    if (store_in_next_due(&due, s->node.store, &e) || due <= now || due - now > IDLE_MS)
        return IDLE_MS;
    return due - now;
}

static void *judge_main(void *arg)
{
    struct serve *s = arg;

    while (!stopping(s) && !store_is_broken(s->node.store)) {
        unsigned seen = bell_rings(&s->in);
        struct setup *terms = node_setup(&s->node);
        struct err e = ERR_INIT;
        int done = in_work(&terms->in, &e);
        setup_unref(terms);
        if (done < 0) {
            log_err(LOG_ERROR, "validate.work", &e, NULL);
            bell_rest(&s->in, seen, IDLE_MS);
        } else if (done > 0) {
            live_ring(&s->live);
        } else {
            bell_rest(&s->in, seen, until_due(s));
        }
    }
    return NULL;
}

static int64_t retry_max(struct serve *s)
{
    struct setup *terms = node_setup(&s->node);
    int64_t ms = terms->out.policy.retry_max;

    setup_unref(terms);
    return ms;
}

/* Pauses are instants on disk: after a step back they would last longer by it. */
static void clock_jumped(struct serve *s, int64_t jump)
{
    struct err why = ERR_INIT, e = ERR_INIT;
    const struct alarm_new loud = {
        .kind = "clock", .subject = "jump", .why = &why, .now = clock_now()};
    unsigned long n;

    (void)err_set(&why, ERR_CONFIG, "clock.jumped", "",
        "the clock went %s by %lld s; deadlines wait up to 10 minutes for it to come back",
        jump < 0 ? "back" : "forward", (long long)(jump < 0 ? -jump : jump) / 1000);
    (void)err_next(&why, "aviso doctor clock; let a time service (chrony) keep it");
    log_err(LOG_ERROR, "clock.jumped", &why, NULL);
    if (store_alarm_raise(s->node.store, &loud, &e) ||
        (jump < 0 && store_queue_run(&n, s->node.store, NULL, clock_now() + retry_max(s), &e)))
        log_err(LOG_ERROR, "clock.jumped", &e, NULL);
}

static int64_t deadline_now(struct serve *s)
{
    enum steady_news news;
    int64_t now = steady_now(&s->steady, clock_now(), clock_mono(), &news);
    struct err e = ERR_INIT;

    if (news == STEADY_JUMPED)
        clock_jumped(s, s->steady.jump);
    else if (news != STEADY_SAME && store_alarm_clear(s->node.store, "clock", "jump", now, &e))
        log_err(LOG_ERROR, "clock.jumped", &e, NULL);
    return now;
}

static void sweep(struct serve *s)
{
    int64_t now = deadline_now(s);
    struct out_swept w;
    struct err e = ERR_INIT;
    struct log_num a, b, c;

    do {
        if (store_out_sweep(&w, s->node.store, now, 1000, &e)) {
            log_err(LOG_ERROR, "sweep", &e, NULL);
            return;
        }
        if (w.unknown + w.late + w.expired)
            log_event(LOG_WARN, "swept", "late", log_n(&a, (long long)w.late), "unknown",
                log_n(&b, (long long)w.unknown), "expired", log_n(&c, (long long)w.expired), NULL);
    } while (w.more);
}

static void *clock_main(void *arg)
{
    struct serve *s = arg;
    int64_t kept = clock_mono();

    while (!stopping(s) && !store_is_broken(s->node.store)) {
        sweep(s);
        if (clock_mono() - kept >= KEEP_MS) {
            node_keep_lookup(&s->node);
            kept = clock_mono();
        }
        bell_rest(&s->end, bell_rings(&s->end), IDLE_MS);
    }
    if (store_is_broken(s->node.store))
        (void)kill(getpid(), SIGTERM); /* end, so that a restart recovers (reliability S4) */
    return NULL;
}

/* ---- start and end ---- */

static struct out_flow_cfg flow_cfg(const struct config *c)
{
    return (struct out_flow_cfg){.window = (unsigned)c->retry_window,
        .open_first = c->retry_first,
        .open_max = c->retry_max,
        .after_max = c->retry_after_max};
}

static int start_senders(struct serve *s, struct err *e)
{
    const struct out_flow_cfg f = flow_cfg(s->node.cfg);

    if (!(s->flow = out_flow_new(&f)))
        return err_nomem(e);
    s->node.setup->out.flow = s->flow;
    if (out_flow_restore(s->flow, s->node.store, clock_now(), clock_mono(), e))
        return -1;
    return senders_start(&s->senders, &s->node, (unsigned)s->node.cfg->senders, e);
}

static int start_threads(struct serve *s, struct err *e)
{
    if (alarms_start(&s->alarms, &s->node, e))
        return -1;
    if (pthread_create(&s->judge, NULL, judge_main, s))
        return err_nomem(e);
    (void)pthread_setname_np(s->judge, "deliver"); /* for top(1) and make bench */
    s->has_judge = true;
    if (pthread_create(&s->clock, NULL, clock_main, s))
        return err_nomem(e);
    s->has_clock = true;
    return 0;
}

static void enter(struct control_env *mine)
{
    struct serve *s = mine->ctx;
    struct setup *terms = node_setup(&s->node);

    mine->held = terms;
    mine->out = &terms->out;
    mine->in = &terms->in;
}

static void leave(struct control_env *mine)
{
    setup_unref(mine->held);
}

static int reload(void *ctx, bool keys_only, struct buf *restart, struct err *e);

static int start(struct serve *s, struct err *e)
{
    const struct config *c = s->node.cfg;
    struct in_env *in = &s->node.setup->in;
    struct control_env env = {.mode = config_mode_word(c->mode),
        .connections = s->gate.connections,
        .submitted = ring_out,
        .enter = enter,
        .leave = leave,
        .reload = reload,
        .ctx = s};

    in->accepted = ring_in;
    in->accepted_ctx = s;
    if (crashes_open(&s->node, s->gate.heavy, e) || start_senders(s, e) ||
        live_start(&s->live, &s->node, ring_out, s, e) ||
        prefetch_start(&s->prefetch, &s->node, e) || gate_start(&s->gate, &s->node, e) ||
        entries_start(&s->entries, &s->node, e) || control_start(&s->control, c->spool, &env, e))
        return -1;
    return start_threads(s, e);
}

/* A thread still waiting for a peer when the drain time ends is not waited for: its attempt is on
 * disk as SENDING, so the next start knows it as UNKNOWN and sends the same bytes again. */
static void cut(struct serve *s)
{
    log_event(LOG_WARN, "drain.cut", "next", "the journal resumes what was in hand", NULL);
    _exit(store_is_broken(s->node.store) ? 74 : 0);
}

static void join(struct serve *s, pthread_t t, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    if (pthread_timedjoin_np(t, NULL, &until))
        cut(s);
}

static int64_t drain_ms(struct serve *s)
{
    struct setup *terms = node_setup(&s->node);
    int64_t ms = terms->cfg->drain;

    setup_unref(terms);
    return ms;
}

/* Order matters: first nothing new comes in, then what is in hand ends, then the store closes. */
static void stop(struct serve *s)
{
    int64_t drain = drain_ms(s), until = clock_now() + drain;

    notify("STOPPING=1");
    control_stop(s->control);
    gate_drain(&s->gate, drain);
    bell_close(&s->end);
    bell_close(&s->in);
    live_close(&s->live);
    prefetch_close(s->prefetch);
    entries_close(s->entries);
    senders_close(s->senders);
    alarms_close(s->alarms);
    if (!senders_join(s->senders, until) || !alarms_join(s->alarms, until))
        cut(s);
    if (s->has_judge)
        join(s, s->judge, until);
    if (s->has_clock)
        join(s, s->clock, until);
    if (!live_join(&s->live, until) || !prefetch_join(s->prefetch, until) ||
        !entries_join(s->entries, until))
        cut(s);
    senders_free(s->senders);
    alarms_free(s->alarms);
    out_flow_free(s->flow);
    in_crash_close(s->node.setup->in.crash);
    gate_done(&s->gate);
}

/* ---- reload: bad or good, the service goes on, with the old configuration or the new one ---- */

/* The parts that have limits of their own. */
static void follow(struct serve *s, const struct config *c)
{
    const struct out_flow_cfg f = flow_cfg(c);

    out_flow_follow(s->flow, &f);
    gate_follow(&s->gate, c);
    ring_out(s);
}

static int read_anew(struct config **out, struct serve *s, struct buf *restart, struct err *e)
{
    struct config *c = NULL;

    if (s->hooks->load(s->hooks->ctx, &c, e))
        return -1;
    if (config_check(c, e)) {
        config_free(c);
        return -1;
    }
    config_keep(restart, c, s->node.cfg);
    *out = c;
    return 0;
}

static int take_over(struct serve *s, bool keys_only, struct buf *restart, struct err *e)
{
    struct config *fresh = NULL;
    struct live_next next;

    if (!keys_only && read_anew(&fresh, s, restart, e))
        return -1;
    if (live_prepare(&next, &s->live, fresh, e))
        return -1;
    if (fresh && gate_certificate(&s->gate, fresh, e)) {
        live_drop(&next);
        return -1;
    }
    if (fresh)
        follow(s, fresh);
    live_take(&s->live, &next);
    prefetch_ring(s->prefetch);
    entries_ring(s->entries);
    return 0;
}

static int reload(void *ctx, bool keys_only, struct buf *restart, struct err *e)
{
    struct serve *s = ctx;
    char ready[200];
    int rc;

    (void)pthread_mutex_lock(&s->reloading);
    (void)snprintf(
        ready, sizeof(ready), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono() * 1000);
    notify(ready);
    rc = take_over(s, keys_only, restart, e);
    if (rc)
        log_err(LOG_ERROR, "reload.refused", e, "holds", "the old configuration", NULL);
    else
        log_event(LOG_INFO, keys_only ? "reloaded.keys" : "reloaded", "needs_restart",
            restart->n ? restart->p : NULL, NULL);
    (void)snprintf(ready, sizeof(ready), "READY=1\nSTATUS=%s%.100s",
        rc ? "reload refused: " : "reloaded", rc ? e->code : "");
    notify(ready);
    (void)pthread_mutex_unlock(&s->reloading);
    return rc;
}

static void on_hangup(struct serve *s)
{
    struct err e = ERR_INIT;
    struct buf restart;

    buf_init(&restart, 4096);
    (void)reload(s, false, &restart, &e);
    buf_free(&restart);
}

static void wait_for_end(struct serve *s)
{
    sigset_t set;
    int sig = 0;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    while (sigwait(&set, &sig) == EINTR || sig == SIGHUP)
        if (sig == SIGHUP) {
            sig = 0;
            on_hangup(s);
        }
    log_event(LOG_INFO, "stopping", "signal", sig == SIGINT ? "INT" : "TERM", NULL);
}

static void init(struct serve *s)
{
    sigset_t set;

    bell_init(&s->in);
    bell_init(&s->end);
    (void)pthread_mutex_init(&s->reloading, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* every thread inherits it; sigwait takes them */
}

/* Only one thread yet: the trial may fork. */
static void try_suspects(const struct node *n)
{
    for (size_t i = 0; i < n->nsuspects; i++) {
        struct err e = ERR_INIT;
        if (in_trial(&n->setup->in, n->suspects[i], TRIAL_MS, &e))
            log_err(LOG_ERROR, "trial.failed", &e, NULL);
    }
}

int serve_run(const struct config *c, const struct serve_hooks *h, struct err *e)
{
    struct serve *s = calloc(1, sizeof(*s));
    int rc;

    if (!s)
        return err_nomem(e);
    init(s);
    s->hooks = h;
    s->node.cfg = c;
    if (gate_init(&s->gate, c, e)) {
        free(s);
        return -1;
    }
    if (node_open(&s->node, c, NODE_ALL | NODE_LAUNCHER, e)) {
        gate_done(&s->gate);
        free(s);
        return -1;
    }
    judge_attach(&s->node);
    try_suspects(&s->node);
    rc = start(s, e);
    if (!rc) {
        notify("READY=1");
        if (h->ready)
            h->ready(h->ctx, gate_port(&s->gate));
        wait_for_end(s);
    }
    stop(s);
    if (!rc && store_is_broken(s->node.store))
        rc = err_set(e, ERR_RETRY, "store.broken", "",
            "a commit failed: ended so that a restart can recover from the journal");
    node_close(&s->node);
    judge_detach();
    bell_done(&s->in);
    bell_done(&s->end);
    (void)pthread_mutex_destroy(&s->reloading);
    free(s);
    return rc;
}
