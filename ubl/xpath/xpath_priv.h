/* xpath_priv.h - the expression tree and what parser, analysis and evaluator share.
 *
 * An expression is a tree of struct xn in the environment's arena, immutable after compilation.
 * The evaluator pushes items into a sink and stops when the sink has seen enough, so that exists(),
 * a comparison or [1] never builds a sequence. Names are numbers: tests compare integers through a
 * table from the environment's name to the document's, made when a context is bound. */
#ifndef UBL_XPATH_XPATH_PRIV_H
#define UBL_XPATH_XPATH_PRIV_H

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ubl/atomic/dbl.h"
#include "ubl/atomic/regex.h"
#include "ubl/atomic/ucs.h"
#include "ubl/atomic/xerr.h"
#include "ubl/xpath/xpath.h"

#define XP_XS "http://www.w3.org/2001/XMLSchema"
#define XP_FN "http://www.w3.org/2005/xpath-functions"
#define XP_EXPR_MAX 1000000u /* bytes of an expression */
#define XP_NEST_MAX 200u     /* nesting of one expression */
#define XP_ENV_BYTES (512u << 20)

/* ---- static types ---- */
#define T(t) (1u << (t))
#define T_NODE (T(XP_NODE) | T(XP_TEXT_NODE) | T(XP_DOC_NODE))
#define T_INT T(XP_INTEGER)
#define T_STR T(XP_STRING)
#define T_BOOL T(XP_BOOLEAN)
#define T_NUM (T(XP_INTEGER) | T(XP_DECIMAL) | T(XP_DOUBLE) | T(XP_FLOAT))
#define T_STRINGY (T(XP_UNTYPED) | T(XP_STRING) | T(XP_ANYURI))
#define T_ANY 0x1FFFFFFu
#define T_ATOMIC (T_ANY & ~T_NODE)

enum { CARD_0 = 1, CARD_1 = 2, CARD_N = 4, CARD_OPT = 3, CARD_ANY = 7, CARD_MANY1 = 6 };

enum {
    DEP_FOCUS = 1, /* context item, position or size */
    DEP_POS = 2,
    DEP_LAST = 4,
    DEP_RULE = 8, /* lets of the scope, current() */
    DEP_DOC = 16  /* root of the context document: same for the whole document */
};

/* Result is a set of nodes: how it comes out. */
enum { ORD_SORTED = 1, ORD_PEER = 2, ORD_REVERSE = 4, ORD_DOWN = 8 };

enum xop {
    OP_CONST, /* k.seq */
    OP_COMMA,
    OP_LOCAL,  /* slot in the frame */
    OP_LET,    /* slot of the scope */
    OP_GLOBAL, /* slot of the environment */
    OP_DOT,
    OP_ROOT,
    OP_STEP,   /* axis, test; kids = predicates */
    OP_PATH,   /* kid 0 / kid 1 */
    OP_FILTER, /* kid 0 [others] */
    OP_SORT,   /* document order, no duplicates */
    OP_OR,
    OP_AND,
    OP_GCMP,
    OP_VCMP,
    OP_NCMP,
    OP_RANGE,
    OP_ARITH,
    OP_NEG,
    OP_UNION,
    OP_INTERSECT,
    OP_EXCEPT,
    OP_IF,
    OP_FOR,   /* slot; kids: in, return */
    OP_SOME,  /* slot; kids: in, satisfies */
    OP_EVERY, /* slot; kids: in, satisfies */
    OP_BIND,  /* let: slot; kids: value, body; type */
    OP_INSTANCE,
    OP_TREAT,
    OP_CAST,
    OP_CASTABLE,
    OP_CALL, /* built-in */
    OP_UCALL,
    OP_CONVERT,    /* function conversion rules to type */
    OP_VALUE_OF,   /* kids: select, separator? -> text node */
    OP_DOCNODE,    /* temporary tree of the kid's strings */
    OP_EACH,       /* xsl:for-each: kids: select, body */
    OP_CACHED,     /* slot of the document cache; kid */
    OP_MEMO,       /* slot of the answers for nodes; kid */
    OP_CHAIN,      /* chain of names; kid = the same as a path */
    OP_INSET,      /* kid = constants, by hash */
    OP_TOKENSET,   /* contains(' A B ', concat(' ', kid, ' ')) */
    OP_SEENBEFORE, /* preceding::x = kid0 (or following) by value index */
    OP_INDEXED,    /* //name[kid0 = kid2][kids 3…] by an index; kid 1 is the plain path */
    OP_N
};

