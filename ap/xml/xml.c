#include "ap/xml/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <limits.h>

#include "ap/xml/xml_tags.h"

const struct xml_limits XML_DEFAULT = {1 << 20, 64, 64, 20000};

#define MAX_DEPTH 256 /* whatever limits say: libxml2's own */
#define MAX_SCOPE 256 /* namespace declarations in scope at one place: each lookup walks them */

struct guard {
    xmlSAXHandler sax; /* the tree builder's handlers, called after our checks */
    const struct xml_limits *l;
    unsigned depth, nodes, scope;
    unsigned short declared[MAX_DEPTH + 1]; /* by the open element of each depth */
    const char *why;                        /* set by the first refusal */
    bool doctype;
};

static void silent(void *ctx, const char *msg, ...)
{
    (void)ctx;
    (void)msg;
}

void xml_init(void)
{
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, silent);
}

static void refuse(xmlParserCtxt *c, const char *why)
{
    struct guard *g = c->_private;

    if (!g->why)
        g->why = why;
    xmlStopParser(c);
}

/* One more element, comment or processing instruction. */
static bool count(xmlParserCtxt *c)
{
    struct guard *g = c->_private;

    if (!g->why && ++g->nodes > g->l->max_nodes)
        refuse(c, "too many nodes");
    return !g->why;
}

static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
    int nns, const xmlChar **ns, int nattr, int ndefault, const xmlChar **attr)
{
    xmlParserCtxt *c = ctx;
    struct guard *g = c->_private;

    if (g->why) /* stopped: libxml2 may still finish the tag it is in */
        return;
    if (++g->depth > g->l->max_depth || g->depth > MAX_DEPTH) {
        refuse(c, "nested too deeply");
        return;
    }
    if (nattr + nns > (int)g->l->max_attrs) {
        refuse(c, "too many attributes in one element");
        return;
    }
    g->declared[g->depth] = (unsigned short)nns;
    g->scope += (unsigned)nns;
    if (g->scope > MAX_SCOPE)
        refuse(c, "too many namespaces");
    else if (count(c))
        g->sax.startElementNs(ctx, local, prefix, uri, nns, ns, nattr, ndefault, attr);
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxt *c = ctx;
    struct guard *g = c->_private;

    if (g->why)
        return;
    g->scope -= g->declared[g->depth--];
    g->sax.endElementNs(ctx, local, prefix, uri);
}

static void on_comment(void *ctx, const xmlChar *text)
{
    if (count(ctx))
        ((struct guard *)((xmlParserCtxt *)ctx)->_private)->sax.comment(ctx, text);
}

static void on_pi(void *ctx, const xmlChar *target, const xmlChar *data)
{
    if (count(ctx))
        ((struct guard *)((xmlParserCtxt *)ctx)->_private)
            ->sax.processingInstruction(ctx, target, data);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *ext, const xmlChar *sys)
{
    xmlParserCtxt *c = ctx;
    struct guard *g = c->_private;

    (void)name;
    (void)ext;
    (void)sys;
    g->doctype = true;
    refuse(c, "a DOCTYPE is not accepted");
}

static void doc_free(void *d)
{
    xmlFreeDoc(d);
}

static int parse_failed(xmlParserCtxt *c, const struct guard *g, struct err *e)
{
    const xmlError *x = xmlCtxtGetLastError(c);
    char text[160] = "not well-formed";

    if (g->doctype)
        return err_set(e, ERR_INPUT, "xml.doctype", "XML 1.0 2.8", "%s", g->why);
    if (g->why)
        return err_set(e, ERR_INPUT, "xml.limit", "", "XML %s", g->why);
    if (x && x->code == XML_ERR_NO_MEMORY)
        return err_nomem(e);
    if (x && x->message) {
        size_t n = strcspn(x->message, "\n");
        n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
        memcpy(text, x->message, n);
        text[n] = '\0';
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "line %d: %s", x->line, text);
    }
    return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "%s", text);
}

static int adopt(xmlDoc **out, struct arena *a, xmlDoc *d, struct err *e)
{
    if (!d || arena_defer(a, doc_free, d))
        return err_nomem(e);
    *out = d;
    return 0;
}

/* One reading everywhere: UTF-8, declared or not, and no other. Else each reader (and each scan of
 * bytes) might see another document. */
