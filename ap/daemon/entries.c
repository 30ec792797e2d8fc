#include "ap/daemon/entries.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/daemon/bell.h"
#include "ap/daemon/unseen.h"
#include "ap/publish/publish.h"
#include "ap/store/store_alarm.h"

#define WRONG "smp-entry"
#define UNSEEN "smp-unseen"

#define AGAIN_MS 300000  /* while something is wrong or unseen */
#define NEVER_MS 3600000 /* nothing to do, until a reload rings */
#define REQUEST_MS 10000 /* one request: half of limits.drain, so that an end is clean */
#define ARENA_MAX (32u << 20)
/* Participants with an alarm of their own in one round; the others are counted. */
#define TOLD 100
#define HOPS 16 /* SMPs in trouble that a round remembers */
#define TRIES 3 /* failures in a row at one SMP; then nobody is asked for there in this round */
#define OPEN 64 /* alarms that tell of an SMP */

struct entries {
    struct node *node;
    struct bell bell;
    pthread_t thread;
    struct unseen unseen;
    size_t participants, wrong, unknown; /* of the last round, as logged */
    bool looked;
};

struct hop {
    char name[UNSEEN_HOP];
    unsigned failed;
    struct err why;
};

struct round {
    struct entries *x;
    struct hop hops[HOPS];
    size_t nhops, participants, wrong, unknown;
};

/* One participant in one round. */
struct look {
    struct round *r;
    const struct setup *terms; /* the keys and the URL in force */
    struct publish_ours ours;
    char base[LOOKUP_URL]; /* of its SMP; "": not in the SML, or not known */
    struct arena *a;
};

static bool goes_on(void *ctx)
{
    struct entries *x = ctx;

    return !bell_closed(&x->bell);
}

/* ---- alarms ---- */

static void raise_it(
    struct entries *x, const char *kind, const char *subject, const struct err *why)
{
    const struct alarm_new a = {.kind = kind, .subject = subject, .why = why, .now = clock_now()};
    struct err e = ERR_INIT;

    if (store_alarm_raise(x->node->store, &a, &e))
        log_err(LOG_ERROR, "entries.alarm", &e, "kind", kind, NULL);
}

static void clear_it(struct entries *x, const char *kind, const char *subject)
{
    struct err e = ERR_INIT;

    if (store_alarm_clear(x->node->store, kind, subject, clock_now(), &e))
        log_err(LOG_ERROR, "entries.alarm", &e, "kind", kind, NULL);
}

/* Each fault is an alarm of its own, so that an acknowledged one does not hide the next. */
static void found(struct look *q, enum publish_weight w, const struct err *why)
{
    struct entries *x = q->r->x;
    const char *who = q->ours.participant.value;
    char prefix[PARTICIPANT_VALUE + 2], subject[PARTICIPANT_VALUE + sizeof(why->code) + 2];
    struct err e = ERR_INIT;

    unseen_forget(&x->unseen, who);
    (void)snprintf(prefix, sizeof(prefix), "%s ", who);
    (void)snprintf(subject, sizeof(subject), "%s %s", who, why->code);
    if (store_alarm_clear_but(
            x->node->store, WRONG, prefix, w == PUBLISH_WRONG ? subject : NULL, clock_now(), &e))
        log_err(LOG_ERROR, "entries.alarm", &e, NULL);
    if (w != PUBLISH_WRONG)
        return;
    if (++q->r->wrong <= TOLD)
        raise_it(x, WRONG, subject, why);
}

/* The participants beyond TOLD, in one. */
static void tell_others(const struct round *r)
{
    struct err why = ERR_INIT;

    if (r->wrong <= TOLD) {
        clear_it(r->x, WRONG, "others");
        return;
    }
    (void)err_set(&why, ERR_CONFIG, "smp-entry.others", "",
        "the SML or the SMP is wrong about %zu participants of ours, more than have an alarm of "
        "their own",
        r->wrong);
    (void)err_next(&why, "aviso participant check names them all");
    raise_it(r->x, WRONG, "others", &why);
}

static void note_unseen(struct entries *x, const struct unseen_hop *h)
{
    const struct unseen_one *u = h->first;
    char span[CLOCK_TEXT], others[32] = "";
    struct err why = ERR_INIT;

    if (h->n > 1)
        (void)snprintf(others, sizeof(others), " and %zu others", h->n - 1);
    (void)err_set(&why, ERR_RETRY, "smp-entry.unseen", "",
        "what is published of %s%s cannot be learned for %s: %.40s: %.180s", u->who, others,
        clock_span(span, clock_mono() - u->since), u->why.code, u->why.msg);
    (void)err_where(&why, "%s", u->why.where[0] ? u->why.where : u->hop);
    (void)err_who(&why, u->why.who);
    (void)err_next(&why, "check the way to it, tell its operator; it is tried again, and a wrong "
                         "entry would not be seen meanwhile");
    raise_it(x, UNSEEN, u->hop, &why);
}

