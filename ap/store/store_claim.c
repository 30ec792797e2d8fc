/* store_claim.c - taking due documents, fairly over destinations.
 *
 * `dest` holds one row for each destination with a queue: the earliest due time in it (head), when
 * it was served last, and until when it is put off. Its `ready` (the latest of the three) is
 * indexed: a claim walks ready destinations, longest unserved first, and takes the head of each. So
 * the cost does not grow with the backlog, and one with 100,000 waiting has no more turns than one
 * with a single document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"

#define PAGE 64 /* destinations looked at in one go */
#define FIRST_OF                                                                                   \
    4 /* three claims of four ask the urgent queues first: others are never starved                \
       */

static const char first_low[] = {STORE_FIRST, '\0'}, first_high[] = {STORE_FIRST + 1, '\0'};

struct dest_name {
    char name[DEST_MAX];
    int64_t ready;
};
struct claim {
    struct out_claim *out;
    size_t max, *n;
    int64_t now, until;
    const struct out_gate *gate;
    struct dest_name *page, *served; /* PAGE, max */
    size_t nserved;
};

static int take_names(size_t *n, struct claim *x, struct db *db, sqlite3_stmt *st, struct err *e)
{
    int rc = -1;

    *n = 0;
    while (st && (rc = db_step(db, st, e)) == 1) {
        (void)snprintf(x->page[*n].name, DEST_MAX, "%s", (const char *)sqlite3_column_text(st, 0));
        x->page[(*n)++].ready = sqlite3_column_int64(st, 1);
    }
    return rc;
}

static int load_page(
    size_t *n, struct claim *x, struct db *db, const struct dest_name *after, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT name,ready FROM dest WHERE ready<=?1 AND (ready,name)>(?2,?3)"
        " ORDER BY ready,name LIMIT ?4",
        ARGS(A_INT(x->now), A_INT(after->ready), A_TEXT(after->name), A_INT(PAGE)));

    return take_names(n, x, db, st, e);
}

static bool had_a_turn(const struct claim *x, const char *dest)
{
    for (size_t i = 0; i < x->nserved; i++)
        if (strcmp(x->served[i].name, dest) == 0)
            return true;
    return false;
}

static int take_rows(
    size_t *got, struct claim *x, struct db *db, const char *dest, size_t want, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT n,id,state,attempts FROM document WHERE dest=?1 AND next_at<=?2"
        " AND next_at IS NOT NULL AND state IN ('ACCEPTED','WAITING','UNKNOWN')"
        " ORDER BY next_at LIMIT ?3",
        ARGS(A_TEXT(dest), A_INT(x->now), A_INT(want)));
    int rc = -1;

    *got = 0;
    while (st && (rc = db_step(db, st, e)) == 1) {
        struct out_claim *c = &x->out[*x->n + (*got)++];
        c->row = sqlite3_column_int64(st, 0);
        (void)snprintf(c->id, sizeof(c->id), "%s", (const char *)sqlite3_column_text(st, 1));
        (void)snprintf(c->dest, sizeof(c->dest), "%s", dest);
        (void)out_state_parse((const char *)sqlite3_column_text(st, 2), &c->state);
        c->attempts = (unsigned)sqlite3_column_int(st, 3);
        rnd_bytes(&c->lease, sizeof(c->lease));
        c->lease = (c->lease & INT64_MAX) | 1;
    }
    return rc;
}

static int serve(struct claim *x, struct db *db, const char *dest, size_t want, struct err *e)
{
    size_t got;

    if (take_rows(&got, x, db, dest, want, e))
        return -1;
    for (size_t i = 0; i < got; i++) {
        const struct out_claim *c = &x->out[*x->n + i];
        if (db_run(db, e, "UPDATE document SET lease=?2,next_at=?3 WHERE n=?1",
                ARGS(A_INT(c->row), A_INT(c->lease), A_INT(x->until))))
            return -1;
    }
    *x->n += got;
    if (got)
        (void)snprintf(x->served[x->nserved++].name, DEST_MAX, "%s", dest);
    return db_run(db, e, "UPDATE dest SET served=?2 WHERE name=?1",
               ARGS(A_TEXT(dest), A_INT(x->now))) ||
                   dest_refresh(db, dest, e)
               ? -1
               : 0;
}

static int ask(struct claim *x, struct db *db, const char *dest, struct err *e)
{
    int64_t again = 0;
    unsigned may = x->gate ? x->gate->may(x->gate->ctx, dest, &again) : 1;
    size_t room = x->max - *x->n;

    if (may)
        return serve(x, db, dest, may < room ? may : room, e);
    if (again <= x->now)
        return 0;
    return db_run(
        db, e, "UPDATE dest SET blocked=?2 WHERE name=?1", ARGS(A_TEXT(dest), A_INT(again)));
}

