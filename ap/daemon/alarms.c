#include "ap/daemon/alarms.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ap/alarm/alarm.h"
#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/store/store_pace.h"

#define LOOK_MS 1000   /* between looks at what is to be told */
#define WATCH_MS 30000 /* between looks at certificates, keys, space, circuits */
#define CIRCUITS 256   /* destinations in trouble looked at */
#define DRIFTS 64      /* access points told of at once */
#define ROUTES 64      /* routes looked at */
#define UNJUDGED_MS (10 * 60 * 1000)
#define ARENA_MAX (1u << 20)
#define DAY ((int64_t)86400000)

struct alarms {
    struct node *node;
    struct http_client *http; /* of the webhook: opened once */
    struct setup *setup;      /* in force in this round */
    const void *watched;      /* the one in force at the last watch: never read */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool closed; /* under lock */
    struct out_flow_state states[CIRCUITS];
};

static void raise_it(
    struct alarms *x, const char *kind, const char *subject, const struct err *why, int64_t now)
{
    const struct alarm_new a = {.kind = kind, .subject = subject, .why = why, .now = now};
    struct err e = ERR_INIT;

    if (store_alarm_raise(x->node->store, &a, &e))
        log_err(LOG_ERROR, "alarms.raise", &e, "kind", kind, NULL);
}

static void clear_it(struct alarms *x, const char *kind, const char *subject, int64_t now)
{
    struct err e = ERR_INIT;

    if (store_alarm_clear(x->node->store, kind, subject, now, &e))
        log_err(LOG_ERROR, "alarms.clear", &e, "kind", kind, NULL);
}

/* Each step is an alarm of its own, so that an acknowledged one does not hide the next. */
static void watch_certificate(struct alarms *x, const struct cert *c, int64_t now)
{
    static const int steps[] = {0, 1, 7, 30, 60};
    char subject[CERT_SERIAL + 32], until[CLOCK_TEXT];
    struct err why = ERR_INIT;
    size_t i = 0;

    while (i < sizeof(steps) / sizeof(steps[0]) && c->not_after - now > steps[i] * DAY)
        i++;
    for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
        (void)snprintf(subject, sizeof(subject), "%s %d days", c->serial, steps[k]);
        if (k != i) {
            clear_it(x, "certificate", subject, now);
            continue;
        }
        clock_utc(until, c->not_after);
        (void)err_set(&why, ERR_CONFIG, "cert.expires", "", "our certificate %s %s %.10s", c->cn,
            c->not_after > now ? "expires on" : "has expired on", until);
        (void)err_next(&why, "get a new one and put the old key into ap.old_key_file");
        raise_it(x, "certificate", subject, &why, now);
    }
}

static void watch_key(struct alarms *x, const struct key *k, int64_t now)
{
    struct err why = ERR_INIT;

    if (key_check_usable(k, now, &why))
        raise_it(x, "key", "signing", &why, now);
    else
        clear_it(x, "key", "signing", now);
}

/* The heartbeat's question, for each key: is there a process that answers? */
static int try_key(struct key *k, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct buf sig;
    int rc;

    buf_init(&sig, 4096);
    rc = hash_of(digest, "watch", 5, e) || key_sign_sha256(k, &sig, digest, e);
    buf_free(&sig);
    return rc ? -1 : 0;
}

/* Without it nothing is sent, or what is encrypted to that key is answered 503. */
static void watch_key_processes(struct alarms *x, int64_t now)
{
    for (size_t i = 0; i < x->setup->nkeys; i++) {
        struct err why = ERR_INIT;
        if (try_key(x->setup->keys[i], &why) == 0)
            continue;
        (void)err_where(&why, "the key with serial %s", key_cert(x->setup->keys[i])->serial);
        raise_it(x, "key", "process", &why, now);
        return;
    }
    clear_it(x, "key", "process", now);
}

static void watch_space(struct alarms *x, int64_t now)
{
    uint64_t have = store_free_bytes(x->node->store);
    uint64_t need = (uint64_t)x->setup->cfg->spool_min_free;
    struct err why = ERR_INIT;

    if (have >= need) {
        clear_it(x, "spool", "space", now);
        return;
    }
    (void)err_set(&why, ERR_RETRY, "spool.space", "",
        "%llu MB are free where the spool lies, %llu MB must be: nothing new is taken",
        (unsigned long long)(have / 1000000), (unsigned long long)(need / 1000000));
    (void)err_where(&why, "%s", x->setup->cfg->spool);
    (void)err_next(&why, "make room; what was accepted is still sent");
    raise_it(x, "spool", "space", &why, now);
}

