#include "ap/base/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/base/fsx.h"

#define PIECE 65536u

struct blob blob_sub(struct blob b, uint64_t off, uint64_t len)
{
    if (off > b.len)
        off = b.len;
    if (len > b.len - off)
        len = b.len - off;
    if (b.mem)
        return (struct blob){(const char *)b.mem + off, -1, 0, len};
    return (struct blob){NULL, b.fd, b.off + off, len};
}

int blob_read(const struct blob *b, uint64_t off, void *dst, size_t n, struct err *e)
{
    size_t done = 0;

    if (off > b->len || n > b->len - off)
        return err_set(e, ERR_BUG, "io.range", "", "read past the end of a blob");
    if (b->mem) {
        if (n)
            memcpy(dst, (const char *)b->mem + off, n);
        return 0;
    }
    while (done < n) {
        ssize_t got = pread(b->fd, (char *)dst + done, n - done, (off_t)(b->off + off + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, "io.read", "pread", "spool file");
        if (got == 0)
            return err_set(e, ERR_RETRY, "io.truncated", "", "file is shorter than recorded");
        done += (size_t)got;
    }
    return 0;
}

int blob_copy(const struct blob *b, const struct sink *s, struct err *e)
{
    char piece[PIECE];

    for (uint64_t off = 0; off < b->len;) {
        size_t n = b->len - off < PIECE ? (size_t)(b->len - off) : PIECE;
        const void *p = b->mem ? (const char *)b->mem + off : piece;
        if (!b->mem && blob_read(b, off, piece, n, e))
            return -1;
        if (sink_write(s, p, n, e))
            return -1;
        off += n;
    }
    return 0;
}

static int buf_write(void *ctx, const void *p, size_t n, struct err *e)
{
    buf_add(ctx, p, n);
    return buf_check(ctx, e);
}

struct sink sink_buf(struct buf *b)
{
    return (struct sink){buf_write, b};
}

int blob_load(struct buf *out, const struct blob *b, struct err *e)
{
    struct sink s = sink_buf(out);

    if (b->len > out->max - out->n)
        return err_set(e, ERR_INPUT, "limit.size", "", "%llu bytes, at most %zu are taken here",
            (unsigned long long)b->len, out->max);
    return blob_copy(b, &s, e);
}

void spool_init(struct spool *s, int dirfd, size_t keep, uint64_t max)
{
    *s = (struct spool){.dirfd = dirfd, .fd = -1, .keep = keep, .max = max};
    buf_init(&s->mem, dirfd < 0 ? (size_t)max : keep);
}

void spool_free(struct spool *s)
{
    buf_free(&s->mem);
    if (s->fd >= 0)
        (void)close(s->fd); /* an unnamed file: nothing can be lost by a failing close */
    s->fd = -1;
    s->len = 0;
}

static int write_all(int fd, const void *p, size_t n, struct err *e)
{
    size_t done = 0;

    while (done < n) {
        ssize_t put;
        if (FAULT("base.spool_write"))
            return err_errno(e, "spool.write", "write", "spool file");
        put = write(fd, (const char *)p + done, n - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_errno(e, "spool.write", "write", "spool file");
        done += (size_t)put;
    }
    return 0;
}

/* Go from memory to the unnamed file. */
static int spill(struct spool *s, struct err *e)
{
    s->fd = openat(s->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0)
        return err_errno(e, "spool.open", "open O_TMPFILE", "spool folder");
    if (write_all(s->fd, s->mem.p, s->mem.n, e))
        return -1;
    buf_free(&s->mem);
    return 0;
}

int spool_write(struct spool *s, const void *p, size_t n, struct err *e)
{
    if (n > s->max - s->len)
        return err_set(
            e, ERR_INPUT, "limit.size", "", "more than %llu bytes", (unsigned long long)s->max);
    if (s->fd < 0 && s->dirfd >= 0 && n > s->keep - s->mem.n && spill(s, e))
        return -1;
    if (s->fd >= 0 && write_all(s->fd, p, n, e))
        return -1;
    if (s->fd < 0) {
        buf_add(&s->mem, p, n);
        if (buf_check(&s->mem, e))
            return -1;
    }
    s->len += n;
    return 0;
}

static int spool_sink_write(void *ctx, const void *p, size_t n, struct err *e)
{
    return spool_write(ctx, p, n, e);
}

struct sink spool_sink(struct spool *s)
{
    return (struct sink){spool_sink_write, s};
}

struct blob spool_blob(const struct spool *s)
{
    return s->fd >= 0 ? blob_fd(s->fd, 0, s->len) : blob_mem(s->mem.p, s->mem.n);
}

int spool_link(struct spool *s, int dirfd, const char *name, struct err *e)
{
    char self[64];

    if (s->fd < 0 && spill(s, e))
        return -1;
    if (fsx_sync(s->fd, name, e))
        return -1;
    (void)FAULT("base.spool_synced");
    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", s->fd);
    if (FAULT("base.spool_link") || linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW))
        return err_errno(e, "spool.link", "link", name);
    (void)FAULT("base.spool_linked");
    return fsx_sync(dirfd, name, e);
}
