#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"
#include "tests/support/shared.h"

#define INVOICE                                                                                    \
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#"    \
    "compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
#define PINT_OF(c) "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##" c "::2.1"

static struct err e;

static struct participant party(const char *z)
{
    struct participant p;
    assert_int_equal(participant_parse(&p, str_z(z), &e), 0);
    return p;
}

/*= PFUOI 4.4.0 POLICY 1 "maximum length of 130 characters" */
/*= PFUOI 4.4.0 POLICY 2 "scheme ... case sensitive" */
/*= PFUOI 4.4.0 POLICY 5 "iso6523-actorid-upis only" */
static void malformed_participants_are_refused(void **state)
{
    static const char *const bad[] = {"", "0088", "0088:", "088:1", "00881:1", "0088:a b",
        "0088:\xc3\xa4", "0088:a/b", "0088:a:b", "abcd:1", "iso6523-actorid-upis:0088:1",
        "ISO6523-actorid-upis::0088:1", "other::0088:1", " 0088:1", "0088:1 ", "0088:1\n"};
    struct participant p;
    char longest[200];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(participant_parse(&p, str_z(bad[i]), &e), -1);
        assert_string_equal(e.code, "id.participant");
        assert_string_equal(p.value, "");
    }
    (void)snprintf(longest, sizeof(longest), "0088:%0130d", 1);
    assert_int_equal(participant_parse(&p, str_z(longest), &e), 0);
    (void)snprintf(longest, sizeof(longest), "0088:%0131d", 1);
    assert_int_equal(participant_parse(&p, str_z(longest), &e), -1);
    assert_int_equal(participant_make(&p, STR("Iso6523-actorid-upis"), STR("0088:1"), &e), -1);
    assert_int_equal(participant_from_endpoint(&p, STR("88"), STR("1"), &e), -1);
    assert_int_equal(participant_from_endpoint(&p, STR(""), STR("1"), &e), -1);
    assert_int_equal(participant_from_endpoint(&p, STR("GLN1"), STR("1"), &e), -1);
}

/*= PFUOI 4.4.0 POLICY 2 "values are case insensitive" */
/*= PFUOI 4.4.0 POLICY 9 "EndpointID's schemeID is the code" */
static void participants_compare_without_case_and_keep_it(void **state)
{
    struct participant a = party("9925:BE0848934496"), b = party("9925:be0848934496"), c;
    (void)state;
    assert_true(participant_same(&a, &b));
    assert_string_equal(a.value, "9925:BE0848934496");
    participant_canonical(&c, &a);
    assert_string_equal(c.value, b.value);
    c = party("iso6523-actorid-upis::9925:be084893449");
    assert_false(participant_same(&a, &c));
    memset(&c, 0, sizeof(c));
    assert_false(participant_same(&c, &c)); /* nobody is nobody's equal */
    assert_true(str_eqz(participant_code(&a), "9925"));
    assert_true(str_eqz(participant_id(&a), "BE0848934496"));
    assert_int_equal(participant_from_endpoint(&c, STR("9925"), STR("be0848934496"), &e), 0);
    assert_true(participant_same(&a, &c));
}

static void check_dns(const char *id, const char *label)
{
    struct participant p = party(id);
    char name[PARTICIPANT_DNS], want[300];

    assert_int_equal(participant_dns(name, &p, "participant.sml.test.tech.peppol.org", &e), 0);
    (void)snprintf(
        want, sizeof(want), "%s.iso6523-actorid-upis.participant.sml.test.tech.peppol.org.", label);
    assert_string_equal(name, want);
    assert_int_equal(participant_dns(name, &p, "participant.sml.test.tech.peppol.org.", &e), 0);
    assert_string_equal(name, want);
}

/*= SML 1.3.0 3.2.4 "BASE32 of the SHA-256 of the lower-case participant identifier" */
static void dns_names_are_those_of_the_specification(void **state)
{
    struct participant p = party("0088:123abc");
    char name[PARTICIPANT_DNS], zone[300];
    (void)state;
    check_dns("0088:123ABC", "y7dzfxaf3d4cjz4kcgrxtec6twvcga4ky7zwa5boif6mswd4tdrq");
    check_dns("0010:5798000000001", "xukhfqabqziki3ykvr2fhr4snfa3pf5vpq6k4tonv3lmvsy5arvq");
    check_dns("9915:test", "eh5boavaktmbgzyh2a63dz4qov33fvp5nsdvqklucfraayoodw6a");
    check_dns("0192:986252932", "jgpa45e5tp5qnma3c3xuxv6v4ze4lhdyw6al2hzyu3nrlufx3d3a");
    memset(zone, 'z', sizeof(zone));
    zone[sizeof(zone) - 1] = '\0';
    assert_int_equal(participant_dns(name, &p, zone, &e), -1);
    assert_string_equal(e.code, "id.zone");
}

