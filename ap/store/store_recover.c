/* store_recover.c - at start: what was in flight gets its true state, what was claimed is due
 * again, orphans go, damage is held. Each step may be cut off and done again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/store/store_priv.h"

#define CHUNK 500                                 /* documents in one change */
#define ORPHAN_AGE ((int64_t)24 * 60 * 60 * 1000) /* ms */

struct recovery {
    struct store *s;
    struct store_recovered *out;
    int64_t now, rows[CHUNK];
    size_t n;
    char after[STORE_ID]; /* cursor over files */
    int64_t bad;          /* blob row whose file is damaged */
    char files[CHUNK][STORE_ID];
    int64_t lens[CHUNK];
};

static int rows_of(struct recovery *x, struct db *db, sqlite3_stmt *st, struct err *e)
{
    int rc = -1;

    x->n = 0;
    while (st && (rc = db_step(db, st, e)) == 1)
        x->rows[x->n++] = sqlite3_column_int64(st, 0);
    return rc;
}

static int cut_off(struct db *db, void *arg, struct err *e)
{
    struct recovery *x = arg;

    if (rows_of(x, db,
            db_query(
                db, e, "SELECT n FROM document WHERE state='SENDING' LIMIT ?1", ARGS(A_INT(CHUNK))),
            e))
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (out_cut_off(db, x->rows[i], "restart", x->now, e))
            return -1;
    return 0;
}

static int give_back_one(struct db *db, int64_t row, int64_t now, struct err *e)
{
    struct out_core was, is;

    if (core_load(&was, db, row, e))
        return -1;
    is = was;
    is.lease = 0;
    is.next_at = now;
    return core_save(db, &was, &is, NULL, now, e);
}

static int give_back(struct db *db, void *arg, struct err *e)
{
    struct recovery *x = arg;

    if (rows_of(x, db,
            db_query(db, e, "SELECT n FROM document WHERE lease IS NOT NULL LIMIT ?1",
                ARGS(A_INT(CHUNK))),
            e))
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (give_back_one(db, x->rows[i], x->now, e))
            return -1;
    return 0;
}

static int give_back_in(struct db *db, void *arg, struct err *e)
{
    struct recovery *x = arg;

    if (rows_of(x, db,
            db_query(db, e, "SELECT n FROM inbound WHERE lease IS NOT NULL LIMIT ?1",
                ARGS(A_INT(CHUNK))),
            e))
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (db_run(db, e, "UPDATE inbound SET lease=NULL,next_at=?2 WHERE n=?1",
                ARGS(A_INT(x->rows[i]), A_INT(x->now))))
            return -1;
    return 0;
}

/* Turns and circuits belong to the process that is gone. */
static int fresh_turns(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return db_run(
        db, e, "UPDATE dest SET served=0,blocked=0 WHERE served<>0 OR blocked<>0", NULL, 0);
}

static int hold_moved(struct db *db, void *arg, struct err *e)
{
    struct recovery *x = arg;

    if (rows_of(x, db,
            db_query(db, e,
                "SELECT n FROM document WHERE state IN ('ACCEPTED','WAITING','UNKNOWN') LIMIT ?1",
                ARGS(A_INT(CHUNK))),
            e))
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (out_put_hold(db, x->rows[i], "aviso",
                "the spool is a copy (restored backup?): compare with what was sent, then release",
                x->now, e))
            return -1;
    return 0;
}

/* Whether it is an old backup or a new disk only a person knows, and nothing else says it so early:
 * what was proven, or given, after a backup was made this journal has never heard of. */
static int settle_place(struct db *db, void *arg, struct err *e)
{
    const struct recovery *x = arg;
    struct err why = ERR_INIT;
    const struct alarm_new loud = {.kind = "moved", .subject = "spool", .why = &why, .now = x->now};
    int64_t held = 0;

    if (db_int(&held, db, e, "SELECT count(*) FROM document WHERE state='HELD'", NULL, 0) < 0)
        return -1;
    (void)err_set(&why, ERR_CONFIG, "store.moved", "",
        "the spool is a copy (restored backup?): %lld open documents are held", (long long)held);
    (void)err_where(&why, "%s", x->s->path);
    (void)err_next(&why, "aviso reconcile tells what was sent; then aviso queue release and ack");
    return store_place_settle(x->s, db, e) || alarm_put(db, &loud, e) ||
                   event_put(db, false, 0, "moved", NULL, NULL, NULL, x->now, e)
               ? -1
               : 0;
}

/* Chunk after chunk until there is nothing left. */
static int all(struct recovery *x, int (*fn)(struct db *, void *, struct err *),
    unsigned long *count, struct err *e)
{
    do {
        if (store_change(x->s, fn, x, e))
            return -1;
        *count += x->n;
        (void)FAULT("store.recovering");
    } while (x->n == CHUNK);
    return 0;
}

/* ---- rows ---- */

/* To their last column, so that every page of theirs is read: what SQLite cannot read it would skip
 * when it looks for what is due. Text that is only wrong is not seen here; bytes have hashes. */
static int read_open(struct recovery *x, const char *sql, struct err *e)
{
    struct db *db = reader_take(x->s, e);
    sqlite3_stmt *st;
    int rc = -1;

    if (!db)
        return -1;
    st = db_query(db, e, sql, NULL, 0);
    while (st && (rc = db_step(db, st, e)) == 1)
        continue;
    reader_give(x->s, db);
    return rc;
}

