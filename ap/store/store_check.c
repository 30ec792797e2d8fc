/* store_check.c - everything in the spool looked at: SQLite's own check, references, files and
 * their hashes, and the promises that the tables make (docs/STATES.md). For doctor and tests. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

struct check {
    struct store *s;
    void (*tell)(void *ctx, const char *line);
    void *ctx;
    unsigned long findings;
};

static void found(struct check *x, const char *what, const char *which)
{
    char line[400];

    x->findings++;
    (void)snprintf(line, sizeof(line), "%s: %s", what, which);
    if (x->tell)
        x->tell(x->ctx, line);
}

/* Each must give no row; the first column names the culprit. */
static const struct {
    const char *what, *sql;
} rules[] = {
    {"reference to bytes that are not there",
        "SELECT 'document '||n FROM document WHERE sbd IS NOT NULL AND sbd NOT IN (SELECT n FROM"
        " blob) UNION ALL SELECT 'message '||message_id FROM message WHERE wire NOT IN (SELECT n"
        " FROM blob) UNION ALL SELECT 'attempt '||n FROM attempt WHERE answer IS NOT NULL AND"
        " answer NOT IN (SELECT n FROM blob) UNION ALL SELECT 'proof '||n FROM proof WHERE raw NOT"
        " IN (SELECT n FROM blob) UNION ALL SELECT 'inbound '||n FROM inbound WHERE sbd NOT IN"
        " (SELECT n FROM blob) UNION ALL SELECT 'message '||message_id FROM in_message WHERE"
        " receipt NOT IN (SELECT n FROM blob)"},
    {"broken foreign key", "SELECT \"table\"||' '||rowid FROM pragma_foreign_key_check"},
    {"gap in the events before", "SELECT seq FROM event WHERE seq>(SELECT min(seq) FROM event)"
                                 " AND seq-1 NOT IN (SELECT seq FROM event)"},
    {"accepted without bytes", "SELECT id FROM document WHERE state<>'REJECTED' AND sbd IS NULL"},
    {"RECEIPTED without proof",
        "SELECT id FROM document d WHERE state='RECEIPTED' AND (level<1 OR NOT EXISTS(SELECT 1"
        " FROM proof p WHERE p.document=d.n AND p.refusal=0 AND p.level=d.level))"},
    {"SENDING without a running attempt",
        "SELECT id FROM document d WHERE state='SENDING' AND NOT EXISTS(SELECT 1 FROM attempt a"
        " WHERE a.n=d.attempt AND a.ended_at IS NULL)"},
    {"UNKNOWN although nothing left",
        "SELECT id FROM document WHERE state IN ('UNKNOWN','EXPIRED_UNKNOWN')"
        " AND (has_left=0 OR maybe=0)"},
    {"stopped although something left",
        "SELECT id FROM document WHERE state IN ('CANCELLED','EXPIRED_UNSENT') AND has_left=1"},
    {"two open messages of one document",
        "SELECT d.id FROM message m JOIN document d ON d.n=m.document WHERE m.answered=0 AND"
        " m.maybe=1 GROUP BY m.document HAVING count(*)>1"},
    {"state without its event",
        "SELECT d.id FROM document d WHERE d.state IS NOT (SELECT to_state FROM event v WHERE"
        " v.doc=d.n AND v.inbound=0 AND what='state' ORDER BY seq DESC LIMIT 1)"},
    {"inbound state without its event",
        "SELECT i.id FROM inbound i WHERE i.state IS NOT (SELECT to_state FROM event v WHERE"
        " v.doc=i.n AND v.inbound=1 AND what='state' ORDER BY seq DESC LIMIT 1)"},
    {"inbound document without a message", "SELECT id FROM inbound i WHERE NOT EXISTS(SELECT 1 "
                                           "FROM in_message m WHERE m.inbound=i.n)"},
    {"queue head out of step",
        "SELECT d.dest FROM (SELECT dest,min(next_at) AS head FROM document WHERE state IN"
        " ('ACCEPTED','WAITING','UNKNOWN') AND next_at IS NOT NULL GROUP BY dest) d"
        " LEFT JOIN dest q ON q.name=d.dest WHERE q.head IS NOT d.head UNION ALL SELECT name FROM"
        " dest WHERE name NOT IN (SELECT dest FROM document WHERE state IN"
        " ('ACCEPTED','WAITING','UNKNOWN') AND next_at IS NOT NULL)"},
    {"settled out of step",
        "SELECT id FROM document WHERE settled<>(state IN ('REFUSED','EXPIRED_UNSENT',"
        "'EXPIRED_UNKNOWN','CANCELLED','REJECTED') OR (state='RECEIPTED' AND level>=require))"},
};

