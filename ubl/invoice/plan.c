/* plan.c - the table's paths woven into one tree of UBL elements: both writing and reading walk it.
 */
#include <pthread.h>

#include "ubl/invoice/invoice_priv.h"

#define PLANS_MAX (1u << 20)

/* The order of UBL 2.1's schemas. One row does for all aggregates, since no two of them disagree on
 * the elements used here; but a CreditNote orders some references differently. */
static const char *const order[] = {"cbc:EndpointID", "cbc:CustomizationID", "cbc:ProfileID",
    "cac:PartyIdentification", "cac:PartyName", "cbc:ChargeIndicator", "cbc:PaymentMeansCode",
    "cbc:PaymentDueDate", "cbc:PaymentID", "cac:CardAccount", "cac:PayeeFinancialAccount",
    "cac:PaymentMandate", "cbc:PrimaryAccountNumberID", "cbc:NetworkID", "cbc:HolderName",
    "cbc:TaxableAmount", "cbc:StartDate", "cbc:EndDate", "cbc:DescriptionCode",
    "cbc:ActualDeliveryDate", "cbc:PriceAmount", "cbc:BaseQuantity", "cbc:StreetName",
    "cbc:AdditionalStreetName", "cbc:CityName", "cbc:PostalZone", "cbc:CountrySubentity",
    "cac:AddressLine", "cbc:Line", "cac:Country", "cbc:RegistrationName", "cbc:CompanyID",
    "cbc:CompanyLegalForm", "cbc:Description", "cbc:ID", "cbc:SalesOrderID", "cbc:IssueDate",
    "cbc:DueDate", "cbc:InvoiceTypeCode", "cbc:Name", "cbc:Telephone", "cbc:ElectronicMail",
    "cbc:Value", "cbc:Note", "cbc:TaxPointDate", "cbc:CreditNoteTypeCode",
    "cbc:DocumentCurrencyCode", "cbc:TaxCurrencyCode", "cbc:InvoicedQuantity",
    "cbc:CreditedQuantity", "cbc:LineExtensionAmount", "cbc:TaxExclusiveAmount",
    "cbc:TaxInclusiveAmount", "cbc:AllowanceTotalAmount", "cbc:ChargeTotalAmount",
    "cbc:PrepaidAmount", "cbc:PayableRoundingAmount", "cbc:PayableAmount", "cbc:AccountingCost",
    "cbc:BuyerReference", "cbc:DocumentTypeCode", "cbc:DocumentDescription", "cac:Attachment",
    "cbc:EmbeddedDocumentBinaryObject", "cac:ExternalReference", "cbc:URI", "cac:InvoicePeriod",
    "cac:OrderReference", "cac:OrderLineReference", "cbc:LineID", "cac:BillingReference",
    "cac:InvoiceDocumentReference", "cac:DespatchDocumentReference", "cac:ReceiptDocumentReference",
    "cac:OriginatorDocumentReference", "cac:ContractDocumentReference",
    "cac:AdditionalDocumentReference", "cac:DocumentReference", "cac:ProjectReference",
    "cac:AccountingSupplierParty", "cac:AccountingCustomerParty", "cac:Party", "cac:PayeeParty",
    "cac:TaxRepresentativeParty", "cac:Delivery", "cac:DeliveryLocation", "cac:Address",
    "cac:DeliveryParty", "cac:PostalAddress", "cac:PartyTaxScheme", "cac:PartyLegalEntity",
    "cac:Contact", "cac:PaymentMeans", "cac:FinancialInstitutionBranch",
    "cac:PayerFinancialAccount", "cac:PaymentTerms", "cbc:AllowanceChargeReasonCode",
    "cbc:AllowanceChargeReason", "cbc:MultiplierFactorNumeric", "cbc:Amount", "cbc:BaseAmount",
    "cac:AllowanceCharge", "cac:TaxTotal", "cbc:TaxAmount", "cac:TaxSubtotal", "cac:TaxCategory",
    "cbc:Percent", "cbc:TaxExemptionReasonCode", "cbc:TaxExemptionReason", "cac:LegalMonetaryTotal",
    "cac:InvoiceLine", "cac:CreditNoteLine", "cac:Item", "cac:Price",
    "cac:BuyersItemIdentification", "cac:SellersItemIdentification",
    "cac:StandardItemIdentification", "cac:OriginCountry", "cbc:IdentificationCode",
    "cac:CommodityClassification", "cbc:ItemClassificationCode", "cac:ClassifiedTaxCategory",
    "cac:TaxScheme", "cac:AdditionalItemProperty", NULL};
static const char *const credit_order[] = {"cbc:CustomizationID", "cbc:ProfileID", "cbc:ID",
    "cbc:IssueDate", "cbc:TaxPointDate", "cbc:CreditNoteTypeCode", "cbc:Note",
    "cbc:DocumentCurrencyCode", "cbc:TaxCurrencyCode", "cbc:AccountingCost", "cbc:BuyerReference",
    "cac:InvoicePeriod", "cac:OrderReference", "cac:BillingReference",
    "cac:DespatchDocumentReference", "cac:ReceiptDocumentReference",
    "cac:ContractDocumentReference", "cac:AdditionalDocumentReference",
    "cac:OriginatorDocumentReference", "cac:AccountingSupplierParty", "cac:AccountingCustomerParty",
    "cac:PayeeParty", "cac:TaxRepresentativeParty", "cac:Delivery", "cac:PaymentMeans",
    "cac:PaymentTerms", "cac:AllowanceCharge", "cac:TaxTotal", "cac:LegalMonetaryTotal",
    "cac:CreditNoteLine", NULL};

