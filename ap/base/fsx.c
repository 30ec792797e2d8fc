#include "ap/base/fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ap/base/fault.h"

int fsx_sync(int fd, const char *name_for_message, struct err *e)
{
    if (FAULT("base.fsync") || fsync(fd))
        return err_errno(e, "spool.fsync", "fsync", name_for_message);
    return 0;
}

int fsx_unwritten(const char *name, struct err *e)
{
    if (errno == EPIPE)
        return err_set(e, ERR_CONFIG, "io.closed", "", "whoever reads %s has closed it", name);
    return err_errno(e, "io.write", "write", name);
}

int fsx_write(int fd, const void *bytes, size_t n, const char *name, struct err *e)
{
    const char *p = bytes;

    for (size_t done = 0; done < n;) {
        ssize_t w = FAULT("base.write") ? -1 : write(fd, p + done, n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return fsx_unwritten(name, e);
        done += (size_t)w;
    }
    return 0;
}

static int file_write(void *ctx, const void *p, size_t n, struct err *e)
{
    const struct fsx_file *f = ctx;

    return fsx_write(f->fd, p, n, f->name, e);
}

struct sink fsx_sink(struct fsx_file *f)
{
    return (struct sink){file_write, f};
}

int fsx_replace(int dirfd, const char *name, const void *p, size_t n, unsigned mode, struct err *e)
{
    char tmp[280];
    int fd, rc;

    if ((size_t)snprintf(tmp, sizeof(tmp), ".%s.tmp%d", name, (int)getpid()) >= sizeof(tmp))
        return err_set(e, ERR_INPUT, "io.name", "", "file name too long: %s", name);
    fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    if (fd < 0)
        return err_errno(e, "io.open", "open", name);
    rc = fsx_write(fd, p, n, name, e) || fsx_sync(fd, name, e);
    if (close(fd) && !rc)
        rc = err_errno(e, "io.close", "close", name);
    (void)FAULT("base.replace_before_rename");
    if (!rc && (FAULT("base.rename") || renameat(dirfd, tmp, dirfd, name)))
        rc = err_errno(e, "io.rename", "rename", name);
    if (rc) {
        (void)unlinkat(dirfd, tmp, 0);
        return -1;
    }
    return fsx_sync(dirfd, name, e);
}

int fsx_read_file(struct buf *out, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char piece[16384];
    ssize_t got = 0;

    if (fd < 0) {
        int missing = errno == ENOENT;
        (void)err_errno(e, missing ? "io.missing" : "io.open", "open", path);
        if (missing && e)
            e->class = ERR_INPUT;
        return -1;
    }
    /* past its limit the buffer is bad, and what is read may never end (/dev/zero) */
    while (buf_ok(out) && (got = read(fd, piece, sizeof(piece))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        buf_add(out, piece, (size_t)got);
    }
    if (got < 0)
        (void)err_errno(e, "io.read", "read", path);
    (void)close(fd);
    if (got < 0)
        return -1;
    if (!buf_ok(out) && !out->full)
        return err_nomem(e);
    if (!buf_ok(out))
        return err_set(
            e, ERR_INPUT, "limit.size", "", "%s is larger than %zu bytes", path, out->max);
    return 0;
}

static int make_one(const char *path, unsigned mode, struct err *e)
{
    char parent[4096], *slash;
    int fd, rc;

    if (mkdir(path, (mode_t)mode) == 0) {
        (void)snprintf(parent, sizeof(parent), "%s", path);
        slash = strrchr(parent, '/');
        if (slash && slash != parent)
            *slash = '\0';
        else
            (void)snprintf(parent, sizeof(parent), "%s", slash ? "/" : ".");
        if ((fd = fsx_open_dir(parent, e)) < 0)
            return -1;
        rc = fsx_sync(fd, parent, e);
        (void)close(fd);
        return rc;
    }
    return errno == EEXIST ? 0 : err_errno(e, "io.mkdir", "mkdir", path);
}

int fsx_mkdirs(const char *path, unsigned mode, struct err *e)
{
    char part[4096];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(part))
        return err_set(e, ERR_INPUT, "io.name", "", "folder name empty or too long");
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (make_one(part, mode, e))
            return -1;
    }
    return 0;
}

int fsx_open_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fd : err_errno(e, "io.open", "open folder", path);
}

int fsx_remove(int dirfd, const char *name, struct err *e)
{
    if (unlinkat(dirfd, name, 0) && errno != ENOENT)
        return err_errno(e, "io.remove", "unlink", name);
    return fsx_sync(dirfd, name, e);
}

int fsx_lock(int dirfd, const char *name, struct err *e)
{
    char pid[32] = "";
    int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(e, "spool.lock", "open", name);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        if (pread(fd, pid, sizeof(pid) - 1, 0) < 0)
            pid[0] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        (void)close(fd);
        return err_set(e, ERR_RETRY, "spool.locked", "", "the spool is in use by process %s",
            pid[0] ? pid : "(unknown)");
    }
    (void)snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, strlen(pid), 0) < 0) {
        (void)err_errno(e, "spool.write", "write", name);
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool fsx_is_volatile(int dirfd, const char **fs_name)
{
    struct statfs s;
    const char *name = NULL;

    if (fstatfs(dirfd, &s) == 0) {
        if (s.f_type == TMPFS_MAGIC)
            name = "tmpfs";
        else if (s.f_type == RAMFS_MAGIC)
            name = "ramfs";
        else if (s.f_type == OVERLAYFS_SUPER_MAGIC)
            name = "overlayfs";
    }
    if (fs_name)
        *fs_name = name;
    return name != NULL;
}

uint64_t fsx_free_bytes(int dirfd)
{
    struct statvfs v;

    return fstatvfs(dirfd, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}
