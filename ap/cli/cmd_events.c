/* aviso events: the journal's gap-free sequence as JSON lines; docs/events.md is its schema. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/base/watch.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"

#define PAGE 500
#define LINE_BYTES (1u << 20)
#define ARENA_MAX (16u << 20)
#define LOOK_AGAIN_MS 30000 /* a missed wake-up costs this, never an event */
#define GATHER_MS 20        /* under load: what comes close together is read together */

struct stream {
    struct cli *c;
    struct store *s;
    int64_t after;
    size_t left;
};

static void print(const struct store_event *v)
{
    struct json_object *o = json_object_new_object();
    char at[CLOCK_TEXT];
    struct buf b;

    clock_utc(at, v->at);
    json_add_int(o, "seq", v->seq);
    json_add(o, "at", at);
    json_add(o, "direction", !v->row ? NULL : v->inbound ? "inbound" : "outbound");
    json_add(o, "id", v->id);
    json_add(o, "invoice", v->invoice);
    json_add(o, "what", v->what);
    json_add(o, "from", v->from);
    json_add(o, "to", v->to);
    json_add(o, "detail", v->detail);
    buf_init(&b, LINE_BYTES);
    json_write(&b, o);
    (void)puts(b.p ? b.p : "");
    buf_free(&b);
    (void)json_object_put(o);
}

/* 1: there may be more, 0: that was all for now, -1. */
static int page(struct stream *x, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct store_event *v = a ? arena_alloc(a, PAGE * sizeof(*v)) : NULL;
    size_t n = 0, want = x->left < PAGE ? x->left : PAGE;
    int rc = v ? store_events(v, want, &n, x->s, x->after, a, e) : err_nomem(e);

    for (size_t i = 0; i < n && !rc; i++) {
        print(&v[i]);
        x->after = v[i].seq;
    }
    x->left -= rc ? 0 : n;
    arena_free(a);
    return rc ? -1 : n == want && x->left;
}

static int all(struct stream *x, struct err *e)
{
    int rc;

    while ((rc = page(x, e)) > 0 && !ferror(stdout))
        ;
    return rc;
}

/* The watch is set before the first reading, so nothing falls between the two. */
static int follow(struct stream *x, struct err *e)
{
    struct watch w;
    int rc;

    if (watch_open(&w, x->c->config->spool, "aviso.db", e))
        return -1;
    while ((rc = all(x, e)) == 0 && x->left) {
        if (fflush(stdout) || ferror(stdout))
            break; /* whoever read us is gone */
        if ((rc = watch_wait(&w, LOOK_AGAIN_MS, e)) < 0)
            break;
        if (rc)
            clock_sleep(GATHER_MS);
    }
    watch_close(&w);
    return rc < 0 ? -1 : 0;
}

/* A reader that knows more than the journal read another one: it would miss what comes, in silence.
 */
static int check_start(struct stream *x, struct err *e)
{
    int64_t last;

    if (store_last_event(&last, x->s, e))
        return -1;
    if (x->after <= last)
        return 0;
    (void)err_set(e, ERR_INPUT, "events.ahead", "",
        "the journal's last event is %lld: %lld was of another one (a restored backup?)",
        (long long)last, (long long)x->after);
    return err_next(
        e, "compare what you hold with aviso list, then read on --after %lld", (long long)last);
}

static bool number(const char *text, unsigned long long *out)
{
    return str_to_u64(str_z(text), INT64_MAX, out);
}

int cmd_events(struct cli *c)
{
    const char *after = cli_get(c, "after"), *limit = cli_get(c, "limit");
    unsigned long long from = 0, most = SIZE_MAX;
    struct stream x = {.c = c};
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    if (after && !number(after, &from))
        return cli_usage(c, "--after: expected a sequence number");
    if (limit && (!number(limit, &most) || !most))
        return cli_usage(c, "--limit: expected a number");
    x.after = (int64_t)from;
    x.left = (size_t)most;
    act_init(&act, c);
    if (act_store(&act, &x.s, &e) || check_start(&x, &e) ||
        (cli_has(c, "follow") ? follow(&x, &e) : all(&x, &e)))
        code = cli_fail(c, NULL, &e);
    act_close(&act);
    return code;
}
