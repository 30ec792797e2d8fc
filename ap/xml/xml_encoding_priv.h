/* xml_encoding_priv.h - what bytes an XML document is written in, and making UTF-8 of them. */
#ifndef AP_XML_XML_ENCODING_PRIV_H
#define AP_XML_XML_ENCODING_PRIV_H

#include "ap/base/blob.h"
#include "ap/base/err.h"

/* out: the document in UTF-8 (the input itself, or the spool's bytes without mark and declaration);
 * *skip: length of its byte order mark and XML declaration, which a parser must not see. */
int xml_utf8(struct blob *out, uint64_t *skip, struct spool *tmp, const struct blob *in,
    struct err *e) MUST_CHECK;

#endif
