/* http_client.h - our way out: one HTTP request to a peer, bounded in every direction.
 *
 * libcurl behind one door. TLS 1.2 or newer and always verified, HTTP/1.1, no redirects unless
 * asked, no cookies, no proxy from the environment, no Accept-Encoding, no Expect; an answer that
 * is encoded nevertheless is decoded within max_body. A host's addresses are tried in turn, IPv6
 * and IPv4 side by side, within one deadline. Bodies stream from a blob with their exact length.
 * What matters to the store is told exactly: whether a byte of the body may have left (then a
 * failure is ERR_UNKNOWN, before that ERR_RETRY). libcurl's own second try on a stale connection
 * never repeats a body: repeating is decided above.
 *
 * One client is shared by all threads; connections are kept alive in a bounded pool. */
#ifndef AP_HTTP_HTTP_CLIENT_H
#define AP_HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

struct http_client;

struct http_egress { /* where we may connect to; all false outside the lab */
    bool private_ok; /* loopback, private, link-local, documentation and other special addresses */
    bool plain_ok;   /* http: as well as https: */
    bool any_port;   /* other ports than 443 (and 80 for http:) */
};

struct http_cfg {
    const char *ca_file;       /* PEM bundle instead of the system's; NULL: the system's */
    const char *extra_ca_file; /* lab: taken as well as the others; NULL: none */
    const char *user_agent;    /* NULL: "aviso" */
    struct http_egress egress;
    /* Lab, NULL-terminated lists, NULL: none. "HOST:PORT:ADDRESS": what a name resolves to; and
     * "HOST:PORT:ADDRESS:PORT" (an empty HOST or PORT means any): where to connect instead, the URL
     * and the name in the certificate staying as they are. The egress policy still holds. */
    const char *const *resolve, *const *connect_to;
    unsigned max_idle; /* kept handles; 0: 32 */
};

int http_client_open(struct http_client **out, const struct http_cfg *c, struct err *e) MUST_CHECK;
void http_client_close(struct http_client *c); /* no request may be running; NULL is fine */

struct http_request {
    const char *url;
    const char *content_type;  /* of the body; NULL for GET */
    const char *accept;        /* NULL: no Accept header but curl's star */
    const struct blob *body;   /* NULL: none */
    const char *const *header; /* further "Name: value" lines, NULL-terminated; may be NULL */
    int64_t deadline_ms;       /* for everything; 0: 30 s */
    int64_t connect_ms;        /* to the end of the TLS handshake; 0: 10 s */
    unsigned low_bytes, low_s; /* slower than low_bytes/s over low_s seconds: given up; 0: off */
    size_t max_body;           /* of the answer; 0: 256 KiB */
    unsigned max_redirects;    /* 0: a 3xx is an answer like any other */
    bool plain_ok;             /* http: port 80 for this one request (CRL, OCSP) */
    const char *hop;           /* for err.where: "SMP", "AP"; NULL: "HTTP" */
};

struct http_answer {
    int status; /* 0: none came */
    char content_type[256];
    struct buf body;
    int64_t retry_after_ms; /* -1: no such header; capped at 24 h */
    int64_t date;           /* Date header, ms; 0: none */
    char remote_ip[64];     /* "" when no connection was made */
    long remote_port;
    bool body_started;      /* a byte of our body was handed to the connection */
    bool reused;            /* a kept connection was used */
    int64_t ms, connect_ms; /* whole exchange; until TLS was up (0 when reused) */
    uint64_t sent;          /* bytes of our body */
    char location[512];     /* of a 3xx */
};

/* 0: an answer came, of whatever status. -1: none, or not a whole one; `out` says how far it got.
 * Names: http.url and http.egress (ERR_PEER: scheme, port or address that we do not call),
 * http.resolve, http.connect, http.tls (the text says what about the certificate), http.timeout,
 * http.reset, http.too-big, http.malformed, http.redirect. Class RETRY as long as no body byte
 * left, else UNKNOWN. err.where holds hop, URL and address. Always http_answer_free. */
int http_post(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    struct err *e) MUST_CHECK;
int http_get(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    struct err *e) MUST_CHECK;
int http_put(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    struct err *e) MUST_CHECK;
/* Without a body: class RETRY also when it may have been carried out; asking again does no harm. */
int http_delete(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    struct err *e) MUST_CHECK;
void http_answer_free(struct http_answer *a);

/* Is this numeric address one that the public Internet routes? (for tests and config checks) */
bool http_address_is_public(const char *ip);

#endif
