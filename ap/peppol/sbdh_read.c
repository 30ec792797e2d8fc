/* sbdh_read.c - one pass over a StandardBusinessDocument: the header against its schema and the
 * rules of the Peppol envelope, the payload's byte range, and what it inherits. */
#include <stdio.h>

#include "ap/base/clock.h"
#include "ap/peppol/sbdh_priv.h"

#define ROOT "StandardBusinessDocument"
#define HEADER ROOT "Header"
#define INHERIT_MAX 32 /* namespaces declared by the SBD element */
#define INHERIT_TEXT 512
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

enum seen { DOCUMENTID = 1, PROCESSID = 2, COUNTRY = 4, MLS_TO = 8, MLS_TYPE = 16 };

struct inherited { /* one namespace declaration of the SBD element */
    char prefix[64], uri[INHERIT_TEXT];
    unsigned shadow; /* depth in the payload where it is declared again, 0: visible */
    bool used;
};

struct reader {
    struct arena *a;
    struct sbdh_envelope *out;
    struct sbdh_cursor c;
    struct buf text;
    const struct sbdh_particle *at; /* innermost open header element */
    enum sbdh_field field;
    bool in_header, header_done, in_payload;
    struct sbdh_decoder content; /* of a payload that is not XML: decoded into its digest */
    struct hash digest;
    unsigned children, senders, receivers, scopes, found;
    struct str authority;
    struct sbdh_scope scope;
    struct inherited ns[INHERIT_MAX];
    size_t nns;
};

static int value_error(struct err *e, const char *what, struct str v)
{
    return err_set(e, ERR_INPUT, "sbdh.value", "Envelope 2.0.2", "%s \"%.*s\"", what,
        v.n > 120 ? 120 : (int)v.n, v.p);
}

static int keep(struct reader *r, struct str *out, struct str s, struct err *e)
{
    char *p = arena_dup(r->a, s);

    if (!p)
        return err_nomem(e);
    *out = (struct str){p, s.n};
    return 0;
}

/* ---- the SBD element ---- */

static int on_root(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    if (!t->ns || strcmp(t->ns, SBDH_NS) != 0 || strcmp(t->local, ROOT) != 0)
        return err_set(e, ERR_INPUT, "sbdh.missing", "Envelope 2.0.2 2",
            "not a StandardBusinessDocument but %.80s", t->local);
    if (sbdh_attributes(&SBDH_HEADER, t, e)) /* neither has attributes of its own */
        return -1;
    for (size_t i = 0; i < t->ndecl; i++) {
        struct inherited *n = &r->ns[r->nns];
        const char *prefix = t->decl[i].prefix ? t->decl[i].prefix : "";
        if (r->nns == INHERIT_MAX || strlen(prefix) >= sizeof(n->prefix) ||
            strlen(t->decl[i].uri) >= sizeof(n->uri))
            return err_set(
                e, ERR_INPUT, "xml.limit", "", ROOT " declares too many or too long namespaces");
        (void)snprintf(n->prefix, sizeof(n->prefix), "%s", prefix);
        (void)snprintf(n->uri, sizeof(n->uri), "%s", t->decl[i].uri);
        r->nns++;
    }
    return 0;
}

/* ---- the payload ---- */

static struct inherited *inherited(struct reader *r, struct str prefix)
{
    for (size_t i = 0; i < r->nns; i++)
        if (str_eqz(prefix, r->ns[i].prefix))
            return &r->ns[i];
    return NULL;
}

static void rely(struct reader *r, struct str prefix)
{
    struct inherited *n = inherited(r, prefix);

    if (n && n->shadow == 0)
        n->used = true;
}

/* Which of the SBD element's namespaces does this tag lean on? */
static void note_namespaces(struct reader *r, const struct xml_stream_tag *t)
{
    for (size_t i = 0; i < t->ndecl; i++) {
        struct inherited *n = inherited(r, str_z(t->decl[i].prefix));
        if (n && n->shadow == 0)
            n->shadow = t->depth;
    }
    if (t->ns)
        rely(r, str_z(t->prefix));
    for (size_t i = 0; i < t->nattr; i++) {
        const struct xml_stream_attr *a = &t->attr[i];
        if (a->prefix)
            rely(r, str_z(a->prefix));
        if (a->ns && strcmp(a->ns, XSI) == 0 && strcmp(a->local, "type") == 0) {
            struct str v = str_trim(a->value);
            size_t colon = str_find(v, STR(":"));
            rely(r, str_sub(v, 0, colon < v.n ? colon : 0));
        }
    }
}

