/* What the ways out and in are told of a document: judged, or not and why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ap/daemon/judge.h"

static const char unknown[] = "<a xmlns='urn:x'/>";

static struct setup terms;

static void attach(struct node *n, struct config *cfg, int64_t max)
{
    const char *data = getenv("AVISO_DATA");

    *cfg = (struct config){.validate = true, .validate_max = max};
    terms = (struct setup){.cfg = cfg};
    *n = (struct node){.cfg = cfg, .setup = &terms};
    (void)snprintf(n->data_dir, sizeof(n->data_dir), "%s", data ? data : "build/data");
    judge_attach(n);
}

static void what_is_too_large_passes_and_says_so(void **state)
{
    const struct blob b = blob_mem(unknown, sizeof(unknown) - 1);
    struct out_verdict out = {0};
    struct in_verdict_report in = {0};
    struct config cfg;
    struct node n;
    struct err e = ERR_INIT;

    (void)state;
    attach(&n, &cfg, (int64_t)sizeof(unknown) - 2);
    assert_int_equal(terms.out.validate(NULL, &out, &b, NULL, &e), 0);
    assert_true(out.valid && !out.checked);
    assert_non_null(strstr(out.rule_sets, "limits.validate_max"));
    assert_int_equal(terms.in.validate(NULL, &in, &b, &e), 0);
    assert_false(in.checked);
    assert_non_null(strstr(in.rule_sets, "limits.validate_max"));
    judge_detach();
}

static void a_document_without_rules_passes_and_says_so(void **state)
{
    const struct blob b = blob_mem(unknown, sizeof(unknown) - 1);
    struct out_verdict out = {0};
    struct config cfg;
    struct node n;
    struct err e = ERR_INIT;

    (void)state;
    attach(&n, &cfg, 1 << 20);
    if (terms.out.validate(NULL, &out, &b, NULL, &e) < 0) {
        print_message("[ SKIPPED ] without_rules: %s\n", e.msg);
        assert_string_equal(e.code, "io.missing"); /* make data; any other error is ours */
        skip();
    }
    assert_true(out.valid && !out.checked);
    assert_non_null(strstr(out.rule_sets, "unknown document"));
    judge_detach();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_too_large_passes_and_says_so),
        cmocka_unit_test(a_document_without_rules_passes_and_says_so)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
