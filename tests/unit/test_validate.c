/* The catalogue (on a small data folder of our own), the pipeline and the reports. What the
 * official rules say about our documents is tests/golden/test_validate.py's part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/hash.h"
#include "ubl/report.h"
#include "ubl/rules.h"
#include "ubl/validate.h"

static struct err e;
static char dir[] = "/tmp/rules-XXXXXX";
static struct rules *rules;

static const char rules_one[] =
    "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'><ns prefix='u' "
    "uri='u'/>"
    "<pattern id='p'><title>One</title><rule context='u:n'><assert id='R1' flag='fatal' "
    "test='. castable as xs:integer' diagnostics='d'>&lt;n&gt; must be \"whole\"</assert>"
    "<report id='R2' flag='warning' test='. = \"0\"'>zero</report></rule>"
    "<rule context='u:stop'><assert id='R3' test='xs:integer(.) = 1'>one</assert></rule></pattern>"
    "<diagnostics><diagnostic id='d'>Found <value-of "
    "select='.'/>.</diagnostic></diagnostics></schema>";
static const char rules_two[] = "<schema xmlns='http://purl.oclc.org/dsdl/schematron' "
                                "queryBinding='xslt2'><ns prefix='u' uri='u'/>"
                                "<pattern><rule context='u:*'><report id='T' role='information' "
                                "test='self::u:n'>seen</report></rule>"
                                "</pattern></schema>";
static const char schema_text[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='u' "
    "elementFormDefault='qualified'><xs:element name='Doc'><xs:complexType><xs:sequence><xs:any "
    "minOccurs='0' maxOccurs='unbounded' processContents='skip' namespace='##targetNamespace'/>"
    "</xs:sequence></xs:complexType></xs:element></xs:schema>";
static const char catalogue[] = "# comment\n"
                                "set\tone\tThe first\n"
                                "document\t{u}Doc\tc:1\txsd/doc.xsd\n"
                                "document\t{u}Doc\tc:1:*\txsd/doc.xsd\n"
                                "version\t1.0\t-\tone.sch\n"
                                "version\t1.1\t2026-02-01\tone.sch\ttwo.sch\n"
                                "version\t1.2\t2026-08-01\ttwo.sch\tmissing.sch\n"
                                "\n"
                                "set\tlonger\tA longer prefix wins\n"
                                "document\t{u}Doc\tc:1:long*\txsd/doc.xsd\n"
                                "version\t1\t-\taltered.sch\n"
                                "set\tschema-only\tNo rules\n"
                                "document\t{u*}*\t*\txsd/@LOCAL@.xsd\n";

static void file(const char *name, const char *text, FILE *manifest, const char *sum_of)
{
    char path[256], hex[HASH_HEX];
    uint8_t sum[HASH_LEN];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_non_null(f = fopen(path, "w"));
    assert_true(fputs(text, f) >= 0);
    (void)fclose(f);
    assert_int_equal(hash_of(sum, sum_of, strlen(sum_of), &e), 0);
    for (size_t i = 0; i < HASH_LEN; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    if (manifest)
        (void)fprintf(manifest, "%s\t%s\t1\t-\tours\n", name, hex);
}

static int make_folder(void **state)
{
    char path[256];
    FILE *m;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/xsd", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/manifest.tsv", dir);
    assert_non_null(m = fopen(path, "w"));
    file("one.sch", rules_one, m, rules_one);
    file("two.sch", rules_two, m, rules_two);
    file("altered.sch", rules_two, m, rules_one);
    file("xsd/doc.xsd", schema_text, m, schema_text);
    file("catalogue", catalogue, NULL, catalogue);
    (void)fclose(m);
    return rules_open(&rules, dir, &e);
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "one.sch", "two.sch", "altered.sch", "xsd/doc.xsd", "catalogue", "manifest.tsv"};
    char path[256];

    (void)state;
    rules_free(rules);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/xsd", dir);
    (void)rmdir(path);
    return rmdir(dir);
}

/* ---- the catalogue ---- */

static int64_t at(const char *instant)
{
    int64_t t;

    assert_int_equal(rules_instant(&t, str_z(instant), &e), 0);
    return t;
}

static const char *chosen(const char *customization, const char *want, const char *instant)
{
    static char out[64];
    struct rules_choice c;

    if (rules_choose(&c, rules, STR("u"), STR("Doc"), str_z(customization), want, at(instant), &e))
        return e.code;
    (void)snprintf(out, sizeof(out), "%s %s %s", c.set ? c.set->name : "-",
        c.version ? c.version->version : "-", c.schema);
    return out;
}

