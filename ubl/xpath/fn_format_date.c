/* fn_format_date.c - format-date(), format-dateTime(), format-time(): F&O 3.1 §9.8, as Saxon-HE
 * answers where the specification leaves it open. English is the only language: text for another
 * one begins with [Language: en]; the Gregorian calendar is the only one: [Calendar: AD]. A place
 * is not looked up, so zones have no names ([ZN] is the offset). Widths: up to 1,000. */
#include "ubl/xpath/xpath_priv.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH_MAX = 1000 };

struct marker { /* [Y0001,4-6]: component, how it looks, how wide it is */
    char what;
    struct str form; /* without modifier */
    bool defaulted, ordinal, traditional;
    bool has_widths;
    int min, max;
};

struct moment {
    struct dt v;
    bool no_date, no_time;
};

static int bad_picture(struct xp_ctx *c, struct str picture)
{
    return xfail(c, "FOFD1340", "bad picture %.*s", STR_FMT(str_sub(picture, 0, 80)));
}

/* ---- markers ---- */

static bool width(struct str s, int star, int *out)
{
    unsigned long long v = 0;

    if (str_eqz(s, "*")) {
        *out = star;
        return true;
    }
    if (!str_to_u64(s, WIDTH_MAX, &v) || v == 0)
        return false;
    *out = (int)v;
    return true;
}

/* ",min" or ",min-max" */
static bool widths(struct str s, struct marker *m)
{
    size_t dash = str_find(s, STR("-"));

    m->has_widths = true;
    return width(str_sub(s, 0, dash), 1, &m->min) &&
           (dash == s.n || width(str_sub(s, dash + 1, s.n), INT_MAX, &m->max)) && m->min <= m->max;
}

static struct str default_form(char what)
{
    switch (what) {
    case 'F':
        return STR("Nn");
    case 'P':
        return STR("n");
    case 'C':
    case 'E':
        return STR("N");
    case 'm':
    case 's':
        return STR("01");
    case 'Z':
    case 'z':
        return STR("");
    default:
        return STR("1");
    }
}

static bool parse_marker(struct marker *m, struct str s)
{
    size_t comma = str_rfind(s, STR(","));

    *m = (struct marker){.min = 1, .max = INT_MAX};
    if (s.n == 0 || !memchr("YMDdWwFHhPmsfZzCE", s.p[0], 17))
        return false;
    m->what = s.p[0];
    if (comma < s.n && !widths(str_sub(s, comma + 1, s.n), m))
        return false;
    m->form = str_sub(s, 1, comma - 1);
    m->defaulted = m->form.n == 0;
    if (m->defaulted)
        m->form = default_form(m->what);
    if (!m->defaulted && memchr("otc", m->form.p[m->form.n - 1], 3)) {
        m->traditional = m->form.p[m->form.n - 1] == 't';
        m->ordinal = m->form.p[--m->form.n] == 'o' && m->form.n;
        if (m->form.n == 0 && m->what != 'Z' && m->what != 'z')
            m->form = STR("1");
    }
    return true;
}

/* White space inside a marker does not count. */
static struct str without_space(struct xp_ctx *c, struct str s)
{
    char *p = arena_alloc(c->a, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; p && i < s.n; i++)
        if (!memchr(" \t\r\n", s.p[i], 4))
            p[n++] = s.p[i];
    return (struct str){p, n};
}

/* ---- names ---- */

static bool is_name(struct str form)
{
    return str_eqz(form, "N") || str_eqz(form, "n") || str_eqz(form, "Nn");
}

static void put_cased(struct buf *b, struct str name, struct str form)
{
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        if (form.n == 1 && form.p[0] == 'N' && ch >= 'a' && ch <= 'z')
            ch = (char)(ch - 'a' + 'A');
        else if (form.n == 1 && form.p[0] == 'n' && ch >= 'A' && ch <= 'Z')
            ch = (char)(ch - 'A' + 'a');
        buf_putc(b, ch);
    }
}

