/* Values of the simple types that our schemas use, against the verdicts of
 * Xerces recorded in tests/golden/xsd/types.tsv: type, value with its white space, true or false.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/vectors.h"
#include "ubl/xsd.h"

enum {
    DATE,
    TIME,
    DATETIME,
    DECIMAL,
    INTEGER,
    BOOLEAN,
    URI,
    LANGUAGE,
    TOKEN,
    NMTOKEN,
    NCNAME,
    BASE64,
    COUNT,
    QNAME
};
static const char *const names[] = {"date", "time", "dateTime", "decimal", "integer", "boolean",
    "anyURI", "language", "token", "NMTOKEN", "NCName", "base64Binary", "nonNegativeInteger",
    "QName"};
static struct xsd *schema;

static int load_schema(void **state)
{
    char path[] = "/tmp/xsd-types-XXXXXX";
    int fd = mkstemp(path);
    struct err e = ERR_INIT;
    struct buf b;
    int rc;

    (void)state;
    buf_init(&b, 4096);
    buf_puts(&b, "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'>");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        buf_printf(&b, "<s:element name='%s' type='s:%s'/>", names[i], names[i]);
    buf_puts(&b, "</s:schema>");
    rc = fd < 0 || write(fd, b.p, b.n) != (ssize_t)b.n ? -1 : xsd_load(&schema, path, &e);
    (void)close(fd);
    (void)unlink(path);
    buf_free(&b);
    return rc;
}

static int free_schema(void **state)
{
    (void)state;
    xsd_free(schema);
    return 0;
}

static enum xerr op_type(struct vec *v)
{
    struct xsd_report report;
    struct err e = ERR_INIT;
    struct tree *t;
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_printf(&b, "<%s>", names[v->kind]);
    for (size_t i = 0; i < v->arg[0].n; i++) /* \r as a reference, or it would become \n */
        if (v->arg[0].p[i] == '\r')
            buf_puts(&b, "&#13;");
        else
            buf_putc(&b, v->arg[0].p[i]);
    buf_printf(&b, "</%s>", names[v->kind]);
    assert_int_equal(tree_parse(&t, buf_view(&b), NULL, NULL, NULL, &e), 0);
    assert_int_equal(xsd_validate(&report, schema, t, tree_root_element(t), v->a, &e), 0);
    buf_puts(&v->out, report.n ? "false" : "true");
    tree_free(t);
    buf_free(&b);
    return XERR_NONE;
}

static const struct vec_op ops[] = {
    {"xsd.date", 1, op_type, DATE},
    {"xsd.time", 1, op_type, TIME},
    {"xsd.dateTime", 1, op_type, DATETIME},
    {"xsd.decimal", 1, op_type, DECIMAL},
    {"xsd.integer", 1, op_type, INTEGER},
    {"xsd.boolean", 1, op_type, BOOLEAN},
    {"xsd.anyURI", 1, op_type, URI},
    {"xsd.language", 1, op_type, LANGUAGE},
    {"xsd.token", 1, op_type, TOKEN},
    {"xsd.NMTOKEN", 1, op_type, NMTOKEN},
    {"xsd.NCName", 1, op_type, NCNAME},
    {"xsd.base64Binary", 1, op_type, BASE64},
    {"xsd.nonNegativeInteger", 1, op_type, COUNT},
    {"xsd.QName", 1, op_type, QNAME},
};

static void values_are_judged_as_by_xerces(void **state)
{
    (void)state;
    vectors_file("tests/golden/xsd/types.tsv", ops, sizeof(ops) / sizeof(ops[0]), 500);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_judged_as_by_xerces)};

    if (argc > 1 && load_schema(NULL) == 0) {
        vectors_file(argv[1], ops, sizeof(ops) / sizeof(ops[0]), 1);
        return free_schema(NULL);
    }
    return cmocka_run_group_tests(tests, load_schema, free_schema);
}
