/* compare.c - value, general and node comparisons, and their fast forms over code lists.
 * XPath 2.0 §3.5; the collation is by code points. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>

static bool by_order(enum xcmp op, int d)
{
    switch (op) {
    case CMP_EQ:
    case CMP_IS:
        return d == 0;
    case CMP_NE:
        return d != 0;
    case CMP_LT:
    case CMP_BEFORE:
        return d < 0;
    case CMP_LE:
        return d <= 0;
    case CMP_GT:
    case CMP_AFTER:
        return d > 0;
    case CMP_GE:
        return d >= 0;
    }
    return false;
}

static int str_order(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;

    return d ? d : (a.n > b.n) - (a.n < b.n);
}

static bool by_double(enum xcmp op, double a, double b)
{
    switch (op) {
    case CMP_EQ:
        return a == b;
    case CMP_NE:
        return a != b;
    case CMP_LT:
        return a < b;
    case CMP_LE:
        return a <= b;
    case CMP_GT:
        return a > b;
    default:
        return a >= b;
    }
}

double xnum_double(const struct xp_item *it)
{
    return it->type == XP_DOUBLE  ? it->d
           : it->type == XP_FLOAT ? (double)it->f
                                  : dec_to_double(it->dec);
}

static float num_float(const struct xp_item *it)
{
    return it->type == XP_FLOAT ? it->f : dec_to_float(it->dec);
}

bool xnum_integral(const struct xp_item *it, int64_t *out)
{
    double d = xnum_double(it);

    if (!(d >= -9e15 && d <= 9e15) || d != floor(d))
        return false;
    *out = (int64_t)d;
    return true;
}

bool xnum_is(const struct xp_item *it, int64_t pos)
{
    int64_t v;

    if (it->type == XP_INTEGER || it->type == XP_DECIMAL)
        return dec_to_i64(it->dec, &v) && v == pos;
    return xnum_double(it) == (double)pos;
}

static int mismatch(struct xp_ctx *c, const struct xp_item *x, const struct xp_item *y)
{
    return xfail(
        c, "XPTY0004", "cannot compare %s with %s", xtype_name(x->type), xtype_name(y->type));
}

static bool numbers(enum xcmp op, const struct xp_item *x, const struct xp_item *y)
{
    if (x->type <= XP_DECIMAL && y->type <= XP_DECIMAL)
        return by_order(op, dec_cmp(x->dec, y->dec));
    if (x->type == XP_DOUBLE || y->type == XP_DOUBLE)
        return by_double(op, xnum_double(x), xnum_double(y));
    return by_double(op, (double)num_float(x), (double)num_float(y));
}

static bool is_duration(enum xp_type t)
{
    return t == XP_DURATION || t == XP_YEARMONTHDURATION || t == XP_DAYTIMEDURATION;
}

static int durations(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out)
{
    if (op == CMP_EQ || op == CMP_NE) {
        *out = dur_eq(x->dur, y->dur) == (op == CMP_EQ);
        return 0;
    }
    if (x->type != y->type || x->type == XP_DURATION)
        return mismatch(c, x, y);
    *out = by_order(op, dur_cmp(x->dur, y->dur));
    return 0;
}

static int same_type(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out)
{
    bool equality = op == CMP_EQ || op == CMP_NE;

    switch (x->type) {
    case XP_BOOLEAN:
        *out = by_order(op, (int)x->b - (int)y->b);
        return 0;
    case XP_DATE:
    case XP_TIME:
    case XP_DATETIME:
        *out = by_order(op, dt_cmp(&x->dt, &y->dt, c->now.tz));
        return 0;
    case XP_GYEAR:
    case XP_GYEARMONTH:
    case XP_GMONTH:
    case XP_GMONTHDAY:
    case XP_GDAY:
        if (!equality)
            return mismatch(c, x, y);
        *out = by_order(op, dt_cmp(&x->dt, &y->dt, c->now.tz));
        return 0;
    case XP_QNAME:
        if (!equality)
            return mismatch(c, x, y);
        *out = (str_eq(x->qname->local, y->qname->local) && str_eq(x->qname->uri, y->qname->uri)) ==
               (op == CMP_EQ);
        return 0;
    case XP_HEXBINARY:
    case XP_BASE64BINARY:
        *out = by_order(op, ucs_compare(x->s, y->s)); /* ordered since XPath 3.1 */
        return 0;
    default:
        return mismatch(c, x, y);
    }
}

