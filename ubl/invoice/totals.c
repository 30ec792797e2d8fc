/* totals.c - the sums of EN 16931-1 6.4 and the rules BR-CO-10 to 17: computed when absent, checked
 * when given.
 *
 * Where the official rule leaves room (line amounts 0.02, VAT amounts less than 1) a given value
 * stays and the difference is a warning; elsewhere it is a fault. */
#include <stdio.h>

#include "ubl/invoice/invoice_priv.h"

#define VAT_GROUPS 1024 /* of different category and rate */
#define SHOWN (DEC_TEXT_MAX + 20)

struct vat_group {
    struct str category;
    bool has_rate;
    struct dec rate, taxable;
    struct inv_node *node; /* of the breakdown */
};
struct sums {
    struct invoice *v;
    struct arena *a;
    bool peppol, en16931; /* whose rules hold: other PINTs have sums of their own */
    enum xerr x;          /* the first failure: memory or digits */
    struct dec lines, allowances, charges;
    struct vat_group *vat;
    size_t n_vat, cap_vat;
};

/* ---- arithmetic that remembers its failure ---- */

static void keep(struct sums *s, enum xerr x)
{
    if (x && !s->x)
        s->x = x;
}

static struct dec add(struct sums *s, struct dec x, struct dec y)
{
    struct dec r = DEC_ZERO;

    keep(s, dec_add(s->a, x, y, &r));
    return r;
}

static struct dec sub(struct sums *s, struct dec x, struct dec y)
{
    struct dec r = DEC_ZERO;

    keep(s, dec_sub(s->a, x, y, &r));
    return r;
}

static struct dec mul(struct sums *s, struct dec x, struct dec y)
{
    struct dec r = DEC_ZERO;

    keep(s, dec_mul(s->a, x, y, &r));
    return r;
}

static struct dec absolute(struct sums *s, struct dec x)
{
    struct dec r = DEC_ZERO;

    keep(s, dec_abs(s->a, x, &r));
    return r;
}

/* To the currency's digits, half away from zero. */
static struct dec divide(struct sums *s, struct dec x, struct dec y)
{
    struct dec r = DEC_ZERO;

    keep(s, dec_div_round(s->a, x, y, s->v->places, DEC_HALF_UP, &r));
    return r;
}

static struct dec percent_of(struct sums *s, struct dec x, struct dec percent)
{
    return divide(s, mul(s, x, percent), dec_from_i64(100));
}

/* ---- values of terms ---- */

static bool has(const struct inv_node *in, enum inv_id id)
{
    return inv_find(in, id) != NULL;
}

static struct dec num(struct sums *s, const struct inv_node *in, enum inv_id id)
{
    struct str t = inv_text(in, id);
    struct dec d = DEC_ZERO;

    if (t.n)
        keep(s, dec_parse(s->a, t, &d));
    return d;
}

static const char *shown(struct dec d, int places, char out[SHOWN])
{
    if (dec_is_big(d))
        return "a number of more than 38 digits";
    if (d.scale <= places)
        (void)dec_print_fixed(d, places, out);
    else
        (void)dec_print(d, out);
    return out;
}

static void set(struct sums *s, struct inv_node *in, enum inv_id id, struct dec d, int places)
{
    char text[SHOWN];
    const char *p = shown(d, places, text);
    char *copy = arena_strndup(s->a, p, strlen(p));

    if (dec_is_big(d))
        keep(s, XERR_LIMIT);
    else if (!copy)
        keep(s, XERR_NOMEM);
    else
        inv_fill(s->v, in, id, str_z(copy));
}

/* Is the value that stands there the one computed? Within `room` it may differ. */
static void check(struct sums *s, struct inv_node *in, enum inv_id id, struct dec computed,
    struct dec room, const char *rule, const char *how)
{
    struct inv_node *n = inv_find(in, id);
    struct dec given = num(s, in, id), off = absolute(s, sub(s, given, computed));
    char text[SHOWN];
    bool ours = s->en16931 && (s->peppol || strncmp(rule, "PEPPOL", 6) != 0);
    bool fault = ours && dec_cmp(off, room) > 0;

    if (s->x || dec_is_zero(off))
        return;
    (void)err_set(fault ? inv_fault(s->v, n, INV_NONE) : inv_warn(s->v, n, INV_NONE), ERR_INPUT,
        "invoice.arithmetic", rule, "%s (%s) is %.*s, but %s is %s", inv_terms[id].name,
        inv_terms[id].bt, STR_FMT(n->text), how, shown(computed, s->v->places, text));
}

static void settle(struct sums *s, struct inv_node *in, enum inv_id id, struct dec computed,
    struct dec room, const char *rule, const char *how)
{
    if (has(in, id))
        check(s, in, id, computed, room, rule, how);
    else
        set(s, in, id, computed, s->v->places);
}

