/* Identifier schemes: ISO 6523 ICD and the electronic address schemes of Peppol's list of
 * participant identifier schemes, whose forms and check digits these are, and those that the rules
 * PEPPOL-COMMON-R040 to R057 demand. */
#include <stdio.h>
#include <string.h>

#include "ubl/plausible/plausible_priv.h"

static bool gln(const char *s)
{
    return plausible_weigh(s, "1313131313131") % 10 == 0;
}

static bool abn(const char *s) /* mod 89, one taken from the first digit */
{
    static const unsigned char w[] = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
    unsigned sum = 89 * 10 - w[0];

    for (size_t i = 0; i < sizeof(w); i++)
        sum += w[i] * (unsigned)(s[i] - '0');
    return sum % 89 == 0;
}

static bool ico(const char *s)
{
    return (11 - plausible_weigh(s, "8765432") % 11) % 10 == (unsigned)(s[7] - '0');
}

static bool jp_corporate(const char *s) /* the check digit comes first */
{
    return 9 - plausible_weigh(s + 1, "212121212121") % 9 == (unsigned)(s[0] - '0');
}

static bool ee_code(const char *s)
{
    return plausible_two_rounds(s, "1234567", "3456789");
}

static bool kennitala(const char *s)
{
    return plausible_weigh(s, "3276543210") % 11 == 0;
}

static bool mod97(const char *s)
{
    return plausible_mod97(s, strlen(s)) == 1;
}

static bool lt_code(const char *s)
{
    return plausible_two_rounds(s, "12345678", "34567891");
}

static bool siren_or_siret(const char *s)
{
    return s[9] ? plausible_siret(s) : plausible_siren(s);
}

static const struct plausible_rule RULES[] = {
    {"0002", "SIREN or SIRET", "[0-9]{9}([0-9]{5})?", "9 or 14 digits", siren_or_siret, 0},
    {"0007", "Swedish organisation number", "[0-9]{10}", "10 digits", plausible_orgnr, 0},
    {"0009", "SIRET", "[0-9]{14}", "14 digits", plausible_siret, 0},
    {"0037", "Finnish OVT code", "0037[0-9]{8}[0-9A-Z]{0,5}",
        "0037, 8 digits and up to 5 letters or digits", plausible_fi, 4},
    {"0060", "DUNS number", "[0-9]{9}", "9 digits", NULL, 0},
    {"0088", "GLN", "[0-9]{13}", "13 digits", gln, 0},
    {"0096", "Danish P number", "[0-9]{10}", "10 digits", NULL, 0},
    {"0097", "Ediforum Italia number", "[0-9]{11,16}", "11 to 16 digits", NULL, 0},
    {"0106", "KVK number", "[0-9]{8}", "8 digits", NULL, 0},
    {"0151", "Australian Business Number", "[1-9][0-9]{10}", "11 digits", abn, 0},
    {"0158", "Slovak IČO", "[0-9]{8}", "8 digits", ico, 0},
    {"0183", "Swiss UID", "CHE[0-9]{9}", "CHE and 9 digits", plausible_ch, 3},
    {"0184", "Danish CVR number", "(DK)?[0-9]{8}", "8 digits", NULL, 0},
    {"0188", "Japanese corporate number", "[1-9][0-9]{12}", "13 digits", jp_corporate, 0},
    {"0190", "Dutch OIN", "[0-9]{20}", "20 digits", NULL, 0},
    {"0191", "Estonian registry code", "[1789][0-9]{7}", "8 digits, the first 1, 7, 8 or 9",
        ee_code, 0},
    {"0192", "Norwegian organisation number", "[0-9]{9}", "9 digits", plausible_no, 0},
    {"0195", "Singapore UEN", "SG[A-Z]{3}([0-9]{8,9}|[RST][0-9]{2}[A-Z]{2}[0-9]{4})[0-9A-Z]",
        "SG, three letters such as UEN, and the number", NULL, 0},
    {"0196", "Icelandic kennitala", "[0-9]{10}", "10 digits", kennitala, 0},
    {"0198", "Danish SE number", "DK[0-9]{8}", "DK and 8 digits", NULL, 0},
    {"0199", "LEI", "[A-Z0-9]{18}[0-9]{2}", "18 letters or digits and 2 digits", mod97, 0},
    {"0200", "Lithuanian entity code", "[0-9]{9}", "9 digits", lt_code, 0},
    {"0201", "Italian IPA code", "[A-Z0-9]{6}", "6 letters or digits", NULL, 0},
    {"0204", "Leitweg-ID", "[0-9]{2,12}(-[0-9A-Z]{0,30})?-[0-9]{2}",
        "up to 12 digits, a part of up to 30 letters or digits, 2 check digits, with hyphens "
        "between",
        mod97, 0},
    {"0205", "Italian CODDEST", "[A-Z0-9]{7}", "7 letters or digits", NULL, 0},
    {"0208", "Belgian enterprise number", "[01][0-9]{9}",
        "10 digits, the first 0 or 1, without dots", plausible_be, 0},
    {"0210", "Italian codice fiscale",
        "[0-9]{11}|[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
        "11 digits, or the 16 characters of a person's", NULL, 0},
    {"0211", "Italian partita IVA", "IT[0-9]{11}", "IT and 11 digits", plausible_it, 2},
    {"0212", "Finnish business ID", "[0-9]{7}-[0-9]", "7 digits, a hyphen and a digit", NULL, 0},
    {"0213", "Finnish VAT number", "FI[0-9]{8}", "FI and 8 digits", plausible_fi, 2},
    {"0216", "Finnish OVT code", "0037[0-9]{8}[0-9A-Z]{0,5}",
        "0037, 8 digits and up to 5 letters or digits", plausible_fi, 4},
    {"0217", "Dutch establishment number", "[0-9]{12}", "12 digits", NULL, 0},
    {"0218", "Latvian registration number", "[0-9]{9}([0-9]{2})?", "9 or 11 digits", NULL, 0},
    {"0221", "Japanese invoice issuer number", "T[1-9][0-9]{12}", "T and 13 digits", NULL, 0},
    {"0225", "French electronic address", "[A-Z0-9_-]{1,130}", "up to 130 letters, digits, - and _",
        NULL, 0},
    {"0235", "tax number of the United Arab Emirates", "1[0-9]{9}", "10 digits, the first 1", NULL,
        0},
    {"0240", "Luxembourg register number", "[0-9]{11}", "11 digits", NULL, 0},
    {"0242", "Peppol service provider id", "[0-9]{6}(-[0-9A-Z_]{3,12}(\\.[0-9A-Z._~-]{3,24})?)?",
        "6 digits, and perhaps a part after a hyphen", NULL, 0},
    {"0244", "Nigerian tax id", "[0-9]{13}", "13 digits", NULL, 0},
    {"0245", "Slovak DIČ", "[0-9]{10}", "10 digits", NULL, 0},
    {"0246", "German business address", "DE[0-9]{9}(-[0-9]{5})?(\\.[0-9A-Z]{1,8})?",
        "DE and 9 digits, perhaps a hyphen and 5 digits, perhaps a dot and up to 8 characters",
        NULL, 0},
    {"0248", "Omani VAT number", "OM[0-9]{10}", "OM and 10 digits", NULL, 0},
    {"9919", "Austrian register number (KUR)", "[A-Z][0-9]{3}[A-Z][0-9]{3}[A-Z]",
        "a letter, 3 digits, a letter, 3 digits, a letter", NULL, 0},
    {"9959", "US employer number", "[0-9]{2}-?[0-9]{7}", "9 digits", NULL, 0},
};

