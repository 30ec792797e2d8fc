/* store_find.c - everything that carries an id, whichever id it is; and the numbers over all. */
#include <stdio.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/store/store_priv.h"

#define PREFIX_MIN 4

struct found {
    struct store_hit *out;
    size_t max, *n;
};

static bool known(const struct found *x, bool inbound, int64_t row)
{
    for (size_t i = 0; i < *x->n; i++)
        if (x->out[i].inbound == inbound && x->out[i].row == row)
            return true;
    return false;
}

/* Rows (n, id) of a query. */
static int add(struct found *x, struct db *db, sqlite3_stmt *st, bool inbound, struct err *e)
{
    int rc = -1;

    while (st && (rc = db_step(db, st, e)) == 1) {
        struct store_hit *h = &x->out[*x->n];
        if (*x->n >= x->max) {
            db_done(st);
            return 0;
        }
        if (known(x, inbound, sqlite3_column_int64(st, 0)))
            continue;
        h->inbound = inbound;
        h->row = sqlite3_column_int64(st, 0);
        (void)snprintf(h->id, sizeof(h->id), "%s", (const char *)sqlite3_column_text(st, 1));
        ++*x->n;
    }
    return rc;
}

/* Our ids are lower-case hexadecimal with dashes: an upper bound for the prefix is prefix + "g". */
static int by_prefix(struct found *x, struct db *db, const char *any, struct err *e)
{
    char low[STORE_ID + 1], high[STORE_ID + 1];
    size_t n = strlen(any);

    if (n < PREFIX_MIN || n >= STORE_ID || strspn(any, "0123456789abcdefABCDEF-") != n)
        return 0;
    for (size_t i = 0; i <= n; i++)
        low[i] = any[i] >= 'A' && any[i] <= 'F' ? (char)(any[i] + ('a' - 'A')) : any[i];
    (void)snprintf(high, sizeof(high), "%sg", low);
    return add(x, db,
               db_query(db, e,
                   "SELECT n,id FROM document WHERE id>=?1 AND id<?2 ORDER BY n DESC LIMIT ?3",
                   ARGS(A_TEXT(low), A_TEXT(high), A_INT(x->max))),
               false, e) ||
                   add(x, db,
                       db_query(db, e,
                           "SELECT n,id FROM inbound WHERE id>=?1 AND id<?2 ORDER BY n DESC"
                           " LIMIT ?3",
                           ARGS(A_TEXT(low), A_TEXT(high), A_INT(x->max))),
                       true, e)
               ? -1
               : 0;
}

static int by_hash(struct found *x, struct db *db, const char *any, struct err *e)
{
    uint8_t sha[HASH_LEN];

    if (strlen(any) != HASH_HEX - 1 || !enc_unhex(sha, HASH_LEN, str_z(any)))
        return 0;
    return add(x, db,
               db_query(db, e,
                   "SELECT n,id FROM document WHERE document_sha256=?1 ORDER BY n DESC LIMIT ?2",
                   ARGS(A_BLOB(sha, HASH_LEN), A_INT(x->max))),
               false, e) ||
                   add(x, db,
                       db_query(db, e,
                           "SELECT n,id FROM inbound WHERE document_sha256=?1 ORDER BY n DESC"
                           " LIMIT ?2",
                           ARGS(A_BLOB(sha, HASH_LEN), A_INT(x->max))),
                       true, e)
               ? -1
               : 0;
}

static int by_name(struct found *x, struct db *db, const char *any, struct err *e)
{
    return add(x, db,
               db_query(db, e,
                   "SELECT n,id FROM document WHERE n IN ("
                   " SELECT n FROM document WHERE invoice=?1"
                   " UNION ALL SELECT n FROM document WHERE instance=?1"
                   " UNION ALL SELECT document FROM message WHERE message_id=?1)"
                   " ORDER BY n DESC LIMIT ?2",
                   ARGS(A_TEXT(any), A_INT(x->max))),
               false, e) ||
                   add(x, db,
                       db_query(db, e,
                           "SELECT n,id FROM inbound WHERE n IN ("
                           " SELECT n FROM inbound WHERE invoice=?1"
                           " UNION ALL SELECT n FROM inbound WHERE instance=?1"
                           " UNION ALL SELECT inbound FROM in_message WHERE message_id=?1)"
                           " ORDER BY n DESC LIMIT ?2",
                           ARGS(A_TEXT(any), A_INT(x->max))),
                       true, e)
               ? -1
               : 0;
}

