/* fault_power.c - every line of docs/STATES.md with the power cut at its writes and fsyncs, and
 * with each of them failing.
 *
 * The C library's write, fsync and their like are replaced in this program (SQLite's calls come
 * here too). What was written and not fsynced since, and names not fsynced into their folder, are
 * remembered; at the cut each such write is lost, torn at a sector or kept, at random by a seed,
 * the shared-memory index is gone, and the process ends. Then the line is judged as after a kill
 * (store_lines.h). A line has some twenty places for a cut, a few have hundreds: CUTS of them are
 * drawn for each seed; AVISO_POWER_SEEDS=N tries N seeds (default 1). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/store_kit.h"
#include "tests/support/store_lines.h"

#define SECTOR 512
#define FILES_MAX 32
#define WRITES_MAX 4096
#define NAMES_MAX 64
#define LINES_MAX 128
#define CUTS 8
#define CUT 99 /* exit status */

/* ---- the disk as it would be after a power cut ---- */

struct undone { /* a write since the last fsync of its file */
    int file;
    int64_t off, len, size_before; /* len -1: a truncation to off */
    uint8_t *before, *after;       /* before: what was there, shorter at the old end */
    int64_t nbefore;
};
struct power {
    bool armed, deaf; /* deaf: fsync does nothing, to see that the shim finds it */
    int fail;         /* errno: the call fails, instead of the power */
    unsigned cut_at, ticks;
    unsigned db_cut, db_writes; /* the same, counted by what a checkpoint writes */
    uint64_t random;
    struct {
        ino_t ino;
        int fd; /* a copy, so that a name is not needed */
    } files[FILES_MAX];
    int nfiles;
    struct undone writes[WRITES_MAX];
    int nwrites;
    struct {
        ino_t folder;
        char path[256];
    } names[NAMES_MAX]; /* made since the last fsync of their folder */
    int nnames;
};
static struct power power;
static unsigned *ticks_seen; /* shared with the children */

static void impossible(const char *what)
{
    (void)syscall(SYS_write, 2, what, strlen(what));
    _exit(98);
}

static uint64_t draw(uint64_t n)
{
    power.random = power.random * 6364136223846793005u + 1442695040888963407u;
    return (power.random >> 33) % n;
}

static bool path_of(int fd, char *out, size_t max)
{
    char self[64];
    ssize_t n;

    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    n = readlink(self, out, max - 1);
    out[n < 0 ? 0 : n] = '\0';
    return n > 0 && strncmp(out, sh->dir, strlen(sh->dir)) == 0;
}

/* Files of the spool, but not the index in shared memory, which is mapped. */
static int file_of(int fd)
{
    char path[256];
    struct stat st;

    if (!power.armed || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
        !path_of(fd, path, sizeof(path)) || strstr(path, "-shm"))
        return -1;
    for (int i = 0; i < power.nfiles; i++)
        if (power.files[i].ino == st.st_ino)
            return i;
    if (power.nfiles == FILES_MAX)
        impossible("too many files\n");
    power.files[power.nfiles].ino = st.st_ino;
    power.files[power.nfiles].fd = dup(fd);
    return power.nfiles++;
}

static void put(int fd, const uint8_t *p, int64_t n, int64_t off)
{
    for (int64_t done = 0; done < n;) {
        long w = syscall(SYS_pwrite64, fd, p + done, (size_t)(n - done), off + done);
        if (w <= 0)
            impossible("cannot write\n");
        done += w;
    }
}

static void take_back(const struct undone *u)
{
    int fd = power.files[u->file].fd;

    put(fd, u->before, u->nbefore, u->off);
    if (syscall(SYS_ftruncate, fd, u->size_before))
        impossible("cannot truncate\n");
}

/* Kept, lost, or cut off at a sector. */
static void maybe_keep(const struct undone *u)
{
    int fd = power.files[u->file].fd;
    uint64_t how = draw(3);

    if (how == 0)
        return;
    if (u->len < 0) {
        if (syscall(SYS_ftruncate, fd, u->off))
            impossible("cannot truncate\n");
        return;
    }
    put(fd, u->after, how == 1 ? u->len : u->len / 2 / SECTOR * SECTOR, u->off);
}

