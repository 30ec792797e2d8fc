#include "tests/support/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *shared(const char *what)
{
    static char path[4][1024];
    static unsigned turn;
    const char *base = getenv("AVISO_SHARED");
    char *out = path[turn++ % 4];

    (void)snprintf(out, sizeof(path[0]), "%s/%s", base ? base : "../shared", what);
    return out;
}

bool shared_has(const char *what)
{
    return access(shared(what), R_OK) == 0;
}
