/* aviso inbox report: what validation said of a received document, as it was recorded then. The
 * record is JSON; from it comes the report that aviso validate would have printed. */
#include <string.h>

#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/view.h"
#include "ubl/report.h"

#define ARENA_MAX (64u << 20)
#define REPORT_MAX (16u << 20)

static const char *text(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static struct str str_of(struct json_object *o, const char *key)
{
    return str_z(text(o, key));
}

static uint32_t number(struct json_object *o, const char *key)
{
    struct json_object *v;

    return json_object_object_get_ex(o, key, &v) ? (uint32_t)json_object_get_int64(v) : 0;
}

static size_t members(struct json_object *o, const char *key, struct json_object **out)
{
    return json_object_object_get_ex(o, key, out) && json_object_is_type(*out, json_type_array)
               ? json_object_array_length(*out)
               : 0;
}

static struct err error_of(struct json_object *o, const char *key)
{
    struct err e = ERR_INIT;
    struct json_object *v;

    if (!json_object_object_get_ex(o, key, &v))
        return e;
    (void)err_set(&e, ERR_INPUT, text(v, "code"), "", "%s", text(v, "message"));
    (void)err_where(&e, "%s", text(v, "where"));
    return e;
}

static enum ubl_severity severity_of(const char *word)
{
    enum ubl_severity s = UBL_SEV_ERROR;

    while (s < UBL_SEV_INFO && strcmp(word, ubl_severity_word(s)) != 0)
        s++;
    return s;
}

static int read_notes(struct ubl_finding *f, struct json_object *o, struct arena *a)
{
    struct json_object *list;
    size_t n = members(o, "diagnostics", &list);
    struct sch_note *v = n ? arena_alloc(a, n * sizeof(*v)) : NULL;

    if (n && !v)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct json_object *x = json_object_array_get_idx(list, i);
        v[i] = (struct sch_note){str_of(x, "id"), str_of(x, "text")};
    }
    f->notes = v;
    f->n_notes = (uint32_t)n;
    return 0;
}

/* The findings stand in the order of their layers. */
static int read_findings(struct ubl_report *r, struct ubl_layer *layers, struct json_object *o,
    struct arena *a, struct err *e)
{
    struct json_object *list;
    size_t n = members(o, "findings", &list);
    struct ubl_finding *v = n ? arena_alloc(a, n * sizeof(*v)) : NULL;
    uint32_t at = 0;

    if (n && !v)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct json_object *x = json_object_array_get_idx(list, i);
        struct ubl_finding *f = &v[i];
        const char *set = text(x, "ruleset");
        while (at < r->n_layers && strcmp(layers[at].name, set) != 0)
            if (++at < r->n_layers)
                layers[at].first = (uint32_t)i;
        if (at == r->n_layers)
            return err_set(e, ERR_BUG, "report.damaged", "", "a finding of no layer: %s", set);
        layers[at].n++;
        *f = (struct ubl_finding){.ruleset = layers[at].name,
            .kind = text(x, "kind"),
            .severity = severity_of(text(x, "severity")),
            .id = str_of(x, "id"),
            .flag = str_of(x, "flag"),
            .role = str_of(x, "role"),
            .location = str_of(x, "location"),
            .text = str_of(x, "text"),
            .test = {"", 0},
            .value = str_of(x, "value"),
            .line = number(x, "line")};
        if (read_notes(f, x, a))
            return err_nomem(e);
    }
    r->findings = v;
    r->n_findings = (uint32_t)n;
    return 0;
}

static int read_layers(struct ubl_report *r, struct json_object *o, struct arena *a, struct err *e)
{
    struct json_object *list, *stop;
    size_t n = members(o, "layers", &list);
    struct ubl_layer *v = n ? arena_alloc(a, n * sizeof(*v)) : NULL;

    if (n && !v)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct json_object *x = json_object_array_get_idx(list, i);
        const char *state = text(x, "state");
        v[i] = (struct ubl_layer){.name = text(x, "name"),
            .path = text(x, "path"),
            .sha256 = text(x, "sha256"),
            .errors = number(x, "errors"),
            .warnings = number(x, "warnings"),
            .error = error_of(x, "error")};
        if (json_object_object_get_ex(x, "error", &stop)) {
            v[i].stopped_id = str_of(stop, "id");
            v[i].stopped_at = str_of(stop, "location");
            v[i].stopped_line = number(stop, "line");
        }
        while (v[i].state < UBL_NOT_RUN && strcmp(state, ubl_layer_word(v[i].state)) != 0)
            v[i].state++;
    }
    r->layers = v;
    r->n_layers = (uint32_t)n;
    return read_findings(r, v, o, a, e);
}

