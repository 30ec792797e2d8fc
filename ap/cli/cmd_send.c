/* aviso send: from a file to a durable promise, and with --wait to its proof.
 *
 * Each input is told on its own: a line on screen or one JSON object, success or not. With a daemon
 * the document is handed to it; without one this command owns the spool and makes the attempts
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/batch.h"
#include "ap/cli/commands.h"
#include "ap/cli/file.h"
#include "ap/cli/invoice.h"
#include "ap/cli/view.h"

#define POLL_MS 100
#define ARENA_MAX (64u << 20)

struct send {
    struct cli *c;
    struct act act;
    int64_t wait_ms; /* -1: no waiting */
    enum proof_level level;
    int64_t deliver_by;    /* ms UTC or 0 */
    const char *lane;      /* as out.h has it, or NULL */
    const char *id, *name; /* of the document being followed: attempts for others are not told */
};

static int unreadable(const char *path, struct err *e)
{
    (void)err_errno(e, "io.unreadable", "read", path);
    e->class = ERR_INPUT;
    return -1;
}

/* A stream is not seekable: its bytes go into memory that looks like a file. One that ends with an
 * error is no document. */
static int copy_stream(int from, const char *path, uint64_t max, struct err *e)
{
    int fd = memfd_create("stdin", MFD_CLOEXEC), rc = 0;
    char piece[65536];
    uint64_t all = 0;
    ssize_t n = 1;

    if (fd < 0)
        return err_errno(e, "io.open", "memfd", path);
    while (!rc && n > 0) {
        if ((n = read(from, piece, sizeof(piece))) < 0)
            rc = unreadable(path, e);
        else if ((all += (uint64_t)n) > max)
            rc = err_set(e, ERR_INPUT, "limit.size", "",
                "more than %llu bytes (limits.max_inflated)", (unsigned long long)max);
        else if (n)
            rc = fsx_write(fd, piece, (size_t)n, path, e);
    }
    if (!rc)
        return fd;
    (void)close(fd);
    return -1;
}

/* A pipe (`<(...)`, a FIFO) as standard input; what is neither is said to be so. */
static int open_file(const char *path, uint64_t max, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), copy;
    struct stat st;

    if (fd < 0 || fstat(fd, &st)) {
        (void)err_errno(e, "io.missing", "open", path);
        e->class = ERR_INPUT;
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    if (S_ISREG(st.st_mode))
        return fd;
    copy = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)
               ? copy_stream(fd, path, max, e)
               : err_set(e, ERR_INPUT, "control.payload", "", "%.300s is no file", path);
    (void)close(fd);
    return copy;
}

static int open_input(const struct cli *c, const char *path, struct err *e)
{
    uint64_t max = (uint64_t)c->config->max_inflated;

    return strcmp(path, "-") == 0 ? copy_stream(STDIN_FILENO, "standard input", max, e)
                                  : open_file(path, max, e);
}

static struct json_object *request(const struct send *s)
{
    struct json_object *o = json_object_new_object();
    const struct cli *c = s->c;

    json_add_given(o, "op", "submit");
    json_add_given(o, "from", cli_get(c, "from"));
    json_add_given(o, "to", cli_get(c, "to"));
    json_add_given(o, "doctype", cli_get(c, "doctype"));
    json_add_given(o, "process", cli_get(c, "process"));
    json_add_given(o, "mime_type", cli_get(c, "mime-type"));
    json_add_given(o, "encoding", cli_get(c, "encoding"));
    json_add_given(o, "number", cli_get(c, "number"));
    json_add_given(o, "key", cli_get(c, "key"));
    json_add_given(o, "mls_to", cli_get(c, "mls-to"));
    json_add_given(o, "lane", s->lane);
    json_add_bool(o, "mls_always", cli_has(c, "mls-always"));
    json_add_bool(o, "is_sbd", cli_has(c, "sbd"));
    json_add_bool(o, "dry_run", cli_has(c, "dry-run"));
    json_add_bool(o, "refuse_twin", cli_has(c, "refuse-twin"));
    json_add_int(o, "deliver_by", s->deliver_by);
    json_add_int(o, "require", (int)s->level);
    return o;
}

static const char *text(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : "";
}

static int64_t number(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : 0;
}

static void say(const struct send *s, const char *name, const char *word, const char *text_)
{
    if (!s->c->json && !s->c->quiet) {
        (void)printf("%s  %-10s %s\n", name, word, text_);
        (void)fflush(stdout);
    }
}

