#include "ap/http/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"

#define STACK (512u * 1024) /* gzip, c14n and TLS together need less than half of it */
#define HEADER_MEMORY (48u * 1024)
#define RATE_GRACE_MS 10000

/* One connection, as the watchdog sees it. `since`: when it began to wait for or receive a request;
 * 0 while a handler works, which is the handler's time, not the peer's. */
struct conn {
    struct conn *next, *prev;
    int fd;
    int64_t since;
    bool body; /* headers are in */
    bool cut;  /* the watchdog shut it down */
};

#define OLD_MAX 16

struct http_server {
    struct http_server_cfg cfg;
    struct http_handler h;
    struct MHD_Daemon *mhd[HTTP_LISTEN_MAX]; /* one for each address */
    size_t n;
    struct MHD_Daemon *old[OLD_MAX]; /* with another certificate: they finish what they have */
    size_t nold;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct conn *conns;
    unsigned active;
    bool stopping;
    pthread_t watchdog;
};

struct request {
    struct http_server *s;
    struct spool body;
    struct http_server_request rq;
    char remote[64];
    int64_t begun;
    int refuse; /* status decided while the body was coming; answered at its end */
    bool counted;
};

const char *http_server_header(const struct http_server_request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->native, MHD_HEADER_KIND, name);
}

/* ---- the framing guard ---- */

struct framing {
    unsigned hosts, lengths, encodings;
    const char *length, *encoding, *content_encoding;
    bool bad_name;
};

static bool token(const char *s)
{
    static const char also[] = "!#$%&'*+-.^_`|~";

    if (!*s)
        return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
                strchr(also, *s)))
            return false;
    return true;
}

static bool disguised(const char *key, const char *name)
{
    size_t n = strlen(name);

    return strncasecmp(key, name, n) == 0 && key[n] != '\0';
}

static enum MHD_Result on_header(
    void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct framing *f = ctx;

    (void)kind;
    if (!token(key) || disguised(key, "Content-Length") || disguised(key, "Transfer-Encoding"))
        f->bad_name = true;
    if (strcasecmp(key, "Host") == 0)
        f->hosts++;
    if (strcasecmp(key, "Content-Length") == 0) {
        f->lengths++;
        f->length = value;
    }
    if (strcasecmp(key, "Transfer-Encoding") == 0) {
        f->encodings++;
        f->encoding = value;
    }
    if (strcasecmp(key, "Content-Encoding") == 0)
        f->content_encoding = value;
    return MHD_YES;
}

/* 0, or the status that refuses this framing. */
/*= PEPPOL-AS4 4.10 "chunked transfer" */
static int guard(struct MHD_Connection *c, uint64_t *announced)
{
    struct framing f = {0};
    unsigned long long n = 0;

    (void)MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &f);
    if (f.bad_name || f.hosts != 1 || f.lengths + f.encodings > 1)
        return 400;
    if (f.encodings && (!f.encoding || strcmp(f.encoding, "chunked") != 0))
        return 400;
    if (f.lengths && (!f.length || !str_to_u64(str_z(f.length), 1ull << 50, &n)))
        return 400;
    if (f.content_encoding && strcasecmp(f.content_encoding, "identity") != 0)
        return 415;
    *announced = n;
    return 0;
}

/* ---- answers ---- */

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    if (value)
        (void)MHD_add_response_header(r, name, value);
}

static enum MHD_Result answer(struct MHD_Connection *c, const struct http_server_response *out)
{
    struct MHD_Response *r;
    enum MHD_Result done;
    char retry[16];
    union { /* MHD copies, but asks for a writable pointer */
        const char *in;
        void *out;
    } body = {out->body.p ? out->body.p : ""};

