/* prefetch.h - a thread that fetches revocation lists ahead of need, and looks each minute whether
 * our own certificate is still good. */
#ifndef AP_DAEMON_PREFETCH_H
#define AP_DAEMON_PREFETCH_H

#include "ap/daemon/node.h"

struct prefetch;

/* `n` is borrowed until prefetch_join. */
int prefetch_start(struct prefetch **out, struct node *n, struct err *e) MUST_CHECK;
void prefetch_ring(struct prefetch *p);  /* look now: our keys or the anchors are others */
void prefetch_close(struct prefetch *p); /* tells it to end; NULL is fine */
/* False when it has not ended by then (ms UTC): then nothing is freed. */
bool prefetch_join(struct prefetch *p, int64_t until_ms) MUST_CHECK;

#endif
