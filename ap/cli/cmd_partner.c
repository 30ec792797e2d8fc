/* aviso partner: what is agreed with one receiver or access point. */
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/partner.h"
#include "ap/store/store_pace.h"
#include "ap/store/store_partner.h"

#define ARENA_MAX (16u << 20)
#define PAGE 100

static const char *unknown_word(int v)
{
    return v == PARTNER_UNSET ? NULL : v ? "resend" : "hold";
}

static struct json_object *pace_json(const struct store_pace *p)
{
    struct json_object *o = json_object_new_object();

    json_add_int(o, "taken", p->taken);
    json_add_int(o, "waiting", p->waiting);
    json_add_int(o, "delayed", p->delayed);
    (void)json_object_object_add(o, "usual_ms", p->taken ? json_object_new_int64(p->usual) : NULL);
    (void)json_object_object_add(
        o, "longest_ms", p->taken ? json_object_new_int64(p->longest) : NULL);
    (void)json_object_object_add(
        o, "oldest_waiting_ms", p->waiting ? json_object_new_int64(p->oldest) : NULL);
    json_add_bool(o, "drifts", p->drifts);
    return o;
}

static void print_json(const struct store_partner *p, const struct store_pace *pace)
{
    struct json_object *o = json_object_new_object();
    char at[CLOCK_TEXT] = "";

    json_add(o, "partner", p->name);
    json_add(o, "unknown", unknown_word(p->unknown_resend));
    json_add(o, "require", p->require ? proof_level_word(p->require) : NULL);
    (void)json_object_object_add(
        o, "wait_s", p->wait_ms ? json_object_new_int64(p->wait_ms / 1000) : NULL);
    (void)json_object_object_add(o, "window", p->window ? json_object_new_int64(p->window) : NULL);
    json_add_bool(o, "held", p->held);
    if (p->held)
        clock_utc(at, p->held_at);
    json_add(o, "held_since", at);
    json_add(o, "held_by", p->held_by);
    json_add(o, "held_why", p->held_why);
    if (pace)
        (void)json_object_object_add(o, "pace", pace_json(pace));
    cli_json(o);
}

static void print_pace(const struct store_pace *p)
{
    char usual[CLOCK_TEXT], longest[CLOCK_TEXT], oldest[CLOCK_TEXT];

    if (p->taken)
        (void)printf("  proof      usually after %s, the longest %s (the last %u documents)\n",
            clock_span(usual, p->usual), clock_span(longest, p->longest), p->taken);
    if (p->waiting)
        (void)printf("  waiting    %u tried and not proven, the first %s ago\n", p->waiting,
            clock_span(oldest, p->oldest));
    if (p->delayed)
        (void)printf("  delays     %u of %u%s\n", p->delayed, p->taken + p->waiting,
            p->drifts ? ": it delays some and takes others" : "");
}

static bool is_plain(const struct store_partner *p)
{
    return p->unknown_resend == PARTNER_UNSET && !p->require && !p->wait_ms && !p->window &&
           !p->held;
}

static void print_text(const struct store_partner *p)
{
    const char *bare = strstr(p->name, "::");
    char at[CLOCK_TEXT];

    (void)printf("%s%s", bare ? bare + 2 : p->name, is_plain(p) ? "  as configured" : "");
    if (unknown_word(p->unknown_resend))
        (void)printf("  unknown=%s", unknown_word(p->unknown_resend));
    if (p->require)
        (void)printf("  require=%s", proof_level_word(p->require));
    if (p->wait_ms)
        (void)printf("  deliver-by=%llds", (long long)p->wait_ms / 1000);
    if (p->window)
        (void)printf("  window=%u", p->window);
    if (p->held) {
        clock_local(at, p->held_at);
        (void)printf(
            "  HELD since %s by %s%s%s", at, p->held_by, p->held_why[0] ? ": " : "", p->held_why);
    }
    (void)printf("\n");
}

static void print(struct cli *c, const struct store_partner *p, const struct store_pace *pace)
{
    if (c->json) {
        print_json(p, pace);
        return;
    }
    print_text(p);
    if (pace)
        print_pace(pace);
}

/* ---- set, drop ---- */

