#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define MIN 60000

static void read_bytes(struct kit *k, int64_t ref, char *out, size_t max)
{
    struct store_blob b;
    struct err e = ERR_INIT;

    assert_int_equal(store_blob_open(&b, k->s, ref, &e), 0);
    assert_true(b.blob.len < max);
    assert_int_equal(blob_read(&b.blob, 0, out, (size_t)b.blob.len, &e), 0);
    out[b.blob.len] = '\0';
    store_blob_close(&b);
}

/* ---- sending ---- */

static void an_attempt_ends_with_its_proof(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    int64_t at = kit_begin(k, &c, 1, T + 1);
    struct out_row r = kit_get(k, row);
    struct proof_row p[2];
    struct attempt_row t[2];
    struct err e = ERR_INIT;
    char raw[64];
    size_t n;

    assert_int_equal(r.state, OUT_SENDING);
    assert_string_equal(r.message.message_id, "message-1@test");
    assert_string_equal(r.message.expect, "expect");
    read_bytes(k, r.message.wire, raw, sizeof(raw));
    assert_string_equal(raw, "wire bytes");
    assert_int_equal(kit_end(k, at, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + 20), OUT_RECEIPTED);
    r = kit_get(k, row);
    assert_int_equal(r.state, OUT_RECEIPTED);
    assert_int_equal(r.level, PROOF_RECEIPTED);
    assert_int_equal(r.proven_at, T + 20);
    assert_int_equal(r.next_at, 0);
    assert_true(r.settled && r.left && r.message.answered);
    assert_int_equal(store_proofs(p, 2, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(p[0].signer, "POP000123");
    assert_string_equal(p[0].not_revoked_by, "crl");
    read_bytes(k, p[0].raw, raw, sizeof(raw));
    assert_string_equal(raw, "<Receipt/>");
    assert_int_equal(store_attempts(t, 2, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(t[0].result, "test");
    assert_string_equal(t[0].endpoint, "https://ap.example/as4");
    assert_string_equal(t[0].address, "192.0.2.1");
    read_bytes(k, t[0].answer, raw, sizeof(raw));
    assert_string_equal(raw, "answer");
}

static void an_open_message_is_only_sent_again_as_it_is(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), attempt;
    struct out_claim c = kit_claim(k, T);
    struct message_new m = kit_message(2, "other bytes");
    struct err e = ERR_INIT;
    char raw[64];

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T + 1);
    c = kit_claim(k, T + MIN);
    assert_int_equal(c.state, OUT_UNKNOWN);
    kit_refused(store_attempt_begin(&attempt, k->s, &c, &m, KIT_LEASE, T + MIN, &e), &e,
        "store.message-open");
    attempt = kit_begin(k, &c, 0, T + MIN);
    {
        struct out_view v;
        assert_int_equal(store_out_view(&v, k->s, row, k->a, &e), 0);
        assert_int_equal(v.doc.state, OUT_SENDING);
        assert_int_equal(v.nattempts, 2);
        assert_int_equal(v.attempts_in_all, 2);
        assert_int_equal(v.attempts[1].n, 2);
        assert_int_equal(v.attempts[1].ended_at, 0);
        assert_int_equal(v.nproofs, 0);
        kit_refused(store_out_view(&v, k->s, row + 1, k->a, &e), &e, "store.not-found");
    }
    assert_string_equal(kit_get(k, row).message.message_id, "message-1@test");
    read_bytes(k, kit_get(k, row).message.wire, raw, sizeof(raw));
    assert_string_equal(raw, "wire bytes");
    assert_int_equal(kit_get(k, row).attempts, 2);
    (void)kit_end(k, attempt, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + MIN + 1);
}

static void an_answered_message_is_spent(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), attempt;
    struct out_claim c = kit_claim(k, T);
    struct message_new m = kit_message(1, "the spent id");
    struct err e = ERR_INIT;

    assert_int_equal(
        kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_WAITING, T + MIN, T + 1),
        OUT_WAITING);
    c = kit_claim(k, T + MIN);
    kit_refused(store_attempt_begin(&attempt, k->s, &c, NULL, KIT_LEASE, T + MIN, &e), &e,
        "store.message-used");
    kit_refused(store_attempt_begin(&attempt, k->s, &c, &m, KIT_LEASE, T + MIN, &e), &e,
        "store.message-used");
    (void)kit_begin(k, &c, 2, T + MIN);
    assert_string_equal(kit_get(k, row).message.message_id, "message-2@test");
}

