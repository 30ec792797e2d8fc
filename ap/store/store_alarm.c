/* store_alarm.c - raising, quieting and reading alarms; what each channel has told already. */
#include "ap/store/store_alarm.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

#define SUBJECT_MAX 320
#define FRESH_MS (10 * 60 * 1000)

static const char *bare_participant(const char *text)
{
    const char *value = text ? strstr(text, "::") : NULL;

    return value ? value + 2 : text ? text : "?";
}

static const char *subject_of(char out[SUBJECT_MAX], const struct alarm_new *x)
{
    if (x->row)
        (void)snprintf(out, SUBJECT_MAX, "%s:%lld", x->inbound ? "in" : "out", (long long)x->row);
    else
        (void)snprintf(out, SUBJECT_MAX, "%s", x->subject ? x->subject : "");
    return out;
}

int alarm_put(struct db *db, const struct alarm_new *x, struct err *e)
{
    char subject[SUBJECT_MAX], why[WHY_MAX];
    int64_t again = 0;
    int rc;

    if (!x->kind || !x->why || (!x->row && !x->subject))
        return err_set(e, ERR_BUG, "store.value", "", "an alarm has a kind, a subject, a reason");
    rc = db_int(&again, db, e,
        "UPDATE alarm SET last_at=?3,times=times+1,why=?4 WHERE kind=?1 AND subject=?2"
        " AND cleared_at IS NULL RETURNING n",
        ARGS(A_TEXT(x->kind), A_TEXT(subject_of(subject, x)), A_INT(x->now),
            A_TEXT(why_pack(why, x->why))));
    if (rc)
        return rc < 0 ? -1 : 0;
    return db_run(db, e,
               "INSERT INTO alarm(kind,subject,inbound,doc,why,raised_at,last_at,times)"
               " VALUES(?1,?2,?3,?4,?5,?6,?6,1)",
               ARGS(A_TEXT(x->kind), A_TEXT(subject), A_INT(x->inbound), A_TIME(x->row),
                   A_TEXT(why_pack(why, x->why)), A_INT(x->now))) ||
                   event_put(db, x->inbound, x->row, "alarm", NULL, NULL, x->kind, x->now, e)
               ? -1
               : 0;
}

/* The document's own reason, with `says` before it. */
static int reason_of(
    struct err *why, struct db *db, const char *code, const char *says, int64_t row, struct err *e)
{
    sqlite3_stmt *st =
        db_query(db, e, "SELECT why,coalesce(invoice,id),receiver,state FROM document WHERE n=?1",
            ARGS(A_INT(row)));
    int rc = st ? db_step(db, st, e) : -1;
    struct err own;

    if (rc < 1)
        return rc < 0 ? -1 : not_found(e, "document", row);
    why_unpack(&own, (const char *)sqlite3_column_text(st, 0));
    *why = own;
    (void)err_set(why, own.class == ERR_NONE ? ERR_RETRY : own.class, code, own.spec,
        "%.60s to %.80s %s (%s)%s%s%s%.200s", (const char *)sqlite3_column_text(st, 1),
        bare_participant((const char *)sqlite3_column_text(st, 2)), says,
        (const char *)sqlite3_column_text(st, 3), own.code[0] ? ": " : "", own.code,
        own.code[0] ? ": " : "", own.msg);
    (void)err_where(why, "%s", own.where);
    (void)err_who(why, own.who);
    (void)err_next(
        why, "%s", own.next[0] ? own.next : "aviso status shows each step; aviso ack quiets this");
    db_done(st);
    return 0;
}

int alarm_put_doc(struct db *db, const char *kind, const char *code, const char *says, int64_t row,
    int64_t now, struct err *e)
{
    struct err why = ERR_INIT;
    const struct alarm_new x = {.kind = kind, .row = row, .why = &why, .now = now};

    return reason_of(&why, db, code, says, row, e) ? -1 : alarm_put(db, &x, e);
}

int alarm_clear_doc(struct db *db, int64_t row, int64_t now, struct err *e)
{
    return db_run(db, e,
        "UPDATE alarm SET cleared_at=?2 WHERE doc=?1 AND inbound=0 AND cleared_at IS NULL",
        ARGS(A_INT(row), A_INT(now)));
}

int alarm_clear_in(struct db *db, int64_t row, int64_t now, struct err *e)
{
    return db_run(db, e,
        "UPDATE alarm SET cleared_at=?2 WHERE doc=?1 AND inbound=1 AND kind='quarantined'"
        " AND cleared_at IS NULL",
        ARGS(A_INT(row), A_INT(now)));
}

