/* smp_priv.h - the SMP's state, shared by its reading and its changing side. */
#ifndef AP_TESTNET_SMP_PRIV_H
#define AP_TESTNET_SMP_PRIV_H

#include <pthread.h>

#include "ap/crypto/key.h"
#include "ap/http/http_server.h"
#include "ap/testnet/registry.h"

#define SMP_KEPT "smp" /* folder with ServiceMetadata as it was PUT */

struct smp_server {
    char dir[4096], base[256];
    struct key *key;
    struct http_server *http;
    struct buf cert, tls_key;
    pthread_mutex_t lock; /* one change at a time */
};

struct question { /* the path: /PARTICIPANT or /PARTICIPANT/services/DOCTYPE */
    struct participant participant;
    struct doctype doctype;
    bool group;
};

/* PUT and DELETE: sets out->status, also on failure. 0 or -1. */
int smp_rest(struct smp_server *s, const struct question *q, const struct http_server_request *rq,
    struct http_server_response *out, struct arena *a, struct err *e) MUST_CHECK;

#endif
