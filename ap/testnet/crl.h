/* crl.h - the lab's revocation lists over plain HTTP: GET /NAME.crl is pki/NAME.crl, read anew each
 * time, so that a list made again is the one that is served. Threads: http_server's. */
#ifndef AP_TESTNET_CRL_H
#define AP_TESTNET_CRL_H

#include "ap/base/err.h"

#define TESTNET_CRL_HOST "crl.testnet.aviso" /* as certs/make-pki writes it into certificates */

struct crl_server;

int crl_start(struct crl_server **out, const char *dir, unsigned port, struct err *e) MUST_CHECK;
void crl_stop(struct crl_server *s); /* NULL is fine */

#endif
