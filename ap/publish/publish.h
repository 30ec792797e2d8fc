/* publish.h - our participants in the SMP: what is there against what should be, and the changes
 * that make the one the other.
 *
 * The REST interface is phoss-smp's as its maker documents it: PUT and DELETE of /PARTICIPANT and
 * of /PARTICIPANT/services/DOCTYPE with HTTP basic authentication or a bearer token; reading is SMP
 * 1.4.0 5. Only what differs is changed, so a second run changes nothing. What stands there beside
 * our endpoints (processes, transport profiles, dates, extensions) is kept byte for byte; what
 * names another access point, or what we do not hold, is changed on request only. The SMP enters a
 * new participant into the SML, and takes it out with its last entry. Business cards are not
 * touched. One thread. */
#ifndef AP_PUBLISH_PUBLISH_H
#define AP_PUBLISH_PUBLISH_H

#include "ap/config/config.h"
#include "ap/lookup/lookup.h"
#include "ap/lookup/smp.h"
#include "ap/store/store.h"

#define PUBLISH_MAX_TYPES 512 /* document types of one participant that are looked at */
#define PUBLISH_MAX_ROWS 1024
#define PUBLISH_MAX_CERTS 8

struct publish_smp { /* an SMP's base URL, and how it is talked to; borrowed */
    const char *url;
    const char *authorization; /* a whole header line; NULL: only read */
    struct http_client *http;
    struct pki *pki;     /* the signer must chain to the SMP authority; NULL: not asked */
    int64_t deadline_ms; /* of one request; 0: 30 s */
    bool plain_ok;
    int64_t now;
    bool (*go_on)(void *ctx); /* asked before each request; false: publish.ended. NULL: always */
    void *ctx;
};

/* ---- what we hold ---- */

struct publish_service {
    struct doctype doctype;
    struct process process; /* value "": any process */
};
struct publish_ours {
    struct participant participant;
    const struct publish_service *services; /* none: every document type is taken */
    size_t n;
    bool disabled;                               /* nothing is taken */
    const char *url;                             /* of our endpoint; "": not compared */
    const struct cert *certs[PUBLISH_MAX_CERTS]; /* the first is to be published; all are ours */
    size_t ncerts;
    const char *description, *contact; /* of new endpoints */
    const struct codelists *lists;     /* as read: what may be published on that day */
    int64_t on;
};
/* From a participant's record. A service without process gets the only one that the code list has
 * for its document type. participant.services when a record cannot be read. In the arena. */
int publish_ours_read(struct publish_ours *out, const struct store_participant *p,
    const struct codelists *lists, int64_t now, struct arena *a, struct err *e) MUST_CHECK;

/* The certificates of the keys that decrypt; the first is the one to be published. */
int publish_ours_keys(struct publish_ours *o, struct key *const *keys, size_t n, int64_t now,
    struct err *e) MUST_CHECK;
/* Make the certificate that is to be published the first: the one issued last of those that are
 * valid, so that the next key is published as soon as it is imported, and stays when it signs. With
 * `serial` that one: key.none (ERR_INPUT) when we have none such. */
int publish_choose(
    struct publish_ours *o, const char *serial, int64_t now, struct err *e) MUST_CHECK;

/* ---- comparing ---- */

enum publish_verdict {
    PUBLISH_SAME,
    PUBLISH_MISSING,    /* we hold it, it is not there */
    PUBLISH_DIFFERS,    /* see `differences` */
    PUBLISH_OTHER_AP,   /* it names another access point */
    PUBLISH_REDIRECTED, /* the document type is at another SMP */
    PUBLISH_NOT_HELD    /* it is there, and we hold no such service */
};
const char *publish_verdict_word(enum publish_verdict v); /* "same" "missing" ... */

enum publish_difference {
    PUBLISH_URL = 1,
    PUBLISH_CERT = 2,     /* of our seat, but no key of ours */
    PUBLISH_CERT_OLD = 4, /* a key of ours, but not the one to be published */
    PUBLISH_DATES = 8     /* expired, or not active yet */
};

enum publish_act { PUBLISH_KEEP, PUBLISH_PUT, PUBLISH_REMOVE };

