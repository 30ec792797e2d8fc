/* check.c - type errors that can be told without a document: XPath 2.0 §2.2.3.1, as far as Saxon
 * goes. An operand whose static type can never do is an error of the expression, also where it
 * would not be evaluated. What might still work (another type at run time, or an empty sequence
 * where one is allowed) is left to the evaluation. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#define T_DURATION (T(XP_DURATION) | T(XP_YEARMONTHDURATION) | T(XP_DAYTIMEDURATION))
#define T_INSTANT (T(XP_DATE) | T(XP_TIME) | T(XP_DATETIME))
#define T_GREGORIAN (T(XP_GYEAR) | T(XP_GYEARMONTH) | T(XP_GMONTH) | T(XP_GMONTHDAY) | T(XP_GDAY))
#define T_UNORDERED (T(XP_QNAME) | T_GREGORIAN)
#define T_BINARY (T(XP_HEXBINARY) | T(XP_BASE64BINARY))
#define T_NUMERIC_ARG (T_NUM | T(XP_UNTYPED))

/* The arguments of the functions that ask for a type, two characters each: s string, # numeric,
 * d double, i integer, D date, T dateTime, t time, U duration, Z dayTimeDuration, Q QName, n node,
 * - anything; then . exactly one, ? at most one, * any number. */
static const struct {
    const char *name, *args;
} signatures[] = {{"abs", "#?"}, {"adjust-date-to-timezone", "D?Z?"},
    {"adjust-dateTime-to-timezone", "T?Z?"}, {"adjust-time-to-timezone", "t?Z?"},
    {"base-uri", "n?"}, {"ceiling", "#?"}, {"codepoint-equal", "s?s?"},
    {"codepoints-to-string", "i*"}, {"compare", "s?s?s."}, {"contains", "s?s?s."},
    {"contains-token", "s*s.s."}, {"dateTime", "D?t?"}, {"day-from-date", "D?"},
    {"day-from-dateTime", "T?"}, {"days-from-duration", "U?"}, {"deep-equal", "-*-*s."},
    {"distinct-values", "-*s."}, {"document-uri", "n?"}, {"element-with-id", "s*n."},
    {"encode-for-uri", "s?"}, {"ends-with", "s?s?s."}, {"escape-html-uri", "s?"}, {"floor", "#?"},
    {"format-date", "D?s.s?s?s?"}, {"format-dateTime", "T?s.s?s?s?"}, {"format-integer", "i?s.s?"},
    {"format-number", "#?s.s?"}, {"format-time", "t?s.s?s?s?"}, {"generate-id", "n?"},
    {"has-children", "n?"}, {"hours-from-dateTime", "T?"}, {"hours-from-duration", "U?"},
    {"hours-from-time", "t?"}, {"id", "s*n."}, {"idref", "s*n."}, {"in-scope-prefixes", "n."},
    {"index-of", "-*-.s."}, {"innermost", "n*"}, {"insert-before", "-*i.-*"}, {"iri-to-uri", "s?"},
    {"key", "s.-*n."}, {"lang", "s?n."}, {"local-name", "n?"}, {"local-name-from-QName", "Q?"},
    {"lower-case", "s?"}, {"max", "-*s."}, {"min", "-*s."}, {"matches", "s?s.s."},
    {"minutes-from-dateTime", "T?"}, {"minutes-from-duration", "U?"}, {"minutes-from-time", "t?"},
    {"month-from-date", "D?"}, {"month-from-dateTime", "T?"}, {"months-from-duration", "U?"},
    {"name", "n?"}, {"namespace-uri", "n?"}, {"namespace-uri-for-prefix", "s?n."},
    {"namespace-uri-from-QName", "Q?"}, {"nilled", "n?"}, {"node-name", "n?"},
    {"normalize-space", "s?"}, {"normalize-unicode", "s?s."}, {"outermost", "n*"},
    {"prefix-from-QName", "Q?"}, {"QName", "s?s."}, {"remove", "-*i."}, {"replace", "s?s.s.s."},
    {"resolve-QName", "s?n."}, {"resolve-uri", "s?s."}, {"root", "n?"}, {"round", "#?i."},
    {"round-half-to-even", "#?i."}, {"seconds-from-dateTime", "T?"},
    {"seconds-from-duration", "U?"}, {"seconds-from-time", "t?"}, {"starts-with", "s?s?s."},
    {"string-join", "-*s."}, {"string-length", "s?"}, {"string-to-codepoints", "s?"},
    {"subsequence", "-*d.d."}, {"substring", "s?d.d."}, {"substring-after", "s?s?s."},
    {"substring-before", "s?s?s."}, {"timezone-from-date", "D?"}, {"timezone-from-dateTime", "T?"},
    {"timezone-from-time", "t?"}, {"tokenize", "s?s.s."}, {"translate", "s?s.s."},
    {"upper-case", "s?"}, {"year-from-date", "D?"}, {"year-from-dateTime", "T?"},
    {"years-from-duration", "U?"}};

