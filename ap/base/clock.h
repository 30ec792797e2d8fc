/* clock.h - time as int64_t milliseconds UTC since 1970. Any thread.
 *
 * Instants kept on disk are wall time; waiting is measured on the monotonic clock. Tests shift the
 * wall clock with AVISO_CLOCK_OFFSET_MS, read once (builds with FAULT_POINTS only). */
#ifndef AP_BASE_CLOCK_H
#define AP_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "ap/base/str.h"

#define CLOCK_MS 1000000ll /* ns */
#define CLOCK_TEXT 40      /* room for any text made here */

int64_t clock_now(void);
int64_t clock_mono(void);                           /* ms, arbitrary start */
void clock_utc(char out[CLOCK_TEXT], int64_t ms);   /* 2026-11-22T10:15:30.123Z */
void clock_local(char out[CLOCK_TEXT], int64_t ms); /* 2026-11-22 11:15:30 CET, for people */
/* xs:dateTime, 0001..9999, fraction cut to ms. has_zone false: read as UTC. False when malformed.
 */
bool clock_parse(struct str s, int64_t *ms, bool *has_zone);
/* "3 d", "5 h", "40 s", "8 ms", without its sign: in `out`, which is given back. */
const char *clock_span(char out[CLOCK_TEXT], int64_t ms);
/* "90s" "10m" "24h" "5d" or plain seconds, to ms, at most ~100 years. */
bool clock_parse_span(struct str s, int64_t *ms);
void clock_sleep(int64_t ms);
/* In so many ns on the monotonic clock, for pthread_cond_timedwait. */
struct timespec clock_until(int64_t ns);

#endif
