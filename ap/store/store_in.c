/* store_in.c - taking a message in: one row a MessageId, one inbound document a hand-over.
 *
 * Whether it is new is judged inside the commit; for a payload that becomes a file also before, by
 * a reader, so that a repetition costs no file. What failed before that commit has spent no id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"

#define RESIGNED_MAX 64 /* re-signed copies whose receipts are kept, for one message */

struct accept {
    const struct in_new *n;
    const struct kept *sbd; /* NULL: only looking */
    struct in_accepted *out;
    int64_t message;     /* the known one of this MessageId */
    int64_t receipt_ref; /* IN_SAME: its receipt */
};

static bool is_text(sqlite3_stmt *st, int col, const char *z)
{
    const char *have = (const char *)sqlite3_column_text(st, col);

    return have && strcmp(have, z) == 0;
}

static bool is_hash(sqlite3_stmt *st, int col, const uint8_t *sha)
{
    uint8_t have[HASH_LEN];

    db_hash(have, st, col);
    return memcmp(have, sha, HASH_LEN) == 0;
}

static void names_document(struct accept *x, sqlite3_stmt *st, int row_col, int id_col)
{
    x->out->row = sqlite3_column_int64(st, row_col);
    (void)snprintf(
        x->out->id, sizeof(x->out->id), "%s", (const char *)sqlite3_column_text(st, id_col));
}

