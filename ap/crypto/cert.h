/* cert.h - one X.509 certificate, immutable and reference-counted: any thread may share it. */
#ifndef AP_CRYPTO_CERT_H
#define AP_CRYPTO_CERT_H

#include <openssl/x509.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/hash.h"

#define CERT_CN 65
#define CERT_SERIAL 65

struct cert {
    X509 *x;
    EVP_PKEY *pub;
    struct buf der;           /* exactly what was given */
    uint8_t sha256[HASH_LEN]; /* of der */
    char cn[CERT_CN];         /* subject CN, "" when absent or not printable ASCII */
    char issuer_cn[CERT_CN];
    char serial[CERT_SERIAL];      /* lower-case hex */
    int64_t not_before, not_after; /* ms UTC */
    unsigned refs;                 /* atomic */
};

/* One DER certificate and nothing after it. cert.malformed (ERR_INPUT). */
int cert_from_der(struct cert **out, struct str der, struct err *e) MUST_CHECK;
/* Base64 DER with or without PEM armour and white space (SMP, BinarySecurityToken). */
int cert_from_text(struct cert **out, struct str text, struct err *e) MUST_CHECK;
int cert_from_pem_file(
    struct cert **out, const char *path, struct err *e) MUST_CHECK; /* first one */
struct cert *cert_ref(struct cert *c);
void cert_unref(struct cert *c); /* NULL is fine */
bool cert_same(const struct cert *a, const struct cert *b);
void cert_b64(struct buf *out, const struct cert *c); /* one line */

#endif
