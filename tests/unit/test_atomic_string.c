#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/vectors.h"
#include "ubl/atomic/dbl.h"
#include "ubl/atomic/regex.h"
#include "ubl/atomic/ucs.h"

/* The vectors in tests/golden/atomic hold what Saxon 13.1 answered when generate.py wrote them. */

/* ---- strings -------------------------------------------------------------------------------- */

static enum xerr put_str(struct vec *v, enum xerr r, struct str s)
{
    if (!r)
        buf_str(&v->out, s);
    return r;
}
static enum xerr str1(struct vec *v, enum xerr (*fn)(struct arena *, struct str, struct str *))
{
    struct str s;
    enum xerr r = fn(v->a, v->arg[0], &s);

    return put_str(v, r, s);
}
static enum xerr op_upper(struct vec *v)
{
    return str1(v, ucs_upper);
}
static enum xerr op_lower(struct vec *v)
{
    return str1(v, ucs_lower);
}
static enum xerr op_normalize_space(struct vec *v)
{
    return str1(v, ucs_normalize_space);
}
static enum xerr op_encode_for_uri(struct vec *v)
{
    return str1(v, ucs_encode_for_uri);
}
static enum xerr op_iri_to_uri(struct vec *v)
{
    return str1(v, ucs_iri_to_uri);
}
static enum xerr op_escape_html_uri(struct vec *v)
{
    return str1(v, ucs_escape_html_uri);
}
static enum xerr op_translate(struct vec *v)
{
    struct str s;
    enum xerr r = ucs_translate(v->a, v->arg[0], v->arg[1], v->arg[2], &s);

    return put_str(v, r, s);
}
static enum xerr op_normalize(struct vec *v)
{
    struct str s;
    enum xerr r = ucs_normalize(v->a, v->arg[0], v->arg[1], &s);

    return put_str(v, r, s);
}
static enum xerr op_length(struct vec *v)
{
    assert_true(ucs_valid_xml(v->arg[0]));
    buf_printf(&v->out, "%zu", ucs_length(v->arg[0]));
    return XERR_NONE;
}
static enum xerr op_substring(struct vec *v)
{
    double start, length;
    enum xerr r = dbl_parse(v->arg[1], &start);

    r = r ? r : dbl_parse(v->arg[2], &length);
    return r ? r : put_str(v, r, ucs_substring(v->arg[0], start, length));
}
static enum xerr op_before(struct vec *v)
{
    return put_str(v, XERR_NONE, ucs_substring_before(v->arg[0], v->arg[1]));
}
static enum xerr op_after(struct vec *v)
{
    return put_str(v, XERR_NONE, ucs_substring_after(v->arg[0], v->arg[1]));
}
static enum xerr op_contains(struct vec *v)
{
    static bool (*const fn[])(struct str, struct str) = {
        ucs_contains, ucs_starts_with, ucs_ends_with};

    buf_puts(&v->out, fn[v->kind](v->arg[0], v->arg[1]) ? "true" : "false");
    return XERR_NONE;
}
static enum xerr op_compare(struct vec *v)
{
    buf_printf(&v->out, "%d", ucs_compare(v->arg[0], v->arg[1]));
    return XERR_NONE;
}
static enum xerr op_codepoints(struct vec *v)
{
    int64_t cps[64];
    size_t n = 0;
    struct str s;
    enum xerr r;

    for (const char *p = v->arg[0].p; *p && n < 64;) {
        char *end;

        cps[n++] = strtoll(p, &end, 10);
        p = *end ? end + 1 : end;
    }
    r = ucs_from_codepoints(v->a, cps, n, &s);
    return put_str(v, r, s);
}

/* ---- regular expressions -------------------------------------------------------------------- */

static enum xerr op_matches(struct vec *v)
{
    struct regex *re;
    bool found;
    enum xerr r = regex_compile(v->arg[1], v->arg[2], &re, NULL);

    if (r)
        return r;
    r = regex_matches(re, v->run, v->arg[0], &found);
    regex_free(re);
    if (!r)
        buf_puts(&v->out, found ? "true" : "false");
    return r;
}
static enum xerr op_replace(struct vec *v)
{
    struct regex *re;
    enum xerr r = regex_compile(v->arg[1], v->arg[3], &re, NULL);

