/* conf_tls.c - the grade of our endpoint's TLS, as a client of the network sees it.
 *
 * What must be refused is really offered: OpenSSL is told to speak old protocols and weak suites
 * here and nowhere else. No byte of HTTP is sent. */
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ap/base/hash.h"
#include "ap/conformance/conf_priv.h"

#define PATIENCE_S 10
#define WHY 200
#define CHAIN_MAX (256u << 10)
#define ADDRESSES 8  /* of the host that are tried */
#define STRENGTH 112 /* RSA of 2048 bits; SHA-1 has 63 */

struct place {
    char host[256], port[8];
};

enum met { MET_AGREED, MET_REFUSED, MET_NOBODY, MET_IMPOSSIBLE };
struct offer {
    int low, high;
    const char *suites;          /* OpenSSL's names, up to TLS 1.2; NULL: the usual */
    const struct addrinfo *only; /* this address; NULL: the first that answers */
};
struct agreed {
    char protocol[16], suite[64];
    long verify;
    long days; /* until the certificate ends */
    bool name_fits;
    int key_bits, digest_bits; /* strength of the certificate: of its key, of its signature */
    uint8_t cert[HASH_LEN];    /* SHA-256 of it */
    char why[WHY];             /* of MET_REFUSED and MET_NOBODY */
    struct buf chain;          /* PEM, as sent: when asked for */
    bool want_chain;
};

/* https://host[:port]/path, host a name or [address]. */
static bool take_place(struct place *out, const char *url)
{
    struct str s = str_z(url);
    size_t end;

    if (!str_has_prefix(s, STR("https://")))
        return false;
    s = str_sub(s, 8, s.n);
    s = str_sub(s, 0, str_find(s, STR("/")));
    end = s.n && s.p[0] == '[' ? str_find(s, STR("]")) + 1 : str_find(s, STR(":"));
    (void)snprintf(out->port, sizeof(out->port), "%.*s", end < s.n ? (int)(s.n - end - 1) : 3,
        end < s.n ? s.p + end + 1 : "443");
    if (s.n && s.p[0] == '[')
        s = str_sub(s, 1, end - 2);
    else
        s = str_sub(s, 0, end);
    (void)snprintf(out->host, sizeof(out->host), "%.*s", (int)s.n, s.p);
    return s.n > 0 && s.n < sizeof(out->host);
}

/* All addresses of the host; the caller's to free. NULL with the reason. */
static struct addrinfo *addresses(const struct place *p, char why[WHY])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int rc = getaddrinfo(p->host, p->port, &hints, &list);

    if (rc == 0)
        return list;
    (void)snprintf(why, WHY, "%s: %s", p->host, gai_strerror(rc));
    return NULL;
}

static int connect_one(const struct addrinfo *at, char why[WHY])
{
    struct timeval patience = {PATIENCE_S, 0};
    char text[100];
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);

    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
            return fd;
    }
    (void)snprintf(why, WHY, "connect: %s", strerror_r(errno, text, sizeof(text)));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* The first address that answers, or `only` this one. */
static int connect_to(const struct place *p, const struct addrinfo *only, char why[WHY])
{
    struct addrinfo *list;
    int fd = -1;

    if (only)
        return connect_one(only, why);
    list = addresses(p, why);
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next)
        fd = connect_one(at, why);
    if (list)
        freeaddrinfo(list);
    return fd;
}

static SSL_CTX *context(const struct offer *o, const char *ca_file)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (!ctx)
        return NULL;
    if (SSL_CTX_set_min_proto_version(ctx, o->low) && SSL_CTX_set_max_proto_version(ctx, o->high) &&
        (!o->suites || SSL_CTX_set_cipher_list(ctx, o->suites)) &&
        SSL_CTX_set_default_verify_paths(ctx) &&
        (!*ca_file || SSL_CTX_load_verify_file(ctx, ca_file)))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

static void keep_chain(struct buf *out, STACK_OF(X509) * chain)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *p = NULL;
    long n = 0;

    for (int i = 0; b && i < sk_X509_num(chain); i++)
        (void)PEM_write_bio_X509(b, sk_X509_value(chain, i));
    if (b)
        n = BIO_get_mem_data(b, &p);
    if (n > 0)
        buf_add(out, p, (size_t)n);
    BIO_free(b);
}