static int raise_change(struct db *db, void *arg, struct err *e)
{
    (void)FAULT("store.alarm");
    return alarm_put(db, arg, e);
}

/* 1: it is open, and was counted a moment ago: who looks every few seconds commits nothing. */
static int is_fresh(struct store *s, const struct alarm_new *x, struct err *e)
{
    struct db *db = reader_take(s, e);
    char subject[SUBJECT_MAX];
    int64_t last = 0;
    int rc;

    if (!db)
        return -1;
    rc = db_int(&last, db, e,
        "SELECT last_at FROM alarm WHERE kind=?1 AND subject=?2 AND cleared_at IS NULL",
        ARGS(A_TEXT(x->kind), A_TEXT(subject_of(subject, x))));
    reader_give(s, db);
    return rc == 1 ? last > x->now - FRESH_MS : rc;
}

int store_alarm_raise(struct store *s, const struct alarm_new *x, struct err *e)
{
    struct alarm_new copy = *x;
    int fresh = is_fresh(s, x, e);

    return fresh ? (fresh < 0 ? -1 : 0) : store_change(s, raise_change, &copy, e);
}

/* ---- the cause is gone; somebody knows ---- */

/* subject NULL: all of the kind; prefix: those that begin so, but for subject. */
struct clear {
    const char *kind, *subject, *prefix;
    int64_t now;
};

#define CLEARED                                                                                    \
    " WHERE kind=?1 AND cleared_at IS NULL AND CASE WHEN ?3 IS NULL THEN ?2 IS NULL OR subject=?2" \
    " ELSE substr(subject,1,length(?3))=?3 AND subject IS NOT ?2 END"

static int clear_change(struct db *db, void *arg, struct err *e)
{
    const struct clear *x = arg;

    return db_run(db, e, "UPDATE alarm SET cleared_at=?4" CLEARED,
        ARGS(A_TEXT(x->kind), A_TEXT(x->subject), A_TEXT(x->prefix), A_INT(x->now)));
}

static int clear_open(struct store *s, struct clear *x, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t n;
    int rc;

    if (!db)
        return -1;
    rc = db_int(&n, db, e, "SELECT n FROM alarm" CLEARED " LIMIT 1",
        ARGS(A_TEXT(x->kind), A_TEXT(x->subject), A_TEXT(x->prefix)));
    reader_give(s, db);
    return rc == 1 ? store_change(s, clear_change, x, e) : rc;
}

int store_alarm_clear(
    struct store *s, const char *kind, const char *subject, int64_t now, struct err *e)
{
    struct clear x = {kind, subject, NULL, now};

    return clear_open(s, &x, e);
}

int store_alarm_clear_but(struct store *s, const char *kind, const char *prefix, const char *keep,
    int64_t now, struct err *e)
{
    struct clear x = {kind, keep, prefix, now};

    return clear_open(s, &x, e);
}

int store_alarm_subjects(const char **out, size_t max, size_t *n, struct store *s, const char *kind,
    struct arena *a, struct err *e)
{
    struct rows r;

    *n = 0;
    rows_open(&r, s, e,
        "SELECT subject FROM alarm WHERE kind=?1 AND cleared_at IS NULL ORDER BY subject LIMIT ?2",
        ARGS(A_TEXT(kind), A_INT(max)));
    while (rows_next(&r, e))
        if (!(out[(*n)++] = db_text(a, r.st, 0))) {
            rows_fail(&r);
            (void)err_nomem(e);
        }
    return rows_end(&r);
}

struct ack {
    const struct alarm_ack *x;
    unsigned long acked;
};

static int ack_change(struct db *db, void *arg, struct err *e)
{
    struct ack *a = arg;
    const struct alarm_ack *x = a->x;
    int64_t known;
    int rc;

    if (x->n &&
        (rc = db_int(&known, db, e, "SELECT n FROM alarm WHERE n=?1", ARGS(A_INT(x->n)))) < 1)
        return rc < 0 ? -1 : not_found(e, "alarm", x->n);
    if (db_run(db, e,
            "UPDATE alarm SET acked_at=?1,acked_by=?2 WHERE acked_at IS NULL AND cleared_at IS NULL"
            " AND (?3=0 OR n=?3) AND (?4=0 OR (doc=?4 AND inbound=?5))",
            ARGS(A_INT(x->now), A_TEXT(x->who), A_INT(x->n), A_INT(x->row), A_INT(x->inbound))))
        return -1;
    a->acked = (unsigned long)sqlite3_changes(db->h);
    return a->acked ? event_put(db, x->inbound, x->row, "ack", NULL, NULL, x->who, x->now, e) : 0;
}