int xcompare(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out)
{
    if (xis_num(x) && xis_num(y)) {
        *out = numbers(op, x, y);
        return 0;
    }
    if (xis_stringy(x) && xis_stringy(y)) {
        *out = op == CMP_EQ   ? str_eq(x->s, y->s)
               : op == CMP_NE ? !str_eq(x->s, y->s)
                              : by_order(op, str_order(x->s, y->s));
        return 0;
    }
    if (is_duration(x->type) && is_duration(y->type))
        return durations(c, op, x, y, out);
    if (x->type != y->type)
        return mismatch(c, x, y);
    return same_type(c, op, x, y, out);
}

/* The untyped side takes the type of the other. */
static int cast_like(
    struct xp_ctx *c, const struct xp_item *x, const struct xp_item *like, struct xp_item *out)
{
    enum xp_type to = xis_num(like) ? XP_DOUBLE : like->type;
    int r;

    if (to == XP_UNTYPED || to == XP_STRING || to == XP_ANYURI) {
        *out = *x;
        return 0;
    }
    r = xcast(c, x, to, XD_NONE, out);
    return r ? xcast_fail(c, r, x, xtype_name(to)) : 0;
}

/* Untyped with a number: as doubles, in the order that Saxon's verdicts have - Java's, where -0 is
 * before 0 and NaN after everything. */
static int untyped_number(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *num, bool *out)
{
    struct xp_item t;
    double a, b = xnum_double(num);

    if (cast_like(c, x, num, &t) < 0)
        return -1;
    a = t.d;
    if (isnan(b)) {
        *out = op == CMP_NE;
        return 0;
    }
    if (isnan(a)) {
        *out = by_order(op, 1);
        return 0;
    }
    if (a == 0 && b == 0) {
        bool plain = num->type == XP_INTEGER && !memchr(x->s.p, '.', x->s.n) &&
                     !memchr(x->s.p, 'e', x->s.n) && !memchr(x->s.p, 'E', x->s.n);
        *out = by_order(op, plain ? 0 : (signbit(b) != 0) - (signbit(a) != 0));
        return 0;
    }
    *out = by_order(op, (a > b) - (a < b));
    return 0;
}

static enum xcmp swapped(enum xcmp op)
{
    static const enum xcmp to[] = {CMP_EQ, CMP_NE, CMP_GT, CMP_GE, CMP_LT, CMP_LE};

    return to[op];
}

int xcompare_general(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out)
{
    struct xp_item t;

    if (x->type == XP_UNTYPED && !xis_stringy(y)) {
        if (xis_num(y))
            return untyped_number(c, op, x, y, out);
        if (cast_like(c, x, y, &t) < 0)
            return -1;
        return xcompare(c, op, &t, y, out);
    }
    if (y->type == XP_UNTYPED && !xis_stringy(x)) {
        if (xis_num(x))
            return untyped_number(c, swapped(op), y, x, out);
        if (cast_like(c, y, x, &t) < 0)
            return -1;
        return xcompare(c, op, x, &t, out);
    }
    return xcompare(c, op, x, y, out);
}

/* ---- general comparison ----
 * The right side is evaluated when the left has its first item, and kept; the first pair that is
 * true ends it. */
struct gcmp_sink {
    struct xsink s;
    enum xcmp op;
    const struct xn *rhs;
    struct xp_item left;
    struct xlist kept;
    struct xsink right;
    struct xfocus *f; /* of the comparison: items come with another */
    bool have, result;
};

#define GCMP_OF_RIGHT(p) ((struct gcmp_sink *)((char *)(p)-offsetof(struct gcmp_sink, right)))

static int right_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct gcmp_sink *g = GCMP_OF_RIGHT(s);
    struct xp_item y;

    xatomize(c, it, &y);
    if (xcompare_general(c, g->op, &g->left, &y, &g->result) < 0)
        return -1;
    return g->result ? 1 : xlist_add(&g->kept, c, &y);
}

