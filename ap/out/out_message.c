/* out_message.c - a fresh message: the endpoint looked up, the AS4 message composed for it, and the
 * commit that an attempt with it begins. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/out/out_priv.h"
#include "ap/pki/pki_own.h"

struct names { /* of the row, parsed */
    struct participant sender, receiver;
    struct doctype doctype;
    struct process process;
};

static int read_names(struct names *n, const struct out_row *r, struct err *e)
{
    return participant_parse(&n->sender, str_z(r->sender), e) ||
                   participant_parse(&n->receiver, str_z(r->receiver), e) ||
                   doctype_parse(&n->doctype, str_z(r->doctype), e) ||
                   process_parse(&n->process, str_z(r->process), e)
               ? -1
               : 0;
}

int out_message_find(struct out_work *w, struct err *e)
{
    struct names n;
    struct lookup_query q = {&n.receiver, &n.doctype, &n.process, false, 0};

    if (read_names(&n, &w->row, e))
        return -1;
    /* an answer that smells of a stale entry: ask the SMP again, once per attempt */
    q.fresh = w->row.reason.ebms[0] != '\0' || strncmp(w->row.reason.code, "http.", 5) == 0;
    w->have_ep = true;
    return lookup_endpoint(&w->ep, w->env->lookup, &q, w->a, e);
}

/*= Envelope 2.0.2 2.3 "InstanceIdentifier is not the MessageId" */
/*= Envelope 2.0.2 2.8 "application/xml or text/xml" */
static int compose(struct out_work *w, struct message_new *m, struct store_blob *sbd, struct err *e)
{
    struct as4_message am = {.compress = true};
    struct names n;
    struct buf expect;

    if (read_names(&n, &w->row, e))
        return -1;
    rnd_uuid(w->message_id);
    (void)snprintf(w->message_id + strlen(w->message_id),
        sizeof(w->message_id) - strlen(w->message_id), "@%s", w->env->host);
    am.message_id = str_z(w->message_id);
    am.conversation_id = str_z(w->row.instance);
    am.timestamp = clock_now();
    am.document_scheme = str_z(doctype_scheme_text(n.doctype.scheme));
    am.document_id = str_z(n.doctype.value);
    am.process_scheme = str_z(n.process.scheme);
    am.process_id = str_z(n.process.value);
    am.sender = str_z(n.sender.value);
    am.receiver = str_z(n.receiver.value);
    am.payload_type = STR("application/xml");
    am.payload = sbd->blob;
    am.recipient = w->ep.cert;
    if (pki_own_may_send(w->env->pki, w->env->key, am.timestamp, e) ||
        as4_compose(&w->sent, &w->wire, &am, w->env->key, w->a, e))
        return -1;
    buf_init(&expect, 64 * 1024);
    if (as4_expect_write(&expect, &w->sent.expect, e)) {
        buf_free(&expect);
        return -1;
    }
    m->expect = arena_dup(w->a, buf_view(&expect));
    buf_free(&expect);
    m->message_id = w->message_id;
    m->conversation_id = w->row.instance;
    m->content_type = w->sent.content_type;
    m->endpoint = w->ep.url;
    m->seat = w->ep.seat_id;
    m->transport_profile = w->ep.transport_profile;
    m->peer_serial = w->ep.cert->serial;
    m->own_serial = key_cert(w->env->key)->serial;
    m->eb_timestamp = am.timestamp;
    m->wire.spool = &w->wire;
    return m->expect ? 0 : err_nomem(e);
}

static int explain(struct out_work *w, struct message_new *m, struct err *e)
{
    struct buf b;

    buf_init(&b, 64 * 1024);
    lookup_explain(&b, w->ep.steps, w->ep.nsteps);
    m->lookup = buf_ok(&b) ? arena_dup(w->a, buf_view(&b)) : "";
    buf_free(&b);
    return m->lookup ? 0 : err_nomem(e);
}

int64_t out_message_lease(const struct out_work *w)
{
    return w->terms.policy.connect + w->terms.policy.answer + 60000;
}

int out_message_begin(struct out_work *w, struct err *e)
{
    struct message_new m = {0};
    struct store_blob sbd;
    int rc;

    if (store_blob_open(&sbd, w->env->store, w->row.sbd, e))
        return -1;
    rc = compose(w, &m, &sbd, e) || explain(w, &m, e);
    store_blob_close(&sbd);
    if (rc)
        return -1;
    (void)FAULT("out.composed");
    if (store_attempt_begin(
            &w->attempt, w->env->store, w->claim, &m, out_message_lease(w), clock_now(), e))
        return -1;
    return store_out_get(&w->row, w->env->store, w->claim->row, w->a, e);
}