    if (r)
        return r;
    r = regex_replace(re, v->run, v->arg[0], v->arg[2], &v->out);
    regex_free(re);
    return r;
}
static enum xerr op_tokenize(struct vec *v)
{
    struct regex *re;
    struct regex_tokens t;
    struct str token;
    bool more = true;
    enum xerr r;

    if (v->arg[0].n == 0) /* Saxon does not look at the expression then */
        return XERR_NONE;
    r = regex_compile(v->arg[1], v->arg[2], &re, NULL);

    if (r)
        return r;
    r = regex_tokens_start(&t, re, v->run, v->arg[0]);
    for (int n = 0; !r && (r = regex_tokens_next(&t, &token, &more)) == 0 && more; n++) {
        if (n)
            buf_putc(&v->out, '|');
        buf_str(&v->out, token);
    }
    regex_free(re);
    return r;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct vec_op ops[] = {
    {"matches", 3, op_matches, 0},
    {"replace", 4, op_replace, 0},
    {"tokenize", 3, op_tokenize, 0},
    {"upper-case", 1, op_upper, 0},
    {"lower-case", 1, op_lower, 0},
    {"normalize-space", 1, op_normalize_space, 0},
    {"encode-for-uri", 1, op_encode_for_uri, 0},
    {"iri-to-uri", 1, op_iri_to_uri, 0},
    {"escape-html-uri", 1, op_escape_html_uri, 0},
    {"translate", 3, op_translate, 0},
    {"normalize-unicode", 2, op_normalize, 0},
    {"string-length", 1, op_length, 0},
    {"substring", 3, op_substring, 0},
    {"substring-before", 2, op_before, 0},
    {"substring-after", 2, op_after, 0},
    {"contains", 2, op_contains, 0},
    {"starts-with", 2, op_contains, 1},
    {"ends-with", 2, op_contains, 2},
    {"compare", 2, op_compare, 0},
    {"codepoints-to-string", 1, op_codepoints, 0},
};
#define OPS ops, sizeof(ops) / sizeof(ops[0])

static void string_answers_as_saxon(void **state)
{
    (void)state;
    vectors_file("tests/golden/atomic/string.tsv", OPS, 900);
}

static void regex_answers_as_saxon(void **state)
{
    (void)state;
    vectors_file("tests/golden/atomic/regex.tsv", OPS, 2000);
}

/* ---- strings by hand ------------------------------------------------------------------------ */

/*= XPATH-FN 7.4.3 "the characters whose position p satisfies" */
static void substring_takes_infinite_and_huge_lengths(void **state)
{
    static const struct {
        double start, length;
        const char *want;
    } cases[] = {{-42, INFINITY, "12345"}, {3, INFINITY, "345"}, {1.5, INFINITY, "2345"},
        {-INFINITY, INFINITY, ""}, {-INFINITY, 1e20, ""}, {2, 1e300, "2345"},
        {-1e20, 2e20, "12345"}, {-1e20, 1e20, ""}, {1e300, INFINITY, ""}, {NAN, INFINITY, ""},
        {0.49999, INFINITY, "12345"}, {INFINITY, INFINITY, ""}, {5, 1, "5"}, {6, 1, ""}, {0, 1, ""},
        {0, 2, "1"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str s = ucs_substring(STR("12345"), cases[i].start, cases[i].length);

        if (!str_eqz(s, cases[i].want))
            fail_msg("substring %g %g: '%.*s'", cases[i].start, cases[i].length, STR_FMT(s));
    }
}

static void bytes_that_are_no_xml_text_are_found(void **state)
{
    static const char *const bad[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\x01", "\x1F", "\xEF\xBF\xBE", "\xEF\xBF\xBF",
        "a\xC3(", "\xC3\xA9\xA9"};
    static const char *const good[] = {"", "a\t\n\r", "\x7F", "\xC2\x80", "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xEF\xBF\xBD", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *p = bad[i], *end = p + strlen(p);

        assert_false(ucs_valid_xml(str_z(bad[i])));
        while (p < end) /* and reading over it ends at its end */
            (void)ucs_next(&p, end);
        assert_ptr_equal(p, end);
    }
    assert_false(ucs_valid_xml((struct str){"a\0b", 3}));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(ucs_valid_xml(str_z(good[i])));
}

static void every_code_point_is_written_as_it_is_read(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char text[4];
        const char *p = text;
        size_t n;

        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        n = ucs_put(cp, text);
        assert_int_equal(ucs_next(&p, text + n), cp);
        assert_ptr_equal(p, text + n);
    }
}

static void unchanged_text_is_not_copied(void **state)
{
    struct str s = STR("ABC 123"), t;

    (void)state;
    assert_int_equal(ucs_upper(NULL, s, &t), XERR_NONE);
    assert_ptr_equal(t.p, s.p);
    assert_int_equal(ucs_normalize_space(NULL, STR(" ABC 123\n"), &t), XERR_NONE);
    assert_true(str_eq(t, s));
    assert_int_equal(ucs_normalize(NULL, s, STR("NFC"), &t), XERR_NONE);
    assert_ptr_equal(t.p, s.p);
    assert_int_equal(ucs_escape_html_uri(NULL, s, &t), XERR_NONE);
    assert_ptr_equal(t.p, s.p);
}

static void an_arena_at_its_limit_is_an_error(void **state)
{
    struct arena *a = arena_new(8);
    struct str long_text = STR("abcdefghijklmnopqrstuvwxyz é \xEF\xAC\x83"), t;
    const int64_t cps[] = {0x1F600, 0x1F600, 0x1F600};

    (void)state;
    assert_int_equal(ucs_upper(a, long_text, &t), XERR_NOMEM);
    assert_int_equal(ucs_lower(a, STR("ABCDEFGHIJKLMNOPQ"), &t), XERR_NOMEM);
    assert_int_equal(ucs_normalize_space(a, STR("a  b  c  d  e  f"), &t), XERR_NOMEM);
    assert_int_equal(ucs_translate(a, long_text, STR("é"), STR("e"), &t), XERR_NOMEM);
    assert_int_equal(ucs_normalize(a, long_text, STR("NFKD"), &t), XERR_NOMEM);
    assert_int_equal(ucs_encode_for_uri(a, STR("     "), &t), XERR_NOMEM);
    assert_int_equal(ucs_from_codepoints(a, cps, 3, &t), XERR_NOMEM);
    arena_free(a);
}

/* Each row of the Unicode standard's own test: forms of source 1..3 are 2, 3, 4, 5. */
static void normalization_follows_its_invariants(void **state)
{
    static const char *const forms[] = {"NFC", "NFD", "NFKC", "NFKD"};
    struct arena *a = arena_new(16 << 20);
    uint32_t x = 12345;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        static const uint32_t from[] = {'a', 0x300, 0x301, 0x316, 0x327, 0xE9, 0x1E9B, 0x323,
            0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01, 0xFB01, 0x212B, 0x3B1, 0x345, 0x1F00, 0x0DDD,
            0x0DCF, 0x0DCA, 0x2ADC, 0x1D15E, 0x2F800, 0x0344, 0x05B8, 0x05B4};
        struct arena_mark m = arena_mark(a);
        int64_t cps[8];
        struct str s, f[4], again;

        for (int i = 0; i < 8; i++) {
            x = x * 1664525 + 1013904223;
            cps[i] = from[(x >> 16) % (sizeof(from) / sizeof(from[0]))];
        }
        assert_int_equal(ucs_from_codepoints(a, cps, 8, &s), XERR_NONE);
        for (int i = 0; i < 4; i++)
            assert_int_equal(ucs_normalize(a, s, str_z(forms[i]), &f[i]), XERR_NONE);
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 4; k++) { /* form k of form i is k, or its compatible one */
                assert_int_equal(ucs_normalize(a, f[i], str_z(forms[k]), &again), XERR_NONE);
                assert_true(str_eq(again, f[i >= 2 ? k | 2 : k]));
            }
        arena_rewind(a, m);
    }
    arena_free(a);
}

