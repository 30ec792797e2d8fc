/* lookup.h - from a participant to the access point that serves it: SML -> SMP -> endpoint.
 *
 * DNS (U-NAPTR) gives the SMP, the SMP gives signed metadata, the metadata give URL and certificate
 * of C3. Every answer is capped, has a deadline and is checked before use: signature and signer,
 * identifiers, process, transport profile, dates, certificate. Each step is recorded with its time
 * and verdict. Good answers are cached for at most 15 minutes; failures never. An older one is
 * used, and marked, while nothing answers (last_known_good_ms), also after a start (lookup_save).
 * One struct lookup is shared by all threads. SML 1.3.0, SMP 1.4.0, PFUOI 4.4.0. */
#ifndef AP_LOOKUP_LOOKUP_H
#define AP_LOOKUP_LOOKUP_H

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/crypto/cert.h"
#include "ap/http/http_client.h"
#include "ap/peppol/codelist.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"
#include "ap/pki/pki.h"

#define LOOKUP_ZONE_PRODUCTION "participant.sml.prod.tech.peppol.org."
#define LOOKUP_ZONE_TEST "participant.sml.test.tech.peppol.org."
#define LOOKUP_URL 1024
#define LOOKUP_MAX_STEPS 24
#define LOOKUP_MAX_DOCTYPES 2000 /* read from one ServiceGroup */

struct lookup;

struct lookup_times {
    int64_t total_ms;           /* of a whole lookup, DNS and all requests; 0: dns_ms + 3 smp_ms */
    int64_t cache_ms;           /* 0: 15 min; negative: no cache, and nothing to fall back on */
    int64_t last_known_good_ms; /* how old an answer may be that is used when nothing answers; 0:
                                   none */
};
struct lookup_cfg {           /* borrowed for the life of the lookup where pointers */
    const char *zone;         /* DNS zone of the SML, e.g. LOOKUP_ZONE_TEST */
    const char *resolver;     /* "IP" or "IP@PORT" to forward to; NULL: resolv.conf */
    const char *resolver2;    /* asked again when the first says "not registered"; NULL: nobody */
    const char *trust_anchor; /* DNSSEC root key file: answers are validated; NULL: not */
    int64_t dns_ms;           /* deadline of one DNS question; 0: 5 s */
    int64_t smp_ms;           /* deadline of one SMP request; 0: 10 s */
    struct lookup_times times;
    bool plain_ok;         /* lab: http: URLs of SMP and endpoint are taken */
    bool no_service_group; /* ask for the metadata at once, without the ServiceGroup first */
    struct pki *pki;
    struct http_client *http;
};

int lookup_open(struct lookup **out, const struct lookup_cfg *c, struct err *e) MUST_CHECK;
/* Other times from the next lookup on. Any thread. */
void lookup_follow(struct lookup *l, const struct lookup_times *t);
void lookup_close(struct lookup *l); /* no call may be running; NULL is fine */

enum lookup_verdict { LOOKUP_OK, LOOKUP_WARN, LOOKUP_FAILED };
const char *lookup_verdict_word(enum lookup_verdict v); /* "ok" "warning" "failed" */

struct lookup_step {
    const char *name;  /* "dns", "service-group", "metadata", "redirect", "signature", ... */
    const char *where; /* name or URL asked; in the arena */
    const char *text;  /* what came of it, one line; in the arena */
    const char *code;  /* error name, or "" */
    enum lookup_verdict verdict;
    int64_t ms;
};

struct endpoint {
    char url[LOOKUP_URL];
    struct cert *cert;     /* owned: endpoint_free */
    char seat_id[CERT_CN]; /* the certificate's CN: To/PartyId */
    char transport_profile[64];
    int64_t activation, expiry; /* ms; 0: unbounded */
    char smp_url[LOOKUP_URL];   /* base, from the SML */
    char smp_signer[CERT_CN];
    struct doctype registered; /* the registration that matched: may end in `*` */
    char description[256], contact[256];
    int64_t fetched;      /* ms: when the SMP answered */
    bool cached;          /* from our cache */
    bool last_known_good; /* older than the cache allows, used because nothing answers */

