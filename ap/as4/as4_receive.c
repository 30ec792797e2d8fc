/* as4_receive.c - a request's octets into a verified UserMessage and its payload, or the one answer
 * that its fault has.
 *
 * The order is that of docs/STATES.md: MIME, SOAP and header shape, signer and signature of header
 * and Body, only then the private key, decryption, the attachments' digests, gunzip, profile. So
 * nobody without a Peppol certificate ever reaches the key, and what is answered does not depend on
 * what comes later. Nothing is left behind on failure: spools are unnamed files, freed here. */
#include <string.h>

#include "ap/as4/as4_priv.h"
#include "ap/base/gz.h"
#include "ap/base/hash.h"

#define KEEP (256u << 10) /* of a part in memory; more goes to an unnamed file */

struct receiver {
    struct as4_received *out;
    const struct as4_receiver *cfg;
    struct arena *a;
    int64_t now;
    struct err *e;
    struct mime_msg mime;
    struct soap soap;
    xmlNode *messaging;
    size_t n;                             /* attachments */
    struct wss_part wire[WSS_MAX_PARTS];  /* in the order of PartInfo */
    struct wss_part clear[WSS_MAX_PARTS]; /* the same, decrypted */
    struct spool decoded[WSS_MAX_PARTS];  /* base64 and quoted-printable parts */
    struct spool opened[WSS_MAX_PARTS];
    uint64_t inflated; /* over all parts so far */
};

static uint64_t or_default(uint64_t value, uint64_t normal)
{
    return value ? value : normal;
}

static int refuse(
    struct err *e, const char *ebms, const char *code, const char *spec, const char *why)
{
    (void)err_set(e, ERR_INPUT, code, spec, "%s", why);
    return err_ebms(e, ebms);
}

/* ---- MIME and SOAP ---- */

/* A message without attachments may come without multipart: one SOAP document. */
static int read_plain(struct receiver *r, const struct blob *body, struct str content_type)
{
    struct mime_part *root = &r->mime.parts[0];

    if (mime_type_read(&root->content_type, &root->charset, r->a, content_type, r->e))
        return -1;
    root->body = *body;
    r->mime.n = 1;
    return 0;
}

static int unpack(struct receiver *r, const struct blob *body, struct str content_type)
{
    struct str type, charset;
    struct err ignored = ERR_INIT;

    if (mime_type_read(&type, &charset, r->a, content_type, &ignored) == 0 &&
        str_eqz(type, SOAP_TYPE))
        return read_plain(r, body, content_type);
    return mime_read(&r->mime, r->a, body, content_type, r->e);
}

/*= AS4 2.1 "SOAP 1.2" */
static int read_root(struct receiver *r)
{
    const struct mime_part *root = &r->mime.parts[r->mime.root];
    struct buf bytes;
    struct sink s = sink_buf(&bytes);
    int rc;

    if (!str_eqz(root->content_type, SOAP_TYPE))
        return err_set(
            r->e, ERR_INPUT, "soap.malformed", "AS4 2.1", "the root part is not " SOAP_TYPE);
    if (root->body.len > XML_DEFAULT.max_bytes)
        return err_set(r->e, ERR_INPUT, "limit.size", "", "the SOAP part is over 1 MiB");
    buf_init(&bytes, XML_DEFAULT.max_bytes);
    rc = mime_part_decode(&s, root, r->e) ||
                 soap_read(&r->soap, r->a, buf_view(&bytes), root->charset, r->e)
             ? -1
             : 0;
    buf_free(&bytes);
    r->out->env = rc ? NULL : r->soap.doc;
    return rc;
}

/* Whatever stands where a MessageId should, for the answer's RefToMessageId. */
static void guess_message_id(struct receiver *r)
{
    const xmlNode *messaging = xml_child(r->soap.header, EBMS_NS, "Messaging");
    const xmlNode *um = xml_child(messaging, EBMS_NS, "UserMessage");
    const xmlNode *id = xml_child(xml_child(um, EBMS_NS, "MessageInfo"), EBMS_NS, "MessageId");
    struct str s;

    if (id && xml_text_trim(&s, r->a, id, NULL) == 0 && ebms_message_id_printable(s))
        r->out->ref_to_message_id = s;
}

