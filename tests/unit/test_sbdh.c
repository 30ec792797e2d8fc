#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/peppol/sbdh.h"
#include "ap/xml/xml.h"
#include "tests/support/shared.h"

#define NS SBDH_NS
#define INV "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
#define CUST "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
#define DOC "<Invoice xmlns=\"" INV "\"><ID xmlns=\"urn:b\">1</ID></Invoice>"
#define SENDER(v)                                                                                  \
    "<Sender><Identifier Authority=\"iso6523-actorid-upis\">" v "</Identifier></Sender>"
#define RECEIVER(v)                                                                                \
    "<Receiver><Identifier Authority=\"iso6523-actorid-upis\">" v "</Identifier></Receiver>"
#define IDENT(std, ver, id, type, when)                                                            \
    "<DocumentIdentification><Standard>" std "</Standard><TypeVersion>" ver                        \
    "</TypeVersion><InstanceIdentifier>" id "</InstanceIdentifier><Type>" type                     \
    "</Type><CreationDateAndTime>" when "</CreationDateAndTime></DocumentIdentification>"
#define SCOPE(t, i)                                                                                \
    "<Scope><Type>" t "</Type><InstanceIdentifier>" i "</InstanceIdentifier></Scope>"
#define SCOPE3(t, i, s)                                                                            \
    "<Scope><Type>" t "</Type><InstanceIdentifier>" i "</InstanceIdentifier><Identifier>" s        \
    "</Identifier></Scope>"
#define DOCID SCOPE3("DOCUMENTID", INV "::Invoice##" CUST "::2.1", "busdox-docid-qns")
#define PROC SCOPE3("PROCESSID", "urn:prof", "cenbii-procid-ubl")
#define C1 SCOPE("COUNTRY_C1", "BE")
#define GOOD_IDENT IDENT(INV, "2.1", "id-1", "Invoice", "2026-11-22T10:15:30Z")
#define SBD(parties, ident, scopes, payload)                                                       \
    "<StandardBusinessDocument xmlns=\"" NS "\"><StandardBusinessDocumentHeader>"                  \
    "<HeaderVersion>1.0</HeaderVersion>" parties ident "<BusinessScope>" scopes                    \
    "</BusinessScope></StandardBusinessDocumentHeader>" payload "</StandardBusinessDocument>"
#define PARTIES SENDER("0208:0848934496") RECEIVER("9915:test")
#define GOOD SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, DOC)

static struct arena *a;
static struct spool tmp;
static struct sbdh_envelope x;
static struct err e;

static int fresh(void **state)
{
    (void)state;
    a = arena_new(4 << 20);
    spool_init(&tmp, -1, 0, 1 << 20);
    return a ? 0 : -1;
}

static int gone(void **state)
{
    (void)state;
    spool_free(&tmp);
    arena_free(a);
    return 0;
}

static int rd_n(const char *p, size_t n)
{
    struct blob b = blob_mem(p, n);

    memset(&e, 0, sizeof(e));
    spool_free(&tmp);
    return sbdh_read(&x, &tmp, &b, a, &e);
}

static int rd(const char *z)
{
    return rd_n(z, strlen(z));
}

static void refused(const char *z, const char *code)
{
    assert_int_equal(rd(z), -1);
    assert_string_equal(e.code, code);
    assert_string_equal(e.ebms, "EBMS:0004");
    assert_int_equal(e.class, ERR_INPUT);
}

static void taken(const char *z)
{
    if (rd(z))
        fail_msg("%s: %s", e.code, e.msg);
}

static char *extract(void)
{
    static char out[65536];
    struct buf b;
    struct sink s;

    buf_init(&b, sizeof(out) - 1);
    s = sink_buf(&b);
    assert_int_equal(sbdh_extract(&s, &x, &e), 0);
    memcpy(out, b.p ? b.p : "", b.n);
    out[b.n] = '\0';
    buf_free(&b);
    return out;
}

static void what_is_no_envelope_is_refused(void **state)
{
    (void)state;
    refused("", "xml.malformed");
    refused("<a/>", "sbdh.missing");
    refused("<StandardBusinessDocument/>", "sbdh.missing");
    refused("<StandardBusinessDocument xmlns='" NS "'/>", "sbdh.missing");
    refused("<StandardBusinessDocument xmlns='" NS "'>" DOC "</StandardBusinessDocument>",
        "sbdh.missing");
    refused("<!DOCTYPE x>" GOOD, "xml.doctype");
    assert_int_equal(rd_n(GOOD, strlen(GOOD) - 3), -1);
    assert_string_equal(e.code, "xml.malformed");
}

/*= Envelope 2.0.2 2 "exactly one payload element" */
static void exactly_one_payload_with_a_namespace_is_taken(void **state)
{
    (void)state;
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, ""), "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, DOC DOC), "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "<Invoice/>"), "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "<Invoice xmlns=''/>"), "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "text" DOC), "sbdh.order");
    refused(
        SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "<Invoice xmlns=\"" INV "\">" GOOD "</Invoice>"),
        "sbdh.payload"); /*= Envelope 2.0.2 2.2 "no nested StandardBusinessDocument" */
    taken(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "<!-- c -->" DOC "<?pi x?>"));
}

