/* dsig_priv.h - our two transforms, and what they find through the thread's current run: xmlsec has
 * no other way to hand a key object or an attachment to a transform. */
#ifndef AP_DSIG_DSIG_PRIV_H
#define AP_DSIG_DSIG_PRIV_H

#include <xmlsec/xmlsec.h>
#include <xmlsec/transforms.h>

#include "ap/dsig/dsig.h"

/* One dsig_sign or dsig_verify. */
struct dsig_run {
    struct key *key;           /* signing */
    const struct cert *signer; /* verifying */
    const struct dsig_part *parts;
    size_t n;
    uint8_t signed_info[HASH_LEN]; /* out, when signing */
    unsigned opened[DSIG_MAX_PARTS];
    bool failed; /* then err is ours, not xmlsec's */
    struct err err;
};
extern _Thread_local struct dsig_run *dsig_run;

xmlSecTransformId dsig_rsa_sha256(void);
xmlSecTransformId dsig_swa_content(void);

/* The octets of one part, read in pieces. */
struct swa;
int swa_open(struct swa **out, const struct dsig_part *p, struct err *e) MUST_CHECK;
int swa_read(struct swa *s, void *out, size_t n, size_t *got, struct err *e) MUST_CHECK;
void swa_close(struct swa *s);

#endif
