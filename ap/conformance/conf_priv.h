/* conf_priv.h - inside ap/conformance: noting, one exchange, the groups of cases. */
#ifndef AP_CONFORMANCE_CONF_PRIV_H
#define AP_CONFORMANCE_CONF_PRIV_H

#include "ap/as4/as4.h"
#include "ap/base/rnd.h"
#include "ap/conformance/conformance.h"
#include "ap/peppol/document.h"

/* Notes a check and returns `ok`; more than CONF_CHECKS count, but only their failures show. */
bool conf_check(struct conf_case *k, bool ok, const char *fmt, ...) PRINTF(3, 4);
void conf_skip(struct conf_case *k, const char *why);
/* Keeps bytes as evidence under CASE-name. */
int conf_keep(struct conf_run *r, struct conf_case *k, const char *name, struct str bytes,
    struct err *e) MUST_CHECK;
/* Our participant for the rehearsal; false: none (noted as the reason to skip). */
bool conf_own(
    struct store_participant *out, struct conf_run *r, struct conf_case *k, struct arena *a);

int conf_keep_next(struct conf_run *r, struct conf_case *k, const char *what, struct str bytes,
    struct err *e) MUST_CHECK; /* the same under CASE-N-what */
/* An HTTP request with this body, unless it is larger than 2 MiB. */
int conf_keep_request(struct conf_run *r, struct conf_case *k, const char *content_type,
    bool chunked, struct str body, struct err *e) MUST_CHECK;

#define CONF_WIRE_MAX (512ull << 20)
#define CONF_MESSAGE_ID 300

enum conf_damage { /* to the composed message */
    CONF_WHOLE,
    CONF_FLIPPED,     /* a bit of the ciphertext */
    CONF_CHANGED,     /* a value of the signed header */
    CONF_UNSIGNED,    /* without its signature */
    CONF_UNENCRYPTED, /* the payload in clear, signed all the same: with `uncompressed` */
    CONF_BOM          /* no damage: a byte order mark before the SOAP envelope */
};
enum conf_payload { /* before it is composed */
    CONF_PAYLOAD_USUAL,
    CONF_PAYLOAD_UTF16, /* legal: the envelope in another encoding */
    CONF_PAYLOAD_CUT,   /* gzip cut short */
    CONF_PAYLOAD_BOMB   /* inflates to a thousand times its size */
};
enum conf_envelope {
    CONF_ENVELOPE_WHOLE,
    CONF_ENVELOPE_NONE,  /* the document alone */
    CONF_ENVELOPE_EMPTY, /* without the document */
    CONF_ENVELOPE_NO_COUNTRY,
    CONF_ENVELOPE_NO_TYPE, /* without the scope DOCUMENTID */
    CONF_ENVELOPE_NO_PROCESS,
    CONF_ENVELOPE_NO_ID /* without InstanceIdentifier, so not valid by the schema */
};
struct conf_message {
    const struct store_participant *from;
    const char *to;       /* participant */
    const char *number;   /* of the invoice */
    struct blob document; /* instead of an invoice of ours; len 0: ours */
    uint64_t size;        /* pad our invoice to this; 0: as it is */
    struct key *key;      /* instead of the run's, with another certificate of the same name */
    const struct cert *recipient; /* encrypted to this one; NULL: to the published one */
    bool uncompressed;
    enum conf_envelope envelope;
    enum conf_payload payload;
    const char *receiver_in_header; /* who is named instead of `to`; lookup stays with `to` */
    bool other_type;                /* header and envelope name a type that nobody serves */
    enum conf_damage damage;
    bool chunked;     /* the request goes in chunks, without Content-Length */
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
    char message_id[CONF_MESSAGE_ID];
    uint8_t document_sha256[HASH_LEN];
    int64_t ms;
};

struct conf_document { /* what is sent, and who it names */
    struct participant sender, receiver, named;
    struct document d;
    struct buf invoice;
    struct spool recoded;
    char instance[RND_UUID];
};
/* conf_document_free in any case. */
int conf_document_make(struct conf_document *doc, const struct conf_run *r,
    const struct conf_message *m, struct arena *a, struct err *e) MUST_CHECK;
/* From now on of a type whose customization nobody's record names; the invoice stays as it is. */
int conf_document_retype(struct conf_document *doc, struct arena *a, struct err *e) MUST_CHECK;
int conf_document_wrap(struct spool *sbd, struct conf_document *doc, const struct conf_message *m,
    struct arena *a, struct err *e) MUST_CHECK;
void conf_document_free(struct conf_document *doc);

/* The payload as `how` wants it, from the usual one; packed: it is compressed already. */
int conf_break_payload(struct spool *out, bool *packed, const struct blob *sbd,
    enum conf_payload how, struct err *e) MUST_CHECK;
/* The composed octets as `how` wants them; `clear` is the payload before encryption. */
int conf_break_wire(
    struct buf *wire, enum conf_damage how, const struct blob *clear, struct err *e) MUST_CHECK;

/* Look up, compose, send, judge; request and answer are kept as evidence. -1: our own trouble.
 * conf_exchange_free in any case. */
int conf_send(struct conf_exchange *x, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e) MUST_CHECK;
void conf_exchange_free(struct conf_exchange *x);
/* The usual expectation: an endpoint, an answer, a signed receipt of all digests. */
bool conf_expect_receipt(struct conf_case *k, const struct conf_exchange *x, const char *what);
/* What the journal has of it: this document, once, and what the rules said of it. The store is that
 * of the service that was sent to. */
int conf_expect_kept(struct conf_run *r, struct conf_case *k, const struct conf_exchange *x,
    struct arena *a, struct err *e) MUST_CHECK;
/* An ebMS error of this code, with this detail when not NULL. */
bool conf_expect_error(struct conf_case *k, const struct conf_exchange *x, const char *what,
    const char *code, const char *detail);

/* A document through the queue, as in production: handed to the service, then watched in its
 * journal until it is receipted, refused, or waits. What was on the wire is kept as evidence. */
struct conf_queued {
    bool accepted; /* else `why` */
    struct err why;
    struct out_row row; /* strings in the arena */
    int64_t ms;
};
int conf_queue(struct conf_queued *q, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e) MUST_CHECK;
bool conf_expect_receipted(struct conf_case *k, const struct conf_queued *q, const char *what);

/* The cases: each fills its struct conf_case. -1: our own trouble. */
int conf_tls_protocols(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_tls_suites(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_tls_certificate(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_tls_addresses(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_published(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_plain(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_again(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_stranger(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_damaged(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_unserved(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_signature(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_clear(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_compression(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_odd(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_large(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_envelope(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_other_key(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_reception_migration(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_revoked(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_migration(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_large(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;
int conf_submission_wildcard(struct conf_run *r, struct conf_case *k, struct err *e) MUST_CHECK;

#endif