static bool is_over(const struct unseen_hop *h, size_t n, const char *hop)
{
    while (n--)
        if (strcmp(h[n].first->hop, hop) == 0)
            return true;
    return false;
}

static void tell_unseen(struct entries *x, int64_t after)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct unseen_hop h[HOPS];
    const char *open[OPEN];
    struct err e = ERR_INIT;
    size_t known = 0, n = unseen_over(h, HOPS, &x->unseen, after, clock_mono());

    if (!a || store_alarm_subjects(open, OPEN, &known, x->node->store, UNSEEN, a, &e))
        log_err(LOG_ERROR, "entries.alarm", &e, NULL);
    for (size_t i = 0; i < known; i++)
        if (!is_over(h, n, open[i]))
            clear_it(x, UNSEEN, open[i]);
    for (size_t i = 0; i < n; i++)
        note_unseen(x, &h[i]);
    arena_free(a);
}

/* ---- SMPs in trouble: each request to one may take REQUEST_MS ---- */

static struct hop *hop_of(struct round *r, const char *name)
{
    char cut[UNSEEN_HOP];

    (void)snprintf(cut, sizeof(cut), "%.*s", UNSEEN_HOP - 1, name);
    for (size_t i = 0; i < r->nhops; i++)
        if (strcmp(r->hops[i].name, cut) == 0)
            return &r->hops[i];
    return NULL;
}

static void note_hop(struct round *r, const char *name, const struct err *why)
{
    struct hop *h = hop_of(r, name);

    if (!h && r->nhops < HOPS) {
        h = &r->hops[r->nhops++];
        *h = (struct hop){.failed = 0};
        (void)snprintf(h->name, sizeof(h->name), "%.*s", UNSEEN_HOP - 1, name);
    }
    if (!h)
        return;
    h->failed++;
    h->why = *why;
}

static void hop_works(struct round *r, const char *name)
{
    struct hop *h = hop_of(r, name);

    if (h)
        h->failed = 0;
}

/* ---- one participant ---- */

/* Of a disabled one nothing should be there: that its SMP is gone harms nobody. */
static void unknown(struct look *q, const char *hop, const struct err *why)
{
    if (q->ours.disabled) {
        unseen_forget(&q->r->x->unseen, q->ours.participant.value);
        return;
    }
    q->r->unknown++;
    unseen_note(&q->r->x->unseen, q->ours.participant.value, hop, why, clock_mono());
}

/* True: it has failed so often in this round that it is not asked again. */
static bool is_dead(struct look *q, const char *hop)
{
    const struct hop *h = hop_of(q->r, hop);

    if (!h || h->failed < TRIES)
        return false;
    unknown(q, hop, &h->why);
    return true;
}

static void failed(struct look *q, const char *hop, const struct err *why)
{
    if (!goes_on(q->r->x))
        return;
    note_hop(q->r, hop, why);
    unknown(q, hop, why);
}

/* An answer that no sender takes, which is not the same as none. */
static void refused(struct look *q, struct err *why)
{
    (void)err_wrap(why, "%s: ", q->ours.participant.value);
    if (!why->next[0])
        (void)err_next(why, "tell the operator of the SMP; senders take no such answer either");
    found(q, q->ours.disabled ? PUBLISH_RIGHT : PUBLISH_WRONG, why);
}

static bool is_refusal(const struct err *e)
{
    return e->class == ERR_PEER && strncmp(e->code, "publish.", 8) != 0;
}

/* False: there is nothing to ask an SMP for. */
static bool find_smp(struct look *q)
{
    struct err e = ERR_INIT;

    if (is_dead(q, "SML"))
        return false;
    if (lookup_smp(q->base, q->r->x->node->lookup, &q->ours.participant, &e) == 0) {
        hop_works(q->r, "SML");
        return true;
    }
    q->base[0] = '\0';
    if (strcmp(e.code, "participant.not-registered") == 0)
        found(q, publish_flaw_whole(&e, NULL, &q->ours, ""), &e);
    else if (is_refusal(&e))
        refused(q, &e);
    else
        failed(q, "SML", &e);
    return false;
}

static void compare(struct look *q)
{
    struct node *n = q->r->x->node;
    const struct publish_smp smp = {.url = q->base,
        .http = n->http,
        .pki = n->pki,
        .deadline_ms = REQUEST_MS,
        .plain_ok = n->cfg->mode == MODE_LAB,
        .now = clock_now(),
        .go_on = goes_on,
        .ctx = q->r->x};
    enum publish_weight w;
    struct publish_state s;
    struct err e = ERR_INIT;
    size_t more;

    if (publish_compare(&s, &smp, &q->ours, q->a, &e)) {
        if (is_refusal(&e))
            refused(q, &e);
        else
            failed(q, q->base, &e);
        return;
    }
    hop_works(q->r, q->base);
    w = publish_flaw(&e, &more, &s, &q->ours, q->base, smp.now);
    if (more)
        (void)err_wrap(&e, "one of %zu entries: ", more + 1);
    found(q, w, &e);
}

