#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/dsig/dsig.h"
#include "ap/lookup/lookup.h"
#include "ap/lookup/smp_write.h"
#include "ap/lookup/url_priv.h"
#include "ap/xml/xml.h"
#include "tests/support/dnsd.h"
#include "tests/support/httpd.h"
#include "tests/support/testpki.h"

#define ZONE "sml.example"
#define BILLING                                                                                    \
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#"    \
    "compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
#define PINT_OF(c) "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##" c "::2.1"
#define NOW TESTPKI_NOW

static struct dnsd *dns;
static struct httpd *smp;
static struct pki *pki;
static struct http_client *http;
static struct lookup *lk;
static struct key *smp_key;
static struct arena *a;
static struct err e;
static struct endpoint ep;
static struct participant who;
static struct doctype what;
static struct process how;
static struct lookup_query q;
static char ap_cert[4][8192]; /* base64 of certificates by turn */
static struct smp_endpoint end_point;

static void set_certificate(const char *name)
{
    struct cert *c = testpki_cert(name);
    struct buf b;

    buf_init(&b, 8000);
    cert_b64(&b, c);
    (void)snprintf(ap_cert[0], sizeof(ap_cert[0]), "%s", b.p);
    end_point.certificate = str_z(ap_cert[0]);
    buf_free(&b);
    cert_unref(c);
}

static void open_lookup(int64_t cache_ms, bool no_group)
{
    struct lookup_cfg c = {.zone = ZONE,
        .resolver = dnsd_address(dns),
        .dns_ms = 2000,
        .smp_ms = 700,
        .times = {.cache_ms = cache_ms, .last_known_good_ms = 3600000},
        .plain_ok = true,
        .no_service_group = no_group,
        .pki = pki,
        .http = http};

    lookup_close(lk);
    assert_int_equal(lookup_open(&lk, &c, &e), 0);
}

static char *path_of(const struct doctype *d) /* NULL: the ServiceGroup's */
{
    static char path[4][4096];
    static unsigned turn;
    struct buf b;
    char *out = path[turn++ % 4];

    buf_init(&b, 4000);
    if (d)
        smp_metadata_url(&b, "/smp", &who, d);
    else
        smp_group_url(&b, "/smp", &who);
    (void)snprintf(out, sizeof(path[0]), "%s", b.p);
    buf_free(&b);
    return out;
}

static void publish_group(const struct doctype *d, size_t n)
{
    struct buf b;

    buf_init(&b, SMP_MAX_BYTES);
    assert_int_equal(smp_write_group(&b, "http://x.example", &who, d, n, &e), 0);
    httpd_put(smp, path_of(NULL), "text/xml", b.p, b.n);
    buf_free(&b);
}

static void answer(const char *path, const char *text)
{
    httpd_set(smp, path, HTTPD_ANSWER, text, strlen(text));
}

/* Metadata that say they are about p and d, under the path of `at`. */
static void publish_as(
    const struct doctype *at, const struct participant *p, const struct doctype *d, struct key *k)
{
    struct smp_process proc = {&how, &end_point, 1};
    struct buf b;

    buf_init(&b, SMP_MAX_BYTES);
    assert_int_equal(smp_write_metadata(&b, p, d, &proc, 1, k, a, &e), 0);
    httpd_put(smp, path_of(at), "application/xml", b.p, b.n);
    buf_free(&b);
}

static void publish(const struct doctype *d)
{
    publish_as(d, &who, d, smp_key);
}

