/* bell.h - how a worker sleeps: until somebody rings, a time passes, or the service ends. */
#ifndef AP_DAEMON_BELL_H
#define AP_DAEMON_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    unsigned rings;
    bool closed;
};

void bell_init(struct bell *b);
void bell_done(struct bell *b); /* nobody may rest on it any more */
void bell_ring(struct bell *b);
/* For the end: nobody rests any more. */
void bell_close(struct bell *b);
bool bell_closed(struct bell *b);
/* How often it rang: taken before looking for work, so that no ring is missed. */
unsigned bell_rings(struct bell *b);
/* Until it rang since `seen`, ms passed, or the end. */
void bell_rest(struct bell *b, unsigned seen, int64_t ms);

#endif
