#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/store_kit.h"

#define T KIT_T0

static struct kit k;
static struct err e;

static int start(void **state)
{
    (void)state;
    memset(&e, 0, sizeof(e));
    kit_start(&k);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(kit_findings(k.s), 0);
    kit_stop(&k);
    return 0;
}

static void a_mark_is_the_last_text_set_also_after_a_restart(void **state)
{
    struct store_recovered r;
    char text[32];

    (void)state;
    assert_int_equal(store_mark_get(text, sizeof(text), k.s, "canary", &e), 0);
    assert_string_equal(text, "");
    assert_int_equal(store_mark_set(k.s, "canary", "1", &e), 0);
    assert_int_equal(store_mark_set(k.s, "canary", "2 three", &e), 0);
    assert_int_equal(store_mark_get(text, sizeof(text), k.s, "canary", &e), 1);
    assert_string_equal(text, "2 three");
    assert_int_equal(
        store_mark_get(text, sizeof(text), k.s, "mode", &e), 0); /* not the store's own */
    kit_reopen(&k, &r);
    assert_int_equal(store_mark_get(text, sizeof(text), k.s, "canary", &e), 1);
    assert_string_equal(text, "2 three");
}

static int64_t take(unsigned n, const char *route)
{
    struct in_new x = kit_in(n, T + n);
    struct in_accepted a;

    x.route = route;
    assert_int_equal(store_in_accept(&a, k.s, &x, k.a, &e), 0);
    return a.row;
}

static struct in_claim claim(bool hand_over, const char *route, int64_t now)
{
    struct in_claim c;
    size_t n = 0;

    assert_int_equal(store_in_claim(&c, 1, &n, k.s, hand_over, route, now, 60000, &e), 0);
    assert_int_equal(n, 1);
    return c;
}

static void validate(int64_t now)
{
    struct in_facts f = {.verdict = "valid"};
    struct in_claim c = claim(false, NULL, now);

    assert_int_equal(store_in_validated(k.s, &c, &f, now, &e), 0);
}

static void routes_tell_how_much_waits_and_since_when(void **state)
{
    struct in_route r[4];
    struct in_claim c;
    size_t n = 9;

    (void)state;
    assert_int_equal(store_in_routes(r, 4, &n, k.s, k.a, &e), 0);
    assert_int_equal(n, 0);
    (void)take(1, "b");
    (void)take(2, "a");
    (void)take(3, "b");
    (void)take(4, "b"); /* not validated: nothing to hand over yet */
    validate(T + 10);
    validate(T + 20);
    validate(T + 30);
    assert_int_equal(store_in_routes(r, 4, &n, k.s, k.a, &e), 0);
    assert_int_equal(n, 2);
    assert_string_equal(r[0].name, "a");
    assert_int_equal(r[0].waiting, 1);
    assert_string_equal(r[1].name, "b");
    assert_int_equal(r[1].waiting, 2);
    assert_int_equal(r[1].oldest, T + 10);
    c = claim(true, "a", T + 40);
    assert_int_equal(store_in_taken(k.s, c.row, &c, "push a", T + 41, &e), 0);
    assert_int_equal(store_in_routes(r, 4, &n, k.s, k.a, &e), 0);
    assert_int_equal(n, 1);
}

static void taken_is_handed_over_and_acknowledged_at_once(void **state)
{
    struct in_claim c;
    struct in_row r;
    int64_t row = take(1, "erp");

    (void)state;
    validate(T + 10);
    c = claim(true, "erp", T + 20);
    assert_int_equal(store_in_taken(k.s, row, &c, "push erp", T + 30, &e), 0);
    r = kit_in_get(&k, row);
    assert_int_equal(r.state, IN_ACKNOWLEDGED);
    assert_int_equal(r.handed_at, T + 30);
    assert_int_equal(r.acked_at, T + 30);
    assert_string_equal(r.handed_how, "push erp");
    assert_string_equal(r.acked_by, "push erp");
    assert_int_equal(store_in_taken(k.s, row, &c, "push erp", T + 31, &e), -1);
    assert_string_equal(e.code, "store.lease-lost");
}

static void suspects_are_those_in_validation_when_the_process_ended(void **state)
{
    struct store_recovered r;
    int64_t rows[4], row;
    size_t n = 9;

    (void)state;
    assert_int_equal(store_in_suspects(rows, 4, &n, k.s, &e), 0);
    assert_int_equal(n, 0);
    row = take(1, "a");
    (void)take(2, "a");
    (void)claim(false, NULL, T + 10);
    assert_int_equal(store_in_suspects(rows, 4, &n, k.s, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0], row);
    kit_reopen(&k, &r); /* recovered: due again, no suspect any more */
    assert_int_equal(store_in_suspects(rows, 4, &n, k.s, &e), 0);
    assert_int_equal(n, 0);
    validate(T + 20);
}

static void the_skew_is_the_median_of_the_receipts(void **state)
{
    static const int64_t off[] = {100, 200, 900000, 150, -50}; /* one peer's clock is wrong */
    int64_t ms = 1;
    size_t n = 9;

    (void)state;
    assert_int_equal(store_clock_skew(&ms, &n, k.s, 0, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(ms, 0);
    for (unsigned i = 0; i < 5; i++) {
        struct proof_new p = kit_proof(PROOF_RECEIPTED);
        struct attempt_result r = {.outcome = ATTEMPT_ANSWERED,
            .to = OUT_RECEIPTED,
            .result = "receipt",
            .proof = &p,
            .answer = blob_mem("x", 1),
            .now = T + i};
        struct out_claim c;
        int64_t row = kit_add(&k, i, T + i);
        p.verified_at = T + i;
        p.signal_time = T + i - off[i];
        c = kit_claim(&k, T + i);
        assert_int_equal(c.row, row);
        assert_int_equal(store_attempt_end(NULL, k.s, kit_begin(&k, &c, i + 1, T + i), &r, &e), 0);
    }
    assert_int_equal(store_clock_skew(&ms, &n, k.s, 0, &e), 0);
    assert_int_equal(n, 5);
    assert_int_equal(ms, 150);
    assert_int_equal(store_clock_skew(&ms, &n, k.s, T + 4, &e), 0); /* only the newest counts */
    assert_int_equal(n, 1);
    assert_int_equal(ms, -50);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mark_is_the_last_text_set_also_after_a_restart),
        TEST(routes_tell_how_much_waits_and_since_when),
        TEST(taken_is_handed_over_and_acknowledged_at_once),
        TEST(suspects_are_those_in_validation_when_the_process_ended),
        TEST(the_skew_is_the_median_of_the_receipts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
