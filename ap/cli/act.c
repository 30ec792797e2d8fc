/* act.c - see act.h. */
#include "ap/cli/act.h"

#include <string.h>

#include "ap/base/clock.h"
#include "ap/daemon/judge.h"

#define PAGE_ARENA (64u << 20)

#define LOCK_WAIT_MS 10000

void act_init(struct act *a, struct cli *c)
{
    memset(a, 0, sizeof(*a));
    a->c = c;
}

void act_close(struct act *a)
{
    store_close(a->reader);
    if (a->local)
        node_close(&a->node);
    judge_detach();
    a->local = false;
    a->reader = NULL;
}

/* Another command may hold the lock for a moment: wait for it, but not for ever. */
static int open_here(struct act *a, unsigned parts, struct err *e)
{
    int64_t until = clock_mono() + LOCK_WAIT_MS;

    if ((parts & (NODE_KEY | NODE_NET)) && cli_config(a->c, true, e))
        return -1;
    store_close(a->reader);
    a->reader = NULL;
    while (node_open(&a->node, a->c->config, parts, e)) {
        if (strcmp(e->code, "spool.locked") != 0 || clock_mono() > until)
            return -1;
        clock_sleep(50);
    }
    a->local = true;
    judge_attach(&a->node);
    return 0;
}

int act_request(struct act *a, struct json_object *request, int fd, unsigned parts,
    struct json_object **answer, struct err *e)
{
    struct control_env env = {0};
    int asked;

    if (cli_config(a->c, false, e))
        return -1;
    if (!a->local) {
        asked = control_ask(answer, a->c->config->spool, request, fd, e);
        if (asked < 0)
            return -1;
        if (asked)
            return 0;
        if (open_here(a, parts | NODE_STORE, e))
            return -1;
    }
    env.out = &a->node.setup->out;
    env.in = &a->node.setup->in;
    env.mode = config_mode_word(a->c->config->mode);
    *answer = control_do(&env, request, fd);
    return *answer ? 0 : err_nomem(e);
}

int act_do(struct act *a, struct json_object *request, unsigned parts, struct json_object **answer,
    struct err *e)
{
    struct json_object *ok;

    if (act_request(a, request, -1, parts, answer, e))
        return -1;
    if (json_object_object_get_ex(*answer, "ok", &ok) && json_object_get_boolean(ok))
        return 0;
    control_error(e, *answer);
    return -1;
}

int act_store(struct act *a, struct store **out, struct err *e)
{
    struct store_cfg cfg = {.mode = STORE_READ};

    if (a->local) {
        *out = a->node.store;
        return 0;
    }
    if (cli_config(a->c, false, e))
        return -1;
    cfg.path = a->c->config->spool;
    if (!a->reader && store_open(&a->reader, &cfg, e))
        return -1;
    *out = a->reader;
    return 0;
}

int act_pages(struct act *act,
    int (*page)(void *ctx, struct store *s, bool *more, struct arena *a, struct err *e), void *ctx)
{
    struct err e = ERR_INIT;
    struct store *s;
    bool more = true;

    if (act_store(act, &s, &e))
        return cli_fail(act->c, NULL, &e);
    while (more) {
        struct arena *a = arena_new(PAGE_ARENA);
        int rc = a ? page(ctx, s, &more, a, &e) : err_nomem(&e);
        arena_free(a);
        if (rc)
            return cli_fail(act->c, NULL, &e);
    }
    return EXIT_OK;
}