static int take_attr(struct reader *r, struct str *out, const struct xml_stream_tag *t,
    const char *name, struct err *e)
{
    for (size_t i = 0; i < t->nattr; i++)
        if (!t->attr[i].ns && strcmp(t->attr[i].local, name) == 0)
            return keep(r, out, str_trim(t->attr[i].value), e);
    return 0;
}

/* It becomes a header line of a push and a variable of a command. */
static int token_ok(const char *name, struct str s, struct err *e)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.n > 255)
            return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3",
                "%s is longer than 255 characters, or holds some that are not printable ASCII",
                name);
    return 0;
}

static int on_content_root(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    bool binary = strcmp(t->local, "BinaryContent") == 0;

    if (!binary && strcmp(t->local, "TextContent") != 0)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3",
            "unknown element %.60s of the non-XML payload's namespace", t->local);
    r->out->kind = binary ? SBDH_BINARY : SBDH_TEXT_CONTENT;
    hash_init(&r->digest);
    sbdh_decoder_init(&r->content, r->out->kind, hash_sink(&r->digest, (struct sink){0}));
    if (sbdh_attributes(binary ? &SBDH_BINARY_CONTENT : &SBDH_TEXT_CONTENT_TYPE, t, e) ||
        take_attr(r, &r->out->mime_type, t, "mimeType", e) ||
        take_attr(r, &r->out->encoding, t, "encoding", e))
        return -1;
    if (token_ok("mimeType", r->out->mime_type, e) || token_ok("encoding", r->out->encoding, e))
        return -1;
    if (r->out->mime_type.n == 0)
        return err_set(
            e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3", "%s without mimeType", t->local);
    return 0;
}

/*= Envelope 2.0.2 2 "exactly one payload element" */
static int on_payload_root(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    if (!r->header_done)
        return err_set(e, ERR_INPUT, "sbdh.missing", "Envelope 2.0.2 2", HEADER " is missing");
    if (r->children > 2)
        return err_set(
            e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2", "more than one payload element");
    if (!t->ns || strcmp(t->ns, SBDH_NS) == 0)
        return err_set(e, ERR_INPUT, "sbdh.payload", "SBDH 1.3",
            "the payload element %.60s has no namespace of its own", t->local);
    r->in_payload = true;
    if (keep(r, &r->out->root_ns, str_z(t->ns), e) ||
        keep(r, &r->out->root_local, str_z(t->local), e))
        return -1;
    return strcmp(t->ns, SBDH_CONTENT_NS) == 0 ? on_content_root(r, t, e) : 0;
}

static int on_payload(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    if (r->out->kind != SBDH_XML && t->depth > 1)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3", "an element inside %.*s",
            STR_FMT(r->out->root_local));
    /*= Envelope 2.0.2 2.2 "no nested StandardBusinessDocument" */
    if (t->ns && strcmp(t->ns, SBDH_NS) == 0 && strcmp(t->local, ROOT) == 0)
        return err_set(
            e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.2", "a " ROOT " inside the payload");
    note_namespaces(r, t);
    return 0;
}

/* ---- the header ---- */

static int on_header(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    if (r->children != 1)
        return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3", HEADER " must stand first");
    if (sbdh_attributes(&SBDH_HEADER, t, e))
        return -1;
    r->in_header = true;
    r->c.n = 1;
    r->c.frame[0].type = &SBDH_HEADER;
    r->c.frame[0].at = SBDH_HEADER.particle;
    r->c.frame[0].local = HEADER;
    return 0;
}

static int on_header_element(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    const struct sbdh_type *outer = r->c.frame[r->c.n - 1].type;

    if (!t->ns || strcmp(t->ns, SBDH_NS) != 0)
        return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3",
            "element %.60s of another namespace in the header", t->local);
    if (outer->content != SBDH_ELEMENTS || sbdh_simple_ok(outer, buf_view(&r->text), t->local, e))
        return outer->content == SBDH_ELEMENTS ? -1
                                               : err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3",
                                                     "element %.60s inside text", t->local);
    if (sbdh_enter(&r->c, t, &r->at, e))
        return -1;
    r->field = r->at->field;
    buf_clear(&r->text);
    r->authority = (struct str){"", 0};
    if (strcmp(t->local, "Sender") == 0)
        r->senders++;
    if (strcmp(t->local, "Receiver") == 0)
        r->receivers++;
    if (strcmp(t->local, "Scope") == 0) {
        r->scope = (struct sbdh_scope){0};
        if (++r->scopes > SBDH_MAX_SCOPES)
            return err_set(e, ERR_INPUT, "xml.limit", "", "more than %d scopes", SBDH_MAX_SCOPES);
    }
    for (size_t i = 0; i < t->nattr; i++)
        if (!t->attr[i].ns && strcmp(t->attr[i].local, "Authority") == 0)
            return keep(r, &r->authority, str_trim(t->attr[i].value), e);
    return 0;
}

