/* The same records in our little test server and in a real one, Knot DNS: the same answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/lookup/sml.h"
#include "tests/support/dnsd.h"

#define ZONE "sml.example"
#define ALIAS "alias.example" /* a DNAME onto ZONE, as the SML's zones were moved */
#define SIGNED "signed.example"

static char dir[] = "/tmp/aviso-knot-XXXXXX";
static pid_t knot;
static int port;
static struct dnsd *dns;
static struct err e;

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n))
        return 0;
    (void)close(fd);
    return ntohs(a.sin_port);
}

static FILE *create(const char *name)
{
    char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    if (!f)
        abort();
    return f;
}

static const char *label_in(const char *zone, const char *id)
{
    static char name[4][PARTICIPANT_DNS];
    static unsigned turn;
    struct participant p;
    char *out = name[turn++ % 4];

    if (participant_parse(&p, str_z(id), &e) || participant_dns(out, &p, zone, &e))
        abort();
    return out;
}

static const char *label(const char *id)
{
    return label_in(ZONE, id);
}

static void naptr(FILE *f, const char *id, unsigned order, unsigned pref, const char *flags,
    const char *services, const char *regexp)
{
    dnsd_naptr(dns, label(id), order, pref, flags, services, regexp);
    (void)fprintf(f, "%s 60 IN NAPTR %u %u \"%s\" \"%s\" \"%s\" .\n", label(id), order, pref, flags,
        services, regexp);
}

static void write_records(void)
{
    FILE *f = create("sml.zone");
    char regexp[100];

    (void)fputs("$ORIGIN " ZONE ".\n@ 60 IN SOA ns a 1 60 60 600 5\n@ 60 IN NS ns\n"
                "ns 60 IN A 127.0.0.1\n",
        f);
    naptr(f, "0088:one", 100, 10, "U", "Meta:SMP", "!.*!https://smp.example/path/!");
    naptr(f, "0088:anchored", 1, 1, "u", "meta:smp", "!^.*$!https://smp2.example!");
    naptr(f, "0088:other", 1, 1, "U", "Meta:OTHER", "!.*!https://smp.example!");
    naptr(f, "0088:broken", 1, 1, "U", "Meta:SMP", "https://smp.example");
    naptr(f, "0088:plain", 1, 1, "U", "Meta:SMP", "!.*!http://smp.example!");
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(regexp, sizeof(regexp), "!.*!https://smp%u.example/a-long-path-to-fill!", i);
        naptr(f, "0088:many", 100 - i, 1, "U", "Meta:SMP", regexp);
    }
    dnsd_cname(dns, label("0088:alias"), "target." ZONE);
    (void)fprintf(f, "%s 60 IN CNAME target." ZONE ".\n", label("0088:alias"));
    dnsd_naptr(dns, "target." ZONE, 1, 1, "U", "Meta:SMP", "!.*!https://alias.example!");
    (void)fputs("target 60 IN NAPTR 1 1 \"U\" \"Meta:SMP\" \"!.*!https://alias.example!\" .\n", f);
    dnsd_record(dns, label("0088:text"), 16, "\x01x", 2);
    (void)fprintf(f, "%s 60 IN TXT x\n", label("0088:text"));
    (void)fclose(f);
    f = create("alias.zone");
    (void)fputs("$ORIGIN " ALIAS ".\n@ 60 IN SOA ns." ZONE ". a 1 60 60 600 5\n@ 60 IN NS ns." ZONE
                ".\n@ 60 IN DNAME " ZONE ".\n",
        f);
    (void)fclose(f);
    f = create("signed.zone");
    (void)fprintf(f,
        "$ORIGIN " SIGNED ".\n@ 60 IN SOA ns." ZONE " a 1 60 60 600 5\n@ 60 IN NS ns." ZONE
        ".\n%s 60 IN NAPTR 1 1 \"U\" \"Meta:SMP\" \"!.*!https://smp.example!\" .\n",
        label_in(SIGNED, "0088:one"));
    (void)fclose(f);
}

