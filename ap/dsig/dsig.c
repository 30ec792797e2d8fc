#include "ap/dsig/dsig.h"

#include <openssl/err.h>
#include <xmlsec/xmlsec.h>

#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>

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

/* A command may open two nodes: xmlsec1 is set up for the first and loses memory when set up again.
 */
static unsigned users; /* before threads, as xmlsec1 itself asks */

int dsig_init(struct err *e)
{
    if (users++ > 0)
        return 0;
    if (xmlSecInit() < 0 || xmlSecOpenSSLInit() < 0)
        return err_set(e, ERR_BUG, "dsig.init", "", "xmlsec1 cannot be set up");
    xmlSecErrorsSetCallback(silent);
    xmlSecIOCleanupCallbacks(); /* no file, no http: nothing can be opened */
    return 0;
}

void dsig_done(void)
{
    if (users == 0 || --users > 0)
        return;
    (void)xmlSecOpenSSLShutdown();
    (void)xmlSecShutdown();
}

static int allow(xmlSecDSigCtxPtr c)
{
    c->flags = XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    c->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
    if (xmlSecDSigCtxEnableSignatureTransform(c, xmlSecOpenSSLTransformRsaSha256GetKlass()) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformExclC14NGetKlass()) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformInclC14NGetKlass()) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecOpenSSLTransformSha256GetKlass()) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformExclC14NGetKlass()) < 0 ||
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

static xmlSecDSigCtxPtr context(const struct cert *c)
{
    xmlSecDSigCtxPtr x = xmlSecDSigCtxCreate(NULL);

    if (x && allow(x) == 0 && (x->signKey = public_key(c)))
        return x;
    if (x)
        xmlSecDSigCtxDestroy(x);
    return NULL;
}

int dsig_verify(xmlNode *signature, const struct cert *signer, struct err *e)
{
    xmlSecDSigCtxPtr c = context(signer);
    bool ok;

    if (!c)
        return err_nomem(e);
    ok = xmlSecDSigCtxVerify(c, signature) == 0 && c->status == xmlSecDSigStatusSucceeded;
    xmlSecDSigCtxDestroy(c);
    ERR_clear_error();
    return ok ? 0
              : err_set(e, ERR_PEER, "dsig.invalid", "XMLDSIG 3.2",
                    "a digest or the signature value is wrong");
}
