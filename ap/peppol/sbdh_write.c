/* sbdh_write.c - the envelope around a document: header as text, payload copied through. */
#include <stdio.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/peppol/sbdh_priv.h"

#define HEADER_BYTES (64u << 10)
#define PIECE 49152u /* a multiple of 3: base64 without padding inside */

static int bad(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "sbdh.value", "Envelope 2.0.2", "%s", what);
}

static bool is_reserved(struct str key)
{
    /*= Envelope 2.0.2 2.7.1 "reserved keys" */
    static const char *const keys[] = {"COUNTRY_C1", "COUNTRY_C4", "DOCUMENTID", "MLS_TO",
        "MLS_TYPE", "PROCESSID", "TECHNICAL_VALIDATION_URL", "TECHNICAL_VALIDATION_REQUIRED", NULL};

    for (size_t i = 0; keys[i]; i++)
        if (str_eqz(key, keys[i]))
            return true;
    return false;
}

static int check_more(const struct sbdh *h, struct err *e)
{
    if (h->nmore > SBDH_MAX_SCOPES)
        return bad(e, "too many additional scopes");
    for (size_t i = 0; i < h->nmore; i++) {
        const struct sbdh_scope *s = &h->more[i];
        if (s->type.n == 0 || is_reserved(s->type))
            return bad(e, "an additional scope has an empty or reserved Type");
        if (s->type.n > SBDH_TEXT || s->instance.n > SBDH_TEXT || s->identifier.n > SBDH_TEXT ||
            !sbdh_text_ok(s->type) || !sbdh_text_ok(s->instance) || !sbdh_text_ok(s->identifier))
            return bad(e, "an additional scope has a text too long or not XML");
        for (size_t k = 0; k < i; k++)
            if (str_eq(h->more[k].type, s->type))
                return bad(e, "two additional scopes have the same Type");
    }
    return 0;
}

static int check_fields(const struct sbdh *h, struct err *e)
{
    struct participant again;

    if (participant_parse(&again, str_z(h->sender.value), e))
        return err_wrap(e, "sender: ");
    if (participant_parse(&again, str_z(h->receiver.value), e))
        return err_wrap(e, "receiver: ");
    if (!h->doctype.value[0])
        return bad(e, "the document type identifier is missing");
    if (!h->process.value[0])
        return bad(e, "the process identifier is missing");
    if (h->instance_id.n == 0 || h->instance_id.n > 255 || !sbdh_text_ok(h->instance_id) ||
        str_trim(h->instance_id).n != h->instance_id.n)
        return bad(e, "InstanceIdentifier must be 1 to 255 characters without outer white space");
    /*= Envelope 2.0.2 2.4 "COUNTRY_C1 ... mandatory" */
    if (!sbdh_country_ok(str_z(h->country_c1)))
        return err_set(e, ERR_INPUT, "sbdh.country", "Envelope 2.0.2 2.4",
            "COUNTRY_C1 must be the two-letter country code of the sender");
    if (h->mls_to.value[0] && !participant_is_spis(&h->mls_to))
        return bad(e, "MLS_TO is not a service provider identifier (0242:...)");
    return check_more(h, e);
}

struct writer {
    struct buf b;
    const char *prefix; /* "" or "sh:" */
};

static void open_tag(struct writer *w, const char *name)
{
    buf_printf(&w->b, "<%s%s>", w->prefix, name);
}

static void close_tag(struct writer *w, const char *name)
{
    buf_printf(&w->b, "</%s%s>", w->prefix, name);
}

static void element(struct writer *w, const char *name, struct str text)
{
    open_tag(w, name);
    buf_xml(&w->b, text);
    close_tag(w, name);
}

static void partner(struct writer *w, const char *name, const struct participant *p)
{
    open_tag(w, name);
    buf_printf(&w->b, "<%sIdentifier Authority=\"" PARTICIPANT_SCHEME "\">", w->prefix);
    buf_xml(&w->b, str_z(p->value));
    close_tag(w, "Identifier");
    close_tag(w, name);
}

