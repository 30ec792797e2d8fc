/* What others sent: messages captured from phase4 against the development PKI, and signed receipts
 * and messages of real access points. Both lie in the shared folder, not in the repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/base/gz.h"
#include "ap/mime/mime.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"
#include "tests/support/referee.h"
#include "tests/support/shared.h"
#include "tests/support/testpki.h"

#define VECTORS_NOW                                                                                \
    1795392000000 /* 2026-11-23: the vectors' certificates are of the day before                   \
                   */

static struct pki *trust;
static struct key *ap2;
static char anchors[64];
static struct err e;

static void put_anchor(const char *from, const char *name)
{
    char to[160];
    struct buf b;
    FILE *f;

    buf_init(&b, 1 << 16);
    assert_int_equal(fsx_read_file(&b, shared(from), &e), 0);
    (void)snprintf(to, sizeof(to), "%s/%s", anchors, name);
    f = fopen(to, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
    (void)fclose(f);
    buf_free(&b);
}

static int setup(void **state)
{
    (void)state;
    xml_init();
    if (wss_init(&e))
        return -1;
    if (access(shared("interop/pki/root.pem"), R_OK))
        return 0;
    (void)snprintf(anchors, sizeof(anchors), "/tmp/aviso-anchors-XXXXXX");
    if (!mkdtemp(anchors))
        return -1;
    put_anchor("interop/pki/root.pem", "root.pem");
    put_anchor("interop/pki/apca.pem", "ap-ca.pem");
    put_anchor("interop/pki/smpca.pem", "smp-ca.pem");
    if (pki_open(&trust, anchors, &e) ||
        key_open_file(&ap2, shared("interop/pki/ap2.key"), shared("interop/pki/ap2.pem"), &e))
        return -1;
    return 0;
}
static int teardown(void **state)
{
    static const char *const names[] = {"root.pem", "ap-ca.pem", "smp-ca.pem"};
    char path[160];

    (void)state;
    for (size_t i = 0; anchors[0] && i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", anchors, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(anchors);
    pki_close(trust);
    key_close(ap2);
    wss_done();
    return 0;
}

/* ---- a file with HTTP or MIME headers ---- */

struct sample {
    struct arena *a;
    struct buf file;
    struct mime_msg mime;
    xmlDoc *env;
};

/* The value of a header, from text that ends at the first empty line. */
static struct str header(struct str head, const char *name)
{
    while (head.n) {
        struct str line = str_sub(head, 0, str_find(head, STR("\n")));
        size_t n = strlen(name);
        if (line.n > n && line.p[n] == ':' && str_ieq(str_sub(line, 0, n), str_z(name)))
            return str_trim(str_sub(line, n + 1, line.n));
        head = str_sub(head, line.n + 1, head.n);
    }
    return STR("");
}

static void load(struct sample *s, const char *path)
{
    struct str all, type;
    size_t at, gap = 4;

    *s = (struct sample){.a = arena_new(8 << 20)};
    buf_init(&s->file, 8 << 20);
    assert_int_equal(fsx_read_file(&s->file, path, &e), 0);
    all = buf_view(&s->file);
    at = str_find(all, STR("\r\n\r\n"));
    if (at == all.n) {
        at = str_find(all, STR("\n\n"));
        gap = 2;
    }
    type = header(str_sub(all, 0, at), "Content-Type");
    if (str_has_prefix(type, STR("multipart/"))) {
        struct blob body = blob_str(str_sub(all, at + gap, all.n));
        struct buf root;
        assert_int_equal(mime_read(&s->mime, s->a, &body, type, &e), 0);
        buf_init(&root, 1 << 20);
        assert_int_equal(blob_load(&root, &s->mime.parts[s->mime.root].body, &e), 0);
        assert_int_equal(xml_parse(&s->env, s->a, root.p, root.n, NULL, &e), 0);
        buf_free(&root);
        return;
    }
    at = str_find(all, STR("<?xml"));
    if (xml_parse(&s->env, s->a, all.p + at, all.n - at, NULL, &e))
        fail_msg("%s: %s", path, e.msg);
}
static void unload(struct sample *s)
{
    buf_free(&s->file);
    arena_free(s->a);
}

/* ---- phase4 ---- */

static size_t wire_parts(struct wss_part *wire, const struct sample *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->mime.n; i++)
        if (i != s->mime.root)
            wire[n++] = (struct wss_part){
                s->mime.parts[i].content_id, s->mime.parts[i].content_type, s->mime.parts[i].body};
    return n;
}

/* Empty when all of it holds; else the name of the error. The opened attachment goes to `clear`. */
static const char *judge(struct sample *s, struct buf *clear)
{
    struct wss_part wire[MIME_MAX_PARTS], got;
    struct wss_proof proof;
    struct sink out = sink_buf(clear);
    struct key *const keys[] = {ap2};
    struct str type;
    size_t n = wire_parts(wire, s);
    int rc;

    memset(&e, 0, sizeof(e));
    if (wss_verify_header(&proof, s->env, trust, VECTORS_NOW, s->a, &e))
        return e.code;
    rc = n > 1 || wss_decrypt(&type, &out, s->env, wire, n, keys, 1, s->a, &e);
    if (!rc) {
        got = (struct wss_part){wire[0].cid, type, blob_str(buf_view(clear))};
        rc = wss_verify(&proof, s->env, &got, n, s->a, &e);
    }
    cert_unref(proof.signer);
    return rc ? e.code : "";
}

static void phase4_messages_are_taken_or_refused_as_told(void **state)
{
    static const struct {
        const char *name, *code, *ebms;
    } want[] = {
        {"phase4-ok", "", ""},
        {"phase4-dup-first", "", ""},
        {"phase4-dup-second", "", ""},
        {"phase4-retransmit", "", ""},
        {"phase4-not-serviced", "", ""},
        {"phase4-unknown-mustunderstand", "", ""}, /* the layer above refuses that one */
        {"phase4-untrusted-signer", "cert.untrusted", "EBMS:0101"},
        {"phase4-tampered-attachment", "wss.decrypt", "EBMS:0102"},
        {"phase4-tampered-header", "wss.signature", "EBMS:0101"},
        {"phase4-bad-signaturevalue", "wss.signature", "EBMS:0101"},
        {"phase4-no-security", "wss.unsigned", "EBMS:0101"},
    };
    (void)state;
    NEEDS_SHARED("interop/vectors/phase4-ok.request.http");
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
        char path[160];
        struct sample s;
        struct buf clear;
        (void)snprintf(path, sizeof(path), "interop/vectors/%s.request.http", want[i].name);
        load(&s, shared(path));
        buf_init(&clear, 1 << 20);
        if (strcmp(judge(&s, &clear), want[i].code) != 0 || strcmp(e.ebms, want[i].ebms) != 0)
            fail_msg("%s: %s %s %s", want[i].name, e.code, e.ebms, e.msg);
        buf_free(&clear);
        unload(&s);
    }
}