#define EXACT DEC_ZERO
#define CENTS dec_make(2, 2)    /* PEPPOL-EN16931-R040, R120 */
#define ONE dec_make(999999, 6) /* "less than 1": BR-CO-17, BR-S-08 ... */

/* ---- lines ---- */

struct ac_ids {
    enum inv_id amount, base, percent;
};
static const struct ac_ids document_allowance = {INV_ALLOWANCE_AMOUNT, INV_ALLOWANCE_BASE,
                               INV_ALLOWANCE_PERCENT},
                           document_charge = {INV_CHARGE_AMOUNT, INV_CHARGE_BASE,
                               INV_CHARGE_PERCENT},
                           line_allowance = {INV_LINE_ALLOWANCE_AMOUNT, INV_LINE_ALLOWANCE_BASE,
                               INV_LINE_ALLOWANCE_PERCENT},
                           line_charge = {INV_LINE_CHARGE_AMOUNT, INV_LINE_CHARGE_BASE,
                               INV_LINE_CHARGE_PERCENT};

/* An allowance's or charge's amount. */
static struct dec ac_amount(struct sums *s, struct inv_node *n, const struct ac_ids *id)
{
    bool base = has(n, id->base), percent = has(n, id->percent);

    if (percent && !base)
        (void)err_set(inv_fault(s->v, n, id->base), ERR_INPUT, "invoice.missing",
            "PEPPOL-EN16931-R041", "a percentage needs the base amount it is of");
    else if (base && !percent)
        (void)err_set(inv_fault(s->v, n, id->percent), ERR_INPUT, "invoice.missing",
            "PEPPOL-EN16931-R042", "a base amount needs the percentage of it");
    else if (base)
        settle(s, n, id->amount, percent_of(s, num(s, n, id->base), num(s, n, id->percent)), CENTS,
            "PEPPOL-EN16931-R040", "base amount × percentage");
    if (!has(n, id->amount) && !base && !percent)
        (void)err_set(inv_fault(s->v, n, id->amount), ERR_INPUT, "invoice.missing", "BR-31",
            "an amount is missing, or a base amount with a percentage");
    return num(s, n, id->amount);
}

static struct dec ac_sum(
    struct sums *s, struct inv_node *in, enum inv_id list, const struct ac_ids *id)
{
    struct dec sum = DEC_ZERO;

    for (struct inv_node *n = inv_find(in, list); n; n = inv_same(n))
        sum = add(s, sum, ac_amount(s, n, id));
    return sum;
}

static void net_price(struct sums *s, struct inv_node *line)
{
    struct inv_node *p = inv_find(line, INV_PRICE);
    bool gross, discount;
    struct dec net;

    if (!p)
        return;
    gross = has(p, INV_PRICE_GROSS);
    discount = has(p, INV_PRICE_DISCOUNT);
    if (gross && !discount && has(p, INV_PRICE_NET)) {
        set(s, p, INV_PRICE_DISCOUNT, sub(s, num(s, p, INV_PRICE_GROSS), num(s, p, INV_PRICE_NET)),
            s->v->places);
        return;
    }
    if (!gross && discount && !has(p, INV_PRICE_NET))
        (void)err_set(inv_fault(s->v, p, INV_PRICE_GROSS), ERR_INPUT, "invoice.missing",
            "PEPPOL-EN16931-R046", "a discount is on a gross price");
    if (!gross) {
        if (!has(p, INV_PRICE_NET))
            (void)err_set(inv_fault(s->v, p, INV_PRICE_NET), ERR_INPUT, "invoice.missing", "BR-26",
                "the net price (BT-146) is missing, or the gross price");
        return;
    }
    net = sub(s, num(s, p, INV_PRICE_GROSS), num(s, p, INV_PRICE_DISCOUNT));
    settle(s, p, INV_PRICE_NET, net, EXACT, "PEPPOL-EN16931-R046", "gross price − discount");
}

static void line_net(struct sums *s, struct inv_node *line)
{
    struct dec base = has(line, INV_PRICE_BASE) ? num(s, line, INV_PRICE_BASE) : dec_from_i64(1),
               net;

    net_price(s, line);
    if (dec_sign(base) <= 0) {
        (void)err_set(inv_fault(s->v, inv_find(line, INV_PRICE_BASE), INV_NONE), ERR_INPUT,
            "invoice.value", "PEPPOL-EN16931-R121", "a base quantity must be above zero");
        return;
    }
    net = divide(s, mul(s, num(s, line, INV_LINE_QUANTITY), num(s, line, INV_PRICE_NET)), base);
    net = sub(s, net, ac_sum(s, line, INV_LINE_ALLOWANCE, &line_allowance));
    net = add(s, net, ac_sum(s, line, INV_LINE_CHARGE, &line_charge));
    settle(s, line, INV_LINE_NET, net, CENTS, "PEPPOL-EN16931-R120",
        "quantity × net price ÷ base quantity − allowances + charges");
}

