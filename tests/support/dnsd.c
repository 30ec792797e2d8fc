#include "tests/support/dnsd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "dnsd: %s (line %d)\n", #x, __LINE__);                                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define NAMES 64
#define RECORDS 130
#define TTL 60

struct record {
    unsigned type;
    size_t n;
    uint8_t rdata[600];
};

struct entry {
    char name[256];
    enum dnsd_act act;
    struct record *r;
    size_t n;
    unsigned hits;
};

struct dnsd {
    int udp, tcp;
    char address[40];
    pthread_t thread;
    pthread_mutex_t lock;
    bool stop;
    struct entry entry[NAMES];
    size_t n;
};

static void plain(char out[256], const char *name)
{
    size_t n = strlen(name);

    NEED(n < 256);
    memcpy(out, name, n + 1);
    if (n && out[n - 1] == '.')
        out[n - 1] = '\0';
}

static struct entry *find(struct dnsd *d, const char *name)
{
    char p[256];

    plain(p, name);
    for (size_t i = 0; i < d->n; i++)
        if (strcasecmp(d->entry[i].name, p) == 0)
            return &d->entry[i];
    return NULL;
}

static struct entry *need(struct dnsd *d, const char *name)
{
    struct entry *e = find(d, name);

    if (!e) {
        NEED(d->n < NAMES);
        e = &d->entry[d->n++];
        plain(e->name, name);
        e->r = calloc(RECORDS, sizeof(*e->r));
        NEED(e->r);
    }
    return e;
}

static size_t wire_name(uint8_t *out, const char *name)
{
    size_t n = 0;
    char p[256];

    plain(p, name);
    for (char *label = p; *label;) {
        size_t len = strcspn(label, ".");
        NEED(len > 0 && len < 64);
        out[n++] = (uint8_t)len;
        memcpy(out + n, label, len);
        n += len;
        label += len + (label[len] == '.');
    }
    out[n++] = 0;
    return n;
}

static size_t put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return 2;
}

/* Reads the question's name; length with type and class, 0 when odd. */
static size_t question(char out[256], const uint8_t *q, size_t n)
{
    size_t at = 12, len = 0;

    if (n < 17)
        return 0;
    while (at < n && q[at]) {
        if (q[at] > 63 || at + q[at] + 1u >= n || len + q[at] + 2u > 255)
            return 0;
        if (len)
            out[len++] = '.';
        memcpy(out + len, q + at + 1, q[at]);
        len += q[at];
        at += q[at] + 1u;
    }
    out[len] = '\0';
    return at + 5 <= n ? at + 5 : 0;
}

static size_t add_records(
    uint8_t *out, const struct entry *e, const char *name, unsigned type, unsigned *count)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++) {
        if (e->r[i].type != type && e->r[i].type != 5)
            continue;
        n += wire_name(out + n, name);
        n += put16(out + n, e->r[i].type);
        n += put16(out + n, 1);
        n += put16(out + n, 0);
        n += put16(out + n, TTL);
        n += put16(out + n, (unsigned)e->r[i].n);
        memcpy(out + n, e->r[i].rdata, e->r[i].n);
        n += e->r[i].n;
        ++*count;
    }
    return n;
}

/* The answer to a question; 0: none. */
static size_t answer(struct dnsd *d, uint8_t out[65535], const uint8_t *q, size_t n, bool udp)
{
    char name[256];
    size_t len = question(name, q, n);
    unsigned rcode = 3, count = 0, flags;
    struct entry *e;

    if (!len)
        return 0;
    memcpy(out, q, len);
    pthread_mutex_lock(&d->lock);
    e = find(d, name);
    if (e)
        e->hits++;
    flags = 0x8580u; /* response, authoritative, recursion wanted and had */
    if (e && (e->act == DNSD_RECORDS || e->act == DNSD_TRUNCATED))
        rcode = 0;
    else if (e && e->act == DNSD_SERVFAIL)
        rcode = 2;
    else if (e && e->act == DNSD_REFUSED)
        rcode = 5;
    if (e && e->act == DNSD_SILENT)
        len = 0;
    else if (e && e->act == DNSD_GARBAGE)
        memset(out + 2, 0xff, len - 2);
    else if (e && e->act == DNSD_TRUNCATED && udp)
        flags |= 0x0200;
    else if (rcode == 0)
        len +=
            add_records(out + len, e, name, (unsigned)(out[len - 4] << 8 | out[len - 3]), &count);
    if (len && !(e && e->act == DNSD_GARBAGE)) {
        put16(out + 2, flags | rcode);
        put16(out + 4, 1);
        put16(out + 6, count);
        put16(out + 8, 0);
        put16(out + 10, 0);
    }
    pthread_mutex_unlock(&d->lock);
    return len;
}

