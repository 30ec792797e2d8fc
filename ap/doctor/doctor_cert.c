/* doctor_cert.c - key and certificates: an expiry is never first noticed by a peer. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/hash.h"
#include "ap/doctor/doctor_priv.h"

/* Steps of reliability P1: a word of warning at 60 and 30 days, red from 7 days on. */
static void dates(struct doctor *d, const char *what, const struct cert *c, const char *next)
{
    int64_t left = c->not_after - d->now;
    char until[CLOCK_TEXT], text[CLOCK_TEXT];

    clock_utc(until, c->not_after);
    until[10] = '\0';
    if (d->now < c->not_before)
        find(d, "cert", DOCTOR_RED, "check the clock, or wait", "%s (%s) is not valid yet", what,
            c->cn);
    else if (left <= 0)
        find(d, "cert", DOCTOR_RED, next, "%s (%s) expired on %s", what, c->cn, until);
    else if (left < 60 * DAY)
        find(d, "cert", left < 7 * DAY ? DOCTOR_RED : DOCTOR_YELLOW, next,
            "%s (%s) expires in %s, on %s", what, c->cn, clock_span(text, left), until);
    else
        find(d, "cert", DOCTOR_GREEN, NULL, "%s (%s) is valid until %s", what, c->cn, until);
}

static void dates_of_file(struct doctor *d, const char *what, const char *path, const char *next)
{
    struct err e = ERR_INIT;
    struct cert *c = NULL;

    if (!*path)
        return;
    if (cert_from_pem_file(&c, path, &e))
        find_err(d, "cert", DOCTOR_RED, &e, "check the file that the configuration names");
    else
        dates(d, what, c, next);
    cert_unref(c);
}

/* Chain and revocation, as every peer will judge them. */
/*= PEPPOL-PKI 3 "our own certificate is held to the same" */
static void own_chain(struct doctor *d)
{
    struct err e = ERR_INIT;

    if (pki_check(d->pki, key_cert(d->key), PKI_AP, d->now, &e) == 0)
        find(d, "cert", DOCTOR_GREEN, NULL,
            "%s chains to the Peppol CA of mode %s and is not revoked", key_cert(d->key)->cn,
            config_mode_word(d->c->mode));
    else if (e.class == ERR_RETRY)
        find_err(d, "cert", DOCTOR_YELLOW, &e, "check the way to the CRL server (port 80)");
    else
        find_err(d, "cert", DOCTOR_RED, &e, "check ap.mode, ap.cert_file and ap.anchor_dir");
}

/* Signs something and verifies it: key process, key file and certificate belong together. */
static void own_key(struct doctor *d)
{
    uint8_t digest[HASH_LEN];
    struct err e = ERR_INIT;
    struct buf sig;

    buf_init(&sig, 4096);
    if (hash_of(digest, "doctor", 6, &e) || key_sign_sha256(d->key, &sig, digest, &e) ||
        rsa_verify_sha256(key_cert(d->key), digest, sig.p, sig.n, &e))
        find_err(d, "key", DOCTOR_RED, &e, "check ap.key_file and ap.cert_file");
    else
        find(d, "key", DOCTOR_GREEN, NULL, "signs, and the certificate verifies it");
    buf_free(&sig);
    if (d->pki)
        own_chain(d);
}

void check_cert(struct doctor *d)
{
    const struct config *c = d->c;

    if (d->key)
        own_key(d);
    if (!d->nkeys)
        dates_of_file(d, "the Peppol certificate", c->cert_file, "order a new one from OpenPeppol");
    for (size_t i = 0; i < d->nkeys; i++)
        dates(d, i ? "the certificate of a key that only decrypts" : "the Peppol certificate",
            key_cert(d->keys[i]),
            i ? "aviso keys retire, when no message for it is on its way"
              : "order a new one from OpenPeppol, then aviso keys import");
    if (c->plain == PLAIN_NO)
        dates_of_file(d, "the web certificate", c->tls_cert_file, "renew it");
}
