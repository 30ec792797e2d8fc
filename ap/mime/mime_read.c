/* mime_read.c - finds the parts of a multipart/related body in a blob, in pieces of 64 KiB.
 *
 * The rule is that no other reader may see other parts than we do. So each place where readers
 * differ is refused instead of decided: docs/mime.md is the table of what is taken and what is not.
 * Line style: a message whose first delimiter line ends in CRLF is a CRLF message, and a delimiter
 * line in it must follow CRLF; in an LF message it must follow LF, and a CR before that LF is
 * content. */
#include <stdlib.h>

#include "ap/mime/mime_priv.h"

#define WINDOW 65536u
#define DELIM_MAX 72u     /* "--" and a boundary */
#define MID_LINE_MAX 1000 /* times the delimiter's text may stand inside a line */
#define PADDING_MAX 64u   /* white space behind a boundary: RFC 2046 "transport-padding" */

struct scan {
    const struct blob *body;
    struct str delim; /* "--boundary" */
    char *window;
    unsigned mid_line;
    bool lf_style; /* told by the first delimiter line */
    struct err *e;
};

struct delimiter {
    uint64_t line;  /* its first octet */
    uint64_t after; /* the octet behind its line end */
    bool closes;
};

static int malformed(struct err *e, const char *why)
{
    return err_set(e, ERR_INPUT, "mime.malformed", "RFC 2046 5.1", "multipart: %s", why);
}

/* First octet of the next occurrence of the delimiter text at or after `from`; body->len: none. */
static int find(struct scan *s, uint64_t from, uint64_t *at)
{
    while (from + s->delim.n <= s->body->len) {
        uint64_t left = s->body->len - from;
        size_t n = left < WINDOW ? (size_t)left : WINDOW;
        struct str seen = {s->window, n};
        size_t hit;

        if (blob_read(s->body, from, s->window, n, s->e))
            return -1;
        if ((hit = str_find(seen, s->delim)) < n) {
            *at = from + hit;
            return 0;
        }
        from += n - s->delim.n + 1; /* what straddles the border is seen by the next piece */
    }
    *at = s->body->len;
    return 0;
}

enum before { AT_START, AFTER_CRLF, AFTER_LF, AFTER_CR, MID_LINE };

static int what_precedes(struct scan *s, uint64_t at, enum before *out)
{
    char two[2] = {0};
    size_t n = at < 2 ? (size_t)at : 2;

    if (n && blob_read(s->body, at - n, two + 2 - n, n, s->e))
        return -1;
    if (n == 0)
        *out = AT_START;
    else if (two[1] == '\n')
        *out = two[0] == '\r' ? AFTER_CRLF : AFTER_LF;
    else
        *out = two[1] == '\r' ? AFTER_CR : MID_LINE;
    return 0;
}

/* Behind the delimiter text: "--"? padding, then a line end, or the end of the body for "--". */
static int read_tail(struct scan *s, uint64_t at, bool first, struct delimiter *d)
{
    char tail[PADDING_MAX];
    uint64_t from = at + s->delim.n, left = s->body->len - from;
    size_t n = left < sizeof(tail) ? (size_t)left : sizeof(tail), i = 0;
    bool crlf;

    if (blob_read(s->body, from, tail, n, s->e))
        return -1;
    d->line = at;
    d->closes = n >= 2 && tail[0] == '-' && tail[1] == '-';
    for (i = d->closes ? 2 : 0; i < n && (tail[i] == ' ' || tail[i] == '\t'); i++)
        ;
    d->after = from + i;
    if (i == n && d->closes && d->after == s->body->len)
        return 0;
    crlf = i + 1 < n && tail[i] == '\r' && tail[i + 1] == '\n';
    if (i >= n || (!crlf && tail[i] != '\n'))
        return malformed(s->e, "the boundary stands at a line's start inside a part");
    if (first)
        s->lf_style = !crlf;
    if (crlf == s->lf_style)
        return malformed(s->e, "line ends of the delimiters differ");
    d->after += crlf ? 2 : 1;
    return 0;
}

static bool follows_line_end(const struct scan *s, enum before b, bool first)
{
    if (first)
        return b != AFTER_CR;
    return b == AFTER_CRLF || (s->lf_style && b == AFTER_LF);
}

/* The next delimiter line at or after `from`; body->len in d->line: there is none. */
static int next_delimiter(struct scan *s, uint64_t from, bool first, struct delimiter *d)
{
    for (;;) {
        enum before b;
        uint64_t at;

        if (find(s, from, &at))
            return -1;
        d->line = at;
        if (at == s->body->len)
            return 0;
        if (what_precedes(s, at, &b))
            return -1;
        if (b != MID_LINE) {
            if (read_tail(s, at, first, d))
                return -1;
            return follows_line_end(s, b, first)
                       ? 0
                       : malformed(s->e, "a delimiter line does not follow a line end");
        }
        if (++s->mid_line > MID_LINE_MAX) /* each costs a new look at the window */
            return malformed(s->e, "the boundary stands inside the parts too often");
        from = at + 1;
    }
}

/* Length of the header block at `from` with its empty line; *fields is the length without it. */
static bool block_end(struct str in, size_t *fields, size_t *block)
{
    size_t line = 0;

    while (line < in.n) {
        size_t lf = line + str_find(str_sub(in, line, in.n), STR("\n"));
        if (lf == in.n)
            return false;
        if (lf == line || (lf == line + 1 && in.p[line] == '\r')) {
            *fields = line;
            *block = lf + 1;
            return true;
        }
        line = lf + 1;
    }
    return false;
}

