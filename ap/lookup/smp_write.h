/* smp_write.h - ServiceGroup and ServiceMetadata: signed as an SMP publishes them (`testnet`,
 * tests), and unsigned as it takes them. One thread per call. */
#ifndef AP_LOOKUP_SMP_WRITE_H
#define AP_LOOKUP_SMP_WRITE_H

#include "ap/lookup/smp.h"

struct smp_process {
    const struct process *process;
    const struct smp_endpoint *endpoints;
    size_t nendpoints;
};
int smp_write_group(struct buf *out, const char *base, const struct participant *p,
    const struct doctype *d, size_t n, struct err *e) MUST_CHECK;
/* ServiceMetadata without a signature: what is PUT to an SMP. */
int smp_write_information(struct buf *out, const struct participant *p, const struct doctype *d,
    const struct smp_process *proc, size_t nproc, struct err *e) MUST_CHECK;
/* Signed with the SMP's key. */
int smp_write_metadata(struct buf *out, const struct participant *p, const struct doctype *d,
    const struct smp_process *proc, size_t nproc, struct key *k, struct arena *a,
    struct err *e) MUST_CHECK;
/* ServiceMetadata as it was taken, with whatever it holds. */
int smp_write_taken(
    struct buf *out, xmlNode *metadata, struct key *k, struct arena *a, struct err *e) MUST_CHECK;
int smp_write_redirect(struct buf *out, const struct smp_redirect *r, struct key *k,
    struct arena *a, struct err *e) MUST_CHECK;

#endif