/* Insertion sort would take minutes. */
static void a_run_of_combining_marks_is_ordered_in_time(void **state)
{
    struct arena *a = arena_new(256 << 20);
    size_t n = 400000;
    char *text = malloc(n * 2);
    struct str out;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 2 * i, i % 2 ? "\xCC\x96" : "\xCC\x81", 2); /* U+0316 below, U+0301 above */
    assert_int_equal(ucs_normalize(a, (struct str){text, n * 2}, STR("NFD"), &out), XERR_NONE);
    assert_int_equal(out.n, n * 2);
    assert_memory_equal(out.p, "\xCC\x96\xCC\x96", 4);
    assert_memory_equal(out.p + out.n - 4, "\xCC\x81\xCC\x81", 4);
    free(text);
    arena_free(a);
}

/* ---- regular expressions by hand ------------------------------------------------------------ */

static struct regex *compiled(const char *pattern)
{
    struct regex *re = NULL;
    struct err why = ERR_INIT;

    if (regex_compile(str_z(pattern), STR(""), &re, &why))
        fail_msg("%s: %s", pattern, why.msg);
    return re;
}

static void catastrophic_expressions_end_with_a_limit(void **state)
{
    static const char *const patterns[] = {"^(a+)+$", "(a|aa)+$", "(a*)*b$", "a*a*a*a*a*b|c$",
        "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)(.*)(.*)(.*)(.*)(.*)x$", "(a?){30}a{30}x$"};
    struct regex_run *run = regex_run_new();
    size_t sizes[] = {40, 5000, 200000};
    char *text = malloc(200001);

    (void)state;
    assert_non_null(run);
    assert_non_null(text);
    memset(text, 'a', 200000);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct regex *re = compiled(patterns[i]);

        for (size_t k = 0; k < 3; k++) {
            bool found = true;
            enum xerr r;

            text[sizes[k] - 1] = '!';
            r = regex_matches(re, run, (struct str){text, sizes[k]}, &found);
            assert_true(r == XERR_LIMIT || (r == XERR_NONE && !found));
            text[sizes[k] - 1] = 'a';
        }
        regex_free(re);
    }
    free(text);
    regex_run_free(run);
}

