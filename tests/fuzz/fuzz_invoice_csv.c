/* Target: invoice_read_csv. Every invoice of a list that is taken has a number of its own. */
#include <stdint.h>
#include <stdlib.h>

#include "ubl/invoice/invoice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct invoice **v;
    size_t n;

    if (a && !invoice_read_csv(&v, &n, (struct str){(const char *)data, size}, a, NULL)) {
        if (n == 0)
            abort();
        for (size_t i = 0; i < n; i++)
            if (!invoice_value(v[i], "BT-1").n)
                abort();
    }
    arena_free(a);
    return 0;
}
