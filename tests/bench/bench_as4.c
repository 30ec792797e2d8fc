/* bench_as4.c - one AS4 exchange, octets to octets, without network and store: CPU time per message
 * beside the RSA operations it needs, and memory with a payload that would not fit twice.
 *
 * Inbound: as4_receive and the signed receipt. Outbound: as4_compose and the judgement of the
 * receipt. One thread, key in this process. usage: bench_as4 [MESSAGES [MEGABYTES]] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

static struct err e;
static struct as4_receiver receiver;
static struct cert *ap2;

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "bench_as4.c:%d: %s: %s %s\n", __LINE__, #x, e.code, e.msg);           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Private and public operations of one message in each direction. */
static double rsa_floor(int n)
{
    uint8_t digest[HASH_LEN] = {1}, cek[16] = {2}, out[KEY_CEK_MAX];
    double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    struct buf wrapped, sig;
    size_t len;

    for (int i = 0; i < n; i++) {
        buf_init(&wrapped, 1024);
        buf_init(&sig, 1024);
        NEED(oaep_wrap(&wrapped, ap2, cek, sizeof(cek), &e) == 0);
        NEED(key_sign_sha256(receiver.keys[0], &sig, digest, &e) == 0);
        NEED(key_unwrap_oaep(receiver.keys[0], out, &len, wrapped.p, wrapped.n, &e) == 0);
        buf_free(&wrapped);
        buf_free(&sig);
    }
    return (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / n;
}

struct times {
    double out, in, wall;
};

static void exchange(struct times *t, struct blob payload, int number)
{
    struct arena *a = arena_new(16 << 20);
    struct as4_received got;
    struct as4_reply reply;
    struct as4_sent sent;
    struct spool wire;
    struct blob body;
    struct buf receipt;
    char id[64], signal[EBMS_ID];
    double c0, c1, c2, c3, wall = seconds(CLOCK_MONOTONIC);
    struct as4_message m;

    (void)snprintf(id, sizeof(id), "message-%d@bench.example", number);
    m = as4msg_everyday(id, ap2);
    m.payload = payload;
    buf_init(&receipt, 1 << 20);
    spool_init(&wire, receiver.tmp_dirfd, 256 << 10, 4ull << 30);
    c0 = seconds(CLOCK_THREAD_CPUTIME_ID);
    NEED(as4_compose(&sent, &wire, &m, as4msg_key("ap1"), a, &e) == 0);
    c1 = seconds(CLOCK_THREAD_CPUTIME_ID);
    body = spool_blob(&wire);
    NEED(as4_receive(&got, &receiver, str_z(sent.content_type), &body, TESTPKI_NOW, a, &e) == 0);
    NEED(as4_receipt_write(&receipt, signal, &got, receiver.keys[0], TESTPKI_NOW, a, &e) == 0);
    c2 = seconds(CLOCK_THREAD_CPUTIME_ID);
    NEED(as4_reply_read(&reply, &sent.expect, STR(AS4_REPLY_CONTENT_TYPE), buf_view(&receipt),
             receiver.trust, TESTPKI_NOW, a, &e) == 0);
    c3 = seconds(CLOCK_THREAD_CPUTIME_ID);
    NEED(reply.kind == AS4_REPLY_RECEIPT && got.payload.len == payload.len);
    t->out += c1 - c0 + c3 - c2;
    t->in += c2 - c1;
    t->wall += seconds(CLOCK_MONOTONIC) - wall;
    as4_received_free(&got);
    spool_free(&wire);
    buf_free(&receipt);
    arena_free(a);
}

/* A document like an invoice: compresses about 10 to 1. */
static void make_document(struct spool *s, uint64_t bytes)
{
    char line[200];

    for (unsigned i = 0; s->len < bytes; i++) {
        int n = snprintf(line, sizeof(line),
            "<cac:InvoiceLine><cbc:ID>%u</cbc:ID><cbc:LineExtensionAmount "
            "currencyID=\"EUR\">%u.%02u"
            "</cbc:LineExtensionAmount></cac:InvoiceLine>\n",
            i, i * 2654435761u % 100000, i * 40503u % 100);
        NEED(spool_write(s, line, (size_t)n, &e) == 0);
    }
}

static long rss_kib(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 300;
    uint64_t mb = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
    struct times small = {0}, big = {0};
    struct spool doc;
    double floor;
    long before;

    receiver = *as4msg_receiver();
    NEED((receiver.tmp_dirfd = fsx_open_dir(".", &e)) >= 0);
    ap2 = testpki_cert("ap2");
    floor = rsa_floor(n);
    spool_init(&doc, receiver.tmp_dirfd, 1 << 20, 4ull << 30);
    make_document(&doc, 10000);
    exchange(&small, spool_blob(&doc), -1);
    small = (struct times){0};
    for (int i = 0; i < n; i++)
        exchange(&small, spool_blob(&doc), i);
    printf("RSA of one message (wrap, unwrap, sign)  %7.3f ms\n", floor * 1e3);
    printf("10 kB, inbound with its receipt          %7.3f ms = %.2f x RSA\n", small.in / n * 1e3,
        small.in / n / floor);
    printf("10 kB, outbound with its proof           %7.3f ms = %.2f x RSA\n", small.out / n * 1e3,
        small.out / n / floor);
    spool_free(&doc);
    before = rss_kib();
    spool_init(&doc, receiver.tmp_dirfd, 1 << 20, 4ull << 30);
    make_document(&doc, mb * 1000 * 1000);
    exchange(&big, spool_blob(&doc), n);
    printf("%llu MB, outbound and inbound            %7.2f s CPU, %.2f s in all\n",
        (unsigned long long)mb, big.out + big.in, big.wall);
    printf("memory before and at the most with it    %ld and %ld KiB\n", before, rss_kib());
    spool_free(&doc);
    cert_unref(ap2);
    (void)close(receiver.tmp_dirfd);
    return 0;
}
