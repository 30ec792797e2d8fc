/* fn_string.c - functions on strings. F&O 5, 7. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>
#include <stdlib.h>

static int give(struct xp_item *out, struct str s)
{
    *out = xstring(s);
    return 1;
}

static int made(struct xp_ctx *c, enum xerr r, struct str s, struct xp_item *out)
{
    return r ? xfail_x(c, r, "string function") : give(out, s);
}

static int need_str(struct xp_ctx *c, const struct xn *n, struct str *out)
{
    int r = xev_str(c, n, out);

    return r ? r : xfail(c, "XPTY0004", "an empty sequence where a string is required");
}

static int f_string(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    struct str s = STR("");
    int r;

    if (n->nk == 0)
        return xarg_or_dot_str(c, n, 0, &s) < 0 ? -1 : give(out, s);
    if ((r = xev_one(c, n->k[0], &it)) < 0)
        return -1;
    if (r > 0)
        s = xitem_text(c, &it);
    return s.p ? give(out, s) : xnomem(c);
}

static int f_concat(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str part[16];
    size_t len = 0, at = 0;
    struct str *v = n->nk <= 16 ? part : arena_alloc(c->a, n->nk * sizeof(*v));
    char *p;

    if (!v)
        return xnomem(c);
    for (uint32_t i = 0; i < n->nk; i++) {
        struct xp_item it;
        int r = xev_atom(c, n->k[i], &it);
        if (r < 0)
            return -1;
        v[i] = r ? xitem_text(c, &it) : STR("");
        if (!v[i].p)
            return xnomem(c);
        len += v[i].n;
    }
    if (len > c->lim.string_bytes)
        return xlimit(c, "xpath.limit.string", "a string of more bytes than allowed");
    if (!(p = arena_alloc(c->a, len + 1)))
        return xnomem(c);
    for (uint32_t i = 0; i < n->nk; at += v[i++].n)
        if (v[i].n)
            memcpy(p + at, v[i].p, v[i].n);
    return give(out, (struct str){p, len});
}

static int f_string_join(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str sep = STR(""), t;
    struct xp_seq seq;
    struct buf b;

    if (xev_seq(c, n->k[0], &seq) < 0 || (n->nk > 1 && need_str(c, n->k[1], &sep) < 0))
        return -1;
    buf_init(&b, c->lim.string_bytes);
    for (size_t i = 0; i < seq.n; i++) {
        t = xitem_text(c, &seq.v[i]);
        if (!t.p)
            break;
        if (i)
            buf_str(&b, sep);
        buf_str(&b, t);
    }
    return xgive_buf(c, &b, out);
}

static int f_substring(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    double from, len = INFINITY;
    struct str s;
    int r;

    if ((r = xev_str(c, n->k[0], &s)) <= 0) /* of nothing: Saxon does not look at the rest */
        return r < 0 ? -1 : give(out, s);
    if ((r = xev_dbl(c, n->k[1], &from)) < 0)
        return -1;
    if (r == 0 || (n->nk > 2 && (r = xev_dbl(c, n->k[2], &len)) <= 0))
        return r < 0 ? -1 : xfail(c, "XPTY0004", "an empty sequence where a number is required");
    return give(out, ucs_substring(s, from, len));
}

static int f_string_length(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s;

    if (xarg_or_dot_str(c, n, 0, &s) < 0)
        return -1;
    *out = xint((int64_t)ucs_length(s));
    return 1;
}

static int f_normalize_space(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s, t;
    enum xerr r;

    if (xarg_or_dot_str(c, n, 0, &s) < 0)
        return -1;
    r = ucs_normalize_space(c->a, s, &t);
    return made(c, r, t, out);
}

static int f_normalize_unicode(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s, t, form = STR("NFC");
    enum xerr r;
    int any;

    if ((any = xev_str(c, n->k[0], &s)) < 0 || (n->nk > 1 && need_str(c, n->k[1], &form) < 0))
        return -1;
    if (!any) { /* as in Saxon: whatever the form is called */
        *out = xstring(STR(""));
        return 1;
    }
    r = ucs_normalize(c->a, s, form, &t);
    return made(c, r, t, out);
}

