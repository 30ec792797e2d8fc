/* aviso canary install|run|status: a document to ourselves, or a ping, as proof of life. */
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/canary/canary.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/daemon/pulse.h"

#define WAIT_MS 60000
#define LOOK_MS 100
#define ARENA_MAX (1u << 20)

static int configured(struct cli *c, struct canary_cfg *cfg, struct err *e)
{
    if (cli_config(c, false, e))
        return -1;
    pulse_canary_cfg(cfg, c->config);
    if (*cfg->to && (cfg->ping || *cfg->from))
        return 0;
    (void)err_set(e, ERR_CONFIG, "canary.config", "", "%s not configured",
        cfg->ping ? "canary.to is" : "canary.from and canary.to are");
    return err_next(e, cfg->ping ? "name the participant whose access point is pinged: one of ours"
                                 : "aviso canary install --from ID --to ID; or canary.mode = ping");
}

/* ---- status ---- */

static void tell(struct cli *c, const struct canary_cfg *cfg, const struct canary *k, bool silent)
{
    char back[CLOCK_TEXT] = "never", sent[CLOCK_TEXT] = "never";

    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_bool(o, "ok", !silent);
        json_add(o, "mode", cfg->ping ? "ping" : "document");
        json_add(o, "number", k->number);
        json_add_time(o, "sent", k->sent_at);
        json_add_time(o, "back", k->back_at);
        (void)json_object_object_add(
            o, "trip_ms", k->back_at ? json_object_new_int64(k->trip_ms) : NULL);
        json_add_bool(o, "silent", silent);
        cli_json(o);
        return;
    }
    if (k->back_at)
        clock_local(back, k->back_at);
    if (k->sent_at)
        clock_local(sent, k->sent_at);
    (void)printf("%s\n  last back  %s",
        silent       ? "SILENT"
        : k->back_at ? "alive"
                     : "none came back yet",
        back);
    if (k->back_at)
        (void)printf("  after %lld ms", (long long)k->trip_ms);
    (void)printf("\n  last sent  %s  %s\n", sent, k->number);
}

int cmd_canary_status(struct cli *c)
{
    struct canary_cfg cfg;
    struct canary k;
    struct store *s;
    struct err e = ERR_INIT;
    struct act act;
    bool silent;
    int code;

    act_init(&act, c);
    if (configured(c, &cfg, &e) || act_store(&act, &s, &e) || canary_load(&k, s, &e)) {
        code = cli_fail(c, NULL, &e);
    } else {
        silent = canary_is_silent(&k, &cfg, clock_now());
        tell(c, &cfg, &k, silent);
        code = silent ? EXIT_NO : EXIT_OK;
    }
    act_close(&act);
    return code;
}

/* ---- run ---- */

/* The service must do it: without one nobody would receive what is sent. */
static int ask(struct cli *c, const struct canary_cfg *cfg, struct err *e)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *ok = NULL;
    int rc;

    json_add(rq, "op", "canary");
    json_add_int(rq, "ping", cfg->ping);
    json_add(rq, "from", cfg->from);
    json_add(rq, "to", cfg->to);
    json_add_int(rq, "silence", cfg->silence);
    rc = control_ask(&answer, c->config->spool, rq, -1, e);
    if (rc == 0) {
        rc = err_set(e, ERR_RETRY, "canary.no-service", "",
            "no service runs on %s: nobody would send or receive", c->config->spool);
        (void)err_next(e, "systemctl start aviso, or aviso serve");
    } else if (rc > 0) {
        rc = 0;
        if (!json_object_object_get_ex(answer, "ok", &ok) || !json_object_get_boolean(ok)) {
            control_error(e, answer);
            rc = -1;
        }
    }
    (void)json_object_put(answer);
    (void)json_object_put(rq);
    return rc;
}

/* 1: it will not come back: the document's own end (*e). */
static int has_ended(const struct canary *k, struct store *s, struct err *e)
{
    struct arena *a = k->row ? arena_new(ARENA_MAX) : NULL;
    struct err own = ERR_INIT;
    struct out_row r;
    bool ended = false;

    if (a && store_out_get(&r, s, k->row, a, &own) == 0 && r.settled && r.level < r.require) {
        ended = true;
        own = r.reason;
    }
    arena_free(a);
    if (ended)
        *e = own;
    return ended;
}

/* Until it is back, looking at the journal beside the service. */
static int await(struct canary *k, struct store *s, int64_t ms, struct err *e)
{
    int64_t until = clock_mono() + ms;

    do {
        if (canary_load(k, s, e) || has_ended(k, s, e))
            return -1;
        if (canary_is_back(k))
            return 0;
        clock_sleep(LOOK_MS);
    } while (clock_mono() < until);
    (void)err_set(e, ERR_UNKNOWN, "canary.not-back", "", "%s did not come back within %lld s",
        k->number, (long long)ms / 1000);
    return err_next(e, "aviso status %s tells where it is", k->number);
}

