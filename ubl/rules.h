/* rules.h - the catalogue of rule sets: which schema and which rules a document is validated with,
 * at which instant; and the loaded sets and schemas themselves.
 *
 * Read from DATA/catalogue (what) and DATA/manifest.tsv (hashes). Rule sets and schemas are loaded
 * when first asked for, once, whichever threads ask, and kept; a file whose hash is not the
 * manifest's is refused. A struct rules is shared by all threads. */
#ifndef UBL_RULES_H
#define UBL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/schematron/schematron.h"
#include "ubl/xsd.h"

#define RULES_LAYERS_MAX 8 /* rule files of one version */

struct rules;

struct rules_document {       /* what a set applies to */
    struct str uri, local;    /* of the root; local "*" and a "*" in uri take anything */
    struct str customization; /* "*" = any or none; a final * takes any rest */
    struct str schema;        /* path below DATA, @LOCAL@ for the root's name */
};

struct rules_version {
    const char *version;
    int64_t from; /* mandatory from, seconds since 1970; INT64_MIN = from the beginning */
    const char *from_text;
    const char *layer[RULES_LAYERS_MAX]; /* paths below DATA, in the order they run */
    size_t n_layers;
};

struct rules_set {
    const char *name, *title;
    const struct rules_document *documents;
    size_t n_documents;
    const struct rules_version *versions; /* in order of time; none: known by schema alone */
    size_t n_versions;
};

/* Where the data folder is: $AVISO_DATA, or beside the program (../data, ../share/aviso). NULL when
 * there is none. Static storage, the same answer in every thread. */
const char *rules_data_dir(void);

/* Errors: rules.data (ERR_CONFIG) when the catalogue is missing or damaged. `data` NULL = as above.
 */
int rules_open(struct rules **out, const char *data, struct err *e) MUST_CHECK;
void rules_free(struct rules *r);

const char *rules_data(const struct rules *r);
const struct rules_set *rules_sets(const struct rules *r, size_t *n);
const struct rules_set *rules_set_find(const struct rules *r, struct str name);

struct rules_choice {
    const struct rules_set *set;         /* NULL: unknown document */
    const struct rules_version *version; /* NULL: no rules for it here */
    const char *schema;                  /* path below DATA, or "" */
    char schema_buf[256];
};

/* The set for a document, in the version in force at `at`. `want`: NULL, "latest", "NAME" or
 * "NAME@VERSION" or "NAME@latest". Errors: rules.unknown (ERR_INPUT) for a `want` that is not
 * there. out->schema may point into out. */
int rules_choose(struct rules_choice *out, const struct rules *r, struct str uri, struct str local,
    struct str customization, const char *want, int64_t at, struct err *e) MUST_CHECK;

/* Loaded on first use; what failed for its file's sake is tried again after 2 s. Errors:
 * rules.altered, rules.missing (ERR_CONFIG), and those of sch_load and xsd_load. The object belongs
 * to r. */
int rules_schematron(
    const struct sch **out, struct rules *r, const char *path, struct err *e) MUST_CHECK;
int rules_schema(
    const struct xsd **out, struct rules *r, const char *path, struct err *e) MUST_CHECK;
bool rules_is_loaded(struct rules *r, const char *path);

/* SHA-256 of a data file as the manifest gives it (64 digits), or "". */
const char *rules_sha256(const struct rules *r, const char *path);

/* Check every file of the manifest. Calls `bad` for each that is missing or altered. Returns how
 * many were wrong, or -1. */
int rules_verify(struct rules *r, void (*bad)(void *self, const char *path, const char *why),
    void *self, size_t *checked, struct err *e) MUST_CHECK;

/* Instants: "2026-08-17", "2026-08-17T12:00:00Z", with an offset, or without one (UTC). */
int rules_instant(int64_t *out, struct str s, struct err *e) MUST_CHECK;

#endif
