/* store_attempt.c - one attempt: committed before its first byte leaves, ended with its result,
 * the raw answer, the proof and the new state in one commit.
 *
 * The promise kept here: one MessageId and one set of bytes until a peer has answered them. A new
 * message is taken only while no earlier one is open; an open one can only be sent again as it is.
 */
#include <string.h>

#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

struct begin {
    int64_t attempt; /* made */
    const struct out_claim *c;
    const struct message_new *m; /* or NULL */
    const struct kept *wire;
    char old_file[STORE_ID]; /* of a message that never left and is replaced */
    int64_t until, now;
};

static int id_is_free(struct db *db, const struct out_core *was, const char *id, struct err *e)
{
    int64_t row;
    int rc = db_int(&row, db, e, "SELECT n FROM message WHERE message_id=?1", ARGS(A_TEXT(id)));

    if (rc != 1 || (row == was->message && !was->message_left))
        return rc < 0 ? -1 : 0;
    return err_set(e, ERR_BUG, "store.message-used", "", "MessageId %s was used before", id);
}

/* An open message may have arrived: another one would be a double. */
static int may_compose(struct db *db, const struct out_core *was, const char *id, struct err *e)
{
    if (was->message && was->message_left && !was->message_answered)
        return err_set(e, ERR_BUG, "store.message-open", "",
            "the last message may have arrived and has no answer: only it may be sent again");
    return id_is_free(db, was, id, e);
}

static int insert_message(
    int64_t *row, struct db *db, const struct begin *x, int64_t doc, int64_t wire, struct err *e)
{
    const struct message_new *m = x->m;

    if (db_run(db, e,
            "INSERT INTO message(document,message_id,conversation_id,content_type,expect,endpoint,"
            "seat,transport_profile,peer_serial,own_serial,lookup,eb_timestamp,composed_at,wire,"
            "has_left,maybe,answered)"
            " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,0,0,0)",
            ARGS(A_INT(doc), A_TEXT(m->message_id), A_TEXT(m->conversation_id),
                A_TEXT(m->content_type), A_TEXT(m->expect), A_TEXT(m->endpoint), A_TEXT(m->seat),
                A_TEXT(m->transport_profile), A_TEXT(m->peer_serial), A_TEXT(m->own_serial),
                A_TEXT(m->lookup), A_TIME(m->eb_timestamp), A_INT(x->now), A_INT(wire))))
        return -1;
    *row = sqlite3_last_insert_rowid(db->h);
    return 0;
}

/* Never left: the row takes the new message, its old bytes go. */
static int replace_message(struct begin *x, struct db *db, int64_t row, int64_t wire, struct err *e)
{
    const struct message_new *m = x->m;
    int64_t old = 0;

    if (db_int(&old, db, e, "SELECT wire FROM message WHERE n=?1", ARGS(A_INT(row))) < 0 ||
        blob_delete(x->old_file, db, old, e))
        return -1;
    return db_run(db, e,
        "UPDATE message SET message_id=?2,conversation_id=?3,content_type=?4,expect=?5,endpoint=?6,"
        "seat=?7,transport_profile=?8,peer_serial=?9,own_serial=?10,lookup=?11,eb_timestamp=?12,"
        "composed_at=?13,wire=?14 WHERE n=?1",
        ARGS(A_INT(row), A_TEXT(m->message_id), A_TEXT(m->conversation_id), A_TEXT(m->content_type),
            A_TEXT(m->expect), A_TEXT(m->endpoint), A_TEXT(m->seat), A_TEXT(m->transport_profile),
            A_TEXT(m->peer_serial), A_TEXT(m->own_serial), A_TEXT(m->lookup),
            A_TIME(m->eb_timestamp), A_INT(x->now), A_INT(wire)));
}

static int compose(struct out_core *is, struct db *db, struct begin *x, struct err *e)
{
    int64_t wire;

    if (may_compose(db, is, x->m->message_id, e) || kept_insert(&wire, db, x->wire, e))
        return -1;
    if (is->message && !is->message_left)
        return replace_message(x, db, is->message, wire, e);
    return insert_message(&is->message, db, x, is->n, wire, e);
}

static int insert_attempt(struct out_core *is, struct db *db, int64_t now, struct err *e)
{
    is->attempts++;
    if (db_run(db, e,
            "INSERT INTO attempt(document,message,seq,message_id,endpoint,started_at,has_left)"
            " SELECT ?1,n,?3,message_id,endpoint,?4,0 FROM message WHERE n=?2",
            ARGS(A_INT(is->n), A_INT(is->message), A_INT(is->attempts), A_INT(now))))
        return -1;
    is->attempt = sqlite3_last_insert_rowid(db->h);
    return 0;
}

