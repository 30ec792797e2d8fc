#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/dsig/dsig.h"
#include "ap/lookup/smp_sig.h"
#include "ap/lookup/smp_write.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"

#define DOCTYPE                                                                                    \
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#"    \
    "compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
#define NOW TESTPKI_NOW

static struct arena *a;
static struct key *smp_key;
static struct cert *signer;
static struct err e;
static struct participant who;
static struct doctype what;
static struct process how;
static struct smp_endpoint eps[4];
static struct smp_process procs[2];
static struct buf out;

static int begin(void **state)
{
    (void)state;
    a = arena_new(16 << 20);
    buf_init(&out, SMP_MAX_BYTES);
    memset(eps, 0, sizeof(eps));
    assert_int_equal(participant_parse(&who, STR("0088:123ABC"), &e), 0);
    assert_int_equal(doctype_parse(&what, STR(DOCTYPE), &e), 0);
    assert_int_equal(process_parse(&how, STR("urn:prof"), &e), 0);
    for (size_t i = 0; i < 4; i++) {
        eps[i].transport_profile = STR(TRANSPORT_AS4);
        eps[i].address = STR("https://ap.example/as4?a=1&b=2");
        eps[i].certificate = STR("Q0VSVA==");
        eps[i].description = STR("d<&>");
        eps[i].contact = STR("mailto:x@example");
    }
    procs[0] = (struct smp_process){&how, eps, 1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    cert_unref(signer);
    signer = NULL;
    buf_free(&out);
    arena_free(a);
    return 0;
}

static void write_metadata(size_t nproc)
{
    buf_clear(&out);
    assert_int_equal(smp_write_metadata(&out, &who, &what, procs, nproc, smp_key, a, &e), 0);
}

static xmlNode *metadata;

static int rd(void)
{
    cert_unref(signer);
    signer = NULL;
    memset(&e, 0, sizeof(e));
    return smp_read_signed(&metadata, &signer, a, buf_view(&out), &e);
}

static void refused(const char *code, enum err_class cls)
{
    assert_int_equal(rd(), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, cls);
    assert_null(signer);
}

/* Replace the first `from` by `to` in the signed bytes. */
static void patch(const char *from, const char *to)
{
    struct buf b;
    size_t at = str_find(buf_view(&out), str_z(from));

    assert_true(at < out.n);
    buf_init(&b, SMP_MAX_BYTES);
    buf_add(&b, out.p, at);
    buf_puts(&b, to);
    buf_add(&b, out.p + at + strlen(from), out.n - at - strlen(from));
    buf_free(&out);
    out = b;
}

static void what_is_no_signed_metadata_is_malformed(void **state)
{
    static const char *const bad[] = {"", "<html><body>404</body></html>", "not xml",
        "<SignedServiceMetadata/>", "<!DOCTYPE a><a/>",
        "<SignedServiceMetadata xmlns='" SMP_NS "'/>", "<ServiceMetadata xmlns='" SMP_NS "'/>"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        buf_clear(&out);
        buf_puts(&out, bad[i]);
        refused("smp.malformed", ERR_RETRY);
    }
    buf_clear(&out);
    buf_puts(&out, "<SignedServiceMetadata xmlns='" SMP_NS "'><ServiceMetadata/>"
                   "</SignedServiceMetadata>");
    refused("smp.signature", ERR_PEER);
}

/* N5: a byte changed anywhere the signature covers, and it is refused. */
static void changed_metadata_are_refused(void **state)
{
    static const char *const what_changes[][2] = {{"ap.example", "ap.exampl3"},
        {"0088:123ABC", "0088:123ABD"}, {"urn:prof<", "urn:prog<"}, {TRANSPORT_AS4, "peppol-x"},
        {"<DigestValue>", "<DigestValue>A"}, {"<SignatureValue>", "<SignatureValue>AAAA"},
        {"<ServiceDescription>", "<ServiceDescription> "},
        {"</ServiceMetadata>", "</ServiceMetadata> "}};
    (void)state;
    for (size_t i = 0; i < sizeof(what_changes) / sizeof(what_changes[0]); i++) {
        write_metadata(1);
        assert_int_equal(rd(), 0);
        patch(what_changes[i][0], what_changes[i][1]);
        refused("smp.signature", ERR_PEER);
    }
}

/* The algorithms and the coverage are a fixed list; SHA-1 first of all is refused. */
/*= SMP 1.4.0 5.5.1 "enveloped signature over the document" */
static void other_shapes_of_signature_are_refused(void **state)
{
    static const char *const changes[][2] = {
        {DSIG_RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {DSIG_SHA256, "http://www.w3.org/2000/09/xmldsig#sha1"},
        {DSIG_C14N, "http://www.w3.org/2006/12/xml-c14n11"},
        {DSIG_ENVELOPED_SIGNATURE, "http://www.w3.org/TR/1999/REC-xslt-19991116"},
        {"URI=\"\"", "URI=\"#x\""}, {" URI=\"\"", ""}, {"URI=\"\"", "URI=\"#xpointer(/)\""},
        {"<KeyInfo>", "<Object/><KeyInfo>"}, {"<Reference", "<Reference/><Reference"},
        {"<Transform ", "<Transform Algorithm='" DSIG_C14N "'/><Transform "},
        {"X509Certificate>", "X509Nothing>"}};
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        write_metadata(1);
        patch(changes[i][0], changes[i][1]);
        if (strcmp(changes[i][0], "X509Certificate>") == 0)
            patch("/X509Certificate>", "/X509Nothing>");
        refused("smp.signature", ERR_PEER);
    }
    /* a second signature, or none */
    write_metadata(1);
    patch("<Signature xmlns=", "<Signature xmlns=\"" DSIG_NS "\"/><Signature xmlns=");
    refused("smp.signature", ERR_PEER);
}

/* The signed part moved aside, another one put in its place. */
static void wrapped_metadata_are_refused(void **state)
{
    (void)state;
    write_metadata(1);
    patch("<ServiceMetadata>", "<ServiceMetadata><ServiceInformation/></ServiceMetadata>"
                               "<ServiceMetadata>");
    refused("smp.malformed", ERR_RETRY);
    write_metadata(1);
    patch("</SignedServiceMetadata>", "<Extension/></SignedServiceMetadata>");
    refused("smp.signature", ERR_PEER);
}

static void a_certificate_that_is_not_the_signers_is_refused(void **state)
{
    struct cert *other = testpki_cert("ap1");
    struct buf b64;
    char *from, *to;
    (void)state;
    write_metadata(1);
    from = strstr(out.p, "<X509Certificate>") + 17;
    to = strstr(from, "</X509Certificate>");
    buf_init(&b64, 8192);
    cert_b64(&b64, other);
    {
        struct buf b;
        buf_init(&b, SMP_MAX_BYTES);
        buf_add(&b, out.p, (size_t)(from - out.p));
        buf_str(&b, buf_view(&b64));
        buf_puts(&b, to);
        buf_free(&out);
        out = b;
    }
    refused("smp.signature", ERR_PEER);
    buf_free(&b64);
    cert_unref(other);
}

/* KeyInfo may hold the chain: the signer is found in it, wherever it stands. */
static void the_signer_is_found_among_several_certificates(void **state)
{
    static const char *const names[] = {"ap1", "ap2", "rogue", "ap1"};
    struct buf more;
    (void)state;
    buf_init(&more, 65536);
    for (size_t i = 0; i < 4; i++) {
        struct cert *c = testpki_cert(names[i]);
        buf_puts(&more, "<X509Certificate>");
        cert_b64(&more, c);
        buf_puts(&more, "</X509Certificate>");
        cert_unref(c);
        write_metadata(1);
        patch("</X509Data>", arena_printf(a, "%s</X509Data>", more.p));
        assert_int_equal(rd(), 0);
        assert_string_equal(signer->cn, "PSM000001");
        write_metadata(1);
        patch("<X509Data>", arena_printf(a, "<X509Data>%s", more.p));
        if (i < 3) {
            assert_int_equal(rd(), 0);
            assert_string_equal(signer->cn, "PSM000001");
            patch("ap.example", "ap.exampl3");
        }
        refused("smp.signature", ERR_PEER);
    }
    buf_free(&more);
}

static void signed_metadata_verify_and_name_their_signer(void **state)
{
    struct smp_redirect r;
    struct smp_endpoint ep;
    (void)state;
    write_metadata(1);
    assert_int_equal(rd(), 0);
    assert_string_equal(signer->cn, "PSM000001");
    assert_int_equal(smp_read_redirect(&r, metadata, a, &e), 0);
    assert_int_equal(smp_check_ids(metadata, &who, &what, a, &e), 0);
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), 0);
    assert_true(str_eqz(ep.address, "https://ap.example/as4?a=1&b=2"));
    assert_true(str_eqz(ep.certificate, "Q0VSVA=="));
    assert_true(str_eqz(ep.description, "d<&>"));
}