/* Of queues that go first, those that are ready. */
static int load_first(size_t *n, struct claim *x, struct db *db, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT name,ready FROM dest WHERE name>=?1 AND name<?2 AND ready<=?3"
        " ORDER BY ready LIMIT ?4",
        ARGS(A_TEXT(first_low), A_TEXT(first_high), A_INT(x->now), A_INT(PAGE)));

    return take_names(n, x, db, st, e);
}

static int claim(struct db *db, void *arg, struct err *e)
{
    struct claim *x = arg;
    struct dest_name after = {"", INT64_MIN};
    size_t page = 0;

    *x->n = x->nserved = 0;
    if (rnd_below(FIRST_OF) && load_first(&page, x, db, e))
        return -1;
    for (size_t i = 0; i < page && *x->n < x->max; i++)
        if (ask(x, db, x->page[i].name, e))
            return -1;
    do {
        if (load_page(&page, x, db, &after, e))
            return -1;
        for (size_t i = 0; i < page && *x->n < x->max; i++)
            if (!had_a_turn(x, x->page[i].name) && ask(x, db, x->page[i].name, e))
                return -1;
        if (page)
            after = x->page[page - 1];
    } while (page == PAGE && *x->n < x->max);
    (void)FAULT("store.claimed");
    return 0;
}

int claim_next(struct out_next *next, struct db *db, int64_t now, struct err *e)
{
    struct dest_name page[PAGE + 1];
    size_t n;
    struct claim x = {
        next->claim, 1, &n, now, now + next->lease_ms, next->gate, page, page + PAGE, 0};

    if (claim(db, &x, e))
        return -1;
    next->taken = n == 1;
    return 0;
}

int store_out_claim(struct out_claim *out, size_t max, size_t *n, struct store *s, int64_t now,
    int64_t lease_ms, const struct out_gate *gate, struct err *e)
{
    struct claim x = {out, max, n, now, now + lease_ms, gate, NULL, NULL, 0};
    int64_t due;
    int rc;

    *n = 0;
    if (store_out_next_due(&due, s, e))
        return -1;
    if (max == 0 || due == 0 || due > now)
        return 0; /* nothing to take: no commit */
    x.page = calloc(PAGE + max, sizeof(*x.page));
    if (!x.page)
        return err_nomem(e);
    x.served = x.page + PAGE;
    rc = store_change(s, claim, &x, e);
    if (rc)
        *n = 0;
    free(x.page);
    return rc;
}

int store_out_next_due(int64_t *out, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    *out = 0;
    if (!db)
        return -1;
    rc = db_int(out, db, e, "SELECT min(ready) FROM dest", NULL, 0);
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}

struct back {
    const struct out_claim *c;
    const struct err *why;
    const char *dest;
    int64_t next_at, now;
};

static int wait_change(struct db *db, void *arg, struct err *e)
{
    const struct back *x = arg;
    struct out_core was, is;

    if (core_claimed(&was, db, x->c, e))
        return -1;
    is = was;
    is.lease = 0;
    is.next_at = x->next_at;
    if (x->dest && dest_copy(is.dest, x->dest, e))
        return -1;
    if (x->why && core_why(db, was.n, x->why, e))
        return -1;
    if (x->why && was.state == OUT_ACCEPTED)
        is.state = OUT_WAITING;
    return core_save(db, &was, &is, x->why ? x->why->code : NULL, x->now, e);
}

int store_out_wait(struct store *s, const struct out_claim *c, const struct err *why,
    int64_t next_at, const char *dest, int64_t now, struct err *e)
{
    struct back x = {c, why, dest, next_at, now};

    return store_change(s, wait_change, &x, e);
}

static int refuse_change(struct db *db, void *arg, struct err *e)
{
    const struct back *x = arg;
    struct out_core was, is;

    if (core_claimed(&was, db, x->c, e) || core_why(db, was.n, x->why, e))
        return -1;
    is = was;
    is.state = OUT_REFUSED;
    return core_save(db, &was, &is, x->why->code, x->now, e);
}

int store_out_refuse(
    struct store *s, const struct out_claim *c, const struct err *why, int64_t now, struct err *e)
{
    struct back x = {c, why, NULL, 0, now};

    if (!why)
        return err_set(e, ERR_BUG, "store.value", "", "a refusal without a reason");
    return store_change(s, refuse_change, &x, e);
}
