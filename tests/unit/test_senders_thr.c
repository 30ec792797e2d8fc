/* The threads that make attempts, with as many documents as they can take. The receiver is held, so
 * that an attempt ends in the store: what is shown is who takes what, and that all of it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "ap/base/clock.h"
#include "ap/daemon/senders.h"
#include "ap/store/store_partner.h"
#include "tests/support/store_kit.h"

#define N 240
#define RINGERS 4
#define RECEIVER "iso6523-actorid-upis::0208:0987654321"

static struct kit k;
static struct config cfg; /* none of it is asked for here */
static struct node node;
static struct err e;

static int start(void **state)
{
    static const struct out_flow_cfg flow = {
        .window = 10, .open_first = 1000, .open_max = 60000, .after_max = 60000};

    (void)state;
    kit_start(&k);
    node = (struct node){.store = k.s, .setup = setup_new(&cfg, NULL)};
    assert_non_null(node.setup);
    (void)pthread_mutex_init(&node.lock, NULL);
    node.setup->out = (struct out_env){.store = k.s,
        .flow = out_flow_new(&flow),
        .policy = {.retry_first = 1000, .retry_max = 2000, .max_payload = 1 << 20}};
    assert_non_null(node.setup->out.flow);
    assert_int_equal(store_partner_hold(k.s, RECEIVER, "ann", "test", clock_now(), &e), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(kit_findings(k.s), 0);
    out_flow_free(node.setup->out.flow);
    setup_unref(node.setup);
    (void)pthread_mutex_destroy(&node.lock);
    kit_stop(&k);
    return 0;
}

static void add(unsigned n)
{
    struct out_new x = kit_out(n, clock_now());
    struct out_added a;
    char dest[32];

    (void)snprintf(dest, sizeof(dest), "queue-%u", n % 7);
    x.dest = dest;
    assert_int_equal(store_out_add(&a, k.s, &x, &e), 0);
}

static unsigned held(void)
{
    struct store_counts n;

    assert_int_equal(store_count(&n, k.s, &e), 0);
    return (unsigned)n.out[OUT_HELD];
}

static void wait_for(unsigned n)
{
    int64_t until = clock_mono() + 60000;

    while (held() < n && clock_mono() < until)
        clock_sleep(10);
    assert_int_equal(held(), n);
}

static void end(struct senders *s)
{
    senders_close(s);
    assert_true(senders_join(s, clock_now() + 20000));
    senders_free(s);
}

static void *ring(void *arg)
{
    for (unsigned i = 0; i < N; i++) {
        senders_ring(arg);
        clock_sleep(1);
    }
    return NULL;
}

static void each_document_is_taken_once_whoever_rings(void **state)
{
    struct senders *s;
    pthread_t t[RINGERS];

    (void)state;
    assert_int_equal(senders_start(&s, &node, 8, &e), 0);
    for (size_t i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, ring, s), 0);
    for (unsigned i = 0; i < N; i++)
        add(i + 1);
    wait_for(N);
    for (size_t i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    end(s);
}

/* Nobody rings: the one that takes a document wakes, or starts, the next. */
static void what_waits_at_the_start_is_all_taken(void **state)
{
    struct senders *s;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        add(i + 1);
    assert_int_equal(senders_start(&s, &node, 8, &e), 0);
    wait_for(N);
    end(s);
}

static void one_sender_alone_takes_all(void **state)
{
    struct senders *s;

    (void)state;
    for (unsigned i = 0; i < N / 8; i++)
        add(i + 1);
    assert_int_equal(senders_start(&s, &node, 1, &e), 0);
    wait_for(N / 8);
    end(s);
}

static void closing_amid_work_ends_them_and_loses_nothing(void **state)
{
    struct senders *s;
    struct store_counts n;
    pthread_t t;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        add(i + 1);
    assert_int_equal(senders_start(&s, &node, 8, &e), 0);
    assert_int_equal(pthread_create(&t, NULL, ring, s), 0);
    clock_sleep(5);
    senders_close(s);
    assert_int_equal(pthread_join(t, NULL), 0);
    end(s);
    assert_int_equal(store_count(&n, k.s, &e), 0);
    assert_int_equal(n.out[OUT_HELD] + n.out[OUT_ACCEPTED], N);
}

static void their_number_has_limits(void **state)
{
    struct senders *s;

    (void)state;
    assert_int_equal(senders_start(&s, &node, 0, &e), -1);
    assert_string_equal(e.code, "config.value");
    assert_int_equal(senders_start(&s, &node, SENDERS_MAX + 1, &e), -1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest t[] = {
        TEST(their_number_has_limits),
        TEST(each_document_is_taken_once_whoever_rings),
        TEST(what_waits_at_the_start_is_all_taken),
        TEST(one_sender_alone_takes_all),
        TEST(closing_amid_work_ends_them_and_loses_nothing),
    };

    return cmocka_run_group_tests_name("senders", t, NULL, NULL);
}
