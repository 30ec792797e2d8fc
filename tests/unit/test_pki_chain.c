/* Chain tricks (reliability P8): what RFC 5280 says of a path is what is said here, and of the
 * paths it allows only root, authority of the role, end entity. Each trick is the good hierarchy of
 * testpki.h with one thing changed, and the words of the refusal show that it was this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/shared.h"
#include "tests/support/testpki.h"

#define IS_CA "basicConstraints=critical,CA:TRUE\n"
#define CA_USAGE "keyUsage=critical,digitalSignature,keyCertSign,cRLSign\n"
#define LEAF_USAGE "keyUsage=critical,digitalSignature,keyEncipherment,dataEncipherment\n"
#define CLIENT "extendedKeyUsage=critical,clientAuth\n"
#define UNKNOWN "2.999.1=critical,DER:05:00\n"

/* As testpki.h makes it. */
#define GOOD ((struct testpki_leaf){0})

static char dir[40];
static struct err e;

/* ---- a trust folder ---- */

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/aviso-chain-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static void path_of(char out[80], const char *file)
{
    (void)snprintf(out, 80, "%s/%s", dir, file);
}

static int drop_folder(void **state)
{
    static const char *const names[] = {"root.pem", "ap-ca.pem", "smp-ca.pem"};
    char path[80];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        path_of(path, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

static void put_text(const char *file, struct str text)
{
    char path[80];
    FILE *f;

    path_of(path, file);
    assert_non_null((f = fopen(path, "w")));
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

static void put(const char *file, struct cert *c) /* takes c */
{
    struct buf b;

    buf_init(&b, 1 << 16);
    cert_b64(&b, c);
    put_text(file, buf_view(&b));
    buf_free(&b);
    cert_unref(c);
}

static void fill_folder(struct testpki_leaf root, struct testpki_leaf ap, struct testpki_leaf smp)
{
    put("root.pem", testpki_authority("root", root));
    put("ap-ca.pem", testpki_authority("ap-ca", ap));
    put("smp-ca.pem", testpki_authority("smp-ca", smp));
}

static struct pki *opened(void)
{
    struct pki *p = NULL;

    memset(&e, 0, sizeof(e));
    if (pki_open(&p, dir, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return p;
}

static void refused(const char *file, const char *words)
{
    struct pki *p = NULL;

    memset(&e, 0, sizeof(e));
    assert_int_equal(pki_open(&p, dir, &e), -1);
    if (e.class != ERR_CONFIG || !strstr(e.msg, file) || !strstr(e.msg, words))
        fail_msg("wanted %s: %s; got %s: %s", file, words, e.code, e.msg);
}

/* ---- authorities ---- */

struct bad_authority {
    struct testpki_leaf is;
    const char *words;
};

/* What neither root nor CA may be. */
static const struct bad_authority no_authority[] = {
    {{.extensions = CA_USAGE}, "basicConstraints"},
    {{.extensions = "basicConstraints=critical,CA:FALSE\n" CA_USAGE}, "basicConstraints"},
    {{.extensions = ""}, "basicConstraints"},
    {{.extensions = IS_CA "keyUsage=critical,digitalSignature,cRLSign\n"}, "keyUsage"},
    {{.name = "small", .bits = 1024}, "2048 bits"},
};

/*= RFC 5280 4.2.1.9 "an authority says so in basicConstraints" */
static void a_root_that_is_no_authority_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_authority) / sizeof(no_authority[0]); i++) {
        fill_folder(no_authority[i].is, GOOD, GOOD);
        refused("root.pem", no_authority[i].words);
    }
    fill_folder((struct testpki_leaf){.extensions =
                                          "basicConstraints=critical,CA:TRUE,pathlen:0\n" CA_USAGE},
        GOOD, GOOD);
    refused("root.pem", "pathLenConstraint");
}

static void refused_as_ca(struct testpki_leaf is, const char *words)
{
    fill_folder(GOOD, is, GOOD);
    refused("ap-ca.pem", words);
    fill_folder(GOOD, GOOD, is);
    refused("smp-ca.pem", words);
}

/*= RFC 5280 4.2.1.9 "an authority says so in basicConstraints" */
/*= PEPPOL-PKI 2 "RSA-2048, sha256WithRSA" */
static void a_ca_that_is_no_authority_or_weak_is_refused(void **state)
{
    static const struct bad_authority more[] = {
        {{.md = "SHA1"}, "SHA-256"},
        {{.md = "MD5"}, "SHA-256"},
        {{.extensions = IS_CA CA_USAGE UNKNOWN}, "unhandled critical extension"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(no_authority) / sizeof(no_authority[0]); i++)
        refused_as_ca(no_authority[i].is, no_authority[i].words);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        refused_as_ca(more[i].is, more[i].words);
}

static void a_critical_extension_of_the_root_that_is_unknown_is_refused(void **state)
{
    (void)state;
    fill_folder((struct testpki_leaf){.extensions = IS_CA CA_USAGE UNKNOWN}, GOOD, GOOD);
    refused("ap-ca.pem", "unhandled critical extension");
}

static void a_ca_outside_the_names_that_its_root_is_constrained_to_is_refused(void **state)
{
    (void)state;
    fill_folder(
        (struct testpki_leaf){.extensions = IS_CA CA_USAGE
                              "nameConstraints=critical,permitted;dirName:dn\n[dn]\nC=NO\n"},
        GOOD, GOOD);
    refused("ap-ca.pem", "permitted subtree violation");
    fill_folder(
        (struct testpki_leaf){
            .extensions = IS_CA CA_USAGE
            "nameConstraints=critical,excluded;dirName:dn\n[dn]\nC=BE\nO=aviso tests\n"},
        GOOD, GOOD);
    refused("ap-ca.pem", "excluded subtree violation");
}

static void a_ca_of_another_root_is_refused_though_name_and_key_are_right(void **state)
{
    struct cert *third = testpki_authority("third-ca", GOOD);

    (void)state;
    refused_as_ca((struct testpki_leaf){.issuer = "rogue-ca"}, "unable to get local issuer");
    refused_as_ca((struct testpki_leaf){.self = true}, "self-signed");
    /* one level more than there may be */
    refused_as_ca(
        (struct testpki_leaf){.by = third, .issuer = "third-ca"}, "unable to get local issuer");
    /* the root's name, another key */
    struct cert *root = testpki_authority("root", GOOD);
    refused_as_ca((struct testpki_leaf){.by = root, .issuer = "rogue-ca"}, "signature failure");
    cert_unref(root);
    cert_unref(third);
}

static void a_loop_of_two_authorities_is_refused(void **state)
{
    struct cert *ca = testpki_authority("ap-ca", GOOD);

    (void)state;
    fill_folder((struct testpki_leaf){.by = ca, .issuer = "ap-ca"}, GOOD, GOOD);
    refused("root.pem", "not signed by itself");
    /* by its name only */
    struct cert *root = testpki_authority("root", GOOD);
    fill_folder((struct testpki_leaf){.by = root, .issuer = "ap-ca"}, GOOD, GOOD);
    refused("root.pem", "not signed by itself");
    cert_unref(root);
    cert_unref(ca);
}

/* The role of a certificate is told by the authority that issued it. */
/*= PEPPOL-PKI 3 "a SMP-CA leaf must fail" */
static void authorities_that_could_not_be_told_apart_are_refused(void **state)
{
    (void)state;
    fill_folder(
        GOOD, GOOD, (struct testpki_leaf){.name = "ap-ca"}); /* another name, the same key */
    refused("smp-ca.pem", "the key of another authority");
    fill_folder(
        GOOD, GOOD, (struct testpki_leaf){.cn = "aviso test ap-ca"}); /* and the other way */
    refused("smp-ca.pem", "the name of another authority");
    fill_folder(GOOD, GOOD, (struct testpki_leaf){.name = "ap-ca", .cn = "aviso test ap-ca"});
    refused("smp-ca.pem", "another file's certificate");
    fill_folder(GOOD, GOOD,
        (struct testpki_leaf){
            .name = "ap-ca", .cn = "aviso test ap-ca", .to = "20330101000000Z"}); /* renewed */
    refused("smp-ca.pem", "the key of another authority");
    refused_as_ca((struct testpki_leaf){.name = "root"}, "the key of another authority");
    refused_as_ca((struct testpki_leaf){.cn = "aviso test root"}, "the name of another authority");
    put("root.pem", testpki_authority("root", GOOD));
    put("ap-ca.pem", testpki_authority("root", GOOD));
    refused("ap-ca.pem", "");
}

static void a_file_without_one_certificate_is_refused(void **state)
{
    static const char *const texts[] = {"", "\n", "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"};
    static const char *const files[] = {"root.pem", "ap-ca.pem", "smp-ca.pem"};

    (void)state;
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            fill_folder(GOOD, GOOD, GOOD);
            put_text(files[f], str_z(texts[i]));
            refused(files[f], "");
        }
}

static void what_rfc_5280_allows_an_authority_is_taken(void **state)
{
    static const struct testpki_leaf roots[] = {
        {.md = "SHA1"}, /* nobody vouches for an anchor: this signature proves nothing */
        {.extensions = "basicConstraints=critical,CA:TRUE,pathlen:1\n" CA_USAGE},
        {.extensions = IS_CA}, /* without keyUsage everything is allowed */
        {.extensions = IS_CA CA_USAGE
            "nameConstraints=critical,permitted;dirName:dn\n[dn]\nC=BE\nO=aviso tests\n"},
    };
    static const struct testpki_leaf cas[] = {
        {.md = "SHA512"}, {.extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\n" CA_USAGE},
        {.extensions = "basicConstraints=CA:TRUE\n" CA_USAGE "2.999.1=DER:05:00\n"},
        {.serial = 7}, /* crosswise certified: the same name and key, another certificate */
    };
    struct cert *ap = testpki_cert("ap1");

    (void)state;
    for (size_t r = 0; r < sizeof(roots) / sizeof(roots[0]); r++)
        for (size_t c = 0; c < sizeof(cas) / sizeof(cas[0]); c++) {
            fill_folder(roots[r], cas[c], GOOD);
            struct pki *p = opened();
            if (pki_check(p, ap, PKI_AP, TESTPKI_NOW, &e))
                fail_msg("root %zu, CA %zu: %s", r, c, e.msg);
            pki_close(p);
        }
    cert_unref(ap);
}

/* ---- end entities ---- */

static void judged(struct pki *p, const struct testpki_leaf *l, enum pki_role role,
    const char *code, const char *words)
{
    struct cert *c = testpki_leaf(l);
    int rc;

    for (int i = 0; i < 2; i++) { /* also from the cache */
        memset(&e, 0, sizeof(e));
        rc = pki_check(p, c, role, TESTPKI_NOW, &e);
        if (rc != (code ? -1 : 0) || strcmp(e.code, code ? code : "") != 0 ||
            !strstr(e.msg, words) || (code && strcmp(e.ebms, "EBMS:0101") != 0))
            fail_msg("wanted %s: %s; got %s: %s", code ? code : "yes", words, e.code, e.msg);
    }
    cert_unref(c);
}

static struct pki *usual(void)
{
    fill_folder(GOOD, GOOD, GOOD);
    return opened();
}

#define AP .name = "ap1", .cn = "POP000001"

static void a_leaf_that_signed_itself_is_refused(void **state)
{
    struct pki *p = usual();

    (void)state;
    judged(p, &(struct testpki_leaf){AP, .self = true}, PKI_AP, "cert.untrusted", "self-signed");
    /* by the name of the CA */
    const struct testpki_leaf named = {.name = "third-ca",
        .cn = "aviso test ap-ca",
        .is_ca = true,
        .self = true,
        .extensions = LEAF_USAGE CLIENT};
    judged(p, &named, PKI_AP, "cert.untrusted", "self-signed");
    pki_close(p);
}

#define KEY_ID "subjectKeyIdentifier=hash\n"

/* Self-issued is not self-signed: when the CA did sign it, the path is good (RFC 5280 6.1); an
 * access point it is not, by its name. Without key identifiers OpenSSL does not see the
 * difference, and refuses it. */
static void a_leaf_with_the_name_of_its_ca_is_judged_by_its_signature(void **state)
{
    const struct testpki_leaf ca = {.extensions = IS_CA CA_USAGE KEY_ID};
    struct cert *by = testpki_authority("ap-ca", ca);
    struct testpki_leaf l = {.name = "ap1",
        .cn = "aviso test ap-ca",
        .is_ca = true,
        .by = by,
        .issuer = "ap-ca",
        .extensions = LEAF_USAGE CLIENT KEY_ID "authorityKeyIdentifier=keyid\n"};
    struct pki *p;

    (void)state;
    fill_folder(GOOD, ca, GOOD);
    p = opened();
    judged(p, &l, PKI_AP, "cert.seat", "no Seat ID");
    l.issuer = "rogue-ca"; /* its name and key identifier over another's signature */
    judged(p, &l, PKI_AP, "cert.untrusted", "signature failure");
    l.issuer = "ap-ca";
    l.extensions = LEAF_USAGE CLIENT;
    judged(p, &l, PKI_AP, "cert.untrusted", "self-signed");
    pki_close(p);
    cert_unref(by);
}

static void a_leaf_of_an_authority_that_only_looks_like_ours_is_refused(void **state)
{
    struct cert *name = testpki_authority("ap-ca", (struct testpki_leaf){.name = "third-ca"}),
                *key = testpki_authority("ap-ca", (struct testpki_leaf){.cn = "another name"});
    struct pki *p = usual();

    (void)state;
    judged(p, &(struct testpki_leaf){AP, .by = name, .issuer = "third-ca"}, PKI_AP,
        "cert.untrusted", "signature failure");
    judged(p, &(struct testpki_leaf){AP, .by = key, .issuer = "ap-ca"}, PKI_AP, "cert.untrusted",
        "unable to get local issuer");
    pki_close(p);
    cert_unref(name);
    cert_unref(key);
}

static void a_leaf_below_a_leaf_or_one_level_too_deep_is_refused(void **state)
{
    struct cert *ca = testpki_authority("ap-ca", GOOD), *ap1 = testpki_cert("ap1"),
                *sub = testpki_authority(
                    "third-ca", (struct testpki_leaf){.issuer = "ap-ca", .by = ca});
    struct pki *p = usual();

    (void)state;
    judged(p,
        &(struct testpki_leaf){.name = "ap2", .cn = "POP000002", .by = sub, .issuer = "third-ca"},
        PKI_AP, "cert.untrusted", "unable to get local issuer");
    judged(p, &(struct testpki_leaf){.name = "ap2", .cn = "POP000002", .by = ap1, .issuer = "ap1"},
        PKI_AP, "cert.untrusted", "unable to get local issuer");
    judged(p, &(struct testpki_leaf){AP, .issuer = "root"}, PKI_AP, "cert.untrusted",
        "unable to get local issuer");
    pki_close(p);
    cert_unref(ca);
    cert_unref(ap1);
    cert_unref(sub);
}

static void an_authority_is_no_end_entity(void **state)
{
    static const struct testpki_leaf like_a_ca[] = {
        {AP, .is_ca = true},
        {AP, .extensions = IS_CA LEAF_USAGE CLIENT},
        {AP, .extensions = "keyUsage=digitalSignature,keyEncipherment,keyCertSign\n" CLIENT},
    };
    struct cert *own[] = {testpki_authority("root", GOOD), testpki_authority("ap-ca", GOOD),
        testpki_authority("smp-ca", GOOD)};
    struct pki *p = usual();

    (void)state;
    for (size_t i = 0; i < sizeof(like_a_ca) / sizeof(like_a_ca[0]); i++)
        judged(p, &like_a_ca[i], PKI_AP, "cert.untrusted", "is a CA");
    for (size_t i = 0; i < 3; i++) {
        for (int role = 0; role < 2; role++) {
            memset(&e, 0, sizeof(e));
            assert_int_equal(pki_check(p, own[i], (enum pki_role)role, TESTPKI_NOW, &e), -1);
            assert_non_null(strstr(e.msg, "is a CA"));
        }
        cert_unref(own[i]);
    }
    pki_close(p);
}

/*= PEPPOL-PKI 2 "digitalSignature, keyEncipherment, clientAuth" */
static void a_leaf_made_for_something_else_is_refused(void **state)
{
    static const struct {
        const char *extensions, *words;
    } t[] = {
        {"keyUsage=critical,keyEncipherment\n" CLIENT, "signing"},
        {"keyUsage=critical,nonRepudiation,keyEncipherment\n" CLIENT, "signing"},
        {"keyUsage=critical,digitalSignature\n" CLIENT, "encrypted to"},
        {"keyUsage=critical,digitalSignature,keyAgreement\n" CLIENT, "encrypted to"},
        {LEAF_USAGE "extendedKeyUsage=critical,serverAuth\n", "something else"},
        {LEAF_USAGE "extendedKeyUsage=OCSPSigning\n", "something else"},
        {LEAF_USAGE "extendedKeyUsage=codeSigning,emailProtection,timeStamping\n",
            "something else"},
    };
    static const char *const good[] = {"", LEAF_USAGE, CLIENT,
        LEAF_USAGE "extendedKeyUsage=serverAuth,clientAuth\n",
        LEAF_USAGE "extendedKeyUsage=anyExtendedKeyUsage\n"};
    struct pki *p = usual();

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        judged(p, &(struct testpki_leaf){AP, .extensions = t[i].extensions}, PKI_AP,
            "cert.untrusted", t[i].words);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        judged(p, &(struct testpki_leaf){AP, .extensions = good[i]}, PKI_AP, NULL, "");
    pki_close(p);
}

static void who_only_signs_need_not_be_one_to_encrypt_to(void **state)
{
    const struct testpki_leaf smp = {.name = "smp1",
        .cn = "PSM000001",
        .issuer = "smp-ca",
        .extensions = "keyUsage=critical,digitalSignature\n"};
    struct cert *c = testpki_leaf(
        &(struct testpki_leaf){AP, .extensions = "keyUsage=critical,digitalSignature\n" CLIENT});
    struct pki *p = usual();
    const char *how;

    (void)state;
    assert_int_equal(pki_check_received(&how, p, c, PKI_AP, TESTPKI_NOW, &e), 0);
    assert_int_equal(pki_check(p, c, PKI_AP, TESTPKI_NOW, &e), -1); /* nor by what is remembered */
    judged(p, &smp, PKI_SMP, NULL, "");
    cert_unref(c);
    pki_close(p);
}

static void an_unknown_critical_extension_of_a_leaf_is_refused(void **state)
{
    struct pki *p = usual();

    (void)state;
    judged(p, &(struct testpki_leaf){AP, .extensions = LEAF_USAGE CLIENT UNKNOWN}, PKI_AP,
        "cert.untrusted", "unhandled critical extension");
    judged(p, &(struct testpki_leaf){AP, .extensions = LEAF_USAGE CLIENT "2.999.1=DER:05:00\n"},
        PKI_AP, NULL, "");
    pki_close(p);
}

#define CONSTRAINED(how, names)                                                                    \
    {                                                                                              \
        .extensions = IS_CA CA_USAGE "nameConstraints=" how "\n" names                             \
    }

/*= RFC 5280 6.1 "the result of path validation" */
static void a_leaf_outside_the_names_that_its_ca_is_constrained_to_is_refused(void **state)
{
    static const struct {
        struct testpki_leaf ca;
        const char *words; /* NULL: taken */
    } t[] = {
        {CONSTRAINED("critical,permitted;dirName:dn", "[dn]\nC=NO\n"), "permitted subtree"},
        {CONSTRAINED("permitted;dirName:dn", "[dn]\nC=NO\n"), "permitted subtree"},
        {CONSTRAINED("critical,excluded;dirName:dn", "[dn]\nC=BE\n"), "excluded subtree"},
        {CONSTRAINED("critical,permitted;dirName:dn", "[dn]\nC=BE\nO=aviso tests\n"), NULL},
        {CONSTRAINED("critical,excluded;dirName:dn", "[dn]\nC=NO\n"), NULL},
        /* of a kind that a leaf of Peppol has no names of */
        {CONSTRAINED("critical,permitted;email:example.org", ""), NULL},
    };
    struct cert *ap = testpki_cert("ap1");

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        fill_folder(GOOD, t[i].ca, GOOD);
        struct pki *p = opened();
        memset(&e, 0, sizeof(e));
        if (pki_check(p, ap, PKI_AP, TESTPKI_NOW, &e) != (t[i].words ? -1 : 0) ||
            (t[i].words && !strstr(e.msg, t[i].words)))
            fail_msg("case %zu: %s: %s", i, e.code, e.msg);
        pki_close(p);
    }
    cert_unref(ap);
}

/* A root's constraints hold two levels down too. */
/*= RFC 5280 6.1 "the result of path validation" */
static void a_constraint_of_the_root_or_a_required_policy_holds_for_the_leaf(void **state)
{
    static const struct testpki_leaf strict = {
        .extensions = IS_CA CA_USAGE "certificatePolicies=2.999.2\n"
                                     "policyConstraints=critical,requireExplicitPolicy:0\n"};
    struct cert *ap = testpki_cert("ap1");
    struct pki *p;

    (void)state;
    fill_folder((struct testpki_leaf){.extensions = IS_CA CA_USAGE
                                      "nameConstraints=critical,excluded;dirName:dn\n"
                                      "[dn]\nC=BE\nO=aviso tests\nOU=PEPPOL TEST AP\n"},
        GOOD, GOOD);
    p = opened();
    assert_int_equal(pki_check(p, ap, PKI_AP, TESTPKI_NOW, &e), -1);
    assert_non_null(strstr(e.msg, "excluded subtree"));
    pki_close(p);
    fill_folder(GOOD, strict, GOOD);
    p = opened();
    judged(p, &(struct testpki_leaf){AP}, PKI_AP, "cert.untrusted", "policy");
    judged(p, &(struct testpki_leaf){AP, .extensions = LEAF_USAGE "certificatePolicies=2.999.2\n"},
        PKI_AP, NULL, "");
    pki_close(p);
    cert_unref(ap);
}

static void weak_digests_and_two_that_differ_are_refused(void **state)
{
    struct cert *ap = testpki_cert("ap1"), *c = NULL;
    struct pki *p = usual();
    struct buf der;
    size_t at;

    (void)state;
    judged(p, &(struct testpki_leaf){AP, .md = "MD5"}, PKI_AP, "cert.weak", "SHA-256");
    judged(p, &(struct testpki_leaf){AP, .md = "SHA224"}, PKI_AP, "cert.weak", "SHA-256");
    /* inside SHA-256 (…01 01 0b), outside SHA-384 (…01 01 0c) */
    buf_init(&der, 1 << 16);
    buf_str(&der, buf_view(&ap->der));
    for (at = der.n - 9; memcmp(der.p + at, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9) != 0; at--)
        assert_true(at > 0);
    der.p[at + 8] = 0x0c;
    assert_int_equal(cert_from_der(&c, buf_view(&der), &e), 0);
    assert_int_equal(pki_check(p, c, PKI_AP, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "cert.untrusted");
    buf_free(&der);
    cert_unref(c);
    cert_unref(ap);
    pki_close(p);
}

/* The time of each certificate of the path counts, with the clock of who asks. */
/*= PEPPOL-PKI 3 "validity at the time of use" */
static void an_authority_outside_its_validity_makes_its_leaves_invalid(void **state)
{
    static const struct {
        struct testpki_leaf root, ca;
        const char *code, *words;
    } t[] = {
        {{0}, {.to = "20261121235959Z"}, "cert.expired", "ap-ca"},
        {{0}, {.from = "20261122000001Z"}, "cert.not-yet-valid", "ap-ca"},
        {{.to = "20261121235959Z"}, {0}, "cert.expired", "root"},
        {{.from = "20261122000001Z"}, {0}, "cert.not-yet-valid", "root"},
        {{.from = "20261122000000Z"}, {.to = "20261122000000Z"}, NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        fill_folder(t[i].root, t[i].ca, GOOD);
        struct pki *p = opened();
        judged(p, &(struct testpki_leaf){AP}, PKI_AP, t[i].code, t[i].words);
        pki_close(p);
    }
}

/* Its place in what is remembered is told by the first byte of its digest. */
static struct cert *forged_beside(const struct cert *good, const struct cert *name)
{
    struct testpki_leaf l = {AP, .by = name, .issuer = "third-ca", .serial = 1000};
    struct cert *c = testpki_leaf(&l);

    while (c->sha256[0] != good->sha256[0]) {
        cert_unref(c);
        l.serial++;
        assert_true(l.serial < 10000);
        c = testpki_leaf(&l);
    }
    return c;
}

/* What is remembered of one certificate is not said of another with its issuer and number, or with
 * its place. */
static void two_certificates_of_one_serial_number_are_judged_each_by_itself(void **state)
{
    struct cert *name = testpki_authority("ap-ca", (struct testpki_leaf){.name = "third-ca"}),
                *good = testpki_cert("ap1"), *forged = forged_beside(good, name);
    struct pki *p = usual();

    (void)state;
    judged(p, &(struct testpki_leaf){AP, .serial = 99}, PKI_AP, NULL, "");
    judged(p, &(struct testpki_leaf){.name = "ap2", .cn = "POP000002", .serial = 99}, PKI_AP, NULL,
        "");
    judged(p, &(struct testpki_leaf){AP, .serial = 99, .by = name, .issuer = "third-ca"}, PKI_AP,
        "cert.untrusted", "signature failure");
    judged(p, &(struct testpki_leaf){AP, .serial = 99, .md = "SHA1"}, PKI_AP, "cert.weak", "");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pki_check(p, good, PKI_AP, TESTPKI_NOW, &e), 0);
        assert_int_equal(pki_check(p, forged, PKI_AP, TESTPKI_NOW, &e), -1);
    }
    pki_close(p);
    cert_unref(name);
    cert_unref(good);
    cert_unref(forged);
}

static void a_token_of_no_certificate_is_refused_and_of_several_the_first_counts(void **state)
{
    struct cert *rogue = testpki_cert("rogue"), *ap = testpki_cert("ap1"), *c = NULL;
    struct pki *p = usual();
    struct buf b;

    (void)state;
    assert_int_equal(cert_from_text(&c, STR(""), &e), -1);
    assert_string_equal(e.code, "cert.malformed");
    buf_init(&b, 1 << 16);
    buf_str(&b, buf_view(&rogue->der)); /* a path, as the bytes of its certificates */
    buf_str(&b, buf_view(&ap->der));
    assert_int_equal(cert_from_der(&c, buf_view(&b), &e), -1);
    assert_string_equal(e.code, "cert.malformed");
    buf_clear(&b);
    for (int i = 0; i < 2; i++) {
        buf_puts(&b, "-----BEGIN CERTIFICATE-----\n");
        cert_b64(&b, i ? ap : rogue);
        buf_puts(&b, "\n-----END CERTIFICATE-----\n");
    }
    assert_int_equal(cert_from_text(&c, buf_view(&b), &e), 0);
    assert_int_equal(pki_check(p, c, PKI_AP, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "cert.untrusted");
    buf_free(&b);
    cert_unref(c);
    cert_unref(rogue);
    cert_unref(ap);
    pki_close(p);
}

/* ---- Peppol's own ---- */

static bool copy_anchor(const char *stage, const char *file)
{
    const char *data = getenv("AVISO_DATA");
    struct cert *c = NULL;
    char path[4200];

    (void)snprintf(path, sizeof(path), "%s/trust/%s/%s", data ? data : "build/data", stage, file);
    if (access(path, R_OK)) {
        print_message("[ SKIPPED ] %s: the official artefacts are not there\n",
            "the_anchors_of_peppol_are_taken_and_never_mixed");
        return false;
    }
    assert_int_equal(cert_from_pem_file(&c, path, &e), 0);
    put(file, c);
    return true;
}

/*= PEPPOL-PKI 1 "stages are never mixed" */
static void the_anchors_of_peppol_are_taken_and_never_mixed(void **state)
{
    static const char *const stage[2] = {"production", "test"}, *const file[3] = {"root.pem",
                                                                    "ap-ca.pem", "smp-ca.pem"};

    (void)state;
    for (unsigned mix = 0; mix < 8; mix++) { /* each bit: of which stage is this file */
        for (size_t f = 0; f < 3; f++)
            if (!copy_anchor(stage[mix >> f & 1], file[f]))
                skip();
        if (mix == 0 || mix == 7)
            pki_close(opened());
        else
            refused((mix & 1) != (mix >> 1 & 1) ? "ap-ca.pem" : "smp-ca.pem", "local issuer");
    }
}

/* Their leaves with the policy of this file: test_pki.c,
 * peppol_g3_leaves_chain_to_their_own_ca_only. */

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a_root_that_is_no_authority_is_refused),
        cmocka_unit_test(a_ca_that_is_no_authority_or_weak_is_refused),
        cmocka_unit_test(a_critical_extension_of_the_root_that_is_unknown_is_refused),
        cmocka_unit_test(a_ca_outside_the_names_that_its_root_is_constrained_to_is_refused),
        cmocka_unit_test(a_ca_of_another_root_is_refused_though_name_and_key_are_right),
        cmocka_unit_test(a_loop_of_two_authorities_is_refused),
        cmocka_unit_test(authorities_that_could_not_be_told_apart_are_refused),
        cmocka_unit_test(a_file_without_one_certificate_is_refused),
        cmocka_unit_test(what_rfc_5280_allows_an_authority_is_taken),
        cmocka_unit_test(a_leaf_that_signed_itself_is_refused),
        cmocka_unit_test(a_leaf_with_the_name_of_its_ca_is_judged_by_its_signature),
        cmocka_unit_test(a_leaf_of_an_authority_that_only_looks_like_ours_is_refused),
        cmocka_unit_test(a_leaf_below_a_leaf_or_one_level_too_deep_is_refused),
        cmocka_unit_test(an_authority_is_no_end_entity),
        cmocka_unit_test(a_leaf_made_for_something_else_is_refused),
        cmocka_unit_test(who_only_signs_need_not_be_one_to_encrypt_to),
        cmocka_unit_test(an_unknown_critical_extension_of_a_leaf_is_refused),
        cmocka_unit_test(a_leaf_outside_the_names_that_its_ca_is_constrained_to_is_refused),
        cmocka_unit_test(a_constraint_of_the_root_or_a_required_policy_holds_for_the_leaf),
        cmocka_unit_test(weak_digests_and_two_that_differ_are_refused),
        cmocka_unit_test(an_authority_outside_its_validity_makes_its_leaves_invalid),
        cmocka_unit_test(two_certificates_of_one_serial_number_are_judged_each_by_itself),
        cmocka_unit_test(a_token_of_no_certificate_is_refused_and_of_several_the_first_counts),
        cmocka_unit_test(the_anchors_of_peppol_are_taken_and_never_mixed),
    };

    return cmocka_run_group_tests(t, make_folder, drop_folder);
}
