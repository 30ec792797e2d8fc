/* dnsd.h - a small DNS server on loopback (UDP and TCP) that answers as told: for tests of lookups,
 * set as libunbound's forwarder. One thread. Failures of its own abort. */
#ifndef TESTS_SUPPORT_DNSD_H
#define TESTS_SUPPORT_DNSD_H

#include <stddef.h>
#include <stdint.h>

struct dnsd;

enum dnsd_act {
    DNSD_RECORDS, /* those added; none: NOERROR without data */
    DNSD_NXDOMAIN,
    DNSD_SERVFAIL,
    DNSD_REFUSED,
    DNSD_SILENT,
    DNSD_TRUNCATED, /* UDP says: come by TCP; there the records are */
    DNSD_GARBAGE
};

struct dnsd *dnsd_start(void);
void dnsd_stop(struct dnsd *d);
/* "127.0.0.1@PORT"; valid as long as d. */
const char *dnsd_address(const struct dnsd *d);
/* Names with or without closing dot; unknown ones are NXDOMAIN. Setting forgets the records. */
void dnsd_set(struct dnsd *d, const char *name, enum dnsd_act act);
void dnsd_naptr(struct dnsd *d, const char *name, unsigned order, unsigned preference,
    const char *flags, const char *services, const char *regexp);
void dnsd_cname(struct dnsd *d, const char *name, const char *target);
void dnsd_record(struct dnsd *d, const char *name, unsigned type, const void *rdata, size_t n);
unsigned dnsd_hits(struct dnsd *d, const char *name);

#endif
