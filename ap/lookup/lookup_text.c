/* lookup_text.c - a lookup told: its steps, its result, for people and as JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/lookup/lookup.h"

const char *lookup_verdict_word(enum lookup_verdict v)
{
    switch (v) {
    case LOOKUP_OK:
        return "ok";
    case LOOKUP_WARN:
        return "warning";
    case LOOKUP_FAILED:
        return "failed";
    }
    return "failed";
}

void lookup_explain(struct buf *out, const struct lookup_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct lookup_step *s = &steps[i];
        buf_printf(out, "%-8s %-15s %5lld ms  %s\n", lookup_verdict_word(s->verdict), s->name,
            (long long)s->ms, s->where);
        if (s->text[0])
            buf_printf(out, "%34s%s%s%s\n", "", s->code, s->code[0] ? ": " : "", s->text);
    }
}

static const char *day(char out[CLOCK_TEXT], int64_t ms)
{
    clock_utc(out, ms);
    out[10] = '\0';
    return out;
}

void lookup_endpoint_text(struct buf *out, const struct lookup_query *q, const struct endpoint *ep)
{
    char to[CLOCK_TEXT];

    buf_printf(out, "participant  %s\n", q->participant->value);
    buf_printf(out, "endpoint     %s\n", ep->url);
    buf_printf(out, "access point %s, certificate to %s (serial %s)\n", ep->seat_id,
        day(to, ep->cert->not_after), ep->cert->serial);
    buf_printf(
        out, "document     %s::%s\n", doctype_scheme_text(q->doctype->scheme), q->doctype->value);
    if (!doctype_same(&ep->registered, q->doctype))
        buf_printf(out, "registered   %s\n", ep->registered.value);
    buf_printf(out, "process      %s\n", q->process->value);
    buf_printf(out, "transport    %s\n", ep->transport_profile);
    if (ep->expiry)
        buf_printf(out, "expires      %s\n", day(to, ep->expiry));
    if (ep->description[0] || ep->contact[0])
        buf_printf(out, "about        %s%s%s\n", ep->description,
            ep->description[0] && ep->contact[0] ? ", " : "", ep->contact);
    buf_printf(out, "SMP          %s, signed by %s%s\n", ep->smp_url, ep->smp_signer,
        ep->last_known_good ? " (last known good)"
        : ep->cached        ? " (cached)"
                            : "");
}

static struct code_info state_of(
    const struct codelists *lists, const struct doctype *d, int64_t now)
{
    struct doctype plain = *d;
    size_t n = strlen(plain.value), star = (size_t)plain.version - 1;

    /* a registration with `*` is listed without it */
    if (d->value[0] && plain.value[star] == '*')
        memmove(plain.value + star, plain.value + star + 1, n - star);
    return codelist_doctype(lists, &plain, now);
}

void lookup_services_text(struct buf *out, const struct participant *p,
    const struct lookup_services *s, const struct codelists *lists, int64_t now)
{
    buf_printf(out, "participant  %s\nSMP          %s\n", p->value, s->smp_url);
    buf_printf(out, "documents    %zu%s\n", s->n, s->n ? "" : ": receives nothing");
    for (size_t i = 0; i < s->n; i++) {
        struct code_info c = state_of(lists, &s->doctypes[i], now);
        buf_printf(
            out, "  %s::%s", doctype_scheme_text(s->doctypes[i].scheme), s->doctypes[i].value);
        if (c.state != CODE_UNKNOWN)
            buf_printf(out, "\n      %s%s%s", c.name, c.state == CODE_ACTIVE ? "" : ", ",
                c.state == CODE_ACTIVE ? "" : code_state_word(c.state));
        buf_putc(out, '\n');
    }
    if (s->odd)
        buf_printf(out, "  and %zu that cannot be read\n", s->odd);
}

/* ---- JSON: a failed allocation anywhere shows as NULL at the end ---- */

struct maker {
    struct json_object *o;
    bool failed;
};

static void put(struct maker *m, const char *key, struct json_object *v)
{
    if (!v || json_object_object_add(m->o, key, v) != 0)
        m->failed = true;
}

static void put_text(struct maker *m, const char *key, const char *z)
{
    put(m, key, json_object_new_string(z));
}

static void put_time(struct maker *m, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT];

    if (!ms)
        return;
    clock_utc(text, ms);
    put_text(m, key, text);
}

static void put_doctype(struct maker *m, const char *key, const struct doctype *d)
{
    struct buf b;

    buf_init(&b, 1024);
    doctype_text(&b, d);
    put_text(m, key, buf_ok(&b) ? b.p : "");
    buf_free(&b);
}

