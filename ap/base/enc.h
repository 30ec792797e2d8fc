/* enc.h - hexadecimal, base64, base32 and percent encoding (RFC 4648, RFC 3986). Any thread. */
#ifndef AP_BASE_ENC_H
#define AP_BASE_ENC_H

#include <stddef.h>
#include <stdint.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"

void enc_hex(char *out, const void *p, size_t n);  /* 2n+1 bytes, lower case, NUL */
bool enc_unhex(void *out, size_t n, struct str s); /* exactly n bytes */
void enc_b64(struct buf *out, const void *p, size_t n);
/* XML white space anywhere is skipped; wrong characters, padding or length are enc.base64. */
int enc_unb64(struct buf *out, struct str s, struct err *e) MUST_CHECK;
void enc_b32(struct buf *out, const void *p, size_t n); /* lower case, no padding */
/* Everything but A-Z a-z 0-9 - . _ ~ as %XX: one URL path segment. */
void enc_pct(struct buf *out, struct str s);
/* %XX to bytes; a bad or truncated escape is enc.percent. '+' stays '+'. */
int enc_unpct(struct buf *out, struct str s, struct err *e) MUST_CHECK;

#endif
