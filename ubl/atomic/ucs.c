/* ucs.h - lengths, parts, case, spaces, translation, URIs. Normalization is in ucs_normalize.c.
 *
 * Two passes where the result's length is not known: count, then write, so that the arena holds no
 * slack. */
#include "ubl/atomic/ucs.h"

#include <math.h>
#include <stdlib.h>

#include "ubl/atomic/ucs_priv.h"

/* ---- code points ---------------------------------------------------------------------------- */

bool ucs_is_xml(uint32_t cp)
{
    if (cp < 0x20)
        return cp == '\t' || cp == '\n' || cp == '\r';
    return cp < 0xD800 || (cp >= 0xE000 && cp <= 0xFFFD) || (cp >= 0x10000 && cp <= 0x10FFFF);
}

static bool continues(const char *p, const char *end)
{
    return p < end && ((unsigned char)*p & 0xC0) == 0x80;
}

/* 0 for bytes that are no well-formed sequence: overlong, surrogate, beyond U+10FFFF, cut. */
static size_t decode(const char *p, const char *end, uint32_t *cp)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char b = (unsigned char)*p;
    size_t n = b < 0x80 ? 1 : b < 0xC2 ? 0 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : b < 0xF5 ? 4 : 0;

    *cp = n == 1 ? b : b & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (!continues(p + i, end))
            return 0;
        *cp = *cp << 6 | ((unsigned char)p[i] & 0x3F);
    }
    if (*cp < least[n] || (*cp >= 0xD800 && *cp < 0xE000) || *cp > 0x10FFFF)
        return 0;
    return n;
}

