/* ubl_read.c - UBL to terms: the plan is walked beside the document, and what it lacks is listed.
 */
#include "ubl/invoice/invoice_priv.h"
#include "ubl/tree/tree.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define COUNT_MAX 50000000u /* after so many, paths have no positions; lines remain */
#define SBDH "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

struct reader {
    struct invoice *v;
    const struct tree *t;
    uint32_t counted; /* siblings, for paths; see COUNT_MAX */
};

/* ---- names and texts of the document ---- */

static bool is(const struct tree *t, uint32_t n, struct str name)
{
    struct str uri = tree_uri(t, n);

    if (name.p[0] == '@')
        return !uri.n && str_eq(tree_local(t, n), str_sub(name, 1, name.n));
    return str_eq(tree_local(t, n), str_sub(name, 4, name.n)) &&
           str_eqz(uri, name.p[1] == 'b' ? INV_CBC : INV_CAC);
}

static struct str copy(struct reader *r, struct str s)
{
    char *p = arena_strndup(r->v->a, s.p, s.n);

    r->v->nomem |= !p;
    return p ? (struct str){p, s.n} : STR("");
}

static bool has_elements(const struct tree *t, uint32_t n)
{
    for (uint32_t c = tree_first_child(t, n); c != TREE_NONE; c = tree_next_sibling(t, c))
        if (tree_kind_of(t, c) == TREE_ELEMENT)
            return true;
    return false;
}

/* "[2]" where there are several of the name. */
static void position(struct reader *r, uint32_t n, struct buf *b)
{
    const struct tree *t = r->t;
    uint32_t parent = t->nodes[n].parent;
    unsigned at = 0, of = 0;

    for (uint32_t c = tree_first_child(t, parent); c != TREE_NONE && r->counted < COUNT_MAX;
         c = tree_next_sibling(t, c)) {
        bool same = tree_kind_of(t, c) == TREE_ELEMENT && t->nodes[c].name == t->nodes[n].name;
        r->counted++;
        of += same;
        at += same && c <= n;
        if (of > 1 && c >= n)
            break;
    }
    if (of > 1 && r->counted < COUNT_MAX)
        buf_printf(b, "[%u]", at);
}

static void path_of(struct reader *r, uint32_t n, struct buf *b)
{
    struct str uri = tree_uri(r->t, n), local = tree_local(r->t, n);
    uint32_t parent = r->t->nodes[n].parent;

    if (tree_kind_of(r->t, parent) == TREE_ELEMENT)
        path_of(r, parent, b);
    if (tree_kind_of(r->t, n) == TREE_ATTRIBUTE) {
        buf_printf(b, "/@%.*s", STR_FMT(local));
        return;
    }
    buf_printf(b, "/%s%.*s",
        str_eqz(uri, INV_CBC)   ? "cbc:"
        : str_eqz(uri, INV_CAC) ? "cac:"
                                : "",
        STR_FMT(local));
    position(r, n, b);
}

static void beyond(struct reader *r, uint32_t n)
{
    const char *path;
    struct buf b;
    uint32_t line = r->t->nodes[n].line;
    struct str text = str_trim(tree_string(r->t, n));

    if (tree_kind_of(r->t, n) == TREE_ATTRIBUTE)
        line = r->t->nodes[r->t->nodes[n].parent].line;
    if (r->v->n_findings >= INVOICE_BEYOND_LISTED) {
        (void)inv_finding(r->v, INVOICE_BEYOND, "", line); /* counted */
        return;
    }
    buf_init(&b, 4096);
    path_of(r, n, &b);
    path = arena_dup(r->v->a, buf_view(&b));
    buf_free(&b);
    (void)err_set(inv_finding(r->v, INVOICE_BEYOND, path ? path : "", line), ERR_INPUT,
        "invoice.beyond", "", "%s%.*s%s",
        has_elements(r->t, n) ? "a group that no term holds: " : "no term holds it: ",
        STR_FMT(str_sub(text, 0, 80)), text.n > 80 ? "..." : "");
}

/* ---- matching ---- */

