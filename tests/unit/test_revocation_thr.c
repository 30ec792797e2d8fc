/* CRL and OCSP against a server that answers well and badly. Lists and answers are made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/pki/crl_priv.h"
#include "ap/pki/ocsp_priv.h"
#include "ap/pki/revocation.h"
#include "tests/support/httpd.h"
#include "tests/support/testpki.h"

#define NOW TESTPKI_NOW
#define HOUR 3600000ll

static struct httpd *server;
static struct http_client *http;
static struct revocation *rev;
static struct cert *ca, *leaf, *other;
static struct err e;
static const char *how;
static char crl_url[80], ocsp_url[80], cache[32];

/* ---- what an authority makes ---- */

struct list {
    const char *issuer, *signer; /* NULL: ap-ca */
    int64_t from, to;            /* 0: an hour ago, in a day */
    const struct cert *lists;
    size_t more; /* further serial numbers */
    const char *extension, *value;
    bool no_end, sha1;
};

static void add_serial(X509_CRL *x, const ASN1_INTEGER *serial)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(NOW / 1000));

    assert_true(r && t && X509_REVOKED_set_serialNumber(r, (ASN1_INTEGER *)(uintptr_t)serial));
    assert_true(X509_REVOKED_set_revocationDate(r, t) && X509_CRL_add0_revoked(x, r));
    ASN1_TIME_free(t);
}

static void set_times(X509_CRL *x, const struct list *l)
{
    int64_t from = l->from ? l->from : NOW - HOUR, to = l->to ? l->to : NOW + 24 * HOUR;
    ASN1_TIME *a = ASN1_TIME_set(NULL, (time_t)(from / 1000)),
              *b = ASN1_TIME_set(NULL, (time_t)(to / 1000));

    assert_true(a && b && X509_CRL_set1_lastUpdate(x, a));
    if (!l->no_end)
        assert_true(X509_CRL_set1_nextUpdate(x, b));
    ASN1_TIME_free(a);
    ASN1_TIME_free(b);
}

