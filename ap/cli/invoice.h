/* invoice.h - what build, read and send share: invoices made, findings told.
 * One thread. */
#ifndef AP_CLI_INVOICE_H
#define AP_CLI_INVOICE_H

#include "ap/cli/cli.h"
#include "ubl/invoice/invoice.h"

/* Tell every finding: faults and warnings in their five parts on stderr, or with --json as the
 * member "findings" of *o. Returns the exit code: 0, or that of the worst fault. */
int invoice_tell(struct cli *c, const char *input, const struct invoice *v, struct json_object *o);

/* Complete, write as UBL and judge by the official rules (`judge`), findings added to `v`. A fault
 * is no failure: ask invoice_faults. */
struct rules;
int invoice_make(struct buf *ubl, struct invoice *v, const char *customization, struct rules *judge,
    struct err *e) MUST_CHECK;
/* The files of --attach, into the invoice; *input is the one in hand. */
int invoice_attach_given(
    struct invoice *v, const struct cli *c, const char **input, struct err *e) MUST_CHECK;
/* By --csv, or the file's name. */
bool invoice_is_csv(const struct cli *c, const char *input);
/* Does this text look like JSON (its first character is a brace)? */
bool invoice_is_json(struct str text);

#endif