static void power_fails(void)
{
    char shm[256];

    power.armed = false;
    for (int i = power.nwrites; i-- > 0;)
        take_back(&power.writes[i]);
    for (int i = 0; i < power.nwrites; i++)
        maybe_keep(&power.writes[i]);
    for (int i = 0; i < power.nnames; i++)
        if (draw(2))
            (void)unlink(power.names[i].path);
    (void)snprintf(shm, sizeof(shm), "%s/aviso.db-shm", sh->dir);
    (void)unlink(shm);
    _exit(CUT);
}

/* False, with errno, when this call is the one to fail. */
static bool tick(void)
{
    if (!power.armed)
        return true;
    *ticks_seen = ++power.ticks;
    if (power.ticks != power.cut_at)
        return true;
    if (!power.fail)
        power_fails();
    errno = power.fail;
    return false;
}

static bool is_database(int fd)
{
    char path[256];
    const char *end = path_of(fd, path, sizeof(path)) ? strrchr(path, '/') : NULL;

    return end && strcmp(end, "/aviso.db") == 0;
}

static void remember(int file, const void *p, int64_t len, int64_t off)
{
    struct undone *u = &power.writes[power.nwrites++];
    int64_t was = len < 0 ? 0 : len;
    struct stat st;

    if (power.nwrites == WRITES_MAX || fstat(power.files[file].fd, &st))
        impossible("too many writes\n");
    *u = (struct undone){file, off, len, st.st_size, NULL, NULL, 0};
    if (len < 0)
        was = st.st_size > off ? st.st_size - off : 0;
    u->before = malloc((size_t)was + 1);
    u->after = malloc((size_t)(len > 0 ? len : 0) + 1);
    if (!u->before || !u->after)
        impossible("no memory\n");
    u->nbefore = syscall(SYS_pread64, power.files[file].fd, u->before, (size_t)was, off);
    if (u->nbefore < 0)
        u->nbefore = 0;
    if (len > 0)
        memcpy(u->after, p, (size_t)len);
}

static void is_durable(int file)
{
    int kept = 0;

    for (int i = 0; i < power.nwrites; i++) {
        if (power.writes[i].file != file) {
            power.writes[kept++] = power.writes[i];
            continue;
        }
        free(power.writes[i].before);
        free(power.writes[i].after);
    }
    power.nwrites = kept;
}

static void folder_is_durable(ino_t folder)
{
    int kept = 0;

    for (int i = 0; i < power.nnames; i++)
        if (power.names[i].folder != folder)
            power.names[kept++] = power.names[i];
    power.nnames = kept;
}

static void name_made(ino_t folder, const char *path)
{
    if (power.nnames == NAMES_MAX)
        impossible("too many names\n");
    power.names[power.nnames].folder = folder;
    (void)snprintf(power.names[power.nnames++].path, sizeof(power.names[0].path), "%s", path);
}

static int synced(int fd)
{
    struct stat st;
    int file;

    if (!tick())
        return -1;
    if (!power.armed || power.deaf || fstat(fd, &st))
        return 0;
    if (S_ISDIR(st.st_mode))
        folder_is_durable(st.st_ino);
    else if ((file = file_of(fd)) >= 0)
        is_durable(file);
    return 0; /* in memory only: the disk itself is not needed to be slow */
}

/* ---- in place of the C library's ---- */

int fsync(int fd)
{
    return synced(fd);
}

int fdatasync(int fd)
{
    return synced(fd);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
    int file = file_of(fd);

    if (file >= 0) {
        if (!tick())
            return -1;
        if (power.db_cut && is_database(fd) && ++power.db_writes == power.db_cut)
            power_fails();
        remember(file, p, (int64_t)n, off);
    }
    return syscall(SYS_pwrite64, fd, p, n, off);
}

ssize_t write(int fd, const void *p, size_t n)
{
    int file = file_of(fd);

    if (file >= 0) {
        if (!tick())
            return -1;
        remember(file, p, (int64_t)n, lseek(fd, 0, SEEK_CUR));
    }
    return syscall(SYS_write, fd, p, n);
}

