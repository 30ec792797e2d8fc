#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/reconcile/reconcile.h"
#include "tests/support/store_kit.h"

#define T KIT_T0

static struct arena *a;

static int start(void **state)
{
    (void)state;
    a = arena_new(16u << 20);
    return a ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static struct reconcile_list list(struct str bytes, const char *column)
{
    struct reconcile_list l;
    struct err e = ERR_INIT;

    if (reconcile_read(&l, bytes, column, a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return l;
}

static void refused(struct str bytes, const char *column, const char *code, const char *part)
{
    struct reconcile_list l;
    struct err e = ERR_INIT;

    assert_int_equal(reconcile_read(&l, bytes, column, a, &e), -1);
    assert_string_equal(e.code, code);
    if (!strstr(e.msg, part))
        fail_msg("\"%s\" lacks \"%s\"", e.msg, part);
}

static void is(const struct reconcile_list *l, size_t i, const char *number, int line)
{
    assert_true(i < l->n);
    if (!str_eqz(l->items[i].number, number))
        fail_msg("%.*s is not %s", STR_FMT(l->items[i].number), number);
    assert_int_equal(l->items[i].line, line);
}

static void broken_lists_are_refused_with_their_line(void **state)
{
    (void)state;
    refused(STR("a\n\"b\n"), NULL, "csv.quote", "line 2");
    refused(STR("a\n\"b\"c\n"), NULL, "csv.quote", "line 2");
    refused(STR("PK\x03\x04\0\0"), NULL, "csv.text", "spreadsheet");
    refused(STR("\xff\xfe"
                "A"),
        NULL, "csv.text", "UTF-16");
    refused(STR("when;what\n1;2\n"), NULL, "reconcile.column", "2 columns");
    refused(STR("when;what\n1;2\n"), "Invoice", "reconcile.column", "Invoice");
}

static void a_row_of_too_many_cells_is_refused(void **state)
{
    char text[400];

    (void)state;
    memset(text, ';', sizeof(text));
    refused((struct str){text, sizeof(text)}, "1", "csv.size", "256");
}

static void one_column_needs_no_heading(void **state)
{
    struct reconcile_list l = list(STR("INV-1\r\n\r\n  INV-2  \nINV-3"), NULL);

    (void)state;
    assert_int_equal(l.n, 3);
    is(&l, 0, "INV-1", 1);
    is(&l, 1, "INV-2", 3);
    is(&l, 2, "INV-3", 4);
}

static void dialects_of_spreadsheets_are_read(void **state)
{
    static const struct str same[] = {
        STR("date,Invoice No.,amount\n1,A/1,2\n3,\"B \"\"x\"\", 2\",4\n"),
        STR("\xef\xbb\xbf"
            "date;Invoice number;amount\r\n1;A/1;2\r\n3;\"B \"\"x\"\", 2\";4\r\n"),
        STR("sep=|\ndate|INVOICE_NUMBER|amount\n1|A/1|2\n3|B \"x\", 2|4\n"),
        STR("date\tInvoice-Nr\tamount\n\t\t\n1\tA/1\t2\n3\tB \"x\", 2\t4\n"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct reconcile_list l = list(same[i], NULL);
        assert_int_equal(l.n, 2);
        assert_true(str_eqz(l.items[0].number, "A/1"));
        assert_true(str_eqz(l.items[1].number, "B \"x\", 2"));
    }
}

static void other_encodings_become_utf8(void **state)
{
    struct reconcile_list l = list(STR("\xff\xfe\xc4\0"
                                       "1\0\n\0"
                                       "2\0"),
        NULL);

    (void)state;
    is(&l, 0,
        "\303\204"
        "1",
        1);
    l = list(STR("\xfe\xff\0\xc4\0"
                 "1"),
        NULL);
    is(&l, 0,
        "\303\204"
        "1",
        1);
    l = list(STR("\xc4"
                 "1\n"),
        NULL); /* Windows-1252 */
    is(&l, 0,
        "\303\204"
        "1",
        1);
}

static void a_column_is_chosen_by_name_or_number(void **state)
{
    struct reconcile_list l = list(STR("Kunde;Beleg Nr.\nx;7\n"), "beleg nr");

    (void)state;
    is(&l, 0, "7", 2);
    l = list(STR("x;7\ny;8\n"), "2");
    assert_int_equal(l.n, 2);
    is(&l, 0, "7", 1);
}

static void a_quoted_cell_may_span_lines_and_lines_are_still_counted(void **state)
{
    struct reconcile_list l = list(STR("remark;invoice\n\"a\nb\";1\n;2\n"), NULL);

    (void)state;
    is(&l, 0, "1", 2);
    is(&l, 1, "2", 4);
}

static void what_is_listed_twice_counts_once(void **state)
{
    struct reconcile_list l =
        list(STR("invoice;supplier\nB;s1\nA;s1\nB;s1\nB;s2\nB;s1\n;total\n"), NULL);

    (void)state;
    assert_int_equal(l.n, 3);
    assert_int_equal(l.duplicates, 2);
    is(&l, 0, "B", 2);
    assert_int_equal(l.items[0].listed, 3);
    is(&l, 1, "A", 3);
    is(&l, 2, "B", 5);
    assert_true(reconcile_lists(&l, "A") && reconcile_lists(&l, "B"));
    assert_false(reconcile_lists(&l, "C") || reconcile_lists(&l, "") || reconcile_lists(&l, "AA"));
}

/* An export that failed must not look like a day without invoices. */
static void a_heading_alone_expects_nothing_and_less_is_refused(void **state)
{
    (void)state;
    assert_int_equal(list(STR("invoice\n"), NULL).n, 0);
    assert_int_equal(list(STR("invoice;sum\n;;\n\n"), NULL).n, 0);
    refused(STR(""), NULL, "reconcile.empty", "empty");
    refused(STR("\n\n"), NULL, "reconcile.empty", "empty");
    refused(STR("invoice;sum\n;1\n;2\n"), NULL, "reconcile.column", "none of 2 lines");
    refused(STR("invoice;sum\nA;1\n"), "9", "reconcile.column", "column 9");
}

static void lines_without_a_number_are_counted(void **state)
{
    struct reconcile_list l = list(STR("invoice;sum\nA;1\n;2\nB;3\n;;\n\nsum;6\n;6\n"), NULL);

    (void)state;
    assert_int_equal(l.n, 3);
    assert_int_equal(l.passed, 2);
}

/* ---- against a journal ---- */

static struct kit k;

static int start_store(void **state)
{
    kit_start(&k);
    return start(state);
}

static int stop_store(void **state)
{
    kit_stop(&k);
    return stop(state);
}

static int64_t add(unsigned n, const char *invoice, const char *sender)
{
    struct out_new d = kit_out(n, T + n);
    struct out_added added;
    struct err e = ERR_INIT;

    d.invoice = invoice;
    d.sender = sender;
    d.supplier = sender;
    if (store_out_add(&added, k.s, &d, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return added.row;
}

static struct reconcile_found find(const char *number, const char *supplier, int level, int64_t now)
{
    struct reconcile_cfg c = {.store = k.s, .level = level, .now = now};
    struct reconcile_item item = {
        .number = str_z(number), .supplier = str_z(supplier), .listed = 1};
    struct reconcile_found f;
    struct err e = ERR_INIT;

    if (reconcile_find(&f, &c, &item, a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return f;
}

static void sent(unsigned n, const char *invoice, const char *sender)
{
    int64_t row = add(n, invoice, sender);
    struct out_claim c;

    do
        c = kit_claim(&k, T + 50 + n);
    while (c.row != row);
    assert_int_equal(kit_end(&k, kit_begin(&k, &c, n, T + 51 + n), ATTEMPT_ANSWERED, OUT_RECEIPTED,
                         0, T + 52 + n),
        OUT_RECEIPTED);
}

/* One document in each class; the words are those of the interface. */
static void each_number_gets_its_exact_class(void **state)
{
    struct err e = ERR_INIT, why = kit_why(ERR_PEER, "participant.not-registered");
    struct out_new rejected = kit_out(9, T);
    struct out_added added;
    struct out_claim c;
    int64_t row;

    (void)state;
    sent(1, "SENT", "s");
    (void)add(2, "MAYBE", "s");
    c = kit_claim(&k, T + 60);
    (void)kit_end(&k, kit_begin(&k, &c, 2, T + 3), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + 10000, T + 4);
    (void)add(3, "NO", "s");
    c = kit_claim(&k, T + 60);
    assert_int_equal(store_out_refuse(k.s, &c, &why, T + 5, &e), 0);
    row = add(4, "STOPPED", "s");
    assert_int_equal(store_out_cancel(k.s, row, "me", "why", T + 6, &e), 0);
    (void)add(5, "NEW", "s");
    rejected.invoice = "BAD";
    assert_int_equal(store_out_reject(&added, k.s, &rejected, &why, &e), 0);

    assert_int_equal(find("SENT", NULL, -1, T + 10).class, RECONCILE_REACHED);
    assert_int_equal(find("SENT", NULL, PROOF_CONFIRMED, T + 10).class, RECONCILE_WAITING);
    assert_int_equal(find("MAYBE", NULL, -1, T + 10).class, RECONCILE_UNKNOWN);
    assert_int_equal(find("NO", NULL, -1, T + 10).class, RECONCILE_REFUSED);
    assert_int_equal(find("STOPPED", NULL, -1, T + 10).class, RECONCILE_CANCELLED);
    assert_int_equal(find("NEW", NULL, -1, T + 10).class, RECONCILE_WAITING);
    assert_int_equal(find("NEW", NULL, -1, T + 400ll * 86400000).class, RECONCILE_LATE);
    assert_int_equal(find("BAD", NULL, -1, T + 10).class, RECONCILE_REJECTED);
    assert_int_equal(find("NEVER", NULL, -1, T + 10).class, RECONCILE_NEVER);
    assert_int_equal(find("sent", NULL, -1, T + 10).class, RECONCILE_NEVER); /* numbers are exact */
}

static void of_one_supplier_the_best_counts_and_doubles_are_told(void **state)
{
    struct reconcile_found f;

    (void)state;
    sent(1, "X", "iso6523-actorid-upis::0208:1");
    (void)add(2, "X", "iso6523-actorid-upis::0208:1");
    f = find("X", NULL, -1, T + 10);
    assert_int_equal(f.class, RECONCILE_REACHED);
    assert_int_equal(f.documents, 2);
    assert_int_equal(f.reached, 1);
    sent(3, "X", "iso6523-actorid-upis::0208:1");
    assert_int_equal(find("X", NULL, -1, T + 10).reached, 2);
}

static void of_several_suppliers_the_worst_counts_unless_one_is_named(void **state)
{
    (void)state;
    sent(1, "X", "iso6523-actorid-upis::0208:1");
    (void)add(2, "X", "iso6523-actorid-upis::0208:2");
    assert_int_equal(find("X", NULL, -1, T + 10).class, RECONCILE_WAITING);
    assert_int_equal(find("X", "0208:1", -1, T + 10).class, RECONCILE_REACHED);
    assert_int_equal(find("X", "0208:2", -1, T + 10).class, RECONCILE_WAITING);
    assert_int_equal(find("X", "0208:3", -1, T + 10).class, RECONCILE_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(broken_lists_are_refused_with_their_line, start, stop),
        cmocka_unit_test_setup_teardown(a_row_of_too_many_cells_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(one_column_needs_no_heading, start, stop),
        cmocka_unit_test_setup_teardown(dialects_of_spreadsheets_are_read, start, stop),
        cmocka_unit_test_setup_teardown(other_encodings_become_utf8, start, stop),
        cmocka_unit_test_setup_teardown(a_column_is_chosen_by_name_or_number, start, stop),
        cmocka_unit_test_setup_teardown(
            a_quoted_cell_may_span_lines_and_lines_are_still_counted, start, stop),
        cmocka_unit_test_setup_teardown(what_is_listed_twice_counts_once, start, stop),
        cmocka_unit_test_setup_teardown(
            a_heading_alone_expects_nothing_and_less_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(lines_without_a_number_are_counted, start, stop),
        cmocka_unit_test_setup_teardown(each_number_gets_its_exact_class, start_store, stop_store),
        cmocka_unit_test_setup_teardown(
            of_one_supplier_the_best_counts_and_doubles_are_told, start_store, stop_store),
        cmocka_unit_test_setup_teardown(
            of_several_suppliers_the_worst_counts_unless_one_is_named, start_store, stop_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
