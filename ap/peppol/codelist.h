/* codelist.h - OpenPeppol's code lists as published (XML), read once: is a code active on a date?
 *
 * Every *.xml of one folder is looked at; a list is known by its root element, the highest version
 * wins. The lists move faster than software: an unknown code is a warning for people, never a
 * refusal; only `removed` and abstract codes are not to be sent or registered. Immutable after
 * opening: any thread. */
#ifndef AP_PEPPOL_CODELIST_H
#define AP_PEPPOL_CODELIST_H

#include <stdint.h>

#include "ap/base/err.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

struct codelists;

/* codelist.unreadable (ERR_CONFIG) when a file is there but not what it should be; a missing list
 * leaves its codes unknown. */
int codelists_open(struct codelists **out, const char *dir, struct err *e) MUST_CHECK;
void codelists_close(struct codelists *c); /* NULL is fine */

enum code_state { CODE_UNKNOWN, CODE_ACTIVE, CODE_DEPRECATED, CODE_REMOVED };
const char *code_state_word(enum code_state s);

struct code_info {
    enum code_state state;
    const char *name;                /* the list's own words; "" unknown */
    const char *version;             /* of the list, "9.7" */
    int64_t removal;                 /* ms; 0: no date */
    bool is_abstract;                /* document types: only for registrations with `*` */
    struct process process;          /* document types: the only process listed, or empty */
    const struct process *processes; /* document types: all that are listed */
    unsigned nprocesses;
};

/* `on`: the date (ms) to judge for: a deprecated code with a removal date in the past is removed.
 * `c` may be NULL: everything is unknown. */
struct code_info codelist_participant(
    const struct codelists *c, const struct participant *p, int64_t on);
struct code_info codelist_doctype(const struct codelists *c, const struct doctype *d, int64_t on);
struct code_info codelist_process(const struct codelists *c, const struct process *p, int64_t on);
struct code_info codelist_transport(const struct codelists *c, const char *profile, int64_t on);

/* May this be sent, or registered in an SMP, on that day? code.removed, code.abstract (ERR_INPUT);
 * unknown and deprecated codes may. */
int codelist_check_participant(
    const struct codelists *c, const struct participant *p, int64_t on, struct err *e) MUST_CHECK;
int codelist_check_doctype(
    const struct codelists *c, const struct doctype *d, int64_t on, struct err *e) MUST_CHECK;
int codelist_check_process(
    const struct codelists *c, const struct process *p, int64_t on, struct err *e) MUST_CHECK;

/* The version part of the listed ids with this root and customization; "" when none or several. */
const char *codelist_version_of(
    const struct codelists *c, struct str root_ns, struct str root_local, struct str customization);

/* A document type by the list's name in small letters and hyphens, removed ones left out:
 * "france-factur-x", or a part between hyphens that only one active type has: "factur-x".
 * id.doctype (ERR_INPUT) names those that fit when they are several. */
int codelist_named(
    struct doctype *out, const struct codelists *c, const char *name, struct err *e) MUST_CHECK;
#define CODELIST_NAME 160
/* The i-th document type of the list with its name as above; false past the end. */
bool codelist_doctype_at(const struct codelists *c, size_t i, struct doctype *d,
    char name[CODELIST_NAME], struct code_info *info);

#endif
