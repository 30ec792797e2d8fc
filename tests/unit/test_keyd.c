#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/crypto/keyd_priv.h"
#include "tests/support/testpki.h"

static struct err e;

static struct key *open_keyd(const char *name)
{
    char k[32], c[32];
    struct key *out = NULL;

    (void)snprintf(k, sizeof(k), "%s.key", name);
    (void)snprintf(c, sizeof(c), "%s.pem", name);
    if (key_open_keyd(&out, NULL, testpki_path(k), testpki_path(c), &e))
        fail_msg("%s: %s", e.code, e.msg);
    return out;
}

static bool can_sign(struct key *k)
{
    uint8_t digest[HASH_LEN] = {9};
    struct buf sig;
    bool ok;

    buf_init(&sig, 1024);
    ok = key_sign_sha256(k, &sig, digest, &e) == 0 &&
         rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n, &e) == 0;
    buf_free(&sig);
    return ok;
}

static void wrong_or_missing_key_is_told_at_start(void **state)
{
    struct key *k = NULL;

    (void)state;
    assert_int_equal(
        key_open_keyd(&k, NULL, testpki_path("ap2.key"), testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.mismatch");
    assert_int_equal(e.class, ERR_CONFIG);
    assert_int_equal(key_open_keyd(&k, NULL, "/nonexistent.key", testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.unreadable");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no process left behind */
    assert_int_equal(errno, ECHILD);
}

static void signs_and_unwraps_as_the_key_itself(void **state)
{
    struct key *k = open_keyd("ap1");
    uint8_t cek[16] = {4, 5, 6}, out[KEY_CEK_MAX];
    struct err first = ERR_INIT;
    struct buf ct;
    size_t n = 0;

    (void)state;
    assert_true(can_sign(k));
    buf_init(&ct, 1024);
    assert_int_equal(oaep_wrap(&ct, key_cert(k), cek, sizeof(cek), &e), 0);
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, ct.n, &e), 0);
    assert_int_equal(n, 16);
    assert_memory_equal(out, cek, 16);
    ct.p[100] ^= 1;
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, ct.n, &first), -1);
    assert_string_equal(first.code, "key.unwrap");
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, 17, &e), -1);
    assert_memory_equal(&e, &first, sizeof(e));
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, 0, &e), -1);
    assert_memory_equal(&e, &first, sizeof(e));
    assert_true(can_sign(k));
    assert_true(key_cpu_us(k) > 0);
    buf_free(&ct);
    key_close(k);
}

/* Send this packet; keyd must end, and the key say so. */
static void ends_on(const void *p, size_t n)
{
    struct key *k = open_keyd("ap1");
    char c;

    assert_int_equal(send(k->fd, p, n, MSG_NOSIGNAL), n);
    assert_int_equal(recv(k->fd, &c, 1, 0), 0);
    assert_false(can_sign(k));
    assert_string_equal(e.code, "key.unavailable");
    assert_int_equal(e.class, ERR_RETRY);
    assert_false(can_sign(k));
    assert_string_equal(e.code, "key.unavailable");
    key_close(k);
}

static void ends_on_any_request_but_the_two(void **state)
{
    struct {
        uint32_t op, len;
        uint8_t data[4000];
    } q = {0};

    (void)state;
    const struct {
        uint32_t op, len;
        size_t sent;
    } bad[] = {
        {3, 32, 40},
        {0, 32, 40},
        {0xffffffff, 0, 8}, /* a third kind */
        {KEYD_SIGN, 31, 39},
        {KEYD_SIGN, 33, 41},
        {KEYD_SIGN, 0, 8}, /* no digest */
        {KEYD_SIGN, 32, 39},
        {KEYD_SIGN, 32, 41}, /* other than it says */
        {KEYD_UNWRAP, 0, 8},
        {KEYD_UNWRAP, 1025, 1033},
        {KEYD_UNWRAP, 0xffffffff, 40},
        {KEYD_SIGN, 32, 4},
        {KEYD_SIGN, 32, 1},
        {KEYD_UNWRAP, 256, 4000},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        q.op = bad[i].op;
        q.len = bad[i].len;
        ends_on(&q, bad[i].sent);
    }
}

