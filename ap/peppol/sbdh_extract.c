/* sbdh_extract.c - the document out of its envelope: for C4. */
#include "ap/peppol/sbdh_priv.h"

#include "ap/base/enc.h"

#define B64_PIECE 32768u /* a multiple of 4 */

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

/* base64 in pieces: white space dropped, four characters at a time. */
struct content {
    struct sink *out;
    struct buf in, plain;
    bool base64;
    bool closed;       /* padding seen: nothing may follow */
    unsigned children; /* of the SBD element: the second is the payload */
    bool inside;
};

static int unb64_pass(struct content *c, struct err *e)
{
    if (c->in.n == 0)
        return 0;
    if (c->closed)
        return err_set(e, ERR_INPUT, "enc.base64", "RFC 4648", "base64 goes on behind its padding");
    c->closed = c->in.p[c->in.n - 1] == '=';
    buf_clear(&c->plain);
    if (enc_unb64(&c->plain, buf_view(&c->in), e) || sink_write(c->out, c->plain.p, c->plain.n, e))
        return -1;
    buf_clear(&c->in);
    return 0;
}

static int on_start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    struct content *c = ctx;

    (void)e;
    if (t->depth == 1)
        c->inside = ++c->children == 2;
    return 0;
}

static int on_end(void *ctx, unsigned depth, struct err *e)
{
    struct content *c = ctx;

    (void)e;
    if (depth == 1)
        c->inside = false;
    return 0;
}

static int on_text(void *ctx, struct str s, struct err *e)
{
    struct content *c = ctx;

    if (!c->inside)
        return 0;
    if (!c->base64)
        return sink_write(c->out, s.p, s.n, e);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t')
            continue;
        buf_putc(&c->in, s.p[i]);
        if (c->in.n == B64_PIECE && unb64_pass(c, e))
            return -1;
    }
    return buf_check(&c->in, e);
}

/*= Envelope 2.0.2 2.3 "BinaryContent and TextContent" */
static int extract_content(struct sink *out, const struct sbdh_envelope *r, struct err *e)
{
    struct content c = {.out = out, .base64 = r->kind == SBDH_BINARY};
    struct xml_stream_handler h = {on_start, on_end, on_text, &c};
    struct xml_stream_layout lay;
    struct spool tmp; /* never used: these bytes are UTF-8 */
    int rc;

    spool_init(&tmp, -1, 0, 0);
    buf_init(&c.in, B64_PIECE);
    buf_init(&c.plain, B64_PIECE);
    rc = xml_stream(&lay, &tmp, &r->sbd, &h, e);
    if (rc == 0 && c.base64)
        rc = unb64_pass(&c, e);
    buf_free(&c.in);
    buf_free(&c.plain);
    spool_free(&tmp);
    return rc;
}

int sbdh_extract(struct sink *out, const struct sbdh_envelope *r, struct err *e)
{
    return r->kind == SBDH_XML ? extract_xml(out, r, e) : extract_content(out, r, e);
}
