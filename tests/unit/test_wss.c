/* Messages of ours and what of them may vary. Attacks: test_wss_attack.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ap/base/rnd.h"
#include "ap/crypto/key_priv.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"
#include "tests/support/referee.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

static struct pki *trust;
static struct key *ap1, *ap2;
static struct err e;

static int setup(void **state)
{
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

static int receive(struct wssgot *g, const struct wssmsg *m)
{
    struct wss_part wire[WSSMSG_PARTS];
    struct key *const keys[] = {ap1, ap2}; /* the old and the new one during a roll-over */

    return wssmsg_receive(g, buf_view(&m->soap), wire, wssmsg_wire(wire, m), trust, keys, 2);
}
static void taken(struct wssgot *g, const struct wssmsg *m)
{
    if (receive(g, m))
        fail_msg("%s: %s", g->e.code, g->e.msg);
}

static void message_comes_back_with_its_digests(void **state)
{
    struct wss_part p = wssmsg_part("payload@ap1.example", "application/gzip", "\x1f\x8b...", 5);
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    taken(&g, &m);
    assert_int_equal(g.clear[0].n, 5);
    assert_memory_equal(g.clear[0].p, "\x1f\x8b...", 5);
    assert_true(str_eqz(g.type[0], "application/gzip"));
    assert_string_equal(g.proof.signer->cn, "POP000001");
    assert_true(g.proof.messaging ==
                xml_child(xml_first_element(xmlDocGetRootElement(g.env)), NS_EB, "Messaging"));
    assert_int_equal(g.proof.nrefs, 3);
    assert_int_equal(m.proof.nrefs, 3);
    assert_memory_equal(g.proof.signed_info, m.proof.signed_info, HASH_LEN);
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_eq(g.proof.refs[i].uri, m.proof.refs[i].uri));
        assert_memory_equal(g.proof.refs[i].digest, m.proof.refs[i].digest, HASH_LEN);
        assert_true(xml_is(g.proof.refs[i].node, NS_DS, "Reference"));
    }
    wssgot_free(&g);
    wssmsg_free(&m);
}

static void security_header_has_the_order_of_the_profile(void **state)
{
    static const char *const want[] = {
        "BinarySecurityToken", "EncryptedKey", "EncryptedData", "BinarySecurityToken", "Signature"};
    struct wss_part p = wssmsg_part("payload@ap1.example", "application/gzip", "x", 1);
    struct wss_shape s;
    struct wssmsg m;
    xmlNode *n;

    (void)state;
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    assert_int_equal(wss_shape_read(&s, m.env, &e), 0);
    n = xml_first_element(s.security);
    for (size_t i = 0; i < 5; i++, n = xml_next_element(n))
        assert_string_equal((const char *)n->name, want[i]);
    assert_null(n);
    assert_non_null(strstr(m.soap.p, "wsse:Security xmlns:wsse"));
    assert_non_null(strstr(m.soap.p, "S12:mustUnderstand=\"true\"><wsse:BinarySecurityToken"));
    assert_ptr_equal(strchr(m.soap.p + 60, '\n'), m.soap.p + m.soap.n - 1); /* base64 in one line */
    wssmsg_free(&m);
}

/*= PEPPOL-PKI 5 "the key is the one that EncryptedKey names" */
static void several_attachments_under_one_key_or_one_key_each(void **state)
{
    struct wss_part p[3] = {wssmsg_part("a@x", "application/gzip", "first", 5),
        wssmsg_part("b%41 c@x", "image/png", "second", 6), wssmsg_part("c@x", "", "", 0)};
    struct sink out[3];
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, p, 3, ap1, key_cert(ap2));
    taken(&g, &m);
    assert_int_equal(g.proof.nrefs, 5);
    assert_memory_equal(g.clear[1].p, "second", 6);
    assert_int_equal(g.clear[2].n, 0);
    wssgot_free(&g);
    wssmsg_free(&m);

    wssmsg_make(&m, p, 3, ap1, NULL);
    buf_clear(&m.soap);
    for (size_t i = 0; i < 3; i++) {
        out[i] = sink_buf(&m.sealed[i]);
        assert_int_equal(
            wss_encrypt(m.env, &p[i], &out[i], 1, key_cert(i == 1 ? ap1 : ap2), m.a, &e), 0);
    }
    assert_int_equal(xml_write(&m.soap, m.env, &e), 0);
    taken(&g, &m);
    assert_memory_equal(g.clear[0].p, "first", 5);
    assert_memory_equal(g.clear[1].p, "second", 6);
    wssgot_free(&g);
    wssmsg_free(&m);
}

