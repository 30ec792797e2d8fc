/* check.c - type errors that can be told without a document: XPath 2.0 §2.2.3.1, as far as Saxon
 * goes. An operand whose static type can never do is an error of the expression, also where it
 * would not be evaluated. What might still work (another type at run time, or an empty sequence
 * where one is allowed) is left to the evaluation. */
#include "ubl/xpath/check_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Saxon finds this while it optimizes: not in a variable that nothing uses. */
int xcheck_late(struct xparse *p, const char *code, uint32_t pos, const char *fmt, ...)
{
    struct err ignored = ERR_INIT, *e = p->late ? p->late : p->e;
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (p->late && p->late->class != ERR_NONE) /* the first one counts */
        e = &ignored;
    (void)xp_static_error(e, code, p->expr, pos, "%s", text);
    return p->late ? 0 : -1;
}

/* ---- pairs ---- */

typedef bool pair_fn(uint8_t op, uint32_t x, uint32_t y);

/* Is there a type of each side that goes with the other? */
static bool some_pair(uint32_t xs, uint32_t ys, uint8_t op, pair_fn *fits)
{
    for (uint32_t x = 1; x <= xs; x <<= 1)
        for (uint32_t y = 1; (x & xs) && y <= ys; y <<= 1)
            if ((y & ys) && fits(op, x, y))
                return true;
    return false;
}

static bool arithmetic(uint8_t op, uint32_t x, uint32_t y)
{
    bool number = (x & T_NUM) && (y & T_NUM);

    switch ((enum xarith)op) {
    case AR_ADD:
        return number || ((x & T_INSTANT) && (y & T_DURATION)) ||
               ((x & T_DURATION) && (y & (T_INSTANT | T_DURATION)));
    case AR_SUB:
        return number || ((x & T_INSTANT) && (y & (T_INSTANT | T_DURATION))) ||
               ((x & T_DURATION) && (y & T_DURATION));
    case AR_MUL:
        return number || ((x & T_DURATION) && (y & T_NUM)) || ((x & T_NUM) && (y & T_DURATION));
    case AR_DIV:
        return number || ((x & T_DURATION) && (y & (T_NUM | T_DURATION)));
    default:
        return number;
    }
}

static bool comparable(uint8_t op, uint32_t x, uint32_t y)
{
    static const uint32_t families[] = {T_NUM, T_STRINGY, T_DURATION};

    if (op >= CMP_LT && ((x | y) & T_UNORDERED))
        return false;
    if (x == y || ((x | y) & T(XP_UNTYPED)))
        return true;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if ((x & families[i]) && (y & families[i]))
            return true;
    return false;
}

static int check_arith(const struct xn *n, struct xparse *p)
{
    uint32_t x = xcheck_atomized(n->k[0]), y = xcheck_atomized(n->k[1]);

    if (!x || !y || ((x | y) & T(XP_UNTYPED)) || some_pair(x, y, n->sub, arithmetic))
        return xcheck_operands(n, T_ANY, '?', p, "an operand of arithmetic");
    return xp_static_error(
        p->e, "XPTY0004", p->expr, n->pos, "arithmetic is not defined for these types");
}

/* Saxon compares constants at once, and what cannot be compared is an error of the expression. */
static int check_constants(const struct xn *n, struct xparse *p)
{
    struct err why = ERR_INIT;

    if (n->k[0]->op != OP_CONST || n->k[1]->op != OP_CONST || n->k[0]->sub >= CONST_MAYBE ||
        n->k[1]->sub >= CONST_MAYBE || xopt_constant(n, p, &why) ||
        strcmp(why.code, "XPTY0004") != 0)
        return 0;
    return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "%s", why.msg);
}

static int check_compare(const struct xn *n, struct xparse *p)
{
    uint32_t x = xcheck_atomized(n->k[0]), y = xcheck_atomized(n->k[1]);

    if (n->op == OP_VCMP && x && y && n->sub >= CMP_LT &&
        (!(x & ~T_UNORDERED) || !(y & ~T_UNORDERED)))
        return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "these types have no order");
    if (!x || !y || xcheck_may_be_empty(n->k[0]) || xcheck_may_be_empty(n->k[1]) ||
        some_pair(x, y, n->sub, comparable))
        return n->op == OP_VCMP ? xcheck_operands(n, T_ANY, '?', p, "an operand of a comparison")
                                : check_constants(n, p);
    return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "these types cannot be compared");
}

static bool castable(enum xp_type to, uint32_t from)
{
    static const uint32_t families[] = {T_NUM | T_BOOL, T_DURATION, T_BINARY};

    if ((from & T_STRINGY & ~T(XP_ANYURI)) || from == T(to) || (T(to) & (T_STR | T(XP_UNTYPED))))
        return true;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if ((from & families[i]) && (T(to) & families[i]))
            return true;
    if (from & (T(XP_DATE) | T(XP_DATETIME)))
        return (T(to) & (T(XP_DATE) | T(XP_DATETIME) | T_GREGORIAN)) ||
               (to == XP_TIME && (from & T(XP_DATETIME)));
    return false;
}

