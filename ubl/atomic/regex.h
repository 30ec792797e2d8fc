/* regex.h - regular expressions of XPath 2.0 (F&O 7.6, XSD part 2 appendix F), run by PCRE2.
 *
 * An expression is translated once to the PCRE2 dialect and compiled (JIT where the machine has
 * it). A compiled regex is read-only: any number of threads may use it, each with its own
 * regex_run. Matching has step, depth and heap limits, so that a catastrophic expression ends with
 * XERR_LIMIT. Subjects must be UTF-8; what is not is XERR_FOCH0001. Limits: expression 64 KiB, 500
 * groups, repeat counts 65535 (beyond: XERR_LIMIT). */
#ifndef UBL_ATOMIC_REGEX_H
#define UBL_ATOMIC_REGEX_H

#include <stdbool.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/xerr.h"

struct regex;
struct regex_run; /* one thread's working memory, for any number of expressions */

/* flags: letters of "smixq" or empty. XERR_FORX0001 bad flag, XERR_FORX0002 bad expression. `why`
 * (may be NULL) then gets a line for people with the position. Free with regex_free. */
enum xerr regex_compile(
    struct str pattern, struct str flags, struct regex **out, struct err *why) MUST_CHECK;
void regex_free(struct regex *re);
bool regex_matches_empty(const struct regex *re); /* then replace and tokenize are XERR_FORX0003 */

struct regex_run *regex_run_new(void); /* NULL when out of memory */
void regex_run_free(struct regex_run *run);

/* fn:matches: somewhere in s. */
enum xerr regex_matches(
    const struct regex *re, struct regex_run *run, struct str s, bool *out) MUST_CHECK;
/* fn:replace: result appended to b (its max bounds the size: XERR_LIMIT). XERR_FORX0003,
 * XERR_FORX0004. */
enum xerr regex_replace(const struct regex *re, struct regex_run *run, struct str s,
    struct str replacement, struct buf *b) MUST_CHECK;

/* fn:tokenize, without allocation: tokens are slices of the input.
 *   struct regex_tokens t;
 *   r = regex_tokens_start(&t, re, run, s);
 *   while (!r && (r = regex_tokens_next(&t, &tok, &more)) == 0 && more) ...
 * `run` must not be used for something else until the end. An empty input has no tokens. */
struct regex_tokens {
    const struct regex *re;
    struct regex_run *run;
    struct str s;
    size_t at;
    bool done;
};
enum xerr regex_tokens_start(
    struct regex_tokens *t, const struct regex *re, struct regex_run *run, struct str s) MUST_CHECK;
enum xerr regex_tokens_next(struct regex_tokens *t, struct str *token, bool *more) MUST_CHECK;

#endif
