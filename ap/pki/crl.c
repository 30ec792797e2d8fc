#include "ap/pki/crl_priv.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static int refuse(struct err *e, const char *code, const char *why)
{
    ERR_clear_error();
    return err_set(e, ERR_PEER, code, "RFC 5280 5", "revocation list: %s", why);
}

static bool read_time(int64_t *out, const ASN1_TIME *t)
{
    struct tm tm;

    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool read_serial(struct crl_serial *out, const ASN1_INTEGER *i)
{
    const uint8_t *p = ASN1_STRING_get0_data(i);
    int n = ASN1_STRING_length(i);

    memset(out, 0, sizeof(*out));
    if (n < 1 || n > CRL_SERIAL || ASN1_STRING_type(i) != V_ASN1_INTEGER)
        return false;
    memcpy(out->b + CRL_SERIAL - n, p, (size_t)n);
    return true;
}

static int by_value(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct crl_serial));
}

/* A list that covers only part of what its issuer signed, or that we do not understand. */
static bool is_whole(struct crl *c, X509_CRL *x)
{
    ISSUING_DIST_POINT *p;
    bool whole = true;
    int crit = -1;

    for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
        X509_EXTENSION *ext = X509_CRL_get_ext(x, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
        if (nid == NID_delta_crl)
            return false;
        if (X509_EXTENSION_get_critical(ext) && nid != NID_issuing_distribution_point &&
            nid != NID_authority_key_identifier && nid != NID_crl_number)
            return false;
    }
    p = X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, &crit, NULL);
    if (!p)
        return crit == -1; /* there is none, and not two or a broken one */
    whole = p->indirectCRL <= 0 && p->onlyattr <= 0 && p->onlyCA <= 0 && !p->onlysomereasons;
    c->users_only = p->onlyuser > 0;
    ISSUING_DIST_POINT_free(p);
    return whole;
}

static int check_signature(X509_CRL *x, const struct cert *issuer, struct err *e)
{
    int md = NID_undef, pk = NID_undef;

    if (X509_NAME_cmp(X509_CRL_get_issuer(x), X509_get_subject_name(issuer->x)) != 0)
        return refuse(e, "crl.issuer", "issued by another authority than the certificate");
    if (!(X509_get_key_usage(issuer->x) & KU_CRL_SIGN))
        return refuse(e, "crl.issuer", "the authority may not sign lists");
    if (!OBJ_find_sigid_algs(X509_CRL_get_signature_nid(x), &md, &pk) ||
        (md != NID_sha256 && md != NID_sha384 && md != NID_sha512) ||
        X509_CRL_verify(x, issuer->pub) != 1)
        return refuse(e, "crl.signature", "its signature is wrong, or weaker than SHA-256");
    return 0;
}

static int take_serials(struct crl *c, X509_CRL *x, struct err *e)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
    int n = all ? sk_X509_REVOKED_num(all) : 0;

    c->serials = calloc(n > 0 ? (size_t)n : 1, sizeof(*c->serials));
    if (!c->serials)
        return err_nomem(e);
    for (int i = 0; i < n; i++) {
        const X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
        if (X509_REVOKED_get_ext_by_NID(r, NID_certificate_issuer, -1) >= 0)
            return refuse(e, "crl.kind", "lists certificates of other authorities");
        if (!read_serial(&c->serials[i], X509_REVOKED_get0_serialNumber(r)))
            return refuse(e, "crl.malformed", "a serial number is not of 1 to 20 octets");
    }
    c->n = n > 0 ? (size_t)n : 0;
    qsort(c->serials, c->n, sizeof(*c->serials), by_value);
    return 0;
}

static int take(struct crl *c, X509_CRL *x, const struct cert *issuer, struct err *e)
{
    if (check_signature(x, issuer, e))
        return -1;
    if (!is_whole(c, x))
        return refuse(e, "crl.kind", "a delta, a partial or an unknown kind of list");
    if (!read_time(&c->this_update, X509_CRL_get0_lastUpdate(x)) ||
        !read_time(&c->next_update, X509_CRL_get0_nextUpdate(x)))
        return refuse(e, "crl.malformed", "has no thisUpdate or no nextUpdate");
    return take_serials(c, x, e);
}

int crl_read(struct crl **out, struct str der, const struct cert *issuer, struct err *e)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509_CRL *x = der.n <= CRL_MAX ? d2i_X509_CRL(NULL, &p, (long)der.n) : NULL;
    struct crl *c = calloc(1, sizeof(*c));
    int rc;

    if (!c)
        rc = err_nomem(e);
    else if (!x || p != (const unsigned char *)der.p + der.n)
        rc = refuse(e, "crl.malformed", "not a DER list, and nothing after it");
    else
        rc = take(c, x, issuer, e);
    X509_CRL_free(x);
    ERR_clear_error();
    if (rc) {
        crl_free(c);
        return -1;
    }
    *out = c;
    return 0;
}

void crl_free(struct crl *c)
{
    if (c)
        free(c->serials);
    free(c);
}

bool crl_is_fresh(const struct crl *c, int64_t now)
{
    return c && c->this_update <= now + CRL_SKEW && now < c->next_update;
}

bool crl_covers(const struct crl *c, const struct cert *cert)
{
    return !c->users_only || X509_check_ca(cert->x) <= 0;
}

bool crl_lists(const struct crl *c, const struct cert *cert)
{
    struct crl_serial s;

    if (!read_serial(&s, X509_get0_serialNumber(cert->x)))
        return true; /* it can be on no list: no authority of ours issued it */
    return bsearch(&s, c->serials, c->n, sizeof(s), by_value) != NULL;
}
