/* sign.c - wsse:Security with the signer's token and ds:Signature, over Messaging, Body,
 * attachments. */
#include "ap/base/enc.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

static xmlNode *add_security(struct wss_make *m, const struct wss_shape *s)
{
    xmlNs *s12 = s->header->ns;
    xmlNode *n = xmlNewDocNode(m->doc, NULL, BAD_CAST "Security", NULL);

    if (!n || !xmlAddChild(s->header, n)) {
        xmlFreeNode(n);
        m->bad = true;
        return NULL;
    }
    m->wsse = xmlNewNs(n, BAD_CAST NS_WSSE, BAD_CAST "wsse");
    m->wsu = xmlNewNs(n, BAD_CAST NS_WSU, BAD_CAST "wsu");
    m->ds = xmlNewNs(n, BAD_CAST NS_DS, BAD_CAST "ds");
    m->bad = m->bad || !m->wsse || !m->wsu || !m->ds;
    xmlSetNs(n, m->wsse);
    wss_set(m, n, s12, "mustUnderstand", "true");
    return n;
}

/* One Reference, digest and all; the node is kept in proof, for the receipt to be compared with. */
static void add_reference(struct wss_make *m, xmlNode *signed_info, const char *transform,
    struct wss_ref *ref, struct wss_proof *proof)
{
    xmlNode *n = wss_el(m, signed_info, m->ds, "Reference");
    struct buf text;

    wss_set(m, n, NULL, "URI", ref->uri.p);
    wss_alg(m, wss_el(m, n, m->ds, "Transforms"), m->ds, "Transform", transform);
    wss_alg(m, n, m->ds, "DigestMethod", DSIG_SHA256);
    buf_init(&text, 64);
    enc_b64(&text, ref->digest, HASH_LEN);
    wss_el_text(m, n, m->ds, "DigestValue", buf_view(&text));
    buf_free(&text);
    ref->node = n;
    proof->refs[proof->nrefs++] = *ref;
}

static int add_element(struct wss_make *m, xmlNode *signed_info, xmlNode *target,
    struct wss_proof *proof, struct arena *a, struct err *e)
{
    xmlChar *id = xmlGetNsProp(target, BAD_CAST "Id", BAD_CAST NS_WSU);
    struct wss_ref ref = {.uri = str_z(id ? arena_printf(a, "#%s", (char *)id) : NULL)};

    xmlFree(id);
    if (!ref.uri.p)
        return err_nomem(e);
    if (wss_digest_element(ref.digest, target, NULL, e))
        return -1;
    add_reference(m, signed_info, DSIG_EXC_C14N, &ref, proof);
    return 0;
}

static int add_part(struct wss_make *m, xmlNode *signed_info, const struct wss_part *part,
    struct wss_proof *proof, struct arena *a, struct err *e)
{
    struct wss_ref ref = {.uri = str_z(wss_cid_uri(a, part->cid))};

    if (!ref.uri.p)
        return err_nomem(e);
    if (dsig_part_digest(ref.digest, part->mime_type, &part->data, e))
        return -1;
    add_reference(m, signed_info, DSIG_SWA_CONTENT, &ref, proof);
    return 0;
}

/* Every digest stands in it before SignedInfo itself is digested. */
static int add_signed_info(struct wss_make *m, xmlNode *sig, const struct wss_part *parts, size_t n,
    struct wss_proof *proof, struct arena *a, struct err *e)
{
    xmlNode *info = wss_el(m, sig, m->ds, "SignedInfo");

    wss_alg(m, info, m->ds, "CanonicalizationMethod", DSIG_EXC_C14N);
    wss_alg(m, info, m->ds, "SignatureMethod", DSIG_RSA_SHA256);
    if (add_element(m, info, proof->messaging, proof, a, e) ||
        add_element(m, info, proof->body, proof, a, e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add_part(m, info, &parts[i], proof, a, e))
            return -1;
    if (m->bad)
        return err_nomem(e);
    return wss_digest_element(proof->signed_info, info, NULL, e);
}

static int add_value(struct wss_make *m, xmlNode *sig, const uint8_t signed_info[HASH_LEN],
    struct key *k, struct err *e)
{
    struct buf value, text;
    int rc;

    buf_init(&value, 4096);
    buf_init(&text, 8192);
    rc = key_sign_sha256(k, &value, signed_info, e);
    if (!rc) {
        enc_b64(&text, value.p, value.n);
        wss_el_text(m, sig, m->ds, "SignatureValue", buf_view(&text));
    }
    buf_free(&value);
    buf_free(&text);
    return rc;
}

int wss_sign(struct wss_proof *out, xmlDoc *env, const struct wss_part *parts, size_t n,
    struct key *k, struct arena *a, struct err *e)
{
    char token[48], id[48];
    struct wss_make m = {.doc = env};
    xmlNode *security, *sig;
    struct wss_shape s;

    *out = (struct wss_proof){0};
    if (wss_shape_read(&s, env, e))
        return -1;
    if (s.security || n > WSS_MAX_PARTS)
        return err_set(e, ERR_BUG, "wss.envelope", "", "signed already, or too many attachments");
    wss_new_id(token, "X509");
    wss_new_id(id, "SIG");
    security = add_security(&m, &s);
    wss_bst(&m, security, key_cert(k), token);
    sig = wss_el(&m, security, m.ds, "Signature");
    wss_set(&m, sig, NULL, "Id", id);
    out->messaging = s.messaging;
    out->body = s.body;
    if (m.bad)
        return err_nomem(e);
    if (add_signed_info(&m, sig, parts, n, out, a, e) || add_value(&m, sig, out->signed_info, k, e))
        return -1;
    (void)wss_key_info(&m, sig, token, WSS_X509V3);
    if (m.bad)
        return err_nomem(e);
    out->signer = cert_ref(key_cert(k));
    return 0;
}
