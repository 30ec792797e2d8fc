/* store_keep.c - what people and clocks do to outbound documents: hold, release, cancel, retry,
 * resolve; leases, deadlines and horizons, swept over the journal itself by index. */
#include <string.h>

#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

struct act {
    int64_t row, now, expire_at;
    const char *who, *why;
    const struct out_claim *claim; /* that of the worker that asks; NULL: a person */
};

static int hold(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;
    struct out_core mine;

    if (x->claim && core_claimed(&mine, db, x->claim, e))
        return -1;
    return out_put_hold(db, x->row, x->who, x->why, x->now, e);
}

int store_out_hold(
    struct store *s, int64_t row, const char *who, const char *why, int64_t now, struct err *e)
{
    struct act x = {.row = row, .now = now, .who = who, .why = why};

    return store_change(s, hold, &x, e);
}

int store_out_hold_claimed(struct store *s, const struct out_claim *c, const char *who,
    const char *why, int64_t now, struct err *e)
{
    struct act x = {.row = c->row, .now = now, .who = who, .why = why, .claim = c};

    return store_change(s, hold, &x, e);
}

int out_let_go(struct db *db, int64_t row, const char *who, int64_t now, struct err *e)
{
    struct out_core was, is;

    if (core_load(&was, db, row, e))
        return -1;
    if (was.state != OUT_HELD)
        return err_set(e, ERR_INPUT, "store.state", "", "the document is %s, not held",
            out_state_word(was.state));
    is = was;
    is.state = was.held_from;
    if (was.next_at || was.held_from != OUT_UNKNOWN)
        is.next_at = now;
    return core_save(db, &was, &is, who, now, e);
}

static int release(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;

    return out_let_go(db, x->row, x->who, x->now, e);
}

int store_out_release(struct store *s, int64_t row, const char *who, int64_t now, struct err *e)
{
    struct act x = {.row = row, .now = now, .who = who};

    return store_change(s, release, &x, e);
}

static const char *words_of(const struct act *x)
{
    return x->why && *x->why ? x->why : "no reason given";
}

static int person_said(struct db *db, const struct act *x, struct err *why, struct err *e)
{
    (void)err_who(why, x->who ? x->who : "");
    return core_why(db, x->row, why, e);
}

static int cancel(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;
    struct out_core was, is;
    struct err why = ERR_INIT;

    if (core_load(&was, db, x->row, e))
        return -1;
    if (was.left || was.state == OUT_SENDING) {
        (void)err_set(e, ERR_INPUT, "store.left", "",
            "a byte of the document may have left; it cannot be cancelled any more");
        return err_next(e, "see status; hold stops further attempts");
    }
    is = was;
    is.state = OUT_CANCELLED;
    (void)err_set(&why, ERR_INPUT, "out.cancelled", "", "cancelled: %s", words_of(x));
    return core_save(db, &was, &is, x->who, x->now, e) || person_said(db, x, &why, e) ? -1 : 0;
}

int store_out_cancel(
    struct store *s, int64_t row, const char *who, const char *why, int64_t now, struct err *e)
{
    struct act x = {.row = row, .now = now, .who = who, .why = why};

    return store_change(s, cancel, &x, e);
}

static int retry(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;
    struct out_core was, is;

    if (core_load(&was, db, x->row, e))
        return -1;
    is = was;
    if (was.state == OUT_EXPIRED_UNKNOWN)
        is.state = OUT_UNKNOWN;
    else if (!out_is_queued(was.state))
        return err_set(e, ERR_INPUT, "store.state", "",
            "the document is %s: there is nothing to retry", out_state_word(was.state));
    if (was.lease)
        return err_set(e, ERR_RETRY, "store.sending", "", "it is being worked on just now");
    is.next_at = x->now;
    if (x->expire_at)
        is.expire_at = x->expire_at;
    return core_save(db, &was, &is, x->who, x->now, e) ||
                   event_put(db, false, x->row, "retry", NULL, NULL, x->who, x->now, e)
               ? -1
               : 0;
}

