/* validate.h - is this document what its schema and its rules ask for?
 *
 * One call: parse, find the document type in the content (envelopes are opened), choose schema and
 * rule sets by the instant of exchange, run the layers in order, give one report. An invalid
 * document is a report, not an error of the call; so is a rule set that stops with a dynamic error
 * (verdict UBL_ERROR). In process, no network, no files but the rules. */
#ifndef UBL_VALIDATE_H
#define UBL_VALIDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/rules.h"
#include "ubl/schematron/schematron.h"

enum ubl_verdict {
    UBL_VALID,
    UBL_INVALID, /* at least one error */
    UBL_ERROR    /* no verdict: not well-formed, or a rule set stopped */
};
const char *ubl_verdict_word(enum ubl_verdict v); /* "valid" "invalid" "error" */

enum ubl_severity { UBL_SEV_ERROR, UBL_SEV_WARNING, UBL_SEV_INFO };
const char *ubl_severity_word(enum ubl_severity s); /* "error" "warning" "info" */

#define UBL_VALUE_MAX 120 /* shown of an offending value */

struct ubl_finding {
    const char *ruleset; /* "xsd", "CEN-EN16931-UBL", … */
    const char *kind;    /* "failed-assert", "successful-report", "schema" */
    enum ubl_severity severity;
    struct str id, flag, role, location, text, test;
    struct str value; /* the offending value, where the context is a leaf; cut with an ellipsis */
    uint32_t line;
    const struct sch_note *notes;
    uint32_t n_notes;
};

enum ubl_layer_state { UBL_PASSED, UBL_FAILED, UBL_STOPPED, UBL_NOT_RUN };
const char *ubl_layer_word(enum ubl_layer_state s);

struct ubl_layer {
    const char *name, *path, *sha256; /* sha256 "": not known */
    enum ubl_layer_state state;
    uint32_t first, n; /* its findings */
    uint32_t errors, warnings;
    struct err error;                  /* UBL_STOPPED; where = rule file and line */
    struct str stopped_id, stopped_at; /* the check, its context's location; "" when not known */
    uint32_t stopped_line;             /* of the context in the document; 0 = not known */
    const struct sch *sch;             /* NULL for the schema layer */
    const struct sch_event *events;    /* with options.trace: for SVRL */
    uint32_t n_events, fired_rules;
};

struct ubl_report {
    enum ubl_verdict verdict;
    struct err error; /* of UBL_ERROR: the first one; where says which rule */
    const char *error_layer;
    struct str root_uri, root_local, customization, profile, id;
    bool enveloped;                        /* the document lay in an SBDH envelope */
    const char *set, *set_title, *version; /* chosen rule set; "" when there is none */
    bool chosen;                           /* by options.rules, not by `at` alone */
    const char *note;                      /* for people: what was not checked; "" */
    int64_t at;
    const struct ubl_layer *layers;
    uint32_t n_layers;
    const struct ubl_finding *findings;
    uint32_t n_findings, errors, warnings;
};

struct ubl_options {
    int64_t at;                     /* instant of exchange, seconds since 1970; INT64_MIN = now */
    const char *rules;              /* NULL, "latest", "NAME", "NAME@VERSION" (see rules_choose) */
    const struct sch *const *extra; /* these rule sets instead of the catalogue's */
    size_t n_extra;
    const char *uri; /* of the document, for base-uri(); NULL: it has none */
    bool no_xsd;
    bool trace;            /* keep patterns and fired rules (SVRL) */
    size_t max_bytes;      /* 0 = 256 MiB; larger documents are refused: xml.limit */
    uint32_t max_findings; /* 0 = 1,000,000 */
};

struct ubl_worker; /* one thread's working memory; kept between documents */
int ubl_worker_new(struct ubl_worker **out, struct err *e) MUST_CHECK;
void ubl_worker_free(struct ubl_worker *w);

/* Validate one document. `r` may be NULL when options name extra rule sets and no_xsd. The report
 * lives in `a` and points into r and the extra sets. -1: the call failed (rules or schema cannot be
 * loaded, unknown options.rules, memory); the document then has no report. */
int ubl_validate(struct ubl_report *out, struct rules *r, struct ubl_worker *w, struct str bytes,
    const struct ubl_options *o, struct arena *a, struct err *e) MUST_CHECK;

#endif
