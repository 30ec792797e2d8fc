/* VAT numbers by country prefix. Forms and check digits as the tax offices publish them (European
 * Commission, VIES: "VAT identification number structure" and its algorithms). */
#include <string.h>

#include "ubl/plausible/plausible_priv.h"

static const struct plausible_rule RULES[] = {
    {"AT", "Austrian VAT number", "U[0-9]{8}", "ATU and 8 digits", plausible_at, 0},
    {"BE", "Belgian VAT number", "[01][0-9]{9}", "BE and 10 digits, the first 0 or 1", plausible_be,
        0},
    {"BG", "Bulgarian VAT number", "[0-9]{9,10}", "BG and 9 or 10 digits", plausible_bg, 0},
    {"CHE", "Swiss VAT number", "[0-9]{9}(MWST|TVA|IVA|TPV)?",
        "CHE and 9 digits, then MWST, TVA, IVA or nothing", plausible_ch, 0},
    {"CY", "Cypriot VAT number", "[0-9]{8}[A-Z]", "CY, 8 digits and a letter", plausible_cy, 0},
    {"CZ", "Czech VAT number", "[0-9]{8,10}", "CZ and 8 to 10 digits", plausible_cz, 0},
    {"DE", "German VAT number", "[1-9][0-9]{8}", "DE and 9 digits", plausible_de, 0},
    {"DK", "Danish VAT number", "[1-9][0-9]{7}", "DK and 8 digits", plausible_dk, 0},
    {"EE", "Estonian VAT number", "[0-9]{9}", "EE and 9 digits", plausible_ee, 0},
    {"EL", "Greek VAT number", "[0-9]{9}", "EL and 9 digits", plausible_gr, 0},
    {"ES", "Spanish VAT number", "[A-Z0-9][0-9]{7}[A-Z0-9]",
        "ES and 9 characters, a letter first or last", plausible_es, 0},
    {"EU", "VAT number of the Union's one-stop shop", "[0-9]{9}", "EU and 9 digits", NULL, 0},
    {"FI", "Finnish VAT number", "[0-9]{8}", "FI and 8 digits", plausible_fi, 0},
    {"FR", "French VAT number", "[0-9A-HJ-NP-Z]{2}[0-9]{9}", "FR, 2 characters and 9 digits",
        plausible_fr, 0},
    {"GB", "British VAT number", "[0-9]{9}([0-9]{3})?|GD[0-4][0-9]{2}|HA[5-9][0-9]{2}",
        "GB and 9 or 12 digits", plausible_gb, 0},
    {"HR", "Croatian VAT number", "[0-9]{11}", "HR and 11 digits", plausible_hr, 0},
    {"HU", "Hungarian VAT number", "[0-9]{8}", "HU and 8 digits", plausible_hu, 0},
    {"IE", "Irish VAT number", "[0-9]{7}[A-W][A-W]?|[0-9][A-Z+*][0-9]{5}[A-W]",
        "IE, 7 digits and one or two letters", plausible_ie, 0},
    {"IT", "Italian VAT number", "[0-9]{11}", "IT and 11 digits", plausible_it, 0},
    {"LT", "Lithuanian VAT number", "[0-9]{7}1[0-9]|[0-9]{10}1[0-9]",
        "LT and 9 or 12 digits, the last but one 1", plausible_lt, 0},
    {"LU", "Luxembourg VAT number", "[0-9]{8}", "LU and 8 digits", plausible_lu, 0},
    {"LV", "Latvian VAT number", "[0-9]{11}", "LV and 11 digits", plausible_lv, 0},
    {"MT", "Maltese VAT number", "[1-9][0-9]{7}", "MT and 8 digits", plausible_mt, 0},
    {"NL", "Dutch VAT number", "[0-9]{9}B(0[1-9]|[1-9][0-9])", "NL, 9 digits, B and 2 digits",
        plausible_nl, 0},
    {"NO", "Norwegian VAT number", "[0-9]{9}(MVA)?", "NO, 9 digits and MVA", plausible_no, 0},
    {"PL", "Polish VAT number", "[0-9]{10}", "PL and 10 digits", plausible_pl, 0},
    {"PT", "Portuguese VAT number", "[1-9][0-9]{8}", "PT and 9 digits", plausible_pt, 0},
    {"RO", "Romanian VAT number", "[1-9][0-9]{1,9}", "RO and 2 to 10 digits", plausible_ro, 0},
    {"SE", "Swedish VAT number", "[0-9]{10}(0[1-9]|[1-9][0-9])",
        "SE and 12 digits, the last two 01 or more", plausible_se, 0},
    {"SI", "Slovenian VAT number", "[1-9][0-9]{7}", "SI and 8 digits", plausible_si, 0},
    {"SK", "Slovak VAT number", "[1-9][0-9][2-47-9][0-9]{7}", "SK and 10 digits", plausible_sk, 0},
    {"XI", "Northern Irish VAT number", "[0-9]{9}([0-9]{3})?|GD[0-4][0-9]{2}|HA[5-9][0-9]{2}",
        "XI and 9 or 12 digits", plausible_gb, 0},
};

struct plausibility plausible_vat(struct str number)
{
    char s[PLAUSIBLE_MAX + 1];

    if (!plausible_copy(s, number, false))
        return plausible_not("VAT number", "a VAT number is not that long");
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        size_t n = strlen(RULES[i].code);
        if (strncmp(s, RULES[i].code, n) == 0)
            return plausible_by(&RULES[i], s + n);
    }
    return plausible_nothing();
}
