#include "ap/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
fill(char *dst, size_t n, const char *fmt, va_list ap)
{
    if (vsnprintf(dst, n, fmt, ap) < 0)
        dst[0] = '\0';
}

int err_set_at(struct err *e, enum err_class cls, const char *code, const char *spec,
    const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return -1;
    memset(e, 0, sizeof(*e));
    e->class = cls;
    e->file = file;
    e->line = line;
    (void)snprintf(e->code, sizeof(e->code), "%s", code);
    (void)snprintf(e->spec, sizeof(e->spec), "%s", spec);
    va_start(ap, fmt);
    fill(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    return -1;
}

int err_put_before(struct err *e, const char *fmt, ...)
{
    char inner[sizeof(e->msg)];
    size_t n;
    va_list ap;

    if (!e)
        return -1;
    memcpy(inner, e->msg, sizeof(inner));
    va_start(ap, fmt);
    fill(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    n = strlen(e->msg);
    (void)snprintf(e->msg + n, sizeof(e->msg) - n, "%s", inner);
    return -1;
}

int err_put_ebms(struct err *e, const char *ebms_code)
{
    if (e)
        (void)snprintf(e->ebms, sizeof(e->ebms), "%s", ebms_code);
    return -1;
}

int err_put_where(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    fill(e->where, sizeof(e->where), fmt, ap);
    va_end(ap);
    return -1;
}

int err_put_who(struct err *e, const char *who)
{
    if (e)
        (void)snprintf(e->who, sizeof(e->who), "%s", who);
    return -1;
}

int err_put_next(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    fill(e->next, sizeof(e->next), fmt, ap);
    va_end(ap);
    return -1;
}

const char *err_class_word(enum err_class c)
{
    switch (c) {
    case ERR_NONE:
        return "none";
    case ERR_RETRY:
        return "transient";
    case ERR_UNKNOWN:
        return "unknown";
    case ERR_INPUT:
    case ERR_PEER:
    case ERR_CONFIG:
    case ERR_BUG:
        return "permanent";
    }
    return "permanent";
}

int err_set_errno(struct err *e, const char *code, const char *call, const char *path)
{
    int no = errno;
    int passing = no == ENOSPC || no == EDQUOT || no == EIO || no == EMFILE || no == ENFILE ||
                  no == ENOMEM || no == EAGAIN || no == EINTR || no == ETIMEDOUT;
    char text[128];

    if (no == EMFILE || no == ENFILE)
        code = "descriptors.exhausted";
    (void)err_set(e, passing ? ERR_RETRY : ERR_CONFIG, code, "", "%s %s: %s", call, path,
        strerror_r(no, text, sizeof(text)));
    errno = no;
    return -1;
}
