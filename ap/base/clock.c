#include "ap/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t); /* cannot fail for these two clocks */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef FAULT_POINTS
static int64_t test_offset(void)
{
    static int64_t offset =
        INT64_MIN; /* every thread computes the same value: a race is harmless */
    int64_t v = __atomic_load_n(&offset, __ATOMIC_RELAXED);

    if (v == INT64_MIN) {
        const char *s = getenv("AVISO_CLOCK_OFFSET_MS");
        v = s ? strtoll(s, NULL, 10) : 0;
        __atomic_store_n(&offset, v, __ATOMIC_RELAXED);
    }
    return v;
}
#else
static int64_t test_offset(void)
{
    return 0;
}
#endif

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME) + test_offset();
}

int64_t clock_mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static void split(int64_t ms, time_t *s, int *frac)
{
    *frac = (int)(ms % 1000);
    *s = (time_t)(ms / 1000);
    if (*frac < 0) {
        *frac += 1000;
        (*s)--;
    }
}

void clock_utc(char out[CLOCK_TEXT], int64_t ms)
{
    struct tm t = {0};
    time_t s;
    int frac;

    split(ms, &s, &frac);
    if (!gmtime_r(&s, &t) || t.tm_year > 8099) {
        (void)snprintf(out, CLOCK_TEXT, "9999-12-31T23:59:59.999Z");
        return;
    }
    (void)snprintf(out, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900,
        t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, frac);
}

void clock_local(char out[CLOCK_TEXT], int64_t ms)
{
    struct tm t = {0};
    time_t s;
    int frac;

    split(ms, &s, &frac);
    if (!localtime_r(&s, &t) || strftime(out, CLOCK_TEXT, "%Y-%m-%d %H:%M:%S %Z", &t) == 0)
        (void)snprintf(out, CLOCK_TEXT, "?");
}

/* Exactly `width` digits at *p, within [lo, hi]. */
static bool field(struct str *s, size_t width, int lo, int hi, int *out)
{
    unsigned long long v;

    if (s->n < width || !str_to_u64(str_sub(*s, 0, width), 9999, &v))
        return false;
    *s = str_sub(*s, width, s->n);
    *out = (int)v;
    return *out >= lo && *out <= hi;
}

static bool literal(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static bool fraction(struct str *s, int *ms)
{
    int scale = 100;

    *ms = 0;
    if (!literal(s, '.'))
        return true;
    if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9')
        return false;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        *ms += (s->p[0] - '0') * scale;
        scale /= 10;
        *s = str_sub(*s, 1, s->n);
    }
    return true;
}

static bool zone(struct str *s, int *minutes, bool *has_zone)
{
    int sign, h, m;

    *minutes = 0;
    *has_zone = s->n != 0;
    if (!*has_zone || literal(s, 'Z'))
        return true;
    sign = s->p[0] == '-' ? -1 : 1;
    if (!literal(s, '+') && !literal(s, '-'))
        return false;
    if (!field(s, 2, 0, 14, &h) || !literal(s, ':') || !field(s, 2, 0, 59, &m) || h * 60 + m > 840)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

static int month_days(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[m - 1] + (m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0));
}

bool clock_parse(struct str s, int64_t *ms, bool *has_zone)
{
    struct tm t = {0};
    int y, mo, d, h, mi, sec, frac, off;

    s = str_trim(s);
    if (!field(&s, 4, 1, 9999, &y) || !literal(&s, '-') || !field(&s, 2, 1, 12, &mo) ||
        !literal(&s, '-') || !field(&s, 2, 1, month_days(y, mo), &d) || !literal(&s, 'T') ||
        !field(&s, 2, 0, 24, &h) || !literal(&s, ':') || !field(&s, 2, 0, 59, &mi) ||
        !literal(&s, ':') || !field(&s, 2, 0, 59, &sec) || !fraction(&s, &frac) ||
        !zone(&s, &off, has_zone) || s.n != 0)
        return false;
    if (h == 24 && (mi || sec || frac))
        return false;
    t.tm_year = y - 1900;
    t.tm_mon = mo - 1;
    t.tm_mday = d;
    t.tm_hour = h;
    t.tm_min = mi - off;
    t.tm_sec = sec;
    *ms = (int64_t)timegm(&t) * 1000 + frac;
    return true;
}

bool clock_parse_span(struct str s, int64_t *ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    int64_t unit = 1000;
    unsigned long long v;

    s = str_trim(s);
    for (size_t i = 0; s.n && i < 4; i++)
        if (s.p[s.n - 1] == units[i].unit) {
            unit = units[i].ms;
            s.n--;
            break;
        }
    if (!str_to_u64(s, 3153600000ull, &v) || (int64_t)v > 3153600000000ll / unit)
        return false;
    *ms = (int64_t)v * unit;
    return true;
}

const char *clock_span(char out[CLOCK_TEXT], int64_t ms)
{
    int64_t s = ms < 0 ? -ms / 1000 : ms / 1000;

    if (s >= 2 * 86400)
        (void)snprintf(out, CLOCK_TEXT, "%lld d", (long long)(s / 86400));
    else if (s >= 2 * 3600)
        (void)snprintf(out, CLOCK_TEXT, "%lld h", (long long)(s / 3600));
    else if (s >= 120)
        (void)snprintf(out, CLOCK_TEXT, "%lld min", (long long)(s / 60));
    else if (s >= 2)
        (void)snprintf(out, CLOCK_TEXT, "%lld s", (long long)s);
    else
        (void)snprintf(out, CLOCK_TEXT, "%lld ms", (long long)(ms < 0 ? -ms : ms));
    return out;
}

void clock_sleep(int64_t ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000};

    while (nanosleep(&t, &t) && errno == EINTR)
        ;
}

struct timespec clock_until(int64_t ns)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    ns += t.tv_nsec;
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}
