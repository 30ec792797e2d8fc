#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "ap/xml/xml.h"

static struct arena *a;
static struct err e;

static int setup(void **state)
{
    (void)state;
    xml_init();
    return 0;
}
static int begin(void **state)
{
    (void)state;
    a = arena_new(4 << 20);
    memset(&e, 0, sizeof(e));
    return a ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static xmlDoc *parsed(const char *text)
{
    xmlDoc *d = NULL;

    if (xml_parse(&d, a, text, strlen(text), NULL, &e))
        fail_msg("%s: %s", text, e.msg);
    return d;
}
static void refused(const char *text, size_t n, const char *code)
{
    xmlDoc *d = NULL;
    struct timespec from, to;

    memset(&e, 0, sizeof(e));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    if (xml_parse(&d, a, text, n, NULL, &e) == 0)
        fail_msg("taken: %.100s", text);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    if (strcmp(e.code, code) != 0)
        fail_msg("%.100s: %s %s", text, e.code, e.msg);
    assert_int_equal(e.class, ERR_INPUT);
    assert_true(to.tv_sec - from.tv_sec <= 1);
}

/*= RELIABILITY X1 "refused at first DOCTYPE; no fetch ever" */
static void doctype_is_refused_whatever_it_holds(void **state)
{
    static const char *const bad[] = {"<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> %p;]><a/>",
        "<!DOCTYPE a [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>]><a>&c;</a>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
        "<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE a>\n<a/>"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        refused(bad[i], strlen(bad[i]), "xml.doctype");
}

static void text_that_is_not_well_formed_is_refused(void **state)
{
    static const char *const bad[] = {"", " ", "x", "<a>", "<a></b>", "<a/><b/>", "<a b=c/>",
        "<a b='1' b='2'/>", "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", "<p:a/>",
        "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>\x01</a>", "<a>\xc3\x28</a>", "<a>\xed\xa0\x80</a>",
        "<a>\xc0\xaf</a>", "\xef\xbb\xbf\xef\xbb\xbf<a/>", "<a><!-- -- --></a>", "<a>]]></a>",
        "<a b='<'/>"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        refused(bad[i], strlen(bad[i]), "xml.malformed");
    refused("<a>\0</a>", 8, "xml.malformed");
    refused(NULL, 0, "xml.malformed");
}

/*= RELIABILITY X3 "one reading everywhere" */
static void other_encodings_are_refused(void **state)
{
    static const char *const bad[] = {"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        "<?xml version='1.0' encoding = \"UTF-16\" ?><a/>",
        "<?xml version='1.0' encoding='UTF-7'?><a/>", "<?xml version='1.0' encoding='IBM037'?><a/>",
        "\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?><a/>", "\xff\xfe<\0a\0/\0>\0",
        "\xfe\xff\0<\0a\0/\0>"};
    static const char utf16[] = {'<', 0, 'a', 0, '/', 0, '>', 0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        refused(bad[i], i < 5 ? strlen(bad[i]) : 10, "xml.encoding");
    refused(utf16, sizeof(utf16), "xml.encoding");
    (void)parsed("<?xml version='1.0' encoding='utf-8' standalone='yes'?><a>\xc3\xa9</a>");
    (void)parsed("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>");
    (void)parsed("<?xml version='1.0'?><a encoding='x'/>");
}

/* ---- limits, and that passing them is cheap ---- */

static struct buf text;

/* `piece` with each %d as the number */
static void add(const char *piece, int i)
{
    for (; *piece; piece++)
        if (piece[0] == '%' && piece[1] == 'd') {
            buf_printf(&text, "%d", i);
            piece++;
        } else {
            buf_putc(&text, *piece);
        }
}

static const char *repeat(const char *head, const char *piece, int n, const char *tail)
{
    buf_free(&text);
    buf_init(&text, 4 << 20);
    buf_puts(&text, head);
    for (int i = 0; i < n; i++)
        add(piece, i);
    buf_puts(&text, tail);
    return text.p;
}

/*= RELIABILITY X2 "caps; time < 1 s" */
static void floods_are_refused_early(void **state)
{
    (void)state;
    (void)repeat("", "<a>", 100000, "");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<a", " a%d='%d'", 60000, "/>"); /* quadratic in libxml2 */
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<a", " xmlns:n%d='%d'", 40000, "/>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<a", " a%d='%d'", 65, "/>");
    refused(text.p, text.n, "xml.limit");
    /* a quote that is none must not hide them */
    (void)repeat("<r><!-- don't --><a", " a%d='%d'", 60000, "/></r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r><![CDATA[\"<]]><?p ' ?>it's<a", " a%d='%d'", 60000, "/></r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r>", "<a/>", 20000, "</r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r>", "<!---->", 20000, "</r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r>", "<?p?>", 20000, "</r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r>", "<a>", 64, "");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("<r>", "xxxxxxxxxx", 110000, "</r>");
    refused(text.p, text.n, "xml.limit");
    (void)repeat("", "<a xmlns:b='1' xmlns:c='2' xmlns:d='3' xmlns:e='4' xmlns:f='5'>", 60, "");
    refused(text.p, text.n, "xml.limit"); /* 300 in scope */
    buf_free(&text);
}

static void what_keeps_the_limits_is_read(void **state)
{
    (void)state;
    (void)parsed(repeat("<a", " a%d='%d'", 64, "/>"));
    (void)parsed(repeat("<r>", "<a/>", 19999, "</r>"));
    (void)parsed(repeat(
        "<r>", "<a xmlns:b='1' xmlns:c='2' xmlns:d='3' xmlns:e='4'><b:x/></a>", 5000, "</r>"));
    /* '=' and '<' where they are no attributes */
    (void)parsed(repeat("<a b='", "=x=", 1000, "'/>"));
    (void)parsed(repeat("<a>", "a=b ", 1000, "</a>"));
    (void)parsed(repeat("<a><!-- it's <b ", "a=b ", 1000, "--><![CDATA[<c ' =]]></a>"));
    (void)parsed(repeat("<a b='>", "=x=", 1000, "'>\"</a>"));
    buf_free(&text);
}

/* ---- reading ---- */

static void text_with_comments_is_joined(void **state)
{
    struct str s;
    xmlDoc *d = parsed("<a> 12<!-- x -->34<?p i?><![CDATA[5<6]]>&amp;\n</a>");

    (void)state;
    assert_int_equal(xml_text(&s, a, xmlDocGetRootElement(d), &e), 0);
    assert_string_equal(s.p, " 12345<6&\n");
    assert_int_equal(xml_text_trim(&s, a, xmlDocGetRootElement(d), &e), 0);
    assert_string_equal(s.p, "12345<6&");
    d = parsed("<a>1<b/>2</a>");
    assert_int_equal(xml_text(&s, a, xmlDocGetRootElement(d), &e), -1);
    assert_string_equal(e.code, "xml.mixed");
}

static void children_are_found_by_name_and_namespace(void **state)
{
    xmlDoc *d = parsed("<a xmlns='u' xmlns:p='v'> <b/><!-- --><p:b/><b x='1' p:x='2'/><c/></a>");
    xmlNode *r = xmlDocGetRootElement(d), *b = xml_child(r, "u", "b"), *n = NULL;
    struct str s;

    (void)state;
    assert_non_null(b);
    assert_true(xml_is(xml_next_element(b), "v", "b"));
    assert_null(xml_child(r, NULL, "b"));
    assert_null(xml_child(r, "u", "B"));
    assert_int_equal(xml_only_child(&n, r, "u", "b", &e), -1);
    assert_string_equal(e.code, "xml.repeated");
    assert_int_equal(xml_only_child(&n, r, "u", "d", &e), -1);
    assert_string_equal(e.code, "xml.missing");
    assert_int_equal(xml_only_child(&n, r, "v", "b", &e), 0);
    b = xml_next(b, "u", "b");
    assert_int_equal(xml_attr(&s, a, b, NULL, "x", &e), 0);
    assert_string_equal(s.p, "1");
    assert_int_equal(xml_attr(&s, a, b, "v", "x", &e), 0);
    assert_string_equal(s.p, "2");
    assert_int_equal(xml_attr(&s, a, b, "u", "x", &e), 0);
    assert_null(s.p);
}

#define WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
/*= RELIABILITY X4 "duplicate wsu:Id/Id/xml:id: refused" */
static void ids_are_unique_over_their_three_spellings(void **state)
{
    static const char *const bad[] = {"<a Id='x'><b Id='x'/></a>",
        "<a xmlns:w='" WSU "' w:Id='x' Id='x'/>",
        "<a xmlns:w='" WSU "'><b w:Id='x'/><c xml:id='x'/></a>",
        "<a xml:id='x'><b xml:id='x'/></a>"};
    xmlDoc *d;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(xml_ids_register(parsed(bad[i]), &e), -1);
        assert_string_equal(e.code, "xml.duplicate-id");
    }
    d = parsed("<a xmlns:w='" WSU
               "' xmlns:o='urn:o' Id='1'><b w:Id='2' o:Id='1' id='1' ID='2'/><c xml:id='c3'/></a>");
    assert_int_equal(xml_ids_register(d, &e), 0);
    assert_int_equal(xml_ids_register(d, &e), 0); /* a second time changes nothing */
    assert_string_equal((const char *)xml_by_id(d, "1")->name, "a");
    assert_string_equal((const char *)xml_by_id(d, "2")->name, "b");
    assert_string_equal((const char *)xml_by_id(d, "c3")->name, "c");
    assert_null(xml_by_id(d, "3"));
    d = parsed("<a Id=''><b Id=''/></a>"); /* no ids: nothing can refer to them */
    assert_int_equal(xml_ids_register(d, &e), 0);
    assert_null(xml_by_id(d, ""));
}

/* ---- canonical form ---- */

static void canonical(const char *in, char *const *prefixes, const char *want)
{
    xmlDoc *d = parsed(in);
    xmlNode *n;
    struct buf b;

    buf_init(&b, 1 << 20);
    assert_int_equal(xml_ids_register(d, &e), 0);
    n = xml_by_id(d, "t");
    assert_non_null(n);
    assert_int_equal(xml_c14n(&b, n, XML_C14N_EXC, prefixes, &e), 0);
    assert_string_equal(b.p, want);
    buf_free(&b);
}

/* Exclusive XML Canonicalization 1.0, 2.2 and 3. */
static void exclusive_form_of_a_subtree(void **state)
{
    static char p_s[] = "s", p_def[] = "#default", p_none[] = "none";
    char *const s[] = {p_s, NULL}, *const def[] = {p_def, p_none, NULL};

    (void)state;
    canonical("<n0:local xmlns:n0='foo:bar' xmlns:n3='ftp://example.org'><n1:elem2 Id='t' "
              "xmlns:n1='http://example.net' xml:lang='en'><n3:stuff xmlns:n3='ftp://example.org'/>"
              "</n1:elem2></n0:local>",
        NULL,
        "<n1:elem2 xmlns:n1=\"http://example.net\" Id=\"t\" xml:lang=\"en\">"
        "<n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>");
    canonical("<s:a xmlns:s='urn:s' xmlns='urn:d'><b Id='t'/></s:a>", s,
        "<b xmlns=\"urn:d\" xmlns:s=\"urn:s\" Id=\"t\"></b>");
    canonical("<a xmlns='urn:d'><p:b xmlns:p='urn:p' Id='t'><c xmlns=''/></p:b></a>", def,
        "<p:b xmlns=\"urn:d\" xmlns:p=\"urn:p\" Id=\"t\"><c xmlns=\"\"></c></p:b>");
    canonical("<b Id='t' z='1' a='2' xmlns:y='urn:a' xmlns:x='urn:b' y:q='3' x:b='4'/>", NULL,
        "<b xmlns:x=\"urn:b\" xmlns:y=\"urn:a\" Id=\"t\" a=\"2\" z=\"1\" y:q=\"3\" x:b=\"4\"></b>");
    canonical("<b Id='t' v='&#9;&#10;&#13;&quot;&lt;&gt;&amp;'>&#13;&lt;&gt;&amp;\"'<!-- c --><?p  "
              "d ?><![CDATA[<]]></b>",
        NULL,
        "<b Id=\"t\" v=\"&#x9;&#xA;&#xD;&quot;&lt;>&amp;\">&#xD;&lt;&gt;&amp;\"'<?p d ?>&lt;</b>");
    canonical("<a xmlns:p='urn:1'><b Id='t'><p:c><p:d xmlns:p='urn:2'><p:e "
              "xmlns:p='urn:1'/></p:d></p:c><p:f/></b></a>",
        NULL,
        "<b Id=\"t\"><p:c xmlns:p=\"urn:1\"><p:d xmlns:p=\"urn:2\"><p:e "
        "xmlns:p=\"urn:1\"></p:e></p:d></p:c>"
        "<p:f xmlns:p=\"urn:1\"></p:f></b>");
}

static void namespace_that_libxml2_would_write_wrongly_is_not_canonicalised(void **state)
{
    xmlDoc *d = parsed("<a xmlns='urn:a&amp;b'/>");
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    assert_int_equal(xml_c14n(&b, xmlDocGetRootElement(d), XML_C14N_EXC, NULL, &e), -1);
    assert_string_equal(e.code, "xml.c14n");
    buf_free(&b);
}

static void whole_document_keeps_its_outer_processing_instructions(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    assert_int_equal(
        xml_c14n_doc(&b, parsed("<?p a?>\n<!-- c --><a  b='1'/>\n<?q?>"), XML_C14N_EXC, &e), 0);
    assert_string_equal(b.p, "<?p a?>\n<a b=\"1\"></a>\n<?q?>");
    buf_free(&b);
    buf_init(&b, 8); /* no room */
    assert_int_equal(xml_c14n_doc(&b, parsed("<aaaaaaaaaaaaaaaaa/>"), XML_C14N_EXC, &e), -1);
    assert_string_equal(e.code, "memory.exhausted");
    buf_free(&b);
}

static void built_tree_is_written_as_one_line_of_utf8(void **state)
{
    xmlDoc *d;
    xmlNode *r, *n;
    struct buf b;

    (void)state;
    assert_int_equal(xml_new(&d, a, &e), 0);
    r = xmlNewDocNode(d, NULL, BAD_CAST "r", NULL);
    (void)xmlDocSetRootElement(d, r);
    n = xml_add_text(r, xmlNewNs(r, BAD_CAST "urn:x", BAD_CAST "x"), "t", STR("a<b & \xc3\xa9"));
    assert_non_null(n);
    assert_int_equal(xml_set(n, NULL, "k", "\"1\""), 0);
    assert_non_null(xml_add(r, NULL, "e"));
    buf_init(&b, 1024);
    assert_int_equal(xml_write(&b, d, &e), 0);
    assert_string_equal(b.p,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r xmlns:x=\"urn:x\"><x:t "
        "k=\"&quot;1&quot;\">a&lt;b &amp; \xc3\xa9</x:t><e/></r>\n");
    buf_free(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest t[] = {
        T(doctype_is_refused_whatever_it_holds),
        T(text_that_is_not_well_formed_is_refused),
        T(other_encodings_are_refused),
        T(floods_are_refused_early),
        T(what_keeps_the_limits_is_read),
        T(text_with_comments_is_joined),
        T(children_are_found_by_name_and_namespace),
        T(ids_are_unique_over_their_three_spellings),
        T(exclusive_form_of_a_subtree),
        T(namespace_that_libxml2_would_write_wrongly_is_not_canonicalised),
        T(whole_document_keeps_its_outer_processing_instructions),
        T(built_tree_is_written_as_one_line_of_utf8),
    };
    return cmocka_run_group_tests(t, setup, NULL);
}
