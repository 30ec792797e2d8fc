/* truth.c - effective boolean values: most of what a rule set asks. XPath 2.0 §2.4.3, §3.6. */
#include "ubl/xpath/xpath_priv.h"

struct ebv_sink {
    struct xsink s;
    int n;
    bool value;
};

static int ebv_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct ebv_sink *o = (struct ebv_sink *)s;

    if (o->n++)
        return xfail(c, "FORG0006", "no effective boolean value: a sequence of several values");
    if (xis_node(it)) {
        o->value = true;
        return 1;
    }
    return xebv(c, it, &o->value);
}

static int exists_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    (void)s, (void)c, (void)it;
    return 1;
}

int xebv(struct xp_ctx *c, const struct xp_item *it, bool *out)
{
    if (xis_node(it)) {
        *out = true;
        return 0;
    }
    switch (it->type) {
    case XP_BOOLEAN:
        *out = it->b;
        return 0;
    case XP_UNTYPED:
    case XP_STRING:
    case XP_ANYURI:
        *out = it->s.n > 0;
        return 0;
    case XP_INTEGER:
    case XP_DECIMAL:
        *out = !dec_is_zero(it->dec);
        return 0;
    case XP_DOUBLE:
        *out = it->d < 0 || it->d > 0;
        return 0;
    case XP_FLOAT:
        *out = it->f < 0 || it->f > 0;
        return 0;
    default:
        return xfail(c, "FORG0006", "no effective boolean value: %s", xtype_name(it->type));
    }
}

/* An operand that fails does not decide yet: as in Saxon, a later one may, and else its error
 * stands. After a failure a call of a user function at the end of `and` is not tried. */
static bool recoverable(const struct xp_ctx *c)
{
    return !c->e ||
           (strncmp(c->e->code, "xpath.", 6) != 0 && strncmp(c->e->code, "memory.", 7) != 0);
}

static int all_or_any(struct xp_ctx *c, const struct xn *n, bool *out)
{
    bool stop = n->op == OP_OR, failed = false;

    for (uint32_t i = 0; i < n->nk; i++) {
        if (failed && !stop && n->k[i]->op == OP_UCALL && n->k[i]->types == T_BOOL)
            continue;
        if (xev_bool(c, n->k[i], out) < 0) {
            if (!recoverable(c))
                return -1;
            failed = true;
            continue;
        }
        if (*out == stop)
            return 0;
    }
    *out = !stop;
    return failed ? -1 : 0;
}

static int ebv_of(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct ebv_sink s = {.s.put = ebv_put};
    struct xp_item it;
    int r;

    if (!(n->card & CARD_N) && !(n->types & T_NODE)) {
        *out = false;
        r = xev_one(c, n, &it);
        return r <= 0 ? r : xebv(c, &it, out);
    }
    if (xev(c, n, &s.s) < 0)
        return -1;
    *out = s.value;
    return 0;
}

int xev_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    bool yes;

    if (xtick(c) < 0)
        return -1;
    switch ((enum xop)n->op) {
    case OP_OR:
    case OP_AND:
        return all_or_any(c, n, out);
    case OP_GCMP:
        return xev_gcmp(c, n, out);
    case OP_NCMP:
        return xev_ncmp_bool(c, n, out);
    case OP_SOME:
    case OP_EVERY:
        return xev_quantified(c, n, out);
    case OP_INSTANCE:
        return xev_instance(c, n, out);
    case OP_CASTABLE:
        return xev_castable(c, n, out);
    case OP_INSET:
        return xev_inset(c, n, out);
    case OP_TOKENSET:
        return xev_tokenset(c, n, out);
    case OP_SEENBEFORE:
        return xev_seenbefore(c, n, out);
    case OP_IF:
        if (xev_bool(c, n->k[0], &yes) < 0)
            return -1;
        return xev_bool(c, n->k[yes ? 1 : 2], out);
    case OP_CACHED:
        return xev_cached_bool(c, n, out);
    case OP_MEMO:
        return xev_memo(c, n, out);
    case OP_STEP: {
        struct xsink s = {exists_put};
        int r = xev_step(c, n, &s);
        *out = r == 1;
        return r < 0 ? -1 : 0;
    }
    case OP_CHAIN: {
        struct xsink s = {exists_put};
        int r = xev_chain(c, n, &s);
        *out = r == 1;
        return r < 0 ? -1 : 0;
    }
    case OP_PATH: {
        struct xsink s = {exists_put};
        int r;
        if (n->types & ~T_NODE)
            return ebv_of(c, n, out);
        r = xev_path(c, n, &s);
        *out = r == 1;
        return r < 0 ? -1 : 0;
    }
    case OP_CALL:
        if (n->fn->test)
            return n->fn->test(c, n, out);
        return ebv_of(c, n, out);
    default:
        return ebv_of(c, n, out);
    }
}

int xev_exists(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xsink s = {exists_put};
    int r = xev(c, n, &s);

    *out = r == 1;
    return r < 0 ? -1 : 0;
}
