/* IBAN, BIC, creditor reference. */
#include <stdio.h>
#include <string.h>

#include "ubl/plausible/plausible_priv.h"

/* Lengths by country: SWIFT's IBAN registry. */
static const struct {
    char country[3];
    unsigned char length;
} LENGTHS[] = {{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
    {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28},
    {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24},
    {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18},
    {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23},
    {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21},
    {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19},
    {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33},
    {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23},
    {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24},
    {"XK", 20}, {"YE", 30}};

/* ISO 7064 mod 97 with the first four characters moved behind: IBAN and creditor reference. */
static bool turned_fits(const char *s)
{
    char turned[PLAUSIBLE_MAX + 1];

    (void)snprintf(turned, sizeof(turned), "%s%.4s", s + 4, s);
    return plausible_mod97(turned, strlen(turned)) == 1;
}

static const struct plausible_rule IBAN = {"IBAN", "IBAN", "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}",
    "a country code, two check digits and 11 to 30 letters or digits, without spaces", turned_fits,
    0};
static const struct plausible_rule BIC = {"BIC", "BIC",
    "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
    "8 or 11 characters: four of the bank, two of the country, two of the place, three of the "
    "branch",
    NULL, 0};

static const struct plausible_rule CREDITOR_REFERENCE = {"RF", "creditor reference",
    "RF[0-9]{2}[A-Z0-9]{1,21}",
    "RF, two check digits and up to 21 letters or digits, without spaces", turned_fits, 0};

static unsigned length_of(const char *s)
{
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++)
        if (memcmp(LENGTHS[i].country, s, 2) == 0)
            return LENGTHS[i].length;
    return 0;
}

struct plausibility plausible_iban(struct str iban)
{
    char s[PLAUSIBLE_MAX + 1];
    struct plausibility p;
    unsigned length;

    if (!plausible_copy(s, iban, false))
        return plausible_not("IBAN", "an IBAN has at most 34 characters");
    p = plausible_by(&IBAN, s);
    length = strlen(s) > 4 ? length_of(s) : 0;
    if (length && strlen(s) != length && !strchr(s, ' ')) {
        p.verdict = PLAUSIBLE_NOT;
        p.checked = false;
        (void)snprintf(p.why, sizeof(p.why), "an IBAN of %.2s has %u characters; this one has %zu",
            s, length, strlen(s));
    }
    return p;
}

struct plausibility plausible_bic(struct str bic)
{
    char s[PLAUSIBLE_MAX + 1];

    if (!plausible_copy(s, bic, false))
        return plausible_not("BIC", "a BIC has 8 or 11 characters");
    return plausible_by(&BIC, s);
}

struct plausibility plausible_creditor_reference(struct str reference)
{
    char s[PLAUSIBLE_MAX + 1];

    if (!str_has_prefix(reference, STR("RF")))
        return plausible_nothing();
    if (!plausible_copy(s, reference, false))
        return plausible_not(
            "creditor reference", "a creditor reference has at most 25 characters");
    return plausible_by(&CREDITOR_REFERENCE, s);
}
