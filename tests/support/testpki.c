#include "tests/support/testpki.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "testpki.c:%d: %s\n", __LINE__, #x);                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* How far the primes lie behind the number grown from the name, so that they need not be searched
 * for again: found by running with TESTPKI_SHOW=1, which prints "name p|q bits offset". Others are
 * searched. */
static const struct {
    const char *name;
    unsigned long p, q;
} found[] = {{"root", 204, 290}, {"ap-ca", 466, 2082}, {"smp-ca", 940, 2280},
    {"rogue-ca", 664, 686}, {"third-ca", 62, 796}, {"ap1", 86, 1984}, {"ap2", 996, 1140},
    {"smp1", 812, 2676}, {"rogue", 480, 1474}, {NULL, 0, 0}};

static BIGNUM *grow(const char *name, char which, int bits)
{
    unsigned char bytes[512];
    char text[80];
    int n = bits / 8;
    BIGNUM *x;

    NEED(n % HASH_LEN == 0 && n <= (int)sizeof(bytes));
    for (int i = 0; i < n / HASH_LEN; i++) {
        int len = snprintf(text, sizeof(text), "aviso test key %s %c %d", name, which, i);
        NEED(len > 0 && !hash_of(bytes + i * HASH_LEN, text, (size_t)len, NULL));
    }
    bytes[0] |= 0xc0; /* so that the product has the full length */
    bytes[n - 1] |= 1;
    NEED((x = BN_bin2bn(bytes, n, NULL)));
    return x;
}

static BIGNUM *prime(const char *name, char which, int bits, unsigned long known)
{
    BIGNUM *x = grow(name, which, bits);
    BN_CTX *c = BN_CTX_new();
    unsigned long at = known;

    NEED(c && BN_add_word(x, at));
    /* p-1 must not be a multiple of e = 65537 */
    while (!known && (BN_mod_word(x, 65537) == 1 || BN_check_prime(x, c, NULL) != 1)) {
        NEED(BN_add_word(x, 2));
        at += 2;
    }
    if (getenv("TESTPKI_SHOW"))
        printf("%s %c %d %lu\n", name, which, 2 * bits, at);
    BN_CTX_free(c);
    return x;
}

/* dst = d mod (x - 1) */
static void crt_exponent(BIGNUM *dst, const BIGNUM *d, const BIGNUM *x, BN_CTX *c)
{
    BIGNUM *less = BN_dup(x);

    NEED(less && BN_sub_word(less, 1) && BN_mod(dst, d, less, c));
    BN_free(less);
}

static EVP_PKEY *assemble(const char *name, int bits)
{
    unsigned long off[2] = {0, 0};
    BN_CTX *c = BN_CTX_new();
    BIGNUM *e = BN_new(), *n = BN_new(), *d = BN_new(), *phi = BN_new(), *p, *q, *dp = BN_new(),
           *dq = BN_new(), *qi = BN_new();
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *k = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *out = NULL;
    OSSL_PARAM *params;

    for (size_t i = 0; found[i].name; i++)
        if (bits == 2048 && !strcmp(found[i].name, name)) {
            off[0] = found[i].p;
            off[1] = found[i].q;
        }
    p = prime(name, 'p', bits / 2, off[0]);
    q = prime(name, 'q', bits / 2, off[1]);
    if (BN_cmp(p, q) < 0)
        BN_swap(p, q);
    NEED(c && b && k && BN_set_word(e, 65537) && BN_mul(n, p, q, c));
    NEED(BN_copy(phi, n) && BN_sub(phi, phi, p) && BN_sub(phi, phi, q) && BN_add_word(phi, 1));
    NEED(BN_mod_inverse(d, e, phi, c) && BN_mod_inverse(qi, q, p, c));
    crt_exponent(dp, d, p, c);
    crt_exponent(dq, d, q, c);
    NEED(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, d) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR1, p) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR2, q) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi));
    NEED((params = OSSL_PARAM_BLD_to_param(b)));
    NEED(EVP_PKEY_fromdata_init(k) == 1 &&
         EVP_PKEY_fromdata(k, &out, EVP_PKEY_KEYPAIR, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(k);
    BN_CTX_free(c);
    BIGNUM *all[] = {e, n, d, phi, p, q, dp, dq, qi};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        BN_free(all[i]);
    return out;
}

#define KEPT 24
static struct kept {
    char name[32];
    int bits;
    EVP_PKEY *key;
    X509 *ca;
} kept[KEPT];

static struct kept *keep(const char *name, int bits)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (!kept[i].key) {
            (void)snprintf(kept[i].name, sizeof(kept[i].name), "%s", name);
            kept[i].bits = bits;
            kept[i].key = assemble(name, bits);
        }
        if (!strcmp(kept[i].name, name) && kept[i].bits == bits)
            return &kept[i];
    }
    abort();
}