/*= Envelope 2.0.2 2.1 "one Sender and one Receiver" */
static void parties_are_checked(void **state)
{
    (void)state;
    refused(
        SBD(SENDER("0208:1") SENDER("0208:1") RECEIVER("9915:t"), GOOD_IDENT, DOCID PROC C1, DOC),
        "sbdh.order");
    refused(
        SBD(SENDER("0208:1") RECEIVER("9915:t") RECEIVER("9915:t"), GOOD_IDENT, DOCID PROC C1, DOC),
        "sbdh.order");
    refused(SBD(SENDER("208:1") RECEIVER("9915:t"), GOOD_IDENT, DOCID PROC C1, DOC), "sbdh.value");
    refused(SBD(SENDER("0208:1") "<Receiver><Identifier Authority=\"ISO6523-actorid-upis\">9915:t"
                                 "</Identifier></Receiver>",
                GOOD_IDENT, DOCID PROC C1, DOC),
        "sbdh.value");
    refused(SBD(SENDER("0208:1") "<Receiver><Identifier>9915:t</Identifier></Receiver>", GOOD_IDENT,
                DOCID PROC C1, DOC),
        "sbdh.value");
}

/*= Envelope 2.0.2 2.4 "COUNTRY_C1 ... mandatory" */
/*= Envelope 2.0.2 2.4 "DOCUMENTID and PROCESSID, once each" */
static void scopes_are_checked(void **state)
{
    (void)state;
    refused(SBD(PARTIES, GOOD_IDENT, PROC C1, DOC), "sbdh.missing");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID C1, DOC), "sbdh.missing");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC, DOC), "sbdh.missing");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID DOCID PROC C1, DOC), "sbdh.order");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC PROC C1, DOC), "sbdh.order");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1 C1, DOC), "sbdh.order");
    refused(
        SBD(PARTIES, GOOD_IDENT, DOCID PROC SCOPE("COUNTRY_C1", "Belgium"), DOC), "sbdh.country");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC SCOPE("COUNTRY_C1", "be"), DOC), "sbdh.country");
    taken(SBD(PARTIES, GOOD_IDENT, DOCID PROC SCOPE("COUNTRY_C1", "1A"), DOC));
    refused(SBD(PARTIES, GOOD_IDENT,
                SCOPE3("DOCUMENTID", INV "::Invoice##" CUST "::2.1", "other-scheme") PROC C1, DOC),
        "sbdh.value");
    /*= PFUOI 4.4.0 POLICY 22 "no wildcard in the envelope" */
    refused(SBD(PARTIES, GOOD_IDENT,
                SCOPE3("DOCUMENTID", INV "::Invoice##urn:peppol:pint:billing-1*::2.1",
                    "peppol-doctype-wildcard") PROC C1,
                DOC),
        "sbdh.value");
    /* schemes may be left out: the defaults of the envelope hold */
    taken(SBD(PARTIES, GOOD_IDENT,
        SCOPE("DOCUMENTID", INV "::Invoice##" CUST "::2.1") SCOPE("PROCESSID", "urn:prof") C1,
        DOC));
    assert_int_equal(x.h.doctype.scheme, DOCTYPE_BUSDOX);
    assert_string_equal(x.h.process.scheme, PROCESS_SCHEME);
}

/*= Envelope 2.0.2 2 "HeaderVersion is 1.0" */
/*= Envelope 2.0.2 2.3 "Standard, Type and TypeVersion" */
/*= Envelope 2.0.2 2.3 "InstanceIdentifier names the envelope" */
static void identification_agrees_with_the_payload(void **state)
{
    char other[sizeof(GOOD)];
    (void)state;
    refused(SBD(PARTIES, IDENT("urn:x", "2.1", "i", "Invoice", "2026-11-22T10:15:30Z"),
                DOCID PROC C1, DOC),
        "sbdh.mismatch");
    refused(
        SBD(PARTIES, IDENT(INV, "2.0", "i", "Invoice", "2026-11-22T10:15:30Z"), DOCID PROC C1, DOC),
        "sbdh.mismatch");
    refused(SBD(PARTIES, IDENT(INV, "2.1", "i", "CreditNote", "2026-11-22T10:15:30Z"),
                DOCID PROC C1, DOC),
        "sbdh.mismatch");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, "<Invoice xmlns='urn:x'/>"), "sbdh.mismatch");
    refused(
        SBD(PARTIES, IDENT(INV, "2.1", " ", "Invoice", "2026-11-22T10:15:30Z"), DOCID PROC C1, DOC),
        "sbdh.value");
    refused(
        SBD(PARTIES, IDENT(INV, "2.1", "i", "Invoice", "2026-11-22T10:15:30"), DOCID PROC C1, DOC),
        "sbdh.value"); /*= Envelope 2.0.2 2.3 "CreationDateAndTime ... timezone" */
    refused(SBD(PARTIES, IDENT(INV, "2.1", "i", "Invoice", "yesterday"), DOCID PROC C1, DOC),
        "sbdh.value");
    (void)snprintf(other, sizeof(other), "%s", GOOD);
    strstr(other, "1.0</HeaderVersion>")[2] = '1';
    refused(other, "sbdh.value");
}

