/* Trust anchors by stage: what is not exactly the stage's is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ap/peppol/trust.h"

static struct err e;

/* The fetched anchors of a stage, or NULL with the skip said. */
static const char *anchors(const char *stage, const char *name)
{
    static char dir[2][4096];
    const char *data = getenv("AVISO_DATA");
    char *out = dir[*stage == 't'];

    (void)snprintf(out, 4096, "%s/trust/%s", data ? data : "build/data", stage);
    if (access(out, R_OK) == 0)
        return out;
    print_message("[ SKIPPED ] %s: the official artefacts are not there\n", name);
    return NULL;
}

/*= PEPPOL-PKI 1 "stages are never mixed" */
static void stages_are_never_mixed(void **state)
{
    const char *test = anchors("test", "stages_are_never_mixed");
    const char *production = test ? anchors("production", "stages_are_never_mixed") : NULL;

    (void)state;
    if (!production)
        skip();
    assert_int_equal(trust_check(test, "production", &e), -1);
    assert_string_equal(e.code, "trust.stage");
    assert_int_equal(e.class, ERR_CONFIG);
    assert_int_equal(trust_check(production, "test", &e), -1);
    assert_int_equal(trust_check(test, "test", &e), 0);
    assert_int_equal(trust_check(production, "production", &e), 0);
}

static void development_anchors_are_for_the_lab(void **state)
{
    const char *pki = getenv("AVISO_PKI");
    char dir[4096];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/trust", pki ? pki : "build/pki");
    if (access(dir, R_OK)) {
        print_message("[ SKIPPED ] development_anchors_are_for_the_lab: no development PKI\n");
        skip();
    }
    assert_int_equal(trust_check(dir, "test", &e), -1);
    assert_int_equal(trust_check(dir, "production", &e), -1);
    assert_int_equal(trust_check(dir, "lab", &e), 0);
}

static void a_missing_anchor_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(trust_check("/nonexistent", "test", &e), -1);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(stages_are_never_mixed),
        cmocka_unit_test(development_anchors_are_for_the_lab),
        cmocka_unit_test(a_missing_anchor_is_an_error),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