/* SwA 1.1, 5.4.4: what is digested depends on the type told in EncryptedData/@MimeType. */
static void xml_and_text_attachments_are_digested_in_their_normal_form(void **state)
{
    static const struct {
        const char *type, *one, *other;
        int rc;
    } t[] = {
        {"application/xml", "<a  y='2' x='1'><b/></a>",
            "<?xml version=\"1.0\"?>\n<a x=\"1\" "
            "y=\"2\"><b></b></a>\n<!-- c -->",
            0},
        {"image/svg+xml", "<a\n/>", "<a></a>", 0},
        {"text/xml", "<a/>", "<a> </a>", -1},
        {"Text/XML; charset=UTF-8", "<a/>", "<a></a>", 0},
        {"text/plain", "a\nb\r\nc\rd\r\r\n", "a\r\nb\nc\nd\n\n", 0},
        {"text/plain", "a b", "a  b", -1},
        {"application/gzip", "a\nb", "a\r\nb", -1},
        {"application/octet-stream", "<a/>", "<a></a>", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
        struct wss_part p = wssmsg_part("p@x", t[i].type, t[i].one, strlen(t[i].one)), other = p;
        struct wssmsg m;
        struct wssgot g;
        wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
        taken(&g, &m);
        other.data = blob_mem(t[i].other, strlen(t[i].other));
        assert_int_equal(wss_verify(&g.proof, g.env, &other, 1, g.a, &e), t[i].rc);
        if (t[i].rc)
            assert_string_equal(e.code, "wss.signature");
        wssgot_free(&g);
        wssmsg_free(&m);
    }
}

static void attachment_of_an_xml_type_that_is_no_xml_cannot_be_signed_or_verified(void **state)
{
    struct wss_part p = wssmsg_part("p@x", "application/xml", "<a>", 3), ok = p;
    struct wss_proof proof;
    struct wssmsg m;
    struct wssgot g;
    xmlDoc *env;

    (void)state;
    ok.data = blob_mem("<a/>", 4);
    wssmsg_make(&m, &ok, 1, ap1, key_cert(ap2));
    assert_int_equal(
        xml_parse(&env, m.a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e), 0);
    assert_int_equal(wss_sign(&proof, env, &p, 1, ap1, m.a, &e), -1);
    assert_string_equal(e.code, "xml.malformed");
    taken(&g, &m);
    assert_int_equal(wss_verify(&g.proof, g.env, &p, 1, g.a, &e), -1);
    assert_string_equal(e.code, "xml.malformed");
    assert_string_equal(e.ebms, "EBMS:0101");
    wssgot_free(&g);
    wssmsg_free(&m);
}

/* ---- xmlsec1 as the referee ---- */

static xmlNode *signature_in(xmlDoc *env)
{
    struct wss_shape s;

    assert_int_equal(wss_shape_read(&s, env, &e), 0);
    return xml_child(s.security, NS_DS, "Signature");
}

static void xmlsec_takes_what_we_sign(void **state)
{
    const struct wss_part parts[] = {wssmsg_part("a b@x", "application/gzip", "\x1f\x8b.", 3),
        wssmsg_part("t@x", "text/plain", "one\ntwo", 7),
        wssmsg_part("x@x", "application/xml", "<a  y='2' x='1'/>", 17)};
    const struct referee_part octets[] = {{"cid:a b@x", STR("\x1f\x8b.")},
        {"cid:t@x", STR("one\r\ntwo")}, {"cid:x@x", STR("<a x=\"1\" y=\"2\"></a>")}};
    struct referee_part wrong[3];

    (void)state;
    for (size_t n = 0; n <= 3; n++) {
        struct wssmsg m;
        xmlDoc *again;
        wssmsg_make(&m, parts, n, ap1, NULL);
        assert_int_equal(xml_parse(&again, m.a, m.soap.p, m.soap.n, NULL, &e), 0);
        assert_true(referee_holds(signature_in(again), key_cert(ap1), octets, n));
        assert_false(referee_holds(signature_in(again), key_cert(ap2), octets, n));
        for (size_t i = 0; i < n; i++) {
            memcpy(wrong, octets, sizeof(wrong));
            wrong[i].octets = STR("other");
            assert_false(referee_holds(signature_in(again), key_cert(ap1), wrong, n));
        }
        wssmsg_free(&m);
    }
}

/* What is written as canonical text is what canonicalisation gives: libxml2 and xmlsec1 say so. */
static void xmlsec_takes_a_signal_written_as_text(void **state)
{
    static const char messaging[] =
        "<eb:Messaging xmlns:S12=\"" NS_S12 "\" xmlns:eb=\"" NS_EB "\" xmlns:wsu=\"" NS_WSU
        "\" wsu:Id=\"m-1\" S12:mustUnderstand=\"true\"><eb:SignalMessage>&lt;&amp;&#xD;\xc3\xa9"
        "</eb:SignalMessage></eb:Messaging>";
    struct wss_signal signal = {STR(messaging), "m-1", "b-1"};
    struct arena *a = arena_new(1 << 20);
    struct wss_proof proof;
    struct wss_shape shape;
    struct buf out, canonical;
    xmlDoc *env;

    (void)state;
    buf_init(&out, 1 << 20);
    buf_init(&canonical, 1 << 20);
    assert_int_equal(wss_write_signal(&out, &signal, ap1, &e), 0);
    assert_int_equal(xml_parse(&env, a, out.p, out.n, NULL, &e), 0);
    assert_true(referee_holds(signature_in(env), key_cert(ap1), NULL, 0));
    assert_false(referee_holds(signature_in(env), key_cert(ap2), NULL, 0));
    assert_int_equal(wss_shape_find(&shape, env, &e), 0);
    assert_int_equal(xml_c14n(&canonical, shape.messaging, XML_C14N_EXC, NULL, &e), 0);
    assert_int_equal(canonical.n, sizeof(messaging) - 1);
    assert_memory_equal(canonical.p, messaging, canonical.n);
    assert_int_equal(xml_parse(&env, a, out.p, out.n, NULL, &e), 0);
    assert_int_equal(wss_verify_header(&proof, env, trust, TESTPKI_NOW, a, &e), 0);
    assert_string_equal(proof.signer->cn, key_cert(ap1)->cn);
    cert_unref(proof.signer);
    buf_free(&out);
    buf_free(&canonical);
    arena_free(a);
}

/* Every byte of a message changed, one at a time: whatever still parses is judged alike. */
static void xmlsec_agrees_on_every_changed_byte(void **state)
{
    struct wssmsg m;
    size_t both = 0, none = 0;

    (void)state;
    wssmsg_make(&m, NULL, 0, ap1, NULL);
    for (size_t i = 0; i < m.soap.n; i++) {
        const char was = m.soap.p[i];
        struct arena *a = arena_new(1 << 20);
        struct wss_shape shape;
        struct wss_signature sig;
        struct cert *signer;
        uint8_t digest[HASH_LEN];
        xmlDoc *env;
        m.soap.p[i] = was == 'A' ? 'B' : was == ' ' ? '\n' : 'A';
        if (!xml_parse(&env, a, m.soap.p, m.soap.n, NULL, NULL) &&
            !wss_shape_read(&shape, env, NULL) && shape.security &&
            !wss_signature_read(&sig, &shape, a, NULL) &&
            !wss_token(&signer, &shape, sig.key_info, a, NULL)) {
            bool ours = wss_signature_check(digest, &sig, signer, NULL) == 0;
            if (ours != referee_holds(sig.node, signer, NULL, 0))
                fail_msg("byte %zu, %.30s: ours %d", i, m.soap.p + i - 10, ours);
            both += ours;
            none += !ours;
            cert_unref(signer);
        }
        m.soap.p[i] = was;
        arena_free(a);
    }
    assert_true(both > 0 && none > 500);
    wssmsg_free(&m);
}

/* WSS4J puts more than one token in, and other elements between; what names the signer is the STR.
 */
static void other_tokens_order_and_unknown_elements_do_not_matter(void **state)
{
    struct wss_part p = wssmsg_part("p@x", "application/gzip", "x", 1);
    struct wss_make make = {0};
    struct cert *third = testpki_cert("smp1");
    struct wss_shape s;
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    assert_int_equal(wss_shape_read(&s, m.env, &e), 0);
    make.doc = m.env;
    make.wsse = s.security->ns;
    make.wsu = xmlSearchNsByHref(m.env, s.security, BAD_CAST NS_WSU);
    wss_bst(&make, s.security, third, "third");
    (void)wss_el(&make, s.security, make.wsse, "UsernameToken");
    /* and the first child last */
    xmlNode *first = xml_first_element(s.security);
    xmlUnlinkNode(first);
    (void)xmlAddChild(s.security, first);
    assert_false(make.bad);
    buf_clear(&m.soap);
    assert_int_equal(xml_write(&m.soap, m.env, &e), 0);
    taken(&g, &m);
    assert_string_equal(g.proof.signer->cn, "POP000001");
    wssgot_free(&g);
    wssmsg_free(&m);
    cert_unref(third);
}

static void signal_without_attachments_is_verified_by_the_header_alone(void **state)
{
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, NULL, 0, ap2, NULL);
    taken(&g, &m);
    assert_int_equal(g.proof.nrefs, 2);
    assert_string_equal(g.proof.signer->cn, "POP000002");
    wssgot_free(&g);
    wssmsg_free(&m);
}

