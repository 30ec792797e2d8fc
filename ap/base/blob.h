/* blob.h - bytes by reference, in memory or in a file; and where growing bytes are put.
 *
 * Payloads up to 512 MB pass through us at flat memory. So the parts of a message are never passed
 * as "pointer and length" but as a `struct blob`: a borrowed range of memory or of an open file.
 * What is produced is written into a `struct spool`: memory up to `keep` bytes, beyond that an
 * unnamed temporary file (O_TMPFILE: a crash leaves nothing behind), which spool_link() can make
 * durable under a name. A `struct sink` is the write end of a pipeline (gzip, digest, cipher,
 * spool). */
#ifndef AP_BASE_BLOB_H
#define AP_BASE_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"

struct blob {
    const void *mem; /* not NULL: bytes are mem[0..len); else in fd at off */
    int fd;
    uint64_t off, len;
};

static inline struct blob blob_mem(const void *p, size_t n)
{
    return (struct blob){p ? p : "", -1, 0, n};
}
static inline struct blob blob_str(struct str s)
{
    return blob_mem(s.p, s.n);
}
static inline struct blob blob_fd(int fd, uint64_t off, uint64_t len)
{
    return (struct blob){NULL, fd, off, len};
}
struct blob blob_sub(struct blob b, uint64_t off, uint64_t len); /* clipped to b */

/* Read exactly n bytes at off; a short file is io.truncated. Any thread (pread). */
int blob_read(const struct blob *b, uint64_t off, void *dst, size_t n, struct err *e) MUST_CHECK;
/* Append the whole blob to out; fails when it passes out's maximum. */
int blob_load(struct buf *out, const struct blob *b, struct err *e) MUST_CHECK;

struct sink {
    int (*write)(void *ctx, const void *p, size_t n, struct err *e); /* 0 or -1 */
    void *ctx;
};
static inline int sink_write(const struct sink *s, const void *p, size_t n, struct err *e)
{
    return s->write(s->ctx, p, n, e);
}
/* Pass all bytes of b to s in pieces of at most 64 KiB. */
int blob_copy(const struct blob *b, const struct sink *s, struct err *e) MUST_CHECK;
struct sink sink_buf(struct buf *b);

struct spool {
    struct buf mem;
    int dirfd, fd; /* dirfd borrowed; -1: memory only */
    size_t keep;
    uint64_t len, max;
};

/* `dirfd`: folder for the temporary file, borrowed for the spool's life, or -1 to stay in memory.
 * Past `max` bytes a write fails with limit.size (ERR_INPUT). Nothing is allocated yet. */
void spool_init(struct spool *s, int dirfd, size_t keep, uint64_t max);
void spool_free(struct spool *s); /* fine after init or when zeroed with fd = -1 */
int spool_write(struct spool *s, const void *p, size_t n, struct err *e) MUST_CHECK;
struct sink spool_sink(struct spool *s);
struct blob spool_blob(const struct spool *s); /* valid until the next write or free */
/* Make the bytes durable as dirfd/name: data, then link, then the folder, each fsynced and checked.
 * An existing file of that name is an error (EEXIST). The spool stays readable. */
int spool_link(struct spool *s, int dirfd, const char *name, struct err *e) MUST_CHECK;

#endif
