/* store_core.c - one outbound document inside a change: load, decide on a copy, save.
 *
 * core_save is the only place that writes `state`: it asks out_may, writes the event, keeps
 * `settled` and `late` true, and the heads of the destinations' queues. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

int not_found(struct err *e, const char *what, int64_t row)
{
    return err_set(
        e, ERR_INPUT, "store.not-found", "", "no %s of number %lld", what, (long long)row);
}

bool out_is_queued(enum out_state s)
{
    return s == OUT_ACCEPTED || s == OUT_WAITING || s == OUT_UNKNOWN;
}

static bool is_final(enum out_state s)
{
    return s == OUT_REFUSED || s == OUT_EXPIRED_UNSENT || s == OUT_EXPIRED_UNKNOWN ||
           s == OUT_CANCELLED || s == OUT_REJECTED;
}

static int fill(struct out_core *out, sqlite3_stmt *st, struct err *e)
{
    const char *from = (const char *)sqlite3_column_text(st, 15);
    const char *dest = (const char *)sqlite3_column_text(st, 16);

    if (!out_state_parse((const char *)sqlite3_column_text(st, 0), &out->state) ||
        (from && !out_state_parse(from, &out->held_from)))
        return err_set(e, ERR_CONFIG, "store.damaged", "", "a document of unknown state");
    out->level = (enum proof_level)sqlite3_column_int(st, 1);
    out->require = (enum proof_level)sqlite3_column_int(st, 2);
    out->late = sqlite3_column_int(st, 3) != 0;
    out->settled = sqlite3_column_int(st, 4) != 0;
    out->left = sqlite3_column_int(st, 5) != 0;
    out->maybe = sqlite3_column_int(st, 6) != 0;
    out->lease = sqlite3_column_int64(st, 7);
    out->next_at = sqlite3_column_int64(st, 8);
    out->expire_at = sqlite3_column_int64(st, 9);
    out->proven_at = sqlite3_column_int64(st, 10);
    out->message = sqlite3_column_int64(st, 11);
    out->attempt = sqlite3_column_int64(st, 12);
    out->attempts = (unsigned)sqlite3_column_int(st, 13);
    out->n = sqlite3_column_int64(st, 14);
    (void)snprintf(out->dest, sizeof(out->dest), "%s", dest ? dest : "");
    out->message_left = sqlite3_column_int(st, 17) != 0;
    out->message_maybe = sqlite3_column_int(st, 18) != 0;
    out->message_answered = sqlite3_column_int(st, 19) != 0;
    return 0;
}

int core_load(struct out_core *out, struct db *db, int64_t row, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e,
        "SELECT state,level,require,late,settled,d.has_left,d.maybe,lease,next_at,expire_at,"
        "proven_at,message,attempt,attempts,d.n,held_from,dest,m.has_left,m.maybe,m.answered"
        " FROM document d LEFT JOIN message m ON m.n=d.message WHERE d.n=?1",
        ARGS(A_INT(row)));
    int rc = st ? db_step(db, st, e) : -1;

    memset(out, 0, sizeof(*out));
    if (rc == 0)
        return not_found(e, "document", row);
    if (rc < 0)
        return -1;
    rc = fill(out, st, e);
    db_done(st);
    return rc;
}

int core_claimed(struct out_core *out, struct db *db, const struct out_claim *c, struct err *e)
{
    if (core_load(out, db, c->row, e))
        return -1;
    if (out->lease == c->lease && out_is_queued(out->state))
        return 0;
    return err_set(e, ERR_RETRY, "store.lease-lost", "",
        "document %s was taken back: the claim ran out, or somebody changed it", c->id);
}

int dest_copy(char out[DEST_MAX], const char *dest, struct err *e)
{
    if (!dest || !*dest || strlen(dest) >= DEST_MAX)
        return err_set(
            e, ERR_INPUT, "store.value", "", "a destination has 1 to %d bytes", DEST_MAX - 1);
    (void)snprintf(out, DEST_MAX, "%s", dest);
    return 0;
}

int dest_refresh(struct db *db, const char *dest, struct err *e)
{
    int64_t head = 0;
    int rc = db_int(&head, db, e,
        "SELECT min(next_at) FROM document WHERE dest=?1"
        " AND state IN ('ACCEPTED','WAITING','UNKNOWN') AND next_at IS NOT NULL",
        ARGS(A_TEXT(dest)));

    if (rc < 0)
        return -1;
    if (rc == 0)
        return db_run(db, e, "DELETE FROM dest WHERE name=?1", ARGS(A_TEXT(dest)));
    return db_run(db, e,
        "INSERT INTO dest(name,head) VALUES(?1,?2)"
        " ON CONFLICT(name) DO UPDATE SET head=excluded.head",
        ARGS(A_TEXT(dest), A_INT(head)));
}

static int step_event(struct db *db, const struct out_core *was, const struct out_core *is,
    const char *detail, int64_t now, struct err *e)
{
    if (!out_may((int)was->state, is->state)) {
        (void)err_set(e, ERR_INPUT, "store.state", "", "a document that is %s cannot become %s",
            out_state_word(was->state), out_state_word(is->state));
        return err_next(e, "see docs/STATES.md");
    }
    return event_put(db, false, is->n, "state", out_state_word(was->state),
        out_state_word(is->state), detail, now, e);
}

/* What follows from state and level alone. */
static void derive(struct out_core *is)
{
    bool proven = is->state == OUT_RECEIPTED && is->level >= is->require;

    is->settled = proven || is_final(is->state);
    if (is->state == OUT_EXPIRED_UNSENT || is->state == OUT_EXPIRED_UNKNOWN)
        is->late = true;
    else if (is->settled)
        is->late = false;
    if (!out_is_queued(is->state) && is->state != OUT_SENDING)
        is->lease = 0;
    if (is->lease == 0 && !out_is_queued(is->state) && is->state != OUT_HELD)
        is->next_at = 0; /* HELD keeps it: 0 says that resending had stopped */
    if (is->state != OUT_SENDING)
        is->attempt = 0;
}

