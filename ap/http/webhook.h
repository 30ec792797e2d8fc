/* webhook.h - requests of ours that the receiver can verify: the headers of Standard Webhooks 1.0.
 *
 * webhook-id, webhook-timestamp, webhook-signature: "v1," and base64 of HMAC-SHA256 over
 * "ID.TIMESTAMP.BODY", one for each secret (during a change there are two). Any thread. */
#ifndef AP_HTTP_WEBHOOK_H
#define AP_HTTP_WEBHOOK_H

#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

#define WEBHOOK_SECRETS 4
#define WEBHOOK_SECRET_MAX 512
#define WEBHOOK_HEADER 512

struct webhook_secrets {
    struct {
        uint8_t key[WEBHOOK_SECRET_MAX];
        size_t n;
    } secret[WEBHOOK_SECRETS];
    size_t n;
};
struct webhook_headers {
    char id[WEBHOOK_HEADER], timestamp[WEBHOOK_HEADER], signature[WEBHOOK_HEADER];
};

/* One secret a line: "whsec_" and base64, or any other text of at least 16 bytes. webhook.secret
 * (ERR_CONFIG) when there is none, or it is too short, long or not base64. */
int webhook_read(struct webhook_secrets *out, const char *path, struct err *e) MUST_CHECK;
/* Whole header lines. The body is read once for each secret. */
int webhook_sign(struct webhook_headers *out, const struct webhook_secrets *s, const char *id,
    int64_t now, const struct blob *body, struct err *e) MUST_CHECK;
void webhook_wipe(struct webhook_secrets *s);

#endif
