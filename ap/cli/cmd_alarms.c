/* aviso alarms, aviso ack, and status without an id: is anything wrong? */
#include <string.h>

#include "ap/alarm/alarm.h"
#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/view.h"

#define ARENA_MAX (64u << 20)
#define PAGE 100
#define CHANNELS 16
#define SWEPT_MS 10000 /* by then a service has swept */

static void print_one(const struct alarm_row *r)
{
    char id[ALARM_ID], at[CLOCK_TEXT];

    clock_local(at, r->raised_at);
    (void)printf("%-6s %-12s %s%s%s%s%s\n", alarm_id(id, r->n), r->kind, at, r->id[0] ? "  " : "",
        r->invoice[0] ? r->invoice : r->id, r->acked_at ? "  acknowledged by " : "", r->acked_by);
    (void)printf("       %s: %s\n", r->why.code, r->why.msg);
    (void)printf("       who %s, where %s, %s\n", r->why.who[0] ? r->why.who : "us",
        r->why.where[0] ? r->why.where : "here", err_class_word(r->why.class));
    (void)printf("       next: %s\n", alarm_next(r));
}

static int print_page(
    struct cli *c, struct store *s, int64_t *after, size_t *n, struct arena *a, struct err *e)
{
    struct alarm_row *rows = arena_alloc(a, PAGE * sizeof(*rows));

    if (!rows || store_alarms(rows, PAGE, n, s, cli_has(c, "all"), *after, a, e))
        return rows ? -1 : err_nomem(e);
    for (size_t i = 0; i < *n; i++) {
        if (c->json)
            cli_json(alarm_json(&rows[i]));
        else
            print_one(&rows[i]);
        *after = rows[i].n;
    }
    return 0;
}

static int print_channels(struct cli *c, struct store *s, struct arena *a, struct err *e)
{
    struct channel_row ch[CHANNELS];
    size_t n;

    if (store_channels(ch, CHANNELS, &n, s, a, e))
        return -1;
    for (size_t i = 0; i < n && !c->json; i++)
        if (ch[i].failed_at) {
            char at[CLOCK_TEXT];
            clock_local(at, ch[i].failed_at);
            (void)printf("channel %s has failed %u times since %s: %s\n", ch[i].name,
                ch[i].failures, at, ch[i].why.msg);
        }
    return 0;
}

int cmd_alarms(struct cli *c)
{
    struct alarm_counts count = {.loud = 0};
    struct err e = ERR_INIT;
    unsigned long overdue = 0;
    int64_t after = 0;
    struct store *s;
    struct act act;
    size_t n = PAGE;
    int code = EXIT_OK;

    act_init(&act, c);
    if (act_store(&act, &s, &e) || store_alarm_count(&count, s, &e) ||
        store_count_overdue(&overdue, s, clock_now() - SWEPT_MS, &e))
        code = cli_fail(c, NULL, &e);
    while (!code && n == PAGE) {
        struct arena *a = arena_new(ARENA_MAX);
        if (!a || print_page(c, s, &after, &n, a, &e) || (n < PAGE && print_channels(c, s, a, &e)))
            code = a ? cli_fail(c, NULL, &e) : cli_nomem(c);
        arena_free(a);
    }
    act_close(&act);
    if (code)
        return code;
    if (overdue)
        (void)fprintf(stderr,
            "aviso: %lu more documents are past their deadline, and nothing has raised their "
            "alarms: "
            "does the service run? (aviso doctor; aviso list --late)\n",
            overdue);
    else if (!count.loud && !c->json && !c->quiet)
        (void)printf("no alarms%s\n", count.open ? " that are not acknowledged" : "");
    return count.loud || count.channels_down || overdue ? EXIT_NO : EXIT_OK;
}

/* ---- ack ---- */

static int ack_one(struct cli *c, struct act *act, const char *id)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *v;
    const char *who = cli_get(c, "who");
    struct err e = ERR_INIT;
    int64_t alarm = 0, n = 0;
    int code = EXIT_OK;

    json_add_given(rq, "op", "alarm-ack");
    if (id && alarm_id_parse(id, &alarm))
        json_add_int(rq, "alarm", alarm);
    else if (id)
        json_add_given(rq, "id", id);
    if (who)
        json_add_given(rq, "who", who);
    if (act_do(act, rq, NODE_STORE, &answer, &e)) {
        code = cli_fail(c, id, &e);
    } else {
        n = json_object_object_get_ex(answer, "acknowledged", &v) ? json_object_get_int64(v) : 0;
        if (c->json)
            cli_json(json_object_get(answer));
        else if (!c->quiet)
            (void)printf("%s%s%lld alarm%s acknowledged\n", id ? id : "", id ? "  " : "",
                (long long)n, n == 1 ? "" : "s");
    }
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return code;
}

