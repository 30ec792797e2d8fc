/* Loading and running rule sets: what is refused, and what raw Schematron means. The compiled form
 * is tested on an official stylesheet, changed in one place at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/schematron/schematron.h"

#define SCHEMA_OPEN "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'>\n"
#define SCHEMA(body) SCHEMA_OPEN body "</schema>"

static struct err e;

static struct sch *load_at(const char *source, const char *path, const char *phase)
{
    const struct sch_options opt = {.phase = phase};
    struct sch *s;

    memset(&e, 0, sizeof(e));
    return sch_load_bytes(&s, str_z(source), path, "rules", &opt, &e) ? NULL : s;
}

static struct sch *load(const char *source)
{
    return load_at(source, "rules.sch", NULL);
}

/* The source must not load; the message names the line and says why. */
static void refused(const char *source, const char *line, const char *why)
{
    struct sch *s = load(source);

    if (s)
        fail_msg("loaded: %s", source);
    assert_int_equal(e.class, ERR_INPUT);
    if (!strstr(e.msg, line) || !strstr(e.msg, why))
        fail_msg("\"%s\" does not tell \"%s\" and \"%s\"", e.msg, line, why);
}

/* Run over a document; the findings as "id@line:text|…", or "CODE" when the rules stopped. */
static char *run_opt(struct sch *s, const char *doc, const struct sch_run_options *o)
{
    static char out[8192];
    struct arena *a = arena_new(1 << 26);
    struct sch_result r;
    struct xp_ctx *c;
    struct tree *t;
    struct buf b;

    if (!s)
        fail_msg("%s", e.msg);
    buf_init(&b, sizeof(out) - 1);
    assert_int_equal(xp_ctx_new(&c, NULL, &e), 0);
    assert_int_equal(tree_parse(&t, str_z(doc), NULL, NULL, NULL, &e), 0);
    assert_int_equal(sch_run(&r, s, c, t, NULL, o, a, &e), 0);
    for (uint32_t i = 0; i < r.n; i++)
        buf_printf(&b, "%s%.*s@%u:%.*s", i ? "|" : "", STR_FMT(r.findings[i].id),
            r.findings[i].line, STR_FMT(r.findings[i].text));
    if (r.stopped)
        buf_puts(&b, r.error.code);
    (void)snprintf(out, sizeof(out), "%.*s", STR_FMT(buf_view(&b)));
    buf_free(&b);
    tree_free(t);
    xp_ctx_free(c);
    arena_free(a);
    return out;
}

static char *run(const char *source, const char *doc)
{
    struct sch *s = load(source);
    char *out = run_opt(s, doc, NULL);

    sch_free(s);
    return out;
}

/* ---- refused, raw ---- */

static void what_is_no_rule_set_is_refused(void **state)
{
    (void)state;
    assert_null(load("<schema"));
    assert_string_equal(e.code, "xml.malformed");
    assert_null(load("<!DOCTYPE schema []><schema/>"));
    assert_string_equal(e.code, "xml.doctype");
    refused("<a/>", ":1:", "neither");
    refused("<schema xmlns='http://purl.oclc.org/dsdl/schematron'/>", ":1:", "queryBinding");
    refused("<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='exslt'/>",
        ":1:", "queryBinding");
}

static void unknown_constructs_are_refused_with_their_line(void **state)
{
    (void)state;
    refused(SCHEMA("<rule context='a'/>"), ":2:", "rule");
    refused(SCHEMA("\n<pattern><assert test='1'/></pattern>"), ":3:", "assert");
    refused(
        SCHEMA("<pattern><rule context='a'><x:y xmlns:x='u'/></rule></pattern>"), ":2:", "{u}y");
    refused(SCHEMA("<pattern><rule context='a'><assert test='1' subject='.'/></rule></pattern>"),
        ":2:", "subject");
    refused(SCHEMA("<pattern><rule context='a'><assert test='1'><b/></assert></rule></pattern>"),
        ":2:", "message");
    refused(SCHEMA("<pattern><rule context='a'>\n<assert/></rule></pattern>"), ":3:", "no test");
    refused(SCHEMA("<pattern><rule><assert test='1'/></rule></pattern>"), ":2:", "no context");
    refused(SCHEMA("<pattern documents='x'/>"), ":2:", "documents");
    refused(SCHEMA("<ns prefix='a' uri='1'/><ns prefix='a' uri='2'/>"), ":2:", "two namespaces");
    refused(SCHEMA("<xsl:variable xmlns:xsl='http://www.w3.org/1999/XSL/Transform' name='x' "
                   "select='1'/>"),
        ":2:", "variable");
    refused(SCHEMA("<xsl:function xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:f='f' "
                   "name='f:x'><xsl:copy-of select='.'/></xsl:function>"),
        ":2:", "copy-of");
}

