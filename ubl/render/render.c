#include "ubl/render/render.h"

#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

#include "ubl/render/render_priv.h"

static xsltStylesheet *page;
static xsltSecurityPrefs *nothing; /* may be read or written */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void compile(void)
{
    struct str s = render_page_xsl();
    xmlDoc *d = xmlReadMemory(s.p, (int)s.n, NULL, NULL, XML_PARSE_NONET);

    nothing = xsltNewSecurityPrefs();
    for (int o = XSLT_SECPREF_READ_FILE; nothing && o <= XSLT_SECPREF_WRITE_NETWORK; o++)
        if (xsltSetSecurityPrefs(nothing, (xsltSecurityOption)o, xsltSecurityForbid))
            return;
    if (nothing && d && (page = xsltParseStylesheetDoc(d)))
        return;
    xmlFreeDoc(d);
}

static int write_buf(void *out, const char *p, int n)
{
    buf_add(out, p, (size_t)n);
    return buf_ok(out) ? n : -1;
}

/* libxslt tells an error as its place, then as "%s" and its words, for which it needs memory: a
 * place without words is want of memory, too. */
struct trouble {
    bool placed, no_memory;
};

static void note(void *ctx, const char *fmt, ...)
{
    struct trouble *t = ctx;
    const char *words = "";
    va_list ap;

    va_start(ap, fmt);
    if (strcmp(fmt, "%s") == 0)
        words = va_arg(ap, const char *);
    va_end(ap);
    t->placed = !*words;
    if (strstr(words, "malloc") || strstr(words, "memory"))
        t->no_memory = true;
}

static bool is_memory(const xmlError *x)
{
    return x && (x->code == XML_ERR_NO_MEMORY || x->code == XML_XPATH_MEMORY_ERROR);
}

static bool no_memory(const struct trouble *t, const xsltTransformContext *ctx)
{
    return t->placed || t->no_memory || is_memory(xmlGetLastError()) ||
           is_memory(&ctx->xpathCtxt->lastError);
}

static int save(struct buf *out, xmlDoc *result, struct err *e)
{
    xmlOutputBuffer *io =
        xmlOutputBufferCreateIO(write_buf, NULL, out, xmlFindCharEncodingHandler("UTF-8"));
    int rc = io ? xsltSaveResultTo(io, result, page) : -1;

    if (io && xmlOutputBufferClose(io) < 0)
        rc = -1;
    if (rc < 0 && buf_ok(out))
        return err_nomem(e);
    return buf_check(out, e);
}

static int transform(struct buf *out, xmlDoc *doc, enum render_lang lang, struct err *e)
{
    xsltTransformContext *ctx;
    xmlDoc *result = NULL;
    struct trouble t = {0};
    int rc = -1;

    (void)pthread_once(&once, compile);
    ctx = page ? xsltNewTransformContext(page, doc) : NULL;
    if (!ctx || xsltSetCtxtSecurityPrefs(nothing, ctx) || render_functions(ctx, &lang)) {
        xsltFreeTransformContext(ctx); /* the page is ours and whole: nothing else can be amiss */
        return err_nomem(e);
    }
    xmlResetLastError();
    xsltSetTransformErrorFunc(ctx, &t, note);
    result = xsltApplyStylesheetUser(page, doc, NULL, NULL, NULL, ctx);
    if (result && ctx->state == XSLT_STATE_OK)
        rc = save(out, result, e);
    else if (no_memory(&t, ctx))
        (void)err_nomem(e);
    else
        (void)err_set(e, ERR_BUG, "render.page", "", "the document cannot be laid out");
    xmlFreeDoc(result);
    xsltFreeTransformContext(ctx);
    return rc;
}

int render_html(struct buf *out, const struct blob *in, enum render_lang lang, struct err *e)
{
    xmlDoc *doc;
    int rc;

    if (render_load(&doc, in, e))
        return -1;
    rc = render_add_codes(xmlDocGetRootElement(doc), e);
    if (!rc)
        rc = transform(out, doc, lang, e);
    xmlFreeDoc(doc);
    return rc;
}
