#include "ap/base/rnd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void rnd_bytes(void *out, size_t n)
{
    unsigned char *p = out;

    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* no identifiers or keys can be made: nothing sensible is left to do */
        p += got;
        n -= (size_t)got;
    }
}

void rnd_uuid(char out[RND_UUID])
{
    unsigned char b[16];

    rnd_bytes(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, RND_UUID,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

uint64_t rnd_below(uint64_t n)
{
    uint64_t v;

    rnd_bytes(&v, sizeof(v));
    return n ? v % n : 0; /* the bias is far below what jitter could show */
}
