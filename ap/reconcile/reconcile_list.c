/* reconcile_list.c - which column holds the numbers, and each number once. */
#include <stdlib.h>
#include <string.h>

#include "ap/reconcile/reconcile.h"

/* Headings as invoicing programs write them: compared without case, spaces, dots, dashes, _ and #.
 */
static const char *const number_names[] = {"invoice", "invoicenumber", "invoiceno", "invoicenr",
    "invoiceid", "invoicenum", "number", "no", "nr", "documentnumber", "documentno", "documentnr",
    "docno", "docnumber", "billno", "billnumber", "creditnotenumber", "factuur", "factuurnummer",
    "factuurnr", "rechnung", "rechnungsnummer", "rechnungsnr", "belegnummer", "belegnr", "facture",
    "num\303\251rofacture", "num\303\251rodefacture", "numerofacture", "fakturanummer", "fakturanr",
    "fakturanumero", "laskunnumero", "fattura", "numerofattura", "numerodocumento", "factura",
    "n\303\272merofactura", "numerofactura", "numerfaktury", NULL};
static const char *const supplier_names[] = {"supplier", "supplierid", "sender", "senderid",
    "seller", "sellerid", "from", "leverancier", "lieferant", "fournisseur", "leverant\303\270r",
    "leverant\303\266r", NULL};

static struct str plain(struct str heading, char *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < heading.n && n + 1 < max; i++) {
        char c = heading.p[i];
        if (!strchr(" ._-#:\t", c))
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    out[n] = '\0';
    return (struct str){out, n};
}

static size_t named(const struct csv_row *row, const char *const *names)
{
    char text[128];

    for (; *names; names++)
        for (size_t i = 0; i < row->n; i++)
            if (str_eqz(plain(row->cell[i], text, sizeof(text)), *names))
                return i;
    return SIZE_MAX;
}

struct columns {
    size_t number, supplier; /* SIZE_MAX: none */
    bool heading;            /* the first row is no data */
};

static int choose(
    struct columns *out, const struct csv_row *first, const char *wanted, struct err *e)
{
    unsigned long long nth;
    char text[128];

    out->number = named(first, number_names);
    out->supplier = named(first, supplier_names);
    out->heading = out->number != SIZE_MAX || out->supplier != SIZE_MAX;
    if (wanted && str_to_u64(str_z(wanted), CSV_CELLS, &nth) && nth) {
        out->number = (size_t)nth - 1;
        return 0;
    }
    if (wanted) {
        const char *const one[] = {text, NULL};
        (void)plain(str_z(wanted), text, sizeof(text));
        out->number = named(first, one);
        out->heading = true;
        return out->number != SIZE_MAX ? 0
                                       : err_set(e, ERR_INPUT, "reconcile.column", "",
                                             "the list has no column headed %s", wanted);
    }
    if (out->number == SIZE_MAX && first->n == 1)
        out->number = 0;
    if (out->number != SIZE_MAX)
        return 0;
    (void)err_set(e, ERR_INPUT, "reconcile.column", "",
        "no telling which of the %zu columns holds the invoice numbers", first->n);
    return err_next(e, "say --column NAME or --column N");
}

static int by_number(const void *pa, const void *pb)
{
    const struct reconcile_item *a = *(const struct reconcile_item *const *)pa;
    const struct reconcile_item *b = *(const struct reconcile_item *const *)pb;
    size_t na = a->number.n < b->number.n ? a->number.n : b->number.n;
    size_t ns = a->supplier.n < b->supplier.n ? a->supplier.n : b->supplier.n;
    int c = memcmp(a->number.p, b->number.p, na);

    if (c || a->number.n != b->number.n)
        return c ? c : a->number.n < b->number.n ? -1 : 1;
    c = ns ? memcmp(a->supplier.p, b->supplier.p, ns) : 0;
    if (c || a->supplier.n != b->supplier.n)
        return c ? c : a->supplier.n < b->supplier.n ? -1 : 1;
    return (a > b) - (a < b);
}

static bool same(const struct reconcile_item *a, const struct reconcile_item *b)
{
    return str_eq(a->number, b->number) && str_eq(a->supplier, b->supplier);
}

