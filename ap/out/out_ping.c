#include "ap/out/out_ping.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/rnd.h"
#include "ap/pki/pki_own.h"

#define WIRE_MAX (1u << 20)
#define PAYLOAD "<ping xmlns=\"urn:aviso:ping\"/>"

struct exchange {
    const struct out_env *env;
    struct out_ping *out;
    struct arena *a;
    struct spool wire;
    struct as4_sent sent;
    struct as4_reply reply;
};

static int find(struct exchange *x, const struct participant *to, const char *name, struct err *e)
{
    struct doctype d;
    struct process process = {0};
    struct lookup_query q = {to, &d, &process, true, 0};

    name = name ? name : "invoice";
    if (!document_by_name(&d, &process, name) && doctype_parse(&d, str_z(name), e))
        return -1;
    return lookup_endpoint(&x->out->ep, x->env->lookup, &q, x->a, e);
}

static int compose(struct exchange *x, const struct participant *to, struct err *e)
{
    /* from the receiver to itself: the test service hands over nothing, and names nobody of ours */
    struct as4_message m = {.timestamp = clock_now(),
        .sender = str_z(to->value),
        .receiver = str_z(to->value),
        .payload_type = STR("application/xml"),
        .payload = blob_str(STR(PAYLOAD)),
        .recipient = x->out->ep.cert,
        .compress = true,
        .is_test = true};
    char *id = x->out->message_id;

    rnd_uuid(id);
    (void)snprintf(id + strlen(id), sizeof(x->out->message_id) - strlen(id), "@%s", x->env->host);
    m.message_id = m.conversation_id = str_z(id);
    if (pki_own_may_send(x->env->pki, x->env->key, m.timestamp, e))
        return -1;
    return as4_compose(&x->sent, &x->wire, &m, x->env->key, x->a, e);
}

/* Only a verified receipt is a yes. */
static int judge(const struct as4_reply *reply, struct err *e)
{
    if (reply->kind == AS4_REPLY_RECEIPT)
        return 0;
    if (reply->kind == AS4_REPLY_NOTHING) {
        *e = reply->why;
        return -1;
    }
    (void)err_set(e, ERR_PEER, "as4.peer-error", "PEPPOL-AS4 7", "%s %s: %.200s", reply->error.code,
        reply->error.short_description, reply->error.description);
    return err_next(e, "a peer that does not serve the test service may still take documents");
}

static int post(struct exchange *x, int64_t wait, struct err *e)
{
    struct blob body = spool_blob(&x->wire);
    struct http_request rq = {.url = x->out->ep.url,
        .content_type = x->sent.content_type,
        .body = &body,
        .deadline_ms = wait,
        .connect_ms = x->env->policy.connect,
        .hop = "AP"};
    struct http_answer ans;
    int rc = http_post(&ans, x->env->http, &rq, e);

    x->out->ms = ans.ms;
    if (!rc)
        rc = as4_reply_read(&x->reply, &x->sent.expect, str_z(ans.content_type),
            buf_view(&ans.body), x->env->pki, clock_now(), x->a, e);
    http_answer_free(&ans);
    return rc ? -1 : judge(&x->reply, e);
}

int out_ping(struct out_ping *out, const struct out_env *env, const struct participant *to,
    const char *doctype, int64_t wait, struct arena *a, struct err *e)
{
    struct exchange x = {.env = env, .out = out, .a = a};
    int rc;

    memset(out, 0, sizeof(*out));
    spool_init(&x.wire, -1, WIRE_MAX, WIRE_MAX);
    rc = find(&x, to, doctype, e) || compose(&x, to, e) || post(&x, wait, e);
    spool_free(&x.wire);
    return rc ? -1 : 0;
}