/* ---- the header's shape ---- */

/*= EBMS3 5.2.2.1 "MessageId is an RFC 2822 msg-id without brackets" */
static int check_message_id(struct receiver *r)
{
    struct str id = r->out->um.message_id;

    if (r->cfg->lax_message_id ? ebms_message_id_printable(id) : ebms_message_id_ok(id))
        return 0;
    return refuse(r->e, "EBMS:0009", "as4.message-id", "EBMS3 5.2.2.1",
        "MessageId is not an RFC 2822 msg-id without <>");
}

static const struct mime_part *find_part(const struct receiver *r, struct str cid)
{
    for (size_t i = 0; i < r->mime.n; i++)
        if (i != r->mime.root && str_eq(r->mime.parts[i].content_id, cid))
            return &r->mime.parts[i];
    return NULL;
}

static int decode_part(struct receiver *r, const struct mime_part *p, size_t i)
{
    struct sink s = spool_sink(&r->decoded[i]);

    if (p->cte == MIME_BINARY) {
        r->wire[i].data = p->body;
        return 0;
    }
    spool_free(&r->decoded[i]);
    spool_init(&r->decoded[i], r->cfg->tmp_dirfd, KEEP, p->body.len);
    if (mime_part_decode(&s, p, r->e))
        return -1;
    r->wire[i].data = spool_blob(&r->decoded[i]);
    return 0;
}

/* PartInfo and attachments name each other, one to one. */
/*= EBMS3 5.2.2.12 "every PartInfo has its part" */
static int match_parts(struct receiver *r)
{
    const struct ebms_user_message *um = &r->out->um;

    for (r->n = 0; r->n < um->nparts; r->n++) {
        struct str cid = um->parts[r->n].href;
        const struct mime_part *p = find_part(r, cid);
        if (!p)
            return refuse(r->e, "EBMS:0007", "as4.part-missing", "EBMS3 5.2.2.12",
                "a part named by PartInfo is not in the message");
        r->wire[r->n].cid = cid;
        r->wire[r->n].mime_type = p->content_type;
        if (decode_part(r, p, r->n))
            return -1;
    }
    if (r->n + 1 != r->mime.n)
        return refuse(r->e, "EBMS:0007", "as4.part-unnamed", "EBMS3 5.2.2.12",
            "the message has a part that no PartInfo names");
    return 0;
}

static int read_header(struct receiver *r)
{
    if (soap_messaging(&r->messaging, &r->soap, r->e) ||
        ebms_user_message_read(&r->out->um, r->a, r->messaging, r->e) || check_message_id(r))
        return -1;
    r->out->ref_to_message_id = r->out->um.message_id;
    r->out->is_ping = ebms_is_test(&r->out->um);
    /*= PEPPOL-AS4 4 "the SOAP Body must be empty" */
    if (!soap_body_is_empty(&r->soap))
        return refuse(r->e, "EBMS:0004", "as4.body", "AS4 2.1",
            "the SOAP Body must be empty: payload is a part");
    return match_parts(r);
}

/* ---- security ---- */

static int check_signer(struct receiver *r)
{
    const struct wss_proof *p = &r->out->proof;

    /* the nodes used must be the nodes verified: signature wrapping ends here */
    if (p->messaging != r->messaging || p->body != r->soap.body)
        return refuse(r->e, "EBMS:0103", "as4.wrapped", "WSS 4.3",
            "the signature is over other elements than those of the message");
    /*= PEPPOL-AS4 4.5 "subject CN of the sender's certificate" */
    if (!str_eqz(r->out->um.from, p->signer->cn))
        return refuse(r->e, "EBMS:0101", "as4.from", "PEPPOL-AS4 4.5", "From is not the signer");
    return 0;
}