/* Own signing against another implementation: xmlsec1's own transforms and keys, and the other way
 * round exclusive c14n, which we do not write but take. */
static void exclusive_c14n_is_taken_as_well(void **state)
{
    struct buf b, sig, text;
    uint8_t digest[HASH_LEN];
    xmlDoc *doc;
    xmlNode *root, *info;
    (void)state;
    write_metadata(1);
    assert_int_equal(xml_parse(&doc, a, out.p, out.n, NULL, &e), 0);
    root = xmlDocGetRootElement(doc);
    xmlNode *s = xml_child(root, DSIG_NS, "Signature");
    xmlUnlinkNode(s);
    xmlFreeNode(s);
    buf_init(&b, 1 << 20);
    assert_int_equal(xml_c14n_doc(&b, doc, XML_C14N_EXC, &e), 0);
    assert_int_equal(hash_of(digest, b.p, b.n, &e), 0);
    /* sign by hand, with exclusive c14n everywhere */
    buf_init(&text, 10000);
    buf_puts(&text,
        "<Signature xmlns='" DSIG_NS "'><SignedInfo><CanonicalizationMethod "
        "Algorithm='" DSIG_EXC_C14N "'/><SignatureMethod Algorithm='" DSIG_RSA_SHA256
        "'/><Reference URI=''><Transforms><Transform Algorithm='" DSIG_ENVELOPED_SIGNATURE
        "'/><Transform Algorithm='" DSIG_EXC_C14N
        "'/></Transforms><DigestMethod Algorithm='" DSIG_SHA256 "'/><DigestValue>");
    enc_b64(&text, digest, sizeof(digest));
    buf_puts(&text, "</DigestValue></Reference></SignedInfo></Signature>");
    xmlDoc *sd;
    assert_int_equal(xml_parse(&sd, a, text.p, text.n, NULL, &e), 0);
    info = xml_first_element(xmlDocGetRootElement(sd));
    buf_clear(&b);
    assert_int_equal(xml_c14n(&b, info, XML_C14N_EXC, NULL, &e), 0);
    assert_int_equal(hash_of(digest, b.p, b.n, &e), 0);
    buf_init(&sig, 1000);
    assert_int_equal(key_sign_sha256(smp_key, &sig, digest, &e), 0);
    text.n -= strlen("</Signature>");
    buf_puts(&text, "<SignatureValue>");
    enc_b64(&text, sig.p, sig.n);
    buf_puts(&text, "</SignatureValue><KeyInfo><X509Data><X509Certificate>\n");
    cert_b64(&text, key_cert(smp_key));
    buf_puts(&text, "\n</X509Certificate></X509Data></KeyInfo></Signature>");
    buf_clear(&b);
    assert_int_equal(xml_write(&b, doc, &e), 0);
    buf_clear(&out);
    size_t at = str_rfind(buf_view(&b), STR("</SignedServiceMetadata>"));
    buf_add(&out, b.p, at);
    buf_str(&out, buf_view(&text));
    buf_puts(&out, b.p + at);
    assert_int_equal(rd(), 0);
    buf_free(&b);
    buf_free(&sig);
    buf_free(&text);
}

