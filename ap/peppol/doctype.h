/* doctype.h - a Peppol document type identifier and how one is matched with registrations.
 *
 *     busdox-docid-qns::ROOTNS::LOCAL##CUSTOMIZATION::VERSION        (XML)
 *     busdox-docid-qns::SYNTAX##CUSTOMIZATION::VERSION               (other formats: no "::" left)
 *
 * Value type, copied freely; the parts are slices of it, found by stored offsets. A registration in
 * an SMP may end in `*` (scheme peppol-doctype-wildcard); a document's own id never does. PFUOI
 * 4.4.0 policies 16-23b. Any thread. */
#ifndef AP_PEPPOL_DOCTYPE_H
#define AP_PEPPOL_DOCTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"

#define DOCTYPE_BUSDOX_SCHEME "busdox-docid-qns"
#define DOCTYPE_WILDCARD_SCHEME "peppol-doctype-wildcard"
#define DOCTYPE_VALUE 501
#define DOCTYPE_MAX_PARTS 32 /* of a customization, between @ */

enum doctype_scheme { DOCTYPE_BUSDOX, DOCTYPE_WILDCARD };

struct doctype {
    enum doctype_scheme scheme;
    char value[DOCTYPE_VALUE]; /* without scheme; "" = none */
    uint16_t sep;              /* index of the first "##" */
    uint16_t local;            /* index of the "::" between namespace and local name; = sep: none */
    uint16_t version;          /* index of the last "::" */
};

/* From "scheme::value", or a value alone (the scheme follows from it: doctype_scheme_of). */
int doctype_parse(struct doctype *out, struct str text, struct err *e) MUST_CHECK;
/* From protocol fields. An empty scheme means busdox-docid-qns (envelope 2.4). A closing `*` is
 * taken only when `registration` (an SMP's own list). id.doctype (ERR_INPUT). */
int doctype_make(struct doctype *out, struct str scheme, struct str value, bool registration,
    struct err *e) MUST_CHECK;
/* From a document's parts. */
int doctype_build(struct doctype *out, struct str root_ns, struct str root_local,
    struct str customization, struct str version, struct err *e) MUST_CHECK;

const char *doctype_scheme_text(enum doctype_scheme s);
/* PINT customizations are registered and sent with the wildcard scheme, all others with busdox. */
enum doctype_scheme doctype_scheme_of(struct str customization);

bool doctype_is_xml(const struct doctype *d);
struct str doctype_root_ns(const struct doctype *d);    /* XML: namespace; else the syntax id */
struct str doctype_root_local(const struct doctype *d); /* XML: local name; else empty */
struct str doctype_customization(const struct doctype *d);
struct str doctype_version(const struct doctype *d);
bool doctype_same(const struct doctype *a, const struct doctype *b); /* scheme and value, exactly */
void doctype_text(struct buf *out, const struct doctype *d);         /* scheme::value */
void doctype_path(struct buf *out, const struct doctype *d);         /* one SMP path segment */

/* How well a registration fits the wanted id: 0 not at all; an exact one DOCTYPE_EXACT; a wildcard
 * the number of its parts. The greatest wins (PFUOI 5.1.2). */
#define DOCTYPE_EXACT 1000
int doctype_match(const struct doctype *registered, const struct doctype *wanted);

/* The ids to ask an SMP for, in order (migration plan PINT 5.4 from T2): i = 0 the id itself, then,
 * for the wildcard scheme, its parts with `*`, longest first. False when there is no i-th. */
bool doctype_candidate(struct doctype *out, const struct doctype *wanted, unsigned i);

#endif
