/* control_queue.c - what people do about outbound documents, partners and alarms. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/control/control_priv.h"
#include "ap/store/store_alarm.h"
#include "ap/store/store_partner.h"
#include "ap/store/store_queue.h"

#define FLOWS 256 /* destinations told of */
#define MOST 32   /* documents of one name looked at */

int control_find(
    struct store_hit *hit, struct store *s, const char *id, bool inbound, struct err *e)
{
    const char *what = inbound ? "received" : "outbound";
    struct store_hit hits[MOST + 1];
    size_t n = 0, found = 0;

    if (!id)
        return err_set(e, ERR_INPUT, "status.not-found", "", "no id given");
    if (store_find(hits, MOST + 1, &n, s, id, e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (hits[i].inbound == inbound) {
            *hit = hits[i];
            found++;
        }
    if (found == 1)
        return 0;
    if (!found && n <= MOST)
        return err_set(e, ERR_INPUT, "status.not-found", "", "no %s document carries %s", what, id);
    if (n > MOST)
        (void)err_set(
            e, ERR_INPUT, "status.ambiguous", "", "more than %d documents carry %s", MOST, id);
    else
        (void)err_set(
            e, ERR_INPUT, "status.ambiguous", "", "%zu %s documents carry %s", found, what, id);
    return err_next(e, "give our id of the one you mean: aviso status %.100s names them", id);
}

static struct json_object *counted(const char *key, unsigned long n)
{
    struct json_object *o = ok();

    if (o)
        json_add_int(o, key, (int64_t)n);
    return o;
}

static void ring(const struct control_env *env)
{
    if (env->submitted)
        env->submitted(env->ctx);
}

static const char *who_of(struct json_object *rq)
{
    const char *who = text(rq, "who");

    return who && *who ? who : "command line";
}

/* ---- one document ---- */

static struct json_object *document(
    const struct control_env *env, struct json_object *rq, const char *verb, struct err *e)
{
    struct store *s = env->out->store;
    const char *who = who_of(rq), *why = text(rq, "why");
    int64_t now = clock_now();
    struct store_hit hit;
    struct json_object *o;
    int rc;

    if (control_find(&hit, s, text(rq, "id"), false, e))
        return NULL;
    if (strcmp(verb, "hold") == 0)
        rc = store_out_hold(s, hit.row, who, why, now, e);
    else if (strcmp(verb, "release") == 0)
        rc = store_out_release(s, hit.row, who, now, e);
    else if (strcmp(verb, "cancel") == 0)
        rc = store_out_cancel(s, hit.row, who, why, now, e);
    else if (strcmp(verb, "resolve") == 0)
        rc = store_out_resolve(s, hit.row, who, why, now, e);
    else
        rc = store_out_retry(s, hit.row, who, now + env->out->policy.horizon, now, e);
    if (rc)
        return NULL;
    ring(env);
    if ((o = ok()))
        json_add_given(o, "id", hit.id);
    return o;
}

/* ---- the queue as a whole, and a partner's ---- */

static struct json_object *run(const struct control_env *env, struct json_object *rq, struct err *e)
{
    const char *partner = text(rq, "partner");
    unsigned long n;

    if (store_queue_run(&n, env->out->store, partner, clock_now(), e))
        return NULL;
    if (env->out->flow)
        out_flow_reset(env->out->flow, partner && !strstr(partner, "::") ? partner : NULL);
    ring(env);
    return counted("due", n);
}

static struct json_object *flows(const struct control_env *env)
{
    struct json_object *o = ok(), *list = json_object_new_array();
    struct out_flow_state s[FLOWS];
    size_t n = 0;

    if (env->out->flow)
        out_flow_list(s, FLOWS, &n, env->out->flow, clock_mono());
    for (size_t i = 0; i < n && i < FLOWS; i++) {
        struct json_object *x = json_object_new_object();
        json_add_given(x, "queue", s[i].key);
        json_add_int(x, "busy", s[i].busy);
        json_add_int(x, "window", s[i].window);
        json_add_int(x, "faults", s[i].faults);
        json_add_int(x, "open_ms", s[i].open_since);
        json_add_int(x, "probe_in_ms", s[i].open_for);
        (void)json_object_array_add(list, x);
    }
    (void)json_object_object_add(o, "flows", list);
    return o;
}

static struct json_object *partner_set(
    const struct control_env *env, struct json_object *rq, struct err *e)
{
    struct store_partner p = {.name = text(rq, "partner"),
        .unknown_resend = (int)number(rq, "unknown"),
        .require = (enum proof_level)number(rq, "require"),
        .wait_ms = number(rq, "wait_ms"),
        .window = (unsigned)number(rq, "window")};

    return store_partner_put(env->out->store, &p, clock_now(), e) ? NULL : ok();
}

static struct json_object *partner_release(
    const struct control_env *env, struct json_object *rq, struct err *e)
{
    unsigned long n;

    if (store_partner_release(&n, env->out->store, text(rq, "partner"), who_of(rq), clock_now(), e))
        return NULL;
    ring(env);
    return counted("released", n);
}

static struct json_object *partner(
    const struct control_env *env, struct json_object *rq, const char *verb, struct err *e)
{
    const char *name = text(rq, "partner");

    if (!name) {
        (void)err_set(e, ERR_INPUT, "store.value", "", "no partner given");
        return NULL;
    }
    if (strcmp(verb, "set") == 0)
        return partner_set(env, rq, e);
    if (strcmp(verb, "release") == 0)
        return partner_release(env, rq, e);
    if (store_partner_hold(env->out->store, name, who_of(rq), text(rq, "why"), clock_now(), e))
        return NULL;
    return run(env, rq, e); /* each takes its turn, and is held */
}

/* ---- alarms ---- */

static struct json_object *ack(const struct control_env *env, struct json_object *rq, struct err *e)
{
    struct alarm_ack x = {.n = number(rq, "alarm"), .who = who_of(rq), .now = clock_now()};
    const char *id = text(rq, "id");
    struct err other = ERR_INIT;
    struct store_hit hit;
    unsigned long n;

    if (id && control_find(&hit, env->out->store, id, false, e)) {
        if (control_find(&hit, env->out->store, id, true, &other))
            return NULL;
        memset(e, 0, sizeof(*e));
    }
    if (id) {
        x.row = hit.row;
        x.inbound = hit.inbound;
    }
    return store_alarm_ack(&n, env->out->store, &x, e) ? NULL : counted("acknowledged", n);
}

struct json_object *control_queue(
    const struct control_env *env, struct json_object *rq, const char *op, struct err *e)
{
    static const char *const verbs[] = {"hold", "release", "cancel", "resolve", "retry"};
    static const char *const terms[] = {"set", "hold", "release"};

    if (strcmp(op, "alarm-ack") == 0)
        return ack(env, rq, e);
    if (strcmp(op, "queue-run") == 0)
        return run(env, rq, e);
    if (strcmp(op, "queue-flows") == 0)
        return flows(env);
    for (size_t i = 0; strncmp(op, "queue-", 6) == 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(op + 6, verbs[i]) == 0)
            return document(env, rq, verbs[i], e);
    for (size_t i = 0; strncmp(op, "partner-", 8) == 0 && i < sizeof(terms) / sizeof(terms[0]); i++)
        if (strcmp(op + 8, terms[i]) == 0)
            return partner(env, rq, terms[i], e);
    return NULL;
}
