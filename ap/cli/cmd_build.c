/* aviso build and aviso read: from the invoicing system's data to UBL, and back.
 *
 * Several inputs, or a CSV list, make one file for each invoice, named by its number. Nothing is
 * written unless the whole input is good: a fault in one invoice of several leaves no file. The
 * official rules judge what was built unless --no-validate says not to. */
#include <stdlib.h>
#include <string.h>

#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/cli/file.h"
#include "ap/cli/invoice.h"
#include "ubl/rules.h"

#define ARENA_MAX ((size_t)4 << 30)
#define UBL_MAX ((size_t)512 << 20)
#define TABLE_MAX (1u << 20)
#define NUMBER_MAX 200

struct made { /* one invoice of the batch */
    struct invoice *v;
    const char *input;
    char *output; /* NULL: standard output */
    struct buf ubl;
};
struct build {
    struct cli *c;
    struct arena *a;
    struct rules *rules; /* NULL with --no-validate */
    const char *input;   /* being worked on, for messages */
    struct made *made;
    size_t n, cap;
    size_t faults;
};

static int fail(struct build *b, const struct err *e)
{
    return cli_fail(b->c, b->input, e);
}

static const char *output_name(const struct cli *c)
{
    const char *path = cli_get(c, "output");

    return path && strcmp(path, "-") == 0 ? NULL : path;
}

static struct json_object *answer(const struct made *m)
{
    struct json_object *o = json_object_new_object();
    char number[NUMBER_MAX];
    struct str id = invoice_value(m->v, "BT-1");

    (void)snprintf(number, sizeof(number), "%.*s", STR_FMT(str_sub(id, 0, sizeof(number) - 1)));
    json_add_given(o, "input", m->input);
    json_add_given(o, "invoice", number);
    if (m->output)
        json_add_given(o, "output", m->output);
    return o;
}

/* Findings and, when there is an output of its own, the line that says so. */
static int tell(struct cli *c, const struct made *m, const char *word)
{
    struct json_object *o = c->json ? answer(m) : NULL;
    int code = invoice_tell(c, m->input, m->v, o);

    if (o) {
        json_add_bool(o, "ok", code == EXIT_OK);
        json_add_int(o, "exit", code);
        cli_json(o);
    } else if (code == EXIT_OK && m->output && !c->quiet) {
        struct str id = invoice_value(m->v, "BT-1");
        (void)fprintf(stderr, "%.*s  %s  %s\n", STR_FMT(id), word, m->output);
    }
    return code;
}

/* ---- build ---- */

/* One file for each invoice, named by its number, in a folder. */
static bool is_batch(const struct cli *c)
{
    return c->nargs > 1 || invoice_is_csv(c, c->args[0]);
}

static int push(struct build *b, struct invoice *v, struct err *e)
{
    if (b->n == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 16;
        struct made *p = realloc(b->made, cap * sizeof(*p));
        if (!p)
            return err_nomem(e);
        b->made = p;
        b->cap = cap;
    }
    b->made[b->n] = (struct made){.v = v, .input = b->input};
    buf_init(&b->made[b->n++].ubl, UBL_MAX);
    return 0;
}

/* The input's invoices; their text lives on in the arena. */
static int read_input(struct build *b, struct str text, struct err *e)
{
    struct invoice **list = NULL, *v;
    char *copy;
    size_t n = 0;

    if (invoice_is_csv(b->c, b->input)) {
        if (invoice_read_csv(&list, &n, text, b->a, e))
            return -1;
        for (size_t i = 0; i < n; i++)
            if (push(b, list[i], e))
                return -1;
        return 0;
    }
    if (!(v = invoice_new(b->a)) || !(copy = arena_dup(b->a, text)))
        return err_nomem(e);
    return invoice_read_json(v, (struct str){copy, text.n}, e) || push(b, v, e) ? -1 : 0;
}

static int read_inputs(struct build *b, struct err *e)
{
    struct buf in;
    int rc = 0;

    buf_init(&in, INVOICE_TEXT_MAX);
    for (size_t i = 0; !rc && i < b->c->nargs; i++) {
        buf_clear(&in);
        b->input = b->c->args[i];
        rc = file_load(&in, b->input, e) || read_input(b, buf_view(&in), e) ? -1 : 0;
    }
    buf_free(&in);
    return rc;
}

static int make_all(struct build *b, struct err *e)
{
    for (size_t i = 0; i < b->n; i++) {
        struct made *m = &b->made[i];
        b->input = m->input;
        if (invoice_make(&m->ubl, m->v, cli_get(b->c, "customization"), b->rules, e))
            return -1;
        b->faults += invoice_faults(m->v);
    }
    return 0;
}

