/* How long an access point's documents wait for proof: what is kept, and what counts as a delay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ap/store/store_pace.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define MIN 60000ll
#define HOUR (60 * MIN)
#define SEAT "POP000123"

static struct err e;
static unsigned number;

static int start(void **state)
{
    number = 0;
    return kit_setup(state);
}

/* A document whose first attempt is at `began` and fails. */
static int64_t begun(struct kit *k, int64_t began, int64_t next)
{
    int64_t row = kit_add(k, ++number, began);
    struct out_claim c = kit_claim(k, began);

    assert_int_equal(c.row, row);
    (void)kit_end(
        k, kit_begin(k, &c, number, began), ATTEMPT_UNKNOWN, OUT_UNKNOWN, next, began + 1);
    return row;
}

/* What is due is proven. */
static void proven(struct kit *k, int64_t now)
{
    struct out_claim c = kit_claim(k, now);
    int64_t attempt;

    assert_int_equal(store_attempt_begin(&attempt, k->s, &c, NULL, KIT_LEASE, now, &e), 0);
    assert_int_equal(kit_end(k, attempt, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, now), OUT_RECEIPTED);
}

static void quick(struct kit *k, int64_t began, int64_t ms)
{
    struct out_claim c;

    (void)kit_add(k, ++number, began);
    c = kit_claim(k, began);
    assert_int_equal(
        kit_end(k, kit_begin(k, &c, number, began), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, began + ms),
        OUT_RECEIPTED);
}

static struct store_pace pace(struct kit *k, int64_t now)
{
    struct store_pace p;

    assert_true(store_pace_get(&p, k->s, SEAT, HOUR, now, &e) >= 0);
    return p;
}

static size_t drifting(struct kit *k, int64_t now)
{
    struct store_pace p[4];
    size_t n;

    assert_int_equal(store_pace_drifting(p, 4, &n, k->s, HOUR, now, &e), 0);
    if (n)
        assert_string_equal(p[0].seat, SEAT);
    return n;
}

static void nothing_is_known_of_a_stranger(void **state)
{
    struct kit *k = *state;
    struct store_pace p;

    assert_int_equal(store_pace_get(&p, k->s, SEAT, HOUR, T, &e), 0);
    assert_int_equal(p.taken + p.waiting + p.delayed, 0);
    assert_int_equal(drifting(k, T), 0);
}

static void the_last_ones_are_kept_with_their_median(void **state)
{
    struct kit *k = *state;
    struct store_pace p;

    for (int i = 0; i < PACE_KEPT + 5; i++)
        quick(k, T + i * MIN, i < 5 ? 9 * HOUR : 100 + i);
    p = pace(k, T + HOUR);
    assert_int_equal(p.taken, PACE_KEPT);
    assert_true(p.usual > 100 && p.usual < 9 * HOUR);
}

/* reliability A7, 002: one of five is taken hours after the others. */
static void one_of_five_delayed_is_drift_while_they_still_wait(void **state)
{
    struct kit *k = *state;
    int64_t t = T, told = 0;

    for (int i = 0; i < 24; i++, t += 10 * MIN) {
        if (i % 5 == 4)
            (void)begun(k, t, T + 1000 * HOUR);
        else
            quick(k, t, 400);
        if (!told && drifting(k, t))
            told = t;
    }
    assert_int_equal(told, T + 220 * MIN); /* 150 min: one was taken after the third began */
    assert_int_equal(pace(k, t).waiting, 4);
    assert_true(pace(k, t).usual < 1000);
}

static void and_after_they_were_taken(void **state)
{
    struct kit *k = *state;

    for (int i = 0; i < 3; i++) {
        int64_t t = T + i * 24 * HOUR;
        (void)begun(k, t, t + 6 * HOUR);
        quick(k, t + MIN, 400);
        assert_int_equal(drifting(k, t + MIN), 0);
        proven(k, t + 6 * HOUR);
    }
    assert_int_equal(drifting(k, T + 100 * HOUR), 1);
    assert_int_equal(pace(k, T + 100 * HOUR).longest, 6 * HOUR);
    for (int i = 0; i < PACE_KEPT - 2; i++)
        quick(k, T + 200 * HOUR + i * MIN, 400);
    assert_int_equal(drifting(k, T + 300 * HOUR), 0); /* and better days end it */
}

static void a_partner_of_few_documents_is_told_of_as_well(void **state)
{
    struct kit *k = *state;

    for (int i = 0; i < 15; i++) {
        int64_t t = T + i * 24 * HOUR;
        if (i % 5) {
            quick(k, t, 400);
            continue;
        }
        (void)begun(k, t, t + 6 * HOUR);
        proven(k, t + 6 * HOUR);
    }
    assert_int_equal(pace(k, T + 1000 * HOUR).delayed, 3);
    assert_int_equal(drifting(k, T + 1000 * HOUR), 1);
}

static void an_outage_is_one_delay_however_many_waited(void **state)
{
    struct kit *k = *state;

    quick(k, T, 400);
    for (int i = 0; i < 6; i++)
        (void)begun(k, T + HOUR + i * 30 * MIN, T + 9 * HOUR + i);
    assert_int_equal(drifting(k, T + 8 * HOUR), 0);
    for (int i = 0; i < 6; i++)
        proven(k, T + 9 * HOUR + i * MIN);
    assert_int_equal(pace(k, T + 10 * HOUR).delayed, 1);
    assert_int_equal(drifting(k, T + 10 * HOUR), 0);
    assert_int_equal(pace(k, T + 10 * HOUR).waiting, 0);
}

static void what_we_hold_or_gave_up_does_not_count(void **state)
{
    struct kit *k = *state;
    int64_t row = begun(k, T, T + 9 * HOUR);
    struct out_swept w;

    assert_int_equal(pace(k, T + 2 * HOUR).waiting, 1);
    assert_int_equal(store_out_hold(k->s, row, "me", "why", T + HOUR, &e), 0);
    assert_int_equal(pace(k, T + 2 * HOUR).waiting, 0);
    assert_int_equal(store_out_sweep(&w, k->s, T + 6 * 24 * HOUR, 0, &e), 0);
    assert_int_equal(store_out_release(k->s, row, "me", T + 6 * 24 * HOUR, &e), -1);
    assert_int_equal(pace(k, T + 7 * 24 * HOUR).waiting, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, kit_teardown)
    const struct CMUnitTest t[] = {
        TEST(nothing_is_known_of_a_stranger),
        TEST(the_last_ones_are_kept_with_their_median),
        TEST(one_of_five_delayed_is_drift_while_they_still_wait),
        TEST(and_after_they_were_taken),
        TEST(a_partner_of_few_documents_is_told_of_as_well),
        TEST(an_outage_is_one_delay_however_many_waited),
        TEST(what_we_hold_or_gave_up_does_not_count),
    };

    return cmocka_run_group_tests_name("store_pace", t, NULL, NULL);
}
