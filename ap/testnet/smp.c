/* smp.c - questions in paths, answers from the registry. */
#include "ap/testnet/smp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/lookup/smp_write.h"
#include "ap/testnet/smp_priv.h"
#include "ap/xml/xml.h"

#define ARENA_MAX (16u << 20)
#define MAX_SERVICES 256

/* libmicrohttpd has decoded the path: "::" and "##" stand in it as they are. */
static int read_path(struct question *q, const char *path, struct err *e)
{
    struct str s = str_z(path), id;
    size_t at, colon;

    s = str_sub(s, 1, s.n);
    at = str_find(s, STR("/services/"));
    q->group = at == s.n;
    id = str_sub(s, at + 10, s.n);
    colon = str_find(id, STR("::"));
    if (participant_parse(&q->participant, str_sub(s, 0, at), e))
        return -1;
    if (q->group)
        return 0;
    return doctype_make(&q->doctype, str_sub(id, 0, colon), str_sub(id, colon + 2, id.n), true, e);
}

static int write_group(const struct smp_server *s, const struct question *q,
    const struct registry_entry *rows, size_t n, struct buf *out, struct arena *a, struct err *e)
{
    struct doctype *list = arena_alloc(a, (n + 1) * sizeof(*list));
    bool known = false;
    size_t k = 0;

    if (!list)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (!participant_same(&rows[i].participant, &q->participant))
            continue;
        known = true;
        if (rows[i].doctype.value[0])
            list[k++] = rows[i].doctype;
    }
    if (!known)
        return err_set(e, ERR_PEER, "testnet.unknown", "", "no such participant");
    return smp_write_group(out, s->base, &q->participant, list, k, e);
}

static int endpoint_of(
    struct smp_endpoint *out, const struct registry_entry *r, struct arena *a, struct err *e)
{
    struct cert *c;
    struct buf b64;
    const char *text;

    if (cert_from_pem_file(&c, r->cert_file, e))
        return -1;
    buf_init(&b64, 65536);
    cert_b64(&b64, c);
    cert_unref(c);
    text = buf_ok(&b64) ? arena_dup(a, buf_view(&b64)) : NULL;
    buf_free(&b64);
    if (!text)
        return err_nomem(e);
    *out = (struct smp_endpoint){.transport_profile = STR(TRANSPORT_AS4),
        .address = str_z(r->url),
        .certificate = str_z(text),
        .description = STR("aviso testnet"),
        .contact = STR("https://localhost/")};
    return 0;
}

/* What was PUT, signed now. */
static int write_taken(const struct smp_server *s, const struct registry_entry *r, struct buf *out,
    struct arena *a, struct err *e)
{
    char path[4400];
    xmlDoc *doc;
    struct buf text;
    int rc;

    buf_init(&text, SMP_MAX_BYTES);
    (void)snprintf(path, sizeof(path), "%s/%s", s->dir, r->metadata);
    rc = fsx_read_file(&text, path, e) || xml_parse(&doc, a, text.p, text.n, NULL, e) ||
         smp_write_taken(out, xmlDocGetRootElement(doc), s->key, a, e);
    buf_free(&text);
    return rc ? -1 : 0;
}

static int write_metadata(const struct smp_server *s, const struct question *q,
    const struct registry_entry *rows, size_t n, struct buf *out, struct arena *a, struct err *e)
{
    struct smp_process *proc = arena_alloc(a, MAX_SERVICES * sizeof(*proc));
    struct smp_endpoint *ep = arena_alloc(a, MAX_SERVICES * sizeof(*ep));
    size_t k = 0;

    if (!proc || !ep)
        return err_nomem(e);
    for (size_t i = 0; i < n && k < MAX_SERVICES; i++) {
        if (!participant_same(&rows[i].participant, &q->participant) ||
            !doctype_same(&rows[i].doctype, &q->doctype))
            continue;
        if (rows[i].metadata)
            return write_taken(s, &rows[i], out, a, e);
        if (endpoint_of(&ep[k], &rows[i], a, e))
            return -1;
        proc[k] = (struct smp_process){&rows[i].process, &ep[k], 1};
        k++;
    }
    if (!k)
        return err_set(e, ERR_PEER, "testnet.unknown", "", "no such registration");
    return smp_write_metadata(out, &q->participant, &q->doctype, proc, k, s->key, a, e);
}

