/* control_priv.h - framing of requests and answers on the socket: 4 bytes length, JSON; the
 * descriptor travels with the first byte. */
#ifndef AP_CONTROL_CONTROL_PRIV_H
#define AP_CONTROL_CONTROL_PRIV_H

#include "ap/base/json.h"
#include "ap/control/control.h"

/* fd -1: none. */
int control_send(int sock, struct json_object *o, int fd, struct err *e) MUST_CHECK;
/* *fd (may be NULL: then a descriptor is closed) is -1 when none came. 1 got one, 0 the other side
 * closed before the first byte, -1. */
int control_recv(int sock, struct json_object **out, int *fd, struct err *e) MUST_CHECK;

struct json_object *control_error_json(const struct err *e); /* {"ok":false,"error":{...}} */

/* ---- control_queue.c: alarms, queue, partners ---- */

/* NULL with *e untouched: `op` is none of these. */
struct json_object *control_queue(
    const struct control_env *env, struct json_object *rq, const char *op, struct err *e);
/* The one document that carries this id. status.not-found, status.ambiguous (ERR_INPUT). */
int control_find(
    struct store_hit *hit, struct store *s, const char *id, bool inbound, struct err *e) MUST_CHECK;

/* ---- members of a request; an answer ---- */

static inline const char *text(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
               ? json_object_get_string(v)
               : NULL;
}

static inline bool flag(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

static inline int64_t number(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : 0;
}

static inline struct json_object *ok(void)
{
    struct json_object *o = json_object_new_object();

    if (o)
        json_add_bool(o, "ok", 1);
    return o;
}

#endif
