/* store_deliver.c - an inbound document on its way to C4: claimed, validated, handed over,
 * acknowledged; quarantined and released. That a hand-over begins is committed before it does, so
 * that the next one can say `redelivered`: of several claimed at once that of the first with the
 * claim, of each other one with the end of the one before it. */
#include <stdio.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"

struct in_core {
    int64_t n, lease, next_at;
    enum in_state state;
    unsigned handovers;
};

static int load(struct in_core *out, struct db *db, int64_t row, struct err *e)
{
    sqlite3_stmt *st = db_query(
        db, e, "SELECT state,lease,next_at,handovers FROM inbound WHERE n=?1", ARGS(A_INT(row)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc == 0)
        return not_found(e, "inbound document", row);
    if (rc < 0)
        return -1;
    out->n = row;
    rc = in_state_parse((const char *)sqlite3_column_text(st, 0), &out->state);
    out->lease = sqlite3_column_int64(st, 1);
    out->next_at = sqlite3_column_int64(st, 2);
    out->handovers = (unsigned)sqlite3_column_int(st, 3);
    db_done(st);
    return rc ? 0 : err_set(e, ERR_CONFIG, "store.damaged", "", "a document of unknown state");
}

/* With a claim: it must still be ours. */
static int load_claimed(
    struct in_core *out, struct db *db, int64_t row, const struct in_claim *c, struct err *e)
{
    if (load(out, db, row, e))
        return -1;
    if (!c || out->lease == c->lease)
        return 0;
    return err_set(e, ERR_RETRY, "store.lease-lost", "",
        "inbound document %s was taken back: the claim ran out, or somebody changed it", c->id);
}

/* The only place that writes an inbound state. */
static int save(struct db *db, const struct in_core *was, const struct in_core *is,
    const char *detail, int64_t now, struct err *e)
{
    bool moves = was->state != is->state;

    if (moves && !in_may((int)was->state, is->state)) {
        (void)err_set(e, ERR_INPUT, "store.state", "",
            "an inbound document that is %s cannot become %s", in_state_word(was->state),
            in_state_word(is->state));
        return err_next(e, "see docs/STATES.md");
    }
    if (moves && event_put(db, true, is->n, "state", in_state_word(was->state),
                     in_state_word(is->state), detail, now, e))
        return -1;
    return db_run(db, e,
        "UPDATE inbound SET state=?2,lease=?3,next_at=?4,handovers=?5,"
        "state_at=iif(?6,?7,state_at) WHERE n=?1",
        ARGS(A_INT(is->n), A_TEXT(in_state_word(is->state)), A_TIME(is->lease), A_TIME(is->next_at),
            A_INT(is->handovers), A_INT(moves), A_INT(now)));
}

static int set_why(struct db *db, int64_t row, const struct err *why, struct err *e)
{
    char text[WHY_MAX];

    return db_run(db, e, "UPDATE inbound SET why=?2 WHERE n=?1",
        ARGS(A_INT(row), A_TEXT(why_pack(text, why))));
}

/* ---- claims ---- */

struct claim {
    struct in_claim *out;
    size_t max, *n;
    bool hand_over;
    const char *route;
    int64_t now, lease_ms;
};

static int take_rows(struct claim *x, struct db *db, const char *state, struct err *e)
{
    const struct arg args[] = {
        A_TEXT(state), A_INT(x->now), A_INT(x->max - *x->n), A_TEXT(x->route)};
    sqlite3_stmt *st;
    int rc = -1;

    if (x->route)
        st = db_query(db, e,
            "SELECT n,id,handovers FROM inbound WHERE state=?1 AND route=?4 AND next_at<=?2"
            " AND " IN_QUEUED " ORDER BY next_at LIMIT ?3",
            args, 4);
    else
        st = db_query(db, e,
            "SELECT n,id,handovers FROM inbound WHERE state=?1 AND next_at<=?2"
            " ORDER BY next_at LIMIT ?3",
            args, 3);
    while (st && (rc = db_step(db, st, e)) == 1) {
        struct in_claim *c = &x->out[(*x->n)++];
        c->row = sqlite3_column_int64(st, 0);
        (void)snprintf(c->id, sizeof(c->id), "%s", (const char *)sqlite3_column_text(st, 1));
        c->redelivered = x->hand_over && sqlite3_column_int(st, 2) > 0;
        c->begun = x->hand_over && c == x->out;
        c->lease_ms = x->lease_ms;
        (void)in_state_parse(state, &c->state);
        rnd_bytes(&c->lease, sizeof(c->lease));
        c->lease = (c->lease & INT64_MAX) | 1;
    }
    return rc;
}

static int claim(struct db *db, void *arg, struct err *e)
{
    struct claim *x = arg;

    *x->n = 0;
    if (x->hand_over ? take_rows(x, db, "RELEASED", e) || take_rows(x, db, "VALIDATED", e)
                     : take_rows(x, db, "RECEIVED", e))
        return -1;
    for (size_t i = 0; i < *x->n; i++)
        if (db_run(db, e,
                "UPDATE inbound SET lease=?2,next_at=?3,handovers=handovers+?4 WHERE n=?1",
                ARGS(A_INT(x->out[i].row), A_INT(x->out[i].lease), A_INT(x->now + x->lease_ms),
                    A_INT(x->out[i].begun))))
            return -1;
    (void)FAULT("store.in_claimed");
    return 0;
}

/* The head of one route's queue. */
static int route_due(int64_t *out, struct store *s, const char *route, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t t;
    int rc = 0;

    *out = 0;
    if (!db)
        return -1;
    for (size_t i = 0; rc >= 0 && i < 2; i++) {
        rc = db_int(&t, db, e,
            "SELECT min(next_at) FROM inbound WHERE state=?1 AND route=?2 AND " IN_QUEUED,
            ARGS(A_TEXT(i ? "RELEASED" : "VALIDATED"), A_TEXT(route)));
        if (rc == 1 && (*out == 0 || t < *out))
            *out = t;
    }
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}

static int next_due(int64_t *out, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t t;
    int rc = 0;

    *out = 0;
    if (!db)
        return -1;
    for (size_t i = 0; rc >= 0 && i < 3; i++) {
        static const char *const waiting[] = {"RECEIVED", "VALIDATED", "RELEASED"};
        rc = db_int(&t, db, e,
            "SELECT min(next_at) FROM inbound WHERE state=?1 AND next_at IS NOT NULL",
            ARGS(A_TEXT(waiting[i])));
        if (rc == 1 && (*out == 0 || t < *out))
            *out = t;
    }
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}

int store_in_claim(struct in_claim *out, size_t max, size_t *n, struct store *s, bool hand_over,
    const char *route, int64_t now, int64_t lease_ms, struct err *e)
{
    struct claim x = {out, max, n, hand_over, route, now, lease_ms};
    int64_t due;
    int rc;

    *n = 0;
    if (hand_over && route ? route_due(&due, s, route, e) : next_due(&due, s, e))
        return -1;
    if (max == 0 || due == 0 || due > now)
        return 0;
    rc = store_change(s, claim, &x, e);
    if (rc)
        *n = 0;
    return rc;
}

int store_in_next_due(int64_t *out, struct store *s, struct err *e)
{
    return next_due(out, s, e);
}

/* ---- steps ---- */

struct step {
    int64_t row, now, next_at;
    const struct in_claim *c;
    struct in_claim *next;
    const struct in_facts *f;
    const struct err *why;
    const char *who;
    bool loud, begins;
};

static int validated(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    const struct in_facts *f = x->f;
    struct in_core was, is;
    int64_t report;

    if (load_claimed(&was, db, x->row, x->c, e) || blob_insert(&report, db, &f->report, e))
        return -1;
    is = was;
    is.state = IN_VALIDATED;
    is.lease = 0;
    is.next_at = x->now;
    if (db_run(db, e,
            "UPDATE inbound SET invoice=?2,supplier=?3,issue_date=?4,rule_sets=?5,verdict=?6,"
            "report=?7 WHERE n=?1",
            ARGS(A_INT(x->row), A_TEXT(f->invoice), A_TEXT(f->supplier), A_TEXT(f->issue_date),
                A_TEXT(f->rule_sets), A_TEXT(f->verdict), A_TIME(report))))
        return -1;
    return save(db, &was, &is, f->verdict, x->now, e);
}

int store_in_validated(
    struct store *s, const struct in_claim *c, const struct in_facts *f, int64_t now, struct err *e)
{
    struct step x = {.row = c->row, .now = now, .c = c, .f = f};

    return store_change(s, validated, &x, e);
}

static int wait_change(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    struct in_core was, is;

    if (load_claimed(&was, db, x->row, x->c, e))
        return -1;
    is = was;
    is.lease = 0;
    is.next_at = x->next_at;
    if (x->why && set_why(db, x->row, x->why, e))
        return -1;
    return save(db, &was, &is, NULL, x->now, e);
}

int store_in_wait(struct store *s, const struct in_claim *c, const struct err *why, int64_t next_at,
    int64_t now, struct err *e)
{
    struct step x = {.row = c->row, .now = now, .next_at = next_at, .c = c, .why = why};

    return store_change(s, wait_change, &x, e);
}

static int begin_hand_over(
    struct db *db, const struct in_core *was, const struct in_claim *c, int64_t now, struct err *e)
{
    struct in_core is = *was;

    is.handovers += was->state != IN_RECEIVED;
    is.next_at = now + c->lease_ms;
    return save(db, was, &is, NULL, now, e);
}

static int begin(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    struct in_core was;

    return load_claimed(&was, db, x->row, x->c, e) || begin_hand_over(db, &was, x->c, x->now, e)
               ? -1
               : 0;
}

int store_in_begin(struct store *s, struct in_claim *c, int64_t now, struct err *e)
{
    struct step x = {.row = c->row, .now = now, .c = c};

    if (store_change(s, begin, &x, e))
        return -1;
    c->begun = c->state != IN_RECEIVED;
    return 0;
}

/* One that another worker has by now is no reason to lose what was done. */
static int begin_next(struct db *db, struct step *x, struct err *e)
{
    struct in_core was;

    x->begins = false;
    if (!x->next)
        return 0;
    if (load(&was, db, x->next->row, e))
        return -1;
    x->begins = was.lease == x->next->lease;
    return x->begins ? begin_hand_over(db, &was, x->next, x->now, e) : 0;
}

static int handed(struct db *db, void *arg, struct err *e)
{
    struct step *x = arg;
    struct in_core was, is;

    if (load_claimed(&was, db, x->row, x->c, e))
        return -1;
    is = was;
    if (was.state != IN_ACKNOWLEDGED) /* pulled again after the acknowledgement: only counted */
        is.state = IN_HANDED_OVER;
    is.lease = is.next_at = 0;
    if (!x->c)
        is.handovers++;
    if (db_run(db, e, "UPDATE inbound SET handed_at=?2,handed_how=?3,why=NULL WHERE n=?1",
            ARGS(A_INT(x->row), A_INT(x->now), A_TEXT(x->who))))
        return -1;
    if (was.state == is.state &&
        event_put(db, true, x->row, "redelivered", NULL, NULL, x->who, x->now, e))
        return -1;
    return save(db, &was, &is, x->who, x->now, e) || begin_next(db, x, e) ? -1 : 0;
}

int store_in_handed(struct store *s, int64_t row, const struct in_claim *c, struct in_claim *next,
    const char *how, int64_t now, struct err *e)
{
    struct step x = {.row = row, .now = now, .c = c, .next = next, .who = how};

    if (store_change(s, handed, &x, e))
        return -1;
    if (next)
        next->begun = x.begins;
    return 0;
}

static int ack(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    struct in_core was, is;

    if (load(&was, db, x->row, e))
        return -1;
    if (was.state == IN_ACKNOWLEDGED)
        return 0; /* said twice: fine */
    if (was.state != IN_HANDED_OVER && was.state != IN_QUARANTINED)
        return err_set(e, ERR_INPUT, "store.state", "",
            "an inbound document that is %s was not handed over yet", in_state_word(was.state));
    is = was;
    is.state = IN_ACKNOWLEDGED;
    is.lease = is.next_at = 0;
    if (alarm_clear_in(db, x->row, x->now, e))
        return -1;
    if (db_run(db, e, "UPDATE inbound SET acked_at=?2,acked_by=?3 WHERE n=?1",
            ARGS(A_INT(x->row), A_INT(x->now), A_TEXT(x->who))))
        return -1;
    return save(db, &was, &is, x->who, x->now, e);
}

static int taken(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    struct in_core was, is;

    if (load_claimed(&was, db, x->row, x->c, e))
        return -1;
    is = was;
    is.state = IN_ACKNOWLEDGED;
    is.lease = is.next_at = 0;
    if (db_run(db, e,
            "UPDATE inbound SET handed_at=?2,handed_how=?3,acked_at=?2,acked_by=?3,why=NULL"
            " WHERE n=?1",
            ARGS(A_INT(x->row), A_INT(x->now), A_TEXT(x->who))))
        return -1;
    return save(db, &was, &is, x->who, x->now, e);
}

int store_in_taken(struct store *s, int64_t row, const struct in_claim *c, const char *how,
    int64_t now, struct err *e)
{
    struct step x = {.row = row, .now = now, .c = c, .who = how};

    return store_change(s, taken, &x, e);
}

int store_in_ack(struct store *s, int64_t row, const char *who, int64_t now, struct err *e)
{
    struct step x = {.row = row, .now = now, .who = who};

    return store_change(s, ack, &x, e);
}

static int quarantine(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    const struct alarm_new alarm = {
        .kind = "quarantined", .inbound = true, .row = x->row, .why = x->why, .now = x->now};
    struct in_core was, is;

    if (load(&was, db, x->row, e) || set_why(db, x->row, x->why, e))
        return -1;
    is = was;
    is.state = IN_QUARANTINED;
    is.lease = is.next_at = 0;
    if (x->loud && alarm_put(db, &alarm, e))
        return -1;
    return save(db, &was, &is, x->why->code, x->now, e);
}

int store_in_quarantine(
    struct store *s, int64_t row, const struct err *why, bool loud, int64_t now, struct err *e)
{
    struct step x = {.row = row, .now = now, .why = why, .loud = loud};

    if (!why)
        return err_set(e, ERR_BUG, "store.value", "", "a quarantine without a reason");
    return store_change(s, quarantine, &x, e);
}

static int release(struct db *db, void *arg, struct err *e)
{
    const struct step *x = arg;
    struct in_core was, is;

    if (load(&was, db, x->row, e))
        return -1;
    is = was;
    is.state = IN_RELEASED;
    is.next_at = x->now;
    if (alarm_clear_in(db, x->row, x->now, e))
        return -1;
    return save(db, &was, &is, x->who, x->now, e);
}

int store_in_release(struct store *s, int64_t row, const char *who, int64_t now, struct err *e)
{
    struct step x = {.row = row, .now = now, .who = who};

    return store_change(s, release, &x, e);
}
