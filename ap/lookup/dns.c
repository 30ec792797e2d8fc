/* dns.c - the thread that drives libunbound, and the callers that wait for it with a deadline.
 *
 * A question is on the list from dns_ask() until its thread and its asker have both let go of it.
 * Its state is guarded by the one lock; libunbound is never called with the lock held. */
#include "ap/lookup/dns_priv.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fds.h"

#define MAX_RUNNING 256u /* questions at once; more are told to come back */
#define CLASS_IN 1
/* libevent ends the whole process when it lacks those of its loop (libunbound makes it at the first
 * question). */
#define FDS_OF_LOOP 16u

enum state { NEW, RUNNING, DONE };

struct question {
    struct dns *d;
    struct question *next;
    char name[256];
    int type, id;
    enum state state;
    bool given_up; /* the asker is gone */
    int rc;        /* of libunbound */
    struct ub_result *result;
    pthread_cond_t done;
};

struct dns {
    struct ub_ctx *ctx;
    int wake;
    pthread_t thread;
    bool has_thread, stop;
    pthread_mutex_t lock;
    struct question *list;
    unsigned n;
};

/* ---- the list; lock held ---- */

static void unlink_question(struct dns *d, struct question *q)
{
    struct question **p = &d->list;

    while (*p != q)
        p = &(*p)->next;
    *p = q->next;
    d->n--;
}

static void drop(struct question *q)
{
    if (q->result)
        ub_resolve_free(q->result);
    (void)pthread_cond_destroy(&q->done);
    free(q);
}

static void finish(struct question *q, int rc, struct ub_result *result)
{
    q->state = DONE;
    q->rc = rc;
    q->result = result;
    if (q->given_up) {
        unlink_question(q->d, q);
        drop(q);
        return;
    }
    (void)pthread_cond_signal(&q->done);
}

/* ---- the thread ---- */

static void on_answer(void *ctx, int rc, struct ub_result *result)
{
    struct question *q = ctx;
    struct dns *d = q->d;

    (void)pthread_mutex_lock(&d->lock);
    finish(q, rc, result);
    (void)pthread_mutex_unlock(&d->lock);
}

static void start(struct dns *d, struct question *q)
{
    int rc = UB_SOCKET;

    if (fds_spare(FDS_OF_LOOP))
        rc = ub_resolve_async(d->ctx, q->name, q->type, CLASS_IN, q, on_answer, &q->id);
    if (rc == 0)
        return;
    (void)pthread_mutex_lock(&d->lock);
    finish(q, rc, NULL);
    (void)pthread_mutex_unlock(&d->lock);
}

enum job { NOTHING, START, CANCEL, FORGET };

/* Next question with something to do. What was given up leaves the list here and is ours alone. */
static enum job next_job(struct dns *d, struct question **out)
{
    struct question *q;
    enum job job = NOTHING;

    (void)pthread_mutex_lock(&d->lock);
    for (q = d->list; q && job == NOTHING; q = q->next) {
        if (q->state != DONE && q->given_up)
            job = q->state == RUNNING ? CANCEL : FORGET;
        else if (q->state == NEW)
            job = START;
        if (job != NOTHING)
            *out = q;
    }
    if (job == START)
        (*out)->state = RUNNING;
    else if (job != NOTHING)
        unlink_question(d, *out);
    (void)pthread_mutex_unlock(&d->lock);
    return job;
}

static void work(struct dns *d)
{
    struct question *q = NULL;
    enum job job;

    while ((job = next_job(d, &q)) != NOTHING) {
        if (job == START) {
            start(d, q);
            continue;
        }
        if (job == CANCEL)
            (void)ub_cancel(d->ctx, q->id); /* its callback will not be called */
        drop(q);
    }
}

static bool stopping(struct dns *d)
{
    bool s;

    (void)pthread_mutex_lock(&d->lock);
    s = d->stop;
    (void)pthread_mutex_unlock(&d->lock);
    return s;
}

static void *run(void *arg)
{
    struct dns *d = arg;
    struct pollfd p[2] = {{d->wake, POLLIN, 0}, {ub_fd(d->ctx), POLLIN, 0}};

    while (!stopping(d)) {
        uint64_t n;
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[0].revents && read(d->wake, &n, sizeof(n)) < 0 && errno != EAGAIN)
            break;
        work(d);
        if (p[1].revents)
            (void)ub_process(d->ctx);
    }
    return NULL;
}

static void wake(struct dns *d)
{
    uint64_t one = 1;
    ssize_t n = write(d->wake, &one, sizeof(one));

    (void)n; /* a full counter wakes as well */
}

/* ---- opening ---- */

/* Answers are neither taken from the cache nor put there. Only a configuration file can say so, and
 * it is read before the forwarder's address is added. (A longest TTL of 0 would not do: libunbound
 * has one for the whole process, that of the context which began last.) */
static int keep_nothing(struct ub_ctx *c)
{
    static const char text[] = "forward-zone:\n name: \".\"\n forward-no-cache: yes\n";
    int fd = memfd_create("unbound.conf", MFD_CLOEXEC), rc = -1;
    char path[64];

    if (fd < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1)
        rc = ub_ctx_config(c, path) ? -1 : 0;
    (void)close(fd);
    return rc;
}

