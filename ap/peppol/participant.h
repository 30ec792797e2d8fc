/* participant.h - a Peppol participant identifier: iso6523-actorid-upis::0088:123abc (PFUOI 4.4.0).
 *
 * A value type, copied freely; the text keeps the case it came in (SBDH and AS4 carry it so), while
 * comparing, hashing and DNS use the lower-case form. Whether the 4-digit code is on a code list is
 * not judged here (codelist.h): a newer list must not break us. Any thread. */
#ifndef AP_PEPPOL_PARTICIPANT_H
#define AP_PEPPOL_PARTICIPANT_H

#include <stdbool.h>

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"

#define PARTICIPANT_SCHEME "iso6523-actorid-upis"
#define PARTICIPANT_VALUE 136 /* "NNNN:" + 130 characters + NUL */
#define PARTICIPANT_DNS 256   /* room for any DNS name made here, with NUL */

struct participant {
    char value[PARTICIPANT_VALUE]; /* "0088:123abc", as given; "" = none */
};

/* From "0088:123abc" or "iso6523-actorid-upis::0088:123abc". id.participant (ERR_INPUT). */
int participant_parse(struct participant *out, struct str text, struct err *e) MUST_CHECK;
/* From protocol fields: scheme (SBDH Authority, SMP @scheme, AS4 @type) and value. The scheme is
 * case-sensitive. Surrounding white space is not taken. */
int participant_make(
    struct participant *out, struct str scheme, struct str value, struct err *e) MUST_CHECK;
/* From an EndpointID: schemeID "0088" and its text (PFUOI policies 9 and 10). */
int participant_from_endpoint(
    struct participant *out, struct str code, struct str value, struct err *e) MUST_CHECK;

bool participant_same(const struct participant *a, const struct participant *b);
struct str participant_code(const struct participant *p); /* "0088" */
struct str participant_id(const struct participant *p);   /* "123abc" */
/* Lower-case value: the key to store and look up by. */
void participant_canonical(struct participant *out, const struct participant *p);
void participant_text(struct buf *out, const struct participant *p); /* scheme::value */
void participant_path(struct buf *out, const struct participant *p); /* one SMP path segment */

/* SML name: base32(SHA-256(lower-case value)).iso6523-actorid-upis.ZONE (SML 1.3.0 3.2.4). `zone`
 * with or without closing dot; the answer has one. id.zone (ERR_CONFIG) when too long. */
int participant_dns(char out[PARTICIPANT_DNS], const struct participant *p, const char *zone,
    struct err *e) MUST_CHECK;

/* Service provider identifiers (SPIS 1.0): 0242:000306[-MLS[.more]]. */
bool participant_is_spis(const struct participant *p);
/* The 6 digits are those of the seat id POP000306. */
bool participant_spis_of_seat(const struct participant *p, const char *seat_id);
/* 0242:NNNNNN of a seat id. id.seat (ERR_INPUT). */
int participant_spis_from_seat(
    struct participant *out, const char *seat_id, struct err *e) MUST_CHECK;

#endif
