#include "ap/peppol/document.h"

#include <stdio.h>

#include "ap/peppol/document_priv.h"
#include "ap/xml/xml_stream.h"

enum field {
    CUSTOMIZATION,
    PROFILE,
    UBL_VERSION,
    NUMBER,
    ISSUE_DATE,
    TYPE_CODE,
    SENDER,
    RECEIVER,
    VAT_ID,
    VAT_SCHEME,
    FIELDS
};

#define PATH_MAX_TEXT 160
#define PATH_DEPTH 7

struct reader {
    struct arena *a;
    const struct document_kind *kind;
    bool wanted[FIELDS];
    char paths[FIELDS][PATH_MAX_TEXT]; /* from below the root; "" = not in this kind */
    struct str value[FIELDS];
    char code[FIELDS][16]; /* schemeID of the field's element */

    char path[PATH_MAX_TEXT]; /* of the element we are in, while it may lead to a field */
    size_t path_n[PATH_DEPTH];
    unsigned alive; /* elements of the path, from below the root, that lead somewhere */
    int taking;     /* field whose text is coming, or -1 */
    unsigned taking_depth;
    struct buf text;
    struct str pending_vat;
    struct document *out;
};

static void set_path(struct reader *r, enum field f, const char *base, const char *tail)
{
    if (base)
        (void)snprintf(r->paths[f], PATH_MAX_TEXT, "%s%s%s", base, *base ? "/" : "", tail);
}

static void ubl_paths(struct reader *r, const struct document_kind *k)
{
    set_path(r, CUSTOMIZATION, "", "CustomizationID");
    set_path(r, PROFILE, "", "ProfileID");
    set_path(r, UBL_VERSION, "", "UBLVersionID");
    set_path(r, NUMBER, "", "ID");
    set_path(r, ISSUE_DATE, "", "IssueDate");
    set_path(r, TYPE_CODE, "", k->type_code ? k->type_code : "DocumentTypeCode");
    set_path(r, SENDER, k->sender, "EndpointID");
    set_path(r, RECEIVER, k->receiver, "EndpointID");
    set_path(r, VAT_ID, k->seller, "PartyTaxScheme/CompanyID");
    set_path(r, VAT_SCHEME, k->seller, "PartyTaxScheme/TaxScheme/ID");
}

/*= PFUOI 4.4.0 POLICY 10 "URIID's schemeID is the code" */
/*= PFUOI 4.4.0 POLICY 19 "GuidelineSpecifiedDocumentContextParameter" */
static void cii_paths(struct reader *r, const struct document_kind *k)
{
    set_path(r, CUSTOMIZATION, "ExchangedDocumentContext",
        "GuidelineSpecifiedDocumentContextParameter/ID");
    set_path(r, PROFILE, "ExchangedDocumentContext",
        "BusinessProcessSpecifiedDocumentContextParameter/ID");
    set_path(r, NUMBER, "ExchangedDocument", "ID");
    set_path(r, ISSUE_DATE, "ExchangedDocument", "IssueDateTime/DateTimeString");
    set_path(r, TYPE_CODE, "ExchangedDocument", "TypeCode");
    set_path(r, SENDER, k->sender, "URIUniversalCommunication/URIID");
    set_path(r, RECEIVER, k->receiver, "URIUniversalCommunication/URIID");
    set_path(r, VAT_ID, k->seller, "SpecifiedTaxRegistration/ID");
}

static int keep(struct reader *r, struct str *out, const char *z)
{
    char *p = arena_dup(r->a, str_z(z));

    *out = str_z(p);
    return p ? 0 : -1;
}

static int on_root(struct reader *r, const struct xml_stream_tag *t, struct err *e)
{
    r->kind = document_kind_of(t->ns ? t->ns : "", t->local);
    switch (r->kind->layout) {
    case LAYOUT_UBL:
        ubl_paths(r, r->kind);
        break;
    case LAYOUT_CII:
        cii_paths(r, r->kind);
        break;
    case LAYOUT_OTHER:
        set_path(r, CUSTOMIZATION, "", "CustomizationID");
        set_path(r, PROFILE, "", "ProfileID");
    }
    for (size_t i = 0; i < t->ndecl; i++)
        if (!t->decl[i].prefix && t->decl[i].uri[0])
            r->out->default_ns = true;
    if (keep(r, &r->out->root_ns, t->ns) || keep(r, &r->out->root_local, t->local))
        return err_nomem(e);
    return 0;
}

static bool right_namespace(const struct reader *r, const char *ns)
{
    struct str s = str_z(ns);

    switch (r->kind->layout) {
    case LAYOUT_UBL:
        return str_has_prefix(s, STR("urn:oasis:names:specification:ubl:schema:xsd:Common"));
    case LAYOUT_CII:
        return str_has_prefix(s, STR("urn:un:unece:uncefact:data:standard:"));
    case LAYOUT_OTHER:
        return str_eq(s, r->out->root_ns);
    }
    return false;
}