/*= STATES 7 "key process away: 503": ours, so not the message's fault. */
static void lost_key_process_is_our_trouble_not_the_senders(void **state)
{
    struct wss_part p = wssmsg_part("p@x", "application/gzip", "x", 1), wire[WSSMSG_PARTS];
    struct key *away = NULL;
    struct wss_proof proof;
    struct wssmsg m;
    struct wssgot g;
    xmlDoc *env;

    (void)state;
    assert_int_equal(
        key_open_keyd(&away, NULL, testpki_path("ap2.key"), testpki_path("ap2.pem"), &e), 0);
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap2));
    struct key *const keys[] = {away};
    assert_int_equal(
        wssmsg_receive(&g, buf_view(&m.soap), wire, wssmsg_wire(wire, &m), trust, keys, 1), 0);
    wssgot_free(&g);
    (void)kill(away->pid, SIGKILL);
    assert_int_equal(
        wssmsg_receive(&g, buf_view(&m.soap), wire, wssmsg_wire(wire, &m), trust, keys, 1), -1);
    assert_string_equal(g.e.code, "key.unavailable");
    assert_int_equal(g.e.class, ERR_RETRY);
    assert_string_equal(g.e.ebms, "");
    wssgot_free(&g);
    assert_int_equal(
        xml_parse(&env, m.a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e), 0);
    assert_int_equal(wss_sign(&proof, env, NULL, 0, away, m.a, &e), -1);
    assert_string_equal(e.code, "key.unavailable");
    assert_int_equal(e.class, ERR_RETRY);
    wssmsg_free(&m);
    key_close(away);
}

