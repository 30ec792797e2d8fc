/* What must not be taken: signature wrapping, less or more signed than there is, other algorithms,
 * other keys, changed bytes, and questions to a decryption oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/base/rnd.h"
#include "ap/crypto/key_priv.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

static struct pki *trust;
static struct key *ap1, *ap2;
static struct wssmsg good; /* one attachment */
static const char clear_text[] = "the attachment, as if compressed";

static int setup(void **state)
{
    struct wss_part p = wssmsg_part("p@x", "application/gzip", clear_text, sizeof(clear_text) - 1);
    struct err e = ERR_INIT;

    (void)state;
    xml_init();
    if (wss_init(&e))
        return -1;
    trust = testpki_open();
    ap1 = testpki_key_file("ap1");
    ap2 = testpki_key_file("ap2");
    wssmsg_make(&good, &p, 1, ap1, key_cert(ap2));
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    wssmsg_free(&good);
    pki_close(trust);
    key_close(ap1);
    key_close(ap2);
    wss_done();
    return 0;
}

static int receive(struct wssgot *g, const struct buf *soap)
{
    struct wss_part wire[WSSMSG_PARTS];
    struct key *const keys[] = {ap2};

    return wssmsg_receive(g, buf_view(soap), wire, wssmsg_wire(wire, &good), trust, keys, 1);
}

/* The message must be refused with this error and this wire code. */
static void refused(const char *what, const struct buf *soap, const char *code, const char *ebms)
{
    struct wssgot g;

    if (receive(&g, soap) == 0 || strcmp(g.e.code, code) != 0 || strcmp(g.e.ebms, ebms) != 0)
        fail_msg("%s: wanted %s %s, got %s %s: %s", what, code, ebms, g.e.code, g.e.ebms, g.e.msg);
    wssgot_free(&g);
}

/* ---- text surgery on the good message ---- */

static struct buf copy_of(const struct wssmsg *m)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    buf_str(&b, buf_view(&m->soap));
    return b;
}

/* Put `to` in the place of the first `from`, which must be there. */
static void swap(struct buf *b, const char *from, const char *to)
{
    char *at = strstr(b->p, from);
    struct buf out;

    if (!at)
        fail_msg("nothing like %s in the message", from);
    buf_init(&out, 1 << 20);
    buf_add(&out, b->p, (size_t)(at - b->p));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    buf_free(b);
    *b = out;
}

/* The text from the first `start` up to and with the next `end`. */
static char *piece(const struct buf *b, const char *start, const char *end)
{
    const char *at = strstr(b->p, start), *stop = at ? strstr(at, end) : NULL;

    if (!stop)
        fail_msg("no %s ... %s", start, end);
    return strndup(at, (size_t)(stop - at) + strlen(end));
}

static char *replaced(const char *text, const char *from, const char *to)
{
    struct buf b;
    char *out;

    buf_init(&b, 1 << 20);
    buf_puts(&b, text);
    swap(&b, from, to);
    out = strdup(buf_view(&b).p);
    buf_free(&b);
    return out;
}

static void unchanged_message_is_taken(void **state)
{
    struct wssgot g;

    (void)state;
    if (receive(&g, &good.soap))
        fail_msg("%s %s", g.e.code, g.e.msg);
    wssgot_free(&g);
}

/* Text with @M the signed Messaging header, @E an evil one of the same id, @O one of another id, @N
 * one without; @B the signed Body, @V an evil one. */
static char *expand(const char *text, char *const what[6])
{
    static const char letters[] = "MEONBV";
    struct buf b;
    char *out;

    buf_init(&b, 1 << 20);
    for (; *text; text++)
        if (*text == '@' && text[1])
            buf_puts(&b, what[strchr(letters, *++text) - letters]);
        else
            buf_putc(&b, *text);
    out = strdup(buf_view(&b).p);
    buf_free(&b);
    return out;
}

