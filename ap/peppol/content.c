#include "ap/peppol/content.h"

#include <string.h>

#include "ap/peppol/sbdh_priv.h"

#define HEAD 1024
#define PIECE 65536u

/* The syntaxes of the code list. `begins`: what files of it begin with. */
static const struct syntax {
    const char *id; /* prefix of the document type identifier's left part */
    const char *mime_type, *extension;
    const char *begins[3];
    bool text;
} SYNTAXES[] = {
    {"urn:peppol:doctype:pdf+xml", "application/pdf", "pdf", {"%PDF-", NULL}, false},
    {"urn:peppol:doctype:edifact:", "application/EDIFACT", "edi", {"UNA", "UNB", NULL}, true},
    {"urn:peppol:doctype:x12:", "application/EDI-X12", "x12", {"ISA", NULL}, true},
};
#define NSYNTAXES (sizeof(SYNTAXES) / sizeof(SYNTAXES[0]))

static const struct syntax *syntax_of(const struct doctype *d)
{
    for (size_t i = 0; i < NSYNTAXES; i++)
        if (!doctype_is_xml(d) && str_has_prefix(doctype_root_ns(d), str_z(SYNTAXES[i].id)))
            return &SYNTAXES[i];
    return NULL;
}

static bool begins_as(const struct syntax *s, struct str head)
{
    for (size_t i = 0; s->begins[i]; i++)
        if (str_has_prefix(head, str_z(s->begins[i])))
            return true;
    return false;
}

static struct str without_bom(struct str s)
{
    return str_has_prefix(s, STR("\xef\xbb\xbf")) ? str_sub(s, 3, s.n) : s;
}

static bool looks_xml(struct str head)
{
    bool utf16 = str_has_prefix(head, STR("\xff\xfe")) || str_has_prefix(head, STR("\xfe\xff"));

    return utf16 || str_has_prefix(str_trim(without_bom(head)), STR("<"));
}

/* The syntax alone does not tell: bilateral, or one that the list got later. */
static const struct syntax *guess(struct str head)
{
    for (size_t i = 0; i < NSYNTAXES; i++)
        if (begins_as(&SYNTAXES[i], head))
            return &SYNTAXES[i];
    return NULL;
}

/* ---- text ---- */

struct text {         /* what all of a file's bytes are */
    bool utf8, ascii; /* utf8: characters that XML may hold */
};

static int look_through(struct text *out, const struct blob *b, struct err *e)
{
    struct sbdh_utf8 u = {0};
    char piece[PIECE];

    *out = (struct text){true, true};
    for (uint64_t off = 0; off < b->len && (out->utf8 || out->ascii);) {
        size_t n = b->len - off < PIECE ? (size_t)(b->len - off) : PIECE;
        if (blob_read(b, off, piece, n, e))
            return -1;
        out->utf8 = out->utf8 && sbdh_utf8_feed(&u, piece, n);
        for (size_t i = 0; i < n && out->ascii; i++)
            out->ascii = (unsigned char)piece[i] < 0x80;
        off += n;
    }
    out->utf8 = out->utf8 && u.need == 0;
    return 0;
}

/* ISO 9735: the syntax identifier of UNB names the repertoire. */
static const char *edifact_encoding(struct str head)
{
    static const struct {
        const char *id, *encoding;
    } of[] = {{"UNOC", "ISO-8859-1"}, {"UNOD", "ISO-8859-2"}, {"UNOE", "ISO-8859-5"},
        {"UNOF", "ISO-8859-7"}, {"UNOG", "ISO-8859-3"}, {"UNOH", "ISO-8859-4"},
        {"UNOI", "ISO-8859-6"}, {"UNOJ", "ISO-8859-8"}, {"UNOK", "ISO-8859-9"}};
    size_t at = str_find(head, STR("UNB"));
    struct str id = str_sub(head, at + 4, 4);

    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        if (str_eqz(id, of[i].id))
            return of[i].encoding;
    return NULL;
}

/*= Envelope 2.0.2 2.3 "text in another encoding names it" */
static int as_text(struct content *out, struct str head, const struct blob *bytes, struct err *e)
{
    struct text t;
    const char *known;

    if (look_through(&t, bytes, e))
        return -1;
    out->kind = SBDH_BINARY;
    if (t.utf8 && (!out->encoding.n || str_ieq(out->encoding, STR("UTF-8")))) {
        out->kind = SBDH_TEXT_CONTENT;
        out->encoding = STR("");
    } else if (!out->encoding.n) {
        known = t.ascii ? "US-ASCII" : edifact_encoding(head);
        if (!known) {
            (void)err_set(e, ERR_INPUT, "content.encoding", "Envelope 2.0.2 2.3",
                "the text is not UTF-8, and nothing tells its encoding");
            return err_next(e, "say it: --encoding ISO-8859-1");
        }
        out->encoding = str_z(known);
    }
    return 0;
}

