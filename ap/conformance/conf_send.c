/* conf_send.c - one exchange beside the queue: look up, wrap, compose, send, judge, keep. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/rnd.h"
#include "ap/conformance/conf_priv.h"

struct sending {
    struct conf_run *r;
    struct conf_case *k;
    const struct conf_message *m;
    struct arena *a;
    struct conf_document doc;
    struct spool sbd, payload, wire;
    bool packed;
    struct as4_sent sent;
    char message_id[CONF_MESSAGE_ID];
};

static int compose(struct sending *s, const struct endpoint *ep, struct err *e)
{
    struct as4_message m = {.timestamp = clock_now(),
        .document_scheme = str_z(doctype_scheme_text(s->doc.d.doctype.scheme)),
        .document_id = str_z(s->doc.d.doctype.value),
        .process_scheme = str_z(s->doc.d.process.scheme),
        .process_id = str_z(s->doc.d.process.value),
        .sender = str_z(s->doc.sender.value),
        .receiver = str_z(s->doc.named.value),
        .payload_type = STR("application/xml"),
        .payload = spool_blob(&s->payload),
        .packed = s->packed,
        .recipient = s->m->recipient ? s->m->recipient : ep->cert,
        .compress = !s->m->uncompressed};
    char id[RND_UUID];

    rnd_uuid(id);
    (void)snprintf(s->message_id, sizeof(s->message_id), "%s@%s", id, s->r->host);
    m.message_id = str_z(s->message_id);
    m.conversation_id = str_z(s->doc.instance);
    return as4_compose(&s->sent, &s->wire, &m, s->m->key ? s->m->key : s->r->keys[0], s->a, e);
}

static int post_once(struct conf_exchange *x, struct sending *s, const struct buf *wire,
    struct http_answer *ans, struct err *e)
{
    struct blob body = blob_str(buf_view(wire));
    static const char *const chunked[] = {"Transfer-Encoding: chunked", NULL};
    struct http_request rq = {.url = x->ep.url,
        .header = s->m->chunked ? chunked : NULL,
        .content_type = s->sent.content_type,
        .body = &body,
        .connect_ms = s->r->c->connect_timeout,
        .deadline_ms = s->r->c->answer_timeout,
        .hop = "AP"};

    (void)e;
    return http_post(ans, s->r->http, &rq, &x->why);
}

static int exchange(
    struct conf_exchange *x, struct sending *s, const struct buf *wire, struct err *e)
{
    struct http_answer ans = {0}, again = {0};
    int rc = 0;

    if (post_once(x, s, wire, &ans, e) == 0) {
        x->answered = x->same_again = true;
        x->status = ans.status;
        buf_add(&x->answer, ans.body.p, ans.body.n);
        rc = conf_keep_next(s->r, s->k, "answer.xml", buf_view(&x->answer), e) ||
                     as4_reply_read(&x->reply, &s->sent.expect, str_z(ans.content_type),
                         buf_view(&x->answer), s->r->pki, clock_now(), s->a, e)
                 ? -1
                 : 0;
    }
    for (unsigned i = 0; rc == 0 && x->answered && i < s->m->repeats; i++) {
        if (post_once(x, s, wire, &again, e) ||
            !str_eq(buf_view(&again.body), buf_view(&x->answer)))
            x->same_again = false;
        http_answer_free(&again);
    }
    http_answer_free(&ans);
    return rc;
}

static int send_it(struct conf_exchange *x, struct sending *s, struct err *e)
{
    struct lookup_query q = {.participant = &s->doc.receiver,
        .doctype = &s->doc.d.doctype,
        .process = &s->doc.d.process,
        .fresh = true};
    struct blob b, clear;
    struct buf wire;
    int rc;

    if (conf_document_make(&s->doc, s->r, s->m, s->a, e))
        return -1;
    if (lookup_endpoint(&x->ep, s->r->lookup, &q, s->a, &x->why))
        return 0;
    x->found = true;
    if (s->m->other_type && conf_document_retype(&s->doc, s->a, e))
        return -1;
    if (conf_document_wrap(&s->sbd, &s->doc, s->m, s->a, e))
        return -1;
    b = spool_blob(&s->sbd);
    if (conf_break_payload(&s->payload, &s->packed, &b, s->m->payload, e) || compose(s, &x->ep, e))
        return -1;
    (void)snprintf(x->message_id, sizeof(x->message_id), "%s", s->message_id);
    memcpy(x->document_sha256, s->doc.d.sha256, HASH_LEN);
    b = spool_blob(&s->wire);
    clear = spool_blob(&s->payload);
    buf_init(&wire, CONF_WIRE_MAX);
    rc = blob_load(&wire, &b, e) || conf_break_wire(&wire, s->m->damage, &clear, e) ||
                 conf_keep_request(
                     s->r, s->k, s->sent.content_type, s->m->chunked, buf_view(&wire), e) ||
                 exchange(x, s, &wire, e)
             ? -1
             : 0;
    buf_free(&wire);
    return rc;
}

int conf_send(struct conf_exchange *x, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e)
{
    struct sending *s = arena_alloc(a, sizeof(*s));
    int64_t began = clock_mono();
    int rc;

    *x = (struct conf_exchange){.why = ERR_INIT};
    buf_init(&x->answer, 1 << 20);
    if (!s)
        return err_nomem(e);
    *s = (struct sending){.r = r, .k = k, .m = m, .a = a};
    spool_init(&s->sbd, -1, 0, CONF_WIRE_MAX);
    spool_init(&s->payload, -1, 0, CONF_WIRE_MAX);
    spool_init(&s->wire, -1, 0, CONF_WIRE_MAX);
    rc = send_it(x, s, e);
    conf_document_free(&s->doc);
    spool_free(&s->sbd);
    spool_free(&s->payload);
    spool_free(&s->wire);
    x->ms = clock_mono() - began;
    return rc;
}

void conf_exchange_free(struct conf_exchange *x)
{
    endpoint_free(&x->ep);
    buf_free(&x->answer);
}

/* What goes without saying is noted once a case. */
static bool reached(struct conf_case *k, const struct conf_exchange *x)
{
    if (!x->found)
        return conf_check(k, false, "the receiver is found: %.200s", x->why.msg);
    if (!x->answered)
        return conf_check(k, false, "the access point answers: %s %.200s", x->why.code, x->why.msg);
    return k->nchecks || conf_check(k, true, "the receiver is found: %.200s", x->ep.url);
}

