/* store_reroute.c - received documents moved to another hand-over route: theirs is gone, or wrong.
 */
#include <stdio.h>

#include "ap/store/store_priv.h"

#define BATCH 500 /* in one commit */

/* Not handed over, and in nobody's hand: a claim that ran out is nobody's. */
#define MOVABLE                                                                                    \
    "state IN ('RECEIVED','VALIDATED','RELEASED','QUARANTINED')"                                   \
    " AND (lease IS NULL OR next_at<=?3)"

struct reroute {
    int64_t row, now;
    const char *from, *to, *who;
    unsigned n;
};

static int tell(struct db *db, const struct reroute *x, int64_t row, const char *was, struct err *e)
{
    char detail[256];

    (void)snprintf(detail, sizeof(detail), "%.64s to %.64s by %.64s", was, x->to, x->who);
    return event_put(db, true, row, "rerouted", NULL, NULL, detail, x->now, e);
}

/* Due at once, and its time on the route counts anew. */
static int move(struct db *db, const struct reroute *x, int64_t row, const char *was, struct err *e)
{
    if (tell(db, x, row, was, e))
        return -1;
    return db_run(db, e,
        "UPDATE inbound SET route=?2,lease=NULL,next_at=iif(next_at IS NULL,NULL,?3),state_at=?3"
        " WHERE n=?1",
        ARGS(A_INT(row), A_TEXT(x->to), A_INT(x->now)));
}

static int move_one(struct db *db, void *arg, struct err *e)
{
    struct reroute *x = arg;
    char was[128] = "";
    sqlite3_stmt *st = db_query(db, e, "SELECT route FROM inbound WHERE n=?1 AND " MOVABLE,
        ARGS(A_INT(x->row), A_INT(0), A_INT(x->now)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc == 1) {
        (void)snprintf(was, sizeof(was), "%s", (const char *)sqlite3_column_text(st, 0));
        db_done(st);
        x->n = 1;
        return move(db, x, x->row, was, e);
    }
    return rc < 0 ? -1
                  : err_set(e, ERR_INPUT, "store.state", "",
                        "the document was handed over, or is in hand just now");
}

static int move_batch(struct db *db, void *arg, struct err *e)
{
    struct reroute *x = arg;
    int64_t rows[BATCH];
    sqlite3_stmt *st =
        db_query(db, e, "SELECT n FROM inbound WHERE route=?1 AND " MOVABLE " ORDER BY n LIMIT ?2",
            ARGS(A_TEXT(x->from), A_INT(BATCH), A_INT(x->now)));
    int rc = -1;

    x->n = 0;
    while (st && (rc = db_step(db, st, e)) == 1)
        rows[x->n++] = sqlite3_column_int64(st, 0);
    for (unsigned i = 0; !rc && i < x->n; i++)
        rc = move(db, x, rows[i], x->from, e);
    return rc;
}

int store_in_reroute(
    struct store *s, int64_t row, const char *to, const char *who, int64_t now, struct err *e)
{
    struct reroute x = {.row = row, .now = now, .to = to, .who = who};

    return store_change(s, move_one, &x, e);
}

int store_in_reroute_all(uint64_t *n, struct store *s, const char *from, const char *to,
    const char *who, int64_t now, struct err *e)
{
    struct reroute x = {.now = now, .from = from, .to = to, .who = who};

    *n = 0;
    do {
        if (store_change(s, move_batch, &x, e))
            return -1;
        *n += x.n;
    } while (x.n == BATCH);
    return 0;
}
