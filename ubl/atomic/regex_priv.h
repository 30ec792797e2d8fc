/* regex_priv.h - between the translator (regex_parse.c, regex_class.c) and the runner (regex.c). */
#ifndef UBL_ATOMIC_REGEX_PRIV_H
#define UBL_ATOMIC_REGEX_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/xerr.h"

#define REGEX_PATTERN_MAX 65536
#define REGEX_GROUPS_MAX 500
#define REGEX_DEPTH_MAX 100    /* of groups in groups, and of subtractions in subtractions */
#define REGEX_REPEAT_MAX 65535 /* PCRE2's */

enum { RX_DOTALL = 1, RX_MULTILINE = 2, RX_CASELESS = 4, RX_SPACED = 8, RX_LITERAL = 16 };

/* An expression that is one byte out of a set, once or many times: "\s", ",", "\s+". Needs no
 * PCRE2. */
struct regex_single {
    bool is;
    bool many;
    uint8_t set[32];
};

struct regex_parser {
    const char *start, *p, *end;
    unsigned flags;
    int groups; /* opened so far */
    int depth;
    bool closed[REGEX_GROUPS_MAX + 1];
    struct buf *out; /* the PCRE2 expression */
    struct err *why;
    enum xerr error;
};

/* The expression in PCRE2's dialect. On error *why says where and what. */
enum xerr regex_translate(struct str pattern, unsigned flags, struct buf *out, int *groups,
    struct regex_single *single, struct err *why) MUST_CHECK;

/* p stands behind '['; reads to behind ']'. False after regex_fail. */
bool regex_class(struct regex_parser *x) MUST_CHECK;
/* p stands behind the backslash of an escape that is no back-reference. Writes it as an atom of its
 * own. */
bool regex_escape(struct regex_parser *x) MUST_CHECK;
/* A literal character, as an atom. */
void regex_literal(struct regex_parser *x, uint32_t cp);
/* Remembers the error; returns false. */
bool regex_fail(struct regex_parser *x, enum xerr error, const char *fmt, ...) PRINTF(3, 4);

struct regex_block {
    const char *name;
    uint32_t first, last;
};
extern const struct regex_block regex_blocks[];
extern const size_t regex_blocks_count;

#endif