/*= Envelope 2.0.2 2.1 "one Sender and one Receiver" */
static int take_party(
    struct reader *r, struct participant *p, const char *who, struct str v, struct err *e)
{
    if (participant_make(p, r->authority, v, e) == 0)
        return 0;
    (void)snprintf(e->code, sizeof(e->code), "sbdh.value");
    return err_wrap(e, "%s: ", who);
}

/*= Envelope 2.0.2 2 "HeaderVersion is 1.0" */
/*= Envelope 2.0.2 2.3 "InstanceIdentifier names the envelope" */
static int take_field(struct reader *r, enum sbdh_field f, struct str v, struct err *e)
{
    struct sbdh *h = &r->out->h;
    bool zone = false;

    switch (f) {
    case SBDH_NOTHING:
        return 0;
    case SBDH_HEADER_VERSION:
        return str_eqz(v, "1.0") ? 0 : value_error(e, "HeaderVersion is not 1.0 but", v);
    case SBDH_SENDER:
        return take_party(r, &h->sender, "Sender", v, e);
    case SBDH_RECEIVER:
        return take_party(r, &h->receiver, "Receiver", v, e);
    case SBDH_STANDARD:
        return keep(r, &h->standard, v, e);
    case SBDH_TYPE_VERSION:
        return keep(r, &h->type_version, v, e);
    case SBDH_INSTANCE:
        return v.n ? keep(r, &h->instance_id, v, e)
                   : value_error(e, "InstanceIdentifier is empty", v);
    case SBDH_TYPE:
        return keep(r, &h->type, v, e);
    case SBDH_CREATED:
        /*= Envelope 2.0.2 2.3 "CreationDateAndTime ... timezone" */
        if (!clock_parse(v, &h->created, &zone) || !zone)
            return value_error(e, "CreationDateAndTime has no time zone:", v);
        return keep(r, &h->created_text, v, e);
    case SBDH_SCOPE_TYPE:
        return keep(r, &r->scope.type, v, e);
    case SBDH_SCOPE_INSTANCE:
        return keep(r, &r->scope.instance, v, e);
    case SBDH_SCOPE_IDENTIFIER:
        r->scope.has_identifier = true;
        return keep(r, &r->scope.identifier, v, e);
    }
    return 0;
}

static int once(struct reader *r, enum seen what, const char *name, struct err *e)
{
    if (r->found & what)
        return err_set(
            e, ERR_INPUT, "sbdh.order", "Envelope 2.0.2 2.4", "scope %s stands twice", name);
    r->found |= what;
    return 0;
}

/*= PFUOI 4.4.0 POLICY 22 "no wildcard in the envelope" */
static int take_doctype(struct reader *r, struct err *e)
{
    if (once(r, DOCUMENTID, "DOCUMENTID", e))
        return -1;
    if (doctype_make(&r->out->h.doctype, r->scope.identifier, r->scope.instance, false, e) == 0)
        return 0;
    (void)snprintf(e->code, sizeof(e->code), "sbdh.value");
    return err_wrap(e, "DOCUMENTID: ");
}