/* The first node of a path of elements, ending perhaps in an attribute; or TREE_NONE. */
static uint32_t find(const struct tree *t, uint32_t n, struct str path)
{
    while (path.n && n != TREE_NONE) {
        size_t cut = str_find(path, STR("/"));
        struct str name = str_sub(path, 0, cut);
        uint32_t c = name.p[0] == '@' ? n + 1 : tree_first_child(t, n),
                 end = n + 1u + t->nodes[n].nattr;
        bool attr = name.p[0] == '@';
        while (attr ? c < end && !is(t, c, name)
                    : c != TREE_NONE && !(tree_kind_of(t, c) == TREE_ELEMENT && is(t, c, name)))
            c = attr ? c + 1 : tree_next_sibling(t, c);
        n = attr && c == end ? TREE_NONE : c;
        path = str_sub(path, cut + 1, path.n);
    }
    return n;
}

static bool same_value(struct str have, struct str want)
{
    have = str_trim(have);
    return str_eq(have, want) || (str_eqz(want, "true") && str_eqz(have, "1")) ||
           (str_eqz(want, "false") && str_eqz(have, "0"));
}

static bool holds(const struct reader *r, uint32_t n, const struct inv_step *s)
{
    uint32_t at = find(r->t, n, s->when);

    return at != TREE_NONE && same_value(tree_string(r->t, at), inv_resolve(r->v, s->is));
}

/* A step with a condition that holds comes before one without. */
static const struct inv_step *match(const struct reader *r, const struct inv_step *in, uint32_t n)
{
    const struct inv_step *plain = NULL;

    for (const struct inv_step *s = in->first; s; s = s->next) {
        if (!is(r->t, n, s->name))
            continue;
        if (!s->when.n)
            plain = s;
        else if (holds(r, n, s))
            return s;
    }
    return plain;
}

/* ---- walking ---- */

static struct inv_node *holder_of(struct inv_node *in, enum inv_id id)
{
    while (!inv_below(id, in->id))
        in = in->parent;
    return in;
}

/* One more value or instance of a term; NULL when it has its only one already. */
static struct inv_node *add(
    struct reader *r, struct inv_node *in, enum inv_id id, struct str text, uint32_t line)
{
    enum inv_id group = inv_terms[id].group;
    struct inv_node *h = holder_of(in, id);

    if (h->id != group)
        h = inv_need_node(r->v, h, group);
    if (!h || (!inv_terms[id].many && inv_find(h, id)))
        return NULL;
    return inv_add(r->v, h, id, copy(r, text), line);
}

static void value(struct reader *r, const struct inv_step *s, uint32_t n, struct inv_node *in)
{
    struct str text = tree_string(r->t, n);
    struct inv_node *old;

    if (s->value == INV_NONE) {
        if (!same_value(text, inv_resolve(r->v, s->fixed)))
            beyond(r, n);
        return;
    }
    if (inv_terms[s->value].type != IT_TEXT)
        text = str_trim(text);
    if (str_trim(text).n == 0 || (tree_kind_of(r->t, n) == TREE_ELEMENT && has_elements(r->t, n))) {
        beyond(r, n);
        return;
    }
    if (add(r, in, s->value, text, r->t->nodes[n].line))
        return;
    old = inv_find(holder_of(in, s->value), s->value);
    if (!old || !str_eq(old->text, text) || inv_terms[in->id].group == INV_NONE ||
        inv_below(s->value, in->id))
        beyond(r, n);
}

static void element(struct reader *r, const struct inv_step *s, uint32_t n, struct inv_node *in);

static void enter(struct reader *r, const struct inv_step *s, uint32_t n, struct inv_node *in)
{
    struct inv_node *inner = in;

    if (s->group != INV_NONE && !(inner = add(r, in, s->group, STR(""), r->t->nodes[n].line))) {
        beyond(r, n);
        return;
    }
    element(r, s, n, inner);
    if (inner != in && !inner->first)
        inv_remove(inner);
}

static void attributes(struct reader *r, const struct inv_step *s, uint32_t n, struct inv_node *in)
{
    for (uint32_t a = n + 1; a <= n + r->t->nodes[n].nattr; a++) {
        const struct inv_step *m = match(r, s, a);
        if (m)
            value(r, m, a, in);
        else if (!str_eqz(tree_uri(r->t, a), XSI))
            beyond(r, a);
    }
}