/*= RELIABILITY X5 "XSW 1-8: the element used is the very node verified" */
static void signature_wrapping_is_refused(void **state)
{
#define UNCOVERED "wss.policy", "EBMS:0103"
#define SHAPE "wss.envelope", "EBMS:0009"
#define TWICE "xml.duplicate-id", "EBMS:0009"
    static const struct {
        const char *name, *code, *ebms, *from, *to, *from2, *to2;
    } t[] = {
        {"two of one id", TWICE, "@M", "@E@M", "", ""},
        {"evil one first", SHAPE, "@M", "@O@M", "", ""},
        {"evil one last, no id", SHAPE, "@M", "@M@N", "", ""},
        {"original in a wrapper", UNCOVERED, "@M", "@O<w:W xmlns:w='urn:w'>@M</w:W>", "", ""},
        {"the same, no id", UNCOVERED, "@M", "@N<w:W xmlns:w='urn:w'>@M</w:W>", "", ""},
        {"the same, wrapper first", UNCOVERED, "@M", "<w:W xmlns:w='urn:w'>@M</w:W>@O", "", ""},
        {"evil one in a wrapper", TWICE, "@M", "<w:W xmlns:w='urn:w'>@E</w:W>@M", "", ""},
        {"original in ds:Object", UNCOVERED, "@M", "@O", "</ds:Signature>",
            "<ds:Object>@M</ds:Object></ds:Signature>"},
        {"original in KeyInfo", UNCOVERED, "@M", "@O", "</ds:KeyInfo></ds:Signature>",
            "@M</ds:KeyInfo></ds:Signature>"},
        {"original in SignedInfo", UNCOVERED, "@M", "@O", "</ds:SignedInfo>", "@M</ds:SignedInfo>"},
        {"original in Security", UNCOVERED, "@M", "@O", "</wsse:Security>", "@M</wsse:Security>"},
        {"original after Security", SHAPE, "@M", "@O", "</wsse:Security>", "</wsse:Security>@M"},
        {"original inside the evil one", UNCOVERED, "@M",
            "<eb:Messaging wsu:Id='msg-3'>@M</eb:Messaging>", "", ""},
        {"original in the Body", UNCOVERED, "@M", "@O", "@B",
            "<S12:Body wsu:Id=\"body-1\">@M</S12:Body>"},
        {"another Body", UNCOVERED, "@B", "@V", "", ""},
        {"two Bodies", SHAPE, "@B", "@B@V", "", ""},
        {"evil Body first", SHAPE, "@B", "@V@B", "", ""},
        {"original Body in a header", UNCOVERED, "@B", "@V", "<S12:Header>",
            "<S12:Header><w:W xmlns:w='urn:w'>@B</w:W>"},
        {"original Body inside the evil one", UNCOVERED, "@B",
            "<S12:Body wsu:Id='body-2'>@B</S12:Body>", "", ""},
        {"an element after the Body", SHAPE, "@B", "@B<x xmlns=''/>", "", ""},
        {"two Headers", SHAPE, "<S12:Header>", "<S12:Header/><S12:Header>", "", ""},
        {"an Envelope in a wrapper", SHAPE, "<S12:Envelope", "<w:W xmlns:w='urn:w'><S12:Envelope",
            "</S12:Envelope>", "</S12:Envelope></w:W>"},
    };
    struct buf b = copy_of(&good);
    char *what[6] = {piece(&b, "<eb:Messaging", "</eb:Messaging>"), NULL, NULL, NULL,
        strdup("<S12:Body wsu:Id=\"body-1\"/>"),
        strdup("<S12:Body wsu:Id='body-2'><x/></S12:Body>")};

    (void)state;
    what[1] = replaced(what[0], "POP000001<", "POP000009<");
    what[2] = replaced(what[1], "\"msg-1\"", "\"msg-2\"");
    what[3] = replaced(what[1], " wsu:Id=\"msg-1\"", "");
    buf_free(&b);
    for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
        char *from = expand(t[i].from, what), *to = expand(t[i].to, what);
        char *from2 = expand(t[i].from2, what), *to2 = expand(t[i].to2, what);
        b = copy_of(&good);
        swap(&b, from, to);
        if (*from2)
            swap(&b, from2, to2);
        refused(t[i].name, &b, t[i].code, t[i].ebms);
        buf_free(&b);
        free(from);
        free(to);
        free(from2);
        free(to2);
    }
    for (size_t i = 0; i < 6; i++)
        free(what[i]);
}

/*= WSS 1.1.1 4.3 "ids mean one element" */
static void ids_that_mean_two_things_are_refused(void **state)
{
    struct buf b = copy_of(&good);

    (void)state;
    swap(&b, "<eb:UserMessage>", "<eb:UserMessage Id=\"body-1\">");
    refused("Id and wsu:Id", &b, "xml.duplicate-id", "EBMS:0009");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "<eb:UserMessage>", "<eb:UserMessage xml:id=\"msg-1\">");
    refused("xml:id and wsu:Id", &b, "xml.duplicate-id", "EBMS:0009");
    buf_free(&b);
    b = copy_of(&good);
    /* an id that xmlsec would read as an XPointer to something else */
    swap(&b, "wsu:Id=\"msg-1\"", "wsu:Id=\"xpointer(id(&apos;body-1&apos;))\"");
    swap(&b, "URI=\"#msg-1\"", "URI=\"#xpointer(id(&apos;body-1&apos;))\"");
    refused("xpointer", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "URI=\"#msg-1\"", "URI=\"#msg-&#49;x\"");
    refused("dangling", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
}

