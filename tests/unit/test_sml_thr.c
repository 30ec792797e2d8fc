#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/lookup/sml.h"
#include "tests/support/dnsd.h"

static struct dnsd *dns;
static struct sml *sml;
static struct sml_answer out;
static struct err e;

/* ---- one record ---- */

static void rdata_is_read_within_its_bounds(void **state)
{
    static const uint8_t good[] = "\x00\x64\x00\x0a\x01U\x08Meta:SMP\x05!a!b!\x00";
    size_t n = sizeof(good) - 1;
    struct naptr r;
    uint8_t bad[sizeof(good)];
    (void)state;
    assert_int_equal(naptr_parse(&r, good, n, &e), 0);
    assert_int_equal(r.order, 100);
    assert_int_equal(r.preference, 10);
    assert_string_equal(r.flags, "U");
    assert_string_equal(r.services, "Meta:SMP");
    assert_string_equal(r.regexp, "!a!b!");
    assert_false(r.has_replacement);
    assert_true(naptr_is_smp(&r));
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(naptr_parse(&r, good, cut, &e), -1);
        assert_string_equal(e.code, "sml.malformed");
    }
    assert_int_equal(naptr_parse(&r, good, sizeof(good), &e), -1); /* a byte too many */
    memcpy(bad, good, sizeof(good));
    bad[5] = 0; /* NUL as flag */
    assert_int_equal(naptr_parse(&r, bad, n, &e), -1);
    bad[4] = 200;
    assert_int_equal(naptr_parse(&r, bad, n, &e), -1);
    memcpy(bad, good, sizeof(good));
    bad[n - 1] = 0xc0; /* a compressed name */
    assert_int_equal(naptr_parse(&r, bad, n, &e), -1);
}

static int url_of(const char *regexp, char url[SML_URL])
{
    struct naptr r = {.flags = "U", .services = "Meta:SMP"};

    (void)snprintf(r.regexp, sizeof(r.regexp), "%s", regexp);
    return naptr_url(url, &r, &e);
}

/* N3: Oxalis #498: a replace-all reading of an expression without anchors doubled the URL. */
/*= SML 1.3.0 2.1.1 "the expression gives the URL" */
static void every_usual_form_of_the_expression_gives_the_url_once(void **state)
{
    static const char *const forms[] = {"!.*!https://smp.example/p!",
        "!^.*$!https://smp.example/p!", "!^.*$!https://smp.example/p!i",
        "#.*#https://smp.example/p#", "!^(.*)$!https://smp.example/p!",
        "~.+~https://smp.example/p~", "/.*/https:\\/\\/smp.example\\/p/"};
    char url[SML_URL];
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_int_equal(url_of(forms[i], url), 0);
        assert_string_equal(url, "https://smp.example/p");
    }
}

static void odd_expressions_are_a_clear_error(void **state)
{
    static const char *const bad[] = {"", "!", "!!", "!!!", "!.*!", "!.*!https://x", "x",
        "!.*!https://\\1/!", "!(.*)!https://x/\\1!", "!.*!https://x!g", "!.*!https://x!ii",
        "!^foo!https://x!", "0.*0https://x0", "\\.*\\https://x\\", "i.*ihttps://xi",
        "!.*!https://x!extra!"};
    struct naptr r = {.flags = "U", .regexp = "!.*!https://x!", .has_replacement = true};
    char url[SML_URL];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(url_of(bad[i], url), -1);
        assert_string_equal(e.code, "sml.malformed");
        assert_int_equal(e.class, ERR_RETRY);
    }
    assert_int_equal(naptr_url(url, &r, &e), -1);
}

/*= SMP 1.4.0 5 "https on port 443" */
static void only_base_urls_over_tls_are_taken(void **state)
{
    static const char *const bad[] = {"", "smp.example", "ftp://smp.example", "http://smp.example",
        "https://", "https:///x", "https://u@smp.example", "https://smp.example:8443",
        "https://smp.example:0", "https://smp.example:", "https://smp.example?x",
        "https://smp.example/#f", "https://smp.example/a?b", "https://smp example", "https://.x",
        "https://smp.example\\x", "https://[::1/", "https://smp.example:443:1/"};
    char url[SML_URL];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(url, sizeof(url), "%s", bad[i]);
        assert_int_equal(sml_url_check(url, false, &e), -1);
        assert_string_equal(e.code, "sml.url");
        assert_int_equal(e.class, ERR_PEER);
    }
    (void)snprintf(url, sizeof(url), "https://smp.example:443/a/b/");
    assert_int_equal(sml_url_check(url, false, &e), 0);
    assert_string_equal(url, "https://smp.example:443/a/b");
    (void)snprintf(url, sizeof(url), "HTTPS://smp.example");
    assert_int_equal(sml_url_check(url, false, &e), 0);
    (void)snprintf(url, sizeof(url), "https://[2001:db8::1]/");
    assert_int_equal(sml_url_check(url, false, &e), 0);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:8080/");
    assert_int_equal(sml_url_check(url, true, &e), 0);
    assert_string_equal(url, "http://127.0.0.1:8080");
}

