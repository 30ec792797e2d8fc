/* judge.h - the official rules plugged into the ways out and in, in this process: "the validator is
 * down" cannot happen. Loaded on first use, once a process, shared by all threads. */
#ifndef AP_DAEMON_JUDGE_H
#define AP_DAEMON_JUDGE_H

#include "ap/daemon/node.h"

/* Set out->validate (when validate.on_send) and in->validate. Nothing is loaded yet. */
void judge_attach(struct node *n);
void judge_on_send(struct node *n, bool yes); /* refuse invalid documents when sending */
/* What was loaded, freed at the end of the process; no thread may validate any more. */
void judge_detach(void);

#endif