/*= SPIS 1.0.0 2 "0242 and the seat's six digits" */
static void service_provider_ids_are_known_by_their_shape(void **state)
{
    static const char *const good[] = {
        "0242:000306", "0242:000306-MLS", "0242:000306-mls.abc-1", "0242:000306-ABC_12345678"};
    static const char *const bad[] = {"0242:00030", "0242:0003061", "0242:000306-",
        "0242:000306-AB", "0242:000306-ABCDEFGHIJKLM", "0242:000306-MLS.", "0242:000306-MLS.ab",
        "0242:000306.MLS", "0242:00030a", "0088:000306", "0242:000306-M~S",
        "0242:000306-MLS.abcdefghijklmnopqrstuvwxy"};
    struct participant p, q;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        p = party(good[i]);
        assert_true(participant_is_spis(&p));
        assert_true(participant_spis_of_seat(&p, "POP000306"));
        assert_false(participant_spis_of_seat(&p, "POP000307"));
        assert_false(participant_spis_of_seat(&p, "POP00306"));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p = party(bad[i]);
        assert_false(participant_is_spis(&p));
    }
    assert_int_equal(participant_spis_from_seat(&q, "PBE000306", &e), 0);
    assert_string_equal(q.value, "0242:000306");
    assert_int_equal(participant_spis_from_seat(&q, "XBE000306", &e), -1);
    assert_int_equal(participant_spis_from_seat(&q, "PBE0003060", &e), -1);
}

/*= PFUOI 4.4.0 POLICY 1 "maximum length of 500 characters" */
/*= PFUOI 4.4.0 POLICY 16 "busdox-docid-qns or peppol-doctype-wildcard" */
/*= PFUOI 4.4.0 BR-PDW "Part (@ Part)* with an optional * at the end" */
static void malformed_document_types_are_refused(void **state)
{
    static const char *const bad[] = {"", "a", "a::b", "a::b##c", "a::b##c::", "a::b##::1",
        "::b##c::1", "a::##c::1", "##c::1", "a::b## c::1", "a::b##c*::1", "a::b##c\xc3\xa4::1",
        "peppol-doctype-wildcard::a::b##c*::1", "peppol-doctype-wildcard::a::b##c@::1",
        "peppol-doctype-wildcard::a::b##@c::1", "peppol-doctype-wildcard::a::b##c@c::1",
        PINT_OF("urn:peppol:pint:billing-1*")};
    static const char *const wild[] = {"*", "a**", "a@*", "a*@b", "a*b"};
    struct doctype d;
    char big[700], v[100];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(doctype_parse(&d, str_z(bad[i]), &e), -1);
        assert_string_equal(e.code, "id.doctype");
    }
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        (void)snprintf(v, sizeof(v), "n::l##%s::1", wild[i]);
        assert_int_equal(doctype_make(&d, STR(DOCTYPE_WILDCARD_SCHEME), str_z(v), true, &e), -1);
    }
    assert_int_equal(doctype_make(&d, STR("busdox-docid"), STR("a::b##c::1"), false, &e), -1);
    assert_int_equal(doctype_make(&d, STR(""), STR("a::b##c*::1"), true, &e), -1);
    (void)snprintf(big, sizeof(big), "a::b##%0494d::1", 0);
    assert_int_equal(doctype_parse(&d, str_z(big), &e), -1);
    (void)snprintf(big, sizeof(big), "a::b##%0491d::1", 0);
    assert_int_equal(strlen(big), 500);
    assert_int_equal(doctype_parse(&d, str_z(big), &e), 0);
}

/*= PFUOI 4.4.0 POLICY 20 "root, customization, version" */
static void document_types_come_apart_at_the_right_places(void **state)
{
    struct doctype d, other;
    (void)state;
    assert_int_equal(doctype_parse(&d, STR(INVOICE), &e), 0);
    assert_int_equal(d.scheme, DOCTYPE_BUSDOX);
    assert_true(doctype_is_xml(&d));
    assert_true(
        str_eqz(doctype_root_ns(&d), "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"));
    assert_true(str_eqz(doctype_root_local(&d), "Invoice"));
    assert_true(str_eqz(doctype_customization(&d),
        "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"));
    assert_true(str_eqz(doctype_version(&d), "2.1"));
    assert_int_equal(doctype_parse(&other, STR("busdox-docid-qns::" INVOICE), &e), 0);
    assert_true(doctype_same(&d, &other));
    assert_int_equal(doctype_build(&other, doctype_root_ns(&d), doctype_root_local(&d),
                         doctype_customization(&d), doctype_version(&d), &e),
        0);
    assert_true(doctype_same(&d, &other));
    assert_int_equal(doctype_parse(&other, STR("peppol-doctype-wildcard::" INVOICE), &e), 0);
    assert_false(doctype_same(&d, &other));
    assert_int_equal(doctype_parse(&d, STR(PINT_OF("urn:peppol:pint:billing-1@ae-1")), &e), 0);
    assert_int_equal(d.scheme, DOCTYPE_WILDCARD); /*= PFUOI 4.4.0 5.1.3 "exactly one scheme" */
}

