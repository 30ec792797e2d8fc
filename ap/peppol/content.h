/* content.h - documents that are not XML: what the envelope says of them, and how their bytes
 * travel in it.
 *
 * A document type identifier without "::" in its left part names a syntax (PFUOI policy 20):
 * `urn:peppol:doctype:pdf+xml`, `...:edifact:INVOIC`, `...:x12:810`, `...:bilateral`. Text that is
 * UTF-8 goes as TextContent, all else as BinaryContent. Nothing of the business content is judged:
 * only that the file begins as its syntax does. One thread per call. */
#ifndef AP_PEPPOL_CONTENT_H
#define AP_PEPPOL_CONTENT_H

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/sbdh.h"

#define CONTENT_UNCHECKED "not XML: structural checks only"

struct content {             /* strings in the arena or constant */
    enum sbdh_kind kind;     /* SBDH_XML: a document like any other, nothing below is set */
    struct str mime_type;    /* "application/pdf" */
    struct str encoding;     /* of text in BinaryContent; "" none */
    struct str type;         /* SBDH Type: "factur-x", "INVOIC", "810", "invoice" */
    struct str type_version; /* SBDH TypeVersion */
};

/* `mime_type` and `encoding` may be NULL: then the syntax and the bytes tell. A document of an XML
 * type is XML unless a media type is given (an ASiC container of a tender). content.format (the
 * file is not what the type says), content.media-type, content.encoding (they cannot be told):
 * ERR_INPUT. */
int content_of(struct content *out, const struct doctype *d, const char *mime_type,
    const char *encoding, const struct blob *bytes, struct arena *a, struct err *e) MUST_CHECK;

/* For a file's name, without dot: "pdf", "edi", "x12", "txt", ...; "bin" for what is not known. */
const char *content_extension(struct str mime_type);

#endif
