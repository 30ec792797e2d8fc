/* bench_serve.c - the whole service from outside: processes, TLS, store with fsync, key process.
 *
 * CPU time is read from /proc for the access point (apd) and its key process (keyd) together; what
 * the hand-over thread does after the receipt (official rules, drop folder) is shown apart. The RSA
 * floor is measured here in the same run: what that direction's private and public operations cost
 * alone. Needs AVISO, AVISO_PKI and AVISO_DATA (make bench sets them). usage: bench_serve [MESSAGES
 * [MB]] */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ap/as4/as4.h"
#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/rnd.h"
#include "ap/control/control.h"
#include "ap/daemon/node.h"
#include "ap/http/http_client.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"
#include "ap/wss/wss.h"
#include "ap/xml/xml.h"

static struct err e;
static char dir[256];
static struct key *ap1;
static struct cert *ap2;
static unsigned ports[4]; /* dns smp ap1 ap2 */

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "bench_serve.c:%d: %s: %s %s\n", __LINE__, #x, e.code, e.msg);         \
            cleanup();                                                                             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static void cleanup(void)
{
    char cmd[1024];

    (void)snprintf(
        cmd, sizeof(cmd), "\"$AVISO\" testnet down --quiet --dir %s; rm -rf %s", dir, dir);
    if (dir[0] && system(cmd) != 0)
        fprintf(stderr, "cannot clean up %s\n", dir);
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- processes ---- */

struct service {
    pid_t pid, launcher, keyd;
    double start_ms;
};

static pid_t child_of(pid_t pid)
{
    char path[64], text[64] = "";
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    f = fopen(path, "r");
    if (f && fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    if (f)
        (void)fclose(f);
    return (pid_t)strtol(text, NULL, 10);
}

/* utime + stime in seconds of a stat file, 0 when it is not there; *name as in it. */
static double cpu_of(const char *path, char name[32])
{
    char text[1024] = "", *end;
    unsigned long user = 0, sys = 0;
    FILE *f = fopen(path, "r");

    if (f && fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    if (f)
        (void)fclose(f);
    if (!(end = strrchr(text, ')')))
        return 0;
    if (name)
        (void)snprintf(name, 32, "%.*s", (int)(end - strchr(text, '(') - 1), strchr(text, '(') + 1);
    if (sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
        return 0;
    return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

struct cpu {
    double all, after; /* seconds; after: rules and hand-over, when the receipt is gone */
};

static struct cpu cpu_now(const struct service *s)
{
    char path[300], name[32];
    struct dirent *d;
    struct cpu c = {0};
    DIR *tasks;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->pid);
    c.all = cpu_of(path, NULL);
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->keyd);
    c.all += cpu_of(path, NULL);
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)s->pid);
    tasks = opendir(path);
    while (tasks && (d = readdir(tasks))) {
        double v;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)s->pid, d->d_name);
        v = cpu_of(path, name);
        if (strcmp(name, "deliver") == 0 || strcmp(name, "hand-over") == 0)
            c.after += v;
    }
    if (tasks)
        (void)closedir(tasks);
    return c;
}

static long memory_kib(pid_t pid, const char *what)
{
    char path[64], line[256];
    long v = 0;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, what, strlen(what)) == 0)
            v = strtol(line + strlen(what) + 1, NULL, 10);
    if (f)
        (void)fclose(f);
    return v;
}

/* Start `aviso serve` and wait for its line; the time from exec to that line is kept. */
static struct service serve(const char *conf, const char *set)
{
    char config[400], line[300];
    struct service s = {0};
    double t0 = seconds(CLOCK_MONOTONIC);
    int p[2];
    FILE *f;

    (void)snprintf(config, sizeof(config), "%s/%s", dir, conf);
    NEED(pipe(p) == 0);
    s.pid = fork();
    if (s.pid == 0) {
        FILE *log;
        (void)dup2(p[1], 1);
        log = freopen("/dev/null", "w", stderr);
        (void)execl(getenv("AVISO"), "aviso", "serve", "--config", config, "--set",
            "log.level=error", "--set", set, (char *)NULL);
        _exit(log ? 127 : 126);
    }
    (void)close(p[1]);
    f = fdopen(p[0], "r");
    NEED(f && fgets(line, sizeof(line), f) && strncmp(line, "ready", 5) == 0);
    s.start_ms = (seconds(CLOCK_MONOTONIC) - t0) * 1e3;
    (void)fclose(f);
    s.launcher = child_of(s.pid);
    s.keyd = child_of(s.launcher);
    return s;
}

