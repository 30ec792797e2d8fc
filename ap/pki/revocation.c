/* revocation.c - the sources (a distribution point and its authority), each with its last list. One
 * lock; it is not held while the network is asked: a source being fetched is marked busy. */
#include "ap/pki/revocation.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/pki/crl_priv.h"
#include "ap/pki/ocsp_priv.h"

#define URL_MAX 512
#define BACKOFF_MS 30000 /* after a failure nobody waits for the same source again */
#define ANSWERS 256      /* OCSP answers kept, by certificate */
#define ANSWER_MS 3600000

struct source {
    char url[URL_MAX];
    struct cert *issuer;
    struct crl *list;   /* the last that was good; NULL: none yet */
    int64_t fetched;    /* ms UTC */
    int64_t not_before; /* monotonic: no other try before it */
    bool busy;
    char why[120]; /* the last failure */
};

struct answer { /* of OCSP */
    uint8_t sha256[HASH_LEN];
    int64_t until;      /* ms UTC; 0: none */
    int64_t not_before; /* monotonic */
    bool revoked;
    char why[120];
};

struct revocation {
    struct revocation_cfg cfg;
    char dir[4096];
    pthread_mutex_t lock;
    pthread_cond_t fetched; /* a source is not busy any more */
    struct source sources[REVOCATION_SOURCES];
    size_t n;
    struct answer answers[ANSWERS];
};

int revocation_open(struct revocation **out, const struct revocation_cfg *c, struct err *e)
{
    struct revocation *r = calloc(1, sizeof(*r));

    if (!r)
        return err_nomem(e);
    r->cfg = *c;
    r->cfg.fetch_ms = c->fetch_ms ? c->fetch_ms : 10000;
    if (c->dir)
        (void)snprintf(r->dir, sizeof(r->dir), "%s", c->dir);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->fetched, NULL);
    if (c->dir && fsx_mkdirs(r->dir, 0700, e)) {
        revocation_close(r);
        return -1;
    }
    *out = r;
    return 0;
}

void revocation_follow(struct revocation *r, const struct revocation_policy *p)
{
    pthread_mutex_lock(&r->lock);
    r->cfg.policy = *p;
    pthread_mutex_unlock(&r->lock);
}

static struct revocation_policy policy_of(struct revocation *r)
{
    struct revocation_policy p;

    pthread_mutex_lock(&r->lock);
    p = r->cfg.policy;
    pthread_mutex_unlock(&r->lock);
    return p;
}

void revocation_close(struct revocation *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        crl_free(r->sources[i].list);
        cert_unref(r->sources[i].issuer);
    }
    (void)pthread_cond_destroy(&r->fetched);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- where to ask ---- */

static bool take_http(char out[URL_MAX], const ASN1_IA5STRING *s)
{
    int n = ASN1_STRING_length(s);

    if (n < 8 || n >= URL_MAX || memcmp(ASN1_STRING_get0_data(s), "http://", 7) != 0)
        return false;
    (void)snprintf(out, URL_MAX, "%.*s", n, (const char *)ASN1_STRING_get0_data(s));
    return (int)strlen(out) == n;
}

static bool url_in(char out[URL_MAX], const GENERAL_NAMES *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type == GEN_URI && take_http(out, g->d.uniformResourceIdentifier))
            return true;
    }
    return false;
}

/* The first http: address of a distribution point for all reasons. */
static bool crl_url(char out[URL_MAX], const struct cert *c)
{
    STACK_OF(DIST_POINT) *points = X509_get_ext_d2i(c->x, NID_crl_distribution_points, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *p = sk_DIST_POINT_value(points, i);
        found = !p->reasons && !p->CRLissuer && p->distpoint && p->distpoint->type == 0 &&
                url_in(out, p->distpoint->name.fullname);
    }
    sk_DIST_POINT_pop_free(points, DIST_POINT_free);
    return found;
}

static bool ocsp_url(char out[URL_MAX], const struct cert *c)
{
    STACK_OF(ACCESS_DESCRIPTION) *all = X509_get_ext_d2i(c->x, NID_info_access, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_ACCESS_DESCRIPTION_num(all); i++) {
        const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(all, i);
        found = OBJ_obj2nid(d->method) == NID_ad_OCSP && d->location->type == GEN_URI &&
                take_http(out, d->location->d.uniformResourceIdentifier);
    }
    sk_ACCESS_DESCRIPTION_pop_free(all, ACCESS_DESCRIPTION_free);
    return found;
}