static int begin(void **state)
{
    struct http_cfg hc = {.egress = {true, true, true}};
    char name[PARTICIPANT_DNS], regexp[200];
    (void)state;
    a = arena_new(64 << 20);
    dns = dnsd_start();
    smp = httpd_start(NULL);
    assert_int_equal(http_client_open(&http, &hc, &e), 0);
    assert_int_equal(participant_parse(&who, STR("0088:123ABC"), &e), 0);
    assert_int_equal(doctype_parse(&what, STR(BILLING), &e), 0);
    assert_int_equal(process_parse(&how, STR("urn:prof"), &e), 0);
    q = (struct lookup_query){&who, &what, &how, false, NOW};
    end_point = (struct smp_endpoint){.transport_profile = STR(TRANSPORT_AS4),
        .address = STR("https://ap.example/as4"),
        .description = STR("d"),
        .contact = STR("c")};
    set_certificate("ap1");
    assert_int_equal(participant_dns(name, &who, ZONE, &e), 0);
    (void)snprintf(regexp, sizeof(regexp), "!.*!http://127.0.0.1:%d/smp/!", httpd_port(smp));
    dnsd_naptr(dns, name, 1, 1, "U", "Meta:SMP", regexp);
    publish_group(&what, 1);
    publish(&what);
    open_lookup(60000, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    endpoint_free(&ep);
    lookup_close(lk);
    lk = NULL;
    http_client_close(http);
    httpd_stop(smp);
    dnsd_stop(dns);
    arena_free(a);
    return 0;
}

static int look(void)
{
    endpoint_free(&ep);
    memset(&e, 0, sizeof(e));
    return lookup_endpoint(&ep, lk, &q, a, &e);
}

static const struct lookup_step *step_of(const char *name)
{
    for (size_t i = ep.nsteps; i-- > 0;)
        if (strcmp(ep.steps[i].name, name) == 0)
            return &ep.steps[i];
    fail_msg("no step %s", name);
    return NULL;
}

static void fails(const char *code, enum err_class cls, const char *step)
{
    assert_int_equal(look(), -1);
    if (strcmp(e.code, code) != 0)
        fail_msg("%s (%s) instead of %s", e.code, e.msg, code);
    assert_int_equal(e.class, cls);
    assert_true(e.where[0] && e.who[0] && e.msg[0]);
    assert_int_equal(step_of(step)->verdict, LOOKUP_FAILED);
    assert_string_equal(step_of(step)->code, code);
    assert_null(ep.cert && ep.fetched ? ep.cert : NULL);
}

static void found(const char *registered)
{
    if (look())
        fail_msg("%s: %s", e.code, e.msg);
    assert_string_equal(ep.url, "https://ap.example/as4");
    assert_string_equal(ep.seat_id, "POP000001");
    assert_string_equal(ep.registered.value, registered);
    assert_int_equal(e.class, ERR_NONE);
}

static void an_endpoint_is_found_step_by_step(void **state)
{
    static const char *const names[] = {
        "dns", "service-group", "metadata", "signature", "endpoint", "ap-certificate"};
    (void)state;
    found(BILLING);
    assert_int_equal(ep.nsteps, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(ep.steps[i].name, names[i]);
        assert_int_equal(ep.steps[i].verdict, LOOKUP_OK);
    }
    assert_string_equal(ep.smp_signer, "PSM000001");
    assert_string_equal(ep.transport_profile, TRANSPORT_AS4);
    assert_false(ep.cached);
}

static void good_answers_are_kept_for_a_while_and_no_longer(void **state)
{
    (void)state;
    found(BILLING);
    found(BILLING);
    assert_true(ep.cached);
    assert_int_equal(httpd_hits(smp, path_of(&what)), 1);
    q.now = NOW + 60000;
    found(BILLING);
    assert_true(ep.cached);
    q.now = NOW + 60001;
    found(BILLING);
    assert_false(ep.cached);
    q.fresh = true;
    found(BILLING);
    assert_false(ep.cached);
    q.fresh = false;
    lookup_forget(lk, &who);
    found(BILLING);
    assert_false(ep.cached);
    found(BILLING);
    assert_true(ep.cached);
    lookup_forget(lk, NULL);
    found(BILLING);
    assert_false(ep.cached);
    assert_int_equal(httpd_hits(smp, path_of(&what)), 5);
    open_lookup(-1, false);
    found(BILLING);
    found(BILLING);
    assert_false(ep.cached);
}

static void n1_while_nothing_answers_the_last_good_answer_is_used_and_marked(void **state)
{
    (void)state;
    found(BILLING);
    answer(path_of(&what), "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n");
    q.fresh = true;
    q.now = NOW + 3000000;
    found(BILLING);
    assert_true(ep.last_known_good);
    assert_int_equal(step_of("last-known-good")->verdict, LOOKUP_WARN);
    assert_string_equal(step_of("last-known-good")->code, "smp.unreachable");
    assert_int_equal(step_of("metadata")->verdict, LOOKUP_FAILED); /* the steps before it stay */
    q.now = NOW + 3600001;                                         /* too old */
    fails("smp.unreachable", ERR_RETRY, "metadata");
}

/* An empty lookup that has read what the last one had saved. */
static void restart_from(const char *dir, int dirfd)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/kept", dir);
    if (dirfd >= 0)
        assert_int_equal(lookup_save(lk, dirfd, "kept", &e), 0);
    open_lookup(900000, false);
    assert_int_equal(lookup_load(lk, path, &e), 0);
}