static void a_missing_or_damaged_catalogue_is_a_configuration_error(void **state)
{
    struct rules *r;

    (void)state;
    assert_int_equal(rules_open(&r, "/nonexistent", &e), -1);
    file("catalogue", "version\t1\t-\tx\n", NULL, "");
    assert_int_equal(rules_open(&r, dir, &e), -1);
    assert_string_equal(e.code, "rules.data");
    assert_non_null(strstr(e.msg, "catalogue:1"));
    file("catalogue", "set\ta\tb\nversion\t1\tsoon\tx\n", NULL, "");
    assert_int_equal(rules_open(&r, dir, &e), -1);
    file("catalogue", catalogue, NULL, catalogue);
}

static void the_most_exact_customization_wins(void **state)
{
    (void)state;
    assert_string_equal(chosen("c:1", NULL, "2026-03-01"), "one 1.1 xsd/doc.xsd");
    assert_string_equal(chosen("c:1:x", NULL, "2026-03-01"), "one 1.1 xsd/doc.xsd");
    assert_string_equal(chosen("c:1:longest", NULL, "2026-03-01"), "longer 1 xsd/doc.xsd");
    assert_string_equal(chosen("c:2", NULL, "2026-03-01"), "schema-only - ");
    assert_string_equal(chosen("", NULL, "2026-03-01"), "schema-only - ");
}

static void the_version_is_that_of_the_instant(void **state)
{
    (void)state;
    assert_string_equal(chosen("c:1", NULL, "2020-01-01"), "one 1.0 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", NULL, "2026-01-31T23:59:59Z"), "one 1.0 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", NULL, "2026-02-01T00:00:00Z"), "one 1.1 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", NULL, "2026-02-01T00:30:00+01:00"), "one 1.0 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", NULL, "2026-09-01"), "one 1.2 xsd/doc.xsd");
}

static void the_caller_may_choose(void **state)
{
    (void)state;
    assert_string_equal(chosen("c:1", "one@1.0", "2026-09-01"), "one 1.0 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", "latest", "2020-01-01"), "one 1.2 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", "one@latest", "2020-01-01"), "one 1.2 xsd/doc.xsd");
    assert_string_equal(chosen("other", "one", "2026-03-01"), "one 1.1 xsd/doc.xsd");
    assert_string_equal(chosen("c:1", "none", "2026-03-01"), "rules.unknown");
    assert_string_equal(chosen("c:1", "one@9", "2026-03-01"), "rules.unknown");
}

static void altered_and_missing_rules_are_refused(void **state)
{
    const struct sch *s;

    (void)state;
    assert_int_equal(rules_schematron(&s, rules, "altered.sch", &e), -1);
    assert_string_equal(e.code, "rules.altered");
    assert_int_equal(rules_schematron(&s, rules, "altered.sch", &e), -1); /* kept */
    assert_string_equal(e.code, "rules.altered");
    assert_int_equal(rules_schematron(&s, rules, "missing.sch", &e), -1);
    assert_string_equal(e.code, "rules.missing");
}

