/* bench_wss.c - CPU time of WS-Security per message, beside the RSA operations it cannot do
 * without.
 *
 * Inbound: parse, check the signature over the envelope, unwrap, decrypt, check the whole
 * signature, sign a receipt. Outbound: sign, encrypt, write, and check a receipt. One thread, key
 * in this process, so that the thread's CPU clock counts all of it. usage: bench_wss [MESSAGES
 * [MEGABYTES]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/enc.h"
#include "ap/base/rnd.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

static struct pki *trust;
static struct key *ap1, *ap2;
static struct err e;

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "bench_wss.c:%d: %s: %s %s\n", __LINE__, #x, e.code, e.msg);           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void line(const char *what, double seconds, int n, double floor)
{
    printf("  %-34s %7.3f ms", what, seconds / n * 1e3);
    if (floor > 0)
        printf("  = %.2f x RSA", seconds / n / floor);
    printf("\n");
}

/* ---- the floor ---- */

static double rsa_private_cost(bool sign, int n)
{
    uint8_t digest[HASH_LEN] = {1}, cek[16] = {2}, out[KEY_CEK_MAX];
    struct buf b;
    double start;
    size_t len;

    buf_init(&b, 1 << 20);
    NEED(!oaep_wrap(&b, key_cert(ap2), cek, 16, &e));
    start = cpu();
    for (int i = 0; i < n; i++) {
        struct buf sig;
        buf_init(&sig, 1024);
        NEED(sign ? !key_sign_sha256(ap2, &sig, digest, &e)
                  : !key_unwrap_oaep(ap2, out, &len, b.p, b.n, &e));
        buf_free(&sig);
    }
    start = cpu() - start;
    buf_free(&b);
    return start / n;
}

static double rsa_public_cost(bool verify, int n)
{
    uint8_t digest[HASH_LEN] = {1}, cek[16] = {2};
    struct buf sig, b;
    double start;

    buf_init(&sig, 1024);
    buf_init(&b, 1024);
    NEED(!key_sign_sha256(ap1, &sig, digest, &e));
    start = cpu();
    for (int i = 0; i < n; i++) {
        NEED(verify ? !rsa_verify_sha256(key_cert(ap1), digest, sig.p, sig.n, &e)
                    : !oaep_wrap(&b, key_cert(ap2), cek, 16, &e));
        buf_clear(&b);
    }
    start = cpu() - start;
    buf_free(&sig);
    buf_free(&b);
    return start / n;
}

/* ---- one message each way ---- */

static struct {
    double parse, header, decrypt, verify, receipt, sign, encrypt, write, reply;
} took;

static double lap(double *sum, double since)
{
    double now = cpu();

    *sum += now - since;
    return now;
}

static void inbound(const struct wssmsg *m)
{
    struct wss_part wire = {
        m->clear[0].cid, STR("application/octet-stream"), blob_str(buf_view(&m->sealed[0]))};
    struct arena *a = arena_new(1 << 20);
    struct key *const keys[] = {ap2};
    struct wss_proof proof, ours;
    struct wss_part clear;
    struct sink out;
    struct str type;
    struct buf b, reply;
    xmlDoc *env, *rc;
    double t = cpu();

    buf_init(&b, 1 << 20);
    buf_init(&reply, 1 << 20);
    out = sink_buf(&b);
    NEED(!xml_parse(&env, a, m->soap.p, m->soap.n, NULL, &e));
    t = lap(&took.parse, t);
    NEED(!wss_verify_header(&proof, env, trust, TESTPKI_NOW, a, &e));
    t = lap(&took.header, t);
    NEED(!wss_decrypt(&type, &out, env, &wire, 1, keys, 1, a, &e));
    t = lap(&took.decrypt, t);
    clear = (struct wss_part){wire.cid, type, blob_str(buf_view(&b))};
    NEED(!wss_verify(&proof, env, &clear, 1, a, &e));
    t = lap(&took.verify, t);
    NEED(!xml_parse(&rc, a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e));
    NEED(!wss_sign(&ours, rc, NULL, 0, ap2, a, &e) && !xml_write(&reply, rc, &e));
    (void)lap(&took.receipt, t);
    cert_unref(proof.signer);
    cert_unref(ours.signer);
    buf_free(&b);
    buf_free(&reply);
    arena_free(a);
}

