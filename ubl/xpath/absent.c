/* absent.c - tests decided by a name that the document does not have.
 *
 * Most assertions of a rule set speak of elements that a document need not have: not(cac:X/cbc:Y),
 * cbc:Z or …. Without any cbc:Y in the document such a test is known before it is looked at. One
 * name and the value that follows from its absence is found when the expression is compiled;
 * testing then begins with one look into the table of names, and most expression trees stay out of
 * the cache. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#define DEPTH_MAX 32 /* looked into; deeper expressions are merely evaluated */

/* A name without which these nodes are none. Only of what cannot fail: Saxon would tell the error.
 */
static uint32_t needed(const struct xn *n, unsigned depth)
{
    uint32_t name;

    if (depth > DEPTH_MAX || !(n->flags & NF_SAFE))
        return 0;
    switch ((enum xop)n->op) {
    case OP_STEP:
        return n->test.how == NT_NAME ? n->test.name : 0;
    case OP_PATH:
        name = needed(n->k[1], depth + 1);
        return name ? name : needed(n->k[0], depth + 1);
    case OP_FILTER:
    case OP_SORT:
    case OP_CACHED:
    case OP_CHAIN:
        return needed(n->k[0], depth + 1);
    default:
        return 0;
    }
}

static uint32_t decide(const struct xn *n, bool *value, unsigned depth);

/* The first operand that decides the whole: true for or, false for and, whatever the others are
 * (also failing: see xev_bool). */
static uint32_t operand(const struct xn *n, bool *value, unsigned depth)
{
    for (uint32_t i = 0; i < n->nk; i++) {
        uint32_t name = decide(n->k[i], value, depth + 1);
        if (name && *value == (n->op == OP_OR))
            return name;
    }
    return 0;
}

static uint32_t call(const struct xn *n, bool *value, unsigned depth)
{
    uint32_t name;

    if (n->nk != 1)
        return 0;
    *value = false;
    if (xfn_is(n, "exists"))
        return needed(n->k[0], depth + 1);
    *value = true;
    if (xfn_is(n, "empty"))
        return needed(n->k[0], depth + 1);
    if (xfn_is(n, "boolean"))
        return decide(n->k[0], value, depth + 1);
    if (!xfn_is(n, "not"))
        return 0;
    name = decide(n->k[0], value, depth + 1);
    *value = !*value;
    return name;
}

/* A name and the effective boolean value that n has without it; 0: none. */
static uint32_t decide(const struct xn *n, bool *value, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return 0;
    switch ((enum xop)n->op) {
    case OP_OR:
    case OP_AND:
        return operand(n, value, depth);
    case OP_CALL:
        return call(n, value, depth);
    case OP_SOME:
    case OP_EVERY:
        *value = n->op == OP_EVERY;
        return needed(n->k[0], depth + 1);
    default:
        *value = false;
        return needed(n, depth + 1);
    }
}

uint32_t xabsent(const struct xn *n, bool *value)
{
    return decide(n, value, 0);
}
