/* regexes.c - regular expressions, each compiled once: constant ones for the environment, shared by
 * all threads; computed ones for the context, kept for its life. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#include <stdlib.h>

#define SHARED_MAX 4096u /* constant expressions of an environment; more are compiled when used */
#define REGEX_KEEP 512u  /* compiled expressions a context keeps */

/* ---- of a context ---- */
struct xregex_entry {
    struct xregex_entry *next;
    struct str pattern, flags;
    struct regex *re;
};

void xregex_free(struct xp_ctx *c)
{
    for (struct xregex_entry *e = c->regexes, *next; e; e = next) {
        next = e->next;
        regex_free(e->re);
        free(e);
    }
    c->regexes = NULL;
    c->n_regexes = 0;
    regex_run_free(c->run);
    c->run = NULL;
}

static int compile(struct xp_ctx *c, struct str pattern, struct str flags, struct xregex_entry **o)
{
    struct xregex_entry *e = malloc(sizeof(*e) + pattern.n + flags.n);
    struct err why = ERR_INIT;
    char *p = (char *)(e + 1);
    enum xerr r;

    if (!e)
        return xnomem(c);
    if (pattern.n)
        memcpy(p, pattern.p, pattern.n);
    if (flags.n)
        memcpy(p + pattern.n, flags.p, flags.n);
    *e = (struct xregex_entry){
        .pattern = {p, pattern.n}, .flags = {p + pattern.n, flags.n}, .next = c->regexes};
    if ((r = regex_compile(pattern, flags, &e->re, &why)) != XERR_NONE) {
        free(e);
        return r == XERR_NOMEM || r == XERR_LIMIT ? xfail_x(c, r, "regular expression")
                                                  : xfail(c, xerr_name(r), "%s", why.msg);
    }
    *o = e;
    return 0;
}

static int make_run(struct xp_ctx *c)
{
    return c->run || (c->run = regex_run_new()) ? 0 : xnomem(c);
}

int xregex_get(struct xp_ctx *c, struct str pattern, struct str flags, const struct regex **out)
{
    struct xregex_entry *e = c->regexes, *prev = NULL;

    if (make_run(c) < 0)
        return -1;
    for (; e; prev = e, e = e->next)
        if (str_eq(e->pattern, pattern) && str_eq(e->flags, flags)) {
            if (prev) { /* most recent first */
                prev->next = e->next;
                e->next = c->regexes;
                c->regexes = e;
            }
            *out = e->re;
            return 0;
        }
    if (c->n_regexes >= REGEX_KEEP && prev) { /* computed expressions: forget them all */
        struct regex_run *run = c->run;
        c->run = NULL;
        xregex_free(c);
        c->run = run;
    }
    if (compile(c, pattern, flags, &e) < 0)
        return -1;
    c->regexes = e;
    c->n_regexes++;
    *out = e->re;
    return 0;
}

/* ---- of an environment ---- */
static void free_regex(void *re)
{
    regex_free(re);
}

static int add_shared(
    struct xp_env *env, struct str pattern, struct str flags, struct regex *re, struct err *e)
{
    struct xregex *v =
        arena_grow(env->a, env->regexes, env->n_regexes, &env->cap_regexes, sizeof(*v));

    if (!v) {
        regex_free(re);
        return err_nomem(e);
    }
    env->regexes = v;
    v[env->n_regexes++] = (struct xregex){pattern, flags, re};
    return arena_defer(env->a, free_regex, re) < 0 ? err_nomem(e) : 0;
}

int xregex_constant(struct xn *n, struct str pattern, struct str flags, struct xparse *p)
{
    struct xp_env *env = p->env;
    struct regex *re;
    enum xerr r;
    uint32_t i = 0;

    while (i < env->n_regexes &&
           !(str_eq(env->regexes[i].pattern, pattern) && str_eq(env->regexes[i].flags, flags)))
        i++;
    if (i == env->n_regexes) {
        if (i == SHARED_MAX || (r = regex_compile(pattern, flags, &re, NULL)) != XERR_NONE)
            return i < SHARED_MAX && r == XERR_NOMEM ? err_nomem(p->e) : 0;
        if (add_shared(env, pattern, flags, re, p->e) < 0)
            return -1;
    }
    n->slot = i + 1;
    return 0;
}

int xregex_shared(struct xp_ctx *c, const struct xn *n, const struct regex **out)
{
    *out = c->env->regexes[n->slot - 1].re;
    return make_run(c);
}
