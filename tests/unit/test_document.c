#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/peppol/document.h"
#include "ap/xml/xml.h"

#define UBL "urn:oasis:names:specification:ubl:schema:xsd:"
#define CBC UBL "CommonBasicComponents-2"
#define CAC UBL "CommonAggregateComponents-2"
#define BILLING "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
#define ROOT(name) "<" name " xmlns='" UBL name "-2' xmlns:b='" CBC "' xmlns:a='" CAC "'>"
#define PARTY(role, code, id)                                                                      \
    "<a:" role "><a:Party><b:EndpointID schemeID='" code "'>" id "</b:EndpointID>"                 \
    "<a:PartyTaxScheme><b:CompanyID>TAX1</b:CompanyID><a:TaxScheme><b:ID>TAX</b:ID>"               \
    "</a:TaxScheme></a:PartyTaxScheme><a:PartyTaxScheme><b:CompanyID>NO" id "MVA</b:CompanyID>"    \
    "<a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:PartyTaxScheme></a:Party></a:" role ">"
#define IDS(cust, prof)                                                                            \
    "<b:CustomizationID> " cust " </b:CustomizationID><b:ProfileID>" prof "</b:ProfileID>"         \
    "<b:ID>N&#45;1</b:ID><b:IssueDate>2026-11-22</b:IssueDate>"
#define INVOICE(cust)                                                                              \
    ROOT("Invoice")                                                                                \
    IDS(cust, "urn:prof")                                                                          \
    "<b:InvoiceTypeCode>380</b:InvoiceTypeCode>"                                                   \
    "<a:AdditionalDocumentReference><b:ID>other</b:ID></a:AdditionalDocumentReference>" PARTY(     \
        "AccountingSupplierParty", "0192", "111111111") PARTY("AccountingCustomerParty", "0088",   \
        "222ABC") "<a:InvoiceLine><b:ID>9</b:ID><b:ProfileID>no</b:ProfileID></a:InvoiceLine></"   \
                  "Invoice>"

static struct arena *a;
static struct spool tmp;
static struct document d;
static struct err e;

static int fresh(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    spool_init(&tmp, -1, 0, 1 << 20);
    memset(&e, 0, sizeof(e));
    return a ? 0 : -1;
}

static int gone(void **state)
{
    (void)state;
    spool_free(&tmp);
    arena_free(a);
    return 0;
}

static void take(const char *xml)
{
    struct blob b = blob_mem(xml, strlen(xml));

    spool_free(&tmp);
    assert_int_equal(document_read(&d, &tmp, &b, NULL, a, &e), 0);
}

static void what_is_not_xml_is_refused(void **state)
{
    struct blob b = blob_mem("%PDF-1.7", 8);
    (void)state;
    assert_int_equal(document_read(&d, &tmp, &b, NULL, a, &e), -1);
    assert_string_equal(e.code, "xml.malformed");
    b = blob_str(STR("<!DOCTYPE a []><a/>"));
    assert_int_equal(document_read(&d, &tmp, &b, NULL, a, &e), -1);
    assert_string_equal(e.code, "xml.doctype");
}

static void what_is_no_business_document_is_told_as_such(void **state)
{
    (void)state;
    take("<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>");
    assert_string_equal(d.kind, "");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.unknown");
    take("<Invoice/>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.unknown");
    take(ROOT("Invoice") "</Invoice>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.unknown");
    take(ROOT("Invoice") "<b:CustomizationID>" BILLING "</b:CustomizationID></Invoice>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.no-process");
    take(ROOT("Invoice") IDS(BILLING, "urn:prof")
            PARTY("AccountingCustomerParty", "0088", "1") "</Invoice>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.no-sender");
    take(ROOT("Invoice") IDS(BILLING, "urn:prof")
            PARTY("AccountingSupplierParty", "0088", "1") "</Invoice>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.no-receiver");
    take(ROOT("Invoice") IDS(BILLING, "urn:prof") PARTY("AccountingSupplierParty", "0088", "1")
            PARTY("AccountingCustomerParty", "88", "1") "</Invoice>");
    assert_int_equal(document_check(&d, &e), -1);
    assert_string_equal(e.code, "document.no-receiver");
    assert_non_null(strstr(e.msg, "schemeID")); /* says why the one that is there was not taken */
}

