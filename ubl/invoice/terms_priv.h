/* terms_priv.h - the one table: every business term, its JSON member and its place in UBL.
 *
 * TERM(id, group, BT/BG number, JSON member, type, need, how many, path in UBL below the group's
 * element, the same in a CreditNote where it differs, what it is). In order: a group, then its
 * members. The JSON reader and writer, the UBL reader and writer, the JSON Schema and the table in
 * docs/ come from it and from nothing else.
 *
 * Paths: names of elements, @name for an attribute, "." for the group's own element, "" for a term
 * that has no place of its own. [a/b=VALUE] is a condition: written as it says, and asked for when
 * reading; $x is a value of the document. One element for each of a list: the last of the path, or
 * the one marked *. */
/* clang-format off */
TERM(DOC, NONE, "", "", GROUP, REQ, ONE, ".", NULL,
    "The invoice or credit note")
TERM(DOCUMENT, DOC, "", "document", CODE, AUTO, ONE, "", NULL,
    "UBL document: Invoice or CreditNote; by the type code when absent")
TERM(TAX_SCHEME, DOC, "", "tax_scheme", CODE, AUTO, ONE, "", NULL,
    "Scheme of all tax categories; VAT, or GST where the specification asks for it, when absent")
TERM(SPECIFICATION, DOC, "BT-24", "specification", ID, AUTO, ONE, "cbc:CustomizationID", NULL,
    "Specification identifier, or a short name of it; BIS Billing 3 or self-billing by the type code when absent")
TERM(PROCESS, DOC, "BT-23", "process", ID, AUTO, ONE, "cbc:ProfileID", NULL,
    "Business process; that of the specification when absent")
TERM(NUMBER, DOC, "BT-1", "number", ID, REQ, ONE, "cbc:ID", NULL,
    "Invoice number")
TERM(ISSUE_DATE, DOC, "BT-2", "issue_date", DATE, REQ, ONE, "cbc:IssueDate", NULL,
    "Issue date")
TERM(DUE_DATE, DOC, "BT-9", "due_date", DATE, OPT, ONE, "cbc:DueDate", "cac:PaymentMeans/cbc:PaymentDueDate",
    "Payment due date")
TERM(TYPE_CODE, DOC, "BT-3", "type_code", CODE, REQ, ONE, "cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode",
    "Type, UNTDID 1001: 380 invoice, 381 credit note, 384 corrected, 389 self-billed, 261 self-billed credit note")
TERM(NOTES, DOC, "BT-22", "notes", TEXT, OPT, MANY, "cbc:Note", NULL,
    "Note")
TERM(TAX_POINT_DATE, DOC, "BT-7", "tax_point_date", DATE, OPT, ONE, "cbc:TaxPointDate", NULL,
    "VAT point date")
TERM(CURRENCY, DOC, "BT-5", "currency", CODE, REQ, ONE, "cbc:DocumentCurrencyCode", NULL,
    "Currency, ISO 4217")
TERM(VAT_CURRENCY, DOC, "BT-6", "vat_currency", CODE, OPT, ONE, "cbc:TaxCurrencyCode", NULL,
    "VAT accounting currency")
TERM(BUYER_ACCOUNTING, DOC, "BT-19", "buyer_accounting_reference", TEXT, OPT, ONE, "cbc:AccountingCost", NULL,
    "Where the buyer books it")
TERM(BUYER_REFERENCE, DOC, "BT-10", "buyer_reference", TEXT, OPT, ONE, "cbc:BuyerReference", NULL,
    "Reference the buyer asked for")
TERM(PERIOD, DOC, "BG-14", "period", GROUP, OPT, ONE, "cac:InvoicePeriod", NULL,
    "Invoicing period")
TERM(PERIOD_START, PERIOD, "BT-73", "start", DATE, OPT, ONE, "cbc:StartDate", NULL,
    "First day")
TERM(PERIOD_END, PERIOD, "BT-74", "end", DATE, OPT, ONE, "cbc:EndDate", NULL,
    "Last day")
TERM(TAX_POINT_CODE, DOC, "BT-8", "tax_point_code", CODE, OPT, ONE, "cac:InvoicePeriod/cbc:DescriptionCode", NULL,
    "VAT point date code, UNTDID 2005: 3, 35 or 432")
TERM(PURCHASE_ORDER, DOC, "BT-13", "purchase_order", ID, OPT, ONE, "cac:OrderReference/cbc:ID", NULL,
    "Buyer's purchase order")
TERM(SALES_ORDER, DOC, "BT-14", "sales_order", ID, OPT, ONE, "cac:OrderReference/cbc:SalesOrderID", NULL,
    "Seller's sales order")
TERM(PRECEDING, DOC, "BG-3", "preceding_invoices", GROUP, OPT, MANY, "cac:BillingReference*/cac:InvoiceDocumentReference", NULL,
    "Preceding invoice")
TERM(PRECEDING_NUMBER, PRECEDING, "BT-25", "number", ID, REQ, ONE, "cbc:ID", NULL,
    "Its number")
TERM(PRECEDING_DATE, PRECEDING, "BT-26", "issue_date", DATE, OPT, ONE, "cbc:IssueDate", NULL,
    "Its issue date")
TERM(DESPATCH_ADVICE, DOC, "BT-16", "despatch_advice", ID, OPT, ONE, "cac:DespatchDocumentReference/cbc:ID", NULL,
    "Despatch advice")
TERM(RECEIVING_ADVICE, DOC, "BT-15", "receiving_advice", ID, OPT, ONE, "cac:ReceiptDocumentReference/cbc:ID", NULL,
    "Receiving advice")