static void n1_the_last_good_answer_outlives_a_restart_and_is_checked_again(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char dir[128], path[256];
    struct stat before, after;
    int dirfd;

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%.60s/aviso-lookup-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/kept", dir);
    dirfd = open(dir, O_RDONLY | O_DIRECTORY);
    open_lookup(900000, false);
    assert_int_equal(lookup_load(lk, path, &e), 0); /* none yet: fine */
    found(BILLING);
    restart_from(dir, dirfd);
    answer(path_of(&what), "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n");
    q.now = NOW + 3000000;
    found(BILLING);
    assert_true(ep.last_known_good);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(lookup_save(lk, dirfd, "kept", &e), 0); /* nothing new: not written */
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    q.now = NOW + 3600001; /* it is as old as it was */
    fails("smp.unreachable", ERR_RETRY, "metadata");
    q.now = NOW + 3000000;
    assert_int_equal(truncate(path, before.st_size - 40), 0); /* a line cut off is left out */
    restart_from(dir, -1);
    fails("smp.unreachable", ERR_RETRY, "metadata");
    (void)unlinkat(dirfd, "kept", 0);
    (void)close(dirfd);
    (void)rmdir(dir);
}

static void what_is_answered_wrongly_is_no_reason_to_use_an_old_answer(void **state)
{
    struct participant other;

    (void)state;
    found(BILLING);
    assert_int_equal(participant_parse(&other, STR("0208:9999999999"), &e), 0);
    publish_as(&what, &other, &what, smp_key);
    q.fresh = true;
    fails("smp.mismatch", ERR_PEER, "identifiers");
}

static void failures_are_never_kept(void **state)
{
    (void)state;
    answer(path_of(&what), "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n");
    fails("smp.unreachable", ERR_RETRY, "metadata");
    publish(&what);
    found(BILLING);
}

static void who_is_not_in_dns_is_not_registered(void **state)
{
    struct participant other;
    (void)state;
    assert_int_equal(participant_parse(&other, STR("0088:nobody"), &e), 0);
    q.participant = &other;
    fails("participant.not-registered", ERR_PEER, "dns");
    assert_true(e.next[0]);
    assert_string_equal(e.who, "0088:nobody");
    assert_int_equal(ep.nsteps, 1);
}

/* phase4 #351: the group may be missing or wrong; the metadata decide. */
/*= SMP 1.4.0 5 "404: the type is not registered" */
static void the_service_group_is_only_a_hint(void **state)
{
    struct doctype other;
    (void)state;
    publish_group(NULL, 0);
    found(BILLING);
    lookup_forget(lk, NULL);
    answer(path_of(NULL), "HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n");
    found(BILLING);
    assert_int_equal(step_of("service-group")->verdict, LOOKUP_WARN);
    lookup_forget(lk, NULL);
    httpd_put(smp, path_of(NULL), "text/html", "<html>", 6);
    found(BILLING);
    open_lookup(-1, true);
    found(BILLING);
    assert_int_equal(ep.nsteps, 5);
    open_lookup(-1, false);
    assert_int_equal(doctype_parse(&other, STR("urn:x::Invoice##c::2.1"), &e), 0);
    publish_group(&what, 1);
    q.doctype = &other;
    fails("doctype.not-supported", ERR_PEER, "document-type");
    /* with the group in trouble a 404 proves nothing */
    answer(path_of(NULL), "HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n");
    fails("smp.unreachable", ERR_RETRY, "document-type");
}

