/* live.h - the parts of a running service that a reload exchanges: hand-over routes, canary and
 * heartbeat, validation of what is sent, log. Everything new is read, checked and opened before
 * anything old ends; on an error nothing has changed. What is in hand on an old route is finished
 * there. */
#ifndef AP_DAEMON_LIVE_H
#define AP_DAEMON_LIVE_H

#include "ap/daemon/lanes.h"
#include "ap/daemon/node.h"
#include "ap/daemon/pulse.h"

#define LIVE_OLD 8 /* sets of routes that still finish what they have in hand */

struct live_set {
    struct deliver_routes *routes;
    struct lanes *lanes;
};
struct live {
    struct node *node;
    pthread_rwlock_t lock; /* read: while a message or request is worked on; write: the exchange */
    struct config *cfg;    /* of the last reload; NULL: the node's first */
    struct live_set now, old[LIVE_OLD];
    struct pulse *pulse;
    void (*sent)(void *ctx);
    void *ctx;
};

int live_start(
    struct live *l, struct node *n, void (*sent)(void *ctx), void *ctx, struct err *e) MUST_CHECK;
void live_enter(struct live *l); /* around every use of node->in, and of node->out by requests */
void live_leave(struct live *l);
void live_ring(struct live *l); /* something may be due for hand-over */
/* Take over a new configuration (checked, and freed later by live_join). Names of options that
 * changed and need a restart are appended to `restart`. reload.busy (ERR_RETRY): too many old
 * routes still have something in hand. */
int live_reload(
    struct live *l, struct config *fresh, struct buf *restart, struct err *e) MUST_CHECK;
void live_close(struct live *l);
/* After live_close: false when something did not end until clock_now() is `until`. */
bool live_join(struct live *l, int64_t until);

#endif
