/* Target functions: xsd_base64_source, xsd_base64_done, xsd_base64_is, xsd_base64_stray. The input
 * is a schema file, then, after a NUL, a value. Whatever it holds is read within its bounds; the
 * same file twice says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/xsd_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ask(struct str file, unsigned times)
{
    struct xsd_base64 *b = xsd_base64_new();
    bool yes;

    if (!b)
        abort();
    while (times--)
        xsd_base64_source(b, file);
    if (xsd_base64_done(b))
        abort();
    yes = xsd_base64_is(b, STR("urn:a"), STR("e")) || xsd_base64_is(b, STR(""), STR("e"));
    xsd_base64_free(b);
    return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : size;
    struct str value = {nul ? (const char *)nul + 1 : "", nul ? size - n - 1 : 0};
    size_t stray;

    if (size > 65536)
        return 0;
    if (ask((struct str){(const char *)data, n}, 1) != ask((struct str){(const char *)data, n}, 2))
        abort();
    stray = xsd_base64_stray(value);
    if (stray > value.n)
        abort();
    return 0;
}
