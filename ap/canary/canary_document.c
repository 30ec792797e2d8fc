/* canary_document.c - the invoice over nothing. Not subject to VAT (category O), so that it needs
 * no VAT number of either side. */
#include <string.h>

#include "ap/base/clock.h"
#include "ap/canary/canary.h"

#define VAT "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
#define EUR0(name) "<cbc:" name " currencyID=\"EUR\">0.00</cbc:" name ">"

static void element(struct buf *out, const char *open, const char *text, const char *close)
{
    buf_puts(out, open);
    buf_xml(out, str_z(text && *text ? text : "aviso"));
    buf_puts(out, close);
}

static int party(struct buf *out, const struct store_participant *p, struct err *e)
{
    struct participant id;

    if (participant_parse(&id, str_z(p->identifier), e))
        return -1;
    buf_printf(
        out, "<cac:Party><cbc:EndpointID schemeID=\"%.*s\">", STR_FMT(participant_code(&id)));
    buf_xml(out, participant_id(&id));
    buf_puts(out, "</cbc:EndpointID>");
    element(out, "<cac:PartyName><cbc:Name>", p->name, "</cbc:Name></cac:PartyName>");
    buf_puts(out,
        "<cac:PostalAddress><cbc:StreetName>-</cbc:StreetName><cbc:CityName>-</cbc:CityName>"
        "<cbc:PostalZone>0000</cbc:PostalZone>");
    element(out, "<cac:Country><cbc:IdentificationCode>", p->country,
        "</cbc:IdentificationCode></cac:Country></cac:PostalAddress>");
    element(
        out, "<cac:PartyLegalEntity><cbc:RegistrationName>", p->name, "</cbc:RegistrationName>");
    buf_puts(out, "<cbc:CompanyID>");
    buf_xml(out, participant_id(&id));
    buf_puts(out, "</cbc:CompanyID></cac:PartyLegalEntity><cac:Contact><cbc:Name>aviso "
                  "canary</cbc:Name><cbc:Telephone>+000 000</cbc:Telephone><cbc:ElectronicMail>"
                  "canary@aviso.invalid</cbc:ElectronicMail></cac:Contact></cac:Party>");
    return 0;
}

static void head(struct buf *out, const char *number, int64_t now)
{
    char day[CLOCK_TEXT];

    clock_utc(day, now);
    day[10] = '\0';
    buf_puts(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\""
        " xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\""
        " xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">"
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:"
        "billing:3.0</cbc:CustomizationID><cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:"
        "1.0</cbc:ProfileID>");
    buf_printf(out,
        "<cbc:ID>%s</cbc:ID><cbc:IssueDate>%s</cbc:IssueDate><cbc:DueDate>%s</cbc:DueDate>"
        "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:Note>This is no invoice: it checks "
        "that "
        "documents arrive</cbc:Note><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
        "<cbc:BuyerReference>canary</cbc:BuyerReference>",
        number, day, day);
}

int canary_document(struct buf *out, const struct store_participant *from,
    const struct store_participant *to, const char *number, int64_t now, struct err *e)
{
    head(out, number, now);
    buf_puts(out, "<cac:AccountingSupplierParty>");
    if (party(out, from, e))
        return -1;
    buf_puts(out, "</cac:AccountingSupplierParty><cac:AccountingCustomerParty>");
    if (party(out, to, e))
        return -1;
    buf_puts(out,
        "</cac:AccountingCustomerParty><cac:TaxTotal>" EUR0("TaxAmount") "<cac:TaxSubtotal>" EUR0(
            "TaxableAmount")
            EUR0("TaxAmount") "<cac:TaxCategory><cbc:ID>O</"
                              "cbc:ID><cbc:TaxExemptionReasonCode>VATEX-EU-O"
                              "</cbc:TaxExemptionReasonCode>" VAT
                              "</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>"
                              "<cac:LegalMonetaryTotal>" EUR0("LineExtensionAmount")
                                  EUR0("TaxExclusiveAmount") EUR0("TaxInclusiveAmount") EUR0(
                                      "PayableAmount") "</cac:LegalMonetaryTotal>"
                                                       "<cac:InvoiceLine><cbc:ID>1</"
                                                       "cbc:ID><cbc:InvoicedQuantity "
                                                       "unitCode=\"C62\">1"
                                                       "</cbc:InvoicedQuantity>" EUR0(
                                                           "LineExtensionAmount") "<cac:Item><cbc:"
                                                                                  "Name>aviso "
                                                                                  "canary</"
                                                                                  "cbc:Name><cac:"
                                                                                  "ClassifiedTaxCa"
                                                                                  "tegory><cbc:ID>"
                                                                                  "O</cbc:ID>" VAT
                                                                                  "</"
                                                                                  "cac:"
                                                                                  "ClassifiedTaxCa"
                                                                                  "tegory></"
                                                                                  "cac:Item><cac:"
                                                                                  "Price>" EUR0(
                                                                                      "PriceAmoun"
                                                                                      "t") "</"
                                                                                           "cac:"
                                                                                           "Price>"
                                                                                           "</"
                                                                                           "cac:"
                                                                                           "Invoic"
                                                                                           "eLine>"
                                                                                           "</"
                                                                                           "Invoic"
                                                                                           "e>\n");
    return buf_check(out, e);
}