/*= RELIABILITY X6 "signature over less than Messaging + Body + all attachments" */
/*= PEPPOL-AS4 5 "Signed references: Messaging, Body, every attachment" */
static void less_or_more_signed_than_there_is_is_refused(void **state)
{
    static const char *const gone[] = {"<ds:Reference URI=\"#msg-1\"",
        "<ds:Reference URI=\"#body-1\"", "<ds:Reference URI=\"cid:"};
    struct buf b;
    char *ref;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        b = copy_of(&good);
        ref = piece(&b, gone[i], "</ds:Reference>");
        swap(&b, ref, "");
        /* with the attachment's reference gone the signature value no longer fits */
        refused(
            gone[i], &b, i < 2 ? "wss.policy" : "wss.signature", i < 2 ? "EBMS:0103" : "EBMS:0101");
        buf_free(&b);
        b = copy_of(&good);
        struct arena *a = arena_new(1 << 16);
        swap(&b, ref, arena_printf(a, "%s%s", ref, ref));
        refused("twice", &b, "wss.policy", "EBMS:0103");
        arena_free(a);
        buf_free(&b);
        free(ref);
    }
}

/* A reference may lead to what the profile signs, and nowhere else: what the id of a header of
 * others or of a part of ours means is for nobody to say. */
/*= WSS 1.1.1 4.3 "ids mean one element" */
static void a_signed_reference_to_anything_else_is_refused(void **state)
{
    static const char *const places[][2] = {{"<eb:UserMessage>", "<eb:UserMessage wsu:Id=\"z\">"},
        {"</S12:Header>",
            "<x:x xmlns:x=\"urn:x\" xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"z\"/></S12:Header>"},
        {"<ds:KeyInfo>", "<ds:KeyInfo Id=\"z\">"}};
    char *ref = piece(&good.soap, "<ds:Reference URI=\"#msg-1\"", "</ds:Reference>"),
         *more = replaced(ref, "#msg-1", "#z");

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct buf b = copy_of(&good);
        struct arena *a = arena_new(1 << 16);
        swap(&b, places[i][0], places[i][1]);
        swap(&b, ref, arena_printf(a, "%s%s", ref, more));
        refused(places[i][1], &b, "wss.policy", "EBMS:0103");
        arena_free(a);
        buf_free(&b);
    }
    free(ref);
    free(more);
}

/* These carry a true signature of ap1: only what is signed is wrong. */
static void truly_signed_but_wrong_coverage_of_attachments_is_refused(void **state)
{
    struct wss_part two[2] = {wssmsg_part("a@x", "application/gzip", "one", 3),
        wssmsg_part("b@x", "application/gzip", "two", 3)};
    struct wssmsg m;
    struct wssgot g;
    struct err e = ERR_INIT;

    (void)state;
    wssmsg_make(&m, two, 1, ap1, NULL); /* signs the first only */
    assert_int_equal(wssmsg_receive(&g, buf_view(&m.soap), NULL, 0, trust, NULL, 0), -1);
    assert_string_equal(g.e.code, "wss.policy"); /* an attachment is signed, none came */
    assert_int_equal(wss_verify(&g.proof, g.env, two, 2, g.a, &e), -1);
    assert_string_equal(e.code, "wss.policy"); /* one came that is not signed */
    assert_int_equal(wss_verify(&g.proof, g.env, &two[1], 1, g.a, &e), -1);
    assert_string_equal(e.code, "wss.policy");
    two[1] = two[0]; /* two parts of one name */
    assert_int_equal(wss_verify(&g.proof, g.env, two, 2, g.a, &e), -1);
    assert_string_equal(e.code, "wss.policy");
    assert_int_equal(wss_verify(&g.proof, g.env, two, 1, g.a, &e), 0);
    two[0].data = blob_mem("0ne", 3);
    assert_int_equal(wss_verify(&g.proof, g.env, two, 1, g.a, &e), -1);
    assert_string_equal(e.code, "wss.signature");
    assert_string_equal(e.ebms, "EBMS:0101");
    two[0].data = blob_fd(-1, 0, 3); /* our disk, not their digest */
    assert_int_equal(wss_verify(&g.proof, g.env, two, 1, g.a, &e), -1);
    assert_string_not_equal(e.code, "wss.signature");
    wssgot_free(&g);
    wssmsg_free(&m);
}

/* The private key is not even asked: its process is dead. */
static void refused_without_the_key(const char *what, const struct buf *soap)
{
    static struct key *dead;
    struct wss_part wire[WSSMSG_PARTS];
    struct wssgot g;

    if (!dead) {
        assert_int_equal(
            key_open_keyd(&dead, NULL, testpki_path("ap2.key"), testpki_path("ap2.pem"), NULL), 0);
        (void)kill(dead->pid, SIGKILL);
    }
    if (!soap) {
        key_close(dead);
        dead = NULL;
        return;
    }
    struct key *const keys[] = {dead};
    (void)wssmsg_receive(&g, buf_view(soap), wire, wssmsg_wire(wire, &good), trust, keys, 1);
    if (strcmp(g.e.code, "wss.policy") != 0)
        fail_msg("%s: %s %s", what, g.e.code, g.e.msg);
    wssgot_free(&g);
}

