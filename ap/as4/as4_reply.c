/* as4_reply.c - judges what came back: proof, refusal, "already have it", or nothing.
 *
 * Proof is narrow: a Receipt in a signal whose signature holds and chains, made by the addressed
 * access point, for this message, that repeats every digest we signed and no other. Everything else
 * leaves the message unknown; an Error, signed or not, is told as the peer's word. With several
 * signals in one answer proof wins, then a duplicate's error, then the first error (reliability
 * R2). */
#include <string.h>

#include "ap/as4/as4_priv.h"
#include "ap/base/enc.h"

struct judge {
    struct as4_reply *out;
    const struct as4_expect *x;
    struct pki *trust;
    int64_t now;
    struct arena *a;
    struct err *e;
    struct soap soap;
    struct err signature; /* class ERR_NONE: it held and the signer is the addressed AP */
};

/* Nothing usable: keep the first reason, it is the nearest to the cause. */
static void nothing(struct judge *j, const char *code, const char *spec, const char *why)
{
    if (j->out->why.class != ERR_NONE)
        return;
    (void)err_set(&j->out->why, ERR_UNKNOWN, code, spec, "%s", why);
}

static bool is_ours(const struct err *e) /* our own trouble, not the peer's doing */
{
    return e->class == ERR_BUG || strcmp(e->code, "memory.exhausted") == 0;
}

/* ---- from octets to eb:Messaging ---- */

static bool looks_like_html(struct str content_type, struct str body)
{
    struct str start = str_sub(str_trim(body), 0, 14);

    return str_ieq(str_sub(content_type, 0, 9), STR("text/html")) ||
           str_ieq(str_sub(start, 0, 5), STR("<html")) || str_ieq(start, STR("<!DOCTYPE html"));
}

static int load_part(struct str *out, const struct mime_part *p, struct arena *a, struct err *e)
{
    struct buf bytes;
    struct sink s = sink_buf(&bytes);
    char *copy = NULL;
    int rc;

    buf_init(&bytes, XML_DEFAULT.max_bytes);
    rc = mime_part_decode(&s, p, e);
    if (rc == 0 && !(copy = arena_dup(a, buf_view(&bytes))))
        rc = err_nomem(e);
    *out = (struct str){copy, copy ? bytes.n : 0};
    buf_free(&bytes);
    return rc;
}

/* An answer should be one SOAP document; a multipart around it is taken too. */
static int unwrap(struct str *soap, struct str *charset, struct judge *j, struct str content_type,
    struct str body, struct err *e)
{
    struct blob b = blob_str(body);
    struct mime_msg m;
    struct err ignored = ERR_INIT;
    struct str type;

    *soap = body;
    *charset = (struct str){NULL, 0};
    if (mime_type_read(&type, charset, j->a, content_type, &ignored) ||
        !str_eqz(type, "multipart/related"))
        return 0;
    if (mime_read(&m, j->a, &b, content_type, e))
        return -1;
    *charset = m.parts[m.root].charset;
    return load_part(soap, &m.parts[m.root], j->a, e);
}

/* 0: j->soap is there; 1: nothing, said so; -1: our trouble. */
static int open_envelope(struct judge *j, struct str content_type, struct str body)
{
    struct str soap, charset;
    struct err why = ERR_INIT;

    if (!str_trim(body).n) {
        nothing(j, "reply.empty", "AS4 5.1.8", "the answer is empty");
        return 1;
    }
    if (str_has_prefix(body, STR("\x1f\x8b"))) {
        nothing(j, "reply.compressed", "", "the answer is compressed though nobody asked for it");
        return 1;
    }
    if (unwrap(&soap, &charset, j, content_type, body, &why) == 0 &&
        soap_read(&j->soap, j->a, soap, charset, &why) == 0)
        return 0;
    if (is_ours(&why)) {
        *j->e = why;
        return -1;
    }
    if (looks_like_html(content_type, body))
        nothing(j, "reply.html", "", "the answer is a web page, not a signal");
    nothing(j, "reply.malformed", why.spec, why.msg);
    return 1;
}