/* ---- against a server ---- */

#define ZONE "sml.example"

static struct participant party(const char *z)
{
    struct participant p;
    assert_int_equal(participant_parse(&p, str_z(z), &e), 0);
    return p;
}

static const char *name_of(const char *z)
{
    static char n[4][PARTICIPANT_DNS];
    static unsigned turn;
    struct participant p = party(z);
    char *at = n[turn++ % 4];

    assert_int_equal(participant_dns(at, &p, ZONE, &e), 0);
    return at;
}

static void open_with(const char *second, int64_t deadline)
{
    struct sml_cfg c = {
        .zone = ZONE, .resolver = dnsd_address(dns), .resolver2 = second, .deadline_ms = deadline};

    sml_close(sml);
    assert_int_equal(sml_open(&sml, &c, &e), 0);
}

static int begin(void **state)
{
    (void)state;
    dns = dnsd_start();
    open_with(NULL, 3000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sml_close(sml);
    sml = NULL;
    dnsd_stop(dns);
    return 0;
}

static int look(const char *z)
{
    struct participant p = party(z);

    memset(&e, 0, sizeof(e));
    return sml_find(&out, sml, &p, false, &e);
}

static void fails(const char *z, const char *code, enum err_class cls)
{
    assert_int_equal(look(z), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, cls);
    assert_non_null(strstr(e.where, ZONE));
    assert_string_equal(out.url, "");
}

/*= SML 1.3.0 2.1.1 "flag U and service Meta:SMP" */
/*= SML 1.3.0 2.1.1 "no record: not registered" */
/*= SML 1.3.0 2.1.1 "NAPTR only" */
static void no_such_name_and_no_such_record_are_not_registered(void **state)
{
    (void)state;
    fails("0088:nobody", "participant.not-registered", ERR_PEER);
    assert_non_null(strstr(e.msg, "NXDOMAIN"));
    dnsd_set(dns, name_of("0088:empty"), DNSD_RECORDS);
    fails("0088:empty", "participant.not-registered", ERR_PEER);
    assert_non_null(strstr(e.msg, "no NAPTR"));
    dnsd_naptr(dns, name_of("0088:other"), 1, 1, "U", "Meta:OTHER", "!.*!https://x.example!");
    dnsd_naptr(dns, name_of("0088:other"), 1, 1, "S", "Meta:SMP", "!.*!https://x.example!");
    fails("0088:other", "participant.not-registered", ERR_PEER);
    assert_non_null(strstr(e.msg, "of an SMP"));
    /* registered under the name of before 2025 only */
    dnsd_naptr(dns, "b-bce96240906f92c8cb50bd16104bb2e0.iso6523-actorid-upis." ZONE ".", 1, 1, "U",
        "Meta:SMP", "!.*!https://x.example!");
    fails("0088:cname", "participant.not-registered", ERR_PEER);
}

/* N1: the resolver's trouble is never "not registered". */
static void trouble_of_the_resolver_is_transient(void **state)
{
    (void)state;
    dnsd_set(dns, name_of("0088:servfail"), DNSD_SERVFAIL);
    fails("0088:servfail", "dns.temporary", ERR_RETRY);
    dnsd_set(dns, name_of("0088:refused"), DNSD_REFUSED);
    fails("0088:refused", "dns.temporary", ERR_RETRY);
    open_with(NULL, 400);
    dnsd_set(dns, name_of("0088:silent"), DNSD_SILENT);
    fails("0088:silent", "dns.timeout", ERR_RETRY);
    dnsd_set(dns, name_of("0088:garbage"), DNSD_GARBAGE);
    assert_int_equal(look("0088:garbage"), -1);
    assert_int_equal(e.class, ERR_RETRY);
}

static void the_deadline_holds_with_a_dead_forwarder(void **state)
{
    struct dnsd *gone = dnsd_start();
    char address[60];
    struct sml_cfg c = {.zone = ZONE, .resolver = address, .deadline_ms = 300};
    int64_t began;
    (void)state;
    (void)snprintf(address, sizeof(address), "%s", dnsd_address(gone));
    dnsd_stop(gone);
    sml_close(sml);
    assert_int_equal(sml_open(&sml, &c, &e), 0);
    began = clock_mono();
    assert_int_equal(look("0088:x"), -1);
    assert_int_equal(e.class, ERR_RETRY);
    assert_in_range(clock_mono() - began, 0, 2000);
    c.resolver = "not an address";
    sml_close(sml);
    sml = NULL;
    assert_int_equal(sml_open(&sml, &c, &e), -1);
    assert_string_equal(e.code, "dns.config");
}

static void a_record_gives_the_base_url(void **state)
{
    (void)state;
    dnsd_naptr(
        dns, name_of("0088:one"), 100, 10, "u", "meta:smp", "!.*!https://smp.example/path/!");
    assert_int_equal(look("0088:ONE"), 0);
    assert_string_equal(out.url, "https://smp.example/path");
    assert_int_equal(out.records, 1);
    assert_int_equal(look("0088:one"), 0); /* from libunbound's cache */
    assert_int_equal(dnsd_hits(dns, name_of("0088:one")), 1);
}

static void a_fresh_answer_is_not_from_the_cache(void **state)
{
    struct participant p = party("0088:moved");

    (void)state;
    dnsd_naptr(dns, name_of("0088:moved"), 1, 1, "u", "meta:smp", "!.*!https://smp.example!");
    assert_int_equal(look("0088:moved"), 0);
    assert_int_equal(sml_find(&out, sml, &p, true, &e), 0);
    assert_string_equal(out.url, "https://smp.example");
    assert_int_equal(dnsd_hits(dns, name_of("0088:moved")), 2);
    p = party("0088:nobody");
    assert_int_equal(sml_find(&out, sml, &p, true, &e), -1);
    assert_string_equal(e.code, "participant.not-registered");
}

/* libunbound keeps the longest TTL in a variable of the whole process: the last context that begins
 * would set it for all. */
static void fresh_and_kept_answers_do_not_mix_whoever_asks_first(void **state)
{
    struct participant p = party("0088:mix");

    (void)state;
    dnsd_naptr(dns, name_of("0088:mix"), 1, 1, "u", "meta:smp", "!.*!https://old.example!");
    assert_int_equal(sml_find(&out, sml, &p, true, &e), 0);
    assert_int_equal(look("0088:mix"), 0);
    assert_int_equal(look("0088:mix"), 0);
    assert_int_equal(dnsd_hits(dns, name_of("0088:mix")), 2);
    assert_int_equal(sml_find(&out, sml, &p, true, &e), 0);
    assert_int_equal(dnsd_hits(dns, name_of("0088:mix")), 3);
    dnsd_set(dns, name_of("0088:mix"), DNSD_NXDOMAIN);
    assert_int_equal(sml_find(&out, sml, &p, true, &e), -1);
    assert_string_equal(e.code, "participant.not-registered");
    assert_int_equal(look("0088:mix"), 0);
}

/*= SML 1.3.0 2.1.1 "aliases are followed" */
static void aliases_and_tcp_are_followed(void **state)
{
    (void)state;
    dnsd_cname(dns, name_of("0088:alias"), "target.other.example");
    dnsd_naptr(dns, "target.other.example", 1, 1, "U", "Meta:SMP", "!.*!https://smp.example!");
    assert_int_equal(look("0088:alias"), 0);
    assert_string_equal(out.url, "https://smp.example");
    dnsd_cname(dns, name_of("0088:loop"), "loop.other.example");
    dnsd_cname(dns, "loop.other.example", name_of("0088:loop"));
    assert_int_equal(look("0088:loop"), -1);
    assert_int_equal(e.class, ERR_RETRY);
    dnsd_set(dns, name_of("0088:big"), DNSD_TRUNCATED);
    dnsd_naptr(dns, name_of("0088:big"), 1, 1, "U", "Meta:SMP", "!.*!https://big.example!");
    assert_int_equal(look("0088:big"), 0);
    assert_string_equal(out.url, "https://big.example");
}

/*= SML 1.3.0 2.1.1 "order, then preference" */
static void order_and_preference_decide_among_many(void **state)
{
    char regexp[100];
    (void)state;
    dnsd_set(dns, name_of("0088:many"), DNSD_TRUNCATED);
    for (unsigned i = 100; i > 0; i--) {
        (void)snprintf(regexp, sizeof(regexp), "!.*!https://smp%u.example!", i);
        dnsd_naptr(dns, name_of("0088:many"), i / 10 + 1, i, "U", "Meta:SMP", regexp);
    }
    dnsd_naptr(dns, name_of("0088:many"), 0, 0, "U", "Other", "!.*!https://other.example!");
    assert_int_equal(look("0088:many"), 0);
    assert_string_equal(out.url, "https://smp1.example");
}

static void a_usable_record_is_taken_beside_a_broken_one(void **state)
{
    (void)state;
    dnsd_naptr(dns, name_of("0088:mixed"), 1, 1, "U", "Meta:SMP", "!.*!http://plain.example!");
    dnsd_naptr(dns, name_of("0088:mixed"), 2, 1, "U", "Meta:SMP", "!.*!https://good.example!");
    assert_int_equal(look("0088:mixed"), 0);
    assert_string_equal(out.url, "https://good.example");
    dnsd_naptr(dns, name_of("0088:plain"), 1, 1, "U", "Meta:SMP", "!.*!http://plain.example!");
    fails("0088:plain", "sml.url", ERR_PEER);
    dnsd_naptr(dns, name_of("0088:broken"), 1, 1, "U", "Meta:SMP", "https://no-delimiters.example");
    fails("0088:broken", "sml.malformed", ERR_RETRY);
}

/* N2: one NXDOMAIN alone is not believed when a second resolver is set. */
static void not_registered_needs_both_resolvers(void **state)
{
    struct dnsd *second = dnsd_start();
    (void)state;
    open_with(dnsd_address(second), 1000);
    dnsd_naptr(second, name_of("0088:there"), 1, 1, "U", "Meta:SMP", "!.*!https://smp.example!");
    assert_int_equal(look("0088:there"), 0);
    assert_string_equal(out.url, "https://smp.example");
    fails("0088:nowhere", "participant.not-registered", ERR_PEER);
    dnsd_set(second, name_of("0088:unsure"), DNSD_SERVFAIL);
    fails("0088:unsure", "dns.temporary", ERR_RETRY);
    dnsd_set(dns, name_of("0088:down"), DNSD_SERVFAIL);
    fails("0088:down", "dns.temporary", ERR_RETRY);
    assert_int_equal(dnsd_hits(second, name_of("0088:down")), 0);
    sml_close(sml);
    sml = NULL;
    dnsd_stop(second);
}

static void *asker(void *arg)
{
    struct participant p;
    struct sml_answer a;
    struct err we = ERR_INIT;
    long n = *(long *)arg, good = 0;
    char id[40];

    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof(id), "0088:t%ld", (n + i) % 5);
        if (participant_parse(&p, str_z(id), &we) == 0 && sml_find(&a, sml, &p, false, &we) == 0)
            good++;
    }
    *(long *)arg = good;
    return NULL;
}

