/* decrypt.c - EncryptedKey and EncryptedData of a received message.
 *
 * Everything that can be said about the header is said first (wss.policy); then the key is used,
 * and whatever fails from there on is the one error wss.decrypt, reached the same way: a content
 * key that does not unwrap is replaced by a random one and the attachment is still run through
 * AES-GCM, so that neither text nor time says which of the two failed (Bleichenbacher, Manger). */
#include <openssl/crypto.h>

#include "ap/base/enc.h"
#include "ap/base/rnd.h"
#include "ap/crypto/aead.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

struct enc_key {
    xmlNode *node;
    struct cert *recipient;
    struct buf wrapped;
    uint8_t cek[AEAD_KEY];
    bool used;
};
struct enc_data {
    xmlNode *node;
    size_t key, part;
    struct str mime_type;
};
struct opening {
    const struct wss_shape *s;
    struct enc_key keys[WSS_MAX_PARTS];
    struct enc_data data[WSS_MAX_PARTS];
    size_t nkeys, ndata;
    struct arena *a;
};

static int failed(struct err *e)
{
    (void)err_set(e, ERR_PEER, "wss.decrypt", "PEPPOL-AS4 5", "the message cannot be decrypted");
    return err_ebms(e, "EBMS:0102");
}

static int unencrypted(struct err *e, const char *what)
{
    (void)err_set(e, ERR_PEER, "wss.unencrypted", "PEPPOL-AS4 5", "%s is not encrypted", what);
    return err_ebms(e, "EBMS:0102");
}

/* ---- EncryptedKey ---- */

/*= PEPPOL-AS4 5 "rsa-oaep with DigestMethod SHA-256 and MGF mgf1sha256" */
static int check_key_method(const xmlNode *how, struct err *e)
{
    const xmlNode *digest = NULL, *mgf = NULL;
    bool odd =
        !xml_is(how, NS_XENC, "EncryptionMethod") || !wss_attr_is(how, "Algorithm", ENC_RSA_OAEP);

    for (const xmlNode *n = xml_first_element(how); n && !odd; n = xml_next_element(n)) {
        if (xml_is(n, NS_DS, "DigestMethod") && !digest)
            digest = n;
        else if (xml_is(n, NS_XENC11, "MGF") && !mgf)
            mgf = n;
        else
            odd = true; /* OAEPparams too: the label is empty */
    }
    if (odd || !digest || !mgf || !wss_attr_is(digest, "Algorithm", DSIG_SHA256) ||
        !wss_attr_is(mgf, "Algorithm", ENC_MGF1_SHA256))
        return wss_policy(e, "PEPPOL-AS4 5",
            "the content key is not wrapped with RSA-OAEP, SHA-256 and MGF1-SHA-256");
    return 0;
}

static int read_key(struct opening *o, xmlNode *n, struct err *e)
{
    struct enc_key *k = &o->keys[o->nkeys];
    xmlNode *how = xml_first_element(n), *info = xml_next_element(how), *data, *value;
    struct str text;

    k->node = n;
    if (check_key_method(how, e))
        return -1;
    if (!xml_is(info, NS_DS, "KeyInfo"))
        return wss_policy(e, "PEPPOL-AS4 4.7", "EncryptedKey does not say for whom it is");
    if (wss_token(&k->recipient, o->s, info, o->a, e)) {
        if (e && e->class == ERR_INPUT)
            return wss_policy(e, "PEPPOL-AS4 4.7", "the recipient's token is no certificate");
        return -1;
    }
    o->nkeys++;
    buf_init(&k->wrapped, 2048);
    data = xml_child(n, NS_XENC, "CipherData");
    value = data ? xml_first_element(data) : NULL;
    if (!xml_is(value, NS_XENC, "CipherValue") || xml_next_element(value) ||
        xml_next(data, NS_XENC, "CipherData") || xml_text(&text, o->a, value, NULL))
        return wss_policy(e, "XMLENC11 3.5", "EncryptedKey without its CipherValue");
    if (enc_unb64(&k->wrapped, text, NULL))
        buf_clear(&k->wrapped); /* fails as a wrong key does */
    return 0;
}

