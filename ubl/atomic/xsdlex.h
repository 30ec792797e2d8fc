/* xsdlex.h - is this text a value of this built-in XSD 1.0 type? Lexical form and value space,
 * without facets.
 *
 * For where libxml2 2.9.14 is wrong: it refuses white space around dates and times, and decimals of
 * more than 24 digits. A schema validator that got such a complaint can ask here. Agrees with
 * Xerces. Any thread, no allocation. */
#ifndef UBL_ATOMIC_XSDLEX_H
#define UBL_ATOMIC_XSDLEX_H

#include <stdbool.h>

#include "ap/base/str.h"

enum xsd_type {
    XSD_OTHER, /* not decided here */
    XSD_DATE,
    XSD_TIME,
    XSD_DATETIME,
    XSD_DECIMAL,
    XSD_INTEGER
};

/* "date" without prefix; XSD_OTHER when it is not one of the above. */
enum xsd_type xsd_type_named(struct str local_name);
/* White space around the value is collapsed, as these types have it. False for XSD_OTHER. */
bool xsd_valid(enum xsd_type type, struct str value);

#endif
