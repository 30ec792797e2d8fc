/* xsd.h - validation against an XML Schema, over our own tree.
 *
 * libxml2's validator is fed from the tree instead of from the parser: so the document type may be
 * read before a schema is chosen, a payload inside an envelope is validated where it lies, rules
 * and schema load side by side, and each error knows its node. The verdict is the standard's:
 * values that libxml2 2.9 refuses wrongly (white space around dates and times, decimals of more
 * than 24 digits) are found and forgiven, and stray characters in base64, which it skips, are not.
 * Loading touches no network. */
#ifndef UBL_XSD_H
#define UBL_XSD_H

#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/tree/tree.h"

struct xsd; /* a compiled schema: immutable, any number of threads may validate with it */

/* Errors: xsd.schema (ERR_CONFIG) with the first message of the schema parser. */
int xsd_load(struct xsd **out, const char *path, struct err *e) MUST_CHECK;
void xsd_free(struct xsd *x);

struct xsd_error {
    uint32_t node; /* element the error belongs to */
    uint32_t line;
    int code; /* libxml2's xmlParserErrors number */
    struct str text;
};

#define XSD_ERRORS_MAX 200 /* kept; n counts all */

struct xsd_report {
    const struct xsd_error *errors; /* the first XSD_ERRORS_MAX */
    uint32_t n_errors, n;
    uint32_t forgiven; /* values libxml2 had refused wrongly */
};

/* Validate the element `root` and what is in it. Texts live in `a`. -1 only for failures of ours.
 */
int xsd_validate(struct xsd_report *out, const struct xsd *x, const struct tree *t, uint32_t root,
    struct arena *a, struct err *e) MUST_CHECK;

#endif
