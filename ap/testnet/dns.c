/* RFC 1035 messages, just enough of them. One question a message; names without compression in
 * questions (as resolvers send them); answers point back to offset 12. */
#include "ap/testnet/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ap/base/log.h"
#include "ap/testnet/registry.h"

#define MESSAGE 1500
enum { TYPE_NS = 2, TYPE_SOA = 6, TYPE_NAPTR = 35, TYPE_ANY = 255 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_SERVFAIL = 2, RCODE_NAME = 3, RCODE_REFUSED = 5 };

struct dns_server {
    char dir[4096], zone[256], smp_url[512];
    int udp, tcp, stop[2];
    pthread_t thread;
};

struct query {
    char name[256]; /* lower case, no closing dot */
    unsigned type;
    size_t end; /* of the question section */
};

struct reply {
    unsigned char b[MESSAGE];
    size_t n;
    bool full;
};

static void put(struct reply *r, const void *p, size_t n)
{
    if (n > sizeof(r->b) - r->n) {
        r->full = true;
        return;
    }
    memcpy(r->b + r->n, p, n);
    r->n += n;
}

static void put16(struct reply *r, unsigned v)
{
    const unsigned char b[2] = {(unsigned char)(v >> 8), (unsigned char)v};

    put(r, b, 2);
}

static void put32(struct reply *r, unsigned v)
{
    put16(r, v >> 16);
    put16(r, v & 0xffff);
}

static void put_text(struct reply *r, const char *s)
{
    unsigned char n = (unsigned char)strlen(s);

    put(r, &n, 1);
    put(r, s, n);
}

static void put_name(struct reply *r, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        unsigned char len = (unsigned char)n;
        put(r, &len, 1);
        put(r, name, n);
        name += n + (name[n] == '.');
    }
    put(r, "", 1);
}

