/* publish_priv.h - requests to the SMP, and changes inside one ServiceMetadata. */
#ifndef AP_PUBLISH_PUBLISH_PRIV_H
#define AP_PUBLISH_PUBLISH_PRIV_H

#include "ap/publish/publish.h"

/* 1: *body is the answer (buf_free); 0: the SMP says 404; -1. */
int publish_get(
    struct buf *body, const struct publish_smp *s, const char *url, struct err *e) MUST_CHECK;
int publish_put(
    const struct publish_smp *s, const char *url, const struct buf *body, struct err *e) MUST_CHECK;
/* What is not there is fine. */
int publish_delete(const struct publish_smp *s, const char *url, struct err *e) MUST_CHECK;

/* The URL of the participant, or of one of its document types; in the arena. NULL: memory. */
const char *publish_url(const struct publish_smp *s, const struct participant *p,
    const struct doctype *d, struct arena *a, struct err *e);
/* The verified ServiceMetadata of a document type. 1, 0 (there is none), -1. `signer` (CERT_CN) may
 * be NULL. */
int publish_get_metadata(xmlNode **out, char *signer, const struct publish_smp *s,
    const struct participant *p, const struct doctype *d, struct arena *a,
    struct err *e) MUST_CHECK;

/* The AS4 endpoint that counts for a process: the one usable now, else the first. */
int publish_pick(struct smp_endpoint *out, xmlNode *metadata, const struct process *p, int64_t now,
    struct arena *a, struct err *e) MUST_CHECK;

/* Change, add or remove the AS4 endpoint of one process. `metadata` is ServiceMetadata with
 * ServiceInformation. */
int publish_edit_put(xmlNode *metadata, const struct publish_ours *ours,
    const struct publish_row *row, int64_t now, struct arena *a, struct err *e) MUST_CHECK;
void publish_edit_remove(
    xmlNode *metadata, const struct publish_row *row, int64_t now, struct arena *a);
bool publish_edit_is_empty(const xmlNode *metadata); /* no process is left */
/* ServiceMetadata without any process, to be filled. */
int publish_edit_new(xmlNode **metadata, const struct participant *p, const struct doctype *d,
    struct arena *a, struct err *e) MUST_CHECK;

#endif