EVP_PKEY *testpki_key(const char *name, int bits)
{
    return keep(name, bits ? bits : 2048)->key;
}

static void name_set(X509_NAME *n, const char *ou, const char *cn)
{
    const unsigned char *u = (const unsigned char *)ou, *c = (const unsigned char *)cn;

    NEED(X509_NAME_add_entry_by_txt(n, "C", MBSTRING_ASC, (const unsigned char *)"BE", -1, -1, 0));
    NEED(X509_NAME_add_entry_by_txt(
        n, "O", MBSTRING_ASC, (const unsigned char *)"aviso tests", -1, -1, 0));
    NEED(X509_NAME_add_entry_by_txt(n, "OU", MBSTRING_ASC, u, -1, -1, 0));
    NEED(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, c, -1, -1, 0));
}

static void extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    NEED(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static void other_extensions(X509 *x, X509 *issuer, const char *text)
{
    BIO *b = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    X509V3_CTX c;

    X509V3_set_ctx(&c, issuer ? issuer : x, x, NULL, NULL, 0);
    X509V3_set_nconf(&c, conf);
    NEED(b && conf && NCONF_load_bio(conf, b, NULL) == 1);
    NEED(X509V3_EXT_add_nconf(conf, &c, "default", x) == 1);
    NCONF_free(conf);
    BIO_free(b);
}

static void usual_extensions(X509 *x, const struct testpki_leaf *l)
{
    char about[200];

    if (l->is_ca) {
        extension(x, NID_basic_constraints, "critical,CA:TRUE");
        extension(x, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign");
    } else {
        extension(x, NID_basic_constraints, "critical,CA:FALSE");
        extension(x, NID_key_usage,
            l->no_digital_signature ? "critical,keyEncipherment"
                                    : "critical,digitalSignature,keyEncipherment,dataEncipherment");
        extension(x, NID_ext_key_usage, "critical,clientAuth");
    }
    if (l->crl_url && snprintf(about, sizeof(about), "URI:%s", l->crl_url))
        extension(x, NID_crl_distribution_points, about);
    if (l->ocsp_url && snprintf(about, sizeof(about), "OCSP;URI:%s", l->ocsp_url))
        extension(x, NID_info_access, about);
}

static void number(X509 *x, const struct testpki_leaf *l)
{
    ASN1_INTEGER *serial = X509_get_serialNumber(x);
    unsigned char id[HASH_LEN];
    char about[200];
    BIGNUM *sn;
    int n;

    if (l->serial) {
        NEED(ASN1_INTEGER_set_uint64(serial, l->serial));
        return;
    }
    n = snprintf(about, sizeof(about), "%s|%s|%s|%d", l->name, l->cn, l->from, l->is_ca);
    NEED(!hash_of(id, about, (size_t)n, NULL));
    id[0] = (unsigned char)((id[0] & 0x3f) | 0x40);
    NEED((sn = BN_bin2bn(id, 16, NULL)) && BN_to_ASN1_INTEGER(sn, serial));
    BN_free(sn);
}

/* issuer NULL: itself. */
static X509 *certificate(const struct testpki_leaf *l, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *x = X509_new();

    NEED(x);
    number(x, l);
    NEED(X509_set_version(x, 2) && X509_set_pubkey(x, testpki_key(l->name, l->bits)));
    NEED(ASN1_TIME_set_string(X509_getm_notBefore(x), l->from ? l->from : "20250101000000Z"));
    NEED(ASN1_TIME_set_string(X509_getm_notAfter(x), l->to ? l->to : "20341231235959Z"));
    name_set(X509_get_subject_name(x), l->is_ca ? "FOR TEST ONLY" : "PEPPOL TEST AP", l->cn);
    NEED(X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x)));
    if (!l->extensions)
        usual_extensions(x, l);
    else if (*l->extensions)
        other_extensions(x, issuer, l->extensions);
    NEED(X509_sign(x, issuer_key, EVP_get_digestbyname(l->md ? l->md : "SHA256")) > 0);
    return x;
}

static bool stands_alone(const char *name)
{
    return !strcmp(name, "root") || !strcmp(name, "rogue-ca");
}

X509 *testpki_ca(const char *name)
{
    struct kept *k = keep(name, 2048);
    bool self = stands_alone(name);
    char cn[64];

    if (!k->ca) {
        struct testpki_leaf l = {.name = name, .cn = cn, .is_ca = true};
        (void)snprintf(cn, sizeof(cn), "aviso test %s", name);
        k->ca =
            certificate(&l, self ? NULL : testpki_ca("root"), testpki_key(self ? name : "root", 0));
    }
    return k->ca;
}

