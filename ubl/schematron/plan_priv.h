/* plan_priv.h - the rule plan: what both loaders build and the runner walks.
 *
 * Everything lies in the plan's arena or in its XPath environment, and does not change once
 * loaded. The loader state (struct sch_load) lives only while loading. */
#ifndef UBL_SCHEMATRON_PLAN_PRIV_H
#define UBL_SCHEMATRON_PLAN_PRIV_H

#include "ubl/schematron/schematron.h"

#define SCH_SOURCE_MAX ((size_t)64 << 20) /* bytes of one rule file */
#define SCH_FILES_MAX 64                  /* a .sch with its includes */
#define SCH_NEST_MAX 32                   /* includes, extends, nested instructions */

struct sch_part { /* of a message: text, or an expression put in as its string value */
    struct str text;
    const struct xp *value; /* NULL = text */
    struct str separator;
    struct sch_part *next;
};
struct sch_text {
    struct sch_part *first, *last;
};

struct sch_diag {
    struct str id;
    struct sch_text text;
    struct sch_diag *next;
};

struct sch_check {
    enum sch_kind kind;
    struct str id, flag, role, shown_test;
    const struct xp *test;
    struct sch_text text;
    struct sch_diag *diags, *last_diag;
    const char *file;
    uint32_t line;
    uint32_t n_diags;
    struct sch_check *next;
};

struct sch_test { /* what the runner reads of a check that does not fire */
    const struct xp *test;
    const struct sch_check *check;
    bool fires; /* when the test has this value */
};

struct sch_rule {
    const struct sch_test *tests; /* of the checks in `first`, ends with a NULL test */
    struct xp_scope *scope;
    struct str context, id, role;
    struct xp_pattern *match;
    struct sch_check *first, *last;
    uint32_t n_checks;
    const char *file;
    uint32_t line;
    double priority; /* compiled form */
    struct sch_rule *next;
};

struct sch_pattern {
    struct str id, name, mode;
    struct sch_rule *first, *last;
    struct sch_rule **rules; /* the same, by index */
    size_t n_rules;
    struct xp_dispatch *dispatch;
    struct sch_pattern *next;
};

struct sch {
    struct arena *arena;
    struct xp_env *env;
    struct sch_info info;
    struct sch_pattern *first, *last;
    struct sch_text header; /* schema-level text: evaluated for its errors, as in the stylesheet */
    uint8_t visit;          /* the kinds of nodes that the traversal selects: 1 << enum tree_kind */
    struct sch_ns *ns;
    size_t n_ns, cap_ns;
};

/* ---- loading ---- */

/* The elements and attributes a loader knows, by token; T_NONE is everything else. */
enum tok {
    T_NONE,
    /* xsl: */
    T_XSL_STYLESHEET,
    T_XSL_TRANSFORM,
    T_XSL_PARAM,
    T_XSL_VARIABLE,
    T_XSL_OUTPUT,
    T_XSL_FUNCTION,
    T_XSL_KEY,
    T_XSL_TEMPLATE,
    T_XSL_APPLY_TEMPLATES,
    T_XSL_CHOOSE,
    T_XSL_WHEN,
    T_XSL_OTHERWISE,
    T_XSL_IF,
    T_XSL_FOR_EACH,
    T_XSL_ATTRIBUTE,
    T_XSL_TEXT,
    T_XSL_VALUE_OF,
    T_XSL_SEQUENCE,
    T_XSL_COMMENT,
    /* svrl: */
    T_SVRL_OUTPUT,
    T_SVRL_TEXT,
    T_SVRL_NS,
    T_SVRL_PATTERN,
    T_SVRL_RULE,
    T_SVRL_FAILED,
    T_SVRL_REPORT,
    T_SVRL_DIAG,
    /* sch: */
    T_SCHEMA,
    T_TITLE,
    T_NS,
    T_P,
    T_LET,
    T_PHASE,
    T_ACTIVE,
    T_PATTERN,
    T_RULE,
    T_ASSERT,
    T_REPORT,
    T_VALUE_OF,
    T_NAME,
    T_EMPH,
    T_DIR,
    T_SPAN,
    T_DIAGNOSTICS,
    T_DIAGNOSTIC,
    T_INCLUDE,
    T_EXTENDS,
    T_PARAM,
    /* attributes without namespace */
    A_ABSTRACT,
    A_AS,
    A_CLASS,
    A_CONTEXT,
    A_DEFAULT_PHASE,
    A_DIAGNOSTIC,
    A_DIAGNOSTICS,
    A_FLAG,
    A_FPI,
    A_HREF,
    A_ICON,
    A_ID,
    A_IS_A,
    A_MATCH,
    A_MODE,
    A_NAME,
    A_PATH,
    A_PATTERN,
    A_PREFIX,
    A_PRIORITY,
    A_QUERY_BINDING,
    A_ROLE,
    A_RULE,
    A_SCHEMA_VERSION,
    A_SEE,
    A_SELECT,
    A_SEPARATOR,
    A_TEST,
    A_TITLE,
    A_URI,
    A_USE,
    A_VALUE,
    A_VERSION,
    T_COUNT
};