/*= WSS 1.1.1 10 "a Timestamp may be missing" */
static void timestamp_is_read_but_has_no_window(void **state)
{
    static const struct {
        const char *text, *code;
    } t[] = {
        {"<wsu:Created>2001-01-01T00:00:00Z</wsu:Created><wsu:Expires>2001-01-01T00:05:00Z</"
         "wsu:Expires>",
            ""},
        {"<wsu:Created>yesterday</wsu:Created>", "wss.policy"},
        {"<wsu:Created>2001-01-01T00:00:00Z</wsu:Created><wsu:Created>2001-01-01T00:00:00Z</"
         "wsu:Created>",
            "wss.policy"},
        {"</wsu:Timestamp><wsu:Timestamp>", "wss.policy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
        struct wssmsg m;
        struct wssgot g;
        struct buf b;
        char *at;
        wssmsg_make(&m, NULL, 0, ap1, NULL);
        buf_init(&b, 1 << 20);
        at = strstr(m.soap.p, "<ds:Signature ");
        buf_add(&b, m.soap.p, (size_t)(at - m.soap.p));
        buf_printf(&b, "<wsu:Timestamp>%s</wsu:Timestamp>%s", t[i].text, at);
        (void)wssmsg_receive(&g, buf_view(&b), NULL, 0, trust, NULL, 0);
        assert_string_equal(g.e.code, t[i].code);
        wssgot_free(&g);
        buf_free(&b);
        wssmsg_free(&m);
    }
}

/* ---- memory ---- */

static int to_file(void *f, const void *p, size_t n, struct err *why)
{
    return fwrite(p, 1, n, f) == n ? 0 : err_errno(why, "test.write", "fwrite", "a file");
}
static long peak_kb(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

#define BIG (20u << 20)
static void large_attachment_passes_at_flat_memory(void **state)
{
    static char piece[1 << 16];
    FILE *f[3] = {tmpfile(), tmpfile(), tmpfile()};
    struct sink sealed = {to_file, f[1]}, opened = {to_file, f[2]};
    struct wss_part part = {STR("big@x"), STR("application/gzip"), blob_fd(fileno(f[0]), 0, BIG)};
    struct wss_part wire = {STR("big@x"), STR(""), blob_fd(fileno(f[1]), 0, BIG + 28)};
    struct key *const keys[] = {ap2};
    struct arena *a = arena_new(1 << 20);
    struct wss_proof ours, theirs;
    struct str type;
    struct buf soap;
    xmlDoc *env;
    long before;

    (void)state;
    for (size_t i = 0; i < BIG / sizeof(piece); i++) {
        rnd_bytes(piece, 64);
        assert_int_equal(fwrite(piece, 1, sizeof(piece), f[0]), sizeof(piece));
    }
    assert_int_equal(fflush(f[0]), 0);
    buf_init(&soap, 1 << 20);
    before = peak_kb();
    assert_int_equal(xml_parse(&env, a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e), 0);
    assert_int_equal(wss_sign(&ours, env, &part, 1, ap1, a, &e), 0);
    assert_int_equal(wss_encrypt(env, &part, &sealed, 1, key_cert(ap2), a, &e), 0);
    assert_int_equal(fflush(f[1]), 0);
    assert_int_equal(xml_write(&soap, env, &e), 0);
    assert_int_equal(xml_parse(&env, a, soap.p, soap.n, NULL, &e), 0);
    assert_int_equal(wss_verify_header(&theirs, env, trust, TESTPKI_NOW, a, &e), 0);
    assert_int_equal(wss_decrypt(&type, &opened, env, &wire, 1, keys, 1, a, &e), 0);
    assert_int_equal(fflush(f[2]), 0);
    part.data = blob_fd(fileno(f[2]), 0, BIG);
    assert_int_equal(wss_verify(&theirs, env, &part, 1, a, &e), 0);
    assert_true(peak_kb() - before < 4096);
    cert_unref(ours.signer);
    cert_unref(theirs.signer);
    buf_free(&soap);
    arena_free(a);
    for (int i = 0; i < 3; i++)
        (void)fclose(f[i]);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(large_attachment_passes_at_flat_memory), /* first: the peak only grows */
        cmocka_unit_test(message_comes_back_with_its_digests),
        cmocka_unit_test(security_header_has_the_order_of_the_profile),
        cmocka_unit_test(several_attachments_under_one_key_or_one_key_each),
        cmocka_unit_test(xml_and_text_attachments_are_digested_in_their_normal_form),
        cmocka_unit_test(attachment_of_an_xml_type_that_is_no_xml_cannot_be_signed_or_verified),
        cmocka_unit_test(xmlsec_takes_what_we_sign),
        cmocka_unit_test(xmlsec_takes_a_signal_written_as_text),
        cmocka_unit_test(xmlsec_agrees_on_every_changed_byte),
        cmocka_unit_test(other_tokens_order_and_unknown_elements_do_not_matter),
        cmocka_unit_test(signal_without_attachments_is_verified_by_the_header_alone),
        cmocka_unit_test(lost_key_process_is_our_trouble_not_the_senders),
        cmocka_unit_test(timestamp_is_read_but_has_no_window),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