static void by_udp(struct dnsd *d)
{
    static _Thread_local uint8_t q[65535], a[65535];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    ssize_t n = recvfrom(d->udp, q, sizeof(q), 0, (struct sockaddr *)&from, &len);
    size_t m = n > 0 ? answer(d, a, q, (size_t)n, true) : 0;

    if (m)
        (void)sendto(d->udp, a, m, 0, (struct sockaddr *)&from, len);
}

static void by_tcp(struct dnsd *d)
{
    static _Thread_local uint8_t q[65535], a[65537];
    int fd = accept(d->tcp, NULL, NULL);
    struct timeval t = {1, 0};
    ssize_t n;

    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    if (recv(fd, q, 2, MSG_WAITALL) == 2 &&
        (n = recv(fd, q, (size_t)(q[0] << 8 | q[1]), MSG_WAITALL)) > 0) {
        size_t m = answer(d, a + 2, q, (size_t)n, false);
        put16(a, (unsigned)m);
        if (m)
            (void)send(fd, a, m + 2, MSG_NOSIGNAL);
    }
    (void)close(fd);
}

static void *run(void *arg)
{
    struct dnsd *d = arg;
    struct pollfd p[2] = {{d->udp, POLLIN, 0}, {d->tcp, POLLIN, 0}};

    for (;;) {
        bool stop;
        pthread_mutex_lock(&d->lock);
        stop = d->stop;
        pthread_mutex_unlock(&d->lock);
        if (stop)
            return NULL;
        if (poll(p, 2, 50) <= 0)
            continue;
        if (p[0].revents)
            by_udp(d);
        if (p[1].revents)
            by_tcp(d);
    }
}

struct dnsd *dnsd_start(void)
{
    struct dnsd *d = calloc(1, sizeof(*d));
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);

    NEED(d);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    d->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    NEED(bind(d->tcp, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(d->tcp, 16) == 0);
    NEED(getsockname(d->tcp, (struct sockaddr *)&a, &len) == 0);
    NEED(bind(d->udp, (struct sockaddr *)&a, sizeof(a)) == 0);
    (void)snprintf(d->address, sizeof(d->address), "127.0.0.1@%d", ntohs(a.sin_port));
    pthread_mutex_init(&d->lock, NULL);
    NEED(pthread_create(&d->thread, NULL, run, d) == 0);
    return d;
}

void dnsd_stop(struct dnsd *d)
{
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    (void)close(d->udp);
    (void)close(d->tcp);
    for (size_t i = 0; i < d->n; i++)
        free(d->entry[i].r);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

const char *dnsd_address(const struct dnsd *d)
{
    return d->address;
}

void dnsd_set(struct dnsd *d, const char *name, enum dnsd_act act)
{
    struct entry *e;

    pthread_mutex_lock(&d->lock);
    e = need(d, name);
    e->act = act;
    e->n = 0;
    pthread_mutex_unlock(&d->lock);
}

void dnsd_record(struct dnsd *d, const char *name, unsigned type, const void *rdata, size_t n)
{
    struct entry *e;

    pthread_mutex_lock(&d->lock);
    e = need(d, name);
    NEED(e->n < RECORDS && n <= sizeof(e->r[0].rdata));
    e->r[e->n].type = type;
    e->r[e->n].n = n;
    memcpy(e->r[e->n].rdata, rdata, n);
    e->n++;
    pthread_mutex_unlock(&d->lock);
}

static size_t put_text(uint8_t *out, const char *z)
{
    size_t n = strlen(z);

    NEED(n < 256);
    out[0] = (uint8_t)n;
    memcpy(out + 1, z, n);
    return n + 1;
}

void dnsd_naptr(struct dnsd *d, const char *name, unsigned order, unsigned preference,
    const char *flags, const char *services, const char *regexp)
{
    uint8_t r[800];
    size_t n = put16(r, order);

    n += put16(r + n, preference);
    n += put_text(r + n, flags);
    n += put_text(r + n, services);
    n += put_text(r + n, regexp);
    r[n++] = 0;
    dnsd_record(d, name, 35, r, n);
}

void dnsd_cname(struct dnsd *d, const char *name, const char *target)
{
    uint8_t r[256];

    dnsd_record(d, name, 5, r, wire_name(r, target));
}

unsigned dnsd_hits(struct dnsd *d, const char *name)
{
    struct entry *e;
    unsigned n;

    pthread_mutex_lock(&d->lock);
    e = find(d, name);
    n = e ? e->hits : 0;
    pthread_mutex_unlock(&d->lock);
    return n;
}
