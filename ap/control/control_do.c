/* The operations themselves: JSON in, store and out/ called, JSON out. */
#include "ap/control/control_priv.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/hash.h"
#include "ap/base/json.h"
#include "ap/canary/canary.h"
#include "ap/store/store_alarm.h"

#define ARENA_MAX (64u << 20)

static void describe(struct json_object *o, const struct out_submitted *s, struct arena *a)
{
    char hex[HASH_HEX];
    const char *number_text = arena_dup(a, s->document.number);

    json_add_some(o, "id", s->added.id);
    json_add_int(o, "row", s->added.row);
    json_add_bool(o, "existed", s->added.existed);
    if (s->added.twin) {
        json_add_some(o, "twin", s->added.twin_same ? "same-bytes" : "other-bytes");
        json_add_some(o, "twin_of", s->added.twin_id);
    }
    json_add_some(o, "invoice", number_text);
    json_add_some(o, "sender", s->sender.value);
    json_add_some(o, "receiver", s->receiver.value);
    json_add_some(o, "document_type", s->doctype.value);
    json_add_some(o, "process", s->process.value);
    enc_hex(hex, s->document.sha256, HASH_LEN);
    json_add_some(o, "sha256", hex);
    json_add_some(o, "rule_sets", s->verdict.rule_sets);
    json_add_bool(o, "checked", s->verdict.checked);
    json_add_int(o, "errors", s->verdict.errors);
    json_add_int(o, "warnings", s->verdict.warnings);
    json_add_int(o, "deliver_by", s->deliver_by);
}

static struct json_object *submit(
    const struct control_env *env, struct json_object *rq, int fd, struct arena *a, struct err *e)
{
    struct out_request r = {.is_sbd = flag(rq, "is_sbd"),
        .from = text(rq, "from"),
        .to = text(rq, "to"),
        .doctype = text(rq, "doctype"),
        .process = text(rq, "process"),
        .mime_type = text(rq, "mime_type"),
        .encoding = text(rq, "encoding"),
        .number = text(rq, "number"),
        .key = text(rq, "key"),
        .mls_to = text(rq, "mls_to"),
        .mls_always = flag(rq, "mls_always"),
        .deliver_by = number(rq, "deliver_by"),
        .require = (enum proof_level)number(rq, "require"),
        .lane = text(rq, "lane") ? text(rq, "lane")[0] : '\0',
        .refuse_twin = flag(rq, "refuse_twin")};
    struct out_submitted s;
    struct json_object *o;
    struct stat st;
    bool dry = flag(rq, "dry_run");
    int rc;

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        (void)err_set(e, ERR_INPUT, "control.payload", "", "no payload came with the request");
        return NULL;
    }
    r.payload = blob_fd(fd, 0, (uint64_t)st.st_size);
    rc = out_submit(&s, env->out, &r, dry, a, e);
    o = rc ? control_error_json(e) : ok();
    if (o)
        describe(o, &s, a);
    if (!rc && !dry && env->submitted)
        env->submitted(env->ctx);
    return o;
}

/* 0: it is configured. */
static int no_route(const struct deliver_routes *routes, const char *name, struct err *e)
{
    if (deliver_find(routes, name))
        return 0;
    (void)err_set(e, ERR_INPUT, "participant.route", "", "there is no route %s", name);
    return err_next(e, "inbox, folder (deliver.drop_folder), or one of deliver.routes_file");
}

