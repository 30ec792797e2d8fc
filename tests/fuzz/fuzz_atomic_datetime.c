/* Target: dt_parse of all kinds, dur_parse, dt_add_*, dt_sub, dt_adjust, and the printing of what
 * comes out. What is taken must print and read back as an equal value. Input: a date or time, a
 * newline, a duration. */
#include <stdint.h>
#include <stdlib.h>

#include "ubl/atomic/datetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* string() shows nine digits of the fraction, as Saxon does. */
static void reads_back(struct dt v)
{
    char text[DT_TEXT_MAX];
    struct dt again;
    size_t n = dt_print(&v, text);

    must(n < sizeof(text));
    must(dt_parse((enum dt_kind)v.kind, (struct str){text, n}, &again) == XERR_NONE);
    v.atto -= v.atto % 1000000000;
    must(dt_cmp(&v, &again, 0) == 0 && v.tz == again.tz && dt_hash(&v, 60) == dt_hash(&again, 60));
}

static void moved(const struct dt *v, struct dur d)
{
    struct dt w;
    struct dur diff;

    if (v->kind <= DT_TIME && dt_add_daytime(v, d, &w) == XERR_NONE) {
        reads_back(w);
        must(dt_sub(&w, v, 0, &diff) == XERR_NONE);
    }
    if (v->kind <= DT_DATE && dt_add_yearmonth(v, d, &w) == XERR_NONE)
        reads_back(w);
    if (v->kind <= DT_TIME && dt_adjust(v, &d, &w) == XERR_NONE) {
        if (v->tz != DT_NO_TZ && v->kind == DT_DATETIME)
            must(dt_cmp(v, &w, 0) == 0);
    }
    for (int to = DT_DATETIME; to <= DT_GDAY; to++)
        if (dt_castable_kind((enum dt_kind)v->kind, (enum dt_kind)to)) {
            must(dt_cast(v, (enum dt_kind)to, &w) == XERR_NONE);
            if (to != DT_DATETIME || (w.tz >= -840 && w.tz <= 840) || w.tz == DT_NO_TZ)
                reads_back(w);
        }
}

static bool duration(enum dur_kind kind, struct str s, struct dur *out)
{
    char text[DUR_TEXT_MAX];
    struct dur again, neg;
    struct dec q;
    size_t n;

    if (dur_parse(kind, s, out))
        return false;
    n = dur_print(kind, *out, text);
    must(n < sizeof(text));
    must(dur_parse(kind, (struct str){text, n}, &again) == XERR_NONE);
    must(dur_eq(*out, again) && dur_cmp(*out, again) == 0 && dur_hash(*out) == dur_hash(again));
    must(dur_neg(*out, &neg) == XERR_NONE && dur_add(*out, neg, &neg) == XERR_NONE);
    must(neg.months == 0 && dec_is_zero(neg.sec));
    if (dur_mul(kind, *out, 1.7, &again) == XERR_NONE)
        must(dur_print(kind, again, text) < sizeof(text));
    if (dur_div(kind, *out, -3e-5, &again) == XERR_NONE)
        must(dur_print(kind, again, text) < sizeof(text));
    if (dur_div_dec(kind, *out, dec_from_i64(7), &again) == XERR_NONE)
        must(dur_print(kind, again, text) < sizeof(text));
    if (dur_div_dur(NULL, kind, *out, *out, &q) == XERR_NONE)
        must(dec_eq(q, dec_from_i64(1)));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size}, second;
    size_t cut = str_find(s, STR("\n"));
    struct dur d = {DEC_ZERO, 1}, x;
    struct dt v;

    second = cut < size ? str_sub(s, cut + 1, size) : STR("");
    s = str_sub(s, 0, cut);
    for (int kind = DUR_DURATION; kind <= DUR_DAYTIME; kind++)
        if (duration((enum dur_kind)kind, second, &x))
            d = x;
    for (int kind = DT_DATETIME; kind <= DT_GDAY; kind++)
        if (dt_parse((enum dt_kind)kind, s, &v) == XERR_NONE) {
            reads_back(v);
            moved(&v, d);
        }
    return 0;
}
