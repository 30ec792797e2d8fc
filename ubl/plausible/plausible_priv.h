/* plausible_priv.h - one rule: a form, and what its check digits must satisfy. */
#ifndef UBL_PLAUSIBLE_PLAUSIBLE_PRIV_H
#define UBL_PLAUSIBLE_PLAUSIBLE_PRIV_H

#include "ubl/plausible/plausible.h"

/* `s`: upper case, NUL-terminated, of the rule's form. */
typedef bool plausible_check(const char *s);

struct plausible_rule {
    const char *code;       /* scheme, or country prefix */
    const char *kind;       /* for people */
    const char *form;       /* regular expression of the whole, on upper case */
    const char *words;      /* the same for people: "13 digits" */
    plausible_check *check; /* NULL: the form alone */
    unsigned skip;          /* characters before what `check` gets */
};

/* Judge by one rule. `s` as above, of any form. */
struct plausibility plausible_by(const struct plausible_rule *r, const char *s);
/* Upper-case copy; false when it is too long or has a NUL byte. */
bool plausible_copy(char out[PLAUSIBLE_MAX + 1], struct str s, bool upper);
struct plausibility plausible_not(const char *kind, const char *why);
struct plausibility plausible_nothing(void);

/* Arithmetic. Digits are ASCII digits; a weight is a digit or 'a' for 10, one for each digit of
 * `s`. */
unsigned plausible_weigh(const char *s, const char *weights);
unsigned plausible_mod(const char *digits, size_t n, unsigned m); /* the number modulo m */
unsigned plausible_mod97(
    const char *s, size_t n); /* letters are 10 to 35, other characters nothing */
/* The digit behind the weighted ones is their sum mod 11; when that is 10, the sum by the second
 * weights. */
bool plausible_two_rounds(const char *s, const char *first, const char *second);
bool plausible_luhn(const char *digits, size_t n);
bool plausible_mod11_10(const char *digits, size_t n); /* ISO 7064 MOD 11,10 */

/* Checks that schemes and VAT numbers share. `s` begins at the digits. */
plausible_check plausible_be, plausible_bg, plausible_ch, plausible_cy, plausible_cz, plausible_dk,
    plausible_ee, plausible_es, plausible_fi, plausible_fr, plausible_gb, plausible_gr,
    plausible_hr, plausible_hu, plausible_ie, plausible_it, plausible_lt, plausible_lu,
    plausible_lv, plausible_mt, plausible_nl, plausible_no, plausible_pl, plausible_pt,
    plausible_ro, plausible_se, plausible_si, plausible_sk, plausible_at, plausible_de;
plausible_check plausible_siren, plausible_siret, plausible_orgnr;

#endif
