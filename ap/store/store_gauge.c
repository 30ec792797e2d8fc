/* store_gauge.c - small durable marks of the service's own, and gauges that doctor reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/store/store_priv.h"

struct mark {
    char name[80];
    const char *text;
};

static struct mark named(const char *name, const char *text)
{
    struct mark x = {.text = text};

    (void)snprintf(x.name, sizeof(x.name), "mark.%s", name);
    return x;
}

static int set(struct db *db, void *arg, struct err *e)
{
    const struct mark *x = arg;

    return meta_set(db, x->name, x->text, e);
}

int store_mark_set(struct store *s, const char *name, const char *text, struct err *e)
{
    struct mark x = named(name, text);

    return store_change(s, set, &x, e);
}

int store_mark_get(char *out, size_t n, struct store *s, const char *name, struct err *e)
{
    struct db *db = reader_take(s, e);
    struct mark x = named(name, NULL);
    int rc;

    out[0] = '\0';
    if (!db)
        return -1;
    rc = meta_get(out, n, db, x.name, e);
    reader_give(s, db);
    return rc;
}

int store_in_routes(
    struct in_route *out, size_t max, size_t *n, struct store *s, struct arena *a, struct err *e)
{
    struct rows r;

    *n = 0;
    rows_open(&r, s, e,
        "SELECT coalesce(route,''),count(*),min(state_at) FROM inbound"
        " WHERE state IN ('VALIDATED','RELEASED') GROUP BY 1 ORDER BY 1 LIMIT ?1",
        ARGS(A_INT(max)));
    while (rows_next(&r, e)) {
        struct in_route *route = &out[(*n)++];
        route->name = db_text(a, r.st, 0);
        route->waiting = (unsigned long)sqlite3_column_int64(r.st, 1);
        route->oldest = sqlite3_column_int64(r.st, 2);
        if (!route->name) {
            rows_fail(&r);
            (void)err_nomem(e);
        }
    }
    return rows_end(&r);
}

int store_in_unjudged(struct in_unjudged *out, struct store *s, struct err *e)
{
    struct rows r;

    *out = (struct in_unjudged){.waiting = 0};
    rows_open(&r, s, e,
        "SELECT count(*),min(received_at),(SELECT why FROM inbound WHERE acked_at IS NULL AND"
        " state='RECEIVED' AND why IS NOT NULL LIMIT 1)"
        " FROM inbound WHERE acked_at IS NULL AND state='RECEIVED'",
        NULL, 0);
    while (rows_next(&r, e)) {
        out->waiting = (unsigned long)sqlite3_column_int64(r.st, 0);
        out->oldest = sqlite3_column_int64(r.st, 1);
        why_unpack(&out->why, (const char *)sqlite3_column_text(r.st, 2));
    }
    return rows_end(&r);
}

int store_in_suspects(int64_t *out, size_t max, size_t *n, struct store *s, struct err *e)
{
    struct rows r;

    *n = 0;
    rows_open(&r, s, e,
        "SELECT n FROM inbound WHERE lease IS NOT NULL AND state='RECEIVED' LIMIT ?1",
        ARGS(A_INT(max)));
    while (rows_next(&r, e))
        out[(*n)++] = sqlite3_column_int64(r.st, 0);
    return rows_end(&r);
}

static int by_size(const void *pa, const void *pb)
{
    int64_t a, b;

    memcpy(&a, pa, sizeof(a));
    memcpy(&b, pb, sizeof(b));
    return (a > b) - (a < b);
}

int store_clock_skew(int64_t *ms, size_t *samples, struct store *s, int64_t since, struct err *e)
{
    int64_t skew[STORE_SKEW_SAMPLES];
    struct rows r;
    int rc;

    *ms = 0;
    *samples = 0;
    rows_open(&r, s, e,
        "SELECT verified_at-signal_time FROM proof WHERE signal_time IS NOT NULL AND kind='receipt'"
        " AND verified_at>=?1 ORDER BY n DESC LIMIT ?2",
        ARGS(A_INT(since), A_INT(STORE_SKEW_SAMPLES)));
    while (rows_next(&r, e))
        skew[(*samples)++] = sqlite3_column_int64(r.st, 0);
    rc = rows_end(&r);
    qsort(skew, *samples, sizeof(*skew), by_size);
    if (*samples)
        *ms = skew[*samples / 2];
    return rc;
}
