/* steady.h - the wall clock as deadlines see it: a jump is doubted for a while (reliability T5).
 *
 * Small steps are followed. After a jump (somebody set the clock, a machine was paused) the time
 * goes on as the monotonic clock says, for STEADY_DOUBT_MS; if the wall clock has not come back by
 * then, it is believed. So a clock that is wrong for a moment ends no document before its horizon
 * and takes no running attempt for cut off. One thread. */
#ifndef AP_DAEMON_STEADY_H
#define AP_DAEMON_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#define STEADY_STEP_MS 30000 /* less is followed */
#define STEADY_DOUBT_MS (10 * 60 * 1000)

struct steady {
    int64_t wall, mono; /* last believed */
    int64_t since;      /* mono: doubted from then on; 0: not */
    int64_t jump;       /* ms that are doubted; 0: none */
};

enum steady_news { STEADY_SAME, STEADY_JUMPED, STEADY_BACK, STEADY_BELIEVED };
/* Time for deadlines; all zero before the first call. *news: what this call found out. */
int64_t steady_now(struct steady *s, int64_t wall, int64_t mono, enum steady_news *news);

#endif
