/* dns_priv.h - questions to DNS with a deadline, over libunbound.
 *
 * One context and one thread of our own for each: that thread alone calls libunbound, so that a
 * question can be cancelled while others run without racing its callback. Any thread may ask. */
#ifndef AP_LOOKUP_DNS_PRIV_H
#define AP_LOOKUP_DNS_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <unbound.h>

#include "ap/base/err.h"

#define DNS_TYPE_NAPTR 35

struct dns;

int dns_open(struct dns **out, const char *resolver, const char *trust_anchor, bool keep,
    struct err *e) MUST_CHECK;
void dns_close(struct dns *d); /* no question may be running; NULL is fine */

/* 0 with an answer of any rcode (ub_resolve_free); -1: dns.timeout, dns.temporary. */
int dns_ask(struct ub_result **out, struct dns *d, const char *name, int type, int64_t deadline_ms,
    struct err *e) MUST_CHECK;

#endif