static void pad(struct buf *b, size_t have, int min)
{
    for (; have < (size_t)min; have++)
        buf_putc(b, ' ');
}

/* A weekday in at most max characters: as it is cut by custom; in two or one, by what tells it from
 * the others. */
static struct str day_name(int day, int min, int max)
{
    static const struct {
        const char *full, *cut;
        int least;
    } days[] = {{"Monday", "Mon", 1}, {"Tuesday", "Tues", 2}, {"Wednesday", "Weds", 1},
        {"Thursday", "Thurs", 2}, {"Friday", "Fri", 1}, {"Saturday", "Sat", 2},
        {"Sunday", "Sun", 2}};
    struct str full = str_z(days[day - 1].full);
    int least = days[day - 1].least;

    if (full.n <= (size_t)max)
        return full;
    if (max > 3)
        return str_sub(str_z(days[day - 1].cut), 0, (size_t)max);
    return str_sub(full, 0, (size_t)(max == 3 ? 3 : min > least ? min : least));
}

static struct str month_name(int month, int max)
{
    static const char *const months[] = {"January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December"};

    return str_sub(str_z(months[month - 1]), 0, (size_t)(max < 3 ? 3 : max));
}

static void put_name(struct buf *b, const struct marker *m, int value)
{
    struct str name;

    if (m->what != 'M' && m->what != 'F')
        return;
    name = m->what == 'M' ? month_name(value, m->max) : day_name(value, m->min, m->max);
    put_cased(b, name, m->form);
    pad(b, name.n, m->min);
}

/* ---- numbers ---- */

/* How many digits a year's picture has, 0 when it is no picture of digits. */
static int picture_digits(struct str form)
{
    const char *p = form.p, *end = form.p + form.n;
    bool digits = false;
    int n = 0;

    while (p < end) {
        uint32_t cp = ucs_next(&p, end);
        digits = digits || xnumeral_zero(cp);
        n += cp == '#' || xnumeral_zero(cp);
    }
    return digits ? n : 0;
}

static bool has_alphanumeric(struct str form)
{
    const char *p = form.p, *end = form.p + form.n;

    while (p < end) {
        uint32_t cp = ucs_next(&p, end);
        if (xnumeral_zero(cp) || ucs_is_name(cp, true) || xnumeral_is_sign(cp))
            return true;
    }
    return false;
}

static void put_half_day(struct buf *b, const struct marker *m, int hour)
{
    static const char *const names[2][3] = {{"A", "Am", "A.M."}, {"P", "Pm", "P.M."}};
    int digits = picture_digits(m->form), max = m->has_widths ? m->max : INT_MAX;

    if (digits > 1 && (!m->has_widths || digits > max))
        max = digits;
    put_cased(b,
        str_z(names[hour >= 12][max == 1   ? 0
                                : max <= 3 ? 1
                                           : 2]),
        is_name(m->form) ? m->form : STR("n"));
}

/* A picture of digits, or a maximal width, of a year asks for its last digits. */
static int64_t cut_year(const struct marker *m, int64_t year)
{
    int digits = m->has_widths ? m->max : picture_digits(m->form);
    int64_t limit = 10;

    if (digits > 9 || digits == 0 || (digits == 1 && !m->has_widths))
        return year;
    while (--digits)
        limit *= 10;
    return year % limit;
}

/* The widths hold for the number with its suffix. */
static void put_padded(struct buf *b, const struct marker *m, const struct xnumeral *p, int64_t v)
{
    struct xnumeral wide = *p;
    int min = m->min - (m->ordinal && p->suffix ? 2 : 0);
    char text[24];

    if (wide.form == XNUMERAL_DIGITS && wide.min < min && !wide.n)
        wide.min = min;
    (void)snprintf(text, sizeof(text), "%lld", (long long)v);
    xnumeral_put(b, &wide, str_z(text), m->ordinal);
}

