#include "ap/base/enc.h"

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

static int b64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int enc_unb64(struct buf *out, struct str s, struct err *e)
{
    unsigned v = 0, have = 0, pad = 0;
    char made[768]; /* appended when full, not byte by byte: tokens and keys come through here */
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        int d;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        if (c == '=') {
            pad++;
            continue;
        }
        if (pad || (d = b64_value(c)) < 0)
            return err_set(e, ERR_INPUT, "enc.base64", "RFC 4648 4", "not base64 at byte %zu", i);
        v = v << 6 | (unsigned)d;
        if (++have == 4) {
            made[n++] = (char)(v >> 16);
            made[n++] = (char)(v >> 8);
            made[n++] = (char)v;
            v = have = 0;
        }
        if (n == sizeof(made)) {
            buf_add(out, made, n);
            n = 0;
        }
    }
    if (n)
        buf_add(out, made, n);
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
