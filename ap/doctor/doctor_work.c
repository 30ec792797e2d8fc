/* doctor_work.c - what is owed: proofs to our senders, documents to our receivers. */
#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/canary/canary.h"
#include "ap/control/control.h"
#include "ap/deliver/deliver.h"
#include "ap/doctor/doctor_priv.h"
#include "ap/store/store_alarm.h"
#include "ap/store/store_pace.h"

#define ROUTES 64
#define PACES 16
#define UNJUDGED_MS (10 * 60 * 1000)
#define ARENA_MAX (1u << 20)

/* It takes fewer connections than configured where it may not open enough descriptors. */
static void connections(struct doctor *d, struct json_object *health)
{
    struct json_object *n = NULL;
    int64_t taken;

    if (!json_object_object_get_ex(health, "connections", &n))
        return;
    taken = json_object_get_int64(n);
    if (taken < d->c->max_connections)
        find(d, "service", DOCTOR_YELLOW, "raise LimitNOFILE= of the service, or ulimit -n",
            "takes %lld connections at once, not %lld (limits.max_connections): it may open too "
            "few files",
            (long long)taken, (long long)d->c->max_connections);
}

void check_service(struct doctor *d)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *ok = NULL;
    struct err e = ERR_INIT;
    int asked;

    json_add_given(rq, "op", "health");
    asked = control_ask(&answer, d->c->spool, rq, -1, &e);
    if (asked < 0) {
        find_err(d, "service", DOCTOR_RED, &e, "restart the service");
    } else if (!asked) {
        find(d, "service", DOCTOR_RED, "systemctl start aviso, or aviso serve",
            "no service runs on %s: nothing is received, nothing is sent by itself", d->c->spool);
    } else if (json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok)) {
        find(d, "service", DOCTOR_GREEN, NULL, "runs, its key signs, its journal takes writes");
        connections(d, answer);
    } else {
        control_error(&e, answer);
        find_err(d, "service", DOCTOR_RED, &e, "restart the service");
    }
    (void)json_object_put(answer);
    (void)json_object_put(rq);
}

static void late(struct doctor *d, const struct store_counts *n)
{
    unsigned long overdue;
    struct err e = ERR_INIT;

    if (store_count_overdue(&overdue, d->store, d->now, &e))
        find_err(d, "late", DOCTOR_RED, &e, "aviso doctor spool");
    else
        find(d, "late",
            n->late - n->late_known + overdue ? DOCTOR_RED
            : n->late                         ? DOCTOR_YELLOW
                                              : DOCTOR_GREEN,
            "aviso list --late", "%lu documents past their deadline without proof%s",
            n->late + overdue, n->late && n->late == n->late_known ? ", all acknowledged" : "");
}

static void outbound(struct doctor *d, const struct store_counts *n)
{
    unsigned long unknown = n->out[OUT_UNKNOWN] + n->out[OUT_EXPIRED_UNKNOWN];
    char text[CLOCK_TEXT];

    late(d, n);
    find(d, "unknown", unknown ? DOCTOR_YELLOW : DOCTOR_GREEN,
        "aviso list --state unknown; they may have arrived: do not send them again",
        "%lu documents whose outcome nobody knows yet", unknown);
    if (n->oldest_unproven)
        find(d, "unproven", DOCTOR_GREEN, NULL, "the oldest document without proof waits for %s",
            clock_span(text, d->now - n->oldest_unproven));
    else
        find(d, "unproven", DOCTOR_GREEN, NULL, "every document is settled");
    if (n->out[OUT_HELD])
        find(d, "held", DOCTOR_YELLOW, "aviso list --state held", "%lu documents are held",
            n->out[OUT_HELD]);
}

static void pace(struct doctor *d)
{
    struct store_pace p[PACES];
    struct err e = ERR_INIT;
    char longest[CLOCK_TEXT], slow[CLOCK_TEXT];
    size_t n = 0;

    if (store_pace_drifting(p, PACES, &n, d->store, d->c->alarm_slow_after, d->now, &e))
        find_err(d, "pace", DOCTOR_RED, &e, NULL);
    else if (!n)
        find(d, "pace", DOCTOR_GREEN, NULL, "no access point delays documents");
    for (size_t i = 0; i < n && i < PACES; i++)
        find(d, "pace", DOCTOR_YELLOW, "ask its operator; aviso partner show has the figures",
            "%s delays documents: %u of %u took longer than %s (the longest %s)", p[i].seat,
            p[i].delayed, p[i].taken + p[i].waiting, clock_span(slow, d->c->alarm_slow_after),
            clock_span(longest, p[i].longest > p[i].oldest ? p[i].longest : p[i].oldest));
}

