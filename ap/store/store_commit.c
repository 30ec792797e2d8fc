/* store_commit.c - group commit, and the pool of readers.
 *
 * There is no writer thread: the first caller that finds nobody leading leads. It takes all that
 * wait, runs each in a savepoint of its own, commits once, wakes them, and lets the next in line
 * lead. One that is alone needs no savepoint. So a daemon's threads share an fsync, and a one-shot
 * command writes with no thread at all.
 *
 * When the commit fails with an I/O error the pages may be on disk or not and the kernel may have
 * forgotten them: fsync is not tried again, the group is told ERR_UNKNOWN, later ones are refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

#define CHECKPOINT_FRAMES 2000 /* pages in the WAL (8 MB) before they go into the database */
#define GATHER_MAX_NS 2000000  /* longest wait for company */

/* ---- the group ---- */

static int refuse_broken(struct err *e)
{
    (void)err_set(e, ERR_RETRY, "store.broken", "",
        "an earlier write to the spool failed; nothing is taken until a restart");
    return err_next(e, "restart; look at the disk (dmesg, df)");
}

static int frames_written(void *ctx, sqlite3 *h, const char *name, int frames)
{
    (void)h;
    (void)name;
    *(int *)ctx = frames;
    return SQLITE_OK;
}

/* Alone in its group the transaction is its savepoint. False as in run_one; a change that fails is
 * rolled back here, and nothing is left to commit. */
static bool run_alone(struct db *db, struct change *c)
{
    if (FAULT("store.before_change"))
        c->rc = err_errno(&c->err, "store.io", "change", "the database");
    else
        c->rc = c->fn(db, c->arg, &c->err);
    if (sqlite3_get_autocommit(db->h))
        return false;
    return !c->rc || db_exec(db, "ROLLBACK", NULL) == 0;
}

/* Each in its own savepoint. False when SQLite has rolled back the whole transaction. */
static bool run_one(struct db *db, struct change *c)
{
    if (FAULT("store.before_change")) {
        c->rc = err_errno(&c->err, "store.io", "savepoint", "the database");
        return true;
    }
    c->rc = db_run(db, &c->err, "SAVEPOINT one", NULL, 0);
    if (c->rc)
        return sqlite3_get_autocommit(db->h) == 0;
    c->rc = c->fn(db, c->arg, &c->err);
    if (sqlite3_get_autocommit(db->h))
        return false;
    if (c->rc && db_exec(db, "ROLLBACK TO one", NULL))
        return false;
    return db_run(db, NULL, "RELEASE one", NULL, 0) == 0;
}

static void fail_all(struct change *list, const struct err *why)
{
    for (struct change *c = list; c; c = c->next) {
        c->rc = -1;
        c->err = *why;
    }
}

/* A full disk passes and has left no commit record; after any other failure only a restart tells.
 */
static bool commit_failed(struct db *db, struct change *list, struct err *why)
{
    bool passing = strcmp(why->code, "store.full") == 0 || strcmp(why->code, "store.busy") == 0 ||
                   strcmp(why->code, "memory.exhausted") == 0;

    if (!sqlite3_get_autocommit(db->h))
        (void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    if (!passing) {
        struct err inner = *why;
        (void)err_set(why, ERR_UNKNOWN, "store.commit-unknown", "",
            "the commit failed, it may or may not be on disk: %s", inner.msg);
        (void)err_next(why, "restart; then look the document up before giving it again");
    }
    fail_all(list, why);
    return !passing;
}

static int fault_commit(struct err *e)
{
    if (!FAULT("store.before_commit"))
        return 0;
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(e, ERR_RETRY, "store.full", "", "commit: no space left on the spool");
    return err_errno(e, "store.io", "commit", "the database");
}

static long mono_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000000000L + t.tv_nsec;
}

static int begin(struct db *db, struct err *e)
{
    if (FAULT("store.before_begin"))
        return err_errno(e, "store.io", "begin", "the database");
    return db_run(db, e, "BEGIN IMMEDIATE", NULL, 0);
}

