/* csv.c - simple batches: one row a line, its columns named by JSON path, the invoice's repeated.
 *
 * A heading is a path of the table without indexes ("seller.name", "lines.quantity"); the second
 * member of a list is "allowances[1].amount". Rows that follow each other with one number are one
 * invoice. An empty cell says nothing; an invoice's cell in a later row is empty or the same. */
#include <stdlib.h>

#include "ap/base/csv.h"

#include "ubl/invoice/invoice_priv.h"

#define DEEP 8
#define CSV_INVOICES 100000

struct column {
    enum inv_id id; /* INV_NONE: a heading that is no path */
    size_t n;
    struct {
        enum inv_id id;
        unsigned index;
    } way[DEEP]; /* the groups from the document down to the value, it included */
    bool line;
};
struct sheet {
    struct arena *a;
    struct csv csv;
    struct column col[CSV_CELLS];
    size_t n_cols, number; /* which column is the invoice number */
    struct invoice **out, *now;
    size_t n, cap;
    uint32_t row;
};

/* ---- headings ---- */

static bool step(struct column *c, enum inv_id group, struct str name)
{
    size_t bracket = str_find(name, STR("["));
    unsigned long long index = 0;
    const struct inv_term *t;

    if (bracket < name.n &&
        (name.p[name.n - 1] != ']' ||
            !str_to_u64(str_sub(name, bracket + 1, name.n - bracket - 2), 1000, &index)))
        return false;
    t = inv_member(group, str_sub(name, 0, bracket));
    if (!t || c->n == DEEP || (index && !t->many))
        return false;
    c->way[c->n].id = t->id;
    c->way[c->n++].index = (unsigned)index;
    return true;
}

static void read_heading(struct column *c, struct str path)
{
    enum inv_id group = INV_DOC;

    *c = (struct column){.id = INV_NONE};
    while (path.n) {
        size_t dot = str_find(path, STR("."));
        if (!step(c, group, str_sub(path, 0, dot)))
            return;
        group = c->way[c->n - 1].id;
        path = str_sub(path, dot + 1, path.n);
    }
    if (c->n == 0 || inv_terms[group].type == IT_GROUP)
        return;
    c->line = c->way[0].id == INV_LINE;
    c->id = group;
}

static int headings(struct sheet *s, const struct csv_row *row, struct err *e)
{
    s->n_cols = row->n;
    s->number = row->n;
    for (size_t i = 0; i < row->n; i++) {
        read_heading(&s->col[i], row->cell[i]);
        if (s->col[i].id == INV_NONE)
            return err_set(e, ERR_INPUT, "invoice.csv", "",
                "line %d: the heading \"%.*s\" is no member of an invoice, such as seller.name or "
                "lines.quantity",
                row->line, STR_FMT(str_sub(row->cell[i], 0, 80)));
        for (size_t k = 0; k < i; k++)
            if (str_eq(row->cell[i], row->cell[k]))
                return err_set(e, ERR_INPUT, "invoice.csv", "",
                    "line %d: the heading \"%.*s\" stands twice", row->line,
                    STR_FMT(str_sub(row->cell[i], 0, 80)));
        if (s->col[i].id == INV_NUMBER)
            s->number = i;
    }
    return s->number < row->n ? 0
                              : err_set(e, ERR_INPUT, "invoice.csv", "",
                                    "line %d: no column has the heading \"number\"", row->line);
}

/* ---- rows ---- */

/* The index-th instance of a group, made when it is not there. */
static struct inv_node *instance(
    struct sheet *s, struct inv_node *in, enum inv_id id, unsigned index)
{
    struct inv_node *n = inv_find(in, id);

    while (n && index--)
        n = inv_same(n);
    return n ? n : inv_add(s->now, in, id, STR(""), s->row);
}

static struct inv_node *home(struct sheet *s, const struct column *c, struct inv_node *line)
{
    struct inv_node *in = c->line ? line : s->now->root;

    for (size_t i = c->line; in && i + 1 < c->n; i++)
        in = instance(s, in, c->way[i].id, c->way[i].index);
    return in;
}

static void put(struct sheet *s, const struct column *c, struct str cell, struct inv_node *line)
{
    struct inv_node *in = home(s, c, line), *old = in ? inv_find(in, c->id) : NULL, *n;
    unsigned index = c->way[c->n - 1].index;

    for (; old && index; index--)
        old = inv_same(old);
    if (!in || (old && str_eq(old->text, cell)))
        return;
    if (old) {
        (void)err_set(inv_finding(s->now, INVOICE_FAULT, inv_path(s->now, old, INV_NONE), s->row),
            ERR_INPUT, "invoice.csv", inv_terms[c->id].bt,
            "\"%.*s\" here, but \"%.*s\" in line %u of the same invoice",
            STR_FMT(str_sub(cell, 0, 80)), STR_FMT(str_sub(old->text, 0, 80)), old->line);
        return;
    }
    n = inv_add(
        s->now, in, c->id, (struct str){arena_strndup(s->a, cell.p, cell.n), cell.n}, s->row);
    if (n && n->text.p)
        (void)inv_check_value(s->now, n);
    else
        s->now->nomem = true;
}