/*= SMP 1.4.0 5 "the answer is about what was asked" */
/*= PFUOI 4.4.0 POLICY 8 "scheme attributes in the SMP" */
static void answers_about_others_are_a_mismatch(void **state)
{
    struct participant other;
    struct doctype d;
    (void)state;
    write_metadata(1);
    assert_int_equal(rd(), 0);
    assert_int_equal(participant_parse(&other, STR("0088:123abc"), &e), 0);
    assert_int_equal(smp_check_ids(metadata, &other, &what, a, &e), 0); /* case is nothing */
    assert_int_equal(participant_parse(&other, STR("0088:123abd"), &e), 0);
    assert_int_equal(smp_check_ids(metadata, &other, &what, a, &e), -1);
    assert_string_equal(e.code, "smp.mismatch");
    d = what;
    d.value[0] = 'U'; /* for document types it is */
    assert_int_equal(smp_check_ids(metadata, &who, &d, a, &e), -1);
    assert_string_equal(e.code, "smp.mismatch");
    d = what;
    d.scheme = DOCTYPE_WILDCARD;
    assert_int_equal(smp_check_ids(metadata, &who, &d, a, &e), -1);
}

static void no_pick(const char *code)
{
    struct smp_endpoint ep;

    assert_int_equal(rd(), 0);
    memset(&e, 0, sizeof(e));
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, strcmp(code, "smp.malformed") ? ERR_PEER : ERR_RETRY);
}

