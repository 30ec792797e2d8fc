/* Exchanges in several threads at once share trust, keys and xmlsec, and nothing else. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

#define THREADS 4
#define ROUNDS 6

static struct cert *ap2;
static struct key *sender;

/* NULL when all went well, else where it did not. */
static const char *exchange(int thread, int round)
{
    struct arena *a = arena_new(16 << 20);
    struct as4_received got;
    struct as4_reply reply;
    struct as4_sent sent;
    struct spool wire;
    struct blob body;
    struct buf receipt;
    struct err e = ERR_INIT;
    char id[64], text[64], signal[EBMS_ID];
    const char *bad = NULL;
    struct as4_message m;

    (void)snprintf(id, sizeof(id), "m-%d-%d@thread.example", thread, round);
    (void)snprintf(text, sizeof(text), "<x><t>%d</t><r>%d</r></x>", thread, round);
    m = as4msg_everyday(id, ap2);
    m.compress = round % 2 == 0;
    m.payload = blob_str(str_z(text));
    spool_init(&wire, -1, 0, 1 << 20);
    buf_init(&receipt, 1 << 20);
    if (as4_compose(&sent, &wire, &m, sender, a, &e))
        bad = "compose";
    body = spool_blob(&wire);
    got = (struct as4_received){.payload.fd = -1};
    if (!bad &&
        as4_receive(&got, as4msg_receiver(), str_z(sent.content_type), &body, TESTPKI_NOW, a, &e))
        bad = "receive";
    if (!bad &&
        (got.payload.len != strlen(text) || memcmp(got.payload.mem.p, text, strlen(text)) != 0))
        bad = "payload";
    if (!bad &&
        as4_receipt_write(&receipt, signal, &got, as4msg_receiver()->keys[0], TESTPKI_NOW, a, &e))
        bad = "receipt";
    if (!bad && (as4_reply_read(&reply, &sent.expect, STR(""), buf_view(&receipt),
                     as4msg_receiver()->trust, TESTPKI_NOW, a, &e) ||
                    reply.kind != AS4_REPLY_RECEIPT))
        bad = "judge";
    as4_received_free(&got);
    buf_free(&receipt);
    spool_free(&wire);
    arena_free(a);
    return bad;
}

static void *worker(void *number)
{
    union {
        const char *in;
        void *out; /* a thread's result has no const */
    } bad = {NULL};

    for (int i = 0; i < ROUNDS && !bad.in; i++)
        bad.in = exchange(*(int *)number, i);
    return bad.out;
}

static void exchanges_in_threads_do_not_disturb_each_other(void **state)
{
    pthread_t t[THREADS];
    int number[THREADS];
    (void)state;
    (void)as4msg_receiver(); /* the kit itself is for one thread */
    sender = as4msg_key("ap1");
    ap2 = testpki_cert("ap2");
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        assert_int_equal(pthread_create(&t[i], NULL, worker, &number[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *bad;
        assert_int_equal(pthread_join(t[i], &bad), 0);
        if (bad)
            fail_msg("thread %d: %s", i, (const char *)bad);
    }
    cert_unref(ap2);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(exchanges_in_threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
