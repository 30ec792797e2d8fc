/* canary.c - sending one, finding it again, and when silence is to be told. */
#include "ap/canary/canary.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/out/out_ping.h"
#include "ap/store/store_alarm.h"

#define ARENA_MAX (64u << 20)
#define DOCUMENT_MAX 65536
#define HITS 16
#define PING_MS 15000 /* for its exchange */

/* ---- state ---- */

int canary_load(struct canary *c, struct store *s, struct err *e)
{
    char sent[160], back[160], silent[8], since[32];
    long long at = 0, row = 0, trip = 0;

    memset(c, 0, sizeof(*c));
    if (store_mark_get(sent, sizeof(sent), s, "canary.sent", e) < 0 ||
        store_mark_get(back, sizeof(back), s, "canary.back", e) < 0 ||
        store_mark_get(since, sizeof(since), s, "canary.since", e) < 0 ||
        store_mark_get(silent, sizeof(silent), s, "canary.silent", e) < 0)
        return -1;
    if (sscanf(sent, "%lld %lld %39s", &at, &row, c->number) == 3) {
        c->sent_at = at;
        c->row = row;
    }
    if (sscanf(back, "%lld %lld", &at, &trip) == 2) {
        c->back_at = at;
        c->trip_ms = trip;
    }
    if (sscanf(since, "%lld", &at) == 1)
        c->since = at;
    c->silent = silent[0] == '1';
    return 0;
}

static int keep(struct store *s, const char *name, struct err *e, const char *fmt, ...)
    PRINTF(4, 5);
static int keep(struct store *s, const char *name, struct err *e, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return store_mark_set(s, name, text, e);
}

/* ---- out ---- */

static int config_error(struct err *e, const char *who, const char *why)
{
    (void)err_set(e, ERR_CONFIG, "canary.config", "", "%s %s", *who ? who : "canary.from", why);
    return err_next(e, "aviso canary install");
}

static int load_party(
    struct store_participant *out, struct store *s, const char *id, struct arena *a, struct err *e)
{
    struct participant p, lower;
    struct buf text;
    int found;

    if (participant_parse(&p, str_z(id), e))
        return config_error(e, id, "is no participant identifier");
    participant_canonical(&lower, &p);
    buf_init(&text, 512);
    participant_text(&text, &lower);
    found = buf_check(&text, e) ? -1 : store_participant_get(out, s, text.p, a, e);
    buf_free(&text);
    if (found < 0)
        return -1;
    return found && !out->disabled ? 0 : config_error(e, id, "is no participant of ours");
}

static int submit(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    struct arena *a, int64_t now, struct err *e)
{
    struct store_participant from, to;
    struct out_request rq = {.deliver_by = now + cfg->silence};
    struct out_submitted done;
    struct buf doc;
    int rc;

    if (load_party(&from, env->store, cfg->from, a, e) ||
        load_party(&to, env->store, cfg->to, a, e))
        return -1;
    if (strcmp(to.route, CANARY_ROUTE) != 0)
        return config_error(
            e, cfg->to, "has not the route canary: its documents would reach an invoicing system");
    (void)snprintf(c->number, sizeof(c->number), CANARY_PREFIX "%lld", (long long)now);
    buf_init(&doc, DOCUMENT_MAX);
    rc = canary_document(&doc, &from, &to, c->number, now, e);
    rq.payload = blob_mem(doc.p, doc.n);
    if (!rc)
        rc = out_submit(&done, env, &rq, false, a, e);
    buf_free(&doc);
    if (rc)
        return -1;
    c->row = done.added.row;
    c->sent_at = now;
    return keep(
        env->store, "canary.sent", e, "%lld %lld %s", (long long)now, (long long)c->row, c->number);
}

/* ---- and back ---- */

static int is_proven(bool *out, struct store *s, int64_t row, struct arena *a, struct err *e)
{
    struct out_row r;

    if (store_out_get(&r, s, row, a, e))
        return -1;
    *out = r.level >= PROOF_RECEIPTED;
    return 0;
}

static int has_arrived(
    bool *out, struct store *s, const char *number, struct arena *a, struct err *e)
{
    struct store_hit hits[HITS];
    struct in_row r;
    size_t n = 0;

    if (store_find(hits, HITS, &n, s, number, e))
        return -1;
    for (size_t i = 0; i < n && i < HITS && !*out; i++) {
        if (!hits[i].inbound)
            continue;
        if (store_in_get(&r, s, hits[i].row, a, e))
            return -1;
        *out = r.state == IN_HANDED_OVER || r.state == IN_ACKNOWLEDGED;
    }
    return 0;
}

