/* aviso build and aviso read: from the invoicing system's data to UBL, and back.
 *
 * A CSV list makes one file for each invoice, named by its number. Nothing is written unless the
 * whole input is good: a fault in one invoice of several leaves no file. The official rules judge
 * what was built unless --no-validate says not to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ap/base/fsx.h"
#include "ap/cli/commands.h"
#include "ap/cli/file.h"
#include "ap/cli/invoice.h"
#include "ubl/rules.h"

#define ARENA_MAX ((size_t)4 << 30)
#define UBL_MAX ((size_t)512 << 20)
#define TABLE_MAX (1u << 20)
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

static const char *output_name(const struct cli *c)
{
    const char *path = cli_get(c, "output");

    return path && strcmp(path, "-") == 0 ? NULL : path;
}

/* ---- build ---- */

struct batch {
    struct invoice **v;
    struct buf *ubl;
    size_t n;
    bool folder; /* one file for each, named by the invoice's number */
};

static bool is_csv(const struct build *b)
{
    size_t n = strlen(b->input);

    return cli_has(b->c, "csv") || (n > 4 && strcasecmp(b->input + n - 4, ".csv") == 0);
}

static int read_batch(struct batch *t, struct build *b, struct err *e)
{
    t->folder = is_csv(b);
    if (t->folder) {
        if (invoice_read_csv(&t->v, &t->n, buf_view(&b->in), b->a, e))
            return -1;
    } else {
        t->n = 1;
        if (!(t->v = arena_alloc(b->a, sizeof(struct invoice *))) || !(t->v[0] = invoice_new(b->a)))
            return err_nomem(e);
        if (invoice_read_json(t->v[0], buf_view(&b->in), e))
            return -1;
    }
    if (!(t->ubl = arena_alloc(b->a, t->n * sizeof(*t->ubl))))
        return err_nomem(e);
    for (size_t i = 0; i < t->n; i++)
        buf_init(&t->ubl[i], UBL_MAX);
    return 0;
}

/* "INV/1042" -> "INV_1042.xml": what is no letter, digit, dot or dash, and a dot in front. */
static void file_name(char out[NAME_MAX_], const struct invoice *v)
{
    struct str id = str_sub(invoice_value(v, "BT-1"), 0, NAME_MAX_ - 8);
    size_t n = 0;

    for (; n < id.n; n++) {
        char c = id.p[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || (c == '.' && n);
        out[n] = plain ? c : '_';
    }
    (void)snprintf(out + n, 5, ".xml");
}

static int write_batch(struct batch *t, struct build *b, char **paths, struct err *e)
{
    const char *output = output_name(b->c);

    if (!t->folder) {
        paths[0] = output ? arena_printf(b->a, "%s", output) : NULL;
        return file_put(output, buf_view(&t->ubl[0]), e);
    }
    if (fsx_mkdirs(output, 0755, e))
        return -1;
    for (size_t i = 0; i < t->n; i++) {
        char name[NAME_MAX_];
        file_name(name, t->v[i]);
        for (size_t k = 0; k < i; k++)
            if (paths[k] && strcmp(strrchr(paths[k], '/') + 1, name) == 0)
                return err_set(e, ERR_INPUT, "invoice.csv", "BT-1",
                    "two invoice numbers give the same file name %s", name);
        if (!(paths[i] = arena_printf(b->a, "%s/%s", output, name)))
            return err_nomem(e);
    }
    for (size_t i = 0; i < t->n; i++)
        if (file_put(paths[i], buf_view(&t->ubl[i]), e))
            return -1;
    return 0;
}

static int make_batch(struct batch *t, struct build *b, size_t *faults, struct err *e)
{
    *faults = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (invoice_make(&t->ubl[i], t->v[i], cli_get(b->c, "customization"), b->rules, b->a, e))
            return -1;
        *faults += invoice_faults(t->v[i]);
    }
    return 0;
}

static int build_all(struct build *b)
{
    struct batch t = {0};
    struct err e = ERR_INIT;
    char **paths = NULL;
    size_t faults;
    int code = EXIT_OK;

    if (read_batch(&t, b, &e) || make_batch(&t, b, &faults, &e) ||
        (!(paths = arena_alloc(b->a, t.n * sizeof(char *))) && err_nomem(&e)) ||
        (!faults && write_batch(&t, b, paths, &e)))
        code = fail(b, &e);
    else
        for (size_t i = 0; i < t.n; i++)
            if (!faults || invoice_faults(t.v[i]))
                code = cli_worse(code, tell(b, t.v[i], paths[i]));
    for (size_t i = 0; t.ubl && i < t.n; i++)
        buf_free(&t.ubl[i]);
    return code;
}

static int prepare(struct build *b, struct cli *c, struct err *e)
{
    *b = (struct build){.c = c, .input = c->args[0], .a = arena_new(ARENA_MAX)};
    buf_init(&b->in, INVOICE_TEXT_MAX);
    if (!b->a)
        return err_nomem(e);
    return file_load(&b->in, b->input, e);
}

static void finish(struct build *b)
{
    buf_free(&b->in);
    rules_free(b->rules);
    arena_free(b->a);
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

int cmd_build(struct cli *c)
{
    struct err e = ERR_INIT;
    struct build b;
    int code;

    if (cli_has(c, "schema") || cli_has(c, "terms"))
        return print_table(c);
    if (c->json && !output_name(c))
        return cli_usage(c, "--json needs -o FILE: the document itself goes to standard output");

    if (c->nargs != 1)
        return cli_usage(c, c->nargs ? "one INPUT at a time" : "which INPUT? - is standard input");
    b.c = c;
    b.input = c->args[0];
    if (is_csv(&b) && !output_name(c))
        return cli_usage(c, "a CSV list makes several documents: --output FOLDER");
    if (prepare(&b, c, &e) || (!cli_has(c, "no-validate") && rules_open(&b.rules, NULL, &e)))
        code = fail(&b, &e);
    else
        code = build_all(&b);
    finish(&b);
    return code;
}

static int read_one(struct build *b)
{
    struct invoice *v = invoice_new(b->a);
    const char *path = output_name(b->c);
    struct err e = ERR_INIT;
    struct buf json;
    int code;

    buf_init(&json, UBL_MAX);
    if (!v ? err_nomem(&e)
           : invoice_read_ubl(v, buf_view(&b->in), &e) || invoice_write_json(&json, v, &e) ||
                 file_put(path, buf_view(&json), &e))
        code = fail(b, &e);
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
    if (c->json && !output_name(c))
        return cli_usage(c, "--json needs -o FILE: the JSON itself goes to standard output");
    code = prepare(&b, c, &e) ? fail(&b, &e) : read_one(&b);
    finish(&b);
    return code;
}
