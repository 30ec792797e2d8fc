/* xpath.h - XPath 2.0 with what Schematron's XSLT binding adds: compile once, evaluate per
 * document.
 *
 * An environment (struct xp_env) holds the static context of one rule set - namespaces, functions,
 * keys, global variables - and owns every expression and pattern compiled in it. It is built by one
 * thread, then xp_env_seal()ed, and from then on read-only: any number of threads may share it.
 * Each thread evaluates with a context (struct xp_ctx) of its own, which is bound to one document
 * and one environment at a time and keeps its memory from document to document.
 *
 * Dynamic errors are outcomes: the call returns -1 and err.code is the specification's name
 * (FORG0001, XPTY0004 ...). Our limits have names xpath.limit.*; memory is memory.exhausted. No
 * schema is imported: every node atomizes to xs:untypedAtomic. Results follow Saxon where the
 * specification leaves room. XPath 2.0, XQuery 1.0 and XPath 2.0 Functions and Operators, XSLT 2.0
 * §5, §9, §10, §16. */
#ifndef UBL_XPATH_XPATH_H
#define UBL_XPATH_XPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/datetime.h"
#include "ubl/atomic/decimal.h"
#include "ubl/tree/tree.h"

struct xp_env;
struct xp_scope;
struct xp;         /* a compiled expression */
struct xp_pattern; /* a compiled match pattern */
struct xp_dispatch;
struct xp_ctx;

/* ---- items ---- */
enum xp_type {
    XP_NODE,
    XP_TEXT_NODE, /* a text node made by xsl:value-of: in no tree, s = its content */
    XP_DOC_NODE,  /* the temporary tree of a variable with a body: s = its string value */
    XP_UNTYPED,   /* from here on atomic */
    XP_STRING,
    XP_ANYURI,
    XP_BOOLEAN,
    XP_INTEGER,
    XP_DECIMAL,
    XP_DOUBLE,
    XP_FLOAT,
    XP_DATE,
    XP_TIME,
    XP_DATETIME,
    XP_GYEAR,
    XP_GYEARMONTH,
    XP_GMONTH,
    XP_GMONTHDAY,
    XP_GDAY,
    XP_DURATION,
    XP_YEARMONTHDURATION,
    XP_DAYTIMEDURATION,
    XP_QNAME,
    XP_HEXBINARY,
    XP_BASE64BINARY
};
struct xp_qname {
    struct str prefix, uri, local;
};
struct xp_item {
    enum xp_type type;
    uint32_t node; /* XP_NODE: number in the context's tree */
    union {
        struct str s; /* UNTYPED, STRING, ANYURI, TEXT_NODE, DOC_NODE; binaries: their octets */
        bool b;
        struct dec dec; /* INTEGER, DECIMAL */
        double d;
        float f;
        struct dt dt;
        struct dur dur;
        const struct xp_qname *qname;
    };
};
struct xp_seq {
    const struct xp_item *v;
    size_t n;
};

/* ---- building an environment; errors: class ERR_INPUT, code XPST0003, XPST0008, XPST0017,
 * XTSE..., message with the expression and the position in it. Strings given are copied. ---- */
struct xp_env *xp_env_new(void); /* NULL when out of memory */
void xp_env_free(struct xp_env *env);
bool xp_env_full(const struct xp_env *env); /* memory.exhausted was for its limit of 512 MiB */

/* Bind a prefix ("" = default namespace of element names). A later binding replaces an earlier one.
 */
int xp_env_ns(struct xp_env *env, struct str prefix, struct str uri, struct err *e) MUST_CHECK;

/* The instructions of a function body or of a variable with a body (XSLT sequence constructors).
 * Built by the caller, only read during the call that takes them. A list is one constructor. */
enum xp_instr_kind {
    XP_SEQUENCE, /* xsl:sequence select */
    XP_VALUE_OF, /* xsl:value-of select, separator (text = separator; NULL = one space) */
    XP_TEXT,     /* literal text or xsl:text: text */
    XP_VARIABLE, /* xsl:variable name, as?, select or body; in scope for what follows in the list */
    XP_CHOOSE,   /* body = list of XP_WHEN, the last may be XP_OTHERWISE; xsl:if = one XP_WHEN */
    XP_WHEN,     /* select = test, body */
    XP_OTHERWISE,
    XP_FOR_EACH /* xsl:for-each select, body; no sorting */
};
struct xp_instr {
    enum xp_instr_kind kind;
    struct str name;   /* QName as written */
    struct str as;     /* sequence type as written, or empty */
    struct str select; /* expression; p == NULL when absent */
    struct str text;
    const struct xp_instr *body;
    const struct xp_instr *next;
};
struct xp_param {
    struct str name, as;
};

/* Declare first, in any order; bodies may refer to what is declared later and to themselves. A name
 * declared again: functions and keys - functions XTSE0770, keys add up; globals - the later one
 * wins. Globals are evaluated when first used, once per document, with the document node as
 * context. `value`: one XP_VARIABLE instruction (name, as, select or body). */
int xp_declare_global(struct xp_env *env, const struct xp_instr *value, struct err *e) MUST_CHECK;
int xp_declare_function(struct xp_env *env, struct str name, struct str as,
    const struct xp_param *params, size_t n, const struct xp_instr *body, struct err *e) MUST_CHECK;
int xp_declare_key(struct xp_env *env, struct str name, struct str match, struct str use,
    struct err *e) MUST_CHECK;
/* Compile all declared bodies; then compile rules. After xp_env_seal nothing more is added. */
int xp_declare_done(struct xp_env *env, struct err *e) MUST_CHECK;