static int take_process(struct reader *r, struct err *e)
{
    if (once(r, PROCESSID, "PROCESSID", e))
        return -1;
    if (process_make(&r->out->h.process, r->scope.identifier, r->scope.instance, e) == 0)
        return 0;
    (void)snprintf(e->code, sizeof(e->code), "sbdh.value");
    return err_wrap(e, "PROCESSID: ");
}

static int take_country(struct reader *r, struct err *e)
{
    struct str c = r->scope.instance;

    if (once(r, COUNTRY, "COUNTRY_C1", e))
        return -1;
    if (!sbdh_country_ok(c))
        return err_set(e, ERR_INPUT, "sbdh.country", "Envelope 2.0.2 2.4",
            "COUNTRY_C1 \"%.*s\" is not a country code", c.n > 20 ? 20 : (int)c.n, c.p);
    memcpy(r->out->h.country_c1, c.p, 2);
    return 0;
}

/*= Envelope 2.0.2 2.6 "an invalid value is ignored" */
static void take_mls_to(struct reader *r)
{
    struct sbdh *h = &r->out->h;

    if ((r->found & MLS_TO) ||
        participant_make(&h->mls_to, r->scope.identifier, r->scope.instance, NULL) ||
        !participant_is_spis(&h->mls_to)) {
        memset(&h->mls_to, 0, sizeof(h->mls_to));
        h->mls_to_ignored = true;
    }
    r->found |= MLS_TO;
}

static void take_mls_type(struct reader *r)
{
    struct sbdh *h = &r->out->h;
    bool again = r->found & MLS_TYPE;

    h->mls_type = SBDH_MLS_ABSENT;
    if (!again && str_eqz(r->scope.instance, "FAILURE_ONLY"))
        h->mls_type = SBDH_MLS_FAILURE_ONLY;
    else if (!again && str_eqz(r->scope.instance, "ALWAYS_SEND"))
        h->mls_type = SBDH_MLS_ALWAYS_SEND;
    else
        h->mls_type_ignored = true;
    r->found |= MLS_TYPE;
}

/*= Envelope 2.0.2 2.4 "DOCUMENTID and PROCESSID, once each" */
/*= Envelope 2.0.2 2.7 "other attributes are kept" */
static int take_scope(struct reader *r, struct err *e)
{
    struct str type = r->scope.type;

    if (str_eqz(type, "DOCUMENTID"))
        return take_doctype(r, e);
    if (str_eqz(type, "PROCESSID"))
        return take_process(r, e);
    if (str_eqz(type, "COUNTRY_C1"))
        return take_country(r, e);
    if (str_eqz(type, "MLS_TO"))
        take_mls_to(r);
    else if (str_eqz(type, "MLS_TYPE"))
        take_mls_type(r);
    else
        r->out->h.more[r->out->h.nmore++] = r->scope;
    return 0;
}

static int leave_header_element(struct reader *r, struct err *e)
{
    const struct sbdh_type *type = r->c.frame[r->c.n - 1].type;
    const char *local = r->c.frame[r->c.n - 1].local;
    enum sbdh_field f = r->field;

    if (buf_check(&r->text, NULL))
        return err_set(
            e, ERR_INPUT, "xml.limit", "", "a text of more than %d bytes in %s", SBDH_TEXT, local);
    if (sbdh_simple_ok(type, buf_view(&r->text), local, e))
        return -1;
    if (type->content != SBDH_ELEMENTS && take_field(r, f, str_trim(buf_view(&r->text)), e))
        return -1;
    r->field = SBDH_NOTHING;
    buf_clear(&r->text);
    if (sbdh_leave(&r->c, e))
        return -1;
    return strcmp(local, "Scope") == 0 ? take_scope(r, e) : 0;
}

/* ---- events ---- */

static int on_start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    struct reader *r = ctx;

    if (t->depth == 0)
        return on_root(r, t, e);
    if (t->depth == 1) {
        r->children++;
        if (t->ns && strcmp(t->ns, SBDH_NS) == 0 && strcmp(t->local, HEADER) == 0)
            return on_header(r, t, e);
        if (on_payload_root(r, t, e))
            return -1;
    }
    return r->in_header ? on_header_element(r, t, e) : on_payload(r, t, e);
}

