#include "ap/lookup/lookup.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/lookup/lookup_priv.h"
#include "ap/lookup/smp.h"
#include "ap/lookup/url_priv.h"
#include "ap/xml/xml.h"

#define MAX_CANDIDATES 8u /* ids asked for one after the other, when an SMP lists none */
#define SMP_REQUESTS 3    /* full deadlines that fit into a whole lookup */

static struct lookup_times sane(const struct lookup_times *t, const struct lookup_cfg *c)
{
    return (struct lookup_times){
        .total_ms = t->total_ms ? t->total_ms : c->dns_ms + SMP_REQUESTS * c->smp_ms,
        .cache_ms = t->cache_ms ? t->cache_ms : 15 * 60 * 1000,
        .last_known_good_ms = t->cache_ms < 0 ? 0 : t->last_known_good_ms};
}

void lookup_follow(struct lookup *l, const struct lookup_times *t)
{
    (void)pthread_mutex_lock(&l->lock);
    l->cfg.times = sane(t, &l->cfg);
    (void)pthread_mutex_unlock(&l->lock);
}

int lookup_open(struct lookup **out, const struct lookup_cfg *c, struct err *e)
{
    struct lookup *l = calloc(1, sizeof(*l));
    struct sml_cfg sc = {.zone = c->zone,
        .resolver = c->resolver,
        .resolver2 = c->resolver2,
        .trust_anchor = c->trust_anchor,
        .plain_ok = c->plain_ok};

    *out = NULL;
    if (!l)
        return err_nomem(e);
    l->cfg = *c;
    l->cfg.dns_ms = sc.deadline_ms = c->dns_ms ? c->dns_ms : 5000;
    l->cfg.smp_ms = c->smp_ms ? c->smp_ms : 10000;
    l->cfg.times = sane(&c->times, &l->cfg);
    (void)pthread_mutex_init(&l->lock, NULL);
    if (!(l->cache = lookup_cache_new())) {
        lookup_close(l);
        return err_nomem(e);
    }
    if (sml_open(&l->sml, &sc, e)) {
        lookup_close(l);
        return -1;
    }
    *out = l;
    return 0;
}

