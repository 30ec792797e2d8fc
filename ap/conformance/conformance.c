/* conformance.c - the table of cases, and noting what they see. */
#include "ap/conformance/conformance.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/conformance/conf_priv.h"

#define KEEP_MAX (2u << 20) /* of a request, as evidence */

static const struct {
    const char *id, *title, *bed, *clause;
    int (*run)(struct conf_run *r, struct conf_case *k, struct err *e);
} CASES[] = {
    {"tls-protocols", "Our endpoint speaks TLS 1.2 or newer and nothing older", "TC2A.1",
        "PEPPOL-AS4 4.2", conf_tls_protocols},
    {"tls-suites", "Our endpoint takes no weak cipher suite", "TC2A.1", "PEPPOL-TLS 1.1.0 2",
        conf_tls_suites},
    {"tls-certificate", "Chain, name and port of our endpoint", "TC2A.1", "PEPPOL-TLS 1.1.0 1",
        conf_tls_certificate},
    {"tls-addresses", "Every address of our endpoint answers alike", "TC2A.1", "eDelivery AS4 1.14",
        conf_tls_addresses},
    {"published", "What the SMP says of us is what we hold", "TC2B.1", "PEPPOL-AS4 6",
        conf_published},
    {"reception", "A document is received, its receipt is proof", "TC2A.2B", "AS4 5.1.8",
        conf_reception},
    {"reception-uncompressed", "An uncompressed document is received", "", "AS4 3.1",
        conf_reception_plain},
    {"reception-odd", "What is odd but legal is received", "", "eDelivery AS4 1.14",
        conf_reception_odd},
    {"reception-again", "The same message again gets the first receipt", "", "AS4 3.2",
        conf_reception_again},
    {"reception-invalid-certificate", "A signer outside Peppol's authority is refused",
        "G3 reception from an invalid certificate", "PEPPOL-AS4 4.7", conf_reception_stranger},
    {"reception-signature", "No signature, or a wrong one, is refused", "", "PEPPOL-AS4 5",
        conf_reception_signature},
    {"reception-unencrypted", "A payload in clear is refused", "", "PEPPOL-AS4 5",
        conf_reception_clear},
    {"reception-damaged", "A changed payload is refused", "", "PEPPOL-AS4 5",
        conf_reception_damaged},
    {"reception-wrong-recipient", "What is encrypted to another key is refused", "", "PEPPOL-AS4 5",
        conf_reception_other_key},
    {"reception-compression", "What does not decompress within bounds is refused", "", "AS4 3.1",
        conf_reception_compression},
    {"reception-envelope", "A payload without a whole envelope is refused", "", "Envelope 2.0.2 2",
        conf_reception_envelope},
    {"reception-not-serviced", "Who is not served here is answered so", "", "PEPPOL-AS4 4.4",
        conf_reception_unserved},
    {"reception-large", "A large document is received", "TC2A.5B", "PEPPOL-AS4 4.10",
        conf_reception_large},
    {"reception-migration", "Our old and our new certificate are both received with",
        "PKI migration: dual reception", "PEPPOL-AS4 4.7", conf_reception_migration},
    {"submission", "A document is sent to the test network", "TC2A.3", "PEPPOL-AS4 6",
        conf_submission},
    {"submission-invalid-certificate", "Nothing is sent to a revoked certificate", "TC2A.4",
        "PEPPOL-AS4 4.7", conf_submission_revoked},
    {"submission-migration", "A peer's new certificate is followed", "PKI migration: submission",
        "PEPPOL-AS4 4.7", conf_submission_migration},
    {"submission-large", "A large document is sent", "TC2A.6", "PEPPOL-AS4 4.10",
        conf_submission_large},
    {"submission-wildcard", "A receiver with a wildcard registration is found", "PINT",
        "PINT wildcard migration 5.4", conf_submission_wildcard},
};

const char *conf_verdict_word(enum conf_verdict v)
{
    static const char *const words[] = {"passed", "failed", "skipped"};

    return words[v];
}

