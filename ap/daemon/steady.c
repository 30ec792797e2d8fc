#include "ap/daemon/steady.h"

static int64_t believe(struct steady *s, int64_t wall, int64_t mono)
{
    *s = (struct steady){.wall = wall, .mono = mono};
    return wall;
}

int64_t steady_now(struct steady *s, int64_t wall, int64_t mono, enum steady_news *news)
{
    int64_t expected = s->wall + (mono - s->mono), jump = wall - expected;
    bool doubted = s->jump != 0;

    *news = STEADY_SAME;
    if (!s->wall)
        return believe(s, wall, mono);
    if (jump >= -STEADY_STEP_MS && jump <= STEADY_STEP_MS) {
        *news = doubted ? STEADY_BACK : STEADY_SAME;
        return believe(s, wall, mono);
    }
    if (!doubted) {
        *news = STEADY_JUMPED;
        s->since = mono;
    }
    s->jump = jump;
    if (mono - s->since < STEADY_DOUBT_MS)
        return expected;
    *news = STEADY_BELIEVED;
    return believe(s, wall, mono);
}
