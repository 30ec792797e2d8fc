#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "ubl/atomic/dbl.h"
#include "ubl/atomic/regex.h"

#define THREADS 4

static struct regex *shared;

/* Odd threads read a matching text, even ones another; a data race would mix them up (and TSan
 * would say so). */
static void *work(void *arg)
{
    int self = *(int *)arg;
    struct regex_run *run = regex_run_new();
    struct str s = self % 2 ? STR("2026-11-22") : STR("2026-11-2x");
    int wrong = run ? 0 : 1;

    for (int i = 0; run && i < 20000; i++) {
        char text[DBL_TEXT_MAX];
        double d;
        bool found;

        wrong += regex_matches(shared, run, s, &found) != XERR_NONE || found != (self % 2 == 1);
        wrong += dbl_parse(STR("123456789012345678901e-5"), &d) != XERR_NONE;
        wrong += dbl_print(d, text) == 0;
    }
    regex_run_free(run);
    *(int *)arg = wrong;
    return NULL;
}

static void threads_share_a_compiled_expression(void **state)
{
    pthread_t t[THREADS];
    int arg[THREADS];

    (void)state;
    assert_int_equal(
        regex_compile(STR("^(\\d{4})-(\\d{2})-(\\d{2})$"), STR(""), &shared, NULL), XERR_NONE);
    for (int i = 0; i < THREADS; i++) {
        arg[i] = i;
        assert_int_equal(pthread_create(&t[i], NULL, work, &arg[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(arg[i], 0);
    }
    regex_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_a_compiled_expression)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
