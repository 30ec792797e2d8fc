/* out_place.c - an attempt's places: the one it was claimed with, and one at the access point that
 * the lookup found. Both are given back with what was learnt. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/log.h"
#include "ap/out/out_priv.h"
#include "ap/store/store_circuit.h"

bool out_place_take(struct out_place *p, const char *seat, int64_t *again)
{
    int64_t span;

    *again = 0;
    if (!p->flow || strcmp(out_flow_key(p->claim->dest), seat) == 0)
        return true;
    if (!out_flow_enter(p->flow, seat, out_flow_urgent(p->claim->dest), clock_mono(), &span)) {
        *again = clock_now() + span;
        return false;
    }
    (void)snprintf(p->seat, sizeof(p->seat), "%s", seat);
    return true;
}

/* Any signal is an answer. A 4xx that the whole endpoint would give is its fault, not this one
 * message's (413). */
void out_place_news(struct out_place *p, const struct out_exchange *x)
{
    bool signal = !x->rc && x->reply->kind != AS4_REPLY_NOTHING;

    p->retry_after = x->rc ? -1 : x->retry_after;
    p->news = signal || (!x->rc && x->http_status == 413) ? FLOW_ANSWER : FLOW_FAULT;
}

/* For the next start. What cannot be kept costs a few attempts then. */
static void keep_circuit(const struct out_place *p, const char *key)
{
    struct store_circuit c;
    struct out_flow_state s;
    struct err e = ERR_INIT;
    int64_t now = clock_now();

    out_flow_get(&s, p->flow, key, clock_mono());
    (void)snprintf(c.name, sizeof(c.name), "%s", key);
    c.opens = s.opens;
    c.since = now - s.open_since;
    c.until = now + s.open_for;
    if (s.opens ? store_circuit_put(p->store, &c, &e) : store_circuit_drop(p->store, key, &e))
        log_err(LOG_ERROR, "circuit.not-kept", &e, "queue", key, NULL);
}

static void leave(const struct out_place *p, const char *key, enum out_flow_news news)
{
    if (out_flow_leave(p->flow, key, clock_mono(), news, p->retry_after))
        keep_circuit(p, key);
}

void out_place_leave(const struct out_place *p)
{
    if (!p->flow)
        return;
    if (p->seat[0])
        leave(p, p->seat, p->news);
    leave(p, out_flow_key(p->claim->dest), p->seat[0] ? FLOW_NOTHING : p->news);
}

void out_place_queue(char out[STORE_DEST], const struct out_claim *c, const char *name)
{
    char lane[2] = {out_flow_key(c->dest) != c->dest ? c->dest[0] : '\0', '\0'};

    (void)snprintf(out, STORE_DEST, "%s%s", lane, name);
}
