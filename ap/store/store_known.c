/* store_known.c - participants read lately, in memory: each message in or out asks for one, and
 * they change a few times a year. Only for the one process that writes (the others could not tell
 * when a record changes). Any change forgets all; what was read before a change is not kept after
 * it. */
#include <stdlib.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define SLOTS 128
#define RECORD_MAX (256u * 1024u) /* 256 services and their texts */

struct known {
    pthread_mutex_t lock;
    uint64_t changes;
    struct slot {
        struct arena *a; /* NULL: empty */
        struct store_participant p;
    } slots[SLOTS];
};

int known_init(struct store *s, struct err *e)
{
    if (s->mode != STORE_WRITE)
        return 0;
    s->known = calloc(1, sizeof(*s->known));
    if (!s->known || pthread_mutex_init(&s->known->lock, NULL)) {
        free(s->known);
        s->known = NULL;
        return err_nomem(e);
    }
    return 0;
}

static void empty(struct slot *t)
{
    arena_free(t->a);
    *t = (struct slot){0};
}

void known_done(struct store *s)
{
    if (!s->known)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        empty(&s->known->slots[i]);
    (void)pthread_mutex_destroy(&s->known->lock);
    free(s->known);
    s->known = NULL;
}

void known_forget(struct store *s)
{
    if (!s->known)
        return;
    (void)pthread_mutex_lock(&s->known->lock);
    s->known->changes++;
    for (size_t i = 0; i < SLOTS; i++)
        empty(&s->known->slots[i]);
    (void)pthread_mutex_unlock(&s->known->lock);
}

static struct slot *slot_of(struct known *k, const char *identifier)
{
    uint32_t h = 2166136261u;

    for (const char *c = identifier; *c; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    return &k->slots[h % SLOTS];
}

static const char *copy_text(struct arena *a, const char *z)
{
    return arena_strndup(a, z, strlen(z));
}

static bool copy(struct store_participant *out, const struct store_participant *p, struct arena *a)
{
    const char **const to[] = {&out->identifier, &out->tenant, &out->end_user, &out->name,
        &out->country, &out->identified_on, &out->route};
    struct store_service *services = arena_alloc(a, (p->nservices + 1) * sizeof(*services));

    *out = *p;
    out->services = services;
    for (size_t i = 0; services && i < sizeof(to) / sizeof(to[0]); i++)
        if ((*to[i] = copy_text(a, *to[i])) == NULL)
            return false;
    for (size_t i = 0; services && i < p->nservices; i++) {
        services[i].doctype = copy_text(a, p->services[i].doctype);
        services[i].process = copy_text(a, p->services[i].process);
        if (!services[i].doctype || !services[i].process)
            return false;
    }
    return services != NULL;
}

int known_find(struct store_participant *out, uint64_t *changes, struct store *s,
    const char *identifier, struct arena *a)
{
    struct slot *t;
    int found = 0;

    *changes = 0;
    if (!s->known)
        return 0;
    (void)pthread_mutex_lock(&s->known->lock);
    *changes = s->known->changes;
    t = slot_of(s->known, identifier);
    if (t->a && strcmp(t->p.identifier, identifier) == 0)
        found = copy(out, &t->p, a) ? 1 : -1;
    (void)pthread_mutex_unlock(&s->known->lock);
    return found;
}

void known_keep(struct store *s, const struct store_participant *p, uint64_t changes)
{
    struct slot fresh = {.a = s->known ? arena_new(RECORD_MAX) : NULL}, *t;

    if (!fresh.a || !copy(&fresh.p, p, fresh.a)) {
        empty(&fresh);
        return;
    }
    (void)pthread_mutex_lock(&s->known->lock);
    if (changes == s->known->changes) {
        t = slot_of(s->known, p->identifier);
        empty(t);
        *t = fresh;
        fresh.a = NULL;
    }
    (void)pthread_mutex_unlock(&s->known->lock);
    arena_free(fresh.a);
}