/*= PFUOI 4.4.0 POLICY 17 "the document's own customization" */
static void an_invoice_tells_its_type_parties_and_number(void **state)
{
    (void)state;
    take("<?xml version='1.0'?>\n<!-- x -->" INVOICE(BILLING) "<!-- y -->");
    assert_int_equal(document_check(&d, &e), 0);
    assert_string_equal(d.kind, "invoice");
    assert_string_equal(d.doctype.value, UBL "Invoice-2::Invoice##" BILLING "::2.1");
    assert_int_equal(d.doctype.scheme, DOCTYPE_BUSDOX);
    assert_string_equal(d.process.value, "urn:prof");
    assert_string_equal(d.sender.value, "0192:111111111");
    assert_string_equal(d.receiver.value, "0088:222ABC");
    assert_string_equal(d.number.p, "N-1");
    assert_string_equal(d.issue_date.p, "2026-11-22");
    assert_string_equal(d.document_type_code.p, "380");
    assert_string_equal(d.supplier_vat.p, "NO111111111MVA");
    assert_false(d.self_billing);
    assert_true(d.default_ns);
    assert_false(d.has_envelope);
    assert_int_equal(d.root.len, strlen(INVOICE(BILLING)));
}

/*= SELF-BILLING 3.0 "the buyer issues the invoice": C1 is the customer party */
static void self_billing_swaps_sender_and_receiver(void **state)
{
    (void)state;
    take(INVOICE("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"));
    assert_true(d.self_billing);
    assert_string_equal(d.sender.value, "0088:222ABC");
    assert_string_equal(d.receiver.value, "0192:111111111");
    assert_string_equal(d.supplier_vat.p, "NO111111111MVA");
    take(INVOICE("urn:peppol:pint:selfbilling-1@ae-1"));
    assert_true(d.self_billing);
    assert_int_equal(d.doctype.scheme, DOCTYPE_WILDCARD);
}

static void parties_are_where_each_kind_keeps_them(void **state)
{
    (void)state;
    take(ROOT("Order") IDS("urn:order", "urn:prof") PARTY("SellerSupplierParty", "0088", "2")
            PARTY("BuyerCustomerParty", "0088", "1") "</Order>");
    assert_string_equal(d.kind, "order");
    assert_string_equal(d.sender.value, "0088:1");
    assert_string_equal(d.receiver.value, "0088:2");
    take(ROOT("OrderResponse") IDS("urn:order", "urn:prof") PARTY("SellerSupplierParty", "0088",
        "2") PARTY("BuyerCustomerParty", "0088", "1") "</OrderResponse>");
    assert_string_equal(d.sender.value, "0088:2");
    take(ROOT("DespatchAdvice") IDS("urn:d", "urn:prof") PARTY("DespatchSupplierParty", "0088", "2")
            PARTY("DeliveryCustomerParty", "0088", "1") "</DespatchAdvice>");
    assert_string_equal(d.sender.value, "0088:2");
    assert_string_equal(d.receiver.value, "0088:1");
    take(ROOT("ApplicationResponse") IDS("urn:peppol:edec:mls:1.0",
        "urn:peppol:edec:mls") "<a:SenderParty><b:EndpointID "
                               "schemeID='0242'>000001</b:EndpointID></a:SenderParty>"
                               "<a:ReceiverParty><b:EndpointID "
                               "schemeID='0242'>000002</b:EndpointID>"
                               "</a:ReceiverParty></ApplicationResponse>");
    assert_string_equal(d.sender.value, "0242:000001");
    assert_string_equal(d.receiver.value, "0242:000002");
    take(ROOT("Catalogue")
            IDS("urn:c", "urn:prof") "<a:ProviderParty><b:EndpointID "
                                     "schemeID='0088'>1</b:EndpointID></a:ProviderParty>"
                                     "<a:ReceiverParty><b:EndpointID "
                                     "schemeID='0088'>2</b:EndpointID></a:ReceiverParty>"
                                     "</Catalogue>");
    assert_string_equal(d.sender.value, "0088:1");
    assert_string_equal(d.receiver.value, "0088:2");
}

#define CII "urn:un:unece:uncefact:data:standard:"
#define CII_PARTY(role, id)                                                                        \
    "<r:" role "><r:SpecifiedTaxRegistration><r:ID schemeID='FC'>1</r:ID>"                         \
    "</r:SpecifiedTaxRegistration><r:SpecifiedTaxRegistration><r:ID schemeID='VA'>DE" id "</r:ID>" \
    "</r:SpecifiedTaxRegistration><r:URIUniversalCommunication><r:URIID schemeID='0204'>" id       \
    "</r:URIID></r:URIUniversalCommunication></r:" role ">"

