/* store_priv.h - inside the store: a connection with its statements, the group commit, and what the
 * changes share. Values reach SQL only as arguments (ARGS), never as text. */
#ifndef AP_STORE_STORE_PRIV_H
#define AP_STORE_STORE_PRIV_H

#include <pthread.h>
#include <sqlite3.h>

#include "ap/store/store_alarm.h"

#define DB_STATEMENTS 256 /* cached for a connection; a power of two, twice what is used */
#define READERS_MAX 8
#define GROUP_MAX 256 /* changes in one commit */
#define DEST_MAX STORE_DEST

/* What the index of a route's queue holds: a query says the same words to be answered by it. */
#define IN_QUEUED "state<>'RECEIVED' AND next_at IS NOT NULL"

struct db {
    sqlite3 *h;
    struct {
        const char *sql; /* the literal's address is the key */
        sqlite3_stmt *st;
    } cache[DB_STATEMENTS];
    struct db *next; /* in the pool */
};

struct change {
    int (*fn)(struct db *db, void *arg, struct err *e);
    void *arg;
    struct err err;
    int rc;
    bool done;
    struct change *next;
    pthread_cond_t wake;
};

struct store {
    enum store_mode mode;
    int dirfd, payload_dirfd, lockfd;
    char path[4096]; /* of aviso.db */
    bool moved;
    uint64_t cut; /* bytes of a commit that was cut off, as found when opening */

    pthread_mutex_t lock; /* guards what follows, up to the pool */
    struct change *first, **last;
    bool leading, broken;
    unsigned last_group;
    pthread_cond_t arrived;
    struct db writer; /* used by the leader only */
    int wal_frames;   /* as the last commit left it; leader only */
    long commit_ns;   /* what the last commit took; leader only */

    struct known *known; /* participants read lately, see store_known.c; NULL unless STORE_WRITE */

    pthread_mutex_t pool_lock;
    pthread_cond_t pool_free;
    struct db *pool;
    unsigned readers;
};

/* ---- store_db.c ---- */

struct arg {
    char type; /* i t b n */
    int64_t i;
    const void *p;
    size_t n;
};
#define A_INT(x)                                                                                   \
    {                                                                                              \
        'i', (int64_t)(x), NULL, 0                                                                 \
    }
#define A_TIME(x) /* 0 is NULL */                                                                  \
    {                                                                                              \
        (x) ? 'i' : 'n', (int64_t)(x), NULL, 0                                                     \
    }
#define A_TEXT(x) /* NULL is NULL */                                                               \
    {                                                                                              \
        't', 0, (x), 0                                                                             \
    }
#define A_BLOB(ptr, len)                                                                           \
    {                                                                                              \
        'b', 0, (ptr), (len)                                                                       \
    }
#define ARGS(...)                                                                                  \
    (const struct arg[]){__VA_ARGS__},                                                             \
        sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg)

int db_open(struct db *db, const char *path, enum store_mode mode, struct err *e) MUST_CHECK;
void db_close(struct db *db);
/* SQLite's last error on this connection as an err; returns -1. */
int db_err(struct db *db, struct err *e, const char *doing);
/* A cached statement with its arguments bound (borrowed until db_done), or NULL. `sql` must be a
 * string literal. */
sqlite3_stmt *db_query(
    struct db *db, struct err *e, const char *sql, const struct arg *args, size_t n) MUST_CHECK;
/* 1: a row, 0: no more, -1. After 0 and -1 the statement is done. */
int db_step(struct db *db, sqlite3_stmt *st, struct err *e) MUST_CHECK;
void db_done(sqlite3_stmt *st);
/* Run to the end; rows are not wanted. */
int db_run(
    struct db *db, struct err *e, const char *sql, const struct arg *args, size_t n) MUST_CHECK;
/* One integer of one row: 1, 0 when there is no row or it is NULL (*out untouched), -1. */
int db_int(int64_t *out, struct db *db, struct err *e, const char *sql, const struct arg *args,
    size_t n) MUST_CHECK;
int db_exec(struct db *db, const char *sql, struct err *e) MUST_CHECK; /* not cached */
const char *db_text(struct arena *a, sqlite3_stmt *st, int col); /* "" for NULL; NULL: no memory */
void db_hash(uint8_t out[HASH_LEN], sqlite3_stmt *st, int col);

struct columns { /* of one row, read from left to right */
    sqlite3_stmt *st;
    struct arena *a;
    int at;
    bool nomem;
};
const char *col_text(struct columns *c); /* never NULL */
int64_t col_int(struct columns *c);
bool col_bool(struct columns *c);
void col_hash(uint8_t out[HASH_LEN], struct columns *c);
void col_why(struct err *out, struct columns *c);

