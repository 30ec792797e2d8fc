/* Windows and circuits: what goes to one destination at once, and when nothing does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/out/out_flow.h"
#include "ap/store/store_circuit.h"
#include "tests/support/store_kit.h"

#define S 1000ll
#define MINUTE (60 * S)

static const struct out_flow_cfg cfg = {
    .window = 10, .open_first = 30 * S, .open_max = 30 * MINUTE, .after_max = 60 * MINUTE};

static int start(void **state)
{
    *state = out_flow_new(&cfg);
    return *state ? 0 : -1;
}

static int stop(void **state)
{
    out_flow_free(*state);
    return 0;
}

static bool enter(struct out_flow *f, const char *key, int64_t now)
{
    int64_t again;

    return out_flow_enter(f, key, false, now, &again);
}

static unsigned places(struct out_flow *f, const char *key, int64_t now)
{
    unsigned n = 0;

    while (enter(f, key, now))
        n++;
    for (unsigned i = 0; i < n; i++)
        (void)out_flow_leave(f, key, now, FLOW_NOTHING, -1);
    return n;
}

static void once(struct out_flow *f, const char *key, int64_t now, enum out_flow_news news)
{
    assert_true(enter(f, key, now));
    (void)out_flow_leave(f, key, now, news, -1);
}

static void a_window_grows_with_answers_to_its_limit(void **state)
{
    struct out_flow *f = *state;

    assert_int_equal(places(f, "ap", 0), FLOW_START);
    once(f, "ap", 0, FLOW_ANSWER);
    assert_int_equal(places(f, "ap", 0), FLOW_START + 1);
    for (int i = 0; i < 50; i++)
        once(f, "ap", 0, FLOW_ANSWER);
    assert_int_equal(places(f, "ap", 0), 10);
}

static void a_fault_halves_it_and_others_are_not_touched(void **state)
{
    struct out_flow *f = *state;

    once(f, "bad", 0, FLOW_FAULT);
    assert_int_equal(places(f, "bad", 0), 2);
    once(f, "bad", 0, FLOW_FAULT);
    assert_int_equal(places(f, "bad", 0), 1);
    assert_int_equal(places(f, "good", 0), FLOW_START);
}

static void a_full_window_says_when_another_leaves(void **state)
{
    int64_t again = 7;

    for (int i = 0; i < FLOW_START; i++)
        assert_true(enter(*state, "ap", 0));
    assert_false(out_flow_enter(*state, "ap", false, 0, &again));
    assert_int_equal(again, 0);
    (void)out_flow_leave(*state, "ap", 0, FLOW_NOTHING, -1);
    assert_true(enter(*state, "ap", 0));
}

/* Q6: who asks at any moment must not be before who was turned away and waits for its turn. */
static void q6_the_next_place_is_kept_for_urgent_mail(void **state)
{
    int64_t again;

    for (int i = 0; i < FLOW_START; i++)
        assert_true(out_flow_enter(*state, "ap", false, 0, &again));
    assert_false(out_flow_enter(*state, "ap", true, 0, &again));
    (void)out_flow_leave(*state, "ap", 0, FLOW_NOTHING, -1);
    assert_false(out_flow_enter(*state, "ap", false, 0, &again));
    assert_int_equal(again, 0);
    assert_true(out_flow_enter(*state, "other", false, 0, &again));
    assert_true(out_flow_enter(*state, "ap", true, 0, &again));
    (void)out_flow_leave(*state, "ap", 0, FLOW_NOTHING, -1);
    assert_true(out_flow_enter(*state, "ap", false, 0, &again)); /* it has had its place */
    assert_false(out_flow_enter(*state, "ap", true, 0, &again));
    (void)out_flow_leave(*state, "ap", 0, FLOW_NOTHING, -1);
    assert_true(out_flow_enter(*state, "ap", false, 6 * S, &again)); /* nor is it kept for ever */
}

static void open_it(struct out_flow *f, const char *key, int64_t now)
{
    for (int i = 0; i < FLOW_FAULTS; i++)
        once(f, key, now, FLOW_FAULT);
}

static void three_faults_in_a_row_open_the_circuit(void **state)
{
    int64_t again;

    once(*state, "ap", 0, FLOW_FAULT);
    once(*state, "ap", 0, FLOW_FAULT);
    once(*state, "ap", 0, FLOW_ANSWER);
    once(*state, "ap", 0, FLOW_FAULT);
    once(*state, "ap", 0, FLOW_FAULT);
    assert_true(places(*state, "ap", 0) > 0); /* not in a row */
    once(*state, "ap", 0, FLOW_FAULT);
    assert_false(out_flow_enter(*state, "ap", false, 0, &again));
    assert_in_range(again, 22 * S, 38 * S);
}