/* Local variables shared by the expressions of one rule: each is evaluated at most once per
 * xp_focus(), when first used, with the focus node as context. Later lets see the earlier ones; an
 * equal name hides. `parent` may be NULL. Owned by env. */
struct xp_scope *xp_scope_new(struct xp_env *env);
int xp_scope_let(struct xp_scope *s, const struct xp_instr *value, struct err *e) MUST_CHECK;

/* Compile; scope may be NULL. The result belongs to env. */
int xp_compile(struct xp **out, struct xp_env *env, const struct xp_scope *scope, struct str expr,
    struct err *e) MUST_CHECK;
/* The same of what is never evaluated: some errors, of constants above all, do not count there. */
int xp_compile_unused(struct xp **out, struct xp_env *env, const struct xp_scope *scope,
    struct str expr, struct err *e) MUST_CHECK;
/* Was it found to be this, whatever the document? */
bool xp_is_constant(const struct xp *x, bool value);
/* The same for what xp_test() will be asked: FORG0006 when it can have no boolean value. */
int xp_compile_test(struct xp **out, struct xp_env *env, const struct xp_scope *scope,
    struct str expr, struct err *e) MUST_CHECK;
/* XSLT 2.0 patterns, also (A|B)[p]; variables in predicates are globals. */
int xp_pattern_compile(
    struct xp_pattern **out, struct xp_env *env, struct str pattern, struct err *e) MUST_CHECK;
/* The rules of one Schematron pattern, first match wins: indexed by node name. */
int xp_dispatch_new(struct xp_dispatch **out, struct xp_env *env,
    struct xp_pattern *const *patterns, size_t n, struct err *e) MUST_CHECK;
int xp_env_seal(struct xp_env *env, struct err *e) MUST_CHECK;

/* The function name as XPath would resolve it is known (for loaders that check first). */
bool xp_env_has_function(const struct xp_env *env, struct str qname, size_t arity);

/* ---- evaluating ---- */
struct xp_limits {
    uint64_t operations; /* per document; default 2e9 steps */
    size_t memory;       /* bytes of intermediate results; default 1 GiB */
    size_t items;        /* of one sequence; default 20,000,000 */
    size_t string_bytes; /* of one computed string; default 64 MiB */
    unsigned depth;      /* nested function calls; default 1,000 */
};
extern const struct xp_limits xp_limits_default;

int xp_ctx_new(struct xp_ctx **out, const struct xp_limits *l, struct err *e) MUST_CHECK;
void xp_ctx_free(struct xp_ctx *c);

/* The clock as expressions see it. One instant for a whole run. */
struct xp_now {
    int64_t sec;
    uint32_t nano;
    int tz; /* minutes east of UTC: timezone of current-dateTime() and implicit timezone */
};
/* Bind to a sealed environment and a document (both borrowed until the next bind or free). Forgets
 * all values of the last document, keeps the memory. */
int xp_bind(struct xp_ctx *c, const struct xp_env *env, const struct tree *t,
    const struct xp_now *now, struct err *e) MUST_CHECK;
/* Make `node` the context node (position 1 of 1, also current()) and forget the scope's values.
 * Results of earlier evaluations become invalid. scope may be NULL. */
void xp_focus(struct xp_ctx *c, const struct xp_scope *scope, uint32_t node);

/* Evaluate with the focus. Results live until the next xp_focus or xp_bind. */
int xp_test(bool *out, struct xp_ctx *c, const struct xp *x, struct err *e) MUST_CHECK; /* EBV */
int xp_eval(struct xp_seq *out, struct xp_ctx *c, const struct xp *x, struct err *e) MUST_CHECK;
/* As xsl:value-of: atomized items, joined by the separator. */
int xp_string(struct str *out, struct xp_ctx *c, const struct xp *x, struct str separator,
    struct err *e) MUST_CHECK;
/* String value of an item (of a node, its string value), and the name of its type: "xs:integer",
 * "element()". */
int xp_item_string(
    struct str *out, struct xp_ctx *c, const struct xp_item *it, struct err *e) MUST_CHECK;
const char *xp_item_type(const struct xp_ctx *c, const struct xp_item *it);

/* Does the pattern match the node? A dynamic error in a predicate means no (XSLT 5.5.4, Saxon);
 * passed limits are errors. Uses and moves the focus. */
int xp_match(bool *out, struct xp_ctx *c, const struct xp_pattern *p, uint32_t node,
    struct err *e) MUST_CHECK;
/* Which nodes a walk over the document visits: sets of 1 << enum tree_kind. Text never is; the
 * document node always. The children of the document have a set of their own: a stylesheet that has
 * no rule for the document node goes on to all of them. */
struct xp_visit {
    uint8_t kinds, top;
};
#define XP_VISIT_TOP (1 << TREE_ELEMENT | 1 << TREE_COMMENT | 1 << TREE_PI)

/* The first node at or after *node in document order that one of the dispatch's patterns matches:
 * *node = it and *which = index of the first matching pattern; or *node = TREE_NONE. */
int xp_dispatch_next(struct xp_ctx *c, const struct xp_dispatch *d, struct xp_visit visit,
    uint32_t *node, size_t *which, struct err *e) MUST_CHECK;
/* As xp_focus, but the node is one of those that a walk visits in its parent: position() and last()
 * count them, as in the template that xsl:apply-templates calls. */
void xp_focus_visited(
    struct xp_ctx *c, const struct xp_scope *scope, uint32_t node, struct xp_visit visit);

/* What the work has cost since xp_bind, for benchmarks: operations counted. */
uint64_t xp_operations(const struct xp_ctx *c);

#endif
