#include "ap/http/http_trust_priv.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"

#define CA_MAX (8u << 20)
#define DAY_MS (24 * 3600 * 1000LL)

struct http_trust {
    char *file, *extra;
    pthread_mutex_t lock; /* guards what follows */
    X509_STORE *store;
    int64_t read_at;
};

static int check_readable(const char *path, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, CA_MAX);
    rc = fsx_read_file(&b, path, e);
    buf_free(&b);
    return rc;
}

/*= PEPPOL-TLS 1.1.0 1 "a certificate that browsers trust" */
int http_trust_open(struct http_trust **out, const char *file, const char *extra, struct err *e)
{
    struct http_trust *t = calloc(1, sizeof(*t));

    *out = NULL;
    if (!t)
        return err_nomem(e);
    (void)pthread_mutex_init(&t->lock, NULL);
    t->file = file ? strdup(file) : NULL;
    t->extra = extra ? strdup(extra) : NULL;
    if ((file && !t->file) || (extra && !t->extra)) {
        http_trust_close(t);
        return err_nomem(e);
    }
    if (extra && check_readable(extra, e)) {
        http_trust_close(t);
        return -1;
    }
    *out = t;
    return 0;
}

void http_trust_close(struct http_trust *t)
{
    if (!t)
        return;
    X509_STORE_free(t->store);
    (void)pthread_mutex_destroy(&t->lock);
    free(t->file);
    free(t->extra);
    free(t);
}

/* The system's: the bundle libcurl was built for, else its folder of hashed names; either may be
 * missing on a host that has only the extra authorities. */
static bool load_usual(X509_STORE *s, const struct http_trust *t)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

    if (t->file)
        return X509_STORE_load_file(s, t->file) == 1;
    if (v->cainfo && X509_STORE_load_file(s, v->cainfo) == 1)
        return true;
    return (v->capath && X509_STORE_load_path(s, v->capath) == 1) || t->extra;
}

static X509_STORE *load(const struct http_trust *t)
{
    X509_STORE *s = X509_STORE_new();

    /* as libcurl does: an authority of the bundle is an anchor even when it is not a root */
    if (s && X509_STORE_set_flags(s, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
        load_usual(s, t) && (!t->extra || X509_STORE_load_file(s, t->extra) == 1)) {
        ERR_clear_error(); /* of a bundle that is not there */
        return s;
    }
    ERR_clear_error();
    X509_STORE_free(s);
    return NULL;
}

CURLcode http_trust_use(CURL *h, void *ssl_ctx, void *ctx)
{
    struct http_trust *t = ctx;
    int64_t now = clock_mono();
    X509_STORE *fresh;
    bool ready;

    (void)h;
    (void)pthread_mutex_lock(&t->lock);
    if (!t->store || now - t->read_at > DAY_MS) {
        if ((fresh = load(t))) {
            X509_STORE_free(t->store); /* connections that use it hold it */
            t->store = fresh;
            t->read_at = now;
        }
    }
    ready = t->store != NULL;
    if (ready)
        SSL_CTX_set1_cert_store(ssl_ctx, t->store);
    (void)pthread_mutex_unlock(&t->lock);
    return ready ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}
