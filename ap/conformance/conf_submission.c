/* conf_submission.c - what the testbed asks us to send: through the queue, as in production. */
#include <stdio.h>
#include <string.h>

#include "ap/base/rnd.h"
#include "ap/conformance/conf_priv.h"

#define ARENA (64u << 20)

struct out {
    struct conf_run *r;
    struct conf_case *k;
    struct store_participant us;
    struct arena *a;
};

static int out_begin(struct out *o, struct conf_run *r, struct conf_case *k, struct err *e)
{
    *o = (struct out){.r = r, .k = k, .a = arena_new(ARENA)};
    if (!o->a)
        return err_nomem(e);
    (void)conf_own(&o->us, r, k, o->a);
    return 0;
}

static int out_send(struct conf_queued *q, struct out *o, const char *to, uint64_t size,
    struct blob document, struct err *e)
{
    char id[RND_UUID], number[32];
    struct conf_message m = {
        .from = &o->us, .to = to, .number = number, .size = size, .document = document};

    rnd_uuid(id);
    (void)snprintf(number, sizeof(number), "CONFORMANCE-%.8s", id);
    return conf_queue(q, o->r, o->k, &m, o->a, e);
}

static int plain(struct conf_run *r, struct conf_case *k, uint64_t size, struct err *e)
{
    static const struct blob ours;
    struct conf_queued q;
    struct out o;
    int rc = out_begin(&o, r, k, e);

    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = out_send(&q, &o, r->to, size, ours, e)) == 0)
        (void)conf_expect_receipted(k, &q, size ? "a large invoice" : "an invoice");
    arena_free(o.a);
    return rc;
}

int conf_submission(struct conf_run *r, struct conf_case *k, struct err *e)
{
    if (r->to)
        return plain(r, k, 0, e);
    conf_skip(k, "no receiver of the test network was named (--to)");
    return 0;
}

int conf_submission_large(struct conf_run *r, struct conf_case *k, struct err *e)
{
    if (r->to && r->large)
        return plain(r, k, r->large, e);
    conf_skip(k, "no receiver (--to) or no size (--large) was named");
    return 0;
}

static bool not_sent(struct conf_case *k, const struct conf_queued *q)
{
    const struct out_row *row = &q->row;

    if (!conf_check(k, q->accepted, "the second is taken by the queue%s%.200s",
            q->accepted ? "" : ": ", q->why.msg))
        return false;
    return conf_check(k, !row->left && strcmp(row->reason.code, "ap-cert.revoked") == 0,
        "no byte of the second leaves: it is %s, %s %.200s", out_state_word(row->state),
        row->reason.code, row->reason.msg);
}

/* As the testbed's three files: to one receiver, to the one with the revoked certificate, to the
 * first again. */
int conf_submission_revoked(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct blob ours;
    struct conf_queued q[3];
    struct out o;
    int rc;

    if (!r->to || !r->revoked) {
        conf_skip(k, "no receiver (--to) or none with a revoked certificate (--revoked) was named");
        return 0;
    }
    rc = out_begin(&o, r, k, e);
    for (size_t i = 0; rc == 0 && k->verdict != CONF_SKIPPED && i < 3; i++)
        rc = out_send(&q[i], &o, i == 1 ? r->revoked : r->to, 0, ours, e);
    if (rc == 0 && k->verdict != CONF_SKIPPED) {
        (void)conf_expect_receipted(k, &q[0], "the first");
        (void)not_sent(k, &q[1]);
        (void)conf_expect_receipted(k, &q[2], "the third");
    }
    arena_free(o.a);
    return rc;
}

/* The peer's old certificate is published for one receiver, its new one for the other. */
int conf_submission_migration(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct blob ours;
    struct conf_queued before, after;
    const struct message_row *old = &before.row.message, *new = &after.row.message;
    struct out o;
    int rc;

    if (!r->to || !r->migrated) {
        conf_skip(k, "no receiver with the old certificate of an access point (--to) or none with "
                     "its new one (--migrated) was named");
        return 0;
    }
    rc = out_begin(&o, r, k, e);
    if (rc == 0 && k->verdict != CONF_SKIPPED &&
        (rc = out_send(&before, &o, r->to, 0, ours, e)) == 0 &&
        (rc = out_send(&after, &o, r->migrated, 0, ours, e)) == 0 &&
        conf_expect_receipted(k, &before, "to the old certificate, an invoice") &&
        conf_expect_receipted(k, &after, "to the new certificate, an invoice")) {
        (void)conf_check(k, strcmp(old->seat, new->seat) == 0,
            "both certificates are of one seat: %s, %s", old->seat, new->seat);
        (void)conf_check(k, strcmp(old->peer_serial, new->peer_serial) != 0,
            "they are two certificates: %s, %s", old->peer_serial, new->peer_serial);
    }
    arena_free(o.a);
    return rc;
}

static int registered_by_wildcard(struct out *o, struct err *e)
{
    const struct conf_message m = {
        .from = &o->us, .to = o->r->wildcard, .document = o->r->wildcard_document};
    struct conf_document doc;
    struct lookup_query lq = {&doc.receiver, &doc.d.doctype, &doc.d.process, false, 0};
    struct endpoint ep = {0};
    struct err why = ERR_INIT;
    int rc = conf_document_make(&doc, o->r, &m, o->a, e);

    if (rc == 0 && lookup_endpoint(&ep, o->r->lookup, &lq, o->a, &why) == 0)
        (void)conf_check(o->k,
            ep.registered.scheme == DOCTYPE_WILDCARD && strchr(ep.registered.value, '*') != NULL,
            "the registration that matched ends in a wildcard: %.200s", ep.registered.value);
    endpoint_free(&ep);
    conf_document_free(&doc);
    return rc;
}

int conf_submission_wildcard(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct conf_queued q;
    struct out o;
    int rc;

    if (!r->wildcard || !r->wildcard_document.len) {
        conf_skip(k, "no receiver with a wildcard (--wildcard) or no PINT document for it "
                     "(--wildcard-document) was named");
        return 0;
    }
    rc = out_begin(&o, r, k, e);
    if (rc == 0 && k->verdict != CONF_SKIPPED &&
        (rc = out_send(&q, &o, r->wildcard, 0, r->wildcard_document, e)) == 0 &&
        conf_expect_receipted(k, &q, "the document"))
        rc = registered_by_wildcard(&o, e);
    arena_free(o.a);
    return rc;
}
