#include "ap/lookup/sml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/lookup/dns_priv.h"

#define RCODE_NXDOMAIN 3
#define RCODE_SERVFAIL 2

struct sml {
    char zone[PARTICIPANT_DNS];
    char resolver[2][80];
    struct dns *dns[2]; /* the second may be NULL */
    /* The first resolver again, keeping nothing: libunbound has no way to forget one name, and
     * contexts cannot be made while others work (they share a lock that each makes anew). */
    struct dns *fresh;
    int64_t deadline_ms;
    bool plain_ok;
};

int sml_open(struct sml **out, const struct sml_cfg *c, struct err *e)
{
    struct sml *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (!s)
        return err_nomem(e);
    (void)snprintf(s->zone, sizeof(s->zone), "%s", c->zone);
    (void)snprintf(s->resolver[0], sizeof(s->resolver[0]), "%s",
        c->resolver ? c->resolver : "the system's resolver");
    (void)snprintf(s->resolver[1], sizeof(s->resolver[1]), "%s", c->resolver2 ? c->resolver2 : "");
    s->deadline_ms = c->deadline_ms ? c->deadline_ms : 5000;
    s->plain_ok = c->plain_ok;
    if (dns_open(&s->dns[0], c->resolver, c->trust_anchor, true, e) ||
        dns_open(&s->fresh, c->resolver, c->trust_anchor, false, e) ||
        (c->resolver2 && dns_open(&s->dns[1], c->resolver2, c->trust_anchor, true, e))) {
        sml_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

void sml_close(struct sml *s)
{
    if (!s)
        return;
    dns_close(s->dns[0]);
    dns_close(s->dns[1]);
    dns_close(s->fresh);
    free(s);
}

/* ---- reading an answer ---- */

/*= SML 1.3.0 2.1.1 "order, then preference" */
static bool before(const struct naptr *a, const struct naptr *b)
{
    return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

/* The records of SMPs, by order and preference. -1: there are none but malformed ones. */
static int smp_records(struct naptr **list, size_t *n, const struct ub_result *r, struct err *e)
{
    size_t odd = 0;

    *n = 0;
    *list = calloc(SML_MAX_RECORDS, sizeof(**list));
    if (!*list)
        return err_nomem(e);
    for (size_t i = 0; r->data[i] && i < SML_MAX_RECORDS; i++) {
        struct naptr one;
        size_t at = *n;
        if (naptr_parse(&one, r->data[i], (size_t)r->len[i], e)) {
            odd++;
            continue;
        }
        if (!naptr_is_smp(&one))
            continue;
        for (; at && before(&one, &(*list)[at - 1]); at--)
            (*list)[at] = (*list)[at - 1];
        (*list)[at] = one;
        (*n)++;
    }
    return *n == 0 && odd ? -1 : 0;
}

static int not_registered(struct err *e, const char *why)
{
    return err_set(e, ERR_PEER, "participant.not-registered", "SML 1.3.0 2.1.1",
        "the participant is not registered: %s", why);
}

/* The first record that can be used; when none can, what is wrong with the first. */
static int url_of(
    struct sml_answer *out, const struct sml *s, const struct ub_result *r, struct err *e)
{
    struct err first = ERR_INIT, own = ERR_INIT;
    struct naptr *list;
    size_t n;
    int rc = smp_records(&list, &n, r, e);

    if (rc == 0 && n == 0)
        rc = not_registered(e, "its DNS name has no NAPTR record of an SMP");
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (naptr_url(out->url, &list[i], &own) == 0 &&
            sml_url_check(out->url, s->plain_ok, &own) == 0)
            goto done;
        if (i == 0)
            first = own;
    }
    out->url[0] = '\0';
    if (rc == 0) {
        if (e)
            *e = first;
        rc = -1;
    }
done:
    free(list);
    return rc;
}

/*= SML 1.3.0 2.1.1 "no record: not registered" */
static int judge(
    struct sml_answer *out, const struct sml *s, const struct ub_result *r, struct err *e)
{
    size_t n = 0;

    /*= SML 1.3.0 2.1.1 "DNSSEC validation" */
    if (r->bogus)
        return err_set(e, ERR_RETRY, "dns.temporary", "RFC 4035",
            "DNSSEC validation failed: %.200s", r->why_bogus ? r->why_bogus : "");
    if (r->rcode == RCODE_NXDOMAIN)
        return not_registered(e, "its DNS name does not exist (NXDOMAIN)");
    if (r->rcode != 0)
        return err_set(e, ERR_RETRY, "dns.temporary", "", "the resolver answers %s (rcode %d)",
            r->rcode == RCODE_SERVFAIL ? "SERVFAIL" : "with an error", r->rcode);
    while (r->data && r->data[n])
        n++;
    out->records = (unsigned)n;
    out->ttl_s = r->ttl;
    if (n == 0)
        return not_registered(e, "its DNS name has no NAPTR record");
    return url_of(out, s, r, e);
}

/*= SML 1.3.0 2.1.1 "aliases are followed" */
/*= SML 1.3.0 2.1.1 "NAPTR only" */
static int ask(
    struct sml_answer *out, struct sml *s, struct dns *d, const char *resolver, struct err *e)
{
    struct ub_result *r;
    int rc;

    if (dns_ask(&r, d, out->name, DNS_TYPE_NAPTR, s->deadline_ms, e))
        rc = -1;
    else {
        rc = judge(out, s, r, e);
        ub_resolve_free(r);
    }
    return rc ? err_where(e, "SML %s by %s", out->name, resolver) : 0;
}

int sml_find(
    struct sml_answer *out, struct sml *s, const struct participant *p, bool fresh, struct err *e)
{
    struct err own = ERR_INIT;

    memset(out, 0, sizeof(*out));
    e = e ? e : &own;
    if (participant_dns(out->name, p, s->zone, e))
        return -1;
    if (ask(out, s, fresh ? s->fresh : s->dns[0], s->resolver[0], e) == 0)
        return 0;
    if (!s->dns[1] || e->class != ERR_PEER || strcmp(e->code, "participant.not-registered") != 0)
        return -1;
    /* a "no" must not rest on one resolver's mistake */
    if (ask(out, s, s->dns[1], s->resolver[1], e) == 0)
        return 0;
    if (e->class == ERR_PEER)
        return -1;
    return err_wrap(e, "one resolver says not registered, the other does not tell: ");
}
