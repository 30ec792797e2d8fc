#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "tests/support/shared.h"
#include "tests/support/testpki.h"

static struct pki *p;
static struct err e;

static int open_pki(void **state)
{
    (void)state;
    p = testpki_open();
    return 0;
}
static int close_pki(void **state)
{
    (void)state;
    pki_close(p);
    return 0;
}

static void expect(const struct cert *c, enum pki_role role, int64_t now, const char *code)
{
    memset(&e, 0, sizeof(e));
    assert_int_equal(pki_check(p, c, role, now, &e), code ? -1 : 0);
    assert_string_equal(e.code, code ? code : "");
    assert_string_equal(e.ebms, code ? "EBMS:0101" : "");
    assert_int_equal(e.class, code ? ERR_PEER : ERR_NONE);
}
static void expect_leaf(const struct testpki_leaf *l, enum pki_role role, const char *code)
{
    struct cert *c = testpki_leaf(l);

    expect(c, role, TESTPKI_NOW, code);
    expect(c, role, TESTPKI_NOW, code); /* also from the cache */
    cert_unref(c);
}

/*= PEPPOL-PKI 3 "a SMP-CA leaf must fail" */
static void leaf_of_the_other_role_is_refused(void **state)
{
    struct cert *ap = testpki_cert("ap1"), *smp = testpki_cert("smp1");

    (void)state;
    expect(ap, PKI_AP, TESTPKI_NOW, NULL);
    expect(smp, PKI_SMP, TESTPKI_NOW, NULL);
    expect(smp, PKI_AP, TESTPKI_NOW, "cert.wrong-role");
    expect(ap, PKI_SMP, TESTPKI_NOW, "cert.wrong-role");
    cert_unref(ap);
    cert_unref(smp);
}

static void leaf_of_another_root_is_refused(void **state)
{
    struct cert *c = testpki_cert("rogue");

    (void)state;
    expect(c, PKI_AP, TESTPKI_NOW, "cert.untrusted");
    expect(c, PKI_SMP, TESTPKI_NOW, "cert.untrusted");
    cert_unref(c);
}

static void leaf_of_the_root_itself_of_a_false_ca_or_of_another_leaf_is_refused(void **state)
{
    (void)state;
    expect_leaf(&(struct testpki_leaf){.name = "ap1", .cn = "POP000001", .issuer = "root"}, PKI_AP,
        "cert.untrusted");
    /* a CA of the same root, not one of the two */
    expect_leaf(&(struct testpki_leaf){.name = "ap1", .cn = "POP000001", .issuer = "third-ca"},
        PKI_AP, "cert.untrusted");
    expect_leaf(&(struct testpki_leaf){.name = "third-ca", .cn = "POP000001", .is_ca = true},
        PKI_AP, "cert.untrusted");
    /* the issuer's name is right, its key is not */
    struct cert *ap = testpki_cert("ap1"), *c = NULL;
    X509 *x = X509_dup(ap->x);
    unsigned char *der = NULL;
    assert_true(X509_sign(x, testpki_key("rogue-ca", 0), EVP_sha256()) > 0);
    int n = i2d_X509(x, &der);
    assert_int_equal(cert_from_der(&c, (struct str){(char *)der, (size_t)n}, NULL), 0);
    expect(c, PKI_AP, TESTPKI_NOW, "cert.untrusted");
    OPENSSL_free(der);
    X509_free(x);
    cert_unref(c);
    cert_unref(ap);
}

/*= PEPPOL-PKI 3 "validity at the time of use" */
static void validity_is_judged_at_the_time_given_each_time(void **state)
{
    struct cert *c = testpki_leaf(&(struct testpki_leaf){
        .name = "ap1", .cn = "POP000001", .from = "20260311000000Z", .to = "20280228235959Z"});
    const int64_t from = 1773187200000, to = 1835395199000;

    (void)state;
    expect(c, PKI_AP, from - 1, "cert.not-yet-valid");
    expect(c, PKI_AP, from, NULL);
    expect(c, PKI_AP, to + 999, NULL);
    expect(c, PKI_AP, to + 1000, "cert.expired");
    expect(c, PKI_AP, from - 1, "cert.not-yet-valid");
    cert_unref(c);
    /* the CA's own end counts too */
    c = testpki_leaf(
        &(struct testpki_leaf){.name = "ap1", .cn = "POP000001", .to = "20991231235959Z"});
    expect(c, PKI_AP, 2051222400000, "cert.expired");
    assert_non_null(strstr(e.msg, "ap-ca"));
    cert_unref(c);
}