static struct json_object *participant_put(
    const struct control_env *env, struct json_object *rq, struct arena *a, struct err *e)
{
    struct store_participant p = {.identifier = text(rq, "identifier"),
        .tenant = text(rq, "tenant"),
        .end_user = text(rq, "end_user"),
        .name = text(rq, "name"),
        .country = text(rq, "country"),
        .identified_on = text(rq, "identified_on"),
        .route = text(rq, "route")};
    struct store_service *services = NULL;
    struct json_object *list = NULL;

    if (json_object_object_get_ex(rq, "services", &list) &&
        json_object_is_type(list, json_type_array)) {
        size_t n = json_object_array_length(list);
        services = n <= 256 ? arena_alloc(a, (n + 1) * sizeof(*services)) : NULL;
        if (!services) {
            (void)err_set(e, ERR_INPUT, "participant.services", "", "at most 256 services");
            return NULL;
        }
        for (size_t i = 0; i < n; i++) {
            struct json_object *s = json_object_array_get_idx(list, i);
            services[i].doctype = text(s, "document_type");
            services[i].process = text(s, "process");
        }
        p.nservices = n;
    }
    p.services = services;
    if (env->in && p.route && *p.route && no_route(env->in->routes, p.route, e))
        return NULL;
    if (!p.identifier || !p.country) {
        (void)err_set(e, ERR_INPUT, "participant.incomplete", "", "identifier and country needed");
        return NULL;
    }
    return store_participant_put(env->out->store, &p, clock_now(), e) ? NULL : ok();
}

static int set_aside(struct store *s, int64_t row, const char *why, struct err *e)
{
    struct err reason = ERR_INIT;

    (void)err_set(&reason, ERR_INPUT, "inbox.quarantined", "", "%s", why ? why : "by hand");
    (void)err_next(&reason, "aviso inbox release hands it over all the same");
    return store_in_quarantine(s, row, &reason, false, clock_now(), e);
}

/* Every document of a route, or one. A route that is gone takes its alarm along. */
static struct json_object *reroute(
    const struct control_env *env, struct json_object *rq, struct err *e)
{
    struct store *s = env->out->store;
    const char *from = text(rq, "from"), *to = text(rq, "to"), *who = text(rq, "who");
    const struct deliver_routes *routes = env->in ? env->in->routes : NULL;
    struct store_hit hit = {0};
    struct json_object *o;
    uint64_t n = 1;

    who = who ? who : "inbox";
    if (!to || !*to || (from && strcmp(from, to) == 0)) {
        (void)err_set(e, ERR_INPUT, "control.op", "", "another route to go to is needed");
        return NULL;
    }
    if (routes && no_route(routes, to, e))
        return NULL;
    if (from ? store_in_reroute_all(&n, s, from, to, who, clock_now(), e)
             : control_find(&hit, s, text(rq, "id"), true, e) ||
                   store_in_reroute(s, hit.row, to, who, clock_now(), e))
        return NULL;
    if (from && routes && !deliver_find(routes, from) &&
        store_alarm_clear(s, "route", from, clock_now(), e))
        return NULL;
    if ((o = ok()))
        json_add_int(o, "documents", (int64_t)n);
    return o;
}

/* What follows "inbox-". */
static struct json_object *inbox(
    const struct control_env *env, struct json_object *rq, const char *verb, struct err *e)
{
    struct store *s = env->out->store;
    const char *who = text(rq, "who");
    struct store_hit hit = {0};
    int rc;

    if (strcmp(verb, "reroute") == 0)
        return reroute(env, rq, e);
    if (control_find(&hit, s, text(rq, "id"), true, e))
        return NULL;
    if (strcmp(verb, "ack") == 0)
        rc = store_in_ack(s, hit.row, who ? who : "inbox", clock_now(), e);
    else if (strcmp(verb, "handed") == 0)
        rc = store_in_handed(s, hit.row, NULL, NULL, "inbox", clock_now(), e);
    else if (strcmp(verb, "quarantine") == 0)
        rc = set_aside(s, hit.row, text(rq, "why"), e);
    else if (strcmp(verb, "release") == 0)
        rc = store_in_release(s, hit.row, who ? who : "inbox", clock_now(), e);
    else
        rc = err_set(e, ERR_INPUT, "control.op", "", "there is no operation inbox-%s", verb);
    return rc ? NULL : ok();
}

/* Serial numbers of the certificates that what arrives may be encrypted for. */
static void add_keys(struct json_object *o, const struct in_env *in)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; in && list && i < in->rx.nkeys; i++)
        (void)json_object_array_add(list, json_object_new_string(key_cert(in->rx.keys[i])->serial));
    (void)json_object_object_add(o, "keys", list);
}

