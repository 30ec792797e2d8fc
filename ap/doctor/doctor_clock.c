/* doctor_clock.c - our clock decides what is late, dates every message and judges certificates. It
 * is held against what the kernel knows, what peers sign in their receipts, and Date headers. */
#include <sys/timex.h>

#include "ap/base/clock.h"
#include "ap/doctor/doctor_priv.h"

#define YELLOW_MS 30000
#define RED_MS 300000 /* beyond it our own timestamps are suspect (reliability T4) */
#define RECENT (7 * DAY)
#define NEXT "set the clock: timedatectl set-ntp true, or chrony"

static enum doctor_verdict verdict(int64_t off)
{
    return off > RED_MS ? DOCTOR_RED : off > YELLOW_MS ? DOCTOR_YELLOW : DOCTOR_GREEN;
}

void judge_skew(struct doctor *d, const char *source, int64_t ours, int64_t theirs, int64_t slack)
{
    int64_t off = ours - theirs, size = off < 0 ? -off : off;
    char text[CLOCK_TEXT];

    size = size > slack ? size - slack : 0;
    if (verdict(size) == DOCTOR_GREEN)
        find(d, "clock", DOCTOR_GREEN, NULL, "agrees with %s", source);
    else
        find(d, "clock", verdict(size), NEXT, "%s %s %s", clock_span(text, size),
            off > 0 ? "ahead of" : "behind", source);
}

static void kernel(struct doctor *d)
{
    struct timex t = {.modes = 0};
    char text[CLOCK_TEXT];
    int state = adjtimex(&t);

    if (state < 0)
        find(
            d, "clock", DOCTOR_YELLOW, NEXT, "the kernel does not tell whether it is synchronised");
    else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
        find(d, "clock", DOCTOR_YELLOW, NEXT, "the kernel says that no time source steers it");
    else
        find(d, "clock", verdict(t.maxerror / 1000), NEXT, "synchronised, at most %s off",
            clock_span(text, t.maxerror / 1000));
}

/* A receipt is signed before we read it: "ahead" also holds its way to us, seconds at most. */
static void receipts(struct doctor *d)
{
    struct err e = ERR_INIT;
    int64_t ms = 0;
    size_t n = 0;

    if (!d->store || store_clock_skew(&ms, &n, d->store, d->now - RECENT, &e) || n < 3)
        return;
    judge_skew(d, "the receipts of our peers", ms, 0, 0);
}

void check_clock(struct doctor *d)
{
    kernel(d);
    receipts(d);
}
