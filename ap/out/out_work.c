/* One attempt: lookup, compose, commit "it begins", send, judge, commit what it meant. */
#include "ap/out/out_priv.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/log.h"

#define KEEP (256u * 1024u)
#define ARENA_MAX (16u << 20)

static void note(const struct out_work *w, const char *step, const char *text, int64_t ms)
{
    if (w->env->note)
        w->env->note(w->env->note_ctx, w->row.id, step, text, ms);
}

/* The bytes of the last attempt go again unless nothing of them can be there. */
/*= AS4 3.2 "a repeat has the first message's id and content" */
static bool repeat_as_is(const struct out_row *r)
{
    if (!r->message.row || r->message.answered)
        return false;
    return r->message.left || strcmp(r->reason.code, "http.refused") == 0;
}

/* When bytes of this message left first, before this attempt; 0: never, or nobody can say. */
static int64_t first_left(struct out_work *w, bool *sent_before)
{
    struct err e = ERR_INIT;
    int64_t at;

    *sent_before = w->msg.left;
    if (!w->msg.left ||
        store_message_first_left(&at, w->env->store, w->claim->row, w->msg.row, w->attempt, &e))
        return 0;
    return at;
}

static int send_wire(struct out_work *w, struct http_answer *ans, struct err *e)
{
    struct store_blob wire;
    struct http_request rq = {.url = w->msg.endpoint,
        .content_type = w->msg.content_type,
        .deadline_ms = w->env->policy.answer,
        .connect_ms = w->env->policy.connect,
        .low_bytes = 100,
        .low_s = 60,
        .max_body = 256 * 1024,
        .hop = "AP"};
    int rc;

    if (store_blob_open(&wire, w->env->store, w->msg.wire, e))
        return -1;
    rq.body = &wire.blob;
    (void)FAULT("out.before_connect");
    rc = http_post(ans, w->env->http, &rq, e);
    (void)FAULT("out.answered");
    store_blob_close(&wire);
    return rc;
}

static int read_reply(
    struct out_work *w, struct as4_reply *reply, const struct http_answer *ans, struct err *e)
{
    struct as4_expect expect;

    if (as4_expect_read(&expect, w->a, str_z(w->msg.expect), e))
        return -1;
    if (as4_reply_read(reply, &expect, str_z(ans->content_type), buf_view(&ans->body), w->env->pki,
            clock_now(), w->a, e))
        return -1;
    if (reply->kind == AS4_REPLY_NOTHING && !reply->why.where[0])
        (void)err_where(&reply->why, "AP %s (HTTP %d)", w->msg.endpoint, ans->status);
    return 0;
}

static void tell(const struct out_work *w, const struct attempt_result *r)
{
    struct log_num ms, n;

    if (r->why)
        log_err(LOG_WARN, "attempt.end", r->why, "id", w->row.id, "invoice", w->row.invoice,
            "message_id", w->msg.message_id, "peer", w->msg.seat, "result", r->result, "state",
            out_state_word(r->to), "attempt", log_n(&n, w->claim->attempts + 1), "ms",
            log_n(&ms, r->ms), NULL);
    else
        log_event(LOG_INFO, "receipt.verified", "id", w->row.id, "invoice", w->row.invoice,
            "message_id", w->msg.message_id, "instance", w->row.instance, "peer", w->msg.seat,
            "relay", w->msg.endpoint, "attempt", log_n(&n, w->claim->attempts + 1), "ms",
            log_n(&ms, r->ms), NULL);
}

