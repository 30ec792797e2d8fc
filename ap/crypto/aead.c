#include "ap/crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "ap/base/rnd.h"

/*= XMLENC 1.1 5.2.4 "12 octets of IV, ciphertext, 16 of tag" */
#define IV 12
#define TAG 16
#define STEP (16 * 1024)

/* Fetched once: OpenSSL 3 looks an algorithm up by name at each use of EVP_aes_128_gcm(). */
static EVP_CIPHER *gcm;
static pthread_once_t gcm_once = PTHREAD_ONCE_INIT;

static void gcm_fetch(void)
{
    gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
}

static EVP_CIPHER_CTX *begin(const uint8_t key[AEAD_KEY], const uint8_t iv[IV], int encrypt)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

    (void)pthread_once(&gcm_once, gcm_fetch);
    if (c && gcm && EVP_CipherInit_ex2(c, gcm, key, iv, encrypt, NULL) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

int aead_seal_begin(
    struct aead_seal *s, const uint8_t key[AEAD_KEY], struct sink out, struct err *e)
{
    uint8_t iv[IV];

    rnd_bytes(iv, sizeof(iv));
    *s = (struct aead_seal){begin(key, iv, 1), out};
    if (!s->ctx)
        return err_nomem(e);
    return sink_write(&s->out, iv, sizeof(iv), e);
}

static int seal_write(void *ctx, const void *p, size_t n, struct err *e)
{
    struct aead_seal *s = ctx;
    const uint8_t *in = p;
    uint8_t piece[STEP];

    if (!s->ctx)
        return err_nomem(e);
    for (size_t at = 0; at < n;) {
        int take = (int)(n - at < STEP ? n - at : STEP), made = 0;
        if (EVP_EncryptUpdate(s->ctx, piece, &made, in + at, take) != 1 || made != take)
            return err_nomem(e);
        if (sink_write(&s->out, piece, (size_t)made, e))
            return -1;
        at += (size_t)take;
    }
    return 0;
}

struct sink aead_seal_sink(struct aead_seal *s)
{
    return (struct sink){seal_write, s};
}

int aead_seal_end(struct aead_seal *s, struct err *e)
{
    uint8_t tag[TAG];
    int none = 0;
    int ok = s->ctx && EVP_EncryptFinal_ex(s->ctx, tag, &none) == 1 && none == 0 &&
             EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1;

    EVP_CIPHER_CTX_free(s->ctx);
    s->ctx = NULL;
    return ok ? sink_write(&s->out, tag, sizeof(tag), e) : err_nomem(e);
}

static int refused(struct err *e)
{
    ERR_clear_error();
    (void)err_set(e, ERR_PEER, "aead.open", "XMLENC11 5.2.4", "the ciphertext does not open");
    return err_ebms(e, "EBMS:0102");
}

struct opening {
    EVP_CIPHER_CTX *c;
    struct sink *out;
};

static int open_write(void *ctx, const void *p, size_t n, struct err *e)
{
    struct opening *o = ctx;
    const uint8_t *in = p;
    uint8_t piece[STEP];

    for (size_t at = 0; at < n;) {
        int take = (int)(n - at < STEP ? n - at : STEP), made = 0;
        if (EVP_DecryptUpdate(o->c, piece, &made, in + at, take) != 1 || made != take)
            return refused(e);
        if (sink_write(o->out, piece, (size_t)made, e))
            return -1;
        at += (size_t)take;
    }
    return 0;
}

int aead_open(struct sink *out, const struct blob *in, const uint8_t key[AEAD_KEY], struct err *e)
{
    uint8_t iv[IV], tag[TAG], rest[STEP];
    struct blob text;
    struct opening o = {NULL, out};
    struct sink s = {open_write, &o};
    int none = 0, rc = -1;

    if (in->len < AEAD_OVERHEAD)
        return refused(e);
    if (blob_read(in, 0, iv, IV, e) || blob_read(in, in->len - TAG, tag, TAG, e))
        return -1;
    o.c = begin(key, iv, 0);
    if (!o.c)
        return err_nomem(e);
    text = blob_sub(*in, IV, in->len - AEAD_OVERHEAD);
    if (blob_copy(&text, &s, e))
        goto done;
    if (EVP_CIPHER_CTX_ctrl(o.c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
        EVP_DecryptFinal_ex(o.c, rest, &none) == 1 && none == 0)
        rc = 0;
    else
        rc = refused(e);
done:
    EVP_CIPHER_CTX_free(o.c);
    return rc;
}