/* ---- lists on disk: named by their address; verified again when read ---- */

static bool file_name(char out[HASH_HEX + 8], const char *url)
{
    uint8_t digest[HASH_LEN];

    if (hash_of(digest, url, strlen(url), NULL))
        return false;
    enc_hex(out, digest, sizeof(digest));
    memcpy(out + HASH_HEX - 1, ".crl", 5);
    return true;
}

static void load(struct revocation *r, struct source *s)
{
    char name[HASH_HEX + 8], path[sizeof(r->dir) + sizeof(name)];
    struct err e = ERR_INIT;
    struct stat st;
    struct buf b;

    if (!*r->dir || !file_name(name, s->url))
        return;
    (void)snprintf(path, sizeof(path), "%s/%s", r->dir, name);
    buf_init(&b, CRL_MAX + 1);
    if (stat(path, &st) == 0) {
        if (fsx_read_file(&b, path, &e) || crl_read(&s->list, buf_view(&b), s->issuer, &e))
            log_err(LOG_WARN, "crl.cache", &e, "file", path, NULL);
        else
            s->fetched = (int64_t)st.st_mtim.tv_sec * 1000;
    }
    buf_free(&b);
}

static void save(const struct revocation *r, const struct source *s, const struct buf *der)
{
    char name[HASH_HEX + 8];
    struct err e = ERR_INIT;
    int dir;

    if (!*r->dir || !file_name(name, s->url))
        return;
    dir = fsx_open_dir(r->dir, &e);
    if (dir < 0 || fsx_replace(dir, name, der->p, der->n, 0600, &e))
        log_err(LOG_WARN, "crl.cache", &e, "url", s->url, NULL);
    if (dir >= 0)
        (void)close(dir);
}

/* ---- fetching ---- */

static int get_list(
    struct crl **out, struct buf *der, struct revocation *r, const struct source *s, struct err *e)
{
    struct http_request rq = {.url = s->url,
        .deadline_ms = r->cfg.fetch_ms,
        .connect_ms = r->cfg.fetch_ms,
        .max_body = CRL_MAX,
        .max_redirects = 2,
        .plain_ok = true,
        .hop = "CRL"};
    struct http_answer a;
    int rc = http_get(&a, r->cfg.http, &rq, e);

    if (!rc && a.status != 200) {
        rc = err_set(
            e, ERR_RETRY, "crl.unreachable", "", "the CRL server answers HTTP %d", a.status);
        (void)err_where(e, "CRL %s", s->url);
    }
    if (!rc && !(rc = crl_read(out, buf_view(&a.body), s->issuer, e)))
        buf_str(der, buf_view(&a.body));
    http_answer_free(&a);
    return rc;
}

/* The lock held. Newer, and not already over: an old list played back would hide a revocation. */
static int take_list(struct source *s, struct crl *list, int64_t now, struct err *e)
{
    if (!crl_is_fresh(list, now))
        return err_set(e, ERR_RETRY, "crl.stale", "RFC 5280 5.1.2.5",
            "the list at %.200s is past its nextUpdate, or of the future", s->url);
    if (s->list && list->this_update < s->list->this_update)
        return err_set(e, ERR_RETRY, "crl.stale", "RFC 5280 5.1.2.4",
            "the list at %.200s is older than one that it gave before", s->url);
    crl_free(s->list);
    s->list = list;
    s->fetched = now;
    s->not_before = 0;
    s->why[0] = '\0';
    return 0;
}

/* The lock held on entry and exit. The slot stays where it is: sources are never removed. */
static void fetch(struct revocation *r, struct source *s, int64_t now)
{
    struct err e = ERR_INIT;
    struct crl *list = NULL;
    struct buf der;

    s->busy = true;
    pthread_mutex_unlock(&r->lock);
    buf_init(&der, CRL_MAX + 1);
    if (get_list(&list, &der, r, s, &e) == 0 && buf_check(&der, &e)) {
        crl_free(list);
        list = NULL;
    }
    pthread_mutex_lock(&r->lock);
    if (!list || take_list(s, list, now, &e)) {
        crl_free(list);
        s->not_before = clock_mono() + BACKOFF_MS;
        (void)snprintf(s->why, sizeof(s->why), "%.119s", e.msg);
        log_err(LOG_WARN, "crl.not-fetched", &e, "url", s->url, NULL);
    } else {
        save(r, s, &der);
    }
    buf_free(&der);
    s->busy = false;
    pthread_cond_broadcast(&r->fetched);
}

