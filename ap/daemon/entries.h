/* entries.h - a thread that compares what the SML and the SMPs publish of our participants with
 * what we hold (ap/publish): at the start, after a reload, each smp.check_every, and sooner while
 * anything is wrong.
 *
 * What would mislead a sender is the alarm `smp-entry`, one a participant; it stands until a later
 * look finds it right. A look that fails says nothing of the entry, so it changes nothing, until
 * it has failed for alarm.smp_after: the alarm `smp-unseen`, one an SMP. Nothing waits for this
 * thread, and nothing it reads comes from a cache. */
#ifndef AP_DAEMON_ENTRIES_H
#define AP_DAEMON_ENTRIES_H

#include "ap/daemon/node.h"

struct entries;

/* `n` is borrowed until entries_join. */
int entries_start(struct entries **out, struct node *n, struct err *e) MUST_CHECK;
void entries_ring(struct entries *x);  /* what we hold has changed: look now */
void entries_close(struct entries *x); /* tells it to end; NULL is fine */
/* False when it has not ended by then (ms UTC): then nothing is freed. */
bool entries_join(struct entries *x, int64_t until_ms) MUST_CHECK;

#endif
