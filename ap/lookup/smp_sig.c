#include "ap/lookup/smp_sig.h"

#include <string.h>

#include "ap/base/enc.h"
#include "ap/dsig/dsig.h"
#include "ap/xml/xml.h"

#define MAX_CERTIFICATES 4 /* in KeyInfo; more are not tried */

static int bad(struct err *e, const char *why)
{
    return err_set(e, ERR_PEER, "smp.signature", "SMP 1.4.0 5.5.1",
        "the signature of the SMP's answer cannot be accepted: %s", why);
}

/* The one element child of that name; others beside it are the caller's to forbid. */
static xmlNode *only(const xmlNode *parent, const char *local)
{
    xmlNode *n = xml_child(parent, DSIG_NS, local);

    return n && !xml_next(n, DSIG_NS, local) ? n : NULL;
}

static bool algorithm_is(const xmlNode *n, const char *const *allowed)
{
    xmlChar *v = n ? xmlGetNoNsProp(n, BAD_CAST "Algorithm") : NULL;
    bool ok = false;

    for (size_t i = 0; v && allowed[i] && !ok; i++)
        ok = strcmp((const char *)v, allowed[i]) == 0;
    xmlFree(v);
    return ok;
}

static const char *const C14N[] = {DSIG_C14N, DSIG_EXC_C14N, NULL};
static const char *const ENVELOPED[] = {DSIG_ENVELOPED_SIGNATURE, NULL};
static const char *const RSA_SHA256[] = {DSIG_RSA_SHA256, NULL};
static const char *const DIGESTS[] = {DSIG_SHA256, NULL};

/*= SMP 1.4.0 5.5.1 "enveloped signature over the document" */
static bool uri_is_empty(const xmlNode *ref)
{
    xmlChar *v = xmlGetNoNsProp(ref, BAD_CAST "URI");
    bool empty = v && *v == '\0';

    xmlFree(v);
    return empty;
}

/* Children in this order and no other: NULL-terminated local names; a name with '?' may lack. */
static bool has_children(const xmlNode *parent, const char *const *names)
{
    const xmlNode *n = xml_first_element(parent);

    for (size_t i = 0; names[i]; i++) {
        bool optional = names[i][0] == '?';
        if (n && xml_is(n, DSIG_NS, names[i] + optional))
            n = xml_next_element(n);
        else if (!optional)
            return false;
    }
    return n == NULL;
}

static const char *transforms_fault(const xmlNode *ref)
{
    const xmlNode *t = only(ref, "Transforms"), *one = xml_first_element(t);

    if (!one || !xml_is(one, DSIG_NS, "Transform") || !algorithm_is(one, ENVELOPED))
        return "its first transform is not enveloped-signature";
    one = xml_next_element(one);
    if (one && (!xml_is(one, DSIG_NS, "Transform") || !algorithm_is(one, C14N)))
        return "a transform other than canonicalization";
    return one && xml_next_element(one) ? "too many transforms" : NULL;
}

static const char *shape_fault(const xmlNode *sig)
{
    static const char *const outer[] = {"SignedInfo", "SignatureValue", "KeyInfo", NULL};
    static const char *const inner[] = {
        "CanonicalizationMethod", "SignatureMethod", "Reference", NULL};
    static const char *const reference[] = {"Transforms", "DigestMethod", "DigestValue", NULL};
    const xmlNode *info, *ref;

    if (!has_children(sig, outer))
        return "it must hold SignedInfo, SignatureValue and KeyInfo, nothing else";
    info = only(sig, "SignedInfo");
    if (!has_children(info, inner))
        return "SignedInfo must hold exactly one Reference";
    ref = only(info, "Reference");
    if (!has_children(ref, reference) || !uri_is_empty(ref))
        return "its Reference does not cover the whole answer";
    if (!algorithm_is(only(info, "CanonicalizationMethod"), C14N))
        return "unknown canonicalization";
    if (!algorithm_is(only(info, "SignatureMethod"), RSA_SHA256))
        return "signature algorithm other than RSA-SHA256";
    if (!algorithm_is(only(ref, "DigestMethod"), DIGESTS))
        return "digest algorithm other than SHA-256";
    return transforms_fault(ref);
}

/* NULL (*e): it cannot be read. */
static struct cert *read_certificate(const xmlNode *n, struct arena *a, struct err *e)
{
    struct cert *c = NULL;
    struct str text;

    if (xml_text(&text, a, n, e) || cert_from_text(&c, text, e))
        (void)(e->class == ERR_INPUT ? bad(e, "no readable certificate in it") : -1);
    return c;
}

