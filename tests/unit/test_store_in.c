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

static struct in_accepted take(struct kit *k, const struct in_new *n)
{
    struct in_accepted out;
    struct err e = ERR_INIT;

    if (store_in_accept(&out, k->s, n, k->a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return out;
}

static size_t blobs(struct kit *k)
{
    int64_t n = 0;
    struct err e = ERR_INIT;

    assert_int_equal(db_int(&n, &k->s->writer, &e, "SELECT count(*) FROM blob", NULL, 0), 1);
    return (size_t)n;
}

/* ---- repetition: docs/STATES.md, "Inbound repeats" ---- */

static void a_new_message_is_taken_once(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct in_row r = kit_in_get(k, a.row);

    assert_int_equal(a.verdict, IN_NEW);
    assert_int_equal(a.flags, 0);
    assert_int_equal(r.state, IN_RECEIVED);
    assert_string_equal(r.message_id, "in-1@peer");
    assert_string_equal(r.seat, "POP000456");
    assert_string_equal(r.country_c4, "BE");
    assert_string_equal(r.route, "folder");
    assert_string_equal(r.receipt_id, "receipt-1@us");
    assert_int_equal(r.wire_len, 100);
    assert_memory_equal(r.payload_sha256, n.sbd.sha256, HASH_LEN);
    assert_memory_equal(r.document_sha256, n.document_sha256, HASH_LEN);
    assert_int_equal(r.handovers, 0);
}

static void the_same_message_gets_the_first_receipt_byte_for_byte(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), again = kit_in(1, T + 9);
    struct in_accepted a = take(k, &n), b;
    size_t before = blobs(k);

    again.receipt = blob_mem("<Fresh/>", 8);
    b = take(k, &again);
    assert_int_equal(b.verdict, IN_SAME);
    assert_int_equal(b.row, a.row);
    assert_int_equal(b.receipt.n, n.receipt.len);
    assert_memory_equal(b.receipt.p, n.receipt.mem, b.receipt.n);
    assert_int_equal(blobs(k), before);
}

static void re_signed_by_the_same_seat_gets_a_fresh_receipt_that_is_kept(void **state)
{
    struct kit *k = *state;
    static const uint8_t other[HASH_LEN] = {9};
    struct in_new n = kit_in(1, T), again = kit_in(1, T + 9);
    struct in_accepted a = take(k, &n), b;

    again.signed_info = other;
    again.receipt = blob_mem("<Fresh/>", 8);
    b = take(k, &again);
    assert_int_equal(b.verdict, IN_RESIGNED);
    assert_int_equal(b.row, a.row);
    again.receipt = blob_mem("<Fresher/>", 10);
    b = take(k, &again); /* that copy once more: its own receipt */
    assert_int_equal(b.verdict, IN_SAME);
    assert_memory_equal(b.receipt.p, "<Fresh/>", 8);
}

static void the_same_id_with_other_content_is_a_conflict(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), other;
    struct in_accepted a = take(k, &n);
    size_t before = blobs(k);
    static const uint8_t signed_other[HASH_LEN] = {9}, payload[HASH_LEN] = {8};

    other = n;
    other.signed_info = signed_other;
    other.sbd.sha256 = payload;
    assert_int_equal(take(k, &other).verdict, IN_CONFLICT);
    other = n;
    other.signed_info = signed_other;
    other.seat = "POP000999";
    assert_int_equal(take(k, &other).verdict, IN_CONFLICT);
    other = n;
    other.signed_info = signed_other;
    other.instance = "another";
    assert_int_equal(take(k, &other).verdict, IN_CONFLICT);
    assert_int_equal(blobs(k), before);
    assert_int_equal(kit_in_get(k, a.row).state, IN_RECEIVED);
}

static void a_known_instance_with_the_same_payload_is_not_handed_over_again(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), twin = kit_in(1, T + 1), back;
    struct in_accepted a = take(k, &n), b;
    struct in_claim c[4];
    struct err e = ERR_INIT;
    size_t got;

    twin.message_id = "other@peer";
    twin.receipt = blob_mem("<Twin/>", 7);
    b = take(k, &twin);
    assert_int_equal(b.verdict, IN_TWIN);
    assert_int_equal(b.row, a.row);
    assert_int_equal(store_in_claim(c, 4, &got, k->s, false, NULL, T + 2, MIN, &e), 0);
    assert_int_equal(got, 1);
    back = twin; /* its id is remembered too */
    b = take(k, &back);
    assert_int_equal(b.verdict, IN_SAME);
    assert_memory_equal(b.receipt.p, "<Twin/>", 7);
}