/* Want of descriptors is told as passing, and not remembered. */
static void s13_what_cannot_be_opened_now_is_loaded_later(void **state)
{
    struct rlimit was, none;
    const struct sch *s;
    const struct xsd *x;
    struct rules *r;

    (void)state;
    assert_int_equal(rules_open(&r, dir, &e), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = (struct rlimit){3, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rules_schema(&x, r, "xsd/doc.xsd", &e), -1);
        assert_string_equal(e.code, "descriptors.exhausted");
        assert_int_equal(e.class, ERR_RETRY);
        assert_int_equal(rules_schematron(&s, r, "one.sch", &e), -1);
        assert_string_equal(e.code, "descriptors.exhausted");
        assert_int_equal(e.class, ERR_RETRY);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(rules_schema(&x, r, "xsd/doc.xsd", &e), 0);
    assert_int_equal(rules_schematron(&s, r, "one.sch", &e), 0);
    rules_free(r);
}

static void what_was_missing_is_loaded_when_it_is_there_again(void **state)
{
    char path[600], away[600];
    const struct sch *s;
    struct rules *r;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/one.sch", dir);
    (void)snprintf(away, sizeof(away), "%s/one.away", dir);
    assert_int_equal(rules_open(&r, dir, &e), 0);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(rules_schematron(&s, r, "one.sch", &e), -1);
    assert_string_equal(e.code, "rules.missing");
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(rules_schematron(&s, r, "one.sch", &e), -1); /* not read for each document */
    clock_sleep(2100);
    assert_int_equal(rules_schematron(&s, r, "one.sch", &e), 0);
    rules_free(r);
}

static void count_bad(void *self, const char *path, const char *why)
{
    assert_string_equal(path, "altered.sch");
    assert_non_null(strstr(why, "sha256"));
    ++*(int *)self;
}

static void verify_names_what_is_wrong(void **state)
{
    size_t checked;
    int bad = 0;

    (void)state;
    assert_int_equal(rules_verify(rules, count_bad, &bad, &checked, &e), 1);
    assert_int_equal(bad, 1);
    assert_int_equal(checked, 4);
}

static void instants_are_read(void **state)
{
    int64_t t;

    (void)state;
    assert_int_equal(rules_instant(&t, STR("soon"), &e), -1);
    assert_string_equal(e.code, "usage.instant");
    assert_int_equal(rules_instant(&t, STR("2026-02-30"), &e), -1);
    assert_int_equal(at("1970-01-02"), 86400);
    assert_int_equal(at("1970-01-01T02:00:00+01:00"), 3600);
}

/* ---- the pipeline ---- */

static struct arena *arena;
static struct ubl_report report;

static void validate(const char *doc, const struct ubl_options *o)
{
    static struct ubl_options plain;
    struct ubl_worker *w;

    plain = (struct ubl_options){.at = at("2026-03-01")};
    arena_free(arena);
    arena = arena_new(1 << 26);
    assert_int_equal(ubl_worker_new(&w, &e), 0);
    if (ubl_validate(&report, rules, w, str_z(doc), o ? o : &plain, arena, &e))
        fail_msg("%s: %s", e.code, e.msg);
    ubl_worker_free(w);
}

#define DOC(body) "<Doc xmlns='u'><CustomizationID>c:1</CustomizationID>" body "</Doc>"

static void what_is_not_xml_has_no_verdict(void **state)
{
    (void)state;
    validate("<a>", NULL);
    assert_int_equal(report.verdict, UBL_ERROR);
    assert_string_equal(report.error.code, "xml.malformed");
    validate("<!DOCTYPE a><a/>", NULL);
    assert_string_equal(report.error.code, "xml.doctype");
}

static void schema_errors_end_the_pipeline(void **state)
{
    (void)state;
    validate("<Doc xmlns='u' x='1'><CustomizationID>c:1</CustomizationID><n>x</n></Doc>", NULL);
    assert_int_equal(report.verdict, UBL_INVALID);
    assert_int_equal(report.n_layers, 3);
    assert_int_equal(report.layers[0].state, UBL_FAILED);
    assert_int_equal(report.layers[1].state, UBL_NOT_RUN);
    assert_int_equal(report.n_findings, 1);
    assert_string_equal(report.findings[0].kind, "schema");
}

static void findings_carry_all_that_reports_show(void **state)
{
    const struct ubl_finding *f;

    (void)state;
    validate(DOC("\n<n>1</n><n>\n x\n</n><n>0</n>"), NULL);
    assert_int_equal(report.verdict, UBL_INVALID);
    assert_string_equal(report.set, "one");
    assert_string_equal(report.version, "1.1");
    assert_int_equal(report.errors, 1);
    assert_int_equal(report.warnings, 1);
    assert_int_equal(report.n_findings, 5); /* R1, R2 and three times T */
    f = &report.findings[0];
    assert_string_equal(f->ruleset, "one");
    assert_true(str_eqz(f->id, "R1") && str_eqz(f->value, "\n x\n") && f->line == 2);
    assert_int_equal(f->n_notes, 1);
    assert_true(str_eqz(f->notes[0].text, "Found x ."));
    assert_int_equal(report.findings[1].severity, UBL_SEV_WARNING);
    assert_int_equal(report.findings[2].severity, UBL_SEV_INFO);
}

static void a_stopped_rule_set_is_no_verdict_and_the_others_still_run(void **state)
{
    (void)state;
    validate(DOC("<n>x</n><stop>x</stop>"), NULL);
    assert_int_equal(report.verdict, UBL_ERROR);
    assert_string_equal(report.error.code, "FORG0001");
    assert_string_equal(report.error_layer, "one");
    assert_int_equal(report.layers[1].n, 0); /* as with Saxon: nothing of a run that stopped */
    assert_int_equal(report.layers[2].state, UBL_PASSED);
    assert_int_equal(report.n_findings, 1);
    assert_int_equal(report.layers[1].stopped_line, 1);
    assert_true(
        str_has_suffix(report.layers[1].stopped_at, STR("/*:stop[namespace-uri()='u'][1]")));
}

static void long_values_are_cut_between_characters(void **state)
{
    char many[101] = "", doc[1024];
    struct str v;

    (void)state;
    for (size_t i = 0; i < 50; i++)
        (void)memcpy(many + 2 * i, "é", 3);
    (void)snprintf(doc, sizeof(doc),
        "<Doc xmlns='u'><CustomizationID>c:1</CustomizationID><n>x%s%s</n></Doc>", many, many);
    validate(doc, NULL);
    v = report.findings[0].value;
    assert_int_equal(v.n, UBL_VALUE_MAX - 1 + strlen("…"));
    assert_true(str_has_suffix(v, STR("é…")));
}

/* What finds no room may be missing anywhere: the report says so, and no more. */
static void a_report_that_outgrows_its_memory_is_no_verdict(void **state)
{
    const struct ubl_options plain = {.at = at("2026-03-01")};
    struct ubl_worker *w;
    struct buf doc;

    (void)state;
    buf_init(&doc, 1 << 24);
    buf_puts(&doc, "<Doc xmlns='u'><CustomizationID>c:1</CustomizationID>");
    for (int i = 0; i < 5000; i++)
        buf_puts(&doc, "<n>x</n>");
    buf_puts(&doc, "</Doc>");
    assert_int_equal(ubl_worker_new(&w, &e), 0);
    arena_free(arena);
    for (size_t room = 200; room < 3000000; room = room * 3 / 2) { /* wherever it ends */
        arena = arena_new(room);
        assert_int_equal(ubl_validate(&report, rules, w, buf_view(&doc), &plain, arena, &e), 0);
        assert_int_equal(report.verdict, UBL_ERROR);
        assert_string_equal(report.error.code, "schematron.limit");
        arena_free(arena);
    }
    arena = arena_new(1 << 26);
    assert_int_equal(ubl_validate(&report, rules, w, buf_view(&doc), &plain, arena, &e), 0);
    assert_int_equal(report.verdict, UBL_INVALID);
    assert_int_equal(report.errors, 5000);
    ubl_worker_free(w);
    buf_free(&doc);
}

static void documents_without_rules_pass_with_a_note(void **state)
{
    (void)state;
    validate("<x/>", NULL);
    assert_int_equal(report.verdict, UBL_VALID);
    assert_non_null(strstr(report.note, "unknown"));
    validate("<Other xmlns='u'/>", NULL);
    assert_string_equal(report.set, "schema-only");
    assert_non_null(strstr(report.note, "no rules"));
}

static void envelopes_are_opened(void **state)
{
    (void)state;
    validate(
        "<s:StandardBusinessDocument xmlns:s='s' xmlns='u'><s:StandardBusinessDocumentHeader/>\n"
        "<Doc><CustomizationID>c:1</CustomizationID><n>x</n></Doc></s:StandardBusinessDocument>",
        NULL);
    assert_true(report.enveloped);
    assert_string_equal(report.set, "one");
    assert_int_equal(report.errors, 1);
    assert_true(str_eqz(
        report.findings[0].location, "/*:Doc[namespace-uri()='u'][1]/*:n[namespace-uri()='u'][1]"));
    assert_int_equal(report.findings[0].line, 2);
}

static void too_large_documents_are_refused(void **state)
{
    const struct ubl_options o = {.at = 0, .max_bytes = 10};

    (void)state;
    validate(DOC("<n>1</n>"), &o);
    assert_string_equal(report.error.code, "xml.limit");
}

/* ---- reports ---- */

static char *written(enum report_format f)
{
    static struct buf b;
    const struct report_style s = {.file = "a \"b\" <c>.xml"};

    buf_free(&b);
    buf_init(&b, 1 << 20);
    assert_int_equal(report_write(&b, &report, f, &s, &e), 0);
    return b.p;
}

static void text_groups_equal_findings_and_shows_the_value(void **state)
{
    const char *text;

    (void)state;
    validate(DOC("<n>x</n>\n<n>y</n>"), NULL);
    text = written(REPORT_TEXT);
    assert_non_null(strstr(text, "invalid · one 1.1 · 2 errors, 0 warnings"));
    assert_non_null(strstr(text, "error R1  line 1, 2\n"));
    assert_non_null(strstr(text, "at /Doc/n = \"x\""));
    assert_null(strstr(text, "= \"y\""));
}

static void json_is_one_line_of_json(void **state)
{
    struct json_object *o, *v, *f;
    const char *text;

    (void)state;
    validate(DOC("<n>\"\t\\\n\xc3\xa9</n><stop>x</stop>"), NULL);
    text = written(REPORT_JSON);
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
    assert_non_null(o = json_tokener_parse(text));
    assert_true(json_object_object_get_ex(o, "file", &v));
    assert_string_equal(json_object_get_string(v), "a \"b\" <c>.xml");
    assert_true(json_object_object_get_ex(o, "verdict", &v));
    assert_string_equal(json_object_get_string(v), "error");
    assert_true(json_object_object_get_ex(o, "error", &v));
    assert_true(json_object_object_get_ex(v, "code", &v));
    assert_string_equal(json_object_get_string(v), "FORG0001");
    assert_true(json_object_object_get_ex(o, "findings", &v));
    f = json_object_array_get_idx(v, 0);
    assert_true(json_object_object_get_ex(f, "value", &v));
    assert_string_equal(json_object_get_string(v), "\"\t\\\n\xc3\xa9");
    (void)json_object_put(o);
}

static void svrl_and_html_are_well_formed(void **state)
{
    const struct ubl_options o = {.at = at("2026-03-01"), .trace = true};
    struct tree *t;
    const char *text;

    (void)state;
    validate(DOC("<n>x</n>"), &o);
    text = written(REPORT_SVRL);
    assert_int_equal(tree_parse(&t, str_z(text), NULL, NULL, NULL, &e), 0);
    tree_free(t);
    assert_non_null(strstr(text, "<svrl:fired-rule context=\"u:n\"/>"));
    assert_non_null(strstr(text, "<svrl:text>&lt;n&gt; must be &quot;whole&quot;</svrl:text>"));
    assert_non_null(strstr(text, "diagnostic=\"d\">Found x."));
    text = written(REPORT_HTML);
    assert_non_null(strstr(text, "<h1>a \"b\" &lt;c&gt;.xml"));
    assert_non_null(strstr(text, "R1"));
}

static void locations_are_shortened_for_people(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    report_short_location(
        &b, STR("/*:A[namespace-uri()='u'][1]/*:B[namespace-uri()='u'][2]/c[1]/@x"));
    assert_string_equal(b.p, "/A/B[2]/c/@x");
    buf_free(&b);
}

static int free_arena(void **state)
{
    arena_free(arena);
    return remove_folder(state);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a_missing_or_damaged_catalogue_is_a_configuration_error),
        cmocka_unit_test(the_most_exact_customization_wins),
        cmocka_unit_test(the_version_is_that_of_the_instant),
        cmocka_unit_test(the_caller_may_choose),
        cmocka_unit_test(altered_and_missing_rules_are_refused),
        cmocka_unit_test(s13_what_cannot_be_opened_now_is_loaded_later),
        cmocka_unit_test(what_was_missing_is_loaded_when_it_is_there_again),
        cmocka_unit_test(verify_names_what_is_wrong),
        cmocka_unit_test(instants_are_read),
        cmocka_unit_test(what_is_not_xml_has_no_verdict),
        cmocka_unit_test(schema_errors_end_the_pipeline),
        cmocka_unit_test(findings_carry_all_that_reports_show),
        cmocka_unit_test(a_stopped_rule_set_is_no_verdict_and_the_others_still_run),
        cmocka_unit_test(documents_without_rules_pass_with_a_note),
        cmocka_unit_test(envelopes_are_opened),
        cmocka_unit_test(too_large_documents_are_refused),
        cmocka_unit_test(a_report_that_outgrows_its_memory_is_no_verdict),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(text_groups_equal_findings_and_shows_the_value),
        cmocka_unit_test(json_is_one_line_of_json),
        cmocka_unit_test(svrl_and_html_are_well_formed),
        cmocka_unit_test(locations_are_shortened_for_people),
    };
    return cmocka_run_group_tests(t, make_folder, free_arena);
}
