/* What an exchange means: docs/STATES.md, "Repetition", one test a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/out/out.h"

#define NOW 1000000000ll
#define MINUTE 60000ll

static const struct out_policy policy = {.retry_first = 30000,
    .retry_max = 1800000,
    .after_max = 3600000,
    .unknown_resend = true,
    .horizon = 5 * 86400000ll};
static struct as4_reply reply;
static struct err http_err, why;

static struct out_exchange answered(enum as4_reply_kind kind, int status)
{
    memset(&reply, 0, sizeof(reply));
    reply.kind = kind;
    reply.is_signed = true;
    reply.why = (struct err){.class = ERR_UNKNOWN, .code = "as4.no-signal"};
    return (struct out_exchange){.attempts = 1,
        .http_status = status,
        .retry_after = -1,
        .body_started = true,
        .reply = &reply,
        .http_err = &http_err};
}

static struct out_exchange silent(bool body_started)
{
    http_err = (struct err){.class = ERR_RETRY, .code = "http.connect"};
    return (struct out_exchange){.attempts = 1,
        .rc = -1,
        .retry_after = -1,
        .body_started = body_started,
        .http_err = &http_err};
}

static struct attempt_result judge(const struct out_exchange *x)
{
    struct attempt_result r = {0};

    out_judge(&r, &why, x, &policy, NOW);
    return r;
}

static void error_is(const char *code, const char *detail)
{
    (void)snprintf(reply.error.code, sizeof(reply.error.code), "%s", code);
    (void)snprintf(reply.error.detail, sizeof(reply.error.detail), "%s", detail);
}

static void no_body_byte_left_is_waiting_never_unknown(void **state)
{
    struct out_exchange x = silent(false);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_int_equal(r.to, OUT_WAITING);
    assert_int_equal(r.outcome, ATTEMPT_NOT_LEFT);
    assert_in_range(r.next_at, NOW + 22500, NOW + 37500);
}

static void silence_is_whose_it_is(void **state)
{
    struct out_exchange x = silent(false);
    struct err own = *x.http_err;

    (void)state;
    x.peer = "POP000002";
    (void)judge(&x);
    assert_string_equal(why.who, "POP000002");
    x.http_err = &own;
    (void)snprintf(own.code, sizeof(own.code), "http.resolve");
    (void)judge(&x);
    assert_string_equal(why.who, "");
    (void)snprintf(own.code, sizeof(own.code), "store.io");
    (void)judge(&x);
    assert_string_equal(why.who, "");
}

static void a_resend_that_cannot_connect_stays_unknown(void **state)
{
    struct out_exchange x = silent(false);
    struct attempt_result r;

    (void)state;
    x.sent_same_before = true;
    r = judge(&x);
    assert_int_equal(r.to, OUT_UNKNOWN);
}

static void body_left_and_no_answer_is_unknown_and_soon(void **state)
{
    struct out_exchange x = silent(true);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_int_equal(r.to, OUT_UNKNOWN);
    assert_int_equal(r.outcome, ATTEMPT_UNKNOWN);
    assert_int_equal(why.class, ERR_UNKNOWN);
    assert_in_range(r.next_at, NOW + 1, NOW + MINUTE);
}

static void several_repeats_fit_into_nine_minutes(void **state)
{
    struct out_exchange x = silent(true);
    unsigned repeats = 0;
    int64_t now = NOW;

    (void)state;
    x.first_unknown = NOW;
    for (struct attempt_result r = {0}; now < NOW + 9 * MINUTE; now = r.next_at) {
        out_judge(&r, &why, &x, &policy, now);
        assert_true(r.next_at > now);
        repeats++;
        x.attempts++;
        assert_true(repeats < 30);
    }
    assert_in_range(repeats, 5, 12);
}

static void unknown_is_held_after_nine_minutes_when_policy_says_so(void **state)
{
    struct out_policy hold = policy;
    struct out_exchange x = silent(true);
    struct attempt_result r = {0};

    (void)state;
    hold.unknown_resend = false;
    x.first_unknown = NOW - 10 * MINUTE;
    out_judge(&r, &why, &x, &hold, NOW);
    assert_int_equal(r.to, OUT_UNKNOWN);
    assert_int_equal(r.next_at, 0);
    assert_non_null(strstr(why.next, "stopped")); /* nothing is promised that does not happen */
    x.first_unknown = NOW - MINUTE;
    out_judge(&r, &why, &x, &hold, NOW);
    assert_true(r.next_at > NOW);
    assert_non_null(strstr(why.next, "sent again"));
}

