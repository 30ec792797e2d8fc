/* as4_compose.c - a StandardBusinessDocument into the octets of one AS4 request.
 *
 * Order of the profile: gzip, sign, encrypt. The payload is never held: gzip goes to a temporary
 * file, encryption to a second one, and the wire spool receives head, ciphertext and tail. Wire
 * bytes are kept by the caller and sent again as they are; composing twice gives two messages
 * (fresh content key and IV), though everything else depends on the input alone. */
#include <stdio.h>

#include "ap/as4/as4_priv.h"
#include "ap/base/enc.h"
#include "ap/base/gz.h"
#include "ap/base/hash.h"

#define KEEP (256u << 10)   /* in memory up to here */
#define SOAP_MAX (1u << 20) /* as the reader's limit */
#define CID_MAX 64

struct composer {
    const struct as4_message *m;
    struct key *key;
    struct arena *arena;
    struct soap_out env;
    char soap_cid[CID_MAX], payload_cid[CID_MAX];
    struct spool clear, sealed; /* the attachment before and after encryption */
};

/* Text that may stand in XML and in one line. */
static bool is_text(struct str s)
{
    char *z = (char *)xmlStrndup(BAD_CAST s.p, (int)s.n);
    bool ok = z && strlen(z) == s.n && xmlCheckUTF8(BAD_CAST z);

    for (size_t i = 0; ok && i < s.n; i++)
        ok = (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f;
    xmlFree(z);
    return ok;
}

static int check(const struct as4_message *m, struct err *e)
{
    enum { TEST_FROM = 4 }; /* what a test message has begins here */
    const struct str all[] = {m->document_scheme, m->document_id, m->process_scheme, m->process_id,
        m->message_id, m->conversation_id, m->sender, m->receiver, m->payload_type};

    for (size_t i = m->is_test ? TEST_FROM : 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!all[i].n || all[i].n > 2000 || !is_text(all[i]))
            return err_set(e, ERR_INPUT, "as4.value", "PEPPOL-AS4 4",
                "an identifier of the message is empty, too long or no text");
    if (!ebms_message_id_ok(m->message_id))
        return err_set(e, ERR_INPUT, "as4.message-id", "PEPPOL-AS4 4", "MessageId is not an id");
    if (!m->recipient || !m->recipient->cn[0])
        return err_set(e, ERR_INPUT, "as4.recipient", "PEPPOL-AS4 4.5",
            "the recipient's certificate has no CN");
    return 0;
}

static int make_cids(struct composer *c, struct err *e)
{
    uint8_t digest[HASH_LEN];
    char hex[33];

    if (hash_of(digest, c->m->message_id.p, c->m->message_id.n, e))
        return -1;
    enc_hex(hex, digest, 16);
    (void)snprintf(c->soap_cid, CID_MAX, "soap-%s@aviso", hex);
    (void)snprintf(c->payload_cid, CID_MAX, "payload-%s@aviso", hex);
    return 0;
}

static void add_party(
    bool *bad, xmlNode *info, xmlNs *eb, const char *element, const char *cn, const char *role)
{
    xmlNode *party = soap_add(bad, info, eb, element, STR(""));

    soap_set(bad, soap_add(bad, party, eb, "PartyId", str_z(cn)), "type", EBMS_PARTY_TYPE);
    (void)soap_add(bad, party, eb, "Role", str_z(role));
}

static void add_property(
    bool *bad, xmlNode *list, xmlNs *eb, const char *name, const char *type, struct str value)
{
    xmlNode *n = soap_add(bad, list, eb, "Property", value);

    soap_set(bad, n, "name", name);
    if (type)
        soap_set(bad, n, "type", type);
}

/*= EBMS3 5.2.2.8 "a test message is not delivered" */
static void add_test_service(bool *bad, struct composer *c, xmlNode *um)
{
    xmlNode *info = soap_add(bad, um, c->env.eb, "CollaborationInfo", STR(""));

    (void)soap_add(bad, info, c->env.eb, "AgreementRef", STR(EBMS_AGREEMENT));
    (void)soap_add(bad, info, c->env.eb, "Service", STR(EBMS_TEST_SERVICE));
    (void)soap_add(bad, info, c->env.eb, "Action", STR(EBMS_TEST_ACTION));
    (void)soap_add(bad, info, c->env.eb, "ConversationId", c->m->conversation_id);
}

/*= PEPPOL-AS4 4.6 "Service is the process" */
/*= PEPPOL-AS4 4.6 "Action is the document type" */
static void add_collaboration(bool *bad, struct composer *c, xmlNode *um)
{
    const struct as4_message *m = c->m;
    xmlNode *info = soap_add(bad, um, c->env.eb, "CollaborationInfo", STR(""));
    const char *scheme = arena_dup(c->arena, m->process_scheme);
    const char *action =
        arena_printf(c->arena, "%.*s::%.*s", STR_FMT(m->document_scheme), STR_FMT(m->document_id));

    *bad = *bad || !scheme || !action;
    if (*bad)
        return;
    /*= PEPPOL-AS4 4.3 "urn:fdc:peppol.eu:2017:agreements:tia:ap_provider" */
    (void)soap_add(bad, info, c->env.eb, "AgreementRef", STR(EBMS_AGREEMENT));
    soap_set(bad, soap_add(bad, info, c->env.eb, "Service", m->process_id), "type", scheme);
    (void)soap_add(bad, info, c->env.eb, "Action", str_z(action));
    (void)soap_add(bad, info, c->env.eb, "ConversationId", m->conversation_id);
}

static void add_payload(bool *bad, struct composer *c, xmlNode *um)
{
    xmlNs *eb = c->env.eb;
    xmlNode *part =
        soap_add(bad, soap_add(bad, um, eb, "PayloadInfo", STR("")), eb, "PartInfo", STR(""));
    const char *href = arena_printf(c->arena, "cid:%s", c->payload_cid);
    xmlNode *list;

    *bad = *bad || !href;
    if (*bad)
        return;
    soap_set(bad, part, "href", href);
    list = soap_add(bad, part, eb, "PartProperties", STR(""));
    add_property(bad, list, eb, "MimeType", NULL, c->m->payload_type);
    if (c->m->compress)
        add_property(bad, list, eb, "CompressionType", NULL, STR(GZIP_TYPE));
}

/* The header in the order of the schema, which is the order of the profile's clause 4. */
static int build(struct composer *c, struct err *e)
{
    const char *type = "iso6523-actorid-upis";
    xmlNode *um, *parties, *properties;
    bool bad = false;
    xmlNs *eb;

    if (soap_new(&c->env, c->arena, c->m->message_id, e))
        return -1;
    eb = c->env.eb;
    um = soap_add(&bad, c->env.messaging, eb, "UserMessage", STR(""));
    soap_message_info(&bad, um, eb, c->m->timestamp, c->m->message_id, STR(""));
    parties = soap_add(&bad, um, eb, "PartyInfo", STR(""));
    add_party(&bad, parties, eb, "From", key_cert(c->key)->cn, EBMS_INITIATOR);
    add_party(&bad, parties, eb, "To", c->m->recipient->cn, EBMS_RESPONDER);
    if (c->m->is_test)
        add_test_service(&bad, c, um);
    else
        add_collaboration(&bad, c, um);
    properties = soap_add(&bad, um, eb, "MessageProperties", STR(""));
    add_property(&bad, properties, eb, "originalSender", type, c->m->sender);
    add_property(&bad, properties, eb, "finalRecipient", type, c->m->receiver);
    add_payload(&bad, c, um);
    return bad ? err_nomem(e) : 0;
}

/* What we send must be what we would take. */
static int check_built(struct composer *c, struct err *e)
{
    struct ebms_user_message *um = arena_alloc(c->arena, sizeof(*um));

    if (!um)
        return err_nomem(e);
    if (ebms_user_message_read(um, c->arena, c->env.messaging, e) || ebms_profile_check(um, e)) {
        (void)err_ebms(e, "");
        return err_wrap(e, "our own header: ");
    }
    return 0;
}

/*= AS4 3.1 "compressed and uncompressed are taken" */
static int make_clear(struct composer *c, struct err *e)
{
    struct sink s = spool_sink(&c->clear);

    return c->m->compress && !c->m->packed ? gz_compress(&s, &c->m->payload, e)
                                           : blob_copy(&c->m->payload, &s, e);
}

/* The expected references outlive the tree they were signed in. */
static int keep_expected(
    struct as4_expect *out, struct composer *c, const struct wss_proof *proof, struct err *e)
{
    char *id = arena_dup(c->arena, c->m->message_id);
    char *cn = arena_dup(c->arena, str_z(c->m->recipient->cn));

    if (!id || !cn)
        return err_nomem(e);
    out->message_id = str_z(id);
    out->recipient_cn = str_z(cn);
    for (out->nrefs = 0; out->nrefs < proof->nrefs; out->nrefs++) {
        struct wss_ref *r = &out->refs[out->nrefs];
        char *uri = arena_dup(c->arena, proof->refs[out->nrefs].uri);
        if (!uri)
            return err_nomem(e);
        *r = proof->refs[out->nrefs];
        r->uri = str_z(uri);
        r->node = NULL;
    }
    return 0;
}

/*= PEPPOL-AS4 5 "compressed, then signed, then encrypted" */
static int secure(struct as4_expect *expect, struct composer *c, struct err *e)
{
    struct wss_part part = {str_z(c->payload_cid),
        c->m->compress ? STR(GZIP_TYPE) : c->m->payload_type, spool_blob(&c->clear)};
    struct sink sealed = spool_sink(&c->sealed);
    struct wss_proof *proof = arena_alloc(c->arena, sizeof(*proof));
    int rc;

    if (!proof)
        return err_nomem(e);
    if (wss_sign(proof, c->env.doc, &part, 1, c->key, c->arena, e))
        return -1;
    rc = keep_expected(expect, c, proof, e);
    cert_unref(proof->signer);
    if (rc)
        return -1;
    return wss_encrypt(c->env.doc, &part, &sealed, 1, c->m->recipient, c->arena, e);
}

static int frame(struct as4_sent *out, struct composer *c, struct err *e)
{
    struct blob sealed = spool_blob(&c->sealed);
    struct sink wire = spool_sink(out->wire);
    struct mime_out framing;
    struct buf soap;
    int rc = -1;

    buf_init(&soap, SOAP_MAX);
    if (xml_write(&soap, c->env.doc, e)) {
        buf_free(&soap);
        return -1;
    }
    rc = mime_write(&framing, buf_view(&soap), str_z(c->soap_cid), str_z(c->payload_cid), e);
    if (rc == 0)
        rc = spool_write(out->wire, framing.head.p, framing.head.n, e) ||
                     blob_copy(&sealed, &wire, e) ||
                     spool_write(out->wire, framing.tail.p, framing.tail.n, e)
                 ? -1
                 : 0;
    memcpy(out->content_type, framing.content_type, sizeof(out->content_type));
    mime_out_free(&framing);
    buf_free(&soap);
    return rc;
}

int as4_compose(struct as4_sent *out, struct spool *wire, const struct as4_message *m,
    struct key *k, struct arena *a, struct err *e)
{
    struct composer c = {.m = m, .key = k, .arena = a};
    int rc = -1;

    *out = (struct as4_sent){.wire = wire};
    if (check(m, e) || make_cids(&c, e))
        return -1;
    spool_init(&c.clear, wire->dirfd, KEEP, wire->max);
    spool_init(&c.sealed, wire->dirfd, KEEP, wire->max);
    if (build(&c, e) == 0 && check_built(&c, e) == 0 && make_clear(&c, e) == 0 &&
        secure(&out->expect, &c, e) == 0)
        rc = frame(out, &c, e);
    spool_free(&c.clear);
    spool_free(&c.sealed);
    return rc;
}
