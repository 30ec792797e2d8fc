#include "ap/cli/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fsx.h"

int file_load(struct buf *out, const char *path, struct err *e)
{
    return fsx_read_file(out, strcmp(path, "-") == 0 ? "/dev/stdin" : path, e);
}

static int put_stream(FILE *f, struct str bytes, const char *name, struct err *e)
{
    if (fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fflush(f))
        return fsx_unwritten(name, e);
    return 0;
}

int file_put(const char *path, struct str bytes, struct err *e)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char dir[4096] = ".";
    struct stat st;
    int fd, rc;

    if (!path)
        return put_stream(stdout, bytes, "standard output", e);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a device or pipe is not replaced */
        FILE *f = fopen(path, "we");
        if (!f)
            return err_errno(e, "io.open", "open", path);
        rc = put_stream(f, bytes, path, e);
        (void)fclose(f);
        return rc;
    }
    if (slash && (size_t)(slash - path) >= sizeof(dir))
        return err_set(e, ERR_INPUT, "io.missing", "", "the path %.60s... is too long", path);
    if (slash)
        (void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash == path ? 1 : slash - path), path);
    if ((fd = fsx_open_dir(dir, e)) < 0)
        return -1;
    rc = fsx_replace(fd, slash ? slash + 1 : path, bytes.p, bytes.n, 0644, e);
    (void)close(fd);
    return rc;
}

void file_uri(struct buf *out, const char *path)
{
    static const char kept[] = "!$&'()*+,-./:;=@_~";
    char real[PATH_MAX];

    if (strcmp(path, "-") == 0 || !realpath(path, real))
        return;
    buf_puts(out, "file:");
    for (const char *p = real; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
                     strchr(kept, *p);
        if (plain)
            buf_putc(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
}
