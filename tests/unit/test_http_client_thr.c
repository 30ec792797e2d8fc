#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/gz.h"
#include "ap/http/http_client.h"
#include "tests/support/httpd.h"
#include "tests/support/testpki.h"

static struct httpd *srv;
static struct http_client *cl;
static struct http_answer ans;
static struct err e;
static char url[300];

static void client(struct http_egress g, const char *ca, const char *const *resolve)
{
    struct http_cfg c = {.egress = g, .extra_ca_file = ca, .resolve = resolve};

    http_client_close(cl);
    assert_int_equal(http_client_open(&cl, &c, &e), 0);
}

static int begin(void **state)
{
    struct http_egress lab = {true, true, true};
    (void)state;
    srv = httpd_start(NULL);
    memset(&ans, 0, sizeof(ans));
    client(lab, NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    http_answer_free(&ans);
    http_client_close(cl);
    cl = NULL;
    httpd_stop(srv);
    return 0;
}

static int get(const char *path)
{
    struct http_request rq = {.url = url, .deadline_ms = 1500, .max_body = 1000, .hop = "SMP"};

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", httpd_port(srv), path);
    http_answer_free(&ans);
    memset(&e, 0, sizeof(e));
    return http_get(&ans, cl, &rq, &e);
}

static int64_t patience = 1500; /* short where a time-out is what is tested */

static int post_at(const char *where, const char *body, size_t n)
{
    struct blob b = blob_mem(body, n);
    struct http_request rq = {.url = where,
        .content_type = "multipart/related; x=\"y\"",
        .body = &b,
        .deadline_ms = patience,
        .connect_ms = patience * 2 / 3,
        .hop = "AP"};

    http_answer_free(&ans);
    memset(&e, 0, sizeof(e));
    return http_post(&ans, cl, &rq, &e);
}

static int post(const char *path, const char *body, size_t n)
{
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", httpd_port(srv), path);
    return post_at(url, body, n);
}

static void failed(int rc, const char *code, enum err_class cls)
{
    assert_int_equal(rc, -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, cls);
    assert_non_null(strstr(e.where, "127.0.0.1"));
}

static void private_addresses_are_known(void **state)
{
    static const char *const special[] = {"127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1",
        "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1",
        "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1",
        "2001::1", "not an address"};
    static const char *const fine[] = {"1.1.1.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
        "100.128.0.1", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1"};
    (void)state;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        assert_false(http_address_is_public(special[i]));
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_true(http_address_is_public(fine[i]));
}

/* N6: an endpoint on our own network, on another port, or without TLS is never called. */
/*= PEPPOL-AS4 4.2 "port 443" */
static void outside_the_lab_only_public_https_443_is_called(void **state)
{
    struct http_egress none = {false, false, false}, ports = {false, true, true};
    const char *resolve[2] = {NULL, NULL};
    char line[100];
    (void)state;
    client(none, NULL, NULL);
    failed(post_at("http://127.0.0.1/", "x", 1), "http.egress", ERR_PEER);
    failed(post_at("https://127.0.0.1:8443/", "x", 1), "http.egress", ERR_PEER);
    failed(post_at("https://127.0.0.1/", "x", 1), "http.egress", ERR_PEER);
    failed(post_at("https://u:p@127.0.0.1/", "x", 1), "http.url", ERR_PEER);
    failed(post_at("file:///127.0.0.1", "x", 1), "http.url", ERR_PEER);
    failed(post_at("gopher://127.0.0.1/", "x", 1), "http.url", ERR_PEER);
    assert_int_equal(post_at("https:///x", "x", 1), -1);
    assert_string_equal(e.code, "http.url");
    /* a public name that leads to a private address gains nothing */
    (void)snprintf(line, sizeof(line), "peer.example:%d:127.0.0.1", httpd_port(srv));
    resolve[0] = line;
    client(ports, NULL, resolve);
    (void)snprintf(url, sizeof(url), "http://peer.example:%d/", httpd_port(srv));
    assert_int_equal(post_at(url, "x", 1), -1);
    assert_string_equal(e.code, "http.egress");
    assert_int_equal(httpd_connections(srv), 0);
    assert_false(ans.body_started);
}

/* N7: refused or broken before a byte of the body: try again, not "unknown". */
static void trouble_before_the_body_is_transient(void **state)
{
    struct httpd *gone = httpd_start(NULL);
    (void)state;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", httpd_port(gone));
    httpd_stop(gone);
    failed(post_at(url, "x", 1), "http.connect", ERR_RETRY);
    assert_false(ans.body_started);
    assert_int_equal(post_at("http://does-not-exist.invalid/", "x", 1), -1);
    assert_string_equal(e.code, "http.resolve");
    assert_int_equal(e.class, ERR_RETRY);
}

/* N8: the connection breaks after body bytes left: nobody knows. */
static void trouble_after_body_bytes_left_is_unknown(void **state)
{
    static const enum httpd_act acts[] = {HTTPD_RESET_BODY, HTTPD_RESET_AFTER, HTTPD_CUT};
    static char big[3u << 20];
    const char *half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        httpd_set(srv, "/x", acts[i], half, strlen(half));
        failed(post("/x", big, sizeof(big)), "http.reset", ERR_UNKNOWN);
        assert_true(ans.body_started);
        assert_int_equal(httpd_hits(srv, "/x"), i + 1); /* never sent twice by itself */
    }
    httpd_set(srv, "/x", HTTPD_SILENT, "", 0);
    failed(post("/x", "small", 5), "http.timeout", ERR_UNKNOWN);
    assert_int_equal(ans.sent, 5);
    httpd_set(srv, "/x", HTTPD_ANSWER_CLOSE, "not http\r\n\r\n", 12);
    failed(post("/x", "small", 5), "http.malformed", ERR_UNKNOWN);
}

/* N11: slow and endless answers end by our clock and our caps. */
static void answers_are_bounded_in_time_and_size(void **state)
{
    (void)state;
    httpd_set(srv, "/drip", HTTPD_DRIP, "", 0);
    failed(get("/drip"), "http.timeout", ERR_RETRY);
    assert_in_range(ans.ms, 1400, 4000);
    httpd_set(srv, "/headers", HTTPD_DRIP_HEADERS, "", 0);
    failed(get("/headers"), "http.malformed", ERR_RETRY);
    httpd_set(srv, "/endless", HTTPD_ENDLESS, "", 0);
    failed(get("/endless"), "http.too-big", ERR_RETRY);
    httpd_set(srv, "/silent", HTTPD_SILENT, "", 0);
    failed(get("/silent"), "http.timeout", ERR_RETRY);
    httpd_set(srv, "/reset", HTTPD_RESET_HEADERS, "", 0);
    failed(get("/reset"), "http.reset", ERR_RETRY);
    httpd_set(srv, "*", HTTPD_RESET_ACCEPT, "", 0);
    assert_int_equal(get("/new"), -1); /* the reset may come before connect() has returned */
    assert_true(strcmp(e.code, "http.reset") == 0 || strcmp(e.code, "http.connect") == 0);
    assert_int_equal(e.class, ERR_RETRY);
}

static void any_status_is_an_answer_and_redirects_are_not_followed(void **state)
{
    const char *moved = "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
    const char *busy =
        "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Type: text/plain\r\nContent-Length: "
        "4\r\n\r\nbusy";
    const char *odd = "HTTP/1.1 429 Slow\r\nRetry-After: Fri, 31 Dec 2199 23:59:59 "
                      "GMT\r\nContent-Length: 0\r\n\r\n";
    (void)state;
    httpd_set(srv, "/moved", HTTPD_ANSWER, moved, strlen(moved));
    assert_int_equal(get("/moved"), 0);
    assert_int_equal(ans.status, 302);
    assert_string_equal(ans.location, "/other");
    assert_int_equal(httpd_hits(srv, "/other"), 0);
    httpd_set(srv, "/busy", HTTPD_ANSWER, busy, strlen(busy));
    assert_int_equal(post("/busy", "x", 1), 0);
    assert_int_equal(ans.status, 503);
    assert_int_equal(ans.retry_after_ms, 120000);
    assert_string_equal(ans.content_type, "text/plain");
    assert_string_equal(ans.body.p, "busy");
    assert_string_equal(ans.remote_ip, "127.0.0.1");
    httpd_set(srv, "/odd", HTTPD_ANSWER, odd, strlen(odd));
    assert_int_equal(get("/odd"), 0);
    assert_int_equal(ans.retry_after_ms, 24 * 3600 * 1000);
    assert_int_equal(get("/nothing"), 0);
    assert_int_equal(ans.status, 404);
    assert_int_equal(ans.retry_after_ms, -1);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

/* What proxies and old servers make of an answer. */
static void odd_framing_is_read(void **state)
{
    static const char *const odd[] = {
        "HTTP/1.0 200 OK\r\n\r\nbody",
        "HTTP/1.1 200\r\nconnection: close\r\n\r\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        (CHUNKED "3;x=y\r\nbod\r\n1\r\ny\r\n0\r\nX-Trailer: 1\r\n\r\n"),
        "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
    };
    static const char *const broken[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody",
        (CHUNKED "4\r\nbody\r\n"),
        (CHUNKED "xyz\r\nbody\r\n0\r\n\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        httpd_set(srv, "/odd", HTTPD_ANSWER_CLOSE, odd[i], strlen(odd[i]));
        assert_int_equal(post("/odd", "x", 1), 0);
        assert_int_equal(ans.status, 200);
        assert_string_equal(ans.body.p, "body");
        clock_sleep(50); /* that it was closed is seen */
    }
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        httpd_set(srv, "/odd", HTTPD_ANSWER_CLOSE, broken[i], strlen(broken[i]));
        assert_int_equal(post("/odd", "x", 1), -1);
        assert_int_equal(e.class, ERR_UNKNOWN);
        clock_sleep(50);
    }
}

/* gzip of n times 'x' */
static struct buf zipped(size_t n)
{
    static char text[900000];
    struct blob in = blob_mem(text, n);
    struct buf out;
    struct sink to;

    memset(text, 'x', n);
    buf_init(&out, 1 << 20);
    to = sink_buf(&out);
    assert_int_equal(gz_compress(&to, &in, &e), 0);
    return out;
}

static int get_zipped(const struct buf *z, const char *coding)
{
    struct buf text;
    int rc;

    buf_init(&text, 1 << 20);
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
        coding, z->n);
    buf_add(&text, z->p, z->n);
    httpd_set(srv, "/zip", HTTPD_ANSWER_CLOSE, text.p, text.n);
    rc = get("/zip");
    buf_free(&text);
    return rc;
}

static void an_encoded_answer_is_decoded_within_its_limit(void **state)
{
    struct buf small = zipped(500), large = zipped(900000);
    (void)state;
    assert_int_equal(get_zipped(&small, "gzip"), 0);
    assert_int_equal(ans.body.n, 500);
    assert_int_equal(ans.body.p[499], 'x');
    failed(get_zipped(&large, "gzip"), "http.too-big", ERR_RETRY);
    failed(get_zipped(&small, "rot13"), "http.malformed", ERR_RETRY);
    small.p[0] = 0; /* no gzip any more */
    failed(get_zipped(&small, "gzip"), "http.malformed", ERR_RETRY);
    buf_free(&small);
    buf_free(&large);
}

/* A socket at which nobody answers: its queue of connections is full, so the next SYN is dropped.
 */
static void black_hole(int fds[4], int family, const char *ip, int port)
{
    struct sockaddr_storage a = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *a4 = (void *)&a;
    struct sockaddr_in6 *a6 = (void *)&a;
    socklen_t n = family == AF_INET ? sizeof(*a4) : sizeof(*a6);

    assert_int_equal(
        inet_pton(family, ip, family == AF_INET ? (void *)&a4->sin_addr : &a6->sin6_addr), 1);
    a4->sin_port = htons((uint16_t)port); /* in the same place for both */
    fds[0] = socket(family, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], (void *)&a, n), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    for (int i = 1; i < 4; i++) {
        fds[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (void *)&a, n);
    }
    clock_sleep(50);
}

