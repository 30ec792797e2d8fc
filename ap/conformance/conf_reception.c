/* conf_reception.c - what the testbed's access point would send us, sent by ourselves: through the
 * SML, the SMP and the network to our own endpoint. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/rnd.h"
#include "ap/conformance/conf_priv.h"

#define ARENA (64u << 20)

/* An invoice number that nobody takes for a real one. */
static const char *number(char out[32])
{
    char id[RND_UUID];

    rnd_uuid(id);
    (void)snprintf(out, 32, "CONFORMANCE-%.8s", id);
    return out;
}

struct own {
    struct store_participant us;
    struct conf_message m; /* from ourselves to ourselves */
    struct conf_exchange x;
    struct arena *a;
    char number[32];
};

static int own_begin(struct own *o, struct conf_run *r, struct conf_case *k, struct err *e)
{
    *o = (struct own){.a = arena_new(ARENA)};
    if (!o->a)
        return err_nomem(e);
    if (!conf_own(&o->us, r, k, o->a))
        return 0;
    o->m =
        (struct conf_message){.from = &o->us, .to = o->us.identifier, .number = number(o->number)};
    return 0;
}

static void own_end(struct own *o)
{
    conf_exchange_free(&o->x);
    arena_free(o->a);
}

static int own_send(struct own *o, struct conf_run *r, struct conf_case *k, struct err *e)
{
    return conf_send(&o->x, r, k, &o->m, o->a, e);
}

static int same_seat(const struct conf_exchange *x, const struct conf_run *r)
{
    return x->found && strcmp(x->ep.seat_id, key_cert(r->keys[0])->cn) == 0;
}

int conf_published(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct own o;
    struct participant p;
    struct lookup_services s;
    struct err why = ERR_INIT;
    int rc = own_begin(&o, r, k, e);

    if (rc || k->verdict == CONF_SKIPPED || participant_parse(&p, str_z(o.us.identifier), &why))
        goto done;
    if (conf_check(k, lookup_services(&s, r->lookup, &p, o.a, &why) == 0,
            "the SMP of %s is found: %.200s", o.us.identifier, why.code[0] ? why.msg : s.smp_url))
        (void)conf_check(k, s.n > 0, "it lists %zu document types", s.n);
    if ((rc = own_send(&o, r, k, e)) ||
        !conf_check(k, o.x.found, "our entry for invoices holds: %.200s",
            o.x.found ? o.x.ep.url : o.x.why.msg))
        goto done;
    (void)conf_check(k, strcmp(o.x.ep.url, r->c->public_url) == 0, "its URL %.120s is ours, %.120s",
        o.x.ep.url, r->c->public_url);
    (void)conf_check(k, cert_same(o.x.ep.cert, key_cert(r->keys[0])),
        "its certificate is the one that we sign with (%s)", o.x.ep.seat_id);
done:
    own_end(&o);
    return rc;
}

int conf_reception(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct own o;
    int rc = own_begin(&o, r, k, e);

    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = own_send(&o, r, k, e)) == 0 &&
        conf_expect_receipt(k, &o.x, "an invoice")) {
        (void)conf_check(
            k, o.x.status == 200, "the receipt came in the response, HTTP %d", o.x.status);
        (void)conf_check(
            k, same_seat(&o.x, r), "the receipt is by our own seat, %s", o.x.ep.seat_id);
        rc = conf_expect_kept(r, k, &o.x, o.a, e);
    }
    own_end(&o);
    return rc;
}

/* What differs from an ordinary message to ourselves, and what must come of it: a receipt, or with
 * `code` that error. */
struct plan {
    const char *what, *code, *detail;
    bool uncompressed, chunked, other_type;
    unsigned repeats;
    enum conf_damage damage;
    enum conf_envelope envelope;
    enum conf_payload payload;
    uint64_t size;
};

static int own_expect(
    struct own *o, struct conf_run *r, struct conf_case *k, const struct plan *p, struct err *e)
{
    if (p->code) {
        (void)conf_expect_error(k, &o->x, p->what, p->code, p->detail);
        return 0;
    }
    if (!conf_expect_receipt(k, &o->x, p->what))
        return 0;
    if (p->repeats)
        (void)conf_check(
            k, o->x.same_again, "%u repeats have the same receipt, byte for byte", p->repeats);
    return conf_expect_kept(r, k, &o->x, o->a, e);
}

