/* errors.c - the table of error names and the exit code of each: see errors_priv.h. */
#include "ap/cli/cli.h"

#include <string.h>

/* Sorted by name: tests/lint compares it with every name that err_set() is given. */
const struct error_name error_names[] = {
#define N(name, exit, meaning, todo) {name, EXIT_##exit, meaning, todo},
#include "ap/cli/errors_priv.h"
#undef N
    {NULL, 0, NULL, NULL},
};

const struct error_name *error_name_find(const char *name)
{
    for (const struct error_name *n = error_names; n->name; n++)
        if (strcmp(n->name, name) == 0)
            return n;
    return NULL;
}

int error_exit_code(const struct err *e)
{
    const struct error_name *n = error_name_find(e->code);

    if (e->class == ERR_UNKNOWN)
        return EXIT_UNPROVEN;
    if (n)
        return n->exit;
    switch (e->class) {
    case ERR_NONE:
        return EXIT_OK;
    case ERR_INPUT:
        return EXIT_INPUT;
    case ERR_PEER:
        return EXIT_NO;
    case ERR_RETRY:
        return EXIT_UNREACHED;
    case ERR_UNKNOWN:
        return EXIT_UNPROVEN;
    case ERR_CONFIG:
        return EXIT_SETUP;
    case ERR_BUG:
        return EXIT_BUG;
    }
    return EXIT_BUG;
}
