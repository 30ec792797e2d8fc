/* doctor_spool.c - space, file system and integrity of the journal. */
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/doctor/doctor_priv.h"

#define INODES_RED 1000
#define INODES_YELLOW 100000
#define MB 1000000

static void space(struct doctor *d)
{
    uint64_t min = (uint64_t)d->c->spool_min_free, freed;
    struct statvfs v;
    struct err e = ERR_INIT;
    enum doctor_verdict verdict;

    if (statvfs(d->c->spool, &v)) {
        (void)err_errno(&e, "io.open", "look at", d->c->spool);
        find_err(d, "spool", DOCTOR_RED, &e, "check store.spool");
        return;
    }
    freed = (uint64_t)v.f_bavail * v.f_frsize;
    verdict = freed < min ? DOCTOR_RED : freed < 4 * min ? DOCTOR_YELLOW : DOCTOR_GREEN;
    find(d, "spool", verdict,
        "make room: below store.spool_min_free nothing new is taken, in or out",
        "%llu MB free, %llu MB must stay free", (unsigned long long)(freed / MB),
        (unsigned long long)(min / MB));
    if (v.f_files && v.f_favail < INODES_YELLOW)
        find(d, "spool", v.f_favail < INODES_RED ? DOCTOR_RED : DOCTOR_YELLOW,
            "remove files, or use a file system with more inodes", "%llu inodes free",
            (unsigned long long)v.f_favail);
    if (v.f_flag & ST_RDONLY)
        find(d, "spool", DOCTOR_RED, "mount it for writing; see the kernel log for a damaged disk",
            "%s is mounted read-only", d->c->spool);
}

static void file_system(struct doctor *d)
{
    const char *name = "";
    int fd = fsx_open_dir(d->c->spool, NULL);

    if (fd < 0)
        return;
    if (fsx_is_volatile(fd, &name))
        find(d, "spool", d->c->mode == MODE_PRODUCTION ? DOCTOR_RED : DOCTOR_YELLOW,
            "move it to a disk", "%s is on %s: gone after a restart of the machine or container",
            d->c->spool, name);
    (void)close(fd);
}

static void tell(void *ctx, const char *line)
{
    find(ctx, "spool", DOCTOR_RED, "stop the service, keep a copy, restore a backup", "%s", line);
}

/* Reads all of the database: not for every minute. */
static void integrity(struct doctor *d)
{
    unsigned long findings = 0;
    struct err e = ERR_INIT;

    if (store_check(d->store, d->deep, tell, d, &findings, &e))
        find_err(d, "spool", DOCTOR_RED, &e, "restore a backup");
    else if (!findings)
        find(d, "spool", DOCTOR_GREEN, NULL,
            d->deep ? "every row, file and hash is as it was stored"
                    : "the database and its files are whole (doctor spool checks the hashes too)");
}

void check_spool(struct doctor *d)
{
    space(d);
    file_system(d);
    if (!d->quick && d->store)
        integrity(d);
}