static int check_cast(const struct xn *n, struct xparse *p)
{
    uint32_t from = xcheck_atomized(n->k[0]);

    for (uint32_t x = 1; x <= from; x <<= 1)
        if ((x & from) && castable(n->st->prim, x))
            return xcheck_operands(n, T_ANY, n->st->occ & CARD_0 ? '?' : '.', p, "what is cast");
    if (!from)
        return 0;
    return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "this cast can never succeed");
}

/* ---- effective boolean values, context items ---- */

/* What fails always has no type that could do either. */
static bool of_nothing(const struct xn *n)
{
    if (!n->nk || n->k[0]->op != OP_CONST || n->k[0]->seq.n)
        return false;
    return n->op == OP_CALL ? xfn_is(n, "exactly-one") || xfn_is(n, "one-or-more")
                            : (n->op == OP_CAST || n->op == OP_TREAT) && !(n->st->occ & CARD_0);
}

/* A QName that cannot be made: told when it is evaluated. */
static bool fails(const struct xn *k, struct xparse *p)
{
    struct err ignored = ERR_INIT;

    return k->op == OP_CAST && k->k[0]->op == OP_CONST && !xopt_constant(k, p, &ignored);
}

/* `at_once`: also what is wrong with a constant. */
static int check_truth(const struct xn *k, bool at_once, struct xparse *p)
{
    bool several = k->op == OP_CONST && k->seq.n > 1;

    while (k->op == OP_CACHED || k->op == OP_MEMO)
        k = k->k[0];
    if (!of_nothing(k) &&
        (xcheck_vague(k) || fails(k, p) || !k->types || xcheck_may_be_empty(k) ||
            k->op == OP_COMMA || (!several && (k->types & (T_NODE | T_BOOL | T_STRINGY | T_NUM)))))
        return 0;
    if (several && !at_once)
        return xcheck_late(p, "FORG0006", k->pos, "several values can never be taken as a boolean");
    return xp_static_error(
        p->e, "FORG0006", p->expr, k->pos, "the value can never be taken as a boolean");
}

int xcheck_test(const struct xn *k, struct xparse *p)
{
    return check_truth(k, false, p);
}

/* Of a predicate in a pattern Saxon looks at constants alone. */
int xcheck_constant(const struct xn *k, struct xparse *p)
{
    bool single = k->op == OP_CONST && k->seq.n == 1;

    if (k->op != OP_CONST || !k->seq.n || (T(k->seq.v->type) & T_NUM) ||
        (single && (k->types & (T_NODE | T_BOOL | T_STRINGY))))
        return 0;
    return xp_static_error(
        p->e, "FORG0006", p->expr, k->pos, "the value can never be taken as a boolean");
}

static int check_conditions(const struct xn *n, uint32_t first, uint32_t end, struct xparse *p)
{
    bool operands = n->op == OP_AND || n->op == OP_OR;
    bool predicates = n->op == OP_STEP || n->op == OP_FILTER;

    for (uint32_t i = first; i < end && i < n->nk; i++)
        if (check_truth(n->k[i], operands || (predicates && (n->k[i]->types & ~T_NUM)), p) < 0)
            return -1;
    return 0;
}

/* What is wrong with a variable counts where it is used. */
static int check_let(const struct xn *n, struct xparse *p)
{
    const struct err *late = p->env->let_list[n->slot]->late;

    return late ? xcheck_late(p, late->code, n->pos, "%s", late->msg) : 0;
}

int xcheck(const struct xn *n, struct xparse *p)
{
    switch ((enum xop)n->op) {
    case OP_CALL:
        if (xfn_is(n, "boolean") || (xfn_is(n, "not") && n->k[0]->op != OP_CONST))
            return check_conditions(n, 0, 1, p);
        return xcheck_call(n, p);
    case OP_CONVERT:
        return xcheck_convert(n, p);
    case OP_LET:
        return check_let(n, p);
    case OP_CAST:
        return check_cast(n, p);
    case OP_ARITH:
        return check_arith(n, p);
    case OP_NEG:
        return xcheck_operands(n, T_NUMERIC_ARG, '?', p, "what a sign stands before");
    case OP_GCMP:
    case OP_VCMP:
        return check_compare(n, p);
    case OP_RANGE:
        return xcheck_operands(n, T_NUMERIC_ARG, '?', p, "an end of a range");
    case OP_NCMP:
        if (!n->k[0]->types || !n->k[1]->types)
            return 0;
        return xcheck_operands(n, T_NODE, '?', p, "an operand of is, << or >>");
    case OP_UNION:
    case OP_INTERSECT:
    case OP_EXCEPT:
        return xcheck_operands(n, T_NODE, '*', p, "an operand of |, intersect or except");
    case OP_AND:
    case OP_OR:
        return check_conditions(n, 0, n->nk, p);
    case OP_IF:
        return check_conditions(n, 0, 1, p);
    case OP_SOME:
    case OP_EVERY:
        return check_conditions(n, 1, 2, p);
    case OP_STEP:
        if (p->focus_types && !(p->focus_types & T_NODE))
            return xp_static_error(
                p->e, "XPTY0020", p->expr, n->pos, "a step from what is no node");
        return check_conditions(n, 0, n->nk, p);
    case OP_FILTER:
        return check_conditions(n, 1, n->nk, p);
    case OP_PATH:
        return xcheck_path(n, p);
    default:
        return 0;
    }
}
