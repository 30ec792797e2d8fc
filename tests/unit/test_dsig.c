/* What xmlsec is let do, tried without the checks that stand before it in ap/lookup; and the digest
 * of attachments. */
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

/* SMP's kind of document, its Signature made here piece by piece; rc of xmlsec's verdict. */
struct recipe {
    const char *c14n, *uri, *transform, *key_info;
    enum xml_c14n how;
};

static void put_digest(struct buf *out, const struct buf *canon)
{
    uint8_t digest[HASH_LEN];

    assert_int_equal(hash_of(digest, canon->p, canon->n, &e), 0);
    buf_clear(out);
    enc_b64(out, digest, sizeof(digest));
}

static xmlNode *made(const struct recipe *r)
{
    const char *plain = "<r xmlns='urn:r'><x Id='x'>text</x></r>";
    uint8_t digest[HASH_LEN];
    struct buf value, canon, sig_value;
    xmlNode *sig, *info;
    xmlDoc *d;
    char *text;

    buf_init(&value, 1 << 16);
    buf_init(&canon, 1 << 16);
    buf_init(&sig_value, 1 << 16);
    assert_int_equal(xml_parse(&d, a, plain, strlen(plain), NULL, &e), 0);
    assert_int_equal(
        xml_c14n_doc(&canon, d, XML_C14N_10, &e), 0); /* what the bare transform means */
    put_digest(&value, &canon);
    text = arena_printf(a,
        "<r xmlns='urn:r'><x Id='x'>text</x><ds:Signature xmlns:ds='" DSIG_NS
        "'><ds:SignedInfo><ds:CanonicalizationMethod Algorithm='%s'/><ds:SignatureMethod "
        "Algorithm='" DSIG_RSA_SHA256 "'/><ds:Reference URI='%s'><ds:Transforms><ds:Transform "
        "Algorithm='%s'/></ds:Transforms><ds:DigestMethod Algorithm='" DSIG_SHA256
        "'/><ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        "<ds:SignatureValue/>%s</ds:Signature></r>",
        r->c14n, r->uri, r->transform, value.p, r->key_info);
    assert_int_equal(xml_parse(&d, a, text, strlen(text), NULL, &e), 0);
    assert_int_equal(xml_ids_register(d, &e), 0);
    sig = xml_child(xmlDocGetRootElement(d), DSIG_NS, "Signature");
    info = xml_first_element(sig);
    buf_clear(&canon);
    assert_int_equal(xml_c14n(&canon, info, r->how, NULL, &e), 0);
    assert_int_equal(hash_of(digest, canon.p, canon.n, &e), 0);
    assert_int_equal(key_sign_sha256(ap1, &sig_value, digest, &e), 0);
    buf_clear(&value);
    enc_b64(&value, sig_value.p, sig_value.n);
    xmlNodeSetContent(xml_next_element(info), BAD_CAST value.p);
    buf_free(&value);
    buf_free(&canon);
    buf_free(&sig_value);
    return sig;
}

#define RECIPE                                                                                     \
    {                                                                                              \
        DSIG_C14N, "", DSIG_ENVELOPED_SIGNATURE, "", XML_C14N_10                                   \
    }

static void enveloped_signature_covers_the_whole_document(void **state)
{
    static const struct recipe recipes[] = {
        RECIPE, {DSIG_EXC_C14N, "", DSIG_ENVELOPED_SIGNATURE, "", XML_C14N_EXC}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        xmlNode *sig = made(&recipes[i]);
        assert_int_equal(dsig_verify(sig, key_cert(ap1), &e), 0);
        assert_int_equal(dsig_verify(sig, other, &e), -1);
        assert_string_equal(e.code, "dsig.invalid");
        (void)xmlNewChild(sig->parent, NULL, BAD_CAST "y", NULL);
        assert_int_equal(dsig_verify(sig, key_cert(ap1), &e), -1);
    }
}