/* The part between the end of one delimiter line and the start of the next. */
static int read_part(struct scan *s, struct mime_part *out, struct arena *a, uint64_t from,
    uint64_t next, struct err *e)
{
    uint64_t room = next - from, end = next - (s->lf_style ? 1 : 2);
    struct buf head;
    size_t fields, block;
    int rc = -1;

    buf_init(&head, MIME_MAX_HEADER + 1);
    *out = (struct mime_part){0};
    if (room > MIME_MAX_HEADER)
        room = MIME_MAX_HEADER;
    if (!buf_grow(&head, (size_t)room) && room) {
        (void)err_nomem(e);
        goto done;
    }
    if (room && blob_read(s->body, from, head.p, (size_t)room, e))
        goto done;
    if (!block_end(buf_view(&head), &fields, &block)) {
        (void)malformed(e, "a part's header does not end");
        goto done;
    }
    if (mime_fields_parse(out, a, str_sub(buf_view(&head), 0, fields), e))
        goto done;
    /* an empty part: the empty line is also the line end of the delimiter */
    out->body = blob_sub(*s->body, from + block, end > from + block ? end - from - block : 0);
    rc = 0;
done:
    buf_free(&head);
    return rc;
}

static bool same_id(struct str x, struct str y)
{
    return x.n > 0 && str_ieq(x, y);
}

/* Add a part to the message: its id must tell it from the others, in any case of letters. */
static int add_part(struct mime_msg *m, const struct mime_part *p, struct err *e)
{
    for (size_t i = 0; i < m->n; i++)
        if (same_id(m->parts[i].content_id, p->content_id))
            return malformed(e, "two parts have the same Content-ID");
    m->parts[m->n++] = *p;
    return 0;
}

static int read_parts(struct scan *s, struct mime_msg *m, struct arena *a, struct err *e)
{
    struct delimiter d, next;
    struct mime_part part;

    if (next_delimiter(s, 0, true, &d))
        return -1;
    if (d.line == s->body->len)
        return malformed(e, "the boundary is not found");
    while (!d.closes) {
        if (m->n == MIME_MAX_PARTS)
            return malformed(e, "more than 16 parts");
        if (next_delimiter(s, d.after, false, &next))
            return -1;
        if (next.line == s->body->len)
            return malformed(e, "no closing boundary");
        if (read_part(s, &part, a, d.after, next.line, e) || add_part(m, &part, e))
            return -1;
        d = next;
    }
    return 0;
}

/* RFC 2387 3.2: `start` names the root; without it the first part is the root. */
/*= RFC 2387 3.2 "without start the first part is the root" */
static bool find_root(struct mime_msg *m, struct str start)
{
    for (size_t i = 0; i < m->n; i++)
        if (!start.p || str_eq(m->parts[i].content_id, start)) {
            m->root = i;
            return true;
        }
    return false;
}

static int check_ids(const struct mime_msg *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++)
        if (i != m->root && !m->parts[i].content_id.n)
            return malformed(e, "a part beside the root has no Content-ID");
    return 0;
}

/* CXF puts the root's parameters in too: type="application/soap+xml; action=..." */
static bool is_soap_type(struct str type)
{
    return str_ieq(
        str_trim(str_sub(type, 0, str_find(type, STR(";")))), STR("application/soap+xml"));
}

static int read_type(struct mime_type *t, struct arena *a, struct str content_type, struct err *e)
{
    if (mime_type_parse(t, a, content_type, e))
        return -1;
    if (!str_eqz(t->type, "multipart/related"))
        return err_set(e, ERR_INPUT, "mime.content-type", "RFC 2387",
            "Content-Type %.60s is not multipart/related", t->type.p);
    if (!t->boundary.p)
        return err_set(e, ERR_INPUT, "mime.content-type", "RFC 2046 5.1", "boundary is missing");
    if (t->root_type.p && !is_soap_type(t->root_type))
        return err_set(e, ERR_INPUT, "mime.content-type", "RFC 2387 3.1",
            "the root part is not application/soap+xml");
    return t->start.p ? mime_cid_parse(&t->start, a, t->start, e) : 0;
}

int mime_read(struct mime_msg *out, struct arena *a, const struct blob *body,
    struct str content_type, struct err *e)
{
    char delim[DELIM_MAX + 1];
    struct scan s = {.body = body, .e = e};
    struct mime_type t;
    int rc;

    *out = (struct mime_msg){0};
    if (read_type(&t, a, content_type, e))
        return -1;
    memcpy(delim, "--", 2);
    memcpy(delim + 2, t.boundary.p, t.boundary.n); /* at most 70, checked by mime_type_parse */
    s.delim = (struct str){delim, t.boundary.n + 2};
    if (!(s.window = malloc(WINDOW)))
        return err_nomem(e);
    rc = read_parts(&s, out, a, e);
    free(s.window);
    if (!find_root(out, t.start)) {
        bool parts = out->n > 0;
        out->n = 0;
        return rc ? -1 : malformed(e, parts ? "start names no part" : "there is no part");
    }
    if (rc == 0)
        rc = check_ids(out, e);
    return rc ? err_ebms(e, "EBMS:0007") : 0;
}
