/* mime_decode.c - undoes base64 and quoted-printable (RFC 2045 6.7, 6.8) in a stream.
 *
 * Flat memory. Stricter than the RFC's advice to be lenient: a character outside the alphabet, a
 * short last group or an escape that is none makes the part mime.encoding (EBMS:0007); only line
 * ends and blanks are skipped. */
#include <stdlib.h>

#include "ap/base/enc.h"
#include "ap/mime/mime_priv.h"

#define PIECE 16384u
#define BLANKS_MAX 998u /* of one line, RFC 5322 2.1.1 */

static int bad(struct err *e, const char *why)
{
    (void)err_set(e, ERR_INPUT, "mime.encoding", "RFC 2045 6", "MIME part: %s", why);
    return err_ebms(e, "EBMS:0007");
}

struct base64 {
    struct sink *out;
    char group[4];
    size_t have;
    bool ended; /* a padded group was seen */
};

static int b64_flush(struct base64 *b, struct buf *plain, struct err *e)
{
    struct err why = ERR_INIT;

    if (b->ended)
        return bad(e, "base64 goes on behind its end");
    b->ended = b->group[3] == '=';
    b->have = 0;
    if (enc_unb64(plain, (struct str){b->group, 4}, &why)) {
        if (why.class == ERR_INPUT)
            return bad(e, "not base64");
        if (e)
            *e = why;
        return -1;
    }
    return 0;
}

static int b64_write(void *ctx, const void *p, size_t n, struct err *e)
{
    struct base64 *b = ctx;
    const char *c = p;
    struct buf plain;
    int rc = -1;

    buf_init(&plain, n + 4);
    for (size_t i = 0; i < n; i++) {
        if (c[i] == ' ' || c[i] == '\t' || c[i] == '\r' || c[i] == '\n')
            continue;
        b->group[b->have++] = c[i];
        if (b->have == 4 && b64_flush(b, &plain, e))
            goto done;
    }
    rc = plain.n ? sink_write(b->out, plain.p, plain.n, e) : 0;
done:
    buf_free(&plain);
    return rc;
}

static int decode_base64(struct sink *out, const struct blob *in, struct err *e)
{
    struct base64 b = {.out = out};
    struct sink s = {b64_write, &b};

    if (blob_copy(in, &s, e))
        return -1;
    return b.have ? bad(e, "base64 is cut short") : 0;
}

struct qp {
    struct sink *out;
    char made[PIECE];
    size_t n;
    char blanks[BLANKS_MAX]; /* held back: dropped when the line ends */
    size_t nblanks;
    char esc[2]; /* behind '=' */
    size_t nesc;
    bool escape, cr;
};

static int qp_emit(struct qp *q, const char *p, size_t n, struct err *e)
{
    if (n > sizeof(q->made) - q->n) {
        if (sink_write(q->out, q->made, q->n, e))
            return -1;
        q->n = 0;
    }
    memcpy(q->made + q->n, p, n);
    q->n += n;
    return 0;
}

static int qp_text(struct qp *q, char c, struct err *e)
{
    if (c == ' ' || c == '\t') {
        if (q->nblanks == sizeof(q->blanks))
            return bad(e, "quoted-printable line is too long");
        q->blanks[q->nblanks++] = c;
        return 0;
    }
    if (c == '\n') {
        q->nblanks = 0;
        return qp_emit(q, q->cr ? "\r\n" : "\n", q->cr ? 2 : 1, e);
    }
    if ((unsigned char)c < 0x20 || (unsigned char)c > 0x7e)
        return bad(e, "not quoted-printable");
    if (qp_emit(q, q->blanks, q->nblanks, e))
        return -1;
    q->nblanks = 0;
    if (c != '=')
        return qp_emit(q, &c, 1, e);
    q->escape = true;
    q->nesc = 0;
    return 0;
}

/* Behind '=': two hex digits, or blanks and a line end (a soft break). */
static int qp_escape(struct qp *q, char c, struct err *e)
{
    unsigned char byte;

    if (c == '\n' && q->nesc == 0) {
        q->escape = false;
        return 0;
    }
    if ((c == ' ' || c == '\t') && q->nesc == 0)
        return 0;
    if (q->cr)
        return bad(e, "bare CR in quoted-printable");
    q->esc[q->nesc++] = c;
    if (q->nesc < 2)
        return 0;
    if (!enc_unhex(&byte, 1, (struct str){q->esc, 2}))
        return bad(e, "not a quoted-printable escape");
    q->escape = false;
    return qp_emit(q, (const char *)&byte, 1, e);
}

static int qp_write(void *ctx, const void *p, size_t n, struct err *e)
{
    struct qp *q = ctx;
    const char *c = p;

    for (size_t i = 0; i < n; i++) {
        if (c[i] == '\r' && !q->cr) {
            q->cr = true;
            continue;
        }
        if (q->cr && c[i] != '\n')
            return bad(e, "bare CR in quoted-printable");
        if (q->escape ? qp_escape(q, c[i], e) : qp_text(q, c[i], e))
            return -1;
        q->cr = false;
    }
    return 0;
}

static int decode_qp(struct sink *out, const struct blob *in, struct err *e)
{
    struct qp *q = calloc(1, sizeof(*q));
    struct sink s = {qp_write, q};
    int rc;

    if (!q)
        return err_nomem(e);
    q->out = out;
    rc = blob_copy(in, &s, e);
    if (rc == 0 && (q->cr || (q->escape && q->nesc)))
        rc = bad(e, "quoted-printable is cut short");
    if (rc == 0 && q->n)
        rc = sink_write(out, q->made, q->n, e);
    free(q);
    return rc;
}

int mime_part_decode(struct sink *out, const struct mime_part *p, struct err *e)
{
    switch (p->cte) {
    case MIME_BINARY:
        return blob_copy(&p->body, out, e);
    case MIME_BASE64:
        return decode_base64(out, &p->body, e);
    case MIME_QUOTED_PRINTABLE:
        return decode_qp(out, &p->body, e);
    }
    return err_set(e, ERR_BUG, "mime.cte", "", "no such encoding: %d", (int)p->cte);
}
