#include "ap/http/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/base/clock.h"
#include "ap/http/http_egress_priv.h"
#include "ap/http/http_trust_priv.h"

#define MAX_IDLE 64u
#define HEADER_MAX (64u << 10) /* of one answer, all header lines */
#define BODY_DEFAULT (256u << 10)
#define DAY_MS (24 * 3600 * 1000LL)
#define KEEP_S 15L /* kept connections: below the idle timeouts of common servers */

struct idle {
    CURL *h;
    char key[HTTP_KEY]; /* the peer it talked to last */
};

struct http_client {
    char *user_agent;
    struct http_trust *trust;
    struct http_egress egress;
    struct curl_slist *resolve, *connect_to;
    unsigned max_idle;
    pthread_mutex_t lock;
    struct idle idle[MAX_IDLE]; /* oldest first */
    unsigned nidle;
};

struct exchange { /* one request, for curl's callbacks */
    const struct http_client *c;
    const struct http_request *rq;
    const char *method; /* NULL: GET, or POST when there is a body */
    struct http_answer *out;
    uint64_t off; /* of the body, handed over */
    size_t header_bytes;
    bool too_big, no_memory, long_header, refused;
    struct err read_err; /* of our own body, when class is set */
    char curl_says[CURL_ERROR_SIZE];
};

/* ---- opening ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_rc;

static void global(void)
{
    global_rc = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int copy(char **out, const char *s)
{
    *out = s ? strdup(s) : NULL;
    return s && !*out ? -1 : 0;
}

static int add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *more = curl_slist_append(*list, line);

    if (!more)
        return -1;
    *list = more;
    return 0;
}

static int copy_list(struct curl_slist **out, const char *const *lines)
{
    for (size_t i = 0; lines && lines[i]; i++)
        if (add_line(out, lines[i]))
            return -1;
    return 0;
}

static int setup(struct http_client *c, const struct http_cfg *cfg, struct err *e)
{
    if (copy(&c->user_agent, cfg->user_agent ? cfg->user_agent : "aviso"))
        return err_nomem(e);
    if (copy_list(&c->resolve, cfg->resolve) || copy_list(&c->connect_to, cfg->connect_to))
        return err_nomem(e);
    return http_trust_open(&c->trust, cfg->ca_file, cfg->extra_ca_file, e);
}

int http_client_open(struct http_client **out, const struct http_cfg *cfg, struct err *e)
{
    struct http_client *c;

    *out = NULL;
    (void)pthread_once(&once, global);
    if (global_rc != CURLE_OK)
        return err_set(e, ERR_BUG, "http.init", "", "libcurl cannot be set up");
    if (!(c = calloc(1, sizeof(*c))))
        return err_nomem(e);
    (void)pthread_mutex_init(&c->lock, NULL);
    c->egress = cfg->egress;
    c->max_idle = cfg->max_idle ? cfg->max_idle : 32;
    if (c->max_idle > MAX_IDLE)
        c->max_idle = MAX_IDLE;
    if (setup(c, cfg, e)) {
        http_client_close(c);
        return -1;
    }
    *out = c;
    return 0;
}

void http_client_close(struct http_client *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->nidle; i++)
        curl_easy_cleanup(c->idle[i].h);
    curl_slist_free_all(c->resolve);
    curl_slist_free_all(c->connect_to);
    http_trust_close(c->trust);
    free(c->user_agent);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- the pool: a handle that talked to this peer last still holds its connection ---- */

