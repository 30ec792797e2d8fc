#include "ubl/render/render.h"

#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <pthread.h>

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

static void silent(void *ctx, const char *fmt, ...)
{
    (void)ctx;
    (void)fmt;
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
    int rc = -1;

    (void)pthread_once(&once, compile);
    ctx = page ? xsltNewTransformContext(page, doc) : NULL;
    if (ctx && xsltSetCtxtSecurityPrefs(nothing, ctx) == 0 && render_functions(ctx, &lang) == 0) {
        xsltSetTransformErrorFunc(ctx, NULL, silent);
        result = xsltApplyStylesheetUser(page, doc, NULL, NULL, NULL, ctx);
    }
    if (result && ctx->state == XSLT_STATE_OK)
        rc = save(out, result, e);
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