/* What OpenSSL says last, in its own words. */
static void last_error(char why[WHY])
{
    unsigned long last = ERR_peek_last_error();
    const char *reason = last ? ERR_reason_error_string(last) : NULL;

    (void)snprintf(why, WHY, "TLS handshake: %s", reason ? reason : "the connection was closed");
}

static void note(struct agreed *out, SSL *s, const struct place *p)
{
    X509 *cert = SSL_get0_peer_certificate(s);
    int days = 0, seconds = 0;

    (void)snprintf(out->protocol, sizeof(out->protocol), "%s", SSL_get_version(s));
    (void)snprintf(out->suite, sizeof(out->suite), "%s", SSL_get_cipher_name(s));
    out->verify = SSL_get_verify_result(s);
    out->name_fits = cert && (X509_check_host(cert, p->host, 0, 0, NULL) == 1 ||
                                 X509_check_ip_asc(cert, p->host, 0) == 1);
    if (cert && X509_get0_pubkey(cert))
        out->key_bits = EVP_PKEY_get_security_bits(X509_get0_pubkey(cert));
    if (cert)
        (void)X509_get_signature_info(cert, NULL, NULL, &out->digest_bits, NULL);
    if (cert && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
        out->days = days;
    if (cert)
        (void)X509_digest(cert, EVP_sha256(), out->cert, NULL);
    if (out->want_chain)
        keep_chain(&out->chain, SSL_get_peer_cert_chain(s));
}

static enum met shake(
    struct agreed *out, const struct place *p, const struct offer *o, const char *ca_file)
{
    SSL_CTX *ctx = context(o, ca_file);
    SSL *s = ctx ? SSL_new(ctx) : NULL;
    enum met met = MET_IMPOSSIBLE;
    int fd = -1;

    ERR_clear_error();
    if (s && SSL_set_tlsext_host_name(s, p->host)) {
        fd = connect_to(p, o->only, out->why);
        met = fd < 0 ? MET_NOBODY : MET_REFUSED;
        if (fd >= 0 && SSL_set_fd(s, fd) && SSL_connect(s) == 1) {
            note(out, s, p);
            met = MET_AGREED;
        } else if (fd >= 0) {
            last_error(out->why);
        }
    }
    ERR_clear_error();
    SSL_free(s);
    SSL_CTX_free(ctx);
    if (fd >= 0)
        (void)close(fd);
    return met;
}

static bool ready(struct place *p, struct conf_run *r, struct conf_case *k)
{
    struct agreed a = {0};
    const struct offer usual = {.low = TLS1_2_VERSION};

    if (!take_place(p, r->c->public_url)) {
        conf_skip(k, "listen.public_url is not an https URL: the endpoint is not known");
        return false;
    }
    if (shake(&a, p, &usual, r->c->tls_ca_file) != MET_AGREED)
        return conf_check(k, false, "%s:%s is reached and speaks TLS: %s", p->host, p->port, a.why);
    return conf_check(
        k, true, "%s:%s is reached and speaks TLS (%s, %s)", p->host, p->port, a.protocol, a.suite);
}

int conf_tls_protocols(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct {
        const char *name;
        int version;
        bool wanted, may_miss;
    } t[] = {{"TLS 1.0", TLS1_VERSION, false, false}, {"TLS 1.1", TLS1_1_VERSION, false, false},
        {"TLS 1.2", TLS1_2_VERSION, true, false}, {"TLS 1.3", TLS1_3_VERSION, true, true}};
    struct place p;

    (void)e;
    if (!ready(&p, r, k))
        return 0;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const struct offer o = {.low = t[i].version,
            .high = t[i].version,
            .suites = t[i].version < TLS1_3_VERSION ? "ALL:@SECLEVEL=0" : NULL};
        struct agreed a = {0};
        enum met met = shake(&a, &p, &o, r->c->tls_ca_file);
        bool ok =
            met == MET_AGREED ? t[i].wanted : met == MET_REFUSED && (!t[i].wanted || t[i].may_miss);
        (void)conf_check(k, ok, "%s is %s%s%s", t[i].name,
            met == MET_AGREED ? "spoken" : "not spoken", met == MET_AGREED ? "" : ": ", a.why);
    }
    return 0;
}

