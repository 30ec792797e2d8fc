/* xpath_priv.h - the evaluator: contexts, sinks, and what evaluates the operators.
 *
 * It pushes items into a sink and stops when the sink has seen enough, so that exists(), a
 * comparison or [1] never builds a sequence. */
#ifndef UBL_XPATH_XPATH_PRIV_H
#define UBL_XPATH_XPATH_PRIV_H

#include "ubl/atomic/dbl.h"
#include "ubl/atomic/ucs.h"
#include "ubl/atomic/xerr.h"
#include "ubl/xpath/expr_priv.h"

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
int xlimit(struct xp_ctx *c, const char *code, const char *what);
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
    XNUMERAL_LETTERS,  /* first, … z, then two of them; other alphabets alike */
    XNUMERAL_SIGNS,    /* in circles and the like */
    XNUMERAL_JAPANESE, /* 千百十一 */
    XNUMERAL_ROMAN,
    XNUMERAL_LOWER, /* words */
    XNUMERAL_UPPER,
    XNUMERAL_TITLE
};
struct xnumeral {
    enum xnumeral_form form;
    uint32_t first; /* DIGITS: the digit 0; else the picture's letter */
    int min;        /* digits */
    bool suffix;    /* takes st, nd, rd, th: in Saxon pictures that end in 0 or 1, and no form */
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
/* numeral_letters.c. false: this number has no such form. */
#define XNUMERAL_LETTERS_MAX 512
bool xnumeral_is_letter(uint32_t first);
bool xnumeral_is_named(uint32_t first);
void xnumeral_put_letters(struct buf *b, uint64_t v, uint32_t first);
bool xnumeral_is_sign(uint32_t first);
bool xnumeral_put_sign(struct buf *b, uint64_t v, uint32_t first);
bool xnumeral_put_japanese(struct buf *b, uint64_t v);

/* ---- regular expressions: regexes.c; keys, indexes: index.c ---- */
int xregex_get(struct xp_ctx *c, struct str pattern, struct str flags, const struct regex **out);
int xregex_shared(struct xp_ctx *c, const struct xn *n, const struct regex **out);
void xregex_free(struct xp_ctx *c);
int xkey_each(
    struct xp_ctx *c, struct str uri, struct str local, const struct xn *values, struct xsink *s);
/* First node with this name and string value that lies before / after `from`. */
int xvalue_before(
    struct xp_ctx *c, uint32_t name, struct str value, uint32_t from, bool following, bool *out);

/* ---- patterns: pattern_priv.h ---- */
int xpattern_test(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node);

const char *xstack_low(void); /* of the calling thread, with a margin */

static inline int xtick(struct xp_ctx *c)
{
    if (__builtin_expect(++c->ops > c->lim.operations, 0))
        return xlimit(c, "xpath.limit.operations", "too many operations");
    if (__builtin_expect((const char *)__builtin_frame_address(0) < c->stack_low, 0))
        return xlimit(c, "xpath.limit.depth", "nested too deeply");
    return 0;
}

#endif
