/* What came back: only one thing is proof (reliability R1-R4), everything else is told for what it
 * is and claims nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ap/xml/xml.h"
#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

static struct arena *arena;
static struct as4_expect expect; /* of the message below */
static struct buf plain;         /* its receipt by us, unsigned */
static struct as4_reply reply;
static struct err err;

/* Edit, sign with the key of that name (NULL: not), edit what was signed. */
struct answer {
    struct as4msg_edit before[4], after[2];
    const char *signer;
};

static void edit(struct buf *b, const struct as4msg_edit *edits, size_t n)
{
    for (size_t i = 0; i < n && edits[i].from; i++) {
        size_t at = str_find(buf_view(b), str_z(edits[i].from)), end = at + strlen(edits[i].from);
        struct buf out;
        if (at >= b->n)
            fail_msg("\"%s\" is not there", edits[i].from);
        buf_init(&out, b->max);
        buf_add(&out, b->p, at);
        buf_puts(&out, edits[i].to);
        buf_add(&out, b->p + end, b->n - end);
        buf_free(b);
        *b = out;
    }
}

static void make(struct buf *out, const struct answer *x)
{
    xmlDoc *d;

    buf_init(out, 1 << 20);
    buf_str(out, buf_view(&plain));
    edit(out, x->before, 4);
    if (x->signer) {
        struct wss_proof proof = {0};
        assert_int_equal(xml_parse(&d, arena, out->p, out->n, NULL, &err), 0);
        assert_int_equal(wss_sign(&proof, d, NULL, 0, as4msg_key(x->signer), arena, &err), 0);
        cert_unref(proof.signer);
        buf_clear(out);
        assert_int_equal(xml_write(out, d, &err), 0);
    }
    edit(out, x->after, 2);
}

static void judge_as(const char *type, struct str body)
{
    err = (struct err)ERR_INIT;
    assert_int_equal(as4_reply_read(&reply, &expect, str_z(type), body, as4msg_receiver()->trust,
                         TESTPKI_NOW, arena, &err),
        0);
}

static void judge(const struct answer *x)
{
    struct buf b;

    make(&b, x);
    judge_as(AS4_REPLY_CONTENT_TYPE, buf_view(&b));
    buf_free(&b);
}

static int setup(void **state)
{
    struct as4_received got;
    struct as4_sent sent;
    struct spool wire;
    struct blob body;
    struct cert *ap2;
    char id[EBMS_ID];
    struct as4_message m;
    (void)state;
    as4msg_setup();
    arena = arena_new(64 << 20);
    spool_init(&wire, -1, 0, 1 << 20);
    buf_init(&plain, 1 << 20);
    ap2 = testpki_cert("ap2");
    m = as4msg_everyday("id-1@ap1.example", ap2);
    m.payload = blob_str(STR("<x/>"));
    if (as4_compose(&sent, &wire, &m, as4msg_key("ap1"), arena, &err))
        return -1;
    expect = sent.expect;
    body = spool_blob(&wire);
    if (as4_receive(
            &got, as4msg_receiver(), str_z(sent.content_type), &body, TESTPKI_NOW, arena, &err) ||
        as4_receipt_write(&plain, id, &got, NULL, TESTPKI_NOW, arena, &err))
        return -1;
    as4_received_free(&got);
    spool_free(&wire);
    cert_unref(ap2);
    return 0;
}

static int done(void **state)
{
    (void)state;
    buf_free(&plain);
    arena_free(arena);
    return 0;
}

#define REF "<eb:RefToMessageId>id-1@ap1.example</eb:RefToMessageId>"
#define INFO(ref)                                                                                  \
    "<eb:MessageInfo><eb:Timestamp>2026-11-22T11:18:53Z</eb:Timestamp><eb:MessageId>s@x"           \
    "</eb:MessageId>" ref "</eb:MessageInfo>"
#define ERROR(code, severity, more)                                                                \
    "<eb:Error errorCode='" code "' severity='" severity "' " more "/>"
#define ERROR_TEXT(code, detail)                                                                   \
    "<eb:Error errorCode='" code "' severity='failure'><eb:ErrorDetail>" detail                    \
    "</eb:ErrorDetail></eb:Error>"
