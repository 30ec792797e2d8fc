#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/rnd.h"
#include "ap/crypto/aead.h"
#include "tests/support/testpki.h"

#define UNUSED(s) (void)(s)

/* ---- certificates ---- */

static void cert_with_a_byte_changed_cut_or_appended_is_refused_or_other(void **state)
{
    struct cert *ap1 = testpki_cert("ap1"), *c = NULL;
    struct err e = ERR_INIT;
    char der[4096];
    size_t n = ap1->der.n;

    UNUSED(state);
    assert_true(n + 1 < sizeof(der));
    memcpy(der, ap1->der.p, n);
    der[n] = 0;
    assert_int_equal(cert_from_der(&c, (struct str){der, n + 1}, &e), -1);
    assert_string_equal(e.code, "cert.malformed");
    assert_int_equal(e.class, ERR_INPUT);
    for (size_t cut = 0; cut < n; cut += 7)
        assert_int_equal(cert_from_der(&c, (struct str){der, cut}, &e), -1);
    der[n - 1] ^= 1; /* in the signature: parses, and is another certificate */
    assert_int_equal(cert_from_der(&c, (struct str){der, n}, &e), 0);
    assert_false(cert_same(c, ap1));
    cert_unref(c);
    cert_unref(ap1);
}

static void cert_text_that_is_no_certificate_is_refused(void **state)
{
    static const char *const bad[] = {"", "   ", "AAAA", "not base64 !", "MIIB",
        "-----BEGIN CERTIFICATE-----\nMIIB\n",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"};
    struct err e = ERR_INIT;
    struct cert *c = NULL;

    UNUSED(state);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(cert_from_text(&c, str_z(bad[i]), &e), -1);
        assert_string_equal(e.code, "cert.malformed");
    }
    assert_int_equal(cert_from_pem_file(&c, "/nonexistent.pem", &e), -1);
    assert_string_equal(e.code, "io.missing");
}

/*= SMP 1.4.0 5 "the certificate is base64 of DER" */
static void cert_is_read_from_pem_and_from_wrapped_base64(void **state)
{
    struct cert *ap1 = testpki_cert("ap1"), *a = NULL, *b = NULL;
    struct buf line, wrapped;

    UNUSED(state);
    assert_int_equal(cert_from_pem_file(&a, testpki_path("ap1.pem"), NULL), 0);
    buf_init(&line, 1 << 16);
    buf_init(&wrapped, 1 << 16);
    cert_b64(&line, ap1);
    for (size_t i = 0; i < line.n; i++) {
        buf_putc(&wrapped, line.p[i]);
        if (i % 60 == 0)
            buf_puts(&wrapped, " \r\n\t");
    }
    assert_int_equal(cert_from_text(&b, buf_view(&wrapped), NULL), 0);
    assert_true(cert_same(a, ap1) && cert_same(b, ap1));
    assert_string_equal(b->cn, "POP000001");
    assert_string_equal(b->issuer_cn, "aviso test ap-ca");
    assert_int_equal(strlen(b->serial), 32);
    assert_true(b->not_before == 1735689600000 && b->not_after == 2051222399000);
    buf_free(&line);
    buf_free(&wrapped);
    cert_unref(a);
    cert_unref(b);
    cert_unref(ap1);
}

static void cert_cn_is_empty_unless_one_plain_text(void **state)
{
    struct cert *utf8 =
        testpki_leaf(&(struct testpki_leaf){.name = "ap1", .cn = "P\xc3\xb6P000001"});

    UNUSED(state);
    assert_string_equal(utf8->cn, "");
    cert_unref(utf8);
}

/* ---- keys ---- */

