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

/* What the service tells as an alarm is red here. */
static void tell(struct doctor *d, const char *check, enum publish_weight w, const struct err *why)
{
    if (w != PUBLISH_RIGHT)
        find(d, check, w == PUBLISH_WRONG ? DOCTOR_RED : DOCTOR_YELLOW, why->next, "%s", why->msg);
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
    enum publish_weight w;
    struct publish_state s;
    struct err e = ERR_INIT;

    if (publish_compare(&s, &smp, &q->ours, q->a, &e)) {
        if (q->ours.disabled)
            return;
        find_err(q->d, "smp", DOCTOR_RED, &e, "check the way to the SMP; tell its operator");
        return;
    }
    w = publish_flaw_whole(&e, &s, &q->ours, q->smp_url);
    tell(q->d, "smp", w, &e);
    for (size_t i = 0; w == PUBLISH_RIGHT && i < s.n; i++)
        tell(q->d, "smp", publish_flaw_row(&e, &s.rows[i], &q->ours, q->smp_url, d->now), &e);
    if (publish_count(&s, PUBLISH_SAME))
        find(q->d, "smp", DOCTOR_GREEN, NULL, "%s: %s in the SMP %s ours, for %zu document types",
            who, *q->ours.url ? "URL and certificate" : "the certificate",
            *q->ours.url ? "are" : "is", publish_count(&s, PUBLISH_SAME));
}

static int read_ours(struct ask *q, struct err *e)
{
    const struct doctor *d = q->d;

    memset(&q->ours, 0, sizeof(q->ours));
    q->ours.url = d->c->public_url;
    return publish_ours_read(&q->ours, q->owner, NULL, d->now, q->a, e) ||
                   (d->nkeys && publish_ours_keys(&q->ours, d->keys, d->nkeys, d->now, e))
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
            tell(q->d, "dns", publish_flaw_whole(&e, NULL, &q->ours, ""), &e);
        else if (!q->ours.disabled)
            find_err(q->d, "dns", DOCTOR_RED, &e, "check lookup.resolver");
        return;
    }
    if (q->dns && !q->ours.disabled)
        find(q->d, "dns", DOCTOR_GREEN, NULL, "%s is registered at %s", who, q->smp_url);
    if (q->smp && !*q->ours.url)
        find(q->d, "smp", DOCTOR_YELLOW, "set listen.public_url",
            "%s: the URL in its SMP entries is not compared, since our own is not known", who);
    if (q->smp && q->ours.ncerts)
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
