/* Alarms, partners and the queue as a whole, as the journal keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ap/store/store_alarm.h"
#include "ap/store/store_partner.h"
#include "ap/store/store_queue.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define MIN 60000ll
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

static struct alarm_row rows[16];
static struct err e;

static size_t loud(struct kit *k)
{
    size_t n;

    assert_int_equal(store_alarms(rows, 16, &n, k->s, false, 0, k->a, &e), 0);
    return n;
}

static void sweep(struct kit *k, int64_t now)
{
    struct out_swept w;

    assert_int_equal(store_out_sweep(&w, k->s, now, 0, &e), 0);
}

static void raise(struct kit *k, const char *kind, const char *subject, int64_t now)
{
    struct err why = kit_why(ERR_RETRY, "some.thing");
    const struct alarm_new x = {.kind = kind, .subject = subject, .why = &why, .now = now};

    assert_int_equal(store_alarm_raise(k->s, &x, &e), 0);
}

static unsigned long ack(struct kit *k, int64_t n, int64_t row)
{
    const struct alarm_ack x = {.n = n, .row = row, .who = "me", .now = T};
    unsigned long acked;

    assert_int_equal(store_alarm_ack(&acked, k->s, &x, &e), 0);
    return acked;
}

static size_t due(struct kit *k, const char *channel, int64_t now)
{
    size_t n;

    assert_int_equal(store_alarm_due(rows, 16, &n, k->s, channel, 4 * HOUR, now, k->a, &e), 0);
    return n;
}

static void told(struct kit *k, const char *channel, int64_t now)
{
    assert_int_equal(store_alarm_told(k->s, channel, 4 * HOUR, now, &e), 0);
}

static void a_late_document_alarms_in_the_sweep_that_finds_it(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);

    sweep(k, kit_get(k, row).deliver_by - 1);
    assert_int_equal(loud(k), 0);
    sweep(k, T + DAY);
    assert_int_equal(loud(k), 1);
    assert_string_equal(rows[0].kind, "late");
    assert_int_equal(rows[0].row, row);
    assert_string_equal(rows[0].state, "ACCEPTED");
    assert_string_equal(rows[0].why.code, "out.late");
    sweep(k, T + DAY + MIN);
    assert_int_equal(loud(k), 1);
}

static void its_reason_names_the_hop_and_the_party(void **state)
{
    struct kit *k = *state;
    struct out_claim c;
    struct err why = kit_why(ERR_RETRY, "smp.timeout");

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    (void)err_where(&why, "SMP https://smp.example/");
    (void)err_who(&why, "SMP smp.example");
    assert_int_equal(store_out_wait(k->s, &c, &why, T + DAY, NULL, T, &e), 0);
    sweep(k, T + DAY);
    assert_int_equal(loud(k), 1);
    assert_string_equal(rows[0].why.where, "SMP https://smp.example/");
    assert_string_equal(rows[0].why.who, "SMP smp.example");
    assert_non_null(strstr(rows[0].why.msg, "smp.timeout"));
}

static void proof_quiets_it(void **state)
{
    struct kit *k = *state;
    struct out_claim c;

    (void)kit_add(k, 1, T);
    sweep(k, T + DAY);
    assert_int_equal(loud(k), 1);
    c = kit_claim(k, T + DAY);
    (void)kit_end(k, kit_begin(k, &c, 1, T + DAY), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + DAY);
    assert_int_equal(loud(k), 0);
}

static void the_horizon_alarms_and_replaces_lateness(void **state)
{
    struct kit *k = *state;
    struct out_claim c;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, 0, T);
    sweep(k, T + DAY);
    assert_string_equal((loud(k), rows[0].kind), "late");
    sweep(k, T + 6 * DAY);
    assert_int_equal(loud(k), 1);
    assert_string_equal(rows[0].kind, "expired");
    assert_string_equal(rows[0].why.code, "out.expired-unknown");
}

static void a_refusal_alarms_and_one_after_a_receipt_says_so(void **state)
{
    struct kit *k = *state;
    struct proof_new re = kit_proof(PROOF_RECEIPTED);
    struct err why = kit_why(ERR_PEER, "mls.re");
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T);
    assert_int_equal(loud(k), 0);
    assert_int_equal(store_out_disprove(k->s, row, &re, &why, T, &e), 0);
    assert_string_equal((loud(k), rows[0].kind), "mls-refused");
    (void)kit_add(k, 2, T);
    c = kit_claim(k, T);
    assert_int_equal(store_out_refuse(k->s, &c, &why, T, &e), 0);
    assert_int_equal(loud(k), 2);
    assert_string_equal(rows[1].kind, "refused");
}

static void who_resolves_it_is_not_told_of_it(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, 0, T);
    assert_int_equal(store_out_resolve(k->s, row, "me", "asked them", T, &e), 0);
    assert_int_equal(loud(k), 0);
}

static void raised_again_it_only_counts(void **state)
{
    struct kit *k = *state;

    raise(k, "spool", "space", T);
    raise(k, "spool", "space", T + MIN); /* a moment later: nothing is written */
    raise(k, "spool", "space", T + 20 * MIN);
    assert_int_equal(loud(k), 1);
    assert_int_equal(rows[0].times, 2);
    assert_int_equal(rows[0].last_at, T + 20 * MIN);
}

