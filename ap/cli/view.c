/* view.c - rows of the store as text and JSON. */
#include "ap/cli/view.h"

#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/json.h"

#define MAX_ATTEMPTS 50
#define MAX_PROOFS 20

const char *view_name(struct arena *a, const char *invoice, const char *id)
{
    const char *name = *invoice ? arena_dup(a, str_z(invoice)) : arena_strndup(a, id, 8);

    return name ? name : id;
}

static void add_hash(struct json_object *o, const char *key, const uint8_t h[HASH_LEN])
{
    char hex[HASH_HEX];

    enc_hex(hex, h, HASH_LEN);
    json_add(o, key, hex);
}

static struct json_object *attempt_json(const struct attempt_row *t)
{
    struct json_object *o = json_object_new_object();

    json_add_int(o, "n", (int)t->n);
    json_add_time(o, "at", t->started_at);
    json_add(o, "endpoint", t->endpoint);
    json_add(o, "address", t->address);
    json_add(o, "as4_id", t->message_id);
    json_add(o, "result", t->ended_at ? t->result : "cut off");
    json_add_int(o, "http", t->http_status);
    json_add_int(o, "ms", t->ms);
    json_add_bool(o, "left", t->left);
    if (t->why.class != ERR_NONE)
        (void)json_object_object_add(o, "error", cli_error_json(&t->why));
    return o;
}

static int add_attempts(
    struct json_object *o, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    struct attempt_row *t = arena_alloc(a, MAX_ATTEMPTS * sizeof(*t));
    struct json_object *list = json_object_new_array();
    size_t n = 0;

    (void)json_object_object_add(o, "attempts", list);
    if (!t || store_attempts(t, MAX_ATTEMPTS, &n, s, r->row, a, e))
        return t ? -1 : err_nomem(e);
    for (size_t i = 0; i < n && i < MAX_ATTEMPTS; i++)
        (void)json_object_array_add(list, attempt_json(&t[i]));
    json_add_int(o, "attempts_total", (int64_t)n);
    return 0;
}

static struct json_object *proof_json(const struct proof_row *p)
{
    struct json_object *o = json_object_new_object();

    json_add(o, "kind", proof_kind_word(p->kind));
    json_add(o, "level", proof_level_word(p->level));
    json_add_bool(o, "refusal", p->refusal);
    json_add(o, "as4_id", p->message_id);
    json_add(o, "signal_id", p->signal_id);
    json_add_time(o, "signal_time", p->signal_time);
    json_add_time(o, "verified", p->verified_at);
    json_add(o, "signer", p->signer);
    json_add(o, "signer_serial", p->signer_serial);
    json_add(o, "not_revoked_by", p->not_revoked_by);
    return o;
}

static int add_proofs(
    struct json_object *o, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    struct proof_row *p = arena_alloc(a, MAX_PROOFS * sizeof(*p));
    struct json_object *list = json_object_new_array();
    size_t n = 0;

    (void)json_object_object_add(o, "proofs", list);
    if (!p || store_proofs(p, MAX_PROOFS, &n, s, r->row, a, e))
        return p ? -1 : err_nomem(e);
    for (size_t i = 0; i < n && i < MAX_PROOFS; i++)
        (void)json_object_array_add(list, proof_json(&p[i]));
    return 0;
}

struct json_object *view_out_json(
    struct store *s, const struct out_row *r, bool attempts, struct arena *a, struct err *e)
{
    struct json_object *o = json_object_new_object();

