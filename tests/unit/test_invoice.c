/* The table of terms, JSON with positions, sums, and the way to UBL and back, without the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ubl/invoice/invoice.h"
#include "ubl/invoice/invoice_priv.h"

#define ARENA ((size_t)256 << 20)

/* ---- the table ---- */

static void groups_stand_before_their_members(void **state)
{
    (void)state;
    for (unsigned i = INV_DOC + 1; i < INV_TERMS; i++) {
        assert_int_equal(inv_terms[i].id, i);
        assert_true(inv_terms[i].group < i);
        assert_int_equal(inv_terms[inv_terms[i].group].type, IT_GROUP);
    }
}

static void no_group_has_a_name_twice(void **state)
{
    (void)state;
    for (unsigned i = INV_DOC + 1; i < INV_TERMS; i++)
        assert_ptr_equal(inv_member(inv_terms[i].group, str_z(inv_terms[i].name)), &inv_terms[i]);
}

static void plan_reaches(const struct inv_step *s, unsigned *seen)
{
    if (s->group != INV_NONE)
        seen[s->group]++;
    if (s->value != INV_NONE)
        seen[s->value]++;
    for (const struct inv_step *c = s->first; c; c = c->next)
        plan_reaches(c, seen);
}

static void every_term_with_a_path_has_one_place_in_ubl(void **state)
{
    (void)state;
    for (int credit = 0; credit < 2; credit++) {
        unsigned seen[INV_TERMS + 1] = {0};
        plan_reaches(inv_plan(credit), seen);
        for (unsigned i = INV_DOC + 1; i < INV_TERMS; i++) {
            const char *p = inv_terms[i].path;
            bool placed = *p && !(inv_terms[i].type == IT_GROUP && strcmp(p, ".") == 0);
            assert_int_equal(seen[i], placed);
        }
    }
}

/* ---- JSON ---- */

static const char head[] =
    "{\"number\":\"1\",\"issue_date\":\"2026-11-20\",\"type_code\":380,\"currency\":\"EUR\",\n"
    "\"seller\":{\"endpoint\":{\"id\":\"1\",\"scheme\":\"0208\"},\"name\":\"S\",\"address\":{"
    "\"country\":\"BE\"}},\n"
    "\"buyer\":{\"endpoint\":{\"id\":\"2\",\"scheme\":\"0208\"},\"name\":\"B\",\"address\":{"
    "\"country\":\"BE\"}},\n";

struct made {
    struct arena *a;
    struct invoice *v;
    char text[8192];
};

static void make(struct made *m, const char *rest)
{
    struct err e = ERR_INIT;

    m->a = arena_new(ARENA);
    m->v = invoice_new(m->a);
    (void)snprintf(m->text, sizeof(m->text), "%s%s", head, rest);
    assert_int_equal(invoice_read_json(m->v, str_z(m->text), &e), 0);
    if (!invoice_faults(m->v))
        assert_int_equal(invoice_complete(m->v, &e), 0);
}

static const struct invoice_finding *first(const struct made *m, const char *code)
{
    size_t n;
    const struct invoice_finding *f = invoice_findings(m->v, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].err.code, code) == 0)
            return &f[i];
    return NULL;
}

static void json_that_is_none_is_told_with_its_line(void **state)
{
    static const char *const bad[] = {"", "]", "\"lines\":[1,]}", "\"lines\":[01]}", "\"a\" 1}",
        "\"notes\":[\"\\x\"]}", "\"notes\":[\"\\ud800x\"]}", "\"notes\":[\"a\nb\"]}",
        "\"notes\":[nul]}", "\"notes\":[-]}", "\"notes\":[\"a\"]}}", "\"notes\":[1.]}",
        "\"notes\":[\"a\"", "\"notes\":[\"a", "\"notes\":[\"a\\", "\"notes\":{\"a\"}}"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct made m;
        make(&m, bad[i]);
        const struct invoice_finding *f = first(&m, "invoice.json");
        assert_non_null(f);
        assert_true(f->line >= 4);
        arena_free(m.a);
    }
}

static void escapes_and_surrogates_become_utf8(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"notes\":[\"\\u00e9\\ud83d\\ude00\\n\\\"\\/\"]}");
    assert_true(str_eqz(invoice_value(m.v, "BT-22"), "\xc3\xa9\xf0\x9f\x98\x80\n\"/"));
    arena_free(m.a);
}

