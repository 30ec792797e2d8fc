#include "ap/daemon/lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/daemon/bell.h"

#define IDLE_MS 1000 /* longest sleep: a missed wake-up costs a second, never a document */

struct one {
    struct lanes *all;
    struct in_lane lane;
    pthread_t worker[DELIVER_WORKERS];
    unsigned started, joined;
};
struct lanes {
    struct in_env env;
    struct bell bell;
    struct one route[DELIVER_ROUTES];
    size_t n;
};

static int64_t until_work(struct in_lane *l)
{
    int64_t rests = in_lane_rests(l);

    return rests > 0 && rests < IDLE_MS ? rests : IDLE_MS;
}

static void *worker_main(void *arg)
{
    struct one *x = arg;
    struct bell *b = &x->all->bell;

    while (!bell_closed(b) && !store_is_broken(x->all->env.store)) {
        unsigned seen = bell_rings(b);
        struct err e = ERR_INIT;
        int done = in_lane_work(&x->all->env, &x->lane, &e);
        if (done < 0)
            log_err(LOG_ERROR, "handover.work", &e, "route", x->lane.route->name, NULL);
        if (done <= 0)
            bell_rest(b, seen, until_work(&x->lane));
    }
    return NULL;
}

static int start_one(struct lanes *l, const struct deliver_route *r, struct err *e)
{
    struct one *x = &l->route[l->n++];

    x->all = l;
    in_lane_init(&x->lane, r);
    for (; x->started < r->workers; x->started++) {
        if (pthread_create(&x->worker[x->started], NULL, worker_main, x))
            return err_nomem(e);
        (void)pthread_setname_np(x->worker[x->started], "hand-over");
    }
    return 0;
}

int lanes_start(struct lanes **out, const struct in_env *env, struct err *e)
{
    struct lanes *l = calloc(1, sizeof(*l));

    *out = l;
    if (!l)
        return err_nomem(e);
    l->env = *env;
    bell_init(&l->bell);
    for (size_t i = 0; i < env->routes->n; i++)
        if (env->routes->route[i].kind != DELIVER_INBOX && start_one(l, &env->routes->route[i], e))
            return -1;
    return 0;
}

void lanes_ring(struct lanes *l)
{
    if (l)
        bell_ring(&l->bell);
}

void lanes_close(struct lanes *l)
{
    if (l)
        bell_close(&l->bell);
}

bool lanes_join(struct lanes *l, int64_t until)
{
    const struct timespec at = {until / 1000, (until % 1000) * 1000000};

    for (size_t i = 0; l && i < l->n; i++) {
        struct one *x = &l->route[i];
        for (; x->joined < x->started; x->joined++)
            if (pthread_timedjoin_np(x->worker[x->joined], NULL, &at))
                return false;
    }
    if (l) {
        for (size_t i = 0; i < l->n; i++)
            in_lane_done(&l->route[i].lane);
        bell_done(&l->bell);
    }
    free(l);
    return true;
}
