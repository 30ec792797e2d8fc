/* What a difference between the SMP and us means to a sender: nothing, a word, or an alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/publish/publish.h"
#include "tests/support/testpki.h"

#define NOW TESTPKI_NOW
#define DAY 86400000ll
#define SMP "https://smp.example"
#define URL "https://ap.example/as4"

static struct cert *now_cert, *next_cert;
static struct publish_service service;
static struct publish_ours ours;
static struct publish_row rows[3];
static struct publish_state state;
static struct err why;
static size_t more;

static int open_certs(void **x)
{
    const struct testpki_leaf next = {
        .name = "next", .cn = "POP000001", .from = "20261101000000Z", .to = "20281101000000Z"};

    (void)x;
    now_cert = testpki_cert("ap1");
    next_cert = testpki_leaf(&next);
    return 0;
}

static int close_certs(void **x)
{
    (void)x;
    cert_unref(now_cert);
    cert_unref(next_cert);
    return 0;
}

/* Two entries that are as they should be; two keys, the next one to be published. */
static int begin(void **x)
{
    (void)x;
    memset(&why, 0, sizeof(why));
    (void)snprintf(service.doctype.value, sizeof(service.doctype.value), "urn:x::Y##z::1");
    ours = (struct publish_ours){.services = &service, .n = 1, .url = URL, .ncerts = 2};
    ours.certs[0] = next_cert;
    ours.certs[1] = now_cert;
    (void)snprintf(ours.participant.value, sizeof(ours.participant.value), "0208:0848934496");
    memset(rows, 0, sizeof(rows));
    for (size_t i = 0; i < 3; i++) {
        rows[i].doctype = service.doctype;
        (void)snprintf(rows[i].url, sizeof(rows[i].url), URL);
        (void)snprintf(rows[i].seat, sizeof(rows[i].seat), "POP000001");
        (void)snprintf(rows[i].serial, sizeof(rows[i].serial), "%s", next_cert->serial);
        rows[i].not_after = next_cert->not_after;
    }
    state = (struct publish_state){.group = true, .rows = rows, .n = 2};
    return 0;
}

static enum publish_weight weight(void)
{
    return publish_flaw(&why, &more, &state, &ours, SMP, NOW);
}

static void wrong(const char *code)
{
    assert_int_equal(weight(), PUBLISH_WRONG);
    assert_string_equal(why.code, code);
    assert_int_equal(why.class, ERR_CONFIG);
    assert_non_null(strstr(why.msg, "0208:0848934496"));
    assert_string_equal(why.who, "0208:0848934496");
    assert_string_equal(why.where, "SMP " SMP);
    assert_true(why.next[0]);
}

static void set(size_t i, enum publish_verdict v, unsigned differences)
{
    rows[i].verdict = v;
    rows[i].differences = differences;
}

static void the_same_is_right(void **x)
{
    (void)x;
    assert_int_equal(weight(), PUBLISH_RIGHT);
    assert_int_equal(more, 0);
}

static void a_certificate_that_we_cannot_decrypt_with_is_wrong(void **x)
{
    (void)x;
    set(1, PUBLISH_DIFFERS, PUBLISH_CERT);
    (void)snprintf(rows[1].serial, sizeof(rows[1].serial), "0badcafe");
    wrong("smp-entry.certificate");
    assert_non_null(strstr(why.msg, "serial 0badcafe until 2028-"));
    assert_non_null(strstr(why.msg, now_cert->serial));
    assert_non_null(strstr(why.msg, next_cert->serial));
    assert_non_null(strstr(why.next, "EBMS:0102"));
}

static void one_that_cannot_be_read_is_wrong(void **x)
{
    (void)x;
    set(1, PUBLISH_DIFFERS, PUBLISH_CERT);
    rows[1].seat[0] = rows[1].serial[0] = '\0';
    rows[1].not_after = 0;
    wrong("smp-entry.certificate");
    assert_non_null(strstr(why.msg, "(unreadable)"));
}

static void while_a_key_takes_over_either_certificate_will_do(void **x)
{
    (void)x;
    set(0, PUBLISH_DIFFERS, PUBLISH_CERT_OLD);
    assert_int_equal(weight(), PUBLISH_ASIDE);
    assert_string_equal(why.code, "smp-entry.old-certificate");
}

static void but_not_one_that_has_ended(void **x)
{
    (void)x;
    set(0, PUBLISH_DIFFERS, PUBLISH_CERT_OLD);
    rows[0].not_after = NOW;
    wrong("smp-entry.expired");
}

