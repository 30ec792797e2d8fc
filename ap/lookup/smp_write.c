#include "ap/lookup/smp_write.h"

#include <string.h>

#include "ap/base/clock.h"
#include "ap/lookup/smp_sig.h"
#include "ap/xml/xml.h"

static void ids(struct buf *b, const char *name, const char *scheme, const char *value)
{
    buf_printf(b, "<ids:%s scheme=\"", name);
    buf_xml(b, str_z(scheme));
    buf_puts(b, "\">");
    buf_xml(b, str_z(value));
    buf_printf(b, "</ids:%s>", name);
}

static void text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, "<%s>", name);
    buf_xml(b, s);
    buf_printf(b, "</%s>", name);
}

static void date(struct buf *b, const char *name, int64_t ms)
{
    char when[CLOCK_TEXT];

    if (!ms)
        return;
    clock_utc(when, ms);
    text(b, name, str_z(when));
}

int smp_write_group(struct buf *out, const char *base, const struct participant *p,
    const struct doctype *d, size_t n, struct err *e)
{
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServiceGroup xmlns=\"" SMP_NS
                  "\" xmlns:ids=\"" SMP_IDS_NS "\">");
    ids(out, "ParticipantIdentifier", PARTICIPANT_SCHEME, p->value);
    buf_puts(out, "<ServiceMetadataReferenceCollection>");
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "<ServiceMetadataReference href=\"");
        smp_metadata_url(out, base, p, &d[i]); /* percent-encoded: nothing to escape */
        buf_puts(out, "\"/>");
    }
    buf_puts(out, "</ServiceMetadataReferenceCollection></ServiceGroup>");
    return buf_check(out, e);
}

static void endpoint(struct buf *b, const struct smp_endpoint *ep)
{
    buf_puts(b, "<Endpoint transportProfile=\"");
    buf_xml(b, ep->transport_profile);
    buf_puts(b, "\"><EndpointReference xmlns=\"" SMP_WSA_NS "\">");
    text(b, "Address", ep->address);
    buf_puts(b, "</EndpointReference><RequireBusinessLevelSignature>false"
                "</RequireBusinessLevelSignature>");
    date(b, "ServiceActivationDate", ep->activation);
    date(b, "ServiceExpirationDate", ep->expiry);
    text(b, "Certificate", ep->certificate);
    text(b, "ServiceDescription", ep->description);
    text(b, "TechnicalContactUrl", ep->contact);
    buf_puts(b, "</Endpoint>");
}

static void process(struct buf *b, const struct smp_process *p)
{
    buf_puts(b, "<Process>");
    ids(b, "ProcessIdentifier", p->process->scheme, p->process->value);
    buf_puts(b, "<ServiceEndpointList>");
    for (size_t i = 0; i < p->nendpoints; i++)
        endpoint(b, &p->endpoints[i]);
    buf_puts(b, "</ServiceEndpointList></Process>");
}

static int sign(struct buf *out, struct buf *plain, struct key *k, struct arena *a, struct err *e)
{
    xmlDoc *doc;

    if (buf_check(plain, e) || xml_parse(&doc, a, plain->p, plain->n, NULL, e) ||
        smp_sign(doc, k, a, e))
        return -1;
    return xml_write(out, doc, e);
}

#define NAMESPACES " xmlns=\"" SMP_NS "\" xmlns:ids=\"" SMP_IDS_NS "\">"
#define BEGIN "<SignedServiceMetadata" NAMESPACES "<ServiceMetadata>"
#define FINISH "</ServiceMetadata></SignedServiceMetadata>"

static void information(struct buf *b, const struct participant *p, const struct doctype *d,
    const struct smp_process *proc, size_t nproc)
{
    buf_puts(b, "<ServiceInformation>");
    ids(b, "ParticipantIdentifier", PARTICIPANT_SCHEME, p->value);
    ids(b, "DocumentIdentifier", doctype_scheme_text(d->scheme), d->value);
    buf_puts(b, "<ProcessList>");
    for (size_t i = 0; i < nproc; i++)
        process(b, &proc[i]);
    buf_puts(b, "</ProcessList></ServiceInformation>");
}

int smp_write_information(struct buf *out, const struct participant *p, const struct doctype *d,
    const struct smp_process *proc, size_t nproc, struct err *e)
{
    buf_puts(out, "<ServiceMetadata" NAMESPACES);
    information(out, p, d, proc, nproc);
    buf_puts(out, "</ServiceMetadata>");
    return buf_check(out, e);
}

int smp_write_metadata(struct buf *out, const struct participant *p, const struct doctype *d,
    const struct smp_process *proc, size_t nproc, struct key *k, struct arena *a, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, SMP_MAX_BYTES);
    buf_puts(&b, BEGIN);
    information(&b, p, d, proc, nproc);
    buf_puts(&b, FINISH);
    rc = sign(out, &b, k, a, e);
    buf_free(&b);
    return rc;
}

int smp_write_taken(
    struct buf *out, xmlNode *metadata, struct key *k, struct arena *a, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, SMP_MAX_BYTES);
    buf_puts(&b, "<SignedServiceMetadata xmlns=\"" SMP_NS "\">");
    rc = xml_write_node(&b, metadata, e);
    buf_puts(&b, "</SignedServiceMetadata>");
    if (!rc)
        rc = sign(out, &b, k, a, e);
    buf_free(&b);
    return rc;
}

int smp_write_redirect(
    struct buf *out, const struct smp_redirect *r, struct key *k, struct arena *a, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, SMP_MAX_BYTES);
    buf_puts(&b, BEGIN "<Redirect href=\"");
    buf_xml(&b, r->href);
    buf_puts(&b, "\">");
    text(&b, "CertificateUID", r->certificate_uid);
    buf_puts(&b, "</Redirect>" FINISH);
    rc = sign(out, &b, k, a, e);
    buf_free(&b);
    return rc;
}
