/* gate.h - the AS4 endpoint over HTTP: who is let in, how many at once, with which web
 * certificate.
 *
 * Requests come on the server's threads; the rest is called by the thread that owns the service,
 * reload by one at a time. A full endpoint answers 503, it never queues without end. */
#ifndef AP_DAEMON_GATE_H
#define AP_DAEMON_GATE_H

#include <semaphore.h>

#include "ap/daemon/node.h"
#include "ap/http/http_server.h"

struct gate {
    struct node *node;
    struct http_server *http;
    unsigned connections, heavy; /* taken, worked on at once */
    sem_t places;                /* for `heavy` */
    struct buf tls_cert, tls_key;
};

/* Counts connections and places from `c` and the descriptors there are; zeroed before. Opens
 * nothing. serve.descriptors: too few for any work. */
int gate_init(struct gate *x, const struct config *c, struct err *e) MUST_CHECK;
/* `n` is borrowed until gate_done. Messages go to in_receive with the setup in force. */
int gate_start(struct gate *x, struct node *n, struct err *e) MUST_CHECK;
unsigned gate_port(const struct gate *x); /* of the first address */
/* What a renewal hook has put into the configured files. Open connections keep the old one. */
int gate_certificate(struct gate *x, const struct config *c, struct err *e) MUST_CHECK;
void gate_follow(struct gate *x, const struct config *c); /* its limits, from now on */
void gate_drain(struct gate *x, int64_t ms); /* nothing new; also when it did not start */
void gate_done(struct gate *x);

#endif
