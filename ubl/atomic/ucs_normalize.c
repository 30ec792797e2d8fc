/* ucs.h - fn:normalize-unicode: the four forms of Unicode Standard Annex 15.
 *
 * Decompose into an array of code points, put combining marks in order, compose again for the C
 * forms. Linear in the length, also for text of nothing but combining marks. */
#include "ubl/atomic/ucs.h"
#include "ubl/atomic/ucs_priv.h"

/* Hangul syllables are composed by arithmetic (Unicode 3.12). */
enum {
    S_BASE = 0xAC00,
    L_BASE = 0x1100,
    V_BASE = 0x1161,
    T_BASE = 0x11A7,
    L_COUNT = 19,
    V_COUNT = 21,
    T_COUNT = 28,
    S_COUNT = L_COUNT * V_COUNT * T_COUNT
};
/* No decomposition is deeper (U+1F82 takes three). */
#define DEPTH_MAX 8

struct mark {
    uint32_t cp;
    uint8_t ccc; /* canonical combining class; 0 = starter */
};

static uint8_t class_of(uint32_t cp)
{
    size_t lo = 0, hi = ucs_classes_count;

    if (cp < ucs_classes[0].first)
        return 0;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (cp > ucs_classes[mid].last)
            lo = mid + 1;
        else if (cp < ucs_classes[mid].first)
            hi = mid;
        else
            return ucs_classes[mid].ccc;
    }
    return 0;
}

static const struct ucs_decomposition *decomposition(uint32_t cp, bool compat)
{
    size_t lo = 0, hi = ucs_decompositions_count;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (ucs_decompositions[mid].cp < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == ucs_decompositions_count || ucs_decompositions[lo].cp != cp)
        return NULL;
    return compat || !ucs_decompositions[lo].compat ? &ucs_decompositions[lo] : NULL;
}

static size_t add(uint32_t cp, struct mark *out)
{
    if (out)
        *out = (struct mark){cp, class_of(cp)};
    return 1;
}

/* Writes the full decomposition at out unless that is NULL; returns its length. */
static size_t decompose(uint32_t cp, bool compat, int depth, struct mark *out)
{
    const struct ucs_decomposition *d;
    size_t n = 0;

    if (cp < 0x80)
        return add(cp, out);
    if (cp >= S_BASE && cp < S_BASE + S_COUNT) {
        uint32_t s = cp - S_BASE;

        n += add(L_BASE + s / (V_COUNT * T_COUNT), out);
        n += add(V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT, out ? out + n : NULL);
        if (s % T_COUNT)
            n += add(T_BASE + s % T_COUNT, out ? out + n : NULL);
        return n;
    }
    d = depth < DEPTH_MAX ? decomposition(cp, compat) : NULL;
    if (!d)
        return add(cp, out);
    for (int i = 0; i < d->n; i++)
        n += decompose(ucs_decomposed[d->at + i], compat, depth + 1, out ? out + n : NULL);
    return n;
}

static size_t decompose_all(struct str s, bool compat, struct mark *out)
{
    const char *p = s.p, *end = s.p + s.n;
    size_t n = 0;

    while (p < end)
        n += decompose(ucs_next(&p, end), compat, 0, out ? out + n : NULL);
    return n;
}

/* Stable, by class: insertion for the few marks of real text, counting for a hostile run. */
static void sort_run(struct mark *m, size_t n, struct mark *spare)
{
    size_t start[257] = {0};

    if (n <= 16) {
        for (size_t i = 1; i < n; i++) {
            struct mark x = m[i];
            size_t k = i;

            for (; k > 0 && m[k - 1].ccc > x.ccc; k--)
                m[k] = m[k - 1];
            m[k] = x;
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        start[m[i].ccc + 1]++;
    for (int c = 0; c < 256; c++)
        start[c + 1] += start[c];
    for (size_t i = 0; i < n; i++)
        spare[start[m[i].ccc]++] = m[i];
    memcpy(m, spare, n * sizeof(*m));
}

static void order(struct mark *m, size_t n, struct mark *spare)
{
    for (size_t i = 0; i < n;) {
        size_t first = i;

        while (i < n && m[i].ccc != 0)
            i++;
        if (i - first > 1)
            sort_run(m + first, i - first, spare);
        if (i == first)
            i++;
    }
}

/* The composition of two code points, or 0. */
static uint32_t composed(uint32_t a, uint32_t b)
{
    size_t lo = 0, hi = ucs_pairs_count;

    if (a - L_BASE < L_COUNT && b - V_BASE < V_COUNT)
        return S_BASE + ((a - L_BASE) * V_COUNT + (b - V_BASE)) * T_COUNT;
    if (a - S_BASE < S_COUNT && (a - S_BASE) % T_COUNT == 0 && b - T_BASE - 1 < T_COUNT - 1)
        return a + (b - T_BASE);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const struct ucs_pair *p = &ucs_pairs[mid];

        if (p->a == a && p->b == b)
            return p->composed;
        if (p->a < a || (p->a == a && p->b < b))
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

/* In place; returns the new length. A mark joins the last starter unless one of its own or a higher
 * class, or any starter, stands between. */
static size_t compose(struct mark *m, size_t n)
{
    size_t w = 0, starter = n;
    int last = -1; /* class of the last mark kept since the starter; -1 = none */

    for (size_t i = 0; i < n; i++) {
        uint32_t c = starter < n && last < m[i].ccc ? composed(m[starter].cp, m[i].cp) : 0;

        if (c) {
            m[starter].cp = c;
            continue;
        }
        if (m[i].ccc == 0) {
            starter = w;
            last = -1;
        } else {
            last = m[i].ccc;
        }
        m[w++] = m[i];
    }
    return w;
}

static enum xerr write(struct arena *a, const struct mark *m, size_t n, struct str *out)
{
    size_t bytes = 0;
    char tmp[4], *w;

    for (size_t i = 0; i < n; i++)
        bytes += ucs_put(m[i].cp, tmp);
    w = arena_alloc(a, bytes + 1);
    if (!w)
        return XERR_NOMEM;
    *out = (struct str){w, bytes};
    for (size_t i = 0; i < n; i++)
        w += ucs_put(m[i].cp, w);
    return XERR_NONE;
}

static bool below(struct str s, unsigned char limit)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= limit)
            return false;
    return true;
}

enum xerr ucs_normalize(struct arena *a, struct str s, struct str form, struct str *out)
{
    struct mark *m;
    bool compat, compose_again;
    size_t n;

    form = ucs_trim(form);
    *out = s;
    if (form.n == 0)
        return XERR_NONE;
    compat = str_ieq(form, STR("NFKC")) || str_ieq(form, STR("NFKD"));
    compose_again = str_ieq(form, STR("NFC")) || str_ieq(form, STR("NFKC"));
    if (!compat && !compose_again && !str_ieq(form, STR("NFD")))
        return XERR_FOCH0003;
    if (below(s, 0x80))
        return XERR_NONE;
    n = decompose_all(s, compat, NULL);
    m = arena_alloc(a, 2 * n * sizeof(*m));
    if (!m)
        return XERR_NOMEM;
    decompose_all(s, compat, m);
    order(m, n, m + n);
    if (compose_again)
        n = compose(m, n);
    return write(a, m, n, out);
}
