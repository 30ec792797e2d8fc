/* invoice.h - an invoice as its business terms: from JSON to UBL and back.
 *
 * The terms of EN 16931-1 that Peppol BIS Billing 3 allows, in the words of one table
 * (terms_priv.h): JSON, UBL Invoice and CreditNote, the JSON Schema and docs/invoice.md come from
 * it. An invoice lives in the arena it was made in and belongs to one thread; the bytes it was read
 * from must outlive it.
 *
 *   invoice_new, then one of invoice_read_json, invoice_read_ubl; after JSON invoice_complete;
 *   then invoice_write_ubl or invoice_write_json.
 *
 * What is wrong with an invoice is not a failure of a call but a finding: each call returns 0 and
 * adds to the list, up to INVOICE_FINDINGS. An invoice with faults must not be written. -1 is
 * memory, or a bug of ours. Numbers are decimals throughout (ubl/atomic/decimal.h) and keep the
 * digits they came with. */
#ifndef UBL_INVOICE_INVOICE_H
#define UBL_INVOICE_INVOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/validate.h"

#define INVOICE_TEXT_MAX ((size_t)256 << 20) /* bytes of JSON or UBL */
#define INVOICE_DEPTH_MAX 32                 /* of JSON */
#define INVOICE_LIST_MAX 1000000             /* members of one list */
#define INVOICE_NUMBER_MAX 40                /* characters of a number */
#define INVOICE_VALUE_MAX (1u << 20)         /* bytes of a text that is no attachment */
#define INVOICE_FILE_MAX ((size_t)100 << 20) /* bytes of one attachment */
#define INVOICE_FINDINGS 100                 /* kept; more are counted */
#define INVOICE_BEYOND_LISTED 10000          /* the same of INVOICE_BEYOND */

struct invoice;

enum invoice_severity {
    INVOICE_FAULT,   /* not to be written or sent */
    INVOICE_WARNING, /* odd, but it may be meant */
    INVOICE_BEYOND   /* in the UBL document, but no term of the model: not in the JSON */
};
struct invoice_finding {
    enum invoice_severity severity;
    struct err err;   /* code, message, next; spec = the rule ("BR-CO-10"), where it has one */
    const char *path; /* "lines[3].price.net", counted from 0; in UBL an element path */
    uint32_t line;    /* of the text it was read from, from 1; 0 unknown */
};

/* NULL when memory is out. */
struct invoice *invoice_new(struct arena *a);
const struct invoice_finding *invoice_findings(const struct invoice *v, size_t *n);
size_t invoice_faults(const struct invoice *v);   /* counted, also those not kept */
size_t invoice_unlisted(const struct invoice *v); /* findings of any kind that are not kept */
bool invoice_is_credit_note(const struct invoice *v);
/* The first value of a term by its number ("BT-1", "BT-34-1"), or the empty string. */
struct str invoice_value(const struct invoice *v, const char *bt);

/* RFC 8259, strictly: UTF-8, no duplicate members, no comments. Findings invoice.json,
 * invoice.encoding, invoice.limit end the reading; invoice.member, invoice.duplicate, invoice.type,
 * invoice.value do not. */
int invoice_read_json(struct invoice *v, struct str json, struct err *e) MUST_CHECK;
/* Rows of a CSV file (docs/invoice.md): one invoice for each run of rows with the same number.
 * *out = array of *n invoices in the arena. */
int invoice_read_csv(
    struct invoice ***out, size_t *n, struct str csv, struct arena *a, struct err *e) MUST_CHECK;
/* UBL Invoice or CreditNote, also inside an SBDH envelope. What has no term is a finding of
 * severity INVOICE_BEYOND. -1 also for what tree_parse refuses (xml.malformed ...) and for another
 * document (invoice.not-ubl). */
int invoice_read_ubl(struct invoice *v, struct str xml, struct err *e) MUST_CHECK;

/* Embed a file (BG-24): its name without folder is reference and file name, its ending gives the
 * media type, and the bytes must look like that. `path` must outlive the invoice, `bytes` need not.
 * -1: invoice.attachment (kind, name, empty), invoice.limit (INVOICE_FILE_MAX, all attachments
 * together). */
int invoice_attach(struct invoice *v, struct str path, struct str bytes, struct err *e) MUST_CHECK;

/* A short name for specification and process: "bis3", "selfbilling3", "pint-eu", "pint-jp", ... or
 * NULL: what the invoice says, else by its type code. invoice.customization (ERR_INPUT). */
int invoice_set_customization(struct invoice *v, const char *name, struct err *e) MUST_CHECK;
/* Fill in what can be known, compute what is absent, check what is given: mandatory terms,
 * decimals, sums (the rule is named), dates, identifiers. EN 16931-1 6.4, BIS Billing 3. */
int invoice_complete(struct invoice *v, struct err *e) MUST_CHECK;

/* The UBL 2.1 document, one element a line; remembers which term each line came from. */
int invoice_write_ubl(struct buf *out, struct invoice *v, struct err *e) MUST_CHECK;
/* The same terms as JSON; the UBL of what it gives back is the same bytes. */
int invoice_write_json(struct buf *out, const struct invoice *v, struct err *e) MUST_CHECK;
/* Findings of the official rules on what invoice_write_ubl wrote, as findings on the JSON. */
int invoice_add_report(struct invoice *v, const struct ubl_report *r, struct err *e) MUST_CHECK;

/* The JSON Schema (2020-12), and the table of docs/invoice.md. */
void invoice_schema(struct buf *out);
void invoice_table(struct buf *out);

#endif
