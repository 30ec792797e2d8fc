#include "ap/pki/ocsp_priv.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdlib.h>

#define SKEW 300000 /* ms that the responder's clock may be ahead */

struct ocsp_question {
    OCSP_REQUEST *request;
    OCSP_CERTID *id;
    const struct cert *cert, *issuer; /* borrowed */
};

static int unknown(struct err *e, const char *why)
{
    ERR_clear_error();
    return err_set(e, ERR_RETRY, "ocsp.unknown", "RFC 6960", "OCSP: %s", why);
}

void ocsp_question_free(struct ocsp_question *q)
{
    if (!q)
        return;
    OCSP_REQUEST_free(q->request);
    OCSP_CERTID_free(q->id);
    free(q);
}

static bool make(struct ocsp_question *q, struct buf *der)
{
    unsigned char *p = NULL;
    OCSP_CERTID *mine;
    int n;

    /* SHA-1 names the issuer here, it proves nothing: what every responder understands */
    q->id = OCSP_cert_to_id(EVP_sha1(), q->cert->x, q->issuer->x);
    q->request = OCSP_REQUEST_new();
    mine = q->id ? OCSP_CERTID_dup(q->id) : NULL;
    if (!q->request || !mine || !OCSP_request_add0_id(q->request, mine)) {
        OCSP_CERTID_free(mine);
        return false;
    }
    if (OCSP_request_add1_nonce(q->request, NULL, 16) != 1 ||
        (n = i2d_OCSP_REQUEST(q->request, &p)) <= 0)
        return false;
    buf_add(der, p, (size_t)n);
    OPENSSL_free(p);
    return buf_ok(der);
}

int ocsp_ask(struct ocsp_question **out, struct buf *der, const struct cert *c,
    const struct cert *issuer, struct err *e)
{
    struct ocsp_question *q = calloc(1, sizeof(*q));

    if (q) {
        q->cert = c;
        q->issuer = issuer;
    }
    if (!q || !make(q, der)) {
        ocsp_question_free(q);
        ERR_clear_error();
        return err_nomem(e);
    }
    *out = q;
    return 0;
}

/* By the issuer, or by a responder that the issuer itself certified for this (RFC 6960 4.2.2.2). */
static bool signed_by_authority(OCSP_BASICRESP *b, const struct cert *issuer)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *known = sk_X509_new_null();
    bool ok = store && known && X509_STORE_add_cert(store, issuer->x) == 1 &&
              X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
              sk_X509_push(known, issuer->x) > 0 && OCSP_basic_verify(b, known, store, 0) == 1;

    sk_X509_free(known);
    X509_STORE_free(store);
    return ok;
}

static bool read_time(int64_t *out, const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;

    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm) * 1000;
    return true;
}

static int judge_status(
    int64_t *until, const struct ocsp_question *q, OCSP_BASICRESP *b, int64_t now, struct err *e)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *to = NULL;
    int status = -1, reason = -1;
    int64_t start;

    if (OCSP_resp_find_status(b, q->id, &status, &reason, &revoked, &from, &to) != 1)
        return unknown(e, "the answer is about another certificate");
    if (!read_time(&start, from) || !read_time(until, to))
        return unknown(e, "the answer does not say until when it holds");
    if (now + SKEW < start || now >= *until)
        return unknown(e, "the answer is stale, or of the future");
    if (status == V_OCSP_CERTSTATUS_GOOD)
        return 0;
    if (status != V_OCSP_CERTSTATUS_REVOKED)
        return unknown(e, "the responder does not know the certificate");
    return err_set(e, ERR_PEER, "cert.revoked", "RFC 6960 2.2", "%s (%s) is revoked, says OCSP: %s",
        q->cert->cn, q->cert->serial, OCSP_crl_reason_str(reason));
}

static int judge(
    int64_t *until, const struct ocsp_question *q, OCSP_RESPONSE *r, int64_t now, struct err *e)
{
    OCSP_BASICRESP *b;
    int rc, nonce;

    if (!r)
        return unknown(e, "the answer cannot be read");
    if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return unknown(e, OCSP_response_status_str(OCSP_response_status(r)));
    if (!(b = OCSP_response_get1_basic(r)))
        return unknown(e, "the answer is of no known kind");
    nonce = OCSP_check_nonce(q->request, b); /* -1: only the question has one */
    if (nonce != 1 && nonce != -1)
        rc = unknown(e, "the nonce is that of another question");
    else if (!signed_by_authority(b, q->issuer))
        rc = unknown(e, "the answer is not signed by the authority");
    else
        rc = judge_status(until, q, b, now, e);
    OCSP_BASICRESP_free(b);
    ERR_clear_error();
    return rc;
}

int ocsp_judge(
    int64_t *until, const struct ocsp_question *q, struct str der, int64_t now, struct err *e)
{
    const unsigned char *p = (const unsigned char *)der.p;
    OCSP_RESPONSE *r = der.n <= OCSP_MAX ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
    int rc = judge(until, q, r, now, e);

    OCSP_RESPONSE_free(r);
    return rc;
}