/* N14: the next address, within the same deadline, before a byte of the body. */
static void one_of_a_hosts_addresses_is_dead(void **state)
{
    static const struct {
        const char *addresses, *dead;
        int family;
    } t[] = {{"127.0.0.9,127.0.0.1", NULL, AF_INET}, /* refuses */
        {"127.0.0.9,127.0.0.1", "127.0.0.9", AF_INET}, {"[::1],127.0.0.1", "::1", AF_INET6}};
    struct http_egress lab = {true, true, true};
    char line[200];
    const char *resolve[2] = {line, NULL};
    (void)state;
    patience = 6000;
    httpd_put(srv, "/as4", "text/plain", "ok", 2);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int fds[4] = {-1, -1, -1, -1};
        if (t[i].dead)
            black_hole(fds, t[i].family, t[i].dead, httpd_port(srv));
        (void)snprintf(line, sizeof(line), "two.example:%d:%s", httpd_port(srv), t[i].addresses);
        client(lab, NULL, resolve);
        (void)snprintf(url, sizeof(url), "http://two.example:%d/as4", httpd_port(srv));
        assert_int_equal(post_at(url, "x", 1), 0);
        assert_string_equal(ans.remote_ip, "127.0.0.1");
        /* of the other family after 200 ms; of the same one libcurl waits half of what is given */
        assert_true(ans.ms < (t[i].dead && t[i].family == AF_INET ? 4500 : 1500));
        for (int k = 0; k < 4; k++)
            if (fds[k] >= 0)
                (void)close(fds[k]);
    }
    assert_int_equal(httpd_hits(srv, "/as4"), 3);
}