static int put_number(struct xp_ctx *c, struct buf *b, const struct marker *m, int64_t v)
{
    size_t before = b->n;
    struct xnumeral p;

    if (m->what == 'Y')
        v = cut_year(m, v);
    if (is_name(m->form)) {
        put_name(b, m, (int)v);
        return 0;
    }
    if (!has_alphanumeric(m->form) || xnumeral_parse(&p, m->form) < 0)
        return bad_picture(c, m->form);
    put_padded(b, m, &p, v);
    if (p.form == XNUMERAL_ROMAN && m->has_widths)
        pad(b, b->n - before, m->min);
    return 0;
}

/* Digits after the point of the second: as many as the picture has, else up to the last that is not
 * 0; six at most come from the value. */
static int put_fraction(struct xp_ctx *c, struct buf *b, const struct marker *m, uint64_t atto)
{
    int digits = picture_digits(m->form), min = 1, max = INT_MAX, n = 6;
    bool plain = str_find(m->form, STR("#")) == m->form.n;
    uint32_t zero = '0';
    const char *p = m->form.p;
    char text[24];

    if (digits && !plain && m->form.p[0] == '#')
        return bad_picture(c, m->form);
    if (digits) {
        zero = xnumeral_zero(ucs_next(&p, m->form.p + m->form.n));
        if (digits > 1 && plain)
            min = max = digits;
    }
    if (m->has_widths && (digits || m->defaulted)) {
        min = m->min > min ? m->min : min;
        max = max == INT_MAX ? m->max : m->max > max ? m->max : max;
    }
    (void)snprintf(text, sizeof(text), "%018llu", (unsigned long long)atto);
    while (n > 1 && text[n - 1] == '0')
        n--;
    n = n > max ? max : n;
    for (int i = 0; i < n || i < min; i++) {
        char cp[4];
        buf_add(b, cp, ucs_put((zero ? zero : '0') + (i < n ? (uint32_t)(text[i] - '0') : 0), cp));
    }
    return 0;
}

/* ---- zones ---- */

static void put_zone_digits(struct buf *b, uint32_t zero, int value, int digits)
{
    char text[16], cp[4];

    (void)snprintf(text, sizeof(text), "%0*d", digits, value);
    for (const char *p = text; *p; p++)
        buf_add(b, cp, ucs_put(zero + (uint32_t)(*p - '0'), cp));
}

/* "0", "00", "000", "0000", "00:00": digits of the hour, a separator, and the minutes. Without
 * minutes in the picture they are shown when there are some. */
static void put_zone(struct buf *b, const struct marker *m, int minutes)
{
    const char *p = m->form.p, *end = m->form.p + m->form.n;
    uint32_t zero = p < end ? xnumeral_zero(ucs_next(&p, end)) : 0;
    int digits = 0, hours = abs(minutes) / 60, rest = abs(minutes) % 60;
    struct str sep = STR(":");
    bool always = true;

    if (!zero) {
        zero = '0';
        digits = m->has_widths && m->min == 1 ? 1 : 2;
        always = !m->has_widths || m->max >= digits + 3;
    } else {
        const char *from = p;
        for (digits = 1; p < end && xnumeral_zero(ucs_next(&p, end)); digits++)
            from = p;
        p = from;
        while (p < end && !xnumeral_zero(ucs_next(&p, end)))
            sep = (struct str){from, (size_t)(p - from)};
        always = digits > 2 || p > from;
        if (digits > 2) {
            digits = digits == 3 ? 1 : 2;
            sep = STR("");
        }
    }
    buf_puts(b, m->what == 'z' ? "GMT" : "");
    buf_putc(b, minutes < 0 ? '-' : '+');
    put_zone_digits(b, zero, hours, digits);
    if (always || rest) {
        buf_str(b, sep);
        put_zone_digits(b, zero, rest, 2);
    }
}