static bool lists(const struct opening *o, const xmlNode *list, const char *id)
{
    const xmlNode *r = list ? xml_child(list, NS_XENC, "DataReference") : NULL;

    for (; r; r = xml_next(r, NS_XENC, "DataReference")) {
        struct str uri;
        if (!xml_attr(&uri, o->a, r, NULL, "URI", NULL) && uri.n > 1 && uri.p[0] == '#' &&
            strcmp(uri.p + 1, id) == 0)
            return true;
    }
    return false;
}

/* ---- EncryptedData ---- */

/* Which key: the one its KeyInfo names, or else the one whose ReferenceList names it; both when
 * both are there. */
static int find_key(struct opening *o, struct enc_data *d, struct err *e)
{
    xmlNode *info = xml_child(d->node, NS_DS, "KeyInfo"), *ref = wss_str_reference(info), *named;
    struct str id, uri = {0};
    size_t listed = o->nkeys;

    if (xml_attr(&id, o->a, d->node, NULL, "Id", e) ||
        (ref && xml_attr(&uri, o->a, ref, NULL, "URI", e)))
        return -1;
    for (size_t i = 0; id.p && i < o->nkeys; i++)
        if (lists(o, xml_child(o->keys[i].node, NS_XENC, "ReferenceList"), id.p)) {
            if (listed < o->nkeys)
                return wss_policy(e, "XMLENC11 3.6", "two EncryptedKeys claim one EncryptedData");
            listed = i;
        }
    named = ref ? wss_target(d->node->doc, uri) : NULL;
    if (info && !named)
        return wss_policy(e, "SWA 5.5", "EncryptedData does not lead to an EncryptedKey");
    d->key = listed;
    for (size_t i = 0; i < o->nkeys; i++)
        if (named == o->keys[i].node)
            d->key = i;
    if (d->key == o->nkeys || (named && named != o->keys[d->key].node) ||
        (listed < o->nkeys && listed != d->key))
        return wss_policy(e, "SWA 5.5", "EncryptedData does not lead to an EncryptedKey");
    o->keys[d->key].used = true;
    return 0;
}

static int find_part(
    struct opening *o, struct enc_data *d, const struct wss_part *wire, size_t n, struct err *e)
{
    xmlNode *data = xml_child(d->node, NS_XENC, "CipherData"), *ref, *transforms, *t;
    struct str uri, cid;

    ref = data ? xml_first_element(data) : NULL;
    if (!xml_is(ref, NS_XENC, "CipherReference") || xml_next_element(ref))
        return wss_policy(e, "SWA 5.5", "EncryptedData without its CipherReference");
    transforms = xml_first_element(ref);
    t = xml_is(transforms, NS_XENC, "Transforms") ? xml_first_element(transforms) : NULL;
    if (!xml_is(t, NS_DS, "Transform") || xml_next_element(t) || xml_next_element(transforms) ||
        !wss_attr_is(t, "Algorithm", SWA_CIPHERTEXT))
        return wss_policy(e, "SWA 5.5", "the ciphertext is not reached by the SwA transform");
    if (xml_attr(&uri, o->a, ref, NULL, "URI", e))
        return -1;
    if (wss_cid(&cid, o->a, uri.p ? uri : STR(""), e))
        return -1;
    d->part = wss_part_named(cid, wire, n, o->a);
    if (d->part < n)
        return 0;
    (void)err_set(e, ERR_PEER, "wss.part-missing", "SWA 5.5", "no MIME part is named %.60s", uri.p);
    return err_ebms(e, "EBMS:0007");
}

/*= SwA 1.1 5.5.2 "Attachment-Content-Only" */
static int read_data(
    struct opening *o, xmlNode *n, const struct wss_part *wire, size_t nparts, struct err *e)
{
    struct enc_data *d = &o->data[o->ndata];
    xmlNode *how = xml_child(n, NS_XENC, "EncryptionMethod");

    d->node = n;
    /*= PEPPOL-AS4 5 "data encryption aes128-gcm" */
    if (!how || !wss_attr_is(how, "Algorithm", ENC_AES128_GCM) ||
        xml_next(how, NS_XENC, "EncryptionMethod") || !wss_attr_is(n, "Type", SWA_CONTENT_ONLY))
        return wss_policy(
            e, "PEPPOL-AS4 5", "an attachment's content must be encrypted with AES-128-GCM");
    if (find_key(o, d, e) || find_part(o, d, wire, nparts, e) ||
        xml_attr(&d->mime_type, o->a, n, NULL, "MimeType", e))
        return -1;
    for (size_t i = 0; i < o->ndata; i++)
        if (o->data[i].part == d->part)
            return wss_policy(e, "SWA 5.5", "two EncryptedData for one attachment");
    o->ndata++;
    return 0;
}

