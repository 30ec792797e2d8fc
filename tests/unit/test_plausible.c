/* Forms and check digits of identifiers: published examples, each with a mistake; and a comparison
 * with an independent implementation over random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ubl/plausible/plausible.h"

struct example {
    const char *scheme; /* or "VAT", "IBAN", "BIC" */
    const char *right;
    bool checked;
    const char *wrong; /* NULL: every form is taken */
};

static struct plausibility judge(const char *scheme, const char *s)
{
    if (strcmp(scheme, "VAT") == 0)
        return plausible_vat(str_z(s));
    if (strcmp(scheme, "IBAN") == 0)
        return plausible_iban(str_z(s));
    if (strcmp(scheme, "RF") == 0)
        return plausible_creditor_reference(str_z(s));
    if (strcmp(scheme, "BIC") == 0)
        return plausible_bic(str_z(s));
    return plausible_id(str_z(scheme), str_z(s));
}

static void judge_all(const struct example *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct plausibility p = judge(x[i].scheme, x[i].right), q = judge(x[i].scheme, x[i].wrong);
        if (p.verdict != PLAUSIBLE_OK || p.checked != x[i].checked)
            fail_msg("%s %s: verdict %d, checked %d: %s", x[i].scheme, x[i].right, p.verdict,
                p.checked, p.why);
        assert_string_not_equal(p.kind, "");
        assert_string_equal(p.why, "");
        if (q.verdict != PLAUSIBLE_NOT)
            fail_msg("%s %s: verdict %d", x[i].scheme, x[i].wrong, q.verdict);
        assert_string_not_equal(q.why, "");
        assert_null(strstr(q.why, "."));
        assert_true(strlen(q.why) < sizeof(q.why) - 1);
    }
}
#define JUDGE_ALL(x) judge_all((x), sizeof(x) / sizeof((x)[0]))

static void schemes_know_their_forms_and_check_digits(void **unused)
{
    static const struct example x[] = {
        {"0002", "784301772", true, "784301773"},
        {"0002", "78430177200025", true, "78430177200026"},
        {"0007", "2120000787", true, "2120000788"},
        {"0009", "78430177200025", true, "78430177200035"},
        {"0009", "35600000049837", true, "35600000049838"}, /* La Poste: sum of five */
        {"0037", "003712345671ABC", true, "003712345672"},
        {"0060", "812810734", false, "81281073"},
        {"0088", "1548079098355", true, "1548079098356"},
        {"0088", "7300010000001", true, "730001000000"},
        {"0096", "1234567890", false, "123456789"},
        {"0097", "12345678901", false, "1234567890"},
        {"0106", "12345678", false, "1234567"},
        {"0151", "51824753556", true, "51824753557"},
        {"0158", "35815256", true, "35815257"},
        {"0183", "CHE100155212", true, "CHE100155213"},
        {"0184", "13585628", false, "1358562"},
        {"0184", "DK13585628", false, "SE13585628"},
        {"0188", "7000012050002", true, "7000012050003"},
        {"0190", "00000001820029336000", false, "0000000182002933600"},
        {"0191", "10137025", true, "10137026"},
        {"0192", "745707327", true, "745707328"},
        {"0192", "991825827", true, "991825828"},
        {"0195", "sguen200312345a", false, "sg200312345a"},
        {"0196", "4504013150", true, "4504013160"},
        {"0198", "DK26769388", false, "26769388"},
        {"0199", "213800WSGIIZCXF1P572", true, "213800WSGIIZCXF1P573"},
        {"0200", "111963319", true, "111963318"},
        {"0201", "UF8CWX", false, "UF8CWXA"},
        {"0204", "992-90009-96", true, "992-90009-97"},
        {"0204", "991-33333TEST-33", true, "991-33333TSET-33"},
        {"0205", "ABC1234", false, "ABC123"},
        {"0208", "0202239951", true, "0202239952"},
        {"0208", "0848934496", true, "0848.934.496"},
        {"0208", "0848934496", true, "2848934496"},
        {"0210", "RSSBBR69C48F839A", false, "RSSBBR69C48F839"},
        {"0211", "IT00743110157", true, "IT00743110158"},
        {"0212", "2077474-0", false, "20774740"},
        {"0213", "FI20774740", true, "FI20774741"},
        {"0216", "003720774740", true, "003720774741"},
        {"0217", "123456789012", false, "12345678901"},
        {"0218", "40003521600", false, "4000352160"},
        {"0221", "T7000012050002", false, "7000012050002"},
        {"0225", "784301772_SERVICE-1", false, "784301772 1"},
        {"0235", "1234567890", false, "2234567890"},
        {"0240", "19802209969", false, "1980220996"},
        {"0242", "000306", false, "00306"},
        {"0244", "2510000000001", false, "251000000000"},
        {"0245", "2022749619", false, "202274961"},
        {"0246", "DE136695976-00001.A", false, "DE13669597"},
        {"0248", "OM1100003554", false, "OM110000355"},
        {"9902", "13585628", false, "135856281"},
        {"9909", "990399123MVA", true, "990399124MVA"},
        {"9910", "HU12892312", true, "HU12892313"},
        {"9914", "ATU13585627", true, "ATU13585626"},
        {"9918", "nl91abna0417164300", true, "nl91abna0417164301"},
        {"9919", "L123X456Z", false, "L123X4567"},
        {"9925", "be0202239951", true, "be0202239950"},
        {"9930", "DE136695976", true, "DE136695977"},
        {"9930", "136695976", true, "136695977"},
        {"9944", "NL004495445B01", true, "004495445B01"},
        {"9956", "0202239951", true, "1202239951"},
        {"9957", "FR83404833048", true, "FR84404833048"},
        {"9959", "12-3456789", false, "12-345678"},
    };
    (void)unused;
    JUDGE_ALL(x);
}