static int end(struct out_work *w, struct attempt_result *r, const struct http_answer *ans,
    const struct as4_reply *reply, struct err *e)
{
    struct proof_new proof = {.kind = PROOF_BY_RECEIPT, .level = PROOF_RECEIPTED};
    enum out_state ended = r->to;
    char dest[STORE_DEST];
    int rc;

    out_place_queue(dest, w->claim, w->msg.seat);
    r->http_status = ans->status;
    r->ms = ans->ms;
    r->address = ans->remote_ip;
    r->answer_type = ans->content_type;
    r->answer = blob_mem(ans->body.p, ans->body.n);
    r->dest = dest;
    r->now = clock_now();
    if (r->to == OUT_RECEIPTED) {
        proof.signal_id = arena_dup(w->a, reply->signal_id);
        proof.signer = reply->signer_cn;
        proof.signer_serial = reply->signer_serial;
        proof.not_revoked_by = reply->not_revoked_by;
        proof.signal_time = reply->signal_time;
        proof.verified_at = r->now;
        r->proof = &proof;
    }
    (void)FAULT("out.judged");
    rc = w->next ? out_claim_at_end(w->next, w->env, &ended, w->attempt, r, e)
                 : store_attempt_end(&ended, w->env->store, w->attempt, r, e);
    r->proof = NULL; /* it ends here */
    if (rc)
        return -1;
    (void)FAULT("out.attempt_ended");
    r->to = ended;
    tell(w, r);
    note(w, r->result, r->why ? r->why->msg : w->msg.seat, ans->ms);
    return 0;
}

static int exchange(struct out_work *w, struct err *e)
{
    struct http_answer ans = {0};
    struct as4_reply reply = {0};
    struct err http_err = ERR_INIT, why;
    struct attempt_result r = {0};
    struct out_exchange x = {.attempts = w->claim->attempts + 1,
        .http_err = &http_err,
        .reply = &reply,
        .peer = w->msg.seat,
        .not_serviced_before = strcmp(w->row.reason.code, "as4.not-serviced") == 0};
    int rc;

    x.first_unknown = first_left(w, &x.sent_same_before);
    x.rc = send_wire(w, &ans, &http_err);
    x.body_started = ans.body_started;
    x.http_status = ans.status;
    x.retry_after = ans.retry_after_ms;
    rc = x.rc ? 0 : read_reply(w, &reply, &ans, e);
    if (!rc) {
        out_place_news(&w->place, &x);
        out_judge(&r, &why, &x, &w->terms.policy, clock_now());
        rc = end(w, &r, &ans, &reply, e);
    }
    http_answer_free(&ans);
    return rc;
}

/* Somebody holds this partner: the document waits for its release, whatever it has been through. */
static int hold(struct out_work *w, struct err *e)
{
    const char *why = w->terms.held_why[0] ? w->terms.held_why : "the partner is held";

    note(w, "held", w->terms.holder, 0);
    return store_out_hold_claimed(w->env->store, w->claim, w->terms.holder, why, clock_now(), e);
}

/* No place at the access point: back as it was, no attempt spent. */
static int put_back(struct out_work *w, const char *seat, int64_t again, struct err *e)
{
    char dest[STORE_DEST];

    out_place_queue(dest, w->claim, seat);
    note(w, "waits", seat, 0);
    return store_out_wait(w->env->store, w->claim, NULL, again, dest, clock_now(), e);
}

/* 0: go on; 1: the document was put back or held; -1. */
static int admit(struct out_work *w, const char *seat, struct err *e)
{
    int64_t again;

    if (out_terms_read(&w->terms, w->env, w->row.receiver, seat, w->a, e))
        return -1;
    if (w->terms.holder[0])
        return hold(w, e) ? -1 : 1;
    if (!*seat || out_place_take(&w->place, seat, &again))
        return 0;
    return put_back(w, seat, again, e) ? -1 : 1;
}

/* Registered once, and proven then: its vanishing may be a mistake that passes (N2). An old message
 * may be there: nor is it refused then. */
static bool may_come_back(const struct out_work *w)
{
    struct err ignored = ERR_INIT;

    return w->row.maybe || store_out_proven_before(w->env->store, w->row.receiver, &ignored) == 1;
}

/* The lookup or composing failed: nothing left, the document waits or is refused. */
static int not_sent(struct out_work *w, const struct err *why, struct err *e)
{
    int64_t now = clock_now();

    note(w, why->code, why->msg, 0);
    log_err(LOG_WARN, "attempt.not-begun", why, "id", w->row.id, "invoice", w->row.invoice,
        "receiver", w->row.receiver, NULL);
    if (strcmp(why->code, "store.damaged") == 0)
        return store_out_damaged(w->env->store, w->claim, now, e);
    if (why->class == ERR_PEER && !may_come_back(w))
        return store_out_refuse(w->env->store, w->claim, why, now, e);
    return store_out_wait(w->env->store, w->claim, why,
        now + out_backoff(&w->terms.policy, w->claim->attempts + 1), NULL, now, e);
}