static struct source *source_of(struct revocation *r, const char *url, const struct cert *issuer)
{
    struct source *s;

    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->sources[i].url, url) == 0 && cert_same(r->sources[i].issuer, issuer))
            return &r->sources[i];
    if (r->n == REVOCATION_SOURCES)
        return NULL;
    s = &r->sources[r->n];
    *s = (struct source){0};
    (void)snprintf(s->url, sizeof(s->url), "%s", url);
    s->issuer = cert_ref((struct cert *)(uintptr_t)issuer);
    load(r, s);
    r->n++;
    return s;
}

static void wait_while_busy(struct revocation *r, struct source *s)
{
    struct timespec until;

    if (clock_gettime(CLOCK_REALTIME, &until))
        return;
    until.tv_sec += r->cfg.fetch_ms / 1000 + 1;
    while (s->busy && pthread_cond_timedwait(&r->fetched, &r->lock, &until) == 0)
        ;
}

/* ---- verdicts ---- */

static int revoked(const struct cert *c, struct err *e)
{
    (void)err_set(e, ERR_PEER, "cert.revoked", "RFC 5280 5", "%s (%s) is revoked by %s", c->cn,
        c->serial, c->issuer_cn);
    return err_ebms(e, "EBMS:0101");
}

enum said { SAID_GOOD, SAID_REVOKED, SAID_NOTHING };

struct asked {
    struct revocation *r;
    const struct cert *c, *issuer;
    int64_t now;
    char why[300];
};

/* Among them: is what we hold, too old for more, within the grace of a soft policy? */
static enum said ask_crl(struct asked *q, bool *last_good)
{
    struct revocation *r = q->r;
    char url[URL_MAX];
    enum said said = SAID_NOTHING;
    struct source *s;

    if (!crl_url(url, q->c)) {
        (void)snprintf(q->why, sizeof(q->why), "it names no CRL");
        return SAID_NOTHING;
    }
    pthread_mutex_lock(&r->lock);
    s = source_of(r, url, q->issuer);
    if (s && !crl_is_fresh(s->list, q->now)) {
        if (s->busy)
            wait_while_busy(r, s);
        else if (clock_mono() >= s->not_before)
            fetch(r, s, q->now);
    }
    if (s && s->list && !crl_covers(s->list, q->c))
        (void)snprintf(s->why, sizeof(s->why), "the list is not for CAs");
    else if (s && s->list && crl_lists(s->list, q->c))
        said = SAID_REVOKED; /* revocation is for ever: the age of the list does not matter */
    else if (s && crl_is_fresh(s->list, q->now))
        said = SAID_GOOD;
    else if (s && s->list)
        *last_good = s->list->this_update <= q->now + CRL_SKEW &&
                     q->now < s->list->next_update + r->cfg.policy.grace_ms;
    (void)snprintf(q->why, sizeof(q->why), "%s", !s ? "too many CRLs" : s->why);
    pthread_mutex_unlock(&r->lock);
    return said;
}

static int post_question(struct revocation *r, const char *url, const struct ocsp_question *q,
    const struct buf *der, int64_t *until, int64_t now, struct err *e)
{
    struct blob body = blob_mem(der->p, der->n);
    struct http_request rq = {.url = url,
        .content_type = "application/ocsp-request",
        .accept = "application/ocsp-response",
        .body = &body,
        .deadline_ms = r->cfg.fetch_ms,
        .connect_ms = r->cfg.fetch_ms,
        .max_body = OCSP_MAX,
        .plain_ok = true,
        .hop = "OCSP"};
    struct http_answer a;
    int rc = http_post(&a, r->cfg.http, &rq, e);

    if (!rc && a.status != 200)
        rc = err_set(e, ERR_RETRY, "ocsp.unknown", "", "OCSP: HTTP %d", a.status);
    if (!rc)
        rc = ocsp_judge(until, q, buf_view(&a.body), now, e);
    http_answer_free(&a);
    return rc;
}

