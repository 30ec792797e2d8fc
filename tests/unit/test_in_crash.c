/* Which message a process died of, seen by the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/in/in_crash.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define DAY ((int64_t)86400 * 1000)

static char dir[] = "/tmp/aviso-crash-XXXXXX";

static int start(void **state)
{
    (void)state;
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    return mkdtemp(dir) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    kit_remove(dir);
    return 0;
}

static struct in_crash *opened(int64_t now)
{
    struct in_crash *c;
    struct err e = ERR_INIT;

    if (in_crash_open(&c, dir, 4, now, &e))
        fail_msg("%s", e.msg);
    return c;
}

static struct blob body(const char *id)
{
    static char text[200];

    return blob_mem(text, (size_t)snprintf(text, sizeof(text), "<eb:MessageId>%s</", id));
}

static int deeper(int n)
{
    volatile char room[4096];

    room[0] = (char)n;
    return n ? deeper(n + 1) + room[0] : 0;
}

/* A process that reads one message and ends by that signal; 0: it only holds it and is killed. */
static void die_of(const char *id, int sig, int64_t now)
{
    struct in_crash_note n;
    struct blob b = body(id);
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct in_crash *c = opened(now);
        if (!in_crash_enter(c, &b, "192.0.2.7", now, &n))
            _exit(1);
        if (sig == SIGSEGV)
            _exit(deeper(1)); /* the stack is used up */
        (void)raise(sig ? sig : SIGKILL);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), sig ? sig : SIGKILL);
}

static bool takes(const char *id, int64_t now, struct in_crash_note *n)
{
    struct in_crash *c = opened(now);
    struct blob b = body(id);
    bool yes = in_crash_enter(c, &b, "192.0.2.7", now, n);

    if (yes)
        in_crash_leave(c);
    in_crash_close(c);
    return yes;
}

static void a_killed_process_accuses_nothing(void **state)
{
    struct in_crash *c;
    struct in_crash_note n;

    (void)state;
    for (int i = 0; i < 3; i++)
        die_of("innocent@peer", 0, T);
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 0);
    in_crash_close(c);
    assert_true(takes("innocent@peer", T, &n));
}

static void a_crash_is_told_once_and_the_second_refuses_it_for_a_day(void **state)
{
    struct in_crash *c;
    struct in_crash_note n;

    (void)state;
    die_of("evil@peer", SIGABRT, T);
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 1);
    assert_string_equal(n.remote, "192.0.2.7");
    assert_string_equal(n.message_id, "evil@peer");
    assert_int_equal(n.signal, SIGABRT);
    assert_int_equal(n.times, 1);
    assert_int_equal(in_crash_next(&n, c), 0);
    in_crash_close(c);
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 0);
    in_crash_close(c);
    assert_true(takes("evil@peer", T, &n));
    die_of("evil@peer", SIGABRT, T);
    assert_false(takes("evil@peer", T, &n));
    assert_int_equal(n.times, 2);
    assert_true(takes("other@peer", T, &n));
    assert_false(takes("evil@peer", T + DAY - 1, &n));
    assert_true(takes("evil@peer", T + DAY, &n));
}

static void a_used_up_stack_is_noted_too(void **state)
{
    struct rlimit small = {256 * 1024, RLIM_INFINITY};
    struct in_crash *c;
    struct in_crash_note n;

    (void)state;
    (void)setrlimit(RLIMIT_STACK, &small);
    die_of("deep@peer", SIGSEGV, T);
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 1);
    assert_int_equal(n.signal, SIGSEGV);
    in_crash_close(c);
}

static void only_the_message_of_the_thread_that_crashed_is_accused(void **state)
{
    struct in_crash *c;
    struct in_crash_note n;
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        struct blob b = body("before@peer");
        c = opened(T);
        if (in_crash_enter(c, &b, "192.0.2.7", T, &n))
            in_crash_leave(c);
        abort(); /* of something else */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 0);
    in_crash_close(c);
}

static void more_messages_than_slots_are_read_unnoted(void **state)
{
    struct in_crash *c = opened(T);
    struct in_crash_note n;
    struct blob b = body("many@peer");

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_true(in_crash_enter(c, &b, "192.0.2.7", T, &n));
    in_crash_close(c);
}

static void a_file_of_another_layout_is_begun_anew(void **state)
{
    struct in_crash_note n;
    char path[64];
    FILE *f;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/receiving", dir);
    f = fopen(path, "w");
    for (int i = 0; i < 30000; i++)
        (void)fputc(0xee, f);
    assert_int_equal(fclose(f), 0);
    assert_true(takes("any@peer", T, &n));
}

/* Of our layout, and all else of it lost with the power. */
static void a_file_whose_texts_do_not_end_is_read_within_their_bounds(void **state)
{
    struct in_crash_note n;
    struct in_crash *c;
    char path[64];
    FILE *f;

    (void)state;
    in_crash_close(opened(T)); /* it has the magic number now */
    (void)snprintf(path, sizeof(path), "%s/receiving", dir);
    f = fopen(path, "r+");
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long size = ftell(f);
    assert_int_equal(fseek(f, 4, SEEK_SET), 0);
    for (long i = 4; i < size; i++)
        (void)fputc('x', f);
    assert_int_equal(fclose(f), 0);
    c = opened(T);
    assert_int_equal(in_crash_next(&n, c), 1);
    assert_int_equal(strnlen(n.key, sizeof(n.key)), sizeof(n.key) - 1);
    assert_int_equal(strnlen(n.remote, sizeof(n.remote)), sizeof(n.remote) - 1);
    assert_int_equal(strnlen(n.message_id, sizeof(n.message_id)), sizeof(n.message_id) - 1);
    in_crash_close(c);
    assert_true(takes("any@peer", T, &n));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest t[] = {
        TEST(a_killed_process_accuses_nothing),
        TEST(a_crash_is_told_once_and_the_second_refuses_it_for_a_day),
        TEST(a_used_up_stack_is_noted_too),
        TEST(only_the_message_of_the_thread_that_crashed_is_accused),
        TEST(more_messages_than_slots_are_read_unnoted),
        TEST(a_file_of_another_layout_is_begun_anew),
        TEST(a_file_whose_texts_do_not_end_is_read_within_their_bounds),
    };

    return cmocka_run_group_tests_name("in-crash", t, NULL, NULL);
}
