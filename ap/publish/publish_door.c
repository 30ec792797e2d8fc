/* publish_door.c - the operator's own SMP: address, credentials from a file, TLS. */
#include <openssl/crypto.h>
#include <stdio.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/publish/publish.h"

#define SECRET_MAX 512

static int bad_secret(const char *path, const char *what, struct err *e)
{
    return err_set(e, ERR_CONFIG, "publish.secret", "", "%s: %s", path, what);
}

/* First line of the file. */
static int read_secret(char out[SECRET_MAX], const char *path, struct err *e)
{
    struct buf b;
    struct str line;
    int rc;

    buf_init(&b, 4096);
    rc = fsx_read_file(&b, path, e) ? err_wrap(e, "smp.secret_file: ") : 0;
    line = buf_view(&b);
    line = str_trim(str_sub(line, 0, str_find(line, STR("\n"))));
    if (!rc && (line.n == 0 || line.n >= SECRET_MAX))
        rc = bad_secret(path, "the first line must be the password or token", e);
    for (size_t i = 0; !rc && i < line.n; i++)
        if ((unsigned char)line.p[i] < ' ' || line.p[i] == 127)
            rc = bad_secret(path, "a control character in the password or token", e);
    if (!rc)
        (void)snprintf(out, SECRET_MAX, "%.*s", STR_FMT(line));
    buf_wipe(&b);
    return rc;
}

/* With a user name basic authentication (RFC 7617), else a bearer token (RFC 6750). */
static int authorize(struct publish_door *d, const struct config *c, struct err *e)
{
    char secret[SECRET_MAX];
    struct buf pair, line;
    int rc;

    if (!*c->smp_secret_file)
        return err_set(e, ERR_CONFIG, "config.missing", "", "smp.secret_file is not set");
    if (strchr(c->smp_user, ':'))
        return err_set(e, ERR_CONFIG, "config.value", "", "smp.user holds a colon");
    if (read_secret(secret, c->smp_secret_file, e))
        return -1;
    buf_init(&pair, sizeof(d->authorization));
    buf_init(&line, sizeof(d->authorization) - 1);
    buf_printf(&pair, "%s:%s", c->smp_user, secret);
    if (*c->smp_user) {
        buf_puts(&line, "Authorization: Basic ");
        enc_b64(&line, pair.p, pair.n);
    } else {
        buf_printf(&line, "Authorization: Bearer %s", secret);
    }
    rc = buf_check(&pair, e) || buf_check(&line, e) ? -1 : 0;
    if (!rc)
        (void)snprintf(d->authorization, sizeof(d->authorization), "%s", line.p);
    OPENSSL_cleanse(secret, sizeof(secret));
    buf_wipe(&pair);
    buf_wipe(&line);
    return rc;
}

/* The operator names this address, nobody else: it may be private, and on any port. */
static int open_http(
    struct publish_door *d, const struct config *c, const char *const *connect_to, struct err *e)
{
    const char *ca = *c->smp_ca_file ? c->smp_ca_file : *c->tls_ca_file ? c->tls_ca_file : NULL;
    const struct http_cfg h = {.extra_ca_file = ca,
        .user_agent = "aviso",
        .egress = {.private_ok = true, .any_port = true},
        .connect_to = connect_to};

    return http_client_open(&d->smp.http, &h, e);
}

int publish_open(struct publish_door *out, const struct config *c, const char *const *connect_to,
    int64_t now, struct err *e)
{
    size_t n;

    memset(out, 0, sizeof(*out));
    if (!*c->smp_url)
        return err_set(e, ERR_CONFIG, "config.missing", "", "smp.url is not set");
    if (strlen(c->smp_url) >= sizeof(out->url))
        return err_set(e, ERR_CONFIG, "config.value", "", "smp.url is too long");
    if (authorize(out, c, e) || open_http(out, c, connect_to, e)) {
        publish_close(out);
        return -1;
    }
    (void)snprintf(out->url, sizeof(out->url), "%s", c->smp_url);
    while ((n = strlen(out->url)) && out->url[n - 1] == '/')
        out->url[n - 1] = '\0';
    out->smp.url = out->url;
    out->smp.authorization = out->authorization;
    out->smp.deadline_ms = c->smp_timeout;
    out->smp.now = now;
    return 0;
}

void publish_close(struct publish_door *d)
{
    http_client_close(d->smp.http);
    OPENSSL_cleanse(d, sizeof(*d));
}
