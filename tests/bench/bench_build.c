/* How fast an invoice is made: JSON to terms, sums, checks, UBL; and read back. 1, 1,000 and 10,000
 * lines, beside json-c's parse of the same text, the floor for whoever takes JSON; and the peak
 * memory of the program. Linear: the cost of a line must not grow with their number. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ap/base/buf.h"
#include "tests/support/bench.h"
#include "ubl/invoice/invoice.h"

static const struct bench_size sizes[] = {
    {"1 line", 1, 0.5}, {"1,000 lines", 1000, 2.0}, {"10,000 lines", 10000, 4.0}};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

struct subject {
    struct buf json, ubl;
};

static struct err e;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_build: %s: %s %s\n", what, e.code, e.msg);
    exit(1);
}

static void make_json(struct buf *b, unsigned lines)
{
    buf_puts(b,
        "{\"number\": \"B-1\", \"issue_date\": \"2026-11-20\", \"due_date\": \"2026-12-20\",\n"
        " \"type_code\": \"380\", \"currency\": \"EUR\", \"buyer_reference\": \"r\",\n"
        " \"seller\": {\"endpoint\": {\"id\": \"0848934496\", \"scheme\": \"0208\"}, \"name\": "
        "\"Seller\",\n"
        "  \"vat_id\": \"BE0848934496\", \"address\": {\"city\": \"Gent\", \"country\": \"BE\"}},\n"
        " \"buyer\": {\"endpoint\": {\"id\": \"0403170701\", \"scheme\": \"0208\"}, \"name\": "
        "\"Buyer\",\n"
        "  \"address\": {\"city\": \"Gent\", \"country\": \"BE\"}},\n"
        " \"payment_means\": [{\"code\": \"58\", \"account\": {\"id\": \"BE68539007547034\"}}],\n"
        " \"lines\": [\n");
    for (unsigned i = 0; i < lines; i++)
        buf_printf(b,
            "  {\"quantity\": \"%u.5\", \"unit\": \"C62\", \"note\": \"as agreed on the "
            "telephone\",\n"
            "   \"item\": {\"name\": \"Thing number %u\", \"seller_id\": \"A-%u\"},\n"
            "   \"vat\": {\"category\": \"S\", \"rate\": \"%s\"},\n"
            "   \"price\": {\"gross\": \"%u.1234\", \"discount\": \"0.0100\"}}%s\n",
            i % 90 + 1, i, i, i % 3 ? "21" : "6", i % 500 + 1, i + 1 < lines ? "," : "");
    buf_puts(b, " ]}\n");
}

static void floor_json_c(void *p)
{
    const struct subject *s = p;
    struct json_object *o = json_tokener_parse(s->json.p);

    if (!o)
        die("json-c");
    (void)json_object_put(o);
}

static void build(void *p)
{
    struct subject *s = p;
    struct arena *a = arena_new((size_t)1 << 30);
    struct invoice *v = invoice_new(a);

    buf_clear(&s->ubl);
    if (!v || invoice_read_json(v, buf_view(&s->json), &e) || invoice_complete(v, &e) ||
        invoice_faults(v) || invoice_write_ubl(&s->ubl, v, &e))
        die("build");
    arena_free(a);
}

static void read_back(void *p)
{
    struct subject *s = p;
    struct arena *a = arena_new((size_t)1 << 30);
    struct invoice *v = invoice_new(a);
    struct buf json;

    buf_init(&json, (size_t)256 << 20);
    if (!v || invoice_read_ubl(v, buf_view(&s->ubl), &e) || invoice_write_json(&json, v, &e))
        die("read");
    buf_free(&json);
    arena_free(a);
}

static double peak(const struct subject *s, unsigned lines)
{
    char path[64];
    const char *const argv[] = {
        "build/release/aviso", "build", "-q", "--no-validate", path, "-o", "/dev/null", NULL};
    FILE *f;

    (void)mkdir("build/bench", 0777);
    (void)snprintf(path, sizeof(path), "build/bench/build-%u.json", lines);
    if (!(f = fopen(path, "we")) || fwrite(s->json.p, 1, s->json.n, f) != s->json.n || fclose(f))
        die(path);
    return bench_peak_mb(argv);
}

int main(void)
{
    double per_line = 0;

    (void)printf("%-13s %9s %9s %9s %9s %11s %8s %9s\n", "", "JSON kB", "json-c ms", "build ms",
        "read ms", "documents/s", "x json-c", "peak MB");
    for (size_t i = 0; i < SIZES; i++) {
        struct subject s;
        double floor, made, back;
        buf_init(&s.json, (size_t)64 << 20);
        buf_init(&s.ubl, (size_t)256 << 20);
        make_json(&s.json, sizes[i].lines);
        floor = bench_median(floor_json_c, &s, sizes[i].seconds);
        made = bench_median(build, &s, sizes[i].seconds);
        back = bench_median(read_back, &s, sizes[i].seconds);
        (void)printf("%-13s %9.1f %9.3f %9.3f %9.3f %11.0f %8.2f %9.1f\n", sizes[i].name,
            (double)s.json.n / 1000, floor, made, back, 1000 / made, made / floor,
            peak(&s, sizes[i].lines));
        if (sizes[i].lines == 1000)
            per_line = made / 1000;
        if (sizes[i].lines == 10000)
            (void)printf(
                "a line of 10,000 costs %.2f of a line of 1,000\n", made / 10000 / per_line);
        buf_free(&s.json);
        buf_free(&s.ubl);
    }
    return 0;
}
