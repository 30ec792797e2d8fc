#include "ap/lookup/smp.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/lookup/smp_sig.h"
#include "ap/xml/xml.h"

#define MAX_REFERENCES 2000

static const struct xml_limits LIMITS = {SMP_MAX_BYTES, 48, 64, 20000};

/* What an SMP sends may be a proxy's page or a passing fault: tried again. */
static int malformed(struct err *e, const char *what)
{
    return err_set(
        e, ERR_RETRY, "smp.malformed", "SMP 1.4.0 5", "the SMP's answer cannot be read: %s", what);
}

static int parse(xmlNode **root, struct arena *a, struct str body, const char *name, struct err *e)
{
    struct err own = ERR_INIT;
    xmlDoc *doc;

    e = e ? e : &own;
    if (xml_parse(&doc, a, body.p, body.n, &LIMITS, e)) {
        struct err was = *e;
        return was.class == ERR_INPUT ? malformed(e, was.msg) : -1;
    }
    *root = xmlDocGetRootElement(doc);
    if (!xml_is(*root, SMP_NS, name))
        return malformed(e, "not the document asked for");
    return 0;
}

int smp_read_signed(
    xmlNode **metadata, struct cert **signer, struct arena *a, struct str body, struct err *e)
{
    xmlNode *root, *n;

    *signer = NULL;
    if (parse(&root, a, body, "SignedServiceMetadata", e))
        return -1;
    n = xml_first_element(root);
    if (!xml_is(n, SMP_NS, "ServiceMetadata") || xml_next(n, SMP_NS, "ServiceMetadata"))
        return malformed(e, "no ServiceMetadata, or several");
    if (smp_verify(signer, root->doc, a, e))
        return -1;
    *metadata = n;
    return 0;
}

/* Trimmed text of an optional child: "" when absent. */
static int child_text(struct str *out, struct arena *a, const xmlNode *parent, const char *ns,
    const char *local, struct err *e)
{
    const xmlNode *n = xml_child(parent, ns, local);

    *out = (struct str){"", 0};
    return n ? xml_text_trim(out, a, n, e) : 0;
}

static int trimmed_attr(
    struct str *out, struct arena *a, const xmlNode *n, const char *name, struct err *e)
{
    if (xml_attr(out, a, n, NULL, name, e))
        return -1;
    *out = out->p ? str_trim(*out) : (struct str){"", 0};
    return 0;
}

int smp_read_redirect(struct smp_redirect *out, xmlNode *metadata, struct arena *a, struct err *e)
{
    const xmlNode *n = xml_first_element(metadata);

    memset(out, 0, sizeof(*out));
    if (xml_is(n, SMP_NS, "ServiceInformation") && !xml_next_element(n))
        return 0;
    if (!xml_is(n, SMP_NS, "Redirect") || xml_next_element(n))
        return malformed(e, "neither ServiceInformation nor Redirect");
    if (trimmed_attr(&out->href, a, n, "href", e) ||
        child_text(&out->certificate_uid, a, n, SMP_NS, "CertificateUID", e))
        return -1;
    return out->href.n ? 1 : malformed(e, "a Redirect without href");
}

/* ---- identifiers ---- */

/*= PFUOI 4.4.0 POLICY 8 "scheme attributes in the SMP" */
static int read_id(struct str *scheme, struct str *value, struct arena *a, const xmlNode *parent,
    const char *local, struct err *e)
{
    const xmlNode *n = xml_child(parent, SMP_IDS_NS, local);

    if (!n)
        return malformed(e, "an identifier is missing");
    if (xml_text_trim(value, a, n, e))
        return malformed(e, "an identifier is no text");
    return trimmed_attr(scheme, a, n, "scheme", e);
}

static int mismatch(struct err *e, const char *what, struct str value)
{
    return err_set(e, ERR_PEER, "smp.mismatch", "SMP 1.4.0 5",
        "the SMP answers about another %s: \"%.*s\"", what, value.n > 200 ? 200 : (int)value.n,
        value.p);
}

static int check_participant(
    const xmlNode *parent, const struct participant *p, struct arena *a, struct err *e)
{
    struct str scheme, value;
    struct participant got;

    if (read_id(&scheme, &value, a, parent, "ParticipantIdentifier", e))
        return -1;
    if (participant_make(&got, scheme, value, NULL) || !participant_same(&got, p))
        return mismatch(e, "participant", value);
    return 0;
}

