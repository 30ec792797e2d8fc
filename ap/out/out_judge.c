/* What an exchange means for the document: docs/STATES.md, "Repetition", row by row. Pure. */
#include "ap/out/out.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/rnd.h"

#define SOON_MS (9 * 60 * 1000)

int64_t out_backoff(const struct out_policy *p, unsigned attempts)
{
    int64_t ms = p->retry_first > 0 ? p->retry_first : 1000;

    for (unsigned i = 1; i < attempts && ms < p->retry_max; i++)
        ms *= 2;
    if (ms > p->retry_max)
        ms = p->retry_max;
    return ms - ms / 4 + (int64_t)rnd_below((uint64_t)ms / 2 + 1);
}

static int64_t asked_for(const struct out_exchange *x, const struct out_policy *p)
{
    return x->retry_after < p->after_max ? x->retry_after : p->after_max;
}

static int64_t later(const struct out_exchange *x, const struct out_policy *p, int64_t now)
{
    int64_t ms = out_backoff(p, x->attempts);

    return now + (asked_for(x, p) > ms ? asked_for(x, p) : ms);
}

/* Peers forget MessageIds after 10 minutes: ask again several times before that. */
static int64_t soon(const struct out_exchange *x, const struct out_policy *p, int64_t now)
{
    int64_t since = x->first_unknown ? now - x->first_unknown : 0;
    int64_t step = 20000 + since / 2;

    if (p->retry_first < 20000) /* a test bed with short times */
        step = out_backoff(p, x->attempts);
    if (asked_for(x, p) > step)
        step = asked_for(x, p);
    if (since + step < SOON_MS)
        return now + step;
    return p->unknown_resend ? later(x, p, now) : 0;
}

/* Whose it is as far as anybody can tell: whoever was to take it, unless it is our own name
 * service, memory or disk. */
static void name_peer(struct err *why, const struct out_exchange *x)
{
    static const char *const ours[] = {"http.resolve", "http.egress", "http.ca", "http.init"};

    bool theirs = strncmp(why->code, "http.", 5) == 0 || strncmp(why->code, "reply.", 6) == 0;

    if (why->who[0] || !x->peer || !theirs)
        return;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(why->code, ours[i]) == 0)
            return;
    (void)err_who(why, x->peer);
}

static void unknown(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const char *result, int64_t next_at, int64_t now)
{
    (void)err_next(why, "%s",
        next_at ? "the same bytes are sent again; do not submit it again"
                : "sending has stopped: aviso queue retry sends it again, queue resolve ends it");
    r->to = OUT_UNKNOWN;
    if (!next_at || (x->first_unknown && now - x->first_unknown >= SOON_MS))
        r->alarm = "unproven";
    r->outcome = ATTEMPT_UNKNOWN;
    r->result = result;
    r->next_at = next_at;
}

/* No answer at all. */
static void judge_silence(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const struct out_policy *p, int64_t now)
{
    *why = *x->http_err;
    name_peer(why, x);
    if (x->body_started) {
        why->class = ERR_UNKNOWN;
        unknown(r, why, x, "silence", soon(x, p, now), now);
        return;
    }
    /* nothing of this attempt left; what an earlier one of the same message did stays unknown */
    r->outcome = ATTEMPT_NOT_LEFT;
    r->to = x->sent_same_before ? OUT_UNKNOWN : OUT_WAITING;
    r->result = "connect";
    r->next_at = later(x, p, now);
}

static bool is_not_serviced(const struct ebms_error *x)
{
    return strcmp(x->code, "EBMS:0004") == 0 && strstr(x->detail, "PEPPOL:NOT_SERVICED") != NULL;
}

/* An ebMS Error closes the message: the id is burnt at many receivers, a retry takes a new one.
 * What nobody signed is a hint (a proxy, a stranger), and never final. */
static void judge_error(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const struct out_policy *p, int64_t now)
{
    const struct ebms_error *b = &x->reply->error;
    bool not_serviced = is_not_serviced(b);
    bool final = x->reply->is_signed &&
                 (strcmp(b->code, "EBMS:0103") == 0 || (not_serviced && x->not_serviced_before));

    (void)err_set(why, final ? ERR_PEER : ERR_RETRY,
        not_serviced ? "as4.not-serviced" : "as4.peer-error", "PEPPOL-AS4 4.4",
        "the receiving access point answered %s %s%s%s%s%s", b->code, b->short_description,
        b->description[0] ? ": " : "", b->description, b->detail[0] ? " / " : "", b->detail);
    (void)err_ebms(why, b->code);
    (void)err_who(why, x->reply->signer_cn[0] ? x->reply->signer_cn : "the receiving access point");
    (void)err_next(why, final ? "refused for good: ask the receiver's access point"
                              : "a new message is sent after a fresh lookup");
    r->result = "error";
    r->outcome = ATTEMPT_ANSWERED;
    r->to = final ? OUT_REFUSED : OUT_WAITING;
    r->alarm = final ? NULL : "peer-error";
    if (!final)
        r->next_at =
            not_serviced && !x->not_serviced_before ? now + p->retry_first : later(x, p, now);
}

static void judge_nothing(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const struct out_policy *p, int64_t now)
{
    bool refused = x->http_status >= 400 && x->http_status < 500;

    *why = x->reply->why;
    name_peer(why, x);
    if (!refused || x->sent_same_before) {
        why->class = ERR_UNKNOWN;
        unknown(r, why, x, x->reply->forged ? "forged" : "http", soon(x, p, now), now);
        return;
    }
    /* not taken (proxy, path, size limit): the message stays ours and may go again as it is */
    why->class = ERR_RETRY;
    (void)snprintf(why->code, sizeof(why->code), "http.refused");
    (void)err_next(
        why, "the same message is tried again; check URL and size limits of the receiver");
    r->outcome = ATTEMPT_NOT_TAKEN;
    r->to = OUT_WAITING;
    r->result = "http-refused";
    r->alarm = "not-taken";
    r->next_at = later(x, p, now);
}

void out_judge(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const struct out_policy *p, int64_t now)
{
    memset(why, 0, sizeof(*why));
    r->why = why;
    r->next_at = 0;
    r->alarm = NULL;
    r->outcome = ATTEMPT_UNKNOWN;
    if (x->rc) {
        judge_silence(r, why, x, p, now);
        return;
    }
    switch (x->reply->kind) {
    case AS4_REPLY_RECEIPT:
        r->to = OUT_RECEIPTED;
        r->outcome = ATTEMPT_ANSWERED;
        r->result = "receipt";
        r->why = NULL;
        return;
    case AS4_REPLY_ERROR:
        judge_error(r, why, x, p, now);
        return;
    case AS4_REPLY_DUPLICATE:
        (void)err_set(why, ERR_UNKNOWN, "as4.duplicate", "AS4 3.2",
            "the receiver says it already has this message (%s %s): it is there or failed there, "
            "without proof",
            x->reply->error.code, x->reply->error.description);
        unknown(r, why, x, "duplicate", 0, now);
        (void)err_next(why, "sending stops; an MLS, a receipt or a person resolves it");
        return;
    case AS4_REPLY_NOTHING:
        judge_nothing(r, why, x, p, now);
        return;
    }
}
