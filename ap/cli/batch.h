/* batch.h - the invoices of one JSON or CSV input, built and judged, for send. One thread. */
#ifndef AP_CLI_BATCH_H
#define AP_CLI_BATCH_H

#include "ap/cli/invoice.h"

struct batch {
    struct arena *a;
    struct rules *rules;
    struct invoice **v;
    struct buf *ubl; /* of each; empty where it has faults (invoice_faults) */
    size_t n;
};

/* Read, with --attach, complete, write as UBL, judge. `text` must outlive the batch; *input is what
 * an error is about. send.list (ERR_INPUT): --key or --attach for several. batch_free in any case.
 */
int batch_build(struct batch *b, const struct cli *c, const char **input, struct str text,
    struct err *e) MUST_CHECK;
void batch_free(struct batch *b);

#endif
