#include "ap/xml/xml_stream.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <string.h>

#include "ap/xml/xml_encoding_priv.h"

#define PIECE 32768u

/* ---- the lexer: where tags begin and end; trusted only because libxml2 accepts the same bytes --
 */

enum lex_state { TEXT, LESS, BANG, TAG, QUOTE, END_TAG, PI, COMMENT, CDATA };

struct lexer {
    enum lex_state state;
    char quote, prev, prev2;
    char bang[8]; /* what followed "<!", until it is known what it is */
    size_t nbang;
    unsigned depth, attrs; /* attributes of this tag: libxml2 compares each with each */
    uint64_t token;        /* offset of the '<' */
    struct xml_stream_layout *out;
};

static int too_much(struct err *e)
{
    return err_set(e, ERR_INPUT, "xml.limit", "",
        "XML with a tag, comment or processing instruction of more than %u bytes",
        XML_STREAM_MARKUP);
}

static int too_many(struct err *e)
{
    return err_set(e, ERR_INPUT, "xml.limit", "", "XML with too many attributes in one tag");
}

static void opened(struct lexer *x)
{
    if (x->depth == 0)
        x->out->root.begin = x->token;
    if (x->depth == 1 && x->out->nchildren < XML_STREAM_CHILDREN)
        x->out->child[x->out->nchildren].begin = x->token;
    if (x->depth == 1)
        x->out->nchildren++;
    x->depth++;
}

static void closed(struct lexer *x, uint64_t after)
{
    if (x->depth == 0) /* not well-formed: libxml2 will say so */
        return;
    x->depth--;
    if (x->depth == 0)
        x->out->root.end = after;
    if (x->depth == 1 && x->out->nchildren && x->out->nchildren <= XML_STREAM_CHILDREN)
        x->out->child[x->out->nchildren - 1].end = after;
}

static void after_less(struct lexer *x, char c)
{
    x->nbang = 0;
    x->attrs = 0;
    switch (c) {
    case '!':
        x->state = BANG;
        return;
    case '?':
        x->state = PI;
        break;
    case '/':
        x->state = END_TAG;
        break;
    default:
        x->state = TAG;
    }
    x->prev = x->prev2 = '\0';
}

static int after_bang(struct lexer *x, char c, struct err *e)
{
    struct str comment = STR("--"), cdata = STR("[CDATA["), doctype = STR("DOCTYPE"), have;

    x->bang[x->nbang++] = c;
    x->prev = x->prev2 = '\0';
    have = (struct str){x->bang, x->nbang};
    if (str_eq(have, doctype))
        return err_set(e, ERR_INPUT, "xml.doctype", "XML 1.0 2.8", "a DOCTYPE is not accepted");
    if (str_eq(have, comment))
        x->state = COMMENT;
    else if (str_eq(have, cdata))
        x->state = CDATA;
    else if (!str_has_prefix(comment, have) && !str_has_prefix(cdata, have) &&
             !str_has_prefix(doctype, have))
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "unknown markup behind \"<!\"");
    return 0;
}

static void in_markup(struct lexer *x, char c, uint64_t at)
{
    switch (x->state) {
    case TAG:
        if (c == '"' || c == '\'') {
            x->quote = c;
            x->state = QUOTE;
            x->attrs++;
        } else if (c == '>') {
            opened(x);
            if (x->prev == '/')
                closed(x, at + 1);
            x->state = TEXT;
        }
        break;
    case QUOTE:
        if (c == x->quote)
            x->state = TAG;
        break;
    case END_TAG:
        if (c == '>') {
            closed(x, at + 1);
            x->state = TEXT;
        }
        break;
    case PI:
        if (c == '>' && x->prev == '?')
            x->state = TEXT;
        break;
    case COMMENT:
        if (c == '>' && x->prev == '-' && x->prev2 == '-')
            x->state = TEXT;
        break;
    case CDATA:
        if (c == '>' && x->prev == ']' && x->prev2 == ']')
            x->state = TEXT;
        break;
    case TEXT:
    case LESS:
    case BANG:
        break;
    }
    x->prev2 = x->prev;
    x->prev = c;
}

static int lex(struct lexer *x, const char *p, size_t n, uint64_t off, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (x->state == TEXT) {
            const char *less = memchr(p + i, '<', n - i);
            if (!less)
                return 0;
            i = (size_t)(less - p);
            x->token = off + i;
            x->state = LESS;
            continue;
        }
        switch (x->state) {
        case LESS:
            after_less(x, p[i]);
            break;
        case BANG:
            if (after_bang(x, p[i], e))
                return -1;
            break;
        case TEXT:
        case TAG:
        case QUOTE:
        case END_TAG:
        case PI:
        case COMMENT:
        case CDATA:
            in_markup(x, p[i], off + i);
        }
        if (x->attrs > XML_STREAM_ATTRS)
            return too_many(e);
        if (x->state != TEXT && x->state != CDATA && off + i - x->token > XML_STREAM_MARKUP)
            return too_much(e);
    }
    return 0;
}

/* ---- libxml2's push parser ---- */

struct stream {
    const struct xml_stream_handler *h;
    xmlParserCtxt *c;
    unsigned depth, scope;
    unsigned short declared[XML_STREAM_DEPTH + 1]; /* namespaces, by the open element of a depth */
    int rc;                                        /* -1: *e is set */
    struct err *e;
    struct xml_stream_attr attr[XML_STREAM_ATTRS];
    struct xml_stream_ns decl[XML_STREAM_ATTRS];
};

static void stop(struct stream *s, int rc)
{
    if (rc == 0)
        return;
    s->rc = -1;
    xmlStopParser(s->c);
}

static const char *z(const xmlChar *s)
{
    return (const char *)s;
}

