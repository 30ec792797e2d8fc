/* One AS4 exchange: what is composed is received, what is received is answered as docs/STATES.md
 * says, cause by cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/gz.h"
#include "ap/xml/xml.h"
#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

static struct arena *arena;
static struct as4_received got;
static struct err err;

static void fresh(void)
{
    as4_received_free(&got);
    got = (struct as4_received){.payload.fd = -1};
    arena_free(arena);
    arena = arena_new(16 << 20);
    assert_non_null(arena);
    err = (struct err)ERR_INIT;
}

static int receive_with(const struct as4_receiver *r, const char *type, struct str body)
{
    struct blob b = blob_str(body);

    fresh();
    return as4_receive(&got, r, str_z(type), &b, TESTPKI_NOW, arena, &err);
}

static int receive(const struct as4msg *m)
{
    struct buf body;
    int rc;

    as4msg_make(&body, m);
    rc = receive_with(as4msg_receiver(), as4msg_type(m), buf_view(&body));
    buf_free(&body);
    return rc;
}

static int setup(void **state)
{
    (void)state;
    as4msg_setup();
    got.payload.fd = -1;
    return 0;
}

static int done(void **state)
{
    (void)state;
    as4_received_free(&got);
    arena_free(arena);
    return 0;
}

static void assert_payload(const char *want)
{
    struct buf b;
    struct blob p = spool_blob(&got.payload);
    uint8_t digest[HASH_LEN];

    buf_init(&b, 1 << 20);
    assert_int_equal(blob_load(&b, &p, &err), 0);
    assert_int_equal(b.n, strlen(want));
    assert_memory_equal(buf_view(&b).p, want, b.n);
    assert_int_equal(hash_of(digest, b.p, b.n, &err), 0);
    assert_memory_equal(digest, got.payload_sha256, HASH_LEN);
    buf_free(&b);
}

/* ---- every cause has its answer ---- */

struct cause {
    const char *name;
    struct as4msg m;
    const char *code, *ebms;
    int status;
};

static void assert_answer(const char *name, int rc, const char *code, const char *ebms, int status)
{
    if (rc != -1)
        fail_msg("%s: was taken", name);
    if (strcmp(err.code, code) || strcmp(err.ebms, ebms) || got.http_status != status)
        fail_msg("%s: %s \"%s\" HTTP %d: %s", name, err.code, err.ebms, got.http_status, err.msg);
    if (got.payload.len || got.payload.fd >= 0)
        fail_msg("%s: left a payload", name);
}

static void run_causes(const struct cause *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_answer(t[i].name, receive(&t[i].m), t[i].code, t[i].ebms, t[i].status);
}
#define RUN(t) run_causes(t, sizeof(t) / sizeof((t)[0]))

