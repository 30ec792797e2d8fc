/* xerr.h - why an operation on atomic values failed, as XPath names it.
 *
 * The functions of ubl/atomic answer with this enum and not with struct err: `castable as` and
 * general comparisons fail thousands of times in a normal run, so a failure must cost no more than
 * a success. The caller who reports one makes the struct err. XERR_NONE is 0, so `if (r)` reads
 * "failed". */
#ifndef UBL_ATOMIC_XERR_H
#define UBL_ATOMIC_XERR_H

enum xerr {
    XERR_NONE,
    XERR_FOAR0001, /* division by zero */
    XERR_FOAR0002, /* numeric overflow or underflow */
    XERR_FOCA0001, /* value too large for decimal */
    XERR_FOCA0002, /* invalid lexical value: NaN or INF to integer or decimal */
    XERR_FOCA0003, /* value too large for integer */
    XERR_FOCA0005, /* NaN given as a factor of a duration */
    XERR_FOCH0001, /* code point not valid in XML */
    XERR_FOCH0003, /* unknown normalization form */
    XERR_FODT0001, /* overflow in a date or time */
    XERR_FODT0002, /* overflow in a duration */
    XERR_FODT0003, /* invalid timezone */
    XERR_FORG0001, /* invalid value for a cast */
    XERR_FORG0008, /* the two arguments of fn:dateTime have different timezones */
    XERR_FORX0001, /* invalid regular expression flags */
    XERR_FORX0002, /* invalid regular expression */
    XERR_FORX0003, /* the regular expression matches the empty string */
    XERR_FORX0004, /* invalid replacement string */
    XERR_LIMIT,    /* a stated limit of ours: digits, matching steps, size of a result */
    XERR_NOMEM     /* out of memory, or past the arena's limit */
};

/* "FORG0001", "LIMIT"; and one line for people without a trailing dot. Static strings. */
const char *xerr_name(enum xerr x);
const char *xerr_text(enum xerr x);

#endif
