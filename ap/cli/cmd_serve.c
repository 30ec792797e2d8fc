/* aviso serve: the access point as a service. */
#include <string.h>

#include "ap/base/log.h"
#include "ap/cli/commands.h"
#include "ap/daemon/serve.h"

static void ready(void *ctx, unsigned port)
{
    struct cli *c = ctx;
    const struct config *f = c->config;
    struct log_num n;

    log_event(LOG_INFO, "ready", "mode", config_mode_word(f->mode), "listen", f->listen, "port",
        log_n(&n, port), "path", f->path, "spool", f->spool, NULL);
    if (!c->quiet) { /* for scripts: one line, at once */
        (void)printf("ready %s://127.0.0.1:%u%s mode=%s\n", f->plain == PLAIN_NO ? "https" : "http",
            port, f->path, config_mode_word(f->mode));
        (void)fflush(stdout);
    }
}

static int load(void *ctx, struct config **out, struct err *e)
{
    return cli_config_load(out, ctx, e);
}

int cmd_serve(struct cli *c)
{
    const struct serve_hooks hooks = {ready, load, c};
    struct err e = ERR_INIT;

    if (cli_config(c, true, &e))
        return cli_fail(c, NULL, &e);
    log_setup(
        (enum log_level)(c->verbose > 1 ? LOG_DEBUG : c->config->log_level), c->config->log_json);
    if (serve_run(c->config, &hooks, &e))
        return cli_fail(c, NULL, &e);
    return EXIT_OK;
}
