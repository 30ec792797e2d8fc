/* alarm.h - tells people what the journal is alarmed about, until they acknowledge it.
 *
 * Channels: the log (always), a command, a webhook, mail. Each tells everything that is loud, all
 * in one notice, again every `repeat`. One that fails is tried again with growing pauses, is an
 * alarm itself (told by the others), and shows in `aviso alarms`. What was told is on disk, so a
 * restart tells nothing twice. docs/ops.md is the contract for who reads the notices. */
#ifndef AP_ALARM_ALARM_H
#define AP_ALARM_ALARM_H

#include "ap/config/config.h"
#include "ap/http/http_client.h"
#include "ap/store/store_alarm.h"

#define ALARM_SHOWN 100 /* in one notice; the others are counted */

struct alarm_env {
    struct store *store;
    const struct config *cfg; /* section alarm, mode */
    struct http_client *http; /* for the webhook: the operator's own URL, so without egress rules */
    const char *host;         /* who speaks */
};

/* Tell what is due now on every channel; blocks as long as they take. Returns -1 only for trouble
 * of our own store. One thread. */
int alarm_tell(const struct alarm_env *env, int64_t now, struct err *e) MUST_CHECK;
/* Is there anything wrong with the options: a secret that cannot be read, a program that is not
 * there. alarm.config, webhook.secret (ERR_CONFIG). */
int alarm_check(const struct config *cfg, struct err *e) MUST_CHECK;

/* One alarm as it is shown everywhere: "a12". */
#define ALARM_ID 24
const char *alarm_id(char out[ALARM_ID], int64_t n);
bool alarm_id_parse(const char *text, int64_t *n);
/* What to do: what whoever raised it said, else what its kind asks for. */
const char *alarm_next(const struct alarm_row *r);
struct json_object;
/* {"id":"a12","kind":...}; the caller's. NULL when memory is out. */
struct json_object *alarm_json(const struct alarm_row *r);

#endif
