/* in_lane.c - handing over on one route. What the route did decides what is tried next: the
 * document alone later, or nothing on this route for a while. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/log.h"
#include "ap/base/rnd.h"
#include "ap/in/in.h"
#include "ap/peppol/content.h"
#include "ap/store/store_alarm.h"

#define ARENA_MAX (64u << 20)
#define FIRST_MS 60000
#define MAX_MS 3600000
#define BATCH 16
#define LEASE_EXTRA_MS 120000 /* beyond the route's deadline */

void in_lane_init(struct in_lane *l, const struct deliver_route *route)
{
    *l = (struct in_lane){.route = route};
    (void)pthread_mutex_init(&l->lock, NULL);
}

void in_lane_done(struct in_lane *l)
{
    (void)pthread_mutex_destroy(&l->lock);
}

int64_t in_lane_rests(struct in_lane *l)
{
    int64_t left;

    (void)pthread_mutex_lock(&l->lock);
    left = l->rest_until - clock_mono();
    (void)pthread_mutex_unlock(&l->lock);
    return left > 0 ? left : 0;
}

/* Doubles with each failure, a quarter more or less, so that not all come back at once. */
static int64_t pause_after(const struct in_env *env, unsigned failures)
{
    int64_t ms = env->retry_ms ? env->retry_ms : FIRST_MS;

    while (--failures && ms < MAX_MS)
        ms *= 2;
    ms = ms < MAX_MS ? ms : MAX_MS;
    return ms - ms / 4 + (int64_t)rnd_below((uint64_t)ms / 2 + 1);
}

/* ---- one hand-over ---- */

struct hand {
    const struct in_env *env;
    struct in_lane *lane;
    const struct in_claim *c;
    struct in_claim *next; /* of the batch, or NULL: begins when this one was taken */
    struct in_row row;
    struct in_document document;
    struct arena *a;
    struct buf sidecar;
    int64_t now;
};

static int write_document(void *ctx, struct sink *to, struct err *e)
{
    struct hand *h = ctx;

    return in_extract(to, &h->document, h->lane->route->sbd, e);
}

static bool is_canary(const struct hand *h)
{
    return strncmp(h->row.invoice, STORE_CANARY, strlen(STORE_CANARY)) == 0 && h->env->seat &&
           strcmp(h->row.seat, h->env->seat) == 0;
}

static enum deliver_outcome give(struct hand *h, int64_t *again, struct err *why)
{
    struct str type = in_media_type(&h->document);
    bool xml = h->lane->route->sbd || h->document.envelope.e.kind == SBDH_XML;
    const struct deliver_item item = {.id = h->row.id,
        .sender = h->row.sender,
        .receiver = h->row.receiver,
        .invoice = h->row.invoice,
        .sidecar = buf_view(&h->sidecar),
        .media_type = xml ? "application/xml" : type.p,
        .extension = xml ? "xml" : content_extension(type),
        .redelivered = h->c->redelivered,
        .canary = is_canary(h),
        .attempt = h->row.handovers,
        .write = write_document,
        .ctx = h,
        .tmp_dirfd = store_tmp_dirfd(h->env->store),
        .max = h->env->max_document ? h->env->max_document : 512u << 20,
        .now = h->now};

    return deliver(h->env->routes, h->lane->route, &item, again, why);
}

/* An alarm of an earlier life of the service goes as well: at the first success. */
static void alarm(struct hand *h, const struct err *why)
{
    const char *route = h->lane->route->name;
    const struct alarm_new x = {.kind = "route", .subject = route, .why = why, .now = h->now};
    struct err e = ERR_INIT;

    if (why ? store_alarm_raise(h->env->store, &x, &e)
            : store_alarm_clear(h->env->store, "route", route, h->now, &e))
        log_err(LOG_ERROR, "alarm.not-kept", &e, "route", route, NULL);
}

/* The route works again, or not: told once, not with each document. Returns how long it rests. */
static int64_t turn(struct hand *h, bool down, int64_t again, const struct err *why)
{
    struct in_lane *l = h->lane;
    struct err e = ERR_INIT;
    int64_t pause = 0;
    char detail[200];
    bool tell, again_up;

    (void)pthread_mutex_lock(&l->lock);
    tell = down ? l->failures == 0 : l->failures > 0 || !l->proven;
    again_up = !down && l->failures == 0;
    l->proven |= !down;
    l->failures = down ? l->failures + 1 : 0;
    if (down)
        pause = again ? again : pause_after(h->env, l->failures);
    l->rest_until = down ? clock_mono() + pause : 0;
    (void)pthread_mutex_unlock(&l->lock);
    if (!tell)
        return pause;
    alarm(h, down ? why : NULL);
    if (again_up) /* nothing was told in this life of the service */
        return pause;
    (void)snprintf(
        detail, sizeof(detail), "%s%s%s", l->route->name, down ? " " : "", down ? why->code : "");
    if (store_event_add(
            h->env->store, false, 0, down ? "route-down" : "route-up", detail, h->now, &e))
        log_err(LOG_ERROR, "event.not-kept", &e, "route", l->route->name, NULL);
    if (down)
        log_err(LOG_ERROR, "route.down", why, "route", l->route->name, NULL);
    else
        log_event(LOG_INFO, "route.up", "route", l->route->name, NULL);
    return pause;
}

