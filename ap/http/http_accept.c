#include "ap/http/http_accept_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ap/base/log.h"

#define BACKLOG 512
#define REST_MS 20
#define REST_MAX_MS 1000

/* ---- listening ---- */

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

/*= eDelivery AS4 1.14 "IPv4 and IPv6" */
static int listen_on(const char *where, bool alone, struct err *e)
{
    struct sockaddr_storage a;
    socklen_t n = 0;
    int on = 1, fd;

    if (address(&a, &n, where, e))
        return -1;
    fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(e, "listen.socket", "socket", where);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (a.ss_family == AF_INET6 && !alone) /* IPv4 has an address of its own */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, BACKLOG)) {
        bool denied = errno == EACCES;
        (void)err_errno(e, "listen.bind", "listen on", where);
        if (denied)
            (void)err_next(
                e, "a port below 1024 needs CAP_NET_BIND_SERVICE: our systemd unit has it");
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void close_all(struct http_acceptor *a)
{
    for (size_t i = 0; i < a->n; i++)
        (void)close(a->fd[i]);
    a->n = 0;
}

static int listen_all(struct http_acceptor *a, const char *list, struct err *e)
{
    bool alone = !strchr(list, ',');
    char text[1024], *save = NULL;

    if ((size_t)snprintf(text, sizeof(text), "%s", list) >= sizeof(text))
        return err_set(e, ERR_CONFIG, "listen.address", "", "the list of addresses is too long");
    for (char *p = strtok_r(text, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
        if (a->n == HTTP_LISTEN_MAX)
            return err_set(
                e, ERR_CONFIG, "listen.address", "", "more than %d addresses", HTTP_LISTEN_MAX);
        if ((a->fd[a->n] = listen_on(p, alone, e)) < 0)
            return -1;
        a->n++;
    }
    return a->n ? 0 : err_set(e, ERR_CONFIG, "listen.address", "", "there is no address");
}

int http_accept_listen(struct http_acceptor *a, const char *list, int given, struct err *e)
{
    memset(a, 0, sizeof(*a));
    a->wake = -1;
    if (given >= 0) {
        a->fd[a->n++] = given;
        return 0;
    }
    if (listen_all(a, list, e) == 0)
        return 0;
    close_all(a);
    return -1;
}

unsigned http_accept_port(const struct http_acceptor *a)
{
    struct sockaddr_storage s;
    socklen_t n = sizeof(s);

    if (getsockname(a->fd[0], (struct sockaddr *)&s, &n))
        return 0;
    return ntohs(s.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&s)->sin6_port
                                         : ((struct sockaddr_in *)(void *)&s)->sin_port);
}

/* ---- taking ---- */

/* 1 taken, 0 nobody waits any more, -1 the next caller would fare no better. */
static int take_one(struct http_acceptor *a, int fd)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(peer);
    int got = accept4(fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO ? 0
                                                                                             : -1;
    a->take(a->ctx, got, (struct sockaddr *)&peer, n);
    return 1;
}

/* Of each socket that has callers one, so that none starves another. */
static int take_all(struct http_acceptor *a, const struct pollfd *p)
{
    int taken = 0, rc = 0;

    for (size_t i = 0; i < a->n && rc >= 0; i++) {
        rc = p[i].revents && !a->full(a->ctx) ? take_one(a, a->fd[i]) : 0;
        taken = rc ? rc : taken;
    }
    return taken;
}

static void tell(bool paused, int no)
{
    char text[128];

    if (paused)
        log_event(LOG_ERROR, "accept.paused", "why", strerror_r(no, text, sizeof(text)), "next",
            "what is in hand is finished, callers wait; raise LimitNOFILE", NULL);
    else
        log_event(LOG_INFO, "accept.resumed", NULL);
}

static int longer(int rest)
{
    return !rest ? REST_MS : rest < REST_MAX_MS / 2 ? rest * 2 : REST_MAX_MS;
}

static void *run(void *arg)
{
    struct http_acceptor *a = arg;
    struct pollfd p[1 + HTTP_LISTEN_MAX] = {{.fd = a->wake, .events = POLLIN}};
    int rest = 0, taken; /* ms before the next try */
    uint64_t rung;

    for (size_t i = 0; i < a->n; i++)
        p[1 + i] = (struct pollfd){.fd = a->fd[i], .events = POLLIN};
    while (!atomic_load(&a->ending)) {
        bool full = a->full(a->ctx);
        if (rest)
            (void)poll(p, 1, rest); /* less when a connection ends */
        if (poll(p, full ? 1 : 1 + (nfds_t)a->n, -1) <= 0)
            continue;
        if (p[0].revents)
            (void)!read(a->wake, &rung, sizeof(rung));
        taken = full ? 0 : take_all(a, p + 1);
        if (taken && (taken < 0) != (rest > 0))
            tell(taken < 0, errno);
        rest = taken < 0 ? longer(rest) : taken > 0 ? 0 : rest;
    }
    return NULL;
}

int http_accept_start(struct http_acceptor *a, struct err *e)
{
    a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->wake < 0)
        return err_errno(e, "listen.socket", "eventfd for", "new connections");
    if (pthread_create(&a->thread, NULL, run, a))
        return err_nomem(e);
    a->runs = true;
    return 0;
}

void http_accept_wake(struct http_acceptor *a)
{
    const uint64_t one = 1;

    if (a->wake >= 0)
        (void)!write(a->wake, &one, sizeof(one));
}

void http_accept_stop(struct http_acceptor *a)
{
    atomic_store(&a->ending, true);
    http_accept_wake(a);
    if (a->runs)
        (void)pthread_join(a->thread, NULL);
    a->runs = false;
    close_all(a);
}

void http_accept_done(struct http_acceptor *a)
{
    if (a->wake >= 0)
        (void)close(a->wake);
    a->wake = -1;
}
