/* The document tree: what is refused, and that nodes, names, values and lines are where the header
 * says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ap/base/buf.h"
#include "ubl/tree/tree.h"

static struct tree *parse(const char *xml)
{
    struct err e = ERR_INIT;
    struct tree *t = NULL;

    if (tree_parse(&t, str_z(xml), NULL, NULL, NULL, &e) < 0)
        fail_msg("%s: %s", e.code, e.msg);
    return t;
}

static void refused(struct str xml, const struct tree_limits *l, const char *code)
{
    struct err e = ERR_INIT;
    struct tree *t;

    assert_int_equal(tree_parse(&t, xml, NULL, l, NULL, &e), -1);
    assert_null(t);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, ERR_INPUT);
}

static void refuses_a_doctype_at_once(void **state)
{
    (void)state;
    refused(STR("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), NULL, "xml.doctype");
    refused(STR("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), NULL, "xml.doctype");
}

static void refuses_what_is_not_well_formed(void **state)
{
    (void)state;
    refused(STR(""), NULL, "xml.malformed");
    refused(STR("<a>"), NULL, "xml.malformed");
    refused(STR("<a></b>"), NULL, "xml.malformed");
    refused(STR("<a>&undefined;</a>"), NULL, "xml.malformed");
    refused(STR("<p:a/>"), NULL, "xml.malformed");
    refused(STR("<a/><b/>"), NULL, "xml.malformed");
    refused(STR("<a b='1' b='2'/>"), NULL, "xml.malformed");
    refused(STR("\x01"), NULL, "xml.malformed");
}

static void holds_its_limits(void **state)
{
    const struct tree_limits l = {
        .bytes = 1 << 20, .attr_bytes = 10, .depth = 3, .attributes = 2, .names = 5, .nodes = 20};
    struct buf b;

    (void)state;
    refused(STR("<a><a><a><a/></a></a></a>"), &l, "xml.limit");
    refused(STR("<a x='1' y='2' z='3'/>"), &l, "xml.limit");
    refused(STR("<a x='12345678901'/>"), &l, "xml.limit");
    refused(STR("<a><b/><c/><d/><e/><f/></a>"), &l, "xml.limit");
    refused(
        STR("<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>"),
        &l, "xml.limit");
    buf_init(&b, 8 << 20);
    for (int i = 0; i < 300; i++)
        buf_puts(&b, "<a>");
    refused(buf_view(&b), NULL, "xml.limit");
    buf_clear(&b);
    buf_puts(&b, "<a");
    for (int i = 0; i < 100000; i++)
        buf_printf(&b, " a%d=''", i);
    buf_puts(&b, "/>");
    refused(buf_view(&b), NULL, "xml.limit");
    buf_free(&b);
}

/* libxml2 compares each attribute with each: a million of them must be counted before it does. */
static void a_million_attributes_are_refused_before_libxml2_compares_them(void **state)
{
    const struct tree_limits two = {
        .bytes = 1000, .attr_bytes = 100, .depth = 9, .attributes = 2, .names = 99, .nodes = 99};
    struct buf b;

    (void)state;
    buf_init(&b, 32 << 20);
    buf_puts(&b, "<a");
    for (unsigned i = 0; i < 1000000; i++)
        buf_printf(&b, " x%u='1'", i);
    buf_puts(&b, "/>");
    assert_true(buf_ok(&b));
    refused(buf_view(&b), NULL, "xml.limit");
    buf_free(&b);
    refused(STR("<a x='1' y='2' z='3'/>"), &two, "xml.limit");
    refused(STR("\xff\xfe<\0a\0 \0x\0=\0'\0'\0 \0y\0=\0'\0'\0 \0z\0=\0'\0'\0/\0>\0"), &two,
        "xml.limit");
    refused(STR("<?xml version='1.0' encoding='UTF-7'?><a/>"), NULL, "xml.encoding");
}

static void equals_signs_elsewhere_are_no_attributes(void **state)
{
    const struct tree_limits two = {
        .bytes = 1000, .attr_bytes = 100, .depth = 9, .attributes = 2, .names = 99, .nodes = 99};
    struct err e = ERR_INIT;
    struct tree *t;

    (void)state;
    assert_int_equal(tree_parse(&t,
                         STR("<!-- <a = = = = --><?p <= = = = ?><a x='= = = =\">' y='2'>= = = "
                             "=<![CDATA[<b = = = ]]></a>"),
                         NULL, &two, NULL, &e),
        0);
    tree_free(t);
}

static void takes_an_attachment_of_more_than_ten_megabytes(void **state)
{
    const size_t size = 12u << 20;
    struct err e = ERR_INIT;
    struct tree *t;
    struct buf b;

    (void)state;
    buf_init(&b, 16 << 20);
    buf_puts(&b, "<a><b>");
    memset(buf_grow(&b, size), 'A', size);
    buf_puts(&b, "</b></a>");
    assert_int_equal(tree_parse(&t, buf_view(&b), NULL, NULL, NULL, &e), 0);
    assert_int_equal(tree_string(t, 2).n, size);
    tree_free(t);
    buf_free(&b);
}