static void a_known_instance_with_another_payload_is_handed_over_flagged(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), other = kit_in(2, T + 1), foreign = kit_in(3, T + 1);
    struct in_accepted a = take(k, &n), b;

    other.instance = foreign.instance = n.instance;
    b = take(k, &other);
    assert_int_equal(b.verdict, IN_TWIN_OTHER);
    assert_int_equal(b.flags, IN_FLAG_INSTANCE);
    assert_int_not_equal(b.row, a.row);
    foreign.sender = "iso6523-actorid-upis::0208:2"; /* ids are unique to a sender only */
    assert_int_equal(take(k, &foreign).verdict, IN_NEW);
}

static void r5_the_same_document_under_new_ids_is_flagged(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), other = kit_in(2, T + 1);
    struct in_accepted b;

    (void)take(k, &n);
    other.document_sha256 = n.document_sha256;
    b = take(k, &other);
    assert_int_equal(b.verdict, IN_NEW);
    assert_int_equal(b.flags, IN_FLAG_DUPLICATE);
    assert_int_equal(kit_in_get(k, b.row).flags, IN_FLAG_DUPLICATE);
}

static void what_failed_before_the_commit_has_spent_no_id(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a;
    struct err e = ERR_INIT;
    static char big[STORE_INLINE_MAX + 1];

    n.receipt = blob_mem(big, sizeof(big));
    kit_refused(store_in_accept(&a, k->s, &n, k->a, &e), &e, "store.value");
    n = kit_in(1, T);
    assert_int_equal(take(k, &n).verdict, IN_NEW);
}

/* ---- towards C4 ---- */

static struct in_claim claim(struct kit *k, bool hand_over, int64_t now)
{
    struct in_claim c;
    struct err e = ERR_INIT;
    size_t n;

    assert_int_equal(store_in_claim(&c, 1, &n, k->s, hand_over, NULL, now, MIN, &e), 0);
    assert_int_equal(n, 1);
    return c;
}

static void validate(struct kit *k, int64_t now)
{
    const struct in_facts f = {.invoice = "C1-77",
        .supplier = "DE1",
        .issue_date = "2026-11-20",
        .rule_sets = "peppol-bis3",
        .report = blob_mem("{}", 2),
        .verdict = "valid"};
    struct in_claim c = claim(k, false, now);
    struct err e = ERR_INIT;

    assert_int_equal(store_in_validated(k->s, &c, &f, now, &e), 0);
}

static void a_document_goes_all_the_way(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct in_claim c;
    struct store_hit h[2];
    struct err e = ERR_INIT;
    int64_t due;
    size_t got;

    validate(k, T);
    assert_int_equal(kit_in_get(k, a.row).state, IN_VALIDATED);
    assert_int_equal(store_find(h, 2, &got, k->s, "C1-77", &e), 0);
    assert_int_equal(got, 1);
    c = claim(k, true, T + 1);
    assert_false(c.redelivered);
    assert_int_equal(store_in_handed(k->s, a.row, &c, NULL, "folder", T + 2, &e), 0);
    assert_int_equal(kit_in_get(k, a.row).state, IN_HANDED_OVER);
    assert_string_equal(kit_in_get(k, a.row).handed_how, "folder");
    assert_int_equal(store_in_ack(k->s, a.row, "erp", T + 3, &e), 0);
    assert_int_equal(store_in_ack(k->s, a.row, "erp", T + 4, &e), 0); /* said twice */
    assert_int_equal(kit_in_get(k, a.row).state, IN_ACKNOWLEDGED);
    assert_int_equal(kit_in_get(k, a.row).acked_at, T + 3);
    assert_int_equal(store_in_next_due(&due, k->s, &e), 0);
    assert_int_equal(due, 0);
}

static void k12_a_hand_over_that_was_begun_comes_back_marked(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct in_claim c;
    struct store_recovered r;
    struct err e = ERR_INIT;

    validate(k, T);
    (void)claim(k, true, T + 1);
    kit_reopen(k, &r);
    assert_int_equal(r.returned, 1);
    c = claim(k, true, T + 2);
    assert_true(c.redelivered);
    assert_string_equal(c.id, a.id);
    assert_int_equal(store_in_handed(k->s, a.row, &c, NULL, "folder", T + 2, &e), 0);
}