static int rows(struct check *x, struct db *db, const char *what, const char *sql, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc;

    if (sqlite3_prepare_v2(db->h, sql, -1, &st, NULL) != SQLITE_OK)
        return db_err(db, e, what);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        found(x, what, (const char *)sqlite3_column_text(st, 0));
    if (rc != SQLITE_DONE)
        (void)db_err(db, e, what);
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? 0 : -1;
}

static int integrity(struct check *x, struct db *db, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc;

    if (sqlite3_prepare_v2(db->h, "PRAGMA integrity_check(20)", -1, &st, NULL) != SQLITE_OK)
        return db_err(db, e, "integrity_check");
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(st, 0);
        if (line && strcmp(line, "ok") != 0)
            found(x, "database", line);
    }
    if (rc != SQLITE_DONE)
        (void)db_err(db, e, "integrity_check");
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* The ids of a table's rows stand in an index as well: of which can the row itself not be read? */
static void unreadable(
    struct check *x, struct db *db, const char *what, const char *ids, const char *row)
{
    sqlite3_stmt *list = NULL, *one = NULL;
    int rc = SQLITE_ERROR;

    if (sqlite3_prepare_v2(db->h, ids, -1, &list, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db->h, row, -1, &one, NULL) == SQLITE_OK)
        while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
            (void)sqlite3_bind_int64(one, 1, sqlite3_column_int64(list, 1));
            if (sqlite3_step(one) != SQLITE_ROW)
                found(x, what, (const char *)sqlite3_column_text(list, 0));
            (void)sqlite3_reset(one);
        }
    if (rc != SQLITE_DONE)
        found(x, what, "more of them, whose ids cannot be read either");
    (void)sqlite3_finalize(list);
    (void)sqlite3_finalize(one);
}

static int check_tables(struct check *x, struct err *e)
{
    struct db *db = reader_take(x->s, e);
    int rc;

    if (!db)
        return -1;
    rc = integrity(x, db, e);
    if (x->findings) {
        unreadable(x, db, "document that cannot be read",
            "SELECT id,n FROM document INDEXED BY sqlite_autoindex_document_1",
            "SELECT * FROM document WHERE n=?1");
        unreadable(x, db, "received document that cannot be read",
            "SELECT id,n FROM inbound INDEXED BY sqlite_autoindex_inbound_1",
            "SELECT * FROM inbound WHERE n=?1");
    }
    for (size_t i = 0; !rc && i < sizeof(rules) / sizeof(rules[0]); i++)
        rc = rows(x, db, rules[i].what, rules[i].sql, e);
    reader_give(x->s, db);
    return rc;
}

/* The next reference: by number, or files only by name. */
struct cursor {
    int64_t ref;
    char file[STORE_ID];
};

/* One at a time, each in a snapshot of its own, so that the writer is not kept from its WAL. */
static int next_blob(struct cursor *c, struct store *s, bool files_only, struct err *e)
{
    struct db *db = reader_take(s, e);
    sqlite3_stmt *st;
    int rc;

    if (!db)
        return -1;
    if (files_only)
        st = db_query(db, e,
            "SELECT n,file FROM blob WHERE file IS NOT NULL AND file>?1 ORDER BY file LIMIT 1",
            ARGS(A_TEXT(c->file)));
    else
        st = db_query(
            db, e, "SELECT n,NULL FROM blob WHERE n>?1 ORDER BY n LIMIT 1", ARGS(A_INT(c->ref)));
    rc = st ? db_step(db, st, e) : -1;
    if (rc == 1) {
        const char *name = (const char *)sqlite3_column_text(st, 1);
        c->ref = sqlite3_column_int64(st, 0);
        (void)snprintf(c->file, sizeof(c->file), "%s", name ? name : "");
        db_done(st);
    }
    reader_give(s, db);
    return rc;
}

static int check_bytes(struct check *x, bool hashes, struct err *e)
{
    struct cursor c = {0, ""};
    int rc;

    while ((rc = next_blob(&c, x->s, !hashes, e)) == 1) {
        struct err why = ERR_INIT;
        struct store_blob b;
        if (store_blob_open(&b, x->s, c.ref, &why) == 0) {
            store_blob_close(&b);
        } else if (strcmp(why.code, "store.damaged") == 0) {
            found(x, "bytes", why.msg);
        } else {
            if (e)
                *e = why;
            return -1;
        }
    }
    return rc;
}

int store_check(struct store *s, bool hashes, void (*tell)(void *ctx, const char *line), void *ctx,
    unsigned long *findings, struct err *e)
{
    struct check x = {s, tell, ctx, 0};
    int rc = check_tables(&x, e) || check_bytes(&x, hashes, e);

    *findings = x.findings;
    return rc ? -1 : 0;
}
