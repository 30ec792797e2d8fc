/* shim.c - preloaded into the program under test: lets its calls to the file system and to malloc
 * fail as shim.h's control block says. It stands in for the C library's functions by their names.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/shim.h"

static struct shim *shim;
static char folder[4096];
static size_t folder_len;
static _Atomic unsigned failed_sync; /* bit 0: aviso.db, bit 1: aviso.db-wal */
static uintptr_t program_from, program_to;

/* ---- setting up ---- */

static void forget(void)
{
    shim = NULL;
}

/* Where the program's own code lies: the first lines of the map that name the executable. */
static void find_program(void)
{
    char exe[4096], line[4600];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    FILE *f = fopen("/proc/self/maps", "re");

    exe[n > 0 ? n : 0] = '\0';
    while (f && fgets(line, sizeof(line), f)) {
        unsigned long from, to;
        if (!strstr(line, exe) || sscanf(line, "%lx-%lx", &from, &to) != 2)
            continue;
        if (!program_from)
            program_from = from;
        program_to = to;
    }
    if (f)
        (void)fclose(f);
}

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("AVISO_SHIM"), *dir = getenv("AVISO_SHIM_DIR");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void *p;

    if (fd < 0 || !dir || !realpath(dir, folder))
        return;
    folder_len = strlen(folder);
    find_program();
    (void)pthread_atfork(NULL, NULL, forget);
    (void)unsetenv("AVISO_SHIM");
    (void)unsetenv("LD_PRELOAD");
    p = mmap(NULL, sizeof(*shim), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (p != MAP_FAILED)
        shim = p;
}

/* ---- deciding ---- */

static bool below(const char *path)
{
    return strncmp(path, folder, folder_len) == 0 &&
           (path[folder_len] == '/' || path[folder_len] == '\0');
}

static bool path_of(char *out, size_t max, int fd)
{
    char link[48];
    ssize_t n;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, out, max - 1);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool spared(const char *path)
{
    const char *slash = strrchr(path, '/');

    return shim->payload && strncmp(slash ? slash + 1 : path, "aviso.db", 8) == 0;
}

static bool meant_fd(int fd)
{
    char path[4096];

    return path_of(path, sizeof(path), fd) && below(path) && !spared(path);
}

static bool meant_name(int dir, const char *name)
{
    return (name[0] == '/' ? below(name) : dir >= 0 && meant_fd(dir)) && !spared(name);
}

static uint32_t chance(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return (x ^ x >> 16) % 100000;
}

static void sleep_ms(uint32_t ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (nanosleep(&t, &t) && errno == EINTR)
        continue;
}

/* 0: the call goes on; else the errno, or SHIM_SHORT. */
static int verdict(enum shim_op op)
{
    uint32_t n = atomic_fetch_add(&shim->seen, 1) + 1, at = shim->at;
    int error = shim->error;

    atomic_fetch_add(&shim->each[__builtin_ctz(op)], 1);
    if (n != at && !(at && n > at && shim->lasting) &&
        !(shim->rate && chance(n ^ shim->seed) < shim->rate))
        return 0;
    atomic_fetch_add(&shim->failed, 1);
    shim->last = op;
    if (error != SHIM_SLOW)
        return error;
    sleep_ms(shim->delay_ms);
    return 0;
}

static bool asked(enum shim_op op)
{
    return shim && (shim->ops & (uint32_t)op);
}

/* True when the call fails; errno is set. */
static bool fails_fd(enum shim_op op, int fd)
{
    int kept = errno, error = asked(op) && meant_fd(fd) ? verdict(op) : 0;

    errno = error > 0 ? error : kept;
    return error > 0;
}

static bool fails_name(enum shim_op op, int dir, const char *name)
{
    int kept = errno, error = asked(op) && meant_name(dir, name) ? verdict(op) : 0;

    errno = error > 0 ? error : kept;
    return error > 0;
}

/* ---- in place of the C library's ---- */