struct maker {
    struct arena *a;
    const char *const *top_order;
    struct inv_step *top;
    struct inv_step *inner[INV_TERMS]; /* where a group's members begin */
    bool failed;
};

static int rank(const struct maker *m, const struct inv_step *parent, struct str name)
{
    const char *const *o = parent == m->top ? m->top_order : order;
    int i = 0;

    if (name.p[0] == '@')
        return -1;
    while (o[i] && !str_eqz(name, o[i]))
        i++;
    return i;
}

static struct inv_step *walk(
    struct maker *m, struct inv_step *from, struct str path, struct inv_step **bind);

static struct inv_step *insert(struct maker *m, struct inv_step *parent, struct str name)
{
    struct inv_step *s = arena_alloc(m->a, sizeof(*s)), **at = &parent->first;

    if (!s) {
        m->failed = true;
        return NULL;
    }
    *s = (struct inv_step){.name = name, .group = INV_NONE, .value = INV_NONE};
    while (*at && rank(m, parent, (*at)->name) <= rank(m, parent, name))
        at = &(*at)->next;
    s->next = *at;
    *at = s;
    return s;
}

/* The child of that name and condition, made when it is new: with what its condition says. */
static struct inv_step *place(
    struct maker *m, struct inv_step *parent, struct str name, struct str cond)
{
    size_t eq = str_find(cond, STR("="));
    struct str when = str_sub(cond, 0, eq), is = str_sub(cond, eq + 1, cond.n);
    struct inv_step *s = parent->first, *fixed;

    for (; s; s = s->next)
        if (str_eq(s->name, name) && str_eq(s->when, when) && str_eq(s->is, is))
            return s;
    s = insert(m, parent, name);
    if (!s || !cond.n)
        return s;
    s->when = when;
    s->is = is;
    if ((fixed = walk(m, s, when, NULL)))
        fixed->fixed = is;
    return s;
}

/* One step: name, [condition], mark; returns the length with the slash behind it. */
static size_t cut(struct str path, struct str *name, struct str *cond, bool *mark)
{
    size_t n = 0, end;

    while (n < path.n && path.p[n] != '/' && path.p[n] != '[' && path.p[n] != '*')
        n++;
    *name = str_sub(path, 0, n);
    *cond = STR("");
    if (n < path.n && path.p[n] == '[') {
        end = n + str_find(str_sub(path, n, path.n), STR("]"));
        *cond = str_sub(path, n + 1, end - n - 1);
        n = end + 1;
    }
    *mark = n < path.n && path.p[n] == '*';
    n += *mark;
    return n < path.n ? n + 1 : n;
}

/* Follows a path, making what is missing. *bind: the step marked *, or the last. */
static struct inv_step *walk(
    struct maker *m, struct inv_step *from, struct str path, struct inv_step **bind)
{
    struct inv_step *marked = NULL, *s = from;

    while (s && path.n && !str_eqz(path, ".")) {
        struct str name, cond;
        bool mark;
        size_t n = cut(path, &name, &cond, &mark);
        s = place(m, s, name, cond);
        if (mark)
            marked = s;
        path = str_sub(path, n, path.n);
    }
    if (bind)
        *bind = marked ? marked : s;
    return s;
}

static void add_currency(struct maker *m, struct inv_step *s)
{
    for (struct inv_step *c = s->first; c; c = c->next)
        if (str_eqz(c->name, "@currencyID"))
            return;
    if ((s = insert(m, s, STR("@currencyID"))))
        s->fixed = STR("$currency");
}

static void weave(struct maker *m, const struct inv_term *t, bool credit)
{
    const char *path = credit && t->credit ? t->credit : t->path;
    struct inv_step *bind, *s;

    if (!*path || !(s = walk(m, m->inner[t->group], str_z(path), &bind)))
        return;
    if (t->type != IT_GROUP) {
        s->value = t->id;
        if (t->type == IT_AMOUNT || t->type == IT_PRICE)
            add_currency(m, s);
        return;
    }
    m->inner[t->id] = s;
    if (strcmp(path, ".") != 0)
        bind->group = t->id;
}

static bool settle(struct inv_step *s)
{
    s->constant = s->group == INV_NONE && s->value == INV_NONE;
    for (struct inv_step *c = s->first; c; c = c->next)
        if (!settle(c))
            s->constant = false;
    return s->constant;
}

/* Both, once for the process; kept for its life. */
static struct arena *plan_arena;
static struct inv_step *plans[2];

static struct inv_step *make(struct arena *a, bool credit)
{
    struct maker m = {.a = a, .top_order = credit ? credit_order : order};

    if (!(m.top = arena_alloc(a, sizeof(*m.top))))
        return NULL;
    *m.top = (struct inv_step){.group = INV_DOC, .value = INV_NONE};
    m.inner[INV_DOC] = m.top;
    for (unsigned i = INV_DOC + 1; i < INV_TERMS; i++)
        weave(&m, &inv_terms[i], credit);
    (void)settle(m.top);
    return m.failed ? NULL : m.top;
}

static void make_plans(void)
{
    plan_arena = arena_new(PLANS_MAX);
    for (int credit = 0; plan_arena && credit < 2; credit++)
        plans[credit] = make(plan_arena, credit);
}

const struct inv_step *inv_plan(bool credit)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_plans);
    return plans[credit];
}

struct str inv_resolve(const struct invoice *v, struct str text)
{
    if (text.n == 0 || text.p[0] != '$')
        return text;
    if (str_eqz(text, "$scheme"))
        return v->scheme;
    return str_eqz(text, "$currency") ? v->currency : v->vat_currency;
}
