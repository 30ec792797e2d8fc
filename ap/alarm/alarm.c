#include "ap/alarm/alarm_priv.h"

#include <string.h>
#include <unistd.h>

#include "ap/base/log.h"
#include "ap/base/rnd.h"
#include "ap/http/webhook.h"

#define ARENA_MAX (16u << 20)
#define PAUSE_FIRST 10000ll
#define PAUSE_MAX (15 * 60 * 1000ll)

/* A channel that failed n times: 10 s, 20 s, ... 15 min, with jitter. */
static int64_t pause_after(unsigned failures)
{
    int64_t ms = PAUSE_FIRST;

    for (unsigned i = 1; i < failures && ms < PAUSE_MAX; i++)
        ms *= 2;
    if (ms > PAUSE_MAX)
        ms = PAUSE_MAX;
    return ms - ms / 4 + (int64_t)rnd_below((uint64_t)ms / 2 + 1);
}

static int note_failure(const struct alarm_env *env, const struct channel *c,
    const struct channel_row *state, const struct err *why, int64_t now, struct err *e)
{
    struct err loud = *why;
    const struct alarm_new x = {.kind = "channel", .subject = c->name, .why = &loud, .now = now};

    log_err(LOG_ERROR, "alarm.channel", why, "channel", c->name, NULL);
    (void)err_wrap(&loud, "alarms cannot be told by %s: ", c->name);
    (void)err_next(&loud, "correct section alarm; it is tried again");
    return store_channel_failed(
               env->store, c->name, why, now + pause_after(state->failures + 1), now, e) ||
                   store_alarm_raise(env->store, &x, e)
               ? -1
               : 0;
}

static int note_success(
    const struct alarm_env *env, const struct channel *c, int64_t now, struct err *e)
{
    return store_alarm_told(env->store, c->name, env->cfg->alarm_repeat, now, e) ||
                   store_alarm_clear(env->store, "channel", c->name, now, e)
               ? -1
               : 0;
}

static int tell_channel(const struct alarm_env *env, const struct channel *c, int64_t now,
    struct arena *a, struct err *e)
{
    struct alarm_row *rows = arena_alloc(a, ALARM_SHOWN * sizeof(*rows));
    struct notice x = {.env = env, .rows = rows, .now = now, .a = a};
    struct channel_row state = {.failures = 0};
    struct err why = ERR_INIT;

    if (!rows)
        return err_nomem(e);
    if (store_channel_get(&state, env->store, c->name, a, e) < 0)
        return -1;
    if (state.next_at > now || (state.ok_at && state.ok_at + env->cfg->alarm_pause > now))
        return 0;
    if (store_alarm_due(
            rows, ALARM_SHOWN, &x.in_all, env->store, c->name, env->cfg->alarm_repeat, now, a, e))
        return -1;
    x.n = x.in_all < ALARM_SHOWN ? x.in_all : ALARM_SHOWN;
    if (!x.n)
        return 0;
    return c->tell(&x, &why) ? note_failure(env, c, &state, &why, now, e)
                             : note_success(env, c, now, e);
}

int alarm_tell(const struct alarm_env *env, int64_t now, struct err *e)
{
    struct alarm_counts n;
    int rc = store_alarm_count(&n, env->store, e);

    if (rc || (!n.loud && !n.channels_down))
        return rc;
    for (const struct channel *c = alarm_channels; c->name && !rc; c++) {
        struct arena *a;
        if (!c->is_set(env->cfg))
            continue;
        if (!(a = arena_new(ARENA_MAX)))
            return err_nomem(e);
        rc = tell_channel(env, c, now, a, e);
        arena_free(a);
    }
    return rc;
}

static int need_program(const char *path, const char *option, struct err *e)
{
    if (access(path, X_OK) == 0)
        return 0;
    (void)err_errno(e, "alarm.config", option, path);
    if (e)
        e->class = ERR_CONFIG;
    return -1;
}

int alarm_check(const struct config *c, struct err *e)
{
    struct webhook_secrets keys;

    if (*c->alarm_command && need_program(c->alarm_command, "alarm.command", e))
        return -1;
    if (*c->alarm_mail_to && need_program(c->alarm_sendmail, "alarm.sendmail", e))
        return -1;
    if (!*c->alarm_webhook_secret_file)
        return 0;
    if (webhook_read(&keys, c->alarm_webhook_secret_file, e))
        return -1;
    webhook_wipe(&keys);
    return 0;
}
