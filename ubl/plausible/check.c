/* Judging by one rule, and the arithmetic that check digits are made of. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "ubl/plausible/plausible_priv.h"

struct plausibility plausible_nothing(void)
{
    return (struct plausibility){PLAUSIBLE_UNKNOWN, false, "", ""};
}

struct plausibility plausible_not(const char *kind, const char *why)
{
    struct plausibility p = {PLAUSIBLE_NOT, false, kind, ""};

    (void)snprintf(p.why, sizeof(p.why), "%s", why);
    return p;
}

bool plausible_copy(char out[PLAUSIBLE_MAX + 1], struct str s, bool upper)
{
    if (s.n > PLAUSIBLE_MAX || (s.n && memchr(s.p, 0, s.n)))
        return false;
    for (size_t i = 0; i < s.n; i++)
        out[i] = upper && s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 'a' + 'A') : s.p[i];
    out[s.n] = 0;
    return true;
}

/* The forms are ours and short: compiled anew, so that nothing has to be kept. Out of memory says
 * yes. */
static bool has_form(const char *form, const char *s)
{
    int code, rc = 0;
    PCRE2_SIZE at;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)form, PCRE2_ZERO_TERMINATED,
        PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &at, NULL);
    pcre2_match_data *m = re ? pcre2_match_data_create(1, NULL) : NULL;

    if (m)
        rc = pcre2_match(re, (PCRE2_SPTR)s, strlen(s), 0, 0, m, NULL);
    pcre2_match_data_free(m);
    pcre2_code_free(re);
    return rc != PCRE2_ERROR_NOMATCH;
}

struct plausibility plausible_by(const struct plausible_rule *r, const char *s)
{
    struct plausibility p = {PLAUSIBLE_NOT, false, r->kind, ""};

    if (!has_form(r->form, s)) {
        (void)snprintf(
            p.why, sizeof(p.why), "a %s is %s; this is not of that form", r->kind, r->words);
    } else if (r->check && !r->check(s + r->skip)) {
        (void)snprintf(p.why, sizeof(p.why),
            "the check digits of this %s do not fit: some character is wrong or in a wrong place",
            r->kind);
    } else {
        p.verdict = PLAUSIBLE_OK;
        p.checked = r->check != NULL;
    }
    return p;
}

static unsigned value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)(c - 'a') + 10;
}

unsigned plausible_weigh(const char *s, const char *weights)
{
    unsigned sum = 0;

    for (size_t i = 0; weights[i] && s[i]; i++)
        sum += value(s[i]) * value(weights[i]);
    return sum;
}

unsigned plausible_mod(const char *digits, size_t n, unsigned m)
{
    unsigned r = 0;

    for (size_t i = 0; i < n && digits[i]; i++)
        r = (r * 10 + value(digits[i])) % m;
    return r;
}

unsigned plausible_mod97(const char *s, size_t n)
{
    unsigned r = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] >= '0' && s[i] <= '9')
            r = (r * 10 + (unsigned)(s[i] - '0')) % 97;
        else if (s[i] >= 'A' && s[i] <= 'Z')
            r = (r * 100 + (unsigned)(s[i] - 'A') + 10) % 97;
    }
    return r;
}

bool plausible_two_rounds(const char *s, const char *first, const char *second)
{
    unsigned sum = plausible_weigh(s, first) % 11;

    if (sum == 10)
        sum = plausible_weigh(s, second) % 11 % 10;
    return sum == value(s[strlen(first)]);
}

bool plausible_luhn(const char *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned d = value(digits[n - 1 - i]);
        if (i % 2)
            d = d > 4 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

bool plausible_mod11_10(const char *digits, size_t n)
{
    unsigned p = 10;

    for (size_t i = 0; i + 1 < n; i++) {
        unsigned s = (value(digits[i]) + p) % 10;
        p = (s ? s : 10) * 2 % 11;
    }
    return (p + value(digits[n - 1])) % 10 == 1;
}
