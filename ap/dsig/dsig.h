/* dsig.h - XML Signature by xmlsec1, cut down to what Peppol uses.
 *
 * Two uses, each with its allow-list of URIs and transforms: DSIG_WSS (same-document ids with
 * exclusive c14n, `cid:` attachments with the SwA content transform) and DSIG_ENVELOPED (URI=""
 * with the enveloped-signature transform, SMP answers). Always RSA-SHA256 and SHA-256. xmlsec
 * fetches nothing here and takes no key but the one given. Callers decide before what may be signed
 * by whom and where ids point (xml_ids_register). One thread per call. */
#ifndef AP_DSIG_DSIG_H
#define AP_DSIG_DSIG_H

#include <libxml/tree.h>

#include "ap/base/blob.h"
#include "ap/crypto/cert.h"
#include "ap/crypto/key.h"

#define DSIG_NS "http://www.w3.org/2000/09/xmldsig#"
#define DSIG_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define DSIG_C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define DSIG_ENVELOPED_SIGNATURE "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define DSIG_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define DSIG_RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define DSIG_SWA_CONTENT                                                                           \
    "http://docs.oasis-open.org/wss/"                                                              \
    "oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"
#define DSIG_MAX_PARTS 16
#define DSIG_XML_PART_MAX (16u << 20) /* an attachment of an XML type needs a tree */

enum dsig_use { DSIG_WSS, DSIG_ENVELOPED };

/* What a `cid:` reference stands for. */
struct dsig_part {
    const char *uri; /* "cid:..." percent-decoded: each part has its own */
    struct str mime_type;
    struct blob data;
};

/* Once before threads, after xml_init. */
int dsig_init(struct err *e) MUST_CHECK;
void dsig_done(void);

/* Fill in the DigestValues and the SignatureValue of a ds:Signature template without KeyInfo. Out:
 * the digest of the canonical SignedInfo. Errors of the key and of reading a part as they come;
 * dsig.sign (ERR_BUG) else. */
int dsig_sign(uint8_t signed_info[HASH_LEN], xmlNode *signature, struct key *k,
    const struct dsig_part *parts, size_t n, struct err *e) MUST_CHECK;

/* All references and the signature value, with this certificate's key; every part must have been
 * referred to exactly once. dsig.invalid (ERR_PEER); errors of reading a part as they come. */
int dsig_verify(xmlNode *signature, enum dsig_use use, const struct cert *signer,
    const struct dsig_part *parts, size_t n, struct err *e) MUST_CHECK;

#endif