static void outbound(const struct wss_part *part, const struct wssmsg *receipt)
{
    struct arena *a = arena_new(1 << 20);
    struct wss_proof proof, theirs;
    struct buf sealed, soap;
    struct sink out;
    xmlDoc *env, *rc;
    double t = cpu();

    buf_init(&sealed, 1 << 20);
    buf_init(&soap, 1 << 20);
    out = sink_buf(&sealed);
    NEED(!xml_parse(&env, a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e));
    t = lap(&took.parse, t);
    NEED(!wss_sign(&proof, env, part, 1, ap1, a, &e));
    t = lap(&took.sign, t);
    NEED(!wss_encrypt(env, part, &out, 1, key_cert(ap2), a, &e));
    t = lap(&took.encrypt, t);
    NEED(!xml_write(&soap, env, &e));
    t = lap(&took.write, t);
    NEED(!xml_parse(&rc, a, receipt->soap.p, receipt->soap.n, NULL, &e));
    NEED(!wss_verify_header(&theirs, rc, trust, TESTPKI_NOW, a, &e));
    (void)lap(&took.reply, t);
    cert_unref(proof.signer);
    cert_unref(theirs.signer);
    buf_free(&sealed);
    buf_free(&soap);
    arena_free(a);
}

static void small(int n)
{
    static char text[10000];
    struct wss_part part = wssmsg_part("payload@ap1.example", "application/gzip", text, 10000);
    double sign = rsa_private_cost(true, n), unwrap = rsa_private_cost(false, n);
    double verify = rsa_public_cost(true, n), wrap = rsa_public_cost(false, n), floor, t;
    struct wssmsg m, receipt;

    rnd_bytes(text, sizeof(text));
    printf("RSA-2048, each\n");
    line("sign", sign, 1, 0);
    line("unwrap", unwrap, 1, 0);
    line("verify", verify, 1, 0);
    line("wrap", wrap, 1, 0);
    wssmsg_make(&m, &part, 1, ap1, key_cert(ap2));
    wssmsg_make(&receipt, NULL, 0, ap2, NULL);
    for (int i = 0; i < 20; i++)
        inbound(&m);
    memset(&took, 0, sizeof(took));
    floor = sign + unwrap + verify;
    t = cpu();
    for (int i = 0; i < n; i++)
        inbound(&m);
    t = cpu() - t;
    printf("inbound, 10 kB attachment\n");
    line("parse envelope", took.parse, n, 0);
    line("signature over the envelope", took.header, n, 0);
    line("unwrap and decrypt", took.decrypt, n, 0);
    line("digests of attachments", took.verify, n, 0);
    line("receipt: parse, sign, write", took.receipt, n, 0);
    line("all", t, n, floor);
    memset(&took, 0, sizeof(took));
    floor = sign + wrap + verify;
    t = cpu();
    for (int i = 0; i < n; i++)
        outbound(&part, &receipt);
    t = cpu() - t;
    printf("outbound, 10 kB attachment\n");
    line("parse template", took.parse, n, 0);
    line("sign", took.sign, n, 0);
    line("encrypt", took.encrypt, n, 0);
    line("write envelope", took.write, n, 0);
    line("check the receipt", took.reply, n, 0);
    line("all", t, n, floor);
    wssmsg_free(&m);
    wssmsg_free(&receipt);
}

/* ---- what an oracle would measure: reliability C3 ----
 * The same message with its tag wrong, its wrapped key wrong, and its wrapped key for another
 * content key, in turn, so that the machine's moods fall on all alike. */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof(*v), by_value);
    return v[n / 2];
}

static void put_wrapped(xmlDoc *env, struct str base64)
{
    xmlNode *n = xml_first_element(xmlDocGetRootElement(env));

    n = xml_next_element(xml_first_element(n)); /* Security, after Messaging */
    while (n && strcmp((const char *)n->name, "CipherValue") != 0) {
        xmlNode *in = xml_first_element(n);
        n = in && strcmp((const char *)n->name, "BinarySecurityToken") != 0 &&
                    strcmp((const char *)n->name, "KeyInfo") != 0 &&
                    strcmp((const char *)n->name, "EncryptionMethod") != 0
                ? in
                : xml_next_element(n);
    }
    NEED(n);
    xmlNodeSetContent(n, NULL);
    xmlNodeAddContentLen(n, BAD_CAST base64.p, (int)base64.n);
}

