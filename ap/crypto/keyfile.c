/* keyfile.c - keys as authorities and portals give them: PEM in one file or two, or PKCS#12. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <string.h>

#include "ap/crypto/keyring.h"
#include "ap/crypto/rsa_priv.h"

static int unreadable(struct err *e, const char *code, const char *why)
{
    ERR_clear_error();
    return err_set(e, ERR_INPUT, code, "", "%s", why);
}

static int password_of(char *out, int size, int rw, void *u)
{
    size_t n = u ? strlen(u) : 0;

    (void)rw;
    if (!u || n > (size_t)size) /* -1: else OpenSSL would ask on the terminal */
        return -1;
    memcpy(out, u, n);
    return (int)n;
}

static EVP_PKEY *pem_key(struct str text, const char *password)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    union {
        const char *in;
        void *out;
    } pass = {password};
    EVP_PKEY *k = bio ? PEM_read_bio_PrivateKey(bio, NULL, password_of, pass.out) : NULL;

    BIO_free(bio);
    return k;
}

/* The next certificate at or behind `at`, with its armour; empty when there is none. */
static struct str next_cert(struct str file, size_t *at)
{
    static const char last[] = "-----END CERTIFICATE-----";
    struct str s = str_sub(file, *at, file.n);
    size_t begin = str_find(s, STR("-----BEGIN CERTIFICATE-----")), end;

    s = str_sub(s, begin, s.n);
    end = str_find(s, STR(last));
    end += end < s.n ? strlen(last) : 0;
    *at += begin + end;
    return str_sub(s, 0, end);
}

/* Portals write the chain beside it, in either order. The first, when none fits: that is told. */
static int choose_cert(struct cert **out, struct str file, EVP_PKEY *key, struct err *e)
{
    struct cert *c;
    size_t at = 0;

    if (cert_from_text(out, next_cert(file, &at), e))
        return -1;
    for (struct str s = next_cert(file, &at); s.n && EVP_PKEY_eq(key, (*out)->pub) != 1;
         s = next_cert(file, &at)) {
        if (cert_from_text(&c, s, NULL))
            continue;
        if (EVP_PKEY_eq(key, c->pub) == 1) {
            struct cert *first = *out;
            *out = c;
            c = first;
        }
        cert_unref(c);
    }
    return 0;
}

static int read_pem(struct cert **cert, EVP_PKEY **key, struct str file, struct str key_text,
    const char *password, struct err *e)
{
    struct str from = key_text.n ? key_text : file;

    if (!(*key = pem_key(from, password)))
        return str_find(from, STR("ENCRYPTED")) < from.n
                   ? unreadable(e, "key.password", "the key needs a password, or another one")
                   : unreadable(e, "key.unreadable", "there is no private key in it");
    if (str_find(file, STR("BEGIN CERTIFICATE")) == file.n) {
        (void)unreadable(e, "cert.malformed", "there is no certificate in it");
        return err_next(e, "give the file with the certificate, and the key's with --key");
    }
    return choose_cert(cert, file, *key, e);
}

/* Portals still export with RC2 and 3DES: OpenSSL keeps those apart. Without that provider such a
 * file is refused. */
static int read_p12(
    struct cert **cert, EVP_PKEY **key, PKCS12 *p12, const char *password, struct err *e)
{
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
    const char *pass = password ? password : "";
    unsigned char *der = NULL;
    X509 *x = NULL;
    int n, rc;

    if (!PKCS12_verify_mac(p12, pass, -1))
        rc = unreadable(e, "key.password", "the PKCS#12 file does not open with this password");
    else if (!PKCS12_parse(p12, pass, key, &x, NULL) || !*key || !x)
        rc = unreadable(e, "key.unreadable", "the PKCS#12 file holds no key with its certificate");
    else if ((n = i2d_X509(x, &der)) <= 0)
        rc = err_nomem(e);
    else
        rc = cert_from_der(cert, (struct str){(char *)der, (size_t)n}, e);
    OPENSSL_free(der);
    X509_free(x);
    if (legacy)
        (void)OSSL_PROVIDER_unload(legacy);
    ERR_clear_error();
    return rc;
}

static int write_key(struct buf *out, EVP_PKEY *key, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *p = NULL;
    long n;
    bool ok = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (ok && (n = BIO_get_mem_data(bio, &p)) > 0)
        buf_add(out, p, (size_t)n);
    BIO_free(bio);
    ERR_clear_error();
    return ok ? buf_check(out, e) : err_nomem(e);
}

static int belong(const struct cert *c, EVP_PKEY *key, struct err *e)
{
    int bits = EVP_PKEY_get_bits(key);

    if (!EVP_PKEY_is_a(key, "RSA") || bits < 2048 || bits > 8 * RSA_MAX_BYTES)
        return err_set(
            e, ERR_INPUT, "key.size", "PEPPOL-PKI 2", "RSA of 2048 to 8192 bits is needed");
    if (EVP_PKEY_eq(key, c->pub) != 1)
        return err_set(
            e, ERR_INPUT, "key.mismatch", "", "the key is not that of the certificate %s", c->cn);
    return 0;
}

int keyring_parse(struct cert **cert, struct buf *key_pem, struct str file, struct str key,
    const char *password, struct err *e)
{
    const unsigned char *p = (const unsigned char *)file.p;
    PKCS12 *p12 = file.n && file.p[0] == 0x30 ? d2i_PKCS12(NULL, &p, (long)file.n) : NULL;
    EVP_PKEY *k = NULL;
    int rc;

    *cert = NULL;
    if (file.n && file.p[0] == 0x30 && !p12)
        rc = unreadable(e, "key.unreadable", "neither PEM nor PKCS#12");
    else if (p12)
        rc = read_p12(cert, &k, p12, password, e);
    else
        rc = read_pem(cert, &k, file, key, password, e);
    if (!rc)
        rc = belong(*cert, k, e) || write_key(key_pem, k, e) ? -1 : 0;
    if (rc) {
        cert_unref(*cert);
        *cert = NULL;
    }
    EVP_PKEY_free(k);
    PKCS12_free(p12);
    ERR_clear_error();
    return rc;
}