    r = MHD_create_response_from_buffer(out->body.n, body.out, MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    add(r, "Content-Type", out->content_type);
    add(r, "Allow", out->allow);
    add(r, "Location", out->location);
    if (out->retry_after) {
        (void)snprintf(retry, sizeof(retry), "%d", out->retry_after);
        add(r, "Retry-After", retry);
    }
    if (out->close)
        add(r, "Connection", "close");
    done = MHD_queue_response(c, (unsigned)(out->status ? out->status : 500), r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result refuse(
    struct MHD_Connection *c, struct http_server_response *out, int status)
{
    out->status = status;
    out->close = true; /* what follows on this connection cannot be trusted to be a request */
    if (!out->body.n) {
        out->content_type = "text/plain; charset=utf-8";
        buf_printf(&out->body, "%d\n", status);
    }
    return answer(c, out);
}

/* ---- connections and the watchdog ---- */

static void on_connection(
    void *cls, struct MHD_Connection *c, void **ctx, enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = cls;
    struct conn *k = *ctx;
    const union MHD_ConnectionInfo *i;

    (void)pthread_mutex_lock(&s->lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED && (k = calloc(1, sizeof(*k)))) {
        i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        k->fd = i ? i->connect_fd : -1;
        k->since = clock_mono();
        k->next = s->conns;
        if (k->next)
            k->next->prev = k;
        s->conns = k;
        *ctx = k;
    } else if (what == MHD_CONNECTION_NOTIFY_CLOSED && k) {
        if (k->prev)
            k->prev->next = k->next;
        else
            s->conns = k->next;
        if (k->next)
            k->next->prev = k->prev;
        free(k);
        *ctx = NULL;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static struct conn *conn_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return i ? i->socket_context : NULL;
}

static void conn_mark(struct http_server *s, struct MHD_Connection *c, int64_t since, bool body)
{
    struct conn *k = conn_of(c);

    (void)pthread_mutex_lock(&s->lock);
    if (k) {
        k->since = since;
        k->body = body;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void cut_slow(struct http_server *s, int64_t now)
{
    for (struct conn *k = s->conns; k; k = k->next) {
        int64_t limit = k->body ? s->cfg.request_ms : s->cfg.idle_ms;
        if (k->since && !k->cut && now - k->since > limit && k->fd >= 0) {
            k->cut = true;
            (void)shutdown(k->fd, SHUT_RDWR); /* its own thread closes and frees it */
        }
    }
}

static void *watch(void *arg)
{
    struct http_server *s = arg;
    struct timespec until;

    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        cut_slow(s, clock_mono());
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        (void)pthread_cond_timedwait(&s->wake, &s->lock, &until);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- one request ---- */

static void count(struct http_server *s, int by)
{
    (void)pthread_mutex_lock(&s->lock);
    s->active += (unsigned)by;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
}

static void remote_name(struct MHD_Connection *c, char out[64])
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const void *a = NULL;

    (void)snprintf(out, 64, "?");
    if (!i || !i->client_addr)
        return;
    if (i->client_addr->sa_family == AF_INET)
        a = &((const struct sockaddr_in *)(const void *)i->client_addr)->sin_addr;
    else if (i->client_addr->sa_family == AF_INET6)
        a = &((const struct sockaddr_in6 *)(const void *)i->client_addr)->sin6_addr;
    if (a)
        (void)inet_ntop(i->client_addr->sa_family, a, out, 64);
}

static enum MHD_Result begin(struct http_server *s, struct MHD_Connection *c, const char *url,
    const char *method, void **ctx)
{
    struct http_server_response out = {0};
    struct request *r = calloc(1, sizeof(*r));
    enum MHD_Result rc = MHD_YES;
    int status;

    if (!r)
        return MHD_NO;
    *ctx = r;
    r->s = s;
    r->begun = clock_mono();
    spool_init(&r->body, s->cfg.tmp_dirfd, s->cfg.keep, s->cfg.max_body);
    remote_name(c, r->remote);
    r->rq = (struct http_server_request){
        .method = method, .path = url, .remote = r->remote, .native = c};
    buf_init(&out.body, 1 << 20);
    status = guard(c, &r->rq.announced);
    r->rq.content_type = http_server_header(&r->rq, "Content-Type");
    if (!r->rq.content_type)
        r->rq.content_type = "";
    if (!status && r->rq.announced > s->cfg.max_body)
        status = 413;
    if (!status && s->h.admit)
        status = s->h.admit(s->h.user, &r->rq, &out);
    r->counted = true;
    count(s, 1);
    conn_mark(s, c, r->begun, true);
    if (status)
        rc = refuse(c, &out, status);
    buf_free(&out.body);
    return rc;
}

static void take(struct request *r, const char *p, size_t n)
{
    struct err e = ERR_INIT;
    int64_t ms = clock_mono() - r->begun;

    if (r->refuse)
        return; /* swallow the rest: the answer is sent at its end or the rate check ends it */
    if (spool_write(&r->body, p, n, &e))
        r->refuse = e.class == ERR_INPUT ? 413 : 503;
    else if (r->s->cfg.body_rate && ms > RATE_GRACE_MS &&
             r->body.len / (uint64_t)(ms / 1000) < r->s->cfg.body_rate)
        r->refuse = 408;
    if (r->refuse)
        spool_free(&r->body);
}

static enum MHD_Result finish(struct http_server *s, struct MHD_Connection *c, struct request *r)
{
    struct http_server_response out = {0};
    enum MHD_Result rc;

    buf_init(&out.body, 1 << 20);
    conn_mark(s, c, 0, false);
    if (r->refuse) {
        out.retry_after = r->refuse == 503 ? 30 : 0;
        rc = refuse(c, &out, r->refuse);
    } else {
        r->rq.body = spool_blob(&r->body);
        s->h.serve(s->h.user, &r->rq, &out);
        if (!buf_ok(&out.body)) { /* no room for the answer: the peer asks again */
            out.status = out.body.full ? 500 : 503;
            out.retry_after = 30;
        }
        rc = answer(c, &out);
    }
    spool_free(&r->body);
    buf_free(&out.body);
    return rc;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_n, void **ctx)
{
    struct request *r = *ctx;

    (void)version;
    if (!r)
        return begin(cls, c, url, method, ctx);
    if (*upload_n) {
        take(r, upload, *upload_n);
        *upload_n = 0;
        /* a body far over the limit is not worth reading to its end */
        return r->refuse == 408 || (r->refuse && r->rq.announced == 0) ? MHD_NO : MHD_YES;
    }
    return finish(cls, c, r);
}

static void on_completed(
    void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why)
{
    struct request *r = *ctx;

    (void)why;
    if (!r)
        return;
    conn_mark(cls, c, clock_mono(), false);
    if (r->counted)
        count(cls, -1);
    spool_free(&r->body);
    free(r);
    *ctx = NULL;
}

/* ---- start and end ---- */

static int address(struct sockaddr_storage *out, socklen_t *n, const char *listen, struct err *e)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    struct str s = str_z(listen), host;
    size_t colon = str_rfind(s, STR(":"));
    unsigned long long port;
    char name[64];

    memset(out, 0, sizeof(*out));
    if (colon == s.n || !str_to_u64(str_sub(s, colon + 1, s.n), 65535, &port))
        return err_set(e, ERR_CONFIG, "listen.address", "", "%s: expected ADDRESS:PORT", listen);
    host = str_sub(s, 0, colon);
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_sub(host, 1, host.n - 2);
    (void)snprintf(name, sizeof(name), "%.*s", STR_FMT(host));
    if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *n = sizeof(*v4);
        return 0;
    }
    if (inet_pton(AF_INET6, name, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *n = sizeof(*v6);
        return 0;
    }
    return err_set(e, ERR_CONFIG, "listen.address", "", "%s: not an IP address", listen);
}

static int listen_on(const char *where, bool alone, struct err *e)
{
    struct sockaddr_storage a;
    socklen_t n = 0;
    int on = 1, fd;

    if (address(&a, &n, where, e))
        return -1;
    fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(e, "listen.socket", "socket", where);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (a.ss_family == AF_INET6 && !alone) /* IPv4 has an address of its own */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, 512)) {
        (void)err_errno(e, "listen.bind", "listen on", where);
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void defaults(struct http_server_cfg *c)
{
    if (!c->max_connections)
        c->max_connections = 256;
    if (!c->max_per_address)
        c->max_per_address = c->max_connections / 2 + 1;
    if (!c->keep)
        c->keep = 256 * 1024;
    if (!c->idle_ms)
        c->idle_ms = 60000;
    if (!c->request_ms)
        c->request_ms = 600000;
}

/* TLS 1.2 and 1.3, forward secrecy and AEAD only: what SSL Labs grades A (transport policy 2). */
#define PRIORITIES                                                                                 \
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-128-CBC:-AES-256-CBC:"                \
    "-AES-128-CCM:-AES-256-CCM:-SHA1"

/*= PEPPOL-AS4 4.2 "TLS 1.2" */
/*= PEPPOL-TLS 1.1.0 2 "what is graded A" */
static struct MHD_Daemon *mhd_start(
    struct http_server *s, int fd, const char *tls_cert, const char *tls_key)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_ITC;
    struct MHD_OptionItem options[16] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)s->cfg.max_connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)s->cfg.max_per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(s->cfg.idle_ms / 1000 + 1), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
    };
    size_t n = 8;

    if (tls_cert) {
        union {
            const char *in;
            void *out;
        } cert = {tls_cert}, key = {tls_key}, prio = {PRIORITIES};
        flags |= MHD_USE_TLS;
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, cert.out};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, key.out};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, prio.out};
    }
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, s, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static int start_one(struct http_server *s, const char *where, int fd, struct err *e)
{
    struct MHD_Daemon *d;

    if (fd < 0)
        return -1;
    if (!(d = mhd_start(s, fd, s->cfg.tls_cert, s->cfg.tls_key))) {
        (void)close(fd);
        return err_set(e, ERR_CONFIG, "listen.start", "",
            "the HTTP server does not start on %s: certificate and key usable?", where);
    }
    s->mhd[s->n++] = d;
    return 0;
}

