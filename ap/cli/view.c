/* view.c - rows of the store as text and JSON. */
#include "ap/cli/view.h"

#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/json.h"
#include "ap/store/store_partner.h"

#define LKG "warning  last-known-good" /* the step of a lookup that says so */

const char *view_name(struct arena *a, const char *invoice, const char *id)
{
    const char *name = *invoice ? arena_dup(a, str_z(invoice)) : arena_strndup(a, id, 8);

    return name ? name : id;
}

bool view_in_hand(const struct out_row *r)
{
    return r->in_hand && r->next_at > clock_now();
}

static bool is_late(const struct out_row *r)
{
    return store_is_late(r, clock_now());
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

static void add_attempts(struct json_object *o, const struct out_view *v)
{
    struct json_object *list = json_object_new_array();

    (void)json_object_object_add(o, "attempts", list);
    for (size_t i = 0; i < v->nattempts; i++)
        (void)json_object_array_add(list, attempt_json(&v->attempts[i]));
    json_add_int(o, "attempts_total", (int64_t)v->attempts_in_all);
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

static void add_proofs(struct json_object *o, const struct out_view *v)
{
    struct json_object *list = json_object_new_array();

    (void)json_object_object_add(o, "proofs", list);
    for (size_t i = 0; i < v->nproofs; i++)
        (void)json_object_array_add(list, proof_json(&v->proofs[i]));
    json_add_int(o, "proofs_total", (int64_t)v->proofs_in_all);
}

/* How the endpoint of the message was found, step by step, as `aviso lookup --explain` has it. */
static void add_lookup(struct json_object *o, const char *lookup)
{
    struct json_object *list = json_object_new_array();

    for (struct str s = str_z(lookup); s.n;) {
        size_t end = str_find(s, STR("\n"));
        struct str one = str_trim(str_sub(s, 0, end));
        if (one.n)
            (void)json_object_array_add(list, json_object_new_string_len(one.p, (int)one.n));
        s = str_sub(s, end + 1, s.n);
    }
    (void)json_object_object_add(o, "lookup", list);
}

static int add_history(
    struct json_object *o, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    struct out_view v;

    if (store_out_view(&v, s, r->row, a, e))
        return -1;
    add_lookup(o, r->message.lookup);
    add_attempts(o, &v);
    add_proofs(o, &v);
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
    json_add_bool(o, "late", is_late(r));
    json_add_time(o, "accepted", r->accepted_at);
    json_add_time(o, "since", r->state_at);
    json_add_time(o, "proven_at", r->proven_at);
    json_add_time(o, "deliver_by", r->deliver_by);
    json_add_time(o, "next", r->settled || view_in_hand(r) ? 0 : r->next_at);
    json_add_bool(o, "in_hand", view_in_hand(r));
    json_add_time(o, "tried_until", r->settled ? 0 : r->expire_at);
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
    if (r->state == OUT_HELD) {
        json_add(o, "held_by", r->held_by);
        json_add(o, "held_why", r->held_why);
    }
    if (r->reason.class != ERR_NONE)
        (void)json_object_object_add(o, "error", cli_error_json(&r->reason));
    if (attempts && add_history(o, s, r, a, e)) {
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
    json_add(o, "route", r->route);
    json_add_int(o, "handovers", r->handovers);
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
    line(out, "  next", cli_next_step(e));
}

static void lines_held(FILE *out, const struct out_row *r)
{
    bool partner = strncmp(r->held_by, PARTNER_HOLDER, strlen(PARTNER_HOLDER)) == 0;

    if (r->state != OUT_HELD)
        return;
    line(out, "held by", r->held_by);
    line(out, "held why", r->held_why[0] ? r->held_why : "no reason given");
    line(out, "next",
        partner ? "aviso queue release --partner lets it go on"
                : "aviso queue release lets it go on");
}

static int lines_attempts(
    FILE *out, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    struct out_view v;

    if (store_out_view(&v, s, r->row, a, e))
        return -1;
    if (v.nattempts < v.attempts_in_all)
        (void)fprintf(
            out, "  attempts      %zu, of which the last %zu:\n", v.attempts_in_all, v.nattempts);
    for (size_t i = 0; i < v.nattempts; i++) {
        const struct attempt_row *t = &v.attempts[i];
        char at[CLOCK_TEXT];
        clock_local(at, t->started_at);
        (void)fprintf(out, "  attempt %-5u %s  %s  %lld ms  %s\n", t->n, at,
            t->ended_at ? t->result : "cut off", (long long)t->ms, t->endpoint);
    }
    return 0;
}

int view_out_text(
    FILE *out, struct store *s, const struct out_row *r, struct arena *a, struct err *e)
{
    char hex[HASH_HEX];

    (void)fprintf(out, "%s  %s%s\n", view_name(a, r->invoice, r->id), out_state_word(r->state),
        is_late(r) ? "  LATE" : "");
    (void)fprintf(out, "  %-13s %s (required: %s)\n", "proof", proof_level_word(r->level),
        proof_level_word(r->require));
    line_time(out, "accepted", r->accepted_at);
    line_time(out, "since", r->state_at);
    line_time(out, "deliver by", r->deliver_by);
    if (view_in_hand(r))
        line(out, "next", "in hand just now");
    else
        line_time(out, "next", r->settled ? 0 : r->next_at);
    line_time(out, "tried until", r->settled ? 0 : r->expire_at);
    lines_held(out, r);
    line(out, "from", bare(r->sender));
    line(out, "to", bare(r->receiver));
    line(out, "access point", r->message.seat);
    line(out, "endpoint", r->message.endpoint);
    if (strstr(r->message.lookup, LKG))
        line(out, "found by", "the last good answer of the SMP: nothing answered then");
    line(out, "rules", r->rule_sets);
    line(out, "our id", r->id);
    line(out, "sbdh id", r->instance);
    line(out, "as4 id", r->message.message_id);
    enc_hex(hex, r->document_sha256, HASH_LEN);
    line(out, "sha256", hex);
    lines_error(out, &r->reason);
    return lines_attempts(out, s, r, a, e);
}

static const char *flags(const struct in_row *r)
{
    if (r->flags & IN_FLAG_INSTANCE)
        return "instance reused: its InstanceIdentifier came before with another document";
    if (r->flags & IN_FLAG_DUPLICATE)
        return "suspected duplicate: the same document came before under other ids";
    return "";
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
    line(out, "route", r->route);
    line(out, "flagged", flags(r));
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
        out_state_word(r->state), proof_level_word(r->level), at, is_late(r) ? "  LATE" : "",
        bare(r->receiver));
}

void view_in_line(FILE *out, const struct in_row *r)
{
    char at[CLOCK_TEXT];

    clock_local(at, r->received_at);
    (void)fprintf(out, "%.8s  %-24s  %-15s  %-12s %s  %s%s\n", r->id, r->invoice,
        in_state_word(r->state), r->verdict, at, bare(r->sender),
        r->flags & IN_FLAG_INSTANCE    ? "  instance reused"
        : r->flags & IN_FLAG_DUPLICATE ? "  suspected duplicate"
                                       : "");
}