static void acknowledged_it_is_quiet_until_it_comes_anew(void **state)
{
    struct kit *k = *state;

    raise(k, "spool", "space", T);
    raise(k, "circuit", "POP1", T);
    assert_int_equal(ack(k, 1, 0), 1);
    assert_int_equal(ack(k, 1, 0), 0);
    raise(k, "spool", "space", T + HOUR);
    assert_int_equal(loud(k), 1);
    assert_int_equal(ack(k, 0, 0), 1);
    assert_int_equal(store_alarm_clear(k->s, "spool", "space", T, &e), 0);
    raise(k, "spool", "space", T + 2 * HOUR);
    assert_int_equal(loud(k), 1);
    assert_int_equal(store_alarms(rows, 16, &(size_t){0}, k->s, true, 0, k->a, &e), 0);
    assert_string_equal(rows[0].acked_by, "me");
}

static void of_one_subject_all_but_one_are_over(void **state)
{
    struct kit *k = *state;

    raise(k, "smp-entry", "0208:1 smp-entry.url", T);
    raise(k, "smp-entry", "0208:1 smp-entry.certificate", T);
    raise(k, "smp-entry", "0208:12 smp-entry.url", T);
    raise(k, "spool", "0208:1 space", T);
    assert_int_equal(
        store_alarm_clear_but(k->s, "smp-entry", "0208:1 ", "0208:1 smp-entry.url", T, &e), 0);
    assert_int_equal(loud(k), 3);
    assert_string_equal(rows[0].subject, "0208:1 smp-entry.url");
    assert_string_equal(rows[1].subject, "0208:12 smp-entry.url");
    assert_int_equal(store_alarm_clear_but(k->s, "smp-entry", "0208:1 ", NULL, T, &e), 0);
    assert_int_equal(loud(k), 2);
    assert_string_equal(rows[0].subject, "0208:12 smp-entry.url");
    assert_string_equal(rows[1].kind, "spool");
}

static void an_unknown_alarm_cannot_be_acknowledged(void **state)
{
    struct kit *k = *state;
    const struct alarm_ack x = {.n = 99, .who = "me", .now = T};
    unsigned long acked;

    assert_int_equal(store_alarm_ack(&acked, k->s, &x, &e), -1);
    assert_string_equal(e.code, "store.not-found");
}

static void a_documents_alarms_are_acknowledged_together(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);

    raise(k, "spool", "space", T);
    sweep(k, T + DAY);
    assert_int_equal(loud(k), 2);
    assert_int_equal(ack(k, 0, row), 1);
    assert_string_equal((loud(k), rows[0].kind), "spool");
}

