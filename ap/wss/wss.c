/* wss.c - set-up, errors, and the finding of things in a Security header. */
#include "ap/wss/wss.h"

#include <libxml/tree.h>
#include <stdio.h>

#include "ap/base/enc.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

int wss_init(struct err *e)
{
    return dsig_init(e);
}

void wss_done(void)
{
    dsig_done();
}

static int __attribute__((format(printf, 5, 0))) say(struct err *e, const char *code,
    const char *spec, const char *ebms, const char *fmt, va_list ap)
{
    char text[300];

    (void)vsnprintf(text, sizeof(text), fmt, ap);
    (void)err_set(e, ERR_PEER, code, spec, "%s", text);
    return err_ebms(e, ebms);
}

int wss_policy(struct err *e, const char *spec, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)say(e, "wss.policy", spec, "EBMS:0103", fmt, ap);
    va_end(ap);
    return -1;
}

int wss_failed(struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)say(e, "wss.signature", "PEPPOL-AS4 5", "EBMS:0101", fmt, ap);
    va_end(ap);
    return -1;
}

int wss_header(struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)say(e, "wss.envelope", "PEPPOL-AS4 3", "EBMS:0009", fmt, ap);
    va_end(ap);
    return -1;
}

bool wss_attr_is(const xmlNode *n, const char *local, const char *value)
{
    xmlChar *v = xmlGetNoNsProp(n, BAD_CAST local);
    bool same = v && xmlStrEqual(v, BAD_CAST value);

    xmlFree(v);
    return same;
}

bool wss_attr_absent_or(const xmlNode *n, const char *local, const char *value)
{
    return !xmlHasNsProp(n, BAD_CAST local, NULL) || wss_attr_is(n, local, value);
}

xmlNode *wss_target(const xmlDoc *d, struct str uri)
{
    /* Only a plain name: "#xpointer(...)" would mean one thing here and another elsewhere. */
    if (uri.n < 2 || uri.p[0] != '#' || xmlValidateNCName(BAD_CAST(uri.p + 1), 0) != 0)
        return NULL;
    return xml_by_id(d, uri.p + 1);
}

int wss_cid(struct str *out, struct arena *a, struct str uri, struct err *e)
{
    struct buf b;
    char *p;

    if (!str_has_prefix(uri, STR("cid:")) || uri.n == 4 || uri.n > 500)
        return wss_policy(e, "SWA 5.2", "%.60s is no reference to an attachment", uri.p);
    buf_init(&b, 1024);
    if (enc_unpct(&b, str_sub(uri, 4, uri.n), NULL) || memchr(b.p, 0, b.n)) {
        buf_free(&b);
        return wss_policy(e, "RFC 2392", "%.60s is not a cid: URL", uri.p);
    }
    p = arena_dup(a, buf_view(&b));
    *out = (struct str){p, b.n};
    buf_free(&b);
    return p ? 0 : err_nomem(e);
}

/* ---- shape ---- */

/* WSS 5: a Security header without a role, or for the ultimate receiver, is ours. */
static bool ours(const xmlNode *security)
{
    xmlChar *role = xmlGetNsProp(security, BAD_CAST "role", BAD_CAST NS_S12);
    bool yes = !role || !*role || xmlStrEqual(role, BAD_CAST NS_S12 "/role/ultimateReceiver");

    xmlFree(role);
    return yes;
}

static int find_security(struct wss_shape *out, struct err *e)
{
    xmlNode *n = xml_child(out->header, NS_WSSE, "Security");

    for (; n; n = xml_next(n, NS_WSSE, "Security")) {
        if (!ours(n))
            continue;
        if (out->security)
            return wss_policy(e, "WSS 5", "two Security headers are addressed to this receiver");
        out->security = n;
    }
    return 0;
}

int wss_shape_read(struct wss_shape *out, xmlDoc *env, struct err *e)
{
    if (xml_ids_register(env, e))
        return err_ebms(e, "EBMS:0009");
    return wss_shape_find(out, env, e);
}

int wss_shape_find(struct wss_shape *out, xmlDoc *env, struct err *e)
{
    xmlNode *root = xmlDocGetRootElement(env);

    *out = (struct wss_shape){0};
    if (!xml_is(root, NS_S12, "Envelope"))
        return wss_header(e, "the root is not a SOAP 1.2 Envelope");
    out->header = xml_first_element(root);
    out->body = xml_next_element(out->header);
    if (!xml_is(out->header, NS_S12, "Header") || !xml_is(out->body, NS_S12, "Body") ||
        xml_next_element(out->body))
        return wss_header(e, "the Envelope must hold one Header and one Body");
    out->messaging = xml_child(out->header, NS_EB, "Messaging");
    if (!out->messaging)
        return wss_header(e, "there is no eb:Messaging header");
    if (xml_next(out->messaging, NS_EB, "Messaging"))
        return wss_header(e, "there are two eb:Messaging headers");
    return find_security(out, e);
}

/* ---- tokens ---- */

static xmlNode *only_element(const xmlNode *parent, const char *ns, const char *local)
{
    xmlNode *n = xml_first_element(parent);

    return xml_is(n, ns, local) && !xml_next_element(n) ? n : NULL;
}

xmlNode *wss_str_reference(const xmlNode *key_info)
{
    xmlNode *str = only_element(key_info, NS_WSSE, "SecurityTokenReference");

    return str ? only_element(str, NS_WSSE, "Reference") : NULL;
}

/*= PEPPOL-AS4 4.7 "BinarySecurityToken direct reference MUST be used" */
int wss_token(struct cert **out, const struct wss_shape *s, const xmlNode *key_info,
    struct arena *a, struct err *e)
{
    xmlNode *ref = wss_str_reference(key_info), *bst;
    struct str uri, text;

    if (!ref)
        return wss_policy(e, "PEPPOL-AS4 4.7",
            "KeyInfo must hold a SecurityTokenReference with a direct Reference");
    if (xml_attr(&uri, a, ref, NULL, "URI", e))
        return -1;
    bst = wss_target(s->security->doc, uri);
    if (!bst || bst->parent != s->security || !xml_is(bst, NS_WSSE, "BinarySecurityToken"))
        return wss_policy(e, "PEPPOL-AS4 4.7",
            "the key reference does not lead to a BinarySecurityToken of this header");
    /*= PEPPOL-AS4 4.7 "ValueType is X509v3" */
    if (!wss_attr_is(bst, "ValueType", WSS_X509V3) ||
        !wss_attr_absent_or(bst, "EncodingType", WSS_BASE64) ||
        !wss_attr_absent_or(ref, "ValueType", WSS_X509V3))
        return wss_policy(
            e, "PEPPOL-AS4 4.7", "the BinarySecurityToken is not an X509v3 in Base64Binary");
    if (xml_text(&text, a, bst, e) || cert_from_text(out, text, e)) {
        (void)err_wrap(e, "BinarySecurityToken: ");
        return err_ebms(e, "EBMS:0101");
    }
    return 0;
}
