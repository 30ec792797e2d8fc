/* store_inview.c - reading inbound documents, with the facts of their first message. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define COLUMNS                                                                                    \
    "SELECT i.n,i.id,i.state,i.flags,i.handovers,m.message_id,m.conversation_id,m.seat,"           \
    "m.cert_serial,m.own_serial,m.not_revoked_by,m.transport_profile,m.eb_timestamp,i.received_"   \
    "at,m.wire_len,"                                                                               \
    "m.receipt,m.receipt_id,i.instance,i.sender,i.receiver,i.doctype,i.process,i.country_c1,"      \
    "i.country_c4,i.end_user,i.tenant,i.route,i.mls_to,i.mls_type,i.invoice,i.supplier,"           \
    "i.issue_date,i.rule_sets,i.verdict,i.payload_sha256,i.document_sha256,i.document_len,b.len,"  \
    "i.sbd,i.report,i.state_at,i.handed_at,i.acked_at,i.next_at,i.handed_how,i.acked_by,i.why"     \
    " FROM inbound i LEFT JOIN blob b ON b.n=i.sbd LEFT JOIN in_message m ON m.n="                 \
    "(SELECT min(n) FROM in_message WHERE inbound=i.n) "

static void read_message(struct in_row *out, struct columns *c)
{
    out->message_id = col_text(c);
    out->conversation_id = col_text(c);
    out->seat = col_text(c);
    out->cert_serial = col_text(c);
    out->own_serial = col_text(c);
    out->not_revoked_by = col_text(c);
    out->transport_profile = col_text(c);
    out->eb_timestamp = col_int(c);
    out->received_at = col_int(c);
    out->wire_len = (uint64_t)col_int(c);
    out->receipt = col_int(c);
    out->receipt_id = col_text(c);
}

static void read_names(struct in_row *out, struct columns *c)
{
    out->instance = col_text(c);
    out->sender = col_text(c);
    out->receiver = col_text(c);
    out->doctype = col_text(c);
    out->process = col_text(c);
    out->country_c1 = col_text(c);
    out->country_c4 = col_text(c);
    out->end_user = col_text(c);
    out->tenant = col_text(c);
    out->route = col_text(c);
    out->mls_to = col_text(c);
    out->mls_type = col_text(c);
    out->invoice = col_text(c);
    out->supplier = col_text(c);
    out->issue_date = col_text(c);
    out->rule_sets = col_text(c);
    out->verdict = col_text(c);
}

static int read_row(void *to, struct columns *c, struct err *e)
{
    struct in_row *out = to;

    out->row = col_int(c);
    (void)snprintf(out->id, sizeof(out->id), "%s", col_text(c));
    if (!in_state_parse(col_text(c), &out->state))
        return err_set(e, ERR_CONFIG, "store.damaged", "", "an inbound document of unknown state");
    out->flags = (unsigned)col_int(c);
    out->handovers = (unsigned)col_int(c);
    read_message(out, c);
    read_names(out, c);
    col_hash(out->payload_sha256, c);
    col_hash(out->document_sha256, c);
    out->document_len = (uint64_t)col_int(c);
    out->sbd_len = (uint64_t)col_int(c);
    out->sbd = col_int(c);
    out->report = col_int(c);
    out->state_at = col_int(c);
    out->handed_at = col_int(c);
    out->acked_at = col_int(c);
    out->next_at = col_int(c);
    out->handed_how = col_text(c);
    out->acked_by = col_text(c);
    col_why(&out->reason, c);
    return 0;
}

int store_in_get(struct in_row *out, struct store *s, int64_t row, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    if (!db)
        return -1;
    rc = db_read_one(out, sizeof(*out), read_row, db,
        db_query(db, e, COLUMNS "WHERE i.n=?1", ARGS(A_INT(row))), a, e);
    reader_give(s, db);
    return rc == 0 ? not_found(e, "inbound document", row) : rc < 0 ? -1 : 0;
}

static sqlite3_stmt *list_query(
    struct db *db, const struct store_filter *f, int64_t from, size_t max, struct err *e)
{
    const char *state = f->in_state >= 0 ? in_state_word((enum in_state)f->in_state) : NULL;
    const struct arg args[] = {A_INT(f->before ? f->before : INT64_MAX), A_INT(from),
        A_TEXT(f->tenant), A_TEXT(f->partner), A_TEXT(f->invoice), A_TEXT(state), A_INT(f->open),
        A_INT(f->since), A_INT(max)};
    const size_t n = sizeof(args) / sizeof(args[0]);

#define REST                                                                                       \
    " AND i.n<?1 AND i.n>=?2 AND i.received_at>=?8 AND (?3 IS NULL OR i.tenant=?3)"                \
    " AND (?4 IS NULL OR i.sender=?4) AND (?5 IS NULL OR i.invoice=?5)"                            \
    " AND (?6 IS NULL OR i.state=?6) AND (?7=0 OR i.state<>'ACKNOWLEDGED')"                        \
    " ORDER BY i.n DESC LIMIT ?9"
    if (f->invoice)
        return db_query(db, e, COLUMNS "WHERE i.invoice=?5" REST, args, n);
    if (f->partner)
        return db_query(db, e, COLUMNS "WHERE i.sender=?4" REST, args, n);
    if (state && f->in_state != IN_ACKNOWLEDGED)
        return db_query(db, e, COLUMNS "WHERE i.acked_at IS NULL AND i.state=?6" REST, args, n);
    if (f->open)
        return db_query(db, e,
            COLUMNS "WHERE i.n IN (SELECT n FROM inbound WHERE acked_at IS NULL AND state>'')" REST,
            args, n);
    return db_query(db, e, COLUMNS "WHERE true" REST, args, n);
#undef REST
}

int store_in_list(struct in_row *out, size_t max, size_t *n, struct store *s,
    const struct store_filter *f, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    const struct into into = {out, sizeof(*out), max, n, read_row};
    int64_t from;
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = first_since(&from, db, f->since,
        "SELECT n FROM inbound WHERE received_at>=?1 ORDER BY received_at LIMIT 1", e);
    if (!rc)
        rc = db_read_all(&into, db, list_query(db, f, from, max, e), a, e);
    reader_give(s, db);
    return rc;
}