/*= PINT wildcard migration 5.4 "exact id, then the longest wildcard" */
static void pint_is_looked_for_with_wildcards_and_never_in_busdox(void **state)
{
    struct doctype want, reg, shorter, busdox;
    (void)state;
    assert_int_equal(doctype_parse(&want, STR(PINT_OF("urn:peppol:pint:billing-1@ae-1@x")), &e), 0);
    assert_true(doctype_candidate(&reg, &want, 2));
    assert_true(doctype_candidate(&shorter, &want, 3));
    busdox = want;
    busdox.scheme = DOCTYPE_BUSDOX;
    q.doctype = &want;
    publish(&busdox);
    publish_group(&busdox, 1);
    fails("doctype.not-supported", ERR_PEER, "document-type");
    assert_int_equal(httpd_hits(smp, path_of(&busdox)), 0);
    publish(&shorter);
    found(PINT_OF("urn:peppol:pint:billing-1*"));
    lookup_forget(lk, NULL);
    publish(&reg);
    found(PINT_OF("urn:peppol:pint:billing-1@ae-1*"));
    lookup_forget(lk, NULL);
    publish_group(&reg, 1);
    found(PINT_OF("urn:peppol:pint:billing-1@ae-1*"));
    assert_int_equal(step_of("metadata")->verdict, LOOKUP_OK);
    assert_int_equal(ep.nsteps, 6); /* the list spared the questions in between */
    lookup_forget(lk, NULL);
    publish(&want);
    struct doctype all[3] = {shorter, want, reg};
    publish_group(all, 3);
    found(want.value);
}

/* N4: whatever an SMP does, it ends soon, bounded, and with its own name. */
static void an_smp_in_trouble_is_transient(void **state)
{
    static char big[10u << 20];
    static const char *const answers[][2] = {
        {"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", "smp.unreachable"},
        {"HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", "smp.unreachable"},
        {"HTTP/1.1 302 x\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            "smp.unreachable"},
        {"HTTP/1.1 200 x\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
            "smp.malformed"},
        {"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n", "smp.malformed"},
        {"HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
            "smp.malformed"},
        {"nonsense\r\n\r\n", "smp.malformed"}};
    int64_t began;
    (void)state;
    open_lookup(-1, true);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        httpd_set(smp, path_of(&what), HTTPD_ANSWER_CLOSE, answers[i][0], strlen(answers[i][0]));
        fails(answers[i][1], ERR_RETRY, i < 3 || i > 4 ? "metadata" : "signature");
    }
    memset(big, ' ', sizeof(big));
    httpd_put(smp, path_of(&what), "text/xml", big, sizeof(big));
    fails("smp.malformed", ERR_RETRY, "metadata");
    httpd_set(smp, path_of(&what), HTTPD_RESET_AFTER, "", 0);
    fails("smp.unreachable", ERR_RETRY, "metadata");
    httpd_set(smp, path_of(&what), HTTPD_DRIP, "", 0);
    began = clock_mono();
    fails("smp.timeout", ERR_RETRY, "metadata");
    assert_in_range(clock_mono() - began, 500, 3000);
    httpd_stop(smp);
    fails("smp.unreachable", ERR_RETRY, "metadata");
    smp = httpd_start(NULL);
}

