/* eval.c - the evaluator: one switch for streams, one for single items, one for truth.
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

static int put_seq(struct xp_ctx *c, struct xp_seq seq, struct xsink *s)
{
    int r = 0;

    for (size_t i = 0; i < seq.n && r == 0; i++)
        r = s->put(s, c, &seq.v[i]);
    return r;
}

/* ---- variables ---- */
static int force(struct xp_ctx *c, struct xslot *v)
{
    struct xslot *frame = c->frame;
    struct xfocus *f = c->f, *cur = c->cur;
    int r;

    if (v->state == LV_BUSY)
        return xfail(c, "XTDE0640", "a variable depends on itself");
    v->state = LV_BUSY;
    c->frame = v->frame;
    c->f = v->focus;
    c->cur = v->cur;
    r = xev_seq(c, v->thunk, &v->seq);
    c->frame = frame;
    c->f = f;
    c->cur = cur;
    c->forced++;
    v->state = (uint8_t)(r < 0 ? LV_THUNK : LV_VALUE);
    return r;
}

int xev_var(struct xp_ctx *c, struct xslot *v, struct xp_seq *out)
{
    if (v->state != LV_VALUE && force(c, v) < 0)
        return -1;
    *out = v->seq;
    return 0;
}

/* Where the thunk of a let or global must be evaluated: its own focus and memory. */
static int force_outer(struct xp_ctx *c, struct xslot *v, struct arena *a, uint32_t node)
{
    struct arena *was = c->a;
    struct xfocus f = {.item = xnode(node), .pos = 1, .last = 1};
    int r;

    v->focus = v->cur = &f;
    c->a = a;
    r = force(c, v);
    c->a = was;
    v->focus = v->cur = NULL;
    return r;
}

static int frame_alloc(struct xp_ctx *c, uint32_t n, struct xslot **out)
{
    *out = NULL;
    if (n && !(*out = arena_alloc(c->a, n * sizeof(**out))))
        return xnomem(c);
    return 0;
}

static int outer_var(struct xp_ctx *c, struct xslot *v, bool global, uint32_t frame)
{
    struct arena *a = global ? c->doc : c->rule, *was = c->a;
    int r;

    if (v->state == LV_VALUE)
        return 0;
    if (!a)
        return xfail(c, "XPDY0002", "the variable has no value here");
    if (v->state == LV_THUNK) {
        c->a = a;
        r = frame_alloc(c, frame, &v->frame);
        c->a = was;
        if (r < 0)
            return -1;
    }
    return force_outer(c, v, a, global ? 0 : c->top.item.node);
}

int xev_var_of(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    struct xslot *v;
    uint32_t frame;

    if (n->op == OP_LOCAL)
        return xev_var(c, &c->frame[n->slot], out);
    if (n->op == OP_GLOBAL) {
        if (!c->globals)
            return xfail(c, "XPDY0002", "the variable has no value here");
        v = &c->globals[n->slot];
        frame = c->env->global_list[n->slot]->frame;
    } else {
        if (!c->lets)
            return xfail(c, "XPDY0002", "the variable has no value here");
        v = &c->lets[n->slot];
        frame = c->env->let_list[n->slot]->frame;
        if (v->stamp != c->stamp) {
            *v = (struct xslot){
                .state = LV_THUNK, .thunk = c->env->let_list[n->slot]->value, .stamp = c->stamp};
        }
    }
    if (outer_var(c, v, n->op == OP_GLOBAL, frame) < 0)
        return -1;
    *out = v->seq;
    return 0;
}

/* ---- binding expressions ----
 * A sink is called with the focus of whoever produces the item, so those that evaluate something
 * keep their own. */
struct bind_sink {
    struct xsink s;
    const struct xn *n;
    struct xsink *out;
    struct xfocus *f;
    bool result;
};

static void bind_item(struct xp_ctx *c, uint32_t slot, const struct xp_item *it)
{
    struct xslot *v = &c->frame[slot];

    v->state = LV_VALUE;
    v->one = *it;
    v->seq = (struct xp_seq){&v->one, 1};
}

static int for_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct bind_sink *b = (struct bind_sink *)s;
    struct xfocus *f = c->f;
    int r;

    bind_item(c, b->n->slot, it);
    c->f = b->f;
    r = xev(c, b->n->k[1], b->out);
    c->f = f;
    return r;
}

/* A condition whose scratch memory is not needed afterwards. */
static int scratch_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct arena_mark m = arena_mark(c->a);
    uint32_t forced = c->forced;
    int r = xev_bool(c, n, out);

    if (forced == c->forced)
        arena_rewind(c->a, m);
    return r;
}

