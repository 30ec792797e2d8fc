/* conf_journal.c - what the service's journal says: of a message that it took, and of a document
 * that goes through its queue. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/conformance/conf_priv.h"

#define POLL_MS 100
#define VERDICT_MS 20000 /* validation of what was received */
#define QUEUE_MS 180000  /* of one document through the queue */

/* ---- received ---- */

static int find_kept(struct in_row *row, size_t *n, struct conf_run *r, const char *id,
    struct arena *a, struct err *e)
{
    struct store_hit hits[8];
    size_t all = 0;

    *n = 0;
    if (store_find(hits, 8, &all, r->store, id, e))
        return -1;
    for (size_t i = 0; i < all && i < 8; i++)
        if (hits[i].inbound && (*n)++ == 0 && store_in_get(row, r->store, hits[i].row, a, e))
            return -1;
    return 0;
}

int conf_expect_kept(struct conf_run *r, struct conf_case *k, const struct conf_exchange *x,
    struct arena *a, struct err *e)
{
    int64_t until = clock_mono() + VERDICT_MS;
    char want[HASH_HEX], have[HASH_HEX];
    struct in_row row;
    size_t n;

    for (;;) {
        if (find_kept(&row, &n, r, x->message_id, a, e))
            return -1;
        if (n == 0 || *row.verdict || clock_mono() > until)
            break;
        clock_sleep(POLL_MS);
    }
    if (!conf_check(k, n == 1, "the journal has the message once%s",
            n == 1   ? ""
            : n == 0 ? ": not at all"
                     : ": several times"))
        return 0;
    enc_hex(want, x->document_sha256, HASH_LEN);
    enc_hex(have, row.document_sha256, HASH_LEN);
    (void)conf_check(k, strcmp(want, have) == 0,
        "its document is the one that was sent, SHA-256 %s%s%s", have,
        strcmp(want, have) == 0 ? "" : " instead of ", strcmp(want, have) == 0 ? "" : want);
    (void)conf_check(k, *row.verdict && strcmp(row.verdict, "invalid") != 0,
        "the receiver judged it %s: %s", *row.verdict ? row.verdict : "not yet", row.rule_sets);
    return 0;
}

/* ---- sent through the queue ---- */

static int keep_blob(
    struct conf_run *r, struct conf_case *k, int64_t ref, const char *content_type, struct err *e)
{
    struct store_blob b;
    struct buf bytes;
    int rc;

    if (!ref)
        return 0;
    if (store_blob_open(&b, r->store, ref, e))
        return -1;
    buf_init(&bytes, CONF_WIRE_MAX);
    rc = blob_load(&bytes, &b.blob, e);
    if (!rc)
        rc = content_type ? conf_keep_request(r, k, content_type, false, buf_view(&bytes), e)
                          : conf_keep_next(r, k, "answer.xml", buf_view(&bytes), e);
    buf_free(&bytes);
    store_blob_close(&b);
    return rc;
}

static int keep_exchange(const struct conf_queued *q, struct conf_run *r, struct conf_case *k,
    struct arena *a, struct err *e)
{
    struct attempt_row tries[8];
    size_t n = 0;

    if (!q->row.left)
        return 0;
    if (store_attempts(tries, 8, &n, r->store, q->row.row, a, e) ||
        keep_blob(r, k, q->row.message.wire, q->row.message.content_type, e))
        return -1;
    return n ? keep_blob(r, k, tries[n < 8 ? n - 1 : 7].answer, NULL, e) : 0;
}

static bool goes_on(const struct out_row *row)
{
    return row->state == OUT_ACCEPTED || row->state == OUT_SENDING;
}

static int follow(
    struct conf_queued *q, struct conf_run *r, int64_t number, struct arena *a, struct err *e)
{
    int64_t until = clock_mono() + QUEUE_MS;

    for (;;) {
        if (store_out_get(&q->row, r->store, number, a, e))
            return -1;
        if (!goes_on(&q->row) || clock_mono() > until)
            return 0;
        clock_sleep(POLL_MS);
    }
}

int conf_queue(struct conf_queued *q, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e)
{
    struct conf_document doc;
    int64_t number, began = clock_mono();
    int rc;

    *q = (struct conf_queued){.why = ERR_INIT};
    rc = conf_document_make(&doc, r, m, a, e);
    if (!rc &&
        r->submit(r->submit_ctx, &number, &doc.d.root, m->from->identifier, m->to, &q->why) == 0) {
        q->accepted = true;
        rc = follow(q, r, number, a, e) || keep_exchange(q, r, k, a, e);
    }
    conf_document_free(&doc);
    q->ms = clock_mono() - began;
    return rc ? -1 : 0;
}

bool conf_expect_receipted(struct conf_case *k, const struct conf_queued *q, const char *what)
{
    const struct out_row *row = &q->row;

    if (!conf_check(k, q->accepted, "%s is taken by the queue%s%.200s", what,
            q->accepted ? " as " : ": ", q->accepted ? row->id : q->why.msg))
        return false;
    if (row->state != OUT_RECEIPTED)
        return conf_check(k, false, "%s is receipted: it is %s, %s %.200s", what,
            out_state_word(row->state), row->reason.code, row->reason.msg);
    return conf_check(k, true, "%s is receipted by %s at %.120s, in %lld ms", what,
        row->message.seat, row->message.endpoint, (long long)q->ms);
}