static int get(
    struct smp_server *s, const struct question *q, struct buf *out, struct arena *a, struct err *e)
{
    struct registry_entry *rows;
    size_t n;

    if (registry_read(&rows, &n, s->dir, a, e))
        return -1;
    return q->group ? write_group(s, q, rows, n, out, a, e)
                    : write_metadata(s, q, rows, n, out, a, e);
}

static void serve(
    void *user, const struct http_server_request *rq, struct http_server_response *out)
{
    struct smp_server *s = user;
    struct arena *a = arena_new(ARENA_MAX);
    struct err e = ERR_INIT;
    struct question q;
    int rc = -1;

    out->content_type = "application/xml; charset=utf-8";
    if (!a)
        (void)err_nomem(&e);
    else if (read_path(&q, rq->path, &e) == 0)
        rc = strcmp(rq->method, "GET") == 0 ? get(s, &q, &out->body, a, &e)
                                            : smp_rest(s, &q, rq, out, a, &e);
    if (!out->status)
        out->status = !rc ? 200 : e.class == ERR_PEER || e.class == ERR_INPUT ? 404 : 500;
    if (rc) {
        buf_clear(&out->body);
        out->content_type = "text/plain; charset=utf-8";
        buf_printf(&out->body, "%s\n", e.msg);
        log_err(LOG_INFO, "testnet.smp", &e, "path", rq->path, NULL);
    }
    arena_free(a);
}

static int read_pem(struct buf *out, const char *dir, const char *name, struct err *e)
{
    char path[4200];

    buf_init(out, 1 << 20);
    (void)snprintf(path, sizeof(path), "%s/pki/%s", dir, name);
    return fsx_read_file(out, path, e);
}

static int open_parts(struct smp_server *s, unsigned port, struct err *e)
{
    const struct http_handler h = {NULL, serve, s};
    char key[4200], cert[4200], kept[4200], listen[64];
    struct http_server_cfg c = {.listen = listen,
        .listen_fd = -1,
        .tmp_dirfd = -1,
        .max_body = SMP_MAX_BYTES,
        .max_connections = 256,
        .max_per_address = 256};

    (void)snprintf(key, sizeof(key), "%s/pki/smp1.key", s->dir);
    (void)snprintf(cert, sizeof(cert), "%s/pki/smp1.pem", s->dir);
    (void)snprintf(kept, sizeof(kept), "%s/" SMP_KEPT, s->dir);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
    (void)snprintf(s->base, sizeof(s->base), "https://localhost:%u", port);
    if (fsx_mkdirs(kept, 0700, e) || key_open_file(&s->key, key, cert, e) ||
        read_pem(&s->cert, s->dir, "tls.chain.pem", e) ||
        read_pem(&s->tls_key, s->dir, "tls.key", e))
        return -1;
    c.tls_cert = s->cert.p;
    c.tls_key = s->tls_key.p;
    return http_server_start(&s->http, &c, &h, e);
}

int smp_start(struct smp_server **out, const char *dir, unsigned port, struct err *e)
{
    struct smp_server *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem(e);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    if (open_parts(s, port, e)) {
        smp_stop(s);
        return -1;
    }
    *out = s;
    return 0;
}

void smp_stop(struct smp_server *s)
{
    if (!s)
        return;
    if (s->http)
        http_server_drain(s->http, 1000);
    key_close(s->key);
    buf_free(&s->cert);
    buf_wipe(&s->tls_key);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
