/* signature.c - ds:Signature read strictly, and checked: only what is named here may stand in it.
 *
 * The value is checked before any reference, so that nothing of a stranger's message is digested,
 * and the private key not used, before the signer is known. The tests hold every verdict against
 * xmlsec1's. */
#include <openssl/crypto.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

#define C14N_MAX (2u << 20)

/* InclusiveNamespaces/@PrefixList, when there: libxml2's form, NULL-terminated. */
/*= PEPPOL-AS4 5 "exclusive canonicalisation with its prefixes" */
static int read_prefixes(char ***out, const xmlNode *transform, struct arena *a, struct err *e)
{
    xmlNode *inc = xml_first_element(transform);
    struct str list;
    size_t n = 0;
    char *p;

    *out = NULL;
    if (!inc)
        return 0;
    if (!xml_is(inc, DSIG_EXC_C14N, "InclusiveNamespaces") || xml_first_element(inc) ||
        xml_next_element(inc))
        return wss_policy(e, "XML-EXC-C14N 4", "unknown parameter of canonicalisation");
    if (xml_attr(&list, a, inc, NULL, "PrefixList", e))
        return -1;
    *out = arena_alloc(a, (WSS_MAX_PREFIXES + 1) * sizeof(**out));
    p = list.p ? arena_dup(a, list) : arena_dup(a, STR(""));
    if (!*out || !p)
        return err_nomem(e);
    for (char *save = NULL, *w = strtok_r(p, " \t\r\n", &save); w;
         w = strtok_r(NULL, " \t\r\n", &save)) {
        if (n == WSS_MAX_PREFIXES)
            return wss_policy(e, "XML-EXC-C14N 4", "more than %d prefixes", WSS_MAX_PREFIXES);
        (*out)[n++] = w;
    }
    return 0;
}

static bool has_algorithm(const xmlNode *n, const char *ns, const char *local, const char *uri)
{
    return xml_is(n, ns, local) && wss_attr_is(n, "Algorithm", uri);
}

static int read_digest(uint8_t out[HASH_LEN], const xmlNode *n, struct arena *a, struct err *e)
{
    struct buf b;
    struct str text;
    bool ok;

    if (xml_text(&text, a, n, NULL))
        return wss_policy(e, "XMLDSIG 4.4.3.6", "DigestValue is not text");
    buf_init(&b, 256);
    ok = text.n < 256 && !enc_unb64(&b, text, NULL) && b.n == HASH_LEN;
    if (ok)
        memcpy(out, b.p, HASH_LEN);
    buf_free(&b);
    return ok ? 0 : wss_policy(e, "XMLDSIG 4.4.3.6", "DigestValue is not a SHA-256");
}

/*= RELIABILITY X7 "transforms: allow-list" */
static int read_transform(
    struct wss_sigref *r, const xmlNode *transforms, bool is_cid, struct arena *a, struct err *e)
{
    xmlNode *t = xml_first_element(transforms);

    if (!xml_is(transforms, NS_DS, "Transforms") || !t || xml_next_element(t))
        return wss_policy(e, "PEPPOL-AS4 5", "a Reference must have one Transform");
    if (is_cid)
        return has_algorithm(t, NS_DS, "Transform", DSIG_SWA_CONTENT) && !xml_first_element(t)
                   ? 0
                   : wss_policy(e, "PEPPOL-AS4 5",
                         "an attachment must be signed with the content transform");
    if (!has_algorithm(t, NS_DS, "Transform", DSIG_EXC_C14N))
        return wss_policy(e, "PEPPOL-AS4 5", "a Reference must be in exclusive canonical form");
    return read_prefixes(&r->prefixes, t, a, e);
}

