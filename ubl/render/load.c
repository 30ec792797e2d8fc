/* The document as a slim tree: streamed, so that embedded files cost no memory but their length. */
#include <stdio.h>
#include <string.h>

#include "ap/xml/xml_stream.h"
#include "ubl/render/render_priv.h"

#define SBDH_NS "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
#define NAMESPACES 32 /* on the root; UBL needs two */
#define VALUE_MAX ((size_t)4 << 20)

struct loader {
    xmlDoc *doc;
    xmlNode *at;   /* the open element, or NULL outside the document */
    unsigned base; /* depth of the document's root: 0, or 1 in an envelope */
    unsigned skip; /* depth at which extensions began, plus one; 0: not in them */
    unsigned elements;
    size_t bytes;
    bool enveloped, file; /* the open element is an embedded file */
    unsigned long long chars, pads;
    struct buf text;
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static bool is_document(const struct xml_stream_tag *t)
{
    const char *ns = or_empty(t->ns);

    return (strcmp(t->local, "Invoice") == 0 &&
               strcmp(ns, "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2") == 0) ||
           (strcmp(t->local, "CreditNote") == 0 &&
               strcmp(ns, "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2") == 0);
}

static int too_large(struct err *e)
{
    return err_set(e, ERR_INPUT, "render.limit", "",
        "more than %u elements, %zu bytes of text or %d namespaces", RENDER_ELEMENTS, RENDER_TEXT,
        NAMESPACES);
}

/* Each namespace is declared once, on the root. */
static int name_space(xmlNs **out, xmlNode *root, const char *uri, struct err *e)
{
    char prefix[8];
    unsigned n = 0;

    *out = NULL;
    if (!uri)
        return 0;
    for (xmlNs *ns = root->nsDef; ns; ns = ns->next, n++)
        if (strcmp((const char *)ns->href, uri) == 0) {
            *out = ns;
            return 0;
        }
    if (n == NAMESPACES)
        return too_large(e);
    (void)snprintf(prefix, sizeof(prefix), "n%u", n);
    *out = xmlNewNs(root, (const xmlChar *)uri, (const xmlChar *)prefix);
    return *out ? 0 : err_nomem(e);
}

static int add_attributes(struct loader *l, const struct xml_stream_tag *t, struct err *e)
{
    for (size_t i = 0; i < t->nattr; i++) {
        xmlAttr *a;
        if (t->attr[i].ns) /* xsi:schemaLocation and the like: no data */
            continue;
        if ((l->bytes += t->attr[i].value.n) > RENDER_TEXT)
            return too_large(e);
        if (!(a = xmlNewProp(l->at, (const xmlChar *)t->attr[i].local, NULL)))
            return err_nomem(e);
        a->children =
            xmlNewDocTextLen(l->doc, (const xmlChar *)t->attr[i].value.p, (int)t->attr[i].value.n);
        if (!a->children)
            return err_nomem(e);
        a->last = a->children;
        a->children->parent = (xmlNode *)a;
    }
    return 0;
}

static int add_root(struct loader *l, const struct xml_stream_tag *t, struct err *e)
{
    xmlNs *ns;

    if (!is_document(t)) {
        l->enveloped |= t->depth == 0 && strcmp(t->local, "StandardBusinessDocument") == 0 &&
                        strcmp(or_empty(t->ns), SBDH_NS) == 0;
        if (t->depth == 0 && !l->enveloped)
            return err_set(e, ERR_INPUT, "render.kind", "UBL 2.1",
                "the document is a {%s}%s, not a UBL Invoice or CreditNote", or_empty(t->ns),
                t->local);
        return 0;
    }
    if (t->depth != l->enveloped)
        return 0;
    l->base = t->depth;
    l->at = xmlNewDocNode(l->doc, NULL, (const xmlChar *)t->local, NULL);
    if (!l->at)
        return err_nomem(e);
    (void)xmlDocSetRootElement(l->doc, l->at);
    if (name_space(&ns, l->at, t->ns, e))
        return -1;
    xmlSetNs(l->at, ns);
    return name_space(&ns, l->at, RENDER_NS, e);
}

static int start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    struct loader *l = ctx;
    xmlNode *root = xmlDocGetRootElement(l->doc), *n;
    xmlNs *ns;