static void scope(struct writer *w, struct str type, struct str instance, const char *identifier)
{
    open_tag(w, "Scope");
    element(w, "Type", type);
    element(w, "InstanceIdentifier", instance);
    if (identifier)
        element(w, "Identifier", str_z(identifier));
    close_tag(w, "Scope");
}

static void scopes(struct writer *w, const struct sbdh *h)
{
    open_tag(w, "BusinessScope");
    scope(w, STR("DOCUMENTID"), str_z(h->doctype.value), doctype_scheme_text(h->doctype.scheme));
    scope(w, STR("PROCESSID"), str_z(h->process.value), h->process.scheme);
    scope(w, STR("COUNTRY_C1"), str_z(h->country_c1), NULL);
    if (h->mls_to.value[0])
        scope(w, STR("MLS_TO"), str_z(h->mls_to.value), PARTICIPANT_SCHEME);
    if (h->mls_type != SBDH_MLS_ABSENT)
        scope(w, STR("MLS_TYPE"),
            h->mls_type == SBDH_MLS_ALWAYS_SEND ? STR("ALWAYS_SEND") : STR("FAILURE_ONLY"), NULL);
    for (size_t i = 0; i < h->nmore; i++) {
        open_tag(w, "Scope");
        element(w, "Type", h->more[i].type);
        element(w, "InstanceIdentifier", h->more[i].instance);
        if (h->more[i].has_identifier)
            element(w, "Identifier", h->more[i].identifier);
        close_tag(w, "Scope");
    }
    close_tag(w, "BusinessScope");
}

static void identification(struct writer *w, const struct sbdh *h, struct str type)
{
    char when[CLOCK_TEXT];

    clock_utc(when, h->created ? h->created : clock_now());
    open_tag(w, "DocumentIdentification");
    element(w, "Standard", h->standard.n ? h->standard : doctype_root_ns(&h->doctype));
    element(w, "TypeVersion", h->type_version.n ? h->type_version : doctype_version(&h->doctype));
    element(w, "InstanceIdentifier", h->instance_id);
    element(w, "Type", type);
    element(w, "CreationDateAndTime", str_z(when));
    close_tag(w, "DocumentIdentification");
}

static int header(struct writer *w, const struct sbdh *h, struct str type, struct err *e)
{
    bool plain = w->prefix[0] == '\0';

    buf_puts(&w->b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_printf(&w->b, "<%sStandardBusinessDocument xmlns%s=\"" SBDH_NS "\">", w->prefix,
        plain ? "" : ":sh");
    open_tag(w, "StandardBusinessDocumentHeader");
    element(w, "HeaderVersion", STR("1.0"));
    partner(w, "Sender", &h->sender);
    partner(w, "Receiver", &h->receiver);
    identification(w, h, type);
    scopes(w, h);
    close_tag(w, "StandardBusinessDocumentHeader");
    return buf_check(&w->b, e);
}

static int flush(struct writer *w, const struct sink *out, struct err *e)
{
    int rc = buf_check(&w->b, e) ? -1 : sink_write(out, w->b.p, w->b.n, e);

    buf_clear(&w->b);
    return rc;
}

static int finish(struct writer *w, const struct sink *out, struct err *e)
{
    close_tag(w, "StandardBusinessDocument");
    buf_putc(&w->b, '\n');
    return flush(w, out, e);
}

static int check_document(const struct sbdh *h, const struct document *d, struct err *e)
{
    if (d->has_envelope)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.2",
            "the document is or holds a StandardBusinessDocument already");
    if (d->root_ns.n == 0)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.2",
            "the document's root element has no namespace");
    if (doctype_is_xml(&h->doctype) && (!str_eq(d->root_ns, doctype_root_ns(&h->doctype)) ||
                                           !str_eq(d->root_local, doctype_root_local(&h->doctype))))
        return err_set(e, ERR_INPUT, "sbdh.mismatch", "Envelope 2.0.2 2.9",
            "the document's root element is not the one of its document type identifier");
    return 0;
}