/*= SMP 1.4.0 5 "the answer is about what was asked" */
int smp_check_ids(xmlNode *metadata, const struct participant *p, const struct doctype *d,
    struct arena *a, struct err *e)
{
    const xmlNode *info = xml_child(metadata, SMP_NS, "ServiceInformation");
    struct str scheme, value;

    if (!info)
        return malformed(e, "no ServiceInformation");
    if (check_participant(info, p, a, e) ||
        read_id(&scheme, &value, a, info, "DocumentIdentifier", e))
        return -1;
    /* exactly, also in case: some SMPs answer 200 to anything that looks alike */
    if (!str_eqz(scheme, doctype_scheme_text(d->scheme)) || !str_eqz(value, d->value))
        return mismatch(e, "document type", value);
    return 0;
}

/* ---- choosing the endpoint ---- */

static int read_date(
    int64_t *out, struct arena *a, const xmlNode *ep, const char *local, struct err *e)
{
    struct str s;
    bool zone;

    *out = 0;
    if (child_text(&s, a, ep, SMP_NS, local, e))
        return malformed(e, "a date is no text");
    if (s.n == 0)
        return 0;
    return clock_parse(s, out, &zone) ? 0 : malformed(e, "a malformed date");
}

/*= PEPPOL-AS4 6 "RequireBusinessLevelSignature is ignored" */
static int read_endpoint(struct smp_endpoint *out, xmlNode *ep, struct arena *a, struct err *e)
{
    const xmlNode *ref = xml_child(ep, SMP_WSA_NS, "EndpointReference");
    const xmlNode *cert = xml_child(ep, SMP_NS, "Certificate");

    memset(out, 0, sizeof(*out));
    if (!ref || !cert)
        return malformed(e, "an endpoint without address or certificate");
    if (child_text(&out->address, a, ref, SMP_WSA_NS, "Address", e) ||
        xml_text(&out->certificate, a, cert, e) ||
        child_text(&out->description, a, ep, SMP_NS, "ServiceDescription", e) ||
        child_text(&out->contact, a, ep, SMP_NS, "TechnicalContactUrl", e))
        return malformed(e, "an endpoint's text holds elements");
    out->node = ep;
    if (trimmed_attr(&out->transport_profile, a, ep, "transportProfile", e) ||
        read_date(&out->activation, a, ep, "ServiceActivationDate", e))
        return -1;
    return read_date(&out->expiry, a, ep, "ServiceExpirationDate", e);
}

static int not_now(const struct smp_endpoint *ep, int64_t now, struct err *e)
{
    char when[CLOCK_TEXT];

    /*= SMP 1.4.0 4.3 "senders MUST ignore services that are not yet active or expired" */
    if (now && ep->activation && now < ep->activation) {
        clock_utc(when, ep->activation);
        return err_set(e, ERR_PEER, "endpoint.not-active", "SMP 1.4.0 4.3",
            "the endpoint is not active before %s", when);
    }
    if (now && ep->expiry && now >= ep->expiry) {
        clock_utc(when, ep->expiry);
        return err_set(
            e, ERR_PEER, "endpoint.expired", "SMP 1.4.0 4.3", "the endpoint expired on %s", when);
    }
    return 0;
}

/* 1: found. 0: none for this transport here. -1: there are, but none usable; *e tells the last. */
/*= PEPPOL-AS4 6 "peppol-transport-as4-v2_0" */
static int from_list(struct smp_endpoint *out, const xmlNode *process, const char *transport,
    int64_t now, struct arena *a, struct err *e)
{
    const xmlNode *list = xml_child(process, SMP_NS, "ServiceEndpointList");
    int rc = 0;

    for (xmlNode *ep = xml_child(list, SMP_NS, "Endpoint"); ep;
         ep = xml_next(ep, SMP_NS, "Endpoint")) {
        struct str profile;
        if (trimmed_attr(&profile, a, ep, "transportProfile", e))
            return -1;
        if (!str_eqz(profile, transport))
            continue;
        if (read_endpoint(out, ep, a, e) == 0 && not_now(out, now, e) == 0)
            return 1;
        rc = -1;
    }
    return rc;
}

/*= SMP 1.4.0 4.3 "the process decides" */
static bool is_process(const xmlNode *n, const struct process *p, struct arena *a)
{
    struct str scheme, value;

    return read_id(&scheme, &value, a, n, "ProcessIdentifier", NULL) == 0 &&
           str_eqz(scheme, p->scheme) && str_eqz(value, p->value);
}