TERM(TENDER, DOC, "BT-17", "tender", ID, OPT, ONE, "cac:OriginatorDocumentReference/cbc:ID", NULL,
    "Tender or lot")
TERM(CONTRACT, DOC, "BT-12", "contract", ID, OPT, ONE, "cac:ContractDocumentReference/cbc:ID", NULL,
    "Contract")
TERM(OBJECT, DOC, "BT-18", "invoiced_object", GROUP, OPT, ONE, "cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]", NULL,
    "Invoiced object, such as a subscription or meter")
TERM(OBJECT_ID, OBJECT, "BT-18", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Its identifier")
TERM(OBJECT_SCHEME, OBJECT, "BT-18-1", "scheme", CODE, OPT, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, UNTDID 1153")
TERM(PROJECT, DOC, "BT-11", "project", ID, OPT, ONE, "cac:ProjectReference/cbc:ID", "cac:AdditionalDocumentReference[cbc:DocumentTypeCode=50]/cbc:ID",
    "Project")
TERM(ATTACHMENT, DOC, "BG-24", "attachments", GROUP, OPT, MANY, "cac:AdditionalDocumentReference", NULL,
    "Additional supporting document")
TERM(ATTACHMENT_ID, ATTACHMENT, "BT-122", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Its reference")
TERM(ATTACHMENT_DESCRIPTION, ATTACHMENT, "BT-123", "description", TEXT, OPT, ONE, "cbc:DocumentDescription", NULL,
    "Description")
TERM(ATTACHMENT_URL, ATTACHMENT, "BT-124", "url", TEXT, OPT, ONE, "cac:Attachment/cac:ExternalReference/cbc:URI", NULL,
    "Where it can be fetched")
TERM(ATTACHMENT_CONTENT, ATTACHMENT, "BT-125", "content", BINARY, OPT, ONE, "cac:Attachment/cbc:EmbeddedDocumentBinaryObject", NULL,
    "The file itself, base64")
TERM(ATTACHMENT_MIME, ATTACHMENT, "BT-125-1", "mime_code", CODE, OPT, ONE, "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@mimeCode", NULL,
    "Its media type")
TERM(ATTACHMENT_FILE, ATTACHMENT, "BT-125-2", "filename", TEXT, OPT, ONE, "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@filename", NULL,
    "Its file name")
TERM(SELLER, DOC, "BG-4", "seller", GROUP, REQ, ONE, "cac:AccountingSupplierParty/cac:Party", NULL,
    "Seller")
TERM(SELLER_ENDPOINT, SELLER, "BT-34", "endpoint", GROUP, REQ, ONE, "cbc:EndpointID", NULL,
    "Electronic address")
TERM(SELLER_ENDPOINT_ID, SELLER_ENDPOINT, "BT-34", "id", ID, REQ, ONE, ".", NULL,
    "Identifier")
TERM(SELLER_ENDPOINT_SCHEME, SELLER_ENDPOINT, "BT-34-1", "scheme", CODE, REQ, ONE, "@schemeID", NULL,
    "Scheme, EAS code list")
TERM(SELLER_NAME, SELLER, "BT-27", "name", TEXT, REQ, ONE, "cac:PartyLegalEntity/cbc:RegistrationName", NULL,
    "Legal name")
TERM(SELLER_TRADING, SELLER, "BT-28", "trading_name", TEXT, OPT, ONE, "cac:PartyName/cbc:Name", NULL,
    "Trading name")
TERM(SELLER_IDS, SELLER, "BT-29", "identifiers", GROUP, OPT, MANY, "cac:PartyIdentification", NULL,
    "Seller identifier")
TERM(SELLER_IDS_ID, SELLER_IDS, "BT-29", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Identifier")
TERM(SELLER_IDS_SCHEME, SELLER_IDS, "BT-29-1", "scheme", CODE, OPT, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(SELLER_CREDITOR, SELLER, "BT-90", "creditor_id", ID, OPT, ONE, "cac:PartyIdentification[cbc:ID/@schemeID=SEPA]/cbc:ID", NULL,
    "Bank assigned creditor identifier, for direct debit")
TERM(SELLER_LEGAL, SELLER, "BT-30", "legal_registration", GROUP, OPT, ONE, "cac:PartyLegalEntity/cbc:CompanyID", NULL,
    "Legal registration")
TERM(SELLER_LEGAL_ID, SELLER_LEGAL, "BT-30", "id", ID, REQ, ONE, ".", NULL,
    "Identifier")
TERM(SELLER_LEGAL_SCHEME, SELLER_LEGAL, "BT-30-1", "scheme", CODE, OPT, ONE, "@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(SELLER_VAT, SELLER, "BT-31", "vat_id", ID, OPT, ONE, "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID=$scheme]/cbc:CompanyID", NULL,
    "VAT identifier with its country prefix")
TERM(SELLER_TAXREG, SELLER, "BT-32", "tax_registration", ID, OPT, ONE, "cac:PartyTaxScheme/cbc:CompanyID", NULL,
    "Local tax registration")
TERM(SELLER_TAXREG_SCHEME, SELLER, "", "tax_registration_scheme", CODE, AUTO, ONE, "cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", NULL,
    "Tax of the local registration; TAX when absent (UBL asks for one)")
TERM(SELLER_LEGAL_FORM, SELLER, "BT-33", "legal_form", TEXT, OPT, ONE, "cac:PartyLegalEntity/cbc:CompanyLegalForm", NULL,
    "Additional legal information, such as share capital")
TERM(SELLER_ADDRESS, SELLER, "BG-5", "address", GROUP, REQ, ONE, "cac:PostalAddress", NULL,
    "Seller address")
TERM(SELLER_ADDRESS_LINE1, SELLER_ADDRESS, "BT-35", "line1", TEXT, OPT, ONE, "cbc:StreetName", NULL,
    "Main line, usually street and number")
TERM(SELLER_ADDRESS_LINE2, SELLER_ADDRESS, "BT-36", "line2", TEXT, OPT, ONE, "cbc:AdditionalStreetName", NULL,
    "Second line")
TERM(SELLER_ADDRESS_CITY, SELLER_ADDRESS, "BT-37", "city", TEXT, OPT, ONE, "cbc:CityName", NULL,
    "City")
TERM(SELLER_ADDRESS_POSTCODE, SELLER_ADDRESS, "BT-38", "post_code", TEXT, OPT, ONE, "cbc:PostalZone", NULL,
    "Post code")
TERM(SELLER_ADDRESS_REGION, SELLER_ADDRESS, "BT-39", "region", TEXT, OPT, ONE, "cbc:CountrySubentity", NULL,
    "Subdivision, such as a province")
TERM(SELLER_ADDRESS_LINE3, SELLER_ADDRESS, "BT-162", "line3", TEXT, OPT, ONE, "cac:AddressLine/cbc:Line", NULL,
    "Third line")
TERM(SELLER_ADDRESS_COUNTRY, SELLER_ADDRESS, "BT-40", "country", CODE, REQ, ONE, "cac:Country/cbc:IdentificationCode", NULL,
    "Country, ISO 3166-1 alpha-2")
TERM(SELLER_CONTACT, SELLER, "BG-6", "contact", GROUP, OPT, ONE, "cac:Contact", NULL,
    "Contact")
TERM(SELLER_CONTACT_NAME, SELLER_CONTACT, "BT-41", "name", TEXT, OPT, ONE, "cbc:Name", NULL,
    "Person or department")
TERM(SELLER_CONTACT_PHONE, SELLER_CONTACT, "BT-42", "phone", TEXT, OPT, ONE, "cbc:Telephone", NULL,
    "Telephone")
TERM(SELLER_CONTACT_EMAIL, SELLER_CONTACT, "BT-43", "email", TEXT, OPT, ONE, "cbc:ElectronicMail", NULL,
    "E-mail")
TERM(BUYER, DOC, "BG-7", "buyer", GROUP, REQ, ONE, "cac:AccountingCustomerParty/cac:Party", NULL,
    "Buyer")
TERM(BUYER_ENDPOINT, BUYER, "BT-49", "endpoint", GROUP, REQ, ONE, "cbc:EndpointID", NULL,
    "Electronic address")
TERM(BUYER_ENDPOINT_ID, BUYER_ENDPOINT, "BT-49", "id", ID, REQ, ONE, ".", NULL,
    "Identifier")
TERM(BUYER_ENDPOINT_SCHEME, BUYER_ENDPOINT, "BT-49-1", "scheme", CODE, REQ, ONE, "@schemeID", NULL,
    "Scheme, EAS code list")
TERM(BUYER_NAME, BUYER, "BT-44", "name", TEXT, REQ, ONE, "cac:PartyLegalEntity/cbc:RegistrationName", NULL,
    "Legal name")
TERM(BUYER_TRADING, BUYER, "BT-45", "trading_name", TEXT, OPT, ONE, "cac:PartyName/cbc:Name", NULL,
    "Trading name")
TERM(BUYER_IDENT, BUYER, "BT-46", "identifier", GROUP, OPT, ONE, "cac:PartyIdentification", NULL,
    "Buyer identifier")
TERM(BUYER_IDENT_ID, BUYER_IDENT, "BT-46", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Identifier")
TERM(BUYER_IDENT_SCHEME, BUYER_IDENT, "BT-46-1", "scheme", CODE, OPT, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(BUYER_LEGAL, BUYER, "BT-47", "legal_registration", GROUP, OPT, ONE, "cac:PartyLegalEntity/cbc:CompanyID", NULL,
    "Legal registration")
TERM(BUYER_LEGAL_ID, BUYER_LEGAL, "BT-47", "id", ID, REQ, ONE, ".", NULL,
    "Identifier")
TERM(BUYER_LEGAL_SCHEME, BUYER_LEGAL, "BT-47-1", "scheme", CODE, OPT, ONE, "@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(BUYER_VAT, BUYER, "BT-48", "vat_id", ID, OPT, ONE, "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID=$scheme]/cbc:CompanyID", NULL,
    "VAT identifier with its country prefix")
TERM(BUYER_ADDRESS, BUYER, "BG-8", "address", GROUP, REQ, ONE, "cac:PostalAddress", NULL,
    "Buyer address")
TERM(BUYER_ADDRESS_LINE1, BUYER_ADDRESS, "BT-50", "line1", TEXT, OPT, ONE, "cbc:StreetName", NULL,
    "Main line, usually street and number")
TERM(BUYER_ADDRESS_LINE2, BUYER_ADDRESS, "BT-51", "line2", TEXT, OPT, ONE, "cbc:AdditionalStreetName", NULL,
    "Second line")
TERM(BUYER_ADDRESS_CITY, BUYER_ADDRESS, "BT-52", "city", TEXT, OPT, ONE, "cbc:CityName", NULL,
    "City")
TERM(BUYER_ADDRESS_POSTCODE, BUYER_ADDRESS, "BT-53", "post_code", TEXT, OPT, ONE, "cbc:PostalZone", NULL,
    "Post code")
TERM(BUYER_ADDRESS_REGION, BUYER_ADDRESS, "BT-54", "region", TEXT, OPT, ONE, "cbc:CountrySubentity", NULL,
    "Subdivision, such as a province")
TERM(BUYER_ADDRESS_LINE3, BUYER_ADDRESS, "BT-163", "line3", TEXT, OPT, ONE, "cac:AddressLine/cbc:Line", NULL,
    "Third line")
TERM(BUYER_ADDRESS_COUNTRY, BUYER_ADDRESS, "BT-55", "country", CODE, REQ, ONE, "cac:Country/cbc:IdentificationCode", NULL,
    "Country, ISO 3166-1 alpha-2")
TERM(BUYER_CONTACT, BUYER, "BG-9", "contact", GROUP, OPT, ONE, "cac:Contact", NULL,
    "Contact")
TERM(BUYER_CONTACT_NAME, BUYER_CONTACT, "BT-56", "name", TEXT, OPT, ONE, "cbc:Name", NULL,
    "Person or department")
TERM(BUYER_CONTACT_PHONE, BUYER_CONTACT, "BT-57", "phone", TEXT, OPT, ONE, "cbc:Telephone", NULL,
    "Telephone")
TERM(BUYER_CONTACT_EMAIL, BUYER_CONTACT, "BT-58", "email", TEXT, OPT, ONE, "cbc:ElectronicMail", NULL,
    "E-mail")
TERM(PAYEE, DOC, "BG-10", "payee", GROUP, OPT, ONE, "cac:PayeeParty", NULL,
    "Payee, when not the seller")
TERM(PAYEE_IDENT, PAYEE, "BT-60", "identifier", GROUP, OPT, ONE, "cac:PartyIdentification", NULL,
    "Payee identifier")
TERM(PAYEE_IDENT_ID, PAYEE_IDENT, "BT-60", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Identifier")
TERM(PAYEE_IDENT_SCHEME, PAYEE_IDENT, "BT-60-1", "scheme", CODE, OPT, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(PAYEE_CREDITOR, PAYEE, "BT-90", "creditor_id", ID, OPT, ONE, "cac:PartyIdentification[cbc:ID/@schemeID=SEPA]/cbc:ID", NULL,
    "Bank assigned creditor identifier, for direct debit")
TERM(PAYEE_NAME, PAYEE, "BT-59", "name", TEXT, REQ, ONE, "cac:PartyName/cbc:Name", NULL,
    "Name")
TERM(PAYEE_LEGAL, PAYEE, "BT-61", "legal_registration", GROUP, OPT, ONE, "cac:PartyLegalEntity/cbc:CompanyID", NULL,
    "Legal registration")
TERM(PAYEE_LEGAL_ID, PAYEE_LEGAL, "BT-61", "id", ID, REQ, ONE, ".", NULL,
    "Identifier")
TERM(PAYEE_LEGAL_SCHEME, PAYEE_LEGAL, "BT-61-1", "scheme", CODE, OPT, ONE, "@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(TAXREP, DOC, "BG-11", "tax_representative", GROUP, OPT, ONE, "cac:TaxRepresentativeParty", NULL,
    "Seller's tax representative")
TERM(TAXREP_NAME, TAXREP, "BT-62", "name", TEXT, REQ, ONE, "cac:PartyName/cbc:Name", NULL,
    "Name")
TERM(TAXREP_ADDRESS, TAXREP, "BG-12", "address", GROUP, REQ, ONE, "cac:PostalAddress", NULL,
    "Tax representative address")
TERM(TAXREP_ADDRESS_LINE1, TAXREP_ADDRESS, "BT-64", "line1", TEXT, OPT, ONE, "cbc:StreetName", NULL,
    "Main line, usually street and number")
TERM(TAXREP_ADDRESS_LINE2, TAXREP_ADDRESS, "BT-65", "line2", TEXT, OPT, ONE, "cbc:AdditionalStreetName", NULL,
    "Second line")
TERM(TAXREP_ADDRESS_CITY, TAXREP_ADDRESS, "BT-66", "city", TEXT, OPT, ONE, "cbc:CityName", NULL,
    "City")
TERM(TAXREP_ADDRESS_POSTCODE, TAXREP_ADDRESS, "BT-67", "post_code", TEXT, OPT, ONE, "cbc:PostalZone", NULL,
    "Post code")
TERM(TAXREP_ADDRESS_REGION, TAXREP_ADDRESS, "BT-68", "region", TEXT, OPT, ONE, "cbc:CountrySubentity", NULL,
    "Subdivision, such as a province")
TERM(TAXREP_ADDRESS_LINE3, TAXREP_ADDRESS, "BT-164", "line3", TEXT, OPT, ONE, "cac:AddressLine/cbc:Line", NULL,
    "Third line")
TERM(TAXREP_ADDRESS_COUNTRY, TAXREP_ADDRESS, "BT-69", "country", CODE, REQ, ONE, "cac:Country/cbc:IdentificationCode", NULL,
    "Country, ISO 3166-1 alpha-2")
TERM(TAXREP_VAT, TAXREP, "BT-63", "vat_id", ID, REQ, ONE, "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID=$scheme]/cbc:CompanyID", NULL,
    "VAT identifier")
TERM(DELIVERY, DOC, "BG-13", "delivery", GROUP, OPT, ONE, "cac:Delivery", NULL,
    "Delivery")
TERM(DELIVERY_DATE, DELIVERY, "BT-72", "date", DATE, OPT, ONE, "cbc:ActualDeliveryDate", NULL,
    "Actual delivery date")
TERM(DELIVERY_LOCATION, DELIVERY, "BT-71", "location", GROUP, OPT, ONE, ".", NULL,
    "Deliver to location")
TERM(DELIVERY_LOCATION_ID, DELIVERY_LOCATION, "BT-71", "id", ID, REQ, ONE, "cac:DeliveryLocation/cbc:ID", NULL,
    "Identifier")
TERM(DELIVERY_LOCATION_SCHEME, DELIVERY_LOCATION, "BT-71-1", "scheme", CODE, OPT, ONE, "cac:DeliveryLocation/cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(DELIVERY_ADDRESS, DELIVERY, "BG-15", "address", GROUP, OPT, ONE, "cac:DeliveryLocation/cac:Address", NULL,
    "Deliver to address")
TERM(DELIVERY_ADDRESS_LINE1, DELIVERY_ADDRESS, "BT-75", "line1", TEXT, OPT, ONE, "cbc:StreetName", NULL,
    "Main line, usually street and number")
TERM(DELIVERY_ADDRESS_LINE2, DELIVERY_ADDRESS, "BT-76", "line2", TEXT, OPT, ONE, "cbc:AdditionalStreetName", NULL,
    "Second line")
TERM(DELIVERY_ADDRESS_CITY, DELIVERY_ADDRESS, "BT-77", "city", TEXT, OPT, ONE, "cbc:CityName", NULL,
    "City")
TERM(DELIVERY_ADDRESS_POSTCODE, DELIVERY_ADDRESS, "BT-78", "post_code", TEXT, OPT, ONE, "cbc:PostalZone", NULL,
    "Post code")
TERM(DELIVERY_ADDRESS_REGION, DELIVERY_ADDRESS, "BT-79", "region", TEXT, OPT, ONE, "cbc:CountrySubentity", NULL,
    "Subdivision, such as a province")
TERM(DELIVERY_ADDRESS_LINE3, DELIVERY_ADDRESS, "BT-165", "line3", TEXT, OPT, ONE, "cac:AddressLine/cbc:Line", NULL,
    "Third line")
TERM(DELIVERY_ADDRESS_COUNTRY, DELIVERY_ADDRESS, "BT-80", "country", CODE, REQ, ONE, "cac:Country/cbc:IdentificationCode", NULL,
    "Country, ISO 3166-1 alpha-2")
TERM(DELIVERY_NAME, DELIVERY, "BT-70", "name", TEXT, OPT, ONE, "cac:DeliveryParty/cac:PartyName/cbc:Name", NULL,
    "Deliver to party")
TERM(PAYMENT, DOC, "BG-16", "payment_means", GROUP, OPT, MANY, "cac:PaymentMeans", NULL,
    "Payment instructions; one for each account")
TERM(PAYMENT_CODE, PAYMENT, "BT-81", "code", CODE, REQ, ONE, "cbc:PaymentMeansCode", NULL,
    "Means, UNTDID 4461: 30 credit transfer, 58 SEPA, 59 SEPA direct debit, 48 card")
TERM(PAYMENT_TEXT, PAYMENT, "BT-82", "text", TEXT, OPT, ONE, "cbc:PaymentMeansCode/@name", NULL,
    "Means in words")
TERM(PAYMENT_REFERENCE, PAYMENT, "BT-83", "reference", TEXT, OPT, ONE, "cbc:PaymentID", NULL,
    "Remittance information")
TERM(CARD, PAYMENT, "BG-18", "card", GROUP, OPT, ONE, "cac:CardAccount", NULL,
    "Payment card")
TERM(CARD_NUMBER, CARD, "BT-87", "number", ID, REQ, ONE, "cbc:PrimaryAccountNumberID", NULL,
    "Last digits of the card number")
TERM(CARD_NETWORK, CARD, "", "network", ID, AUTO, ONE, "cbc:NetworkID", NULL,
    "Card network; NA when absent (UBL asks for one)")
TERM(CARD_HOLDER, CARD, "BT-88", "holder", TEXT, OPT, ONE, "cbc:HolderName", NULL,
    "Holder")
TERM(ACCOUNT, PAYMENT, "BG-17", "account", GROUP, OPT, ONE, "cac:PayeeFinancialAccount", NULL,
    "Credit transfer")
TERM(ACCOUNT_ID, ACCOUNT, "BT-84", "id", ID, OPT, ONE, "cbc:ID", NULL,
    "IBAN or other account")
TERM(ACCOUNT_NAME, ACCOUNT, "BT-85", "name", TEXT, OPT, ONE, "cbc:Name", NULL,
    "Account name")
TERM(ACCOUNT_BIC, ACCOUNT, "BT-86", "bic", ID, OPT, ONE, "cac:FinancialInstitutionBranch/cbc:ID", NULL,
    "BIC or other bank identifier")
TERM(DEBIT, PAYMENT, "BG-19", "direct_debit", GROUP, OPT, ONE, "cac:PaymentMandate", NULL,
    "Direct debit")
TERM(DEBIT_MANDATE, DEBIT, "BT-89", "mandate", ID, OPT, ONE, "cbc:ID", NULL,
    "Mandate reference")
TERM(DEBIT_ACCOUNT, DEBIT, "BT-91", "account", ID, OPT, ONE, "cac:PayerFinancialAccount/cbc:ID", NULL,
    "Debited account")
TERM(PAYMENT_TERMS, DOC, "BT-20", "payment_terms", TEXT, OPT, ONE, "cac:PaymentTerms/cbc:Note", NULL,
    "Payment terms")
TERM(ALLOWANCE, DOC, "BG-20", "allowances", GROUP, OPT, MANY, "cac:AllowanceCharge[cbc:ChargeIndicator=false]", NULL,
    "Allowance on document level")
TERM(ALLOWANCE_CODE, ALLOWANCE, "BT-98", "reason_code", CODE, OPT, ONE, "cbc:AllowanceChargeReasonCode", NULL,
    "Reason code, UNTDID 5189")
TERM(ALLOWANCE_REASON, ALLOWANCE, "BT-97", "reason", TEXT, OPT, ONE, "cbc:AllowanceChargeReason", NULL,
    "Reason")
TERM(ALLOWANCE_PERCENT, ALLOWANCE, "BT-94", "percent", PERCENT, OPT, ONE, "cbc:MultiplierFactorNumeric", NULL,
    "Percentage of the base amount")
TERM(ALLOWANCE_AMOUNT, ALLOWANCE, "BT-92", "amount", AMOUNT, AUTO, ONE, "cbc:Amount", NULL,
    "Amount; base amount × percentage when absent")
TERM(ALLOWANCE_BASE, ALLOWANCE, "BT-93", "base_amount", AMOUNT, OPT, ONE, "cbc:BaseAmount", NULL,
    "Base amount")
TERM(ALLOWANCE_VAT, ALLOWANCE, "", "vat", GROUP, REQ, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]", NULL,
    "Its VAT")
TERM(ALLOWANCE_VAT_CATEGORY, ALLOWANCE_VAT, "BT-95", "category", CODE, REQ, ONE, "cbc:ID", NULL,
    "VAT category: S Z E AE K G O L M B")
TERM(ALLOWANCE_VAT_RATE, ALLOWANCE_VAT, "BT-96", "rate", PERCENT, AUTO, ONE, "cbc:Percent", NULL,
    "VAT rate; 0 when absent in categories that have no other")
TERM(CHARGE, DOC, "BG-21", "charges", GROUP, OPT, MANY, "cac:AllowanceCharge[cbc:ChargeIndicator=true]", NULL,
    "Charge on document level")
TERM(CHARGE_CODE, CHARGE, "BT-105", "reason_code", CODE, OPT, ONE, "cbc:AllowanceChargeReasonCode", NULL,
    "Reason code, UNTDID 7161")
TERM(CHARGE_REASON, CHARGE, "BT-104", "reason", TEXT, OPT, ONE, "cbc:AllowanceChargeReason", NULL,
    "Reason")
TERM(CHARGE_PERCENT, CHARGE, "BT-101", "percent", PERCENT, OPT, ONE, "cbc:MultiplierFactorNumeric", NULL,
    "Percentage of the base amount")
TERM(CHARGE_AMOUNT, CHARGE, "BT-99", "amount", AMOUNT, AUTO, ONE, "cbc:Amount", NULL,
    "Amount; base amount × percentage when absent")
TERM(CHARGE_BASE, CHARGE, "BT-100", "base_amount", AMOUNT, OPT, ONE, "cbc:BaseAmount", NULL,
    "Base amount")
TERM(CHARGE_VAT, CHARGE, "", "vat", GROUP, REQ, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]", NULL,
    "Its VAT")
TERM(CHARGE_VAT_CATEGORY, CHARGE_VAT, "BT-102", "category", CODE, REQ, ONE, "cbc:ID", NULL,
    "VAT category: S Z E AE K G O L M B")
TERM(CHARGE_VAT_RATE, CHARGE_VAT, "BT-103", "rate", PERCENT, AUTO, ONE, "cbc:Percent", NULL,
    "VAT rate; 0 when absent in categories that have no other")
TERM(VAT, DOC, "BG-23", "vat_breakdown", GROUP, AUTO, MANY, "cac:TaxTotal[cbc:TaxAmount/@currencyID=$currency]/cac:TaxSubtotal", NULL,
    "VAT of one category and rate")
TERM(VAT_TAXABLE, VAT, "BT-116", "taxable", AMOUNT, AUTO, ONE, "cbc:TaxableAmount", NULL,
    "Taxable amount")
TERM(VAT_TAX, VAT, "BT-117", "tax", AMOUNT, AUTO, ONE, "cbc:TaxAmount", NULL,
    "Tax amount")
TERM(VAT_CATEGORY, VAT, "BT-118", "category", CODE, REQ, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]/cbc:ID", NULL,
    "VAT category")
TERM(VAT_RATE, VAT, "BT-119", "rate", PERCENT, AUTO, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]/cbc:Percent", NULL,
    "VAT rate; 0 when absent in categories that have no other")
TERM(VAT_EXEMPTION_CODE, VAT, "BT-121", "exemption_code", CODE, AUTO, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]/cbc:TaxExemptionReasonCode", NULL,
    "VATEX code; the only one there is when absent (AE, K, G, O)")
TERM(VAT_EXEMPTION, VAT, "BT-120", "exemption_reason", TEXT, OPT, ONE, "cac:TaxCategory[cac:TaxScheme/cbc:ID=$scheme]/cbc:TaxExemptionReason", NULL,
    "Exemption reason")
TERM(TOTALS, DOC, "BG-22", "totals", GROUP, AUTO, ONE, ".", NULL,
    "Totals; every one but prepaid, rounding and vat_in_vat_currency is computed when absent")
TERM(TOTAL_LINES, TOTALS, "BT-106", "lines", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:LineExtensionAmount", NULL,
    "Sum of line net amounts")
TERM(TOTAL_ALLOWANCES, TOTALS, "BT-107", "allowances", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:AllowanceTotalAmount", NULL,
    "Sum of document allowances")
TERM(TOTAL_CHARGES, TOTALS, "BT-108", "charges", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:ChargeTotalAmount", NULL,
    "Sum of document charges")
TERM(TOTAL_WITHOUT_VAT, TOTALS, "BT-109", "without_vat", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount", NULL,
    "Total without VAT")
TERM(TOTAL_VAT, TOTALS, "BT-110", "vat", AMOUNT, AUTO, ONE, "cac:TaxTotal[cbc:TaxAmount/@currencyID=$currency]/cbc:TaxAmount", NULL,
    "Total VAT")
TERM(TOTAL_VAT2, TOTALS, "BT-111", "vat_in_vat_currency", AMOUNT, OPT, ONE, "cac:TaxTotal[cbc:TaxAmount/@currencyID=$vatCurrency]/cbc:TaxAmount", NULL,
    "Total VAT in the VAT accounting currency")
TERM(TOTAL_WITH_VAT, TOTALS, "BT-112", "with_vat", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", NULL,
    "Total with VAT")
TERM(TOTAL_PREPAID, TOTALS, "BT-113", "prepaid", AMOUNT, OPT, ONE, "cac:LegalMonetaryTotal/cbc:PrepaidAmount", NULL,
    "Paid already")
TERM(TOTAL_ROUNDING, TOTALS, "BT-114", "rounding", AMOUNT, OPT, ONE, "cac:LegalMonetaryTotal/cbc:PayableRoundingAmount", NULL,
    "Rounding of the amount due")
TERM(TOTAL_DUE, TOTALS, "BT-115", "due", AMOUNT, AUTO, ONE, "cac:LegalMonetaryTotal/cbc:PayableAmount", NULL,
    "Amount due")
TERM(LINE, DOC, "BG-25", "lines", GROUP, REQ, MANY, "cac:InvoiceLine", "cac:CreditNoteLine",
    "Line")
TERM(LINE_ID, LINE, "BT-126", "id", ID, AUTO, ONE, "cbc:ID", NULL,
    "Line number; its position when absent")
TERM(LINE_NOTE, LINE, "BT-127", "note", TEXT, OPT, ONE, "cbc:Note", NULL,
    "Note")
TERM(LINE_QUANTITY, LINE, "BT-129", "quantity", QUANTITY, REQ, ONE, "cbc:InvoicedQuantity", "cbc:CreditedQuantity",
    "Quantity")
TERM(LINE_UNIT, LINE, "BT-130", "unit", CODE, REQ, ONE, "cbc:InvoicedQuantity/@unitCode", "cbc:CreditedQuantity/@unitCode",
    "Unit, UN/ECE Recommendation 20: C62 one, HUR hour, KGM kilogram")
TERM(LINE_NET, LINE, "BT-131", "net", AMOUNT, AUTO, ONE, "cbc:LineExtensionAmount", NULL,
    "Net amount; quantity × price ÷ base quantity − allowances + charges when absent")
TERM(LINE_ACCOUNTING, LINE, "BT-133", "buyer_accounting_reference", TEXT, OPT, ONE, "cbc:AccountingCost", NULL,
    "Where the buyer books it")
TERM(LINE_PERIOD, LINE, "BG-26", "period", GROUP, OPT, ONE, "cac:InvoicePeriod", NULL,
    "Period of the line")
TERM(LINE_PERIOD_START, LINE_PERIOD, "BT-134", "start", DATE, OPT, ONE, "cbc:StartDate", NULL,
    "First day")
TERM(LINE_PERIOD_END, LINE_PERIOD, "BT-135", "end", DATE, OPT, ONE, "cbc:EndDate", NULL,
    "Last day")
TERM(LINE_ORDER_LINE, LINE, "BT-132", "order_line", ID, OPT, ONE, "cac:OrderLineReference/cbc:LineID", NULL,
    "Line of the purchase order")
TERM(LINE_OBJECT, LINE, "BT-128", "object", GROUP, OPT, ONE, "cac:DocumentReference[cbc:DocumentTypeCode=130]", NULL,
    "Object of the line")
TERM(LINE_OBJECT_ID, LINE_OBJECT, "BT-128", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Identifier")
TERM(LINE_OBJECT_SCHEME, LINE_OBJECT, "BT-128-1", "scheme", CODE, OPT, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD")
TERM(LINE_ALLOWANCE, LINE, "BG-27", "allowances", GROUP, OPT, MANY, "cac:AllowanceCharge[cbc:ChargeIndicator=false]", NULL,
    "Allowance on the line")
TERM(LINE_ALLOWANCE_CODE, LINE_ALLOWANCE, "BT-140", "reason_code", CODE, OPT, ONE, "cbc:AllowanceChargeReasonCode", NULL,
    "Reason code, UNTDID 5189")
TERM(LINE_ALLOWANCE_REASON, LINE_ALLOWANCE, "BT-139", "reason", TEXT, OPT, ONE, "cbc:AllowanceChargeReason", NULL,
    "Reason")
TERM(LINE_ALLOWANCE_PERCENT, LINE_ALLOWANCE, "BT-138", "percent", PERCENT, OPT, ONE, "cbc:MultiplierFactorNumeric", NULL,
    "Percentage of the base amount")
TERM(LINE_ALLOWANCE_AMOUNT, LINE_ALLOWANCE, "BT-136", "amount", AMOUNT, AUTO, ONE, "cbc:Amount", NULL,
    "Amount; base amount × percentage when absent")
TERM(LINE_ALLOWANCE_BASE, LINE_ALLOWANCE, "BT-137", "base_amount", AMOUNT, OPT, ONE, "cbc:BaseAmount", NULL,
    "Base amount")
TERM(LINE_CHARGE, LINE, "BG-28", "charges", GROUP, OPT, MANY, "cac:AllowanceCharge[cbc:ChargeIndicator=true]", NULL,
    "Charge on the line")
TERM(LINE_CHARGE_CODE, LINE_CHARGE, "BT-145", "reason_code", CODE, OPT, ONE, "cbc:AllowanceChargeReasonCode", NULL,
    "Reason code, UNTDID 7161")
TERM(LINE_CHARGE_REASON, LINE_CHARGE, "BT-144", "reason", TEXT, OPT, ONE, "cbc:AllowanceChargeReason", NULL,
    "Reason")
TERM(LINE_CHARGE_PERCENT, LINE_CHARGE, "BT-143", "percent", PERCENT, OPT, ONE, "cbc:MultiplierFactorNumeric", NULL,
    "Percentage of the base amount")
TERM(LINE_CHARGE_AMOUNT, LINE_CHARGE, "BT-141", "amount", AMOUNT, AUTO, ONE, "cbc:Amount", NULL,
    "Amount; base amount × percentage when absent")
TERM(LINE_CHARGE_BASE, LINE_CHARGE, "BT-142", "base_amount", AMOUNT, OPT, ONE, "cbc:BaseAmount", NULL,
    "Base amount")
TERM(ITEM, LINE, "BG-31", "item", GROUP, REQ, ONE, "cac:Item", NULL,
    "Item")
TERM(ITEM_DESCRIPTION, ITEM, "BT-154", "description", TEXT, OPT, ONE, "cbc:Description", NULL,
    "Description")
TERM(ITEM_NAME, ITEM, "BT-153", "name", TEXT, REQ, ONE, "cbc:Name", NULL,
    "Name")
TERM(ITEM_BUYER_ID, ITEM, "BT-156", "buyer_id", ID, OPT, ONE, "cac:BuyersItemIdentification/cbc:ID", NULL,
    "Buyer's article number")
TERM(ITEM_SELLER_ID, ITEM, "BT-155", "seller_id", ID, OPT, ONE, "cac:SellersItemIdentification/cbc:ID", NULL,
    "Seller's article number")
TERM(ITEM_STANDARD, ITEM, "BT-157", "standard_id", GROUP, OPT, ONE, "cac:StandardItemIdentification", NULL,
    "Standard article number")
TERM(ITEM_STANDARD_ID, ITEM_STANDARD, "BT-157", "id", ID, REQ, ONE, "cbc:ID", NULL,
    "Identifier, such as a GTIN")
TERM(ITEM_STANDARD_SCHEME, ITEM_STANDARD, "BT-157-1", "scheme", CODE, REQ, ONE, "cbc:ID/@schemeID", NULL,
    "Scheme, ISO 6523 ICD: 0160 GTIN")
TERM(ITEM_ORIGIN, ITEM, "BT-159", "origin", CODE, OPT, ONE, "cac:OriginCountry/cbc:IdentificationCode", NULL,
    "Country of origin, ISO 3166-1 alpha-2")
TERM(ITEM_CLASS, ITEM, "BT-158", "classifications", GROUP, OPT, MANY, "cac:CommodityClassification*/cbc:ItemClassificationCode", NULL,
    "Classification")
TERM(ITEM_CLASS_CODE, ITEM_CLASS, "BT-158", "code", CODE, REQ, ONE, ".", NULL,
    "Code")
TERM(ITEM_CLASS_LIST, ITEM_CLASS, "BT-158-1", "list", CODE, REQ, ONE, "@listID", NULL,
    "List, UNTDID 7143: STI CPV, TST UNSPSC")
TERM(ITEM_CLASS_VERSION, ITEM_CLASS, "BT-158-2", "list_version", CODE, OPT, ONE, "@listVersionID", NULL,
    "Version of the list")
TERM(ITEM_ATTRIBUTE, ITEM, "BG-32", "attributes", GROUP, OPT, MANY, "cac:AdditionalItemProperty", NULL,
    "Item attribute")
TERM(ITEM_ATTRIBUTE_NAME, ITEM_ATTRIBUTE, "BT-160", "name", TEXT, REQ, ONE, "cbc:Name", NULL,
    "Its name")
TERM(ITEM_ATTRIBUTE_VALUE, ITEM_ATTRIBUTE, "BT-161", "value", TEXT, REQ, ONE, "cbc:Value", NULL,
    "Its value")
TERM(LINE_VAT, LINE, "BG-30", "vat", GROUP, REQ, ONE, "cac:Item/cac:ClassifiedTaxCategory[cac:TaxScheme/cbc:ID=$scheme]", NULL,
    "VAT of the line")
TERM(LINE_VAT_CATEGORY, LINE_VAT, "BT-151", "category", CODE, REQ, ONE, "cbc:ID", NULL,
    "VAT category: S Z E AE K G O L M B")
TERM(LINE_VAT_RATE, LINE_VAT, "BT-152", "rate", PERCENT, AUTO, ONE, "cbc:Percent", NULL,
    "VAT rate; 0 when absent in categories that have no other")
TERM(PRICE, LINE, "BG-29", "price", GROUP, REQ, ONE, "cac:Price", NULL,
    "Price")
TERM(PRICE_NET, PRICE, "BT-146", "net", PRICE, AUTO, ONE, "cbc:PriceAmount", NULL,
    "Net price; gross − discount when absent")
TERM(PRICE_BASE, PRICE, "BT-149", "base_quantity", QUANTITY, OPT, ONE, "cbc:BaseQuantity", NULL,
    "Quantity the price is for; 1 when absent")
TERM(PRICE_BASE_UNIT, PRICE, "BT-150", "base_unit", CODE, OPT, ONE, "cbc:BaseQuantity/@unitCode", NULL,
    "Unit of it")
TERM(PRICE_DISCOUNT, PRICE, "BT-147", "discount", PRICE, AUTO, ONE, "cac:AllowanceCharge[cbc:ChargeIndicator=false]/cbc:Amount", NULL,
    "Discount on the gross price; gross − net when absent")
TERM(PRICE_GROSS, PRICE, "BT-148", "gross", PRICE, OPT, ONE, "cac:AllowanceCharge[cbc:ChargeIndicator=false]/cbc:BaseAmount", NULL,
    "Gross price")
