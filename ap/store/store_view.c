/* store_view.c - reading outbound documents with everything about them, in one snapshot. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define COLUMNS                                                                                    \
    "SELECT "                                                                                      \
    "d.n,d.id,d.state,d.level,d.require,d.late,d.settled,d.has_left,d.maybe,d.tenant,d.key,"       \
    "d.invoice,d.supplier,d.issue_date,d.document_sha256,d.document_len,d.instance,d.sender,"      \
    "d.receiver,d.doctype,d.process,d.country_c1,d.end_user,d.rule_sets,d.dest,d.accepted_at,"     \
    "d.state_at,d.proven_at,d.deliver_by,d.expire_at,d.next_at,d.lease IS NOT NULL,d.attempts,"    \
    "d.why,d.held_by,d.held_why,d.sbd,b.len,"                                                      \
    "m.n,m.message_id,m.conversation_id,m.content_type,m.expect,m.endpoint,m.seat,"                \
    "m.transport_profile,m.peer_serial,m.own_serial,m.lookup,m.eb_timestamp,m.composed_at,m.wire," \
    "w.len,m.has_left,m.answered FROM document d LEFT JOIN blob b ON b.n=d.sbd"                    \
    " LEFT JOIN message m ON m.n=d.message LEFT JOIN blob w ON w.n=m.wire "

static void read_message(struct message_row *m, struct columns *c)
{
    m->row = col_int(c);
    m->message_id = col_text(c);
    m->conversation_id = col_text(c);
    m->content_type = col_text(c);
    m->expect = col_text(c);
    m->endpoint = col_text(c);
    m->seat = col_text(c);
    m->transport_profile = col_text(c);
    m->peer_serial = col_text(c);
    m->own_serial = col_text(c);
    m->lookup = col_text(c);
    m->eb_timestamp = col_int(c);
    m->composed_at = col_int(c);
    m->wire = col_int(c);
    m->wire_len = (uint64_t)col_int(c);
    m->left = col_bool(c);
    m->answered = col_bool(c);
}

static void read_flags(struct out_row *out, struct columns *c)
{
    out->level = (enum proof_level)col_int(c);
    out->require = (enum proof_level)col_int(c);
    out->late = col_bool(c);
    out->settled = col_bool(c);
    out->left = col_bool(c);
    out->maybe = col_bool(c);
}

static void read_times(struct out_row *out, struct columns *c)
{
    out->accepted_at = col_int(c);
    out->state_at = col_int(c);
    out->proven_at = col_int(c);
    out->deliver_by = col_int(c);
    out->expire_at = col_int(c);
    out->next_at = col_int(c);
    out->in_hand = col_bool(c);
    if (out->state == OUT_HELD)
        out->next_at = 0;
    out->attempts = (unsigned)col_int(c);
}

static int read_row(void *to, struct columns *c, struct err *e)
{
    struct out_row *out = to;

    out->row = col_int(c);
    (void)snprintf(out->id, sizeof(out->id), "%s", col_text(c));
    if (!out_state_parse(col_text(c), &out->state))
        return err_set(e, ERR_CONFIG, "store.damaged", "", "a document of unknown state");
    read_flags(out, c);
    out->tenant = col_text(c);
    out->key = col_text(c);
    out->invoice = col_text(c);
    out->supplier = col_text(c);
    out->issue_date = col_text(c);
    col_hash(out->document_sha256, c);
    out->document_len = (uint64_t)col_int(c);
    out->instance = col_text(c);
    out->sender = col_text(c);
    out->receiver = col_text(c);
    out->doctype = col_text(c);
    out->process = col_text(c);
    out->country_c1 = col_text(c);
    out->end_user = col_text(c);
    out->rule_sets = col_text(c);
    out->dest = col_text(c);
    read_times(out, c);
    col_why(&out->reason, c);
    out->held_by = col_text(c);
    out->held_why = col_text(c);
    out->sbd = col_int(c);
    out->sbd_len = (uint64_t)col_int(c);
    read_message(&out->message, c);
    return 0;
}

static int get(struct out_row *out, struct db *db, int64_t row, struct arena *a, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e, COLUMNS "WHERE d.n=?1", ARGS(A_INT(row)));
    int rc = db_read_one(out, sizeof(*out), read_row, db, st, a, e);

    return rc == 0 ? not_found(e, "document", row) : rc < 0 ? -1 : 0;
}

bool store_is_late(const struct out_row *r, int64_t now)
{
    return r->late || (!r->settled && r->deliver_by && r->deliver_by <= now);
}

int store_out_get(struct out_row *out, struct store *s, int64_t row, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    if (!db)
        return -1;
    rc = get(out, db, row, a, e);
    reader_give(s, db);
    return rc;
}

int first_since(int64_t *from, struct db *db, int64_t since, const char *sql, struct err *e)
{
    int rc;

    *from = 0;
    if (!since)
        return 0;
    rc = db_int(from, db, e, sql, ARGS(A_INT(since)));
    if (rc == 0)
        *from = INT64_MAX;
    return rc < 0 ? -1 : 0;
}

/* One statement for each index that may drive, so that none of them reads the whole table. */
static sqlite3_stmt *list_query(
    struct db *db, const struct store_filter *f, int64_t from, size_t max, struct err *e)
{
    const char *state = f->out_state >= 0 ? out_state_word((enum out_state)f->out_state) : NULL;
    const struct arg args[] = {A_INT(f->before ? f->before : INT64_MAX), A_INT(from),
        A_TEXT(f->tenant), A_TEXT(f->partner), A_TEXT(f->invoice), A_TEXT(state), A_INT(f->late),
        A_INT(f->open), A_INT(f->since), A_INT(max), A_INT(f->now)};
    const size_t n = sizeof(args) / sizeof(args[0]);

#define WANTED                                                                                     \
    " AND d.n<?1 AND d.n>=?2 AND d.accepted_at>=?9 AND (?3 IS NULL OR d.tenant=?3)"                \
    " AND (?4 IS NULL OR d.receiver=?4) AND (?5 IS NULL OR d.invoice=?5)"                          \
    " AND (?6 IS NULL OR d.state=?6) AND (?8=0 OR d.settled=0)"                                    \
    " AND (?7=0 OR d.late=1 OR (d.settled=0 AND d.deliver_by<=?11))"
#define NEWEST " ORDER BY d.n DESC LIMIT ?10"
#define REST WANTED NEWEST
    if (f->invoice)
        return db_query(db, e, COLUMNS "WHERE d.invoice=?5" REST, args, n);
    if (f->late) /* the flagged ones, and those that a sweep would flag: each in order by itself */
        return db_query(db, e,
            COLUMNS "WHERE d.n IN (SELECT n FROM (SELECT n FROM document d WHERE d.late=1" REST ")"
                    " UNION ALL SELECT n FROM (SELECT n FROM document d INDEXED BY document_open"
                    " WHERE d.settled=0 AND d.late=0 AND d.deliver_by<=?11" REST "))" NEWEST,
            args, n);
    if (f->partner)
        return db_query(db, e, COLUMNS "WHERE d.receiver=?4" REST, args, n);
    if (state)
        return db_query(db, e, COLUMNS "WHERE d.state=?6" REST, args, n);
    if (f->open)
        return db_query(db, e, COLUMNS "WHERE d.settled=0" REST, args, n);
    if (f->tenant)
        return db_query(db, e, COLUMNS "WHERE d.tenant=?3" REST, args, n);
    return db_query(db, e, COLUMNS "WHERE true" REST, args, n);
#undef REST
#undef NEWEST
#undef WANTED
}