static int read_reference(struct wss_sigref *r, xmlNode *n, struct arena *a, struct err *e)
{
    xmlNode *transforms = xml_first_element(n), *method = xml_next_element(transforms),
            *value = xml_next_element(method);
    struct str cid;
    bool is_cid;

    r->node = n;
    if (xml_attr(&r->uri, a, n, NULL, "URI", e))
        return -1;
    is_cid = str_has_prefix(r->uri, STR("cid:"));
    if (is_cid && wss_cid(&cid, a, r->uri, e))
        return -1;
    if (!is_cid && !(r->target = wss_target(n->doc, r->uri)))
        return wss_policy(e, "PEPPOL-AS4 5", "Reference \"%.60s\" leads to nothing here",
            r->uri.p ? r->uri.p : "");
    if (read_transform(r, transforms, is_cid, a, e))
        return -1;
    /*= PEPPOL-AS4 5 "digest xmlenc#sha256" */
    if (!has_algorithm(method, NS_DS, "DigestMethod", DSIG_SHA256) || xml_first_element(method))
        return wss_policy(e, "PEPPOL-AS4 5", "the digest is not SHA-256");
    if (!xml_is(value, NS_DS, "DigestValue") || xml_next_element(value))
        return wss_policy(e, "XMLDSIG 4.4.3", "Reference without its one DigestValue");
    return read_digest(r->digest, value, a, e);
}

static bool repeated(const struct wss_signature *s)
{
    const struct wss_sigref *last = &s->refs[s->n - 1];

    for (size_t i = 0; i + 1 < s->n; i++)
        if (str_eq(s->refs[i].uri, last->uri) ||
            (last->target && s->refs[i].target == last->target))
            return true;
    return false;
}

static int read_references(
    struct wss_signature *out, xmlNode *signed_info, struct arena *a, struct err *e)
{
    xmlNode *c14n = xml_first_element(signed_info), *method = xml_next_element(c14n);

    if (!has_algorithm(c14n, NS_DS, "CanonicalizationMethod", DSIG_EXC_C14N))
        return wss_policy(e, "PEPPOL-AS4 5", "SignedInfo must be in exclusive canonical form");
    if (read_prefixes(&out->prefixes, c14n, a, e))
        return -1;
    /*= PEPPOL-AS4 5 "signature xmldsig-more#rsa-sha256" */
    if (!has_algorithm(method, NS_DS, "SignatureMethod", DSIG_RSA_SHA256) ||
        xml_first_element(method))
        return wss_policy(e, "PEPPOL-AS4 5", "the signature is not RSA-SHA256");
    for (xmlNode *n = xml_next_element(method); n; n = xml_next_element(n)) {
        if (!xml_is(n, NS_DS, "Reference"))
            return wss_policy(e, "XMLDSIG 4.4", "SignedInfo holds something unknown");
        if (out->n == WSS_MAX_REFS)
            return wss_policy(e, "PEPPOL-AS4 5", "more than %d References", WSS_MAX_REFS);
        if (read_reference(&out->refs[out->n], n, a, e))
            return -1;
        out->n++;
        if (repeated(out))
            return wss_policy(
                e, "PEPPOL-AS4 5", "\"%.60s\" is signed twice", out->refs[out->n - 1].uri.p);
    }
    return 0;
}

/* XSW: an id may lead only to what has a meaning at that very place. */
/*= WSS 1.1.1 4.3 "ids mean one element" */
static int check_targets(const struct wss_signature *sig, const struct wss_shape *s, struct err *e)
{
    bool messaging = false, body = false;

    for (size_t i = 0; i < sig->n; i++) {
        const xmlNode *t = sig->refs[i].target;
        if (!t)
            continue;
        if (t == s->messaging)
            messaging = true;
        else if (t == s->body)
            body = true;
        else if (t->parent != s->security ||
                 (!xml_is(t, NS_WSSE, "BinarySecurityToken") && !xml_is(t, NS_WSU, "Timestamp")))
            return wss_policy(e, "PEPPOL-AS4 5",
                "\"%.60s\" is not the Messaging header, the Body, a token or the Timestamp",
                sig->refs[i].uri.p);
    }
    /*= PEPPOL-AS4 5 "Signed references: Messaging, Body, every attachment" */
    if (!messaging || !body)
        return wss_policy(e, "PEPPOL-AS4 5", "the signature does not cover eb:Messaging and Body");
    return 0;
}