static void wrong_expressions_are_refused_with_their_line(void **state)
{
    (void)state;
    refused(
        SCHEMA("<pattern><rule context='a'>\n\n<assert test='1 +'/></rule></pattern>"), ":4:", "");
    assert_string_equal(e.code, "XPST0003");
    refused(SCHEMA("<pattern><rule context='a['><assert test='1'/></rule></pattern>"), ":2:", "");
    refused(SCHEMA("<pattern><rule context='a'><assert test='$no'/></rule></pattern>"), ":2:", "");
    assert_string_equal(e.code, "XPST0008");
    refused(SCHEMA("<pattern><rule context='a'><assert test='nothing()'/></rule></pattern>"),
        ":2:", "");
    assert_string_equal(e.code, "XPST0017");
    refused(SCHEMA("<pattern><rule context='p:a'><assert test='1'/></rule></pattern>"), ":2:", "");
    refused(SCHEMA("<pattern><rule context='a'><assert test='1'>"
                   "<value-of select='('/></assert></rule></pattern>"),
        ":2:", "");
}

static void broken_references_are_refused(void **state)
{
    (void)state;
    refused(SCHEMA("<pattern is-a='none'/>"), ":2:", "abstract pattern");
    refused(SCHEMA("<pattern><rule context='a'><extends rule='none'/></rule></pattern>"),
        ":2:", "abstract rule");
    refused(SCHEMA("<pattern><rule abstract='true' id='r'><extends rule='r'/></rule>"
                   "<rule context='a'><extends rule='r'/></rule></pattern>"),
        ":2:", "circle");
    refused(
        SCHEMA("<pattern><rule context='a'><assert test='1' diagnostics='d'/></rule></pattern>"),
        ":2:", "diagnostic");
    refused(SCHEMA("<include href='http://example.org/x.sch'/>"), ":2:", "only files");
    refused(SCHEMA("<include href='no-such-file.sch'/>"), ":2:", "");
    refused(SCHEMA("<include href='#none'/>"), ":2:", "id");
    assert_null(load_at(SCHEMA("<phase id='p'/>"), "rules.sch", "other"));
    assert_non_null(strstr(e.msg, "phase"));
}

/* ---- meaning, raw ---- */

static void the_first_matching_rule_of_a_pattern_wins(void **state)
{
    (void)state;
    assert_string_equal(run(SCHEMA("<pattern><rule context='b'><assert id='1' test='false()'>one"
                                   "</assert></rule><rule context='*'><assert id='2' "
                                   "test='false()'>two</assert></rule></pattern>"),
                            "<a>\n<b/><c/></a>"),
        "2@1:two|1@2:one|2@2:two");
}

static void patterns_come_one_after_the_other(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA("<pattern><rule context='b'><report id='1' test='true()'/></rule>"
                   "</pattern><pattern><rule context='a'><report id='2' test='true()'/>"
                   "</rule></pattern>"),
            "<a><b/></a>"),
        "1@1:|2@1:");
}

static void attributes_are_visited_before_children(void **state)
{
    (void)state;
    assert_string_equal(run(SCHEMA("<pattern><rule context='@x|b'><report id='{' test='true()'>"
                                   "<name/>=<value-of select='.'/></report></rule></pattern>"),
                            "<a x='1'><b x='2'>3</b></a>"),
        "{@1:x=1|{@1:b=3|{@1:x=2");
}

static void lets_are_lazy_and_scoped(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA(
                "<let name='bad' value='xs:date(\"x\")'/><let name='g' value='count(//b)'/>"
                "<pattern><let name='p' value='$g + 1'/><rule context='b'><let name='r' "
                "value='$p * 10'/><let name='g' value='string(.)'/><assert id='1' test='false()'>"
                "<value-of select='$g, $r'/></assert></rule></pattern>"),
            "<a><b>x</b><b>y</b></a>"),
        "1@1:x 30|1@1:y 30");
}

