/* report.c - findings of the official rules, told about the JSON that the document was built from.
 *
 * Each line of the UBL that we wrote is known with its term, so the line of a finding leads to the
 * member; a rule that names a term below it ("BT-146") leads to that one, present or not. */
#include <stdio.h>

#include "ubl/invoice/invoice_priv.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next "BT-12", "BG-3" or, as the PINTs write, "ibt-012" of a text, moved behind it: as the
 * table has it. False at the end. */
static bool next_number(struct str *text, char out[16])
{
    for (size_t i = 0; i + 3 < text->n; i++) {
        const char *p = text->p + i;
        unsigned number = 0;
        size_t n = i + 3;
        if ((p[0] | 32) != 'b' || ((p[1] | 32) != 't' && (p[1] | 32) != 'g') || p[2] != '-' ||
            !digit(p[3]))
            continue;
        while (n < text->n && digit(text->p[n]) && number < 1000)
            number = number * 10 + (unsigned)(text->p[n++] - '0');
        (void)snprintf(out, 16, "B%c-%u", p[1] & ~32, number);
        *text = str_sub(*text, n, text->n);
        return true;
    }
    return false;
}

/* The first term below the node that the rule's text names, or INV_NONE. */
static enum inv_id named(struct str text, enum inv_id group)
{
    char bt[16];

    while (next_number(&text, bt))
        for (unsigned i = group + 1; i < INV_TERMS && inv_below((enum inv_id)i, group); i++)
            if (strcmp(bt, inv_terms[i].bt) == 0)
                return (enum inv_id)i;
    return INV_NONE;
}

/* A rule on an attribute has the element as its place, and the attribute in its test. */
static enum inv_id attribute_named(struct str test, enum inv_id element)
{
    struct str path = str_z(inv_terms[element].path);
    enum inv_id group = inv_terms[element].group;

    for (enum inv_id i = inv_next_member(group, INV_NONE); i != INV_NONE;
         i = inv_next_member(group, i)) {
        struct str p = str_z(inv_terms[i].path);
        struct str attribute = str_sub(p, path.n + 1, p.n);
        if (str_has_prefix(p, path) && attribute.n && attribute.p[0] == '@' &&
            str_find(test, attribute) < test.n)
            return i;
    }
    return INV_NONE;
}

/* The rule's text without its name in brackets, which is shown before it anyway. */
static struct str plain(const struct ubl_finding *f)
{
    struct str t = f->text;

    if (t.n > f->id.n + 2 && t.p[0] == '[' && str_eq(str_sub(t, 1, f->id.n), f->id)) {
        t = str_sub(t, f->id.n + 2, t.n);
        while (t.n && (t.p[0] == '-' || t.p[0] == ' '))
            t = str_sub(t, 1, t.n);
    }
    return t;
}

static void add(struct invoice *v, const struct ubl_finding *f)
{
    const struct inv_node *n = f->line < v->n_lines ? v->lines[f->line] : v->root, *at;
    enum inv_id more = INV_NONE;
    struct err *e;

    if (inv_terms[n->id].type == IT_GROUP && (more = named(f->text, n->id)) != INV_NONE &&
        (at = inv_find(n, more)) && !inv_terms[more].many) {
        n = at;
        more = INV_NONE;
    }
    if (inv_terms[n->id].type != IT_GROUP && (more = attribute_named(f->test, n->id)) != INV_NONE) {
        at = inv_find(n->parent, more);
        n = at ? at : n->parent;
        more = at ? INV_NONE : more;
    }
    e = f->severity == UBL_SEV_ERROR ? inv_fault(v, n, more) : inv_warn(v, n, more);
    (void)err_set(e, ERR_INPUT, "invoice.rule", "", "%.*s", STR_FMT(str_sub(plain(f), 0, 360)));
    (void)snprintf(e->spec, sizeof(e->spec), "%.*s", STR_FMT(str_sub(f->id, 0, 47)));
}

int invoice_add_report(struct invoice *v, const struct ubl_report *r, struct err *e)
{
    if (r->verdict == UBL_ERROR) {
        *e = r->error;
        return -1;
    }
    if (v->n_lines == 0)
        return err_set(e, ERR_BUG, "invoice.unwritten", "", "a report on a document never written");
    for (uint32_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].severity != UBL_SEV_INFO)
            add(v, &r->findings[i]);
    return v->nomem ? err_nomem(e) : 0;
}
