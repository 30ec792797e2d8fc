#include "ap/cli/script.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of this program; "" when the kernel does not say. */
static void own_folder(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;

    out[n > 0 ? n : 0] = '\0';
    if ((slash = strrchr(out, '/')))
        *slash = '\0';
}

static bool beside(char *out, size_t n, const char *where, const char *name)
{
    char own[PATH_MAX];
    int len;

    own_folder(own);
    len = snprintf(out, n, "%s/%s%s", own, where, name);
    return len > 0 && (size_t)len < n;
}

bool script_find(char *out, size_t n, const char *name)
{
    static const char *const places[] = {
        "../../", "../lib/aviso/"}; /* build/release/aviso; bin/aviso */

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (beside(out, n, places[i], name) && access(out, X_OK) == 0)
            return true;
    return false;
}

bool script_data_dir(char *out, size_t n)
{
    return beside(out, n, "../lib/aviso/", "schemas/install") && access(out, X_OK) == 0 &&
           beside(out, n, "../share/", "aviso");
}
