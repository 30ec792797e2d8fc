/* publish_flaw.c - what a difference means to those who send to us, in the words of an error. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/publish/publish.h"

#define OURS 3 /* certificates of ours that a text names */

static const char *day(char out[CLOCK_TEXT], int64_t ms)
{
    clock_utc(out, ms);
    out[10] = '\0';
    return out;
}

/* Who and where are the same for all of a participant's. */
static enum publish_weight told(struct err *why, enum publish_weight w,
    const struct publish_ours *o, const char *base, const char *next)
{
    (void)err_who(why, o->participant.value);
    (void)err_where(why, "%s%.140s", *base ? "SMP " : "SML", base);
    (void)err_next(why, "%s", next);
    return w;
}

/* ---- the participant ---- */

enum publish_weight publish_flaw_whole(
    struct err *why, const struct publish_state *s, const struct publish_ours *o, const char *base)
{
    static const char next[] =
        "aviso participant publish; one that only sends: add it without --doctype";
    const char *who = o->participant.value;

    if (o->disabled || (*base && s->group && (s->n || s->odd || s->beside)))
        return PUBLISH_RIGHT;
    if (!*base)
        (void)err_set(why, ERR_CONFIG, "smp-entry.not-registered", "SML 1.3.0 2.1.1",
            "%s is not registered in the SML: it can send, but nobody can send to it", who);
    else
        (void)err_set(why, ERR_CONFIG, "smp-entry.not-there", "SMP 1.4.0 4.3",
            "%s: the SMP that the SML names %s: nobody can send to it", who,
            s->group ? "has no entry of it" : "does not know it");
    return told(why, o->n || (*base && !s->group) ? PUBLISH_WRONG : PUBLISH_ASIDE, o, base, next);
}

/* ---- one entry ---- */

static const char *ours_text(char *out, size_t room, const struct publish_ours *o)
{
    char until[CLOCK_TEXT];
    size_t at = 0;

    *out = '\0';
    for (size_t i = 0; i < o->ncerts && i < OURS && at < room; i++) {
        int n = snprintf(out + at, room - at, "%s%s (until %s)", i ? " and " : "",
            o->certs[i]->serial, day(until, o->certs[i]->not_after));
        at += n > 0 ? (size_t)n : 0;
    }
    return out;
}

/* Another's certificate, or one of our seat that no key of ours belongs to. */
static enum publish_weight certificate(
    struct err *why, const struct publish_row *r, const struct publish_ours *o, const char *base)
{
    char until[CLOCK_TEXT], ours[OURS * (CERT_SERIAL + CLOCK_TEXT)];

    if (r->verdict == PUBLISH_OTHER_AP) {
        (void)err_set(why, ERR_CONFIG, "smp-entry.other-ap", "PEPPOL-AS4 6",
            "%s: the SMP names the certificate %s of another access point, serial %s until %s, for "
            "%.100s",
            o->participant.value, r->seat, r->serial, day(until, r->not_after), r->doctype.value);
        return told(why, PUBLISH_WRONG, o, base,
            "aviso participant publish --replace takes it over; else take it out of its record");
    }
    (void)err_set(why, ERR_CONFIG, "smp-entry.certificate", "PEPPOL-AS4 6",
        "%s: the SMP names the certificate %s serial %s until %s, we decrypt with %s",
        o->participant.value, *r->seat ? r->seat : "(unreadable)", *r->serial ? r->serial : "?",
        r->not_after ? day(until, r->not_after) : "?", ours_text(ours, sizeof(ours), o));
    return told(why, PUBLISH_WRONG, o, base,
        "aviso participant publish; until then we cannot read what is sent (EBMS:0102)");
}

static enum publish_weight old_certificate(struct err *why, const struct publish_row *r,
    const struct publish_ours *o, const char *base, int64_t now)
{
    bool ended = r->not_after <= now;
    char until[CLOCK_TEXT], ours[OURS * (CERT_SERIAL + CLOCK_TEXT)];

    if (ended)
        (void)err_set(why, ERR_CONFIG, "smp-entry.expired", "PEPPOL-AS4 6",
            "%s: the SMP names our certificate %s, which ended on %s; we decrypt with %s",
            o->participant.value, r->serial, day(until, r->not_after),
            ours_text(ours, sizeof(ours), o));
    else
        (void)err_set(why, ERR_CONFIG, "smp-entry.old-certificate", "PEPPOL-AS4 6",
            "%s: the SMP names our certificate %s until %s, not the newest", o->participant.value,
            r->serial, day(until, r->not_after));
    return told(why, ended ? PUBLISH_WRONG : PUBLISH_ASIDE, o, base,
        ended ? "aviso participant publish; until then nobody sends" : "aviso participant publish");
}