static void a_dynamic_error_stops_the_run(void **state)
{
    (void)state;
    assert_string_equal(run(SCHEMA("<pattern><rule context='b'><assert id='1' test='. = 1'/></rule>"
                                   "</pattern>"),
                            "<a><b>2</b><b>x</b></a>"),
        "FORG0001");
    assert_string_equal(run(SCHEMA("<p><value-of select='xs:date(.)'/></p>"), "<a/>"), "FORG0001");
}

static void texts_are_collapsed_and_keep_their_expressions(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA(
                "<pattern><rule context='a'><assert id='i' test='false()'>\n  The <emph>sum</emph>"
                " of <name path='b[1]'/> is <value-of select='b'/>.\n</assert></rule></pattern>"),
            "<a><b>1</b><b>2</b></a>"),
        "i@1:The sum of b is 1 2.");
}

/* The three below: what Saxon makes of the skeleton's output (make parity,
 * tests/parity/schemas.py). */
static void adjacent_text_nodes_are_one_value(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA("<pattern><rule context='a'><assert id='i' test='false()'><value-of "
                   "select='.//text()'/>|<value-of select='b'/>|<value-of select=\"b/text(), 1, "
                   "'x'\"/></assert></rule></pattern>"),
            "<a><b>1</b><b>2</b></a>"),
        "i@1:12|1 2|12 1 x");
}

static void marked_words_and_comments_add_no_space(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA("<pattern><rule context='a'><assert id='i' test='false()'>x<emph>y</emph><dir>z"
                   "</dir><span class='s'>0</span> <name/> <!-- kept -->.<name/> <!-- dropped --> "
                   "<name/></assert></rule></pattern>"),
            "<a/>"),
        "i@1:xyz0a .aa");
}

static void position_counts_what_the_traversal_visits(void **state)
{
    static const char doc[] = "<?p?><!-- c --><a x='1' y='2'><b/><!-- c --><b/></a>";
#define PLACE                                                                                      \
    "<assert id='i' test='false()'><value-of select='position()'/>/<value-of select='last()'/>"    \
    "</assert></rule></pattern>"

    (void)state;
    /* no parenthesis in a context: comments are visited, too; no @: attributes are not */
    assert_string_equal(run(SCHEMA("<pattern><rule context='b'>" PLACE), doc), "i@1:1/3|i@1:3/3");
    assert_string_equal(
        run(SCHEMA("<pattern><rule context='b[true()]'>" PLACE), doc), "i@1:1/2|i@1:2/2");
    assert_string_equal(
        run(SCHEMA("<pattern><rule context='b|@x'>" PLACE), doc), "i@1:1/5|i@1:3/5|i@1:5/5");
    /* beside the root stands what the built-in template goes on to */
    assert_string_equal(run(SCHEMA("<pattern><rule context='a'>" PLACE), doc), "i@1:3/3");
    assert_string_equal(run(SCHEMA("<pattern><rule context='node()[not(*)]'>" PLACE), doc),
        "i@1:1/3|i@1:2/3|i@1:1/2|i@1:2/2");
}

static void abstract_patterns_are_expanded_by_text_in_order(void **state)
{
    (void)state;
    /* $ab holds $a: the expander replaces without looking at word ends, in the order of the params
     */
    assert_string_equal(
        run(SCHEMA("<pattern abstract='true' id='t'><rule context='$ctx'><assert id='1' "
                   "test='$test'>$ctx</assert></rule></pattern>"
                   "<pattern is-a='t' id='one'><param name='ctx' value='b'/><param name='test' "
                   "value='. = 1'/><param name='test' value='true()'/></pattern>"
                   "<pattern is-a='t' id='two'><param name='test' value='$ctx2'/>"
                   "<param name='ctx' value='c'/></pattern>"),
            "<a><b>2</b><c/></a>"),
        "1@1:b|1@1:c");
}

