/* report_priv.h - the formats, one function each. */
#ifndef UBL_REPORT_PRIV_H
#define UBL_REPORT_PRIV_H

#include "ubl/report.h"

void report_text(struct buf *out, const struct ubl_report *r, const struct report_style *s);
void report_json(struct buf *out, const struct ubl_report *r, const struct report_style *s);
void report_svrl(struct buf *out, const struct ubl_report *r, const struct report_style *s);
int report_html(
    struct buf *out, const struct ubl_report *r, const struct report_style *s, struct err *e);
/* RFC 3339, UTC, of an instant in seconds. */
void report_instant(struct buf *out, int64_t at);

#endif