static int own_case(struct conf_run *r, struct conf_case *k, const struct plan *p, struct err *e)
{
    struct own o;
    int rc = own_begin(&o, r, k, e);

    o.m.uncompressed = p->uncompressed;
    o.m.chunked = p->chunked;
    o.m.other_type = p->other_type;
    o.m.repeats = p->repeats;
    o.m.damage = p->damage;
    o.m.envelope = p->envelope;
    o.m.payload = p->payload;
    o.m.size = p->size;
    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = own_send(&o, r, k, e)) == 0)
        rc = own_expect(&o, r, k, p, e);
    own_end(&o);
    return rc;
}

static int own_cases(
    struct conf_run *r, struct conf_case *k, const struct plan *p, size_t n, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n && k->verdict != CONF_SKIPPED; i++)
        rc = own_case(r, k, &p[i], e);
    return rc;
}

int conf_reception_plain(struct conf_run *r, struct conf_case *k, struct err *e)
{
    const struct plan p = {.what = "an uncompressed invoice", .uncompressed = true};

    return own_case(r, k, &p, e);
}

int conf_reception_odd(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p[] = {{.what = "an invoice sent in chunks", .chunked = true},
        {.what = "one with a byte order mark before the SOAP envelope", .damage = CONF_BOM},
        {.what = "one whose envelope is in UTF-16", .payload = CONF_PAYLOAD_UTF16}};

    return own_cases(r, k, p, sizeof(p) / sizeof(p[0]), e);
}

int conf_reception_again(struct conf_run *r, struct conf_case *k, struct err *e)
{
    const struct plan p = {.what = "an invoice", .repeats = 2};

    return own_case(r, k, &p, e);
}

int conf_reception_signature(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p[] = {
        {.what = "a message without signature", .code = "EBMS:0101", .damage = CONF_UNSIGNED},
        {.what = "a header changed after signing", .code = "EBMS:0101", .damage = CONF_CHANGED}};

    return own_cases(r, k, p, sizeof(p) / sizeof(p[0]), e);
}

int conf_reception_clear(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p = {.what = "a payload in clear",
        .code = "EBMS:0102",
        .uncompressed = true,
        .damage = CONF_UNENCRYPTED};

    return own_case(r, k, &p, e);
}

int conf_reception_damaged(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p = {
        .what = "a ciphertext with one bit changed", .code = "EBMS:0102", .damage = CONF_FLIPPED};

    return own_case(r, k, &p, e);
}

int conf_reception_compression(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p[] = {
        {.what = "gzip cut short", .code = "EBMS:0303", .payload = CONF_PAYLOAD_CUT},
        {.what = "gzip of 32 MB of zeros", .code = "EBMS:0303", .payload = CONF_PAYLOAD_BOMB}};

    return own_cases(r, k, p, sizeof(p) / sizeof(p[0]), e);
}

int conf_reception_envelope(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct plan p[] = {
        {.what = "a document alone", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_NONE},
        {.what = "an envelope alone", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_EMPTY},
        {.what = "no COUNTRY_C1", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_NO_COUNTRY},
        {.what = "no DOCUMENTID", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_NO_TYPE},
        {.what = "no PROCESSID", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_NO_PROCESS},
        {.what = "no InstanceIdentifier", .code = "EBMS:0004", .envelope = CONF_ENVELOPE_NO_ID}};

    return own_cases(r, k, p, sizeof(p) / sizeof(p[0]), e);
}

int conf_reception_large(struct conf_run *r, struct conf_case *k, struct err *e)
{
    const struct plan p = {.what = "a large invoice", .size = r->large};

    if (r->large)
        return own_case(r, k, &p, e);
    conf_skip(k, "no size was asked for (--large)");
    return 0;
}

/* A record without document types takes them all: then there is none to refuse. */
static int unserved_type(
    struct conf_run *r, struct conf_case *k, const struct own *o, struct err *e)
{
    static const struct plan p = {.what = "a document type that the record does not name",
        .code = "EBMS:0004",
        .detail = "PEPPOL:NOT_SERVICED",
        .other_type = true};

    if (o->us.nservices)
        return own_case(r, k, &p, e);
    (void)conf_check(k, true, "the record of %s takes every document type", o->us.identifier);
    return 0;
}

int conf_reception_unserved(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct own o;
    char nobody[64];
    int rc = own_begin(&o, r, k, e);

    (void)snprintf(nobody, sizeof(nobody), "9999:%s", o.number);
    o.m.receiver_in_header = nobody;
    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = own_send(&o, r, k, e)) == 0) {
        (void)conf_expect_error(
            k, &o.x, "a receiver who is nobody here", "EBMS:0004", "PEPPOL:NOT_SERVICED");
        rc = unserved_type(r, k, &o, e);
    }
    own_end(&o);
    return rc;
}

