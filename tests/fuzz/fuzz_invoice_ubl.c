/* Target: invoice_read_ubl. Whatever was read can be written as JSON, which is JSON of our names
 * and types. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/invoice/invoice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_ours(struct str json, struct arena *a)
{
    static const char *const never[] = {
        "invoice.json", "invoice.member", "invoice.type", "invoice.duplicate", "invoice.encoding"};
    struct invoice *v = invoice_new(a);
    size_t n;
    const struct invoice_finding *f;

    if (!v || invoice_read_json(v, json, NULL))
        return;
    f = invoice_findings(v, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
            if (strcmp(f[i].err.code, never[k]) == 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct invoice *v = a ? invoice_new(a) : NULL;
    struct buf json;

    buf_init(&json, 64u << 20);
    if (v && !invoice_read_ubl(v, (struct str){(const char *)data, size}, NULL) &&
        !invoice_write_json(&json, v, NULL))
        is_ours(buf_view(&json), a);
    buf_free(&json);
    arena_free(a);
    return 0;
}
