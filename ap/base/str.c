#include "ap/base/str.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool str_has_prefix(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq((struct str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

size_t str_find(struct str s, struct str needle)
{
    const char *hit;

    if (needle.n == 0)
        return 0;
    if (s.n < needle.n)
        return s.n;
    hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t str_rfind(struct str s, struct str needle)
{
    if (needle.n > s.n)
        return s.n;
    for (size_t i = s.n - needle.n + 1; i-- > 0;)
        if (str_eq((struct str){s.p + i, needle.n}, needle))
            return i;
    return s.n;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    if (from > s.n)
        from = s.n;
    if (n > s.n - from)
        n = s.n - from;
    return (struct str){s.p + from, n};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t str_distance(struct str a, struct str b)
{
    size_t row[64];

    if (a.n >= 64 || b.n >= 64)
        return 99;
    for (size_t i = 0; i <= a.n; i++)
        row[i] = i;
    for (size_t j = 1; j <= b.n; j++) {
        size_t diagonal = row[0];
        row[0] = j;
        for (size_t i = 1; i <= a.n; i++) {
            size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);
            diagonal = row[i];
            if (row[i] + 1 < best)
                best = row[i] + 1;
            if (row[i - 1] + 1 < best)
                best = row[i - 1] + 1;
            row[i] = best;
        }
    }
    return row[a.n];
}

bool str_to_u64(struct str s, unsigned long long max, unsigned long long *out)
{
    unsigned long long v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(s.p[i] - '0');
        if (d > 9 || v > max / 10 || (v == max / 10 && d > max % 10))
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

size_t str_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n;

    if (s.n == 0 || p[0] < 0x80)
        return s.n ? 1 : 0;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (s.n < n || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool str_is_utf8(struct str s)
{
    for (size_t n; s.n; s = str_sub(s, n, s.n))
        if (!(n = str_utf8(s)))
            return false;
    return true;
}
