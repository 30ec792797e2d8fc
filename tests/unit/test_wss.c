#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/rnd.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

static struct pki *trust;
static struct key *ap1, *ap2;

static int setup(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    xml_init();
    if (wss_init(&e))
        return -1;
    trust = testpki_open();
    ap1 = testpki_key_file("ap1");
    ap2 = testpki_key_file("ap2");
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

/* One message received: what each step said. */
struct got {
    struct arena *a;
    xmlDoc *env;
    struct wss_proof proof;
    struct str type[WSSMSG_PARTS];
    struct buf clear[WSSMSG_PARTS];
    struct err e;
};

static int receive(struct got *g, struct str soap, const struct wss_part *wire, size_t n)
{
    struct wss_part clear[WSSMSG_PARTS];
    struct sink out[WSSMSG_PARTS];
    struct key *const keys[] = {ap2};

    *g = (struct got){.a = arena_new(1 << 20)};
    for (size_t i = 0; i < WSSMSG_PARTS; i++) {
        buf_init(&g->clear[i], 32 << 20);
        out[i] = sink_buf(&g->clear[i]);
    }
    if (xml_parse(&g->env, g->a, soap.p, soap.n, NULL, &g->e) ||
        wss_verify_header(&g->proof, g->env, trust, TESTPKI_NOW, g->a, &g->e) ||
        (n && wss_decrypt(g->type, out, g->env, wire, n, keys, 1, g->a, &g->e)))
        return -1;
    for (size_t i = 0; i < n; i++)
        clear[i] = (struct wss_part){wire[i].cid, g->type[i], blob_str(buf_view(&g->clear[i]))};
    return wss_verify(&g->proof, g->env, clear, n, g->a, &g->e);
}
static void drop(struct got *g)
{
    cert_unref(g->proof.signer);
    for (size_t i = 0; i < WSSMSG_PARTS; i++)
        buf_free(&g->clear[i]);
    arena_free(g->a);
}
static int receive_msg(struct got *g, const struct wssmsg *m)
{
    struct wss_part wire[WSSMSG_PARTS];

    for (size_t i = 0; i < m->n; i++)
        wire[i] = (struct wss_part){
            m->clear[i].cid, STR("application/octet-stream"), blob_str(buf_view(&m->sealed[i]))};
    return receive(g, buf_view(&m->soap), wire, m->n);
}

static void signed_and_encrypted_message_comes_back(void **state)
{
    struct wss_part p = wssmsg_part("payload@ap1.example", "application/gzip", "\x1f\x8b...", 5);
    struct wssmsg m;
    struct got g;

    (void)state;
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    if (receive_msg(&g, &m))
        fail_msg("%s: %s", g.e.code, g.e.msg);
    assert_int_equal(g.clear[0].n, 5);
    assert_memory_equal(g.clear[0].p, "\x1f\x8b...", 5);
    assert_true(str_eqz(g.type[0], "application/gzip"));
    assert_string_equal(g.proof.signer->cn, "POP000001");
    assert_int_equal(g.proof.nrefs, 3);
    assert_int_equal(m.proof.nrefs, 3);
    assert_memory_equal(g.proof.signed_info, m.proof.signed_info, HASH_LEN);
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_eq(g.proof.refs[i].uri, m.proof.refs[i].uri));
        assert_memory_equal(g.proof.refs[i].digest, m.proof.refs[i].digest, HASH_LEN);
    }
    drop(&g);
    wssmsg_free(&m);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(signed_and_encrypted_message_comes_back),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