/*= Envelope 2.0.2 2.7 "other attributes are kept" */
static void values_are_read_trimmed_and_whole(void **state)
{
    (void)state;
    taken(SBD(SENDER("\n 0208:0848934496\t") RECEIVER("9915:Test"),
        IDENT(" " INV "\n", " 2.1", "\n id-1 ", "Invoice ", " 2026-11-22T11:15:30+01:00 "),
        DOCID PROC C1 SCOPE3("MLS_TO", "0242:000306", "iso6523-actorid-upis")
            SCOPE("MLS_TYPE", "ALWAYS_SEND") SCOPE("MY_KEY", "") SCOPE3("MY_KEY", " v ", "w"),
        DOC));
    assert_string_equal(x.h.sender.value, "0208:0848934496");
    assert_string_equal(x.h.receiver.value, "9915:Test");
    assert_string_equal(x.h.instance_id.p, "id-1");
    assert_int_equal(x.h.created, 1795342530000);
    assert_string_equal(x.h.country_c1, "BE");
    assert_string_equal(x.h.mls_to.value, "0242:000306");
    assert_int_equal(x.h.mls_type, SBDH_MLS_ALWAYS_SEND);
    assert_int_equal(x.h.nmore, 2);
    assert_string_equal(x.h.more[1].type.p, "MY_KEY");
    assert_string_equal(x.h.more[1].instance.p, "v");
    assert_string_equal(x.h.more[1].identifier.p, "w");
    assert_false(x.h.more[0].has_identifier);
    assert_string_equal(x.root_local.p, "Invoice");
    assert_string_equal(extract(), DOC);
}

/*= Envelope 2.0.2 2.6 "an invalid value is ignored" */
static void odd_mls_scopes_are_ignored_not_refused(void **state)
{
    static const char *const bad[] = {
        SBD(PARTIES, GOOD_IDENT, DOCID PROC C1 SCOPE3("MLS_TO", "0088:1", "iso6523-actorid-upis"),
            DOC),
        SBD(PARTIES, GOOD_IDENT, DOCID PROC C1 SCOPE("MLS_TO", "0242:000306"), DOC),
        SBD(PARTIES, GOOD_IDENT, DOCID PROC C1 SCOPE3("MLS_TO", "", "iso6523-actorid-upis"), DOC),
        SBD(PARTIES, GOOD_IDENT,
            DOCID PROC C1 SCOPE3("MLS_TO", "0242:000306", "iso6523-actorid-upis")
                SCOPE3("MLS_TO", "0242:000307", "iso6523-actorid-upis"),
            DOC)};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        taken(bad[i]);
        assert_string_equal(x.h.mls_to.value, "");
        assert_true(x.h.mls_to_ignored);
    }
    taken(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1 SCOPE("MLS_TYPE", "SOMETIMES"), DOC));
    assert_int_equal(x.h.mls_type, SBDH_MLS_ABSENT);
    assert_true(x.h.mls_type_ignored);
}

static void scopes_and_texts_have_limits(void **state)
{
    char *big = malloc(1 << 20);
    size_t n = 0, half = strlen(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, DOC));
    const char *tail = strstr(GOOD, "</BusinessScope>");
    (void)state;
    memcpy(big, GOOD, (size_t)(tail - (const char *)GOOD) < half ? 0 : 0);
    n = half - strlen(strstr(GOOD, "</BusinessScope>"));
    memcpy(big, GOOD, n);
    for (int i = 0; i < 70; i++)
        n += (size_t)snprintf(big + n, (1 << 20) - n, SCOPE("K%d", "v"), i);
    n += (size_t)snprintf(big + n, (1 << 20) - n, "%s", strstr(GOOD, "</BusinessScope>"));
    assert_int_equal(rd_n(big, n), -1);
    assert_string_equal(e.code, "xml.limit");
    n = (size_t)snprintf(big, 1 << 20,
        "<StandardBusinessDocument xmlns=\"" NS "\"><StandardBusinessDocumentHeader>"
        "<HeaderVersion>1.0%*s",
        5000, "");
    assert_int_equal(rd_n(big, n), -1);
    n += (size_t)snprintf(big + n, (1 << 20) - n,
        "</HeaderVersion></StandardBusinessDocumentHeader></StandardBusinessDocument>");
    assert_int_equal(rd_n(big, n), -1);
    assert_string_equal(e.code, "xml.limit");
    free(big);
}

/* The document's digest is of its start tag to its end tag, whatever stands around it. */
static void the_payload_range_and_digest_are_exact(void **state)
{
    uint8_t want[HASH_LEN];
    (void)state;
    assert_int_equal(hash_of(want, DOC, strlen(DOC), &e), 0);
    taken(GOOD);
    assert_memory_equal(x.document_sha256, want, sizeof(want));
    taken("<?xml version='1.0' encoding='UTF-8'?>\n" SBD(
        PARTIES, GOOD_IDENT, DOCID PROC C1, "\n<!--x-->\n" DOC "\n"));
    assert_memory_equal(x.document_sha256, want, sizeof(want));
    assert_string_equal(extract(), DOC);
}

