/* pki_own.h - may our own key sign, by what the revocation lists say of its certificate now?
 *
 * Asked before each signature that a peer relies on, so it never matters when somebody last looked:
 * not for a key that was activated a moment ago, nor for one revoked since. What is learned is told
 * to the key (key_set_revoked); what cannot be found out changes nothing that was known. The lists
 * are those that partners are judged by, so they are here already. Any thread. */
#ifndef AP_PKI_PKI_OWN_H
#define AP_PKI_PKI_OWN_H

#include "ap/crypto/key.h"
#include "ap/pki/pki.h"

/* Is our certificate one that every peer takes? pki_check's errors. */
int pki_own_look(struct pki *p, struct key *k, int64_t now, struct err *e) MUST_CHECK;
/* What is to be sent: key.expired or key.revoked (ERR_RETRY). Not to be found out, it is sent: the
 * peer judges for itself, and its own certificate was asked about in the same lists. */
int pki_own_may_send(struct pki *p, struct key *k, int64_t now, struct err *e) MUST_CHECK;
/* A receipt, which must be worth something: also key.revocation-unknown (ERR_RETRY). The policy is
 * that for what was received: within the grace of a soft one the last list is enough. */
int pki_own_may_answer(struct pki *p, struct key *k, int64_t now, struct err *e) MUST_CHECK;

#endif