static void phase4_attachment_opens_to_the_signed_bytes(void **state)
{
    struct sample s;
    struct buf clear, want;

    (void)state;
    NEEDS_SHARED("interop/vectors/phase4-ok.request.gz");
    load(&s, shared("interop/vectors/phase4-ok.request.http"));
    buf_init(&clear, 1 << 20);
    buf_init(&want, 1 << 20);
    assert_string_equal(judge(&s, &clear), "");
    assert_int_equal(fsx_read_file(&want, shared("interop/vectors/phase4-ok.request.gz"), &e), 0);
    assert_int_equal(clear.n, want.n);
    assert_memory_equal(clear.p, want.p, want.n);
    buf_free(&clear);
    buf_free(&want);
    unload(&s);
}

/* ---- signatures of others, their chain left aside ---- */

/* 0 when both our check and xmlsec's say the signature over the envelope holds; they must agree. */
static int signature_holds(struct sample *s, char cn[CERT_CN])
{
    struct wss_signature sig;
    struct wss_shape shape;
    struct cert *signer = NULL;
    uint8_t digest[HASH_LEN];
    bool ours;

    memset(&e, 0, sizeof(e));
    assert_int_equal(wss_shape_read(&shape, s->env, &e), 0);
    if (wss_signature_read(&sig, &shape, s->a, &e) ||
        wss_token(&signer, &shape, sig.key_info, s->a, &e))
        fail_msg("%s %s", e.code, e.msg);
    ours = wss_signature_check(digest, &sig, signer, &e) == 0;
    assert_int_equal(ours, referee_holds(sig.node, signer, NULL, 0));
    (void)snprintf(cn, CERT_CN, "%s", signer->cn);
    cert_unref(signer);
    return ours ? 0 : -1;
}

