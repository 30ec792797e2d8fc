#include "ap/base/enc.h"

#include <pthread.h>
#include <string.h>

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void enc_hex(char *out, const void *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = p;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool enc_unhex(void *out, size_t n, struct str s)
{
    unsigned char *o = out;

    if (s.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_value(s.p[2 * i]), lo = hex_value(s.p[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        o[i] = (unsigned char)(hi << 4 | lo);
    }
    return true;
}

void enc_b64(struct buf *out, const void *p, size_t n)
{
    const unsigned char *b = p;
    char *o = buf_grow(out, (n + 2) / 3 * 4);

    if (!o)
        return;
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)b[i] << 16;
        if (i + 1 < n)
            v |= (unsigned)b[i + 1] << 8;
        if (i + 2 < n)
            v |= b[i + 2];
        *o++ = b64[v >> 18];
        *o++ = b64[v >> 12 & 63];
        *o++ = i + 1 < n ? b64[v >> 6 & 63] : '=';
        *o++ = i + 2 < n ? b64[v & 63] : '=';
    }
}

#define SKIP 64 /* white space */
#define PAD 65
#define BAD 66

static unsigned char b64_class(unsigned char c)
{
    const char *at = c ? strchr(b64, c) : NULL;

    if (at)
        return (unsigned char)(at - b64);
    return c == '=' ? PAD : c == ' ' || c == '\t' || c == '\r' || c == '\n' ? SKIP : BAD;
}

static unsigned char class_of[256];
static pthread_once_t classes_made = PTHREAD_ONCE_INIT;

static void make_classes(void)
{
    for (unsigned c = 0; c < 256; c++)
        class_of[c] = b64_class((unsigned char)c);
}

/* Whole groups without white space, four characters at a time: tokens and keys are little else.
 * Returns the characters read; *made counts the octets at o. */
static size_t whole_groups(unsigned char *o, size_t *made, const unsigned char *p, size_t n)
{
    size_t i = 0;

    *made = 0;
    for (; n - i >= 4; i += 4) {
        unsigned c0 = class_of[p[i]], c1 = class_of[p[i + 1]], c2 = class_of[p[i + 2]],
                 c3 = class_of[p[i + 3]];
        if ((c0 | c1 | c2 | c3) >= 64)
            break;
        o[(*made)++] = (unsigned char)(c0 << 2 | c1 >> 4);
        o[(*made)++] = (unsigned char)(c1 << 4 | c2 >> 2);
        o[(*made)++] = (unsigned char)(c2 << 6 | c3);
    }
    return i;
}

int enc_unb64(struct buf *out, struct str s, struct err *e)
{
    const unsigned char *p = (const unsigned char *)s.p;
    unsigned v = 0, have = 0, pad = 0;
    unsigned char made[768]; /* appended when full, not byte by byte */
    size_t i = 0, n;

    (void)pthread_once(&classes_made, make_classes);
    while (i < s.n) {
        unsigned c;
        if (!have && !pad && s.n - i >= 4) {
            size_t most = s.n - i < 1024 ? s.n - i : 1024,
                   used = whole_groups(made, &n, p + i, most);
            buf_add(out, made, n);
            i += used;
            if (used)
                continue;
        }
        c = class_of[p[i++]];
        if (c == SKIP)
            continue;
        if (c == PAD) {
            pad++;
            continue;
        }
        if (pad || c == BAD)
            return err_set(
                e, ERR_INPUT, "enc.base64", "RFC 4648 4", "not base64 at byte %zu", i - 1);
        v = v << 6 | c;
        if (++have == 4) {
            const unsigned char group[3] = {
                (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
            buf_add(out, group, 3);
            v = have = 0;
        }
    }
    if (have == 1 || (have && have + pad != 4) || (!have && pad))
        return err_set(e, ERR_INPUT, "enc.base64", "RFC 4648 4", "base64 is cut short");
    if (have >= 2)
        buf_putc(out, (char)(v >> (have == 2 ? 4 : 10)));
    if (have == 3)
        buf_putc(out, (char)(v >> 2));
    return buf_check(out, e);
}

void enc_b32(struct buf *out, const void *p, size_t n)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    const unsigned char *b = p;
    unsigned v = 0, bits = 0;

    for (size_t i = 0; i < n; i++) {
        v = v << 8 | b[i];
        for (bits += 8; bits >= 5; bits -= 5)
            buf_putc(out, digits[v >> (bits - 5) & 31]);
    }
    if (bits)
        buf_putc(out, digits[v << (5 - bits) & 31]);
}

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void enc_pct(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (unreserved(s.p[i]))
            buf_putc(out, s.p[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
    }
}

int enc_unpct(struct buf *out, struct str s, struct err *e)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '%') {
            if (s.n - i < 3 || !enc_unhex(&c, 1, (struct str){s.p + i + 1, 2}))
                return err_set(e, ERR_INPUT, "enc.percent", "RFC 3986 2.1", "bad %% escape");
            i += 2;
        }
        buf_putc(out, (char)c);
    }
    return buf_check(out, e);
}
