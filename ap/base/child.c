#include "ap/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"

struct running {
    pid_t pid;
    int pidfd, out;
    size_t n; /* bytes of output kept */
    struct child_end *end;
};

static int attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return posix_spawnattr_init(attr) || posix_spawnattr_setpgroup(attr, 0) ||
           posix_spawnattr_setsigmask(attr, &none) || posix_spawnattr_setsigdefault(attr, &all) ||
           posix_spawnattr_setflags(
               attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int files(posix_spawn_file_actions_t *f, const struct child_cfg *c, int out)
{
    if (posix_spawn_file_actions_init(f))
        return -1;
    if (c->input < 0)
        return posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDONLY, 0) ||
               posix_spawn_file_actions_adddup2(f, out, 1) ||
               posix_spawn_file_actions_adddup2(f, out, 2);
    return posix_spawn_file_actions_adddup2(f, c->input, 0) ||
           posix_spawn_file_actions_adddup2(f, out, 1) ||
           posix_spawn_file_actions_adddup2(f, out, 2);
}

static int start(struct running *r, const struct child_cfg *c, int out, struct err *e)
{
    static const char *const nothing[] = {NULL};
    posix_spawn_file_actions_t f;
    posix_spawnattr_t attr;
    union { /* neither list is changed by posix_spawn */
        const char *const *in;
        char *const *out;
    } argv = {c->argv}, env = {c->env ? c->env : nothing};
    int rc;

    /* What lets the service listen on a low port is not its children's; this thread needs it no
     * more. */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    rc = attributes(&attr) || files(&f, c, out)
             ? ENOMEM
             : posix_spawn(&r->pid, c->argv[0], &f, &attr, argv.out, env.out);

    (void)posix_spawn_file_actions_destroy(&f);
    (void)posix_spawnattr_destroy(&attr);
    errno = rc;
    return rc ? err_errno(e, "io.exec", "run", c->argv[0]) : 0;
}

/* What does not fit is read all the same, so that the child never stands on a full pipe. */
static void take_output(struct running *r)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(r->out, bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < n && r->n + 1 < CHILD_OUTPUT; i++)
            r->end->output[r->n++] =
                (unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f ? ' ' : bytes[i];
}

/* True when the child ended before the deadline. A grandchild that keeps the pipe is not waited
 * for. */
static bool attend(struct running *r, int64_t until)
{
    for (;;) {
        struct pollfd p[2] = {{.fd = r->pidfd, .events = POLLIN}, {.fd = r->out, .events = POLLIN}};
        int64_t left = until - clock_mono();
        if (left <= 0)
            return false;
        if (poll(p, 2, (int)(left < 60000 ? left : 60000)) < 0 && errno != EINTR)
            return false;
        if (p[1].revents)
            take_output(r);
        if (p[1].revents & (POLLHUP | POLLERR)) {
            (void)close(r->out);
            r->out = -1; /* poll passes over it */
        }
        if (p[0].revents)
            return true;
    }
}

static void finish(struct running *r, bool late)
{
    int status = 0;

    if (late)
        (void)kill(-r->pid, SIGKILL);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (r->out >= 0)
        take_output(r);
    r->end->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    r->end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    r->end->late = late;
    while (r->n && r->end->output[r->n - 1] == ' ')
        r->n--;
    r->end->output[r->n] = '\0';
}

int child_run(struct child_end *out, const struct child_cfg *c, struct err *e)
{
    struct running r = {.pidfd = -1, .out = -1, .end = out};
    int64_t began = clock_mono();
    int ends[2];

    memset(out, 0, sizeof(*out));
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(e, "io.exec", "make a pipe for", c->argv[0]);
    r.out = ends[0];
    (void)fcntl(r.out, F_SETFL, O_NONBLOCK);
    if (start(&r, c, ends[1], e)) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return -1;
    }
    (void)close(ends[1]);
    r.pidfd = pidfd_open(r.pid, 0);
    finish(&r, r.pidfd < 0 || !attend(&r, began + c->deadline_ms));
    out->ms = clock_mono() - began;
    if (r.out >= 0)
        (void)close(r.out);
    if (r.pidfd >= 0)
        (void)close(r.pidfd);
    return 0;
}
