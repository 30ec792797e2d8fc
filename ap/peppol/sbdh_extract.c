/* sbdh_extract.c - the document out of its envelope: for C4. */
#include "ap/peppol/sbdh_priv.h"

/* Offset behind the root element's name: where declarations are put in. */
static int name_end(uint64_t *out, const struct blob *b, struct err *e)
{
    char head[1024];
    size_t n = b->len < sizeof(head) ? (size_t)b->len : sizeof(head), i = 1;

    if (blob_read(b, 0, head, n, e))
        return -1;
    while (i < n && !memchr(" \t\r\n/>", head[i], 6))
        i++;
    if (i == n)
        return err_set(e, ERR_INPUT, "xml.limit", "", "root element name too long");
    *out = i;
    return 0;
}

static int extract_xml(struct sink *out, const struct sbdh_envelope *r, struct err *e)
{
    struct blob head, tail;
    uint64_t at;

    if (r->inherited_ns.n == 0)
        return blob_copy(&r->payload, out, e);
    if (name_end(&at, &r->payload, e))
        return -1;
    head = blob_sub(r->payload, 0, at);
    tail = blob_sub(r->payload, at, r->payload.len);
    if (blob_copy(&head, out, e) || sink_write(out, r->inherited_ns.p, r->inherited_ns.n, e))
        return -1;
    return blob_copy(&tail, out, e);
}

struct extract {
    struct sbdh_decoder c;
    unsigned children; /* of the SBD element: the second is the payload */
    bool inside;
};

static int on_start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    struct extract *x = ctx;

    (void)e;
    if (t->depth == 1)
        x->inside = ++x->children == 2;
    return 0;
}

static int on_end(void *ctx, unsigned depth, struct err *e)
{
    struct extract *x = ctx;

    (void)e;
    if (depth == 1)
        x->inside = false;
    return 0;
}

static int on_text(void *ctx, struct str s, struct err *e)
{
    struct extract *x = ctx;

    return x->inside ? sbdh_decoder_feed(&x->c, s, e) : 0;
}

static int extract_content(struct sink *out, const struct sbdh_envelope *r, struct err *e)
{
    struct extract x = {0};
    struct xml_stream_handler h = {on_start, on_end, on_text, &x};
    struct xml_stream_layout lay;
    struct spool tmp; /* never used: these bytes are UTF-8 */
    int rc;

    spool_init(&tmp, -1, 0, 0);
    sbdh_decoder_init(&x.c, r->kind, *out);
    rc = xml_stream(&lay, &tmp, &r->sbd, &h, e) || sbdh_decoder_end(&x.c, e) ? -1 : 0;
    sbdh_decoder_free(&x.c);
    spool_free(&tmp);
    return rc;
}

int sbdh_extract(struct sink *out, const struct sbdh_envelope *r, struct err *e)
{
    return r->kind == SBDH_XML ? extract_xml(out, r, e) : extract_content(out, r, e);
}
