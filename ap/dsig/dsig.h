/* dsig.h - the pieces of XML Signature that Peppol uses beside canonical forms and RSA.
 *
 * Enveloped signatures (SMP answers) are verified by xmlsec1, cut down to URI="", the enveloped
 * transform and the two canonical forms, RSA-SHA256 and SHA-256: it fetches nothing here and takes
 * no key but the one given. Signatures of messages are made and checked in ap/wss by hand, node by
 * node: xmlsec1 digests references before it looks at the signature value, cannot sign through
 * another process and costs half an RSA operation a message; it is their referee in the tests.
 * What both need of attachments is here: their digest. One thread per call. */
#ifndef AP_DSIG_DSIG_H
#define AP_DSIG_DSIG_H

#include <libxml/tree.h>

#include "ap/base/blob.h"
#include "ap/base/hash.h"
#include "ap/crypto/cert.h"

#define DSIG_NS "http://www.w3.org/2000/09/xmldsig#"
#define DSIG_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define DSIG_C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define DSIG_ENVELOPED_SIGNATURE "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define DSIG_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define DSIG_RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define DSIG_SWA_CONTENT                                                                           \
    "http://docs.oasis-open.org/wss/"                                                              \
    "oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"
#define DSIG_XML_PART_MAX (16u << 20) /* an attachment of an XML type needs a tree */

/* Before threads, after xml_init; dsig_done once for each. */
int dsig_init(struct err *e) MUST_CHECK;
void dsig_done(void);

/* SHA-256 of an attachment as the Attachment-Content-Signature-Transform sees it: XML types in
 * exclusive canonical form (limit.size above DSIG_XML_PART_MAX, xml.* when it is no XML), lines of
 * text/ types end in CR LF, all else as it is, streamed. */
int dsig_part_digest(
    uint8_t out[HASH_LEN], struct str mime_type, const struct blob *data, struct err *e) MUST_CHECK;

/* The one Reference (the whole document) and the signature value, with this certificate's key.
 * dsig.invalid (ERR_PEER). */
int dsig_verify(xmlNode *signature, const struct cert *signer, struct err *e) MUST_CHECK;

#endif