struct sch_file { /* one source: a schema or an included part */
    struct tree *tree;
    const char *path;
    uint8_t *tok; /* by name number */
};

struct sch_load {
    struct sch *s;
    struct arena *a; /* the plan's */
    struct arena *tmp;
    const struct sch_options *opt;
    struct sch_file *files[SCH_FILES_MAX];
    size_t n_files;
    uint32_t boiler; /* templates of the skeleton met */
    bool dead;       /* what is added now belongs to a check that can never fire */
    struct err *e;
};

struct at { /* a place in a source: what every loader function works on */
    struct sch_file *f;
    uint32_t n;
};

/* load.c */
struct sch_file *sch_file_add(struct sch_load *l, struct str bytes, const char *path);
int sch_refuse(struct sch_load *l, struct at x, const char *fmt, ...) PRINTF(3, 4);
int sch_at(struct sch_load *l, struct at x); /* put "FILE:LINE: " before l->e's message */
enum tok sch_tok(struct at x);
struct at sch_child(struct at x); /* first / next element; n == TREE_NONE at the end */
struct at sch_next(struct at x);
bool sch_attr(struct at x, enum tok name, struct str *out);
struct str sch_attr_or(struct at x, enum tok name, struct str other);
int sch_attr_need(struct sch_load *l, struct at x, enum tok name, struct str *out);
/* Every attribute is one of these (xml:* always passes); SCH_ONLY: and there is no text inside but
 * white space. */
int sch_attrs(struct sch_load *l, struct at x, const enum tok *names);
#define SCH_ATTRS(l, x, ...) sch_attrs((l), (x), (const enum tok[]){__VA_ARGS__, T_NONE})
#define SCH_ONLY(l, x, ...) (SCH_ATTRS(l, x, __VA_ARGS__) || sch_no_text((l), (x)))
int sch_no_text(struct sch_load *l, struct at x);
int sch_no_children(struct sch_load *l, struct at x);
struct str sch_text_of(struct at x); /* string value */
struct str sch_keep(struct sch_load *l, struct str s);
/* The same with white space collapsed. */
struct str sch_keep_collapsed(struct sch_load *l, struct str s);
bool sch_is_space(struct str s);
/* A text node that counts for nothing: white space, also in what it makes with the text nodes
 * beside it. Comments between do not part them, as in a stylesheet that is compiled. */
bool sch_is_gap(struct at text, uint32_t *run, bool *gap); /* 0, false before the first child */
int sch_ns_add(struct sch_load *l, struct str prefix, struct str uri);

/* plan.c: appending to the plan, compiling as it goes */
struct sch_pattern *sch_pattern_add(struct sch_load *l, struct str id, struct str name);
struct sch_rule *sch_rule_add(
    struct sch_load *l, struct sch_pattern *p, struct at x, struct str context);
struct sch_check *sch_check_add(
    struct sch_load *l, struct sch_rule *r, struct at x, enum sch_kind kind, struct str test);
struct sch_diag *sch_diag_add(struct sch_load *l, struct sch_check *c, struct str id);
int sch_text_add(struct sch_load *l, struct sch_text *t, struct str text);
int sch_value_add(struct sch_load *l, struct sch_text *t, const struct xp_scope *scope, struct at x,
    struct str select, struct str separator);
int sch_plan_finish(struct sch_load *l);

/* instr.c: XSLT sequence constructors and declarations, the same in both forms */
int sch_instr_list(struct sch_load *l, struct at parent, struct at first, unsigned depth,
    const struct xp_instr **out);
int sch_variable(struct sch_load *l, struct at x, unsigned depth, struct xp_instr *out);
int sch_function(struct sch_load *l, struct at x);
int sch_key(struct sch_load *l, struct at x);

/* The boilerplate of the compiled form, recognised by digest: boiler.c */
enum sch_boiler { BOILER_NO, BOILER_YES, BOILER_CHANGED };
enum sch_boiler sch_boiler(struct at x, uint32_t *seen); /* seen: bits of those met */
bool sch_boiler_complete(uint32_t seen);
uint64_t sch_digest(struct at x);

int sch_load_xslt(struct sch_load *l, struct at root);
int sch_load_sch(struct sch_load *l, struct at root);

/* location.c */
struct sch_locator; /* remembers sibling positions, so that a run is linear */
struct sch_locator *sch_locator_new(const struct tree *t, struct arena *a);
struct str sch_locate(struct sch_locator *l, uint32_t node, struct arena *a);
struct str sch_collapse(struct str s, struct arena *a);

#endif
