/* store_event.c - the gap-free sequence: one event for each change of state, in its transaction. */
#include "ap/store/store_priv.h"

int event_put(struct db *db, bool inbound, int64_t row, const char *what, const char *from,
    const char *to, const char *detail, int64_t now, struct err *e)
{
    return db_run(db, e,
        "INSERT INTO event(at,inbound,doc,what,from_state,to_state,detail)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7)",
        ARGS(A_INT(now), A_INT(inbound), A_TIME(row), A_TEXT(what), A_TEXT(from), A_TEXT(to),
            A_TEXT(detail)));
}

struct add {
    bool inbound;
    int64_t row, now;
    const char *what, *detail;
};

static int add(struct db *db, void *arg, struct err *e)
{
    const struct add *x = arg;

    return event_put(db, x->inbound, x->row, x->what, NULL, NULL, x->detail, x->now, e);
}

int store_event_add(struct store *s, bool inbound, int64_t row, const char *what,
    const char *detail, int64_t now, struct err *e)
{
    struct add x = {inbound, row, now, what, detail};

    return store_change(s, add, &x, e);
}

static int event_row(struct store_event *out, sqlite3_stmt *st, struct arena *a, struct err *e)
{
    *out = (struct store_event){.seq = sqlite3_column_int64(st, 0),
        .at = sqlite3_column_int64(st, 1),
        .inbound = sqlite3_column_int(st, 2) != 0,
        .row = sqlite3_column_int64(st, 3),
        .id = db_text(a, st, 4),
        .invoice = db_text(a, st, 5),
        .what = db_text(a, st, 6),
        .from = db_text(a, st, 7),
        .to = db_text(a, st, 8),
        .detail = db_text(a, st, 9)};
    return out->id && out->invoice && out->what && out->from && out->to && out->detail
               ? 0
               : err_nomem(e);
}

int store_events(struct store_event *out, size_t max, size_t *n, struct store *s, int64_t after,
    struct arena *a, struct err *e)
{
    struct rows r;

    *n = 0;
    rows_open(&r, s, e,
        "SELECT seq,at,event.inbound,doc,coalesce(d.id,i.id),coalesce(d.invoice,i.invoice),what,"
        "from_state,to_state,detail"
        " FROM event LEFT JOIN document d ON event.inbound=0 AND d.n=doc"
        " LEFT JOIN inbound i ON event.inbound=1 AND i.n=doc"
        " WHERE seq>?1 ORDER BY seq LIMIT ?2",
        ARGS(A_INT(after), A_INT(max)));
    while (rows_next(&r, e))
        if (event_row(&out[(*n)++], r.st, a, e))
            rows_fail(&r);
    return rows_end(&r);
}