static void write_config(void)
{
    FILE *f = create("knot.conf");
    char db[100];

    (void)snprintf(db, sizeof(db), "%s/db", dir); /* of the zones' keys */
    if (mkdir(db, 0700))
        abort();
    (void)fprintf(f,
        "server:\n  rundir: \"%s\"\n  listen: 127.0.0.1@%d\nlog:\n- target: \"%s/log\"\n  any: "
        "info\ndatabase:\n  storage: \"%s/db\"\ntemplate:\n- id: default\n  storage: "
        "\"%s\"\nzone:\n"
        "- domain: " ZONE "\n  file: sml.zone\n- domain: " ALIAS
        "\n  file: alias.zone\n- domain: " SIGNED "\n  file: signed.zone\n  dnssec-signing: on\n",
        dir, port, dir, dir, dir);
    (void)fclose(f);
}

static const char *program(void)
{
    static const char *const at[] = {"/usr/sbin/knotd", "/usr/local/sbin/knotd", NULL};

    for (size_t i = 0; at[i]; i++)
        if (access(at[i], X_OK) == 0)
            return at[i];
    return NULL;
}

static int start(void **state)
{
    char conf[200];
    (void)state;
    dns = dnsd_start();
    if (!program() || !mkdtemp(dir) || !(port = free_port()))
        return 0;
    write_records();
    write_config();
    (void)snprintf(conf, sizeof(conf), "%s/knot.conf", dir);
    knot = fork();
    if (knot == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        (void)execl(program(), "knotd", "-c", conf, (char *)NULL);
        _exit(127);
    }
    return knot > 0 ? 0 : -1;
}

static int stop(void **state)
{
    char cmd[300];
    (void)state;
    if (knot > 0) {
        (void)kill(knot, SIGTERM);
        (void)waitpid(knot, NULL, 0);
        (void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
        if (system(cmd) != 0)
            return -1;
    }
    dnsd_stop(dns);
    return 0;
}

static void ask(char out[SML_URL + 60], struct sml *s, const char *id)
{
    struct participant p;
    struct sml_answer a;

    assert_int_equal(participant_parse(&p, str_z(id), &e), 0);
    memset(&e, 0, sizeof(e));
    if (sml_find(&a, s, &p, false, &e))
        (void)snprintf(out, SML_URL + 60, "%s", e.code);
    else
        (void)snprintf(out, SML_URL + 60, "%s", a.url);
}

static const char *anchor; /* a file with the key of a zone, or NULL */

static struct sml *open_at(const char *resolver, const char *zone)
{
    struct sml_cfg c = {
        .zone = zone, .resolver = resolver, .deadline_ms = 3000, .trust_anchor = anchor};
    struct sml *s;

    assert_int_equal(sml_open(&s, &c, &e), 0);
    return s;
}

/* Knot needs a moment to load its zones. */
static struct sml *open_knot(const char *zone, const char *probe)
{
    char address[40], got[SML_URL + 60];
    struct sml *s;

    (void)snprintf(address, sizeof(address), "127.0.0.1@%d", port);
    for (int i = 0; i < 50; i++) {
        s = open_at(address, zone);
        ask(got, s, probe);
        if (strncmp(got, "https", 5) == 0)
            return s;
        sml_close(s);
        clock_sleep(100);
    }
    fail_msg("knotd does not answer: %s %s (anchor %s)", got, e.msg, anchor ? anchor : "none");
    return NULL;
}

static void a_real_server_gives_the_same_answers(void **state)
{
    static const char *const ids[] = {"0088:one", "0088:ANCHORED", "0088:other", "0088:broken",
        "0088:plain", "0088:many", "0088:alias", "0088:text", "0088:nobody"};
    static const char *const want[] = {"https://smp.example/path", "https://smp2.example",
        "participant.not-registered", "sml.malformed", "sml.url",
        "https://smp99.example/a-long-path-to-fill", "https://alias.example",
        "participant.not-registered", "participant.not-registered"};
    char ours[SML_URL + 60], knots[SML_URL + 60];
    struct sml *little, *real;
    (void)state;
    if (knot <= 0) {
        print_message("[  SKIPPED ] a_real_server_gives_the_same_answers: no knotd here\n");
        skip();
    }
    real = open_knot(ZONE, "0088:one");
    little = open_at(dnsd_address(dns), ZONE);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        ask(ours, little, ids[i]);
        ask(knots, real, ids[i]);
        assert_string_equal(ours, want[i]);
        assert_string_equal(knots, want[i]);
    }
    sml_close(little);
    sml_close(real);
}

