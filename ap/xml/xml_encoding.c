/* xml_encoding.c - finds the encoding of an XML document by byte order mark, first bytes and
 * declaration (XML 1.0 appendix F) and re-encodes to UTF-8 with iconv, streaming.
 *
 * The encodings taken are a fixed list: iconv knows stateful and exotic ones in which '<' may hide.
 * The declaration is read here strictly, once, and cut off, so that no parser behind can come to
 * another opinion about the encoding. */
#include "ap/xml/xml.h"
#include "ap/xml/xml_encoding_priv.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#define HEAD 512 /* an XML declaration must end within */
#define PIECE 32768u

static const char *const TAKEN[] = {"ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4",
    "ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "ISO-8859-10", "ISO-8859-13", "ISO-8859-14",
    "ISO-8859-15", "ISO-8859-16", "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253",
    "WINDOWS-1254", "WINDOWS-1257", NULL};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int bad_decl(struct err *e)
{
    return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0 2.8", "malformed XML declaration");
}

struct cursor {
    const char *p, *end;
};

static bool skip_space(struct cursor *c)
{
    const char *from = c->p;

    while (c->p < c->end && is_space(*c->p))
        c->p++;
    return c->p > from;
}

/* name S? = S? quoted; false (cursor unmoved) when another name stands here. */
static bool pseudo_attr(struct cursor *c, const char *name, struct str *value)
{
    struct cursor t = *c;
    size_t n = strlen(name);
    const char *from;
    char quote;

    if ((size_t)(t.end - t.p) < n || memcmp(t.p, name, n) != 0)
        return false;
    t.p += n;
    (void)skip_space(&t);
    if (t.p == t.end || *t.p++ != '=')
        return false;
    (void)skip_space(&t);
    if (t.p == t.end || (*t.p != '"' && *t.p != '\''))
        return false;
    quote = *t.p++;
    from = t.p;
    while (t.p < t.end && *t.p != quote)
        t.p++;
    if (t.p == t.end)
        return false;
    *value = (struct str){from, (size_t)(t.p - from)};
    t.p++;
    *c = t;
    return true;
}

/* Reads <?xml ...?> at head; *len 0 when there is none. */
static int read_decl(struct str head, size_t *len, struct str *encoding, struct err *e)
{
    struct cursor c = {head.p, head.p + head.n};
    struct str v = {"", 0};
    bool space;

    *len = 0;
    *encoding = (struct str){"", 0};
    if (head.n < 6 || memcmp(head.p, "<?xml", 5) != 0 || !is_space(head.p[5]))
        return 0;
    c.p += 5;
    (void)skip_space(&c);
    if (!pseudo_attr(&c, "version", &v))
        return bad_decl(e);
    if (!str_eqz(v, "1.0"))
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0 2.8", "XML version is not 1.0");
    space = skip_space(&c);
    if (space && pseudo_attr(&c, "encoding", encoding)) {
        if (encoding->n == 0)
            return bad_decl(e);
        space = skip_space(&c);
    }
    if (space && pseudo_attr(&c, "standalone", &v)) {
        if (!str_eqz(v, "yes") && !str_eqz(v, "no"))
            return bad_decl(e);
        (void)skip_space(&c);
    }
    if (c.end - c.p < 2 || c.p[0] != '?' || c.p[1] != '>')
        return bad_decl(e);
    *len = (size_t)(c.p + 2 - head.p);
    return 0;
}

/* The encoding that the first bytes alone give away, or NULL. */
static const char *by_first_bytes(struct str h)
{
    if (h.n >= 2 && memcmp(h.p, "\xFE\xFF", 2) == 0)
        return "UTF-16BE";
    if (h.n >= 2 && memcmp(h.p, "\xFF\xFE", 2) == 0)
        return "UTF-16LE";
    if (h.n >= 4 && memcmp(h.p, "<\0?\0", 4) == 0)
        return "UTF-16LE";
    if (h.n >= 4 && memcmp(h.p, "\0<\0?", 4) == 0)
        return "UTF-16BE";
    return NULL;
}

bool xml_is_utf8_name(struct str s)
{
    return s.n == 0 || str_ieq(s, STR("UTF-8")) || str_ieq(s, STR("UTF8")) ||
           str_ieq(s, STR("US-ASCII")) || str_ieq(s, STR("ASCII"));
}

static const char *taken_name(struct str s)
{
    for (size_t i = 0; TAKEN[i]; i++)
        if (str_ieq(s, str_z(TAKEN[i])))
            return TAKEN[i];
    if (str_ieq(s, STR("LATIN1")) || str_ieq(s, STR("ISO8859-1")) || str_ieq(s, STR("ISO_8859-1")))
        return "ISO-8859-1";
    return NULL;
}

