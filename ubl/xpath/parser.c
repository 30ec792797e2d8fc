/* parser.c - tokens to expression tree: operators, quantifiers, for, if. Recursive descent by the
 * grammar of XPath 2.0 A.1; of 3.1 what rule authors may meet: let, || and !.
 *
 * Names, variables and functions are resolved while parsing. Chains of or, and, union and comma
 * become one node with many kids, so that a code list of a thousand comparisons does not nest. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#include <stdarg.h>
#include <stdio.h>

struct xn *xparse_fail(struct xparse *p, const char *code, const char *fmt, ...)
{
    char what[200];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)xp_static_error(p->e, code, p->expr, p->t ? p->t->pos : 0, "%s", what);
    return NULL;
}

struct xn *xparse_node(struct xparse *p, enum xop op, uint32_t kids)
{
    struct xn *n = arena_alloc(p->env->a, sizeof(*n));

    if (!n || (kids && !(n->k = arena_alloc(p->env->a, kids * sizeof(*n->k))))) {
        (void)err_nomem(p->e);
        return NULL;
    }
    n->op = (uint8_t)op;
    n->nk = kids;
    n->pos = p->t ? p->t->pos : 0;
    return n;
}

bool xparse_sym(struct xparse *p, int sym)
{
    if (p->t->type != TK_SYM || p->t->sym != sym)
        return false;
    p->t++;
    return true;
}

int xparse_need(struct xparse *p, int sym)
{
    if (xparse_sym(p, sym))
        return 0;
    if (sym > 255)
        (void)xparse_fail(p, "XPST0003", "expected '%c%c'", sym >> 8, sym & 255);
    else
        (void)xparse_fail(p, "XPST0003", "expected '%c'", sym);
    return -1;
}

static bool is_word(const struct xtok *t, const char *word)
{
    return t->type == TK_NAME && !t->has_prefix && str_eqz(t->text, word);
}

bool xparse_word(struct xparse *p, const char *word)
{
    return is_word(p->t, word);
}

static bool take_word(struct xparse *p, const char *word)
{
    bool yes = is_word(p->t, word);

    p->t += yes;
    return yes;
}

static bool take_words(struct xparse *p, const char *one, const char *two)
{
    bool yes = is_word(p->t, one) && is_word(p->t + 1, two);

    p->t += yes ? 2 : 0;
    return yes;
}

/* Kids collected while parsing a chain, then fixed into a node. */
struct kids {
    struct xn **v;
    uint32_t n, cap;
};

static int kid_add(struct xparse *p, struct kids *k, struct xn *x)
{
    if (!x)
        return -1;
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap * 2 : 4;
        struct xn **v = arena_alloc(p->env->a, cap * sizeof(*v));
        if (!v)
            return err_nomem(p->e);
        if (k->n)
            memcpy(v, k->v, k->n * sizeof(*v));
        k->v = v;
        k->cap = cap;
    }
    k->v[k->n++] = x;
    return 0;
}

static struct xn *kids_node(struct xparse *p, enum xop op, struct kids *k)
{
    struct xn *n;

    if (k->n == 1)
        return k->v[0];
    if (!(n = xparse_node(p, op, 0)))
        return NULL;
    n->k = k->v;
    n->nk = k->n;
    n->pos = k->v[0]->pos;
    return n;
}

static struct xn *binary(
    struct xparse *p, enum xop op, uint8_t sub, struct xn *l, struct xn *r, uint32_t pos)
{
    struct xn *n = l && r ? xparse_node(p, op, 2) : NULL;

    if (!n)
        return NULL;
    n->sub = sub;
    n->k[0] = l;
    n->k[1] = r;
    n->pos = pos;
    return n;
}

struct xn *xparse_comma(struct xparse *p)
{
    struct kids k = {0};

    do {
        if (kid_add(p, &k, xparse_single(p)) < 0)
            return NULL;
    } while (xparse_sym(p, ','));
    return kids_node(p, OP_COMMA, &k);
}