static void each_channel_tells_again_until_it_is_acknowledged(void **state)
{
    struct kit *k = *state;

    raise(k, "spool", "space", T);
    assert_int_equal(due(k, "mail", T), 1);
    told(k, "mail", T);
    assert_int_equal(due(k, "mail", T + HOUR), 0);
    assert_int_equal(due(k, "hook", T + HOUR), 1);
    raise(k, "circuit", "POP1", T + HOUR);
    assert_int_equal(due(k, "mail", T + HOUR), 1); /* the new one alone */
    told(k, "mail", T + HOUR);
    assert_int_equal(due(k, "mail", T + 4 * HOUR), 1);
    assert_int_equal(due(k, "mail", T + 5 * HOUR), 2);
    told(k, "mail", T + 5 * HOUR);
    assert_int_equal(loud(k), 2);
    assert_int_equal(rows[0].told, 2);
    (void)ack(k, 0, 0);
    assert_int_equal(due(k, "mail", T + DAY), 0);
}

static void a_restart_tells_nothing_twice(void **state)
{
    struct kit *k = *state;
    struct store_recovered rec;

    raise(k, "spool", "space", T);
    told(k, "mail", T);
    kit_reopen(k, &rec);
    assert_int_equal(due(k, "mail", T + HOUR), 0);
    assert_int_equal(loud(k), 1);
}

static void a_failing_channel_is_remembered_until_it_works(void **state)
{
    struct kit *k = *state;
    struct err why = kit_why(ERR_RETRY, "alarm.channel");
    struct channel_row c;
    struct alarm_counts n;

    assert_int_equal(store_channel_get(&c, k->s, "mail", k->a, &e), 0);
    assert_int_equal(store_channel_failed(k->s, "mail", &why, T + MIN, T, &e), 0);
    assert_int_equal(store_channel_failed(k->s, "mail", &why, T + 3 * MIN, T + MIN, &e), 0);
    assert_int_equal(store_channel_get(&c, k->s, "mail", k->a, &e), 1);
    assert_int_equal(c.failures, 2);
    assert_int_equal(c.failed_at, T);
    assert_int_equal(c.next_at, T + 3 * MIN);
    assert_int_equal(store_alarm_count(&n, k->s, &e), 0);
    assert_int_equal(n.channels_down, 1);
    told(k, "mail", T + 4 * MIN);
    assert_int_equal(store_channel_get(&c, k->s, "mail", k->a, &e), 1);
    assert_int_equal(c.failures, 0);
    assert_int_equal(c.failed_at, 0);
}

/* ---- partners ---- */

static void terms_are_kept_and_a_hold_beside_them(void **state)
{
    struct kit *k = *state;
    struct store_partner p = {
        .name = "POP000002", .unknown_resend = 0, .require = PROOF_HANDED_OVER, .window = 3};

    assert_int_equal(store_partner_hold(k->s, "POP000002", "me", "they asked", T, &e), 0);
    assert_int_equal(store_partner_put(k->s, &p, T, &e), 0);
    assert_int_equal(store_partner_get(&p, k->s, "POP000002", k->a, &e), 1);
    assert_int_equal(p.unknown_resend, 0);
    assert_int_equal(p.require, PROOF_HANDED_OVER);
    assert_int_equal(p.window, 3);
    assert_true(p.held);
    assert_string_equal(p.held_why, "they asked");
    assert_int_equal(store_partner_get(&p, k->s, "POP000003", k->a, &e), 0);
    assert_int_equal(p.unknown_resend, PARTNER_UNSET);
}

