/* store_participant.c - who sends and receives here: one table for sending, receiving, hand-over
 * and statistics. */
#include <string.h>

#include "ap/store/store_priv.h"

#define SERVICES_MAX 256

struct put {
    const struct store_participant *p;
    int64_t now;
};

static int same_tenant(struct db *db, const struct store_participant *p, struct err *e)
{
    int64_t same = 1;

    if (db_int(&same, db, e, "SELECT tenant=?2 FROM participant WHERE identifier=?1",
            ARGS(A_TEXT(p->identifier), A_TEXT(p->tenant))) < 0)
        return -1;
    if (!same)
        return err_set(
            e, ERR_INPUT, "store.tenant", "", "%s belongs to another tenant", p->identifier);
    return 0;
}

static int put_services(struct db *db, const struct store_participant *p, struct err *e)
{
    if (db_run(db, e, "DELETE FROM service WHERE participant=?1", ARGS(A_TEXT(p->identifier))))
        return -1;
    for (size_t i = 0; i < p->nservices; i++) {
        const char *process = p->services[i].process;
        if (db_run(db, e, "INSERT OR IGNORE INTO service VALUES(?1,?2,?3)",
                ARGS(A_TEXT(p->identifier), A_TEXT(p->services[i].doctype),
                    A_TEXT(process ? process : ""))))
            return -1;
    }
    return 0;
}

static int put(struct db *db, void *arg, struct err *e)
{
    const struct put *x = arg;
    const struct store_participant *p = x->p;

    if (same_tenant(db, p, e))
        return -1;
    if (db_run(db, e,
            "INSERT INTO participant VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
            " ON CONFLICT(identifier) DO UPDATE SET end_user=?3,name=?4,country=?5,"
            "identified_on=?6,route=?7,disabled=?8,changed_at=?9",
            ARGS(A_TEXT(p->identifier), A_TEXT(p->tenant), A_TEXT(p->end_user), A_TEXT(p->name),
                A_TEXT(p->country), A_TEXT(p->identified_on), A_TEXT(p->route), A_INT(p->disabled),
                A_INT(x->now))))
        return -1;
    return put_services(db, p, e) ||
                   event_put(db, false, 0, "participant", NULL, NULL, p->identifier, x->now, e)
               ? -1
               : 0;
}

int store_participant_put(
    struct store *s, const struct store_participant *p, int64_t now, struct err *e)
{
    struct put x = {p, now};
    int rc;

    if (!p->identifier || !p->tenant || !p->end_user || !p->country || p->nservices > SERVICES_MAX)
        return err_set(e, ERR_INPUT, "store.value", "",
            "a participant needs identifier, tenant, end user and country, and at most %d services",
            SERVICES_MAX);
    rc = store_change(s, put, &x, e);
    known_forget(s);
    return rc;
}

struct disable {
    const char *identifier;
    bool disabled;
    int64_t now;
};

static int disable(struct db *db, void *arg, struct err *e)
{
    const struct disable *x = arg;

    if (db_run(db, e, "UPDATE participant SET disabled=?2,changed_at=?3 WHERE identifier=?1",
            ARGS(A_TEXT(x->identifier), A_INT(x->disabled), A_INT(x->now))))
        return -1;
    if (sqlite3_changes(db->h) == 0)
        return err_set(
            e, ERR_INPUT, "store.not-found", "", "no participant %s here", x->identifier);
    return event_put(db, false, 0, x->disabled ? "participant-disabled" : "participant-enabled",
        NULL, NULL, x->identifier, x->now, e);
}

int store_participant_disable(
    struct store *s, const char *identifier, bool disabled, int64_t now, struct err *e)
{
    struct disable x = {identifier, disabled, now};
    int rc = store_change(s, disable, &x, e);

    known_forget(s);
    return rc;
}

static int read_service(void *to, struct columns *c, struct err *e)
{
    struct store_service *out = to;

    (void)e;
    out->doctype = col_text(c);
    out->process = col_text(c);
    return 0;
}

static int read_services(
    struct store_participant *out, struct db *db, struct arena *a, struct err *e)
{
    struct store_service *v;
    sqlite3_stmt *st;
    int64_t count = 0;

    if (db_int(&count, db, e, "SELECT count(*) FROM service WHERE participant=?1",
            ARGS(A_TEXT(out->identifier))) < 0)
        return -1;
    v = arena_alloc(a, (size_t)(count + 1) * sizeof(*v));
    if (!v)
        return err_nomem(e);
    out->services = v;
    st = db_query(db, e, "SELECT doctype,process FROM service WHERE participant=?1 LIMIT ?2",
        ARGS(A_TEXT(out->identifier), A_INT(count)));
    return db_read_all(
        &(struct into){v, sizeof(*v), (size_t)count, &out->nservices, read_service}, db, st, a, e);
}

static int read_row(void *to, struct columns *c, struct err *e)
{
    struct store_participant *out = to;

    (void)e;
    out->identifier = col_text(c);
    out->tenant = col_text(c);
    out->end_user = col_text(c);
    out->name = col_text(c);
    out->country = col_text(c);
    out->identified_on = col_text(c);
    out->route = col_text(c);
    out->disabled = col_bool(c);
    out->changed_at = col_int(c);
    return 0;
}

static int read_participant(struct store_participant *out, struct store *s, const char *identifier,
    struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    if (!db)
        return -1;
    rc = db_read_one(out, sizeof(*out), read_row, db,
        db_query(db, e, "SELECT * FROM participant WHERE identifier=?1", ARGS(A_TEXT(identifier))),
        a, e);
    if (rc == 1 && read_services(out, db, a, e))
        rc = -1;
    reader_give(s, db);
    return rc;
}

int store_participant_get(struct store_participant *out, struct store *s, const char *identifier,
    struct arena *a, struct err *e)
{
    uint64_t changes;
    int rc = known_find(out, &changes, s, identifier, a);

    if (rc < 0)
        return err_nomem(e);
    if (rc == 0 && (rc = read_participant(out, s, identifier, a, e)) == 1)
        known_keep(s, out, changes);
    return rc;
}

int store_participant_list(struct store_participant *out, size_t max, size_t *n, struct store *s,
    const char *after, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = db_read_all(&(struct into){out, sizeof(*out), max, n, read_row}, db,
        db_query(db, e,
            "SELECT * FROM participant WHERE identifier>?1 ORDER BY identifier LIMIT ?2",
            ARGS(A_TEXT(after ? after : ""), A_INT(max))),
        a, e);
    for (size_t i = 0; !rc && i < *n; i++)
        rc = read_services(&out[i], db, a, e);
    reader_give(s, db);
    return rc;
}

int store_participant_open(
    int64_t *sent, int64_t *received, struct store *s, const char *identifier, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    *sent = *received = 0;
    if (!db)
        return -1;
    rc = db_int(sent, db, e, "SELECT count(*) FROM document WHERE settled=0 AND lower(sender)=?1",
        ARGS(A_TEXT(identifier)));
    if (rc >= 0)
        rc = db_int(received, db, e,
            "SELECT count(*) FROM inbound WHERE acked_at IS NULL AND lower(receiver)=?1"
            " AND state IN ('RECEIVED','VALIDATED','RELEASED','QUARANTINED')",
            ARGS(A_TEXT(identifier)));
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}