static int left_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct gcmp_sink *g = (struct gcmp_sink *)s;

    if (xtick(c) < 0)
        return -1;
    xatomize(c, it, &g->left);
    if (!g->have) {
        struct xfocus *f = c->f;
        int r;
        c->f = g->f;
        r = xev(c, g->rhs, &g->right);
        c->f = f;
        g->have = true;
        if (r < 0)
            return -1;
        return g->result || g->kept.n == 0;
    }
    c->ops += g->kept.n; /* each pair counts */
    for (size_t i = 0; i < g->kept.n; i++) {
        if (xcompare_general(c, g->op, &g->left, &g->kept.v[i], &g->result) < 0)
            return -1;
        if (g->result)
            return 1;
    }
    return 0;
}

/* The right side is one constant. */
struct const_sink {
    struct xsink s;
    enum xcmp op;
    const struct xp_item *right;
    bool result;
};

static int const_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct const_sink *g = (struct const_sink *)s;
    struct xp_item left;

    if (it->type == XP_NODE && g->right->type == XP_STRING && g->op == CMP_EQ) { /* the usual one */
        g->result = str_eq(tree_string(c->t, it->node), g->right->s);
        return g->result;
    }
    xatomize(c, it, &left);
    if (xcompare_general(c, g->op, &left, g->right, &g->result) < 0)
        return -1;
    return g->result;
}

static int const_gcmp(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct const_sink g = {.s.put = const_put, .op = (enum xcmp)n->sub, .right = n->k[1]->seq.v};
    int r = xev(c, n->k[0], &g.s);

    *out = g.result;
    return r;
}

struct count_sink {
    struct xsink s;
    int64_t n, stop;
};

static int count_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct count_sink *k = (struct count_sink *)s;

    (void)c, (void)it;
    return ++k->n >= k->stop;
}

/* count(E) compared with a small constant: stop one past it. */
static int compare_count(struct xp_ctx *c, const struct xn *n, int64_t with, bool *out)
{
    struct count_sink k = {.s.put = count_put, .stop = with + 1};

    if (xev(c, n->k[0]->k[0], &k.s) < 0)
        return -1;
    *out = by_order((enum xcmp)n->sub, (k.n > with) - (k.n < with));
    return 0;
}

static bool plain_one(const struct xn *n)
{
    return !(n->card & CARD_N);
}

/* At most one item on both sides: no lists; nothing on the left is enough. */
static int single_gcmp(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_item x, y;
    int r = xev_atom(c, n->k[0], &x);

    *out = false;
    if (r <= 0 || (r = xev_atom(c, n->k[1], &y)) <= 0)
        return r;
    return xcompare_general(c, (enum xcmp)n->sub, &x, &y, out);
}

/* The side that is at most one item is evaluated first (after a variable on the other side), then
 * the other is gone through. */
static int one_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct gcmp_sink *g = (struct gcmp_sink *)s;
    struct xp_item x;

    if (xtick(c) < 0)
        return -1;
    xatomize(c, it, &x);
    if (xcompare_general(c, g->op, &x, &g->left, &g->result) < 0)
        return -1;
    return g->result;
}

static int many_one(struct xp_ctx *c, const struct xn *n, bool left_many, bool *out)
{
    struct gcmp_sink g = {.s.put = one_put, .op = (enum xcmp)n->sub};
    const struct xn *many = n->k[left_many ? 0 : 1], *one = n->k[left_many ? 1 : 0];
    struct xp_seq seq;
    int r;

    if (!left_many)
        g.op = swapped(g.op);
    if (many->op >= OP_LOCAL && many->op <= OP_GLOBAL && xev_var_of(c, many, &seq) < 0)
        return -1;
    if ((r = xev_atom(c, one, &g.left)) > 0)
        r = xev(c, many, &g.s);
    *out = g.result;
    return r;
}

static int many_many(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct gcmp_sink g = {.s.put = left_put, .op = (enum xcmp)n->sub, .rhs = n->k[1], .f = c->f};

    g.right.put = right_put;
    xlist_init(&g.kept);
    if (xev(c, n->k[0], &g.s) < 0)
        return -1;
    *out = g.result;
    if (!g.have && !(n->k[1]->flags & NF_SAFE)) { /* its errors count even so */
        struct xp_seq seq;
        return xev_seq(c, n->k[1], &seq);
    }
    return 0;
}