static void a_release_frees_what_the_hold_had_stopped_and_nothing_else(void **state)
{
    struct kit *k = *state;
    int64_t mine = kit_add(k, 1, T), other = kit_add(k, 2, T);
    unsigned long n;

    assert_int_equal(store_partner_hold(k->s, "P", "me", "", T, &e), 0);
    assert_int_equal(store_out_hold(k->s, mine, PARTNER_HOLDER "P", "held", T, &e), 0);
    assert_int_equal(store_out_hold(k->s, other, "me", "by hand", T, &e), 0);
    assert_int_equal(store_partner_release(&n, k->s, "P", "me", T, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(kit_get(k, mine).state, OUT_ACCEPTED);
    assert_int_equal(kit_get(k, other).state, OUT_HELD);
    assert_int_equal(store_partner_release(&n, k->s, "nobody", "me", T, &e), -1);
    assert_string_equal(e.code, "store.not-found");
}

/* ---- the queue ---- */

static void the_shape_counts_by_age_and_queue(void **state)
{
    struct kit *k = *state;
    struct queue_shape q[8];
    size_t n;

    (void)kit_add(k, 1, T);
    (void)kit_add(k, 2, T - 10 * MIN);
    (void)kit_add(k, 3, T - 30 * DAY);
    assert_int_equal(store_queue_shape(q, 8, &n, k->s, false, T, k->a, &e), 0);
    unsigned long total = 0, young = 0, minutes = 0, old = 0;
    for (size_t i = 0; i < n; i++) {
        total += q[i].n;
        young += q[i].ages[0];
        minutes += q[i].ages[1];
        old += q[i].ages[QUEUE_AGES - 1];
    }
    assert_int_equal(total, 3);
    assert_int_equal(young, 1);
    assert_int_equal(minutes, 1);
    assert_int_equal(old, 1);
}

static void a_run_makes_everything_due_but_what_had_stopped(void **state)
{
    struct kit *k = *state;
    struct err why = kit_why(ERR_RETRY, "dns.timeout");
    int64_t waiting = kit_add(k, 1, T), stopped;
    struct out_claim c = kit_claim(k, T);
    unsigned long n;

    assert_int_equal(store_out_wait(k->s, &c, &why, T + DAY, NULL, T, &e), 0);
    stopped = kit_add(k, 2, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, 0, T);
    assert_int_equal(store_queue_run(&n, k->s, NULL, T + MIN, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(kit_get(k, waiting).next_at, T + MIN);
    assert_int_equal(kit_get(k, stopped).next_at, 0);
    assert_int_equal(kit_claim(k, T + MIN).row, waiting);
}

static void q6_urgent_queues_come_before_a_backlog(void **state)
{
    struct kit *k = *state;
    struct out_new urgent;
    struct out_added added;
    unsigned first = 0;

    for (unsigned i = 1; i <= 200; i++)
        (void)kit_add(k, i, T);
    urgent = kit_out(999, T + 1);
    urgent.dest = "!urgent";
    assert_int_equal(store_out_add(&added, k->s, &urgent, &e), 0);
    for (unsigned turn = 1; turn <= 20 && !first; turn++)
        if (kit_claim(k, T + 2).row == added.row)
            first = turn;
    assert_in_range(first, 1, 12); /* three claims of four look there first */
}

static void proven_before_is_known(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(1, T);
    struct out_claim c;

    (void)kit_add(k, 1, T);
    assert_int_equal(store_out_proven_before(k->s, n.receiver, &e), 0);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T);
    assert_int_equal(store_out_proven_before(k->s, n.receiver, &e), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(a_late_document_alarms_in_the_sweep_that_finds_it),
        TEST(its_reason_names_the_hop_and_the_party),
        TEST(proof_quiets_it),
        TEST(the_horizon_alarms_and_replaces_lateness),
        TEST(a_refusal_alarms_and_one_after_a_receipt_says_so),
        TEST(who_resolves_it_is_not_told_of_it),
        TEST(raised_again_it_only_counts),
        TEST(acknowledged_it_is_quiet_until_it_comes_anew),
        TEST(of_one_subject_all_but_one_are_over),
        TEST(an_unknown_alarm_cannot_be_acknowledged),
        TEST(a_documents_alarms_are_acknowledged_together),
        TEST(each_channel_tells_again_until_it_is_acknowledged),
        TEST(a_restart_tells_nothing_twice),
        TEST(a_failing_channel_is_remembered_until_it_works),
        TEST(terms_are_kept_and_a_hold_beside_them),
        TEST(a_release_frees_what_the_hold_had_stopped_and_nothing_else),
        TEST(the_shape_counts_by_age_and_queue),
        TEST(a_run_makes_everything_due_but_what_had_stopped),
        TEST(q6_urgent_queues_come_before_a_backlog),
        TEST(proven_before_is_known),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