enum xaxis {
    AX_CHILD,
    AX_DESCENDANT,
    AX_ATTRIBUTE,
    AX_SELF,
    AX_DESCENDANT_OR_SELF,
    AX_FOLLOWING_SIBLING,
    AX_FOLLOWING,
    AX_PARENT,
    AX_ANCESTOR,
    AX_PRECEDING_SIBLING,
    AX_PRECEDING,
    AX_ANCESTOR_OR_SELF,
    AX_NAMESPACE,
    AX_DESCENDANT_ATTRIBUTE /* descendant-or-self::node()/attribute:: in one */
};

enum xcmp { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_IS, CMP_BEFORE, CMP_AFTER };
enum xarith { AR_ADD, AR_SUB, AR_MUL, AR_DIV, AR_IDIV, AR_MOD };

enum xname_test { NT_ANY, NT_NAME, NT_URI, NT_LOCAL };
struct xtest {
    uint8_t kinds; /* bit per enum tree_kind */
    uint8_t how;   /* enum xname_test */
    uint32_t name; /* NT_NAME: number in env names; NT_URI: in env uris */
    struct str local;
};

/* SequenceType */
struct stype {
    uint8_t empty;   /* empty-sequence() */
    uint8_t occ;     /* CARD_ mask */
    uint8_t any;     /* item() */
    uint8_t atomic;  /* an atomic type: prim + derived */
    uint8_t prim;    /* enum xp_type; XP_NODE with test for nodes */
    uint8_t derived; /* enum xderived, 0 = the primitive itself */
    uint8_t any_atomic;
    struct xtest test;
};

#define XCHAIN_MAX 8u
struct xchain { /* /a/b/@c, a/b, ../a: the names of the environment */
    uint32_t n, up;
    bool root, attribute; /* from the document; the last is an attribute */
    uint32_t name[XCHAIN_MAX];
};

struct xn;
struct xfn;
struct ufn;
struct xset;
struct xdispatches;

struct xn {
    uint8_t op, sub, card, ord;
    uint8_t deps, flags;
    uint32_t types;
    uint32_t nk, pos, slot;
    uint64_t locals;
    struct xn **k;
    union {
        struct xp_seq seq;
        struct xtest test;
        const struct xfn *fn;
        struct ufn *ufn;
        struct stype *st;
        const struct xset *set;
        const struct xchain *chain;
        struct str name;
    };
};
/* xn.flags */
enum {
    NF_NUMPRED = 1,  /* as a predicate: may be numeric */
    NF_POSCONST = 2, /* as a predicate: constant integer in slot */
    NF_BOOLPRED = 4,
    NF_NODES = 8,      /* predicates need last(): materialize */
    NF_UNORDERED = 16, /* the consumer does not care about order and duplicates */
    NF_SAFE = 32,      /* cannot raise a dynamic error */
    NF_LIGHT = 64,     /* takes no memory of the arena: nothing to give back afterwards */
    NF_COUNT = 128     /* OP_GCMP: count(…) with the integer in slot */
};

