/* registry.h - who is registered: read anew for each question, so that editing the file is enough.
 * registry.tsv has lines of three kinds, fields with tabs between:
 *
 *     PARTICIPANT  DOCUMENT-TYPE  PROCESS  URL  CERTIFICATE-FILE
 *     PARTICIPANT  DOCUMENT-TYPE  @FILE    ServiceMetadata as it was PUT, in that file
 *     group  USER  PARTICIPANT             the participant was PUT by that user of the SMP
 *
 * At most 1 MiB. Any thread may read; one at a time may change. */
#ifndef AP_TESTNET_REGISTRY_H
#define AP_TESTNET_REGISTRY_H

#include "ap/base/arena.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

#define REGISTRY_USER 64

struct registry_entry { /* text in the arena */
    struct participant participant;
    struct doctype doctype; /* value "": a group line */
    struct process process;
    const char *url, *cert_file;
    const char *metadata; /* the file; NULL: process, url and cert_file are given */
    const char *owner;    /* of a group line; else NULL */
};
/* testnet.registry (ERR_CONFIG) names file and line. */
int registry_read(struct registry_entry **out, size_t *n, const char *dir, struct arena *a,
    struct err *e) MUST_CHECK;
/* Take out the lines of a participant and document type (NULL: all of the participant), and put
 * `line` (NULL: none) at the end. Durable. */
int registry_change(const char *dir, const struct participant *p, const struct doctype *d,
    const char *line, struct err *e) MUST_CHECK;

#endif