static int on_end(void *ctx, unsigned depth, struct err *e)
{
    struct reader *r = ctx;

    if (r->in_header) {
        if (leave_header_element(r, e))
            return -1;
        if (depth == 1) {
            r->in_header = false;
            r->header_done = true;
        }
        return 0;
    }
    for (size_t i = 0; i < r->nns; i++)
        if (r->ns[i].shadow == depth)
            r->ns[i].shadow = 0;
    if (depth == 1)
        r->in_payload = false;
    return 0;
}

static int on_text(void *ctx, struct str s, struct err *e)
{
    struct reader *r = ctx;

    if (r->in_header) {
        buf_str(&r->text, s);
        return 0;
    }
    if (!r->in_payload && str_trim(s).n)
        return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3", "text between elements in " ROOT);
    return r->in_payload && r->out->kind != SBDH_XML ? sbdh_decoder_feed(&r->content, s, e) : 0;
}

/* ---- after the pass ---- */

static int check_header(const struct reader *r, struct err *e)
{
    static const struct {
        enum seen what;
        const char *name;
    } must[] = {{DOCUMENTID, "DOCUMENTID"}, {PROCESSID, "PROCESSID"}, {COUNTRY, "COUNTRY_C1"}};

    if (!r->header_done)
        return err_set(e, ERR_INPUT, "sbdh.missing", "Envelope 2.0.2 2", HEADER " is missing");
    if (r->senders != 1 || r->receivers != 1)
        return err_set(e, ERR_INPUT, "sbdh.order", "Envelope 2.0.2 2.1",
            "exactly one Sender and one Receiver must stand in the header");
    for (size_t i = 0; i < 3; i++)
        if (!(r->found & must[i].what))
            return err_set(e, ERR_INPUT, "sbdh.missing", "Envelope 2.0.2 2.4",
                "scope %s is missing", must[i].name);
    if (r->children < 2)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2", "no payload element");
    return 0;
}

static int mismatch(struct err *e, const char *what, struct str header, struct str other)
{
    return err_set(e, ERR_INPUT, "sbdh.mismatch", "Envelope 2.0.2 2.9",
        "%s \"%.*s\" in the header, but \"%.*s\"", what, header.n > 100 ? 100 : (int)header.n,
        header.p, other.n > 100 ? 100 : (int)other.n, other.p);
}

/* Check 5 of the receiver's list; what is not XML has nothing to compare with. */
/*= Envelope 2.0.2 2.3 "Standard, Type and TypeVersion" */
static int check_type(const struct sbdh_envelope *x, struct err *e)
{
    const struct sbdh *h = &x->h;

    if (x->kind != SBDH_XML || !doctype_is_xml(&h->doctype))
        return 0;
    if (!str_eq(h->standard, x->root_ns))
        return mismatch(e, "Standard", h->standard, x->root_ns);
    if (!str_eq(h->type, x->root_local))
        return mismatch(e, "Type", h->type, x->root_local);
    if (!str_eq(h->standard, doctype_root_ns(&h->doctype)))
        return mismatch(e, "Standard", h->standard, doctype_root_ns(&h->doctype));
    if (!str_eq(h->type, doctype_root_local(&h->doctype)))
        return mismatch(e, "Type", h->type, doctype_root_local(&h->doctype));
    if (!str_eq(h->type_version, doctype_version(&h->doctype)))
        return mismatch(e, "TypeVersion", h->type_version, doctype_version(&h->doctype));
    return 0;
}

static int tell_inherited(struct reader *r, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, INHERIT_MAX * (INHERIT_TEXT * 6 + 80));
    for (size_t i = 0; i < r->nns; i++) {
        if (!r->ns[i].used)
            continue;
        buf_printf(&b, " xmlns%s%s=\"", r->ns[i].prefix[0] ? ":" : "", r->ns[i].prefix);
        buf_xml(&b, str_z(r->ns[i].uri));
        buf_putc(&b, '"');
    }
    rc = buf_check(&b, e) || keep(r, &r->out->inherited_ns, buf_view(&b), e) ? -1 : 0;
    buf_free(&b);
    return rc;
}