/* What people must hear of, in the commit that makes it so; and what is proven is quiet again. The
 * usual way, proven at the first attempt, cannot have an alarm and asks nothing. */
static int alarm_step(struct db *db, const struct out_core *was, const struct out_core *is,
    int64_t now, struct err *e)
{
    bool ends = is->settled && !was->settled, reopens = was->settled && !is->settled;

    if ((ends || reopens) &&
        (was->attempts > 1 || was->late || reopens || was->state != OUT_SENDING) &&
        alarm_clear_doc(db, is->n, now, e))
        return -1;
    if (was->state == is->state || is->by_person)
        return 0;
    if (is->state == OUT_REFUSED)
        return was->state == OUT_RECEIPTED
                   ? alarm_put_doc(db, "mls-refused", "out.refused-later",
                         "was received and is refused after all", is->n, now, e)
                   : alarm_put_doc(db, "refused", "out.refused", "is refused", is->n, now, e);
    if (is->state == OUT_EXPIRED_UNSENT)
        return alarm_put_doc(db, "expired", "out.expired", "was never sent", is->n, now, e);
    if (is->state == OUT_EXPIRED_UNKNOWN)
        return alarm_put_doc(db, "expired", "out.expired-unknown",
            "may be there, and nobody has proof", is->n, now, e);
    return 0;
}

int core_save(struct db *db, const struct out_core *was, struct out_core *is, const char *detail,
    int64_t now, struct err *e)
{
    bool moves = was->state != is->state;

    derive(is);
    if (moves && step_event(db, was, is, detail, now, e))
        return -1;
    if (db_run(db, e,
            "UPDATE document SET state=?2,level=?3,late=?4,settled=?5,has_left=?6,maybe=?7,"
            "lease=?8,next_at=?9,expire_at=?10,proven_at=?11,message=?12,attempt=?13,attempts=?14,"
            "dest=?15,state_at=iif(?16,?17,state_at),held_from=?18 WHERE n=?1",
            ARGS(A_INT(is->n), A_TEXT(out_state_word(is->state)), A_INT(is->level), A_INT(is->late),
                A_INT(is->settled), A_INT(is->left), A_INT(is->maybe), A_TIME(is->lease),
                A_TIME(is->next_at), A_TIME(is->expire_at), A_TIME(is->proven_at),
                A_TIME(is->message), A_TIME(is->attempt), A_INT(is->attempts), A_TEXT(is->dest),
                A_INT(moves), A_INT(now),
                A_TEXT(is->state == OUT_HELD ? out_state_word(is->held_from) : NULL))))
        return -1;
    if (alarm_step(db, was, is, now, e) || pace_settled(db, was, is, now, e) ||
        (strcmp(was->dest, is->dest) != 0 && dest_refresh(db, was->dest, e)))
        return -1;
    return dest_refresh(db, is->dest, e);
}