static void end(const struct service *s)
{
    (void)kill(s->pid, SIGTERM);
    (void)waitpid(s->pid, NULL, 0);
}

/* ---- documents and messages ---- */

static struct buf invoice; /* about 10 kB */

static void make_invoice(const char *number, size_t bytes)
{
    struct buf raw;
    char *at;

    buf_init(&raw, 1 << 20);
    buf_init(&invoice, 400u << 20);
    NEED(fsx_read_file(&raw, "ubl/examples/invoice.xml", &e) == 0);
    NEED((at = strstr(raw.p, "INV-1042")));
    buf_add(&invoice, raw.p, (size_t)(at - raw.p));
    buf_puts(&invoice, number);
    at += strlen("INV-1042");
    buf_add(&invoice, at, (size_t)(strstr(at, "  <cbc:DocumentCurrencyCode>") - at));
    buf_puts(&invoice, "  <cbc:Note>");
    while (raw.n + (invoice.n - (size_t)(at - raw.p)) < bytes) {
        char chunk[73];
        for (size_t i = 0; i < 72; i++)
            chunk[i] = (char)('a' + rnd_below(26));
        chunk[72] = '\n';
        buf_add(&invoice, chunk, 73);
    }
    buf_puts(&invoice, "</cbc:Note>\n");
    buf_puts(&invoice, strstr(at, "  <cbc:DocumentCurrencyCode>"));
    NEED(buf_ok(&invoice));
    buf_free(&raw);
}

struct wire {
    char type[256];
    struct buf body;
};

static void compose(struct wire *w, struct arena *a)
{
    struct blob payload = blob_mem(invoice.p, invoice.n);
    struct spool recoded, sbd, wire;
    struct document d;
    struct sink to;
    struct as4_sent sent;
    struct sbdh h = {.created = clock_now(), .country_c1 = "BE"};
    char id[RND_UUID], instance[RND_UUID], message_id[80];
    struct as4_message m = {.timestamp = clock_now(),
        .payload_type = STR("application/xml"),
        .recipient = ap2,
        .compress = true};
    struct blob out;

    rnd_uuid(id);
    rnd_uuid(instance);
    (void)snprintf(message_id, sizeof(message_id), "%s@bench.example", id);
    spool_init(&recoded, -1, 1 << 20, 1 << 20);
    spool_init(&sbd, -1, 1 << 20, 400u << 20);
    spool_init(&wire, -1, 1 << 20, 400u << 20);
    to = spool_sink(&sbd);
    NEED(document_read(&d, &recoded, &payload, NULL, a, &e) == 0);
    h.sender = d.sender;
    h.receiver = d.receiver;
    h.doctype = d.doctype;
    h.process = d.process;
    h.instance_id = str_z(instance);
    NEED(sbdh_write(&to, &h, &d, &e) == 0);
    m.message_id = str_z(message_id);
    m.conversation_id = str_z(instance);
    m.document_scheme = str_z(doctype_scheme_text(d.doctype.scheme));
    m.document_id = str_z(d.doctype.value);
    m.process_scheme = str_z(d.process.scheme);
    m.process_id = str_z(d.process.value);
    m.sender = str_z(d.sender.value);
    m.receiver = str_z(d.receiver.value);
    m.payload = spool_blob(&sbd);
    NEED(as4_compose(&sent, &wire, &m, ap1, a, &e) == 0);
    (void)snprintf(w->type, sizeof(w->type), "%s", sent.content_type);
    buf_init(&w->body, 400u << 20);
    out = spool_blob(&wire);
    NEED(blob_load(&w->body, &out, &e) == 0);
    spool_free(&recoded);
    spool_free(&sbd);
    spool_free(&wire);
}

/* ---- the floor ---- */

struct floor {
    double in, out; /* seconds of RSA for one message */
};

