/* What phase4 and real access points sent, taken or refused with the codes of docs/STATES.md; the
 * files lie in the shared folder, not in the repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/xml/xml.h"
#include "tests/support/as4msg.h"
#include "tests/support/shared.h"

#define VECTORS_NOW 1795392000000 /* 2026-11-23: the vectors' certificates are a day old */
#define DS_NS "http://www.w3.org/2000/09/xmldsig#"

static struct arena *arena;
static struct err err;
static struct key *ap2;
static struct pki *dev;

static void load(struct buf *out, const char *path)
{
    buf_init(out, 8 << 20);
    if (fsx_read_file(out, path, &err))
        fail_msg("%s", err.msg);
}

/* ---- trust ---- */

static X509 *read_cert(const char *path)
{
    FILE *f = fopen(path, "r");
    X509 *x;

    assert_non_null(f);
    if (!(x = PEM_read_X509(f, NULL, NULL, NULL))) {
        rewind(f);
        x = d2i_X509_fp(f, NULL);
    }
    (void)fclose(f);
    assert_non_null(x);
    return x;
}

/* Anchors from files of the shared folder. */
static struct pki *open_trust(const char *root, const char *ap, const char *smp)
{
    static const char *const names[] = {"root.pem", "ap-ca.pem", "smp-ca.pem"};
    const char *const from[] = {root, ap, smp};
    char dir[] = "/tmp/aviso-anchors-XXXXXX", path[160];
    struct pki *p = NULL;

    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 3; i++) {
        X509 *x = read_cert(shared(from[i]));
        FILE *f;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(PEM_write_X509(f, x), 1);
        (void)fclose(f);
        X509_free(x);
    }
    if (pki_open(&p, dir, &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    return p;
}

static int setup(void **state)
{
    (void)state;
    as4msg_setup();
    if (access(shared("interop/pki/root.pem"), R_OK))
        return 0;
    dev = open_trust("interop/pki/root.pem", "interop/pki/apca.pem", "interop/pki/smpca.pem");
    return key_open_file(&ap2, shared("interop/pki/ap2.key"), shared("interop/pki/ap2.pem"), &err);
}

static int done(void **state)
{
    (void)state;
    pki_close(dev);
    key_close(ap2);
    arena_free(arena);
    return 0;
}

static void fresh(void)
{
    arena_free(arena);
    arena = arena_new(32 << 20);
    assert_non_null(arena);
    err = (struct err)ERR_INIT;
}

/* ---- HTTP files ---- */

static struct str header(struct str head, const char *name)
{
    size_t n = strlen(name);

    while (head.n) {
        struct str line = str_sub(head, 0, str_find(head, STR("\n")));
        if (line.n > n && line.p[n] == ':' && str_ieq(str_sub(line, 0, n), str_z(name)))
            return str_trim(str_sub(line, n + 1, line.n));
        head = str_sub(head, line.n + 1, head.n);
    }
    return STR("");
}

/* Body of a message that is not chunked. */
static struct str body_of(struct str all, struct str *type)
{
    size_t at = str_find(all, STR("\r\n\r\n")), gap = 4;

    if (at == all.n) {
        at = str_find(all, STR("\n\n"));
        gap = 2;
    }
    *type = header(str_sub(all, 0, at), "Content-Type");
    return str_sub(all, at + gap, all.n);
}

static int receive_file(struct as4_received *got, const char *path, struct pki *trust, int64_t now)
{
    struct as4_receiver r = {.trust = trust, .keys = &ap2, .nkeys = 1, .tmp_dirfd = -1};
    struct buf file;
    struct str type;
    struct blob body;
    int rc;

    fresh();
    load(&file, path);
    body = blob_str(body_of(buf_view(&file), &type));
    rc = as4_receive(got, &r, type, &body, now, arena, &err);
    buf_free(&file);
    return rc;
}

static const char *vector(const char *name, const char *suffix)
{
    char file[200];

    (void)snprintf(file, sizeof(file), "interop/vectors/%s.%s", name, suffix);
    return shared(file);
}

static void assert_payload_is(const struct as4_received *got, const char *path)
{
    struct blob p = spool_blob(&got->payload);
    struct buf want, have;

    load(&want, path);
    buf_init(&have, 8 << 20);
    assert_int_equal(blob_load(&have, &p, &err), 0);
    assert_int_equal(have.n, want.n);
    assert_memory_equal(have.p, want.p, want.n);
    buf_free(&want);
    buf_free(&have);
}

static void phase4_requests_get_the_answers_of_the_states_table(void **state)
{
    static const struct {
        const char *name, *code, *ebms;
        int status;
    } t[] = {
        {"phase4-ok", "", "", 200},
        {"phase4-dup-first", "", "", 200},
        {"phase4-dup-second", "", "", 200},   /* the store knows the id */
        {"phase4-retransmit", "", "", 200},   /* the first receipt again: the store's */
        {"phase4-not-serviced", "", "", 200}, /* the participant table's */
        {"phase4-untrusted-signer", "cert.untrusted", "EBMS:0101", 200},
        {"phase4-tampered-attachment", "wss.decrypt", "EBMS:0102", 200},
        {"phase4-tampered-header", "wss.signature", "EBMS:0101", 200},
        {"phase4-bad-signaturevalue", "wss.signature", "EBMS:0101", 200},
        {"phase4-no-security", "wss.unsigned", "EBMS:0101", 200},
        {"phase4-no-attachment", "as4.part-missing", "EBMS:0007", 200},
        {"phase4-unknown-mustunderstand", "soap.must-understand", "", 500},
        {"phase4-not-xml", "xml.malformed", "", 400},
    };
    (void)state;
    NEEDS_SHARED("interop/vectors/phase4-ok.request.http");
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct as4_received got;
        int rc = receive_file(&got, vector(t[i].name, "request.http"), dev, VECTORS_NOW);
        if ((rc == 0) != (t[i].code[0] == '\0') || strcmp(err.code, t[i].code) ||
            strcmp(err.ebms, t[i].ebms) || got.http_status != t[i].status)
            fail_msg("%s: %d %s \"%s\" HTTP %d %s", t[i].name, rc, err.code, err.ebms,
                got.http_status, err.msg);
        if (t[i].status == 200)
            assert_true(got.ref_to_message_id.n > 0);
        if (rc == 0 && access(vector(t[i].name, "request.sbd.xml"), R_OK) == 0)
            assert_payload_is(&got, vector(t[i].name, "request.sbd.xml"));
        as4_received_free(&got);
    }
}

