/* in_work.c - after acceptance: validate. A crash anywhere leaves the step to be done again. */
#include "ap/in/in_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/fault.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/base/log.h"
#include "ap/peppol/content.h"

#define BATCH 16        /* claimed in one commit: under load claims cost more than the rules */
#define LEASE_MS 300000 /* of each: it runs anew when its turn comes late */
#define ARENA_MAX (64u << 20)
#define KEEP (256u * 1024u)

int in_envelope_read(
    struct in_envelope *v, int tmp_dirfd, const struct blob *sbd, struct arena *a, struct err *e)
{
    spool_init(&v->recoded, tmp_dirfd, KEEP, sbd->len * 4 + 1024);
    if (sbdh_read(&v->e, &v->recoded, sbd, a, e) == 0)
        return 0;
    spool_free(&v->recoded);
    return -1;
}

int in_open(struct in_document *d, struct store *s, const struct in_row *row, struct arena *a,
    struct err *e)
{
    if (store_blob_open(&d->sbd, s, row->sbd, e))
        return -1;
    if (in_envelope_read(&d->envelope, store_tmp_dirfd(s), &d->sbd.blob, a, e) == 0)
        return 0;
    store_blob_close(&d->sbd);
    return -1;
}

void in_close(struct in_document *d)
{
    spool_free(&d->envelope.recoded);
    store_blob_close(&d->sbd);
}

int in_extract(struct sink *out, const struct in_document *d, bool sbd, struct err *e)
{
    return sbd ? blob_copy(&d->sbd.blob, out, e) : sbdh_extract(out, &d->envelope.e, e);
}

struct str in_media_type(const struct in_document *d)
{
    const struct sbdh_envelope *x = &d->envelope.e;

    return x->kind == SBDH_XML ? STR("application/xml") : x->mime_type;
}

/* ---- validating ---- */

int in_judge(const struct in_env *env, const struct in_envelope *v, struct in_verdict_report *r,
    struct document *d, struct arena *a, struct err *e)
{
    struct spool recoded = v->recoded;

    (void)FAULT("in.judging");
    if (v->e.kind != SBDH_XML) {
        (void)snprintf(r->rule_sets, sizeof(r->rule_sets), CONTENT_UNCHECKED);
        return 0;
    }
    if (document_read(d, &recoded, &v->e.payload, NULL, a, e))
        return -1;
    return env->validate ? env->validate(env->validate_ctx, r, &v->e.payload, e) : 0;
}

static int judge(const struct in_env *env, const struct in_row *row, struct in_verdict_report *r,
    struct document *d, struct arena *a, struct err *e)
{
    struct in_document v;
    int rc;

    if (in_open(&v, env->store, row, a, e))
        return -1;
    rc = in_judge(env, &v.envelope, r, d, a, e);
    in_close(&v);
    return rc;
}

static int validate(
    const struct in_env *env, const struct in_claim *c, struct arena *a, struct err *e)
{
    struct in_verdict_report r = {0};
    struct in_facts f = {0};
    struct document d = {0};
    struct in_row row;
    int rc;

    buf_init(&r.report, 240 * 1024);
    rc = store_in_get(&row, env->store, c->row, a, e) || judge(env, &row, &r, &d, a, e);
    if (!rc) {
        f.invoice = arena_dup(a, d.number);
        f.issue_date = arena_dup(a, d.issue_date);
        f.supplier = row.sender;
        f.rule_sets = r.rule_sets;
        f.report = blob_mem(r.report.p, r.report.n);
        f.verdict = !r.checked ? "unchecked" : r.valid ? "valid" : "invalid";
        (void)FAULT("in.validated");
        rc = store_in_validated(env->store, c, &f, clock_now(), e);
    }
    buf_free(&r.report);
    return rc;
}

/* ---- what C4's system is told ---- */

static void add_text(struct json_object *o, const char *key, struct str s)
{
    if (s.n)
        (void)json_object_object_add(o, key, json_object_new_string_len(s.p, (int)s.n));
}

static void add_time(struct json_object *o, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT];

    clock_utc(text, ms);
    if (ms)
        json_add_some(o, key, text);
}

int in_sidecar(struct buf *out, const struct in_row *row, const struct in_document *d,
    bool redelivered, struct err *e)
{
    struct json_object *o = json_object_new_object();
    char hex[HASH_HEX];

    if (!o)
        return err_nomem(e);
    json_add_some(o, "id", row->id);
    json_add_some(o, "invoice", row->invoice);
    json_add_some(o, "issue_date", row->issue_date);
    json_add_some(o, "sender", row->sender);
    json_add_some(o, "receiver", row->receiver);
    json_add_some(o, "document_type", row->doctype);
    json_add_some(o, "process", row->process);
    json_add_some(o, "country_c1", row->country_c1);
    json_add_some(o, "sbdh_id", row->instance);
    json_add_some(o, "as4_id", row->message_id);
    json_add_some(o, "conversation_id", row->conversation_id);
    json_add_some(o, "access_point", row->seat);
    enc_hex(hex, row->document_sha256, HASH_LEN);
    json_add_some(o, "sha256", hex);
    json_add_int(o, "bytes", (int64_t)row->document_len);
    add_text(o, "media_type", in_media_type(d));
    add_text(o, "encoding", d->envelope.e.encoding);
    add_time(o, "message_time", row->eb_timestamp);
    add_time(o, "received", row->received_at);
    json_add_some(o, "state", in_state_word(row->state));
    json_add_some(o, "verdict", row->verdict);
    json_add_some(o, "rule_sets", row->rule_sets);
    json_add_bool(o, "redelivered", redelivered);
    json_add_bool(o, "suspected_duplicate", (row->flags & IN_FLAG_DUPLICATE) != 0);
    json_add_bool(o, "instance_reused", (row->flags & IN_FLAG_INSTANCE) != 0);
    json_write(out, o);
    buf_putc(out, '\n');
    (void)json_object_put(o);
    return buf_check(out, e);
}

/* 0: validated, or told to be tried again. -1: the store. */
static int work_one(const struct in_env *env, const struct in_claim *c, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct err why = ERR_INIT;
    int64_t now;
    int rc;

    if (!a)
        return err_nomem(e);
    rc = validate(env, c, a, &why);
    arena_free(a);
    if (!rc)
        return 0;
    now = clock_now(); /* what cannot be validated is tried again, and told */
    log_err(LOG_ERROR, "validation.failed", &why, "id", c->id, NULL);
    if (strcmp(why.code, "store.damaged") == 0)
        return store_in_quarantine(env->store, c->row, &why, true, now, e);
    return store_in_wait(
        env->store, c, &why, now + (env->retry_ms ? env->retry_ms : 60000), now, e);
}

/* Those before it took so long that its lease may run out: it begins anew, if it is still ours. */
static int turn_of(const struct in_env *env, struct in_claim *c, int64_t claimed, struct err *e)
{
    int64_t now = clock_now();

    if (now - claimed > LEASE_MS / 2 && store_in_begin(env->store, c, now, e))
        return strcmp(e->code, "store.lease-lost") == 0 ? 0 : -1;
    return work_one(env, c, e);
}

int in_work(const struct in_env *env, struct err *e)
{
    int64_t now = clock_now();
    struct in_claim c[BATCH];
    size_t n = 0;
    int rc = 0;

    if (store_in_claim(c, BATCH, &n, env->store, false, NULL, now, LEASE_MS, e))
        return -1;
    for (size_t i = 0; i < n; i++) /* one that fails is no reason to leave the others claimed */
        rc |= turn_of(env, &c[i], now, e);
    return rc ? -1 : n ? 1 : 0;
}
