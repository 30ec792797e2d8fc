/* store_partner.h - what is agreed or decided about one partner: a participant ("iso6523-...::0208:
 * ...") or an access point (its Seat ID). Conventions of store.h. */
#ifndef AP_STORE_STORE_PARTNER_H
#define AP_STORE_STORE_PARTNER_H

#include "ap/store/store.h"

#define PARTNER_UNSET (-1)

struct store_partner {
    const char *name;         /* required */
    int unknown_resend;       /* 1 resend, 0 hold, PARTNER_UNSET: as configured */
    enum proof_level require; /* PROOF_NONE: as configured or asked for */
    int64_t wait_ms;          /* deadline of its documents; 0: as configured */
    unsigned window;          /* most exchanges at once; 0: as configured */
    bool held;
    const char *held_by, *held_why;
    int64_t held_at, changed_at;
};
/* The policy; whether it is held stays as it is. One that is not held and has nothing set is
 * forgotten. */
int store_partner_put(
    struct store *s, const struct store_partner *p, int64_t now, struct err *e) MUST_CHECK;
/* From now on its documents are HELD when their turn comes, by PARTNER_HOLDER and its name. */
#define PARTNER_HOLDER "partner "
int store_partner_hold(struct store *s, const char *name, const char *who, const char *why,
    int64_t now, struct err *e) MUST_CHECK;
/* ... and what it held goes on. *released: how many. Chunk by chunk: cut off, it can be repeated.
 * store.not-found when there is no such partner. */
int store_partner_release(unsigned long *released, struct store *s, const char *name,
    const char *who, int64_t now, struct err *e) MUST_CHECK;
/* 1 there, 0 not (all unset), -1. */
int store_partner_get(struct store_partner *out, struct store *s, const char *name, struct arena *a,
    struct err *e) MUST_CHECK;
/* By name, those after `after` (NULL: from the start). */
int store_partner_list(struct store_partner *out, size_t max, size_t *n, struct store *s,
    const char *after, struct arena *a, struct err *e) MUST_CHECK;

#endif
