#include "ap/pki/pki.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/base/clock.h"

#define CACHE 256 /* leaves that chained */

struct verdict {
    uint8_t sha256[HASH_LEN];
    bool known[2]; /* by role */
};

struct anchors {
    unsigned refs;             /* atomic */
    struct cert *root, *ca[2]; /* by role */
    X509_STORE *store[2];      /* holds the one intermediate of the role */
};

struct pki {
    pki_revocation_fn revoked;
    void *revoked_ctx;
    pthread_mutex_t lock; /* of what follows */
    struct anchors *anchors;
    struct verdict cache[CACHE]; /* by these anchors */
};

static int not_trusted(struct err *e, const char *spec, const char *code, const char *fmt, ...)
    PRINTF(4, 5);
static int not_trusted(struct err *e, const char *spec, const char *code, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ERR_clear_error();
    (void)err_set(e, ERR_PEER, code, spec, "%s", text);
    return err_ebms(e, "EBMS:0101");
}

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

/* The intermediate must be a CA, and signed by the root. */
static int check_ca(const struct cert *ca, const struct cert *root, struct err *e)
{
    int ok = X509_check_ca(ca->x) > 0 && X509_check_ca(root->x) > 0 &&
             X509_check_issued(root->x, ca->x) == X509_V_OK && X509_verify(ca->x, root->pub) == 1;

    ERR_clear_error();
    return ok ? 0
              : err_set(e, ERR_CONFIG, "pki.anchor", "PEPPOL-PKI 1", "%s is not a CA under %s",
                    ca->cn, root->cn);
}

static int make_store(X509_STORE **out, const struct cert *ca, struct err *e)
{
    X509_STORE *s = X509_STORE_new();

    if (!s || X509_STORE_add_cert(s, ca->x) != 1 ||
        /* Time is judged by us, with the caller's clock; the EKU says clientAuth only, whatever the
         * certificate is used for. The intermediate is the anchor: it is pinned. */
        X509_STORE_set_flags(s, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) != 1 ||
        X509_STORE_set_purpose(s, X509_PURPOSE_ANY) != 1) {
        X509_STORE_free(s);
        return err_nomem(e);
    }
    *out = s;
    return 0;
}