static void say_accepted(const struct send *s, const char *name, struct json_object *answer)
{
    char by[CLOCK_TEXT], line[256];

    if (number(answer, "checked")) {
        (void)snprintf(line, sizeof(line), "%s, %lld errors, %lld warnings",
            text(answer, "rule_sets"), (long long)number(answer, "errors"),
            (long long)number(answer, "warnings"));
        say(s, name, "valid", line);
    } else {
        say(s, name, "unchecked", text(answer, "rule_sets"));
    }
    clock_local(by, number(answer, "deliver_by"));
    (void)snprintf(line, sizeof(line), "%s  deliver by %s%s", text(answer, "id"), by,
        number(answer, "existed") ? "  (this key was submitted before)" : "");
    say(s, name, number(answer, "existed") ? "known" : "accepted", line);
    if (*text(answer, "twin"))
        (void)fprintf(stderr,
            "%s  warning    the same supplier, number and date was submitted before with %s: %s\n",
            name,
            strcmp(text(answer, "twin"), "same-bytes") == 0 ? "the same bytes" : "other bytes",
            text(answer, "twin_of"));
}

static void say_step(const struct send *s, const char *name, const struct out_row *r)
{
    char line[512];

    if (r->state == OUT_RECEIPTED) {
        (void)snprintf(line, sizeof(line), "%.1f s  signed by %s, digests match",
            (double)(r->proven_at - r->accepted_at) / 1000, r->message.seat);
        say(s, name, "receipted", line);
        return;
    }
    (void)snprintf(line, sizeof(line), "%s  %s%s%s", out_state_word(r->state), r->reason.code,
        r->reason.code[0] ? ": " : "", r->reason.msg);
    say(s, name, "now", line);
}

static void on_note(void *ctx, const char *id, const char *step, const char *text_, int64_t ms)
{
    struct send *s = ctx;

    (void)ms;
    if (s->id && strcmp(id, s->id) == 0 && (strcmp(step, "found") == 0 || s->c->verbose))
        say(s, s->name, step, text_);
}

/* Make attempts for what is due until this document is settled, or time is up and it had its turn:
 * others may have waited longer, but nobody should call `send` and see nothing tried. */
static int work_here(
    struct send *s, int64_t row, int64_t until, struct out_row *r, struct arena *a, struct err *e)
{
    struct node *n = &s->act.node;
    struct out_env *env = &n->setup->out;

    env->note = on_note;
    env->note_ctx = s;
    for (bool once = false;; once = true) {
        struct out_claim c;
        struct out_swept w;
        if (store_out_sweep(&w, n->store, clock_now(), 1000, e) ||
            store_out_get(r, n->store, row, a, e))
            return -1;
        if (r->settled || (once && r->state != OUT_ACCEPTED && clock_mono() >= until))
            return 0;
        if (out_claim(&c, env, clock_now(), e) || (c.row && out_work(env, &c, NULL, e)))
            return -1;
        if (!c.row && until <= clock_mono())
            return store_out_get(r, n->store, row, a, e);
        if (!c.row)
            clock_sleep(POLL_MS);
    }
}

static int watch(
    struct send *s, int64_t row, int64_t until, struct out_row *r, struct arena *a, struct err *e)
{
    struct store *st;

    if (act_store(&s->act, &st, e))
        return -1;
    for (;;) {
        if (store_out_get(r, st, row, a, e))
            return -1;
        if (r->settled || clock_mono() >= until)
            return 0;
        clock_sleep(POLL_MS);
    }
}

static int verdict(const struct send *s, const struct out_row *r)
{
    if (r->level >= r->require && r->level >= s->level && r->level > PROOF_NONE)
        return EXIT_OK;
    switch (r->state) {
    case OUT_REFUSED:
    case OUT_REJECTED:
    case OUT_CANCELLED:
    case OUT_EXPIRED_UNSENT:
        return EXIT_NO;
    case OUT_ACCEPTED:
    case OUT_SENDING:
    case OUT_WAITING:
    case OUT_UNKNOWN:
    case OUT_HELD:
    case OUT_RECEIPTED:
    case OUT_EXPIRED_UNKNOWN:
    case OUT_STATES:
        break;
    }
    return s->wait_ms >= 0 ? EXIT_UNPROVEN : EXIT_OK;
}

