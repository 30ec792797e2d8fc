/* Target: invoice_read_json and all that follows. What has no fault becomes UBL that reads back as
 * the same JSON, with nothing beyond the model. */
#include <stdint.h>
#include <stdlib.h>

#include "ubl/invoice/invoice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct invoice *v, struct arena *a)
{
    struct invoice *back = invoice_new(a);
    struct buf ubl, one, two;
    size_t n;

    buf_init(&ubl, 16u << 20);
    buf_init(&one, 16u << 20);
    buf_init(&two, 16u << 20);
    if (back && !invoice_write_ubl(&ubl, v, NULL) && !invoice_write_json(&one, v, NULL)) {
        if (invoice_read_ubl(back, buf_view(&ubl), NULL) && !arena_exhausted(a))
            abort();
        (void)invoice_findings(back, &n);
        if (!arena_exhausted(a) &&
            (n || invoice_write_json(&two, back, NULL) || !str_eq(buf_view(&one), buf_view(&two))))
            abort();
    }
    buf_free(&ubl);
    buf_free(&one);
    buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct invoice *v = a ? invoice_new(a) : NULL;

    if (v && !invoice_read_json(v, (struct str){(const char *)data, size}, NULL) &&
        !invoice_faults(v) && !invoice_complete(v, NULL) && !invoice_faults(v))
        round_trip(v, a);
    arena_free(a);
    return 0;
}