static void what_never_left_is_composed_anew(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), blobs = 0;
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    assert_int_equal(
        kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_NOT_LEFT, OUT_WAITING, T + MIN, T + 1),
        OUT_WAITING);
    assert_false(kit_get(k, row).left);
    c = kit_claim(k, T + MIN);
    (void)kit_begin(k, &c, 1, T + MIN); /* even under the same id */
    assert_int_equal(kit_get(k, row).attempts, 2);
    assert_int_equal(db_int(&blobs, &k->s->writer, &e, "SELECT count(*) FROM blob", NULL, 0), 1);
    assert_int_equal(blobs, 3); /* document, wire, first answer: the old wire is gone */
}

static void unknown_stays_unknown_when_the_repeat_does_not_get_through(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T + 1);
    c = kit_claim(k, T + MIN);
    assert_int_equal(kit_end(k, kit_begin(k, &c, 0, T + MIN), ATTEMPT_NOT_LEFT, OUT_WAITING,
                         T + 2 * MIN, T + MIN + 1),
        OUT_UNKNOWN);
    c = kit_claim(k, T + 2 * MIN);
    assert_int_equal(kit_end(k, kit_begin(k, &c, 0, T + 2 * MIN), ATTEMPT_NOT_TAKEN, OUT_REFUSED,
                         T + 3 * MIN, T + 2 * MIN + 1),
        OUT_UNKNOWN);
    assert_int_equal(kit_get(k, row).state, OUT_UNKNOWN);
    assert_int_equal(kit_get(k, row).next_at, T + 3 * MIN);
}

