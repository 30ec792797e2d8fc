/* deliver_folder.c - a file and its sidecar, on disk before it counts as handed over. */
#include <stdio.h>
#include <unistd.h>

#include "ap/base/fault.h"
#include "ap/base/fsx.h"
#include "ap/deliver/deliver_priv.h"

static int write_document(
    int dirfd, const char *name, const struct deliver_item *item, struct err *e)
{
    struct spool file;
    struct sink to;
    int rc;

    spool_init(&file, dirfd, 0, UINT64_MAX / 2); /* its size was limited when it came in */
    to = spool_sink(&file);
    rc = item->write(item->ctx, &to, e) || fsx_remove(dirfd, name, e) ||
         spool_link(&file, dirfd, name, e);
    spool_free(&file);
    return rc ? -1 : 0;
}

/* The document first, its sidecar last and atomically: whoever watches for *.json finds both. */
static int write_files(int dirfd, const struct deliver_item *item, struct err *e)
{
    char file[64], json[64];

    (void)snprintf(file, sizeof(file), "%s.%s", item->id, item->extension);
    (void)snprintf(json, sizeof(json), "%s.json", item->id);
    if (write_document(dirfd, file, item, e))
        return -1;
    (void)FAULT("in.dropped_document");
    return fsx_replace(dirfd, json, item->sidecar.p, item->sidecar.n, 0600, e);
}

enum deliver_outcome deliver_to_folder(
    const struct deliver_route *r, const struct deliver_item *item, struct err *why)
{
    int dirfd = fsx_open_dir(r->folder, why), rc;

    if (dirfd < 0) {
        (void)err_wrap(why, "drop folder: ");
        return DELIVER_DOWN;
    }
    rc = write_files(dirfd, item, why);
    (void)close(dirfd);
    return rc ? DELIVER_DOWN : DELIVER_TAKEN; /* a full or broken disk is nobody's document */
}
