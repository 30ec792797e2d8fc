/* deliver_push.c - an HTTP request that C4's system can verify. 2xx means: taken, durably. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/deliver/deliver_priv.h"

#define KEEP (256u * 1024u)
#define HEAD_MAX (256u * 1024u)
#define ANSWER_MAX (1u << 20) /* nobody reads it */

/* ---- the body ---- */

struct b64_sink { /* base64 of a stream: whole groups of three go on, the rest waits */
    struct sink to;
    uint8_t rest[3];
    size_t n;
};

static int put_b64(struct b64_sink *x, const uint8_t *p, size_t n, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, 128 * 1024);
    enc_b64(&b, p, n);
    rc = buf_check(&b, e) || sink_write(&x->to, b.p, b.n, e);
    buf_free(&b);
    return rc ? -1 : 0;
}

static int b64_write(void *ctx, const void *bytes, size_t n, struct err *e)
{
    struct b64_sink *x = ctx;
    const uint8_t *p = bytes;

    for (; n && x->n && x->n < 3; n--)
        x->rest[x->n++] = *p++;
    if (x->n == 3) {
        x->n = 0;
        if (put_b64(x, x->rest, 3, e))
            return -1;
    }
    while (n >= 3) {
        size_t take = n < 49152 ? n - n % 3 : 49152;
        if (put_b64(x, p, take, e))
            return -1;
        p += take;
        n -= take;
    }
    for (; n; n--)
        x->rest[x->n++] = *p++;
    return 0;
}

static int text(struct sink *to, const char *s, struct err *e)
{
    return sink_write(to, s, strlen(s), e);
}

/* {"type":...,"timestamp":...,"data":{SIDECAR,"document":"BASE64"}}: the form that Standard
 * Webhooks recommends. The sidecar is an object that ends in "}". */
static int write_json(struct sink *to, const struct deliver_item *item, struct err *e)
{
    struct b64_sink b64 = {.to = *to};
    struct sink encoded = {b64_write, &b64};
    struct str side = str_trim(item->sidecar);
    char head[160], at[CLOCK_TEXT];

    clock_utc(at, item->now);
    (void)snprintf(
        head, sizeof(head), "{\"type\":\"document.received\",\"timestamp\":\"%s\",\"data\":", at);
    if (text(to, head, e) || sink_write(to, side.p, side.n - 1, e) ||
        text(to, ",\"document\":\"", e) || item->write(item->ctx, &encoded, e))
        return -1;
    if (b64.n && put_b64(&b64, b64.rest, b64.n, e))
        return -1;
    return text(to, "\"}}\n", e);
}

/* ---- the request ---- */

struct push {
    const struct deliver_route *r;
    const struct deliver_item *item;
    struct webhook_headers sig;
    char attempt[64], redelivered[64], id[128];
    const char *header[9];
};

static void headers(struct push *p)
{
    size_t n = 0;

    (void)snprintf(p->attempt, sizeof(p->attempt), "aviso-attempt: %u", p->item->attempt);
    (void)snprintf(p->redelivered, sizeof(p->redelivered), "aviso-redelivered: %s",
        p->item->redelivered ? "true" : "false");
    p->header[n++] = p->attempt;
    p->header[n++] = p->redelivered;
    (void)snprintf(p->id, sizeof(p->id), "aviso-id: %s", p->item->id);
    p->header[n++] = p->id;
    if (p->r->secrets.n) {
        p->header[n++] = p->sig.id;
        p->header[n++] = p->sig.timestamp;
        p->header[n++] = p->sig.signature;
    }
    if (p->r->authorization)
        p->header[n++] = p->r->authorization;
}

/* What every document would get is the route's trouble; what this one gets is its own. */
static enum deliver_outcome judge(
    const struct http_answer *a, const struct deliver_route *r, int64_t *again, struct err *why)
{
    if (a->status >= 200 && a->status < 300)
        return DELIVER_TAKEN;
    (void)err_set(why, ERR_RETRY, a->status == 422 ? "handover.refused" : "handover.failed", "",
        "%.160s answered HTTP %d", r->url, a->status);
    if (a->retry_after_ms > 0)
        *again = a->retry_after_ms;
    switch (a->status) {
    case 422:
        why->class = ERR_INPUT;
        return DELIVER_REFUSED;
    case 400:
    case 409:
    case 413:
    case 415:
        return DELIVER_LATER;
    default: /* 401, 403, 404, 405, 429, 3xx, 5xx */
        return DELIVER_DOWN;
    }
}

static enum deliver_outcome send(
    struct push *p, const struct blob *body, int64_t *again, struct err *why)
{
    const struct http_request rq = {.url = p->r->url,
        .content_type = p->r->bare ? p->item->media_type : "application/json",
        .body = body,
        .header = p->header,
        .deadline_ms = p->r->deadline,
        .max_body = ANSWER_MAX,
        .plain_ok = true,
        .hop = "C4"};
    enum deliver_outcome out;
    struct http_answer a;

    if (p->r->secrets.n &&
        webhook_sign(&p->sig, &p->r->secrets, p->item->id, p->item->now, body, why))
        return DELIVER_LATER;
    headers(p);
    if (http_post(&a, p->r->http, &rq, why)) { /* also when it may have arrived: at least once */
        http_answer_free(&a);
        return DELIVER_DOWN;
    }
    out = judge(&a, p->r, again, why);
    http_answer_free(&a);
    return out;
}

enum deliver_outcome deliver_by_push(
    const struct deliver_route *r, const struct deliver_item *item, int64_t *again, struct err *why)
{
    struct push p = {.r = r, .item = item};
    enum deliver_outcome out = DELIVER_LATER;
    struct spool body;
    struct sink to;

    spool_init(&body, item->tmp_dirfd, KEEP, item->max + item->max / 2 + HEAD_MAX);
    to = spool_sink(&body);
    if ((r->bare ? item->write(item->ctx, &to, why) : write_json(&to, item, why)) == 0) {
        struct blob b = spool_blob(&body);
        out = send(&p, &b, again, why);
    }
    spool_free(&body);
    if (out != DELIVER_TAKEN && !why->where[0])
        (void)err_where(why, "C4 %.110s", r->url);
    return out;
}