/* It is ours, though we cannot tell how far it is: never the code of one that was not taken. */
static int lost_sight(struct send *s, const char *input, const char *id, struct err *e)
{
    struct json_object *o;

    (void)err_wrap(e, "accepted as %s, but: ", id);
    (void)err_next(e, "do not send it again; aviso status %s", id);
    if (!s->c->json) {
        (void)cli_fail(s->c, input, e);
        return EXIT_UNPROVEN;
    }
    o = json_object_new_object();
    json_add_given(o, "id", id);
    json_add_given(o, "input", input);
    json_add_bool(o, "ok", false);
    json_add_int(o, "exit", EXIT_UNPROVEN);
    (void)json_object_object_add(o, "error", cli_error_json(e));
    cli_json(o);
    return EXIT_UNPROVEN;
}

static int tell_end(struct send *s, const char *input, const char *name, const struct out_row *r,
    struct json_object *answer, struct arena *a)
{
    struct err e = ERR_INIT;
    int code = verdict(s, r);
    struct store *st;
    struct json_object *o;

    if (!s->c->json) {
        say_step(s, name, r);
        if (code == EXIT_NO)
            (void)cli_fail(s->c, input, &r->reason);
        else if (code == EXIT_UNPROVEN && !s->c->quiet)
            (void)fprintf(
                stderr, "%s  not proven yet: do not send it again; aviso status %s\n", name, r->id);
        return code;
    }
    if (act_store(&s->act, &st, &e) || !(o = view_out_json(st, r, true, a, &e)))
        return lost_sight(s, input, r->id, &e);
    json_add_given(o, "input", input);
    json_add_bool(o, "existed", number(answer, "existed") != 0);
    json_add(o, "twin", text(answer, "twin"));
    json_add(o, "twin_of", text(answer, "twin_of"));
    json_add_bool(o, "ok", code == EXIT_OK);
    json_add_int(o, "exit", code);
    cli_json(o);
    return code;
}

/* From here on the document is ours: whatever happens now, the code is 75 or better. */
static int follow(struct send *s, const char *input, struct json_object *answer, struct arena *a)
{
    int64_t row = number(answer, "row"), until = clock_mono() + (s->wait_ms > 0 ? s->wait_ms : 0);
    const char *name = *text(answer, "invoice") ? text(answer, "invoice") : text(answer, "id");
    struct err e = ERR_INIT;
    struct out_row r;
    int rc;

    say_accepted(s, name, answer);
    s->id = text(answer, "id");
    s->name = name;
    if (s->act.local)
        rc = work_here(s, row, until, &r, a, &e);
    else
        rc = watch(s, row, until, &r, a, &e);
    s->id = NULL;
    if (rc)
        return lost_sight(s, input, text(answer, "id"), &e);
    return tell_end(s, input, name, &r, answer, a);
}

static int tell_dry(struct send *s, const char *input, struct json_object *answer)
{
    if (s->c->json) {
        json_add_given(answer, "input", input);
        cli_json(json_object_get(answer));
        return EXIT_OK;
    }
    (void)printf("%s  would send: %s from %s to %s as %s\n", input, text(answer, "invoice"),
        text(answer, "sender"), text(answer, "receiver"), text(answer, "document_type"));
    return EXIT_OK;
}

static int hand_in(struct send *s, const char *input, int fd)
{
    struct json_object *rq = NULL, *answer = NULL, *ok;
    struct arena *a = arena_new(ARENA_MAX);
    struct err e = ERR_INIT;
    int code;

    if (!a)
        return cli_nomem(s->c);
    rq = request(s);
    if (act_request(&s->act, rq, fd, NODE_ALL, &answer, &e)) {
        code = cli_fail(s->c, input, &e);
    } else if (json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok)) {
        code = cli_has(s->c, "dry-run") ? tell_dry(s, input, answer) : follow(s, input, answer, a);
    } else {
        control_error(&e, answer);
        code = cli_fail(s->c, input, &e);
    }
    (void)json_object_put(rq);
    (void)json_object_put(answer);
    arena_free(a);
    return code;
}

/* ---- JSON and CSV become UBL before they are handed in ---- */

static bool holds_json(int fd)
{
    char head[512];
    ssize_t n = pread(fd, head, sizeof(head), 0);

    return n > 0 && invoice_is_json((struct str){head, (size_t)n});
}

static int load_fd(struct buf *out, int fd, struct err *e)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return file_load(out, path, e);
}

/* What is wrong with any of them: then none is handed in. */
static int tell_faults(struct send *s, const char *input, const struct batch *b)
{
    int code = EXIT_OK;

    for (size_t i = 0; i < b->n; i++)
        code = cli_worse(code, invoice_tell(s->c, input, b->v[i], NULL));
    return code;
}