static int begin(struct db *db, void *arg, struct err *e)
{
    struct begin *x = arg;
    struct out_core was, is;

    x->old_file[0] = '\0';
    if (core_claimed(&was, db, x->c, e))
        return -1;
    is = was;
    if (x->m && compose(&is, db, x, e))
        return -1;
    if (!is.message)
        return err_set(e, ERR_BUG, "store.message-open", "", "there is no message to send again");
    if (!x->m && was.message_answered)
        return err_set(e, ERR_BUG, "store.message-used", "", "the last message was answered");
    if (insert_attempt(&is, db, x->now, e))
        return -1;
    is.state = OUT_SENDING;
    is.next_at = x->until;
    x->attempt = is.attempt;
    (void)FAULT("store.attempt_begun");
    return core_save(db, &was, &is, NULL, x->now, e);
}

int store_attempt_begin(int64_t *attempt, struct store *s, const struct out_claim *c,
    const struct message_new *composed, int64_t lease_ms, int64_t now, struct err *e)
{
    struct begin x = {0, c, composed, NULL, "", now + lease_ms, now};
    struct err why = ERR_INIT;
    struct kept wire = {0};
    int rc;

    if (composed && (!composed->message_id || !composed->expect))
        return err_set(e, ERR_BUG, "store.value", "", "a message without its required fields");
    if (composed && kept_make(&wire, s, &composed->wire, e))
        return -1;
    x.wire = &wire;
    rc = store_change(s, begin, &x, &why);
    if (!rc)
        *attempt = x.attempt;
    kept_done(&wire, s, rc, &why);
    if (!rc && x.old_file[0])
        blob_unlink(s, x.old_file);
    if (rc && e)
        *e = why;
    return rc;
}

/* ---- the end ---- */

struct end {
    int64_t attempt;
    const struct attempt_result *r;
    enum out_state ended;
};

static int close_attempt(int64_t *answer, int64_t *doc, int64_t *message, struct db *db,
    const struct end *x, struct err *e)
{
    const struct attempt_result *r = x->r;
    char why[WHY_MAX];
    sqlite3_stmt *st;
    int rc;

    if (blob_insert(answer, db, &r->answer, e))
        return -1;
    st = db_query(db, e,
        "UPDATE attempt SET ended_at=?2,ms=?3,has_left=?4,result=?5,http_status=?6,address=?7,"
        "why=?8,answer=?9,answer_type=?10 WHERE n=?1 AND ended_at IS NULL RETURNING "
        "document,message",
        ARGS(A_INT(x->attempt), A_INT(r->now), A_INT(r->ms), A_INT(r->outcome != ATTEMPT_NOT_LEFT),
            A_TEXT(r->result), A_TIME(r->http_status), A_TEXT(r->address),
            A_TEXT(why_pack(why, r->why)), A_TIME(*answer), A_TEXT(r->answer_type)));
    rc = st ? db_step(db, st, e) : -1;
    if (rc == 0)
        return not_found(e, "running attempt", x->attempt);
    if (rc < 0)
        return -1;
    *doc = sqlite3_column_int64(st, 0);
    *message = sqlite3_column_int64(st, 1);
    return db_step(db, st, e);
}

static int mark_message(struct db *db, int64_t message, enum attempt_outcome o, struct err *e)
{
    return db_run(db, e,
        "UPDATE message SET has_left=max(has_left,?2),maybe=max(maybe,?3),"
        "answered=max(answered,?4) WHERE n=?1",
        ARGS(A_INT(message), A_INT(o != ATTEMPT_NOT_LEFT), A_INT(o == ATTEMPT_UNKNOWN),
            A_INT(o == ATTEMPT_ANSWERED)));
}

static int keep_proof(
    struct db *db, int64_t doc, int64_t message, int64_t answer, const struct end *x, struct err *e)
{
    const struct proof_new *p = x->r->proof;
    int64_t raw = answer;

    if (p->raw.len && blob_insert(&raw, db, &p->raw, e))
        return -1;
    if (!raw)
        return err_set(e, ERR_BUG, "store.value", "", "a proof without its bytes");
    return proof_insert(db, doc, message, x->attempt, raw, p, false, e);
}