/*= PEPPOL-PKI 2 "RSA-2048, sha256WithRSA" */
static void weak_leaves_are_refused(void **state)
{
    (void)state;
    expect_leaf(&(struct testpki_leaf){.name = "small", .cn = "POP000001", .bits = 1024}, PKI_AP,
        "cert.weak");
    expect_leaf(&(struct testpki_leaf){.name = "ap1", .cn = "POP000001", .md = "SHA1"}, PKI_AP,
        "cert.weak");
    expect_leaf(
        &(struct testpki_leaf){.name = "ap1", .cn = "POP000001", .no_digital_signature = true},
        PKI_AP, "cert.untrusted");
}

/*= PEPPOL-PKI 2 "CN = Seat ID ^P[A-Z]{2}[0-9]{6}$" */
static void common_name_of_an_access_point_is_a_seat_id(void **state)
{
    static const char *const bad[] = {"POP00001", "POP0000001", "pop000001", "POPA00001",
        "PO1000001", "XOP000001", " POP000001", "POP000001 ", "P\xc3\x96P000001"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(pki_seat_id_ok(bad[i]));
        expect_leaf(&(struct testpki_leaf){.name = "ap1", .cn = bad[i]}, PKI_AP, "cert.seat");
    }
    assert_false(pki_seat_id_ok(NULL));
    assert_true(pki_seat_id_ok("PDE000576"));
    expect_leaf(&(struct testpki_leaf){.name = "smp1", .cn = "smp.example", .issuer = "smp-ca"},
        PKI_SMP, NULL);
}

static int revoked(void *ctx, const char **how, const struct cert *c, const struct cert *issuer,
    bool received, int64_t now, struct err *err)
{
    bool leaf = c->cn[0] == 'P';

    ++*(int *)ctx;
    assert_string_equal(issuer->cn, leaf ? "aviso test ap-ca" : "aviso test root");
    assert_true(now == TESTPKI_NOW);
    *how = received && !leaf ? "last-good" : "crl";
    return leaf && c->cn[8] == '2' ? err_set(err, ERR_PEER, "cert.revoked", "", "revoked") : 0;
}

