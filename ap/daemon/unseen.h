/* unseen.h - of which participants we could not learn what is published, since when, and where it
 * failed. In memory: a restart begins to count anew. One thread. */
#ifndef AP_DAEMON_UNSEEN_H
#define AP_DAEMON_UNSEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ap/base/err.h"
#include "ap/peppol/participant.h"

#define UNSEEN_MAX 256 /* participants remembered; more are not */
#define UNSEEN_HOP 128

struct unseen_one {
    char who[PARTICIPANT_VALUE];
    char hop[UNSEEN_HOP]; /* "SML", or the URL of the SMP: where the last look failed */
    int64_t since;        /* clock_mono() of the first of these looks */
    struct err why;       /* of the last */
};
struct unseen {
    struct unseen_one one[UNSEEN_MAX];
    size_t n;
};

void unseen_note(
    struct unseen *u, const char *who, const char *hop, const struct err *why, int64_t mono);
void unseen_forget(struct unseen *u, const char *who); /* seen again; NULL: all */

/* The hops at which somebody has been unseen for `after` ms or longer: the one longest so, and how
 * many. At most max. */
struct unseen_hop {
    const struct unseen_one *first;
    size_t n;
};
size_t unseen_over(
    struct unseen_hop *out, size_t max, const struct unseen *u, int64_t after, int64_t mono);

#endif