/* The report points into the JSON object. */
static int read_report(struct ubl_report *r, struct json_object *o, struct arena *a, struct err *e)
{
    struct json_object *document = NULL, *rules = NULL, *error = NULL;
    const char *verdict = text(o, "verdict");

    (void)json_object_object_get_ex(o, "document", &document);
    (void)json_object_object_get_ex(o, "rules", &rules);
    (void)json_object_object_get_ex(o, "error", &error);
    *r = (struct ubl_report){.error = error_of(o, "error"),
        .error_layer = text(error, "ruleset"),
        .root_uri = str_of(document, "namespace"),
        .root_local = str_of(document, "root"),
        .customization = str_of(document, "customization"),
        .profile = str_of(document, "profile"),
        .id = str_of(document, "id"),
        .set = text(rules, "set"),
        .set_title = text(rules, "set"),
        .version = text(rules, "version"),
        .note = text(o, "note"),
        .errors = number(o, "errors"),
        .warnings = number(o, "warnings")};
    while (r->verdict < UBL_ERROR && strcmp(verdict, ubl_verdict_word(r->verdict)) != 0)
        r->verdict++;
    if (text(rules, "at")[0] && rules_instant(&r->at, str_of(rules, "at"), e))
        return -1;
    return read_layers(r, o, a, e);
}

static int print(struct cli *c, const struct in_row *row, enum report_format format,
    const struct blob *recorded, struct arena *a, struct err *e)
{
    struct report_style style = {
        .color = c->color && format == REPORT_TEXT, .verbose = c->verbose > 0};
    struct json_object *o = NULL;
    struct ubl_report r;
    struct buf in, out;
    int rc;

    style.file = view_name(a, row->invoice, row->id);
    buf_init(&in, REPORT_MAX);
    buf_init(&out, REPORT_MAX);
    rc = blob_load(&in, recorded, e);
    if (!rc && format == REPORT_JSON)
        buf_add(&out, in.p, in.n);
    else if (!rc && !(o = json_tokener_parse(in.p)))
        rc = err_set(e, ERR_BUG, "report.damaged", "", "the recorded report is no JSON");
    else if (!rc) {
        style.cut = text(o, "cut")[0] != '\0';
        rc = read_report(&r, o, a, e) || report_write(&out, &r, format, &style, e) ? -1 : 0;
    }
    if (!rc)
        (void)fwrite(out.p, 1, out.n, stdout);
    (void)json_object_put(o);
    buf_free(&in);
    buf_free(&out);
    return rc;
}

/* Not judged (no rules for it, too large, not XML), or not yet. */
static int unchecked(struct cli *c, const struct in_row *row, struct arena *a)
{
    const char *why = row->rule_sets && *row->rule_sets ? row->rule_sets : "not validated yet";
    struct json_object *o;

    if (!c->json) {
        (void)printf("%s: unchecked · %s\n", view_name(a, row->invoice, row->id), why);
        return EXIT_OK;
    }
    o = json_object_new_object();
    json_add_given(o, "file", view_name(a, row->invoice, row->id));
    json_add_given(o, "verdict", "unchecked");
    json_add_given(o, "note", why);
    cli_json(o);
    return EXIT_OK;
}

static int show(struct cli *c, struct store *s, const struct in_row *row, enum report_format format,
    struct arena *a)
{
    struct err e = ERR_INIT;
    struct store_blob b;
    int rc;

    if (!row->report)
        return unchecked(c, row, a);
    if (store_blob_open(&b, s, row->report, &e))
        return cli_fail(c, c->args[0], &e);
    rc = print(c, row, format, &b.blob, a, &e);
    store_blob_close(&b);
    return rc ? cli_fail(c, c->args[0], &e) : EXIT_OK;
}

int cmd_inbox_report(struct cli *c)
{
    const char *word = cli_get(c, "report");
    enum report_format format = c->json ? REPORT_JSON : REPORT_TEXT;
    struct err e = ERR_INIT;
    struct arena *a;
    struct in_row row;
    struct store *s;
    struct act act;
    int code;

    if (c->nargs != 1)
        return cli_usage(c, "expected one id");
    if (word && (!report_format_of(&format, word) || format == REPORT_SVRL))
        return cli_usage(c, "--report is text, json or html, not %s", word);
    if (!(a = arena_new(ARENA_MAX)))
        return cli_nomem(c);
    act_init(&act, c);
    if (act_store(&act, &s, &e) || inbox_find(&row, s, c->args[0], a, &e))
        code = cli_fail(c, c->args[0], &e);
    else
        code = show(c, s, &row, format, a);
    act_close(&act);
    arena_free(a);
    return code;
}
