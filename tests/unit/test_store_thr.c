#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/rnd.h"
#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define THREADS 8
#define EACH 12

struct worker {
    struct kit *k;
    unsigned n;
    atomic_uint *a, *b;
    bool bad;
};

static void all(struct kit *k, void *(*fn)(void *), atomic_uint *a, atomic_uint *b)
{
    pthread_t t[THREADS];
    struct worker w[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        w[i] = (struct worker){k, i, a, b, false};
        assert_int_equal(pthread_create(&t[i], NULL, fn, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(t[i], NULL);
        assert_false(w[i].bad);
    }
}

/* Each adds its own, and in between one that must fail: its group must not notice. */
static void *adds(void *arg)
{
    struct worker *w = arg;
    struct out_added a;
    struct err e = ERR_INIT;

    for (unsigned i = 0; i < EACH; i++) {
        struct out_new n = kit_out(w->n * EACH + i, T);
        if (store_out_add(&a, w->k->s, &n, &e)) {
            w->bad = true;
            continue;
        }
        (void)atomic_fetch_add(w->a, 1);
        if (store_out_add(&a, w->k->s, &n, &e) == 0 || strcmp(e.code, "store.instance") != 0)
            w->bad = true;
    }
    return NULL;
}

static void failing_changes_do_not_spoil_their_group(void **state)
{
    struct kit *k = *state;
    struct store_counts c;
    struct err e = ERR_INIT;
    atomic_uint done = 0;

    all(k, adds, &done, NULL);
    assert_int_equal(done, THREADS * EACH);
    assert_int_equal(store_count(&c, k->s, &e), 0);
    assert_int_equal(c.out[OUT_ACCEPTED], THREADS * EACH);
    assert_int_equal(c.last_event, THREADS * EACH);
}

/* R6: copies of one message at once. */
static void *same_message(void *arg)
{
    struct worker *w = arg;
    struct arena *a = arena_new(1 << 20);

    for (unsigned i = 0; i < EACH; i++) {
        struct in_new n = kit_in(i, T);
        struct in_accepted got;
        struct err e = ERR_INIT;
        char mine[32];
        (void)snprintf(mine, sizeof(mine), "<Receipt by='%u'/>", w->n);
        n.receipt = blob_mem(mine, strlen(mine));
        if (store_in_accept(&got, w->k->s, &n, a, &e))
            w->bad = true;
        else if (got.verdict == IN_NEW)
            (void)atomic_fetch_add(w->a, 1);
        else if (got.verdict == IN_SAME)
            (void)atomic_fetch_add(w->b, 1);
        else
            w->bad = true;
    }
    arena_free(a);
    return NULL;
}

static void r6_concurrent_copies_are_taken_once(void **state)
{
    struct kit *k = *state;
    struct store_counts c;
    struct err e = ERR_INIT;
    atomic_uint fresh = 0, same = 0;

    all(k, same_message, &fresh, &same);
    assert_int_equal(fresh, EACH);
    assert_int_equal(same, EACH * (THREADS - 1));
    assert_int_equal(store_count(&c, k->s, &e), 0);
    assert_int_equal(c.in[IN_RECEIVED], EACH);
}

/* One key, many submitters: one document. */
static void *same_key(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < EACH; i++) {
        struct out_new n = kit_out(i, T);
        struct out_added a;
        struct err e = ERR_INIT;
        char key[16], instance[RND_UUID];
        (void)snprintf(key, sizeof(key), "key-%u", i);
        rnd_uuid(instance);
        n.key = key;
        n.instance = instance;
        if (store_out_add(&a, w->k->s, &n, &e))
            w->bad = true;
        else
            (void)atomic_fetch_add(a.existed ? w->b : w->a, 1);
    }
    return NULL;
}

static void one_key_gives_one_document_to_all(void **state)
{
    struct kit *k = *state;
    atomic_uint fresh = 0, same = 0;

    all(k, same_key, &fresh, &same);
    assert_int_equal(fresh, EACH);
    assert_int_equal(same, EACH * (THREADS - 1));
}

/* Senders: claim, begin, end, until nothing is due; a document is never claimed twice. */
static void *sends(void *arg)
{
    struct worker *w = arg;
    struct out_claim c;
    struct err e = ERR_INIT;
    size_t n;

    while (!w->bad) {
        char id[RND_UUID], raw[] = "<Receipt/>";
        struct message_new m = kit_message(1, "wire");
        struct proof_new p = kit_proof(PROOF_RECEIPTED);
        struct attempt_result r = {.outcome = ATTEMPT_ANSWERED,
            .to = OUT_RECEIPTED,
            .result = "receipt",
            .proof = &p,
            .answer = blob_mem(raw, 10),
            .now = T};
        int64_t attempt;
        if (store_out_claim(&c, 1, &n, w->k->s, T, KIT_LEASE, NULL, &e))
            w->bad = true;
        if (w->bad || n == 0)
            break;
        rnd_uuid(id);
        m.message_id = id;
        if (store_attempt_begin(&attempt, w->k->s, &c, &m, KIT_LEASE, T, &e) ||
            store_attempt_end(NULL, w->k->s, attempt, &r, &e))
            w->bad = true;
        else
            (void)atomic_fetch_add(w->a, 1);
    }
    return NULL;
}

static void senders_share_the_queue_without_doubles(void **state)
{
    struct kit *k = *state;
    struct store_counts c;
    struct err e = ERR_INIT;
    atomic_uint sent = 0;

    for (unsigned i = 0; i < THREADS * EACH; i++)
        (void)kit_add(k, i, T);
    all(k, sends, &sent, NULL);
    assert_int_equal(sent, THREADS * EACH);
    assert_int_equal(store_count(&c, k->s, &e), 0);
    assert_int_equal(c.out[OUT_RECEIPTED], THREADS * EACH);
}

/* Readers in the same time: more of them than connections. */
static void *reads_and_writes(void *arg)
{
    struct worker *w = arg;
    struct arena *a = arena_new(8 << 20);
    struct out_row *rows = arena_alloc(a, 50 * sizeof(*rows));
    struct store_filter f = STORE_FILTER_ALL;
    struct err e = ERR_INIT;
    size_t n;

    for (unsigned i = 0; rows && i < EACH; i++) {
        struct out_new x = kit_out(w->n * EACH + i, T);
        struct out_added added;
        struct arena_mark m = arena_mark(a);
        if (w->n % 2 ? store_out_add(&added, w->k->s, &x, &e)
                     : store_out_list(rows, 50, &n, w->k->s, &f, a, &e))
            w->bad = true;
        arena_rewind(a, m);
    }
    arena_free(a);
    return NULL;
}

static void readers_and_writers_do_not_disturb_each_other(void **state)
{
    struct kit *k = *state;

    all(k, reads_and_writes, NULL, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
    const struct CMUnitTest t[] = {
        TEST(failing_changes_do_not_spoil_their_group),
        TEST(r6_concurrent_copies_are_taken_once),
        TEST(one_key_gives_one_document_to_all),
        TEST(senders_share_the_queue_without_doubles),
        TEST(readers_and_writers_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests_name("store_thr", t, NULL, NULL);
}
