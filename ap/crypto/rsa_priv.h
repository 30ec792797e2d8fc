/* rsa_priv.h - the two private operations themselves, in whatever process holds the key. One thread
 * at a time: the contexts are set up once and used again and again. */
#ifndef AP_CRYPTO_RSA_PRIV_H
#define AP_CRYPTO_RSA_PRIV_H

#include <openssl/evp.h>

#include "ap/crypto/key.h"

#define RSA_MAX_BYTES 1024 /* RSA-8192 */

struct rsa {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign, *unwrap;
};

/* The key file must belong to this certificate. */
int rsa_load(
    struct rsa *out, const char *key_pem, const struct cert *cert, struct err *e) MUST_CHECK;
void rsa_free(struct rsa *r);
int rsa_sign(struct rsa *r, uint8_t out[RSA_MAX_BYTES], size_t *out_n,
    const uint8_t digest[HASH_LEN], struct err *e) MUST_CHECK;
int rsa_unwrap(struct rsa *r, uint8_t out[KEY_CEK_MAX], size_t *out_n, const void *ct, size_t n,
    struct err *e) MUST_CHECK;
/* The one error of unwrapping. */
int rsa_unwrap_failed(struct err *e);

#endif
