#include "ap/daemon/unseen.h"

#include <stdio.h>
#include <string.h>

static struct unseen_one *of(struct unseen *u, const char *who)
{
    for (size_t i = 0; i < u->n; i++)
        if (strcmp(u->one[i].who, who) == 0)
            return &u->one[i];
    return NULL;
}

void unseen_note(
    struct unseen *u, const char *who, const char *hop, const struct err *why, int64_t mono)
{
    struct unseen_one *x = of(u, who);

    if (!x && u->n == UNSEEN_MAX)
        return;
    if (!x) {
        x = &u->one[u->n++];
        (void)snprintf(x->who, sizeof(x->who), "%s", who);
        x->since = mono;
    }
    (void)snprintf(x->hop, sizeof(x->hop), "%s", hop);
    x->why = *why;
}

void unseen_forget(struct unseen *u, const char *who)
{
    struct unseen_one *x = who ? of(u, who) : NULL;

    if (!who)
        u->n = 0;
    else if (x)
        *x = u->one[--u->n];
}

size_t unseen_over(
    struct unseen_hop *out, size_t max, const struct unseen *u, int64_t after, int64_t mono)
{
    size_t n = 0;

    for (size_t i = 0; i < u->n; i++) {
        const struct unseen_one *x = &u->one[i];
        size_t k = 0;
        if (mono - x->since < after)
            continue;
        while (k < n && strcmp(out[k].first->hop, x->hop) != 0)
            k++;
        if (k == max)
            continue;
        if (k == n)
            out[n++] = (struct unseen_hop){x, 0};
        else if (x->since < out[k].first->since)
            out[k].first = x;
        out[k].n++;
    }
    return n;
}
