/* aviso status, aviso list: where documents are, by any id they ever had. */
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/partner.h"
#include "ap/cli/view.h"

#define MAX_HITS 20
#define PAGE 100
#define ARENA_MAX (64u << 20)

static int show(
    struct cli *c, struct store *s, const struct store_hit *h, struct arena *a, struct err *e)
{
    struct json_object *o = NULL;

    if (h->inbound) {
        struct in_row r;
        if (store_in_get(&r, s, h->row, a, e))
            return -1;
        if (c->json)
            cli_json(view_in_json(&r));
        else
            view_in_text(stdout, &r);
        return 0;
    }
    struct out_row r;
    if (store_out_get(&r, s, h->row, a, e))
        return -1;
    if (!c->json)
        return view_out_text(stdout, s, &r, a, e);
    if (!(o = view_out_json(s, &r, true, a, e)))
        return -1;
    cli_json(o);
    return 0;
}

static int status_one(struct cli *c, struct store *s, const char *id)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct store_hit hits[MAX_HITS + 1];
    struct err e = ERR_INIT;
    size_t n = 0;
    int code = EXIT_OK;

    if (!a)
        return cli_nomem(c);
    if (store_find(hits, MAX_HITS + 1, &n, s, id, &e)) {
        code = cli_fail(c, id, &e);
    } else if (n == 0) {
        (void)err_set(&e, ERR_PEER, "status.not-found", "", "nothing here carries the id %s", id);
        (void)err_next(&e, "it was never handed to us, or to another spool");
        code = cli_fail(c, id, &e);
    }
    for (size_t i = 0; i < n && i < MAX_HITS && !code; i++)
        if (show(c, s, &hits[i], a, &e))
            code = cli_fail(c, id, &e);
    if (n > MAX_HITS)
        (void)fprintf(
            stderr, "aviso: more than %d documents carry %s; those are shown\n", MAX_HITS, id);
    arena_free(a);
    return code;
}

int cmd_status(struct cli *c)
{
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    int code = EXIT_OK;

    act_init(&act, c);
    if (act_store(&act, &s, &e))
        code = cli_fail(c, NULL, &e);
    else if (c->nargs == 0)
        code = status_summary(c, s);
    for (size_t i = 0; i < c->nargs && !code; i++)
        code = cli_worse(code, status_one(c, s, c->args[i]));
    act_close(&act);
    return code;
}

/* As the store has it: people write no scheme. */
static int read_partner(struct cli *c, struct store_filter *f, char name[STORE_DEST])
{
    const char *partner = cli_get(c, "partner");
    struct err e = ERR_INIT;

    if (!partner)
        return 0;
    if (partner_name(name, partner, &e))
        return cli_fail(c, partner, &e);
    if (!strstr(name, "::"))
        return cli_usage(c, "--partner: expected a participant; queue shape goes by access point");
    f->partner = name;
    return 0;
}

static int read_limit(struct cli *c, unsigned long long *left)
{
    const char *limit = cli_get(c, "limit");

    *left = SIZE_MAX;
    return limit && (!str_to_u64(str_z(limit), SIZE_MAX, left) || !*left)
               ? cli_usage(c, "--limit: expected a number")
               : 0;
}

static int read_filter(struct cli *c, struct store_filter *f)
{
    const char *state = cli_get(c, "state"), *since = cli_get(c, "since");
    enum out_state out;
    enum in_state in;
    int64_t span;
    bool zone;

    f->late = cli_has(c, "late");
    f->now = clock_now();
    f->open = cli_has(c, "open");
    if (state && cli_has(c, "inbound")) {
        if (!in_state_parse(state, &in))
            return cli_usage(c, "--state %s is no inbound state", state);
        f->in_state = (int)in;
    } else if (state) {
        if (!out_state_parse(state, &out))
            return cli_usage(c, "--state %s is no outbound state", state);
        f->out_state = (int)out;
    }
    if (since && clock_parse_span(str_z(since), &span))
        f->since = clock_now() - span;
    else if (since && !clock_parse(str_z(since), &f->since, &zone))
        return cli_usage(c,
            "--since %s: expected a span such as 24h, or an instant such as "
            "2026-12-01T10:00:00Z",
            since);
    return 0;
}

static int print_out(struct cli *c, struct store *s, struct store_filter *f, size_t *left,
    struct arena *a, struct err *e)
{
    struct out_row *rows = arena_alloc(a, PAGE * sizeof(*rows));
    size_t n = 0, want = *left < PAGE ? *left : PAGE;

    if (!rows || store_out_list(rows, want, &n, s, f, a, e))
        return rows ? -1 : err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (!c->json)
            view_out_line(stdout, &rows[i]);
        else
            cli_json(view_out_json(s, &rows[i], false, a, e));
        f->before = rows[i].row;
    }
    *left = n < want ? 0 : *left - n;
    return 0;
}

static int print_in(struct cli *c, struct store *s, struct store_filter *f, size_t *left,
    struct arena *a, struct err *e)
{
    struct in_row *rows = arena_alloc(a, PAGE * sizeof(*rows));
    size_t n = 0, want = *left < PAGE ? *left : PAGE;

    if (!rows || store_in_list(rows, want, &n, s, f, a, e))
        return rows ? -1 : err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (!c->json)
            view_in_line(stdout, &rows[i]);
        else
            cli_json(view_in_json(&rows[i]));
        f->before = rows[i].row;
    }
    *left = n < want ? 0 : *left - n;
    return 0;
}

int list_documents(struct cli *c, struct store *s, struct store_filter *f, bool inbound)
{
    unsigned long long most;
    int code = read_limit(c, &most);
    size_t left = (size_t)most;
    struct err e = ERR_INIT;

    if (code)
        return code;
    while (left) {
        struct arena *a = arena_new(ARENA_MAX);
        int rc = !a        ? err_nomem(&e)
                 : inbound ? print_in(c, s, f, &left, a, &e)
                           : print_out(c, s, f, &left, a, &e);
        arena_free(a);
        if (rc)
            return cli_fail(c, NULL, &e);
    }
    return EXIT_OK;
}

int cmd_list(struct cli *c)
{
    struct store_filter f = STORE_FILTER_ALL;
    char name[STORE_DEST];
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    int code = read_filter(c, &f);

    if (!code)
        code = read_partner(c, &f, name);
    if (code)
        return code;
    act_init(&act, c);
    if (act_store(&act, &s, &e))
        code = cli_fail(c, NULL, &e);
    else
        code = list_documents(c, s, &f, cli_has(c, "inbound"));
    act_close(&act);
    return code;
}
