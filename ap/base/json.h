/* json.h - members of a json-c object, each in one call. Any thread, one object at a time.
 *
 * Text is UTF-8. As json-c itself: nothing fails but for want of memory, and then the member is
 * missing. */
#ifndef AP_BASE_JSON_H
#define AP_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void json_add(struct json_object *o, const char *key, const char *v); /* "" and NULL: null */
void json_add_some(
    struct json_object *o, const char *key, const char *v); /* "" and NULL: no member */
void json_add_given(struct json_object *o, const char *key, const char *v); /* NULL: no member */
void json_add_int(struct json_object *o, const char *key, int64_t v);
void json_add_bool(struct json_object *o, const char *key, bool v);
void json_add_time(struct json_object *o, const char *key, int64_t ms); /* clock_utc; 0: null */

#endif
