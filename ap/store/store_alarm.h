/* store_alarm.h - alarms: durable, told until somebody acknowledges them or their cause is gone.
 *
 * One open alarm for each kind and subject: raised again, it only counts. `kind` is one of the
 * words of docs/ops.md; `subject` a document ("out:7", made here from row) or any text. Alarms of a
 * document are raised in the commit that changes it (store_keep.c, store_attempt.c), and go when it
 * is proven. Conventions of store.h: any thread, ms UTC, strings out are in the arena. */
#ifndef AP_STORE_STORE_ALARM_H
#define AP_STORE_STORE_ALARM_H

#include "ap/store/store.h"

struct alarm_new {
    const char *kind;    /* "late", "certificate", ...; required */
    const char *subject; /* required without row; ignored with it */
    bool inbound;
    int64_t row;           /* document, or 0 */
    const struct err *why; /* the five parts; required */
    int64_t now;
};
/* Raised, or counted once more when it is open already (at most every ten minutes). */
int store_alarm_raise(struct store *s, const struct alarm_new *x, struct err *e) MUST_CHECK;
/* The cause is gone (subject NULL: of all of this kind); nothing open is fine (and costs no
 * commit). */
int store_alarm_clear(
    struct store *s, const char *kind, const char *subject, int64_t now, struct err *e) MUST_CHECK;

/* The same for all of this kind whose subject begins with `prefix`, but for `keep` (NULL: none is
 * kept). */
int store_alarm_clear_but(struct store *s, const char *kind, const char *prefix, const char *keep,
    int64_t now, struct err *e) MUST_CHECK;

/* The subjects of the open alarms of a kind, in the arena; at most max. */
int store_alarm_subjects(const char **out, size_t max, size_t *n, struct store *s, const char *kind,
    struct arena *a, struct err *e) MUST_CHECK;

struct alarm_row {
    int64_t n;
    const char *kind, *subject;
    bool inbound;
    int64_t row;                                 /* of the document, 0: none */
    const char *id, *invoice, *receiver, *state; /* of the outbound or inbound document, or "" */
    struct err why;
    int64_t raised_at, last_at, acked_at, cleared_at; /* 0: not */
    unsigned times;                                   /* raised */
    unsigned told;                                    /* times any channel took it */
    const char *acked_by;
};
/* What is still loud (open, not acknowledged), or with `all` every alarm ever. Oldest first, those
 * after `after`. */
int store_alarms(struct alarm_row *out, size_t max, size_t *n, struct store *s, bool all,
    int64_t after, struct arena *a, struct err *e) MUST_CHECK;
struct alarm_counts {
    unsigned long loud, open; /* open: the acknowledged ones too */
    int64_t oldest;           /* raised_at of the oldest loud one; 0: none */
    unsigned long channels_down;
};
int store_alarm_count(struct alarm_counts *out, struct store *s, struct err *e) MUST_CHECK;

/* Quiet alarm n; or those of one document (row); or, with neither, all. *acked: how many were loud.
 * store.not-found when n is none. */
struct alarm_ack {
    int64_t n, row;
    bool inbound;
    const char *who;
    int64_t now;
};
int store_alarm_ack(
    unsigned long *acked, struct store *s, const struct alarm_ack *x, struct err *e) MUST_CHECK;

/* ---- telling ---- */

/* What a channel has to tell now: loud alarms never told on it, or not since `repeat` ms. Oldest
 * first; *n: how many in all, at most max are filled. */
int store_alarm_due(struct alarm_row *out, size_t max, size_t *n, struct store *s,
    const char *channel, int64_t repeat, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
/* The channel took them: every due one (also those beyond max) is told. Or it failed: `why`, and
 * not asked again before next_at. */
int store_alarm_told(
    struct store *s, const char *channel, int64_t repeat, int64_t now, struct err *e) MUST_CHECK;
int store_channel_failed(struct store *s, const char *channel, const struct err *why,
    int64_t next_at, int64_t now, struct err *e) MUST_CHECK;

struct channel_row {
    const char *name;
    int64_t ok_at, failed_at, next_at; /* failed_at: since when it fails, 0: it does not */
    unsigned failures;
    struct err why;
};
int store_channels(struct channel_row *out, size_t max, size_t *n, struct store *s, struct arena *a,
    struct err *e) MUST_CHECK;
/* 1 there, 0 never used, -1. */
int store_channel_get(struct channel_row *out, struct store *s, const char *name, struct arena *a,
    struct err *e) MUST_CHECK;

#endif