static void another_encoding_comes_out_as_utf_8(void **state)
{
    (void)state;
    taken("<?xml version='1.0' encoding='ISO-8859-1'?>" SBD(
        PARTIES, GOOD_IDENT, DOCID PROC C1, "<Invoice xmlns=\"" INV "\">\xe9</Invoice>"));
    assert_string_equal(extract(), "<Invoice xmlns=\"" INV "\">\xc3\xa9</Invoice>");
}

#define SBD_NS(ns, payload)                                                                        \
    "<s:StandardBusinessDocument xmlns:s=\"" NS "\" " ns                                           \
    "><StandardBusinessDocumentHeader xmlns=\"" NS                                                 \
    "\"><HeaderVersion>1.0</HeaderVersion>" PARTIES GOOD_IDENT "<BusinessScope>" DOCID PROC C1     \
    "</BusinessScope></StandardBusinessDocumentHeader>" payload "</s:StandardBusinessDocument>"

static void inherited_namespaces_go_with_the_payload(void **state)
{
    (void)state;
    taken(SBD_NS("xmlns:i='" INV "' xmlns:c='urn:c&amp;d' xmlns:no='urn:no'",
        "<i:Invoice><c:ID x='1'/></i:Invoice>"));
    assert_string_equal(extract(),
        "<i:Invoice xmlns:i=\"" INV "\" xmlns:c=\"urn:c&amp;d\"><c:ID x='1'/></i:Invoice>");
    taken(SBD_NS("xmlns:i='" INV "'", "<i:Invoice xmlns:i='" INV "'><i:ID/></i:Invoice>"));
    assert_string_equal(extract(), "<i:Invoice xmlns:i='" INV "'><i:ID/></i:Invoice>");
    taken(SBD_NS("xmlns:a='urn:a'",
        "<Invoice xmlns='" INV "'><b xmlns:a='urn:z'><a:c/></b><d a:x='1'/></Invoice>"));
    assert_string_equal(extract(), "<Invoice xmlns:a=\"urn:a\" xmlns='" INV
                                   "'><b xmlns:a='urn:z'><a:c/></b><d a:x='1'/></Invoice>");
    taken(SBD_NS("xmlns:t='urn:t' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'",
        "<Invoice xmlns='" INV "' xsi:type='t:Big'/>"));
    assert_non_null(strstr(extract(), "xmlns:t=\"urn:t\" xmlns:xsi="));
    taken(SBD_NS("xmlns:t='urn:t'", "<Invoice xmlns='" INV "'/>"));
    assert_int_equal(x.inherited_ns.n, 0);
}

#define BIN(attrs, body)                                                                           \
    SBD(PARTIES,                                                                                   \
        IDENT("urn:peppol:doctype:pdf+xml", "0", "i", "factur-x", "2026-11-22T10:15:30Z"),         \
        SCOPE3("DOCUMENTID", "urn:peppol:doctype:pdf+xml##eb2b:factur-x:1.0::0",                   \
            "busdox-docid-qns") PROC C1,                                                           \
        "<BinaryContent xmlns='" SBDH_CONTENT_NS "' " attrs ">" body "</BinaryContent>")

/*= Envelope 2.0.2 2.3 "BinaryContent and TextContent" */
static void content_that_is_not_xml_is_decoded(void **state)
{
    (void)state;
    taken(BIN("mimeType='application/pdf' encoding='UTF-8'", "JVBE\n Ri0x\n"));
    assert_int_equal(x.kind, SBDH_BINARY);
    assert_string_equal(x.mime_type.p, "application/pdf");
    assert_string_equal(x.encoding.p, "UTF-8");
    assert_string_equal(extract(), "%PDF-1");
    refused(BIN("", "JVBE"), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "<x/>"), "sbdh.payload");
    taken("<?xml version='1.0' encoding='ISO-8859-1'?>" SBD(PARTIES, GOOD_IDENT, DOCID PROC C1,
        "<TextContent xmlns='" SBDH_CONTENT_NS "' mimeType='text/plain'>a&lt;\xe9<![CDATA[<>]]>"
        "</TextContent>"));
    assert_int_equal(x.kind, SBDH_TEXT_CONTENT);
    assert_string_equal(extract(), "a<\xc3\xa9<>");
}

#define TXT(attrs, body)                                                                           \
    SBD(PARTIES, GOOD_IDENT, DOCID PROC C1,                                                        \
        "<TextContent xmlns='" SBDH_CONTENT_NS "' " attrs ">" body "</TextContent>")

/*= Envelope 2.0.2 2.3 "BinaryContent and TextContent" */
static void content_that_is_hostile_is_refused(void **state)
{
    (void)state;
    refused(BIN("mimeType='a/b'", "JVB=E"), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "JVBE*A=="), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "JVB"), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "JVA=JVBE"), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "===="), "sbdh.payload");
    refused(BIN("mimeType='a/b'", " \n"), "sbdh.payload");
    refused(BIN("mimeType=''", "JVBE"), "sbdh.payload");
    refused(BIN("mimetype='a/b'", "JVBE"), "sbdh.order");
    refused(BIN("mimeType='a/b' name='x.pdf'", "JVBE"), "sbdh.order");
    refused(BIN("mimeType='a/b' xmlns:v='urn:v' v:encoding='UTF-8'", "JVBE"), "sbdh.order");
    refused(BIN("mimeType='a/b&#10;X-Evil: yes'", "JVBE"), "sbdh.payload");
    refused(BIN("mimeType='a/b' encoding='\xc3\xa9'", "JVBE"), "sbdh.payload");
    refused(TXT("mimeType='text/plain' encoding='UTF-8'", "x"), "sbdh.order");
    refused(TXT("mimeType='text/plain'", ""), "sbdh.payload");
    refused(TXT("mimeType='text/plain'", "a<b/>"), "sbdh.payload");
    refused(BIN("mimeType='a/b'", "JVBE</BinaryContent><BinaryContent xmlns='" SBDH_CONTENT_NS
                                  "' mimeType='a/b'>JVBE"),
        "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1,
                "<OtherContent xmlns='" SBDH_CONTENT_NS "' mimeType='a/b'>x</OtherContent>"),
        "sbdh.payload");
    refused(SBD(PARTIES, GOOD_IDENT, DOCID PROC C1, ""), "sbdh.payload");
}