static void vat_numbers_know_their_countries(void **unused)
{
    static const struct example x[] = {
        {"VAT", "ATU13585627", true, "ATU13585626"},
        {"VAT", "BE0202239951", true, "BE0202239952"},
        {"VAT", "BE0202239951", true, "BE 0202.239.951"},
        {"VAT", "BG175074752", true, "BG175074753"},
        {"VAT", "CHE107787577IVA", true, "CHE107787578IVA"},
        {"VAT", "CY10259033P", true, "CY10259033Z"},
        {"VAT", "CZ25123891", true, "CZ25123890"},
        {"VAT", "DE136695976", true, "DE136695978"},
        {"VAT", "DK13585628", true, "DK13585629"},
        {"VAT", "EE100931558", true, "EE100594103"},
        {"VAT", "EL094259216", true, "EL123456781"},
        {"VAT", "ES54362315K", true, "ES54362315Z"},
        {"VAT", "ESX2482300W", true, "ESX2482300A"},
        {"VAT", "ESJ99216582", true, "ESJ99216583"},
        {"VAT", "EU528003555", false, "EU52800355"},
        {"VAT", "FI20774740", true, "FI20774741"},
        {"VAT", "FR83404833048", true, "FR23334175221X"},
        {"VAT", "FRK7399859412", true, "FRK8399859412"},
        {"VAT", "GB980780684", true, "GB802311781"},
        {"VAT", "GBGD100", true, "GBGD500"},
        {"VAT", "HR33392005961", true, "HR33392005962"},
        {"VAT", "HU12892312", true, "HU12892313"},
        {"VAT", "IE6433435F", true, "IE6433435E"},
        {"VAT", "IE6433435OA", true, "IE6433435OB"},
        {"VAT", "IE8D79739I", true, "IE8D79739J"},
        {"VAT", "IT00743110157", true, "IT00743110158"},
        {"VAT", "LT119511515", true, "LT100001919018"},
        {"VAT", "LT100001919017", true, "LT119511516"},
        {"VAT", "LU15027442", true, "LU15027443"},
        {"VAT", "LV40003521600", true, "LV40003521601"},
        {"VAT", "MT11679112", true, "MT11679113"},
        {"VAT", "NL004495445B01", true, "NL123456789B90"},
        {"VAT", "NL123456789B13", true, "NL123456789B14"},
        {"VAT", "NO995525828MVA", true, "NO995525829MVA"},
        {"VAT", "PL8567346215", true, "PL8567346216"},
        {"VAT", "PT501964843", true, "PT501964842"},
        {"VAT", "RO18547290", true, "RO18547291"},
        {"VAT", "SE123456789701", true, "SE123456789101"},
        {"VAT", "SE556188840401", true, "SE556188840400"},
        {"VAT", "SI50223054", true, "SI50223055"},
        {"VAT", "SK2022749619", true, "SK2022749618"},
        {"VAT", "XI980780684", true, "XI980780685"},
    };
    (void)unused;
    JUDGE_ALL(x);
}

