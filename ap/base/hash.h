/* hash.h - SHA-256, whole or in pieces. One thread at a time per context. */
#ifndef AP_BASE_HASH_H
#define AP_BASE_HASH_H

#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/err.h"

#define HASH_LEN 32
#define HASH_HEX (2 * HASH_LEN + 1)

struct hash {
    void *md;         /* EVP_MD_CTX; NULL when memory was out: then final() fails */
    struct sink next; /* for hash_sink: bytes are passed on; write NULL = the end of the line */
};

void hash_init(struct hash *h);
void hash_add(struct hash *h, const void *p, size_t n);
int hash_final(struct hash *h, uint8_t out[HASH_LEN], struct err *e) MUST_CHECK; /* frees h */
void hash_drop(struct hash *h); /* without result */
/* A sink that digests and passes on to `next` (next.write may be NULL). */
struct sink hash_sink(struct hash *h, struct sink next);

int hash_of(uint8_t out[HASH_LEN], const void *p, size_t n, struct err *e) MUST_CHECK;
int hash_blob(uint8_t out[HASH_LEN], const struct blob *b, struct err *e) MUST_CHECK;

#endif
