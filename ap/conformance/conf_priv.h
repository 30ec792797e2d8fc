/* conf_priv.h - inside ap/conformance: noting, one exchange, the groups of cases. */
#ifndef AP_CONFORMANCE_CONF_PRIV_H
#define AP_CONFORMANCE_CONF_PRIV_H

#include "ap/as4/as4.h"
#include "ap/conformance/conformance.h"

/* Notes a check and returns `ok`; more than CONF_CHECKS count, but only their failures show. */
bool conf_check(struct conf_case *k, bool ok, const char *fmt, ...) PRINTF(3, 4);
void conf_skip(struct conf_case *k, const char *why);
/* Keeps bytes as evidence under CASE-name. */
int conf_keep(struct conf_run *r, struct conf_case *k, const char *name, struct str bytes,
    struct err *e) MUST_CHECK;
/* Our participant for the rehearsal; false: none (noted as the reason to skip). */
bool conf_own(
    struct store_participant *out, struct conf_run *r, struct conf_case *k, struct arena *a);

enum conf_damage { CONF_WHOLE, CONF_FLIPPED };
struct conf_message {
    const struct store_participant *from;
    const char *to;       /* participant */
    const char *number;   /* of the invoice */
    struct blob document; /* instead of an invoice of ours; len 0: ours */
    uint64_t size;        /* pad our invoice to this; 0: as it is */
    struct key *key;      /* instead of the run's, with another certificate of the same name */
    bool uncompressed;
    const char *receiver_in_header; /* who is named instead of `to`; lookup stays with `to` */
    enum conf_damage damage;
    unsigned repeats; /* the same bytes so often again, to the same connection's end */
};
struct conf_exchange {
    bool found, answered; /* lookup gave an endpoint; HTTP gave an answer */
    struct err why;       /* of what did not */
    struct endpoint ep;
    struct as4_reply reply; /* when answered */
    int status;
    struct buf answer;
    bool same_again; /* each repeat had the first answer, byte for byte */
    int64_t ms;
};
/* Look up, compose, send, judge; request and answer are kept as evidence. -1: our own trouble.
 * conf_exchange_free in any case. */
int conf_send(struct conf_exchange *x, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e) MUST_CHECK;
void conf_exchange_free(struct conf_exchange *x);
/* The usual expectation: an endpoint, an answer, a signed receipt of all digests. */
bool conf_expect_receipt(struct conf_case *k, const struct conf_exchange *x, const char *what);
/* An ebMS error of this code, with this detail when not NULL. */
bool conf_expect_error(
    struct conf_case *k, const struct conf_exchange *x, const char *code, const char *detail);

/* The cases: each fills its struct conf_case. -1: our own trouble. */
int conf_tls_protocols(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_tls_suites(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_tls_certificate(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_published(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_plain(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_again(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_stranger(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_damaged(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_unserved(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_large(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_revoked(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_large(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_wildcard(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;

#endif