static void make_list(struct buf *out, struct list l)
{
    const char *issuer = l.issuer ? l.issuer : "ap-ca", *signer = l.signer ? l.signer : issuer;
    X509_CRL *x = X509_CRL_new();
    unsigned char *der = NULL;
    int n;

    assert_true(X509_CRL_set_version(x, 1));
    assert_true(X509_CRL_set_issuer_name(x, X509_get_subject_name(testpki_ca(issuer))));
    set_times(x, &l);
    if (l.lists)
        add_serial(x, X509_get0_serialNumber(l.lists->x));
    for (size_t i = 1; i <= l.more; i++) {
        ASN1_INTEGER *s = ASN1_INTEGER_new();
        assert_true(ASN1_INTEGER_set_uint64(s, 7919 * i));
        add_serial(x, s);
        ASN1_INTEGER_free(s);
    }
    if (l.extension) {
        X509_EXTENSION *ext = X509V3_EXT_conf(NULL, NULL, l.extension, l.value);
        assert_true(ext && X509_CRL_add_ext(x, ext, -1));
        X509_EXTENSION_free(ext);
    }
    assert_true(X509_CRL_sign(x, testpki_key(signer, 0), l.sha1 ? EVP_sha1() : EVP_sha256()) > 0);
    n = i2d_X509_CRL(x, &der);
    assert_true(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    X509_CRL_free(x);
}

static void publish(struct list l)
{
    struct buf b;

    buf_init(&b, 64u << 20);
    make_list(&b, l);
    assert_true(buf_ok(&b));
    httpd_put(server, "/ap-ca.crl", "application/pkix-crl", b.p, b.n);
    buf_free(&b);
}

/* ---- the ground ---- */

static void open_rev(const char *dir, int64_t grace)
{
    const struct revocation_cfg c = {
        .http = http, .dir = dir, .policy = {.grace_ms = grace}, .fetch_ms = 1500};

    assert_int_equal(revocation_open(&rev, &c, &e), 0);
}

static int set_up(void **state)
{
    const struct http_cfg h = {.egress = {true, true, true}};
    unsigned char *der = NULL;
    int n = i2d_X509(testpki_ca("ap-ca"), &der);

    (void)state;
    server = httpd_start(NULL);
    assert_int_equal(http_client_open(&http, &h, &e), 0);
    assert_int_equal(cert_from_der(&ca, (struct str){(char *)der, (size_t)n}, &e), 0);
    OPENSSL_free(der);
    (void)snprintf(crl_url, sizeof(crl_url), "http://127.0.0.1:%d/ap-ca.crl", httpd_port(server));
    (void)snprintf(ocsp_url, sizeof(ocsp_url), "http://127.0.0.1:%d/ocsp", httpd_port(server));
    leaf = testpki_leaf(&(struct testpki_leaf){
        .name = "ap1", .cn = "POP000001", .crl_url = crl_url, .ocsp_url = ocsp_url});
    other = testpki_leaf(&(struct testpki_leaf){
        .name = "ap2", .cn = "POP000002", .crl_url = crl_url, .ocsp_url = ocsp_url});
    (void)snprintf(cache, sizeof(cache), "/tmp/aviso-crl-XXXXXX");
    assert_non_null(mkdtemp(cache));
    open_rev(NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    char file[400];
    DIR *d = opendir(cache);

    (void)state;
    for (struct dirent *f; (f = readdir(d));) {
        (void)snprintf(file, sizeof(file), "%s/%s", cache, f->d_name);
        (void)unlink(file);
    }
    (void)closedir(d);
    (void)rmdir(cache);
    revocation_close(rev);
    http_client_close(http);
    httpd_stop(server);
    cert_unref(ca);
    cert_unref(leaf);
    cert_unref(other);
    return 0;
}

static void expect(const struct cert *c, bool received, int64_t now, const char *code)
{
    e = (struct err){0};
    assert_int_equal(revocation_check(rev, &how, c, ca, received, now, &e), code ? -1 : 0);
    assert_string_equal(e.code, code ? code : "");
    if (code && strcmp(code, "cert.revoked") == 0) {
        assert_int_equal(e.class, ERR_PEER);
        assert_string_equal(e.ebms, "EBMS:0101");
    } else if (code) {
        assert_int_equal(e.class, ERR_RETRY);
        assert_string_equal(e.ebms, "");
    }
}

static void reopen(const char *dir, int64_t grace)
{
    revocation_close(rev);
    open_rev(dir, grace);
}

/* ---- lists ---- */

static void one_list_is_fetched_once_and_answers_for_all(void **state)
{
    (void)state;
    publish((struct list){.lists = other, .more = 50});
    for (int i = 0; i < 5; i++) {
        expect(leaf, false, NOW, NULL);
        assert_string_equal(how, "crl");
        expect(other, false, NOW, "cert.revoked");
    }
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 1);
    assert_int_equal(httpd_hits(server, "/ocsp"), 0);
}

/*= RELIABILITY P6 "CRL unreachable / expired / 10 MB+ / wrong issuer / bad signature" */
/*= PEPPOL-PKI 4 "unknown is not good" */
static void what_is_no_good_list_is_unknown_and_neither_good_nor_revoked(void **state)
{
    const struct list bad[] = {
        {.issuer = "smp-ca", .lists = leaf},
        {.signer = "rogue-ca", .lists = leaf},
        {.issuer = "rogue-ca", .lists = leaf},
        {.sha1 = true, .lists = leaf},
        {.from = NOW - 48 * HOUR, .to = NOW - HOUR},
        {.to = NOW},
        {.from = NOW + HOUR, .to = NOW + 48 * HOUR},
        {.no_end = true},
        {.extension = "2.5.29.27", .value = "critical,DER:02:01:01"}, /* delta */
        {.extension = "2.5.29.28",
            .value = "critical,DER:30:03:81:01:FF"}, /* users only: ours is one */
        {.extension = "2.5.29.28", .value = "critical,DER:30:03:82:01:FF"}, /* CAs only */
        {.extension = "2.5.29.28", .value = "critical,DER:30:03:84:01:FF"}, /* indirect */
        {.extension = "1.2.3.4", .value = "critical,DER:05:00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        reopen(NULL, 0);
        publish(bad[i]);
        expect(leaf, true, NOW, i == 9 ? NULL : "cert.revocation-unknown");
    }
}

static void a_server_that_fails_is_unknown_and_not_asked_again_at_once(void **state)
{
    static const char gone[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhello";
    static const char more[] = "HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n";
    const struct {
        enum httpd_act act;
        const char *text;
    } bad[] = {{HTTPD_RESET_ACCEPT, ""}, {HTTPD_ANSWER, gone}, {HTTPD_ANSWER, text},
        {HTTPD_CUT, cut}, {HTTPD_ENDLESS, ""}, {HTTPD_ANSWER_CLOSE, more}, {HTTPD_DRIP, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        unsigned hits;
        reopen(NULL, 0);
        httpd_set(server, "/ap-ca.crl", bad[i].act, bad[i].text, strlen(bad[i].text));
        expect(leaf, false, NOW, "cert.revocation-unknown");
        hits = httpd_hits(server, "/ap-ca.crl");
        for (int k = 0; k < 3; k++)
            expect(leaf, true, NOW, "cert.revocation-unknown");
        assert_int_equal(httpd_hits(server, "/ap-ca.crl"), hits);
    }
}

static void a_large_list_is_taken_and_a_huge_one_is_not(void **state)
{
    (void)state;
    publish((struct list){.lists = other, .more = 60000});
    expect(other, false, NOW, "cert.revoked");
    expect(leaf, false, NOW, NULL);
    reopen(NULL, 0);
    publish((struct list){.lists = leaf, .more = 800000});
    expect(leaf, false, NOW, "cert.revocation-unknown");
}

static void a_certificate_without_a_source_is_unknown(void **state)
{
    struct cert *c = testpki_cert("ap1");

    (void)state;
    expect(c, false, NOW, "cert.revocation-unknown");
    cert_unref(c);
}

/* ---- over time ---- */

static void the_last_good_list_serves_until_its_end_and_then_only_a_soft_policy(void **state)
{
    (void)state;
    reopen(NULL, 6 * HOUR);
    publish((struct list){.to = NOW + HOUR, .lists = other});
    expect(leaf, false, NOW, NULL);
    httpd_set(server, "/ap-ca.crl", HTTPD_RESET_ACCEPT, "", 0);
    revocation_refresh(rev, NOW + HOUR - 1);
    expect(leaf, false, NOW + HOUR - 1, NULL);
    assert_string_equal(how, "crl");
    expect(leaf, false, NOW + HOUR, "cert.revocation-unknown"); /* never sent to */
    expect(leaf, true, NOW + HOUR, NULL);
    assert_string_equal(how, "last-good");
    expect(leaf, true, NOW + 7 * HOUR - 1, NULL);
    expect(leaf, true, NOW + 7 * HOUR, "cert.revocation-unknown");
    expect(other, true, NOW + 90 * HOUR, "cert.revoked"); /* for ever */
}

static void a_hard_policy_takes_nothing_after_the_end(void **state)
{
    (void)state;
    publish((struct list){.to = NOW + HOUR});
    expect(leaf, true, NOW, NULL);
    httpd_set(server, "/ap-ca.crl", HTTPD_RESET_ACCEPT, "", 0);
    expect(leaf, true, NOW + HOUR, "cert.revocation-unknown");
}

static void an_older_list_played_back_is_refused(void **state)
{
    (void)state;
    publish((struct list){.from = NOW - HOUR, .lists = leaf});
    expect(leaf, false, NOW, "cert.revoked");
    publish((struct list){.from = NOW - 2 * HOUR});
    revocation_refresh(rev, NOW + 2 * HOUR);
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 2);
    expect(leaf, false, NOW + 2 * HOUR, "cert.revoked");
}

static void refreshing_goes_ahead_of_need(void **state)
{
    (void)state;
    publish((struct list){.from = NOW - HOUR});
    expect(leaf, false, NOW, NULL);
    revocation_refresh(rev, NOW + HOUR - 1);
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 1);
    publish((struct list){.from = NOW, .lists = leaf});
    revocation_refresh(rev, NOW + HOUR);
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 1 + 1);
    expect(leaf, false, NOW + HOUR, "cert.revoked");
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 2);
}

