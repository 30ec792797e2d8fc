/* store_pace.c - waits for proof: kept in the commit that ends them, judged when somebody asks. */
#include "ap/store/store_pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/store/store_priv.h"

/* ---- keeping ---- */

static int keep_proven(struct db *db, const struct out_core *is, int64_t now, struct err *e)
{
    if (db_run(db, e,
            "INSERT OR REPLACE INTO pace(seat,doc,began,proven)"
            " SELECT m.seat,?2,a.started_at,?3 FROM message m, attempt a"
            " WHERE m.n=?1 AND m.seat<>'' AND a.document=?2 AND a.seq=1",
            ARGS(A_INT(is->message), A_INT(is->n), A_INT(now))))
        return -1;
    return db_run(db, e,
        "DELETE FROM pace WHERE seat=(SELECT seat FROM message WHERE n=?1) AND doc=(SELECT doc"
        " FROM pace WHERE seat=(SELECT seat FROM message WHERE n=?1) AND proven IS NOT NULL"
        " ORDER BY proven DESC LIMIT 1 OFFSET ?2)",
        ARGS(A_INT(is->message), A_INT(PACE_KEPT)));
}

int pace_settled(struct db *db, const struct out_core *was, const struct out_core *is, int64_t now,
    struct err *e)
{
    if (!is->settled || was->settled || !is->message)
        return 0;
    /* noted as waiting, perhaps at an access point that it has left since */
    if ((was->attempts > 1 || was->state != OUT_SENDING) &&
        db_run(db, e,
            "DELETE FROM pace WHERE doc=?1 AND seat IN (SELECT seat FROM message WHERE "
            "document=?1)",
            ARGS(A_INT(is->n))))
        return -1;
    return is->state == OUT_RECEIPTED ? keep_proven(db, is, now, e) : 0;
}

int pace_waits(struct db *db, const struct out_core *is, struct err *e)
{
    return db_run(db, e,
        "INSERT OR IGNORE INTO pace(seat,doc,began)"
        " SELECT m.seat,?2,a.started_at FROM message m, attempt a"
        " WHERE m.n=?1 AND m.seat<>'' AND a.document=?2 AND a.seq=1 AND (SELECT count(*) FROM pace "
        "p"
        " WHERE p.seat=m.seat AND p.proven IS NULL)<?3",
        ARGS(A_INT(is->message), A_INT(is->n), A_INT(PACE_KEPT)));
}

/* ---- judging one access point ---- */

struct wait {
    int64_t began, ended;
    bool proven;
};
struct waits {
    char seat[STORE_DEST];
    struct wait w[2 * PACE_KEPT]; /* by began */
    size_t n;
};

static bool is_slow(const struct wait *w, int64_t slow)
{
    return w->ended - w->began >= slow;
}

/* The access point took another one, and long after that this one was not there yet. */
static bool overtaken(const struct waits *x, size_t i, int64_t slow)
{
    for (size_t k = 0; k < x->n; k++)
        if (k != i && x->w[k].proven && x->w[k].ended > x->w[i].began &&
            x->w[i].ended - x->w[k].ended >= slow)
            return true;
    return false;
}

/* An earlier one waited at the same time, just as long: that is the same outage. */
static bool shares_outage(const struct waits *x, size_t i, int64_t slow)
{
    for (size_t k = 0; k < i; k++)
        if (is_slow(&x->w[k], slow) && x->w[k].ended > x->w[i].began)
            return true;
    return false;
}

static int by_span(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void judge(struct store_pace *out, const struct waits *x, int64_t slow)
{
    int64_t span[2 * PACE_KEPT];

    memset(out, 0, sizeof(*out));
    memcpy(out->seat, x->seat, sizeof(out->seat));
    for (size_t i = 0; i < x->n; i++) {
        const struct wait *w = &x->w[i];
        if (is_slow(w, slow) && (overtaken(x, i, slow) || !shares_outage(x, i, slow)))
            out->delayed++;
        if (w->proven)
            span[out->taken++] = w->ended - w->began;
        else if (!out->waiting++)
            out->oldest = w->ended - w->began;
    }
    if (out->taken) {
        qsort(span, out->taken, sizeof(span[0]), by_span);
        out->usual = span[out->taken / 2];
        out->longest = span[out->taken - 1];
    }
    out->drifts = out->delayed >= PACE_DRIFT;
}

/* ---- reading ---- */

#define COLUMNS "SELECT p.seat,p.began,p.proven FROM pace p JOIN document d ON d.n=p.doc"
/* What we hold back ourselves says nothing of them. */
#define COUNTS "(p.proven IS NOT NULL OR (d.settled=0 AND d.state<>'HELD'))"

static void add(struct waits *x, sqlite3_stmt *st, int64_t now)
{
    struct wait *w = &x->w[x->n];

    if (x->n == sizeof(x->w) / sizeof(x->w[0]))
        return;
    w->began = sqlite3_column_int64(st, 1);
    w->proven = sqlite3_column_type(st, 2) != SQLITE_NULL;
    w->ended = w->proven ? sqlite3_column_int64(st, 2) : now;
    x->n++;
}

int store_pace_get(struct store_pace *out, struct store *s, const char *seat, int64_t slow,
    int64_t now, struct err *e)
{
    struct waits x = {.n = 0};
    struct rows r;

    (void)snprintf(x.seat, sizeof(x.seat), "%s", seat);
    rows_open(
        &r, s, e, COLUMNS " WHERE p.seat=?1 AND " COUNTS " ORDER BY p.began", ARGS(A_TEXT(seat)));
    while (rows_next(&r, e))
        add(&x, r.st, now);
    judge(out, &x, slow);
    return rows_end(&r) ? -1 : x.n > 0;
}

struct drifting {
    struct store_pace *out;
    size_t max, *n;
    int64_t slow;
};

static void end_seat(struct drifting *d, struct waits *x)
{
    struct store_pace p;

    judge(&p, x, d->slow);
    x->n = 0;
    if (!p.drifts)
        return;
    if (*d->n < d->max)
        d->out[*d->n] = p;
    ++*d->n;
}

int store_pace_drifting(struct store_pace *out, size_t max, size_t *n, struct store *s,
    int64_t slow, int64_t now, struct err *e)
{
    struct drifting d = {out, max, n, slow};
    struct waits x = {.n = 0};
    struct rows r;

    *n = 0;
    /* only access points with a long wait at all: nearly always none */
    rows_open(&r, s, e,
        COLUMNS " WHERE p.seat IN (SELECT seat FROM pace WHERE coalesce(proven,?2)-began>=?1)"
                " AND " COUNTS " ORDER BY p.seat,p.began",
        ARGS(A_INT(slow), A_INT(now)));
    while (rows_next(&r, e)) {
        const char *seat = (const char *)sqlite3_column_text(r.st, 0);
        if (strcmp(x.seat, seat) != 0) {
            end_seat(&d, &x);
            (void)snprintf(x.seat, sizeof(x.seat), "%s", seat);
        }
        add(&x, r.st, now);
    }
    end_seat(&d, &x);
    return rows_end(&r);
}