#define SIGNAL(x) "<eb:SignalMessage>" x "</eb:SignalMessage>"
/* `x` in front of the receipt's signal */
#define FIRST(x)                                                                                   \
    {                                                                                              \
        "<eb:SignalMessage>", x "<eb:SignalMessage>"                                               \
    }

/* The signal that is there replaced by another one. */
static void judge_signal(const char *signals, const char *signer)
{
    size_t from = str_find(buf_view(&plain), STR("<eb:SignalMessage>"));
    size_t to = str_find(buf_view(&plain), STR("</eb:Messaging>"));
    char *old = arena_strndup(arena, plain.p + from, to - from);

    assert_non_null(old);
    judge(&(struct answer){.before = {{old, signals}}, .signer = signer});
}

/* ---- proof ---- */

static void a_signed_receipt_of_all_digests_is_proof(void **state)
{
    static const struct answer t[] = {
        {.signer = "ap2"},
        /* another element in eb:Receipt, as phase4 writes it */
        {.signer = "ap2",
            .before = {{"</eb:Receipt>", "<i:phase4 "
                                         "xmlns:i='urn:fdc:com.helger.phase4:ns:info'><i:x>1</"
                                         "i:x></i:phase4></eb:Receipt>"}}},
        {.signer = "ap2", .before = {{"<eb:Receipt>", "<eb:Receipt><x xmlns='urn:x'/>"}}},
        {.signer = "ap2", .before = {{"<ds:DigestValue>", "<ds:DigestValue>\n "}}},
        /* an id beside wsu:Id, namespaces nobody needs: as Domibus writes it */
        {.signer = "ap2",
            .before = {{"<eb:Messaging ",
                           "<eb:Messaging id='_ebmessaging_N65541' xmlns:ebint='urn:ebint' "},
                {"<ds:Reference ",
                    "<ds:Reference xmlns:env='http://www.w3.org/2003/05/soap-envelope' "}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge(&t[i]);
        if (reply.kind != AS4_REPLY_RECEIPT)
            fail_msg("%zu: %s %s", i, reply.why.code, reply.why.msg);
        assert_true(reply.is_signed);
        assert_false(reply.forged);
        assert_string_equal(reply.signer_cn, "POP000002");
        assert_int_equal(reply.why.class, ERR_NONE);
    }
}

static void the_order_of_the_digests_does_not_matter(void **state)
{
    struct as4_expect saved = expect;
    (void)state;
    expect.refs[0] = saved.refs[2];
    expect.refs[2] = saved.refs[0];
    judge(&(struct answer){.signer = "ap2"});
    expect = saved;
    assert_int_equal(reply.kind, AS4_REPLY_RECEIPT);
}

static void proof_wins_over_what_stands_beside_it(void **state)
{
    static const struct answer t[] = {
        {.signer = "ap2", .before = {FIRST(SIGNAL(INFO(REF) ERROR("EBMS:0004", "failure", "")))}},
        {.signer = "ap2", .before = {FIRST(SIGNAL(INFO(REF) ERROR("EBMS:4001", "failure", "")))}},
        {.signer = "ap2",
            .before = {{"</eb:Messaging>",
                SIGNAL(INFO(REF) ERROR("EBMS:0004", "failure", "")) "</eb:Messaging>"}}},
        {.signer = "ap2",
            .before = {{"</eb:SignalMessage>",
                ERROR("EBMS:0303", "failure", "") "</eb:SignalMessage>"}}},
        /* a receipt for another message first */
        {.signer = "ap2",
            .before = {FIRST(SIGNAL(INFO(
                "<eb:RefToMessageId>o@x</eb:RefToMessageId>") "<eb:Receipt><x "
                                                              "xmlns='urn:x'/></eb:Receipt>"))}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge(&t[i]);
        if (reply.kind != AS4_REPLY_RECEIPT)
            fail_msg("%zu: %d %s %s", i, (int)reply.kind, reply.why.code, reply.why.msg);
    }
}

/* ---- receipts that are none ---- */

/*= AS4 5.1.8 "receipts are signed" */
/*= AS4 5.1.8 "a receipt's digests are those of the message" */
/*= EBMS3 5.2.2.1 "RefToMessageId names the message" */
static void other_receipts_are_not_proof(void **state)
{
    static const struct {
        const char *name;
        struct answer x;
        const char *code;
        bool forged;
    } t[] = {
        {"unsigned", {.signer = NULL}, "reply.unsigned", false},
        {"signed by the sender itself", {.signer = "ap1"}, "reply.forged", true},
        {"signed by an untrusted one", {.signer = "rogue"}, "cert.untrusted", true},
        {"signed by an SMP", {.signer = "smp1"}, "cert.wrong-role", true},
        {"for another message",
            {.signer = "ap2", .before = {{">id-1@ap1.example<", ">id-2@ap1.example<"}}},
            "reply.foreign", false},
        {"for another message, in case",
            {.signer = "ap2", .before = {{">id-1@ap1.example<", ">ID-1@ap1.example<"}}},
            "reply.foreign", false},
        {"for no message", {.signer = "ap2", .before = {{REF, ""}}}, "reply.foreign", false},
        {"changed after signing",
            {.signer = "ap2", .after = {{"<eb:Receipt>", "<eb:Receipt><x xmlns='urn:x'/>"}}},
            "wss.signature", true},
        {"another digest",
            {.signer = "ap2", .before = {{"<ds:DigestValue>", "<ds:DigestValue>AAAA"}}},
            "reply.digests", true},
        {"digest with another method",
            {.signer = "ap2",
                .before =
                    {{"<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"",
                        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\""}}},
            "reply.digests", true},
        {"another URI", {.signer = "ap2", .before = {{"URI=\"#messaging", "URI=\"#Messaging"}}},
            "reply.digests", true},
        {"one reference missing",
            {.signer = "ap2",
                .before = {{"<ebbp:MessagePartNRInformation>", "<x:gone xmlns:x='urn:x'>"},
                    {"</ebbp:MessagePartNRInformation>", "</x:gone>"}}},
            "reply.digests", true},
        {"an empty part",
            {.signer = "ap2",
                .before = {{"<ebbp:MessagePartNRInformation>",
                    "<ebbp:MessagePartNRInformation/><ebbp:MessagePartNRInformation>"}}},
            "reply.digests", true},
        {"no NonRepudiationInformation",
            {.signer = "ap2",
                .before = {{"<eb:Receipt>", "<eb:Receipt><x:r xmlns:x='urn:x'>"},
                    {"</eb:Receipt>", "</x:r></eb:Receipt>"}}},
            "reply.digests", true},
        {"two NonRepudiationInformation",
            {.signer = "ap2",
                .before = {{"<eb:Receipt>",
                    "<eb:Receipt><ebbp:NonRepudiationInformation "
                    "xmlns:ebbp='http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0'/>"}}},
            "reply.digests", true},
        {"two Messaging",
            {.signer = "ap2",
                .after = {{"</S12:Header>",
                    "<eb:Messaging xmlns:eb='" EBMS_NS "'/></S12:Header>"}}},
            "reply.malformed", false},
        {"header not by the schema",
            {.signer = "ap2", .before = {{"<eb:Receipt>", "<eb:X/><eb:Receipt>"}}},
            "reply.malformed", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge(&t[i].x);
        if (reply.kind != AS4_REPLY_NOTHING)
            fail_msg("%s: kind %d", t[i].name, (int)reply.kind);
        if (strcmp(reply.why.code, t[i].code) || reply.forged != t[i].forged)
            fail_msg(
                "%s: %s forged %d: %s", t[i].name, reply.why.code, reply.forged, reply.why.msg);
        assert_int_equal(reply.why.class, ERR_UNKNOWN);
    }
}

static void a_reference_said_twice_does_not_stand_for_two(void **state)
{
    struct as4_expect saved = expect;
    (void)state;
    expect.refs[1] = saved.refs[0]; /* as if two were expected where one is repeated */
    judge(&(struct answer){.signer = "ap2"});
    expect = saved;
    assert_int_equal(reply.kind, AS4_REPLY_NOTHING);
    assert_string_equal(reply.why.code, "reply.digests");
}

static void a_receipt_more_than_expected_is_not_proof(void **state)
{
    (void)state;
    expect.nrefs--;
    judge(&(struct answer){.signer = "ap2"});
    expect.nrefs++;
    assert_int_equal(reply.kind, AS4_REPLY_NOTHING);
    assert_string_equal(reply.why.code, "reply.digests");
}

static void a_receipt_cut_anywhere_is_not_proof(void **state)
{
    struct buf b;
    (void)state;
    make(&b, &(struct answer){.signer = "ap2"});
    while (b.n && b.p[b.n - 1] == '\n')
        b.n--;
    for (size_t n = 0; n < b.n; n++) {
        struct arena_mark m = arena_mark(arena);
        judge_as(AS4_REPLY_CONTENT_TYPE, (struct str){b.p, n});
        arena_rewind(arena, m);
        if (reply.kind != AS4_REPLY_NOTHING)
            fail_msg("cut at %zu: kind %d", n, (int)reply.kind);
    }
    buf_free(&b);
}

static void a_receipt_is_judged_at_the_time_given(void **state)
{
    struct buf b;
    (void)state;
    make(&b, &(struct answer){.signer = "ap2"});
    assert_int_equal(
        as4_reply_read(&reply, &expect, STR(""), buf_view(&b), as4msg_receiver()->trust,
            TESTPKI_NOW + 100LL * 365 * 86400 * 1000, arena, &err),
        0);
    assert_int_equal(reply.kind, AS4_REPLY_NOTHING);
    assert_string_equal(reply.why.code, "cert.expired");
    assert_false(reply.forged);
    buf_free(&b);
}

/* ---- errors ---- */

/*= EBMS3 6.3 "errors are told in the response" */
static void errors_are_told_signed_or_not(void **state)
{
    static const struct {
        const char *signer;
        bool is_signed;
    } t[] = {{"ap2", true}, {NULL, false}, {"ap1", false}, {"rogue", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge_signal(
            SIGNAL(
                INFO(REF) "<eb:Error errorCode='EBMS:0004' severity='failure' "
                          "shortDescription='Other' "
                          "refToMessageInError='id-1@ap1.example'><eb:Description xml:lang='en'>d"
                          "</eb:Description><eb:ErrorDetail>PEPPOL:NOT_SERVICED</eb:ErrorDetail></"
                          "eb:Error>"),
            t[i].signer);
        assert_int_equal(reply.kind, AS4_REPLY_ERROR);
        assert_int_equal(reply.is_signed, t[i].is_signed);
        assert_string_equal(reply.error.code, "EBMS:0004");
        assert_string_equal(reply.error.detail, "PEPPOL:NOT_SERVICED");
        assert_true(str_eqz(reply.signal_id, "s@x"));
        assert_false(reply.forged);
    }
}

static void errors_refer_to_our_message_or_to_none(void **state)
{
    static const struct {
        const char *signal;
        enum as4_reply_kind kind;
    } t[] = {
        {SIGNAL(INFO(REF) ERROR("EBMS:0303", "failure", "")), AS4_REPLY_ERROR},
        {SIGNAL(INFO("") ERROR("EBMS:0303", "failure", "")), AS4_REPLY_ERROR},
        {SIGNAL(INFO("") ERROR("EBMS:0303", "failure", "refToMessageInError='id-1@ap1.example'")),
            AS4_REPLY_ERROR},
        {SIGNAL(INFO("") ERROR("EBMS:0303", "failure", "refToMessageInError='o@x'")),
            AS4_REPLY_NOTHING},
        {SIGNAL(
             INFO("<eb:RefToMessageId>o@x</eb:RefToMessageId>") ERROR("EBMS:0303", "failure", "")),
            AS4_REPLY_NOTHING},
        {SIGNAL(INFO(REF) ERROR("EBMS:0006", "warning", "")), AS4_REPLY_NOTHING},
        {SIGNAL(INFO(REF) ERROR("EBMS:0006", "warning", "") ERROR("EBMS:0303", "failure", "")),
            AS4_REPLY_ERROR},
        {SIGNAL(INFO(REF)), AS4_REPLY_NOTHING},
        {SIGNAL(INFO(REF) "<eb:PullRequest/>"), AS4_REPLY_NOTHING},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge_signal(t[i].signal, "ap2");
        if (reply.kind != t[i].kind)
            fail_msg("%zu: kind %d %s", i, (int)reply.kind, reply.why.msg);
        if (reply.kind == AS4_REPLY_ERROR)
            assert_string_equal(reply.error.code, "EBMS:0303");
        else
            assert_int_equal(reply.why.class, ERR_UNKNOWN);
    }
}

static void duplicate_errors_are_told_from_others(void **state)
{
    static const struct {
        const char *signal;
        bool duplicate;
    } t[] = {
        {SIGNAL(INFO(REF) ERROR("EBMS:4001", "failure", "")), true},
        {SIGNAL(INFO(REF) ERROR("EBMS:4001", "warning", "")), true},
        {SIGNAL(INFO(REF) ERROR("EBMS:0004", "failure", "shortDescription='DuplicateDetected'")),
            true},
        {SIGNAL(
             INFO(REF) ERROR_TEXT("EBMS:0004", "Not invoking SPIs, because message with Message ID "
                                               "'x' was already handled (this is a duplicate)")),
            true},
        {SIGNAL(INFO(REF) ERROR_TEXT("EBMS:0004", "Message has ALREADY BEEN RECEIVED")), true},
        {SIGNAL(INFO(REF) ERROR_TEXT("VENDOR:1", "duplicate message")), true},
        {SIGNAL(INFO(REF) ERROR("EBMS:0303", "failure", "") ERROR("EBMS:4001", "failure", "")),
            true},
        {SIGNAL(INFO(REF) ERROR("EBMS:4001", "failure", "") ERROR("EBMS:0303", "failure", "")),
            true},
        {SIGNAL(INFO(REF) ERROR_TEXT("EBMS:0004", "something else")), false},
        {SIGNAL(INFO(REF) ERROR_TEXT("EBMS:0009", "duplicate attribute")), false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge_signal(t[i].signal, "ap2");
        if (reply.kind != (t[i].duplicate ? AS4_REPLY_DUPLICATE : AS4_REPLY_ERROR))
            fail_msg("%zu: kind %d", i, (int)reply.kind);
    }
}

/*= PEPPOL-AS4 4.4 "PEPPOL:NOT_SERVICED" */
static void our_own_errors_are_read_back(void **state)
{
    static const struct {
        const char *code, *ebms, *short_description, *detail;
    } t[] = {
        {"as4.not-serviced", "EBMS:0004", "Other", "PEPPOL:NOT_SERVICED"},
        {"gzip.bomb", "EBMS:0303", "DecompressionFailure", "gzip.bomb: a ?? \"b\" <c> & d"},
        {"wss.unsigned", "EBMS:0101", "FailedAuthentication", "wss.unsigned: a ?? \"b\" <c> & d"},
        {"wss.decrypt", "EBMS:0102", "FailedDecryption", "wss.decrypt: a ?? \"b\" <c> & d"},
        {"wss.policy", "EBMS:0103", "PolicyNoncompliance", "wss.policy: a ?? \"b\" <c> & d"},
        {"mime.malformed", "EBMS:0007", "MimeInconsistency", "mime.malformed: a ?? \"b\" <c> & d"},
        {"ebms.header", "EBMS:0009", "InvalidHeader", "ebms.header: a ?? \"b\" <c> & d"},
        {"ebms.agreement", "EBMS:0001", "ValueNotRecognized", "ebms.agreement: a ?? \"b\" <c> & d"},
        {"ebms.ambiguous", "EBMS:0003", "ValueInconsistent", "ebms.ambiguous: a ?? \"b\" <c> & d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        for (int with_key = 0; with_key < 2; with_key++)
            for (int with_ref = 0; with_ref < 2; with_ref++) {
                struct err why = ERR_INIT;
                struct buf out;
                char id[EBMS_ID];
                (void)err_set(&why, ERR_INPUT, t[i].code, "", "a \xc3\xa9 \"b\" <c> & d");
                (void)err_ebms(&why, t[i].ebms);
                buf_init(&out, 1 << 20);
                assert_int_equal(
                    as4_error_write(&out, id, &why, with_ref ? expect.message_id : STR(""),
                        with_key ? as4msg_key("ap2") : NULL, TESTPKI_NOW, arena, &err),
                    0);
                judge_as(AS4_REPLY_CONTENT_TYPE, buf_view(&out));
                assert_int_equal(reply.kind, AS4_REPLY_ERROR);
                assert_int_equal(reply.is_signed, with_key);
                assert_string_equal(reply.error.code, t[i].ebms);
                assert_string_equal(reply.error.severity, "failure");
                assert_string_equal(reply.error.short_description, t[i].short_description);
                assert_string_equal(reply.error.detail, t[i].detail);
                assert_string_equal(
                    reply.error.ref_to_message_id, with_ref ? "id-1@ap1.example" : "");
                buf_free(&out);
            }
}

static void an_error_without_a_wire_code_is_not_written(void **state)
{
    struct err why = ERR_INIT;
    struct buf out;
    char id[EBMS_ID];
    (void)state;
    (void)err_set(&why, ERR_RETRY, "spool.write", "", "disk full on /var/spool");
    buf_init(&out, 1 << 20);
    assert_int_equal(as4_error_write(&out, id, &why, STR(""), NULL, TESTPKI_NOW, arena, &err), -1);
    assert_int_equal(out.n, 0);
    buf_free(&out);
}

/* ---- anything else ---- */

static void garbage_is_nothing(void **state)
{
    static const struct {
        const char *name, *type, *body, *code;
    } t[] = {
        {"empty", "", "", "reply.empty"},
        {"blank", "text/plain", " \r\n\t", "reply.empty"},
        {"web page", "text/html; charset=utf-8", "<html><body>Bad gateway</body></html>",
            "reply.html"},
        {"web page with DOCTYPE", "", "\n<!doctype HTML><p>x", "reply.html"},
        {"gzip", "application/soap+xml", "\x1f\x8b\x08", "reply.compressed"},
        {"JSON", "application/json", "{\"ok\":true}", "reply.malformed"},
        {"DOCTYPE", "application/soap+xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
            "reply.malformed"},
        {"other XML", "application/soap+xml", "<x/>", "reply.malformed"},
        {"SOAP 1.1", "text/xml",
            "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body/></Envelope>",
            "reply.malformed"},
        {"empty envelope", "application/soap+xml",
            "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Body/></Envelope>",
            "reply.malformed"},
        {"fault", "application/soap+xml",
            "<Envelope "
            "xmlns='http://www.w3.org/2003/05/soap-envelope'><Body><Fault><Code><Value>x</Value></"
            "Code><Reason><Text xml:lang='en'> no luck </Text></Reason></Fault></Body></Envelope>",
            "reply.fault"},
        {"fault without reason", "application/soap+xml",
            "<Envelope "
            "xmlns='http://www.w3.org/2003/05/soap-envelope'><Body><Fault/></Body></Envelope>",
            "reply.fault"},
        {"UTF-16 said", "application/soap+xml", "<?xml version='1.0' encoding='UTF-16'?><x/>",
            "reply.malformed"},
        {"broken multipart", "multipart/related; boundary=b", "--b\r\n\r\n<x/>", "reply.malformed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        judge_as(t[i].type, str_z(t[i].body));
        if (reply.kind != AS4_REPLY_NOTHING || strcmp(reply.why.code, t[i].code))
            fail_msg(
                "%s: kind %d %s %s", t[i].name, (int)reply.kind, reply.why.code, reply.why.msg);
        assert_int_equal(reply.why.class, ERR_UNKNOWN);
        assert_false(reply.forged);
    }
}

static void our_fault_is_read_as_a_fault(void **state)
{
    xmlNs ns = {.href = BAD_CAST "urn:x?a&b"};
    xmlNode block = {.name = BAD_CAST "X", .ns = &ns};
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(as4_fault_write(&out, &block, &err), 0);
    assert_non_null(
        strstr(buf_view(&out).p, "<S12:NotUnderstood xmlns:n=\"urn:x?a&amp;b\" qname=\"n:X\"/>"));
    judge_as(AS4_REPLY_CONTENT_TYPE, buf_view(&out));
    assert_string_equal(reply.why.code, "reply.fault");
    buf_free(&out);
}

static void a_user_message_is_no_answer(void **state)
{
    struct buf body;
    size_t from, to;
    (void)state;
    as4msg_make(&body, &(struct as4msg){.no_parts = true});
    from = str_find(buf_view(&body), STR("<?xml"));
    to = str_find(buf_view(&body), STR("\r\n--b1--"));
    judge_as(AS4_REPLY_CONTENT_TYPE, str_sub(buf_view(&body), from, to - from));
    assert_int_equal(reply.kind, AS4_REPLY_NOTHING);
    assert_string_equal(reply.why.code, "reply.malformed");
    buf_free(&body);
}

static void a_receipt_in_a_multipart_is_taken(void **state)
{
    struct buf b, wrapped;
    (void)state;
    make(&b, &(struct answer){.signer = "ap2"});
    buf_init(&wrapped, 1 << 20);
    buf_printf(&wrapped, "--b\r\nContent-Type: application/soap+xml\r\n\r\n%.*s\r\n--b--\r\n",
        STR_FMT(buf_view(&b)));
    judge_as("multipart/related; boundary=b; type=\"application/soap+xml\"", buf_view(&wrapped));
    assert_int_equal(reply.kind, AS4_REPLY_RECEIPT);
    judge_as("text/plain", buf_view(&b)); /* whatever the header says */
    assert_int_equal(reply.kind, AS4_REPLY_RECEIPT);
    buf_free(&wrapped);
    buf_free(&b);
}

/* The signed header hidden in another one, a forged receipt for us in its place. */
static void a_moved_signature_is_not_proof(void **state)
{
    (void)state;
    judge(&(struct answer){.signer = "ap2",
        .after = {{"<eb:Messaging ", "<hide><eb:Messaging "},
            {"</eb:Messaging>",
                "</eb:Messaging></hide><eb:Messaging xmlns:eb='" EBMS_NS "'>" SIGNAL(
                    INFO(REF) "<eb:Receipt><x xmlns='urn:x'/></eb:Receipt>") "</eb:Messaging>"}}});
    assert_int_equal(reply.kind, AS4_REPLY_NOTHING);
    assert_string_equal(reply.why.code, "wss.policy");
    assert_true(reply.forged);
}

/* Memory that is out is our trouble: never a forgery, never a refusal. */
static void little_memory_judges_nothing(void **state)
{
    struct buf b;
    bool judged = false;
    (void)state;
    make(&b, &(struct answer){.signer = "ap2"});
    for (size_t limit = 256; !judged; limit += limit / 8) {
        struct arena *small = arena_new(limit);
        int rc;
        assert_non_null(small);
        rc = as4_reply_read(&reply, &expect, STR(AS4_REPLY_CONTENT_TYPE), buf_view(&b),
            as4msg_receiver()->trust, TESTPKI_NOW, small, &err);
        judged = rc == 0;
        if (rc)
            assert_string_equal(err.code, "memory.exhausted");
        else
            assert_int_equal(reply.kind, AS4_REPLY_RECEIPT);
        arena_free(small);
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a_signed_receipt_of_all_digests_is_proof),
        cmocka_unit_test(the_order_of_the_digests_does_not_matter),
        cmocka_unit_test(proof_wins_over_what_stands_beside_it),
        cmocka_unit_test(other_receipts_are_not_proof),
        cmocka_unit_test(a_reference_said_twice_does_not_stand_for_two),
        cmocka_unit_test(a_receipt_more_than_expected_is_not_proof),
        cmocka_unit_test(a_receipt_cut_anywhere_is_not_proof),
        cmocka_unit_test(a_receipt_is_judged_at_the_time_given),
        cmocka_unit_test(errors_are_told_signed_or_not),
        cmocka_unit_test(errors_refer_to_our_message_or_to_none),
        cmocka_unit_test(duplicate_errors_are_told_from_others),
        cmocka_unit_test(our_own_errors_are_read_back),
        cmocka_unit_test(an_error_without_a_wire_code_is_not_written),
        cmocka_unit_test(garbage_is_nothing),
        cmocka_unit_test(our_fault_is_read_as_a_fault),
        cmocka_unit_test(a_user_message_is_no_answer),
        cmocka_unit_test(a_receipt_in_a_multipart_is_taken),
        cmocka_unit_test(little_memory_judges_nothing),
        cmocka_unit_test(a_moved_signature_is_not_proof),
    };
    return cmocka_run_group_tests(t, setup, done);
}