static int mapped(struct xp_ctx *c, const struct xn *n, struct xp_item *out,
    enum xerr (*fn)(struct arena *, struct str, struct str *))
{
    struct str s, t;
    enum xerr r;

    if (xev_str(c, n->k[0], &s) < 0)
        return -1;
    r = fn(c->a, s, &t);
    return made(c, r, t, out);
}

static int f_upper(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return mapped(c, n, out, ucs_upper);
}

static int f_lower(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return mapped(c, n, out, ucs_lower);
}

static int f_encode_for_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return mapped(c, n, out, ucs_encode_for_uri);
}

static int f_iri_to_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return mapped(c, n, out, ucs_iri_to_uri);
}

static int f_escape_html_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return mapped(c, n, out, ucs_escape_html_uri);
}

static int f_translate(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s, from, to, t;
    int r = xev_str(c, n->k[0], &s);

    if (r < 0 || !s.n) /* of nothing: Saxon does not look at the rest */
        return r < 0 ? -1 : give(out, s);
    if (need_str(c, n->k[1], &from) < 0 || need_str(c, n->k[2], &to) < 0)
        return -1;
    return made(c, ucs_translate(c->a, s, from, to, &t), t, out);
}

static int two(struct xp_ctx *c, const struct xn *n, struct str *a, struct str *b)
{
    if (xev_str(c, n->k[0], a) < 0 || xev_str(c, n->k[1], b) < 0)
        return -1;
    return xcollation(c, n, 2);
}

static int t_contains(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct str a, b;

    if (two(c, n, &a, &b) < 0)
        return -1;
    *out = ucs_contains(a, b);
    return 0;
}

static int t_starts_with(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct str a, b;

    if (two(c, n, &a, &b) < 0)
        return -1;
    *out = ucs_starts_with(a, b);
    return 0;
}

static int t_ends_with(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct str a, b;

    if (two(c, n, &a, &b) < 0)
        return -1;
    *out = ucs_ends_with(a, b);
    return 0;
}

static bool has_word(struct str s, struct str word)
{
    for (struct str w; (w = xword_next(&s)).n;)
        if (str_eq(w, word))
            return true;
    return false;
}

static int t_contains_token(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_seq seq;
    struct str word, s;

    *out = false;
    if (xev_seq(c, n->k[0], &seq) < 0 || need_str(c, n->k[1], &word) < 0 || xcollation(c, n, 2) < 0)
        return -1;
    word = str_trim(word);
    for (size_t i = 0; i < seq.n; i++) {
        if (!xis_node(&seq.v[i]) && !xis_stringy(&seq.v[i]))
            return xfail(
                c, "XPTY0004", "%s where xs:string is required", xtype_name(seq.v[i].type));
        s = xis_node(&seq.v[i]) ? xnode_string(c, &seq.v[i]) : seq.v[i].s;
        *out = *out || has_word(s, word);
    }
    return 0;
}

static int f_substring_before(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str a, b;

    return two(c, n, &a, &b) < 0 ? -1 : give(out, ucs_substring_before(a, b));
}

static int f_substring_after(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str a, b;

    return two(c, n, &a, &b) < 0 ? -1 : give(out, ucs_substring_after(a, b));
}

/* Two optional strings: 1, 0 when one is missing, -1. */
static int both(struct xp_ctx *c, const struct xn *n, struct str *a, struct str *b)
{
    int x = xev_str(c, n->k[0], a), y = x < 0 ? -1 : xev_str(c, n->k[1], b);

    return y < 0 ? -1 : x && y;
}

static int f_compare(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str a, b;
    int r = both(c, n, &a, &b);

    if (r < 0 || xcollation(c, n, 2) < 0)
        return -1;
    if (r == 0)
        return 0;
    *out = xint(ucs_compare(a, b));
    return 1;
}

