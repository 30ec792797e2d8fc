/* signal.c - a Receipt or an Error, signed: text from the start.
 *
 * A signal has a fixed shape and no attachments, and one goes out for each message that comes in.
 * So its signed parts are written in the form they are digested in (exclusive canonical XML):
 * nothing is canonicalised, and no tree is made. The tests have xmlsec1 say the same of what comes
 * out. */
#include <stdio.h>

#include "ap/base/enc.h"
#include "ap/wss/wss_priv.h"

#define INFO_MAX 4096

static int add_reference(struct buf *info, const char *id, struct str signed_text, struct err *e)
{
    uint8_t digest[HASH_LEN];

    if (hash_of(digest, signed_text.p, signed_text.n, e))
        return -1;
    buf_printf(info,
        "<ds:Reference URI=\"#%s\"><ds:Transforms><ds:Transform Algorithm=\"" DSIG_EXC_C14N
        "\"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"" DSIG_SHA256
        "\"></ds:DigestMethod><ds:DigestValue>",
        id);
    enc_b64(info, digest, HASH_LEN);
    buf_puts(info, "</ds:DigestValue></ds:Reference>");
    return buf_check(info, e);
}

static int write_signed_info(
    struct buf *out, const struct wss_signal *s, struct str body, struct err *e)
{
    buf_puts(out, "<ds:SignedInfo xmlns:ds=\"" NS_DS
                  "\"><ds:CanonicalizationMethod Algorithm=\"" DSIG_EXC_C14N
                  "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"" DSIG_RSA_SHA256
                  "\"></ds:SignatureMethod>");
    if (add_reference(out, s->messaging_id, s->messaging, e) ||
        add_reference(out, s->body_id, body, e))
        return -1;
    buf_puts(out, "</ds:SignedInfo>");
    return buf_check(out, e);
}

static int write_value(struct buf *out, struct str signed_info, struct key *k, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct buf value;
    int rc;

    buf_init(&value, 4096);
    rc = hash_of(digest, signed_info.p, signed_info.n, e) || key_sign_sha256(k, &value, digest, e);
    if (!rc)
        enc_b64(out, value.p, value.n);
    buf_free(&value);
    return rc ? -1 : 0;
}

static int write_security(
    struct buf *out, const struct wss_signal *s, struct str body, struct key *k, struct err *e)
{
    char token[48], id[48];
    struct buf info;
    int rc;

    wss_new_id(token, "X509");
    wss_new_id(id, "SIG");
    buf_init(&info, INFO_MAX);
    buf_printf(out,
        "<wsse:Security xmlns:wsse=\"" NS_WSSE "\" S12:mustUnderstand=\"true\">"
        "<wsse:BinarySecurityToken xmlns:wsu=\"" NS_WSU "\" EncodingType=\"" WSS_BASE64
        "\" ValueType=\"" WSS_X509V3 "\" wsu:Id=\"%s\">",
        token);
    cert_b64(out, key_cert(k));
    buf_printf(
        out, "</wsse:BinarySecurityToken><ds:Signature xmlns:ds=\"" NS_DS "\" Id=\"%s\">", id);
    rc = write_signed_info(&info, s, body, e);
    if (!rc) {
        buf_str(out, buf_view(&info));
        buf_puts(out, "<ds:SignatureValue>");
        rc = write_value(out, buf_view(&info), k, e);
    }
    buf_printf(out,
        "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#%s\" "
        "ValueType=\"" WSS_X509V3 "\"/></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>"
        "</wsse:Security>",
        token);
    buf_free(&info);
    return rc;
}

int wss_write_signal(struct buf *out, const struct wss_signal *s, struct key *k, struct err *e)
{
    char body[400];
    int n = snprintf(body, sizeof(body),
        "<S12:Body xmlns:S12=\"" NS_S12 "\" xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"%s\"></S12:Body>",
        s->body_id);

    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<S12:Envelope xmlns:S12=\"" NS_S12
                  "\"><S12:Header>");
    buf_str(out, s->messaging);
    if (k && write_security(out, s, (struct str){body, (size_t)n}, k, e))
        return -1;
    buf_puts(out, "</S12:Header>");
    buf_puts(out, body);
    buf_puts(out, "</S12:Envelope>\n");
    return buf_check(out, e);
}
