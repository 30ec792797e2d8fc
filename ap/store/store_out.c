/* store_out.c - submission: a document becomes ours (ACCEPTED), or is noted as refused (REJECTED).
 *
 * The idempotency key is judged inside the commit, so two submitters with one key get one document.
 */
#include <stdio.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"

struct add {
    const struct out_new *n;
    const struct kept *sbd;
    const struct err *why; /* REJECTED */
    struct out_added *out;
};

static const char *str_of(const char *z)
{
    return z ? z : "";
}

/* 1: an earlier document has this key and these bytes; 0: the key is free. */
static int by_key(struct out_added *out, struct db *db, const struct out_new *n, struct err *e)
{
    sqlite3_stmt *st;
    uint8_t sha[HASH_LEN];
    bool same;
    int rc;

    if (!n->key)
        return 0;
    st = db_query(db, e,
        "SELECT n,id,document_sha256,sender,receiver,deliver_by FROM document"
        " WHERE tenant=?1 AND key=?2",
        ARGS(A_TEXT(n->tenant), A_TEXT(n->key)));
    rc = st ? db_step(db, st, e) : -1;
    if (rc != 1)
        return rc;
    db_hash(sha, st, 2);
    same = memcmp(sha, n->document_sha256, HASH_LEN) == 0 &&
           strcmp(str_of((const char *)sqlite3_column_text(st, 3)), str_of(n->sender)) == 0 &&
           strcmp(str_of((const char *)sqlite3_column_text(st, 4)), str_of(n->receiver)) == 0;
    out->existed = true;
    out->row = sqlite3_column_int64(st, 0);
    (void)snprintf(out->id, sizeof(out->id), "%s", (const char *)sqlite3_column_text(st, 1));
    out->deliver_by = sqlite3_column_int64(st, 5);
    db_done(st);
    if (same)
        return 1;
    (void)err_set(e, ERR_INPUT, "store.key-conflict", "",
        "key %s was used for another document (%s)", n->key, out->id);
    return err_next(e, "use a new key for a new document");
}

