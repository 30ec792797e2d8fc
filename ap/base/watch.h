/* watch.h - sleep until something in a folder changes (inotify), without polling. One thread. */
#ifndef AP_BASE_WATCH_H
#define AP_BASE_WATCH_H

#include <stdint.h>

#include "ap/base/err.h"

struct watch {
    int fd;
    char prefix[64];
};

/* Changes of files whose name begins with `prefix` count from now on; "" for any file. io.watch. */
int watch_open(struct watch *out, const char *folder, const char *prefix, struct err *e) MUST_CHECK;
/* 1: something changed since the last call, 0: nothing did in ms milliseconds, -1. */
int watch_wait(struct watch *w, int64_t ms, struct err *e) MUST_CHECK;
void watch_close(struct watch *w);

#endif