static int f_codepoint_equal(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str a, b;
    int r = both(c, n, &a, &b);

    if (r <= 0)
        return r;
    *out = xbool(str_eq(a, b));
    return 1;
}

static int e_string_to_codepoints(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct str t;
    const char *p, *end;
    int r = 0;

    if (xev_str(c, n->k[0], &t) < 0)
        return -1;
    for (p = t.p, end = t.p + t.n; p < end && r == 0;) {
        struct xp_item it = xint(ucs_next(&p, end));
        if (xtick(c) < 0)
            return -1;
        r = s->put(s, c, &it);
    }
    return r;
}

static int f_codepoints_to_string(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    static const struct stype want = {.atomic = 1, .prim = XP_INTEGER, .occ = CARD_ANY};
    struct xp_seq seq;
    struct xp_item it;
    struct str t;
    int64_t *v;
    enum xerr r;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (!(v = arena_alloc(c->a, (seq.n + 1) * sizeof(*v))))
        return xnomem(c);
    for (size_t i = 0; i < seq.n; i++) {
        if (xconvert_item(c, &want, &seq.v[i], &it, "a code point") < 0)
            return -1;
        if (!dec_to_i64(it.dec, &v[i]))
            v[i] = -1;
    }
    r = ucs_from_codepoints(c->a, v, seq.n, &t);
    return made(c, r, t, out);
}

/* ---- regular expressions ---- */
/* The arguments shared by matches, replace, tokenize. */
struct regex_texts {
    struct str s, pattern, flags;
};

static int regex_texts(
    struct xp_ctx *c, const struct xn *n, uint32_t flags_at, struct regex_texts *t)
{
    t->flags = STR("");
    if (xev_str(c, n->k[0], &t->s) < 0)
        return -1;
    if (n->slot) /* constant */
        return 0;
    if (need_str(c, n->k[1], &t->pattern) < 0)
        return -1;
    return n->nk > flags_at ? need_str(c, n->k[flags_at], &t->flags) : 0;
}

static int regex_of(
    struct xp_ctx *c, const struct xn *n, const struct regex_texts *t, const struct regex **re)
{
    return n->slot ? xregex_shared(c, n, re) : xregex_get(c, t->pattern, t->flags, re);
}

static int regex_args(
    struct xp_ctx *c, const struct xn *n, uint32_t flags_at, struct str *s, const struct regex **re)
{
    struct regex_texts t;

    if (regex_texts(c, n, flags_at, &t) < 0)
        return -1;
    *s = t.s;
    return regex_of(c, n, &t, re);
}

static int t_matches(struct xp_ctx *c, const struct xn *n, bool *out)
{
    const struct regex *re;
    struct str s;
    enum xerr r;

    if (regex_args(c, n, 2, &s, &re) < 0)
        return -1;
    r = regex_matches(re, c->run, s, out);
    return r ? xfail_x(c, r, "matches") : 0;
}

static int f_replace(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    const struct regex *re;
    struct str s, with;
    struct buf b;
    enum xerr r;

    if (regex_args(c, n, 3, &s, &re) < 0 || need_str(c, n->k[2], &with) < 0)
        return -1;
    buf_init(&b, c->lim.string_bytes);
    r = regex_replace(re, c->run, s, with, &b);
    if (r) {
        buf_free(&b);
        return xfail_x(c, r, "replace");
    }
    return xgive_buf(c, &b, out);
}

/* tokenize#1: by white space (XPath 3.1) */
static int words(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_item it;
    struct str t;
    int r = 0;

    if (xev_str(c, n->k[0], &t) < 0)
        return -1;
    for (size_t i = 0; i < t.n && r == 0;) {
        size_t from = i;
        while (i < t.n && !strchr(" \t\r\n", t.p[i]))
            i++;
        if (i > from) {
            it = xstring((struct str){t.p + from, i - from});
            r = s->put(s, c, &it);
        }
        i++;
    }
    return r;
}

/* Tokens are collected first: the consumer may use the matcher's memory for another expression. Of
 * an empty string there are none, and Saxon then does not look at the expression. */
