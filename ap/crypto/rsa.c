/* rsa.c - private RSA operations through EVP; and what the public half can do: verify, wrap. */
#include "ap/crypto/rsa_priv.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#define PEM_MAX (32 * 1024)

/* OpenSSL's type of callback: NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_password(char *out, int size, int rw, void *u)
{
    (void)out;
    (void)size;
    (void)rw;
    (void)u;
    return -1; /* else OpenSSL would ask on the terminal */
}

/* Read by hand into one place, so that no copy of the key file stays behind in freed memory. */
static int read_pem(EVP_PKEY **out, const char *path, struct err *e)
{
    char text[PEM_MAX];
    ssize_t got = 0, n = 0;
    BIO *bio = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = NULL;
    if (fd < 0)
        return err_errno(e, "key.unreadable", "open", path);
    while (n < PEM_MAX && (got = read(fd, text + n, (size_t)(PEM_MAX - n))) > 0)
        n += got;
    (void)close(fd);
    if (got == 0 && (bio = BIO_new_mem_buf(text, (int)n)))
        *out = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    OPENSSL_cleanse(text, sizeof(text));
    ERR_clear_error();
    return *out ? 0
                : err_set(e, ERR_CONFIG, "key.unreadable", "",
                      "%s: no private key in PEM without a password", path);
}

static EVP_PKEY_CTX *signer(EVP_PKEY *k)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);

    if (c && EVP_PKEY_sign_init(c) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1)
        return c;
    EVP_PKEY_CTX_free(c);
    return NULL;
}

/*= PEPPOL-AS4 5 "rsa-oaep with DigestMethod SHA-256 and MGF mgf1sha256" */
static bool oaep_params(EVP_PKEY_CTX *c)
{
    return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) == 1;
}

static EVP_PKEY_CTX *unwrapper(EVP_PKEY *k)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);

    if (c && EVP_PKEY_decrypt_init(c) == 1 && oaep_params(c))
        return c;
    EVP_PKEY_CTX_free(c);
    return NULL;
}

int rsa_load(struct rsa *out, const char *key_pem, const struct cert *cert, struct err *e)
{
    int bits;

    *out = (struct rsa){0};
    if (read_pem(&out->pkey, key_pem, e))
        return -1;
    bits = EVP_PKEY_get_bits(out->pkey);
    if (!EVP_PKEY_is_a(out->pkey, "RSA") || bits < 2048 || bits > 8 * RSA_MAX_BYTES) {
        (void)err_set(e, ERR_CONFIG, "key.size", "PEPPOL-PKI 2",
            "%s: RSA of 2048 to 8192 bits is needed", key_pem);
        goto fail;
    }
    if (EVP_PKEY_eq(out->pkey, cert->pub) != 1) {
        (void)err_set(e, ERR_CONFIG, "key.mismatch", "", "%s is not the key of the certificate %s",
            key_pem, cert->cn);
        goto fail;
    }
    out->sign = signer(out->pkey);
    out->unwrap = unwrapper(out->pkey);
    if (!out->sign || !out->unwrap) {
        (void)err_nomem(e);
        goto fail;
    }
    return 0;
fail:
    rsa_free(out);
    return -1;
}

void rsa_free(struct rsa *r)
{
    EVP_PKEY_CTX_free(r->sign);
    EVP_PKEY_CTX_free(r->unwrap);
    EVP_PKEY_free(r->pkey);
    *r = (struct rsa){0};
    ERR_clear_error();
}

int rsa_sign(struct rsa *r, uint8_t out[RSA_MAX_BYTES], size_t *out_n,
    const uint8_t digest[HASH_LEN], struct err *e)
{
    *out_n = RSA_MAX_BYTES;
    if (EVP_PKEY_sign(r->sign, out, out_n, digest, HASH_LEN) == 1)
        return 0;
    ERR_clear_error();
    return err_nomem(e);
}

int rsa_unwrap_failed(struct err *e)
{
    (void)err_set(e, ERR_PEER, "key.unwrap", "XMLENC11 5.5.2", "the content key does not unwrap");
    return err_ebms(e, "EBMS:0102");
}

int rsa_unwrap(
    struct rsa *r, uint8_t out[KEY_CEK_MAX], size_t *out_n, const void *ct, size_t n, struct err *e)
{
    uint8_t clear[RSA_MAX_BYTES];
    size_t len = sizeof(clear);
    int ok = EVP_PKEY_decrypt(r->unwrap, clear, &len, ct, n) == 1 && len <= KEY_CEK_MAX;

    ERR_clear_error();
    *out_n = ok ? len : 0;
    memset(out, 0, KEY_CEK_MAX);
    memcpy(out, clear, *out_n);
    OPENSSL_cleanse(clear, sizeof(clear));
    return ok ? 0 : rsa_unwrap_failed(e);
}

int rsa_verify_sha256(const struct cert *signer_cert, const uint8_t digest[HASH_LEN],
    const void *sig, size_t n, struct err *e)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(signer_cert->pub, NULL);
    int ok = c && EVP_PKEY_is_a(signer_cert->pub, "RSA") && EVP_PKEY_verify_init(c) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
             EVP_PKEY_verify(c, sig, n, digest, HASH_LEN) == 1;

    EVP_PKEY_CTX_free(c);
    ERR_clear_error();
    return ok ? 0
              : err_set(e, ERR_PEER, "key.verify", "RFC 8017 8.2.2",
                    "the signature value is not by %s", signer_cert->cn);
}

int oaep_wrap(
    struct buf *out, const struct cert *recipient, const void *cek, size_t n, struct err *e)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(recipient->pub, NULL);
    uint8_t wrapped[RSA_MAX_BYTES];
    size_t len = sizeof(wrapped);
    int ok = c && EVP_PKEY_is_a(recipient->pub, "RSA") &&
             EVP_PKEY_get_bits(recipient->pub) <= 8 * RSA_MAX_BYTES &&
             EVP_PKEY_encrypt_init(c) == 1 && oaep_params(c) &&
             EVP_PKEY_encrypt(c, wrapped, &len, cek, n) == 1;

    EVP_PKEY_CTX_free(c);
    ERR_clear_error();
    if (!ok)
        return err_set(e, ERR_PEER, "cert.weak", "PEPPOL-PKI 2",
            "cannot encrypt for the certificate of %s", recipient->cn);
    buf_add(out, wrapped, len);
    return buf_check(out, e);
}
