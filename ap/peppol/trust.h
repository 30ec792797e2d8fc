/* trust.h - which trust anchors belong to which Peppol stage: by fingerprint, never mixed.
 *
 * Facts: PEPPOL PKI G3 (certs/anchors). A folder of anchors for `test` or `production` must hold
 * exactly the certificates of that stage; development anchors exist in the lab only. Any thread. */
#ifndef AP_PEPPOL_TRUST_H
#define AP_PEPPOL_TRUST_H

#include "ap/base/err.h"

/* `stage`: "test" or "production"; another (the lab) is not checked. `dir` holds root.pem,
 * ap-ca.pem and smp-ca.pem. trust.stage (ERR_CONFIG) names the file that belongs to another stage
 * or to nobody. */
int trust_check(const char *dir, const char *stage, struct err *e) MUST_CHECK;

#endif