static void a_late_result_is_kept_and_only_a_proof_counts(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), first, second;
    struct out_claim c = kit_claim(k, T);
    struct out_swept sw;
    struct attempt_row t[4];
    struct err e = ERR_INIT;
    size_t n;

    first = kit_begin(k, &c, 1, T);
    assert_int_equal(store_out_sweep(&sw, k->s, T + KIT_LEASE, 100, &e), 0);
    assert_int_equal(sw.unknown, 1);
    c = kit_claim(k, T + KIT_LEASE);
    second = kit_begin(k, &c, 0, T + KIT_LEASE);
    /* the first comes back with an error: noted, nothing moves */
    assert_int_equal(
        kit_end(k, first, ATTEMPT_ANSWERED, OUT_REFUSED, 0, T + KIT_LEASE + 1), OUT_SENDING);
    assert_int_equal(
        kit_end(k, second, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + KIT_LEASE + 2), OUT_RECEIPTED);
    assert_int_equal(store_attempts(t, 4, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(t[0].ended_at, T + KIT_LEASE + 1);
}

static void an_attempt_ends_once(void **state)
{
    struct kit *k = *state;
    struct out_claim c;
    struct err why = kit_why(ERR_RETRY, "http.connect"), e = ERR_INIT;
    struct attempt_result r = {
        .outcome = ATTEMPT_NOT_LEFT, .to = OUT_WAITING, .result = "x", .why = &why, .now = T};
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    at = kit_begin(k, &c, 1, T);
    assert_int_equal(store_attempt_end(NULL, k->s, at, &r, &e), 0);
    kit_refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.not-found");
}

static void no_receipted_without_proof(void **state)
{
    struct kit *k = *state;
    struct out_claim c;
    struct proof_new p = kit_proof(PROOF_RECEIPTED);
    struct attempt_result r = {
        .outcome = ATTEMPT_ANSWERED, .to = OUT_RECEIPTED, .result = "x", .now = T};
    struct err e = ERR_INIT;
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    at = kit_begin(k, &c, 1, T);
    kit_refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.value");
    p.raw.len = 0; /* and no answer: no bytes at all */
    r.proof = &p;
    kit_refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.value");
    r.answer = blob_mem("<R/>", 4); /* the answer is the proof */
    assert_int_equal(store_attempt_end(NULL, k->s, at, &r, &e), 0);
}

static void a_lost_lease_is_told(void **state)
{
    struct kit *k = *state;
    struct out_claim c, d;
    struct err e = ERR_INIT, why = kit_why(ERR_RETRY, "smp.timeout");
    struct message_new m = kit_message(1, "w");
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    d = kit_claim(k, T + KIT_LEASE);
    kit_refused(store_out_wait(k->s, &c, &why, T + MIN, NULL, T, &e), &e, "store.lease-lost");
    kit_refused(store_attempt_begin(&at, k->s, &c, &m, KIT_LEASE, T, &e), &e, "store.lease-lost");
    kit_refused(store_out_refuse(k->s, &c, &why, T, &e), &e, "store.lease-lost");
    assert_int_equal(store_out_wait(k->s, &d, &why, T + 2 * MIN, "POP000999", T, &e), 0);
    assert_string_equal(kit_get(k, d.row).dest, "POP000999");
    assert_int_equal(kit_get(k, d.row).state, OUT_WAITING);
    assert_string_equal(kit_get(k, d.row).reason.code, "smp.timeout");
}

static void giving_back_without_a_reason_changes_nothing_else(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    assert_int_equal(store_out_wait(k->s, &c, NULL, T + MIN, NULL, T, &e), 0);
    assert_int_equal(kit_get(k, row).state, OUT_ACCEPTED);
    assert_int_equal(kit_get(k, row).attempts, 0);
    assert_int_equal(kit_get(k, row).next_at, T + MIN);
}

/* ---- fairness ---- */

struct gate {
    const char *closed;
    unsigned n;
    int64_t again;
    int asked;
};

static unsigned may(void *ctx, const char *dest, int64_t *again)
{
    struct gate *g = ctx;

    g->asked++;
    *again = g->again;
    return g->closed && strcmp(dest, g->closed) == 0 ? 0 : g->n;
}

static void q1_a_backlog_takes_turns_with_the_others(void **state)
{
    struct kit *k = *state;
    struct out_claim c[8];
    struct err e = ERR_INIT;
    struct out_added a;
    size_t n;

    for (unsigned i = 0; i < 40; i++) {
        struct out_new x = kit_out(i, T);
        x.dest = i < 38 ? "busy" : i == 38 ? "small" : "tiny";
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 10, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 3); /* one of each */
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 11, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(kit_get(k, c[0].row).state, OUT_ACCEPTED);
    assert_string_equal(kit_get(k, c[0].row).dest, "busy");
    /* a newcomer elsewhere is next, however long the backlog */
    {
        struct out_new x = kit_out(50, T + 12);
        x.dest = "new";
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 2, &n, k->s, T + 12, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 2);
    assert_string_equal(kit_get(k, c[1].row).dest, "new");
}

static void a_closed_destination_is_put_off_whole(void **state)
{
    struct kit *k = *state;
    struct gate g = {"POP000123", 4, T + MIN, 0};
    const struct out_gate gate = {may, &g};
    struct out_claim c[8];
    struct err e = ERR_INIT;
    int64_t due;
    size_t n;

    for (unsigned i = 0; i < 6; i++)
        (void)kit_add(k, i, T);
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_next_due(&due, k->s, &e), 0);
    assert_int_equal(due, T + MIN);
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 1, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(g.asked, 1); /* not asked again before its time */
    g.closed = NULL;
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + MIN, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(n, 4);
    assert_int_equal(kit_get(k, c[0].row).attempts, 0);
}

static void many_destinations_are_all_served(void **state)
{
    struct kit *k = *state;
    struct out_claim c[200];
    struct err e = ERR_INIT;
    struct out_added a;
    size_t n;

    for (unsigned i = 0; i < 150; i++) {
        struct out_new x = kit_out(i, T);
        char dest[16];
        (void)snprintf(dest, sizeof(dest), "d%u", i);
        x.dest = dest;
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 200, &n, k->s, T, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 150);
}