static void asked_for_redirects_are_followed_within_their_number(void **state)
{
    const char *moved = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    const char *loop = "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n";
    struct http_request rq = {.url = url, .max_redirects = 2};
    (void)state;
    httpd_set(srv, "/a", HTTPD_ANSWER, moved, strlen(moved));
    httpd_put(srv, "/b", "text/plain", "there", 5);
    httpd_set(srv, "/loop", HTTPD_ANSWER, loop, strlen(loop));
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/a", httpd_port(srv));
    assert_int_equal(http_get(&ans, cl, &rq, &e), 0);
    assert_string_equal(ans.body.p, "there");
    http_answer_free(&ans);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/loop", httpd_port(srv));
    failed(http_get(&ans, cl, &rq, &e), "http.redirect", ERR_RETRY);
}

/* The body streams from a file with its exact length and nothing in the way. */
static void a_big_body_streams_with_its_length(void **state)
{
    struct spool s;
    static char mb[1 << 20];
    struct blob b;
    struct http_request rq = {
        .url = url, .content_type = "multipart/related; x=\"y\"", .deadline_ms = 20000};
    char *head;
    int dir = open("/tmp", O_RDONLY | O_DIRECTORY);
    (void)state;
    spool_init(&s, dir, 1000, 64u << 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(spool_write(&s, mb, sizeof(mb), &e), 0);
    b = spool_blob(&s);
    rq.body = &b;
    httpd_put(srv, "/big", "text/plain", "ok", 2);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", httpd_port(srv));
    assert_int_equal(http_post(&ans, cl, &rq, &e), 0);
    assert_int_equal(ans.status, 200);
    assert_int_equal(ans.sent, 20u << 20);
    assert_int_equal(httpd_last_body(srv), 20u << 20);
    head = httpd_last_head(srv);
    assert_non_null(strstr(head, "\r\nContent-Length: 20971520\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: multipart/related; x=\"y\"\r\n"));
    assert_null(strcasestr(head, "expect"));
    assert_null(strcasestr(head, "accept-encoding"));
    assert_null(strcasestr(head, "transfer-encoding"));
    free(head);
    spool_free(&s);
    (void)close(dir);
}

static void connections_are_kept(void **state)
{
    (void)state;
    httpd_put(srv, "/k", "text/plain", "ok", 2);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(post("/k", "x", 1), 0);
        assert_int_equal(ans.reused, i > 0);
    }
    assert_int_equal(httpd_connections(srv), 1);
}