static int read_header(struct opening *o, const struct wss_part *wire, size_t n, struct err *e)
{
    xmlNode *x;

    for (x = xml_child(o->s->security, NS_XENC, "EncryptedKey"); x;
         x = xml_next(x, NS_XENC, "EncryptedKey")) {
        if (o->nkeys == n)
            return wss_policy(e, "PEPPOL-AS4 5", "more EncryptedKeys than attachments");
        if (read_key(o, x, e))
            return -1;
    }
    for (x = xml_child(o->s->security, NS_XENC, "EncryptedData"); x;
         x = xml_next(x, NS_XENC, "EncryptedData")) {
        if (o->ndata == n)
            return wss_policy(e, "PEPPOL-AS4 5", "more EncryptedData than attachments");
        if (read_data(o, x, wire, n, e))
            return -1;
    }
    return o->ndata == n ? 0 : unencrypted(e, "an attachment");
}

/* ---- opening ---- */

/*= PEPPOL-PKI 5 "the key is the one that EncryptedKey names" */
static int unwrap(struct enc_key *k, struct key *const *keys, size_t nkeys, struct err *e)
{
    uint8_t out[KEY_CEK_MAX] = {0};
    size_t n = 0;

    rnd_bytes(k->cek, sizeof(k->cek));
    for (size_t i = 0; i < nkeys; i++) {
        struct err why = ERR_INIT;
        if (!cert_same(k->recipient, key_cert(keys[i])))
            continue;
        if (key_unwrap_oaep(keys[i], out, &n, k->wrapped.p, k->wrapped.n, &why) &&
            strcmp(why.code, "key.unwrap") != 0) {
            if (e)
                *e = why; /* our trouble, not theirs: they may try again */
            return -1;
        }
        if (n == AEAD_KEY)
            memcpy(k->cek, out, AEAD_KEY);
        OPENSSL_cleanse(out, sizeof(out));
        return 0;
    }
    return failed(e); /* for somebody else: their certificate is plain to see */
}

/*= PEPPOL-AS4 5 "all payload parts are encrypted" */
static int open_all(struct opening *o, struct str *clear_type, struct sink *clear,
    const struct wss_part *wire, struct key *const *keys, size_t nkeys, struct err *e)
{
    for (size_t i = 0; i < o->nkeys; i++)
        if (o->keys[i].used && unwrap(&o->keys[i], keys, nkeys, e))
            return -1;
    for (size_t i = 0; i < o->ndata; i++) {
        const struct enc_data *d = &o->data[i];
        struct err why = ERR_INIT;
        clear_type[d->part] = d->mime_type.p ? d->mime_type : STR("application/octet-stream");
        if (!aead_open(&clear[d->part], &wire[d->part].data, o->keys[d->key].cek, &why))
            continue;
        if (strcmp(why.code, "aead.open") == 0)
            return failed(e);
        if (e)
            *e = why;
        return -1;
    }
    return 0;
}

int wss_decrypt(struct str *clear_type, struct sink *clear, xmlDoc *env,
    const struct wss_part *wire, size_t n, struct key *const *keys, size_t nkeys, struct arena *a,
    struct err *e)
{
    struct wss_shape s;
    struct opening o = {.s = &s, .a = a};
    int rc;

    if (n > WSS_MAX_PARTS)
        return err_set(e, ERR_BUG, "wss.envelope", "", "%zu attachments", n);
    if (wss_shape_read(&s, env, e))
        return -1;
    if (!s.security)
        return unencrypted(e, "the message");
    rc = read_header(&o, wire, n, e);
    if (!rc)
        rc = open_all(&o, clear_type, clear, wire, keys, nkeys, e);
    for (size_t i = 0; i < o.nkeys; i++) {
        cert_unref(o.keys[i].recipient);
        buf_free(&o.keys[i].wrapped);
        OPENSSL_cleanse(o.keys[i].cek, AEAD_KEY);
    }
    return rc;
}
