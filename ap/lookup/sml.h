/* sml.h - the Service Metadata Locator: DNS U-NAPTR records to an SMP's base URL (SML 1.3.0 2.1.1).
 *
 * One libunbound context per resolver, driven by one thread of its own; callers wait with a
 * deadline (a dead forwarder would hold ub_resolve for 17 s) and a question given up is cancelled.
 * libunbound follows CNAME and DNAME, falls back to TCP and caches by TTL. Any thread. */
#ifndef AP_LOOKUP_SML_H
#define AP_LOOKUP_SML_H

#include <stdint.h>

#include "ap/base/err.h"
#include "ap/peppol/participant.h"

#define SML_URL 1024
#define SML_MAX_RECORDS 128 /* looked at; more are ignored */

struct sml;

struct sml_cfg {
    const char *zone;
    const char *resolver, *resolver2; /* as in lookup.h */
    const char *trust_anchor;
    int64_t deadline_ms;
    bool plain_ok; /* http: base URLs */
};
int sml_open(struct sml **out, const struct sml_cfg *c, struct err *e) MUST_CHECK;
void sml_close(struct sml *s);

struct sml_answer {
    char name[PARTICIPANT_DNS]; /* the DNS name asked; set on errors as well */
    char url[SML_URL];          /* base URL without closing slash */
    int ttl_s;
    unsigned records; /* NAPTR records in the answer */
};
/* participant.not-registered (NXDOMAIN, or no NAPTR record of an SMP: the text tells which; with a
 * second resolver only when both say so), dns.temporary (SERVFAIL and other rcodes, bogus, the two
 * resolvers disagree), dns.timeout, sml.malformed (a record for us that cannot be read), sml.url
 * (its URL is not one we may use). `fresh`: past the cache of DNS answers. */
int sml_find(struct sml_answer *out, struct sml *s, const struct participant *p, bool fresh,
    struct err *e) MUST_CHECK;
/* One NAPTR record's RDATA (RFC 3403 4.1). sml.malformed. */
struct naptr {
    uint16_t order, preference;
    char flags[256], services[256], regexp[256];
    bool has_replacement; /* other than the root "." */
};
int naptr_parse(struct naptr *out, const void *rdata, size_t n, struct err *e) MUST_CHECK;
/* Is it a terminal U-NAPTR record for an SMP? */
bool naptr_is_smp(const struct naptr *n);
/* The URL the regexp field stands for: `!.*!URL!`, `!^.*$!URL!`, any delimiter, flag i. An
 * expression that does not match everything, or a back-reference, is sml.malformed: the SML has no
 * use for them, and an expression from the network is not run. */
int naptr_url(char out[SML_URL], const struct naptr *n, struct err *e) MUST_CHECK;
/* Is this a base URL of an SMP: https (or plain_ok), host, port 443 unless plain_ok, no user, no
 * query, no fragment? One closing slash is taken off in place. sml.url. */
int sml_url_check(char *url, bool plain_ok, struct err *e) MUST_CHECK;

#endif
