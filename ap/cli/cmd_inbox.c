/* aviso inbox list|get|ack|quarantine|release: the pull queue of C4's system, and what is set
 * aside. A document stays until it is acknowledged. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/view.h"

#define ARENA_MAX (64u << 20)
#define PAGE 100

int cmd_inbox_list(struct cli *c)
{
    struct store_filter f = STORE_FILTER_ALL;
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    int code;

    f.open = !cli_has(c, "all");
    act_init(&act, c);
    code = act_store(&act, &s, &e) ? cli_fail(c, NULL, &e) : list_documents(c, s, &f, true);
    act_close(&act);
    return code;
}

int inbox_find(struct in_row *row, struct store *s, const char *id, struct arena *a, struct err *e)
{
    struct store_hit hits[32];
    size_t n = 0, found = 0;
    int64_t at = 0;

    if (store_find(hits, 32, &n, s, id, e))
        return -1;
    for (size_t i = 0; i < n && i < 32; i++)
        if (hits[i].inbound) {
            at = hits[i].row;
            found++;
        }
    if (found == 1)
        return store_in_get(row, s, at, a, e);
    return found ? err_set(e, ERR_INPUT, "status.ambiguous", "", "%zu received documents carry %s",
                       found, id)
                 : err_set(
                       e, ERR_PEER, "status.not-found", "", "no received document carries %s", id);
}

/* The file's name must be on disk too, not only its bytes. */
static int sync_folder(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char dir[4096] = ".";
    int fd, rc;

    if (slash)
        (void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash == path ? 1 : slash - path), path);
    if ((fd = fsx_open_dir(dir, e)) < 0)
        return -1;
    rc = fsx_sync(fd, dir, e);
    (void)close(fd);
    return rc;
}

/* To a file it is written durably before it counts as handed over; to standard output the caller's
 * `inbox ack` is what counts. */
static int put(struct cli *c, const struct in_document *d, struct err *e)
{
    const char *path = cli_get(c, "output");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : STDOUT_FILENO;
    struct fsx_file file = {fd, path ? path : "standard output"};
    struct sink to = fsx_sink(&file);
    int rc;

    if (fd < 0)
        return err_errno(e, "io.open", "open", path);
    rc = in_extract(&to, d, cli_has(c, "sbd"), e);
    if (path) {
        if (!rc)
            rc = fsx_sync(fd, path, e);
        if (close(fd) && !rc)
            rc = err_errno(e, "io.close", "close", path);
        if (!rc)
            rc = sync_folder(path, e);
    }
    return rc;
}

static int fetch(
    struct cli *c, struct store *s, const struct in_row *row, struct arena *a, struct err *e)
{
    struct in_document d;
    struct buf side;
    int rc;

    if (in_open(&d, s, row, a, e))
        return -1;
    buf_init(&side, 64 * 1024);
    rc = put(c, &d, e);
    if (!rc && c->json && cli_get(c, "output")) {
        rc = in_sidecar(&side, row, &d, row->handovers > 0, e);
        if (!rc)
            (void)fputs(side.p, stdout);
    }
    buf_free(&side);
    in_close(&d);
    return rc;
}

static int simple(struct act *act, const char *op, const char *id, const char *key,
    const char *value, struct err *e)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *ok;
    int rc;

    json_add_given(rq, "op", op);
    json_add_given(rq, "id", id);
    if (value)
        json_add_given(rq, key, value);
    rc = act_request(act, rq, -1, NODE_STORE, &answer, e);
    if (!rc && !(json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok))) {
        control_error(e, answer);
        rc = -1;
    }
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return rc;
}

/* What is not to be handed over is not written either: who reads it would book it. */
static int may_get(const struct in_row *r, struct err *e)
{
    if (r->state != IN_QUARANTINED && r->state != IN_RECEIVED)
        return 0;
    (void)err_set(e, ERR_INPUT, "store.state", "", "the document is %s%s%s: it is not handed over",
        in_state_word(r->state), r->reason.code[0] ? ", " : "", r->reason.code);
    return err_next(e, r->state == IN_QUARANTINED
                           ? "--look shows it and leaves it; aviso inbox release hands it over"
                           : "--look shows it and leaves it; it is handed over once validated");
}