/* 1: this MessageId is known, the verdict is set. */
static int by_message_id(struct accept *x, struct db *db, struct err *e)
{
    const struct in_new *n = x->n;
    sqlite3_stmt *st = db_query(db, e,
        "SELECT m.n,m.signed_info,m.seat,i.instance,i.payload_sha256,m.receipt,i.n,i.id"
        " FROM in_message m JOIN inbound i ON i.n=m.inbound WHERE m.message_id=?1",
        ARGS(A_TEXT(n->message_id)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc != 1)
        return rc;
    x->message = sqlite3_column_int64(st, 0);
    names_document(x, st, 6, 7);
    if (is_hash(st, 1, n->signed_info)) {
        x->out->verdict = IN_SAME;
        x->receipt_ref = sqlite3_column_int64(st, 5);
    } else if (is_text(st, 2, n->seat) && is_text(st, 3, n->instance) &&
               is_hash(st, 4, n->sbd.sha256)) {
        x->out->verdict = IN_RESIGNED;
    } else {
        x->out->verdict = IN_CONFLICT;
    }
    db_done(st);
    return 1;
}

/* A re-signed copy that came before has its own receipt. */
static int by_signed_info(struct accept *x, struct db *db, struct err *e)
{
    int rc = db_int(&x->receipt_ref, db, e,
        "SELECT receipt FROM in_receipt WHERE message=?1 AND signed_info=?2",
        ARGS(A_INT(x->message), A_BLOB(x->n->signed_info, HASH_LEN)));

    if (rc == 1)
        x->out->verdict = IN_SAME;
    return rc < 0 ? -1 : 0;
}

/* Another MessageId for an InstanceIdentifier that this sender used before. */
static int by_instance(struct accept *x, struct db *db, struct err *e)
{
    const struct in_new *n = x->n;
    sqlite3_stmt *st = db_query(db, e,
        "SELECT n,id,payload_sha256=?3 FROM inbound WHERE instance=?1 AND +sender=?2"
        " ORDER BY payload_sha256=?3 DESC,n LIMIT 1",
        ARGS(A_TEXT(n->instance), A_TEXT(n->sender), A_BLOB(n->sbd.sha256, HASH_LEN)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc != 1)
        return rc;
    if (sqlite3_column_int(st, 2)) {
        x->out->verdict = IN_TWIN;
        names_document(x, st, 0, 1);
    } else {
        x->out->verdict = IN_TWIN_OTHER;
        x->out->flags |= IN_FLAG_INSTANCE;
    }
    db_done(st);
    return 1;
}

/* The same document from the same sender under ids never seen. */
static int by_document(struct accept *x, struct db *db, struct err *e)
{
    int64_t row;
    int rc;

    if (!x->n->document_sha256)
        return 0;
    rc =
        db_int(&row, db, e, "SELECT n FROM inbound WHERE document_sha256=?1 AND +sender=?2 LIMIT 1",
            ARGS(A_BLOB(x->n->document_sha256, HASH_LEN), A_TEXT(x->n->sender)));
    if (rc == 1)
        x->out->flags |= IN_FLAG_DUPLICATE;
    return rc < 0 ? -1 : 0;
}

static int judge(struct accept *x, struct db *db, struct err *e)
{
    int rc;

    memset(x->out, 0, sizeof(*x->out));
    x->out->verdict = IN_NEW;
    rc = by_message_id(x, db, e);
    if (rc == 1)
        return x->out->verdict == IN_RESIGNED ? by_signed_info(x, db, e) : 0;
    if (rc == 0)
        rc = by_instance(x, db, e);
    if (rc == 0)
        rc = by_document(x, db, e);
    return rc < 0 ? -1 : 0;
}

static int insert_message(struct accept *x, struct db *db, struct err *e)
{
    const struct in_new *n = x->n;
    int64_t receipt;

    if (blob_insert(&receipt, db, &n->receipt, e))
        return -1;
    return db_run(db, e,
        "INSERT INTO "
        "in_message(inbound,message_id,signed_info,seat,cert_serial,own_serial,not_revoked_by,"
        "transport_profile,conversation_id,eb_timestamp,received_at,wire_len,receipt,receipt_id)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
        ARGS(A_INT(x->out->row), A_TEXT(n->message_id), A_BLOB(n->signed_info, HASH_LEN),
            A_TEXT(n->seat), A_TEXT(n->cert_serial), A_TEXT(n->own_serial),
            A_TEXT(n->not_revoked_by), A_TEXT(n->transport_profile), A_TEXT(n->conversation_id),
            A_TIME(n->eb_timestamp), A_INT(n->now), A_INT(n->wire_len), A_INT(receipt),
            A_TEXT(n->receipt_id)));
}

static int insert_document(struct accept *x, struct db *db, struct err *e)
{
    const struct in_new *n = x->n;
    const char *state = in_state_word(IN_RECEIVED);
    int64_t sbd;

    rnd_uuid(x->out->id);
    if (kept_insert(&sbd, db, x->sbd, e) ||
        db_run(db, e,
            "INSERT INTO inbound(id,tenant,end_user,route,sender,receiver,doctype,process,"
            "country_c1,country_c4,instance,mls_to,mls_type,payload_sha256,document_sha256,"
            "document_len,sbd,state,flags,received_at,state_at,next_at,handovers)"
            " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?20,"
            "?20,0)",
            ARGS(A_TEXT(x->out->id), A_TEXT(n->tenant), A_TEXT(n->end_user),
                A_TEXT(n->route ? n->route : ""), A_TEXT(n->sender), A_TEXT(n->receiver),
                A_TEXT(n->doctype), A_TEXT(n->process), A_TEXT(n->country_c1),
                A_TEXT(n->country_c4), A_TEXT(n->instance), A_TEXT(n->mls_to), A_TEXT(n->mls_type),
                A_BLOB(n->sbd.sha256, HASH_LEN), A_BLOB(n->document_sha256, HASH_LEN),
                A_INT(n->document_len), A_INT(sbd), A_TEXT(state), A_INT(x->out->flags),
                A_INT(n->now))))
        return -1;
    x->out->row = sqlite3_last_insert_rowid(db->h);
    return event_put(db, true, x->out->row, "state", NULL, state,
        x->out->flags & IN_FLAG_INSTANCE    ? "instance-reused"
        : x->out->flags & IN_FLAG_DUPLICATE ? "suspected-duplicate"
                                            : NULL,
        n->now, e);
}

static int keep_resigned(struct accept *x, struct db *db, struct err *e)
{
    int64_t receipt, have = 0;

    if (db_int(&have, db, e, "SELECT count(*) FROM in_receipt WHERE message=?1",
            ARGS(A_INT(x->message))) < 0)
        return -1;
    if (have >= RESIGNED_MAX)
        return 0;
    if (blob_insert(&receipt, db, &x->n->receipt, e))
        return -1;
    return db_run(db, e, "INSERT INTO in_receipt VALUES(?1,?2,?3,?4,?5)",
               ARGS(A_INT(x->message), A_BLOB(x->n->signed_info, HASH_LEN), A_INT(receipt),
                   A_TEXT(x->n->receipt_id), A_INT(x->n->now))) ||
                   event_put(db, true, x->out->row, "resigned", NULL, NULL, x->n->message_id,
                       x->n->now, e)
               ? -1
               : 0;
}

static int accept_change(struct db *db, void *arg, struct err *e)
{
    struct accept *x = arg;

    if (judge(x, db, e))
        return -1;
    switch (x->out->verdict) {
    case IN_SAME:
    case IN_CONFLICT:
        return 0;
    case IN_RESIGNED:
        return keep_resigned(x, db, e);
    case IN_TWIN:
        return insert_message(x, db, e) || event_put(db, true, x->out->row, "twin", NULL, NULL,
                                               x->n->message_id, x->n->now, e)
                   ? -1
                   : 0;
    case IN_NEW:
    case IN_TWIN_OTHER:
        break;
    }
    if (insert_document(x, db, e))
        return -1;
    (void)FAULT("store.in_document");
    return insert_message(x, db, e);
}

static bool makes_document(enum in_verdict v)
{
    return v == IN_NEW || v == IN_TWIN_OTHER;
}

static int look(struct accept *x, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    if (!db)
        return -1;
    rc = judge(x, db, e);
    reader_give(s, db);
    return rc;
}

static int first_receipt(struct accept *x, struct store *s, struct arena *a, struct err *e)
{
    struct store_blob b;
    char *copy;

    if (store_blob_open(&b, s, x->receipt_ref, e))
        return -1;
    copy = arena_alloc(a, (size_t)b.blob.len + 1);
    if (copy)
        memcpy(copy, b.blob.mem, (size_t)b.blob.len);
    x->out->receipt = (struct str){copy, (size_t)b.blob.len};
    store_blob_close(&b);
    return copy ? 0 : err_nomem(e);
}

static bool is_large(const struct store_bytes *b)
{
    return (b->spool ? b->spool->len : b->blob.len) > STORE_INLINE_MAX;
}

/* New by the look of it: the payload first, then the row; should another copy have been quicker,
 * the commit says so and the payload goes again. */
static int take_in(struct accept *x, struct store *s, struct err *e)
{
    struct err why = ERR_INIT;
    struct kept sbd = {0};
    int rc;

    if (makes_document(x->out->verdict) && kept_make(&sbd, s, &x->n->sbd, e))
        return -1;
    x->sbd = &sbd;
    rc = store_change(s, accept_change, x, &why);
    kept_done(&sbd, s, rc || !makes_document(x->out->verdict), &why);
    if (rc && e)
        *e = why;
    return rc;
}

int store_in_accept(struct in_accepted *out, struct store *s, const struct in_new *n,
    struct arena *a, struct err *e)
{
    struct accept x = {n, NULL, out, 0, 0};

    if (!n->message_id || !n->signed_info || !n->seat || !n->instance || !n->sender ||
        !n->sbd.sha256 || n->receipt.len == 0 || n->now <= 0)
        return err_set(e, ERR_BUG, "store.value", "", "a message without its required fields");
    memset(out, 0, sizeof(*out));
    out->verdict = IN_NEW;
    if (is_large(&n->sbd) && look(&x, s, e))
        return -1;
    if (out->verdict != IN_SAME && out->verdict != IN_CONFLICT && take_in(&x, s, e))
        return -1;
    return out->verdict == IN_SAME ? first_receipt(&x, s, a, e) : 0;
}

/* ---- anomalies ---- */

#define HEADER_MAX 65536

static int add_anomaly(struct db *db, void *arg, struct err *e)
{
    const struct store_anomaly *x = arg;
    struct str header = str_z(x->header);
    char why[WHY_MAX], *cut = NULL;
    int rc;

    if (header.n > HEADER_MAX && (cut = strndup(header.p, HEADER_MAX)) == NULL)
        return err_nomem(e);
    rc = db_run(db, e,
        "INSERT INTO anomaly(at,message_id,seat,address,why,header) VALUES(?1,?2,?3,?4,?5,?6)",
        ARGS(A_INT(x->at), A_TEXT(x->message_id), A_TEXT(x->seat), A_TEXT(x->address),
            A_TEXT(why_pack(why, &x->why)), A_TEXT(cut ? cut : x->header)));
    free(cut);
    if (rc)
        return -1;
    return db_run(db, e, "DELETE FROM anomaly WHERE n<=?1",
        ARGS(A_INT(sqlite3_last_insert_rowid(db->h) - STORE_ANOMALIES)));
}

int store_anomaly_add(struct store *s, const struct store_anomaly *x, struct err *e)
{
    struct store_anomaly copy = *x;

    return store_change(s, add_anomaly, &copy, e);
}

static int read_anomaly(void *to, struct columns *c, struct err *e)
{
    struct store_anomaly *out = to;

    (void)e;
    out->row = col_int(c);
    out->at = col_int(c);
    out->message_id = col_text(c);
    out->seat = col_text(c);
    out->address = col_text(c);
    col_why(&out->why, c);
    out->header = col_text(c);
    return 0;
}

int store_anomalies(struct store_anomaly *out, size_t max, size_t *n, struct store *s,
    int64_t before, struct arena *a, struct err *e)
{
    return rows_read(&(struct into){out, sizeof(*out), max, n, read_anomaly}, s, a, e,
        "SELECT n,at,message_id,seat,address,why,header FROM anomaly WHERE n<?1"
        " ORDER BY n DESC LIMIT ?2",
        ARGS(A_INT(before ? before : INT64_MAX), A_INT(max)));
}
