/* doctor_net.c - what the network says about us: our participants in the SML, their SMP entries
 * against our certificate and URL (reliability P9); and whether a peer can be reached. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/doctor/doctor_priv.h"

#define PAGE 20 /* participants that are looked up without `doctor smp` */
#define ARENA_MAX (32u << 20)
#define PEER_MS 15000

struct ask {
    struct doctor *d;
    struct arena *a;
    const struct store_participant *owner;
    struct participant p;
    bool dns, smp;
    char smp_url[LOOKUP_URL];
};

/* True when the entry is ours; else a finding says what is not. */
static bool is_ours(struct ask *q, const struct endpoint *ep)
{
    struct doctor *d = q->d;
    const char *ours = d->c->public_url;
    size_t at = 0;

    while (at < d->nkeys && !cert_same(ep->cert, key_cert(d->keys[at])))
        at++; /* during a change of keys, the next one is published before it signs */
    if (d->key && at == d->nkeys)
        find(d, "smp", DOCTOR_RED, "publish ap.cert_file in the SMP: senders encrypt for it",
            "%s: the SMP names the certificate %s (serial %s), not ours (serial %s)", q->p.value,
            ep->seat_id, ep->cert->serial, key_cert(d->key)->serial);
    else if (*ours && strcmp(ours, ep->url) != 0)
        find(d, "smp", DOCTOR_RED, "correct the SMP entry, or listen.public_url",
            "%s: the SMP names the URL %s, not %s", q->p.value, ep->url, ours);
    else
        return true;
    return false;
}

static bool read_service(
    struct doctype *dt, struct process *p, const struct store_service *s, struct err *e)
{
    struct str text = str_z(s->doctype);
    size_t colon = str_find(text, STR("::"));

    memset(p, 0, sizeof(*p));
    return doctype_make(dt, str_sub(text, 0, colon), str_sub(text, colon + 2, text.n), true, e) ==
               0 &&
           s->process && *s->process && process_parse(p, str_z(s->process), e) == 0;
}

static void entries(struct ask *q)
{
    size_t good = 0;

    for (size_t i = 0; i < q->owner->nservices && (i == 0 || !q->d->quick); i++) {
        const struct store_service *s = &q->owner->services[i];
        struct lookup_query lq = {.participant = &q->p, .fresh = true, .now = q->d->now};
        struct endpoint ep;
        struct doctype dt;
        struct process p;
        struct err e = ERR_INIT;
        if (!read_service(&dt, &p, s, &e))
            continue; /* of any process: nothing to ask for */
        lq.doctype = &dt;
        lq.process = &p;
        if (lookup_endpoint(&ep, q->d->lookup, &lq, q->a, &e))
            find_err(q->d, "smp", DOCTOR_RED, &e, "register the document type in the SMP");
        else
            good += is_ours(q, &ep);
        endpoint_free(&ep);
    }
    if (good)
        find(q->d, "smp", DOCTOR_GREEN, NULL,
            "%s: URL and certificate in the SMP are ours, for %zu document types", q->p.value,
            good);
}

static void one(struct ask *q)
{
    struct lookup_services s;
    struct err e = ERR_INIT;

    if (participant_parse(&q->p, str_z(q->owner->identifier), &e)) {
        find_err(q->d, "dns", DOCTOR_RED, &e, "correct the participant's record");
        return;
    }
    if (lookup_services(&s, q->d->lookup, &q->p, q->a, &e)) {
        bool unregistered = strcmp(e.code, "participant.not-registered") == 0;
        if (unregistered)
            find(q->d, "dns", DOCTOR_YELLOW, "register it, when it shall receive",
                "%s is not registered: it can send, but nobody can send to it", q->p.value);
        else
            find_err(q->d, strncmp(e.code, "smp", 3) == 0 ? "smp" : "dns", DOCTOR_RED, &e,
                "check lookup.resolver, and the way to the SMP");
        return;
    }
    if (q->dns)
        find(q->d, "dns", DOCTOR_GREEN, NULL, "%s is registered at %s", q->p.value, s.smp_url);
    (void)snprintf(q->smp_url, sizeof(q->smp_url), "%s", s.smp_url);
    if (q->smp)
        entries(q);
}

/* The SMP's own clock, as the second opinion on ours. */
static void smp_clock(struct doctor *d, const char *url)
{
    struct http_request rq = {.url = url, .deadline_ms = PEER_MS, .hop = "SMP"};
    struct http_answer a;
    struct err e = ERR_INIT;

    if (http_get(&a, d->http, &rq, &e) == 0 && a.date)
        judge_skew(d, url, clock_now(), a.date, a.ms + 1000);
    http_answer_free(&a);
}

void check_registrations(struct doctor *d, bool dns, bool smp)
{
    struct store_participant p[PAGE];
    struct ask q = {.d = d, .dns = dns, .smp = smp};
    struct err e = ERR_INIT;
    char after[256] = "";
    size_t n = PAGE, seen = 0;

    if (d->quick || !d->lookup || !d->store)
        return;
    for (bool more = true; more; more = n == PAGE && d->deep) {
        if (!(q.a = arena_new(ARENA_MAX)))
            return;
        if (store_participant_list(p, PAGE, &n, d->store, *after ? after : NULL, q.a, &e)) {
            find_err(d, "dns", DOCTOR_RED, &e, NULL);
            n = 0;
        }
        for (size_t i = 0; i < n; i++) {
            q.owner = &p[i];
            (void)snprintf(after, sizeof(after), "%s", p[i].identifier);
            seen += !p[i].disabled;
            if (!p[i].disabled)
                one(&q);
        }
        arena_free(q.a);
    }
    if (!seen)
        find(d, "dns", DOCTOR_YELLOW, "aviso participant add", "there is no participant yet");
    else if (n == PAGE && !d->deep)
        find(d, "dns", DOCTOR_GREEN, NULL, "the first %d participants; doctor smp asks for all",
            PAGE);
    if (*q.smp_url)
        smp_clock(d, q.smp_url);
}

void doctor_peer(struct doctor *d, const char *url)
{
    struct http_request rq = {.url = url, .deadline_ms = PEER_MS, .hop = "AP"};
    struct http_answer a = {0};
    struct err e = ERR_INIT;

    if (!d->http)
        return;
    if (http_get(&a, d->http, &rq, &e)) {
        find_err(d, "peer", DOCTOR_RED, &e, "tell its operator, with this line");
    } else {
        find(d, "peer", a.status >= 500 ? DOCTOR_YELLOW : DOCTOR_GREEN, "tell its operator",
            "%.200s answers from %s in %lld ms: HTTP %d, TLS verified", url, a.remote_ip,
            (long long)a.ms, a.status);
        if (a.date)
            judge_skew(d, "the peer", clock_now(), a.date, a.ms + 1000);
    }
    http_answer_free(&a);
}
