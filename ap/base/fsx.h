/* fsx.h - the file operations that must not lie: write, fsync, rename, fsync the folder; all
 * checked.
 *
 * An fsync that failed is never tried again: the kernel may have dropped the pages and answer 0 the
 * second time. Callers treat class ERR_RETRY from fsx_sync as "stop accepting" (reliability S4). */
#ifndef AP_BASE_FSX_H
#define AP_BASE_FSX_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/blob.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

/* All of it, to whatever fd is. `name` is for messages. */
int fsx_write(int fd, const void *p, size_t n, const char *name, struct err *e) MUST_CHECK;
/* The error of a write that failed with errno: io.write, io.closed. Always -1. */
int fsx_unwritten(const char *name, struct err *e);
struct fsx_file { /* borrowed by its sink */
    int fd;
    const char *name;
};
struct sink fsx_sink(struct fsx_file *f);
int fsx_sync(int fd, const char *name_for_message, struct err *e) MUST_CHECK;
/* Replace dirfd/name by these bytes, atomically and durably (temporary file, fsync, rename, fsync).
 */
int fsx_replace(
    int dirfd, const char *name, const void *p, size_t n, unsigned mode, struct err *e) MUST_CHECK;
/* Whole file, appended to out (its maximum is the limit). A missing file is io.missing (ERR_INPUT).
 */
int fsx_read_file(struct buf *out, const char *path, struct err *e) MUST_CHECK;
int fsx_mkdirs(
    const char *path, unsigned mode, struct err *e) MUST_CHECK; /* like mkdir -p, durable */
int fsx_open_dir(const char *path, struct err *e) MUST_CHECK;   /* fd or -1 */
/* Remove dirfd/name durably; one that is not there is fine. */
int fsx_remove(int dirfd, const char *name, struct err *e) MUST_CHECK;
/* Exclusive lock on dirfd/name, held by the returned fd until it is closed or the process dies.
 * Held by another process: spool.locked (ERR_RETRY) with its pid. The pid is written inside. */
int fsx_lock(int dirfd, const char *name, struct err *e) MUST_CHECK;
/* True when the folder lies on tmpfs, ramfs or overlayfs: gone after a reboot or container restart.
 */
bool fsx_is_volatile(int dirfd, const char **fs_name);
uint64_t fsx_free_bytes(int dirfd); /* for this user; 0 when it cannot be told */

#endif
