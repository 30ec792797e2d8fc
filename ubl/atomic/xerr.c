/* xerr.c - names and texts of enum xerr, in the words of XQuery 1.0 and XPath 2.0 Functions and
 * Operators, app. C. */
#include "ubl/atomic/xerr.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
} table[] = {
    [XERR_NONE] = {"", ""},
    [XERR_FOAR0001] = {"FOAR0001", "division by zero"},
    [XERR_FOAR0002] = {"FOAR0002", "numeric operation overflow or underflow"},
    [XERR_FOCA0001] = {"FOCA0001", "value too large for decimal"},
    [XERR_FOCA0002] = {"FOCA0002", "NaN or infinity cannot become a decimal or an integer"},
    [XERR_FOCA0003] = {"FOCA0003", "value too large for integer"},
    [XERR_FOCA0005] = {"FOCA0005", "NaN supplied as factor of a duration"},
    [XERR_FOCH0001] = {"FOCH0001", "code point not valid in XML"},
    [XERR_FOCH0003] = {"FOCH0003", "unsupported normalization form"},
    [XERR_FODT0001] = {"FODT0001", "overflow in date or time arithmetic"},
    [XERR_FODT0002] = {"FODT0002", "overflow in duration arithmetic"},
    [XERR_FODT0003] = {"FODT0003", "invalid timezone"},
    [XERR_FORG0001] = {"FORG0001", "invalid value for cast or constructor"},
    [XERR_FORG0008] = {"FORG0008", "the two arguments have different timezones"},
    [XERR_FORX0001] = {"FORX0001", "invalid regular expression flags"},
    [XERR_FORX0002] = {"FORX0002", "invalid regular expression"},
    [XERR_FORX0003] = {"FORX0003", "regular expression matches the empty string"},
    [XERR_FORX0004] = {"FORX0004", "invalid replacement string"},
    [XERR_LIMIT] = {"LIMIT", "a limit on digits, matching steps or size was reached"},
    [XERR_NOMEM] = {"NOMEM", "out of memory or over a limit"},
};

const char *xerr_name(enum xerr x)
{
    return (size_t)x < sizeof(table) / sizeof(table[0]) ? table[x].name : "UNKNOWN";
}

const char *xerr_text(enum xerr x)
{
    return (size_t)x < sizeof(table) / sizeof(table[0]) ? table[x].text : "unknown error";
}