static CURL *take_handle(struct http_client *c, const char *key)
{
    CURL *h = NULL;

    (void)pthread_mutex_lock(&c->lock);
    for (unsigned i = c->nidle; i-- > 0 && !h;) {
        if (strcmp(c->idle[i].key, key) != 0)
            continue;
        h = c->idle[i].h;
        memmove(&c->idle[i], &c->idle[i + 1], (c->nidle - i - 1) * sizeof(c->idle[0]));
        c->nidle--;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return h ? h : curl_easy_init();
}

static void give_back(struct http_client *c, CURL *h, const char *key)
{
    CURL *drop = NULL;

    curl_easy_reset(h); /* keeps connections and sessions */
    (void)pthread_mutex_lock(&c->lock);
    if (c->nidle == c->max_idle) {
        drop = c->idle[0].h;
        memmove(&c->idle[0], &c->idle[1], (c->nidle - 1) * sizeof(c->idle[0]));
        c->nidle--;
    }
    c->idle[c->nidle].h = h;
    (void)snprintf(c->idle[c->nidle].key, HTTP_KEY, "%s", key);
    c->nidle++;
    (void)pthread_mutex_unlock(&c->lock);
    if (drop)
        curl_easy_cleanup(drop);
}

/* ---- callbacks ---- */

static size_t on_read(char *dst, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    const struct blob *b = x->rq->body;
    size_t room = size * n;

    if (room > b->len - x->off)
        room = (size_t)(b->len - x->off);
    if (room && blob_read(b, x->off, dst, room, &x->read_err))
        return CURL_READFUNC_ABORT;
    x->off += room;
    x->out->sent = x->off;
    if (room)
        x->out->body_started = true;
    return room;
}

static size_t on_write(char *p, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size * n;

    buf_add(&x->out->body, p, len);
    if (buf_ok(&x->out->body))
        return len;
    x->too_big = x->out->body.full;
    x->no_memory = !x->too_big;
    return 0;
}

/* -1: none. */
static time_t http_date(struct str v)
{
    char date[64];

    (void)snprintf(date, sizeof(date), "%.*s", v.n < 60 ? (int)v.n : 0, v.p);
    return curl_getdate(date, NULL);
}

static int64_t retry_after(struct str v)
{
    unsigned long long s;
    time_t when;

    if (str_to_u64(v, 1000000000, &s))
        return s * 1000 > DAY_MS ? DAY_MS : (int64_t)s * 1000;
    when = http_date(v);
    if (when == (time_t)-1)
        return -1;
    if ((int64_t)when * 1000 <= clock_now())
        return 0;
    return (int64_t)when * 1000 - clock_now() > DAY_MS ? DAY_MS
                                                       : (int64_t)when * 1000 - clock_now();
}

static void keep_text(char *out, size_t cap, struct str v)
{
    (void)snprintf(out, cap, "%.*s", v.n < cap ? (int)v.n : (int)cap - 1, v.p);
}

static void note_header(struct exchange *x, struct str name, struct str v)
{
    struct http_answer *a = x->out;

    if (str_ieq(name, STR("Content-Type")))
        keep_text(a->content_type, sizeof(a->content_type), v);
    else if (str_ieq(name, STR("Location")))
        keep_text(a->location, sizeof(a->location), v);
    else if (str_ieq(name, STR("Retry-After")))
        a->retry_after_ms = retry_after(v);
    else if (str_ieq(name, STR("Date")))
        a->date = http_date(v) > 0 ? (int64_t)http_date(v) * 1000 : 0;
}

static size_t on_header(const char *p, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    struct str line = {p, size * n};
    size_t colon;

    x->header_bytes += line.n;
    if (x->header_bytes > HEADER_MAX) {
        x->long_header = true;
        return 0;
    }
    if (str_has_prefix(line, STR("HTTP/"))) { /* of a redirect's target, or after 1xx */
        x->out->content_type[0] = x->out->location[0] = '\0';
        x->out->retry_after_ms = -1;
        buf_clear(&x->out->body);
        return line.n;
    }
    colon = str_find(line, STR(":"));
    if (colon < line.n)
        note_header(x, str_sub(line, 0, colon), str_trim(str_sub(line, colon + 1, line.n)));
    return line.n;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct exchange *x = ctx;

    (void)purpose;
    if (!x->c->egress.private_ok && !http_sockaddr_is_public(&a->addr)) {
        x->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- one exchange ---- */

#define SET(opt, value)                                                                            \
    do {                                                                                           \
        if (curl_easy_setopt(h, opt, value) != CURLE_OK)                                           \
            return -1;                                                                             \
    } while (0)

/*= PEPPOL-TLS 1.1.0 1 "the name must match" */
static int set_tls(CURL *h, const struct http_client *c)
{
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, NULL); /* the store of http_trust instead */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
    SET(CURLOPT_SSL_CTX_FUNCTION, http_trust_use);
    SET(CURLOPT_SSL_CTX_DATA, c->trust);
    return 0;
}

static int set_schemes(CURL *h, const struct exchange *x)
{
    const struct http_request *rq = x->rq;
    const char *schemes = x->c->egress.plain_ok || rq->plain_ok ? "http,https" : "https";

    SET(CURLOPT_PROTOCOLS_STR, schemes);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    SET(CURLOPT_FOLLOWLOCATION, rq->max_redirects ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)rq->max_redirects);
    return 0;
}

static int set_where(CURL *h, struct exchange *x)
{
    SET(CURLOPT_URL, x->rq->url);
    SET(CURLOPT_PROXY, ""); /* none, also not from the environment */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_MAXCONNECTS, 2L);
    SET(CURLOPT_MAXAGE_CONN, KEEP_S);
    SET(CURLOPT_TCP_NODELAY, 1L);
    if (x->c->resolve)
        SET(CURLOPT_RESOLVE, x->c->resolve);
    if (x->c->connect_to)
        SET(CURLOPT_CONNECT_TO, x->c->connect_to);
    return set_schemes(h, x) || set_tls(h, x->c) ? -1 : 0;
}