static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
    int nns, const xmlChar **ns, int nattr, int ndefault, const xmlChar **attr)
{
    struct stream *s = ctx;
    struct xml_stream_tag t = {
        z(local), z(prefix), z(uri), s->depth, s->attr, (size_t)nattr, s->decl, (size_t)nns};

    (void)ndefault; /* only a DTD gives defaults */
    if (s->rc)
        return;
    if (s->depth++ >= XML_STREAM_DEPTH) {
        stop(s, err_set(s->e, ERR_INPUT, "xml.limit", "", "XML nested too deeply"));
        return;
    }
    s->declared[s->depth] = (unsigned short)nns;
    s->scope += (unsigned)nns;
    if (nattr + nns > XML_STREAM_ATTRS || s->scope > XML_STREAM_SCOPE) {
        stop(s, err_set(s->e, ERR_INPUT, "xml.limit", "", "XML with too many namespaces"));
        return;
    }
    if (!s->h->start)
        return;
    for (int i = 0; i < nns; i++)
        s->decl[i] = (struct xml_stream_ns){z(ns[2 * i]), ns[2 * i + 1] ? z(ns[2 * i + 1]) : ""};
    for (int i = 0; i < nattr; i++)
        s->attr[i] = (struct xml_stream_attr){z(attr[5 * i]), z(attr[5 * i + 1]),
            z(attr[5 * i + 2]), {z(attr[5 * i + 3]), (size_t)(attr[5 * i + 4] - attr[5 * i + 3])}};
    stop(s, s->h->start(s->h->ctx, &t, s->e));
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct stream *s = ctx;

    (void)local;
    (void)prefix;
    (void)uri;
    if (s->rc)
        return;
    s->scope -= s->declared[s->depth--];
    if (s->h->end)
        stop(s, s->h->end(s->h->ctx, s->depth, s->e));
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
    struct stream *s = ctx;

    if (!s->rc && s->h->text)
        stop(s, s->h->text(s->h->ctx, (struct str){z(p), (size_t)n}, s->e));
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *ext, const xmlChar *sys)
{
    struct stream *s = ctx;

    (void)name;
    (void)ext;
    (void)sys;
    stop(s, err_set(s->e, ERR_INPUT, "xml.doctype", "XML 1.0 2.8", "a DOCTYPE is not accepted"));
}

static int not_well_formed(struct stream *s)
{
    const xmlError *x = xmlCtxtGetLastError(s->c);
    char text[160] = "not well-formed";

    if (s->rc)
        return -1;
    if (x && x->code == XML_ERR_NO_MEMORY)
        return err_nomem(s->e);
    if (x && x->message) {
        size_t n = strcspn(x->message, "\n");
        n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
        memcpy(text, x->message, n);
        text[n] = '\0';
        return err_set(s->e, ERR_INPUT, "xml.malformed", "XML 1.0", "line %d: %s", x->line, text);
    }
    return err_set(s->e, ERR_INPUT, "xml.malformed", "XML 1.0", "%s", text);
}

static bool is_bad(const struct stream *s)
{
    return s->rc || !s->c->wellFormed || !s->c->nsWellFormed || s->c->errNo == XML_ERR_NO_MEMORY;
}

static int parse(struct stream *s, struct lexer *x, uint64_t off)
{
    const struct blob *b = &x->out->utf8;
    char piece[PIECE];

    while (off < b->len) {
        size_t n = b->len - off < PIECE ? (size_t)(b->len - off) : PIECE;
        if (blob_read(b, off, piece, n, s->e) || lex(x, piece, n, off, s->e))
            return -1;
        (void)xmlParseChunk(s->c, piece, (int)n, 0);
        if (is_bad(s))
            return not_well_formed(s);
        off += n;
    }
    (void)xmlParseChunk(s->c, "", 0, 1);
    return is_bad(s) ? not_well_formed(s) : 0;
}

/* libxml2 guesses encodings from the first four bytes: only '<' or white space may stand there,
 * so that it can find nothing but UTF-8, as we did. */
static int check_beginning(const struct blob *b, uint64_t off, struct err *e)
{
    char head[4];

    if (b->len - off < sizeof(head))
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "not XML: too short");
    if (blob_read(b, off, head, sizeof(head), e))
        return -1;
    if (!memchr("< \t\r\n", head[0], 5) || memchr(head, '\0', sizeof(head)))
        return err_set(e, ERR_INPUT, "xml.malformed", "XML 1.0", "not XML: does not begin with <");
    return 0;
}

static xmlParserCtxt *new_parser(struct stream *s)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype};
    xmlParserCtxt *c = xmlCreatePushParserCtxt(&sax, s, NULL, 0, NULL);

    /* HUGE lifts libxml2's own limits on text; ours on markup stand in the lexer */
    if (c)
        (void)xmlCtxtUseOptions(c, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_HUGE |
                                       XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    return c;
}

int xml_stream(struct xml_stream_layout *out, struct spool *tmp, const struct blob *in,
    const struct xml_stream_handler *h, struct err *e)
{
    struct stream s = {.h = h, .e = e};
    struct lexer x = {.state = TEXT, .out = out};
    uint64_t skip = 0;
    int rc;

    memset(out, 0, sizeof(*out));
    if (xml_utf8(&out->utf8, &skip, tmp, in, e) || check_beginning(&out->utf8, skip, e))
        return -1;
    if (!(s.c = new_parser(&s)))
        return err_nomem(e);
    rc = parse(&s, &x, skip);
    if (rc == 0 && out->root.end == 0)
        rc = err_set(e, ERR_BUG, "xml.range", "", "lexer and parser disagree");
    if (s.c->myDoc)
        xmlFreeDoc(s.c->myDoc);
    xmlFreeParserCtxt(s.c);
    return rc;
}