static void abstract_rules_are_put_in_where_they_are_extended(void **state)
{
    (void)state;
    assert_string_equal(
        run(SCHEMA("<pattern><rule abstract='true' id='r'><let name='v' value='name()'/><assert "
                   "id='r' test='false()'><value-of select='$v'/></assert></rule>"
                   "<rule context='b'><assert id='1' test='false()'/><extends rule='r'/><assert "
                   "id='2' "
                   "test='false()'/></rule></pattern>"),
            "<a><b/></a>"),
        "1@1:|r@1:b|2@1:");
}

static void a_phase_chooses_patterns(void **state)
{
    const char *source = SCHEMA(
        "<phase id='p'><active pattern='two'/></phase><pattern id='one'><rule context='a'>"
        "<assert id='1' test='false()'/></rule></pattern><pattern id='two'><rule context='a'>"
        "<assert id='2' test='false()'/></rule></pattern>");
    struct sch *s = load_at(source, "x.sch", "p");

    (void)state;
    assert_string_equal(run_opt(s, "<a/>", NULL), "2@1:");
    sch_free(s);
    assert_string_equal(run(source, "<a/>"), "1@1:|2@1:");
}

static void functions_and_keys_work_in_rules(void **state)
{
    (void)state;
    assert_string_equal(
        run("<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2' "
            "xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><ns prefix='f' uri='f'/>"
            "<xsl:function name='f:twice' as='xs:integer'><xsl:param name='n' as='xs:integer'/>"
            "<xsl:variable name='two' as='xs:integer'><xsl:sequence select='2'/></xsl:variable>"
            "<xsl:choose><xsl:when test='$n lt 0'><xsl:sequence select='0'/></xsl:when>"
            "<xsl:otherwise><xsl:value-of select='$n * $two'/></xsl:otherwise></xsl:choose>"
            "</xsl:function><xsl:key name='k' match='b' use='@id'/>"
            "<pattern><rule context='c'><assert id='1' test='false()'><value-of "
            "select='f:twice(21), f:twice(-1), key(\"k\", .)'/></assert></rule></pattern></schema>",
            "<a><b id='x'>found</b><c>x</c></a>"),
        "1@1:42 0 found");
}

static void includes_are_read_beside_the_schema(void **state)
{
    char dir[] = "/tmp/sch-XXXXXX", path[128], part[128];
    FILE *f;
    struct sch *s;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/main.sch", dir);
    (void)snprintf(part, sizeof(part), "%s/part.sch", dir);
    assert_non_null(f = fopen(part, "w"));
    assert_true(fputs("<pattern xmlns='http://purl.oclc.org/dsdl/schematron'><rule context='a'>"
                      "<assert id='i' test='false()'/></rule></pattern>",
                    f) >= 0);
    (void)fclose(f);
    s = load_at(SCHEMA("<include href='part.sch'/>"), path, NULL);
    assert_string_equal(run_opt(s, "<a/>", NULL), "i@1:");
    sch_free(s);
    assert_non_null(f = fopen(part, "w"));
    assert_true(
        fputs("<include xmlns='http://purl.oclc.org/dsdl/schematron' href='part.sch'/>", f) >= 0);
    (void)fclose(f);
    assert_null(load_at(SCHEMA("<include href='part.sch'/>"), path, NULL));
    assert_non_null(strstr(e.msg, "circle"));
    (void)unlink(part);
    (void)rmdir(dir);
}

