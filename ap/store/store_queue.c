#include "ap/store/store_queue.h"

#include <string.h>

#include "ap/store/store_priv.h"

#define CHUNK 5000
#define MIN 60000ll

const int64_t queue_ages[QUEUE_AGES] = {
    5 * MIN, 20 * MIN, 60 * MIN, 240 * MIN, 1440 * MIN, 2880 * MIN, 7200 * MIN, INT64_MAX};

/* ---- shape ---- */

/* Newer than a bound and not newer than the one before. */
#define AGE(lo, hi) "sum(?1-accepted_at>=" lo " AND ?1-accepted_at<" hi "),"
#define SHAPE(by)                                                                                  \
    "SELECT " by ",count(*) AS total,sum(state='HELD'),"                                           \
    "sum(state='UNKNOWN' AND next_at IS NULL),"                                                    \
    "sum(?1-accepted_at<300000)," AGE("300000", "1200000") AGE("1200000", "3600000")               \
        AGE("3600000", "14400000") AGE("14400000", "86400000") AGE("86400000", "172800000")        \
            AGE("172800000",                                                                       \
                "432000000") "sum(?1-accepted_at>=432000000),min(accepted_at)"                     \
                             " FROM document INDEXED BY document_open WHERE settled=0"             \
                             " AND state IN ('ACCEPTED','SENDING','WAITING','UNKNOWN','HELD')"     \
                             " GROUP BY 1 ORDER BY total DESC,1"

static int shape_row(struct queue_shape *out, sqlite3_stmt *st, struct arena *a, struct err *e)
{
    struct columns c = {.st = st, .a = a};

    out->name = col_text(&c);
    out->n = (unsigned long)col_int(&c);
    out->held = (unsigned long)col_int(&c);
    out->stopped = (unsigned long)col_int(&c);
    for (size_t i = 0; i < QUEUE_AGES; i++)
        out->ages[i] = (unsigned long)col_int(&c);
    out->oldest = col_int(&c);
    return c.nomem ? err_nomem(e) : 0;
}

int store_queue_shape(struct queue_shape *out, size_t max, size_t *n, struct store *s,
    bool by_receiver, int64_t now, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    sqlite3_stmt *st;
    int rc = -1;

    *n = 0;
    if (!db)
        return -1;
    st = by_receiver ? db_query(db, e, SHAPE("receiver"), ARGS(A_INT(now)))
                     : db_query(db, e, SHAPE("ltrim(dest,'!~')"), ARGS(A_INT(now)));
    while (st && (rc = db_step(db, st, e)) == 1)
        if ((*n)++ < max && shape_row(&out[*n - 1], st, a, e)) {
            db_done(st);
            rc = -1;
            break;
        }
    reader_give(s, db);
    return rc;
}

/* ---- run ---- */

struct run {
    const char *partner;
    int64_t now;
    size_t n; /* of the last chunk */
};

static int due_change(struct db *db, void *arg, struct err *e)
{
    struct run *x = arg;

    if (db_run(db, e,
            "UPDATE document SET next_at=?1 WHERE n IN (SELECT n FROM document INDEXED BY"
            " document_open WHERE settled=0 AND state IN ('ACCEPTED','WAITING','UNKNOWN')"
            " AND lease IS NULL AND next_at>?1"
            " AND (?2 IS NULL OR receiver=?2 OR ltrim(dest,'!~')=?2) LIMIT ?3)",
            ARGS(A_INT(x->now), A_TEXT(x->partner), A_INT(CHUNK))))
        return -1;
    x->n = (size_t)sqlite3_changes(db->h);
    /* a receiver may be served by any access point */
    return db_run(db, e, "DELETE FROM circuit WHERE ?1 IS NULL OR name=?1 OR instr(?1,'::')",
        ARGS(A_TEXT(x->partner)));
}

/* Heads are what the documents say: a queue of stopped ones keeps no head of its own. */
static int heads_change(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return db_run(db, e,
        "UPDATE dest SET blocked=0,head=coalesce((SELECT min(next_at) FROM document"
        " WHERE dest=dest.name AND state IN ('ACCEPTED','WAITING','UNKNOWN')"
        " AND next_at IS NOT NULL),head)",
        NULL, 0);
}

int store_queue_run(
    unsigned long *due, struct store *s, const char *partner, int64_t now, struct err *e)
{
    struct run x = {.partner = partner, .now = now};

    *due = 0;
    do {
        if (store_change(s, due_change, &x, e))
            return -1;
        *due += x.n;
    } while (x.n == CHUNK);
    return store_change(s, heads_change, &x, e);
}

/* ---- what an attempt asks ---- */

int store_out_proven_before(struct store *s, const char *receiver, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t any = 0;
    int rc;

    if (!db)
        return -1;
    rc = db_int(&any, db, e, "SELECT EXISTS(SELECT 1 FROM document WHERE receiver=?1 AND level>0)",
        ARGS(A_TEXT(receiver)));
    reader_give(s, db);
    return rc < 0 ? -1 : any != 0;
}

struct moved {
    const struct out_claim *c;
    const char *endpoint, *lookup;
    int64_t now;
};

static int moved_change(struct db *db, void *arg, struct err *e)
{
    const struct moved *x = arg;
    struct out_core was;

    if (core_claimed(&was, db, x->c, e))
        return -1;
    if (!was.message)
        return err_set(e, ERR_BUG, "store.message-open", "", "there is no message to send again");
    return db_run(db, e, "UPDATE message SET endpoint=?2,lookup=?3 WHERE n=?1",
               ARGS(A_INT(was.message), A_TEXT(x->endpoint), A_TEXT(x->lookup))) ||
                   event_put(db, false, was.n, "message-moved", NULL, NULL, x->endpoint, x->now, e)
               ? -1
               : 0;
}

int store_message_moved(struct store *s, const struct out_claim *c, const char *endpoint,
    const char *lookup, int64_t now, struct err *e)
{
    struct moved x = {c, endpoint, lookup, now};

    return store_change(s, moved_change, &x, e);
}