static int set_limits(CURL *h, const struct http_request *rq)
{
    SET(CURLOPT_TIMEOUT_MS, (long)(rq->deadline_ms ? rq->deadline_ms : 30000));
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(rq->connect_ms ? rq->connect_ms : 10000));
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)rq->low_bytes);
    SET(CURLOPT_LOW_SPEED_TIME, (long)rq->low_s);
    return 0;
}

static int set_talk(CURL *h, struct exchange *x, struct curl_slist *headers)
{
    SET(CURLOPT_USERAGENT, x->c->user_agent);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    SET(CURLOPT_ERRORBUFFER, x->curl_says);
    SET(CURLOPT_WRITEFUNCTION, on_write);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_CUSTOMREQUEST, x->method);
    if (!x->rq->body)
        return 0;
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->rq->body->len);
    /* without a seek function libcurl cannot send the body a second time by itself */
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, x);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 131072L);
    return 0;
}

static int headers_of(struct curl_slist **list, const struct http_request *rq)
{
    char line[512];

    if (add_line(list, "Expect:")) /* else a second is lost waiting for 100 */
        return -1;
    if (add_line(list, "Accept-Encoding:")) /* decoded if it comes, but not asked for */
        return -1;
    if (rq->content_type) {
        (void)snprintf(line, sizeof(line), "Content-Type: %s", rq->content_type);
        if (add_line(list, line))
            return -1;
    }
    if (rq->accept) {
        (void)snprintf(line, sizeof(line), "Accept: %s", rq->accept);
        if (add_line(list, line))
            return -1;
    }
    return copy_list(list, rq->header);
}

static void note_facts(CURL *h, struct exchange *x)
{
    struct http_answer *a = x->out;
    char *ip = NULL;
    long status = 0, connects = 0;
    curl_off_t us = 0;

    (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    if (curl_easy_getinfo(h, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip)
        (void)snprintf(a->remote_ip, sizeof(a->remote_ip), "%s", ip);
    (void)curl_easy_getinfo(h, CURLINFO_PRIMARY_PORT, &a->remote_port);
    (void)curl_easy_getinfo(h, CURLINFO_NUM_CONNECTS, &connects);
    a->reused = connects == 0 && a->status != 0;
    if (curl_easy_getinfo(h, CURLINFO_APPCONNECT_TIME_T, &us) == CURLE_OK && us == 0)
        (void)curl_easy_getinfo(h, CURLINFO_CONNECT_TIME_T, &us);
    a->connect_ms = a->reused ? 0 : us / 1000;
}

static int explain(const struct exchange *x, CURLcode rc, struct err *e)
{
    enum err_class cls = x->out->body_started ? ERR_UNKNOWN : ERR_RETRY;
    const char *says = x->curl_says[0] ? x->curl_says : curl_easy_strerror(rc);

    if (x->refused && rc != CURLE_OK && !x->out->body_started)
        return err_set(e, ERR_PEER, "http.egress", "",
            "the name leads to a private or special address, which is not called");
    if (x->too_big)
        return err_set(
            e, cls, "http.too-big", "", "the answer has more than %zu bytes", x->out->body.max);
    if (x->no_memory || rc == CURLE_OUT_OF_MEMORY) {
        (void)err_nomem(e);
        if (e)
            e->class = cls;
        return -1;
    }
    if (x->long_header)
        return err_set(e, cls, "http.malformed", "", "the answer has more than %u bytes of headers",
            HEADER_MAX);
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(e, cls, "http.resolve", "", "the host name cannot be resolved: %s", says);
    case CURLE_COULDNT_CONNECT:
        return err_set(e, cls, "http.connect", "", "no connection: %s", says);
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, cls, "http.timeout", "", "no answer in time: %s", says);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return err_set(e, cls, "http.tls", "PEPPOL Transport Security", "TLS failed: %s", says);
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(e, ERR_CONFIG, "http.ca", "", "certificate authorities: %s", says);
    case CURLE_TOO_MANY_REDIRECTS:
        return err_set(e, cls, "http.redirect", "", "too many redirects");
    case CURLE_OUT_OF_MEMORY:
        return err_nomem(e);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
        return err_set(e, cls, "http.reset", "", "the connection broke: %s", says);
    default:
        return err_set(e, cls, "http.malformed", "", "not an HTTP answer: %s", says);
    }
}

