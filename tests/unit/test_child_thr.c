#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/child.h"

#define SH(text) ((const char *const[]){"/bin/sh", "-c", (text), NULL})

static struct child_end run(const char *const *argv, const char *const *env, int input, int64_t ms)
{
    const struct child_cfg c = {.argv = argv, .env = env, .input = input, .deadline_ms = ms};
    struct child_end end;
    struct err e = ERR_INIT;

    if (child_run(&end, &c, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return end;
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    const char *const argv[] = {"/nonexistent/program", NULL};
    const struct child_cfg c = {.argv = argv, .input = -1, .deadline_ms = 1000};
    struct child_end end;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(child_run(&end, &c, &e), -1);
    assert_string_equal(e.code, "io.exec");
}

static void the_exit_status_and_the_signal_are_told(void **state)
{
    struct child_end end = run(SH("exit 65"), NULL, -1, 10000);

    (void)state;
    assert_int_equal(end.exit, 65);
    assert_int_equal(end.signal, 0);
    end = run(SH("kill -SEGV $$"), NULL, -1, 10000);
    assert_int_equal(end.exit, -1);
    assert_int_equal(end.signal, SIGSEGV);
    assert_false(end.late);
}

/* Gone, or a zombie that nobody reaped yet. */
static bool is_dead(long pid)
{
    for (int i = 0; i < 200; i++) {
        char path[64], line[256] = "", *state;
        FILE *f;
        (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
        if (!(f = fopen(path, "re")))
            return true;
        state = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
        (void)fclose(f);
        if (state && state[2] == 'Z')
            return true;
        (void)usleep(10000);
    }
    return false;
}

static void past_the_deadline_the_whole_group_is_killed(void **state)
{
    struct child_end end = run(SH("sleep 100 & echo $!; wait"), NULL, -1, 300);
    long pid = 0;

    (void)state;
    assert_true(end.late);
    assert_int_equal(end.signal, SIGKILL);
    assert_true(end.ms >= 300 && end.ms < 20000);
    assert_int_equal(sscanf(end.output, "%ld", &pid), 1);
    assert_true(is_dead(pid));
}

static void a_grandchild_that_keeps_the_pipe_is_not_waited_for(void **state)
{
    struct child_end end = run(SH("sleep 3 & echo done"), NULL, -1, 30000);

    (void)state;
    assert_int_equal(end.exit, 0);
    assert_true(end.ms < 2500);
    assert_string_equal(end.output, "done");
}

static void much_output_is_read_and_cut(void **state)
{
    struct child_end end =
        run(SH("head -c 1000000 /dev/zero | tr '\\0' x; echo; exit 3"), NULL, -1, 60000);

    (void)state;
    assert_int_equal(end.exit, 3);
    assert_int_equal(strlen(end.output), CHILD_OUTPUT - 1);
}

static void only_the_environment_given_is_passed_on(void **state)
{
    const char *const env[] = {"A=1 2", NULL};
    struct child_end end = run(SH("echo \"[$A][$HOME]\""), env, -1, 10000);

    (void)state;
    assert_string_equal(end.output, "[1 2][]");
}

static void input_is_read_from_where_it_stands(void **state)
{
    char name[] = "/tmp/aviso-child-XXXXXX";
    int fd = mkstemp(name);
    struct child_end end;

    (void)state;
    assert_true(fd >= 0 && write(fd, "abcdef", 6) == 6 && lseek(fd, 2, SEEK_SET) == 2);
    (void)unlink(name);
    end = run(SH("cat"), NULL, fd, 10000);
    assert_string_equal(end.output, "cdef");
    (void)close(fd);
    end = run(SH("cat"), NULL, -1, 10000);
    assert_string_equal(end.output, "");
}

/* A service blocks signals in all threads; a child must not inherit that. */
static void signals_are_as_a_program_expects_them(void **state)
{
    sigset_t set, old;
    struct child_end end;

    (void)state;
    (void)sigfillset(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, &old);
    end = run(SH("kill -TERM $$; sleep 5; echo survived"), NULL, -1, 10000);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    assert_int_equal(end.signal, SIGTERM);
}

static void *many(void *arg)
{
    const char *const argv[] = {"/bin/sh", "-c", "cat >/dev/null; exit 7", NULL};
    const struct child_cfg c = {.argv = argv, .input = -1, .deadline_ms = 60000};
    size_t *good = arg;
    struct child_end end;

    for (int i = 0; i < 10; i++)
        *good += child_run(&end, &c, NULL) == 0 && end.exit == 7;
    return NULL;
}

static void threads_run_children_side_by_side(void **state)
{
    pthread_t t[4];
    size_t good[4] = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, many, &good[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        (void)pthread_join(t[i], NULL);
        assert_int_equal(good[i], 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(the_exit_status_and_the_signal_are_told),
        cmocka_unit_test(past_the_deadline_the_whole_group_is_killed),
        cmocka_unit_test(a_grandchild_that_keeps_the_pipe_is_not_waited_for),
        cmocka_unit_test(much_output_is_read_and_cut),
        cmocka_unit_test(only_the_environment_given_is_passed_on),
        cmocka_unit_test(input_is_read_from_where_it_stands),
        cmocka_unit_test(signals_are_as_a_program_expects_them),
        cmocka_unit_test(threads_run_children_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