int store_out_list(struct out_row *out, size_t max, size_t *n, struct store *s,
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
        "SELECT n FROM document WHERE accepted_at>=?1 ORDER BY accepted_at LIMIT 1", e);
    if (!rc)
        rc = db_read_all(&into, db, list_query(db, f, from, max, e), a, e);
    reader_give(s, db);
    return rc;
}

static int read_attempt(void *to, struct columns *c, struct err *e)
{
    struct attempt_row *out = to;

    (void)e;
    out->row = col_int(c);
    out->n = (unsigned)col_int(c);
    out->message = col_int(c);
    out->started_at = col_int(c);
    out->ended_at = col_int(c);
    out->ms = col_int(c);
    out->message_id = col_text(c);
    out->endpoint = col_text(c);
    out->address = col_text(c);
    out->result = col_text(c);
    out->http_status = (int)col_int(c);
    out->left = col_bool(c);
    col_why(&out->why, c);
    out->answer = col_int(c);
    out->answer_type = col_text(c);
    return 0;
}

/* At most max from the one numbered `skip` on; *n: how many were read. */
static int attempts(struct attempt_row *out, size_t max, size_t *n, struct db *db, int64_t row,
    size_t skip, struct arena *a, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT n,seq,message,started_at,ended_at,ms,message_id,endpoint,address,result,"
        "http_status,has_left,why,answer,answer_type FROM attempt WHERE document=?1"
        " ORDER BY seq LIMIT ?2 OFFSET ?3",
        ARGS(A_INT(row), A_INT(max), A_INT(skip)));

    return db_read_all(&(struct into){out, sizeof(*out), max, n, read_attempt}, db, st, a, e);
}

