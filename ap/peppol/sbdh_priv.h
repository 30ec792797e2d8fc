/* sbdh_priv.h - the header's schema as tables, and character checks. */
#ifndef AP_PEPPOL_SBDH_PRIV_H
#define AP_PEPPOL_SBDH_PRIV_H

#include "ap/peppol/sbdh.h"
#include "ap/xml/xml_stream.h"

/* What a simple element's text means to us. */
enum sbdh_field {
    SBDH_NOTHING,
    SBDH_HEADER_VERSION,
    SBDH_SENDER,
    SBDH_RECEIVER,
    SBDH_STANDARD,
    SBDH_TYPE_VERSION,
    SBDH_INSTANCE,
    SBDH_TYPE,
    SBDH_CREATED,
    SBDH_SCOPE_TYPE,
    SBDH_SCOPE_INSTANCE,
    SBDH_SCOPE_IDENTIFIER
};

enum sbdh_content { SBDH_ELEMENTS, SBDH_STRING, SBDH_BOOLEAN, SBDH_DATETIME, SBDH_INTEGER };

struct sbdh_particle { /* one place in a sequence */
    const char *local;
    unsigned min, max; /* max 0: unbounded */
    const struct sbdh_type *type;
    enum sbdh_field field;
};
struct sbdh_type {
    enum sbdh_content content;
    const struct sbdh_particle *particle; /* closed by local NULL */
    const char *const *attrs;             /* allowed, closed by NULL; NULL: none */
};

extern const struct sbdh_type SBDH_HEADER; /* StandardBusinessDocumentHeader */

/* Where we are in the header: one frame an open element. */
#define SBDH_FRAMES 8
struct sbdh_cursor {
    struct {
        const struct sbdh_type *type;
        const struct sbdh_particle *at; /* in type->particle */
        unsigned count;
        const char *local;
    } frame[SBDH_FRAMES];
    unsigned n;
};
/* Only those of the type, and xsi:schemaLocation. sbdh.order. */
int sbdh_attributes(
    const struct sbdh_type *type, const struct xml_stream_tag *t, struct err *e) MUST_CHECK;
/* Enter a child; *found: its place. Leave: all that must stand there has stood there. sbdh.order,
 * sbdh.missing. */
int sbdh_enter(struct sbdh_cursor *c, const struct xml_stream_tag *t,
    const struct sbdh_particle **found, struct err *e) MUST_CHECK;
int sbdh_leave(struct sbdh_cursor *c, struct err *e) MUST_CHECK;
/* The text of a simple element against its type. */
int sbdh_simple_ok(
    const struct sbdh_type *t, struct str text, const char *local, struct err *e) MUST_CHECK;

/* The attributes that BinaryContent and TextContent may have, as types without content. */
extern const struct sbdh_type SBDH_BINARY_CONTENT, SBDH_TEXT_CONTENT_TYPE;

/* What BinaryContent and TextContent hold: their text in, octets out to `to`. */
struct sbdh_decoder {
    struct sink to;
    struct buf in, plain;
    uint64_t len; /* octets so far */
    bool base64;
    bool closed; /* padding seen: nothing may follow */
};
void sbdh_decoder_init(struct sbdh_decoder *c, enum sbdh_kind kind, struct sink to);
void sbdh_decoder_free(struct sbdh_decoder *c);
int sbdh_decoder_feed(struct sbdh_decoder *c, struct str s, struct err *e) MUST_CHECK;
int sbdh_decoder_end(struct sbdh_decoder *c, struct err *e) MUST_CHECK; /* sbdh.payload */

/* UTF-8 and XML's Char, over pieces. */
struct sbdh_utf8 {
    uint32_t cp;
    unsigned need, len;
};
bool sbdh_utf8_feed(struct sbdh_utf8 *u, const void *p, size_t n); /* false: not XML text */
bool sbdh_text_ok(struct str s); /* whole, without control characters */

#endif