static struct answer fresh_answer(struct asked *q, const char *url)
{
    struct answer a = {0};
    struct ocsp_question *question = NULL;
    struct err e = ERR_INIT;
    struct buf der;
    int64_t until = 0;

    buf_init(&der, OCSP_MAX);
    memcpy(a.sha256, q->c->sha256, HASH_LEN);
    if (ocsp_ask(&question, &der, q->c, q->issuer, &e) == 0 &&
        post_question(q->r, url, question, &der, &until, q->now, &e) == 0) {
        a.until = until < q->now + ANSWER_MS ? until : q->now + ANSWER_MS;
    } else if (strcmp(e.code, "cert.revoked") == 0) {
        a.revoked = true;
        a.until = INT64_MAX;
    } else {
        a.not_before = clock_mono() + BACKOFF_MS;
        (void)snprintf(a.why, sizeof(a.why), "%.119s", e.msg);
        log_err(LOG_WARN, "ocsp.no-answer", &e, "url", url, NULL);
    }
    ocsp_question_free(question);
    buf_free(&der);
    return a;
}

static enum said ask_ocsp(struct asked *q)
{
    struct answer *kept = &q->r->answers[q->c->sha256[0]], a;
    size_t n = strlen(q->why);
    char url[URL_MAX];
    bool ask;

    if (!ocsp_url(url, q->c))
        return SAID_NOTHING;
    pthread_mutex_lock(&q->r->lock);
    a = *kept;
    pthread_mutex_unlock(&q->r->lock);
    ask = memcmp(a.sha256, q->c->sha256, HASH_LEN) != 0 ||
          (q->now >= a.until && clock_mono() >= a.not_before);
    if (ask) {
        a = fresh_answer(q, url);
        pthread_mutex_lock(&q->r->lock);
        *kept = a;
        pthread_mutex_unlock(&q->r->lock);
    }
    if (a.revoked)
        return SAID_REVOKED;
    if (q->now < a.until)
        return SAID_GOOD;
    (void)snprintf(q->why + n, sizeof(q->why) - n, "%s%s", n ? "; " : "", a.why);
    return SAID_NOTHING;
}

/*= PEPPOL-PKI 4 "CRL first, then OCSP" */
/*= PEPPOL-PKI 4 "unknown is not good" */
int revocation_check(void *ctx, const char **how, const struct cert *c, const struct cert *issuer,
    bool received, int64_t now, struct err *e)
{
    struct asked q = {.r = ctx, .c = c, .issuer = issuer, .now = now};
    struct revocation_policy policy = policy_of(q.r);
    const char *ignored;
    bool last_good = false;
    enum said said;

    how = how ? how : &ignored;
    *how = NULL;
    if (policy.off)
        return 0;
    *how = "crl";
    said = ask_crl(&q, &last_good);
    if (said == SAID_NOTHING) {
        *how = "ocsp";
        said = ask_ocsp(&q);
    }
    if (said == SAID_GOOD)
        return 0;
    if (said == SAID_REVOKED)
        return revoked(c, e);
    *how = "last-good";
    if (last_good && received && policy.grace_ms > 0)
        return 0;
    (void)err_set(e, ERR_RETRY, "cert.revocation-unknown", "PEPPOL-AS4 4.7",
        "whether %s (%s) is revoked cannot be found out: %s", c->cn, c->serial, q.why);
    return err_next(e, "tried again; check the way to the CRL server (port 80)");
}

/* ---- ahead of need ---- */

static bool due(const struct revocation *r, const struct source *s, int64_t now)
{
    int64_t after = r->cfg.policy.refresh_ms ? r->cfg.policy.refresh_ms : 3600000, life;

    if (r->cfg.policy.off || s->busy || clock_mono() < s->not_before)
        return false;
    if (!crl_is_fresh(s->list, now))
        return true;
    life = s->list->next_update - s->list->this_update;
    return now >= s->fetched + (after < life / 4 ? after : life / 4);
}

void revocation_refresh(struct revocation *r, int64_t now)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->n; i++)
        if (due(r, &r->sources[i], now))
            fetch(r, &r->sources[i], now);
    pthread_mutex_unlock(&r->lock);
}
