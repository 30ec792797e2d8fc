/* complete.c - what can be known is filled in, and what must be there is asked for. */
#include "ubl/invoice/invoice_priv.h"

int invoice_complete(struct invoice *v, struct err *e)
{
    inv_settle(v);
    inv_defaults(v);
    inv_required(v);
    if (!v->faults && inv_totals(v, e))
        return -1;
    inv_sensible(v);
    return v->nomem ? err_nomem(e) : 0;
}

/* ---- defaults ---- */

/* Categories whose only rate is 0: BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05. */
static bool only_zero(struct str category)
{
    return str_eqz(category, "Z") || str_eqz(category, "E") || str_eqz(category, "AE") ||
           str_eqz(category, "K") || str_eqz(category, "G");
}

static void rate(struct invoice *v, struct inv_node *in, enum inv_id category, enum inv_id rate_)
{
    struct str c = inv_text(in, category);

    if (!c.n || inv_find(in, rate_))
        return;
    if (only_zero(c))
        inv_fill(v, in, rate_, STR("0"));
    else if (!str_eqz(c, "O") && v->scheme.n && str_eqz(v->scheme, "VAT"))
        (void)err_set(inv_fault(v, in, rate_), ERR_INPUT, "invoice.missing", inv_terms[rate_].bt,
            "the VAT rate (%s) of category %.*s is missing", inv_terms[rate_].bt,
            STR_FMT(str_sub(c, 0, 8)));
}

/* BR-AE-10, BR-IC-10, BR-G-10, BR-O-10 ask for a reason, and these have but one code. */
static void exemption(struct invoice *v, struct inv_node *n)
{
    static const char *const codes[][2] = {
        {"AE", "VATEX-EU-AE"}, {"K", "VATEX-EU-IC"}, {"G", "VATEX-EU-G"}, {"O", "VATEX-EU-O"}};
    struct str c = inv_text(n, INV_VAT_CATEGORY);

    if (inv_find(n, INV_VAT_EXEMPTION) || inv_find(n, INV_VAT_EXEMPTION_CODE))
        return;
    for (size_t i = 0; i < 4; i++)
        if (str_eqz(c, codes[i][0]))
            inv_fill(v, n, INV_VAT_EXEMPTION_CODE, str_z(codes[i][1]));
}

void inv_exemptions(struct invoice *v)
{
    const struct inv_custom *c = inv_custom_of(inv_text(v->root, INV_SPECIFICATION));

    if (!c || !c->en16931)
        return;
    for (struct inv_node *n = inv_find(v->root, INV_VAT); n; n = inv_same(n))
        exemption(v, n);
}

static void number_lines(struct invoice *v)
{
    unsigned at = 0;

    for (struct inv_node *n = inv_find(v->root, INV_LINE); n; n = inv_same(n)) {
        char *text;
        at++;
        if (inv_find(n, INV_LINE_ID))
            continue;
        if (!(text = arena_printf(v->a, "%u", at)))
            v->nomem = true;
        else
            inv_fill(v, n, INV_LINE_ID, str_z(text));
    }
}

void inv_defaults(struct invoice *v)
{
    struct inv_node *seller = inv_find(v->root, INV_SELLER);

    number_lines(v);
    for (struct inv_node *n = inv_find(v->root, INV_LINE); n; n = inv_same(n))
        rate(v, n, INV_LINE_VAT_CATEGORY, INV_LINE_VAT_RATE);
    for (struct inv_node *n = inv_find(v->root, INV_ALLOWANCE); n; n = inv_same(n))
        rate(v, n, INV_ALLOWANCE_VAT_CATEGORY, INV_ALLOWANCE_VAT_RATE);
    for (struct inv_node *n = inv_find(v->root, INV_CHARGE); n; n = inv_same(n))
        rate(v, n, INV_CHARGE_VAT_CATEGORY, INV_CHARGE_VAT_RATE);
    for (struct inv_node *n = inv_find(v->root, INV_VAT); n; n = inv_same(n))
        rate(v, n, INV_VAT_CATEGORY, INV_VAT_RATE);
    for (struct inv_node *n = inv_find(v->root, INV_PAYMENT); n; n = inv_same(n))
        if (inv_find(n, INV_CARD) && !inv_find(n, INV_CARD_NETWORK))
            inv_fill(v, n, INV_CARD_NETWORK, STR("NA"));
    if (seller && inv_find(seller, INV_SELLER_TAXREG) &&
        !inv_find(seller, INV_SELLER_TAXREG_SCHEME))
        inv_fill(v, seller, INV_SELLER_TAXREG_SCHEME, STR("TAX"));
    if (inv_find(v->root, INV_SALES_ORDER) && !inv_find(v->root, INV_PURCHASE_ORDER))
        inv_fill(v, v->root, INV_PURCHASE_ORDER, STR("NA")); /* BIS: UBL asks for one */
}

/* ---- mandatory terms ---- */

static void required(struct invoice *v, const struct inv_node *in, bool peppol)
{
    for (enum inv_id i = inv_next_member(in->id, INV_NONE); i != INV_NONE;
         i = inv_next_member(in->id, i)) {
        const struct inv_term *t = &inv_terms[i];
        bool network = i == INV_SELLER_ENDPOINT || i == INV_BUYER_ENDPOINT;
        if (t->need == INV_REQ && !inv_find(in, i) && (!network || peppol))
            (void)err_set(inv_fault(v, in, i), ERR_INPUT, "invoice.missing", t->bt,
                "the mandatory member \"%s\"%s%s%s is missing: %s", t->name, *t->bt ? " (" : "",
                t->bt, *t->bt ? ")" : "", t->text);
    }
    for (const struct inv_node *n = in->first; n; n = n->next)
        if (inv_terms[n->id].type == IT_GROUP)
            required(v, n, peppol);
}

void inv_required(struct invoice *v)
{
    required(v, v->root, inv_custom_of(inv_text(v->root, INV_SPECIFICATION)) != NULL);
}
