/* aviso config check|show, aviso explain: what the operator asks about the set-up. */
#include <string.h>

#include "ap/alarm/alarm.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/daemon/senders.h"
#include "ap/deliver/deliver.h"

/* What a start would look at, but for what needs the spool or the network: doctor asks those. */
static int check_parts(const struct config *cfg, struct err *e)
{
    struct deliver_routes routes = {0};
    int rc = deliver_open(&routes, cfg->routes_file, cfg->drop_folder, NULL, e);

    if (!rc && *cfg->route && !deliver_find(&routes, cfg->route))
        rc = err_set(e, ERR_CONFIG, "config.value", "",
            "deliver.route = %s: there is no such route", cfg->route);
    deliver_close(&routes);
    if (!rc && cfg->senders > SENDERS_MAX)
        rc = err_set(
            e, ERR_CONFIG, "config.value", "", "limits.senders must be 1 to %d", SENDERS_MAX);
    return rc || alarm_check(cfg, e) ? -1 : 0;
}

int cmd_config_check(struct cli *c)
{
    struct err e = ERR_INIT;

    if (cli_config(c, true, &e) || check_parts(c->config, &e))
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
