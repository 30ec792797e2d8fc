/* check_args.c - what an argument or operand must be, told without a document: its type, and how
 * many items. See check.c. */
#include "ubl/xpath/check_priv.h"

#include <stdio.h>
#include <string.h>

/* The arguments of the functions that ask for a type, two characters each: s string, # numeric,
 * d double, i integer, D date, T dateTime, t time, U duration, Z dayTimeDuration, Q QName, n node,
 * - anything; then . exactly one, ? at most one, * any number. (concat: below.) */
static const struct {
    const char *name, *args;
} signatures[] = {{"abs", "#?"}, {"adjust-date-to-timezone", "D?Z?"},
    {"adjust-dateTime-to-timezone", "T?Z?"}, {"adjust-time-to-timezone", "t?Z?"},
    {"base-uri", "n?"}, {"ceiling", "#?"}, {"codepoint-equal", "s?s?"},
    {"codepoints-to-string", "i*"}, {"compare", "s?s?s."}, {"contains", "s?s?s."},
    {"contains-token", "s*s.s."}, {"dateTime", "D?t?"}, {"day-from-date", "D?"},
    {"day-from-dateTime", "T?"}, {"days-from-duration", "U?"}, {"deep-equal", "-*-*s?"},
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
    {"normalize-space", "s?"}, {"normalize-unicode", "s?s."}, {"number", "-?"}, {"outermost", "n*"},
    {"prefix-from-QName", "Q?"}, {"QName", "s?s."}, {"remove", "-*i."}, {"replace", "s?s.s.s."},
    {"resolve-QName", "s?n."}, {"resolve-uri", "s?s."}, {"root", "n?"}, {"round", "#?i."},
    {"round-half-to-even", "#?i."}, {"seconds-from-dateTime", "T?"},
    {"seconds-from-duration", "U?"}, {"seconds-from-time", "t?"}, {"starts-with", "s?s?s."},
    {"string", "-?"}, {"string-join", "-*s."}, {"string-length", "s?"},
    {"string-to-codepoints", "s?"}, {"subsequence", "-*d.d."}, {"substring", "s?d.d?"},
    {"substring-after", "s?s?s."}, {"substring-before", "s?s?s."}, {"sum", "-*-?"},
    {"timezone-from-date", "D?"}, {"timezone-from-dateTime", "T?"}, {"timezone-from-time", "t?"},
    {"tokenize", "s?s.s."}, {"trace", "-*s."}, {"translate", "s?s.s."}, {"upper-case", "s?"},
    {"year-from-date", "D?"}, {"year-from-dateTime", "T?"}, {"years-from-duration", "U?"}};

/* Of values that are computed while compiling (or fail then), and functions that give what they are
 * given, Saxon does not look at the type. */
bool xcheck_vague(const struct xn *n)
{
    while (n->op == OP_CACHED || n->op == OP_MEMO)
        n = n->k[0];
    return (n->op == OP_CONST && n->sub == CONST_CALL) || (n->op == OP_CALL && !n->fn->types) ||
           (n->op == OP_CAST && n->k[0]->op == OP_CONST && n->st->prim != XP_QNAME);
}

uint32_t xcheck_atomized(const struct xn *n)
{
    if (xcheck_vague(n))
        return T_ATOMIC;
    return (n->types & T_ATOMIC) | (n->types & T_NODE ? T(XP_UNTYPED) | T_STR : 0);
}

bool xcheck_may_be_empty(const struct xn *n)
{
    return (n->card & CARD_0) || (n->op == OP_CONST && n->sub == CONST_MAYBE);
}

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

/* Of a list written out each part counts for itself. A condition decides when it is evaluated. */
static bool never(const struct xn *k, uint32_t want, bool empty_does)
{
    uint32_t have = want & T_NODE ? k->types : xcheck_atomized(k);

    if (k->op == OP_COMMA) {
        for (uint32_t i = 0; i < k->nk; i++)
            if (never(k->k[i], want, true))
                return true;
        return false;
    }
    return k->op != OP_IF && !xcheck_vague(k) && have && !(have & want) &&
           !(empty_does && xcheck_may_be_empty(k));
}