/* ---- VAT ---- */

static struct vat_group *new_group(struct sums *s)
{
    size_t cap = s->cap_vat ? s->cap_vat * 2 : 8;
    struct vat_group *p;

    if (s->n_vat < s->cap_vat)
        return &s->vat[s->n_vat++];
    p = cap > VAT_GROUPS ? NULL : arena_alloc(s->a, cap * sizeof(*p));
    if (!p) {
        keep(s, cap > VAT_GROUPS ? XERR_LIMIT : XERR_NOMEM);
        return NULL;
    }
    if (s->n_vat)
        memcpy(p, s->vat, s->n_vat * sizeof(*p));
    s->vat = p;
    s->cap_vat = cap;
    return &s->vat[s->n_vat++];
}

static struct vat_group *group_of(
    struct sums *s, struct str category, bool has_rate, struct dec rate)
{
    struct vat_group *g = s->vat;

    for (size_t i = 0; i < s->n_vat; i++, g++)
        if (str_eq(g->category, category) && g->has_rate == has_rate && dec_eq(g->rate, rate))
            return g;
    if ((g = new_group(s)))
        *g = (struct vat_group){.category = category, .has_rate = has_rate, .rate = rate};
    return g;
}

/* `amount` belongs to the category and rate that stand in the group `vat`. */
static void into_vat(struct sums *s, const struct inv_node *in, enum inv_id category,
    enum inv_id rate, struct dec amount, bool minus)
{
    struct str c = inv_text(in, category);
    bool rated = has(in, rate) && !str_eqz(c, "O"); /* BR-O-05: it has none */
    struct vat_group *g = c.n ? group_of(s, c, rated, rated ? num(s, in, rate) : DEC_ZERO) : NULL;

    if (g)
        g->taxable = minus ? sub(s, g->taxable, amount) : add(s, g->taxable, amount);
}

static const char *rule_of(struct str category, char out[16], int n)
{
    const char *name = str_eqz(category, "K")   ? "IC"
                       : str_eqz(category, "L") ? "AF"
                       : str_eqz(category, "M") ? "AG"
                                                : NULL;

    if (name)
        (void)snprintf(out, 16, "BR-%s-%02d", name, n);
    else
        (void)snprintf(out, 16, "BR-%.*s-%02d", STR_FMT(str_sub(category, 0, 3)), n);
    return out;
}

static bool is_entry_of(struct sums *s, const struct inv_node *n, const struct vat_group *g)
{
    if (!str_eq(inv_text(n, INV_VAT_CATEGORY), g->category))
        return false;
    return str_eqz(g->category, "O") ||
           (has(n, INV_VAT_RATE) == g->has_rate && dec_eq(num(s, n, INV_VAT_RATE), g->rate));
}

/* The breakdown's entry of this group: the one given, or a new one. */
static void find_entry(struct sums *s, struct vat_group *g)
{
    for (struct inv_node *n = inv_find(s->v->root, INV_VAT); n && !g->node; n = inv_same(n))
        if (is_entry_of(s, n, g))
            g->node = n;
    if (g->node || !(g->node = inv_add(s->v, s->v->root, INV_VAT, STR(""), s->v->root->line)))
        return;
    g->node->made = true;
    inv_fill(s->v, g->node, INV_VAT_CATEGORY, g->category);
    if (g->has_rate)
        set(s, g->node, INV_VAT_RATE, g->rate, g->rate.scale);
}

static bool per_rate(struct str category)
{
    return category.n == 1 && strchr("SLMB", category.p[0]);
}

static void vat_entry(struct sums *s, struct vat_group *g)
{
    char rule[16];

    find_entry(s, g);
    if (!g->node)
        return;
    settle(s, g->node, INV_VAT_TAXABLE, g->taxable, per_rate(g->category) ? ONE : EXACT,
        rule_of(g->category, rule, 8), "the sum of its lines − allowances + charges");
    settle(s, g->node, INV_VAT_TAX, percent_of(s, num(s, g->node, INV_VAT_TAXABLE), g->rate),
        per_rate(g->category) ? ONE : EXACT,
        per_rate(g->category) ? "BR-CO-17" : rule_of(g->category, rule, 9),
        "taxable amount × rate");
}

