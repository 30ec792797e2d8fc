/* lookup_keep.c - good answers over a restart: one JSON object a line, oldest first. What cannot be
 * read is left out: it is asked for again. Before use each is checked as any kept answer is. */
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/lookup/lookup_priv.h"

#define LINE_MAX_BYTES 32768
#define FILE_MAX ((size_t)LOOKUP_CACHE_MAX * LINE_MAX_BYTES)

static const struct {
    const char *name;
    size_t at, size;
} texts[] = {
#define T(member)                                                                                  \
    {                                                                                              \
#member, offsetof(struct endpoint, member), sizeof(((struct endpoint *)0)->member)         \
    }
    T(url),
    T(seat_id),
    T(transport_profile),
    T(smp_url),
    T(smp_signer),
    T(description),
    T(contact),
#undef T
};
static const struct {
    const char *name;
    size_t at;
} times[] = {
    {"fetched", offsetof(struct endpoint, fetched)},
    {"activation", offsetof(struct endpoint, activation)},
    {"expiry", offsetof(struct endpoint, expiry)},
};
#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* ---- out ---- */

static void add_buf(struct json_object *o, const char *name, struct buf *b)
{
    json_add(o, name, buf_ok(b) ? b->p : NULL);
    buf_free(b);
}

static void write_one(void *ctx, const struct lookup_kept *k)
{
    struct json_object *o = json_object_new_object();
    char hex[HASH_HEX];
    struct buf b;

    enc_hex(hex, k->key, HASH_LEN);
    json_add(o, "key", hex);
    buf_init(&b, 512);
    participant_text(&b, &k->p);
    add_buf(o, "participant", &b);
    buf_init(&b, 1024);
    doctype_text(&b, &k->ep.registered);
    add_buf(o, "registered", &b);
    buf_init(&b, LINE_MAX_BYTES);
    cert_b64(&b, k->ep.cert);
    add_buf(o, "certificate", &b);
    for (size_t i = 0; i < COUNT(texts); i++)
        json_add(o, texts[i].name, (const char *)&k->ep + texts[i].at);
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t ms;
        memcpy(&ms, (const char *)&k->ep + times[i].at, sizeof(ms));
        json_add_int(o, times[i].name, ms);
    }
    buf_puts(ctx, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    buf_putc(ctx, '\n');
    (void)json_object_put(o);
}

int lookup_save(struct lookup *l, int dirfd, const char *name, struct err *e)
{
    unsigned long changes;
    struct buf out;
    int rc;

    buf_init(&out, FILE_MAX);
    changes = lookup_cache_each(l->cache, l->saved, write_one, &out);
    rc = changes == l->saved  ? 0
         : buf_check(&out, e) ? -1
                              : fsx_replace(dirfd, name, out.p ? out.p : "", out.n, 0600, e);
    if (!rc)
        l->saved = changes;
    buf_free(&out);
    return rc;
}

/* ---- and back ---- */

static struct str member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    const char *z = json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;

    return str_z(z ? z : "");
}

static bool read_one(struct lookup_kept *k, struct json_object *o)
{
    struct json_object *v;

    if (!enc_unhex(k->key, HASH_LEN, member(o, "key")) ||
        participant_parse(&k->p, member(o, "participant"), NULL) ||
        doctype_parse(&k->ep.registered, member(o, "registered"), NULL))
        return false;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct str s = member(o, texts[i].name);
        if (s.n >= texts[i].size)
            return false;
        memcpy((char *)&k->ep + texts[i].at, s.p, s.n);
    }
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t ms = json_object_object_get_ex(o, times[i].name, &v) ? json_object_get_int64(v) : 0;
        memcpy((char *)&k->ep + times[i].at, &ms, sizeof(ms));
    }
    return k->ep.fetched > 0 && cert_from_text(&k->ep.cert, member(o, "certificate"), NULL) == 0;
}

static void load_line(struct lookup *l, const char *line)
{
    struct json_object *o = json_tokener_parse(line);
    struct lookup_kept k;

    memset(&k, 0, sizeof(k));
    if (o && json_object_is_type(o, json_type_object) && read_one(&k, o))
        lookup_cache_restore(l->cache, &k);
    cert_unref(k.ep.cert);
    (void)json_object_put(o);
}

int lookup_load(struct lookup *l, const char *path, struct err *e)
{
    struct err missing = ERR_INIT;
    struct buf text;
    int rc = 0;

    buf_init(&text, FILE_MAX);
    if (fsx_read_file(&text, path, &missing)) {
        rc = strcmp(missing.code, "io.missing") == 0 ? 0 : -1;
        if (rc)
            *e = missing;
    } else {
        buf_putc(&text, '\0');
        for (char *save = NULL, *at = buf_ok(&text) ? text.p : NULL, *line;
             (line = strtok_r(at, "\n", &save)) != NULL; at = NULL)
            load_line(l, line);
    }
    buf_free(&text);
    l->saved = lookup_cache_each(l->cache, 0, NULL, NULL);
    return rc;
}
