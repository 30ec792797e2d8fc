/* aviso build and aviso read: from the invoicing system's data to UBL, and back.
 *
 * Nothing is written unless the whole input is good: a fault in one invoice of several leaves no
 * file. The official rules judge what was built unless --no-validate says not to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ap/base/fsx.h"
#include "ap/cli/commands.h"
#include "ap/cli/invoice.h"
#include "ubl/rules.h"

#define ARENA_MAX ((size_t)4 << 30)
#define UBL_MAX ((size_t)512 << 20)
#define NAME_MAX_ 200

struct build {
    struct cli *c;
    struct arena *a;
    struct buf in;
    struct rules *rules; /* NULL with --no-validate */
    const char *input;
};

static int fail(struct build *b, const struct err *e)
{
    return cli_fail(b->c, b->input, e);
}

static struct json_object *answer(struct build *b, const struct invoice *v, const char *output)
{
    struct json_object *o = json_object_new_object();
    char number[NAME_MAX_];
    struct str id = invoice_value(v, "BT-1");

    (void)snprintf(number, sizeof(number), "%.*s", STR_FMT(str_sub(id, 0, sizeof(number) - 1)));
    (void)json_object_object_add(o, "input", json_object_new_string(b->input));
    (void)json_object_object_add(o, "invoice", json_object_new_string(number));
    if (output)
        (void)json_object_object_add(o, "output", json_object_new_string(output));
    return o;
}

/* Findings and, when there is an output of its own, the line that says so. */
static int tell(struct build *b, const struct invoice *v, const char *output)
{
    bool json = b->c->json;
    struct json_object *o = json ? answer(b, v, output) : NULL;
    int code = invoice_tell(b->c, b->input, v, o);

    if (json) {
        (void)json_object_object_add(o, "ok", json_object_new_boolean(code == EXIT_OK));
        (void)json_object_object_add(o, "exit", json_object_new_int(code));
        cli_json(o);
    } else if (code == EXIT_OK && output && !b->c->quiet) {
        struct str id = invoice_value(v, "BT-1");
        (void)fprintf(stderr, "%.*s  built  %s\n", STR_FMT(id), output);
    }
    return code;
}

/* Output that is standard output has no room for the JSON line beside it. */
static const char *output_of(struct build *b)
{
    const char *path = cli_get(b->c, "output");

    return path && strcmp(path, "-") == 0 ? NULL : path;
}

static int build_one(struct build *b)
{
    struct invoice *v = invoice_new(b->a);
    const char *path = output_of(b);
    struct err e = ERR_INIT;
    struct buf ubl;
    int code;

    buf_init(&ubl, UBL_MAX);
    if (!v ? err_nomem(&e) : invoice_read_json(v, buf_view(&b->in), &e) ||
                invoice_make(&ubl, v, cli_get(b->c, "customization"), b->rules, b->a, &e)) {
        code = fail(b, &e);
    } else if (!invoice_faults(v) && invoice_output(path, buf_view(&ubl), &e)) {
        code = fail(b, &e);
    } else if (!path && !invoice_faults(v) && b->c->json) {
        code = EXIT_OK; /* the document is the output */
    } else {
        code = tell(b, v, path);
    }
    buf_free(&ubl);
    return code;
}

static int prepare(struct build *b, struct cli *c, struct err *e)
{
    *b = (struct build){.c = c, .input = c->args[0], .a = arena_new(ARENA_MAX)};
    buf_init(&b->in, INVOICE_TEXT_MAX);
    if (!b->a)
        return err_nomem(e);
    return invoice_input(&b->in, b->input, e);
}

static void finish(struct build *b)
{
    buf_free(&b->in);
    rules_free(b->rules);
    arena_free(b->a);
}

int cmd_build(struct cli *c)
{
    struct err e = ERR_INIT;
    struct build b;
    int code;

    if (c->nargs != 1)
        return cli_usage(c, c->nargs ? "one INPUT at a time" : "which INPUT? - is standard input");
    if (prepare(&b, c, &e) || (!cli_has(c, "no-validate") && rules_open(&b.rules, NULL, &e)))
        code = fail(&b, &e);
    else
        code = build_one(&b);
    finish(&b);
    return code;
}

static int read_one(struct build *b)
{
    struct invoice *v = invoice_new(b->a);
    const char *path = output_of(b);
    struct err e = ERR_INIT;
    struct buf json;
    int code;

    buf_init(&json, UBL_MAX);
    if (!v ? err_nomem(&e)
           : invoice_read_ubl(v, buf_view(&b->in), &e) || invoice_write_json(&json, v, &e) ||
                invoice_output(path, buf_view(&json), &e))
        code = fail(b, &e);
    else if (!path && b->c->json)
        code = EXIT_OK;
    else
        code = tell(b, v, path);
    buf_free(&json);
    return code;
}

int cmd_read(struct cli *c)
{
    struct err e = ERR_INIT;
    struct build b;
    int code;

    if (c->nargs != 1)
        return cli_usage(c, c->nargs ? "one FILE at a time" : "which FILE? - is standard input");
    code = prepare(&b, c, &e) ? fail(&b, &e) : read_one(&b);
    finish(&b);
    return code;
}