bool ucs_is_name(uint32_t cp, bool start)
{
    static const uint32_t ranges[][2] = {{'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0xC0, 0xD6},
        {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
        {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD},
        {0x10000, 0xEFFFF}, /* from here on not at the start */ {'-', '.'}, {'0', '9'},
        {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};
    size_t n = sizeof(ranges) / sizeof(ranges[0]) - (start ? 5 : 0);

    for (size_t i = 0; i < n; i++)
        if (cp >= ranges[i][0] && cp <= ranges[i][1])
            return true;
    return false;
}

bool ucs_valid_xml(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    uint32_t cp;

    while (p < end) {
        size_t n = decode(p, end, &cp);

        if (n == 0 || !ucs_is_xml(cp))
            return false;
        p += n;
    }
    return true;
}

uint32_t ucs_next(const char **p, const char *end)
{
    uint32_t cp;
    size_t n = decode(*p, end, &cp);

    *p += n ? n : 1;
    return n ? cp : 0xFFFD;
}

size_t ucs_put(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

static size_t width(uint32_t cp)
{
    return cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
}

static bool ascii(struct str s)
{
    unsigned char all = 0;

    for (size_t i = 0; i < s.n; i++)
        all |= (unsigned char)s.p[i];
    return all < 0x80;
}

/* Room for n bytes and a NUL. */
static char *room(struct arena *a, size_t n)
{
    return arena_alloc(a, n + 1);
}

/* ---- length and parts ----------------------------------------------------------------------- */

size_t ucs_length(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

/* fn:round as F&O 7.4.3 uses it. */
static double round_half_up(double v)
{
    double down = floor(v);

    return v - down >= 0.5 ? down + 1 : down;
}

/* Byte offset of the code point with 0-based number k, or s.n. */
static size_t offset(struct str s, size_t from, size_t k)
{
    size_t i = from;

    while (i < s.n && (k > 0 || ((unsigned char)s.p[i] & 0xC0) == 0x80)) {
        if (((unsigned char)s.p[i] & 0xC0) != 0x80)
            k--;
        i++;
        while (i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80)
            i++;
    }
    return i;
}

/*= XPATH-FN 7.4.3 "the characters whose position p satisfies round(start) <= p < round(start) +
 * round(length)". A start beyond the end is compared before it is rounded, as Saxon does. */
struct str ucs_substring(struct str s, double start, double length)
{
    double first = round_half_up(start), end = first + round_half_up(length);
    size_t from, to;

    if (isnan(end) || end <= 1 || end <= first || first > (double)s.n)
        return (struct str){s.p, 0};
    if (start > first && start > (double)ucs_length(s))
        return (struct str){s.p, 0};
    if (first < 1)
        first = 1;
    from = offset(s, 0, (size_t)(first - 1));
    to = end - first >= (double)(s.n - from) ? s.n : offset(s, from, (size_t)(end - first));
    return (struct str){s.p + from, to - from};
}

int ucs_compare(struct str x, struct str y)
{
    size_t n = x.n < y.n ? x.n : y.n;
    int c = n ? memcmp(x.p, y.p, n) : 0; /* UTF-8 keeps the order of code points */

    if (c == 0)
        return (x.n > y.n) - (x.n < y.n);
    return c < 0 ? -1 : 1;
}

/* Where part begins in s, or NULL. */
static const char *find(struct str s, struct str part)
{
    if (part.n == 0)
        return s.p;
    return s.n ? memmem(s.p, s.n, part.p, part.n) : NULL;
}

bool ucs_contains(struct str s, struct str part)
{
    return part.n == 0 || find(s, part) != NULL;
}

bool ucs_starts_with(struct str s, struct str part)
{
    return part.n == 0 || (s.n >= part.n && memcmp(s.p, part.p, part.n) == 0);
}

bool ucs_ends_with(struct str s, struct str part)
{
    return part.n == 0 || (s.n >= part.n && memcmp(s.p + s.n - part.n, part.p, part.n) == 0);
}

struct str ucs_substring_before(struct str s, struct str part)
{
    const char *p = find(s, part);

    return (struct str){s.p, part.n && p ? (size_t)(p - s.p) : 0};
}

struct str ucs_substring_after(struct str s, struct str part)
{
    const char *p = find(s, part);

    if (!p && part.n)
        return (struct str){s.p, 0};
    return part.n == 0 ? s : (struct str){p + part.n, (size_t)(s.p + s.n - p) - part.n};
}

/* ---- white space ---------------------------------------------------------------------------- */

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str ucs_trim(struct str s)
{
    while (s.n && space(*s.p)) {
        s.p++;
        s.n--;
    }
    while (s.n && space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool is_normalized(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (space(s.p[i]) && (s.p[i] != ' ' || space(s.p[i + 1]))) /* trimmed: i + 1 < n */
            return false;
    return true;
}

enum xerr ucs_normalize_space(struct arena *a, struct str s, struct str *out)
{
    char *w;

    s = ucs_trim(s);
    *out = s;
    if (is_normalized(s))
        return XERR_NONE;
    w = room(a, s.n);
    if (!w)
        return XERR_NOMEM;
    *out = (struct str){w, 0};
    for (size_t i = 0; i < s.n; i++)
        if (!space(s.p[i]))
            w[out->n++] = s.p[i];
        else if (!space(s.p[i + 1]))
            w[out->n++] = ' ';
    return XERR_NONE;
}

/* ---- case ----------------------------------------------------------------------------------- */

struct casing {
    const struct ucs_case *simple;
    const struct ucs_special *special;
    size_t simple_count, special_count;
    char from, to; /* ASCII letters that change: from..to */
};

/* The code points that cp becomes, 1..3 of them. */
static size_t convert(const struct casing *c, uint32_t cp, uint32_t out[3])
{
    size_t lo = 0, hi = c->simple_count;

    out[0] = cp;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const struct ucs_case *r = &c->simple[mid];

        if (cp > r->last)
            lo = mid + 1;
        else if (cp < r->first)
            hi = mid;
        else {
            if ((cp - r->first) % r->stride == 0) {
                out[0] = (uint32_t)((int32_t)cp + r->delta);
                return 1;
            }
            break;
        }
    }
    for (size_t i = 0; i < c->special_count && c->special[i].cp <= cp; i++)
        if (c->special[i].cp == cp) {
            for (int k = 0; k < 3; k++)
                out[k] = c->special[i].to[k];
            return out[2] ? 3 : 2;
        }
    return 1;
}

/* Writes the converted text at w unless that is NULL; returns its length. */
static size_t convert_all(const struct casing *c, struct str s, char *w)
{
    const char *p = s.p, *end = s.p + s.n;
    uint32_t to[3];
    size_t n = 0;
    char tmp[4];

    while (p < end) {
        size_t count = convert(c, ucs_next(&p, end), to);

        for (size_t i = 0; i < count; i++)
            n += ucs_put(to[i], w ? w + n : tmp);
    }
    return n;
}

static enum xerr change_case(struct arena *a, const struct casing *c, struct str s, struct str *out)
{
    char *w;

    *out = s;
    if (ascii(s)) {
        size_t first = 0;

        while (first < s.n && (s.p[first] < c->from || s.p[first] > c->to))
            first++;
        if (first == s.n)
            return XERR_NONE;
        w = room(a, s.n);
        for (size_t i = 0; w && i < s.n; i++)
            w[i] = s.p[i] >= c->from && s.p[i] <= c->to ? (char)(s.p[i] ^ 0x20) : s.p[i];
        *out = (struct str){w, s.n};
    } else {
        out->n = convert_all(c, s, NULL);
        out->p = w = room(a, out->n);
        if (w)
            convert_all(c, s, w);
    }
    return w ? XERR_NONE : XERR_NOMEM;
}

enum xerr ucs_upper(struct arena *a, struct str s, struct str *out)
{
    const struct casing c = {
        ucs_uppers, ucs_upper_special, ucs_uppers_count, ucs_upper_special_count, 'a', 'z'};

    return change_case(a, &c, s, out);
}

enum xerr ucs_lower(struct arena *a, struct str s, struct str *out)
{
    const struct casing c = {
        ucs_lowers, ucs_lower_special, ucs_lowers_count, ucs_lower_special_count, 'A', 'Z'};

    return change_case(a, &c, s, out);
}

/* ---- translate ------------------------------------------------------------------------------ */

struct pair {
    uint32_t from, to; /* to = GONE: removed */
    size_t order;
};
#define GONE 0xFFFFFFFFu

struct translation {
    uint32_t ascii[128];
    struct pair *others; /* sorted by from, the first of equal ones counts */
    size_t n;
};

static int by_from(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;

    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* False when out of memory. */
static bool read_map(struct arena *a, struct str map, struct str trans, struct translation *t)
{
    const char *p = map.p, *end = map.p + map.n, *q = trans.p, *qend = trans.p + trans.n;
    bool seen[128] = {false};
    size_t others = 0;

    for (uint32_t i = 0; i < 128; i++)
        t->ascii[i] = i;
    t->n = 0;
    for (size_t i = 0; i < map.n; i++)
        others += (unsigned char)map.p[i] >= 0xC0;
    t->others = others ? arena_alloc(a, others * sizeof(*t->others)) : NULL;
    if (others && !t->others)
        return false;
    while (p < end) {
        uint32_t from = ucs_next(&p, end), to = q < qend ? ucs_next(&q, qend) : GONE;

        if (from < 128 && !seen[from]) {
            seen[from] = true;
            t->ascii[from] = to;
        } else if (from >= 128 && t->n < others) {
            t->others[t->n] = (struct pair){from, to, t->n};
            t->n++;
        }
    }
    if (t->n)
        qsort(t->others, t->n, sizeof(*t->others), by_from);
    return true;
}

static uint32_t translated(const struct translation *t, uint32_t cp)
{
    size_t lo = 0, hi = t->n;

    if (cp < 128)
        return t->ascii[cp];
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (t->others[mid].from < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->n && t->others[lo].from == cp ? t->others[lo].to : cp;
}

static size_t translate_all(const struct translation *t, struct str s, char *w)
{
    const char *p = s.p, *end = s.p + s.n;
    size_t n = 0;

    while (p < end) {
        uint32_t to = translated(t, ucs_next(&p, end));

        if (to == GONE)
            continue;
        n += w ? ucs_put(to, w + n) : width(to);
    }
    return n;
}

enum xerr ucs_translate(
    struct arena *a, struct str s, struct str map, struct str trans, struct str *out)
{
    struct translation t;
    char *w;

    *out = s;
    if (s.n == 0 || map.n == 0)
        return XERR_NONE;
    if (!read_map(a, map, trans, &t))
        return XERR_NOMEM;
    out->n = translate_all(&t, s, NULL);
    out->p = w = room(a, out->n);
    if (!w)
        return XERR_NOMEM;
    translate_all(&t, s, w);
    return XERR_NONE;
}

enum xerr ucs_from_codepoints(struct arena *a, const int64_t *cps, size_t n, struct str *out)
{
    size_t bytes = 0;
    char *w;

    for (size_t i = 0; i < n; i++) {
        if (cps[i] < 0 || cps[i] > 0x10FFFF || !ucs_is_xml((uint32_t)cps[i]))
            return XERR_FOCH0001;
        bytes += width((uint32_t)cps[i]);
    }
    w = room(a, bytes);
    if (!w)
        return XERR_NOMEM;
    *out = (struct str){w, bytes};
    for (size_t i = 0; i < n; i++)
        w += ucs_put((uint32_t)cps[i], w);
    return XERR_NONE;
}

/* ---- URIs ----------------------------------------------------------------------------------- */

/* Bytes that are kept; the others become %XX. */
static enum xerr escape(struct arena *a, struct str s, bool (*keep)(unsigned char), struct str *out)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    char *w;

    for (size_t i = 0; i < s.n; i++)
        n += keep((unsigned char)s.p[i]) ? 1 : 3;
    *out = s;
    if (n == s.n)
        return XERR_NONE;
    w = room(a, n);
    if (!w)
        return XERR_NOMEM;
    *out = (struct str){w, n};
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (keep(c)) {
            *w++ = (char)c;
            continue;
        }
        *w++ = '%';
        *w++ = hex[c >> 4];
        *w++ = hex[c & 15];
    }
    return XERR_NONE;
}

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.~", c));
}

static bool uri_character(unsigned char c)
{
    return c > 0x20 && c < 0x7F && !strchr("<>\"{}|\\^`", c);
}

static bool printable(unsigned char c)
{
    return c >= 0x20 && c < 0x7F;
}

enum xerr ucs_encode_for_uri(struct arena *a, struct str s, struct str *out)
{
    return escape(a, s, unreserved, out);
}

enum xerr ucs_iri_to_uri(struct arena *a, struct str s, struct str *out)
{
    return escape(a, s, uri_character, out);
}

enum xerr ucs_escape_html_uri(struct arena *a, struct str s, struct str *out)
{
    return escape(a, s, printable, out);
}