static struct floor rsa_floor(int n)
{
    uint8_t digest[HASH_LEN] = {1}, cek[16] = {2}, out[KEY_CEK_MAX];
    struct cert *own = key_cert(ap1);
    double t[4] = {0}, t0;
    struct buf wrapped, sig;
    size_t len;

    for (int i = 0; i < n; i++) {
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own->pub, NULL);
        buf_init(&wrapped, 1024);
        buf_init(&sig, 1024);
        t0 = seconds(CLOCK_THREAD_CPUTIME_ID);
        NEED(oaep_wrap(&wrapped, own, cek, sizeof(cek), &e) == 0);
        t[0] += seconds(CLOCK_THREAD_CPUTIME_ID) - t0;
        t0 = seconds(CLOCK_THREAD_CPUTIME_ID);
        NEED(key_sign_sha256(ap1, &sig, digest, &e) == 0);
        t[1] += seconds(CLOCK_THREAD_CPUTIME_ID) - t0;
        t0 = seconds(CLOCK_THREAD_CPUTIME_ID);
        NEED(key_unwrap_oaep(ap1, out, &len, wrapped.p, wrapped.n, &e) == 0);
        t[2] += seconds(CLOCK_THREAD_CPUTIME_ID) - t0;
        NEED(c && EVP_PKEY_verify_init(c) == 1 &&
             EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1);
        t0 = seconds(CLOCK_THREAD_CPUTIME_ID);
        NEED(EVP_PKEY_verify(c, (const unsigned char *)sig.p, sig.n, digest, HASH_LEN) == 1);
        t[3] += seconds(CLOCK_THREAD_CPUTIME_ID) - t0;
        EVP_PKEY_CTX_free(c);
        buf_free(&wrapped);
        buf_free(&sig);
    }
    printf("RSA-2048 here: sign %.3f, unwrap %.3f, wrap %.3f, verify %.3f ms\n", t[1] / n * 1e3,
        t[2] / n * 1e3, t[0] / n * 1e3, t[3] / n * 1e3);
    return (struct floor){(t[1] + t[2] + t[3]) / n, (t[0] + t[1] + t[3]) / n};
}

/* ---- inbound ---- */

struct load {
    struct wire *wires;
    int n, next; /* next: atomic */
    int bad;     /* atomic */
    bool fresh;  /* a new connection for each */
    char url[64], ca[300];
};

static struct http_client *client(const struct load *l)
{
    struct http_cfg c = {.ca_file = l->ca,
        .egress = {true, true, true}}; /* not the system's: that is 25 ms to read */
    struct http_client *out;

    NEED(http_client_open(&out, &c, &e) == 0);
    return out;
}

static void *post_all(void *arg)
{
    struct load *l = arg;
    struct http_client *c = client(l);
    int i;

    while ((i = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED)) < l->n) {
        struct blob body = blob_mem(l->wires[i].body.p, l->wires[i].body.n);
        struct http_request rq = {
            .url = l->url, .content_type = l->wires[i].type, .body = &body, .deadline_ms = 120000};
        struct http_answer ans;
        struct err why = ERR_INIT;
        if (l->fresh) {
            http_client_close(c);
            c = client(l);
        }
        if (http_post(&ans, c, &rq, &why) || ans.status != 200 || !ans.body.p ||
            !strstr(ans.body.p, "Receipt"))
            __atomic_add_fetch(&l->bad, 1, __ATOMIC_RELAXED);
        http_answer_free(&ans);
    }
    http_client_close(c);
    return NULL;
}

static double drive(struct load *l, int threads, const struct service *s, struct cpu *used)
{
    struct cpu before = cpu_now(s), after;
    double t0 = seconds(CLOCK_MONOTONIC), wall;
    pthread_t t[16];

    l->next = l->bad = 0;
    for (int i = 0; i < threads; i++)
        NEED(pthread_create(&t[i], NULL, post_all, l) == 0);
    for (int i = 0; i < threads; i++)
        (void)pthread_join(t[i], NULL);
    wall = seconds(CLOCK_MONOTONIC) - t0;
    after = cpu_now(s);
    used->all = after.all - before.all;
    used->after = after.after - before.after;
    NEED(l->bad == 0);
    return wall;
}

