/* as4.h - one AS4 exchange of the Peppol profile 2.0.3 as bytes in and bytes out.
 *
 * No sockets, no store, no DNS: the caller moves the bytes, so tests and fuzzers drive everything
 * here. Sender: as4_compose, then as4_reply_read on what came back. Receiver: as4_receive, then
 * (after the message is on disk) as4_receipt_write, or as4_error_write. One thread per exchange. */
#ifndef AP_AS4_AS4_H
#define AP_AS4_AS4_H

#include "ap/as4/ebms.h"
#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/crypto/key.h"
#include "ap/pki/pki.h"
#include "ap/wss/wss.h"

/* ---- sending ---- */

struct as4_message {       /* what to send; all borrowed */
    struct str message_id; /* uuid@host, RFC 2822 without <> */
    struct str conversation_id;
    int64_t timestamp;
    struct str document_scheme, document_id; /* Action = scheme::id */
    struct str process_scheme, process_id;   /* Service @type and text */
    struct str sender, receiver;             /* originalSender, finalRecipient: "0208:..." */
    struct str payload_type;                 /* "application/xml" */
    struct blob payload;                     /* the StandardBusinessDocument */
    const struct cert *recipient;            /* C3's certificate: To/PartyId is its CN */
    bool compress;                           /* true but in interop tests */
    bool packed;  /* `payload` is what compressing would make of it: sent as it is */
    bool is_test; /* to the test service: document_* and process_* stand empty; not delivered */
};

/* What must be known later, also by another process, to judge the answer. */
struct as4_expect {
    struct str message_id;
    struct str recipient_cn;           /* To/PartyId */
    struct wss_ref refs[WSS_MAX_REFS]; /* node is NULL when read back */
    size_t nrefs;
};

struct as4_sent {
    char content_type[256]; /* HTTP header of the request */
    struct spool *wire;     /* the caller's: filled with the whole HTTP body */
    struct as4_expect expect;
};
int as4_compose(struct as4_sent *out, struct spool *wire, const struct as4_message *m,
    struct key *k, struct arena *a, struct err *e) MUST_CHECK;

/* as4_expect as text for the store, and back. Format: one line a field, documented in as4_expect.c.
 */
int as4_expect_write(struct buf *out, const struct as4_expect *x, struct err *e) MUST_CHECK;
int as4_expect_read(
    struct as4_expect *out, struct arena *a, struct str text, struct err *e) MUST_CHECK;

enum as4_reply_kind {
    AS4_REPLY_RECEIPT, /* signed by the addressed AP, for this message, every digest equal: proof */
    AS4_REPLY_ERROR,   /* an ebMS Error that refers to this message (or to none) */
    AS4_REPLY_DUPLICATE, /* an Error that says "already have it": EBMS:4001 and its kin; still
                            unknown */
    AS4_REPLY_NOTHING    /* no valid signal: empty, HTML, SOAP fault, forged or foreign receipt */
};
struct as4_reply {
    enum as4_reply_kind kind;
    bool is_signed;          /* the signature held, chained, and is the addressed AP's */
    char signer_cn[CERT_CN]; /* of whoever's signature held and chained */
    char signer_serial[CERT_SERIAL];
    const char *not_revoked_by; /* as pki_check_received says; NULL: not asked */
    struct str signal_id;       /* MessageId of the signal */
    int64_t signal_time;
    struct ebms_error error; /* of the first failure, for ERROR and DUPLICATE */
    struct err why;          /* for NOTHING: what was wrong, in five parts */
    bool forged; /* a receipt with a wrong signature, signer or digest: a security event */
};
/* Judges the whole answer, whatever the HTTP status; proof wins over every error beside it. Never
 * fails on what the peer sent: that is a kind. -1 only for our own trouble (memory). Names in
 * `why`: reply.empty, reply.html, reply.compressed, reply.malformed, reply.fault, reply.foreign
 * (other message), reply.unsigned, reply.forged, reply.digests, reply.warning; or what the signer's
 * check said (cert.*). */
int as4_reply_read(struct as4_reply *out, const struct as4_expect *x, struct str content_type,
    struct str body, struct pki *trust, int64_t now, struct arena *a, struct err *e) MUST_CHECK;

/* ---- receiving ---- */

struct as4_receiver { /* shared, read-only */
    struct pki *trust;
    struct key *const *keys; /* active first */
    size_t nkeys;
    int tmp_dirfd;                 /* for spools; -1: memory only */
    uint64_t max_inflated;         /* 0: 512 MB; over all parts of a message */
    unsigned max_ratio;            /* 0: 200 */
    uint64_t max_uncompressed_xml; /* 0: 16 MB: needs a tree for c14n */
    bool lax_message_id;           /* take ids that are no RFC 2822 msg-id but printable ASCII */
};
#define AS4_MAX_INFLATED (512ull * 1000 * 1000)
#define AS4_MAX_RATIO 200u
#define AS4_MAX_UNCOMPRESSED_XML (16ull * 1000 * 1000)

struct as4_received { /* owned; strings in the arena */
    struct ebms_user_message um;
    struct wss_proof proof;
    struct spool payload; /* the first part inflated: the SBD (or test-service bytes) */
    uint8_t payload_sha256[HASH_LEN];
    uint64_t wire_len;
    bool is_ping; /* test service: receipt, no delivery, no SBDH; payload may be empty */
    /* on failure, as far as they could be read (unverified), for the answer and the anomaly log: */
    struct str ref_to_message_id;
    int http_status; /* 200 with an ebMS error, or 400/413/415/500/503 without */
    xmlDoc *env;
    const xmlNode *not_understood; /* in env: the mandatory header that asks for a SOAP fault */
};
/* Steps and answers in the order of docs/STATES.md (states.md 7). On -1: e->ebms is the code to
 * answer with, or "" when out->http_status alone is the answer (500: with as4_fault_write).
 * as4_received_free in either case. SBDH and "serviced" are the caller's.
 *
 * Attachments: the first PartInfo is the document. More are taken when each is named by a PartInfo,
 * signed, encrypted and decompresses within the limits; they are not handed over. */
int as4_receive(struct as4_received *out, const struct as4_receiver *r, struct str content_type,
    const struct blob *body, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
void as4_received_free(struct as4_received *r);

/* A signed Receipt (SOAP, no attachment) for a verified message: the reply's body. */
int as4_receipt_write(struct buf *out, char signal_id[EBMS_ID], const struct as4_received *r,
    struct key *k, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
/* A signed (k may be NULL: unsigned) ebMS Error from an err with ->ebms set. ErrorDetail is e's
 * fixed text, with PEPPOL:NOT_SERVICED exact when why->code is "as4.not-serviced"; never a stack or
 * path. */
int as4_error_write(struct buf *out, char signal_id[EBMS_ID], const struct err *why,
    struct str ref_to_message_id, struct key *k, int64_t now, struct arena *a,
    struct err *e) MUST_CHECK;
/* SOAP 1.2 fault MustUnderstand (HTTP 500) that names the header block. */
int as4_fault_write(struct buf *out, const xmlNode *not_understood, struct err *e) MUST_CHECK;
#define AS4_REPLY_CONTENT_TYPE "application/soap+xml; charset=utf-8"

#endif