/* ---- answers ---- */

/* What the sender of a captured request would expect. */
static void expect_of(struct as4_expect *x, const char *name)
{
    static struct buf text;
    struct as4_received got;
    struct as4_expect made;

    if (receive_file(&got, vector(name, "request.http"), dev, VECTORS_NOW))
        fail_msg("%s: %s", name, err.msg);
    made = (struct as4_expect){.message_id = got.um.message_id,
        .recipient_cn = STR("POP000002"),
        .nrefs = got.proof.nrefs};
    memcpy(made.refs, got.proof.refs, sizeof(made.refs));
    buf_init(&text, 1 << 16);
    assert_int_equal(as4_expect_write(&text, &made, &err), 0);
    as4_received_free(&got);
    fresh();
    assert_int_equal(as4_expect_read(x, arena, buf_view(&text), &err), 0);
    buf_free(&text);
}

static void phase4_answers_are_judged(void **state)
{
    static const struct {
        const char *request, *response;
        enum as4_reply_kind kind;
        const char *code, *detail;
    } t[] = {
        {"phase4-ok", "phase4-ok", AS4_REPLY_RECEIPT, NULL, NULL},
        {"phase4-dup-first", "phase4-dup-first", AS4_REPLY_RECEIPT, NULL, NULL},
        {"phase4-retransmit", "phase4-retransmit", AS4_REPLY_DUPLICATE, "EBMS:0004", NULL},
        {"phase4-dup-second", "phase4-dup-second", AS4_REPLY_DUPLICATE, "EBMS:0004", NULL},
        {"phase4-not-serviced", "phase4-not-serviced", AS4_REPLY_ERROR, "EBMS:0004",
            "PEPPOL:NOT_SERVICED"},
        {"phase4-ok", "phase4-tampered-attachment", AS4_REPLY_ERROR, "EBMS:0102", NULL},
        {"phase4-ok", "phase4-no-security", AS4_REPLY_ERROR, "EBMS:0102", NULL},
        /* somebody else's receipt, and a receipt for the same id with other content */
        {"phase4-ok", "phase4-dup-first", AS4_REPLY_NOTHING, NULL, NULL},
        {"phase4-dup-second", "phase4-dup-first", AS4_REPLY_NOTHING, NULL, NULL},
    };
    (void)state;
    NEEDS_SHARED("interop/vectors/phase4-ok.response.soap.xml");
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct as4_expect x;
        struct as4_reply r;
        struct buf body;
        expect_of(&x, t[i].request);
        load(&body, vector(t[i].response, "response.soap.xml"));
        assert_int_equal(as4_reply_read(&r, &x, STR("application/soap+xml;charset=utf-8"),
                             buf_view(&body), dev, VECTORS_NOW, arena, &err),
            0);
        if (r.kind != t[i].kind)
            fail_msg("%s: kind %d %s %s", t[i].response, (int)r.kind, r.why.code, r.why.msg);
        if (r.kind != AS4_REPLY_NOTHING)
            assert_true(r.is_signed);
        if (t[i].code)
            assert_string_equal(r.error.code, t[i].code);
        if (t[i].detail)
            assert_string_equal(r.error.detail, t[i].detail);
        buf_free(&body);
    }
}