static void locations_are_those_of_the_skeleton(void **state)
{
    struct sch *s = load(SCHEMA("<ns prefix='n' uri='u'/><pattern><rule context='n:b|c|@x|/'>"
                                "<assert id='1' test='false()'/></rule></pattern>"));
    const char *doc = "<a xmlns='u'><b/><d/><b x='val ue'/><c xmlns=''/></a>";
    static const char *const want[] = {"/*:a[namespace-uri()='u'][1]",
        "/*:a[namespace-uri()='u'][1]/*:b[namespace-uri()='u'][1]",
        "/*:a[namespace-uri()='u'][1]/*:b[namespace-uri()='u'][2]", "val ue",
        "/*:a[namespace-uri()='u'][1]/c[1]"};
    struct arena *a = arena_new(1 << 24);
    struct sch_result r;
    struct xp_ctx *c;
    struct tree *t;

    (void)state;
    assert_non_null(s);
    assert_int_equal(xp_ctx_new(&c, NULL, &e), 0);
    assert_int_equal(tree_parse(&t, str_z(doc), NULL, NULL, NULL, &e), 0);
    assert_int_equal(sch_run(&r, s, c, t, NULL, NULL, a, &e), 0);
    assert_int_equal(r.n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(arena_dup(a, r.findings[i].location), want[i]);
    tree_free(t);
    xp_ctx_free(c);
    arena_free(a);
    sch_free(s);
}

static void findings_have_a_limit(void **state)
{
    const struct sch_run_options o = {.max_findings = 2};
    struct sch *s =
        load(SCHEMA("<pattern><rule context='b'><assert test='false()'/></rule></pattern>"));

    (void)state;
    assert_string_equal(run_opt(s, "<a><b/><b/></a>", &o), "@1:|@1:");
    assert_string_equal(run_opt(s, "<a><b/><b/><b/></a>", &o), "schematron.limit");
    sch_free(s);
}

/* A document decides how long a message gets: past its limit there is an error of its own, which is
 * not taken for want of memory. */
static void messages_have_a_limit(void **state)
{
    const size_t n = (size_t)17 << 20;
    struct sch *s = load(SCHEMA("<pattern><rule context='a'><report test='true()'><value-of "
                                "select='.'/></report></rule></pattern>"));
    struct buf doc;

    (void)state;
    buf_init(&doc, n + 32);
    buf_puts(&doc, "<a>");
    while (doc.n < n)
        buf_puts(&doc, "0123456789abcdef");
    buf_puts(&doc, "</a>");
    assert_string_equal(run_opt(s, doc.p, NULL), "schematron.limit");
    buf_free(&doc);
    sch_free(s);
}

static void a_rule_set_that_is_too_large_is_refused_by_name(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 16 << 20);
    buf_puts(&text, SCHEMA_OPEN "<pattern><rule context='a'>");
    for (int i = 0; i < 200000; i++)
        buf_puts(&text, "<assert test='1'/>");
    buf_puts(&text, "</rule></pattern></schema>");
    assert_null(load(text.p));
    assert_string_equal(e.code, "rules.limit");
    buf_clear(&text);
    buf_puts(&text, SCHEMA_OPEN "<pattern abstract='true' id='p'><rule context='*'><assert "
                                "test='$a0'/></rule></pattern><pattern is-a='p'>");
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "<param name='a%d' value='$a%d $a%d $a%d $a%d'/>", i, i + 1, i + 1, i + 1,
            i + 1);
    buf_puts(&text, "</pattern></schema>");
    assert_null(load(text.p));
    assert_string_equal(e.code, "rules.limit");
    buf_free(&text);
}

/* Thousands of expressions in one message: read in one go. */
static void white_space_between_the_parts_of_a_message_counts_as_before(void **state)
{
    struct buf text;

    (void)state;
    assert_string_equal(run(SCHEMA("<pattern><rule context='a'><report test='true()'> <!-- c -->x "
                                   "<!-- c --> <value-of select='1'/> <!-- c --> <value-of "
                                   "select='2'/>y <!-- c --></report></rule></pattern>"),
                            "<a/>"),
        "@1:x 12y");
    buf_init(&text, 16 << 20);
    buf_puts(&text, SCHEMA_OPEN "<pattern><rule context='a'><report test='true()'>");
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "<value-of select='()'/> <!-- c -->");
    buf_puts(&text, "z</report></rule></pattern></schema>");
    assert_string_equal(run(text.p, "<a/>"), "@1:z");
    buf_free(&text);
}

static void severities_follow_flag_then_role(void **state)
{
    struct sch_finding f = {.kind = SCH_ASSERT};

    (void)state;
    assert_true(sch_is_error(&f)); /* neither given */
    f.role = STR("warning");
    assert_true(sch_is_warning(&f) && !sch_is_error(&f));
    f.flag = STR("fatal");
    assert_true(sch_is_error(&f) && !sch_is_warning(&f));
    f.flag = STR("information");
    assert_false(sch_is_error(&f) || sch_is_warning(&f));
    f = (struct sch_finding){.kind = SCH_REPORT};
    assert_false(sch_is_error(&f));
}

/* ---- the compiled form ---- */

static struct buf official;

static bool have_official(void)
{
    const char *data = getenv("AVISO_DATA") ? getenv("AVISO_DATA") : "build/data";
    char path[4200];

    if (official.n)
        return true;
    (void)snprintf(path, sizeof(path), "%s/rules/openpeppol/2026.5/PEPPOLBIS-T71.xslt", data);
    buf_init(&official, 1 << 24);
    return fsx_read_file(&official, path, &e) == 0;
}