static void content_is_named_by_what_it_stands_for(void **state)
{
    uint8_t want[HASH_LEN];
    (void)state;
    assert_int_equal(hash_of(want, "%PDF-1", 6, &e), 0);
    taken(BIN("mimeType='application/pdf'", "JVBERi0x"));
    assert_memory_equal(x.document_sha256, want, sizeof(want));
    assert_int_equal(x.document_len, 6);
    taken(BIN("mimeType='application/pdf'", "\n JVBE\t\nRi0x "));
    assert_memory_equal(x.document_sha256, want, sizeof(want));
    taken(TXT("mimeType='text/plain'", "%PDF<![CDATA[-]]>&#49;"));
    assert_memory_equal(x.document_sha256, want, sizeof(want));
}

/*= PEPPOL-AS4 4.6 "Service is the process" */
/*= PEPPOL-AS4 4.6 "Action is the document type" */
/*= PEPPOL-AS4 4.9 "the envelope's Sender and Receiver" */
static void the_as4_header_must_say_the_same(void **state)
{
    struct str s = STR("0208:0848934496"), r = STR("9915:TEST"), t = STR(PARTICIPANT_SCHEME);
    struct str act = STR("busdox-docid-qns::" INV "::Invoice##" CUST "::2.1"),
               svc = STR("urn:prof"), st = STR(PROCESS_SCHEME), o = STR("0088:other");
    const struct sbdh *h = &x.h;
    (void)state;
    taken(GOOD);
    assert_int_equal(sbdh_check_header(h, s, t, r, t, act, svc, st, &e), 0);
    assert_int_equal(sbdh_check_header(h, o, t, r, t, act, svc, st, &e), -1);
    assert_string_equal(e.code, "sbdh.mismatch");
    assert_string_equal(e.ebms, "EBMS:0004");
    assert_int_equal(sbdh_check_header(h, s, o, r, t, act, svc, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, o, t, act, svc, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, r, o, act, svc, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, r, t, str_sub(act, 0, act.n - 1), svc, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, r, t, o, svc, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, r, t, act, o, st, &e), -1);
    assert_int_equal(sbdh_check_header(h, s, t, r, t, act, svc, o, &e), -1);
}

/* ---- writing ---- */

static struct sbdh header;
static struct document doc;
static struct buf written;

static void describe(const char *xml)
{
    struct blob b = blob_mem(xml, strlen(xml));

    memset(&header, 0, sizeof(header));
    spool_free(&tmp);
    assert_int_equal(document_read(&doc, &tmp, &b, NULL, a, &e), 0);
    assert_int_equal(participant_parse(&header.sender, STR("0208:0848934496"), &e), 0);
    assert_int_equal(participant_parse(&header.receiver, STR("9915:test"), &e), 0);
    assert_int_equal(
        doctype_build(&header.doctype, doc.root_ns, doc.root_local, STR(CUST), STR("2.1"), &e), 0);
    assert_int_equal(process_parse(&header.process, STR("urn:prof"), &e), 0);
    header.instance_id = STR("0f6f2ad0-5c0a-4f0b-9a5f-2b7c1f3f6c11");
    header.created = 1795342530000;
    memcpy(header.country_c1, "BE", 3);
}

static int wr(void)
{
    struct sink s;

    buf_free(&written);
    buf_init(&written, 1 << 20);
    s = sink_buf(&written);
    return sbdh_write(&s, &header, &doc, &e);
}

