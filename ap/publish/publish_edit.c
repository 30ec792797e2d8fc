/* publish_edit.c - one process inside ServiceMetadata changed as XML, so that all that is not ours
 * stays as its owner wrote it. */
#include <stdio.h>

#include "ap/lookup/smp_write.h"
#include "ap/publish/publish_priv.h"
#include "ap/xml/xml.h"

static xmlNode *process_list(const xmlNode *metadata)
{
    return xml_child(xml_child(metadata, SMP_NS, "ServiceInformation"), SMP_NS, "ProcessList");
}

static xmlNode *find_process(const xmlNode *metadata, const struct process *p, struct arena *a)
{
    const xmlNode *at = NULL;
    struct process here;

    while (smp_next_process(&here, &at, metadata, a))
        if (process_same(&here, p))
            break;
    for (xmlNode *n = xml_child(process_list(metadata), SMP_NS, "Process"); at && n;
         n = xml_next(n, SMP_NS, "Process"))
        if (n == at)
            return n;
    return NULL;
}

static void drop(xmlNode *n)
{
    if (!n)
        return;
    xmlUnlinkNode(n);
    xmlFreeNode(n);
}

static int set_text(xmlNode *n, struct str text, struct err *e)
{
    xmlNode *fresh = n ? xmlNewTextLen(BAD_CAST text.p, (int)text.n) : NULL;

    if (!fresh)
        return err_nomem(e);
    while (n->children)
        drop(n->children);
    if (!xmlAddChild(n, fresh)) {
        xmlFreeNode(fresh);
        return err_nomem(e);
    }
    return 0;
}

/* Only what differs; dates go when they are what hinders. */
static int mend(xmlNode *ep, const struct publish_ours *ours, const struct publish_row *row,
    struct str cert, struct err *e)
{
    const xmlNode *ref = xml_child(ep, SMP_WSA_NS, "EndpointReference");

    if (row->differences & PUBLISH_DATES) {
        drop(xml_child(ep, SMP_NS, "ServiceActivationDate"));
        drop(xml_child(ep, SMP_NS, "ServiceExpirationDate"));
    }
    return set_text(xml_child(ref, SMP_WSA_NS, "Address"), str_z(ours->url), e) ||
                   set_text(xml_child(ep, SMP_NS, "Certificate"), cert, e)
               ? -1
               : 0;
}

/* The process with our endpoint, as a tree of its own. */
static int fresh_process(xmlNode **out, const struct publish_ours *ours,
    const struct publish_row *row, struct str cert, struct arena *a, struct err *e)
{
    const struct smp_endpoint ep = {.transport_profile = STR(TRANSPORT_AS4),
        .address = str_z(ours->url),
        .certificate = cert,
        .description = str_z(ours->description),
        .contact = str_z(ours->contact)};
    const struct smp_process proc = {&row->process, &ep, 1};
    xmlDoc *doc;
    struct buf b;
    int rc;

    buf_init(&b, SMP_MAX_BYTES);
    rc = smp_write_information(&b, &ours->participant, &row->doctype, &proc, 1, e) ||
         xml_parse(&doc, a, b.p, b.n, NULL, e);
    buf_free(&b);
    if (rc)
        return -1;
    *out = xml_child(process_list(xmlDocGetRootElement(doc)), SMP_NS, "Process");
    return 0;
}

static int adopt(xmlNode *parent, xmlNode *from, struct err *e)
{
    xmlNode *copy = xmlDocCopyNode(from, parent->doc, 1);

    if (!copy || !xmlAddChild(parent, copy)) {
        xmlFreeNode(copy);
        return err_nomem(e);
    }
    return 0;
}

static int put(xmlNode *metadata, const struct publish_ours *ours, const struct publish_row *row,
    struct str cert, int64_t now, struct arena *a, struct err *e)
{
    xmlNode *process = find_process(metadata, &row->process, a), *list = process_list(metadata);
    xmlNode *fresh, *endpoints = xml_child(process, SMP_NS, "ServiceEndpointList");
    struct smp_endpoint ep = {0};

    if (publish_pick(&ep, metadata, &row->process, now, a, NULL) == 0)
        return mend(ep.node, ours, row, cert, e);
    if (!list)
        return err_set(e, ERR_PEER, "smp.malformed", "SMP 1.4.0 5", "no ProcessList");
    if (fresh_process(&fresh, ours, row, cert, a, e))
        return -1;
    if (!endpoints)
        return adopt(list, fresh, e);
    fresh = xml_child(xml_child(fresh, SMP_NS, "ServiceEndpointList"), SMP_NS, "Endpoint");
    return adopt(endpoints, fresh, e);
}

int publish_edit_put(xmlNode *metadata, const struct publish_ours *ours,
    const struct publish_row *row, int64_t now, struct arena *a, struct err *e)
{
    struct buf cert;
    int rc;

    buf_init(&cert, 65536);
    cert_b64(&cert, ours->certs[0]);
    rc = buf_check(&cert, e) ? -1 : put(metadata, ours, row, buf_view(&cert), now, a, e);
    buf_free(&cert);
    return rc;
}

void publish_edit_remove(
    xmlNode *metadata, const struct publish_row *row, int64_t now, struct arena *a)
{
    xmlNode *process = find_process(metadata, &row->process, a);
    struct smp_endpoint ep = {0};

    if (publish_pick(&ep, metadata, &row->process, now, a, NULL))
        return;
    drop(ep.node);
    if (!xml_child(xml_child(process, SMP_NS, "ServiceEndpointList"), SMP_NS, "Endpoint"))
        drop(process);
}

bool publish_edit_is_empty(const xmlNode *metadata)
{
    return !xml_child(process_list(metadata), SMP_NS, "Process");
}

int publish_edit_new(xmlNode **metadata, const struct participant *p, const struct doctype *d,
    struct arena *a, struct err *e)
{
    xmlDoc *doc;
    struct buf b;
    int rc;

    buf_init(&b, SMP_MAX_BYTES);
    rc = smp_write_information(&b, p, d, NULL, 0, e) || xml_parse(&doc, a, b.p, b.n, NULL, e);
    buf_free(&b);
    *metadata = rc ? NULL : xmlDocGetRootElement(doc);
    return rc ? -1 : 0;
}