/* The field at the path, -1 for none; *leads: a longer path may be one. */
static int field_at(const struct reader *r, size_t n, bool *leads)
{
    int found = -1;

    *leads = false;
    for (int f = 0; f < FIELDS; f++) {
        if (strncmp(r->paths[f], r->path, n) != 0)
            continue;
        if (r->paths[f][n] == '\0')
            found = f;
        else if (r->paths[f][n] == '/')
            *leads = true;
    }
    return found;
}

static void take_code(struct reader *r, enum field f, const struct xml_stream_tag *t)
{
    r->code[f][0] = '\0';
    for (size_t i = 0; i < t->nattr; i++)
        if (!t->attr[i].ns && strcmp(t->attr[i].local, "schemeID") == 0 &&
            t->attr[i].value.n < sizeof(r->code[f]))
            (void)snprintf(r->code[f], sizeof(r->code[f]), "%.*s", STR_FMT(t->attr[i].value));
}

static int on_start(void *ctx, const struct xml_stream_tag *t, struct err *e)
{
    struct reader *r = ctx;
    size_t at, n = strlen(t->local);
    bool leads;
    int f;

    if (strcmp(t->local, "StandardBusinessDocument") == 0)
        r->out->has_envelope = true;
    if (t->depth == 0)
        return on_root(r, t, e);
    if (t->depth != r->alive + 1 || t->depth >= PATH_DEPTH || !right_namespace(r, t->ns))
        return 0;
    at = r->alive ? r->path_n[r->alive] : 0;
    if (at + n + 2 > sizeof(r->path))
        return 0;
    if (at)
        r->path[at++] = '/';
    memcpy(r->path + at, t->local, n);
    f = field_at(r, at + n, &leads);
    if (leads) {
        r->alive = t->depth;
        r->path_n[t->depth] = at + n;
    }
    if (f >= 0 && (f == VAT_ID || f == VAT_SCHEME || !r->value[f].p)) {
        take_code(r, (enum field)f, t);
        r->taking = f;
        r->taking_depth = t->depth;
        buf_clear(&r->text);
    }
    return 0;
}

static int on_text(void *ctx, struct str s, struct err *e)
{
    struct reader *r = ctx;

    (void)e;
    if (r->taking >= 0 && buf_ok(&r->text))
        buf_str(&r->text, s); /* past its maximum it goes bad and the field stays empty */
    return 0;
}

/* PartyTaxScheme holds the number before it says which tax: remember, then decide. */
static void take_vat(struct reader *r, int f, struct str v)
{
    if (r->value[VAT_ID].p && r->value[VAT_ID].n)
        return;
    if (f == VAT_ID && r->kind->layout == LAYOUT_UBL)
        r->pending_vat = v;
    else if (f == VAT_ID && strcmp(r->code[VAT_ID], "VA") == 0)
        r->value[VAT_ID] = v;
    else if (f == VAT_SCHEME && str_eqz(v, "VAT"))
        r->value[VAT_ID] = r->pending_vat;
}

static int on_end(void *ctx, unsigned depth, struct err *e)
{
    struct reader *r = ctx;
    struct str v;
    char *copy;
    int f = r->taking;

    if (f >= 0 && depth == r->taking_depth) {
        r->taking = -1;
        v = buf_ok(&r->text) ? str_trim(buf_view(&r->text)) : STR("");
        if (!buf_ok(&r->text) && !r->text.full)
            return err_nomem(e);
        if (!buf_ok(&r->text)) {
            buf_free(&r->text);
            buf_init(&r->text, DOCUMENT_TEXT);
        }
        if (!(copy = arena_dup(r->a, v)))
            return err_nomem(e);
        v = (struct str){copy, v.n};
        if (f == VAT_ID || f == VAT_SCHEME)
            take_vat(r, f, v);
        else
            r->value[f] = v;
    }
    if (depth && depth == r->alive)
        r->alive--;
    return 0;
}

/* 20261122 (CII, format 102) as 2026-11-22. */
static struct str iso_date(struct arena *a, struct str d)
{
    char *p;

    if (d.n != 8 || !(p = arena_printf(a, "%.4s-%.2s-%.2s", d.p, d.p + 4, d.p + 6)))
        return d;
    return str_z(p);
}

static bool is_self_billing(const struct document *d)
{
    struct str c = d->customization_id;

    return str_find(c, STR("selfbilling")) < c.n ||
           str_has_prefix(d->root_local, STR("SelfBilled"));
}

static void take_party(struct document *d, struct participant *out, const struct reader *r,
    enum field f, const char *which)
{
    struct err e = ERR_INIT;

