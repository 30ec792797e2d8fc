/* xsd_priv.h - what the files of the schema validator share. */
#ifndef UBL_XSD_PRIV_H
#define UBL_XSD_PRIV_H

#include <stdbool.h>

#include "ap/base/arena.h"
#include "ap/base/str.h"

/* Which elements have type xs:base64Binary: libxml2 2.9 skips whatever is no base64 in them and
 * takes the rest, the standard does not. It also does not tell an element's type, so the schema
 * files are read for it while they load: declarations by name, then what derives from what. */
struct xsd_base64;
struct xsd_base64 *xsd_base64_new(void); /* NULL when out of memory */
void xsd_base64_free(struct xsd_base64 *b);
/* One schema file. What is out of memory shows in xsd_base64_done. */
void xsd_base64_source(struct xsd_base64 *b, struct str file);
int xsd_base64_done(struct xsd_base64 *b); /* -1 = out of memory */
bool xsd_base64_is(const struct xsd_base64 *b, struct str uri, struct str local);
/* Where the first character stands that no base64 value has, counted from 1; 0 = there is none. */
size_t xsd_base64_stray(struct str value);

#endif
