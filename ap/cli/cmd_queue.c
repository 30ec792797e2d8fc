/* aviso queue: the operator's hands on what is not proven yet. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/partner.h"
#include "ap/cli/view.h"
#include "ap/store/store_queue.h"

#define ARENA_MAX (64u << 20)
#define SHAPES 1000 /* rows printed */
#define PAGE 100

/* ---- one document after the other ---- */

static int64_t count_in(struct json_object *answer, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(answer, key, &v) ? json_object_get_int64(v) : 0;
}

static void told(struct cli *c, const char *input, const char *did, struct json_object *answer)
{
    struct json_object *o;

    if (!c->json) {
        if (!c->quiet)
            (void)printf("%s  %s\n", input, did);
        return;
    }
    o = answer ? json_object_get(answer) : json_object_new_object();
    json_add_given(o, "input", input);
    json_add_given(o, "did", did);
    cli_json(o);
}

static struct json_object *request(
    struct cli *c, const char *op, const char *key, const char *value)
{
    struct json_object *rq = json_object_new_object();

    json_add_given(rq, "op", op);
    json_add_given(rq, key, value);
    json_add_given(rq, "who", cli_get(c, "who"));
    json_add_given(rq, "why", cli_get(c, "why"));
    return rq;
}

static int act_on(struct cli *c, struct act *act, const char *op, const char *key, const char *id,
    const char *did)
{
    struct json_object *rq = request(c, op, key, id), *answer = NULL;
    struct err e = ERR_INIT;
    int code = EXIT_OK;

    if (act_do(act, rq, NODE_STORE, &answer, &e))
        code = cli_fail(c, id, &e);
    else
        told(c, id, did, answer);
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return code;
}

static int each(struct cli *c, const char *op, const char *did)
{
    struct act act;
    int code = EXIT_OK;

    if (c->nargs == 0)
        return cli_usage(c, "expected one or more ids");
    act_init(&act, c);
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, act_on(c, &act, op, "id", c->args[i], did));
    act_close(&act);
    return code;
}

/* --partner P instead of ids. */
static int of_partner(struct cli *c, const char *op, const char *did)
{
    char name[STORE_DEST];
    struct err e = ERR_INIT;
    struct act act;
    int code;

    if (c->nargs)
        return cli_usage(c, "give ids or --partner, not both");
    if (partner_name(name, cli_get(c, "partner"), &e))
        return cli_fail(c, cli_get(c, "partner"), &e);
    act_init(&act, c);
    code = act_on(c, &act, op, "partner", name, did);
    act_close(&act);
    return code;
}

int cmd_queue_hold(struct cli *c)
{
    return cli_has(c, "partner") ? of_partner(c, "partner-hold", "held")
                                 : each(c, "queue-hold", "held");
}

int cmd_queue_release(struct cli *c)
{
    return cli_has(c, "partner") ? of_partner(c, "partner-release", "released")
                                 : each(c, "queue-release", "released");
}

int cmd_queue_retry(struct cli *c)
{
    return each(c, "queue-retry", "due now");
}

int cmd_queue_cancel(struct cli *c)
{
    int code =
        cli_confirm(c, "Cancel %zu document%s for ever?", c->nargs, c->nargs == 1 ? "" : "s");

    return code ? code : each(c, "queue-cancel", "cancelled");
}

int cmd_queue_resolve(struct cli *c)
{
    int code = cli_confirm(c, "Record that %zu document%s not at the receiver?", c->nargs,
        c->nargs == 1 ? " is" : "s are");

    return code ? code : each(c, "queue-resolve", "refused");
}

int cmd_queue_run(struct cli *c)
{
    struct json_object *rq, *answer = NULL;
    const char *partner = cli_get(c, "partner");
    char name[STORE_DEST];
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs)
        return cli_usage(c, "queue run takes no ids: see queue retry");
    if (partner && partner_name(name, partner, &e))
        return cli_fail(c, partner, &e);
    rq = request(c, "queue-run", "partner", partner ? name : NULL);
    act_init(&act, c);
    if (act_do(&act, rq, NODE_STORE, &answer, &e))
        code = cli_fail(c, partner, &e);
    else if (c->json)
        cli_json(json_object_get(answer));
    else if (!c->quiet)
        (void)printf("%lld documents are due now%s\n", (long long)count_in(answer, "due"),
            act.local ? "; no service runs: aviso serve sends them" : "");
    act_close(&act);
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return code;
}