/* ---- what the envelope says ---- */

/* No specification has a table. That of France's Factur-X is what another access point sends. */
static void name_type(struct content *out, const struct doctype *d)
{
    struct str c = doctype_customization(d), left = doctype_root_ns(d);
    size_t colon = str_rfind(left, STR(":"));

    out->type_version = doctype_version(d);
    if (doctype_is_xml(d)) {
        out->type = doctype_root_local(d);
    } else if (str_find(c, STR(":Factur-X:")) < c.n) {
        out->type = STR("factur-x");
        out->type_version = STR("0");
    } else if (str_find(c, STR("factur-x")) < c.n) {
        out->type = STR("factur-x");
    } else if (str_find(c, STR("order-x")) < c.n) {
        out->type = STR("order-x");
    } else if (str_has_suffix(left, STR(":bilateral"))) {
        colon = str_rfind(c, STR(":"));
        out->type = colon < c.n ? str_sub(c, colon + 1, c.n) : c;
    } else {
        out->type = colon < left.n ? str_sub(left, colon + 1, left.n) : left;
    }
}

static int wrong_format(const struct syntax *s, const struct doctype *d, struct err *e)
{
    return err_set(e, ERR_INPUT, "content.format", "",
        "the file does not begin as %s does (%s), but its document type is %.150s", s->mime_type,
        s->begins[0], d->value);
}

static int no_media_type(struct err *e)
{
    (void)err_set(e, ERR_INPUT, "content.media-type", "Envelope 2.0.2 2.3",
        "neither the document type nor the file's beginning tells its media type");
    return err_next(e, "say it: --mime-type application/zip");
}

static int choose(struct content *out, const struct syntax *s, struct str head,
    const struct blob *bytes, struct err *e)
{
    bool text = s ? s->text : str_has_prefix(out->mime_type, STR("text/"));

    if (bytes->len == 0)
        return err_set(e, ERR_INPUT, "content.format", "", "the file is empty");
    if (!out->mime_type.n && !s)
        return no_media_type(e);
    if (!out->mime_type.n)
        out->mime_type = str_z(s->mime_type);
    if (text || out->encoding.n)
        return as_text(out, head, bytes, e);
    out->kind = SBDH_BINARY;
    return 0;
}

static int keep(struct str *s, struct arena *a)
{
    char *p = arena_dup(a, *s);

    *s = (struct str){p, s->n};
    return p ? 0 : -1;
}

int content_of(struct content *out, const struct doctype *d, const char *mime_type,
    const char *encoding, const struct blob *bytes, struct arena *a, struct err *e)
{
    const struct syntax *s = syntax_of(d);
    char bytes_head[HEAD];
    struct str head = {bytes_head, bytes->len < HEAD ? (size_t)bytes->len : HEAD};

    *out = (struct content){.kind = SBDH_XML};
    if (blob_read(bytes, 0, bytes_head, head.n, e))
        return -1;
    if (!mime_type && (doctype_is_xml(d) || (!s && looks_xml(head))))
        return 0;
    if (s && !begins_as(s, without_bom(head)))
        return wrong_format(s, d, e);
    out->mime_type = str_z(mime_type);
    out->encoding = str_z(encoding);
    name_type(out, d);
    if (keep(&out->mime_type, a) || keep(&out->encoding, a) || keep(&out->type, a) ||
        keep(&out->type_version, a))
        return err_nomem(e);
    return choose(out, s ? s : mime_type ? NULL : guess(without_bom(head)), head, bytes, e);
}

const char *content_extension(struct str mime_type)
{
    static const struct {
        const char *mime_type, *extension;
    } more[] = {{"text/plain", "txt"}, {"text/csv", "csv"}, {"application/json", "json"},
        {"application/zip", "zip"}, {"application/vnd.etsi.asic-e+zip", "asice"}};

    for (size_t i = 0; i < NSYNTAXES; i++)
        if (str_ieq(mime_type, str_z(SYNTAXES[i].mime_type)))
            return SYNTAXES[i].extension;
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        if (str_ieq(mime_type, str_z(more[i].mime_type)))
            return more[i].extension;
    return "bin";
}
