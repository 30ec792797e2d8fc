/* plausible.h - can this identifier exist? Forms and check digits, no register is asked.
 *
 * For messages to the giver of a document before the official rules run: a typing error in a number
 * is told with its reason. An unknown scheme is no error, and what is plausible need not be
 * registered. Pure functions: no allocation that outlives the call, no state; any thread. Text is
 * taken as it would stand in the document: without blanks, dots or other separators of print;
 * letters in either case for participants (PFUOI 4.4.0 policy 1), upper case for VAT numbers, IBAN
 * and BIC.
 *
 * Only the form is judged, because no check digit is published, it is not always kept, or the
 * official rules ask for the form alone: 0060 (DUNS), 0096, 0106, 0184, 0190, 0198, 0217 and all
 * kinds whose `checked` is false below; VAT numbers of persons in Bulgaria, Czechia and Latvia. */
#ifndef UBL_PLAUSIBLE_PLAUSIBLE_H
#define UBL_PLAUSIBLE_PLAUSIBLE_H

#include <stdbool.h>

#include "ap/base/str.h"

#define PLAUSIBLE_MAX 140 /* bytes of an identifier; longer ones are implausible */

enum plausible {
    PLAUSIBLE_UNKNOWN, /* no rule for this scheme or country: nothing said */
    PLAUSIBLE_OK,
    PLAUSIBLE_NOT
};

struct plausibility {
    enum plausible verdict;
    bool checked;     /* OK: check digits were computed and fit; false: the form alone */
    const char *kind; /* "GLN", "Belgian enterprise number"; "" when unknown */
    char why[200];    /* NOT: one sentence for people, without dot; else "" */
};

/* A participant, party or location identifier of a scheme of ISO 6523 or of Peppol's and EN 16931's
 * electronic address lists: "0088", "9925". */
struct plausibility plausible_id(struct str scheme, struct str id);
/* A VAT number with its country prefix ("BE0123456749", "EL..." for Greece): the member states of
 * the EU, Northern Ireland, Norway, Switzerland, Great Britain. Another prefix is unknown. */
struct plausibility plausible_vat(struct str number);
/* IBAN: ISO 13616 check digits (mod 97); length where the country is in the IBAN registry. Never
 * unknown. */
struct plausibility plausible_iban(struct str iban);
/* BIC: the form of ISO 9362, 8 or 11 characters. Never unknown. */
struct plausibility plausible_bic(struct str bic);
/* Structured creditor reference, ISO 11649: "RF", check digits (mod 97), up to 21 letters or
 * digits. Without RF in front it is another kind of reference: unknown. */
struct plausibility plausible_creditor_reference(struct str reference);

#endif