static void nothing_but_the_document_itself_can_be_referred_to(void **state)
{
    static const char *const bad[] = {"file:///etc/hostname", "/etc/hostname", "#x",
        "http://127.0.0.1:1/", "https://127.0.0.1:1/", "ftp://127.0.0.1/", "cid:q@x", "#y"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct recipe r = RECIPE;
        r.uri = bad[i];
        if (dsig_verify(made(&r), key_cert(ap1), &e) == 0)
            fail_msg("taken: %s", bad[i]);
    }
}

static void only_the_transforms_of_smp_work(void **state)
{
    static const char *const bad[] = {DSIG_EXC_C14N "WithComments", DSIG_SWA_CONTENT,
        "http://www.w3.org/2000/09/xmldsig#base64", "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2001/04/xmlenc#sha256", "x", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct recipe transform = RECIPE, c14n = RECIPE;
        transform.transform = bad[i];
        c14n.c14n = bad[i];
        if (dsig_verify(made(&transform), key_cert(ap1), &e) == 0)
            fail_msg("transform taken: %s", bad[i]);
        if (dsig_verify(made(&c14n), key_cert(ap1), &e) == 0)
            fail_msg("canonical form taken: %s", bad[i]);
    }
}

/* The key is the one given, whatever stands in KeyInfo. */
static void key_in_the_document_is_not_taken(void **state)
{
    struct recipe r = RECIPE;
    struct buf b64;
    xmlNode *sig;

    (void)state;
    buf_init(&b64, 1 << 16);
    cert_b64(&b64, key_cert(ap1));
    r.key_info = arena_printf(a,
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo>",
        b64.p);
    buf_free(&b64);
    sig = made(&r);
    assert_int_equal(dsig_verify(sig, key_cert(ap1), &e), 0);
    assert_int_equal(dsig_verify(sig, other, &e), -1);
}

static void same_digest(const char *type, const char *octets, const char *as)
{
    uint8_t got[HASH_LEN], want[HASH_LEN];
    struct blob b = blob_mem(octets, strlen(octets));

    assert_int_equal(dsig_part_digest(got, str_z(type), &b, &e), 0);
    assert_int_equal(hash_of(want, as, strlen(as), &e), 0);
    if (memcmp(got, want, HASH_LEN) != 0)
        fail_msg("%s: %s", type, octets);
}

/*= SwA 1.1 5.4.2 "XML is canonicalised, text lines end in CR LF" */
static void attachment_is_digested_in_the_normal_form_of_its_type(void **state)
{
    (void)state;
    same_digest("application/gzip", "a\r\nb\n", "a\r\nb\n");
    same_digest("application/pdf", "<a  b='1'/>", "<a  b='1'/>");
    same_digest("", "x\n", "x\n");
    same_digest("text/plain", "a\nb\rc\r\nd\n\r\n", "a\r\nb\r\nc\r\nd\r\n\r\n");
    same_digest("TEXT/csv; charset=utf-8", "\n\r\r\n", "\r\n\r\n\r\n");
    same_digest("application/xml", "<a  b='1'/>", "<a b=\"1\"></a>");
    same_digest("text/xml; charset=utf-8", "<a\n/>", "<a></a>");
    same_digest("image/svg+XML", "<a><!--x-->t</a>", "<a>t</a>");
}

static void attachment_of_an_xml_type_that_is_no_xml_has_no_digest(void **state)
{
    struct blob b = blob_mem("no xml", 6);
    uint8_t got[HASH_LEN];

    (void)state;
    assert_int_equal(dsig_part_digest(got, STR("application/xml"), &b, &e), -1);
    assert_int_equal(e.class, ERR_INPUT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest t[] = {
        T(enveloped_signature_covers_the_whole_document),
        T(nothing_but_the_document_itself_can_be_referred_to),
        T(only_the_transforms_of_smp_work),
        T(key_in_the_document_is_not_taken),
        T(attachment_is_digested_in_the_normal_form_of_its_type),
        T(attachment_of_an_xml_type_that_is_no_xml_has_no_digest),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
