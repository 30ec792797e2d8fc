/* aviso as4 ping: a message to the test service of ebMS. It passes everything that a document
 * passes (lookup, encryption, signature, TLS, receipt) but is not delivered, so it may be sent to
 * anyone. Some peers do not serve it: what they answer is told. Nothing is stored. */
#include <stdio.h>
#include <string.h>

#include "ap/as4/as4.h"
#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/base/rnd.h"
#include "ap/cli/commands.h"
#include "ap/daemon/node.h"
#include "ap/peppol/document.h"

#define ARENA_MAX (16u << 20)
#define WIRE_MAX (1u << 20)
#define PAYLOAD "<ping xmlns=\"urn:aviso:ping\"/>"

struct ping {
    struct node node;
    struct arena *a;
    struct participant to;
    struct endpoint ep;
    struct spool wire;
    struct as4_sent sent;
    struct as4_reply reply;
    int64_t wait, ms;
    char message_id[300];
};

static int find(struct ping *p, struct cli *c, struct err *e)
{
    const char *name = cli_get(c, "doctype");
    struct doctype d;
    struct process proc = {0};
    struct lookup_query q = {&p->to, &d, &proc, true, 0};

    name = name ? name : "invoice";
    if (participant_parse(&p->to, str_z(c->args[0]), e))
        return -1;
    if (document_type_read(&d, &proc, name, p->node.lists, e))
        return err_wrap(e, "--doctype: ");
    return lookup_endpoint(&p->ep, p->node.lookup, &q, p->a, e);
}

static int compose(struct ping *p, struct err *e)
{
    /* from the receiver to itself: the test service hands over nothing, and names nobody of ours */
    struct as4_message m = {.timestamp = clock_now(),
        .sender = str_z(p->to.value),
        .receiver = str_z(p->to.value),
        .payload_type = STR("application/xml"),
        .payload = blob_str(STR(PAYLOAD)),
        .recipient = p->ep.cert,
        .compress = true,
        .is_test = true};

    rnd_uuid(p->message_id);
    (void)snprintf(p->message_id + strlen(p->message_id),
        sizeof(p->message_id) - strlen(p->message_id), "@%s", p->node.host);
    m.message_id = m.conversation_id = str_z(p->message_id);
    return as4_compose(&p->sent, &p->wire, &m, p->node.keys[0], p->a, e);
}

/* Only a verified receipt is a yes. */
static int judge(struct ping *p, struct err *e)
{
    if (p->reply.kind == AS4_REPLY_RECEIPT)
        return 0;
    if (p->reply.kind == AS4_REPLY_NOTHING) {
        *e = p->reply.why;
        return -1;
    }
    (void)err_set(e, ERR_PEER, "as4.peer-error", "PEPPOL-AS4 7", "%s %s: %.200s",
        p->reply.error.code, p->reply.error.short_description, p->reply.error.description);
    return err_next(e, "a peer that does not serve the test service may still take documents");
}

static int exchange(struct ping *p, struct err *e)
{
    struct blob body = spool_blob(&p->wire);
    struct http_request rq = {.url = p->ep.url,
        .content_type = p->sent.content_type,
        .body = &body,
        .deadline_ms = p->wait,
        .connect_ms = p->node.cfg->connect_timeout,
        .hop = "AP"};
    struct http_answer a;
    int rc = http_post(&a, p->node.http, &rq, e);

    p->ms = a.ms;
    if (!rc)
        rc = as4_reply_read(&p->reply, &p->sent.expect, str_z(a.content_type), buf_view(&a.body),
            p->node.pki, clock_now(), p->a, e);
    http_answer_free(&a);
    return rc ? -1 : judge(p, e);
}

static void print(struct cli *c, const struct ping *p)
{
    struct json_object *o;

    if (!c->json) {
        (void)printf("%s answers at %s: verified receipt in %lld ms\n", p->ep.seat_id, p->ep.url,
            (long long)p->ms);
        return;
    }
    o = json_object_new_object();
    json_add_given(o, "access_point", p->ep.seat_id);
    json_add_given(o, "url", p->ep.url);
    json_add_given(o, "as4_id", p->message_id);
    json_add_int(o, "ms", p->ms);
    cli_json(o);
}

int cmd_as4_ping(struct cli *c)
{
    const char *wait = cli_get(c, "wait");
    struct ping p = {.a = arena_new(ARENA_MAX), .wait = 30000};
    struct err e = ERR_INIT;
    int code = EXIT_OK;

    if (!p.a || c->nargs != 1 || (wait && !clock_parse_span(str_z(wait), &p.wait))) {
        arena_free(p.a);
        return cli_usage(c, "expected one participant identifier, for instance 0208:0848934496");
    }
    spool_init(&p.wire, -1, WIRE_MAX, WIRE_MAX);
    if (cli_config(c, true, &e) || node_open(&p.node, c->config, NODE_KEY | NODE_NET, &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else {
        if (find(&p, c, &e) || compose(&p, &e) || exchange(&p, &e))
            code = cli_fail(c, c->args[0], &e);
        else
            print(c, &p);
        endpoint_free(&p.ep);
        node_close(&p.node);
    }
    spool_free(&p.wire);
    arena_free(p.a);
    return code;
}
