/* launcher.c - the process that starts keyd for a service with threads: forked early, it has none,
 * and nothing of the network in its memory. It reads no key itself; its children do. One request at
 * a time: which key file, for which certificate; the answer carries keyd's socket and pidfd. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/crypto/key_priv.h"

#define CERT_MAX (16u << 10)
#define PATH_SIZE 4224

struct order {
    char key_pem[PATH_SIZE];
    uint32_t n;
    uint8_t cert[CERT_MAX];
};
struct outcome {
    struct err why; /* class none: it is started */
    pid_t pid;
};
#define ORDER_HEAD offsetof(struct order, cert)

struct key_launcher {
    pthread_mutex_t lock; /* one order at a time */
    int fd;
    pid_t pid;
};

union fds { /* room for two, aligned */
    struct cmsghdr head;
    char room[CMSG_SPACE(2 * sizeof(int))];
};

/* ---- in the launcher ---- */

static bool answer(const struct outcome *o, const struct keyd_child *c)
{
    union fds f = {0};
    struct iovec v = {(void *)(uintptr_t)o, sizeof(*o)};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    int fds[2] = {c->fd, c->process};

    if (!o->why.class) {
        m.msg_control = &f;
        m.msg_controllen = sizeof(f);
        f.head.cmsg_level = SOL_SOCKET;
        f.head.cmsg_type = SCM_RIGHTS;
        f.head.cmsg_len = CMSG_LEN(sizeof(fds));
        memcpy(CMSG_DATA(&f.head), fds, sizeof(fds));
    }
    return sendmsg(KEYD_SOCKET, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(*o);
}

static void on_child(void (*how)(int))
{
    const struct sigaction a = {.sa_handler = how};

    (void)sigaction(SIGCHLD, &a, NULL);
}

/* A child that ends at once is not to be gone before its pidfd is open; later on nobody waits. */
static int start(struct keyd_child *out, const struct order *q, struct err *e)
{
    struct str der = {(const char *)q->cert, q->n};
    struct cert *c;
    int rc;

    if (cert_from_der(&c, der, e))
        return -1;
    on_child(SIG_DFL);
    rc = keyd_fork(out, c, q->key_pem, true, e);
    on_child(SIG_IGN);
    (void)waitpid(-1, NULL, WNOHANG);
    cert_unref(c);
    return rc;
}

static bool launch(const struct order *q)
{
    struct keyd_child child = {-1, -1, 0};
    struct outcome o = {.why = ERR_INIT};
    bool going;

    (void)FAULT("launcher.asked");
    if (start(&child, q, &o.why) == 0)
        o.pid = child.pid;
    (void)FAULT("launcher.forked");
    going = answer(&o, &child);
    keyd_child_close(&child);
    return going;
}

static _Noreturn void launcher_main(int fd, pid_t parent)
{
    struct err e = ERR_INIT;
    struct order q;
    ssize_t n;

    if (keyd_isolate(fd, parent, "aviso-launcher", &e))
        _exit(1);
    while ((n = recv(KEYD_SOCKET, &q, sizeof(q), MSG_TRUNC)) >= (ssize_t)ORDER_HEAD)
        if ((size_t)n != ORDER_HEAD + q.n || !memchr(q.key_pem, '\0', PATH_SIZE) || !launch(&q))
            break;
    _exit(0);
}

/* ---- in the service ---- */

static void hang_up(struct key_launcher *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
    if (l->pid > 0) /* one that was stopped does not see it; it holds nothing */
        (void)kill(l->pid, SIGKILL);
}

int key_launcher_start(struct key_launcher **out, struct err *e)
{
    struct key_launcher *l = calloc(1, sizeof(*l));
    pid_t parent = getpid();
    int pair[2];

    if (!l)
        return err_nomem(e);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        free(l);
        return err_errno(e, "key.process", "socketpair", "launcher");
    }
    l->pid = fork();
    if (l->pid == 0)
        launcher_main(pair[1], parent);
    (void)close(pair[1]);
    l->fd = pair[0];
    (void)pthread_mutex_init(&l->lock, NULL);
    *out = l;
    if (l->pid > 0)
        return 0;
    (void)err_errno(e, "key.process", "fork", "launcher");
    key_launcher_stop(l);
    *out = NULL;
    return -1;
}

void key_launcher_stop(struct key_launcher *l)
{
    if (!l)
        return;
    hang_up(l);
    while (l->pid > 0 && waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

/* For good: a late answer would be taken for that to the next order. */
static int lost(struct key_launcher *l, struct err *e)
{
    hang_up(l);
    (void)err_set(e, ERR_RETRY, "key.process", "", "the process that starts keyd does not answer");
    return err_next(e, "the keys in use go on; a restart of the service takes up the new ones");
}

static int receive(struct keyd_child *out, struct key_launcher *l, struct err *e)
{
    union fds f = {0};
    struct outcome o;
    struct iovec v = {&o, sizeof(o)};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &f, .msg_controllen = sizeof(f)};
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    int fds[2];

    if (poll(&p, 1, KEYD_WAIT_MS) != 1 ||
        recvmsg(l->fd, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(o))
        return lost(l, e);
    if (o.why.class) {
        if (e)
            *e = o.why;
        return -1;
    }
    if (m.msg_controllen < CMSG_LEN(sizeof(fds)) || f.head.cmsg_len != CMSG_LEN(sizeof(fds)))
        return lost(l, e); /* no descriptor is free here */
    memcpy(fds, CMSG_DATA(&f.head), sizeof(fds));
    *out = (struct keyd_child){fds[0], fds[1], o.pid};
    return 0;
}

int launcher_fork(struct keyd_child *out, struct key_launcher *l, const struct cert *c,
    const char *key_pem, struct err *e)
{
    struct order q = {.n = (uint32_t)c->der.n};
    size_t size = ORDER_HEAD + c->der.n;
    int rc;

    if (c->der.n > CERT_MAX || strlen(key_pem) >= sizeof(q.key_pem))
        return err_set(e, ERR_CONFIG, "key.process", "", "key file name or certificate too long");
    (void)snprintf(q.key_pem, sizeof(q.key_pem), "%s", key_pem);
    memcpy(q.cert, c->der.p, c->der.n);
    (void)pthread_mutex_lock(&l->lock);
    rc = send(l->fd, &q, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size ? receive(out, l, e)
                                                                             : lost(l, e);
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}
