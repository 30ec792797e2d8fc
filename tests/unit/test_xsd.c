/* Schema verdicts: the standard's, also where libxml2 2.9 alone would be wrong; on a schema of our
 * own, and on the corpus against Xerces' verdicts when it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/xsd.h"

static const char schema_text[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:u' xmlns='urn:u' "
    "elementFormDefault='qualified'><xs:element name='a'><xs:complexType><xs:choice minOccurs='0' "
    "maxOccurs='unbounded'>"
    "<xs:element name='date' type='xs:date'/><xs:element name='time' type='xs:time'/>"
    "<xs:element name='dateTime' type='xs:dateTime'/><xs:element name='gYear' type='xs:gYear'/>"
    "<xs:element name='duration' type='xs:duration'/><xs:element name='boolean' type='xs:boolean'/>"
    "<xs:element name='decimal' type='xs:decimal'/><xs:element name='integer' type='xs:integer'/>"
    "<xs:element name='positive'><xs:simpleType><xs:restriction base='xs:decimal'>"
    "<xs:minInclusive value='0'/></xs:restriction></xs:simpleType></xs:element>"
    "<xs:element name='code'><xs:simpleType><xs:restriction base='xs:string'>"
    "<xs:enumeration value='A'/></xs:restriction></xs:simpleType></xs:element>"
    "<xs:element name='at'><xs:complexType><xs:attribute name='d' type='xs:date'/>"
    "<xs:attribute name='n' type='xs:decimal'/></xs:complexType></xs:element>"
    "<xs:element name='once' type='xs:token'/><xs:element name='b64' type='File'/>"
    "<xs:element name='local'><xs:complexType><xs:simpleContent><xs:extension "
    "base='xs:base64Binary'>"
    "<xs:attribute name='n' type='xs:string'/></xs:extension></xs:simpleContent></xs:complexType>"
    "</xs:element>"
    "</xs:choice></xs:complexType></xs:element><xs:complexType name='File'><xs:simpleContent>"
    "<xs:extension base='Octets'/></xs:simpleContent></xs:complexType><xs:simpleType name='Octets'>"
    "<xs:restriction base='xs:base64Binary'/></xs:simpleType></xs:schema>";

static struct xsd *schema;
static struct err e;

static int load_schema(void **state)
{
    char path[] = "/tmp/xsd-XXXXXX";
    int fd = mkstemp(path);
    ssize_t n = write(fd, schema_text, sizeof(schema_text) - 1);
    int rc;

    (void)state;
    (void)close(fd);
    rc = xsd_load(&schema, path, &e);
    (void)unlink(path);
    return n < 0 ? -1 : rc;
}

static int free_schema(void **state)
{
    (void)state;
    xsd_free(schema);
    return 0;
}

/* Number of errors of <a xmlns='urn:u'>body</a>; the first one's text is kept. */
static char first[1024];
static uint32_t first_line, forgiven;

static uint32_t errors_of(const struct xsd *x, const char *doc)
{
    struct arena *a = arena_new(1 << 26);
    struct xsd_report r;
    struct tree *t;

    first[0] = '\0';
    assert_int_equal(tree_parse(&t, str_z(doc), NULL, NULL, NULL, &e), 0);
    assert_int_equal(xsd_validate(&r, x, t, tree_root_element(t), a, &e), 0);
    if (r.n_errors) {
        (void)snprintf(first, sizeof(first), "%.*s", STR_FMT(r.errors[0].text));
        first_line = r.errors[0].line;
    }
    forgiven = r.forgiven;
    tree_free(t);
    arena_free(a);
    return r.n;
}

static uint32_t errors(const char *body)
{
    char doc[8192];

    (void)snprintf(doc, sizeof(doc), "<a xmlns='urn:u'>%s</a>", body);
    return errors_of(schema, doc);
}

static void a_schema_that_is_none_is_refused(void **state)
{
    struct xsd *x;

    (void)state;
    assert_int_equal(xsd_load(&x, "/no/such/file.xsd", &e), -1);
    assert_string_equal(e.code, "xsd.schema");
    assert_int_equal(e.class, ERR_CONFIG);
}