/*= RELIABILITY X7, X8, C1 "refused before any key use", C2 */
/*= PEPPOL-AS4 5 "digest xmlenc#sha256" */
/*= PEPPOL-AS4 5 "signature xmldsig-more#rsa-sha256" */
/*= PEPPOL-AS4 5 "data encryption aes128-gcm" */
/*= PEPPOL-AS4 5 "rsa-oaep with DigestMethod SHA-256 and MGF mgf1sha256" */
/*= SwA 1.1 5.5.2 "Attachment-Content-Only" */
static void algorithms_and_transforms_outside_the_profile_are_refused(void **state)
{
    static const struct {
        const char *from, *to;
    } t[] = {
        {"xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512"},
        {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {"xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"},
        {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1"},
        {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", ""},
        {"#rsa-sha256\"/>",
            "#rsa-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"},
        {"Method Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Method Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\""},
        {"Method Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Method Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\""},
        {"Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\""},
        {"<ds:Transforms>",
            "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"},
        {"<ds:Transforms><ds:Transform "
         "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>",
            ""},
        {"Attachment-Content-Signature-Transform", "Attachment-Complete-Signature-Transform"},
        {"xmlenc#sha256\"/><ds:DigestValue", "xmlenc#sha512\"/><ds:DigestValue"},
        {"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue",
            "http://www.w3.org/2000/09/xmldsig#sha1\"/><ds:DigestValue"},
        {"URI=\"#msg-1\"", "URI=\"\""},
        {"URI=\"cid:p@x\"><ds:Transforms", "URI=\"http://127.0.0.1:1/x\"><ds:Transforms"},
        {"URI=\"cid:p@x\"><ds:Transforms", "URI=\"file:///etc/passwd\"><ds:Transforms"},
        {" URI=\"cid:p@x\"><ds:Transforms", "><ds:Transforms"},
        {"URI=\"cid:p@x\"><ds:Transforms", "URI=\"cid:\"><ds:Transforms"},
        {"URI=\"cid:p@x\"><ds:Transforms", "URI=\"cid:%zz\"><ds:Transforms"},
        {"URI=\"cid:p@x\"><ds:Transforms", "URI=\"cid:p%00@x\"><ds:Transforms"},
        /* encryption */
        {"xmlenc11#aes128-gcm", "xmlenc11#aes256-gcm"},
        {"http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc"},
        {"http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"},
        {"http://www.w3.org/2009/xmlenc11#rsa-oaep", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"},
        {"http://www.w3.org/2009/xmlenc11#rsa-oaep",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"},
        {"xmlenc11#mgf1sha256", "xmlenc11#mgf1sha1"},
        {"xmlenc#sha256\"/><xenc11:MGF", "xmlenc#sha512\"/><xenc11:MGF"},
        {"<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><xenc11",
            "<xenc11"},
        {"<xenc11:MGF", "<xenc:OAEPparams>YWJj</xenc:OAEPparams><xenc11:MGF"},
        {"mgf1sha256\"/>", "mgf1sha256\"/><xenc:OAEPparams>YWJj</xenc:OAEPparams>"},
        {"<xenc11:MGF", "<xenc11:MGX"},
        {"Attachment-Content-Only", "Attachment-Complete"},
        {"Attachment-Ciphertext-Transform", "Attachment-Content-Signature-Transform"},
        {"CipherReference URI=\"cid:p@x\"", "CipherReference URI=\"http://127.0.0.1:1/x\""},
        {"CipherReference URI=\"cid:p@x\"", "CipherReference URI=\"file:///etc/passwd\""},
        {"CipherReference URI=\"cid:p@x\"", "CipherReference"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
        struct buf b = copy_of(&good);
        char what[200];
        (void)snprintf(what, sizeof(what), "%.90s -> %.90s", t[i].from, t[i].to);
        swap(&b, t[i].from, t[i].to);
        refused(what, &b, "wss.policy", "EBMS:0103");
        refused_without_the_key(what, &b);
        buf_free(&b);
    }
    refused_without_the_key("done", NULL);
}

static void too_many_references_or_prefixes_are_refused(void **state)
{
    struct buf b = copy_of(&good), many;
    char *ref = piece(&b, "<ds:Reference URI=\"cid:", "</ds:Reference>");

    (void)state;
    buf_init(&many, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        char *at = strstr(ref, "p@x");
        buf_add(&many, ref, (size_t)(at - ref));
        buf_printf(&many, "p%d%s", i, at + 1);
    }
    swap(&b, ref, many.p);
    refused("1000 references", &b, "wss.policy", "EBMS:0103");
    free(ref);
    buf_free(&b);
    b = copy_of(&good);
    buf_clear(&many);
    buf_puts(&many, "#\"><ec:InclusiveNamespaces "
                    "xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"");
    for (int i = 0; i < 100; i++)
        buf_printf(&many, "p%d ", i);
    buf_puts(&many, "\"/></ds:CanonicalizationMethod>");
    swap(&b, "#\"/><ds:SignatureMethod", "~<ds:SignatureMethod");
    swap(&b, "~", many.p);
    refused("100 prefixes", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    buf_free(&many);
}

/*= PEPPOL-AS4 4.7 "BinarySecurityToken direct reference MUST be used" */
/*= PEPPOL-AS4 4.7 "ValueType is X509v3" */
static void other_key_references_are_refused(void **state)
{
    static const char *const info[] = {
        "<ds:KeyInfo/>",
        "",
        "<ds:KeyInfo><ds:KeyName>ap1</ds:KeyName></ds:KeyInfo>",
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIB</ds:X509Certificate></ds:X509Data></"
        "ds:KeyInfo>",
        "<ds:KeyInfo><wsse:SecurityTokenReference><ds:X509Data><ds:X509IssuerSerial/></"
        "ds:X509Data></wsse:SecurityTokenReference></ds:KeyInfo>",
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:KeyIdentifier>x</wsse:KeyIdentifier></"
        "wsse:SecurityTokenReference></ds:KeyInfo>",
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference/></wsse:SecurityTokenReference></"
        "ds:KeyInfo>",
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference "
        "URI=\"#msg-1\"/></wsse:SecurityTokenReference></ds:KeyInfo>",
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference "
        "URI=\"http://127.0.0.1:1/\"/></wsse:SecurityTokenReference></ds:KeyInfo>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(info) / sizeof(*info); i++)
        for (int encryption = 0; encryption < 2; encryption++) {
            struct buf b = copy_of(&good);
            char *end = strstr(b.p, "</ds:SignatureValue>");
            char *old =
                encryption
                    ? piece(&b, "<ds:KeyInfo>", "</ds:KeyInfo>")
                    : strndup(strstr(end, "<ds:KeyInfo>"),
                          (size_t)(strstr(end, "</ds:Signature>") - strstr(end, "<ds:KeyInfo>")));
            swap(&b, old, info[i]);
            refused(info[i], &b, "wss.policy", "EBMS:0103");
            free(old);
            buf_free(&b);
        }
    struct buf b = copy_of(&good);
    swap(&b, "#X509v3\"", "#X509PKIPathv1\"");
    refused("recipient token is a path", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
}

static void token_outside_the_security_header_is_not_used(void **state)
{
    struct buf b = copy_of(&good);
    char *at = strstr(b.p, "</xenc:EncryptedData>"), *bst, *moved;

    (void)state;
    at = strstr(at, "<wsse:BinarySecurityToken");
    bst = strndup(at, (size_t)(strstr(at, "<ds:Signature") - at));
    swap(&b, bst, "");
    moved = replaced(
        "<w:W xmlns:w=\"urn:w\" xmlns:wsse=\"" NS_WSSE "\">B</w:W><wsse:Security", "B<", "@<");
    char *with = replaced(moved, "@", bst);
    swap(&b, "<wsse:Security", with);
    refused("token in another header", &b, "wss.policy", "EBMS:0103");
    free(bst);
    free(moved);
    free(with);
    buf_free(&b);
}

static void signer_who_is_not_trusted_is_refused_before_anything_else(void **state)
{
    struct key *rogue = testpki_key_file("rogue"), *smp = testpki_key_file("smp1");
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, NULL, 0, rogue, NULL);
    assert_int_equal(wssmsg_receive(&g, buf_view(&m.soap), NULL, 0, trust, NULL, 0), -1);
    assert_string_equal(g.e.code, "cert.untrusted");
    assert_string_equal(g.e.ebms, "EBMS:0101");
    assert_null(g.proof.signer);
    wssgot_free(&g);
    wssmsg_free(&m);
    wssmsg_make(&m, NULL, 0, smp, NULL);
    assert_int_equal(wssmsg_receive(&g, buf_view(&m.soap), NULL, 0, trust, NULL, 0), -1);
    assert_string_equal(g.e.code, "cert.wrong-role");
    wssgot_free(&g);
    wssmsg_free(&m);
    key_close(rogue);
    key_close(smp);
}

/* The token of a good AP over a signature of somebody else. */
static void borrowed_token_is_refused(void **state)
{
    struct key *rogue = testpki_key_file("rogue");
    struct wssmsg m;
    struct wssgot g;
    struct buf theirs, ours, b;

    (void)state;
    wssmsg_make(&m, NULL, 0, rogue, NULL);
    buf_init(&theirs, 1 << 16);
    buf_init(&ours, 1 << 16);
    cert_b64(&theirs, key_cert(rogue));
    cert_b64(&ours, key_cert(ap1));
    b = copy_of(&m);
    swap(&b, theirs.p, ours.p);
    assert_int_equal(wssmsg_receive(&g, buf_view(&b), NULL, 0, trust, NULL, 0), -1);
    assert_string_equal(g.e.code, "wss.signature");
    assert_string_equal(g.e.ebms, "EBMS:0101");
    wssgot_free(&g);
    buf_free(&theirs);
    buf_free(&ours);
    buf_free(&b);
    wssmsg_free(&m);
    key_close(rogue);
}

/* Another token beside the signer's, of `other`: before it, or after it. */
static struct buf with_token(
    const struct wssmsg *m, const struct cert *own, const struct cert *other, bool before)
{
    struct buf b = copy_of(m), mine, theirs, both;
    char *bst, *renamed, *extra;

    buf_init(&mine, 1 << 16);
    buf_init(&theirs, 1 << 16);
    buf_init(&both, 1 << 16);
    cert_b64(&mine, own);
    cert_b64(&theirs, other);
    bst = piece(&b, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>");
    renamed = replaced(bst, "wsu:Id=\"", "wsu:Id=\"other-");
    extra = replaced(renamed, mine.p, theirs.p);
    buf_printf(&both, "%s%s", before ? extra : bst, before ? bst : extra);
    swap(&b, bst, both.p);
    free(bst);
    free(renamed);
    free(extra);
    buf_free(&mine);
    buf_free(&theirs);
    buf_free(&both);
    return b;
}

/* Neither a trusted access point's, nor the authorities': what signed is what the reference names,
 * and no path is built from what a peer sends along. */
static void tokens_beside_it_do_not_help_a_signer_who_is_not_trusted(void **state)
{
    struct key *rogue = testpki_key_file("rogue");
    struct cert *other[] = {cert_ref(key_cert(ap1)),
        testpki_authority("rogue-ca", (struct testpki_leaf){0}),
        testpki_authority("ap-ca", (struct testpki_leaf){0})};
    struct wssmsg m;
    struct wssgot g;

    (void)state;
    wssmsg_make(&m, NULL, 0, rogue, NULL);
    for (size_t i = 0; i < 6; i++) {
        struct buf b = with_token(&m, key_cert(rogue), other[i / 2], i % 2);
        assert_int_equal(wssmsg_receive(&g, buf_view(&b), NULL, 0, trust, NULL, 0), -1);
        assert_string_equal(g.e.code, "cert.untrusted");
        assert_string_equal(g.e.ebms, "EBMS:0101");
        wssgot_free(&g);
        buf_free(&b);
    }
    for (size_t i = 0; i < 3; i++)
        cert_unref(other[i]);
    wssmsg_free(&m);
    key_close(rogue);
}

static void unsigned_or_doubly_secured_messages_are_refused(void **state)
{
    struct buf b = copy_of(&good);
    char *sig = piece(&b, "<ds:Signature ", "</ds:Signature>");
    char *sec = piece(&b, "<wsse:Security ", "</wsse:Security>"), *other;

    (void)state;
    swap(&b, sig, "");
    refused("no signature", &b, "wss.unsigned", "EBMS:0101");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, sec, "");
    refused("no Security", &b, "wss.unsigned", "EBMS:0101");
    buf_free(&b);
    b = copy_of(&good);
    other = replaced(sec, "<wsse:Security ", "<wsse:Security S12:role=\"urn:other\" ");
    swap(&b, sec, other);
    refused("Security for another", &b, "wss.unsigned", "EBMS:0101");
    free(other);
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "<wsse:Security ", "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"/><wsse:Security ");
    refused("two Security", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "<ds:Signature ", "<ds:Signature/><ds:Signature ");
    refused("two signatures", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>");
    refused("two SignedInfo", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    free(sig);
    free(sec);
}

/*= PEPPOL-AS4 5 "all payload parts are encrypted" */
static void missing_or_doubled_encryption_is_refused(void **state)
{
    struct buf b = copy_of(&good);
    char *ek = piece(&b, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    char *ed = piece(&b, "<xenc:EncryptedData", "</xenc:EncryptedData>");
    char *ed2 = replaced(ed, "Id=\"ED-", "Id=\"EX-"), *both;

    (void)state;
    swap(&b, ed, "");
    refused("no EncryptedData", &b, "wss.unencrypted", "EBMS:0102");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, ek, "");
    refused("no EncryptedKey", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    b = copy_of(&good);
    both = malloc(strlen(ed) + strlen(ed2) + 1);
    (void)memcpy(both, ed, strlen(ed));
    (void)memcpy(both + strlen(ed), ed2, strlen(ed2) + 1);
    swap(&b, ed, both);
    refused("two EncryptedData", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "CipherReference URI=\"cid:p@x\"", "CipherReference URI=\"cid:q@x\"");
    refused("EncryptedData for a part that is not there", &b, "wss.part-missing", "EBMS:0007");
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "DataReference URI=\"#ED-", "DataReference URI=\"#EX-");
    swap(&b, "<wsse:Reference URI=\"#EK-", "<wsse:Reference URI=\"#EQ-");
    refused("EncryptedData without a key", &b, "wss.policy", "EBMS:0103");
    buf_free(&b);
    free(ek);
    free(ed);
    free(ed2);
    free(both);
}

/* Whatever byte of the envelope changes: refused, or nothing that counts is different. */
static void any_changed_byte_is_refused_or_changes_nothing(void **state)
{
    static const char to[] = {0, ' '}; /* 0: its lowest bit flipped */
    struct buf want, is, b = copy_of(&good);
    struct wssgot g;
    unsigned taken = 0;

    (void)state;
    buf_init(&want, 1 << 20);
    buf_init(&is, 1 << 20);
    assert_int_equal(receive(&g, &good.soap), 0);
    assert_int_equal(xml_c14n(&want, g.proof.messaging, XML_C14N_EXC, NULL, NULL), 0);
    wssgot_free(&g);
    for (size_t i = 0; i < b.n; i++)
        for (size_t k = 0; k < sizeof(to); k++) {
            char was = b.p[i];
            b.p[i] = k == 0 ? (char)(was ^ 1) : to[k];
            if (receive(&g, &b) == 0 && b.p[i] != was) {
                taken++;
                buf_clear(&is);
                assert_int_equal(xml_c14n(&is, g.proof.messaging, XML_C14N_EXC, NULL, NULL), 0);
                assert_int_equal(is.n, want.n);
                assert_memory_equal(is.p, want.p, is.n);
                assert_memory_equal(g.proof.signed_info, good.proof.signed_info, HASH_LEN);
                assert_int_equal(g.clear[0].n, sizeof(clear_text) - 1);
                assert_memory_equal(g.clear[0].p, clear_text, sizeof(clear_text) - 1);
                assert_string_equal(g.proof.signer->cn, "POP000001");
                assert_null(xml_first_element(g.proof.body));
            }
            wssgot_free(&g);
            b.p[i] = was;
        }
    print_message("%u of %zu changed envelopes mean the same\n", taken, b.n * sizeof(to));
    buf_free(&b);
    buf_free(&want);
    buf_free(&is);
}

/* ---- oracle: reliability C ---- */

static struct err ask(const struct buf *soap, const void *ct, size_t n)
{
    struct wss_part wire[WSSMSG_PARTS];
    struct key *const keys[] = {ap2};
    struct wssgot g;
    struct err e;

    (void)wssmsg_wire(wire, &good);
    wire[0].data = blob_mem(ct, n);
    assert_int_equal(wssmsg_receive(&g, buf_view(soap), wire, 1, trust, keys, 1), -1);
    e = g.e;
    wssgot_free(&g);
    return e;
}

static struct buf with_wrapped(const void *p, size_t n)
{
    struct buf b = copy_of(&good), text;
    char *old = piece(&b, "<xenc:CipherValue>", "</xenc:CipherValue>"), *new;

    buf_init(&text, 1 << 16);
    buf_puts(&text, "<xenc:CipherValue>");
    enc_b64(&text, p, n);
    buf_puts(&text, "</xenc:CipherValue>");
    new = strdup(text.p);
    swap(&b, old, new);
    free(old);
    free(new);
    buf_free(&text);
    return b;
}

static void wrong_key(struct buf *ct, const struct cert *recipient, size_t cek_len)
{
    uint8_t cek[32] = {1};

    buf_init(ct, 1024);
    assert_int_equal(oaep_wrap(ct, recipient, cek, cek_len, NULL), 0);
}

/*= RELIABILITY C3 "identical EBMS:0102 text" */
static void every_decryption_failure_is_the_one_error(void **state)
{
    const char *ct = good.sealed[0].p;
    size_t n = good.sealed[0].n;
    struct err first, e;
    char *bad = malloc(n + 1);
    struct buf b, w;

    (void)state;
    memcpy(bad, ct, n);
    bad[n] = 0;
    bad[n - 1] ^= 1; /* the tag */
    first = ask(&good.soap, bad, n);
    assert_string_equal(first.code, "wss.decrypt");
    assert_string_equal(first.ebms, "EBMS:0102");
#define SAME(x)                                                                                    \
    do {                                                                                           \
        e = (x);                                                                                   \
        assert_memory_equal(&e, &first, sizeof(e));                                                \
    } while (0)
    bad[n - 1] ^= 1;
    SAME(ask(&good.soap, bad, n + 1));
    for (size_t cut = 0; cut < n; cut += 5)
        SAME(ask(&good.soap, bad, cut));
    bad[3] ^= 1; /* the IV */
    SAME(ask(&good.soap, bad, n));
    static const size_t lens[] = {
        16, 0, 15, 17, 24, 32}; /* another key, and keys of other length */
    for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
        wrong_key(&w, key_cert(ap2), lens[i]);
        b = with_wrapped(w.p, w.n);
        SAME(ask(&b, ct, n));
        buf_free(&b);
        buf_free(&w);
    }
    wrong_key(&w, key_cert(ap1), 16); /* wrapped for another than the token says */
    b = with_wrapped(w.p, w.n);
    SAME(ask(&b, ct, n));
    buf_free(&b);
    b = with_wrapped("", 0);
    SAME(ask(&b, ct, n));
    buf_free(&b);
    b = with_wrapped(w.p, w.n - 1);
    SAME(ask(&b, ct, n));
    buf_free(&b);
    b = copy_of(&good);
    swap(&b, "<xenc:CipherValue>", "<xenc:CipherValue>*");
    SAME(ask(&b, ct, n));
    buf_free(&b);
    buf_free(&w);
    free(bad);
    /* for somebody else, by the token */
    struct wss_part p = wssmsg_part("p@x", "application/gzip", "x", 1);
    struct wssmsg m;
    wssmsg_make(&m, &p, 1, ap1, key_cert(ap1));
    SAME(ask(&m.soap, m.sealed[0].p, m.sealed[0].n));
    wssmsg_free(&m);
}

/* 10^4 mutated wrapped keys, straight at wss_decrypt: one and the same error each time. */
static void ten_thousand_mutated_keys_get_the_same_answer(void **state)
{
    struct key *const keys[] = {ap2};
    struct arena *a = arena_new(4 << 20);
    struct wss_part wire[WSSMSG_PARTS];
    struct err first = ERR_INIT, e = ERR_INIT;
    xmlNode *value = NULL;
    struct wss_shape s;
    struct buf wrapped, text, clear;
    struct sink out;
    struct str type;
    xmlDoc *env;

    (void)state;
    buf_init(&wrapped, 1024);
    buf_init(&text, 4096);
    buf_init(&clear, 1 << 16);
    out = sink_buf(&clear);
    (void)wssmsg_wire(wire, &good);
    assert_int_equal(xml_parse(&env, a, good.soap.p, good.soap.n, NULL, &e), 0);
    assert_int_equal(wss_shape_read(&s, env, &e), 0);
    value = xml_child(xml_child(s.security, NS_XENC, "EncryptedKey"), NS_XENC, "CipherData");
    value = xml_child(value, NS_XENC, "CipherValue");
    assert_int_equal(enc_unb64(&wrapped, str_z((char *)value->children->content), &e), 0);
    for (int i = 0; i < 10000; i++) {
        struct arena_mark mark = arena_mark(a);
        size_t at = rnd_below(wrapped.n);
        char was = wrapped.p[at];
        wrapped.p[at] = (char)(was ^ (1 << rnd_below(8)));
        buf_clear(&text);
        enc_b64(&text, wrapped.p, wrapped.n);
        wrapped.p[at] = was;
        xmlNodeSetContent(value, BAD_CAST text.p);
        buf_clear(&clear);
        assert_int_equal(wss_decrypt(&type, &out, env, wire, 1, keys, 1, a, &e), -1);
        if (i == 0)
            first = e;
        assert_memory_equal(&e, &first, sizeof(e));
        arena_rewind(a, mark);
    }
    assert_string_equal(first.code, "wss.decrypt");
    buf_free(&wrapped);
    buf_free(&text);
    buf_free(&clear);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(unchanged_message_is_taken),
        cmocka_unit_test(signature_wrapping_is_refused),
        cmocka_unit_test(ids_that_mean_two_things_are_refused),
        cmocka_unit_test(less_or_more_signed_than_there_is_is_refused),
        cmocka_unit_test(a_signed_reference_to_anything_else_is_refused),
        cmocka_unit_test(truly_signed_but_wrong_coverage_of_attachments_is_refused),
        cmocka_unit_test(algorithms_and_transforms_outside_the_profile_are_refused),
        cmocka_unit_test(too_many_references_or_prefixes_are_refused),
        cmocka_unit_test(other_key_references_are_refused),
        cmocka_unit_test(token_outside_the_security_header_is_not_used),
        cmocka_unit_test(signer_who_is_not_trusted_is_refused_before_anything_else),
        cmocka_unit_test(borrowed_token_is_refused),
        cmocka_unit_test(tokens_beside_it_do_not_help_a_signer_who_is_not_trusted),
        cmocka_unit_test(unsigned_or_doubly_secured_messages_are_refused),
        cmocka_unit_test(missing_or_doubled_encryption_is_refused),
        cmocka_unit_test(any_changed_byte_is_refused_or_changes_nothing),
        cmocka_unit_test(every_decryption_failure_is_the_one_error),
        cmocka_unit_test(ten_thousand_mutated_keys_get_the_same_answer),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