static void outlives_the_signals_of_a_terminal_but_not_kill(void **state)
{
    struct key *k = open_keyd("ap1");
    static const int soft[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE, SIGALRM};

    (void)state;
    for (size_t i = 0; i < sizeof(soft) / sizeof(*soft); i++)
        assert_int_equal(kill(k->pid, soft[i]), 0);
    assert_true(can_sign(k));
    assert_int_equal(kill(k->pid, SIGKILL), 0);
    assert_false(can_sign(k));
    assert_string_equal(e.code, "key.unavailable");
    key_close(k);
}

static void ends_with_its_parent(void **state)
{
    int up[2], status;
    pid_t child, keyd = 0;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    (void)testpki_dir();
    assert_int_equal(pipe(up), 0);
    child = fork();
    if (child == 0) {
        struct key *k = open_keyd("ap1");
        int leak = dup(k->fd); /* a socket kept open somewhere does not keep it alive */
        (void)leak;
        (void)!write(up[1], &k->pid, sizeof(k->pid));
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(read(up[0], &keyd, sizeof(keyd)), sizeof(keyd));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(waitpid(keyd, &status, 0), keyd);
    (void)close(up[0]);
    (void)close(up[1]);
}

static bool status_says(pid_t pid, const char *line)
{
    char path[64];
    struct buf b;
    bool yes;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    buf_init(&b, 1 << 16);
    assert_int_equal(fsx_read_file(&b, path, &e), 0);
    yes = strstr(b.p, line) != NULL;
    buf_free(&b);
    return yes;
}

static void is_confined_and_keeps_no_descriptor_but_its_socket(void **state)
{
    int canary = open("/dev/zero", O_RDONLY); /* not close-on-exec: must not reach keyd */
    struct key *k = open_keyd("ap1");
    char path[64];
    struct stat st;

    (void)state;
    assert_true(status_says(k->pid, "NoNewPrivs:\t1"));
    assert_true(status_says(k->pid, "Seccomp:\t2"));
    assert_true(status_says(k->pid, "Name:\taviso-keyd"));
    for (int fd = 4; fd < 64 && geteuid() == 0; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)k->pid, fd);
        assert_int_equal(lstat(path, &st), -1);
    }
    (void)close(canary);
    key_close(k);
}

/* Not even its own user may look into it. Runs as nobody when the tests run as root. */
static int peek(void)
{
    static const char *const files[] = {"maps", "mem", "environ", "smaps", "auxv"};
    char path[64], byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    struct key *k;
    int bad = 0;

    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        return 100;
    if (key_open_keyd(&k, NULL, testpki_path("ap1.key"), testpki_path("ap1.pem"), &e))
        return 101;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)k->pid, files[i]);
        if (open(path, O_RDONLY) >= 0 || errno != EACCES)
            bad++;
    }
    if (ptrace(PTRACE_ATTACH, k->pid, 0, 0) == 0)
        bad += 10;
    if (process_vm_readv(k->pid, &here, 1, &there, 1, 0) >= 0)
        bad += 20;
    if (!can_sign(k))
        bad += 40;
    key_close(k);
    return bad;
}

static void its_memory_is_closed_to_its_own_user(void **state)
{
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(chmod(testpki_dir(), 0755), 0);
    child = fork();
    if (child == 0)
        _exit(peek());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(testpki_dir(), 0700), 0);
}

static void do_open(void)
{
    (void)open("/dev/null", O_RDONLY);
}
static void do_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}
static void do_exec(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
}
static void do_fork(void)
{
    (void)fork();
}
static void do_kill(void)
{
    (void)kill(getppid(), 0);
}
static void do_dump(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1);
}