/* ---- show: what waits, and whom nothing goes to ---- */

static bool waits(const struct out_row *r)
{
    return r->state == OUT_ACCEPTED || r->state == OUT_SENDING || r->state == OUT_WAITING ||
           r->state == OUT_UNKNOWN || r->state == OUT_HELD;
}

static void show_line(const struct out_row *r, struct arena *a)
{
    char next[CLOCK_TEXT] = "stopped";

    if (r->state == OUT_HELD)
        (void)snprintf(next, sizeof(next), "held");
    else if (view_in_hand(r))
        (void)snprintf(next, sizeof(next), "in hand");
    else if (r->next_at)
        clock_local(next, r->next_at);
    (void)printf("%.8s  %-20s  %-9s%s  %u attempt%s  next %s  %s\n", r->id,
        view_name(a, r->invoice, r->id), out_state_word(r->state),
        store_is_late(r, clock_now()) ? " LATE" : "", r->attempts, r->attempts == 1 ? "" : "s",
        next, r->state == OUT_HELD ? r->held_why : r->reason.code);
}

struct showing {
    struct cli *c;
    struct store_filter f;
    unsigned long long left; /* to be shown */
    bool any;
};

static int show_page(void *ctx, struct store *s, bool *more, struct arena *a, struct err *e)
{
    struct showing *x = ctx;
    struct out_row *rows = arena_alloc(a, PAGE * sizeof(*rows));
    size_t n = 0;

    if (!rows || store_out_list(rows, PAGE, &n, s, &x->f, a, e))
        return rows ? -1 : err_nomem(e);
    for (size_t i = 0; i < n && x->left; i++) {
        x->f.before = rows[i].row;
        if (!waits(&rows[i]))
            continue;
        if (x->c->json)
            cli_json(view_out_json(s, &rows[i], false, a, e));
        else
            show_line(&rows[i], a);
        x->any = true;
        x->left--;
    }
    *more = n == PAGE && x->left;
    return 0;
}

static void show_flow(struct json_object *x)
{
    struct json_object *key;
    const char *name =
        json_object_object_get_ex(x, "queue", &key) ? json_object_get_string(key) : "";

    if (count_in(x, "open_ms"))
        (void)printf("circuit open: %s takes nothing since %lld s, next probe in %lld s\n", name,
            (long long)count_in(x, "open_ms") / 1000, (long long)count_in(x, "probe_in_ms") / 1000);
    else
        (void)printf("%s: %lld of %lld places taken, %lld faults\n", name,
            (long long)count_in(x, "busy"), (long long)count_in(x, "window"),
            (long long)count_in(x, "faults"));
}

/* Only a running service knows circuits; without one there are none. The caller's, or NULL. */
static struct json_object *ask_flows(struct cli *c)
{
    struct json_object *rq = request(c, "queue-flows", NULL, NULL), *answer = NULL, *list = NULL;
    struct err e = ERR_INIT;

    if (control_ask(&answer, c->config->spool, rq, -1, &e) == 1 &&
        json_object_object_get_ex(answer, "flows", &list))
        (void)json_object_get(list);
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return list;
}

static void show_flows(struct cli *c)
{
    struct json_object *list = c->json ? NULL : ask_flows(c);

    for (size_t i = 0; list && i < json_object_array_length(list); i++)
        show_flow(json_object_array_get_idx(list, i));
    (void)json_object_put(list);
}

int cmd_queue_show(struct cli *c)
{
    const char *partner = cli_get(c, "partner"), *limit = cli_get(c, "limit");
    struct showing x = {.c = c, .f = STORE_FILTER_ALL, .left = ULLONG_MAX};
    char name[STORE_DEST];
    struct err e = ERR_INIT;
    struct act act;
    int code;

    if (limit && (!str_to_u64(str_z(limit), ULLONG_MAX, &x.left) || !x.left))
        return cli_usage(c, "--limit: expected a number");
    if (partner && partner_name(name, partner, &e))
        return cli_fail(c, partner, &e);
    if (partner && !strstr(name, "::"))
        return cli_usage(
            c, "--partner: expected a participant; queue shape counts by access point");
    x.f.open = true;
    x.f.partner = partner ? name : NULL;
    act_init(&act, c);
    code = act_pages(&act, show_page, &x);
    if (!code && !x.any && !c->json)
        (void)printf("nothing waits\n");
    if (!code)
        show_flows(c);
    act_close(&act);
    return code;
}

