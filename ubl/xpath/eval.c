/* eval.c - the evaluator: one switch for streams, one for single items; for truth see truth.c.
 *
 * Items are pushed into a sink that says when it has enough; a value is materialized only where an
 * order, a size or a second look is needed. Scratch memory is given back after every predicate and
 * condition, unless a lazy variable or cached value was computed meanwhile (c->forced). */
#include "ubl/xpath/xpath_priv.h"

/* ---- sinks ---- */
struct one_sink {
    struct xsink s;
    struct xp_item *out;
    int n;
};

static int one_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct one_sink *o = (struct one_sink *)s;

    if (o->n++)
        return xfail(c, "XPTY0004", "a sequence of more than one item where one is expected");
    *o->out = *it;
    return 0;
}

int xput_seq(struct xp_ctx *c, struct xp_seq seq, struct xsink *s)
{
    int r = 0;

    for (size_t i = 0; i < seq.n && r == 0; i++)
        r = s->put(s, c, &seq.v[i]);
    return r;
}

/* ---- streams ---- */
static int range(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    int64_t from, to;
    int a = xev_int(c, n->k[0], &from), b = a < 0 ? -1 : xev_int(c, n->k[1], &to), r = 0;

    if (a < 0 || b < 0)
        return -1;
    if (!a || !b || from > to)
        return 0;
    if (from == INT64_MAX || to == INT64_MIN || (uint64_t)to - (uint64_t)from > INT32_MAX)
        return xlimit(
            c, "xpath.limit.items", "a range of too many integers"); /* Saxon's limit, too */
    for (int64_t i = from; r == 0; i++) {
        struct xp_item it = xint(i);
        if (xtick(c) < 0)
            return -1;
        r = s->put(s, c, &it);
        if (i == to)
            break;
    }
    return r;
}

static int comma(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    int r = 0;

    for (uint32_t i = 0; i < n->nk && r == 0; i++)
        r = xev(c, n->k[i], s);
    return r;
}

static int if_expr(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    bool yes;

    if (xev_bool(c, n->k[0], &yes) < 0)
        return -1;
    return xev(c, n->k[yes ? 1 : 2], s);
}

int xev(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xp_item it;
    int r;

    if (xtick(c) < 0)
        return -1;
    switch ((enum xop)n->op) {
    case OP_CONST:
        return xput_seq(c, n->seq, s);
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
        return xev_var_of(c, n, &seq) < 0 ? -1 : xput_seq(c, seq, s);
    case OP_CACHED:
        return xev_cached(c, n, &seq) < 0 ? -1 : xput_seq(c, seq, s);
    case OP_COMMA:
        return comma(c, n, s);
    case OP_STEP:
        return xev_step(c, n, s);
    case OP_CHAIN:
        return xev_chain(c, n, s);
    case OP_PATH:
        return xev_path(c, n, s);
    case OP_FILTER:
        return xev_filter(c, n, s);
    case OP_INDEXED:
        return xev_indexed(c, n, s);
    case OP_SORT:
        return xev_sort(c, n, s);
    case OP_UNION:
    case OP_INTERSECT:
    case OP_EXCEPT:
        return xev_setop(c, n, s);
    case OP_RANGE:
        return range(c, n, s);
    case OP_IF:
        return if_expr(c, n, s);
    case OP_FOR:
        return xev_for(c, n, s);
    case OP_BIND:
        return xev_bind(c, n, s);
    case OP_EACH:
        return xev_each(c, n, s);
    case OP_TREAT:
    case OP_CONVERT:
        return xev_convert(c, n, s);
    case OP_UCALL:
        return xev_ucall(c, n, &seq) < 0 ? -1 : xput_seq(c, seq, s);
    case OP_CALL:
        if (n->fn->each)
            return n->fn->each(c, n, s);
        break;
    default:
        break;
    }
    r = xev_one(c, n, &it);
    return r <= 0 ? r : s->put(s, c, &it);
}

/* ---- single items ---- */
static int one_of(struct xp_ctx *c, struct xp_seq seq, struct xp_item *out)
{
    if (seq.n > 1)
        return xfail(c, "XPTY0004", "a sequence of %zu items where one is expected", seq.n);
    if (seq.n == 1)
        *out = seq.v[0];
    return (int)seq.n;
}

static int dot(struct xp_ctx *c, struct xp_item *out)
{
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    *out = c->f->item;
    return 1;
}

