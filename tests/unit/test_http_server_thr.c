/* The server against raw bytes: what a lenient library would take must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/hash.h"
#include "ap/http/http_server.h"

static struct http_server *server;
static unsigned served; /* atomic */

static int admit(void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    (void)user;
    if (strcmp(rq->method, "POST") != 0) {
        out->allow = "POST";
        return 405;
    }
    return strcmp(rq->path, "/as4") == 0 ? 0 : 404;
}

static void serve(
    void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    (void)user;
    __atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
    out->status = 200;
    out->content_type = "text/plain";
    buf_printf(&out->body, "len=%llu", (unsigned long long)rq->body.len);
}

static int start(void **state)
{
    static const struct http_handler h = {admit, serve, NULL};
    struct http_server_cfg c = {.listen = "127.0.0.1:0",
        .listen_fd = -1,
        .max_body = 1 << 20,
        .tmp_dirfd = -1,
        .idle_ms = 1500,
        .request_ms = 3000,
        .max_connections = 40,
        .max_per_address = 40};
    struct err e = ERR_INIT;

    (void)state;
    if (http_server_start(&server, &c, &h, &e))
        return -1;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_drain(server, 1000);
    return 0;
}

/* As 127.0.0.`from`. */
static int dial_from(unsigned from)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(server))};
    struct sockaddr_in self = {.sin_family = AF_INET};
    struct timeval t = {8, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + from);
    assert_int_equal(bind(fd, (struct sockaddr *)&self, sizeof(self)), 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static int dial(void)
{
    return dial_from(1);
}

/* Everything until the peer closes or 8 s pass. */
static size_t drain(int fd, char *out, size_t n)
{
    size_t got = 0;
    ssize_t r;

    while (got < n - 1 && (r = recv(fd, out + got, n - 1 - got, 0)) > 0)
        got += (size_t)r;
    out[got] = '\0';
    return got;
}

static int status_of(const char *bytes, char *reply, size_t n)
{
    int fd = dial();

    assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
    (void)drain(fd, reply, n);
    (void)close(fd);
    return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? (int)strtol(reply + 9, NULL, 10) : 0;
}

static void expect(int status, const char *bytes)
{
    char reply[4096];
    int got = status_of(bytes, reply, sizeof(reply));

    if (got != status)
        fail_msg("%d instead of %d to: %s\n%s", got, status, bytes, reply);
}

#define POST "POST /as4 HTTP/1.1\r\nConnection: close\r\n"
static void ambiguous_framing_is_refused(void **state)
{
    (void)state;
    expect(400, POST "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    expect(400, POST "Content-Length: 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi");
    expect(400,
        POST "Host: a\r\nContent-Type: a/b\r\nContent-Type: a/c\r\nContent-Length: 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    expect(400, POST "Host: a\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nContent-Length : 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nContent-Length-X: 1\r\nContent-Length: 2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nContent-Length: +2\r\n\r\nhi");
    expect(400, POST "Host: a\r\nContent-Length: 2, 2\r\n\r\nhi");
    expect(415, POST "Host: a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi");
}

/*= PEPPOL-AS4 4.10 "chunked transfer" */
static void good_requests_are_served(void **state)
{
    (void)state;
    expect(200, POST "Host: a\r\nContent-Length: 2\r\n\r\nhi");
    expect(200, POST "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    expect(200, POST "Host: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    expect(200, "POST http://a:1/as4 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    expect(404, "POST http://as4 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    expect(405, "GET /as4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(404, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    expect(413, POST "Host: a\r\nContent-Length: 1048577\r\n\r\n");
}

/* What comes back for so many chunks of 64 KiB and the end. */
static void chunks(char *reply, size_t cap, int n)
{
    int fd = dial();
    char chunk[65536 + 16];
    size_t at;
    const char *head = POST "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    assert_true(send(fd, head, strlen(head), MSG_NOSIGNAL) > 0);
    at = (size_t)snprintf(chunk, sizeof(chunk), "10000\r\n");
    memset(chunk + at, 'x', 65536);
    memcpy(chunk + at + 65536, "\r\n", 2);
    for (int i = 0; i < n; i++)
        if (send(fd, chunk, at + 65538, MSG_NOSIGNAL) < 0)
            break;
    (void)send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
    (void)drain(fd, reply, cap);
    (void)close(fd);
}

static void chunked_over_the_limit_is_refused(void **state)
{
    char reply[2048];

    (void)state;
    chunks(reply, sizeof(reply), 20);
    assert_non_null(strstr(reply, "HTTP/1.1 413"));
    chunks(reply, sizeof(reply), 40); /* far over it: cut */
    assert_null(strstr(reply, "HTTP/1.1"));
}

static void a_stalled_peer_is_cut_and_others_are_served(void **state)
{
    int stalled[20];
    int64_t t0;
    char reply[512];

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        stalled[i] = dial();
        assert_true(send(stalled[i], "POST /as4 HTT", 13, MSG_NOSIGNAL) > 0);
    }
    t0 = clock_mono();
    expect(200, POST "Host: a\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(clock_mono() - t0 < 1000);
    for (size_t i = 0; i < 20; i++) {
        (void)drain(stalled[i], reply, sizeof(reply));
        (void)close(stalled[i]);
    }
    assert_true(clock_mono() - t0 < 7000);
}

static void *many(void *arg)
{
    char reply[512];
    int fd = dial();
    const char *rq = "POST /as4 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

    for (int i = 0; i < 50; i++) {
        ssize_t n;
        if (send(fd, rq, strlen(rq), MSG_NOSIGNAL) < 0)
            break;
        n = recv(fd, reply, sizeof(reply) - 1, 0);
        if (n <= 0)
            break;
        reply[n] = '\0';
        if (strstr(reply, "len=5"))
            __atomic_add_fetch((unsigned *)arg, 1, __ATOMIC_RELAXED);
    }
    (void)close(fd);
    return NULL;
}

static void keep_alive_requests_of_many_threads_all_get_their_answer(void **state)
{
    pthread_t t[8];
    unsigned ok = 0;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&t[i], NULL, many, &ok), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    assert_int_equal(ok, 400);
}

static void several_addresses_are_served_and_one_that_fails_takes_all_back(void **state)
{
    static const struct http_handler h = {admit, serve, NULL};
    static const char *const bad[] = {"127.0.0.1:0, nonsense", "", ",", "127.0.0.1:0,[::1]:70000"};
    struct http_server_cfg c = {.listen_fd = -1, .tmp_dirfd = -1, .max_body = 1024};
    struct http_server *of_the_group = server;
    struct err e = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        c.listen = bad[i];
        assert_int_equal(http_server_start(&server, &c, &h, &e), -1);
        assert_string_equal(e.code, "listen.address");
    }
    c.listen = "127.0.0.1:0, 127.0.0.2:0";
    assert_int_equal(http_server_start(&server, &c, &h, &e), 0);
    expect(404, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    http_server_drain(server, 1000);
    server = of_the_group;
}

/* One descriptor is left, and the client has it. */
static void s13_who_cannot_be_taken_now_waits_and_is_served(void **state)
{
    const char *rq = POST "Host: a\r\nContent-Length: 2\r\n\r\nhi";
    struct rlimit was, few;
    struct timeval soon = {0, 300000}, t = {8, 0};
    char reply[512];
    int fd;

    (void)state;
    fd = dup(0); /* the lowest that is free */
    (void)close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    few = (struct rlimit){(rlim_t)fd + 1, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    fd = dial();
    assert_int_equal(send(fd, rq, strlen(rq), MSG_NOSIGNAL), strlen(rq));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
    assert_int_equal(recv(fd, reply, sizeof(reply), 0), -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
    (void)drain(fd, reply, sizeof(reply));
    assert_non_null(strstr(reply, "len=2"));
    (void)close(fd);
}

static void who_is_over_the_limit_waits_until_one_leaves(void **state)
{
    const char *rq = POST "Host: a\r\nContent-Length: 2\r\n\r\nhi";
    struct timeval soon = {0, 200000}, t = {8, 0};
    int idle[40], fd;
    char reply[512];

    (void)state;
    for (size_t i = 0; i < 40; i++)
        idle[i] = dial();
    fd = dial();
    assert_int_equal(send(fd, rq, strlen(rq), MSG_NOSIGNAL), strlen(rq));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
    assert_int_equal(recv(fd, reply, sizeof(reply), 0), -1);
    (void)close(idle[7]);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
    (void)drain(fd, reply, sizeof(reply));
    assert_non_null(strstr(reply, "len=2"));
    (void)close(fd);
    for (size_t i = 0; i < 40; i++)
        if (i != 7)
            (void)close(idle[i]);
}

/* ---- a server of its own for one test ---- */

static struct http_server *the_groups;

static void begin(struct http_server_cfg *c)
{
    static const struct http_handler h = {admit, serve, NULL};
    struct err e = ERR_INIT;

    c->listen = "127.0.0.1:0";
    c->listen_fd = c->tmp_dirfd = -1;
    c->max_body = 1 << 20;
    the_groups = server;
    assert_int_equal(http_server_start(&server, c, &h, &e), 0);
}

static void end(void)
{
    http_server_drain(server, 1000);
    server = the_groups;
}

#define CROWD 10000

static size_t files_allowed(void)
{
    struct rlimit r;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r);
    return (size_t)r.rlim_cur;
}

/* Half a head each, and nothing more. */
static void n12_a_crowd_of_one_address_holds_up_no_other(void **state)
{
    struct http_server_cfg c = {.max_connections = 64}; /* 33 an address */
    static int crowd[CROWD];
    size_t n = files_allowed() > CROWD + 200 ? CROWD : files_allowed() - 200;
    unsigned asked = 0;

    (void)state;
    begin(&c);
    for (size_t i = 0; i < n; i++) {
        crowd[i] = dial_from(2);
        (void)send(crowd[i], "POST /as4 HTT", 13, MSG_NOSIGNAL); /* may be closed already */
        if (i % (n / 20) == 0) {
            int64_t t0 = clock_mono();
            expect(200, POST "Host: a\r\nContent-Length: 2\r\n\r\nhi");
            assert_true(clock_mono() - t0 < 1000);
            asked++;
        }
    }
    assert_true(asked >= 20);
    for (size_t i = 0; i < n; i++)
        (void)close(crowd[i]);
    end();
}

static void n12_a_body_that_drips_is_cut(void **state)
{
    struct http_server_cfg c = {.body_rate = 1000};
    const char *head = POST "Host: a\r\nContent-Length: 100000\r\n\r\n";
    int64_t t0 = clock_mono();
    ssize_t sent;
    int fd;

    (void)state;
    begin(&c);
    fd = dial();
    sent = send(fd, head, strlen(head), MSG_NOSIGNAL);
    assert_int_equal(sent, strlen(head));
    while (sent > 0 && clock_mono() - t0 < 30000) {
        (void)usleep(100000);
        sent = send(fd, "0123456789", 10, MSG_NOSIGNAL); /* 100 bytes a second */
    }
    assert_true(sent < 0);
    (void)close(fd);
    end();
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(ambiguous_framing_is_refused),
        cmocka_unit_test(good_requests_are_served),
        cmocka_unit_test(chunked_over_the_limit_is_refused),
        cmocka_unit_test(a_stalled_peer_is_cut_and_others_are_served),
        cmocka_unit_test(keep_alive_requests_of_many_threads_all_get_their_answer),
        cmocka_unit_test(s13_who_cannot_be_taken_now_waits_and_is_served),
        cmocka_unit_test(who_is_over_the_limit_waits_until_one_leaves),
        cmocka_unit_test(n12_a_crowd_of_one_address_holds_up_no_other),
        cmocka_unit_test(n12_a_body_that_drips_is_cut),
        cmocka_unit_test(several_addresses_are_served_and_one_that_fails_takes_all_back),
    };
    return cmocka_run_group_tests(t, start, stop);
}