/* True when the store must be given up. */
static bool run_group(struct store *s, struct change *list)
{
    struct db *db = &s->writer;
    struct err why = ERR_INIT;
    bool whole = true;
    long before;

    if (begin(db, &why)) {
        fail_all(list, &why);
        return strcmp(why.code, "store.damaged") == 0;
    }
    for (struct change *c = list; c && whole; c = c->next) {
        whole = list->next ? run_one(db, c) : run_alone(db, c);
        if (!whole)
            why = c->err;
    }
    if (whole && !list->next && list->rc)
        return false;
    if (!whole) {
        if (why.class == ERR_NONE)
            (void)db_err(db, &why, "store");
        (void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
        fail_all(list, &why);
        return strcmp(why.code, "store.io") == 0 || strcmp(why.code, "store.damaged") == 0;
    }
    before = mono_ns();
    if (fault_commit(&why) || db_run(db, &why, "COMMIT", NULL, 0))
        return commit_failed(db, list, &why);
    s->commit_ns = mono_ns() - before;
    (void)FAULT("store.after_commit");
    return false;
}

/* Not left to SQLite's own hook, which would swallow a failed fsync. */
static bool checkpoint(struct store *s)
{
    int rc;

    if (s->wal_frames < CHECKPOINT_FRAMES)
        return false;
    if (FAULT("store.before_checkpoint"))
        return errno == EIO;
    rc = sqlite3_wal_checkpoint_v2(
        s->writer.h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &s->wal_frames);
    (void)FAULT("store.after_checkpoint");
    s->wal_frames = 0; /* counted again by the next commit */
    return (rc & 0xff) == SQLITE_IOERR && sqlite3_system_errno(s->writer.h) != ENOSPC;
}

static struct change *take(struct store *s, unsigned *n)
{
    struct change *list = s->first, *c = list;

    for (*n = 1; c->next && *n < GROUP_MAX; ++*n)
        c = c->next;
    s->first = c->next;
    if (!s->first)
        s->last = &s->first;
    c->next = NULL;
    return list;
}

static unsigned waiting(const struct store *s)
{
    unsigned n = 0;

    for (const struct change *c = s->first; c && n < GROUP_MAX; c = c->next)
        n++;
    return n;
}

/* Those just woken come back soon: waiting a third of an fsync for them doubles the group. */
static void gather(struct store *s)
{
    struct timespec until;

    if (s->last_group < 2 || waiting(s) >= s->last_group)
        return;
    until = clock_until(s->commit_ns / 3 < GATHER_MAX_NS ? s->commit_ns / 3 : GATHER_MAX_NS);
    while (waiting(s) < s->last_group)
        if (pthread_cond_timedwait(&s->arrived, &s->lock, &until) != 0)
            break;
}

/* Lock held on entry and on return. */
static void lead(struct store *s)
{
    struct change *list, *next;
    unsigned n;
    bool give_up;

    s->leading = true;
    gather(s);
    list = take(s, &n);
    s->last_group = n;
    if (s->broken) {
        struct err why = ERR_INIT;
        (void)refuse_broken(&why);
        fail_all(list, &why);
    } else {
        (void)pthread_mutex_unlock(&s->lock);
        give_up = run_group(s, list);
        give_up = give_up || checkpoint(s);
        (void)pthread_mutex_lock(&s->lock);
        s->broken = s->broken || give_up;
    }
    for (; list; list = next) {
        next = list->next; /* the change is on its caller's stack: gone once it is done */
        list->done = true;
        (void)pthread_cond_signal(&list->wake);
    }
    s->leading = false;
    if (s->first)
        (void)pthread_cond_signal(&s->first->wake);
}

int store_change(
    struct store *s, int (*fn)(struct db *, void *, struct err *), void *arg, struct err *e)
{
    struct change c = {.fn = fn, .arg = arg};

    if (s->mode != STORE_WRITE)
        return err_set(e, ERR_BUG, "store.state", "", "the store was opened for reading only");
    (void)pthread_cond_init(&c.wake, NULL);
    (void)pthread_mutex_lock(&s->lock);
    *s->last = &c;
    s->last = &c.next;
    (void)pthread_cond_signal(&s->arrived);
    while (!c.done)
        if (s->leading)
            (void)pthread_cond_wait(&c.wake, &s->lock);
        else
            lead(s);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_cond_destroy(&c.wake);
    if (c.rc && e)
        *e = c.err;
    return c.rc ? -1 : 0;
}

void store_break(struct store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->broken = true;
    (void)pthread_mutex_unlock(&s->lock);
}

bool store_is_broken(struct store *s)
{
    bool b;

    (void)pthread_mutex_lock(&s->lock);
    b = s->broken;
    (void)pthread_mutex_unlock(&s->lock);
    return b;
}

/* ---- readers ---- */

static struct db *reader_new(struct store *s, struct err *e)
{
    struct db *db = malloc(sizeof(*db));

    if (!db) {
        (void)err_nomem(e);
        return NULL;
    }
    if (db_open(db, s->path, STORE_READ, e)) {
        free(db);
        return NULL;
    }
    return db;
}

struct db *reader_take(struct store *s, struct err *e)
{
    struct db *db;

    (void)pthread_mutex_lock(&s->pool_lock);
    while (!s->pool && s->readers >= READERS_MAX)
        (void)pthread_cond_wait(&s->pool_free, &s->pool_lock);
    db = s->pool;
    if (db)
        s->pool = db->next;
    else
        s->readers++;
    (void)pthread_mutex_unlock(&s->pool_lock);
    if (!db)
        db = reader_new(s, e);
    if (db && db_run(db, e, "BEGIN", NULL, 0) == 0)
        return db;
    if (db) {
        db_close(db);
        free(db);
    }
    (void)pthread_mutex_lock(&s->pool_lock);
    s->readers--;
    (void)pthread_cond_signal(&s->pool_free);
    (void)pthread_mutex_unlock(&s->pool_lock);
    return NULL;
}

void reader_give(struct store *s, struct db *db)
{
    if (db_run(db, NULL, "COMMIT", NULL, 0)) /* nothing was written: only the snapshot ends */
        (void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    (void)pthread_mutex_lock(&s->pool_lock);
    db->next = s->pool;
    s->pool = db;
    (void)pthread_cond_signal(&s->pool_free);
    (void)pthread_mutex_unlock(&s->pool_lock);
}

void rows_open(struct rows *r, struct store *s, struct err *e, const char *sql,
    const struct arg *args, size_t n)
{
    *r = (struct rows){.s = s, .db = reader_take(s, e), .rc = -1};
    r->st = r->db ? db_query(r->db, e, sql, args, n) : NULL;
}

bool rows_next(struct rows *r, struct err *e)
{
    if (!r->st)
        return false;
    r->rc = db_step(r->db, r->st, e);
    return r->rc == 1;
}

void rows_fail(struct rows *r)
{
    db_done(r->st);
    r->st = NULL;
    r->rc = -1;
}

int rows_end(struct rows *r)
{
    if (r->db)
        reader_give(r->s, r->db);
    return r->rc;
}

int rows_read(const struct into *into, struct store *s, struct arena *a, struct err *e,
    const char *sql, const struct arg *args, size_t n)
{
    struct db *db = reader_take(s, e);
    int rc;

    *into->n = 0;
    if (!db)
        return -1;
    rc = db_read_all(into, db, db_query(db, e, sql, args, n), a, e);
    reader_give(s, db);
    return rc;
}

int commit_init(struct store *s, struct err *e)
{
    pthread_condattr_t mono;

    s->last = &s->first;
    if (pthread_condattr_init(&mono) || pthread_condattr_setclock(&mono, CLOCK_MONOTONIC) ||
        pthread_cond_init(&s->arrived, &mono) || pthread_cond_init(&s->pool_free, NULL) ||
        pthread_mutex_init(&s->lock, NULL) || pthread_mutex_init(&s->pool_lock, NULL))
        return err_nomem(e);
    (void)pthread_condattr_destroy(&mono);
    return 0;
}

void commit_start(struct store *s)
{
    if (s->mode == STORE_WRITE)
        (void)sqlite3_wal_hook(s->writer.h, frames_written, &s->wal_frames);
}

void commit_done(struct store *s)
{
    struct db *next;

    for (; s->pool; s->pool = next) {
        next = s->pool->next;
        db_close(s->pool);
        free(s->pool);
    }
    /* Closing would copy the WAL into the database: not what may have been lost in it. */
    if (s->broken)
        (void)sqlite3_db_config(s->writer.h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    db_close(&s->writer);
    (void)pthread_cond_destroy(&s->arrived);
    (void)pthread_cond_destroy(&s->pool_free);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->pool_lock);
}
