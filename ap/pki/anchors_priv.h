/* anchors_priv.h - the trust folder, judged when it is read, and the one path that leads from it to
 * an end entity: root, CA of the role, end entity. Nothing else is ever tried, whatever a peer
 * sends along. Immutable, counted; any thread. */
#ifndef AP_PKI_ANCHORS_PRIV_H
#define AP_PKI_ANCHORS_PRIV_H

#include "ap/pki/pki.h"

struct anchors;

/* root.pem, ap-ca.pem, smp-ca.pem: a root of its own making, and two CAs directly under it, each
 * with a name and a key of its own (the role of a certificate is told by the key that signed it).
 * Says nothing of time. pki.anchor, and what reading says (ERR_CONFIG). */
int anchors_read(struct anchors **out, const char *dir, struct err *e) MUST_CHECK;
struct anchors *anchors_ref(struct anchors *a);
void anchors_unref(struct anchors *a); /* NULL is fine */

const struct cert *anchors_root(const struct anchors *a);
const struct cert *anchors_ca(const struct anchors *a, enum pki_role role);
/* RFC 5280 6.1, but for time and revocation: X509_V_OK, or the X509_V_ERR_* of why not. */
int anchors_path(const struct anchors *a, const struct cert *c, enum pki_role role);

#endif
