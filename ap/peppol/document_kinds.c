/* document_kinds.c - the two tables: kinds of documents by root element, and short names for the
 * command line. A new document of UBL or CII is a line here, nothing else. */
#include <stddef.h>
#include <string.h>

#include "ap/peppol/document.h"
#include "ap/peppol/document_priv.h"

#define UBL "urn:oasis:names:specification:ubl:schema:xsd:"
#define CII "urn:un:unece:uncefact:data:standard:"
#define SUPPLIER "AccountingSupplierParty/Party"
#define CUSTOMER "AccountingCustomerParty/Party"
#define BUYER "BuyerCustomerParty/Party"
#define SELLER "SellerSupplierParty/Party"
#define AGREEMENT "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement/"

static const struct document_kind KINDS[] = {
    {"invoice", UBL "Invoice-2", "Invoice", LAYOUT_UBL, "2.1", SUPPLIER, CUSTOMER, SUPPLIER,
        "InvoiceTypeCode"},
    {"credit-note", UBL "CreditNote-2", "CreditNote", LAYOUT_UBL, "2.1", SUPPLIER, CUSTOMER,
        SUPPLIER, "CreditNoteTypeCode"},
    {"invoice", UBL "SelfBilledInvoice-2", "SelfBilledInvoice", LAYOUT_UBL, "2.1", SUPPLIER,
        CUSTOMER, SUPPLIER, "InvoiceTypeCode"},
    {"credit-note", UBL "SelfBilledCreditNote-2", "SelfBilledCreditNote", LAYOUT_UBL, "2.1",
        SUPPLIER, CUSTOMER, SUPPLIER, "CreditNoteTypeCode"},
    {"reminder", UBL "Reminder-2", "Reminder", LAYOUT_UBL, "2.1", SUPPLIER, CUSTOMER, SUPPLIER,
        "ReminderTypeCode"},
    {"order", UBL "Order-2", "Order", LAYOUT_UBL, "2.1", BUYER, SELLER, SELLER, "OrderTypeCode"},
    {"order-change", UBL "OrderChange-2", "OrderChange", LAYOUT_UBL, "2.3", BUYER, SELLER, SELLER,
        NULL},
    {"order-cancellation", UBL "OrderCancellation-2", "OrderCancellation", LAYOUT_UBL, "2.3", BUYER,
        SELLER, SELLER, NULL},
    {"order-response", UBL "OrderResponse-2", "OrderResponse", LAYOUT_UBL, "2.1", SELLER, BUYER,
        SELLER, "OrderResponseCode"},
    {"despatch-advice", UBL "DespatchAdvice-2", "DespatchAdvice", LAYOUT_UBL, "2.1",
        "DespatchSupplierParty/Party", "DeliveryCustomerParty/Party", NULL,
        "DespatchAdviceTypeCode"},
    {"receipt-advice", UBL "ReceiptAdvice-2", "ReceiptAdvice", LAYOUT_UBL, "2.1",
        "DeliveryCustomerParty/Party", "DespatchSupplierParty/Party", NULL,
        "ReceiptAdviceTypeCode"},
    {"catalogue", UBL "Catalogue-2", "Catalogue", LAYOUT_UBL, "2.1", "ProviderParty",
        "ReceiverParty", NULL, NULL},
    {"application-response", UBL "ApplicationResponse-2", "ApplicationResponse", LAYOUT_UBL, "2.1",
        "SenderParty", "ReceiverParty", NULL, NULL},
    {"tender", UBL "Tender-2", "Tender", LAYOUT_UBL, "2.2", "TendererParty",
        "ContractingParty/Party", NULL, "TenderTypeCode"},
    {"invoice", CII "CrossIndustryInvoice:100", "CrossIndustryInvoice", LAYOUT_CII, "D16B",
        AGREEMENT "SellerTradeParty", AGREEMENT "BuyerTradeParty", AGREEMENT "SellerTradeParty",
        NULL},
    {"tsr", "urn:fdc:peppol:transaction-statistics-report:1.0", "TransactionStatisticsReport",
        LAYOUT_OTHER, "1.0", NULL, NULL, NULL, NULL},
    {"eusr", "urn:fdc:peppol:end-user-statistics-report:1.1", "EndUserStatisticsReport",
        LAYOUT_OTHER, "1.1", NULL, NULL, NULL, NULL},
};
/* Every other UBL document that has them calls its parties so. */
static const struct document_kind OTHER_UBL = {
    "", NULL, NULL, LAYOUT_UBL, "2.1", "SenderParty", "ReceiverParty", NULL, NULL};
