/* Check digits of the countries. `s` is what follows the country prefix, of the form that vat.c
 * demands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/plausible/plausible_priv.h"

static unsigned d(char c)
{
    return (unsigned)(c - '0');
}

static unsigned mod11_then10(unsigned sum)
{
    return sum % 11 % 10;
}

bool plausible_at(const char *s) /* U and 8 digits */
{
    unsigned sum = 4;

    for (size_t i = 1; i < 8; i++)
        sum += i % 2 == 0 ? d(s[i]) / 5 + d(s[i]) * 2 % 10 : d(s[i]);
    return (sum + d(s[8])) % 10 == 0;
}

bool plausible_be(const char *s)
{
    return 97 - plausible_mod(s, 8, 97) == plausible_mod(s + 8, 2, 100);
}

/* Nine digits are an entity. Ten are a person, a foreigner or another: any of the three keys may
 * fit. */
bool plausible_bg(const char *s)
{
    if (s[9])
        return plausible_weigh(s, "2485a9736") % 11 % 10 == d(s[9]) ||
               plausible_weigh(s, "197319731") % 10 == d(s[9]) ||
               (11 - plausible_weigh(s, "432765432") % 11) % 11 == d(s[9]);
    return plausible_two_rounds(s, "12345678", "3456789a");
}

bool plausible_ch(const char *s)
{
    return (11 - plausible_weigh(s, "54327654") % 11) % 11 == d(s[8]);
}

bool plausible_cy(const char *s)
{
    static const unsigned char odd[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    unsigned sum = 0;

    for (size_t i = 0; i < 8; i++)
        sum += i % 2 ? d(s[i]) : odd[d(s[i])];
    return (char)('A' + sum % 26) == s[8];
}

bool plausible_cz(const char *s) /* 9 and 10 digits are persons: no key that all of them keep */
{
    unsigned key = (11 - plausible_weigh(s, "8765432") % 11) % 11;

    return s[8] || (s[0] != '9' && (key ? key : 1) % 10 == d(s[7]));
}

bool plausible_de(const char *s)
{
    return plausible_mod11_10(s, 9);
}

bool plausible_dk(const char *s)
{
    return plausible_weigh(s, "27654321") % 11 == 0;
}

bool plausible_ee(const char *s)
{
    return plausible_weigh(s, "371371371") % 10 == 0;
}

static const char NIF_LETTERS[] = "TRWAGMYFPDXBNJZSQVHLCKE";

static bool es_person(const char *s)
{
    char digits[9];

    (void)snprintf(digits, sizeof(digits), "%.8s", s);
    if (strchr("XYZ", digits[0]))
        digits[0] = (char)('0' + (digits[0] - 'X'));
    else if (strchr("KLM", digits[0]))
        digits[0] = '0';
    return NIF_LETTERS[plausible_mod(digits, 8, 23)] == s[8];
}

bool plausible_es(const char *s)
{
    static const char letters[] = "JABCDEFGHI";
    char digits[9];

    if ((s[0] >= '0' && s[0] <= '9') || strchr("XYZKLM", s[0]))
        return es_person(s);
    if (!strchr("ABCDEFGHJNPQRSUVW", s[0]))
        return false;
    for (unsigned key = 0; key < 10; key++) {
        (void)snprintf(digits, sizeof(digits), "%.7s%u", s + 1, key);
        if (plausible_luhn(digits, 8))
            return s[8] == digits[7] || s[8] == letters[key];
    }
    return false;
}

bool plausible_fi(const char *s)
{
    return plausible_weigh(s, "79a58421") % 11 == 0;
}

bool plausible_siren(const char *s)
{
    return plausible_luhn(s, 9);
}

/* Establishments of La Poste have no Luhn digit: the sum of their digits is a multiple of five. */
bool plausible_siret(const char *s)
{
    return plausible_luhn(s, 14) ||
           (strncmp(s, "356000000", 9) == 0 && plausible_weigh(s, "11111111111111") % 5 == 0);
}

static unsigned fr_index(char c)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    return (unsigned)(strchr(alphabet, c) - alphabet);
}

/* Numbers of Monaco stand in the French series with a SIREN that begins with 000 and has no Luhn
 * digit. */
