/* inputs.h - the documents a command is given by name: files, "-", and folders, which stand for the
 * .xml files in them and in their folders, by name. One thread. */
#ifndef AP_CLI_INPUTS_H
#define AP_CLI_INPUTS_H

#include <stddef.h>

#include "ap/base/err.h"

#define INPUTS_DEEP 32u      /* folders in folders */
#define INPUTS_MAX 10000000u /* files */

struct input {
    char *path;
    size_t name; /* path + name: its name below what was given: x.xml, 2026/x.xml */
};
struct inputs {
    struct input *v;
    size_t n, cap;
};

/* Append what `path` stands for. A folder that cannot be read, like a file that is not there, is an
 * input: reading it says why. Errors: limit.folders, memory.exhausted. */
int inputs_add(struct inputs *in, const char *path, struct err *e) MUST_CHECK;
/* -1 (inputs.same-name) when two have the same name: what is named after them would collide. */
int inputs_check_names(const struct inputs *in, struct err *e) MUST_CHECK;
void inputs_free(struct inputs *in);

#endif
