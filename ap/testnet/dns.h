/* dns.h - a small DNS authority for the lab's SML zone: U-NAPTR of registered participants,
 * NXDOMAIN with SOA for the rest, REFUSED outside the zone. UDP and TCP on 127.0.0.1. Its own
 * thread. */
#ifndef AP_TESTNET_DNS_H
#define AP_TESTNET_DNS_H

#include "ap/base/err.h"

struct dns_server;

/* `smp_url`: what every NAPTR names. `dir`: where registry.tsv lies. */
int dns_start(struct dns_server **out, const char *dir, unsigned port, const char *zone,
    const char *smp_url, struct err *e) MUST_CHECK;
void dns_stop(struct dns_server *s);

#endif
