/* ocsp_priv.h - one question to an OCSP responder, as bytes out and bytes in (RFC 6960). Any
 * thread.
 */
#ifndef AP_PKI_OCSP_PRIV_H
#define AP_PKI_OCSP_PRIV_H

#include "ap/crypto/cert.h"

#define OCSP_MAX 65536 /* bytes of an answer */

struct ocsp_question; /* what was asked, with its nonce */

int ocsp_ask(struct ocsp_question **out, struct buf *der, const struct cert *c,
    const struct cert *issuer, struct err *e) MUST_CHECK;
void ocsp_question_free(struct ocsp_question *q);

/* 0: it answers "good"; *until (ms) is how long that holds. -1 with cert.revoked (ERR_PEER), or
 * with ocsp.unknown (ERR_RETRY) for everything that is no proof of either: tryLater and the other
 * failures, "unknown", another certificate, a stale or future answer, one without nextUpdate, a
 * signature by anyone but the issuer or a responder of its own making, the nonce of another
 * question. An answer without a nonce is taken inside its validity: the large authorities sign
 * answers in advance (RFC 5019 4). */
int ocsp_judge(int64_t *until, const struct ocsp_question *q, struct str der, int64_t now,
    struct err *e) MUST_CHECK;

#endif
