/* file.h - what commands read and write by name; "-" is standard input or output. One thread. */
#ifndef AP_CLI_FILE_H
#define AP_CLI_FILE_H

#include "ap/base/buf.h"
#include "ap/base/err.h"

/* Whole file, appended to out, whose maximum is the limit. io.missing when it is not there. */
int file_load(struct buf *out, const char *path, struct err *e) MUST_CHECK;
/* The file appears whole and durably, or not at all. NULL: standard output. A device or pipe is
 * written to, not replaced. */
int file_put(const char *path, struct str bytes, struct err *e) MUST_CHECK;

/* The file: URI of a file, as Java writes it (file:/a/b%20c.xml); nothing for "-" and what is not
 * there. */
void file_uri(struct buf *out, const char *path);

#endif