static void key_of_another_certificate_missing_or_small_is_refused(void **state)
{
    struct err e = ERR_INIT;
    struct key *k = NULL;
    char small[160];
    FILE *f;

    UNUSED(state);
    assert_int_equal(key_open_file(&k, testpki_path("ap2.key"), testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.mismatch");
    assert_int_equal(e.class, ERR_CONFIG);
    assert_int_equal(key_open_file(&k, "/nonexistent.key", testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.unreadable");
    assert_int_equal(key_open_file(&k, testpki_path("ap1.pem"), testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.unreadable");
    assert_int_equal(key_open_file(&k, testpki_path("ap1.key"), "/nonexistent.pem", &e), -1);
    assert_int_equal(e.class, ERR_CONFIG);
    (void)snprintf(small, sizeof(small), "%s", testpki_path("small.key"));
    f = fopen(small, "w");
    assert_non_null(f);
    assert_int_equal(
        PEM_write_PrivateKey(f, testpki_key("small", 1024), NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(f);
    assert_int_equal(key_open_file(&k, small, testpki_path("ap1.pem"), &e), -1);
    assert_string_equal(e.code, "key.size");
    (void)unlink(small);
}

static void signature_verifies_and_changed_does_not(void **state)
{
    struct key *k = testpki_key_file("ap1");
    struct cert *other = testpki_cert("ap2");
    uint8_t digest[HASH_LEN] = {1, 2, 3};
    struct err e = ERR_INIT;
    struct buf sig;

    UNUSED(state);
    buf_init(&sig, 1024);
    assert_int_equal(key_sign_sha256(k, &sig, digest, &e), 0);
    assert_int_equal(sig.n, 256);
    assert_int_equal(rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n, &e), 0);
    assert_int_equal(rsa_verify_sha256(other, digest, sig.p, sig.n, &e), -1);
    assert_string_equal(e.code, "key.verify");
    assert_int_equal(rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n - 1, &e), -1);
    assert_int_equal(rsa_verify_sha256(key_cert(k), digest, "", 0, &e), -1);
    sig.p[17] ^= 4;
    assert_int_equal(rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n, &e), -1);
    sig.p[17] ^= 4;
    digest[0] ^= 1;
    assert_int_equal(rsa_verify_sha256(key_cert(k), digest, sig.p, sig.n, &e), -1);
    assert_true(key_cpu_us(k) > 0);
    buf_free(&sig);
    cert_unref(other);
    key_close(k);
}

/* The content key wrapped for ap1 with the given padding and digests. */
static size_t wrap_as(uint8_t out[256], int padding, const EVP_MD *md, const EVP_MD *mgf)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(testpki_key("ap1", 0), NULL);
    uint8_t cek[16] = {7};
    size_t n = 256;

    assert_int_equal(EVP_PKEY_encrypt_init(c), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(c, padding), 1);
    if (padding == RSA_PKCS1_OAEP_PADDING) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(c, md), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(c, mgf), 1);
    }
    assert_int_equal(EVP_PKEY_encrypt(c, out, &n, cek, sizeof(cek)), 1);
    EVP_PKEY_CTX_free(c);
    return n;
}

static void unwrap_fails_with_one_error_for_every_wrong_ciphertext(void **state)
{
    struct key *k = testpki_key_file("ap1");
    uint8_t ct[256], out[KEY_CEK_MAX];
    struct err first = ERR_INIT, e = ERR_INIT;
    size_t n, sizes[] = {0, 1, 255, 257, 1024, 1025};
    uint8_t big[1025] = {0};

    UNUSED(state);
    n = wrap_as(ct, RSA_PKCS1_PADDING, NULL, NULL);
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct, n, &first), -1);
    assert_string_equal(first.code, "key.unwrap");
    assert_string_equal(first.ebms, "EBMS:0102");
    n = wrap_as(ct, RSA_PKCS1_OAEP_PADDING, EVP_sha1(), EVP_sha1());
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct, n, &e), -1);
    assert_memory_equal(&e, &first, sizeof(e));
    n = wrap_as(ct, RSA_PKCS1_OAEP_PADDING, EVP_sha256(), EVP_sha1());
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct, n, &e), -1);
    assert_memory_equal(&e, &first, sizeof(e));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        assert_int_equal(key_unwrap_oaep(k, out, &n, big, sizes[i], &e), -1);
        assert_memory_equal(&e, &first, sizeof(e));
        assert_int_equal(n, 0);
    }
    memset(big, 0xff, sizeof(big)); /* above the modulus */
    assert_int_equal(key_unwrap_oaep(k, out, &n, big, 256, &e), -1);
    assert_memory_equal(&e, &first, sizeof(e));
    key_close(k);
}