/* Fills one structure, zeroed before, from the columns of its row; running out of memory is told by
 * the columns. */
typedef int row_reader(void *out, struct columns *c, struct err *e);
struct into { /* where rows go: at most max structures of `size` bytes, *n of them filled */
    void *out;
    size_t size, max, *n;
    row_reader *read;
};
/* Reads the rows of a query (NULL: it failed, -1) and is done with it. */
int db_read_all(const struct into *r, struct db *db, sqlite3_stmt *st, struct arena *a,
    struct err *e) MUST_CHECK;
/* The same for the one row that a query has: 1, 0 when there is none, -1. */
int db_read_one(void *out, size_t size, row_reader *read, struct db *db, sqlite3_stmt *st,
    struct arena *a, struct err *e) MUST_CHECK;

/* ---- store_wal.c ---- */
/* Before SQLite opens the log: bytes in it of a commit that was cut off. store.damaged: whole
 * commits lie behind a broken one, and would be lost without a word. */
int wal_look(uint64_t *cut, int dirfd, struct err *e) MUST_CHECK;

/* ---- store_open.c ---- */
int store_place_settle(struct store *s, struct db *db, struct err *e) MUST_CHECK;

/* ---- store_schema.c ---- */
int schema_make(struct db *db, const char *ap_mode, struct err *e) MUST_CHECK;
int schema_migrate(struct db *db, int64_t from, int64_t to, struct err *e) MUST_CHECK;
int schema_check(struct db *db, const char *ap_mode, struct err *e) MUST_CHECK;
int meta_get(char *out, size_t n, struct db *db, const char *name, struct err *e) MUST_CHECK;
int meta_set(struct db *db, const char *name, const char *value, struct err *e) MUST_CHECK;

/* ---- store_commit.c ---- */
int commit_init(struct store *s, struct err *e) MUST_CHECK;
void commit_start(struct store *s); /* the database is open */
void commit_done(struct store *s);
/* Run fn(arg) in a savepoint of the next group; returns when committed and fsynced, or not. */
int store_change(struct store *s, int (*fn)(struct db *, void *, struct err *), void *arg,
    struct err *e) MUST_CHECK;
void store_break(struct store *s);
/* A reader inside a snapshot. */
struct db *reader_take(struct store *s, struct err *e) MUST_CHECK;
void reader_give(struct store *s, struct db *db);

/* One query on a reader, row by row:
 *   rows_open(&r, s, e, "SELECT ...", ARGS(...));
 *   while (rows_next(&r, e))
 *       if (fill(&out[(*n)++], r.st, a, e))
 *           rows_fail(&r);
 *   return rows_end(&r);
 * rows_end: 0 after the last row; -1 after a failure or rows_fail, which also ends the loop. */
struct rows {
    struct store *s;
    struct db *db;
    sqlite3_stmt *st;
    int rc;
};
void rows_open(struct rows *r, struct store *s, struct err *e, const char *sql,
    const struct arg *args, size_t n);
bool rows_next(struct rows *r, struct err *e) MUST_CHECK;
void rows_fail(struct rows *r);
int rows_end(struct rows *r) MUST_CHECK;
/* All of them into an array. */
int rows_read(const struct into *into, struct store *s, struct arena *a, struct err *e,
    const char *sql, const struct arg *args, size_t n) MUST_CHECK;

/* ---- store_blob.c ---- */
struct kept { /* bytes made ready by the caller's thread, before the change */
    uint8_t sha256[HASH_LEN];
    uint64_t len;
    const void *p; /* inline bytes, or NULL: the file */
    void *owned;
    char file[STORE_ID];
};
/* A file is durable when this returns. */
int kept_make(
    struct kept *out, struct store *s, const struct store_bytes *b, struct err *e) MUST_CHECK;
int kept_insert(int64_t *ref, struct db *db, const struct kept *k, struct err *e) MUST_CHECK;
/* rc of the change and its error: on a plain failure the file goes too. */
void kept_done(struct kept *k, struct store *s, int rc, const struct err *e);
/* A small blob straight into the change; len 0 gives ref 0. */
int blob_insert(int64_t *ref, struct db *db, const struct blob *b, struct err *e) MUST_CHECK;
/* Delete a row; *file gets the name to unlink after the commit, or "". */
int blob_delete(char file[STORE_ID], struct db *db, int64_t ref, struct err *e) MUST_CHECK;
void blob_unlink(struct store *s, const char *file);

