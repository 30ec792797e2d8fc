/* json.c - see json.h. */
#include "ap/base/json.h"

#include "ap/base/clock.h"

void json_add(struct json_object *o, const char *key, const char *v)
{
    (void)json_object_object_add(o, key, v && *v ? json_object_new_string(v) : NULL);
}

void json_add_some(struct json_object *o, const char *key, const char *v)
{
    if (v && *v)
        (void)json_object_object_add(o, key, json_object_new_string(v));
}

void json_add_given(struct json_object *o, const char *key, const char *v)
{
    if (v)
        (void)json_object_object_add(o, key, json_object_new_string(v));
}

void json_add_int(struct json_object *o, const char *key, int64_t v)
{
    (void)json_object_object_add(o, key, json_object_new_int64(v));
}

void json_add_bool(struct json_object *o, const char *key, bool v)
{
    (void)json_object_object_add(o, key, json_object_new_boolean(v));
}

void json_add_time(struct json_object *o, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT] = "";

    if (ms)
        clock_utc(text, ms);
    json_add(o, key, text);
}