/* Seconds spent after the receipts, once nothing is left to be validated or handed over. */
static double settle(const struct service *s)
{
    double was = -1, is = cpu_now(s).after;

    while (is > was) {
        clock_sleep(500);
        was = is;
        is = cpu_now(s).after;
    }
    return is;
}

static void inbound(int n, const struct floor *floor, const struct service *s)
{
    struct wire *wires = calloc((size_t)n, sizeof(*wires));
    struct load l = {.wires = wires, .n = n};
    static const int threads[] = {1, 2, 8};

    (void)snprintf(l.url, sizeof(l.url), "https://localhost:%u/as4", ports[3]);
    (void)snprintf(l.ca, sizeof(l.ca), "%s/pki/tlsca.pem", dir);
    for (size_t k = 0; k < 4; k++) {
        double wall, per, after = settle(s);
        struct cpu used;
        for (int i = 0; i < n; i++) {
            struct arena *a = arena_new(16 << 20);
            compose(&wires[i], a);
            arena_free(a);
        }
        l.fresh = k == 3;
        wall = drive(&l, k < 3 ? threads[k] : 2, s, &used);
        per = (used.all - used.after) / n;
        printf(
            "inbound 10 kB, %d thread%s%s %6.0f msg/s, %.2f ms CPU a message = %.2f x RSA (%.2f); "
            "then rules and hand-over %.2f ms\n",
            k < 3 ? threads[k] : 2, k == 0 ? " " : "s",
            k == 3 ? ", new TLS each:" : ":              ", n / wall, per * 1e3, per / floor->in,
            floor->in * 1e3, (settle(s) - after) / n * 1e3);
        for (int i = 0; i < n; i++)
            buf_free(&wires[i].body);
    }
    free(wires);
}

static void large(unsigned mb, const struct service *s)
{
    struct load l = {.n = 1};
    struct arena *a = arena_new(16 << 20);
    struct wire w;
    struct cpu used;
    double wall;

    buf_free(&invoice);
    make_invoice("BENCH-BIG", (size_t)mb * 1000000);
    compose(&w, a);
    arena_free(a);
    l.wires = &w;
    (void)snprintf(l.url, sizeof(l.url), "https://localhost:%u/as4", ports[3]);
    (void)snprintf(l.ca, sizeof(l.ca), "%s/pki/tlsca.pem", dir);
    wall = drive(&l, 1, s, &used);
    printf(
        "inbound %u MB (%.0f MB compressed): %.1f s, %.1f s CPU; peak RSS of the service %ld MB, "
        "private now %ld MB\n",
        mb, (double)w.body.n / 1e6, wall, used.all, memory_kib(s->pid, "VmHWM:") / 1000,
        memory_kib(s->pid, "RssAnon:") / 1000);
    buf_free(&w.body);
}

/* ---- outbound ---- */

static void submit(int n, int from, const struct config *cfg)
{
    struct control_env env = {0};
    struct node node;
    char path[300];

    NEED(node_open(&node, cfg, NODE_STORE, &e) == 0);
    env.out = &node.setup->out;
    (void)snprintf(path, sizeof(path), "%s/submit.xml", dir);
    for (int i = 0; i < n; i++) {
        struct json_object *rq = json_object_new_object(), *answer, *ok;
        char number[32];
        FILE *f;
        (void)snprintf(number, sizeof(number), "BENCH-%d", from + i);
        make_invoice(number, 10000);
        NEED((f = fopen(path, "w+")) && fwrite(invoice.p, 1, invoice.n, f) == invoice.n);
        NEED(fflush(f) == 0);
        (void)json_object_object_add(rq, "op", json_object_new_string("submit"));
        answer = control_do(&env, rq, fileno(f));
        NEED(answer && json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok));
        (void)json_object_put(rq);
        (void)json_object_put(answer);
        (void)fclose(f);
        buf_free(&invoice);
    }
    node_close(&node);
}

