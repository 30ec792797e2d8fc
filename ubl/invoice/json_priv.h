/* json_priv.h - RFC 8259 as a row of tokens with their lines: what json-c does not tell.
 *
 * Strict: UTF-8, no comments, no trailing commas, no bytes behind the value, depth
 * INVOICE_DEPTH_MAX. Strings without escapes are slices of the input, others lie in the arena. */
#ifndef UBL_INVOICE_JSON_PRIV_H
#define UBL_INVOICE_JSON_PRIV_H

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"

enum json_kind {
    JSON_END,
    JSON_OBJECT, /* { */
    JSON_OBJECT_END,
    JSON_LIST, /* [ */
    JSON_LIST_END,
    JSON_NAME, /* a member's name; its value follows */
    JSON_STRING,
    JSON_NUMBER, /* as written */
    JSON_BOOL,
    JSON_NULL,
    JSON_BROKEN /* json.code and json.why tell */
};

struct json {
    struct str in;
    size_t at;
    uint32_t line;
    struct arena *a;
    unsigned depth;
    uint32_t lists;  /* bit i: level i is a list */
    bool value_next; /* a value must follow: after a name, or at the start */
    bool first;      /* nothing stands in the innermost { or [ yet */
    struct str text; /* of the last name, string or number */
    uint32_t token_line;
    const char *code, *why; /* JSON_BROKEN: "invoice.json", "invoice.encoding", "invoice.limit" */
};

void json_start(struct json *j, struct str in, struct arena *a);
enum json_kind json_next(struct json *j);
const char *json_kind_word(enum json_kind k); /* "a list" */

#endif
