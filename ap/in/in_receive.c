/* in_receive.c - one incoming message: checks in the order of docs/STATES.md, then one commit, then
 * the answer. Nothing of a refused message stays but a log line (and, for a MessageId used twice by
 * a verified signer, its header in the anomaly log). */
#include "ap/in/in.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/log.h"
#include "ap/pki/pki_own.h"
#include "ap/store/store_alarm.h"
#include "ap/xml/xml.h"

#define ARENA_MAX (64u << 20)
#define KEEP (256u * 1024u)
#define RETRY_AFTER_S 60

struct receive {
    const struct in_env *env;
    struct in_answer *out;
    struct arena *a;
    const char *remote;
    int64_t now;
    struct as4_received rx;
    struct sbdh_envelope sbd;
    struct spool recoded; /* the envelope again in UTF-8, when it came otherwise */
    struct store_participant owner;
};

static const char *z(struct receive *r, struct str s)
{
    const char *copy = arena_dup(r->a, s);

    return copy ? copy : "";
}

static const char *text_participant(struct receive *r, const struct participant *p)
{
    struct participant canonical;
    struct buf b;
    const char *copy;

    participant_canonical(&canonical, p);
    buf_init(&b, 512);
    participant_text(&b, &canonical);
    copy = z(r, buf_view(&b));
    buf_free(&b);
    return copy;
}

static const char *text_doctype(struct receive *r)
{
    struct buf b;
    const char *copy;

    buf_init(&b, 1024);
    doctype_text(&b, &r->sbd.h.doctype);
    copy = z(r, buf_view(&b));
    buf_free(&b);
    return copy;
}

static const char *text_process(struct receive *r)
{
    struct buf b;
    const char *copy;

    buf_init(&b, 512);
    process_text(&b, &r->sbd.h.process);
    copy = z(r, buf_view(&b));
    buf_free(&b);
    return copy;
}

/* ---- answers ---- */

static void answer_plain(struct receive *r, int status)
{
    r->out->status = status;
    r->out->content_type = "text/plain; charset=utf-8";
    buf_printf(&r->out->body, "%d\n", status);
    if (status == 503)
        r->out->retry_after = RETRY_AFTER_S;
}

/* The one place where a failure becomes an answer. Our own passing faults are 503: never an ebMS
 * failure, which would burn the sender's MessageId. */
static void answer_error(struct receive *r, const struct err *why)
{
    char signal[EBMS_ID];
    struct err e = ERR_INIT;
    bool ours = why->class == ERR_RETRY || why->class == ERR_CONFIG || why->class == ERR_BUG ||
                why->class == ERR_UNKNOWN;

    log_err(ours ? LOG_ERROR : LOG_WARN, "message.refused", why, "message_id",
        z(r, r->rx.ref_to_message_id), "remote", r->remote, "ebms", why->ebms, NULL);
    if (r->rx.not_understood) {
        r->out->status = 500;
        r->out->content_type = AS4_REPLY_CONTENT_TYPE;
        if (as4_fault_write(&r->out->body, r->rx.not_understood, &e))
            answer_plain(r, 500);
        return;
    }
    if (ours || !why->ebms[0]) {
        answer_plain(r, ours ? 503 : r->rx.http_status >= 400 ? r->rx.http_status : 400);
        return;
    }
    r->out->status = 200;
    r->out->content_type = AS4_REPLY_CONTENT_TYPE;
    if (as4_error_write(&r->out->body, signal, why, r->rx.ref_to_message_id, r->env->key, r->now,
            r->a, &e) == 0)
        return;
    buf_clear(&r->out->body); /* the key is away: some answer is better than none */
    if (as4_error_write(
            &r->out->body, signal, why, r->rx.ref_to_message_id, NULL, r->now, r->a, &e))
        answer_plain(r, 503);
}

/* ---- the steps ---- */

static int not_serviced(struct receive *r, const char *what, struct err *e)
{
    (void)err_set(e, ERR_INPUT, "as4.not-serviced", "PEPPOL-AS4 4.4", "%s is not served here: %s",
        what, r->sbd.h.receiver.value);
    return err_ebms(e, "EBMS:0004");
}