static void a_failed_hand_over_waits_and_says_why(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct err e = ERR_INIT, why = kit_why(ERR_RETRY, "deliver.http");
    struct in_claim c, none;
    size_t got;

    validate(k, T);
    c = claim(k, true, T + 1);
    assert_int_equal(store_in_wait(k->s, &c, &why, T + 5 * MIN, T + 1, &e), 0);
    assert_string_equal(kit_in_get(k, a.row).reason.code, "deliver.http");
    assert_int_equal(store_in_claim(&none, 1, &got, k->s, true, NULL, T + 4 * MIN, MIN, &e), 0);
    assert_int_equal(got, 0);
    kit_refused(store_in_wait(k->s, &c, &why, T, T, &e), &e, "store.lease-lost");
    assert_true(claim(k, true, T + 5 * MIN).redelivered);
}

static void routes_are_claimed_apart(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T), m = kit_in(2, T);
    struct in_claim c[4];
    struct err e = ERR_INIT;
    size_t got;

    m.route = "http";
    (void)take(k, &n);
    (void)take(k, &m);
    validate(k, T);
    validate(k, T);
    assert_int_equal(store_in_claim(c, 4, &got, k->s, true, "http", T + 1, MIN, &e), 0);
    assert_int_equal(got, 1);
    assert_string_equal(kit_in_get(k, c[0].row).route, "http");
}

/* The others of a batch are claimed, not begun: after a crash they are not redelivered. */
static void of_a_batch_only_what_was_begun_is_redelivered(void **state)
{
    struct kit *k = *state;
    struct store_recovered r;
    struct in_claim c[4];
    struct err e = ERR_INIT;
    size_t got;

    for (unsigned i = 1; i <= 4; i++) {
        struct in_new n = kit_in(i, T);
        (void)take(k, &n);
        validate(k, T);
    }
    assert_int_equal(store_in_claim(c, 4, &got, k->s, true, "folder", T + 1, MIN, &e), 0);
    assert_int_equal(got, 4);
    assert_true(c[0].begun && !c[1].begun && !c[3].begun);
    assert_int_equal(store_in_handed(k->s, c[0].row, &c[0], &c[1], "folder", T + 2, &e), 0);
    assert_true(c[1].begun);
    kit_reopen(k, &r);
    assert_int_equal(r.returned, 3);
    assert_int_equal(store_in_claim(c, 4, &got, k->s, true, "folder", T + 3, MIN, &e), 0);
    assert_int_equal(got, 3);
    for (size_t i = 0; i < got; i++)
        assert_int_equal(c[i].redelivered, kit_in_get(k, c[i].row).handovers > (i == 0));
    assert_int_equal(c[0].redelivered + c[1].redelivered + c[2].redelivered, 1);
}

static void the_lease_of_a_batch_is_each_documents_own(void **state)
{
    struct kit *k = *state;
    struct in_claim c[4], other[4];
    struct err e = ERR_INIT;
    size_t got;

    for (unsigned i = 1; i <= 3; i++) {
        struct in_new n = kit_in(i, T);
        (void)take(k, &n);
    }
    assert_int_equal(store_in_claim(c, 4, &got, k->s, false, NULL, T, MIN, &e), 0);
    assert_int_equal(got, 3);
    assert_int_equal(store_in_begin(k->s, &c[1], T + MIN - 1, &e), 0); /* its turn */
    assert_false(c[1].begun); /* nothing is handed over yet */
    assert_int_equal(store_in_claim(other, 4, &got, k->s, false, NULL, T + MIN, MIN, &e), 0);
    assert_int_equal(got, 2); /* the first hangs, the third was not come to */
    kit_refused(store_in_begin(k->s, &c[2], T + MIN, &e), &e, "store.lease-lost");
    assert_int_equal(kit_in_get(k, c[1].row).handovers, 0);
}