/* An id without :: before ## is of another format than XML: it must not be refused. */
/*= PFUOI 4.4.0 POLICY 20 "formats other than XML" */
static void document_types_of_other_formats_are_taken(void **state)
{
    struct doctype d;
    (void)state;
    assert_int_equal(
        doctype_parse(&d,
            STR("urn:peppol:doctype:pdf+xml##urn:cen.eu:en16931:2017#conformant#urn:peppol:france:"
                "billing:Factur-X:1.0::D22B"),
            &e),
        0);
    assert_false(doctype_is_xml(&d));
    assert_true(str_eqz(doctype_root_ns(&d), "urn:peppol:doctype:pdf+xml"));
    assert_true(str_eqz(doctype_root_local(&d), ""));
    assert_true(str_eqz(doctype_version(&d), "D22B"));
    assert_int_equal(doctype_parse(&d, STR("urn:peppol:doctype:edifact:INVOIC##eb2b::0"), &e), 0);
    assert_true(str_eqz(doctype_customization(&d), "eb2b"));
}

static int match(const char *reg, const char *want)
{
    struct doctype r, w;
    char v[300];

    (void)snprintf(v, sizeof(v), PINT_OF("%s"), reg);
    assert_int_equal(doctype_make(&r, STR(DOCTYPE_WILDCARD_SCHEME), str_z(v), true, &e), 0);
    (void)snprintf(v, sizeof(v), PINT_OF("%s"), want);
    assert_int_equal(doctype_make(&w, STR(DOCTYPE_WILDCARD_SCHEME), str_z(v), false, &e), 0);
    return doctype_match(&r, &w);
}

/*= PFUOI 4.4.0 5.1.2 "the Parts of the registration are the first Parts of the document" */
static void wildcards_match_whole_parts_from_the_left(void **state)
{
    struct doctype r, w;
    (void)state;
    assert_int_equal(match("a", "a"), DOCTYPE_EXACT);
    assert_int_equal(match("a", "a@b"), 0);
    assert_int_equal(match("a*", "a"), 1);
    assert_int_equal(match("a*", "a@b"), 1);
    assert_int_equal(match("a*", "a@b@c"), 1);
    assert_int_equal(match("a@b*", "a"), 0);
    assert_int_equal(match("a@b*", "a@b"), 2);
    assert_int_equal(match("a@b*", "a@b@c"), 2);
    assert_int_equal(match("a@c*", "a@b@c"), 0);
    assert_int_equal(match("billing-1*", "billing-10"), 0);
    assert_int_equal(match("billing-1*", "billing-10@x"), 0);
    assert_int_equal(
        doctype_make(&r, STR(DOCTYPE_WILDCARD_SCHEME), STR("urn:x::Invoice##a*::2.1"), true, &e),
        0);
    assert_int_equal(
        doctype_make(&w, STR(DOCTYPE_WILDCARD_SCHEME), STR("urn:x::Invoice##a::2.2"), false, &e),
        0);
    assert_int_equal(doctype_match(&r, &w), 0); /* other version */
    assert_int_equal(
        doctype_make(&w, STR(DOCTYPE_WILDCARD_SCHEME), STR("urn:x::CreditNote##a::2.1"), false, &e),
        0);
    assert_int_equal(doctype_match(&r, &w), 0);
    assert_int_equal(doctype_make(&w, STR(""), STR("urn:x::Invoice##a::2.1"), false, &e), 0);
    assert_int_equal(doctype_match(&r, &w), 0); /* other scheme: never busdox for PINT */
}

static void candidates_go_from_the_exact_id_to_the_shortest_wildcard(void **state)
{
    static const char *const want[] = {PINT_OF("urn:peppol:pint:billing-1@ae-1@x"),
        PINT_OF("urn:peppol:pint:billing-1@ae-1@x*"), PINT_OF("urn:peppol:pint:billing-1@ae-1*"),
        PINT_OF("urn:peppol:pint:billing-1*")};
    struct doctype d, c;
    (void)state;
    assert_int_equal(doctype_parse(&d, str_z(want[0]), &e), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(doctype_candidate(&c, &d, i));
        assert_string_equal(c.value, want[i]);
        assert_int_equal(c.scheme, DOCTYPE_WILDCARD);
        assert_true(str_eqz(doctype_version(&c), "2.1"));
        assert_true(doctype_match(&c, &d) > 0);
    }
    assert_false(doctype_candidate(&c, &d, 4));
    assert_int_equal(doctype_parse(&d, STR(INVOICE), &e), 0);
    assert_true(doctype_candidate(&c, &d, 0));
    assert_false(doctype_candidate(&c, &d, 1));
}

