/* schematron.h - Schematron rule sets: loaded once, shared by all threads, run over a document
 * tree.
 *
 * Two forms of source give one rule plan: stylesheets compiled by the ISO skeleton
 * (iso_svrl_for_xslt2, as the official packages publish them) and raw .sch files (queryBinding
 * xslt2). A construct this loader does not know is a load error with file and line; nothing is
 * skipped in silence. Verdicts, their order, locations and texts are those of the compiled
 * stylesheet under Saxon. A dynamic XPath error stops the rule set, as it stops Saxon's
 * transformation: that is an outcome (sch_result.error), not a failed call. ISO/IEC 19757-3. */
#ifndef UBL_SCHEMATRON_SCHEMATRON_H
#define UBL_SCHEMATRON_SCHEMATRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/tree/tree.h"
#include "ubl/xpath/xpath.h"

struct sch; /* a rule set: immutable after loading */

struct sch_options {
    const char *phase; /* raw .sch: NULL = the schema's defaultPhase, or all patterns */
};

/* Load a file, its form told by its document element. `name` is how findings and messages call the
 * rule set (copied). opt may be NULL. Errors, all ERR_INPUT: rules.construct, rules.pattern and
 * the XPath codes (XPST0003 ...), message "FILE:LINE: ..."; io.* and xml.* from reading. */
int sch_load(struct sch **out, const char *path, const char *name, const struct sch_options *opt,
    struct err *e) MUST_CHECK;
/* The same from memory; `path` serves messages and includes. */
int sch_load_bytes(struct sch **out, struct str bytes, const char *path, const char *name,
    const struct sch_options *opt, struct err *e) MUST_CHECK;
void sch_free(struct sch *s); /* NULL is fine */

struct sch_info {
    const char *name, *path, *title;
    const char *sha256; /* of the file that sch_load read, without includes; else "" */
    bool compiled;      /* from a stylesheet */
    uint32_t patterns, rules, asserts, reports, functions, keys;
};
struct sch_info sch_info(const struct sch *s);

enum sch_kind { SCH_ASSERT, SCH_REPORT }; /* failed-assert, successful-report */

struct sch_note { /* a diagnostic that belongs to a finding */
    struct str id, text;
};

struct sch_finding {
    enum sch_kind kind;
    struct str id, flag, role; /* empty when absent */
    struct str location;       /* as the skeleton writes it; see location.c */
    struct str text;           /* white space collapsed */
    struct str test;
    uint32_t node; /* in the document's tree */
    uint32_t line; /* of the node; 0 = unknown */
    const struct sch_note *notes;
    uint32_t n_notes;
};

/* What SVRL lists besides: patterns and rules in the order in which they were visited. Only
 * collected when sch_run_options.trace is set. */
enum sch_event_kind { SCH_ACTIVE_PATTERN, SCH_FIRED_RULE, SCH_FINDING };
struct sch_event {
    enum sch_event_kind kind;
    uint32_t finding;             /* index, SCH_FINDING */
    struct str id, name, context; /* pattern: id, name; rule: id, context */
    struct str role;
};

struct sch_result {
    const struct sch_finding *findings; /* in SVRL order; none when stopped by an error */
    uint32_t n;
    uint32_t active_patterns, fired_rules;
    const struct sch_event *events;
    uint32_t n_events;
    bool stopped;     /* a dynamic error ended the run: the outcome is `error`, never `valid` */
    struct err error; /* code FORG0001 ...; where = rule file and line */
    struct str stopped_id; /* of the assert or report that stopped it; may be empty */
    uint32_t stopped_node; /* its context; TREE_NONE when it was no check of a rule */
};

struct sch_run_options {
    bool trace;
    uint32_t max_findings; /* 0 = 1,000,000; past it the run is stopped with schematron.limit */
};

/* Run all patterns over a document. `c` is the calling thread's context, `a` takes the result
 * (which also points into s and t). opt and now may be NULL (now = the clock). -1 only for a
 * failure of ours (class ERR_BUG, or memory.exhausted of the result's arena). */
int sch_run(struct sch_result *out, const struct sch *s, struct xp_ctx *c, const struct tree *t,
    const struct xp_now *now, const struct sch_run_options *opt, struct arena *a,
    struct err *e) MUST_CHECK;

/* Is the finding an error for a receiver? flag, or role where no flag is given: fatal and error (or
 * neither given) are; warning, information, info, hint are not. A successful report without a flag
 * or role is information. */
bool sch_is_error(const struct sch_finding *f);
bool sch_is_warning(const struct sch_finding *f);

/* The namespace bindings of the rule set, in order of declaration (SVRL ns-prefix). */
struct sch_ns {
    struct str prefix, uri;
};
const struct sch_ns *sch_namespaces(const struct sch *s, size_t *n);

/* Location of a node in the skeleton's form, into `a`; for tools that show a node. NULL when out of
 * memory. */
char *sch_location(const struct tree *t, uint32_t node, struct arena *a);

#endif
