/* aviso as4 ping: is an access point there, and does it take what we sign and encrypt. */
#include <stdio.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/daemon/node.h"
#include "ap/out/out_ping.h"

#define ARENA_MAX (16u << 20)
#define WAIT_MS 30000

static void print(struct cli *c, const struct out_ping *p)
{
    struct json_object *o;

    if (!c->json) {
        (void)printf("%s answers at %s: verified receipt in %lld ms\n", p->ep.seat_id, p->ep.url,
            (long long)p->ms);
        return;
    }
    o = json_object_new_object();
    json_add_given(o, "access_point", p->ep.seat_id);
    json_add_given(o, "url", p->ep.url);
    json_add_given(o, "as4_id", p->message_id);
    json_add_int(o, "ms", p->ms);
    cli_json(o);
}

static int ping(struct cli *c, struct node *node, int64_t wait, struct arena *a, struct err *e)
{
    struct participant to;
    struct out_ping p = {.ms = 0};
    int rc = participant_parse(&to, str_z(c->args[0]), e) ||
             out_ping(&p, &node->setup->out, &to, cli_get(c, "doctype"), wait, a, e);

    if (!rc)
        print(c, &p);
    else if (!e->next[0] && (e->class == ERR_RETRY || e->class == ERR_UNKNOWN))
        (void)err_next(e, "ping again, which costs nothing; aviso doctor peer URL tells more");
    endpoint_free(&p.ep);
    return rc ? -1 : 0;
}

int cmd_as4_ping(struct cli *c)
{
    const char *wait = cli_get(c, "wait");
    struct arena *a = arena_new(ARENA_MAX);
    int64_t ms = WAIT_MS;
    struct err e = ERR_INIT;
    struct node node;
    int code = EXIT_OK;

    if (!a)
        return cli_nomem(c);
    if (c->nargs != 1 || (wait && !clock_parse_span(str_z(wait), &ms))) {
        arena_free(a);
        return c->nargs == 1
                   ? cli_usage(c, "--wait %s: expected a time such as 30s", wait)
                   : cli_usage(
                         c, "expected one participant identifier, for instance 0208:0848934496");
    }
    if (cli_config(c, true, &e) || node_open(&node, c->config, NODE_KEY | NODE_NET, &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else {
        if (ping(c, &node, ms, a, &e))
            code = cli_fail(c, c->args[0], &e);
        node_close(&node);
    }
    arena_free(a);
    return code;
}