int sbdh_write(struct sink *out, const struct sbdh *h, const struct document *d, struct err *e)
{
    struct writer w = {.prefix = d->default_ns ? "" : "sh:"};
    struct str type = h->type.n ? h->type : d->root_local;
    int rc = -1;

    if (check_fields(h, e) || check_document(h, d, e))
        return -1;
    if (!sbdh_text_ok(h->standard) || !sbdh_text_ok(type) || !sbdh_text_ok(h->type_version))
        return bad(e, "Standard, Type or TypeVersion is not text");
    buf_init(&w.b, HEADER_BYTES + 2 * SBDH_MAX_SCOPES * 4 * SBDH_TEXT);
    if (header(&w, h, type, e) == 0 && flush(&w, out, e) == 0 && blob_copy(&d->root, out, e) == 0)
        rc = finish(&w, out, e);
    buf_free(&w.b);
    return rc;
}

static int write_base64(
    struct writer *w, const struct sink *out, const struct blob *b, struct err *e)
{
    char piece[PIECE];

    for (uint64_t off = 0; off < b->len;) {
        size_t n = b->len - off < PIECE ? (size_t)(b->len - off) : PIECE;
        if (blob_read(b, off, piece, n, e))
            return -1;
        enc_b64(&w->b, piece, n);
        if (flush(w, out, e))
            return -1;
        off += n;
    }
    return 0;
}

static int write_text(struct writer *w, const struct sink *out, const struct blob *b, struct err *e)
{
    struct sbdh_utf8 u = {0};
    char piece[PIECE];

    for (uint64_t off = 0; off < b->len;) {
        size_t n = b->len - off < PIECE ? (size_t)(b->len - off) : PIECE;
        if (blob_read(b, off, piece, n, e))
            return -1;
        if (!sbdh_utf8_feed(&u, piece, n))
            return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3",
                "TextContent must be UTF-8 text without control characters");
        for (size_t i = 0; i < n; i++) {
            char c = piece[i];
            if (c == '&' || c == '<' || c == '>' || c == '\r')
                buf_puts(&w->b, c == '&'   ? "&amp;"
                                : c == '<' ? "&lt;"
                                : c == '>' ? "&gt;"
                                           : "&#13;");
            else
                buf_putc(&w->b, c);
        }
        if (flush(w, out, e))
            return -1;
        off += n;
    }
    return u.need == 0 ? 0 : bad(e, "TextContent ends inside a character");
}

static bool is_xml_type(struct str mime)
{
    return str_ieq(mime, STR("application/xml")) || str_ieq(mime, STR("text/xml"));
}

int sbdh_write_content(struct sink *out, const struct sbdh *h, enum sbdh_kind kind,
    struct str mime_type, struct str encoding, const struct blob *bytes, struct err *e)
{
    const char *name = kind == SBDH_BINARY ? "BinaryContent" : "TextContent";
    struct writer w = {.prefix = ""};
    int rc = -1;

    if (check_fields(h, e))
        return -1;
    if (kind == SBDH_XML || mime_type.n == 0 || mime_type.n > 255 || !sbdh_text_ok(mime_type) ||
        !sbdh_text_ok(encoding) || encoding.n > 255)
        return bad(e, "a media type is needed for content that is not XML");
    /*= Envelope 2.0.2 2.3 "must not be used for XML payloads" */
    if (is_xml_type(mime_type))
        return bad(e, "XML is not wrapped as BinaryContent or TextContent");
    if (h->type.n == 0 || !sbdh_text_ok(h->type))
        return bad(e, "Type (the format's name) is missing");
    buf_init(&w.b, HEADER_BYTES + 6 * PIECE + 2 * SBDH_MAX_SCOPES * 4 * SBDH_TEXT);
    if (header(&w, h, h->type, e))
        goto done;
    buf_printf(&w.b, "<%s xmlns=\"" SBDH_CONTENT_NS "\" mimeType=\"", name);
    buf_xml(&w.b, mime_type);
    if (encoding.n && kind == SBDH_BINARY) {
        buf_puts(&w.b, "\" encoding=\"");
        buf_xml(&w.b, encoding);
    }
    buf_puts(&w.b, "\">");
    if (flush(&w, out, e) ||
        (kind == SBDH_BINARY ? write_base64(&w, out, bytes, e) : write_text(&w, out, bytes, e)))
        goto done;
    buf_printf(&w.b, "</%s>", name);
    rc = finish(&w, out, e);
done:
    buf_free(&w.b);
    return rc;
}
