/* sensible.c - what a careful clerk would see: dates in order, a line number twice, an account that
 * cannot exist. */
#include <stdlib.h>

#include "ubl/invoice/invoice_priv.h"
#include "ubl/plausible/plausible.h"

/* ---- decimals ---- */

static void decimals(struct invoice *v, const struct inv_node *in, int most)
{
    for (const struct inv_node *n = in->first; n; n = n->next) {
        size_t point = str_find(n->text, STR("."));
        if (inv_terms[n->id].type == IT_GROUP)
            decimals(v, n, most);
        else if (inv_terms[n->id].type == IT_AMOUNT && n->text.n > point &&
                 (int)(n->text.n - point - 1) > most)
            (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.decimals", "BR-DEC",
                "%.*s has %zu decimals; an amount has at most %d",
                STR_FMT(str_sub(n->text, 0, INVOICE_NUMBER_MAX)), n->text.n - point - 1, most);
    }
}

/* ---- dates: YYYY-MM-DD compares as text ---- */

static int compare(struct str a, struct str b)
{
    return a.n == 10 && b.n == 10 ? memcmp(a.p, b.p, 10) : 0;
}

static void in_order(
    struct invoice *v, struct inv_node *in, enum inv_id from, enum inv_id to, const char *rule)
{
    if (in && compare(inv_text(in, from), inv_text(in, to)) > 0)
        (void)err_set(inv_fault(v, in, to), ERR_INPUT, "invoice.dates", rule,
            "the period ends on %.*s, before it starts on %.*s", STR_FMT(inv_text(in, to)),
            STR_FMT(inv_text(in, from)));
}

static void inside(struct invoice *v, struct inv_node *line, enum inv_id id, int sign,
    enum inv_id bound, const char *rule)
{
    struct str date = inv_text(line, id), edge = inv_text(v->root, bound);

    if (compare(date, edge) * sign < 0)
        (void)err_set(inv_fault(v, line, id), ERR_INPUT, "invoice.dates", rule,
            "%.*s lies outside the invoice's period (%.*s)", STR_FMT(date), STR_FMT(edge));
}

static void dates(struct invoice *v)
{
    struct inv_node *root = v->root;
    struct str issue = inv_text(root, INV_ISSUE_DATE);

    if (compare(inv_text(root, INV_DUE_DATE), issue) < 0)
        (void)err_set(inv_warn(v, root, INV_DUE_DATE), ERR_INPUT, "invoice.dates", "BT-9",
            "due on %.*s, before its issue on %.*s", STR_FMT(inv_text(root, INV_DUE_DATE)),
            STR_FMT(issue));
    in_order(v, inv_find(root, INV_PERIOD), INV_PERIOD_START, INV_PERIOD_END, "BR-29");
    for (struct inv_node *n = inv_find(root, INV_LINE); n; n = inv_same(n)) {
        in_order(
            v, inv_find(n, INV_LINE_PERIOD), INV_LINE_PERIOD_START, INV_LINE_PERIOD_END, "BR-30");
        inside(v, n, INV_LINE_PERIOD_START, 1, INV_PERIOD_START, "PEPPOL-EN16931-R110");
        inside(v, n, INV_LINE_PERIOD_END, -1, INV_PERIOD_END, "PEPPOL-EN16931-R111");
    }
    for (struct inv_node *n = inv_find(root, INV_PRECEDING); n; n = inv_same(n))
        if (compare(inv_text(n, INV_PRECEDING_DATE), issue) > 0)
            (void)err_set(inv_warn(v, n, INV_PRECEDING_DATE), ERR_INPUT, "invoice.dates", "BT-26",
                "the preceding invoice is younger than this one");
    if (inv_find(root, INV_TAX_POINT_DATE) && inv_find(root, INV_TAX_POINT_CODE))
        (void)err_set(inv_fault(v, root, INV_TAX_POINT_CODE), ERR_INPUT, "invoice.conflict",
            "BR-CO-03", "tax_point_date (BT-7) and tax_point_code (BT-8) exclude each other");
}

