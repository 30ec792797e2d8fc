/* Numbers, dates and sizes as each language writes them. Digits are text: nothing is computed. */
#include <stdio.h>
#include <string.h>

#include "ubl/render/render_priv.h"

#define NARROW "\xe2\x80\xaf" /* U+202F, between groups in French */
#define NBSP "\xc2\xa0"
#define MINUS "\xe2\x88\x92"

static const struct {
    const char *group, *point;
} SIGNS[] = {{",", "."}, {".", ","}, {NARROW, ","}, {".", ","}, {NBSP, ","}};

static size_t digits(struct str s, size_t from)
{
    size_t n = from;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n - from;
}

void render_number(struct buf *out, struct str s, enum render_lang lang)
{
    size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+'), whole = digits(s, at), part = 0;
    bool point = at + whole < s.n && s.p[at + whole] == '.';

    if (point)
        part = digits(s, at + whole + 1);
    if (at + whole + point + part != s.n || whole + part == 0) {
        buf_str(out, s);
        return;
    }
    if (at && s.p[0] == '-')
        buf_puts(out, MINUS);
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            buf_puts(out, SIGNS[lang].group);
        buf_putc(out, s.p[at + i]);
    }
    if (!whole)
        buf_putc(out, '0');
    if (part) {
        buf_puts(out, SIGNS[lang].point);
        buf_add(out, s.p + at + whole + 1, part);
    }
}

/* Only whole dates without a time zone are rewritten: with one the written form says it best. */
void render_date(struct buf *out, struct str s, enum render_lang lang)
{
    char id[16];
    const char *month = NULL, *dot = render_label(lang, "day.dot");
    unsigned m, d;

    if (s.n == 10 && digits(s, 0) == 4 && s.p[4] == '-' && digits(s, 5) == 2 && s.p[7] == '-' &&
        digits(s, 8) == 2) {
        m = (unsigned)(s.p[5] - '0') * 10 + (unsigned)(s.p[6] - '0');
        d = (unsigned)(s.p[8] - '0') * 10 + (unsigned)(s.p[9] - '0');
        (void)snprintf(id, sizeof(id), "month.%u", m);
        if (d >= 1 && d <= 31)
            month = render_label(lang, id);
    }
    if (month)
        buf_printf(out, "%u%s" NBSP "%s" NBSP "%.4s", d,
            lang == RENDER_FR && d == 1 ? "er"
            : dot                       ? dot
                                        : "",
            month, s.p);
    else
        buf_str(out, s);
}

void render_size(struct buf *out, unsigned long long bytes, enum render_lang lang)
{
    static const char *const units[] = {"kB", "MB", "GB"};
    unsigned long long tenths = bytes / 100 + (bytes % 100 >= 50);
    size_t unit = 0;

    if (bytes < 1000) {
        buf_printf(out, "%llu" NBSP "B", bytes);
        return;
    }
    for (; tenths >= 10000 && unit < 2; unit++)
        tenths = (tenths + 500) / 1000;
    buf_printf(
        out, "%llu%s%llu" NBSP "%s", tenths / 10, SIGNS[lang].point, tenths % 10, units[unit]);
}
