/* wss_priv.h - names of the profile, and the steps of reading a Security header. */
#ifndef AP_WSS_WSS_PRIV_H
#define AP_WSS_WSS_PRIV_H

#include "ap/dsig/dsig.h"
#include "ap/wss/wss.h"

#define NS_S12 "http://www.w3.org/2003/05/soap-envelope"
#define NS_EB "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
#define NS_DS DSIG_NS
#define NS_XENC "http://www.w3.org/2001/04/xmlenc#"
#define NS_XENC11 "http://www.w3.org/2009/xmlenc11#"
#define WSS_BASE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
#define NS_WSSE WSS_BASE "wssecurity-secext-1.0.xsd"
#define NS_WSU WSS_BASE "wssecurity-utility-1.0.xsd"
#define NS_WSSE11 "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"

#define WSS_X509V3 WSS_BASE "x509-token-profile-1.0#X509v3"
#define WSS_BASE64 WSS_BASE "soap-message-security-1.0#Base64Binary"
#define WSS_EK_TOKEN                                                                               \
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey"
#define SWA "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#"
#define SWA_CONTENT_ONLY SWA "Attachment-Content-Only"
#define SWA_CIPHERTEXT SWA "Attachment-Ciphertext-Transform"
#define ENC_AES128_GCM "http://www.w3.org/2009/xmlenc11#aes128-gcm"
#define ENC_RSA_OAEP "http://www.w3.org/2009/xmlenc11#rsa-oaep"
#define ENC_MGF1_SHA256 "http://www.w3.org/2009/xmlenc11#mgf1sha256"

#define WSS_MAX_PREFIXES 32

/* EBMS:0103: outside the profile. EBMS:0101: no or no good signature. EBMS:0009: not this shape. */
int wss_policy(struct err *e, const char *spec, const char *fmt, ...) PRINTF(3, 4);
int wss_failed(struct err *e, const char *fmt, ...) PRINTF(2, 3);
int wss_header(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* ---- where things stand ---- */

struct wss_shape {
    xmlNode *header, *messaging, *body, *security; /* security: addressed to us; may be NULL */
};
/* S12:Envelope with one Header and one Body, one Messaging, at most one Security. _read registers
 * ids first; _find is for a tree where that was done, or where none is needed. */
int wss_shape_read(struct wss_shape *out, xmlDoc *env, struct err *e) MUST_CHECK;
int wss_shape_find(struct wss_shape *out, xmlDoc *env, struct err *e) MUST_CHECK;

bool wss_attr_is(const xmlNode *n, const char *local, const char *value);
bool wss_attr_absent_or(const xmlNode *n, const char *local, const char *value);
/* The element "#id" names, when uri is that with a plain NCName; else NULL. */
xmlNode *wss_target(const xmlDoc *d, struct str uri);
/* "cid:a%40b" to "a@b", in the arena; wss.policy when it is no cid. */
int wss_cid(struct str *out, struct arena *a, struct str uri, struct err *e) MUST_CHECK;
/* The part a cid names, by its id as it is or percent-decoded; n: none, or more than one. */
size_t wss_part_named(struct str cid, const struct wss_part *parts, size_t n, struct arena *a);
/* The certificate that KeyInfo names: SecurityTokenReference/Reference to a BinarySecurityToken
 * X509v3 in this Security header. cert_unref. */
int wss_token(struct cert **out, const struct wss_shape *s, const xmlNode *key_info,
    struct arena *a, struct err *e) MUST_CHECK;
/* KeyInfo/SecurityTokenReference/Reference, each the only element in the other; NULL: not so. */
xmlNode *wss_str_reference(const xmlNode *key_info);

/* ---- ds:Signature, read but not judged cryptographically ---- */

struct wss_sigref {
    struct str uri;
    xmlNode *node, *target; /* target NULL: an attachment */
    char **prefixes;
    uint8_t digest[HASH_LEN];
};
struct wss_signature {
    xmlNode *node, *signed_info, *key_info;
    char **prefixes;
    struct str value; /* base64 */
    struct wss_sigref refs[WSS_MAX_REFS];
    size_t n;
};
/* The one ds:Signature of the Security header: algorithms and transforms of the profile, ids that
 * lead to Messaging, Body, Timestamp or a token, Messaging and Body covered, nothing twice. */
int wss_signature_read(struct wss_signature *out, const struct wss_shape *s, struct arena *a,
    struct err *e) MUST_CHECK;
/* SHA-256 of the exclusive canonical form; `prefixes`: InclusiveNamespaces, or NULL. */
int wss_digest_element(
    uint8_t out[HASH_LEN], xmlNode *n, char *const *prefixes, struct err *e) MUST_CHECK;
/* SignedInfo's signature by this certificate, and the digests of what lies in the envelope. */
int wss_signature_check(uint8_t signed_info[HASH_LEN], const struct wss_signature *s,
    const struct cert *signer, struct err *e) MUST_CHECK;

/* ---- building: once something failed, everything after does nothing and bad says so ---- */

struct wss_make {
    xmlDoc *doc;
    xmlNs *wsse, *wsu, *ds, *xenc;
    bool bad;
};
xmlNode *wss_el(struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local);
xmlNode *wss_el_text(
    struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local, struct str text);
void wss_set(struct wss_make *m, xmlNode *n, xmlNs *ns, const char *local, const char *value);
/* An element with nothing but @Algorithm. */
xmlNode *wss_alg(
    struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local, const char *uri);
void wss_bst(struct wss_make *m, xmlNode *parent, const struct cert *c, const char *id);
/* ds:KeyInfo/SecurityTokenReference/Reference to `id`; returns the STR. */
xmlNode *wss_key_info(struct wss_make *m, xmlNode *parent, const char *id, const char *value_type);
void wss_new_id(char out[48], const char *prefix);
/* "cid:" and the id, what may not stand in a URI as %XX; in the arena, NULL: no memory. */
char *wss_cid_uri(struct arena *a, struct str cid);

#endif
