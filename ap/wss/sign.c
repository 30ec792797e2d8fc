/* sign.c - wsse:Security with the signer's token and ds:Signature, over Messaging, Body,
 * attachments. */
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

static void add_reference(
    struct wss_make *m, xmlNode *signed_info, const char *uri, const char *transform)
{
    xmlNode *ref = wss_el(m, signed_info, m->ds, "Reference");

    wss_set(m, ref, NULL, "URI", uri);
    wss_alg(m, wss_el(m, ref, m->ds, "Transforms"), m->ds, "Transform", transform);
    wss_alg(m, ref, m->ds, "DigestMethod", DSIG_SHA256);
    wss_el(m, ref, m->ds, "DigestValue");
}

static void add_id_reference(
    struct wss_make *m, xmlNode *signed_info, const xmlNode *n, struct arena *a)
{
    xmlChar *id = xmlGetNsProp(n, BAD_CAST "Id", BAD_CAST NS_WSU);
    char *uri = id ? arena_printf(a, "#%s", (char *)id) : NULL;

    if (!uri)
        m->bad = true;
    else
        add_reference(m, signed_info, uri, DSIG_EXC_C14N);
    xmlFree(id);
}

static xmlNode *add_signature(struct wss_make *m, xmlNode *security, const struct wss_shape *s,
    char *const *uris, size_t n, struct arena *a)
{
    xmlNode *sig = wss_el(m, security, m->ds, "Signature");
    xmlNode *info = wss_el(m, sig, m->ds, "SignedInfo");
    char id[48];

    wss_new_id(id, "SIG");
    wss_set(m, sig, NULL, "Id", id);
    wss_alg(m, info, m->ds, "CanonicalizationMethod", DSIG_EXC_C14N);
    wss_alg(m, info, m->ds, "SignatureMethod", DSIG_RSA_SHA256);
    add_id_reference(m, info, s->messaging, a);
    add_id_reference(m, info, s->body, a);
    for (size_t i = 0; i < n; i++)
        add_reference(m, info, uris[i], DSIG_SWA_CONTENT);
    wss_el(m, sig, m->ds, "SignatureValue");
    return sig;
}

static int fill_proof(
    struct wss_proof *out, const struct wss_shape *s, xmlNode *sig, struct arena *a, struct err *e)
{
    struct wss_signature made = {.node = sig};

    if (wss_references_read(&made, xml_first_element(sig), a, e))
        return -1;
    out->messaging = s->messaging;
    out->body = s->body;
    out->nrefs = made.n;
    for (size_t i = 0; i < made.n; i++) {
        out->refs[i].uri = made.refs[i].uri;
        out->refs[i].node = made.refs[i].node;
        memcpy(out->refs[i].digest, made.refs[i].digest, HASH_LEN);
    }
    return 0;
}

int wss_sign(struct wss_proof *proof_out, xmlDoc *env, const struct wss_part *parts, size_t n,
    struct key *k, struct arena *a, struct err *e)
{
    struct dsig_part octets[WSS_MAX_PARTS] = {0};
    char *uris[WSS_MAX_PARTS] = {0}, bst[48];
    struct wss_make m = {.doc = env};
    xmlNode *security, *sig;
    struct wss_shape s;

    *proof_out = (struct wss_proof){0};
    if (wss_shape_read(&s, env, e))
        return -1;
    if (s.security || n > WSS_MAX_PARTS)
        return err_set(e, ERR_BUG, "wss.envelope", "", "signed already, or too many attachments");
    for (size_t i = 0; i < n; i++) {
        char *plain = arena_printf(a, "cid:%.*s", STR_FMT(parts[i].cid));
        uris[i] = wss_cid_uri(a, parts[i].cid);
        if (!plain || !uris[i])
            return err_nomem(e);
        octets[i] = (struct dsig_part){plain, parts[i].mime_type, parts[i].data};
    }
    wss_new_id(bst, "X509");
    security = add_security(&m, &s);
    wss_bst(&m, security, key_cert(k), bst);
    sig = add_signature(&m, security, &s, uris, n, a);
    if (m.bad)
        return err_nomem(e);
    if (dsig_sign(proof_out->signed_info, sig, k, octets, n, e))
        return -1;
    /* KeyInfo is not signed; xmlsec would look into it */
    (void)wss_key_info(&m, sig, bst, WSS_X509V3);
    if (m.bad)
        return err_nomem(e);
    if (fill_proof(proof_out, &s, sig, a, e))
        return -1;
    proof_out->signer = cert_ref(key_cert(k));
    return 0;
}
