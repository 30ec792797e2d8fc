/* tree.c - parse a document into a tree, and the few look-ups that are not inline.
 *
 * libxml2 is used as a SAX2 parser only. XML_PARSE_NOENT makes it hand over &amp; in attributes as
 * "&"; it expands nothing else, since a DOCTYPE ends the parse before any entity can be declared.
 */
#include "ubl/tree/tree_priv.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const struct tree_limits tree_limits_default = {.bytes = 256u << 20,
    .attr_bytes = 1u << 20,
    .depth = 256,
    .attributes = 1000,
    .names = 10000,
    .nodes = 50000000};

static void init_once(void)
{
    xmlInitParser();
}

static int malformed(const xmlParserCtxt *c, struct err *e)
{
    const xmlError *x = &c->lastError;
    const char *m = x->message ? x->message : "not well-formed";
    int n = (int)strcspn(m, "\n");

    if (x->domain == XML_FROM_PARSER && x->code == XML_ERR_NO_MEMORY)
        return err_nomem(e);
    if (c->errNo == XML_ERR_NAME_TOO_LONG || c->errNo == XML_ERR_INTERNAL_ERROR)
        return err_set(e, ERR_INPUT, "xml.limit", "", "line %d: %.*s", x->line, n, m);
    return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "line %d, column %d: %.*s", x->line,
        x->int2, n, m);
}

static int run(struct tree_builder *b, xmlParserCtxt *ctxt, const struct tree_plug *plug)
{
    xmlSAXHandler sax, *mine = &sax, *theirs = ctxt->sax;
    void *user = b;
    int r = 0;

    tree_builder_sax(&sax);
    (void)xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES | XML_PARSE_HUGE);
    b->ctxt = ctxt;
    if (plug && plug->attach(plug->self, ctxt, &mine, &user, b->e) < 0)
        return -1;
    ctxt->sax = mine;
    ctxt->userData = user;
    (void)xmlParseDocument(ctxt);
    ctxt->sax = theirs;
    ctxt->userData = ctxt;
    if (plug && plug->detach)
        plug->detach(plug->self);
    if (b->failed)
        r = -1;
    else if (!ctxt->wellFormed || !ctxt->nsWellFormed)
        r = malformed(ctxt, b->e);
    return r;
}

int tree_parse(struct tree **out, struct str bytes, const char *uri, const struct tree_limits *l,
    const struct tree_plug *plug, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct tree_builder b = {.l = l ? l : &tree_limits_default, .e = e};
    xmlParserCtxt *ctxt = NULL;
    int r = -1;

    *out = NULL;
    (void)pthread_once(&once, init_once);
    if (bytes.n > b.l->bytes || bytes.n > INT_MAX / 2)
        return err_set(
            e, ERR_INPUT, "xml.limit", "", "document of %zu bytes is too large", bytes.n);
    if (bytes.n == 0)
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "line 1, column 1: no document");
    if (tree_scan(bytes, b.l, e))
        return -1;
    if (tree_builder_init(&b, bytes.n) < 0)
        goto done;
    if (!(ctxt = xmlCreateMemoryParserCtxt(bytes.p, (int)bytes.n))) {
        r = err_nomem(e);
        goto done;
    }
    r = run(&b, ctxt, plug);
    if (r == 0)
        r = tree_builder_finish(&b, uri, out);
done:
    if (r < 0)
        tree_builder_free(&b);
    /* libxml2 makes a document of its own for what stands before the root in a refused DOCTYPE */
    if (ctxt && ctxt->myDoc)
        xmlFreeDoc(ctxt->myDoc);
    xmlFreeParserCtxt(ctxt);
    return r;
}

uint32_t tree_name_find(const struct tree *t, struct str uri, struct str local)
{
    uint32_t h = tree_name_hash(uri, local);

    for (uint32_t i = 1; i < t->n_names; i++)
        if (t->names[i].hash == h && str_eq(t->names[i].local, local) &&
            str_eq(t->names[i].uri, uri))
            return i;
    return 0;
}

static uint32_t first_decl(const struct tree *t, uint32_t node)
{
    uint32_t lo = 0, hi = t->n_nsdecls;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (t->nsdecls[mid].node < node)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool tree_ns_lookup(const struct tree *t, uint32_t node, struct str prefix, struct str *uri)
{
    if (str_eqz(prefix, "xml")) {
        *uri = STR("http://www.w3.org/XML/1998/namespace");
        return true;
    }
    for (uint32_t n = node; n != TREE_NONE; n = t->nodes[n].parent)
        for (uint32_t i = first_decl(t, n); i < t->n_nsdecls && t->nsdecls[i].node == n; i++)
            if (str_eq(t->prefixes[t->nsdecls[i].prefix], prefix)) {
                *uri = t->uris[t->nsdecls[i].uri_id];
                return uri->n > 0;
            }
    *uri = STR("");
    return false;
}