    if (!o) {
        (void)err_nomem(e);
        return NULL;
    }
    json_add(o, "id", r->id);
    json_add(o, "direction", "outbound");
    json_add(o, "invoice", r->invoice);
    json_add(o, "state", out_state_word(r->state));
    json_add(o, "level", proof_level_word(r->level));
    json_add(o, "required", proof_level_word(r->require));
    json_add_bool(o, "proven", r->level >= r->require && r->level > PROOF_NONE);
    json_add_bool(o, "late", r->late);
    json_add_time(o, "accepted", r->accepted_at);
    json_add_time(o, "since", r->state_at);
    json_add_time(o, "proven_at", r->proven_at);
    json_add_time(o, "deliver_by", r->deliver_by);
    json_add_time(o, "next", r->settled ? 0 : r->next_at);
    json_add(o, "sender", r->sender);
    json_add(o, "receiver", r->receiver);
    json_add(o, "document_type", r->doctype);
    json_add(o, "process", r->process);
    json_add(o, "country_c1", r->country_c1);
    json_add(o, "issue_date", r->issue_date);
    json_add(o, "rule_sets", r->rule_sets);
    json_add(o, "key", r->key);
    json_add(o, "endpoint", r->message.endpoint);
    json_add(o, "access_point", r->message.seat);
    json_add(o, "sbdh_id", r->instance);
    json_add(o, "as4_id", r->message.message_id);
    add_hash(o, "sha256", r->document_sha256);
    json_add_int(o, "bytes", (int64_t)r->document_len);
    if (r->reason.class != ERR_NONE)
        (void)json_object_object_add(o, "error", cli_error_json(&r->reason));
    if (attempts && (add_attempts(o, s, r, a, e) || add_proofs(o, s, r, a, e))) {
        (void)json_object_put(o);
        return NULL;
    }
    return o;
}

struct json_object *view_in_json(const struct in_row *r)
{
    struct json_object *o = json_object_new_object();

    json_add(o, "id", r->id);
    json_add(o, "direction", "inbound");
    json_add(o, "invoice", r->invoice);
    json_add(o, "state", in_state_word(r->state));
    json_add_time(o, "received", r->received_at);
    json_add_time(o, "since", r->state_at);
    json_add_time(o, "handed_over", r->handed_at);
    json_add(o, "handed_how", r->handed_how);
    json_add_time(o, "acknowledged", r->acked_at);
    json_add(o, "sender", r->sender);
    json_add(o, "receiver", r->receiver);
    json_add(o, "document_type", r->doctype);
    json_add(o, "process", r->process);
    json_add(o, "country_c1", r->country_c1);
    json_add(o, "issue_date", r->issue_date);
    json_add(o, "verdict", r->verdict);
    json_add(o, "rule_sets", r->rule_sets);
    json_add(o, "access_point", r->seat);
    json_add(o, "not_revoked_by", r->not_revoked_by);
    json_add(o, "sbdh_id", r->instance);
    json_add(o, "as4_id", r->message_id);
    add_hash(o, "sha256", r->document_sha256);
    json_add_int(o, "bytes", (int64_t)r->document_len);
    json_add_bool(o, "redelivered", r->handovers > 1);
    json_add_bool(o, "suspected_duplicate", (r->flags & IN_FLAG_DUPLICATE) != 0);
    json_add_bool(o, "instance_reused", (r->flags & IN_FLAG_INSTANCE) != 0);
    if (r->reason.class != ERR_NONE)
        (void)json_object_object_add(o, "error", cli_error_json(&r->reason));
    return o;
}

static void line_time(FILE *out, const char *label, int64_t ms)
{
    char text[CLOCK_TEXT];

    if (!ms)
        return;
    clock_local(text, ms);
    (void)fprintf(out, "  %-13s %s\n", label, text);
}

/* Participants without their scheme: there is only one, and people do not write it. */
static const char *bare(const char *participant)
{
    const char *value = strstr(participant, "::");

    return value ? value + 2 : participant;
}

static void line(FILE *out, const char *label, const char *v)
{
    if (v && *v)
        (void)fprintf(out, "  %-13s %s\n", label, v);
}

