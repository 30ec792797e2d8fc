/* mime_write.c - the two pieces of text around one attachment: everything before its octets and
 * everything after them, so that 100 MB are never held to be framed.
 *
 * The boundary is 128 bits of the SHA-256 of the SOAP part. That part holds a fresh wrapped key and
 * a signature, so nobody can have put the boundary into the attachment or the SOAP text. */
#include "ap/base/enc.h"
#include "ap/base/hash.h"
#include "ap/mime/mime.h"

#include <stdio.h>

#define HEAD_MAX (4u << 20)
#define BOUNDARY_HEX 33

static bool cid_ok(struct str cid)
{
    for (size_t i = 0; i < cid.n; i++)
        if (cid.p[i] <= 0x20 || cid.p[i] >= 0x7f || cid.p[i] == '<' || cid.p[i] == '>' ||
            cid.p[i] == '"' || cid.p[i] == '\\' || cid.p[i] == '%')
            return false;
    return cid.n > 0 && cid.n <= 100;
}

static int make_boundary(char out[BOUNDARY_HEX], struct str soap, struct err *e)
{
    uint8_t digest[HASH_LEN];

    if (hash_of(digest, soap.p, soap.n, e))
        return -1;
    enc_hex(out, digest, BOUNDARY_HEX / 2);
    if (str_find(soap, str_z(out)) < soap.n) /* a fixed point of SHA-256 */
        return err_set(e, ERR_BUG, "mime.boundary", "", "the boundary stands in the SOAP part");
    return 0;
}

int mime_write(
    struct mime_out *out, struct str soap, struct str soap_cid, struct str part_cid, struct err *e)
{
    char b[BOUNDARY_HEX];

    buf_init(&out->head, HEAD_MAX);
    buf_init(&out->tail, 128);
    if (!cid_ok(soap_cid) || !cid_ok(part_cid))
        return err_set(e, ERR_BUG, "mime.cid", "RFC 2392", "a Content-ID cannot be written");
    if (make_boundary(b, soap, e))
        return -1;
    (void)snprintf(out->content_type, sizeof(out->content_type),
        "multipart/related; boundary=\"%s\"; type=\"application/soap+xml\"; start=\"<%.*s>\"", b,
        STR_FMT(soap_cid));
    buf_printf(&out->head,
        "--%s\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: <%.*s>\r\n\r\n",
        b, STR_FMT(soap_cid));
    buf_str(&out->head, soap);
    buf_printf(&out->head,
        "\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: <%.*s>\r\n\r\n",
        b, STR_FMT(part_cid));
    buf_printf(&out->tail, "\r\n--%s--\r\n", b);
    return buf_check(&out->head, e) || buf_check(&out->tail, e) ? -1 : 0;
}

void mime_out_free(struct mime_out *out)
{
    buf_free(&out->head);
    buf_free(&out->tail);
}
