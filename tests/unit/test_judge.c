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
        assert_string_equal(e.code, "rules.data"); /* make data; any other error is ours */
        skip();
    }
    assert_true(out.valid && !out.checked);
    assert_non_null(strstr(out.rule_sets, "unknown document"));
    judge_detach();
}

/* Every line has the same id and a negative quantity. */
static char *order_of(size_t n)
{
    static const char head[] =
        "<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2' "
        "xmlns:cac='urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' "
        "xmlns:cbc='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'>"
        "<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID>"
        "<cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:ordering:3</cbc:ProfileID>"
        "<cbc:ID>O-1</cbc:ID><cbc:IssueDate>2026-11-22</cbc:IssueDate>"
        "<cac:BuyerCustomerParty/><cac:SellerSupplierParty/>";
    static const char line[] = "<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID><cbc:Quantity>-1"
                               "</cbc:Quantity><cac:Item/></cac:LineItem></cac:OrderLine>";
    size_t room = sizeof(head) + n * sizeof(line) + 16, at;
    char *p = malloc(room);

    assert_non_null(p);
    at = (size_t)snprintf(p, room, "%s", head);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(p + at, room - at, "%s", line);
    (void)snprintf(p + at, room - at, "</Order>");
    return p;
}

static void need_rules(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    print_message("[ SKIPPED ] judge: %s\n", e->msg);
    assert_string_equal(e->code, "rules.data");
    skip();
}

static void each_rule_is_named_once(void **state)
{
    char *order = order_of(40);
    const struct blob b = blob_mem(order, strlen(order));
    struct out_verdict out = {0};
    struct config cfg;
    struct node n;
    struct err e = ERR_INIT;
    const char *first;

    (void)state;
    attach(&n, &cfg, 1 << 20);
    need_rules(terms.out.validate(NULL, &out, &b, NULL, &e), &e);
    assert_true(!out.valid && out.checked && out.errors > 80);
    assert_non_null(first = strstr(out.rule_ids, "PEPPOL-T01-R001"));
    assert_null(strstr(first + 1, "PEPPOL-T01-R001"));
    judge_detach();
    free(order);
}

static void the_schemas_errors_are_named_by_line_and_element(void **state)
{
    char *order = order_of(1), *date = strstr(order, "2026-11-22");
    const struct blob b = blob_mem(order, strlen(order));
    struct out_verdict out = {0};
    struct config cfg;
    struct node n;
    struct err e = ERR_INIT;

    (void)state;
    date[5] = '2'; /* 2026-21-22 */
    attach(&n, &cfg, 1 << 20);
    need_rules(terms.out.validate(NULL, &out, &b, NULL, &e), &e);
    assert_false(out.valid);
    assert_string_equal(out.rule_ids, "xsd line 1 (IssueDate)");
    judge_detach();
    free(order);
}

static void a_report_too_large_to_keep_keeps_the_first_findings(void **state)
{
    char *order = order_of(2000);
    const struct blob b = blob_mem(order, strlen(order));
    struct in_verdict_report in = {0};
    struct config cfg;
    struct node n;
    struct err e = ERR_INIT;

    (void)state;
    attach(&n, &cfg, 1 << 20);
    buf_init(&in.report, 64 * 1024);
    need_rules(terms.in.validate(NULL, &in, &b, &e), &e);
    assert_true(in.checked && !in.valid);
    assert_true(in.report.n > 32 * 1024 && in.report.n <= 64 * 1024);
    assert_non_null(strstr(in.report.p, "PEPPOL-COMMON-R001"));
    assert_non_null(strstr(in.report.p, "],\"cut\":true}"));
    buf_free(&in.report);
    judge_detach();
    free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_too_large_passes_and_says_so),
        cmocka_unit_test(a_document_without_rules_passes_and_says_so),
        cmocka_unit_test(each_rule_is_named_once),
        cmocka_unit_test(the_schemas_errors_are_named_by_line_and_element),
        cmocka_unit_test(a_report_too_large_to_keep_keeps_the_first_findings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