static void lines_error(FILE *out, const struct err *e)
{
    if (e->class == ERR_NONE)
        return;
    (void)fprintf(out, "  %-13s %s: %s\n", "why", e->code, e->msg);
    line(out, "  where", e->where);
    line(out, "  who", e->who[0] ? e->who : "us");
    line(out, "  class", err_class_word(e->class));
    line(out, "  next", e->next);
}

static int lines_attempts(
    FILE *out, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    struct attempt_row *t = arena_alloc(a, MAX_ATTEMPTS * sizeof(*t));
    size_t n = 0;

    if (!t || store_attempts(t, MAX_ATTEMPTS, &n, s, r->row, a, e))
        return t ? -1 : err_nomem(e);
    for (size_t i = 0; i < n && i < MAX_ATTEMPTS; i++) {
        char at[CLOCK_TEXT];
        clock_local(at, t[i].started_at);
        (void)fprintf(out, "  attempt %-5u %s  %s  %lld ms  %s\n", t[i].n, at,
            t[i].ended_at ? t[i].result : "cut off", (long long)t[i].ms, t[i].endpoint);
    }
    return 0;
}

int view_out_text(
    FILE *out, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    char hex[HASH_HEX];

    (void)fprintf(out, "%s  %s%s\n", view_name(a, r->invoice, r->id), out_state_word(r->state),
        r->late ? "  LATE" : "");
    (void)fprintf(out, "  %-13s %s (required: %s)\n", "proof", proof_level_word(r->level),
        proof_level_word(r->require));
    line_time(out, "accepted", r->accepted_at);
    line_time(out, "since", r->state_at);
    line_time(out, "deliver by", r->deliver_by);
    line_time(out, "next", r->settled ? 0 : r->next_at);
    line(out, "from", bare(r->sender));
    line(out, "to", bare(r->receiver));
    line(out, "access point", r->message.seat);
    line(out, "endpoint", r->message.endpoint);
    line(out, "rules", r->rule_sets);
    line(out, "our id", r->id);
    line(out, "sbdh id", r->instance);
    line(out, "as4 id", r->message.message_id);
    enc_hex(hex, r->document_sha256, HASH_LEN);
    line(out, "sha256", hex);
    lines_error(out, &r->reason);
    return lines_attempts(out, s, r, a, e);
}

void view_in_text(FILE *out, const struct in_row *r)
{
    char hex[HASH_HEX];

    (void)fprintf(
        out, "%s  %s (received)\n", *r->invoice ? r->invoice : r->id, in_state_word(r->state));
    line_time(out, "received", r->received_at);
    line_time(out, "handed over", r->handed_at);
    line_time(out, "acknowledged", r->acked_at);
    line(out, "from", bare(r->sender));
    line(out, "to", bare(r->receiver));
    line(out, "access point", r->seat);
    line(out, "verdict",
        strcmp(r->verdict, "invalid") == 0 ? "invalid (aviso inbox report tells why)" : r->verdict);
    line(out, "rules", r->rule_sets);
    line(out, "our id", r->id);
    line(out, "sbdh id", r->instance);
    line(out, "as4 id", r->message_id);
    enc_hex(hex, r->document_sha256, HASH_LEN);
    line(out, "sha256", hex);
    lines_error(out, &r->reason);
}

void view_out_line(FILE *out, const struct out_row *r)
{
    char at[CLOCK_TEXT];

    clock_local(at, r->accepted_at);
    (void)fprintf(out, "%.8s  %-24s  %-15s  %-12s %s%s  %s\n", r->id, r->invoice,
        out_state_word(r->state), proof_level_word(r->level), at, r->late ? "  LATE" : "",
        bare(r->receiver));
}

void view_in_line(FILE *out, const struct in_row *r)
{
    char at[CLOCK_TEXT];

    clock_local(at, r->received_at);
    (void)fprintf(out, "%.8s  %-24s  %-15s  %-12s %s  %s\n", r->id, r->invoice,
        in_state_word(r->state), r->verdict, at, bare(r->sender));
}
