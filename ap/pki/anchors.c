/* anchors.c - OpenSSL builds and judges the path (RFC 5280 6.1) from a store that holds the root
 * alone and one CA to lead through; how long the path is, and who may be an authority at all, is
 * held to Peppol's three levels here. */
#include "ap/pki/anchors_priv.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/pki/strength_priv.h"

struct anchors {
    unsigned refs; /* atomic */
    struct cert *root, *ca[2];
    X509_STORE *store;         /* trusts the root */
    STACK_OF(X509) * leads[2]; /* the CA of the role, borrowed */
};

void anchors_unref(struct anchors *a)
{
    if (!a || __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
        return;
    for (int r = 0; r < 2; r++) {
        sk_X509_free(a->leads[r]);
        cert_unref(a->ca[r]);
    }
    X509_STORE_free(a->store);
    cert_unref(a->root);
    free(a);
}

struct anchors *anchors_ref(struct anchors *a)
{
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    return a;
}

const struct cert *anchors_root(const struct anchors *a)
{
    return a->root;
}

const struct cert *anchors_ca(const struct anchors *a, enum pki_role role)
{
    return a->ca[role];
}

/* ---- the path ---- */

/* Of exactly so many certificates: shorter, the root itself signed the end entity. */
static int path(X509_STORE *s, const struct cert *c, STACK_OF(X509) * leads, int certificates)
{
    X509_STORE_CTX *x = X509_STORE_CTX_new();
    int why = X509_V_ERR_OUT_OF_MEM;

    if (x && X509_STORE_CTX_init(x, s, c->x, leads) == 1) {
        why = X509_verify_cert(x) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(x);
        if (why == X509_V_OK && sk_X509_num(X509_STORE_CTX_get0_chain(x)) != certificates)
            why = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    }
    X509_STORE_CTX_free(x);
    ERR_clear_error();
    return why;
}

/*= RFC 5280 6.1 "the result of path validation" */
int anchors_path(const struct anchors *a, const struct cert *c, enum pki_role role)
{
    return path(a->store, c, a->leads[role], 3);
}

/* ---- what may be an authority ---- */

static int bad(struct err *e, const char *file, const struct cert *c, const char *why)
{
    ERR_clear_error();
    return err_set(e, ERR_CONFIG, "pki.anchor", "RFC 5280 6.1", "%s (%s): %s", file,
        c->cn[0] ? c->cn : "no CN", why);
}

/* 1 and no other yes: OpenSSL also takes old certificates that do not say what they are. */
/*= RFC 5280 4.2.1.9 "an authority says so in basicConstraints" */
static const char *no_authority(const struct cert *c)
{
    if (!(X509_get_key_usage(c->x) & KU_KEY_CERT_SIGN))
        return "its keyUsage does not allow it to sign certificates";
    if (X509_check_ca(c->x) != 1)
        return "its basicConstraints do not say that it is a CA";
    return strength_of_key(c);
}

static int check_root(const struct cert *root, struct err *e)
{
    const char *why = no_authority(root);

    if (!why && X509_self_signed(root->x, 1) != 1)
        why = "it is not signed by itself";
    if (!why && X509_get_pathlen(root->x) == 0)
        why = "its pathLenConstraint allows no CA under it";
    return why ? bad(e, "root.pem", root, why) : 0;
}

static int check_ca(const struct anchors *a, const char *file, const struct cert *ca, struct err *e)
{
    const char *why = no_authority(ca);
    int path_why;

    if (!why)
        why = strength_of_signature(ca);
    if (!why && (path_why = path(a->store, ca, NULL, 2)) != X509_V_OK)
        why = X509_verify_cert_error_string(path_why);
    return why ? bad(e, file, ca, why) : 0;
}

/*= PEPPOL-PKI 3 "a SMP-CA leaf must fail" */
static int check_distinct(
    const struct cert *one, const char *file, const struct cert *other, struct err *e)
{
    const char *why = NULL;

    if (cert_same(one, other))
        why = "it is another file's certificate again";
    else if (EVP_PKEY_eq(one->pub, other->pub) == 1)
        why = "it has the key of another authority: their certificates could not be told apart";
    else if (X509_NAME_cmp(X509_get_subject_name(one->x), X509_get_subject_name(other->x)) == 0)
        why = "it has the name of another authority";
    return why ? bad(e, file, one, why) : 0;
}

/* ---- reading ---- */

static int load(struct cert **out, const char *dir, const char *name, struct err *e)
{
    char path[512];

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return err_set(e, ERR_CONFIG, "pki.anchor", "", "trust folder: name too long");
    if (cert_from_pem_file(out, path, e)) {
        if (e && e->class == ERR_INPUT)
            e->class = ERR_CONFIG;
        return err_wrap(e, "trust anchor: ");
    }
    return 0;
}

/* Time is judged by pki.c, with the caller's clock, and so is the purpose. Any policy will do, but
 * where an authority asks for one, there must be one: OpenSSL would not look, and with nothing
 * named it would take none at all. */
static int make_store(struct anchors *a, struct err *e)
{
    X509_VERIFY_PARAM *terms;

    if (!(a->store = X509_STORE_new()))
        return err_nomem(e);
    terms = X509_STORE_get0_param(a->store);
    return X509_STORE_add_cert(a->store, a->root->x) == 1 &&
                   X509_VERIFY_PARAM_set_flags(
                       terms, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_POLICY_CHECK) == 1 &&
                   X509_VERIFY_PARAM_add0_policy(terms, OBJ_nid2obj(NID_any_policy)) == 1 &&
                   X509_VERIFY_PARAM_set_purpose(terms, X509_PURPOSE_ANY) == 1
               ? 0
               : err_nomem(e);
}

static int read_ca(struct anchors *a, const char *dir, const char *name, int role, struct err *e)
{
    if (load(&a->ca[role], dir, name, e) || check_distinct(a->ca[role], name, a->root, e) ||
        check_ca(a, name, a->ca[role], e))
        return -1;
    a->leads[role] = sk_X509_new_null();
    return a->leads[role] && sk_X509_push(a->leads[role], a->ca[role]->x) > 0 ? 0 : err_nomem(e);
}

int anchors_read(struct anchors **out, const char *dir, struct err *e)
{
    struct anchors *a = calloc(1, sizeof(*a));

    if (!a)
        return err_nomem(e);
    a->refs = 1;
    if (load(&a->root, dir, "root.pem", e) || check_root(a->root, e) || make_store(a, e) ||
        read_ca(a, dir, "ap-ca.pem", PKI_AP, e) || read_ca(a, dir, "smp-ca.pem", PKI_SMP, e) ||
        check_distinct(a->ca[PKI_SMP], "smp-ca.pem", a->ca[PKI_AP], e)) {
        anchors_unref(a);
        return -1;
    }
    *out = a;
    return 0;
}