    buf_clear(&l->text);
    if (!l->at)
        return root ? 0 : add_root(l, t, e);
    if (l->skip)
        return 0;
    if (t->ns && strcmp(t->ns, RENDER_EXT) == 0) {
        l->skip = t->depth + 1;
        return name_space(&ns, root, RENDER_NS, e) ||
                       (!xmlHasNsProp(
                            root, (const xmlChar *)"extensions", (const xmlChar *)RENDER_NS) &&
                           !xmlNewNsProp(
                               root, ns, (const xmlChar *)"extensions", (const xmlChar *)"1"))
                   ? -1
                   : 0;
    }
    if (++l->elements > RENDER_ELEMENTS)
        return too_large(e);
    if (name_space(&ns, root, t->ns, e))
        return -1;
    n = xmlNewDocNode(l->doc, ns, (const xmlChar *)t->local, NULL);
    if (!n || !xmlAddChild(l->at, n)) {
        xmlFreeNode(n);
        return err_nomem(e);
    }
    l->at = n;
    l->file = strcmp(t->local, "EmbeddedDocumentBinaryObject") == 0;
    l->chars = l->pads = 0;
    return add_attributes(l, t, e);
}

static int text(void *ctx, struct str s, struct err *e)
{
    struct loader *l = ctx;

    if (!l->at || l->skip)
        return 0;
    if (!l->file) {
        if (l->text.n + s.n > VALUE_MAX || l->bytes + l->text.n + s.n > RENDER_TEXT)
            return too_large(e);
        buf_str(&l->text, s);
        return buf_check(&l->text, e);
    }
    for (size_t i = 0; i < s.n; i++) {
        l->pads += s.p[i] == '=';
        l->chars += !strchr(" \t\r\n", s.p[i]);
    }
    return 0;
}

static int end_file(struct loader *l, struct err *e)
{
    char bytes[24];
    xmlNs *ns;

    (void)snprintf(bytes, sizeof(bytes), "%llu",
        (l->chars - l->pads) / 4 * 3 + (l->chars - l->pads) % 4 * 3 / 4);
    if (name_space(&ns, xmlDocGetRootElement(l->doc), RENDER_NS, e))
        return -1;
    l->file = false;
    return xmlNewNsProp(l->at, ns, (const xmlChar *)"bytes", (const xmlChar *)bytes) ? 0
                                                                                     : err_nomem(e);
}

static int end(void *ctx, unsigned depth, struct err *e)
{
    struct loader *l = ctx;
    struct str s = buf_view(&l->text);
    xmlNode *n;

    if (l->skip) {
        l->skip = l->skip == depth + 1 ? 0 : l->skip;
        return 0;
    }
    if (!l->at)
        return 0;
    if (l->file && end_file(l, e))
        return -1;
    if (!l->at->children && str_trim(s).n) {
        n = xmlNewDocTextLen(l->doc, (const xmlChar *)s.p, (int)s.n);
        if (!n || !xmlAddChild(l->at, n)) {
            xmlFreeNode(n);
            return err_nomem(e);
        }
        l->bytes += s.n;
    }
    buf_clear(&l->text);
    l->at = depth == l->base ? NULL : l->at->parent;
    return 0;
}

int render_load(xmlDoc **out, const struct blob *in, struct err *e)
{
    struct loader l = {.doc = xmlNewDoc((const xmlChar *)"1.0")};
    const struct xml_stream_handler h = {start, end, text, &l};
    struct xml_stream_layout layout;
    struct spool tmp;
    int rc = l.doc ? 0 : err_nomem(e);

    *out = NULL;
    buf_init(&l.text, VALUE_MAX);
    spool_init(&tmp, -1, 0, in->len * 2 + 1024);
    if (!rc)
        rc = xml_stream(&layout, &tmp, in, &h, e);
    if (!rc && !xmlDocGetRootElement(l.doc))
        rc = err_set(e, ERR_INPUT, "render.kind", "SBDH 1.3",
            "the envelope holds no UBL Invoice or CreditNote");
    spool_free(&tmp);
    buf_free(&l.text);
    if (rc)
        xmlFreeDoc(l.doc);
    else
        *out = l.doc;
    return rc;
}