static int begin(struct sheet *s, struct err *e)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        struct invoice **p =
            cap > CSV_INVOICES * 2 ? NULL : arena_alloc(s->a, cap * sizeof(struct invoice *));
        if (!p)
            return err_nomem(e);
        if (s->n)
            memcpy(p, s->out, s->n * sizeof(struct invoice *));
        s->out = p;
        s->cap = cap;
    }
    s->now = s->out[s->n++] = invoice_new(s->a);
    if (!s->now)
        return err_nomem(e);
    s->now->root->line = s->row;
    return 0;
}

static int take_row(struct sheet *s, const struct csv_row *row, struct err *e)
{
    struct str number = s->number < row->n ? row->cell[s->number] : STR("");
    struct inv_node *line;

    s->row = (uint32_t)row->line;
    if (row->n > s->n_cols)
        return err_set(e, ERR_INPUT, "invoice.csv", "",
            "line %d has %zu cells; there are %zu headings", row->line, row->n, s->n_cols);
    if (!number.n)
        return err_set(
            e, ERR_INPUT, "invoice.csv", "BT-1", "line %d has no invoice number", row->line);
    if ((!s->now || !str_eq(inv_text(s->now->root, INV_NUMBER), number)) && begin(s, e))
        return -1;
    if (!(line = inv_add(s->now, s->now->root, INV_LINE, STR(""), s->row)))
        return err_nomem(e);
    for (size_t i = 0; i < row->n; i++)
        if (row->cell[i].n)
            put(s, &s->col[i], row->cell[i], line);
    return s->now->nomem ? err_nomem(e) : 0;
}

static int rows(struct sheet *s, struct err *e)
{
    struct csv_row *row = arena_alloc(s->a, sizeof(*row));
    struct arena *scratch = arena_new(CSV_MAX);
    int rc = row && scratch ? csv_next(row, &s->csv, s->a, e) : err_nomem(e);

    if (rc == 0)
        rc = err_set(e, ERR_INPUT, "invoice.csv", "", "the list is empty");
    else if (rc > 0)
        rc = headings(s, row, e) ? -1 : 1;
    while (rc > 0) {
        struct arena_mark m = arena_mark(scratch);
        rc = csv_next(row, &s->csv, scratch, e);
        if (rc > 0 && take_row(s, row, e))
            rc = -1;
        arena_rewind(scratch, m);
    }
    if (rc == 0 && s->n == 0)
        rc = err_set(e, ERR_INPUT, "invoice.csv", "", "there are headings, but no rows");
    arena_free(scratch);
    return rc;
}

static int by_number(const void *x, const void *y)
{
    const struct invoice *a = *(struct invoice *const *)x, *b = *(struct invoice *const *)y;
    struct str s = inv_text(a->root, INV_NUMBER), t = inv_text(b->root, INV_NUMBER);
    int c = memcmp(s.p, t.p, s.n < t.n ? s.n : t.n);

    if (c)
        return c;
    if (s.n != t.n)
        return s.n < t.n ? -1 : 1;
    return a->root->line < b->root->line ? -1 : 1;
}

/* A number that comes again behind others would be two invoices. */
static int numbers(struct sheet *s, struct err *e)
{
    struct invoice **v = arena_alloc(s->a, s->n * sizeof(struct invoice *));

    if (!v)
        return err_nomem(e);
    memcpy(v, s->out, s->n * sizeof(struct invoice *));
    qsort(v, s->n, sizeof(struct invoice *), by_number);
    for (size_t i = 1; i < s->n; i++) {
        struct str number = inv_text(v[i]->root, INV_NUMBER);
        if (str_eq(number, inv_text(v[i - 1]->root, INV_NUMBER)))
            return err_set(e, ERR_INPUT, "invoice.csv", "BT-1",
                "line %u: the number \"%.*s\" came before in line %u, with others between: sort "
                "the rows",
                v[i]->root->line, STR_FMT(str_sub(number, 0, 80)), v[i - 1]->root->line);
    }
    return 0;
}

int invoice_read_csv(
    struct invoice ***out, size_t *n, struct str csv, struct arena *a, struct err *e)
{
    struct sheet *s = arena_alloc(a, sizeof(*s));
    int rc;

    if (!s)
        return err_nomem(e);
    s->a = a;
    if (!(rc = csv_open(&s->csv, csv, e)) && !(rc = rows(s, e)))
        rc = numbers(s, e);
    csv_close(&s->csv);
    *out = s->out;
    *n = s->n;
    return rc;
}