/* The official stylesheet with the first `from` replaced by `to`. */
static char *changed(const char *from, const char *to)
{
    static char *out;
    char *at = strstr(official.p, from);

    free(out);
    if (!at)
        fail_msg("not in the stylesheet: %s", from);
    if (asprintf(&out, "%.*s%s%s", (int)(at - official.p), official.p, to, at + strlen(from)) < 0)
        abort();
    return out;
}

static void compiled_stylesheets_load_whole(void **state)
{
    struct sch *s;
    struct sch_info f;

    (void)state;
    if (!have_official()) {
        print_message("[ SKIPPED ] compiled form: no official rules here\n");
        skip();
    }
    assert_non_null(s = load(official.p));
    f = sch_info(s);
    assert_true(f.compiled);
    assert_int_equal(f.patterns, 4);
    assert_int_equal(f.rules, 56);
    assert_int_equal(f.asserts, 59);
    sch_free(s);
}

static void changed_stylesheets_are_refused(void **state)
{
    (void)state;
    if (!have_official()) {
        print_message("[ SKIPPED ] compiled form: no official rules here\n");
        skip();
    }
    refused(
        changed("<xsl:text>*:</xsl:text>", "<xsl:text>*/</xsl:text>"), "rules.sch:", "was changed");
    refused(changed("<xsl:output", "<xsl:import href='x'/><xsl:output"), "rules.sch:", "import");
    refused(changed("<svrl:fired-rule", "<xsl:message/><svrl:fired-rule"), "rules.sch:", "message");
    refused(changed("priority=\"1001\"", "priority=\"1\""), "rules.sch:", "falling order");
    refused(
        changed("select=\"@*|*\" />\n  </xsl:template>", "select=\"node()\" />\n  </xsl:template>"),
        "rules.sch:", "traversal");
    refused(changed("<xsl:when test", "<xsl:when x='1' test"), "rules.sch:", "attribute x");
    refused(changed("version=\"2.0\"", "version=\"1.0\""), "rules.sch:", "version");
    refused(changed("<xsl:apply-templates mode=\"schematron-select-full-path\" select=\".\" />\n"
                    "          </xsl:attribute>",
                "here</xsl:attribute>"),
        "rules.sch:", "attribute");
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(what_is_no_rule_set_is_refused),
        cmocka_unit_test(unknown_constructs_are_refused_with_their_line),
        cmocka_unit_test(wrong_expressions_are_refused_with_their_line),
        cmocka_unit_test(broken_references_are_refused),
        cmocka_unit_test(the_first_matching_rule_of_a_pattern_wins),
        cmocka_unit_test(patterns_come_one_after_the_other),
        cmocka_unit_test(attributes_are_visited_before_children),
        cmocka_unit_test(lets_are_lazy_and_scoped),
        cmocka_unit_test(a_dynamic_error_stops_the_run),
        cmocka_unit_test(texts_are_collapsed_and_keep_their_expressions),
        cmocka_unit_test(adjacent_text_nodes_are_one_value),
        cmocka_unit_test(marked_words_and_comments_add_no_space),
        cmocka_unit_test(position_counts_what_the_traversal_visits),
        cmocka_unit_test(abstract_patterns_are_expanded_by_text_in_order),
        cmocka_unit_test(abstract_rules_are_put_in_where_they_are_extended),
        cmocka_unit_test(a_phase_chooses_patterns),
        cmocka_unit_test(functions_and_keys_work_in_rules),
        cmocka_unit_test(includes_are_read_beside_the_schema),
        cmocka_unit_test(locations_are_those_of_the_skeleton),
        cmocka_unit_test(findings_have_a_limit),
        cmocka_unit_test(messages_have_a_limit),
        cmocka_unit_test(a_rule_set_that_is_too_large_is_refused_by_name),
        cmocka_unit_test(white_space_between_the_parts_of_a_message_counts_as_before),
        cmocka_unit_test(severities_follow_flag_then_role),
        cmocka_unit_test(compiled_stylesheets_load_whole),
        cmocka_unit_test(changed_stylesheets_are_refused),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
