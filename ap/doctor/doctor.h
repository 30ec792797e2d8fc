/* doctor.h - is anything wrong here? Checks of an access point, each with a verdict and what to do.
 *
 * Only looks: nothing is repaired, the store is read beside its owner. A check that cannot be made
 * (a part is not open) says so as a finding; nothing here fails. One thread per struct doctor. */
#ifndef AP_DOCTOR_DOCTOR_H
#define AP_DOCTOR_DOCTOR_H

#include "ap/config/config.h"
#include "ap/crypto/key.h"
#include "ap/http/http_client.h"
#include "ap/lookup/lookup.h"
#include "ap/pki/pki.h"
#include "ap/store/store.h"

enum doctor_verdict { DOCTOR_GREEN, DOCTOR_YELLOW, DOCTOR_RED };
const char *doctor_verdict_word(enum doctor_verdict v); /* "green" "yellow" "red" */

struct doctor_finding {
    const char *check; /* "clock", "spool", ...: a literal */
    enum doctor_verdict verdict;
    char text[400], next[160]; /* next "": nothing to do */
};

enum doctor_group {
    DOCTOR_SERVICE = 1, /* does a service own the spool, and is it well */
    DOCTOR_CLOCK = 2,   /* kernel's word, receipts, Date of the SMP */
    DOCTOR_SPOOL = 4,   /* space, inodes, file system, integrity */
    DOCTOR_CERT = 8,    /* key, certificates, their dates */
    DOCTOR_DNS = 16,    /* our participants in the SML */
    DOCTOR_SMP = 32,    /* their SMP entries against our URL and certificate */
    DOCTOR_WORK = 64    /* late, unknown, oldest unproven; hand-over */
};
#define DOCTOR_ALL 127u
#define DOCTOR_QUICK (DOCTOR_SERVICE | DOCTOR_SPOOL | DOCTOR_CERT | DOCTOR_WORK)
#define DOCTOR_MAX 256 /* findings; more are counted only */

struct doctor {             /* parts may be NULL: what needs them is then said to be unchecked */
    const struct config *c; /* required */
    struct store *store;
    struct key *key;         /* the one that signs */
    struct key *const *keys; /* all that decrypt, that one first */
    size_t nkeys;
    struct pki *pki;
    struct http_client *http;
    struct lookup *lookup;
    int64_t now;
    bool quick; /* no network, no reading of the whole store */
    bool deep;  /* every stored byte, every participant */

    struct doctor_finding findings[DOCTOR_MAX];
    size_t n, lost;
    size_t count[3]; /* by verdict */
};

void doctor_run(struct doctor *d, unsigned groups);
/* Is an access point to be reached at this URL: address, TLS, certificate, its clock. */
void doctor_peer(struct doctor *d, const char *url);

#endif
