/* invoice.c - invoices in and out, for commands. */
#include "ap/cli/invoice.h"

#include <string.h>
#include <strings.h>

#include "ap/base/json.h"
#include "ap/cli/file.h"
#include "ubl/rules.h"

#define JUDGE_MAX ((size_t)2 << 30)

/* ---- findings ---- */

static const char *severity_word(enum invoice_severity s)
{
    return s == INVOICE_FAULT ? "error" : s == INVOICE_WARNING ? "warning" : "beyond";
}

/* The finding's error with its place as part "where". */
static struct err located(const char *input, const struct invoice_finding *f)
{
    struct err e = f->err;
    size_t n = 0;

    n = (size_t)snprintf(e.where, sizeof(e.where), "%s", input);
    if (f->line && n < sizeof(e.where))
        n += (size_t)snprintf(e.where + n, sizeof(e.where) - n, " line %u", f->line);
    if (*f->path && n < sizeof(e.where))
        (void)snprintf(e.where + n, sizeof(e.where) - n, "%s %s", f->line ? "," : "", f->path);
    return e;
}

static struct json_object *finding_json(const char *input, const struct invoice_finding *f)
{
    struct err e = located(input, f);
    struct json_object *o = json_object_new_object();

    json_add_given(o, "severity", severity_word(f->severity));
    json_add_given(o, "path", f->path);
    json_add_int(o, "line", f->line);
    (void)json_object_object_add(o, "error", cli_error_json(&e));
    return o;
}

static void finding_text(struct cli *c, const char *input, const struct invoice_finding *f)
{
    struct err e = located(input, f);

    if (f->severity == INVOICE_FAULT) {
        if (e.spec[0])
            (void)err_wrap(&e, "[%s] ", e.spec);
        (void)cli_fail(c, input, &e);
    } else if (!c->quiet) {
        (void)fprintf(stderr, "%s  %s%s%s: %s\n", e.where, severity_word(f->severity),
            e.spec[0] ? " " : "", e.spec, e.msg);
    }
}

int invoice_tell(struct cli *c, const char *input, const struct invoice *v, struct json_object *o)
{
    size_t n, faults = invoice_faults(v), told = 0;
    const struct invoice_finding *f = invoice_findings(v, &n);
    struct json_object *list = o ? json_object_new_array() : NULL;
    int code = EXIT_OK;

    for (size_t i = 0; i < n; i++) {
        if (o)
            (void)json_object_array_add(list, finding_json(input, &f[i]));
        else
            finding_text(c, input, &f[i]);
        if (f[i].severity == INVOICE_FAULT) {
            told++;
            code = cli_worse(code, error_exit_code(&f[i].err));
        }
    }
    if (o) {
        (void)json_object_object_add(o, "findings", list);
        json_add_int(o, "unlisted", (int64_t)invoice_unlisted(v));
    } else if (invoice_unlisted(v)) {
        (void)fprintf(stderr, "%s  %zu more findings are not shown\n", input, invoice_unlisted(v));
    }
    return faults && !told ? EXIT_INPUT : code;
}

/* ---- making ---- */

bool invoice_is_json(struct str text)
{
    static const char bom[] = "\xef\xbb\xbf";

    if (str_has_prefix(text, STR(bom)))
        text = str_sub(text, sizeof(bom) - 1, text.n);
    text = str_trim(text);
    return text.n && text.p[0] == '{';
}

bool invoice_is_csv(const struct cli *c, const char *input)
{
    size_t n = strlen(input);

    return cli_has(c, "csv") || (n > 4 && strcasecmp(input + n - 4, ".csv") == 0);
}

int invoice_attach_given(struct invoice *v, const struct cli *c, const char **input, struct err *e)
{
    const char *path;
    struct buf file;
    int rc = 0;

    buf_init(&file, INVOICE_FILE_MAX);
    for (size_t i = 0; !rc && (path = cli_get_nth(c, "attach", i)); i++) {
        *input = path;
        buf_clear(&file);
        rc = file_load(&file, path, e) || invoice_attach(v, str_z(path), buf_view(&file), e) ? -1
                                                                                             : 0;
    }
    buf_free(&file);
    return rc;
}

static int judge_it(struct invoice *v, struct rules *rules, struct str ubl, struct err *e)
{
    const struct ubl_options opt = {.at = INT64_MIN};
    struct arena *a = arena_new(JUDGE_MAX);
    struct ubl_worker *w = NULL;
    struct ubl_report report;
    int rc;

    if (!a)
        return err_nomem(e);
    rc = ubl_worker_new(&w, e) || ubl_validate(&report, rules, w, ubl, &opt, a, e) ||
                 invoice_add_report(v, &report, e)
             ? -1
             : 0;
    ubl_worker_free(w);
    arena_free(a);
    return rc;
}

int invoice_make(struct buf *ubl, struct invoice *v, const char *customization, struct rules *judge,
    struct err *e)
{
    if (invoice_faults(v))
        return 0;
    if (invoice_set_customization(v, customization, e) || invoice_complete(v, e))
        return -1;
    if (invoice_faults(v))
        return 0;
    if (invoice_write_ubl(ubl, v, e))
        return -1;
    return judge ? judge_it(v, judge, buf_view(ubl), e) : 0;
}