static int judge(struct exchange *x, CURLcode rc, struct err *e)
{
    const struct http_request *rq = x->rq;

    if (rc == CURLE_OK)
        return 0;
    if (rc == CURLE_ABORTED_BY_CALLBACK && x->read_err.class != ERR_NONE) {
        if (e)
            *e = x->read_err;
        if (e && x->out->body_started)
            e->class = ERR_UNKNOWN;
    } else
        (void)explain(x, rc, e);
    return err_where(e, "%s %.110s%s%s", rq->hop ? rq->hop : "HTTP", rq->url,
        x->out->remote_ip[0] ? " at " : "", x->out->remote_ip);
}

static int perform(CURL *h, struct exchange *x, struct err *e)
{
    struct curl_slist *headers = NULL;
    int64_t began = clock_mono();
    int rc = -1;

    if (headers_of(&headers, x->rq) || set_where(h, x) || set_limits(h, x->rq) ||
        set_talk(h, x, headers))
        (void)err_nomem(e);
    else {
        CURLcode cc = curl_easy_perform(h);
        note_facts(h, x);
        x->out->ms = clock_mono() - began;
        rc = judge(x, cc, e);
    }
    curl_slist_free_all(headers);
    return rc;
}

static int run(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    const char *method, struct err *e)
{
    struct exchange x = {.c = c, .rq = rq, .method = method, .out = out};
    char key[HTTP_KEY];
    CURL *h;
    int rc;

    memset(out, 0, sizeof(*out));
    out->retry_after_ms = -1;
    buf_init(&out->body, rq->max_body ? rq->max_body : BODY_DEFAULT);
    if (http_egress_check(key, rq->url, &c->egress, rq->plain_ok, e))
        return err_where(e, "%s %.110s", rq->hop ? rq->hop : "HTTP", rq->url);
    if (!(h = take_handle(c, key)))
        return err_nomem(e);
    rc = perform(h, &x, e);
    give_back(c, h, key);
    return rc;
}

static int with_body(struct http_answer *out, struct http_client *c, const struct http_request *rq,
    const char *method, struct err *e)
{
    struct blob none = blob_mem("", 0);
    struct http_request full = *rq;

    if (!full.body)
        full.body = &none;
    return run(out, c, &full, method, e);
}

static int without_body(struct http_answer *out, struct http_client *c,
    const struct http_request *rq, const char *method, struct err *e)
{
    struct http_request bare = *rq;

    bare.body = NULL;
    bare.content_type = NULL;
    return run(out, c, &bare, method, e);
}

int http_post(
    struct http_answer *out, struct http_client *c, const struct http_request *rq, struct err *e)
{
    return with_body(out, c, rq, NULL, e);
}

int http_put(
    struct http_answer *out, struct http_client *c, const struct http_request *rq, struct err *e)
{
    return with_body(out, c, rq, "PUT", e);
}

int http_get(
    struct http_answer *out, struct http_client *c, const struct http_request *rq, struct err *e)
{
    return without_body(out, c, rq, NULL, e);
}

int http_delete(
    struct http_answer *out, struct http_client *c, const struct http_request *rq, struct err *e)
{
    return without_body(out, c, rq, "DELETE", e);
}

void http_answer_free(struct http_answer *a)
{
    buf_free(&a->body);
}
