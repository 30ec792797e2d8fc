/* The functions of page.xsl. Those that put a value on the page remember it on the element, so that
 * what nobody put there can be listed. */
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/xsltutils.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/base/hash.h"
#include "ubl/render/render_priv.h"

#define ID_MAX 128

static enum render_lang language(xmlXPathParserContext *x)
{
    return *(const enum render_lang *)xsltXPathGetTransformContext(x)->_private;
}

static void give(xmlXPathParserContext *x, struct buf *b)
{
    xmlChar *s = xmlStrndup((const xmlChar *)(b->p ? b->p : ""), (int)b->n);

    if (s)
        valuePush(x, xmlXPathWrapString(s));
    else
        xmlXPathSetError(x, XPATH_MEMORY_ERROR);
    buf_free(b);
}

static void give_text(xmlXPathParserContext *x, struct str s)
{
    struct buf b;

    buf_init(&b, s.n + 64);
    buf_str(&b, s);
    give(x, &b);
}

static bool takes(xmlXPathParserContext *x, int given, int wanted)
{
    if (given != wanted)
        xmlXPathSetArityError(x);
    return given == wanted;
}

/* The text of the first node of the argument, which counts as shown from now on; "" for none. The
 * tree stays: it is that of the document. */
static struct str show(xmlXPathParserContext *x)
{
    xmlNodeSet *set = xmlXPathPopNodeSet(x);
    xmlNode *n = set && set->nodeNr ? set->nodeTab[0] : NULL;
    struct str s = STR("");

    if (n && n->type == XML_ELEMENT_NODE) {
        n->_private = n;
        n = n->children;
    }
    if (n && n->type == XML_TEXT_NODE)
        s = str_z((const char *)n->content);
    xmlXPathFreeNodeSet(set);
    return str_trim(s);
}

static void f_show(xmlXPathParserContext *x, int n)
{
    if (takes(x, n, 1))
        give_text(x, show(x));
}

static void f_shown(xmlXPathParserContext *x, int n)
{
    xmlNodeSet *set;

    if (!takes(x, n, 1))
        return;
    set = xmlXPathPopNodeSet(x);
    valuePush(x, xmlXPathNewBoolean(set && set->nodeNr && set->nodeTab[0]->_private));
    xmlXPathFreeNodeSet(set);
}

static void formatted(xmlXPathParserContext *x, int n,
    void (*how)(struct buf *out, struct str s, enum render_lang lang))
{
    struct buf b;
    struct str s;

    if (!takes(x, n, 1))
        return;
    s = show(x);
    buf_init(&b, s.n * 2 + 256);
    how(&b, s, language(x));
    give(x, &b);
}

static void f_number(xmlXPathParserContext *x, int n)
{
    formatted(x, n, render_number);
}

static void f_date(xmlXPathParserContext *x, int n)
{
    formatted(x, n, render_date);
}

static void f_label(xmlXPathParserContext *x, int n)
{
    const char *text;
    xmlChar *id;

    if (!takes(x, n, 1))
        return;
    id = xmlXPathPopString(x);
    text = id ? render_label(language(x), (const char *)id) : NULL;
    give_text(x, str_z(text ? text : (const char *)id));
    xmlFree(id);
}

/* The name of a code, or the code itself when it is not in the table. */
static void name_of(xmlXPathParserContext *x, struct str code)
{
    xmlChar *list = xmlXPathPopString(x);
    char id[ID_MAX];
    const char *text = NULL;

    if (list && snprintf(id, sizeof(id), "%s.%.*s", (const char *)list, STR_FMT(code)) < ID_MAX)
        text = render_label(language(x), id);
    give_text(x, text ? str_z(text) : code);
    xmlFree(list);
}

static void f_code(xmlXPathParserContext *x, int n)
{
    if (takes(x, n, 2))
        name_of(x, show(x));
}

static void f_name(xmlXPathParserContext *x, int n)
{
    xmlChar *code;

    if (!takes(x, n, 2))
        return;
    code = xmlXPathPopString(x);
    name_of(x, str_trim(str_z((const char *)code)));
    xmlFree(code);
}

static void f_size(xmlXPathParserContext *x, int n)
{
    xmlNodeSet *set;
    xmlChar *bytes = NULL;
    struct buf b;

    if (!takes(x, n, 1))
        return;
    set = xmlXPathPopNodeSet(x);
    if (set && set->nodeNr)
        bytes = xmlGetNsProp(set->nodeTab[0], (const xmlChar *)"bytes", (const xmlChar *)RENDER_NS);
    buf_init(&b, 256);
    render_size(&b, bytes ? strtoull((const char *)bytes, NULL, 10) : 0, language(x));
    give(x, &b);
    xmlFree(bytes);
    xmlXPathFreeNodeSet(set);
}

/* Where no markup can isolate it (the title): without control characters and marks of direction,
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
static void f_plain(xmlXPathParserContext *x, int n)
{
    xmlChar *s;
    struct buf b;

    if (!takes(x, n, 1))
        return;
    s = xmlXPathPopString(x);
    buf_init(&b, s ? strlen((const char *)s) + 64 : 64);
    for (const unsigned char *p = s; p && *p; p++) {
        if (p[0] == 0xe2 &&
            ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae))) ||
                (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
            p += 2;
        else
            buf_putc(&b, *p < ' ' ? ' ' : (char)*p);
    }
    give(x, &b);
    xmlFree(s);
}

static void f_lang(xmlXPathParserContext *x, int n)
{
    if (takes(x, n, 0))
        give_text(x, str_z(render_lang_tag(language(x))));
}

static void f_css(xmlXPathParserContext *x, int n)
{
    if (takes(x, n, 0))
        give_text(x, render_page_css());
}

/* Nothing may be loaded or run; the one style sheet is named by its digest. */
static void f_csp(xmlXPathParserContext *x, int n)
{
    struct str css = render_page_css();
    unsigned char digest[HASH_LEN];
    struct err e;
    struct buf b;

    if (!takes(x, n, 0))
        return;
    buf_init(&b, 1024);
    buf_puts(&b, "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-");
    if (hash_of(digest, css.p, css.n, &e) == 0)
        enc_b64(&b, digest, sizeof(digest));
    buf_puts(&b, "'");
    give(x, &b);
}

int render_functions(xsltTransformContext *ctx, const enum render_lang *lang)
{
    static const struct {
        const char *name;
        xmlXPathFunction f;
    } all[] = {{"show", f_show}, {"shown", f_shown}, {"number", f_number}, {"date", f_date},
        {"label", f_label}, {"code", f_code}, {"name", f_name}, {"size", f_size},
        {"plain", f_plain}, {"lang", f_lang}, {"css", f_css}, {"csp", f_csp}};
    union { /* libxslt hands it back as it was given */
        const enum render_lang *in;
        void *out;
    } data = {lang};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (xsltRegisterExtFunction(
                ctx, (const xmlChar *)all[i].name, (const xmlChar *)RENDER_NS, all[i].f))
            return -1;
    ctx->_private = data.out;
    return 0;
}
