/* crl_priv.h - a certificate revocation list, verified, and kept as what is asked of it: the serial
 * numbers, sorted. Immutable. */
#ifndef AP_PKI_CRL_PRIV_H
#define AP_PKI_CRL_PRIV_H

#include "ap/crypto/cert.h"

#define CRL_MAX (16u << 20) /* bytes of DER: some 400,000 serial numbers */
#define CRL_SKEW 300000     /* ms that another clock may be ahead */
#define CRL_SERIAL 20       /* RFC 5280 4.1.2.2 "up to 20 octets" */

struct crl {
    int64_t this_update, next_update; /* ms */
    bool users_only;                  /* says nothing of CAs */
    size_t n;
    struct crl_serial {
        uint8_t b[CRL_SERIAL]; /* big-endian, zeros before it */
    } * serials;
};

/* A complete list of `issuer` (its name, its key, cRLSign), signed with SHA-256 or better. Deltas,
 * lists for some reasons or CAs only, unknown critical extensions and lists without nextUpdate are
 * refused: what they leave out would look good. crl.malformed, crl.issuer, crl.signature, crl.kind
 * (ERR_PEER). Says nothing of time. */
int crl_read(struct crl **out, struct str der, const struct cert *issuer, struct err *e) MUST_CHECK;
void crl_free(struct crl *c);
/* Between thisUpdate and nextUpdate? */
bool crl_is_fresh(const struct crl *c, int64_t now);
/* Would it list this certificate of its issuer, if that were revoked? */
bool crl_covers(const struct crl *c, const struct cert *cert);
bool crl_lists(const struct crl *c, const struct cert *cert);

#endif