static void a_zone_moved_by_dname_is_followed(void **state)
{
    char got[SML_URL + 60];
    struct sml *s;
    (void)state;
    if (knot <= 0) {
        print_message("[  SKIPPED ] a_zone_moved_by_dname_is_followed: no knotd here\n");
        skip();
    }
    s = open_knot(ALIAS, "0088:one");
    ask(got, s, "0088:one");
    assert_string_equal(got, "https://smp.example/path");
    ask(got, s, "0088:nobody");
    assert_string_equal(got, "participant.not-registered");
    sml_close(s);
}

/* The DS record of the zone's key, as the zone above would have it. */
static void read_anchor(char ds[200])
{
    char cmd[400];
    FILE *f;

    (void)snprintf(cmd, sizeof(cmd), "keymgr -c '%s/knot.conf' " SIGNED " ds 2>/dev/null", dir);
    f = popen(cmd, "r");
    assert_non_null(f);
    ds[0] = '\0';
    while (fgets(ds, 200, f) && !strstr(ds, " 13 2 ")) /* ECDSA, SHA-256 */
        ds[0] = '\0';
    (void)pclose(f);
    assert_true(ds[0]);
}

static const char *write_anchor(const char *name, const char *ds)
{
    static char path[200];
    FILE *f = create(name);

    (void)fputs(ds, f);
    (void)fclose(f);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* lookup.dnssec_anchor_file: what is signed is believed by its signature alone. */
/*= SML 1.3.0 2.1.1 "DNSSEC validation" */
static void signed_answers_are_held_to_their_anchor(void **state)
{
    char got[SML_URL + 60], ds[200];
    struct sml *s;
    (void)state;
    if (knot <= 0 || access("/usr/sbin/keymgr", X_OK)) {
        print_message("[  SKIPPED ] signed_answers_are_held_to_their_anchor: no knotd here\n");
        skip();
    }
    s = open_knot(SIGNED, "0088:one"); /* without an anchor */
    sml_close(s);
    read_anchor(ds);
    anchor = write_anchor("good.anchor", ds);
    s = open_knot(SIGNED, "0088:one");
    ask(got, s, "0088:nobody");
    assert_string_equal(got, "participant.not-registered"); /* NXDOMAIN is signed as well */
    sml_close(s);

    ds[strlen(ds) - 2] = ds[strlen(ds) - 2] == '0' ? '1' : '0'; /* another key's digest */
    anchor = write_anchor("bad.anchor", ds);
    (void)snprintf(got, sizeof(got), "127.0.0.1@%d", port);
    s = open_at(got, SIGNED);
    ask(got, s, "0088:one");
    assert_string_equal(got, "dns.temporary");
    assert_non_null(strstr(e.msg, "DNSSEC"));
    assert_int_equal(e.class, ERR_RETRY); /* a forged answer does not say "not registered" */
    ask(got, s, "0088:nobody");
    assert_string_equal(got, "dns.temporary");
    sml_close(s);

    (void)snprintf(ds, sizeof(ds), ZONE ". IN DS 1 13 2 %064d\n", 1); /* it is not signed at all */
    anchor = write_anchor("unsigned.anchor", ds);
    (void)snprintf(got, sizeof(got), "127.0.0.1@%d", port);
    s = open_at(got, ZONE);
    ask(got, s, "0088:one");
    assert_string_equal(got, "dns.temporary");
    sml_close(s);
    anchor = NULL;
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a_real_server_gives_the_same_answers),
        cmocka_unit_test(a_zone_moved_by_dname_is_followed),
        cmocka_unit_test(signed_answers_are_held_to_their_anchor),
    };
    return cmocka_run_group_tests(t, start, stop);
}
