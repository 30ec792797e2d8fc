/* HTML through libxslt: the report as a small XML document, and a stylesheet that lays it out. The
 * stylesheet is compiled once; it reads nothing and writes nothing but its result. */
#include "ubl/report_priv.h"

#include <libxml/parser.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <limits.h>
#include <pthread.h>

#define XML_MAX ((size_t)256 << 20)

static const char stylesheet[] =
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"
    "<xsl:output method='html' encoding='UTF-8' indent='yes'/>"
    "<xsl:template match='/report'><html lang='en'><head><meta name='viewport' "
    "content='width=device-width'/><title><xsl:value-of select=\"concat(@file, ': ', @verdict)\"/>"
    "</title><style>"
    ":root{color-scheme:light dark;--line:#8884;--bad:#a40000;--warn:#8a5a00;--good:#1a6b1a}"
    "@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--warn:#e0b050;--good:#7fd07f}}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "h1{font-size:1.3rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}"
    "table{border-collapse:collapse;width:100%}tr{break-inside:avoid}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid "
    "var(--line)}td:first-child{white-space:nowrap}td.line{text-align:right}"
    "code{font-size:.9em;overflow-wrap:anywhere}small{opacity:.75}"
    ".error,.invalid,.failed,.stopped{color:var(--bad)}.warning{color:var(--warn)}"
    ".valid,.passed{color:var(--good)}"
    "</style></head><body><h1><xsl:value-of select='@file'/>: <span class='{@verdict}'>"
    "<xsl:value-of select='@verdict'/></span></h1><p><xsl:if test=\"@root != ''\">"
    "<xsl:value-of select=\"concat(@root, ' ', @id)\"/><br/></xsl:if>"
    "<xsl:if test=\"@customization != ''\"><code><xsl:value-of select='@customization'/></code>"
    "<br/></xsl:if><xsl:if test=\"@set != ''\"><xsl:value-of select=\"concat(@title, ' (', @set, "
    "' ', @version, '), ', @why)\"/><br/></xsl:if>"
    "<xsl:value-of select=\"concat('Errors: ', @errors, ', warnings: ', @warnings)\"/></p>"
    "<xsl:if test=\"@note != ''\"><p><xsl:value-of select='@note'/></p>"
    "</xsl:if><xsl:apply-templates select='stop'/><xsl:apply-templates select='layer'/>"
    "</body></html></xsl:template>"
    "<xsl:template match='stop'><p class='error'><strong><xsl:value-of select='@code'/></strong>"
    "<xsl:text> </xsl:text>"
    "<xsl:value-of select='.'/><br/><code><xsl:value-of select='@where'/></code></p></xsl:template>"
    "<xsl:template match='layer'><h2><xsl:value-of select='@name'/>: <span class='{@state}'>"
    "<xsl:value-of select='@state'/></span></h2><xsl:if test=\"@state = 'not run'\"><p>The "
    "document "
    "does not follow its schema, for which these rules are written.</p></xsl:if>"
    "<p><small><code><xsl:value-of select='@path'/></code><xsl:if test=\"@sha256 != ''\"><br/>"
    "<code><xsl:value-of select=\"concat('sha256 ', @sha256)\"/></code></xsl:if></small></p>"
    "<xsl:if test='finding'><table><tr><th>Rule</th><th>Line</th><th>Message</th></tr>"
    "<xsl:apply-templates select='finding'/></table></xsl:if></xsl:template>"
    "<xsl:template match='finding'><tr><td><span class='{@severity}'><xsl:value-of "
    "select='@severity'/></span><br/><xsl:value-of select='@id'/></td><td class='line'>"
    "<xsl:value-of select='@line'/></td><td><xsl:value-of select='text'/><br/><code><xsl:value-of "
    "select='@place'/><xsl:if test='@value'><xsl:value-of select=\"concat(' = ', "
    "@value)\"/></xsl:if>"
    "</code><xsl:for-each select='note'><br/><small><xsl:value-of "
    "select='.'/></small></xsl:for-each>"
    "</td></tr></xsl:template></xsl:stylesheet>";

static void attribute(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, " %s=\"", name);
    buf_xml(b, value);
    buf_putc(b, '"');
}

