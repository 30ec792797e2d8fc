/* doctor_net.c - what the network says about us: our participants in the SML, their SMP entries
 * against our certificate and URL (reliability P9); and whether a peer can be reached. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/doctor/doctor_priv.h"
#include "ap/publish/publish.h"

#define PAGE 20 /* participants that are looked up without `doctor smp` */
#define ARENA_MAX (32u << 20)
#define PEER_MS 15000

struct ask {
    struct doctor *d;
    struct arena *a;
    const struct store_participant *owner;
    struct publish_ours ours;
    bool dns, smp;
    char smp_url[LOOKUP_URL];
};

/* One entry that is not as it should be. */
static void tell_row(struct doctor *d, const char *who, const struct publish_row *r)
{
    static const char publish[] = "aviso participant publish";

    if (r->verdict == PUBLISH_MISSING || r->verdict == PUBLISH_REDIRECTED)
        find(d, "smp", DOCTOR_RED, publish, "%s: the SMP %s %.200s", who,
            *r->redirect ? "redirects" : "does not have", r->doctype.value);
    else if (r->verdict == PUBLISH_NOT_HELD)
        find(d, "smp", DOCTOR_YELLOW, "aviso participant add, or publish --remove",
            "%s: the SMP has %.200s, which we do not take", who, r->doctype.value);
    else if (r->differences & PUBLISH_CERT)
        find(d, "smp", DOCTOR_RED, publish,
            "%s: the SMP names the certificate %s (serial %s), which is not ours", who,
            *r->seat ? r->seat : "(unreadable)", r->serial);
    else if (r->differences & PUBLISH_URL)
        find(d, "smp", DOCTOR_RED, publish, "%s: the SMP names the URL %s, not %s", who, r->url,
            d->c->public_url);
    else if (r->differences & PUBLISH_DATES)
        find(d, "smp", DOCTOR_RED, publish, "%s: the entry of %.200s is not in force", who,
            r->doctype.value);
    else if (r->differences & PUBLISH_CERT_OLD)
        find(d, "smp", DOCTOR_YELLOW, publish,
            "%s: the SMP names our certificate %s, not the newest", who, r->serial);
}

static void entries(struct ask *q)
{
    const struct doctor *d = q->d;
    const struct publish_smp smp = {.url = q->smp_url,
        .http = d->http,
        .pki = d->pki,
        .plain_ok = d->c->mode == MODE_LAB,
        .now = d->now};
    const char *who = q->ours.participant.value;
    struct publish_state s;
    struct err e = ERR_INIT;

    if (publish_compare(&s, &smp, &q->ours, q->a, &e)) {
        find_err(q->d, "smp", DOCTOR_RED, &e, "check the way to the SMP; tell its operator");
        return;
    }
    for (size_t i = 0; i < s.n; i++)
        if (s.rows[i].verdict != PUBLISH_SAME)
            tell_row(q->d, who, &s.rows[i]);
    if (publish_count(&s, PUBLISH_SAME))
        find(q->d, "smp", DOCTOR_GREEN, NULL,
            "%s: URL and certificate in the SMP are ours, for %zu document types", who,
            publish_count(&s, PUBLISH_SAME));
}

static int read_ours(struct ask *q, struct err *e)
{
    const struct doctor *d = q->d;

    memset(&q->ours, 0, sizeof(q->ours));
    q->ours.url = d->c->public_url;
    for (size_t i = 0; i < d->nkeys && i < PUBLISH_MAX_CERTS; i++)
        q->ours.certs[q->ours.ncerts++] = key_cert(d->keys[i]);
    return publish_ours_read(&q->ours, q->owner, NULL, d->now, q->a, e) ||
                   (q->ours.ncerts && publish_choose(&q->ours, NULL, d->now, e))
               ? -1
               : 0;
}

static void one(struct ask *q)
{
    const char *who = q->ours.participant.value;
    struct err e = ERR_INIT;

    if (read_ours(q, &e)) {
        find_err(q->d, "dns", DOCTOR_RED, &e, "correct the participant's record");
        return;
    }
    if (lookup_smp(q->smp_url, q->d->lookup, &q->ours.participant, &e)) {
        if (strcmp(e.code, "participant.not-registered") == 0)
            find(q->d, "dns", DOCTOR_YELLOW, "aviso participant publish, when it shall receive",
                "%s is not registered: it can send, but nobody can send to it", who);
        else
            find_err(q->d, "dns", DOCTOR_RED, &e, "check lookup.resolver");
        return;
    }
    if (q->dns)
        find(q->d, "dns", DOCTOR_GREEN, NULL, "%s is registered at %s", who, q->smp_url);
    if (q->smp && !*q->ours.url)
        find(q->d, "smp", DOCTOR_YELLOW, "set listen.public_url",
            "%s: its SMP entries are not compared, since our own URL is not known", who);
    else if (q->smp && q->ours.ncerts)
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