static void another_url_is_wrong_also_while_a_key_takes_over(void **x)
{
    (void)x;
    set(0, PUBLISH_DIFFERS, PUBLISH_CERT_OLD | PUBLISH_URL);
    (void)snprintf(rows[0].url, sizeof(rows[0].url), "https://old.example/as4");
    wrong("smp-entry.url");
    assert_non_null(strstr(why.msg, "https://old.example/as4, not " URL));
}

static void an_entry_out_of_force_is_wrong(void **x)
{
    (void)x;
    set(0, PUBLISH_DIFFERS, PUBLISH_DATES);
    wrong("smp-entry.dates");
}

static void what_is_missing_or_leads_elsewhere_is_wrong(void **x)
{
    (void)x;
    set(0, PUBLISH_MISSING, 0);
    wrong("smp-entry.missing");
    set(0, PUBLISH_REDIRECTED, 0);
    wrong("smp-entry.redirected");
    set(0, PUBLISH_OTHER_AP, PUBLISH_CERT | PUBLISH_URL);
    wrong("smp-entry.other-ap");
}

static void the_gravest_is_told_and_the_others_counted(void **x)
{
    (void)x;
    state.n = 3;
    set(0, PUBLISH_MISSING, 0);
    set(1, PUBLISH_DIFFERS, PUBLISH_DATES);
    set(2, PUBLISH_DIFFERS, PUBLISH_CERT);
    wrong("smp-entry.certificate");
    assert_int_equal(more, 2);
}

static void what_we_refuse_is_wrong_when_it_leads_to_us(void **x)
{
    (void)x;
    set(0, PUBLISH_NOT_HELD, 0);
    wrong("smp-entry.not-held");
    (void)snprintf(rows[0].url, sizeof(rows[0].url), "https://other.example/as4");
    wrong("smp-entry.not-held"); /* of our seat */
    (void)snprintf(rows[0].seat, sizeof(rows[0].seat), "POP000002");
    assert_int_equal(weight(), PUBLISH_ASIDE);
}

static void of_a_disabled_one_nothing_may_lead_to_us(void **x)
{
    (void)x;
    state.disabled = ours.disabled = true;
    set(0, PUBLISH_NOT_HELD, 0);
    set(1, PUBLISH_NOT_HELD, 0);
    wrong("smp-entry.disabled");
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(rows[i].seat, sizeof(rows[i].seat), "POP000002");
        (void)snprintf(rows[i].url, sizeof(rows[i].url), "https://other.example/as4");
    }
    assert_int_equal(weight(), PUBLISH_RIGHT);
    assert_int_equal(publish_flaw_whole(&why, NULL, &ours, ""), PUBLISH_RIGHT);
    state.group = false;
    state.n = 0;
    assert_int_equal(weight(), PUBLISH_RIGHT);
}

static void an_smp_that_does_not_know_it_is_wrong(void **x)
{
    (void)x;
    state.group = false;
    wrong("smp-entry.not-there");
    ours.n = 0;
    state.n = 0;
    wrong("smp-entry.not-there"); /* the SML leads senders to it */
}

static void not_in_the_sml_is_wrong_for_who_takes_something(void **x)
{
    (void)x;
    assert_int_equal(publish_flaw_whole(&why, NULL, &ours, ""), PUBLISH_WRONG);
    assert_string_equal(why.code, "smp-entry.not-registered");
    assert_string_equal(why.where, "SML");
    ours.n = 0;
    assert_int_equal(publish_flaw_whole(&why, NULL, &ours, ""), PUBLISH_ASIDE);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test_setup(the_same_is_right, begin),
        cmocka_unit_test_setup(a_certificate_that_we_cannot_decrypt_with_is_wrong, begin),
        cmocka_unit_test_setup(one_that_cannot_be_read_is_wrong, begin),
        cmocka_unit_test_setup(while_a_key_takes_over_either_certificate_will_do, begin),
        cmocka_unit_test_setup(but_not_one_that_has_ended, begin),
        cmocka_unit_test_setup(another_url_is_wrong_also_while_a_key_takes_over, begin),
        cmocka_unit_test_setup(an_entry_out_of_force_is_wrong, begin),
        cmocka_unit_test_setup(what_is_missing_or_leads_elsewhere_is_wrong, begin),
        cmocka_unit_test_setup(the_gravest_is_told_and_the_others_counted, begin),
        cmocka_unit_test_setup(what_we_refuse_is_wrong_when_it_leads_to_us, begin),
        cmocka_unit_test_setup(of_a_disabled_one_nothing_may_lead_to_us, begin),
        cmocka_unit_test_setup(an_smp_that_does_not_know_it_is_wrong, begin),
        cmocka_unit_test_setup(not_in_the_sml_is_wrong_for_who_takes_something, begin),
    };
    return cmocka_run_group_tests(t, open_certs, close_certs);
}
