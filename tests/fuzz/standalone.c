/* standalone.c - runs a fuzz target over its corpus without libFuzzer, so that `make check` does it
 * with gcc and ASan.
 *
 * Every seed is given as it is and cut at several lengths; then, as long as SECONDS last, seeds
 * with small changes drawn from a fixed sequence, so that a failure comes back. On a failure the
 * last line on standard error names the seed and the number of the change. usage: corpus_NAME
 * CHANGES SECONDS FOLDER */
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

static int load(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");

    if (!f) {
        perror(path);
        return -1;
    }
    *n = fread(seed, 1, sizeof seed, f);
    fclose(f);
    return 0;
}

static void run_as_it_is(const char *path, size_t n)
{
    fprintf(stderr, "%s as it is\n", path);
    run(seed, n);
    for (size_t cut = 1; cut < n; cut += 1 + n / 16)
        run(seed, cut);
}

static void run_changed(const char *path, size_t n, unsigned long changes, time_t until)
{
    fprintf(stderr, "%s changed\n", path);
    state = 88172645463325252ULL;
    for (unsigned long i = 0; i < changes && time(NULL) < until; i++) {
        memcpy(work, seed, n);
        run(work, change(n));
    }
}

int main(int argc, char **argv)
{
    unsigned long changes, files = 0;
    struct dirent **list;
    char path[4096];
    time_t until;
    int n;

    if (argc != 4 || (n = scandir(argv[3], &list, NULL, alphasort)) < 0) {
        perror(argc == 4 ? argv[3] : "usage: corpus_NAME CHANGES SECONDS FOLDER");
        return 1;
    }
    changes = strtoul(argv[1], NULL, 10);
    until = time(NULL) + (time_t)strtoul(argv[2], NULL, 10);
    run(seed, 0);
    for (int i = 0; i < 2 * n; i++) { /* all seeds as they are, then all with changes */
        size_t size;

        if (list[i % n]->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[3], list[i % n]->d_name);
        if (load(path, &size) != 0)
            return 1;
        if (i < n) {
            run_as_it_is(path, size);
            files++;
        } else {
            run_changed(path, size, changes, until);
        }
    }
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
    printf("%lu seeds, %lu inputs\n", files, runs);
    return files ? 0 : 1;
}
