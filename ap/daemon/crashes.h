/* crashes.h - what the last process died of while it read a message (ap/in/in_crash.h): told as an
 * alarm, and noted from now on. Before the threads that receive. */
#ifndef AP_DAEMON_CRASHES_H
#define AP_DAEMON_CRASHES_H

#include "ap/daemon/node.h"

/* n->in.crash is opened, for so many messages at once; in_crash_close is the caller's. */
int crashes_open(struct node *n, unsigned slots, struct err *e) MUST_CHECK;

#endif