/* A whole chain may stand there, in any order: the signer is who the signature verifies under. */
static int find_signer(struct cert **signer, xmlNode *sig, struct arena *a, struct err *e)
{
    const xmlNode *data = xml_child(only(sig, "KeyInfo"), DSIG_NS, "X509Data");
    const xmlNode *n = xml_child(data, DSIG_NS, "X509Certificate");
    int rc = bad(e, "no certificate in it");

    for (int i = 0; n && rc && i < MAX_CERTIFICATES; i++) {
        struct cert *c = read_certificate(n, a, e);
        if (!c)
            return -1;
        rc = dsig_verify(sig, c, e);
        if (rc == 0)
            *signer = cert_ref(c);
        cert_unref(c);
        if (rc && e->class != ERR_PEER)
            return -1;
        n = xml_next(n, DSIG_NS, "X509Certificate");
    }
    if (rc && strcmp(e->code, "dsig.invalid") == 0)
        return bad(e, "it is wrong: the answer was changed, or badly signed");
    return rc;
}

int smp_verify(struct cert **signer, xmlDoc *doc, struct arena *a, struct err *e)
{
    xmlNode *root = xmlDocGetRootElement(doc), *sig = only(root, "Signature");
    const char *fault;
    struct err own = ERR_INIT;

    *signer = NULL;
    e = e ? e : &own;
    if (!sig)
        return bad(e, "there must be exactly one");
    if ((fault = shape_fault(sig)) != NULL)
        return bad(e, fault);
    return find_signer(signer, sig, a, e);
}

/* ---- signing ---- */

struct maker {
    xmlNs *ds;
    bool failed;
};

static xmlNode *add(struct maker *m, xmlNode *parent, const char *local, const char *algorithm)
{
    xmlNode *n = parent ? xml_add(parent, m->ds, local) : NULL;

    if (!n || (algorithm && xml_set(n, NULL, "Algorithm", algorithm)))
        m->failed = true;
    return n;
}

static void add_text(struct maker *m, xmlNode *parent, const char *local, const struct buf *text)
{
    if (!parent || !buf_ok(text) || !xml_add_text(parent, m->ds, local, buf_view(text)))
        m->failed = true;
}

/* Of the element, or (NULL) the whole document. */
static int c14n_digest(uint8_t out[HASH_LEN], xmlDoc *doc, xmlNode *n, struct err *e)
{
    struct buf b;
    int rc = -1;

    buf_init(&b, 4u << 20);
    if ((n ? xml_c14n(&b, n, XML_C14N_10, NULL, e) : xml_c14n_doc(&b, doc, XML_C14N_10, e)) == 0)
        rc = hash_of(out, b.p, b.n, e);
    buf_free(&b);
    return rc;
}

static void fill_signed_info(struct maker *m, xmlNode *info, const uint8_t digest[HASH_LEN])
{
    xmlNode *ref, *t;
    struct buf b;

    buf_init(&b, 100);
    enc_b64(&b, digest, HASH_LEN);
    (void)add(m, info, "CanonicalizationMethod", DSIG_C14N);
    (void)add(m, info, "SignatureMethod", DSIG_RSA_SHA256);
    ref = add(m, info, "Reference", NULL);
    if (ref && xml_set(ref, NULL, "URI", ""))
        m->failed = true;
    t = add(m, ref, "Transforms", NULL);
    (void)add(m, t, "Transform", DSIG_ENVELOPED_SIGNATURE);
    (void)add(m, ref, "DigestMethod", DSIG_SHA256);
    add_text(m, ref, "DigestValue", &b);
    buf_free(&b);
}

static int fill_value(struct maker *m, xmlNode *sig, xmlNode *info, struct key *k, struct err *e)
{
    uint8_t digest[HASH_LEN];
    struct buf value, text;
    xmlNode *data;
    int rc = -1;

    buf_init(&value, 2048);
    buf_init(&text, 16384);
    if (c14n_digest(digest, info->doc, info, e) || key_sign_sha256(k, &value, digest, e))
        goto done;
    enc_b64(&text, value.p, value.n);
    add_text(m, sig, "SignatureValue", &text);
    buf_clear(&text);
    cert_b64(&text, key_cert(k));
    data = add(m, add(m, sig, "KeyInfo", NULL), "X509Data", NULL);
    add_text(m, data, "X509Certificate", &text);
    rc = m->failed ? err_nomem(e) : 0;
done:
    buf_free(&value);
    buf_free(&text);
    return rc;
}

int smp_sign(xmlDoc *doc, struct key *k, struct arena *a, struct err *e)
{
    xmlNode *root = xmlDocGetRootElement(doc), *sig, *info;
    uint8_t digest[HASH_LEN];
    struct maker m = {NULL, false};

    (void)a;
    /* before the Signature stands in it, the document is what the enveloped transform leaves */
    if (c14n_digest(digest, doc, NULL, e))
        return -1;
    if (!(sig = xmlNewChild(root, NULL, BAD_CAST "Signature", NULL)) ||
        !(m.ds = xmlNewNs(sig, BAD_CAST DSIG_NS, NULL)))
        return err_nomem(e);
    xmlSetNs(sig, m.ds);
    info = add(&m, sig, "SignedInfo", NULL);
    fill_signed_info(&m, info, digest);
    if (m.failed)
        return err_nomem(e);
    return fill_value(&m, sig, info, k, e);
}
