/* The process that starts keyd while threads run; a key that is shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/crypto/key_priv.h"
#include "tests/support/testpki.h"

static struct key_launcher *launcher;

static int open_key(struct key **out, const char *key, struct err *e)
{
    return key_open_keyd(out, launcher, testpki_path(key), testpki_path("ap1.pem"), e);
}

static bool can_sign(struct key *k, struct err *e)
{
    uint8_t digest[HASH_LEN] = {9};
    struct buf sig;
    bool ok;

    buf_init(&sig, 1024);
    ok = key_sign_sha256(k, &sig, digest, e) == 0 &&
         rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n, e) == 0;
    buf_free(&sig);
    return ok;
}

static bool gone(pid_t pid)
{
    for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
        (void)usleep(10000);
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static int start(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    (void)testpki_dir();
    return key_launcher_start(&launcher, &e);
}

static int stop(void **state)
{
    (void)state;
    key_launcher_stop(launcher);
    launcher = NULL;
    return 0;
}

static bool busy;
static char other_pem[256]; /* testpki_path is not for threads */

/* Takes and leaves the locks that a fork would copy. */
static void *keep_busy(void *key)
{
    struct err e = ERR_INIT;

    while (__atomic_load_n(&busy, __ATOMIC_RELAXED)) {
        struct cert *c = NULL;
        if (!can_sign(key, &e) || cert_from_pem_file(&c, other_pem, &e))
            return key;
        cert_unref(c);
    }
    return NULL;
}

static void keys_open_while_threads_work(void **state)
{
    struct err e = ERR_INIT;
    struct key *first, *k;
    void *failed = NULL;
    pthread_t t;

    (void)state;
    assert_int_equal(open_key(&first, "ap1.key", &e), 0);
    (void)snprintf(other_pem, sizeof(other_pem), "%s", testpki_path("ap2.pem"));
    busy = true;
    assert_int_equal(pthread_create(&t, NULL, keep_busy, first), 0);
    for (int i = 0; i < 20; i++) {
        struct err mine = ERR_INIT;
        assert_int_equal(
            key_open_keyd(&k, launcher, testpki_path("ap1.key"), testpki_path("ap1.pem"), &mine),
            0);
        assert_true(can_sign(k, &mine));
        key_close(k);
    }
    __atomic_store_n(&busy, false, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(t, &failed), 0);
    assert_null(failed);
    key_close(first);
}

static void what_is_wrong_with_a_key_is_told_as_without_a_launcher(void **state)
{
    struct err e = ERR_INIT;
    struct key *k = NULL;

    (void)state;
    assert_int_equal(open_key(&k, "ap2.key", &e), -1);
    assert_string_equal(e.code, "key.mismatch");
    assert_int_equal(open_key(&k, "none.key", &e), -1);
    assert_string_equal(e.code, "key.unreadable");
    assert_int_equal(open_key(&k, "ap1.key", &e), 0); /* and the next one is started */
    key_close(k);
}

static void the_last_one_who_lets_go_ends_it(void **state)
{
    struct err e = ERR_INIT;
    struct key *k;
    pid_t pid;

    (void)state;
    assert_int_equal(open_key(&k, "ap1.key", &e), 0);
    pid = k->pid;
    assert_ptr_equal(key_ref(k), k);
    key_close(k);
    assert_true(can_sign(k, &e));
    key_close(k);
    assert_true(gone(pid));
}

/*= RELIABILITY K15 "old config valid; old key still decrypts" */
static void keys_outlive_their_launcher(void **state)
{
    struct err e = ERR_INIT;
    struct key *k, *other;
    pid_t pid;

    (void)state;
    assert_int_equal(open_key(&k, "ap1.key", &e), 0);
    assert_true(can_sign(k, &e));
    assert_int_equal(open_key(&other, "ap1.key", &e), 0);
    pid = other->pid;
    key_close(other);
    key_launcher_stop(launcher);
    launcher = NULL;
    assert_true(can_sign(k, &e));
    assert_true(gone(pid));
    pid = k->pid;
    key_close(k);
    assert_true(gone(pid));
}

static void keys_end_with_the_service(void **state)
{
    pid_t child, keyd = 0;
    int up[2], status;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    assert_int_equal(pipe(up), 0);
    child = fork();
    if (child == 0) {
        struct err e = ERR_INIT;
        struct key *k;
        if (key_launcher_start(&launcher, &e) || open_key(&k, "ap1.key", &e))
            _exit(1);
        (void)!write(up[1], &k->pid, sizeof(k->pid));
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(read(up[0], &keyd, sizeof(keyd)), sizeof(keyd));
    assert_int_equal(waitpid(child, &status, 0), child);
    while (waitpid(-1, &status, WNOHANG) > 0)
        ;
    assert_true(gone(keyd) || waitpid(keyd, &status, 0) == keyd);
    (void)close(up[0]);
    (void)close(up[1]);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test_setup_teardown(keys_open_while_threads_work, start, stop),
        cmocka_unit_test_setup_teardown(
            what_is_wrong_with_a_key_is_told_as_without_a_launcher, start, stop),
        cmocka_unit_test_setup_teardown(the_last_one_who_lets_go_ends_it, start, stop),
        cmocka_unit_test_setup_teardown(keys_outlive_their_launcher, start, stop),
        cmocka_unit_test_setup_teardown(keys_end_with_the_service, start, stop),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