int store_out_retry(
    struct store *s, int64_t row, const char *who, int64_t expire_at, int64_t now, struct err *e)
{
    struct act x = {.row = row, .now = now, .expire_at = expire_at, .who = who};

    return store_change(s, retry, &x, e);
}

static int resolve(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;
    struct out_core was, is;
    struct err why = ERR_INIT;

    if (core_load(&was, db, x->row, e))
        return -1;
    is = was;
    is.state = OUT_REFUSED;
    is.by_person = true;
    if (was.state != OUT_UNKNOWN && was.state != OUT_EXPIRED_UNKNOWN && was.state != OUT_HELD)
        return err_set(e, ERR_INPUT, "store.state", "",
            "the document is %s: there is nothing to resolve", out_state_word(was.state));
    (void)err_set(&why, ERR_INPUT, "out.resolved", "", "known not to be there: %s", words_of(x));
    return core_save(db, &was, &is, x->who, x->now, e) || person_said(db, x, &why, e) ? -1 : 0;
}

int store_out_resolve(
    struct store *s, int64_t row, const char *who, const char *why, int64_t now, struct err *e)
{
    struct act x = {.row = row, .now = now, .who = who, .why = why};

    return store_change(s, resolve, &x, e);
}

static int damage(struct db *db, void *arg, struct err *e)
{
    const struct act *x = arg;
    struct out_core mine;

    return core_claimed(&mine, db, x->claim, e) || out_put_damaged(db, x->row, x->now, e) ? -1 : 0;
}

int store_out_damaged(struct store *s, const struct out_claim *c, int64_t now, struct err *e)
{
    struct act x = {.row = c->row, .now = now, .claim = c};

    return store_change(s, damage, &x, e);
}

/* ---- the sweep: the indices are named, since without statistics SQLite guesses ---- */

#define SWEEP_MAX 512

struct sweep {
    struct out_swept *out;
    int64_t now, rows[SWEEP_MAX];
    size_t limit;
};

static int collect(size_t *n, struct sweep *x, struct db *db, sqlite3_stmt *st, struct err *e)
{
    int rc = -1;

    *n = 0;
    while (st && (rc = db_step(db, st, e)) == 1)
        x->rows[(*n)++] = sqlite3_column_int64(st, 0);
    if (*n == x->limit)
        x->out->more = true;
    return rc;
}

