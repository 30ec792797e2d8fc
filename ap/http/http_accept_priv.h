/* http_accept_priv.h - the listening sockets of a server, and the thread that takes connections.
 *
 * Our own, not libmicrohttpd's: that one asks again at once, for ever, when the process may open no
 * more files (EMFILE, ENFILE), and a new web certificate would need its sockets twice. When nothing
 * can be taken the thread rests, longer each time up to a second; who dials meanwhile waits in the
 * kernel's queue. */
#ifndef AP_HTTP_HTTP_ACCEPT_PRIV_H
#define AP_HTTP_HTTP_ACCEPT_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "ap/http/http_server.h"

struct http_acceptor {
    int fd[HTTP_LISTEN_MAX];
    size_t n;
    int wake; /* eventfd */
    atomic_bool ending;
    bool runs;
    pthread_t thread;
    bool (*full)(void *ctx); /* nothing is taken while this says so: http_accept_wake ends it */
    void (*take)(void *ctx, int fd, const struct sockaddr *a, socklen_t n); /* owns fd */
    void *ctx;
};

/* Sockets for a list of addresses as in http_server_cfg, or that one socket (`given` >= 0), which
 * is then owned. On an error nothing stays open. listen.address, listen.bind, listen.socket. */
int http_accept_listen(
    struct http_acceptor *a, const char *list, int given, struct err *e) MUST_CHECK;
/* After full, take and ctx are set. */
int http_accept_start(struct http_acceptor *a, struct err *e) MUST_CHECK;
void http_accept_wake(struct http_acceptor *a); /* any thread */
/* No more connections; sockets and thread end. Also when nothing was started. */
void http_accept_stop(struct http_acceptor *a);
/* After the last connection has ended: until then each still rings. */
void http_accept_done(struct http_acceptor *a);
unsigned http_accept_port(const struct http_acceptor *a); /* of the first address */

#endif
