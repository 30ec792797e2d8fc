/* alarm_text.c - a notice as JSON and as text for people. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/alarm/alarm_priv.h"
#include "ap/base/clock.h"

const char *alarm_id(char out[ALARM_ID], int64_t n)
{
    (void)snprintf(out, ALARM_ID, "a%lld", (long long)n);
    return out;
}

bool alarm_id_parse(const char *text, int64_t *n)
{
    unsigned long long v;

    if (text[0] != 'a' || !str_to_u64(str_z(text + 1), 1ull << 62, &v))
        return false;
    *n = (int64_t)v;
    return true;
}

static void add(struct json_object *o, const char *key, const char *v)
{
    (void)json_object_object_add(o, key, v && *v ? json_object_new_string(v) : NULL);
}

static void add_time(struct json_object *o, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT] = "";

    if (ms)
        clock_utc(text, ms);
    add(o, key, text);
}

static struct json_object *why_json(const struct err *e)
{
    struct json_object *o = json_object_new_object();

    add(o, "what", e->code);
    add(o, "where", e->where[0] ? e->where : "here");
    add(o, "who", e->who[0] ? e->who : "us");
    add(o, "class", err_class_word(e->class));
    add(o, "next", e->next);
    add(o, "text", e->msg);
    return o;
}

struct json_object *alarm_json(const struct alarm_row *r)
{
    struct json_object *o = json_object_new_object();
    char id[ALARM_ID];

    if (!o)
        return NULL;
    add(o, "id", alarm_id(id, r->n));
    add(o, "kind", r->kind);
    add(o, "direction", !r->row ? "" : r->inbound ? "inbound" : "outbound");
    add(o, "document", r->id);
    add(o, "invoice", r->invoice);
    add(o, "receiver", r->receiver);
    add(o, "state", r->state);
    add(o, "subject", r->row ? "" : r->subject);
    add_time(o, "raised", r->raised_at);
    add_time(o, "last", r->last_at);
    (void)json_object_object_add(o, "times", json_object_new_int64(r->times));
    (void)json_object_object_add(o, "told", json_object_new_int64(r->told));
    add_time(o, "acknowledged", r->acked_at);
    add(o, "acknowledged_by", r->acked_by);
    add_time(o, "cleared", r->cleared_at);
    (void)json_object_object_add(o, "error", why_json(&r->why));
    return o;
}

const char *notice_json(const struct notice *x)
{
    struct json_object *o = json_object_new_object(), *data = json_object_new_object(),
                       *list = json_object_new_array();
    const char *text;

    add(o, "type", "aviso.alarm");
    add_time(o, "timestamp", x->now);
    add(data, "host", x->env->host);
    add(data, "mode", config_mode_word(x->env->cfg->mode));
    (void)json_object_object_add(data, "total", json_object_new_int64((int64_t)x->in_all));
    for (size_t i = 0; i < x->n; i++)
        (void)json_object_array_add(list, alarm_json(&x->rows[i]));
    (void)json_object_object_add(data, "alarms", list);
    (void)json_object_object_add(o, "data", data);
    text =
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    text = text ? arena_dup(x->a, str_z(text)) : NULL;
    (void)json_object_put(o);
    return text;
}

const char *notice_subject(const struct notice *x)
{
    return arena_printf(x->a, "aviso: %zu alarm%s at %s (%s%s)", x->in_all,
        x->in_all == 1 ? "" : "s", x->env->host, x->rows[0].kind, x->in_all > 1 ? ", ..." : "");
}

static void text_one(struct buf *b, const struct alarm_row *r)
{
    char id[ALARM_ID], at[CLOCK_TEXT];

    clock_utc(at, r->raised_at);
    buf_printf(b, "%s  %s  since %s%s\n", alarm_id(id, r->n), r->kind, at,
        r->told ? "  (told before)" : "");
    buf_printf(b, "  %s: %s\n", r->why.code, r->why.msg);
    buf_printf(b, "  where  %s\n", r->why.where[0] ? r->why.where : "here");
    buf_printf(b, "  who    %s\n", r->why.who[0] ? r->why.who : "us");
    buf_printf(b, "  class  %s\n", err_class_word(r->why.class));
    if (r->why.next[0])
        buf_printf(b, "  next   %s\n", r->why.next);
    if (r->id[0])
        buf_printf(b, "  see    aviso status %s\n", r->id);
    buf_puts(b, "\n");
}

const char *notice_text(const struct notice *x)
{
    const char *text;
    struct buf b;

    buf_init(&b, 1u << 20);
    buf_printf(&b, "%zu alarm%s of the access point at %s (mode %s):\n\n", x->in_all,
        x->in_all == 1 ? "" : "s", x->env->host, config_mode_word(x->env->cfg->mode));
    for (size_t i = 0; i < x->n; i++)
        text_one(&b, &x->rows[i]);
    if (x->in_all > x->n)
        buf_printf(&b, "and %zu more: aviso alarms\n\n", x->in_all - x->n);
    buf_puts(&b, "This is told again until somebody says: aviso ack ID, or aviso ack --all\n");
    text = buf_ok(&b) ? arena_dup(x->a, buf_view(&b)) : NULL;
    buf_free(&b);
    return text;
}
