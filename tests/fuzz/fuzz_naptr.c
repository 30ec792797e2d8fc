/* Targets: naptr_parse, naptr_url, sml_url_check. A URL that is taken has a host and no way around
 * the checks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/lookup/sml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char url[SML_URL];
    struct naptr n;

    if (naptr_parse(&n, data, size, NULL) == 0 && naptr_url(url, &n, NULL) == 0) {
        must(strlen(url) < 256);
        if (sml_url_check(url, false, NULL) == 0) {
            must(strncasecmp(url, "https://", 8) == 0 && url[8] && url[8] != '/');
            must(!strpbrk(url, "?#\\ \""));
            must(!memchr(url, '@', 8 + strcspn(url + 8, "/"))); /* no user before the host */
        }
        if (sml_url_check(url, true, NULL) == 0)
            must(strncasecmp(url, "http", 4) == 0);
    }
    return 0;
}
