/* document.h - what a business document says about itself: its type, process, parties, number.
 *
 * One streaming pass over the payload (512 MB at flat memory; only the few short texts below are
 * kept), driven by a table of document kinds. Nothing is validated beyond well-formedness: that is
 * ubl's work. The byte range from the root's start tag to its end tag is the document everywhere
 * (states.md 8): its SHA-256 names it. One thread per call. */
#ifndef AP_PEPPOL_DOCUMENT_H
#define AP_PEPPOL_DOCUMENT_H

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/base/hash.h"
#include "ap/peppol/codelist.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

#define DOCUMENT_TEXT 1024 /* longest kept text; longer ones are left empty */

struct document {
    struct blob root; /* start tag to end tag, UTF-8, inside the given (or re-encoded) bytes */
    uint8_t sha256[HASH_LEN]; /* of root */
    bool default_ns;          /* the root element declares its own default namespace */
    bool has_envelope;        /* a StandardBusinessDocument is or stands inside: not a payload */

    const char *kind; /* "invoice", "credit-note", "order", ...; "" = not a known document */
    struct str root_ns, root_local;
    struct str customization_id, profile_id, ubl_version;
    struct str number, issue_date; /* cbc:ID, cbc:IssueDate; empty: not there */
    struct str supplier_vat;       /* seller's VAT id; empty: not there */
    struct str document_type_code; /* InvoiceTypeCode and its kin */
    bool self_billing;             /* sender is the buyer */

    /* "" values where the document does not say. Sender and receiver are C1 and C4, with the roles
     * swapped for self-billing. */
    struct doctype doctype;
    struct process process;
    struct participant sender, receiver;
    struct err odd; /* why an EndpointID was not taken, class ERR_NONE: nothing odd */
};

/* xml.* errors for what is not well-formed, document.size past the limit; a document of an unknown
 * kind is not an error here. `tmp` (initialised by the caller, freed after use of out->root)
 * receives the bytes again in UTF-8 when they came in another encoding. `lists` (may be NULL) tells
 * the version part of the document type id. */
int document_read(struct document *out, struct spool *tmp, const struct blob *payload,
    const struct codelists *lists, struct arena *a, struct err *e) MUST_CHECK;

/* What is not XML says nothing about itself that is read here: its bytes and their digest. */
int document_opaque(struct document *out, const struct blob *bytes, struct err *e) MUST_CHECK;

/* Can it be sent as it is: known type, process, sender and receiver? document.unknown,
 * document.no-process, document.no-sender, document.no-receiver (ERR_INPUT). */
int document_check(const struct document *d, struct err *e) MUST_CHECK;

/* Short names for the command line: "invoice", "credit-note", "self-billing", "order", "mls", ...
 * False when not known. */
bool document_by_name(struct doctype *d, struct process *p, const char *name);
/* The i-th such name, or NULL past the end: for help texts. */
const char *document_name(unsigned i);
/* A document type as people write it: a short name as above; an identifier; or a name of the code
 * list (codelist_named). `p` is set when the type has but one process, else it is empty. id.doctype
 * (ERR_INPUT). */
int document_type_read(struct doctype *d, struct process *p, const char *text,
    const struct codelists *lists, struct err *e) MUST_CHECK;

#endif
