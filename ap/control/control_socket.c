/* Both ends of the Unix socket. */
#include "ap/control/control_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ap/base/log.h"

#define MAX_CLIENTS 16
#define CLIENT_TIMEOUT_S 30

static int address(struct sockaddr_un *a, const char *spool, struct err *e)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((size_t)snprintf(a->sun_path, sizeof(a->sun_path), "%s/" CONTROL_SOCKET, spool) >=
        sizeof(a->sun_path))
        return err_set(e, ERR_CONFIG, "control.path", "",
            "the spool's path is too long for a socket (at most 94 bytes): %s", spool);
    return 0;
}

int control_ask(struct json_object **answer, const char *spool, struct json_object *request, int fd,
    struct err *e)
{
    struct sockaddr_un a;
    int sock, rc;

    if (address(&a, spool, e))
        return -1;
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return err_errno(e, "control.socket", "socket", spool);
    if (connect(sock, (struct sockaddr *)&a, sizeof(a))) {
        rc = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR
                 ? 0
                 : err_errno(e, "control.connect", "connect to", a.sun_path);
        if (rc)
            (void)err_next(e, "run it as the user whose spool it is; else restart the service");
        (void)close(sock);
        return rc;
    }
    rc = control_send(sock, request, fd, e);
    if (!rc) {
        rc = control_recv(sock, answer, NULL, e);
        if (rc <= 0) { /* asked, no answer: it may have been done */
            (void)err_set(e, ERR_UNKNOWN, "control.broken", "",
                "the daemon ended before it answered: the request may have been carried out");
            (void)err_next(e, "see aviso status; the same --key makes a repeat harmless");
            rc = -1;
        }
    }
    (void)close(sock);
    return rc;
}

struct control_server {
    struct control_env env;
    struct sockaddr_un addr;
    int sock, stop[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned clients;
};

struct client {
    struct control_server *s;
    int sock;
};

static void serve_one(const struct control_env *env, int sock)
{
    struct control_env mine = *env;
    struct json_object *rq = NULL, *answer;
    struct err e = ERR_INIT;
    int fd = -1;

    if (control_recv(sock, &rq, &fd, &e) != 1)
        return;
    if (env->enter)
        env->enter(&mine);
    answer = control_do(&mine, rq, fd);
    if (env->leave)
        env->leave(&mine);
    if (fd >= 0)
        (void)close(fd);
    if (answer && control_send(sock, answer, -1, &e))
        log_err(LOG_WARN, "control.answer", &e, NULL);
    (void)json_object_put(answer);
    (void)json_object_put(rq);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    struct control_server *s = c->s;

    serve_one(&s->env, c->sock);
    (void)close(c->sock);
    free(c);
    (void)pthread_mutex_lock(&s->lock);
    s->clients--;
    (void)pthread_cond_broadcast(&s->idle);
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void start_client(struct control_server *s, int sock)
{
    const struct timeval t = {CLIENT_TIMEOUT_S, 0};
    struct client *c = malloc(sizeof(*c));
    pthread_attr_t attr;
    pthread_t id;

    (void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    (void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
    (void)pthread_mutex_lock(&s->lock);
    while (s->clients >= MAX_CLIENTS)
        (void)pthread_cond_wait(&s->idle, &s->lock);
    s->clients++;
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (c)
        *c = (struct client){s, sock};
    if (!c || pthread_create(&id, &attr, client_main, c)) {
        free(c);
        (void)close(sock);
        (void)pthread_mutex_lock(&s->lock);
        s->clients--;
        (void)pthread_mutex_unlock(&s->lock);
    }
    (void)pthread_attr_destroy(&attr);
}

static void *accept_main(void *arg)
{
    struct control_server *s = arg;
    struct pollfd p[2] = {{s->sock, POLLIN, 0}, {s->stop[0], POLLIN, 0}};

    for (;;) {
        int sock;
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents)
            break;
        if (!(p[0].revents & POLLIN))
            continue;
        sock = accept4(s->sock, NULL, NULL, SOCK_CLOEXEC);
        if (sock >= 0)
            start_client(s, sock);
    }
    return NULL;
}

static int listen_on(struct control_server *s, struct err *e)
{
    mode_t old;
    int rc;

    s->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->sock < 0)
        return err_errno(e, "control.socket", "socket", s->addr.sun_path);
    (void)unlink(s->addr.sun_path); /* we hold the spool lock: whatever is there is a leftover */
    old = umask(0177);
    rc = bind(s->sock, (struct sockaddr *)&s->addr, sizeof(s->addr)) || listen(s->sock, 64);
    (void)umask(old);
    if (rc)
        return err_errno(e, "control.socket", "listen on", s->addr.sun_path);
    return 0;
}

int control_start(
    struct control_server **out, const char *spool, const struct control_env *env, struct err *e)
{
    struct control_server *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem(e);
    s->env = *env;
    s->sock = s->stop[0] = s->stop[1] = -1;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->idle, NULL);
    if (address(&s->addr, spool, e) || listen_on(s, e))
        goto fail;
    if (pipe2(s->stop, O_CLOEXEC) || pthread_create(&s->thread, NULL, accept_main, s)) {
        (void)err_nomem(e);
        goto fail;
    }
    *out = s;
    return 0;
fail:
    if (s->sock >= 0)
        (void)close(s->sock);
    if (s->stop[0] >= 0) {
        (void)close(s->stop[0]);
        (void)close(s->stop[1]);
    }
    free(s);
    return -1;
}

void control_stop(struct control_server *s)
{
    if (!s)
        return;
    (void)unlink(s->addr.sun_path); /* new commands see "no daemon" at once */
    (void)close(s->stop[1]);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_mutex_lock(&s->lock);
    while (s->clients)
        (void)pthread_cond_wait(&s->idle, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    (void)close(s->sock);
    (void)close(s->stop[0]);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->idle);
    free(s);
}
