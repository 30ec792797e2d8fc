/* verify.c - the signature of a message, in two steps: value and what lies in the envelope before
 * the private key is touched; then the attachments, once they are in the clear. */
#include <openssl/crypto.h>

#include "ap/base/clock.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

/* There is no freshness window (docs/STATES.md): senders may repeat for days. */
/*= WSS 1.1.1 10 "a Timestamp may be missing" */
static int check_timestamp(const struct wss_shape *s, struct arena *a, struct err *e)
{
    static const char *const what[2] = {"Created", "Expires"};
    xmlNode *stamp = xml_child(s->security, NS_WSU, "Timestamp");

    if (!stamp)
        return 0;
    if (xml_next(stamp, NS_WSU, "Timestamp"))
        return wss_policy(e, "WSS 10", "there are two Timestamps");
    for (int i = 0; i < 2; i++) {
        xmlNode *n = xml_child(stamp, NS_WSU, what[i]);
        struct str text;
        int64_t ms;
        bool zone;
        if (n && (xml_text_trim(&text, a, n, NULL) || !clock_parse(text, &ms, &zone) ||
                     xml_next(n, NS_WSU, what[i])))
            return wss_policy(e, "WSS 10", "the Timestamp is malformed");
    }
    return 0;
}

int wss_verify_header(struct wss_proof *out, xmlDoc *env, struct pki *trust, int64_t now,
    struct arena *a, struct err *e)
{
    struct wss_signature sig;
    struct wss_shape s;

    *out = (struct wss_proof){0};
    if (wss_shape_read(&s, env, e))
        return -1;
    if (!s.security) {
        (void)err_set(e, ERR_PEER, "wss.unsigned", "PEPPOL-AS4 5", "there is no Security header");
        return err_ebms(e, "EBMS:0101");
    }
    if (wss_signature_read(&sig, &s, a, e) || check_timestamp(&s, a, e) ||
        wss_token(&out->signer, &s, sig.key_info, a, e))
        return -1;
    if (pki_check_received(&out->not_revoked_by, trust, out->signer, PKI_AP, now, e) ||
        wss_signature_check(out->signed_info, &sig, out->signer, e)) {
        cert_unref(out->signer);
        out->signer = NULL;
        return -1;
    }
    out->messaging = s.messaging;
    out->body = s.body;
    out->nrefs = sig.n;
    for (size_t i = 0; i < sig.n; i++) {
        out->refs[i].uri = sig.refs[i].uri;
        out->refs[i].node = sig.refs[i].node;
        memcpy(out->refs[i].digest, sig.refs[i].digest, HASH_LEN);
    }
    return 0;
}

size_t wss_part_named(struct str cid, const struct wss_part *parts, size_t n, struct arena *a)
{
    size_t found = n;

    for (size_t i = 0; i < n; i++) {
        struct str decoded = parts[i].cid;
        char *uri = arena_printf(a, "cid:%.*s", STR_FMT(parts[i].cid));
        if (uri && !str_eq(parts[i].cid, cid) && wss_cid(&decoded, a, str_z(uri), NULL))
            continue;
        if (!str_eq(decoded, cid))
            continue;
        if (found < n)
            return n;
        found = i;
    }
    return found;
}

/* The one attachment a Reference names, and not one that was named before. */
static int part_of(size_t *at, bool seen[WSS_MAX_PARTS], struct str uri,
    const struct wss_part *clear, size_t n, struct arena *a, struct err *e)
{
    struct str cid;

    if (wss_cid(&cid, a, uri, e))
        return -1;
    *at = wss_part_named(cid, clear, n, a);
    if (*at == n)
        return wss_policy(e, "PEPPOL-AS4 5", "no attachment is named %.60s", uri.p);
    if (seen[*at])
        return wss_policy(e, "PEPPOL-AS4 5", "attachment %.60s is signed twice", uri.p);
    seen[*at] = true;
    return 0;
}

static int check_part(const struct wss_ref *ref, const struct wss_part *part, struct err *e)
{
    uint8_t digest[HASH_LEN];

    if (dsig_part_digest(digest, part->mime_type, &part->data, e)) {
        if (e && e->class == ERR_INPUT) { /* an XML attachment that is no XML */
            (void)err_wrap(e, "attachment: ");
            return err_ebms(e, "EBMS:0101");
        }
        return -1;
    }
    return CRYPTO_memcmp(digest, ref->digest, HASH_LEN) == 0
               ? 0
               : wss_failed(e, "the digest of an attachment is wrong");
}

/*= RELIABILITY X6 "attachment unlisted or listed twice: refused" */
int wss_verify(struct wss_proof *proof, xmlDoc *env, const struct wss_part *clear, size_t n,
    struct arena *a, struct err *e)
{
    bool seen[WSS_MAX_PARTS] = {false};
    size_t matched = 0, at;

    if (!proof->signer || proof->messaging->doc != env || n > WSS_MAX_PARTS)
        return err_set(e, ERR_BUG, "wss.unsigned", "", "wss_verify before wss_verify_header");
    for (size_t i = 0; i < proof->nrefs; i++) {
        const struct wss_ref *ref = &proof->refs[i];
        if (ref->uri.p[0] == '#')
            continue;
        if (part_of(&at, seen, ref->uri, clear, n, a, e) || check_part(ref, &clear[at], e))
            return -1;
        matched++;
    }
    return matched == n ? 0 : wss_policy(e, "PEPPOL-AS4 5", "an attachment is not signed");
}