static int fresh(struct out_work *w, struct err *e)
{
    struct err why = ERR_INIT;
    struct buf text;
    int rc;

    if (out_message_find(w, &why))
        return not_sent(w, &why, e);
    buf_init(&text, 2048);
    buf_printf(&text, "%s -> %s (%s)%s", w->row.receiver + strlen(PARTICIPANT_SCHEME "::"),
        w->ep.url, w->ep.seat_id,
        w->ep.last_known_good ? ": the last good answer of the SMP, nothing answers now" : "");
    note(w, "found", text.p ? text.p : "", w->ep.ms);
    buf_free(&text);
    if ((rc = admit(w, w->ep.seat_id, e)) != 0)
        return rc < 0 ? -1 : 0;
    if (out_message_begin(w, &why)) {
        if (why.class == ERR_UNKNOWN || w->attempt) { /* the store itself: nobody else can say */
            *e = why;
            return -1;
        }
        return not_sent(w, &why, e);
    }
    w->msg = w->row.message;
    return exchange(w, e);
}

/* The same bytes go to the URL that they were made for, unless that one fails and the receiver's
 * access point, with the same certificate, is now to be found at another. */
static int follow_move(struct out_work *w, struct err *e)
{
    struct err why = ERR_INIT;
    struct buf text;
    int rc = 0;

    if (strncmp(w->row.reason.code, "http.", 5) != 0 || out_message_find(w, &why) ||
        strcmp(w->ep.url, w->msg.endpoint) == 0 || strcmp(w->ep.seat_id, w->msg.seat) != 0 ||
        strcmp(w->ep.cert->serial, w->msg.peer_serial) != 0)
        return 0;
    buf_init(&text, 64 * 1024);
    lookup_explain(&text, w->ep.steps, w->ep.nsteps);
    rc = store_message_moved(
        w->env->store, w->claim, w->ep.url, buf_ok(&text) ? text.p : "", clock_now(), e);
    buf_free(&text);
    if (!rc) {
        note(w, "moved", w->ep.url, w->ep.ms);
        w->msg.endpoint = w->ep.url;
    }
    return rc;
}

/* Before an attempt is begun with it. */
static bool wire_is_damaged(const struct out_work *w)
{
    struct store_blob wire;
    struct err why = ERR_INIT;

    if (store_blob_open(&wire, w->env->store, w->msg.wire, &why))
        return strcmp(why.code, "store.damaged") == 0;
    store_blob_close(&wire);
    return false;
}

static int again(struct out_work *w, struct err *e)
{
    int rc;

    w->msg = w->row.message;
    if ((rc = admit(w, w->msg.seat, e)) != 0)
        return rc < 0 ? -1 : 0;
    if (wire_is_damaged(w))
        return store_out_damaged(w->env->store, w->claim, clock_now(), e);
    if (follow_move(w, e) || store_attempt_begin(&w->attempt, w->env->store, w->claim, NULL,
                                 out_message_lease(w), clock_now(), e))
        return -1;
    note(w, "again", w->msg.message_id, 0);
    return exchange(w, e);
}

static int work(struct out_work *w, struct err *e)
{
    int rc;

    if (store_out_get(&w->row, w->env->store, w->claim->row, w->a, e))
        return -1;
    if (repeat_as_is(&w->row))
        return again(w, e);
    rc = admit(w, "", e);
    return rc ? (rc < 0 ? -1 : 0) : fresh(w, e);
}

int out_work(
    const struct out_env *env, const struct out_claim *c, struct out_claim *next, struct err *e)
{
    struct out_work w = {.env = env,
        .claim = c,
        .next = next,
        .a = arena_new(ARENA_MAX),
        .terms = {.policy = env->policy},
        .place = {.flow = env->flow, .store = env->store, .claim = c, .retry_after = -1}};
    int rc = -1;

    if (next)
        next->row = 0;
    if (w.a) {
        spool_init(&w.wire, store_tmp_dirfd(env->store), KEEP, env->policy.max_payload * 2);
        rc = work(&w, e);
        spool_free(&w.wire);
    } else {
        (void)err_nomem(e);
    }
    if (w.have_ep)
        endpoint_free(&w.ep);
    out_place_leave(&w.place);
    arena_free(w.a);
    return rc;
}
