/* store_blob.c - bytes by reference: in the row up to STORE_INLINE_MAX, else in payload/ under a
 * random name. The file is durable before the row that names it (so a row never names nothing); a
 * file whose row did not come is an orphan, which store_recover removes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/base/fsx.h"
#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"

static int keep_inline(struct kept *out, const struct blob *b, struct err *e)
{
    if (b->mem) {
        out->p = b->mem;
        return 0;
    }
    out->owned = malloc(b->len ? (size_t)b->len : 1);
    if (!out->owned)
        return err_nomem(e);
    out->p = out->owned;
    if (blob_read(b, 0, out->owned, (size_t)b->len, e)) {
        free(out->owned);
        out->owned = NULL;
        return -1;
    }
    return 0;
}

/* fsync trouble here is as final as in a commit: the page cache may lie from now on. */
static int link_spool(struct kept *out, struct store *s, struct spool *spool, struct err *e)
{
    if (FAULT("store.before_link")) {
        (void)err_errno(e, "spool.link", "link", "payload");
        return -1;
    }
    rnd_uuid(out->file);
    if (spool_link(spool, s->payload_dirfd, out->file, e)) {
        if (e && strcmp(e->code, "spool.fsync") == 0)
            store_break(s);
        (void)unlinkat(s->payload_dirfd, out->file, 0);
        return -1;
    }
    (void)FAULT("store.payload_linked");
    return 0;
}

static int keep_file(struct kept *out, struct store *s, const struct store_bytes *b, struct err *e)
{
    struct blob from = b->spool ? spool_blob(b->spool) : b->blob;
    struct spool copy;
    struct sink to;
    int rc;

    if (b->spool && b->spool->dirfd >= 0)
        return link_spool(out, s, b->spool, e);
    spool_init(&copy, s->payload_dirfd, 0, from.len);
    to = spool_sink(&copy);
    rc = blob_copy(&from, &to, e) || link_spool(out, s, &copy, e);
    spool_free(&copy);
    return rc ? -1 : 0;
}

int kept_make(struct kept *out, struct store *s, const struct store_bytes *b, struct err *e)
{
    struct blob bytes = b->spool ? spool_blob(b->spool) : b->blob;
    struct err none = ERR_INIT;

    memset(out, 0, sizeof(*out));
    if (!e)
        e = &none;
    if (store_is_broken(s))
        return err_set(e, ERR_RETRY, "store.broken", "", "the spool takes nothing until a restart");
    out->len = bytes.len;
    if (b->sha256)
        memcpy(out->sha256, b->sha256, HASH_LEN);
    else if (hash_blob(out->sha256, &bytes, e))
        return -1;
    if (bytes.len <= STORE_INLINE_MAX)
        return keep_inline(out, &bytes, e);
    return keep_file(out, s, b, e);
}

int kept_insert(int64_t *ref, struct db *db, const struct kept *k, struct err *e)
{
    if (db_run(db, e, "INSERT INTO blob(sha256,len,file,bytes) VALUES(?1,?2,?3,?4)",
            ARGS(A_BLOB(k->sha256, HASH_LEN), A_INT(k->len), A_TEXT(k->p ? NULL : k->file),
                A_BLOB(k->p, (size_t)k->len))))
        return -1;
    *ref = sqlite3_last_insert_rowid(db->h);
    return 0;
}

void kept_done(struct kept *k, struct store *s, int rc, const struct err *e)
{
    free(k->owned);
    if (rc && k->file[0] && (!e || e->class != ERR_UNKNOWN))
        blob_unlink(s, k->file);
    memset(k, 0, sizeof(*k));
}

int blob_insert(int64_t *ref, struct db *db, const struct blob *b, struct err *e)
{
    struct kept k = {.len = b->len};
    int rc;

    *ref = 0;
    if (b->len == 0)
        return 0;
    if (b->len > STORE_INLINE_MAX)
        return err_set(e, ERR_INPUT, "store.value", "", "%llu bytes are too many to keep here",
            (unsigned long long)b->len);
    rc = hash_blob(k.sha256, b, e) || keep_inline(&k, b, e) || kept_insert(ref, db, &k, e);
    free(k.owned);
    return rc ? -1 : 0;
}

