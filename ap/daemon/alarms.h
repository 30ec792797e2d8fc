/* alarms.h - the thread that looks for what is wrong beside documents (certificates, space,
 * circuits, the clock), and that tells every alarm. A channel that hangs delays alarms only. */
#ifndef AP_DAEMON_ALARMS_H
#define AP_DAEMON_ALARMS_H

#include "ap/daemon/node.h"

struct alarms;

int alarms_start(struct alarms **out, struct node *n, struct err *e) MUST_CHECK;
void alarms_close(struct alarms *x);               /* it ends after the channel it is telling on */
bool alarms_join(struct alarms *x, int64_t until); /* false: still telling at `until` (ms UTC) */
void alarms_free(struct alarms *x);                /* joined; NULL is fine */

#endif
