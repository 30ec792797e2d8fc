/* mime_priv.h - header fields, shared by the reader's files. */
#ifndef AP_MIME_MIME_PRIV_H
#define AP_MIME_MIME_PRIV_H

#include "ap/mime/mime.h"

/* A Content-Type value taken apart. Strings in the arena; absent parameters are {NULL,0}. */
struct mime_type {
    struct str type; /* type/subtype, lower case */
    struct str boundary, start, root_type, charset;
};

/* mime.content-type on anything that can be read in two ways. */
int mime_type_parse(
    struct mime_type *out, struct arena *a, struct str value, struct err *e) MUST_CHECK;
/* "<a%40b>" or "a@b" into a@b, in the arena; mime.content-id. */
int mime_cid_parse(struct str *out, struct arena *a, struct str value, struct err *e) MUST_CHECK;
/* The header fields of one part, without the empty line. */
int mime_fields_parse(
    struct mime_part *out, struct arena *a, struct str fields, struct err *e) MUST_CHECK;

#endif