/*= AS4 2.1 "SOAP 1.2" */
static void no_signal_answers_what_hides_the_soap_part(void **state)
{
    static const struct cause t[] = {
        {"no Content-Type", {.content_type = ""}, "mime.content-type", "", 415},
        {"text/xml", {.content_type = "text/xml"}, "mime.content-type", "", 415},
        {"no boundary", {.content_type = "multipart/related"}, "mime.content-type", "", 415},
        {"wrong boundary", {.content_type = "multipart/related; boundary=b2"}, "mime.malformed", "",
            400},
        {"root that does not end",
            {.framing = {{"\r\n--b1\r\nContent-Type: application/octet", "\r\n-"},
                 {"\r\n--b1--", ""}}},
            "mime.malformed", "", 400},
        {"root is no SOAP", {.framing = {{"application/soap+xml;", "text/xml;"}}}, "soap.malformed",
            "", 400},
        {"root in another charset", {.framing = {{"charset=UTF-8", "charset=UTF-16"}}},
            "soap.encoding", "", 400},
        {"prolog names another charset",
            {.after = {{"encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""}}}, "xml.encoding", "",
            400},
        {"not XML", {.after = {{"</S12:Envelope>", ""}}}, "xml.malformed", "", 400},
        {"DOCTYPE", {.after = {{"<S12:Envelope", "<!DOCTYPE x [<!ENTITY a \"b\">]><S12:Envelope"}}},
            "xml.doctype", "", 400},
        {"SOAP 1.1",
            {.after = {{"http://www.w3.org/2003/05/soap-envelope",
                 "http://schemas.xmlsoap.org/soap/envelope/"}}},
            "soap.malformed", "", 400},
        {"no Body", {.after = {{"<S12:Body", "<S12:Other"}}}, "soap.malformed", "", 400},
        {"encoded root is broken",
            {.framing = {{"Content-ID: <root@x>",
                 "Content-ID: <root@x>\r\nContent-Transfer-Encoding: base64"}}},
            "mime.encoding", "", 400},
    };
    (void)state;
    RUN(t);
}

/*= SOAP12 5.4.8 "env:MustUnderstand" */
static void an_unknown_mandatory_header_is_a_soap_fault(void **state)
{
    static const struct cause t[] = {
        {"true",
            {.before = {{"<eb:Messaging ",
                 "<x:X xmlns:x=\"urn:x\" S12:mustUnderstand=\"true\"/><eb:Messaging "}}},
            "soap.must-understand", "", 500},
        {"1, for the next node",
            {.before = {{"<eb:Messaging ",
                 "<x:X xmlns:x=\"urn:x\" "
                 "S12:role=\"http://www.w3.org/2003/05/soap-envelope/role/next\" "
                 "S12:mustUnderstand=\"1\"/><eb:Messaging "}}},
            "soap.must-understand", "", 500},
        {"behind, and broken otherwise",
            {.before = {{"</S12:Header>", "<X S12:mustUnderstand=\" true \"/></S12:Header>"}},
                .flip = true},
            "soap.must-understand", "", 500},
    };
    (void)state;
    RUN(t);
    assert_string_equal(got.not_understood->name, "X");
}

static void other_unknown_headers_are_ignored(void **state)
{
    static const struct as4msg t[] = {
        {.before = {{"<eb:Messaging ", "<x:X xmlns:x=\"urn:x\"/><eb:Messaging "}}},
        {.before = {{"<eb:Messaging ",
             "<x:X xmlns:x=\"urn:x\" S12:mustUnderstand=\"false\"/><eb:Messaging "}}},
        {.before = {{"<eb:Messaging ", "<x:X xmlns:x=\"urn:x\" "
                                       "S12:role=\"http://www.w3.org/2003/05/soap-envelope/role/"
                                       "none\" S12:mustUnderstand=\"1\"/><eb:Messaging "}}},
        {.before = {{"<eb:Messaging ", "<x:X xmlns:x=\"urn:x\" S12:role=\"urn:other\" "
                                       "S12:mustUnderstand=\"1\"/><eb:Messaging "}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        if (receive(&t[i]))
            fail_msg("%zu: %s %s", i, err.code, err.msg);
}

static void a_wrong_header_is_invalid(void **state)
{
    static const struct cause t[] = {
        {"no Messaging",
            {.after = {{"<eb:Messaging ", "<eb:Other "}, {"</eb:Messaging>", "</eb:Other>"},
                 {" S12:mustUnderstand=\"true\" wsu:Id=\"msg\"", ""}}},
            "ebms.header", "EBMS:0009", 200},
        {"two Messaging",
            {.after = {{"<eb:Messaging ",
                 "<eb:Messaging xmlns:eb=\"" EBMS_NS "\"/><eb:Messaging "}}},
            "ebms.header", "EBMS:0009", 200},
        {"not by the schema", {.before = {{"<eb:MessageInfo>", "<eb:MessageInfo><eb:X/>"}}},
            "ebms.header", "EBMS:0009", 200},
        {"no MessageId", {.before = {{"<eb:MessageId>" AS4MSG_ID "</eb:MessageId>", ""}}},
            "ebms.header", "EBMS:0009", 200},
        {"MessageId in brackets", {.before = {{AS4MSG_ID, "&lt;" AS4MSG_ID "&gt;"}}},
            "as4.message-id", "EBMS:0009", 200},
        {"MessageId without @", {.before = {{AS4MSG_ID, "uuid"}}}, "as4.message-id", "EBMS:0009",
            200},
        {"property twice", {.before = {{"finalRecipient", "originalSender"}}}, "ebms.ambiguous",
            "EBMS:0003", 200},
    };
    (void)state;
    RUN(t);
}

/*= EBMS3 5.2.2.12 "every PartInfo has its part" */
static void parts_that_do_not_fit_are_inconsistent(void **state)
{
    static const struct cause t[] = {
        {"named part missing", {.drop_part = 1}, "as4.part-missing", "EBMS:0007", 200},
        {"part named by nobody",
            {.parts = {{.cid = "a@x", .data = "a"}, {.cid = "b@x", .data = "b"}},
                .before = {{"<eb:PartInfo href=\"cid:b@x\"><eb:PartProperties><eb:Property "
                            "name=\"MimeType\">application/xml</eb:Property><eb:Property "
                            "name=\"CompressionType\">application/gzip</eb:Property></"
                            "eb:PartProperties></eb:PartInfo>",
                    ""}}},
            "as4.part-unnamed", "EBMS:0007", 200},
        {"part named by its case only", {.before = {{"cid:att@x", "cid:ATT@x"}}},
            "as4.part-missing", "EBMS:0007", 200},
        {"part named twice",
            {.before = {{"</eb:PartInfo>", "</eb:PartInfo><eb:PartInfo href=\"cid:att%40x\"/>"}}},
            "ebms.href", "EBMS:0007", 200},
        {"payload somewhere else", {.before = {{"cid:att@x", "file:///etc/passwd"}}}, "ebms.href",
            "EBMS:0007", 200},
        {"no closing boundary", {.framing = {{"\r\n--b1--\r\n", ""}}}, "mime.malformed",
            "EBMS:0007", 200},
        {"encoded part is broken",
            {.framing = {{"Content-Transfer-Encoding: binary",
                 "Content-Transfer-Encoding: base64"}}},
            "mime.encoding", "EBMS:0007", 200},
    };
    (void)state;
    RUN(t);
    assert_int_equal(receive(&(struct as4msg){.framing = {{"\r\n--b1--\r\n", ""}}}), -1);
    assert_true(str_eqz(got.ref_to_message_id, AS4MSG_ID)); /* still told what it answers */
}

/*= PEPPOL-AS4 4.5 "subject CN of the sender's certificate" */
static void what_is_not_authentic_is_refused(void **state)
{
    static const struct cause t[] = {
        {"unsigned", {.unsigned_ = true}, "wss.unsigned", "EBMS:0101", 200},
        {"unsigned, not encrypted", {.unsigned_ = true, .clear = true}, "wss.unsigned", "EBMS:0101",
            200},
        {"header changed", {.after = {{"conversation-1", "conversation-2"}}}, "wss.signature",
            "EBMS:0101", 200},
        {"untrusted signer", {.signer = "rogue"}, "cert.untrusted", "EBMS:0101", 200},
        {"signer of another role", {.signer = "smp1"}, "cert.wrong-role", "EBMS:0101", 200},
        {"From is not the signer", {.before = {{">POP000001<", ">POP000009<"}}}, "as4.from",
            "EBMS:0101", 200},
        {"From in other case", {.before = {{">POP000001<", ">pop000001<"}}}, "as4.from",
            "EBMS:0101", 200},
    };
    (void)state;
    RUN(t);
    assert_true(str_eqz(got.ref_to_message_id, AS4MSG_ID));
}

static void what_cannot_be_decrypted_is_refused_with_one_text(void **state)
{
    static const struct cause t[] = {
        {"for another recipient", {.recipient = "ap1"}, "wss.decrypt", "EBMS:0102", 200},
        {"ciphertext changed", {.flip = true}, "wss.decrypt", "EBMS:0102", 200},
        {"wrapped key changed", {.after = {{"<xenc:CipherValue>", "<xenc:CipherValue>AAAA"}}},
            "wss.decrypt", "EBMS:0102", 200},
        {"not encrypted", {.clear = true}, "wss.unencrypted", "EBMS:0102", 200},
        {"second part not encrypted",
            {.parts = {{.cid = "a@x", .data = "a"}, {.cid = "b@x", .data = "b"}}, .clear_parts = 1},
            "wss.unencrypted", "EBMS:0102", 200},
    };
    char first[400] = "";
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        run_causes(&t[i], 1);
        if (i)
            assert_string_equal(err.msg, first);
        memcpy(first, err.msg, sizeof(first));
    }
    run_causes(t + 3, 2);
}

static void what_is_outside_the_policy_is_refused(void **state)
{
    static const struct cause t[] = {
        {"part not signed",
            {.parts = {{.cid = "a@x", .data = "a"}, {.cid = "b@x", .data = "b"}},
                .unsigned_parts = 1},
            "wss.policy", "EBMS:0103", 200},
        {"no part signed", {.unsigned_parts = 1}, "wss.policy", "EBMS:0103", 200},
        {"CBC", {.after = {{"xmlenc11#aes128-gcm", "xmlenc#aes128-cbc"}}}, "wss.policy",
            "EBMS:0103", 200},
        {"PKCS#1 v1.5",
            {.after = {{"http://www.w3.org/2009/xmlenc11#rsa-oaep",
                 "http://www.w3.org/2001/04/xmlenc#rsa-1_5"}}},
            "wss.policy", "EBMS:0103", 200},
    };
    (void)state;
    RUN(t);
}

/*= AS4 3.1 "application/gzip" */
static void what_does_not_decompress_is_refused(void **state)
{
    static char zeros[4 << 20];
    static const char gz_cut[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b";
    static const struct cause t[] = {
        {"ratio", {.parts = {{.cid = "a@x", .data = zeros, .n = sizeof(zeros)}}}, "gzip.bomb",
            "EBMS:0303", 200},
        {"ratio in a second part",
            {.parts = {{.cid = "a@x", .data = "a"},
                 {.cid = "b@x", .data = zeros, .n = sizeof(zeros)}}},
            "gzip.bomb", "EBMS:0303", 200},
        {"cut short",
            {.parts = {{.cid = "a@x", .data = gz_cut, .n = sizeof(gz_cut) - 1, .plain = true}},
                .before = {{"application/xml</eb:Property>",
                    "application/xml</eb:Property><eb:Property "
                    "name=\"CompressionType\">application/gzip</eb:Property>"}}},
            "gzip.broken", "EBMS:0303", 200},
        {"CompressionType without gzip",
            {.parts = {{.cid = "a@x", .data = "<x/>", .plain = true}},
                .before = {{"application/xml</eb:Property>",
                    "application/xml</eb:Property><eb:Property "
                    "name=\"CompressionType\">application/gzip</eb:Property>"}}},
            "as4.compression", "EBMS:0303", 200},
        {"gzip without CompressionType",
            {.before = {{"<eb:Property name=\"CompressionType\">application/gzip</eb:Property>",
                 ""}}},
            "as4.compression", "EBMS:0303", 200},
        {"unknown CompressionType",
            {.before = {{"CompressionType\">application/gzip",
                 "CompressionType\">application/zip"}}},
            "as4.compression", "EBMS:0303", 200},
    };
    (void)state;
    RUN(t);
}

/*= PEPPOL-AS4 4 "the SOAP Body must be empty" */
/*= PEPPOL-AS4 4.5 "subject CN of the receiver's certificate" */
static void what_is_outside_the_profile_is_refused(void **state)
{
    static const struct cause t[] = {
        {"To is not us", {.before = {{">POP000002<", ">POP000003<"}}}, "as4.to", "EBMS:0004", 200},
        {"agreement", {.before = {{EBMS_AGREEMENT, "urn:x"}}}, "ebms.agreement", "EBMS:0001", 200},
        {"RefToMessageId",
            {.before = {{"</eb:MessageId>",
                 "</eb:MessageId><eb:RefToMessageId>a@b</eb:RefToMessageId>"}}},
            "ebms.profile", "EBMS:0004", 200},
        {"two PartyId", {.before = {{"<eb:Role>", "<eb:PartyId>x</eb:PartyId><eb:Role>"}}},
            "ebms.profile", "EBMS:0004", 200},
        {"trackingIdentifier",
            {.before = {{"<eb:MessageProperties>", "<eb:MessageProperties><eb:Property "
                                                   "name=\"trackingIdentifier\">x</eb:Property>"}}},
            "ebms.profile", "EBMS:0004", 200},
        {"no payload", {.no_parts = true}, "ebms.profile", "EBMS:0004", 200},
        {"payload in the Body",
            {.before = {{"wsu:Id=\"body\"/>", "wsu:Id=\"body\"><x/></S12:Body>"}}}, "as4.body",
            "EBMS:0004", 200},
    };
    (void)state;
    RUN(t);
}

/* The order of docs/STATES.md: what is wrong in two ways gets the answer of the first check. */
static void the_first_check_that_fails_answers(void **state)
{
    static const struct cause t[] = {
        {"shape before signer", {.signer = "rogue", .drop_part = 1}, "as4.part-missing",
            "EBMS:0007", 200},
        {"signer before decryption", {.signer = "rogue", .recipient = "ap1"}, "cert.untrusted",
            "EBMS:0101", 200},
        {"signature before decryption",
            {.flip = true, .after = {{"conversation-1", "conversation-2"}}}, "wss.signature",
            "EBMS:0101", 200},
        {"decryption before profile",
            {.recipient = "ap1", .before = {{">POP000002<", ">POP000003<"}}}, "wss.decrypt",
            "EBMS:0102", 200},
        {"gunzip before profile",
            {.before = {{">POP000002<", ">POP000003<"},
                 {"CompressionType\">application/gzip", "CompressionType\">application/zip"}}},
            "as4.compression", "EBMS:0303", 200},
    };
    (void)state;
    RUN(t);
}

/* A whole header as it would be taken, from anybody. */
#define FORGED                                                                                     \
    "<eb:Messaging xmlns:eb=\"" EBMS_NS                                                            \
    "\"><eb:UserMessage><eb:MessageInfo><eb:Timestamp>2026-11-22T11:18:53Z</eb:Timestamp>"         \
    "<eb:MessageId>" AS4MSG_ID                                                                     \
    "</eb:MessageId></eb:MessageInfo><eb:PartyInfo><eb:From><eb:PartyId>POP000001</eb:PartyId>"    \
    "<eb:Role>r</eb:Role></eb:From><eb:To><eb:PartyId>POP000002</eb:PartyId><eb:Role>r</eb:Role>"  \
    "</eb:To></eb:PartyInfo><eb:CollaborationInfo><eb:Service>s</eb:Service><eb:Action>a</"        \
    "eb:Action>"                                                                                   \
    "<eb:ConversationId>c</eb:ConversationId></eb:CollaborationInfo><eb:PayloadInfo><eb:PartInfo " \
    "href=\"cid:att@x\"/></eb:PayloadInfo></eb:UserMessage></eb:Messaging>"
#define WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

/* Moved, doubled and wrapped elements (reliability X4, X5): the node used is the node verified. */
static void wrapped_signatures_are_refused(void **state)
{
    static const struct cause t[] = {
        {"signed header hidden, a forged one in its place",
            {.after = {{"<eb:Messaging ", "<hide><eb:Messaging "},
                 {"</eb:Messaging>", "</eb:Messaging></hide>" FORGED}}},
            "wss.policy", "EBMS:0103", 200},
        {"signed header hidden behind a forged one",
            {.after = {{"<eb:Messaging ", FORGED "<hide><eb:Messaging "},
                 {"wsu:Id=\"msg\"", "wsu:Id=\"msg\" "},
                 {"</eb:UserMessage></eb:Messaging><wsse",
                     "</eb:UserMessage></eb:Messaging></hide><wsse"}}},
            "wss.policy", "EBMS:0103", 200},
        {"forged header beside the signed one",
            {.after = {{"<eb:Messaging ", FORGED "<eb:Messaging "}}}, "ebms.header", "EBMS:0009",
            200},
        {"forged message beside the signed one",
            {.after = {{"<eb:UserMessage>", "<eb:UserMessage/><eb:UserMessage>"}}}, "ebms.header",
            "EBMS:0009", 200},
        {"signed Body moved away", {.after = {{"<S12:Body ", "<S12:Body/><S12:Body "}}},
            "soap.malformed", "", 400},
        {"Body twice", {.after = {{"</S12:Header>", "</S12:Header><S12:Body/>"}}}, "soap.malformed",
            "", 400},
        {"same wsu:Id twice",
            {.after = {{"<eb:Messaging ",
                 "<x xmlns:wsu=\"" WSU "\" wsu:Id=\"msg\"/><eb:Messaging "}}},
            "xml.duplicate-id", "EBMS:0009", 200},
        {"same id under another name",
            {.after = {{"<eb:Messaging ", "<x Id=\"msg\"/><eb:Messaging "}}}, "xml.duplicate-id",
            "EBMS:0009", 200},
        {"two Security headers",
            {.after = {{"</S12:Header>", "<wsse:Security xmlns:wsse=\"" WSSE "\"/></S12:Header>"}}},
            "wss.policy", "EBMS:0103", 200},
        {"Body no longer signed", {.after = {{"wsu:Id=\"body\"", "wsu:Id=\"body2\""}}},
            "wss.policy", "EBMS:0103", 200},
    };
    (void)state;
    RUN(t);
}

/* Memory that is out is our trouble, wherever it runs out, and nothing is lost or claimed. */
static void little_memory_is_told_as_such(void **state)
{
    struct buf body;
    bool taken = false;
    (void)state;
    as4msg_make(&body, &(struct as4msg){0});
    for (size_t limit = 4096; !taken && limit < (16u << 20); limit += limit / 8) {
        struct blob b = blob_str(buf_view(&body));
        fresh();
        arena_free(arena);
        arena = arena_new(limit);
        assert_non_null(arena);
        taken = as4_receive(
                    &got, as4msg_receiver(), STR(AS4MSG_TYPE), &b, TESTPKI_NOW, arena, &err) == 0;
        if (!taken)
            assert_answer("memory", -1, "memory.exhausted", "", 503);
    }
    assert_true(taken);
    buf_free(&body);
}

static void a_big_uncompressed_document_is_too_large(void **state)
{
    static const struct as4msg m = {.parts = {{.cid = "a@x",
                                        .data = "<x>123456789</x>",
                                        .plain = true,
                                        .mime_type = "application/xml"}}};
    struct as4_receiver r = *as4msg_receiver();
    struct buf body;
    (void)state;
    as4msg_make(&body, &m);
    r.max_uncompressed_xml = 15;
    assert_answer(
        "too large", receive_with(&r, AS4MSG_TYPE, buf_view(&body)), "limit.size", "", 413);
    r.max_uncompressed_xml = 16;
    assert_int_equal(receive_with(&r, AS4MSG_TYPE, buf_view(&body)), 0);
    buf_free(&body);
}

static void the_inflated_size_is_limited_over_all_parts(void **state)
{
    static const struct as4msg m = {
        .parts = {{.cid = "a@x", .data = "0123456789"}, {.cid = "b@x", .data = "0123456789"}}};
    struct as4_receiver r = *as4msg_receiver();
    struct buf body;
    (void)state;
    as4msg_make(&body, &m);
    r.max_inflated = 19;
    assert_answer(
        "too large", receive_with(&r, AS4MSG_TYPE, buf_view(&body)), "gzip.bomb", "EBMS:0303", 200);
    r.max_inflated = 20;
    assert_int_equal(receive_with(&r, AS4MSG_TYPE, buf_view(&body)), 0);
    buf_free(&body);
}

static void our_own_trouble_is_no_answer_to_the_message(void **state)
{
    struct as4_receiver r = *as4msg_receiver();
    struct buf body;
    size_t n = 400000;
    char *noise = malloc(n);
    struct as4msg m = {.parts = {{.cid = "a@x", .data = noise, .n = n}}};
    (void)state;
    assert_non_null(noise);
    for (size_t i = 0; i < n; i++)
        noise[i] = (char)(i * i >> 7);
    as4msg_make(&body, &m);
    r.tmp_dirfd = STDIN_FILENO; /* no folder: the spool file cannot be made */
    assert_answer("spool", receive_with(&r, AS4MSG_TYPE, buf_view(&body)), err.code, "", 503);
    assert_int_not_equal(err.class, ERR_INPUT);
    buf_free(&body);
    free(noise);
}

/* M3: cut at any octet there is no receipt, and the answer is one of the few that fit. */
static void a_request_cut_anywhere_is_refused(void **state)
{
    struct buf body;
    (void)state;
    as4msg_make(&body, &(struct as4msg){0});
    assert_int_equal(receive_with(as4msg_receiver(), AS4MSG_TYPE, buf_view(&body)), 0);
    for (size_t n = 0; n < body.n - 2; n++) { /* the last line end is not needed */
        if (receive_with(as4msg_receiver(), AS4MSG_TYPE, (struct str){body.p, n}) != -1)
            fail_msg("cut at %zu of %zu: was taken", n, body.n);
        if (got.http_status == 400 ? err.ebms[0] != '\0' : strcmp(err.ebms, "EBMS:0007") != 0)
            fail_msg("cut at %zu: HTTP %d %s", n, got.http_status, err.ebms);
    }
    buf_free(&body);
}

/* ---- what is taken ---- */

static void the_usual_message_is_received(void **state)
{
    (void)state;
    assert_int_equal(receive(&(struct as4msg){0}), 0);
    assert_payload(AS4MSG_DOCUMENT);
    assert_int_equal(got.http_status, 200);
    assert_string_equal(got.proof.signer->cn, "POP000001");
    assert_int_equal(got.proof.nrefs, 3);
    assert_true(str_eqz(got.um.message_id, AS4MSG_ID));
    assert_true(str_eqz(got.um.final_recipient, "0088:7300010000002"));
    assert_false(got.is_ping);
}

/*= PEPPOL-AS4 4.8 "default MPC, told or not" */
/*= PEPPOL-AS4 4.10 "Content-Disposition has no meaning" */
/*= AS4 3.1 "compressed and uncompressed are taken" */
/*= eDelivery AS4 1.14 "a byte order mark is tolerated" */
static void odd_but_legal_messages_are_received(void **state)
{
    static const struct {
        const char *name;
        struct as4msg m;
    } t[] = {
        {"base64", {.parts = {{.cid = "a@x", .data = AS4MSG_DOCUMENT, .cte = "base64"}}}},
        {"uncompressed XML", {.parts = {{.cid = "a@x",
                                  .data = AS4MSG_DOCUMENT,
                                  .plain = true,
                                  .mime_type = "application/xml"}}}},
        {"uncompressed octets", {.parts = {{.cid = "a@x",
                                     .data = AS4MSG_DOCUMENT,
                                     .plain = true,
                                     .mime_type = "application/octet-stream"}}}},
        {"octet-stream for gzip", {.parts = {{.cid = "a@x",
                                       .data = AS4MSG_DOCUMENT,
                                       .mime_type = "application/octet-stream"}}}},
        {"Content-Disposition with another name and type",
            {.framing = {{"Content-Transfer-Encoding: binary",
                 "Content-Disposition: attachment; filename=\"other.pdf\"\r\n"
                 "Content-Transfer-Encoding: binary"}}}},
        {"mustUnderstand=1", {.before = {{"mustUnderstand=\"true\"", "mustUnderstand=\"1\""}}}},
        {"mustUnderstand as prefix",
            {.before = {{"S12:mustUnderstand=\"true\"",
                 "xmlns:mustUnderstand=\"http://www.w3.org/2003/05/soap-envelope\" "
                 "mustUnderstand:mustUnderstand=\"true\""}}}},
        {"default namespace",
            {.before = {{"<eb:AgreementRef>", "<AgreementRef xmlns=\"" EBMS_NS "\">"},
                 {"</eb:AgreementRef>", "</AgreementRef>"}}}},
        {"white space and comments", {.before = {{"<eb:UserMessage>", "\n  <eb:UserMessage>\n"},
                                          {">POP000002<", ">\n POP0<!-- x -->00002 <"}}}},
        {"mpc",
            {.before = {{"<eb:UserMessage>", "<eb:UserMessage mpc=\"" EBMS_NS "defaultMPC\">"}}}},
        {"percent-coded href", {.before = {{"cid:att@x", "cid:att%40x"}}}},
        {"root by start, start given", {.content_type = AS4MSG_TYPE "; start=\"<root@x>\""}},
        {"BOM", {.after = {{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                     "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"}}}},
        {"no prolog", {.after = {{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""}}}},
        {"old timestamp", {.before = {{"2026-11-22T11", "2016-11-22T11"}}}},
        {"other time zone", {.before = {{"554Z", "554+02:00"}}}},
        {"CharacterSet, Description",
            {.before = {{"<eb:PartProperties>",
                 "<eb:Description "
                 "xml:lang=\"en\">x</eb:Description><eb:PartProperties><eb:Property "
                 "name=\"CharacterSet\">utf-8</eb:Property>"}}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        if (receive(&t[i].m))
            fail_msg("%s: %s %s", t[i].name, err.code, err.msg);
        assert_payload(AS4MSG_DOCUMENT);
    }
}

static void further_attachments_are_checked_and_left(void **state)
{
    (void)state;
    assert_int_equal(
        receive(&(struct as4msg){
            .parts = {{.cid = "a@x", .data = AS4MSG_DOCUMENT}, {.cid = "b@x", .data = "pdf"},
                {.cid = "c@x", .data = "\x1f\x8bnot ours to open", .plain = true}}}),
        0);
    assert_payload(AS4MSG_DOCUMENT);
    assert_int_equal(got.proof.nrefs, 5);
}

static void a_lenient_receiver_takes_other_message_ids(void **state)
{
    struct as4_receiver r = *as4msg_receiver();
    struct buf body;
    (void)state;
    as4msg_make(&body, &(struct as4msg){.before = {{AS4MSG_ID, "urn:uuid:1"}}});
    r.lax_message_id = true;
    assert_int_equal(receive_with(&r, AS4MSG_TYPE, buf_view(&body)), 0);
    buf_free(&body);
    as4msg_make(&body, &(struct as4msg){.before = {{AS4MSG_ID, "a b"}}});
    assert_answer("blank", receive_with(&r, AS4MSG_TYPE, buf_view(&body)), "as4.message-id",
        "EBMS:0009", 200);
    buf_free(&body);
}

#define PING                                                                                       \
    {"<eb:Service type=\"cenbii-procid-ubl\">urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",         \
        "<eb:Service>" EBMS_TEST_SERVICE},                                                         \
    {                                                                                              \
        "busdox-docid-qns::urn:x::Invoice##urn:y::2.1", EBMS_TEST_ACTION                           \
    }
/*= EBMS3 5.2.2.8 "a test message is not delivered" */
static void a_test_message_is_received_with_and_without_payload(void **state)
{
    static const struct as4msg with = {.before = {PING}};
    static const struct as4msg without = {.before = {PING}, .no_parts = true};
    struct buf body;
    size_t from, to;
    (void)state;
    assert_int_equal(receive(&with), 0);
    assert_true(got.is_ping);
    assert_int_equal(receive(&without), 0);
    assert_true(got.is_ping);
    assert_payload("");
    /* without multipart: the SOAP document alone */
    as4msg_make(&body, &without);
    from = str_find(buf_view(&body), STR("<?xml"));
    to = str_find(buf_view(&body), STR("\r\n--b1--"));
    assert_int_equal(receive_with(as4msg_receiver(), "application/soap+xml; charset=utf-8",
                         str_sub(buf_view(&body), from, to - from)),
        0);
    buf_free(&body);
}

static void a_part_may_stand_before_the_root(void **state)
{
    struct buf body, turned;
    size_t second, end;
    struct str all;
    (void)state;
    as4msg_make(&body, &(struct as4msg){0});
    all = buf_view(&body);
    second = 6 + str_find(str_sub(all, 6, all.n), STR("\r\n--b1\r\n")) + 2;
    end = str_rfind(all, STR("--b1--"));
    buf_init(&turned, body.n + 100);
    buf_str(&turned, str_sub(all, second, end - second));
    buf_str(&turned, str_sub(all, 0, second));
    buf_puts(&turned, "--b1--");
    assert_int_equal(
        receive_with(as4msg_receiver(), AS4MSG_TYPE "; start=\"<root@x>\"", buf_view(&turned)), 0);
    assert_payload(AS4MSG_DOCUMENT);
    assert_int_equal(receive_with(as4msg_receiver(), AS4MSG_TYPE, buf_view(&turned)), -1);
    assert_int_equal(got.http_status, 400);
    buf_free(&turned);
    buf_free(&body);
}

/* ---- from end to end ---- */

static const struct as4_message *usual_message(struct cert *recipient)
{
    static struct as4_message m;

    m = (struct as4_message){.message_id = STR("20dc7fd2-b5ab-45d8-b0c5-c5ae50ec4230@ap1.example"),
        .conversation_id = STR("c-1"),
        .timestamp = TESTPKI_NOW,
        .document_scheme = STR("busdox-docid-qns"),
        .document_id = STR("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:"
                           "cen.eu:en16931:2017#compliant#x::2.1"),
        .process_scheme = STR("cenbii-procid-ubl"),
        .process_id = STR("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
        .sender = STR("0088:7300010000001"),
        .receiver = STR("0088:7300010000002"),
        .payload_type = STR("application/xml"),
        .payload = blob_str(STR(AS4MSG_DOCUMENT)),
        .recipient = recipient,
        .compress = true};
    return &m;
}

static void compose(struct as4_sent *sent, struct spool *wire, const struct as4_message *m)
{
    spool_init(wire, -1, 0, 64 << 20);
    if (as4_compose(sent, wire, m, as4msg_key("ap1"), arena, &err))
        fail_msg("%s %s", err.code, err.msg);
}

/*= PEPPOL-AS4 4.6 "Service is the process" */
static void what_is_composed_is_received_and_its_receipt_is_proof(void **state)
{
    enum { PLAIN, COMPRESSED, PACKED, WAYS };
    struct cert *ap2 = testpki_cert("ap2");
    (void)state;
    for (int way = 0; way < WAYS; way++) {
        struct as4_message m = *usual_message(ap2);
        struct as4_sent sent;
        struct as4_expect x;
        struct as4_reply reply;
        struct spool wire;
        struct blob body;
        struct buf receipt, text, gzip;
        struct sink to = sink_buf(&gzip);
        struct arena *a = arena_new(8 << 20);
        char id[EBMS_ID];
        fresh();
        buf_init(&gzip, 1 << 16);
        assert_int_equal(gz_compress(&to, &m.payload, &err), 0);
        m.compress = way != PLAIN;
        m.packed = way == PACKED;
        if (way == PACKED)
            m.payload = blob_str(buf_view(&gzip));
        spool_init(&wire, -1, 0, 64 << 20);
        assert_int_equal(as4_compose(&sent, &wire, &m, as4msg_key("ap1"), a, &err), 0);
        buf_init(&text, 1 << 16);
        assert_int_equal(as4_expect_write(&text, &sent.expect, &err), 0);
        body = spool_blob(&wire);
        if (as4_receive(
                &got, as4msg_receiver(), str_z(sent.content_type), &body, TESTPKI_NOW, arena, &err))
            fail_msg("%s %s", err.code, err.msg);
        assert_payload(AS4MSG_DOCUMENT);
        assert_true(str_eq(got.um.message_id, m.message_id));
        assert_true(str_eq(got.um.service, m.process_id));
        assert_true(str_eq(got.um.original_sender, m.sender));
        assert_true(str_eqz(got.um.timestamp_text, "2026-11-22T00:00:00.000Z"));
        buf_init(&receipt, 1 << 20);
        assert_int_equal(
            as4_receipt_write(&receipt, id, &got, as4msg_key("ap2"), TESTPKI_NOW + 5, arena, &err),
            0);
        assert_true(ebms_message_id_ok(str_z(id)));
        assert_int_equal(as4_expect_read(&x, a, buf_view(&text), &err), 0);
        assert_int_equal(as4_reply_read(&reply, &x, STR(AS4_REPLY_CONTENT_TYPE), buf_view(&receipt),
                             as4msg_receiver()->trust, TESTPKI_NOW, a, &err),
            0);
        if (reply.kind != AS4_REPLY_RECEIPT)
            fail_msg("%s %s", reply.why.code, reply.why.msg);
        assert_true(reply.is_signed);
        assert_string_equal(reply.signer_cn, "POP000002");
        assert_int_equal(reply.signal_time, TESTPKI_NOW + 5);
        assert_true(str_eqz(reply.signal_id, id));
        buf_free(&receipt);
        buf_free(&text);
        buf_free(&gzip);
        spool_free(&wire);
        arena_free(a);
    }
    cert_unref(ap2);
}

static void a_big_payload_goes_through_files(void **state)
{
    struct cert *ap2 = testpki_cert("ap2");
    struct as4_receiver r = *as4msg_receiver();
    struct as4_message m = *usual_message(ap2);
    struct as4_sent sent;
    struct spool wire;
    struct blob body;
    uint8_t digest[HASH_LEN];
    size_t n = 5 << 20;
    char *big = malloc(n);
    int dir = fsx_open_dir("/tmp", &err);
    uint64_t x = 88172645463325252ULL;
    (void)state;
    fresh();
    assert_non_null(big);
    assert_true(dir >= 0);
    for (size_t i = 0; i < n; i++) { /* compresses to about three quarters */
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        big[i] = (char)('A' + (x & 63));
    }
    m.payload = blob_mem(big, n);
    r.tmp_dirfd = dir;
    spool_init(&wire, dir, 1 << 16, 64 << 20);
    assert_int_equal(as4_compose(&sent, &wire, &m, as4msg_key("ap1"), arena, &err), 0);
    body = spool_blob(&wire);
    assert_true(body.fd >= 0 && body.len > (1 << 20));
    assert_int_equal(
        as4_receive(&got, &r, str_z(sent.content_type), &body, TESTPKI_NOW, arena, &err), 0);
    assert_true(got.payload.fd >= 0);
    assert_int_equal(got.payload.len, n);
    assert_int_equal(hash_of(digest, big, n, &err), 0);
    assert_memory_equal(digest, got.payload_sha256, HASH_LEN);
    spool_free(&wire);
    fresh();
    (void)close(dir);
    free(big);
    cert_unref(ap2);
}

static void composing_twice_signs_the_same_content(void **state)
{
    struct cert *ap2 = testpki_cert("ap2");
    struct as4_sent one, two;
    struct spool w1, w2;
    (void)state;
    fresh();
    compose(&one, &w1, usual_message(ap2));
    compose(&two, &w2, usual_message(ap2));
    assert_int_equal(one.expect.nrefs, 3);
    for (size_t i = 0; i < one.expect.nrefs; i++) {
        assert_true(str_eq(one.expect.refs[i].uri, two.expect.refs[i].uri));
        assert_memory_equal(one.expect.refs[i].digest, two.expect.refs[i].digest, HASH_LEN);
        assert_null(one.expect.refs[i].node);
    }
    spool_free(&w1);
    spool_free(&w2);
    cert_unref(ap2);
}

static void a_message_that_cannot_be_sent_is_refused(void **state)
{
    struct cert *ap2 = testpki_cert("ap2");
    struct as4_message good = *usual_message(ap2), bad[8];
    (void)state;
    for (size_t i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].message_id = STR("<a@b>");
    bad[1].process_id = STR("");
    bad[2].sender = STR("a\nb");
    bad[3].receiver = STR("\xff");
    bad[4].recipient = NULL;
    bad[5].process_scheme = (struct str){"a\0b", 3};
    bad[6].message_id = STR("no-at-sign");
    bad[7].conversation_id = STR("   ");
    for (size_t i = 0; i < 8; i++) {
        struct as4_sent sent;
        struct spool wire;
        fresh();
        spool_init(&wire, -1, 0, 1 << 20);
        if (as4_compose(&sent, &wire, &bad[i], as4msg_key("ap1"), arena, &err) != -1)
            fail_msg("%zu was composed", i);
        assert_int_equal(err.class, ERR_INPUT);
        assert_int_equal(wire.len, 0);
        spool_free(&wire);
    }
    cert_unref(ap2);
}

static void an_expectation_that_is_not_whole_is_refused(void **state)
{
    struct cert *ap2 = testpki_cert("ap2");
    struct as4_expect x;
    struct as4_sent sent;
    struct spool wire;
    struct buf text;
    (void)state;
    fresh();
    compose(&sent, &wire, usual_message(ap2));
    buf_init(&text, 1 << 16);
    assert_int_equal(as4_expect_write(&text, &sent.expect, &err), 0);
    assert_int_equal(as4_expect_read(&x, arena, buf_view(&text), &err), 0);
    assert_int_equal(x.nrefs, 3);
    for (size_t n = 0; n < text.n; n++) {
        if (as4_expect_read(&x, arena, str_sub(buf_view(&text), 0, n), &err) != -1)
            fail_msg("cut at %zu: was read", n);
    }
    text.p[13] = '2'; /* another version */
    assert_int_equal(as4_expect_read(&x, arena, buf_view(&text), &err), -1);
    x = (struct as4_expect){.message_id = STR("a\nb"), .recipient_cn = STR("c"), .nrefs = 1};
    buf_clear(&text);
    assert_int_equal(as4_expect_write(&text, &x, &err), -1);
    buf_free(&text);
    spool_free(&wire);
    cert_unref(ap2);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(no_signal_answers_what_hides_the_soap_part),
        cmocka_unit_test(an_unknown_mandatory_header_is_a_soap_fault),
        cmocka_unit_test(other_unknown_headers_are_ignored),
        cmocka_unit_test(a_wrong_header_is_invalid),
        cmocka_unit_test(parts_that_do_not_fit_are_inconsistent),
        cmocka_unit_test(what_is_not_authentic_is_refused),
        cmocka_unit_test(what_cannot_be_decrypted_is_refused_with_one_text),
        cmocka_unit_test(what_is_outside_the_policy_is_refused),
        cmocka_unit_test(what_does_not_decompress_is_refused),
        cmocka_unit_test(what_is_outside_the_profile_is_refused),
        cmocka_unit_test(the_first_check_that_fails_answers),
        cmocka_unit_test(wrapped_signatures_are_refused),
        cmocka_unit_test(little_memory_is_told_as_such),
        cmocka_unit_test(a_big_uncompressed_document_is_too_large),
        cmocka_unit_test(the_inflated_size_is_limited_over_all_parts),
        cmocka_unit_test(our_own_trouble_is_no_answer_to_the_message),
        cmocka_unit_test(a_request_cut_anywhere_is_refused),
        cmocka_unit_test(the_usual_message_is_received),
        cmocka_unit_test(odd_but_legal_messages_are_received),
        cmocka_unit_test(further_attachments_are_checked_and_left),
        cmocka_unit_test(a_lenient_receiver_takes_other_message_ids),
        cmocka_unit_test(a_test_message_is_received_with_and_without_payload),
        cmocka_unit_test(a_part_may_stand_before_the_root),
        cmocka_unit_test(what_is_composed_is_received_and_its_receipt_is_proof),
        cmocka_unit_test(a_big_payload_goes_through_files),
        cmocka_unit_test(composing_twice_signs_the_same_content),
        cmocka_unit_test(a_message_that_cannot_be_sent_is_refused),
        cmocka_unit_test(an_expectation_that_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests(t, setup, done);
}
