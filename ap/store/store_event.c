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

static int read_event(void *to, struct columns *c, struct err *e)
{
    struct store_event *out = to;

    (void)e;
    out->seq = col_int(c);
    out->at = col_int(c);
    out->inbound = col_bool(c);
    out->row = col_int(c);
    out->id = col_text(c);
    out->invoice = col_text(c);
    out->what = col_text(c);
    out->from = col_text(c);
    out->to = col_text(c);
    out->detail = col_text(c);
    return 0;
}

int store_events(struct store_event *out, size_t max, size_t *n, struct store *s, int64_t after,
    struct arena *a, struct err *e)
{
    return rows_read(&(struct into){out, sizeof(*out), max, n, read_event}, s, a, e,
        "SELECT seq,at,event.inbound,doc,coalesce(d.id,i.id),coalesce(d.invoice,i.invoice),what,"
        "from_state,to_state,detail"
        " FROM event LEFT JOIN document d ON event.inbound=0 AND d.n=doc"
        " LEFT JOIN inbound i ON event.inbound=1 AND i.n=doc"
        " WHERE seq>?1 ORDER BY seq LIMIT ?2",
        ARGS(A_INT(after), A_INT(max)));
}

int store_last_event(int64_t *seq, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    *seq = 0;
    if (!db)
        return -1;
    rc = db_int(seq, db, e, "SELECT max(seq) FROM event", NULL, 0);
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}
