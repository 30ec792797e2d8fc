/* doctor_priv.h - how the checks note what they find. */
#ifndef AP_DOCTOR_DOCTOR_PRIV_H
#define AP_DOCTOR_DOCTOR_PRIV_H

#include "ap/doctor/doctor.h"

#define DAY ((int64_t)86400000)

void find(struct doctor *d, const char *check, enum doctor_verdict v, const char *next,
    const char *fmt, ...) PRINTF(5, 6);
/* An error as a finding: its text, where, and its own next step or `next`. */
void find_err(struct doctor *d, const char *check, enum doctor_verdict v, const struct err *e,
    const char *next);
enum doctor_verdict worse(enum doctor_verdict a, enum doctor_verdict b);

void check_service(struct doctor *d);
void check_clock(struct doctor *d);
/* What another machine's clock says: `theirs` at `ours`, good to `slack` ms. */
void judge_skew(struct doctor *d, const char *source, int64_t ours, int64_t theirs, int64_t slack);
void check_spool(struct doctor *d);
void check_cert(struct doctor *d);
void check_registrations(struct doctor *d, bool dns, bool smp);
void check_work(struct doctor *d);

#endif