static void look(struct look *q, const struct store_participant *p)
{
    struct err e = ERR_INIT;
    const struct setup *s = q->terms;

    q->ours.url = s->cfg->public_url;
    if (publish_ours_read(&q->ours, p, NULL, clock_now(), q->a, &e) ||
        publish_ours_keys(&q->ours, s->keys, s->nkeys, clock_now(), &e)) {
        log_err(LOG_ERROR, "entries.record", &e, "participant", p->identifier, NULL);
        return;
    }
    q->r->participants++;
    if (find_smp(q) && !is_dead(q, q->base))
        compare(q);
}

/* ---- all of them ---- */

/* The one after `after`, as the journal has it now: 1, 0 there is none, -1 the journal fails. */
static int next(struct round *r, char after[256])
{
    struct look q = {.r = r, .a = arena_new(ARENA_MAX)};
    struct store_participant p;
    struct err e = ERR_INIT;
    struct setup *terms;
    size_t n = 0;
    int rc;

    if (!q.a)
        rc = err_nomem(&e);
    else
        rc = store_participant_list(&p, 1, &n, r->x->node->store, *after ? after : NULL, q.a, &e);
    if (rc) {
        log_err(LOG_ERROR, "entries.participants", &e, NULL);
    } else if (n) {
        (void)snprintf(after, 256, "%s", p.identifier);
        q.terms = terms = node_setup(r->x->node);
        look(&q, &p);
        setup_unref(terms);
    }
    arena_free(q.a);
    return rc ? -1 : n > 0;
}

static void tell(const struct round *r, int64_t ms)
{
    struct entries *x = r->x;
    struct log_num a, b, c, d;

    if (x->looked && x->participants == r->participants && x->wrong == r->wrong &&
        x->unknown == r->unknown)
        return;
    log_event(r->wrong + r->unknown ? LOG_WARN : LOG_INFO, "entries.compared", "participants",
        log_n(&a, (long long)r->participants), "wrong", log_n(&b, (long long)r->wrong), "unknown",
        log_n(&c, (long long)r->unknown), "ms", log_n(&d, ms), NULL);
    x->participants = r->participants;
    x->wrong = r->wrong;
    x->unknown = r->unknown;
    x->looked = true;
}

static void look_at_all(struct entries *x, int64_t after_ms)
{
    struct round r = {.x = x};
    int64_t began = clock_mono();
    char after[256] = "";
    int rc = 1;

    while (goes_on(x) && rc > 0)
        rc = next(&r, after);
    if (rc)
        return;
    tell_others(&r);
    tell_unseen(x, after_ms);
    tell(&r, clock_mono() - began);
}

/* Nobody looks: nothing is known. */
static void forget(struct entries *x)
{
    unseen_forget(&x->unseen, NULL);
    clear_it(x, WRONG, NULL);
    clear_it(x, UNSEEN, NULL);
    x->wrong = x->unknown = 0;
    x->looked = false;
}

/* ---- the thread ---- */

static int64_t pause_of(const struct entries *x, int64_t every)
{
    if (!every)
        return NEVER_MS;
    return x->wrong + x->unknown > 0 && every > AGAIN_MS ? AGAIN_MS : every;
}

static void *entries_main(void *arg)
{
    struct entries *x = arg;

    while (goes_on(x) && !store_is_broken(x->node->store)) {
        unsigned seen = bell_rings(&x->bell);
        struct setup *s = node_setup(x->node);
        int64_t every = s->cfg->smp_check_every, after = s->cfg->alarm_smp_after;
        setup_unref(s);
        if (every)
            look_at_all(x, after);
        else
            forget(x);
        bell_rest(&x->bell, seen, pause_of(x, every));
    }
    return NULL;
}

int entries_start(struct entries **out, struct node *n, struct err *e)
{
    struct entries *x;

    *out = NULL;
    if (!(x = calloc(1, sizeof(*x))))
        return err_nomem(e);
    x->node = n;
    bell_init(&x->bell);
    if (pthread_create(&x->thread, NULL, entries_main, x)) {
        bell_done(&x->bell);
        free(x);
        return err_nomem(e);
    }
    (void)pthread_setname_np(x->thread, "entries");
    *out = x;
    return 0;
}

void entries_ring(struct entries *x)
{
    bell_ring(&x->bell);
}

void entries_close(struct entries *x)
{
    if (x)
        bell_close(&x->bell);
}

bool entries_join(struct entries *x, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    if (!x)
        return true;
    if (pthread_timedjoin_np(x->thread, NULL, &until))
        return false;
    bell_done(&x->bell);
    free(x);
    return true;
}