/* Of values that are computed while compiling (or fail then), and functions that give what they are
 * given, Saxon does not look at the type. */
static bool vague(const struct xn *n)
{
    return (n->op == OP_CONST && n->sub) || (n->op == OP_CALL && !n->fn->types) ||
           (n->op == OP_CAST && n->k[0]->op == OP_CONST && n->st->prim != XP_QNAME);
}

static uint32_t atomized(const struct xn *n)
{
    if (vague(n))
        return T_ATOMIC;
    return (n->types & T_ATOMIC) | (n->types & T_NODE ? T(XP_UNTYPED) | T_STR : 0);
}

static bool may_be_empty(const struct xn *n)
{
    return (n->card & CARD_0) != 0;
}

/* ---- arguments ---- */

/* What converts to the type: itself, types above it, what is promoted, untyped values. */
static uint32_t accepted(enum xp_type t)
{
    switch (t) {
    case XP_STRING:
    case XP_ANYURI:
        return T_STRINGY;
    case XP_DECIMAL:
        return T_NUMERIC_ARG;
    case XP_INTEGER:
        return T(XP_INTEGER) | T(XP_DECIMAL) | T(XP_UNTYPED);
    case XP_FLOAT:
        return T_NUMERIC_ARG & ~T(XP_DOUBLE);
    case XP_DOUBLE:
        return T_NUMERIC_ARG;
    case XP_DURATION:
    case XP_YEARMONTHDURATION:
    case XP_DAYTIMEDURATION:
        return T_DURATION | T(XP_UNTYPED);
    default:
        return T(t) | T(XP_UNTYPED);
    }
}

static uint32_t wanted(char letter)
{
    switch (letter) {
    case 's':
        return accepted(XP_STRING);
    case '#':
    case 'd':
    case 'i': /* any number might be whole */
        return accepted(XP_DOUBLE);
    case 'D':
        return accepted(XP_DATE);
    case 'T':
        return accepted(XP_DATETIME);
    case 't':
        return accepted(XP_TIME);
    case 'U':
        return accepted(XP_DURATION);
    case 'Z':
        return accepted(XP_DAYTIMEDURATION);
    case 'Q':
        return accepted(XP_QNAME);
    default:
        return letter == 'n' ? T_NODE : T_ANY;
    }
}

/* Never one of the types wanted, and not the empty sequence where that would do. */
static bool never(const struct xn *k, uint32_t want, bool empty_does)
{
    uint32_t have = want & T_NODE ? k->types : atomized(k);

    return !vague(k) && have && !(have & want) && !(empty_does && may_be_empty(k));
}

static int check_call(const struct xn *n, struct xparse *p)
{
    const char *args = NULL;

    for (size_t i = 0; !args && i < sizeof(signatures) / sizeof(signatures[0]); i++)
        if (strcmp(signatures[i].name, n->fn->name) == 0)
            args = signatures[i].args;
    for (uint32_t i = 0; args && i < n->nk && args[2 * i]; i++)
        if (never(n->k[i], wanted(args[2 * i]), args[2 * i + 1] != '.'))
            return xp_static_error(p->e, "XPTY0004", p->expr, n->k[i]->pos,
                "argument %u of %s() can never have the type that is required", i + 1, n->fn->name);
    return 0;
}

static int check_convert(const struct xn *n, struct xparse *p)
{
    const struct stype *st = n->st;
    uint32_t want = st->atomic ? accepted(st->prim) : T_NODE;

    if (st->any || st->empty || st->any_atomic || !never(n->k[0], want, (st->occ & CARD_0) != 0))
        return 0;
    return xp_static_error(
        p->e, "XPTY0004", p->expr, n->k[0]->pos, "can never have the type that is required");
}