/* The journal's files: an fsync of theirs that failed must not be tried again (reliability S4). */
static int sync_by(long call, int fd)
{
    char path[4096];
    unsigned bit = 0;

    if (!shim)
        return (int)syscall(call, fd);
    if (path_of(path, sizeof(path), fd) && below(path)) {
        const char *name = strrchr(path, '/');
        bit = strcmp(name, "/aviso.db") == 0 ? 1 : strcmp(name, "/aviso.db-wal") == 0 ? 2 : 0;
    }
    if (failed_sync & bit)
        atomic_fetch_add(&shim->again, 1);
    if (!fails_fd(SHIM_FSYNC, fd))
        return shim->lazy ? 0 : (int)syscall(call, fd);
    failed_sync |= bit;
    if (bit)
        atomic_fetch_add(&shim->journal, 1);
    return -1;
}

int fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}

static ssize_t write_by(long call, int fd, const void *p, size_t n, off_t at)
{
    int kept = errno, error = asked(SHIM_WRITE) && meant_fd(fd) ? verdict(SHIM_WRITE) : 0;

    if (error > 0) {
        errno = error;
        return -1;
    }
    errno = kept;
    if (error == SHIM_SHORT && n > 1)
        n /= 2;
    return syscall(call, fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return write_by(SYS_write, fd, p, n, 0);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return write_by(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return write_by(SYS_pwrite64, fd, p, n, at);
}

static int truncate_by(int fd, off_t size)
{
    return fails_fd(SHIM_TRUNCATE, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return truncate_by(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return truncate_by(fd, size);
}

static int open_by(int dir, const char *name, int flags, mode_t mode)
{
    return fails_name(SHIM_OPEN, dir, name) ? -1 : (int)syscall(SYS_openat, dir, name, flags, mode);
}

static mode_t mode_arg(int flags, va_list ap)
{
    return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(dir)                                                                                  \
    va_list ap;                                                                                    \
    mode_t mode;                                                                                   \
    va_start(ap, flags);                                                                           \
    mode = mode_arg(flags, ap);                                                                    \
    va_end(ap);                                                                                    \
    return open_by(dir, name, flags, mode)

int open(const char *name, int flags, ...)
{
    OPEN(AT_FDCWD);
}

int open64(const char *name, int flags, ...)
{
    OPEN(AT_FDCWD);
}

int openat(int dir, const char *name, int flags, ...)
{
    OPEN(dir);
}

int openat64(int dir, const char *name, int flags, ...)
{
    OPEN(dir);
}

/* It is closed all the same, as Linux does. */
int close(int fd)
{
    bool fails = fails_fd(SHIM_CLOSE, fd);
    int error = errno, rc = (int)syscall(SYS_close, fd);

    if (!fails)
        return rc;
    errno = error;
    return -1;
}

int rename(const char *from, const char *to)
{
    return fails_name(SHIM_RENAME, AT_FDCWD, to) ? -1 : (int)syscall(SYS_rename, from, to);
}

int renameat(int from, const char *old, int to, const char *name)
{
    return fails_name(SHIM_RENAME, to, name) ? -1 : (int)syscall(SYS_renameat, from, old, to, name);
}

int linkat(int from, const char *old, int to, const char *name, int flags)
{
    return fails_name(SHIM_LINK, to, name) ? -1
                                           : (int)syscall(SYS_linkat, from, old, to, name, flags);
}

int unlink(const char *name)
{
    return fails_name(SHIM_UNLINK, AT_FDCWD, name) ? -1 : (int)syscall(SYS_unlink, name);
}

int unlinkat(int dir, const char *name, int flags)
{
    return fails_name(SHIM_UNLINK, dir, name) ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags);
}

static bool fails_accept(void)
{
    int error = asked(SHIM_ACCEPT) ? verdict(SHIM_ACCEPT) : 0;

    if (error > 0)
        errno = error;
    return error > 0;
}

int accept(int fd, struct sockaddr *a, socklen_t *n)
{
    return fails_accept() ? -1 : (int)syscall(SYS_accept4, fd, a, n, 0);
}

int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
    return fails_accept() ? -1 : (int)syscall(SYS_accept4, fd, a, n, flags);
}

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);

static bool fails_malloc(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;

    if (!asked(SHIM_MALLOC) || (shim->own && (at < program_from || at >= program_to)) ||
        verdict(SHIM_MALLOC) <= 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return fails_malloc(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t k, size_t n)
{
    return fails_malloc(__builtin_return_address(0)) ? NULL : __libc_calloc(k, n);
}

void *realloc(void *p, size_t n)
{
    return fails_malloc(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}