static void wrapped_key_unwraps_with_its_key_only(void **state)
{
    struct key *k = testpki_key_file("ap1"), *other = testpki_key_file("ap2");
    uint8_t cek[16], out[KEY_CEK_MAX];
    struct err e = ERR_INIT;
    struct buf ct;
    size_t n = 0;

    UNUSED(state);
    rnd_bytes(cek, sizeof(cek));
    buf_init(&ct, 1024);
    assert_int_equal(oaep_wrap(&ct, key_cert(k), cek, sizeof(cek), &e), 0);
    assert_int_equal(key_unwrap_oaep(other, out, &n, ct.p, ct.n, &e), -1);
    assert_int_equal(key_unwrap_oaep(k, out, &n, ct.p, ct.n, &e), 0);
    assert_int_equal(n, 16);
    assert_memory_equal(out, cek, 16);
    buf_free(&ct);
    key_close(k);
    key_close(other);
}

/* ---- AES-GCM ---- */

static const uint8_t key16[AEAD_KEY] = {
    0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};

static int seal(struct buf *out, const void *p, size_t n, struct err *e)
{
    struct aead_seal s;
    struct sink in;

    if (aead_seal_begin(&s, key16, sink_buf(out), e))
        return -1;
    in = aead_seal_sink(&s);
    assert_int_equal(sink_write(&in, p, n / 3, e), 0);
    assert_int_equal(sink_write(&in, (const char *)p + n / 3, n - n / 3, e), 0);
    return aead_seal_end(&s, e);
}

static int unseal(struct buf *out, const void *p, size_t n, struct err *e)
{
    struct blob b = blob_mem(p, n);
    struct sink s = sink_buf(out);

    buf_clear(out);
    return aead_open(&s, &b, key16, e);
}

static void sealed_text_with_any_bit_changed_or_cut_does_not_open(void **state)
{
    struct err first = ERR_INIT, e = ERR_INIT;
    struct buf ct, out;

    UNUSED(state);
    buf_init(&ct, 1 << 20);
    buf_init(&out, 1 << 20);
    assert_int_equal(seal(&ct, "attack at dawn", 14, &e), 0);
    assert_int_equal(ct.n, 14 + AEAD_OVERHEAD);
    assert_int_equal(unseal(&out, ct.p, 0, &first), -1);
    assert_string_equal(first.code, "aead.open");
    assert_string_equal(first.ebms, "EBMS:0102");
    for (size_t cut = 0; cut < ct.n; cut++) {
        assert_int_equal(unseal(&out, ct.p, cut, &e), -1);
        assert_string_equal(e.msg, first.msg);
    }
    for (size_t bit = 0; bit < 8 * ct.n; bit++) {
        ct.p[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(unseal(&out, ct.p, ct.n, &e), -1);
        assert_string_equal(e.msg, first.msg);
        ct.p[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_int_equal(unseal(&out, ct.p, ct.n, &e), 0);
    assert_memory_equal(out.p, "attack at dawn", 14);
    buf_free(&ct);
    buf_free(&out);
}

/* McGrew and Viega, GCM specification, test case 4 without its AAD = test case 3. */
/*= RELIABILITY P2 "expires mid-queue: queue waits for new key, then re-signs" */
static void a_key_signs_nothing_outside_the_validity_of_its_certificate(void **state)
{
    struct key *k = testpki_key_file("ap1");
    const struct cert *c = key_cert(k);
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(key_check_usable(k, TESTPKI_NOW, &e), 0);
    assert_int_equal(key_check_usable(k, c->not_before, &e), 0);
    assert_int_equal(key_check_usable(k, c->not_after + 999, &e), 0);
    key_set_revoked(k, true);
    assert_int_equal(key_check_usable(k, TESTPKI_NOW, &e), -1);
    assert_string_equal(e.code, "key.revoked");
    assert_int_equal(e.class, ERR_RETRY);
    key_set_revoked(k, false);
    assert_int_equal(key_check_usable(k, c->not_after + 1000, &e), -1);
    assert_string_equal(e.code, "key.expired");
    assert_int_equal(e.class, ERR_RETRY);
    assert_int_equal(key_check_usable(k, c->not_before - 1, &e), -1);
    key_close(k);
}

/*= XMLENC 1.1 5.2.4 "12 octets of IV, ciphertext, 16 of tag" */
static void opens_the_published_test_vector(void **state)
{
    static const uint8_t wire[12 + 64 + 16] = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde,
        0xca, 0xf8, 0x88, 0x42, 0x83, 0x1e, 0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7,
        0x84, 0xd0, 0xd4, 0x9c, 0xe3, 0xaa, 0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1, 0x7e,
        0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21, 0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93, 0x1c, 0x7d, 0x8f,
        0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05, 0x1b, 0xa3, 0x0b, 0x39, 0x6a, 0x0a, 0xac, 0x97, 0x3d,
        0x58, 0xe0, 0x91, 0x47, 0x3f, 0x59, 0x85, 0x4d, 0x5c, 0x2a, 0xf3, 0x27, 0xcd, 0x64, 0xa6,
        0x2c, 0xf3, 0x5a, 0xbd, 0x2b, 0xa6, 0xfa, 0xb4};
    static const uint8_t head[4] = {0xd9, 0x31, 0x32, 0x25};
    struct err e = ERR_INIT;
    struct buf out;

    UNUSED(state);
    buf_init(&out, 1024);
    assert_int_equal(unseal(&out, wire, sizeof(wire), &e), 0);
    assert_int_equal(out.n, 64);
    assert_memory_equal(out.p, head, 4);
    buf_free(&out);
}

static void sizes_around_the_block_borders_come_back(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 16383, 16384, 16385, 65536, 200001};
    static char text[200001];
    struct err e = ERR_INIT;
    struct buf ct, out;

    UNUSED(state);
    rnd_bytes(text, sizeof(text));
    buf_init(&ct, 1 << 20);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        buf_clear(&ct);
        assert_int_equal(seal(&ct, text, sizes[i], &e), 0);
        assert_int_equal(unseal(&out, ct.p, ct.n, &e), 0);
        assert_int_equal(out.n, sizes[i]);
        assert_memory_equal(buf_view(&out).p, text, sizes[i]);
    }
    buf_free(&ct);
    buf_free(&out);
}