int store_alarm_ack(unsigned long *acked, struct store *s, const struct alarm_ack *x, struct err *e)
{
    struct ack a = {x, 0};
    int rc = store_change(s, ack_change, &a, e);

    *acked = rc ? 0 : a.acked;
    return rc;
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
    "SELECT "                                                                                      \
    "a.n,a.kind,a.subject,a.inbound,a.doc,coalesce(d.id,i.id),coalesce(d.invoice,i.invoice),"      \
    "coalesce(d.receiver,i.receiver),coalesce(d.state,i.state),a.why,a.raised_at,a.last_at,"       \
    "a.acked_at,a.cleared_at,a.times,a.acked_by,"                                                  \
    "(SELECT coalesce(sum(t.times),0) FROM alarm_told t WHERE t.alarm=a.n)"                        \
    " FROM alarm a LEFT JOIN document d ON a.inbound=0 AND d.n=a.doc"                              \
    " LEFT JOIN inbound i ON a.inbound=1 AND i.n=a.doc "

static int read_alarm(void *to, struct columns *c, struct err *e)
{
    struct alarm_row *out = to;

    (void)e;
    out->n = col_int(c);
    out->kind = col_text(c);
    out->subject = col_text(c);
    out->inbound = col_bool(c);
    out->row = col_int(c);
    out->id = col_text(c);
    out->invoice = col_text(c);
    out->receiver = col_text(c);
    out->state = col_text(c);
    col_why(&out->why, c);
    out->raised_at = col_int(c);
    out->last_at = col_int(c);
    out->acked_at = col_int(c);
    out->cleared_at = col_int(c);
    out->times = (unsigned)col_int(c);
    out->acked_by = col_text(c);
    out->told = (unsigned)col_int(c);
    return 0;
}

int store_alarms(struct alarm_row *out, size_t max, size_t *n, struct store *s, bool all,
    int64_t after, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    sqlite3_stmt *st;
    int rc;

    *n = 0;
    if (!db)
        return -1;
    st = all ? db_query(db, e, COLUMNS "WHERE a.n>?1 ORDER BY a.n LIMIT ?2",
                   ARGS(A_INT(after), A_INT(max)))
             : db_query(db, e,
                   COLUMNS "WHERE a.n>?1 AND a.cleared_at IS NULL AND a.acked_at IS NULL"
                           " ORDER BY a.n LIMIT ?2",
                   ARGS(A_INT(after), A_INT(max)));
    rc = db_read_all(&(struct into){out, sizeof(*out), max, n, read_alarm}, db, st, a, e);
    reader_give(s, db);
    return rc;
}

int store_alarm_count(struct alarm_counts *out, struct store *s, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t loud = 0, open = 0, down = 0;
    int rc;

    memset(out, 0, sizeof(*out));
    if (!db)
        return -1;
    rc = db_int(&loud, db, e,
        "SELECT count(*) FROM alarm WHERE cleared_at IS NULL AND acked_at IS NULL", NULL, 0);
    if (rc >= 0)
        rc = db_int(&open, db, e, "SELECT count(*) FROM alarm WHERE cleared_at IS NULL", NULL, 0);
    if (rc >= 0)
        rc = db_int(&out->oldest, db, e,
            "SELECT raised_at FROM alarm WHERE cleared_at IS NULL AND acked_at IS NULL"
            " ORDER BY n LIMIT 1",
            NULL, 0);
    if (rc >= 0)
        rc = db_int(
            &down, db, e, "SELECT count(*) FROM channel WHERE failed_at IS NOT NULL", NULL, 0);
    reader_give(s, db);
    out->loud = (unsigned long)loud;
    out->open = (unsigned long)open;
    out->channels_down = (unsigned long)down;
    return rc < 0 ? -1 : 0;
}

/* ---- telling ---- */

/* Told too long ago or never, on this channel. */
#define DUE                                                                                        \
    "a.cleared_at IS NULL AND a.acked_at IS NULL AND NOT EXISTS("                                  \
    "SELECT 1 FROM alarm_told t WHERE t.alarm=a.n AND t.channel=?1 AND t.told_at>?2)"

int store_alarm_due(struct alarm_row *out, size_t max, size_t *n, struct store *s,
    const char *channel, int64_t repeat, int64_t now, struct arena *a, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t in_all = 0;
    int rc;

    *n = 0;
    if (!db)
        return -1;
    rc = db_int(&in_all, db, e, "SELECT count(*) FROM alarm a WHERE " DUE,
        ARGS(A_TEXT(channel), A_INT(now - repeat)));
    if (rc >= 0 && in_all)
        rc = db_read_all(&(struct into){out, sizeof(*out), max, n, read_alarm}, db,
            db_query(db, e, COLUMNS "WHERE " DUE " ORDER BY a.n LIMIT ?3",
                ARGS(A_TEXT(channel), A_INT(now - repeat), A_INT(max))),
            a, e);
    reader_give(s, db);
    *n = (size_t)in_all;
    return rc < 0 ? -1 : 0;
}

struct told {
    const char *channel;
    const struct err *why;
    int64_t repeat, next_at, now;
};

static int told_change(struct db *db, void *arg, struct err *e)
{
    const struct told *x = arg;

    (void)FAULT("store.alarm_told");
    return db_run(db, e,
               "INSERT INTO alarm_told(alarm,channel,told_at,times)"
               " SELECT a.n,?1,?3,1 FROM alarm a WHERE " DUE
               " ON CONFLICT(alarm,channel) DO UPDATE SET told_at=excluded.told_at,times=times+1",
               ARGS(A_TEXT(x->channel), A_INT(x->now - x->repeat), A_INT(x->now))) ||
                   db_run(db, e,
                       "INSERT INTO channel(name,ok_at,failures) VALUES(?1,?2,0) ON CONFLICT(name)"
                       " DO UPDATE SET ok_at=?2,failed_at=NULL,failures=0,next_at=NULL,why=NULL",
                       ARGS(A_TEXT(x->channel), A_INT(x->now)))
               ? -1
               : 0;
}

int store_alarm_told(
    struct store *s, const char *channel, int64_t repeat, int64_t now, struct err *e)
{
    struct told x = {.channel = channel, .repeat = repeat, .now = now};

    return store_change(s, told_change, &x, e);
}

static int failed_change(struct db *db, void *arg, struct err *e)
{
    const struct told *x = arg;
    char why[WHY_MAX];

    return db_run(db, e,
        "INSERT INTO channel(name,failed_at,failures,next_at,why) VALUES(?1,?2,1,?3,?4)"
        " ON CONFLICT(name) DO UPDATE SET failed_at=coalesce(failed_at,?2),failures=failures+1,"
        "next_at=?3,why=?4",
        ARGS(A_TEXT(x->channel), A_INT(x->now), A_INT(x->next_at), A_TEXT(why_pack(why, x->why))));
}

int store_channel_failed(struct store *s, const char *channel, const struct err *why,
    int64_t next_at, int64_t now, struct err *e)
{
    struct told x = {.channel = channel, .why = why, .next_at = next_at, .now = now};

    return store_change(s, failed_change, &x, e);
}

static int read_channel(void *to, struct columns *c, struct err *e)
{
    struct channel_row *out = to;

    (void)e;
    out->name = col_text(c);
    out->ok_at = col_int(c);
    out->failed_at = col_int(c);
    out->failures = (unsigned)col_int(c);
    out->next_at = col_int(c);
    col_why(&out->why, c);
    return 0;
}

static int channels(struct channel_row *out, size_t max, size_t *n, struct store *s,
    const char *name, struct arena *a, struct err *e)
{
    return rows_read(&(struct into){out, sizeof(*out), max, n, read_channel}, s, a, e,
        "SELECT name,ok_at,failed_at,failures,next_at,why FROM channel"
        " WHERE ?1 IS NULL OR name=?1 ORDER BY name LIMIT ?2",
        ARGS(A_TEXT(name), A_INT(max)));
}

int store_channels(
    struct channel_row *out, size_t max, size_t *n, struct store *s, struct arena *a, struct err *e)
{
    return channels(out, max, n, s, NULL, a, e);
}

int store_channel_get(
    struct channel_row *out, struct store *s, const char *name, struct arena *a, struct err *e)
{
    size_t n;

    return channels(out, 1, &n, s, name, a, e) ? -1 : (int)n;
}
