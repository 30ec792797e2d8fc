/* http_server.h - HTTP/1.1 server for one purpose: take whole requests safely, answer them.
 *
 * libmicrohttpd (TLS 1.2 and 1.3 by GnuTLS), one thread a connection, behind a framing guard of
 * ours: exactly one Host, at most one Content-Type, one unambiguous length, token header names;
 * anything else is 400 and the connection closes (request smuggling lives there). The body is
 * streamed into a spool (memory, then an unnamed file). Limits: connections in all and per address,
 * header 32 KiB, body size, total time, slowest rate. When there are as many connections as may be,
 * or no descriptor is left for another (accept.paused in the log), who dials waits in the kernel's
 * queue. Handlers run on connection threads, many at once. */
#ifndef AP_HTTP_HTTP_SERVER_H
#define AP_HTTP_HTTP_SERVER_H

#include <stdbool.h>

#include "ap/base/blob.h"
#include "ap/base/err.h"

struct http_server;

struct http_server_request {   /* borrowed; valid during the callback */
    const char *method, *path; /* path without query, percent-decoded by the library */
    const char *content_type;  /* "" when absent */
    const char *remote;        /* address of the peer */
    uint64_t announced;        /* Content-Length, or 0 with chunked */
    struct blob body;          /* empty in admit */
    void *native;              /* for http_server_header */
};
const char *http_server_header(
    const struct http_server_request *rq, const char *name); /* or NULL */

struct http_server_response { /* filled by the handler; zeroed with body initialised (1 MiB) before
                               */
    int status;
    const char *content_type; /* static text */
    int retry_after;          /* seconds; 0: no header */
    bool close;               /* end the connection after this answer */
    const char *allow;        /* for 405; static */
    const char *location;     /* arena or static; must live until the handler returned */
    struct buf body;
};

struct http_handler {
    /* Headers are in, the body not yet: 0 = go on, else the status to refuse with (retry_after and
     * allow may be set). May be NULL. */
    int (*admit)(
        void *user, const struct http_server_request *rq, struct http_server_response *out);
    /* The whole request is there. Fill *out; status 0 becomes 500. */
    void (*serve)(
        void *user, const struct http_server_request *rq, struct http_server_response *out);
    void *user;
};

#define HTTP_LISTEN_MAX 8

struct http_server_cfg {
    /* "127.0.0.1:8443", "[::]:8443", port 0: any. Several with commas between, at most
     * HTTP_LISTEN_MAX; [::] alone also takes IPv4. */
    const char *listen;
    int listen_fd;                  /* >= 0: this socket instead, which is then the server's */
    const char *tls_cert, *tls_key; /* PEM text, not file names; NULL: plain HTTP */
    unsigned max_connections;       /* default 256 */
    unsigned max_per_address;       /* default: half of max_connections */
    uint64_t max_body;              /* bytes; beyond: 413 */
    size_t keep;                    /* body bytes kept in memory before a file; default 256 KiB */
    int tmp_dirfd;                  /* folder for bodies; -1: memory only */
    int64_t idle_ms;                /* for headers and between requests; default 60 s */
    int64_t request_ms;             /* for receiving a whole request; default 10 min */
    uint64_t body_rate;             /* slowest body, bytes/s after 10 s; 0: none */
};

int http_server_start(struct http_server **out, const struct http_server_cfg *c,
    const struct http_handler *h, struct err *e) MUST_CHECK;
/* Another certificate for connections from now on; those that are open go on as they are. Failing
 * (listen.start; listen.busy: connections of too many certificates before are still open), nothing
 * has changed. One at a time, and none beside the start or the end. */
int http_server_certificate(
    struct http_server *s, const char *tls_cert, const char *tls_key, struct err *e) MUST_CHECK;
/* Other limits for requests from now on: body size, time, slowest rate. Any thread. */
void http_server_limits(
    struct http_server *s, uint64_t max_body, int64_t request_ms, uint64_t body_rate);
unsigned http_server_port(const struct http_server *s); /* of the first address */
unsigned http_server_active(struct http_server *s);     /* requests being received or handled */
/* Take no new connections, let what is in hand finish for at most ms, then close. Frees s. */
void http_server_drain(struct http_server *s, int64_t ms);

#endif