/* A kept connection that the peer has closed meanwhile is noticed before a body byte is spent. */
static void closed_connections_are_not_used_again(void **state)
{
    const char *ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    (void)state;
    httpd_set(srv, "/c", HTTPD_ANSWER_CLOSE, ok, strlen(ok));
    for (unsigned i = 1; i < 5; i++) {
        assert_int_equal(post("/c", "x", 1), 0);
        assert_int_equal(httpd_hits(srv, "/c"), i);
        clock_sleep(50);
    }
    assert_int_equal(httpd_connections(srv), 4);
}

/*= PEPPOL-TLS 1.1.0 1 "a certificate that browsers trust" */
/*= PEPPOL-TLS 1.1.0 1 "the name must match" */
static void tls_is_verified(void **state)
{
    struct http_egress lab = {true, true, true};
    struct httpd *tls = httpd_start("ap.example");
    char line[2][100];
    const char *resolve[3] = {line[0], line[1], NULL};
    (void)state;
    patience = 20000; /* handshakes on a busy machine take their time */
    (void)snprintf(line[0], sizeof(line[0]), "ap.example:%d:127.0.0.1", httpd_port(tls));
    (void)snprintf(line[1], sizeof(line[1]), "other.example:%d:127.0.0.1", httpd_port(tls));
    httpd_put(tls, "/", "text/plain", "ok", 2);
    client(lab, NULL, resolve);
    (void)snprintf(url, sizeof(url), "https://ap.example:%d/", httpd_port(tls));
    failed(post_at(url, "x", 1), "http.tls", ERR_RETRY); /* its CA is not ours */
    assert_non_null(strstr(e.msg, "certificate"));
    client(lab, testpki_path("root.pem"), resolve);
    assert_int_equal(post_at(url, "x", 1), 0);
    assert_int_equal(ans.status, 200);
    assert_true(ans.connect_ms > 0);
    (void)snprintf(url, sizeof(url), "https://other.example:%d/", httpd_port(tls));
    failed(post_at(url, "x", 1), "http.tls", ERR_RETRY); /* another name */
    assert_int_equal(httpd_hits(tls, "/"), 1);
    httpd_stop(tls);
}

