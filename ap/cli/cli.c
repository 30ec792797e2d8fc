/* cli.c - flags, errors and JSON as every command shows them. */
#include "ap/cli/cli.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"

#define LINE_BYTES (1u << 30)

bool cli_has(const struct cli *c, const char *flag)
{
    for (size_t i = 0; i < c->nset; i++)
        if (strcmp(c->set[i].name, flag) == 0)
            return true;
    return false;
}

const char *cli_get(const struct cli *c, const char *flag)
{
    for (size_t i = c->nset; i-- > 0;)
        if (strcmp(c->set[i].name, flag) == 0)
            return c->set[i].value;
    return NULL;
}

const char *cli_get_nth(const struct cli *c, const char *flag, size_t nth)
{
    for (size_t i = 0; i < c->nset; i++)
        if (strcmp(c->set[i].name, flag) == 0 && nth-- == 0)
            return c->set[i].value;
    return NULL;
}

int cli_config_load(struct config **out, const struct cli *c, struct err *e)
{
    const char *flags[64];
    size_t n = 0;

    while (n < 64 && (flags[n] = cli_get_nth(c, "set", n)))
        n++;
    return config_load(out, cli_get(c, "config"), flags, n, e);
}

int cli_config(struct cli *c, bool checked, struct err *e)
{
    if (!c->config && cli_config_load(&c->config, c, e))
        return -1;
    return checked ? config_check(c->config, e) : 0;
}

const char *cli_next_step(const struct err *e)
{
    const struct error_name *n = error_name_find(e->code);

    if (e->next[0])
        return e->next;
    if (n && n->todo)
        return n->todo;
    switch (e->class) {
    case ERR_RETRY:
        return "try again later";
    case ERR_UNKNOWN:
        return "do not send again; see aviso status";
    case ERR_INPUT:
        return "correct the input";
    case ERR_CONFIG:
        return "correct the configuration; see aviso config check";
    case ERR_PEER:
        return "ask the receiver";
    case ERR_BUG:
        return "please report it";
    case ERR_NONE:
        break;
    }
    return "";
}

struct json_object *cli_error_json(const struct err *e)
{
    struct json_object *o = json_object_new_object();

    json_add_some(o, "what", e->code);
    json_add_some(o, "where", e->where[0] ? e->where : "here");
    json_add_some(o, "who", e->who[0] ? e->who : "us");
    json_add_some(o, "class", err_class_word(e->class));
    json_add_some(o, "next", cli_next_step(e));
    json_add_some(o, "text", e->msg);
    json_add_some(o, "clause", e->spec);
    json_add_some(o, "ebms", e->ebms);
    return o;
}

void cli_json(struct json_object *o)
{
    struct buf b;

    buf_init(&b, LINE_BYTES);
    json_write(&b, o);
    buf_putc(&b, '\n');
    (void)fwrite(b.p, 1, b.n, stdout);
    (void)fflush(stdout);
    buf_free(&b);
    (void)json_object_put(o);
}

int cli_fail(struct cli *c, const char *input, const struct err *e)
{
    int code = error_exit_code(e);

    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_some(o, "input", input);
        json_add_bool(o, "ok", 0);
        json_add_int(o, "exit", code);
        (void)json_object_object_add(o, "error", cli_error_json(e));
        cli_json(o);
        return code;
    }
    (void)fprintf(
        stderr, "%s%s%s: %s\n", input ? input : "aviso", input ? "  " : ": ", e->code, e->msg);
    (void)fprintf(stderr, "  where  %s\n", e->where[0] ? e->where : "here");
    (void)fprintf(stderr, "  who    %s\n", e->who[0] ? e->who : "us");
    (void)fprintf(stderr, "  class  %s\n", err_class_word(e->class));
    (void)fprintf(stderr, "  next   %s\n", cli_next_step(e));
    return code;
}

int cli_nomem(struct cli *c)
{
    struct err e = ERR_INIT;

    (void)err_nomem(&e);
    return cli_fail(c, NULL, &e);
}

int cli_usage(struct cli *c, const char *fmt, ...)
{
    va_list ap;

    (void)fputs("aviso: ", stderr);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "\nsee: aviso %s%s--help\n", c->command ? c->command->name : "",
        c->command ? " " : "");
    return EXIT_USAGE;
}

int cli_confirm(struct cli *c, const char *fmt, ...)
{
    char answer[16];
    va_list ap;

    if (cli_has(c, "yes"))
        return EXIT_OK;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return cli_usage(c, "this cannot be undone: it needs --yes where nobody can be asked");
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputs(" [y/N] ", stderr);
    if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return EXIT_OK;
    (void)fputs("nothing was done\n", stderr);
    return EXIT_NO;
}

int cli_worse(int a, int b)
{
    static const int order[] = {EXIT_BUG, EXIT_SPOOL, EXIT_SETUP, EXIT_DENIED, EXIT_PROTOCOL,
        EXIT_INPUT, EXIT_MISSING, EXIT_USAGE, EXIT_NO, EXIT_UNREACHED, EXIT_UNPROVEN, EXIT_OK};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_BUG;
}
