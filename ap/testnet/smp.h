/* smp.h - the lab's Service Metadata Publisher: ServiceGroup and SignedServiceMetadata (SMP 1.4.0
 * 5) from registry.tsv, signed by the development SMP key, over TLS. Users of smp.users (a name, a
 * tab and a secret a line: password for basic authentication, and bearer token) may PUT and DELETE
 * participants and document types as with phoss-smp; each has the participants that it made, and
 * those that nobody made. The lab's DNS answers for all of them. Runs on the HTTP server's threads.
 */
#ifndef AP_TESTNET_SMP_H
#define AP_TESTNET_SMP_H

#include "ap/base/err.h"

struct smp_server;

int smp_start(struct smp_server **out, const char *dir, unsigned port, struct err *e) MUST_CHECK;
void smp_stop(struct smp_server *s);

#endif