static void put_timezone(struct buf *b, struct marker m, int tz)
{
    static const char east[] = "ZABCDEFGHIKLM", west[] = "ZNOPQRSTUVWXY";
    bool letter = str_eqz(m.form, "Z"), name = is_name(m.form);

    if (letter && tz == DT_NO_TZ)
        buf_putc(b, 'J');
    if (tz == DT_NO_TZ)
        return;
    if (letter && tz % 60 == 0 && abs(tz) <= 12 * 60) {
        buf_putc(b, tz < 0 ? west[-tz / 60] : east[tz / 60]);
        return;
    }
    if (tz == 0 && (name || m.traditional)) {
        buf_putc(b, 'Z');
        return;
    }
    if (m.form.n && (m.form.p[0] | 0x20) >= 'a' && (m.form.p[0] | 0x20) <= 'z')
        m = (struct marker){.what = 'Z', .form = STR(""), .max = INT_MAX};
    put_zone(b, &m, tz);
}

/* ---- components ---- */

/* Days since 1970-01-01, a Thursday. */
static int64_t day_number(const struct dt *v)
{
    struct dt local = *v;
    int64_t sec;

    local.tz = 0;
    local.hour = local.min = local.sec = 0;
    sec = dt_to_unix(&local, 0);
    return sec / 86400 - (sec % 86400 < 0);
}

static int weekday(int64_t day) /* 1 = Monday */
{
    return (int)(((day + 3) % 7 + 7) % 7) + 1;
}

static int64_t first_of(const struct dt *v, bool month)
{
    struct dt first = *v;

    first.day = 1;
    if (!month)
        first.month = 1;
    return day_number(&first);
}

/* The Monday of the week that holds the first Thursday of the month or year. */
static int64_t first_monday(const struct dt *v, bool month)
{
    int64_t first = first_of(v, month);
    int day = weekday(first);

    return first - (day - 1) + (day > 4 ? 7 : 0);
}

/* Days before the first week count with the month or year before. */
static int64_t week(const struct dt *v, bool month)
{
    int64_t day = day_number(v), monday = first_monday(v, month);
    struct dt before = *v;

    if (day < monday && dt_from_unix((first_of(v, month) - 1) * 86400, 0, 0, &before) == XERR_NONE)
        monday = first_monday(&before, month);
    return (day - monday) / 7 + 1;
}

static int64_t value_of(const struct dt *v, char what)
{
    switch (what) {
    case 'Y':
        return v->year < 0 ? -(int64_t)v->year : v->year;
    case 'M':
        return v->month;
    case 'D':
        return v->day;
    case 'd':
        return day_number(v) - first_of(v, false) + 1;
    case 'W':
    case 'w':
        return week(v, what == 'w');
    case 'F':
        return weekday(day_number(v));
    case 'H':
        return v->hour;
    case 'h':
        return v->hour % 12 ? v->hour % 12 : 12;
    case 'm':
        return v->min;
    default:
        return v->sec;
    }
}

static int component(struct xp_ctx *c, struct buf *b, const struct moment *t, struct str text)
{
    struct marker m;

    if (!parse_marker(&m, text))
        return bad_picture(c, text);
    if ((t->no_date && strchr("YMDdWwFE", m.what)) || (t->no_time && strchr("HhPmsf", m.what)))
        return xfail(c, "FOFD1350", "[%.*s]: the value has no such part", STR_FMT(text));
    switch (m.what) {
    case 'C':
        buf_puts(b, "Gregorian");
        return 0;
    case 'E':
        buf_puts(b, t->v.year > 0 ? "AD" : "BC");
        return 0;
    case 'P':
        put_half_day(b, &m, t->v.hour);
        return 0;
    case 'Z':
    case 'z':
        put_timezone(b, m, t->v.tz);
        return 0;
    case 'f':
        return put_fraction(c, b, &m, t->v.atto);
    default:
        return put_number(c, b, &m, value_of(&t->v, m.what));
    }
}