/* ---- for, some, every, let, if ---- */
struct xlocal *xparse_bind(struct xparse *p, struct str uri, struct str local)
{
    struct xlocal *v = arena_alloc(p->env->a, sizeof(*v));

    if (!v) {
        (void)err_nomem(p->e);
        return NULL;
    }
    *v = (struct xlocal){uri, local, p->n_slots++, p->locals};
    if (p->n_slots > p->max_slots)
        p->max_slots = p->n_slots;
    p->locals = v;
    return v;
}

static int var_name(struct xparse *p, struct str *uri, struct str *local)
{
    if (xparse_need(p, '$') < 0)
        return -1;
    if (p->t->type != TK_NAME) {
        (void)xparse_fail(p, "XPST0003", "expected a variable name");
        return -1;
    }
    if (xparse_qname(p, p->t, false, uri) < 0)
        return -1;
    *local = p->t++->text;
    return 0;
}

/* `$x in E, $y in F return/satisfies B` nests to the right. `let` has := and OP_BIND. */
static struct xn *clauses(struct xparse *p, enum xop op, const char *last)
{
    struct str uri, local;
    struct xlocal *saved = p->locals, *v;
    struct xn *in, *body, *n;
    uint32_t pos = p->t->pos;

    if (++p->nest > XP_NEST_MAX)
        return xparse_fail(p, "xpath.limit.depth", "expression nested too deeply");
    if (var_name(p, &uri, &local) < 0)
        return NULL;
    if (op == OP_BIND ? xparse_need(p, SYM2(':', '=')) < 0 : !take_word(p, "in"))
        return op == OP_BIND ? NULL : xparse_fail(p, "XPST0003", "expected 'in'");
    if (!(in = xparse_single(p)) || !(v = xparse_bind(p, uri, local)))
        return NULL;
    if (xparse_sym(p, ','))
        body = clauses(p, op, last);
    else if (take_word(p, last))
        body = xparse_single(p);
    else
        return xparse_fail(p, "XPST0003", "expected '%s'", last);
    if (!(n = binary(p, op, 0, in, body, pos)))
        return NULL;
    n->slot = v->slot;
    p->locals = saved;
    p->n_slots--;
    p->nest--;
    return n;
}

static struct xn *if_expr(struct xparse *p)
{
    struct xn *n = xparse_node(p, OP_IF, 3);

    p->t += 2;
    if (!n || !(n->k[0] = xparse_comma(p)) || xparse_need(p, ')') < 0)
        return NULL;
    if (!take_word(p, "then"))
        return xparse_fail(p, "XPST0003", "expected 'then'");
    if (!(n->k[1] = xparse_single(p)))
        return NULL;
    if (!take_word(p, "else"))
        return xparse_fail(p, "XPST0003", "expected 'else'");
    return (n->k[2] = xparse_single(p)) ? n : NULL;
}

static struct xn *or_expr(struct xparse *p);

struct xn *xparse_single(struct xparse *p)
{
    const struct xtok *next = p->t->type == TK_END ? p->t : p->t + 1;
    bool var = next->type == TK_SYM && next->sym == '$';
    struct xn *n;

    if (++p->nest > XP_NEST_MAX)
        return xparse_fail(p, "xpath.limit.depth", "expression nested too deeply");
    if (var && take_word(p, "for"))
        n = clauses(p, OP_FOR, "return");
    else if (var && take_word(p, "some"))
        n = clauses(p, OP_SOME, "satisfies");
    else if (var && take_word(p, "every"))
        n = clauses(p, OP_EVERY, "satisfies");
    else if (var && take_word(p, "let"))
        n = clauses(p, OP_BIND, "return");
    else if (is_word(p->t, "if") && next->type == TK_SYM && next->sym == '(')
        n = if_expr(p);
    else
        n = or_expr(p);
    p->nest--;
    return n;
}