/* The file's own time decides when it is fetched again; its nextUpdate, whether it is used. */
static void a_restart_needs_no_network(void **state)
{
    (void)state;
    reopen(cache, 0);
    publish((struct list){.lists = other});
    expect(leaf, false, NOW, NULL);
    httpd_set(server, "/ap-ca.crl", HTTPD_RESET_ACCEPT, "", 0);
    reopen(cache, 0);
    expect(leaf, false, NOW + HOUR, NULL);
    expect(other, false, NOW + HOUR, "cert.revoked");
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 1);
    reopen(cache, 0);
    expect(leaf, false, NOW + 24 * HOUR, "cert.revocation-unknown");
}

static void what_was_changed_on_disk_is_not_believed(void **state)
{
    char path[400] = "";
    DIR *d;
    FILE *f;

    (void)state;
    reopen(cache, 0);
    publish((struct list){.lists = leaf});
    expect(leaf, false, NOW, "cert.revoked");
    d = opendir(cache);
    for (struct dirent *i; (i = readdir(d));)
        if (strstr(i->d_name, ".crl"))
            (void)snprintf(path, sizeof(path), "%s/%s", cache, i->d_name);
    (void)closedir(d);
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 120, SEEK_SET), 0);
    assert_int_equal(fwrite("\x55", 1, 1, f), 1);
    (void)fclose(f);
    reopen(cache, 0);
    expect(leaf, false, NOW, "cert.revoked"); /* fetched again */
    assert_int_equal(httpd_hits(server, "/ap-ca.crl"), 2);
}

