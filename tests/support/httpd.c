#include "tests/support/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/testpki.h"

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "httpd: %s (line %d)\n", #x, __LINE__);                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define ROUTES 64
#define CONNECTIONS 256

struct route {
    char path[512];
    enum httpd_act act;
    char *text;
    size_t n;
    unsigned hits;
};

struct conn {
    struct httpd *h;
    int fd;
    SSL *ssl;
    pthread_t thread;
    bool used;
};

struct httpd {
    int fd, port;
    SSL_CTX *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    bool stop;
    struct route route[ROUTES];
    size_t nroutes;
    struct conn conn[CONNECTIONS];
    unsigned connections, resumed;
    size_t last_body;
    char *last_head;
};

static bool stopping(struct httpd *h)
{
    bool s;
    pthread_mutex_lock(&h->lock);
    s = h->stop;
    pthread_mutex_unlock(&h->lock);
    return s;
}

/* Waits in short turns, so that stopping is seen. */
static bool wait_for(struct conn *c, short what)
{
    struct pollfd p = {c->fd, what, 0};

    if (what == POLLIN && c->ssl && SSL_pending(c->ssl) > 0)
        return true;
    while (!stopping(c->h))
        if (poll(&p, 1, 50) > 0)
            return true;
    return false;
}

static ssize_t get(struct conn *c, void *p, size_t n)
{
    if (!wait_for(c, POLLIN))
        return -1;
    return c->ssl ? SSL_read(c->ssl, p, (int)n) : recv(c->fd, p, n, 0);
}