int xev_gcmp(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct arena_mark m;
    bool light = n->flags & NF_LIGHT;
    uint32_t forced = c->forced;
    int r;

    if (n->flags & NF_COUNT)
        return compare_count(c, n, n->slot, out);
    if (!light)
        m = arena_mark(c->a);
    if (n->k[1]->op == OP_CONST && n->k[1]->seq.n == 1) {
        r = const_gcmp(c, n, out);
    } else if (plain_one(n->k[0]) && plain_one(n->k[1])) {
        r = single_gcmp(c, n, out);
    } else if (plain_one(n->k[0]) || plain_one(n->k[1])) {
        r = many_one(c, n, plain_one(n->k[1]), out);
    } else {
        r = many_many(c, n, out);
    }
    if (!light && forced == c->forced)
        arena_rewind(c->a, m);
    return r < 0 ? -1 : 0;
}

/* ---- value and node comparisons ---- */
int xev_vcmp(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item x, y;
    bool yes;
    int r;

    if ((r = xev_atom(c, n->k[0], &x)) <= 0 || (r = xev_atom(c, n->k[1], &y)) <= 0)
        return r;
    if (xcompare(c, (enum xcmp)n->sub, &x, &y, &yes) < 0)
        return -1;
    *out = xbool(yes);
    return 1;
}

static int in_order(struct xp_ctx *c, const struct xn *n, const struct xp_item *x,
    const struct xp_item *y, bool *out)
{
    if (x->type != XP_NODE || y->type != XP_NODE)
        return xfail(c, "XPTY0004", "an operand of is, << or >> is not a node");
    *out = by_order((enum xcmp)n->sub, (x->node > y->node) - (x->node < y->node));
    return 0;
}

int xev_ncmp(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item x, y;
    bool yes = false;
    int r;

    if ((r = xev_one(c, n->k[0], &x)) <= 0 || (r = xev_one(c, n->k[1], &y)) <= 0)
        return r;
    if (in_order(c, n, &x, &y, &yes) < 0)
        return -1;
    *out = xbool(yes);
    return 1;
}

/* As a condition Saxon evaluates both operands: an error of the second shows. */
int xev_ncmp_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_item x, y;
    int left = xev_one(c, n->k[0], &x), right = left < 0 ? -1 : xev_one(c, n->k[1], &y);

    *out = false;
    if (right < 0)
        return -1;
    return left && right ? in_order(c, n, &x, &y, out) : 0;
}

/* ---- code lists ---- */
struct inset_sink {
    struct xsink s;
    const struct xset *set;
    bool result;
};

static int inset_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct inset_sink *k = (struct inset_sink *)s;
    struct xp_item x;

    xatomize(c, it, &x);
    if (!xis_stringy(&x))
        return mismatch(c, &x, &k->set->seq.v[0]);
    k->result = xset_has(k->set, x.s);
    return k->result;
}

int xev_inset(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct inset_sink k = {.s.put = inset_put, .set = n->set};

    if (xev(c, n->k[0], &k.s) < 0)
        return -1;
    *out = k.result;
    return 0;
}

/* contains(hay, concat(' ', v, ' ')): without a space in v that is a token of the list. */
int xev_tokenset(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_item it;
    struct str v = STR("");
    int r = xev_atom(c, n->k[0], &it);

    if (r < 0)
        return -1;
    if (r > 0) {
        v = xis_stringy(&it) ? it.s : xitem_text(c, &it);
        if (!v.p)
            return xnomem(c);
    }
    if (v.n && !memchr(v.p, ' ', v.n)) {
        *out = xset_has(n->set, v);
        return 0;
    }
    *out = false;
    for (size_t i = 0; i + v.n + 2 <= n->set->hay.n && !*out; i++) {
        const char *p = n->set->hay.p + i;
        *out = p[0] == ' ' && p[v.n + 1] == ' ' && (!v.n || memcmp(p + 1, v.p, v.n) == 0);
    }
    return 0;
}

/* preceding::x = E: some earlier x with that value */
int xev_seenbefore(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_item it;
    uint32_t name = c->name_map ? c->name_map[n->test.name] : 0;
    int r = xev_atom(c, n->k[0], &it);

    *out = false;
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    if (c->f->item.type != XP_NODE)
        return xfail(c, "XPTY0020", "the context item is not a node");
    if (r <= 0 || !name)
        return r;
    if (!xis_stringy(&it))
        return xfail(c, "XPTY0004", "cannot compare %s with a node's value", xtype_name(it.type));
    return xvalue_before(c, name, it.s, c->f->item.node, n->sub == 1, out);
}
