/* transforms.c - the two transforms xmlsec 1.2.37 has not: rsa-sha256 whose private half is in
 * another process (its own takes a key without a visible exponent for a public one), and SwA's. */
#include <openssl/evp.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/crypto.h>

#include "ap/dsig/dsig_priv.h"

_Thread_local struct dsig_run *dsig_run;

/* ---- rsa-sha256 ---- */

struct rsa_sha256 {
    xmlSecTransform base;
    struct hash md;
};

/* xmlsec allocates the whole object from klass->objSize; the base comes first. */
static struct hash *md_of(xmlSecTransformPtr t)
{
    return &((struct rsa_sha256 *)(void *)t)->md;
}

static int rsa_init(xmlSecTransformPtr t)
{
    hash_init(md_of(t));
    return md_of(t)->md ? 0 : -1;
}

static void rsa_finalize(xmlSecTransformPtr t)
{
    hash_drop(md_of(t));
}

static int rsa_key_req(xmlSecTransformPtr t, xmlSecKeyReqPtr r)
{
    r->keyId = xmlSecOpenSSLKeyDataRsaGetKlass();
    r->keyType = xmlSecKeyDataTypePublic;
    r->keyUsage =
        t->operation == xmlSecTransformOperationSign ? xmlSecKeyUsageSign : xmlSecKeyUsageVerify;
    return 0;
}

/* The key used is the run's, the same as xmlsec was given. */
static int rsa_set_key(xmlSecTransformPtr t, xmlSecKeyPtr k)
{
    (void)t;
    (void)k;
    return 0;
}

static int rsa_check(
    xmlSecTransformPtr t, const xmlSecByte *sig, xmlSecSize n, xmlSecTransformCtxPtr c)
{
    uint8_t digest[HASH_LEN];

    (void)c;
    if (t->status != xmlSecTransformStatusFinished || !dsig_run || !dsig_run->signer ||
        hash_final(md_of(t), digest, NULL))
        return -1;
    t->status = rsa_verify_sha256(dsig_run->signer, digest, sig, n, NULL)
                    ? xmlSecTransformStatusFail
                    : xmlSecTransformStatusOk;
    return 0;
}

/* A key that fails does not stop xmlsec (1.2.37 loses memory when its last step does): the run says
 * that the outcome is void. */
static int rsa_make(xmlSecTransformPtr t)
{
    struct buf sig;
    int rc = -1;

    buf_init(&sig, 4096);
    if (!dsig_run || !dsig_run->key || hash_final(md_of(t), dsig_run->signed_info, NULL))
        return -1;
    if (key_sign_sha256(dsig_run->key, &sig, dsig_run->signed_info, &dsig_run->err)) {
        dsig_run->failed = true;
        buf_clear(&sig);
        buf_puts(&sig, "void");
    }
    if (buf_ok(&sig))
        rc = xmlSecBufferSetData(&t->outBuf, (const xmlSecByte *)sig.p, (xmlSecSize)sig.n);
    buf_free(&sig);
    return rc;
}

static int rsa_execute(xmlSecTransformPtr t, int last, xmlSecTransformCtxPtr c)
{
    xmlSecSize n = xmlSecBufferGetSize(&t->inBuf);

    (void)c;
    if (t->status == xmlSecTransformStatusNone)
        t->status = xmlSecTransformStatusWorking;
    if (t->status != xmlSecTransformStatusWorking)
        return n == 0 ? 0 : -1;
    if (n > 0) {
        hash_add(md_of(t), xmlSecBufferGetData(&t->inBuf), n);
        if (xmlSecBufferRemoveHead(&t->inBuf, n) < 0)
            return -1;
    }
    if (!last)
        return 0;
    if (t->operation == xmlSecTransformOperationSign && rsa_make(t))
        return -1;
    t->status = xmlSecTransformStatusFinished;
    return 0;
}

xmlSecTransformId dsig_rsa_sha256(void)
{
    static const xmlSecTransformKlass klass = {
        .klassSize = sizeof(xmlSecTransformKlass),
        .objSize = sizeof(struct rsa_sha256),
        .name = BAD_CAST "rsa-sha256",
        .href = BAD_CAST DSIG_RSA_SHA256,
        .usage = xmlSecTransformUsageSignatureMethod,
        .initialize = rsa_init,
        .finalize = rsa_finalize,
        .setKeyReq = rsa_key_req,
        .setKey = rsa_set_key,
        .verify = rsa_check,
        .getDataType = xmlSecTransformDefaultGetDataType,
        .pushBin = xmlSecTransformDefaultPushBin,
        .popBin = xmlSecTransformDefaultPopBin,
        .execute = rsa_execute,
    };
    return &klass;
}

/* ---- Attachment-Content-Signature-Transform ----
 * The octets come normalised from swa.c, where the part's type is known: here they only pass. */

static int swa_push(
    xmlSecTransformPtr t, const xmlSecByte *p, xmlSecSize n, int final, xmlSecTransformCtxPtr c)
{
    return t->next ? xmlSecTransformPushBin(t->next, p, n, final, c) : 0;
}

static int swa_pop(
    xmlSecTransformPtr t, xmlSecByte *p, xmlSecSize max, xmlSecSize *n, xmlSecTransformCtxPtr c)
{
    *n = 0;
    return t->prev ? xmlSecTransformPopBin(t->prev, p, max, n, c) : 0;
}

static int swa_execute(xmlSecTransformPtr t, int last, xmlSecTransformCtxPtr c)
{
    (void)t;
    (void)last;
    (void)c;
    return 0;
}

xmlSecTransformId dsig_swa_content(void)
{
    static const xmlSecTransformKlass klass = {
        .klassSize = sizeof(xmlSecTransformKlass),
        .objSize = sizeof(xmlSecTransform),
        .name = BAD_CAST "swa-attachment-content",
        .href = BAD_CAST DSIG_SWA_CONTENT,
        .usage = xmlSecTransformUsageDSigTransform,
        .getDataType = xmlSecTransformDefaultGetDataType,
        .pushBin = swa_push,
        .popBin = swa_pop,
        .execute = swa_execute,
    };
    return &klass;
}