static xmlNode *below_named(xmlNode *n, const char *ns, const char *local)
{
    xmlNode *hit = NULL;

    if (!n || xml_is(n, ns, local))
        return n;
    for (xmlNode *c = xml_first_element(n); c && !hit; c = xml_next_element(c))
        hit = below_named(c, ns, local);
    return hit;
}

/* The expectation that a receipt fulfils, from the receipt itself. */
static void expect_from_receipt(struct as4_expect *x, struct str soap, const char *cn)
{
    xmlNode *signal, *n;
    xmlDoc *d;
    struct buf digest;
    struct str text;

    *x = (struct as4_expect){.recipient_cn = str_z(cn)};
    assert_int_equal(xml_parse(&d, arena, soap.p, soap.n, NULL, &err), 0);
    signal = below_named(xmlDocGetRootElement(d), EBMS_NS, "SignalMessage");
    n = below_named(signal, EBMS_NS, "RefToMessageId");
    assert_int_equal(xml_text_trim(&x->message_id, arena, n, &err), 0);
    n = xml_first_element(xml_first_element(xml_child(signal, EBMS_NS, "Receipt")));
    for (; n; n = xml_next_element(n)) {
        xmlNode *ref = xml_child(n, DS_NS, "Reference");
        assert_int_equal(xml_attr(&x->refs[x->nrefs].uri, arena, ref, NULL, "URI", &err), 0);
        assert_int_equal(xml_text(&text, arena, xml_child(ref, DS_NS, "DigestValue"), &err), 0);
        buf_init(&digest, 100);
        assert_int_equal(enc_unb64(&digest, text, &err), 0);
        assert_int_equal(digest.n, HASH_LEN);
        memcpy(x->refs[x->nrefs++].digest, digest.p, HASH_LEN);
        buf_free(&digest);
    }
}

