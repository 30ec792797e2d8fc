/* notify.h - what the service tells its manager (sd_notify(3)), when there is one. Any thread. */
#ifndef AP_DAEMON_NOTIFY_H
#define AP_DAEMON_NOTIFY_H

#include <stdbool.h>

void notify(const char *state);
/* WATCHDOG=1, when the manager wants to hear it. */
void notify_alive(void);

#endif
