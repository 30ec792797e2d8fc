/* aviso inbox list|get|ack: the pull queue of C4's system. A document stays until it is
 * acknowledged. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/view.h"

#define ARENA_MAX (64u << 20)

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

static int find(struct in_row *row, struct store *s, const char *id, struct arena *a, struct err *e)
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

static int fd_write(void *ctx, const void *p, size_t n, struct err *e)
{
    const char *b = p;

    while (n) {
        ssize_t w = write(*(int *)ctx, b, n);
        if (w <= 0)
            return err_errno(e, "io.write", "write", "output");
        b += w;
        n -= (size_t)w;
    }
    return 0;
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
static int put(
    struct cli *c, struct store *s, const struct in_row *row, struct arena *a, struct err *e)
{
    const char *path = cli_get(c, "output");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : STDOUT_FILENO;
    struct sink to = {fd_write, &fd};
    int rc;

    if (fd < 0)
        return err_errno(e, "io.open", "open", path);
    rc = in_extract(&to, s, row, a, e);
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

static int simple(struct act *act, const char *op, const char *id, const char *who, struct err *e)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *ok;
    int rc;

    (void)json_object_object_add(rq, "op", json_object_new_string(op));
    (void)json_object_object_add(rq, "id", json_object_new_string(id));
    if (who)
        (void)json_object_object_add(rq, "who", json_object_new_string(who));
    rc = act_request(act, rq, -1, NODE_STORE, &answer, e);
    if (!rc && !(json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok))) {
        control_error(e, answer);
        rc = -1;
    }
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    return rc;
}

int cmd_inbox_get(struct cli *c)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct err e = ERR_INIT;
    struct in_row row;
    struct store *s;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs != 1) {
        arena_free(a);
        return cli_usage(c, "expected one id");
    }
    act_init(&act, c);
    if (!a || act_store(&act, &s, &e) || find(&row, s, c->args[0], a, &e) ||
        put(c, s, &row, a, &e) ||
        (row.state != IN_ACKNOWLEDGED && simple(&act, "inbox-handed", row.id, NULL, &e)))
        code = cli_fail(c, c->args[0], &e);
    act_close(&act);
    arena_free(a);
    return code;
}

int cmd_inbox_ack(struct cli *c)
{
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (c->nargs == 0)
        return cli_usage(c, "expected one or more ids");
    act_init(&act, c);
    for (size_t i = 0; i < c->nargs; i++) {
        if (simple(&act, "inbox-ack", c->args[i], cli_get(c, "who"), &e))
            code = cli_worse(code, cli_fail(c, c->args[i], &e));
        else if (!c->quiet && !c->json)
            (void)printf("%s  acknowledged\n", c->args[i]);
        else if (c->json) {
            struct json_object *o = json_object_new_object();
            (void)json_object_object_add(o, "input", json_object_new_string(c->args[i]));
            (void)json_object_object_add(o, "ok", json_object_new_boolean(1));
            cli_json(o);
        }
    }
    act_close(&act);
    return code;
}
