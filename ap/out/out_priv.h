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

#endif