    struct lookup_step steps[LOOKUP_MAX_STEPS]; /* filled on failure as well */
    size_t nsteps;
    int64_t ms;
};

struct lookup_query {
    const struct participant *participant;
    const struct doctype *doctype;
    const struct process *process;
    bool fresh;  /* pass the caches of DNS and SMP answers by (after an error that smells of a stale
                    entry); refills the second */
    int64_t now; /* 0: the clock */
};

/* Where to send. Permanent (ERR_PEER): participant.not-registered, doctype.not-supported,
 * process.not-supported, endpoint.no-as4, endpoint.not-active, endpoint.expired, endpoint.url,
 * smp.signature, smp.untrusted, smp.mismatch, smp.redirect, sml.url, http.egress,
 * ap-cert.malformed, ap-cert.untrusted, ap-cert.expired, ap-cert.revoked. Transient (ERR_RETRY):
 * dns.temporary, dns.timeout, sml.malformed, smp.unreachable, smp.timeout, smp.malformed,
 * smp.revocation-unknown, ap-cert.revocation-unknown, ap-cert.not-yet-valid. All parts of the error
 * are filled (`next` where the class does not tell it). Needs dsig_init (wss_init). Call
 * endpoint_free in any case; strings of steps live in the arena. */
int lookup_endpoint(struct endpoint *out, struct lookup *l, const struct lookup_query *q,
    struct arena *a, struct err *e) MUST_CHECK;
void endpoint_free(struct endpoint *ep);

/* What a participant can receive: its ServiceGroup (unsigned: information, no proof). */
struct lookup_services {
    char smp_url[LOOKUP_URL];
    struct doctype *doctypes; /* in the arena */
    size_t n;
    size_t odd; /* references that could not be read */
    struct lookup_step steps[LOOKUP_MAX_STEPS];
    size_t nsteps;
    int64_t ms;
};
int lookup_services(struct lookup_services *out, struct lookup *l, const struct participant *p,
    struct arena *a, struct err *e) MUST_CHECK;

/* The SML alone, past the cache of DNS answers: the base URL of the participant's SMP. Errors as
 * lookup_endpoint's about DNS, all parts filled. */
int lookup_smp(
    char base[LOOKUP_URL], struct lookup *l, const struct participant *p, struct err *e) MUST_CHECK;

/* Forget what is cached about a participant, or (NULL) everything. */
void lookup_forget(struct lookup *l, const struct participant *p);

/* The kept answers (the newest 1024) as a file, replaced atomically and durably; nothing is written
 * when nothing is new. And back, at a start: a file that is not there is an empty one, a line that
 * cannot be read is left out. Certificate and dates are checked again before each use. */
int lookup_save(struct lookup *l, int dirfd, const char *name, struct err *e) MUST_CHECK;
int lookup_load(struct lookup *l, const char *path, struct err *e) MUST_CHECK;

/* For people: the steps (`aviso lookup --explain`), the result. */
void lookup_explain(struct buf *out, const struct lookup_step *steps, size_t n);
void lookup_endpoint_text(struct buf *out, const struct lookup_query *q, const struct endpoint *ep);
void lookup_services_text(struct buf *out, const struct participant *p,
    const struct lookup_services *s, const struct codelists *lists, int64_t now);
/* For programs: one object, also of a failed lookup (then without endpoint; the caller adds its
 * error). NULL when memory is out; the caller's (json_object_put). */
struct json_object;
struct json_object *lookup_endpoint_json(const struct lookup_query *q, const struct endpoint *ep);
struct json_object *lookup_services_json(const struct participant *p,
    const struct lookup_services *s, const struct codelists *lists, int64_t now);

#endif