/* The service itself, not its process: can it sign, does its journal take writes? */
static struct json_object *health(const struct control_env *env, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct json_object *o = NULL;
    struct buf sig;

    if (store_is_broken(env->out->store)) {
        (void)err_set(e, ERR_RETRY, "store.broken", "", "a commit failed: nothing more is taken");
        return NULL;
    }
    buf_init(&sig, 4096);
    if (hash_of(digest, "health", 6, e) == 0 &&
        key_sign_sha256(env->out->key, &sig, digest, e) == 0 && (o = ok())) {
        json_add_some(o, "mode", env->mode);
        json_add_int(o, "connections", env->connections);
        add_keys(o, env->in);
    }
    buf_free(&sig);
    return o;
}

/* One more than the schedule has. */
static struct json_object *canary(
    const struct control_env *env, struct json_object *rq, struct err *e)
{
    const struct canary_cfg cfg = {.ping = number(rq, "ping"),
        .from = text(rq, "from"),
        .to = text(rq, "to"),
        .silence = number(rq, "silence")};
    struct canary c = {0};

    if (!cfg.to || (!cfg.ping && !cfg.from)) {
        (void)err_set(e, ERR_INPUT, "canary.config", "", "from and to are needed");
        return NULL;
    }
    if (canary_send(&c, env->out, &cfg, clock_now(), e))
        return NULL;
    if (env->submitted)
        env->submitted(env->ctx);
    return ok();
}

/* {"needs_restart":["ap.mode",...]}: what has changed and waits for the next start. */
static struct json_object *reload(
    const struct control_env *env, struct json_object *rq, struct err *e)
{
    struct json_object *o = NULL, *list;
    char *save = NULL;
    struct buf restart;

    if (!env->reload) {
        (void)err_set(e, ERR_CONFIG, "service.none", "", "no service runs on this spool");
        (void)err_next(e, "the next start reads the configuration as it is then");
        return NULL;
    }
    buf_init(&restart, 4096);
    if (env->reload(env->ctx, flag(rq, "keys"), &restart, e) == 0 && (o = ok())) {
        list = json_object_new_array();
        for (char *p = restart.p ? strtok_r(restart.p, " ", &save) : NULL; p;
             p = strtok_r(NULL, " ", &save))
            (void)json_object_array_add(list, json_object_new_string(p));
        (void)json_object_object_add(o, "needs_restart", list);
    }
    buf_free(&restart);
    return o;
}

static struct json_object *act(
    const struct control_env *env, struct json_object *rq, int fd, struct arena *a, struct err *e)
{
    const char *op = text(rq, "op");
    struct json_object *o;

    if (op && strcmp(op, "submit") == 0)
        return submit(env, rq, fd, a, e);
    if (op && strcmp(op, "participant-put") == 0)
        return participant_put(env, rq, a, e);
    if (op && strcmp(op, "participant-disable") == 0 && text(rq, "identifier"))
        return store_participant_disable(
                   env->out->store, text(rq, "identifier"), flag(rq, "disabled"), clock_now(), e)
                   ? NULL
                   : ok();
    if (op && strncmp(op, "inbox-", 6) == 0)
        return inbox(env, rq, op + 6, e);
    if (op && strcmp(op, "ping") == 0) {
        if ((o = ok()))
            json_add_some(o, "mode", env->mode);
        return o;
    }
    if (op && strcmp(op, "reload") == 0)
        return reload(env, rq, e);
    if (op && strcmp(op, "canary") == 0)
        return canary(env, rq, e);
    if (op && strcmp(op, "health") == 0)
        return health(env, e);
    if (op && (o = control_queue(env, rq, op, e)) != NULL)
        return o;
    if (!e->class)
        (void)err_set(
            e, ERR_INPUT, "control.op", "", "there is no operation %s", op ? op : "(none)");
    return NULL;
}

struct json_object *control_do(const struct control_env *env, struct json_object *request, int fd)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct err e = ERR_INIT;
    struct json_object *o = NULL;

    if (a)
        o = act(env, request, fd, a, &e);
    else
        (void)err_nomem(&e);
    arena_free(a);
    return o ? o : control_error_json(&e);
}
