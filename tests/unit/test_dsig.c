/* What xmlsec is let do, tried without the checks that stand before it in ap/wss and ap/lookup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/dsig/dsig.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"

static struct key *ap1;
static struct cert *other;
static struct arena *a;
static struct err e;

static int setup(void **state)
{
    (void)state;
    xml_init();
    if (dsig_init(&e))
        return -1;
    ap1 = testpki_key_file("ap1");
    other = testpki_cert("ap2");
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    key_close(ap1);
    cert_unref(other);
    dsig_done();
    return 0;
}
static int begin(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    return a ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* A document with a template, its one Reference as given; signed by xmlsec when `sign`. */
static xmlNode *made(const char *c14n, const char *uri, const char *transform, int *rc)
{
    uint8_t digest[HASH_LEN];
    const struct dsig_part part = {"cid:p@x", STR("application/gzip"), blob_mem("abc", 3)};
    char *text = arena_printf(a,
        "<r xmlns:ds='" DSIG_NS "'><x Id='x'>text</x><ds:Signature><ds:SignedInfo>"
        "<ds:CanonicalizationMethod Algorithm='%s'/><ds:SignatureMethod Algorithm='" DSIG_RSA_SHA256
        "'/><ds:Reference URI='%s'><ds:Transforms><ds:Transform Algorithm='%s'/></ds:Transforms>"
        "<ds:DigestMethod Algorithm='" DSIG_SHA256 "'/><ds:DigestValue/></ds:Reference>"
        "</ds:SignedInfo><ds:SignatureValue/></ds:Signature></r>",
        c14n, uri, transform);
    xmlNode *sig;
    xmlDoc *d;

    assert_int_equal(xml_parse(&d, a, text, strlen(text), NULL, &e), 0);
    assert_int_equal(xml_ids_register(d, &e), 0);
    sig = xml_child(xmlDocGetRootElement(d), DSIG_NS, "Signature");
    *rc = dsig_sign(digest, sig, ap1, &part, strstr(uri, "cid:") ? 1 : 0, &e);
    return sig;
}

static void only_ids_and_attachments_at_hand_can_be_signed(void **state)
{
    static const char *const bad[] = {"", "file:///etc/passwd", "/etc/passwd", "etc/passwd",
        "http://127.0.0.1:1/", "https://127.0.0.1:1/", "ftp://127.0.0.1/", "cid:q@x", "#y",
        "cid:p%2540x", "CID:p@x"};
    int rc;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const char *t = bad[i][0] == '#' || !bad[i][0] ? DSIG_EXC_C14N : DSIG_SWA_CONTENT;
        (void)made(DSIG_EXC_C14N, bad[i], t, &rc);
        if (rc == 0)
            fail_msg("signed %s", bad[i]);
    }
    (void)made(DSIG_EXC_C14N, "#x", DSIG_EXC_C14N, &rc);
    assert_int_equal(rc, 0);
    (void)made(DSIG_EXC_C14N, "cid:p%40x", DSIG_SWA_CONTENT, &rc);
    assert_int_equal(rc, 0);
}

static void only_the_transforms_of_the_profile_work(void **state)
{
    static const char *const bad[] = {DSIG_C14N, DSIG_ENVELOPED_SIGNATURE,
        DSIG_EXC_C14N "WithComments", "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2001/04/xmlenc#sha256", "x", ""};
    int rc;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        (void)made(DSIG_EXC_C14N, "#x", bad[i], &rc);
        if (rc == 0)
            fail_msg("signed with %s", bad[i]);
        if (i > 0) {
            (void)made(bad[i], "#x", DSIG_EXC_C14N, &rc);
            assert_int_equal(rc, -1);
        }
    }
    (void)made(DSIG_C14N, "#x", DSIG_EXC_C14N, &rc);
    assert_int_equal(rc, -1);
}

static void signature_holds_for_its_key_and_its_bytes_only(void **state)
{
    const struct dsig_part part = {"cid:p@x", STR("application/gzip"), blob_mem("abc", 3)};
    const struct dsig_part changed = {"cid:p@x", STR("application/gzip"), blob_mem("abd", 3)};
    const struct dsig_part two[2] = {part, {"cid:q@x", STR(""), blob_mem("", 0)}};
    xmlNode *sig, *x;
    int rc;

    (void)state;
    sig = made(DSIG_EXC_C14N, "cid:p@x", DSIG_SWA_CONTENT, &rc);
    assert_int_equal(rc, 0);
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), &part, 1, &e), 0);
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), &changed, 1, &e), -1);
    assert_string_equal(e.code, "dsig.invalid");
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), two, 2, &e), -1); /* one unused */
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), NULL, 0, &e), -1);
    assert_int_equal(dsig_verify(sig, DSIG_WSS, other, &part, 1, &e), -1);
    assert_int_equal(dsig_verify(sig, DSIG_ENVELOPED, key_cert(ap1), &part, 1, &e), -1);
    sig = made(DSIG_EXC_C14N, "#x", DSIG_EXC_C14N, &rc);
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), NULL, 0, &e), 0);
    x = xml_first_element(sig->parent);
    xmlNodeSetContent(x, BAD_CAST "Text");
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), NULL, 0, &e), -1);
}

