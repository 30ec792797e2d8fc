/* store_wal.c - the write-ahead log looked at before SQLite reads it (SQLite's file format, 4).
 *
 * SQLite takes the log up to its last whole commit and ignores the rest without a word. A rest is
 * left by a commit that was cut off: only one can be, since each is fsynced before the next begins.
 * Whole commits behind a broken one were fsynced once: the disk has lost what had been accepted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/store/store_priv.h"

#define HEAD 32u
#define FRAME_HEAD 24u
#define MAGIC 0x377f0682u /* + 1: words are summed big-endian */
#define PAGE_MIN 512u
#define PAGE_MAX 65536u

struct wal {
    int fd;
    bool big;
    uint32_t page;
    uint8_t salts[8];
    uint64_t frames; /* whole ones in the file */
    uint8_t *frame;  /* the one read last */
};

static uint32_t word(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void sum(uint32_t s[2], const uint8_t *p, size_t n, bool big)
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        s[0] += word(p + i, big) + s[1];
        s[1] += word(p + i + 4, big) + s[0];
    }
}

static bool sums_to(const uint32_t s[2], const uint8_t *stored)
{
    return s[0] == word(stored, true) && s[1] == word(stored + 4, true);
}

static int wal_read(const struct wal *w, void *out, size_t n, uint64_t at, struct err *e)
{
    ssize_t got = pread(w->fd, out, n, (off_t)at);

    return got == (ssize_t)n ? 0 : err_errno(e, "store.io", "read", "aviso.db-wal");
}

/* A frame of this log (an older one lies behind its end), and what it says. */
static int load(struct wal *w, uint64_t i, bool *ours, struct err *e)
{
    if (wal_read(w, w->frame, FRAME_HEAD + w->page, HEAD + i * (FRAME_HEAD + w->page), e))
        return -1;
    *ours = memcmp(w->frame + 8, w->salts, sizeof(w->salts)) == 0;
    return 0;
}

static bool is_commit(const struct wal *w)
{
    return word(w->frame + 4, true) != 0;
}

/* Does it follow the frame that summed to s? Then s is what it sums to. */
static bool follows(const struct wal *w, uint32_t s[2])
{
    uint32_t now[2] = {s[0], s[1]};

    sum(now, w->frame, 8, w->big);
    sum(now, w->frame + FRAME_HEAD, w->page, w->big);
    if (!sums_to(now, w->frame + 16))
        return false;
    memcpy(s, now, sizeof(now));
    return true;
}

static void stored_sum(const struct wal *w, uint32_t s[2])
{
    s[0] = word(w->frame + 16, true);
    s[1] = word(w->frame + 20, true);
}

struct rest {           /* what stands behind the last frame that can be used */
    unsigned long lost; /* commits, each frame following the one before it */
    uint64_t end;       /* behind the last frame of this log */
};

static int read_rest(struct wal *w, uint64_t i, struct rest *r, struct err *e)
{
    bool ours = true, behind = false, follow = true; /* behind the commit that is broken at i */
    uint32_t s[2] = {0, 0};

    *r = (struct rest){0, i};
    for (; i < w->frames; i++) {
        if (load(w, i, &ours, e))
            return -1;
        follow = follow && (!behind || (ours && follows(w, s)));
        r->lost += behind && follow && is_commit(w);
        behind = behind || (ours && is_commit(w));
        r->end = ours ? i + 1 : r->end;
        stored_sum(w, s);
    }
    return 0;
}

static int damaged(struct err *e, uint64_t frame, unsigned long lost)
{
    (void)err_set(e, ERR_CONFIG, "store.damaged", "",
        "the journal is damaged (aviso.db-wal, frame %llu): %lu commits behind it, which were on "
        "disk, would be lost",
        (unsigned long long)frame + 1, lost);
    return err_next(
        e, "keep a copy of the spool, look at the disk (dmesg), restore a backup; see docs/ops.md");
}

static int walk(struct wal *w, uint64_t size, uint64_t *cut, struct err *e)
{
    uint8_t head[HEAD];
    uint32_t s[2] = {0, 0};
    uint64_t i, whole = 0; /* frames up to the last whole commit */
    struct rest r;
    bool ours = true;

    if (wal_read(w, head, HEAD, 0, e))
        return -1;
    sum(s, head, 24, w->big);
    if (!sums_to(s, head + 24)) /* then nothing of it counts: was there anything? */
        return w->frames && (load(w, 0, &ours, e) || (ours && damaged(e, 0, 1))) ? -1 : 0;
    for (i = 0; i < w->frames; i++) {
        if (load(w, i, &ours, e))
            return -1;
        if (!ours || !follows(w, s))
            break;
        whole = is_commit(w) ? i + 1 : whole;
    }
    if (read_rest(w, i, &r, e))
        return -1;
    if (r.lost)
        return damaged(e, i, r.lost);
    *cut = (r.end - whole) * (FRAME_HEAD + w->page);
    if (r.end == w->frames) /* then a part of a frame behind it is its own too */
        *cut += size - HEAD - w->frames * (FRAME_HEAD + w->page);
    return 0;
}

static int look(int fd, uint64_t size, uint64_t *cut, struct err *e)
{
    struct wal w = {.fd = fd};
    uint8_t head[HEAD];
    uint32_t magic;
    int rc;

    if (wal_read(&w, head, HEAD, 0, e))
        return -1;
    magic = word(head, true);
    w.big = magic & 1;
    w.page = word(head + 8, true);
    memcpy(w.salts, head + 16, sizeof(w.salts));
    if (size < HEAD + FRAME_HEAD + PAGE_MIN) {
        *cut = size;
        return 0;
    }
    if ((magic & ~1u) != MAGIC || w.page < PAGE_MIN || w.page > PAGE_MAX || w.page & (w.page - 1))
        return damaged(e, 0, 1);
    w.frames = (size - HEAD) / (FRAME_HEAD + w.page);
    if (!(w.frame = malloc(FRAME_HEAD + w.page)))
        return err_nomem(e);
    rc = walk(&w, size, cut, e);
    free(w.frame);
    return rc;
}

int wal_look(uint64_t *cut, int dirfd, struct err *e)
{
    int fd = openat(dirfd, "aviso.db-wal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    int rc = 0;

    *cut = 0;
    if (fd < 0)
        return errno == ENOENT ? 0 : err_errno(e, "store.io", "open", "aviso.db-wal");
    if (fstat(fd, &st))
        rc = err_errno(e, "store.io", "look at", "aviso.db-wal");
    else if (st.st_size >= (off_t)HEAD)
        rc = look(fd, (uint64_t)st.st_size, cut, e);
    else
        *cut = (uint64_t)st.st_size;
    (void)close(fd);
    return rc;
}
