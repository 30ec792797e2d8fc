#include "ap/http/webhook.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"

#define FILE_MAX 16384
#define SECRET_MIN 16
#define MAC_LEN 32

static int add(struct webhook_secrets *out, struct str line, const char *path, struct err *e)
{
    struct str plain = line;
    struct buf b;
    int rc = 0;

    buf_init(&b, WEBHOOK_SECRET_MAX);
    if (str_has_prefix(line, STR("whsec_"))) {
        rc = enc_unb64(&b, str_sub(line, 6, line.n), e);
        plain = buf_view(&b);
    }
    if (!rc && out->n < WEBHOOK_SECRETS && plain.n >= SECRET_MIN && plain.n <= WEBHOOK_SECRET_MAX) {
        memcpy(out->secret[out->n].key, plain.p, plain.n);
        out->secret[out->n++].n = plain.n;
    } else {
        rc = err_set(e, ERR_CONFIG, "webhook.secret", "Standard Webhooks 1.0",
            "%s: a secret is whsec_ and base64, or text, of %d to %d bytes; at most %d of them",
            path, SECRET_MIN, WEBHOOK_SECRET_MAX, WEBHOOK_SECRETS);
    }
    buf_wipe(&b);
    return rc;
}

int webhook_read(struct webhook_secrets *out, const char *path, struct err *e)
{
    struct buf text;
    struct str rest;
    int rc;

    memset(out, 0, sizeof(*out));
    buf_init(&text, FILE_MAX);
    rc = fsx_read_file(&text, path, e);
    for (rest = buf_view(&text); !rc && rest.n;) {
        size_t end = str_find(rest, STR("\n"));
        struct str line = str_trim(str_sub(rest, 0, end));
        if (line.n)
            rc = add(out, line, path, e);
        rest = str_sub(rest, end + 1, rest.n);
    }
    if (!rc && !out->n)
        rc = err_set(e, ERR_CONFIG, "webhook.secret", "", "%s is empty", path);
    buf_wipe(&text);
    if (rc)
        webhook_wipe(out);
    return rc;
}

static int mac_write(void *ctx, const void *p, size_t n, struct err *e)
{
    return EVP_MAC_update(ctx, p, n) == 1 ? 0 : err_nomem(e);
}

static int sign_one(uint8_t out[MAC_LEN], const uint8_t *key, size_t n, struct str head,
    const struct blob *body, struct err *e)
{
    char sha256[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string("digest", sha256, 0), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    const struct sink to = {mac_write, ctx};
    size_t len = 0;
    int rc = -1;

    if (!ctx || EVP_MAC_init(ctx, key, n, params) != 1)
        (void)err_nomem(e);
    else if (sink_write(&to, head.p, head.n, e) == 0 && blob_copy(body, &to, e) == 0)
        rc = EVP_MAC_final(ctx, out, &len, MAC_LEN) == 1 && len == MAC_LEN ? 0 : err_nomem(e);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return rc;
}

int webhook_sign(struct webhook_headers *out, const struct webhook_secrets *s, const char *id,
    int64_t now, const struct blob *body, struct err *e)
{
    char head[WEBHOOK_HEADER];
    uint8_t mac[MAC_LEN];
    struct buf line;
    int rc = 0;

    (void)snprintf(head, sizeof(head), "%.200s.%lld.", id, (long long)(now / 1000));
    (void)snprintf(out->id, sizeof(out->id), "webhook-id: %.200s", id);
    (void)snprintf(
        out->timestamp, sizeof(out->timestamp), "webhook-timestamp: %lld", (long long)(now / 1000));
    buf_init(&line, sizeof(out->signature));
    buf_puts(&line, "webhook-signature:");
    for (size_t i = 0; i < s->n && !rc; i++) {
        rc = sign_one(mac, s->secret[i].key, s->secret[i].n, str_z(head), body, e);
        buf_puts(&line, " v1,");
        enc_b64(&line, mac, sizeof(mac));
    }
    rc = rc || buf_check(&line, e) ? -1 : 0;
    if (!rc)
        (void)snprintf(out->signature, sizeof(out->signature), "%s", line.p);
    buf_free(&line);
    return rc;
}

void webhook_wipe(struct webhook_secrets *s)
{
    OPENSSL_cleanse(s, sizeof(*s));
}