static int set_options(struct ub_ctx *c, const char *resolver, const char *anchor, bool keep)
{
    const char *const fixed[][2] = {
        {"do-not-query-localhost:", "no"}, /* a forwarder may stand beside us */
        {"cache-max-ttl:", "3600"},
        {"cache-max-negative-ttl:", "300"}, /* the just registered are soon found */
        {"infra-host-ttl:", "60"},          /* a resolver that was down is tried again soon */
        {"infra-keep-probing:", "yes"},
        {"edns-buffer-size:", "1232"},
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (ub_ctx_set_option(c, fixed[i][0], fixed[i][1]))
            return -1;
    if (!anchor && ub_ctx_set_option(c, "module-config:", "iterator"))
        return -1;
    if (anchor && ub_ctx_add_ta_file(c, anchor))
        return -1;
    if (ub_ctx_async(c, 1) || (!keep && keep_nothing(c)))
        return -1;
    return resolver ? ub_ctx_set_fwd(c, resolver) : ub_ctx_resolvconf(c, NULL);
}

int dns_open(
    struct dns **out, const char *resolver, const char *trust_anchor, bool keep, struct err *e)
{
    struct dns *d = calloc(1, sizeof(*d));

    *out = NULL;
    if (!d)
        return err_nomem(e);
    (void)pthread_mutex_init(&d->lock, NULL);
    d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    d->ctx = ub_ctx_create();
    if (d->wake < 0 || !d->ctx) {
        dns_close(d);
        return err_nomem(e);
    }
    if (set_options(d->ctx, resolver, trust_anchor, keep)) {
        dns_close(d);
        return err_set(e, ERR_CONFIG, "dns.config", "", "resolver %.60s%s%.100s cannot be used",
            resolver ? resolver : "of this machine", trust_anchor ? ", trust anchor " : "",
            trust_anchor ? trust_anchor : "");
    }
    if (pthread_create(&d->thread, NULL, run, d)) {
        dns_close(d);
        return err_nomem(e);
    }
    d->has_thread = true;
    *out = d;
    return 0;
}

void dns_close(struct dns *d)
{
    if (!d)
        return;
    if (d->has_thread) {
        (void)pthread_mutex_lock(&d->lock);
        d->stop = true;
        (void)pthread_mutex_unlock(&d->lock);
        wake(d);
        (void)pthread_join(d->thread, NULL);
    }
    while (d->list) { /* given up, and not yet cancelled */
        struct question *q = d->list;
        if (q->state == RUNNING)
            (void)ub_cancel(d->ctx, q->id);
        unlink_question(d, q);
        drop(q);
    }
    ub_ctx_delete(d->ctx);
    if (d->wake >= 0)
        (void)close(d->wake);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}

/* ---- asking ---- */

static struct question *new_question(struct dns *d, const char *name, int type)
{
    struct question *q = calloc(1, sizeof(*q));
    pthread_condattr_t a;

    if (!q)
        return NULL;
    q->d = d;
    q->type = type;
    (void)snprintf(q->name, sizeof(q->name), "%s", name);
    (void)pthread_condattr_init(&a);
    (void)pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->done, &a);
    (void)pthread_condattr_destroy(&a);
    return q;
}

static bool add(struct dns *d, struct question *q)
{
    bool room;

    (void)pthread_mutex_lock(&d->lock);
    room = d->n < MAX_RUNNING;
    if (room) {
        q->next = d->list;
        d->list = q;
        d->n++;
    }
    (void)pthread_mutex_unlock(&d->lock);
    return room;
}

/* True: done, and q is ours alone again. False: left to the thread. */
static bool wait_for(struct dns *d, struct question *q, int64_t ms)
{
    struct timespec until = clock_until(ms * CLOCK_MS);
    bool done;

    (void)pthread_mutex_lock(&d->lock);
    while (q->state != DONE)
        if (pthread_cond_timedwait(&q->done, &d->lock, &until) == ETIMEDOUT)
            break;
    done = q->state == DONE;
    if (done)
        unlink_question(d, q);
    else
        q->given_up = true;
    (void)pthread_mutex_unlock(&d->lock);
    return done;
}

int dns_ask(struct ub_result **out, struct dns *d, const char *name, int type, int64_t deadline_ms,
    struct err *e)
{
    struct question *q = new_question(d, name, type);
    int rc;

    *out = NULL;
    if (!q)
        return err_nomem(e);
    if (!add(d, q)) {
        drop(q);
        return err_set(e, ERR_RETRY, "dns.temporary", "", "too many questions at once");
    }
    wake(d);
    if (!wait_for(d, q, deadline_ms)) {
        wake(d);
        return err_set(e, ERR_RETRY, "dns.timeout", "", "no answer from DNS in %lld ms",
            (long long)deadline_ms);
    }
    *out = q->result;
    q->result = NULL;
    rc = q->rc;
    drop(q);
    if (rc == 0 && *out)
        return 0;
    return err_set(e, ERR_RETRY, "dns.temporary", "", "the resolver failed: %s", ub_strerror(rc));
}
