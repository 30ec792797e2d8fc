#include "ap/store/store_partner.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

#define CHUNK 200 /* documents released in one change */

struct put {
    const struct store_partner *p;
    const char *name, *who, *why;
    int64_t now;
    size_t n; /* released by the last chunk */
};

/* One that is neither held nor has terms of its own is no more to be listed. */
static int forget_plain(struct db *db, const char *name, struct err *e)
{
    return db_run(db, e,
        "DELETE FROM partner WHERE name=?1 AND unknown=?2 AND require=0 AND wait_ms IS NULL"
        " AND window=0 AND held_at IS NULL",
        ARGS(A_TEXT(name), A_INT(PARTNER_UNSET)));
}

static int put_change(struct db *db, void *arg, struct err *e)
{
    const struct put *x = arg;
    const struct store_partner *p = x->p;

    return db_run(db, e,
               "INSERT INTO partner(name,unknown,require,wait_ms,window,changed_at)"
               " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO UPDATE SET unknown=?2,require=?3,"
               "wait_ms=?4,window=?5,changed_at=?6",
               ARGS(A_TEXT(p->name), A_INT(p->unknown_resend), A_INT(p->require),
                   A_TIME(p->wait_ms), A_INT(p->window), A_INT(x->now))) ||
                   forget_plain(db, p->name, e)
               ? -1
               : 0;
}

static int name_check(const char *name, struct err *e)
{
    if (name && *name && strlen(name) < DEST_MAX)
        return 0;
    return err_set(
        e, ERR_INPUT, "store.value", "", "a partner's name has 1 to %d bytes", DEST_MAX - 1);
}

int store_partner_put(struct store *s, const struct store_partner *p, int64_t now, struct err *e)
{
    struct put x = {.p = p, .now = now};

    return name_check(p->name, e) ? -1 : store_change(s, put_change, &x, e);
}

static int hold_change(struct db *db, void *arg, struct err *e)
{
    const struct put *x = arg;

    return db_run(db, e,
               "INSERT INTO partner(name,unknown,require,window,held_at,held_by,held_why,"
               "changed_at) VALUES(?1,?2,0,0,?3,?4,?5,?3) ON CONFLICT(name) DO UPDATE SET"
               " held_at=?3,held_by=?4,held_why=?5,changed_at=?3",
               ARGS(A_TEXT(x->name), A_INT(PARTNER_UNSET), A_INT(x->now), A_TEXT(x->who),
                   A_TEXT(x->why))) ||
                   event_put(db, false, 0, "partner-hold", NULL, NULL, x->name, x->now, e)
               ? -1
               : 0;
}

int store_partner_hold(
    struct store *s, const char *name, const char *who, const char *why, int64_t now, struct err *e)
{
    struct put x = {.name = name, .who = who, .why = why, .now = now};

    return name_check(name, e) ? -1 : store_change(s, hold_change, &x, e);
}

static int unhold_change(struct db *db, void *arg, struct err *e)
{
    const struct put *x = arg;
    int64_t known;
    int rc = db_int(&known, db, e, "SELECT 1 FROM partner WHERE name=?1", ARGS(A_TEXT(x->name)));

    if (rc < 1)
        return rc < 0 ? -1
                      : err_set(e, ERR_INPUT, "store.not-found", "",
                            "nothing is known of a partner %s", x->name);
    return db_run(db, e,
               "UPDATE partner SET held_at=NULL,held_by=NULL,held_why=NULL,changed_at=?2"
               " WHERE name=?1",
               ARGS(A_TEXT(x->name), A_INT(x->now))) ||
                   forget_plain(db, x->name, e) ||
                   event_put(db, false, 0, "partner-release", NULL, NULL, x->name, x->now, e)
               ? -1
               : 0;
}

/* The documents that this partner's hold had stopped. */
static int free_change(struct db *db, void *arg, struct err *e)
{
    struct put *x = arg;
    int64_t rows[CHUNK];
    char by[DEST_MAX + sizeof(PARTNER_HOLDER)];
    sqlite3_stmt *st;
    int rc = -1;

    (void)snprintf(by, sizeof(by), PARTNER_HOLDER "%s", x->name);
    st = db_query(db, e, "SELECT n FROM document WHERE state='HELD' AND held_by=?1 LIMIT ?2",
        ARGS(A_TEXT(by), A_INT(CHUNK)));
    x->n = 0;
    while (st && (rc = db_step(db, st, e)) == 1)
        rows[x->n++] = sqlite3_column_int64(st, 0);
    for (size_t i = 0; rc == 0 && i < x->n; i++)
        rc = out_let_go(db, rows[i], x->who, x->now, e);
    return rc;
}

int store_partner_release(unsigned long *released, struct store *s, const char *name,
    const char *who, int64_t now, struct err *e)
{
    struct put x = {.name = name, .who = who, .now = now};

    *released = 0;
    if (store_change(s, unhold_change, &x, e))
        return -1;
    do {
        (void)FAULT("store.partner_release");
        if (store_change(s, free_change, &x, e))
            return -1;
        *released += x.n;
    } while (x.n == CHUNK);
    return 0;
}

static int fill(struct store_partner *out, sqlite3_stmt *st, struct arena *a, struct err *e)
{
    struct columns c = {.st = st, .a = a};

    out->name = col_text(&c);
    out->unknown_resend = (int)col_int(&c);
    out->require = (enum proof_level)col_int(&c);
    out->wait_ms = col_int(&c);
    out->window = (unsigned)col_int(&c);
    out->held_at = col_int(&c);
    out->held_by = col_text(&c);
    out->held_why = col_text(&c);
    out->changed_at = col_int(&c);
    out->held = out->held_at != 0;
    return c.nomem ? err_nomem(e) : 0;
}

static int list(struct store_partner *out, size_t max, size_t *n, struct store *s, const char *only,
    const char *after, struct arena *a, struct err *e)
{
    struct rows r;

    *n = 0;
    rows_open(&r, s, e,
        "SELECT name,unknown,require,wait_ms,window,held_at,held_by,held_why,changed_at"
        " FROM partner WHERE (?1 IS NULL OR name=?1) AND name>?2 ORDER BY name LIMIT ?3",
        ARGS(A_TEXT(only), A_TEXT(after ? after : ""), A_INT(max)));
    while (rows_next(&r, e))
        if (fill(&out[(*n)++], r.st, a, e))
            rows_fail(&r);
    return rows_end(&r);
}

int store_partner_get(
    struct store_partner *out, struct store *s, const char *name, struct arena *a, struct err *e)
{
    size_t n;

    *out = (struct store_partner){
        .name = name, .unknown_resend = PARTNER_UNSET, .held_by = "", .held_why = ""};
    return list(out, 1, &n, s, name, NULL, a, e) ? -1 : (int)n;
}

int store_partner_list(struct store_partner *out, size_t max, size_t *n, struct store *s,
    const char *after, struct arena *a, struct err *e)
{
    return list(out, max, n, s, NULL, after, a, e);
}