int smp_select(struct smp_endpoint *out, xmlNode *metadata, const struct process *p,
    const char *transport, int64_t now, struct arena *a, struct err *e)
{
    const xmlNode *info = xml_child(metadata, SMP_NS, "ServiceInformation");
    const xmlNode *list = xml_child(info, SMP_NS, "ProcessList");
    bool known = false, odd = false;

    for (const xmlNode *n = xml_child(list, SMP_NS, "Process"); n;
         n = xml_next(n, SMP_NS, "Process")) {
        int rc;
        if (!is_process(n, p, a))
            continue;
        known = true;
        rc = from_list(out, n, transport, now, a, e);
        if (rc > 0)
            return 0;
        odd = odd || rc < 0;
    }
    memset(out, 0, sizeof(*out));
    if (odd)
        return -1;
    if (!known)
        return err_set(e, ERR_PEER, "process.not-supported", "SMP 1.4.0 4.3",
            "the receiver takes this document type, but not in process %.150s", p->value);
    return err_set(e, ERR_PEER, "endpoint.no-as4", "SMP 1.4.0 4.3",
        "the receiver has no endpoint with transport profile %s", transport);
}

bool smp_next_process(
    struct process *out, const xmlNode **at, const xmlNode *metadata, struct arena *a)
{
    const xmlNode *info = xml_child(metadata, SMP_NS, "ServiceInformation");
    const xmlNode *n = *at ? xml_next(*at, SMP_NS, "Process")
                           : xml_child(xml_child(info, SMP_NS, "ProcessList"), SMP_NS, "Process");
    struct str scheme, value;

    for (; n; n = xml_next(n, SMP_NS, "Process"))
        if (read_id(&scheme, &value, a, n, "ProcessIdentifier", NULL) == 0 &&
            process_make(out, scheme, value, NULL) == 0)
            break;
    *at = n;
    return n != NULL;
}

/* ---- ServiceGroup ---- */

/* The id behind the last "/services/", decoded; host and scheme of the URL mean nothing. */
static int read_reference(struct doctype *d, const xmlNode *ref, struct arena *a)
{
    struct str href, id, mark = STR("/services/");
    struct buf b;
    size_t at, colons;
    int rc = -1;

    if (trimmed_attr(&href, a, ref, "href", NULL))
        return -1;
    at = str_rfind(href, mark);
    if (at == href.n)
        return -1;
    buf_init(&b, 2048);
    if (enc_unpct(&b, str_sub(href, at + mark.n, href.n), NULL) == 0) {
        id = buf_view(&b);
        colons = str_find(id, STR("::"));
        rc = doctype_make(d, str_sub(id, 0, colons), str_sub(id, colons + 2, id.n), true, NULL);
    }
    buf_free(&b);
    return rc;
}

int smp_read_group(struct doctype **out, size_t *n, size_t *odd, struct arena *a, struct str body,
    const struct participant *p, struct err *e)
{
    size_t room = 0;
    xmlNode *root, *list;

    *out = NULL;
    *n = *odd = 0;
    if (parse(&root, a, body, "ServiceGroup", e) || check_participant(root, p, a, e))
        return -1;
    list = xml_child(root, SMP_NS, "ServiceMetadataReferenceCollection");
    for (xmlNode *r = xml_first_element(list); r; r = xml_next_element(r))
        room++;
    room = room < MAX_REFERENCES ? room : MAX_REFERENCES;
    if (!(*out = arena_alloc(a, (room ? room : 1) * sizeof(**out))))
        return err_nomem(e);
    for (xmlNode *r = xml_child(list, SMP_NS, "ServiceMetadataReference"); r && *n < room;
         r = xml_next(r, SMP_NS, "ServiceMetadataReference")) {
        if (read_reference(&(*out)[*n], r, a) == 0)
            ++*n;
        else
            ++*odd;
    }
    return 0;
}

/* ---- URLs ---- */

void smp_group_url(struct buf *out, const char *base, const struct participant *p)
{
    buf_printf(out, "%s/", base);
    participant_path(out, p);
}

/*= SMP 1.4.0 5 "each segment is percent-encoded" */
void smp_metadata_url(
    struct buf *out, const char *base, const struct participant *p, const struct doctype *d)
{
    smp_group_url(out, base, p);
    buf_puts(out, "/services/");
    doctype_path(out, d);
}
