/* out.h - the way out: C1's document becomes a durable promise, then attempts until it is proven.
 *
 * out_submit() stores; nothing is promised before it returned 0. out_work() makes one attempt for
 * one claimed document: its partner's terms, lookup, a place at the access point (out_flow.h),
 * compose, commit, send, judge, commit. The judging (out_judge.c) is a pure function with the
 * tables of docs/STATES.md in it. Everything that must survive lies in the store; a crash at any
 * line resumes from there. Shared by the daemon's sender threads and by a foreground `aviso send`.
 * Any thread; one call works on one document. */
#ifndef AP_OUT_OUT_H
#define AP_OUT_OUT_H

#include "ap/as4/as4.h"
#include "ap/http/http_client.h"
#include "ap/lookup/lookup.h"
#include "ap/out/out_flow.h"
#include "ap/peppol/codelist.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"
#include "ap/pki/pki.h"
#include "ap/store/store.h"

struct out_policy {              /* all spans in ms */
    int64_t deliver_by, horizon; /* default deadline; how long attempts go on */
    int64_t retry_first, retry_max;
    int64_t connect, answer; /* timeouts of one exchange */
    int64_t after_max;       /* a peer's Retry-After counts up to this */
    bool unknown_resend;     /* else stop after the first 9 minutes */
    bool refuse_twin;        /* what looks like an invoice given before */
    uint64_t max_payload;    /* of the envelope before compression */
    uint64_t min_free;       /* bytes free where the spool lies: below, nothing new is taken */
};

/* What the document's validation said, from whoever validates. */
struct out_verdict {
    bool valid;
    bool checked;        /* rules were run; false: rule_sets says why not */
    bool no_memory;      /* it ran out: nothing is said of the document */
    char rule_sets[200]; /* "peppol-bis3 2026.5", or why nothing was checked */
    char rule_ids[200];  /* the first fired ones, for REJECTED */
    unsigned errors, warnings;
};

struct out_env { /* shared by all threads, unchanged while work goes on */
    struct store *store;
    struct lookup *lookup;
    struct http_client *http;
    struct pki *pki;
    struct key *key;
    struct out_flow *flow;         /* windows and circuits; NULL: everything at once */
    const struct codelists *lists; /* may be NULL */
    const char *host;              /* right side of our MessageIds: a dot-atom */
    struct out_policy policy;
    /* Judge a document; NULL: no validation. -1 only for our own trouble. */
    int (*validate)(void *ctx, struct out_verdict *out, const struct blob *document,
        const struct document *d, struct err *e);
    void *validate_ctx;
    /* Told of each step of a document's way, for the screen; may be NULL. Any thread. */
    void (*note)(void *ctx, const char *id, const char *step, const char *text, int64_t ms);
    void *note_ctx;
};

struct out_request {
    struct blob payload; /* a business document, or with is_sbd a whole envelope */
    bool is_sbd;
    const char *from, *to;            /* participant ids instead of the document's; or NULL */
    const char *doctype, *process;    /* instead of the document's (document_type_read); or NULL */
    const char *mime_type, *encoding; /* of what is not XML, when it does not tell; or NULL */
    const char *number;               /* of what is not XML: for list and reconcile; or NULL */
    const char *key;                  /* idempotency key or NULL */
    const char *mls_to;               /* participant id for MLS or NULL */
    bool mls_always;                  /* MLS_TYPE ALWAYS_SEND */
    int64_t deliver_by;               /* ms UTC; 0: by policy */
    enum proof_level require;         /* PROOF_NONE: as agreed with the partner, else receipted */
    char lane;                        /* OUT_LANE_URGENT, OUT_LANE_BULK, 0: neither */
    bool refuse_twin;
};

struct out_submitted {
    struct out_added added;
    struct out_verdict verdict;
    struct document document; /* strings in the arena */
    struct participant sender, receiver;
    struct doctype doctype;
    struct process process;
    int64_t deliver_by;
    bool rejected; /* stored as REJECTED; the error tells why */
};

/* Check and store. Errors ERR_INPUT: document.*, content.*, id.*, sbdh.*, xml.*;
 * participant.unknown (ERR_CONFIG) when the sender is no participant of ours; document.invalid when
 * the rules refuse it (kept as REJECTED); store.* as the store has them. `dry`: everything but the
 * store. */
int out_submit(struct out_submitted *out, const struct out_env *env, const struct out_request *rq,
    bool dry, struct arena *a, struct err *e) MUST_CHECK;

/* The due document that waited longest, with its place (env->flow). c->row 0: there is none. */
int out_claim(
    struct out_claim *c, const struct out_env *env, int64_t now, struct err *e) MUST_CHECK;
/* Not worked on after all: due again at once, its place given back. */
int out_unclaim(const struct out_env *env, const struct out_claim *c, struct err *e) MUST_CHECK;
/* One attempt for a claimed document, whose place is given back here. 0 whatever the peer did (the
 * store knows); -1 for trouble of our own: the claim's lease lets it come back. `next` (or NULL):
 * the claim of another document, taken with the commit that ends this attempt; next->row 0: none
 * was. */
int out_work(const struct out_env *env, const struct out_claim *c, struct out_claim *next,
    struct err *e) MUST_CHECK;

/* What one exchange means: pure, no clock but `now`. */
struct out_exchange {
    bool sent_same_before;      /* this message was sent before and its outcome was unknown */
    bool not_serviced_before;   /* the attempt before this one was refused as not serviced */
    unsigned attempts;          /* including this one */
    int64_t first_unknown;      /* when this message first left, for the 9 minutes; 0: now */
    const char *peer;           /* seat of the access point asked, or NULL */
    int rc;                     /* of http_post */
    const struct err *http_err; /* when rc is -1 */
    int http_status;
    int64_t retry_after; /* ms or -1 */
    bool body_started;
    const struct as4_reply *reply; /* when rc is 0 */
};
/* Fills outcome, to, result, why (points to *why; NULL for a receipt), next_at and alarm. */
void out_judge(struct attempt_result *r, struct err *why, const struct out_exchange *x,
    const struct out_policy *p, int64_t now);
/* Exponential with jitter of a quarter: ms to wait before attempt n+1. */
int64_t out_backoff(const struct out_policy *p, unsigned attempts);

#endif