static bool says_utf8(const char *p, size_t n)
{
    struct str head = {p, n < 200 ? n : 200}, name;
    size_t at;

    if (n >= 4 && (!p[0] || !p[1] || (unsigned char)p[0] >= 0xfe))
        return false; /* UTF-16 or UTF-32 */
    if (str_has_prefix(head, STR("\xef\xbb\xbf")))
        head = str_sub(head, 3, head.n);
    if (!str_has_prefix(head, STR("<?xml")))
        return true;
    head = str_sub(head, 0, str_find(head, STR("?>")));
    at = str_find(head, STR("encoding"));
    if (at == head.n)
        return true;
    name = str_trim(str_sub(head, at + 8, head.n));
    if (name.n && name.p[0] == '=')
        name = str_trim(str_sub(name, 1, name.n));
    if (name.n < 2)
        return false;
    name = str_sub(name, 1, str_find(str_sub(name, 1, name.n), (struct str){name.p, 1}));
    return str_ieq(name, STR("UTF-8")) || str_ieq(name, STR("US-ASCII"));
}

static int scan(const char *p, size_t n, const struct xml_limits *l, struct err *e)
{
    if (n > l->max_bytes || n > INT_MAX)
        return err_set(
            e, ERR_INPUT, "xml.limit", "", "XML of %zu bytes, at most %zu", n, l->max_bytes);
    if (!says_utf8(p, n))
        return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3", "XML is not in UTF-8");
    if (!xml_tags_are_short((struct str){p, n}, l->max_attrs))
        return err_set(
            e, ERR_INPUT, "xml.limit", "", "XML with too many attributes in one element");
    return 0;
}

int xml_parse(xmlDoc **out, struct arena *a, const void *p, size_t n, const struct xml_limits *l,
    struct err *e)
{
    struct guard g = {.l = l ? l : &XML_DEFAULT};
    xmlParserCtxt *c;
    xmlDoc *d;
    int rc;

    if (scan(p ? p : "", n, g.l, e))
        return -1;
    if (!(c = xmlNewParserCtxt()))
        return err_nomem(e);
    g.sax = *c->sax;
    c->_private = &g;
    c->sax->startElementNs = on_start;
    c->sax->endElementNs = on_end;
    c->sax->internalSubset = on_doctype;
    c->sax->comment = on_comment;
    c->sax->processingInstruction = on_pi;
    c->sax->error = NULL;
    c->sax->warning = NULL;
    c->sax->serror = NULL;
    d = xmlCtxtReadMemory(c, p ? p : "", (int)n, NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    rc = d && c->wellFormed && c->nsWellFormed && !g.why ? 0 : parse_failed(c, &g, e);
    xmlFreeParserCtxt(c);
    if (rc) {
        xmlFreeDoc(d);
        return -1;
    }
    return adopt(out, a, d, e);
}

int xml_new(xmlDoc **out, struct arena *a, struct err *e)
{
    return adopt(out, a, xmlNewDoc(BAD_CAST "1.0"), e);
}

bool xml_is(const xmlNode *n, const char *ns, const char *local)
{
    if (!n || n->type != XML_ELEMENT_NODE || !xmlStrEqual(n->name, BAD_CAST local))
        return false;
    if (!ns)
        return !n->ns;
    return n->ns && xmlStrEqual(n->ns->href, BAD_CAST ns);
}

static xmlNode *element_from(xmlNode *n)
{
    while (n && n->type != XML_ELEMENT_NODE)
        n = n->next;
    return n;
}

xmlNode *xml_first_element(const xmlNode *parent)
{
    return parent ? element_from(parent->children) : NULL;
}

xmlNode *xml_next_element(const xmlNode *after)
{
    return after ? element_from(after->next) : NULL;
}

static xmlNode *named_from(xmlNode *n, const char *ns, const char *local)
{
    while (n && !xml_is(n, ns, local))
        n = n->next;
    return n;
}

xmlNode *xml_child(const xmlNode *parent, const char *ns, const char *local)
{
    return parent ? named_from(parent->children, ns, local) : NULL;
}

xmlNode *xml_next(const xmlNode *after, const char *ns, const char *local)
{
    return after ? named_from(after->next, ns, local) : NULL;
}

int xml_only_child(
    xmlNode **out, const xmlNode *parent, const char *ns, const char *local, struct err *e)
{
    xmlNode *n = xml_child(parent, ns, local);

    if (!n)
        return err_set(e, ERR_INPUT, "xml.missing", "", "element %s is missing", local);
    if (xml_next(n, ns, local))
        return err_set(e, ERR_INPUT, "xml.repeated", "", "element %s stands more than once", local);
    *out = n;
    return 0;
}

int xml_text(struct str *out, struct arena *a, const xmlNode *n, struct err *e)
{
    size_t len = 0;
    char *p;

    for (const xmlNode *c = n->children; c; c = c->next) {
        if (c->type == XML_ELEMENT_NODE || c->type == XML_ENTITY_REF_NODE)
            return err_set(e, ERR_INPUT, "xml.mixed", "", "element %s must hold only text",
                (const char *)n->name);
        if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE)
            len += strlen((const char *)c->content);
    }
    if (!(p = arena_alloc(a, len + 1)))
        return err_nomem(e);
    *out = (struct str){p, len};
    for (const xmlNode *c = n->children; c; c = c->next) {
        if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
            size_t piece = strlen((const char *)c->content);
            memcpy(p, c->content, piece);
            p += piece;
        }
    }
    return 0;
}