/* ---- people and clocks ---- */

static void cancel_only_before_a_byte_has_left(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), other;
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;
    int64_t at = kit_begin(k, &c, 1, T);

    kit_refused(store_out_cancel(k->s, row, "me", "typo", T, &e), &e, "store.left");
    (void)kit_end(k, at, ATTEMPT_ANSWERED, OUT_WAITING, T + MIN, T);
    kit_refused(store_out_cancel(k->s, row, "me", "typo", T, &e), &e, "store.left");
    other = kit_add(k, 2, T);
    assert_int_equal(store_out_cancel(k->s, other, "me", "typo", T, &e), 0);
    assert_int_equal(kit_get(k, other).state, OUT_CANCELLED);
    assert_string_equal(kit_get(k, other).reason.who, "me");
    kit_refused(store_out_release(k->s, other, "me", T, &e), &e, "store.state");
}

static void a_held_document_is_not_claimed_and_comes_back_as_it_was(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T), none;
    struct err e = ERR_INIT;
    size_t n;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T);
    assert_int_equal(store_out_hold(k->s, row, "ann", "asked by phone", T, &e), 0);
    assert_string_equal(kit_get(k, row).held_by, "ann");
    assert_string_equal(kit_get(k, row).held_why, "asked by phone");
    assert_int_equal(store_out_claim(&none, 1, &n, k->s, T + MIN, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_release(k->s, row, "ann", T + MIN, &e), 0);
    assert_int_equal(kit_claim(k, T + MIN).state, OUT_UNKNOWN);
}

static void held_twice_it_is_still_released_to_what_it_was(void **state)
{
    struct kit *k = *state;
    int64_t unknown = kit_add(k, 1, T), fresh;
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T);
    fresh = kit_add(k, 2, T);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_out_hold(k->s, fresh, "ann", "one", T, &e), 0);
        assert_int_equal(store_out_hold(k->s, unknown, "ann", "one", T, &e), 0);
    }
    assert_int_equal(store_out_hold(k->s, fresh, "cy", NULL, T, &e), 0);
    assert_string_equal(kit_get(k, fresh).held_why, "one"); /* no reason is no better reason */
    assert_int_equal(store_out_hold(k->s, fresh, "bob", "two", T, &e), 0);
    assert_string_equal(kit_get(k, fresh).held_by, "bob");
    assert_string_equal(kit_get(k, fresh).held_why, "two");
    assert_int_equal(store_out_release(k->s, fresh, "bob", T, &e), 0);
    assert_int_equal(store_out_release(k->s, unknown, "bob", T, &e), 0);
    assert_int_equal(kit_get(k, fresh).state, OUT_ACCEPTED);
    assert_int_equal(kit_get(k, unknown).state, OUT_UNKNOWN);
}

static void who_lost_its_claim_holds_nothing(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    assert_int_equal(store_out_hold(k->s, row, "ann", "mine", T, &e), 0);
    kit_refused(
        store_out_hold_claimed(k->s, &c, "a worker", "late", T, &e), &e, "store.lease-lost");
    assert_string_equal(kit_get(k, row).held_by, "ann");
    assert_int_equal(store_out_release(k->s, row, "ann", T, &e), 0);
    kit_refused(
        store_out_hold_claimed(k->s, &c, "a worker", "late", T, &e), &e, "store.lease-lost");
    c = kit_claim(k, T);
    assert_int_equal(store_out_hold_claimed(k->s, &c, "a worker", "in time", T, &e), 0);
    assert_string_equal(kit_get(k, row).held_by, "a worker");
}

static void release_does_not_restart_what_had_stopped(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;
    size_t n;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, 0, T); /* "duplicate" */
    assert_int_equal(store_out_hold(k->s, row, "ann", "", T, &e), 0);
    assert_int_equal(store_out_release(k->s, row, "ann", T, &e), 0);
    assert_int_equal(store_out_claim(&c, 1, &n, k->s, T + MIN, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_retry(k->s, row, "ann", 0, T + MIN, &e), 0); /* a person may */
    assert_int_equal(kit_claim(k, T + MIN).state, OUT_UNKNOWN);
}

