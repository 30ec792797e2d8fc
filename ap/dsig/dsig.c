#include "ap/dsig/dsig.h"

#include <xmlsec/xmlsec.h>
#include <xmlsec/buffer.h>
#include <xmlsec/base64.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <openssl/err.h>

#include "ap/dsig/dsig_priv.h"

/* ---- cid: resolver: the only thing xmlsec can open ---- */

static const struct dsig_part *part_of(const char *uri)
{
    for (size_t i = 0; dsig_run && i < dsig_run->n; i++)
        if (strcmp(dsig_run->parts[i].uri, uri) == 0)
            return &dsig_run->parts[i];
    return NULL;
}

static int cid_match(const char *uri)
{
    return part_of(uri) != NULL;
}

static void *cid_open(const char *uri)
{
    const struct dsig_part *p = part_of(uri);
    struct swa *s = NULL;

    if (!p)
        return NULL;
    dsig_run->opened[p - dsig_run->parts]++;
    if (swa_open(&s, p, &dsig_run->err))
        dsig_run->failed = true;
    return s;
}

static int cid_read(void *ctx, char *out, int n)
{
    size_t got = 0;

    if (swa_read(ctx, out, (size_t)n, &got, &dsig_run->err)) {
        dsig_run->failed = true;
        return -1;
    }
    return (int)got;
}

static int cid_close(void *ctx)
{
    swa_close(ctx);
    return 0;
}

/* ---- set-up ---- */

static void silent(const char *file, int line, const char *func, const char *object,
    const char *subject, int reason, const char *msg)
{
    (void)file;
    (void)line;
    (void)func;
    (void)object;
    (void)subject;
    (void)reason;
    (void)msg;
}

int dsig_init(struct err *e)
{
    /* ours before OpenSSL's: the first of a name is the one found */
    if (xmlSecInit() < 0 || xmlSecTransformIdsRegister(dsig_rsa_sha256()) < 0 ||
        xmlSecTransformIdsRegister(dsig_swa_content()) < 0 || xmlSecOpenSSLInit() < 0)
        return err_set(e, ERR_BUG, "dsig.init", "", "xmlsec1 cannot be set up");
    xmlSecErrorsSetCallback(silent);
    xmlSecBase64SetDefaultLineSize(0);
    xmlSecIOCleanupCallbacks(); /* no file, no http */
    if (xmlSecIORegisterCallbacks(cid_match, cid_open, cid_read, cid_close) < 0)
        return err_set(e, ERR_BUG, "dsig.init", "", "xmlsec1 cannot be set up");
    return 0;
}

void dsig_done(void)
{
    (void)xmlSecOpenSSLShutdown();
    (void)xmlSecShutdown();
}

static int allow(xmlSecDSigCtxPtr c, enum dsig_use use)
{
    /* "#id" straight from the id table, not through an XPointer made of sender's text */
    c->flags = XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    c->enabledReferenceUris =
        use == DSIG_WSS ? xmlSecTransformUriTypeSameDocument | xmlSecTransformUriTypeRemote
                        : xmlSecTransformUriTypeEmpty;
    if (xmlSecDSigCtxEnableSignatureTransform(c, dsig_rsa_sha256()) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformExclC14NGetKlass()) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecOpenSSLTransformSha256GetKlass()) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformExclC14NGetKlass()) < 0)
        return -1;
    if (use == DSIG_WSS)
        return xmlSecDSigCtxEnableReferenceTransform(c, dsig_swa_content());
    if (xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformInclC14NGetKlass()) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformInclC14NGetKlass()) < 0)
        return -1;
    return xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformEnvelopedGetKlass());
}

static xmlSecKeyPtr public_key(const struct cert *c)
{
    xmlSecKeyPtr k = xmlSecKeyCreate();
    xmlSecKeyDataPtr d;

    if (!k || EVP_PKEY_up_ref(c->pub) != 1)
        goto fail;
    d = xmlSecOpenSSLEvpKeyAdopt(c->pub);
    if (!d) {
        EVP_PKEY_free(c->pub);
        goto fail;
    }
    if (xmlSecKeySetValue(k, d) == 0)
        return k;
    xmlSecKeyDataDestroy(d);
fail:
    if (k)
        xmlSecKeyDestroy(k);
    return NULL;
}

static xmlSecDSigCtxPtr context(enum dsig_use use, const struct cert *c)
{
    xmlSecDSigCtxPtr x = xmlSecDSigCtxCreate(NULL);

    if (x && allow(x, use) == 0 && (x->signKey = public_key(c)))
        return x;
    if (x)
        xmlSecDSigCtxDestroy(x);
    return NULL;
}

int dsig_sign(uint8_t signed_info[HASH_LEN], xmlNode *signature, struct key *k,
    const struct dsig_part *parts, size_t n, struct err *e)
{
    struct dsig_run run = {.key = k, .parts = parts, .n = n};
    xmlSecDSigCtxPtr c;
    int rc;

    if (n > DSIG_MAX_PARTS)
        return err_set(e, ERR_BUG, "dsig.sign", "", "%zu parts", n);
    c = context(DSIG_WSS, key_cert(k));
    if (!c)
        return err_nomem(e);
    dsig_run = &run;
    rc = xmlSecDSigCtxSign(c, signature) == 0 && c->status == xmlSecDSigStatusSucceeded ? 0 : -1;
    dsig_run = NULL;
    xmlSecDSigCtxDestroy(c);
    ERR_clear_error();
    memcpy(signed_info, run.signed_info, HASH_LEN);
    if (!rc && !run.failed)
        return 0;
    if (!run.failed)
        return err_set(e, ERR_BUG, "dsig.sign", "XMLDSIG 3.1", "xmlsec1 cannot sign");
    if (e)
        *e = run.err;
    return -1;
}

int dsig_verify(xmlNode *signature, enum dsig_use use, const struct cert *signer,
    const struct dsig_part *parts, size_t n, struct err *e)
{
    struct dsig_run run = {.signer = signer, .parts = parts, .n = n};
    xmlSecDSigCtxPtr c;
    bool ok;

    if (n > DSIG_MAX_PARTS)
        return err_set(e, ERR_BUG, "dsig.invalid", "", "%zu parts", n);
    c = context(use, signer);
    if (!c)
        return err_nomem(e);
    dsig_run = &run;
    ok = xmlSecDSigCtxVerify(c, signature) == 0 && c->status == xmlSecDSigStatusSucceeded;
    dsig_run = NULL;
    xmlSecDSigCtxDestroy(c);
    ERR_clear_error();
    for (size_t i = 0; i < n; i++)
        ok = ok && run.opened[i] == 1;
    if (ok)
        return 0;
    if (run.failed && e)
        *e = run.err;
    return run.failed ? -1
                      : err_set(e, ERR_PEER, "dsig.invalid", "XMLDSIG 3.2",
                            "a digest or the signature value is wrong");
}
