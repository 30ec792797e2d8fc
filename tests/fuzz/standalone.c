/* standalone.c - runs a fuzz target over its corpus without libFuzzer, so that `make check` does it
 * with gcc and ASan.
 *
 * Each seed is given as it is, cut at several lengths, and with a fixed number of small
 * deterministic changes, so a failure comes back with the same seed. An input that fails is left in
 * the current folder as crash-standalone. usage: corpus_NAME [-m CHANGES] FOLDER */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;
static uint8_t seed[INPUT_MAX], work[INPUT_MAX];
static unsigned long runs;

static size_t below(size_t n) /* xorshift64*: the same sequence on every run */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return n ? (size_t)((state * 0x2545F4914F6CDD1DULL) >> 33) % n : 0;
}

/* A heap copy of the exact size, so that ASan sees a read one byte past the end. */
static void run(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    if (!copy) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    if (n)
        memcpy(copy, p, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    runs++;
}

static size_t change(size_t n)
{
    static const uint8_t odd[] = {0, 0xff, '<', '>', '&', '"', '\r', '\n', '-', '{', '[', 0x80};
    size_t times = 1 + below(4);

    for (size_t i = 0; i < times && n; i++) {
        size_t at = below(n), len = below(n - at < 64 ? n - at : 64);

        switch (below(5)) {
        case 0:
            work[at] = (uint8_t)(work[at] ^ (1u << below(8)));
            break;
        case 1:
            work[at] = odd[below(sizeof odd)];
            break;
        case 2: /* drop a piece */
            memmove(work + at, work + at + len, n - at - len);
            n -= len;
            break;
        case 3: /* say a piece twice */
            if (n + len <= INPUT_MAX) {
                memmove(work + at + len, work + at, n - at);
                n += len;
            }
            break;
        default: /* copy a piece over another */
            memmove(work + at, work + below(n - len), len);
        }
    }
    return n;
}

static int run_file(const char *dir, const char *name, unsigned long changes)
{
    char path[4096];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    n = fread(seed, 1, sizeof seed, f);
    fclose(f);
    fprintf(stderr, "seed %s\n", name);
    state = 88172645463325252ULL;
    run(seed, n);
    for (size_t cut = 1; cut < n; cut += 1 + n / 16)
        run(seed, cut);
    for (unsigned long i = 0; i < changes; i++) {
        memcpy(work, seed, n);
        run(work, change(n));
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long changes = 0, files = 0;
    const char *dir;
    struct dirent *d;
    DIR *h;

    if (argc == 4 && strcmp(argv[1], "-m") == 0)
        changes = strtoul(argv[2], NULL, 10);
    dir = argc > 1 ? argv[argc - 1] : ".";
    h = opendir(dir);
    if (!h) {
        perror(dir);
        return 1;
    }
    run(seed, 0);
    while ((d = readdir(h)) != NULL) {
        if (d->d_name[0] == '.')
            continue;
        if (run_file(dir, d->d_name, changes) != 0)
            return 1;
        files++;
    }
    closedir(h);
    printf("%s: %lu seeds, %lu inputs\n", dir, files, runs);
    return files ? 0 : 1;
}
