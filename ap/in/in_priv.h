/* in_priv.h - opening and judging a received envelope. */
#ifndef AP_IN_IN_PRIV_H
#define AP_IN_IN_PRIV_H

#include "ap/in/in.h"

/* The envelope's bytes are borrowed; spool_free(&v->recoded) after a 0. */
int in_envelope_read(struct in_envelope *v, int tmp_dirfd, const struct blob *sbd, struct arena *a,
    struct err *e) MUST_CHECK;
int in_judge(const struct in_env *env, const struct in_envelope *v, struct in_verdict_report *r,
    struct document *d, struct arena *a, struct err *e) MUST_CHECK;

#endif
