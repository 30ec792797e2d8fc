/* T5: the clock jumps while the service runs: deadlines are looked at once, and no attempt is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ap/daemon/steady.h"

#define T 1800000000000ll
#define S 1000ll
#define HOUR (3600 * S)

static struct steady s;
static enum steady_news news;

static int begin(void **state)
{
    (void)state;
    s = (struct steady){0};
    assert_int_equal(steady_now(&s, T, 5 * S, &news), T);
    return 0;
}

static void small_steps_are_followed(void **state)
{
    (void)state;
    assert_int_equal(steady_now(&s, T + 21 * S, 6 * S, &news), T + 21 * S);
    assert_int_equal(steady_now(&s, T + 3 * S, 7 * S, &news), T + 3 * S);
    assert_int_equal(news, STEADY_SAME);
}

static void slow_drift_is_followed_for_ever(void **state)
{
    int64_t wall = T, mono = 5 * S;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        wall += 2 * S; /* twice as fast */
        mono += S;
        assert_int_equal(steady_now(&s, wall, mono, &news), wall);
        assert_int_equal(news, STEADY_SAME);
    }
}

static void t5_a_jump_forward_expires_nothing_for_ten_minutes(void **state)
{
    (void)state;
    assert_int_equal(steady_now(&s, T + 200 * HOUR, 6 * S, &news), T + S);
    assert_int_equal(news, STEADY_JUMPED);
    assert_int_equal(steady_now(&s, T + 200 * HOUR + S, 7 * S, &news), T + 2 * S);
    assert_int_equal(news, STEADY_SAME);
    assert_int_equal(s.jump, 200 * HOUR - S);
}

static void a_jump_that_comes_back_changed_nothing(void **state)
{
    (void)state;
    (void)steady_now(&s, T + 200 * HOUR, 6 * S, &news);
    assert_int_equal(steady_now(&s, T + 3 * S, 8 * S, &news), T + 3 * S);
    assert_int_equal(news, STEADY_BACK);
    assert_int_equal(s.jump, 0);
}

static void a_jump_that_stays_is_believed_once(void **state)
{
    int64_t later = 6 * S + STEADY_DOUBT_MS;

    (void)state;
    (void)steady_now(&s, T + HOUR, 6 * S, &news);
    assert_int_equal(
        steady_now(&s, T + HOUR + STEADY_DOUBT_MS, later, &news), T + HOUR + STEADY_DOUBT_MS);
    assert_int_equal(news, STEADY_BELIEVED);
    (void)steady_now(&s, T + HOUR + STEADY_DOUBT_MS + S, later + S, &news);
    assert_int_equal(news, STEADY_SAME);
}

static void t5_a_jump_back_is_doubted_as_well(void **state)
{
    (void)state;
    assert_int_equal(steady_now(&s, T - HOUR, 6 * S, &news), T + S);
    assert_int_equal(news, STEADY_JUMPED);
    assert_true(s.jump < 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test_setup(small_steps_are_followed, begin),
        cmocka_unit_test_setup(slow_drift_is_followed_for_ever, begin),
        cmocka_unit_test_setup(t5_a_jump_forward_expires_nothing_for_ten_minutes, begin),
        cmocka_unit_test_setup(a_jump_that_comes_back_changed_nothing, begin),
        cmocka_unit_test_setup(a_jump_that_stays_is_believed_once, begin),
        cmocka_unit_test_setup(t5_a_jump_back_is_doubted_as_well, begin),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
