/* The next document's claim and place: by itself, and with the commit that ends an attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/out/out_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0

static struct kit k;
static struct out_env env;
static struct err e;

static int start(void **state)
{
    const struct out_flow_cfg cfg = {.window = 1, .open_first = 1000, .open_max = 1000};

    (void)state;
    kit_start(&k);
    env = (struct out_env){.store = k.s, .flow = out_flow_new(&cfg)};
    return env.flow ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(kit_findings(k.s), 0);
    out_flow_free(env.flow);
    kit_stop(&k);
    return 0;
}

static void add(unsigned n, const char *dest)
{
    struct out_new x = kit_out(n, T);
    struct out_added a;

    x.dest = dest;
    assert_int_equal(store_out_add(&a, k.s, &x, &e), 0);
}

static unsigned busy(const char *dest)
{
    struct out_flow_state s;

    out_flow_get(&s, env.flow, dest, 0);
    return s.busy;
}

static struct out_claim claim(void)
{
    struct out_claim c;

    assert_int_equal(out_claim(&c, &env, T, &e), 0);
    return c;
}

/* The attempt of a claimed document ends; the next claim comes with it. */
static struct out_claim end(int64_t attempt, int want)
{
    struct err why = kit_why(ERR_RETRY, "http.timeout");
    struct attempt_result r = {.outcome = ATTEMPT_UNKNOWN,
        .to = OUT_UNKNOWN,
        .result = "timeout",
        .why = &why,
        .next_at = T + 60000,
        .now = T + 10};
    enum out_state ended;
    struct out_claim next;

    assert_int_equal(out_claim_at_end(&next, &env, &ended, attempt, &r, &e), want);
    assert_null(r.next);
    return next;
}

static void a_claim_comes_with_a_place(void **state)
{
    struct out_claim c;

    (void)state;
    assert_int_equal(claim().row, 0);
    add(1, "POP1");
    c = claim();
    assert_string_equal(c.dest, "POP1");
    assert_int_equal(busy("POP1"), 1);
    assert_int_equal(claim().row, 0);
}

static void what_is_given_back_is_due_at_once(void **state)
{
    struct out_claim c;
    int64_t row;

    (void)state;
    add(1, "POP1");
    c = claim();
    row = c.row;
    assert_int_equal(out_unclaim(&env, &c, &e), 0);
    assert_int_equal(busy("POP1"), 0);
    assert_int_equal(kit_get(&k, row).state, OUT_ACCEPTED);
    assert_int_equal(out_claim(&c, &env, INT64_MAX / 2, &e), 0);
    assert_int_equal(c.row, row);
}

static void the_next_one_comes_with_the_end_of_the_attempt(void **state)
{
    struct out_claim c, next;

    (void)state;
    add(1, "POP1");
    add(2, "POP2");
    c = claim();
    next = end(kit_begin(&k, &c, 1, T + 1), 0);
    assert_int_equal(kit_get(&k, c.row).state, OUT_UNKNOWN);
    assert_int_not_equal(next.row, c.row);
    assert_int_equal(busy(next.dest), 1);
    assert_int_equal(busy(c.dest), 1); /* the caller gives it back */
    assert_int_equal(claim().row, 0);
    next = end(kit_begin(&k, &next, 2, T + 11), 0); /* the claim is as good as any */
    assert_int_equal(next.row, 0);
}

static void without_a_place_none_comes(void **state)
{
    struct out_claim c, next;

    (void)state;
    add(1, "POP1");
    add(2, "POP1");
    c = claim();
    next = end(kit_begin(&k, &c, 1, T + 1), 0);
    assert_int_equal(next.row, 0);
    assert_int_equal(busy("POP1"), 1);
    (void)out_flow_leave(env.flow, "POP1", 0, FLOW_NOTHING, -1);
    assert_int_not_equal(claim().row, 0);
}

static void none_comes_with_an_end_that_fails(void **state)
{
    struct out_claim next;

    (void)state;
    add(1, "POP1");
    next = end(4711, -1); /* no such attempt */
    assert_string_equal(e.code, "store.not-found");
    assert_int_equal(next.row, 0);
    assert_int_equal(busy("POP1"), 0);
    assert_int_not_equal(claim().row, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(a_claim_comes_with_a_place),
        TEST(what_is_given_back_is_due_at_once),
        TEST(the_next_one_comes_with_the_end_of_the_attempt),
        TEST(without_a_place_none_comes),
        TEST(none_comes_with_an_end_that_fails),
    };

    return cmocka_run_group_tests_name("out_claim", t, NULL, NULL);
}
