/* log.h - one event per line on standard error: logfmt, or JSON when asked. Any thread.
 *
 * Keys are fixed words, values are escaped, a line is at most 4 KiB (longer values are cut with
 * "..."). Never payload, never key material. Every line of a message's life carries its MessageId.
 */
#ifndef AP_BASE_LOG_H
#define AP_BASE_LOG_H

#include <stdbool.h>

#include "ap/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_setup(enum log_level max, bool json); /* default LOG_WARN, logfmt */
bool log_wants(enum log_level l);

/* log_event(LOG_INFO, "receipt.verified", "message_id", id, "ms", "412", NULL): pairs of strings up
 * to NULL; a NULL value is left out. */
void log_event(enum log_level l, const char *msg, ...) __attribute__((sentinel));
/* The error's parts behind the pairs: err= class= where= who= text= next=. */
void log_err(enum log_level l, const char *msg, const struct err *e, ...) __attribute__((sentinel));
/* A number as text for the pairs above; lives in `out`. */
struct log_num {
    char text[24];
};
const char *log_n(struct log_num *out, long long v);

#endif
