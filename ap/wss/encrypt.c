/* encrypt.c - one content key a message, wrapped for the recipient; each attachment sealed with it.
 *
 * Layout, in front of the signer's token: BinarySecurityToken of the recipient, EncryptedKey,
 * EncryptedData for each attachment. Neither Messaging nor Body nor the signature is touched. */
#include <openssl/crypto.h>
#include <stdio.h>

#include "ap/base/enc.h"
#include "ap/base/rnd.h"
#include "ap/crypto/aead.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

struct sealing {
    struct wss_make m;
    xmlNode *box; /* the new elements, until they are moved into Security */
    char bst[48], ek[48], ed[WSS_MAX_PARTS][48];
};

static void add_key(struct sealing *s, struct str wrapped, size_t n)
{
    struct wss_make *m = &s->m;
    xmlNode *key = wss_el(m, s->box, m->xenc, "EncryptedKey"), *how, *mgf, *list;
    char uri[64];

    wss_set(m, key, NULL, "Id", s->ek);
    how = wss_alg(m, key, m->xenc, "EncryptionMethod", ENC_RSA_OAEP);
    wss_alg(m, how, m->ds, "DigestMethod", DSIG_SHA256);
    mgf = wss_alg(m, how, m->xenc, "MGF", ENC_MGF1_SHA256);
    if (mgf)
        xmlSetNs(mgf, xmlNewNs(mgf, BAD_CAST NS_XENC11, BAD_CAST "xenc11"));
    (void)wss_key_info(m, key, s->bst, WSS_X509V3);
    wss_el_text(m, wss_el(m, key, m->xenc, "CipherData"), m->xenc, "CipherValue", wrapped);
    list = wss_el(m, key, m->xenc, "ReferenceList");
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(uri, sizeof(uri), "#%s", s->ed[i]);
        wss_set(m, wss_el(m, list, m->xenc, "DataReference"), NULL, "URI", uri);
    }
}

static void add_data(struct sealing *s, const char *id, const struct wss_part *p, struct arena *a)
{
    struct wss_make *m = &s->m;
    xmlNode *data = wss_el(m, s->box, m->xenc, "EncryptedData"), *str, *ref;
    xmlNs *wsse11;

    wss_set(m, data, NULL, "Id", id);
    wss_set(m, data, NULL, "MimeType", arena_dup(a, p->mime_type));
    wss_set(m, data, NULL, "Type", SWA_CONTENT_ONLY);
    wss_alg(m, data, m->xenc, "EncryptionMethod", ENC_AES128_GCM);
    str = wss_key_info(m, data, s->ek, NULL);
    wsse11 = str ? xmlNewNs(str, BAD_CAST NS_WSSE11, BAD_CAST "wsse11") : NULL;
    wss_set(m, str, wsse11, "TokenType", WSS_EK_TOKEN);
    ref = wss_el(m, wss_el(m, data, m->xenc, "CipherData"), m->xenc, "CipherReference");
    wss_set(m, ref, NULL, "URI", wss_cid_uri(a, p->cid));
    wss_alg(m, wss_el(m, ref, m->xenc, "Transforms"), m->ds, "Transform", SWA_CIPHERTEXT);
}

/* The box stands in Security while it is filled, so that prefixes are seen; then its children take
 * its place. */
static int begin(struct sealing *s, xmlNode *security, struct err *e)
{
    s->m.doc = security->doc;
    s->m.wsse = security->ns;
    s->m.wsu = xmlSearchNsByHref(security->doc, security, BAD_CAST NS_WSU);
    s->m.ds = xmlSearchNsByHref(security->doc, security, BAD_CAST NS_DS);
    s->m.xenc = xmlSearchNsByHref(security->doc, security, BAD_CAST NS_XENC);
    if (!s->m.xenc)
        s->m.xenc = xmlNewNs(security, BAD_CAST NS_XENC, BAD_CAST "xenc");
    s->box = xmlNewDocNode(security->doc, security->ns, BAD_CAST "box", NULL);
    if (!s->m.wsu || !s->m.ds || !s->m.xenc || !s->box) {
        xmlFreeNode(s->box);
        return err_nomem(e);
    }
    if (security->children)
        (void)xmlAddPrevSibling(security->children, s->box);
    else
        (void)xmlAddChild(security, s->box);
    return 0;
}

static void end(struct sealing *s)
{
    for (xmlNode *n = s->box->children, *next; n; n = next) {
        next = n->next;
        (void)xmlAddPrevSibling(s->box, n);
    }
    xmlUnlinkNode(s->box);
    xmlFreeNode(s->box);
}

static int seal(
    const struct wss_part *p, const uint8_t cek[AEAD_KEY], struct sink out, struct err *e)
{
    struct aead_seal s;
    struct sink in;
    int rc = aead_seal_begin(&s, cek, out, e);

    in = aead_seal_sink(&s);
    rc = rc || blob_copy(&p->data, &in, e);
    return aead_seal_end(&s, rc ? NULL : e) || rc ? -1 : 0;
}

int wss_encrypt(xmlDoc *env, const struct wss_part *clear, struct sink *sealed, size_t n,
    const struct cert *recipient, struct arena *a, struct err *e)
{
    struct sealing s = {0};
    uint8_t cek[AEAD_KEY];
    struct buf wrapped, text;
    struct wss_shape shape;
    int rc = -1;

    buf_init(&wrapped, 2048);
    buf_init(&text, 4096);
    if (wss_shape_find(&shape, env, e))
        return -1;
    if (!shape.security || n == 0 || n > WSS_MAX_PARTS)
        return err_set(e, ERR_BUG, "wss.envelope", "", "not signed yet, or nothing to encrypt");
    rnd_bytes(cek, sizeof(cek));
    if (oaep_wrap(&wrapped, recipient, cek, sizeof(cek), e) || begin(&s, shape.security, e))
        goto done;
    enc_b64(&text, wrapped.p, wrapped.n);
    wss_new_id(s.bst, "X509");
    wss_new_id(s.ek, "EK");
    for (size_t i = 0; i < n; i++)
        wss_new_id(s.ed[i], "ED");
    wss_bst(&s.m, s.box, recipient, s.bst);
    add_key(&s, buf_view(&text), n);
    for (size_t i = 0; i < n; i++)
        add_data(&s, s.ed[i], &clear[i], a);
    end(&s);
    rc = s.m.bad || !buf_ok(&text) ? err_nomem(e) : 0;
    for (size_t i = 0; !rc && i < n; i++)
        rc = seal(&clear[i], cek, sealed[i], e);
done:
    OPENSSL_cleanse(cek, sizeof(cek));
    buf_free(&wrapped);
    buf_free(&text);
    return rc;
}