int cmd_ack(struct cli *c)
{
    struct act act;
    int code = EXIT_OK;

    if (cli_has(c, "all") == (c->nargs > 0))
        return cli_usage(c, "expected ids of alarms or documents, or --all");
    act_init(&act, c);
    if (cli_has(c, "all"))
        code = ack_one(c, &act, NULL);
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, ack_one(c, &act, c->args[i]));
    act_close(&act);
    return code;
}

/* ---- status ---- */

struct summary {
    struct store_counts n;
    struct alarm_counts alarms;
    unsigned long unknown, waiting;
    bool service;
};

static bool service_runs(struct cli *c)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL;
    struct err e = ERR_INIT;
    int asked;

    json_add_given(rq, "op", "ping");
    asked = control_ask(&answer, c->config->spool, rq, -1, &e);
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return asked == 1;
}

static unsigned long to_hand_over(const struct store_counts *n)
{
    return n->in[IN_RECEIVED] + n->in[IN_VALIDATED] + n->in[IN_RELEASED];
}

static void summary_text(struct cli *c, const struct summary *m)
{
    char at[CLOCK_TEXT];

    (void)printf("%-10s %s, mode %s\n", "service", m->service ? "runs" : "does not run",
        config_mode_word(c->config->mode));
    (void)printf("%-10s %lu%s\n", "alarms", m->alarms.loud,
        m->alarms.loud ? "  (aviso alarms; aviso ack)" : "");
    if (m->alarms.channels_down)
        (void)printf("%-10s %lu alarm channel%s failing\n", "channels", m->alarms.channels_down,
            m->alarms.channels_down == 1 ? " is" : "s are");
    (void)printf("%-10s %lu", "late", m->n.late);
    if (m->n.late_known)
        (void)printf("  (%lu acknowledged)", m->n.late_known);
    (void)putchar('\n');
    (void)printf("%-10s %lu\n", "unknown", m->unknown);
    (void)printf("%-10s %lu\n", "refused", m->n.out[OUT_REFUSED]);
    (void)printf("%-10s %lu\n", "held", m->n.out[OUT_HELD]);
    (void)printf("%-10s %lu\n", "waiting", m->waiting);
    (void)printf("%-10s %lu\n", "receipted", m->n.out[OUT_RECEIPTED]);
    (void)printf("%-10s %lu to hand over, %lu set aside\n", "received", to_hand_over(&m->n),
        m->n.in[IN_QUARANTINED]);
    if (m->n.oldest_unproven) {
        clock_local(at, m->n.oldest_unproven);
        (void)printf("%-10s since %s\n", "oldest", at);
    }
}

static void summary_json(struct cli *c, const struct summary *m, bool ok)
{
    struct json_object *o = json_object_new_object();
    const struct {
        const char *key;
        unsigned long n;
    } v[] = {{"alarms", m->alarms.loud}, {"channels_down", m->alarms.channels_down},
        {"late", m->n.late}, {"late_acknowledged", m->n.late_known}, {"unknown", m->unknown},
        {"refused", m->n.out[OUT_REFUSED]}, {"held", m->n.out[OUT_HELD]}, {"waiting", m->waiting},
        {"receipted", m->n.out[OUT_RECEIPTED]}, {"to_hand_over", to_hand_over(&m->n)},
        {"quarantined", m->n.in[IN_QUARANTINED]}};

    json_add_bool(o, "ok", ok);
    json_add_bool(o, "service", m->service);
    json_add_given(o, "mode", config_mode_word(c->config->mode));
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        (void)json_object_object_add(o, v[i].key, json_object_new_int64((int64_t)v[i].n));
    if (m->n.oldest_unproven) {
        char at[CLOCK_TEXT];
        clock_utc(at, m->n.oldest_unproven);
        json_add_given(o, "oldest_unproven", at);
    }
    cli_json(o);
}

int status_summary(struct cli *c, struct store *s)
{
    struct summary m = {.unknown = 0};
    struct err e = ERR_INIT;
    unsigned long overdue;
    bool ok;

    if (store_count(&m.n, s, &e) || store_count_overdue(&overdue, s, clock_now(), &e) ||
        store_alarm_count(&m.alarms, s, &e))
        return cli_fail(c, NULL, &e);
    m.n.late += overdue;
    m.service = service_runs(c);
    m.unknown = m.n.out[OUT_UNKNOWN] + m.n.out[OUT_EXPIRED_UNKNOWN];
    m.waiting = m.n.out[OUT_ACCEPTED] + m.n.out[OUT_WAITING] + m.n.out[OUT_SENDING];
    ok = !m.alarms.loud && !m.alarms.channels_down && m.n.late == m.n.late_known;
    if (c->json)
        summary_json(c, &m, ok);
    else
        summary_text(c, &m);
    return ok ? EXIT_OK : EXIT_NO;
}
