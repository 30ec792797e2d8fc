/* ini.h - `key = value` lines under [sections]; `#` or `;` starts a comment line. That is all.
 *
 * No quoting, no continuation, no includes: a value is the rest of the line, trimmed. Lines up to
 * 4,096 bytes, files up to 1 MiB; a longer line is an error, never cut. */
#ifndef AP_BASE_INI_H
#define AP_BASE_INI_H

#include "ap/base/err.h"
#include "ap/base/str.h"

/* Called for each pair; -1 (with *e set) stops the reading. */
typedef int (*ini_pair_fn)(
    void *ctx, struct str section, struct str key, struct str value, int line, struct err *e);

/* `name` is shown in messages: "aviso.conf:12: ...". config.syntax (ERR_CONFIG). */
int ini_read(
    const char *name, struct str text, ini_pair_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
