/* xml_stream.h - the streaming door for payloads: events and byte ranges, nothing kept.
 *
 * One pass over a blob of any size at flat memory: libxml2's push parser says whether it is
 * well-formed (namespaces included) and what stands in it, a small lexer beside it says where in
 * the bytes. Other encodings than UTF-8 are written to a spool as UTF-8 first, and the ranges are
 * of those bytes. A DOCTYPE is refused before libxml2 sees it. Limits: depth 200, 256 attributes
 * in one tag, 256 namespace declarations in scope, 1 MiB in one tag, comment or processing
 * instruction; text has none. One thread per call. */
#ifndef AP_XML_XML_STREAM_H
#define AP_XML_XML_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/err.h"

#define XML_STREAM_DEPTH 200
#define XML_STREAM_ATTRS 256
#define XML_STREAM_SCOPE 256
#define XML_STREAM_MARKUP (1u << 20)
#define XML_STREAM_CHILDREN 4 /* of the root, whose ranges are told */

struct xml_stream_attr { /* ns and prefix NULL: none */
    const char *local, *prefix, *ns;
    struct str value;
};
struct xml_stream_ns { /* prefix NULL: the default namespace; uri "" takes it away */
    const char *prefix, *uri;
};
struct xml_stream_tag { /* valid during the call */
    const char *local, *prefix, *ns;
    unsigned depth; /* root: 0 */
    const struct xml_stream_attr *attr;
    size_t nattr;
    const struct xml_stream_ns *decl; /* declared in this tag */
    size_t ndecl;
};

/* Each may be NULL. An error returned stops the pass and is its error. Text comes in pieces,
 * CDATA as text. */
struct xml_stream_handler {
    int (*start)(void *ctx, const struct xml_stream_tag *t, struct err *e);
    int (*end)(void *ctx, unsigned depth, struct err *e);
    int (*text)(void *ctx, struct str s, struct err *e);
    void *ctx;
};

struct xml_stream_range { /* '<' of the start tag to behind '>' of the end tag */
    uint64_t begin, end;
};
struct xml_stream_layout {
    struct blob utf8; /* what the ranges are of: the input, or the spool's bytes */
    struct xml_stream_range root, child[XML_STREAM_CHILDREN];
    size_t nchildren; /* all, also those beyond the array */
};

/* `tmp` is initialised and freed by the caller; used only when the bytes come in another encoding.
 * xml.malformed, xml.doctype, xml.limit, xml.encoding (ERR_INPUT); errors of reading and of the
 * spool as they come. */
int xml_stream(struct xml_stream_layout *out, struct spool *tmp, const struct blob *in,
    const struct xml_stream_handler *h, struct err *e) MUST_CHECK;

#endif
