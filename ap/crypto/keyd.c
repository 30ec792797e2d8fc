/* keyd.c - the key process: it alone reads the private key file, and answers two requests.
 *
 * One packet a request, one packet an answer, over a socketpair; anything else on it ends the
 * process. It has no other file, takes no signal but SIGKILL, is not dumpable (so /proc/PID/mem and
 * ptrace are closed to its own user too), and its system calls are an allow-list. Limits: see
 * struct request. It ends when the other end closes or its parent dies. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/crypto/keyd_priv.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define STOP_MS 2000
#define SOCKET KEYD_SOCKET /* the one descriptor beside /dev/null on 0, 1, 2 */

struct request {
    uint32_t op, len;
    uint8_t data[RSA_MAX_BYTES];
};
struct reply {
    uint64_t cpu_us;
    uint32_t ok, len;
    uint8_t data[RSA_MAX_BYTES];
};
#define REQUEST_HEAD offsetof(struct request, data)
#define REPLY_HEAD offsetof(struct reply, data)

/* ---- in keyd ---- */

int keyd_isolate(int fd, pid_t parent, const char *name, struct err *e)
{
    const struct rlimit none = {0, 0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int null = open("/dev/null", O_RDWR);

    if (parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent))
        return err_errno(e, "key.process", "prctl", "PR_SET_PDEATHSIG");
    /* Ctrl-C goes to the whole group: the parent drains with our help and then closes the socket.
     */
    for (int s = 1; s < NSIG; s++)
        if (s != SIGSEGV && s != SIGBUS && s != SIGILL && s != SIGFPE && s != SIGABRT)
            (void)sigaction(s, &ignore, NULL);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
        (fd != SOCKET && dup2(fd, SOCKET) < 0) || close_range(SOCKET + 1, ~0U, 0))
        return err_errno(e, "key.process", "dup2", "/dev/null");
    if (prctl(PR_SET_DUMPABLE, 0) || setrlimit(RLIMIT_CORE, &none) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(e, "key.process", "prctl", "PR_SET_DUMPABLE");
    (void)prctl(PR_SET_NAME, name);
    return 0;
}

/* Where the lock limit allows, what is mapped is locked as it is touched (no page is made resident
 * for it); the secure heap under the key's numbers stays locked either way. */
static void lock_memory(void)
{
    if (!SANITIZED)
        (void)mlockall(MCL_CURRENT | MCL_ONFAULT);
}

/* What OpenSSL's RSA and malloc were seen to call while signing and unwrapping. */
int keyd_confine(struct err *e)
{
    static const int allowed[] = {SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(exit_group),
        SCMP_SYS(getpid), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(futex),
        SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(rt_sigreturn)};
    static const int sanitizer[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(sched_yield),
        SCMP_SYS(gettid), SCMP_SYS(write), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction)};
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = f ? 0 : -ENOMEM;

    lock_memory();
    for (size_t i = 0; !rc && i < sizeof(allowed) / sizeof(*allowed); i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; SANITIZED && !rc && i < sizeof(sanitizer) / sizeof(*sanitizer); i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, sanitizer[i], 0);
    if (!rc) /* memory, but never code */
        rc = seccomp_rule_add(
            f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!rc)
        rc = seccomp_load(f);
    seccomp_release(f);
    if (!rc)
        return 0;
    errno = -rc;
    return err_errno(e, "key.process", "seccomp_load", "allow-list");
}

static bool answer(struct rsa *r, const struct request *q, struct reply *a)
{
    uint64_t start = key_thread_us();
    size_t n = 0;

    *a = (struct reply){0};
    switch (q->op) {
    case KEYD_SIGN:
        if (q->len != HASH_LEN)
            return false;
        a->ok = rsa_sign(r, a->data, &n, q->data, NULL) == 0;
        a->len = (uint32_t)n;
        break;
    case KEYD_UNWRAP: /* the same size of answer whatever came out */
        if (q->len == 0 || q->len > RSA_MAX_BYTES)
            return false;
        a->ok = rsa_unwrap(r, a->data, &n, q->data, q->len, NULL) == 0;
        a->len = (uint32_t)n;
        break;
    default:
        return false;
    }
    a->cpu_us = key_thread_us() - start;
    return true;
}

