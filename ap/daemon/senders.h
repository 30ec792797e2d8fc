/* senders.h - the threads that make attempts: as many as there is work for.
 *
 * One rests when there is nothing to do. Whoever takes a document wakes, or starts, the next; so a
 * peer that answers slowly holds a thread, never the queue, as long as there are fewer such peers
 * than `max`. */
#ifndef AP_DAEMON_SENDERS_H
#define AP_DAEMON_SENDERS_H

#include <stdbool.h>

#include "ap/daemon/node.h"

#define SENDERS_MAX 256

struct senders;

/* out.flow of the node's setup is required. `max`: 1 to SENDERS_MAX. */
int senders_start(struct senders **out, struct node *n, unsigned max, struct err *e) MUST_CHECK;
void senders_ring(struct senders *s);  /* something new is due */
void senders_close(struct senders *s); /* no more claims */
/* After senders_close: false when one still works at `until` (ms UTC). Then nothing is freed. */
bool senders_join(struct senders *s, int64_t until);
void senders_free(struct senders *s); /* joined; NULL is fine */

#endif