static void let_go(struct anchors *a)
{
    if (__atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
        return;
    for (int r = 0; r < 2; r++) {
        X509_STORE_free(a->store[r]);
        cert_unref(a->ca[r]);
    }
    cert_unref(a->root);
    free(a);
}

static int read_anchors(struct anchors *a, const char *dir, struct err *e)
{
    static const char *const files[2] = {[PKI_AP] = "ap-ca.pem", [PKI_SMP] = "smp-ca.pem"};

    if (load(&a->root, dir, "root.pem", e))
        return -1;
    for (int r = 0; r < 2; r++)
        if (load(&a->ca[r], dir, files[r], e) || check_ca(a->ca[r], a->root, e) ||
            make_store(&a->store[r], a->ca[r], e))
            return -1;
    if (cert_same(a->ca[PKI_AP], a->ca[PKI_SMP]))
        return err_set(e, ERR_CONFIG, "pki.anchor", "PEPPOL-PKI 3",
            "ap-ca.pem and smp-ca.pem are the same certificate");
    return 0;
}

int pki_open(struct pki **out, const char *anchor_dir, struct err *e)
{
    struct pki *p = calloc(1, sizeof(*p));
    struct anchors *a = p ? calloc(1, sizeof(*a)) : NULL;

    if (!a) {
        free(p);
        return err_nomem(e);
    }
    a->refs = 1;
    p->anchors = a;
    (void)pthread_mutex_init(&p->lock, NULL);
    if (read_anchors(a, anchor_dir, e)) {
        pki_close(p);
        return -1;
    }
    *out = p;
    return 0;
}

void pki_close(struct pki *p)
{
    if (!p)
        return;
    let_go(p->anchors);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

void pki_take(struct pki *p, struct pki *fresh)
{
    struct anchors *old;

    pthread_mutex_lock(&p->lock);
    old = p->anchors;
    p->anchors = fresh->anchors;
    memset(p->cache, 0, sizeof(p->cache));
    pthread_mutex_unlock(&p->lock);
    fresh->anchors = old;
    pki_close(fresh);
}

static struct anchors *hold(struct pki *p)
{
    struct anchors *a;

    pthread_mutex_lock(&p->lock);
    a = p->anchors;
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&p->lock);
    return a;
}

void pki_set_revocation(struct pki *p, pki_revocation_fn fn, void *ctx)
{
    p->revoked = fn;
    p->revoked_ctx = ctx;
}

/* One question: whose anchors, which certificate, as what. */
struct asked {
    struct pki *p;
    const struct anchors *a;
    const struct cert *c;
    enum pki_role role;
    bool received;
    int64_t now;
};

static bool remembered(const struct asked *q)
{
    struct pki *p = q->p;
    const struct verdict *v = &p->cache[q->c->sha256[0]];
    bool hit;

    pthread_mutex_lock(&p->lock);
    hit = p->anchors == q->a && v->known[q->role] && memcmp(v->sha256, q->c->sha256, HASH_LEN) == 0;
    pthread_mutex_unlock(&p->lock);
    return hit;
}

static void remember(const struct asked *q)
{
    struct pki *p = q->p;
    struct verdict *v = &p->cache[q->c->sha256[0]];

    pthread_mutex_lock(&p->lock);
    if (p->anchors == q->a) {
        if (memcmp(v->sha256, q->c->sha256, HASH_LEN) != 0)
            *v = (struct verdict){0};
        memcpy(v->sha256, q->c->sha256, HASH_LEN);
        v->known[q->role] = true;
    }
    pthread_mutex_unlock(&p->lock);
}

/* X509_V_OK, or why not. */
static int chain(const struct asked *q, enum pki_role role)
{
    X509_STORE_CTX *s = X509_STORE_CTX_new();
    int why = X509_V_ERR_OUT_OF_MEM;

    if (s && X509_STORE_CTX_init(s, q->a->store[role], q->c->x, NULL) == 1)
        why = X509_verify_cert(s) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(s);
    X509_STORE_CTX_free(s);
    ERR_clear_error();
    return why;
}

static int check_strength(const struct cert *c, struct err *e)
{
    int md = NID_undef, pk = NID_undef, bits = EVP_PKEY_get_bits(c->pub);

    /*= PEPPOL-PKI 2 "RSA-2048, sha256WithRSA" */
    if (!EVP_PKEY_is_a(c->pub, "RSA") || bits < 2048)
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.weak", "%s: the key is not RSA of 2048 bits or more", c->cn);
    if (X509_get_signature_info(c->x, &md, &pk, NULL, NULL) != 1 ||
        (md != NID_sha256 && md != NID_sha384 && md != NID_sha512) || pk != NID_rsaEncryption)
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.weak", "%s: not signed with RSA and SHA-256 or better", c->cn);
    return 0;
}

/*= PEPPOL-PKI 3 "a SMP-CA leaf must fail" */
static int check_chain(const struct asked *q, struct err *e)
{
    static const char *const what[2] = {[PKI_AP] = "access point", [PKI_SMP] = "SMP"};
    const struct cert *c = q->c;
    enum pki_role role = q->role;
    int why;

    if (remembered(q))
        return 0;
    why = chain(q, role);
    if (why == X509_V_ERR_OUT_OF_MEM)
        return err_nomem(e);
    if (why != X509_V_OK && chain(q, role == PKI_AP ? PKI_SMP : PKI_AP) == X509_V_OK)
        return not_trusted(e, "PEPPOL-PKI 3", "cert.wrong-role", "%s (by %s) is no %s certificate",
            c->cn, c->issuer_cn, what[role]);
    if (why != X509_V_OK)
        return not_trusted(e, "PEPPOL-PKI 3", "cert.untrusted",
            "%s, issued by \"%s\", does not chain to %s: %s", c->cn[0] ? c->cn : "(no CN)",
            c->issuer_cn, q->a->ca[role]->cn, X509_verify_cert_error_string(why));
    if (X509_check_ca(c->x) > 0)
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.untrusted", "%s is a CA, not an end entity", c->cn);
    if (!(X509_get_key_usage(c->x) & KU_DIGITAL_SIGNATURE))
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.untrusted", "%s is not made for signing", c->cn);
    if (check_strength(c, e))
        return -1;
    remember(q);
    return 0;
}

/*= PEPPOL-PKI 3 "validity at the time of use" */
static int check_time(const struct cert *c, int64_t now, struct err *e)
{
    char text[CLOCK_TEXT];

    if (now < c->not_before) {
        clock_utc(text, c->not_before);
        return not_trusted(e, "RFC 5280 4.1.2.5", "cert.not-yet-valid", "%s (%s) is valid from %s",
            c->cn, c->serial, text);
    }
    /* notAfter is the last valid second, not the first invalid one */
    if (now >= c->not_after + 1000) {
        clock_utc(text, c->not_after);
        return not_trusted(e, "RFC 5280 4.1.2.5", "cert.expired", "%s (%s) was valid until %s",
            c->cn, c->serial, text);
    }
    return 0;
}

bool pki_seat_id_ok(const char *cn)
{
    size_t n = cn ? strlen(cn) : 0;

    if (n != 9 || cn[0] != 'P')
        return false;
    for (size_t i = 1; i < n; i++)
        if (i < 3 ? cn[i] < 'A' || cn[i] > 'Z' : cn[i] < '0' || cn[i] > '9')
            return false;
    return true;
}

/* The weaker of the two answers is the one to record. */
/*= PEPPOL-AS4 4.7 "certificates are checked for revocation" */
static int check_revocation(const char **how, const struct asked *q, struct err *e)
{
    struct pki *p = q->p;
    const struct cert *ca = q->a->ca[q->role];
    const char *of_ca = NULL;

    if (!p->revoked)
        return 0;
    if (p->revoked(p->revoked_ctx, how, q->c, ca, q->received, q->now, e) ||
        p->revoked(p->revoked_ctx, &of_ca, ca, q->a->root, q->received, q->now, e))
        return -1;
    if (of_ca && strcmp(of_ca, "last-good") == 0)
        *how = of_ca;
    return 0;
}

static int check(const char **how, const struct asked *q, struct err *e)
{
    if (check_chain(q, e) || check_time(q->c, q->now, e) ||
        check_time(q->a->ca[q->role], q->now, e) || check_time(q->a->root, q->now, e))
        return -1;
    /*= PEPPOL-PKI 2 "CN = Seat ID ^P[A-Z]{2}[0-9]{6}$" */
    if (q->role == PKI_AP && !pki_seat_id_ok(q->c->cn))
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.seat", "the certificate's CN \"%s\" is no Seat ID", q->c->cn);
    return check_revocation(how, q, e);
}

static int ask(const char **how, struct pki *p, struct asked *q, struct err *e)
{
    struct anchors *a = hold(p);
    int rc;

    *how = NULL;
    q->p = p;
    q->a = a;
    rc = check(how, q, e);
    let_go(a);
    return rc;
}

int pki_check(struct pki *p, const struct cert *c, enum pki_role role, int64_t now, struct err *e)
{
    struct asked q = {.c = c, .role = role, .now = now};
    const char *how;

    return ask(&how, p, &q, e);
}

int pki_check_received(const char **how, struct pki *p, const struct cert *c, enum pki_role role,
    int64_t now, struct err *e)
{
    struct asked q = {.c = c, .role = role, .received = true, .now = now};

    return ask(how, p, &q, e);
}
