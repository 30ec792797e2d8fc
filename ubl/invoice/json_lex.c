/* json_lex.c - the tokens of a JSON text. */
#include "ubl/atomic/ucs.h"
#include "ubl/invoice/invoice.h"
#include "ubl/invoice/json_priv.h"

void json_start(struct json *j, struct str in, struct arena *a)
{
    static const char bom[] = "\xef\xbb\xbf";

    *j = (struct json){.in = in, .line = 1, .a = a, .value_next = true};
    if (str_has_prefix(in, STR(bom)))
        j->at = sizeof(bom) - 1;
}

const char *json_kind_word(enum json_kind k)
{
    switch (k) {
    case JSON_OBJECT:
        return "an object";
    case JSON_LIST:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_NUMBER:
        return "a number";
    case JSON_BOOL:
        return "true or false";
    case JSON_NULL:
        return "null";
    case JSON_END:
    case JSON_OBJECT_END:
    case JSON_LIST_END:
    case JSON_NAME:
    case JSON_BROKEN:
        break;
    }
    return "nothing";
}

static enum json_kind broken(struct json *j, const char *code, const char *why)
{
    j->code = code;
    j->why = why;
    return JSON_BROKEN;
}

static enum json_kind malformed(struct json *j, const char *why)
{
    return broken(j, "invoice.json", why);
}

static void skip_space(struct json *j)
{
    for (; j->at < j->in.n; j->at++) {
        char c = j->in.p[j->at];
        if (c == '\n')
            j->line++;
        else if (c != ' ' && c != '\t' && c != '\r')
            break;
    }
}

static char peek(const struct json *j)
{
    return j->at < j->in.n ? j->in.p[j->at] : '\0';
}

/* ---- strings ---- */

static bool hex4(const char *p, const char *end, uint32_t *out)
{
    *out = 0;
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                            : 16;
        if (d == 16)
            return false;
        *out = *out << 4 | d;
    }
    return true;
}

