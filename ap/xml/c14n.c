/* c14n.c - canonical forms (W3C Canonical XML 1.0, Exclusive XML Canonicalization 1.0), no
 * comments.
 *
 * The exclusive form of one element, which every signature check needs several times, is made here
 * in one walk of that element: libxml2 takes a node set and walks the whole document for it. The
 * others are left to libxml2. The fuzz target compares the two, and unit tests hold signatures over
 * this form against xmlsec1's verdict. No recursion; limits below. */
#include <libxml/c14n.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"

#define MAX_RENDERED 1024 /* namespace declarations written by the open elements */
#define MAX_ATTRS 512     /* of one element */

struct rendered {
    const char *prefix, *href; /* "" for the default namespace, and for none */
    unsigned depth;
};
struct walk {
    struct buf *out;
    char *const *inclusive;
    struct rendered ns[MAX_RENDERED];
    size_t n;
    unsigned depth;
    bool bad;
};

static const char *text_of(const xmlChar *s)
{
    return s ? (const char *)s : "";
}

/* Character data or attribute value: runs without special characters are copied whole. */
static void escape(struct buf *out, const char *s, bool attribute)
{
    const char *special = attribute ? "&<\"\t\n\r" : "&<>\r";

    while (*s) {
        size_t run = strcspn(s, special);
        buf_add(out, s, run);
        s += run;
        switch (*s) {
        case '\0':
            return;
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\t':
            buf_puts(out, "&#x9;");
            break;
        case '\n':
            buf_puts(out, "&#xA;");
            break;
        default:
            buf_puts(out, "&#xD;");
        }
        s++;
    }
}

/* XML-EXC-C14N 3: to be written here unless the nearest ancestor that wrote this prefix meant the
 * same; no default namespace needs no words where none was written. */
static void utilise(struct walk *w, const char *prefix, const char *href)
{
    if (strcmp(prefix, "xml") == 0)
        return;
    for (size_t i = w->n; i-- > 0;)
        if (strcmp(w->ns[i].prefix, prefix) == 0) {
            if (strcmp(w->ns[i].href, href) == 0)
                return;
            goto add;
        }
    if (!*prefix && !*href)
        return;
add:
    /* libxml2 2.9 writes such names unescaped: no form both agree on */
    if (w->n == MAX_RENDERED || strpbrk(href, "&<>\"\t\n\r"))
        w->bad = true;
    else
        w->ns[w->n++] = (struct rendered){prefix, href, w->depth};
}

static void utilise_inclusive(struct walk *w, xmlNode *n)
{
    for (char *const *p = w->inclusive; p && *p; p++) {
        bool is_default = strcmp(*p, "#default") == 0;
        const xmlNs *ns = xmlSearchNs(n->doc, n, is_default ? NULL : BAD_CAST * p);
        if (ns)
            utilise(w, text_of(ns->prefix), text_of(ns->href));
    }
}

static int by_prefix(const void *a, const void *b)
{
    const struct rendered *x = a, *y = b;

    return strcmp(x->prefix, y->prefix);
}

static int by_name(const void *a, const void *b)
{
    const xmlAttr *const *x = a, *const *y = b;
    int c =
        strcmp((*x)->ns ? text_of((*x)->ns->href) : "", (*y)->ns ? text_of((*y)->ns->href) : "");

    return c ? c : strcmp((const char *)(*x)->name, (const char *)(*y)->name);
}

static void qname(struct buf *out, const xmlNs *ns, const xmlChar *local)
{
    if (ns && ns->prefix) {
        buf_puts(out, (const char *)ns->prefix);
        buf_putc(out, ':');
    }
    buf_puts(out, (const char *)local);
}

static void attribute(struct walk *w, const xmlAttr *at)
{
    buf_putc(w->out, ' ');
    qname(w->out, at->ns, at->name);
    buf_puts(w->out, "=\"");
    for (const xmlNode *c = at->children; c; c = c->next) {
        if (c->type != XML_TEXT_NODE)
            w->bad = true; /* an entity: such documents are not parsed here */
        escape(w->out, text_of(c->content), true);
    }
    buf_putc(w->out, '"');
}

