/* in_crash.h - messages that crash the process while they are read, before anything of them is on
 * disk: which one it was is noted in SPOOL/receiving, a file mapped into memory.
 *
 * A message is in a slot while it is worked on. When its own thread gets SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL or SIGABRT, the handler marks the slot (a kill from outside or a power cut marks none).
 * The next start tells it as an alarm; a message that crashed two processes is refused for a day.
 * The same message is the same bytes: their length and first 64 KiB. Crashes in TLS or in the HTTP
 * head are not seen here. */
#ifndef AP_IN_IN_CRASH_H
#define AP_IN_IN_CRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/err.h"

struct in_crash;

struct in_crash_note {
    char key[17];                     /* names the message: hexadecimal */
    char remote[64], message_id[128]; /* MessageId as it stands in the first bytes, or "" */
    uint64_t len;
    int signal;
    unsigned times; /* processes that it ended */
    int64_t at;     /* of the last */
};

/* For `slots` messages at once; more go unnoted. Takes over the five signals. io.* errors. One for
 * each process, opened before its threads start. */
int in_crash_open(struct in_crash **out, const char *spool, unsigned slots, int64_t now,
    struct err *e) MUST_CHECK;
void in_crash_close(struct in_crash *c);
/* What the last process died of: 1 and a note each time, then 0. */
int in_crash_next(struct in_crash_note *out, struct in_crash *c);

/* Around the reading of a message, on its thread; c may be NULL. False: it is refused (*note says
 * why), and there is nothing to leave. */
bool in_crash_enter(struct in_crash *c, const struct blob *body, const char *remote, int64_t now,
    struct in_crash_note *note);
void in_crash_leave(struct in_crash *c);

#endif