/* Receipts were given for these: that they go no further must not be known to the log alone. */
static void watch_validation(struct alarms *x, int64_t now)
{
    struct in_unjudged n;
    struct err why = ERR_INIT, e = ERR_INIT;
    char span[CLOCK_TEXT];

    if (store_in_unjudged(&n, x->node->store, &e)) {
        log_err(LOG_ERROR, "alarms.validation", &e, NULL);
        return;
    }
    if (n.why.class == ERR_NONE && (!n.waiting || now - n.oldest < UNJUDGED_MS)) {
        clear_it(x, "validation", "received", now);
        return;
    }
    (void)err_set(&why, n.why.class == ERR_NONE ? ERR_RETRY : n.why.class, "validation.waits", "",
        "%lu received document%s not validated yet, the oldest came %s ago%s%s%s%.200s", n.waiting,
        n.waiting == 1 ? " is" : "s are", clock_span(span, now - n.oldest),
        n.why.code[0] ? ": " : "", n.why.code, n.why.code[0] ? ": " : "", n.why.msg);
    (void)err_where(&why, "%s", n.why.where);
    raise_it(x, "validation", "received", &why, now);
}

static bool waits_on(const struct in_route *r, size_t n, const char *name)
{
    while (n--)
        if (strcmp(r[n].name, name) == 0)
            return true;
    return false;
}

static void note_orphan(struct alarms *x, const struct in_route *r, int64_t now)
{
    struct err why = ERR_INIT;
    char span[CLOCK_TEXT];

    (void)err_set(&why, ERR_CONFIG, "handover.no-route", "",
        "%lu received document%s for route %s, which is not configured, the oldest for %s",
        r->waiting, r->waiting == 1 ? " waits" : "s wait", r->name,
        clock_span(span, now - r->oldest));
    (void)err_where(&why, "route %s", r->name);
    (void)err_next(&why, "configure it in deliver.routes_file, or aviso inbox reroute --from");
    raise_it(x, "route", r->name, &why, now);
}

/* The route's own workers tell of one that fails; one that is not configured has no workers. */
static void watch_routes(struct alarms *x, struct arena *a, int64_t now)
{
    const struct deliver_routes *there = &x->setup->routes;
    const char *open[ROUTES];
    struct in_route r[ROUTES];
    struct err e = ERR_INIT;
    size_t n, known;

    if (store_in_routes(r, ROUTES, &n, x->node->store, a, &e) ||
        store_alarm_subjects(open, ROUTES, &known, x->node->store, "route", a, &e)) {
        log_err(LOG_ERROR, "alarms.routes", &e, NULL);
        return;
    }
    for (size_t i = 0; i < known; i++)
        if (!deliver_find(there, open[i]) && !waits_on(r, n, open[i]))
            clear_it(x, "route", open[i], now);
    for (size_t i = 0; i < n; i++)
        if (r[i].name[0] && !deliver_find(there, r[i].name))
            note_orphan(x, &r[i], now);
}

static bool takes_nothing(const struct alarms *x, size_t n, const char *key)
{
    while (n--)
        if (strcmp(x->states[n].key, key) == 0)
            return x->states[n].open_since > 0;
    return false;
}

static void note_circuit(struct alarms *x, const struct out_flow_state *s, int64_t now)
{
    char span[CLOCK_TEXT];
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_RETRY, "circuit.open", "",
        "%s has taken nothing for %s; it is probed, and its documents wait", s->key,
        clock_span(span, s->open_since));
    (void)err_who(&why, s->key);
    (void)err_next(&why, "ask its operator; aviso queue run probes it at once");
    raise_it(x, "circuit", s->key, &why, now);
}

static void watch_circuits(struct alarms *x, struct arena *a, int64_t now)
{
    const char *open[CIRCUITS];
    struct err e = ERR_INIT;
    size_t n, known;

    out_flow_list(x->states, CIRCUITS, &n, x->setup->out.flow, clock_mono());
    n = n < CIRCUITS ? n : CIRCUITS;
    if (store_alarm_subjects(open, CIRCUITS, &known, x->node->store, "circuit", a, &e)) {
        log_err(LOG_ERROR, "alarms.circuits", &e, NULL);
        return;
    }
    for (size_t i = 0; i < known; i++)
        if (!takes_nothing(x, n, open[i]))
            clear_it(x, "circuit", open[i], now);
    for (size_t i = 0; i < n; i++)
        if (x->states[i].open_since > x->setup->cfg->alarm_circuit_after)
            note_circuit(x, &x->states[i], now);
}

static void note_drift(struct alarms *x, const struct store_pace *p, int64_t now)
{
    char slow[CLOCK_TEXT], usual[CLOCK_TEXT], longest[CLOCK_TEXT];
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_RETRY, "partner.drift", "",
        "%s delays some documents and takes others: %u of the last %u took longer than %s (usually "
        "%s, the longest %s); %u wait now",
        p->seat, p->delayed, p->taken + p->waiting,
        clock_span(slow, x->setup->cfg->alarm_slow_after), clock_span(usual, p->usual),
        clock_span(longest, p->longest > p->oldest ? p->longest : p->oldest), p->waiting);
    (void)err_who(&why, p->seat);
    (void)err_next(&why, "ask its operator; aviso partner show %s has the figures", p->seat);
    raise_it(x, "drift", p->seat, &why, now);
}