int xml_text_trim(struct str *out, struct arena *a, const xmlNode *n, struct err *e)
{
    struct str s;
    char *p;

    if (xml_text(&s, a, n, e))
        return -1;
    s = str_trim(s);
    if (!(p = arena_dup(a, s)))
        return err_nomem(e);
    *out = (struct str){p, s.n};
    return 0;
}

int xml_attr(struct str *out, struct arena *a, const xmlNode *n, const char *ns, const char *local,
    struct err *e)
{
    xmlChar *v =
        ns ? xmlGetNsProp(n, BAD_CAST local, BAD_CAST ns) : xmlGetNoNsProp(n, BAD_CAST local);
    char *copy;

    *out = (struct str){NULL, 0};
    if (!v)
        return 0;
    copy = arena_dup(a, str_z((const char *)v));
    if (copy)
        *out = str_z(copy);
    xmlFree(v);
    return copy ? 0 : err_nomem(e);
}

#define WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

static bool is_id(const xmlAttr *at)
{
    if (xmlStrEqual(at->name, BAD_CAST "Id"))
        return !at->ns || xmlStrEqual(at->ns->href, BAD_CAST WSU);
    return xmlStrEqual(at->name, BAD_CAST "id") && at->ns &&
           xmlStrEqual(at->ns->href, XML_XML_NAMESPACE);
}

static int register_id(xmlDoc *d, xmlAttr *at, struct err *e)
{
    xmlChar *v = xmlNodeListGetString(d, at->children, 1);
    xmlAttr *known;
    int rc = 0;

    if (!v || !*v) { /* an empty one names nothing */
        xmlFree(v);
        return 0;
    }
    known = xmlGetID(d, v);
    if (known && known != at)
        rc = err_set(e, ERR_INPUT, "xml.duplicate-id", "WSS 4.3", "id \"%.60s\" stands twice",
            (const char *)v);
    else if (!known && !xmlAddID(NULL, d, v, at))
        rc = err_nomem(e);
    xmlFree(v);
    return rc;
}

/* The next element in document order; iteration, since depth is the sender's choice. */
static xmlNode *walk(xmlNode *n)
{
    xmlNode *down = xml_first_element(n);

    if (down)
        return down;
    while (n && n->type == XML_ELEMENT_NODE) {
        xmlNode *side = xml_next_element(n);
        if (side)
            return side;
        n = n->parent;
    }
    return NULL;
}

int xml_ids_register(xmlDoc *d, struct err *e)
{
    for (xmlNode *n = xmlDocGetRootElement(d); n; n = walk(n))
        for (xmlAttr *at = n->properties; at; at = at->next)
            if (is_id(at) && register_id(d, at, e))
                return -1;
    return 0;
}

xmlNode *xml_by_id(const xmlDoc *d, const char *id)
{
    union { /* libxml2 2.9 takes a non-const document here and does not change it */
        const xmlDoc *in;
        xmlDoc *out;
    } u = {d};
    xmlAttr *at = xmlGetID(u.out, BAD_CAST id);

    return at ? at->parent : NULL;
}

xmlNode *xml_add(xmlNode *parent, xmlNs *ns, const char *local)
{
    return xmlNewChild(parent, ns, BAD_CAST local, NULL);
}

xmlNode *xml_add_text(xmlNode *parent, xmlNs *ns, const char *local, struct str text)
{
    xmlNode *n = xml_add(parent, ns, local);
    xmlNode *t = n && text.n <= INT_MAX ? xmlNewTextLen(BAD_CAST text.p, (int)text.n) : NULL;

    if (!t)
        return NULL;
    (void)xmlAddChild(n, t);
    return n;
}

int xml_set(xmlNode *n, xmlNs *ns, const char *local, const char *value)
{
    return xmlNewNsProp(n, ns, BAD_CAST local, BAD_CAST value) ? 0 : -1;
}

int xml_write(struct buf *out, xmlDoc *d, struct err *e)
{
    xmlChar *p = NULL;
    int n = 0;

    xmlDocDumpMemoryEnc(d, &p, &n, "UTF-8");
    if (!p)
        return err_nomem(e);
    buf_add(out, p, (size_t)n);
    xmlFree(p);
    return buf_check(out, e);
}

int xml_write_node(struct buf *out, xmlNode *n, struct err *e)
{
    return xml_c14n(out, n, XML_C14N_EXC, NULL, e);
}