static int check_rows(struct recovery *x, struct err *e)
{
    if (read_open(x, "SELECT * FROM document WHERE settled=0", e) == 0 &&
        read_open(x,
            "SELECT * FROM inbound WHERE next_at IS NOT NULL AND"
            " state IN ('RECEIVED','VALIDATED','RELEASED')",
            e) == 0)
        return 0;
    if (e && strcmp(e->code, "store.damaged") == 0)
        (void)err_next(e,
            "keep a copy of the spool; aviso doctor spool lists what is affected; restore a "
            "backup; see docs/ops.md");
    return -1;
}

/* ---- files ---- */

static int load_files(struct recovery *x, struct err *e)
{
    struct db *db = reader_take(x->s, e);
    sqlite3_stmt *st;
    int rc = -1;

    x->n = 0;
    if (!db)
        return -1;
    st = db_query(db, e,
        "SELECT n,file,len FROM blob WHERE file IS NOT NULL AND file>?1 ORDER BY file LIMIT ?2",
        ARGS(A_TEXT(x->after), A_INT(CHUNK)));
    while (st && (rc = db_step(db, st, e)) == 1) {
        x->rows[x->n] = sqlite3_column_int64(st, 0);
        (void)snprintf(x->files[x->n], STORE_ID, "%s", (const char *)sqlite3_column_text(st, 1));
        x->lens[x->n++] = sqlite3_column_int64(st, 2);
    }
    reader_give(x->s, db);
    return rc;
}

static int hold_damaged(struct db *db, void *arg, struct err *e)
{
    struct recovery *x = arg;

    if (rows_of(x, db,
            db_query(db, e,
                "SELECT n FROM document d WHERE state IN ('ACCEPTED','WAITING','UNKNOWN')"
                " AND (sbd=?1 OR (SELECT wire FROM message m WHERE m.n=d.message)=?1) LIMIT ?2",
                ARGS(A_INT(x->bad), A_INT(CHUNK))),
            e))
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (out_put_damaged(db, x->rows[i], x->now, e))
            return -1;
    return 0;
}

static bool is_whole(const struct store *s, const char *file, int64_t len)
{
    struct stat st;

    return fstatat(s->payload_dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == len;
}

static int check_files(struct recovery *x, struct err *e)
{
    size_t n;

    do {
        if (load_files(x, e))
            return -1;
        n = x->n;
        for (size_t i = 0; i < n; i++) {
            memcpy(x->after, x->files[i], STORE_ID);
            if (is_whole(x->s, x->files[i], x->lens[i]))
                continue;
            x->out->damaged++;
            x->bad = x->rows[i];
            if (store_change(x->s, hold_damaged, x, e))
                return -1;
            /* hold_damaged used the arrays: read on after this one */
            n = CHUNK;
            break;
        }
    } while (n == CHUNK);
    return 0;
}

static int has_row(struct store *s, const char *file, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t row;
    int rc;

    if (!db)
        return -1;
    rc = db_int(&row, db, e, "SELECT n FROM blob WHERE file=?1", ARGS(A_TEXT(file)));
    reader_give(s, db);
    return rc;
}

static int one_file(struct recovery *x, const char *name, struct err *e)
{
    struct stat st;
    int known;

    if (name[0] == '.' || fstatat(x->s->payload_dirfd, name, &st, AT_SYMLINK_NOFOLLOW) ||
        !S_ISREG(st.st_mode) || x->now - (int64_t)st.st_ctim.tv_sec * 1000 < ORPHAN_AGE)
        return 0;
    known = has_row(x->s, name, e);
    if (known != 0)
        return known < 0 ? -1 : 0;
    blob_unlink(x->s, name);
    x->out->orphans++;
    return 0;
}

static int remove_orphans(struct recovery *x, struct err *e)
{
    int fd = openat(x->s->payload_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *f;

    if (!d) {
        (void)err_errno(e, "store.io", "read folder", "payload");
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    while (!rc && (f = readdir(d)) != NULL)
        rc = one_file(x, f->d_name, e);
    (void)closedir(d);
    return rc;
}

static int recover(struct recovery *x, struct err *e)
{
    unsigned long held = 0;

    if (check_rows(x, e) || all(x, cut_off, &x->out->unknown, e) ||
        all(x, give_back, &x->out->returned, e) || all(x, give_back_in, &x->out->returned, e) ||
        store_change(x->s, fresh_turns, x, e))
        return -1;
    if (x->s->moved && (all(x, hold_moved, &held, e) || store_change(x->s, settle_place, x, e)))
        return -1;
    x->out->cut = x->s->cut;
    x->out->moved = x->s->moved;
    x->s->moved = false;
    return check_files(x, e) || remove_orphans(x, e) ? -1 : 0;
}

int store_recover(struct store_recovered *out, struct store *s, int64_t now, struct err *e)
{
    struct recovery *x = calloc(1, sizeof(*x));
    int rc;

    memset(out, 0, sizeof(*out));
    if (!x)
        return err_nomem(e);
    x->s = s;
    x->out = out;
    x->now = now;
    rc = recover(x, e);
    free(x);
    return rc;
}
