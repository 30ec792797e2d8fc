/* Target: regex_compile (translator and PCRE2), regex_matches, regex_replace, regex_tokens_*, and
 * the functions of ucs.h. Input: expression, newline, flags, newline, replacement, newline, text.
 * Replacing each match by itself must change nothing; tokens and separators together must be as
 * long as the text. */
#include <stdint.h>
#include <stdlib.h>

#include "ubl/atomic/regex.h"
#include "ubl/atomic/ucs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct str take(struct str *s)
{
    size_t cut = str_find(*s, STR("\n"));
    struct str first = str_sub(*s, 0, cut);

    *s = str_sub(*s, cut + 1, s->n);
    return first;
}

static void replaced(
    const struct regex *re, struct regex_run *run, struct str s, struct str by, bool literal)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    if (!literal && regex_replace(re, run, s, STR("$0"), &b) == XERR_NONE)
        must(str_eq(buf_view(&b), s));
    buf_clear(&b);
    must(regex_replace(re, run, s, by, &b) != XERR_NONE || buf_ok(&b));
    buf_free(&b);
}

static void tokens(const struct regex *re, struct regex_run *run, struct str s)
{
    struct regex_tokens t;
    struct str token;
    bool more = true;
    size_t sum = 0, count = 0;

    if (regex_tokens_start(&t, re, run, s))
        return;
    while (regex_tokens_next(&t, &token, &more) == XERR_NONE && more) {
        must(token.p >= s.p && token.p + token.n <= s.p + s.n);
        sum += token.n;
        must(++count <= s.n + 1);
    }
    must(sum <= s.n);
}

static void expression(struct str pattern, struct str flags, struct str by, struct str s)
{
    struct err why = ERR_INIT;
    struct regex *re;
    struct regex_run *run;
    bool found = false;
    enum xerr r = regex_compile(pattern, flags, &re, &why);

    must(r == XERR_NONE || r == XERR_NOMEM || why.msg[0] != 0);
    if (r)
        return;
    run = regex_run_new();
    if (run) {
        must(regex_matches(re, run, s, &found) != XERR_NONE || found || s.n ||
             !regex_matches_empty(re));
        replaced(re, run, s, by, str_find(flags, STR("q")) < flags.n);
        tokens(re, run, s);
    }
    regex_run_free(run);
    regex_free(re);
}

static void strings(struct arena *a, struct str s, struct str t)
{
    static const char *const forms[] = {"NFC", "NFD", "NFKC", "NFKD"};
    bool valid = ucs_valid_xml(s);
    struct str u, v;

    must(ucs_substring(s, 2, 3).n <= s.n);
    (void)ucs_contains(s, t);
    must(ucs_substring_before(s, t).n + ucs_substring_after(s, t).n <= s.n);
    if (ucs_upper(a, s, &u) || ucs_lower(a, s, &u) || ucs_normalize_space(a, s, &u))
        return;
    must(u.n <= s.n);
    if (ucs_translate(a, s, t, STR("aé"), &u) || ucs_encode_for_uri(a, s, &u))
        return;
    must(u.n <= 3 * s.n);
    for (int i = 0; i < 4; i++) {
        if (ucs_normalize(a, s, str_z(forms[i]), &u) || ucs_normalize(a, u, str_z(forms[i]), &v))
            return;
        must(str_eq(u, v));
        must(!valid || ucs_valid_xml(u));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size}, pattern = take(&s), flags = take(&s), by = take(&s);
    struct arena *a = arena_new(16 << 20);

    if (!a)
        return 0;
    expression(pattern, flags, by, s);
    strings(a, s, pattern);
    arena_free(a);
    return 0;
}
