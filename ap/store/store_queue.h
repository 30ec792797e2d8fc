/* store_queue.h - the outbound queue as a whole: its shape, and pushing it on. Conventions of
 * store.h. */
#ifndef AP_STORE_STORE_QUEUE_H
#define AP_STORE_STORE_QUEUE_H

#include "ap/store/store.h"

#define QUEUE_AGES 8
extern const int64_t queue_ages[QUEUE_AGES]; /* upper bounds in ms; the last one is none */

struct queue_shape {
    const char *name; /* access point or receiver, without lane */
    unsigned long n, held, stopped /* UNKNOWN, sent no more by itself */;
    unsigned long ages[QUEUE_AGES]; /* by time since it was accepted */
    int64_t oldest;                 /* accepted_at */
};
/* What is not proven and not ended, by queue (`by_receiver`: by receiver); largest first, at most
 * max; *n: how many there are. Reads every open document. */
int store_queue_shape(struct queue_shape *out, size_t max, size_t *n, struct store *s,
    bool by_receiver, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
/* Everything that waits (of one receiver or access point; NULL: all) is due now, and no queue is
 * put off; its circuit is forgotten. What had stopped stays stopped. */
int store_queue_run(unsigned long *due, struct store *s, const char *partner, int64_t now,
    struct err *e) MUST_CHECK;

/* Was anything ever proven for this receiver: 1, 0, -1. */
int store_out_proven_before(struct store *s, const char *receiver, struct err *e) MUST_CHECK;
/* The current message goes to another URL from now on; its bytes stay. Event "message-moved". */
int store_message_moved(struct store *s, const struct out_claim *c, const char *endpoint,
    const char *lookup, int64_t now, struct err *e) MUST_CHECK;

#endif
