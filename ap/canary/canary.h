/* canary.h - a document to ourselves, through the real network, on a schedule: when nothing else is
 * to be sent, it proves that sending, lookup, receiving and hand-over are alive.
 *
 * A marked invoice over 0.00 goes from one participant of ours to another (`to`, whose route is
 * "canary": it is taken and acknowledged by the service itself). It is back when we hold its
 * Receipt and have received and handed over the very same number. It counts in reports like any
 * exchange, so in production both are registered legal entities. Where there is no second one, a
 * ping to the test service (ap/out/out_ping.h) of any participant's access point, our own through
 * the network by rights, proves all but hand-over; it is back with its receipt. State lies in the
 * store's marks: any process may read it, one (the service) writes. Any thread. */
#ifndef AP_CANARY_CANARY_H
#define AP_CANARY_CANARY_H

#include "ap/base/buf.h"
#include "ap/out/out.h"
#include "ap/store/store.h"

#define CANARY_PREFIX STORE_CANARY
#define CANARY_NUMBER 40
#define CANARY_ROUTE "canary"

#define CANARY_PING "PING-"

struct canary_cfg {
    bool ping;             /* no document: from is not needed, to is any participant */
    const char *from, *to; /* participants of ours; to "": there is no canary */
    int64_t every;         /* ms between two */
    int64_t silence;       /* ms without one that came back: alarm */
};
struct canary {
    char number[CANARY_NUMBER]; /* of the last one sent; "" none yet */
    int64_t sent_at;
    int64_t row;     /* its outbound document; 0: a ping, or it could not be sent */
    int64_t back_at; /* when one last came back; 0: never */
    int64_t trip_ms; /* how long that one took */
    int64_t since;   /* when watching began */
    bool silent;     /* told already */
};

/* A whole BIS Billing 3 invoice between two participants, over nothing. */
int canary_document(struct buf *out, const struct store_participant *from,
    const struct store_participant *to, const char *number, int64_t now, struct err *e) MUST_CHECK;

int canary_load(struct canary *c, struct store *s, struct err *e) MUST_CHECK;
bool canary_is_back(const struct canary *c); /* the last one sent */
/* Hand a new one in; a ping is over when this returns. canary.config (ERR_CONFIG): a participant is
 * not ours, or `to` has another route; what out_submit says of the document, out_ping of the
 * answer. */
int canary_send(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    int64_t now, struct err *e) MUST_CHECK;
/* Is the one on its way back? 1 now (recorded, with an event), 0 not yet or none, -1. */
int canary_look(struct canary *c, struct store *s, int64_t now, struct err *e) MUST_CHECK;
/* Nothing came back for too long. */
bool canary_is_silent(const struct canary *c, const struct canary_cfg *cfg, int64_t now);
/* The service's turn, as often as it likes: send when due, look, tell silence once. -1 for trouble
 * that was not told as silence. */
int canary_turn(struct canary *c, const struct out_env *env, const struct canary_cfg *cfg,
    int64_t now, bool *sent, struct err *e) MUST_CHECK;

#endif
