/* lexer.c - an expression to tokens.
 *
 * Whether a name is an operator and `*` a wildcard depends on where it stands, so the parser
 * decides; here only what is glued together is joined: prefix:name, prefix:*, *:name, two-character
 * symbols. XPath 2.0 A.2. */
#include "ubl/xpath/parse_priv.h"

#include <stdio.h>

struct lex {
    struct str s;
    size_t at;
    struct arena *a;
    struct xtok *v;
    size_t n, cap;
    struct err *e;
};

int xp_static_error(
    struct err *e, const char *code, struct str expr, uint32_t pos, const char *fmt, ...)
{
    char what[160];
    struct str near = str_sub(expr, pos > 20 ? pos - 20 : 0, 60);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return err_set(e, ERR_INPUT, code, "XPath 2.0", "%s, at character %u near \"%.*s\"", what,
        (unsigned)pos + 1, STR_FMT(near));
}

static int lex_fail(struct lex *l, const char *what)
{
    return xp_static_error(l->e, "XPST0003", l->s, (uint32_t)l->at, "%s", what);
}

static bool name_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool name_char(unsigned char c)
{
    return name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static unsigned char peek(const struct lex *l, size_t ahead)
{
    return l->at + ahead < l->s.n ? (unsigned char)l->s.p[l->at + ahead] : 0;
}

/* (: comments nest :) and white space */
static int skip(struct lex *l)
{
    unsigned depth = 0;

    for (; l->at < l->s.n; l->at++) {
        unsigned char c = peek(l, 0), d = peek(l, 1);
        if (c == '(' && d == ':') {
            depth++;
            l->at++;
        } else if (depth && c == ':' && d == ')') {
            depth--;
            l->at++;
        } else if (!depth && c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return 0;
        }
    }
    return depth ? lex_fail(l, "unclosed comment") : 0;
}

static struct xtok *push(struct lex *l, enum xtok_type type)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct xtok *v = arena_alloc(l->a, cap * sizeof(*v));
        if (!v) {
            (void)err_nomem(l->e);
            return NULL;
        }
        if (l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = (struct xtok){.type = type, .pos = (uint32_t)l->at};
    return &l->v[l->n++];
}

static struct str ncname(struct lex *l)
{
    size_t from = l->at;

    while (l->at < l->s.n && name_char(peek(l, 0)))
        l->at++;
    return (struct str){l->s.p + from, l->at - from};
}

static int lex_name(struct lex *l)
{
    struct xtok *t = push(l, TK_NAME);

    if (!t)
        return -1;
    t->text = ncname(l);
    if (peek(l, 0) != ':' || peek(l, 1) == ':')
        return 0;
    if (peek(l, 1) == '*') {
        t->type = TK_WILD_NS;
        t->prefix = t->text;
        l->at += 2;
    } else if (name_start(peek(l, 1))) {
        l->at++;
        t->prefix = t->text;
        t->has_prefix = true;
        t->text = ncname(l);
    }
    return 0;
}

/* Q{uri}local, Q{uri}* (XPath 3.1) */
static int lex_braced(struct lex *l)
{
    struct xtok *t = push(l, TK_NAME);
    size_t from = l->at + 2;

    if (!t)
        return -1;
    l->at = from;
    while (l->at < l->s.n && peek(l, 0) != '}' && peek(l, 0) != '{')
        l->at++;
    t->prefix = str_trim((struct str){l->s.p + from, l->at - from});
    t->has_prefix = t->has_uri = true;
    l->at++;
    if (l->at < l->s.n && peek(l, 0) == '*') {
        t->type = TK_WILD_NS;
        l->at++;
    } else if (name_start(peek(l, 0))) {
        t->text = ncname(l);
    } else {
        return lex_fail(l, "Q{uri} without a name");
    }
    return 0;
}

static int lex_number(struct lex *l)
{
    size_t from = l->at;
    struct xtok *t = push(l, TK_INTEGER);

    if (!t)
        return -1;
    while (peek(l, 0) >= '0' && peek(l, 0) <= '9')
        l->at++;
    if (peek(l, 0) == '.') {
        t->type = TK_DECIMAL;
        l->at++;
        while (peek(l, 0) >= '0' && peek(l, 0) <= '9')
            l->at++;
    }
    if (peek(l, 0) == 'e' || peek(l, 0) == 'E') {
        t->type = TK_DOUBLE;
        l->at++;
        if (peek(l, 0) == '+' || peek(l, 0) == '-')
            l->at++;
        if (peek(l, 0) < '0' || peek(l, 0) > '9')
            return lex_fail(l, "number without digits in its exponent");
        while (peek(l, 0) >= '0' && peek(l, 0) <= '9')
            l->at++;
    }
    if (name_start(peek(l, 0)))
        return lex_fail(l, "a name directly after a number");
    t->text = (struct str){l->s.p + from, l->at - from};
    return 0;
}

/* The delimiter doubled stands for itself. */
static int lex_string(struct lex *l)
{
    char q = (char)peek(l, 0), *out;
    struct xtok *t = push(l, TK_STRING);
    size_t from = l->at + 1, n = 0, doubled = 0;

    if (!t)
        return -1;
    for (l->at++;; l->at++, n++) {
        if (l->at >= l->s.n)
            return lex_fail(l, "unclosed string");
        if (l->s.p[l->at] != q)
            continue;
        if ((char)peek(l, 1) != q)
            break;
        l->at++;
        doubled++;
    }
    l->at++;
    t->text = (struct str){l->s.p + from, n};
    if (!doubled)
        return 0;
    if (!(out = arena_alloc(l->a, n + 1)))
        return err_nomem(l->e);
    for (size_t i = 0, j = from; i < n; i++, j++) {
        out[i] = l->s.p[j];
        j += l->s.p[j] == q;
    }
    t->text.p = out;
    return 0;
}

static int lex_symbol(struct lex *l)
{
    static const char two[][3] = {"//", "::", "!=", "<=", ">=", "<<", ">>", "..", "||", ":=", "=>"};
    unsigned char c = peek(l, 0), d = peek(l, 1);
    struct xtok *t;

    if (c == '*' && d == ':' && name_start(peek(l, 2))) {
        if (!(t = push(l, TK_WILD_LOCAL)))
            return -1;
        l->at += 2;
        t->text = ncname(l);
        return 0;
    }
    if (!strchr("()[]/@,$*+-=<>|.!:?", c) || c == 0)
        return lex_fail(l, "unexpected character");
    if (!(t = push(l, TK_SYM)))
        return -1;
    t->sym = c;
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
        if (two[i][0] == (char)c && two[i][1] == (char)d)
            t->sym = SYM2(c, d);
    l->at += t->sym > 255 ? 2 : 1;
    return 0;
}

int xlex(struct xtok **out, struct arena *a, struct str expr, struct err *e)
{
    struct lex l = {.s = expr, .a = a, .e = e};

    if (expr.n > XP_EXPR_MAX)
        return xp_static_error(e, "xpath.limit.expression", STR(""), 0, "expression too long");
    for (;;) {
        unsigned char c;
        int r;
        if (skip(&l) < 0)
            return -1;
        if (l.at >= expr.n)
            break;
        c = peek(&l, 0);
        if (c == 'Q' && peek(&l, 1) == '{')
            r = lex_braced(&l);
        else if (name_start(c))
            r = lex_name(&l);
        else if ((c >= '0' && c <= '9') || (c == '.' && peek(&l, 1) >= '0' && peek(&l, 1) <= '9'))
            r = lex_number(&l);
        else if (c == '"' || c == '\'')
            r = lex_string(&l);
        else
            r = lex_symbol(&l);
        if (r < 0)
            return -1;
        l.v[l.n - 1].end = (uint32_t)l.at;
    }
    if (!push(&l, TK_END))
        return -1;
    *out = l.v;
    return 0;
}
