#include "ap/daemon/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/fds.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"

/* For a place among those being processed. The body is here already: a 503 makes the sender send it
 * all again, and doubt. Below the server's idle time, after which the connection would be cut. */
#define PLACE_WAIT_MS 30000

/* Descriptors: journal, keyd, logs, hand-over, look-ups; a connection and its body; an exchange
 * out. With the defaults together less than the usual soft limit of 1,024. */
#define FDS_FIXED 128u
#define FDS_CONNECTION 2u
#define FDS_SENDER 8u
#define CONNECTIONS_MIN 8u

#define PEM_MAX (1u << 20)

/* ---- requests ---- */

static int admit_by(struct gate *x, const struct config *c, const struct http_server_request *rq,
    struct http_server_response *out)
{
    if (strcmp(rq->path, c->path) != 0)
        return 404;
    if (strcmp(rq->method, "POST") != 0) {
        out->allow = "POST";
        return 405;
    }
    if (strncasecmp(rq->content_type, "multipart/related", 17) != 0 &&
        strncasecmp(rq->content_type, "application/soap+xml", 20) != 0)
        return 415;
    if (store_is_broken(x->node->store) ||
        store_free_bytes(x->node->store) < (uint64_t)c->spool_min_free + 2 * rq->announced) {
        out->retry_after = 60;
        log_event(LOG_WARN, "request.refused", "status", "503", "why",
            "the store is broken or space is short", "remote", rq->remote, NULL);
        return 503;
    }
    return 0;
}

static int admit(void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    struct gate *x = user;
    struct setup *terms = node_setup(x->node);
    int status = admit_by(x, terms->cfg, rq, out);

    setup_unref(terms);
    return status;
}

static bool take_place(struct gate *x)
{
    struct timespec until;

    if (clock_gettime(CLOCK_REALTIME, &until))
        return false;
    until.tv_sec += PLACE_WAIT_MS / 1000;
    while (sem_timedwait(&x->places, &until))
        if (errno != EINTR)
            return false;
    return true;
}

static void serve_message(
    void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    struct gate *x = user;
    struct in_answer a = {0};
    struct setup *terms;

    if (!take_place(x)) {
        out->status = 503;
        out->retry_after = 10;
        log_event(LOG_WARN, "request.refused", "status", "503", "why",
            "too many messages at once (limits.heavy)", "remote", rq->remote, NULL);
        return;
    }
    a.body = out->body;
    terms = node_setup(x->node);
    in_receive(&a, &terms->in, str_z(rq->content_type), &rq->body, rq->remote);
    setup_unref(terms);
    out->body = a.body;
    out->status = a.status;
    out->content_type = a.content_type;
    out->retry_after = a.retry_after;
    (void)sem_post(&x->places);
}

/* ---- start ---- */

/* As many connections as there are descriptors for, so that what is taken can be worked on. */
static int count_connections(struct gate *x, const struct config *c, struct err *e)
{
    size_t others = FDS_FIXED + FDS_SENDER * (size_t)c->senders;
    size_t have = fds_allow(others + FDS_CONNECTION * (size_t)c->max_connections);
    size_t n = have > others ? (have - others) / FDS_CONNECTION : 0;
    struct log_num descriptors, connections;

    if (n < CONNECTIONS_MIN) {
        (void)err_set(e, ERR_CONFIG, "serve.descriptors", "",
            "only %zu descriptors may be open: too few for limits.senders = %lld", have,
            (long long)c->senders);
        return err_next(e, "raise LimitNOFILE= of the service, or ulimit -n, to 1024 or more");
    }
    x->connections = (unsigned)c->max_connections;
    if (n < x->connections) {
        x->connections = (unsigned)n;
        log_event(LOG_WARN, "serve.descriptors", "allowed", log_n(&descriptors, (long long)have),
            "connections", log_n(&connections, (long long)n), "next",
            "raise LimitNOFILE= of the service, or ulimit -n", NULL);
    }
    return 0;
}

int gate_init(struct gate *x, const struct config *c, struct err *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    x->heavy = c->heavy ? (unsigned)c->heavy : (unsigned)(cores > 0 ? cores * 2 : 2);
    if (sem_init(&x->places, 0, x->heavy))
        return err_nomem(e);
    buf_init(&x->tls_cert, PEM_MAX);
    buf_init(&x->tls_key, PEM_MAX);
    if (count_connections(x, c, e)) {
        gate_done(x);
        return -1;
    }
    return 0;
}