static int full(void *ctx, const void *p, size_t n, struct err *e)
{
    int *room = ctx;

    (void)p;
    (void)n;
    if (*room == 0)
        return err_set(e, ERR_RETRY, "test.full", "", "no room");
    --*room;
    return 0;
}

static void errors_of_the_sink_come_through_at_each_step(void **state)
{
    UNUSED(state);
    for (int room = 0; room < 4; room++) {
        struct err e = ERR_INIT;
        int left = room, rc;
        struct aead_seal s;
        struct sink in;
        rc = aead_seal_begin(&s, key16, (struct sink){full, &left}, &e);
        in = aead_seal_sink(&s);
        rc = rc || sink_write(&in, "x", 1, &e);
        rc = aead_seal_end(&s, rc ? NULL : &e) || rc;
        assert_int_equal(rc, room < 3);
        assert_string_equal(e.code, room < 3 ? "test.full" : "");
    }
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(cert_with_a_byte_changed_cut_or_appended_is_refused_or_other),
        cmocka_unit_test(cert_text_that_is_no_certificate_is_refused),
        cmocka_unit_test(cert_is_read_from_pem_and_from_wrapped_base64),
        cmocka_unit_test(cert_cn_is_empty_unless_one_plain_text),
        cmocka_unit_test(key_of_another_certificate_missing_or_small_is_refused),
        cmocka_unit_test(signature_verifies_and_changed_does_not),
        cmocka_unit_test(unwrap_fails_with_one_error_for_every_wrong_ciphertext),
        cmocka_unit_test(wrapped_key_unwraps_with_its_key_only),
        cmocka_unit_test(sealed_text_with_any_bit_changed_or_cut_does_not_open),
        cmocka_unit_test(a_key_signs_nothing_outside_the_validity_of_its_certificate),
        cmocka_unit_test(opens_the_published_test_vector),
        cmocka_unit_test(sizes_around_the_block_borders_come_back),
        cmocka_unit_test(errors_of_the_sink_come_through_at_each_step),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
