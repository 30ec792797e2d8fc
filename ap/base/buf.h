/* buf.h - a growing byte buffer with a maximum given at init (curl's dynbuf idea).
 *
 * Once an append would pass the maximum, or memory is out, the buffer is `bad`: its bytes are
 * freed, every later append does nothing, and buf_ok() says so. So a writer may append freely and
 * check once. buf.p is always NUL-terminated beyond n when there are bytes. One thread at a time.
 */
#ifndef AP_BASE_BUF_H
#define AP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "ap/base/err.h"
#include "ap/base/str.h"

struct buf {
    char *p;
    size_t n, cap, max;
    bool bad, full; /* full: bad for its maximum, not for want of memory */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);  /* keeps max; the buffer may be used again */
void buf_wipe(struct buf *b);  /* as buf_free, clearing the bytes first: for key material */
void buf_clear(struct buf *b); /* n = 0, keeps memory */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *z);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* Text as XML character data or attribute value (& < > " ' and control characters as references).
 */
void buf_xml(struct buf *b, struct str s);
/* n more writable bytes at the end, counted into n; NULL when bad. */
void *buf_grow(struct buf *b, size_t n);

static inline bool buf_ok(const struct buf *b)
{
    return !b->bad;
}
static inline struct str buf_view(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}
/* 0, or -1 with memory.exhausted when any append failed. */
int buf_check(const struct buf *b, struct err *e) MUST_CHECK;

#endif
