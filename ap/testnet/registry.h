/* registry.h - who is registered: read anew for each question, so that editing the file is enough.
 * Lines of registry.tsv: participant TAB document type TAB process TAB url TAB certificate file.
 * At most 1 MiB. Any thread. */
#ifndef AP_TESTNET_REGISTRY_H
#define AP_TESTNET_REGISTRY_H

#include "ap/base/arena.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

struct registry_entry {
    struct participant participant;
    struct doctype doctype;
    struct process process;
    const char *url, *cert_file; /* in the arena */
};
/* testnet.registry (ERR_CONFIG) names file and line. */
int registry_read(struct registry_entry **out, size_t *n, const char *dir, struct arena *a,
    struct err *e) MUST_CHECK;

#endif
