/* revocation.h - is this certificate revoked? By CRL first, OCSP when no list is to be had.
 *
 * CRL first: one list answers for every certificate of an authority without asking anyone at the
 * time of a message, while OCSP asks the authority about each partner, and Peppol's responders were
 * the bottleneck of their users. A list is fetched from the certificate's distribution point, its
 * signature verified, kept in memory and on disk, used until nextUpdate and fetched anew well
 * before it (revocation_refresh, off the hot path). An older list never replaces a newer one. Only
 * the first message of an authority waits for the network (fetch_ms at most); after a failure
 * nobody waits again for 30 s.
 *
 * What cannot be found out is cert.revocation-unknown (ERR_RETRY): unknown is not revoked, and not
 * good. With grace_ms a signature that has arrived may still be taken by the last list known to be
 * good; sending never does. A listed certificate is revoked however old the list. Any thread. */
#ifndef AP_PKI_REVOCATION_H
#define AP_PKI_REVOCATION_H

#include "ap/crypto/cert.h"
#include "ap/http/http_client.h"

#define REVOCATION_SOURCES 64 /* distribution points in all; only our CAs' certificates add one */

struct revocation;

struct revocation_policy {
    bool off;         /* nothing is asked, and nothing known */
    int64_t grace_ms; /* how long after nextUpdate a received signature is taken; 0: never */
    /* fetch anew after this time; 0: 1 h; a quarter of the list's life if less */
    int64_t refresh_ms;
};
struct revocation_cfg {
    struct http_client *http; /* borrowed */
    const char *dir;          /* where lists are kept; NULL: in memory only */
    struct revocation_policy policy;
    int64_t fetch_ms; /* longest wait for a list or an answer; 0: 10 s */
};

int revocation_open(
    struct revocation **out, const struct revocation_cfg *c, struct err *e) MUST_CHECK;
void revocation_close(struct revocation *r); /* no call may be running; NULL is fine */

/* Another policy from now on. */
void revocation_follow(struct revocation *r, const struct revocation_policy *p);

/* 0: not revoked; *how (may be NULL) says by what, for the record: "crl", "ocsp", or "last-good"
 * (only when `received`); NULL: nothing was asked. -1: cert.revoked (ERR_PEER, EBMS:0101) or
 * cert.revocation-unknown. A pki_revocation_fn; `r` is the struct revocation. */
int revocation_check(void *r, const char **how, const struct cert *c, const struct cert *issuer,
    bool received, int64_t now, struct err *e) MUST_CHECK;
/* Fetch what is due; every list that was asked for since the start. From one thread, each minute.
 */
void revocation_refresh(struct revocation *r, int64_t now);

#endif