bool plausible_fr(const char *s)
{
    const char *siren = s + 2;
    unsigned key;

    if (strncmp(siren, "000", 3) != 0 && !plausible_luhn(siren, 9))
        return false;
    if (fr_index(s[0]) < 10 && fr_index(s[1]) < 10)
        return (12 + 3 * plausible_mod(siren, 9, 97)) % 97 == plausible_mod(s, 2, 100);
    key = fr_index(s[0]) < 10 ? fr_index(s[0]) * 24 + fr_index(s[1]) - 10
                              : fr_index(s[0]) * 34 + fr_index(s[1]) - 100;
    return (plausible_mod(siren, 9, 11) + 1 + key / 11) % 11 == key % 11;
}

/* Since 2009 the key may be 55 less, in numbers from 100 on; both ways of taking 55 are met. */
bool plausible_gb(const char *s)
{
    unsigned sum;

    if (s[0] > '9')
        return true;
    sum = (plausible_weigh(s, "8765432") + plausible_mod(s + 7, 2, 100)) % 97;
    return sum == 0 || ((sum == 42 || sum == 55) && s[0] != '0');
}

bool plausible_gr(const char *s)
{
    unsigned sum = 0;

    for (size_t i = 0; i < 8; i++)
        sum = (sum + d(s[i])) * 2;
    return mod11_then10(sum) == d(s[8]);
}

bool plausible_hr(const char *s)
{
    return plausible_mod11_10(s, 11);
}

bool plausible_hu(const char *s)
{
    return plausible_weigh(s, "97319731") % 10 == 0;
}

bool plausible_ie(const char *s)
{
    static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
    char digits[8];
    unsigned sum = 0;
    char key = s[7];

    if (s[1] > '9' || s[1] < '0')
        (void)snprintf(digits, sizeof(digits), "0%.5s%c", s + 2, s[0]);
    else
        (void)snprintf(digits, sizeof(digits), "%.7s", s);
    if (s[8])
        sum = 9 * (unsigned)(strchr(letters, s[8]) - letters);
    return letters[(sum + plausible_weigh(digits, "8765432")) % 23] == key;
}

bool plausible_it(const char *s)
{
    return strncmp(s, "0000000", 7) != 0 && plausible_luhn(s, 11);
}

bool plausible_lt(const char *s)
{
    return s[9] ? plausible_two_rounds(s, "12345678912", "34567891234")
                : plausible_two_rounds(s, "12345678", "34567891");
}

bool plausible_lu(const char *s)
{
    return plausible_mod(s, 6, 89) == plausible_mod(s + 6, 2, 100);
}

bool plausible_lv(
    const char *s) /* persons begin with a day, 0 to 3: the key of newer ones is not published */
{
    return s[0] <= '3' || plausible_weigh(s, "91483a25761") % 11 == 3;
}

bool plausible_mt(const char *s)
{
    return (plausible_weigh(s, "346789") + plausible_mod(s + 6, 2, 100)) % 37 == 0;
}

/* An entity's number keeps the 11 test of the RSIN; that of a sole trader, since 2020, ISO 7064 mod
 * 97 with NL before and B as 11. */
bool plausible_nl(const char *s)
{
    char whole[16];

    if ((plausible_weigh(s, "98765432") + 10 * d(s[8])) % 11 == 0)
        return true;
    (void)snprintf(whole, sizeof(whole), "NL%s", s);
    return plausible_mod97(whole, strlen(whole)) == 1;
}

bool plausible_no(const char *s)
{
    unsigned key = (11 - plausible_weigh(s, "32765432") % 11) % 11;

    return key == d(s[8]);
}

bool plausible_pl(const char *s)
{
    return plausible_weigh(s, "657234567") % 11 == d(s[9]);
}

bool plausible_pt(const char *s)
{
    return mod11_then10(11 - plausible_weigh(s, "98765432") % 11) == d(s[8]) ||
           (plausible_weigh(s, "98765432") % 11 == 0 && s[8] == '0');
}

bool plausible_ro(const char *s)
{
    char padded[11];
    size_t n = strlen(s);

    (void)snprintf(padded, sizeof(padded), "%.*s%s", (int)(10 - n), "0000000000", s);
    return plausible_weigh(padded, "753217532") * 10 % 11 % 10 == d(padded[9]);
}

bool plausible_orgnr(const char *s)
{
    return plausible_luhn(s, 10);
}

bool plausible_se(const char *s)
{
    return plausible_luhn(s, 10);
}

bool plausible_si(const char *s)
{
    unsigned key = 11 - plausible_weigh(s, "8765432") % 11;

    return key != 11 && key % 10 == d(s[7]);
}

bool plausible_sk(const char *s)
{
    return plausible_mod(s, 10, 11) == 0;
}