/* A peer that closes after each answer costs a connection, not a whole handshake. */
static void tls_sessions_are_resumed(void **state)
{
    const char *ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct http_egress lab = {true, true, true};
    struct httpd *tls = httpd_start("ap.example");
    char line[100];
    const char *resolve[2] = {line, NULL};
    (void)state;
    patience = 20000;
    (void)snprintf(line, sizeof(line), "ap.example:%d:127.0.0.1", httpd_port(tls));
    (void)snprintf(url, sizeof(url), "https://ap.example:%d/", httpd_port(tls));
    httpd_set(tls, "/", HTTPD_ANSWER_CLOSE, ok, strlen(ok));
    client(lab, testpki_path("root.pem"), resolve);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(post_at(url, "x", 1), 0);
        assert_int_equal(httpd_connections(tls), i + 1);
        assert_int_equal(httpd_resumed(tls), i);
        clock_sleep(50);
    }
    httpd_stop(tls);
}

/* The lab's own network: names and port 443 as in life, connected to somewhere else. */
static void connections_can_be_led_elsewhere(void **state)
{
    struct http_egress lab = {.private_ok = true};
    struct httpd *tls = httpd_start("ap.example");
    char line[100];
    const char *to[2] = {line, NULL};
    struct http_cfg c = {
        .egress = lab, .extra_ca_file = testpki_path("root.pem"), .connect_to = to};
    (void)state;
    patience = 20000; /* handshakes on a busy machine take their time */
    (void)snprintf(line, sizeof(line), "ap.example:443:127.0.0.1:%d", httpd_port(tls));
    httpd_put(tls, "/as4", "text/plain", "ok", 2);
    http_client_close(cl);
    assert_int_equal(http_client_open(&cl, &c, &e), 0);
    assert_int_equal(post_at("https://ap.example/as4", "x", 1), 0);
    assert_int_equal(ans.status, 200);
    assert_string_equal(ans.remote_ip, "127.0.0.1");
    httpd_stop(tls);
}

