/* pulse.h - signs of life: the canary on its schedule, and the heartbeat to a monitor outside, sent
 * only while the service is well. One thread of its own; nothing else waits for it. */
#ifndef AP_DAEMON_PULSE_H
#define AP_DAEMON_PULSE_H

#include "ap/daemon/node.h"

struct pulse;

/* By the canary and heartbeat options in force now. `sent` is called when a canary was handed in.
 */
int pulse_start(struct pulse **out, struct node *n, void (*sent)(void *ctx), void *ctx,
    struct err *e) MUST_CHECK;
void pulse_close(struct pulse *p); /* NULL is fine; returns at once */
/* After pulse_close: false when it did not end until clock_now() is `until`. */
bool pulse_join(struct pulse *p, int64_t until);

/* The canary as configured. */
struct canary_cfg;
void pulse_canary_cfg(struct canary_cfg *out, const struct config *c);

#endif