static int e_tokenize(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct regex_tokens t;
    struct regex_texts in;
    const struct regex *re;
    struct xlist l;
    struct str tok;
    bool more = true;
    enum xerr r;
    int stop = 0;

    if (n->nk == 1)
        return words(c, n, s);
    if (regex_texts(c, n, 2, &in) < 0)
        return -1;
    if (in.s.n == 0)
        return 0;
    if (regex_of(c, n, &in, &re) < 0)
        return -1;
    xlist_init(&l);
    r = regex_tokens_start(&t, re, c->run, in.s);
    while (!r && (r = regex_tokens_next(&t, &tok, &more)) == 0 && more) {
        struct xp_item it = xstring(tok);
        if (xtick(c) < 0 || xlist_add(&l, c, &it) < 0)
            return -1;
    }
    if (r)
        return xfail_x(c, r, "tokenize");
    for (size_t i = 0; i < l.n && stop == 0; i++)
        stop = s->put(s, c, &l.v[i]);
    return stop;
}

const struct xfn xfn_string[] = {
    {"string", 0, 1, CARD_1, T_STR, 0, true, f_string, NULL, NULL},
    {"concat", 2, -1, CARD_1, T_STR, 0, false, f_concat, NULL, NULL},
    {"string-join", 1, 2, CARD_1, T_STR, 0, false, f_string_join, NULL, NULL},
    {"substring", 2, 3, CARD_1, T_STR, 0, false, f_substring, NULL, NULL},
    {"string-length", 0, 1, CARD_1, T_INT, 0, true, f_string_length, NULL, NULL},
    {"normalize-space", 0, 1, CARD_1, T_STR, 0, true, f_normalize_space, NULL, NULL},
    {"normalize-unicode", 1, 2, CARD_1, T_STR, 0, false, f_normalize_unicode, NULL, NULL},
    {"upper-case", 1, 1, CARD_1, T_STR, 0, false, f_upper, NULL, NULL},
    {"lower-case", 1, 1, CARD_1, T_STR, 0, false, f_lower, NULL, NULL},
    {"translate", 3, 3, CARD_1, T_STR, 0, false, f_translate, NULL, NULL},
    {"encode-for-uri", 1, 1, CARD_1, T_STR, 0, false, f_encode_for_uri, NULL, NULL},
    {"iri-to-uri", 1, 1, CARD_1, T_STR, 0, false, f_iri_to_uri, NULL, NULL},
    {"escape-html-uri", 1, 1, CARD_1, T_STR, 0, false, f_escape_html_uri, NULL, NULL},
    {"contains", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_contains},
    {"starts-with", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_starts_with},
    {"ends-with", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_ends_with},
    {"substring-before", 2, 3, CARD_1, T_STR, 0, false, f_substring_before, NULL, NULL},
    {"substring-after", 2, 3, CARD_1, T_STR, 0, false, f_substring_after, NULL, NULL},
    {"compare", 2, 3, CARD_OPT, T_INT, 0, false, f_compare, NULL, NULL},
    {"contains-token", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_contains_token},
    {"codepoint-equal", 2, 2, CARD_OPT, T_BOOL, 0, false, f_codepoint_equal, NULL, NULL},
    {"string-to-codepoints", 1, 1, CARD_ANY, T_INT, 0, false, NULL, e_string_to_codepoints, NULL},
    {"codepoints-to-string", 1, 1, CARD_1, T_STR, 0, false, f_codepoints_to_string, NULL, NULL},
    {"matches", 2, 3, CARD_1, T_BOOL, 0, false, NULL, NULL, t_matches},
    {"replace", 3, 4, CARD_1, T_STR, 0, false, f_replace, NULL, NULL},
    {"format-integer", 2, 3, CARD_1, T_STR, 0, false, xfn_format_integer, NULL, NULL},
    {"format-number", 2, 3, CARD_1, T_STR, 0, false, xfn_format_number, NULL, NULL},
    {"tokenize", 1, 3, CARD_ANY, T_STR, 0, false, NULL, e_tokenize, NULL},
    {0},
};