struct publish_row {
    struct doctype doctype;
    struct process process; /* value "": none is known */
    enum publish_verdict verdict;
    unsigned differences; /* enum publish_difference */
    enum publish_act act; /* of the plan */
    /* what is published; "" and 0 when nothing is */
    char url[LOOKUP_URL], redirect[LOOKUP_URL];
    char seat[CERT_CN], serial[CERT_SERIAL];
    int64_t not_after, activation, expiry;
};

struct publish_state {
    bool group;    /* the SMP knows the participant */
    bool disabled; /* as in publish_ours: nothing should be there */
    struct publish_row *rows;
    size_t n;
    size_t odd;    /* references and endpoints that could not be read, or were too many */
    size_t beside; /* processes without an AS4 endpoint: another transport, never touched */
    enum publish_act group_act;
    char signer[CERT_CN]; /* of the SMP's answers; "": there were none */
};

/* Ask the SMP for everything it has of a participant. An SMP that is not to be reached or whose
 * answers do not hold is an error: smp.signature, smp.untrusted, smp.malformed, smp.mismatch, and
 * those of publish_apply. `smp` NULL: nothing is there. In the arena. */
int publish_compare(struct publish_state *out, const struct publish_smp *smp,
    const struct publish_ours *ours, struct arena *a, struct err *e) MUST_CHECK;
/* Rows with that verdict. */
size_t publish_count(const struct publish_state *s, enum publish_verdict v);
/* Is what we hold published as it should be, and nothing else? */
bool publish_is_same(const struct publish_state *s);

/* ---- what a difference means to those who send to us ---- */

enum publish_weight {
    PUBLISH_RIGHT,
    PUBLISH_ASIDE, /* worth a word; no sender is harmed */
    PUBLISH_WRONG  /* they do not find us, or what they send is refused */
};
/* All parts of *why but for PUBLISH_RIGHT: smp-entry.* (ERR_CONFIG). `base` is the SMP asked.
 *
 * One entry. While a key takes over, every certificate that we decrypt with is right as long as it
 * is valid. What names another access point and is not held here is nothing of ours. */
enum publish_weight publish_flaw_row(struct err *why, const struct publish_row *r,
    const struct publish_ours *o, const char *base, int64_t now);
/* Not in the SML (`base` "", `s` not looked at: may be NULL), or not in the SMP that the SML names.
 */
enum publish_weight publish_flaw_whole(
    struct err *why, const struct publish_state *s, const struct publish_ours *o, const char *base);
/* The gravest of both; *more: how many other entries are wrong. */
enum publish_weight publish_flaw(struct err *why, size_t *more, const struct publish_state *s,
    const struct publish_ours *o, const char *base, int64_t now);

/* ---- changing ---- */

enum publish_also {
    PUBLISH_REPLACE = 1,    /* also what names another access point */
    PUBLISH_REMOVE_REST = 2 /* also what we do not hold */
};
/* Set each row's act. participant.disabled, publish.nothing, publish.no-process, publish.other-ap,
 * publish.redirected, code.removed, code.abstract (ERR_INPUT) when what we hold cannot be
 * published. */
int publish_plan(struct publish_state *s, const struct publish_ours *ours, unsigned also,
    struct err *e) MUST_CHECK;
void publish_plan_removal(struct publish_state *s, unsigned also);
size_t publish_changes(const struct publish_state *s); /* rows and group with an act */

/* Carry the plan out. Each document type is read again just before it is changed. Stops at the
 * first error; another run goes on from there. publish.credentials, publish.url (ERR_CONFIG),
 * publish.forbidden, publish.unknown, publish.conflict, publish.read-only, publish.refused
 * (ERR_PEER), publish.failed (ERR_RETRY), http.*: UNKNOWN when a request may have been carried
 * out. */
int publish_apply(const struct publish_state *s, const struct publish_smp *smp,
    const struct publish_ours *ours, struct arena *a, struct err *e) MUST_CHECK;

/* ---- the operator's SMP, as configured in [smp] ---- */

struct publish_door {
    struct publish_smp smp;
    char url[LOOKUP_URL]; /* without closing slash */
    char authorization[1024];
};
/* `connect_to` as in http_cfg. config.missing, publish.secret, http.ca (ERR_CONFIG). */
int publish_open(struct publish_door *out, const struct config *c, const char *const *connect_to,
    int64_t now, struct err *e) MUST_CHECK;
void publish_close(struct publish_door *d);

#endif
