/* conf_report.c - the report as JSON for programs and HTML for people; no script, nothing fetched.
 */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/conformance/conf_priv.h"

#define REPORT_MAX (4u << 20)

static const char *seat(const struct conf_run *r)
{
    return r->nkeys ? key_cert(r->keys[0])->cn : "";
}

static struct json_object *case_json(const struct conf_case *k)
{
    struct json_object *o = json_object_new_object(), *checks = json_object_new_array(),
                       *files = json_object_new_array();

    json_add(o, "case", k->id);
    json_add(o, "title", k->title);
    json_add(o, "testbed", k->bed);
    json_add(o, "clause", k->clause);
    json_add(o, "verdict", conf_verdict_word(k->verdict));
    json_add(o, "why", k->why);
    json_add_int(o, "ms", k->ms);
    for (size_t i = 0; i < k->nchecks; i++) {
        struct json_object *c = json_object_new_object();
        json_add_bool(c, "ok", k->checks[i].ok);
        json_add(c, "text", k->checks[i].text);
        (void)json_object_array_add(checks, c);
    }
    for (size_t i = 0; i < k->nfiles; i++)
        (void)json_object_array_add(files, json_object_new_string(k->files[i]));
    (void)json_object_object_add(o, "checks", checks);
    (void)json_object_object_add(o, "evidence", files);
    return o;
}

struct json_object *conf_json(const struct conf_run *r)
{
    struct json_object *o = json_object_new_object(), *cases = json_object_new_array();
    char at[CLOCK_TEXT];

    clock_utc(at, r->started);
    json_add_bool(o, "ok", !r->count[CONF_FAILED]);
    json_add(o, "program", r->program);
    json_add(o, "mode", config_mode_word(r->c->mode));
    json_add(o, "endpoint", r->c->public_url);
    json_add(o, "seat", seat(r));
    json_add(o, "started", at);
    for (int v = CONF_PASSED; v <= CONF_SKIPPED; v++)
        (void)json_object_object_add(o, conf_verdict_word((enum conf_verdict)v),
            json_object_new_int64((int64_t)r->count[v]));
    for (size_t i = 0; i < r->n; i++)
        (void)json_object_array_add(cases, case_json(&r->cases[i]));
    (void)json_object_object_add(o, "cases", cases);
    return o;
}

static void cell(struct buf *b, const char *before, const char *v, const char *after)
{
    buf_puts(b, before);
    buf_xml(b, str_z(v));
    buf_puts(b, after);
}

static void evidence(struct buf *b, const struct conf_case *k)
{
    if (!k->nfiles)
        return;
    buf_puts(b, "<p class=\"files\">Evidence:");
    for (size_t i = 0; i < k->nfiles; i++) {
        cell(b, " <a href=\"", k->files[i], "\">");
        cell(b, "", k->files[i], "</a>");
    }
    buf_puts(b, "</p>");
}

static void case_html(struct buf *b, const struct conf_case *k)
{
    const char *verdict = conf_verdict_word(k->verdict);

    buf_printf(b, "<section class=\"%s\" id=\"%s\">", verdict, k->id);
    cell(b, "<h2>", k->title, "</h2>");
    buf_printf(b, "<p class=\"what\"><b>%s</b> &#183; %s", verdict, k->id);
    cell(b, " &#183; clause ", k->clause, "");
    if (*k->bed)
        cell(b, " &#183; testbed ", k->bed, "");
    buf_printf(b, " &#183; %lld ms</p>", (long long)k->ms);
    if (*k->why)
        cell(b, "<p>", k->why, "</p>");
    if (k->nchecks)
        buf_puts(b, "<ul>");
    for (size_t i = 0; i < k->nchecks; i++)
        cell(b, k->checks[i].ok ? "<li>" : "<li class=\"no\">not so: ", k->checks[i].text, "</li>");
    if (k->nchecks)
        buf_puts(b, "</ul>");
    evidence(b, k);
    buf_puts(b, "</section>\n");
}