static void an_open_circuit_is_probed_by_one(void **state)
{
    int64_t again;

    open_it(*state, "ap", 0);
    assert_false(enter(*state, "ap", 20 * S));
    assert_true(enter(*state, "ap", 40 * S));
    assert_false(out_flow_enter(*state, "ap", false, 40 * S, &again));
    assert_int_equal(again, 0);
}

static void each_failed_probe_waits_longer_up_to_the_limit(void **state)
{
    int64_t now = 0, again, last = 0;

    open_it(*state, "ap", now);
    for (int i = 0; i < 12; i++) {
        assert_false(out_flow_enter(*state, "ap", false, now, &again));
        assert_true(again <= 30 * MINUTE * 5 / 4);
        if (i < 5)
            assert_true(again > last); /* doubling beats a quarter of jitter */
        last = again;
        now += again;
        once(*state, "ap", now, FLOW_FAULT);
    }
    assert_in_range(last, 22 * MINUTE, 38 * MINUTE);
}

static void recovery_starts_slowly(void **state)
{
    struct out_flow *f = *state;

    open_it(f, "ap", 0);
    once(f, "ap", 40 * S, FLOW_ANSWER);
    for (unsigned n = 1; n <= 10; n++) {
        assert_int_equal(places(f, "ap", 40 * S), n);
        once(f, "ap", 40 * S, FLOW_ANSWER);
    }
}

static void faults_of_those_under_way_do_not_open_it_twice(void **state)
{
    int64_t before, after;

    for (int i = 0; i < FLOW_START; i++)
        assert_true(enter(*state, "ap", 0));
    for (int i = 0; i < FLOW_FAULTS; i++)
        (void)out_flow_leave(*state, "ap", 0, FLOW_FAULT, -1);
    assert_false(out_flow_enter(*state, "ap", false, 0, &before));
    (void)out_flow_leave(*state, "ap", 0, FLOW_FAULT, -1);
    assert_false(out_flow_enter(*state, "ap", false, 0, &after));
    assert_int_equal(before, after);
}

static void retry_after_opens_at_once_within_bounds(void **state)
{
    int64_t again;

    assert_true(enter(*state, "ap", 0));
    (void)out_flow_leave(*state, "ap", 0, FLOW_FAULT, 10 * MINUTE);
    assert_false(out_flow_enter(*state, "ap", false, 0, &again));
    assert_int_equal(again, 10 * MINUTE);
    assert_true(enter(*state, "greedy", 0));
    (void)out_flow_leave(*state, "greedy", 0, FLOW_FAULT, 24 * 60 * MINUTE);
    assert_false(out_flow_enter(*state, "greedy", false, 0, &again));
    assert_int_equal(again, 60 * MINUTE);
}

static void a_partners_cap_holds(void **state)
{
    out_flow_cap(*state, "ap", 2); /* before anything went there */
    assert_true(enter(*state, "ap", 0));
    assert_true(enter(*state, "ap", 0));
    assert_false(enter(*state, "ap", 0));
}

static void a_person_closes_a_circuit(void **state)
{
    open_it(*state, "a", 0);
    open_it(*state, "b", 0);
    out_flow_reset(*state, "a");
    assert_true(enter(*state, "a", 0));
    assert_false(enter(*state, "b", 0));
    out_flow_reset(*state, NULL);
    assert_true(enter(*state, "b", 0));
}

/* What the attempts tell the journal, and what the next start makes of it. */
static void an_open_circuit_outlives_a_restart(void **state)
{
    struct out_flow *next = out_flow_new(&cfg);
    struct out_flow_state s;
    struct store_circuit c = {.name = "POP000123", .opens = 3, .since = KIT_T0 - 9 * MINUTE},
                         gone = {.name = "nobody", .opens = 1};
    struct err e = ERR_INIT;
    struct kit k;
    size_t n;

    (void)state;
    kit_start(&k);
    (void)kit_add(&k, 1, KIT_T0); /* waits for POP000123; nothing waits for the other */
    c.until = KIT_T0 + 5 * MINUTE;
    assert_int_equal(store_circuit_put(k.s, &c, &e), 0);
    assert_int_equal(store_circuit_put(k.s, &gone, &e), 0);
    assert_int_equal(out_flow_restore(next, k.s, KIT_T0, 77 * MINUTE, &e), 0);
    out_flow_get(&s, next, "POP000123", 77 * MINUTE);
    assert_int_equal(s.open_since, 9 * MINUTE);
    assert_int_equal(s.open_for, 5 * MINUTE);
    out_flow_get(&s, next, "nobody", 77 * MINUTE);
    assert_int_equal(s.opens, 0);
    assert_false(enter(next, "POP000123", 81 * MINUTE));
    assert_int_equal(places(next, "POP000123", 83 * MINUTE), 1); /* one probes */
    assert_true(enter(next, "POP000123", 83 * MINUTE));
    assert_true(out_flow_leave(next, "POP000123", 83 * MINUTE, FLOW_FAULT, -1)); /* to be kept */
    assert_false(enter(next, "POP000123", 84 * MINUTE));
    assert_int_equal(store_circuit_drop(k.s, "POP000123", &e), 0);
    assert_int_equal(store_circuits(&c, 1, &n, k.s, &e), 0);
    assert_int_equal(n, 0);
    out_flow_free(next);
    kit_stop(&k);
}