/* N5: wrong signature, another participant, another document type: refused and never kept. */
/*= SMP 1.4.0 5.5.1 "signed by an SMP of Peppol" */
static void forged_and_foreign_answers_are_refused(void **state)
{
    struct participant other;
    struct doctype d;
    struct key *ap = testpki_key_file("ap1"), *rogue = testpki_key_file("rogue");
    struct buf b;
    struct smp_process proc = {&how, &end_point, 1};
    (void)state;
    buf_init(&b, SMP_MAX_BYTES);
    assert_int_equal(smp_write_metadata(&b, &who, &what, &proc, 1, smp_key, a, &e), 0);
    memcpy(strstr(b.p, "ap.example"), "ev.example", 10);
    httpd_put(smp, path_of(&what), "text/xml", b.p, b.n);
    fails("smp.signature", ERR_PEER, "signature");
    buf_free(&b);
    publish_as(&what, &who, &what, rogue);
    fails("smp.untrusted", ERR_PEER, "signature");
    publish_as(&what, &who, &what, ap); /* an AP's key is no SMP's */
    fails("smp.untrusted", ERR_PEER, "signature");
    assert_int_equal(participant_parse(&other, STR("0088:other"), &e), 0);
    publish_as(&what, &other, &what, smp_key);
    fails("smp.mismatch", ERR_PEER, "identifiers");
    assert_int_equal(doctype_parse(&d, STR("urn:x::Invoice##c::2.1"), &e), 0);
    publish_as(&what, &who, &d, smp_key);
    fails("smp.mismatch", ERR_PEER, "identifiers");
    publish(&what);
    found(BILLING);
    key_close(ap);
    key_close(rogue);
}

static void publish_redirect(const char *at, const char *to, const char *uid)
{
    struct smp_redirect r = {str_z(to), str_z(uid)};
    struct buf b;

    buf_init(&b, SMP_MAX_BYTES);
    assert_int_equal(smp_write_redirect(&b, &r, smp_key, a, &e), 0);
    httpd_put(smp, at, "text/xml", b.p, b.n);
    buf_free(&b);
}