/* Where to look first. */
static void summary(struct buf *b, const struct conf_run *r)
{
    buf_puts(b, "<table><thead><tr><th>Verdict</th><th>Case</th><th>Testbed</th></tr></thead>\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct conf_case *k = &r->cases[i];
        const char *verdict = conf_verdict_word(k->verdict);
        buf_printf(b, "<tr class=\"%s\"><td>%s</td><td><a href=\"#%s\">", verdict, verdict, k->id);
        cell(b, "", k->title, "</a></td>");
        cell(b, "<td>", k->bed, "</td></tr>\n");
    }
    buf_puts(b, "</table>\n");
}

static const char STYLE[] =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>Conformance rehearsal</title><style>"
    ":root{color-scheme:light dark;--good:#187a4f;--bad:#c0232c;--none:#6b7280;--line:#8884}"
    "@media(prefers-color-scheme:dark){:root{--good:#5cc596;--bad:#ff8a8a;--none:#a3a9b5}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52em;margin:2em auto;padding:0 1em;"
    "overflow-wrap:anywhere}h1{margin:0 0 .5em;line-height:1.2}h2{font-size:1.1em;margin:0}"
    ".passed{--c:var(--good)}.failed{--c:var(--bad)}.skipped{--c:var(--none)}"
    ".sum{border:1px solid var(--c);border-left-width:.5em;border-radius:.3em;padding:.6em 1em;"
    "font-size:1.2em}.sum b{color:var(--c)}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1.2em}dt{color:var(--none)}"
    "dd{margin:0}table{border-collapse:collapse;width:100%}"
    "th{text-align:left;font-weight:normal;color:var(--none)}"
    "th,td{padding:.3em .8em .3em 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "th:first-child,td:first-child{white-space:nowrap}"
    "td:first-child,.what b{color:var(--c);font-weight:bold}"
    "section{border-left:.3em solid var(--c);padding:.2em 0 .2em 1em;margin:1.6em 0;"
    "break-inside:avoid}.what,.files{margin:.2em 0;font-size:.9em;color:var(--none)}"
    "ul{list-style:none;margin:.4em 0;padding:0}li{padding-left:1.5em;text-indent:-1.5em}"
    "li::before{content:\"\\2713\";color:var(--good);display:inline-block;width:1.5em;text-indent:"
    "0}"
    ".no{font-weight:bold}.no::before{content:\"\\2717\";color:var(--bad)}"
    "</style></head><body><h1>Conformance rehearsal</h1>\n";

static void html(struct buf *b, const struct conf_run *r)
{
    char at[CLOCK_TEXT];

    clock_utc(at, r->started);
    buf_puts(b, STYLE);
    buf_printf(b,
        "<p class=\"sum %s\"><b>%zu passed, %zu failed, %zu skipped</b>. A rehearsal, no "
        "accreditation.</p>\n",
        r->count[CONF_FAILED]   ? "failed"
        : r->count[CONF_PASSED] ? "passed"
                                : "skipped",
        r->count[CONF_PASSED], r->count[CONF_FAILED], r->count[CONF_SKIPPED]);
    cell(b, "<dl><dt>Endpoint</dt><dd>", r->c->public_url, "</dd>");
    cell(b, "<dt>Seat</dt><dd>", *seat(r) ? seat(r) : "none was needed", "</dd>");
    cell(b, "<dt>Mode</dt><dd>", config_mode_word(r->c->mode), "</dd>");
    cell(b, "<dt>Begun</dt><dd>", at, "</dd>");
    cell(b, "<dt>Program</dt><dd>", r->program, "</dd></dl>\n");
    summary(b, r);
    for (size_t i = 0; i < r->n; i++)
        case_html(b, &r->cases[i]);
    buf_puts(b, "</body></html>\n");
}

int conf_report(const struct conf_run *r, struct err *e)
{
    struct json_object *o = conf_json(r);
    const char *json = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY);
    struct buf b;
    int rc;

    buf_init(&b, REPORT_MAX);
    html(&b, r);
    rc = buf_check(&b, e) || fsx_replace(r->dirfd, "report.html", b.p, b.n, 0644, e) ||
                 fsx_replace(r->dirfd, "report.json", json, strlen(json), 0644, e)
             ? -1
             : 0;
    buf_free(&b);
    json_object_put(o);
    return rc;
}