static void findings_beyond_the_list_are_counted(void **state)
{
    struct made m;
    char many[4096];
    size_t n = 0;

    (void)state;
    n += (size_t)snprintf(many, sizeof(many), "\"notes\":[");
    for (int i = 0; i < INVOICE_FINDINGS + 50; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "%s7", i ? "," : "");
    (void)snprintf(many + n, sizeof(many) - n, "]}");
    make(&m, many);
    assert_int_equal(invoice_faults(m.v), INVOICE_FINDINGS + 50);
    (void)invoice_findings(m.v, &n);
    assert_int_equal(n, INVOICE_FINDINGS);
    arena_free(m.a);
}

static void lists_in_any_order_cost_no_square(void **state)
{
    struct arena *a = arena_new((size_t)1 << 30);
    struct invoice *v = invoice_new(a);
    struct err e = ERR_INIT;
    struct buf b;

    (void)state;
    buf_init(&b, 64u << 20);
    buf_puts(&b, "{\"lines\":[{}],\"attachments\":[{}");
    for (int i = 0; i < 300000; i++) /* a square of it would take minutes */
        buf_puts(&b, ",{}");
    buf_puts(&b, "]}");
    assert_int_equal(invoice_read_json(v, buf_view(&b), &e), 0);
    assert_int_equal(invoice_complete(v, &e), 0);
    assert_true(invoice_faults(v) > 300000);
    buf_free(&b);
    arena_free(a);
}

/* ---- sums ---- */

#define LINE(q, p, cat, rate)                                                                      \
    "{\"quantity\":" q ",\"unit\":\"C62\",\"item\":{\"name\":\"x\"},\"vat\":{\"category\":\"" cat  \
    "\"" rate "},\"price\":{\"net\":" p "}}"

static void value_is(const struct made *m, const char *bt, const char *want)
{
    struct str got = invoice_value(m->v, bt);

    if (!str_eqz(got, want))
        fail_msg("%s is %.*s, not %s", bt, STR_FMT(got), want);
}

static void halves_are_rounded_away_from_zero(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"lines\":[" LINE("1", "0.005", "S", ",\"rate\":21") "]}");
    assert_int_equal(invoice_faults(m.v), 0);
    value_is(&m, "BT-131", "0.01");
    arena_free(m.a);
    make(&m, "\"lines\":[" LINE("-1", "0.005", "S", ",\"rate\":21") "]}");
    value_is(&m, "BT-131", "-0.01");
    arena_free(m.a);
}

static void binary_fractions_never_enter(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"lines\":[" LINE("3", "1.15", "S", ",\"rate\":19.6") "," LINE(
                 "1", "0.10", "S", ",\"rate\":19.60") "]}");
    assert_int_equal(invoice_faults(m.v), 0);
    value_is(&m, "BT-106", "3.55");
    value_is(&m, "BT-117", "0.70"); /* 0.6958: one rate, written twice differently */
    value_is(&m, "BT-115", "4.25");
    arena_free(m.a);
}

static void an_amount_of_thirty_digits_is_exact(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"lines\":[" LINE("1", "123456789012345678901234567890.12", "Z", "") "]}");
    assert_int_equal(invoice_faults(m.v), 0);
    value_is(&m, "BT-115", "123456789012345678901234567890.12");
    arena_free(m.a);
}

static void a_product_that_is_too_large_is_a_finding(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"lines\":[" LINE(
                 "999999999999999999999999999999", "999999999999999999999999999999", "Z", "") "]}");
    assert_non_null(first(&m, "invoice.limit"));
    arena_free(m.a);
}

static void exemption_codes_with_but_one_value_are_filled_in(void **state)
{
    static const char *const codes[][2] = {{"AE", "VATEX-EU-AE"}, {"K", "VATEX-EU-IC"},
        {"G", "VATEX-EU-G"}, {"O", "VATEX-EU-O"}, {"E", ""}, {"Z", ""}};
    char rest[1024];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct made m;
        (void)snprintf(rest, sizeof(rest),
            "\"lines\":[{\"quantity\":1,\"unit\":\"C62\",\"item\":{\"name\":\"x\"},\"vat\":{"
            "\"category\":\"%s\"},\"price\":{\"net\":5}}]}",
            codes[i][0]);
        make(&m, rest);
        value_is(&m, "BT-121", codes[i][1]);
        value_is(&m, "BT-119", strcmp(codes[i][0], "O") == 0 ? "" : "0");
        arena_free(m.a);
    }
}

static void a_standard_rate_is_never_guessed(void **state)
{
    struct made m;

    (void)state;
    make(&m, "\"lines\":[" LINE("1", "1", "S", "") "]}");
    assert_non_null(first(&m, "invoice.missing"));
    assert_string_equal(first(&m, "invoice.missing")->path, "lines[0].vat.rate");
    arena_free(m.a);
}

/* ---- UBL ---- */

