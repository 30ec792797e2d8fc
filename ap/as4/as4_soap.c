/* as4_soap.c - the SOAP 1.2 envelope around eb:Messaging, read and written.
 *
 * Reading keeps the tree as received (prefixes and white space count for the signature). UTF-8
 * only: a document that says one encoding in its prolog and another in MIME would be read in two
 * ways. */
#include "ap/as4/as4_priv.h"
#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/hash.h"

static int malformed(struct err *e, const char *why)
{
    return err_set(e, ERR_INPUT, "soap.malformed", "SOAP12 5", "%s", why);
}

/* xml_parse takes UTF-8 alone; MIME must not say something else. */
static int check_charset(struct str said, struct err *e)
{
    if (xml_is_utf8_name(said))
        return 0;
    return err_set(e, ERR_INPUT, "soap.encoding", "RFC 7303 3", "charset %.*s instead of UTF-8",
        (int)(said.n < 40 ? said.n : 40), said.p);
}

/*= eDelivery AS4 1.14 "a byte order mark is tolerated" */
int soap_read(
    struct soap *out, struct arena *a, struct str bytes, struct str charset, struct err *e)
{
    xmlNode *root, *n;

    *out = (struct soap){0};
    if (check_charset(charset, e) || xml_parse(&out->doc, a, bytes.p, bytes.n, NULL, e))
        return -1;
    root = xmlDocGetRootElement(out->doc);
    if (!xml_is(root, S12_NS, "Envelope"))
        return malformed(e, "the root is not a SOAP 1.2 Envelope");
    n = xml_first_element(root);
    if (xml_is(n, S12_NS, "Header")) {
        out->header = n;
        n = xml_next_element(n);
    }
    if (!xml_is(n, S12_NS, "Body") || xml_next_element(n))
        return malformed(e, "the Envelope does not hold a Header and a Body");
    out->body = n;
    return 0;
}

/* SOAP12 2.2: absent, "next" and "ultimateReceiver" are meant for us, "none" and others are not. */
static int is_for_us(bool *out, struct arena *a, const xmlNode *block, struct err *e)
{
    struct str role;

    if (xml_attr(&role, a, block, S12_NS, "role", e))
        return -1;
    role = str_trim(role);
    *out = !role.n || str_eqz(role, S12_NS "/role/next") ||
           str_eqz(role, S12_NS "/role/ultimateReceiver");
    return 0;
}

static int is_mandatory(bool *out, struct arena *a, const xmlNode *block, struct err *e)
{
    struct str v;

    if (is_for_us(out, a, block, e) || xml_attr(&v, a, block, S12_NS, "mustUnderstand", e))
        return -1;
    v = str_trim(v);
    *out = *out && (str_eqz(v, "true") || str_eqz(v, "1"));
    return 0;
}

int soap_must_understand(const xmlNode **block, const struct soap *s, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    int rc = a ? 0 : err_nomem(e);

    for (xmlNode *n = xml_first_element(s->header); n && rc == 0; n = xml_next_element(n)) {
        bool mandatory;
        if (xml_is(n, EBMS_NS, "Messaging") || xml_is(n, WSSE_NS, "Security"))
            continue;
        rc = is_mandatory(&mandatory, a, n, e);
        if (rc == 0 && mandatory) {
            *block = n;
            rc = err_set(e, ERR_INPUT, "soap.must-understand", "SOAP12 5.4.8",
                "header %.60s must be understood and is not", (const char *)n->name);
        }
    }
    arena_free(a);
    return rc;
}

int soap_messaging(xmlNode **out, const struct soap *s, struct err *e)
{
    xmlNode *n = xml_child(s->header, EBMS_NS, "Messaging");

    if (n && !xml_next(n, EBMS_NS, "Messaging")) {
        *out = n;
        return 0;
    }
    (void)err_set(e, ERR_INPUT, "ebms.header", "EBMS3 5.2",
        n ? "eb:Messaging stands twice" : "eb:Messaging is missing");
    return err_ebms(e, "EBMS:0009");
}

bool soap_body_is_empty(const struct soap *s)
{
    for (const xmlNode *n = s->body->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE ||
            (n->type == XML_TEXT_NODE && str_trim(str_z((const char *)n->content)).n))
            return false;
    return true;
}

int soap_ids(char messaging[48], char body[48], struct str seed, struct err *e)
{
    uint8_t digest[HASH_LEN];
    char hex[33];

    if (hash_of(digest, seed.p, seed.n, e))
        return -1;
    enc_hex(hex, digest, 16);
    (void)snprintf(messaging, 48, "messaging-%s", hex);
    (void)snprintf(body, 48, "body-%s", hex);
    return 0;
}

int soap_new(struct soap_out *out, struct arena *a, struct str seed, struct err *e)
{
    char messaging_id[48], body_id[48];
    xmlNode *env, *header, *body;
    xmlNs *s12, *wsu;

    if (soap_ids(messaging_id, body_id, seed, e) || xml_new(&out->doc, a, e))
        return -1;
    if (!(env = xmlNewDocNode(out->doc, NULL, BAD_CAST "Envelope", NULL)))
        return err_nomem(e);
    (void)xmlDocSetRootElement(out->doc, env);
    s12 = xmlNewNs(env, BAD_CAST S12_NS, BAD_CAST "S12");
    wsu = xmlNewNs(env, BAD_CAST WSU_NS, BAD_CAST "wsu");
    out->eb = xmlNewNs(env, BAD_CAST EBMS_NS, BAD_CAST "eb");
    if (!s12 || !wsu || !out->eb)
        return err_nomem(e);
    xmlSetNs(env, s12);
    header = xml_add(env, s12, "Header");
    out->messaging = header ? xml_add(header, out->eb, "Messaging") : NULL;
    body = xml_add(env, s12, "Body");
    if (!out->messaging || !body || xml_set(out->messaging, s12, "mustUnderstand", "true") ||
        xml_set(out->messaging, wsu, "Id", messaging_id) || xml_set(body, wsu, "Id", body_id))
        return err_nomem(e);
    return 0;
}

xmlNode *soap_add(bool *bad, xmlNode *parent, xmlNs *ns, const char *local, struct str text)
{
    xmlNode *n = NULL;

    if (!*bad && parent)
        n = text.n ? xml_add_text(parent, ns, local, text) : xml_add(parent, ns, local);
    *bad = *bad || !n;
    return n;
}

void soap_set(bool *bad, xmlNode *n, const char *name, const char *value)
{
    *bad = *bad || !n || xml_set(n, NULL, name, value);
}

void soap_message_info(
    bool *bad, xmlNode *message, xmlNs *eb, int64_t now, struct str id, struct str ref_to)
{
    char when[CLOCK_TEXT];
    xmlNode *info = soap_add(bad, message, eb, "MessageInfo", STR(""));

    clock_utc(when, now);
    (void)soap_add(bad, info, eb, "Timestamp", str_z(when));
    (void)soap_add(bad, info, eb, "MessageId", id);
    if (ref_to.n)
        (void)soap_add(bad, info, eb, "RefToMessageId", ref_to);
}
