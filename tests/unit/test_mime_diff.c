/* No message that we take may be read differently by another reader (reliability M4): random
 * changes to legal messages, and Python's email package reads all of those we take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ap/mime/mime.h"

#define MESSAGES 40000
#define BODY_MAX 4096

static const char *const TYPES[] = {
    "multipart/related; boundary=b1",
    "multipart/related; boundary=\"b1\"; type=\"application/soap+xml\"",
    "multipart/related;\tboundary=\"b1\"; start=\"<att@x>\"",
    "multipart/related; boundary=\"b1-\"",
};
static const char *const BODIES[] = {
    "--b1\r\nContent-Type: application/soap+xml\r\nContent-ID: <root@x>\r\n\r\n<soap/>\r\n--b1\r\n"
    "Content-ID: <att@x>\r\nContent-Transfer-Encoding: binary\r\n\r\nDATA\r\n--b1--\r\n",
    "hello\n--b1\nContent-ID: <root@x>\n\n<soap/>\n--b1\nContent-ID:\n <att@x>\n\nDA\r\nTA\n--b1--",
    "--b1 \r\nX-Y: z\r\n more\r\n\r\n\r\n--b1\r\nContent-ID: att%40x\r\n\r\n\r\n\r\n--b1--  "
    "\r\nbye\r\n",
    "--b1-\r\n\r\n<soap/>\r\n--b1-\r\nContent-ID: <att@x>\r\n\r\n--b1\r\n--b1---\r\n",
};
/* what a change puts in: the pieces a reader may trip over */
static const char *const PIECES[] = {"\r\n", "\n", "\r", "--b1", "--b1--", "\r\n--b1\r\n",
    "\n--b1\n", "\r\n\r\n", " ", "\t", ":", "-", "<", ">", "%40", "Content-ID: <c@x>\r\n",
    "\r\n--b1--\r\n", "x", "\xc3\xa9", "Content-Type: text/xml; charset=utf-8\r\n", "\x0c", "\x85"};

static uint64_t state = 88172645463325252ULL;

static size_t below(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 0x2545F4914F6CDD1DULL) >> 33) % n;
}

static size_t change(char *p, size_t n)
{
    const char *piece = PIECES[below(sizeof(PIECES) / sizeof(PIECES[0]))];
    size_t at = below(n + 1), len = strlen(piece), cut = below(4) ? 0 : below(n - at + 1) % 12;

    if (below(5) == 0)
        len = 0;
    memmove(p + at, p + at + cut, n - at - cut);
    n -= cut;
    if (n + len > BODY_MAX)
        return n;
    memmove(p + at + len, p + at, n - at);
    memcpy(p + at, piece, len);
    return n + len;
}

static void put(FILE *f, const void *p, uint64_t n)
{
    assert_int_equal(fwrite(&n, 8, 1, f), 1); /* little-endian, as every machine we build on */
    assert_int_equal(fwrite(p ? p : "", 1, n, f), n);
}

static void put_number(FILE *f, uint64_t n)
{
    assert_int_equal(fwrite(&n, 8, 1, f), 1);
}

/* Told from the first delimiter line, as the reader does. */
static bool is_lf_message(const char *p, size_t n, const char *delim)
{
    struct str s = {p, n};
    size_t at = str_find(s, str_z(delim)), lf;

    while (at < n && at > 0 && p[at - 1] != '\n' && p[at - 1] != '\r')
        at = at + 1 + str_find(str_sub(s, at + 1, n), str_z(delim));
    lf = at + str_find(str_sub(s, at, n), STR("\n"));
    return lf == 0 || p[lf - 1] != '\r';
}

static bool one(FILE *f, const char *type, const char *delim, const char *p, size_t n)
{
    struct arena *a = arena_new(1 << 20);
    struct blob b = blob_mem(p, n);
    struct mime_msg m;
    struct err e = ERR_INIT;
    bool taken;

    assert_non_null(a);
    taken = mime_read(&m, a, &b, str_z(type), &e) == 0;
    if (taken) {
        put_number(f, m.n);
        put(f, type, strlen(type));
        put(f, p, n);
        put_number(f, is_lf_message(p, n, delim));
        for (size_t i = 0; i < m.n; i++) {
            put(f, m.parts[i].content_id.p, m.parts[i].content_id.n);
            put(f, m.parts[i].body.mem, m.parts[i].body.len);
        }
    }
    arena_free(a);
    return taken;
}

static void python_reads_what_we_take_alike(void **unused)
{
    char path[] = "/tmp/aviso-mime-XXXXXX", cmd[256], body[BODY_MAX + 1];
    int fd = mkstemp(path), rc;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    size_t taken = 0;

    (void)unused;
    if (system("python3 -c 'import email' 2>/dev/null") != 0) {
        print_message("[ SKIPPED ] python_reads_what_we_take_alike: no python3\n");
        skip();
    }
    assert_non_null(f);
    for (size_t i = 0; i < MESSAGES; i++) {
        size_t type = below(4), which = type == 3 ? 3 : below(3), n = strlen(BODIES[which]);
        memcpy(body, BODIES[which], n);
        for (size_t k = i < 8 ? 0 : 1 + below(3); k; k--)
            n = change(body, n);
        taken += one(f, TYPES[type], type == 3 ? "--b1-" : "--b1", body, n);
    }
    assert_int_equal(fclose(f), 0);
    print_message("%zu of %d messages taken\n", taken, MESSAGES);
    assert_true(taken > MESSAGES / 20);
    (void)snprintf(cmd, sizeof(cmd), "python3 tests/unit/mime_diff.py %s", path);
    rc = system(cmd);
    (void)unlink(path);
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) == 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(python_reads_what_we_take_alike),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