/*= PFUOI 4.4.0 POLICY 24 "a process has a scheme" */
/*= PFUOI 4.4.0 POLICY 1 "maximum length of 200 characters" */
static void processes_are_taken_with_and_without_scheme(void **state)
{
    struct process p, q;
    char longest[201];
    struct buf b;
    (void)state;
    assert_int_equal(process_parse(&p, STR("urn:peppol:bis:billing"), &e), 0);
    assert_int_equal(process_parse(&q, STR("cenbii-procid-ubl::urn:peppol:bis:billing"), &e), 0);
    assert_true(process_same(&p, &q));
    assert_int_equal(process_make(&q, STR("other"), STR("urn:peppol:bis:billing"), &e), 0);
    assert_false(process_same(&p, &q));
    assert_int_equal(process_make(&q, STR(""), STR("urn:peppol:bis:Billing"), &e), 0);
    assert_false(process_same(&p, &q));
    assert_int_equal(process_parse(&q, STR(""), &e), -1);
    assert_int_equal(process_parse(&q, STR("a b"), &e), -1);
    assert_string_equal(e.code, "id.process");
    memset(longest, 'p', sizeof(longest));
    assert_int_equal(process_parse(&q, (struct str){longest, 200}, &e), 0);
    assert_int_equal(process_parse(&q, (struct str){longest, 201}, &e), -1);
    buf_init(&b, 300);
    process_text(&b, &p);
    assert_string_equal(b.p, "cenbii-procid-ubl::urn:peppol:bis:billing");
    buf_free(&b);
}

static const char *member(struct json_object *o, const char *key)
{
    struct json_object *v;
    assert_true(json_object_object_get_ex(o, key, &v));
    return json_object_get_string(v);
}

static void check_vector(struct json_object *o)
{
    struct participant p = party(member(o, "input")), low;
    char name[PARTICIPANT_DNS];
    struct buf b;

    participant_canonical(&low, &p);
    assert_string_equal(low.value, member(o, "normalised"));
    assert_int_equal(participant_dns(name, &p, "participant.sml.prod.tech.peppol.org", &e), 0);
    assert_string_equal(name, member(o, "fqdn_prod"));
    assert_int_equal(participant_dns(name, &p, "participant.sml.test.tech.peppol.org", &e), 0);
    assert_string_equal(name, member(o, "fqdn_test"));
    buf_init(&b, 1000);
    buf_putc(&b, '/');
    participant_path(&b, &p);
    assert_string_equal(b.p, member(o, "smp_path_servicegroup"));
    buf_free(&b);
}

static void published_vectors_hold(void **state)
{
    struct json_object *root, *list, *o;
    struct doctype d;
    struct buf b;
    (void)state;
    NEEDS_SHARED("spec/data/test-vectors.json");
    assert_non_null(root = json_object_from_file(shared("spec/data/test-vectors.json")));
    assert_true(json_object_object_get_ex(root, "participants", &list));
    assert_true(json_object_array_length(list) > 5);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        check_vector(json_object_array_get_idx(list, i));
    assert_true(json_object_object_get_ex(root, "doctype_percent_encoding", &list));
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        o = json_object_array_get_idx(list, i);
        assert_int_equal(
            doctype_make(&d, str_z(member(o, "scheme")), str_z(member(o, "value")), true, &e), 0);
        buf_init(&b, 4000);
        doctype_path(&b, &d);
        assert_string_equal(b.p, member(o, "encoded"));
        buf_free(&b);
    }
    json_object_put(root);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(malformed_participants_are_refused),
        cmocka_unit_test(participants_compare_without_case_and_keep_it),
        cmocka_unit_test(dns_names_are_those_of_the_specification),
        cmocka_unit_test(service_provider_ids_are_known_by_their_shape),
        cmocka_unit_test(malformed_document_types_are_refused),
        cmocka_unit_test(document_types_come_apart_at_the_right_places),
        cmocka_unit_test(document_types_of_other_formats_are_taken),
        cmocka_unit_test(wildcards_match_whole_parts_from_the_left),
        cmocka_unit_test(candidates_go_from_the_exact_id_to_the_shortest_wildcard),
        cmocka_unit_test(processes_are_taken_with_and_without_scheme),
        cmocka_unit_test(published_vectors_hold),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
