#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "ap/xml/xml_stream.h"

struct seen {
    char log[4096];
    size_t n;
};

static void put(struct seen *s, const char *p, size_t n)
{
    if (n > sizeof(s->log) - 1 - s->n)
        n = sizeof(s->log) - 1 - s->n;
    memcpy(s->log + s->n, p, n);
    s->n += n;
    s->log[s->n] = '\0';
}

static int on_start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    (void)e;
    put(ctx, "<", 1);
    put(ctx, t->local, strlen(t->local));
    for (size_t i = 0; i < t->nattr; i++) {
        put(ctx, " ", 1);
        put(ctx, t->attr[i].local, strlen(t->attr[i].local));
        put(ctx, "=", 1);
        put(ctx, t->attr[i].value.p, t->attr[i].value.n);
    }
    return 0;
}

static int on_end(void *ctx, unsigned depth, struct err *e)
{
    (void)e;
    (void)depth;
    put(ctx, ">", 1);
    return 0;
}

static int on_text(void *ctx, struct str s, struct err *e)
{
    (void)e;
    put(ctx, s.p, s.n);
    return 0;
}

static struct seen seen;
static struct xml_stream_layout lay;
static struct err err;
static struct spool tmp;

static int run(const void *p, size_t n)
{
    struct xml_stream_handler h = {on_start, on_end, on_text, &seen};
    struct blob b = blob_mem(p, n);

    memset(&seen, 0, sizeof(seen));
    memset(&err, 0, sizeof(err));
    spool_free(&tmp);
    spool_init(&tmp, -1, 0, 1 << 20);
    return xml_stream(&lay, &tmp, &b, &h, &err);
}

static int run_z(const char *z)
{
    return run(z, strlen(z));
}

static void refused(const char *z, const char *code)
{
    assert_int_equal(run_z(z), -1);
    assert_string_equal(err.code, code);
    assert_int_equal(err.class, ERR_INPUT);
}

static void assert_range(struct xml_stream_range r, const char *want)
{
    struct buf b;
    struct blob part = blob_sub(lay.utf8, r.begin, r.end - r.begin);

    buf_init(&b, 1 << 20);
    assert_int_equal(blob_load(&b, &part, &err), 0);
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    refused("", "xml.malformed");
    refused("abc", "xml.malformed");
    refused("<a>", "xml.malformed");
    refused("<a></b>", "xml.malformed");
    refused("<a/><b/>", "xml.malformed");
    refused("<a b='1' b='2'/>", "xml.malformed");
    refused("<a>&nbsp;</a>", "xml.malformed");
    refused("<p:a/>", "xml.malformed"); /* undeclared prefix */
    refused("<a p:b='1'/>", "xml.malformed");
    refused("<a><!ELEMENT x></a>", "xml.malformed");
    refused("<a>\xff</a>", "xml.malformed");
    refused("<a>\x01</a>", "xml.malformed");
    refused("<a><!-- -- --></a>", "xml.malformed");
    refused("<?xml version='1.1'?><a/>", "xml.malformed");
    refused("<?xml encoding='UTF-8'?><a/>", "xml.malformed");
    refused("<a/>trailing", "xml.malformed");
}

static void a_doctype_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    refused("<!DOCTYPE a><a/>", "xml.doctype");
    refused(
        "<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "xml.doctype");
}

static void nesting_attributes_and_tags_have_limits(void **state)
{
    char *big = calloc(1, 4u << 20);
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 300; i++, n += 3)
        memcpy(big + n, "<a>", 3);
    for (int i = 0; i < 300; i++, n += 4)
        memcpy(big + n, "</a>", 4);
    assert_int_equal(run(big, n), -1);
    assert_string_equal(err.code, "xml.limit");

    n = (size_t)snprintf(big, 4u << 20, "<a ");
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(big + n, (4u << 20) - n, "b%d='' ", i);
    n += (size_t)snprintf(big + n, (4u << 20) - n, "/>");
    assert_int_equal(run(big, n), -1);
    assert_string_equal(err.code, "xml.limit");

    n = 0;
    for (int i = 0; i < 150; i++)
        n += (size_t)snprintf(big + n, (4u << 20) - n, "<a xmlns:p%d='u' xmlns:q%d='u'>", i, i);
    assert_int_equal(run(big, n), -1);
    assert_string_equal(err.code, "xml.limit");

    memset(big, 'x', 3u << 20);
    memcpy(big, "<!--", 4);
    memcpy(big + (3u << 20), "--><a/>", 7);
    assert_int_equal(run(big, (3u << 20) + 7), -1);
    assert_string_equal(err.code, "xml.limit");
    free(big);
}

