/* lanes.h - the hand-over to C4's systems: each route has workers of its own, so that one that
 * stands still holds up no other. At most DELIVER_ROUTES * DELIVER_WORKERS threads. */
#ifndef AP_DAEMON_LANES_H
#define AP_DAEMON_LANES_H

#include "ap/in/in.h"

struct lanes;

/* `env` is copied; what it points to lives as long as the lanes. Those that somebody must serve get
 * workers. */
int lanes_start(struct lanes **out, const struct in_env *env, struct err *e) MUST_CHECK;
void lanes_ring(struct lanes *l);  /* something new may be due; NULL is fine */
void lanes_close(struct lanes *l); /* nobody begins anything new; returns at once */
/* After lanes_close: wait for what is in hand, until clock_now() is `until`. False: some is left,
 * and nothing may be freed. */
bool lanes_join(struct lanes *l, int64_t until);

#endif
