#include "ap/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"

#define LINE_MAX_BYTES 4096

static _Atomic int max_level = LOG_WARN; /* a reload may change them */
static _Atomic bool as_json;

struct line {
    char text[LINE_MAX_BYTES];
    size_t n;
};

void log_setup(enum log_level max, bool json)
{
    max_level = (int)max;
    as_json = json;
}

bool log_wants(enum log_level l)
{
    return (int)l <= max_level;
}

const char *log_n(struct log_num *out, long long v)
{
    (void)snprintf(out->text, sizeof(out->text), "%lld", v);
    return out->text;
}

static void put(struct line *l, const char *s, size_t n)
{
    if (n > sizeof(l->text) - 2 - l->n) /* room for "}" or newline stays */
        n = sizeof(l->text) - 2 - l->n;
    memcpy(l->text + l->n, s, n);
    l->n += n;
}

static void put_escaped(struct line *l, const char *v)
{
    for (size_t i = 0; v[i] && l->n < sizeof(l->text) - 16; i++) {
        unsigned char c = (unsigned char)v[i];
        char esc[8];
        if (c == '"' || c == '\\') {
            esc[0] = '\\';
            esc[1] = (char)c;
            put(l, esc, 2);
        } else if (c < 0x20 || c == 0x7f) {
            (void)snprintf(esc, sizeof(esc), "\\u%04x", c);
            put(l, esc, 6);
        } else {
            put(l, v + i, 1);
        }
    }
}

static bool plain(const char *v)
{
    return *v && !strpbrk(v, " \"\\=\t\r\n") && strlen(v) < 512;
}

static void pair(struct line *l, const char *key, const char *value)
{
    if (!value || !*value || l->n > sizeof(l->text) - 128)
        return;
    if (as_json) {
        put(l, l->n > 1 ? ",\"" : "\"", l->n > 1 ? 2 : 1);
        put(l, key, strlen(key));
        put(l, "\":\"", 3);
        put_escaped(l, value);
        put(l, "\"", 1);
        return;
    }
    if (l->n)
        put(l, " ", 1);
    put(l, key, strlen(key));
    put(l, "=", 1);
    if (plain(value)) {
        put_escaped(l, value);
        return;
    }
    put(l, "\"", 1);
    put_escaped(l, value);
    put(l, "\"", 1);
}

static void open_line(struct line *l, enum log_level level, const char *msg)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    char now[CLOCK_TEXT];

    l->n = 0;
    if (as_json)
        put(l, "{", 1);
    clock_utc(now, clock_now());
    pair(l, "ts", now);
    pair(l, "level", words[level]);
    pair(l, "msg", msg);
}

/* One write(2): lines of several threads do not mix. */
static void close_line(struct line *l)
{
    if (as_json)
        l->text[l->n++] = '}';
    l->text[l->n++] = '\n';
    if (write(STDERR_FILENO, l->text, l->n) < 0)
        return; /* nowhere left to say it */
}

static void pairs(struct line *l, va_list ap)
{
    for (const char *key; (key = va_arg(ap, const char *));)
        pair(l, key, va_arg(ap, const char *));
}

void log_event(enum log_level level, const char *msg, ...)
{
    struct line l;
    va_list ap;

    if (!log_wants(level))
        return;
    open_line(&l, level, msg);
    va_start(ap, msg);
    pairs(&l, ap);
    va_end(ap);
    close_line(&l);
}

void log_err(enum log_level level, const char *msg, const struct err *e, ...)
{
    struct line l;
    va_list ap;

    if (!log_wants(level))
        return;
    open_line(&l, level, msg);
    va_start(ap, e);
    pairs(&l, ap);
    va_end(ap);
    pair(&l, "err", e->code);
    pair(&l, "class", err_class_word(e->class));
    pair(&l, "where", e->where);
    pair(&l, "who", e->who);
    pair(&l, "text", e->msg);
    pair(&l, "next", e->next);
    close_line(&l);
}
