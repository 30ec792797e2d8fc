/* serve.h - the access point as a service: endpoint, senders, hand-over, clock; until told to stop.
 */
#ifndef AP_DAEMON_SERVE_H
#define AP_DAEMON_SERVE_H

#include "ap/config/config.h"
#include "ap/base/err.h"

/* Runs until SIGTERM or SIGINT, then drains. `ready` is called once when requests are taken, with
 * the port of the endpoint. Errors: what keeps it from starting, or store.broken when it must end
 * so that a restart can recover. Call from main before any thread exists. */
int serve_run(const struct config *c, void (*ready)(void *ctx, unsigned port), void *ctx,
    struct err *e) MUST_CHECK;

#endif