static void add(struct maker *m, struct json_object *list, struct json_object *v)
{
    if (!v || json_object_array_add(list, v) != 0)
        m->failed = true;
}

static struct json_object *done(struct maker *m)
{
    if (!m->failed)
        return m->o;
    json_object_put(m->o);
    return NULL;
}

static struct maker begin(void)
{
    struct maker m = {json_object_new_object(), false};

    m.failed = !m.o;
    return m;
}

static struct json_object *step_json(const struct lookup_step *s)
{
    struct maker m = begin();

    if (m.failed)
        return NULL;
    put_text(&m, "step", s->name);
    put_text(&m, "verdict", lookup_verdict_word(s->verdict));
    put(&m, "ms", json_object_new_int64(s->ms));
    put_text(&m, "where", s->where);
    if (s->code[0])
        put_text(&m, "error", s->code);
    if (s->text[0])
        put_text(&m, "text", s->text);
    return done(&m);
}

static void put_steps(struct maker *m, const struct lookup_step *steps, size_t n, int64_t ms)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; list && i < n; i++)
        add(m, list, step_json(&steps[i]));
    put(m, "steps", list);
    put(m, "ms", json_object_new_int64(ms));
}

static struct json_object *endpoint_json(const struct endpoint *ep)
{
    struct maker m = begin();
    char hex[HASH_HEX];

    if (m.failed)
        return NULL;
    put_text(&m, "url", ep->url);
    put_text(&m, "seat", ep->seat_id);
    put_text(&m, "transport", ep->transport_profile);
    put_doctype(&m, "registered", &ep->registered);
    put_text(&m, "certificate_serial", ep->cert->serial);
    put_text(&m, "certificate_issuer", ep->cert->issuer_cn);
    enc_hex(hex, ep->cert->sha256, HASH_LEN);
    put_text(&m, "certificate_sha256", hex);
    put_time(&m, "certificate_not_after", ep->cert->not_after);
    put_time(&m, "activation", ep->activation);
    put_time(&m, "expiry", ep->expiry);
    put_text(&m, "description", ep->description);
    put_text(&m, "contact", ep->contact);
    put_text(&m, "smp_signer", ep->smp_signer);
    put_time(&m, "fetched", ep->fetched);
    put(&m, "cached", json_object_new_boolean(ep->cached));
    put(&m, "last_known_good", json_object_new_boolean(ep->last_known_good));
    return done(&m);
}

struct json_object *lookup_endpoint_json(const struct lookup_query *q, const struct endpoint *ep)
{
    struct maker m = begin();
    struct buf b;

    if (m.failed)
        return NULL;
    put_text(&m, "participant", q->participant->value);
    put_doctype(&m, "document_type", q->doctype);
    buf_init(&b, 512);
    process_text(&b, q->process);
    put_text(&m, "process", buf_ok(&b) ? b.p : "");
    buf_free(&b);
    if (ep->smp_url[0])
        put_text(&m, "smp", ep->smp_url);
    put(&m, "found", json_object_new_boolean(ep->fetched != 0));
    if (ep->fetched)
        put(&m, "endpoint", endpoint_json(ep));
    put_steps(&m, ep->steps, ep->nsteps, ep->ms);
    return done(&m);
}

static struct json_object *service_json(
    const struct doctype *d, const struct codelists *lists, int64_t now)
{
    struct code_info c = state_of(lists, d, now);
    struct maker m = begin();

    if (m.failed)
        return NULL;
    put_doctype(&m, "id", d);
    if (c.state != CODE_UNKNOWN)
        put_text(&m, "name", c.name);
    put_text(&m, "state", code_state_word(c.state));
    return done(&m);
}

struct json_object *lookup_services_json(const struct participant *p,
    const struct lookup_services *s, const struct codelists *lists, int64_t now)
{
    struct json_object *list = json_object_new_array();
    struct maker m = begin();

    if (m.failed || !list) {
        json_object_put(list);
        json_object_put(m.o);
        return NULL;
    }
    for (size_t i = 0; i < s->n; i++)
        add(&m, list, service_json(&s->doctypes[i], lists, now));
    put_text(&m, "participant", p->value);
    if (s->smp_url[0])
        put_text(&m, "smp", s->smp_url);
    put(&m, "document_types", list);
    put(&m, "unreadable", json_object_new_int64((int64_t)s->odd));
    put_steps(&m, s->steps, s->nsteps, s->ms);
    return done(&m);
}
