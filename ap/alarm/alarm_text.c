/* alarm_text.c - a notice as JSON and as text for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/alarm/alarm_priv.h"
#include "ap/base/clock.h"
#include "ap/base/json.h"

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

const char *alarm_next(const struct alarm_row *r)
{
    static const char *const by_kind[][2] = {
        {"quarantined", "look at it (aviso inbox get --look), then aviso inbox release, or ack"},
        {"route", "mend what it says: what waits is handed over then; or aviso inbox reroute"},
        {"validation", "mend what it says: they are validated and handed over then"},
        {"conflict", "ask the sending access point: its MessageIds must be unique"},
        {"key", "aviso doctor cert; aviso keys list"}};

    if (r->why.next[0])
        return r->why.next;
    for (size_t i = 0; i < sizeof(by_kind) / sizeof(by_kind[0]); i++)
        if (strcmp(r->kind, by_kind[i][0]) == 0)
            return by_kind[i][1];
    return "aviso status and aviso doctor tell more; aviso ack quiets this";
}

static struct json_object *why_json(const struct alarm_row *r)
{
    const struct err *e = &r->why;
    struct json_object *o = json_object_new_object();

    json_add(o, "what", e->code);
    json_add(o, "where", e->where[0] ? e->where : "here");
    json_add(o, "who", e->who[0] ? e->who : "us");
    json_add(o, "class", err_class_word(e->class));
    json_add(o, "next", alarm_next(r));
    json_add(o, "text", e->msg);
    return o;
}

struct json_object *alarm_json(const struct alarm_row *r)
{
    struct json_object *o = json_object_new_object();
    char id[ALARM_ID];

    if (!o)
        return NULL;
    json_add(o, "id", alarm_id(id, r->n));
    json_add(o, "kind", r->kind);
    json_add(o, "direction", !r->row ? "" : r->inbound ? "inbound" : "outbound");
    json_add(o, "document", r->id);
    json_add(o, "invoice", r->invoice);
    json_add(o, "receiver", r->receiver);
    json_add(o, "state", r->state);
    json_add(o, "subject", r->row ? "" : r->subject);
    json_add_time(o, "raised", r->raised_at);
    json_add_time(o, "last", r->last_at);
    json_add_int(o, "times", r->times);
    json_add_int(o, "told", r->told);
    json_add_time(o, "acknowledged", r->acked_at);
    json_add(o, "acknowledged_by", r->acked_by);
    json_add_time(o, "cleared", r->cleared_at);
    (void)json_object_object_add(o, "error", why_json(r));
    return o;
}

const char *notice_json(const struct notice *x)
{
    struct json_object *o = json_object_new_object(), *data = json_object_new_object(),
                       *list = json_object_new_array();
    const char *text;

    json_add(o, "type", "aviso.alarm");
    json_add_time(o, "timestamp", x->now);
    json_add(data, "host", x->env->host);
    json_add(data, "mode", config_mode_word(x->env->cfg->mode));
    json_add_int(data, "total", (int64_t)x->in_all);
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
    buf_printf(b, "%s  %s  since %s%s%s%s\n", alarm_id(id, r->n), r->kind, at,
        r->invoice[0] ? "  " : "", r->invoice, r->told ? "  (told before)" : "");
    buf_printf(b, "  %s: %s\n", r->why.code, r->why.msg);
    buf_printf(b, "  where  %s\n", r->why.where[0] ? r->why.where : "here");
    buf_printf(b, "  who    %s\n", r->why.who[0] ? r->why.who : "us");
    buf_printf(b, "  class  %s\n", err_class_word(r->why.class));
    buf_printf(b, "  next   %s\n", alarm_next(r));
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
