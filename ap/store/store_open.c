/* store_open.c - the spool folder: lock, payload folder, database; and knowing that it was copied.
 *
 * One writing process: the lock is held by an open file, so a stale pid in it means nothing. The
 * database remembers its own inode and birth: a restored backup is another file, and then nothing
 * may be sent before a person has looked (store_recover holds it all). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/base/fsx.h"
#include "ap/store/store_priv.h"

static int check_folder(const struct store_cfg *c, int dirfd, struct err *e)
{
    const char *fs;

    if (c->allow_volatile || !fsx_is_volatile(dirfd, &fs))
        return 0;
    (void)err_set(e, ERR_CONFIG, "store.volatile", "",
        "%s is on %s: gone after a restart, with every document in it", c->path, fs);
    return err_next(e, "put the spool on a disk, or set allow_volatile_spool");
}

/* The folder under its writer's feet: made, checked, locked. */
static int open_folder(struct store *s, const struct store_cfg *c, struct err *e)
{
    char payload[4096];

    if ((size_t)snprintf(s->path, sizeof(s->path), "%s/aviso.db", c->path) >= sizeof(s->path) ||
        (size_t)snprintf(payload, sizeof(payload), "%s/payload", c->path) >= sizeof(payload))
        return err_set(e, ERR_CONFIG, "store.missing", "", "the spool's path is too long");
    if (c->mode == STORE_READ && access(s->path, F_OK)) {
        if (errno != ENOENT && errno != ENOTDIR) {
            (void)err_errno(e, "io.open", "open", s->path);
            return err_next(e, "run it as the user whose spool it is");
        }
        (void)err_set(e, ERR_CONFIG, "store.missing", "", "no spool at %s", c->path);
        return err_next(e, "check store.spool; aviso serve or send makes it");
    }
    if (c->mode == STORE_WRITE && fsx_mkdirs(payload, 0700, e))
        return -1;
    if ((s->dirfd = fsx_open_dir(c->path, e)) < 0 ||
        (s->payload_dirfd = fsx_open_dir(payload, e)) < 0 || check_folder(c, s->dirfd, e))
        return -1;
    if (c->mode == STORE_WRITE && (s->lockfd = fsx_lock(s->dirfd, "lock", e)) < 0)
        return err_where(e, "%s", c->path);
    return 0;
}

/* Where this very file lies: another inode or birth is a copy. */
static int place_of(char out[64], const struct store *s, struct err *e)
{
    struct statx x;

    if (statx(AT_FDCWD, s->path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &x))
        return err_errno(e, "store.io", "statx", s->path);
    (void)snprintf(out, 64, "%llu:%lld.%u", (unsigned long long)x.stx_ino,
        (x.stx_mask & STATX_BTIME) ? (long long)x.stx_btime.tv_sec : 0LL,
        (x.stx_mask & STATX_BTIME) ? x.stx_btime.tv_nsec : 0u);
    return 0;
}

static int check_place(struct store *s, struct err *e)
{
    char is[64], was[64] = "";
    int rc;

    if (place_of(is, s, e) || (rc = meta_get(was, sizeof(was), &s->writer, "place", e)) < 0)
        return -1;
    if (rc == 0)
        return meta_set(&s->writer, "place", is, e);
    s->moved = strcmp(is, was) != 0;
    return 0;
}

/* What an earlier process left in the WAL may never have reached the disk, though it can be read
 * (a failed fsync is told once): written anew into the database and fsynced, or no start. */
static int settle_wal(struct store *s, struct err *e)
{
    int rc = sqlite3_wal_checkpoint_v2(
        s->writer.h, NULL, SQLITE_CHECKPOINT_TRUNCATE, (int *)NULL, (int *)NULL);

    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY) /* busy: a reader of another process */
        return 0;
    return db_err(&s->writer, e, "take over the write-ahead log");
}

static int open_writer(struct store *s, const struct store_cfg *c, struct err *e)
{
    bool fresh = access(s->path, F_OK) != 0;
    int fd;

    if (!c->ap_mode)
        return err_set(e, ERR_BUG, "store.mode", "", "a writer must say its mode");
    if (fresh) { /* nobody else's to read; SQLite gives its other files the same rights */
        fd = openat(s->dirfd, "aviso.db", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return err_errno(e, "store.io", "create", s->path);
        (void)close(fd);
    }
    if (wal_look(&s->cut, s->dirfd, e) || db_open(&s->writer, s->path, STORE_WRITE, e) ||
        schema_make(&s->writer, c->ap_mode, e) || settle_wal(s, e))
        return -1;
    (void)FAULT("store.made");
    /* each time: an earlier start may have been cut off between making it and this */
    if (fsx_sync(s->dirfd, c->path, e))
        return -1;
    return check_place(s, e);
}

static int open_reader(struct store *s, const struct store_cfg *c, struct err *e)
{
    struct db *db = reader_take(s, e);
    int rc;

    if (!db)
        return -1;
    rc = schema_check(db, c->ap_mode, e);
    reader_give(s, db);
    return rc;
}

int store_open(struct store **out, const struct store_cfg *c, struct err *e)
{
    struct store *s = calloc(1, sizeof(*s));
    int rc;

    *out = NULL;
    if (!s)
        return err_nomem(e);
    s->mode = c->mode;
    s->dirfd = s->payload_dirfd = s->lockfd = -1;
    rc = commit_init(s, e);
    if (rc) {
        free(s);
        return -1;
    }
    rc = open_folder(s, c, e) ||
         (c->mode == STORE_WRITE ? open_writer(s, c, e) : open_reader(s, c, e)) || known_init(s, e);
    if (rc) {
        store_close(s);
        return -1;
    }
    commit_start(s);
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    commit_done(s);
    known_done(s);
    if (s->payload_dirfd >= 0)
        (void)close(s->payload_dirfd);
    if (s->dirfd >= 0)
        (void)close(s->dirfd);
    if (s->lockfd >= 0)
        (void)close(s->lockfd); /* last: the lock goes with it */
    free(s);
}

int store_tmp_dirfd(const struct store *s)
{
    return s->payload_dirfd;
}

uint64_t store_free_bytes(const struct store *s)
{
    return fsx_free_bytes(s->dirfd);
}

int store_place_settle(struct store *s, struct db *db, struct err *e)
{
    char is[64];

    return place_of(is, s, e) || meta_set(db, "place", is, e) ? -1 : 0;
}