/* Neighbours in `sorted` that are the same become one; the order of the list stays. */
static int unite(struct reconcile_list *l, struct arena *a, struct err *e)
{
    size_t kept = 0, s = 0;

    l->sorted = arena_alloc(a, (l->n + 1) * sizeof(*l->sorted));
    if (!l->sorted)
        return err_nomem(e);
    for (size_t i = 0; i < l->n; i++)
        l->sorted[i] = &l->items[i];
    qsort(l->sorted, l->n, sizeof(*l->sorted), by_number);
    for (size_t i = 0; i < l->n;) {
        struct reconcile_item *first = &l->items[l->sorted[i] - l->items];
        for (; i < l->n && same(first, l->sorted[i]); i++)
            if (l->sorted[i] != first) {
                l->items[l->sorted[i] - l->items].listed = 0;
                first->listed++;
                l->duplicates++;
            }
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].listed)
            l->items[kept++] = l->items[i];
    for (l->n = kept; s < kept; s++)
        l->sorted[s] = &l->items[s];
    qsort(l->sorted, l->n, sizeof(*l->sorted), by_number);
    return 0;
}

static int add(struct reconcile_list *l, size_t *room, const struct csv_row *row,
    const struct columns *col, struct arena *a, struct err *e)
{
    struct reconcile_item *more;

    if (col->number >= row->n || !row->cell[col->number].n) {
        for (size_t i = 0; i < row->n; i++)
            if (row->cell[i].n) { /* a total, a remark; or a number that was lost */
                l->passed++;
                break;
            }
        return 0;
    }
    if (l->n == RECONCILE_MAX)
        return err_set(
            e, ERR_INPUT, "csv.size", "", "the list has more than %d numbers", RECONCILE_MAX);
    if (l->n == *room) {
        *room = *room ? *room * 2 : 256;
        if (!(more = arena_alloc(a, *room * sizeof(*more))))
            return err_nomem(e);
        if (l->n)
            memcpy(more, l->items, l->n * sizeof(*more));
        l->items = more;
    }
    l->items[l->n] = (struct reconcile_item){
        .number = {arena_dup(a, row->cell[col->number]), row->cell[col->number].n},
        .line = row->line,
        .listed = 1};
    if (col->supplier < row->n)
        l->items[l->n].supplier =
            (struct str){arena_dup(a, row->cell[col->supplier]), row->cell[col->supplier].n};
    return l->items[l->n++].number.p ? 0 : err_nomem(e);
}

static int read_rows(
    struct reconcile_list *l, struct csv *c, const char *column, struct arena *a, struct err *e)
{
    struct csv_row *row = arena_alloc(a, sizeof(*row));
    struct columns col = {0};
    size_t room = 0;
    int rc;

    if (!row)
        return err_nomem(e);
    if ((rc = csv_next(row, c, a, e)) < 0)
        return -1;
    if (rc == 0)
        return err_set(e, ERR_INPUT, "reconcile.empty", "", "the list is empty, without a heading");
    if (choose(&col, row, column, e) || (!col.heading && add(l, &room, row, &col, a, e)))
        return -1;
    while ((rc = csv_next(row, c, a, e)) > 0)
        if (add(l, &room, row, &col, a, e))
            return -1;
    if (rc < 0 || l->n || !l->passed)
        return rc;
    (void)err_set(e, ERR_INPUT, "reconcile.column", "",
        "none of %zu lines has a number in column %zu", l->passed, col.number + 1);
    return err_next(e, "say --column NAME or --column N");
}

int reconcile_read(struct reconcile_list *out, struct str bytes, const char *column,
    struct arena *a, struct err *e)
{
    struct csv c;
    int rc;

    *out = (struct reconcile_list){0};
    rc = csv_open(&c, bytes, e) || read_rows(out, &c, column, a, e) || unite(out, a, e);
    csv_close(&c);
    return rc ? -1 : 0;
}

bool reconcile_lists(const struct reconcile_list *l, const char *number)
{
    struct str wanted = str_z(number);
    size_t low = 0, high = l->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct str have = l->sorted[mid]->number;
        size_t n = have.n < wanted.n ? have.n : wanted.n;
        int c = memcmp(have.p, wanted.p, n);
        c = c ? c : (have.n > wanted.n) - (have.n < wanted.n);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}