/* Schemes that are another one under an older or national name: a scheme, or a VAT prefix. */
static const struct {
    char code[5], same[5];
} ALIASES[] = {{"9902", "0184"}, {"9904", "0198"}, {"9906", "0211"}, {"9907", "0210"},
    {"9908", "0192"}, {"9909", "NO"}, {"9910", "HU"}, {"9914", "AT"}, {"9917", "0196"},
    {"9920", "ES"}, {"9921", "0201"}, {"9925", "BE"}, {"9926", "BG"}, {"9927", "CHE"},
    {"9928", "CY"}, {"9929", "CZ"}, {"9930", "DE"}, {"9931", "EE"}, {"9932", "GB"}, {"9933", "EL"},
    {"9934", "HR"}, {"9935", "IE"}, {"9937", "LT"}, {"9938", "LU"}, {"9939", "LV"}, {"9943", "MT"},
    {"9944", "NL"}, {"9945", "PL"}, {"9946", "PT"}, {"9947", "RO"}, {"9949", "SI"}, {"9950", "SK"},
    {"9954", "0190"}, {"9955", "SE"}, {"9956", "0208"}, {"9957", "FR"}, {"9958", "0204"}};

/* Of an electronic address the prefix may be missing: the scheme says the country. R056 asks for it
 * in NL. */
static struct plausibility by_vat(const char *prefix, const char *s)
{
    char whole[PLAUSIBLE_MAX + 8];
    bool has = strncmp(s, prefix, strlen(prefix)) == 0 || strcmp(prefix, "NL") == 0;

    (void)snprintf(whole, sizeof(whole), "%s%s", has ? "" : prefix, s);
    if (strncmp(whole, prefix, strlen(prefix)) != 0)
        return plausible_not("Dutch VAT number",
            "a Dutch VAT number is NL, 9 digits, B and 2 digits; here NL is missing");
    return plausible_vat(str_z(whole));
}

struct plausibility plausible_id(struct str scheme, struct str id)
{
    char s[PLAUSIBLE_MAX + 1];
    struct str code = scheme;
    const char *alias = NULL;

    for (size_t i = 0; i < sizeof(ALIASES) / sizeof(ALIASES[0]); i++)
        if (str_eqz(scheme, ALIASES[i].code))
            alias = ALIASES[i].same;
    if (str_eqz(scheme, "9918"))
        return plausible_copy(s, id, true) ? plausible_iban(str_z(s)) : plausible_iban(id);
    if (!plausible_copy(s, id, true))
        return plausible_not("identifier", "an identifier has at most 130 characters");
    if (alias && alias[0] >= 'A')
        return by_vat(alias, s);
    if (alias)
        code = str_z(alias);
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        if (str_eqz(code, RULES[i].code))
            return plausible_by(&RULES[i], s);
    return plausible_nothing();
}