/* The newest document that says it is the same invoice, and was neither refused nor stopped. */
static int find_twin(struct out_added *out, struct db *db, const struct out_new *n, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT n,document_sha256=?5,id FROM document WHERE n IN ("
        " SELECT n FROM document WHERE invoice=?2 AND supplier=?3 AND issue_date=?4"
        " UNION ALL SELECT n FROM document WHERE document_sha256=?5)"
        " AND +tenant=?1 AND state NOT IN ('REJECTED','REFUSED','CANCELLED','EXPIRED_UNSENT')"
        " ORDER BY n DESC LIMIT 1",
        ARGS(A_TEXT(n->tenant), A_TEXT(n->invoice), A_TEXT(n->supplier), A_TEXT(n->issue_date),
            A_BLOB(n->document_sha256, HASH_LEN)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc != 1)
        return rc;
    out->twin = sqlite3_column_int64(st, 0);
    out->twin_same = sqlite3_column_int(st, 1) != 0;
    (void)snprintf(
        out->twin_id, sizeof(out->twin_id), "%s", (const char *)sqlite3_column_text(st, 2));
    db_done(st);
    if (!n->refuse_twin)
        return 0;
    (void)err_set(e, ERR_INPUT, "store.twin", "",
        "invoice %s of %s was given before, with %s bytes (%s)", str_of(n->invoice),
        str_of(n->issue_date), out->twin_same ? "the same" : "other", out->twin_id);
    return err_next(e, "aviso status %s; a corrected invoice needs a new number", out->twin_id);
}

static int insert(struct db *db, const struct add *x, int64_t sbd, struct err *e)
{
    const struct out_new *n = x->n;
    const char *state = out_state_word(x->why ? OUT_REJECTED : OUT_ACCEPTED);
    char why[WHY_MAX];

    if (db_run(db, e,
            "INSERT INTO document(id,tenant,key,invoice,supplier,issue_date,document_sha256,"
            "document_len,instance,sender,receiver,doctype,process,country_c1,end_user,rule_sets,"
            "state,level,require,late,settled,has_left,maybe,accepted_at,state_at,deliver_by,"
            "expire_at,next_at,dest,attempts,why,sbd) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
            "?12,?13,?14,?15,?16,?17,0,?18,0,?19,0,0,?20,?20,?21,?22,?23,?24,0,?25,?26)",
            ARGS(A_TEXT(x->out->id), A_TEXT(n->tenant), A_TEXT(x->why ? NULL : n->key),
                A_TEXT(n->invoice), A_TEXT(n->supplier), A_TEXT(n->issue_date),
                A_BLOB(n->document_sha256, HASH_LEN), A_INT(n->document_len),
                A_TEXT(x->why ? NULL : n->instance), A_TEXT(n->sender), A_TEXT(n->receiver),
                A_TEXT(n->doctype), A_TEXT(n->process), A_TEXT(n->country_c1), A_TEXT(n->end_user),
                A_TEXT(n->rule_sets), A_TEXT(state), A_INT(n->require), A_INT(x->why != NULL),
                A_INT(n->now), A_TIME(n->deliver_by), A_TIME(n->expire_at),
                A_TIME(x->why ? 0 : n->now), A_TEXT(x->why ? NULL : n->dest),
                A_TEXT(why_pack(why, x->why)), A_TIME(sbd))))
        return -1;
    x->out->row = sqlite3_last_insert_rowid(db->h);
    return event_put(
        db, false, x->out->row, "state", NULL, state, x->why ? x->why->code : NULL, n->now, e);
}

static int same_instance(struct db *db, const struct out_new *n, struct err *e)
{
    sqlite3_stmt *st =
        db_query(db, e, "SELECT id FROM document WHERE instance=?1", ARGS(A_TEXT(n->instance)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc != 1)
        return rc;
    (void)err_set(e, ERR_INPUT, "store.instance", "",
        "InstanceIdentifier %.100s was used before (%s)", n->instance,
        (const char *)sqlite3_column_text(st, 0));
    db_done(st);
    return -1;
}

static int add(struct db *db, void *arg, struct err *e)
{
    struct add *x = arg;
    int64_t sbd;
    int rc;

    memset(x->out, 0, sizeof(*x->out));
    if ((rc = by_key(x->out, db, x->n, e)) != 0)
        return rc < 0 ? -1 : 0;
    if (same_instance(db, x->n, e) || find_twin(x->out, db, x->n, e))
        return -1;
    rnd_uuid(x->out->id);
    x->out->deliver_by = x->n->deliver_by;
    if (kept_insert(&sbd, db, x->sbd, e) || insert(db, x, sbd, e))
        return -1;
    (void)FAULT("store.out_added");
    return dest_refresh(db, x->n->dest, e);
}

int store_out_add(struct out_added *out, struct store *s, const struct out_new *n, struct err *e)
{
    struct err why = ERR_INIT;
    struct kept sbd;
    char dest[DEST_MAX];
    struct add x = {n, &sbd, NULL, out};
    int rc;

    if (!n->tenant || !n->document_sha256 || !n->instance || n->now <= 0)
        return err_set(e, ERR_BUG, "store.value", "", "a document without its required fields");
    if (dest_copy(dest, n->dest, e) || kept_make(&sbd, s, &n->sbd, e))
        return -1;
    rc = store_change(s, add, &x, &why);
    /* The earlier document has its own bytes: these are not needed. */
    kept_done(&sbd, s, rc || out->existed, &why);
    if (rc && e)
        *e = why;
    return rc;
}

static int reject(struct db *db, void *arg, struct err *e)
{
    struct add *x = arg;

    memset(x->out, 0, sizeof(*x->out));
    rnd_uuid(x->out->id);
    return insert(db, x, 0, e);
}

int store_out_reject(struct out_added *out, struct store *s, const struct out_new *n,
    const struct err *why, struct err *e)
{
    struct add x = {n, NULL, why, out};

    if (!n->tenant || !n->document_sha256 || !why || n->now <= 0)
        return err_set(e, ERR_BUG, "store.value", "", "a rejection without its required fields");
    return store_change(s, reject, &x, e);
}