static void oracle(int n)
{
    static const char *const what[3] = {"tag wrong", "wrapped key wrong", "another content key"};
    static char text[10000];
    struct wss_part part = wssmsg_part("p@x", "application/gzip", text, sizeof(text));
    double *took3[3] = {NULL};
    struct key *const keys[] = {ap2};
    struct buf bad, other, clear, raw;
    struct wssmsg m;
    uint8_t cek[16] = {7};

    wssmsg_make(&m, &part, 1, ap1, key_cert(ap2));
    for (int k = 0; k < 3; k++)
        NEED((took3[k] = calloc((size_t)n, sizeof(double))));
    buf_init(&bad, 4096);
    buf_init(&other, 4096);
    buf_init(&raw, 4096);
    buf_init(&clear, 1 << 20);
    NEED(!oaep_wrap(&raw, key_cert(ap2), cek, 16, &e));
    enc_b64(&other, raw.p, raw.n);
    raw.p[99] ^= 1;
    enc_b64(&bad, raw.p, raw.n);
    for (int i = 0; i < 3 * n; i++) {
        struct wss_part wire = {part.cid, STR(""), blob_str(buf_view(&m.sealed[0]))};
        struct arena *a = arena_new(1 << 20);
        struct sink out = sink_buf(&clear);
        struct str type;
        xmlDoc *env;
        double t;
        NEED(!xml_parse(&env, a, m.soap.p, m.soap.n, NULL, &e));
        if (i % 3)
            put_wrapped(env, buf_view(i % 3 == 1 ? &bad : &other));
        else
            m.sealed[0].p[m.sealed[0].n - 1] ^= 1;
        buf_clear(&clear);
        t = cpu();
        NEED(wss_decrypt(&type, &out, env, &wire, 1, keys, 1, a, &e));
        took3[i % 3][i / 3] = cpu() - t;
        if (i % 3 == 0)
            m.sealed[0].p[m.sealed[0].n - 1] ^= 1;
        arena_free(a);
    }
    printf("refusing to decrypt, median\n");
    for (int k = 0; k < 3; k++) {
        line(what[k], median(took3[k], n), 1, 0);
        free(took3[k]);
    }
    buf_free(&bad);
    buf_free(&other);
    buf_free(&raw);
    buf_free(&clear);
    wssmsg_free(&m);
}

/* ---- a large attachment, from file to file ---- */

static long peak_kb(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static int file_write(void *f, const void *p, size_t n, struct err *why)
{
    return fwrite(p, 1, n, f) == n ? 0 : err_errno(why, "bench.write", "fwrite", "a file");
}

static struct sink file_sink(FILE *f)
{
    return (struct sink){file_write, f};
}

static void large(unsigned mb)
{
    static char piece[1 << 16];
    struct arena *a = arena_new(1 << 20);
    struct key *const keys[] = {ap2};
    struct wss_proof ours, theirs;
    struct wss_part part, wire;
    struct str type;
    struct sink out;
    struct buf soap;
    xmlDoc *env;
    FILE *tmp[3];
    long before;
    double t;

    for (int i = 0; i < 3; i++)
        NEED((tmp[i] = tmpfile()));
    for (unsigned i = 0; i < mb * 16; i++) {
        rnd_bytes(piece, 4096);
        NEED(fwrite(piece, 1, sizeof(piece), tmp[0]) == sizeof(piece));
    }
    NEED(fflush(tmp[0]) == 0);
    buf_init(&soap, 1 << 20);
    before = peak_kb();
    t = cpu();
    part = (struct wss_part){STR("big@ap1.example"), STR("application/gzip"),
        blob_fd(fileno(tmp[0]), 0, (uint64_t)mb << 20)};
    NEED(!xml_parse(&env, a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e));
    NEED(!wss_sign(&ours, env, &part, 1, ap1, a, &e));
    printf("%u MB attachment\n", mb);
    line("sign", cpu() - t, 1, 0);
    t = cpu();
    out = file_sink(tmp[1]);
    NEED(!wss_encrypt(env, &part, &out, 1, key_cert(ap2), a, &e));
    NEED(fflush(tmp[1]) == 0 && !xml_write(&soap, env, &e));
    line("encrypt", cpu() - t, 1, 0);
    t = cpu();
    NEED(!xml_parse(&env, a, soap.p, soap.n, NULL, &e));
    NEED(!wss_verify_header(&theirs, env, trust, TESTPKI_NOW, a, &e));
    wire =
        (struct wss_part){part.cid, STR(""), blob_fd(fileno(tmp[1]), 0, ((uint64_t)mb << 20) + 28)};
    out = file_sink(tmp[2]);
    NEED(!wss_decrypt(&type, &out, env, &wire, 1, keys, 1, a, &e) && fflush(tmp[2]) == 0);
    line("decrypt", cpu() - t, 1, 0);
    t = cpu();
    part = (struct wss_part){part.cid, type, blob_fd(fileno(tmp[2]), 0, (uint64_t)mb << 20)};
    NEED(!wss_verify(&theirs, env, &part, 1, a, &e));
    line("verify", cpu() - t, 1, 0);
    printf("  peak memory grew by %ld kB\n", peak_kb() - before);
    cert_unref(ours.signer);
    cert_unref(theirs.signer);
    buf_free(&soap);
    arena_free(a);
    for (int i = 0; i < 3; i++)
        (void)fclose(tmp[i]);
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 1000,
         mb = argc > 2 ? strtol(argv[2], NULL, 10) : 100;

    xml_init();
    NEED(!wss_init(&e));
    trust = testpki_open();
    ap1 = testpki_key_file("ap1");
    ap2 = testpki_key_file("ap2");
    if (n > 0)
        small((int)n);
    if (n > 0)
        oracle((int)n);
    if (mb > 0)
        large((unsigned)mb);
    pki_close(trust);
    key_close(ap1);
    key_close(ap2);
    wss_done();
    return 0;
}