static bool read_query(struct query *q, const unsigned char *m, size_t n)
{
    size_t at = 12, out = 0;

    if (n < 17 || (m[2] & 0x80) || m[4] || m[5] != 1)
        return false;
    while (at < n && m[at]) {
        size_t len = m[at];
        if (len > 63 || at + 1 + len >= n || out + len + 1 >= sizeof(q->name))
            return false;
        for (size_t i = 0; i < len; i++) {
            char c = (char)m[at + 1 + i];
            q->name[out++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
        q->name[out++] = '.';
        at += len + 1;
    }
    q->name[out ? out - 1 : 0] = '\0';
    if (at + 5 > n)
        return false;
    q->type = (unsigned)m[at + 1] << 8 | m[at + 2];
    q->end = at + 5;
    return true;
}

static bool in_zone(const struct dns_server *s, const char *name)
{
    size_t n = strlen(name), z = strlen(s->zone);

    return strcmp(name, s->zone) == 0 ||
           (n > z && name[n - z - 1] == '.' && strcmp(name + n - z, s->zone) == 0);
}

/* 1 registered, 0 not, -1 the registry cannot be read. */
static int registered(const struct dns_server *s, const char *name)
{
    struct arena *a = arena_new(8 << 20);
    struct registry_entry *rows;
    struct err e = ERR_INIT;
    char fqdn[PARTICIPANT_DNS];
    size_t n;
    int found = 0;

    if (!a || registry_read(&rows, &n, s->dir, a, &e)) {
        log_err(LOG_ERROR, "testnet.dns", &e, NULL);
        arena_free(a);
        return -1;
    }
    for (size_t i = 0; i < n && !found; i++)
        if (participant_dns(fqdn, &rows[i].participant, s->zone, &e) == 0) {
            fqdn[strlen(fqdn) - 1] = '\0'; /* its closing dot */
            found = strcmp(fqdn, name) == 0;
        }
    arena_free(a);
    return found;
}

static void record(struct reply *r, unsigned type, unsigned ttl)
{
    put16(r, 0xc00c); /* the name asked for */
    put16(r, type);
    put16(r, 1);
    put32(r, ttl);
}

static void length_at(struct reply *r, size_t at)
{
    size_t n = r->n - at - 2;

    if (!r->full) {
        r->b[at] = (unsigned char)(n >> 8);
        r->b[at + 1] = (unsigned char)n;
    }
}

static void put_naptr(struct reply *r, const struct dns_server *s)
{
    char regexp[600];
    size_t at;

    (void)snprintf(regexp, sizeof(regexp), "!.*!%s!", s->smp_url);
    record(r, TYPE_NAPTR, 60);
    at = r->n;
    put16(r, 0);
    put16(r, 100);
    put16(r, 10);
    put_text(r, "U");
    put_text(r, "Meta:SMP");
    put_text(r, regexp);
    put(r, "", 1); /* replacement: the root */
    length_at(r, at);
}

static void put_soa(struct reply *r, const struct dns_server *s)
{
    size_t at;

    put_name(r, s->zone);
    put16(r, TYPE_SOA);
    put16(r, 1);
    put32(r, 1);
    at = r->n;
    put16(r, 0);
    put_name(r, s->zone);
    put_name(r, s->zone);
    put32(r, 1);
    put32(r, 60);
    put32(r, 60);
    put32(r, 60);
    put32(r, 1); /* negative answers live for a second: what was just registered is found */
    length_at(r, at);
}

/* Length of the answer, 0: none. */
static size_t respond(const struct dns_server *s, const unsigned char *m, size_t n, struct reply *r)
{
    struct query q = {.end = 12};
    bool good = read_query(&q, m, n), naptr = false, soa = false;
    unsigned rcode = RCODE_OK;

    if (n < 12)
        return 0;
    if (!good) {
        rcode = RCODE_FORMAT;
    } else if (!in_zone(s, q.name)) {
        rcode = RCODE_REFUSED;
    } else if (strcmp(q.name, s->zone) == 0) {
        soa = true;
    } else {
        int found = registered(s, q.name);
        rcode = found < 0 ? RCODE_SERVFAIL : found ? RCODE_OK : RCODE_NAME;
        naptr = found == 1 && (q.type == TYPE_NAPTR || q.type == TYPE_ANY);
        soa = !naptr && found >= 0;
        if (!found && strlen(q.name) < 60)
            rcode = RCODE_OK; /* an empty non-terminal such as iso6523-actorid-upis.ZONE */
    }
    memset(r, 0, sizeof(*r));
    put(r, m, good ? q.end : 12);
    r->b[2] = (unsigned char)(0x84 | (m[2] & 1)); /* QR AA, RD as asked */
    r->b[3] = (unsigned char)rcode;
    memset(r->b + 4, 0, 8);
    r->b[5] = good;
    if (naptr)
        put_naptr(r, s);
    r->b[7] = naptr;
    if (soa)
        put_soa(r, s);
    r->b[9] = soa;
    return r->full ? 0 : r->n;
}

static void answer_udp(const struct dns_server *s)
{
    unsigned char m[MESSAGE];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    struct reply r;
    ssize_t n = recvfrom(s->udp, m, sizeof(m), 0, (struct sockaddr *)&from, &len);
    size_t out = n > 0 ? respond(s, m, (size_t)n, &r) : 0;

    if (out)
        (void)sendto(s->udp, r.b, out, 0, (struct sockaddr *)&from, len);
}

static void answer_tcp(const struct dns_server *s)
{
    const struct timeval t = {2, 0};
    unsigned char m[MESSAGE], head[2];
    struct reply r;
    size_t n, out;
    int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    if (recv(fd, head, 2, MSG_WAITALL) == 2 && (n = (size_t)head[0] << 8 | head[1]) <= sizeof(m) &&
        recv(fd, m, n, MSG_WAITALL) == (ssize_t)n && (out = respond(s, m, n, &r))) {
        head[0] = (unsigned char)(out >> 8);
        head[1] = (unsigned char)out;
        if (send(fd, head, 2, MSG_NOSIGNAL | MSG_MORE) == 2)
            (void)send(fd, r.b, out, MSG_NOSIGNAL);
    }
    (void)close(fd);
}

static void *dns_main(void *arg)
{
    struct dns_server *s = arg;
    struct pollfd p[3] = {{s->udp, POLLIN, 0}, {s->tcp, POLLIN, 0}, {s->stop[0], POLLIN, 0}};

    for (;;) {
        if (poll(p, 3, -1) < 0 && errno != EINTR)
            return NULL;
        if (p[2].revents)
            return NULL;
        if (p[0].revents & POLLIN)
            answer_udp(s);
        if (p[1].revents & POLLIN)
            answer_tcp(s);
    }
}

static int bind_one(int type, unsigned port, struct err *e)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return err_errno(e, "testnet.dns", "socket", "127.0.0.1");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || (type == SOCK_STREAM && listen(fd, 16))) {
        (void)err_errno(e, "testnet.dns", "bind", "127.0.0.1");
        (void)close(fd);
        return -1;
    }
    return fd;
}

int dns_start(struct dns_server **out, const char *dir, unsigned port, const char *zone,
    const char *smp_url, struct err *e)
{
    struct dns_server *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem(e);
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    (void)snprintf(s->zone, sizeof(s->zone), "%s", zone);
    (void)snprintf(s->smp_url, sizeof(s->smp_url), "%s", smp_url);
    s->udp = bind_one(SOCK_DGRAM, port, e);
    s->tcp = s->udp < 0 ? -1 : bind_one(SOCK_STREAM, port, e);
    if (s->tcp >= 0 && pipe2(s->stop, O_CLOEXEC) == 0) {
        if (pthread_create(&s->thread, NULL, dns_main, s) == 0) {
            *out = s;
            return 0;
        }
        (void)err_nomem(e);
        (void)close(s->stop[0]);
        (void)close(s->stop[1]);
    }
    if (s->udp >= 0)
        (void)close(s->udp);
    if (s->tcp >= 0)
        (void)close(s->tcp);
    free(s);
    return -1;
}

void dns_stop(struct dns_server *s)
{
    if (!s)
        return;
    (void)close(s->stop[1]);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->stop[0]);
    (void)close(s->udp);
    (void)close(s->tcp);
    free(s);
}
