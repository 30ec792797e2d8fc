#include "tests/support/as4msg.h"

#include <stdio.h>
#include <stdlib.h>

#include "ap/base/enc.h"
#include "ap/base/gz.h"
#include "ap/xml/xml.h"
#include "tests/support/testpki.h"

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "as4msg.c:%d: %s\n", __LINE__, #x);                                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define NEED_OK(k, call)                                                                           \
    do {                                                                                           \
        if (call) {                                                                                \
            fprintf(stderr, "as4msg.c:%d: %s %s\n", __LINE__, (k)->e.code, (k)->e.msg);            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

/* @PARTS@ stands for the PartInfo elements. */
static const char TEMPLATE[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<S12:Envelope xmlns:S12=\"http://www.w3.org/2003/05/soap-envelope\"><S12:Header>"
    "<eb:Messaging xmlns:eb=\"" EBMS_NS "\" xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-wssecurity-utility-1.0.xsd\" S12:mustUnderstand=\"true\" wsu:Id=\"msg\">"
    "<eb:UserMessage><eb:MessageInfo><eb:Timestamp>2026-11-22T11:18:53.554Z</eb:Timestamp>"
    "<eb:MessageId>" AS4MSG_ID "</eb:MessageId></eb:MessageInfo><eb:PartyInfo><eb:From>"
    "<eb:PartyId type=\"" EBMS_PARTY_TYPE "\">POP000001</eb:PartyId><eb:Role>" EBMS_INITIATOR
    "</eb:Role></eb:From><eb:To><eb:PartyId type=\"" EBMS_PARTY_TYPE
    "\">POP000002</eb:PartyId><eb:Role>" EBMS_RESPONDER "</eb:Role></eb:To></eb:PartyInfo>"
    "<eb:CollaborationInfo><eb:AgreementRef>" EBMS_AGREEMENT "</eb:AgreementRef>"
    "<eb:Service type=\"cenbii-procid-ubl\">urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    "</eb:Service><eb:Action>busdox-docid-qns::urn:x::Invoice##urn:y::2.1</eb:Action>"
    "<eb:ConversationId>conversation-1</eb:ConversationId></eb:CollaborationInfo>"
    "<eb:MessageProperties><eb:Property name=\"originalSender\" type=\"iso6523-actorid-upis\">"
    "0088:7300010000001</eb:Property><eb:Property name=\"finalRecipient\" "
    "type=\"iso6523-actorid-upis\">0088:7300010000002</eb:Property></eb:MessageProperties>"
    "@PARTS@</eb:UserMessage></eb:Messaging></S12:Header>"
    "<S12:Body xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-wssecurity-utility-1.0.xsd\" wsu:Id=\"body\"/></S12:Envelope>";

static void edit(struct buf *b, const struct as4msg_edit *edits)
{
    for (size_t i = 0; i < AS4MSG_EDITS && edits[i].from; i++) {
        size_t at = str_find(buf_view(b), str_z(edits[i].from)), end = at + strlen(edits[i].from);
        struct buf out;
        if (at >= b->n)
            fprintf(stderr, "as4msg: \"%s\" is not there\n", edits[i].from);
        NEED(at < b->n);
        buf_init(&out, b->max);
        buf_add(&out, b->p, at);
        buf_puts(&out, edits[i].to);
        buf_add(&out, b->p + end, b->n - end);
        NEED(buf_ok(&out));
        buf_free(b);
        *b = out;
    }
}

struct making {
    const struct as4msg *m;
    struct arena *a;
    struct as4msg_part parts[AS4MSG_PARTS];
    size_t n;
    struct buf clear[AS4MSG_PARTS], wire[AS4MSG_PARTS];
    struct wss_part given[AS4MSG_PARTS];
    struct err e;
};

static void collect_parts(struct making *k)
{
    static const struct as4msg_part usual = {.cid = "att@x", .data = AS4MSG_DOCUMENT};

    for (; k->n < AS4MSG_PARTS && k->m->parts[k->n].cid; k->n++)
        k->parts[k->n] = k->m->parts[k->n];
    if (!k->n && !k->m->no_parts)
        k->parts[k->n++] = usual;
    for (size_t i = 0; i < k->n; i++) {
        struct as4msg_part *p = &k->parts[i];
        struct blob in = blob_mem(p->data, p->n ? p->n : strlen(p->data));
        struct sink s = sink_buf(&k->clear[i]);
        buf_init(&k->clear[i], 256u << 20);
        buf_init(&k->wire[i], 256u << 20);
        NEED((p->plain ? blob_copy(&in, &s, &k->e) : gz_compress(&s, &in, &k->e)) == 0);
        k->given[i] = (struct wss_part){str_z(p->cid),
            str_z(p->mime_type ? p->mime_type : "application/gzip"),
            blob_str(buf_view(&k->clear[i]))};
    }
}

static void write_template(struct making *k, struct buf *out)
{
    struct buf list;
    char text[4096];

    buf_init(&list, 1 << 16);
    for (size_t i = 0; i < k->n; i++)
        buf_printf(&list,
            "<eb:PartInfo href=\"cid:%s\"><eb:PartProperties><eb:Property name=\"MimeType\">"
            "application/xml</eb:Property>%s</eb:PartProperties></eb:PartInfo>",
            k->parts[i].cid,
            k->parts[i].plain
                ? ""
                : "<eb:Property name=\"CompressionType\">application/gzip</eb:Property>");
    (void)snprintf(text, sizeof(text), k->n ? "<eb:PayloadInfo>%.*s</eb:PayloadInfo>" : "%.*s",
        STR_FMT(buf_view(&list)));
    buf_puts(out, TEMPLATE);
    edit(out, (const struct as4msg_edit[AS4MSG_EDITS]){{"@PARTS@", text}});
    buf_free(&list);
}

static struct cert *cert_named(const char *name)
{
    struct cert *c = testpki_cert(name);

    NEED(c);
    return c;
}

/* Take the signature out again; the whole Security header when nothing is encrypted. */
static void unsign(xmlDoc *env, bool all)
{
    xmlNode *n = xml_child(xml_first_element(xmlDocGetRootElement(env)), WSSE, "Security");

    NEED(n);
    if (!all)
        NEED((n = xml_child(n, "http://www.w3.org/2000/09/xmldsig#", "Signature")));
    xmlUnlinkNode(n);
    xmlFreeNode(n);
}

static void secure(struct making *k, xmlDoc *env)
{
    const char *to = k->m->recipient ? k->m->recipient : "ap2";
    size_t sealed = k->m->clear ? 0 : k->n - k->m->clear_parts;
    struct sink sinks[AS4MSG_PARTS];
    struct cert *recipient = cert_named(to);

    struct wss_proof proof = {0};

    NEED_OK(k, wss_sign(&proof, env, k->given, k->n - k->m->unsigned_parts,
                   as4msg_key(k->m->signer ? k->m->signer : "ap1"), k->a, &k->e));
    cert_unref(proof.signer);
    for (size_t i = 0; i < k->n; i++)
        sinks[i] = sink_buf(&k->wire[i]);
    if (sealed)
        NEED_OK(k, wss_encrypt(env, k->given, sinks, sealed, recipient, k->a, &k->e));
    for (size_t i = sealed; i < k->n; i++)
        buf_str(&k->wire[i], buf_view(&k->clear[i]));
    if (k->m->unsigned_)
        unsign(env, k->m->clear);
    if (k->m->flip)
        k->wire[0].p[k->wire[0].n / 2] ^= 1;
    cert_unref(recipient);
}

static void frame(struct making *k, struct buf *out, struct str soap)
{
    buf_printf(out,
        "--b1\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n"
        "Content-ID: <root@x>\r\n\r\n%.*s",
        STR_FMT(soap));
    for (size_t i = 0; i < k->n; i++) {
        if (k->m->drop_part == i + 1)
            continue;
        buf_printf(out,
            "\r\n--b1\r\nContent-Type: application/octet-stream\r\nContent-ID: <%s>\r\n"
            "Content-Transfer-Encoding: %s\r\n\r\n",
            k->parts[i].cid, k->parts[i].cte ? k->parts[i].cte : "binary");
        if (k->parts[i].cte)
            enc_b64(out, k->wire[i].p, k->wire[i].n);
        else
            buf_str(out, buf_view(&k->wire[i]));
    }
    buf_puts(out, "\r\n--b1--\r\n");
}

void as4msg_make(struct buf *body, const struct as4msg *m)
{
    struct making k = {.m = m, .a = arena_new(8 << 20)};
    struct buf text;
    xmlDoc *env;

    as4msg_setup();
    NEED(k.a);
    buf_init(&text, 2 << 20);
    collect_parts(&k);
    write_template(&k, &text);
    edit(&text, m->before);
    NEED(xml_parse(&env, k.a, text.p, text.n, NULL, &k.e) == 0);
    secure(&k, env);
    buf_clear(&text);
    NEED(xml_write(&text, env, &k.e) == 0);
    edit(&text, m->after);
    buf_init(body, 256u << 20);
    frame(&k, body, buf_view(&text));
    NEED(buf_ok(body));
    edit(body, m->framing);
    for (size_t i = 0; i < k.n; i++) {
        buf_free(&k.clear[i]);
        buf_free(&k.wire[i]);
    }
    buf_free(&text);
    arena_free(k.a);
}

const char *as4msg_type(const struct as4msg *m)
{
    return m->content_type ? m->content_type : AS4MSG_TYPE;
}

static struct {
    const char *name;
    struct key *key;
} keys[8];
static struct pki *trust;

static void close_all(void)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        key_close(keys[i].key);
    pki_close(trust);
}

struct key *as4msg_key(const char *name)
{
    size_t i = 0;

    as4msg_setup();
    for (; keys[i].name; i++)
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].key;
    NEED(i + 1 < sizeof(keys) / sizeof(keys[0]));
    keys[i].key = testpki_key_file(name);
    keys[i].name = name;
    NEED(keys[i].key);
    return keys[i].key;
}

const struct as4_receiver *as4msg_receiver(void)
{
    static struct key *ours[1];
    static struct as4_receiver r;

    if (!r.trust) {
        ours[0] = as4msg_key("ap2");
        trust = testpki_open();
        r = (struct as4_receiver){.trust = trust, .keys = ours, .nkeys = 1, .tmp_dirfd = -1};
    }
    return &r;
}

void as4msg_setup(void)
{
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    xml_init();
    NEED(wss_init(NULL) == 0);
    NEED(atexit(close_all) == 0);
}

struct as4_message as4msg_everyday(const char *message_id, struct cert *recipient)
{
    return (struct as4_message){.message_id = str_z(message_id),
        .conversation_id = STR("c-1"),
        .timestamp = TESTPKI_NOW,
        .document_scheme = STR("busdox-docid-qns"),
        .document_id = STR("urn:x::Invoice##urn:y::2.1"),
        .process_scheme = STR("cenbii-procid-ubl"),
        .process_id = STR("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
        .sender = STR("0088:7300010000001"),
        .receiver = STR("0088:7300010000002"),
        .payload_type = STR("application/xml"),
        .recipient = recipient,
        .compress = true};
}
