/* live.h - a running service takes over another configuration: keys, trust, routes, limits, canary
 * and heartbeat, log. Everything new is read, checked and opened before anything old ends; on an
 * error nothing has changed. What is in hand is finished as it began: on its old route, with its
 * old key. */
#ifndef AP_DAEMON_LIVE_H
#define AP_DAEMON_LIVE_H

#include "ap/daemon/lanes.h"
#include "ap/daemon/node.h"
#include "ap/daemon/pulse.h"

#define LIVE_OLD 8 /* sets of routes that still finish what they have in hand */

struct live_set {
    struct setup *setup; /* whose routes they are */
    struct lanes *lanes;
};
struct live {
    struct node *node;
    pthread_mutex_t lock; /* of now.lanes */
    struct live_set now, old[LIVE_OLD];
    struct pulse *pulse;
    void (*sent)(void *ctx);
    void *ctx;
};

int live_start(
    struct live *l, struct node *n, void (*sent)(void *ctx), void *ctx, struct err *e) MUST_CHECK;
void live_ring(struct live *l); /* something may be due for hand-over */

/* The exchange in two steps; one at a time, any thread. */
struct live_next {
    struct setup *setup;
    struct lanes *lanes;
    struct pki *pki;
    struct live_set *place; /* for the set that goes */
};
/* Open what `fresh` says (checked already; NULL: only our keys anew, by the configuration in
 * force). `fresh` belongs to the setup from here on, also when this fails. reload.busy (ERR_RETRY):
 * too many old routes still have something in hand. */
int live_prepare(
    struct live_next *out, struct live *l, struct config *fresh, struct err *e) MUST_CHECK;
void live_take(struct live *l, struct live_next *next);
void live_drop(struct live_next *next); /* instead: nothing has changed */

void live_close(struct live *l);
/* After live_close: false when something did not end until clock_now() is `until`. */
bool live_join(struct live *l, int64_t until);

#endif