int ftruncate64(int fd, off64_t size)
{
    int file = file_of(fd);

    if (file >= 0) {
        if (!tick())
            return -1;
        remember(file, NULL, -1, size);
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}

int linkat(int from, const char *old, int to, const char *name, int flags)
{
    char folder[200], path[256];
    struct stat st;

    if (!tick())
        return -1;
    if (power.armed && fstat(to, &st) == 0 && path_of(to, folder, sizeof(folder))) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        name_made(st.st_ino, path);
    }
    return (int)syscall(SYS_linkat, from, old, to, name, flags);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    struct stat st;
    va_list ap;

    va_start(ap, flags);
    if (flags & O_CREAT)
        mode = va_arg(ap, mode_t);
    va_end(ap);
    if (power.armed && (flags & O_CREAT) && !strstr(path, "-shm") && access(path, F_OK) != 0 &&
        stat(sh->dir, &st) == 0 && strncmp(path, sh->dir, strlen(sh->dir)) == 0)
        name_made(st.st_ino, path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
    char path[256], in[200];
    mode_t mode = 0;
    struct stat st;
    va_list ap;

    va_start(ap, flags);
    if (flags & (O_CREAT | O_TMPFILE))
        mode = va_arg(ap, mode_t);
    va_end(ap);
    if (power.armed && (flags & O_CREAT) && fstat(folder, &st) == 0 &&
        path_of(folder, in, sizeof(in)) && faccessat(folder, name, F_OK, 0) != 0) {
        (void)snprintf(path, sizeof(path), "%s/%s", in, name);
        name_made(st.st_ino, path);
    }
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

/* ---- the lines ---- */

struct when {
    unsigned at; /* 0: never */
    uint64_t seed;
    bool deaf;
    int fail;
};
static unsigned long cuts, failures;

static void arm_cut(const void *arg)
{
    const struct when *w = arg;

    memset(&power, 0, sizeof(power));
    power.cut_at = w->at;
    power.random = w->seed * 7919 + w->at;
    power.deaf = w->deaf;
    power.fail = w->fail;
    power.armed = true;
}

static unsigned seeds(void)
{
    const char *z = getenv("AVISO_POWER_SEEDS");
    unsigned n = z ? (unsigned)strtoul(z, NULL, 10) : 1;

    return n ? n : 1;
}

/* Prepares and acts; the exit status of the act. */
static int act(const struct line *l, const struct when *w)
{
    int status;

    *ticks_seen = 0;
    line_fresh();
    line_prepare(l);
    status = in_child(child_act, l, arm_cut, w);
    if (status != 0 && status != CUT)
        fail_msg("cut %u seed %llu: exit status %d", w->at, (unsigned long long)w->seed, status);
    cuts += status == CUT;
    failures += w->fail && sh->rc == -1;
    return status;
}

static void run(const struct line *l, const struct when *w)
{
    char what[64];

    (void)act(l, w);
    (void)snprintf(what, sizeof(what), "call %u seed %llu errno %d", w->at,
        (unsigned long long)w->seed, w->fail);
    line_judge(l, what);
    line_redo(l, what);
    kit_remove(sh->dir);
}

static unsigned places(const struct line *l)
{
    const struct when never = {0, 0, false, 0};

    assert_int_equal(act(l, &never), 0);
    kit_remove(sh->dir);
    assert_true(*ticks_seen > 0); /* at the least the folder is fsynced at the start */
    return *ticks_seen;
}

static void one_line(void **state)
{
    const struct line *l = *state;
    unsigned n = places(l), all = seeds();

    for (unsigned seed = 1; seed <= all; seed++) {
        power.random = seed * 104729 + (uint64_t)(l - store_lines);
        for (unsigned i = 0; i < CUTS && i < n; i++) {
            /* one in each of CUTS equal parts */
            unsigned part = n / CUTS ? n / CUTS : 1;
            struct when w = {1 + i * part + (unsigned)draw(part), seed, false, 0};
            run(l, &w);
            w.fail = draw(2) ? EIO : ENOSPC;
            run(l, &w);
        }
    }
}

/* What was told as done and is gone, or a spool that cannot be opened any more. */
static bool lost(const struct line *l, unsigned at, uint64_t seed)
{
    const struct when w = {at, seed, true, 0};
    bool bad;

    (void)act(l, &w);
    bad = sh->rc == 0;
    bad = bad && (in_child(child_look, l, NULL, NULL) != 0 || sh->state != l->to || sh->findings);
    kit_remove(sh->dir);
    return bad;
}

static void a_store_without_fsync_would_be_found_out(void **state)
{
    const struct line *l = &store_lines[0];
    unsigned n = places(l), found = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++)
        found += lost(l, n, seed);
    assert_true(found > 0);
}

/* ---- the journal's compaction: the log goes into the database, and is begun again ---- */

#define MANY 260 /* documents: more than two checkpoints */

static void child_fill(const struct line *l)
{
    struct store_recovered r;
    struct store *s;
    struct err e = ERR_INIT;

    (void)l;
    if (kit_open(&s, sh->dir, STORE_WRITE, &e) || store_recover(&r, s, KIT_T0, &e))
        _exit(3);
    for (unsigned i = 0; i < MANY; i++) {
        struct out_new n = kit_out(i + 1, KIT_T0);
        struct out_added a;
        if (store_out_add(&a, s, &n, &e))
            _exit(4);
        sh->documents = i + 1;
    }
    _exit(0);
}

static void child_count(const struct line *l)
{
    struct store_recovered r;
    struct store_counts n;
    struct store *s;
    struct err e = ERR_INIT;

    (void)l;
    if (kit_open(&s, sh->dir, STORE_WRITE, &e) || store_recover(&r, s, KIT_T0, &e) ||
        store_count(&n, s, &e))
        _exit(3);
    sh->findings = kit_findings(s);
    sh->state = (int)n.out[OUT_ACCEPTED];
    _exit(0);
}

static void arm_checkpoint(const void *arg)
{
    const struct when never = {0, 1, false, 0};

    arm_cut(&never);
    power.db_cut = *(const unsigned *)arg;
    power.random = power.db_cut * 7919u;
}

/* True when the power was cut there. */
static bool cut_while_filling(void (*arm)(const void *), const void *arg)
{
    int status;

    line_fresh();
    status = in_child(child_fill, NULL, arm, arg);
    if (status != 0 && status != CUT)
        fail_msg("exit status %d", status);
    if (status == CUT) {
        int told = (int)sh->documents;
        cuts++;
        assert_int_equal(in_child(child_count, NULL, NULL, NULL), 0);
        assert_int_equal(sh->findings, 0);
        if (sh->state != told && sh->state != told + 1)
            fail_msg("%d documents were accepted, %d are there", told, sh->state);
    }
    kit_remove(sh->dir);
    return status == CUT;
}

static void k14_a_cut_while_the_journal_is_compacted(void **state)
{
    unsigned met = 0, step = 12 / seeds() + 1;

    (void)state;
    for (unsigned at = 1; cut_while_filling(arm_checkpoint, &at); at += step)
        met++;
    print_message("%u cuts in checkpoints\n", met);
    assert_true(met >= 10);
}

static void k14_a_cut_after_the_log_was_begun_again(void **state)
{
    const struct when whole = {0, 1, false, 0};
    unsigned all;

    (void)state;
    *ticks_seen = 0;
    assert_false(cut_while_filling(arm_cut, &whole));
    all = *ticks_seen;
    for (unsigned i = 0; i < 12 * seeds(); i++) {
        struct when w = {1 + (unsigned)draw(all), i + 1, false, 0};
        assert_true(cut_while_filling(arm_cut, &w));
    }
}

static void count_cuts(void **state)
{
    (void)state;
    assert_true(cuts > 100);
    assert_true(failures > 100);
    print_message(
        "%lu power cuts, %lu failed calls; 0 lost, 0 doubled, 0 false claims\n", cuts, failures);
}

int main(void)
{
    static struct CMUnitTest t[LINES_MAX + 4];
    size_t n = 0;

    ticks_seen =
        mmap(NULL, sizeof(*ticks_seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ticks_seen == MAP_FAILED || !lines_init() || store_lines_n > LINES_MAX)
        return 1;
    for (size_t i = 0; i < store_lines_n; i++) {
        union {
            const struct line *in;
            void *out;
        } l = {&store_lines[i]};
        t[n++] = (struct CMUnitTest){line_name(&store_lines[i]), one_line, NULL, NULL, l.out};
    }
    t[n++] = (struct CMUnitTest)cmocka_unit_test(a_store_without_fsync_would_be_found_out);
    t[n++] = (struct CMUnitTest)cmocka_unit_test(k14_a_cut_while_the_journal_is_compacted);
    t[n++] = (struct CMUnitTest)cmocka_unit_test(k14_a_cut_after_the_log_was_begun_again);
    t[n++] = (struct CMUnitTest)cmocka_unit_test(count_cuts);
    return _cmocka_run_group_tests("fault_power", t, n, NULL, NULL);
}