int blob_delete(char file[STORE_ID], struct db *db, int64_t ref, struct err *e)
{
    sqlite3_stmt *st =
        db_query(db, e, "DELETE FROM blob WHERE n=?1 RETURNING file", ARGS(A_INT(ref)));
    int rc = st ? db_step(db, st, e) : -1;

    file[0] = '\0';
    if (rc == 1) {
        const unsigned char *name = sqlite3_column_text(st, 0);
        if (name && strlen((const char *)name) < STORE_ID)
            memcpy(file, name, strlen((const char *)name) + 1);
        rc = db_step(db, st, e);
    }
    return rc;
}

/* Its row is gone or never came: should this fail, the file is an orphan for store_recover. */
void blob_unlink(struct store *s, const char *file)
{
    (void)FAULT("store.before_unlink");
    if (file[0])
        (void)unlinkat(s->payload_dirfd, file, 0);
}

static int damaged(struct err *e, int64_t ref, const char *what)
{
    (void)err_set(
        e, ERR_CONFIG, "store.damaged", "", "stored bytes %lld: %s", (long long)ref, what);
    return err_next(e, "look at the disk; restore the spool folder from a backup");
}

static int open_file(struct store_blob *out, struct store *s, int64_t ref, const char *name,
    int64_t len, struct err *e)
{
    struct stat st;

    out->fd = openat(s->payload_dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (out->fd < 0 && errno == ENOENT)
        return damaged(e, ref, "the file is missing");
    if (out->fd < 0)
        return err_errno(e, "store.io", "open", name);
    if (fstat(out->fd, &st) || st.st_size != len)
        return damaged(e, ref, "the file has another length");
    out->blob = blob_fd(out->fd, 0, (uint64_t)len);
    return 0;
}

static int read_row(
    struct store_blob *out, struct store *s, struct db *db, int64_t ref, struct err *e)
{
    sqlite3_stmt *st =
        db_query(db, e, "SELECT sha256,len,file,bytes FROM blob WHERE n=?1", ARGS(A_INT(ref)));
    int rc = st ? db_step(db, st, e) : -1;
    size_t n;

    if (rc < 0)
        return -1;
    if (rc == 0)
        return damaged(e, ref, "there is no such reference");
    db_hash(out->sha256, st, 0);
    if (sqlite3_column_type(st, 2) != SQLITE_NULL) {
        rc = open_file(
            out, s, ref, (const char *)sqlite3_column_text(st, 2), sqlite3_column_int64(st, 1), e);
        db_done(st);
        return rc;
    }
    n = (size_t)sqlite3_column_bytes(st, 3);
    out->owned = malloc(n ? n : 1);
    if (out->owned && n)
        memcpy(out->owned, sqlite3_column_blob(st, 3), n);
    out->blob = blob_mem(out->owned, n);
    db_done(st);
    return out->owned ? 0 : err_nomem(e);
}

int store_blob_open(struct store_blob *out, struct store *s, int64_t ref, struct err *e)
{
    struct db *db = reader_take(s, e);
    uint8_t is[HASH_LEN];
    int rc;

    *out = (struct store_blob){.fd = -1};
    if (!db)
        return -1;
    rc = read_row(out, s, db, ref, e);
    reader_give(s, db);
    if (!rc && FAULT("store.read"))
        rc = err_errno(e, "store.io", "read", "payload");
    rc = rc || hash_blob(is, &out->blob, e);
    if (!rc && memcmp(is, out->sha256, HASH_LEN) != 0)
        rc = damaged(e, ref, "they are not what was stored (SHA-256 differs)");
    if (rc)
        store_blob_close(out);
    return rc ? -1 : 0;
}

void store_blob_close(struct store_blob *b)
{
    free(b->owned);
    if (b->fd >= 0)
        (void)close(b->fd);
    *b = (struct store_blob){.fd = -1};
}