/* ---- OCSP ---- */

struct says {
    int status; /* V_OCSP_CERTSTATUS_* */
    const struct cert *about;
    const char *signer;
    int64_t from, to;
    bool no_end, other_nonce, no_nonce;
};

static void answer_to(struct buf *out, const struct buf *question, struct says s)
{
    const unsigned char *p = (const unsigned char *)question->p;
    OCSP_REQUEST *q = d2i_OCSP_REQUEST(NULL, &p, (long)question->n);
    OCSP_BASICRESP *b = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), s.about->x, ca->x);
    const char *by = s.signer ? s.signer : "ap-ca";
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)((s.from ? s.from : NOW - HOUR) / 1000)),
              *to = ASN1_TIME_set(NULL, (time_t)((s.to ? s.to : NOW + HOUR) / 1000));
    OCSP_RESPONSE *r;
    unsigned char *der = NULL;
    int n;

    assert_true(q && b && id);
    assert_non_null(OCSP_basic_add1_status(
        b, id, s.status, OCSP_REVOKED_STATUS_NOSTATUS, from, from, s.no_end ? NULL : to));
    if (s.other_nonce)
        assert_true(OCSP_basic_add1_nonce(b, NULL, 16));
    else if (!s.no_nonce)
        assert_true(OCSP_copy_nonce(b, q));
    assert_true(OCSP_basic_sign(b, testpki_ca(by), testpki_key(by, 0), EVP_sha256(), NULL, 0));
    r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
    n = i2d_OCSP_RESPONSE(r, &der);
    assert_true(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(b);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(q);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
}

static void judged(struct says s, const char *code)
{
    struct ocsp_question *q;
    struct buf question, answer;
    int64_t until = 0;

    buf_init(&question, OCSP_MAX);
    buf_init(&answer, OCSP_MAX);
    s.about = s.about ? s.about : leaf;
    assert_int_equal(ocsp_ask(&q, &question, leaf, ca, &e), 0);
    answer_to(&answer, &question, s);
    e = (struct err){0};
    assert_int_equal(ocsp_judge(&until, q, buf_view(&answer), NOW, &e), code ? -1 : 0);
    assert_string_equal(e.code, code ? code : "");
    if (code)
        assert_int_equal(e.class, strcmp(code, "cert.revoked") ? ERR_RETRY : ERR_PEER);
    else
        assert_int_equal(until, NOW + HOUR);
    ocsp_question_free(q);
    buf_free(&question);
    buf_free(&answer);
}

/*= RELIABILITY P6 "OCSP tryLater, unknown, stale, nonce missing: unknown is not revoked" */
static void an_answer_of_ocsp_is_proof_or_it_is_nothing(void **state)
{
    (void)state;
    judged((struct says){.status = V_OCSP_CERTSTATUS_GOOD}, NULL);
    judged((struct says){.status = V_OCSP_CERTSTATUS_GOOD, .no_nonce = true}, NULL);
    judged((struct says){.status = V_OCSP_CERTSTATUS_REVOKED}, "cert.revoked");
    judged((struct says){.status = V_OCSP_CERTSTATUS_UNKNOWN}, "ocsp.unknown");
    judged((struct says){.other_nonce = true}, "ocsp.unknown");
    judged((struct says){.about = other}, "ocsp.unknown");
    judged((struct says){.signer = "rogue-ca"}, "ocsp.unknown");
    judged((struct says){.signer = "smp-ca"}, "ocsp.unknown");
    judged((struct says){.from = NOW - 9 * HOUR, .to = NOW - 1000}, "ocsp.unknown");
    judged((struct says){.from = NOW + HOUR, .to = NOW + 2 * HOUR}, "ocsp.unknown");
    judged((struct says){.no_end = true}, "ocsp.unknown");
    judged(
        (struct says){.status = V_OCSP_CERTSTATUS_REVOKED, .signer = "rogue-ca"}, "ocsp.unknown");
}

