/* Participants of which nothing can be learned: not knowing is no fault until it lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/daemon/unseen.h"

#define T 1000000ll
#define HOUR 3600000ll
#define SMP "https://smp.example"

static struct unseen u;
static struct unseen_hop h[3];
static struct err why = {.class = ERR_RETRY, .code = "http.connect"};

static int begin(void **state)
{
    (void)state;
    unseen_forget(&u, NULL);
    return 0;
}

static void not_before_the_bound(void **state)
{
    (void)state;
    unseen_note(&u, "0208:1", SMP, &why, T);
    unseen_note(&u, "0208:1", SMP, &why, T + HOUR - 1);
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + HOUR - 1), 0);
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + HOUR), 1);
    assert_string_equal(h[0].first->who, "0208:1");
    assert_string_equal(h[0].first->hop, SMP);
    assert_int_equal(h[0].n, 1);
}

static void seen_once_it_begins_anew(void **state)
{
    (void)state;
    unseen_note(&u, "0208:1", SMP, &why, T);
    unseen_note(&u, "0208:2", SMP, &why, T);
    unseen_forget(&u, "0208:1");
    unseen_forget(&u, "0208:9");
    unseen_note(&u, "0208:1", SMP, &why, T + HOUR);
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + HOUR), 1);
    assert_string_equal(h[0].first->who, "0208:2");
    assert_int_equal(h[0].n, 1);
}

static void one_alarm_an_smp_naming_who_waits_longest(void **state)
{
    (void)state;
    unseen_note(&u, "0208:1", SMP, &why, T + 5);
    unseen_note(&u, "0208:2", "SML", &why, T + 3);
    unseen_note(&u, "0208:3", SMP, &why, T);
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + 2 * HOUR), 2);
    assert_string_equal(h[0].first->who, "0208:3");
    assert_int_equal(h[0].n, 2);
    assert_string_equal(h[1].first->hop, "SML");
    assert_int_equal(unseen_over(h, 1, &u, HOUR, T + 2 * HOUR), 1);
}

static void another_hop_goes_on_counting(void **state)
{
    struct err later = {.class = ERR_RETRY, .code = "dns.timeout"};

    (void)state;
    unseen_note(&u, "0208:1", SMP, &why, T);
    unseen_note(&u, "0208:1", "SML", &later, T + HOUR);
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + HOUR), 1);
    assert_string_equal(h[0].first->hop, "SML");
    assert_string_equal(h[0].first->why.code, "dns.timeout");
}

static void no_more_than_the_limit_is_kept(void **state)
{
    char who[32];

    (void)state;
    for (int i = 0; i < UNSEEN_MAX + 3; i++) {
        (void)snprintf(who, sizeof(who), "0208:%d", i);
        unseen_note(&u, who, SMP, &why, T);
    }
    assert_int_equal(unseen_over(h, 3, &u, HOUR, T + HOUR), 1);
    assert_int_equal(h[0].n, UNSEEN_MAX);
    for (int i = 0; i < UNSEEN_MAX + 3; i++) {
        (void)snprintf(who, sizeof(who), "0208:%d", i);
        unseen_forget(&u, who);
    }
    assert_int_equal(unseen_over(h, 3, &u, 0, T), 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test_setup(not_before_the_bound, begin),
        cmocka_unit_test_setup(seen_once_it_begins_anew, begin),
        cmocka_unit_test_setup(one_alarm_an_smp_naming_who_waits_longest, begin),
        cmocka_unit_test_setup(another_hop_goes_on_counting, begin),
        cmocka_unit_test_setup(no_more_than_the_limit_is_kept, begin),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
