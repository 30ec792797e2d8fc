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

static void prefixes(struct buf *b, const struct ubl_report *r)
{
    for (uint32_t i = 0; i < r->n_layers; i++) {
        size_t n = 0;
        const struct sch_ns *ns = r->layers[i].sch ? sch_namespaces(r->layers[i].sch, &n) : NULL;
        for (size_t k = 0; k < n; k++) {
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

/* svrl:text comes before the patterns. */
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
                " schemaVersion=\"\"");
    attribute(b, "title", str_z(r->set_title));
    buf_puts(b, ">\n");
    stops(b, r);
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