/*= PEPPOL-AS4 5 "exclusive canonicalisation with its prefixes" */
static void real_receipts_verify_and_the_damaged_one_does_not(void **state)
{
    static const struct {
        const char *file, *cn;
        int rc;
    } want[] = {
        {"spec/data/as4-samples/helger.as4in", "POP000306", 0},
        {"spec/data/as4-samples/governikus.as4in", "POP000260", 0},
        {"spec/data/as4-samples/dataport1-mustunderstand.as4in", "PDE000357", 0},
        {"spec/data/as4-samples/dataport1.as4in", "PDE000357", -1}, /* a prefix was changed */
        {"spec/data/as4-samples/receipt-btc-g3.xml", "PDE000576", 0},
    };
    char cn[CERT_CN];

    (void)state;
    NEEDS_SHARED("spec/data/as4-samples/helger.as4in");
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
        struct sample s;
        load(&s, shared(want[i].file));
        if (signature_holds(&s, cn) != want[i].rc)
            fail_msg("%s: %s %s", want[i].file, e.code, e.msg);
        assert_string_equal(cn, want[i].cn);
        unload(&s);
    }
}

static void phase4_answers_verify_under_the_development_ca(void **state)
{
    static const char *const names[] = {"phase4-ok", "phase4-dup-second", "phase4-not-serviced",
        "phase4-tampered-attachment", "phase4-untrusted-signer"};

    (void)state;
    NEEDS_SHARED("interop/vectors/phase4-ok.response.soap.xml");
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct wss_proof proof;
        struct sample s;
        char path[160];
        (void)snprintf(path, sizeof(path), "interop/vectors/%s.response.soap.xml", names[i]);
        load(&s, shared(path));
        if (wss_verify_header(&proof, s.env, trust, VECTORS_NOW, s.a, &e) ||
            wss_verify(&proof, s.env, NULL, 0, s.a, &e))
            fail_msg("%s: %s %s", names[i], e.code, e.msg);
        assert_string_equal(proof.signer->cn, "POP000002");
        cert_unref(proof.signer);
        unload(&s);
    }
}

/* A whole message of production software, encrypted for a key nobody here has. */
static void g3_user_message_holds_up_to_its_encryption(void **state)
{
    struct wss_part wire[MIME_MAX_PARTS];
    struct key *const keys[] = {ap2};
    struct wss_signature sig;
    struct wss_shape shape;
    struct cert *signer = NULL;
    uint8_t digest[HASH_LEN];
    struct sample s;
    struct buf clear;
    struct sink out;
    struct str type;

    (void)state;
    NEEDS_SHARED("spec/data/as4-samples/phase4-usermessage-g3-raw.as4out");
    load(&s, shared("spec/data/as4-samples/phase4-usermessage-g3-raw.as4out"));
    assert_int_equal(wss_shape_read(&shape, s.env, &e), 0);
    assert_int_equal(wss_signature_read(&sig, &shape, s.a, &e), 0);
    assert_int_equal(sig.n, 3);
    assert_int_equal(wss_token(&signer, &shape, sig.key_info, s.a, &e), 0);
    assert_int_equal(wss_signature_check(digest, &sig, signer, &e), 0);
    buf_init(&clear, 1 << 20);
    out = sink_buf(&clear);
    assert_int_equal(wire_parts(wire, &s), 1);
    assert_int_equal(wss_decrypt(&type, &out, s.env, wire, 1, keys, 1, s.a, &e), -1);
    assert_string_equal(e.code, "wss.decrypt");
    assert_string_equal(e.ebms, "EBMS:0102");
    buf_free(&clear);
    cert_unref(signer);
    unload(&s);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(phase4_messages_are_taken_or_refused_as_told),
        cmocka_unit_test(phase4_attachment_opens_to_the_signed_bytes),
        cmocka_unit_test(real_receipts_verify_and_the_damaged_one_does_not),
        cmocka_unit_test(phase4_answers_verify_under_the_development_ca),
        cmocka_unit_test(g3_user_message_holds_up_to_its_encryption),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
