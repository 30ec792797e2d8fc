/* conf_submission.c - what the testbed asks us to send. */
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

static int out_send(struct conf_exchange *x, struct out *o, const char *to, uint64_t size,
    struct blob document, struct err *e)
{
    char id[RND_UUID], number[32];
    struct conf_message m = {
        .from = &o->us, .to = to, .number = number, .size = size, .document = document};

    rnd_uuid(id);
    (void)snprintf(number, sizeof(number), "CONFORMANCE-%.8s", id);
    return conf_send(x, o->r, o->k, &m, o->a, e);
}

static int plain(struct conf_run *r, struct conf_case *k, uint64_t size, struct err *e)
{
    static const struct blob ours;
    struct conf_exchange x = {0};
    struct out o;
    int rc = out_begin(&o, r, k, e);

    if (rc == 0 && k->verdict != CONF_SKIPPED && (rc = out_send(&x, &o, r->to, size, ours, e)) == 0)
        (void)conf_expect_receipt(k, &x, size ? "a large invoice" : "an invoice");
    conf_exchange_free(&x);
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

static bool not_sent(struct conf_case *k, const struct conf_exchange *x)
{
    return conf_check(k, !x->found && strcmp(x->why.code, "ap-cert.revoked") == 0,
        "the second is not sent: %s %.200s", x->found ? "an endpoint was taken," : x->why.code,
        x->found ? x->ep.url : x->why.msg);
}

/* As the testbed's three files: to one receiver, to the one with the revoked certificate, to the
 * first again. */
int conf_submission_revoked(struct conf_run *r, struct conf_case *k, struct err *e)
{
    static const struct blob ours;
    struct conf_exchange x[3] = {0};
    struct out o;
    int rc;

    if (!r->to || !r->revoked) {
        conf_skip(k, "no receiver (--to) or none with a revoked certificate (--revoked) was named");
        return 0;
    }
    rc = out_begin(&o, r, k, e);
    for (size_t i = 0; rc == 0 && k->verdict != CONF_SKIPPED && i < 3; i++)
        rc = out_send(&x[i], &o, i == 1 ? r->revoked : r->to, 0, ours, e);
    if (rc == 0 && k->verdict != CONF_SKIPPED) {
        (void)conf_expect_receipt(k, &x[0], "the first");
        (void)not_sent(k, &x[1]);
        (void)conf_expect_receipt(k, &x[2], "the third");
    }
    for (size_t i = 0; i < 3; i++)
        conf_exchange_free(&x[i]);
    arena_free(o.a);
    return rc;
}

int conf_submission_wildcard(struct conf_run *r, struct conf_case *k, struct err *e)
{
    struct conf_exchange x = {0};
    struct out o;
    int rc;

    if (!r->wildcard || !r->wildcard_document.len) {
        conf_skip(k, "no receiver with a wildcard (--wildcard) or no PINT document for it "
                     "(--wildcard-document) was named");
        return 0;
    }
    rc = out_begin(&o, r, k, e);
    if (rc == 0 && k->verdict != CONF_SKIPPED &&
        (rc = out_send(&x, &o, r->wildcard, 0, r->wildcard_document, e)) == 0) {
        (void)conf_expect_receipt(k, &x, "the document");
        if (x.found)
            (void)conf_check(k,
                x.ep.registered.scheme == DOCTYPE_WILDCARD &&
                    strchr(x.ep.registered.value, '*') != NULL,
                "the registration that matched ends in a wildcard: %.200s", x.ep.registered.value);
    }
    conf_exchange_free(&x);
    arena_free(o.a);
    return rc;
}
