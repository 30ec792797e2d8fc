/* Our own key, asked about before each signature: what is learned is kept, what is not known is
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ap/pki/pki_own.h"
#include "tests/support/testpki.h"

static struct pki *p;
static struct key *k;
static struct err e;

/* What the lists say of ap1, and of our CA. */
enum said { GOOD, REVOKED, UNKNOWN, GRACE };
static enum said leaf, ca;

static int lists(void *ctx, const char **how, const struct cert *c, const struct cert *issuer,
    bool received, int64_t now, struct err *err)
{
    enum said s = cert_same(c, key_cert(k)) ? leaf : ca;

    (void)ctx;
    (void)issuer;
    (void)now;
    *how = s == GRACE ? "last-good" : "crl";
    if (s == REVOKED)
        return err_set(err, ERR_PEER, "cert.revoked", "", "revoked");
    if (s == UNKNOWN || (s == GRACE && !received))
        return err_set(err, ERR_RETRY, "cert.revocation-unknown", "", "no list");
    return 0;
}

static int start(void **state)
{
    (void)state;
    p = testpki_open();
    k = testpki_key_file("ap1");
    pki_set_revocation(p, lists, NULL);
    leaf = ca = GOOD;
    memset(&e, 0, sizeof(e));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    key_close(k);
    pki_close(p);
    return 0;
}

static void may(const char *send, const char *answer)
{
    memset(&e, 0, sizeof(e));
    assert_int_equal(pki_own_may_send(p, k, TESTPKI_NOW, &e), send ? -1 : 0);
    assert_string_equal(e.code, send ? send : "");
    memset(&e, 0, sizeof(e));
    assert_int_equal(pki_own_may_answer(p, k, TESTPKI_NOW, &e), answer ? -1 : 0);
    assert_string_equal(e.code, answer ? answer : "");
    assert_int_equal(e.class, answer ? ERR_RETRY : ERR_NONE);
    assert_string_equal(e.ebms, ""); /* our trouble, nothing to tell a peer in ebMS */
}

static void a_key_that_nobody_looked_at_yet_signs_nothing_once_revoked(void **state)
{
    (void)state;
    assert_int_equal(key_check_usable(k, TESTPKI_NOW, &e), 0); /* as it is opened */
    leaf = REVOKED;
    assert_int_equal(pki_own_may_answer(p, k, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "key.revoked");
    key_set_revoked(k, false);
    assert_int_equal(pki_own_may_send(p, k, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "key.revoked");
    assert_int_equal(key_check_usable(k, TESTPKI_NOW, &e), -1); /* told to the key */
}

static void a_revoked_authority_of_ours_is_as_bad(void **state)
{
    (void)state;
    ca = REVOKED;
    may("key.revoked", "key.revoked");
}

/*= PEPPOL-PKI 4 "unknown is not good" */
static void what_cannot_be_found_out_gives_no_receipt_and_holds_nothing_that_is_sent(void **state)
{
    (void)state;
    leaf = UNKNOWN;
    may(NULL, "key.revocation-unknown");
    leaf = GOOD;
    ca = UNKNOWN;
    may(NULL, "key.revocation-unknown");
    ca = GOOD;
    may(NULL, NULL);
}

static void what_was_learned_is_not_forgotten_when_the_lists_are_away(void **state)
{
    (void)state;
    leaf = REVOKED;
    assert_int_equal(pki_own_look(p, k, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "cert.revoked");
    leaf = UNKNOWN;
    assert_int_equal(pki_own_look(p, k, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "cert.revocation-unknown");
    may("key.revoked", "key.revoked");
    leaf = GOOD; /* it was on hold */
    may(NULL, NULL);
}

static void a_soft_policy_gives_receipts_by_the_last_good_list(void **state)
{
    (void)state;
    leaf = GRACE;
    may(NULL, NULL);
    ca = GRACE;
    may(NULL, NULL);
}

static void an_end_of_validity_is_told_as_such_whatever_the_lists_say(void **state)
{
    int64_t late = key_cert(k)->not_after + 1000;

    (void)state;
    leaf = UNKNOWN;
    assert_int_equal(pki_own_may_answer(p, k, late, &e), -1);
    assert_string_equal(e.code, "key.expired");
    assert_int_equal(pki_own_may_send(p, k, late, &e), -1);
    assert_string_equal(e.code, "key.expired");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(a_key_that_nobody_looked_at_yet_signs_nothing_once_revoked),
        TEST(a_revoked_authority_of_ours_is_as_bad),
        TEST(what_cannot_be_found_out_gives_no_receipt_and_holds_nothing_that_is_sent),
        TEST(what_was_learned_is_not_forgotten_when_the_lists_are_away),
        TEST(a_soft_policy_gives_receipts_by_the_last_good_list),
        TEST(an_end_of_validity_is_told_as_such_whatever_the_lists_say),
    };

    return cmocka_run_group_tests(t, NULL, NULL);
}