static void ranges_of_root_and_children_are_exact(void **state)
{
    (void)state;
    assert_int_equal(run_z("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                           "<!-- <r> --><?pi <x> ?>\n<r a='>' b=\"'>\"> <c1 d='/'/ ><c2/></r>"),
        -1);
    assert_int_equal(
        run_z("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- <r> --><?pi <x> ?>\n"
              "<r a='>' b=\"'>\"><!--<c0/>--> <c1 d='/'/><![CDATA[<c9>]]]]><c2><x/><c2/></c2 >"
              "</r ><!-- </r> -->\n"),
        0);
    assert_range(lay.root, "<r a='>' b=\"'>\"><!--<c0/>--> <c1 d='/'/><![CDATA[<c9>]]]]>"
                           "<c2><x/><c2/></c2 ></r >");
    assert_int_equal(lay.nchildren, 2);
    assert_range(lay.child[0], "<c1 d='/'/>");
    assert_range(lay.child[1], "<c2><x/><c2/></c2 >");
    assert_int_equal(run_z("<r/>"), 0);
    assert_range(lay.root, "<r/>");
    assert_int_equal(lay.nchildren, 0);
}

static void events_carry_expanded_values(void **state)
{
    (void)state;
    assert_int_equal(run_z("<r a='x&amp;&#65;&lt;'>1&amp;2<![CDATA[<3>]]>&#x34;<s/></r>"), 0);
    assert_string_equal(seen.log, "<r a=x&A<1&2<3>4<s>>");
}

static void other_encodings_are_read_as_utf_8(void **state)
{
    static const char utf16[] = "\xff\xfe<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0'\0001\0.\0000"
                                "\0'\0 \0e\0n\0c\0o\0d\0i\0n\0g\0=\0'\0U\0T\0F\0-\0001\0006\0'\0?"
                                "\0>\0<\0a\0>\0\xe4\0<\0/\0a\0>\0";
    (void)state;
    assert_int_equal(run_z("<?xml version='1.0' encoding='iso-8859-1'?><a b='\xe9'>\xe4</a>"), 0);
    assert_string_equal(seen.log, "<a b=\xc3\xa9\xc3\xa4>");
    assert_range(lay.root, "<a b='\xc3\xa9'>\xc3\xa4</a>");
    assert_int_equal(run(utf16, sizeof(utf16) - 1), 0);
    assert_range(lay.root, "<a>\xc3\xa4</a>");
    refused("<?xml version='1.0' encoding='UTF-7'?><a/>", "xml.encoding");
    refused("<?xml version='1.0' encoding='UTF-16'?><a/>", "xml.encoding");
    refused("\xEF\xBB\xBF<?xml version='1.0' encoding='latin1'?><a/>", "xml.encoding");
    assert_int_equal(run(utf16, sizeof(utf16) - 2), -1);
    assert_string_equal(err.code, "xml.encoding");
}

static int feed_big(void *ctx, const void *p, size_t n, struct err *e)
{
    return spool_write(ctx, p, n, e);
}

/* 40 MB in one text node, beyond libxml2's usual 10 MB. */
static void text_of_any_size_streams(void **state)
{
    struct spool big;
    struct sink s = {feed_big, &big};
    struct blob b;
    struct xml_stream_handler h = {0};
    char *mb = malloc(1 << 20);
    (void)state;
    memset(mb, 'A', 1 << 20);
    spool_init(&big, -1, 0, 64u << 20);
    assert_int_equal(sink_write(&s, "<a><b>", 6, &err), 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(sink_write(&s, mb, 1 << 20, &err), 0);
    assert_int_equal(sink_write(&s, "</b></a>", 8, &err), 0);
    b = spool_blob(&big);
    spool_free(&tmp);
    spool_init(&tmp, -1, 0, 10);
    assert_int_equal(xml_stream(&lay, &tmp, &b, &h, &err), 0);
    assert_int_equal(lay.root.end, b.len);
    assert_int_equal(lay.child[0].end, b.len - 4);
    spool_free(&big);
    free(mb);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(a_doctype_is_refused_wherever_it_stands),
        cmocka_unit_test(nesting_attributes_and_tags_have_limits),
        cmocka_unit_test(ranges_of_root_and_children_are_exact),
        cmocka_unit_test(events_carry_expanded_values),
        cmocka_unit_test(other_encodings_are_read_as_utf_8),
        cmocka_unit_test(text_of_any_size_streams),
    };
    int rc;

    xml_init();
    spool_init(&tmp, -1, 0, 1 << 20);
    rc = cmocka_run_group_tests(t, NULL, NULL);
    spool_free(&tmp);
    return rc;
}
