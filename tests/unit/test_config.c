#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/config/config.h"

static char path[64];

static void write_conf(const char *text)
{
    FILE *f;

    (void)snprintf(path, sizeof(path), "/tmp/aviso-conf-%d", (int)getpid());
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int load(struct config **c, const char *text, struct err *e)
{
    write_conf(text);
    return config_load(c, path, NULL, 0, e);
}

static void refuses(const char *text, const char *code, const char *part)
{
    struct err e = ERR_INIT;
    struct config *c;

    assert_int_equal(load(&c, text, &e), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, ERR_CONFIG);
    if (!strstr(e.msg, part))
        fail_msg("\"%s\" lacks \"%s\"", e.msg, part);
}

static void unknown_key_names_file_line_and_nearest(void **state)
{
    (void)state;
    refuses("[ap]\nmode = lab\n[store]\nspol = /x\n", "config.unknown-key", "store.spool");
    refuses("\n[store]\nspol = /x\n", "config.unknown-key", ":3:");
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    refuses("[ap]\nmode = prod\n", "config.value", "ap.mode");
    refuses("[limits]\nmax_payload = 10X\n", "config.value", "bytes");
    refuses("[retry]\nfirst = soon\n", "config.value", "time");
    refuses("[retry]\nhorizon = 0s\n", "config.value", "not 0");
    refuses("[retry]\nwindow = 0\n", "config.value", "1 or more");
    refuses("[limits]\nmax_payload = 0\n", "config.value", "not 0");
    refuses("[store]\nspool = spool\n", "config.value", "from the root");
    refuses("[retry]\nfirst\n", "config.syntax", "key = value");
    refuses("[retry\n", "config.syntax", "[section]");
}

static void long_lines_are_refused_not_cut(void **state)
{
    char big[6000];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    memcpy(big, "[ap]\nkey_file = ", 16);
    refuses(big, "config.syntax", "4096");
}

static void there_is_no_default_mode(void **state)
{
    struct err e = ERR_INIT;
    struct config *c;

    (void)state;
    assert_int_equal(load(&c, "", &e), 0);
    assert_int_equal(config_check(c, &e), -1);
    assert_string_equal(e.code, "config.mode");
    config_free(c);
}

/*= PEPPOL-TLS 1.1.0 4 "checks are not relaxed" */
static void lab_options_are_refused_elsewhere(void **state)
{
    struct err e = ERR_INIT;
    struct config *c;

    (void)state;
    assert_int_equal(load(&c,
                         "[ap]\nmode = test\nkey_file=/dev/null\ncert_file=/dev/null\n"
                         "[lookup]\ntls_ca_file = /x\n",
                         &e),
        0);
    assert_int_equal(config_check(c, &e), -1);
    assert_string_equal(e.code, "config.lab-only");
    config_free(c);
}

/*= PEPPOL-AS4 4.2 "port 443" */
static void a_public_url_that_no_peer_calls_is_refused(void **state)
{
    static const struct {
        const char *url;
        bool production, lab;
    } t[] = {{"https://ap.example.org/as4", true, true}, {"https://ap.example.org", true, true},
        {"https://ap.example.org:443/as4", true, true}, {"https://[2001:db8::1]/as4", true, true},
        {"https://[2001:db8::1]:443/as4", true, true}, {"", true, true},
        {"http://ap.example.org/as4", false, true},
        {"https://ap.example.org:8443/as4", false, true},
        {"https://[2001:db8::1]:8443/as4", false, true},
        {"https://u@ap.example.org/as4", false, true},
        {"https://ap.example.org/as4?x", false, true}, {"https:///as4", false, true},
        {"https://", false, true}, {"ap.example.org/as4", false, false}, {"ftp://x", false, false}};
    struct err e = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        for (int lab = 0; lab < 2; lab++) {
            char url[200];
            const char *flags[] = {lab ? "ap.mode=lab" : "ap.mode=production", url,
                "ap.key_file=/dev/null", "ap.cert_file=/dev/null", "listen.plain=behind-proxy"};
            struct config *c;
            bool ok = lab ? t[i].lab : t[i].production;
            (void)snprintf(url, sizeof(url), "listen.public_url=%s", t[i].url);
            assert_int_equal(config_load(&c, "/dev/null", flags, 5, &e), 0);
            if (config_check(c, &e) != (ok ? 0 : -1))
                fail_msg("%s, lab %d: %s", t[i].url, lab, ok ? e.msg : "taken");
            assert_true(ok || strcmp(e.code, "config.value") == 0);
            config_free(c);
        }
}

static void later_sources_win_and_are_named(void **state)
{
    const char *flag = "retry.max=7m";
    struct err e = ERR_INIT;
    struct config *c;
    struct buf b;

    (void)state;
    write_conf("[retry]\nfirst = 1m\nmax = 2m\n");
    assert_int_equal(setenv("AVISO_RETRY_FIRST", "3m", 1), 0);
    assert_int_equal(config_load(&c, path, &flag, 1, &e), 0);
    assert_int_equal(unsetenv("AVISO_RETRY_FIRST"), 0);
    assert_int_equal(c->retry_first, 180000);
    assert_int_equal(c->retry_max, 420000);
    assert_int_equal(c->max_payload, 100000000);
    buf_init(&b, 1 << 16);
    config_print(&b, c, true);
    assert_non_null(strstr(b.p, "# environment AVISO_RETRY_FIRST\nfirst = 180s"));
    assert_non_null(strstr(b.p, "# command line\nmax = 420s"));
    assert_non_null(strstr(b.p, "# default\npath = /as4"));
    buf_free(&b);
    config_free(c);
}

static int tidy(void **state)
{
    (void)state;
    return unlink(path);
}

static void what_a_service_is_built_on_keeps_its_value(void **state)
{
    struct config *running, *fresh;
    struct err e = ERR_INIT;
    struct buf changed;

    (void)state;
    buf_init(&changed, 1000);
    assert_int_equal(load(&running, "[ap]\nmode = lab\n[store]\nspool = /a\n", &e), 0);
    assert_int_equal(
        load(&fresh, "[ap]\nmode = test\n[store]\nspool = /b\n[retry]\nfirst = 7s\n", &e), 0);
    config_keep(&changed, fresh, running);
    assert_string_equal(changed.p, "ap.mode store.spool");
    assert_int_equal(fresh->mode, MODE_LAB);
    assert_string_equal(fresh->spool, "/a");
    assert_int_equal(fresh->retry_first, 7000);
    buf_clear(&changed);
    config_keep(&changed, fresh, running);
    assert_int_equal(changed.n, 0);
    buf_free(&changed);
    config_free(fresh);
    config_free(running);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(unknown_key_names_file_line_and_nearest),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(long_lines_are_refused_not_cut),
        cmocka_unit_test(there_is_no_default_mode),
        cmocka_unit_test(lab_options_are_refused_elsewhere),
        cmocka_unit_test(a_public_url_that_no_peer_calls_is_refused),
        cmocka_unit_test(later_sources_win_and_are_named),
        cmocka_unit_test(what_a_service_is_built_on_keeps_its_value),
    };
    return cmocka_run_group_tests(t, NULL, tidy);
}