static bool serves(struct receive *r)
{
    const struct store_participant *p = &r->owner;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < p->nservices; i++) {
        struct doctype registered;
        struct process process;
        struct str text = str_z(p->services[i].doctype);
        size_t colon = str_find(text, STR("::"));
        if (doctype_make(
                &registered, str_sub(text, 0, colon), str_sub(text, colon + 2, text.n), true, &e) ||
            !doctype_match(&registered, &r->sbd.h.doctype))
            continue;
        if (!p->services[i].process || !*p->services[i].process)
            return true;
        if (process_parse(&process, str_z(p->services[i].process), &e) == 0 &&
            process_same(&process, &r->sbd.h.process))
            return true;
    }
    return p->nservices == 0; /* none listed: whatever comes (documented in states and man page) */
}

static int serviced(struct receive *r, struct err *e)
{
    int found = store_participant_get(
        &r->owner, r->env->store, text_participant(r, &r->sbd.h.receiver), r->a, e);

    if (found < 0)
        return -1;
    if (!found || r->owner.disabled)
        return not_serviced(r, "the receiver", e);
    return serves(r) ? 0 : not_serviced(r, "this document type or process", e);
}

static int open_envelope(struct receive *r, struct err *e)
{
    struct blob payload = spool_blob(&r->rx.payload);
    const struct ebms_user_message *um = &r->rx.um;

    spool_init(&r->recoded, r->env->rx.tmp_dirfd, KEEP, r->env->rx.max_inflated);
    if (sbdh_read(&r->sbd, &r->recoded, &payload, r->a, e))
        return -1;
    return sbdh_check_header(&r->sbd.h, um->original_sender, um->original_sender_type,
        um->final_recipient, um->final_recipient_type, um->action, um->service, um->service_type,
        e);
}

static const char *mls_word(enum sbdh_mls_type t)
{
    return t == SBDH_MLS_ALWAYS_SEND ? "ALWAYS_SEND" : "FAILURE_ONLY";
}

static void fill(
    struct receive *r, struct in_new *n, const char *signal_id, const struct buf *receipt)
{
    const struct ebms_user_message *um = &r->rx.um;

    *n = (struct in_new){.message_id = z(r, um->message_id),
        .signed_info = r->rx.proof.signed_info,
        .seat = r->rx.proof.signer->cn,
        .cert_serial = r->rx.proof.signer->serial,
        .own_serial = key_cert(r->env->key)->serial,
        .not_revoked_by = r->rx.proof.not_revoked_by,
        .instance = z(r, r->sbd.h.instance_id),
        .sender = text_participant(r, &r->sbd.h.sender),
        .receiver = text_participant(r, &r->sbd.h.receiver),
        .doctype = text_doctype(r),
        .process = text_process(r),
        .country_c1 = r->sbd.h.country_c1,
        .country_c4 = r->owner.country,
        .end_user = r->owner.end_user,
        .tenant = r->owner.tenant,
        .transport_profile = TRANSPORT_AS4,
        .conversation_id = z(r, um->conversation_id),
        .mls_to = r->sbd.h.mls_to.value,
        .mls_type = mls_word(r->sbd.h.mls_type),
        .eb_timestamp = um->timestamp,
        .now = r->now,
        .wire_len = r->rx.wire_len,
        .document_sha256 = r->sbd.document_sha256,
        .document_len = r->sbd.document_len,
        .receipt = blob_mem(receipt->p, receipt->n),
        .receipt_id = signal_id};
    n->route = *r->owner.route ? r->owner.route : r->env->route ? r->env->route : "inbox";
    n->sbd.spool = &r->rx.payload;
    n->sbd.sha256 = r->rx.payload_sha256;
}

static void tell(struct receive *r, const struct in_accepted *in)
{
    static const char *const words[] = {
        "new", "same", "resigned", "twin", "twin-other", "conflict"};
    struct log_num age, ms;

    log_event(LOG_INFO, "message.accepted", "message_id", z(r, r->rx.um.message_id), "instance",
        z(r, r->sbd.h.instance_id), "id", in->id, "verdict", words[in->verdict], "peer",
        r->rx.proof.signer->cn, "remote", r->remote, "age_ms",
        log_n(&age, r->now - r->rx.um.timestamp), "ms", log_n(&ms, clock_now() - r->now), NULL);
}