void lookup_close(struct lookup *l)
{
    if (!l)
        return;
    sml_close(l->sml);
    lookup_cache_free(l->cache);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

void lookup_forget(struct lookup *l, const struct participant *p)
{
    lookup_cache_drop(l->cache, p);
}

void endpoint_free(struct endpoint *ep)
{
    cert_unref(ep->cert);
    ep->cert = NULL;
}

/* ---- the run of one lookup ---- */

struct run {
    struct lookup *l;
    const struct participant *p;
    struct arena *a;
    struct err *e;
    struct lookup_step *steps;
    size_t *nsteps;
    struct lookup_times times;
    int64_t began, step_began, until;
    char base[LOOKUP_URL]; /* of the SMP */
    char host[64];
    bool fresh;         /* no cached answers */
    bool group_trouble; /* the ServiceGroup could not be had: a later 404 is not believed */
    struct buf body;    /* last answer */
};

static void run_init(
    struct run *r, struct lookup *l, const struct participant *p, struct arena *a, struct err *e)
{
    *r = (struct run){.l = l, .p = p, .a = a, .e = e};
    (void)pthread_mutex_lock(&l->lock);
    r->times = l->cfg.times;
    (void)pthread_mutex_unlock(&l->lock);
    r->began = r->step_began = clock_mono();
    buf_init(&r->body, SMP_MAX_BYTES);
}

/* Record a step that began when the last one ended. A full list or arena loses steps, nothing
 * else. */
static void step(struct run *r, const char *name, const char *where, enum lookup_verdict v,
    const char *code, const char *text)
{
    int64_t now = clock_mono();
    struct lookup_step *s;

    if (*r->nsteps == LOOKUP_MAX_STEPS)
        return;
    s = &r->steps[(*r->nsteps)++];
    s->name = name;
    s->where = arena_dup(r->a, str_z(where));
    s->text = arena_dup(r->a, str_z(text));
    s->code = arena_dup(r->a, str_z(code));
    s->where = s->where ? s->where : "";
    s->text = s->text ? s->text : "";
    s->code = s->code ? s->code : "";
    s->verdict = v;
    s->ms = now - r->step_began;
    r->step_began = now;
}

static void step_ok(struct run *r, const char *name, const char *where, const char *text)
{
    step(r, name, where, LOOKUP_OK, "", text);
}

/* The step failed with the run's error; says where and who unless that is known better. */
static int step_failed(struct run *r, const char *name, const char *where, const char *who)
{
    if (!r->e->where[0])
        (void)err_where(r->e, "%s", where);
    if (!r->e->who[0])
        (void)err_who(r->e, who);
    step(r, name, where, LOOKUP_FAILED, r->e->code, r->e->msg);
    return -1;
}

/* Who answers for the SMP, as far as is known before its signature: its host. */
static void note_host(struct run *r)
{
    const char *host = strstr(r->base, "://") + 3;

    (void)snprintf(r->host, sizeof(r->host), "SMP %.*s", (int)strcspn(host, "/:"), host);
}

static int ask_sml(struct sml_answer *out, const struct lookup *l, const struct participant *p,
    bool fresh, struct err *e)
{
    if (sml_find(out, l->sml, p, fresh, e) == 0)
        return 0;
    if (strcmp(e->code, "participant.not-registered") == 0)
        (void)err_next(e, "check the identifier, or ask the receiver to be registered");
    if (!e->where[0])
        (void)err_where(e, "%s", out->name);
    return err_who(e, e->class == ERR_RETRY ? "DNS" : p->value);
}

int lookup_smp(char base[LOOKUP_URL], struct lookup *l, const struct participant *p, struct err *e)
{
    struct sml_answer ans;

    if (ask_sml(&ans, l, p, true, e))
        return -1;
    (void)snprintf(base, LOOKUP_URL, "%s", ans.url);
    return 0;
}

static int find_smp(struct run *r)
{
    struct sml_answer ans;

    if (ask_sml(&ans, r->l, r->p, r->fresh, r->e))
        return step_failed(r, "dns", ans.name, r->p->value);
    (void)snprintf(r->base, sizeof(r->base), "%s", ans.url);
    note_host(r);
    step_ok(r, "dns", ans.name, arena_printf(r->a, "SMP %s (TTL %d s)", ans.url, ans.ttl_s));
    r->until = r->began + r->times.total_ms;
    return 0;
}

/* ---- asking the SMP ---- */

static int unreachable(struct run *r, const char *url, const struct http_answer *a)
{
    if (a->status >= 300 && a->status < 400)
        (void)err_set(r->e, ERR_RETRY, "smp.unreachable", "SMP 1.4.0 5",
            "the SMP answers HTTP %d to %.150s, which is not followed", a->status, a->location);
    else
        (void)err_set(r->e, ERR_RETRY, "smp.unreachable", "SMP 1.4.0 5", "the SMP answers HTTP %d",
            a->status);
    (void)err_where(r->e, "SMP %.110s at %s", url, a->remote_ip);
    return -1;
}

/* The HTTP client's names as those of this hop. */
static int rename_http(struct err *e)
{
    const char *code = "smp.unreachable";

    if (strcmp(e->code, "http.egress") == 0 || strcmp(e->code, "memory.exhausted") == 0)
        return -1;
    if (strcmp(e->code, "http.url") == 0)
        code = "sml.url";
    else if (strcmp(e->code, "http.timeout") == 0)
        code = "smp.timeout";
    else if (strcmp(e->code, "http.too-big") == 0 || strcmp(e->code, "http.malformed") == 0)
        code = "smp.malformed";
    (void)snprintf(e->code, sizeof(e->code), "%s", code);
    return -1;
}

/* 1: answer in r->body; 0: the SMP says 404; -1. */
static int ask(struct run *r, const char *url)
{
    int64_t left = r->until - clock_mono();
    struct http_request rq = {.url = url,
        .accept = "application/xml, text/xml;q=0.9, */*;q=0.1",
        .deadline_ms = left < r->l->cfg.smp_ms ? left : r->l->cfg.smp_ms,
        .connect_ms = 5000,
        .max_body = SMP_MAX_BYTES,
        .hop = "SMP"};
    struct http_answer a;
    int rc;

    if (left <= 0) {
        (void)err_set(r->e, ERR_RETRY, "smp.timeout", "", "the SMP answers too slowly");
        return err_where(r->e, "SMP %.110s", url);
    }
    if (http_get(&a, r->l->cfg.http, &rq, r->e))
        rc = rename_http(r->e);
    else if (a.status == 200)
        rc = 1;
    else
        rc = a.status == 404 ? 0 : unreachable(r, url, &a);
    buf_free(&r->body);
    if (rc == 1) {
        r->body = a.body;
        buf_init(&a.body, 0);
    }
    http_answer_free(&a);
    return rc;
}

static const char *url_text(struct run *r, const struct doctype *d)
{
    struct buf b;
    const char *z;

    buf_init(&b, 8192);
    if (d)
        smp_metadata_url(&b, r->base, r->p, d);
    else
        smp_group_url(&b, r->base, r->p);
    z = buf_ok(&b) ? arena_dup(r->a, buf_view(&b)) : NULL;
    buf_free(&b);
    if (!z)
        (void)err_nomem(r->e);
    return z;
}

/* The ServiceGroup's ids. 1 with them; 0 when it cannot be had (a warning: the metadata decide). */
static int read_group(struct run *r, struct doctype **list, size_t *n, size_t *odd)
{
    const char *url = url_text(r, NULL);
    int rc = url ? ask(r, url) : -1;

    *n = *odd = 0;
    if (rc > 0 && smp_read_group(list, n, odd, r->a, buf_view(&r->body), r->p, r->e))
        rc = -1;
    if (rc > 0)
        step_ok(r, "service-group", url, arena_printf(r->a, "%zu document types", *n));
    else if (rc == 0)
        step(r, "service-group", url, LOOKUP_WARN, "", "HTTP 404");
    else
        step(r, "service-group", url ? url : "", LOOKUP_WARN, r->e->code, r->e->msg);
    r->group_trouble = rc < 0;
    return rc;
}

/* ---- signed metadata ---- */

/*= SMP 1.4.0 5.5.1 "signed by an SMP of Peppol" */
static int check_signer(struct run *r, const char *url, const struct cert *signer, int64_t now)
{
    int rc = pki_check(r->l->cfg.pki, signer, PKI_SMP, now, r->e);

    if (rc == 0)
        return 0;
    if (r->e->class == ERR_PEER)
        (void)snprintf(r->e->code, sizeof(r->e->code), "smp.untrusted");
    else if (r->e->class == ERR_RETRY && strcmp(r->e->code, "memory.exhausted") != 0)
        (void)snprintf(r->e->code, sizeof(r->e->code), "smp.revocation-unknown");
    r->e->ebms[0] = '\0'; /* this is about what we asked, not about a message */
    (void)err_wrap(r->e, "the SMP's certificate (CN=%s): ", signer->cn);
    return step_failed(r, "signature", url, signer->cn);
}

/* Parse and verify r->body. */
static int read_metadata(
    struct run *r, const char *url, xmlNode **metadata, struct endpoint *ep, int64_t now)
{
    struct cert *signer;
    char when[CLOCK_TEXT];
    int rc = smp_read_signed(metadata, &signer, r->a, buf_view(&r->body), r->e);

    if (rc) {
        if (strcmp(r->e->code, "smp.signature") == 0)
            log_err(LOG_ERROR, "security.smp-signature", r->e, "url", url, NULL);
        return step_failed(r, "signature", url, r->host);
    }
    rc = check_signer(r, url, signer, now);
    (void)snprintf(ep->smp_signer, sizeof(ep->smp_signer), "%s", signer->cn);
    clock_utc(when, signer->not_after);
    if (rc == 0)
        step_ok(r, "signature", url,
            arena_printf(r->a, "signed by %s (certificate to %.10s)", signer->cn, when));
    cert_unref(signer);
    return rc;
}

static int security_mismatch(struct run *r, const char *url)
{
    if (strcmp(r->e->code, "smp.mismatch") == 0)
        log_err(LOG_ERROR, "security.smp-mismatch", r->e, "url", url, NULL);
    return step_failed(r, "identifiers", url, r->host);
}

/* Peppol's certificates have no UID: SMPs write the CN there, or the whole subject. */
static bool names_signer(struct str uid, const char *cn)
{
    struct str rest = uid, name = str_z(cn);

    while (rest.n) {
        size_t end = 0;
        while (end < rest.n && !strchr(",/+", rest.p[end]))
            end++;
        struct str part = str_trim(str_sub(rest, 0, end));
        if (str_ieq(str_sub(part, 0, 3), STR("CN=")))
            part = str_trim(str_sub(part, 3, part.n));
        if (str_ieq(part, name))
            return true;
        rest = str_sub(rest, end + 1, rest.n);
    }
    return false;
}

/* SMP 1.4.0 4.3: the first redirect is followed, a second is not. */
/*= SMP 1.4.0 4.3 "one redirect is followed" */
/*= SMP 1.4.0 5.5.3 "the redirect's CertificateUID" */
static int follow(struct run *r, const struct smp_redirect *to, const struct doctype *d,
    xmlNode **metadata, struct endpoint *ep, int64_t now)
{
    const char *url = arena_dup(r->a, to->href), *fault;
    struct smp_redirect again;
    int rc;

    if (!url)
        return err_nomem(r->e);
    fault = url_fault(url, r->l->cfg.plain_ok, false);
    if (fault || to->href.n >= LOOKUP_URL) {
        (void)err_set(r->e, ERR_PEER, "smp.redirect", "SMP 1.4.0 4.3",
            "the SMP redirects to a URL that %s", fault ? fault : "is too long");
        return step_failed(r, "redirect", url, r->host);
    }
    step_ok(r, "redirect", url, "to another SMP");
    rc = ask(r, url);
    if (rc == 0)
        rc = err_set(r->e, ERR_RETRY, "smp.unreachable", "SMP 1.4.0 4.3",
            "the SMP redirected to does not know the document type %.100s", d->value);
    if (rc < 0)
        return step_failed(r, "metadata", url, r->host);
    step_ok(r, "metadata", url, "");
    if (read_metadata(r, url, metadata, ep, now))
        return -1;
    if (to->certificate_uid.n && !names_signer(to->certificate_uid, ep->smp_signer))
        step(r, "redirect", url, LOOKUP_WARN, "",
            arena_printf(r->a, "CertificateUID \"%.*s\" is not the signer %s",
                to->certificate_uid.n > 80 ? 80 : (int)to->certificate_uid.n, to->certificate_uid.p,
                ep->smp_signer));
    rc = smp_read_redirect(&again, *metadata, r->a, r->e);
    if (rc > 0)
        (void)err_set(r->e, ERR_PEER, "smp.redirect", "SMP 1.4.0 4.3",
            "the SMP redirects a second time, which is not followed");
    return rc ? step_failed(r, "redirect", url, r->host) : 0;
}

/* What was got under this id, checked: 0 or -1. */
static int take_metadata(struct run *r, const struct doctype *d, const char *url,
    xmlNode **metadata, struct endpoint *ep, int64_t now)
{
    struct smp_redirect to;
    int rc;

    step_ok(r, "metadata", url, "");
    if (read_metadata(r, url, metadata, ep, now))
        return -1;
    rc = smp_read_redirect(&to, *metadata, r->a, r->e);
    if (rc < 0)
        return step_failed(r, "metadata", url, r->host);
    if (rc > 0 && follow(r, &to, d, metadata, ep, now))
        return -1;
    if (smp_check_ids(*metadata, r->p, d, r->a, r->e))
        return security_mismatch(r, url);
    ep->registered = *d;
    return 0;
}

/* Ask for one id. 1: got and checked; 0: 404; -1. */
static int try_id(
    struct run *r, const struct doctype *d, xmlNode **metadata, struct endpoint *ep, int64_t now)
{
    const char *url = url_text(r, d);
    int rc = url ? ask(r, url) : -1;

    if (rc < 0)
        return step_failed(r, "metadata", url ? url : "", r->host);
    if (rc == 0) {
        step(r, "metadata", url, LOOKUP_WARN, "", "HTTP 404");
        return 0;
    }
    return take_metadata(r, d, url, metadata, ep, now) ? -1 : 1;
}

static const struct doctype *best_of(const struct doctype *list, size_t n, const struct doctype *d)
{
    const struct doctype *best = NULL;
    int score = 0;

    for (size_t i = 0; i < n; i++) {
        int s = doctype_match(&list[i], d);
        if (s > score) {
            score = s;
            best = &list[i];
        }
    }
    return best;
}

/* Every id asked for is unknown there. When the SMP was in trouble a moment before, that may be its
 * trouble as well. */
/*= SMP 1.4.0 5 "404: the type is not registered" */
static int not_supported(struct run *r, const struct doctype *d)
{
    if (r->group_trouble)
        (void)err_set(r->e, ERR_RETRY, "smp.unreachable", "SMP 1.4.0 5",
            "the SMP gives no ServiceGroup, and answers 404 to the document type");
    else {
        (void)err_set(r->e, ERR_PEER, "doctype.not-supported", "SMP 1.4.0 5",
            "the receiver is registered, but not for document type %.200s", d->value);
        (void)err_next(
            r->e, "ask the receiver which documents it takes (aviso lookup %s)", r->p->value);
    }
    return step_failed(r, "document-type", r->base, r->group_trouble ? r->host : r->p->value);
}

/* The registration that serves d: by the list when the SMP gives one, else one id after the other.
 * A list may be incomplete (phase4 #351): it only says what to ask for first. */
/*= PINT wildcard migration 5.4 "exact id, then the longest wildcard" */
static int find_metadata(
    struct run *r, const struct doctype *d, xmlNode **metadata, struct endpoint *ep, int64_t now)
{
    const struct doctype *best = NULL;
    struct doctype *list = NULL, c;
    size_t n = 0, odd;
    int rc = 0;

    if (!r->l->cfg.no_service_group && read_group(r, &list, &n, &odd) > 0)
        best = best_of(list, n, d);
    if (best && (rc = try_id(r, best, metadata, ep, now)) != 0)
        return rc > 0 ? 0 : -1;
    for (unsigned i = 0; i < MAX_CANDIDATES && doctype_candidate(&c, d, i); i++) {
        if (best && doctype_same(&c, best))
            continue;
        if ((rc = try_id(r, &c, metadata, ep, now)) != 0)
            return rc > 0 ? 0 : -1;
    }
    return not_supported(r, d);
}

/* ---- the endpoint ---- */

static int ap_cert_error(struct run *r)
{
    static const char *const names[][2] = {{"cert.untrusted", "ap-cert.untrusted"},
        {"cert.wrong-role", "ap-cert.untrusted"}, {"cert.weak", "ap-cert.untrusted"},
        {"cert.seat", "ap-cert.untrusted"}, {"cert.expired", "ap-cert.expired"},
        {"cert.not-yet-valid", "ap-cert.not-yet-valid"}, {"cert.revoked", "ap-cert.revoked"},
        {"cert.revocation-unknown", "ap-cert.revocation-unknown"},
        {"cert.malformed", "ap-cert.malformed"}, {"enc.base64", "ap-cert.malformed"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(r->e->code, names[i][0]) != 0)
            continue;
        (void)snprintf(r->e->code, sizeof(r->e->code), "%s", names[i][1]);
        if (r->e->class == ERR_INPUT)
            r->e->class = ERR_PEER;
        break;
    }
    r->e->ebms[0] = '\0';
    return err_wrap(r->e, "the receiving access point's certificate: ");
}

/*= PEPPOL-AS4 6 "encrypted for the certificate in the SMP" */
static int take_certificate(struct run *r, struct endpoint *ep, struct str text, int64_t now)
{
    char when[CLOCK_TEXT];

    if (cert_from_text(&ep->cert, text, r->e)) {
        (void)ap_cert_error(r);
        return step_failed(r, "ap-certificate", ep->url, r->host);
    }
    (void)snprintf(ep->seat_id, sizeof(ep->seat_id), "%s", ep->cert->cn);
    if (pki_check(r->l->cfg.pki, ep->cert, PKI_AP, now, r->e)) {
        (void)ap_cert_error(r);
        return step_failed(r, "ap-certificate", ep->url, ep->cert->cn);
    }
    clock_utc(when, ep->cert->not_after);
    step_ok(r, "ap-certificate", ep->url,
        arena_printf(r->a, "%s (%s), to %.10s", ep->cert->cn, ep->cert->issuer_cn, when));
    return 0;
}

static void keep(char *out, size_t n, struct str s)
{
    (void)snprintf(out, n, "%.*s", s.n < n ? (int)s.n : (int)n - 1, s.p);
}

static int take_endpoint(
    struct run *r, struct endpoint *ep, xmlNode *metadata, const struct process *p, int64_t now)
{
    struct smp_endpoint got;
    const char *fault;

    if (smp_select(&got, metadata, p, TRANSPORT_AS4, now, r->a, r->e))
        return step_failed(r, "endpoint", r->base, r->p->value);
    keep(ep->url, sizeof(ep->url), got.address);
    keep(ep->transport_profile, sizeof(ep->transport_profile), got.transport_profile);
    keep(ep->description, sizeof(ep->description), got.description);
    keep(ep->contact, sizeof(ep->contact), got.contact);
    ep->activation = got.activation;
    ep->expiry = got.expiry;
    fault = got.address.n >= sizeof(ep->url) ? "is too long"
                                             : url_fault(ep->url, r->l->cfg.plain_ok, true);
    if (fault) {
        (void)err_set(r->e, ERR_PEER, "endpoint.url", "PEPPOL Transport Security",
            "the receiver's endpoint \"%.150s\" %s", ep->url, fault);
        return step_failed(r, "endpoint", r->base, r->p->value);
    }
    step_ok(r, "endpoint", ep->url, ep->transport_profile);
    return take_certificate(r, ep, got.certificate, now);
}

/* ---- the whole ---- */

/* A kept endpoint must still be usable now. The steps taken so far stay. */
static bool kept_endpoint(struct run *r, struct endpoint *ep, const struct lookup_query *q,
    int64_t now, int64_t max_age_ms)
{
    struct endpoint *kept = r->times.cache_ms > 0 ? arena_alloc(r->a, sizeof(*kept)) : NULL;
    struct err unusable = ERR_INIT;

    if (!kept || !lookup_cache_get(kept, r->l->cache, q, now, max_age_ms))
        return false;
    if ((kept->activation && now < kept->activation) || (kept->expiry && now >= kept->expiry) ||
        pki_check(r->l->cfg.pki, kept->cert, PKI_AP, now, &unusable)) {
        endpoint_free(kept);
        return false;
    }
    kept->nsteps = ep->nsteps;
    memcpy(kept->steps, ep->steps, sizeof(kept->steps));
    *ep = *kept;
    return true;
}

static bool from_cache(
    struct run *r, struct endpoint *ep, const struct lookup_query *q, int64_t now)
{
    if (q->fresh || !kept_endpoint(r, ep, q, now, r->times.cache_ms))
        return false;
    ep->cached = true;
    step_ok(r, "cache", ep->url,
        arena_printf(r->a, "looked up %lld s ago", (long long)(now - ep->fetched) / 1000));
    return true;
}

/* Nobody answers, but somebody did not long ago: better than waiting, and said so. What was
 * answered wrongly (a signature, another participant) is no reason to believe an old answer. */
static bool last_known_good(
    struct run *r, struct endpoint *ep, const struct lookup_query *q, int64_t now)
{
    if (r->e->class != ERR_RETRY || r->times.last_known_good_ms <= 0)
        return false;
    endpoint_free(ep); /* what this run had got so far */
    if (!kept_endpoint(r, ep, q, now, r->times.last_known_good_ms))
        return false;
    ep->cached = ep->last_known_good = true;
    step(r, "last-known-good", ep->url, LOOKUP_WARN, r->e->code,
        arena_printf(r->a, "nothing answers: the answer of %lld s ago is used",
            (long long)(now - ep->fetched) / 1000));
    return true;
}

static int look(struct run *r, struct endpoint *ep, const struct lookup_query *q, int64_t now)
{
    xmlNode *metadata;

    if (from_cache(r, ep, q, now))
        return 0;
    if (find_smp(r))
        return -1;
    (void)snprintf(ep->smp_url, sizeof(ep->smp_url), "%s", r->base);
    if (find_metadata(r, q->doctype, &metadata, ep, now) ||
        take_endpoint(r, ep, metadata, q->process, now))
        return -1;
    ep->fetched = now;
    if (r->times.cache_ms > 0)
        lookup_cache_put(r->l->cache, q, ep);
    return 0;
}

int lookup_endpoint(struct endpoint *out, struct lookup *l, const struct lookup_query *q,
    struct arena *a, struct err *e)
{
    int64_t now = q->now ? q->now : clock_now();
    struct err own = ERR_INIT;
    struct run r;
    int rc;

    memset(out, 0, sizeof(*out));
    run_init(&r, l, q->participant, a, e ? e : &own);
    r.steps = out->steps;
    r.nsteps = &out->nsteps;
    r.fresh = q->fresh;
    rc = look(&r, out, q, now);
    if (rc && last_known_good(&r, out, q, now))
        rc = 0;
    if (rc == 0) /* what only went into a step */
        memset(r.e, 0, sizeof(*r.e));
    buf_free(&r.body);
    out->ms = clock_mono() - r.began;
    return rc;
}

int lookup_services(struct lookup_services *out, struct lookup *l, const struct participant *p,
    struct arena *a, struct err *e)
{
    struct err own = ERR_INIT;
    struct run r;
    int rc;

    memset(out, 0, sizeof(*out));
    run_init(&r, l, p, a, e ? e : &own);
    r.steps = out->steps;
    r.nsteps = &out->nsteps;
    rc = find_smp(&r);
    if (rc == 0) {
        (void)snprintf(out->smp_url, sizeof(out->smp_url), "%s", r.base);
        rc = read_group(&r, &out->doctypes, &out->n, &out->odd);
        if (rc == 0)
            rc = err_set(r.e, ERR_RETRY, "smp.unreachable", "SMP 1.4.0 5",
                "the SMP has no ServiceGroup of this participant (HTTP 404)");
        if (rc < 0) {
            if (!r.e->where[0])
                (void)err_where(r.e, "SMP %.120s", r.base);
            (void)err_who(r.e, r.host);
        }
    }
    buf_free(&r.body);
    out->ms = clock_mono() - r.began;
    return rc < 0 ? -1 : 0;
}
