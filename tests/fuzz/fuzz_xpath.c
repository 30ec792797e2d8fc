/* Target functions: xp_compile, xp_pattern_compile, xp_eval, xp_match. The input is an expression,
 * evaluated from each element of a small document, and a pattern, matched against each node.
 * Bounded, and a reason when it fails; the same answer twice. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/xpath/xpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
    "<a xmlns='u' xmlns:p='v' x='1' p:y=' 2 ' xml:lang='en'><b id='1'>10.50</b><b id='2'>2024-02-29"
    "</b><p:c/><b>x<!-- c --><?p i?></b><d xmlns=''>7300010000001</d></a>";

static const struct xp_limits small = {.operations = 200000,
    .memory = 16 << 20,
    .items = 100000,
    .string_bytes = 1 << 20,
    .depth = 100};

static void told(const struct err *e)
{
    if (e->class == ERR_NONE || e->class == ERR_BUG || e->code[0] == '\0')
        abort();
}

static struct xp_env *environment(void)
{
    struct xp_env *env = xp_env_new();
    struct err e = ERR_INIT;

    if (!env || xp_env_ns(env, STR("p"), STR("v"), &e) || xp_env_ns(env, STR(""), STR("u"), &e))
        abort();
    return env;
}

static void evaluate(struct xp_ctx *c, const struct tree *t, struct str text)
{
    struct xp_env *env = environment();
    struct err e = ERR_INIT;
    struct str one, two;
    struct xp *x;

    if (xp_compile(&x, env, NULL, text, &e)) {
        told(&e);
        xp_env_free(env);
        return;
    }
    if (xp_env_seal(env, &e) || xp_bind(c, env, t, NULL, &e))
        abort();
    for (uint32_t n = 0; n < t->n; n++) {
        bool yes;
        xp_focus(c, NULL, n);
        if (xp_string(&one, c, x, STR("|"), &e))
            told(&e);
        else if (xp_string(&two, c, x, STR("|"), &e) == 0 && !str_eq(one, two))
            abort();
        if (xp_test(&yes, c, x, &e))
            told(&e);
    }
    xp_env_free(env);
}

static void match(struct xp_ctx *c, const struct tree *t, struct str text)
{
    struct xp_env *env = environment();
    struct err e = ERR_INIT;
    struct xp_pattern *p;
    bool yes;

    if (xp_pattern_compile(&p, env, text, &e)) {
        told(&e);
        xp_env_free(env);
        return;
    }
    if (xp_env_seal(env, &e) || xp_bind(c, env, t, NULL, &e))
        abort();
    for (uint32_t n = 0; n < t->n; n++)
        if (xp_match(&yes, c, p, n, &e))
            told(&e);
    xp_env_free(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct err e = ERR_INIT;
    struct tree *t = NULL;
    struct xp_ctx *c = NULL;

    if (size > 4096)
        return 0;
    if (xp_ctx_new(&c, &small, &e) || tree_parse(&t, STR(document), NULL, NULL, NULL, &e))
        abort();
    evaluate(c, t, text);
    match(c, t, text);
    xp_ctx_free(c);
    tree_free(t);
    return 0;
}
