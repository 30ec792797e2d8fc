/* aviso config check|show, aviso explain: what the operator asks about the set-up. */
#include <string.h>

#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/deliver/deliver.h"

int cmd_config_check(struct cli *c)
{
    struct deliver_routes routes = {0};
    struct err e = ERR_INIT;
    int rc;

    if (cli_config(c, true, &e))
        return cli_fail(c, NULL, &e);
    rc = deliver_open(&routes, c->config->routes_file, c->config->drop_folder, NULL, &e);
    deliver_close(&routes);
    if (rc)
        return cli_fail(c, NULL, &e);
    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_bool(o, "ok", 1);
        json_add_given(o, "mode", config_mode_word(c->config->mode));
        cli_json(o);
    } else if (!c->quiet) {
        (void)printf("configuration is good; mode %s\n", config_mode_word(c->config->mode));
    }
    return EXIT_OK;
}

int cmd_config_show(struct cli *c)
{
    struct err e = ERR_INIT;
    struct buf b;

    if (cli_config(c, false, &e))
        return cli_fail(c, NULL, &e);
    buf_init(&b, 1 << 20);
    config_print(&b, c->config, cli_has(c, "origin"));
    if (buf_check(&b, &e))
        return cli_fail(c, NULL, &e);
    (void)fputs(b.p, stdout);
    buf_free(&b);
    return EXIT_OK;
}

int cmd_explain(struct cli *c)
{
    const struct error_name *n;

    if (c->nargs != 1)
        return cli_usage(c, "expected one error name, for instance smp.timeout");
    if (!(n = error_name_find(c->args[0]))) {
        (void)fprintf(stderr, "aviso: no error is called %s; see aviso-errors(7)\n", c->args[0]);
        return EXIT_NO;
    }
    (void)printf(
        "%s\n  %s.\n  next: %s.\n  exit code: %d\n", n->name, n->meaning, n->todo, n->exit);
    return EXIT_OK;
}