/*= PFUOI 4.4.0 POLICY 10 "URIID's schemeID is the code" */
/*= PFUOI 4.4.0 POLICY 19 "GuidelineSpecifiedDocumentContextParameter" */
static void a_cii_invoice_is_read_as_well(void **state)
{
    (void)state;
    take("<s:CrossIndustryInvoice xmlns:s='" CII "CrossIndustryInvoice:100' xmlns:r='" CII
         "ReusableAggregateBusinessInformationEntity:100' xmlns:u='" CII
         "UnqualifiedDataType:100'><s:ExchangedDocumentContext>"
         "<r:BusinessProcessSpecifiedDocumentContextParameter><r:ID>urn:prof</r:ID>"
         "</r:BusinessProcessSpecifiedDocumentContextParameter>"
         "<r:GuidelineSpecifiedDocumentContextParameter><r:ID>" BILLING "</r:ID>"
         "</r:GuidelineSpecifiedDocumentContextParameter></s:ExchangedDocumentContext>"
         "<s:ExchangedDocument><r:ID>R1</r:ID><r:TypeCode>380</r:TypeCode><r:IssueDateTime>"
         "<u:DateTimeString format='102'>20261122</u:DateTimeString></r:IssueDateTime>"
         "</"
         "s:ExchangedDocument><s:SupplyChainTradeTransaction><r:"
         "ApplicableHeaderTradeAgreement>" CII_PARTY("SellerTradeParty", "11")
             CII_PARTY("BuyerTradeParty",
                 "22") "</r:ApplicableHeaderTradeAgreement></s:SupplyChainTradeTransaction>"
                       "</s:CrossIndustryInvoice>");
    assert_int_equal(document_check(&d, &e), 0);
    assert_string_equal(
        d.doctype.value, CII "CrossIndustryInvoice:100::CrossIndustryInvoice##" BILLING "::D16B");
    assert_string_equal(d.sender.value, "0204:11");
    assert_string_equal(d.receiver.value, "0204:22");
    assert_string_equal(d.supplier_vat.p, "DE11");
    assert_string_equal(d.issue_date.p, "2026-11-22");
    assert_string_equal(d.number.p, "R1");
    assert_false(d.default_ns);
}

static void elements_of_other_namespaces_and_places_are_not_taken(void **state)
{
    (void)state;
    take(ROOT("Invoice") "<x:CustomizationID xmlns:x='urn:x'>" BILLING "</x:CustomizationID>"
                         "<a:X><b:CustomizationID>" BILLING "</b:CustomizationID></a:X></Invoice>");
    assert_string_equal(d.customization_id.p, "");
    take(ROOT("Invoice") "<b:ID>1</b:ID><b:ID>2</b:ID></Invoice>");
    assert_string_equal(d.number.p, "1");
}

static void overlong_values_are_left_empty(void **state)
{
    char xml[4000], id[1500];
    (void)state;
    memset(id, 'x', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    (void)snprintf(xml, sizeof(xml),
        ROOT("Invoice") "<b:ID>%s</b:ID><b:IssueDate>2026-01-01</b:IssueDate></Invoice>", id);
    take(xml);
    assert_string_equal(d.number.p, "");
    assert_string_equal(d.issue_date.p, "2026-01-01");
}

/* The same document in another encoding is the same document: same digest. */
static void the_digest_is_of_the_utf8_range(void **state)
{
    uint8_t utf8[HASH_LEN];
    (void)state;
    take("<?xml version='1.0' encoding='UTF-8'?><a xmlns='urn:a'>\xc3\xa9</a>\n");
    memcpy(utf8, d.sha256, sizeof(utf8));
    take("<?xml version='1.0' encoding='ISO-8859-1'?>\n<!-- --><a xmlns='urn:a'>\xe9</a>");
    assert_memory_equal(utf8, d.sha256, sizeof(utf8));
}

static void an_envelope_is_seen(void **state)
{
    (void)state;
    take("<a xmlns='urn:a'><b><StandardBusinessDocument/></b></a>");
    assert_true(d.has_envelope);
}

static void short_names_stand_for_whole_ids(void **state)
{
    struct doctype t;
    struct process p;
    (void)state;
    assert_false(document_by_name(&t, &p, "nothing"));
    for (unsigned i = 0; document_name(i); i++)
        assert_true(document_by_name(&t, &p, document_name(i)));
    assert_true(document_by_name(&t, &p, "invoice"));
    assert_string_equal(t.value, UBL "Invoice-2::Invoice##" BILLING "::2.1");
    assert_string_equal(p.value, "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
    const struct CMUnitTest t[] = {
        T(what_is_not_xml_is_refused),
        T(what_is_no_business_document_is_told_as_such),
        T(an_invoice_tells_its_type_parties_and_number),
        T(self_billing_swaps_sender_and_receiver),
        T(parties_are_where_each_kind_keeps_them),
        T(a_cii_invoice_is_read_as_well),
        T(elements_of_other_namespaces_and_places_are_not_taken),
        T(overlong_values_are_left_empty),
        T(the_digest_is_of_the_utf8_range),
        T(an_envelope_is_seen),
        T(short_names_stand_for_whole_ids),
    };
    xml_init();
    return cmocka_run_group_tests(t, NULL, NULL);
}
