#include "ap/crypto/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"

#define DER_MAX (32 * 1024)
#define TEXT_MAX (64 * 1024)

/* Parsing a certificate costs as much as verifying a signature with it, and the same few hundred
 * come again and again: the last ones parsed are kept, by digest. */
#define CACHE 256
static struct cert *cache[CACHE];
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

static int malformed(struct err *e, const char *what)
{
    ERR_clear_error();
    return err_set(e, ERR_INPUT, "cert.malformed", "RFC 5280 4.1", "certificate: %s", what);
}

/* The one value of this attribute, when it is short printable ASCII; else "": two CNs are none. */
static void name_part(char *out, size_t size, const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *text = NULL;
    int n;

    out[0] = '\0';
    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
        return;
    n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (n > 0 && (size_t)n < size) {
        bool plain = true;
        for (int i = 0; i < n; i++)
            plain = plain && text[i] >= 0x20 && text[i] < 0x7f;
        if (plain) {
            memcpy(out, text, (size_t)n);
            out[n] = '\0';
        }
    }
    OPENSSL_free(text);
}

static bool serial_hex(char out[CERT_SERIAL], const X509 *x)
{
    const ASN1_INTEGER *s = X509_get0_serialNumber(x);
    int n = s ? ASN1_STRING_length(s) : 0;

    if (n <= 0 || 2 * n >= CERT_SERIAL || ASN1_STRING_type(s) == V_ASN1_NEG_INTEGER)
        return false;
    enc_hex(out, ASN1_STRING_get0_data(s), (size_t)n);
    return true;
}

static bool time_ms(int64_t *out, const ASN1_TIME *t)
{
    struct tm tm;

    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm) * 1000;
    return true;
}

static int fill(struct cert *c, struct str der, struct err *e)
{
    const unsigned char *p = (const unsigned char *)der.p;

    c->x = d2i_X509(NULL, &p, (long)der.n);
    if (!c->x)
        return malformed(e, "not DER of X.509");
    if (p != (const unsigned char *)der.p + der.n)
        return malformed(e, "bytes follow it");
    c->pub = X509_get_pubkey(c->x);
    if (!c->pub)
        return malformed(e, "public key cannot be read");
    if (!serial_hex(c->serial, c->x))
        return malformed(e, "serial number");
    if (!time_ms(&c->not_before, X509_get0_notBefore(c->x)) ||
        !time_ms(&c->not_after, X509_get0_notAfter(c->x)))
        return malformed(e, "validity");
    name_part(c->cn, sizeof(c->cn), X509_get_subject_name(c->x), NID_commonName);
    name_part(c->issuer_cn, sizeof(c->issuer_cn), X509_get_issuer_name(c->x), NID_commonName);
    buf_init(&c->der, DER_MAX);
    buf_str(&c->der, der);
    ERR_clear_error();
    return buf_check(&c->der, e);
}

static struct cert *cached(const uint8_t sha256[HASH_LEN])
{
    struct cert *c, *hit = NULL;

    pthread_mutex_lock(&cache_lock);
    c = cache[sha256[0]];
    if (c && memcmp(c->sha256, sha256, HASH_LEN) == 0)
        hit = cert_ref(c);
    pthread_mutex_unlock(&cache_lock);
    return hit;
}

static void remember(struct cert *c)
{
    struct cert *old;

    pthread_mutex_lock(&cache_lock);
    old = cache[c->sha256[0]];
    cache[c->sha256[0]] = cert_ref(c);
    pthread_mutex_unlock(&cache_lock);
    cert_unref(old);
}

int cert_from_der(struct cert **out, struct str der, struct err *e)
{
    uint8_t sha256[HASH_LEN];
    struct cert *c;

    if (der.n == 0 || der.n > DER_MAX)
        return malformed(e, "empty or too large");
    if (hash_of(sha256, der.p, der.n, e))
        return -1;
    c = cached(sha256);
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            return err_nomem(e);
        c->refs = 1;
        memcpy(c->sha256, sha256, HASH_LEN);
        if (fill(c, der, e)) {
            cert_unref(c);
            return -1;
        }
        remember(c);
    }
    *out = c;
    return 0;
}

/*= SMP 1.4.0 5 "the certificate is base64 of DER" */
int cert_from_text(struct cert **out, struct str text, struct err *e)
{
    static const struct str begin = {"-----BEGIN CERTIFICATE-----", 27},
                            end = {"-----END CERTIFICATE-----", 25};
    struct buf der;
    size_t at;
    int rc;

    if (text.n > TEXT_MAX)
        return malformed(e, "too large");
    at = str_find(text, begin);
    if (at < text.n) {
        text = str_sub(text, at + begin.n, text.n);
        at = str_find(text, end);
        if (at == text.n)
            return malformed(e, "PEM without its end line");
        text = str_sub(text, 0, at);
    }
    buf_init(&der, DER_MAX);
    rc = enc_unb64(&der, text, NULL) ? malformed(e, "not base64")
                                     : cert_from_der(out, buf_view(&der), e);
    buf_free(&der);
    return rc;
}

int cert_from_pem_file(struct cert **out, const char *path, struct err *e)
{
    struct buf text;
    int rc;

    buf_init(&text, TEXT_MAX);
    rc = fsx_read_file(&text, path, e);
    if (!rc && cert_from_text(out, buf_view(&text), e))
        rc = err_wrap(e, "%s: ", path);
    buf_free(&text);
    return rc;
}

struct cert *cert_ref(struct cert *c)
{
    if (c)
        __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    return c;
}

void cert_unref(struct cert *c)
{
    if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    X509_free(c->x);
    EVP_PKEY_free(c->pub);
    buf_free(&c->der);
    free(c);
}

bool cert_same(const struct cert *a, const struct cert *b)
{
    return a && b && memcmp(a->sha256, b->sha256, HASH_LEN) == 0;
}

void cert_b64(struct buf *out, const struct cert *c)
{
    enc_b64(out, c->der.p, c->der.n);
}
