/* Target functions: mime_read, mime_part_decode. The input's first line is the Content-Type. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ap/mime/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int drop(void *ctx, const void *p, size_t n, struct err *e)
{
    (void)p;
    (void)e;
    *(uint64_t *)ctx += n;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    size_t lf = str_find(in, STR("\n"));
    struct blob body;
    struct arena *a = arena_new(1 << 22);
    struct mime_msg m;
    struct err e = ERR_INIT;
    uint64_t total = 0;
    struct sink s = {drop, &total};
    int rc;

    if (!a)
        return 0;
    body = blob_str(str_sub(in, lf + 1, size));
    rc = mime_read(&m, a, &body, str_sub(in, 0, lf), &e);
    if (rc ? e.class == ERR_NONE || e.class == ERR_BUG : m.n == 0 || m.root >= m.n)
        abort();
    for (size_t i = 0; i < m.n; i++) {
        const char *p = m.parts[i].body.mem;
        const char *start = body.mem;
        if (m.parts[i].body.len && (p < start || p + m.parts[i].body.len > start + body.len))
            abort();
        total = 0;
        if (mime_part_decode(&s, &m.parts[i], &e) == 0 && total > m.parts[i].body.len)
            abort();
    }
    arena_free(a);
    return 0;
}
