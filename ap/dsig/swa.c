/* swa.c - the digest of an attachment as the Attachment-Content-Signature-Transform sees it.
 *
 * SwA profile 1.1, 5.4.2 and 5.4.4: XML types are canonicalised, text lines end in CR LF, all else
 * is taken as it is. Compressed parts are application/gzip: as they are, so they stream. */
#include "ap/dsig/dsig.h"
#include "ap/xml/xml.h"

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

static int xml_digest(uint8_t out[HASH_LEN], const struct blob *data, struct err *e)
{
    struct buf canon;
    int rc;

    buf_init(&canon, 4 * DSIG_XML_PART_MAX);
    rc = canonical(&canon, data, e) || buf_check(&canon, e) || hash_of(out, canon.p, canon.n, e);
    buf_free(&canon);
    return rc ? -1 : 0;
}

struct lines {
    struct hash md;
    bool after_cr;
};

/* CR, LF and CR LF all become CR LF. */
static int add_lines(void *ctx, const void *p, size_t n, struct err *e)
{
    const char *s = p, *from = p, *end = s + n;
    struct lines *l = ctx;

    (void)e;
    for (; s < end; s++) {
        bool second = *s == '\n' && l->after_cr;
        l->after_cr = *s == '\r';
        if (*s != '\r' && *s != '\n')
            continue;
        hash_add(&l->md, from, (size_t)(s - from));
        if (!second)
            hash_add(&l->md, "\r\n", 2);
        from = s + 1;
    }
    hash_add(&l->md, from, (size_t)(end - from));
    return 0;
}

static int text_digest(uint8_t out[HASH_LEN], const struct blob *data, struct err *e)
{
    struct lines l = {.after_cr = false};
    struct sink to = {add_lines, &l};

    hash_init(&l.md);
    if (blob_copy(data, &to, e)) {
        hash_drop(&l.md);
        return -1;
    }
    return hash_final(&l.md, out, e);
}

/*= SwA 1.1 5.4.2 "XML is canonicalised, text lines end in CR LF" */
int dsig_part_digest(
    uint8_t out[HASH_LEN], struct str mime_type, const struct blob *data, struct err *e)
{
    struct str type = /* without parameters */
        str_trim(str_sub(mime_type, 0, str_find(mime_type, STR(";"))));

    if (is_xml(type))
        return xml_digest(out, data, e);
    if (type.n > 5 && str_ieq(str_sub(type, 0, 5), STR("text/")))
        return text_digest(out, data, e);
    return hash_blob(out, data, e);
}
