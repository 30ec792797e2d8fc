/* publish_http.c - one request to the SMP, and what its status means for the operator. */
#include <stdio.h>

#include "ap/publish/publish_priv.h"
#include "ap/xml/xml.h"

#define REQUEST_MS 30000
#define SAYS 120

static const struct meaning {
    int from, to;
    enum err_class class;
    const char *code, *text, *next;
} meanings[] = {
    {300, 399, ERR_CONFIG, "publish.url", "it redirects, which is not followed with credentials",
        "set smp.url to where it leads"},
    {401, 401, ERR_CONFIG, "publish.credentials", "it does not know the user, password or token",
        "check smp.user and smp.secret_file"},
    {403, 403, ERR_PEER, "publish.forbidden",
        "the credentials are wrong, or the participant belongs to another user there",
        "check smp.user and smp.secret_file, and the owner of the participant in the SMP"},
    {404, 404, ERR_PEER, "publish.unknown", "it does not know the participant, or has no such path",
        "check smp.url; then run it again"},
    {405, 405, ERR_PEER, "publish.read-only", "it takes no changes there",
        "check smp.url; or let its operator enable the writable REST interface"},
    {408, 408, ERR_RETRY, "publish.failed", "it waited too long for us", NULL},
    {409, 409, ERR_PEER, "publish.conflict",
        "the participant is registered otherwise, or at another SMP",
        "it must be unregistered or migrated there first"},
    {412, 412, ERR_PEER, "publish.read-only", "its REST interface takes no changes",
        "let its operator enable the writable REST interface"},
    {429, 429, ERR_RETRY, "publish.failed", "it asks for fewer requests", NULL},
    {400, 499, ERR_PEER, "publish.refused", "it does not take what was sent",
        "see the text; ask its operator"},
    {500, 599, ERR_RETRY, "publish.failed", "it is in trouble, or the SML is", NULL},
    {0, 999, ERR_PEER, "publish.refused", "an answer that is not understood",
        "is this the REST interface of an SMP? check smp.url"},
};

/* The start of a short answer in plain text, for people; HTML and XML tell them nothing. phoss-smp
 * before 8.2 repeats a token that it does not know. */
static void says(char out[SAYS], const struct http_answer *a, const char *secret)
{
    size_t n = 0, len = strlen(secret);

    for (size_t i = 0; i < a->body.n && n + 1 < SAYS; i++) {
        char c = a->body.p[i];
        if (n == 0 && c == '<')
            break;
        if (len && a->body.n - i >= len && memcmp(a->body.p + i, secret, len) == 0) {
            out[n++] = '*';
            i += len - 1;
        } else if (c >= ' ' && c <= '~') {
            out[n++] = c;
        } else if (n && out[n - 1] != ' ') {
            out[n++] = ' ';
        }
    }
    out[n] = '\0';
}

/* What follows "Authorization: SCHEME "; "" without it. */
static const char *secret_of(const struct publish_smp *s)
{
    const char *z = s->authorization;

    for (int words = 0; z && words < 2; words++) {
        z = strchr(z, ' ');
        z = z ? z + 1 : NULL;
    }
    return z ? z : "";
}

static int refused(
    const struct publish_smp *s, const char *url, const struct http_answer *a, struct err *e)
{
    const struct meaning *m = meanings;
    char text[SAYS];

    while (a->status < m->from || a->status > m->to)
        m++;
    says(text, a, secret_of(s));
    (void)err_set(e, m->class, m->code, "SMP REST", "the SMP answers HTTP %d: %s%s%s", a->status,
        m->text, text[0] ? "; it says: " : "", text);
    if (m->next)
        (void)err_next(e, "%s", m->next);
    return err_where(e, "SMP %.140s", url);
}

static int name_smp(const char *url, struct err *e)
{
    const char *host = strstr(url, "://");
    char who[64];

    host = host ? host + 3 : url;
    (void)snprintf(who, sizeof(who), "SMP %.*s", (int)strcspn(host, ":/"), host);
    return err_who(e, who);
}

/* Credentials in clear only to this machine: an SMP behind a proxy on the same host. */
static bool is_local(const char *url)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        size_t n = strlen(hosts[i]);
        if (strncmp(url, hosts[i], n) == 0 && strchr(":/", url[n]))
            return true;
    }
    return false;
}

typedef int method(
    struct http_answer *out, struct http_client *c, const struct http_request *rq, struct err *e);