static bool is_xml_type(struct str t)
{
    return str_ieq(t, STR("text/xml")) || str_ieq(t, STR("application/xml")) ||
           (t.n > 4 && str_ieq(str_sub(t, t.n - 4, 4), STR("+xml")));
}

/* An uncompressed XML part is canonicalised as a tree: that has a price in memory. */
static int check_tree_size(struct receiver *r)
{
    uint64_t max = or_default(r->cfg->max_uncompressed_xml, AS4_MAX_UNCOMPRESSED_XML);

    for (size_t i = 0; i < r->n; i++)
        if (is_xml_type(r->clear[i].mime_type) && r->clear[i].data.len > max)
            return err_set(r->e, ERR_INPUT, "limit.size", "SWA 5.4.2",
                "an uncompressed XML part of more than %llu bytes", (unsigned long long)max);
    return 0;
}

static int decrypt(struct receiver *r)
{
    struct str types[WSS_MAX_PARTS];
    struct sink sinks[WSS_MAX_PARTS];

    for (size_t i = 0; i < r->n; i++) {
        spool_init(&r->opened[i], r->cfg->tmp_dirfd, KEEP, r->wire[i].data.len);
        sinks[i] = spool_sink(&r->opened[i]);
    }
    if (r->n && wss_decrypt(types, sinks, r->soap.doc, r->wire, r->n, r->cfg->keys, r->cfg->nkeys,
                    r->a, r->e))
        return -1;
    for (size_t i = 0; i < r->n; i++)
        r->clear[i] = (struct wss_part){r->wire[i].cid, types[i], spool_blob(&r->opened[i])};
    return check_tree_size(r);
}

/* ---- payload ---- */

static int drop(void *ctx, const void *p, size_t n, struct err *e)
{
    (void)ctx;
    (void)p;
    (void)n;
    (void)e;
    return 0;
}

struct counter {
    struct sink next;
    uint64_t n;
};

static int count(void *ctx, const void *p, size_t n, struct err *e)
{
    struct counter *c = ctx;

    c->n += n;
    return sink_write(&c->next, p, n, e);
}

static int starts_as_gzip(bool *out, const struct blob *b, struct err *e)
{
    uint8_t magic[2] = {0};

    if (b->len >= 2 && blob_read(b, 0, magic, 2, e))
        return -1;
    *out = magic[0] == 0x1f && magic[1] == 0x8b;
    return 0;
}

/* One part through gunzip, if it is compressed, into `next`. */
static int inflate_part(struct receiver *r, size_t i, struct sink next)
{
    const struct ebms_part_info *info = &r->out->um.parts[i];
    struct counter c = {next, 0};
    struct sink s = {count, &c};
    struct gz_limits l = {or_default(r->cfg->max_inflated, AS4_MAX_INFLATED) - r->inflated,
        (unsigned)or_default(r->cfg->max_ratio, AS4_MAX_RATIO)};
    bool gzip;
    int rc;

    if (starts_as_gzip(&gzip, &r->clear[i].data, r->e))
        return -1;
    /*= AS4 3.1 "application/gzip" */
    if (info->compression_type.p && !str_eqz(info->compression_type, GZIP_TYPE))
        return refuse(r->e, "EBMS:0303", "as4.compression", "AS4 3.1",
            "CompressionType is not application/gzip");
    if (info->compression_type.p ? !gzip : gzip && i == 0)
        return refuse(r->e, "EBMS:0303", "as4.compression", "AS4 3.1",
            gzip ? "the part is compressed and CompressionType is missing"
                 : "CompressionType is set and the part is not compressed");
    rc = gzip && info->compression_type.p ? gz_inflate(&s, &r->clear[i].data, &l, r->e)
                                          : blob_copy(&r->clear[i].data, &s, r->e);
    r->inflated += c.n;
    return rc;
}

static int inflate(struct receiver *r)
{
    struct hash h;
    int rc = 0;

    hash_init(&h);
    if (r->n)
        rc = inflate_part(r, 0, hash_sink(&h, spool_sink(&r->out->payload)));
    if (rc)
        hash_drop(&h);
    else
        rc = hash_final(&h, r->out->payload_sha256, r->e);
    for (size_t i = 1; i < r->n && rc == 0; i++)
        rc = inflate_part(r, i, (struct sink){drop, NULL});
    return rc;
}