/* How the peer's answer is to be told. */
static const char *told(const struct conf_exchange *x, const char **why)
{
    bool nothing = x->reply.kind == AS4_REPLY_NOTHING;

    *why = nothing ? x->reply.why.msg : x->reply.error.detail;
    return nothing ? x->reply.why.code : x->reply.error.code;
}

bool conf_expect_receipt(struct conf_case *k, const struct conf_exchange *x, const char *what)
{
    const char *why, *code = told(x, &why);

    if (!reached(k, x))
        return false;
    if (x->reply.kind != AS4_REPLY_RECEIPT)
        return conf_check(
            k, false, "%s has a signed receipt: HTTP %d, %s %.150s", what, x->status, code, why);
    return conf_check(k, true, "%s has a receipt signed by %s with all digests, in %lld ms", what,
        x->reply.signer_cn, (long long)x->ms);
}

bool conf_expect_error(struct conf_case *k, const struct conf_exchange *x, const char *what,
    const char *code, const char *detail)
{
    const struct as4_reply *y = &x->reply;
    const char *why, *got = told(x, &why);
    bool is = y->kind == AS4_REPLY_ERROR && strcmp(y->error.code, code) == 0 &&
              (!detail || strcmp(y->error.detail, detail) == 0);

    if (!reached(k, x))
        return false;
    if (y->kind == AS4_REPLY_RECEIPT)
        return conf_check(k, false, "%s is refused with %s: a receipt came", what, code);
    return conf_check(k, is, "%s is refused with %s%s%s: HTTP %d, %s %.150s", what, code,
        detail ? " " : "", detail ? detail : "", x->status, got, why);
}