/* Linear from each start position, of which there are many: the clock stops it. */
static void an_expression_quadratic_in_the_text_ends_with_a_limit(void **state)
{
    struct regex_run *run = regex_run_new();
    struct regex *re = compiled("[ab]{2,}c");
    size_t n = 1000000;
    char *text = malloc(n);
    bool found = true;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', n);
    text[n - 2] = 'd'; /* so that PCRE2 finds the letter it needs, but not behind the others */
    text[n - 1] = 'c';
    assert_int_equal(regex_matches(re, run, (struct str){text, n}, &found), XERR_LIMIT);
    assert_int_equal(regex_matches(re, run, STR("xabc"), &found), XERR_NONE);
    assert_true(found);
    free(text);
    regex_free(re);
    regex_run_free(run);
}

static void a_match_far_into_a_long_text_is_found(void **state)
{
    struct regex_run *run = regex_run_new();
    struct regex *re = compiled("[é]b+c");
    size_t n = 3000001;
    char *text = malloc(n);
    struct buf out;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i + 1 < n; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    memcpy(text + n - 3, "bbc", 3);
    buf_init(&out, 2 * n);
    assert_int_equal(regex_replace(re, run, (struct str){text, n}, STR("[$0]"), &out), XERR_NONE);
    assert_int_equal(out.n, n + 2);
    assert_memory_equal(out.p + out.n - 8,
        "\xA9[\xC3\xA9"
        "bbc]",
        8);
    buf_free(&out);
    free(text);
    regex_free(re);
    regex_run_free(run);
}

static void patterns_over_the_limits_are_refused(void **state)
{
    struct err why = ERR_INIT;
    struct regex *re;
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 101; i++)
        buf_putc(&b, '(');
    for (int i = 0; i < 101; i++)
        buf_putc(&b, ')');
    assert_int_equal(regex_compile(buf_view(&b), STR(""), &re, &why), XERR_LIMIT);
    buf_clear(&b);
    for (int i = 0; i < 501; i++)
        buf_puts(&b, "(a)");
    assert_int_equal(regex_compile(buf_view(&b), STR(""), &re, &why), XERR_LIMIT);
    buf_clear(&b);
    for (int i = 0; i < 101; i++)
        buf_puts(&b, "[a-z-");
    assert_int_equal(regex_compile(buf_view(&b), STR(""), &re, &why), XERR_LIMIT);
    buf_clear(&b);
    for (int i = 0; i < 65537; i++)
        buf_putc(&b, 'a');
    assert_int_equal(regex_compile(buf_view(&b), STR(""), &re, &why), XERR_LIMIT);
    assert_int_equal(regex_compile(STR("a{65536}"), STR(""), &re, &why), XERR_LIMIT);
    assert_int_equal(
        regex_compile(STR("(((a{1000}){1000}){1000}){1000}"), STR(""), &re, &why), XERR_LIMIT);
    assert_string_equal(why.code, "regex.limit");
    buf_free(&b);
}

