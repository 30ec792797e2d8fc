/* SVRL (ISO/IEC 19757-3 Annex D): one schematron-output for the document, the layers one after the
 * other; schema errors stand in a pattern of their own. A rule set that stopped has no results,
 * which svrl:text says. */
#include "ubl/report_priv.h"

static void attribute(struct buf *b, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_printf(b, " %s=\"", name);
    buf_xml(b, value);
    buf_putc(b, '"');
}

static void element(struct buf *b, const char *name, struct str text)
{
    buf_printf(b, "<svrl:%s>", name);
    buf_xml(b, text);
    buf_printf(b, "</svrl:%s>", name);
}

static void finding(struct buf *b, const struct ubl_finding *f)
{
    bool report = strcmp(f->kind, "successful-report") == 0;
    const char *name = report ? "successful-report" : "failed-assert";

    buf_printf(b, "  <svrl:%s", name);
    buf_puts(b, " test=\"");
    buf_xml(b, f->test);
    buf_putc(b, '"');
    attribute(b, "id", f->id);
    attribute(b, "flag", f->flag);
    attribute(b, "role", f->role);
    attribute(b, "location", f->location);
    buf_puts(b, ">\n    ");
    element(b, "text", f->text);
    for (uint32_t i = 0; i < f->n_notes; i++) {
        buf_puts(b, "\n    <svrl:diagnostic-reference");
        attribute(b, "diagnostic", f->notes[i].id);
        buf_putc(b, '>');
        buf_xml(b, f->notes[i].text);
        buf_puts(b, "</svrl:diagnostic-reference>");
    }
    buf_printf(b, "\n  </svrl:%s>\n", name);
}

/* Of several rule sets each prefix once, as long as it means the same. */
static bool bound_before(const struct ubl_report *r, uint32_t layer, const struct sch_ns *ns)
{
    for (uint32_t i = 0; i < layer; i++) {
        size_t n = 0;
        const struct sch_ns *v = r->layers[i].sch ? sch_namespaces(r->layers[i].sch, &n) : NULL;
        for (size_t k = 0; k < n; k++)
            if (str_eq(v[k].prefix, ns->prefix) && str_eq(v[k].uri, ns->uri))
                return true;
    }
    return false;
}

static void prefixes(struct buf *b, const struct ubl_report *r)
{
    for (uint32_t i = 0; i < r->n_layers; i++) {
        size_t n = 0;
        const struct sch_ns *ns = r->layers[i].sch ? sch_namespaces(r->layers[i].sch, &n) : NULL;
        for (size_t k = 0; k < n; k++) {
            if (bound_before(r, i, &ns[k]))
                continue;
            buf_puts(b, "  <svrl:ns-prefix-in-attribute-values");
            attribute(b, "prefix", ns[k].prefix);
            attribute(b, "uri", ns[k].uri);
            buf_puts(b, "/>\n");
        }
    }
}

static void event(struct buf *b, const struct ubl_report *r, const struct ubl_layer *l,
    const struct sch_event *ev)
{
    switch (ev->kind) {
    case SCH_ACTIVE_PATTERN:
        buf_puts(b, "  <svrl:active-pattern");
        attribute(b, "id", ev->id);
        attribute(b, "name", ev->name);
        buf_puts(b, "/>\n");
        break;
    case SCH_FIRED_RULE:
        buf_puts(b, "  <svrl:fired-rule");
        attribute(b, "id", ev->id);
        attribute(b, "role", ev->role);
        attribute(b, "context", ev->context);
        buf_puts(b, "/>\n");
        break;
    case SCH_FINDING:
        finding(b, &r->findings[l->first + ev->finding]);
        break;
    }
}

static void stopped(struct buf *b, const char *name, const struct err *e)
{
    buf_puts(b, "  <svrl:text>");
    buf_xml(b, str_z(name));
    buf_puts(b, " stopped: ");
    buf_xml(b, str_z(e->code));
    buf_puts(b, ": ");
    buf_xml(b, str_z(e->msg));
    buf_puts(b, "</svrl:text>\n");
}

static void plain(struct buf *b, const char *label, const char *value)
{
    if (!*value)
        return;
    buf_puts(b, "  <svrl:text>");
    buf_puts(b, label);
    buf_xml(b, str_z(value));
    buf_puts(b, "</svrl:text>\n");
}

/* What was judged by what; svrl:text comes before the patterns. */
static void sources(struct buf *b, const struct ubl_report *r)
{
    plain(b, "", r->note);
    for (uint32_t i = 0; i < r->n_layers; i++) {
        const struct ubl_layer *l = &r->layers[i];
        buf_puts(b, "  <svrl:text>");
        buf_xml(b, str_z(l->name));
        buf_printf(b, ": %s, ", ubl_layer_word(l->state));
        buf_xml(b, str_z(l->path));
        if (l->sha256[0])
            buf_printf(b, ", sha256 %s", l->sha256);
        buf_puts(b, "</svrl:text>\n");
    }
}

static void stops(struct buf *b, const struct ubl_report *r)
{
    if (r->verdict == UBL_ERROR && !r->error_layer[0])
        stopped(b, "aviso", &r->error);
    for (uint32_t i = 0; i < r->n_layers; i++)
        if (r->layers[i].state == UBL_STOPPED)
            stopped(b, r->layers[i].name, &r->layers[i].error);
}

void report_svrl(struct buf *b, const struct ubl_report *r, const struct report_style *s)
{
    buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svrl:schematron-output xmlns:svrl=\"http://purl.oclc.org/dsdl/svrl\""
                " schemaVersion=\"");
    buf_xml(b, str_z(r->set));
    buf_puts(b, r->set[0] ? " " : "");
    buf_xml(b, str_z(r->version));
    buf_putc(b, '"');
    attribute(b, "title", str_z(r->set_title));
    buf_puts(b, ">\n");
    stops(b, r);
    sources(b, r);
    prefixes(b, r);
    for (uint32_t i = 0; i < r->n_layers; i++) {
        const struct ubl_layer *l = &r->layers[i];
        if (!l->sch && l->state != UBL_NOT_RUN) {
            buf_puts(b, "  <svrl:active-pattern id=\"xsd\"");
            attribute(b, "document", str_z(s->file));
            buf_puts(b, "/>\n");
            for (uint32_t k = 0; k < l->n; k++)
                finding(b, &r->findings[l->first + k]);
        }
        for (uint32_t k = 0; k < l->n_events; k++)
            event(b, r, l, &l->events[k]);
    }
    buf_puts(b, "</svrl:schematron-output>\n");
}