/* ---- the environment ---- */
struct xname {
    struct str uri, local;
    uint32_t hash;
    uint32_t uri_id;
};
struct xhash {   /* open addressing over numbers; capacity a power of two */
    uint32_t *v; /* index + 1, 0 = free */
    uint32_t cap, n;
};
struct xns {
    struct str prefix, uri;
    struct xns *next;
};
struct xglobal {
    struct xname name;
    const struct xp_instr *decl; /* copied */
    struct xn *value;
    uint32_t frame, slot;
    struct xglobal *next;
};
struct ufn {
    struct str uri, local, as;
    uint32_t np;
    struct xp_param *params;
    struct stype **param_types, *type; /* NULL = any */
    const struct xp_instr *decl;
    struct xn *body;
    uint32_t frame;
    struct ufn *next;
};
struct xkey {
    struct str uri, local, match, use;
    struct xp_pattern *pattern;
    struct xn *body;
    uint32_t frame, slot;
    struct xkey *next; /* all; same names belong together */
};
struct xp_env {
    struct arena *a;
    struct xns *ns;
    struct xname *names;
    uint32_t n_names, cap_names;
    struct xhash name_hash;
    struct str *uris;
    uint32_t n_uris, cap_uris;
    struct xglobal *globals;
    struct xglobal **global_list; /* by slot, made by xp_declare_done */
    uint32_t n_globals;
    struct ufn *ufns;
    struct xkey *keys;
    uint32_t n_keys, n_caches, n_lets, n_indexes;
    struct xdispatches *dispatches;
    struct xn **indexed; /* one expression for each index, for sharing */
    uint32_t cap_indexed;
    struct xn **cached; /* for sharing equal expressions */
    uint32_t cap_cached;
    struct xshared *shared; /* conditions met so far */
    uint32_t n_shared, cap_shared, n_memos;
    struct xregex *regexes; /* constant ones, by slot */
    uint32_t n_regexes, cap_regexes;
    struct xlet **let_list; /* by slot */
    uint32_t cap_lets;
    bool done, sealed;
};
struct xregex {
    struct str pattern, flags;
    const struct regex *re;
};
struct xshared {
    struct xn *n;
    uint32_t hash;
};
struct xlet {
    struct str uri, local;
    uint32_t slot;
    struct xn *value;
    uint32_t frame;
    struct xlet *prev; /* visible before this one */
};
struct xp_scope {
    struct xp_env *env;
    struct xlet *last;
    uint32_t n;
};
struct xp {
    struct xn *root;
    uint32_t frame;
    uint32_t absent;   /* a name: without it in the document the test is absent_value; 0 = none */
    bool absent_value; /* absent.c */
    struct str text;
    const struct xp_scope *scope;
};

uint32_t xenv_name(struct xp_env *env, struct str uri, struct str local); /* 0 = no memory */
uint32_t xenv_name_find(const struct xp_env *env, struct str uri, struct str local, uint32_t hash);
uint32_t xenv_uri(struct xp_env *env, struct str uri);
bool xenv_prefix(const struct xp_env *env, struct str prefix, struct str *uri);
struct str xenv_dup(struct xp_env *env, struct str s); /* p NULL when out of memory */

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
    uint32_t nest;
    uint32_t focus_types;    /* of the context item while analysing, where it is atomic; else 0 */
    bool no_focus;           /* inside a function: no context item */
    uint32_t slot_types[64]; /* what is known of local variables while analysing */
    uint8_t slot_card[64];
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
int xopt(struct xn **n, struct xparse *p);
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

/* Constants known by hash: the strings of a code list. */
struct xset {
    struct str *v; /* open addressing; p NULL = free */
    uint32_t cap, n;
    struct xp_seq seq; /* the constants, for the cases the table cannot answer */
    struct str hay;    /* OP_TOKENSET: the haystack */
};
struct xset *xset_new(struct arena *a, struct xp_seq seq);
bool xset_has(const struct xset *s, struct str v);
bool xset_add(struct xset *s, struct arena *a, struct str v);