/* ---- the signature ---- */

/*= PEPPOL-PKI 3 "another certificate of the same seat" */
/* Fills j->signature. -1: our trouble. */
static int judge_signature(struct judge *j, const xmlNode *messaging)
{
    struct wss_proof *proof = arena_alloc(j->a, sizeof(*proof));

    if (!proof)
        return err_nomem(j->e);
    *proof = (struct wss_proof){0};
    if (wss_verify_header(proof, j->soap.doc, j->trust, j->now, j->a, &j->signature)) {
        cert_unref(proof->signer);
        if (!is_ours(&j->signature))
            return 0;
        *j->e = j->signature;
        return -1;
    }
    (void)snprintf(j->out->signer_cn, sizeof(j->out->signer_cn), "%s", proof->signer->cn);
    (void)snprintf(
        j->out->signer_serial, sizeof(j->out->signer_serial), "%s", proof->signer->serial);
    j->out->not_revoked_by = proof->not_revoked_by;
    if (proof->messaging != messaging || proof->body != j->soap.body)
        (void)err_set(&j->signature, ERR_PEER, "reply.forged", "WSS 4.3",
            "the signature is over other elements than those of the answer");
    else if (!str_eqz(j->x->recipient_cn, proof->signer->cn))
        (void)err_set(&j->signature, ERR_PEER, "reply.forged", "PEPPOL-AS4 4.5",
            "signed by %s instead of %.*s", proof->signer->cn, STR_FMT(j->x->recipient_cn));
    else
        j->out->is_signed = true;
    cert_unref(proof->signer);
    return 0;
}

/* A signature that is there and wrong, or somebody else's: not one that cannot be judged now. */
static bool is_forgery(const struct err *e)
{
    return strcmp(e->code, "reply.forged") == 0 || strcmp(e->code, "wss.signature") == 0 ||
           strcmp(e->code, "wss.policy") == 0 || strcmp(e->code, "cert.untrusted") == 0 ||
           strcmp(e->code, "cert.wrong-role") == 0;
}

/* ---- the digests ---- */

/* DigestValue of a ds:Reference with our digest method; false when it is another or broken. */
static bool read_digest(uint8_t out[HASH_LEN], struct judge *j, const xmlNode *reference)
{
    const xmlNode *method = xml_child(reference, DS_NS, "DigestMethod");
    const xmlNode *value = xml_child(reference, DS_NS, "DigestValue");
    struct str alg, text;
    struct buf digest;
    bool ok;

    if (!method || !value || xml_attr(&alg, j->a, method, NULL, "Algorithm", NULL) ||
        !str_eqz(alg, SHA256_URI) || xml_text(&text, j->a, value, NULL))
        return false;
    buf_init(&digest, 256);
    ok = enc_unb64(&digest, text, NULL) == 0 && digest.n == HASH_LEN;
    if (ok)
        memcpy(out, digest.p, HASH_LEN);
    buf_free(&digest);
    return ok;
}

/* Tick off the expected reference that this one repeats. */
static bool tick(bool seen[WSS_MAX_REFS], struct judge *j, const xmlNode *reference)
{
    uint8_t digest[HASH_LEN];
    struct str uri;

    if (!reference || xml_attr(&uri, j->a, reference, NULL, "URI", NULL) ||
        !read_digest(digest, j, reference))
        return false;
    for (size_t i = 0; i < j->x->nrefs; i++)
        if (str_eq(uri, j->x->refs[i].uri) && !seen[i])
            return seen[i] = memcmp(digest, j->x->refs[i].digest, HASH_LEN) == 0;
    return false;
}

/* The set of (URI, digest) must be ours: any order, none missing, none added, none twice. Elements
 * of other namespaces in eb:Receipt are nothing to us. */
