/* serve.h - the access point as a service: endpoint, senders, hand-over, clock; until told to stop.
 */
#ifndef AP_DAEMON_SERVE_H
#define AP_DAEMON_SERVE_H

#include "ap/config/config.h"
#include "ap/base/err.h"

struct serve_hooks {
    void (*ready)(void *ctx, unsigned port); /* once, when requests are taken at that port */
    /* SIGHUP: the configuration as it is now. -1: the old one holds. */
    int (*load)(void *ctx, struct config **out, struct err *e);
    void *ctx;
};

/* Runs until SIGTERM or SIGINT, then drains. SIGHUP reloads what can change while it runs (live.h).
 * Errors: what keeps it from starting, or store.broken when it must end
 * so that a restart can recover. Call from main before any thread exists. */
int serve_run(const struct config *c, const struct serve_hooks *h, struct err *e) MUST_CHECK;

#endif
