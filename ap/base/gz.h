/* gz.h - gzip (RFC 1952), streaming in both directions, bounded.
 *
 * Inflating is where a bomb goes off: output is capped absolutely and by ratio, and checked before
 * it is passed on. Exactly one member, nothing after it, CRC and length right; else gzip.broken.
 * One thread per call; flat memory (about 300 KiB compressing, 100 KiB inflating). */
#ifndef AP_BASE_GZ_H
#define AP_BASE_GZ_H

#include "ap/base/blob.h"

struct gz_limits {
    uint64_t max_out;   /* bytes */
    unsigned max_ratio; /* out/in, judged once out passes 1 MiB; 0: none */
};

int gz_compress(struct sink *out, const struct blob *in, struct err *e) MUST_CHECK;
/* gzip.broken, gzip.bomb (both ERR_INPUT with EBMS:0303); sink and read errors as they come. */
int gz_inflate(
    struct sink *out, const struct blob *in, const struct gz_limits *l, struct err *e) MUST_CHECK;

#endif