static void a_receipt_is_proof(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_RECEIPT, 200);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_int_equal(r.to, OUT_RECEIPTED);
    assert_null(r.why);
}

static void an_ebms_error_closes_the_message_and_is_retried(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_ERROR, 200);
    struct attempt_result r;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const char *const passing[] = {"EBMS:0004", "EBMS:0101", "EBMS:0102"};
        error_is(passing[i], "");
        r = judge(&x);
        assert_int_equal(r.to, OUT_WAITING);
        assert_int_equal(r.outcome, ATTEMPT_ANSWERED);
        assert_int_equal(why.class, ERR_RETRY);
    }
}

static void policy_noncompliance_is_permanent(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_ERROR, 200);
    struct attempt_result r;

    (void)state;
    error_is("EBMS:0103", "");
    r = judge(&x);
    assert_int_equal(r.to, OUT_REFUSED);
    assert_int_equal(why.class, ERR_PEER);
    assert_null(r.alarm); /* the refusal itself is one */
}

static void r3_an_unsigned_error_is_never_final(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_ERROR, 500);
    struct attempt_result r;

    (void)state;
    reply.is_signed = false;
    error_is("EBMS:0103", "");
    r = judge(&x);
    assert_int_equal(r.to, OUT_WAITING);
    assert_string_equal(r.alarm, "peer-error");
    error_is("EBMS:0004", "PEPPOL:NOT_SERVICED");
    x.not_serviced_before = true;
    x.attempts = 5;
    r = judge(&x);
    assert_int_equal(r.to, OUT_WAITING);
    assert_true(r.next_at > NOW + 4 * MINUTE);
}

static void an_alarm_is_early_where_time_alone_mends_nothing(void **state)
{
    struct out_exchange x = silent(true);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_null(r.alarm); /* not yet */
    x.first_unknown = NOW - 9 * MINUTE;
    r = judge(&x);
    assert_string_equal(r.alarm, "unproven");
    x = answered(AS4_REPLY_DUPLICATE, 200);
    assert_string_equal(judge(&x).alarm, "unproven");
    x = answered(AS4_REPLY_NOTHING, 404);
    assert_string_equal(judge(&x).alarm, "not-taken");
    x = answered(AS4_REPLY_ERROR, 200);
    error_is("EBMS:0102", "");
    assert_string_equal(judge(&x).alarm, "peer-error");
    x = silent(false);
    assert_null(judge(&x).alarm);
}

static void not_serviced_is_permanent_only_after_a_fresh_lookup(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_ERROR, 200);
    struct attempt_result r;

    (void)state;
    error_is("EBMS:0004", "PEPPOL:NOT_SERVICED");
    r = judge(&x);
    assert_int_equal(r.to, OUT_WAITING);
    assert_string_equal(why.code, "as4.not-serviced");
    x.not_serviced_before = true;
    r = judge(&x);
    assert_int_equal(r.to, OUT_REFUSED);
}

static void a_duplicate_error_stays_unknown_and_stops_sending(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_DUPLICATE, 200);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_int_equal(r.to, OUT_UNKNOWN);
    assert_int_equal(r.next_at, 0);
    assert_string_equal(why.code, "as4.duplicate");
}

static void http_4xx_without_soap_is_not_taken(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_NOTHING, 413);
    struct attempt_result r = judge(&x);

    (void)state;
    assert_int_equal(r.to, OUT_WAITING);
    assert_int_equal(r.outcome, ATTEMPT_NOT_TAKEN);
    assert_string_equal(why.code, "http.refused");
}

static void http_5xx_and_2xx_without_signal_are_unknown(void **state)
{
    static const int statuses[] = {200, 202, 204, 302, 500, 502, 503};

    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct out_exchange x = answered(AS4_REPLY_NOTHING, statuses[i]);
        struct attempt_result r = judge(&x);
        assert_int_equal(r.to, OUT_UNKNOWN);
        assert_int_equal(why.class, ERR_UNKNOWN);
    }
}