static enum publish_weight differs(struct err *why, const struct publish_row *r,
    const struct publish_ours *o, const char *base, int64_t now)
{
    const char *who = o->participant.value;

    if (r->differences & PUBLISH_CERT)
        return certificate(why, r, o, base);
    if (r->differences & PUBLISH_URL) {
        (void)err_set(why, ERR_CONFIG, "smp-entry.url", "SMP 1.4.0 4.3",
            "%s: the SMP names the URL %.100s, not %.100s", who, r->url, o->url);
        return told(why, PUBLISH_WRONG, o, base,
            "aviso participant publish; until then documents go there");
    }
    if (r->differences & PUBLISH_DATES) {
        (void)err_set(why, ERR_CONFIG, "smp-entry.dates", "SMP 1.4.0 4.3",
            "%s: the entry of %.200s is not in force", who, r->doctype.value);
        return told(
            why, PUBLISH_WRONG, o, base, "aviso participant publish; until then nobody sends");
    }
    return old_certificate(why, r, o, base, now);
}

/* An entry for what we do not take: it is our business when it leads to us. */
static enum publish_weight not_held(
    struct err *why, const struct publish_row *r, const struct publish_ours *o, const char *base)
{
    bool us = !*r->redirect && ((*o->url && strcmp(r->url, o->url) == 0) ||
                                   (o->ncerts && strcmp(r->seat, o->certs[0]->cn) == 0));

    if (o->disabled && !us)
        return PUBLISH_RIGHT;
    if (o->disabled) {
        (void)err_set(why, ERR_CONFIG, "smp-entry.disabled", "PEPPOL-AS4 4.4",
            "%s is disabled here, and the SMP names us for %.160s", o->participant.value,
            r->doctype.value);
        return told(why, PUBLISH_WRONG, o, base,
            "aviso participant unpublish; until then what is sent is refused (NOT_SERVICED)");
    }
    (void)err_set(why, ERR_CONFIG, "smp-entry.not-held", "PEPPOL-AS4 4.4",
        "%s: the SMP names %s for %.160s, which we do not take", o->participant.value,
        us ? "us" : "another access point", r->doctype.value);
    return told(why, us ? PUBLISH_WRONG : PUBLISH_ASIDE, o, base,
        us ? "aviso participant add --doctype, or publish --remove; until then NOT_SERVICED"
           : "aviso participant add --doctype, or publish --remove");
}

enum publish_weight publish_flaw_row(struct err *why, const struct publish_row *r,
    const struct publish_ours *o, const char *base, int64_t now)
{
    switch (r->verdict) {
    case PUBLISH_MISSING:
        (void)err_set(why, ERR_CONFIG, "smp-entry.missing", "SMP 1.4.0 4.3",
            "%s: the SMP does not have %.200s", o->participant.value, r->doctype.value);
        return told(why, PUBLISH_WRONG, o, base,
            "aviso participant publish, or take it out of its record; until then nobody sends it");
    case PUBLISH_REDIRECTED:
        (void)err_set(why, ERR_CONFIG, "smp-entry.redirected", "SMP 1.4.0 4.3",
            "%s: the SMP redirects %.140s to %.100s", o->participant.value, r->doctype.value,
            r->redirect);
        return told(why, PUBLISH_WRONG, o, base,
            "publish it there, or have the redirect removed; until then it is not known what "
            "senders find");
    case PUBLISH_NOT_HELD:
        return not_held(why, r, o, base);
    case PUBLISH_OTHER_AP:
    case PUBLISH_DIFFERS:
        return differs(why, r, o, base, now);
    case PUBLISH_SAME:
        break;
    }
    return PUBLISH_RIGHT;
}

/* ---- all ---- */

/* What cannot be decrypted comes before what is not found: such documents come, and are refused. */
static bool is_grave(const struct publish_row *r)
{
    return (r->verdict == PUBLISH_DIFFERS || r->verdict == PUBLISH_OTHER_AP) &&
           (r->differences & PUBLISH_CERT);
}

enum publish_weight publish_flaw(struct err *why, size_t *more, const struct publish_state *s,
    const struct publish_ours *o, const char *base, int64_t now)
{
    enum publish_weight worst = publish_flaw_whole(why, s, o, base);
    const struct publish_row *at = NULL;
    size_t wrong = 0;

    *more = 0;
    if (worst != PUBLISH_RIGHT)
        return worst;
    for (size_t i = 0; i < s->n; i++) {
        const struct publish_row *r = &s->rows[i];
        struct err scratch;
        enum publish_weight w = publish_flaw_row(&scratch, r, o, base, now);
        wrong += w == PUBLISH_WRONG;
        if (w > worst || (w == worst && at && is_grave(r) && !is_grave(at))) {
            worst = w;
            at = r;
        }
    }
    *more = wrong ? wrong - 1 : 0;
    return at ? publish_flaw_row(why, at, o, base, now) : PUBLISH_RIGHT;
}
