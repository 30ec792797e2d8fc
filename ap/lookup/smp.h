/* smp.h - the Service Metadata Publisher's answers as values (SMP 1.4.0 5): parsing and checking,
 * no network.
 *
 * Trees are parsed hardened (1 MiB); SignedServiceMetadata is only ever read from the node whose
 * signature was verified. One thread per call. */
#ifndef AP_LOOKUP_SMP_H
#define AP_LOOKUP_SMP_H

#include <libxml/tree.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/crypto/cert.h"
#include "ap/crypto/key.h"
#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

#define SMP_NS "http://busdox.org/serviceMetadata/publishing/1.0/"
#define SMP_IDS_NS "http://busdox.org/transport/identifiers/1.0/"
#define SMP_WSA_NS "http://www.w3.org/2005/08/addressing"
#define SMP_MAX_BYTES (1024 * 1024)
#define SMP_MAX_ENDPOINTS 64 /* of one process, or when writing */

struct smp_endpoint { /* text in the arena or borrowed */
    struct str transport_profile, address;
    struct str certificate; /* base64, PEM armour and white space as they came */
    struct str description, contact;
    int64_t activation, expiry; /* ms; 0: unbounded */
    xmlNode *node;              /* the Endpoint it was read from; NULL: from none */
};
struct smp_redirect {
    struct str href, certificate_uid;
};

/* Parse bytes, find SignedServiceMetadata, verify its signature. `signer` (owned by the caller:
 * cert_unref) is what the signature verified under; whether it is to be trusted is the caller's to
 * ask. `metadata` is the verified ServiceMetadata. smp.malformed (ERR_RETRY: HTML and the like),
 * smp.signature (ERR_PEER). */
int smp_read_signed(xmlNode **metadata, struct cert **signer, struct arena *a, struct str body,
    struct err *e) MUST_CHECK;

/* Redirect of the metadata: 1 with *out filled, 0 when it is ServiceInformation, -1. */
int smp_read_redirect(
    struct smp_redirect *out, xmlNode *metadata, struct arena *a, struct err *e) MUST_CHECK;
/* The ids in the answer are those asked for? smp.mismatch. */
int smp_check_ids(xmlNode *metadata, const struct participant *p, const struct doctype *d,
    struct arena *a, struct err *e) MUST_CHECK;
/* The endpoint for a process and transport profile that is usable at `now`. Other processes and
 * endpoints may be as odd as they like. `now` 0: the first, whatever its dates.
 * process.not-supported, endpoint.no-as4,
 * endpoint.not-active, endpoint.expired, smp.malformed. */
int smp_select(struct smp_endpoint *out, xmlNode *metadata, const struct process *p,
    const char *transport, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
/* The Process elements of ServiceInformation one after the other, from *at = NULL on; those whose
 * identifier cannot be read are passed over. False: no more. */
bool smp_next_process(
    struct process *out, const xmlNode **at, const xmlNode *metadata, struct arena *a);

/* The document type ids of a ServiceGroup; its participant must be the one asked for. */
int smp_read_group(struct doctype **out, size_t *n, size_t *odd, struct arena *a, struct str body,
    const struct participant *p, struct err *e) MUST_CHECK;

/* URLs: BASE/PARTICIPANT and BASE/PARTICIPANT/services/DOCTYPE. */
void smp_group_url(struct buf *out, const char *base, const struct participant *p);
void smp_metadata_url(
    struct buf *out, const char *base, const struct participant *p, const struct doctype *d);

#endif