static void wrong_values_are_errors(void **state)
{
    (void)state;
    assert_int_equal(errors("<date>2024-02-30</date>"), 1);
    assert_int_equal(errors("<date>  2024-02-30 </date>"), 1);
    assert_int_equal(errors("<date>2024-01-01 x</date>"), 1);
    assert_int_equal(errors("<date> </date>"), 1);
    assert_int_equal(errors("<decimal>1e3</decimal>"), 1);
    assert_int_equal(errors("<decimal>1234567890123456789012345678901,2</decimal>"), 1);
    assert_int_equal(errors("<code> A </code>"), 1); /* a string keeps its white space */
    assert_int_equal(errors("<positive>-123456789012345678901234567890</positive>"), 1);
    assert_int_equal(errors("<at d='2024-13-01'/>"), 1);
    assert_int_equal(errors("<unknown/>"), 1);
    assert_int_equal(errors("text"), 1);
}

static void an_error_tells_element_and_line(void **state)
{
    (void)state;
    assert_int_equal(errors("\n\n<decimal>x</decimal>"), 1);
    assert_non_null(strstr(first, "decimal"));
    assert_int_equal(first_line, 3);
}

static void white_space_around_dates_and_times_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(errors("<date> 2024-02-29\n</date>"), 0);
    assert_int_equal(errors("<time>\t12:00:00Z </time>"), 0);
    assert_int_equal(errors("<dateTime> 2024-02-29T24:00:00 </dateTime>"), 0);
    assert_int_equal(errors("<gYear> 2024 </gYear>"), 0);
    assert_int_equal(errors("<duration> P1Y </duration>"), 0);
    assert_int_equal(errors("<boolean> true </boolean>"), 0);
    assert_int_equal(errors("<at d=' 2024-02-29 '/>"), 0);
}

static void decimals_have_no_greatest_length(void **state)
{
    (void)state;
    assert_int_equal(errors("<decimal>123456789012345678901234567890.12</decimal>"), 0);
    assert_int_equal(forgiven, 1);
    assert_int_equal(errors("<decimal>0.0000000000000000000000000000001</decimal>"), 0);
    assert_int_equal(errors("<decimal> -00000000000000000000000000000001.50 </decimal>"), 0);
    assert_int_equal(errors("<integer>1234567890123456789012345678901234567890</integer>"), 0);
    assert_int_equal(errors("<positive>123456789012345678901234567890</positive>"), 0);
    assert_int_equal(errors("<at n='123456789012345678901234567890.12'/>"), 0);
}

static void stray_characters_in_base64_are_errors(void **state)
{
    (void)state;
    assert_int_equal(errors("<b64>YWJj ZA==</b64>"), 0);
    assert_int_equal(errors("<b64/>"), 0);
    assert_int_equal(errors("<b64>YWJj!</b64>"), 1);
    assert_int_equal(errors("<b64>YWJ</b64>"), 1);
    assert_int_equal(errors("<b64>YW!Jj</b64><local>#</local><once>#</once>"), 2);
    assert_int_equal(errors("<local>YQ==</local>"), 0);
}

static void other_errors_stay_when_a_value_is_forgiven(void **state)
{
    (void)state;
    assert_int_equal(errors("<date> 2024-02-29 </date><date>x</date><unknown/>"), 2);
    assert_int_equal(forgiven, 1);
}

static void errors_are_counted_beyond_those_kept(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_puts(&b, "<a xmlns='urn:u'>");
    for (int i = 0; i < 500; i++)
        buf_puts(&b, "<date>x</date>");
    buf_puts(&b, "</a>");
    assert_int_equal(errors_of(schema, b.p), 500);
    buf_free(&b);
}

/* ---- the corpus ---- */

#define LINE 65536
struct cached {
    char name[200];
    struct xsd *x;
};