/* ---- a signer who is not of Peppol ---- */

static X509 *self_signed(EVP_PKEY *key, const char *cn)
{
    X509 *c = X509_new();
    X509_NAME *name = c ? X509_get_subject_name(c) : NULL;

    if (name && X509_set_version(c, X509_VERSION_3) &&
        ASN1_INTEGER_set_int64(X509_get_serialNumber(c), 1) &&
        X509_gmtime_adj(X509_getm_notBefore(c), -3600) &&
        X509_gmtime_adj(X509_getm_notAfter(c), 86400) &&
        X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) &&
        X509_set_issuer_name(c, name) && X509_set_pubkey(c, key) && X509_sign(c, key, EVP_sha256()))
        return c;
    X509_free(c);
    return NULL;
}

static int put(int dirfd, const char *name, BIO *b, struct err *e)
{
    char *p;
    long n = BIO_get_mem_data(b, &p);

    return fsx_replace(dirfd, name, p, (size_t)n, 0600, e);
}

/* A key of its own under a certificate of its own that bears our name. */
static int impostor(struct key **out, struct conf_run *r, struct err *e)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = key ? self_signed(key, key_cert(r->keys[0])->cn) : NULL;
    BIO *k = BIO_new(BIO_s_mem()), *c = BIO_new(BIO_s_mem());
    char key_file[64], cert_file[64];
    int rc;

    (void)snprintf(key_file, sizeof(key_file), "/proc/self/fd/%d/impostor.key", r->dirfd);
    (void)snprintf(cert_file, sizeof(cert_file), "/proc/self/fd/%d/impostor.pem", r->dirfd);
    if (!cert || !k || !c || !PEM_write_bio_X509(c, cert) ||
        !PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL))
        rc = err_nomem(e);
    else
        rc = put(r->dirfd, "impostor.key", k, e) || put(r->dirfd, "impostor.pem", c, e) ||
                     key_open_file(out, key_file, cert_file, e)
                 ? -1
                 : 0;
    if (fsx_remove(r->dirfd, "impostor.key", e))
        rc = -1;
    BIO_free(k);
    BIO_free(c);
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

int conf_reception_stranger(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct own o;
    int rc = own_begin(&o, r, k, e);

    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = impostor(&o.m.key, r, e)) == 0 &&
        (rc = own_send(&o, r, k, e)) == 0)
        (void)conf_expect_error(
            k, &o.x, "a self-signed certificate with our name", "EBMS:0101", NULL);
    key_close(o.m.key);
    own_end(&o);
    return rc;
}

int conf_reception_other_key(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct own o;
    struct key *other = NULL;
    int rc = own_begin(&o, r, k, e);

    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = impostor(&other, r, e)) == 0) {
        o.m.recipient = key_cert(other);
        if ((rc = own_send(&o, r, k, e)) == 0)
            (void)conf_expect_error(
                k, &o.x, "a payload encrypted to another key", "EBMS:0102", NULL);
    }
    key_close(other);
    own_end(&o);
    return rc;
}

/* ---- two certificates of ours ---- */

/* By whoever has our certificate from the SMP's cache, and signed by whichever we sign with. */
static int with_key(struct conf_run *r, struct conf_case *k, struct key *key, struct err *e)
{
    struct own o;
    char what[100];
    int rc = own_begin(&o, r, k, e);

    (void)snprintf(what, sizeof(what), "with certificate %.64s, an invoice", key_cert(key)->serial);
    if (rc == 0 && k->verdict != CONF_SKIPPED) {
        o.m.key = key;
        o.m.recipient = key_cert(key);
        if ((rc = own_send(&o, r, k, e)) == 0 && conf_expect_receipt(k, &o.x, what))
            rc = conf_expect_kept(r, k, &o.x, o.a, e);
    }
    own_end(&o);
    return rc;
}

int conf_reception_migration(struct conf_run *r, struct conf_case *k, struct err *e)
{
    int rc = 0;

    if (r->nkeys < 2)
        conf_skip(k, "there is one key only (aviso keys import takes in the next one)");
    for (size_t i = 0; rc == 0 && i < r->nkeys && k->verdict != CONF_SKIPPED; i++)
        rc = with_key(r, k, r->keys[i], e);
    return rc;
}
