/* as4_priv.h - the SOAP envelope, shared by sender and receiver. */
#ifndef AP_AS4_AS4_PRIV_H
#define AP_AS4_AS4_PRIV_H

#include "ap/as4/as4.h"
#include "ap/mime/mime.h"
#include "ap/xml/xml.h"

#define S12_NS "http://www.w3.org/2003/05/soap-envelope"
#define WSU_NS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define WSSE_NS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define EBBP_NS "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0"
#define DS_NS "http://www.w3.org/2000/09/xmldsig#"
#define SHA256_URI "http://www.w3.org/2001/04/xmlenc#sha256"
#define GZIP_TYPE "application/gzip"
#define SOAP_TYPE "application/soap+xml"

/* A SOAP 1.2 envelope that was received; header may be NULL. */
struct soap {
    xmlDoc *doc;
    xmlNode *header, *body;
};
/* xml.*, soap.malformed (no SOAP 1.2 envelope), soap.encoding (MIME does not say UTF-8): all
 * ERR_INPUT. `charset`: what MIME or HTTP says, or empty. */
int soap_read(struct soap *out, struct arena *a, struct str bytes, struct str charset,
    struct err *e) MUST_CHECK;
/* A header block that must be understood, is meant for us, and is none of ours:
 * soap.must-understand (ERR_INPUT), and *block is it. */
int soap_must_understand(const xmlNode **block, const struct soap *s, struct err *e) MUST_CHECK;
/* The one eb:Messaging header; none or two is ebms.header, EBMS:0009. */
int soap_messaging(xmlNode **out, const struct soap *s, struct err *e) MUST_CHECK;
bool soap_body_is_empty(const struct soap *s);

/* Two wsu:Id that differ from message to message and depend on nothing else. */
int soap_ids(char messaging[48], char body[48], struct str seed, struct err *e) MUST_CHECK;
/* An envelope to send: Header with an empty eb:Messaging, and an empty Body, both with wsu:Id made
 * from `seed`. */
struct soap_out {
    xmlDoc *doc;
    xmlNode *messaging;
    xmlNs *eb;
};
int soap_new(struct soap_out *out, struct arena *a, struct str seed, struct err *e) MUST_CHECK;
/* Element with text, remembering in *bad that memory was out (n may be NULL then). */
xmlNode *soap_add(bool *bad, xmlNode *parent, xmlNs *ns, const char *local, struct str text);
void soap_set(bool *bad, xmlNode *n, const char *name, const char *value);
/* MessageInfo of a signal or a user message. */
void soap_message_info(
    bool *bad, xmlNode *message, xmlNs *eb, int64_t now, struct str id, struct str ref_to);

#endif