/* The filter is tried, not believed: each of these must end the process with SIGSYS. */
static void any_other_system_call_kills_it(void **state)
{
    static void (*const acts[])(void) = {do_open, do_socket, do_exec, do_fork, do_kill, do_dump};

    (void)state;
    for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            if (!keyd_confine(&e))
                acts[i]();
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

/* Long enough for OpenSSL to reseed, malloc to grow and the blinding to be renewed under the
 * filter. */
static void goes_on_for_thousands_of_requests(void **state)
{
    struct key *k = open_keyd("ap1");
    uint8_t ct[256] = {1}, out[KEY_CEK_MAX];
    size_t n;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        assert_true(can_sign(k));
        ct[5] = (uint8_t)i;
        assert_int_equal(key_unwrap_oaep(k, out, &n, ct, sizeof(ct), &e), -1);
        assert_string_equal(e.code, "key.unwrap");
    }
    key_close(k);
}

/*= RELIABILITY P10 "HSM gone, PIN locked: receive answers retryable; queue waits; alarm" */
static void one_that_stands_still_costs_a_deadline_and_no_wrong_answer(void **state)
{
    struct key *k = open_keyd("ap1");
    uint8_t cek[16] = {7}, out[KEY_CEK_MAX];
    int64_t start = clock_mono();
    struct buf ct;
    size_t n = 0;

    (void)state;
    buf_init(&ct, 1024);
    assert_int_equal(oaep_wrap(&ct, key_cert(k), cek, sizeof(cek), &e), 0);
    k->wait_ms = 200;
    assert_int_equal(kill(k->pid, SIGSTOP), 0);
    for (int i = 0; i < 3; i++) {
        assert_false(can_sign(k));
        assert_string_equal(e.code, "key.timeout");
        assert_int_equal(e.class, ERR_RETRY);
    }
    assert_true(clock_mono() - start >= 600);
    k->wait_ms = KEYD_WAIT_MS;
    assert_int_equal(kill(k->pid, SIGCONT), 0);
    /* the signature it owed is not taken for the content key */
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, ct.n, &e), 0);
    assert_int_equal(n, 16);
    assert_memory_equal(out, cek, 16);
    assert_true(can_sign(k));
    buf_free(&ct);
    key_close(k);
}

static void *sign_in_thread(void *k)
{
    struct err mine = ERR_INIT;
    uint8_t digest[HASH_LEN] = {1};
    struct buf sig;
    int rc;

    buf_init(&sig, 1024);
    rc = key_sign_sha256(k, &sig, digest, &mine);
    buf_free(&sig);
    return rc && strcmp(mine.code, "key.timeout") == 0 ? k : NULL;
}

static void all_who_wait_for_one_that_stands_still_are_told_together(void **state)
{
    struct key *k = open_keyd("ap1");
    int64_t start = clock_mono();
    pthread_t t[8];
    void *timed_out;

    (void)state;
    k->wait_ms = 1000;
    assert_int_equal(kill(k->pid, SIGSTOP), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&t[i], NULL, sign_in_thread, k), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(t[i], &timed_out), 0);
        assert_ptr_equal(timed_out, k);
    }
    assert_true(clock_mono() - start < 6000); /* one after another would be 8 s */
    key_close(k);                             /* ends it all the same */
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(wrong_or_missing_key_is_told_at_start),
        cmocka_unit_test(signs_and_unwraps_as_the_key_itself),
        cmocka_unit_test(ends_on_any_request_but_the_two),
        cmocka_unit_test(outlives_the_signals_of_a_terminal_but_not_kill),
        cmocka_unit_test(ends_with_its_parent),
        cmocka_unit_test(is_confined_and_keeps_no_descriptor_but_its_socket),
        cmocka_unit_test(its_memory_is_closed_to_its_own_user),
        cmocka_unit_test(any_other_system_call_kills_it),
        cmocka_unit_test(one_that_stands_still_costs_a_deadline_and_no_wrong_answer),
        cmocka_unit_test(all_who_wait_for_one_that_stands_still_are_told_together),
        cmocka_unit_test(goes_on_for_thousands_of_requests),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