static bool drifts(const struct store_pace *p, size_t n, const char *seat)
{
    while (n--)
        if (strcmp(p[n].seat, seat) == 0)
            return true;
    return false;
}

static void watch_pace(struct alarms *x, struct arena *a, int64_t now)
{
    const char *open[DRIFTS];
    struct store_pace p[DRIFTS];
    struct err e = ERR_INIT;
    size_t n, known;

    if (store_pace_drifting(
            p, DRIFTS, &n, x->node->store, x->setup->cfg->alarm_slow_after, now, &e) ||
        store_alarm_subjects(open, DRIFTS, &known, x->node->store, "drift", a, &e)) {
        log_err(LOG_ERROR, "alarms.pace", &e, NULL);
        return;
    }
    n = n < DRIFTS ? n : DRIFTS;
    for (size_t i = 0; i < known; i++)
        if (!drifts(p, n, open[i]))
            clear_it(x, "drift", open[i], now);
    for (size_t i = 0; i < n; i++)
        note_drift(x, &p[i], now);
}

static void watch(struct alarms *x, int64_t now)
{
    struct arena *a = arena_new(ARENA_MAX);

    for (size_t i = 0; i < x->setup->nkeys; i++)
        watch_certificate(x, key_cert(x->setup->keys[i]), now);
    watch_key(x, x->setup->keys[0], now);
    watch_key_processes(x, now);
    watch_space(x, now);
    watch_validation(x, now);
    if (a) {
        watch_routes(x, a, now);
        watch_circuits(x, a, now);
        watch_pace(x, a, now);
    }
    arena_free(a);
}

/* False: the end. */
static bool rest(struct alarms *x)
{
    struct timespec until = clock_until(LOOK_MS * CLOCK_MS);
    bool go;

    (void)pthread_mutex_lock(&x->lock);
    if (!x->closed)
        (void)pthread_cond_timedwait(&x->end, &x->lock, &until);
    go = !x->closed;
    (void)pthread_mutex_unlock(&x->lock);
    return go;
}

static int tell(struct alarms *x, struct err *e)
{
    const struct config *c = x->setup->cfg;
    const struct http_cfg h = {.extra_ca_file = *c->tls_ca_file ? c->tls_ca_file : NULL,
        .user_agent = "aviso",
        .egress = {true, true, true}, /* the operator's own URL, of any network */
        .max_idle = 1};
    struct alarm_env env = {.store = x->node->store, .cfg = c, .host = x->setup->host};

    if (*c->alarm_webhook && !x->http && http_client_open(&x->http, &h, e))
        return -1;
    env.http = x->http;
    return alarm_tell(&env, clock_now(), e);
}

static void *alarms_main(void *arg)
{
    struct alarms *x = arg;
    int64_t watched = clock_mono() - WATCH_MS;

    do {
        struct err e = ERR_INIT;
        if (store_is_broken(x->node->store))
            break;
        x->setup = node_setup(x->node);
        if (clock_mono() - watched >= WATCH_MS || x->setup != x->watched) { /* or a reload */
            watch(x, clock_now());
            watched = clock_mono();
            x->watched = x->setup;
        }
        if (tell(x, &e))
            log_err(LOG_ERROR, "alarms.tell", &e, NULL);
        setup_unref(x->setup);
    } while (rest(x));
    return NULL;
}

int alarms_start(struct alarms **out, struct node *n, struct err *e)
{
    struct alarms *x;
    pthread_condattr_t attr;

    if (alarm_check(n->cfg, e))
        return -1;
    if (!(x = calloc(1, sizeof(*x))))
        return err_nomem(e);
    x->node = n;
    (void)pthread_mutex_init(&x->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&x->end, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&x->thread, NULL, alarms_main, x) == 0) {
        (void)pthread_setname_np(x->thread, "alarms");
        *out = x;
        return 0;
    }
    alarms_free(x);
    return err_nomem(e);
}

void alarms_close(struct alarms *x)
{
    if (!x)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->closed = true;
    (void)pthread_cond_broadcast(&x->end);
    (void)pthread_mutex_unlock(&x->lock);
}

bool alarms_join(struct alarms *x, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    return !x || pthread_timedjoin_np(x->thread, NULL, &until) == 0;
}

void alarms_free(struct alarms *x)
{
    if (!x)
        return;
    http_client_close(x->http);
    (void)pthread_cond_destroy(&x->end);
    (void)pthread_mutex_destroy(&x->lock);
    free(x);
}