static void bank_accounts_and_banks(void **unused)
{
    static const struct example x[] = {
        {"IBAN", "BE68539007547034", true, "BE68539007547035"},
        {"IBAN", "GB82WEST12345698765432", true, "GB82TEST12345698765432"},
        {"IBAN", "DE89370400440532013000", true, "DE8937040044053201300"},
        {"IBAN", "NO9386011117947", true, "NO93 8601 1117 947"},
        {"IBAN", "MT84MALT011000012345MTLCAST001S", true, "mt84malt011000012345mtlcast001s"},
        {"IBAN", "SE4550000000058398257466", true, "SE"},
        {"RF", "RF18539007547034", true, "RF19539007547034"},
        {"RF", "RF45G72UUR", true, "RF45 G72U UR"},
        {"BIC", "GEBABEBB", false, "GEBABEB"},
        {"BIC", "DEUTDEFF500", false, "DEUTDEFF50"},
        {"BIC", "ABNANL2A", false, "ABNA12AA"},
    };
    (void)unused;
    JUDGE_ALL(x);
    assert_string_equal(plausible_iban(STR("DE8937040044053201300")).why,
        "an IBAN of DE has 22 characters; this one has 21");
}

static void what_is_not_known_is_not_judged(void **unused)
{
    static const char *const x[][2] = {{"0130", "anything"}, {"0135", "anything"},
        {"0209", "414541000099999325"}, {"9915", "b"}, {"9999", "1"}, {"", "1"}, {"88", "1"},
        {"BE", "0202239951"}, {"B", ""}, {"RF", "+++090/9337/55493+++"}, {"RF", ""},
        {"VAT", "US123"}, {"VAT", ""}};

    (void)unused;
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        struct plausibility p = judge(x[i][0], x[i][1]);
        assert_int_equal(p.verdict, PLAUSIBLE_UNKNOWN);
        assert_string_equal(p.kind, "");
        assert_string_equal(p.why, "");
    }
}

static void hostile_text_is_only_implausible(void **unused)
{
    static const char *const schemes[] = {"0002", "0037", "0088", "0199", "0204", "0208", "9918",
        "9925", "9935", "VAT", "IBAN", "BIC"};
    char much[4096];

    (void)unused;
    memset(much, '1', sizeof(much) - 1);
    much[sizeof(much) - 1] = 0;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        assert_int_equal(judge(schemes[i], much).verdict, PLAUSIBLE_NOT);
        if (strcmp(schemes[i], "VAT") != 0) {
            assert_int_equal(judge(schemes[i], "").verdict, PLAUSIBLE_NOT);
            assert_int_equal(judge(schemes[i], "\xff\xfe%s%n\n").verdict, PLAUSIBLE_NOT);
        }
    }
    assert_int_equal(
        plausible_id(STR("0088"), (struct str){"1548079098355\0x", 15}).verdict, PLAUSIBLE_NOT);
    assert_int_equal(plausible_id(STR("0088"), STR("1548079098355\n")).verdict, PLAUSIBLE_NOT);
    assert_int_equal(plausible_vat(STR("BE")).verdict, PLAUSIBLE_NOT);
    assert_int_equal(plausible_vat(STR("DE12345\xd9\xa6")).verdict, PLAUSIBLE_NOT);
}

/* Shapes to fill: 9 a digit, a a letter; the last two places run through all values of their kind.
 */