/*= SMP 1.4.0 4.3 "one redirect is followed" */
/*= SMP 1.4.0 5.5.3 "the redirect's CertificateUID" */
static void one_redirect_is_followed_a_second_is_not(void **state)
{
    struct smp_process proc = {&how, &end_point, 1};
    char to[200];
    struct buf b;
    (void)state;
    (void)snprintf(to, sizeof(to), "http://127.0.0.1:%d/elsewhere", httpd_port(smp));
    publish_redirect(path_of(&what), to, "PSM000001");
    buf_init(&b, SMP_MAX_BYTES);
    assert_int_equal(smp_write_metadata(&b, &who, &what, &proc, 1, smp_key, a, &e), 0);
    httpd_put(smp, "/elsewhere", "text/xml", b.p, b.n);
    found(BILLING);
    assert_int_equal(step_of("redirect")->verdict, LOOKUP_OK);
    open_lookup(-1, false);
    for (size_t i = 0; i < 3; i++) {
        static const char *const ours[] = {
            "psm000001", "CN=PSM000001,O=An SMP,C=BE", "C=BE, O=An SMP, CN=PSM000001"};
        publish_redirect(path_of(&what), to, ours[i]);
        found(BILLING);
        assert_int_equal(step_of("redirect")->verdict, LOOKUP_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const others[] = {
            "somebody else", "CN=PSM0000011,O=PSM000001 SMP,C=BE", "O=An SMP"};
        publish_redirect(path_of(&what), to, others[i]);
        found(BILLING);
        assert_int_equal(step_of("redirect")->verdict, LOOKUP_WARN);
    }
    publish_redirect("/elsewhere", to, "PSM000001");
    fails("smp.redirect", ERR_PEER, "redirect");
    answer("/elsewhere", "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    fails("smp.unreachable", ERR_RETRY, "metadata");
    publish_redirect(path_of(&what), "ftp://x.example/", "");
    fails("smp.redirect", ERR_PEER, "redirect");
    buf_free(&b);
}

/*= SMP 1.4.0 4.3 "senders MUST ignore services that are not yet active or expired" */
static void the_endpoint_must_be_usable(void **state)
{
    struct process other;
    (void)state;
    assert_int_equal(process_parse(&other, STR("urn:other"), &e), 0);
    q.process = &other;
    fails("process.not-supported", ERR_PEER, "endpoint");
    q.process = &how;
    end_point.transport_profile = STR("busdox-transport-as2-ver1p0");
    publish(&what);
    fails("endpoint.no-as4", ERR_PEER, "endpoint");
    end_point.transport_profile = STR(TRANSPORT_AS4);
    end_point.activation = NOW + 1000;
    publish(&what);
    fails("endpoint.not-active", ERR_PEER, "endpoint");
    end_point.activation = 0;
    end_point.expiry = NOW + 1000;
    publish(&what);
    found(BILLING);
    q.now = NOW + 1000; /* also the kept one */
    fails("endpoint.expired", ERR_PEER, "endpoint");
    q.now = NOW;
    end_point.expiry = 0;
    end_point.address = STR("ftp://ap.example/as4");
    publish(&what);
    lookup_forget(lk, NULL);
    fails("endpoint.url", ERR_PEER, "endpoint");
}

/*= PEPPOL-AS4 6 "encrypted for the certificate in the SMP" */
static void the_access_points_certificate_must_hold(void **state)
{
    struct testpki_leaf old = {
        .name = "ap1", .cn = "POP000001", .from = "20250101000000Z", .to = "20260101000000Z"};
    struct cert *c = testpki_leaf(&old);
    struct buf b;
    (void)state;
    set_certificate("rogue");
    publish(&what);
    fails("ap-cert.untrusted", ERR_PEER, "ap-certificate");
    assert_string_equal(e.who, "POP000099");
    set_certificate("smp1");
    publish(&what);
    fails("ap-cert.untrusted", ERR_PEER, "ap-certificate");
    buf_init(&b, 8000);
    cert_b64(&b, c);
    end_point.certificate = buf_view(&b);
    publish(&what);
    fails("ap-cert.expired", ERR_PEER, "ap-certificate");
    end_point.certificate = STR("Q0VSVA==");
    publish(&what);
    fails("ap-cert.malformed", ERR_PEER, "ap-certificate");
    /* pp #24: armour and line breaks are nothing */
    set_certificate("ap1");
    buf_clear(&b);
    buf_puts(&b, "\n -----BEGIN CERTIFICATE-----\r\n");
    for (size_t i = 0; i < end_point.certificate.n; i += 60) {
        buf_str(&b, str_sub(end_point.certificate, i, 60));
        buf_puts(&b, "\r\n");
    }
    buf_puts(&b, "-----END CERTIFICATE-----\n");
    end_point.certificate = buf_view(&b);
    publish(&what);
    found(BILLING);
    buf_free(&b);
    cert_unref(c);
}

/*= SMP 1.4.0 5 "https on port 443" */
static void urls_outside_the_lab_are_public_https(void **state)
{
    static const char *const bad[] = {"http://ap.example/", "https://ap.example:8443/",
        "https://u@ap.example/", "https://ap.example/#x", "https:///x", "https://", "", "x",
        "https://ap.example/a b", "https://ap.example\\@evil/", "https://[]/", "https://[::1/",
        "https://[::1]x/", "https://[ap.example]/"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(url_fault(bad[i], false, true));
    assert_null(url_fault("https://ap.example/as4?x=1", false, true));
    assert_null(url_fault("https://ap.example:443", false, false));
    assert_non_null(url_fault("https://ap.example/as4?x=1", false, false));
    assert_null(url_fault("http://127.0.0.1:80/", true, false));
    assert_null(url_fault("https://[2606:4700::1111]:443/as4", false, false));
}

static void what_a_participant_takes_can_be_listed(void **state)
{
    struct lookup_services s;
    struct json_object *o, *v;
    struct buf b;
    (void)state;
    assert_int_equal(lookup_services(&s, lk, &who, a, &e), 0);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.doctypes[0].value, BILLING);
    buf_init(&b, 100000);
    lookup_services_text(&b, &who, &s, NULL, NOW);
    assert_non_null(strstr(b.p, BILLING));
    o = lookup_services_json(&who, &s, NULL, NOW);
    assert_non_null(o);
    assert_true(json_object_object_get_ex(o, "document_types", &v));
    assert_int_equal(json_object_array_length(v), 1);
    json_object_put(o);
    buf_free(&b);
    answer(path_of(NULL), "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(lookup_services(&s, lk, &who, a, &e), -1);
    assert_string_equal(e.code, "smp.unreachable");
    assert_true(e.where[0] && e.who[0]);
}

static void a_lookup_can_be_told(void **state)
{
    struct json_object *o, *v, *w;
    struct buf b;
    (void)state;
    found(BILLING);
    buf_init(&b, 100000);
    lookup_explain(&b, ep.steps, ep.nsteps);
    assert_non_null(strstr(b.p, "ok       dns"));
    lookup_endpoint_text(&b, &q, &ep);
    assert_non_null(strstr(b.p, "https://ap.example/as4"));
    assert_non_null(strstr(b.p, "POP000001"));
    o = lookup_endpoint_json(&q, &ep);
    assert_true(json_object_object_get_ex(o, "endpoint", &v));
    assert_true(json_object_object_get_ex(v, "seat", &w));
    assert_string_equal(json_object_get_string(w), "POP000001");
    assert_true(json_object_object_get_ex(o, "steps", &v));
    assert_int_equal(json_object_array_length(v), ep.nsteps);
    json_object_put(o);
    buf_free(&b);
    publish_group(NULL, 0);
    answer(path_of(&what), "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    lookup_forget(lk, NULL);
    assert_int_equal(look(), -1);
    o = lookup_endpoint_json(&q, &ep);
    assert_true(json_object_object_get_ex(o, "found", &v));
    assert_false(json_object_get_boolean(v));
    assert_false(json_object_object_get_ex(o, "endpoint", &v));
    json_object_put(o);
}

static void *worker(void *arg)
{
    long *good = arg;
    struct lookup_query mine = q;

    for (int i = 0; i < 20; i++) {
        struct arena *own = arena_new(8 << 20);
        struct endpoint x;
        struct err we = ERR_INIT;
        mine.fresh = i % 4 == 0;
        if (lookup_endpoint(&x, lk, &mine, own, &we) == 0)
            (*good)++;
        if (i % 7 == 0)
            lookup_forget(lk, &who);
        endpoint_free(&x);
        arena_free(own);
    }
    return NULL;
}

static void threads_share_one_lookup(void **state)
{
    pthread_t t[4];
    long good[4] = {0};
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, &good[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(good[i], 20);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest t[] = {
        T(an_endpoint_is_found_step_by_step),
        T(good_answers_are_kept_for_a_while_and_no_longer),
        T(n1_while_nothing_answers_the_last_good_answer_is_used_and_marked),
        T(n1_the_last_good_answer_outlives_a_restart_and_is_checked_again),
        T(what_is_answered_wrongly_is_no_reason_to_use_an_old_answer),
        T(failures_are_never_kept),
        T(who_is_not_in_dns_is_not_registered),
        T(the_service_group_is_only_a_hint),
        T(pint_is_looked_for_with_wildcards_and_never_in_busdox),
        T(an_smp_in_trouble_is_transient),
        T(forged_and_foreign_answers_are_refused),
        T(one_redirect_is_followed_a_second_is_not),
        T(the_endpoint_must_be_usable),
        T(the_access_points_certificate_must_hold),
        T(urls_outside_the_lab_are_public_https),
        T(what_a_participant_takes_can_be_listed),
        T(a_lookup_can_be_told),
        T(threads_share_one_lookup),
    };
    int rc;

    xml_init();
    log_setup(LOG_ERROR, false);
    if (dsig_init(&e))
        return 1;
    smp_key = testpki_key_file("smp1");
    pki = testpki_open();
    rc = cmocka_run_group_tests(t, NULL, NULL);
    key_close(smp_key);
    pki_close(pki);
    dsig_done();
    return rc;
}
