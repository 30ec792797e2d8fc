/* xsdlex.h - on top of the parsers for XPath, which follow XSD 1.1, with what 1.0 has narrower. */
#include "ubl/atomic/xsdlex.h"

#include "ubl/atomic/datetime.h"
#include "ubl/atomic/decimal.h"

#define TZ_MAX (14 * 60)

enum xsd_type xsd_type_named(struct str local_name)
{
    static const char *const names[] = {[XSD_OTHER] = "",
        [XSD_DATE] = "date",
        [XSD_TIME] = "time",
        [XSD_DATETIME] = "dateTime",
        [XSD_DECIMAL] = "decimal",
        [XSD_INTEGER] = "integer"};

    for (int i = XSD_DATE; i <= XSD_INTEGER; i++)
        if (str_eqz(local_name, names[i]))
            return (enum xsd_type)i;
    return XSD_OTHER;
}

/*= XSD-2 3.2.7.1 "the year 0000 is prohibited" */
static bool year_zero(struct str s)
{
    s = str_trim(s);
    if (s.n && *s.p == '-')
        s = str_sub(s, 1, s.n);
    return str_has_prefix(s, STR("0000"));
}

static bool dated(enum dt_kind kind, struct str s)
{
    struct dt v;

    if (dt_parse(kind, s, &v))
        return false;
    if (kind != DT_TIME && year_zero(s))
        return false;
    return v.tz == DT_NO_TZ || (v.tz >= -TZ_MAX && v.tz <= TZ_MAX);
}

bool xsd_valid(enum xsd_type type, struct str value)
{
    switch (type) {
    case XSD_DATE:
        return dated(DT_DATE, value);
    case XSD_TIME:
        return dated(DT_TIME, value);
    case XSD_DATETIME:
        return dated(DT_DATETIME, value);
    case XSD_DECIMAL:
        return dec_castable(value);
    case XSD_INTEGER:
        return dec_castable_int(value);
    case XSD_OTHER:
        break;
    }
    return false;
}