/* An entry that no line, allowance or charge belongs to. */
static void idle_entries(struct sums *s)
{
    char rule[16];

    for (struct inv_node *n = inv_find(s->v->root, INV_VAT); n; n = inv_same(n)) {
        bool used = false;
        for (size_t i = 0; i < s->n_vat; i++)
            used |= s->vat[i].node == n;
        if (!used && s->en16931 && inv_text(n, INV_VAT_CATEGORY).n)
            (void)err_set(inv_fault(s->v, n, INV_NONE), ERR_INPUT, "invoice.arithmetic",
                rule_of(inv_text(n, INV_VAT_CATEGORY), rule, 8),
                "no line, allowance or charge has this category and rate, or it stands here twice");
    }
}

/* ---- the document ---- */

static void document_sums(struct sums *s)
{
    struct inv_node *root = s->v->root;

    for (struct inv_node *n = inv_find(root, INV_LINE); n; n = inv_same(n)) {
        struct dec net;
        line_net(s, n);
        net = num(s, n, INV_LINE_NET);
        s->lines = add(s, s->lines, net);
        into_vat(s, n, INV_LINE_VAT_CATEGORY, INV_LINE_VAT_RATE, net, false);
    }
    for (struct inv_node *n = inv_find(root, INV_ALLOWANCE); n; n = inv_same(n)) {
        struct dec amount = ac_amount(s, n, &document_allowance);
        s->allowances = add(s, s->allowances, amount);
        into_vat(s, n, INV_ALLOWANCE_VAT_CATEGORY, INV_ALLOWANCE_VAT_RATE, amount, true);
    }
    for (struct inv_node *n = inv_find(root, INV_CHARGE); n; n = inv_same(n)) {
        struct dec amount = ac_amount(s, n, &document_charge);
        s->charges = add(s, s->charges, amount);
        into_vat(s, n, INV_CHARGE_VAT_CATEGORY, INV_CHARGE_VAT_RATE, amount, false);
    }
}

static void totals(struct sums *s)
{
    struct inv_node *root = s->v->root, *t = inv_need_node(s->v, root, INV_TOTALS);
    struct dec vat = DEC_ZERO;

    if (!t)
        return;
    for (struct inv_node *n = inv_find(root, INV_VAT); n; n = inv_same(n))
        vat = add(s, vat, num(s, n, INV_VAT_TAX));
    settle(s, t, INV_TOTAL_LINES, s->lines, EXACT, "BR-CO-10", "the sum of the lines' net amounts");
    if (has(t, INV_TOTAL_ALLOWANCES) || has(root, INV_ALLOWANCE))
        settle(s, t, INV_TOTAL_ALLOWANCES, s->allowances, EXACT, "BR-CO-11",
            "the sum of the document's allowances");
    if (has(t, INV_TOTAL_CHARGES) || has(root, INV_CHARGE))
        settle(s, t, INV_TOTAL_CHARGES, s->charges, EXACT, "BR-CO-12",
            "the sum of the document's charges");
    settle(s, t, INV_TOTAL_WITHOUT_VAT,
        add(s, sub(s, num(s, t, INV_TOTAL_LINES), num(s, t, INV_TOTAL_ALLOWANCES)),
            num(s, t, INV_TOTAL_CHARGES)),
        EXACT, "BR-CO-13", "lines − allowances + charges");
    settle(s, t, INV_TOTAL_VAT, vat, EXACT, "BR-CO-14", "the sum of the breakdown's tax amounts");
    settle(s, t, INV_TOTAL_WITH_VAT,
        add(s, num(s, t, INV_TOTAL_WITHOUT_VAT), num(s, t, INV_TOTAL_VAT)), EXACT, "BR-CO-15",
        "total without VAT + VAT");
    settle(s, t, INV_TOTAL_DUE,
        add(s, sub(s, num(s, t, INV_TOTAL_WITH_VAT), num(s, t, INV_TOTAL_PREPAID)),
            num(s, t, INV_TOTAL_ROUNDING)),
        EXACT, "BR-CO-16", "total with VAT − prepaid + rounding");
}

int inv_totals(struct invoice *v, struct err *e)
{
    const struct inv_custom *c = inv_custom_of(inv_text(v->root, INV_SPECIFICATION));
    struct sums s = {.v = v, .a = v->a, .peppol = c != NULL, .en16931 = !c || c->en16931};

    document_sums(&s);
    for (size_t i = 0; i < s.n_vat; i++)
        vat_entry(&s, &s.vat[i]);
    idle_entries(&s);
    inv_exemptions(v);
    totals(&s);
    if (s.x == XERR_NOMEM || v->nomem)
        return err_nomem(e);
    if (s.x)
        (void)err_set(inv_finding(v, INVOICE_FAULT, "", 0), ERR_INPUT, "invoice.limit", "",
            "amounts of more than 38 digits, or more than %d different VAT rates", VAT_GROUPS);
    return 0;
}