static void nodes_are_in_document_order_with_attributes_first(void **state)
{
    struct tree *t = parse("<a x='1' y='2'>t<b/><!--c--><?p q?></a>");
    const enum tree_kind want[] = {TREE_DOCUMENT, TREE_ELEMENT, TREE_ATTRIBUTE, TREE_ATTRIBUTE,
        TREE_TEXT, TREE_ELEMENT, TREE_COMMENT, TREE_PI};

    (void)state;
    assert_int_equal(t->n, 8);
    for (uint32_t i = 0; i < t->n; i++)
        assert_int_equal(tree_kind_of(t, i), want[i]);
    assert_int_equal(t->nodes[1].end, 8);
    assert_int_equal(t->nodes[1].nattr, 2);
    assert_int_equal(tree_first_child(t, 1), 4);
    assert_int_equal(tree_next_sibling(t, 4), 5);
    assert_int_equal(tree_next_sibling(t, 7), TREE_NONE);
    assert_int_equal(tree_next_sibling(t, 2), TREE_NONE);
    assert_int_equal(tree_first_child(t, 5), TREE_NONE);
    assert_int_equal(tree_root_element(t), 1);
    assert_true(str_eqz(tree_string(t, 6), "c"));
    assert_true(str_eqz(tree_string(t, 7), "q"));
    assert_true(str_eqz(tree_local(t, 7), "p"));
    tree_free(t);
}

static void the_string_value_of_any_element_is_a_slice(void **state)
{
    struct tree *t = parse("<a>1<b>2<c x='no'>3</c><!--no--><![CDATA[<4>]]>&amp;</b>&#53;</a>");

    (void)state;
    assert_true(str_eqz(tree_string(t, 0), "123<4>&5"));
    assert_true(str_eqz(tree_string(t, 1), "123<4>&5"));
    assert_true(str_eqz(tree_string(t, 3), "23<4>&"));
    assert_true(str_eqz(tree_string(t, 5), "3"));
    tree_free(t);
}

static void attribute_values_are_decoded_and_normalized(void **state)
{
    struct tree *t = parse("<a x='&lt;&amp;&#10;\n\t'/>");

    (void)state;
    assert_true(str_eqz(tree_string(t, 2), "<&\n  "));
    tree_free(t);
}

static void names_are_interned_and_indexed(void **state)
{
    struct tree *t = parse("<a xmlns='u'><b/><p:b xmlns:p='u'/><b xmlns=''/><a b=''/></a>");
    uint32_t ub = tree_name_find(t, STR("u"), STR("b"));
    uint32_t b = tree_name_find(t, STR(""), STR("b"));

    (void)state;
    assert_int_not_equal(ub, 0);
    assert_int_not_equal(b, 0);
    assert_int_not_equal(ub, b);
    assert_int_equal(tree_name_find(t, STR("u"), STR("c")), 0);
    assert_int_equal(t->names[ub].count, 2);
    assert_int_equal(t->by_name[t->names[ub].first], 2);
    assert_int_equal(t->by_name[t->names[ub].first + 1], 3);
    assert_int_equal(t->names[b].count, 2); /* an element and an attribute */
    assert_true(str_eqz(tree_prefix(t, 3), "p"));
    tree_free(t);
}

static void namespaces_in_scope_are_found(void **state)
{
    struct tree *t = parse("<a xmlns='u' xmlns:p='v'><b xmlns='' xmlns:p='w'/><c/></a>");
    struct str uri;

    (void)state;
    assert_true(tree_ns_lookup(t, 1, STR(""), &uri) && str_eqz(uri, "u"));
    assert_false(tree_ns_lookup(t, 2, STR(""), &uri));
    assert_true(tree_ns_lookup(t, 2, STR("p"), &uri) && str_eqz(uri, "w"));
    assert_true(tree_ns_lookup(t, 3, STR("p"), &uri) && str_eqz(uri, "v"));
    assert_false(tree_ns_lookup(t, 3, STR("q"), &uri));
    tree_free(t);
}

static void lines_are_kept(void **state)
{
    struct tree *t = parse("<a>\n<b\nx='1'/>\n</a>");

    (void)state;
    assert_int_equal(t->nodes[1].line, 1);
    assert_int_equal(t->nodes[3].line, 3);
    tree_free(t);
}

static void other_encodings_become_utf8(void **state)
{
    struct tree *t = parse("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>");

    (void)state;
    assert_true(str_eqz(tree_string(t, 1), "\xC3\xA9"));
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_doctype_at_once),
        cmocka_unit_test(refuses_what_is_not_well_formed),
        cmocka_unit_test(holds_its_limits),
        cmocka_unit_test(a_million_attributes_are_refused_before_libxml2_compares_them),
        cmocka_unit_test(equals_signs_elsewhere_are_no_attributes),
        cmocka_unit_test(takes_an_attachment_of_more_than_ten_megabytes),
        cmocka_unit_test(nodes_are_in_document_order_with_attributes_first),
        cmocka_unit_test(the_string_value_of_any_element_is_a_slice),
        cmocka_unit_test(attribute_values_are_decoded_and_normalized),
        cmocka_unit_test(names_are_interned_and_indexed),
        cmocka_unit_test(namespaces_in_scope_are_found),
        cmocka_unit_test(lines_are_kept),
        cmocka_unit_test(other_encodings_become_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
