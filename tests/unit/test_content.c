/* Documents that are not XML: what the document type and the file's beginning say of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ap/peppol/content.h"

#define FACTURX                                                                                    \
    "urn:peppol:doctype:pdf+xml##urn:cen.eu:en16931:2017#conformant#urn:peppol:france:billing:"    \
    "Factur-X:1.0::D22B"
#define INVOIC "urn:peppol:doctype:edifact:INVOIC##eb2b::0"
#define X12 "urn:peppol:doctype:x12:810##eb2b::0"
#define BILATERAL "urn:peppol:doctype:bilateral##eb2b:despatch_advice::0"
#define UBL                                                                                        \
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017"     \
    "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"

static struct arena *a;
static struct content c;
static struct err e;

static int make(void **state)
{
    (void)state;
    return (a = arena_new(1 << 20)) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static int of_n(
    const char *type, const char *mime, const char *encoding, const char *bytes, size_t n)
{
    struct blob b = blob_mem(bytes, n);
    struct doctype d;

    memset(&e, 0, sizeof(e));
    assert_int_equal(doctype_parse(&d, str_z(type), &e), 0);
    return content_of(&c, &d, mime, encoding, &b, a, &e);
}

static int of(const char *type, const char *bytes)
{
    return of_n(type, NULL, NULL, bytes, strlen(bytes));
}

static void refused(int rc, const char *code)
{
    assert_int_equal(rc, -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, ERR_INPUT);
}

static void says(enum sbdh_kind kind, const char *mime, const char *type, const char *version)
{
    assert_int_equal(c.kind, kind);
    assert_true(str_eqz(c.mime_type, mime));
    assert_true(str_eqz(c.type, type));
    assert_true(str_eqz(c.type_version, version));
}

static void a_file_must_begin_as_its_type_says(void **state)
{
    (void)state;
    refused(of(FACTURX, "<Invoice/>"), "content.format");
    refused(of(FACTURX, ""), "content.format");
    refused(of(INVOIC, "%PDF-1.7"), "content.format");
    refused(of(X12, "UNA:+.? '"), "content.format");
    refused(of(BILATERAL, ""), "content.format");
    refused(of(BILATERAL, "PK\3\4"), "content.media-type");
}

static void the_type_names_format_and_media_type(void **state)
{
    (void)state;
    assert_int_equal(of(FACTURX, "%PDF-1.7\n"), 0);
    says(SBDH_BINARY, "application/pdf", "factur-x", "0");
    assert_int_equal(of("urn:peppol:doctype:pdf+xml##eb2b:order-x:1.0::0", "%PDF-1.7\n"), 0);
    says(SBDH_BINARY, "application/pdf", "order-x", "0");
    assert_int_equal(of(INVOIC, "UNB+UNOY:4'"), 0);
    says(SBDH_TEXT_CONTENT, "application/EDIFACT", "INVOIC", "0");
    assert_int_equal(of(X12, "ISA*00*"), 0);
    says(SBDH_TEXT_CONTENT, "application/EDI-X12", "810", "0");
    assert_int_equal(of(BILATERAL, "ISA*00*"), 0);
    says(SBDH_TEXT_CONTENT, "application/EDI-X12", "despatch_advice", "0");
    assert_int_equal(of_n(BILATERAL, "application/zip", NULL, "PK\3\4", 4), 0);
    says(SBDH_BINARY, "application/zip", "despatch_advice", "0");
}

static void xml_stays_xml(void **state)
{
    (void)state;
    assert_int_equal(of(UBL, "<Invoice/>"), 0);
    assert_int_equal(c.kind, SBDH_XML);
    assert_int_equal(of(BILATERAL, "\xef\xbb\xbf <Order/>"), 0);
    assert_int_equal(c.kind, SBDH_XML);
    assert_int_equal(of_n(BILATERAL, NULL, NULL, "\xff\xfe<\0", 4), 0);
    assert_int_equal(c.kind, SBDH_XML);
    assert_int_equal(of_n(UBL, "application/vnd.etsi.asic-e+zip", NULL, "PK\3\4", 4), 0);
    says(SBDH_BINARY, "application/vnd.etsi.asic-e+zip", "Invoice", "2.1");
}

/*= Envelope 2.0.2 2.3 "text in another encoding names it" */
static void text_that_is_not_utf_8_names_its_encoding(void **state)
{
    (void)state;
    assert_int_equal(of(INVOIC, "UNB+UNOC:3+\xe9'"), 0);
    assert_int_equal(c.kind, SBDH_BINARY);
    assert_true(str_eqz(c.encoding, "ISO-8859-1"));
    assert_int_equal(of(INVOIC, "UNA:+.? 'UNB+UNOF:3+\xe9'"), 0);
    assert_true(str_eqz(c.encoding, "ISO-8859-7"));
    assert_int_equal(of(INVOIC, "UNB+UNOY:3+\xc3\xa9'"), 0);
    assert_int_equal(c.kind, SBDH_TEXT_CONTENT);
    assert_true(str_eqz(c.encoding, ""));
    refused(of(INVOIC, "UNB+UNOX:3+\xe9'"), "content.encoding");
    assert_string_equal(e.next, "say it: --encoding ISO-8859-1");
    assert_int_equal(of(X12, "ISA\x1d"
                             "00"),
        0); /* separators that XML cannot hold */
    assert_int_equal(c.kind, SBDH_BINARY);
    assert_true(str_eqz(c.encoding, "US-ASCII"));
    assert_int_equal(of_n(X12, NULL, "windows-1252", "ISA*\x80", 5), 0);
    assert_int_equal(c.kind, SBDH_BINARY);
    assert_true(str_eqz(c.encoding, "windows-1252"));
    assert_int_equal(of_n(BILATERAL, "text/csv", NULL, "a;\xc3", 4), -1);
    assert_string_equal(e.code, "content.encoding");
}

static void media_types_have_extensions(void **state)
{
    (void)state;
    assert_string_equal(content_extension(STR("application/pdf")), "pdf");
    assert_string_equal(content_extension(STR("APPLICATION/edifact")), "edi");
    assert_string_equal(content_extension(STR("text/csv")), "csv");
    assert_string_equal(content_extension(STR("../../etc")), "bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_must_begin_as_its_type_says, make, drop),
        cmocka_unit_test_setup_teardown(the_type_names_format_and_media_type, make, drop),
        cmocka_unit_test_setup_teardown(xml_stays_xml, make, drop),
        cmocka_unit_test_setup_teardown(text_that_is_not_utf_8_names_its_encoding, make, drop),
        cmocka_unit_test(media_types_have_extensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
