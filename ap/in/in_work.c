/* After acceptance: validate, then hand over. A crash anywhere leaves the step to be done again. */
#include "ap/in/in.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/fault.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"

#define LEASE_MS 300000
#define ARENA_MAX (64u << 20)
#define KEEP (256u * 1024u)

struct envelope {
    struct store_blob sbd;
    struct spool recoded;
    struct sbdh_envelope e;
};

static int envelope_open(
    struct envelope *v, struct store *s, const struct in_row *row, struct arena *a, struct err *e)
{
    if (store_blob_open(&v->sbd, s, row->sbd, e))
        return -1;
    spool_init(&v->recoded, store_tmp_dirfd(s), KEEP, v->sbd.blob.len * 4 + 1024);
    if (sbdh_read(&v->e, &v->recoded, &v->sbd.blob, a, e) == 0)
        return 0;
    spool_free(&v->recoded);
    store_blob_close(&v->sbd);
    return -1;
}

static void envelope_close(struct envelope *v)
{
    spool_free(&v->recoded);
    store_blob_close(&v->sbd);
}

int in_extract(
    struct sink *out, struct store *s, const struct in_row *row, struct arena *a, struct err *e)
{
    struct envelope v;
    int rc;

    if (envelope_open(&v, s, row, a, e))
        return -1;
    rc = sbdh_extract(out, &v.e, e);
    envelope_close(&v);
    return rc;
}

/* ---- validating ---- */

static int judge(const struct in_env *env, const struct in_row *row, struct in_verdict_report *r,
    struct document *d, struct arena *a, struct err *e)
{
    struct envelope v;
    int rc;

    if (envelope_open(&v, env->store, row, a, e))
        return -1;
    rc = 0;
    if (v.e.kind == SBDH_XML)
        rc = document_read(d, &v.recoded, &v.e.payload, NULL, a, e);
    if (!rc && env->validate && v.e.kind == SBDH_XML)
        rc = env->validate(env->validate_ctx, r, &v.e.payload, e);
    envelope_close(&v);
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

/* ---- handing over to a folder ---- */

static void add(struct json_object *o, const char *key, const char *value)
{
    if (value && *value)
        (void)json_object_object_add(o, key, json_object_new_string(value));
}

static void add_time(struct json_object *o, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT];

    clock_utc(text, ms);
    if (ms)
        add(o, key, text);
}

int in_sidecar(struct buf *out, const struct in_row *row, bool redelivered, struct err *e)
{
    struct json_object *o = json_object_new_object();
    char hex[HASH_HEX];

    if (!o)
        return err_nomem(e);
    add(o, "id", row->id);
    add(o, "invoice", row->invoice);
    add(o, "issue_date", row->issue_date);
    add(o, "sender", row->sender);
    add(o, "receiver", row->receiver);
    add(o, "document_type", row->doctype);
    add(o, "process", row->process);
    add(o, "country_c1", row->country_c1);
    add(o, "sbdh_id", row->instance);
    add(o, "as4_id", row->message_id);
    add(o, "conversation_id", row->conversation_id);
    add(o, "access_point", row->seat);
    enc_hex(hex, row->document_sha256, HASH_LEN);
    add(o, "sha256", hex);
    (void)json_object_object_add(o, "bytes", json_object_new_int64((int64_t)row->document_len));
    add_time(o, "message_time", row->eb_timestamp);
    add_time(o, "received", row->received_at);
    add(o, "state", in_state_word(row->state));
    add(o, "verdict", row->verdict);
    add(o, "rule_sets", row->rule_sets);
    (void)json_object_object_add(o, "redelivered", json_object_new_boolean(redelivered));
    (void)json_object_object_add(
        o, "suspected_duplicate", json_object_new_boolean((row->flags & IN_FLAG_DUPLICATE) != 0));
    buf_puts(out,
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    buf_putc(out, '\n');
    (void)json_object_put(o);
    return buf_check(out, e);
}

static int drop_document(int dirfd, const char *name, struct store *s, const struct in_row *row,
    struct arena *a, struct err *e)
{
    struct spool file;
    struct sink to;
    int rc;

    spool_init(&file, dirfd, 0, UINT64_MAX / 2); /* its size was limited when it came in */
    to = spool_sink(&file);
    rc = in_extract(&to, s, row, a, e) || fsx_remove(dirfd, name, e) ||
         spool_link(&file, dirfd, name, e);
    spool_free(&file);
    return rc ? -1 : 0;
}

/* The document first, its sidecar last and atomically: whoever watches for *.json finds both. */
static int drop(const struct in_env *env, const struct in_row *row, bool redelivered,
    struct arena *a, struct err *e)
{
    char xml[64], json[64];
    struct buf side;
    int dirfd, rc;

    if ((dirfd = fsx_open_dir(env->drop_folder, e)) < 0)
        return err_wrap(e, "drop folder: ");
    (void)snprintf(xml, sizeof(xml), "%s.xml", row->id);
    (void)snprintf(json, sizeof(json), "%s.json", row->id);
    buf_init(&side, 64 * 1024);
    rc = in_sidecar(&side, row, redelivered, e);
    if (!rc)
        rc = drop_document(dirfd, xml, env->store, row, a, e);
    (void)FAULT("in.dropped_document");
    if (!rc)
        rc = fsx_replace(dirfd, json, side.p, side.n, 0600, e);
    buf_free(&side);
    (void)close(dirfd);
    return rc;
}

static int hand_over(
    const struct in_env *env, const struct in_claim *c, struct arena *a, struct err *e)
{
    struct in_row row;
    struct err why = ERR_INIT;
    int64_t now = clock_now();

    if (store_in_get(&row, env->store, c->row, a, e))
        return -1;
    if (drop(env, &row, c->redelivered, a, &why)) {
        log_err(
            LOG_ERROR, "handover.failed", &why, "id", row.id, "message_id", row.message_id, NULL);
        return store_in_wait(
            env->store, c, &why, now + (env->retry_ms ? env->retry_ms : 60000), now, e);
    }
    (void)FAULT("in.dropped");
    if (store_in_handed(env->store, c->row, c, "folder", now, e))
        return -1;
    log_event(LOG_INFO, "document.handed-over", "id", row.id, "message_id", row.message_id, "how",
        "folder", NULL);
    return 0;
}

static int step(const struct in_env *env, const struct in_claim *c, bool hand, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct err why = ERR_INIT;
    int64_t now;
    int rc;

    if (!a)
        return err_nomem(e);
    rc = hand ? hand_over(env, c, a, e) : validate(env, c, a, &why);
    arena_free(a);
    if (hand || !rc)
        return rc;
    now = clock_now(); /* what cannot be validated is handed over all the same, later */
    log_err(LOG_ERROR, "validation.failed", &why, "id", c->id, NULL);
    return store_in_wait(
        env->store, c, &why, now + (env->retry_ms ? env->retry_ms : 60000), now, e);
}

int in_work(const struct in_env *env, struct err *e)
{
    bool folder = env->drop_folder && *env->drop_folder;
    struct in_claim c;
    size_t n = 0;

    if (store_in_claim(&c, 1, &n, env->store, false, NULL, clock_now(), LEASE_MS, e))
        return -1;
    if (n)
        return step(env, &c, false, e) ? -1 : 1;
    if (!folder || store_in_claim(&c, 1, &n, env->store, true, "folder", clock_now(), LEASE_MS, e))
        return folder ? -1 : 0;
    return !n ? 0 : step(env, &c, true, e) ? -1 : 1;
}
