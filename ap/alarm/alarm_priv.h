/* alarm_priv.h - one notice, and the ways to carry it. */
#ifndef AP_ALARM_ALARM_PRIV_H
#define AP_ALARM_ALARM_PRIV_H

#include "ap/alarm/alarm.h"

struct notice {
    const struct alarm_env *env;
    const struct alarm_row *rows;
    size_t n, in_all; /* rows shown, alarms there are */
    int64_t now;
    struct arena *a;
};

/* Whole texts, in the notice's arena; NULL when memory is out. */
const char *notice_json(const struct notice *x);
const char *notice_subject(const struct notice *x); /* one line of ASCII */
const char *notice_text(const struct notice *x);

struct channel {
    const char *name;
    bool (*is_set)(const struct config *c);
    int (*tell)(const struct notice *x, struct err *e);
};
extern const struct channel alarm_channels[]; /* ends with a NULL name */

#endif