/* \uXXXX, a pair of them for what lies beyond; p stands behind the u. */
static bool unicode_escape(const char **p, const char *end, uint32_t *cp)
{
    uint32_t low;

    if (!hex4(*p, end, cp))
        return false;
    *p += 4;
    if (*cp < 0xd800 || *cp > 0xdfff)
        return true;
    if (*cp > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u' ||
        !hex4(*p + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *p += 6;
    *cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool escape(const char **p, const char *end, uint32_t *cp)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *hit;
    char c = *(*p)++;

    if (c == 'u')
        return unicode_escape(p, end, cp);
    if (!c || !(hit = strchr(from, c)))
        return false;
    *cp = (unsigned char)to[hit - from];
    return true;
}

static enum json_kind unescape(struct json *j, struct str raw, enum json_kind kind)
{
    const char *p = raw.p, *end = p + raw.n;
    char *out = arena_alloc(j->a, raw.n + 1);
    size_t n = 0;

    if (!out)
        return broken(j, "memory.exhausted", "out of memory");
    while (p < end) {
        uint32_t cp;
        if (*p != '\\') {
            out[n++] = *p++;
            continue;
        }
        p++;
        if (!escape(&p, end, &cp))
            return malformed(j, "a backslash that is no escape of JSON");
        n += ucs_put(cp, out + n);
    }
    j->text = (struct str){out, n};
    return kind;
}

static enum json_kind string(struct json *j, enum json_kind kind)
{
    size_t from = ++j->at;
    bool escapes = false, high = false;

    for (; j->at < j->in.n && j->in.p[j->at] != '"'; j->at++) {
        unsigned char c = (unsigned char)j->in.p[j->at];
        if (c < 0x20)
            return malformed(
                j, "a text that does not end on its line, or a bare control character");
        high |= c >= 0x80;
        if (c == '\\') {
            escapes = true;
            if (++j->at >= j->in.n)
                break;
        }
    }
    if (j->at >= j->in.n)
        return malformed(j, "the text does not end");
    j->text = str_sub(j->in, from, j->at - from);
    j->at++;
    if (high && !str_is_utf8(j->text))
        return broken(j, "invoice.encoding", "bytes that are no UTF-8");
    return escapes ? unescape(j, j->text, kind) : kind;
}

/* ---- numbers and words ---- */

static size_t digits(struct json *j)
{
    size_t from = j->at;

    while (peek(j) >= '0' && peek(j) <= '9')
        j->at++;
    return j->at - from;
}

static enum json_kind number(struct json *j)
{
    size_t from = j->at, n;
    bool zero;

    j->at += peek(j) == '-';
    zero = peek(j) == '0';
    n = digits(j);
    if (n == 0 || (zero && n > 1))
        return malformed(j, "a number that is none: no digit, or a zero before it");
    if (peek(j) == '.') {
        j->at++;
        if (digits(j) == 0)
            return malformed(j, "a number without digits after its point");
    }
    if (peek(j) == 'e' || peek(j) == 'E') {
        j->at++;
        j->at += peek(j) == '+' || peek(j) == '-';
        if (digits(j) == 0)
            return malformed(j, "a number without digits in its exponent");
    }
    j->text = str_sub(j->in, from, j->at - from);
    return JSON_NUMBER;
}

static bool word(struct json *j, struct str w)
{
    if (!str_eq(str_sub(j->in, j->at, w.n), w))
        return false;
    j->at += w.n;
    return true;
}

/* ---- structure ---- */

static enum json_kind open(struct json *j, bool list)
{
    if (j->depth == INVOICE_DEPTH_MAX - 1)
        return broken(j, "invoice.limit", "nested too deeply");
    j->at++;
    j->depth++;
    j->lists = list ? j->lists | 1u << j->depth : j->lists & ~(1u << j->depth);
    j->value_next = list;
    j->first = true;
    return list ? JSON_LIST : JSON_OBJECT;
}

static enum json_kind close(struct json *j, bool list)
{
    j->at++;
    j->depth--;
    j->value_next = false;
    j->first = false;
    return list ? JSON_LIST_END : JSON_OBJECT_END;
}

static enum json_kind value(struct json *j)
{
    char c = peek(j);

    j->value_next = false;
    j->first = false;
    if (c == '{' || c == '[')
        return open(j, c == '[');
    if (c == '"')
        return string(j, JSON_STRING);
    if (c == '-' || (c >= '0' && c <= '9'))
        return number(j);
    if (word(j, STR("true")) || word(j, STR("false")))
        return JSON_BOOL;
    if (word(j, STR("null")))
        return JSON_NULL;
    return malformed(j, j->at < j->in.n ? "a value should stand here" : "it ends before its end");
}

static enum json_kind member(struct json *j)
{
    enum json_kind k;

    if (peek(j) != '"')
        return malformed(j, "a member's name in double quotes should stand here");
    k = string(j, JSON_NAME);
    if (k != JSON_NAME)
        return k;
    skip_space(j);
    if (peek(j) != ':')
        return malformed(j, "a colon should stand behind the member's name");
    j->at++;
    j->value_next = true;
    return JSON_NAME;
}

enum json_kind json_next(struct json *j)
{
    bool list = j->depth && (j->lists >> j->depth & 1);

    skip_space(j);
    j->token_line = j->line;
    if (j->depth == 0)
        return j->value_next      ? value(j)
               : j->at == j->in.n ? JSON_END
                                  : malformed(j, "something stands behind the end");
    if (!list && j->value_next)
        return value(j);
    if (peek(j) == (list ? ']' : '}'))
        return close(j, list);
    if (!j->first) {
        if (peek(j) != ',')
            return malformed(j, j->at < j->in.n
                                    ? "a comma or the end of the list or object should stand here"
                                    : "it ends before its end");
        j->at++;
        skip_space(j);
        j->token_line = j->line;
    }
    return list ? value(j) : member(j);
}