static void the_sweep_flags_late_whatever_the_state(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), held = kit_add(k, 2, T);
    struct out_swept sw;
    struct err e = ERR_INIT;
    struct out_claim c;

    assert_int_equal(store_out_hold(k->s, held, "ann", "", T, &e), 0);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600000 - 1, 0, &e), 0);
    assert_int_equal(sw.late, 0);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600000, 0, &e), 0);
    assert_int_equal(sw.late, 2);
    assert_true(kit_get(k, row).late);
    assert_true(kit_get(k, held).late);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600001, 0, &e), 0);
    assert_int_equal(sw.late, 0); /* once */
    c = kit_claim(k, T + 3600001);
    (void)kit_end(
        k, kit_begin(k, &c, 1, T + 3600001), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + 3600002);
    assert_false(kit_get(k, row).late);
}

/* Where no service runs nobody sweeps: who asks is told all the same. */
static void late_is_seen_before_any_sweep(void **state)
{
    struct kit *k = *state;
    int64_t first = kit_add(k, 1, T), second = kit_add(k, 2, T + MIN), third;
    struct store_filter f = STORE_FILTER_ALL;
    const int64_t due = T + 3600000;
    struct out_swept sw;
    struct err e = ERR_INIT;
    struct out_row rows[8];
    unsigned long n;
    size_t got;

    f.late = true;
    f.now = due - 1;
    assert_int_equal(store_out_list(rows, 8, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 0);
    assert_int_equal(store_count_overdue(&n, k->s, due - 1, &e), 0);
    assert_int_equal(n, 0);
    f.now = due;
    assert_int_equal(store_out_list(rows, 8, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 1);
    assert_int_equal(rows[0].row, first);
    assert_false(rows[0].late);
    assert_true(store_is_late(&rows[0], due));
    assert_false(store_is_late(&rows[0], due - 1));
    assert_int_equal(store_count_overdue(&n, k->s, due, &e), 0);
    assert_int_equal(n, 1);
    /* one that was swept, one that was not: each once, newest first, page by page */
    assert_int_equal(store_out_sweep(&sw, k->s, due, 0, &e), 0);
    third = kit_add(k, 3, T + 2 * MIN);
    f.now = due + 5 * MIN;
    assert_int_equal(store_count_overdue(&n, k->s, f.now, &e), 0);
    assert_int_equal(n, 2);
    for (int64_t want = third; want >= first; want--) {
        assert_int_equal(store_out_list(rows, 1, &got, k->s, &f, k->a, &e), 0);
        assert_int_equal(got, 1);
        assert_int_equal(rows[0].row, want);
        f.before = want;
    }
    assert_int_equal(store_out_list(rows, 1, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 0);
    assert_true(first < second && second < third);
}

/* What a message has been through before, and how often, does not move the nine minutes. */
static void the_first_attempt_of_a_message_is_found_behind_many_others(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), now = T, at = 1, attempt;
    struct err e = ERR_INIT;
    struct out_claim c;

    for (unsigned i = 1; i <= 70; i++, now += MIN) {
        c = kit_claim(k, now);
        (void)kit_end(k, kit_begin(k, &c, i, now), ATTEMPT_NOT_LEFT, OUT_WAITING, now + MIN, now);
    }
    assert_int_equal(
        store_message_first_left(&at, k->s, row, kit_get(k, row).message.row, 0, &e), 0);
    assert_int_equal(at, 0);
    c = kit_claim(k, now);
    (void)kit_end(k, kit_begin(k, &c, 71, now), ATTEMPT_UNKNOWN, OUT_UNKNOWN, now + MIN, now);
    c = kit_claim(k, now + MIN);
    assert_int_equal(store_attempt_begin(&attempt, k->s, &c, NULL, KIT_LEASE, now + MIN, &e), 0);
    assert_int_equal(
        store_message_first_left(&at, k->s, row, kit_get(k, row).message.row, attempt, &e), 0);
    assert_int_equal(at, now);
}

static void the_horizon_says_what_is_true(void **state)
{
    struct kit *k = *state;
    const int64_t end = T + 5 * 86400000LL;
    int64_t unsent = kit_add(k, 1, T), unknown, refused_row;
    struct out_swept sw;
    struct err e = ERR_INIT;
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_NOT_LEFT, OUT_WAITING, end * 2, T);
    unknown = kit_add(k, 2, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 2, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, end * 2, T);
    refused_row = kit_add(k, 3, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 3, T), ATTEMPT_ANSWERED, OUT_WAITING, end * 2, T);
    assert_int_equal(store_out_sweep(&sw, k->s, end, 0, &e), 0);
    assert_int_equal(sw.expired, 3);
    assert_int_equal(kit_get(k, unsent).state, OUT_EXPIRED_UNSENT);
    assert_int_equal(kit_get(k, unknown).state, OUT_EXPIRED_UNKNOWN);
    assert_int_equal(kit_get(k, refused_row).state, OUT_REFUSED);
    assert_string_equal(kit_get(k, refused_row).reason.code, "http.connect");
    assert_true(kit_get(k, unknown).late);
    /* the reason no longer promises another attempt */
    assert_string_equal(err_class_word(kit_get(k, unsent).reason.class), "permanent");
    assert_non_null(strstr(kit_get(k, unsent).reason.next, "send it again"));
    assert_string_equal(err_class_word(kit_get(k, unknown).reason.class), "unknown");
    assert_non_null(strstr(kit_get(k, unknown).reason.next, "aviso queue retry"));
}

