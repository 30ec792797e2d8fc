/* store_db.c - one SQLite connection: statements by the address of their text, typed arguments, and
 * SQLite's results as our errors. A connection is used by one thread at a time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define BUSY_MS 10000
/* Page cache of a connection, at most. The writer's holds the inner pages of the indices that are
 * hit at random (ids, digests): without, each is read again from the file for each message. */
#define CACHE_READER "PRAGMA cache_size=-1000;"
#define CACHE_WRITER "PRAGMA cache_size=-8000;"
#define ROW_MAX (1 << 20) /* longest text, blob or row; STORE_INLINE_MAX and its row fit */

static bool is_full(int no)
{
    return no == ENOSPC || no == EDQUOT || no == EFBIG;
}

/* Class and name by result code. A full disk passes; damage and refusal need a person. */
static int map(struct err *e, int code, int no, const char *text, const char *doing)
{
    int rc = code & 0xff;

    if (rc == SQLITE_FULL || (rc == SQLITE_IOERR && is_full(no)))
        return err_set(e, ERR_RETRY, "store.full", "", "%s: no space left on the spool", doing);
    if (rc == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM)
        return err_nomem(e);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
        return err_set(
            e, ERR_RETRY, "store.busy", "", "%s: the database is locked by another program", doing);
    if (rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN)
        return err_set(
            e, ERR_RETRY, "store.io", "", "%s: %s (SQLite %d, errno %d)", doing, text, code, no);
    if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
        return err_set(e, ERR_CONFIG, "store.damaged", "", "%s: %s", doing, text);
    if (rc == SQLITE_READONLY || rc == SQLITE_PERM || rc == SQLITE_AUTH)
        return err_set(e, ERR_CONFIG, "store.readonly", "", "%s: %s", doing, text);
    if (rc == SQLITE_TOOBIG)
        return err_set(e, ERR_INPUT, "store.value", "", "%s: a value is too long", doing);
    return err_set(e, ERR_BUG, "store.sql", "", "%s: %s (SQLite %d)", doing, text, code);
}

int db_err(struct db *db, struct err *e, const char *doing)
{
    int code = db->h ? sqlite3_extended_errcode(db->h) : SQLITE_NOMEM;

    return map(e, code, db->h ? sqlite3_system_errno(db->h) : 0,
        db->h ? sqlite3_errmsg(db->h) : "out of memory", doing);
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
    if (sqlite3_exec(db->h, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_err(db, e, "store");
    return 0;
}

int db_open(struct db *db, const char *path, enum store_mode mode, struct err *e)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;

    memset(db, 0, sizeof(*db));
    flags |=
        mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(path, &db->h, flags, NULL) != SQLITE_OK) {
        (void)db_err(db, e, "open the database");
        db_close(db);
        return -1;
    }
    (void)sqlite3_extended_result_codes(db->h, 1);
    (void)sqlite3_busy_timeout(db->h, BUSY_MS);
    (void)sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, ROW_MAX);
    (void)sqlite3_limit(db->h, SQLITE_LIMIT_ATTACHED, 0);
    if (db_exec(db, mode == STORE_WRITE ? CACHE_WRITER : CACHE_READER, e) ||
        db_exec(db,
            "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
            "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY",
            e)) {
        db_close(db);
        return -1;
    }
    return 0;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < DB_STATEMENTS; i++)
        (void)sqlite3_finalize(db->cache[i].st);
    (void)sqlite3_close_v2(db->h);
    memset(db, 0, sizeof(*db));
}

static int bind(sqlite3_stmt *st, int at, const struct arg *x)
{
    switch (x->type) {
    case 'i':
        return sqlite3_bind_int64(st, at, x->i);
    case 't':
        return x->p ? sqlite3_bind_text(st, at, x->p, -1, SQLITE_STATIC)
                    : sqlite3_bind_null(st, at);
    case 'b':
        return x->p ? sqlite3_bind_blob64(st, at, x->p, x->n, SQLITE_STATIC)
                    : sqlite3_bind_null(st, at);
    default:
        return sqlite3_bind_null(st, at);
    }
}

