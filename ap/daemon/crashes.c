#include "ap/daemon/crashes.h"

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/store/store_alarm.h"

static void tell(struct node *n, const struct in_crash_note *x, int64_t now)
{
    struct err why = ERR_INIT, e = ERR_INIT;
    const struct alarm_new loud = {.kind = "crash", .subject = x->key, .why = &why, .now = now};

    (void)err_set(&why, ERR_BUG, "in.crash", "",
        "a message of %llu bytes (MessageId %.90s) ended the service while it was read: signal %d, "
        "%u times",
        (unsigned long long)x->len, *x->message_id ? x->message_id : "unknown", x->signal,
        x->times);
    (void)err_who(&why, x->remote);
    (void)err_next(&why, "report it; after the second time it is refused for a day");
    log_err(LOG_ERROR, "in.crash", &why, NULL);
    if (store_alarm_raise(n->store, &loud, &e))
        log_err(LOG_ERROR, "alarm.not-raised", &e, NULL);
}

int crashes_open(struct node *n, unsigned slots, struct err *e)
{
    struct in_crash_note x;
    int64_t now = clock_now();

    if (in_crash_open(&n->setup->in.crash, n->cfg->spool, slots, now, e))
        return -1;
    while (in_crash_next(&x, n->setup->in.crash))
        tell(n, &x, now);
    return 0;
}