static void proof_raises_the_level_and_never_lowers_it(void **state)
{
    struct kit *k = *state;
    struct out_new x = kit_out(1, T);
    struct out_added a;
    struct out_claim c;
    struct proof_new p;
    struct err e = ERR_INIT, why = kit_why(ERR_PEER, "mls.rejected");

    x.require = PROOF_HANDED_OVER;
    assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T);
    assert_false(kit_get(k, a.row).settled); /* more is asked for */
    p = kit_proof(PROOF_CONFIRMED);
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 1, &e), 0);
    assert_true(kit_get(k, a.row).settled);
    p = kit_proof(PROOF_HANDED_OVER);
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 2, &e), 0);
    assert_int_equal(kit_get(k, a.row).level, PROOF_CONFIRMED);
    assert_int_equal(store_out_disprove(k->s, a.row, &p, &why, T + 3, &e), 0);
    assert_int_equal(kit_get(k, a.row).state, OUT_REFUSED);
    assert_string_equal(kit_get(k, a.row).reason.code, "mls.rejected");
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 4, &e), 0); /* the last signed one wins */
    assert_int_equal(kit_get(k, a.row).state, OUT_RECEIPTED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
    const struct CMUnitTest t[] = {
        TEST(an_attempt_ends_with_its_proof),
        TEST(an_open_message_is_only_sent_again_as_it_is),
        TEST(an_answered_message_is_spent),
        TEST(what_never_left_is_composed_anew),
        TEST(unknown_stays_unknown_when_the_repeat_does_not_get_through),
        TEST(a_late_result_is_kept_and_only_a_proof_counts),
        TEST(an_attempt_ends_once),
        TEST(no_receipted_without_proof),
        TEST(a_lost_lease_is_told),
        TEST(giving_back_without_a_reason_changes_nothing_else),
        TEST(q1_a_backlog_takes_turns_with_the_others),
        TEST(a_closed_destination_is_put_off_whole),
        TEST(many_destinations_are_all_served),
        TEST(cancel_only_before_a_byte_has_left),
        TEST(a_held_document_is_not_claimed_and_comes_back_as_it_was),
        TEST(held_twice_it_is_still_released_to_what_it_was),
        TEST(who_lost_its_claim_holds_nothing),
        TEST(release_does_not_restart_what_had_stopped),
        TEST(the_sweep_flags_late_whatever_the_state),
        TEST(late_is_seen_before_any_sweep),
        TEST(the_first_attempt_of_a_message_is_found_behind_many_others),
        TEST(the_horizon_says_what_is_true),
        TEST(proof_raises_the_level_and_never_lowers_it),
    };

    return cmocka_run_group_tests_name("store_send", t, NULL, NULL);
}
