/* What holds for one document: configuration, access point, receiver; the nearer wins, a hold of
 * either holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ap/out/out_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define RECEIVER "iso6523-actorid-upis::0208:0403170701"
#define SEAT "POP000002"

static struct kit k;
static struct err e;
static struct out_env env;
static struct out_terms terms;

static int start(void **state)
{
    (void)state;
    kit_start(&k);
    env = (struct out_env){.store = k.s, .policy = {.deliver_by = 1000, .unknown_resend = true}};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    out_flow_free(env.flow);
    kit_stop(&k);
    return 0;
}

static void put(const char *name, int unknown, enum proof_level require, int64_t wait)
{
    const struct store_partner p = {
        .name = name, .unknown_resend = unknown, .require = require, .wait_ms = wait, .window = 1};

    assert_int_equal(store_partner_put(k.s, &p, T, &e), 0);
}

static void read_terms(const char *seat)
{
    assert_int_equal(out_terms_read(&terms, &env, RECEIVER, seat, k.a, &e), 0);
}

static void without_terms_the_configuration_holds(void **state)
{
    (void)state;
    read_terms(SEAT);
    assert_true(terms.policy.unknown_resend);
    assert_int_equal(terms.policy.deliver_by, 1000);
    assert_int_equal(terms.require, PROOF_NONE);
    assert_string_equal(terms.holder, "");
}

static void the_receivers_terms_win_over_its_access_points(void **state)
{
    (void)state;
    put(SEAT, 0, PROOF_HANDED_OVER, 2000);
    read_terms(SEAT);
    assert_false(terms.policy.unknown_resend);
    assert_int_equal(terms.policy.deliver_by, 2000);
    assert_int_equal(terms.require, PROOF_HANDED_OVER);
    put(RECEIVER, 1, PROOF_NONE, 3000);
    read_terms(SEAT);
    assert_true(terms.policy.unknown_resend);
    assert_int_equal(terms.policy.deliver_by, 3000);
    assert_int_equal(terms.require, PROOF_HANDED_OVER); /* the higher one */
    read_terms("");                                     /* not looked up yet: only the receiver's */
    assert_int_equal(terms.require, PROOF_NONE);
}

static void a_hold_of_either_holds(void **state)
{
    unsigned long n;

    (void)state;
    assert_int_equal(store_partner_hold(k.s, SEAT, "me", "they asked", T, &e), 0);
    read_terms("");
    assert_string_equal(terms.holder, "");
    read_terms(SEAT);
    assert_string_equal(terms.holder, PARTNER_HOLDER SEAT);
    assert_string_equal(terms.held_why, "they asked");
    assert_int_equal(store_partner_release(&n, k.s, SEAT, "me", T, &e), 0);
    assert_int_equal(store_partner_hold(k.s, RECEIVER, "me", NULL, T, &e), 0);
    read_terms(SEAT);
    assert_string_equal(terms.holder, PARTNER_HOLDER RECEIVER);
}

static void a_window_of_a_partner_is_kept_by_the_flow(void **state)
{
    const struct out_flow_cfg cfg = {.open_first = 1000, .open_max = 1000};
    int64_t again;

    (void)state;
    env.flow = out_flow_new(&cfg);
    put(SEAT, PARTNER_UNSET, PROOF_NONE, 0);
    assert_true(out_flow_enter(env.flow, SEAT, false, 0, &again));
    read_terms(SEAT);
    assert_false(out_flow_enter(env.flow, SEAT, false, 0, &again));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(without_terms_the_configuration_holds),
        TEST(the_receivers_terms_win_over_its_access_points),
        TEST(a_hold_of_either_holds),
        TEST(a_window_of_a_partner_is_kept_by_the_flow),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
