#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/daemon/lanes.h"
#include "tests/support/store_kit.h"

#define N 120
#define UBL "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
#define ID(id) "<Identifier Authority=\"iso6523-actorid-upis\">" id "</Identifier>"
#define SCOPE(type, id, more)                                                                      \
    "<Scope><Type>" type "</Type><InstanceIdentifier>" id "</InstanceIdentifier>" more "</Scope>"
#define DOCUMENT_ID                                                                                \
    SCOPE("DOCUMENTID", UBL "::Invoice##urn:x::2.1", "<Identifier>busdox-docid-qns</Identifier>")
#define PROCESS_ID SCOPE("PROCESSID", "urn:prof", "<Identifier>cenbii-procid-ubl</Identifier>")
#define COUNTRY SCOPE("COUNTRY_C1", "BE", "")
#define PARTIES "<Sender>" ID("0208:0848934496") "</Sender><Receiver>" ID("9915:test") "</Receiver>"

/* What is handed over is taken out of its envelope. */
static const char sbd[] =
    "<StandardBusinessDocument"
    " xmlns=\"http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader\">"
    "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion>" PARTIES
    "<DocumentIdentification><Standard>" UBL "</Standard><TypeVersion>2.1</TypeVersion>"
    "<InstanceIdentifier>id-1</InstanceIdentifier><Type>Invoice</Type>"
    "<CreationDateAndTime>2026-11-22T10:15:30Z</CreationDateAndTime></DocumentIdentification>"
    "<BusinessScope>" DOCUMENT_ID PROCESS_ID COUNTRY "</BusinessScope>"
    "</StandardBusinessDocumentHeader><Invoice xmlns=\"" UBL "\"/></StandardBusinessDocument>";

static struct kit k;
static struct deliver_routes routes;
static struct in_env env;
static const char *invoice;

static int start(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    kit_start(&k);
    invoice = "CANARY-1";
    if (deliver_open(&routes, NULL, "/nonexistent/folder", k.dir, &e))
        fail_msg("%s: %s", e.code, e.msg);
    env = (struct in_env){.store = k.s, .routes = &routes, .retry_ms = 200, .seat = "POP000456"};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    deliver_close(&routes);
    kit_stop(&k);
    return 0;
}

static int64_t take(unsigned n, const char *route)
{
    struct in_new x = kit_in(n, clock_now());
    struct in_facts f = {.verdict = "valid", .invoice = invoice};
    struct in_accepted a;
    struct in_claim c;
    struct err e = ERR_INIT;
    uint8_t hash[HASH_LEN];
    size_t got = 0;

    assert_int_equal(hash_of(hash, sbd, sizeof(sbd) - 1, &e), 0);
    x.sbd = (struct store_bytes){.blob = blob_mem(sbd, sizeof(sbd) - 1), .sha256 = hash};
    x.route = route;
    assert_int_equal(store_in_accept(&a, k.s, &x, k.a, &e), 0);
    assert_int_equal(store_in_claim(&c, 1, &got, k.s, false, NULL, clock_now(), 60000, &e), 0);
    assert_int_equal(got, 1);
    assert_int_equal(store_in_validated(k.s, &c, &f, clock_now(), &e), 0);
    return a.row;
}

static unsigned in_state(enum in_state s)
{
    struct store_counts n;
    struct err e = ERR_INIT;

    assert_int_equal(store_count(&n, k.s, &e), 0);
    return (unsigned)n.in[s];
}

static void end(struct lanes *l)
{
    lanes_close(l);
    assert_true(lanes_join(l, clock_now() + 20000));
}

/* Its receiver is registered as any. */
static void what_somebody_else_sends_to_the_canary_is_set_aside(void **state)
{
    const char *const others[][2] = {{"POP000123", "CANARY-1"}, {"POP000456", "INV-1"}};
    struct in_lane lane;
    struct err e = ERR_INIT;
    int64_t row;

    (void)state;
    in_lane_init(&lane, deliver_find(&routes, "canary"));
    for (unsigned i = 0; i < 2; i++) {
        env.seat = others[i][0];
        invoice = others[i][1];
        row = take(i, "canary");
        assert_int_equal(in_lane_work(&env, &lane, &e), 1);
        assert_int_equal(kit_in_get(&k, row).state, IN_QUARANTINED);
        assert_string_equal(kit_in_get(&k, row).reason.code, "handover.refused");
    }
    in_lane_done(&lane);
}

static void many_workers_hand_over_each_document_once(void **state)
{
    struct lanes *l;
    struct err e = ERR_INIT;
    int64_t row[N];

    (void)state;
    deliver_find(&routes, "canary")->workers = 8;
    assert_int_equal(lanes_start(&l, &env, &e), 0);
    for (unsigned i = 0; i < N; i++) {
        row[i] = take(i, "canary");
        lanes_ring(l);
    }
    for (int i = 0; i < 2000 && in_state(IN_ACKNOWLEDGED) < N; i++)
        clock_sleep(10);
    end(l);
    for (unsigned i = 0; i < N; i++) {
        struct in_row r = kit_in_get(&k, row[i]);
        assert_int_equal(r.state, IN_ACKNOWLEDGED);
        assert_int_equal(r.handovers, 1);
    }
}

/* The folder is not there: nothing of that route moves, the other does not notice. */
static void a_route_that_is_down_rests_and_holds_up_no_other(void **state)
{
    struct lanes *l;
    struct err e = ERR_INIT;
    struct store_event v[64];
    size_t n = 0, down = 0;
    int64_t row;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        (void)take(i, "folder");
    row = take(5, "canary");
    assert_int_equal(lanes_start(&l, &env, &e), 0);
    for (int i = 0; i < 1000 && kit_in_get(&k, row).state != IN_ACKNOWLEDGED; i++)
        clock_sleep(10);
    clock_sleep(500);
    end(l);
    assert_int_equal(kit_in_get(&k, row).state, IN_ACKNOWLEDGED);
    assert_int_equal(in_state(IN_VALIDATED), 5);
    assert_int_equal(store_events(v, 64, &n, k.s, 0, k.a, &e), 0);
    for (size_t i = 0; i < n; i++)
        down += strcmp(v[i].what, "route-down") == 0;
    assert_int_equal(down, 1); /* told once, not with each document */
}

static void a_route_for_fetching_has_no_workers(void **state)
{
    struct lanes *l;
    struct err e = ERR_INIT;
    int64_t row = take(1, "inbox");

    (void)state;
    assert_int_equal(lanes_start(&l, &env, &e), 0);
    clock_sleep(100);
    end(l);
    assert_int_equal(kit_in_get(&k, row).handovers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_somebody_else_sends_to_the_canary_is_set_aside, start, stop),
        cmocka_unit_test_setup_teardown(many_workers_hand_over_each_document_once, start, stop),
        cmocka_unit_test_setup_teardown(
            a_route_that_is_down_rests_and_holds_up_no_other, start, stop),
        cmocka_unit_test_setup_teardown(a_route_for_fetching_has_no_workers, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