static int exchange(struct http_answer *a, method *how, const struct publish_smp *s,
    const char *url, const struct blob *body, struct err *e)
{
    const char *header[] = {how == http_get ? NULL : s->authorization, NULL};
    const struct http_request rq = {.url = url,
        .content_type = "application/xml; charset=utf-8",
        .accept = how == http_get ? "application/xml, text/xml;q=0.9, */*;q=0.1" : NULL,
        .body = body,
        .header = header,
        .deadline_ms = s->deadline_ms ? s->deadline_ms : REQUEST_MS,
        .max_body = SMP_MAX_BYTES,
        .plain_ok = s->plain_ok || is_local(url),
        .hop = "SMP"};

    if (s->go_on && !s->go_on(s->ctx)) {
        *a = (struct http_answer){0};
        return err_set(e, ERR_RETRY, "publish.ended", "", "the service ends");
    }
    if (how(a, s->http, &rq, e) == 0)
        return 0;
    if (e && e->class == ERR_UNKNOWN)
        (void)err_next(e, "run it again: only what is still missing is done");
    return name_smp(url, e);
}

int publish_get(struct buf *body, const struct publish_smp *s, const char *url, struct err *e)
{
    struct http_answer a;
    int rc = exchange(&a, http_get, s, url, NULL, e);

    buf_init(body, SMP_MAX_BYTES);
    if (rc == 0 && a.status == 200) {
        *body = a.body;
        buf_init(&a.body, 0);
        rc = 1;
    } else if (rc == 0 && a.status != 404) {
        rc = refused(s, url, &a, e);
        (void)name_smp(url, e);
    }
    http_answer_free(&a);
    return rc;
}

static int change(method *how, const struct publish_smp *s, const char *url,
    const struct blob *body, struct err *e)
{
    struct http_answer a;
    int rc = exchange(&a, how, s, url, body, e);

    if (rc == 0 && (a.status < 200 || a.status > 299) && !(how == http_delete && a.status == 404)) {
        rc = refused(s, url, &a, e);
        (void)name_smp(url, e);
    }
    http_answer_free(&a);
    return rc;
}

int publish_put(const struct publish_smp *s, const char *url, const struct buf *body, struct err *e)
{
    const struct blob b = blob_str(buf_view(body));

    return change(http_put, s, url, &b, e);
}

int publish_delete(const struct publish_smp *s, const char *url, struct err *e)
{
    return change(http_delete, s, url, NULL, e);
}

const char *publish_url(const struct publish_smp *s, const struct participant *p,
    const struct doctype *d, struct arena *a, struct err *e)
{
    struct buf b;
    const char *z;

    buf_init(&b, 8192);
    if (d)
        smp_metadata_url(&b, s->url, p, d);
    else
        smp_group_url(&b, s->url, p);
    z = buf_ok(&b) ? arena_dup(a, buf_view(&b)) : NULL;
    buf_free(&b);
    if (!z)
        (void)err_nomem(e);
    return z;
}

/* The same checks as a sender's: signature, signer, identifiers. */
static int check_metadata(char *signer, xmlNode **out, const struct publish_smp *s,
    const struct participant *p, const struct doctype *d, const struct buf *body, struct arena *a,
    struct err *e)
{
    struct smp_redirect to;
    struct cert *c;
    int rc = smp_read_signed(out, &c, a, buf_view(body), e);

    if (rc)
        return -1;
    if (s->pki && pki_check(s->pki, c, PKI_SMP, s->now, e)) {
        if (e && e->class == ERR_PEER)
            (void)snprintf(e->code, sizeof(e->code), "smp.untrusted");
        rc = err_wrap(e, "the SMP's certificate (CN=%s): ", c->cn);
    }
    if (signer)
        (void)snprintf(signer, CERT_CN, "%s", c->cn);
    cert_unref(c);
    if (rc || (rc = smp_read_redirect(&to, *out, a, e)) != 0)
        return rc < 0 ? -1 : 0;
    return smp_check_ids(*out, p, d, a, e);
}

int publish_get_metadata(xmlNode **out, char *signer, const struct publish_smp *s,
    const struct participant *p, const struct doctype *d, struct arena *a, struct err *e)
{
    const char *url = publish_url(s, p, d, a, e);
    struct buf body;
    int rc;

    *out = NULL;
    if (!url)
        return -1;
    rc = publish_get(&body, s, url, e);
    if (rc == 1 && check_metadata(signer, out, s, p, d, &body, a, e)) {
        if (e && !e->where[0])
            (void)err_where(e, "SMP %.140s", url);
        rc = name_smp(url, e);
    }
    buf_free(&body);
    return rc;
}
