/* Framing on the control socket, and errors as JSON and back. */
#include "ap/control/control_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ap/base/json.h"

static int write_all(int sock, const char *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t w = send(sock, p, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return err_errno(e, "control.broken", "send", CONTROL_SOCKET);
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static int read_all(int sock, char *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t r = recv(sock, p, n, 0);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return err_errno(e, "control.broken", "receive", CONTROL_SOCKET);
        if (r == 0)
            return err_set(e, ERR_RETRY, "control.broken", "", "the daemon closed the connection");
        p += r;
        n -= (size_t)r;
    }
    return 0;
}

int control_send(int sock, struct json_object *o, int fd, struct err *e)
{
    size_t n = 0;
    const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &n);
    unsigned char head[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
        (unsigned char)(n >> 8), (unsigned char)n};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } ctl = {{0}};
    struct iovec io = {head, sizeof(head)};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

    if (!text || n > CONTROL_MAX)
        return err_set(e, ERR_INPUT, "limit.size", "", "request larger than 1 MiB");
    if (fd >= 0) {
        struct cmsghdr *c;
        m.msg_control = ctl.bytes;
        m.msg_controllen = sizeof(ctl.bytes);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
    }
    if (sendmsg(sock, &m, MSG_NOSIGNAL) != sizeof(head))
        return err_errno(e, "control.broken", "send", CONTROL_SOCKET);
    return write_all(sock, text, n, e);
}

/* The first four bytes, with the descriptor that may ride on them. */
static int read_head(int sock, unsigned char head[4], int *fd, struct err *e)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } ctl;
    struct iovec io = {head, 4};
    struct msghdr m = {.msg_iov = &io,
        .msg_iovlen = 1,
        .msg_control = ctl.bytes,
        .msg_controllen = sizeof(ctl.bytes)};
    ssize_t n;

    *fd = -1;
    do
        n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return 0;
    if (n < 0)
        return err_errno(e, "control.broken", "receive", CONTROL_SOCKET);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(fd, CMSG_DATA(c), sizeof(int));
    if (n < 4 && read_all(sock, (char *)head + n, 4 - (size_t)n, e))
        return -1;
    return 1;
}

int control_recv(int sock, struct json_object **out, int *fd, struct err *e)
{
    unsigned char head[4];
    struct json_tokener *t;
    char *text;
    size_t n;
    int got, came;

    got = read_head(sock, head, &came, e);
    if (got <= 0)
        return got;
    n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    text = n <= CONTROL_MAX ? malloc(n + 1) : NULL;
    t = json_tokener_new_ex(16);
    *out = NULL;
    if (text && t && read_all(sock, text, n, e) == 0)
        *out = json_tokener_parse_ex(t, text, (int)n);
    free(text);
    if (t)
        json_tokener_free(t);
    if (fd)
        *fd = came;
    else if (came >= 0)
        (void)close(came);
    if (*out && json_object_is_type(*out, json_type_object))
        return 1;
    (void)json_object_put(*out);
    *out = NULL;
    if (fd && came >= 0)
        (void)close(came);
    return err_set(e, ERR_RETRY, "control.broken", "", "not a control message");
}

struct json_object *control_error_json(const struct err *e)
{
    struct json_object *o = json_object_new_object(), *x = json_object_new_object();

    json_add_bool(o, "ok", 0);
    json_add_int(x, "class", (int)e->class);
    json_add_some(x, "code", e->code);
    json_add_some(x, "ebms", e->ebms);
    json_add_some(x, "spec", e->spec);
    json_add_some(x, "where", e->where);
    json_add_some(x, "who", e->who);
    json_add_some(x, "next", e->next);
    json_add_some(x, "msg", e->msg);
    (void)json_object_object_add(o, "error", x);
    return o;
}

static void take(char *dst, size_t n, struct json_object *o, const char *key)
{
    struct json_object *v;

    if (json_object_object_get_ex(o, key, &v))
        (void)snprintf(dst, n, "%s", json_object_get_string(v));
}

void control_error(struct err *out, struct json_object *answer)
{
    struct json_object *x = NULL, *v;

    (void)err_set(out, ERR_BUG, "control.broken", "", "an answer without a reason");
    if (!json_object_object_get_ex(answer, "error", &x))
        return;
    if (json_object_object_get_ex(x, "class", &v)) {
        int c = json_object_get_int(v);
        if (c > ERR_NONE && c <= ERR_BUG)
            out->class = (enum err_class)c;
    }
    take(out->code, sizeof(out->code), x, "code");
    take(out->ebms, sizeof(out->ebms), x, "ebms");
    take(out->spec, sizeof(out->spec), x, "spec");
    take(out->where, sizeof(out->where), x, "where");
    take(out->who, sizeof(out->who), x, "who");
    take(out->next, sizeof(out->next), x, "next");
    take(out->msg, sizeof(out->msg), x, "msg");
}
