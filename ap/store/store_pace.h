/* store_pace.h - how long the documents of one access point wait for their proof.
 *
 * Of each access point (its Seat ID) the PACE_KEPT documents proven last are kept, from their first
 * attempt to the proof of the level they need, and as many that are tried and not proven yet. A
 * wait counts as a delay when it is longer than `slow` and the access point took another document
 * meanwhile, or when it is the first of those that waited together: an outage, however many wait
 * through it, is one delay. Conventions of store.h. */
#ifndef AP_STORE_STORE_PACE_H
#define AP_STORE_STORE_PACE_H

#include "ap/store/store.h"

#define PACE_KEPT 20
#define PACE_DRIFT 3 /* delays among those kept: not by chance */

struct store_pace {
    char seat[STORE_DEST];
    unsigned taken;         /* proven, at most PACE_KEPT */
    unsigned waiting;       /* tried, not proven, at most PACE_KEPT */
    unsigned delayed;       /* of both */
    int64_t usual, longest; /* ms: median and longest wait of those taken; 0: none */
    int64_t oldest;         /* ms: of those waiting; 0: none */
    bool drifts;            /* delayed >= PACE_DRIFT */
};
/* 1: something is known of this access point, 0: nothing (*out is zero but for its name), -1. */
int store_pace_get(struct store_pace *out, struct store *s, const char *seat, int64_t slow,
    int64_t now, struct err *e) MUST_CHECK;
/* Those that drift, by name, at most max; *n: how many there are. */
int store_pace_drifting(struct store_pace *out, size_t max, size_t *n, struct store *s,
    int64_t slow, int64_t now, struct err *e) MUST_CHECK;

#endif
