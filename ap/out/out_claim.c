/* out_claim.c - the next document: its claim and its place, by itself or with the commit that ends
 * the attempt before it. */
#include "ap/base/clock.h"
#include "ap/out/out_priv.h"

#define LEASE_MORE_MS 120000

static int64_t lease(const struct out_env *env)
{
    return env->policy.connect + env->policy.answer + LEASE_MORE_MS;
}

static struct out_flow_gate gate_now(const struct out_env *env, int64_t now)
{
    return (struct out_flow_gate){.f = env->flow, .wall = now, .steady = clock_mono()};
}

int out_claim(struct out_claim *c, const struct out_env *env, int64_t now, struct err *e)
{
    struct out_flow_gate g = gate_now(env, now);
    const struct out_gate gate = out_flow_gate(&g);
    size_t n = 0;
    int rc = store_out_claim(c, 1, &n, env->store, now, lease(env), env->flow ? &gate : NULL, e);

    out_flow_unclaimed(&g, c, n);
    if (!n)
        c->row = 0;
    return rc;
}

int out_unclaim(const struct out_env *env, const struct out_claim *c, struct err *e)
{
    int64_t now = clock_now();

    if (env->flow)
        (void)out_flow_leave(env->flow, out_flow_key(c->dest), clock_mono(), FLOW_NOTHING, -1);
    return store_out_wait(env->store, c, NULL, now, NULL, now, e);
}

int out_claim_at_end(struct out_claim *c, const struct out_env *env, enum out_state *ended,
    int64_t attempt, struct attempt_result *r, struct err *e)
{
    struct out_flow_gate g = gate_now(env, r->now);
    const struct out_gate gate = out_flow_gate(&g);
    struct out_next next = {c, lease(env), env->flow ? &gate : NULL, false};
    int rc;

    r->next = &next;
    rc = store_attempt_end(ended, env->store, attempt, r, e);
    r->next = NULL;
    out_flow_unclaimed(&g, c, next.taken);
    if (!next.taken)
        c->row = 0;
    return rc;
}