/* ---- operators, loosest first ---- */
static struct xn *type_ops(struct xparse *p);

static struct xn *unary(struct xparse *p)
{
    bool any = false, neg = false;
    uint32_t pos = p->t->pos;
    struct xn *n, *x;

    for (;; any = true) {
        if (xparse_sym(p, '-'))
            neg = !neg;
        else if (!xparse_sym(p, '+'))
            break;
    }
    x = xparse_path(p);
    while (x && xparse_sym(p, '!')) /* E1 ! E2: as a path, but never sorted */
        x = binary(p, OP_PATH, 1, x, xparse_path(p), pos);
    if (!x || !any)
        return x;
    if (!(n = xparse_node(p, OP_NEG, 1)))
        return NULL;
    n->sub = neg;
    n->k[0] = x;
    n->pos = pos;
    return n;
}

static struct xn *typed(struct xparse *p, struct xn *x, enum xop op, bool single)
{
    struct xn *n = xparse_node(p, op, 1);

    if (!n || !(n->st = arena_alloc(p->env->a, sizeof(*n->st)))) {
        (void)err_nomem(p->e);
        return NULL;
    }
    n->k[0] = x;
    n->pos = x->pos;
    return xparse_seqtype(n->st, p, single) < 0 ? NULL : n;
}

static struct xn *type_ops(struct xparse *p)
{
    struct xn *n = unary(p);

    while (n && xparse_sym(p, SYM2('=', '>')))
        n = xparse_call(p, n);

    if (n && take_words(p, "cast", "as"))
        n = typed(p, n, OP_CAST, true);
    if (n && take_words(p, "castable", "as"))
        n = typed(p, n, OP_CASTABLE, true);
    if (n && take_words(p, "treat", "as"))
        n = typed(p, n, OP_TREAT, false);
    if (n && take_words(p, "instance", "of"))
        n = typed(p, n, OP_INSTANCE, false);
    return n;
}

static struct xn *intersect_expr(struct xparse *p)
{
    struct xn *n = type_ops(p);

    while (n) {
        uint32_t pos = p->t->pos;
        if (take_word(p, "intersect"))
            n = binary(p, OP_INTERSECT, 0, n, type_ops(p), pos);
        else if (take_word(p, "except"))
            n = binary(p, OP_EXCEPT, 0, n, type_ops(p), pos);
        else
            break;
    }
    return n;
}

static struct xn *union_expr(struct xparse *p)
{
    struct kids k = {0};

    do {
        if (kid_add(p, &k, intersect_expr(p)) < 0)
            return NULL;
    } while (xparse_sym(p, '|') || take_word(p, "union"));
    return kids_node(p, OP_UNION, &k);
}

static struct xn *mul_expr(struct xparse *p)
{
    struct xn *n = union_expr(p);

    while (n) {
        uint32_t pos = p->t->pos;
        enum xarith op;
        if (xparse_sym(p, '*'))
            op = AR_MUL;
        else if (take_word(p, "div"))
            op = AR_DIV;
        else if (take_word(p, "idiv"))
            op = AR_IDIV;
        else if (take_word(p, "mod"))
            op = AR_MOD;
        else
            break;
        n = binary(p, OP_ARITH, (uint8_t)op, n, union_expr(p), pos);
    }
    return n;
}

static struct xn *add_expr(struct xparse *p)
{
    struct xn *n = mul_expr(p);

    while (n) {
        uint32_t pos = p->t->pos;
        if (xparse_sym(p, '+'))
            n = binary(p, OP_ARITH, AR_ADD, n, mul_expr(p), pos);
        else if (xparse_sym(p, '-'))
            n = binary(p, OP_ARITH, AR_SUB, n, mul_expr(p), pos);
        else
            break;
    }
    return n;
}

static struct xn *range_expr(struct xparse *p)
{
    struct xn *n = add_expr(p);
    uint32_t pos = p->t->pos;