/* "INV/1042" -> "INV_1042.xml": what is no letter, digit, dot or dash, and a dot in front. */
static char *file_name(struct build *b, const struct invoice *v)
{
    char name[NUMBER_MAX];
    struct str id = str_sub(invoice_value(v, "BT-1"), 0, sizeof(name));

    for (size_t n = 0; n < id.n; n++) {
        char c = id.p[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || (c == '.' && n);
        name[n] = plain ? c : '_';
    }
    return arena_printf(b->a, "%s/%.*s.xml", output_name(b->c), (int)id.n, name);
}

static int by_output(const void *x, const void *y)
{
    return strcmp(((const struct made *)x)->output, ((const struct made *)y)->output);
}

static int name_all(struct build *b, struct err *e)
{
    const char *output = output_name(b->c);

    if (!is_batch(b->c)) {
        b->made[0].output = output ? arena_printf(b->a, "%s", output) : NULL;
        return 0;
    }
    for (size_t i = 0; i < b->n; i++)
        if (!(b->made[i].output = file_name(b, b->made[i].v)))
            return err_nomem(e);
    qsort(b->made, b->n, sizeof(*b->made), by_output);
    for (size_t i = 1; i < b->n; i++)
        if (strcmp(b->made[i].output, b->made[i - 1].output) == 0) {
            b->input = b->made[i].input;
            return err_set(e, ERR_INPUT, "invoice.twice", "BT-1",
                "two invoices would be the file %s: their numbers are the same or alike",
                b->made[i].output);
        }
    return fsx_mkdirs(output, 0755, e);
}

static int write_all(struct build *b, struct err *e)
{
    if (name_all(b, e))
        return -1;
    for (size_t i = 0; i < b->n; i++)
        if (file_put(b->made[i].output, buf_view(&b->made[i].ubl), e))
            return -1;
    return 0;
}

static int build_all(struct build *b)
{
    struct err e = ERR_INIT;
    int code = EXIT_OK;

    if ((!cli_has(b->c, "no-validate") && rules_open(&b->rules, NULL, &e)) || read_inputs(b, &e) ||
        (b->n && invoice_attach_given(b->made[0].v, b->c, &b->input, &e)) || make_all(b, &e) ||
        (!b->faults && write_all(b, &e)))
        return fail(b, &e);
    for (size_t i = 0; i < b->n; i++)
        if (!b->faults || invoice_faults(b->made[i].v))
            code = cli_worse(code, tell(b->c, &b->made[i], "built"));
    return code;
}

static int print_table(struct cli *c)
{
    struct err e = ERR_INIT;
    struct buf b;
    int code = EXIT_OK;

    buf_init(&b, TABLE_MAX);
    if (cli_has(c, "schema"))
        invoice_schema(&b);
    else
        invoice_table(&b);
    if (buf_check(&b, &e) || file_put(output_name(c), buf_view(&b), &e))
        code = cli_fail(c, NULL, &e);
    buf_free(&b);
    return code;
}

static int with_build(struct cli *c, int (*work)(struct build *b))
{
    struct build b = {.c = c, .a = arena_new(ARENA_MAX), .input = c->args[0]};
    int code = b.a ? work(&b) : EXIT_BUG;

    for (size_t i = 0; i < b.n; i++)
        buf_free(&b.made[i].ubl);
    free(b.made);
    rules_free(b.rules);
    arena_free(b.a);
    return code;
}

int cmd_build(struct cli *c)
{
    if (cli_has(c, "schema") || cli_has(c, "terms"))
        return print_table(c);
    if (c->nargs == 0)
        return cli_usage(c, "which INPUT? - is standard input");
    if (c->json && !output_name(c))
        return cli_usage(c, "--json needs -o FILE: the document itself goes to standard output");
    if (is_batch(c) && !output_name(c))
        return cli_usage(c, "several documents need --output FOLDER");
    if (is_batch(c) && cli_has(c, "attach"))
        return cli_usage(
            c, "--attach is for one invoice; in a list, give each its \"attachments\"");
    return with_build(c, build_all);
}

/* ---- read ---- */

static int read_one(struct build *b)
{
    struct made m = {.v = invoice_new(b->a), .input = b->input};
    const char *output = output_name(b->c);
    struct err e = ERR_INIT;
    struct buf in, json;
    int code;

    buf_init(&in, INVOICE_TEXT_MAX);
    buf_init(&json, UBL_MAX);
    m.output = output ? arena_printf(b->a, "%s", output) : NULL;
    if (!m.v ? err_nomem(&e)
             : file_load(&in, b->input, &e) || invoice_read_ubl(m.v, buf_view(&in), &e) ||
                   invoice_write_json(&json, m.v, &e) || file_put(output, buf_view(&json), &e))
        code = fail(b, &e);
    else
        code = tell(b->c, &m, "read into");
    buf_free(&in);
    buf_free(&json);
    return code;
}

int cmd_read(struct cli *c)
{
    if (c->nargs != 1)
        return cli_usage(c, c->nargs ? "one FILE at a time" : "which FILE? - is standard input");
    if (c->json && !output_name(c))
        return cli_usage(c, "--json needs -o FILE: the JSON itself goes to standard output");
    return with_build(c, read_one);
}