static void element(struct reader *r, const struct inv_step *s, uint32_t n, struct inv_node *in)
{
    attributes(r, s, n, in);
    if (s->value != INV_NONE || s->fixed.n) {
        value(r, s, n, in);
        return;
    }
    for (uint32_t c = tree_first_child(r->t, n); c != TREE_NONE; c = tree_next_sibling(r->t, c)) {
        const struct inv_step *m = tree_kind_of(r->t, c) == TREE_ELEMENT ? match(r, s, c) : NULL;
        if (m)
            enter(r, m, c, in);
        else if (tree_kind_of(r->t, c) == TREE_ELEMENT)
            beyond(r, c);
    }
}

/* ---- the document ---- */

static bool is_billing(const struct tree *t, uint32_t n)
{
    struct str local = tree_local(t, n), uri = tree_uri(t, n);

    return (str_eqz(local, "Invoice") && str_eqz(uri, INV_ROOT_NS "Invoice-2")) ||
           (str_eqz(local, "CreditNote") && str_eqz(uri, INV_ROOT_NS "CreditNote-2"));
}

static uint32_t billing_root(const struct tree *t)
{
    uint32_t root = tree_root_element(t);

    if (root == TREE_NONE || is_billing(t, root))
        return root;
    if (str_eqz(tree_uri(t, root), SBDH))
        for (uint32_t c = tree_first_child(t, root); c != TREE_NONE; c = tree_next_sibling(t, c))
            if (tree_kind_of(t, c) == TREE_ELEMENT && is_billing(t, c))
                return c;
    return TREE_NONE;
}

static struct str text_at(struct reader *r, uint32_t root, const char *path)
{
    uint32_t n = find(r->t, root, str_z(path));

    return n == TREE_NONE ? STR("") : copy(r, str_trim(tree_string(r->t, n)));
}

/* The conditions of the plan ask for currencies and the tax scheme: known before the walk. */
static void look_ahead(struct reader *r, uint32_t root)
{
    struct invoice *v = r->v;
    const struct inv_custom *c = inv_custom_of(text_at(r, root, "cbc:CustomizationID"));
    const char *line =
        v->credit ? "cac:CreditNoteLine/cac:Item/cac:ClassifiedTaxCategory/cac:TaxScheme/cbc:ID"
                  : "cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory/cac:TaxScheme/cbc:ID";
    struct str scheme = text_at(r, root, line), usual = str_z(c ? c->scheme : "VAT");

    v->currency = text_at(r, root, "cbc:DocumentCurrencyCode");
    v->vat_currency = text_at(r, root, "cbc:TaxCurrencyCode");
    v->scheme = scheme.n ? scheme : usual;
    if (!str_eq(v->scheme, usual))
        (void)inv_add(v, v->root, INV_TAX_SCHEME, v->scheme, 0);
}

static int walk(struct invoice *v, const struct tree *t, struct err *e)
{
    struct reader r = {.v = v, .t = t};
    uint32_t root = billing_root(t);
    const struct inv_step *plan;

    if (root == TREE_NONE)
        return err_set(
            e, ERR_INPUT, "invoice.not-ubl", "", "the root is no UBL Invoice or CreditNote");
    v->credit = str_eqz(tree_local(t, root), "CreditNote");
    v->root->line = t->nodes[root].line;
    look_ahead(&r, root);
    if (!(plan = inv_plan(v->credit)))
        return err_nomem(e);
    element(&r, plan, root, v->root);
    if (v->credit != inv_code_is_credit(inv_text(v->root, INV_TYPE_CODE)))
        (void)inv_add(v, v->root, INV_DOCUMENT, v->credit ? STR("CreditNote") : STR("Invoice"), 0);
    return v->nomem ? err_nomem(e) : 0;
}

int invoice_read_ubl(struct invoice *v, struct str xml, struct err *e)
{
    struct tree *t = NULL;
    int rc;

    if (tree_parse(&t, xml, NULL, NULL, NULL, e))
        return -1;
    rc = walk(v, t, e);
    tree_free(t);
    return rc;
}