struct cert *testpki_leaf(const struct testpki_leaf *l)
{
    const char *by = l->self ? l->name : l->issuer ? l->issuer : "ap-ca";
    X509 *issuer = l->self ? NULL : l->by ? l->by->x : testpki_ca(by);
    X509 *x = certificate(l, issuer, testpki_key(by, l->self ? l->bits : l->issuer_bits));
    struct cert *c = NULL;
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);

    NEED(n > 0 && !cert_from_der(&c, (struct str){(char *)der, (size_t)n}, NULL));
    OPENSSL_free(der);
    X509_free(x);
    return c;
}

struct cert *testpki_authority(const char *name, struct testpki_leaf l)
{
    char cn[64];

    (void)snprintf(cn, sizeof(cn), "aviso test %s", name);
    l.name = l.name ? l.name : name;
    l.cn = l.cn ? l.cn : cn;
    l.is_ca = true;
    l.issuer = l.issuer ? l.issuer : "root";
    l.self = l.self || (stands_alone(name) && !l.by);
    return testpki_leaf(&l);
}

static const struct testpki_leaf usual[] = {
    {.name = "ap1", .cn = "POP000001"},
    {.name = "ap2", .cn = "POP000002"},
    {.name = "smp1", .cn = "PSM000001", .issuer = "smp-ca"},
    {.name = "rogue", .cn = "POP000099", .issuer = "rogue-ca"},
};
#define USUAL (sizeof(usual) / sizeof(*usual))

struct cert *testpki_cert(const char *name)
{
    for (size_t i = 0; i < USUAL; i++)
        if (!strcmp(usual[i].name, name))
            return testpki_leaf(&usual[i]);
    abort();
}

static char dir[64];

const char *testpki_path(const char *file)
{
    static char path[8][160];
    static unsigned turn;
    char *p = path[turn++ % 8];

    (void)snprintf(p, sizeof(path[0]), "%s/%s", testpki_dir(), file);
    return p;
}

static void put(const char *name, const char *suffix, X509 *x, EVP_PKEY *k)
{
    char file[48];
    FILE *f;

    (void)snprintf(file, sizeof(file), "%s%s", name, suffix);
    NEED((f = fopen(testpki_path(file), "w")));
    NEED((x ? PEM_write_X509(f, x) : PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL)) == 1);
    NEED(fclose(f) == 0);
}

static pid_t maker;

static void clean(void)
{
    static const char *const suffix[] = {".pem", ".key"};
    static const char *const names[] = {
        "root", "ap-ca", "smp-ca", "rogue-ca", "ap1", "ap2", "smp1", "rogue"};
    char file[48];

    if (getpid() == maker) {
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
            for (size_t s = 0; s < 2; s++) {
                (void)snprintf(file, sizeof(file), "%s%s", names[i], suffix[s]);
                (void)unlink(testpki_path(file));
            }
        (void)rmdir(dir);
    }
    for (size_t i = 0; i < KEPT; i++) {
        X509_free(kept[i].ca);
        EVP_PKEY_free(kept[i].key);
    }
}

const char *testpki_dir(void)
{
    static const char *const cas[] = {"root", "ap-ca", "smp-ca", "rogue-ca"};

    if (dir[0])
        return dir;
    (void)snprintf(dir, sizeof(dir), "/tmp/aviso-testpki-XXXXXX");
    NEED(mkdtemp(dir));
    maker = getpid();
    NEED(atexit(clean) == 0);
    for (size_t i = 0; i < sizeof(cas) / sizeof(*cas); i++)
        put(cas[i], ".pem", testpki_ca(cas[i]), NULL);
    for (size_t i = 0; i < USUAL; i++) {
        struct cert *c = testpki_leaf(&usual[i]);
        put(usual[i].name, ".pem", c->x, NULL);
        put(usual[i].name, ".key", NULL, testpki_key(usual[i].name, 0));
        cert_unref(c);
    }
    return dir;
}

struct pki *testpki_open(void)
{
    struct pki *p = NULL;
    struct err e = ERR_INIT;

    if (pki_open(&p, testpki_dir(), &e)) {
        fprintf(stderr, "testpki: %s\n", e.msg);
        abort();
    }
    return p;
}

struct key *testpki_key_file(const char *name)
{
    char k[48], c[48];
    struct key *out = NULL;
    struct err e = ERR_INIT;

    (void)snprintf(k, sizeof(k), "%s.key", name);
    (void)snprintf(c, sizeof(c), "%s.pem", name);
    if (key_open_file(&out, testpki_path(k), testpki_path(c), &e)) {
        fprintf(stderr, "testpki: %s\n", e.msg);
        abort();
    }
    return out;
}