static int convert_piece(iconv_t cd, char *in, size_t *left, struct spool *tmp, struct err *e)
{
    char out[PIECE];
    char *ip = in;
    size_t il = *left, rc;

    do {
        char *op = out;
        size_t ol = sizeof(out);
        rc = iconv(cd, &ip, &il, &op, &ol);
        if (rc == (size_t)-1 && errno == EILSEQ)
            return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3",
                "bytes that the declared encoding does not have");
        if (spool_write(tmp, out, sizeof(out) - ol, e))
            return -1;
    } while (rc == (size_t)-1 && errno == E2BIG);
    memmove(in, ip, il); /* an incomplete character waits for the next piece */
    *left = il;
    return 0;
}

static int convert(iconv_t cd, struct spool *tmp, const struct blob *in, struct err *e)
{
    char piece[PIECE];
    size_t left = 0;

    for (uint64_t off = 0; off < in->len;) {
        size_t n = sizeof(piece) - left;
        n = in->len - off < n ? (size_t)(in->len - off) : n;
        if (blob_read(in, off, piece + left, n, e))
            return -1;
        off += n;
        left += n;
        if (convert_piece(cd, piece, &left, tmp, e))
            return -1;
    }
    if (left)
        return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3", "ends inside a character");
    return 0;
}

static int re_encode(
    struct blob *out, struct spool *tmp, const struct blob *in, const char *from, struct err *e)
{
    iconv_t cd = iconv_open("UTF-8", from);
    int rc;

    if (cd == (iconv_t)-1)
        return err_set(
            e, ERR_CONFIG, "xml.encoding", "", "this system cannot read encoding %s", from);
    rc = convert(cd, tmp, in, e);
    (void)iconv_close(cd);
    if (rc == 0)
        *out = spool_blob(tmp);
    return rc;
}

static int peek(char head[HEAD], struct str *s, const struct blob *b, struct err *e)
{
    size_t n = b->len < HEAD ? (size_t)b->len : HEAD;

    *s = (struct str){head, n};
    return blob_read(b, 0, head, n, e);
}

static int settle(struct blob *out, uint64_t *skip, bool *wide, struct err *e)
{
    char head[HEAD];
    struct str h, declared;
    size_t bom, len;

    if (peek(head, &h, out, e))
        return -1;
    bom = str_has_prefix(h, STR("\xEF\xBB\xBF")) ? 3 : 0;
    if (read_decl(str_sub(h, bom, h.n), &len, &declared, e))
        return -1;
    *skip = bom + len;
    if (*wide) /* the declaration names the encoding it came in, and that was UTF-16 */
        return xml_is_utf8_name(declared) || str_has_prefix(declared, STR("UTF-16")) ||
                       str_has_prefix(declared, STR("utf-16"))
                   ? 0
                   : err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3",
                         "UTF-16 bytes that say they are %.*s", STR_FMT(declared));
    *wide = !xml_is_utf8_name(declared);
    return 0;
}

/* The declaration tells an encoding that is no longer so: whoever reads these bytes again must not
 * see it. */
static int cut(struct blob *b, uint64_t *skip)
{
    *b = blob_sub(*b, *skip, b->len);
    *skip = 0;
    return 0;
}

int xml_utf8(
    struct blob *out, uint64_t *skip, struct spool *tmp, const struct blob *in, struct err *e)
{
    char head[HEAD];
    struct str h, declared;
    const char *from;
    size_t len;
    bool other;

    *out = *in;
    if (peek(head, &h, in, e))
        return -1;
    if ((from = by_first_bytes(h)) != NULL) {
        other = true;
        return re_encode(out, tmp, in, from, e) || settle(out, skip, &other, e) ? -1
                                                                                : cut(out, skip);
    }
    other = false;
    if (settle(out, skip, &other, e))
        return -1;
    if (!other)
        return 0;
    if (read_decl(h, &len, &declared, e)) /* a UTF-8 mark before it leaves nothing to read: */
        return -1;
    if (len == 0)
        return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3",
            "a UTF-8 byte order mark before another declared encoding");
    from = taken_name(declared);
    if (!from)
        return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3",
            "encoding \"%.*s\" is not taken: write the document in UTF-8", STR_FMT(declared));
    *skip = len; /* an ASCII-only prefix has the same length in UTF-8 */
    return re_encode(out, tmp, in, from, e) ? -1 : cut(out, skip);
}