/*= PEPPOL-AS4 6 "peppol-transport-as4-v2_0" */
/*= SMP 1.4.0 4.3 "senders MUST ignore services that are not yet active or expired" */
/*= SMP 1.4.0 4.3 "the process decides" */
static void each_reason_not_to_send_has_its_name(void **state)
{
    struct process other;
    (void)state;
    assert_int_equal(process_parse(&other, STR("urn:other"), &e), 0);
    procs[0].process = &other;
    write_metadata(1);
    no_pick("process.not-supported");
    assert_int_equal(process_make(&other, STR("another-scheme"), str_z(how.value), &e), 0);
    write_metadata(1);
    no_pick("process.not-supported");
    procs[0].process = &how;
    eps[0].transport_profile = STR("busdox-transport-as2-ver1p0");
    write_metadata(1);
    no_pick("endpoint.no-as4");
    procs[0].nendpoints = 0;
    write_metadata(1);
    no_pick("endpoint.no-as4");
    procs[0].nendpoints = 1;
    eps[0].transport_profile = STR(TRANSPORT_AS4);
    eps[0].activation = NOW + 1;
    write_metadata(1);
    no_pick("endpoint.not-active");
    eps[0].activation = NOW;
    eps[0].expiry = NOW;
    write_metadata(1);
    no_pick("endpoint.expired");
    eps[0].expiry = NOW + 1;
    write_metadata(1);
    assert_int_equal(rd(), 0);
    struct smp_endpoint ep;
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), 0);
    assert_int_equal(ep.activation, NOW);
}

/*= PEPPOL-AS4 6 "RequireBusinessLevelSignature is ignored" */
static void a_wish_for_business_signatures_changes_nothing(void **state)
{
    struct smp_endpoint ep;
    xmlDoc *doc;
    (void)state;
    write_metadata(1);
    patch("<RequireBusinessLevelSignature>false", "<RequireBusinessLevelSignature>true");
    assert_int_equal(xml_parse(&doc, a, out.p, out.n, NULL, &e), 0);
    metadata = xml_first_element(xmlDocGetRootElement(doc));
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), 0);
    assert_true(str_eq(ep.address, eps[0].address));
}

/* smp #275: an odd neighbour does not spoil the wanted entry. */
static void only_the_wanted_process_and_endpoint_must_be_sound(void **state)
{
    struct process other;
    struct smp_endpoint ep;
    (void)state;
    assert_int_equal(process_parse(&other, STR("urn:other"), &e), 0);
    procs[0] = (struct smp_process){&other, eps, 1};
    procs[1] = (struct smp_process){&how, eps + 1, 3};
    eps[0].address = STR("nonsense");
    eps[1].expiry = 1;
    eps[1].address = STR("https://old.example");
    eps[2].transport_profile = STR("busdox-transport-as2-ver1p0");
    eps[3].address = STR("https://new.example");
    write_metadata(2);
    assert_int_equal(rd(), 0);
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), 0);
    assert_true(str_eqz(ep.address, "https://new.example"));
}

static void redirects_are_read(void **state)
{
    struct smp_redirect r = {STR("https://other.example/a%3A%3Ab?c&d"), STR("PSM000002")}, got;
    (void)state;
    buf_clear(&out);
    assert_int_equal(smp_write_redirect(&out, &r, smp_key, a, &e), 0);
    assert_int_equal(rd(), 0);
    assert_int_equal(smp_read_redirect(&got, metadata, a, &e), 1);
    assert_true(str_eq(got.href, r.href));
    assert_true(str_eq(got.certificate_uid, r.certificate_uid));
    assert_int_equal(smp_check_ids(metadata, &who, &what, a, &e), -1);
}

