/* judge.h - the official rules plugged into the ways out and in, in this process: "the validator is
 * down" cannot happen. Loaded on first use, once a process, shared by all threads. */
#ifndef AP_DAEMON_JUDGE_H
#define AP_DAEMON_JUDGE_H

#include "ap/daemon/node.h"

/* Set out->validate (when validate.on_send) and in->validate. Nothing is loaded yet. */
void judge_attach(struct node *n);
/* What a configuration says of it; before `s` is in force. */
void judge_follow(struct setup *s);
/* What was loaded, freed at the end of the process; no thread may validate any more. */
void judge_detach(void);

#endif