static void retry_after_is_honoured(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_NOTHING, 503);
    struct attempt_result r;

    (void)state;
    x.retry_after = 3 * MINUTE;
    r = judge(&x);
    assert_int_equal(r.next_at, NOW + 3 * MINUTE);
    x = answered(AS4_REPLY_NOTHING, 429);
    x.retry_after = 20 * MINUTE;
    assert_int_equal(judge(&x).next_at, NOW + 20 * MINUTE);
}

static void retry_after_is_bounded(void **state)
{
    struct out_exchange x = answered(AS4_REPLY_NOTHING, 503);
    struct attempt_result r;

    (void)state;
    x.first_unknown = NOW - 10 * MINUTE;
    x.retry_after = 24 * 60 * MINUTE;
    r = judge(&x);
    assert_int_equal(r.next_at, NOW + 60 * MINUTE);
}

static void pauses_grow_to_their_limit_with_jitter(void **state)
{
    int64_t least = INT64_MAX, most = 0;

    (void)state;
    assert_in_range(out_backoff(&policy, 1), 22500, 37500);
    assert_in_range(out_backoff(&policy, 3), 90000, 150000);
    for (int i = 0; i < 200; i++) {
        int64_t ms = out_backoff(&policy, 100000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_in_range(least, 1350000, 1800000);
    assert_in_range(most, 1800000, 2250000);
}

/* Never final, and due again within the longest pause (with its quarter of jitter). */
static void passes(const struct out_exchange *x)
{
    struct attempt_result r = judge(x);

    assert_true(r.to == OUT_WAITING || r.to == OUT_UNKNOWN);
    assert_in_range(r.next_at, NOW + 1, NOW + policy.retry_max / 4 * 5);
}

/* reliability G6: however often, whatever was sent before, with any status and any error of a peer
 * but the two that are permanent. */
static void g6_no_passing_fault_is_ever_final(void **state)
{
    static const char *const codes[] = {"EBMS:0001", "EBMS:0004", "EBMS:0009", "EBMS:0101",
        "EBMS:0102", "EBMS:0303", "EBMS:4001", "OTHER"};
    struct out_exchange x;

    (void)state;
    for (unsigned attempts = 1; attempts < 4000; attempts = attempts * 3 / 2 + 1)
        for (int before = 0; before < 2; before++) {
            for (int body = 0; body < 2; body++) {
                x = silent(body);
                x.attempts = attempts;
                x.sent_same_before = before;
                passes(&x);
            }
            for (int status = 100; status < 600; status++) {
                x = answered(AS4_REPLY_NOTHING, status);
                x.attempts = attempts;
                x.sent_same_before = before;
                passes(&x);
            }
            for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
                x = answered(AS4_REPLY_ERROR, 200);
                x.attempts = attempts;
                x.sent_same_before = before;
                error_is(codes[i], "");
                passes(&x);
            }
        }
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(no_body_byte_left_is_waiting_never_unknown),
        cmocka_unit_test(silence_is_whose_it_is),
        cmocka_unit_test(a_resend_that_cannot_connect_stays_unknown),
        cmocka_unit_test(body_left_and_no_answer_is_unknown_and_soon),
        cmocka_unit_test(several_repeats_fit_into_nine_minutes),
        cmocka_unit_test(unknown_is_held_after_nine_minutes_when_policy_says_so),
        cmocka_unit_test(a_receipt_is_proof),
        cmocka_unit_test(an_ebms_error_closes_the_message_and_is_retried),
        cmocka_unit_test(policy_noncompliance_is_permanent),
        cmocka_unit_test(g6_no_passing_fault_is_ever_final),
        cmocka_unit_test(r3_an_unsigned_error_is_never_final),
        cmocka_unit_test(an_alarm_is_early_where_time_alone_mends_nothing),
        cmocka_unit_test(not_serviced_is_permanent_only_after_a_fresh_lookup),
        cmocka_unit_test(a_duplicate_error_stays_unknown_and_stops_sending),
        cmocka_unit_test(http_4xx_without_soap_is_not_taken),
        cmocka_unit_test(http_5xx_and_2xx_without_signal_are_unknown),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(retry_after_is_bounded),
        cmocka_unit_test(pauses_grow_to_their_limit_with_jitter),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
