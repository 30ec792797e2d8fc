/* raw_priv.h - loading raw .sch: what the expander (include, is-a, extends) and the reader share.
 */
#ifndef UBL_SCHEMATRON_RAW_PRIV_H
#define UBL_SCHEMATRON_RAW_PRIV_H

#include "ubl/schematron/plan_priv.h"

struct raw_list { /* elements, with includes already replaced by what they include */
    struct at *v;
    size_t n;
};

struct raw_param { /* of an is-a pattern: "$name" and its replacement */
    struct str name, value;
    const struct raw_param *next;
};

struct raw {
    struct sch_load *l;
    struct raw_list top;
    struct str phase; /* "#ALL" or the id of a phase */
};

/* The child elements of x, includes resolved (to any depth up to SCH_NEST_MAX). */
int raw_children(struct raw *r, struct at x, struct raw_list *out);
/* ISO expander: each parameter in order replaces its "$name" wherever that text occurs. Without
 * parameters the text itself. p == NULL when out of memory (error set). */
struct str raw_expand(struct raw *r, struct str s, const struct raw_param *params);
int raw_params(struct raw *r, struct at pattern, const struct raw_param **out);
/* The abstract pattern or rule with an id; n == TREE_NONE when there is none. */
struct at raw_abstract_pattern(struct raw *r, struct str id);
int raw_abstract_rule(struct raw *r, struct at pattern, struct str id, struct at *out);
int raw_diagnostic(struct raw *r, struct str id, struct at *out);

#endif
