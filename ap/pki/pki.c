#include "ap/pki/pki.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/base/clock.h"
#include "ap/pki/anchors_priv.h"
#include "ap/pki/strength_priv.h"

#define CACHE 256 /* leaves that chained */

struct verdict {
    uint8_t sha256[HASH_LEN];
    bool known[2]; /* by role */
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

int pki_open(struct pki **out, const char *anchor_dir, struct err *e)
{
    struct pki *p = calloc(1, sizeof(*p));

    if (!p)
        return err_nomem(e);
    if (anchors_read(&p->anchors, anchor_dir, e)) {
        free(p);
        return -1;
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    *out = p;
    return 0;
}

void pki_close(struct pki *p)
{
    if (!p)
        return;
    anchors_unref(p->anchors);
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
    a = anchors_ref(p->anchors);
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

static int check_strength(const struct cert *c, struct err *e)
{
    const char *why = strength_of_key(c);

    if (!why)
        why = strength_of_signature(c);
    return why ? not_trusted(e, "PEPPOL-PKI 2", "cert.weak", "%s: %s", c->cn, why) : 0;
}

/*= PEPPOL-PKI 3 "a SMP-CA leaf must fail" */
static int check_path(const struct asked *q, struct err *e)
{
    static const char *const what[2] = {[PKI_AP] = "access point", [PKI_SMP] = "SMP"};
    const struct cert *c = q->c;
    enum pki_role role = q->role;
    int why = anchors_path(q->a, c, role);

    if (why == X509_V_OK)
        return 0;
    if (why == X509_V_ERR_OUT_OF_MEM)
        return err_nomem(e);
    if (anchors_path(q->a, c, role == PKI_AP ? PKI_SMP : PKI_AP) == X509_V_OK)
        return not_trusted(e, "PEPPOL-PKI 3", "cert.wrong-role", "%s (by %s) is no %s certificate",
            c->cn, c->issuer_cn, what[role]);
    return not_trusted(e, "RFC 5280 6.1", "cert.untrusted",
        "%s, issued by \"%s\", does not chain to %s: %s", c->cn[0] ? c->cn : "(no CN)",
        c->issuer_cn, anchors_ca(q->a, role)->cn, X509_verify_cert_error_string(why));
}

/* Here every kind of yes counts, also that of one who may sign no certificate. */
static bool is_authority(const struct cert *c)
{
    return (X509_get_extension_flags(c->x) & EXFLAG_CA) || X509_check_ca(c->x) > 0;
}

static int check_chain(const struct asked *q, struct err *e)
{
    if (remembered(q))
        return 0;
    if (is_authority(q->c))
        return not_trusted(e, "PEPPOL-PKI 2", "cert.untrusted", "%s is a CA, not an end entity",
            q->c->cn[0] ? q->c->cn : "(no CN)");
    if (check_path(q, e) || check_strength(q->c, e))
        return -1;
    remember(q);
    return 0;
}

/* An extension that is not there allows everything (RFC 5280 4.2.1.3, 4.2.1.12). Who only signed
 * something (a message that arrived, an SMP's answer) need not be one to encrypt to. */
/*= PEPPOL-PKI 2 "digitalSignature, keyEncipherment, clientAuth" */
static int check_usage(const struct asked *q, struct err *e)
{
    uint32_t usage = X509_get_key_usage(q->c->x), purpose = X509_get_extended_key_usage(q->c->x);

    if (!(usage & KU_DIGITAL_SIGNATURE))
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.untrusted", "%s is not made for signing", q->c->cn);
    if (q->role == PKI_AP && !q->received && !(usage & KU_KEY_ENCIPHERMENT))
        return not_trusted(
            e, "PEPPOL-PKI 2", "cert.untrusted", "%s is not made to be encrypted to", q->c->cn);
    if (!(purpose & (XKU_SSL_CLIENT | XKU_ANYEKU)))
        return not_trusted(e, "PEPPOL-PKI 2", "cert.untrusted",
            "%s is made for something else (extendedKeyUsage without clientAuth)", q->c->cn);
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
/*= PEPPOL-PKI 4 "an authority by the root's list" */
static int check_revocation(const char **how, const struct asked *q, struct err *e)
{
    struct pki *p = q->p;
    const struct cert *ca = anchors_ca(q->a, q->role);
    const char *of_ca = NULL;

    if (!p->revoked)
        return 0;
    if (p->revoked(p->revoked_ctx, how, q->c, ca, q->received, q->now, e) ||
        p->revoked(p->revoked_ctx, &of_ca, ca, anchors_root(q->a), q->received, q->now, e))
        return -1;
    if (of_ca && strcmp(of_ca, "last-good") == 0)
        *how = of_ca;
    return 0;
}

static int check(const char **how, const struct asked *q, struct err *e)
{
    if (check_chain(q, e) || check_usage(q, e) || check_time(q->c, q->now, e) ||
        check_time(anchors_ca(q->a, q->role), q->now, e) ||
        check_time(anchors_root(q->a), q->now, e))
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
    anchors_unref(a);
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