/* ---- evaluator ---- */
struct xfocus {
    struct xp_item item;
    bool none;
    int64_t pos, last; /* last 0 = not known; pos 0: both are found when asked for */
};
void xfocus_place(struct xp_ctx *c); /* find position and size of c->f */
enum { LV_VALUE, LV_THUNK, LV_BUSY };
struct xslot {
    uint8_t state;
    uint32_t stamp; /* lets: valid for this focus only */
    const struct xn *thunk;
    struct xslot *frame; /* where the thunk's locals are */
    struct xfocus *focus, *cur;
    struct xp_seq seq;
    struct xp_item one;
};
struct xcached {
    uint32_t stamp; /* of the document */
    uint8_t state;  /* 1 sequence, 2 boolean */
    bool b;
    struct xp_seq seq;
};
struct xvalue_index;
struct xkey_index;
struct xwalk;
struct xregex_entry;

struct xp_ctx {
    const struct xp_env *env;
    const struct tree *t;
    const struct tree_node *nd;
    uint32_t *name_map, *uri_map; /* env number -> document number, 0/NONE = not there */
    uint32_t cap_names, cap_uris;
    struct arena *a; /* where results go now: one of the next three */
    struct arena *scratch, *rule, *doc;
    struct arena_mark scratch0, rule0, doc0;
    struct xfocus *f;
    struct xfocus top;
    struct xp_visit visit; /* among whom top stands */
    struct xfocus *cur;    /* current(); NULL = none */
    struct xslot *frame;
    struct xslot *lets, *globals;
    uint32_t cap_lets, cap_globals, cap_caches;
    uint32_t stamp, doc_stamp; /* count xp_focus and xp_bind */
    uint32_t *env_names;       /* document name -> environment number, 0 = not there */
    struct xwalk *walk;        /* of the dispatches over this document, made when first used */
    uint32_t cap_keys, cap_indexes, cap_memos;
    struct xcached *caches;
    uint32_t **memos;             /* by slot, MEMO_NODES each: 0, or node * 2 + answer + 2 */
    struct xvalue_index **values; /* by document name */
    uint32_t *hints;              /* by document name: where the last search ended */
    struct xkey_index **keys, **indexes;
    const struct xp_scope *scope;
    struct xp_limits lim;
    struct xp_now now;
    uint64_t ops;
    unsigned calls;
    uint32_t forced; /* thunks evaluated so far: their values must not be rewound */
    const char *stack_low;
    struct err pattern_err; /* of a predicate in a pattern: mostly forgotten */
    struct regex_run *run;
    struct xregex_entry *regexes; /* compiled at run time, by pattern and flags */
    uint32_t n_regexes;
    struct err *e;
};

struct xsink {
    int (*put)(struct xsink *s, struct xp_ctx *c, const struct xp_item *it);
};

