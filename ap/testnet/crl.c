#include "ap/testnet/crl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/http/http_server.h"

struct crl_server {
    char dir[4096];
    struct http_server *http;
};

/* "/apca.crl": letters alone, so that no path leaves the folder. */
static bool is_list(const char *path)
{
    size_t n = strspn(path + 1, "abcdefghijklmnopqrstuvwxyz");

    return path[0] == '/' && n > 0 && n < 32 && strcmp(path + 1 + n, ".crl") == 0;
}

static void serve(
    void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    struct crl_server *s = user;
    struct err e = ERR_INIT;
    char file[4200];

    out->content_type = "application/pkix-crl";
    out->status = 404;
    if (strcmp(rq->method, "GET") != 0 || !is_list(rq->path))
        return;
    (void)snprintf(file, sizeof(file), "%s/pki%s", s->dir, rq->path);
    if (fsx_read_file(&out->body, file, &e))
        log_err(LOG_INFO, "testnet.crl", &e, "path", rq->path, NULL);
    else
        out->status = 200;
}

int crl_start(struct crl_server **out, const char *dir, unsigned port, struct err *e)
{
    struct crl_server *s = calloc(1, sizeof(*s));
    const struct http_handler h = {NULL, serve, s};
    char listen[64];
    struct http_server_cfg c = {.listen = listen,
        .listen_fd = -1,
        .tmp_dirfd = -1,
        .max_body = 1024,
        .max_connections = 64,
        .max_per_address = 64};

    if (!s)
        return err_nomem(e);
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
    if (http_server_start(&s->http, &c, &h, e)) {
        free(s);
        return -1;
    }
    *out = s;
    return 0;
}

void crl_stop(struct crl_server *s)
{
    if (!s)
        return;
    http_server_drain(s->http, 1000);
    free(s);
}
