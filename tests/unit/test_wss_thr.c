/* Threads share the trust store, the key process, the certificates and xmlsec; each has its
 * messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

#define THREADS 4
#define ROUNDS 25

static struct pki *trust;
static struct key *ap1, *ap2;

struct worker {
    int number, good, bad;
    char why[100];
};

static void one(struct worker *w, int round)
{
    char text[40];
    struct wss_part p, wire[WSSMSG_PARTS];
    struct key *const keys[] = {ap2};
    struct wssmsg m;
    struct wssgot g;
    int n = snprintf(text, sizeof(text), "thread %d round %d", w->number, round);

    p = wssmsg_part("p@x", "text/plain", text, (size_t)n);
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    if (wssmsg_receive(&g, buf_view(&m.soap), wire, wssmsg_wire(wire, &m), trust, keys, 1) == 0 &&
        g.clear[0].n == (size_t)n && memcmp(g.clear[0].p, text, (size_t)n) == 0)
        w->good++;
    else
        (void)snprintf(w->why, sizeof(w->why), "%s %s", g.e.code, g.e.msg);
    wssgot_free(&g);
    m.sealed[0].p[20] ^= 1;
    if (wssmsg_receive(&g, buf_view(&m.soap), wire, wssmsg_wire(wire, &m), trust, keys, 1) &&
        strcmp(g.e.code, "wss.decrypt") == 0)
        w->bad++;
    wssgot_free(&g);
    wssmsg_free(&m);
}

/* The caches are hit, missed and overwritten at the same time. */
static void churn(int round)
{
    static const char *const files[] = {"ap1.pem", "ap2.pem", "smp1.pem", "rogue.pem"};
    char path[160];
    struct cert *c = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s", testpki_dir(), files[round % 4]);
    if (!cert_from_pem_file(&c, path, NULL)) {
        (void)!pki_check(trust, c, round & 4 ? PKI_AP : PKI_SMP, TESTPKI_NOW, NULL);
        cert_unref(c);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS; i++) {
        one(w, i);
        churn(i + w->number);
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    struct worker w[THREADS] = {0};
    pthread_t t[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        w[i].number = i;
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        if (w[i].good != ROUNDS || w[i].bad != ROUNDS)
            fail_msg("thread %d: %d good, %d refused: %s", i, w[i].good, w[i].bad, w[i].why);
    }
}

static int setup(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    xml_init();
    /* the key processes are forked before there are threads */
    if (key_open_keyd(&ap1, NULL, testpki_path("ap1.key"), testpki_path("ap1.pem"), &e) ||
        key_open_keyd(&ap2, NULL, testpki_path("ap2.key"), testpki_path("ap2.pem"), &e) ||
        wss_init(&e))
        return -1;
    trust = testpki_open();
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    pki_close(trust);
    key_close(ap1);
    key_close(ap2);
    wss_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