static int start_all(struct http_server *s, const char *list, struct err *e)
{
    bool alone = !strchr(list, ',');
    char text[1024], *save = NULL;

    if ((size_t)snprintf(text, sizeof(text), "%s", list) >= sizeof(text))
        return err_set(e, ERR_CONFIG, "listen.address", "", "the list of addresses is too long");
    for (char *p = strtok_r(text, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
        if (s->n == HTTP_LISTEN_MAX)
            return err_set(
                e, ERR_CONFIG, "listen.address", "", "more than %d addresses", HTTP_LISTEN_MAX);
        if (start_one(s, p, listen_on(p, alone, e), e))
            return -1;
    }
    return s->n ? 0 : err_set(e, ERR_CONFIG, "listen.address", "", "there is no address");
}

int http_server_start(struct http_server **out, const struct http_server_cfg *c,
    const struct http_handler *h, struct err *e)
{
    struct http_server *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem(e);
    s->cfg = *c;
    s->h = *h;
    defaults(&s->cfg);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    if (c->listen_fd >= 0 ? start_one(s, c->listen, c->listen_fd, e) : start_all(s, c->listen, e))
        goto fail;
    if (pthread_create(&s->watchdog, NULL, watch, s)) {
        (void)err_nomem(e);
        goto fail;
    }
    *out = s;
    return 0;
fail:
    for (size_t i = 0; i < s->n; i++)
        MHD_stop_daemon(s->mhd[i]);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    free(s);
    return -1;
}

/* ---- another certificate ---- */

static int listen_fd(struct MHD_Daemon *d)
{
    const union MHD_DaemonInfo *l = MHD_get_daemon_info(d, MHD_DAEMON_INFO_LISTEN_FD);

    return l ? l->listen_fd : -1;
}

static unsigned connections(struct MHD_Daemon *d)
{
    const union MHD_DaemonInfo *c = MHD_get_daemon_info(d, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return c ? c->num_connections : 0;
}

static void quiesce(struct MHD_Daemon *d)
{
    MHD_socket fd = MHD_quiesce_daemon(d);

    if (fd != MHD_INVALID_SOCKET)
        (void)close(fd);
}

static void sweep_old(struct http_server *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->nold; i++)
        if (connections(s->old[i]))
            s->old[kept++] = s->old[i];
        else
            MHD_stop_daemon(s->old[i]);
    s->nold = kept;
}

/* On the same sockets: for a moment both accept, and none is refused. */
int http_server_certificate(
    struct http_server *s, const char *tls_cert, const char *tls_key, struct err *e)
{
    struct MHD_Daemon *fresh[HTTP_LISTEN_MAX];
    size_t n = 0;

    sweep_old(s);
    if (s->nold + s->n > OLD_MAX)
        return err_set(e, ERR_RETRY, "listen.busy", "",
            "connections of too many earlier certificates are still open");
    for (; n < s->n; n++) {
        int fd = fcntl(listen_fd(s->mhd[n]), F_DUPFD_CLOEXEC, 0);
        if (fd >= 0 && (fresh[n] = mhd_start(s, fd, tls_cert, tls_key)))
            continue;
        if (fd >= 0)
            (void)close(fd);
        while (n > 0)
            MHD_stop_daemon(fresh[--n]);
        return err_set(
            e, ERR_CONFIG, "listen.start", "", "the new certificate and key are not usable");
    }
    for (size_t i = 0; i < n; i++) {
        quiesce(s->mhd[i]);
        s->old[s->nold++] = s->mhd[i];
        s->mhd[i] = fresh[i];
    }
    return 0;
}

unsigned http_server_port(const struct http_server *s)
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->mhd[0], MHD_DAEMON_INFO_BIND_PORT);
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);

    if (i && i->port)
        return i->port;
    if (getsockname(listen_fd(s->mhd[0]), (struct sockaddr *)&a, &n))
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                                         : ((struct sockaddr_in *)(void *)&a)->sin_port);
}

unsigned http_server_active(struct http_server *s)
{
    unsigned n;

    (void)pthread_mutex_lock(&s->lock);
    n = s->active;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

void http_server_drain(struct http_server *s, int64_t ms)
{
    int64_t until = clock_mono() + ms;

    for (size_t i = 0; i < s->n; i++)
        quiesce(s->mhd[i]);
    while (http_server_active(s) && clock_mono() < until)
        clock_sleep(20);
    for (size_t i = 0; i < s->n; i++)
        MHD_stop_daemon(s->mhd[i]); /* joins every connection thread */
    for (size_t i = 0; i < s->nold; i++)
        MHD_stop_daemon(s->old[i]);
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->watchdog, NULL);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    free(s);
}
