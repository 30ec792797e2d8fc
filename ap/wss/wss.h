/* wss.h - WS-Security 1.1.1 as Peppol AS4 uses it: signature over Messaging, Body and every
 * attachment; AES-128-GCM + RSA-OAEP on the attachments. Facts: the profile's clauses 4.7 and 5,
 * SwA profile 1.1.
 *
 * Order when sending: gzip, sign, encrypt. When receiving: the signer's certificate, SignedInfo's
 * signature and the digests of Messaging and Body first (wss_verify_header); only then the private
 * key may be used (wss_decrypt); then the whole signature with every attachment (wss_verify). The
 * trees are parsed with xml_parse and ids registered by these functions. One thread per message. */
#ifndef AP_WSS_WSS_H
#define AP_WSS_WSS_H

#include <libxml/tree.h>

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/crypto/cert.h"
#include "ap/crypto/key.h"
#include "ap/pki/pki.h"

/* Once before threads, after xml_init. */
int wss_init(struct err *e) MUST_CHECK;
void wss_done(void);

#define WSS_MAX_PARTS 16
#define WSS_MAX_REFS (WSS_MAX_PARTS + 4)

/* An attachment. `cid` without "cid:" and <>. `mime_type`: the type used for the digest
 * ("application/gzip" when compressed; XML types are canonicalised, text/ types line-normalised).
 */
struct wss_part {
    struct str cid;
    struct str mime_type;
    struct blob data; /* clear: after decryption or before encryption; wire: the ciphertext */
};

/* One ds:Reference as signed: what a receipt must repeat. */
struct wss_ref {
    struct str uri; /* "#id" or "cid:..." */
    uint8_t digest[HASH_LEN];
    xmlNode *node; /* the ds:Reference, for copying into a receipt; in the message's tree */
};

struct wss_proof {
    struct cert *signer;        /* owned: cert_unref */
    const char *not_revoked_by; /* as pki_check_received says; NULL: not asked */
    xmlNode *messaging, *body;  /* the very nodes that were verified: use these, no others */
    struct wss_ref refs[WSS_MAX_REFS];
    size_t nrefs;
    uint8_t signed_info[HASH_LEN]; /* digest of canonical SignedInfo: "same SignedInfo" of states.md
                                      3 */
};

/* Add wsse:Security (into the S12:Header of env) with BinarySecurityToken and ds:Signature over
 * messaging (wsu:Id must be set on it and on Body) and the clear parts. proof_out->refs are filled
 * (nodes in env), signer is key's certificate. Use before wss_encrypt. */
int wss_sign(struct wss_proof *proof_out, xmlDoc *env, const struct wss_part *parts, size_t n,
    struct key *k, struct arena *a, struct err *e) MUST_CHECK;

/* A signal: `messaging` is the whole eb:Messaging in exclusive canonical form, with this wsu:Id. */
struct wss_signal {
    struct str messaging;
    char messaging_id[48], body_id[48];
};
/* Its SOAP envelope, signed with k (NULL: unsigned), appended to out. */
int wss_write_signal(
    struct buf *out, const struct wss_signal *s, struct key *k, struct err *e) MUST_CHECK;

/* The content key and header of encryption: EncryptedKey to the recipient, one EncryptedData a
 * part, in the layout order of the profile. `sealed[i]` receives the i-th part's wire bytes. */
int wss_encrypt(xmlDoc *env, const struct wss_part *clear, struct sink *sealed, size_t n,
    const struct cert *recipient, struct arena *a, struct err *e) MUST_CHECK;

/* Signature alone over what lies in the envelope (receipts, errors; also the first step for a user
 * message): token chain to the AP CA at `now`, algorithms of the profile, coverage of Messaging and
 * Body, SignatureValue and these digests. Attachment references are listed, not digested yet.
 * Errors: wss.unsigned, wss.signature, cert.* (EBMS:0101); wss.policy (EBMS:0103). */
int wss_verify_header(struct wss_proof *out, xmlDoc *env, struct pki *trust, int64_t now,
    struct arena *a, struct err *e) MUST_CHECK;

/* Decrypt every part named by an EncryptedData; parts without one are wss.unencrypted (EBMS:0102).
 * wire[i] in, clear[i] out through sinks; clear_type[i] = EncryptedData/@MimeType. Wrong recipient,
 * unwrap and tag failures are one error wss.decrypt (EBMS:0102) with one text. Algorithm or key
 * reference outside the profile: wss.policy (EBMS:0103). `keys`: ours, the active first. */
int wss_decrypt(struct str *clear_type, struct sink *clear, xmlDoc *env,
    const struct wss_part *wire, size_t n, struct key *const *keys, size_t nkeys, struct arena *a,
    struct err *e) MUST_CHECK;

/* The rest of the signature: the digest of every attachment. Every part must be covered exactly
 * once and no reference may be left over. `proof` comes from wss_verify_header on the same tree. */
int wss_verify(struct wss_proof *proof, xmlDoc *env, const struct wss_part *clear, size_t n,
    struct arena *a, struct err *e) MUST_CHECK;

#endif
