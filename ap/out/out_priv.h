/* out_priv.h - inside the way out: the terms of one document, and the attempt in hand. */
#ifndef AP_OUT_OUT_PRIV_H
#define AP_OUT_OUT_PRIV_H

#include "ap/out/out.h"
#include "ap/store/store_partner.h"
#include "ap/store/store_queue.h"

/* ---- out_terms.c ---- */

struct out_terms {
    struct out_policy policy;
    enum proof_level require;                         /* PROOF_NONE: none asked for */
    char holder[STORE_DEST + sizeof(PARTNER_HOLDER)]; /* "": not held */
    char held_why[200];
};
/* seat NULL or "": not known yet. */
int out_terms_read(struct out_terms *t, const struct out_env *env, const char *receiver,
    const char *seat, struct arena *a, struct err *e) MUST_CHECK;

/* ---- out_place.c: a place at the access point ---- */

struct out_place {
    struct out_flow *flow; /* NULL: everything may go at once */
    struct store *store;   /* circuits are remembered there */
    const struct out_claim *claim;
    char seat[FLOW_KEY]; /* taken besides the claim's own, or "" */
    enum out_flow_news news;
    int64_t retry_after;
};
/* True: go on. False: *again is when there may be one (ms UTC). */
bool out_place_take(struct out_place *p, const char *seat, int64_t *again);
/* What the exchange says about the access point. */
void out_place_news(struct out_place *p, const struct out_exchange *x);
void out_place_leave(const struct out_place *p);
/* The queue of an access point in the lane that the document has. */
void out_place_queue(char out[STORE_DEST], const struct out_claim *c, const char *name);

/* ---- out_claim.c ---- */
/* store_attempt_end, and in its commit the next claim, with its place. */
int out_claim_at_end(struct out_claim *c, const struct out_env *env, enum out_state *ended,
    int64_t attempt, struct attempt_result *r, struct err *e) MUST_CHECK;

/* ---- out_message.c: a fresh message ---- */

struct out_work { /* one attempt */
    const struct out_env *env;
    const struct out_claim *claim;
    struct out_claim *next; /* NULL: none is wanted */
    struct arena *a;
    struct out_row row;
    struct message_row msg; /* what is sent: the current one, or the one just composed */
    struct out_terms terms;
    struct out_place place;
    struct endpoint ep;
    bool have_ep;
    struct spool wire; /* of a fresh message */
    struct as4_sent sent;
    char message_id[EBMS_ID];
    int64_t attempt;
};
/* The endpoint of the document's receiver, now: w->ep. */
int out_message_find(struct out_work *w, struct err *e) MUST_CHECK;
/* Compose for that endpoint and commit that the attempt begins; w->row is read anew. */
int out_message_begin(struct out_work *w, struct err *e) MUST_CHECK;
/* How long the claim must hold: the whole exchange and some for us. */
int64_t out_message_lease(const struct out_work *w);

#endif