/* It hung until another worker had taken the next one: that one stays the other's. */
static void the_next_of_a_batch_may_be_lost_without_harm(void **state)
{
    struct kit *k = *state;
    struct in_claim c[2], other[2];
    struct err e = ERR_INIT;
    size_t got;

    for (unsigned i = 1; i <= 2; i++) {
        struct in_new n = kit_in(i, T);
        (void)take(k, &n);
        validate(k, T);
    }
    assert_int_equal(store_in_claim(c, 2, &got, k->s, true, "folder", T + 1, MIN, &e), 0);
    assert_int_equal(store_in_begin(k->s, &c[0], T + MIN, &e), 0);
    assert_int_equal(store_in_claim(other, 2, &got, k->s, true, "folder", T + MIN + 2, MIN, &e), 0);
    assert_int_equal(got, 1);
    assert_int_equal(store_in_handed(k->s, c[0].row, &c[0], &c[1], "folder", T + MIN + 3, &e), 0);
    assert_false(c[1].begun);
    assert_int_equal(kit_in_get(k, c[0].row).state, IN_HANDED_OVER);
    assert_int_equal(kit_in_get(k, c[1].row).handovers, 1);
}

static void the_pull_queue_counts_redeliveries(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct err e = ERR_INIT;

    kit_refused(store_in_handed(k->s, a.row, NULL, NULL, "inbox", T, &e), &e, "store.state");
    validate(k, T);
    kit_refused(store_in_ack(k->s, a.row, "erp", T, &e), &e, "store.state");
    assert_int_equal(store_in_handed(k->s, a.row, NULL, NULL, "inbox", T, &e), 0);
    assert_int_equal(store_in_handed(k->s, a.row, NULL, NULL, "inbox", T + 1, &e), 0);
    assert_int_equal(kit_in_get(k, a.row).handovers, 2);
    assert_int_equal(kit_in_get(k, a.row).state, IN_HANDED_OVER);
    assert_int_equal(store_in_ack(k->s, a.row, "erp", T, &e), 0);
    assert_int_equal(store_in_handed(k->s, a.row, NULL, NULL, "inbox", T + 2, &e), 0);
    assert_int_equal(kit_in_get(k, a.row).state, IN_ACKNOWLEDGED);
}

static void quarantine_keeps_it_until_released(void **state)
{
    struct kit *k = *state;
    struct in_new n = kit_in(1, T);
    struct in_accepted a = take(k, &n);
    struct err e = ERR_INIT, why = kit_why(ERR_INPUT, "validate.rules");
    struct in_claim c;
    size_t got;

    validate(k, T);
    assert_int_equal(store_in_quarantine(k->s, a.row, &why, true, T, &e), 0);
    assert_int_equal(store_in_claim(&c, 1, &got, k->s, true, NULL, T + 1, MIN, &e), 0);
    assert_int_equal(got, 0);
    assert_int_equal(store_in_release(k->s, a.row, "ann", T + 1, &e), 0);
    assert_int_equal(kit_in_get(k, a.row).state, IN_RELEASED);
    c = claim(k, true, T + 1);
    assert_int_equal(store_in_handed(k->s, a.row, &c, NULL, "folder", T + 2, &e), 0);
}

/* A route that is gone: all of it moves, in any number; what is in hand or done stays. */
static void what_waits_can_go_by_another_route(void **state)
{
    struct kit *k = *state;
    struct err e = ERR_INIT, why = kit_why(ERR_INPUT, "validate.rules");
    struct in_accepted first = {0}, a;
    struct in_claim c[2];
    uint64_t moved;
    size_t got;

    for (unsigned i = 0; i < 1203; i++) {
        struct in_new n = kit_in(i + 1, T);
        n.route = "erp";
        a = take(k, &n);
        first = i ? first : a;
    }
    validate(k, T); /* the first is VALIDATED, the others RECEIVED */
    assert_int_equal(store_in_quarantine(k->s, a.row, &why, false, T, &e), 0);
    assert_int_equal(store_in_claim(c, 1, &got, k->s, false, NULL, T, MIN, &e), 0);
    kit_refused(store_in_reroute(k->s, c[0].row, "books", "ann", T + 1, &e), &e, "store.state");
    assert_int_equal(store_in_reroute_all(&moved, k->s, "erp", "books", "ann", T + 1, &e), 0);
    assert_int_equal(moved, 1202);
    assert_int_equal(store_in_reroute_all(&moved, k->s, "erp", "books", "ann", T + 1, &e), 0);
    assert_int_equal(moved, 0);
    assert_int_equal(kit_in_get(k, a.row).state, IN_QUARANTINED);
    assert_string_equal(kit_in_get(k, a.row).route, "books");
    assert_int_equal(store_in_claim(c, 2, &got, k->s, true, "erp", T + 1, MIN, &e), 0);
    assert_int_equal(got, 0);
    assert_int_equal(store_in_claim(c, 2, &got, k->s, true, "books", T + 1, MIN, &e), 0);
    assert_int_equal(got, 1);
    assert_int_equal(c[0].row, first.row);
    assert_int_equal(store_in_handed(k->s, c[0].row, &c[0], NULL, "push", T + 2, &e), 0);
    kit_refused(store_in_reroute(k->s, first.row, "erp", "ann", T + 3, &e), &e, "store.state");
    assert_int_equal(store_in_reroute(k->s, a.row, "erp", "ann", T + 3, &e), 0);
    assert_string_equal(kit_in_get(k, a.row).route, "erp");
}