static void threads_ask_at_once_and_give_up_singly(void **state)
{
    pthread_t t[6];
    long n[6];
    (void)state;
    open_with(NULL, 1500);
    dnsd_set(dns, name_of("0088:t0"), DNSD_SILENT);
    for (int i = 1; i < 5; i++) {
        char id[40];
        (void)snprintf(id, sizeof(id), "0088:t%d", i);
        dnsd_naptr(dns, name_of(id), 1, 1, "U", "Meta:SMP", "!.*!https://smp.example!");
    }
    for (int i = 0; i < 6; i++) {
        n[i] = i;
        assert_int_equal(pthread_create(&t[i], NULL, asker, &n[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(n[i], 8); /* all but the silent one */
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest t[] = {
        cmocka_unit_test(rdata_is_read_within_its_bounds),
        cmocka_unit_test(every_usual_form_of_the_expression_gives_the_url_once),
        cmocka_unit_test(odd_expressions_are_a_clear_error),
        cmocka_unit_test(only_base_urls_over_tls_are_taken),
        T(no_such_name_and_no_such_record_are_not_registered),
        T(trouble_of_the_resolver_is_transient),
        T(the_deadline_holds_with_a_dead_forwarder),
        T(a_record_gives_the_base_url),
        T(a_fresh_answer_is_not_from_the_cache),
        T(fresh_and_kept_answers_do_not_mix_whoever_asks_first),
        T(aliases_and_tcp_are_followed),
        T(order_and_preference_decide_among_many),
        T(a_usable_record_is_taken_beside_a_broken_one),
        T(not_registered_needs_both_resolvers),
        T(threads_ask_at_once_and_give_up_singly),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