static void outbound(int n, const struct floor *floor)
{
    char path[300];
    struct config *cfg;

    (void)snprintf(path, sizeof(path), "%s/aviso.conf", dir);
    NEED(config_load(&cfg, path, NULL, 0, &e) == 0);
    for (int senders = 1; senders <= 2; senders++) {
        struct store_cfg sc = {.path = cfg->spool, .mode = STORE_READ};
        struct store_counts counts = {0};
        struct service s;
        struct store *st;
        double t0, wall, per;
        char set[64];
        submit(n, senders * 100000, cfg);
        (void)snprintf(set, sizeof(set), "limits.senders=%d", senders);
        t0 = seconds(CLOCK_MONOTONIC);
        s = serve("aviso.conf", set);
        NEED(store_open(&st, &sc, &e) == 0);
        while (counts.out[OUT_RECEIPTED] < (unsigned long)(n * senders)) {
            clock_sleep(5);
            NEED(store_count(&counts, st, &e) == 0);
            NEED(seconds(CLOCK_MONOTONIC) - t0 < 300);
        }
        wall = seconds(CLOCK_MONOTONIC) - t0;
        per = cpu_now(&s).all / n;
        printf(
            "outbound 10 kB, %d sender%s (from start of the process): %6.0f msg/s, %.2f ms CPU a "
            "message = %.2f x RSA (%.2f)\n",
            senders, senders == 1 ? " " : "s", n / wall, per * 1e3, per / floor->out,
            floor->out * 1e3);
        store_close(st);
        end(&s);
    }
    config_free(cfg);
}

/* ---- set-up ---- */

static void open_net(void)
{
    char cmd[1200], path[4096];
    FILE *f;

    (void)snprintf(dir, sizeof(dir), "build/bench-XXXXXX");
    NEED(mkdtemp(dir));
    NEED(realpath(dir, path));
    (void)snprintf(dir, sizeof(dir), "%s", path);
    (void)snprintf(cmd, sizeof(cmd),
        "cp -r \"$AVISO_PKI\" %s/pki && \"$AVISO\" testnet up --quiet --dir %s && kill $(cat "
        "%s/ap2.pid) && sleep 1",
        dir, dir, dir);
    NEED(system(cmd) == 0);
    (void)snprintf(path, sizeof(path), "%s/ports", dir);
    NEED((f = fopen(path, "r")));
    NEED(fscanf(f, "dns %u smp %u ap1 %u ap2 %u", &ports[0], &ports[1], &ports[2], &ports[3]) == 4);
    (void)fclose(f);
}

static void open_keys(void)
{
    char key[300], cert[300];

    (void)snprintf(key, sizeof(key), "%s/pki/ap1.key", dir);
    (void)snprintf(cert, sizeof(cert), "%s/pki/ap1.pem", dir);
    NEED(key_open_file(&ap1, key, cert, &e) == 0);
    (void)snprintf(cert, sizeof(cert), "%s/pki/ap2.pem", dir);
    NEED(cert_from_pem_file(&ap2, cert, &e) == 0);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000;
    unsigned mb = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100;
    struct service s;
    struct floor floor;

    if (!getenv("AVISO") || !getenv("AVISO_PKI")) {
        printf("skipped: AVISO and AVISO_PKI are not set (use make bench)\n");
        return 0;
    }
    xml_init();
    NEED(wss_init(&e) == 0);
    open_net();
    open_keys();
    floor = rsa_floor(300);
    s = serve("ap2.conf", "log.level=error");
    printf(
        "start to listening: %.0f ms; idle: private %.1f + %.1f + %.1f MB (apd + keyd + launcher), "
        "RSS %.1f + %.1f + %.1f MB\n",
        s.start_ms, (double)memory_kib(s.pid, "RssAnon:") / 1e3,
        (double)memory_kib(s.keyd, "RssAnon:") / 1e3,
        (double)memory_kib(s.launcher, "RssAnon:") / 1e3, (double)memory_kib(s.pid, "VmRSS:") / 1e3,
        (double)memory_kib(s.keyd, "VmRSS:") / 1e3, (double)memory_kib(s.launcher, "VmRSS:") / 1e3);
    make_invoice("BENCH-1", 10000);
    inbound(n, &floor, &s);
    printf("memory after it, rules loaded: private %ld MB, peak RSS %ld MB\n",
        memory_kib(s.pid, "RssAnon:") / 1000, memory_kib(s.pid, "VmHWM:") / 1000);
    large(mb, &s);
    buf_free(&invoice);
    outbound(n, &floor);
    end(&s);
    key_close(ap1);
    cert_unref(ap2);
    cleanup();
    return 0;
}