static void serve(struct rsa *r)
{
    struct request q;
    struct reply a;

    for (;;) {
        ssize_t n = recv(SOCKET, &q, sizeof(q), MSG_TRUNC);
        size_t size;
        if (n < (ssize_t)REQUEST_HEAD || (size_t)n != REQUEST_HEAD + q.len || !answer(r, &q, &a))
            return;
        size = REPLY_HEAD + (q.op == KEYD_SIGN ? a.len : KEY_CEK_MAX);
        if (send(SOCKET, &a, size, MSG_NOSIGNAL) != (ssize_t)size)
            return;
        OPENSSL_cleanse(&a, sizeof(a));
    }
}

static _Noreturn void keyd_main(int fd, pid_t parent, const struct cert *c, const char *key_pem)
{
    struct err e = ERR_INIT;
    struct rsa r = {0};
    int rc = keyd_isolate(fd, parent, "aviso-keyd", &e);

    if (!SANITIZED) /* locked pages of their own for the key's numbers, left out of dumps */
        (void)CRYPTO_secure_malloc_init(128 * 1024, 32);
    rc = rc || rsa_load(&r, key_pem, c, &e) || keyd_confine(&e);
    /* The same program on the other side: the error goes over as it is. Class none: ready. */
    if (send(SOCKET, &e, sizeof(e), MSG_NOSIGNAL) == (ssize_t)sizeof(e) && !rc)
        serve(&r);
    _exit(0);
}

/* ---- in the parent ---- */

static int gone(struct key *k, struct err *e)
{
    if (k->fd >= 0)
        (void)close(k->fd);
    k->fd = -1;
    (void)err_set(e, ERR_RETRY, "key.unavailable", "", "the key process is gone");
    return err_next(e, "aviso reload starts another; the message stays where it is");
}

static ssize_t receive(int fd, void *out, size_t n)
{
    ssize_t got;

    do {
        got = recv(fd, out, n, MSG_TRUNC);
    } while (got < 0 && errno == EINTR);
    return got;
}

void keyd_child_close(struct keyd_child *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    if (c->process >= 0)
        (void)close(c->process);
    c->fd = c->process = -1;
}

int keyd_fork(
    struct keyd_child *out, const struct cert *c, const char *key_pem, bool orphan, struct err *e)
{
    pid_t parent = orphan ? 0 : getpid();
    int pair[2];

    *out = (struct keyd_child){-1, -1, 0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_errno(e, "key.process", "socketpair", "keyd");
    out->pid = fork();
    if (out->pid == 0)
        keyd_main(pair[1], parent, c, key_pem);
    (void)close(pair[1]);
    out->fd = pair[0];
    if (out->pid > 0)
        out->process = pidfd_open(out->pid, 0);
    if (out->process >= 0)
        return 0;
    (void)err_errno(e, "key.process", "fork", "keyd");
    keyd_child_close(out);
    return -1;
}

int keyd_start(struct key *k, struct key_launcher *l, const char *key_pem, struct err *e)
{
    struct err theirs = ERR_INIT;
    struct keyd_child c;

    if (l ? launcher_fork(&c, l, k->cert, key_pem, e) : keyd_fork(&c, k->cert, key_pem, false, e))
        return -1;
    k->fd = c.fd;
    k->process = c.process;
    k->pid = c.pid;
    if (receive(k->fd, &theirs, sizeof(theirs)) != (ssize_t)sizeof(theirs))
        return gone(k, e);
    if (theirs.class == ERR_NONE)
        return 0;
    if (e)
        *e = theirs;
    return -1;
}

static int too_slow(struct err *e)
{
    (void)err_set(e, ERR_RETRY, "key.timeout", "", "the key process does not answer");
    return err_next(e, "tried again; if it lasts, restart the service");
}

/* The next answer, in time. Without it the answer is owed: it comes before any other. */
static int await(struct key *k, struct reply *a, int64_t until, struct err *e)
{
    struct pollfd p = {.fd = k->fd, .events = POLLIN};
    int64_t left;
    ssize_t got;
    int rc;

    do {
        left = until - clock_mono();
        rc = poll(&p, 1, left > 0 ? (int)left : 0);
    } while (rc < 0 && errno == EINTR);
    k->owed = rc == 0;
    if (rc == 0)
        return too_slow(e);
    got = rc > 0 ? receive(k->fd, a, sizeof(*a)) : -1;
    if (got < (ssize_t)REPLY_HEAD || (size_t)got > sizeof(*a) || a->len > (size_t)got - REPLY_HEAD)
        return gone(k, e);
    k->cpu_us += a->cpu_us;
    return 0;
}

/* One request, one answer, the lock held: at most one request is ever in the socket. */
static int exchange(
    struct key *k, struct reply *a, const struct request *q, int64_t until, struct err *e)
{
    size_t size = REQUEST_HEAD + q->len;
    ssize_t sent;