/* Text with [components]; [[ and ]] are brackets. */
static int put_picture(struct xp_ctx *c, struct buf *b, const struct moment *t, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        bool twice = i + 1 < s.n && s.p[i + 1] == ch;
        struct str rest, text;
        size_t n;
        if (ch != '[' && ch != ']') {
            buf_putc(b, ch);
            continue;
        }
        if (twice) {
            buf_putc(b, ch);
            i++;
            continue;
        }
        rest = str_sub(s, i + 1, s.n);
        n = str_find(rest, STR("]"));
        if (ch == ']' || n == rest.n)
            return bad_picture(c, s);
        text = without_space(c, str_sub(rest, 0, n));
        if (!text.p)
            return xnomem(c);
        if (component(c, b, t, text) < 0)
            return -1;
        i += n + 1;
    }
    return 0;
}

/* ---- language, calendar ---- */

static bool calendar_known(struct str s)
{
    static const char *const names[] = {"AH", "ANS", "AME", "AP", "AS", "BE", "CB", "CE", "CL",
        "EE", "FE", "JE", "KE", "KY", "ME", "MS", "NS", "OS", "RS", "SE", "SH", "SS", "TE", "VE",
        "VS"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eqz(s, names[i]))
            return true;
    return false;
}

static int put_calendar(struct xp_ctx *c, struct buf *b, struct str s)
{
    struct str name = str_trim(s), uri = STR("");
    size_t colon = str_find(name, STR(":")), brace = str_find(name, STR("}"));

    if (str_has_prefix(name, STR("Q{")) && brace < name.n) {
        uri = str_sub(name, 2, brace - 2);
        name = str_sub(name, brace + 1, name.n);
    } else if (colon < name.n) {
        if (!xenv_prefix(c->env, str_sub(name, 0, colon), &uri))
            uri = STR("");
        name = uri.n ? str_sub(name, colon + 1, name.n) : STR("");
    }
    if (!uri.n && (str_eqz(name, "AD") || str_eqz(name, "ISO")))
        return 0;
    if (uri.n ? !xis_ncname(name) : !calendar_known(name))
        return xfail(c, "FOFD1340", "unknown calendar %.*s", STR_FMT(str_sub(s, 0, 80)));
    buf_puts(b, "[Calendar: AD]");
    return 0;
}

/* The arguments language and calendar, where given. */
static int put_prefixes(struct xp_ctx *c, const struct xn *n, struct buf *b)
{
    struct str s;
    int r;

    if (n->nk < 5)
        return 0;
    if ((r = xev_str(c, n->k[3], &s)) < 0 || (r > 0 && put_calendar(c, b, s) < 0))
        return -1;
    if ((r = xev_str(c, n->k[2], &s)) < 0)
        return -1;
    if (r > 0 && !str_has_prefix(s, STR("en")))
        buf_puts(b, "[Language: en]");
    return xev_str(c, n->k[4], &s) < 0 ? -1 : 0;
}

static int format(struct xp_ctx *c, const struct xn *n, enum xp_type type, struct xp_item *out)
{
    struct moment t = {.no_date = type == XP_TIME, .no_time = type == XP_DATE};
    struct xp_item v;
    struct str picture;
    struct buf b, text;
    int r, any = xev_typed(c, n->k[0], type, &v);

    if (any < 0 || (r = xev_str(c, n->k[1], &picture)) < 0)
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a picture is required");
    if (!any)
        return 0;
    buf_init(&b, c->lim.string_bytes);
    buf_init(&text, c->lim.string_bytes);
    t.v = v.dt;
    r = put_picture(c, &text, &t, picture) < 0 || put_prefixes(c, n, &b) < 0 ? -1 : 0;
    buf_str(&b, buf_view(&text));
    buf_free(&text);
    if (r < 0) {
        buf_free(&b);
        return r;
    }
    return xgive_buf(c, &b, out);
}

int xfn_format_date(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return format(c, n, XP_DATE, out);
}

int xfn_format_datetime(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return format(c, n, XP_DATETIME, out);
}

int xfn_format_time(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    return format(c, n, XP_TIME, out);
}
