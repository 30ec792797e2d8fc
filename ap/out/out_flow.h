/* out_flow.h - how much goes to one destination at once, and when nothing does.
 *
 * A destination is an access point (its Seat ID), or a receiver that was not looked up yet. Each
 * has a window of exchanges at once: it grows with every answer, is halved by every fault, and
 * three faults in a row open the circuit: nobody tries for a while (growing, with jitter, at least
 * what the peer's Retry-After asks for), then one probes; its success begins again with a window of
 * one. A document that finds no place is put back as it was: no attempt is spent. In memory, but
 * for open circuits: they are in the journal too, and an attempt that changes one says so there;
 * after a start (out_flow_restore) every other destination is as good as new. Times are of any
 * steady clock, in ms. Bounded: FLOW_MAX destinations are remembered. Any thread. */
#ifndef AP_OUT_OUT_FLOW_H
#define AP_OUT_OUT_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ap/store/store.h"

/* Lanes: the first byte of a queue's name. Urgent mail has queues of its own, so no backlog is
 * before it; bulk mail likewise, so it is before nobody. */
#define OUT_LANE_URGENT STORE_FIRST
#define OUT_LANE_BULK '~'

#define FLOW_MAX 4096
#define FLOW_KEY 256
#define FLOW_START 5  /* window of a destination that is new */
#define FLOW_FAULTS 3 /* in a row: the circuit opens */

struct out_flow;

struct out_flow_cfg {
    unsigned window;              /* largest; 0: 10 */
    int64_t open_first, open_max; /* of an open circuit, before jitter */
    int64_t after_max;            /* bound of Retry-After */
};
struct out_flow *out_flow_new(const struct out_flow_cfg *c);            /* NULL: no memory */
void out_flow_follow(struct out_flow *f, const struct out_flow_cfg *c); /* from now on */
void out_flow_free(struct out_flow *f);                                 /* NULL is fine */

/* Take a place. False: none; *again is the time until one may be there, 0: when another leaves. The
 * next place after urgent mail was turned away is kept for urgent mail, for a few seconds: else a
 * backlog, of which somebody asks at any moment, would be before it (reliability Q6). */
bool out_flow_enter(struct out_flow *f, const char *key, bool urgent, int64_t now, int64_t *again);
enum out_flow_news {
    FLOW_NOTHING, /* nothing was learnt about the destination */
    FLOW_ANSWER,  /* it works */
    FLOW_FAULT    /* it did not answer, or not as it should */
};
/* Give the place back. retry_after: what the peer asked for with a fault, -1: nothing. True: a
 * circuit opened, stays open for longer, or closed: out_flow_get tells. */
bool out_flow_leave(
    struct out_flow *f, const char *key, int64_t now, enum out_flow_news news, int64_t retry_after);
/* At most n at once, whatever the window (policy of a partner); 0: no such limit. */
void out_flow_cap(struct out_flow *f, const char *key, unsigned n);
/* A person says that it is well again: circuits are closed, of one destination or (NULL) all. */
void out_flow_reset(struct out_flow *f, const char *key);

struct out_flow_state {
    char key[FLOW_KEY];
    unsigned busy, window, faults;
    unsigned opens;     /* in a row without success; 0: closed */
    int64_t open_for;   /* ms from now until it may be probed; 0: closed or being probed */
    int64_t open_since; /* ms ago that it opened and stayed so; 0: closed */
};
/* Every destination that is busy or in trouble; at most max, *n is how many there are. */
void out_flow_list(
    struct out_flow_state *out, size_t max, size_t *n, struct out_flow *f, int64_t now);

/* One destination; a strange one is as good as new. */
void out_flow_get(struct out_flow_state *out, struct out_flow *f, const char *key, int64_t now);
/* The circuits that were open when the last process ended, before anything is sent: they stay open
 * until their time, and then one document probes. */
int out_flow_restore(
    struct out_flow *f, struct store *s, int64_t wall, int64_t now, struct err *e) MUST_CHECK;

/* The key of a queue's name: without its lane (see out.h). */
const char *out_flow_key(const char *dest);
bool out_flow_urgent(const char *dest);

/* For store_out_claim, one struct a call: places are taken while claiming. What was taken and not
 * claimed must be given back with out_flow_unclaimed(). */
#define FLOW_ASKED 8
struct out_flow_gate {
    struct out_flow *f;
    int64_t wall, steady; /* now, on both clocks */
    char taken[FLOW_ASKED][FLOW_KEY];
    size_t n;
};
struct out_gate out_flow_gate(struct out_flow_gate *g);
void out_flow_unclaimed(struct out_flow_gate *g, const struct out_claim *c, size_t n);

#endif
