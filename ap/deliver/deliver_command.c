/* deliver_command.c - a program of the operator takes the document: no shell, a deadline, and the
 * exit status of sysexits says what to do. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ap/base/child.h"
#include "ap/base/fsx.h"
#include "ap/deliver/deliver_priv.h"

#define ARGS 66
#define EX_REFUSED 65 /* EX_DATAERR */
#define EX_DOWN 69    /* EX_UNAVAILABLE */
#define EX_NOT_RUN 126

struct call {
    const struct deliver_route *r;
    const struct deliver_item *item;
    char file[4200], json[4200];
    char vars[11][4300];
    const char *env[12], *argv[ARGS];
    int input;
};

static void var(struct call *c, size_t i, const char *name, const char *value)
{
    (void)snprintf(c->vars[i], sizeof(c->vars[i]), "%s=%s", name, value ? value : "");
    c->env[i] = c->vars[i];
}

static void prepare(struct call *c, const char *dir)
{
    char attempt[24];
    size_t n = 0;

    (void)snprintf(c->file, sizeof(c->file), "%s/%s.%s", dir, c->item->id, c->item->extension);
    (void)snprintf(c->json, sizeof(c->json), "%s/%s.json", dir, c->item->id);
    (void)snprintf(attempt, sizeof(attempt), "%u", c->item->attempt);
    var(c, 0, "PATH", "/usr/local/bin:/usr/bin:/bin");
    var(c, 1, "LANG", "C.UTF-8");
    var(c, 2, "AVISO_ID", c->item->id);
    var(c, 3, "AVISO_SENDER", c->item->sender);
    var(c, 4, "AVISO_RECEIVER", c->item->receiver);
    var(c, 5, "AVISO_INVOICE", c->item->invoice);
    var(c, 6, "AVISO_SIDECAR", c->json);
    var(c, 7, "AVISO_DOCUMENT", c->file);
    var(c, 8, "AVISO_ATTEMPT", attempt);
    var(c, 9, "AVISO_REDELIVERED", c->item->redelivered ? "true" : "false");
    var(c, 10, "AVISO_MEDIA_TYPE", c->item->media_type);
    for (; c->r->argv[n]; n++)
        c->argv[n] = c->r->argv[n];
    if (c->r->by_file)
        c->argv[n] = c->file;
}

static enum deliver_outcome judge(
    const struct child_end *end, const struct deliver_route *r, struct err *why)
{
    char said[200] = "";

    if (!end->late && end->exit == 0)
        return DELIVER_TAKEN;
    if (end->output[0])
        (void)snprintf(said, sizeof(said), ": %.190s", end->output);
    if (end->late) {
        (void)err_set(why, ERR_RETRY, "handover.timeout", "", "%s did not end within %lld s%s",
            r->argv[0], (long long)r->deadline / 1000, said);
        return DELIVER_DOWN;
    }
    if (end->signal) {
        (void)err_set(why, ERR_RETRY, "handover.crashed", "", "%s was ended by signal %d%s",
            r->argv[0], end->signal, said);
        return DELIVER_CRASHED;
    }
    if (end->exit == EX_REFUSED) {
        (void)err_set(
            why, ERR_INPUT, "handover.refused", "", "%s refuses the document%s", r->argv[0], said);
        return DELIVER_REFUSED;
    }
    (void)err_set(
        why, ERR_RETRY, "handover.failed", "", "%s ended with %d%s", r->argv[0], end->exit, said);
    return end->exit == EX_DOWN || end->exit == EX_NOT_RUN || end->exit == EX_NOT_RUN + 1
               ? DELIVER_DOWN
               : DELIVER_LATER;
}

/* Nothing here needs to survive a crash: the journal has it. */
static int create(int *fd, const char *path, struct err *e)
{
    *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd < 0 ? err_errno(e, "io.open", "create", path) : 0;
}

/* The document's descriptor stays open: it may become the program's standard input. */
static int write_files(struct call *c, struct err *e)
{
    struct fsx_file file = {.name = c->file};
    struct sink to = fsx_sink(&file);
    int side, rc;

    if (create(&c->input, c->file, e))
        return -1;
    file.fd = c->input;
    if (c->item->write(c->item->ctx, &to, e) || create(&side, c->json, e))
        return -1;
    rc = fsx_write(side, c->item->sidecar.p, c->item->sidecar.n, c->json, e);
    (void)close(side);
    if (!rc && lseek(c->input, 0, SEEK_SET))
        rc = err_errno(e, "io.read", "rewind", c->file);
    return rc;
}

static void tidy(struct call *c)
{
    if (c->input >= 0)
        (void)close(c->input);
    (void)unlink(c->file);
    (void)unlink(c->json);
}

static enum deliver_outcome run(struct call *c, struct err *why)
{
    struct child_cfg cfg = {
        .argv = c->argv, .env = c->env, .input = -1, .deadline_ms = c->r->deadline};
    struct child_end end;

    if (write_files(c, why))
        return DELIVER_DOWN;
    if (!c->r->by_file)
        cfg.input = c->input;
    if (child_run(&end, &cfg, why))
        return DELIVER_DOWN;
    return judge(&end, c->r, why);
}

enum deliver_outcome deliver_to_command(const struct deliver_routes *all,
    const struct deliver_route *r, const struct deliver_item *item, struct err *why)
{
    struct call c = {.r = r, .item = item, .input = -1};
    enum deliver_outcome out;

    prepare(&c, all->work_dir);
    out = run(&c, why);
    tidy(&c);
    if (out != DELIVER_TAKEN)
        (void)err_where(why, "route %s", r->name);
    return out;
}
