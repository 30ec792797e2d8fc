/* expr_priv.h - the expression tree and the environment that owns it.
 *
 * An expression is a tree of struct xn in the environment's arena, immutable after compilation.
 * Names are numbers of the environment: a context has a table from them to the document's. */
#ifndef UBL_XPATH_EXPR_PRIV_H
#define UBL_XPATH_EXPR_PRIV_H

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ubl/atomic/regex.h"
#include "ubl/xpath/xpath.h"

#define XP_XS "http://www.w3.org/2001/XMLSchema"
#define XP_FN "http://www.w3.org/2005/xpath-functions"
#define XP_EXPR_MAX 1000000u /* bytes of an expression */
#define XP_NEST_MAX 200u     /* nesting of one expression */
#define XP_DEEP_MAX 4000u    /* operations that build on each other: 1 + 1 + …, a/b/c/… */
#define XP_ENV_BYTES (512u << 20)

/* ---- static types ---- */
#define T(t) (1u << (t))
#define T_NODE (T(XP_NODE) | T(XP_TEXT_NODE) | T(XP_DOC_NODE))
#define T_INT T(XP_INTEGER)
#define T_STR T(XP_STRING)
#define T_BOOL T(XP_BOOLEAN)
#define T_NUM (T(XP_INTEGER) | T(XP_DECIMAL) | T(XP_DOUBLE) | T(XP_FLOAT))
#define T_STRINGY (T(XP_UNTYPED) | T(XP_STRING) | T(XP_ANYURI))
#define T_DURATION (T(XP_DURATION) | T(XP_YEARMONTHDURATION) | T(XP_DAYTIMEDURATION))
#define T_INSTANT (T(XP_DATE) | T(XP_TIME) | T(XP_DATETIME))
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

/* xn.sub of OP_CONST: where it comes from. check.c says of what was computed no more than Saxon
 * knows: of a call that gives what it is given nothing, of others perhaps not that it gives
 * something. */
enum { CONST_WRITTEN, CONST_FOLDED, CONST_MAYBE, CONST_CALL };

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
    uint32_t n_keys, n_caches, n_lets, n_indexes, n_declared;
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
    const struct err *late; /* what is wrong with it where it is used, or NULL */
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
int xdispatch_done(struct xp_env *env, struct err *e); /* all of them are made */

#endif