/*= PEPPOL-AS4 4.5 "subject CN of the receiver's certificate" */
static int check_addressee(struct receiver *r)
{
    for (size_t i = 0; i < r->cfg->nkeys; i++)
        if (str_eqz(r->out->um.to, key_cert(r->cfg->keys[i])->cn))
            return 0;
    return refuse(r->e, "EBMS:0004", "as4.to", "PEPPOL-AS4 4.5", "To is not this access point");
}

/* ---- all of it ---- */

static int receive(struct receiver *r, const struct blob *body, struct str content_type)
{
    struct err mime_error = ERR_INIT;
    struct wss_proof *proof = &r->out->proof;

    if (unpack(r, body, content_type)) {
        if (!r->mime.n || !r->e->ebms[0])
            return -1;
        mime_error = *r->e; /* damage behind the SOAP part: told in answer to the message */
    }
    if (read_root(r))
        return err_ebms(r->e, ""); /* also of a broken transfer encoding: there is no message */
    guess_message_id(r);
    if (mime_error.class != ERR_NONE) {
        *r->e = mime_error;
        return -1;
    }
    if (soap_must_understand(&r->out->not_understood, &r->soap, r->e))
        return -1;
    if (read_header(r) ||
        wss_verify_header(proof, r->soap.doc, r->cfg->trust, r->now, r->a, r->e) ||
        check_signer(r) || decrypt(r) ||
        wss_verify(proof, r->soap.doc, r->clear, r->n, r->a, r->e) || inflate(r))
        return -1;
    return ebms_profile_check(&r->out->um, r->e) || check_addressee(r) ? -1 : 0;
}

/* The HTTP status that goes with the error; what we cannot help is never the message's fault. */
static int status_of(const struct as4_received *out, struct err *e)
{
    if (e->class != ERR_INPUT && e->class != ERR_PEER) {
        (void)err_ebms(e, "");
        return 503;
    }
    if (out->not_understood)
        return 500;
    if (strcmp(e->code, "limit.size") == 0) {
        (void)err_ebms(e, "");
        return 413;
    }
    if (e->ebms[0])
        return 200;
    return strcmp(e->code, "mime.content-type") == 0 ? 415 : 400;
}

int as4_receive(struct as4_received *out, const struct as4_receiver *cfg, struct str content_type,
    const struct blob *body, int64_t now, struct arena *a, struct err *e)
{
    struct err unseen;
    struct receiver *r;
    int rc = -1;

    e = e ? e : &unseen;
    *out = (struct as4_received){.wire_len = body->len, .http_status = 200};
    spool_init(
        &out->payload, cfg->tmp_dirfd, KEEP, or_default(cfg->max_inflated, AS4_MAX_INFLATED));
    if (!(r = arena_alloc(a, sizeof(*r)))) {
        (void)err_nomem(e);
        out->http_status = 503;
        return -1;
    }
    *r = (struct receiver){.out = out, .cfg = cfg, .a = a, .now = now, .e = e};
    for (size_t i = 0; i < WSS_MAX_PARTS; i++) {
        spool_init(&r->decoded[i], -1, 0, 0);
        spool_init(&r->opened[i], -1, 0, 0);
    }
    rc = receive(r, body, content_type);
    for (size_t i = 0; i < WSS_MAX_PARTS; i++) {
        spool_free(&r->decoded[i]);
        spool_free(&r->opened[i]);
    }
    /* what ran out of memory may have been taken for a fault of the message */
    if (rc && arena_exhausted(a))
        (void)err_nomem(e);
    if (rc) {
        spool_free(&out->payload);
        out->http_status = status_of(out, e);
    }
    return rc;
}

void as4_received_free(struct as4_received *r)
{
    spool_free(&r->payload);
    cert_unref(r->proof.signer);
    r->proof.signer = NULL;
}