/* 0 = went through, 1 = the sink has enough, -1 = error */
int xev(struct xp_ctx *c, const struct xn *n, struct xsink *s);
/* 1 = one item, 0 = empty, -1 = error (XPTY0004 for more) */
int xev_one(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xev_bool(struct xp_ctx *c, const struct xn *n, bool *out); /* effective boolean value */
int xev_atom(struct xp_ctx *c, const struct xn *n, struct xp_item *out); /* atomized, optional */
int xev_seq(struct xp_ctx *c, const struct xn *n, struct xp_seq *out);
/* Arguments under the function conversion rules: 1, 0 empty (out = ""), -1 */
int xev_str(struct xp_ctx *c, const struct xn *n, struct str *out);
int xev_int(struct xp_ctx *c, const struct xn *n, int64_t *out); /* saturates */
int xev_dbl(struct xp_ctx *c, const struct xn *n, double *out);  /* numeric argument as double */
int xev_numeric(struct xp_ctx *c, const struct xn *n, struct xp_item *out); /* untyped: xs:double */
int xev_typed(struct xp_ctx *c, const struct xn *n, enum xp_type t, struct xp_item *out);
int xev_exists(struct xp_ctx *c, const struct xn *n, bool *out);
/* One item, converted. Of several the first two are converted before XPTY0004 is found, as Saxon
 * does: which error it is shows. */
typedef int xconvert_fn(struct xp_ctx *c, const struct stype *to, const struct xp_item *in,
    struct xp_item *out, const char *what);
int xev_converted(struct xp_ctx *c, const struct xn *n, xconvert_fn *convert,
    const struct stype *to, struct xp_item *out);

int xev_path(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_step(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_chain(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_filter(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_sort(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_setop(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_gcmp(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_vcmp(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xev_ncmp(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xev_ncmp_bool(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_inset(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_tokenset(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_seenbefore(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_indexed(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_arith(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xev_ucall(struct xp_ctx *c, const struct xn *n, struct xp_seq *out);
int xev_for(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_quantified(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_bind(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_each(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_cached(struct xp_ctx *c, const struct xn *n, struct xp_seq *out);
int xev_cached_bool(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_memo(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_instance(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_castable(struct xp_ctx *c, const struct xn *n, bool *out);
int xev_cast(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xev_convert(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xev_constructed(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
/* Simple content, or with `tree` the string value of a temporary tree. */
int xjoin(struct xp_ctx *c, struct xp_seq seq, struct str sep, bool tree, struct str *out);
int xput_seq(struct xp_ctx *c, struct xp_seq seq, struct xsink *s);
int xev_var(struct xp_ctx *c, struct xslot *v, struct xp_seq *out);
int xev_var_of(struct xp_ctx *c, const struct xn *n, struct xp_seq *out);
int xarith(struct xp_ctx *c, enum xarith op, const struct xp_item *x, const struct xp_item *y,
    struct xp_item *out);
int xpredicate(struct xp_ctx *c, const struct xn *p, const struct xp_item *it, int64_t pos,
    int64_t last, bool *out);
int xfilter_list(
    struct xp_ctx *c, const struct xn *n, uint32_t first, struct xp_item *v, size_t *count);
bool xnode_matches(const struct xp_ctx *c, const struct xtest *t, uint32_t node);
bool xitem_matches(const struct xp_ctx *c, const struct stype *t, const struct xp_item *it);

/* Growing list in the context's arena */
struct xlist {
    struct xsink s; /* put appends */
    struct xp_item *v;
    size_t n, cap;
};
void xlist_init(struct xlist *l);
int xlist_add(struct xlist *l, struct xp_ctx *c, const struct xp_item *it);
struct xnodes { /* the same for nodes of the tree; other items to `rest` order error */
    struct xsink s;
    uint32_t *v;
    size_t n, cap;
    struct xlist other; /* atomic values */
};
void xnodes_init(struct xnodes *l);
void xnodes_sort(struct xnodes *l); /* document order, no duplicates */
int xnodes_emit(struct xp_ctx *c, const struct xnodes *l, struct xsink *s);

static inline struct xp_item xnode(uint32_t n)
{
    struct xp_item it;
    it.type = XP_NODE;
    it.node = n;
    return it;
}
static inline bool xis_node(const struct xp_item *it)
{
    return it->type <= XP_DOC_NODE;
}
static inline struct xp_item xstring(struct str s)
{
    return (struct xp_item){.type = XP_STRING, .s = s};
}
static inline struct xp_item xbool(bool b)
{
    return (struct xp_item){.type = XP_BOOLEAN, .b = b};
}
static inline struct xp_item xint(int64_t v)
{
    return (struct xp_item){.type = XP_INTEGER, .dec = dec_from_i64(v)};
}
static inline struct xp_item xdouble(double d)
{
    return (struct xp_item){.type = XP_DOUBLE, .d = d};
}
void xatomize(const struct xp_ctx *c, const struct xp_item *it, struct xp_item *out);
struct str xnode_string(const struct xp_ctx *c, const struct xp_item *it);
int xebv(struct xp_ctx *c, const struct xp_item *it, bool *out); /* of one item */
static inline bool xis_num(const struct xp_item *it)
{
    return it->type >= XP_INTEGER && it->type <= XP_FLOAT;
}
static inline bool xis_stringy(const struct xp_item *it)
{
    return it->type >= XP_UNTYPED && it->type <= XP_ANYURI;
}
double xnum_double(const struct xp_item *it);
bool xnum_integral(const struct xp_item *it, int64_t *out); /* of a double or float */
bool xnum_is(const struct xp_item *it, int64_t pos);        /* numeric predicate */

/* Comparison of two atomic values by the value comparison rules (untyped already cast). 0 or -1
 * (XPTY0004). */
int xcompare(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out);
/* By the general comparison rules. */
int xcompare_general(
    struct xp_ctx *c, enum xcmp op, const struct xp_item *x, const struct xp_item *y, bool *out);

/* Errors: set *c->e, return -1 */
int xfail(struct xp_ctx *c, const char *code, const char *fmt, ...) PRINTF(3, 4);
int xfail_x(struct xp_ctx *c, enum xerr x, const char *what);
int xlimit(struct xp_ctx *c, const char *which, const char *what);
int xnomem(struct xp_ctx *c);
const char *xtype_name(enum xp_type t);

/* ---- casting ---- */
enum xderived {
    XD_NONE,
    XD_INT_FIRST,
    XD_NON_POSITIVE = XD_INT_FIRST,
    XD_NEGATIVE,
    XD_LONG,
    XD_INT,
    XD_SHORT,
    XD_BYTE,
    XD_NON_NEGATIVE,
    XD_UNSIGNED_LONG,
    XD_UNSIGNED_INT,
    XD_UNSIGNED_SHORT,
    XD_UNSIGNED_BYTE,
    XD_POSITIVE,
    XD_STR_FIRST,
    XD_NORMALIZED = XD_STR_FIRST,
    XD_TOKEN,
    XD_LANGUAGE,
    XD_NMTOKEN,
    XD_NAME,
    XD_NCNAME,
    XD_ID,
    XD_IDREF,
    XD_ENTITY,
    XD_N
};
#define XCAST_TYPE 1000 /* no such cast: XPTY0004 */
#define XCAST_NS 1001   /* FONS0004 */
/* Cast one atomic item; XERR_* or XCAST_TYPE. No struct err is made: castable asks often. */
int xcast(struct xp_ctx *c, const struct xp_item *in, enum xp_type to, enum xderived d,
    struct xp_item *out);
int xcast_fail(struct xp_ctx *c, int r, const struct xp_item *in, const char *to);
bool xtype_by_name(struct str local, enum xp_type *prim, enum xderived *d);
bool xderived_from(uint32_t have, uint32_t want); /* derived type numbers */
const char *xderived_name(uint32_t d);
bool xis_ncname(struct str s);
struct str xitem_text(struct xp_ctx *c, const struct xp_item *it); /* p NULL: out of memory */
/* Function conversion rules for one item. 0 or -1 */
int xconvert_item(struct xp_ctx *c, const struct stype *st, const struct xp_item *in,
    struct xp_item *out, const char *what);

/* ---- functions ---- */
struct xfn {
    const char *name;
    int8_t min, max; /* arity; max -1 = any */
    uint8_t card;
    uint32_t types; /* of the result; 0 = of the first argument */
    uint8_t deps;   /* with the smallest arity when it then takes the context item */
    bool focus0;    /* arity min uses the context item */
    int (*one)(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
    int (*each)(struct xp_ctx *c, const struct xn *n, struct xsink *s);
    int (*test)(struct xp_ctx *c, const struct xn *n, bool *out);
};
const struct xfn *xfn_find(struct str local, size_t arity, bool *name_known);
extern const struct xfn xfn_string[], xfn_number[], xfn_date[], xfn_node[], xfn_seq[];
int xfn_format_number(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
enum xerr xdec_shown(struct arena *a, double x, struct dec *out);
int xfn_format_integer(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xfn_format_date(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xfn_format_datetime(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xfn_format_time(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xfn_resolve_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out);
int xfn_id(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xfn_idref(struct xp_ctx *c, const struct xn *n, struct xsink *s);
int xfn_is(const struct xn *n, const char *name); /* OP_CALL of that built-in */
/* Atomized context item or argument 0 as string, for functions with both forms. */
int xcollation(struct xp_ctx *c, const struct xn *n, uint32_t i);
struct str xword_next(struct str *s); /* takes the next word off s; empty at the end */
/* The function's result: an xs:string of what is in the buffer, which is freed. 1 or -1 */
int xgive_buf(struct xp_ctx *c, struct buf *b, struct xp_item *out);
int xarg_or_dot_str(struct xp_ctx *c, const struct xn *n, uint32_t i, struct str *out);

/* ---- integers in pictures: numeral.c ---- */
enum { XNUMERAL_GROUPS = 16, XNUMERAL_PICTURE = 200 };
enum xnumeral_form {
    XNUMERAL_DIGITS,
    XNUMERAL_LETTERS, /* first, … z, then two of them */
    XNUMERAL_ROMAN,
    XNUMERAL_LOWER, /* words */
    XNUMERAL_UPPER,
    XNUMERAL_TITLE
};
struct xnumeral {
    enum xnumeral_form form;
    uint32_t first; /* DIGITS: the digit 0; else the picture's letter */
    int min;        /* digits */
    bool suffix;    /* takes st, nd, rd, th: in Saxon those pictures that end in 0 or 1 */
    struct {
        int at; /* digits from the right */
        uint32_t separator;
    } group[XNUMERAL_GROUPS];
    uint32_t n;
    int every; /* regular: repeated to the left; 0 = only those */
};
uint32_t xnumeral_zero(uint32_t cp); /* the 0 of a decimal digit's script; 0 = no digit */
int xnumeral_parse(struct xnumeral *out, struct str picture); /* -1: no picture */
void xnumeral_put(struct buf *b, const struct xnumeral *p, struct str digits, bool ordinal);

/* ---- regular expressions: regexes.c; keys, indexes: index.c ---- */
int xregex_get(struct xp_ctx *c, struct str pattern, struct str flags, const struct regex **out);
/* A call with a constant expression: slot = its number in the environment + 1. One that is wrong
 * stays without, and fails when it is evaluated. */
int xregex_constant(struct xn *n, struct str pattern, struct str flags, struct xparse *p);
int xregex_shared(struct xp_ctx *c, const struct xn *n, const struct regex **out);
void xregex_free(struct xp_ctx *c);
int xkey_each(
    struct xp_ctx *c, struct str uri, struct str local, const struct xn *values, struct xsink *s);
/* First node with this name and string value that lies before / after `from`. */
int xvalue_before(
    struct xp_ctx *c, uint32_t name, struct str value, uint32_t from, bool following, bool *out);

/* ---- patterns: pattern_priv.h ---- */
int xpattern_test(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node);
int xdispatch_done(struct xp_env *env, struct err *e); /* all of them are made */

/* Compile one expression or constructor for env. */
int xcompile_expr(struct xn **out, struct xparse *p, struct str expr);
int xcompile_convert(struct xn **n, struct xparse *p, struct stype *type);
int xcompile_value(struct xn **out, struct xparse *p, const struct xp_instr *v);
int xcompile_body(struct xn **out, struct xparse *p, const struct xp_instr *list);

const char *xstack_low(void); /* of the calling thread, with a margin */
void xparse_init(struct xparse *p, struct xp_env *env, const struct xp_scope *scope, struct err *e);

static inline int xtick(struct xp_ctx *c)
{
    if (__builtin_expect(++c->ops > c->lim.operations, 0))
        return xlimit(c, "operations", "too many operations");
    if (__builtin_expect((const char *)__builtin_frame_address(0) < c->stack_low, 0))
        return xlimit(c, "depth", "nested too deeply");
    return 0;
}

#endif
