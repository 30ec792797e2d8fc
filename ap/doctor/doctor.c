/* doctor.c - notes findings and runs the checks asked for. */
#include <stdio.h>

#include "ap/doctor/doctor_priv.h"

const char *doctor_verdict_word(enum doctor_verdict v)
{
    static const char *const words[] = {"green", "yellow", "red"};

    return words[v];
}

enum doctor_verdict worse(enum doctor_verdict a, enum doctor_verdict b)
{
    return a > b ? a : b;
}

static struct doctor_finding *take(struct doctor *d, const char *check, enum doctor_verdict v)
{
    struct doctor_finding *f = &d->findings[d->n];

    d->count[v]++;
    if (d->n == DOCTOR_MAX) {
        d->lost++;
        return NULL;
    }
    d->n++;
    *f = (struct doctor_finding){.check = check, .verdict = v};
    return f;
}

void find(struct doctor *d, const char *check, enum doctor_verdict v, const char *next,
    const char *fmt, ...)
{
    struct doctor_finding *f = take(d, check, v);
    va_list ap;

    if (!f)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    if (v != DOCTOR_GREEN && next)
        (void)snprintf(f->next, sizeof(f->next), "%s", next);
}

void find_err(struct doctor *d, const char *check, enum doctor_verdict v, const struct err *e,
    const char *next)
{
    find(d, check, v, e->next[0] ? e->next : next, "%s: %.250s%s%.90s", e->code, e->msg,
        e->where[0] ? "; " : "", e->where);
}

void doctor_run(struct doctor *d, unsigned groups)
{
    if (groups & DOCTOR_SERVICE)
        check_service(d);
    if (groups & DOCTOR_CLOCK)
        check_clock(d);
    if (groups & DOCTOR_SPOOL)
        check_spool(d);
    if (groups & DOCTOR_CERT)
        check_cert(d);
    if (groups & (DOCTOR_DNS | DOCTOR_SMP))
        check_registrations(d, groups & DOCTOR_DNS, groups & DOCTOR_SMP);
    if (groups & DOCTOR_WORK)
        check_work(d);
}