static int sweep_leases(struct sweep *x, struct db *db, struct err *e)
{
    size_t n;

    if (collect(&n, x, db,
            db_query(db, e,
                "SELECT n FROM document INDEXED BY document_lease"
                " WHERE lease IS NOT NULL AND next_at<=?1"
                " AND state='SENDING' LIMIT ?2",
                ARGS(A_INT(x->now), A_INT(x->limit))),
            e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (out_cut_off(db, x->rows[i], "lease ran out", x->now, e))
            return -1;
    x->out->unknown += n;
    return 0;
}

static int sweep_late(struct sweep *x, struct db *db, struct err *e)
{
    size_t n;

    if (collect(&n, x, db,
            db_query(db, e,
                "SELECT n FROM document INDEXED BY document_due"
                " WHERE settled=0 AND late=0 AND deliver_by<=?1 LIMIT ?2",
                ARGS(A_INT(x->now), A_INT(x->limit))),
            e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (db_run(db, e, "UPDATE document SET late=1 WHERE n=?1", ARGS(A_INT(x->rows[i]))) ||
            event_put(db, false, x->rows[i], "late", NULL, NULL, NULL, x->now, e) ||
            alarm_put_doc(
                db, "late", "out.late", "is not proven by its deadline", x->rows[i], x->now, e))
            return -1;
    x->out->late += n;
    return 0;
}

/* The last reason stays, and what it promised does not: nothing is tried any more. */
static int end_reason(struct db *db, const struct out_core *is, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e, "SELECT why FROM document WHERE n=?1", ARGS(A_INT(is->n)));
    int rc = st ? db_step(db, st, e) : -1;
    struct err why = ERR_INIT;

    if (rc < 0)
        return -1;
    if (rc == 1) {
        why_unpack(&why, (const char *)sqlite3_column_text(st, 0));
        db_done(st);
    }
    if (why.class == ERR_NONE)
        (void)err_set(&why, ERR_PEER, "out.expired", "", "it was never its turn");
    why.class = is->state == OUT_EXPIRED_UNKNOWN ? ERR_UNKNOWN : ERR_PEER;
    (void)err_next(&why, "%s",
        is->state == OUT_EXPIRED_UNKNOWN
            ? "aviso queue retry gives it another horizon; aviso queue resolve: it is not there"
            : "nothing more is tried: send it again, with another key");
    return core_why(db, is->n, &why, e);
}

/* Nothing left: UNSENT. May be there: UNKNOWN. Left, but each time answered no: REFUSED. */
static int expire(struct db *db, int64_t row, int64_t now, struct err *e)
{
    struct out_core was, is;

    if (core_load(&was, db, row, e))
        return -1;
    is = was;
    if (was.maybe)
        is.state = OUT_EXPIRED_UNKNOWN;
    else
        is.state = was.left ? OUT_REFUSED : OUT_EXPIRED_UNSENT;
    return end_reason(db, &is, e) || core_save(db, &was, &is, "expired", now, e) ? -1 : 0;
}

static int sweep_expired(struct sweep *x, struct db *db, struct err *e)
{
    size_t n;

    if (collect(&n, x, db,
            db_query(db, e,
                "SELECT n FROM document INDEXED BY document_expire"
                " WHERE state IN ('ACCEPTED','WAITING','UNKNOWN','HELD')"
                " AND expire_at<=?1 AND (lease IS NULL OR next_at<=?1) LIMIT ?2",
                ARGS(A_INT(x->now), A_INT(x->limit))),
            e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (expire(db, x->rows[i], x->now, e))
            return -1;
    x->out->expired += n;
    return 0;
}

static int sweep(struct db *db, void *arg, struct err *e)
{
    struct sweep *x = arg;

    memset(x->out, 0, sizeof(*x->out));
    if (sweep_leases(x, db, e) || sweep_late(x, db, e) || sweep_expired(x, db, e))
        return -1;
    (void)FAULT("store.swept");
    return 0;
}

/* Whether a sweep has anything to do: asked by a reader, so an idle timer commits nothing. */
static int sweep_due(struct store *s, int64_t now, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t any = 0;
    int rc;

    if (!db)
        return -1;
    rc = db_int(&any, db, e,
        "SELECT EXISTS(SELECT 1 FROM document INDEXED BY document_lease"
        " WHERE lease IS NOT NULL AND next_at<=?1"
        " AND state='SENDING') OR EXISTS(SELECT 1 FROM document INDEXED BY document_due"
        " WHERE settled=0 AND late=0"
        " AND deliver_by<=?1) OR EXISTS(SELECT 1 FROM document INDEXED BY document_expire"
        " WHERE state IN ('ACCEPTED','WAITING','UNKNOWN','HELD') AND expire_at<=?1)",
        ARGS(A_INT(now)));
    reader_give(s, db);
    return rc < 0 ? -1 : any != 0;
}

int store_out_sweep(
    struct out_swept *out, struct store *s, int64_t now, unsigned limit, struct err *e)
{
    struct sweep x = {.out = out, .now = now, .limit = limit};
    int due = sweep_due(s, now, e);

    memset(out, 0, sizeof(*out));
    if (due <= 0)
        return due;
    if (x.limit == 0 || x.limit > SWEEP_MAX)
        x.limit = SWEEP_MAX;
    return store_change(s, sweep, &x, e);
}