void gate_done(struct gate *x)
{
    (void)sem_destroy(&x->places);
    buf_free(&x->tls_cert);
    buf_wipe(&x->tls_key);
}

static int read_tls(struct buf *cert, struct buf *key, const struct config *c, struct err *e)
{
    if (fsx_read_file(cert, c->tls_cert_file, e) || fsx_read_file(key, c->tls_key_file, e))
        return err_wrap(e, "web certificate: ");
    return 0;
}

/* Plain HTTP must not leave this host: the proxy in front, or the lab, is here. */
static int check_plain(const struct config *c, struct err *e)
{
    char text[1024], *save = NULL;
    bool here = true;

    (void)snprintf(text, sizeof(text), "%s", c->listen);
    for (char *p = strtok_r(text, ", ", &save); p; p = strtok_r(NULL, ", ", &save))
        here = here && (strncmp(p, "127.", 4) == 0 || strncmp(p, "[::1]", 5) == 0);
    if (c->plain == PLAIN_NO || here)
        return 0;
    return err_set(e, ERR_CONFIG, "listen.plain", "PEPPOL-TLS 1",
        "plain HTTP is for loopback addresses only, not %s", c->listen);
}

/* The parts beside the payload are small. */
static uint64_t max_body(const struct config *c)
{
    return (uint64_t)c->max_payload + (1u << 20);
}

int gate_start(struct gate *x, struct node *n, struct err *e)
{
    const struct config *c = n->cfg;
    const struct http_handler h = {admit, serve_message, x};
    struct http_server_cfg hc = {.listen = c->listen,
        .listen_fd = -1,
        .max_connections = x->connections,
        .max_body = max_body(c),
        .tmp_dirfd = store_tmp_dirfd(n->store),
        .request_ms = c->request_deadline,
        .body_rate = (uint64_t)c->body_rate};

    x->node = n;
    if (check_plain(c, e) || (c->plain == PLAIN_NO && read_tls(&x->tls_cert, &x->tls_key, c, e)))
        return -1;
    if (c->mode == MODE_LAB) /* a load test comes from one address */
        hc.max_per_address = hc.max_connections;
    if (c->plain == PLAIN_NO) {
        hc.tls_cert = x->tls_cert.p;
        hc.tls_key = x->tls_key.p;
    }
    return http_server_start(&x->http, &hc, &h, e);
}

unsigned gate_port(const struct gate *x)
{
    return http_server_port(x->http);
}

/* ---- meanwhile, and the end ---- */

static void exchange(struct buf *a, struct buf *b)
{
    struct buf old = *a;

    *a = *b;
    *b = old;
}

static int take_certificate(
    struct gate *x, struct buf *cert, struct buf *key, const char *file, struct err *e)
{
    if (cert->n == x->tls_cert.n && memcmp(cert->p, x->tls_cert.p, cert->n) == 0)
        return 0;
    if (http_server_certificate(x->http, cert->p, key->p, e))
        return err_wrap(e, "web certificate: ");
    exchange(&x->tls_cert, cert);
    exchange(&x->tls_key, key);
    log_event(LOG_INFO, "reloaded.tls", "file", file, NULL);
    return 0;
}

int gate_certificate(struct gate *x, const struct config *c, struct err *e)
{
    struct buf cert, key;
    int rc;

    if (c->plain != PLAIN_NO)
        return 0;
    buf_init(&cert, PEM_MAX);
    buf_init(&key, PEM_MAX);
    rc = read_tls(&cert, &key, c, e) || take_certificate(x, &cert, &key, c->tls_cert_file, e);
    buf_free(&cert);
    buf_wipe(&key);
    return rc ? -1 : 0;
}

void gate_follow(struct gate *x, const struct config *c)
{
    http_server_limits(x->http, max_body(c), c->request_deadline, (uint64_t)c->body_rate);
}

void gate_drain(struct gate *x, int64_t ms)
{
    if (x->http)
        http_server_drain(x->http, ms);
}