static const char *const SHAPES[][2] = {{"0002", "999999999"}, {"0007", "9999999999"},
    {"0009", "99999999999999"}, {"0088", "9999999999999"}, {"0151", "99999999999"},
    {"0158", "99999999"}, {"0183", "CHE999999999"}, {"0188", "9999999999999"}, {"0191", "19999999"},
    {"0192", "999999999"}, {"0199", "aa99aa99aa99aa999999"}, {"0204", "999-aa999-99"},
    {"0208", "0999999999"}, {"0211", "IT99999999999"}, {"VAT", "ATU99999999"},
    {"VAT", "BE0999999999"}, {"VAT", "BG999999999"}, {"VAT", "CHE999999999IVA"},
    {"VAT", "CY99999999a"}, {"VAT", "CZ99999999"}, {"VAT", "DE999999999"}, {"VAT", "DK99999999"},
    {"VAT", "EE999999999"}, {"VAT", "EL999999999"}, {"VAT", "ES99999999a"}, {"VAT", "ESX9999999a"},
    {"VAT", "ESA99999999"}, {"VAT", "ESP9999999a"}, {"VAT", "FI99999999"}, {"VAT", "FR99999999999"},
    {"VAT", "FRa9999999999"}, {"VAT", "GB999999999"}, {"VAT", "HR99999999999"},
    {"VAT", "HU99999999"}, {"VAT", "IE9999999a"}, {"VAT", "IE9999999aa"}, {"VAT", "IE9a99999a"},
    {"VAT", "IT99999999999"}, {"VAT", "LT999999919"}, {"VAT", "LT999999999919"},
    {"VAT", "LU99999999"}, {"VAT", "LV49999999999"}, {"VAT", "MT99999999"},
    {"VAT", "NL999999999B99"}, {"VAT", "NO999999999MVA"}, {"VAT", "PL9999999999"},
    {"VAT", "PT999999999"}, {"VAT", "RO9999999999"}, {"VAT", "RO999999"}, {"VAT", "SE999999999901"},
    {"VAT", "SI99999999"}, {"VAT", "SK9999999999"}, {"IBAN", "BE99999999999999"},
    {"IBAN", "DE99999999999999999999"}};

static uint64_t state = 88172645463325252ULL;

static char any(char shape)
{
    unsigned r;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    r = (unsigned)((state * 0x2545F4914F6CDD1DULL) >> 33);
    if (shape == '9')
        return (char)('0' + r % 10);
    return shape == 'a' ? (char)('A' + r % 26) : shape;
}

static void fill(FILE *f, const char *scheme, const char *shape)
{
    char s[64];
    size_t n = strlen(shape), last[2], found = 0;

    for (size_t i = n; i-- && found < 2;)
        if (shape[i] == '9' || shape[i] == 'a')
            last[found++] = i;
    for (size_t i = 0; i <= n; i++)
        s[i] = any(shape[i]);
    for (int i = 0; i < (shape[last[0]] == '9' ? 10 : 26); i++) {
        for (int k = 0; k < (shape[last[1]] == '9' ? 10 : 26); k++) {
            s[last[0]] = (char)((shape[last[0]] == '9' ? '0' : 'A') + i);
            s[last[1]] = (char)((shape[last[1]] == '9' ? '0' : 'A') + k);
            (void)fprintf(f, "%s %s %d\n", scheme, s, judge(scheme, s).verdict == PLAUSIBLE_OK);
        }
    }
}

static void another_implementation_agrees(void **unused)
{
    char path[] = "/tmp/aviso-plausible-XXXXXX", cmd[256];
    int fd, rc;
    FILE *f;

    (void)unused;
    if (system("/usr/bin/python3 -c 'import stdnum' 2>/dev/null") != 0) {
        print_message("[ SKIPPED ] another_implementation_agrees: no python3-stdnum\n");
        skip();
    }
    fd = mkstemp(path);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(f);
    for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++)
        for (int k = 0; k < 20; k++)
            fill(f, SHAPES[i][0], SHAPES[i][1]);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(cmd, sizeof(cmd), "/usr/bin/python3 tests/unit/plausible_diff.py %s", path);
    rc = system(cmd);
    (void)unlink(path);
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) == 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(hostile_text_is_only_implausible),
        cmocka_unit_test(what_is_not_known_is_not_judged),
        cmocka_unit_test(schemes_know_their_forms_and_check_digits),
        cmocka_unit_test(vat_numbers_know_their_countries),
        cmocka_unit_test(bank_accounts_and_banks),
        cmocka_unit_test(another_implementation_agrees),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
