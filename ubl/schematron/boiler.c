/* The templates that every stylesheet of the ISO skeleton carries and that say nothing about the
 * rules: they are recognised by the digest of their canonical form (names, sorted attributes, text
 * that is not only white space; comments left out) and then dropped. One of those modes with
 * another digest is a load error: schematron-get-full-path defines what `location` looks like, so a
 * changed one would change verdicts. */
#include "ubl/schematron/plan_priv.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define ATTRS_MAX 8 /* boilerplate elements have at most three */

static uint64_t mix(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * FNV_PRIME;
    return (h ^ 0xff) * FNV_PRIME; /* an end mark, so that "ab","c" is not "a","bc" */
}

static bool before(const struct tree *t, uint32_t x, uint32_t y)
{
    struct str a = tree_local(t, x), b = tree_local(t, y);
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return c < 0 || (c == 0 && a.n < b.n);
}

static uint64_t mix_attrs(uint64_t h, const struct tree *t, uint32_t n)
{
    uint32_t sorted[ATTRS_MAX];
    uint32_t k = t->nodes[n].nattr < ATTRS_MAX ? t->nodes[n].nattr : ATTRS_MAX;

    for (uint32_t i = 0; i < k; i++) {
        uint32_t j = i;
        for (; j > 0 && before(t, n + 1 + i, sorted[j - 1]); j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = n + 1 + i;
    }
    for (uint32_t i = 0; i < k; i++) {
        h = mix(h, tree_local(t, sorted[i]));
        h = mix(h, tree_string(t, sorted[i]));
    }
    return (h ^ t->nodes[n].nattr) * FNV_PRIME;
}

static uint32_t depth_below(const struct tree *t, uint32_t n, uint32_t top)
{
    uint32_t d = 0;

    for (; n != top; n = t->nodes[n].parent)
        d++;
    return d;
}

uint64_t sch_digest(struct at x)
{
    const struct tree *t = x.f->tree;
    uint64_t h = FNV_BASIS;

    for (uint32_t i = x.n; i < t->nodes[x.n].end; i++) {
        switch (tree_kind_of(t, i)) {
        case TREE_ELEMENT:
            h = mix(mix(h, tree_uri(t, i)), tree_local(t, i));
            h = mix_attrs(h, t, i);
            h = (h ^ depth_below(t, i, x.n)) * FNV_PRIME;
            break;
        case TREE_TEXT:
            if (!sch_is_space(tree_string(t, i)))
                h = mix(h, tree_string(t, i));
            break;
        default:
            break;
        }
    }
    return h;
}

/* match, mode */
static const uint64_t known[] = {
    UINT64_C(0xbb608b716b6ccfff), /* *, schematron-select-full-path */
    UINT64_C(0xe34212ba0ff69131), /* *, schematron-get-full-path */
    UINT64_C(0x26744b872483e4d8), /* @*, schematron-get-full-path */
    UINT64_C(0x62518186e66af3d0), /* node() | @*, schematron-get-full-path-2 */
    UINT64_C(0x1fc8a81c0b6f6aa2), /* node() | @*, schematron-get-full-path-3 */
    UINT64_C(0x2e5de06db4471e41), /* /, generate-id-from-path */
    UINT64_C(0x8c862cb0cecd409d), /* text(), generate-id-from-path */
    UINT64_C(0xf5f56b0d7d246e57), /* comment(), generate-id-from-path */
    UINT64_C(0x21120094beddba3a), /* processing-instruction(), generate-id-from-path */
    UINT64_C(0x5fce36fac32caf8c), /* @*, generate-id-from-path */
    UINT64_C(0xbed72b78527884f4), /* *, generate-id-from-path */
    UINT64_C(0x7e8c06f94d38ac8f), /* /, generate-id-2 */
    UINT64_C(0x4c17b717cbee8992), /* *, generate-id-2 */
    UINT64_C(0xafe5cfc29d181048), /* node(), generate-id-2 */
    UINT64_C(0x29847b2cabee6f5b), /* @*, generate-id-2 */
    UINT64_C(0x383f89511e15e319), /* text(), no mode */
};

/* The first three make the locations: without them a stylesheet would write others than ours. */
bool sch_boiler_complete(uint32_t seen)
{
    return (seen & 7) == 7;
}

enum sch_boiler sch_boiler(struct at x, uint32_t *seen)
{
    static const char *const modes[] = {"schematron-select-full-path", "schematron-get-full-path",
        "schematron-get-full-path-2", "schematron-get-full-path-3", "generate-id-from-path",
        "generate-id-2", ""};
    struct str mode = sch_attr_or(x, A_MODE, (struct str){"", 0});
    uint64_t h = sch_digest(x);

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == h) {
            *seen |= UINT32_C(1) << i;
            return BOILER_YES;
        }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (str_eqz(mode, modes[i]))
            return BOILER_CHANGED;
    return BOILER_NO;
}
