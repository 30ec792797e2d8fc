/* in_trial.c - a document that was being validated when the service died is validated once in a
 * process of its own, before the service takes up work. If it kills that one too, it is set aside;
 * if the service died of something else, nothing is lost but a moment. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/in/in_priv.h"

#define ARENA_MAX (64u << 20)

/* In the child: nothing of the store but bytes that are open already. */
static void judge_and_exit(
    const struct in_env *env, struct in_envelope *v, const struct blob *sbd, struct arena *a)
{
    struct in_verdict_report r = {0};
    struct document d;
    struct err e = ERR_INIT;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    buf_init(&r.report, 240 * 1024);
    (void)(in_envelope_read(v, env->rx.tmp_dirfd, sbd, a, &e) == 0 &&
           in_judge(env, v, &r, &d, a, &e) == 0); /* that it says no is no reason to die */
    _exit(0);
}

/* How it ended: 0 by itself, else the signal, or SIGALRM when it had to be stopped. */
static int await(pid_t pid, int64_t ms)
{
    struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    int status = 0, rc;

    while ((rc = poll(&p, 1, (int)ms)) < 0 && errno == EINTR)
        ;
    if (rc <= 0)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (p.fd >= 0)
        (void)close(p.fd);
    return rc <= 0 ? SIGALRM : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int verdict(const struct in_env *env, const struct in_row *row, int ended, struct err *e)
{
    struct err why = ERR_INIT;

    if (!ended) {
        log_event(LOG_INFO, "trial.passed", "id", row->id, "message_id", row->message_id, NULL);
        return 0;
    }
    if (ended == SIGALRM)
        (void)err_set(&why, ERR_INPUT, "in.poison", "",
            "validating it twice did not end: the service died, then a trial took too long");
    else
        (void)err_set(&why, ERR_INPUT, "in.poison", "",
            "validating it ended the process twice, the second time by signal %d", ended);
    (void)err_next(
        &why, "report it with the document; aviso inbox release hands it over unchecked");
    log_err(LOG_ERROR, "document.quarantined", &why, "id", row->id, "message_id", row->message_id,
        NULL);
    return store_in_quarantine(env->store, row->row, &why, true, clock_now(), e);
}

static int attempt(const struct in_env *env, int64_t n, int64_t ms, struct arena *a, struct err *e)
{
    struct in_envelope v;
    struct store_blob sbd;
    struct in_row row;
    pid_t pid;

    if (store_in_get(&row, env->store, n, a, e))
        return -1;
    if (row.state != IN_RECEIVED)
        return 0;
    if (store_blob_open(&sbd, env->store, row.sbd, e))
        return -1;
    pid = fork();
    if (pid == 0)
        judge_and_exit(env, &v, &sbd.blob, a);
    store_blob_close(&sbd);
    if (pid < 0)
        return err_errno(e, "io.exec", "fork", "trial");
    return verdict(env, &row, await(pid, ms), e);
}

int in_trial(const struct in_env *env, int64_t row, int64_t ms, struct err *e)
{
    struct arena *a = arena_new(ARENA_MAX);
    int rc = a ? attempt(env, row, ms, a, e) : err_nomem(e);

    arena_free(a);
    return rc;
}