static const struct xsd *official(const char *driver)
{
    static struct cached cache[32];
    const char *data = getenv("AVISO_DATA") ? getenv("AVISO_DATA") : "build/data";
    char path[4096];
    size_t i = 0;

    for (; i < 32 && cache[i].x; i++)
        if (strcmp(cache[i].name, driver) == 0)
            return cache[i].x;
    assert_true(i < 32);
    (void)snprintf(cache[i].name, sizeof(cache[i].name), "%s", driver);
    (void)snprintf(path, sizeof(path), "%s/xsd/ubl-2.1/%.*s.xsd", data,
        (int)(strlen(driver) - strlen("UBL-") - strlen("-2.1-driver.xsd")),
        driver + strlen("UBL-"));
    if (xsd_load(&cache[i].x, path, &e))
        return NULL;
    return cache[i].x;
}

/* Ends the field at `s`; the next one, or NULL. */
static char *cut(char *s)
{
    char *tab = strpbrk(s, "\t\n");

    if (!tab)
        return NULL;
    *tab = '\0';
    return tab + 1;
}

static bool xerces_differs(const char *corpus, const char *file)
{
    char path[4200], line[LINE];
    bool found = false;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/verdicts/dev/xsd-libxml2-vs-xerces.tsv", corpus);
    if (!(f = fopen(path, "r")))
        return false;
    while (fgets(line, sizeof(line), f))
        found |= strncmp(line, file, strlen(file)) == 0 && line[strlen(file)] == '\t';
    (void)fclose(f);
    return found;
}

static void the_corpus_has_xerces_verdicts(void **state)
{
    const char *shared = getenv("AVISO_SHARED") ? getenv("AVISO_SHARED") : "../shared";
    char corpus[4096], path[8200], line[LINE];
    size_t n = 0, corrected = 0, wrong = 0;
    FILE *f;

    (void)state;
    (void)snprintf(corpus, sizeof(corpus), "%s/corpus", shared);
    (void)snprintf(path, sizeof(path), "%s/verdicts/dev/xsd-libxml2.tsv", corpus);
    if (!(f = fopen(path, "r")) || !official("UBL-Invoice-2.1-driver.xsd")) {
        print_message("[ SKIPPED ] corpus: ../shared/corpus or the schemas are not there\n");
        skip();
    }
    while (fgets(line, sizeof(line), f)) {
        char *file = line, *driver = cut(file), *want = driver ? cut(driver) : NULL;
        struct buf b;
        const char *got, *must;
        if (!want || strncmp(driver, "UBL-", 4) != 0)
            continue;
        (void)cut(want);
        must = want;
        if (xerces_differs(corpus, file)) {
            must = "valid"; /* in all of them libxml2 is too strict */
            corrected++;
        }
        (void)snprintf(path, sizeof(path), "%s/dev/%s", corpus, file);
        buf_init(&b, 1 << 28);
        assert_int_equal(fsx_read_file(&b, path, &e), 0);
        got = errors_of(official(driver), b.p) ? "invalid" : "valid";
        if (strcmp(got, must) != 0) {
            (void)fprintf(stderr, "%s: want %s, got %s: %s\n", file, must, got, first);
            wrong++;
        }
        buf_free(&b);
        n++;
    }
    (void)fclose(f);
    print_message("%zu documents, %zu where libxml2 alone is wrong\n", n, corrected);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a_schema_that_is_none_is_refused),
        cmocka_unit_test(wrong_values_are_errors),
        cmocka_unit_test(an_error_tells_element_and_line),
        cmocka_unit_test(white_space_around_dates_and_times_is_allowed),
        cmocka_unit_test(decimals_have_no_greatest_length),
        cmocka_unit_test(stray_characters_in_base64_are_errors),
        cmocka_unit_test(other_errors_stay_when_a_value_is_forgiven),
        cmocka_unit_test(errors_are_counted_beyond_those_kept),
        cmocka_unit_test(the_corpus_has_xerces_verdicts),
    };
    return cmocka_run_group_tests(t, load_schema, free_schema);
}