/* What the caller wants, but never a claim that an earlier copy of this message did not arrive. */
static void conclude(
    struct out_core *is, const struct out_core *was, const struct attempt_result *r)
{
    bool open = was->message_maybe && r->outcome != ATTEMPT_ANSWERED;

    is->state = r->to;
    if (r->outcome == ATTEMPT_UNKNOWN || (open && r->to != OUT_RECEIPTED))
        is->state = OUT_UNKNOWN;
    is->left = is->left || r->outcome != ATTEMPT_NOT_LEFT;
    is->maybe = is->maybe || is->state == OUT_UNKNOWN;
    is->lease = 0;
    is->next_at = r->next_at;
}

static int end(struct db *db, void *arg, struct err *e)
{
    struct end *x = arg;
    const struct attempt_result *r = x->r;
    struct alarm_new about = {.kind = r->alarm, .why = r->why, .now = r->now};
    struct out_core was, is;
    int64_t answer, doc = 0, message = 0;
    bool current;

    if (close_attempt(&answer, &doc, &message, db, x, e) || core_load(&was, db, doc, e) ||
        mark_message(db, message, r->outcome, e))
        return -1;
    is = was;
    about.row = doc;
    current = was.state == OUT_SENDING && was.attempt == x->attempt;
    if (r->proof && keep_proof(db, doc, message, answer, x, e))
        return -1;
    if (current)
        conclude(&is, &was, r);
    if (r->proof && core_prove(&is, r->proof, r->now, e))
        return -1;
    if (r->dest && current && dest_copy(is.dest, r->dest, e))
        return -1;
    if ((current || r->proof) && core_why(db, doc, r->proof ? NULL : r->why, e))
        return -1;
    if (current && r->alarm && r->why && alarm_put(db, &about, e))
        return -1;
    if (current && !r->proof && pace_waits(db, &is, e))
        return -1;
    x->ended = is.state;
    (void)FAULT("store.attempt_ended");
    if (core_save(db, &was, &is, r->why ? r->why->code : r->result, r->now, e))
        return -1;
    return r->next ? claim_next(r->next, db, r->now, e) : 0;
}

int store_attempt_end(enum out_state *ended, struct store *s, int64_t attempt,
    const struct attempt_result *r, struct err *e)
{
    struct end x = {attempt, r, r->to};
    int rc;

    if ((r->to == OUT_RECEIPTED) != (r->proof != NULL) || (!r->proof && !r->why) ||
        (r->to == OUT_RECEIPTED && r->outcome != ATTEMPT_ANSWERED))
        return err_set(e, ERR_BUG, "store.value", "", "a result has a proof or a reason");
    rc = store_change(s, end, &x, e);
    if (!rc && ended)
        *ended = x.ended;
    if (rc && r->next)
        r->next->taken = false;
    return rc;
}

/* ---- proofs that come another way ---- */

struct prove {
    int64_t row, now;
    const struct proof_new *p;
    const struct err *why; /* a refusal */
};

static int prove(struct db *db, void *arg, struct err *e)
{
    const struct prove *x = arg;
    struct out_core was, is;
    int64_t raw;

    if (core_load(&was, db, x->row, e) || blob_insert(&raw, db, &x->p->raw, e))
        return -1;
    if (!raw)
        return err_set(e, ERR_BUG, "store.value", "", "a proof without its bytes");
    if (proof_insert(db, x->row, was.message, 0, raw, x->p, x->why != NULL, e))
        return -1;
    is = was;
    if (x->why)
        is.state = OUT_REFUSED;
    else if (core_prove(&is, x->p, x->now, e))
        return -1;
    if (core_why(db, x->row, x->why, e))
        return -1;
    if (is.level != was.level && is.state == was.state &&
        event_put(db, false, x->row, "level", proof_level_word(was.level),
            proof_level_word(is.level), proof_kind_word(x->p->kind), x->now, e))
        return -1;
    (void)FAULT("store.proven");
    return core_save(db, &was, &is, x->why ? x->why->code : proof_kind_word(x->p->kind), x->now, e);
}

int store_out_prove(
    struct store *s, int64_t row, const struct proof_new *p, int64_t now, struct err *e)
{
    struct prove x = {row, now, p, NULL};

    return store_change(s, prove, &x, e);
}

int store_out_disprove(struct store *s, int64_t row, const struct proof_new *p,
    const struct err *why, int64_t now, struct err *e)
{
    struct prove x = {row, now, p, why};

    if (!why)
        return err_set(e, ERR_BUG, "store.value", "", "a refusal without a reason");
    return store_change(s, prove, &x, e);
}