int wss_signature_read(
    struct wss_signature *out, const struct wss_shape *s, struct arena *a, struct err *e)
{
    xmlNode *value;

    *out = (struct wss_signature){.node = xml_child(s->security, NS_DS, "Signature")};
    if (!out->node) {
        (void)err_set(e, ERR_PEER, "wss.unsigned", "PEPPOL-AS4 5", "the message is not signed");
        return err_ebms(e, "EBMS:0101");
    }
    if (xml_next(out->node, NS_DS, "Signature"))
        return wss_policy(e, "PEPPOL-AS4 5", "there are two signatures");
    out->signed_info = xml_first_element(out->node);
    value = xml_next_element(out->signed_info);
    out->key_info = xml_next_element(value);
    /* no Object: nothing signed lies in the signature */
    if (!xml_is(out->signed_info, NS_DS, "SignedInfo") || !xml_is(value, NS_DS, "SignatureValue") ||
        !xml_is(out->key_info, NS_DS, "KeyInfo") || xml_next_element(out->key_info))
        return wss_policy(
            e, "PEPPOL-AS4 5", "Signature must hold SignedInfo, SignatureValue and KeyInfo");
    if (xml_text(&out->value, a, value, NULL) || out->value.n > 4096)
        return wss_policy(e, "XMLDSIG 4.3", "SignatureValue is not base64");
    if (read_references(out, out->signed_info, a, e))
        return -1;
    return check_targets(out, s, e);
}

static int digest_of(
    uint8_t out[HASH_LEN], struct buf *scratch, xmlNode *n, char *const *prefixes, struct err *e)
{
    buf_clear(scratch);
    if (xml_c14n(scratch, n, XML_C14N_EXC, prefixes, e))
        return e && e->class == ERR_INPUT ? err_ebms(e, "EBMS:0101") : -1;
    return hash_of(out, scratch->p, scratch->n, e);
}

int wss_digest_element(uint8_t out[HASH_LEN], xmlNode *n, char *const *prefixes, struct err *e)
{
    struct buf scratch;
    int rc;

    buf_init(&scratch, C14N_MAX);
    rc = digest_of(out, &scratch, n, prefixes, e);
    buf_free(&scratch);
    return rc;
}

static int check_value(const struct wss_signature *s, const struct cert *signer,
    const uint8_t digest[HASH_LEN], struct err *e)
{
    struct buf sig;
    int rc;

    buf_init(&sig, 4096);
    rc = enc_unb64(&sig, s->value, NULL) || rsa_verify_sha256(signer, digest, sig.p, sig.n, NULL);
    buf_free(&sig);
    return rc ? wss_failed(e, "the signature value is not by %s", signer->cn) : 0;
}

int wss_signature_check(uint8_t signed_info[HASH_LEN], const struct wss_signature *s,
    const struct cert *signer, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct buf scratch;
    int rc = -1;

    buf_init(&scratch, C14N_MAX);
    if (digest_of(signed_info, &scratch, s->signed_info, s->prefixes, e) ||
        check_value(s, signer, signed_info, e))
        goto done;
    for (size_t i = 0; i < s->n; i++) {
        const struct wss_sigref *r = &s->refs[i];
        if (!r->target)
            continue;
        if (digest_of(digest, &scratch, r->target, r->prefixes, e))
            goto done;
        if (CRYPTO_memcmp(digest, r->digest, HASH_LEN) != 0) {
            (void)wss_failed(e, "the digest of %s is wrong", (const char *)r->target->name);
            goto done;
        }
    }
    rc = 0;
done:
    buf_free(&scratch);
    return rc;
}