/* ---- shape ---- */

static const char *const age_words[QUEUE_AGES] = {
    "<5m", "<20m", "<1h", "<4h", "<1d", "<2d", "<5d", "older"};

/* What a queue's access point takes at once, and since when nothing: null where no service runs. */
static struct json_object *flow_of(struct json_object *flows, const char *queue)
{
    struct json_object *key;

    for (size_t i = 0; flows && i < json_object_array_length(flows); i++) {
        struct json_object *x = json_object_array_get_idx(flows, i);
        if (json_object_object_get_ex(x, "queue", &key) &&
            strcmp(json_object_get_string(key), queue) == 0)
            return json_object_get(x);
    }
    return NULL;
}

static void shape_json(const struct queue_shape *q, struct json_object *flows)
{
    struct json_object *o = json_object_new_object(), *ages = json_object_new_object();
    char at[CLOCK_TEXT];

    clock_utc(at, q->oldest);
    json_add_given(o, "queue", q->name);
    json_add_int(o, "total", (int64_t)q->n);
    json_add_int(o, "held", (int64_t)q->held);
    json_add_int(o, "stopped", (int64_t)q->stopped);
    for (size_t i = 0; i < QUEUE_AGES; i++)
        (void)json_object_object_add(
            ages, age_words[i], json_object_new_int64((int64_t)q->ages[i]));
    (void)json_object_object_add(o, "ages", ages);
    json_add_given(o, "oldest", at);
    (void)json_object_object_add(o, "flow", flow_of(flows, q->name));
    cli_json(o);
}

static void shape_line(const char *name, const struct queue_shape *q)
{
    const char *bare = strstr(name, "::");

    (void)printf("%-28.28s %7lu", bare ? bare + 2 : name, q->n);
    for (size_t i = 0; i < QUEUE_AGES; i++)
        (void)printf(" %6lu", q->ages[i]);
    (void)printf(" %6lu %7lu\n", q->held, q->stopped);
}

static void shape_text(const struct queue_shape *rows, size_t n)
{
    struct queue_shape all = {.n = 0};

    (void)printf("%-28s %7s", "", "TOTAL");
    for (size_t i = 0; i < QUEUE_AGES; i++)
        (void)printf(" %6s", age_words[i]);
    (void)printf(" %6s %7s\n", "held", "stopped");
    for (size_t k = 0; k < n; k++) {
        all.n += rows[k].n;
        all.held += rows[k].held;
        all.stopped += rows[k].stopped;
        for (size_t i = 0; i < QUEUE_AGES; i++)
            all.ages[i] += rows[k].ages[i];
    }
    shape_line("TOTAL", &all);
    for (size_t k = 0; k < n; k++)
        shape_line(rows[k].name, &rows[k]);
}

int cmd_queue_shape(struct cli *c)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct queue_shape *rows = a ? arena_alloc(a, SHAPES * sizeof(*rows)) : NULL;
    const char *by = cli_get(c, "by");
    struct json_object *flows;
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    size_t n = 0;
    int code = EXIT_OK;

    if (by && strcmp(by, "ap") != 0 && strcmp(by, "receiver") != 0)
        code = cli_usage(c, "--by %s: expected ap or receiver", by);
    act_init(&act, c);
    if (!code && (!rows || act_store(&act, &s, &e) ||
                     store_queue_shape(rows, SHAPES, &n, s, by && strcmp(by, "receiver") == 0,
                         clock_now(), a, &e)))
        code = rows ? cli_fail(c, NULL, &e) : cli_nomem(c);
    if (!code && n > SHAPES)
        (void)fprintf(stderr, "aviso: %zu queues; the largest %d are shown\n", n, SHAPES);
    n = n < SHAPES ? n : SHAPES;
    flows = !code && c->json ? ask_flows(c) : NULL;
    for (size_t i = 0; !code && c->json && i < n; i++)
        shape_json(&rows[i], flows);
    (void)json_object_put(flows);
    if (!code && !c->json)
        shape_text(rows, n);
    act_close(&act);
    arena_free(a);
    return code;
}