int core_why(struct db *db, int64_t row, const struct err *why, struct err *e)
{
    char text[WHY_MAX];

    return db_run(db, e, "UPDATE document SET why=?2 WHERE n=?1",
        ARGS(A_INT(row), A_TEXT(why_pack(text, why))));
}

int out_cut_off(struct db *db, int64_t row, const char *detail, int64_t now, struct err *e)
{
    struct out_core was, is;
    struct err why = ERR_INIT;

    if (core_load(&was, db, row, e))
        return -1;
    if (was.state != OUT_SENDING)
        return 0;
    (void)err_set(&why, ERR_UNKNOWN, "send.cut-off", "",
        "the attempt was cut off (%s); the message may have arrived", detail);
    (void)err_next(&why, "the same message is sent again");
    is = was;
    is.state = OUT_UNKNOWN;
    is.left = is.maybe = true;
    is.lease = 0;
    is.next_at = now;
    if (db_run(
            db, e, "UPDATE message SET has_left=1,maybe=1 WHERE n=?1", ARGS(A_INT(was.message))) ||
        db_run(db, e, "UPDATE attempt SET has_left=1,result='cut-off' WHERE n=?1",
            ARGS(A_INT(was.attempt))))
        return -1;
    return core_why(db, row, &why, e) || core_save(db, &was, &is, detail, now, e) ? -1 : 0;
}

int out_put_hold(
    struct db *db, int64_t row, const char *who, const char *why, int64_t now, struct err *e)
{
    struct out_core was, is;

    if (core_load(&was, db, row, e))
        return -1;
    if (was.state == OUT_SENDING)
        return err_set(
            e, ERR_RETRY, "store.sending", "", "an attempt is running; try again after it");
    is = was;
    if (was.state != OUT_HELD) /* held again by another: what it was before it was held stays */
        is.held_from = was.state;
    is.state = OUT_HELD;
    if (core_save(db, &was, &is, why, now, e))
        return -1;
    return db_run(db, e,
        "UPDATE document SET held_by=?2,held_why=CASE WHEN ?4 AND coalesce(?3,'')='' THEN held_why"
        " ELSE ?3 END WHERE n=?1",
        ARGS(A_INT(row), A_TEXT(who), A_TEXT(why), A_INT(was.state == OUT_HELD)));
}

int out_put_damaged(struct db *db, int64_t row, int64_t now, struct err *e)
{
    static const char says[] = "its stored bytes are damaged or missing";
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_CONFIG, "store.damaged", "", "%s", says);
    (void)err_next(
        &why, "aviso doctor spool; restore the file and release it, or hand the document in again");
    return out_put_hold(db, row, "aviso", says, now, e) || core_why(db, row, &why, e) ||
                   alarm_put_doc(db, "damaged", "store.damaged", "is held", row, now, e)
               ? -1
               : 0;
}

int proof_insert(struct db *db, int64_t row, int64_t message, int64_t attempt, int64_t raw,
    const struct proof_new *p, bool refusal, struct err *e)
{
    return db_run(db, e,
        "INSERT INTO proof(document,message,attempt,kind,level,refusal,raw,signal_id,signer,"
        "signer_serial,signal_time,verified_at,not_revoked_by)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
        ARGS(A_INT(row), A_TIME(message), A_TIME(attempt), A_TEXT(proof_kind_word(p->kind)),
            A_INT(p->level), A_INT(refusal), A_INT(raw), A_TEXT(p->signal_id), A_TEXT(p->signer),
            A_TEXT(p->signer_serial), A_TIME(p->signal_time), A_TIME(p->verified_at),
            A_TEXT(p->not_revoked_by)));
}

int core_prove(struct out_core *is, const struct proof_new *p, int64_t now, struct err *e)
{
    if (p->level <= PROOF_NONE || p->level >= PROOF_LEVELS)
        return err_set(e, ERR_BUG, "store.value", "", "a proof has a level");
    if (p->level > is->level)
        is->level = p->level;
    if (is->state != OUT_RECEIPTED || is->proven_at == 0)
        is->proven_at = now;
    is->state = OUT_RECEIPTED;
    return 0;
}