static void finding(struct buf *b, const struct ubl_finding *f)
{
    struct buf place;

    buf_init(&place, b->max);
    report_short_location(&place, f->location);
    buf_puts(b, "<finding");
    attribute(b, "severity", str_z(ubl_severity_word(f->severity)));
    attribute(b, "id", f->id);
    buf_printf(b, " line=\"%u\"", f->line);
    attribute(b, "place", buf_view(&place));
    if (f->value.n)
        attribute(b, "value", f->value);
    buf_puts(b, "><text>");
    buf_xml(b, f->text);
    buf_puts(b, "</text>");
    for (uint32_t i = 0; i < f->n_notes; i++) {
        buf_puts(b, "<note>");
        buf_xml(b, f->notes[i].text);
        buf_puts(b, "</note>");
    }
    buf_puts(b, "</finding>");
    buf_free(&place);
}

static void stop(struct buf *b, const struct err *e)
{
    buf_puts(b, "<stop");
    attribute(b, "code", str_z(e->code));
    attribute(b, "where", str_z(e->where));
    buf_putc(b, '>');
    buf_xml(b, str_z(e->msg));
    buf_puts(b, "</stop>");
}

static void layer(struct buf *b, const struct ubl_report *r, const struct ubl_layer *l)
{
    buf_puts(b, "<layer");
    attribute(b, "name", str_z(l->name));
    attribute(b, "path", str_z(l->path));
    attribute(b, "sha256", str_z(l->sha256));
    attribute(b, "state", str_z(ubl_layer_word(l->state)));
    buf_putc(b, '>');
    for (uint32_t i = 0; i < l->n; i++)
        finding(b, &r->findings[l->first + i]);
    buf_puts(b, "</layer>");
}

static void as_xml(struct buf *b, const struct ubl_report *r, const struct report_style *s)
{
    buf_puts(b, "<report");
    attribute(b, "file", str_z(strcmp(s->file, "-") == 0 ? "standard input" : s->file));
    attribute(b, "root", r->root_local);
    attribute(b, "id", r->id);
    attribute(b, "customization", r->customization);
    attribute(b, "verdict", str_z(ubl_verdict_word(r->verdict)));
    attribute(b, "set", str_z(r->set));
    attribute(b, "title", str_z(r->set_title));
    attribute(b, "version", str_z(r->version));
    attribute(b, "note", str_z(r->note));
    if (r->chosen)
        attribute(b, "why", STR("chosen by whoever asked"));
    else {
        buf_puts(b, " why=\"the rules in force at ");
        report_instant(b, r->at);
        buf_putc(b, '"');
    }
    buf_printf(b, " errors=\"%u\" warnings=\"%u\">", r->errors, r->warnings);
    if (r->verdict == UBL_ERROR)
        stop(b, &r->error);
    for (uint32_t i = 0; i < r->n_layers; i++)
        layer(b, r, &r->layers[i]);
    buf_puts(b, "</report>");
}

static xsltStylesheet *compiled;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void compile(void)
{
    xmlDoc *d = xmlReadMemory(stylesheet, (int)sizeof(stylesheet) - 1, NULL, NULL, XML_PARSE_NONET);

    if (d && !(compiled = xsltParseStylesheetDoc(d)))
        xmlFreeDoc(d);
}

static int transform(struct buf *out, const struct buf *xml, struct err *e)
{
    xmlDoc *in = NULL, *result = NULL;
    xmlChar *text = NULL;
    int n = 0, rc = -1;

    (void)pthread_once(&once, compile);
    if (compiled && xml->n < INT_MAX)
        in = xmlReadMemory(xml->p, (int)xml->n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    if (in)
        result = xsltApplyStylesheet(compiled, in, NULL);
    if (result && xsltSaveResultToString(&text, &n, result, compiled) == 0 && text) {
        buf_puts(out, "<!DOCTYPE html>\n"); /* which libxslt would not write in this short form */
        buf_add(out, text, (size_t)n);
        rc = buf_check(out, e);
    } else {
        (void)err_set(e, ERR_BUG, "report.html", "", "the report cannot be laid out as HTML");
    }
    xmlFree(text);
    xmlFreeDoc(result);
    xmlFreeDoc(in);
    return rc;
}

int report_html(
    struct buf *out, const struct ubl_report *r, const struct report_style *s, struct err *e)
{
    struct buf xml;
    int rc;

    buf_init(&xml, XML_MAX);
    as_xml(&xml, r, s);
    rc = buf_check(&xml, e);
    if (!rc)
        rc = transform(out, &xml, e);
    buf_free(&xml);
    return rc;
}
