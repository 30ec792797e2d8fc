/* known.c - specifications, type codes and currencies that the builder knows by name. */
#include "ubl/invoice/invoice_priv.h"

#define CEN "urn:cen.eu:en16931:2017"
#define BIS CEN "#compliant#urn:fdc:peppol.eu:2017:poacc:"
#define PINT "urn:peppol:pint:"

static const struct inv_custom customs[] = {
    {"bis3", BIS "billing:3.0", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "VAT", true},
    {"selfbilling3", BIS "selfbilling:3.0", "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0",
        "VAT", true},
    {"pint-ae", PINT "billing-1@ae-1", "urn:peppol:bis:billing", "VAT", false},
    {"pint-ae-self", PINT "selfbilling-1@ae-1", "urn:peppol:bis:selfbilling", "VAT", false},
    {"pint-aunz", PINT "billing-1@aunz-1", "urn:peppol:bis:billing", "GST", false},
    {"pint-aunz-self", PINT "selfbilling-1@aunz-1", "urn:peppol:bis:selfbilling", "GST", false},
    {"pint-eu", PINT "billing-1@eu-1", "urn:peppol:bis:billing", "VAT", true},
    {"pint-jp", PINT "billing-1@jp-1", "urn:peppol:bis:billing", "VAT", false},
    {"pint-jp-ntr", PINT "nontaxinvoice-1@jp-1", "urn:peppol:bis:billing", "VAT", false},
    {"pint-jp-self", PINT "selfbilling-1@jp-1", "urn:peppol:bis:selfbilling", "VAT", false},
    {"pint-my", PINT "billing-1@my-1", "urn:peppol:bis:billing", "VAT", false},
    {"pint-my-self", PINT "selfbilling-1@my-1", "urn:peppol:bis:selfbilling", "VAT", false},
    {"pint-om", PINT "billing-1@om-1", "urn:peppol:bis:billing", "VAT", false},
    {"pint-om-self", PINT "selfbilling-1@om-1", "urn:peppol:bis:selfbilling", "VAT", false},
    {"pint-sg", PINT "billing-1@sg-1", "urn:peppol:bis:billing", "GST", false},
};
#define CUSTOMS (sizeof(customs) / sizeof(customs[0]))

const struct inv_custom *inv_custom_named(struct str name)
{
    for (size_t i = 0; i < CUSTOMS; i++)
        if (str_eqz(name, customs[i].name))
            return &customs[i];
    return NULL;
}

const struct inv_custom *inv_custom_of(struct str specification)
{
    for (size_t i = 0; i < CUSTOMS; i++)
        if (str_eqz(specification, customs[i].specification))
            return &customs[i];
    return NULL;
}

/* ISO 4217: the others have two. */
int inv_minor_unit(struct str currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
                      three[] = "BHD IQD JOD KWD LYD OMR TND";

    if (currency.n != 3)
        return 2;
    if (str_find(STR(none), currency) < sizeof(none) - 1)
        return 0;
    return str_find(STR(three), currency) < sizeof(three) - 1 ? 3 : 2;
}

static bool one_of(struct str code, struct str list)
{
    return code.n >= 2 && str_find(code, STR(" ")) == code.n && str_find(list, code) < list.n &&
           (list.p[str_find(list, code) + code.n] == ' ');
}

/* PEPPOL-EN16931-P0101 and its like in self-billing. */
bool inv_code_is_credit(struct str code)
{
    return one_of(code, STR("381 396 532 261 ")) || str_eqz(code, "81") || str_eqz(code, "83");
}

bool inv_code_is_self_billed(struct str code)
{
    return one_of(code, STR("389 527 261 "));
}

int invoice_set_customization(struct invoice *v, const char *name, struct err *e)
{
    const char *near = NULL;
    size_t least = 4;

    if (!name || inv_custom_named(str_z(name))) {
        v->customization = name;
        return 0;
    }
    for (size_t i = 0; i < CUSTOMS; i++) {
        size_t d = str_distance(str_z(name), str_z(customs[i].name));
        if (d < least) {
            least = d;
            near = customs[i].name;
        }
    }
    return err_set(e, ERR_INPUT, "invoice.customization", "", "unknown customization \"%s\"%s%s%s",
        name, near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
}

/* ---- what stands in the invoice or can be known from it ---- */

static void settle_specification(struct invoice *v)
{
    struct str said = inv_text(v->root, INV_SPECIFICATION), code = inv_text(v->root, INV_TYPE_CODE);
    const struct inv_custom *c =
        inv_custom_named(v->customization ? str_z(v->customization) : said);

    if (!c && !said.n)
        c = inv_custom_named(inv_code_is_self_billed(code) ? STR("selfbilling3") : STR("bis3"));
    if (c)
        inv_fill(v, v->root, INV_SPECIFICATION, str_z(c->specification));
    else
        c = inv_custom_of(said);
    if (c && (v->customization || !inv_find(v->root, INV_PROCESS)))
        inv_fill(v, v->root, INV_PROCESS, str_z(c->process));
}

/* What UBL does not carry is kept only where it says something unusual. */
static void settle_unusual(struct invoice *v, struct str usual_scheme)
{
    struct inv_node *document = inv_find(v->root, INV_DOCUMENT),
                    *scheme = inv_find(v->root, INV_TAX_SCHEME);
    bool usual = inv_code_is_credit(inv_text(v->root, INV_TYPE_CODE));

    v->credit = document ? str_eqz(document->text, "CreditNote") : usual;
    v->scheme = scheme ? scheme->text : usual_scheme;
    if (document && str_eqz(document->text, usual ? "CreditNote" : "Invoice"))
        inv_remove(document);
    if (scheme && str_eq(scheme->text, usual_scheme))
        inv_remove(scheme);
}

void inv_settle(struct invoice *v)
{
    const struct inv_custom *c;

    settle_specification(v);
    c = inv_custom_of(inv_text(v->root, INV_SPECIFICATION));
    settle_unusual(v, str_z(c ? c->scheme : "VAT"));
    v->currency = inv_text(v->root, INV_CURRENCY);
    v->vat_currency = inv_text(v->root, INV_VAT_CURRENCY);
    /* EN 16931 knows two decimals, whatever the currency: R120's room of 0.02 is less than half a
     * yen. The PINTs of countries ask for the currency's, and for no more than two either. */
    v->places =
        !c || c->en16931 || inv_minor_unit(v->currency) > 2 ? 2 : inv_minor_unit(v->currency);
}