int conf_tls_suites(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct {
        const char *name, *suites;
    } weak[] = {{"without forward secrecy (static RSA)", "kRSA"}, {"anonymous", "aNULL"},
        {"without encryption", "eNULL"},
        {"CBC with SHA-1", "ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA"},
        {"CBC with SHA-256", "ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256"}, {"3DES", "3DES"},
        {"RC4", "RC4"}};
    struct place p;
    char suites[120];

    (void)e;
    if (!ready(&p, r, k))
        return 0;
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        const struct offer o = {TLS1_2_VERSION, TLS1_2_VERSION, suites, NULL};
        struct agreed a = {0};
        enum met met;
        (void)snprintf(suites, sizeof(suites), "%s:@SECLEVEL=0", weak[i].suites);
        met = shake(&a, &p, &o, r->c->tls_ca_file);
        (void)conf_check(k, met == MET_REFUSED || met == MET_IMPOSSIBLE, "suites %s are %s%s",
            weak[i].name,
            met == MET_AGREED    ? "taken"
            : met == MET_REFUSED ? "refused"
            : met == MET_NOBODY  ? "offered to nobody: "
                                 : "not known to this OpenSSL, so not offered",
            met == MET_NOBODY ? a.why : "");
    }
    return 0;
}

static void judge_certificate(
    struct conf_run *r, struct conf_case *k, const struct place *p, const struct agreed *a)
{
    (void)conf_check(k, a->verify == X509_V_OK,
        "its chain leads to an authority that is trusted: %s",
        X509_verify_cert_error_string(a->verify));
    (void)conf_check(k, a->name_fits, "its certificate is for %s", p->host);
    (void)conf_check(k, a->key_bits >= STRENGTH && a->digest_bits >= STRENGTH,
        "its key and its signature are of %d and %d bits of strength, of %d", a->key_bits,
        a->digest_bits, STRENGTH);
    (void)conf_check(k, a->days >= 7, "its certificate is valid for %ld days more", a->days);
    if (r->c->mode != MODE_LAB)
        (void)conf_check(k, strcmp(p->port, "443") == 0, "its port is %s, of 443", p->port);
}

int conf_tls_certificate(struct conf_run *r, struct conf_case *k, struct err *e)
{
    const struct offer usual = {.low = TLS1_2_VERSION};
    struct agreed a = {.want_chain = true};
    struct place p;
    int rc = 0;

    if (!ready(&p, r, k))
        return 0;
    buf_init(&a.chain, CHAIN_MAX);
    if (shake(&a, &p, &usual, r->c->tls_ca_file) == MET_AGREED) {
        judge_certificate(r, k, &p, &a);
        rc = buf_check(&a.chain, e) ? -1 : conf_keep_next(r, k, "chain.pem", buf_view(&a.chain), e);
    } else {
        (void)conf_check(k, false, "it speaks TLS a second time: %s", a.why);
    }
    buf_free(&a.chain);
    return rc;
}

/* One address of several. In the lab a name such as localhost may have more than are served. */
static void judge_address(struct agreed *first, bool *known, struct conf_run *r,
    struct conf_case *k, const struct place *p, const struct addrinfo *at)
{
    const struct offer o = {.low = TLS1_2_VERSION, .only = at};
    const char *family = at->ai_family == AF_INET6 ? "IPv6" : "IPv4";
    struct agreed a = {0};
    char name[64] = "?";

    (void)getnameinfo(at->ai_addr, at->ai_addrlen, name, sizeof(name), NULL, 0, NI_NUMERICHOST);
    if (shake(&a, p, &o, r->c->tls_ca_file) != MET_AGREED) {
        (void)conf_check(k, r->c->mode == MODE_LAB, "%s %s answers%s: %s", family, name,
            r->c->mode == MODE_LAB ? ", but need not in the lab" : "", a.why);
        return;
    }
    if (!*known)
        *first = a;
    *known = true;
    (void)conf_check(k, memcmp(first->cert, a.cert, HASH_LEN) == 0,
        "%s %s answers, with the certificate of all", family, name);
}

/* Peers take either family: what DNS names must answer, each with the same certificate. */
/*= eDelivery AS4 1.14 "IPv4 and IPv6" */
int conf_tls_addresses(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct addrinfo *list;
    struct agreed first = {0};
    struct place p;
    bool known = false;
    unsigned n = 0;

    (void)e;
    if (!ready(&p, r, k) || !(list = addresses(&p, first.why)))
        return 0;
    for (const struct addrinfo *at = list; at && n < ADDRESSES; at = at->ai_next, n++)
        judge_address(&first, &known, r, k, &p, at);
    freeaddrinfo(list);
    return 0;
}
