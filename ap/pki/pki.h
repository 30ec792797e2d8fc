/* pki.h - does this certificate chain to the Peppol CA of its role, in our stage, now?
 *
 * Trust anchors are read from a folder (root.pem, ap-ca.pem, smp-ca.pem), and judged as every path
 * through them will be; stages are never mixed. The only path is root, CA of the role, end entity
 * (RFC 5280 6.1): a leaf of the SMP CA is no AP, and reverse; certificates that a peer sends along
 * are never looked at. A small cache remembers leaves that chained (by SHA-256; validity in time is
 * checked each time). Any thread after pki_open. */
#ifndef AP_PKI_PKI_H
#define AP_PKI_PKI_H

#include "ap/base/err.h"
#include "ap/crypto/cert.h"

enum pki_role { PKI_AP, PKI_SMP };

struct pki;

/* pki.anchor (ERR_CONFIG): a folder that is no such hierarchy; its words say which file, and why.
 */
int pki_open(struct pki **out, const char *anchor_dir, struct err *e) MUST_CHECK;
void pki_close(struct pki *p);
/* From here on the anchors are those of `fresh`, which is closed. What is being checked is judged
 * by the old ones. Any thread. */
void pki_take(struct pki *p, struct pki *fresh);

/* Chain, validity at `now` (ms), key size and algorithm, usage (an AP's must also be one to encrypt
 * to), CN = Seat ID ^P[A-Z]{2}[0-9]{6}$ (AP only; an SMP's CN is not held to it), revocation of the
 * certificate and of its CA when a source is set.
 * Errors are ERR_PEER with EBMS:0101: cert.untrusted, cert.expired, cert.not-yet-valid,
 * cert.wrong-role, cert.weak, cert.seat, cert.revoked; and cert.revocation-unknown (ERR_RETRY). */
int pki_check(
    struct pki *p, const struct cert *c, enum pki_role role, int64_t now, struct err *e) MUST_CHECK;
/* The same for the signer of something that has arrived: it need only be one that signs, and a soft
 * policy may know enough, where pki_check would not send. *how: by what it is known that c is not
 * revoked, for the record: "crl", "ocsp", "last-good", or NULL when nothing was asked. Static text.
 */
int pki_check_received(const char **how, struct pki *p, const struct cert *c, enum pki_role role,
    int64_t now, struct err *e) MUST_CHECK;

/* Called after the chain holds, for the certificate and for its CA: 0 and *how, or -1 and why. */
typedef int (*pki_revocation_fn)(void *ctx, const char **how, const struct cert *c,
    const struct cert *issuer, bool received, int64_t now, struct err *e);
void pki_set_revocation(struct pki *p, pki_revocation_fn fn, void *ctx); /* before threads */

bool pki_seat_id_ok(const char *cn);

#endif