static int conflict(struct receive *r, struct err *e)
{
    struct store_anomaly x = {.at = r->now,
        .message_id = z(r, r->rx.um.message_id),
        .seat = r->rx.proof.signer->cn,
        .address = r->remote};
    const struct alarm_new loud = {
        .kind = "conflict", .subject = x.message_id, .why = &x.why, .now = r->now};
    struct err ignored = ERR_INIT;
    struct buf header;

    (void)err_set(e, ERR_INPUT, "as4.conflict", "AS4 3.2",
        "MessageId %s was received before with another content", x.message_id);
    (void)err_ebms(e, "EBMS:0004");
    (void)err_who(e, x.seat);
    x.why = *e;
    if (store_alarm_raise(r->env->store, &loud, &ignored))
        log_err(LOG_ERROR, "alarm.not-raised", &ignored, "message_id", x.message_id, NULL);
    buf_init(&header, 1 << 20);
    if (xml_write_node(&header, r->rx.proof.messaging, &ignored) == 0)
        x.header = header.p;
    if (store_anomaly_add(r->env->store, &x, &ignored))
        log_err(LOG_ERROR, "anomaly.not-kept", &ignored, "message_id", x.message_id, NULL);
    buf_free(&header);
    return -1;
}

/* Receipt first, then one commit that holds message and receipt, then the receipt may leave. */
/*= AS4 3.2 "a duplicate is answered and not delivered" */
static int accept(struct receive *r, struct err *e)
{
    char signal[EBMS_ID];
    struct in_accepted in;
    struct in_new n;
    struct buf *body = &r->out->body;

    if (as4_receipt_write(body, signal, &r->rx, r->env->key, r->now, r->a, e))
        return -1;
    fill(r, &n, signal, body);
    (void)FAULT("in.before_accept");
    if (store_in_accept(&in, r->env->store, &n, r->a, e)) {
        buf_clear(body);
        return -1;
    }
    (void)FAULT("in.accepted");
    tell(r, &in);
    if (in.verdict == IN_CONFLICT) {
        buf_clear(body);
        return conflict(r, e);
    }
    if (in.verdict == IN_SAME) { /* the first Receipt again, byte for byte */
        buf_clear(body);
        buf_str(body, in.receipt);
    } else if (r->env->accepted) {
        r->env->accepted(r->env->accepted_ctx);
    }
    return buf_check(body, e);
}

/* A message that ended two processes is no third one's. */
static int refuse_crasher(const struct in_crash_note *n, struct err *e)
{
    (void)err_set(e, ERR_RETRY, "in.crash", "",
        "a message of %llu bytes ended the service %u times (signal %d): refused for a day",
        (unsigned long long)n->len, n->times, n->signal);
    (void)err_who(e, n->remote);
    return err_next(e, "report it with the log; its sender tries again later");
}

/*= eDelivery AS4 1.14 "receipts and errors come in the response" */
static int steps(struct receive *r, struct str content_type, const struct blob *body, struct err *e)
{
    char signal[EBMS_ID];

    (void)FAULT("in.reading");
    /* A receipt that no peer can accept would be given for ever to whoever repeats the message. By
     * what is known already; the lists are asked below, where a stranger's bytes do not come. */
    if (key_check_usable(r->env->key, r->now, e))
        return -1;
    if (as4_receive(&r->rx, &r->env->rx, content_type, body, r->now, r->a, e))
        return -1;
    if (pki_own_may_answer(r->env->rx.trust, r->env->key, r->now, e))
        return -1;
    if (r->rx.is_ping)
        return as4_receipt_write(&r->out->body, signal, &r->rx, r->env->key, r->now, r->a, e);
    if (open_envelope(r, e) || serviced(r, e))
        return -1;
    return accept(r, e);
}

void in_receive(struct in_answer *out, const struct in_env *env, struct str content_type,
    const struct blob *body, const char *remote)
{
    struct receive r = {
        .env = env, .out = out, .remote = remote, .now = clock_now(), .a = arena_new(ARENA_MAX)};
    struct in_crash_note note;
    struct err e = ERR_INIT;
    bool taken;

    r.recoded.fd = -1;
    out->status = 200;
    out->content_type = AS4_REPLY_CONTENT_TYPE;
    if (!r.a) {
        answer_plain(&r, 503);
        return;
    }
    taken = in_crash_enter(env->crash, body, remote, r.now, &note);
    if (taken ? steps(&r, content_type, body, &e) : refuse_crasher(&note, &e)) {
        buf_clear(&out->body);
        answer_error(&r, &e);
    }
    as4_received_free(&r.rx);
    spool_free(&r.recoded);
    arena_free(r.a);
    if (taken)
        in_crash_leave(env->crash);
    (void)FAULT("in.before_answer");
}
