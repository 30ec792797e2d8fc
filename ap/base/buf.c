#include "ap/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_wipe(struct buf *b)
{
    if (b->p)
        OPENSSL_cleanse(b->p, b->cap);
    buf_free(b);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

static void spoil(struct buf *b)
{
    buf_wipe(b);
    b->bad = true;
}

void *buf_grow(struct buf *b, size_t n)
{
    size_t cap = b->cap;

    if (b->bad)
        return NULL;
    if (n > b->max - b->n) {
        spoil(b);
        b->full = true;
        return NULL;
    }
    if (b->n + n + 1 > cap) {
        char *p;
        cap = cap ? cap : 256;
        while (cap < b->n + n + 1)
            cap *= 2;
        if (!(p = realloc(b->p, cap))) {
            spoil(b);
            return NULL;
        }
        b->p = p;
        b->cap = cap;
    }
    b->n += n;
    b->p[b->n] = '\0';
    return b->p + b->n - n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    void *at = buf_grow(b, n);

    if (at && n)
        memcpy(at, p, n);
}

void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    char *at;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !(at = buf_grow(b, (size_t)n))) {
        if (n < 0)
            spoil(b);
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(at, (size_t)n + 1, fmt, ap);
    va_end(ap);
}

void buf_xml(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        switch (c) {
        case '&':
            buf_puts(b, "&amp;");
            break;
        case '<':
            buf_puts(b, "&lt;");
            break;
        case '>':
            buf_puts(b, "&gt;");
            break;
        case '"':
            buf_puts(b, "&quot;");
            break;
        case '\'':
            buf_puts(b, "&#39;");
            break;
        default:
            if (c <
                0x20) /* NUL and most controls have no XML form: a reader must not see them raw */
                buf_printf(b, c == '\t' || c == '\n' || c == '\r' ? "&#%d;" : "\\x%02x", c);
            else
                buf_putc(b, (char)c);
        }
    }
}

int buf_check(const struct buf *b, struct err *e)
{
    return b->bad ? err_nomem(e) : 0;
}