/* Too many or too few, however it is evaluated. What is written as a constant Saxon counts when it
 * optimizes, so only where it is used. */
static int check_count(const struct xn *k, char occurs, struct xparse *p, const char *what)
{
    const char *why = k->card == CARD_0 ? "the empty sequence" : "a sequence of several values";

    for (uint32_t i = 1; k->op == OP_IF && i < k->nk; i++)
        if (check_count(k->k[i], occurs, p, what))
            return -1;
    if ((k->op == OP_CONST && k->sub >= CONST_MAYBE) || k->op == OP_IF || occurs == '*' ||
        (k->card != CARD_N && (occurs != '.' || k->op != OP_CONST || k->card != CARD_0)))
        return 0;
    if (k->op == OP_COMMA)
        return xp_static_error(p->e, "XPTY0004", p->expr, k->pos, "%s is %s", what, why);
    return xcheck_late(p, "XPTY0004", k->pos, "%s is %s", what, why);
}

/* Of constants of several types not all of which will do, it is said when they are evaluated. */
static bool mixed(const struct xn *k, uint32_t want)
{
    return k->op == OP_CONST && !(want & T_NODE) && (xcheck_atomized(k) & ~want);
}

static const char *arguments_of(const char *name)
{
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
        if (strcmp(signatures[i].name, name) == 0)
            return signatures[i].args;
    return "";
}

int xcheck_call(const struct xn *n, struct xparse *p)
{
    const char *args = arguments_of(n->fn->name);
    bool concat = xfn_is(n, "concat");
    char what[64];

    for (uint32_t i = 0; i < n->nk && (concat || args[2 * i]); i++) {
        char type = concat ? '-' : args[2 * i], occurs = concat ? '?' : args[2 * i + 1];
        if (never(n->k[i], wanted(type), occurs != '.'))
            return xp_static_error(p->e, "XPTY0004", p->expr, n->k[i]->pos,
                "argument %u of %s() can never have the type that is required", i + 1, n->fn->name);
        (void)snprintf(what, sizeof(what), "argument %u of %s()", i + 1, n->fn->name);
        if (!mixed(n->k[i], wanted(type)) && check_count(n->k[i], occurs, p, what))
            return -1;
    }
    return 0;
}

int xcheck_convert(const struct xn *n, struct xparse *p)
{
    const struct stype *st = n->st;
    uint32_t want = st->atomic ? accepted(st->prim) : T_NODE;
    char occurs = st->occ & CARD_N ? '*' : st->occ & CARD_0 ? '?' : '.';

    if (!st->any && !st->empty && !st->any_atomic && never(n->k[0], want, (st->occ & CARD_0) != 0))
        return xp_static_error(
            p->e, "XPTY0004", p->expr, n->k[0]->pos, "can never have the type that is required");
    if (st->empty || (st->atomic && !st->any_atomic && mixed(n->k[0], want)))
        return 0;
    return check_count(n->k[0], occurs, p, "what is given");
}

int xcheck_operands(
    const struct xn *n, uint32_t want, char occurs, struct xparse *p, const char *what)
{
    for (uint32_t i = 0; i < n->nk; i++) /* then the answer is () */
        if (occurs == '?' && n->k[i]->op == OP_CONST && !n->k[i]->seq.n)
            return 0;
    for (uint32_t i = 0; i < n->nk; i++) {
        if (never(n->k[i], want, true))
            return xp_static_error(p->e, "XPTY0004", p->expr, n->k[i]->pos,
                "%s can never have the type that is required", what);
        if (check_count(n->k[i], occurs, p, what))
            return -1;
    }
    return 0;
}

int xcheck_path(const struct xn *n, struct xparse *p)
{
    const struct xn *l = n->k[0];

    if (n->sub || !never(l, T_NODE, true))
        return 0;
    return xp_static_error(p->e, "XPTY0019", p->expr, l->pos, "the left side of / is no node");
}