static int read_terms(struct cli *c, struct store_partner *p)
{
    const char *unknown = cli_get(c, "unknown"), *require = cli_get(c, "require"),
               *by = cli_get(c, "deliver-by"), *window = cli_get(c, "window");
    unsigned long long n;

    if (unknown && strcmp(unknown, "default") == 0)
        p->unknown_resend = PARTNER_UNSET;
    else if (unknown && (strcmp(unknown, "resend") == 0 || strcmp(unknown, "hold") == 0))
        p->unknown_resend = strcmp(unknown, "resend") == 0;
    else if (unknown)
        return cli_usage(c, "--unknown %s: expected resend, hold or default", unknown);
    if (require && strcmp(require, "default") == 0)
        p->require = PROOF_NONE;
    else if (require && (!proof_level_parse(require, &p->require) || p->require == PROOF_NONE))
        return cli_usage(c,
            "--require %s: expected receipted, handed-over, confirmed, answered or default",
            require);
    if (by && strcmp(by, "default") == 0)
        p->wait_ms = 0;
    else if (by && (!clock_parse_span(str_z(by), &p->wait_ms) || !p->wait_ms))
        return cli_usage(c, "--deliver-by %s: expected a span such as 4h, or default", by);
    if (window && strcmp(window, "default") == 0)
        p->window = 0;
    else if (window && (!str_to_u64(str_z(window), 1000, &n) || !n))
        return cli_usage(c, "--window %s: expected 1 to 1000, or default", window);
    else if (window)
        p->window = (unsigned)n;
    return EXIT_OK;
}

static bool any_term(const struct cli *c)
{
    return cli_has(c, "unknown") || cli_has(c, "require") || cli_has(c, "deliver-by") ||
           cli_has(c, "window");
}

static struct json_object *request_of(const struct store_partner *p)
{
    struct json_object *rq = json_object_new_object();

    json_add(rq, "op", "partner-set");
    json_add(rq, "partner", p->name);
    json_add_int(rq, "unknown", p->unknown_resend);
    json_add_int(rq, "require", (int)p->require);
    json_add_int(rq, "wait_ms", p->wait_ms);
    json_add_int(rq, "window", p->window);
    return rq;
}

/* A spool that nobody has made yet knows no partner. */
static int known_terms(
    struct store_partner *p, struct act *act, const char *name, struct arena *a, struct err *e)
{
    struct store *s;

    *p = (struct store_partner){.name = name, .unknown_resend = PARTNER_UNSET};
    if (act_store(act, &s, e) == 0)
        return store_partner_get(p, s, name, a, e) < 0 ? -1 : 0;
    return strcmp(e->code, "store.missing") == 0 || strcmp(e->code, "store.schema") == 0 ? 0 : -1;
}

int cmd_partner_set(struct cli *c)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct json_object *rq = NULL, *answer = NULL;
    char name[STORE_DEST];
    struct store_partner p;
    struct err e = ERR_INIT;
    struct act act;
    int code;

    act_init(&act, c);
    if (c->nargs != 1)
        code = cli_usage(c, "expected one participant or Seat ID");
    else if (!a || partner_name(name, c->args[0], &e) || known_terms(&p, &act, name, a, &e))
        code = a ? cli_fail(c, c->args[0], &e) : cli_nomem(c);
    else if (!any_term(c))
        code = cli_usage(c, "expected --unknown, --require, --deliver-by or --window");
    else if ((code = read_terms(c, &p)) == EXIT_OK) {
        rq = request_of(&p);
        if (act_do(&act, rq, NODE_STORE, &answer, &e))
            code = cli_fail(c, c->args[0], &e);
        else if (!c->quiet)
            print(c, &p, NULL);
    }
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    act_close(&act);
    arena_free(a);
    return code;
}

/* ---- show, list ---- */

int cmd_partner_show(struct cli *c)
{
    struct arena *a = arena_new(ARENA_MAX);
    char name[STORE_DEST];
    struct store_partner p;
    struct store_pace pace;
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    int code = EXIT_OK, known = 0;

    act_init(&act, c);
    if (c->nargs != 1)
        code = cli_usage(c, "expected one participant or Seat ID");
    else if (!a || partner_name(name, c->args[0], &e) || act_store(&act, &s, &e) ||
             store_partner_get(&p, s, name, a, &e) < 0 ||
             (known = store_pace_get(
                  &pace, s, name, c->config->alarm_slow_after, clock_now(), &e)) < 0)
        code = a ? cli_fail(c, c->args[0], &e) : cli_nomem(c);
    else
        print(c, &p, known ? &pace : NULL);
    act_close(&act);
    arena_free(a);
    return code;
}

struct listing {
    struct cli *c;
    char after[STORE_DEST];
    bool any;
};

static int list_page(void *ctx, struct store *s, bool *more, struct arena *a, struct err *e)
{
    struct listing *x = ctx;
    struct store_partner *p = arena_alloc(a, PAGE * sizeof(*p));
    size_t n = 0;

    if (!p || store_partner_list(p, PAGE, &n, s, x->after, a, e))
        return p ? -1 : err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        print(x->c, &p[i], NULL);
        (void)snprintf(x->after, sizeof(x->after), "%s", p[i].name);
        x->any = true;
    }
    *more = n == PAGE;
    return 0;
}

int cmd_partner_list(struct cli *c)
{
    struct listing x = {.c = c};
    struct act act;
    int code;

    act_init(&act, c);
    code = act_pages(&act, list_page, &x);
    if (!code && !x.any && !c->json)
        (void)printf("no partner has terms of its own\n");
    act_close(&act);
    return code;
}