static int take(struct cli *c, struct act *act, const char *id, struct arena *a, struct err *e)
{
    bool look = cli_has(c, "look");
    struct in_row row;
    struct store *s;

    if (act_store(act, &s, e) || inbox_find(&row, s, id, a, e) || (!look && may_get(&row, e)) ||
        fetch(c, s, &row, a, e))
        return -1;
    return look || row.state == IN_ACKNOWLEDGED
               ? 0
               : simple(act, "inbox-handed", row.id, NULL, NULL, e);
}

int cmd_inbox_get(struct cli *c)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs != 1) {
        arena_free(a);
        return cli_usage(c, "expected one id");
    }
    act_init(&act, c);
    if (!a || take(c, &act, c->args[0], a, &e))
        code = a ? cli_fail(c, c->args[0], &e) : cli_nomem(c);
    act_close(&act);
    arena_free(a);
    return code;
}

/* One operation for one document, and what is said of it. */
struct verb {
    const char *op, *key, *done;
};

static int apply(struct cli *c, struct act *act, const struct verb *v, const char *id)
{
    struct err e = ERR_INIT;

    if (simple(act, v->op, id, v->key, cli_get(c, v->key), &e))
        return cli_fail(c, id, &e);
    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_given(o, "input", id);
        json_add_bool(o, "ok", 1);
        cli_json(o);
    } else if (!c->quiet) {
        (void)printf("%s  %s\n", id, v->done);
    }
    return EXIT_OK;
}

static int apply_all(struct cli *c, const struct verb *v)
{
    struct act act;
    int code = EXIT_OK;

    if (c->nargs == 0)
        return cli_usage(c, "expected one or more ids");
    act_init(&act, c);
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, apply(c, &act, v, c->args[i]));
    act_close(&act);
    return code;
}

int cmd_inbox_ack(struct cli *c)
{
    static const struct verb v = {"inbox-ack", "who", "acknowledged"};

    return apply_all(c, &v);
}

int cmd_inbox_quarantine(struct cli *c)
{
    static const struct verb v = {"inbox-quarantine", "why", "set aside"};

    return apply_all(c, &v);
}

/* Page after page, oldest last: what was released is no longer in the list. */
static int release_all(struct cli *c, const struct verb *v)
{
    struct store_filter f = STORE_FILTER_ALL;
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    size_t n = PAGE;
    int code = EXIT_OK;

    f.in_state = IN_QUARANTINED;
    act_init(&act, c);
    while (n == PAGE && code == EXIT_OK) {
        struct arena *a = arena_new(ARENA_MAX);
        struct in_row *rows = a ? arena_alloc(a, PAGE * sizeof(*rows)) : NULL;
        if (!rows || act_store(&act, &s, &e) || store_in_list(rows, PAGE, &n, s, &f, a, &e)) {
            code = cli_fail(c, NULL, &e);
            n = 0;
        }
        for (size_t i = 0; i < n; i++) {
            f.before = rows[i].row;
            code = cli_worse(code, apply(c, &act, v, rows[i].id));
        }
        arena_free(a);
    }
    act_close(&act);
    return code;
}

int cmd_inbox_release(struct cli *c)
{
    static const struct verb v = {"inbox-release", "who", "released"};

    if (cli_has(c, "all"))
        return c->nargs ? cli_usage(c, "ids, or --all") : release_all(c, &v);
    return apply_all(c, &v);
}

static int reroute_all(struct cli *c, const char *from, const char *to)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *n;
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    json_add_given(rq, "op", "inbox-reroute");
    json_add_given(rq, "from", from);
    json_add_given(rq, "to", to);
    json_add_given(rq, "who", cli_get(c, "who"));
    act_init(&act, c);
    if (act_do(&act, rq, NODE_STORE, &answer, &e))
        code = cli_fail(c, from, &e);
    else if (c->json)
        cli_json(json_object_get(answer));
    else if (!c->quiet && json_object_object_get_ex(answer, "documents", &n))
        (void)printf("%lld documents of route %s go to %s; what comes for participants of %s goes "
                     "there until aviso participant add --route says otherwise\n",
            (long long)json_object_get_int64(n), from, to, from);
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    act_close(&act);
    return code;
}

int cmd_inbox_reroute(struct cli *c)
{
    static const struct verb v = {"inbox-reroute", "to", "rerouted"};
    const char *from = cli_get(c, "from"), *to = cli_get(c, "to");

    if (!to || !from == !c->nargs)
        return cli_usage(c, "expected --to ROUTE, and ids or --from ROUTE");
    if (from && strcmp(from, to) == 0)
        return cli_usage(c, "--from and --to are the same route");
    return from ? reroute_all(c, from, to) : apply_all(c, &v);
}
