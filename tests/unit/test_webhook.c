#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/http/webhook.h"

static int read_text(struct webhook_secrets *out, const char *text, struct err *e)
{
    char name[] = "/tmp/aviso-secret-XXXXXX";
    int fd = mkstemp(name), rc;

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    rc = webhook_read(out, name, e);
    (void)unlink(name);
    return rc;
}

static void bad_secrets_are_refused(void **state)
{
    static const char *const bad[] = {"", "\n\n", "short", "whsec_!!!!", "whsec_c2hvcnQ=",
        "0123456789abcdef\n0123456789abcdef\n0123456789abcdef\n0123456789abcdef\n0123456789abcdef"};
    struct webhook_secrets s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e = ERR_INIT;
        if (read_text(&s, bad[i], &e) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(s.n, 0);
    }
    assert_int_equal(webhook_read(&s, "/nonexistent", NULL), -1);
}

/* The example that implementations of Standard Webhooks share. */
static void the_published_example_is_signed_alike(void **state)
{
    struct blob body = blob_str(STR("{\"test\": 2432232314}"));
    struct webhook_headers h;
    struct webhook_secrets s;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(read_text(&s, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", &e), 0);
    assert_int_equal(
        webhook_sign(&h, &s, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330000, &body, &e), 0);
    assert_string_equal(h.id, "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_string_equal(h.timestamp, "webhook-timestamp: 1614265330");
    assert_string_equal(
        h.signature, "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void during_a_change_both_secrets_sign(void **state)
{
    struct blob body = blob_str(STR("{\"test\": 2432232314}"));
    struct webhook_headers h;
    struct webhook_secrets s;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(
        read_text(&s, "a new secret of text\r\n\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &e), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(
        webhook_sign(&h, &s, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330000, &body, &e), 0);
    assert_non_null(strstr(h.signature, ": v1,"));
    assert_non_null(strstr(h.signature, "= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    webhook_wipe(&s);
    assert_int_equal(s.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_secrets_are_refused),
        cmocka_unit_test(the_published_example_is_signed_alike),
        cmocka_unit_test(during_a_change_both_secrets_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
