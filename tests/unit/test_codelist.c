#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/peppol/codelist.h"
#include "ap/xml/xml.h"
#include "tests/support/shared.h"

static char dir[] = "/tmp/aviso-codelist-XXXXXX";
static struct err e;

static void put(const char *name, const char *text)
{
    char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void drop(const char *name)
{
    char path[200];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static int64_t day(const char *z)
{
    int64_t ms;
    bool zone;
    assert_true(clock_parse(str_z(z), &ms, &zone));
    return ms;
}

static const char OLD[] =
    "<document-types version='9.7'><document-type name='Old' scheme='busdox-docid-qns' "
    "value='urn:n::L##c::1' state='active'/></document-types>";
static const char NEW[] =
    "<document-types version='9.10'>"
    "<document-type name='One' scheme='busdox-docid-qns' value='urn:n::L##c::1' "
    "state='deprecated' removal-date='2026-07-07' abstract='false'>"
    "<process-id scheme='cenbii-procid-ubl' value='urn:p'/></document-type>"
    "<document-type name='Two' scheme='busdox-docid-qns' value='urn:n::L##d::1' state='removed'/>"
    "<document-type name='Two' scheme='busdox-docid-qns' value='urn:n::L##d::2' state='active'>"
    "<process-id scheme='cenbii-procid-ubl' value='urn:p'/>"
    "<process-id scheme='cenbii-procid-ubl' value='urn:q'/></document-type>"
    "<document-type name='Abstract' scheme='peppol-doctype-wildcard' value='urn:n::L##e::1' "
    "state='active' abstract='true'/></document-types>";

static const char NAMED[] =
    "<document-types version='9.10'>"
    "<document-type name='XX Hybrid 1.0' scheme='busdox-docid-qns' value='urn:pdf##h::0' "
    "state='active'/>"
    "<document-type name='XX Hybrid (2.0)' scheme='busdox-docid-qns' value='urn:pdf##h2::0' "
    "state='deprecated'/>"
    "<document-type name='Order' scheme='busdox-docid-qns' value='urn:edi:ORDERS##e::0' "
    "state='active'/>"
    "<document-type name='Order Response' scheme='busdox-docid-qns' value='urn:edi:R##e::0' "
    "state='active'/>"
    "<document-type name='X Response' scheme='busdox-docid-qns' value='urn:edi:X##e::0' "
    "state='active'/>"
    "<document-type name='Gone' scheme='busdox-docid-qns' value='urn:edi:G##e::0' state='removed'/>"
    "<document-type name='Base' scheme='busdox-docid-qns' value='urn:edi:B##e::0' state='active' "
    "abstract='true'/>"
    "</document-types>";

static struct code_info of(const struct codelists *c, const char *id, const char *on)
{
    struct doctype d;
    assert_int_equal(doctype_parse(&d, str_z(id), &e), 0);
    return codelist_doctype(c, &d, day(on));
}

static void the_newest_list_of_a_folder_counts(void **state)
{
    struct codelists *c;
    (void)state;
    put("a-9.10.xml", NEW);
    put("b-9.7.xml", OLD);
    put("notes.txt", "not a list");
    assert_int_equal(codelists_open(&c, dir, &e), 0);
    assert_string_equal(of(c, "urn:n::L##c::1", "2026-01-01T00:00:00Z").name, "One");
    assert_string_equal(of(c, "urn:n::L##c::1", "2026-01-01T00:00:00Z").version, "9.10");
    codelists_close(c);
}

/*= PFUOI 4.4.0 POLICY 23a "states of the code list" */
static void a_deprecated_code_is_removed_on_its_day(void **state)
{
    struct codelists *c;
    struct code_info i;
    (void)state;
    put("a-9.10.xml", NEW);
    assert_int_equal(codelists_open(&c, dir, &e), 0);
    assert_int_equal(of(c, "urn:n::L##c::1", "2026-07-06T23:59:59Z").state, CODE_DEPRECATED);
    assert_int_equal(of(c, "urn:n::L##c::1", "2026-07-07T00:00:00Z").state, CODE_REMOVED);
    assert_int_equal(of(c, "urn:n::L##d::1", "2026-07-07T00:00:00Z").state, CODE_REMOVED);
    assert_int_equal(of(c, "urn:other::L##d::1", "2026-07-07T00:00:00Z").state, CODE_UNKNOWN);
    i = of(c, "urn:n::L##d::2", "2026-07-07T00:00:00Z");
    assert_int_equal(i.nprocesses, 2);
    assert_string_not_equal(i.processes[0].value, i.processes[1].value);
    assert_string_equal(i.process.value, "");
    assert_string_equal(of(c, "urn:n::L##c::1", "2026-01-01T00:00:00Z").process.value, "urn:p");
    assert_true(
        of(c, "peppol-doctype-wildcard::urn:n::L##e::1", "2026-01-01T00:00:00Z").is_abstract);
    assert_string_equal(codelist_version_of(c, STR("urn:n"), STR("L"), STR("d")), "2");
    assert_string_equal(codelist_version_of(c, STR("urn:n"), STR("L"), STR("x")), "");
    assert_string_equal(codelist_version_of(c, STR("urn:n"), STR("M"), STR("d")), "");
    assert_string_equal(codelist_version_of(NULL, STR("urn:n"), STR("L"), STR("d")), "");
    codelists_close(c);
}

static void type_is(const struct codelists *c, const char *name, const char *id)
{
    struct doctype d;
    if (codelist_named(&d, c, name, &e))
        fail_msg("%s: %s", name, e.msg);
    assert_string_equal(d.value, id);
}

static void type_is_not(const struct codelists *c, const char *name, const char *why)
{
    struct doctype d;
    assert_int_equal(codelist_named(&d, c, name, &e), -1);
    assert_string_equal(e.code, "id.doctype");
    assert_non_null(strstr(e.msg, why));
}

static void types_are_found_by_the_names_of_the_list(void **state)
{
    struct codelists *c;
    (void)state;
    put("a-9.10.xml", NAMED);
    assert_int_equal(codelists_open(&c, dir, &e), 0);
    type_is(c, "xx-hybrid-1-0", "urn:pdf##h::0");
    type_is(c, "hybrid", "urn:pdf##h::0"); /* the other one is deprecated */
    type_is(c, "xx-hybrid-2-0", "urn:pdf##h2::0");
    type_is(c, "order", "urn:edi:ORDERS##e::0"); /* the whole name is better than a part */
    type_is_not(c, "ord", "no document type");
    type_is_not(c, "response", "order-response, x-response");
    type_is_not(c, "gone", "no document type");
    type_is_not(c, "base", "no document type"); /* only for registrations */
    type_is_not(c, "", "no document type");
    type_is_not(NULL, "order", "no document type");
    codelists_close(c);
}

static void may_be_used(const struct codelists *c, const char *id, const char *on, const char *why)
{
    struct doctype d;
    assert_int_equal(doctype_parse(&d, str_z(id), &e), 0);
    assert_int_equal(codelist_check_doctype(c, &d, day(on), &e), why ? -1 : 0);
    if (why)
        assert_string_equal(e.code, why);
}

static const char SCHEMES[] =
    "<participant-identifier-schemes version='9.10'>"
    "<participant-identifier-scheme iso6523='0001' scheme-name='a' state='removed'/>"
    "<participant-identifier-scheme iso6523='0002' scheme-name='b' state='deprecated' "
    "removal-date='2026-07-07'/>"
    "<participant-identifier-scheme iso6523='0003' scheme-name='c' state='active'/>"
    "</participant-identifier-schemes>";
static const char GONE[] =
    "<processes version='9.10'><process scheme='cenbii-procid-ubl' value='urn:p' "
    "state='removed'/><process scheme='cenbii-procid-ubl' value='urn:q' state='deprecated'/>"
    "</processes>";

/*= PFUOI 4.4.0 POLICY 23a "removed document types are not used" */
/*= PFUOI 4.4.0 POLICY 23b "abstract document types are registered with a star alone" */
static void removed_and_abstract_types_may_not_be_used(void **state)
{
    const char *before = "2026-07-06T23:59:59Z", *after = "2026-07-07T00:00:00Z";
    struct codelists *c;
    struct doctype star;
    struct process p, q;
    (void)state;
    put("a-9.10.xml", NEW);
    put("p-9.10.xml", GONE);
    assert_int_equal(codelists_open(&c, dir, &e), 0);
    may_be_used(c, "urn:n::L##d::1", before, "code.removed");
    may_be_used(c, "urn:n::L##c::1", after, "code.removed");
    assert_non_null(strstr(e.msg, "9.10 on 2026-07-07"));
    may_be_used(c, "urn:n::L##c::1", before, NULL); /* deprecated */
    may_be_used(c, "urn:n::L##d::2", after, NULL);
    may_be_used(c, "urn:other::L##d::1", after, NULL); /* not listed (yet) */
    may_be_used(NULL, "urn:n::L##d::1", after, NULL);
    may_be_used(c, "peppol-doctype-wildcard::urn:n::L##e::1", before, "code.abstract");
    assert_int_equal(
        doctype_make(&star, STR("peppol-doctype-wildcard"), STR("urn:n::L##e*::1"), true, &e), 0);
    assert_int_equal(codelist_check_doctype(c, &star, day(after), &e), 0);
    assert_int_equal(process_parse(&p, STR("urn:p"), &e), 0);
    assert_int_equal(process_parse(&q, STR("urn:q"), &e), 0);
    assert_int_equal(codelist_check_process(c, &p, day(after), &e), -1);
    assert_string_equal(e.code, "code.removed");
    assert_int_equal(codelist_check_process(c, &q, day(after), &e), 0);
    codelists_close(c);
    drop("p-9.10.xml");
}

/*= PFUOI 4.4.0 POLICY 4a "removed schemes are not used" */
static void participants_of_removed_schemes_may_not_be_used(void **state)
{
    static const struct {
        const char *id, *on;
        bool ok;
    } cases[] = {{"0001:1", "2026-01-01T00:00:00Z", false},
        {"0002:1", "2026-07-06T23:59:59Z", true}, {"0002:1", "2026-07-07T00:00:00Z", false},
        {"0003:1", "2026-07-07T00:00:00Z", true}, {"0004:1", "2026-07-07T00:00:00Z", true}};
    struct codelists *c;
    struct participant p;
    (void)state;
    put("s-9.10.xml", SCHEMES);
    assert_int_equal(codelists_open(&c, dir, &e), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(participant_parse(&p, str_z(cases[i].id), &e), 0);
        assert_int_equal(
            codelist_check_participant(c, &p, day(cases[i].on), &e), cases[i].ok ? 0 : -1);
        assert_true(cases[i].ok || strcmp(e.code, "code.removed") == 0);
    }
    codelists_close(c);
    drop("s-9.10.xml");
}

static void without_lists_everything_is_unknown(void **state)
{
    struct process p;
    (void)state;
    assert_int_equal(process_parse(&p, STR("urn:p"), &e), 0);
    assert_int_equal(codelist_process(NULL, &p, 0).state, CODE_UNKNOWN);
    assert_string_equal(code_state_word(CODE_UNKNOWN), "unknown");
}

static void unreadable_lists_are_a_configuration_error(void **state)
{
    struct codelists *c;
    (void)state;
    assert_int_equal(codelists_open(&c, "/nonexistent-folder", &e), -1);
    assert_string_equal(e.code, "codelist.unreadable");
    assert_int_equal(e.class, ERR_CONFIG);
    put("x.xml", "<document-types");
    assert_int_equal(codelists_open(&c, dir, &e), -1);
    assert_string_equal(e.code, "codelist.unreadable");
    drop("x.xml");
}

static void the_published_lists_can_be_read(void **state)
{
    struct participant p;
    struct codelists *c;
    (void)state;
    NEEDS_SHARED("spec/data/codelists");
    assert_int_equal(codelists_open(&c, shared("spec/data/codelists"), &e), 0);
    assert_int_equal(participant_parse(&p, STR("0037:1"), &e), 0);
    assert_int_equal(codelist_participant(c, &p, day("2026-11-22T00:00:00Z")).state, CODE_REMOVED);
    assert_int_equal(participant_parse(&p, STR("0193:1"), &e), 0);
    assert_int_equal(
        codelist_participant(c, &p, day("2026-07-01T00:00:00Z")).state, CODE_DEPRECATED);
    assert_int_equal(codelist_participant(c, &p, day("2026-11-22T00:00:00Z")).state, CODE_REMOVED);
    assert_int_equal(participant_parse(&p, STR("0208:1"), &e), 0);
    assert_int_equal(codelist_participant(c, &p, day("2026-11-22T00:00:00Z")).state, CODE_ACTIVE);
    assert_int_equal(codelist_transport(c, TRANSPORT_AS4, 0).state, CODE_ACTIVE);
    assert_int_equal(
        codelist_transport(c, "busdox-transport-start", day("2026-11-22T00:00:00Z")).state,
        CODE_REMOVED);
    assert_int_equal(
        of(c,
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100::"
            "CrossIndustryInvoice##urn:cen.eu:en16931:2017#compliant#urn:peppol:france:"
            "billing:cius:1.0::D22B",
            "2026-11-22T00:00:00Z")
            .state,
        CODE_ACTIVE);
    codelists_close(c);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(the_newest_list_of_a_folder_counts),
        cmocka_unit_test(a_deprecated_code_is_removed_on_its_day),
        cmocka_unit_test(types_are_found_by_the_names_of_the_list),
        cmocka_unit_test(removed_and_abstract_types_may_not_be_used),
        cmocka_unit_test(participants_of_removed_schemes_may_not_be_used),
        cmocka_unit_test(without_lists_everything_is_unknown),
        cmocka_unit_test(unreadable_lists_are_a_configuration_error),
        cmocka_unit_test(the_published_lists_can_be_read),
    };
    int rc;

    xml_init();
    assert_non_null(mkdtemp(dir));
    rc = cmocka_run_group_tests(t, NULL, NULL);
    drop("a-9.10.xml");
    drop("b-9.7.xml");
    drop("notes.txt");
    (void)rmdir(dir);
    return rc;
}