static int quant_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct bind_sink *b = (struct bind_sink *)s;
    bool some = b->n->op == OP_SOME, yes;
    struct xfocus *f = c->f;
    int r;

    bind_item(c, b->n->slot, it);
    c->f = b->f;
    r = scratch_bool(c, b->n->k[1], &yes);
    c->f = f;
    if (r < 0)
        return -1;
    if (yes != some)
        return 0;
    b->result = some;
    return 1;
}

static int quantified(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct bind_sink b = {.s.put = quant_put, .n = n, .f = c->f, .result = n->op == OP_EVERY};

    if (xev(c, n->k[0], &b.s) < 0)
        return -1;
    *out = b.result;
    return 0;
}

static int bind_expr(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    c->frame[n->slot] = (struct xslot){
        .state = LV_THUNK, .thunk = n->k[0], .frame = c->frame, .focus = c->f, .cur = c->cur};
    return xev(c, n->k[1], s);
}

struct each_sink {
    struct xsink s;
    const struct xn *body;
    struct xsink *out;
    int64_t pos, last;
};

/* xsl:for-each changes the focus and current(): its results go on after both are back. */
static int each_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct each_sink *e = (struct each_sink *)s;
    struct xfocus f = {.item = *it, .pos = ++e->pos, .last = e->last}, *was = c->f, *cur = c->cur;
    struct xp_seq seq;
    int r;

    c->f = c->cur = &f;
    r = xev_seq(c, e->body, &seq);
    c->f = was;
    c->cur = cur;
    return r < 0 ? -1 : put_seq(c, seq, e->out);
}

static int each_expr(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct each_sink e = {.s.put = each_put, .body = n->k[1], .out = s};
    struct xp_seq seq;

    if (!(n->k[1]->deps & DEP_LAST))
        return xev(c, n->k[0], &e.s);
    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    e.last = (int64_t)seq.n;
    return put_seq(c, seq, &e.s);
}

/* ---- cached ---- */
static struct xcached *cache_of(struct xp_ctx *c, const struct xn *n)
{
    struct xcached *v = c->caches ? &c->caches[n->slot] : NULL;

    if (v && v->stamp != c->doc_stamp)
        *v = (struct xcached){.stamp = c->doc_stamp};
    return v;
}

static int cached_seq(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    struct xcached *v = cache_of(c, n);
    struct arena *was = c->a;
    int r;

    if (!v)
        return xev_seq(c, n->k[0], out);
    if (v->state & 1) {
        *out = v->seq;
        return 0;
    }
    c->a = c->doc;
    r = xev_seq(c, n->k[0], out);
    c->a = was;
    c->forced++;
    if (r < 0)
        return -1;
    v->seq = *out;
    v->state |= 1;
    return 0;
}

static int cached_bool(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xcached *v = cache_of(c, n);

    if (!v)
        return xev_bool(c, n->k[0], out);
    if (!(v->state & 2)) {
        if (xev_bool(c, n->k[0], &v->b) < 0)
            return -1;
        v->state |= 2;
    }
    *out = v->b;
    return 0;
}

/* ---- typed checks ---- */
static int instance_of(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct arena_mark m = arena_mark(c->a);
    uint32_t forced = c->forced;
    struct xp_seq seq;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    *out = seq.n == 0   ? (n->st->occ & CARD_0) != 0
           : seq.n == 1 ? (n->st->occ & CARD_1) != 0
                        : (n->st->occ & CARD_N) != 0;
    for (size_t i = 0; i < seq.n && *out; i++)
        *out = xitem_matches(c, n->st, &seq.v[i]);
    if (forced == c->forced)
        arena_rewind(c->a, m);
    return 0;
}

static int castable(struct xp_ctx *c, const struct xn *n, bool *out)
{
    struct xp_seq seq;
    struct xp_item it, cast;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (seq.n != 1) {
        *out = seq.n == 0 && (n->st->occ & CARD_0);
        return 0;
    }
    xatomize(c, &seq.v[0], &it);
    if (it.type <= XP_STRING && !n->st->derived &&
        (n->st->prim == XP_DECIMAL || n->st->prim == XP_INTEGER))
        *out = n->st->prim == XP_DECIMAL ? dec_castable(it.s) : dec_castable_int(it.s);
    else
        *out = xcast(c, &it, n->st->prim, n->st->derived, &cast) == 0;
    return 0;
}

static int cast_expr(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct xp_item it;
    int r = xev_atom(c, n->k[0], &it);

    if (r < 0)
        return -1;
    if (r == 0) {
        if (n->st->occ & CARD_0)
            return 0;
        return xfail(
            c, "XPTY0004", "an empty sequence cannot be cast to %s", xtype_name(n->st->prim));
    }
    r = xcast(c, &it, n->st->prim, n->st->derived, out);
    if (r == 0)
        return 1;
    return xcast_fail(c, r, &it, xtype_name(n->st->prim));
}

