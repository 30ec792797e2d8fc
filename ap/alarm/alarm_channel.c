/* alarm_channel.c - log, command, webhook, mail: each 0 when the other side took the notice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ap/alarm/alarm_priv.h"
#include "ap/base/child.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/base/rnd.h"
#include "ap/http/webhook.h"

#define LOGGED 20 /* alarms named in the log at one time */

/* ---- log ---- */

static bool always(const struct config *c)
{
    (void)c;
    return true;
}

static int tell_log(const struct notice *x, struct err *e)
{
    struct log_num n;
    char id[ALARM_ID];

    (void)e;
    for (size_t i = 0; i < x->n && i < LOGGED; i++) {
        const struct alarm_row *r = &x->rows[i];
        log_err(LOG_ERROR, "alarm", &r->why, "alarm", alarm_id(id, r->n), "kind", r->kind, "id",
            r->id[0] ? r->id : NULL, "invoice", r->invoice[0] ? r->invoice : NULL, "subject",
            r->row ? NULL : r->subject, NULL);
    }
    if (x->in_all > LOGGED)
        log_event(LOG_ERROR, "alarm", "more", log_n(&n, (long long)(x->in_all - LOGGED)), "next",
            "aviso alarms", NULL);
    return 0;
}

/* ---- programs ---- */

/* The text as a file that only this call knows, read from its start. */
static int input_of(const char *text, struct err *e)
{
    int fd = memfd_create("notice", MFD_CLOEXEC);
    size_t n = strlen(text);

    if (fd < 0)
        return err_errno(e, "io.open", "memfd", "notice");
    if (fsx_write(fd, text, n, "notice", e)) {
        (void)close(fd);
        return -1;
    }
    (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

static int run(const struct notice *x, const char *const *argv, const char *text, struct err *e)
{
    const char *path = getenv("PATH"), *home = getenv("HOME");
    const char *env[] = {arena_printf(x->a, "PATH=%s", path ? path : "/usr/bin:/bin"),
        arena_printf(x->a, "HOME=%s", home ? home : "/"),
        arena_printf(x->a, "AVISO_ALARMS=%zu", x->in_all),
        arena_printf(x->a, "AVISO_SUBJECT=%s", notice_subject(x)), NULL};
    struct child_cfg c = {
        .argv = argv, .env = env, .deadline_ms = x->env->cfg->alarm_timeout, .input = -1};
    struct child_end end;
    int rc;

    if (!text || !env[0] || !env[1] || !env[2] || !env[3])
        return err_nomem(e);
    if ((c.input = input_of(text, e)) < 0)
        return -1;
    rc = child_run(&end, &c, e);
    (void)close(c.input);
    if (rc)
        return -1;
    if (end.late)
        return err_set(e, ERR_RETRY, "alarm.channel", "", "%s did not end within %lld s", argv[0],
            (long long)c.deadline_ms / 1000);
    if (end.exit == 0)
        return 0;
    return err_set(e, ERR_RETRY, "alarm.channel", "", "%s ended with %s %d: %.200s", argv[0],
        end.signal ? "signal" : "exit status", end.signal ? end.signal : end.exit, end.output);
}

static bool has_command(const struct config *c)
{
    return *c->alarm_command != '\0';
}

static int tell_command(const struct notice *x, struct err *e)
{
    const char *const argv[] = {x->env->cfg->alarm_command, NULL};

    return run(x, argv, notice_json(x), e);
}

static bool has_mail(const struct config *c)
{
    return *c->alarm_mail_to != '\0';
}

static int tell_mail(const struct notice *x, struct err *e)
{
    const struct config *c = x->env->cfg;
    const char *const argv[] = {c->alarm_sendmail, "-t", "-i", NULL};
    const char *text = notice_text(x), *subject = notice_subject(x);

    if (!text || !subject)
        return err_nomem(e);
    text = arena_printf(x->a,
        "%s%s%sTo: %s\nSubject: %s\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s",
        *c->alarm_mail_from ? "From: " : "", c->alarm_mail_from, *c->alarm_mail_from ? "\n" : "",
        c->alarm_mail_to, subject, text);
    return run(x, argv, text, e);
}

/* ---- webhook ---- */

static bool has_webhook(const struct config *c)
{
    return *c->alarm_webhook != '\0';
}

static int post(const struct notice *x, const struct webhook_secrets *keys, struct err *e)
{
    const char *text = notice_json(x), *url = x->env->cfg->alarm_webhook;
    struct webhook_headers h = {.id = ""};
    const char *const header[] = {h.id, h.timestamp, h.signature, NULL};
    struct blob body = blob_mem(text, text ? strlen(text) : 0);
    struct http_request rq = {.url = url,
        .content_type = "application/json",
        .body = &body,
        .header = keys->n ? header : NULL,
        .deadline_ms = x->env->cfg->alarm_timeout,
        .max_body = 64u * 1024u,
        .plain_ok = true,
        .hop = "webhook"};
    struct http_answer ans = {0};
    char id[RND_UUID];
    int rc;

    rnd_uuid(id);
    if (!text)
        return err_nomem(e);
    if (keys->n && webhook_sign(&h, keys, id, x->now, &body, e))
        return -1;
    rc = http_post(&ans, x->env->http, &rq, e);
    if (!rc && (ans.status < 200 || ans.status > 299)) {
        rc = err_set(e, ERR_RETRY, "alarm.channel", "", "the webhook answered HTTP %d", ans.status);
        (void)err_where(e, "webhook %.140s", url);
    }
    http_answer_free(&ans);
    return rc;
}

static int tell_webhook(const struct notice *x, struct err *e)
{
    const char *file = x->env->cfg->alarm_webhook_secret_file;
    struct webhook_secrets keys = {.n = 0};
    int rc;

    if (*file && webhook_read(&keys, file, e))
        return -1;
    rc = post(x, &keys, e);
    webhook_wipe(&keys);
    return rc;
}

const struct channel alarm_channels[] = {{"log", always, tell_log},
    {"command", has_command, tell_command}, {"webhook", has_webhook, tell_webhook},
    {"mail", has_mail, tell_mail}, {NULL, NULL, NULL}};