/* The key is the one given, whatever stands in KeyInfo. */
static void key_in_the_message_is_not_taken(void **state)
{
    struct buf b64;
    xmlNode *sig;
    xmlNs *ds;
    int rc;

    (void)state;
    sig = made(DSIG_EXC_C14N, "#x", DSIG_EXC_C14N, &rc);
    ds = sig->ns;
    buf_init(&b64, 1 << 16);
    cert_b64(&b64, key_cert(ap1));
    xmlNode *data = xml_add(xml_add(sig, ds, "KeyInfo"), ds, "X509Data");
    assert_non_null(xml_add_text(data, ds, "X509Certificate", buf_view(&b64)));
    assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), NULL, 0, &e), 0);
    assert_int_equal(dsig_verify(sig, DSIG_WSS, other, NULL, 0, &e), -1);
    buf_free(&b64);
}

/* ---- SMP answers ---- */

static void digest64(struct buf *out, xmlNode *n, enum xml_c14n how)
{
    uint8_t digest[HASH_LEN];
    struct buf b;

    buf_init(&b, 1 << 16);
    assert_int_equal(xml_c14n(&b, n, how, NULL, &e), 0);
    assert_int_equal(hash_of(digest, b.p, b.n, &e), 0);
    buf_clear(out);
    enc_b64(out, digest, sizeof(digest));
    buf_free(&b);
}

static void enveloped_signature_covers_the_whole_document(void **state)
{
    static const char *const c14n[] = {DSIG_C14N, DSIG_EXC_C14N};

    (void)state;
    for (int i = 0; i < 2; i++) {
        enum xml_c14n how = i ? XML_C14N_EXC : XML_C14N_10;
        const char *plain = "<r xmlns='urn:r'><x>text</x></r>";
        uint8_t digest[HASH_LEN];
        struct buf value, canon, sig_value;
        xmlDoc *d;
        xmlNode *sig, *info;
        char *text;
        buf_init(&value, 1 << 16);
        buf_init(&canon, 1 << 16);
        buf_init(&sig_value, 1 << 16);
        assert_int_equal(xml_parse(&d, a, plain, strlen(plain), NULL, &e), 0);
        digest64(&value, xmlDocGetRootElement(d), XML_C14N_10); /* what the bare transform means */
        text = arena_printf(a,
            "<r xmlns='urn:r'><x>text</x><ds:Signature xmlns:ds='" DSIG_NS "'><ds:SignedInfo>"
            "<ds:CanonicalizationMethod Algorithm='%s'/><ds:SignatureMethod "
            "Algorithm='" DSIG_RSA_SHA256 "'/><ds:Reference URI=''><ds:Transforms><ds:Transform "
            "Algorithm='" DSIG_ENVELOPED_SIGNATURE
            "'/></ds:Transforms><ds:DigestMethod Algorithm='" DSIG_SHA256
            "'/><ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>"
            "<ds:SignatureValue/></ds:Signature></r>",
            c14n[i], value.p);
        assert_int_equal(xml_parse(&d, a, text, strlen(text), NULL, &e), 0);
        sig = xml_child(xmlDocGetRootElement(d), DSIG_NS, "Signature");
        info = xml_first_element(sig);
        assert_int_equal(xml_c14n(&canon, info, how, NULL, &e), 0);
        assert_int_equal(hash_of(digest, canon.p, canon.n, &e), 0);
        assert_int_equal(key_sign_sha256(ap1, &sig_value, digest, &e), 0);
        buf_clear(&value);
        enc_b64(&value, sig_value.p, sig_value.n);
        xmlNodeSetContent(xml_next_element(info), BAD_CAST value.p);
        assert_int_equal(dsig_verify(sig, DSIG_ENVELOPED, key_cert(ap1), NULL, 0, &e), 0);
        assert_int_equal(dsig_verify(sig, DSIG_ENVELOPED, other, NULL, 0, &e), -1);
        assert_int_equal(dsig_verify(sig, DSIG_WSS, key_cert(ap1), NULL, 0, &e), -1);
        (void)xmlNewChild(xmlDocGetRootElement(d), NULL, BAD_CAST "y", NULL);
        assert_int_equal(dsig_verify(sig, DSIG_ENVELOPED, key_cert(ap1), NULL, 0, &e), -1);
        buf_free(&value);
        buf_free(&canon);
        buf_free(&sig_value);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest t[] = {
        T(only_ids_and_attachments_at_hand_can_be_signed),
        T(only_the_transforms_of_the_profile_work),
        T(signature_holds_for_its_key_and_its_bytes_only),
        T(key_in_the_message_is_not_taken),
        T(enveloped_signature_covers_the_whole_document),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
