/* Targets: smp_read_group, smp_read_signed with smp_verify, and, signature or not, what reads the
 * metadata: smp_read_redirect, smp_check_ids, smp_next_process, smp_select. Nothing that was
 * changed may verify: the seeds are signed by the test SMP, so a verified answer that is about
 * another participant than theirs would be a forgery. */
#include <stdint.h>
#include <stdlib.h>

#include "ap/dsig/dsig.h"
#include "ap/lookup/smp.h"
#include "ap/xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DOCTYPE "urn:x::Invoice##c::2.1"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void set_up(void)
{
    static bool done;
    struct err e = ERR_INIT;

    if (done)
        return;
    xml_init();
    must(dsig_init(&e) == 0);
    done = true;
}

static void read_metadata(xmlNode *metadata, struct arena *a, bool verified)
{
    struct participant p;
    struct doctype d;
    struct process pr;
    struct smp_redirect r;
    struct smp_endpoint ep;
    const xmlNode *at = NULL;
    struct err e = ERR_INIT;
    int redirect = smp_read_redirect(&r, metadata, a, &e);

    must(participant_parse(&p, STR("0088:123abc"), &e) == 0);
    must(doctype_parse(&d, STR(DOCTYPE), &e) == 0);
    must(process_parse(&pr, STR("urn:prof"), &e) == 0);
    if (redirect == 0 && smp_check_ids(metadata, &p, &d, a, &e) && verified)
        abort(); /* signed, but not what the test SMP signed */
    if (smp_select(&ep, metadata, &pr, TRANSPORT_AS4, 1795305600000, a, &e) == 0)
        must(ep.address.p && ep.certificate.p);
    while (smp_next_process(&pr, &at, metadata, a))
        if (smp_select(&ep, metadata, &pr, TRANSPORT_AS4, 0, a, &e) == 0)
            must(ep.node != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(32u << 20);
    struct str body = {(const char *)data, size};
    struct participant p;
    struct doctype *list;
    struct cert *signer;
    struct err e = ERR_INIT;
    xmlNode *metadata;
    xmlDoc *doc;
    size_t n, odd;

    set_up();
    must(participant_parse(&p, STR("0088:123abc"), &e) == 0);
    if (smp_read_group(&list, &n, &odd, a, body, &p, &e) == 0)
        for (size_t i = 0; i < n; i++)
            must(doctype_same(&list[i], &list[i]));
    if (smp_read_signed(&metadata, &signer, a, body, &e) == 0) {
        read_metadata(metadata, a, true);
        cert_unref(signer);
    } else if (xml_parse(&doc, a, data, size, NULL, &e) == 0)
        read_metadata(xml_first_element(xmlDocGetRootElement(doc)), a, false);
    arena_free(a);
    return 0;
}