/* In memory that looks like a file. */
static int hand_in_text(struct send *s, const char *input, struct str ubl)
{
    struct err e = ERR_INIT;
    int fd = memfd_create("invoice", MFD_CLOEXEC), code;

    if (fd < 0 ? err_errno(&e, "io.open", "memfd", "invoice")
               : fsx_write(fd, ubl.p, ubl.n, "memfd", &e))
        code = cli_fail(s->c, input, &e);
    else
        code = hand_in(s, input, fd);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static int send_batch(struct send *s, const char *input, int fd)
{
    struct batch b = {0};
    const char *at = input;
    struct err e = ERR_INIT;
    struct buf text;
    int code;

    buf_init(&text, INVOICE_TEXT_MAX);
    if (load_fd(&text, fd, &e) || batch_build(&b, s->c, &at, buf_view(&text), &e))
        code = cli_fail(s->c, at, &e);
    else
        code = tell_faults(s, input, &b);
    if (code == EXIT_OK) /* each on its own from here on */
        for (size_t i = 0; i < b.n; i++)
            code = cli_worse(code, hand_in_text(s, input, buf_view(&b.ubl[i])));
    batch_free(&b);
    buf_free(&text);
    return code;
}

static int send_one(struct send *s, const char *input)
{
    struct err e = ERR_INIT;
    int fd = -1, code;

    if (cli_config(s->c, false, &e) || (fd = open_input(s->c, input, &e)) < 0)
        return cli_fail(s->c, input, &e);
    if (!cli_has(s->c, "sbd") && !cli_has(s->c, "mime-type") &&
        (invoice_is_csv(s->c, input) || holds_json(fd)))
        code = send_batch(s, input, fd);
    else if (cli_has(s->c, "attach"))
        code = cli_usage(s->c, "--attach is for an invoice that is built: JSON or CSV");
    else
        code = hand_in(s, input, fd);
    (void)close(fd);
    return code;
}

/* "24h" from now, or an instant. */
static int deliver_by(const char *text_, int64_t *out)
{
    int64_t span;
    bool zone;

    if (clock_parse_span(str_z(text_), &span)) {
        *out = clock_now() + span;
        return span > 0 ? 0 : -1;
    }
    return clock_parse(str_z(text_), out, &zone) && *out > clock_now() ? 0 : -1;
}

static bool read_priority(const char *word, const char **lane)
{
    static const char urgent[] = {OUT_LANE_URGENT, '\0'}, bulk[] = {OUT_LANE_BULK, '\0'};

    *lane = strcmp(word, "urgent") == 0 ? urgent : strcmp(word, "bulk") == 0 ? bulk : NULL;
    return *lane || strcmp(word, "normal") == 0;
}

static int read_flags(struct send *s)
{
    const char *wait = cli_get(s->c, "wait"), *by = cli_get(s->c, "deliver-by"),
               *level = cli_get(s->c, "level"), *priority = cli_get(s->c, "priority");

    s->wait_ms = cli_has(s->c, "wait") ? 60000 : -1;
    if (wait && !clock_parse_span(str_z(wait), &s->wait_ms))
        return cli_usage(s->c, "--wait=%s: expected a time such as 60s or 5m", wait);
    if (by && deliver_by(by, &s->deliver_by))
        return cli_usage(s->c,
            "--deliver-by %s: expected a span such as 24h, or an instant such as "
            "2026-12-01T10:00:00+01:00, to come",
            by);
    if (level && !proof_level_parse(level, &s->level))
        return cli_usage(
            s->c, "--level %s: expected receipted, handed-over, confirmed or answered", level);
    if (priority && !read_priority(priority, &s->lane))
        return cli_usage(s->c, "--priority %s: expected urgent, normal or bulk", priority);
    if (s->c->nargs == 0)
        return cli_usage(s->c, "expected one or more files, or - for standard input");
    if (cli_has(s->c, "attach") && s->c->nargs > 1)
        return cli_usage(s->c, "--attach is for one invoice: give one file");
    if (cli_has(s->c, "key") && s->c->nargs > 1)
        return cli_usage(s->c, "--key names one document: give one file");
    return EXIT_OK;
}

int cmd_send(struct cli *c)
{
    struct send s = {.c = c};
    int code = read_flags(&s);

    if (code)
        return code;
    act_init(&s.act, c);
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, send_one(&s, c->args[i]));
    act_close(&s.act);
    return code;
}