static void open_element(struct walk *w, xmlNode *n)
{
    const xmlAttr *sorted[MAX_ATTRS];
    size_t first = w->n, attrs = 0;

    w->depth++;
    utilise(w, n->ns ? text_of(n->ns->prefix) : "", n->ns ? text_of(n->ns->href) : "");
    for (const xmlAttr *at = n->properties; at; at = at->next) {
        if (attrs == MAX_ATTRS) {
            w->bad = true;
            return;
        }
        sorted[attrs++] = at;
        if (at->ns && at->ns->prefix)
            utilise(w, (const char *)at->ns->prefix, text_of(at->ns->href));
    }
    utilise_inclusive(w, n);
    buf_putc(w->out, '<');
    qname(w->out, n->ns, n->name);
    if (w->n - first > 1)
        qsort(&w->ns[first], w->n - first, sizeof(w->ns[0]), by_prefix);
    for (size_t i = first; i < w->n; i++) {
        buf_puts(w->out, *w->ns[i].prefix ? " xmlns:" : " xmlns");
        buf_puts(w->out, w->ns[i].prefix);
        buf_puts(w->out, "=\"");
        buf_puts(w->out, w->ns[i].href);
        buf_putc(w->out, '"');
    }
    if (attrs > 1)
        qsort(sorted, attrs, sizeof(sorted[0]), by_name);
    for (size_t i = 0; i < attrs; i++)
        attribute(w, sorted[i]);
    buf_putc(w->out, '>');
}

static void close_element(struct walk *w, const xmlNode *n)
{
    buf_puts(w->out, "</");
    qname(w->out, n->ns, n->name);
    buf_putc(w->out, '>');
    while (w->n && w->ns[w->n - 1].depth == w->depth)
        w->n--;
    w->depth--;
}

static void leaf(struct walk *w, const xmlNode *n)
{
    switch (n->type) {
    case XML_TEXT_NODE:
    case XML_CDATA_SECTION_NODE:
        escape(w->out, text_of(n->content), false);
        break;
    case XML_PI_NODE:
        buf_puts(w->out, "<?");
        buf_puts(w->out, (const char *)n->name);
        if (n->content && *n->content) {
            buf_putc(w->out, ' ');
            buf_puts(w->out, (const char *)n->content);
        }
        buf_puts(w->out, "?>");
        break;
    case XML_COMMENT_NODE:
        break;
    default:
        w->bad = true;
    }
}

static void exclusive(struct walk *w, xmlNode *apex)
{
    xmlNode *n = apex;

    while (!w->bad) {
        if (n->type == XML_ELEMENT_NODE) {
            open_element(w, n);
            if (n->children && !w->bad) {
                n = n->children;
                continue;
            }
            close_element(w, n);
        } else {
            leaf(w, n);
        }
        while (n != apex && !n->next) {
            n = n->parent;
            close_element(w, n);
        }
        if (n == apex)
            return;
        n = n->next;
    }
}

/* ---- through libxml2 ---- */

static int out_write(void *ctx, const char *p, int n)
{
    buf_add(ctx, p, (size_t)n);
    return buf_ok(ctx) ? n : -1;
}

static int in_subtree(void *apex, xmlNode *node, xmlNode *parent)
{
    /* a namespace node has no parent pointer of its own: its element decides */
    for (const xmlNode *n = node->type == XML_NAMESPACE_DECL ? parent : node; n; n = n->parent)
        if (n == apex)
            return node->type != XML_COMMENT_NODE;
    return 0;
}

static int failed(const struct buf *out, struct err *e)
{
    return buf_ok(out) ? err_set(e, ERR_INPUT, "xml.c14n", "XML-C14N", "cannot canonicalise")
                       : err_nomem(e);
}

static int by_libxml2(struct buf *out, xmlDoc *d, xmlNode *apex, enum xml_c14n how, struct err *e)
{
    xmlOutputBuffer *o = xmlOutputBufferCreateIO(out_write, NULL, out, NULL);
    int rc;

    if (!o)
        return err_nomem(e);
    rc = xmlC14NExecute(d, apex ? in_subtree : NULL, apex,
        how == XML_C14N_EXC ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0, NULL, 0, o);
    if (xmlOutputBufferClose(o) < 0 || rc < 0)
        return failed(out, e);
    return buf_check(out, e);
}

int xml_c14n(
    struct buf *out, xmlNode *n, enum xml_c14n how, char *const *inclusive_prefixes, struct err *e)
{
    struct walk *w;
    bool bad;

    if (how == XML_C14N_10)
        return by_libxml2(out, n->doc, n, how, e);
    if (!(w = malloc(sizeof(*w))))
        return err_nomem(e);
    w->out = out;
    w->inclusive = inclusive_prefixes;
    w->n = w->depth = 0;
    w->bad = false;
    exclusive(w, n);
    bad = w->bad;
    free(w);
    return bad ? failed(out, e) : buf_check(out, e);
}

int xml_c14n_doc(struct buf *out, xmlDoc *d, enum xml_c14n how, struct err *e)
{
    return by_libxml2(out, d, NULL, how, e);
}

void xml_c14n_text(struct buf *out, const char *s)
{
    escape(out, s, false);
}

void xml_c14n_attr(struct buf *out, const char *s)
{
    escape(out, s, true);
}
