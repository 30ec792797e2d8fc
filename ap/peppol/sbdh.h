/* sbdh.h - the Peppol Business Message Envelope 2.0.2: writing one around a document and reading
 * one.
 *
 * Both ways stream: the payload is never held in memory. Reading makes every check of the envelope
 * that needs no network (spec/sbdh.md 5, nos. 1-6, 10 scopes); comparing with the AS4 header and
 * "do we serve this" are the caller's. Limits: header 64 KiB, 64 scopes, texts 1 KiB. One thread
 * per call. */
#ifndef AP_PEPPOL_SBDH_H
#define AP_PEPPOL_SBDH_H

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/base/hash.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/document.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

#define SBDH_NS "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
#define SBDH_CONTENT_NS "http://peppol.eu/xsd/ticc/envelope/1.0"
#define SBDH_MAX_SCOPES 64
#define SBDH_TEXT 1024

enum sbdh_mls_type { SBDH_MLS_ABSENT, SBDH_MLS_FAILURE_ONLY, SBDH_MLS_ALWAYS_SEND };
enum sbdh_kind { SBDH_XML, SBDH_BINARY, SBDH_TEXT_CONTENT };

struct sbdh_scope { /* an additional attribute: survives relay, means nothing to us */
    struct str type, instance, identifier;
    bool has_identifier;
};

struct sbdh {
    struct participant sender, receiver;
    struct doctype doctype;
    struct process process;
    struct str instance_id;                  /* of the envelope: the document's identity for life */
    int64_t created;                         /* ms */
    struct str created_text;                 /* as read; ignored when writing */
    struct str standard, type, type_version; /* empty when writing: taken from doctype */
    char country_c1[3];
    struct participant mls_to; /* "" = absent, or not usable (then mls_to_ignored) */
    bool mls_to_ignored, mls_type_ignored;
    enum sbdh_mls_type mls_type;
    struct sbdh_scope more[SBDH_MAX_SCOPES];
    size_t nmore;
};

/* Write the whole StandardBusinessDocument, UTF-8, around what document_read found (its `root` must
 * still be readable). When the document does not declare a default namespace of its own our
 * elements take a prefix, so that nothing leaks into it. sbdh.value (ERR_INPUT) names what is
 * missing or malformed: nothing invalid is ever written. */
int sbdh_write(
    struct sink *out, const struct sbdh *h, const struct document *d, struct err *e) MUST_CHECK;
/* The same around bytes that are not XML: BinaryContent (base64) or TextContent (escaped UTF-8).
 * `type`: SBDH Type, for instance "factur-x". `encoding` may be empty. */
int sbdh_write_content(struct sink *out, const struct sbdh *h, enum sbdh_kind kind,
    struct str mime_type, struct str encoding, const struct blob *bytes, struct err *e) MUST_CHECK;

struct sbdh_envelope {
    struct sbdh h;
    enum sbdh_kind kind;
    struct str root_ns, root_local; /* of the payload element */
    struct str mime_type, encoding; /* of BinaryContent, TextContent */
    struct blob sbd;                /* the bytes read, in UTF-8: the given ones, or in the spool */
    struct blob payload;            /* start tag to end tag of the payload element, inside sbd */
    /* The document: the payload element's bytes; of BinaryContent and TextContent the octets that
     * they stand for. */
    uint8_t document_sha256[HASH_LEN];
    uint64_t document_len;
    /* xmlns declarations of the StandardBusinessDocument element that the payload relies on, as
     * text (` xmlns:a="..."`), to be added when it is taken out; usually empty. */
    struct str inherited_ns;
};

/* Errors ERR_INPUT with EBMS:0004: xml.* (not well-formed, DOCTYPE, limits), sbdh.missing,
 * sbdh.order, sbdh.value, sbdh.country, sbdh.payload, sbdh.mismatch. `tmp` as in document_read. */
int sbdh_read(struct sbdh_envelope *out, struct spool *tmp, const struct blob *sbd, struct arena *a,
    struct err *e) MUST_CHECK;

/* The document for C4: the payload element as a document of its own; for BinaryContent the decoded
 * octets, for TextContent the text in UTF-8. */
int sbdh_extract(struct sink *out, const struct sbdh_envelope *r, struct err *e) MUST_CHECK;

/* Does the envelope say the same as the AS4 header (checks 7 and 8)? sbdh.mismatch, EBMS:0004. */
int sbdh_check_header(const struct sbdh *h, struct str original_sender, struct str sender_type,
    struct str final_recipient, struct str recipient_type, struct str action, struct str service,
    struct str service_type, struct err *e) MUST_CHECK;

/* ISO 3166-1 alpha-2 shape with the two Kosovo codes: [A-Z0-9][A-Z0-9]. */
bool sbdh_country_ok(struct str c);

#endif
