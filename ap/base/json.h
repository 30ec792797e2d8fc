/* json.h - members of a json-c object, each in one call. Any thread, one object at a time.
 *
 * As json-c itself: nothing fails but for want of memory, and then the member is
 * missing. */
#ifndef AP_BASE_JSON_H
#define AP_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "ap/base/buf.h"

void json_add(struct json_object *o, const char *key, const char *v); /* "" and NULL: null */
void json_add_some(
    struct json_object *o, const char *key, const char *v); /* "" and NULL: no member */
void json_add_given(struct json_object *o, const char *key, const char *v); /* NULL: no member */
void json_add_int(struct json_object *o, const char *key, int64_t v);
void json_add_bool(struct json_object *o, const char *key, bool v);
void json_add_time(struct json_object *o, const char *key, int64_t ms); /* clock_utc; 0: null */

/* The whole on one line, always UTF-8: bytes that are none (names of files) are shown as \xHH. */
void json_write(struct buf *out, struct json_object *o);

#endif
