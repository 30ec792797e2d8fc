/* out_terms.c - what holds for one document: the configuration, the access point's terms, the
 * receiver's terms; the nearer wins. A hold of either holds. */
#include <stdio.h>
#include <string.h>

#include "ap/out/out_priv.h"

static void take(struct out_terms *t, const struct store_partner *p)
{
    if (p->unknown_resend != PARTNER_UNSET)
        t->policy.unknown_resend = p->unknown_resend != 0;
    if (p->wait_ms)
        t->policy.deliver_by = p->wait_ms;
    if (p->require > t->require)
        t->require = p->require;
    if (p->held) {
        (void)snprintf(t->holder, sizeof(t->holder), PARTNER_HOLDER "%s", p->name);
        (void)snprintf(t->held_why, sizeof(t->held_why), "%s", p->held_why);
    }
}

int out_terms_read(struct out_terms *t, const struct out_env *env, const char *receiver,
    const char *seat, struct arena *a, struct err *e)
{
    const char *names[] = {seat, receiver};

    *t = (struct out_terms){.policy = env->policy};
    for (size_t i = 0; i < 2; i++) {
        struct store_partner p;
        int known;
        if (!names[i] || !*names[i])
            continue;
        known = store_partner_get(&p, env->store, names[i], a, e);
        if (known < 0)
            return -1;
        if (known)
            take(t, &p);
        if (env->flow)
            out_flow_cap(env->flow, names[i], p.window);
    }
    return 0;
}
