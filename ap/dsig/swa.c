/* swa.c - the octets of an attachment as the Attachment-Content-Signature-Transform sees them.
 *
 * SwA profile 1.1, 5.4.2 and 5.4.4: XML types are canonicalised, text lines end in CR LF, all else
 * is taken as it is. Compressed parts are application/gzip: as they are, so they stream. */
#include <stdlib.h>

#include "ap/dsig/dsig_priv.h"
#include "ap/xml/xml.h"

#define PIECE (16 * 1024)

struct swa {
    struct blob data;
    uint64_t at; /* how much of data was read */
    bool text, after_cr;
    struct buf out; /* ready to be read, from out_at on */
    size_t out_at;
};

static bool is_xml(struct str type)
{
    return str_ieq(type, STR("text/xml")) || str_ieq(type, STR("application/xml")) ||
           (type.n > 4 && str_ieq(str_sub(type, type.n - 4, 4), STR("+xml")));
}

static int canonical(struct buf *out, const struct blob *b, struct err *e)
{
    const struct xml_limits l = {DSIG_XML_PART_MAX, 200, 256, 2000000};
    struct arena *a = arena_new(4096);
    struct buf text;
    xmlDoc *d;
    int rc = -1;

    buf_init(&text, DSIG_XML_PART_MAX);
    if (!a)
        return err_nomem(e);
    if (!blob_load(&text, b, e) && !xml_parse(&d, a, text.p, text.n, &l, e))
        rc = xml_c14n_doc(out, d, XML_C14N_EXC, e);
    buf_free(&text);
    arena_free(a);
    return rc;
}

int swa_open(struct swa **out, const struct dsig_part *p, struct err *e)
{
    struct swa *s = calloc(1, sizeof(*s));
    struct str type = p->mime_type;

    if (!s)
        return err_nomem(e);
    s->data = p->data;
    buf_init(&s->out, 4 * DSIG_XML_PART_MAX);
    type = str_trim(str_sub(type, 0, str_find(type, STR(";")))); /* without parameters */
    s->text = type.n > 5 && str_ieq(str_sub(type, 0, 5), STR("text/"));
    if (is_xml(type)) {
        s->text = false;
        s->at = s->data.len;
        if (canonical(&s->out, &s->data, e)) {
            swa_close(s);
            return -1;
        }
    }
    *out = s;
    return 0;
}

void swa_close(struct swa *s)
{
    if (!s)
        return;
    buf_free(&s->out);
    free(s);
}

/* CR, LF and CR LF all become CR LF. */
static void crlf(struct swa *s, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool after_cr = s->after_cr;
        s->after_cr = p[i] == '\r';
        if (p[i] == '\n' && after_cr)
            continue;
        if (p[i] == '\r' || p[i] == '\n')
            buf_add(&s->out, "\r\n", 2);
        else
            buf_putc(&s->out, p[i]);
    }
}

static int refill(struct swa *s, struct err *e)
{
    size_t n = s->data.len - s->at < PIECE ? (size_t)(s->data.len - s->at) : PIECE;
    char piece[PIECE];

    buf_clear(&s->out);
    s->out_at = 0;
    if (!s->text) {
        char *p = buf_grow(&s->out, n);
        if (n && (!p || blob_read(&s->data, s->at, p, n, e)))
            return p ? -1 : err_nomem(e);
    } else {
        if (n && blob_read(&s->data, s->at, piece, n, e))
            return -1;
        crlf(s, piece, n);
    }
    s->at += n;
    return buf_check(&s->out, e);
}

int swa_read(struct swa *s, void *out, size_t n, size_t *got, struct err *e)
{
    size_t have;

    while (s->out_at == s->out.n && s->at < s->data.len)
        if (refill(s, e))
            return -1;
    have = s->out.n - s->out_at;
    *got = have < n ? have : n;
    if (*got)
        memcpy(out, s->out.p + s->out_at, *got);
    s->out_at += *got;
    return 0;
}