bool conf_check(struct conf_case *k, bool ok, const char *fmt, ...)
{
    struct conf_check *c = &k->checks[k->nchecks < CONF_CHECKS ? k->nchecks++ : CONF_CHECKS - 1];
    va_list ap;

    if (!ok)
        k->verdict = CONF_FAILED;
    va_start(ap, fmt);
    (void)vsnprintf(c->text, sizeof(c->text), fmt, ap);
    va_end(ap);
    c->ok = ok;
    return ok;
}

void conf_skip(struct conf_case *k, const char *why)
{
    k->verdict = CONF_SKIPPED;
    (void)snprintf(k->why, sizeof(k->why), "%s", why);
}

int conf_keep(
    struct conf_run *r, struct conf_case *k, const char *name, struct str bytes, struct err *e)
{
    char file[64];

    (void)snprintf(file, sizeof(file), "%s-%s", k->id, name);
    if (fsx_replace(r->dirfd, file, bytes.p, bytes.n, 0600, e))
        return -1;
    if (k->nfiles < CONF_FILES)
        memcpy(k->files[k->nfiles++], file, sizeof(file));
    return 0;
}

int conf_keep_next(
    struct conf_run *r, struct conf_case *k, const char *what, struct str bytes, struct err *e)
{
    char name[48];

    (void)snprintf(name, sizeof(name), "%zu-%s", k->nfiles + 1, what);
    return conf_keep(r, k, name, bytes, e);
}

int conf_keep_request(struct conf_run *r, struct conf_case *k, const char *content_type,
    bool chunked, struct str body, struct err *e)
{
    struct buf b;
    int rc;

    if (body.n > KEEP_MAX)
        return 0;
    buf_init(&b, KEEP_MAX + 4096);
    buf_printf(&b, "POST /as4 HTTP/1.1\r\nContent-Type: %s\r\n", content_type);
    if (chunked)
        buf_printf(&b, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body.n);
    else
        buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.n);
    buf_str(&b, body);
    buf_puts(&b, chunked ? "\r\n0\r\n\r\n" : "");
    rc = buf_check(&b, e) ? -1 : conf_keep_next(r, k, "request.http", buf_view(&b), e);
    buf_free(&b);
    return rc;
}

/* A participant of ours that is not disabled: the one asked for, or the first. */
bool conf_own(
    struct store_participant *out, struct conf_run *r, struct conf_case *k, struct arena *a)
{
    static const char none[] = "no participant of ours is registered here (aviso participant add)";
    struct store_participant all[64];
    struct participant wanted, one;
    struct err e = ERR_INIT;
    size_t n = 0;

    if ((r->own && participant_parse(&wanted, str_z(r->own), &e)) ||
        store_participant_list(all, 64, &n, r->store, NULL, a, &e)) {
        conf_skip(k, e.msg);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].disabled || participant_parse(&one, str_z(all[i].identifier), &e))
            continue;
        *out = all[i];
        if (!r->own || participant_same(&one, &wanted))
            return true;
    }
    conf_skip(k, r->own ? "the participant is not ours" : none);
    return false;
}

void conf_run(struct conf_run *r)
{
    r->started = clock_now();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct conf_case *k = &r->cases[r->n];
        int64_t began = clock_mono();
        struct err e = ERR_INIT;
        if (r->only && strncmp(CASES[i].id, r->only, strlen(r->only)) != 0)
            continue;
        *k = (struct conf_case){.id = CASES[i].id,
            .title = CASES[i].title,
            .bed = CASES[i].bed,
            .clause = CASES[i].clause};
        if (CASES[i].run(r, k, &e))
            (void)conf_check(k, false, "the case could be made: %s: %.200s", e.code, e.msg);
        k->ms = clock_mono() - began;
        r->n++;
        r->count[k->verdict]++;
        if (r->told)
            r->told(r->told_ctx, k);
    }
}