static void ubl_comes_back_as_the_same_json(void **state)
{
    struct made m, back;
    struct err e = ERR_INIT;
    struct buf ubl, one, two;

    (void)state;
    make(&m, "\"notes\":[\" a < b & \\\"c\\\"\\n\\td\"],\"lines\":[" LINE(
                 "2", "1.50", "S", ",\"rate\":21") "]}");
    buf_init(&ubl, 1 << 20);
    buf_init(&one, 1 << 20);
    buf_init(&two, 1 << 20);
    assert_int_equal(invoice_write_ubl(&ubl, m.v, &e), 0);
    assert_int_equal(invoice_write_json(&one, m.v, &e), 0);
    back.a = arena_new(ARENA);
    back.v = invoice_new(back.a);
    assert_int_equal(invoice_read_ubl(back.v, buf_view(&ubl), &e), 0);
    assert_int_equal(invoice_faults(back.v), 0);
    assert_int_equal(invoice_write_json(&two, back.v, &e), 0);
    assert_string_equal(one.p, two.p);
    buf_free(&ubl);
    buf_free(&one);
    buf_free(&two);
    arena_free(back.a);
    arena_free(m.a);
}

static void memory_that_ends_is_an_error_and_not_a_finding(void **state)
{
    struct err e = ERR_INIT;
    char text[8192];
    int failed = 0;

    (void)state;
    (void)snprintf(
        text, sizeof(text), "%s\"lines\":[" LINE("2", "1.50", "S", ",\"rate\":21") "]}", head);
    for (size_t limit = 1000; limit < 200000; limit += 1000) {
        struct arena *a = arena_new(limit);
        struct invoice *v = invoice_new(a);
        int rc = !v                                                                 ? -1
                 : invoice_read_json(v, str_z(text), &e) || invoice_complete(v, &e) ? -1
                                                                                    : 0;
        failed += rc != 0;
        if (!rc)
            assert_int_equal(invoice_faults(v), 0);
        arena_free(a);
    }
    assert_true(failed > 0);
}

/* ---- attachments ---- */

/* Every length of every kind's beginning, each in memory of just that size. */
static void an_attachment_of_any_length_is_taken_or_refused(void **state)
{
    static const struct {
        const char *name;
        struct str bytes;
        size_t from; /* length from which it is one */
    } kinds[] = {{"a.pdf", STR("%PDF-1.7"), 5}, {"a.PNG", STR("\x89PNG\r\n\x1a\n"), 8},
        {"f/a.jpg", STR("\xff\xd8\xff\xe0"), 3}, {"a.csv", STR("a;b\n"), 1},
        {"a.xlsx", STR("PK\x03\x04\x14"), 4},
        {"a.ods",
            STR("PK\x03\x04..........................mimetype"
                "application/vnd.oasis.opendocument.spreadsheet"),
            84}};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t n = 0; n <= kinds[i].bytes.n; n++) {
            struct err e = ERR_INIT;
            struct arena *a = arena_new(ARENA);
            struct invoice *v = invoice_new(a);
            char *exact = malloc(n ? n : 1);
            memcpy(exact, kinds[i].bytes.p, n);
            int rc = invoice_attach(v, str_z(kinds[i].name), (struct str){exact, n}, &e);
            assert_int_equal(rc, n >= kinds[i].from ? 0 : -1);
            assert_string_equal(e.code, rc ? "invoice.attachment" : "");
            assert_int_equal(invoice_value(v, "BT-125").n > 0, rc == 0);
            free(exact);
            arena_free(a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_stand_before_their_members),
        cmocka_unit_test(no_group_has_a_name_twice),
        cmocka_unit_test(every_term_with_a_path_has_one_place_in_ubl),
        cmocka_unit_test(json_that_is_none_is_told_with_its_line),
        cmocka_unit_test(escapes_and_surrogates_become_utf8),
        cmocka_unit_test(findings_beyond_the_list_are_counted),
        cmocka_unit_test(lists_in_any_order_cost_no_square),
        cmocka_unit_test(halves_are_rounded_away_from_zero),
        cmocka_unit_test(binary_fractions_never_enter),
        cmocka_unit_test(an_amount_of_thirty_digits_is_exact),
        cmocka_unit_test(a_product_that_is_too_large_is_a_finding),
        cmocka_unit_test(exemption_codes_with_but_one_value_are_filled_in),
        cmocka_unit_test(a_standard_rate_is_never_guessed),
        cmocka_unit_test(ubl_comes_back_as_the_same_json),
        cmocka_unit_test(memory_that_ends_is_an_error_and_not_a_finding),
        cmocka_unit_test(an_attachment_of_any_length_is_taken_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