static int root(struct xp_ctx *c, struct xp_item *out)
{
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (c->f->item.type != XP_NODE)
        return xfail(c, "XPTY0020", "the context item is not a node");
    *out = xnode(0);
    return 1;
}

static int negate(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item zero = xint(0), it;
    int r = xev_atom(c, n->k[0], &it);

    if (r <= 0)
        return r;
    if (it.type == XP_UNTYPED) {
        struct xp_item d;
        if ((r = xcast(c, &it, XP_DOUBLE, XD_NONE, &d)) != 0)
            return xcast_fail(c, r, &it, "xs:double");
        it = d;
    }
    if (!xis_num(&it))
        return xfail(c, "XPTY0004", "unary minus of %s", xtype_name(it.type));
    if (!n->sub) {
        *out = it;
        return 1;
    }
    if (it.type == XP_DOUBLE)
        *out = xdouble(-it.d);
    else if (it.type == XP_FLOAT)
        *out = (struct xp_item){.type = XP_FLOAT, .f = -it.f};
    else if (xarith(c, AR_SUB, &zero, &it, out) < 0)
        return -1;
    return 1;
}

int xev_one(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct one_sink s = {.s.put = one_put, .out = out};
    struct xp_seq seq;
    bool yes;

    if (xtick(c) < 0)
        return -1;
    switch ((enum xop)n->op) {
    case OP_CONST:
        return one_of(c, n->seq, out);
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
        return xev_var_of(c, n, &seq) < 0 ? -1 : one_of(c, seq, out);
    case OP_CACHED:
        return xev_cached(c, n, &seq) < 0 ? -1 : one_of(c, seq, out);
    case OP_DOT:
        return dot(c, out);
    case OP_ROOT:
        return root(c, out);
    case OP_OR:
    case OP_AND:
    case OP_GCMP:
    case OP_SOME:
    case OP_EVERY:
    case OP_INSTANCE:
    case OP_CASTABLE:
    case OP_INSET:
    case OP_TOKENSET:
    case OP_SEENBEFORE:
    case OP_MEMO:
        if (xev_bool(c, n, &yes) < 0)
            return -1;
        *out = xbool(yes);
        return 1;
    case OP_STEP:
        return xev_step(c, n, &s.s) < 0 ? -1 : s.n;
    case OP_CHAIN:
        return xev_chain(c, n, &s.s) < 0 ? -1 : s.n;
    case OP_PATH:
        return xev_path(c, n, &s.s) < 0 ? -1 : s.n;
    case OP_VCMP:
        return xev_vcmp(c, n, out);
    case OP_NCMP:
        return xev_ncmp(c, n, out);
    case OP_ARITH:
        return xev_arith(c, n, out);
    case OP_NEG:
        return negate(c, n, out);
    case OP_CAST:
        return xev_cast(c, n, out);
    case OP_VALUE_OF:
    case OP_DOCNODE:
        return xev_constructed(c, n, out);
    case OP_IF:
        if (xev_bool(c, n->k[0], &yes) < 0)
            return -1;
        return xev_one(c, n->k[yes ? 1 : 2], out);
    case OP_CALL:
        if (n->fn->one)
            return n->fn->one(c, n, out);
        if (n->fn->test) {
            if (n->fn->test(c, n, &yes) < 0)
                return -1;
            *out = xbool(yes);
            return 1;
        }
        break;
    default:
        break;
    }
    return xev(c, n, &s.s) < 0 ? -1 : s.n;
}

int xev_atom(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = xev_one(c, n, &it);

    if (r > 0)
        xatomize(c, &it, out);
    return r;
}

/* ---- sequences ---- */
int xev_seq(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    struct xlist l;
    struct xp_item *it;
    int r;

    switch ((enum xop)n->op) {
    case OP_CONST:
        *out = n->seq;
        return 0;
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
        return xev_var_of(c, n, out);
    case OP_CACHED:
        return xev_cached(c, n, out);
    case OP_UCALL:
        return xev_ucall(c, n, out);
    default:
        break;
    }
    if (!(n->card & CARD_N)) {
        if (!(it = arena_alloc(c->a, sizeof(*it))))
            return xnomem(c);
        r = xev_one(c, n, it);
        *out = (struct xp_seq){it, r > 0};
        return r < 0 ? -1 : 0;
    }
    xlist_init(&l);
    if (xev(c, n, &l.s) < 0)
        return -1;
    *out = (struct xp_seq){l.v, l.n};
    return 0;
}
