#include "ap/http/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/http/http_accept_priv.h"

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
    struct http_acceptor acceptor;
    pthread_mutex_t handing; /* a connection to mhd: it is not exchanged meanwhile */
    struct MHD_Daemon *mhd;
    struct MHD_Daemon *old[OLD_MAX]; /* with another certificate: they finish what they have */
    size_t nold;
    pthread_mutex_t lock; /* of what follows, and of cfg's limits */
    pthread_cond_t wake;
    struct conn *conns;
    unsigned nconns, active;
    unsigned long begun; /* connections since the start */
    bool stopping;
    pthread_t watchdog;
};

struct request {
    struct http_server *s;
    struct spool body;
    struct http_server_request rq;
    char remote[64];
    int64_t begun;
    uint64_t max_body, rate;
    int refuse;         /* status decided while the body was coming; answered at its end */
    uint64_t swallowed; /* bytes after that */
    bool counted;
};

const char *http_server_header(const struct http_server_request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->native, MHD_HEADER_KIND, name);
}

/* ---- the framing guard ---- */

struct framing {
    unsigned hosts, types, lengths, encodings;
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
    if (strcasecmp(key, "Content-Type") == 0)
        f->types++;
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
    if (f.bad_name || f.hosts != 1 || f.types > 1 || f.lengths + f.encodings > 1)
        return 400;
    if (f.encodings && (!f.encoding || strcasecmp(f.encoding, "chunked") != 0))
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
        s->nconns++;
        s->begun++;
        *ctx = k;
        (void)pthread_cond_broadcast(&s->wake);
    } else if (what == MHD_CONNECTION_NOTIFY_CLOSED && k) {
        if (k->prev)
            k->prev->next = k->next;
        else
            s->conns = k->next;
        if (k->next)
            k->next->prev = k->prev;
        s->nconns--;
        free(k);
        *ctx = NULL;
        http_accept_wake(&s->acceptor);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static bool full(void *ctx)
{
    struct http_server *s = ctx;
    bool yes;

    (void)pthread_mutex_lock(&s->lock);
    yes = s->nconns >= s->cfg.max_connections;
    (void)pthread_mutex_unlock(&s->lock);
    return yes;
}

/* libmicrohttpd only queues it: until it is counted no other is taken. Where no thread can be
 * started it is closed and never counted. */
static void wait_begun(struct http_server *s, unsigned long before)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    (void)pthread_mutex_lock(&s->lock);
    while (s->begun == before)
        if (pthread_cond_timedwait(&s->wake, &s->lock, &until))
            break;
    (void)pthread_mutex_unlock(&s->lock);
}