int store_find(
    struct store_hit *out, size_t max, size_t *n, struct store *s, const char *any, struct err *e)
{
    struct found x = {out, max, n};
    struct db *db = reader_take(s, e);
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = by_name(&x, db, any, e) || by_prefix(&x, db, any, e) || by_hash(&x, db, any, e);
    reader_give(s, db);
    return rc ? -1 : 0;
}

static int count_states(
    unsigned long *out, struct db *db, sqlite3_stmt *st, bool inbound, struct err *e)
{
    int rc = -1;

    while (st && (rc = db_step(db, st, e)) == 1) {
        const char *word = (const char *)sqlite3_column_text(st, 0);
        enum out_state o;
        enum in_state i;
        if (inbound ? in_state_parse(word, &i) : out_state_parse(word, &o))
            out[inbound ? (int)i : (int)o] = (unsigned long)sqlite3_column_int64(st, 1);
    }
    return rc;
}

/* Those that are not open: the index of states leaves them out. */
static int count_acknowledged(struct store_counts *out, struct db *db, struct err *e)
{
    int64_t all = 0;

    if (db_int(&all, db, e, "SELECT count(*) FROM inbound", NULL, 0) < 0)
        return -1;
    for (int i = 0; i < IN_STATES; i++)
        all -= i == IN_ACKNOWLEDGED ? 0 : (int64_t)out->in[i];
    out->in[IN_ACKNOWLEDGED] = (unsigned long)all;
    return 0;
}

int store_count_overdue(unsigned long *out, struct store *s, int64_t now, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t n = 0;
    int rc;

    *out = 0;
    if (!db)
        return -1;
    rc = db_int(&n, db, e,
        "SELECT count(*) FROM document INDEXED BY document_due"
        " WHERE settled=0 AND late=0 AND deliver_by<=?1",
        ARGS(A_INT(now)));
    reader_give(s, db);
    *out = (unsigned long)n;
    return rc < 0 ? -1 : 0;
}

/* From the few that are late to their alarms. */
#define KNOWN_LATE                                                                                 \
    "SELECT count(*) FROM document d WHERE d.late=1 AND EXISTS(SELECT 1 FROM alarm a WHERE"        \
    " a.doc=d.n AND a.inbound=0 AND a.kind IN ('late','expired') AND a.cleared_at IS NULL"         \
    " AND a.acked_at IS NOT NULL)"

int store_count(struct store_counts *out, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t late = 0, known_late = 0;
    int rc;

    memset(out, 0, sizeof(*out));
    if (!db)
        return -1;
    rc = count_states(out->out, db,
             db_query(db, e, "SELECT state,count(*) FROM document GROUP BY state", NULL, 0), false,
             e) ||
         count_states(out->in, db,
             db_query(db, e,
                 "SELECT state,count(*) FROM inbound WHERE acked_at IS NULL AND state>''"
                 " GROUP BY state",
                 NULL, 0),
             true, e) ||
         count_acknowledged(out, db, e) ||
         db_int(&late, db, e, "SELECT count(*) FROM document WHERE late=1", NULL, 0) < 0 ||
         db_int(&known_late, db, e, KNOWN_LATE, NULL, 0) < 0 ||
         db_int(&out->oldest_unproven, db, e,
             "SELECT accepted_at FROM document WHERE settled=0 ORDER BY n LIMIT 1", NULL, 0) < 0 ||
         db_int(&out->last_event, db, e, "SELECT max(seq) FROM event", NULL, 0) < 0;
    out->late = (unsigned long)late;
    out->late_known = (unsigned long)known_late;
    reader_give(s, db);
    return rc ? -1 : 0;
}
