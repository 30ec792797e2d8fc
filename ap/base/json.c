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

void json_write(struct buf *out, struct json_object *o)
{
    struct str s = str_z(
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

    for (size_t n; s.n; s = str_sub(s, n, s.n)) {
        n = str_utf8(s);
        if (n)
            buf_add(out, s.p, n);
        else
            buf_printf(out, "\\\\x%02x", (unsigned)(unsigned char)s.p[0]);
        n = n ? n : 1;
    }
}