/* ---- store_why.c: an err as one text column ---- */
#define WHY_MAX 1200
const char *why_pack(char out[WHY_MAX], const struct err *why); /* NULL for none */
void why_unpack(struct err *out, const char *text);

/* ---- store_event.c ---- */
int event_put(struct db *db, bool inbound, int64_t row, const char *what, const char *from,
    const char *to, const char *detail, int64_t now, struct err *e) MUST_CHECK;

/* ---- store_known.c ---- */
int known_init(struct store *s, struct err *e) MUST_CHECK;
void known_done(struct store *s);
/* 1: copied into the arena; 0: to be read, then given to known_keep with `changes`; -1: no memory.
 */
int known_find(struct store_participant *out, uint64_t *changes, struct store *s,
    const char *identifier, struct arena *a) MUST_CHECK;
void known_keep(struct store *s, const struct store_participant *p, uint64_t changes);
void known_forget(struct store *s); /* after every change of a participant */

/* ---- store_alarm.c: in the commit of what they are about ---- */
int alarm_put(struct db *db, const struct alarm_new *x, struct err *e) MUST_CHECK;
/* About an outbound document: what `code` says, and why the document is where it is. */
int alarm_put_doc(struct db *db, const char *kind, const char *code, const char *says, int64_t row,
    int64_t now, struct err *e) MUST_CHECK;
int alarm_clear_doc(struct db *db, int64_t row, int64_t now, struct err *e) MUST_CHECK;
int alarm_clear_in(
    struct db *db, int64_t row, int64_t now, struct err *e) MUST_CHECK; /* quarantined */

/* ---- store_core.c: one outbound document inside a change ---- */
struct out_core {
    int64_t n, lease, next_at, expire_at, proven_at, message, attempt;
    enum out_state state;
    enum proof_level level, require;
    bool late, settled, left, maybe;
    bool message_left, message_maybe, message_answered;
    bool by_person; /* who does it knows of it: no alarm */
    unsigned attempts;
    enum out_state held_from;
    char dest[DEST_MAX];
};
int core_load(struct out_core *out, struct db *db, int64_t row, struct err *e) MUST_CHECK;
/* The same, for a claim that must still be ours. */
int core_claimed(
    struct out_core *out, struct db *db, const struct out_claim *c, struct err *e) MUST_CHECK;
/* Write what differs; a new state is checked against out_steps and leaves one event. */
int core_save(struct db *db, const struct out_core *was, struct out_core *is, const char *detail,
    int64_t now, struct err *e) MUST_CHECK;
int core_why(struct db *db, int64_t row, const struct err *why, struct err *e) MUST_CHECK;
/* Recompute the head of a destination's queue. */
int dest_refresh(struct db *db, const char *dest, struct err *e) MUST_CHECK;
int dest_copy(char out[DEST_MAX], const char *dest, struct err *e) MUST_CHECK;
/* Shared by claims, attempts, sweep and recovery. */
bool out_is_queued(enum out_state s);
int out_cut_off(
    struct db *db, int64_t row, const char *detail, int64_t now, struct err *e) MUST_CHECK;
int out_let_go(struct db *db, int64_t row, const char *who, int64_t now, struct err *e) MUST_CHECK;
/* Held with an alarm: its stored bytes are not what they were. */
int out_put_damaged(struct db *db, int64_t row, int64_t now, struct err *e) MUST_CHECK;
int out_put_hold(struct db *db, int64_t row, const char *who, const char *why, int64_t now,
    struct err *e) MUST_CHECK;
int proof_insert(struct db *db, int64_t row, int64_t message, int64_t attempt, int64_t raw,
    const struct proof_new *p, bool refusal, struct err *e) MUST_CHECK;
/* Level and state as a proof makes them. */
int core_prove(
    struct out_core *is, const struct proof_new *p, int64_t now, struct err *e) MUST_CHECK;

/* ---- store_claim.c ---- */
/* In the commit that ends an attempt. */
int claim_next(struct out_next *next, struct db *db, int64_t now, struct err *e) MUST_CHECK;

/* ---- store_pace.c: in the commit that ends an attempt or settles a document ---- */
int pace_waits(struct db *db, const struct out_core *is, struct err *e) MUST_CHECK;
int pace_settled(struct db *db, const struct out_core *was, const struct out_core *is, int64_t now,
    struct err *e) MUST_CHECK;

/* ---- store_view.c ---- */
int not_found(struct err *e, const char *what, int64_t row);
/* Rows are numbered in order of time: the first one since then, which bounds a walk; 0 for the
 * beginning of time. */
int first_since(
    int64_t *from, struct db *db, int64_t since, const char *sql, struct err *e) MUST_CHECK;

#endif