/* ---- line numbers ---- */

static int by_id(const void *x, const void *y)
{
    const struct inv_node *a = *(const struct inv_node *const *)x,
                          *b = *(const struct inv_node *const *)y;
    size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
    int c = memcmp(a->text.p, b->text.p, n);

    if (c)
        return c;
    if (a->text.n != b->text.n)
        return a->text.n < b->text.n ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static void line_numbers(struct invoice *v)
{
    const struct inv_node **ids;
    size_t n = 0, at = 0;

    for (struct inv_node *l = inv_find(v->root, INV_LINE); l; l = inv_same(l))
        n++;
    if (n < 2)
        return;
    if (!(ids = arena_alloc(v->a, n * sizeof(*ids)))) {
        v->nomem = true;
        return;
    }
    for (struct inv_node *l = inv_find(v->root, INV_LINE); l; l = inv_same(l))
        if ((ids[at] = inv_find(l, INV_LINE_ID)))
            at++;
    qsort(ids, at, sizeof(*ids), by_id);
    for (size_t i = 1; i < at; i++)
        if (str_eq(ids[i]->text, ids[i - 1]->text))
            (void)err_set(inv_fault(v, ids[i], INV_NONE), ERR_INPUT, "invoice.line-twice", "BT-126",
                "the line number \"%.*s\" stands on line %u too",
                STR_FMT(str_sub(ids[i]->text, 0, 40)), ids[i - 1]->line);
}

/* ---- attachments ---- */

static void attachment(struct invoice *v, struct inv_node *n)
{
    bool content = inv_find(n, INV_ATTACHMENT_CONTENT);
    struct str type = inv_text(n, INV_ATTACHMENT_MIME);

    for (enum inv_id i = INV_ATTACHMENT_MIME; i <= INV_ATTACHMENT_FILE; i++)
        if (content != (inv_find(n, i) != NULL))
            (void)err_set(inv_fault(v, n, content ? i : INV_ATTACHMENT_CONTENT), ERR_INPUT,
                "invoice.missing", inv_terms[i].bt, "content and %s go together",
                inv_terms[i].name);
    if (type.n && !inv_media_allowed(type))
        (void)err_set(inv_fault(v, inv_find(n, INV_ATTACHMENT_MIME), INV_NONE), ERR_INPUT,
            "invoice.value", "PEPPOL-EN16931-CL001",
            "\"%.*s\" may not be attached; PDF, PNG, JPEG, CSV, XLSX and ODS may",
            STR_FMT(str_sub(type, 0, 60)));
}

/* ---- identifiers that cannot exist ---- */

static void doubt(struct invoice *v, const struct inv_node *n, struct plausibility p)
{
    if (n && p.verdict == PLAUSIBLE_NOT)
        (void)err_set(inv_warn(v, n, INV_NONE), ERR_INPUT, "invoice.identifier",
            inv_terms[n->id].bt, "\"%.*s\": %s", STR_FMT(str_sub(n->text, 0, 60)), p.why);
}

static void id_at(struct invoice *v, const struct inv_node *in, enum inv_id id, enum inv_id scheme)
{
    struct inv_node *n = inv_find(in, id);

    if (n && inv_text(in, scheme).n)
        doubt(v, n, plausible_id(inv_text(in, scheme), n->text));
}

static void vat_at(struct invoice *v, enum inv_id id)
{
    struct inv_node *n = inv_find(v->root, id);

    if (n)
        doubt(v, n, plausible_vat(n->text));
}

/* Only SEPA asks for an IBAN; elsewhere an account may be of another kind. */
static void account(struct invoice *v, const struct inv_node *payment)
{
    struct inv_node *id = inv_find(payment, INV_ACCOUNT_ID),
                    *bic = inv_find(payment, INV_ACCOUNT_BIC),
                    *reference = inv_find(payment, INV_PAYMENT_REFERENCE);

    if (reference)
        doubt(v, reference, plausible_creditor_reference(reference->text));
    if (!str_eqz(inv_text(payment, INV_PAYMENT_CODE), "58"))
        return;
    if (id)
        doubt(v, id, plausible_iban(id->text));
    if (bic)
        doubt(v, bic, plausible_bic(bic->text));
}

static void identifiers(struct invoice *v)
{
    struct inv_node *root = v->root;

    id_at(v, root, INV_SELLER_ENDPOINT_ID, INV_SELLER_ENDPOINT_SCHEME);
    id_at(v, root, INV_BUYER_ENDPOINT_ID, INV_BUYER_ENDPOINT_SCHEME);
    id_at(v, root, INV_SELLER_LEGAL_ID, INV_SELLER_LEGAL_SCHEME);
    id_at(v, root, INV_BUYER_LEGAL_ID, INV_BUYER_LEGAL_SCHEME);
    id_at(v, root, INV_BUYER_IDENT_ID, INV_BUYER_IDENT_SCHEME);
    id_at(v, root, INV_PAYEE_IDENT_ID, INV_PAYEE_IDENT_SCHEME);
    id_at(v, root, INV_PAYEE_LEGAL_ID, INV_PAYEE_LEGAL_SCHEME);
    id_at(v, root, INV_DELIVERY_LOCATION_ID, INV_DELIVERY_LOCATION_SCHEME);
    if (inv_find(root, INV_SELLER))
        for (struct inv_node *n = inv_find(root, INV_SELLER_IDS); n; n = inv_same(n))
            id_at(v, n, INV_SELLER_IDS_ID, INV_SELLER_IDS_SCHEME);
    vat_at(v, INV_SELLER_VAT);
    vat_at(v, INV_BUYER_VAT);
    vat_at(v, INV_TAXREP_VAT);
    for (struct inv_node *n = inv_find(root, INV_PAYMENT); n; n = inv_same(n))
        account(v, n);
}

/* ---- members that need another ---- */

static void pairs(struct invoice *v)
{
    struct inv_node *document = inv_find(v->root, INV_DOCUMENT);

    if (document && !str_eqz(document->text, "Invoice") && !str_eqz(document->text, "CreditNote"))
        (void)err_set(inv_fault(v, document, INV_NONE), ERR_INPUT, "invoice.value", "",
            "is Invoice or CreditNote");
    if (v->credit && inv_find(v->root, INV_DUE_DATE) && !inv_find(v->root, INV_PAYMENT))
        (void)err_set(inv_fault(v, v->root, INV_PAYMENT), ERR_INPUT, "invoice.missing", "BT-9",
            "a credit note's due date is written in its payment means: give one");
    if (v->vat_currency.n && !str_eq(v->vat_currency, v->currency) &&
        !inv_find(v->root, INV_TOTAL_VAT2))
        (void)err_set(inv_fault(v, v->root, INV_TOTAL_VAT2), ERR_INPUT, "invoice.missing", "BR-53",
            "with a VAT accounting currency the total VAT in it must be given: an invoice holds no "
            "rate of exchange");
    if (!inv_find(v->root, INV_VAT_CURRENCY) && inv_find(v->root, INV_TOTAL_VAT2))
        (void)err_set(inv_fault(v, v->root, INV_VAT_CURRENCY), ERR_INPUT, "invoice.missing", "BT-6",
            "vat_in_vat_currency needs the VAT accounting currency");
    for (struct inv_node *n = inv_find(v->root, INV_LINE); n; n = inv_same(n))
        if (inv_find(n, INV_PRICE_BASE_UNIT) && !inv_find(n, INV_PRICE_BASE))
            (void)err_set(inv_fault(v, n, INV_PRICE_BASE), ERR_INPUT, "invoice.missing", "BT-149",
                "base_unit is the unit of base_quantity, which is missing");
}

void inv_sensible(struct invoice *v)
{
    decimals(v, v->root, v->places);
    dates(v);
    line_numbers(v);
    pairs(v);
    identifiers(v);
    for (struct inv_node *n = inv_find(v->root, INV_ATTACHMENT); n; n = inv_same(n))
        attachment(v, n);
}