static void receipts_of_real_access_points_are_proof(void **state)
{
    static const struct {
        const char *file, *cn, *when;
        bool g3, proof;
    } t[] = {
        {"helger.as4in", "POP000306", "2022-03-08T00:00:00Z", false, true},
        {"governikus.as4in", "POP000260", "2022-03-08T00:00:00Z", false, true},
        {"dataport1-mustunderstand.as4in", "PDE000357", "2022-03-08T00:00:00Z", false, true},
        {"dataport1.as4in", "PDE000357", "2022-03-08T00:00:00Z", false, false}, /* prefix changed */
        {"receipt-btc-g3.xml", "PDE000576", "2026-11-22T00:00:00Z", true, true},
        {"receipt-btc-g3.xml", "PDE000577", "2026-11-22T00:00:00Z", true,
            false}, /* not addressed */
        {"receipt-btc-g3.xml", "PDE000576", "2036-11-22T00:00:00Z", true, false}, /* expired */
        {"helger.as4in", "POP000306", "2022-03-08T00:00:00Z", true, false},       /* other root */
    };
    struct pki *g2, *g3;
    (void)state;
    NEEDS_SHARED("spec/data/as4-samples/helger.as4in");
    g2 = open_trust("spec/data/certs/g2-retired/Peppol_Test_Root_CA.cer",
        "spec/data/certs/g2-retired/Peppol_Test_AccessPoint_CA.cer",
        "spec/data/certs/g2-retired/Peppol_Test_ServiceMetadataPublisher_CA.cer");
    g3 = open_trust("spec/data/certs/g3/PEPPOL_Root_TEST_CA-G3.pem",
        "spec/data/certs/g3/PEPPOL_ACCESS_POINT_TEST_CA-G3.pem",
        "spec/data/certs/g3/PEPPOL_SERVICE_METADATA_PUBLISHER_TEST_CA-G3.pem");
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct as4_expect x;
        struct as4_reply r;
        struct buf file;
        struct str soap;
        int64_t now;
        bool zone;
        char path[160];
        fresh();
        (void)snprintf(path, sizeof(path), "spec/data/as4-samples/%s", t[i].file);
        load(&file, shared(path));
        soap = str_sub(buf_view(&file), str_find(buf_view(&file), STR("<?xml")), file.n);
        expect_from_receipt(&x, soap, t[i].cn);
        assert_true(clock_parse(str_z(t[i].when), &now, &zone));
        assert_int_equal(
            as4_reply_read(&r, &x, STR(""), soap, t[i].g3 ? g3 : g2, now, arena, &err), 0);
        if ((r.kind == AS4_REPLY_RECEIPT) != t[i].proof)
            fail_msg("%zu %s: %s %s", i, t[i].file, r.why.code, r.why.msg);
        buf_free(&file);
    }
    pki_close(g2);
    pki_close(g3);
}

/* Production software's message, encrypted for a key nobody here has. */
static void a_real_message_for_somebody_else_cannot_be_decrypted(void **state)
{
    struct as4_received got;
    struct pki *g3;
    (void)state;
    NEEDS_SHARED("spec/data/as4-samples/phase4-usermessage-g3-raw.as4out");
    g3 = open_trust("spec/data/certs/g3/PEPPOL_Root_TEST_CA-G3.pem",
        "spec/data/certs/g3/PEPPOL_ACCESS_POINT_TEST_CA-G3.pem",
        "spec/data/certs/g3/PEPPOL_SERVICE_METADATA_PUBLISHER_TEST_CA-G3.pem");
    assert_int_equal(
        receive_file(&got, shared("spec/data/as4-samples/phase4-usermessage-g3-raw.as4out"), g3,
            VECTORS_NOW),
        -1);
    assert_string_equal(err.code, "wss.decrypt");
    assert_string_equal(err.ebms, "EBMS:0102");
    assert_string_equal(got.proof.signer->cn, "POP000306");
    as4_received_free(&got);
    pki_close(g3);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(phase4_requests_get_the_answers_of_the_states_table),
        cmocka_unit_test(phase4_answers_are_judged),
        cmocka_unit_test(receipts_of_real_access_points_are_proof),
        cmocka_unit_test(a_real_message_for_somebody_else_cannot_be_decrypted),
    };
    return cmocka_run_group_tests(t, setup, done);
}
