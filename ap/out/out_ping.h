/* out_ping.h - a message to the test service of ebMS. It passes everything that a document passes
 * (lookup, encryption, signature, TLS, receipt) but is not delivered, so it may be sent to anyone.
 * Nothing is stored. Some peers do not serve it: what they answer is told. */
#ifndef AP_OUT_OUT_PING_H
#define AP_OUT_OUT_PING_H

#include "ap/out/out.h"

struct out_ping {
    struct endpoint ep; /* owned: endpoint_free, in any case */
    char message_id[300];
    int64_t ms; /* of the exchange, without the lookup */
};
/* doctype NULL: an invoice. 0: a verified receipt; -1: lookup's errors, http.*, as4.peer-error
 * (ERR_PEER) when the peer said no, as4.* when its answer is no proof, key.* when ours
 * may not sign. `wait`: ms for the exchange.
 */
int out_ping(struct out_ping *out, const struct out_env *env, const struct participant *to,
    const char *doctype, int64_t wait, struct arena *a, struct err *e) MUST_CHECK;

#endif
