/* conformance.h - a rehearsal of the cases that Peppol's testbed puts an access point through.
 *
 * Each case makes real exchanges (TLS, DNS, SMP, AS4) with what the configuration names: our own
 * endpoint as the testbed would see it, and receivers of a test network. It notes every check with
 * its outcome, keeps what went over the wire as evidence, and passes, fails, or is skipped with the
 * reason. Passing here is no accreditation. What is received is sent beside the queue, by ourselves
 * to ourselves; what is submitted goes through the queue of the service, which must run. Nothing is
 * written to the store here. At most 32 cases of 24 checks. One thread. */
#ifndef AP_CONFORMANCE_CONFORMANCE_H
#define AP_CONFORMANCE_CONFORMANCE_H

#include "ap/config/config.h"
#include "ap/crypto/key.h"
#include "ap/http/http_client.h"
#include "ap/lookup/lookup.h"
#include "ap/pki/pki.h"
#include "ap/store/store.h"

#define CONF_CASES 32
#define CONF_CHECKS 24
#define CONF_FILES 16

enum conf_verdict { CONF_PASSED, CONF_FAILED, CONF_SKIPPED };
const char *conf_verdict_word(enum conf_verdict v); /* "passed" "failed" "skipped" */

struct conf_check {
    bool ok;
    char text[300];
};
struct conf_case {
    const char *id, *title; /* "tls-protocols" */
    const char *bed;        /* the testbed's case: "TC2A.1"; "" none */
    const char *clause;     /* of the specification */
    enum conf_verdict verdict;
    char why[300]; /* skipped: the reason */
    struct conf_check checks[CONF_CHECKS];
    size_t nchecks, nfiles;
    char files[CONF_FILES][64]; /* evidence, in the folder */
    int64_t ms;
};

struct conf_run {            /* all borrowed, for the call */
    const struct config *c;  /* listen.public_url is our endpoint */
    struct store *store;     /* for our participants; read only */
    struct key *const *keys; /* the active one first. For TLS alone: none, nor store, pki ... */
    size_t nkeys;
    struct pki *pki;
    struct http_client *http;
    struct lookup *lookup;
    const struct codelists *lists;
    const char *host;    /* right side of our MessageIds */
    const char *program; /* name and version, for the report */
    const char *own;     /* participant of ours; NULL: the first one that is served */
    const char *to;      /* receiver of a test network; NULL: submission is skipped */
    const char *revoked; /* receiver whose access point has a revoked certificate; or NULL */
    /* receiver at the access point of `to`, published with its new certificate; or NULL */
    const char *migrated;
    const char *wildcard; /* receiver registered with a wildcard, of `wildcard_document`; or NULL */
    struct blob wildcard_document;
    uint64_t large;   /* bytes of a large document; 0: large cases are skipped */
    const char *only; /* begin of the ids of cases to run; NULL: all */
    /* Hand a document to the service, as `aviso send` does: its number in the journal. */
    int (*submit)(void *ctx, int64_t *row, const struct blob *document, const char *from,
        const char *to, struct err *e);
    void *submit_ctx;
    int dirfd;                                          /* folder for evidence and report */
    void (*told)(void *ctx, const struct conf_case *k); /* after each case; may be NULL */
    void *told_ctx;

    struct conf_case cases[CONF_CASES];
    size_t n, count[3]; /* by verdict */
    int64_t started;
};

/* Runs the cases; what fails in one, ours or a peer's, is a check of it that failed. */
void conf_run(struct conf_run *r);
/* report.json and report.html in the folder. */
int conf_report(const struct conf_run *r, struct err *e) MUST_CHECK;
/* The report as one object; the caller's. NULL when memory is out. */
struct json_object *conf_json(const struct conf_run *r);

#endif
