/* mime.h - multipart/related (RFC 2387) as AS4 messages use it: parts as byte ranges, nothing
 * copied.
 *
 * Reading takes a blob that may lie in a file of 100 MB; memory stays flat. What is doubtful is
 * refused, never "first wins": no closing boundary, two parts with one Content-ID (compared after
 * percent-decoding, without <>, exactly), a part without Content-ID beside the root, nested
 * multiparts. Taken: LF for CRLF, folded headers, missing `start`, base64 and quoted-printable
 * parts (decoded through mime_part_decode), preamble and epilogue. Limits below. */
#ifndef AP_MIME_MIME_H
#define AP_MIME_MIME_H

#include "ap/base/arena.h"
#include "ap/base/blob.h"

#define MIME_MAX_PARTS 16
#define MIME_MAX_HEADER (64 * 1024) /* of one part */

enum mime_cte { MIME_BINARY, MIME_BASE64, MIME_QUOTED_PRINTABLE }; /* 7bit, 8bit are binary */

struct mime_part {
    struct str content_id;   /* without <>; empty: none */
    struct str content_type; /* type/subtype, lower case, without parameters */
    struct str charset;      /* parameter, or empty */
    enum mime_cte cte;
    struct blob body; /* as on the wire, before decoding cte */
};

struct mime_msg {
    struct mime_part parts[MIME_MAX_PARTS];
    size_t n, root; /* index of the root part */
};

/* `content_type`: the HTTP header's value. Errors ERR_INPUT: mime.content-type (415),
 * mime.malformed (400 while the root part was not found, EBMS:0007 after: e->ebms says so). The
 * message found so far is left in *out on error (out->n == 0: no root). Strings live in the arena.
 */
int mime_read(struct mime_msg *out, struct arena *a, const struct blob *body,
    struct str content_type, struct err *e) MUST_CHECK;
/* The decoded octets of a part; for MIME_BINARY the same as copying body. */
int mime_part_decode(struct sink *out, const struct mime_part *p, struct err *e) MUST_CHECK;
/* Content-Type without a multipart: "application/soap+xml; charset=UTF-8" into type and charset. */
int mime_type_read(struct str *type, struct str *charset, struct arena *a, struct str value,
    struct err *e) MUST_CHECK;

/* Writing: head (preamble to the start of the attachment's octets) and tail, around one attachment.
 */
struct mime_out {
    struct buf head, tail;
    char content_type[256]; /* for the HTTP header */
};
int mime_write(struct mime_out *out, struct str soap, struct str soap_cid, struct str part_cid,
    struct err *e) MUST_CHECK; /* attachment: application/octet-stream, binary */
void mime_out_free(struct mime_out *out);

#endif