    if (k->fd < 0)
        return gone(k, e);
    if (k->owed) {
        if (await(k, a, until, e))
            return -1;
        OPENSSL_cleanse(a, sizeof(*a)); /* what another caller had asked for */
    }
    do {
        sent = send(k->fd, q, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? await(k, a, until, e) : gone(k, e);
}

static int ask(struct key *k, struct reply *a, uint32_t op, const void *p, size_t n, struct err *e)
{
    struct request q = {.op = op, .len = (uint32_t)n};
    int64_t until = clock_mono() + k->wait_ms;
    struct timespec turn; /* of the wall clock: a jump of it costs one turn, no more */
    int rc;

    memcpy(q.data, p, n);
    if (clock_gettime(CLOCK_REALTIME, &turn))
        return too_slow(e);
    turn.tv_sec += k->wait_ms / 1000;
    turn.tv_nsec += k->wait_ms % 1000 * 1000000;
    turn.tv_sec += turn.tv_nsec / 1000000000;
    turn.tv_nsec %= 1000000000;
    if (pthread_mutex_timedlock(&k->lock, &turn))
        return too_slow(e);
    rc = exchange(k, a, &q, until, e);
    pthread_mutex_unlock(&k->lock);
    return rc;
}

int keyd_sign(struct key *k, uint8_t out[RSA_MAX_BYTES], size_t *out_n,
    const uint8_t digest[HASH_LEN], struct err *e)
{
    struct reply a;

    if (ask(k, &a, KEYD_SIGN, digest, HASH_LEN, e))
        return -1;
    if (!a.ok)
        return err_nomem(e);
    memcpy(out, a.data, a.len);
    *out_n = a.len;
    return 0;
}

int keyd_unwrap(
    struct key *k, uint8_t out[KEY_CEK_MAX], size_t *out_n, const void *ct, size_t n, struct err *e)
{
    struct reply a;
    int rc;

    if (ask(k, &a, KEYD_UNWRAP, ct, n, e))
        return -1;
    rc = a.ok && a.len <= KEY_CEK_MAX ? 0 : rsa_unwrap_failed(e);
    *out_n = rc ? 0 : a.len;
    memcpy(out, a.data, KEY_CEK_MAX);
    OPENSSL_cleanse(&a, sizeof(a));
    return rc;
}

void keyd_stop(struct key *k)
{
    struct pollfd p = {.fd = k->process, .events = POLLIN};
    siginfo_t ignored;
    int rc;

    if (k->fd >= 0)
        (void)close(k->fd);
    k->fd = -1;
    if (k->process < 0)
        return;
    do {
        rc = poll(&p, 1, STOP_MS);
    } while (rc < 0 && errno == EINTR);
    if (rc == 0) /* one that was stopped does not see its socket close */
        (void)pidfd_send_signal(k->process, SIGKILL, NULL, 0);
    while (waitid(P_PIDFD, (id_t)k->process, &ignored, WEXITED) && errno == EINTR)
        ; /* a launcher's child is none of ours: ECHILD */
    (void)close(k->process);
    k->process = -1;
    k->pid = 0;
}