static void a_clock_set_back_asks_no_longer_wait(void **state)
{
    const struct store_circuit c = {
        .name = "POP000123", .opens = 1, .since = KIT_T0, .until = KIT_T0 + MINUTE};
    struct err e = ERR_INIT;
    struct out_flow_state s;
    struct kit k;

    kit_start(&k);
    (void)kit_add(&k, 1, KIT_T0);
    assert_int_equal(store_circuit_put(k.s, &c, &e), 0);
    assert_int_equal(out_flow_restore(*state, k.s, KIT_T0 - 999 * MINUTE, 0, &e), 0);
    out_flow_get(&s, *state, "POP000123", 0);
    assert_int_equal(s.open_for, cfg.after_max);
    assert_int_equal(s.open_since, 0);
    kit_stop(&k);
}

static void trouble_is_listed(void **state)
{
    struct out_flow_state s[4];
    size_t n;

    once(*state, "well", 0, FLOW_ANSWER);
    open_it(*state, "ap", 5 * S);
    out_flow_list(s, 4, &n, *state, 10 * S);
    assert_int_equal(n, 1);
    assert_string_equal(s[0].key, "ap");
    assert_int_equal(s[0].open_since, 5 * S);
    assert_true(s[0].open_for > 0);
}

static void many_destinations_are_bounded_and_the_busy_are_kept(void **state)
{
    struct out_flow *f = *state;
    char key[32];

    for (int i = 0; i < 5; i++)
        assert_true(enter(f, "busy", 0));
    for (unsigned i = 0; i < FLOW_MAX + 200; i++) {
        (void)snprintf(key, sizeof(key), "ap-%u", i);
        once(f, key, (int64_t)i, FLOW_ANSWER);
    }
    assert_false(enter(f, "busy", FLOW_MAX));
}

static void lanes_share_their_destination(void **state)
{
    (void)state;
    assert_string_equal(out_flow_key("!POP000001"), "POP000001");
    assert_string_equal(out_flow_key("~POP000001"), "POP000001");
    assert_string_equal(out_flow_key("POP000001"), "POP000001");
}

static void what_is_not_claimed_is_given_back(void **state)
{
    struct out_flow_gate g = {.f = *state, .wall = 1000};
    struct out_gate gate = out_flow_gate(&g);
    struct out_claim c = {.dest = "!a"};
    int64_t again;

    for (int i = 0; i < FLOW_START - 1; i++) {
        assert_true(enter(*state, "a", 0));
        assert_true(enter(*state, "b", 0));
    }
    assert_int_equal(gate.may(gate.ctx, "!a", &again), 1);
    assert_int_equal(gate.may(gate.ctx, "b", &again), 1);
    assert_int_equal(gate.may(gate.ctx, "b", &again), 0);
    assert_int_equal(again, 0);
    out_flow_unclaimed(&g, &c, 1);
    assert_true(enter(*state, "b", 0));
    assert_false(enter(*state, "a", 0));
    open_it(*state, "c", 0);
    g.n = 0;
    assert_int_equal(gate.may(gate.ctx, "c", &again), 0);
    assert_true(again > 1000); /* on the wall's clock */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(a_window_grows_with_answers_to_its_limit),
        TEST(a_fault_halves_it_and_others_are_not_touched),
        TEST(a_full_window_says_when_another_leaves),
        TEST(three_faults_in_a_row_open_the_circuit),
        TEST(an_open_circuit_is_probed_by_one),
        TEST(q6_the_next_place_is_kept_for_urgent_mail),
        TEST(each_failed_probe_waits_longer_up_to_the_limit),
        TEST(recovery_starts_slowly),
        TEST(faults_of_those_under_way_do_not_open_it_twice),
        TEST(retry_after_opens_at_once_within_bounds),
        TEST(a_partners_cap_holds),
        TEST(a_person_closes_a_circuit),
        TEST(an_open_circuit_outlives_a_restart),
        TEST(a_clock_set_back_asks_no_longer_wait),
        TEST(trouble_is_listed),
        TEST(many_destinations_are_bounded_and_the_busy_are_kept),
        TEST(lanes_share_their_destination),
        TEST(what_is_not_claimed_is_given_back),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