/* The statement of this literal; open addressing, never full by construction (checked). */
static sqlite3_stmt *cached(struct db *db, const char *sql, struct err *e)
{
    size_t i = ((uintptr_t)sql >> 3) * 0x9E3779B1u;

    for (size_t tries = 0; tries < DB_STATEMENTS; tries++, i++) {
        size_t at = i & (DB_STATEMENTS - 1);
        if (db->cache[at].sql == sql)
            return db->cache[at].st;
        if (db->cache[at].sql)
            continue;
        if (sqlite3_prepare_v3(
                db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->cache[at].st, NULL) != SQLITE_OK) {
            (void)db_err(db, e, "prepare");
            return NULL;
        }
        db->cache[at].sql = sql;
        return db->cache[at].st;
    }
    (void)err_set(e, ERR_BUG, "store.sql", "", "more than %d statements", DB_STATEMENTS);
    return NULL;
}

sqlite3_stmt *db_query(
    struct db *db, struct err *e, const char *sql, const struct arg *args, size_t n)
{
    sqlite3_stmt *st = cached(db, sql, e);

    if (!st)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (bind(st, (int)i + 1, &args[i]) != SQLITE_OK) {
            (void)db_err(db, e, "bind");
            db_done(st);
            return NULL;
        }
    return st;
}

int db_step(struct db *db, sqlite3_stmt *st, struct err *e)
{
    int rc = sqlite3_step(st);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        (void)db_err(db, e, "store");
    db_done(st);
    return rc == SQLITE_DONE ? 0 : -1;
}

void db_done(sqlite3_stmt *st)
{
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
}

int db_run(struct db *db, struct err *e, const char *sql, const struct arg *args, size_t n)
{
    sqlite3_stmt *st = db_query(db, e, sql, args, n);
    int rc;

    if (!st)
        return -1;
    while ((rc = db_step(db, st, e)) == 1)
        continue;
    return rc;
}

int db_int(
    int64_t *out, struct db *db, struct err *e, const char *sql, const struct arg *args, size_t n)
{
    sqlite3_stmt *st = db_query(db, e, sql, args, n);
    int rc = st ? db_step(db, st, e) : -1;

    if (rc != 1)
        return rc;
    if (sqlite3_column_type(st, 0) == SQLITE_NULL)
        rc = 0;
    else
        *out = sqlite3_column_int64(st, 0);
    db_done(st);
    return rc;
}

const char *db_text(struct arena *a, sqlite3_stmt *st, int col)
{
    const unsigned char *t = sqlite3_column_text(st, col);

    if (!t)
        return "";
    return arena_strndup(a, (const char *)t, (size_t)sqlite3_column_bytes(st, col));
}

void db_hash(uint8_t out[HASH_LEN], sqlite3_stmt *st, int col)
{
    const void *p = sqlite3_column_blob(st, col);

    memset(out, 0, HASH_LEN);
    if (p && sqlite3_column_bytes(st, col) == HASH_LEN)
        memcpy(out, p, HASH_LEN);
}

const char *col_text(struct columns *c)
{
    const char *t = db_text(c->a, c->st, c->at++);

    c->nomem = c->nomem || !t;
    return t ? t : "";
}

int64_t col_int(struct columns *c)
{
    return sqlite3_column_int64(c->st, c->at++);
}

bool col_bool(struct columns *c)
{
    return col_int(c) != 0;
}

void col_hash(uint8_t out[HASH_LEN], struct columns *c)
{
    db_hash(out, c->st, c->at++);
}

void col_why(struct err *out, struct columns *c)
{
    why_unpack(out, (const char *)sqlite3_column_text(c->st, c->at++));
}

int db_read_all(
    const struct into *r, struct db *db, sqlite3_stmt *st, struct arena *a, struct err *e)
{
    int rc = 0;

    *r->n = 0;
    if (!st)
        return -1;
    while (*r->n < r->max && (rc = db_step(db, st, e)) == 1) {
        struct columns c = {st, a, 0, false};
        void *one = (char *)r->out + (*r->n)++ * r->size;
        memset(one, 0, r->size);
        if (r->read(one, &c, e) || c.nomem) {
            db_done(st);
            return c.nomem ? err_nomem(e) : -1;
        }
    }
    if (*r->n == r->max)
        db_done(st);
    return rc < 0 ? -1 : 0;
}

int db_read_one(void *out, size_t size, row_reader *read, struct db *db, sqlite3_stmt *st,
    struct arena *a, struct err *e)
{
    size_t n;

    return db_read_all(&(struct into){out, size, 1, &n, read}, db, st, a, e) ? -1 : (int)n;
}