/* A route that nobody configured any more: its documents would wait for ever. */
static bool orphan(struct doctor *d, const struct deliver_routes *routes, const struct in_route *r)
{
    if (deliver_find(routes, r->name))
        return false;
    find(d, "hand-over", DOCTOR_RED,
        "configure it in deliver.routes_file, or aviso inbox reroute --from",
        "%lu received documents wait for route %s, which is not configured", r->waiting, r->name);
    return true;
}

static void alarms(struct doctor *d)
{
    struct alarm_counts n;
    struct err e = ERR_INIT;

    if (store_alarm_count(&n, d->store, &e)) {
        find_err(d, "alarms", DOCTOR_RED, &e, "aviso doctor spool");
        return;
    }
    find(d, "alarms", n.loud ? DOCTOR_RED : DOCTOR_GREEN, "aviso alarms, then aviso ack",
        "%lu alarms that nobody has acknowledged", n.loud);
    if (n.channels_down)
        find(d, "alarms", DOCTOR_RED, "aviso alarms shows why", "%lu alarm channels are failing",
            n.channels_down);
}

static void unjudged(struct doctor *d)
{
    struct in_unjudged n;
    struct err e = ERR_INIT;
    char text[CLOCK_TEXT];

    if (store_in_unjudged(&n, d->store, &e)) {
        find_err(d, "validation", DOCTOR_RED, &e, NULL);
        return;
    }
    if (!n.waiting)
        return;
    find(d, "validation",
        n.why.class != ERR_NONE || d->now - n.oldest > UNJUDGED_MS ? DOCTOR_RED : DOCTOR_GREEN,
        "aviso list --inbound --state received; aviso explain validation.waits",
        "%lu received documents are not validated yet, the oldest came %s ago%s%s%s%.200s",
        n.waiting, clock_span(text, d->now - n.oldest), n.why.code[0] ? ": " : "", n.why.code,
        n.why.code[0] ? ": " : "", n.why.msg);
}

static void inbound(struct doctor *d, const struct store_counts *n, struct arena *a)
{
    struct deliver_routes known = {0};
    struct in_route r[ROUTES];
    struct err e = ERR_INIT;
    size_t routes = 0;
    char text[CLOCK_TEXT];

    if (n->in[IN_QUARANTINED])
        find(d, "quarantine", DOCTOR_YELLOW, "aviso list --inbound --state quarantined",
            "%lu received documents are set aside", n->in[IN_QUARANTINED]);
    unjudged(d);
    if (store_in_routes(r, ROUTES, &routes, d->store, a, &e)) {
        find_err(d, "hand-over", DOCTOR_RED, &e, NULL);
        return;
    }
    if (deliver_open(&known, d->c->routes_file, d->c->drop_folder, NULL, &e))
        find_err(d, "hand-over", DOCTOR_RED, &e, "correct deliver.routes_file");
    for (size_t i = 0; i < routes; i++) {
        if (known.a && orphan(d, &known, &r[i]))
            continue;
        int64_t age = d->now - r[i].oldest;
        find(d, "hand-over",
            age > DAY        ? DOCTOR_RED
            : age > DAY / 24 ? DOCTOR_YELLOW
                             : DOCTOR_GREEN,
            "aviso list --inbound --state validated",
            "%lu received documents wait on route %s, the oldest for %s", r[i].waiting, r[i].name,
            clock_span(text, age));
    }
    deliver_close(&known);
    if (!routes)
        find(d, "hand-over", DOCTOR_GREEN, NULL, "no received document waits");
}

static void canary(struct doctor *d)
{
    int64_t silence = d->c->canary_silence ? d->c->canary_silence : 3 * d->c->canary_every;
    const struct canary_cfg cfg = {.to = d->c->canary_to, .silence = silence};
    struct canary k;
    struct err e = ERR_INIT;
    char text[CLOCK_TEXT];

    if (!*cfg.to)
        return;
    if (canary_load(&k, d->store, &e))
        find_err(d, "canary", DOCTOR_RED, &e, NULL);
    else if (canary_is_silent(&k, &cfg, d->now))
        find(d, "canary", DOCTOR_RED, "aviso canary run tells where it stops",
            "none came back for %s", clock_span(text, d->now - (k.back_at ? k.back_at : k.since)));
    else if (!k.back_at)
        find(d, "canary", DOCTOR_YELLOW, "aviso canary run", "none came back yet");
    else
        find(d, "canary", DOCTOR_GREEN, NULL, "came back %s ago, after %lld ms",
            clock_span(text, d->now - k.back_at), (long long)k.trip_ms);
}

void check_work(struct doctor *d)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct store_counts n;
    struct err e = ERR_INIT;

    if (a && d->store && store_count(&n, d->store, &e) == 0) {
        outbound(d, &n);
        pace(d);
        alarms(d);
        inbound(d, &n, a);
        canary(d);
    } else if (d->store) {
        find_err(d, "late", DOCTOR_RED, &e, "aviso doctor spool");
    }
    arena_free(a);
}
