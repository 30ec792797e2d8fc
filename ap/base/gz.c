#include "ap/base/gz.h"

#include <string.h>
#include <zlib.h>

#define PIECE 32768u

/* One piece of `in` at `off` into z; *last when it ends there. */
static int feed(
    z_stream *z, unsigned char *piece, const struct blob *in, uint64_t *off, struct err *e)
{
    size_t n = in->len - *off < PIECE ? (size_t)(in->len - *off) : PIECE;

    if (blob_read(in, *off, piece, n, e))
        return -1;
    *off += n;
    z->next_in = piece;
    z->avail_in = (uInt)n;
    return 0;
}

int gz_compress(struct sink *out, const struct blob *in, struct err *e)
{
    unsigned char piece[PIECE], made[PIECE];
    z_stream z = {0};
    uint64_t off = 0;
    int rc = -1, st = Z_OK;

    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_nomem(e);
    while (st != Z_STREAM_END) {
        if (z.avail_in == 0 && off < in->len && feed(&z, piece, in, &off, e))
            goto done;
        z.next_out = made;
        z.avail_out = sizeof(made);
        st = deflate(&z, off == in->len ? Z_FINISH : Z_NO_FLUSH);
        if (st != Z_OK && st != Z_STREAM_END && st != Z_BUF_ERROR) {
            (void)err_set(e, ERR_BUG, "gzip.deflate", "", "zlib failed: %d", st);
            goto done;
        }
        if (sink_write(out, made, sizeof(made) - z.avail_out, e))
            goto done;
    }
    rc = 0;
done:
    (void)deflateEnd(&z);
    return rc;
}

static int broken(struct err *e, const char *why)
{
    (void)err_set(e, ERR_INPUT, "gzip.broken", "AS4 3.1", "compressed part: %s", why);
    return err_ebms(e, "EBMS:0303");
}

static int within(uint64_t made, uint64_t taken, const struct gz_limits *l, struct err *e)
{
    if (made <= l->max_out &&
        (!l->max_ratio || made <= (1u << 20) || made / (taken + 1) <= l->max_ratio))
        return 0;
    (void)err_set(e, ERR_INPUT, "gzip.bomb", "AS4 3.1",
        "compressed part inflates past %llu bytes or %u times its size",
        (unsigned long long)l->max_out, l->max_ratio);
    return err_ebms(e, "EBMS:0303");
}

int gz_inflate(struct sink *out, const struct blob *in, const struct gz_limits *l, struct err *e)
{
    unsigned char piece[PIECE], made[PIECE];
    z_stream z = {0};
    uint64_t off = 0, total = 0;
    int rc = -1, st = Z_OK;

    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return err_nomem(e);
    while (st != Z_STREAM_END) {
        if (z.avail_in == 0 && off < in->len && feed(&z, piece, in, &off, e))
            goto done;
        z.next_out = made;
        z.avail_out = sizeof(made);
        st = inflate(&z, Z_NO_FLUSH);
        if (st == Z_BUF_ERROR && off == in->len) {
            (void)broken(e, "cut short");
            goto done;
        }
        if (st != Z_OK && st != Z_STREAM_END && st != Z_BUF_ERROR) {
            (void)broken(e, z.msg ? z.msg : "not gzip");
            goto done;
        }
        total += sizeof(made) - z.avail_out;
        if (within(total, off - z.avail_in, l, e) ||
            sink_write(out, made, sizeof(made) - z.avail_out, e))
            goto done;
    }
    rc = z.avail_in || off < in->len ? broken(e, "bytes after its end") : 0;
done:
    (void)inflateEnd(&z);
    return rc;
}