static void not_written(const char *code)
{
    assert_int_equal(wr(), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(written.n, 0);
}

/* The document inside, read alone, is of the type the envelope says. */
static void describe_payload(void)
{
    struct spool none;

    spool_init(&none, -1, 0, 0);
    assert_int_equal(document_read(&doc, &none, &x.payload, NULL, a, &e), 0);
    assert_true(str_eq(doc.root_local, x.root_local));
    assert_memory_equal(doc.sha256, x.document_sha256, HASH_LEN);
    if (doc.doctype.value[0])
        assert_true(doctype_same(&doc.doctype, &x.h.doctype));
}

/*= Envelope 2.0.2 2.7.1 "reserved keys" */
static void nothing_invalid_is_written(void **state)
{
    (void)state;
    describe(DOC);
    header.country_c1[0] = '\0';
    not_written("sbdh.country");
    describe(DOC);
    header.instance_id = STR("");
    not_written("sbdh.value");
    describe(DOC);
    header.instance_id = STR("a\x01");
    not_written("sbdh.value");
    describe(DOC);
    memset(&header.receiver, 0, sizeof(header.receiver));
    not_written("id.participant");
    describe(DOC);
    memset(&header.process, 0, sizeof(header.process));
    not_written("sbdh.value");
    describe(DOC);
    assert_int_equal(participant_parse(&header.mls_to, STR("0088:1"), &e), 0);
    not_written("sbdh.value");
    describe(DOC);
    header.nmore = 1;
    header.more[0] = (struct sbdh_scope){STR("MLS_TO"), STR("x"), STR(""), false};
    not_written("sbdh.value");
    header.nmore = 2;
    header.more[0] = header.more[1] = (struct sbdh_scope){STR("K"), STR("x"), STR(""), false};
    not_written("sbdh.value");
    describe(DOC);
    assert_int_equal(doctype_parse(&header.doctype, STR("urn:x::Invoice##c::2.1"), &e), 0);
    not_written("sbdh.mismatch");
    describe("<x:a xmlns:x='urn:x'><StandardBusinessDocument/></x:a>");
    not_written("sbdh.payload");
    buf_free(&written);
}

static void what_is_written_reads_back_the_same(void **state)
{
    uint8_t digest[HASH_LEN];
    (void)state;
    describe("<?xml version='1.0' encoding='ISO-8859-1'?><!-- x --><Invoice xmlns=\"" INV
             "\">\xe9</Invoice>");
    assert_int_equal(participant_parse(&header.mls_to, STR("0242:000306-MLS"), &e), 0);
    header.mls_type = SBDH_MLS_FAILURE_ONLY;
    header.nmore = 1;
    header.more[0] = (struct sbdh_scope){STR("K<&>\"'"), STR("\xc3\xa9"), STR(""), true};
    memcpy(digest, doc.sha256, sizeof(digest));
    assert_int_equal(wr(), 0);
    assert_int_equal(rd_n(written.p, written.n), 0);
    assert_string_equal(x.h.instance_id.p, "0f6f2ad0-5c0a-4f0b-9a5f-2b7c1f3f6c11");
    assert_string_equal(x.h.created_text.p, "2026-11-22T10:15:30.000Z");
    assert_string_equal(x.h.mls_to.value, "0242:000306-MLS");
    assert_int_equal(x.h.mls_type, SBDH_MLS_FAILURE_ONLY);
    assert_string_equal(x.h.more[0].type.p, "K<&>\"'");
    assert_string_equal(x.h.more[0].instance.p, "\xc3\xa9");
    assert_true(x.h.more[0].has_identifier);
    assert_string_equal(x.h.standard.p, INV);
    assert_string_equal(x.h.type.p, "Invoice");
    assert_memory_equal(x.document_sha256, digest, sizeof(digest));
    buf_free(&written);
}

/* Elements without a namespace inside the document must not fall into the envelope's. */
static void the_envelope_leaks_nothing_into_the_document(void **state)
{
    (void)state;
    describe("<i:Invoice xmlns:i=\"" INV "\"><plain/></i:Invoice>");
    assert_int_equal(wr(), 0);
    assert_non_null(strstr(written.p, "<sh:StandardBusinessDocument xmlns:sh="));
    assert_int_equal(rd_n(written.p, written.n), 0);
    assert_string_equal(extract(), "<i:Invoice xmlns:i=\"" INV "\"><plain/></i:Invoice>");
    describe(DOC);
    assert_int_equal(wr(), 0);
    assert_non_null(strstr(written.p, "<StandardBusinessDocument xmlns="));
    buf_free(&written);
}

/*= Envelope 2.0.2 2.3 "must not be used for XML payloads" */
static void other_formats_are_wrapped(void **state)
{
    static char bytes[200000];
    struct blob b = blob_mem(bytes, sizeof(bytes));
    struct buf back;
    struct sink s;
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    describe(DOC);
    assert_int_equal(
        doctype_parse(&header.doctype, STR("urn:peppol:doctype:pdf+xml##eb2b:factur-x:1.0::0"), &e),
        0);
    buf_init(&written, 1 << 20);
    s = sink_buf(&written);
    assert_int_equal(
        sbdh_write_content(&s, &header, SBDH_BINARY, STR("application/pdf"), STR(""), &b, &e), -1);
    header.type = STR("factur-x");
    assert_int_equal(
        sbdh_write_content(&s, &header, SBDH_BINARY, STR("application/xml"), STR(""), &b, &e), -1);
    assert_int_equal(
        sbdh_write_content(&s, &header, SBDH_BINARY, STR("application/pdf"), STR(""), &b, &e), 0);
    assert_int_equal(rd_n(written.p, written.n), 0);
    assert_string_equal(x.h.standard.p, "urn:peppol:doctype:pdf+xml");
    assert_string_equal(x.h.type.p, "factur-x");
    buf_init(&back, 1 << 20);
    s = sink_buf(&back);
    assert_int_equal(sbdh_extract(&s, &x, &e), 0);
    assert_int_equal(back.n, sizeof(bytes));
    assert_memory_equal(back.p, bytes, sizeof(bytes));
    buf_clear(&written);
    s = sink_buf(&written);
    assert_int_equal(
        sbdh_write_content(&s, &header, SBDH_TEXT_CONTENT, STR("text/x"), STR(""), &b, &e), -1);
    assert_string_equal(e.code, "sbdh.payload");
    b = blob_str(STR("UNA:+.? '\r\n<&>\xc3\xa9"));
    buf_clear(&written);
    assert_int_equal(
        sbdh_write_content(&s, &header, SBDH_TEXT_CONTENT, STR("text/x"), STR(""), &b, &e), 0);
    assert_int_equal(rd_n(written.p, written.n), 0);
    assert_string_equal(extract(), "UNA:+.? '\r\n<&>\xc3\xa9");
    buf_free(&back);
    buf_free(&written);
}

/* ---- against the official schema ---- */

static const char EVERYTHING[] =
    "<StandardBusinessDocument xmlns=\"" NS "\"><StandardBusinessDocumentHeader>"
    "<HeaderVersion>1.0</HeaderVersion><Sender><Identifier Authority=\"iso6523-actorid-upis\">"
    "0208:1</Identifier><ContactInformation><Contact>c</Contact><EmailAddress>e</EmailAddress>"
    "<FaxNumber>f</FaxNumber><TelephoneNumber>t</TelephoneNumber><ContactTypeIdentifier>i"
    "</ContactTypeIdentifier></ContactInformation><ContactInformation><Contact>c</Contact>"
    "</ContactInformation></Sender>" RECEIVER(
        "9915:t") "<DocumentIdentification><Standard>" INV
                  "</Standard><TypeVersion>2.1</TypeVersion>"
                  "<InstanceIdentifier>id</InstanceIdentifier><Type>Invoice</"
                  "Type><MultipleType>false"
                  "</MultipleType><CreationDateAndTime>2026-11-22T10:15:30Z</CreationDateAndTime>"
                  "</DocumentIdentification><Manifest><NumberOfItems>1</"
                  "NumberOfItems><ManifestItem>"
                  "<MimeTypeQualifierCode>a/b</"
                  "MimeTypeQualifierCode><UniformResourceIdentifier>urn:x"
                  "</UniformResourceIdentifier><Description>d</Description><LanguageCode>en</"
                  "LanguageCode>"
                  "</ManifestItem></Manifest><BusinessScope>" DOCID PROC C1
                  "<Scope><Type>K</Type><InstanceIdentifier>v</InstanceIdentifier><Identifier>i</"
                  "Identifier>"
                  "<CorrelationInformation><RequestingDocumentCreationDateTime>2026-11-22T10:15:30Z"
                  "</RequestingDocumentCreationDateTime><RequestingDocumentInstanceIdentifier>x"
                  "</"
                  "RequestingDocumentInstanceIdentifier><ExpectedResponseDateTime>2026-11-22T10:15:"
                  "30Z"
                  "</ExpectedResponseDateTime></"
                  "CorrelationInformation><BusinessService><BusinessServiceName>n"
                  "</BusinessServiceName><ServiceTransaction "
                  "TypeOfServiceTransaction=\"RequestingServiceTransaction\" Recurrence=\"1\"/>"
                  "</BusinessService></Scope></BusinessScope></StandardBusinessDocumentHeader>" DOC
                  "</StandardBusinessDocument>";

static xmlNode *nth(xmlNode *n, int *i)
{
    for (; n; n = n->next) {
        xmlNode *hit;
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if ((*i)-- == 0)
            return n;
        if ((hit = nth(n->children, i)) != NULL)
            return hit;
    }
    return NULL;
}

static const char *const VALUES[] = {
    "", " ", "x", "true", "1", "-7", "2026-11-22T10:15:30", "2026-13-22T10:15:30Z", "A.B"};
#define FIRST_VALUE 9
#define OPERATIONS (FIRST_VALUE + (int)(sizeof(VALUES) / sizeof(VALUES[0])))

static xmlNode *next_of(xmlNode *n)
{
    return xml_next_element(n);
}

/* False when the operation has nothing to do there. */
static int mutate(xmlNode *n, int op)
{
    xmlNode *other = next_of(n), *copy;

    switch (op) {
    case 0:
        xmlUnlinkNode(n);
        xmlFreeNode(n);
        return 1;
    case 1:
        copy = xmlCopyNode(n, 1);
        xmlAddNextSibling(n, copy);
        return 1;
    case 2:
        if (!other)
            return 0;
        xmlUnlinkNode(other);
        xmlAddPrevSibling(n, other);
        return 1;
    case 3:
        xmlNodeSetName(n, BAD_CAST "Strange");
        return 1;
    case 4:
        xmlSetProp(n, BAD_CAST "strange", BAD_CAST "1");
        return 1;
    case 5:
        xmlAddChild(n, xmlNewText(BAD_CAST "text"));
        return 1;
    case 6:
        xmlNewChild(n, n->ns, BAD_CAST "Type", NULL);
        return 1;
    case 7:
        xmlNewNsProp(n,
            xmlNewNs(n, BAD_CAST "http://www.w3.org/2001/XMLSchema-instance", BAD_CAST "xsi"),
            BAD_CAST "schemaLocation", BAD_CAST "urn:a a.xsd");
        return 1;
    case 8:
        if (!n->children)
            return 0;
        xmlAddNextSibling(n, xmlNewComment(BAD_CAST "c"));
        return 1;
    default:
        /* no two processors agree on anyURI, and the Manifest is ignored */
        if (xml_first_element(n) || strcmp((const char *)n->name, "UniformResourceIdentifier") == 0)
            return 0;
        xmlNodeSetContent(n, BAD_CAST VALUES[op - FIRST_VALUE]);
        return 1;
    }
}

static int schema_says_valid(xmlSchema *schema, xmlDoc *d)
{
    xmlSchemaValidCtxt *v = xmlSchemaNewValidCtxt(schema);
    int rc;

    xmlSchemaSetValidStructuredErrors(v, NULL, NULL);
    rc = xmlSchemaValidateDoc(v, d);
    xmlSchemaFreeValidCtxt(v);
    return rc == 0;
}

static void compare(xmlSchema *schema, int i, int op, int *n, int *valid)
{
    xmlDoc *d = xmlReadMemory(EVERYTHING, sizeof(EVERYTHING) - 1, NULL, NULL, 0);
    int at = i, len = 0, by_schema;
    xmlChar *text = NULL;
    struct arena_mark m = arena_mark(a);

    if ((i > 0 || op == 4 || op == 7) && mutate(nth(xmlDocGetRootElement(d), &at), op)) {
        xmlDocDumpMemory(d, &text, &len);
        by_schema = schema_says_valid(schema, d);
        *n += 1;
        *valid += by_schema;
        if (rd_n((char *)text, (size_t)len) == 0) {
            if (!by_schema)
                fail_msg("taken but invalid: %s", strstr((char *)text, "<DocumentIdent"));
        } else if (by_schema && strcmp(e.spec, "SBDH 1.3") == 0)
            fail_msg("valid but refused: %s: %s", e.msg, (char *)text);
        xmlFree(text);
    }
    arena_rewind(a, m);
    xmlFreeDoc(d);
}

#define SBDH_XSD "spec/data/xsd/sbdh/StandardBusinessDocumentHeader.xsd"

/*= Envelope 2.0.2 2 "valid by the envelope's schema" */
static void structure_is_judged_as_the_official_schema_does(void **state)
{
    xmlSchemaParserCtxt *pc;
    xmlSchema *schema;
    int n = 0, valid = 0, elements = 0;
    (void)state;
    NEEDS_SHARED(SBDH_XSD);
    assert_non_null(pc = xmlSchemaNewParserCtxt(shared(SBDH_XSD)));
    xmlSchemaSetParserStructuredErrors(pc, NULL, NULL);
    schema = xmlSchemaParse(pc);
    xmlSchemaFreeParserCtxt(pc);
    assert_non_null(schema);
    taken(EVERYTHING);
    for (const char *p = EVERYTHING; (p = strchr(p, '<')) != NULL; p++)
        elements += p[1] != '/';
    for (int i = 0; i < elements; i++)
        for (int op = 0; op < OPERATIONS; op++)
            compare(schema, i, op, &n, &valid);
    print_message("%d changed envelopes, %d of them valid by schema\n", n, valid);
    assert_true(n > 500 && valid > 100 && valid < n - 100);
    xmlSchemaFree(schema);
}

/* Envelopes as phase4 writes them, decoded from captured messages. */
static void envelopes_of_a_peer_are_read(void **state)
{
    static const char *const names[] = {"ok", "dup-first", "not-serviced"};
    char path[512];
    struct buf b;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "interop/vectors/phase4-%s.request.sbd.xml", names[i]);
        buf_init(&b, 1 << 20);
        NEEDS_SHARED(path);
        assert_int_equal(fsx_read_file(&b, shared(path), &e), 0);
        if (rd_n(b.p, b.n))
            fail_msg("%s: %s: %s", path, e.code, e.msg);
        assert_int_equal(x.kind, SBDH_XML);
        assert_true(x.h.instance_id.n > 0 && x.h.country_c1[0]);
        describe_payload();
        buf_free(&b);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
    const struct CMUnitTest t[] = {
        T(what_is_no_envelope_is_refused),
        T(exactly_one_payload_with_a_namespace_is_taken),
        T(parties_are_checked),
        T(scopes_are_checked),
        T(identification_agrees_with_the_payload),
        T(values_are_read_trimmed_and_whole),
        T(odd_mls_scopes_are_ignored_not_refused),
        T(scopes_and_texts_have_limits),
        T(the_payload_range_and_digest_are_exact),
        T(another_encoding_comes_out_as_utf_8),
        T(inherited_namespaces_go_with_the_payload),
        T(content_that_is_not_xml_is_decoded),
        T(content_that_is_hostile_is_refused),
        T(content_is_named_by_what_it_stands_for),
        T(the_as4_header_must_say_the_same),
        T(nothing_invalid_is_written),
        T(what_is_written_reads_back_the_same),
        T(the_envelope_leaks_nothing_into_the_document),
        T(other_formats_are_wrapped),
        T(envelopes_of_a_peer_are_read),
        T(structure_is_judged_as_the_official_schema_does),
    };
    xml_init();
    return cmocka_run_group_tests(t, NULL, NULL);
}