/*= PEPPOL-PKI 4 "an authority by the root's list" */
/*= PEPPOL-AS4 4.7 "certificates are checked for revocation" */
static void revocation_is_asked_each_time_after_the_chain_holds(void **state)
{
    struct cert *good = testpki_cert("ap1"), *bad = testpki_cert("ap2"),
                *rogue = testpki_cert("rogue");
    const char *how;
    int asked = 0;

    (void)state;
    pki_set_revocation(p, revoked, &asked);
    assert_int_equal(pki_check(p, rogue, PKI_AP, TESTPKI_NOW, &e), -1);
    assert_int_equal(asked, 0);
    assert_int_equal(pki_check(p, good, PKI_AP, TESTPKI_NOW, &e), 0);
    assert_int_equal(pki_check(p, bad, PKI_AP, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "cert.revoked");
    assert_int_equal(pki_check(p, good, PKI_AP, TESTPKI_NOW, &e), 0);
    assert_int_equal(asked, 5); /* of the CA as well */
    assert_int_equal(pki_check_received(&how, p, good, PKI_AP, TESTPKI_NOW, &e), 0);
    assert_string_equal(how, "last-good"); /* the weaker of the two */
    cert_unref(good);
    cert_unref(bad);
    cert_unref(rogue);
}

/* ---- trust folders ---- */

static const char *folder(void)
{
    static char dir[32];

    (void)snprintf(dir, sizeof(dir), "/tmp/aviso-pki-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}
static void copy(const char *from, const char *dir, const char *name)
{
    char to[512];
    struct buf b;
    FILE *f;

    buf_init(&b, 1 << 16);
    assert_int_equal(fsx_read_file(&b, from, NULL), 0);
    (void)snprintf(to, sizeof(to), "%s/%s", dir, name);
    f = fopen(to, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
    (void)fclose(f);
    buf_free(&b);
}
static void drop(const char *dir)
{
    static const char *const names[] = {"root.pem", "ap-ca.pem", "smp-ca.pem"};
    char path[512];

    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void folder_that_is_no_hierarchy_is_a_configuration_error(void **state)
{
    const char *dir = folder();
    struct pki *q = NULL;

    (void)state;
    assert_int_equal(pki_open(&q, dir, &e), -1);
    assert_int_equal(e.class, ERR_CONFIG);
    copy(testpki_path("rogue-ca.pem"), dir, "root.pem"); /* other root */
    copy(testpki_path("ap-ca.pem"), dir, "ap-ca.pem");
    copy(testpki_path("smp-ca.pem"), dir, "smp-ca.pem");
    assert_int_equal(pki_open(&q, dir, &e), -1);
    assert_string_equal(e.code, "pki.anchor");
    copy(testpki_path("root.pem"), dir, "root.pem");
    copy(testpki_path("ap1.pem"), dir, "ap-ca.pem"); /* a leaf */
    assert_int_equal(pki_open(&q, dir, &e), -1);
    assert_string_equal(e.code, "pki.anchor");
    copy(testpki_path("smp-ca.pem"), dir, "ap-ca.pem"); /* twice the same */
    assert_int_equal(pki_open(&q, dir, &e), -1);
    assert_string_equal(e.code, "pki.anchor");
    drop(dir);
}

/* ---- the real hierarchies, where the shared folder is ---- */

#define CERTS "spec/data/certs/"

static struct cert *any_cert(const char *path)
{
    struct buf b;
    struct cert *c = NULL;

    buf_init(&b, 1 << 16);
    assert_int_equal(fsx_read_file(&b, path, &e), 0);
    if (b.n && b.p[0] == 0x30)
        assert_int_equal(cert_from_der(&c, buf_view(&b), &e), 0);
    else
        assert_int_equal(cert_from_text(&c, buf_view(&b), &e), 0);
    buf_free(&b);
    return c;
}

static void check_shared(struct pki *q, const char *file, enum pki_role role, const char *code)
{
    struct cert *c = any_cert(shared(file));

    memset(&e, 0, sizeof(e));
    assert_int_equal(pki_check(q, c, role, TESTPKI_NOW, &e), code ? -1 : 0);
    assert_string_equal(e.code, code ? code : "");
    cert_unref(c);
}

static void peppol_g3_leaves_chain_to_their_own_ca_only(void **state)
{
    static const char *const stage[2][3] = {
        {CERTS "g3/PEPPOL_Root_CA-G3.pem", CERTS "g3/PEPPOL_ACCESS_POINT_CA-G3.pem",
            CERTS "g3/PEPPOL_SERVICE_METADATA_PUBLISHER_CA-G3.pem"},
        {CERTS "g3/PEPPOL_Root_TEST_CA-G3.pem", CERTS "g3/PEPPOL_ACCESS_POINT_TEST_CA-G3.pem",
            CERTS "g3/PEPPOL_SERVICE_METADATA_PUBLISHER_TEST_CA-G3.pem"}};
    static const char *const leaf[2][2] = {
        {CERTS "leaf-samples-g3/ap-prod.cer", CERTS "leaf-samples-g3/smp-random-prod.cer"},
        {CERTS "leaf-samples-g3/ap-test.cer", CERTS "leaf-samples-g3/smp-random-test.cer"}};
    static const char *const g2[] = {CERTS "g2-retired/Peppol_AccessPoint_CA.cer",
        CERTS "g2-retired/Peppol_Test_AccessPoint_CA.cer",
        CERTS "g2-retired/Peppol_ServiceMetadataPublisher_CA.cer"};

    (void)state;
    NEEDS_SHARED(leaf[0][0]);
    for (int s = 0; s < 2; s++) {
        const char *dir = folder();
        struct pki *q = NULL;
        copy(shared(stage[s][0]), dir, "root.pem");
        copy(shared(stage[s][1]), dir, "ap-ca.pem");
        copy(shared(stage[s][2]), dir, "smp-ca.pem");
        assert_int_equal(pki_open(&q, dir, &e), 0);
        check_shared(q, leaf[s][0], PKI_AP, NULL);
        check_shared(q, leaf[s][1], PKI_SMP, NULL);
        check_shared(q, leaf[s][0], PKI_SMP, "cert.wrong-role");
        check_shared(q, leaf[s][1], PKI_AP, "cert.wrong-role");
        /* the other stage */
        check_shared(q, leaf[!s][0], PKI_AP, "cert.untrusted");
        check_shared(q, leaf[!s][1], PKI_SMP, "cert.untrusted");
        for (size_t i = 0; i < sizeof(g2) / sizeof(*g2); i++)
            check_shared(q, g2[i], PKI_AP, "cert.untrusted");
        pki_close(q);
        drop(dir);
    }
}

#define WITH_PKI(f) cmocka_unit_test_setup_teardown(f, open_pki, close_pki)
int main(void)
{
    const struct CMUnitTest t[] = {
        WITH_PKI(leaf_of_the_other_role_is_refused),
        WITH_PKI(leaf_of_another_root_is_refused),
        WITH_PKI(leaf_of_the_root_itself_of_a_false_ca_or_of_another_leaf_is_refused),
        WITH_PKI(validity_is_judged_at_the_time_given_each_time),
        WITH_PKI(weak_leaves_are_refused),
        WITH_PKI(common_name_of_an_access_point_is_a_seat_id),
        WITH_PKI(revocation_is_asked_each_time_after_the_chain_holds),
        cmocka_unit_test(folder_that_is_no_hierarchy_is_a_configuration_error),
        cmocka_unit_test(peppol_g3_leaves_chain_to_their_own_ca_only),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