    if (r->value[f].n == 0)
        return;
    if (participant_from_endpoint(out, str_z(r->code[f]), r->value[f], &e) == 0)
        return;
    memset(out, 0, sizeof(*out));
    if (d->odd.class != ERR_NONE)
        return;
    (void)err_wrap(&e, "EndpointID of the %s: ", which);
    d->odd = e;
}

static bool ubl_version_ok(struct str v)
{
    return v.n == 3 && v.p[0] == '2' && v.p[1] == '.' && v.p[2] >= '0' && v.p[2] <= '9';
}

static void take_ids(struct document *d, const struct reader *r, const struct codelists *lists)
{
    struct str version =
        str_z(codelist_version_of(lists, d->root_ns, d->root_local, d->customization_id));

    if (version.n == 0 && ubl_version_ok(d->ubl_version))
        version = d->ubl_version;
    if (version.n == 0)
        version = str_z(r->kind->version);
    if (d->customization_id.n && version.n &&
        doctype_build(&d->doctype, d->root_ns, d->root_local, d->customization_id, version, NULL))
        memset(&d->doctype, 0, sizeof(d->doctype));
    if (d->profile_id.n && process_make(&d->process, STR(PROCESS_SCHEME), d->profile_id, NULL))
        memset(&d->process, 0, sizeof(d->process));
    if (d->profile_id.n == 0 && d->doctype.value[0])
        d->process = codelist_doctype(lists, &d->doctype, 0).process;
}

static struct str given(struct str s)
{
    return s.p ? s : (struct str){"", 0};
}

static void conclude(struct document *d, const struct reader *r, const struct codelists *lists)
{
    d->kind = r->kind->name;
    d->customization_id = given(r->value[CUSTOMIZATION]);
    d->profile_id = given(r->value[PROFILE]);
    d->ubl_version = given(r->value[UBL_VERSION]);
    d->number = given(r->value[NUMBER]);
    d->issue_date = iso_date(r->a, given(r->value[ISSUE_DATE]));
    d->document_type_code = given(r->value[TYPE_CODE]);
    d->supplier_vat = given(r->value[VAT_ID]);
    d->self_billing = is_self_billing(d);
    take_party(d, d->self_billing ? &d->receiver : &d->sender, r, SENDER,
        d->self_billing ? "receiver" : "sender");
    take_party(d, d->self_billing ? &d->sender : &d->receiver, r, RECEIVER,
        d->self_billing ? "sender" : "receiver");
    take_ids(d, r, lists);
}

int document_read(struct document *out, struct spool *tmp, const struct blob *payload,
    const struct codelists *lists, struct arena *a, struct err *e)
{
    struct reader r = {.a = a, .taking = -1, .out = out};
    struct xml_stream_handler h = {on_start, on_end, on_text, &r};
    struct xml_stream_layout lay;
    int rc;

    memset(out, 0, sizeof(*out));
    buf_init(&r.text, DOCUMENT_TEXT);
    rc = xml_stream(&lay, tmp, payload, &h, e);
    buf_free(&r.text);
    if (rc)
        return -1;
    out->root = blob_sub(lay.utf8, lay.root.begin, lay.root.end - lay.root.begin);
    conclude(out, &r, lists);
    return hash_blob(out->sha256, &out->root, e);
}

int document_opaque(struct document *out, const struct blob *bytes, struct err *e)
{
    const struct str none = {"", 0};

    *out = (struct document){.root = *bytes,
        .kind = "",
        .root_ns = none,
        .root_local = none,
        .customization_id = none,
        .profile_id = none,
        .ubl_version = none,
        .number = none,
        .issue_date = none,
        .supplier_vat = none,
        .document_type_code = none};
    return hash_blob(out->sha256, &out->root, e);
}

/*= PFUOI 4.4.0 POLICY 17 "the document's own customization" */
int document_check(const struct document *d, struct err *e)
{
    if (!d->doctype.value[0])
        return err_set(e, ERR_INPUT, "document.unknown", "",
            "not a known business document: root element %.*s {%.*s}, CustomizationID \"%.*s\"",
            d->root_local.n > 60 ? 60 : (int)d->root_local.n, d->root_local.p,
            d->root_ns.n > 100 ? 100 : (int)d->root_ns.n, d->root_ns.p,
            d->customization_id.n > 120 ? 120 : (int)d->customization_id.n, d->customization_id.p);
    if (!d->process.value[0])
        return err_set(e, ERR_INPUT, "document.no-process", "",
            "the document names no process (ProfileID), and its type has none of its own");
    if (!d->sender.value[0])
        return err_set(e, ERR_INPUT, "document.no-sender", "", "%s",
            d->odd.class != ERR_NONE ? d->odd.msg : "the document names no sender (EndpointID)");
    if (!d->receiver.value[0])
        return err_set(e, ERR_INPUT, "document.no-receiver", "", "%s",
            d->odd.class != ERR_NONE ? d->odd.msg : "the document names no receiver (EndpointID)");
    return 0;
}