    if (n && take_word(p, "to"))
        n = binary(p, OP_RANGE, 0, n, add_expr(p), pos);
    return n;
}

/* a || b || c is concat(a, b, c) with every operand made a string */
static struct xn *concat_expr(struct xparse *p)
{
    struct kids k = {0};
    struct xn *n;
    bool known;

    do {
        if (kid_add(p, &k, range_expr(p)) < 0)
            return NULL;
    } while (xparse_sym(p, SYM2('|', '|')));
    if (k.n == 1)
        return k.v[0];
    if (!(n = kids_node(p, OP_CALL, &k)))
        return NULL;
    n->fn = xfn_find(STR("concat"), k.n, &known);
    return n;
}

static struct xn *compare_expr(struct xparse *p)
{
    static const struct {
        int sym;
        const char *word;
        enum xop op;
        enum xcmp cmp;
    } ops[] = {{'=', NULL, OP_GCMP, CMP_EQ}, {SYM2('!', '='), NULL, OP_GCMP, CMP_NE},
        {'<', NULL, OP_GCMP, CMP_LT}, {SYM2('<', '='), NULL, OP_GCMP, CMP_LE},
        {'>', NULL, OP_GCMP, CMP_GT}, {SYM2('>', '='), NULL, OP_GCMP, CMP_GE},
        {0, "eq", OP_VCMP, CMP_EQ}, {0, "ne", OP_VCMP, CMP_NE}, {0, "lt", OP_VCMP, CMP_LT},
        {0, "le", OP_VCMP, CMP_LE}, {0, "gt", OP_VCMP, CMP_GT}, {0, "ge", OP_VCMP, CMP_GE},
        {0, "is", OP_NCMP, CMP_IS}, {SYM2('<', '<'), NULL, OP_NCMP, CMP_BEFORE},
        {SYM2('>', '>'), NULL, OP_NCMP, CMP_AFTER}};
    struct xn *n = concat_expr(p);
    uint32_t pos = p->t->pos;

    for (size_t i = 0; n && i < sizeof(ops) / sizeof(ops[0]); i++)
        if (ops[i].sym ? xparse_sym(p, ops[i].sym) : take_word(p, ops[i].word))
            return binary(p, ops[i].op, (uint8_t)ops[i].cmp, n, concat_expr(p), pos);
    return n;
}

static struct xn *and_expr(struct xparse *p)
{
    struct kids k = {0};

    do {
        if (kid_add(p, &k, compare_expr(p)) < 0)
            return NULL;
    } while (take_word(p, "and"));
    return kids_node(p, OP_AND, &k);
}

static struct xn *or_expr(struct xparse *p)
{
    struct kids k = {0};

    do {
        if (kid_add(p, &k, and_expr(p)) < 0)
            return NULL;
    } while (take_word(p, "or"));
    return kids_node(p, OP_OR, &k);
}

/* ---- entry ---- */
static int start(struct xparse *p, struct str text)
{
    p->expr = xenv_dup(p->env, text);
    p->t = NULL;
    p->nest = 0;
    if (!p->expr.p)
        return err_nomem(p->e);
    return xlex(&p->t, p->env->a, p->expr, p->e);
}

static int at_end(struct xparse *p)
{
    if (p->t->type == TK_END)
        return 0;
    (void)xparse_fail(p, "XPST0003", "unexpected text after the expression");
    return -1;
}

int xparse_expr(struct xn **out, struct xparse *p, struct str expr)
{
    if (start(p, expr) < 0 || !(*out = xparse_comma(p)))
        return -1;
    return at_end(p);
}

int xparse_type(struct stype *out, struct xparse *p, struct str text)
{
    if (start(p, text) < 0 || xparse_seqtype(out, p, false) < 0)
        return -1;
    return at_end(p);
}

int xparse_pattern(struct xn **out, struct xparse *p, struct str text)
{
    if (start(p, text) < 0 || !(*out = union_expr(p)))
        return -1;
    return at_end(p);
}