/*= AS4 5.1.8 "a receipt's digests are those of the message" */
static bool same_digests(struct judge *j, const xmlNode *receipt)
{
    const xmlNode *list = xml_child(receipt, EBBP_NS, "NonRepudiationInformation");
    const xmlNode *part = xml_child(list, EBBP_NS, "MessagePartNRInformation");
    bool seen[WSS_MAX_REFS] = {false};
    size_t n = 0;

    if (!list || xml_next(list, EBBP_NS, "NonRepudiationInformation"))
        return false;
    for (; part; part = xml_next(part, EBBP_NS, "MessagePartNRInformation")) {
        const xmlNode *reference = xml_child(part, DS_NS, "Reference");
        if (n == j->x->nrefs || xml_next(reference, DS_NS, "Reference") ||
            !tick(seen, j, reference))
            return false;
        n++;
    }
    return n == j->x->nrefs;
}

/* ---- one signal ---- */

static void tell_signal(struct judge *j, const struct ebms_signal *s, enum as4_reply_kind kind)
{
    j->out->kind = kind;
    j->out->signal_id = s->message_id;
    j->out->signal_time = s->timestamp;
}

/*= EBMS3 5.2.2.1 "RefToMessageId names the message" */
static void judge_receipt(struct judge *j, const struct ebms_signal *s)
{
    if (!str_eq(s->ref_to_message_id, j->x->message_id)) {
        nothing(j, "reply.foreign", "EBMS3 5.2.2.1", "a receipt for another message");
        return;
    }
    if (j->signature.class != ERR_NONE) {
        bool is_unsigned = strcmp(j->signature.code, "wss.unsigned") == 0;
        j->out->forged = j->out->forged || is_forgery(&j->signature);
        nothing(j, is_unsigned ? "reply.unsigned" : j->signature.code, j->signature.spec,
            j->signature.msg);
        return;
    }
    if (!same_digests(j, s->receipt)) {
        j->out->forged = true;
        nothing(j, "reply.digests", "AS4 5.1.8", "a receipt that does not repeat our digests");
        return;
    }
    tell_signal(j, s, AS4_REPLY_RECEIPT);
}

/* phase4: EBMS:4001 DuplicateDetected, before 4.5 EBMS:0004 "was already handled (this is a
 * duplicate)"; others word it alike. Only the catch-all codes are searched for words. */