static void a_service_group_is_a_list_of_ids(void **state)
{
    struct doctype d[3], *got;
    struct participant other;
    size_t n, odd;
    (void)state;
    d[0] = what;
    assert_int_equal(doctype_make(&d[1], STR(DOCTYPE_WILDCARD_SCHEME),
                         STR("urn:x::Invoice##urn:peppol:pint:billing-1@ae-1*::2.1"), true, &e),
        0);
    assert_int_equal(
        doctype_parse(&d[2], STR("urn:peppol:doctype:pdf+xml##eb2b:factur-x:1.0::0"), &e), 0);
    buf_clear(&out);
    assert_int_equal(smp_write_group(&out, "https://smp.example", &who, d, 3, &e), 0);
    assert_int_equal(smp_read_group(&got, &n, &odd, a, buf_view(&out), &who, &e), 0);
    assert_int_equal(n, 3);
    assert_int_equal(odd, 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(doctype_same(&got[i], &d[i]));
    /* wrong hosts, lower-case escapes and unreadable neighbours are nothing */
    patch("https://smp.example", "http://internal:8080/x");
    patch("%3A%3AInvoice", "%3a%3aInvoice");
    patch("busdox-docid-qns%3A", "unknown-scheme%3A");
    assert_int_equal(smp_read_group(&got, &n, &odd, a, buf_view(&out), &who, &e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(odd, 1);
    assert_int_equal(participant_parse(&other, STR("0088:x"), &e), 0);
    assert_int_equal(smp_read_group(&got, &n, &odd, a, buf_view(&out), &other, &e), -1);
    assert_string_equal(e.code, "smp.mismatch");
}

/* For those who publish: every process, and an endpoint whatever its dates. */
static void processes_are_listed_and_endpoints_found_out_of_their_time(void **state)
{
    struct process other, got;
    const xmlNode *at = NULL;
    struct smp_endpoint ep;
    (void)state;
    assert_int_equal(process_parse(&other, STR("urn:other"), &e), 0);
    eps[0].expiry = NOW;
    procs[1] = (struct smp_process){&other, eps + 1, 1};
    write_metadata(2);
    assert_int_equal(rd(), 0);
    assert_true(smp_next_process(&got, &at, metadata, a));
    assert_true(process_same(&got, &how));
    assert_true(smp_next_process(&got, &at, metadata, a));
    assert_true(process_same(&got, &other));
    assert_false(smp_next_process(&got, &at, metadata, a));
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, NOW, a, &e), -1);
    assert_null(ep.node);
    assert_int_equal(smp_select(&ep, metadata, &how, TRANSPORT_AS4, 0, a, &e), 0);
    assert_int_equal(ep.expiry, NOW);
    assert_string_equal(ep.node->name, "Endpoint");
}

/* What was PUT is signed as it is, extensions and all. */
static void taken_metadata_are_signed_whole(void **state)
{
    struct buf plain;
    xmlDoc *doc;
    (void)state;
    buf_init(&plain, SMP_MAX_BYTES);
    assert_int_equal(smp_write_information(&plain, &who, &what, procs, 1, &e), 0);
    assert_int_equal(xml_parse(&doc, a, plain.p, plain.n, NULL, &e), 0);
    assert_non_null(xmlNewChild(xml_child(xmlDocGetRootElement(doc), SMP_NS, "ServiceInformation"),
        NULL, BAD_CAST "Extension", BAD_CAST "x"));
    buf_free(&plain);
    assert_int_equal(smp_write_taken(&out, xmlDocGetRootElement(doc), smp_key, a, &e), 0);
    assert_int_equal(rd(), 0);
    assert_int_equal(smp_check_ids(metadata, &who, &what, a, &e), 0);
    patch("<Extension>x", "<Extension>y");
    refused("smp.signature", ERR_PEER);
}

/*= SMP 1.4.0 5 "each segment is percent-encoded" */
static void urls_are_encoded_by_segment(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4096);
    smp_metadata_url(&b, "https://smp.example/p", &who, &what);
    assert_string_equal(b.p,
        "https://smp.example/p/iso6523-actorid-upis%3A%3A0088%3A123abc/services/"
        "busdox-docid-qns%3A%3Aurn%3Aoasis%3Anames%3Aspecification%3Aubl%3Aschema%3Axsd%3AInvoice-"
        "2%3A%3AInvoice%23%23urn%3Acen.eu%3Aen16931%3A2017%23compliant%23urn%3Afdc%3Apeppol.eu%"
        "3A2017%3Apoacc%3Abilling%3A3.0%3A%3A2.1");
    buf_free(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest t[] = {
        T(what_is_no_signed_metadata_is_malformed),
        T(changed_metadata_are_refused),
        T(other_shapes_of_signature_are_refused),
        T(wrapped_metadata_are_refused),
        T(a_certificate_that_is_not_the_signers_is_refused),
        T(the_signer_is_found_among_several_certificates),
        T(signed_metadata_verify_and_name_their_signer),
        T(exclusive_c14n_is_taken_as_well),
        T(answers_about_others_are_a_mismatch),
        T(each_reason_not_to_send_has_its_name),
        T(a_wish_for_business_signatures_changes_nothing),
        T(only_the_wanted_process_and_endpoint_must_be_sound),
        T(redirects_are_read),
        T(a_service_group_is_a_list_of_ids),
        T(processes_are_listed_and_endpoints_found_out_of_their_time),
        T(taken_metadata_are_signed_whole),
        T(urls_are_encoded_by_segment),
    };
    int rc;

    xml_init();
    if (dsig_init(&e))
        return 1;
    smp_key = testpki_key_file("smp1");
    rc = cmocka_run_group_tests(t, NULL, NULL);
    key_close(smp_key);
    dsig_done();
    return rc;
}
