/* report.h - a validation report as text for people, JSON, SVRL or HTML. Any thread. */
#ifndef UBL_REPORT_H
#define UBL_REPORT_H

#include <stdbool.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ubl/validate.h"

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_SVRL, REPORT_HTML };
/* False when there is no such format. */
bool report_format_of(enum report_format *out, const char *word);
const char *report_extension(enum report_format f); /* ".txt" ".json" ".svrl" ".html" */

struct report_style {
    const char *file; /* how the document is called */
    bool color;       /* text: bold and red; says nothing the words do not */
    bool quiet;       /* text: nothing about what is valid */
    bool verbose;     /* text: also rules' tests, and layers that passed with their hashes */
    bool cut;         /* text, JSON: the findings are the first ones of more */
};

/* Append. JSON is one line; text ends with a newline. SVRL needs a report made with
 * ubl_options.trace. Errors: memory.exhausted (past the buffer's maximum), report.html. */
int report_write(struct buf *out, const struct ubl_report *r, enum report_format f,
    const struct report_style *s, struct err *e) MUST_CHECK;

/* "/Invoice/LegalMonetaryTotal/PayableAmount[2]" from a finding's location: without namespaces and
 * without [1]. */
void report_short_location(struct buf *out, struct str location);

#endif
