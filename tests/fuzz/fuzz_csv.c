/* Target: reconcile_read. What is taken is text: each number not empty, listed, in its order. */
#include <stdint.h>
#include <stdlib.h>

#include "ap/reconcile/reconcile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(16u << 20);
    struct str bytes = {(const char *)data, size};
    static const char *const columns[] = {NULL, "1", "Invoice"};
    struct reconcile_list l;

    for (size_t k = 0; a && k < 3; k++) {
        if (reconcile_read(&l, bytes, columns[k], a, NULL))
            continue;
        for (size_t i = 0; i < l.n; i++) {
            if (!l.items[i].number.n || !l.items[i].listed ||
                !reconcile_lists(&l, l.items[i].number.p))
                abort();
            if (i && l.items[i].line <= l.items[i - 1].line)
                abort();
        }
    }
    arena_free(a);
    return 0;
}
