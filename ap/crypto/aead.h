/* aead.h - AES-128-GCM as XML Encryption 1.1 puts it on the wire: IV (12) || ciphertext || tag
 * (16).
 *
 * Streaming, flat memory. When opening, plaintext is written to `out` before the tag is known: the
 * caller must throw it away on error and not act on it before 0 is returned. */
#ifndef AP_CRYPTO_AEAD_H
#define AP_CRYPTO_AEAD_H

#include "ap/base/blob.h"

#define AEAD_KEY 16
#define AEAD_OVERHEAD 28

/* As a sink: create, write plaintext, finish. `out` receives IV, ciphertext, tag. */
struct aead_seal {
    void *ctx;
    struct sink out;
};
int aead_seal_begin(
    struct aead_seal *s, const uint8_t key[AEAD_KEY], struct sink out, struct err *e) MUST_CHECK;
struct sink aead_seal_sink(struct aead_seal *s);
int aead_seal_end(struct aead_seal *s, struct err *e) MUST_CHECK; /* always call; frees */

/* Tag wrong or input shorter than 28 bytes: aead.open, EBMS:0102, one text for all. */
int aead_open(
    struct sink *out, const struct blob *in, const uint8_t key[AEAD_KEY], struct err *e) MUST_CHECK;

#endif