int cmd_canary_run(struct cli *c)
{
    const char *wait = cli_get(c, "wait");
    int64_t ms = WAIT_MS;
    struct canary_cfg cfg;
    struct canary k = {0};
    struct store *s;
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs || (wait && !clock_parse_span(str_z(wait), &ms)))
        return cli_usage(c, "expected nothing but --wait=60s");
    act_init(&act, c);
    if (configured(c, &cfg, &e) || ask(c, &cfg, &e) || act_store(&act, &s, &e) ||
        await(&k, s, ms, &e))
        code = cli_fail(c, k.number[0] ? k.number : NULL, &e);
    else
        tell(c, &cfg, &k, false);
    act_close(&act);
    return code;
}

/* ---- install ---- */

static int canonical(struct buf *out, const char *id, struct err *e)
{
    struct participant p, lower;

    if (participant_parse(&p, str_z(id), e))
        return -1;
    participant_canonical(&lower, &p);
    participant_text(out, &lower);
    return buf_check(out, e);
}

static int put(struct cli *c, struct act *act, const char *to, struct err *e)
{
    const char *country = cli_get(c, "country"), *name = cli_get(c, "name");
    struct json_object *rq = json_object_new_object(), *answer = NULL, *ok = NULL;
    struct buf id;
    char today[CLOCK_TEXT];
    int rc;

    buf_init(&id, 512);
    rc = canonical(&id, to, e);
    if (!rc) {
        clock_utc(today, clock_now());
        today[10] = '\0';
        json_add(rq, "op", "participant-put");
        json_add(rq, "identifier", id.p);
        json_add(rq, "country", country);
        json_add(rq, "tenant", "default");
        json_add(rq, "end_user", cli_get(c, "end-user") ? cli_get(c, "end-user") : id.p);
        json_add(rq, "name", name ? name : "aviso canary");
        json_add(rq, "identified_on", today);
        json_add(rq, "route", CANARY_ROUTE);
        rc = act_request(act, rq, -1, NODE_STORE, &answer, e);
    }
    if (!rc && !(json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok))) {
        control_error(e, answer);
        rc = -1;
    }
    (void)json_object_put(answer);
    (void)json_object_put(rq);
    buf_free(&id);
    return rc;
}

/* Its record would go to the route canary, and what is sent to it with it. */
static int check_receiver(struct store *s, const char *to, struct arena *a, struct err *e)
{
    struct store_participant p;
    int found = store_participant_get(&p, s, to, a, e);

    if (found <= 0 || strcmp(p.route, CANARY_ROUTE) == 0)
        return found < 0 ? -1 : 0;
    (void)err_set(e, ERR_CONFIG, "canary.config", "",
        "%s receives documents already: as the canary's receiver it would get nothing else", to);
    return err_next(e, "another identifier; or aviso participant add --route canary, on purpose");
}

static int check_sender(struct store *s, const char *from, struct arena *a, struct err *e)
{
    struct store_participant p;
    int found = store_participant_get(&p, s, from, a, e);

    if (found < 0 || (found && !p.disabled))
        return found < 0 ? -1 : 0;
    (void)err_set(e, ERR_CONFIG, "canary.config", "", "%s is no participant of ours", from);
    return err_next(e, "aviso participant list shows them");
}

static int check_both(struct act *act, const char *from, const char *to, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct buf f, t;
    struct store *s;
    int rc;

    buf_init(&f, 512);
    buf_init(&t, 512);
    rc = !a ? err_nomem(e) : canonical(&f, from, e) || canonical(&t, to, e);
    if (!rc && strcmp(f.p, t.p) == 0)
        rc = err_set(e, ERR_CONFIG, "canary.config", "", "sender and receiver are the same");
    rc = rc || act_store(act, &s, e) || check_sender(s, f.p, a, e) || check_receiver(s, t.p, a, e);
    buf_free(&t);
    buf_free(&f);
    arena_free(a);
    return rc ? -1 : 0;
}

int cmd_canary_install(struct cli *c)
{
    const char *from = cli_get(c, "from"), *to = cli_get(c, "to");
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs || !from || !to || !cli_get(c, "country"))
        return cli_usage(c, "expected --from ID --to ID --country CC");
    act_init(&act, c);
    if (check_both(&act, from, to, &e) || put(c, &act, to, &e)) {
        code = cli_fail(c, to, &e);
    } else if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_bool(o, "ok", 1);
        json_add(o, "from", from);
        json_add(o, "to", to);
        cli_json(o);
    } else {
        (void)printf("%s is a participant with the route canary.\n\n"
                     "1. Register it in the SMP for invoices, as any participant (aviso doctor smp "
                     "checks it).\n"
                     "2. Write into the configuration and reload the service:\n\n"
                     "[canary]\nfrom = %s\nto = %s\nevery = 1h\n\n"
                     "3. aviso canary run\n",
            to, from, to);
    }
    act_close(&act);
    return code;
}
