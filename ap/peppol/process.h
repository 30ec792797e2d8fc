/* process.h - a Peppol process identifier: cenbii-procid-ubl::urn:... (PFUOI 4.4.0 policies 24-27).
 * Value type; scheme and value compare exactly. Any thread. */
#ifndef AP_PEPPOL_PROCESS_H
#define AP_PEPPOL_PROCESS_H

#include <stdbool.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"

#define PROCESS_SCHEME "cenbii-procid-ubl"
#define PROCESS_SCHEME_MAX 26
#define PROCESS_VALUE 201

struct process {
    char scheme[PROCESS_SCHEME_MAX];
    char value[PROCESS_VALUE]; /* "" = none */
};

/* "scheme::value", or a value alone (cenbii-procid-ubl). id.process (ERR_INPUT). */
int process_parse(struct process *out, struct str text, struct err *e) MUST_CHECK;
/* An empty scheme means cenbii-procid-ubl. */
int process_make(
    struct process *out, struct str scheme, struct str value, struct err *e) MUST_CHECK;
bool process_same(const struct process *a, const struct process *b);
void process_text(struct buf *out, const struct process *p); /* scheme::value */

#define TRANSPORT_AS4 "peppol-transport-as4-v2_0" /* the only active transport profile */

#endif