static int convert_seq(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct xp_seq seq;
    struct xp_item it;
    const char *code = n->op == OP_TREAT ? "XPDY0050" : "XPTY0004";
    int r = 0;

    if (xev_seq(c, n->k[0], &seq) < 0)
        return -1;
    if (!(n->st->occ & (seq.n == 0 ? CARD_0 : seq.n == 1 ? CARD_1 : CARD_N)))
        return xfail(c, code, "%s where the type allows %s", seq.n ? "several items" : "nothing",
            n->st->occ & CARD_N ? "one or more" : "one item");
    for (size_t i = 0; i < seq.n && r == 0; i++) {
        if (n->op == OP_TREAT) {
            if (!xitem_matches(c, n->st, &seq.v[i]))
                return xfail(c, code, "an item is not of the type it is treated as");
            it = seq.v[i];
        } else if (xconvert_item(c, n->st, &seq.v[i], &it, "value") < 0) {
            return -1;
        }
        r = s->put(s, c, &it);
    }
    return r;
}

/* ---- constructed text ---- */
static int joined(struct xp_ctx *c, const struct xn *n, struct str *out)
{
    struct xp_seq seq;
    struct str sep = STR(" ");
    struct buf b;
    char *p;

    buf_init(&b, c->lim.string_bytes);
    if (xev_seq(c, n->k[0], &seq) < 0 || (n->nk > 1 && xev_str(c, n->k[1], &sep) < 0))
        return -1;
    for (size_t i = 0; i < seq.n; i++) {
        struct str t = xitem_text(c, &seq.v[i]);
        if (!t.p) {
            buf_free(&b);
            return xnomem(c);
        }
        /* in a tree only adjacent atomic values are kept apart: XSLT 2.0 5.7.1 */
        if (i && (n->op == OP_VALUE_OF || (!xis_node(&seq.v[i - 1]) && !xis_node(&seq.v[i]))))
            buf_str(&b, sep);
        buf_str(&b, t);
    }
    if (!buf_ok(&b))
        return xlimit(c, "string", "a text of more bytes than allowed");
    p = arena_strndup(c->a, b.p ? b.p : "", b.n);
    *out = (struct str){p, b.n};
    buf_free(&b);
    return p ? 0 : xnomem(c);
}

static int constructed(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str s;

    if (joined(c, n, &s) < 0)
        return -1;
    *out = (struct xp_item){.type = n->op == OP_DOCNODE ? XP_DOC_NODE : XP_TEXT_NODE, .s = s};
    return 1;
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
        return put_seq(c, n->seq, s);
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
        return xev_var_of(c, n, &seq) < 0 ? -1 : put_seq(c, seq, s);
    case OP_CACHED:
        return cached_seq(c, n, &seq) < 0 ? -1 : put_seq(c, seq, s);
    case OP_COMMA:
        return comma(c, n, s);
    case OP_STEP:
        return xev_step(c, n, s);
    case OP_PATH:
        return xev_path(c, n, s);
    case OP_FILTER:
        return xev_filter(c, n, s);
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
    case OP_FOR: {
        struct bind_sink b = {.s.put = for_put, .n = n, .out = s, .f = c->f};
        return xev(c, n->k[0], &b.s);
    }
    case OP_BIND:
        return bind_expr(c, n, s);
    case OP_EACH:
        return each_expr(c, n, s);
    case OP_TREAT:
    case OP_CONVERT:
        return convert_seq(c, n, s);
    case OP_UCALL:
        return xev_ucall(c, n, &seq) < 0 ? -1 : put_seq(c, seq, s);
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
        return cached_seq(c, n, &seq) < 0 ? -1 : one_of(c, seq, out);
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
        if (xev_bool(c, n, &yes) < 0)
            return -1;
        *out = xbool(yes);
        return 1;
    case OP_STEP:
        return xev_step(c, n, &s.s) < 0 ? -1 : s.n;
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
        return cast_expr(c, n, out);
    case OP_VALUE_OF:
    case OP_DOCNODE:
        return constructed(c, n, out);
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

/* ---- truth ---- */
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
    case OP_SOME:
    case OP_EVERY:
        return quantified(c, n, out);
    case OP_INSTANCE:
        return instance_of(c, n, out);
    case OP_CASTABLE:
        return castable(c, n, out);
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
        return cached_bool(c, n, out);
    case OP_STEP: {
        struct xsink s = {exists_put};
        int r = xev_step(c, n, &s);
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
        return cached_seq(c, n, out);
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