static void *worker(void *arg)
{
    struct http_request rq = {.url = url};
    unsigned *good = arg;

    for (int i = 0; i < 20; i++) {
        struct http_answer a;
        struct err we = ERR_INIT;
        if (http_get(&a, cl, &rq, &we) == 0 && a.status == 200)
            (*good)++;
        http_answer_free(&a);
    }
    return NULL;
}

static void threads_share_one_client(void **state)
{
    pthread_t t[6];
    unsigned good[6] = {0};
    (void)state;
    httpd_put(srv, "/t", "text/plain", "ok", 2);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/t", httpd_port(srv));
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, &good[i]), 0);
    for (int i = 0; i < 6; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(good[i], 20);
    }
    assert_true(httpd_connections(srv) <= 6);
}

/* The same connection, the same bounds, other methods. */
static void put_and_delete_say_so(void **state)
{
    struct blob b = blob_mem("<x/>", 4);
    struct http_request rq = {.url = url, .body = &b, .content_type = "text/xml", .hop = "SMP"};
    char *head;
    (void)state;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/p", httpd_port(srv));
    httpd_put(srv, "/p", "text/plain", "ok", 2);
    assert_int_equal(http_put(&ans, cl, &rq, &e), 0);
    head = httpd_last_head(srv);
    assert_memory_equal(head, "PUT /p HTTP/1.1", 15);
    assert_int_equal(httpd_last_body(srv), 4);
    free(head);
    http_answer_free(&ans);
    assert_int_equal(http_delete(&ans, cl, &rq, &e), 0);
    head = httpd_last_head(srv);
    assert_memory_equal(head, "DELETE /p HTTP/1.1", 18);
    assert_null(strstr(head, "Content-Type"));
    free(head);
    assert_int_equal(get("/p"), 0); /* a kept handle forgets the method */
    head = httpd_last_head(srv);
    assert_memory_equal(head, "GET /p", 6);
    free(head);
    httpd_set(srv, "/r", HTTPD_RESET_BODY, "", 0);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/r", httpd_port(srv));
    http_answer_free(&ans);
    assert_int_equal(http_put(&ans, cl, &rq, &e), -1);
    assert_int_equal(e.class, ERR_UNKNOWN);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest t[] = {
        T(private_addresses_are_known),
        T(outside_the_lab_only_public_https_443_is_called),
        T(trouble_before_the_body_is_transient),
        T(trouble_after_body_bytes_left_is_unknown),
        T(answers_are_bounded_in_time_and_size),
        T(any_status_is_an_answer_and_redirects_are_not_followed),
        T(odd_framing_is_read),
        T(an_encoded_answer_is_decoded_within_its_limit),
        T(one_of_a_hosts_addresses_is_dead),
        T(asked_for_redirects_are_followed_within_their_number),
        T(a_big_body_streams_with_its_length),
        T(connections_are_kept),
        T(closed_connections_are_not_used_again),
        T(tls_is_verified),
        T(tls_sessions_are_resumed),
        T(connections_can_be_led_elsewhere),
        T(threads_share_one_client),
        T(put_and_delete_say_so),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