static bool put(struct conn *c, const char *p, size_t n)
{
    while (n) {
        ssize_t w;
        if (!wait_for(c, POLLOUT))
            return false;
        w = c->ssl ? SSL_write(c->ssl, p, n > 16384 ? 16384 : (int)n)
                   : send(c->fd, p, n, MSG_NOSIGNAL);
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static void reset(struct conn *c)
{
    struct linger l = {1, 0};
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static struct route *find(struct httpd *h, const char *path)
{
    for (size_t i = 0; i < h->nroutes; i++)
        if (strcmp(h->route[i].path, path) == 0)
            return &h->route[i];
    return NULL;
}

/* A copy of the route for this path, counted; text to be freed. */
static struct route hit(struct httpd *h, const char *path, const char *head)
{
    static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    struct route out = {.act = HTTPD_ANSWER}, *r;

    pthread_mutex_lock(&h->lock);
    r = find(h, path);
    if (!r)
        r = find(h, "*");
    if (r) {
        r->hits++;
        out = *r;
    }
    out.text = malloc(out.n + sizeof(none));
    NEED(out.text);
    memcpy(out.text, r ? r->text : none, r ? r->n : sizeof(none));
    if (!r)
        out.n = sizeof(none) - 1;
    free(h->last_head);
    h->last_head = strdup(head);
    h->last_body = 0;
    pthread_mutex_unlock(&h->lock);
    return out;
}

static void count_body(struct httpd *h, size_t n)
{
    pthread_mutex_lock(&h->lock);
    h->last_body += n;
    pthread_mutex_unlock(&h->lock);
}

static void nap(int ms)
{
    struct timespec t = {0, ms * 1000000L};
    nanosleep(&t, NULL);
}

/* Reads the head; what came behind it is the beginning of the body. */
static bool read_head(struct conn *c, char *head, size_t cap, size_t *have, size_t *end)
{
    *have = 0;
    for (;;) {
        char *stop;
        ssize_t n;
        head[*have] = '\0';
        if ((stop = strstr(head, "\r\n\r\n")) != NULL) {
            *end = (size_t)(stop + 4 - head);
            return true;
        }
        if (*have + 1 >= cap || (n = get(c, head + *have, cap - 1 - *have)) <= 0)
            return false;
        *have += (size_t)n;
    }
}

static unsigned long long body_length(const char *head)
{
    const char *p = strcasestr(head, "\r\ncontent-length:");
    return p ? strtoull(p + 17, NULL, 10) : 0;
}

static bool read_body(struct conn *c, unsigned long long want, size_t have)
{
    char piece[65536];

    count_body(c->h, have);
    while (have < want) {
        ssize_t n = get(c, piece, sizeof(piece));
        if (n <= 0)
            return false;
        have += (size_t)n;
        count_body(c->h, (size_t)n);
    }
    return true;
}

static bool put_z(struct conn *c, const char *z)
{
    return put(c, z, strlen(z));
}

static void for_ever(struct conn *c, enum httpd_act act)
{
    static const char fill[16384] = {'x', 'x'};

    if (!put_z(c, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"))
        return;
    if (act != HTTPD_DRIP_HEADERS && !put_z(c, "Content-Length: 1000000000000\r\n\r\n"))
        return;
    for (;;) {
        bool ok = act == HTTPD_DRIP ? put_z(c, "x")
                  : act == HTTPD_DRIP_HEADERS
                      ? put_z(c, "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
                      : put(c, fill, sizeof(fill));
        if (!ok || stopping(c->h))
            return;
        if (act == HTTPD_DRIP)
            nap(50);
    }
}

/* True: the connection may be used again. */
static bool serve(struct conn *c)
{
    char head[16384], path[512] = "";
    size_t have, end;
    unsigned long long want;
    struct route r;
    bool keep = false;

    if (!read_head(c, head, sizeof(head), &have, &end))
        return false;
    want = body_length(head);
    head[end] = '\0';
    (void)sscanf(head, "%*s %511s", path);
    r = hit(c->h, path, head);
    if (r.act == HTTPD_RESET_HEADERS || r.act == HTTPD_RESET_BODY) {
        if (r.act == HTTPD_RESET_BODY)
            (void)read_body(c, want / 2, have - end);
        reset(c);
    } else if (!read_body(c, want, have - end))
        ;
    else if (r.act == HTTPD_RESET_AFTER)
        reset(c);
    else if (r.act == HTTPD_SILENT)
        (void)get(c, head, sizeof(head)); /* until the client goes */
    else if (r.act == HTTPD_CUT) {
        (void)put(c, r.text, r.n);
        nap(50);
        reset(c);
    } else if (r.act >= HTTPD_DRIP)
        for_ever(c, r.act);
    else
        keep = put(c, r.text, r.n) && r.act == HTTPD_ANSWER;
    free(r.text);
    return keep;
}

static void *connection(void *arg)
{
    struct conn *c = arg;
    struct httpd *h = c->h;
    struct route *any;
    bool at_once;

    pthread_mutex_lock(&h->lock);
    any = find(h, "*");
    at_once = any && any->act == HTTPD_RESET_ACCEPT;
    pthread_mutex_unlock(&h->lock);
    if (at_once)
        reset(c);
    else if (!h->ctx) {
        while (serve(c))
            ;
    } else {
        c->ssl = SSL_new(h->ctx);
        NEED(c->ssl && SSL_set_fd(c->ssl, c->fd) == 1);
        if (SSL_accept(c->ssl) == 1) {
            pthread_mutex_lock(&h->lock);
            h->resumed += SSL_session_reused(c->ssl) == 1;
            pthread_mutex_unlock(&h->lock);
            while (serve(c))
                ;
        }
        SSL_free(c->ssl);
    }
    (void)close(c->fd);
    return NULL;
}

static void *accepting(void *arg)
{
    struct httpd *h = arg;
    struct pollfd p = {h->fd, POLLIN, 0};

    while (!stopping(h)) {
        int fd, one = 1;
        if (poll(&p, 1, 50) <= 0)
            continue;
        if ((fd = accept(h->fd, NULL, NULL)) < 0)
            continue;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        pthread_mutex_lock(&h->lock);
        h->connections++;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            struct conn *c = &h->conn[i];
            if (c->used)
                continue;
            *c = (struct conn){.h = h, .fd = fd, .used = true};
            NEED(pthread_create(&c->thread, NULL, connection, c) == 0);
            fd = -1;
            break;
        }
        pthread_mutex_unlock(&h->lock);
        NEED(fd < 0); /* else: more connections in one test than there is room for */
    }
    return NULL;
}

static SSL_CTX *tls_context(const char *cn)
{
    struct testpki_leaf l = {.name = "tls", .cn = cn, .issuer = "root", .is_ca = true};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    struct cert *c = testpki_leaf(&l);

    NEED(ctx && SSL_CTX_use_certificate(ctx, c->x) == 1);
    NEED(SSL_CTX_use_PrivateKey(ctx, testpki_key("tls", 2048)) == 1);
    cert_unref(c);
    return ctx;
}

struct httpd *httpd_start(const char *tls)
{
    struct httpd *h = calloc(1, sizeof(*h));
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);

    NEED(h);
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that the client has closed */
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NEED(
        h->fd >= 0 && bind(h->fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(h->fd, 64) == 0);
    NEED(getsockname(h->fd, (struct sockaddr *)&a, &len) == 0);
    h->port = ntohs(a.sin_port);
    h->ctx = tls ? tls_context(tls) : NULL;
    pthread_mutex_init(&h->lock, NULL);
    NEED(pthread_create(&h->thread, NULL, accepting, h) == 0);
    return h;
}

void httpd_stop(struct httpd *h)
{
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (h->conn[i].used)
            pthread_join(h->conn[i].thread, NULL);
    for (size_t i = 0; i < h->nroutes; i++)
        free(h->route[i].text);
    free(h->last_head);
    (void)close(h->fd);
    SSL_CTX_free(h->ctx);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

int httpd_port(const struct httpd *h)
{
    return h->port;
}

void httpd_set(struct httpd *h, const char *path, enum httpd_act act, const char *text, size_t n)
{
    struct route *r;

    pthread_mutex_lock(&h->lock);
    r = find(h, path);
    if (!r) {
        NEED(h->nroutes < ROUTES && strlen(path) < sizeof(r->path));
        r = &h->route[h->nroutes++];
        (void)snprintf(r->path, sizeof(r->path), "%s", path);
    }
    free(r->text);
    r->text = malloc(n + 1);
    NEED(r->text);
    if (n)
        memcpy(r->text, text, n);
    r->n = n;
    r->act = act;
    pthread_mutex_unlock(&h->lock);
}

void httpd_put(struct httpd *h, const char *path, const char *type, const char *body, size_t n)
{
    char *all = malloc(n + 512);
    int head;

    NEED(all);
    head = snprintf(
        all, 512, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, n);
    memcpy(all + head, body, n);
    httpd_set(h, path, HTTPD_ANSWER, all, (size_t)head + n);
    free(all);
}

unsigned httpd_hits(struct httpd *h, const char *path)
{
    struct route *r;
    unsigned n;

    pthread_mutex_lock(&h->lock);
    r = find(h, path);
    n = r ? r->hits : 0;
    pthread_mutex_unlock(&h->lock);
    return n;
}

static unsigned counted(struct httpd *h, const unsigned *what)
{
    unsigned n;

    pthread_mutex_lock(&h->lock);
    n = *what;
    pthread_mutex_unlock(&h->lock);
    return n;
}

unsigned httpd_connections(struct httpd *h)
{
    return counted(h, &h->connections);
}

unsigned httpd_resumed(struct httpd *h)
{
    return counted(h, &h->resumed);
}

size_t httpd_last_body(struct httpd *h)
{
    size_t n;

    pthread_mutex_lock(&h->lock);
    n = h->last_body;
    pthread_mutex_unlock(&h->lock);
    return n;
}

char *httpd_last_head(struct httpd *h)
{
    char *s;

    pthread_mutex_lock(&h->lock);
    s = strdup(h->last_head ? h->last_head : "");
    pthread_mutex_unlock(&h->lock);
    NEED(s);
    return s;
}