static bool is_duplicate(const struct ebms_error *x)
{
    static const char *const words[] = {"duplicate", "already handled", "already processed",
        "already received", "already been received", "already been processed", "already exists"};
    char text[sizeof(x->description) + sizeof(x->detail) + sizeof(x->short_description) + 3];
    size_t n;

    if (strcmp(x->code, "EBMS:4001") == 0 || strcmp(x->short_description, "DuplicateDetected") == 0)
        return true;
    if (strcmp(x->code, "EBMS:0004") != 0 && strncmp(x->code, "EBMS:0", 6) == 0)
        return false;
    (void)snprintf(
        text, sizeof(text), "%s\n%s\n%s", x->short_description, x->description, x->detail);
    n = strlen(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

/* An error refers to us when it names our message or none (the peer could not read it). */
static bool refers_to_us(
    const struct judge *j, const struct ebms_signal *s, const struct ebms_error *x)
{
    struct str in_error = str_z(x->ref_to_message_id);

    if (s->ref_to_message_id.n && !str_eq(s->ref_to_message_id, j->x->message_id))
        return false;
    return s->ref_to_message_id.n || !in_error.n || str_eq(in_error, j->x->message_id);
}

/*= EBMS3 6.3 "errors are told in the response" */
static void judge_errors(struct judge *j, const struct ebms_signal *s)
{
    for (size_t i = 0; i < s->nerrors; i++) {
        const struct ebms_error *x = &s->errors[i];
        bool duplicate = is_duplicate(x);
        if (!refers_to_us(j, s, x)) {
            nothing(j, "reply.foreign", "EBMS3 6.2", "an error for another message");
            continue;
        }
        if (strcmp(x->severity, "failure") != 0 && !duplicate) {
            nothing(j, "reply.warning", "EBMS3 6.2.5", "only a warning came back");
            continue;
        }
        if (j->out->kind == AS4_REPLY_DUPLICATE || (j->out->kind == AS4_REPLY_ERROR && !duplicate))
            continue;
        tell_signal(j, s, duplicate ? AS4_REPLY_DUPLICATE : AS4_REPLY_ERROR);
        j->out->error = *x;
    }
}

static int judge_signals(struct judge *j, const xmlNode *messaging)
{
    const xmlNode *n = xml_child(messaging, EBMS_NS, "SignalMessage");
    struct ebms_signal *s = arena_alloc(j->a, sizeof(*s));

    if (!s)
        return err_nomem(j->e);
    if (!n)
        nothing(j, "reply.malformed", "EBMS3 5.2.3", "a user message came back, no signal");
    for (; n && j->out->kind != AS4_REPLY_RECEIPT; n = xml_next(n, EBMS_NS, "SignalMessage")) {
        if (ebms_signal_read(s, j->a, n, j->e))
            return -1; /* the shape was checked: memory */
        if (s->receipt)
            judge_receipt(j, s);
        if (j->out->kind != AS4_REPLY_RECEIPT)
            judge_errors(j, s);
        if (!s->receipt && !s->nerrors)
            nothing(
                j, "reply.malformed", "EBMS3 5.2.3", "a signal that is neither receipt nor error");
    }
    return 0;
}

/* ---- all of it ---- */

static void judge_fault(struct judge *j)
{
    const xmlNode *fault = xml_child(j->soap.body, S12_NS, "Fault");
    const xmlNode *reason = xml_child(fault, S12_NS, "Reason");
    const xmlNode *text = xml_child(reason, S12_NS, "Text");
    struct str s = {"", 0};
    char why[200];

    if (!fault) {
        nothing(j, "reply.malformed", "EBMS3 5.2", "a SOAP envelope without eb:Messaging");
        return;
    }
    if (text && xml_text_trim(&s, j->a, text, NULL))
        s = STR("");
    (void)snprintf(why, sizeof(why), "SOAP fault: %.*s", (int)(s.n < 150 ? s.n : 150), s.p);
    nothing(j, "reply.fault", "SOAP12 5.4", why);
}

static int judge_envelope(struct judge *j)
{
    struct err why = ERR_INIT;
    xmlNode *messaging;

    if (!xml_child(j->soap.header, EBMS_NS, "Messaging")) {
        judge_fault(j);
        return 0;
    }
    if (soap_messaging(&messaging, &j->soap, &why) || ebms_check(messaging, &why)) {
        if (is_ours(&why)) {
            *j->e = why;
            return -1;
        }
        nothing(j, "reply.malformed", why.spec, why.msg);
        return 0;
    }
    return judge_signature(j, messaging) || judge_signals(j, messaging) ? -1 : 0;
}

int as4_reply_read(struct as4_reply *out, const struct as4_expect *x, struct str content_type,
    struct str body, struct pki *trust, int64_t now, struct arena *a, struct err *e)
{
    struct err unseen;
    struct judge j = {.out = out, .x = x, .trust = trust, .now = now, .a = a, .e = e ? e : &unseen};
    int rc;

    *out = (struct as4_reply){.kind = AS4_REPLY_NOTHING};
    rc = open_envelope(&j, content_type, body);
    if (rc == 0)
        rc = judge_envelope(&j);
    if (rc < 0)
        return -1;
    if (arena_exhausted(a)) /* it may have been taken for a fault of the answer */
        return err_nomem(e);
    if (out->kind != AS4_REPLY_NOTHING)
        out->why = (struct err)ERR_INIT;
    return 0;
}
