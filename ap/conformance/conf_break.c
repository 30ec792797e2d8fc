/* conf_break.c - messages wrong on purpose, or odd and yet legal: the payload before it is
 * composed, the octets afterwards. */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/gz.h"
#include "ap/conformance/conf_priv.h"

#define BOMB (32u << 20) /* of zeros: gzip makes a thousandth of it */
#define SEALED (12 + 16) /* what AES-GCM adds: IV and tag */
#define CUT 12           /* of gzip's end: checksum, length and a little more */
#define DECLARED "encoding=\"UTF-8\""

/* ---- the payload ---- */

static int to_utf16(struct buf *out, struct str in, struct err *e)
{
    iconv_t cd = iconv_open("UTF-16", "UTF-8");
    char piece[4096], *from = (char *)(uintptr_t)in.p;
    size_t left = in.n;
    bool done = cd == (iconv_t)-1;

    while (!done) {
        char *to = piece;
        size_t room = sizeof(piece);
        done = iconv(cd, &from, &left, &to, &room) != (size_t)-1 || errno != E2BIG;
        buf_add(out, piece, sizeof(piece) - room);
    }
    if (cd != (iconv_t)-1)
        (void)iconv_close(cd);
    return left ? err_set(e, ERR_BUG, "conformance.damage", "", "our own envelope is not UTF-8")
                : buf_check(out, e);
}

static int other_encoding(struct sink *to, struct str sbd, struct err *e)
{
    size_t at = str_find(sbd, STR(DECLARED));
    struct buf text, wide;
    int rc;

    if (at == sbd.n)
        return err_set(e, ERR_BUG, "conformance.damage", "", "our own envelope has no declaration");
    buf_init(&text, CONF_WIRE_MAX);
    buf_init(&wide, CONF_WIRE_MAX);
    buf_add(&text, sbd.p, at);
    buf_puts(&text, "encoding=\"UTF-16\"");
    buf_str(&text, str_sub(sbd, at + strlen(DECLARED), sbd.n));
    rc = buf_check(&text, e) || to_utf16(&wide, buf_view(&text), e) ||
                 sink_write(to, wide.p, wide.n, e)
             ? -1
             : 0;
    buf_free(&text);
    buf_free(&wide);
    return rc;
}

static int cut_gzip(struct sink *to, const struct blob *sbd, struct err *e)
{
    struct buf b;
    struct sink s = sink_buf(&b);
    int rc;

    buf_init(&b, CONF_WIRE_MAX);
    rc = gz_compress(&s, sbd, e) || sink_write(to, b.p, b.n - CUT, e) ? -1 : 0;
    buf_free(&b);
    return rc;
}

static int bomb(struct sink *to, struct err *e)
{
    static const char zeros[4096];
    int rc = 0;

    for (size_t n = 0; rc == 0 && n < BOMB; n += sizeof(zeros))
        rc = sink_write(to, zeros, sizeof(zeros), e);
    return rc;
}

int conf_break_payload(
    struct spool *out, bool *packed, const struct blob *sbd, enum conf_payload how, struct err *e)
{
    struct sink to = spool_sink(out);
    struct buf b;
    int rc;

    *packed = how == CONF_PAYLOAD_CUT;
    if (how == CONF_PAYLOAD_USUAL)
        return blob_copy(sbd, &to, e);
    if (how == CONF_PAYLOAD_CUT)
        return cut_gzip(&to, sbd, e);
    if (how == CONF_PAYLOAD_BOMB)
        return bomb(&to, e);
    buf_init(&b, CONF_WIRE_MAX);
    rc = blob_load(&b, sbd, e) || other_encoding(&to, buf_view(&b), e) ? -1 : 0;
    buf_free(&b);
    return rc;
}

/* ---- the octets ---- */

static int no_place(struct err *e)
{
    return err_set(e, ERR_BUG, "conformance.damage", "", "our own message lacks the place");
}

/* `new` instead of the octets from `at` to `end`. */
static int put(struct buf *wire, size_t at, size_t end, struct str new, struct err *e)
{
    struct buf b;

    if (at > end || end > wire->n)
        return no_place(e);
    buf_init(&b, wire->max);
    buf_add(&b, wire->p, at);
    buf_str(&b, new);
    buf_add(&b, wire->p + end, wire->n - end);
    if (buf_check(&b, e)) {
        buf_free(&b);
        return -1;
    }
    buf_free(wire);
    *wire = b;
    return 0;
}

static int cut_element(struct buf *wire, const char *name, struct err *e)
{
    char start[80], end[80];
    struct str all = buf_view(wire);
    size_t at, stop;

    (void)snprintf(start, sizeof(start), "<%s ", name);
    (void)snprintf(end, sizeof(end), "</%s>", name);
    at = str_find(all, str_z(start));
    stop = str_find(all, str_z(end));
    if (at == all.n || stop == all.n)
        return no_place(e);
    return put(wire, at, stop + strlen(end), STR(""), e);
}

/* The part ends before the closing boundary; it is as long as the payload and what sealing adds. */
static int into_clear(struct buf *wire, const struct blob *clear, struct err *e)
{
    size_t end = str_rfind(buf_view(wire), STR("\r\n--")), sealed = (size_t)clear->len + SEALED;
    struct buf b;
    int rc;

    if (end == wire->n || sealed > end)
        return no_place(e);
    buf_init(&b, CONF_WIRE_MAX);
    rc = blob_load(&b, clear, e) || put(wire, end - sealed, end, buf_view(&b), e) ||
                 cut_element(wire, "xenc:EncryptedKey", e) ||
                 cut_element(wire, "xenc:EncryptedData", e)
             ? -1
             : 0;
    buf_free(&b);
    return rc;
}

/* Changes the lowest bit of one octet. */
static int flip(struct buf *wire, size_t at, struct err *e)
{
    if (at >= wire->n)
        return no_place(e);
    wire->p[at] ^= 1;
    return 0;
}

int conf_break_wire(struct buf *wire, enum conf_damage how, const struct blob *clear, struct err *e)
{
    static const char value[] = "ConversationId>";
    struct str all = buf_view(wire);
    size_t head = str_find(all, STR("\r\n\r\n")) + 4; /* of the SOAP part */

    switch (how) {
    case CONF_WHOLE:
        return 0;
    case CONF_FLIPPED: /* the ciphertext ends before the closing boundary */
        return flip(wire, str_rfind(all, STR("\r\n--")) - SEALED, e);
    case CONF_CHANGED:
        return flip(wire, str_find(all, str_z(value)) + strlen(value), e);
    case CONF_UNSIGNED:
        return cut_element(wire, "ds:Signature", e);
    case CONF_UNENCRYPTED:
        return into_clear(wire, clear, e);
    case CONF_BOM:
        return put(wire, head, head, STR("\xef\xbb\xbf"), e);
    }
    return 0;
}