static void a_bad_expression_tells_where_it_is_bad(void **state)
{
    struct err why = ERR_INIT;
    struct regex *re;

    (void)state;
    assert_int_equal(regex_compile(STR("é[a-c]x{2,1}"), STR(""), &re, &why), XERR_FORX0002);
    assert_string_equal(why.code, "regex.syntax");
    assert_string_equal(
        why.msg, "character 12 of the regular expression: {n,m} is the wrong way round");
    assert_int_equal(regex_compile(STR("a"), STR("iz"), &re, &why), XERR_FORX0001);
    assert_string_equal(why.code, "regex.flags");
}

static void a_subject_that_is_not_utf8_is_an_error(void **state)
{
    struct regex_run *run = regex_run_new();
    struct regex *re = compiled("a.b");
    bool found;

    (void)state;
    assert_int_equal(regex_matches(re, run, STR("a\xC3"), &found), XERR_FOCH0001);
    assert_int_equal(regex_matches(re, run, STR("\xED\xA0\x80"), &found), XERR_FOCH0001);
    assert_int_equal(regex_matches(re, run, STR("a-b"), &found), XERR_NONE);
    assert_true(found);
    assert_int_equal(regex_matches(re, run, (struct str){NULL, 0}, &found), XERR_NONE);
    assert_false(found);
    regex_free(re);
    regex_run_free(run);
}

static void a_replacement_that_outgrows_its_buffer_is_an_error(void **state)
{
    struct regex_run *run = regex_run_new();
    struct regex *re = compiled("a");
    struct buf out;

    (void)state;
    buf_init(&out, 20);
    assert_int_equal(regex_replace(re, run, STR("aaaaaaaaaa"), STR("$0$0$0"), &out), XERR_LIMIT);
    buf_free(&out);
    regex_free(re);
    regex_run_free(run);
}

static void one_run_serves_expressions_of_many_groups(void **state)
{
    struct regex_run *run = regex_run_new();
    struct buf pattern, out;
    struct regex *re;

    (void)state;
    buf_init(&pattern, 10000);
    buf_init(&out, 10000);
    for (int i = 0; i < 120; i++)
        buf_puts(&pattern, "(a)");
    buf_puts(&pattern, "(b)");
    re = compiled(pattern.p);
    buf_clear(&pattern);
    for (int i = 0; i < 120; i++)
        buf_putc(&pattern, 'a');
    buf_putc(&pattern, 'b');
    assert_int_equal(
        regex_replace(re, run, buf_view(&pattern), STR("<$121$120$1210>"), &out), XERR_NONE);
    assert_true(str_eq(buf_view(&out), STR("<bab0>")));
    regex_free(re);
    buf_free(&pattern);
    buf_free(&out);
    regex_run_free(run);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(string_answers_as_saxon),
        cmocka_unit_test(regex_answers_as_saxon),
        cmocka_unit_test(substring_takes_infinite_and_huge_lengths),
        cmocka_unit_test(bytes_that_are_no_xml_text_are_found),
        cmocka_unit_test(every_code_point_is_written_as_it_is_read),
        cmocka_unit_test(unchanged_text_is_not_copied),
        cmocka_unit_test(an_arena_at_its_limit_is_an_error),
        cmocka_unit_test(normalization_follows_its_invariants),
        cmocka_unit_test(a_run_of_combining_marks_is_ordered_in_time),
        cmocka_unit_test(catastrophic_expressions_end_with_a_limit),
        cmocka_unit_test(an_expression_quadratic_in_the_text_ends_with_a_limit),
        cmocka_unit_test(a_match_far_into_a_long_text_is_found),
        cmocka_unit_test(patterns_over_the_limits_are_refused),
        cmocka_unit_test(a_bad_expression_tells_where_it_is_bad),
        cmocka_unit_test(a_subject_that_is_not_utf8_is_an_error),
        cmocka_unit_test(a_replacement_that_outgrows_its_buffer_is_an_error),
        cmocka_unit_test(one_run_serves_expressions_of_many_groups),
    };

    VECTORS_MAIN(ops)
    return cmocka_run_group_tests(tests, NULL, NULL);
}