static const struct document_kind OTHER = {
    "", NULL, NULL, LAYOUT_OTHER, "", NULL, NULL, NULL, NULL};

const struct document_kind *document_kind_of(const char *ns, const char *local)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (strcmp(KINDS[i].ns, ns) == 0 && strcmp(KINDS[i].local, local) == 0)
            return &KINDS[i];
    return strncmp(ns, UBL, sizeof(UBL) - 1) == 0 ? &OTHER_UBL : &OTHER;
}

#define EN "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:"
#define TRNS "urn:fdc:peppol.eu:poacc:trns:"
#define BIS "urn:fdc:peppol.eu:poacc:bis:"
#define POACC "urn:fdc:peppol.eu:2017:poacc:"

static const struct short_name {
    const char *name, *doctype, *process;
} NAMES[] = {
    {"invoice", UBL "Invoice-2::Invoice##" EN "billing:3.0::2.1", POACC "billing:01:1.0"},
    {"credit-note", UBL "CreditNote-2::CreditNote##" EN "billing:3.0::2.1", POACC "billing:01:1.0"},
    {"cii-invoice", CII "CrossIndustryInvoice:100::CrossIndustryInvoice##" EN "billing:3.0::D16B",
        POACC "billing:01:1.0"},
    {"self-billing", UBL "Invoice-2::Invoice##" EN "selfbilling:3.0::2.1",
        POACC "selfbilling:01:1.0"},
    {"self-billing-credit-note", UBL "CreditNote-2::CreditNote##" EN "selfbilling:3.0::2.1",
        POACC "selfbilling:01:1.0"},
    {"order", UBL "Order-2::Order##" TRNS "order:3::2.1", BIS "ordering:3"},
    {"order-response", UBL "OrderResponse-2::OrderResponse##" TRNS "order_response:3::2.1",
        BIS "ordering:3"},
    {"order-agreement", UBL "OrderResponse-2::OrderResponse##" TRNS "order_agreement:3::2.1",
        BIS "order_agreement:3"},
    {"despatch-advice", UBL "DespatchAdvice-2::DespatchAdvice##" TRNS "despatch_advice:3::2.1",
        BIS "despatch_advice:3"},
    {"catalogue", UBL "Catalogue-2::Catalogue##" TRNS "catalogue:3::2.1", BIS "catalogue_only:3"},
    {"catalogue-response",
        UBL "ApplicationResponse-2::ApplicationResponse##" TRNS "catalogue_response:3::2.1",
        BIS "catalogue_only:3"},
    {"punch-out", UBL "Catalogue-2::Catalogue##" TRNS "punch_out:3::2.1", BIS "punch_out:3"},
    {"invoice-response",
        UBL "ApplicationResponse-2::ApplicationResponse##" TRNS "invoice_response:3::2.1",
        BIS "invoice_response:3"},
    {"mlr", UBL "ApplicationResponse-2::ApplicationResponse##" TRNS "mlr:3::2.1", BIS "mlr:3"},
    {"mls", UBL "ApplicationResponse-2::ApplicationResponse##urn:peppol:edec:mls:1.0::2.1",
        "urn:peppol:edec:mls"},
};

bool document_by_name(struct doctype *d, struct process *p, const char *name)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (strcmp(NAMES[i].name, name) == 0)
            return doctype_parse(d, str_z(NAMES[i].doctype), NULL) == 0 &&
                   process_parse(p, str_z(NAMES[i].process), NULL) == 0;
    return false;
}

const char *document_name(unsigned i)
{
    return i < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[i].name : NULL;
}

int document_type_read(struct doctype *d, struct process *p, const char *text,
    const struct codelists *lists, struct err *e)
{
    memset(p, 0, sizeof(*p));
    if (document_by_name(d, p, text))
        return 0;
    if (strstr(text, "##")) {
        if (doctype_parse(d, str_z(text), e))
            return -1;
    } else if (codelist_named(d, lists, text, e)) {
        return -1;
    }
    *p = codelist_doctype(lists, d, 0).process;
    return 0;
}