static int check_range(const struct xn *n, struct xparse *p)
{
    for (uint32_t i = 0; i < n->nk; i++)
        if (never(n->k[i], T_NUMERIC_ARG, true))
            return xp_static_error(
                p->e, "XPTY0004", p->expr, n->k[i]->pos, "the end of a range is no integer");
    return 0;
}

static int check_nodes(const struct xn *n, struct xparse *p, const char *what)
{
    for (uint32_t i = 0; i < n->nk; i++)
        if (never(n->k[i], T_NODE, true))
            return xp_static_error(
                p->e, "XPTY0004", p->expr, n->k[i]->pos, "an operand of %s is no node", what);
    return 0;
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
    uint32_t x = atomized(n->k[0]), y = atomized(n->k[1]);

    if (!x || !y || ((x | y) & T(XP_UNTYPED)) || some_pair(x, y, n->sub, arithmetic))
        return 0;
    return xp_static_error(
        p->e, "XPTY0004", p->expr, n->pos, "arithmetic is not defined for these types");
}

static int check_compare(const struct xn *n, struct xparse *p)
{
    uint32_t x = atomized(n->k[0]), y = atomized(n->k[1]);

    if (n->op == OP_VCMP && x && y && n->sub >= CMP_LT &&
        (!(x & ~T_UNORDERED) || !(y & ~T_UNORDERED)))
        return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "these types have no order");
    if (!x || !y || may_be_empty(n->k[0]) || may_be_empty(n->k[1]) ||
        some_pair(x, y, n->sub, comparable))
        return 0;
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
    uint32_t from = atomized(n->k[0]);

    for (uint32_t x = 1; x <= from; x <<= 1)
        if ((x & from) && castable(n->st->prim, x))
            return 0;
    if (!from)
        return 0;
    return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "this cast can never succeed");
}

/* ---- effective boolean values, context items ---- */

int xcheck_test(const struct xn *k, struct xparse *p)
{
    bool several = k->op == OP_CONST && k->seq.n > 1;

    if (vague(k) || !k->types || may_be_empty(k) ||
        (!several && (k->types & (T_NODE | T_BOOL | T_STRINGY | T_NUM))))
        return 0;
    return xp_static_error(
        p->e, "FORG0006", p->expr, k->pos, "the value can never be taken as a boolean");
}

static int check_conditions(const struct xn *n, uint32_t first, uint32_t end, struct xparse *p)
{
    for (uint32_t i = first; i < end && i < n->nk; i++)
        if (xcheck_test(n->k[i], p) < 0)
            return -1;
    return 0;
}

static int check_path(const struct xn *n, struct xparse *p)
{
    const struct xn *l = n->k[0];

    if (n->sub || vague(l) || !l->types || (l->types & T_NODE) || may_be_empty(l))
        return 0;
    return xp_static_error(p->e, "XPTY0019", p->expr, l->pos, "the left side of / is no node");
}

int xcheck(const struct xn *n, struct xparse *p)
{
    switch ((enum xop)n->op) {
    case OP_CALL:
        if (xfn_is(n, "boolean") || (xfn_is(n, "not") && n->k[0]->op != OP_CONST))
            return check_conditions(n, 0, 1, p);
        return check_call(n, p);
    case OP_CONVERT:
        return check_convert(n, p);
    case OP_CAST:
        return check_cast(n, p);
    case OP_ARITH:
        return check_arith(n, p);
    case OP_NEG:
        if (!never(n->k[0], T_NUMERIC_ARG, true))
            return 0;
        return xp_static_error(p->e, "XPTY0004", p->expr, n->pos, "the sign of what is no number");
    case OP_GCMP:
    case OP_VCMP:
        return check_compare(n, p);
    case OP_RANGE:
        return check_range(n, p);
    case OP_NCMP:
        if (!n->k[0]->types || !n->k[1]->types)
            return 0;
        return check_nodes(n, p, "is, << or >>");
    case OP_UNION:
    case OP_INTERSECT:
    case OP_EXCEPT:
        return check_nodes(n, p, "|, intersect or except");
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
        return check_path(n, p);
    default:
        return 0;
    }
}
