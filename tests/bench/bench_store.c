/* bench_store.c - durable accepts a second, beside what the same disk can fsync in the same run.
 *
 * usage: bench_store [FOLDER]   (default: a new folder under TMPDIR or /tmp; must be a real disk)
 * fsync/s: 40 kB written in place + fdatasync, just before.
 * Inbound and outbound accepts of a 10 kB document with its receipt, by 1, 8 and 32 threads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/base/hash.h"
#include "ap/base/rnd.h"
#include "ap/store/store.h"

#define SECONDS 3.0
#define DOC 10000
#define RECEIPT 6000

static char doc[DOC], receipt[RECEIPT];

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* What a commit costs at least: 40 kB written in place, fdatasync. */
static double raw_rate(const char *dir)
{
    char path[4200], *block = calloc(1, 40960);
    double start, took;
    int fd, n = 0;

    (void)snprintf(path, sizeof(path), "%s/raw", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < 100; i++)
        if (pwrite(fd, block, 40960, (off_t)i * 40960) < 0)
            perror("pwrite");
    (void)fsync(fd);
    start = now();
    do {
        if (pwrite(fd, block, 40960, (off_t)(n++ % 100) * 40960) < 0 || fdatasync(fd))
            perror("fdatasync");
        took = now() - start;
    } while (took < SECONDS / 4);
    (void)close(fd);
    (void)unlink(path);
    free(block);
    return n / took;
}

struct work {
    struct store *s;
    bool inbound;
    double until;
    unsigned long done;
};

static int in_one(struct work *w, struct arena *a, struct err *e)
{
    char id[RND_UUID], message[64];
    uint8_t sha[HASH_LEN], si[HASH_LEN], dsha[HASH_LEN];
    struct in_accepted out;

    rnd_uuid(id);
    rnd_bytes(si, sizeof(si));
    rnd_bytes(dsha, sizeof(dsha));
    (void)snprintf(message, sizeof(message), "%s@bench", id);
    if (hash_of(sha, doc, DOC, e))
        return -1;
    const struct in_new n = {.message_id = message,
        .signed_info = si,
        .seat = "POP000456",
        .instance = id,
        .sender = "iso6523-actorid-upis::0208:1111111111",
        .receiver = "iso6523-actorid-upis::0208:0123456789",
        .doctype = "busdox-docid-qns::invoice",
        .process = "cenbii-procid-ubl::billing",
        .country_c1 = "DE",
        .country_c4 = "BE",
        .end_user = "acme",
        .tenant = "acme",
        .route = "folder",
        .eb_timestamp = 1800000000000,
        .now = 1800000000000,
        .document_sha256 = dsha,
        .sbd = {.blob = blob_mem(doc, DOC), .sha256 = sha},
        .receipt = blob_mem(receipt, RECEIPT),
        .receipt_id = id};
    return store_in_accept(&out, w->s, &n, a, e);
}

static int out_one(struct work *w, struct err *e)
{
    char id[RND_UUID];
    uint8_t sha[HASH_LEN];
    struct out_added out;

    rnd_uuid(id);
    rnd_bytes(sha, sizeof(sha));
    const struct out_new n = {.tenant = "acme",
        .key = id,
        .invoice = id,
        .supplier = "s",
        .issue_date = "2026-11-22",
        .document_sha256 = sha,
        .instance = id,
        .sender = "iso6523-actorid-upis::0208:0123456789",
        .receiver = "iso6523-actorid-upis::0208:0987654321",
        .doctype = "busdox-docid-qns::invoice",
        .process = "cenbii-procid-ubl::billing",
        .now = 1800000000000,
        .deliver_by = 1800000000000,
        .dest = "POP000123",
        .sbd = {.blob = blob_mem(doc, DOC)}};
    return store_out_add(&out, w->s, &n, e);
}

static void *run(void *arg)
{
    struct work *w = arg;
    struct err e = ERR_INIT;
    struct arena *a = arena_new(1 << 20);

    while (a && now() < w->until) {
        if (w->inbound ? in_one(w, a, &e) : out_one(w, &e)) {
            (void)fprintf(stderr, "%s: %s\n", e.code, e.msg);
            break;
        }
        w->done++;
    }
    arena_free(a);
    return NULL;
}

static void bench(struct store *s, const char *dir, bool inbound, unsigned threads)
{
    struct work w[32];
    pthread_t t[32];
    unsigned long done = 0;
    double raw = raw_rate(dir), start = now(), used = cpu(), took, rate;

    for (unsigned i = 0; i < threads; i++) {
        w[i] = (struct work){s, inbound, start + SECONDS, 0};
        if (pthread_create(&t[i], NULL, run, &w[i]))
            exit(1);
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(t[i], NULL);
        done += w[i].done;
    }
    took = now() - start;
    used = cpu() - used;
    rate = (double)done / took;
    printf("store %s accept, %2u threads: %6.0f/s = %5.2f x %4.0f fsync/s, CPU %.3f ms each\n",
        inbound ? "inbound " : "outbound", threads, rate, rate / raw, raw,
        used * 1000 / (double)(done ? done : 1));
}

int main(int argc, char **argv)
{
    static const unsigned threads[] = {1, 8, 32};
    const char *tmp = getenv("TMPDIR");
    char dir[4096];
    struct store_cfg c = {
        .path = dir, .mode = STORE_WRITE, .ap_mode = "lab", .allow_volatile = true};
    struct store *s;
    struct err e = ERR_INIT;
    double start;

    (void)snprintf(dir, sizeof(dir), "%s/aviso-bench-XXXXXX",
        argc > 1 ? argv[1]
        : tmp    ? tmp
                 : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    start = now();
    if (store_open(&s, &c, &e)) {
        (void)fprintf(stderr, "%s: %s\n", e.code, e.msg);
        return 1;
    }
    printf("store made and opened in %.0f ms\n", (now() - start) * 1000);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        bench(s, dir, true, threads[i]);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        bench(s, dir, false, threads[i]);
    store_close(s);
    start = now();
    if (store_open(&s, &c, &e) == 0) {
        printf("store opened again in %.0f ms\n", (now() - start) * 1000);
        store_close(s);
    }
    char cmd[3][4200];
    (void)snprintf(cmd[0], sizeof(cmd[0]), "%s/aviso.db", dir);
    (void)snprintf(cmd[1], sizeof(cmd[1]), "%s/lock", dir);
    (void)snprintf(cmd[2], sizeof(cmd[2]), "%s/payload", dir);
    for (int i = 0; i < 3; i++)
        (void)remove(cmd[i]);
    return rmdir(dir) != 0;
}
