/* parse_priv.h - from text to an analysed expression tree: lexer, parser, analysis, rewriting. */
#ifndef UBL_XPATH_PARSE_PRIV_H
#define UBL_XPATH_PARSE_PRIV_H

#include "ubl/xpath/expr_priv.h"

/* ---- lexer ---- */
enum xtok_type {
    TK_END,
    TK_NAME,       /* prefix?, local */
    TK_WILD_NS,    /* prefix:* */
    TK_WILD_LOCAL, /* *:local */
    TK_STRING,
    TK_INTEGER,
    TK_DECIMAL,
    TK_DOUBLE,
    TK_SYM, /* sym */
};
struct xtok {
    enum xtok_type type;
    int sym; /* a character, or two packed: SYM2 */
    uint32_t pos, end;
    struct str prefix, text;
    bool has_prefix;
    bool has_uri; /* Q{uri}local: prefix is the URI */
};
#define SYM2(a, b) ((a) << 8 | (b))
/* Tokens in the arena, the last is TK_END. */
int xlex(struct xtok **out, struct arena *a, struct str expr, struct err *e);
int xp_static_error(struct err *e, const char *code, struct str expr, uint32_t pos, const char *fmt,
    ...) PRINTF(5, 6);

/* ---- parser ---- */
struct xlocal {
    struct str uri, local;
    uint32_t slot;
    struct xlocal *prev;
};
struct xparse {
    struct xp_env *env;
    const struct xp_scope *scope;
    struct xlocal *locals;
    uint32_t n_slots, max_slots; /* in use, most ever in use */
    struct str expr;
    struct xtok *t;
    uint32_t nest;        /* brackets while parsing */
    uint32_t deep;        /* operations above this one while analysing */
    uint32_t focus_types; /* of the context item while analysing, where it is atomic; else 0 */
    bool no_focus;        /* inside a function: no context item */
    bool eager;           /* an unknown collation counts also where it is not used, as in Saxon */
    uint32_t slot_types[64]; /* what is known of local variables while analysing */
    uint8_t slot_card[64];
    const struct xn *slot_const[64]; /* their value, where it is constant */
    struct err *late; /* not NULL: takes what is only wrong where it is used (check.c) */
    struct err *e;
};
/* Parse a complete expression with the locals in scope. */
int xparse_expr(struct xn **out, struct xparse *p, struct str expr);
int xparse_type(struct stype *out, struct xparse *p, struct str text);
int xparse_pattern(struct xn **out, struct xparse *p, struct str text);
/* Used between the parser's files */
struct xn *xparse_node(struct xparse *p, enum xop op, uint32_t kids);
struct xn *xparse_comma(struct xparse *p);
struct xn *xparse_single(struct xparse *p);
struct xn *xparse_path(struct xparse *p);
struct xn *xparse_primary(struct xparse *p);
struct xn *xparse_call(struct xparse *p, struct xn *first); /* first => name(others) */
struct xn *xparse_var(struct xparse *p);
int xparse_seqtype(struct stype *out, struct xparse *p, bool single);
int xparse_kind(struct xtest *out, struct xparse *p);
bool xparse_at_kind(const struct xparse *p);
bool xparse_sym(struct xparse *p, int sym);           /* take it if there */
int xparse_need(struct xparse *p, int sym);           /* take it or XPST0003 */
bool xparse_word(struct xparse *p, const char *word); /* an unprefixed name here */
struct xn *xparse_fail(struct xparse *p, const char *code, const char *fmt, ...) PRINTF(3, 4);
int xparse_qname(struct xparse *p, const struct xtok *t, bool element, struct str *uri);
struct xlocal *xparse_bind(struct xparse *p, struct str uri, struct str local);
int xparse_split_qname(
    struct xparse *p, struct str text, bool element, struct str *uri, struct str *local);

/* ---- analysis ---- */
/* Types, cardinality, order, dependencies, bottom up; folding and rewriting; then cached values. */
int xstatic(struct xn **n, struct xparse *p);
void xtypes(struct xn *n, struct xparse *p);           /* one node from its kids */
int xcheck(const struct xn *n, struct xparse *p);      /* check.c: XPTY0004 and kin, known before */
int xcheck_test(const struct xn *n, struct xparse *p); /* used as a boolean: FORG0006 */
int xcheck_constant(const struct xn *k, struct xparse *p); /* the same of a pattern's predicate */
int xopt(struct xn **n, struct xparse *p);
/* Evaluate what depends on constants alone: 1 and *out, 0 and *why when that fails. */
int xopt_constant(const struct xn *n, struct xparse *p, struct err *why);
int xshare(struct xn **n, struct xparse *p);
int xshare_condition(struct xn **n, struct xparse *p); /* of a match pattern */
int xchains(struct xn *n, struct xparse *p);           /* chain.c: paths of names to OP_CHAIN */
/* The node becomes op with its old self as the only kid, in place: whoever has it sees it. Types
 * and flags stay. */
int xwrap(struct xn *n, enum xop op, struct xparse *p);
bool xn_equal(const struct xn *a, const struct xn *b);
bool xtest_equal(const struct xtest *a, const struct xtest *b);
uint32_t xabsent(const struct xn *n, bool *value); /* absent.c */
static inline bool xn_invariant(uint8_t deps, uint64_t locals)
{
    return !(deps & (DEP_FOCUS | DEP_RULE)) && !locals;
}
/* A call with a constant expression: slot = its number in the environment + 1. One that is wrong
 * stays without, and fails when it is evaluated. */
int xregex_constant(struct xn *n, struct str pattern, struct str flags, struct xparse *p);

/* ---- compiling ---- */
void xparse_init(struct xparse *p, struct xp_env *env, const struct xp_scope *scope, struct err *e);
/* Compile one expression or constructor for env. */
int xcompile_expr(struct xn **out, struct xparse *p, struct str expr);
int xcompile_convert(struct xn **n, struct xparse *p, struct stype *type);
int xcompile_value(struct xn **out, struct xparse *p, const struct xp_instr *v);
int xcompile_body(struct xn **out, struct xparse *p, const struct xp_instr *list);

#endif