static void the_inbox_is_listed_by_filter(void **state)
{
    struct kit *k = *state;
    struct store_filter f = STORE_FILTER_ALL;
    struct in_row r[4];
    struct err e = ERR_INIT;
    size_t got;

    for (unsigned i = 1; i <= 5; i++) {
        struct in_new n = kit_in(i, T + i);
        (void)take(k, &n);
    }
    f.open = true;
    assert_int_equal(store_in_list(r, 4, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 4);
    assert_string_equal(r[0].message_id, "in-5@peer");
    f.before = r[3].row;
    assert_int_equal(store_in_list(r, 4, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 1);
    f = (struct store_filter)STORE_FILTER_ALL;
    f.in_state = IN_ACKNOWLEDGED;
    assert_int_equal(store_in_list(r, 4, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 0);
    f.in_state = -1;
    f.since = T + 4;
    assert_int_equal(store_in_list(r, 4, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 2);
    f.since = 0;
    f.partner = "iso6523-actorid-upis::0208:1111111111";
    f.tenant = "nobody";
    assert_int_equal(store_in_list(r, 4, &got, k->s, &f, k->a, &e), 0);
    assert_int_equal(got, 0);
}

static void anomalies_are_kept_newest_first(void **state)
{
    struct kit *k = *state;
    static char header[100000];
    struct store_anomaly x = {.at = T,
        .message_id = "in-1@peer",
        .seat = "POP000456",
        .address = "192.0.2.1",
        .why = kit_why(ERR_INPUT, "as4.conflict"),
        .header = header};
    struct store_anomaly got[2];
    struct err e = ERR_INIT;
    size_t n;

    memset(header, 'h', sizeof(header) - 1);
    assert_int_equal(store_anomaly_add(k->s, &x, &e), 0);
    x.message_id = "in-2@peer";
    assert_int_equal(store_anomaly_add(k->s, &x, &e), 0);
    assert_int_equal(store_anomalies(got, 2, &n, k->s, 0, k->a, &e), 0);
    assert_int_equal(n, 2);
    assert_string_equal(got[0].message_id, "in-2@peer");
    assert_string_equal(got[0].why.code, "as4.conflict");
    assert_int_equal(strlen(got[0].header), 65536); /* cut */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
    const struct CMUnitTest t[] = {
        TEST(a_new_message_is_taken_once),
        TEST(the_same_message_gets_the_first_receipt_byte_for_byte),
        TEST(re_signed_by_the_same_seat_gets_a_fresh_receipt_that_is_kept),
        TEST(the_same_id_with_other_content_is_a_conflict),
        TEST(a_known_instance_with_the_same_payload_is_not_handed_over_again),
        TEST(a_known_instance_with_another_payload_is_handed_over_flagged),
        TEST(r5_the_same_document_under_new_ids_is_flagged),
        TEST(what_failed_before_the_commit_has_spent_no_id),
        TEST(a_document_goes_all_the_way),
        TEST(k12_a_hand_over_that_was_begun_comes_back_marked),
        TEST(a_failed_hand_over_waits_and_says_why),
        TEST(routes_are_claimed_apart),
        TEST(of_a_batch_only_what_was_begun_is_redelivered),
        TEST(the_lease_of_a_batch_is_each_documents_own),
        TEST(the_next_of_a_batch_may_be_lost_without_harm),
        TEST(the_pull_queue_counts_redeliveries),
        TEST(quarantine_keeps_it_until_released),
        TEST(what_waits_can_go_by_another_route),
        TEST(the_inbox_is_listed_by_filter),
        TEST(anomalies_are_kept_newest_first),
    };

    return cmocka_run_group_tests_name("store_in", t, NULL, NULL);
}