static int taken(struct hand *h, struct err *e)
{
    const struct deliver_route *r = h->lane->route;
    const char *kind = deliver_kind_word(r->kind);
    char how[DELIVER_NAME + 16];
    int rc;

    if (strcmp(kind, r->name) == 0)
        (void)snprintf(how, sizeof(how), "%s", r->name);
    else
        (void)snprintf(how, sizeof(how), "%s %s", kind, r->name);
    (void)FAULT("in.dropped");
    /* a folder does not answer; a program's exit status and a 2xx are C4's own word */
    rc = r->kind == DELIVER_FOLDER
             ? store_in_handed(h->env->store, h->c->row, h->c, h->next, how, h->now, e)
             : store_in_taken(h->env->store, h->c->row, h->c, how, h->now, e);
    if (rc)
        return -1;
    (void)turn(h, false, 0, NULL);
    log_event(LOG_INFO, "document.handed-over", "id", h->row.id, "message_id", h->row.message_id,
        "how", how, NULL);
    return 0;
}

static int set_aside(struct hand *h, const struct err *why, struct err *e)
{
    log_err(LOG_ERROR, "document.quarantined", why, "id", h->row.id, "message_id",
        h->row.message_id, "route", h->lane->route->name, NULL);
    return store_in_quarantine(h->env->store, h->c->row, why, true, h->now, e);
}

static int later(struct hand *h, const struct err *why, int64_t pause, struct err *e)
{
    log_err(LOG_ERROR, "handover.failed", why, "id", h->row.id, "message_id", h->row.message_id,
        "route", h->lane->route->name, NULL);
    return store_in_wait(h->env->store, h->c, why, h->now + pause, h->now, e);
}

static bool given_up(struct hand *h, struct err *why)
{
    if (h->now - h->row.state_at <= h->lane->route->give_up)
        return false;
    (void)err_next(why, "given up after %u tries: aviso inbox release, or ack", h->row.handovers);
    return true;
}

static int end(
    struct hand *h, enum deliver_outcome how, int64_t again, struct err *why, struct err *e)
{
    bool crashed_before = strcmp(h->row.reason.code, "handover.crashed") == 0;
    int64_t pause = again ? again : pause_after(h->env, h->row.handovers ? h->row.handovers : 1);

    switch (how) {
    case DELIVER_TAKEN:
        return taken(h, e);
    case DELIVER_REFUSED:
        return set_aside(h, why, e);
    case DELIVER_CRASHED:
        return crashed_before ? set_aside(h, why, e) : later(h, why, pause, e);
    case DELIVER_LATER:
        return given_up(h, why) ? set_aside(h, why, e) : later(h, why, pause, e);
    case DELIVER_DOWN:
        break;
    }
    return later(h, why, turn(h, true, again, why), e);
}

static int hand_over(struct hand *h, struct err *e)
{
    struct err why = ERR_INIT;
    enum deliver_outcome how = DELIVER_LATER;
    int64_t again = 0;

    if (store_in_get(&h->row, h->env->store, h->c->row, h->a, e))
        return -1;
    /* one that cannot be read is no fault of the route: others go on. Damaged, it does not get
     * better by itself */
    if (in_open(&h->document, h->env->store, &h->row, h->a, &why) == 0) {
        if (in_sidecar(&h->sidecar, &h->row, &h->document, h->c->redelivered, &why) == 0)
            how = give(h, &again, &why);
        in_close(&h->document);
    } else if (strcmp(why.code, "store.damaged") == 0) {
        how = DELIVER_REFUSED;
    }
    h->now = clock_now();
    return end(h, how, again, &why, e);
}

static int hand_one(const struct in_env *env, struct in_lane *l, const struct in_claim *c,
    struct in_claim *next, struct err *e)
{
    struct hand h = {
        .env = env, .lane = l, .now = clock_now(), .c = c, .next = next, .a = arena_new(ARENA_MAX)};
    int rc;

    buf_init(&h.sidecar, 64 * 1024);
    rc = h.a ? hand_over(&h, e) : err_nomem(e);
    buf_free(&h.sidecar);
    arena_free(h.a);
    return rc;
}

/* The route fails: what was claimed beside the one that showed it waits like that one, and is not
 * begun. */
static int give_back(
    const struct in_env *env, struct in_lane *l, const struct in_claim *c, struct err *e)
{
    int64_t now = clock_now();

    return store_in_wait(env->store, c, NULL, now + in_lane_rests(l), now, e);
}

/* One whose lease ran out while others of the batch took long is another worker's. */
static int turn_of(const struct in_env *env, struct in_lane *l, struct in_claim *c,
    struct in_claim *next, struct err *e)
{
    if (!c->begun && in_lane_rests(l))
        return give_back(env, l, c, e);
    if (!c->begun && store_in_begin(env->store, c, clock_now(), e))
        return strcmp(e->code, "store.lease-lost") == 0 ? 0 : -1;
    return hand_one(env, l, c, next, e);
}

int in_lane_work(const struct in_env *env, struct in_lane *l, struct err *e)
{
    /* a folder is quick: several in one commit. A system that is called may be slow: one each */
    size_t n = 0, max = l->route->kind == DELIVER_FOLDER ? BATCH : 1;
    int64_t lease = l->route->deadline + LEASE_EXTRA_MS;
    struct in_claim c[BATCH];
    int rc = 0;

    if (in_lane_rests(l))
        return 0;
    if (store_in_claim(c, max, &n, env->store, true, l->route->name, clock_now(), lease, e))
        return -1;
    for (size_t i = 0; i < n; i++)
        rc |= turn_of(env, l, &c[i], i + 1 < n ? &c[i + 1] : NULL, e);
    return rc ? -1 : n ? 1 : 0;
}