static int record(struct canary *c, struct store *s, int64_t now, struct err *e)
{
    char detail[120];

    c->back_at = now;
    c->trip_ms = now - c->sent_at;
    (void)snprintf(
        detail, sizeof(detail), "%s back after %lld ms", c->number, (long long)c->trip_ms);
    if (keep(s, "canary.back", e, "%lld %lld", (long long)now, (long long)c->trip_ms) ||
        store_event_add(s, false, 0, "canary", detail, now, e))
        return -1;
    log_event(LOG_INFO, "canary.back", "number", c->number, NULL);
    if (!c->silent)
        return 0;
    c->silent = false;
    return keep(s, "canary.silent", e, "0") || store_alarm_clear(s, "canary", CANARY_ROUTE, now, e)
               ? -1
               : 0;
}

bool canary_is_back(const struct canary *c)
{
    return c->sent_at && c->back_at >= c->sent_at;
}

int canary_look(struct canary *c, struct store *s, int64_t now, struct err *e)
{
    struct arena *a;
    bool proven = false, arrived = false;
    int rc;

    if (!c->row || canary_is_back(c))
        return 0;
    if (!(a = arena_new(ARENA_MAX)))
        return err_nomem(e);
    rc = is_proven(&proven, s, c->row, a, e) ||
         (proven && has_arrived(&arrived, s, c->number, a, e));
    arena_free(a);
    if (rc)
        return -1;
    return !arrived ? 0 : record(c, s, now, e) ? -1 : 1;
}

/* ---- sending either ---- */

static int ping(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    struct arena *a, int64_t now, struct err *e)
{
    struct participant to;
    struct out_ping p = {.ms = 0};
    int rc;

    if (participant_parse(&to, str_z(cfg->to), e))
        return config_error(e, cfg->to, "is no participant identifier");
    (void)snprintf(c->number, sizeof(c->number), CANARY_PING "%lld", (long long)now);
    c->row = 0;
    c->sent_at = now;
    if (keep(env->store, "canary.sent", e, "%lld 0 %s", (long long)now, c->number))
        return -1;
    rc = out_ping(&p, env, &to, NULL, PING_MS, a, e);
    endpoint_free(&p.ep);
    return rc || record(c, env->store, clock_now(), e) ? -1 : 0;
}

int canary_send(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    int64_t now, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    int rc = !a          ? err_nomem(e)
             : cfg->ping ? ping(c, env, cfg, a, now, e)
                         : submit(c, env, cfg, a, now, e);

    arena_free(a);
    return rc ? err_wrap(e, "canary: ") : 0;
}

/* ---- silence ---- */

bool canary_is_silent(const struct canary *c, const struct canary_cfg *cfg, int64_t now)
{
    int64_t from = c->back_at > c->since ? c->back_at : c->since;

    return from && now - from > cfg->silence;
}

static int tell_silence(struct canary *c, struct store *s, int64_t now, struct err *e)
{
    struct err why = ERR_INIT;
    const struct alarm_new alarm = {
        .kind = "canary", .subject = CANARY_ROUTE, .why = &why, .now = now};
    char detail[160];

    c->silent = true;
    (void)snprintf(detail, sizeof(detail), "nothing came back for %lld min; last sent: %s",
        (long long)((now - (c->back_at ? c->back_at : c->since)) / 60000),
        c->number[0] ? c->number : "none");
    (void)err_set(&why, ERR_UNKNOWN, "canary.silent", "", "%s", detail);
    (void)err_next(&why,
        "aviso canary run (of a document: then aviso status of its number) tells where it stops");
    return store_alarm_raise(s, &alarm, e) || keep(s, "canary.silent", e, "1") ||
                   store_event_add(s, false, 0, "canary-silent", detail, now, e)
               ? -1
               : 0;
}

int canary_turn(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    int64_t now, bool *sent, struct err *e)
{
    struct err kept = ERR_INIT;

    *sent = false;
    if (!c->since) {
        c->since = now;
        if (keep(env->store, "canary.since", e, "%lld", (long long)now))
            return -1;
    }
    if (canary_look(c, env->store, now, e) < 0)
        return -1;
    if (!c->silent && canary_is_silent(c, cfg, now) && tell_silence(c, env->store, now, e))
        return -1;
    if (c->sent_at && now - c->sent_at < cfg->every)
        return 0;
    if (canary_send(c, env, cfg, now, e) == 0) {
        *sent = true;
        return 0;
    }
    /* tried again at the next period, not at the next turn */
    (void)snprintf(c->number, sizeof(c->number), CANARY_PREFIX "FAILED");
    c->row = 0;
    c->sent_at = now;
    if (keep(env->store, "canary.sent", &kept, "%lld 0 %s", (long long)now, c->number))
        log_err(LOG_ERROR, "canary.not-kept", &kept, NULL);
    return -1;
}