static void ocsp_says(struct says s)
{
    struct ocsp_question *q;
    struct buf question, answer;

    buf_init(&question, OCSP_MAX);
    buf_init(&answer, OCSP_MAX);
    assert_int_equal(ocsp_ask(&q, &question, s.about, ca, &e), 0);
    s.no_nonce = true; /* signed in advance, as the large authorities do */
    answer_to(&answer, &question, s);
    httpd_put(server, "/ocsp", "application/ocsp-response", answer.p, answer.n);
    ocsp_question_free(q);
    buf_free(&question);
    buf_free(&answer);
}

/*= PEPPOL-PKI 4 "CRL first, then OCSP" */
static void without_a_list_ocsp_decides_and_its_answer_is_kept(void **state)
{
    (void)state;
    ocsp_says((struct says){.about = leaf});
    for (int i = 0; i < 3; i++) {
        expect(leaf, false, NOW, NULL);
        assert_string_equal(how, "ocsp");
    }
    assert_int_equal(httpd_hits(server, "/ocsp"), 1);
    ocsp_says((struct says){.about = other, .status = V_OCSP_CERTSTATUS_REVOKED});
    expect(other, true, NOW, "cert.revoked");
    expect(other, true, NOW + 90 * HOUR, "cert.revoked");
}

static void try_later_of_both_is_unknown(void **state)
{
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
    unsigned char *der = NULL;
    int n = i2d_OCSP_RESPONSE(r, &der);

    (void)state;
    httpd_put(server, "/ocsp", "application/ocsp-response", (char *)der, (size_t)n);
    expect(leaf, true, NOW, "cert.revocation-unknown");
    assert_non_null(strstr(e.msg, "HTTP 404"));
    assert_non_null(strstr(e.msg, "trylater"));
    expect(leaf, true, NOW, "cert.revocation-unknown");
    assert_int_equal(httpd_hits(server, "/ocsp"), 1);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(r);
}

/* ---- threads ---- */

static void *check_much(void *bad)
{
    struct err mine = ERR_INIT;

    for (int i = 0; i < 50; i++) {
        const char *by;
        if (revocation_check(rev, &by, leaf, ca, true, NOW, &mine) ||
            revocation_check(rev, &by, other, ca, true, NOW, &mine) == 0)
            return bad;
        if (i % 10 == 0)
            revocation_refresh(rev, NOW + i * HOUR / 10);
    }
    return NULL;
}

static void many_threads_share_one_fetch(void **state)
{
    pthread_t t[6];
    void *bad;

    (void)state;
    publish((struct list){.lists = other, .more = 1000});
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&t[i], NULL, check_much, &t), 0);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(pthread_join(t[i], &bad), 0);
        assert_null(bad);
    }
    assert_true(httpd_hits(server, "/ap-ca.crl") < 20);
}

#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest t[] = {
        WITH_SERVER(one_list_is_fetched_once_and_answers_for_all),
        WITH_SERVER(what_is_no_good_list_is_unknown_and_neither_good_nor_revoked),
        WITH_SERVER(a_server_that_fails_is_unknown_and_not_asked_again_at_once),
        WITH_SERVER(a_large_list_is_taken_and_a_huge_one_is_not),
        WITH_SERVER(a_certificate_without_a_source_is_unknown),
        WITH_SERVER(the_last_good_list_serves_until_its_end_and_then_only_a_soft_policy),
        WITH_SERVER(a_hard_policy_takes_nothing_after_the_end),
        WITH_SERVER(an_older_list_played_back_is_refused),
        WITH_SERVER(refreshing_goes_ahead_of_need),
        WITH_SERVER(a_restart_needs_no_network),
        WITH_SERVER(what_was_changed_on_disk_is_not_believed),
        WITH_SERVER(an_answer_of_ocsp_is_proof_or_it_is_nothing),
        WITH_SERVER(without_a_list_ocsp_decides_and_its_answer_is_kept),
        WITH_SERVER(try_later_of_both_is_unknown),
        WITH_SERVER(many_threads_share_one_fetch),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
