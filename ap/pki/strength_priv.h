/* strength_priv.h - is a certificate as strong as Peppol's profile asks? NULL: yes; else what is
 * wrong, to follow its name. Any thread. */
#ifndef AP_PKI_STRENGTH_PRIV_H
#define AP_PKI_STRENGTH_PRIV_H

#include "ap/crypto/cert.h"

const char *strength_of_key(const struct cert *c);
/* Of its issuer's signature: pointless for a trust anchor, which nobody vouches for. */
const char *strength_of_signature(const struct cert *c);

#endif