/* The document's name everywhere: of XML the element's bytes, else the octets it stands for. */
static int digest(struct reader *r, struct err *e)
{
    struct sbdh_envelope *out = r->out;

    if (out->kind == SBDH_XML) {
        out->document_len = out->payload.len;
        return hash_blob(out->document_sha256, &out->payload, e);
    }
    if (sbdh_decoder_end(&r->content, e))
        return -1;
    out->document_len = r->content.len;
    return hash_final(&r->digest, out->document_sha256, e);
}

static int read_all(struct reader *r, struct spool *tmp, const struct blob *sbd, struct err *e)
{
    struct xml_stream_handler h = {on_start, on_end, on_text, r};
    struct xml_stream_layout lay;
    struct sbdh_envelope *out = r->out;

    if (xml_stream(&lay, tmp, sbd, &h, e) || check_header(r, e))
        return -1;
    out->sbd = lay.utf8;
    out->payload = blob_sub(lay.utf8, lay.child[1].begin, lay.child[1].end - lay.child[1].begin);
    if (check_type(out, e) || tell_inherited(r, e))
        return -1;
    return digest(r, e);
}

int sbdh_read(struct sbdh_envelope *out, struct spool *tmp, const struct blob *sbd, struct arena *a,
    struct err *e)
{
    struct reader *r = arena_alloc(a, sizeof(*r));
    struct str none = {"", 0};
    int rc;

    memset(out, 0, sizeof(*out));
    out->mime_type = out->encoding = none;
    if (!r)
        return err_nomem(e);
    r->a = a;
    r->out = out;
    buf_init(&r->text, SBDH_TEXT);
    rc = read_all(r, tmp, sbd, e);
    buf_free(&r->text);
    sbdh_decoder_free(&r->content);
    hash_drop(&r->digest);
    if (rc && e->class == ERR_INPUT)
        return err_ebms(e, "EBMS:0004");
    return rc;
}

/* ---- against the AS4 header ---- */

static int differs(struct err *e, const char *what, const char *ours, struct str theirs)
{
    (void)err_set(e, ERR_INPUT, "sbdh.mismatch", "PEPPOL-AS4 4.9",
        "%s in the envelope is \"%.100s\", in the AS4 header \"%.*s\"", what, ours,
        theirs.n > 100 ? 100 : (int)theirs.n, theirs.p);
    return err_ebms(e, "EBMS:0004");
}

/*= PEPPOL-AS4 4.6 "Service is the process" */
/*= PEPPOL-AS4 4.6 "Action is the document type" */
/*= PEPPOL-AS4 4.9 "the envelope's Sender and Receiver" */
int sbdh_check_header(const struct sbdh *h, struct str original_sender, struct str sender_type,
    struct str final_recipient, struct str recipient_type, struct str action, struct str service,
    struct str service_type, struct err *e)
{
    struct str scheme = str_z(doctype_scheme_text(h->doctype.scheme));
    struct str rest = str_sub(action, scheme.n, action.n);

    if (!str_ieq(str_z(h->sender.value), original_sender))
        return differs(e, "Sender", h->sender.value, original_sender);
    if (!str_eqz(sender_type, PARTICIPANT_SCHEME))
        return differs(e, "Sender scheme", PARTICIPANT_SCHEME, sender_type);
    if (!str_ieq(str_z(h->receiver.value), final_recipient))
        return differs(e, "Receiver", h->receiver.value, final_recipient);
    if (!str_eqz(recipient_type, PARTICIPANT_SCHEME))
        return differs(e, "Receiver scheme", PARTICIPANT_SCHEME, recipient_type);
    if (!str_has_prefix(action, scheme) || !str_has_prefix(rest, STR("::")) ||
        !str_eqz(str_sub(rest, 2, rest.n), h->doctype.value))
        return differs(e, "document type", h->doctype.value, action);
    if (!str_eqz(service, h->process.value))
        return differs(e, "process", h->process.value, service);
    if (!str_eqz(service_type, h->process.scheme))
        return differs(e, "process scheme", h->process.scheme, service_type);
    return 0;
}