/* What is over the limit of its address is closed at once. */
static void hand(void *ctx, int fd, const struct sockaddr *a, socklen_t n)
{
    struct http_server *s = ctx;
    unsigned long before;

    (void)pthread_mutex_lock(&s->handing);
    (void)pthread_mutex_lock(&s->lock);
    before = s->begun;
    (void)pthread_mutex_unlock(&s->lock);
    if (MHD_add_connection(s->mhd, fd, a, n) == MHD_YES)
        wait_begun(s, before);
    (void)pthread_mutex_unlock(&s->handing);
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

/* RFC 9112 3.2.2: a server takes the absolute form as well; its host adds nothing to Host. */
static const char *path_of(const char *target)
{
    const char *host = strncasecmp(target, "http://", 7) == 0    ? target + 7
                       : strncasecmp(target, "https://", 8) == 0 ? target + 8
                                                                 : NULL;
    const char *path = host ? strchr(host, '/') : target;

    return path ? path : "/";
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
    (void)pthread_mutex_lock(&s->lock);
    r->max_body = s->cfg.max_body;
    r->rate = s->cfg.body_rate;
    (void)pthread_mutex_unlock(&s->lock);
    spool_init(&r->body, s->cfg.tmp_dirfd, s->cfg.keep, r->max_body);
    remote_name(c, r->remote);
    r->rq = (struct http_server_request){
        .method = method, .path = path_of(url), .remote = r->remote, .native = c};
    buf_init(&out.body, 1 << 20);
    status = guard(c, &r->rq.announced);
    r->rq.content_type = http_server_header(&r->rq, "Content-Type");
    if (!r->rq.content_type)
        r->rq.content_type = "";
    if (!status && r->rq.announced > r->max_body)
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

    if (r->refuse) { /* the answer is sent at the end */
        r->swallowed += n;
        return;
    }
    if (spool_write(&r->body, p, n, &e))
        r->refuse = e.class == ERR_INPUT ? 413 : 503;
    else if (r->rate && ms > RATE_GRACE_MS && r->body.len / (uint64_t)(ms / 1000) < r->rate)
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
        /* chunks: told at their end; twice the limit is not worth reading */
        return r->refuse == 408 || r->swallowed > r->max_body ? MHD_NO : MHD_YES;
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

static void end_watch(struct http_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->watchdog, NULL);
}

static void server_free(struct http_server *s)
{
    http_accept_done(&s->acceptor);
    (void)pthread_mutex_destroy(&s->handing);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    free(s);
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
    struct http_server *s, const char *tls_cert, const char *tls_key)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET;
    bool alike = s->cfg.max_per_address >= s->cfg.max_connections; /* full() sees to it */
    intptr_t per_address = alike ? 0 : (intptr_t)s->cfg.max_per_address;
    struct MHD_OptionItem options[16] = {
        /* full() is the limit: libmicrohttpd counts who has gone a moment longer */
        {MHD_OPTION_CONNECTION_LIMIT, 2 * (intptr_t)s->cfg.max_connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(s->cfg.idle_ms / 1000 + 1), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
    };
    size_t n = 7;

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
    (void)pthread_mutex_init(&s->handing, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    if (http_accept_listen(&s->acceptor, c->listen, c->listen_fd, e))
        goto fail;
    s->acceptor.full = full;
    s->acceptor.take = hand;
    s->acceptor.ctx = s;
    if (!(s->mhd = mhd_start(s, c->tls_cert, c->tls_key))) {
        (void)err_set(e, ERR_CONFIG, "listen.start", "",
            "the HTTP server does not start on %s: certificate and key usable?", c->listen);
        goto fail;
    }
    if (pthread_create(&s->watchdog, NULL, watch, s)) {
        (void)err_nomem(e);
        goto fail;
    }
    if (http_accept_start(&s->acceptor, e) == 0) {
        *out = s;
        return 0;
    }
    end_watch(s);
fail:
    http_accept_stop(&s->acceptor);
    if (s->mhd)
        MHD_stop_daemon(s->mhd);
    server_free(s);
    return -1;
}

/* ---- another certificate ---- */

static unsigned connections(struct MHD_Daemon *d)
{
    const union MHD_DaemonInfo *c = MHD_get_daemon_info(d, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return c ? c->num_connections : 0;
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

int http_server_certificate(
    struct http_server *s, const char *tls_cert, const char *tls_key, struct err *e)
{
    struct MHD_Daemon *fresh;

    sweep_old(s);
    if (s->nold == OLD_MAX)
        return err_set(e, ERR_RETRY, "listen.busy", "",
            "connections of too many earlier certificates are still open");
    if (!(fresh = mhd_start(s, tls_cert, tls_key)))
        return err_set(
            e, ERR_CONFIG, "listen.start", "", "the new certificate and key are not usable");
    (void)pthread_mutex_lock(&s->handing);
    s->old[s->nold++] = s->mhd;
    s->mhd = fresh;
    (void)pthread_mutex_unlock(&s->handing);
    return 0;
}

void http_server_limits(
    struct http_server *s, uint64_t max_body, int64_t request_ms, uint64_t body_rate)
{
    (void)pthread_mutex_lock(&s->lock);
    s->cfg.max_body = max_body;
    s->cfg.request_ms = request_ms;
    s->cfg.body_rate = body_rate;
    (void)pthread_mutex_unlock(&s->lock);
}

unsigned http_server_port(const struct http_server *s)
{
    return http_accept_port(&s->acceptor);
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

    http_accept_stop(&s->acceptor);
    while (http_server_active(s) && clock_mono() < until)
        clock_sleep(20);
    MHD_stop_daemon(s->mhd); /* joins every connection thread */
    for (size_t i = 0; i < s->nold; i++)
        MHD_stop_daemon(s->old[i]);
    end_watch(s);
    server_free(s);
}