static int count(size_t *out, struct db *db, bool proofs, int64_t row, struct err *e)
{
    int64_t n = 0;
    int rc =
        proofs
            ? db_int(&n, db, e, "SELECT count(*) FROM proof WHERE document=?1", ARGS(A_INT(row)))
            : db_int(&n, db, e, "SELECT count(*) FROM attempt WHERE document=?1", ARGS(A_INT(row)));

    *out = (size_t)n;
    return rc < 0 ? -1 : 0;
}

int store_attempts(struct attempt_row *out, size_t max, size_t *n, struct store *s, int64_t row,
    struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    size_t read;
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = count(n, db, false, row, e) || attempts(out, max, &read, db, row, 0, a, e);
    reader_give(s, db);
    return rc ? -1 : 0;
}

int store_message_first_left(
    int64_t *at, struct store *s, int64_t document, int64_t message, int64_t besides, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    *at = 0;
    if (!db)
        return -1;
    rc = db_int(at, db, e,
        "SELECT min(started_at) FROM attempt WHERE document=?1 AND message=?2 AND n<>?3"
        " AND (has_left<>0 OR ended_at IS NULL)",
        ARGS(A_INT(document), A_INT(message), A_INT(besides)));
    reader_give(s, db);
    return rc < 0 ? -1 : 0;
}

static int read_proof(void *to, struct columns *c, struct err *e)
{
    struct proof_row *out = to;
    const char *kind;

    (void)e;
    out->row = col_int(c);
    out->message = col_int(c);
    out->raw = col_int(c);
    out->signal_time = col_int(c);
    out->verified_at = col_int(c);
    kind = col_text(c);
    for (int k = 0; k < PROOF_KINDS; k++)
        if (strcmp(kind, proof_kind_word((enum proof_kind)k)) == 0)
            out->kind = (enum proof_kind)k;
    out->level = (enum proof_level)col_int(c);
    out->refusal = col_bool(c);
    out->message_id = col_text(c);
    out->signal_id = col_text(c);
    out->signer = col_text(c);
    out->signer_serial = col_text(c);
    out->not_revoked_by = col_text(c);
    return 0;
}

static int proofs(struct proof_row *out, size_t max, size_t *n, struct db *db, int64_t row,
    struct arena *a, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT p.n,p.message,raw,signal_time,verified_at,kind,level,refusal,m.message_id,"
        "signal_id,signer,signer_serial,not_revoked_by FROM proof p LEFT JOIN message m ON "
        "m.n=p.message"
        " WHERE p.document=?1 ORDER BY p.n LIMIT ?2",
        ARGS(A_INT(row), A_INT(max)));

    return db_read_all(&(struct into){out, sizeof(*out), max, n, read_proof}, db, st, a, e);
}

int store_proofs(struct proof_row *out, size_t max, size_t *n, struct store *s, int64_t row,
    struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    size_t read;
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = count(n, db, true, row, e) || proofs(out, max, &read, db, row, a, e);
    reader_give(s, db);
    return rc ? -1 : 0;
}

static size_t shown(size_t all)
{
    return all < STORE_VIEW_MAX ? all : STORE_VIEW_MAX;
}

static int view(struct out_view *out, struct db *db, int64_t row, struct arena *a, struct err *e)
{
    struct attempt_row *t;
    struct proof_row *p;

    if (get(&out->doc, db, row, a, e) || count(&out->attempts_in_all, db, false, row, e) ||
        count(&out->proofs_in_all, db, true, row, e))
        return -1;
    t = arena_alloc(a, (shown(out->attempts_in_all) + 1) * sizeof(*t));
    p = arena_alloc(a, (shown(out->proofs_in_all) + 1) * sizeof(*p));
    if (!t || !p)
        return err_nomem(e);
    out->attempts = t;
    out->proofs = p;
    return attempts(t, STORE_VIEW_MAX, &out->nattempts, db, row,
               out->attempts_in_all - shown(out->attempts_in_all), a, e) ||
                   proofs(p, STORE_VIEW_MAX, &out->nproofs, db, row, a, e)
               ? -1
               : 0;
}

int store_out_view(
    struct out_view *out, struct store *s, int64_t row, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    memset(out, 0, sizeof(*out));
    if (!db)
        return -1;
    rc = view(out, db, row, a, e);
    reader_give(s, db);
    return rc;
}
